package storetest

import (
	"bytes"
	"errors"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"vigil/casefile"
)

func problem(err error) *casefile.Problem {
	p, _ := errors.AsType[*casefile.Problem](err)
	return p
}

// show lets go-cmp compare targets by what they hold, and addresses; the URLs are harmless.
var show = cmp.Options{
	cmp.Comparer(func(a, b casefile.Target) bool { return a.URL() == b.URL() }),
	cmp.Comparer(func(a, b netip.Addr) bool { return a == b }),
	cmp.Comparer(func(a, b netip.Prefix) bool { return a == b }),
}

func firstReport(t *testing.T, d Database) {
	s := d.Open(t)
	x, referrer := target(t, 1, 1), target(t, 2, 9)
	r := casefile.Report{Target: x, Referrer: referrer, Source: "hotline", Reference: "R-7", Classification: casefile.ClassBaseline, Received: epoch.Add(-time.Hour), Held: true}
	added, err := s.AddReports(t.Context(), []casefile.Report{r}, epoch.Add(1234567*time.Nanosecond))
	must(t, err)
	if len(added) != 1 || !added[0].New || added[0].ReportID == 0 {
		t.Fatalf("got %+v, want one new case", added)
	}
	now := epoch.Add(time.Millisecond) // finer parts are cut off
	stored := r
	stored.ID, stored.CaseID = added[0].ReportID, added[0].CaseID
	want := casefile.Case{
		ID: added[0].CaseID, Target: x, Referrer: referrer, HostKey: s.HostKey(x), Version: 1,
		Life: casefile.Life{Standing: casefile.Watching, Held: true, Episode: casefile.Episode{Number: 1, Opened: epoch.Add(-time.Hour)}},
		Due:  casefile.Due{At: now, Why: casefile.WhyReported}, Opened: now, Report: &stored,
	}
	if diff := cmp.Diff(want, read(t, s, want.ID), show); diff != "" {
		t.Errorf("case (-want +got):\n%s", diff)
	}
	reports, err := s.Reports(t.Context(), want.ID)
	must(t, err)
	if diff := cmp.Diff([]casefile.Report{stored}, reports, show); diff != "" {
		t.Errorf("reports (-want +got):\n%s", diff)
	}
	events, err := s.Events(t.Context(), want.ID, 0, 10)
	must(t, err)
	if len(events) != 2 || events[0].Kind != casefile.EventReported || events[1].Kind != casefile.EventHeld || casefile.VerifyChain(events) != nil {
		t.Errorf("events: %+v", events)
	}
	if _, err := s.Case(t.Context(), 999); problem(err) == nil || problem(err).Code != casefile.ProblemNotFound {
		t.Errorf("a case that is not there: %v", err)
	}
}

func furtherReport(t *testing.T, d Database) {
	s := d.Open(t)
	x := target(t, 1, 1)
	a, b := casefile.Report{Target: x, Source: "a", Received: epoch}, casefile.Report{Target: x, Source: "b", Received: epoch, Referrer: target(t, 3, 3), Held: true}
	added, err := s.AddReports(t.Context(), []casefile.Report{a, {Target: target(t, 2, 1)}, b}, epoch)
	must(t, err)
	if !added[0].New || !added[1].New || added[2].New || added[2].CaseID != added[0].CaseID {
		t.Fatalf("got %+v", added)
	}
	c := read(t, s, added[0].CaseID)
	if !c.Held || c.Referrer.URL() != target(t, 3, 3).URL() || c.Version != 2 || c.Report.Source != "b" {
		t.Errorf("after the further report: %+v", c)
	}
	c, err = s.Act(t.Context(), c.ID, casefile.Action{Kind: casefile.ActWithdraw, Actor: "ann", Reason: "a mistake", At: epoch.Add(time.Hour)})
	must(t, err)
	if c.Standing != casefile.Withdrawn || !read(t, s, c.ID).Due.At.IsZero() {
		t.Fatalf("after withdrawal: %+v", c)
	}
	later := epoch.Add(48 * time.Hour)
	c = add(t, s, x, later)
	if c.Standing != casefile.Watching || c.Episode.Number != 2 || !c.Episode.Opened.Equal(later) || !c.Due.At.Equal(later) {
		t.Errorf("after a report on a withdrawn case: %+v", c)
	}
	if n := count(t, s, "SELECT COUNT(*) FROM episodes WHERE outcome = 'withdrawn'"); n != 1 {
		t.Errorf("%d withdrawn episodes, want 1", n)
	}
}

