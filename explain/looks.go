package explain

import (
	"slices"
	"strings"
	"time"

	"vigil/casefile"
	"vigil/judge"
	"vigil/words"
)

// Transcript is one look, step by step. A step that the look did not come to is nil or missing.
type Transcript struct {
	Vantage string           `json:"vantage"`
	Purpose casefile.Purpose `json:"purpose"`
	Started time.Time        `json:"started"` // UTC
	TookMS  int64            `json:"took_ms"` // the whole look: also what lies between the hops
	Words   string           `json:"words"`   // who looked at what, and for how long
	// Resolve is what the DNS said about the first host.
	Resolve ResolveStep `json:"resolve"`
	Hops    []HopStep   `json:"hops" nullable:"false"`
	Body    *BodyStep   `json:"body,omitempty"`
	Fault   *FaultStep  `json:"fault,omitempty"`
}

// ResolveStep is what the DNS said.
type ResolveStep struct {
	Rcode       string   `json:"rcode"`
	Addresses   []string `json:"addresses" nullable:"false"`
	Nameservers []string `json:"nameservers" nullable:"false"` // empty when they were not asked for
	Aliases     int      `json:"aliases"`                      // how many CNAMEs there are
	CNAMEs      []string `json:"cnames,omitempty"`             // for readers who may see names
	// Authenticated says that the resolver validated the answer with DNSSEC.
	Authenticated bool `json:"authenticated"`
	// TookMS is how long the look-up took; 0 when it was not measured, was remembered, or took under 1 ms.
	TookMS int64  `json:"took_ms"`
	Words  string `json:"words"`
}

// HostRole says which host a hop asked, without naming it.
type HostRole string

// Roles of hosts.
const (
	HostReported  HostRole = "reported"  // the host of the target
	HostSameSite  HostRole = "same_site" // another host of the target's registrable domain
	HostElsewhere HostRole = "elsewhere" // a host of another site
)

// HopStep is one answer on the way.
type HopStep struct {
	Host    HostRole `json:"host"`
	Name    string   `json:"name,omitempty"` // the host, for readers who may see names
	Address string   `json:"address"`
	Status  int      `json:"status"`
	// TLS is the version; empty on http. TLSProblem is why the certificate would not be trusted; empty when it would be.
	TLS        string `json:"tls,omitempty"`
	TLSProblem string `json:"tls_problem,omitempty"`
	Protocol   string `json:"protocol,omitempty"`
	Edge       string `json:"edge,omitempty"` // that the headers give away
	Redirects  bool   `json:"redirects"`      // the answer sends the visitor on
	Challenge  bool   `json:"challenge"`      // the headers say that it is a test for robots
	// RoundTripMS is how long the connection took to open; 0 when it was not measured, or is under 1 ms.
	RoundTripMS int64  `json:"round_trip_ms"`
	TookMS      int64  `json:"took_ms"` // from the start of the request to the end of the headers
	Words       string `json:"words"`
}

// BodyStep is what came of the page: counts, and traits from closed lists.
type BodyStep struct {
	Bytes     int64             `json:"bytes"` // decoded
	Truncated bool              `json:"truncated"`
	HTML      bool              `json:"html"`
	Kind      string            `json:"kind,omitempty"`   // of a file, by its first bytes, for example video/mp4
	Length    int64             `json:"length,omitempty"` // of a whole file in bytes, where it is known
	Counts    map[string]int    `json:"counts,omitempty"` // words, elements, links, images, media, scripts, forms, passwords, frames
	Markers   []casefile.Marker `json:"markers" nullable:"false"`
	Words     string            `json:"words"`
}

// FaultStep is why the look ended early.
type FaultStep struct {
	casefile.Fault
	Words string `json:"words"`
}

// teller tells the looks of one visit to one reader. both says that the visit looked with the recorded referrer and without it.
type teller struct {
	*words.Words
	Reading
	both bool
}

// look tells one look.
func (l teller) look(o *casefile.Observation) Transcript {
	t := Transcript{Vantage: o.Vantage, Purpose: o.Purpose, Started: o.Started.UTC(), TookMS: o.Took.Milliseconds(), Hops: []HopStep{}}
	at := l.Say("purpose", o.Purpose)
	if o.Purpose == casefile.PurposeTarget && l.both {
		at = l.Say("look", "with_referrer")
	}
	t.Words = l.Say("look", "who", "vantage", o.Vantage, "what", at, "took", o.Took)
	if l.Target.IsZero() && len(o.Hops) > 0 {
		l.Target = o.Hops[0].Target
	}
	t.Resolve = l.resolve(o)
	for i := range o.Hops {
		t.Hops = append(t.Hops, l.hop(&o.Hops[i], i+1 < len(o.Hops)))
	}
	if o.Features != nil || o.BodyBytes > 0 {
		t.Body = l.body(o)
	}
	if o.Fault != nil {
		t.Fault = &FaultStep{*o.Fault, Fault(l.Words, *o.Fault)}
	}
	return t
}

// parts are what a step tells, piece by piece.
type parts []string

// add adds the text of a code when it is to be told.
func (p *parts) add(told bool, w *words.Words, code string, values ...any) {
	if told {
		*p = append(*p, w.Say("look", code, values...))
	}
}

