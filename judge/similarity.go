package judge

import (
	"math/bits"
	"strconv"

	"vigil/casefile"
)

// Thresholds of likeness between two pages. A pair of unrelated texts differs in 32
// of 64 simhash bits, give or take 4; under 8 by chance once in ten billion pairs
// (binomial). Manku, Jain, Das Sarma: Detecting Near-Duplicates for Web Crawling, WWW
// 2007, take 3 bits among eight billion pages; we compare one pair and may take more.
const (
	// MatchScore and above the page is the baseline's: a counter, a date or an advertisement changed.
	MatchScore = 0.75
	// DifferScore and above the page may still be the baseline's: dynamic pages stay live. Below
	// it text, title, structure and sizes are all strange.
	DifferScore = 0.40
	// StrangeBits and above two texts share no more than chance gives (2 of 100 unrelated pairs differ in
	// fewer). With enough words the page is then another one, whatever its template.
	StrangeBits = 24
	// AlikeBits is the most that the text of a page may differ from its decoy's: both may echo the asked
	// path.
	SimilarBits = 8
	// TextWords is the least number of words for which a simhash says anything.
	TextWords = 8
	// SubstanceWords is the least number of words a body must have for a near match to overrule a
	// status that says otherwise, or a broken connection.
	SubstanceWords = 20
	// ShellWords is the most a page says that is built in the browser, when it is the same for every path.
	ShellWords = 60
	// FormLinks is the most links beside a form that stands before a page. A site's menu has more.
	FormLinks = 5
)

// Weights of the parts of a score. They add up to 1; a part that neither page has is left out.
const (
	weightText      = 0.5
	weightTitle     = 0.2
	weightStructure = 0.1
	weightSizes     = 0.2
)

// comparison is how a page relates to another one.
type comparison struct {
	known   bool    // there were two to compare
	same    bool    // the same bytes
	html    bool    // both are HTML
	text    bool    // both are text or data without markup, of enough words to compare
	file    filed   // how two files relate
	lost    bool    // all images and embeds of the first are missing in the second
	strange bool    // the texts have nothing in common
	score   float64 // 0 strange, 1 the same; 0 when they cannot be compared
}

// compare says how like b, the later one, is to a.
func compare(a, b *casefile.Features) comparison {
	if a == nil || b == nil {
		return comparison{}
	}
	c := comparison{known: true, same: a.Digest != "" && a.Digest == b.Digest, html: a.HTML && b.HTML}
	c.text = !a.HTML && !b.HTML && min(a.Words, b.Words) >= TextWords
	c.lost = a.HTML && embedded(a) > 0 && embedded(b) == 0
	switch {
	case c.same:
		c.score, c.lost = 1, false
	case c.text: // a log grows, a feed and an answer in JSON bear the time
		c.score = (1-weightSizes)*max(0, 1-float64(textBits(a, b))/StrangeBits) + weightSizes*ratio(a.Words, b.Words)
	case !a.HTML && !b.HTML:
		c.file = compareFiles(a, b)
		c.score = c.file.share
	case c.html:
		c.score = score(a, b)
		c.strange = min(a.Words, b.Words) >= SubstanceWords && textBits(a, b) >= StrangeBits
	}
	return c
}

func (c comparison) matches() bool {
	return c.known && (c.same || c.file.alike || (c.html || c.text) && c.score >= MatchScore && !c.lost && !c.strange)
}

func (c comparison) differs() bool {
	return c.known && !c.same && !c.file.alike && (!c.html && !c.text || c.lost || c.strange || c.score < DifferScore)
}

func (c comparison) points() casefile.State {
	if c.differs() {
		return casefile.StateChanged
	}
	return casefile.StateLive
}

// String is the comparison as codes and numbers.
func (c comparison) String() string {
	if c.same {
		return "same_bytes"
	}
	if c.file.alike {
		return "same_beginning"
	}
	if !c.html && !c.text {
		return "other_bytes"
	}
	s := "similarity=" + strconv.FormatFloat(c.score, 'f', 2, 64)
	if c.lost {
		s += " embeds_gone"
	}
	if c.strange {
		s += " other_text"
	}
	return s
}

