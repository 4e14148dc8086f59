package fetch

import (
	"bytes"
	"fmt"
	"io"
	"math/bits"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vigil/casefile"
)

const testMaxBody = 1 << 20

// featuresOf reads a body as a look would.
func featuresOf(s *scratch, body, contentType string) casefile.Features {
	return featuresFrom(s, strings.NewReader(body), contentType)
}

func featuresFrom(s *scratch, body io.Reader, contentType string) casefile.Features {
	var f casefile.Features
	m := &meter{r: body, mac: s.mac, max: testMaxBody}
	s.mac.Reset()
	s.read(m, casefile.Target{}, http.Header{"Content-Type": {contentType}}, true, &f)
	f.Digest = hexSum(s.mac)
	return f
}

func testScratch() *scratch { return newScratch([]byte("a key of a test, 32 bytes long..")) }

func TestFeaturesCountWhatAPageHolds(t *testing.T) {
	t.Parallel()
	body := `<!doctype html><html><head><title> A  Plain
	Title </title><meta http-equiv="Refresh" content="3; url=/next"><script>var words = "not counted";</script><style>p{}</style></head>
	<body><p>Five words of our own</p><a href="/a">link</a><img src="/i"><video></video><iframe></iframe>
	<form><input type="PassWord"><input type=text></form><noscript>hidden</noscript><template>hidden</template></body></html>`
	got := featuresOf(testScratch(), body, "text/html; charset=utf-8")
	want := casefile.Features{
		Digest: got.Digest, SimHash: got.SimHash, Structure: got.Structure, Title: got.Title,
		Words: 6, Elements: 17, Links: 1, Images: 1, Media: 1, Scripts: 1, Forms: 1, Passwords: 1, Frames: 1, HTML: true,
		Markers: []casefile.Marker{casefile.MarkerLogin, casefile.MarkerMetaRefresh},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("features (-want +got):\n%s", diff)
	}
	if len(got.Digest) != 64 || len(got.Title) != 64 || got.SimHash == 0 || got.Structure == 0 {
		t.Errorf("digests %+v", got)
	}
	same := featuresOf(testScratch(), "<title>a plain title</title>", "text/html")
	if same.Title != got.Title {
		t.Error("a title is digested folded in case and space")
	}
	other := featuresOf(newScratch([]byte("another key of a test, 32 bytes.")), body, "text/html; charset=utf-8")
	if other.Digest == got.Digest || other.Title == got.Title {
		t.Error("the digests must depend on the key")
	}
}

