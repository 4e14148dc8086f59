package store

import (
	"context"
	"math"
	"time"

	"vigil/casefile"
	"vigil/lifecycle"
)

// Act applies what a person does to a case. A move that is not allowed is a Problem,
// and nothing changes.
func (s *Store) Act(ctx context.Context, id casefile.CaseID, a casefile.Action) (after casefile.Case, err error) {
	defer wrap(&err, "act on case %d", id)
	err = s.inTx(ctx, func(ctx context.Context, tx *transaction) error {
		c, err := tx.loadCase(ctx, id)
		if err != nil {
			return err
		}
		if a.Kind == casefile.ActAccept {
			if a.Visit, a.Page, err = tx.acceptable(ctx, id, a.Visit); err != nil {
				return err
			}
		}
		next, events, problem := lifecycle.Apply(c.Case, a.At, lifecycle.Acted{Action: a})
		if problem != nil {
			return problem
		}
		if c.Held && !next.Held {
			if err := tx.releaseNotices(ctx, id, a.At); err != nil {
				return err
			}
		}
		c.newOrigin = next.Backend != c.Backend // only a person writes it: a visit leaves it alone
		c.Case = next
		c.Version++
		after = c.Case
		return tx.writeCase(ctx, c, events, a.At)
	})
	if err != nil {
		return casefile.Case{}, err
	}
	return after, nil
}

// recentVisits is how far back a page is searched that a person accepts without naming its visit.
const recentVisits = 50

// acceptable finds the page that a person takes for the content, and the visit that read it: the one
// named, or the latest counted visit that read one. The page is nil when there is none.
func (tx *transaction) acceptable(ctx context.Context, id casefile.CaseID, named casefile.VisitID) (casefile.VisitID, *casefile.Features, error) {
	before, limit := casefile.VisitID(math.MaxInt64), recentVisits
	if named > 0 {
		before, limit = named+1, 1
	}
	visits, err := tx.s.visits(ctx, tx, id, before, limit)
	if err != nil {
		return 0, nil, err
	}
	for _, v := range visits {
		if named > 0 && v.ID != named {
			break
		}
		if there := v.Verdict.State == casefile.StateLive || v.Verdict.State == casefile.StateChanged; !v.Counted || !there {
			continue
		}
		if page := v.Page(); page != nil {
			return v.ID, page, nil
		}
	}
	if named > 0 {
		return 0, nil, casefile.Problemf(casefile.ProblemField, "visit", "no visit of that number read a page of this case that could be the reported content")
	}
	return 0, nil, nil
}

// releaseNotices lets the outbox have at once what a hold kept back: it was never tried.
func (tx *transaction) releaseNotices(ctx context.Context, id casefile.CaseID, now time.Time) error {
	const release = "UPDATE notices SET next_try = $2 WHERE case_id = $1 AND kind = 'removal' AND state = 'queued' AND tries = 0 AND next_try > $2"
	_, err := tx.exec(ctx, "release notices", release, id, now.UnixMilli())
	return err
}

// Reveal gives the URL of a case to a person, after the event that says so is
// durable. Without a reason of 1 to casefile.MaxActionReason bytes it is a Problem.
func (s *Store) Reveal(ctx context.Context, id casefile.CaseID, actor, reason string, now time.Time) (t casefile.Target, err error) {
	if reason == "" || len(reason) > casefile.MaxActionReason {
		return casefile.Target{}, casefile.Problemf(casefile.ProblemField, "reason", "give a reason of 1 to %d bytes; it is kept in the history", casefile.MaxActionReason)
	}
	c, err := s.Case(ctx, id)
	if err != nil {
		return t, err
	}
	defer wrap(&err, "reveal case %d", id)
	err = s.inTx(ctx, func(ctx context.Context, tx *transaction) error {
		return tx.appendToCase(ctx, id, casefile.Event{At: now, Kind: casefile.EventRevealed, Actor: actor, Data: map[string]string{"reason": reason}})
	})
	if err != nil {
		return t, err
	}
	return c.Target, nil
}
