package storetest

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vigil/casefile"
	"vigil/store"
)

func roundTrip(t *testing.T, d Database) {
	s := d.Open(t)
	c := add(t, s, target(t, 1, 1), epoch)
	now := epoch.Add(time.Minute)
	v := live(c, now)
	v.Verdict.Signals = []casefile.Signal{{Name: "status", Value: "200", PointsTo: casefile.StateLive}}
	v.Verdict.Dissent = []casefile.Dissent{{Vantage: "far", State: casefile.StateSilent, Reason: casefile.ReasonTimeout}}
	v.Observations[0].Features.Markers = []casefile.Marker{casefile.MarkerLogin}
	v.Observations[0].Hops[0].TLS = &casefile.TLS{Version: "1.3", Problem: "expired", Expires: epoch}
	v.Observations = append(v.Observations, casefile.Observation{
		Vantage: "far", Purpose: casefile.PurposeTarget, Started: now, Took: 5 * time.Second,
		Resolution: casefile.Resolution{Rcode: "NOERROR", CNAMEs: []string{"edge.site-1.example"}, Addresses: []netip.Addr{netip.MustParseAddr("2001:db8::7")}, Nameservers: []string{"ns.site-1.example"}, Authenticated: true, Took: 38 * time.Millisecond},
		Fault:      &casefile.Fault{Kind: casefile.FaultTimeout, Phase: casefile.PhaseConnect, Detail: "no answer"},
	})
	v.Hosting = &casefile.Hosting{
		Provider: "Example Net", ASN: 64500, Network: netip.MustParsePrefix("192.0.2.0/24"), Country: "NL", Confidence: 0.9, Disputed: true,
		Claims: []casefile.Claim{{Fact: casefile.FactCountry, Value: "NL", Source: "mmdb:country", AsOf: epoch, Address: netip.MustParseAddr("192.0.2.10")}},
		Edge:   &casefile.Edge{Name: "Example Edge", Evidence: "cname"}, Origin: casefile.OriginUnknown,
		Contacts:  []casefile.Contact{{Party: casefile.PartyHost, Role: "abuse", Email: "abuse@host.example", Source: "rdap"}},
		Registrar: &casefile.Registrar{Name: "Example Registrar", DomainStatus: []string{"clientHold"}, Created: epoch},
		Addresses: []netip.Addr{netip.MustParseAddr("192.0.2.10")}, Decided: now, Steps: []string{"one source says NL"},
	}
	v.Assignment = &casefile.Assignment{HostingCountry: "NL", AssignedCountry: "NL", Hotlines: []string{"Hotline A", "Hotline B"}, Policy: "hosting_country", At: now, Confirmed: true}
	v.Events = []casefile.Event{{At: now, Kind: casefile.EventFirstSeen, Actor: casefile.ActorVigil}, {At: now, Kind: casefile.EventHosting, Actor: casefile.ActorVigil, Data: map[string]string{"country": "NL"}}}
	v.After.Hosting, v.After.Assignment, v.After.Baseline = v.Hosting, v.Assignment, v.Observations[0].Features
	v.After.Streak = casefile.Streak{Count: 2, First: now, Last: now.Add(time.Second)}
	v.After.Undecided = casefile.Streak{Count: 1, First: now, Last: now}
	v.After.Unseen, v.After.Aftercare, v.After.NoticesComposed = now, 2, true
	v.After.Episode.Provider, v.After.Episode.Country = v.Hosting.Provider, v.Hosting.Country
	v.After.Episode.ProviderSince, v.After.Episode.CountrySince = now, now

	if err := s.StartVisit(t.Context(), c.ID, c.Version, now); err != nil {
		t.Fatal(err)
	}
	if started := read(t, s, c.ID); !started.Looking.Equal(now) || started.Version != c.Version {
		t.Errorf("after the start: looking %v, version %d", started.Looking, started.Version)
	}
	must(t, s.RecordVisit(t.Context(), v))

	want := v.After
	want.Version, want.Visits = c.Version+1, 1
	assignment := *v.Assignment
	want.Assignment = &assignment
	got := read(t, s, c.ID)
	assignment.ID, assignment.CaseID = got.Assignment.ID, c.ID
	if diff := cmp.Diff(want, got, show); diff != "" {
		t.Errorf("case (-want +got):\n%s", diff)
	}
	visits, err := s.Visits(t.Context(), c.ID, 0, 10)
	must(t, err)
	if len(visits) != 1 || len(visits[0].Observations) != 2 {
		t.Fatalf("visits: %+v", visits)
	}
	seen := v
	seen.ID, seen.Hosting, seen.Assignment, seen.Events, seen.After = visits[0].ID, nil, nil, nil, casefile.Case{}
	for i := range seen.Observations {
		seen.Observations[i].ID = visits[0].Observations[i].ID
	}
	if diff := cmp.Diff(seen, visits[0], show); diff != "" {
		t.Errorf("visit (-want +got):\n%s", diff)
	}
	events, err := s.Events(t.Context(), c.ID, 1, 10)
	must(t, err)
	if len(events) != 2 || events[0].Data != nil || events[1].Data["country"] != "NL" {
		t.Errorf("events: %+v", events)
	}
	// A second visit without a new decision keeps the first one's; pages go backwards.
	again := record(t, s, live(got, now.Add(time.Hour)))
	if again.Hosting == nil || again.Hosting.Country != "NL" || again.Assignment == nil || again.Visits != 2 {
		t.Errorf("after the second visit: %+v", again)
	}
	older, err := s.Visits(t.Context(), c.ID, visits[0].ID+1, 1)
	must(t, err)
	if len(older) != 1 || older[0].ID != visits[0].ID {
		t.Errorf("the page before: %+v", older)
	}
}

