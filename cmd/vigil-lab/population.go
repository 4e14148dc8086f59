package main

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"vigil/casefile"
)

// population is a crowd of made-up cases. Case i is always the same: it follows from the seed, the number and
// the end, and from no case before it. Hosts are names under .example and .test, addresses those that RFC
// 3849 keeps for documents.
type population struct {
	seed  uint64
	size  int
	until time.Time // the end: nothing happened after it
}

const (
	populationAge   = 730 * 24 * time.Hour // of the oldest case
	populationHosts = 200_000              // at most; a few of them have very many cases, most have one
)

// draw is a source of numbers for one part of one thing.
func (p population) draw(part, i int) *rand.Rand {
	return rand.New(rand.NewPCG(p.seed, uint64(part)<<40|uint64(i))) //nolint:gosec // made-up cases must be the same again
}

// Parts that are drawn apart from each other.
const (
	drawReport = iota
	drawFate
	drawVisit
	drawHost
)

// pick takes one of the names by their weights, written "NL 28, US 24".
func pick(r *rand.Rand, weighted string) string {
	type choice struct {
		name   string
		weight int
	}
	var choices []choice
	sum := 0
	for part := range strings.SplitSeq(weighted, ", ") {
		name, number, _ := strings.Cut(part, " ")
		weight, _ := strconv.Atoi(number)
		choices, sum = append(choices, choice{name, weight}), sum+weight
	}
	at := r.IntN(sum)
	for _, c := range choices {
		if at -= c.weight; at < 0 {
			return c.name
		}
	}
	return ""
}

// opened is when a report of the number i is stored: more of them towards the end than at the beginning.
func (p population) opened(i int) time.Time {
	left := 1 - (float64(i)+0.5)/float64(max(p.size, i+1))
	return p.until.Add(-time.Duration(float64(populationAge) * math.Pow(left, 1.4))).Truncate(time.Second)
}

// report is the first report of case i, which is stored at a time.
func (p population) report(i int, stored time.Time) (casefile.Report, error) {
	r := p.draw(drawReport, i)
	host := int(rand.NewZipf(r, 1.15, 12, populationHosts-1).Uint64())
	kind := pick(r, "jpg 40, html 35, mp4 15, png 10")
	at, err := casefile.NewTarget(fmt.Sprintf("https://%s/s%d/%09d.%s", hostName(host), p.seed, i, kind))
	if err != nil {
		return casefile.Report{}, fmt.Errorf("make case %d: %w", i, err)
	}
	out := casefile.Report{
		Target: at, Source: pick(r, "public 55, hotline-nl 15, hotline-de 10, police 5, crawler 15"), Reference: fmt.Sprintf("R-%09d", i),
		Classification: casefile.Classification(pick(r, "unclassified 30, baseline 35, A1 8, A2 9, B1 8, B2 10")),
		Received:       stored.Add(-time.Duration(r.IntN(6*3600)) * time.Second), Held: r.IntN(100) < 2,
	}
	if r.IntN(10) == 0 {
		if out.Referrer, err = casefile.NewTarget(fmt.Sprintf("https://board-%d.example/t/%d", r.IntN(400), i%977)); err != nil {
			return casefile.Report{}, fmt.Errorf("make case %d: %w", i, err)
		}
	}
	return out, nil
}

// numberOf is the number of the case that a target was made for; ok is false when this population did not
// make it.
func (p population) numberOf(t casefile.Target) (i int, ok bool) {
	_, path, _ := strings.Cut(t.URL(), fmt.Sprintf("/s%d/", p.seed))
	digits, _, found := strings.Cut(path, ".")
	i, err := strconv.Atoi(digits)
	return i, found && err == nil && len(digits) == 9
}

var hostWords = strings.Fields("anchor beacon cedar delta ember falcon granite " +
	"harbor island juniper kestrel lantern meadow nectar orchid pebble quartz raven saffron timber")

// hostName is the name of a host. Every 40th is another one under another ending: a site that hopped.
func hostName(host int) string {
	ending := "example"
	if host%40 == 39 {
		host, ending = host-1, "test"
	}
	return fmt.Sprintf("img%d.%s-%d.%s", host%3, hostWords[host%len(hostWords)], host, ending)
}

