package storetest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"vigil/casefile"
	"vigil/internal/seal"
	"vigil/store"
)

func tampering(t *testing.T, d Database) {
	s := d.Open(t)
	var ids []casefile.CaseID
	for i := range 7 {
		c := add(t, s, target(t, i, i), epoch)
		for day := range 4 {
			v := live(c, epoch.Add(time.Duration(day)*24*time.Hour))
			v.Events = []casefile.Event{{At: v.Ended, Kind: casefile.EventNoted, Actor: "ann", Data: map[string]string{"day": fmt.Sprint(day)}}}
			c = record(t, s, v)
		}
		ids = append(ids, c.ID)
	}
	var last store.Progress
	must(t, s.VerifyHistory(t.Context(), func(p store.Progress) { last = p }))
	if last != (store.Progress{Cases: 7, Events: 35}) {
		t.Errorf("progress ended at %+v", last)
	}
	for _, id := range ids {
		all, err := s.Events(t.Context(), id, 0, 100)
		must(t, err)
		rest, err := s.Events(t.Context(), id, all[1].Seq, 100)
		must(t, err)
		if len(all) != 5 || len(rest) != 3 {
			t.Errorf("case %d: %d events, %d after the second", id, len(all), len(rest))
		}
	}
	for name, tamper := range map[string]string{
		"data changed":       "UPDATE events SET data = '{\"day\":\"9\"}' WHERE seq = 3 AND case_id = ",
		"time changed":       "UPDATE events SET at = at + 1 WHERE seq = 1 AND case_id = ",
		"actor changed":      "UPDATE events SET actor = 'bob' WHERE seq = 5 AND case_id = ",
		"one in the middle":  "DELETE FROM events WHERE seq = 2 AND case_id = ",
		"the last ones gone": "DELETE FROM events WHERE seq >= 4 AND case_id = ",
		"all gone":           "DELETE FROM events WHERE case_id = ",
		"data unreadable":    "UPDATE events SET data = 'x' WHERE seq = 2 AND case_id = ",
	} {
		id := ids[0]
		ids = ids[1:]
		exec(t, s, tamper+fmt.Sprint(id))
		if err := s.VerifyHistory(t.Context(), nil); !errors.Is(err, store.ErrBrokenHistory) {
			t.Errorf("%s: got %v, want a broken history", name, err)
		}
		// Put away what is known to be broken.
		exec(t, s, fmt.Sprintf("DELETE FROM events WHERE case_id = %d", id))
		exec(t, s, fmt.Sprintf("DELETE FROM reports WHERE case_id = %d", id))
		exec(t, s, fmt.Sprintf("DELETE FROM observations WHERE case_id = %d", id))
		exec(t, s, fmt.Sprintf("DELETE FROM visits WHERE case_id = %d", id))
		exec(t, s, fmt.Sprintf("DELETE FROM episodes WHERE case_id = %d", id))
		exec(t, s, fmt.Sprintf("DELETE FROM cases WHERE id = %d", id))
		must(t, s.VerifyHistory(t.Context(), nil))
	}
}

func manyCallers(t *testing.T, d Database) {
	s := d.Open(t)
	const callers, rounds = 32, 8
	var cases [callers]casefile.Case
	for i := range cases {
		cases[i] = add(t, s, target(t, i%5, i), epoch)
	}
	var wait sync.WaitGroup
	for i := range callers {
		wait.Go(func() {
			c := cases[i]
			for r := range rounds {
				v := live(c, epoch.Add(time.Duration(r)*time.Hour))
				v.Events = []casefile.Event{{At: v.Ended, Kind: casefile.EventNoted, Actor: "ann"}}
				if err := s.StartVisit(t.Context(), c.ID, c.Version, v.Started); err != nil {
					t.Error(err)
					return
				}
				if err := s.RecordVisit(t.Context(), v); err != nil {
					t.Error(err)
					return
				}
				c = v.After
				c.Version++
			}
		})
	}
	wait.Wait()
	if n := count(t, s, "SELECT COUNT(*) FROM visits"); n != callers*rounds {
		t.Errorf("%d visits, want %d", n, callers*rounds)
	}
	for _, c := range cases {
		if got := read(t, s, c.ID); got.Version != 1+rounds || got.Visits != rounds {
			t.Errorf("case %d: version %d, visits %d", c.ID, got.Version, got.Visits)
		}
	}
	must(t, s.VerifyHistory(t.Context(), nil))
	compareHosts(t, s)
}

func twoStores(t *testing.T, d Database) {
	stores := []*store.Store{d.Open(t), d.Open(t)}
	var cases []casefile.Case
	for i := range 16 { // one host: both stores settle its due time all the while
		cases = append(cases, add(t, stores[0], target(t, 1, i), epoch))
	}
	var wait sync.WaitGroup
	for i, c := range cases {
		wait.Go(func() {
			dice := rand.New(rand.NewPCG(uint64(i), 1))
			for r := range 10 {
				v := live(c, epoch.Add(time.Duration(r)*time.Hour))
				v.After.Due.At = epoch.Add(time.Duration(dice.IntN(10_000)) * time.Minute)
				if err := stores[(i+r)%2].RecordVisit(t.Context(), v); err != nil {
					t.Error(err)
					return
				}
				c = v.After
				c.Version++
			}
		})
	}
	wait.Wait()
	compareHosts(t, stores[0])
	must(t, stores[1].VerifyHistory(t.Context(), nil))
}