func (l teller) resolve(o *casefile.Observation) ResolveStep {
	found := o.Resolution
	s := ResolveStep{
		Rcode: found.Rcode, Addresses: []string{}, Nameservers: []string{}, Aliases: len(found.CNAMEs),
		Authenticated: found.Authenticated, TookMS: found.Took.Milliseconds(),
	}
	for _, a := range found.Addresses {
		s.Addresses = append(s.Addresses, l.shown(a.String()))
	}
	for _, ns := range found.Nameservers {
		s.Nameservers = append(s.Nameservers, l.shown(ns))
	}
	if l.Names {
		s.CNAMEs = slices.Clone(found.CNAMEs)
	}
	answer := "addresses"
	_, literal := l.Target.Address()
	switch {
	case literal:
		answer = "literal"
	case found.Rcode == "" && (o.Fault == nil || o.Fault.Phase != casefile.PhaseResolve):
		answer = "not_recorded"
	case found.Rcode == "":
		answer = "no_server"
	case found.Rcode == "NXDOMAIN":
		answer = "nxdomain"
	case len(s.Addresses) == 0:
		answer = "no_addresses"
	}
	var told parts
	told.add(true, l.Words, answer, "rcode", found.Rcode, "n", len(s.Addresses), "list", s.Addresses)
	told.add(len(s.CNAMEs) > 0, l.Words, "by_way_of", "list", s.CNAMEs)
	told.add(len(s.CNAMEs) == 0 && s.Aliases > 0, l.Words, "aliases", "n", s.Aliases)
	told.add(len(s.Nameservers) > 0, l.Words, "name_servers", "n", len(s.Nameservers), "list", s.Nameservers)
	told.add(s.Authenticated, l.Words, "validated")
	told.add(found.Took > 0, l.Words, "looked_up", "took", found.Took)
	s.Words = strings.Join(told, "; ")
	return s
}

// hop tells one answer. onward says that another followed it.
func (l teller) hop(h *casefile.Hop, onward bool) HopStep {
	s := HopStep{
		Host: roleOf(h.Target, l.Target), Status: h.Status, Protocol: l.shown(h.Protocol), Edge: h.Edge, Challenge: h.Challenge,
		Redirects: onward || h.Location && h.Status/100 == 3, RoundTripMS: h.RoundTrip.Milliseconds(), TookMS: h.Took.Milliseconds(),
	}
	host := l.Say("host", s.Host)
	if l.Names && !h.Target.IsZero() {
		s.Name = h.Target.Host()
		host = s.Name
	}
	if h.Address.IsValid() {
		s.Address = l.shown(h.Address.String())
		host = l.Say("look", "host_at", "host", host, "address", s.Address)
	}
	if h.TLS != nil {
		s.TLS, s.TLSProblem = h.TLS.Version, h.TLS.Problem
	}
	var told parts
	told.add(h.Status == 0, l.Words, "no_status", "host", host)
	told.add(h.Status != 0, l.Words, "status", "host", host, "status", statusWords(l.Words, h.Status))
	told.add(h.TLS == nil, l.Words, "no_tls")
	told.add(h.TLS != nil && s.TLSProblem == "", l.Words, "tls", "version", s.TLS)
	told.add(s.TLSProblem != "", l.Words, "bad_tls", "version", s.TLS, "problem", s.TLSProblem)
	if s.Protocol != "" {
		told = append(told, s.Protocol)
	}
	told.add(s.Edge != "", l.Words, "edge", "name", s.Edge)
	told.add(s.Redirects, l.Words, "sends_on")
	told.add(s.Challenge, l.Words, "challenge")
	told.add(h.RetryAfter > 0, l.Words, "retry", "took", h.RetryAfter)
	told.add(h.RoundTrip > 0, l.Words, "opened", "took", h.RoundTrip)
	told.add(true, l.Words, "answered", "took", h.Took)
	s.Words = strings.Join(told, ", ")
	return s
}

func roleOf(hop, target casefile.Target) HostRole {
	switch {
	case hop.IsZero(), hop.Host() == target.Host():
		return HostReported
	case judge.SameSite(hop.Host(), target.Host()):
		return HostSameSite
	}
	return HostElsewhere
}

func (l teller) body(o *casefile.Observation) *BodyStep {
	s := &BodyStep{Bytes: o.BodyBytes, Truncated: o.Truncated, Markers: []casefile.Marker{}}
	var told parts
	told.add(!o.Truncated, l.Words, "read", "n", o.BodyBytes)
	told.add(o.Truncated, l.Words, "truncated", "n", o.BodyBytes)
	f := o.Features
	told.add(f == nil, l.Words, "no_traits")
	if f != nil {
		s.HTML, s.Markers = f.HTML, append(s.Markers, f.Markers...)
		if f.HTML {
			var counts []string
			s.Counts, counts = l.counts(f)
			told.add(len(counts) == 0, l.Words, "html")
			told.add(len(counts) > 0, l.Words, "html_with", "list", strings.Join(counts, ", "))
		} else {
			s.Kind, s.Length = f.Kind, f.Length
			var file parts
			file.add(true, l.Words, "not_html")
			file.add(f.Kind != "", l.Words, "kind", "kind", f.Kind)
			file.add(f.Length > o.BodyBytes, l.Words, "length", "n", f.Length)
			told = append(told, strings.Join(file, ", "))
		}
	}
	for _, m := range s.Markers {
		if l.Has("marker", m) {
			told = append(told, l.Say("marker", m))
		}
	}
	s.Words = strings.Join(told, "; ")
	return s
}

// counts are what a page holds, by name, and those of them in words that are not 0.
func (l teller) counts(f *casefile.Features) (map[string]int, []string) {
	counts := map[string]int{
		"words": f.Words, "elements": f.Elements, "links": f.Links, "images": f.Images, "media": f.Media,
		"scripts": f.Scripts, "forms": f.Forms, "passwords": f.Passwords, "frames": f.Frames,
	}
	var said []string
	for _, name := range [...]string{"words", "elements", "links", "images", "media", "scripts", "forms", "passwords", "frames"} {
		if n := counts[name]; n > 0 {
			said = append(said, l.Say("count", name, "n", n))
		}
	}
	return counts, said
}
