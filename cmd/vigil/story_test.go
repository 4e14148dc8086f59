package main

import (
	"bytes"
	"context"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"vigil/casefile"
	"vigil/cmd/app"
	"vigil/cmd/vigil-lab/rejudge"
	"vigil/internal/config"
	"vigil/internal/fakenet"
	"vigil/judge"
	"vigil/stats"
)

// TestStory is the main job in virtual time: the real crawler, judge, locator,
// desk, outbox and store live through the ten days of the demo's story, days as long as days are, in memory.
// The queue is not part of it; the demo and the kill test have it.
func TestStory(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) { liveStory(t, dir) })
}

func liveStory(t *testing.T, dir string) {
	const day = 24 * time.Hour
	net, endings := fakenet.Story(day)
	defer net.Close()
	d := &demo{day: day, dir: dir, net: net, endings: endings, cases: map[casefile.CaseID]fakenet.Ending{}, started: time.Now()}
	d.net.Add(fakenet.Site{Host: demoControl(0)})
	d.net.Add(fakenet.Site{Host: demoControl(1)})
	var logged bytes.Buffer
	log := zap.New(zapcore.NewCore(zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig()), zapcore.Lock(zapcore.AddSync(&logged)), zapcore.DebugLevel))

	cfg := config.Defaults()
	cfg.Database.URL, cfg.Seal.KeyFile = "sqlite:"+d.path("vigil.db"), d.path("vigil.key")
	cfg.Resolver.Servers = []string{net.DNS()}
	cfg.Guard.AllowNetworks = net.Prefixes()
	cfg.Crawler.Vantages = []config.Vantage{{Name: "local", Country: "NL", Network: "AS64500"}}
	country, asn, err := net.WriteDatabases(dir)
	if err != nil {
		t.Fatal(err)
	}
	cfg.Geolocate = config.Geolocate{
		Databases: []config.GeoDatabase{{Kind: "country", Path: country}, {Kind: "asn", Path: asn}},
		RDAP:      config.RDAP{Bootstrap: net.RDAPBootstrap()}, WHOIS: config.WHOIS{Server: net.WHOIS()}, PerSecond: 1000,
	}
	s := &cfg.Scheduler
	s.FeedEvery = 10 * time.Minute // the outbox looks as often
	s.FirstGap, s.MaxGap, s.UnavailableAfter = day/10, day/4, 4*day
	s.Confirm = config.Confirm{Verdicts: 2, Span: day / 2} // one vantage: a removal needs 4 verdicts over a day
	s.Aftercare = []time.Duration{day, 2 * day, 3 * day, 30 * day}
	cfg.Gate.Targets = []string{net.URL(demoControl(0)), net.URL(demoControl(1))}
	cfg.Notices.Send, cfg.Notices.From, cfg.Notices.Country = true, "Story Hotline <desk@story-hotline.test>", "NL"
	cfg.Notices.SMTP = config.SMTP{Address: net.SMTP(), TLS: "none"}
	cfg.Notices.Directory = d.path("hotlines.csv")
	if err := d.writeDirectory(cfg.Notices.Directory); err != nil {
		t.Fatal(err)
	}

	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	h, err := app.Open(ctx, cfg, log, app.World{Foreign: net.Dialer("local"), Relay: net.Dialer("local")})
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	if d.engine, err = h.NewEngine(ctx, d.counted); err != nil {
		t.Fatal(err)
	}
	defer d.engine.Look.Locator.Close()
	var reports []casefile.Report
	for _, e := range endings {
		target, problem := h.Parse(e.URL)
		if problem != nil {
			t.Fatal(problem)
		}
		reports = append(reports, casefile.Report{Target: target, Source: "story", Classification: casefile.ClassA1, Received: time.Now().UTC()})
	}
	added, err := h.Store.AddReports(ctx, reports, time.Now().UTC())
	if err != nil {
		t.Fatal(err)
	}
	for i, a := range added {
		d.cases[a.CaseID] = endings[i]
	}
	var all sync.WaitGroup
	all.Go(func() {
		if err := d.engine.Outbox.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	for time.Since(d.started) < fakenet.StoryDays*day+day {
		rounds(ctx, t, d.engine)
		time.Sleep(10 * time.Minute)
	}
	stop()
	all.Wait()
	proveStory(t, d, logged.Bytes(), day)
}

// rounds works every due host once, side by side, as the queue would.
func rounds(ctx context.Context, t *testing.T, e *app.Engine) {
	t.Helper()
	var all sync.WaitGroup
	err := e.Visitor.Feed(ctx, func(_ context.Context, hosts []casefile.HostKey) error {
		for _, host := range hosts {
			all.Go(func() {
				if err := e.Visitor.Round(ctx, host); err != nil {
					t.Errorf("round: %v", err)
				}
			})
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	all.Wait()
}

func proveStory(t *testing.T, d *demo, logged []byte, day time.Duration) {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	summary, err := d.prove(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range summary.faults {
		t.Error(f)
	}
	if len(summary.rows) < 40 {
		t.Errorf("only %d sites", len(summary.rows))
	}
	countries := map[string]bool{}
	for _, r := range summary.rows {
		if c := hostingCountry(r.c); c != "" {
			countries[c] = true
		}
		for _, word := range []string{hostOf(r.ending.URL), d.net.Site(r.ending.Name).Marker} {
			if bytes.Contains(logged, []byte(word)) {
				t.Errorf("the log names %s", word)
			}
		}
		if r.c.Standing == casefile.Removed && r.c.Episode.Removed.Sub(r.c.Episode.FirstGone) < day {
			t.Errorf("V-%d was called removed %v after its first gone verdict; a day is asked for", r.c.ID, r.c.Episode.Removed.Sub(r.c.Episode.FirstGone))
		}
	}
	if len(countries) < 12 {
		t.Errorf("only %d countries", len(countries))
	}
	if summary.figures.All.N == 0 || summary.figures.All.Excluded.All() == 0 || summary.figures.All.Removed == 0 || summary.figures.All.Watched() == 0 {
		t.Errorf("figures are empty: %+v", summary.figures.All)
	}
	if q, err := d.engine.Figures(ctx, stats.Query{Clock: stats.FromNotice, By: stats.ByHostingCountry}); err != nil || len(q.Groups) < 12 || q.All.Removed == 0 {
		t.Errorf("figures from notice by country: %d groups, %d removed, %v", len(q.Groups), q.All.Removed, err)
	}
	again, err := rejudge.Job{Store: d.engine.Store, Decide: judge.Decide, Thresholds: app.Thresholds(d.engine.Config),
		Differs:  func(d rejudge.Difference) error { t.Errorf("judged again: %+v", d); return nil },
		Progress: func(rejudge.Total) {},
	}.Run(ctx)
	if err != nil || again.Visits < 1000 || again.Unjudged > again.Visits/100 || again.Now.Removed != summary.figures.All.Removed {
		t.Errorf("judged again: %+v, %v", again, err)
	}
	if summary.searched < 1<<20 {
		t.Errorf("only %d bytes were searched for markers", summary.searched)
	}
	databases, err := filepath.Glob(d.path("vigil.db*"))
	if err != nil || len(databases) == 0 {
		t.Errorf("no database was searched: %v, %v", databases, err)
	}
	if t.Failed() {
		var out strings.Builder
		d.print(&out, summary)
		t.Log("\n" + out.String())
	}
}