// hostNumber is the host that a name was made for.
func hostNumber(name string) int {
	_, digits, _ := strings.Cut(name, "-")
	digits, ending, _ := strings.Cut(digits, ".")
	host, _ := strconv.Atoi(digits)
	if ending == "test" {
		host++
	}
	return host
}

// hosting is who hosts a host and where. moved gives where it went when it came back.
func (p population) hosting(host int, moved bool, decided time.Time) casefile.Hosting {
	if moved {
		host += populationHosts
	}
	r := p.draw(drawHost, host)
	country := pick(r, "NL 28, US 24, FR 9, DE 8, RU 6, BG 5, RO 4, LU 3, UA 3, CA 3, GB 2, SE 2, SC 2, PA 1")
	number := int(rand.NewZipf(r, 1.3, 2, 24).Uint64())
	provider := fmt.Sprintf("%s Hosting %d", country, number+1)
	address := netip.AddrFrom16([16]byte{0x20, 0x01, 0x0d, 0xb8, country[0], country[1], 0, byte(number), 12: byte(host >> 16),
		13: byte(host >> 8), 14: byte(host), 15: 1})
	network, _ := address.Prefix(64)
	desk := fmt.Sprintf("abuse@host-%s-%d.example", strings.ToLower(country), number)
	h := casefile.Hosting{
		Provider: provider, ASN: 64512 + uint32(number) + uint32(country[0])*7 + uint32(country[1])*11, Network: network, Country: country,
		Confidence: 0.7 + 0.29*r.Float64(),
		Origin:     casefile.OriginKnown, Addresses: []netip.Addr{address}, Decided: decided,
		Claims: []casefile.Claim{
			{Fact: casefile.FactCountry, Value: country, Source: "mmdb:country", AsOf: decided.Truncate(24 * time.Hour), Address: address},
			{Fact: casefile.FactASHolder, Value: provider, Source: "mmdb:asn", AsOf: decided.Truncate(24 * time.Hour), Address: address},
			{Fact: casefile.FactAbuse, Value: desk, Source: "rdap", AsOf: decided, Address: address},
		},
		Contacts: []casefile.Contact{{Party: casefile.PartyHost, Name: provider, Role: "abuse", Email: desk, Source: "rdap"}},
		Registrar: &casefile.Registrar{Name: fmt.Sprintf("Registrar %d", 1+r.IntN(40)), AbuseEmail: "abuse@registrar.example",
			Created: decided.AddDate(-1-r.IntN(9), 0, 0).Truncate(24 * time.Hour)},
		Steps: []string{"two sources name one country"},
	}
	switch chance := r.IntN(100); {
	case chance < 10:
		h.Country, h.Confidence, h.Origin = "", 0, casefile.OriginUnknown
		h.Edge = &casefile.Edge{Name: "Example Edge", Kind: "cdn", Evidence: "range", AbuseEmail: "abuse@edge.example"}
		h.Contacts[0] = casefile.Contact{Party: casefile.PartyEdge, Name: "Example Edge", Role: "abuse", Email: "abuse@edge.example",
			Source: "rdap"}
	case chance < 12:
		h.Country, h.Confidence, h.Disputed = "", 0.3, true
	}
	return h
}

// sighting is what a visit finds.
type sighting struct {
	at     time.Time
	reason casefile.Reason
	moved  bool // it is hosted elsewhere by then
}

// fate is what becomes of a case: its visits, and when the report is withdrawn.
type fate struct {
	visits    []sighting
	withdrawn time.Time // zero: never
}

const (
	goneReasons = "http_404 45, soft_404 15, takedown_page 12, account_suspended 8, nxdomain 7, parked 5, " +
		"http_410 4, redirected_home 2, domain_hold 1, seized 1"
	silentReasons   = "timeout 45, refused 20, server_error 20, servfail 8, tls 5, reset 2"
	withheldReasons = "forbidden 40, challenge 25, login 20, geo_block 10, rate_limited 5"
	fates           = "removed 57, returned 7, stays 13, unavailable 6, withheld 3, review 6, gone 5, withdrawn 3"
)

