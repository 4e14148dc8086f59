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
// judge cannot tell a placeholder of a missing file from one for those who come directly. Without an answer the judge
// decides nothing by the placeholder.
func (p *pass) askReferred(ctx context.Context) {
	if p.sibling == nil {
		return
	}
	p.referred = p.askBeside(ctx, casefile.Subject{Target: p.read.Target, Referrer: p.read.Target.Home(), Purpose: casefile.PurposeReferred}, func(o casefile.Observation) bool {
		return judge.WantsReferred(o, p.read.Target, p.read.Baseline, p.sibling)
	})
}

// askSubdomain asks for a name under the target's domain that surely does not exist, when the judge wants to
// know whether all its names answer alike, as parking does.
func (p *pass) askSubdomain(ctx context.Context) {
	under := judge.Subdomain(p.read.Target, strings.ToLower(rand.Text()))
	p.subdomain = p.askBeside(ctx, casefile.Subject{Target: under, Referrer: p.read.Referrer, Purpose: casefile.PurposeSubdomain}, func(o casefile.Observation) bool {
		return judge.WantsSubdomain(o, p.known())
	})
}

// askFront asks for the front page of the target's site, when the judge cannot tell a page for what is missing from
// one that stands before the whole site.
func (p *pass) askFront(ctx context.Context) {
	p.front = p.askBeside(ctx, casefile.Subject{Target: p.read.Target.Home(), Referrer: p.read.Referrer, Purpose: casefile.PurposeFront}, func(o casefile.Observation) bool {
		return judge.WantsFront(o, p.known())
	})
}

// askBeside makes one look beside those at the target, when the judge wants it for one of them, from the
// vantage of that one: at most once a visit, and paced like the others at the host. It is nil when it was not made.
func (p *pass) askBeside(ctx context.Context, s casefile.Subject, wants func(casefile.Observation) bool) *casefile.Observation {
	if p.cut {
		return nil
	}
	i := slices.IndexFunc(p.visit.Observations, func(o casefile.Observation) bool { return o.Purpose == casefile.PurposeTarget && wants(o) })
	if i < 0 {
		return nil
	}
	if !p.round.pace(ctx) {
		p.cut = ctx.Err() != nil
		return nil
	}
	o := p.lookFrom(ctx, p.visit.Observations[i].Vantage, s)
	p.round.looked()
	p.visit.Observations = append(p.visit.Observations, o)
	p.cut = ctx.Err() != nil
	return &o
}
