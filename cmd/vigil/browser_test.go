package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"vigil/casefile"
	"vigil/internal/fakenet"
	"vigil/internal/fakenet/testrun"
)

// images is where the screenshots of the documents go: VIGIL_TEST_LONG=1 go test ./cmd/vigil -run Browser -images docs/images
var images = flag.String("images", "", "write screenshots to this folder, after the whole story")

// TestPagesInABrowser uses the pages as an analyst does, in a real Chromium, on the demo's data.
func TestPagesInABrowser(t *testing.T) {
	testrun.NeedsLong(t, "uses the pages in a real Chromium, while the demo runs")
	t.Parallel()
	chromium := os.Getenv("VIGIL_TEST_CHROMIUM")
	if chromium == "" {
		if os.Getenv("CI") == "true" {
			t.Fatal("VIGIL_TEST_CHROMIUM names no browser: install Debian's package chromium; make test does it when it is root")
		}
		t.Skip("VIGIL_TEST_CHROMIUM names no browser: make test-long brings one")
	}
	day := slowDay
	if *images != "" { // the machine is idle then
		day = demoDay
	}
	d, err := newDemoLab(t.Context(), "127.0.0.1:0", day)
	if err != nil {
		t.Fatal(err)
	}
	defer d.remove()
	working, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- d.engine.Run(working, d.listener) }()
	defer func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}()
	if err := d.report(t.Context()); err != nil {
		t.Fatal(err)
	}
	d.untilRemoved(t)
	b := newBrowser(t, chromium, "http://"+d.listener.Addr().String())
	b.logIn(d.password)
	b.cases()
	id := d.caseOf(t, "lantern.example")
	b.oneVisit(id, d)
	b.oneCase(id, d)
	b.removal()
}

// untilRemoved waits until the first site of the story is removed; for the images, until the story is over.
func (d *demo) untilRemoved(t *testing.T) {
	t.Helper()
	for end := time.Now().Add(3 * testrun.Patience); time.Now().Before(end); { // the story runs in real time
		counts, err := d.engine.Store.Counts(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		c, err := d.engine.Store.Case(t.Context(), d.caseOf(t, "lantern.example"))
		if err != nil {
			t.Fatal(err)
		}
		removed := counts[casefile.Removed] > 1 && c.Standing == casefile.Removed && c.Hosting != nil && c.Assignment != nil
		if removed && (*images == "" || time.Since(d.started) > fakenet.StoryDays*d.day) {
			return
		}
		time.Sleep(200 * time.Millisecond)
	}
	t.Fatal("nothing was removed")
}

func (d *demo) caseOf(t *testing.T, name string) casefile.CaseID {
	t.Helper()
	for id, e := range d.cases {
		if e.Name == name {
			return id
		}
	}
	t.Fatalf("no case of %s", name)
	return 0
}

type browser struct {
	t    *testing.T
	ctx  context.Context
	root string
}

func newBrowser(t *testing.T, chromium, root string) *browser {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(chromium), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-sync", true), chromedp.UserDataDir(t.TempDir()))
	allocator, cancel := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(cancel)
	ctx, cancel := chromedp.NewContext(allocator)
	t.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(ctx, testrun.Patience)
	t.Cleanup(cancel)
	b := &browser{t: t, ctx: ctx, root: root}
	b.do(chromedp.EmulateViewport(1280, 900))
	return b
}

func (b *browser) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, steps...); err != nil {
		b.t.Fatal(err)
	}
}

func run[T any](b *browser, a chromedp.Action[T]) T {
	b.t.Helper()
	v, err := chromedp.Run(b.ctx, a)
	if err != nil {
		b.t.Fatal(err)
	}
	return v
}

// press presses a button that leads to another page, and waits for that page.
func (b *browser) press(button string) {
	b.t.Helper()
	if _, err := chromedp.RunResponse(b.ctx, chromedp.Click(chromedp.CSS(button))); err != nil {
		b.t.Fatal(err)
	}
}

// text is what a visitor can read.
func (b *browser) text() string { return run(b, chromedp.Evaluate[string]("document.body.innerText")) }

func (b *browser) reads(words ...string) {
	b.t.Helper()
	text := strings.ToLower(b.text())
	for _, w := range words {
		if !strings.Contains(text, strings.ToLower(w)) {
			b.t.Errorf("the page at %s does not say %q", run(b, chromedp.Location()), w)
		}
	}
}

// fits says that the page does not scroll sideways, wide and on a telephone.
func (b *browser) fits(name string) {
	b.t.Helper()
	for _, width := range []int64{390, 1280} {
		b.do(chromedp.EmulateViewport(width, 900))
		if over := run(b, chromedp.Evaluate[int]("document.documentElement.scrollWidth - window.innerWidth")); over > 0 {
			b.t.Errorf("%s is %d pixels wider than a window of %d", name, over, width)
		}
	}
	b.shot(name)
}

func (b *browser) shot(name string) {
	b.t.Helper()
	if *images == "" {
		return
	}
	picture := run(b, chromedp.CaptureScreenshot())
	if err := os.WriteFile(filepath.Join("..", "..", *images, name+".png"), picture, 0o644); err != nil {
		b.t.Fatal(err)
	}
}

