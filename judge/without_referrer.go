package judge

import (
	"cmp"
	"slices"

	"vigil/casefile"
)

// WantsWithoutReferrer says whether a look without the referrer can tell more than o, which was made with
// it. It cannot when the server never saw the referrer (no name, no address, no connection, no TLS), when it
// let the time run out, or when we stopped.
func WantsWithoutReferrer(o casefile.Observation) bool {
	if o.Fault == nil || len(o.Hops) > 0 && o.Fault.Kind != casefile.FaultInterrupted {
		return true
	}
	switch o.Fault.Phase {
	case casefile.PhaseRequest, casefile.PhaseBody:
		return o.Fault.Kind != casefile.FaultTimeout && o.Fault.Kind != casefile.FaultInterrupted
	case casefile.PhaseResolve, casefile.PhaseConnect, casefile.PhaseTLS:
	}
	return false
}

// weighDirect lets the looks without the recorded referrer speak, each to the opinion of its own
// vantage: they are no witnesses of their own. all holds one opinion a vantage.
//
// The look with the referrer is the word about the content. A look without it can only show
// that the content is still there, or that what is shown depends on how one comes; it never
// makes an opinion gone (ADR-0035).
func (in *Input) weighDirect(all []opinion) {
	for i := range all {
		if d, found := in.direct(&all[i]); found {
			all[i].weigh(d, in.Baseline != nil)
		}
	}
}

// direct is what the looks from o's vantage without the referrer say: of several the one that shows
// most. Those of a vantage that did not look with the referrer are passed over.
func (in *Input) direct(o *opinion) (opinion, bool) {
	var said []opinion
	for i := range in.Observations {
		seen := &in.Observations[i]
		if seen.Purpose != casefile.PurposeWithoutReferrer || seen.Vantage != o.vantage {
			continue
		}
		d := in.judgeDirect(seen)
		if o.state == casefile.StateGone && in.sameAsGone(seen) {
			d.state, d.reason, d.same = o.state, o.reason, true
		}
		said = append(said, d)
	}
	if len(said) == 0 {
		return opinion{}, false
	}
	return slices.MinFunc(said, func(a, b opinion) int {
		return cmp.Or(cmp.Compare(order(a), order(b)), cmp.Compare(a.reason, b.reason), cmp.Compare(equal(b.same), equal(a.same)))
	}), true
}

// order is rank, with the known page before all others.
func order(d opinion) int {
	if d.reason == casefile.ReasonMatchesBaseline {
		return -1
	}
	return rank[d.state]
}

// judgeDirect gives the opinion over a look without the referrer. A decoy that is told as missing is
// taken into account: it speaks for a page. One that looks alike is not: it would speak against a
// page that is shown to all who come directly, and was asked with the referrer.
func (in *Input) judgeDirect(o *casefile.Observation) opinion {
	alone := Input{Target: in.Target, Baseline: in.Baseline, Registrar: in.Registrar}
	if s := in.Decoy; s != nil && s.Fault == nil {
		if status := s.Answered(); status == 404 || status == 410 {
			alone.Decoy = s
		}
	}
	return judgeLook(o, &alone)
}

// sameAsGone says whether a look with the referrer from the same vantage found the target gone and got
// the very answer that came without it: then the referrer makes no difference.
func (in *Input) sameAsGone(direct *casefile.Observation) bool {
	d := newLook(direct, &Input{Target: in.Target})
	if direct.Fault != nil || d.f == nil {
		return false
	}
	for i := range in.Observations {
		o := &in.Observations[i]
		if o.Purpose.IsProbe() || o.Vantage != direct.Vantage || o.Fault != nil || o.Features == nil {
			continue
		}
		l := newLook(o, in)
		if l.status == d.status && l.redirect == d.redirect && l.reason().State() == casefile.StateGone && l.similar(direct) {
			return true
		}
	}
	return false
}

// weigh is the opinion of a vantage that looked with the referrer, once what came without it is known.
func (o *opinion) weigh(d opinion, known bool) {
	value, points := string(d.reason), d.state
	switch {
	case d.same:
		value = "same_page"
	case o.state == casefile.StateLive:
	case d.reason == casefile.ReasonMatchesBaseline:
		o.state, o.reason = d.state, d.reason
	case o.state != casefile.StateGone:
		// Disguised pages tell those who come directly that there is nothing: that proves nothing.
	case d.state == casefile.StateWithheld:
		o.state, o.reason = d.state, d.reason
	case d.state == casefile.StateLive || d.state == casefile.StateChanged:
		o.reason = casefile.ReasonReferrerRequired
		if known {
			o.reason = casefile.ReasonContentDiffers
		}
		o.state = o.reason.State()
		points = o.state // what it shows may be the content or its disguise: nobody can tell which
	}
	// A full list gives up its last signal: without this one nobody sees why.
	o.signals = slices.Concat(o.signals[:min(len(o.signals), casefile.MaxSignals-1)],
		[]casefile.Signal{{Name: "without_referrer", Value: value, PointsTo: points}})
}
