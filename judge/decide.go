package judge

import (
	"vigil/casefile"
)

// refusals are the statuses that withhold or refuse without a word about the
// content (RFC 9110, section 15.5; RFC 6585; RFC 7725 for 451; RFC 4918 for 423).
// Other 4xx statuses fault our way of asking and are silent, protocol_error.
var refusals = map[int]casefile.Reason{
	401: casefile.ReasonLogin,
	402: casefile.ReasonPayment,
	403: casefile.ReasonForbidden,
	407: casefile.ReasonForbidden,
	418: casefile.ReasonForbidden, // how some firewalls turn robots away
	423: casefile.ReasonForbidden,
	429: casefile.ReasonRateLimited,
	451: casefile.ReasonLegalBlock,
}

// absences are the pages that say that the content was taken away, most telling first.
var absences = [...]absence{
	{casefile.MarkerSeized, casefile.MarkerSeizedSign, casefile.ReasonSeized, seizure, true},
	{casefile.MarkerSinkholePhrase, casefile.MarkerSinkhole, casefile.ReasonSinkholed, sinkhole, true},
	{casefile.MarkerTakedown, casefile.MarkerTakedownSign, casefile.ReasonTakedownPage, "", false},
	{casefile.MarkerSuspended, casefile.MarkerSuspendedSign, casefile.ReasonAccountSuspended, "", true},
	{casefile.MarkerParked, casefile.MarkerParkedSign, casefile.ReasonParked, parking, true},
}

// absence is one kind of page that says that the content was taken away.
type absence struct {
	phrase, sign casefile.Marker // in words, and by what it is built of
	reason       casefile.Reason
	answers      string // the kind of name server or address that bears it out
	// wide says that it befalls a whole site: a server that tells missing pages as such speaks against it.
	wide bool
}

// barriers are the pages that stand before the content, most telling first. The
// page must be thin: a page that holds its content beside the barrier is live.
var barriers = []struct {
	marker casefile.Marker
	reason casefile.Reason
}{
	{casefile.MarkerChallenge, casefile.ReasonChallenge},
	{casefile.MarkerReferrer, casefile.ReasonReferrerRequired},
	{casefile.MarkerLegalBlock, casefile.ReasonLegalBlock},
	{casefile.MarkerGeoBlock, casefile.ReasonGeoBlock},
	{casefile.MarkerRateLimit, casefile.ReasonRateLimited},
	{casefile.MarkerLinkExpired, casefile.ReasonLinkExpired},
	{casefile.MarkerPaywall, casefile.ReasonPayment},
	{casefile.MarkerLogin, casefile.ReasonLogin},
	{casefile.MarkerConsent, casefile.ReasonConsent},
	{casefile.MarkerAppShell, casefile.ReasonScriptRequired},
}

// opinion is what one look alone says.
type opinion struct {
	vantage string
	state   casefile.State
	reason  casefile.Reason
	signals []casefile.Signal
	same    bool // of a look without the referrer: the answer is the one that came with it
}

// judgeLook gives the opinion over one look.
func judgeLook(o *casefile.Observation, in *Input) opinion {
	l := newLook(o, in)
	l.noteFacts()
	reason := l.reason()
	return opinion{vantage: o.Vantage, state: reason.State(), reason: reason, signals: l.signals}
}

// reason tries the rules in order: faults, then what is known to be the content, then the status.
func (l *look) reason() casefile.Reason {
	switch {
	case l.o.Fault != nil:
		return l.faulted()
	case l.status == 0: // no fault and no answer: the record is broken, which is our fault
		l.note("answer", "none", casefile.StateSilent)
		return casefile.ReasonInterrupted
	case l.status/100 == 2:
		return l.answered()
	case l.status == 404, l.status == 410:
		return l.missing()
	case l.status/100 == 4:
		return l.refused()
	case l.status/100 == 5:
		return l.broken()
	}
	return casefile.ReasonProtocolError // 1xx and 3xx say nothing when they are the last word
}

