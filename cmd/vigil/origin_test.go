package main

import (
	"context"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"

	"vigil/casefile"
	"vigil/cmd/app"
	"vigil/internal/config"
	"vigil/internal/fakenet"
	"vigil/internal/fakenet/testrun"
)

// onApp works on the database of a lab, beside the commands.
func (l *lab) onApp(do func(context.Context, *app.App)) {
	l.t.Helper()
	cfg, err := config.Load(l.config, true, nil)
	if err != nil {
		l.t.Fatal(err)
	}
	h, err := app.Open(l.t.Context(), cfg, zap.NewNop(), app.World{})
	if err != nil {
		l.t.Fatal(err)
	}
	do(l.t.Context(), h)
	if err := h.Close(); err != nil {
		l.t.Fatal(err)
	}
}

// visited reports a site and visits it once, so that its hosting is decided.
func (l *lab) visited(host string) casefile.CaseID {
	l.t.Helper()
	var id casefile.CaseID
	l.onApp(func(ctx context.Context, h *app.App) {
		t, problem := h.Parse(l.sockets.URL(host))
		if problem != nil {
			l.t.Fatal(problem)
		}
		now := time.Now().UTC()
		added, err := h.Store.AddReports(ctx, []casefile.Report{{Target: t, Source: "lab", Classification: casefile.ClassUnclassified, Received: now}}, now)
		if err != nil {
			l.t.Fatal(err)
		}
		id = added[0].CaseID
		e, err := h.NewEngine(ctx, nil)
		if err != nil {
			l.t.Fatal(err)
		}
		working, stop := context.WithCancel(ctx)
		ended := make(chan error, 1)
		go func() { ended <- e.Run(working, nil) }()
		testrun.Eventually(l.t, "the case was visited", func() bool {
			c, err := h.Store.Case(ctx, id)
			return err != nil || c.Hosting != nil
		})
		stop()
		if err := <-ended; err != nil {
			l.t.Error(err)
		}
		if c, err := h.Store.Case(ctx, id); err != nil || c.Hosting == nil {
			l.t.Fatalf("the case was not visited: %v", err)
		}
	})
	return id
}

// kept is a case and the last event of its history.
func (l *lab) kept(id casefile.CaseID) (c casefile.Case, last casefile.Event) {
	l.t.Helper()
	l.onApp(func(ctx context.Context, h *app.App) {
		var err error
		if c, err = h.Store.Case(ctx, id); err != nil {
			l.t.Fatal(err)
		}
		events, err := h.Store.Events(ctx, id, 0, casefile.MaxPage)
		if err != nil {
			l.t.Fatal(err)
		}
		last = events[len(events)-1]
	})
	return c, last
}

func TestOriginIsRecordedAndForgotten(t *testing.T) {
	t.Parallel()
	l := newLab(t, fakenet.Site{Host: "shop.test"})
	l.visited("shop.test")
	out, said, code := l.vigil("", "origin", "V-1", "127.0.0.9", "--country", "uk", "--reason", " the provider told us ")
	if code != 0 || !strings.Contains(out, "V-1: recorded as hosted at 127.0.0.9, GB") || !strings.Contains(out, "decided anew") {
		t.Fatalf("exit code %d: %s%s", code, out, said)
	}
	c, last := l.kept(1)
	if c.Backend == nil || c.Backend.Address != netip.MustParseAddr("127.0.0.9") || c.Backend.Country != "GB" || !strings.HasPrefix(c.Backend.By, "cli:") || len(c.Backend.By) < 5 {
		t.Errorf("recorded: %+v", c.Backend)
	}
	if c.Due.Why != casefile.WhyAsked || c.Due.At.After(time.Now()) {
		t.Errorf("due %+v", c.Due)
	}
	if last.Kind != casefile.EventOriginRecorded || last.Actor != c.Backend.By || last.Data["reason"] != "the provider told us" || last.Data["network"] != "127.0.0.0/24" || last.Data["country"] != "GB" {
		t.Errorf("event: %+v", last)
	}
	out, said, code = l.vigil("", "origin", "1", "--forget", "--reason", "it moved")
	if code != 0 || !strings.Contains(out, "V-1: the record of its origin was taken back") {
		t.Fatalf("forget: exit code %d: %s%s", code, out, said)
	}
	if c, last = l.kept(1); c.Backend != nil || last.Kind != casefile.EventOriginForgotten || last.Data["reason"] != "it moved" {
		t.Errorf("forgotten: %+v, %+v", c.Backend, last)
	}
	if out, said, code = l.vigil("", "audit", "verify"); code != 0 {
		t.Errorf("audit: %s%s", out, said)
	}
}

