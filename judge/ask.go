package judge

import (
	"slices"
	"strings"

	"vigil/casefile"
)

// Questions are the purposes of the looks beside those at the target that help to judge it, in the order in
// which they are asked: a later one is asked only where the answers to those before it leave something open.
func Questions() []casefile.Purpose {
	return []casefile.Purpose{casefile.PurposeSibling, casefile.PurposeReferred, casefile.PurposeSubdomain, casefile.PurposeFront}
}

// Ask gives the look of one of the Questions that would help to judge in, and the vantage to make it from: that
// of the first look at the target for which it would. ok is false when it would help none.
//
// referrer is the one recorded for the target, zero for none: as a rule it is sent along, because answers are compared
// with those that came with it. label is for what surely does not exist: random lower-case letters and digits. Digits become letters:
// a page that repeats the name it was asked for then has one word more for each time, and not several.
func (in Input) Ask(purpose casefile.Purpose, referrer casefile.Target, label string) (s casefile.Subject, from string, ok bool) {
	i := slices.IndexFunc(in.Observations, func(o casefile.Observation) bool { return !o.Purpose.Beside() && in.wants(purpose, o) })
	if i < 0 {
		return s, "", false
	}
	label = strings.Map(asLetter, label)
	s = casefile.Subject{Referrer: referrer, Purpose: purpose}
	if !in.Target.Replays(referrer) {
		s.Referrer = casefile.Target{}
	}
	switch purpose {
	case casefile.PurposeSibling:
		s.Target = in.Target.Sibling(label)
	case casefile.PurposeReferred:
		s.Target, s.Referrer = in.Target, in.Target.Home()
	case casefile.PurposeSubdomain:
		s.Target = Subdomain(in.Target, label)
	case casefile.PurposeFront:
		s.Target = in.Target.Home()
	case casefile.PurposeTarget, casefile.PurposeDirect, casefile.PurposeControl:
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
	case casefile.PurposeSibling:
		return wantsSibling(o, in.Target, in.Baseline)
	case casefile.PurposeReferred:
		return wantsReferred(o, in.Target, in.Baseline, in.Sibling)
	case casefile.PurposeSubdomain:
		return wantsSubdomain(o, in)
	case casefile.PurposeFront:
		return wantsFront(o, in)
	case casefile.PurposeTarget, casefile.PurposeDirect, casefile.PurposeControl:
	}
	return false
}
