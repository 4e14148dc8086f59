package scheduler

import (
	"context"
	"crypto/rand"
	"slices"
	"strings"
	"time"

	"go.uber.org/zap"

	"vigil/casefile"
	"vigil/judge"
)

// askSibling asks the same server for a path that surely does not exist, when the
// judge wants to compare: at most once per host and SiblingTTL, over all workers
// as far as the store knows, and paced like every look at the host. An answer from
// before the target was last seen live is not compared with: the server may have
// changed with the page (ADR-0015).
func (p *pass) askSibling(ctx context.Context) {
	i := slices.IndexFunc(p.visit.Observations, func(o casefile.Observation) bool {
		return o.Purpose == casefile.PurposeTarget && judge.WantsSibling(o, p.read.Target, p.read.Baseline)
	})
	if i < 0 || p.cut {
		return
	}
	if p.sibling = p.round.sibling; p.sibling != nil {
		return
	}
	since := time.Now().UTC().Add(-p.siblingTTL)
	if seen := p.read.Episode.LastSeen; seen.After(since) {
		since = seen
	}
	known, err := p.store.Sibling(ctx, p.read.HostKey, since)
	if err != nil { // then one more look is cheaper than a wrong verdict
		p.log.Warn("sibling of a host could not be read", zap.Int64("case_id", int64(p.read.ID)), zap.Error(err))
	}
	if known == nil && p.round.pace(ctx) {
		s := casefile.Subject{
			Target: p.read.Target.Sibling(strings.ToLower(rand.Text())), Referrer: p.referrer(), Purpose: casefile.PurposeSibling,
		}
		o := p.lookFrom(ctx, p.visit.Observations[i].Vantage, s)
		p.round.looked()
		p.visit.Observations = append(p.visit.Observations, o)
		known = &o
	}
	p.cut = ctx.Err() != nil
	if !p.cut {
		p.sibling, p.round.sibling = known, known
	}
}

// askReferred asks for the target once more with its own site's front page as the referrer, when the
// judge cannot tell a placeholder of a missing file from one for those who come directly: one look a
// visit, paced like the others. Without an answer the judge decides nothing by the placeholder.
func (p *pass) askReferred(ctx context.Context) {
	if p.cut || p.sibling == nil {
		return
	}
	i := slices.IndexFunc(p.visit.Observations, func(o casefile.Observation) bool {
		return o.Purpose == casefile.PurposeTarget && judge.WantsReferred(o, p.read.Target, p.read.Baseline, p.sibling)
	})
	if i < 0 {
		return
	}
	if !p.round.pace(ctx) {
		p.cut = ctx.Err() != nil
		return
	}
	s := casefile.Subject{Target: p.read.Target, Referrer: p.read.Target.Home(), Purpose: casefile.PurposeReferred}
	o := p.lookFrom(ctx, p.visit.Observations[i].Vantage, s)
	p.round.looked()
	p.visit.Observations = append(p.visit.Observations, o)
	p.referred, p.cut = &o, ctx.Err() != nil
}

// askSubdomain asks for a name under the target's domain that surely does not exist, when the judge wants to
// know whether all its names answer alike, as parking does: one look a visit, paced like the others at the host.
func (p *pass) askSubdomain(ctx context.Context) {
	if p.cut {
		return
	}
	i := slices.IndexFunc(p.visit.Observations, func(o casefile.Observation) bool {
		return o.Purpose == casefile.PurposeTarget && judge.WantsSubdomain(o, p.known())
	})
	if i < 0 {
		return
	}
	if !p.round.pace(ctx) {
		p.cut = ctx.Err() != nil
		return
	}
	s := casefile.Subject{Target: judge.Subdomain(p.read.Target, strings.ToLower(rand.Text())), Referrer: p.read.Referrer, Purpose: casefile.PurposeSubdomain}
	o := p.lookFrom(ctx, p.visit.Observations[i].Vantage, s)
	p.round.looked()
	p.visit.Observations = append(p.visit.Observations, o)
	p.subdomain, p.cut = &o, ctx.Err() != nil
}
