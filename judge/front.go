package judge

import "vigil/casefile"

// WantsFront says whether the answer to the site's front page would help to judge o, a look at the
// target of in. It would when one short page stands at every path and does not say in words that nothing
// is there: a wall before the whole site, a note that it is being mended and a page for
// what is missing look the same in a language that nobody reads. Of in it reads Target, Baseline,
// Sibling and Referred.
func WantsFront(o casefile.Observation, in Input) bool {
	if o.Fault != nil || o.Purpose.Beside() || in.Target.IsZero() {
		return false
	}
	in.Front = nil
	l := newLook(&o, &in)
	if l.status/100 != 2 || l.empty() || l.matchesBaseline() || l.way == wentElsewhere || l.way == wentHome || !l.wordless() || !l.slight() {
		return false
	}
	if _, absent := l.absent(); absent || l.failed() {
		return false
	}
	if _, withheld := l.withheldByPage(); withheld {
		return false
	}
	return l.byReferral() == casefile.ReasonSoft404 && !l.parkedRatherThanMissing() && !l.asksToPass()
}

// slight says whether the answer holds so little that it may stand before a site or for a whole site. A page
// with a search box has a site behind it.
func (l *look) slight() bool {
	return l.thin() && !l.f.Has(casefile.MarkerSearch) || l.picture()
}

// asksToPass says whether a form stands on the page and little else: something to agree to, to fill in or to solve.
// A page for what is missing has the menu of its site around its form.
func (l *look) asksToPass() bool {
	return l.slight() && l.f.Forms > 0 && l.f.Links <= FormLinks
}

// standsBefore says why a page that stands at every path says nothing of the path that was asked for; empty when it does:
// it may stand before the matter, or for a site that is out of order.
func (l *look) standsBefore() string {
	front := l.in.Front
	switch {
	case !l.slight():
	case l.asksToPass():
		return "a form for every path"
	case front == nil, front.Fault != nil, front.Status/100 != 2, front.Features == nil:
		return "the front page tells nothing"
	case l.alike(front):
		return "one page for the whole site"
	default:
		l.note("front_page", "another page", casefile.StateGone)
	}
	return ""
}
