package judge

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"vigil/casefile"
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

// transcribe tells one look.
func transcribe(o *casefile.Observation, r Reading) Transcript {
	t := Transcript{Vantage: o.Vantage, Purpose: o.Purpose, Started: o.Started.UTC(), TookMS: o.Took.Milliseconds(), Hops: []HopStep{}}
	t.Words = o.Vantage + " looked at " + purposeWords(o.Purpose, r.both) + ", " + duration(o.Took)
	if r.Target.IsZero() && len(o.Hops) > 0 {
		r.Target = o.Hops[0].Target
	}
	t.Resolve = resolveStep(o, r)
	for i := range o.Hops {
		t.Hops = append(t.Hops, hopStep(&o.Hops[i], i+1 < len(o.Hops), r))
	}
	if o.Features != nil || o.BodyBytes > 0 {
		t.Body = bodyStep(o)
	}
	if o.Fault != nil {
		t.Fault = &FaultStep{*o.Fault, faultClause(o.Fault.Kind, o.Fault.Phase)}
		if o.Fault.Detail != "" {
			t.Fault.Words += ": " + o.Fault.Detail
		}
	}
	return t
}

// purposeWords says what was looked at. both says that the visit looked with the recorded referrer and without it.
func purposeWords(p casefile.Purpose, both bool) string {
	switch p {
	case casefile.PurposeSibling:
		return "a path that surely does not exist"
	case casefile.PurposeControl:
		return "a control target"
	case casefile.PurposeReferred:
		return "the reported page, by way of its own site"
	case casefile.PurposeFront:
		return "the front page of its site"
	case casefile.PurposeSubdomain:
		return "a name under the same domain that surely does not exist"
	case casefile.PurposeDirect:
		return "the reported page, without the recorded referrer"
	case casefile.PurposeTarget:
	}
	if both {
		return "the reported page, with the recorded referrer"
	}
	return "the reported page"
}

func resolveStep(o *casefile.Observation, r Reading) ResolveStep {
	found := o.Resolution
	s := ResolveStep{Rcode: found.Rcode, Addresses: []string{}, Nameservers: []string{}, Aliases: len(found.CNAMEs), Authenticated: found.Authenticated,
		TookMS: found.Took.Milliseconds()}
	for _, a := range found.Addresses {
		s.Addresses = append(s.Addresses, r.shown(a.String()))
	}
	for _, ns := range found.Nameservers {
		s.Nameservers = append(s.Nameservers, r.shown(ns))
	}
	if r.Names {
		s.CNAMEs = slices.Clone(found.CNAMEs)
	}
	_, literal := r.Target.Address()
	var parts []string
	switch {
	case literal:
		parts = append(parts, "the host is an address, there is no name to look up")
	case found.Rcode == "" && (o.Fault == nil || o.Fault.Phase != casefile.PhaseResolve):
		parts = append(parts, "not recorded")
	case found.Rcode == "":
		parts = append(parts, "no server answered")
	case found.Rcode == "NXDOMAIN":
		parts = append(parts, "NXDOMAIN, the name does not exist")
	default:
		parts = append(parts, found.Rcode+", "+some(s.Addresses, "address", "addresses"))
	}
	switch {
	case len(s.CNAMEs) > 0:
		parts = append(parts, "by way of "+strings.Join(s.CNAMEs, ", "))
	case s.Aliases > 0:
		parts = append(parts, counted(s.Aliases, "alias", "aliases")+" on the way")
	}
	if len(s.Nameservers) > 0 {
		parts = append(parts, some(s.Nameservers, "name server", "name servers"))
	}
	if s.Authenticated {
		parts = append(parts, "validated with DNSSEC")
	}
	if found.Took > 0 {
		parts = append(parts, "looked up in "+duration(found.Took))
	}
	s.Words = strings.Join(parts, "; ")
	return s
}

