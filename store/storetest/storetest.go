// Package storetest is the contract of the store: one suite that every database runs.
//
// A way to get an empty database comes in; failed tests come out. The suite uses
// harmless hosts only (site-1.example). It must never pass on one database what it
// would not pass on the other.
package storetest

import (
	"context"
	"database/sql"
	"fmt"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap"

	"vigil/casefile"
	"vigil/internal/seal"
	"vigil/store"
)

// Database is an empty database of a test.
type Database struct {
	URL  string
	Keys *seal.Keys
}

// SQLite gives an empty SQLite file.
func SQLite(t testing.TB) Database {
	t.Helper()
	return Database{URL: "sqlite:" + filepath.Join(t.TempDir(), "vigil.db"), Keys: Keys(t)}
}

// migrated is an empty SQLite database of this version, made once: under the race detector the migrations of one cost
// more than a second.
var migrated = sync.OnceValues(func() (file []byte, err error) {
	dir, err := os.MkdirTemp("", "vigil-storetest-*")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	path := filepath.Join(dir, "vigil.db")
	s, err := store.Open(context.Background(), store.Options{URL: "sqlite:" + path, Keys: migratedKeys(), Log: zap.NewNop()})
	if err != nil {
		return nil, err
	}
	if err := s.Close(); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
})

var migratedKeys = sync.OnceValue(func() *seal.Keys {
	k, err := seal.Ephemeral()
	if err != nil {
		panic(err) // randomness never fails
	}
	return k
})

// MigratedSQLite gives an empty SQLite file whose migrations are done; its keys are those of all such files.
func MigratedSQLite(t testing.TB) Database {
	t.Helper()
	file, err := migrated()
	if err != nil {
		t.Fatal(err)
	}
	d := Database{URL: SQLite(t).URL, Keys: migratedKeys()}
	if err := os.WriteFile(strings.TrimPrefix(d.URL, "sqlite:"), file, 0o600); err != nil {
		t.Fatal(err)
	}
	return d
}

// Keys makes keys for one test.
func Keys(t testing.TB) *seal.Keys {
	t.Helper()
	k, err := seal.Ephemeral()
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// PostgresVariable names the environment variable with the address of a PostgreSQL
// database in which tests may create schemas.
const PostgresVariable = "VIGIL_TEST_POSTGRES"

// HasPostgres says whether there is a server to test on. On a build machine
// (CI=true) a missing one fails the test.
func HasPostgres(t testing.TB) bool {
	t.Helper()
	if os.Getenv(PostgresVariable) != "" {
		return true
	}
	const advice = PostgresVariable + " is not set: run make test, or export it with the output of scripts/postgres.sh start DIR"
	if os.Getenv("CI") == "true" {
		t.Fatal(advice)
	}
	t.Log("the PostgreSQL half does not run: " + advice)
	return false
}

// Postgres gives an empty schema on the server of PostgresVariable, and drops it after
// the test. A database of its own would cost seconds on a busy disk.
func Postgres(t testing.TB) Database {
	t.Helper()
	server := os.Getenv(PostgresVariable)
	address, err := url.Parse(server)
	if err != nil {
		t.Fatalf("%s is no address", PostgresVariable)
	}
	admin, err := sql.Open("pgx", server)
	if err != nil {
		t.Fatal(err)
	}
	admin.SetMaxOpenConns(1)
	name := fmt.Sprintf("vigil_%d_%d", os.Getpid(), time.Now().UnixNano())
	if _, err := admin.ExecContext(t.Context(), "CREATE SCHEMA "+name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := admin.ExecContext(context.Background(), "DROP SCHEMA "+name+" CASCADE"); err != nil {
			t.Error(err)
		}
		if err := admin.Close(); err != nil {
			t.Error(err)
		}
	})
	query := address.Query()
	query.Set("search_path", name)
	address.RawQuery = query.Encode()
	return Database{URL: address.String(), Keys: Keys(t)}
}

