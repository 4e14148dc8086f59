package scheduler

import (
	"context"
	"crypto/rand"
	"strings"
	"time"

	"go.uber.org/zap"

	"vigil/casefile"
	"vigil/judge"
)

// ask makes the looks beside those at the target that the judge wants (judge.Questions): each at most once
// a visit, and paced like every look at the host. Without an answer the judge decides nothing by it.
func (p *pass) ask(ctx context.Context) {
	for _, purpose := range judge.Questions() {
		in := p.known
		in.Observations = p.visit.Observations
		s, from, wanted := in.Ask(purpose, p.read.Referrer, strings.ToLower(rand.Text()))
		if !wanted || p.cut || purpose == casefile.PurposeSibling && p.remembers(ctx) {
			continue
		}
		if !p.round.pace(ctx) {
			p.cut = true
			return
		}
		o := p.lookFrom(ctx, from, s)
		p.round.looked()
		p.visit.Observations = append(p.visit.Observations, o)
		if p.cut = ctx.Err() != nil; p.cut {
			return
		}
		p.known.Hear(o)
		if purpose == casefile.PurposeSibling {
			p.round.sibling = &o
		}
	}
}

// remembers says whether the host's answer to a path that surely does not exist is known, and hears it: the host is
// asked at most once in SiblingTTL, over all workers as far as the store knows. An answer from
// before the target was last seen live is not compared with: the server may have
// changed with the page (ADR-0015).
func (p *pass) remembers(ctx context.Context) bool {
	if p.round.sibling == nil {
		since := time.Now().UTC().Add(-p.siblingTTL)
		if seen := p.read.Episode.LastSeen; seen.After(since) {
			since = seen
		}
		known, err := p.store.Sibling(ctx, p.read.HostKey, since)
		if err != nil { // then one more look is cheaper than a wrong verdict
			p.log.Warn("sibling of a host could not be read", zap.Int64("case_id", int64(p.read.ID)), zap.Error(err))
		}
		p.round.sibling = known
	}
	p.known.Sibling = p.round.sibling
	return p.known.Sibling != nil
}