// textBits is in how many of 64 bits the texts' simhashes differ.
func textBits(a, b *casefile.Features) int { return bits.OnesCount64(a.SimHash ^ b.SimHash) }

// embedded counts what a page shows besides text.
func embedded(f *casefile.Features) int { return f.Images + f.Media + f.Frames }

// score is the weighted likeness of two HTML pages, 0 to 1.
func score(a, b *casefile.Features) float64 {
	sum, weight := 0.0, 0.0
	add := func(w, v float64) { sum += w * v; weight += w }
	if max(a.Words, b.Words) >= TextWords {
		add(weightText, max(0, 1-float64(textBits(a, b))/StrangeBits))
	}
	if a.Title != "" || b.Title != "" {
		add(weightTitle, equal(a.Title == b.Title))
	}
	add(weightStructure, equal(a.Structure == b.Structure))
	add(weightSizes, (ratio(a.Words, b.Words)+ratio(a.Elements, b.Elements)+ratio(embedded(a), embedded(b)))/3)
	return sum / weight
}

func equal(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}

// ratio of the smaller to the larger count; 1 when both are none.
func ratio(a, b int) float64 {
	a, b = max(a, 0), max(b, 0)
	if a == b {
		return 1
	}
	return float64(min(a, b)) / float64(max(a, b))
}

// decoyAnswer is what the answer to a path, or a name, that surely does not exist tells about the target's.
type decoyAnswer string

const (
	decoyUnknown   decoyAnswer = ""             // not asked, not answered, or no use
	decoyMissing   decoyAnswer = "told_missing" // 404 or 410
	decoyNoAddress decoyAnswer = "no_address"   // the name has none
	decoySimilar   decoyAnswer = "same_page"    // soft 404; of a name: a wildcard, and one page for all
	decoyShell     decoyAnswer = "same_shell"   // proves nothing
	decoyOther     decoyAnswer = "another_page" //
)

// decoyPoints says where an answer to a decoy points.
var decoyPoints = map[decoyAnswer]casefile.State{
	decoySimilar: casefile.StateGone, decoyShell: casefile.StateWithheld,
	decoyMissing: casefile.StateLive, decoyNoAddress: casefile.StateLive, decoyOther: casefile.StateLive,
}

// compareDecoy compares the page with the decoy's: statuses on the way, text,
// structure, title and sizes (Bar-Yossef and others: Sic transit gloria telae, WWW 2004).
func (l *look) compareDecoy(asked casefile.Target) decoyAnswer {
	s := l.in.Decoy
	if s == nil || s.Fault != nil || asked.IsZero() || rootPath(asked) {
		return decoyUnknown
	}
	sl := look{o: s, in: &Input{}, status: s.Answered(), f: s.Features}
	switch {
	case sl.status == 404, sl.status == 410:
		return decoyMissing
	case sl.status != l.status || l.f == nil || sl.f == nil || sl.empty() || l.empty():
		return decoyUnknown
	}
	notFound := l.f.Mentions(casefile.MarkerNotFound)
	if _, withheld := sl.withheldByPage(); withheld && !notFound {
		if sl.f.Mentions(casefile.MarkerAppShell) && l.similar(s) {
			return decoyShell
		}
		return decoyUnknown
	}
	if !l.similar(s) {
		if !notFound && !l.saysGone() && l.asksFirst() && l.sameFrame(s.Features) {
			return decoyShell // a puzzle has another picture each time
		}
		return decoyOther
	}
	if !notFound && !l.saysGone() && l.fillsLater() {
		return decoyShell
	}
	return decoySimilar
}

// wordless says whether the answer is the same for every path and does not say that nothing is there.
func (l *look) wordless() bool {
	return l.decoy == decoySimilar && !l.f.Mentions(casefile.MarkerNotFound) && !l.saysGone()
}

