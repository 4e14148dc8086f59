package store_test

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"vigil/casefile"
	"vigil/store"
	"vigil/store/storetest"
)

// BenchmarkRecordVisit starts and records visits from 256 callers, each with a
// case and a host of its own, durably. One operation is one visit: StartVisit and RecordVisit.
func BenchmarkRecordVisit(b *testing.B) {
	b.Run("sqlite", func(b *testing.B) { benchmarkVisits(b, storetest.SQLite(b).Open(b), true) })
	b.Run("sqlite/record-only", func(b *testing.B) { benchmarkVisits(b, storetest.SQLite(b).Open(b), false) })
	b.Run("sqlite/record-only/synchronous-normal", func(b *testing.B) {
		s := storetest.SQLite(b).Open(b)
		if _, err := s.DB().Exec("PRAGMA synchronous = normal"); err != nil {
			b.Fatal(err)
		}
		benchmarkVisits(b, s, false)
	})
	if storetest.HasPostgres(b) {
		b.Run("postgres", func(b *testing.B) { benchmarkVisits(b, storetest.Postgres(b).Open(b), true) })
		b.Run("postgres/record-only", func(b *testing.B) { benchmarkVisits(b, storetest.Postgres(b).Open(b), false) })
	}
}

func benchmarkVisits(b *testing.B, s *store.Store, start bool) {
	const callers = 256
	ctx := context.Background()
	now := time.Now()
	added, err := s.AddReports(ctx, reportsOf(b, callers), now)
	if err != nil {
		b.Fatal(err)
	}
	var left atomic.Int64
	left.Store(int64(b.N))
	var wait sync.WaitGroup
	b.ReportAllocs()
	b.ResetTimer()
	for i := range added {
		wait.Go(func() {
			c, err := s.Case(ctx, added[i].CaseID)
			if err != nil {
				b.Error(err)
				return
			}
			for left.Add(-1) >= 0 {
				if start {
					if err := s.StartVisit(ctx, c.ID, c.Version, now); err != nil {
						b.Error(err)
						return
					}
				}
				if err := s.RecordVisit(ctx, sampleVisit(c, now)); err != nil {
					b.Error(err)
					return
				}
				c.Version++
			}
		})
	}
	wait.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "visits/s")
}

func sampleVisit(c casefile.Case, now time.Time) casefile.Visit {
	v := casefile.Visit{
		CaseID: c.ID, Started: now, Ended: now, Why: casefile.WhyCadence, Counted: true, After: c,
		Verdict: casefile.Verdict{State: casefile.StateLive, Reason: casefile.ReasonServed, Signals: []casefile.Signal{{Name: "status", Value: "200", PointsTo: casefile.StateLive}}},
		Observations: []casefile.Observation{{
			Vantage: "local", Purpose: casefile.PurposeTarget, Started: now, Took: time.Second, Status: 200, BodyBytes: 20 << 10,
			Resolution: casefile.Resolution{Rcode: "NOERROR", Addresses: []netip.Addr{netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("2001:db8::1")}},
			Hops:       []casefile.Hop{{Target: c.Target, Address: netip.MustParseAddr("192.0.2.1"), Status: 200, MediaType: "text/html", Server: "nginx", Protocol: "HTTP/1.1"}},
			Features:   &casefile.Features{Digest: strings.Repeat("a", 64), SimHash: 1, Structure: 2, Title: strings.Repeat("b", 64), Words: 100, Elements: 200, HTML: true},
		}},
	}
	v.After.Due = casefile.Due{At: now.Add(time.Hour), Why: casefile.WhyCadence}
	v.Events = []casefile.Event{{At: now, Kind: casefile.EventVisited, Actor: casefile.ActorVigil,
		Data: map[string]string{"state": string(casefile.StateLive), "reason": string(casefile.ReasonServed)}}}
	v.Basis = casefile.Basis{Vantages: []casefile.Vantage{{Name: "local"}}, Baseline: v.Observations[0].Features, RegistryAnswered: true}
	return v
}

// BenchmarkReadCases reads the page of the newest cases, each with a hosting, an assignment and a baseline. One
// operation is one page of casefile.MaxPage.
func BenchmarkReadCases(b *testing.B) {
	b.Run("sqlite", func(b *testing.B) { benchmarkReads(b, storetest.SQLite(b).Open(b)) })
	if storetest.HasPostgres(b) {
		b.Run("postgres", func(b *testing.B) { benchmarkReads(b, storetest.Postgres(b).Open(b)) })
	}
}

func benchmarkReads(b *testing.B, s *store.Store) {
	now := time.Now()
	added, err := s.AddReports(b.Context(), reportsOf(b, casefile.MaxPage), now)
	if err != nil {
		b.Fatal(err)
	}
	for _, a := range added {
		c, err := s.Case(b.Context(), a.CaseID)
		if err != nil {
			b.Fatal(err)
		}
		v := sampleVisit(c, now)
		v.Hosting = &casefile.Hosting{Provider: "Example Net", ASN: 64500, Country: "NL", Decided: now, Addresses: v.Observations[0].Resolution.Addresses}
		v.Assignment = &casefile.Assignment{HostingCountry: "NL", AssignedCountry: "NL", Hotlines: []string{"Hotline A"}, Policy: "hosting_country", At: now}
		v.After.Baseline = v.Observations[0].Features
		v.After.Last = casefile.Opinion{State: casefile.StateLive, Reason: casefile.ReasonServed, At: now}
		if err := s.RecordVisit(b.Context(), v); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		if list, err := s.Cases(b.Context(), casefile.CaseFilter{}); err != nil || len(list) != casefile.MaxPage || list[0].Baseline == nil {
			b.Fatal(len(list), err)
		}
	}
}

// BenchmarkAddReports stores reports of new targets, a hundred in one call.
func BenchmarkAddReports(b *testing.B) {
	b.Run("sqlite", func(b *testing.B) { benchmarkReports(b, storetest.SQLite(b).Open(b)) })
	if storetest.HasPostgres(b) {
		b.Run("postgres", func(b *testing.B) { benchmarkReports(b, storetest.Postgres(b).Open(b)) })
	}
}

func benchmarkReports(b *testing.B, s *store.Store) {
	const batch = 100
	reports := reportsOf(b, b.N)
	b.ReportAllocs()
	b.ResetTimer()
	for from := 0; from < b.N; from += batch {
		if _, err := s.AddReports(b.Context(), reports[from:min(from+batch, b.N)], time.Now()); err != nil {
			b.Fatal(err)
		}
	}
}

func reportsOf(b *testing.B, n int) []casefile.Report {
	reports := make([]casefile.Report, n)
	for i := range reports {
		x, err := casefile.NewTarget(fmt.Sprintf("https://site-%d.example/page", i))
		if err != nil {
			b.Fatal(err)
		}
		reports[i] = casefile.Report{Target: x, Source: "public"}
	}
	return reports
}