// Open opens the database and closes it after the test.
func (d Database) Open(t testing.TB) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), store.Options{URL: d.URL, Keys: d.Keys, Log: zap.NewNop()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// Run runs the suite; fresh gives an empty database each time.
func Run(t *testing.T, fresh func(t testing.TB) Database) {
	for _, test := range []struct {
		name string
		run  func(t *testing.T, d Database)
	}{
		{"a first report opens a case, due at once", firstReport},
		{"a further report attaches and wakes", furtherReport},
		{"reports out of bounds are problems and store nothing", badReports},
		{"an idempotency key stores once", idempotency},
		{"cases are found by every filter, in pages", filters},
		{"the same name under other endings", namesakes},
		{"an earlier namesake that is looked at is told", namesakesClosed},
		{"namesakes are bounded", namesakesBounded},
		{"a case keeps every field", everyField},
		{"two processes open the same cases", openedTwice},
		{"what people do", actions},
		{"recorded origins", origins},
		{"answers to a review", rulings},
		{"recorded removals are told apart", recorded},
		{"a release lets held notices leave", releases},
		{"a reveal is an event first", reveal},
		{"a visit reads back as it was recorded", roundTrip},
		{"foreign text is cut to fit", foreignText},
		{"a long trail keeps its hosts", longTrail},
		{"a record from an older version is refused, its looks kept", conflicts},
		{"a visit that was never recorded is interrupted", interrupted},
		{"a bad visit is our error and stores nothing", badVisits},
		{"sibling looks", siblings},
		{"what vantages said of each other", votes},
		{"due hosts and cases", dueOrder},
		{"due hosts after a random life equal the slow way", dueHostsSlowWay},
		{"the outbox", outbox},
		{"an overtaken notice is composed again", overtaken},
		{"two outboxes never claim the same notice", twoOutboxes},
		{"notices left behind become uncertain", recovery},
		{"history is verified and tampering found", tampering},
		{"32 callers record at once", manyCallers},
		{"two stores record the same host", twoStores},
		{"one bad write does not fail its group", badNeighbour},
		{"an ended context has a clear outcome", cancellation},
		{"close drains", closing},
		{"reopened after close", reopen},
		{"many open a new database at once", openedAtOnce},
		{"another key is refused", wrongKey},
		{"a newer schema is refused", newerSchema},
		{"episodes and counts equal the slow way over events", figures},
		{"users and tokens", people},
		{"sessions", sessions},
		{"registry cache", registryCache},
		{"no column could hold a body", columnBounds},
		{"no URL or host is readable in the tables", nothingReadable},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			test.run(t, fresh(t))
		})
	}
}

// epoch is when the tests happen.
var epoch = time.Date(2026, 11, 2, 8, 0, 0, 0, time.UTC)

func target(t testing.TB, host, path int) casefile.Target {
	t.Helper()
	x, err := casefile.NewTarget(fmt.Sprintf("https://site-%d.example/page-%d", host, path))
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// add reports one URL and reads its case.
func add(t testing.TB, s *store.Store, x casefile.Target, now time.Time) casefile.Case {
	t.Helper()
	added, err := s.AddReports(t.Context(), []casefile.Report{{Target: x, Source: "public", Received: now}}, now)
	if err != nil {
		t.Fatal(err)
	}
	return read(t, s, added[0].CaseID)
}

func read(t testing.TB, s *store.Store, id casefile.CaseID) casefile.Case {
	t.Helper()
	c, err := s.Case(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// live is a plain visit that saw the target, due again in an hour.
func live(c casefile.Case, now time.Time) casefile.Visit {
	after := c
	after.Last = casefile.Opinion{State: casefile.StateLive, Reason: casefile.ReasonServed, At: now}
	after.Episode.LastSeen = now
	if after.Episode.FirstSeen.IsZero() {
		after.Episode.FirstSeen = now
	}
	after.Due = casefile.Due{At: now.Add(time.Hour), Why: casefile.WhyCadence}
	return casefile.Visit{
		CaseID: c.ID, Started: now, Ended: now.Add(time.Second), Why: casefile.WhyReported, Counted: true, After: after,
		Verdict: casefile.Verdict{State: casefile.StateLive, Reason: casefile.ReasonServed},
		Observations: []casefile.Observation{{
			Vantage: "local", Purpose: casefile.PurposeTarget, Started: now, Took: 120 * time.Millisecond, Status: 200, BodyBytes: 812,
			Resolution: casefile.Resolution{Rcode: "NOERROR", CNAMEs: []string{}, Addresses: []netip.Addr{netip.MustParseAddr("192.0.2.10")}, Nameservers: []string{}},
			Hops:       []casefile.Hop{{Target: c.Target, Address: netip.MustParseAddr("192.0.2.10"), Status: 200, MediaType: "text/html", Protocol: "HTTP/1.1", Took: 100 * time.Millisecond}},
			Features:   &casefile.Features{Digest: strings.Repeat("a", 64), SimHash: 1<<63 + 7, Structure: 42, Words: 120, Elements: 30, HTML: true},
		}},
	}
}

// record starts and records a visit and reads the case as it is then.
func record(t testing.TB, s *store.Store, v casefile.Visit) casefile.Case {
	t.Helper()
	if err := s.StartVisit(t.Context(), v.CaseID, v.After.Version, v.Started); err != nil {
		t.Fatal(err)
	}
	if err := s.RecordVisit(t.Context(), v); err != nil {
		t.Fatal(err)
	}
	return read(t, s, v.CaseID)
}

// wantProblem fails unless err is the caller's problem of the code.
func wantProblem(t testing.TB, err error, code casefile.ProblemCode) {
	t.Helper()
	if p := problem(err); p == nil || p.Code != code {
		t.Errorf("got %v, want a problem of code %s", err, code)
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// count counts rows by raw SQL.
func count(t testing.TB, s *store.Store, query string) int {
	t.Helper()
	var n int
	must(t, s.DB().QueryRowContext(t.Context(), query).Scan(&n))
	return n
}

func exec(t testing.TB, s *store.Store, query string) {
	t.Helper()
	if _, err := s.DB().ExecContext(t.Context(), query); err != nil {
		t.Fatal(err)
	}
}
