package store

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"vigil/casefile"
)

// trail is the part of an observation that reveals the host: it is stored sealed.
type trail struct {
	Resolution casefile.Resolution `json:"r"`
	Hops       []hop               `json:"h,omitempty"`
}

// hop is casefile.Hop with its URL in the clear, for sealing only.
type hop struct {
	URL        string        `json:"u"`
	Address    netip.Addr    `json:"a,omitzero"`
	Status     int           `json:"s"`
	TLS        *casefile.TLS `json:"t,omitempty"`
	Location   bool          `json:"l,omitempty"`
	MediaType  string        `json:"m,omitempty"`
	Server     string        `json:"v,omitempty"`
	Edge       string        `json:"e,omitempty"`
	Challenge  bool          `json:"c,omitempty"`
	Protocol   string        `json:"p,omitempty"`
	RetryAfter time.Duration `json:"w,omitempty"`
	RoundTrip  time.Duration `json:"rt,omitempty"`
	Took       time.Duration `json:"d,omitempty"`
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
	for _, h := range head(o.Hops, maxHops) {
		if h.TLS != nil && len(h.TLS.Version)+len(h.TLS.Problem) > maxHeader {
			h.TLS = &casefile.TLS{Version: clip(h.TLS.Version, 20), Problem: clip(h.TLS.Problem, maxHeader), Expires: h.TLS.Expires}
		}
		t.Hops = append(t.Hops, hop{
			URL: h.Target.URL(), Address: h.Address, Status: h.Status, TLS: h.TLS, Location: h.Location,
			MediaType: clip(h.MediaType, maxHeader), Server: clip(h.Server, maxHeader), Edge: clip(h.Edge, maxHeader),
			Challenge: h.Challenge, Protocol: clip(h.Protocol, 20), RetryAfter: h.RetryAfter, RoundTrip: h.RoundTrip, Took: h.Took,
		})
	}
	for _, longest := range []int{casefile.MaxURL, 500, 0} {
		for i := range t.Hops {
			if len(t.Hops[i].URL) > longest {
				t.Hops[i].URL = origin(t.Hops[i].URL)
			}
		}
		data, err := json.Marshal(t)
		if err != nil {
			return nil, fmt.Errorf("write trail: %w", err)
		}
		if len(data) <= maxTrail {
			return s.keys.Seal(data, place("trail", id))
		}
	}
	t.Resolution.CNAMEs, t.Resolution.Nameservers, t.Hops = head(t.Resolution.CNAMEs, 4), head(t.Resolution.Nameservers, 4), head(t.Hops, 11)
	data, err := json.Marshal(t)
	if err != nil || len(data) > maxTrail {
		return nil, fmt.Errorf("write trail: %d bytes are too many", len(data))
	}
	return s.keys.Seal(data, place("trail", id))
}

func (s *Store) openTrail(id casefile.CaseID, sealed []byte, o *casefile.Observation) error {
	var t trail
	if err := s.openJSON("trail", id, sealed, &t); err != nil {
		return err
	}
	o.Resolution = t.Resolution
	for _, h := range t.Hops {
		var target casefile.Target
		if h.URL != "" {
			var err error
			if target, err = casefile.NewTarget(h.URL); err != nil {
				return fmt.Errorf("read trail of case %d: %w", id, err)
			}
		}
		o.Hops = append(o.Hops, casefile.Hop{
			Target: target, Address: h.Address, Status: h.Status, TLS: h.TLS, Location: h.Location, MediaType: h.MediaType, Server: h.Server,
			Edge: h.Edge, Challenge: h.Challenge, Protocol: h.Protocol, RetryAfter: h.RetryAfter, RoundTrip: h.RoundTrip, Took: h.Took,
		})
	}
	return nil
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
	for {
		data, err := json.Marshal(h)
		if err != nil {
			return nil, fmt.Errorf("write hosting: %w", err)
		}
		switch {
		case len(data) <= maxHosting:
			return s.keys.Seal(data, place("hosting", id))
		case len(h.Claims) > 0:
			h.Claims = h.Claims[:len(h.Claims)/2]
		case h.Steps != nil:
			h.Steps = nil
		default:
			h.Contacts, h.Registrar, h.Edge, h.Platform, h.Dissent = nil, nil, nil, nil, nil
		}
	}
}

func (s *Store) openHosting(id casefile.CaseID, sealed []byte) (*casefile.Hosting, error) {
	h := new(casefile.Hosting)
	if err := s.openJSON("hosting", id, sealed, h); err != nil {
		return nil, err
	}
	return h, nil
}
