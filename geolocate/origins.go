package geolocate

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"vigil/casefile"
)

// OriginFinder is a service that the operator trusts to know what stands behind edges
// (docs/origins.md). The claims are about the fact origin: an address each, or one
// claim with a problem. A finder that fails is data, and fails nothing.
type OriginFinder interface {
	// Name is the service's name, for steps and sources (lookup:NAME).
	Name() string
	// FindOrigin learns the full host name of the target. edge is a name of edges.csv.
	FindOrigin(ctx context.Context, host, edge string) []casefile.Claim
}

const (
	// originTimeout bounds a look-up of an origin, with at most half of the time that is
	// left: the rest is for the registries of the origin's network.
	originTimeout = 5 * time.Second
	// maxOriginsTold bounds the addresses that are taken from a look-up: each costs a
	// query to a registry, and a site behind an edge rarely has more machines.
	maxOriginsTold = 4
)

// wantsOrigin says whether the finder is asked: there is one, an edge hides the origin, no
// platform keeps the page, no person recorded anything, and the target has a name.
func (l *Locator) wantsOrigin(q casefile.Inquiry, f Facts) bool {
	_, literal := q.Target.Address()
	return l.finder != nil && f.Edge != nil && !keeps(f.Platform) && q.Backend == nil && !literal
}

// lookUpOrigin asks the finder, and takes only what can be an origin: at most
// maxOriginsTold addresses, each one that may be dialled, none in a published range of
// an edge. There is always a claim: one with the problem when no address is left. The
// steps say who told the origin, or why there is none.
func (l *Locator) lookUpOrigin(ctx context.Context, host, edge string) (claims []casefile.Claim, said steps) {
	within := originTimeout
	if deadline, ok := ctx.Deadline(); ok {
		within = min(within, time.Until(deadline)/2)
	}
	asked, cancel := context.WithTimeout(ctx, within)
	told := l.finder.FindOrigin(asked, host, edge)
	cancel()
	name := l.finder.Name()
	source := kindLookup + ":" + name
	problem := "not_found"
	var own, special, more int
	for _, c := range told {
		if c.Problem != "" {
			problem = c.Problem
			continue
		}
		addr, err := netip.ParseAddr(c.Value)
		addr = addr.Unmap()
		_, ofEdge := l.edges.edgeRanges.Lookup(addr)
		switch {
		case err != nil || addr.Zone() != "" || l.checkOrigin(addr) != nil:
			special++
		case ofEdge:
			own++
		case slices.ContainsFunc(claims, func(known casefile.Claim) bool { return known.Value == addr.String() }):
		case len(claims) == maxOriginsTold:
			more++
		default:
			claims = append(claims, casefile.Claim{Fact: casefile.FactOrigin, Value: addr.String(), Source: source, AsOf: c.AsOf.UTC()})
			said.say("The look-up %s told the origin %s, as of %s.", name, addr, c.AsOf.UTC().Format(time.DateOnly))
		}
	}
	if own > 0 {
		said.say("The look-up %s told %s in a published range of an edge, which is no origin.", name, addressesTold(own))
	}
	if special > 0 {
		said.say("The look-up %s told %s that no public server can have.", name, addressesTold(special))
	}
	if more > 0 {
		said.say("The look-up %s told %s more, which were not taken: the bound is %d.", name, addressesTold(more), maxOriginsTold)
	}
	if len(claims) == 0 {
		claims = []casefile.Claim{{Fact: casefile.FactOrigin, Source: source, AsOf: time.Now().UTC(), Problem: problem}}
		if own+special == 0 {
			said.say("The look-up %s told no origin (%s).", name, problem)
		}
	}
	return claims, said
}

func addressesTold(n int) string {
	if n == 1 {
		return "an address"
	}
	return fmt.Sprintf("%d addresses", n)
}