func foreignText(t *testing.T, d Database) {
	s := d.Open(t)
	c := add(t, s, target(t, 1, 1), epoch)
	dirty := strings.Repeat("\xff\x00é\x01", 6000)
	v := live(c, epoch)
	for range 100 {
		v.Verdict.Signals = append(v.Verdict.Signals, casefile.Signal{Name: dirty, Value: dirty, PointsTo: casefile.StateLive})
		v.Verdict.Dissent = append(v.Verdict.Dissent, casefile.Dissent{Vantage: "far-away-vantage-of-some-length", State: casefile.StateSilent, Reason: casefile.ReasonTimeout})
	}
	o := &v.Observations[0]
	o.Vantage, o.Hops[0].Server, o.Hops[0].MediaType = dirty, dirty, dirty
	o.Fault = &casefile.Fault{Kind: casefile.FaultReset, Phase: casefile.PhaseBody, Detail: dirty}
	o.Resolution.Rcode, o.Resolution.CNAMEs, o.Resolution.Nameservers = dirty, []string{dirty, dirty}, []string{dirty}
	o.Hops[0].TLS = &casefile.TLS{Version: dirty, Problem: dirty}
	v.Hosting = &casefile.Hosting{Provider: dirty, Country: "NLX", Origin: dirty, Claims: make([]casefile.Claim, 5000), Decided: epoch}
	v.Assignment = &casefile.Assignment{Hotlines: []string{dirty, dirty, "Hotline"}, Policy: dirty, At: epoch}
	v.Events = []casefile.Event{{At: epoch, Kind: casefile.EventHosting, Actor: dirty, Data: map[string]string{"a": dirty, "b": dirty, dirty: "c"}}}
	v.Notices = []casefile.Notice{{Key: "n1", Kind: casefile.NoticeRemoval, State: casefile.NoticeDraft, Composed: epoch, Subject: dirty, Body: dirty, Contact: casefile.Contact{Party: casefile.PartyHost, Name: dirty, Role: dirty, Email: dirty, Form: dirty, Source: dirty}}}
	got := record(t, s, v)
	if len(got.Hosting.Claims) == 0 || got.Version != 2 {
		t.Errorf("case: %+v", got)
	}
	if o.Resolution.CNAMEs[0] != dirty {
		t.Error("the caller's observation was changed")
	}
	v = live(got, epoch.Add(time.Hour)) // a decision that is too large in every part
	v.Hosting = &casefile.Hosting{Country: "NL", Steps: []string{dirty, dirty, dirty}, Contacts: []casefile.Contact{{Name: dirty, Role: dirty}},
		Registrar: &casefile.Registrar{Name: dirty, DomainStatus: []string{dirty, dirty}}, Decided: epoch}
	if got = record(t, s, v); got.Hosting.Country != "NL" || got.Hosting.Contacts != nil {
		t.Errorf("hosting: %+v", got.Hosting)
	}
	notices, err := s.Notices(t.Context(), casefile.NoticeFilter{CaseID: c.ID})
	must(t, err)
	if len(notices) != 1 || notices[0].Body != dirty {
		t.Errorf("the body of the notice changed")
	}
	visits, err := s.Visits(t.Context(), c.ID, 0, 2)
	must(t, err)
	if n := len(visits[1].Verdict.Signals); n == 0 || n > casefile.MaxSignals {
		t.Errorf("%d signals were kept", n)
	}
	must(t, s.VerifyHistory(t.Context(), nil))
}

