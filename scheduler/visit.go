package scheduler

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.uber.org/zap"

	"vigil/casefile"
	"vigil/judge"
	"vigil/lifecycle"
	"vigil/observe"
)

// The way of a case, from a report to its removal:
//
//	intake     store.AddReports: lifecycle.Open or Reported, due at once
//	claim      Round: the due cases of one host, by one job of the queue, each marked before its first look
//	observe    all looks of a visit, and what else the verdict needs
//	judge      observations -> verdict, and whether it counts
//	attribute  who hosts it, and which hotlines act
//	apply      the life of the case, one step on; its notices; when to look again
//	record     all of it in one transaction

// pass is a visit under way. It belongs to one goroutine.
type pass struct {
	*Visitor
	read  casefile.Case  // the case as it was read
	seen  observe.Record // what was observed
	visit casefile.Visit // what is made of it so far
	gated bool           // our own uplink was not sound
	why   string         // why the visit does not count, when that is not the gate's doing
}

// Round visits the due cases of the host in a row, with PerHostGap between the
// looks, at most maxVisits and for at most maxTime; what is left stays due. It
// stops when the host does not answer or our own uplink is not sound, and then
// moves the due time of the cases that were not visited, without a verdict.
//
// A case that somebody else changed is passed over: it is read anew by a later round. The error is
// ours, or the end of the context; nothing is lost by it, because the due time of
// a case is in the store.
func (v *Visitor) Round(ctx context.Context, host casefile.HostKey) error {
	started := time.Now()
	cases, err := v.o.Store.DueCases(ctx, host, started.UTC(), maxVisits)
	if err != nil {
		return fmt.Errorf("claim the due cases of a host: %w", err)
	}
	shared := &observe.Host{Recall: v.recall(host)}
	for _, c := range cases {
		if time.Since(started) >= maxTime {
			return nil
		}
		if !shared.Rest(ctx, v.o.PerHostGap) {
			return fmt.Errorf("round: %w", context.Cause(ctx))
		}
		p, err := v.visitCase(ctx, c, shared)
		switch {
		case conflict(err):
			continue
		case errors.Is(err, errBroken): // recorded, and logged where it broke
			continue
		case err != nil:
			// A store that takes the start of a visit and not its end would have the host looked at in a
			// loop.
			v.postpone(ctx, host, time.Now().Add(v.o.Schedule.FirstGap), casefile.WhyPostponed)
			return fmt.Errorf("visit case %d: %w", c.ID, err)
		case p.seen.Interrupted:
			return fmt.Errorf("round: %w", context.Cause(ctx))
		case p.gated:
			v.postpone(ctx, host, p.visit.After.Due.At, casefile.WhyGate)
			return nil
		case p.visit.Counted && unanswered(p.targetLooks()):
			v.postpone(ctx, host, v.o.Schedule.Postpone(time.Now(), p.visit.After.Due), casefile.WhyPostponed)
			return nil
		}
	}
	return nil
}

// visitCase makes one pass over a case. An error is ours; what the world did is in the visit. Once the case
// is claimed the visit is recorded whatever happens, also when the context ends.
func (v *Visitor) visitCase(ctx context.Context, c casefile.Case, host *observe.Host) (_ *pass, err error) {
	p := &pass{Visitor: v, read: c, visit: casefile.Visit{CaseID: c.ID, Started: time.Now().UTC(), Why: c.Due.Why}}
	if err := v.o.Store.StartVisit(ctx, c.ID, c.Version, p.visit.Started); err != nil {
		return nil, err
	}
	defer func() {
		if broken := recover(); broken != nil {
			err = p.recordBroken(ctx, fmt.Sprintf("%T", broken)) // its value could name the target
		}
	}()
	if p.observe(ctx, host); p.seen.Panicked != "" {
		return p, p.recordBroken(ctx, p.seen.Panicked)
	}
	p.judge(ctx)
	p.visit.Ended = time.Now().UTC()
	p.attribute()
	p.apply()
	return p, p.record(ctx)
}

