package storetest

import (
	"strings"
	"testing"
	"time"

	"vigil/casefile"
)

// rulings: what a person answers to a review is kept with the case; the page that is accepted
// is the one that was named, or the last counted one.
func rulings(t *testing.T, d Database) {
	s := d.Open(t)
	now := epoch
	c := record(t, s, live(add(t, s, target(t, 1, 1), now), now))
	act := func(a casefile.Action) (casefile.Case, error) {
		now = now.Add(time.Minute)
		a.Actor, a.Reason, a.At = "ann", "I looked myself", now
		return s.Act(t.Context(), c.ID, a)
	}
	see := func(words int, believed bool) casefile.VisitID {
		now = now.Add(time.Hour)
		v := live(read(t, s, c.ID), now)
		v.Verdict = casefile.Verdict{State: casefile.StateChanged, Reason: casefile.ReasonContentDiffers}
		v.Counted, v.Observations[0].Features.Words = believed, words
		v.After.Last.State, v.After.Last.Reason = v.Verdict.State, v.Verdict.Reason
		v.After.Standing, v.After.Undecided = casefile.Review, casefile.Streak{Count: 3, First: epoch, Last: now}
		v.After.Review = casefile.ReviewDecision{Asked: "content_differs", Fenced: true, Overturned: casefile.ReasonHTTP404}
		record(t, s, v)
		visits, err := s.Visits(t.Context(), c.ID, 0, 1)
		must(t, err)
		return visits[0].ID
	}
	older, newer := see(70, true), see(80, true)
	see(90, false)
	if got := read(t, s, c.ID).Review; got != (casefile.ReviewDecision{Asked: "content_differs", Fenced: true, Overturned: casefile.ReasonHTTP404}) {
		t.Errorf("kept: %+v", got)
	}
	_, err := act(casefile.Action{Kind: casefile.ActKeep})
	wantProblem(t, err, casefile.ProblemConflict) // whether the content is there must be said
	_, err = act(casefile.Action{Kind: casefile.ActAccept, Visit: newer + 50})
	wantProblem(t, err, casefile.ProblemField)
	_, err = act(casefile.Action{Kind: casefile.ActAccept, Visit: newer + 1})
	wantProblem(t, err, casefile.ProblemField) // not counted
	_, err = act(casefile.Action{Kind: casefile.ActAccept})
	must(t, err)
	got := read(t, s, c.ID)
	if got.Baseline == nil || got.Baseline.Words != 80 || got.Standing != casefile.Watching || got.Undecided.Count != 0 || !got.Due.At.Equal(now) || got.Review.Overturned != "" || !got.Review.Fenced {
		t.Errorf("accepted: %+v, baseline %+v", got, got.Baseline)
	}
	_, err = act(casefile.Action{Kind: casefile.ActAccept, Visit: older})
	must(t, err)
	if got = read(t, s, c.ID); got.Baseline.Words != 70 {
		t.Errorf("the page that was named: %+v", got.Baseline)
	}
	events, err := s.Events(t.Context(), c.ID, 0, casefile.MaxPage)
	must(t, err)
	var settled []string
	for _, e := range events {
		if e.Kind == casefile.EventSettled {
			settled = append(settled, e.Actor+" "+e.Data["answer"]+" "+e.Data["words"]+" "+e.Data["reason"])
		}
	}
	if want := "ann accept_page 80 I looked myself, ann accept_page 70 I looked myself"; strings.Join(settled, ", ") != want {
		t.Errorf("history: %q, want %q", settled, want)
	}
	must(t, s.VerifyHistory(t.Context(), nil))
}

// recorded: a removal on a person's word is told apart until it is undone.
func recorded(t *testing.T, d Database) {
	s := d.Open(t)
	now := epoch.Add(time.Hour)
	c := record(t, s, live(add(t, s, target(t, 1, 1), epoch), epoch))
	for _, step := range []struct {
		kind     casefile.ActionKind
		recorded bool
		outcome  casefile.Outcome
	}{{casefile.ActRecord, true, casefile.OutcomeRemoved}, {casefile.ActOverturn, false, casefile.OutcomeOpen}, {casefile.ActRecord, true, casefile.OutcomeRemoved}} {
		_, err := s.Act(t.Context(), c.ID, casefile.Action{Kind: step.kind, Actor: "ann", Reason: "because", At: now})
		must(t, err)
		var found []casefile.EpisodeRecord
		must(t, s.Episodes(t.Context(), time.Time{}, func(r casefile.EpisodeRecord) error { found = append(found, r); return nil }))
		if len(found) != 1 || found[0].Episode.Recorded != step.recorded || found[0].Outcome != step.outcome || found[0].Episode.FirstGone.IsZero() == step.recorded {
			t.Errorf("after %s: %+v", step.kind, found)
		}
		if got := read(t, s, c.ID); got.Episode.Recorded != step.recorded {
			t.Errorf("after %s: %+v", step.kind, got.Episode)
		}
	}
}

// releases: what a hold kept back may leave at once; what was tried keeps its wait.
func releases(t *testing.T, d Database) {
	s := d.Open(t)
	c := add(t, s, target(t, 1, 1), epoch)
	held, tried := notice("k-held", casefile.NoticeRemoval, casefile.NoticeQueued, epoch), notice("k-tried", casefile.NoticeRemoval, casefile.NoticeQueued, epoch)
	notify(t, s, c, epoch, held, tried)
	_, err := s.Act(t.Context(), c.ID, casefile.Action{Kind: casefile.ActHold, Actor: "ann", Reason: "police", At: epoch})
	must(t, err)
	claimed, err := s.ClaimNotices(t.Context(), epoch.Add(time.Second), 10)
	must(t, err)
	for _, n := range claimed {
		n.State, n.NextTry = casefile.NoticeQueued, epoch.Add(time.Hour)
		if n.Key == "k-tried" {
			n.Tries = 1
		}
		must(t, s.SettleNotice(t.Context(), n))
	}
	now := epoch.Add(time.Minute)
	_, err = s.Act(t.Context(), c.ID, casefile.Action{Kind: casefile.ActRelease, Actor: "ann", Reason: "the police answered", At: now})
	must(t, err)
	claimed, err = s.ClaimNotices(t.Context(), now, 10)
	must(t, err)
	if len(claimed) != 1 || claimed[0].Key != "k-held" {
		t.Errorf("claimed right after the release: %+v", claimed)
	}
}
