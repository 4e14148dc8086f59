package fetch

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/charset"

	"vigil/casefile"
)

// Numbers of the markers. They are our own choice, made on the safe side: a judge
// takes a marker as one signal among others.
const (
	maxToken       = 512 << 10 // bytes of one token; a longer one ends the parsing
	sniffBytes     = 1024      // of a page, for its encoding (HTML standard, 13.2.3.2)
	maxPhraseWords = 400       // a longer page talks about a phrase and does not say it
	maxBareWords   = 60        // a longer page has a widget beside its content
	maxLoginWords  = 300       // a longer page has a login box beside its content
	maxShellWords  = 10        // an application shell has hardly any text
	maxRootWords   = 30        // one that says what it is may say that it is loading
	maxRootLinks   = 5
	maxTitleWords  = 64 // of a title are digested
	maxLeadWords   = 7  // outside of links; a block of more, before the one that has the phrase, is the page's content
	maxSaidWords   = 30 // a longer block of text mentions a phrase and does not say it
	maxRefresh     = 5  // seconds of a meta refresh that send visitors on
)

// page is the state of one HTML page while it streams by.
type page struct {
	casefile.Features

	structure uint64
	sim       simhash
	text      tracker
	signs     tracker
	matches   matches
	title     [maxTitleWords]uint64 // hashes of its words
	inTitle   bool
	store     bool // an object store's error document
	listing   listing
	titled    bool   // the first title is over
	echo      uint64 // a word of the address that is no text
	noscript  int
	template  int
	quoted    int // depth of elements that hold what others say
	titleN    int // words of the title
	blockAt   int // words before the block of text under way
	linked    int // words of links
	linkedAt  int // words of links before the block of text under way
	inLink    bool
	onward    string // where a refresh leads to
	search    bool   // there is a field of a search
	signed    int    // bytes that were read for signs
	glyphs    int    // characters of scripts without spaces
}

// read consumes the meter and fills f but for its Digest. The target is the one that answered.
func (s *scratch) read(m *meter, target casefile.Target, h http.Header, understood bool, f *casefile.Features) {
	s.peek.Reset(m)
	marks := headerMarks(h)
	said := markerSet(0)
	marks.remove(casefile.MarkerChallenge) // a fact of the hop, with the markers of the page beside it
	store := understood && isStoreError(h.Get("Content-Type"), s.peek.Peek)
	if store || understood && isHTML(h.Get("Content-Type"), s.peek.Peek) {
		track := tracker{matcher: s.matcher}
		s.page = page{structure: fnvOffset, store: store, text: track, signs: track, echo: echoOf(target)}
		s.page.HTML = true
		s.parse(decoder(s.peek, h.Get("Content-Type")))
		marks |= s.page.marks()
		said = s.page.says()
		s.page.SimHash, s.page.Structure = s.page.sim.sum(), s.page.structure
		*f = s.page.Features
		if where := refreshTo([]byte(h.Get("Refresh"))); where != "" { // the header does what the element does
			marks.add(casefile.MarkerMetaRefresh)
			s.page.onward = where
		}
	}
	if !f.HTML {
		m.prefixes.begin(m.mac, m.n)
		if understood {
			f.Kind = kindOf(s.peek.Peek)
		}
	}
	if !f.HTML && understood && isText(h.Get("Content-Type")) {
		s.page = page{}
		f.Words, f.SimHash = s.page.readText(decoder(s.peek, h.Get("Content-Type")), s.drain)
	}
	m.finish(s.drain)
	f.PrefixDigests = m.prefixes.sums
	marks |= pathMarks(target)
	f.Markers = marks.sorted()
	f.Asserted = (marks & said).sorted()
}

// echoOf is the first word of the address with echoWord letters or more, as a hash: what does not exist is
// named by such words, and a page that repeats the address it was asked for must not look like another page
// for it. 0 for none.
func echoOf(t casefile.Target) (echo uint64) {
	if t.IsZero() {
		return 0
	}
	for word := range strings.FieldsFuncSeq(t.Host()+t.Path(), func(r rune) bool { return r < 'a' || r > 'z' }) {
		if len(word) >= echoWord {
			words([]byte(word), func(hash uint64, _ kind) { echo = hash })
			return echo
		}
	}
	return 0
}