// hopStep tells one answer. onward says that another followed it.
func hopStep(h *casefile.Hop, onward bool, r Reading) HopStep {
	s := HopStep{
		Host: roleOf(h.Target, r.Target), Status: h.Status, Protocol: r.shown(h.Protocol), Edge: h.Edge, Challenge: h.Challenge,
		Redirects: onward || h.Location && h.Status/100 == 3, RoundTripMS: h.RoundTrip.Milliseconds(), TookMS: h.Took.Milliseconds(),
	}
	words := hostWords[s.Host]
	if r.Names && !h.Target.IsZero() {
		s.Name = h.Target.Host()
		words = s.Name
	}
	if h.Address.IsValid() {
		s.Address = r.shown(h.Address.String())
		words += " at " + s.Address
	}
	if h.Status == 0 {
		words += ": no status"
	} else {
		words += ": " + statusWords(h.Status)
	}
	parts := []string{words}
	switch {
	case h.TLS == nil:
		parts = append(parts, "without TLS")
	case h.TLS.Problem != "":
		s.TLS, s.TLSProblem = h.TLS.Version, h.TLS.Problem
		parts = append(parts, "TLS "+h.TLS.Version+", certificate not to be trusted ("+h.TLS.Problem+")")
	default:
		s.TLS = h.TLS.Version
		parts = append(parts, "TLS "+h.TLS.Version)
	}
	if s.Protocol != "" {
		parts = append(parts, s.Protocol)
	}
	if s.Edge != "" {
		parts = append(parts, "edge "+s.Edge)
	}
	if s.Redirects {
		parts = append(parts, "sends on")
	}
	if s.Challenge {
		parts = append(parts, "a test for robots by its headers")
	}
	if h.RetryAfter > 0 {
		parts = append(parts, "asks to come back in "+duration(h.RetryAfter))
	}
	if h.RoundTrip > 0 {
		parts = append(parts, "opened in "+duration(h.RoundTrip))
	}
	s.Words = strings.Join(append(parts, "answered in "+duration(h.Took)), ", ")
	return s
}

var hostWords = map[HostRole]string{HostReported: "the reported host", HostSameSite: "another host of the same site", HostElsewhere: "another site"}

func roleOf(hop, target casefile.Target) HostRole {
	switch {
	case hop.IsZero(), hop.Host() == target.Host():
		return HostReported
	case sameSite(hop.Host(), target.Host()):
		return HostSameSite
	}
	return HostElsewhere
}

func bodyStep(o *casefile.Observation) *BodyStep {
	s := &BodyStep{Bytes: o.BodyBytes, Truncated: o.Truncated, Markers: []casefile.Marker{}}
	words := grouped(o.BodyBytes) + " bytes read"
	if o.BodyBytes == 1 {
		words = "1 byte read"
	}
	if o.Truncated {
		words += ", and there are more"
	}
	f := o.Features
	if f == nil {
		s.Words = words + "; no traits were taken"
		return s
	}
	s.HTML, s.Markers = f.HTML, append(s.Markers, f.Markers...)
	if !f.HTML {
		s.Kind, s.Length = f.Kind, f.Length
		words += "; not HTML"
		if f.Kind != "" {
			words += ", by its first bytes " + f.Kind
		}
		if f.Length > o.BodyBytes {
			words += ", " + grouped(f.Length) + " bytes in all"
		}
	} else {
		s.Counts = map[string]int{}
		var parts []string
		for _, n := range []struct {
			name string
			v    int
		}{
			{"words", f.Words}, {"elements", f.Elements}, {"links", f.Links}, {"images", f.Images}, {"media", f.Media},
			{"scripts", f.Scripts}, {"forms", f.Forms}, {"passwords", f.Passwords}, {"frames", f.Frames},
		} {
			s.Counts[n.name] = n.v
			if n.v > 0 {
				parts = append(parts, counted(n.v, strings.TrimSuffix(n.name, "s"), n.name)) // media has no singular here
			}
		}
		words += "; HTML"
		if len(parts) > 0 {
			words += " with " + strings.Join(parts, ", ")
		}
	}
	for _, m := range f.Markers {
		if said, known := markerWords[string(m)]; known {
			words += "; " + said
		}
	}
	s.Words = words
	return s
}

// maxListed bounds how many of a list the words name.
const maxListed = 8

// some is "2 addresses: a, b".
func some(list []string, one, many string) string {
	if len(list) == 0 {
		return "no " + one
	}
	text := counted(len(list), one, many) + ": " + strings.Join(list[:min(len(list), maxListed)], ", ")
	if more := len(list) - maxListed; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}

// grouped is n with its digits in groups of three.
func grouped(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