func badReports(t *testing.T, d Database) {
	s := d.Open(t)
	good := casefile.Report{Target: target(t, 1, 1), Source: "public"}
	for name, bad := range map[string]casefile.Report{
		"no URL":              {Source: "public"},
		"source too long":     {Target: good.Target, Source: strings.Repeat("s", casefile.MaxSource+1)},
		"reference no UTF-8":  {Target: good.Target, Reference: "\xff"},
		"reference with zero": {Target: good.Target, Reference: "a\x00b"},
		"unknown class":       {Target: good.Target, Classification: "Z9"},
	} {
		_, err := s.AddReports(t.Context(), []casefile.Report{good, bad}, epoch)
		if p := problem(err); p == nil || p.Code != casefile.ProblemField || !strings.HasPrefix(p.Field, "reports[1]") {
			t.Errorf("%s: got %v, want a problem with reports[1]", name, err)
		}
	}
	if n := count(t, s, "SELECT COUNT(*) FROM cases"); n != 0 {
		t.Errorf("%d cases were stored", n)
	}
}

func idempotency(t *testing.T, d Database) {
	s := d.Open(t)
	request := []casefile.Report{{Target: target(t, 1, 1)}, {Target: target(t, 1, 2)}, {Target: target(t, 1, 1)}}
	first, replayed, err := s.AddReportsOnce(t.Context(), "key-1", []byte("request"), request, epoch)
	must(t, err)
	if replayed {
		t.Error("the first call was a replay")
	}
	again, replayed, err := s.AddReportsOnce(t.Context(), "key-1", []byte("request"), request, epoch.Add(time.Minute))
	must(t, err)
	if diff := cmp.Diff(first, again); diff != "" || !replayed {
		t.Errorf("replayed %v, answers (-first +again):\n%s", replayed, diff)
	}
	_, _, err = s.AddReportsOnce(t.Context(), "key-1", []byte("another"), request, epoch)
	wantProblem(t, err, casefile.ProblemConflict)
	_, _, err = s.AddReportsOnce(t.Context(), "", []byte("request"), request, epoch)
	wantProblem(t, err, casefile.ProblemField)
	if n := count(t, s, "SELECT COUNT(*) FROM reports"); n != 3 {
		t.Errorf("%d reports, want 3", n)
	}
	// The same key from many callers at once stores once.
	outcomes := make(chan bool)
	for range 8 {
		go func() {
			_, replayed, err := s.AddReportsOnce(t.Context(), "key-2", []byte("request"), []casefile.Report{{Target: target(t, 7, 7)}}, epoch)
			if err != nil {
				t.Error(err)
			}
			outcomes <- replayed
		}()
	}
	fresh := 0
	for range 8 {
		if !<-outcomes {
			fresh++
		}
	}
	if n := count(t, s, "SELECT COUNT(*) FROM reports"); n != 4 || fresh != 1 {
		t.Errorf("%d reports and %d fresh answers, want 4 and 1", n, fresh)
	}
	// After a week the key is forgotten.
	_, replayed, err = s.AddReportsOnce(t.Context(), "key-1", []byte("another"), request, epoch.Add(8*24*time.Hour))
	if err != nil || replayed {
		t.Errorf("after a week: replayed %v, %v", replayed, err)
	}
}

