package judge

import (
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/net/publicsuffix"

	"vigil/casefile"
)

// Sizes that say what a page can hold. They are counts of visible words and of
// elements, chosen on the templates that hosts, registrars and portals use for such
// pages: those have under 100 words and a logo or two. A page above LongWords has
// content of its own; a phrase in it is a quotation.
const (
	ThinWords  = 120
	ThinLinks  = 15
	ThinImages = 3
	ThinFrames = 1
	LongWords  = 400
	// TerseWords is the most a line of text has that a server says of its own state.
	TerseWords = 20
	// NoticeWords is the most a page says that is a notice and the frame of its site around it.
	NoticeWords = 60
	// UnreadBytes and more without a word were not read to where the content begins: a style, a script
	// or a picture inside the page is longer than one token may be (512 KiB, crawler/fetch).
	UnreadBytes = 512 << 10
	// ListedKinds is in how many ways a page says that it is not there when it is a list of such
	// phrases. A seizure, a takedown or an expiry comes with one more phrase at most.
	ListedKinds = 3
)

// redirectKind is how the answered URL relates to the asked one.
type redirectKind string

const (
	wentNowhere redirectKind = "same_page"    // the asked URL, or its https or www form
	toSameSite  redirectKind = "same_site"    // another page of the site
	toHomepage  redirectKind = "front_page"   // the site's front page, which was not asked for
	toOtherSite redirectKind = "another_site" // another registrable domain
)

// look is one observation with the facts drawn from it.
type look struct {
	o        *casefile.Observation
	in       *Input
	status   int
	f        *casefile.Features // nil when no body was read
	redirect redirectKind
	base     comparison // with the baseline
	decoy    decoyAnswer
	// subdomain is what a name that surely does not exist tells.
	subdomain decoyAnswer
	signals   []casefile.Signal
}

func newLook(o *casefile.Observation, in *Input) look {
	l := look{o: o, in: in, status: o.Answered(), f: o.Features}
	asked := in.Target
	if asked.IsZero() && len(o.Hops) > 0 {
		asked = o.Hops[0].Target
	}
	l.redirect = wayFrom(asked, o.Final().Target)
	l.base = compare(in.Baseline, o.Features)
	l.decoy = l.compareDecoy(asked)
	l.subdomain = l.compareNameDecoy()
	return l
}

// note adds a signal. Values are made of the codes of casefile.SignalCodes.
func (l *look) note(name, value string, to casefile.State) {
	if l.signals == nil {
		l.signals = make([]casefile.Signal, 0, 8)
	}
	if len(l.signals) < casefile.MaxSignals {
		l.signals = append(l.signals, casefile.Signal{Name: name, Value: value, PointsTo: to})
	}
}

// noteFacts writes down the plain facts of an answer, before any rule is tried.
func (l *look) noteFacts() {
	if l.status != 0 {
		l.note("status", strconv.Itoa(l.status), stateOfStatus(l.status))
	}
	l.noteServerError()
	if l.redirect != wentNowhere {
		l.note("redirect", string(l.redirect), redirectPoints[l.redirect])
	}
	if l.f != nil {
		l.note("page", l.size(), "")
		for _, m := range l.f.Markers {
			if to := markerPoints[m]; to != "" {
				l.note("marker", string(m), to)
			}
		}
	}
	if l.base.known {
		l.note("baseline", l.base.String(), l.base.points())
		if l.base.file.sized {
			l.note("file", l.base.file.String(), l.base.points())
		}
	}
	if l.decoy != decoyUnknown {
		l.note("sibling", string(l.decoy), decoyPoints[l.decoy])
	}
	if l.subdomain != decoyUnknown {
		l.note("subdomain", string(l.subdomain), decoyPoints[l.subdomain])
	}
	if kind := l.nameServers(); kind != "" {
		l.note("name_servers", kind, casefile.StateGone)
	}
	if kind := takenServers().address(l.o.Final().Address); kind != "" {
		l.note("address", kind, casefile.StateGone)
	}
	if hold := l.hold(); hold != "" {
		l.note("domain_status", hold, casefile.StateGone)
	}
	if state, to := l.registration(); state != "" {
		l.note("registration", state, to)
	}
}

