package scheduler

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"go.uber.org/zap"

	"vigil/casefile"
	"vigil/judge"
)

// pass is a visit under way. It belongs to one goroutine.
type pass struct {
	*Visitor
	round *round
	read  casefile.Case  // the case as it was read
	visit casefile.Visit // what was found so far
	// known is what a verdict is made from besides the looks at the target and those without the referrer.
	known   judge.Input
	located *casefile.Hosting // decided anew in this visit
	gated   bool              // our own line was not sound
	why     string            // why the visit is not believed, when that is not the gate's doing
	cut     bool              // Vigil is stopping: what is missing is not the world's doing
}

// visitCase makes one pass over a case: the table of contents of the product. An
// error is ours; what the world did is in the visit. Once StartVisit succeeded the
// visit is recorded whatever happens, also when the context ends.
func (v *Visitor) visitCase(ctx context.Context, c casefile.Case, r *round) (_ *pass, err error) {
	p := &pass{Visitor: v, round: r, read: c, visit: casefile.Visit{CaseID: c.ID, Started: time.Now().UTC(), Why: c.Due.Why}}
	p.known = judge.Input{Target: c.Target, Vantages: v.vantages, Baseline: c.Baseline}
	if c.Hosting != nil {
		p.known.Registrar = c.Hosting.Registrar
	}
	if err := v.store.StartVisit(ctx, c.ID, c.Version, p.visit.Started); err != nil {
		return nil, err
	}
	defer func() {
		if broken := recover(); broken != nil {
			err = p.recordBroken(ctx, broken)
		}
	}()
	p.look(ctx)
	p.lookDirect(ctx)
	p.ask(ctx)
	p.askRegistry(ctx)
	p.judge()
	p.believe(ctx)
	p.locate(ctx)
	p.conclude(time.Now().UTC())
	return p, p.record(ctx)
}

// look looks from every vantage at once.
func (p *pass) look(ctx context.Context) {
	s := casefile.Subject{Target: p.read.Target, Referrer: p.referrer(), Purpose: casefile.PurposeTarget, Nameservers: true}
	p.visit.Observations = make([]casefile.Observation, len(p.vantages))
	var all sync.WaitGroup
	for i, from := range p.vantages {
		all.Go(func() { p.visit.Observations[i] = p.lookFrom(ctx, from.Name, s) })
	}
	all.Wait()
	p.round.looked()
	p.cut = ctx.Err() != nil
}

// lookFrom makes one look. A panic below it is our fault, and an interrupted look.
func (v *Visitor) lookFrom(ctx context.Context, vantage string, s casefile.Subject) (o casefile.Observation) {
	started := time.Now()
	defer func() {
		if broken := recover(); broken != nil {
			v.log.Error("look broke off: this is a bug in vigil", zap.String("vantage", vantage), kindOf(broken))
			o = casefile.Observation{Fault: &casefile.Fault{Kind: casefile.FaultInterrupted, Phase: casefile.PhaseRequest, Detail: "broken off by an error of our own"}}
		}
		o.Vantage, o.Purpose = vantage, s.Purpose
		if o.Started.IsZero() {
			o.Started, o.Took = started.UTC(), time.Since(started)
		}
		measure(v.meter, o)
	}()
	return v.looker.Look(ctx, vantage, s)
}

// askRegistry asks for the domain's state when its name is gone, because a hold
// by the registrar (clientHold, RFC 5731, section 2.3) is evidence of a removal.
func (p *pass) askRegistry(ctx context.Context) {
	if p.cut || p.read.Standing == casefile.Removed {
		return
	}
	for _, o := range p.visit.Observations {
		if o.Purpose != casefile.PurposeTarget || o.Fault == nil || o.Fault.Kind != casefile.FaultNXDomain && o.Fault.Kind != casefile.FaultNoAddress {
			continue
		}
		if !p.round.asked {
			h := p.locator.Locate(ctx, p.inquiry())
			if p.cut = ctx.Err() != nil; p.cut {
				return
			}
			p.round.asked, p.round.registrar = true, h.Registrar
		}
		if p.round.registrar != nil {
			p.known.Registrar = p.round.registrar
		}
		return
	}
}

// judge gives the verdict over all that was observed.
func (p *pass) judge() { p.visit.Verdict = p.verdict(p.targetLooks()) }

func (p *pass) targetLooks() []casefile.Observation { return p.looksFor(casefile.PurposeTarget) }

