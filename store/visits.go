package store

import (
	"context"
	"fmt"
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

// visited is what a visit needs to know of its case inside its transaction.
type visited struct {
	version int64
	looking stamp
	why     casefile.Why
	host    casefile.HostKey
	seq     int64
	hash    string
}

func (tx *transaction) loadVisited(ctx context.Context, id casefile.CaseID) (v visited, err error) {
	err = tx.QueryRowContext(ctx, "SELECT version, looking_at, due_why, host_key, event_seq, event_hash FROM cases WHERE id = $1"+tx.s.lock(), id).
		Scan(&v.version, &v.looking, &v.why, &v.host, &v.seq, &v.hash)
	if err != nil {
		return v, notFound(err, "case")
	}
	return v, nil
}

// StartVisit marks durably that a visit of the case begins now, before its first
// look. version must be the one that was read (else a Problem of code conflict); it
// is not increased. When an earlier visit was started and never recorded (Vigil
// died), that visit is recorded as interrupted in the same transaction: every look
// that started leaves a trace.
func (s *Store) StartVisit(ctx context.Context, id casefile.CaseID, version int64, now time.Time) error {
	lost := false
	err := s.inTx(ctx, func(ctx context.Context, tx *transaction) error {
		v, err := tx.loadVisited(ctx, id)
		if err != nil {
			return err
		}
		if v.version != version {
			return conflict(id)
		}
		if lost = !v.looking.IsZero(); !lost {
			_, err = tx.ExecContext(ctx, "UPDATE cases SET looking_at = $2 WHERE id = $1", id, at(now))
			return err
		}
		if err := tx.recordInterrupted(ctx, id, &v, now); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, "UPDATE cases SET looking_at = $2, visits = visits + 1, event_seq = $3, event_hash = $4 WHERE id = $1", id, at(now), v.seq, v.hash)
		return err
	})
	if err != nil {
		return fmt.Errorf("start visit of case %d: %w", id, err)
	}
	if lost {
		s.log.Warn("an earlier visit was never recorded", zap.Int64("case_id", int64(id)))
	}
	return nil
}

// VantageUnknown is the vantage of an interrupted visit's observation: which looks
// had begun died with the process.
const VantageUnknown = "unknown"

func (tx *transaction) recordInterrupted(ctx context.Context, id casefile.CaseID, v *visited, now time.Time) error {
	lost := casefile.Visit{
		CaseID: id, Started: v.looking.Time, Ended: now, Why: v.why,
		Verdict: casefile.Verdict{State: casefile.StateSilent, Reason: casefile.ReasonInterrupted},
		Observations: []casefile.Observation{{
			Vantage: VantageUnknown, Purpose: casefile.PurposeTarget, Started: v.looking.Time,
			Fault: &casefile.Fault{Kind: casefile.FaultInterrupted, Phase: casefile.PhaseRequest, Detail: "the process ended before the visit was recorded"},
		}},
	}
	if err := tx.insertVisit(ctx, lost, v.host); err != nil {
		return err
	}
	event := casefile.Event{At: now, Kind: casefile.EventInterrupted, Actor: casefile.ActorVigil,
		Data: map[string]string{"started": v.looking.Format(time.RFC3339)}}
	return tx.appendEvents(ctx, id, &v.seq, &v.hash, []casefile.Event{event})
}

// RecordVisit records all that a visit found, in one transaction: the visit, its
// observations, hosting, assignment and notices (one whose key is known is left
// out), events, episode, and the case as the visit leaves it, with the version
// increased by one.
//
// When the case changed since v.After was read (another report, a person's action),
// the answer is a Problem of code conflict and the case keeps its standing and its due
// time. The looks were made all the same: the visit is recorded as not believed, once.
func (s *Store) RecordVisit(ctx context.Context, v casefile.Visit) error {
	if err := checkVisit(v); err != nil {
		return fmt.Errorf("record visit of case %d: %w", v.CaseID, err)
	}
	err := s.inTx(ctx, func(ctx context.Context, tx *transaction) error {
		known, err := tx.loadVisited(ctx, v.CaseID)
		if err != nil {
			return err
		}
		if known.version != v.After.Version {
			return tx.recordUnbelieved(ctx, v, known)
		}
		return tx.recordVisit(ctx, v, known)
	})
	if err != nil {
		return fmt.Errorf("record visit of case %d: %w", v.CaseID, err)
	}
	return nil
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
		if n.Key == "" || len(n.Key) > maxKey || len(n.Body) > casefile.MaxNoticeBody || !n.Kind.Valid() || !n.State.Valid() || !n.Contact.Party.Valid() {
			return fmt.Errorf("a notice out of its bounds")
		}
	}
	return nil
}

func (tx *transaction) recordUnbelieved(ctx context.Context, v casefile.Visit, known visited) error {
	if known.looking.IsZero() {
		return conflict(v.CaseID)
	}
	v.Believed = false
	if err := tx.insertVisit(ctx, v, known.host); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, "UPDATE cases SET looking_at = NULL, visits = visits + 1 WHERE id = $1", v.CaseID); err != nil {
		return err
	}
	return conflict(v.CaseID)
}

func (tx *transaction) recordVisit(ctx context.Context, v casefile.Visit, known visited) error {
	w := written{at: v.Ended, visits: 1}
	if err := tx.insertVisit(ctx, v, known.host); err != nil {
		return err
	}
	if err := tx.insertHosting(ctx, v, &w); err != nil {
		return err
	}
	if err := tx.insertAssignment(ctx, v, &w); err != nil {
		return err
	}
	events := slices.Clone(v.Events)
	for _, n := range v.Notices {
		stored, err := tx.insertNotice(ctx, v.CaseID, n)
		if err != nil {
			return err
		}
		if stored { // else one of its key was composed before
			events = append(events, lifecycle.Composed(n))
		}
	}
	after := stored{Case: v.After, seq: known.seq, hash: known.hash}
	after.HostKey = known.host
	after.Version++
	after.Looking = time.Time{}
	if v.Hosting != nil {
		after.Hosting = v.Hosting
	}
	return tx.writeCase(ctx, after, events, w)
}
