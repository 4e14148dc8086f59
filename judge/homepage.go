package judge

import "vigil/casefile"

// wantsHomepage says whether the answer to the site's front page would help. It would when one short page
// with a way on from it stands at every path and does not say in words that nothing is there: a wall before
// the whole site and a page for what is missing look the same in a language that nobody reads.
func (l *look) wantsHomepage() bool {
	if l.redirect == toOtherSite || l.redirect == toHomepage || !l.wordless() || !l.wall() {
		return false
	}
	_, absent := l.absent()
	_, withheld := l.withheldByPage()
	return !absent && !l.failed() && !withheld && l.byReferral() == casefile.ReasonSoft404 && !l.parkedRatherThanMissing() && !l.asksToPass()
}

// wall says whether the page holds so little, and a way on from it, that it may stand before a site:
// something to agree to, to solve or to click. A line of text may be a server's word on its own state. A page
// with a search box has a site behind it.
func (l *look) wall() bool {
	f := l.f
	return l.thin() && !f.Mentions(casefile.MarkerSearch) && (f.Links+f.Forms+f.Buttons+f.Scripts+f.Frames > 0 || l.terse())
}

// terse says whether the page is a line of text and nothing to go on to.
func (l *look) terse() bool {
	f := l.f
	return f.HTML && f.Words > 0 && f.Words <= TerseWords && f.Links+f.Forms+f.Media+f.Frames == 0 && f.Images <= 1
}

// asksToPass says whether a form or a button stands on the page and little else. A page for what is missing
// has the menu of its site around it.
func (l *look) asksToPass() bool {
	return l.wall() && l.f.Forms+l.f.Buttons > 0 && l.f.Links <= FormLinks
}

// standsBefore says why a page that stands at every path says nothing of the path that was asked for; empty
// when it does: it may stand before the content.
func (l *look) standsBefore() string {
	front := l.in.Homepage
	switch {
	case !l.wall():
	case l.asksToPass():
		return "form_on_every_path"
	case front == nil, front.Fault != nil, front.Status/100 != 2, front.Features == nil:
		return "front_page_unknown"
	case l.similar(front):
		return "same_page_everywhere"
	default:
		l.note("front_page", "another_page", casefile.StateGone)
	}
	return ""
}