// observe makes all looks of the visit.
func (p *pass) observe(ctx context.Context, host *observe.Host) {
	c := p.read
	p.seen = p.observer.Observe(ctx, observe.Request{
		Target: c.Target, Referrer: c.Referrer, Baseline: c.Baseline, Hosting: c.Hosting, Backend: c.Backend, LastSeen: c.Episode.LastSeen,
		Relocate: func(looks []casefile.Observation) bool {
			found := resolved(looks)
			return c.Hosting == nil || found != nil && stale(c, found.Resolution.Addresses, time.Now(), p.o.HostingTTL) ||
				c.Standing != casefile.Removed && slices.ContainsFunc(looks, nameless)
		},
	}, host)
	p.visit.Observations = p.seen.Observations
}

// nameless says whether the DNS knew no address. Then the registry is asked at once, because a hold by the
// registrar (clientHold, RFC 5731, section 2.3) is evidence of a removal.
func nameless(o casefile.Observation) bool {
	return o.Fault != nil && (o.Fault.Kind == casefile.FaultNXDomain || o.Fault.Kind == casefile.FaultNoAddress)
}

// judge gives the verdict over all that was observed, and says whether it counts.
func (p *pass) judge(ctx context.Context) {
	p.visit.Verdict = judge.Decide(p.seen.Input())
	p.counts(ctx)
	p.visit.Basis = p.seen.Basis
}

// targetLooks are the looks at the target, one a vantage, in the order of the vantages.
func (p *pass) targetLooks() []casefile.Observation { return p.visit.Observations[:len(p.vantages)] }

// attribute takes the new decision on who hosts the target, unless it knows less than the one before, and
// gives the case to the hotlines that can act on it; not when it is gone: then nobody has anything to do.
func (p *pass) attribute() {
	v := &p.visit
	if !v.Counted {
		return
	}
	hosting := p.read.Hosting
	if h := p.seen.Located; h != nil && resolved(p.targetLooks()) != nil {
		if weaker(p.read, *h) {
			p.o.Log.Info("hosting decision kept: sources failed", zap.Int64("case_id", int64(p.read.ID)), zap.String("country", hosting.Country))
		} else {
			v.Hosting, hosting = h, h
		}
	}
	if hosting == nil || v.Verdict.State == casefile.StateGone {
		return
	}
	a := p.o.Composer.Assign(*hosting, v.Ended)
	if a.Same(p.read.Assignment) {
		return
	}
	a.CaseID = p.read.ID
	if a.At.IsZero() {
		a.At = v.Ended
	}
	v.Assignment = &a
}

// apply draws the conclusions: the life of the case, its notices and the next due time. It has no effect
// outside the pass.
func (p *pass) apply() {
	v := &p.visit
	after, events, _ := lifecycle.Apply(p.read, v.Ended, lifecycle.Visited{Visit: *v, Thresholds: p.thresholds}) // a visit is never refused
	if notices, composed := p.compose(after); composed {
		var more []casefile.Event
		after, more, _ = lifecycle.Apply(after, v.Ended, lifecycle.NoticesComposed{Notices: len(notices)})
		v.Notices, events = notices, append(events, more...)
	}
	after.Due = p.due(after)
	v.Events, v.After = events, after
}

// compose writes the notices of a case that is there, once per hosting and
// episode. Held cases are composed too: the desk leaves out the providers, and a
// release asks again.
func (p *pass) compose(c casefile.Case) (notices []casefile.Notice, composed bool) {
	there := c.Standing == casefile.Watching || c.Standing == casefile.Review
	if !p.visit.Counted || c.NoticesComposed || !there || !p.visit.Verdict.Actionable() || c.Hosting == nil || c.Assignment == nil {
		return nil, false
	}
	notices, err := p.o.Composer.Compose(c, p.visit.Ended)
	if err != nil { // the visit counts all the same; the next one tries again
		p.o.Log.Error("notices could not be composed", zap.Int64("case_id", int64(c.ID)), zap.Error(err))
		return nil, false
	}
	for i := range notices {
		notices[i].CaseID = c.ID
	}
	return notices, true
}

