package rejudge

import (
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"vigil/casefile"
	"vigil/judge"
	"vigil/lifecycle"
	"vigil/store"
	"vigil/store/storetest"
)

const hour = time.Hour

var rules = lifecycle.Thresholds{Confirm: casefile.Confirm{Verdicts: 2, Span: hour}, UnavailableAfter: 100 * hour, Aftercare: []time.Duration{300 * hour}}

// TestRejudge: the same rules give no difference, and one that was changed on purpose gives exactly the visits and the
// removals that rest on it, on both databases.
func TestRejudge(t *testing.T) {
	t.Parallel()
	t.Run("SQLite", func(t *testing.T) { t.Parallel(); testRejudge(t, storetest.SQLite(t).Open(t)) })
	if storetest.HasPostgres(t) {
		t.Run("PostgreSQL", func(t *testing.T) { t.Parallel(); testRejudge(t, storetest.Postgres(t).Open(t)) })
	}
}

func testRejudge(t *testing.T, s *store.Store) {
	began := time.Now().UTC().Truncate(time.Millisecond).Add(-50 * hour)
	seen := func(o *casefile.Observation) {
		o.Hops[0].Status, o.Status = 200, 200
		o.BodyBytes, o.Features = 900, &casefile.Features{HTML: true, Words: 150, Elements: 40, SimHash: 0x5555, Digest: "aa", Images: 3}
	}
	status := func(code int) func(*casefile.Observation) {
		return func(o *casefile.Observation) { o.Hops[0].Status, o.Status = code, code }
	}
	forbidden, gone, missing := status(403), status(410), status(404)
	// Seen, and removed by two answers of 410; and one that was never there: two of 404.
	of410 := live(t, s, "https://site-1.example/a.html", began, seen, gone, forbidden, gone, gone)
	of404 := live(t, s, "https://site-2.example/b.html", began, seen, missing, missing)
	if of410[4].Verdict.Reason != casefile.ReasonHTTP410 || of404[2].Verdict.Reason != casefile.ReasonHTTP404 {
		t.Fatalf("verdicts %+v, %+v", of410[4].Verdict, of404[2].Verdict)
	}

	run := func(decide func(judge.Input) casefile.Verdict, since time.Time) (differ []Difference, done Total) {
		t.Helper()
		var progress int
		done, err := Job{Store: s, Decide: decide, Thresholds: rules, Since: since,
			Differs:  func(d Difference) error { differ = append(differ, d); return nil },
			Progress: func(Total) { progress++ },
		}.Run(t.Context())
		if err != nil || progress != 1 {
			t.Fatal(err, progress)
		}
		return differ, done
	}
	differ, done := run(judge.Decide, time.Time{})
	if len(differ) != 0 || done.Visits != 8 || done.Unjudged != 0 || done.Cases != 2 || done.Was.Removed != 2 || done.Now.Removed != 2 {
		t.Errorf("the same rules: %+v, %+v", differ, done)
	}

	// From now on a 410 is no evidence.
	strict := func(in judge.Input) casefile.Verdict {
		v := judge.Decide(in)
		if v.Reason == casefile.ReasonHTTP410 {
			v.Reason, v.State = casefile.ReasonProtocolError, casefile.StateSilent
		}
		return v
	}
	differ, done = run(strict, time.Time{})
	removed := of410[3].Ended
	want := []Difference{}
	for _, i := range []int{4, 3, 1} { // the newest first
		v := of410[i]
		want = append(want, Difference{CaseID: v.CaseID, Visit: &JudgedAgain{Counted: true, Ended: v.Ended,
			Was: casefile.Opinion{State: casefile.StateGone, Reason: casefile.ReasonHTTP410, At: v.Ended},
			Now: casefile.Opinion{State: casefile.StateSilent, Reason: casefile.ReasonProtocolError, At: v.Ended}}})
	}
	want = append(want, Difference{CaseID: of410[0].CaseID, Removal: &RemovalAgain{Was: removed}})
	if diff := cmp.Diff(want, differ, cmpopts.IgnoreFields(JudgedAgain{}, "ID"), cmpopts.IgnoreUnexported(RemovalAgain{})); diff != "" {
		t.Error(diff)
	}
	if done.Verdicts != 3 || done.Removals != 1 || done.Was.Removed != 2 || done.Now.Removed != 1 {
		t.Errorf("counts %+v", done)
	}

	// Only the last visit is young enough: the removal rests on those before it.
	differ, done = run(strict, of410[4].Started)
	if len(differ) != 1 || done.Removals != 0 || done.Verdicts != 1 || done.Visits != 1 {
		t.Errorf("since the last visit: %+v, %+v", differ, done)
	}

	// A 403 that counts as gone confirms at the second answer.
	loose := func(in judge.Input) casefile.Verdict {
		v := judge.Decide(in)
		if v.Reason == casefile.ReasonForbidden {
			v.Reason, v.State = casefile.ReasonHTTP410, casefile.StateGone
		}
		return v
	}
	differ, done = run(loose, time.Time{})
	at := func(d Difference) time.Time {
		if d.Removal == nil {
			return time.Time{}
		}
		return d.Removal.Now
	}
	if !slices.ContainsFunc(differ, func(d Difference) bool { return at(d).Equal(of410[2].Ended) }) || done.Now.Removed != 2 ||
		done.Now.Median.At == nil || *done.Now.Median.At != *done.Was.Median.At {
		t.Errorf("a looser rule: %+v, %+v", differ, done)
	}
}

// live reports a target and records visits that saw each answer, four hours apart.
func live(t *testing.T, s *store.Store, url string, began time.Time, answers ...func(*casefile.Observation)) (visits []casefile.Visit) {
	t.Helper()
	target, err := casefile.NewTarget(url)
	if err != nil {
		t.Fatal(err)
	}
	added, err := s.AddReports(t.Context(), []casefile.Report{{Target: target, Source: "test", Classification: casefile.ClassA1, Received: began}}, began)
	if err != nil {
		t.Fatal(err)
	}
	for i, answer := range answers {
		c, err := s.Case(t.Context(), added[0].CaseID)
		if err != nil {
			t.Fatal(err)
		}
		v := casefile.Visit{CaseID: c.ID, Started: began.Add(time.Duration(1+4*i) * hour), Why: casefile.WhyCadence, Counted: true}
		v.Ended = v.Started.Add(time.Second)
		address := netip.MustParseAddr("192.0.2.9")
		o := casefile.Observation{Vantage: "local", Purpose: casefile.PurposeTarget, Started: v.Started, Took: time.Second,
			Resolution: casefile.Resolution{Rcode: "NOERROR", Addresses: []netip.Addr{address}}, Hops: []casefile.Hop{{Target: target, Address: address}}}
		answer(&o)
		v.Observations = []casefile.Observation{o}
		v.Basis = casefile.Basis{Vantages: []casefile.Vantage{{Name: "local", Network: "AS64500"}}, Baseline: c.Baseline, RegistryAnswered: true}
		v.Verdict = judge.Decide(judge.InputOf(target, v.Observations, v.Basis))
		if err := s.StartVisit(t.Context(), c.ID, c.Version, v.Started); err != nil {
			t.Fatal(err)
		}
		v.After, v.Events, _ = lifecycle.Apply(c, v.Ended, lifecycle.Visited{Visit: v, Thresholds: rules})
		v.After.Due = casefile.Due{At: v.Ended.Add(hour), Why: casefile.WhyCadence}
		if err := s.RecordVisit(t.Context(), v); err != nil {
			t.Fatal(err)
		}
		visits = append(visits, v)
	}
	return visits
}