// faulted judges a look that did not end with a complete answer. Only the DNS's
// word that the name does not exist is evidence of absence.
func (l *look) faulted() casefile.Reason {
	fault := l.o.Fault
	reason := casefile.Reason(fault.Kind) // each kind has the name of its reason
	if !fault.Kind.Valid() {
		reason = casefile.ReasonInterrupted
	}
	l.note("fault", faultValue(fault), reason.State())
	switch {
	case fault.Kind == casefile.FaultNXDomain && len(l.o.Hops) > 0:
		l.note("redirect", "no_such_name", casefile.StateChanged)
		return casefile.ReasonRedirectedElsewhere
	case (fault.Kind == casefile.FaultNXDomain || fault.Kind == casefile.FaultNoAddress) && len(l.o.Hops) == 0 && l.hold() != "":
		return casefile.ReasonDomainHold
	case fault.Phase == casefile.PhaseBody && l.status/100 == 2 && l.matchesWithSubstance():
		return casefile.ReasonMatchesBaseline // cut off, but enough came to know it again
	}
	return reason
}

// faultValue names kind and phase, and nothing that is not in the closed sets.
func faultValue(f *casefile.Fault) string {
	kind, phase := "unknown", "unknown"
	if f.Kind.Valid() {
		kind = string(f.Kind)
	}
	if f.Phase.Valid() {
		phase = string(f.Phase)
	}
	return kind + " " + phase
}

// answered judges a complete 2xx answer.
func (l *look) answered() casefile.Reason {
	if l.empty() || l.status == 204 || l.status == 205 {
		if l.in.Baseline != nil {
			l.note("body", "empty", casefile.StateChanged)
			return casefile.ReasonContentDiffers
		}
		l.note("body", "empty", casefile.StateSilent)
		return casefile.ReasonProtocolError // an answer without content says nothing
	}
	if l.base.matches() {
		return casefile.ReasonMatchesBaseline
	}
	if reason, ok := l.absent(); ok {
		return reason
	}
	if l.failed() {
		return casefile.ReasonServerError
	}
	notFound := l.f.Mentions(casefile.MarkerNotFound)
	if notFound && l.decoy == decoySimilar {
		return casefile.ReasonSoft404
	}
	barrier, withheld := l.withheldByPage()
	switch {
	case (!withheld || barrier == casefile.ReasonScriptRequired) && l.parked():
		return casefile.ReasonParked
	case withheld:
		return barrier
	}
	switch {
	case l.redirect == toOtherSite:
		return casefile.ReasonRedirectedElsewhere
	case l.redirect == toHomepage:
		return casefile.ReasonRedirectedHome
	case l.decoy == decoySimilar:
		return l.placeholder()
	case l.decoy == decoyShell && l.asksFirst():
		return casefile.ReasonChallenge
	case l.decoy == decoyShell:
		return casefile.ReasonScriptRequired
	case l.saysRemoved() && l.base.differs(): // another page was there, and now a notice with things like it around
		return casefile.ReasonTakedownPage
	case l.saysRemoved() && (l.f.Links >= l.f.Images || l.f.Images > 2*ThinImages):
		// Of the page, with things like it below, or of a part of an album.
		return l.doubt("removed_among_pictures")
	case l.isNew(casefile.MarkerTakedown) && l.bare() && l.f.Words <= TerseWords && l.f.Images <= 1:
		// Below a sign of the site, or below the content.
		return l.doubt("removed_among_pictures")
	case l.base.differs():
		if l.saysNotFound() && l.f.Words <= NoticeWords {
			return casefile.ReasonSoft404 // the page that was there, and now one that says that it is not
		}
		return casefile.ReasonContentDiffers
	case l.saysSuspended():
		return l.doubt("suspended_on_a_standing_site")
	case l.saysNotFound():
		if l.decoy == decoyMissing && embedded(l.f) > 0 && !l.base.known {
			return casefile.ReasonServed // something to see, where missing pages are told as such
		}
		if l.decoy == decoyMissing { // it says so in words, and the server says it otherwise: a person decides
			return l.doubt("missing_in_words_only")
		}
		return casefile.ReasonSoft404
	case l.unset(): // nobody can tell whether there ever was a page
		return l.doubt("nothing_set_up")
	case l.everyName() && l.parkedLander():
		return l.doubt("links_on_every_name")
	}
	return casefile.ReasonServed
}

