package store

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"go.uber.org/zap"

	"vigil/casefile"
	"vigil/lifecycle"
)

// conflict is the answer to a record that was made from an older version of its case.
func conflict(id casefile.CaseID) *casefile.Problem {
	return casefile.Problemf(casefile.ProblemConflict, "version", "case %d changed since it was read; read it again", id)
}

// StartVisit marks durably that a visit of the case begins now, before its first
// look. version must be the one that was read (else a Problem of code conflict); it
// is not increased. When an earlier visit was started and never recorded (Vigil
// died), that visit is recorded as interrupted in the same transaction: every look
// that started leaves a trace.
func (s *Store) StartVisit(ctx context.Context, id casefile.CaseID, version int64, now time.Time) (err error) {
	defer wrap(&err, "start visit of case %d", id)
	lost := false
	err = s.inTx(ctx, func(ctx context.Context, tx *transaction) error {
		const begin = "UPDATE cases SET looking_at = $3 WHERE id = $1 AND version = $2 AND looking_at IS NULL"
		if n, err := tx.exec(ctx, "begin", begin, id, version, at(now)); n > 0 || err != nil {
			lost = false
			return err
		}
		c, err := tx.lockCase(ctx, id)
		if err != nil {
			return err
		}
		if lost = c.Version == version; !lost {
			return conflict(id)
		}
		visit, event := interrupted(c, now)
		if err := tx.insertVisit(ctx, visit, c); err != nil {
			return err
		}
		c.Visits++
		c.Looking = now
		return tx.markCase(ctx, c, event)
	})
	if err == nil && lost {
		s.log.Warn("an earlier visit was never recorded", zap.Int64("case_id", int64(id)))
	}
	return err
}

// VantageUnknown is the vantage of an interrupted visit's observation: which looks
// had begun died with the process.
const VantageUnknown = "unknown"

// interrupted is the visit of a case that was started and never recorded, and its event.
func interrupted(c *stored, now time.Time) (casefile.Visit, casefile.Event) {
	return casefile.Visit{
			CaseID: c.ID, Started: c.Looking, Ended: now, Why: c.Due.Why,
			Verdict: casefile.Verdict{State: casefile.StateSilent, Reason: casefile.ReasonInterrupted},
			Observations: []casefile.Observation{{
				Vantage: VantageUnknown, Purpose: casefile.PurposeTarget, Started: c.Looking,
				Fault: &casefile.Fault{Kind: casefile.FaultInterrupted, Phase: casefile.PhaseRequest,
					Detail: "the process ended before the visit was recorded"},
			}},
		}, casefile.Event{
			At: now, Kind: casefile.EventInterrupted, Actor: casefile.ActorVigil,
			Data: map[string]string{"started": c.Looking.Format(time.RFC3339)},
		}
}

// RecordVisit records all that a visit found, in one transaction: the visit, its
// observations, hosting, assignment and notices (one whose key is known is left
// out), events, episode, and the case as the visit leaves it, with the version
// increased by one.
//
// When the case changed since v.After was read (another report, a person's action),
// the answer is a Problem of code conflict and the case keeps its standing and its due
// time. The looks were made all the same: the visit is recorded as not counted, once.
func (s *Store) RecordVisit(ctx context.Context, v casefile.Visit) (err error) {
	defer wrap(&err, "record visit of case %d", v.CaseID)
	if err := checkVisit(v); err != nil {
		return err
	}
	return s.inTx(ctx, func(ctx context.Context, tx *transaction) error {
		known, err := tx.lockCase(ctx, v.CaseID)
		if err != nil {
			return err
		}
		if known.Version != v.After.Version {
			return tx.recordUnbelieved(ctx, v, known)
		}
		return tx.recordVisit(ctx, v, known)
	})
}

