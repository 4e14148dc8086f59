package storetest

import (
	"errors"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vigil/casefile"
	"vigil/lifecycle"
	"vigil/stats"
	"vigil/store"
)

// figures lives random lives with the store, and again by hand from the events, and
// compares what the figures say about both.
func figures(t *testing.T, d Database) {
	s := d.Open(t)
	dice := rand.New(rand.NewPCG(7, 7))
	const lives = 30
	for i := range lives {
		live1(t, s, dice, i)
	}
	var records []casefile.EpisodeRecord
	must(t, s.Episodes(t.Context(), time.Time{}, func(r casefile.EpisodeRecord) error {
		records = append(records, r)
		return nil
	}))
	counts := map[casefile.Standing]int{}
	outcomes := map[casefile.Outcome]int{}
	for id := casefile.CaseID(1); id <= lives; id++ {
		events, err := s.Events(t.Context(), id, 0, casefile.MaxPage)
		must(t, err)
		if diff := cmp.Diff(read(t, s, id).Life, lifecycle.Replay(events), show); diff != "" {
			t.Errorf("case %d, as stored and as its events tell it (-stored +events):\n%s", id, diff)
		}
		standing, ends := slowLife(events)
		counts[standing]++
		for _, o := range ends {
			outcomes[o]++
		}
	}
	got, err := s.Counts(t.Context())
	must(t, err)
	if diff := cmp.Diff(counts, got); diff != "" {
		t.Errorf("counts by standing (-from events +from SQL):\n%s", diff)
	}
	seen := map[casefile.Outcome]int{}
	cases, returns := map[casefile.CaseID]bool{}, 0
	for _, r := range records {
		seen[r.Outcome]++
		cases[r.CaseID] = true
		if r.Episode.Number > 1 {
			returns++
		}
	}
	if diff := cmp.Diff(outcomes, seen); diff != "" {
		t.Errorf("episodes by outcome (-from events +from SQL):\n%s", diff)
	}
	if len(outcomes) != 4 || returns == 0 || len(cases) != lives {
		t.Errorf("the lives were too quiet to prove anything: %d returns, %d cases, %v", returns, len(cases), outcomes)
	}
	for _, r := range records {
		if (r.Outcome == casefile.OutcomeOpen) != r.Ended.IsZero() {
			t.Errorf("case %d, episode %d: %s, ended %v", r.CaseID, r.Episode.Number, r.Outcome, r.Ended)
		}
	}
	sum := stats.Summarise(records, stats.FromReport, epoch.Add(1000*24*time.Hour))
	if all := sum.Records + sum.Returns.Records; all != len(records) || sum.Excluded.Broken+sum.Returns.Excluded.Broken != 0 {
		t.Errorf("the figures take %d of %d episodes, %+v and %+v are excluded", all, len(records), sum.Excluded, sum.Returns.Excluded)
	}
	since := epoch.Add(20 * 24 * time.Hour)
	late, slow := 0, 0
	must(t, s.Episodes(t.Context(), since, func(casefile.EpisodeRecord) error { late++; return nil }))
	for _, r := range records {
		if !r.Episode.Opened.Before(since) {
			slow++
		}
	}
	if late != slow || slow == 0 {
		t.Errorf("%d episodes since, want %d", late, slow)
	}
	stop := errors.New("enough")
	if err := s.Episodes(t.Context(), time.Time{}, func(casefile.EpisodeRecord) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("got %v, want the error of the caller", err)
	}
}

// live1 leads one case through a random life along the transition table.
func live1(t *testing.T, s *store.Store, dice *rand.Rand, i int) {
	now := epoch.Add(time.Duration(i) * 24 * time.Hour)
	c := add(t, s, target(t, i, i), now)
	reasons := []casefile.Reason{
		casefile.ReasonHTTP404, casefile.ReasonHTTP404, casefile.ReasonServed, casefile.ReasonTimeout, casefile.ReasonContentDiffers, casefile.ReasonFenced,
	}
	thresholds := lifecycle.Thresholds{Confirm: casefile.Confirm{Verdicts: 2}, UnavailableAfter: 0, Aftercare: []time.Duration{24 * time.Hour, 96 * time.Hour}}
	for range 12 {
		now = now.Add(time.Duration(1+dice.IntN(30)) * time.Hour)
		if dice.IntN(8) == 0 {
			kind := casefile.ActWithdraw
			if dice.IntN(2) == 0 {
				kind = casefile.ActOverturn
			}
			if _, err := s.Act(t.Context(), c.ID, casefile.Action{Kind: kind, Actor: "ann", Reason: "x", At: now}); err != nil && problem(err) == nil {
				t.Fatal(err)
			}
			if dice.IntN(2) == 0 {
				add(t, s, c.Target, now) // wakes it
			}
			c = read(t, s, c.ID)
			continue
		}
		if !c.Standing.Visited() {
			continue
		}
		v := live(c, now)
		reason := reasons[dice.IntN(len(reasons))]
		v.Verdict = casefile.Verdict{State: reason.State(), Reason: reason}
		v.After, v.Events, _ = lifecycle.Apply(c, now, lifecycle.Visited{Visit: v, Thresholds: thresholds})
		c = record(t, s, v)
	}
}

// slowLife reads the standing and the outcome of each episode off a history.
func slowLife(events []casefile.Event) (casefile.Standing, []casefile.Outcome) {
	standing := casefile.Watching
	outcomes := []casefile.Outcome{casefile.OutcomeOpen}
	last := func(o casefile.Outcome) { outcomes[len(outcomes)-1] = o }
	for _, e := range events {
		if e.Kind != casefile.EventStanding {
			continue
		}
		from := standing
		standing = casefile.Standing(e.Data["to"])
		cause := casefile.Cause(e.Data["cause"])
		switch {
		case standing == casefile.Removed || standing == casefile.Closed:
			last(casefile.OutcomeRemoved)
		case standing == casefile.Withdrawn:
			last(casefile.OutcomeWithdrawn)
		case standing == casefile.Unavailable:
			last(casefile.OutcomeUnavailable)
		case cause == casefile.CauseReported || from == casefile.Removed && cause == casefile.CauseSeen:
			outcomes = append(outcomes, casefile.OutcomeOpen)
		default:
			last(casefile.OutcomeOpen)
		}
	}
	return standing, outcomes
}