// doubt leaves to a person what nobody can tell from the answers.
func (l *look) doubt(why string) casefile.Reason {
	l.note("doubt", why, casefile.StateChanged)
	return casefile.ReasonContentDiffers
}

// missing judges a 404 or a 410.
func (l *look) missing() casefile.Reason {
	if l.matchesWithSubstance() { // some servers answer 404 and send the content
		return casefile.ReasonMatchesBaseline
	}
	if reason, ok := l.withheldByPage(); ok && !l.f.Mentions(casefile.MarkerNotFound) {
		switch reason {
		case casefile.ReasonChallenge, casefile.ReasonReferrerRequired, casefile.ReasonGeoBlock, casefile.ReasonLinkExpired:
			return reason
		default: // a 404 with a form or a wall on it is a 404
		}
	}
	if reason, ok := l.absent(); ok {
		return reason
	}
	if l.status == 410 {
		return casefile.ReasonHTTP410
	}
	return casefile.ReasonHTTP404
}

// refused judges the other 4xx statuses: first what the page says of itself, then the status.
func (l *look) refused() casefile.Reason {
	reason, withholds := refusals[l.status]
	switch {
	case !withholds:
		reason = casefile.ReasonProtocolError
	case reason != casefile.ReasonForbidden:
		return reason
	}
	if l.matchesWithSubstance() {
		return casefile.ReasonMatchesBaseline
	}
	if absent, ok := l.absent(); ok {
		return absent
	}
	if by, ok := l.withheldByPage(); ok {
		return by
	}
	return reason
}

// broken judges a 5xx: a server's error says nothing, unless its page says why.
func (l *look) broken() casefile.Reason {
	if l.matchesWithSubstance() {
		return casefile.ReasonMatchesBaseline
	}
	if reason, ok := l.absent(); ok && l.bare() {
		return reason
	}
	if reason, ok := l.withheldByPage(); ok && reason == casefile.ReasonChallenge {
		return reason
	}
	return casefile.ReasonServerError
}

// matchesWithSubstance says whether the page is the baseline's, of an answer whose status or end speaks
// against it: the same bytes, a file that begins as it did, or a near text of enough words.
func (l *look) matchesWithSubstance() bool {
	return !l.empty() && l.base.matches() && (l.base.same || l.base.file.alike || l.f.Words >= SubstanceWords)
}

// bare is thin without any frame that could hold the content.
func (l *look) bare() bool { return l.thin() && l.f.Frames == 0 }

// absent looks for a page that says that the content was taken away: a marker that the baseline did
// not have, and at least one independent trait more. A page that says it in many ways is a list of
// such words, and says nothing.
func (l *look) absent() (casefile.Reason, bool) {
	if l.f == nil || l.f.Words > LongWords || l.kindsOfAbsence() >= ListedKinds {
		return "", false
	}
	for i := range absences {
		a := &absences[i]
		phrase, sign := l.isNew(a.phrase), l.isNew(a.sign)
		if a.phrase == casefile.MarkerSuspended && l.f.Mentions(casefile.MarkerLegalBlock) {
			phrase = false // switched off by an order: others may still see it
		}
		if (phrase || sign) && l.borneOut(a, phrase, sign) {
			return a.reason, true
		}
	}
	return "", false
}

// borneOut says whether a second trait goes with the phrase or the sign of an absence.
func (l *look) borneOut(a *absence, phrase, sign bool) bool {
	switch {
	case l.bare() && phrase && l.f.Asserts(a.phrase) && (!a.wide || !l.contradicted(a)):
		l.note("page", "says_so_itself", casefile.StateGone)
	case l.bare() && sign && l.decoy != decoyMissing, sign && l.redirect != wentNowhere && l.picture():
		l.note("page", "little_else", casefile.StateGone)
	case phrase && sign:
	case l.status == 404, l.status == 410:
	case l.status/100 != 2 && (sign || l.f.Asserts(a.phrase)):
	case l.decoy == decoySimilar:
	case a.answers != "" && l.answers() == a.answers:
	case a.reason == casefile.ReasonParked && sign && l.everyName():
	default:
		return false
	}
	return true
}