func longTrail(t *testing.T, d Database) {
	s := d.Open(t)
	c := add(t, s, target(t, 1, 1), epoch)
	v := live(c, epoch)
	long, err := casefile.NewTarget("https://site-5.example/" + strings.Repeat("x", casefile.MaxURL-100))
	must(t, err)
	o := &v.Observations[0]
	o.Hops = nil
	for range 11 {
		o.Hops = append(o.Hops, casefile.Hop{Target: long, Address: netip.MustParseAddr("192.0.2.10"), Status: 302, Location: true})
	}
	for range 200 {
		o.Resolution.CNAMEs = append(o.Resolution.CNAMEs, strings.Repeat("c", 60)+".site-5.example")
		o.Resolution.Addresses = append(o.Resolution.Addresses, netip.MustParseAddr("2001:db8::1234:5678"))
	}
	record(t, s, v)
	visits, err := s.Visits(t.Context(), c.ID, 0, 1)
	must(t, err)
	hops := visits[0].Observations[0].Hops
	if len(hops) != 11 || hops[10].Target.URL() != "https://site-5.example/" || hops[10].Status != 302 {
		t.Errorf("%d hops came back, the last %d", len(hops), len(hops[10].Target.URL()))
	}
}

func conflicts(t *testing.T, d Database) {
	s := d.Open(t)
	c := add(t, s, target(t, 1, 1), epoch)
	now := epoch.Add(time.Minute)
	wantProblem(t, s.StartVisit(t.Context(), c.ID, c.Version+1, now), casefile.ProblemConflict)
	wantProblem(t, s.StartVisit(t.Context(), 999, 1, now), casefile.ProblemNotFound)
	must(t, s.StartVisit(t.Context(), c.ID, c.Version, now))
	held, err := s.Act(t.Context(), c.ID, casefile.Action{Kind: casefile.ActHold, Actor: "ann", Reason: "police first", At: now})
	must(t, err)
	v := live(c, now)
	v.Events = []casefile.Event{{At: now, Kind: casefile.EventFirstSeen, Actor: casefile.ActorVigil}}
	wantProblem(t, s.RecordVisit(t.Context(), v), casefile.ProblemConflict)
	got := read(t, s, c.ID)
	if !got.Held || got.Version != held.Version || !got.Due.At.Equal(held.Due.At) || !got.Looking.IsZero() || !got.Episode.FirstSeen.IsZero() || got.Visits != 1 {
		t.Errorf("after the refused record: %+v", got)
	}
	visits, err := s.Visits(t.Context(), c.ID, 0, 10)
	must(t, err)
	if len(visits) != 1 || visits[0].Counted || len(visits[0].Observations) != 1 || visits[0].Verdict.State != casefile.StateLive {
		t.Errorf("the looks that were made: %+v", visits)
	}
	// A second try brings nothing new.
	wantProblem(t, s.RecordVisit(t.Context(), v), casefile.ProblemConflict)
	if n := count(t, s, "SELECT COUNT(*) FROM visits"); n != 1 {
		t.Errorf("%d visits, want 1", n)
	}
	// And the next visit is an ordinary one.
	if got = record(t, s, live(got, now.Add(time.Minute))); got.Version != held.Version+1 {
		t.Errorf("version %d after the next visit", got.Version)
	}
	v = live(c, now)
	v.CaseID, v.After.ID = 999, 999
	wantProblem(t, s.RecordVisit(t.Context(), v), casefile.ProblemNotFound)
}

