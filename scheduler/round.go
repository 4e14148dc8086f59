package scheduler

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.uber.org/zap"

	"vigil/casefile"
)

// errBroken is a panic during a visit. Its value is not shown: it could name the target.
var errBroken = errors.New("visit broke off by a panic")

// recall finds the answer of a host to a path that does not exist: a host is asked for one at most once in
// decoyTTL, over all workers as far as the store knows.
func (v *Visitor) recall(host casefile.HostKey) func(context.Context, time.Time) *casefile.Observation {
	return func(ctx context.Context, lastSeen time.Time) *casefile.Observation {
		since := time.Now().UTC().Add(-decoyTTL)
		if lastSeen = lastSeen.Add(time.Millisecond); lastSeen.After(since) { // times are kept in milliseconds
			since = lastSeen
		}
		known, err := v.o.Store.Decoy(ctx, host, since)
		if err != nil { // then one more look is cheaper than a wrong verdict
			v.o.Log.Warn("decoy of a host could not be read", zap.Error(err))
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
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordTimeout)
	defer cancel()
	n, err := v.o.Store.PostponeHost(ctx, host, time.Now().UTC(), until.UTC(), why)
	if err != nil {
		v.o.Log.Warn("due cases of a host could not be postponed", zap.Error(err))
		return
	}
	if n > 0 {
		v.o.Meter.Postponed(why, n)
		v.o.Log.Info("due cases of a host postponed", zap.Int("cases", n), zap.String("why", string(why)), zap.Time("due_at", until))
	}
}

// conflict says whether a write was refused because somebody else changed the case.
func conflict(err error) bool {
	p, ok := errors.AsType[*casefile.Problem](err)
	return ok && (p.Code == casefile.ProblemConflict || p.Code == casefile.ProblemNotFound)
}

// feedBatch is how many hosts are handed over at once: one transaction of the queue.
const feedBatch = 500

// Feed hands the hosts that have due cases to enqueue, in batches, the longest due
// first, at most feedLimit. A host whose round is queued or under way may be
// among them; the queue passes it over.
func (v *Visitor) Feed(ctx context.Context, enqueue func(context.Context, []casefile.HostKey) error) error {
	hosts, err := v.o.Store.DueHosts(ctx, time.Now().UTC(), feedLimit)
	if err != nil {
		return fmt.Errorf("find due hosts: %w", err)
	}
	for batch := range slices.Chunk(hosts, feedBatch) {
		if err := enqueue(ctx, batch); err != nil {
			return fmt.Errorf("enqueue the rounds of %d hosts: %w", len(batch), err)
		}
	}
	return nil
}