func badNeighbour(t *testing.T, d Database) {
	s := d.Open(t)
	const callers = 40
	var cases [callers]casefile.Case
	for i := range cases {
		cases[i] = add(t, s, target(t, i, i), epoch)
	}
	var wait sync.WaitGroup
	for i := range callers {
		wait.Go(func() {
			v := live(cases[i], epoch)
			if i%10 == 3 { // the database itself refuses this one
				v.Observations[0].Purpose = "a purpose that is far too long for its column"
			}
			err := s.RecordVisit(t.Context(), v)
			if (err != nil) != (i%10 == 3) {
				t.Errorf("caller %d: %v", i, err)
			}
		})
	}
	wait.Wait()
	if n := count(t, s, "SELECT COUNT(*) FROM visits"); n != callers-4 {
		t.Errorf("%d visits, want %d", n, callers-4)
	}
	if n := count(t, s, "SELECT COUNT(*) FROM observations"); n != callers-4 {
		t.Errorf("%d observations, want %d", n, callers-4)
	}
}

func cancellation(t *testing.T, d Database) {
	s := d.Open(t)
	const callers = 200
	why := errors.New("shutting down")
	var cases [callers]casefile.Case
	var reports []casefile.Report
	for i := range cases {
		reports = append(reports, casefile.Report{Target: target(t, i, i)})
	}
	added, err := s.AddReports(t.Context(), reports, epoch)
	must(t, err)
	for i := range cases {
		cases[i] = read(t, s, added[i].CaseID)
	}
	var mu sync.Mutex
	told := map[casefile.CaseID]error{}
	var wait sync.WaitGroup
	for i, c := range cases {
		ctx, cancel := context.WithCancelCause(t.Context())
		wait.Go(func() {
			err := s.RecordVisit(ctx, live(c, epoch))
			mu.Lock()
			told[c.ID] = err
			mu.Unlock()
		})
		go func() {
			time.Sleep(time.Duration(i%20) * 100 * time.Microsecond)
			cancel(why)
		}()
	}
	wait.Wait()
	done := 0
	for _, c := range cases {
		err := told[c.ID]
		recorded := read(t, s, c.ID).Visits == 1
		if recorded != (err == nil) || err != nil && !errors.Is(err, why) {
			t.Errorf("case %d: recorded %v, told %v", c.ID, recorded, err)
		}
		if recorded {
			done++
		}
	}
	t.Logf("%d of %d were recorded before their context ended", done, callers)
}

func closing(t *testing.T, d Database) {
	s, err := store.Open(t.Context(), store.Options{URL: d.URL, Keys: d.Keys})
	must(t, err)
	var wait sync.WaitGroup
	var mu sync.Mutex
	stored := 0
	started := make(chan struct{}, 100)
	for i := range 100 {
		x := target(t, i, i)
		wait.Go(func() {
			started <- struct{}{}
			_, err := s.AddReports(t.Context(), []casefile.Report{{Target: x}}, epoch)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				stored++
			case !errors.Is(err, store.ErrClosed):
				t.Error(err)
			}
		})
	}
	for range 50 {
		<-started
	}
	must(t, s.Close())
	must(t, s.Close())
	wait.Wait()
	if _, err := s.AddReports(t.Context(), []casefile.Report{{Target: target(t, 1, 1)}}, epoch); !errors.Is(err, store.ErrClosed) {
		t.Errorf("after close: %v", err)
	}
	if n := count(t, d.Open(t), "SELECT COUNT(*) FROM cases"); n != stored {
		t.Errorf("%d cases, and %d callers were told so", n, stored)
	}
}

func reopen(t *testing.T, d Database) {
	s, err := store.Open(t.Context(), store.Options{URL: d.URL, Keys: d.Keys})
	must(t, err)
	x := target(t, 1, 1)
	c := add(t, s, x, epoch)
	must(t, s.Ping(t.Context()))
	must(t, s.Close())
	if err := s.Ping(t.Context()); err == nil {
		t.Error("a closed store answers")
	}
	s = d.Open(t)
	if got := read(t, s, c.ID); got.Target.URL() != x.URL() {
		t.Error("the target did not come back")
	}
	if got := add(t, s, x, epoch); got.ID != c.ID {
		t.Errorf("the target is case %d now, and was %d", got.ID, c.ID)
	}
}

func openedAtOnce(t *testing.T, d Database) {
	if strings.HasPrefix(d.URL, "sqlite:") {
		d = SQLite(t) // a new one
	}
	var wait sync.WaitGroup
	for i := range 6 {
		x := target(t, i, i)
		wait.Go(func() {
			s, err := store.Open(t.Context(), store.Options{URL: d.URL, Keys: d.Keys})
			if err != nil {
				t.Error(err)
				return
			}
			if _, err := s.AddReports(t.Context(), []casefile.Report{{Target: x}}, epoch); err != nil {
				t.Error(err)
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	if n := count(t, d.Open(t), "SELECT COUNT(*) FROM cases"); n != 6 {
		t.Errorf("%d cases, want 6", n)
	}
}

func wrongKey(t *testing.T, d Database) {
	d.Open(t)
	_, err := store.Open(t.Context(), store.Options{URL: d.URL, Keys: Keys(t)})
	if !errors.Is(err, seal.ErrWrongKey) {
		t.Errorf("got %v, want %v", err, seal.ErrWrongKey)
	}
	if _, err := store.Open(t.Context(), store.Options{URL: d.URL}); err == nil {
		t.Error("opened without keys")
	}
}

func newerSchema(t *testing.T, d Database) {
	s := d.Open(t)
	exec(t, s, "INSERT INTO goose_db_version (version_id, is_applied) VALUES (99, TRUE)")
	_, err := store.Open(t.Context(), store.Options{URL: d.URL, Keys: d.Keys})
	if err == nil || !contains(err.Error(), "newer Vigil") {
		t.Errorf("got %v, want advice to run the newer Vigil", err)
	}
}