func (b *browser) logIn(password string) {
	b.do(chromedp.Navigate(b.root + "/cases"))
	if at := run(b, chromedp.Location()); !strings.Contains(at, "/login") {
		b.t.Fatalf("without a session the cases are at %s", at)
	}
	b.do(chromedp.SendKeys(chromedp.CSS("#name"), "demo"), chromedp.SendKeys(chromedp.CSS("#password"), "wrong wrong wrong"))
	b.press("button.main")
	if at := run(b, chromedp.Location()); !strings.Contains(at, "/login") {
		b.t.Fatalf("a wrong password led to %s", at)
	}
	b.do(chromedp.Clear(chromedp.CSS("#name")), chromedp.SendKeys(chromedp.CSS("#name"), "demo"), chromedp.SendKeys(chromedp.CSS("#password"), password))
	b.press("button.main")
	b.do(chromedp.WaitVisible(chromedp.CSS("table")))
}

func (b *browser) cases() {
	b.do(chromedp.Navigate(b.root+"/cases"), chromedp.WaitVisible(chromedp.CSS("table")))
	b.reads("V-55", "watching", "removed", "NL")
	if strings.Contains(b.text(), ".example") {
		b.t.Error("the list of cases shows a host")
	}
	b.fits("cases")
	b.do(chromedp.Navigate(b.root+"/cases?standing=removed"), chromedp.WaitVisible(chromedp.CSS("table")))
	rows := run(b, chromedp.Evaluate[int]("document.querySelectorAll('tbody tr').length"))
	wrong := run(b, chromedp.Evaluate[int]("[...document.querySelectorAll('tbody tr')].filter(r => !/removed/i.test(r.innerText)).length"))
	if rows == 0 || wrong > 0 {
		b.t.Errorf("filtered by removed: %d rows, %d of them not removed", rows, wrong)
	}
}

// oneVisit follows the way of a case's page to the verdict in words, and to the visit before.
func (b *browser) oneVisit(id casefile.CaseID, d *demo) {
	b.do(chromedp.Navigate(fmt.Sprintf("%s/cases/%d", b.root, id)), chromedp.WaitVisible(chromedp.CSS("h1")))
	b.press("section[aria-labelledby=h-verdict] a")
	b.reads("gone: the server says not found (404)", "it counts towards a removal", "the last answer has status 404 (not found)", "looked at the reported page", "NOERROR", "the reported host at")
	if strings.Contains(b.text(), d.cases[id].Name) {
		b.t.Error("the visit shows the host")
	}
	b.fits("visit")
	last := run(b, chromedp.Location())
	b.press("nav[aria-label=Visits] a")
	if run(b, chromedp.Location()) == last {
		b.t.Error("the visit before is the same page")
	}
	b.reads("step by step")
}

func (b *browser) oneCase(id casefile.CaseID, d *demo) {
	ending := d.cases[id]
	b.do(chromedp.Navigate(fmt.Sprintf("%s/cases/%d", b.root, id)), chromedp.WaitVisible(chromedp.CSS("h1")))
	b.reads("removed", "404", "hosting", "history")
	c, err := d.engine.Store.Case(b.t.Context(), id)
	if err != nil || c.Hosting == nil || c.Assignment == nil || len(c.Assignment.Hotlines) == 0 {
		b.t.Fatalf("hosting %+v, assignment %+v: %v", c.Hosting, c.Assignment, err)
	}
	b.reads(append([]string{c.Hosting.Country}, c.Assignment.Hotlines...)...) // the demo's table says that they are right; a busy machine may decide by less
	if strings.Contains(b.text(), ending.Name) {
		b.t.Error("the case shows its host before it was revealed")
	}
	b.fits("case")
	b.do(chromedp.Click(chromedp.CSS("details:has(#reveal-reason) > summary")))
	b.do(chromedp.WaitVisible(chromedp.CSS("#reveal-reason")))
	b.do(chromedp.SendKeys(chromedp.CSS("#reveal-reason"), "to call the provider"))
	b.press("form[action$='/reveal'] button")
	b.do(chromedp.WaitVisible(chromedp.CSS("code.revealed")))
	b.reads(ending.URL, "to call the provider")
	events, err := d.engine.Store.Events(b.t.Context(), id, 0, casefile.MaxPage)
	if err != nil {
		b.t.Fatal(err)
	}
	revealed := 0
	for _, e := range events {
		if e.Kind == casefile.EventRevealed && e.Actor == "demo" {
			revealed++
		}
	}
	if revealed != 1 {
		b.t.Errorf("%d events say that demo saw the URL", revealed)
	}
}

func (b *browser) removal() {
	b.do(chromedp.Navigate(b.root+"/removal?by=country"), chromedp.WaitVisible(chromedp.CSS("svg")))
	b.reads("censored", "excluded", "median", "NL")
	if points := run(b, chromedp.Evaluate[int]("document.querySelectorAll('svg path, svg polyline').length")); points == 0 {
		b.t.Error("the curve has no line")
	}
	b.fits("removal")
}
