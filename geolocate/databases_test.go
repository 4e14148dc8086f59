package geolocate

import (
	"context"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/maxmind/mmdbwriter"
	"github.com/maxmind/mmdbwriter/mmdbtype"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"vigil/casefile"
)

// putDatabase puts a database that knows 192.0.2.0/24 at path, by renaming, as an update does.
func putDatabase(t *testing.T, path, country string, built time.Time) {
	t.Helper()
	tree, err := mmdbwriter.New(mmdbwriter.Options{DatabaseType: "test country", BuildEpoch: built.Unix(), IncludeReservedNetworks: true})
	if err != nil {
		t.Fatal(err)
	}
	network := &net.IPNet{IP: net.IPv4(192, 0, 2, 0), Mask: net.CIDRMask(24, 32)}
	if err := tree.Insert(network, mmdbtype.Map{"country_code": mmdbtype.String(country)}); err != nil {
		t.Fatal(err)
	}
	f, err := os.CreateTemp(filepath.Dir(path), "new-*")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tree.WriteTo(f); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(f.Name(), path); err != nil {
		t.Fatal(err)
	}
}

func offline(t *testing.T, databases ...DatabaseOptions) (*Locator, *observer.ObservedLogs) {
	t.Helper()
	core, logs := observer.New(zapcore.InfoLevel)
	l, err := New(Options{Databases: databases, Log: zap.New(core)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l, logs
}

var (
	known    = netip.MustParseAddr("192.0.2.7")
	firstDay = time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC)
)

func countryOf(l *Locator) string {
	claims, _ := l.local(nil, nil, known)
	for _, c := range claims {
		if c.Fact == casefile.FactCountry && c.Source != kindEmbedded {
			return c.Value
		}
	}
	return ""
}

// mapped counts the mappings of a file that this process holds, those of replaced files too.
func mapped(t *testing.T, path string) int {
	t.Helper()
	maps, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		t.Skip("this system does not list a process's mappings")
	}
	return strings.Count(string(maps), path)
}

func TestLookUpsGoOnWhileTheFileIsExchanged(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "exchanged.mmdb")
	putDatabase(t, path, "NL", firstDay)
	l, _ := offline(t, DatabaseOptions{Kind: "country", Path: path})
	var asked, swaps atomic.Int64
	var readers sync.WaitGroup
	done := make(chan struct{})
	for range 8 {
		readers.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				if c := countryOf(l); c != "NL" && c != "SE" {
					t.Errorf("country %q: a look-up was lost", c)
					return
				}
				asked.Add(1)
			}
		})
	}
	for i := range 50 {
		country := []string{"SE", "NL"}[i%2]
		putDatabase(t, path, country, firstDay.AddDate(0, 0, i+1))
		swaps.Add(int64(l.Reload()))
		if got := countryOf(l); got != country {
			t.Errorf("exchange %d: the new file says %s, the locator %q", i, country, got)
		}
	}
	close(done)
	readers.Wait()
	if swaps.Load() != 50 || asked.Load() < 50 {
		t.Errorf("%d exchanges and %d look-ups; want 50 and many", swaps.Load(), asked.Load())
	}
	if n := mapped(t, path); n != 1 {
		t.Errorf("%d mappings of the file are left, want the last one", n)
	}
}

func TestReload(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "country.mmdb")
	putDatabase(t, path, "NL", firstDay)
	l, logs := offline(t, DatabaseOptions{Kind: "country", Path: path})
	reload := func(step string, exchanged int, country string, warnings int) {
		t.Helper()
		if n := l.Reload(); n != exchanged {
			t.Errorf("%s: %d exchanged, want %d", step, n, exchanged)
		}
		if got := countryOf(l); got != country {
			t.Errorf("%s: country %q, want %q", step, got, country)
		}
		if n := logs.FilterLevelExact(zapcore.WarnLevel).Len(); n != warnings {
			t.Errorf("%s: %d warnings, want %d: %v", step, n, warnings, logs.All())
		}
	}
	reload("nothing changed", 0, "NL", 0)
	if err := os.WriteFile(path+".new", []byte("<html>no database</html>"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
	reload("the new file is broken", 0, "NL", 1)
	reload("it is still broken", 0, "NL", 1)
	putDatabase(t, path, "SE", firstDay.AddDate(0, 0, 1))
	reload("a sound one came", 1, "SE", 1)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	reload("the file went", 0, "SE", 2)
	reload("it is still gone", 0, "SE", 2)
	putDatabase(t, path, "NL", firstDay.AddDate(0, 0, 2))
	reload("it came back", 1, "NL", 2)
	if built := l.DatabaseInfos()[0].Built; !built.Equal(firstDay.AddDate(0, 0, 2)) {
		t.Errorf("built %v", built)
	}
}

func TestAwaitedDatabaseComesLater(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "country.mmdb")
	l, logs := offline(t, DatabaseOptions{Kind: "country", Path: path, Awaited: true})
	if n := logs.FilterMessageSnippet("run vigil geodata update").Len(); n != 1 {
		t.Errorf("%d log lines say that the file is missing, want 1", n)
	}
	if info := l.DatabaseInfos()[0]; info.Loaded || info.Path != path || info.Kind != "country" {
		t.Errorf("info of an absent database: %+v", info)
	}
	if got := countryOf(l); got != "" {
		t.Errorf("a database that is not there says %q", got)
	}
	putDatabase(t, path, "NL", firstDay)
	if n := l.Reload(); n != 1 || countryOf(l) != "NL" || !l.DatabaseInfos()[0].Loaded {
		t.Errorf("%d exchanged, country %q", n, countryOf(l))
	}
	if _, err := New(Options{Databases: []DatabaseOptions{{Kind: "country", Path: path + ".none"}}}); err == nil {
		t.Error("an absent file that nothing downloads must be an error at the start")
	}
	if err := os.WriteFile(path+".bad", []byte("no database"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := New(Options{Databases: []DatabaseOptions{{Kind: "country", Path: path + ".bad", Awaited: true}}}); err == nil {
		t.Error("a broken file must be an error at the start, also an awaited one")
	}
}

func TestWatchSeesAReplacedFileWithinItsInterval(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "country.mmdb")
		putDatabase(t, path, "NL", firstDay)
		l, _ := offline(t, DatabaseOptions{Kind: "country", Path: path})
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- l.Watch(ctx) }()
		putDatabase(t, path, "SE", firstDay.AddDate(0, 0, 1))
		time.Sleep(watchEvery / 2)
		synctest.Wait()
		if got := countryOf(l); got != "NL" {
			t.Errorf("before its time: %q", got)
		}
		time.Sleep(watchEvery)
		synctest.Wait()
		if got := countryOf(l); got != "SE" {
			t.Errorf("after its time: %q", got)
		}
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Watch ended with %v", err)
		}
	})
}
