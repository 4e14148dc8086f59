package scheduler

import (
	"context"
	"errors"
	"time"

	"go.uber.org/zap"

	"vigil/casefile"
)

// errBroken is a panic during a visit. Its value is not shown: it could name the target.
var errBroken = errors.New("visit broke off by a panic")

// recall finds the answer of a host to a path that does not exist: a host is asked for one at most once in
// SiblingTTL, over all workers as far as the store knows.
func (v *Visitor) recall(host casefile.HostKey) func(context.Context, time.Time) *casefile.Observation {
	return func(ctx context.Context, lastSeen time.Time) *casefile.Observation {
		since := time.Now().UTC().Add(-v.siblingTTL)
		if lastSeen = lastSeen.Add(time.Millisecond); lastSeen.After(since) { // times are kept in milliseconds
			since = lastSeen
		}
		known, err := v.store.Decoy(ctx, host, since)
		if err != nil { // then one more look is cheaper than a wrong verdict
			v.log.Warn("decoy of a host could not be read", zap.Error(err))
		}
		return known
	}
}

// unanswered says whether the host did not answer any look: time ran out before
// the first byte was sent. Faster faults cost little and are judged case by case.
func unanswered(looks []casefile.Observation) bool {
	for _, o := range looks {
		if o.Fault == nil || o.Fault.Kind != casefile.FaultTimeout || len(o.Hops) > 0 {
			return false
		}
		switch o.Fault.Phase {
		case casefile.PhaseResolve, casefile.PhaseConnect, casefile.PhaseTLS:
		case casefile.PhaseRequest, casefile.PhaseBody:
			return false
		}
	}
	return len(looks) > 0
}

// postpone moves the due time of the host's cases that are still due. When it
// fails they stay due, and the next round finds out by itself.
func (v *Visitor) postpone(ctx context.Context, host casefile.HostKey, until time.Time, why casefile.Why) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), v.recordTimeout)
	defer cancel()
	n, err := v.store.PostponeHost(ctx, host, time.Now().UTC(), until.UTC(), why)
	if err != nil {
		v.log.Warn("due cases of a host could not be postponed", zap.Error(err))
		return
	}
	if n > 0 {
		v.meter.Postponed(why, n)
		v.log.Info("due cases of a host postponed", zap.Int("cases", n), zap.String("why", string(why)), zap.Time("due_at", until))
	}
}

// conflict says whether a write was refused because somebody else changed the case.
func conflict(err error) bool {
	var p *casefile.Problem
	return errors.As(err, &p) && (p.Code == casefile.ProblemConflict || p.Code == casefile.ProblemNotFound)
}
