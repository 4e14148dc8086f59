package main

import (
	"encoding/csv"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"vigil/casefile"
	"vigil/crawler/target"
	"vigil/internal/fakenet"
	"vigil/internal/fakenet/testrun"
	"vigil/judge"
)

// listed are the rows of a list of traits, without its heading.
func listed(t *testing.T, name string) [][]string {
	t.Helper()
	file, err := os.Open("../../crawler/fetch/" + name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	r := csv.NewReader(file)
	r.Comment = '#'
	rows, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows[1:]
}

// oneOf is a choice of a form.
var oneOf = regexp.MustCompile(`\{([^|}]*)[^}]*\}`)

// babble is words of no language, the same for the same seed.
func babble(seed uint64, words int) string {
	r := rand.New(rand.NewPCG(seed, 7))
	out := make([]string, words)
	for i := range out {
		for range 2 + r.IntN(3) {
			out[i] += string("bdfglmnprstvz"[r.IntN(13)]) + string("aeiou"[r.IntN(5)])
		}
	}
	return strings.Join(out, " ")
}

// story is paragraphs of babble.
func story(seed uint64, paragraphs int) string {
	var b strings.Builder
	for i := range paragraphs {
		fmt.Fprintf(&b, "<p>%s.</p>\n", babble(seed+uint64(i), 45))
	}
	return b.String()
}

// quoting are live pages that hold a phrase which they do not say of themselves, or hold their content beside
// it. sure says that the page must be live also when the phrase is of a barrier or of a default page: on a
// note it may be withheld, or a person is asked. Gone it is never.
var quoting = []struct {
	name string
	sure bool
	page func(phrase string) string
}{
	{"in the text", true, func(p string) string {
		return story(1, 3) + "<p>" + babble(5, 20) + " " + p + " " + babble(6, 20) + "</p>" + story(8, 3)
	}},
	{"in a list of links", true, func(p string) string {
		list := ""
		for i := range 24 {
			list += `<li><a href="/x">` + babble(uint64(i), 3) + "</a></li>"
		}
		return "<ul>" + list + `<li><a href="/y">` + p + "</a></li></ul>" + story(2, 3)
	}},
	{"in a comment of a forum", true, func(p string) string {
		return story(3, 3) + `<div class="post"><p class="author"><a href="/u">` + babble(4, 1) + `</a></p><div class="content">` + p + `</div></div><div class="post">` + babble(9, 30) + "</div>"
	}},
	{"in a heading of a long page", true, func(p string) string { return story(10, 5) + "<h2>" + p + "</h2>" + story(20, 5) }},
	{"in the title of a long page", true, func(p string) string { return "<title>" + babble(1, 2) + " " + p + "</title>" + story(30, 10) }},
	{"beside a video", true, func(p string) string {
		return `<video src="/v.mp4"></video><p>` + babble(11, 12) + "</p><p>" + p + "</p>"
	}},
	{"beside pictures", true, func(p string) string {
		return strings.Repeat(`<figure><img src="/i.jpg"></figure>`, 4) + "<p>" + babble(12, 12) + "</p><p>" + p + "</p>"
	}},
	{"in a longer note with one picture", false, func(p string) string {
		return `<img src="/i.jpg"><p>` + babble(13, 30) + " " + p + " " + babble(14, 26) + "</p><p>" + babble(15, 20) + "</p>"
	}},
	{"in a note with one picture", false, func(p string) string {
		return `<img src="/i.jpg"><p>` + babble(13, 20) + " " + p + " " + babble(14, 26) + "</p><p>" + babble(15, 10) + "</p>"
	}},
}

// Never one keyword alone: a page with content of its own that quotes a phrase of the list stays live, whatever
// the phrase, when missing pages are told as such and when the server was not asked.
func TestQuotedPhrasesLeaveAPageLive(t *testing.T) {
	t.Parallel()
	gone := []casefile.Marker{
		casefile.MarkerNotFound, casefile.MarkerTakedown, casefile.MarkerSuspended, casefile.MarkerParked, casefile.MarkerSeized, casefile.MarkerSinkholePhrase,
		casefile.MarkerFailure,
	}
	see := observerOf(t)
	shown := 0
	rows := listed(t, "traits.csv")
	for _, row := range listed(t, "forms.csv") {
		row[2] = oneOf.ReplaceAllString(row[2], "$1") // the first phrase of the form
		rows = append(rows, row)
	}
	rows = testrun.Sample(rows, 300)
	for _, row := range rows {
		marker := casefile.Marker(row[0])
		for _, q := range quoting {
			o := see(q.page(row[2]))
			if o.Features.Mentions(marker) {
				shown++
			}
			for told, sibling := range siblings() {
				v := judge.Decide(judge.Input{Target: o.Hops[0].Target, Observations: []casefile.Observation{o}, Decoy: sibling})
				if v.State == casefile.StateLive || !q.sure && !slices.Contains(gone, marker) && v.State != casefile.StateGone {
					continue
				}
				t.Errorf("%s %q, %s, %s: %s (%s); %v", marker, row[2], q.name, told, v.State, v.Reason, v.Signals)
			}
		}
	}
	if shown < len(rows) { // of nine pages with each phrase; else nothing was at stake
		t.Errorf("only %d pages bear the marker of what they quote, of %d phrases", shown, len(rows))
	}
}

// decoys are what a server with such a page answers to a path that does not exist.
func siblings() map[string]*casefile.Observation {
	return map[string]*casefile.Observation{
		"not asked":   nil,
		"told as 404": {Purpose: casefile.PurposeDecoy, Status: http.StatusNotFound},
		"its front page instead": {Purpose: casefile.PurposeDecoy, Status: http.StatusOK, BodyBytes: 9000,
			Features: &casefile.Features{Digest: "other", SimHash: 0x123456789abcdef0, Structure: 5, Title: "other", Words: 500, Elements: 90, Links: 30, Images: 9, HTML: true}},
	}
}

// built is an element that bears a sign, or empty for signs that are no part of a page.
func built(where, sign string) string {
	switch where {
	case "tag":
		name, value, valued := strings.Cut(sign, "=")
		if value, content, more := strings.Cut(value, " content="); more {
			return `<meta ` + name + `="` + value + `" content="` + content + `">`
		}
		if !valued {
			return "<div " + name + `="x"></div>`
		}
		if name == "action" {
			return `<form action="` + value + `"></form>`
		}
		return "<div " + name + `="` + value + `"></div>`
	case "asset":
		return `<script src="https://` + strings.TrimPrefix(sign, "/") + `"></script><img src="/` + strings.TrimPrefix(sign, "/") + `">`
	case "script":
		return "<script>" + sign + "</script>"
	case "comment":
		return "<!-- " + sign + " -->"
	}
	return ""
}

// Nor one sign alone: the scripts of parking, walls and challenges stand on pages of their own content as well.
func TestSignsLeaveAPageLive(t *testing.T) {
	t.Parallel()
	see := observerOf(t)
	tried, shown := 0, 0
	for _, row := range listed(t, "signs.csv") {
		element := built(row[1], row[2])
		if element == "" {
			continue
		}
		tried++
		bears := false
		for name, page := range map[string]string{
			"on a page of ordinary length": story(1, 3) + element + story(4, 3),
			"beside a video":               `<video src="/v.mp4"></video><p>` + babble(11, 12) + "</p>" + element,
			"beside pictures":              strings.Repeat(`<figure><img src="/i.jpg"></figure>`, 4) + "<p>" + babble(12, 12) + "</p>" + element,
		} {
			o := see(page)
			bears = bears || o.Features.Mentions(casefile.Marker(row[0]))
			for told, sibling := range siblings() {
				v := judge.Decide(judge.Input{Target: o.Hops[0].Target, Observations: []casefile.Observation{o}, Decoy: sibling})
				if v.State != casefile.StateLive {
					t.Errorf("%s %q %s, %s: %s (%s); %v", row[0], row[2], name, told, v.State, v.Reason, v.Signals)
				}
			}
		}
		if bears {
			shown++
		}
	}
	if tried < 80 || shown < 40 {
		t.Errorf("%d signs tried, %d of them seen on a page", tried, shown)
	}
}

// observerOf shows pages to the crawler, one at a time, as the body of a page with the status 200.
func observerOf(t *testing.T) func(body string) casefile.Observation {
	t.Helper()
	n := fakenet.New(fakenet.Options{})
	t.Cleanup(func() { n.Close() })
	look, err := accuracyLab{timeout: 20 * time.Second}.crawler(n, make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	shown := ""
	n.Add(fakenet.Site{Host: "quotes.example", Acts: fakenet.Always(fakenet.Behaviour{Everywhere: true, Answer: func(w http.ResponseWriter, _ *fakenet.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = io.WriteString(w, shown)
	}})})
	at, problem := target.Parse(n.URL("quotes.example"))
	if problem != nil {
		t.Fatal(problem)
	}
	return func(body string) casefile.Observation {
		t.Helper()
		if shown = body; !strings.Contains(body, "<title>") {
			shown = "<title>" + babble(99, 3) + "</title>" + body
		}
		o := look.Look(t.Context(), "local", casefile.Subject{Target: at, Purpose: casefile.PurposeTarget})
		if o.Fault != nil || o.Features == nil {
			t.Fatalf("look: %+v", o.Fault)
		}
		return o
	}
}