func TestMarkers(t *testing.T) {
	t.Parallel()
	filler := strings.Repeat("Words of our own that say nothing. ", 100)
	for _, tt := range []struct {
		name, body string
		want       []casefile.Marker
	}{
		{"plain page", "<p>Words of our own", nil},
		{"phrase", "<p>The <b>page</b> was&nbsp;NOT found; page&#32;not found!", []casefile.Marker{casefile.MarkerNotFound}},
		{"phrase with a typographic apostrophe", "<p>This page isn’t available.", []casefile.Marker{casefile.MarkerNotFound}},
		{"phrase with accents dropped", "<p>Pagina no encontrada", []casefile.Marker{casefile.MarkerNotFound}},
		{"German", "<p>Diese Webseite wurde gesperrt.", []casefile.Marker{casefile.MarkerSuspended}},
		{"French", "<p>Ce contenu a été supprimé.", []casefile.Marker{casefile.MarkerTakedown}},
		{"Spanish", "<p>El dominio está en venta.", []casefile.Marker{casefile.MarkerParked}},
		{"Dutch", "<p>Deze website is in beslag genomen.", []casefile.Marker{casefile.MarkerSeized}},
		{"phrase in the title of a long page", "<title>404 Not Found</title><p>" + filler, []casefile.Marker{casefile.MarkerNotFound}},
		{"phrase in the text of a long page", "<p>404 Not Found" + filler, nil},
		{"phrase split by soft hyphens", "<p>page not fo\u00adund", []casefile.Marker{casefile.MarkerNotFound}},
		{"part of a word", "<p>webpage not foundation", nil},
		{"phrase over the border of title and text", "<title>page not</title>found", nil},
		{"phrase in a script", "<script>page not found</script><p>Words of our own, enough to be no shell of anything", nil},
		{"phrase without scripts", "<noscript>Enable JavaScript and cookies to continue</noscript><p>text", []casefile.Marker{casefile.MarkerChallenge}},
		{"cookie banner on a full page", "<p>Accept cookies to continue" + strings.Repeat(" word", maxPhraseWords), nil},
		{"phrase of titles in a text", "<p>Just a moment", nil},
		{"phrase of titles in a title", "<title>Just a moment...</title>", []casefile.Marker{casefile.MarkerChallenge}},
		{"a post that was deleted", "<p>This message has been deleted by the user. This user has been banned. Report what violates our terms of service.", nil},
		{"cookie wall", "<p>Accept cookies to continue", []casefile.Marker{casefile.MarkerConsent}},
		{"login form", "<form><input type=password></form>", []casefile.Marker{casefile.MarkerLogin}},
		{"login box of a full page", "<form><input type=password></form>" + filler, nil},
		{"shell", "<div id=app></div><script src=a.js></script>", []casefile.Marker{casefile.MarkerAppShell}},
		{"shell with an image", "<img><script src=a.js></script>", nil},
		{"refresh at once", "<meta http-equiv=refresh content='0;url=/a'>word", []casefile.Marker{casefile.MarkerMetaRefresh}},
		{"a search by its type", "<form><input type=SEARCH name=x></form>word word word word word word", []casefile.Marker{casefile.MarkerSearch}},
		{"a search by its name", "<form><input name=Q type=text></form>word word word word word word", []casefile.Marker{casefile.MarkerSearch}},
		{"a form for something else", "<form><input name=colour></form>word word word word word word", nil},
		{"refresh later", "<meta http-equiv=refresh content='6;url=/a'>word", nil},
		{"reload by an empty address", "<meta http-equiv=refresh content='5; url='>word", nil},
		{"reload", "<meta http-equiv=refresh content='5'>word", nil},
	} {
		got := featuresOf(testScratch(), tt.body, "text/html; charset=utf-8")
		if diff := cmp.Diff(tt.want, got.Markers); diff != "" {
			t.Errorf("%s: markers (-want +got):\n%s", tt.name, diff)
		}
	}
}

func TestEncodingsReadAlike(t *testing.T) {
	t.Parallel()
	const text = "<p>Página no encontrada"
	utf16 := []byte{0xff, 0xfe}
	var latin []byte
	for _, r := range text {
		utf16 = append(utf16, byte(r), byte(r>>8))
		latin = append(latin, byte(r))
	}
	want := featuresOf(testScratch(), text, "text/html; charset=utf-8")
	for name, tt := range map[string]struct{ body, contentType string }{
		"latin-1 by header":      {string(latin), "text/html; charset=iso-8859-1"},
		"latin-1 by guess":       {string(latin), "text/html"},
		"UTF-16 by mark":         {string(utf16), "text/html"},
		"UTF-8 unstated":         {text, "text/html"},
		"UTF-8 late in the page": {"<!--" + strings.Repeat(" ", 2000) + "-->" + text, "text/html"},
		"no type at all":         {"<!doctype html>" + text, ""},
	} {
		got := featuresOf(testScratch(), tt.body, tt.contentType)
		if got.SimHash != want.SimHash || !got.Mentions(casefile.MarkerNotFound) || !got.HTML {
			t.Errorf("%s: %+v", name, got)
		}
	}
	meta := featuresOf(testScratch(), `<meta charset="windows-1252">`+string(latin), "text/html")
	if meta.SimHash != want.SimHash {
		t.Error("latin-1 by meta reads otherwise")
	}
}

