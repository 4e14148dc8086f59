package scheduler

import (
	"context"
	"sync"

	"vigil/casefile"
	"vigil/judge"
)

// lookDirect looks once more from every vantage, without the referrer that was recorded for the case:
// pages that show their matter only to those who come from a certain page show others a disguise, and the
// difference tells which is which (ADR-0035). Paced like every look at the host.
func (p *pass) lookDirect(ctx context.Context) {
	if p.cut || p.referrer().IsZero() {
		return
	}
	var from []string
	for _, o := range p.targetLooks() {
		if judge.WantsDirect(o) {
			from = append(from, o.Vantage)
		}
	}
	if len(from) == 0 || !p.round.pace(ctx) {
		p.cut = ctx.Err() != nil
		return
	}
	s := casefile.Subject{Target: p.read.Target, Purpose: casefile.PurposeDirect}
	direct := make([]casefile.Observation, len(from))
	var all sync.WaitGroup
	for i, vantage := range from {
		all.Go(func() { direct[i] = p.lookFrom(ctx, vantage, s) })
	}
	all.Wait()
	p.round.looked()
	p.visit.Observations = append(p.visit.Observations, direct...)
	p.cut = ctx.Err() != nil
}

// referrer is what is sent along to the host; zero when none was recorded that leads to the target.
func (p *pass) referrer() casefile.Target {
	if !p.read.Target.Replays(p.read.Referrer) {
		return casefile.Target{}
	}
	return p.read.Referrer
}
