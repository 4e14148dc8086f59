package store_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"vigil/casefile"
	"vigil/store"
	"vigil/store/storetest"
)

func open(t testing.TB, url string) (*store.Store, error) {
	t.Helper()
	return store.Open(t.Context(), store.Options{URL: url, Keys: storetest.Keys(t)})
}

// wantAdvice fails unless the error names what to do.
func wantAdvice(t testing.TB, err error, advice string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), advice) {
		t.Errorf("got %v, want advice with %q", err, advice)
	}
}

func TestOpenErrorsSayWhatToDo(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "a-file")
	if err := os.WriteFile(file, []byte("not a database, but text of some length that goes on and on"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct{ url, advice string }{
		"no scheme":                {"vigil.db", `must begin with "sqlite:"`},
		"another scheme":           {"mysql://db.example/x", `must begin with "sqlite:"`},
		"no path":                  {"sqlite:", "give the path of a file"},
		"in memory":                {"sqlite::memory:", "give the path of a file"},
		"folder missing":           {"sqlite:" + filepath.Join(dir, "none", "v.db"), "does not exist: make it"},
		"folder is a file":         {"sqlite:" + filepath.Join(file, "v.db"), "is a file, not a folder"},
		"path is a folder":         {"sqlite:" + dir, "is not a regular file"},
		"file is no database":      {"sqlite:" + file, "is not a SQLite database"},
		"PostgreSQL, bad address":  {"postgres://user:secret@[::bad/x", "database.url is no PostgreSQL address"},
		"PostgreSQL, nobody there": {"postgres://user:secret@127.0.0.1:1/x?connect_timeout=2", "PostgreSQL cannot be reached"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := open(t, test.url)
			wantAdvice(t, err, test.advice)
			if err != nil && strings.Contains(err.Error(), "secret") {
				t.Errorf("the error tells the password: %v", err)
			}
		})
	}
}

func TestPostgresErrorsSayWhatToDo(t *testing.T) {
	t.Parallel()
	if !storetest.HasPostgres(t) {
		return
	}
	good := storetest.Postgres(t).URL
	at := strings.LastIndex(good, "@")
	scheme, _, _ := strings.Cut(good, "//")
	_, err := open(t, scheme+"//vigil:wrong"+good[at:])
	wantAdvice(t, err, "refuses user or password")
	slash := strings.LastIndex(good, "/")
	_, err = open(t, good[:slash]+"/there_is_none"+good[strings.Index(good, "?"):])
	wantAdvice(t, err, "has no database of that name")
}

// A folder that cannot be written to. Root may write everywhere, but not into /proc.
func TestReadOnlyFolder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o500); err != nil {
		t.Fatal(err)
	}
	if os.Geteuid() == 0 {
		dir = "/proc"
	}
	_, err := open(t, "sqlite:"+filepath.Join(dir, "v.db"))
	wantAdvice(t, err, "cannot be written to")
}

func TestPathWithSpecialBytes(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a b%20?x#y&z.db")
	s, err := open(t, "sqlite:"+path)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Errorf("the database is elsewhere: %v", err)
	}
}

// A full disk: SQLite is told that the file must not grow.
func TestFullDiskLosesNothingThatWasStored(t *testing.T) {
	t.Parallel()
	s := storetest.MigratedSQLite(t).Open(t)
	if _, err := s.DB().ExecContext(t.Context(), "PRAGMA max_page_count = 90"); err != nil {
		t.Fatal(err)
	}
	stored := 0
	var err error
	for i := 0; i < 2000 && err == nil; i++ {
		var x casefile.Target
		if x, err = casefile.NewTarget(fmt.Sprintf("https://site-1.example/%d", i)); err != nil {
			t.Fatal(err)
		}
		if _, err = s.AddReports(t.Context(), []casefile.Report{{Target: x}}, time.Now()); err == nil {
			stored++
		}
	}
	wantAdvice(t, err, "the disk is full: make room")
	if strings.Contains(fmt.Sprint(err), "site-1") {
		t.Errorf("the error names a host: %v", err)
	}
	counts, err := s.Counts(t.Context())
	if err != nil || counts[casefile.Watching] != stored || stored == 0 {
		t.Errorf("%v cases, %d were stored (%v)", counts, stored, err)
	}
	// Room was made: it goes on.
	if _, err := s.DB().ExecContext(t.Context(), "PRAGMA max_page_count = 100000"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.AddReports(t.Context(), []casefile.Report{{Target: target(t)}}, time.Now()); err != nil {
		t.Errorf("after room was made: %v", err)
	}
}

func TestDamagedFile(t *testing.T) {
	t.Parallel()
	d := storetest.SQLite(t)
	path := strings.TrimPrefix(d.URL, "sqlite:")
	s, err := store.Open(t.Context(), store.Options{URL: d.URL, Keys: d.Keys})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.AddReports(t.Context(), []casefile.Report{{Target: target(t)}}, time.Now()); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := 100; i < len(data); i++ { // all but the header
		data[i] = byte(i * 7)
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = store.Open(t.Context(), store.Options{URL: d.URL, Keys: d.Keys})
	wantAdvice(t, err, "the database file is damaged")
}

// Inside virtual time the store must neither deadlock nor let the clock run while
// it works: the end-to-end tests live there.
func TestInsideVirtualTime(t *testing.T) {
	t.Parallel()
	url := "sqlite:" + filepath.Join(t.TempDir(), "v.db")
	keys := storetest.Keys(t)
	synctest.Test(t, func(t *testing.T) {
		s, err := store.Open(t.Context(), store.Options{URL: url, Keys: keys})
		if err != nil {
			t.Fatal(err)
		}
		begin := time.Now()
		var wait sync.WaitGroup
		for i := range 20 {
			wait.Go(func() {
				ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
				defer cancel()
				x, err := casefile.NewTarget(fmt.Sprintf("https://site-%d.example/", i))
				if err != nil {
					t.Error(err)
					return
				}
				for range 5 {
					if _, err := s.AddReports(ctx, []casefile.Report{{Target: x}}, time.Now()); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wait.Wait()
		if took := time.Since(begin); took > time.Second {
			t.Errorf("%v of virtual time went by", took)
		}
		time.Sleep(24 * time.Hour)
		ended, cancel := context.WithCancel(context.Background())
		cancel()
		if _, err := s.AddReports(ended, []casefile.Report{{Target: target(t)}}, time.Now()); !errors.Is(err, context.Canceled) {
			t.Errorf("an ended context: %v", err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
}