func TestOtherBodiesHaveDigestAndSizeOnly(t *testing.T) {
	t.Parallel()
	for _, contentType := range []string{"image/png", "image/svg+xml", "application/octet-stream"} {
		got := featuresOf(testScratch(), "<p>page not found", contentType)
		if diff := cmp.Diff(casefile.Features{Digest: got.Digest, Kind: "text/html"}, got); diff != "" || len(got.Digest) != 64 {
			t.Errorf("%s (-want +got):\n%s", contentType, diff)
		}
	}
}

// Text and data without markup have words to compare, and no markers.
func TestTextHasWordsToCompare(t *testing.T) {
	t.Parallel()
	for _, contentType := range []string{"text/plain", "application/json; charset=utf-8", "application/feed+json", "application/rss+xml"} {
		got := featuresOf(testScratch(), "page not found 2026", contentType)
		later := featuresOf(testScratch(), "page not found 2027", contentType)
		if got.HTML || got.Words != 4 || got.SimHash == 0 || len(got.Markers) > 0 {
			t.Errorf("%s: %+v", contentType, got)
		}
		if got.SimHash != later.SimHash || got.Digest == later.Digest {
			t.Errorf("%s: another number is another text, or the same bytes", contentType)
		}
	}
	long := strings.Repeat("kettle ", 3*drainBuffer)
	if got := featuresOf(testScratch(), long, "text/plain"); got.Words < 3*drainBuffer || got.Words > 3*drainBuffer+24 {
		t.Errorf("%d words of %d; one more a cut at most", got.Words, 3*drainBuffer)
	}
}

// A page says a phrase of itself in its title, in a heading, or in a short block of a short page; in
// a long block, on a long page, or after the content of the page, it may tell of another page or of a part of this one.
func TestWhatAPageSaysOfItself(t *testing.T) {
	t.Parallel()
	const phrase = "this content has been removed"
	filler := func(n int) string { return strings.Repeat(" kettle", n) }
	for name, tt := range map[string]struct {
		body string
		want bool
	}{
		"in the title":                       {"<title>This content has been removed</title><p>" + filler(90), true},
		"in a heading":                       {"<h2>" + phrase + "</h2><p>" + filler(90), true},
		"in a heading with a mark-up":        {"<h1>Sorry, <b>" + phrase + "</b></h1><p>" + filler(90), true},
		"in a short block":                   {"<div>" + phrase + "</div><p>" + filler(20) + "</p>", true},
		"in a short block after a few words": {"<p>" + filler(7) + "</p><div>" + phrase + "</div>", true},
		"in a short block after a menu":      {"<p><a href=/>" + filler(20) + "</a></p><div>" + phrase + "</div>", true},
		"in a short block after a heading":   {"<h1>" + filler(10) + "</h1><div>" + phrase + "</div>", true},
		"in a short block after a logo":      {"<a href=/><img src=l.png></a><div>" + phrase + "</div>", true},
		"in a short block after the content": {"<p>" + filler(20) + "</p><div>" + phrase + "</div>", false},
		"in a short block after a picture":   {"<div><img src=1.jpg></div><div>" + phrase + "</div>", false},
		"in a short block of a longer page":  {"<p>" + filler(90) + "</p><div>" + phrase + "</div>", false},
		"in a long block":                    {"<p>" + filler(20) + " " + phrase + filler(20), false},
		"in a long block before a heading":   {"<p>" + filler(20) + " " + phrase + filler(20) + "<h1>Mill</h1>", false},
		"in a short block before a heading":  {"<p>" + phrase + "<h1>Mill</h1><p>" + filler(90), false},
		"in a block of lines":                {"<p>" + filler(20) + "<br>" + phrase + "<br>" + filler(20), false},
		"in an item of a list":               {"<ul><li>" + phrase + "</li></ul>", false},
		"in a quotation":                     {"<blockquote>" + phrase + "</blockquote>", false},
		"for those without scripts":          {"<noscript>" + phrase + "</noscript><p>" + filler(20), false},
	} {
		got := featuresOf(testScratch(), tt.body, "text/html; charset=utf-8")
		if got.Asserts(casefile.MarkerTakedown) != tt.want {
			t.Errorf("%s: said %v of %v", name, got.Asserted, got.Markers)
		}
	}
}