// echoWord is longer than the words of languages that addresses are made of, and shorter than the names of
// what does not exist.
const echoWord = 20

// isHTML goes by the media type; without a usable one it sniffs.
func isHTML(contentType string, peek func(int) ([]byte, error)) bool {
	switch mediaType(contentType) {
	case "text/html", "application/xhtml+xml":
		return true
	case "", "unknown/unknown", "application/unknown", "*/*": // MIME Sniffing standard, section 7
		head, _ := peek(sniffBytes)
		return strings.HasPrefix(http.DetectContentType(head[:min(len(head), 512)]), "text/html")
	}
	return false
}

// isText says whether the media type is of text without markup of its own, or of data written as text:
// JSON (RFC 6839, section 3.1), XML (RFC 7303), playlists (RFC 8216).
func isText(contentType string) bool {
	t := mediaType(contentType)
	switch t {
	case "application/json", "application/xml", "application/vnd.apple.mpegurl", "application/x-mpegurl", "application/dash+xml":
		return true
	}
	return strings.HasPrefix(t, "text/") || strings.HasSuffix(t, "+json") || strings.HasSuffix(t, "+xml") && t != "image/svg+xml"
}

// readText counts the words of a text without markup, and gives their simhash. No phrase is looked up.
// The chunk is always filled, so that a word that is cut in two is cut at the same place in each look.
func (p *page) readText(r io.Reader, chunk []byte) (count int, sum uint64) {
	for {
		n, err := io.ReadFull(r, chunk)
		words(chunk[:n], func(hash uint64, k kind) {
			if k == kindQuote {
				return
			}
			if k == kindNumber {
				hash = fnvOffset
			}
			p.Words++
			p.sim.word(hash)
		})
		if err != nil {
			return p.Words, p.sim.sum()
		}
	}
}

// decoder turns the page into UTF-8: by byte order mark, Content-Type, meta, in
// the HTML standard's order. A page that states nothing is taken as UTF-8 when
// its beginning is valid, and as windows-1252 when it is not.
func decoder(r interface {
	io.Reader
	Peek(int) ([]byte, error)
}, contentType string) io.Reader {
	head, _ := r.Peek(sniffBytes)
	bom := bytes.HasPrefix(head, []byte{0xfe, 0xff}) || bytes.HasPrefix(head, []byte{0xff, 0xfe})
	stated := strings.ToLower(contentType)
	if !bom && (strings.Contains(stated, "utf-8") || strings.Contains(stated, "utf8")) {
		return r
	}
	encoding, name, certain := charset.DetermineEncoding(head, contentType)
	if name == "utf-8" || !certain && validPrefix(head) {
		return r
	}
	return encoding.NewDecoder().Reader(r)
}

// validPrefix says whether b is the beginning of valid UTF-8.
func validPrefix(b []byte) bool {
	for i := 0; i < utf8.UTFMax && len(b) > 0; i++ {
		if utf8.Valid(b) {
			return true
		}
		b = b[:len(b)-1]
	}
	return utf8.Valid(b)
}

// hiding is an element whose text nobody reads.
type hiding uint8

const (
	hidesNothing hiding = iota
	hidesScript
	hidesStyle
)

