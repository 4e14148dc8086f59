package fetch

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vigil/casefile"
)

// pageWith builds an answer that shows a sign where the list says that it stands.
func pageWith(where, sign string) string {
	switch where {
	case "script":
		return "<script>" + sign + " = {};</script><p>word"
	case "asset":
		return "<script src='https://" + strings.TrimPrefix(sign, "/") + "'></script><p>word"
	case "comment":
		return "<!-- " + sign + " --><p>word"
	case "store":
		name, text, _ := strings.Cut(sign, " ")
		return "<?xml version=\"1.0\"?><Error><" + name + ">" + text + "</" + name + "></Error>"
	}
	name, value, assigned := strings.Cut(sign, "=")
	if assigned {
		sign = name + "=\"" + strings.ReplaceAll(value, " content=", "\" CONTENT=\"") + "\""
	}
	return "<div CLASS='' " + sign + "></div><script></script><p>word"
}

func TestEverySignIsFound(t *testing.T) {
	t.Parallel()
	for _, row := range rowsOf(t, signsCSV) {
		marker, where, sign := casefile.Marker(row[0]), row[1], row[2]
		var got []casefile.Marker
		switch where {
		case "header":
			name, value, _ := strings.Cut(sign, ":")
			name = http.CanonicalHeaderKey(strings.ReplaceAll(name, "*", "x-"))
			got = headerMarks(http.Header{name: {strings.ToUpper(value) + " more"}}).sorted()
		case "path":
			got = pathMarks(mustTarget(t, "https://www."+strings.TrimPrefix("example/"+sign, "example/imgur.com")+"?a=b")).sorted()
			if strings.Contains(sign, ".com/") {
				got = pathMarks(mustTarget(t, "https://i."+sign)).sorted()
			}
		case "store":
			got = featuresOf(testScratch(), pageWith(where, sign), "application/xml").Markers
		default:
			got = markersOf(pageWith(where, sign))
			if long := markersOf(pageWith(where, sign) + strings.Repeat(" word", maxPhraseWords)); len(long) != 0 {
				t.Errorf("%s %q on a long page gives %v", where, sign, long)
			}
			beside := markersOf(pageWith(where, sign) + "<img src=a>")
			if slices.Contains(beside, marker) != (row[3] == "page") {
				t.Errorf("%s %q, which counts on a %s one, gives %v beside a picture", where, sign, row[3], beside)
			}
			if text := markersOf("<p>" + sign + " and some words of our own that make no shell"); slices.Contains(text, marker) {
				t.Errorf("%q in the text gives %v", sign, text)
			}
		}
		if !slices.Contains(got, marker) {
			t.Errorf("%s %q gives %v, want %s", where, sign, got, marker)
		}
	}
}

