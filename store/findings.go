package store

import (
	"context"
	"encoding/json"
	"fmt"
	"math/bits"
	"slices"
	"strings"
	"time"

	"vigil/casefile"
)

// What a visit found, written row by row inside its transaction. Foreign text is cut
// to its column: a look that was made is recorded whatever it brought.

func (tx *transaction) insertVisit(ctx context.Context, v casefile.Visit, c *stored) error {
	signals := make([]casefile.Signal, 0, len(v.Verdict.Signals))
	for _, g := range head(v.Verdict.Signals, casefile.MaxSignals) {
		signals = append(signals, casefile.Signal{Name: clip(g.Name, 60), Value: clip(g.Value, casefile.MaxSignalValue), PointsTo: g.PointsTo})
	}
	dissent := fitJSON(append([]casefile.Dissent{}, v.Verdict.Dissent...), maxDissent)
	basis, err := tx.s.sealBasis(c, v.Basis)
	if err != nil {
		return err
	}
	id, err := tx.insert(ctx, "insert visit", `INSERT INTO visits (case_id, started_at, ended_at, why, state, reason, signals, dissent,
		believed, basis_sealed) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		v.CaseID, v.Started.UnixMilli(), v.Ended.UnixMilli(), clip(string(v.Why), 20), string(v.Verdict.State), string(v.Verdict.Reason),
		fitJSON(signals, maxSignals), dissent, v.Counted, basis)
	if err != nil {
		return err
	}
	for _, o := range v.Observations {
		if err := tx.insertObservation(ctx, v.CaseID, casefile.VisitID(id), c.HostKey, o); err != nil {
			return err
		}
	}
	return nil
}

func (tx *transaction) insertObservation(ctx context.Context, id casefile.CaseID, visit casefile.VisitID, host casefile.HostKey,
	o casefile.Observation) error {
	sealed, err := tx.s.sealTrail(id, o)
	if err != nil {
		return err
	}
	var features any
	if o.Features != nil {
		if features, err = toJSON(o.Features, 2048, "features"); err != nil {
			return err
		}
	}
	var kind, phase, detail any
	if o.Fault != nil {
		kind, phase, detail = string(o.Fault.Kind), string(o.Fault.Phase), orNull(clip(o.Fault.Detail, maxDetail))
	}
	args := []any{visit, id, clip(o.Vantage, maxVantage), string(o.Purpose), o.Started.UnixMilli(), o.Took.Microseconds(), o.Status,
		o.BodyBytes, o.Truncated, features, kind, phase, detail, sealed}
	const insert = `INSERT INTO observations (visit_id, case_id, vantage, purpose, started_at, took_us, status, body_bytes, truncated,
		features, fault_kind, fault_phase, fault_detail, trail_sealed) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`
	if o.Purpose != casefile.PurposeDecoy {
		return tx.later(ctx, "insert observation", insert, args...)
	}
	observation, err := tx.insert(ctx, "insert observation", insert, args...)
	if err != nil {
		return err
	}
	_, err = tx.exec(ctx, "keep sibling", `INSERT INTO siblings (host_key, started_at, observation_id) VALUES ($1, $2, $3)
		ON CONFLICT (host_key) DO UPDATE SET started_at = excluded.started_at, observation_id = excluded.observation_id
		WHERE excluded.started_at >= siblings.started_at`, string(host), o.Started.UnixMilli(), observation)
	return err
}

// insertHosting stores the decision of a visit as the latest one of the case; without one it does nothing.
func (tx *transaction) insertHosting(ctx context.Context, c *stored, v casefile.Visit) error {
	h := v.Hosting
	if h == nil {
		return nil
	}
	sealed, err := tx.s.sealHosting(c.ID, *h)
	if err != nil {
		return err
	}
	decided := h.Decided
	if decided.IsZero() {
		decided = v.Ended
	}
	c.Hosting = h
	c.hostingID, err = tx.insert(ctx, "insert hosting", `INSERT INTO hostings (case_id, decided_at, country, provider, asn, detail_sealed)
		VALUES ($1, $2, $3, $4, $5, $6)`, c.ID, decided.UnixMilli(), clip(h.Country, 2), clip(h.Provider, maxProvider), int64(h.ASN), sealed)
	return err
}

// insertAssignment stores the assignment of a visit as the latest one of the case; without one it does
// nothing. The table is a record of all of them; the case itself keeps the latest.
func (tx *transaction) insertAssignment(ctx context.Context, c *stored, v casefile.Visit) error {
	if v.Assignment == nil {
		return nil
	}
	a := *v.Assignment
	a.CaseID, a.HostingCountry, a.AssignedCountry, a.Policy = c.ID, clip(a.HostingCountry, 2), clip(a.AssignedCountry, 2), clip(a.Policy, 40)
	if a.At.IsZero() {
		a.At = v.Ended
	}
	a.At, a.Acknowledged = a.At.UTC().Truncate(time.Millisecond), a.Acknowledged.UTC().Truncate(time.Millisecond)
	hotlines := make([]string, 0, len(a.Hotlines))
	for _, h := range head(a.Hotlines, 20) {
		hotlines = append(hotlines, clip(h, maxHotline))
	}
	a.Hotlines = hotlines
	id, err := tx.insert(ctx, "insert assignment", `INSERT INTO assignments (case_id, hosting_country, assigned_country, hotlines, policy,
		at, acknowledged_at, confirmed) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		c.ID, a.HostingCountry, a.AssignedCountry, fitJSON(hotlines, 4096), a.Policy, at(a.At), at(a.Acknowledged), a.Confirmed)
	if err != nil {
		return err
	}
	a.ID = casefile.AssignmentID(id)
	c.Assignment = &a
	if _, err := tx.exec(ctx, "index hotlines", "DELETE FROM case_hotlines WHERE case_id = $1", c.ID); err != nil {
		return err
	}
	for _, h := range hotlines {
		const index = "INSERT INTO case_hotlines (hotline, case_id) VALUES ($1, $2) ON CONFLICT DO NOTHING"
		if _, err := tx.exec(ctx, "index hotlines", index, h, c.ID); err != nil {
			return err
		}
	}
	return nil
}

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