func (p *pass) looksFor(purpose casefile.Purpose) []casefile.Observation {
	var looks []casefile.Observation
	for _, o := range p.visit.Observations {
		if o.Purpose == purpose {
			looks = append(looks, o)
		}
	}
	return looks
}

// verdict judges looks at the target, together with those without the recorded referrer: these speak
// only for the matter, so that a dead line does no harm in them.
func (p *pass) verdict(looks []casefile.Observation) casefile.Verdict {
	in := p.known
	in.Observations = slices.Concat(looks, p.looksFor(casefile.PurposeDirect))
	return judge.Decide(in)
}

// locate decides anew who hosts the target, when there is reason to. Cases of one
// round share the decision: they have the same host.
func (p *pass) locate(ctx context.Context) {
	o := resolved(p.visit.Observations)
	if o == nil || p.cut || !p.visit.Believed || !stale(p.read, o.Resolution.Addresses, time.Now(), p.hostingTTL, p.threshold) {
		return
	}
	h, known := p.round.located(o, p.read.Origin)
	if !known {
		h = p.locator.Locate(ctx, p.inquiry())
		if p.cut = ctx.Err() != nil; p.cut {
			return // what is missing in it, we did not wait for
		}
		if h.Decided.IsZero() {
			h.Decided = time.Now().UTC()
		}
		p.round.keep(o, p.read.Origin, h)
	}
	if weaker(p.read, h, p.threshold) {
		p.log.Info("hosting decision kept: sources failed", zap.Int64("case_id", int64(p.read.ID)), zap.String("country", p.read.Hosting.Country))
		return
	}
	p.located = &h
}

// inquiry is what the locator is asked: all that the looks saw, and what a person recorded.
func (p *pass) inquiry() casefile.Inquiry {
	return casefile.Inquiry{Target: p.read.Target, Looks: p.targetLooks(), Origin: p.read.Origin}
}

// conclude draws the conclusions: hosting, assignment, standing, notices and the
// next due time. It has no effect outside the pass.
func (p *pass) conclude(now time.Time) {
	v := &p.visit
	v.Ended = now
	after := p.read
	if v.Believed {
		after = p.host(after)
		after = p.assign(after)
	}
	after, events := judge.Advance(after, *v, p.rules)
	v.Events = append(v.Events, events...)
	if v.Believed && after.Hosting != nil {
		after.Episode = after.Episode.HostedBy(*after.Hosting, now)
	}
	if v.Believed {
		after, v.Events = review(p.read, after, v.Events, seen(v.Verdict), p.threshold, now)
		after = p.compose(after)
	}
	after.Due = p.due(after)
	after.Version, after.Looking = p.read.Version, time.Time{}
	for i := range v.Events {
		v.Events[i].CaseID = p.read.ID
	}
	v.After = after
}

// seen says whether somebody should act: it is there, from some vantage at least,
// or something stands before it.
func seen(v casefile.Verdict) bool {
	return v.State == casefile.StateLive || v.State == casefile.StateFenced || v.State == casefile.StateWithheld
}

// assign gives the case to the hotlines that can act on its hosting; not when it
// is gone, at first sight or later: then nobody has anything to do.
func (p *pass) assign(c casefile.Case) casefile.Case {
	v := &p.visit
	if c.Hosting == nil || v.Verdict.State == casefile.StateGone {
		return c
	}
	a := p.desk.Assign(*c.Hosting, v.Ended)
	if a.Same(c.Assignment) {
		return c
	}
	a.CaseID = c.ID
	if a.At.IsZero() {
		a.At = v.Ended
	}
	data := map[string]string{
		"hosting_country": a.HostingCountry, "assigned_country": a.AssignedCountry, "policy": a.Policy, "hotlines": clip(strings.Join(a.Hotlines, ", ")),
	}
	v.Events = append(v.Events, casefile.Event{At: v.Ended, Kind: casefile.EventAssigned, Actor: casefile.ActorVigil, Data: data})
	v.Assignment, c.Assignment, c.Informed = &a, &a, false
	return c
}