// kindsOfAbsence counts in how many ways the page says of itself that it is not there.
func (l *look) kindsOfAbsence() int {
	n := 0
	for i := range absences {
		if l.f.Mentions(absences[i].phrase) {
			n++
		}
	}
	if l.f.Mentions(casefile.MarkerNotFound) {
		n++
	}
	return n
}

// saysNotFound says whether the page says of itself, and little else, that nothing is there.
func (l *look) saysNotFound() bool {
	return l.saysOfItself(casefile.MarkerNotFound) && l.bare() && l.kindsOfAbsence() < ListedKinds
}

// saysRemoved says whether a short page with pictures says that something was removed: the notice of a portal
// that shows other things below it (absent has taken those without), or an album of which a part was removed.
func (l *look) saysRemoved() bool {
	return l.saysOfItself(casefile.MarkerTakedown) && l.f.Words <= NoticeWords && l.f.Media+l.f.Frames == 0 && l.kindsOfAbsence() < ListedKinds
}

// contradicted says whether a missing page of the site does not say what befell the whole site: it is told as
// missing, or it is another page without a trait of that kind.
func (l *look) contradicted(a *absence) bool {
	if l.decoy == decoyOther {
		s := l.in.Decoy.Features
		return !s.Mentions(a.phrase) && !s.Mentions(a.sign)
	}
	return l.decoy == decoyMissing
}

// saysSuspended says whether the page says that an account was suspended on a site that stands: one user's
// account, or a page about one. A person decides.
func (l *look) saysSuspended() bool {
	return l.bare() && l.saysOfItself(casefile.MarkerSuspended) && l.kindsOfAbsence() < ListedKinds &&
		(l.decoy == decoyMissing || l.decoy == decoyOther)
}

// failed says whether the page reports that the server failed or is being mended, whatever its status.
func (l *look) failed() bool {
	return l.thin() && l.saysOfItself(casefile.MarkerFailure)
}

// unset says whether nothing is set up where the page should be: a server's default page, or a list of no
// files. A page of more than a notice must say it of itself: it may quote.
func (l *look) unset() bool {
	return l.isNew(casefile.MarkerEmptyListing) ||
		l.thin() && l.isNew(casefile.MarkerDefaultPage) && (l.f.Words <= NoticeWords || l.f.Asserts(casefile.MarkerDefaultPage))
}

// isNew says whether the page has a marker that the baseline did not have.
func (l *look) isNew(m casefile.Marker) bool { return l.f.Mentions(m) && !l.in.Baseline.Mentions(m) }

// saysOfItself is isNew for what the page does not only mention.
func (l *look) saysOfItself(m casefile.Marker) bool {
	return l.f.Asserts(m) && !l.in.Baseline.Mentions(m)
}

// picture says whether the answer is no page but a file.
func (l *look) picture() bool { return l.f != nil && !l.f.HTML }

// withheldByPage looks for a page that stands before the content.
func (l *look) withheldByPage() (casefile.Reason, bool) {
	if l.o.Final().Challenge {
		l.note("challenge", "headers", casefile.StateWithheld)
		return casefile.ReasonChallenge, true
	}
	if !l.thin() {
		return "", false
	}
	for _, b := range barriers {
		if b.marker == casefile.MarkerLogin && l.loginBox() || b.marker == casefile.MarkerAppShell && l.unread() {
			continue
		}
		if l.isNew(b.marker) {
			return b.reason, true
		}
	}
	if l.isNew(casefile.MarkerMetaRefresh) && l.f.Words <= casefile.RefreshWords {
		return casefile.ReasonScriptRequired, true
	}
	return "", false
}

// loginBox says whether the log-in form is a box of the site's frame: a missing page has it too, is another
// page, and this one does not say that one must log in.
func (l *look) loginBox() bool {
	s := l.in.Decoy
	return s != nil && s.Fault == nil && s.Features != nil && s.Features.Passwords > 0 && l.f.Passwords > 0 &&
		!l.f.Asserts(casefile.MarkerLogin) && !l.similar(s) && !l.sameFrame(s.Features)
}
