package main

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"

	"vigil/casefile"
	"vigil/cmd/app"
	"vigil/internal/config"
	"vigil/internal/fakenet"
)

// TestColdRegistriesBlockNobody: while no registry answers, only as many visits wait for
// them as may (geolocate.waiting), however many hosts are due; the others go on at their
// own pace, and ask again when the registries are back.
func TestColdRegistriesBlockNobody(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		const hosts, waiting = 100, 20
		net := fakenet.New(fakenet.Options{})
		defer net.Close()
		cfg := config.Defaults()
		cfg.Database.URL, cfg.Seal.KeyFile = "sqlite:"+dir+"/vigil.db", dir+"/vigil.key"
		cfg.Resolver.Servers = []string{net.DNS()}
		cfg.Guard.AllowNetworks = net.Prefixes()
		country, asn, err := net.WriteDatabases(dir)
		if err != nil {
			t.Fatal(err)
		}
		g := &cfg.Geolocate
		g.Databases = []config.GeoDatabase{{Kind: "country", Path: country}, {Kind: "asn", Path: asn}}
		g.RDAP.Bootstrap, g.WHOIS.Server, g.PerSecond, g.Waiting = net.RDAPBootstrap(), net.WHOIS(), 1000, waiting
		h, err := app.Open(t.Context(), cfg, zap.NewNop(), app.World{Foreign: net.Dialer("local"), Relay: net.Dialer("local")})
		if err != nil {
			t.Fatal(err)
		}
		defer h.Close()
		e, err := h.NewEngine(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		defer e.Look.Locator.Close()
		net.FailRDAP(fakenet.FailHang)
		net.FailWHOIS(fakenet.FailHang)
		var reports []casefile.Report
		for i := range hosts {
			// A registrable domain each: what is asked about one says nothing about another.
			host := fmt.Sprintf("site-%d.example", i)
			net.Add(fakenet.Site{Host: host, Network: net.Networks()[1+i%3].Name, Acts: fakenet.Always(fakenet.Page("A page", "Harmless words."))})
			target, problem := h.Parse(net.URL(host))
			if problem != nil {
				t.Fatal(problem)
			}
			reports = append(reports, casefile.Report{Target: target, Source: "test", Classification: casefile.ClassA1, Received: time.Now().UTC()})
		}
		added, err := h.Store.AddReports(t.Context(), reports, time.Now().UTC())
		if err != nil {
			t.Fatal(err)
		}
		took := func() (slow int, longest time.Duration) {
			t.Helper()
			started := time.Now()
			rounds(t.Context(), t, e)
			for _, a := range added {
				visits, err := h.Store.Visits(t.Context(), a.CaseID, 0, 1)
				if err != nil || len(visits) != 1 {
					t.Fatalf("case %d was never visited: %v %v", a.CaseID, visits, err)
				}
				if visits[0].Started.Before(started.Truncate(time.Millisecond)) {
					continue // not due yet
				}
				d := visits[0].Ended.Sub(visits[0].Started)
				longest = max(longest, d)
				if d > 2*time.Second {
					slow++
				}
			}
			return slow, longest
		}
		if slow, longest := took(); slow == 0 || slow > waiting || longest > 12*time.Second {
			t.Errorf("%d of %d visits waited, the longest took %v; want 1 to %d, at most the locator's limit", slow, hosts, longest, waiting)
		}
		net.FailRDAP(fakenet.FailNone)
		net.FailWHOIS(fakenet.FailNone)
		lacking := hosts
		for range 24 { // a part of the hosts is asked about in each round: the others find the registries busy
			time.Sleep(time.Hour)
			if slow, longest := took(); slow > 0 {
				t.Errorf("with sound registries %d visits waited, up to %v", slow, longest)
			}
			lacking = 0
			for _, a := range added {
				c, err := h.Store.Case(t.Context(), a.CaseID)
				if err != nil {
					t.Fatal(err)
				}
				if c.Hosting.Confidence < 0.8 || len(c.Hosting.Contacts) < 2 || c.Hosting.Registrar == nil {
					lacking++
				}
			}
			if lacking == 0 {
				return
			}
		}
		t.Errorf("a day after the registries came back %d of %d cases still lack what they tell", lacking, hosts)
	})
}