func TestOriginsThatAreRefused(t *testing.T) {
	t.Parallel()
	l := newLab(t, fakenet.Site{Host: "shop.test"})
	l.visited("shop.test")
	before, _ := l.kept(1)
	for name, tc := range map[string]struct {
		args []string
		says string
	}{
		"a name":                    {[]string{"1", "origin.test", "--reason", "x"}, "no IP address"},
		"an address with a port":    {[]string{"1", "203.0.113.9:443", "--reason", "x"}, "no IP address"},
		"a private address":         {[]string{"1", "10.0.0.1", "--reason", "x"}, "private or reserved"},
		"a mapped private address":  {[]string{"1", "::ffff:10.0.0.1", "--reason", "x"}, "private or reserved"},
		"an address with a zone":    {[]string{"1", "fe80::1%eth0", "--reason", "x"}, "private or reserved"},
		"a documentation address":   {[]string{"1", "203.0.113.9", "--reason", "x"}, "private or reserved"},
		"no country":                {[]string{"1", "--country", "ZZ", "--reason", "x"}, "no country"},
		"a country in words":        {[]string{"1", "--country", "Netherlands", "--reason", "x"}, "no country"},
		"nothing":                   {[]string{"1", "--reason", "x"}, "or --forget"},
		"no reason":                 {[]string{"1", "127.0.0.9"}, "--reason"},
		"a reason without words":    {[]string{"1", "127.0.0.9", "--reason", "  "}, "--reason"},
		"a reason that is too long": {[]string{"1", "127.0.0.9", "--reason", strings.Repeat("x", 1001)}, "1000 bytes"},
		"forget with an address":    {[]string{"1", "127.0.0.9", "--forget", "--reason", "x"}, "no address and no country"},
		"forget with a country":     {[]string{"1", "--country", "NL", "--forget", "--reason", "x"}, "no address and no country"},
		"forget what is not there":  {[]string{"1", "--forget", "--reason", "x"}, "no origin is recorded"},
		"a case that is not there":  {[]string{"99", "127.0.0.9", "--reason", "x"}, "no case of that number"},
		"a case that is no number":  {[]string{"shop", "127.0.0.9", "--reason", "x"}, "no number of a case"},
	} {
		out, said, code := l.vigil("", append([]string{"origin"}, tc.args...)...)
		if code != exitBadInput || out != "" || !strings.Contains(said, tc.says) {
			t.Errorf("%s: exit code %d: %s%s", name, code, out, said)
		}
	}
	if after, _ := l.kept(1); after.Version != before.Version || after.Backend != nil {
		t.Errorf("a refusal changed the case: version %d to %d, %+v", before.Version, after.Version, after.Backend)
	}
}

// TestOriginOfACaseThatWasNotVisited is refused: there is no hosting yet that could be wrong.
func TestOriginOfACaseThatWasNotVisited(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	write(t, filepath.Join(l.dir, "one.csv"), []byte("url\n"+"http://new.test/"+"\n"))
	if _, said, code := l.vigil("", "import", filepath.Join(l.dir, "one.csv")); code != 0 {
		t.Fatal(said)
	}
	if _, said, code := l.vigil("", "origin", "1", "127.0.0.9", "--reason", "x"); code != exitBadInput || !strings.Contains(said, "not looked at yet") {
		t.Errorf("exit code %d: %s", code, said)
	}
}
