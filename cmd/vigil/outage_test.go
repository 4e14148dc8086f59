package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"

	"vigil/casefile"
	"vigil/cmd/app"
	"vigil/internal/config"
	"vigil/internal/fakenet"
)

// What an outage may do to cases is tested whole in scheduler, on a store in memory. This is the program as it is wired,
// on SQLite: an hour in which nothing comes through moves no case, and a page that was lost meanwhile is found after it.
func TestTheProgramLivesThroughAnOutage(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		const hosts = 8
		n := fakenet.New(fakenet.Options{})
		defer n.Close()
		var reports []casefile.Report
		for i := range hosts {
			acts := fakenet.Always(fakenet.Article(i, 120))
			if i == 0 {
				acts = append(acts, fakenet.Then(time.Hour, fakenet.NotFound()))
			}
			site := fakenet.Site{Host: fmt.Sprintf("host-%d.example", i), HTTPS: i%2 == 0, Acts: acts}
			n.Add(site)
			x, err := casefile.NewTarget(n.URL(site.Host))
			if err != nil {
				t.Fatal(err)
			}
			reports = append(reports, casefile.Report{Target: x, Source: "outage", Classification: casefile.ClassA1, Received: time.Now().UTC()})
		}
		var down atomic.Bool
		e := openOutage(t, dir, n, &down)
		defer func() {
			e.Look.Locator.Close()
			if err := e.Close(); err != nil {
				t.Error(err)
			}
		}()
		added, err := e.Store.AddReports(t.Context(), reports, time.Now().UTC())
		if err != nil {
			t.Fatal(err)
		}
		live := func(long time.Duration) (cases []casefile.Case) {
			for end := time.Now().Add(long); time.Now().Before(end); time.Sleep(time.Minute) {
				rounds(t.Context(), t, e)
			}
			for _, a := range added {
				c, err := e.Store.Case(t.Context(), a.CaseID)
				if err != nil {
					t.Fatal(err)
				}
				cases = append(cases, c)
			}
			return cases
		}
		before := live(31 * time.Minute)
		down.Store(true)
		for i, c := range live(time.Hour) {
			was := before[i]
			moved := c.Standing != was.Standing || c.Streak != was.Streak || c.Undecided != was.Undecided || !c.Unseen.Equal(was.Unseen)
			if moved || was.Standing != casefile.Watching {
				t.Errorf("case %d was %s/%s, and the outage made it %s, with %d gone and %d undecided verdicts",
					c.ID, was.Standing, was.Last.State, c.Standing, c.Streak.Count, c.Undecided.Count)
			}
		}
		if told := strings.Join(e.Degraded(), " "); !strings.Contains(told, "The gate is closed") {
			t.Errorf("people are told %q", told)
		}
		down.Store(false)
		restored := time.Now()
		for i, c := range live(20 * time.Minute) {
			want := casefile.StateLive
			if i == 0 {
				want = casefile.StateGone
			}
			if c.Last.At.Before(restored) || c.Last.State != want {
				t.Errorf("case %d: last %s/%s, %v after the uplink came back", c.ID, c.Last.State, c.Last.Reason, c.Last.At.Sub(restored))
			}
		}
	})
}

// openOutage wires the program in front of n, over an uplink that can be lost.
func openOutage(t *testing.T, dir string, n *fakenet.Net, down *atomic.Bool) *app.Engine {
	t.Helper()
	cfg := config.Defaults()
	cfg.Database.URL, cfg.Seal.KeyFile = "sqlite:"+dir+"/vigil.db", dir+"/vigil.key"
	cfg.Resolver.Servers = []string{n.DNS()}
	cfg.Guard.AllowNetworks = n.Prefixes()
	cfg.Crawler.Vantages = []config.Vantage{{Name: "local", Country: "NL", Network: "AS64500"}}
	for i := range 3 {
		n.Add(fakenet.Site{Host: demoControl(i)})
		cfg.Gate.Targets = append(cfg.Gate.Targets, n.URL(demoControl(i)))
	}
	country, asn, err := n.WriteDatabases(dir)
	if err != nil {
		t.Fatal(err)
	}
	databases := []config.GeoDatabase{{Kind: "country", Path: country}, {Kind: "asn", Path: asn}}
	cfg.Geolocate = config.Geolocate{Databases: databases, PerSecond: 1000}
	whole := n.Dialer("local")
	h, err := app.Open(t.Context(), cfg, zap.NewNop(), app.World{
		Foreign: func(ctx context.Context, network, address string) (net.Conn, error) {
			if down.Load() {
				return nil, &net.OpError{Op: "dial", Net: network, Err: os.NewSyscallError("connect", syscall.ENETUNREACH)}
			}
			return whole(ctx, network, address)
		},
		Relay: func(context.Context, string, string) (net.Conn, error) {
			return nil, errors.New("no mail in this test")
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	e, err := h.NewEngine(t.Context(), nil)
	if err != nil {
		t.Fatal(errors.Join(err, h.Close()))
	}
	return e
}