// size describes a body in numbers.
func (l *look) size() string {
	if !l.f.HTML {
		return fmt.Sprintf("bytes=%d not_html", l.o.BodyBytes)
	}
	f := l.f
	return fmt.Sprintf("bytes=%d words=%d links=%d images=%d embeds=%d", l.o.BodyBytes, f.Words, f.Links, f.Images, f.Media+f.Frames)
}

// empty says that the answer brought nothing that a page could be judged by.
func (l *look) empty() bool {
	f := l.f
	if f == nil {
		return l.o.BodyBytes == 0
	}
	if !f.HTML && l.o.BodyBytes > 0 || l.unread() {
		return false
	}
	return f.Words+f.Images+f.Media+f.Frames+f.Scripts+f.Forms+f.Links == 0 &&
		(f.HTML || f.Digest == "" || l.o.BodyBytes == 0) && len(f.Markers) == 0
}

// unread says that the page is long and nothing of it was understood: what it holds comes after data that
// ended the parsing.
func (l *look) unread() bool {
	f := l.f
	return f != nil && f.HTML && l.o.BodyBytes > UnreadBytes && f.Words+embedded(f) == 0
}

// thin says that the page holds little: what it says of itself may be counted.
func (l *look) thin() bool {
	f := l.f
	return f != nil && f.HTML && f.Words <= ThinWords && f.Links <= ThinLinks &&
		f.Images <= ThinImages && f.Media == 0 && f.Frames <= ThinFrames
}

// markerPoints says where a marker points when the page bears it out.
var markerPoints = func() map[casefile.Marker]casefile.State {
	points := map[casefile.Marker]casefile.State{
		casefile.MarkerNotFound: casefile.StateGone, casefile.MarkerDefaultPage: casefile.StateGone,
		casefile.MarkerEmptyListing: casefile.StateGone, casefile.MarkerMetaRefresh: casefile.StateWithheld,
		casefile.MarkerFailure: casefile.StateSilent,
	}
	for _, a := range absences {
		points[a.phrase], points[a.sign] = casefile.StateGone, casefile.StateGone
	}
	for _, b := range barriers {
		points[b.marker] = casefile.StateWithheld
	}
	return points
}()

func stateOfStatus(status int) casefile.State {
	switch {
	case status/100 == 2:
		return casefile.StateLive
	case status == 404, status == 410:
		return casefile.StateGone
	}
	if reason, ok := refusals[status]; ok {
		return reason.State()
	}
	return casefile.StateSilent
}

// redirectPoints says where another URL than the asked one points.
var redirectPoints = map[redirectKind]casefile.State{
	toHomepage: casefile.StateGone, toOtherSite: casefile.StateChanged, toSameSite: casefile.StateLive,
}

// wayFrom compares the URL that was asked for with the one that answered.
func wayFrom(asked, final casefile.Target) redirectKind {
	if asked.IsZero() || final.IsZero() || asked.URL() == final.URL() {
		return wentNowhere
	}
	if !SameSite(asked.Host(), final.Host()) {
		return toOtherSite
	}
	switch {
	case frontPage(final) && !frontPage(asked):
		return toHomepage
	case asked.Path() == final.Path() && strings.TrimPrefix(asked.Host(), "www.") == strings.TrimPrefix(final.Host(), "www."):
		return wentNowhere
	}
	return toSameSite
}

// SameSite says whether two hosts belong to one registrable domain, by the Public
// Suffix List with its private part: two customers of one platform are two sites.
func SameSite(a, b string) bool {
	if a == b {
		return true
	}
	x, errX := publicsuffix.EffectiveTLDPlusOne(a)
	y, errY := publicsuffix.EffectiveTLDPlusOne(b)
	return errX == nil && errY == nil && x == y // addresses and bare suffixes are errors
}

// frontPage says whether the target is the site's front page: "/" or "/index.*", without a query.
func frontPage(t casefile.Target) bool {
	return !strings.Contains(t.Path(), "?") && rootPath(t)
}

// rootPath is frontPage whatever the query.
func rootPath(t casefile.Target) bool {
	path, _, _ := strings.Cut(t.Path(), "?")
	if path == "/" {
		return true
	}
	name := path[1:]
	return strings.HasPrefix(name, "index.") && !strings.Contains(name, "/") && len(name) <= len("index.")+5
}
