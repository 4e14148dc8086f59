package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vigil/casefile"
	"vigil/cmd/app"
	"vigil/internal/config"
	"vigil/store"
	"vigil/store/storetest"
)

var scaleEnd = time.Date(2026, 11, 30, 0, 0, 0, 0, time.UTC)

func newScaler(t *testing.T, s *store.Store, seed uint64, size int) *scaler {
	t.Helper()
	cfg := config.Defaults()
	cfg.Notices.Country = "NL"
	desk, err := app.NewComposer(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return &scaler{population: population{seed: seed, size: size, until: scaleEnd}, store: s, desk: desk, workers: 16}
}

// made tells of every case, by its number, what must be the same in each run of one seed.
func made(t *testing.T, s *scaler) map[int]string {
	t.Helper()
	out := map[int]string{}
	filter := casefile.CaseFilter{Limit: casefile.MaxPage}
	for {
		page, err := s.store.Cases(t.Context(), filter)
		if err != nil {
			t.Fatal(err)
		}
		if len(page) == 0 {
			return out
		}
		for _, c := range page {
			i, ours := s.numberOf(c.Target)
			if !ours || out[i] != "" {
				t.Fatalf("case %d is there twice, or is none of ours", i)
			}
			events, err := s.store.Events(t.Context(), c.ID, 0, casefile.MaxPage)
			if err != nil {
				t.Fatal(err)
			}
			out[i] = fmt.Sprintf("%s, %d visits, episode %d of %s, last %s, due %s:", c.Standing, c.Visits, c.Episode.Number, c.Episode.Opened, c.Last.Reason, c.Due.At)
			for _, e := range events {
				if e.Kind == casefile.EventSameLabel { // depends on which case was opened before
					continue
				}
				out[i] += fmt.Sprintf(" %s", e.Kind)
			}
		}
		filter.Before = page[len(page)-1].ID
	}
}

// A run that is stopped at any point goes on where it was, and ends with the cases of a run that was not.
func TestScaleGoesOnWhereItStopped(t *testing.T) {
	t.Parallel()
	databases := map[string]func(testing.TB) storetest.Database{"SQLite": storetest.SQLite}
	if storetest.HasPostgres(t) {
		databases["PostgreSQL"] = storetest.Postgres
	}
	for name, fresh := range databases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const size = 130
			straight := newScaler(t, fresh(t).Open(t), 7, size)
			if err := straight.run(t.Context(), io.Discard, io.Discard); err != nil {
				t.Fatal(err)
			}
			want := made(t, straight)
			stopped := newScaler(t, fresh(t).Open(t), 7, size)
			for stops := range 4 { // the first stop comes early; a busy machine may leave nothing for the last ones
				ctx, stop := context.WithCancel(t.Context())
				go func() {
					for before := stopped.visits.Load(); stopped.visits.Load() < before+int64(60+50*stops) && ctx.Err() == nil; {
						time.Sleep(time.Millisecond)
					}
					stop()
				}()
				err := stopped.run(ctx, io.Discard, io.Discard)
				stop()
				if err == nil && stops > 0 {
					break
				}
				if err == nil || !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "run the same command again") {
					t.Fatalf("a run that was stopped ended with %v", err)
				}
			}
			if err := stopped.run(t.Context(), io.Discard, io.Discard); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, made(t, stopped)); diff != "" || len(want) != size {
				t.Errorf("%d cases; without and with stops:\n%s", len(want), diff)
			}
			if err := stopped.store.VerifyHistory(t.Context(), nil); err != nil {
				t.Error(err)
			}
			being, err := stopped.store.Notices(t.Context(), casefile.NoticeFilter{State: casefile.NoticeSending, Limit: 1})
			if err != nil || len(being) > 0 {
				t.Errorf("%d notices are left on their way, %v", len(being), err)
			}
			if due, err := stopped.store.DueHosts(t.Context(), scaleEnd.Add(23*time.Hour), 1); err != nil || len(due) > 0 {
				t.Errorf("%d hosts are due before anybody could start: %v", len(due), err)
			}
			var said strings.Builder
			if err := newScaler(t, stopped.store, 7, size).run(t.Context(), &said, io.Discard); err != nil || !strings.Contains(said.String(), "130 cases, 0 of them new, with 0 visits") {
				t.Errorf("once more: %q, %v", said.String(), err)
			}
			for want, other := range map[string]*scaler{"more than 100": newScaler(t, stopped.store, 7, 100), "give it a database of its own": newScaler(t, stopped.store, 8, 200)} {
				if err := other.run(t.Context(), io.Discard, io.Discard); err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("%v, want %q", err, want)
				}
			}
		})
	}
}

// The made-up cases are spread as real ones are: a few hosts have many, every standing occurs, and times lie in the two years.
func TestPopulation(t *testing.T) {
	t.Parallel()
	p := population{seed: 3, size: 20_000, until: scaleEnd}
	hosts, reasons := map[string]int{}, map[casefile.Reason]int{}
	var ages [8]int // quarters of a year
	last := time.Time{}
	for i := range p.size {
		opened := p.opened(i)
		if opened.Before(last) || opened.After(p.until) || p.until.Sub(opened) > populationAge {
			t.Fatalf("case %d is opened at %v after %v", i, opened, last)
		}
		last = opened
		r, err := p.report(i, opened)
		if err != nil {
			t.Fatal(err)
		}
		if back, ours := p.numberOf(r.Target); back != i || !ours {
			t.Fatalf("case %d is taken for %d, %v", i, back, ours)
		}
		if name := hostName(hostNumber(r.Target.Host())); name != r.Target.Host() {
			t.Fatalf("the host %s is taken for %s", r.Target.Host(), name)
		}
		hosts[r.Target.Host()]++
		ages[min(int(p.until.Sub(opened)/(populationAge/8)), 7)]++
		f := p.fate(i, opened)
		at := opened
		for _, v := range f.visits {
			if !v.at.After(at) || v.at.After(p.until) || !v.reason.Valid() {
				t.Fatalf("case %d is visited at %v after %v, reason %q", i, v.at, at, v.reason)
			}
			at = v.at
			reasons[v.reason]++
		}
		if again := p.fate(i, opened); !cmp.Equal(f, again, cmp.AllowUnexported(fate{}, sighting{})) {
			t.Fatalf("case %d has another fate the second time", i)
		}
	}
	most, single := 0, 0
	for _, n := range hosts {
		most = max(most, n)
		if n == 1 {
			single++
		}
	}
	if most < 100 || single < len(hosts)/2 || len(hosts) < 3000 {
		t.Errorf("%d hosts, %d of them with one case, the largest with %d", len(hosts), single, most)
	}
	if ages[0] < 2*ages[7] || ages[7] < 500 {
		t.Errorf("cases by quarter, the newest first: %v", ages)
	}
	if len(reasons) < 22 || reasons[casefile.ReasonHTTP404] < reasons[casefile.ReasonSeized]*10 {
		t.Errorf("reasons: %v", reasons)
	}
}
