package scheduler

import (
	"context"
	"sync"
	"time"

	"vigil/casefile"
)

// believe asks the gate. A page that is known again is always believed: no fault
// of ours shows it; an interrupted verdict never; any other when our own line was
// sound from most of the vantages. Looks from the others are judged as interrupted:
// a vantage with a dead line is no witness. A page of a case without a baseline may
// be a portal's: it is not believed when the control targets show that there is one.
//
// A verdict that may move the case needs a probe that began after its looks
// ended. Others do with one that began up to Fresh before.
func (p *pass) believe(ctx context.Context) {
	state, reason := p.visit.Verdict.State, p.visit.Verdict.Reason
	unknown := state == casefile.StateLive && p.read.Baseline == nil
	switch {
	case state == casefile.StateLive && (!unknown || !p.gate.Configured()):
		p.visit.Believed = true
		return
	case p.cut || reason == casefile.ReasonInterrupted:
		return
	case !p.gate.Configured():
		p.visit.Believed = true
		return
	}
	began, ended := p.visit.Started, time.Now()
	first := unknown && p.read.Last.State == ""
	if first || p.read.Standing == casefile.Removed && !unknown && state != casefile.StateFenced {
		ended = began.Add(-p.gate.Fresh())
		began = ended
	}
	sound := make([]bool, len(p.vantages))
	var all sync.WaitGroup
	for i, from := range p.vantages {
		all.Go(func() { sound[i] = p.gate.Sound(ctx, from.Name, began, ended) })
	}
	all.Wait()
	if p.cut = ctx.Err() != nil; p.cut {
		return
	}
	looks, witnesses := p.targetLooks(), 0
	for i := range looks { // in the order of the vantages
		if sound[i] || unknown && p.gate.fault(p.vantages[i].Name) != LineStrange {
			witnesses++
			continue
		}
		o := looks[i]
		looks[i] = casefile.Observation{Vantage: o.Vantage, Purpose: o.Purpose, Started: o.Started, Took: o.Took,
			Fault: &casefile.Fault{Kind: casefile.FaultInterrupted, Phase: casefile.PhaseConnect, Detail: "our own line was not sound"}}
	}
	switch {
	case unknown && witnesses > 0: // one trustworthy sighting is enough
		p.visit.Verdict = p.verdict(looks)
	case witnesses*2 <= len(looks):
		p.gated = true
		if unknown { // nothing was seen: a live verdict would count
			p.visit.Verdict = p.verdict(looks)
		}
		return
	case witnesses < len(looks):
		p.visit.Verdict = p.verdict(looks)
	}
	p.visit.Believed = p.visit.Verdict.Reason != casefile.ReasonInterrupted
}

// unbelieved is why the visit counts for nothing, from a closed set.
func (p *pass) unbelieved() string {
	switch {
	case p.why != "":
		return p.why
	case !p.gated:
		return string(casefile.ReasonInterrupted)
	}
	for _, from := range p.vantages {
		if f := p.gate.fault(from.Name); f != "" {
			return string(f)
		}
	}
	return "reopened" // the line is sound again, but was not when the look began
}