// compose writes the notices of a case that is there, once per hosting and
// episode. Held cases are composed too: the desk leaves out the providers, and a
// release asks again.
func (p *pass) compose(c casefile.Case) casefile.Case {
	v := &p.visit
	there := c.Standing == casefile.Watching || c.Standing == casefile.Review
	if c.Informed || !there || !seen(v.Verdict) || c.Hosting == nil || c.Assignment == nil {
		return c
	}
	notices, err := p.desk.Compose(c, v.Ended)
	if err != nil { // the visit counts all the same; the next one tries again
		p.log.Error("notices could not be composed", zap.Int64("case_id", int64(c.ID)), zap.Error(err))
		return c
	}
	for i := range notices {
		n := &notices[i]
		n.CaseID = c.ID
		v.Events = append(v.Events, casefile.Event{At: v.Ended, Kind: casefile.EventNoticeComposed, Actor: casefile.ActorVigil, Data: map[string]string{
			"kind": string(n.Kind), "party": string(n.Contact.Party), "name": clip(n.Contact.Name), "state": string(n.State),
			"step": strconv.Itoa(n.Step), "key": clip(n.Key),
		}})
	}
	v.Notices, c.Informed = notices, true
	return c
}

// due is when to come back. A visit that Vigil's own stop cut short is made again at once.
func (p *pass) due(after casefile.Case) casefile.Due {
	now := p.visit.Ended
	switch {
	case !after.Standing.Visited():
		return casefile.Due{Why: casefile.WhyNever}
	case p.cut:
		return casefile.Due{At: now, Why: p.read.Due.Why}
	case !p.visit.Believed:
		var closed time.Duration
		for _, from := range p.vantages {
			closed = max(closed, p.gate.Closed(from.Name, now))
		}
		return p.pace.Retry(now, after, closed)
	}
	var wish time.Duration
	for _, o := range p.targetLooks() {
		wish = max(wish, o.Final().RetryAfter)
	}
	if p.wavered(after) {
		after.Episode.ProviderSince = time.Time{}
	}
	return p.pace.Heed(now, Next(now, after, p.pace), wish)
}

// wavered says whether the case left a provider to which it had come less than MaxGap ago. A name that
// answers with addresses of several providers in turn does that at each visit: it is no move that sets the pace.
func (p *pass) wavered(after casefile.Case) bool {
	before, since := p.read.Episode.ProviderSince, after.Episode.ProviderSince
	return !before.IsZero() && since.After(before) && since.Sub(before) < p.pace.MaxGap
}

// record writes the visit, detached from the end of ctx but bounded by
// RecordTimeout. When somebody changed the case meanwhile, the store keeps the
// visit as not believed and says so by a conflict.
func (p *pass) record(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), p.recordTimeout)
	defer cancel()
	err := p.store.RecordVisit(ctx, p.visit)
	switch {
	case err == nil:
		p.tell("visit")
		return nil
	case conflict(err):
		p.visit.Believed, p.why = false, "changed_meanwhile"
		p.tell("visit of a case that changed meanwhile")
	default:
		p.meter.RecordFailed()
	}
	return err
}

// recordBroken records what there is of a visit that panicked, so that no look is
// lost and the case comes back after FirstGap instead of in a loop.
func (p *pass) recordBroken(ctx context.Context, broken any) error {
	p.log.Error("visit broke off: this is a bug in vigil", zap.Int64("case_id", int64(p.read.ID)), kindOf(broken))
	now := time.Now().UTC()
	v := &p.visit
	v.Ended, v.Believed, v.Hosting, v.Assignment, v.Notices, v.Events = now, false, nil, nil, nil, nil
	v.Verdict = casefile.Verdict{State: casefile.StateSilent, Reason: casefile.ReasonInterrupted}
	v.After = p.read
	v.After.Visits++
	v.After.Looking, v.After.Due = time.Time{}, casefile.Due{At: now.Add(p.pace.FirstGap), Why: p.read.Due.Why}
	if err := p.record(ctx); err != nil {
		return err
	}
	return errBroken
}

// tell logs and counts a recorded visit.
func (p *pass) tell(message string) {
	v := p.visit
	took := v.Ended.Sub(v.Started)
	p.meter.VisitDone(v.Verdict.State, v.Verdict.Reason, v.Believed, took)
	if !v.Believed {
		p.meter.Unbelieved(p.unbelieved())
	}
	p.log.Info(message, zap.Int64("case_id", int64(v.CaseID)), zap.String("verdict", string(v.Verdict.State)), zap.String("reason", string(v.Verdict.Reason)),
		zap.Bool("believed", v.Believed), zap.String("standing", string(v.After.Standing)), zap.Int64("took_ms", took.Milliseconds()), zap.Time("due_at", v.After.Due.At))
}