// Pages as software makes them, in shape; what they say is made up.
func TestSignsOfWholePages(t *testing.T) {
	t.Parallel()
	photo := "<p>A caption of our own with some words, so that it is a page.</p><img src=a.jpg><a href=/>home</a>"
	for _, tt := range []struct {
		name, body string
		want       []casefile.Marker
	}{
		{"default page of a server", "<title>Welcome to nginx!</title><h1>Welcome</h1>", []casefile.Marker{casefile.MarkerDefaultPage}},
		{"a post about the default page", "<title>A post</title><p>It works, and the page says welcome to nginx!", nil},
		{"the oldest default page", "<html><body><h1>It works!</h1></body></html>", []casefile.Marker{casefile.MarkerDefaultPage}},
		{"a quotation before what looks whole", "<q>Does it run, says she</q> It works", nil},
		{"parked page, in no words", "<html data-adblockkey=\"abc==\"><div id=x></div><script>window.park = {a: 1}</script><p>1<img>", []casefile.Marker{casefile.MarkerParkedSign}},
		{"a picture beside the script of a captcha", "<script src=https://www.google.com/recaptcha/api.js></script>" + photo, nil},
		{"a form with a captcha and nothing else", "<p>One step</p><form><div class=\"g-recaptcha\" data-sitekey=x></div></form>", []casefile.Marker{casefile.MarkerChallenge}},
		{"a log-in form with a captcha", "<form><input type=password><div class=g-recaptcha></div></form>", []casefile.Marker{casefile.MarkerLogin}},
		{"a picture beside a consent script", "<script src=https://cdn.cookielaw.org/x.js></script>" + photo, nil},
		{"the beacon of an edge on a passed page", "<script src=/cdn-cgi/challenge-platform/scripts/jsd/main.js></script>" + photo, nil},
		{"interstitial of an edge, in no language", "<title>....</title><script>window._cf_chl_opt={cvId: '3'}</script>", []casefile.Marker{casefile.MarkerChallenge}},
		{"application that loads", "<div id=\"root\"><p>Please wait, the application is loading its parts for you</div><script src=a.js></script>", []casefile.Marker{casefile.MarkerAppShell}},
		{"application that was rendered by its server", "<div id=\"root\">" + strings.Repeat("<p>Some words of our own.", 10) + "</div><script src=a.js></script><noscript>You need to enable JavaScript to run this app.</noscript>", nil},
		{"a part of a longer name", "<div data-adblockkeys=1><p>word word<script>window.parking = 1</script><img>", nil},
		{"a sign in a link", "<a href=https://parkingcrew.net/>parking</a>" + photo, nil},
		{"an icon with a title", "<svg><title>file</title></svg><p>page not found</p>", []casefile.Marker{casefile.MarkerNotFound}},
	} {
		if diff := cmp.Diff(tt.want, markersOf(tt.body)); diff != "" {
			t.Errorf("%s: markers (-want +got):\n%s", tt.name, diff)
		}
	}
}

func TestErrorDocumentsOfObjectStores(t *testing.T) {
	t.Parallel()
	const prolog = "\ufeff<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	for _, tt := range []struct {
		name, body, contentType string
		want                    []casefile.Marker
		parsed                  bool
	}{
		{"no such key", prolog + "<Error><Code>NoSuchKey</Code><Message>No.</Message><Key>a/b.jpg</Key></Error>", "application/xml", []casefile.Marker{casefile.MarkerNotFound}, true},
		{"no such bucket, without a message", "<Error><Code>NoSuchBucket</Code><BucketName>example</BucketName></Error>", "text/xml; charset=utf-8", []casefile.Marker{casefile.MarkerNotFound}, true},
		{"no such key, without a type", prolog + "<Error><Code>NoSuchKey</Code></Error>", "", []casefile.Marker{casefile.MarkerNotFound}, true},
		{"an expired link", prolog + "<Error><Code>AccessDenied</Code><Message>Request has expired</Message><Expires>2026-11-01T00:00:00Z</Expires></Error>", "application/xml", []casefile.Marker{casefile.MarkerLinkExpired}, true},
		{"an expired token", prolog + "<Error><Code>ExpiredToken</Code></Error>", "application/xml", []casefile.Marker{casefile.MarkerLinkExpired}, true},
		{"access denied, and no word why", prolog + "<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>", "application/xml", nil, true},
		{"a bucket that was switched off", "<Error><Code>AllAccessDisabled</Code></Error>", "application/xml", []casefile.Marker{casefile.MarkerSuspendedSign}, true},
		{"a key with the name of a code", "<Error><Code>AccessDenied</Code><Key>NoSuchKey</Key></Error>", "application/xml", nil, true},
		{"a feed", prolog + "<rss><channel><title>NoSuchKey</title></channel></rss>", "application/xml", nil, false},
		{"another root of a like name", "<Errors><Code>NoSuchKey</Code></Errors>", "application/xml", nil, false},
		{"a code on a page", "<p><code>NoSuchKey</code> is what it says, and these are words of our own", "text/html", nil, true},
	} {
		got := featuresOf(testScratch(), tt.body, tt.contentType)
		if diff := cmp.Diff(tt.want, got.Markers); diff != "" || got.HTML != tt.parsed {
			t.Errorf("%s: parsed %v, markers (-want +got):\n%s", tt.name, got.HTML, diff)
		}
	}
}

