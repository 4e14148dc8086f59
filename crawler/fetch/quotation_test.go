package fetch

import (
	"slices"
	"testing"

	"vigil/casefile"
)

// What stands in quotation marks amid other words is said by somebody else. The page mentions it still.
func TestQuotedAmidWordsIsNotSaid(t *testing.T) {
	t.Parallel()
	page := func(body string) string { return "<html><head><title>x</title></head><body>" + body + "</body></html>" }
	for _, c := range []struct {
		name, body string
		marker     casefile.Marker
		said       bool
	}{
		{"no marks", page(`<p>Visitors see that this content has been removed today.</p>`), casefile.MarkerTakedown, true},
		{"straight marks", page(`<p>Visitors see "this content has been removed" today.</p>`), casefile.MarkerTakedown, false},
		{"escaped marks", page(`<p>Visitors see &quot;this content has been removed&quot; today.</p>`), casefile.MarkerTakedown, false},
		{"English marks", page(`<p>Visitors see “this content has been removed” today.</p>`), casefile.MarkerTakedown, false},
		{"German marks", page(`<p>Dann liest man „Seite nicht gefunden“ statt der Bilder.</p>`), casefile.MarkerNotFound, false},
		{"French marks", page(`<p>Le visiteur lit « page non trouvée » à sa place.</p>`), casefile.MarkerNotFound, false},
		{"Japanese marks", page(`<p>「ページが見つかりません」と表示される場合</p>`), casefile.MarkerNotFound, false},
		{"marks around an element", page(`<p>Visitors see "<b>this content has been removed</b>" today.</p>`), casefile.MarkerTakedown, false},
		{"a title that quotes", "<title>What does “page not found” mean here</title><p>x</p>", casefile.MarkerNotFound, false},
		{"a title all in marks", `<title>"Page not found"</title><p>x</p>`, casefile.MarkerNotFound, true},
		{"a notice all in marks", page(`<p>"This content has been removed"</p>`), casefile.MarkerTakedown, true},
		{"a notice after a word", page(`<p>Error: "page not found"</p>`), casefile.MarkerNotFound, true},
		{"a name in marks", page(`<p>The video "Summer" is gone: "Summer" and all. This content has been removed.</p>`), casefile.MarkerTakedown, true},
		{"a mark that stands for inches", page(`<p>The 19" wheel: this content has been removed for now.</p>`), casefile.MarkerTakedown, true},
		{"marks of a way", page(`<p>Home » Page not found » My small blog</p>`), casefile.MarkerNotFound, true},
		{"the marks of another block", page(`<p>She said "no, never at all</p><p>This content has been removed</p><p>and left" us all</p>`), casefile.MarkerTakedown, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := featuresOf(testScratch(), c.body, "text/html; charset=utf-8")
			if !slices.Contains(f.Markers, c.marker) {
				t.Fatalf("%s is not found: %v", c.marker, f.Markers)
			}
			if said := slices.Contains(f.Asserted, c.marker); said != c.said {
				t.Errorf("says %v, want %v of %s", said, c.said, c.marker)
			}
		})
	}
}

// A shell that holds a block of its content is a page.
func TestAShellWithItsContentIsAPage(t *testing.T) {
	t.Parallel()
	const excuse = `<noscript>You need to enable JavaScript to run this app.</noscript><script src="a.js"></script>`
	for _, c := range []struct {
		name, root string
		shell      bool
	}{
		{"empty", "", true},
		{"it is loading", "<h1>Pictures</h1><p>Please wait</p><p>One moment, it is loading</p>", true},
		{"it holds a story", "<h1>Soup</h1><p>Cut the pumpkin, fry the onion, add water and cook it slowly.</p>", false},
	} {
		f := featuresOf(testScratch(), `<title>x</title><div id="root">`+c.root+`</div>`+excuse, "text/html; charset=utf-8")
		if got := slices.Contains(f.Markers, casefile.MarkerAppShell); got != c.shell {
			t.Errorf("%s: shell %v, want %v", c.name, got, c.shell)
		}
	}
}
