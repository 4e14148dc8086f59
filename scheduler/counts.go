package scheduler

import (
	"context"
	"sync"
	"time"

	"vigil/casefile"
	"vigil/judge"
)

// counts asks the gate. A page that is known again is always counted: no fault
// of ours shows it; an interrupted verdict never; any other when our own uplink was
// sound from most of the vantages. Looks from the others are judged as interrupted:
// a vantage with a dead uplink is no witness. A page of a case without a baseline may
// be a portal's: it is not counted when the control targets show that there is one.
//
// A verdict that may move the case needs a probe that began after its looks
// ended. Others do with one that began up to Fresh before.
func (p *pass) counts(ctx context.Context) {
	state, reason := p.visit.Verdict.State, p.visit.Verdict.Reason
	unknown := state == casefile.StateLive && p.read.Baseline == nil
	switch {
	case state == casefile.StateLive && (!unknown || !p.o.Gate.Configured()):
		p.visit.Counted = true
		return
	case p.seen.Interrupted || reason == casefile.ReasonInterrupted:
		return
	case !p.o.Gate.Configured():
		p.visit.Counted = true
		return
	}
	began, ended := p.visit.Started, time.Now()
	first := unknown && p.read.Last.State == ""
	if first || p.read.Standing == casefile.Removed && !unknown && state != casefile.StateFenced {
		ended = began.Add(-fresh)
		began = ended
	}
	sound := make([]bool, len(p.vantages))
	var all sync.WaitGroup
	for i, from := range p.vantages {
		all.Go(func() { sound[i] = p.o.Gate.Sound(ctx, from.Name, began, ended) })
	}
	all.Wait()
	if p.seen.Interrupted = ctx.Err() != nil; p.seen.Interrupted {
		return
	}
	witnesses, unsound := 0, []string(nil)
	for i, from := range p.vantages {
		if sound[i] || unknown && p.o.Gate.last(from.Name).Fault != UplinkStrange {
			witnesses++
			continue
		}
		unsound = append(unsound, from.Name)
	}
	p.gated = witnesses == 0 || !unknown && witnesses*2 <= len(p.vantages)
	if unknown || !p.gated { // one trustworthy sighting of a page is enough
		p.seen.Basis.Unsound = unsound
		p.visit.Verdict = judge.Decide(p.seen.Input())
	}
	p.visit.Counted = !p.gated && p.visit.Verdict.Reason != casefile.ReasonInterrupted
}

// uncounted is why the visit counts for nothing, from a closed set.
func (p *pass) uncounted() string {
	switch {
	case p.why != "":
		return p.why
	case !p.gated:
		return string(casefile.ReasonInterrupted)
	}
	for _, from := range p.vantages {
		if f := p.o.Gate.last(from.Name).Fault; f != "" {
			return string(f)
		}
	}
	return "reopened" // the uplink is sound again, but was not when the look began
}