func TestListings(t *testing.T) {
	t.Parallel()
	const sort = `<a href="?C=N;O=D">Name</a> <a href="?C=M;O=A">Last modified</a> <a href="/">Parent Directory</a> `
	listing, empty := []casefile.Marker{casefile.MarkerListing}, []casefile.Marker{casefile.MarkerEmptyListing}
	for _, tt := range []struct {
		name, body string
		want       []casefile.Marker
	}{
		{"Apache, with files", "<title>Index of /a</title>" + sort + `<a href="b.jpg">b.jpg</a>`, listing},
		{"Apache, without", "<title>Index of /a</title>" + sort, empty},
		{"nginx, with files", `<title>Index of /</title><a href="../">../</a><a href="b/">b/</a>`, listing},
		{"nginx, without", `<title>Index of /</title><a href="../">../</a>`, empty},
		{"a page with such a title", `<title>Index of authors</title><a href="/a">A</a><a href="b">B</a>`, nil},
		{"such links on another page", "<title>Files</title>" + sort, nil},
	} {
		if diff := cmp.Diff(tt.want, markersOf(tt.body)); diff != "" {
			t.Errorf("%s: markers (-want +got):\n%s", tt.name, diff)
		}
	}
}

func TestPathsThatSayWhatTheyAre(t *testing.T) {
	t.Parallel()
	for url, want := range map[string][]casefile.Marker{
		"http://site-1.example/cgi-sys/suspendedpage.cgi":     {casefile.MarkerSuspendedSign},
		"http://site-1.example/cgi-sys/suspendedpage.cgi?a=b": {casefile.MarkerSuspendedSign},
		"http://site-1.example/cgi-sys/suspendedpage.cgi/a":   nil,
		"http://site-1.example/?u=/cgi-sys/suspendedpage.cgi": nil,
		"http://site-1.example/removed.png":                   nil,
		"http://site-1.example/" + strings.Repeat("a", 3000):  nil,
		"http://[2001:db8::1]/cgi-sys/defaultwebpage.cgi":     {casefile.MarkerDefaultPage},
	} {
		if diff := cmp.Diff(want, pathMarks(mustTarget(t, url)).sorted()); diff != "" {
			t.Errorf("%.60s: markers (-want +got):\n%s", url, diff)
		}
	}
	if pathMarks(casefile.Target{}) != 0 {
		t.Error("no target has markers")
	}
}

// What is read for signs has an end: in a tag, in a script, in the elements and in the bytes of a page.
func TestSignsAreLookedForWithinBounds(t *testing.T) {
	t.Parallel()
	const sign = "<html data-adblockkey=1>"
	long := strings.Repeat("a", maxScriptSign)
	for name, body := range map[string]string{
		"far in a tag":             "<div class=\"" + long[:maxTagSign] + "\" data-adblockkey=1></div><p>word<img>",
		"far in a script":          "<script>" + long + " window.park</script><p>word<img>",
		"after many elements":      strings.Repeat("<br>", maxSigned) + sign + "<p>word<img>",
		"after a lot of scripts":   strings.Repeat("<script>"+long+"</script>", maxSigns/maxScriptSign+1) + sign + "<p>word<img>",
		"in a picture among many":  strings.Repeat("<img src=a>", maxPictures) + "<img src=/iis-85.png>",
		"after the text of a page": strings.Repeat("word ", maxPhraseWords+1) + sign,
	} {
		if got := markersOf(body); len(got) != 0 {
			t.Errorf("%s: %v", name, got)
		}
	}
	if got := markersOf("<br>" + sign + "<p>word<img>"); !cmp.Equal(got, []casefile.Marker{casefile.MarkerParkedSign}) {
		t.Errorf("near: %v", got)
	}
}