func interrupted(t *testing.T, d Database) {
	s := d.Open(t)
	c := add(t, s, target(t, 1, 1), epoch)
	must(t, s.StartVisit(t.Context(), c.ID, c.Version, epoch.Add(time.Minute)))
	// The process dies here; another one comes.
	due, err := s.DueCases(t.Context(), c.HostKey, epoch.Add(time.Hour), 10)
	must(t, err)
	if len(due) != 1 {
		t.Fatalf("%d due cases, want the one that was being visited", len(due))
	}
	now := epoch.Add(time.Hour)
	got := record(t, s, live(due[0], now))
	visits, err := s.Visits(t.Context(), c.ID, 0, 10)
	must(t, err)
	if len(visits) != 2 || got.Visits != 2 {
		t.Fatalf("%d visits, the case counts %d, want 2", len(visits), got.Visits)
	}
	lost := visits[1]
	want := casefile.Visit{
		ID: lost.ID, CaseID: c.ID, Started: epoch.Add(time.Minute), Ended: now, Why: casefile.WhyReported,
		Verdict: casefile.Verdict{State: casefile.StateSilent, Reason: casefile.ReasonInterrupted, Signals: []casefile.Signal{}, Dissent: []casefile.Dissent{}},
	}
	seen := lost.Observations
	lost.Observations = nil
	if diff := cmp.Diff(want, lost, show); diff != "" {
		t.Errorf("the interrupted visit (-want +got):\n%s", diff)
	}
	if len(seen) != 1 || seen[0].Vantage != store.VantageUnknown || seen[0].Fault == nil || seen[0].Fault.Kind != casefile.FaultInterrupted {
		t.Errorf("its observation: %+v", seen)
	}
	events, err := s.Events(t.Context(), c.ID, 1, 10)
	must(t, err)
	if len(events) != 1 || events[0].Kind != casefile.EventInterrupted {
		t.Errorf("events: %+v", events)
	}
	must(t, s.VerifyHistory(t.Context(), nil))
}

func badVisits(t *testing.T, d Database) {
	s := d.Open(t)
	c := add(t, s, target(t, 1, 1), epoch)
	for name, spoil := range map[string]func(v *casefile.Visit){
		"another case":   func(v *casefile.Visit) { v.After.ID++ },
		"no standing":    func(v *casefile.Visit) { v.After.Standing = "" },
		"no verdict":     func(v *casefile.Visit) { v.Verdict = casefile.Verdict{} },
		"no observation": func(v *casefile.Visit) { v.Observations = nil },
		"no episode":     func(v *casefile.Visit) { v.After.Episode = casefile.Episode{} },
		"notice too long": func(v *casefile.Visit) {
			v.Notices = []casefile.Notice{{Key: "k", Body: strings.Repeat("x", casefile.MaxNoticeBody+1)}}
		},
		"features too long": func(v *casefile.Visit) {
			v.Observations[0].Features.Digest = strings.Repeat("x", 5000)
		},
	} {
		v := live(c, epoch)
		spoil(&v)
		if err := s.RecordVisit(t.Context(), v); err == nil || problem(err) != nil {
			t.Errorf("%s: got %v, want our error", name, err)
		}
	}
	if n := count(t, s, "SELECT COUNT(*) FROM visits"); n != 0 {
		t.Errorf("%d visits were stored", n)
	}
}

func siblings(t *testing.T, d Database) {
	s := d.Open(t)
	c := add(t, s, target(t, 1, 1), epoch)
	if o, err := s.Decoy(t.Context(), c.HostKey, epoch); o != nil || err != nil {
		t.Fatalf("before any: %v, %v", o, err)
	}
	for i, day := range []int{2, 1} { // the older one comes later, as from a slow worker
		v := live(c, epoch.Add(time.Duration(day)*24*time.Hour))
		look := v.Observations[0]
		look.Purpose, look.Status = casefile.PurposeDecoy, 400+day
		v.Observations = append(v.Observations, look)
		c = record(t, s, v)
		if c.Visits != i+1 {
			t.Errorf("%d visits", c.Visits)
		}
	}
	o, err := s.Decoy(t.Context(), c.HostKey, epoch.Add(47*time.Hour))
	must(t, err)
	if o == nil || o.Status != 402 || o.Purpose != casefile.PurposeDecoy || len(o.Hops) != 1 {
		t.Errorf("got %+v, want the newest", o)
	}
	if o, err := s.Decoy(t.Context(), c.HostKey, epoch.Add(49*time.Hour)); o != nil || err != nil {
		t.Errorf("too old: %+v, %v", o, err)
	}
}