// checkVisit finds what would be our own mistake.
func checkVisit(v casefile.Visit) error {
	switch {
	case v.CaseID == 0 || v.After.ID != v.CaseID:
		return fmt.Errorf("the visit is of case %d and leaves case %d behind", v.CaseID, v.After.ID)
	case !v.After.Standing.Valid():
		return fmt.Errorf("%.20q is no standing", string(v.After.Standing))
	case !v.Verdict.State.Valid() || !v.Verdict.Reason.Valid():
		return fmt.Errorf("%.20q, %.20q is no verdict", string(v.Verdict.State), string(v.Verdict.Reason))
	case len(v.Observations) == 0:
		return fmt.Errorf("a visit without an observation")
	case v.After.Episode.Number < 1 || v.After.Episode.Opened.IsZero():
		return fmt.Errorf("a case without an episode")
	}
	for _, n := range v.Notices {
		if n.Key == "" || len(n.Key) > maxKey || len(n.Body) > casefile.MaxNoticeBody || !n.Kind.Valid() || !n.State.Valid() ||
			!n.Contact.Party.Valid() {
			return fmt.Errorf("a notice out of its bounds")
		}
	}
	return nil
}

func (tx *transaction) recordUnbelieved(ctx context.Context, v casefile.Visit, c *stored) error {
	if c.Looking.IsZero() {
		return conflict(v.CaseID)
	}
	v.Counted = false
	if err := tx.insertVisit(ctx, v, c); err != nil {
		return err
	}
	c.Looking = time.Time{}
	c.Visits++
	if err := tx.markCase(ctx, c); err != nil {
		return err
	}
	return conflict(v.CaseID)
}

// recordVisit takes the case as lockCase read it.
func (tx *transaction) recordVisit(ctx context.Context, v casefile.Visit, c *stored) error {
	if err := tx.insertVisit(ctx, v, c); err != nil {
		return err
	}
	host, visits := c.HostKey, c.Visits+1
	c.quiet = c.Standing == v.After.Standing && v.Hosting == nil
	c.Case = v.After
	c.HostKey, c.Visits, c.Looking = host, visits, time.Time{}
	c.Version++
	if err := tx.insertHosting(ctx, c, v); err != nil {
		return err
	}
	if err := tx.insertAssignment(ctx, c, v); err != nil {
		return err
	}
	events := slices.Clone(v.Events)
	for _, n := range v.Notices {
		stored, err := tx.insertNotice(ctx, c.ID, n)
		if err != nil {
			return err
		}
		if stored { // else one of its key was composed before
			events = append(events, lifecycle.Composed(n))
		}
	}
	return tx.writeCase(ctx, c, events, v.Ended)
}

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
func (tx *transaction) acceptable(ctx context.Context, id casefile.CaseID, named casefile.VisitID) (
	casefile.VisitID, *casefile.Features, error,
) {
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
		return 0, nil, casefile.Problemf(casefile.ProblemField, "visit",
			"no visit of that number read a page of this case that could be the reported content")
	}
	return 0, nil, nil
}

// releaseNotices lets the outbox have at once what a hold kept back: it was never tried.
func (tx *transaction) releaseNotices(ctx context.Context, id casefile.CaseID, now time.Time) error {
	const release = "UPDATE notices SET next_try = $2 WHERE case_id = $1 AND kind = 'removal' AND state = 'queued' AND tries = 0 " +
		"AND next_try > $2"
	_, err := tx.exec(ctx, "release notices", release, id, now.UnixMilli())
	return err
}

// Reveal gives the URL of a case to a person, after the event that says so is
// durable. Without a reason of 1 to casefile.MaxActionReason bytes it is a Problem.
func (s *Store) Reveal(ctx context.Context, id casefile.CaseID, actor, reason string, now time.Time) (t casefile.Target, err error) {
	if reason == "" || len(reason) > casefile.MaxActionReason {
		return casefile.Target{}, casefile.Problemf(casefile.ProblemField, "reason", "give a reason of 1 to %d bytes; it is kept in the history",
			casefile.MaxActionReason)
	}
	c, err := s.Case(ctx, id)
	if err != nil {
		return t, err
	}
	defer wrap(&err, "reveal case %d", id)
	err = s.inTx(ctx, func(ctx context.Context, tx *transaction) error {
		return tx.appendToCase(ctx, id, casefile.Event{At: now, Kind: casefile.EventRevealed, Actor: actor,
			Data: map[string]string{"reason": reason}})
	})
	if err != nil {
		return t, err
	}
	return c.Target, nil
}