// Near pages differ in few bits, other pages in about half of them.
func TestSimHashTellsNearFromFar(t *testing.T) {
	t.Parallel()
	page := func(seed, words int) string {
		var b strings.Builder
		for i := range words {
			fmt.Fprintf(&b, "word%s%s ", string(rune('a'+(i*seed)%23)), string(rune('a'+(i*i+seed)%19)))
		}
		return b.String()
	}
	s := testScratch()
	of := func(body string) uint64 { return featuresOf(s, "<p>"+body, "text/html; charset=utf-8").SimHash }
	base := page(3, 300)
	near := strings.Replace(base, "word", "other", 3)
	if d := bits.OnesCount64(of(base) ^ of(near)); d > 8 {
		t.Errorf("a page with three other words differs in %d bits", d)
	}
	if d := bits.OnesCount64(of(base) ^ of(page(7, 300))); d < 12 {
		t.Errorf("another page differs in %d bits", d)
	}
	if of("Report 123 of 24 November 2026") != of("Report 98765 of 1 November 1999") {
		t.Error("numbers must not matter")
	}
	if of("") != 0 {
		t.Error("a page without words has no simhash")
	}
}

func TestTheBitPlanesCountAsCountersWould(t *testing.T) {
	t.Parallel()
	var s simhash
	var plain [64]int
	count := func(h uint64) {
		for bit := range plain {
			plain[bit] += int(h >> bit & 1)
		}
	}
	var last uint64
	const words = 5001
	for i := range words {
		h := mix(uint64(i%700) + 1)
		s.word(h)
		count(mix(h))
		if last != 0 {
			count(mix(last ^ bits.RotateLeft64(h, 31)))
		}
		last = h
	}
	var want uint64
	for bit, n := range plain {
		if 2*n > 2*words-1 {
			want |= 1 << bit
		}
	}
	if got := s.sum(); got != want || s.n != 2*words-1 {
		t.Errorf("sum %x of %d, want %x", got, s.n, want)
	}
}

func TestMalformedTraitsAreRefused(t *testing.T) {
	t.Parallel()
	if _, err := newMatcher(traitsCSV, formsCSV, signsCSV); err != nil {
		t.Fatal(err)
	}
	const head = "a,b,c,d,e,f\n"
	if _, err := newMatcher(head+"not_found_phrase,en,two words,page,s,2026-11-23", head, head+"parked_sign,tag,two words,bare,s,2026-11-23"); err != nil {
		t.Fatal(err)
	}
	for name, row := range map[string]string{
		"marker that is unknown": "no_marker,en,two words,page,s,2026-11-23", "phrase of one word": "not_found_phrase,en,one,page,s,2026-11-23",
		"phrase without end": "not_found_phrase,en," + strings.Repeat("a ", longestPhrase+1) + ",page,s,2026-11-23", "place that is unknown": "not_found_phrase,en,two words,nowhere,s,2026-11-23",
		"date that is none": "not_found_phrase,en,two words,page,s,yesterday", "row that is short": "1,2,3",
	} {
		if _, err := newMatcher(head+row, head, head); err == nil {
			t.Errorf("phrases: a %s was accepted", name)
		}
	}
	for name, row := range map[string]string{
		"marker that is unknown": "no_marker,tag,two words,page,s,2026-11-23", "place that is unknown": "parked_sign,nowhere,two words,page,s,2026-11-23", "weight that is unknown": "parked_sign,tag,two words,often,s,2026-11-23",
		"header without a name": "challenge_page,header,: x,page,s,2026-11-23", "header of an unknown marker": "no_marker,header,X-A,page,s,2026-11-23",
	} {
		if _, err := newMatcher(head, head, head+row); err == nil {
			t.Errorf("signs: a %s was accepted", name)
		}
	}
}