// placeholder judges one answer for every path. Without words it may also be meant for those who come
// directly: then it is another one for those who come by way of the site. Or it stands before the whole site,
// or for it.
func (l *look) placeholder() casefile.Reason {
	reason := casefile.ReasonSoft404
	if l.wordless() {
		reason = l.byReferral()
	}
	switch {
	case reason != casefile.ReasonSoft404:
		return reason
	case l.parkedRatherThanMissing():
		return casefile.ReasonParked
	case l.wordless():
		if why := l.standsBefore(); why != "" {
			return l.doubt(why)
		}
	}
	return casefile.ReasonSoft404
}

// byReferral judges one answer for every path by what those get who come by way of the site.
func (l *look) byReferral() casefile.Reason {
	r := l.in.SameSiteReferrer
	switch {
	case r == nil:
		if l.picture() { // a picture says nothing of itself
			return l.doubt("file_on_every_path")
		}
		return casefile.ReasonSoft404
	case r.Fault != nil:
	case r.Status == 404, r.Status == 410:
		l.note("referred", "told_missing", casefile.StateGone)
		return casefile.ReasonSoft404
	case r.Status/100 != 2 || r.Features == nil:
	case l.similar(r):
		l.note("referred", "same_page", casefile.StateGone)
		return casefile.ReasonSoft404
	default:
		l.note("referred", "another_page", casefile.StateWithheld)
		return casefile.ReasonReferrerRequired
	}
	l.note("referred", "no_answer", casefile.StateChanged)
	return casefile.ReasonContentDiffers
}

// saysGone says whether the page bears a trait of absence, one among others.
func (l *look) saysGone() bool {
	for i := range absences {
		if l.f.Mentions(absences[i].phrase) || l.f.Mentions(absences[i].sign) {
			return true
		}
	}
	return l.f.Mentions(casefile.MarkerDefaultPage)
}

// fillsLater says whether what the path holds may come after the page: by scripts, from a frame, or
// once the browser was sent on. Such a page is the same for every path, and proves nothing.
func (l *look) fillsLater() bool {
	f := l.f
	return l.asksFirst() || l.unread() ||
		f.HTML && f.Words <= ShellWords && (f.Scripts > 0 || f.Frames > 0 || f.Mentions(casefile.MarkerMetaRefresh))
}

// asksFirst says whether the page is a picture and a form, and little else: a puzzle to solve, or a word to
// copy.
func (l *look) asksFirst() bool {
	f := l.f
	return l.thin() && f.Words <= ShellWords && f.Links <= FormLinks && f.Forms > 0 && f.Images > 0
}

// sameFrame says whether two pages are built alike, whatever they hold.
func (l *look) sameFrame(b *casefile.Features) bool {
	a := l.f
	return b != nil && a.Title == b.Title && a.Structure == b.Structure && within(a.Words, b.Words)
}

// alike says whether target and decoy got one and the same answer.
func (l *look) similar(s *casefile.Observation) bool {
	a, b := l.f, s.Features
	for i := range min(len(l.o.Hops), len(s.Hops)) {
		if l.o.Hops[i].Status != s.Hops[i].Status {
			return false
		}
	}
	if a.Digest != "" && a.Digest == b.Digest {
		return true
	}
	if !a.HTML || !b.HTML || embedded(a) > embedded(b) {
		return false
	}
	// A page that only wraps a picture by its name looks the same for every name: then it must also say that
	// nothing is there.
	if embedded(a) > 0 && !a.Mentions(casefile.MarkerNotFound) && !l.saysGone() {
		return false
	}
	if !within(a.Words, b.Words) || !within(a.Elements, b.Elements) || a.Title != b.Title && a.Structure != b.Structure {
		return false
	}
	if max(a.Words, b.Words) < SubstanceWords { // an echoed path upsets the simhash of so few words
		return a.Structure == b.Structure && a.Mentions(casefile.MarkerNotFound) == b.Mentions(casefile.MarkerNotFound)
	}
	return textBits(a, b) <= SimilarBits
}

// within says whether two counts fall into one length bucket: a tenth, or five, apart.
func within(a, b int) bool {
	d := max(a, b) - min(a, b)
	return d <= 5 || d*10 <= max(a, b)
}