// fate draws what becomes of case i, as far as it happened by the end.
func (p population) fate(i int, opened time.Time) fate {
	r := p.draw(drawFate, i)
	at := opened.Add(time.Duration(2+r.IntN(30)) * time.Minute)
	var f fate
	see := func(reason casefile.Reason) { f.visits = append(f.visits, sighting{at: at, reason: reason}) }
	after := func(hours float64) { at = at.Add(time.Duration(hours * float64(time.Hour))) }
	live := func(looks int, hours float64) { // looks that spread over the hours, closer together at first
		for k := range looks {
			reason := casefile.ReasonMatchesBaseline
			if len(f.visits) == 0 {
				reason = casefile.ReasonServed
			}
			see(reason)
			after(hours * float64(k+1) / float64(looks*(looks+1)/2))
		}
	}
	run := func(reason casefile.Reason, gaps ...float64) {
		see(reason)
		for _, gap := range gaps {
			after(gap)
			see(reason)
		}
	}
	// From hours to months: the median of removal is a day and a half.
	lasts := math.Min(36*math.Exp(1.2*r.NormFloat64()), 4000)
	gone := casefile.Reason(pick(r, goneReasons))
	removed := func() {
		live(1+r.IntN(3), lasts)
		run(gone, 11+2*r.Float64(), 13.5+2*r.Float64())
	}
	switch pick(r, fates) {
	case "removed":
		removed()
		after(24)
		see(gone)
		after(91 * 24)
		see(gone) // the last look of aftercare: it closes
	case "returned":
		removed()
		after(24 * (2 + 38*r.Float64()))
		back := len(f.visits)
		live(1+r.IntN(2), lasts)
		if r.IntN(5) < 3 {
			run(gone, 12, 14)
		}
		if r.IntN(2) == 0 {
			for k := back; k < len(f.visits); k++ {
				f.visits[k].moved = true
			}
		}
	case "stays":
		live(3+r.IntN(5), math.Max(24, p.until.Sub(at).Hours()))
	case "unavailable":
		live(1, lasts)
		run(casefile.Reason(pick(r, silentReasons)), 30, 100, 60)
	case "withheld":
		live(1, lasts)
		run(casefile.Reason(pick(r, withheldReasons)), 30, 100, 60)
	case "review":
		live(1+r.IntN(2), lasts)
		run(casefile.Reason(pick(r, "content_differs 70, redirected_elsewhere 30")), 12, 14)
	case "gone":
		run(gone, 12, 14)
	case "withdrawn":
		live(1, 5)
		f.withdrawn = at
	}
	for k, v := range f.visits {
		if v.at.After(p.until) {
			f.visits = f.visits[:k]
			break
		}
	}
	if f.withdrawn.After(p.until) {
		f.withdrawn = time.Time{}
	}
	return f
}

// visit makes the looks of visit k of a case: what one or two vantages saw.
func (p population) visit(c casefile.Case, i, k int, s sighting) casefile.Visit {
	r := p.draw(drawVisit, i<<8|k)
	host := hostNumber(c.Target.Host())
	h := p.hosting(host, s.moved, s.at)
	vantages := []casefile.Vantage{{Name: "local", Country: "NL", Network: "AS64500"},
		{Name: "far", Country: "US", Network: "AS64501"}}[:1+host%2]
	v := casefile.Visit{
		CaseID: c.ID, Started: s.at, Ended: s.at.Add(time.Duration(300+r.IntN(4000)) * time.Millisecond), Why: c.Due.Why, Counted: true,
		Verdict: casefile.Verdict{State: s.reason.State(), Reason: s.reason},
		Basis:   casefile.Basis{Vantages: vantages, Baseline: c.Baseline, Registrar: h.Registrar, RegistryAnswered: true},
	}
	for _, from := range vantages {
		o := p.look(c, s.reason, h.Addresses, r)
		o.Vantage, o.Purpose, o.Started, o.Took = from.Name, casefile.PurposeTarget, s.at, v.Ended.Sub(s.at)
		v.Observations = append(v.Observations, o)
	}
	first := v.Observations[0]
	v.Verdict.Signals = []casefile.Signal{{Name: "status", Value: strconv.Itoa(first.Status), PointsTo: s.reason.State()}}
	if first.Fault != nil {
		v.Verdict.Signals[0] = casefile.Signal{Name: "fault", Value: string(first.Fault.Kind), PointsTo: s.reason.State()}
	}
	if len(first.Resolution.Addresses) > 0 && (c.Hosting == nil || c.Hosting.Provider != h.Provider) {
		v.Hosting = &h
	}
	return v
}