// due is when to come back. A visit that Vigil's own stop cut short is made again at once.
func (p *pass) due(after casefile.Case) casefile.Due {
	now := p.visit.Ended
	switch {
	case !after.Standing.Visited():
		return casefile.Due{Why: casefile.WhyNever}
	case p.seen.Interrupted:
		return casefile.Due{At: now, Why: p.read.Due.Why}
	case !p.visit.Counted:
		var closed time.Duration
		for _, from := range p.vantages {
			closed = max(closed, p.o.Gate.Closed(from.Name, now))
		}
		return p.o.Schedule.Retry(now, after, closed)
	}
	var wish time.Duration
	for _, o := range p.targetLooks() {
		wish = max(wish, o.Final().RetryAfter)
	}
	if p.flapped(after) {
		after.Episode.ProviderSince = time.Time{}
	}
	return p.o.Schedule.Heed(now, Next(now, after, p.o.Schedule), wish)
}

// flapped says whether the case left a provider to which it had come less than MaxGap ago. A name that
// answers with addresses of several providers in turn does that at each visit: it is no move that sets the
// pace.
func (p *pass) flapped(after casefile.Case) bool {
	before, since := p.read.Episode.ProviderSince, after.Episode.ProviderSince
	return !before.IsZero() && since.After(before) && since.Sub(before) < p.o.Schedule.MaxGap
}

// record writes the visit, detached from the end of ctx but bounded by
// recordTimeout. When somebody changed the case meanwhile, the store keeps the
// visit as not counted and says so by a conflict.
func (p *pass) record(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordTimeout)
	defer cancel()
	err := p.o.Store.RecordVisit(ctx, p.visit)
	switch {
	case err == nil:
		p.logResult("visit")
		return nil
	case conflict(err):
		p.visit.Counted, p.why = false, "changed_meanwhile"
		p.logResult("visit of a case that changed meanwhile")
	default:
		p.o.Meter.RecordFailed()
	}
	return err
}

// recordBroken records what there is of a visit that panicked, so that no look is
// lost and the case comes back after FirstGap instead of in a loop.
func (p *pass) recordBroken(ctx context.Context, broken string) error {
	p.o.Log.Error("visit broke off: this is a bug in vigil", zap.Int64("case_id", int64(p.read.ID)), zap.String("panic", broken))
	now := time.Now().UTC()
	v := &p.visit
	v.Ended, v.Counted, v.Hosting, v.Assignment, v.Notices, v.Events = now, false, nil, nil, nil, nil
	v.Verdict = casefile.Verdict{State: casefile.StateSilent, Reason: casefile.ReasonInterrupted}
	v.After = p.read
	v.After.Visits++
	v.After.Looking, v.After.Due = time.Time{}, casefile.Due{At: now.Add(p.o.Schedule.FirstGap), Why: p.read.Due.Why}
	if err := p.record(ctx); err != nil {
		return err
	}
	return errBroken
}

// logResult logs and counts a recorded visit.
func (p *pass) logResult(message string) {
	v := p.visit
	took := v.Ended.Sub(v.Started)
	p.o.Meter.VisitDone(v.Verdict.State, v.Verdict.Reason, v.Counted, took)
	if !v.Counted {
		p.o.Meter.Unbelieved(p.uncounted())
	}
	p.o.Log.Info(message, zap.Int64("case_id", int64(v.CaseID)), zap.String("verdict", string(v.Verdict.State)),
		zap.String("reason", string(v.Verdict.Reason)), zap.Bool("believed", v.Counted), zap.String("standing", string(v.After.Standing)),
		zap.Int64("took_ms", took.Milliseconds()), zap.Time("due_at", v.After.Due.At))
}
