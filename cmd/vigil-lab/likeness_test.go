package main

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"vigil/casefile"
	"vigil/crawler/target"
	"vigil/internal/fakenet"
	"vigil/judge"
)

// drift is how a page changes from look to look.
type drift struct {
	name   string
	change func(p *generated, r *rand.Rand)
}

// generated is a page of some content with what stands around it.
type generated struct {
	title           string
	content, around []string // paragraphs
	links           []string
	token           uint64
	wrap            string // an element around the content
	images          int
}

// drifts are the ways in which dynamic pages change while their content stays.
var drifts = []drift{
	{"date and token", func(p *generated, r *rand.Rand) {
		p.token = r.Uint64()
		p.around = append(p.around, fmt.Sprintf("Seen %d times since 20%02d", r.IntN(9000), r.IntN(27)))
	}},
	{"advertisements", func(p *generated, r *rand.Rand) { p.around = append(p.around, sentences(r, 2, 8)...); p.images++ }},
	{"comments", func(p *generated, r *rand.Rand) { p.around = append(p.around, sentences(r, 1+r.IntN(4), 10)...) }},
	{"shuffled list", func(p *generated, r *rand.Rand) {
		r.Shuffle(len(p.links), func(i, j int) { p.links[i], p.links[j] = p.links[j], p.links[i] })
	}},
	{"two designs", func(p *generated, r *rand.Rand) {
		p.wrap = []string{"div", "section"}[r.IntN(2)]
		p.around = append(p.around, []string{"Sign up for the letter", "Never miss a story, subscribe now"}[r.IntN(2)])
	}},
	{"a corrected paragraph", func(p *generated, r *rand.Rand) { p.content[r.IntN(len(p.content))] = sentences(r, 1, 12)[0] }},
}

// syllables make words that no two families share but by chance.
var syllables = strings.Fields("ka lo mi ru te sa no vi du pe ga ri zo fa lu ne bo ti wa ho")

func sentences(r *rand.Rand, n, words int) []string {
	out := make([]string, n)
	for i := range out {
		var b strings.Builder
		for range words {
			for range 2 + r.IntN(2) {
				b.WriteString(syllables[r.IntN(len(syllables))])
			}
			b.WriteString([]string{" ", " ", " the ", " of "}[r.IntN(4)])
		}
		out[i] = b.String()
	}
	return out
}

// family is the page of a seed: the same content for the same seed.
func family(seed uint64, paragraphs int) generated {
	r := rand.New(rand.NewPCG(seed, 7))
	return generated{title: sentences(r, 1, 3)[0], content: sentences(r, paragraphs, 12), links: sentences(r, 10, 2), wrap: "div", images: 2}
}

func (p generated) html() string {
	var b strings.Builder
	fmt.Fprintf(&b, "<html><head><title>%s</title></head><body data-token=\"%x\"><h1>%s</h1>", p.title, p.token, p.title)
	b.WriteString(strings.Repeat(`<img src="/p.jpg">`, p.images))
	for _, m := range p.content {
		fmt.Fprintf(&b, "<%s><p>%s</p></%s>", p.wrap, m, p.wrap)
	}
	b.WriteString("<ul>")
	for _, l := range p.links {
		fmt.Fprintf(&b, `<li><a href="/m">%s</a></li>`, l)
	}
	b.WriteString("</ul>")
	for _, a := range p.around {
		fmt.Fprintf(&b, "<p>%s</p>", a)
	}
	return b.String() + "</body></html>"
}

