package judge

import (
	"slices"
	"strings"

	"vigil/casefile"
)

// Questions are the purposes of the looks beside those at the target that help to judge it, in the order in
// which they are asked: a later one is asked only where the answers to those before it leave something open.
func Probes() []casefile.Purpose {
	return []casefile.Purpose{casefile.PurposeDecoy, casefile.PurposeSameSiteReferrer, casefile.PurposeSubdomain, casefile.PurposeHomepage}
}

// Ask gives the look of one of the Questions that would help to judge in, and the vantage to make it from: that
// of the first look at the target for which it would. ok is false when it would help none.
//
// referrer is the one recorded for the target, zero for none: as a rule it is sent along, because answers are compared
// with those that came with it. label is for what surely does not exist: random lower-case letters and digits. Digits become letters:
// a page that repeats the name it was asked for then has one word more for each time, and not several.
func (in Input) NextProbe(purpose casefile.Purpose, referrer casefile.Target, label string) (s casefile.Subject, from string, ok bool) {
	i := slices.IndexFunc(in.Observations, func(o casefile.Observation) bool { return !o.Purpose.IsProbe() && in.wants(purpose, o) })
	if i < 0 {
		return s, "", false
	}
	label = strings.Map(asLetter, label)
	s = casefile.Subject{Referrer: referrer, Purpose: purpose}
	if !in.Target.Replays(referrer) {
		s.Referrer = casefile.Target{}
	}
	switch purpose {
	case casefile.PurposeDecoy:
		s.Target = in.Target.Decoy(label)
	case casefile.PurposeSameSiteReferrer:
		s.Target, s.Referrer = in.Target, in.Target.Home()
	case casefile.PurposeSubdomain:
		s.Target = Subdomain(in.Target, label)
	case casefile.PurposeHomepage:
		s.Target = in.Target.Home()
	case casefile.PurposeTarget, casefile.PurposeWithoutReferrer, casefile.PurposeControl:
	}
	if !s.Target.Replays(s.Referrer) {
		s.Referrer = casefile.Target{}
	}
	return s, in.Observations[i].Vantage, !s.Target.IsZero()
}

func asLetter(r rune) rune {
	if '0' <= r && r <= '9' {
		return 'a' + r - '0'
	}
	return r
}

func (in Input) wants(purpose casefile.Purpose, o casefile.Observation) bool {
	switch purpose {
	case casefile.PurposeDecoy:
		return wantsDecoy(o, in.Target, in.Baseline)
	case casefile.PurposeSameSiteReferrer:
		return wantsSameSiteReferrer(o, in.Target, in.Baseline, in.Decoy)
	case casefile.PurposeSubdomain:
		return wantsSubdomain(o, in)
	case casefile.PurposeHomepage:
		return wantsHomepage(o, in)
	case casefile.PurposeTarget, casefile.PurposeWithoutReferrer, casefile.PurposeControl:
	}
	return false
}
