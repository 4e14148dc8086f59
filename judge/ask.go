package judge

import (
	"slices"
	"strings"

	"vigil/casefile"
)

// probe is one of them.
type probe struct {
	purpose casefile.Purpose
	at      func(t casefile.Target, label string) casefile.Target // zero: there is nothing to look at
	wants   func(*look) bool                                      // of an answer with a 2xx status that is not the known page
}

// probes are the looks beside those at the target that help to judge it, in the order in which they are
// asked: a later one is asked only where the answers to those before it leave something open.
var probes = []probe{
	{casefile.PurposeDecoy, casefile.Target.Decoy, (*look).wantsDecoy},
	// Hosts put a placeholder in the place of pictures that other sites show: the same answer for every path,
	// which does not say that nothing is there.
	{casefile.PurposeSameSiteReferrer, func(t casefile.Target, _ string) casefile.Target { return t }, (*look).wordless},
	{casefile.PurposeSubdomain, Subdomain, (*look).wantsSubdomain},
	{casefile.PurposeHomepage, func(t casefile.Target, _ string) casefile.Target { return t.Home() }, (*look).wantsHomepage},
}

// Probes are their purposes, in the same order.
func Probes() (all []casefile.Purpose) {
	for _, p := range probes {
		all = append(all, p.purpose)
	}
	return all
}

// NextProbe gives the look of one of the Probes that would help to judge in, and the vantage to make it from:
// that of the first look at the target for which it would. ok is false when it would help none.
//
// referrer is the one recorded for the target, zero for none: as a rule it is sent along, because answers are
// compared with those that came with it. label is for what surely does not exist: random lower-case letters
// and digits. Digits become letters: a page that repeats the name it was asked for then has one word more for
// each time, and not several.
func (in Input) NextProbe(purpose casefile.Purpose, referrer casefile.Target, label string) (s casefile.Subject, from string, ok bool) {
	at := slices.IndexFunc(probes, func(p probe) bool { return p.purpose == purpose })
	if at < 0 {
		return s, "", false
	}
	*in.answerTo(purpose) = nil
	for i := range in.Observations {
		o := &in.Observations[i]
		if o.Purpose.IsProbe() || o.Fault != nil || in.Target.IsZero() {
			continue
		}
		if l := newLook(o, &in); l.status/100 != 2 || l.empty() || l.base.matches() || !probes[at].wants(&l) {
			continue
		}
		s = casefile.Subject{Target: probes[at].at(in.Target, strings.Map(asLetter, label)), Purpose: purpose}
		if purpose == casefile.PurposeSameSiteReferrer {
			referrer = in.Target.Home()
		} else if !in.Target.Replays(referrer) {
			referrer = casefile.Target{}
		}
		if s.Target.Replays(referrer) {
			s.Referrer = referrer
		}
		return s, o.Vantage, !s.Target.IsZero()
	}
	return s, "", false
}

func asLetter(r rune) rune {
	if '0' <= r && r <= '9' {
		return 'a' + r - '0'
	}
	return r
}

// answerTo is where the answer to a probe is kept; nil for other purposes.
func (in *Input) answerTo(p casefile.Purpose) **casefile.Observation {
	switch p {
	case casefile.PurposeDecoy:
		return &in.Decoy
	case casefile.PurposeSameSiteReferrer:
		return &in.SameSiteReferrer
	case casefile.PurposeSubdomain:
		return &in.Subdomain
	case casefile.PurposeHomepage:
		return &in.Homepage
	default:
		return nil
	}
}
