package scheduler

import (
	"net/netip"
	"slices"
	"time"

	"vigil/casefile"
)

// How soon a hosting decision is made again that is below the threshold (the time that
// registries' "no such object" is remembered for), or that lacks what a source may tell
// by now (passing failures are remembered for a few minutes).
const (
	registryRetry = time.Hour
	passingRetry  = 15 * time.Minute
)

// resolved is the observation to locate from: the first look of the target that
// has addresses, one that was answered before others; nil when the name led nowhere.
func resolved(observations []casefile.Observation) *casefile.Observation {
	var found *casefile.Observation
	for i := range observations {
		o := &observations[i]
		if o.Purpose != casefile.PurposeTarget || len(o.Resolution.Addresses) == 0 {
			continue
		}
		if len(o.Hops) > 0 {
			return o
		}
		if found == nil {
			found = o
		}
	}
	return found
}

// stale says whether the hosting of a case must be decided again: there is no
// decision, the name leads to an address the decision did not see, a person recorded
// an origin or took one back, the claims are older than ttl, or the decision was too
// weak or without a source that may answer by now.
func stale(c casefile.Case, addresses []netip.Addr, now time.Time, ttl time.Duration) bool {
	h := c.Hosting
	if h == nil || now.Sub(h.Decided) >= ttl || !h.Knows(c.Backend) {
		return true
	}
	if !within(addresses, h.Addresses) {
		return true
	}
	age := now.Sub(h.Decided)
	return h.Undecided() && age >= min(ttl, registryRetry) || slices.ContainsFunc(h.Claims, passing) && age >= min(ttl, passingRetry)
}

func within(some, all []netip.Addr) bool {
	return !slices.ContainsFunc(some, func(a netip.Addr) bool { return !slices.Contains(all, a) })
}

// passing says that a source failed for a reason that may be gone by the next time.
func passing(c casefile.Claim) bool { return c.Problem != "" && c.Problem != "not_found" }

// weaker says whether a decision over the same addresses knows less than the one
// before it because sources failed: no country where there was one, nobody to tell, or
// an origin lost because the look-up that tells origins failed.
// Then the old one stands until they answer.
func weaker(c casefile.Case, h casefile.Hosting) bool {
	old := c.Hosting
	if old == nil || !old.Knows(c.Backend) || !h.Knows(c.Backend) {
		return false
	}
	lostCountry := !old.Undecided() && h.Undecided()
	lostContact := old.FirstAddressee() != "" && h.FirstAddressee() == ""
	lostOrigin := old.Edge != nil && old.Origin == casefile.OriginKnown && h.Origin == casefile.OriginUnknown &&
		slices.ContainsFunc(h.Claims, func(c casefile.Claim) bool { return c.Fact == casefile.FactOrigin && passing(c) })
	return (lostCountry || lostContact || lostOrigin) && within(h.Addresses, old.Addresses) && slices.ContainsFunc(h.Claims, passing)
}
