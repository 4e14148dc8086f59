package store

import (
	"encoding/json"
	"fmt"
	"math/bits"
	"slices"
	"strings"

	"vigil/casefile"
)

// trail is the part of an observation that reveals the host: it is stored sealed.
type trail struct {
	Resolution casefile.Resolution    `json:"resolution"`
	Hops       []casefile.RevealedHop `json:"hops,omitempty"`
}

// Bounds of a trail, in number. What a look brings is bounded already; these hold
// whatever the crawler's configuration says.
const (
	maxHops      = 32
	maxAddresses = 64
	maxNames     = 32
	maxHeader    = 100
	maxDomain    = 255 // bytes of a name, RFC 1035, section 2.3.4
)

// sealTrail seals the resolution and the hops. When URLs are so long that the whole
// would not fit its column, the longer ones are cut back to scheme, host and port;
// then names beyond the first few are left out. It never fails for size: a look
// that was made must be recorded.
func (s *Store) sealTrail(id casefile.CaseID, o casefile.Observation) ([]byte, error) {
	t := trail{Resolution: o.Resolution}
	t.Resolution.Rcode = clip(t.Resolution.Rcode, 20)
	t.Resolution.CNAMEs = names(t.Resolution.CNAMEs)
	t.Resolution.Nameservers = names(t.Resolution.Nameservers)
	t.Resolution.Addresses = head(t.Resolution.Addresses, maxAddresses)
	for _, h := range casefile.RevealHops(head(o.Hops, maxHops)) {
		if h.TLS != nil && len(h.TLS.Version)+len(h.TLS.Problem) > maxHeader {
			h.TLS = &casefile.TLS{Version: clip(h.TLS.Version, 20), Problem: clip(h.TLS.Problem, maxHeader), Expires: h.TLS.Expires}
		}
		h.MediaType, h.Server = clip(h.MediaType, maxHeader), clip(h.Server, maxHeader)
		h.Edge, h.Protocol = clip(h.Edge, maxHeader), clip(h.Protocol, 20)
		t.Hops = append(t.Hops, h)
	}
	shorten := func(longest int) {
		for i := range t.Hops {
			if len(t.Hops[i].URL) > longest {
				t.Hops[i].URL = origin(t.Hops[i].URL)
			}
		}
	}
	shorten(casefile.MaxURL)
	return s.sealJSON("trail", id, &t, maxTrail, func() { shorten(500) }, func() { shorten(0) }, func() {
		t.Resolution.CNAMEs, t.Resolution.Nameservers = head(t.Resolution.CNAMEs, 4), head(t.Resolution.Nameservers, 4)
		t.Hops = head(t.Hops, 11)
	})
}

// openTrail reads what was sealed, by this version or by an older one.
func (s *Store) openTrail(id casefile.CaseID, sealed []byte, o *casefile.Observation) error {
	var read struct {
		trail
		shortTrail
	}
	err := s.openJSON("trail", id, sealed, &read)
	if err == nil && read.Short != nil {
		read.trail, err = read.long()
	}
	if err != nil {
		return err
	}
	o.Resolution = read.Resolution
	if o.Hops, err = casefile.HopsOf(read.Hops); err != nil {
		return fmt.Errorf("read trail of case %d: %w", id, err)
	}
	return nil
}

// shortTrail is a trail as it was written until December 2026, with keys of a letter or two.
type shortTrail struct {
	Short     *casefile.Resolution         `json:"r"`
	ShortHops []map[string]json.RawMessage `json:"h"`
}

// shortKeys are the keys of its hops. There was none for the date.
var shortKeys = map[string]string{
	"u": "url", "a": "address", "s": "status", "t": "tls", "l": "location", "m": "media_type", "v": "server", "e": "edge", "c": "challenge",
	"p": "protocol", "w": "retry_after_ns", "rt": "round_trip_ns", "d": "took_ns",
}

func (s shortTrail) long() (trail, error) {
	hops := make([]map[string]json.RawMessage, len(s.ShortHops))
	for i, short := range s.ShortHops {
		hops[i] = make(map[string]json.RawMessage, len(short))
		for key, value := range short {
			hops[i][shortKeys[key]] = value
		}
	}
	t := trail{Resolution: *s.Short}
	data, err := json.Marshal(hops)
	if err == nil {
		err = json.Unmarshal(data, &t.Hops)
	}
	if err != nil {
		return trail{}, fmt.Errorf("read a trail with short keys: %w", err)
	}
	return t, nil
}

// origin cuts a canonical URL back to scheme, host and port.
func origin(url string) string {
	scheme, rest, _ := strings.Cut(url, "://")
	authority, _, _ := strings.Cut(rest, "/")
	if authority == "" {
		return url
	}
	return scheme + "://" + authority + "/"
}

// names bounds a list of host names. It leaves the caller's list as it is.
func names(list []string) []string {
	list = head(list, maxNames)
	for i, name := range list {
		if len(name) > maxDomain {
			list = slices.Clone(list)
			list[i] = clip(name, maxDomain)
		}
	}
	return list
}

func head[T any](list []T, n int) []T {
	if len(list) > n {
		return list[:n]
	}
	return list
}

// sealHosting seals a whole decision: claims, contacts and the domain side may name
// the host. When it would not fit, claims are left out from the end, then the steps,
// at last all but the decision itself. It never fails for size.
func (s *Store) sealHosting(id casefile.CaseID, h casefile.Hosting) ([]byte, error) {
	h.Provider, h.Country, h.Origin = clip(h.Provider, maxProvider), clip(h.Country, 2), clip(h.Origin, 20)
	h.Addresses = head(h.Addresses, maxAddresses)
	smaller := slices.Repeat([]func(){func() { h.Claims = h.Claims[:len(h.Claims)/2] }}, bits.Len(uint(len(h.Claims))))
	return s.sealJSON("hosting", id, &h, maxHosting, append(smaller, func() { h.Steps = nil }, func() {
		h.Contacts, h.Registrar, h.Edge, h.Platform, h.Dissent = nil, nil, nil, nil, nil
	})...)
}