func FuzzFeatures(f *testing.F) {
	for _, seed := range []string{"<p>page not found", "<title><title></title>", "<script>", "<meta http-equiv=refresh content=';'>", "\xff\xfe<\x00", "<template></template></template><noscript>", "<!--", "&#x10ffff;&#0;", "<input type", "<plaintext>"} {
		f.Add([]byte(seed), "text/html")
	}
	f.Add([]byte("<p>\x1b$B"), "text/html; charset=iso-2022-jp")
	f.Add([]byte("<?xml version='1.0'?><Error><Code>NoSuchKey</Code>"), "application/xml")
	f.Add([]byte("<title>Index of /</title><a href='../'><a href=?C=N>"), "text/html")
	f.Add([]byte("<html data-adblockkey=1><script>window.park</script><!-- sinkhole by -->ﾍﾟｰｼﾞ"), "text/html")
	s := testScratch()
	f.Fuzz(func(t *testing.T, body []byte, contentType string) {
		first := featuresOf(s, string(body), contentType)
		if again := featuresOf(s, string(body), contentType); !cmp.Equal(first, again) {
			t.Fatalf("features depend on what was read before:\n%s", cmp.Diff(first, again))
		}
		for _, m := range first.Markers {
			if !m.Valid() {
				t.Fatalf("marker %q", m)
			}
		}
	})
}

// benchPage is a page of about 20 KiB of words and markup.
func benchPage() []byte {
	var b bytes.Buffer
	b.WriteString("<!doctype html><html><head><title>A page of our own</title><meta charset=utf-8></head><body>")
	for i := 0; b.Len() < 20<<10; i++ {
		fmt.Fprintf(&b, "<div class=\"row r%d\"><h2>Heading number %d</h2><p>Some <b>harmless</b> words &amp; numbers, as pages have them, with a <a href=\"/page/%d\">link to another</a>.</p></div>\n", i, i, i)
	}
	return b.Bytes()
}

func BenchmarkFeatures(b *testing.B) {
	page := benchPage()
	s := testScratch()
	h := http.Header{"Content-Type": {"text/html; charset=utf-8"}}
	r := bytes.NewReader(page)
	b.SetBytes(int64(len(page)))
	b.ReportAllocs()
	for b.Loop() {
		var f casefile.Features
		r.Reset(page)
		s.mac.Reset()
		m := &meter{r: r, mac: s.mac, max: testMaxBody}
		s.read(m, casefile.Target{}, h, true, &f)
		f.Digest = hexSum(s.mac)
		if f.Words == 0 || m.n != int64(len(page)) {
			b.Fatal("nothing was read")
		}
	}
}

// A page that repeats the long random name it was asked for has the text of one that does not.
func TestAnEchoedNameIsNoText(t *testing.T) {
	t.Parallel()
	page := func(name string) string {
		return "<title>" + name + "</title><h1>" + name + "</h1><p>" + strings.Repeat("cheap flights and used bicycles near the sea ", 3)
	}
	look := func(url, name string) casefile.Features {
		s := newScratch(make([]byte, minKey))
		f := casefile.Features{}
		s.read(&meter{r: strings.NewReader(page(name)), mac: s.mac, max: 1 << 20}, mustTarget(t, url), http.Header{"Content-Type": {"text/html"}}, true, &f)
		return f
	}
	plain := look("http://site-1.example/", "")
	echoed := look("http://tocewprcizrxhrdsyoefnoktgx.site-1.example/tocewprcizrxhrdsyoefnoktgx", "tocewprcizrxhrdsyoefnoktgx")
	if plain.SimHash != echoed.SimHash || plain.Words+1 != echoed.Words {
		t.Errorf("text %x and %x, %d and %d words", plain.SimHash, echoed.SimHash, plain.Words, echoed.Words)
	}
	if other := look("http://site-1.example/", "tocewprcizrxhrdsyoefnoktgx"); other.SimHash == plain.SimHash {
		t.Error("a name that is not the address's counts for nothing")
	}
}