// parse runs the tokenizer over the page. No tree is built: memory is one token.
func (s *scratch) parse(r io.Reader) {
	p := &s.page
	z := html.NewTokenizer(r)
	z.SetMaxBuf(maxToken)
	hides := hidesNothing
	for {
		switch z.Next() {
		case html.ErrorToken:
			p.endTitle(s)
			p.endBlock("", true)
			return
		case html.TextToken:
			switch {
			case hides == hidesScript:
				p.sign(z.Raw(), inScript)
			case hides == hidesNothing && p.template == 0:
				text := z.Raw()
				if bytes.IndexByte(text, '&') >= 0 {
					text = z.Text() // resolves references, at the price of a copy
				}
				p.read(text)
			}
		case html.StartTagToken, html.SelfClosingTagToken:
			hides = p.start(z)
		case html.EndTagToken:
			hides = hidesNothing
			var name [longestName]byte
			n, _ := tagName(z.Raw(), &name)
			p.endBlock(string(name[:n]), true)
			switch string(name[:n]) {
			case "a":
				p.inLink = false
			case "title":
				p.endTitle(s)
			case "noscript":
				p.noscript = max(p.noscript-1, 0)
			case "template":
				p.template = max(p.template-1, 0)
			case "blockquote", "q", "textarea", "select":
				p.quoted = max(p.quoted-1, 0)
			}
		case html.CommentToken:
			p.sign(z.Raw(), inComment)
		case html.DoctypeToken:
		}
	}
}

// endTitle digests the title's folded words, which read has gathered.
func (p *page) endTitle(s *scratch) {
	if !p.inTitle {
		return
	}
	p.inTitle, p.titled = false, true
	p.matches.endTitle(p.text.n)
	p.text.pause()
	if p.titleN == 0 {
		return
	}
	p.listing.index = p.matches.sure.has(casefile.MarkerListing)
	p.Title = s.titleDigest(p.title[:min(p.titleN, maxTitleWords)])
}

// endBlock ends a block of text at the start or the end of an element that makes one; over is the
// end. Elements within a line make none.
func (p *page) endBlock(element string, over bool) {
	switch element {
	case "", "p", "div", "li", "td", "th", "dt", "dd", "h1", "h2", "h3", "h4", "h5", "h6", "section", "article", "main", "header", "footer",
		"nav", "aside", "form", "ul", "ol", "table", "tr", "body", "center", "figure", "figcaption", "blockquote", "pre", "hr":
		count := p.Words - p.blockAt
		kind := blockPlain
		switch {
		case !over:
		case element == "h1", element == "h2", element == "h3":
			kind = blockHeading
		case element == "li":
			kind = blockItem
		}
		p.matches.endBlock(count, count-(p.linked-p.linkedAt), kind)
		p.blockAt, p.linkedAt = p.Words, p.linked
	}
}

// alone says that the page has nothing to see, to play or to log in to.
func (p *page) alone() bool { return p.Images+p.Media+p.Frames+p.Passwords == 0 }

// shell says whether the page waits for its scripts to fill it: hardly any text, or little of it
// around the empty root element or the excuse of an application. A block of more words is what the scripts
// would have shown.
func (p *page) shell() bool {
	switch {
	case p.Scripts == 0, p.Images+p.Media+p.Forms+p.Frames > 0:
		return false
	case p.Words < maxShellWords:
		return true
	}
	named := (p.matches.bare | p.matches.short).has(casefile.MarkerAppShell)
	return named && !p.matches.told && p.Words <= maxRootWords && p.Links <= maxRootLinks
}

// says are the markers that the page says of itself. An object store's error document says nothing else.
func (p *page) says() markerSet {
	if p.store {
		return ^markerSet(0)
	}
	return p.matches.says(p.Words, p.text.n)
}

// marks are the markers of a page that ended.
func (p *page) marks() markerSet {
	marks := p.matches.count(p.Words, p.text.n, p.alone())
	marks.remove(casefile.MarkerListing) // a title alone may be that of any index
	if m, ok := p.listing.marker(); ok {
		marks.add(m)
	}
	if p.Passwords > 0 && p.Words <= maxLoginWords {
		marks.add(casefile.MarkerLogin)
	}
	marks.remove(casefile.MarkerAppShell)
	if p.shell() && !marks.has(casefile.MarkerChallenge) {
		marks.add(casefile.MarkerAppShell)
	}
	if p.search {
		marks.add(casefile.MarkerSearch)
	}
	if p.onward != "" {
		marks.add(casefile.MarkerMetaRefresh)
	}
	return marks
}
