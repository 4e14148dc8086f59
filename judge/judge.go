// Package judge turns facts into an opinion.
//
// In come the observations of a visit and what is known besides: the features of
// the first live look, the answer to a path that surely does not exist, the
// registrar. Out comes a verdict with its signals. docs/verdict-reference.md tells an analyst the same.
//
// The package is pure: it sees no clock, no context, no database and no network,
// it keeps nothing between calls, and its functions are safe for concurrent use.
// It must never take an error, ours or theirs, for absence, never decide by one
// phrase of a page alone, and never put a URL, a host or text of a page into a
// signal or an event.
package judge

import (
	"slices"

	"vigil/casefile"
)

// Input is all that a verdict is made from. The order of Observations does not matter.
type Input struct {
	Target casefile.Target
	// Observations of the visit. Looks with the purpose target count; those with the purpose direct speak
	// to the opinion of their vantage, where it looked with the referrer as well. The others are passed over.
	Observations []casefile.Observation
	// Vantages tells the networks of the vantages that looked. A vantage that is
	// not in it counts as being in one unknown network together with all such others.
	Vantages []casefile.Vantage
	// Answers to probes; nil for what was not asked, which NextProbe decides.
	Decoy            *casefile.Observation // of the same server to a path that surely does not exist
	SameSiteReferrer *casefile.Observation // to the target with its own site's front page as the referrer
	Subdomain        *casefile.Observation // of a name under the target's domain that surely does not exist
	Homepage         *casefile.Observation // to the site's front page
	// Baseline are the features of the first confirmed live look; nil before that.
	Baseline *casefile.Features
	// Registrar is the domain side of the last hosting; nil when unknown.
	Registrar *casefile.Registrar
}

// InputOf makes the input of a visit from what is kept of it.
func InputOf(t casefile.Target, observations []casefile.Observation, b casefile.Basis) Input {
	in := Input{Target: t, Observations: observations, Vantages: b.Vantages, Decoy: b.Decoy, Baseline: b.Baseline, Registrar: b.Registrar}
	for i, o := range observations {
		if kept := in.answerTo(o.Purpose); kept != nil {
			*kept = &observations[i]
		} else if o.Purpose == casefile.PurposeTarget && slices.Contains(b.Unsound, o.Vantage) {
			in.Observations = slices.Clone(in.Observations)
			in.Observations[i] = unsound(o)
		}
	}
	return in
}

// unsound is a look from a vantage whose own connection was not sound: it is no witness, whatever it saw.
func unsound(o casefile.Observation) casefile.Observation {
	return casefile.Observation{Vantage: o.Vantage, Purpose: o.Purpose, Started: o.Started, Took: o.Took,
		Fault: &casefile.Fault{Kind: casefile.FaultInterrupted, Phase: casefile.PhaseConnect}}
}

// Decide gives the verdict over a visit. The reason always belongs to the state,
// and there are at most casefile.MaxSignals signals. A visit without any look of
// the target is silent, interrupted.
func Decide(in Input) casefile.Verdict {
	return quorum(opinions(in), in.Vantages)
}

// wantsDecoy says whether the answer to a decoy path would help. It would when the page does not show by
// itself what stands before the content. The root of a site has no decoy: what it serves is what a server
// without the page would serve too.
func (l *look) wantsDecoy() bool {
	if rootPath(l.in.Target) || l.redirect == toOtherSite || l.redirect == toHomepage {
		return false
	}
	reason, withheld := l.withheldByPage()
	return !withheld || reason == casefile.ReasonLogin && !l.f.Asserts(casefile.MarkerLogin) || l.f.Mentions(casefile.MarkerNotFound)
}
