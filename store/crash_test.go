package store_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"vigil/casefile"
	"vigil/internal/seal"
	"vigil/store"
	"vigil/store/storetest"
)

// The variables that make this test binary the process that is killed.
const childURL, childKey = "VIGIL_STORE_CHILD_URL", "VIGIL_STORE_CHILD_KEY"

func TestMain(m *testing.M) {
	if url := os.Getenv(childURL); url != "" {
		if err := recordUntilKilled(url, os.Getenv(childKey)); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
		os.Exit(1)
	}
	goleak.VerifyTestMain(m)
}

// recordUntilKilled records visits from many goroutines and says which are durable.
func recordUntilKilled(url, keyFile string) error {
	ctx := context.Background()
	keys, err := seal.Load(keyFile)
	if err != nil {
		return err
	}
	s, err := store.Open(ctx, store.Options{URL: url, Keys: keys})
	if err != nil {
		return err
	}
	reports := make([]casefile.Report, 16)
	for i := range reports {
		x, err := casefile.NewTarget(fmt.Sprintf("https://site-%d.example/", i))
		if err != nil {
			return err
		}
		reports[i].Target = x
	}
	added, err := s.AddReports(ctx, reports, time.Now())
	if err != nil {
		return err
	}
	var say sync.Mutex
	var wait sync.WaitGroup
	for _, a := range added {
		wait.Go(func() {
			c, err := s.Case(ctx, a.CaseID)
			for ; err == nil; c.Version++ {
				now := time.Now()
				v := sampleVisit(c, now)
				v.Events = []casefile.Event{{At: now, Kind: casefile.EventNoted, Actor: "ann"}}
				if err = s.StartVisit(ctx, c.ID, c.Version, now); err == nil {
					err = s.RecordVisit(ctx, v)
				}
				say.Lock()
				fmt.Printf("%d %d\n", c.ID, c.Version+1)
				say.Unlock()
			}
		})
	}
	wait.Wait()
	return nil
}

// Killed at any moment, the store has every visit that it said was durable, sound
// histories, and every case still due.
func TestKilledWhileRecording(t *testing.T) {
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		killed(t, storetest.SQLite(t).URL)
	})
	if storetest.HasPostgres(t) {
		t.Run("postgres", func(t *testing.T) {
			t.Parallel()
			killed(t, storetest.Postgres(t).URL)
		})
	}
}

func killed(t *testing.T, url string) {
	t.Helper()
	keyFile := filepath.Join(t.TempDir(), "vigil.key")
	keys, err := seal.Create(keyFile)
	if err != nil {
		t.Fatal(err)
	}
	binary, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		child := exec.CommandContext(t.Context(), binary)
		child.Env = append(os.Environ(), childURL+"="+url, childKey+"="+keyFile)
		var trouble strings.Builder
		child.Stderr = &trouble
		out, err := child.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		durable := map[casefile.CaseID]int64{}
		lines := bufio.NewScanner(out)
		for n := 0; lines.Scan(); n++ {
			var id casefile.CaseID
			var version int64
			if _, err := fmt.Sscan(lines.Text(), &id, &version); err == nil {
				durable[id] = max(durable[id], version)
			}
			if n == 150 {
				if err := child.Process.Kill(); err != nil {
					t.Fatal(err)
				}
			}
		}
		_ = child.Wait() // it was killed: that is no error here
		if len(durable) == 0 {
			t.Fatalf("the process recorded nothing: %s", trouble.String())
		}
		s, err := store.Open(t.Context(), store.Options{URL: url, Keys: keys})
		if err != nil {
			t.Fatal(err)
		}
		for id, version := range durable {
			c, err := s.Case(t.Context(), id)
			if err != nil || c.Version < version || c.Due.At.IsZero() {
				t.Errorf("case %d: version %d, said to be %d, due %v (%v)", id, c.Version, version, c.Due.At, err)
			}
		}
		if err := s.VerifyHistory(t.Context(), nil); err != nil {
			t.Error(err)
		}
		hosts, err := s.DueHosts(t.Context(), time.Now().Add(24*time.Hour), 100)
		if err != nil || len(hosts) != 16 {
			t.Errorf("%d hosts are due within a day, want 16 (%v)", len(hosts), err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}