func filters(t *testing.T, d Database) {
	s := d.Open(t)
	var all []casefile.Case
	for i := range 9 {
		c := add(t, s, target(t, i%3, i), epoch)
		v := live(c, epoch.Add(time.Minute))
		v.Hosting = &casefile.Hosting{Country: []string{"NL", "DE"}[i%2], Provider: "Example Net", Decided: epoch}
		v.Assignment = &casefile.Assignment{Hotlines: []string{"Hotline A", "Hotline " + string(rune('B'+i%3))}, Policy: "hosting_country", At: epoch, Confirmed: true}
		if i == 4 {
			v.After.Standing = casefile.Review
		}
		all = append(all, record(t, s, v))
	}
	slices.Reverse(all)
	for name, test := range map[string]struct {
		filter casefile.CaseFilter
		want   func(c casefile.Case) bool
	}{
		"all":             {casefile.CaseFilter{}, func(casefile.Case) bool { return true }},
		"standing":        {casefile.CaseFilter{Standing: casefile.Review}, func(c casefile.Case) bool { return c.Standing == casefile.Review }},
		"country":         {casefile.CaseFilter{Country: "DE"}, func(c casefile.Case) bool { return c.Hosting.Country == "DE" }},
		"hotline of all":  {casefile.CaseFilter{Hotline: "Hotline A"}, func(casefile.Case) bool { return true }},
		"hotline of some": {casefile.CaseFilter{Hotline: "Hotline C"}, func(c casefile.Case) bool { return slices.Contains(c.Assignment.Hotlines, "Hotline C") }},
		"host":            {casefile.CaseFilter{HostKey: s.HostKey(target(t, 2, 0))}, func(c casefile.Case) bool { return c.Target.Host() == "site-2.example" }},
		"target":          {casefile.CaseFilter{Target: target(t, 1, 7)}, func(c casefile.Case) bool { return c.Target.URL() == target(t, 1, 7).URL() }},
		"before":          {casefile.CaseFilter{Before: all[3].ID}, func(c casefile.Case) bool { return c.ID < all[3].ID }},
		"all at once": {casefile.CaseFilter{Standing: casefile.Watching, Country: "NL", Hotline: "Hotline B", HostKey: s.HostKey(target(t, 0, 0)), Before: all[0].ID},
			func(c casefile.Case) bool {
				return c.Standing == casefile.Watching && c.Hosting.Country == "NL" && c.Target.Host() == "site-0.example" && c.ID < all[0].ID
			}},
		"nothing": {casefile.CaseFilter{Country: "FR"}, func(casefile.Case) bool { return false }},
	} {
		var want []casefile.Case
		for _, c := range all {
			if test.want(c) {
				want = append(want, c)
			}
		}
		got, err := s.Cases(t.Context(), test.filter)
		must(t, err)
		if diff := cmp.Diff(want, got, show); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	// Pages of two hold every case once.
	var paged []casefile.CaseID
	for f := (casefile.CaseFilter{Hotline: "Hotline A", Limit: 2}); ; {
		got, err := s.Cases(t.Context(), f)
		must(t, err)
		if len(got) == 0 {
			break
		}
		for _, c := range got {
			paged = append(paged, c.ID)
		}
		f.Before = paged[len(paged)-1]
	}
	if len(paged) != 9 || !slices.IsSortedFunc(paged, func(a, b casefile.CaseID) int { return int(b - a) }) {
		t.Errorf("pages held %v", paged)
	}
	for _, f := range []casefile.CaseFilter{{Limit: -1}, {Limit: casefile.MaxPage + 1}, {Standing: "lost"}} {
		_, err := s.Cases(t.Context(), f)
		wantProblem(t, err, casefile.ProblemField)
	}
	counts, err := s.Counts(t.Context())
	must(t, err)
	if diff := cmp.Diff(map[casefile.Standing]int{casefile.Watching: 8, casefile.Review: 1}, counts); diff != "" {
		t.Errorf("counts (-want +got):\n%s", diff)
	}
}

func actions(t *testing.T, d Database) {
	s := d.Open(t)
	c := add(t, s, target(t, 1, 1), epoch)
	now := epoch
	act := func(kind casefile.ActionKind, reason string) (casefile.Case, error) {
		now = now.Add(time.Minute)
		return s.Act(t.Context(), c.ID, casefile.Action{Kind: kind, Actor: "ann", Reason: reason, At: now})
	}
	for _, step := range []struct {
		kind casefile.ActionKind
		ok   func(c casefile.Case) bool
	}{
		{casefile.ActHold, func(c casefile.Case) bool { return c.Held }},
		{casefile.ActRelease, func(c casefile.Case) bool { return !c.Held && c.Due.At.Equal(now) }},
		{casefile.ActNote, func(c casefile.Case) bool { return c.Standing == casefile.Watching }},
		{casefile.ActRecord, func(c casefile.Case) bool { return c.Standing == casefile.Removed && c.Episode.Removed.Equal(now) }},
		{casefile.ActOverturn, func(c casefile.Case) bool { return c.Standing == casefile.Watching && c.Episode.Removed.IsZero() }},
		{casefile.ActLook, func(c casefile.Case) bool { return c.Due.Why == casefile.WhyAsked }},
	} {
		answer, err := act(step.kind, "because")
		must(t, err)
		if got := read(t, s, c.ID); !step.ok(got) || got.Version != answer.Version || got.Standing != answer.Standing {
			t.Errorf("after %s: %+v", step.kind, got)
		}
	}
	version := read(t, s, c.ID).Version
	_, err := act(casefile.ActRelease, "because")
	wantProblem(t, err, casefile.ProblemConflict)
	_, err = act(casefile.ActLook, "")
	wantProblem(t, err, casefile.ProblemField)
	_, err = s.Act(t.Context(), 999, casefile.Action{Kind: casefile.ActNote, Reason: "x", At: now})
	wantProblem(t, err, casefile.ProblemNotFound)
	// A reason of control characters grows sixfold in JSON and is cut, not refused.
	if _, err := act(casefile.ActNote, strings.Repeat("\x01", casefile.MaxActionReason)); err != nil {
		t.Error(err)
	}
	if got := read(t, s, c.ID).Version; got != version+1 {
		t.Errorf("version %d, want %d: refused actions change nothing", got, version+1)
	}
	must(t, s.VerifyHistory(t.Context(), nil))
}

// origins: where a person said that a target is really hosted is kept, sealed, over
// visits and until it is forgotten.
func origins(t *testing.T, d Database) {
	s := d.Open(t)
	c := add(t, s, target(t, 1, 1), epoch)
	now := epoch
	act := func(a casefile.Action) (casefile.Case, error) {
		now = now.Add(time.Minute)
		a.Actor, a.Reason, a.At = "ann", "the provider told us", now
		return s.Act(t.Context(), c.ID, a)
	}
	address := netip.MustParseAddr("192.0.2.77")
	_, err := act(casefile.Action{Kind: casefile.ActOrigin, Origin: address})
	wantProblem(t, err, casefile.ProblemConflict) // nothing is known of its hosting yet
	v := live(read(t, s, c.ID), now)
	v.Hosting = &casefile.Hosting{Edge: &casefile.Edge{Name: "Example Edge"}, Platform: &casefile.Platform{Name: "Example Pages", Kind: "page_host"}, Dissent: []string{"US (rdap)"}, Decided: now}
	v.After.Hosting = v.Hosting
	must(t, s.StartVisit(t.Context(), c.ID, v.After.Version, now))
	must(t, s.RecordVisit(t.Context(), v))
	_, err = act(casefile.Action{Kind: casefile.ActOrigin, Origin: address, Country: "RO"})
	must(t, err)
	want := &casefile.Backend{Address: address, Country: "RO", By: "ann", At: now}
	if diff := cmp.Diff(want, read(t, s, c.ID).Backend, cmpopts.EquateComparable(netip.Addr{})); diff != "" {
		t.Error(diff)
	}
	v = live(read(t, s, c.ID), now.Add(time.Hour))
	must(t, s.StartVisit(t.Context(), c.ID, v.After.Version, now))
	must(t, s.RecordVisit(t.Context(), v))
	got := read(t, s, c.ID)
	if got.Backend == nil || got.Hosting == nil || got.Hosting.Platform == nil || got.Hosting.Platform.Name != "Example Pages" || len(got.Hosting.Dissent) != 1 {
		t.Errorf("after a visit: %+v %+v", got.Backend, got.Hosting)
	}
	var sealed []byte
	must(t, s.DB().QueryRowContext(t.Context(), "SELECT origin_sealed FROM cases").Scan(&sealed))
	if len(sealed) == 0 || bytes.Contains(sealed, []byte("192.0.2.77")) {
		t.Errorf("the origin is not sealed: %q", sealed)
	}
	_, err = act(casefile.Action{Kind: casefile.ActForget})
	must(t, err)
	if got := read(t, s, c.ID); got.Backend != nil {
		t.Errorf("not forgotten: %+v", got.Backend)
	}
	_, err = act(casefile.Action{Kind: casefile.ActForget})
	wantProblem(t, err, casefile.ProblemConflict)
	must(t, s.VerifyHistory(t.Context(), nil))
}

func reveal(t *testing.T, d Database) {
	s := d.Open(t)
	c := add(t, s, target(t, 1, 1), epoch)
	_, err := s.Reveal(t.Context(), c.ID, "ann", "", epoch)
	wantProblem(t, err, casefile.ProblemField)
	_, err = s.Reveal(t.Context(), 999, "ann", "why not", epoch)
	wantProblem(t, err, casefile.ProblemNotFound)
	got, err := s.Reveal(t.Context(), c.ID, "ann", "to call the provider", epoch.Add(time.Minute))
	must(t, err)
	if got.URL() != c.Target.URL() {
		t.Error("another URL was revealed")
	}
	events, err := s.Events(t.Context(), c.ID, 1, 10)
	must(t, err)
	if len(events) != 1 || events[0].Kind != casefile.EventRevealed || events[0].Actor != "ann" || events[0].Data["reason"] != "to call the provider" {
		t.Errorf("events: %+v", events)
	}
	// A reveal between reading and recording does not disturb the visit.
	record(t, s, live(c, epoch.Add(2*time.Minute)))
	must(t, s.VerifyHistory(t.Context(), nil))
}