// look is what a vantage sees when a reason is right.
func (p population) look(c casefile.Case, reason casefile.Reason, addresses []netip.Addr, r *rand.Rand) casefile.Observation {
	o := casefile.Observation{Resolution: casefile.Resolution{Rcode: "NOERROR", Addresses: addresses,
		Nameservers: []string{"ns1.dns.example", "ns2.dns.example"}, Took: 20 * time.Millisecond}}
	fault := func(kind casefile.FaultKind, phase casefile.Phase) casefile.Observation {
		o.Fault = &casefile.Fault{Kind: kind, Phase: phase}
		return o
	}
	switch reason {
	case casefile.ReasonNXDomain, casefile.ReasonDomainHold:
		o.Resolution = casefile.Resolution{Rcode: "NXDOMAIN", Took: 20 * time.Millisecond}
		return fault(casefile.FaultNXDomain, casefile.PhaseResolve)
	case casefile.ReasonServfail:
		o.Resolution = casefile.Resolution{Rcode: "SERVFAIL", Took: time.Second}
		return fault(casefile.FaultServfail, casefile.PhaseResolve)
	case casefile.ReasonTimeout, casefile.ReasonRefused:
		return fault(casefile.FaultKind(reason), casefile.PhaseConnect)
	case casefile.ReasonTLS:
		return fault(casefile.FaultTLS, casefile.PhaseTLS)
	case casefile.ReasonReset:
		return fault(casefile.FaultReset, casefile.PhaseRequest)
	default: // a page was read
	}
	statuses := map[casefile.Reason]int{casefile.ReasonHTTP404: 404, casefile.ReasonHTTP410: 410, casefile.ReasonServerError: 503,
		casefile.ReasonForbidden: 403, casefile.ReasonChallenge: 403, casefile.ReasonGeoBlock: 451, casefile.ReasonRateLimited: 429}
	markers := map[casefile.Reason]casefile.Marker{casefile.ReasonSoft404: casefile.MarkerNotFound,
		casefile.ReasonTakedownPage:     casefile.MarkerTakedown,
		casefile.ReasonAccountSuspended: casefile.MarkerSuspended, casefile.ReasonParked: casefile.MarkerParked,
		casefile.ReasonSeized: casefile.MarkerSeized,
		casefile.ReasonLogin:  casefile.MarkerLogin, casefile.ReasonChallenge: casefile.MarkerChallenge}
	o.Status = cmp.Or(statuses[reason], 200)
	o.BodyBytes = int64(900 + r.IntN(60_000))
	features := &casefile.Features{Digest: fmt.Sprintf("%016x%016x%016x%016x", r.Uint64(), r.Uint64(), r.Uint64(), r.Uint64()),
		SimHash: r.Uint64(), Structure: r.Uint64(),
		Title: fmt.Sprintf("%016x%016x%016x%016x", r.Uint64(), r.Uint64(), r.Uint64(), r.Uint64()), Words: 20 + r.IntN(900),
		Elements: 40 + r.IntN(800), Links: r.IntN(90), Images: r.IntN(40), HTML: true}
	if m := markers[reason]; m != "" {
		features.Markers, features.Asserted = []casefile.Marker{m}, []casefile.Marker{m}
	}
	if reason == casefile.ReasonMatchesBaseline && c.Baseline != nil {
		same := *c.Baseline
		features = &same
	}
	o.Features = features
	o.Hops = []casefile.Hop{{Target: c.Target, Address: addresses[0], Status: o.Status, MediaType: "text/html",
		Server:   pick(r, "nginx 50, Apache 20, cloudflare 20, LiteSpeed 10"),
		Protocol: "HTTP/1.1", TLS: &casefile.TLS{Version: "1.3"}, RoundTrip: time.Duration(8+r.IntN(150)) * time.Millisecond,
		Took: 90 * time.Millisecond}}
	return o
}
