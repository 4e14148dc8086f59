// Package rejudge judges kept visits again by the rules of this version, and tells what would be otherwise: verdicts,
// removals and figures. It looks at nothing and writes nothing.
package rejudge

import (
	"context"
	"slices"
	"time"

	"vigil/casefile"
	"vigil/judge"
	"vigil/lifecycle"
	"vigil/stats"
)

// Job judges kept visits again, from what was kept with each (casefile.Basis), and tells what would be otherwise.
// Nothing is looked at and nothing is written.
type Job struct {
	Store Kept
	// Decide is the rule to judge by: judge.Decide.
	Decide     func(judge.Input) casefile.Verdict
	Thresholds lifecycle.Thresholds
	Since      time.Time // visits that began before it keep their verdicts; zero: all are judged again
	// Differs is told each difference, in the order of the cases; Progress after each page of cases. Neither is nil.
	Differs  func(Difference) error
	Progress func(Total)
}

// Kept is what a store gives to judge again.
type Kept interface {
	Cases(ctx context.Context, f casefile.CaseFilter) ([]casefile.Case, error)
	Visits(ctx context.Context, id casefile.CaseID, before casefile.VisitID, limit int) ([]casefile.Visit, error)
	Episodes(ctx context.Context, since time.Time, yield func(casefile.EpisodeRecord) error) error
}

// Difference is a verdict that comes out otherwise, or a removal: one of Visit and Removal is set.
type Difference struct {
	CaseID  casefile.CaseID `json:"case_id"`
	Visit   *JudgedAgain    `json:"visit,omitempty"`
	Removal *RemovalAgain   `json:"removal,omitempty"`
}

// JudgedAgain is a visit with its verdict as it was and as it would be.
type JudgedAgain struct {
	ID      casefile.VisitID `json:"id"`
	Ended   time.Time        `json:"ended"`
	Counted bool             `json:"believed"` // one that did not count changes nothing
	Was     casefile.Opinion `json:"was"`
	Now     casefile.Opinion `json:"now"`
}

// RemovalAgain is a removal that verdicts confirmed, and when they would; zero: they did not, or would not.
type RemovalAgain struct {
	Was time.Time `json:"was,omitzero"`
	Now time.Time `json:"now,omitzero"`

	firstGone time.Time // of Now
}

// Total is what came of it.
type Total struct {
	Cases    int `json:"cases"`
	Visits   int `json:"visits"`   // judged again
	Unjudged int `json:"unjudged"` // broken off, or of before a visit kept what its verdict was made from
	Verdicts int `json:"verdicts"` // that differ
	Removals int `json:"removals"` // that differ
	// Was and Now are the figures of all episodes, as they are and as they would be.
	Was stats.Summary `json:"-"`
	Now stats.Summary `json:"-"`
}

// Run goes through all cases, the newest first. It holds a page of cases, and at the end all episodes.
func (j Job) Run(ctx context.Context) (done Total, err error) {
	changed := map[casefile.CaseID][]RemovalAgain{}
	for before := casefile.CaseID(0); ; {
		cases, err := j.Store.Cases(ctx, casefile.CaseFilter{Before: before})
		if err != nil {
			return done, err
		}
		for _, c := range cases {
			removals, err := j.again(ctx, c, &done)
			if err != nil {
				return done, err
			}
			if len(removals) > 0 {
				changed[c.ID] = removals
			}
			before = c.ID
		}
		done.Cases += len(cases)
		j.Progress(done)
		if len(cases) < casefile.MaxPage {
			break
		}
	}
	var records []casefile.EpisodeRecord
	err = j.Store.Episodes(ctx, time.Time{}, func(e casefile.EpisodeRecord) error {
		records = append(records, e)
		return nil
	})
	asOf := time.Now().UTC()
	done.Was = stats.Summarise(records, stats.FromReport, asOf)
	for i, e := range records {
		records[i] = otherwise(e, changed[e.CaseID])
	}
	done.Now = stats.Summarise(records, stats.FromReport, asOf)
	return done, err
}

// again judges the visits of a case, and tells what differs.
func (j Job) again(ctx context.Context, c casefile.Case, done *Total) ([]RemovalAgain, error) {
	var was, now []casefile.Opinion // of the visits that count, the newest first
	differ := 0
	for before := casefile.VisitID(0); ; {
		visits, err := j.Store.Visits(ctx, c.ID, before, casefile.MaxPage)
		if err != nil {
			return nil, err
		}
		for _, v := range visits {
			old := casefile.Opinion{State: v.Verdict.State, Reason: v.Verdict.Reason, At: v.Ended}
			next := old
			switch {
			case v.Started.Before(j.Since):
			case len(v.Basis.Vantages) == 0, v.Verdict.Reason == casefile.ReasonInterrupted:
				done.Unjudged++
			default:
				done.Visits++
				verdict := j.Decide(judge.InputOf(c.Target, v.Observations, v.Basis))
				next.State, next.Reason = verdict.State, verdict.Reason
			}
			if next != old {
				done.Verdicts++
				differ++
				d := Difference{CaseID: c.ID, Visit: &JudgedAgain{ID: v.ID, Ended: v.Ended, Counted: v.Counted, Was: old, Now: next}}
				if err := j.Differs(d); err != nil {
					return nil, err
				}
			}
			if v.Counted {
				was, now = append(was, old), append(now, next)
			}
			before = v.ID
		}
		if len(visits) < casefile.MaxPage || differ == 0 && visits[len(visits)-1].Started.Before(j.Since) {
			break
		}
	}
	if differ == 0 {
		return nil, nil
	}
	slices.Reverse(was)
	slices.Reverse(now)
	removals := j.removals(was, now)
	for i := range removals {
		done.Removals++
		if err := j.Differs(Difference{CaseID: c.ID, Removal: &removals[i]}); err != nil {
			return nil, err
		}
	}
	return removals, nil
}

// removals compares what two rows of verdicts over the same visits confirm, from the first on.
func (j Job) removals(was, now []casefile.Opinion) (differ []RemovalAgain) {
	before, after := removalsOf(was, j.Thresholds), removalsOf(now, j.Thresholds)
	for len(before)+len(after) > 0 {
		switch {
		case len(after) == 0, len(before) > 0 && before[0].Removed.Before(after[0].Removed):
			differ, before = append(differ, RemovalAgain{Was: before[0].Removed}), before[1:]
		case len(before) == 0, after[0].Removed.Before(before[0].Removed):
			differ, after = append(differ, RemovalAgain{Now: after[0].Removed, firstGone: after[0].FirstGone}), after[1:]
		default:
			before, after = before[1:], after[1:]
		}
	}
	return differ
}

// otherwise is an episode as it would be in the figures. A removal that a person recorded stays.
func otherwise(e casefile.EpisodeRecord, removals []RemovalAgain) casefile.EpisodeRecord {
	for _, d := range removals {
		if !d.Was.IsZero() && d.Was.Equal(e.Episode.Removed) && !e.Episode.Recorded {
			e.Outcome, e.Ended, e.Episode.Removed, e.Episode.FirstGone = casefile.OutcomeOpen, time.Time{}, time.Time{}, time.Time{}
		}
	}
	for _, d := range removals {
		if !d.Now.IsZero() && e.Episode.Removed.IsZero() && !d.Now.Before(e.Episode.Opened) {
			e.Outcome, e.Ended, e.Episode.Removed, e.Episode.FirstGone = casefile.OutcomeRemoved, d.Now, d.Now, d.firstGone
		}
	}
	return e
}
