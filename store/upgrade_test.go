package store_test

import (
	"database/sql"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vigil/casefile"
	"vigil/store"
	"vigil/store/storetest"
)

// TestAnOlderDatabaseIsBroughtUpToDate opens databases that the first schema made,
// with cases, reports, visits and hosting in them.
func TestAnOlderDatabaseIsBroughtUpToDate(t *testing.T) {
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		upgrade(t, storetest.SQLite)
	})
	if !storetest.HasPostgres(t) {
		return
	}
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		upgrade(t, storetest.Postgres)
	})
}

func upgrade(t *testing.T, fresh func(testing.TB) storetest.Database) {
	now := time.Date(2026, 11, 2, 8, 0, 0, 0, time.UTC)
	today := fresh(t)
	s := today.Open(t)
	id := lived(t, s, now)
	want, err := s.Case(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	old := fresh(t)
	old.Keys = today.Keys
	db := store.OpenAt(t, old.URL, 1)
	if _, err := db.ExecContext(t.Context(), "SELECT origin_sealed FROM cases"); err == nil {
		t.Fatal("the first schema has the column already: nothing is proved")
	}
	for _, table := range []string{"meta", "hostings", "assignments", "cases", "hosts", "reports", "episodes", "visits", "observations", "events"} {
		copyRows(t, s.DB(), db, table)
		if s.Dialect() == store.DialectPostgres && !strings.Contains(" meta hosts episodes ", " "+table+" ") { // where the numbers go on
			if _, err := db.ExecContext(t.Context(), fmt.Sprintf("SELECT setval(pg_get_serial_sequence('%[1]s', 'id'), (SELECT MAX(id) FROM %[1]s))", table)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}

	s = old.Open(t)
	got, err := s.Case(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	same := cmp.Options{
		cmp.Comparer(func(a, b casefile.Target) bool { return a.URL() == b.URL() }),
		cmp.Comparer(func(a, b netip.Addr) bool { return a == b }), cmp.Comparer(func(a, b netip.Prefix) bool { return a == b }),
	}
	if diff := cmp.Diff(want, got, same); diff != "" {
		t.Errorf("case (-before +after):\n%s", diff)
	}
	// And it works: what the new schema is for.
	origin := netip.MustParseAddr("203.0.113.7")
	if _, err := s.Act(t.Context(), id, casefile.Action{Kind: casefile.ActOrigin, Actor: "ann", Reason: "the provider told us", At: now, Origin: origin}); err != nil {
		t.Fatal(err)
	}
	if got, err = s.Case(t.Context(), id); err != nil || got.Origin == nil || got.Origin.Address != origin {
		t.Errorf("%+v, %v", got.Origin, err)
	}
	if visits, err := s.Visits(t.Context(), id, 0, 10); err != nil || len(visits) != 1 || len(visits[0].Observations) != 1 {
		t.Errorf("%+v, %v", visits, err)
	}
	if err := s.VerifyHistory(t.Context(), nil); err != nil {
		t.Error(err)
	}
}

// lived is a case that was reported and visited once.
func lived(t *testing.T, s *store.Store, now time.Time) casefile.CaseID {
	t.Helper()
	added, err := s.AddReports(t.Context(), []casefile.Report{{Target: target(t), Source: "public", Received: now}}, now)
	if err != nil {
		t.Fatal(err)
	}
	c, err := s.Case(t.Context(), added[0].CaseID)
	if err != nil {
		t.Fatal(err)
	}
	recordVisit(t, s, c, now)
	return c.ID
}

func recordVisit(t *testing.T, s *store.Store, c casefile.Case, now time.Time) {
	t.Helper()
	v := casefile.Visit{
		CaseID: c.ID, Started: now, Ended: now, Why: c.Due.Why, Believed: true, After: c, Verdict: casefile.Verdict{State: casefile.StateLive, Reason: casefile.ReasonServed},
		Observations: []casefile.Observation{{Vantage: "local", Purpose: casefile.PurposeTarget, Started: now, Status: 200}},
		Hosting:      &casefile.Hosting{Country: "NL", Provider: "Example Net", Edge: &casefile.Edge{Name: "Example Edge"}, Origin: casefile.OriginUnknown, Decided: now},
		Events:       []casefile.Event{{At: now, Kind: casefile.EventFirstSeen, Actor: casefile.ActorVigil}},
	}
	v.After.Episode.FirstSeen, v.After.Due = now, casefile.Due{At: now.Add(time.Hour), Why: casefile.WhyCadence}
	if err := s.StartVisit(t.Context(), c.ID, c.Version, now); err != nil {
		t.Fatal(err)
	}
	if err := s.RecordVisit(t.Context(), v); err != nil {
		t.Fatal(err)
	}
}

// columnsOf are the columns of an empty table.
func columnsOf(t *testing.T, db *sql.DB, table string) []string {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), "SELECT * FROM "+table)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil || rows.Next() || rows.Err() != nil {
		t.Fatalf("%s is not empty, or %v %v", table, err, rows.Err())
	}
	return columns
}

// copyRows copies a table, those of its columns that the older one has.
func copyRows(t *testing.T, from, to *sql.DB, table string) {
	t.Helper()
	columns := columnsOf(t, to, table)
	list := strings.Join(columns, ", ")
	rows, err := from.QueryContext(t.Context(), "SELECT "+list+" FROM "+table)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	copied := 0
	for ; rows.Next(); copied++ {
		values, into, places := make([]any, len(columns)), make([]any, len(columns)), make([]string, len(columns))
		for i := range columns {
			into[i], places[i] = &values[i], fmt.Sprintf("$%d", i+1)
		}
		if err := rows.Scan(into...); err != nil {
			t.Fatal(err)
		}
		if _, err := to.ExecContext(t.Context(), fmt.Sprintf("INSERT INTO %s (%s) VALUES (%s)", table, list, strings.Join(places, ", ")), values...); err != nil {
			t.Fatal(err)
		}
	}
	if rows.Err() != nil || copied == 0 && table != "assignments" {
		t.Fatalf("%s: %d rows copied, %v", table, copied, rows.Err())
	}
}