// seenBy gives the features of pages as the crawler sees them.
func seenBy(t *testing.T, pages []string) []*casefile.Features {
	t.Helper()
	n := fakenet.New(fakenet.Options{})
	t.Cleanup(func() { n.Close() })
	look, err := accuracyLab{timeout: 20 * time.Second}.crawler(n, make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	next := 0
	n.Add(fakenet.Site{Host: "families.example", Acts: fakenet.Always(fakenet.Behaviour{Everywhere: true, Answer: func(w http.ResponseWriter, _ *fakenet.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = io.WriteString(w, pages[next])
	}})})
	at, problem := target.Parse(n.URL("families.example"))
	if problem != nil {
		t.Fatal(problem)
	}
	out := make([]*casefile.Features, len(pages))
	for next = range pages {
		o := look.Look(t.Context(), "local", casefile.Subject{Target: at, Purpose: casefile.PurposeTarget})
		if o.Fault != nil || o.Features == nil || o.Features.Words == 0 {
			t.Fatalf("look %d: %+v", next, o.Fault)
		}
		out[next] = o.Features
	}
	return out
}

// likeness is how the judge compared two pages.
type likeness struct {
	score             float64 // in two digits
	strange           bool    // the texts have nothing in common, whatever the score
	matches, differed bool
}

// likenessOf reads it from a verdict over the later page.
func likenessOf(t *testing.T, first, later *casefile.Features) likeness {
	t.Helper()
	v := judge.Decide(judge.Input{Baseline: first, Observations: []casefile.Observation{{Purpose: casefile.PurposeTarget, Status: 200, Features: later}}})
	i := slices.IndexFunc(v.Signals, func(s casefile.Signal) bool { return s.Name == "baseline" })
	if i < 0 {
		t.Fatalf("no likeness in %+v", v.Signals)
	}
	s := v.Signals[i]
	l := likeness{score: 1, strange: strings.Contains(s.Value, "other_text"), matches: v.Reason == casefile.ReasonMatchesBaseline, differed: s.PointsTo == casefile.StateChanged}
	if s.Value != "same_bytes" {
		score, _, _ := strings.Cut(strings.TrimPrefix(s.Value, "similarity="), " ")
		var err error
		if l.score, err = strconv.ParseFloat(score, 64); err != nil {
			t.Fatalf("%q: %v", s.Value, err)
		}
	}
	return l
}

// The thresholds of likeness (ADR-0028) on families of pages that change while their content stays, and on
// pairs of different families. Half of these share title, links and build, as the articles of one site do.
func TestThresholdsOfLikeness(t *testing.T) {
	const families, versions = 12, 3
	var html []string
	var of []int // family of each page
	for i := range families {
		for _, paragraphs := range []int{3, 12, 50} {
			base := family(uint64(i), paragraphs)
			if i%2 == 1 { // other content in the frame of the family before
				frame := family(uint64(i-1), paragraphs)
				base.links, base.title = frame.links, frame.title
			}
			r := rand.New(rand.NewPCG(uint64(i), uint64(paragraphs)))
			for d := range len(drifts) + 1 {
				for range versions {
					p := base
					p.content, p.links = append([]string(nil), base.content...), append([]string(nil), base.links...)
					for k, how := range drifts {
						if k == d || d == len(drifts) { // one after the other, and at last all at once
							how.change(&p, r)
						}
					}
					html, of = append(html, p.html()), append(of, i*1000+paragraphs)
				}
			}
		}
	}
	seen := seenBy(t, html)
	var same, other []likeness
	for i := range seen {
		for j := range seen {
			switch {
			case i == j:
			case of[i] == of[j]:
				same = append(same, likenessOf(t, seen[i], seen[j]))
			case of[i]%1000 == of[j]%1000: // of one length: others are easier
				other = append(other, likenessOf(t, seen[i], seen[j]))
			}
		}
	}
	share := func(list []likeness, holds func(likeness) bool) float64 {
		n := 0
		for _, l := range list {
			if holds(l) {
				n++
			}
		}
		return 100 * float64(n) / float64(len(list))
	}
	t.Logf("%d pairs of one page, %d pairs of two", len(same), len(other))
	t.Log("threshold  one page below it  two pages at or above it, text not strange")
	below := func(at float64) float64 {
		return share(same, func(l likeness) bool { return l.strange || l.score < at })
	}
	above := func(at float64) float64 {
		return share(other, func(l likeness) bool { return !l.strange && l.score >= at })
	}
	for at := 20; at <= 95; at += 5 {
		t.Logf("%.2f %17.2f%% %17.2f%%", float64(at)/100, below(float64(at)/100), above(float64(at)/100))
	}
	if got := share(other, func(l likeness) bool { return l.matches }); got > 1 {
		t.Errorf("%.2f%% of two pages match", got)
	}
	if got := share(same, func(l likeness) bool { return l.differed }); got > 0.05 {
		t.Errorf("%.2f%% of one page differ", got)
	}
}
