package store_test

import (
	"database/sql"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vigil/casefile"
	"vigil/lifecycle"
	"vigil/store"
	"vigil/store/storetest"
)

// TestAnOlderDatabaseIsBroughtUpToDate opens databases that earlier schemas made,
// with cases, reports, visits and hosting in them. missing is what each lacks.
func TestAnOlderDatabaseIsBroughtUpToDate(t *testing.T) {
	t.Parallel()
	for version, missing := range map[int64][]string{
		1: {"SELECT origin_sealed FROM cases", "SELECT label_key FROM cases", "SELECT provider_since FROM episodes", "SELECT ruling FROM cases", "SELECT recorded FROM episodes"},
		2: {"SELECT label_key FROM cases", "SELECT provider_since FROM episodes", "SELECT ruling FROM cases", "SELECT recorded FROM episodes"},
		3: {"SELECT ruling FROM cases", "SELECT recorded FROM episodes"},
	} {
		t.Run(fmt.Sprintf("sqlite %d", version), func(t *testing.T) {
			t.Parallel()
			upgrade(t, storetest.SQLite, version, missing)
		})
		if !storetest.HasPostgres(t) {
			continue
		}
		t.Run(fmt.Sprintf("postgres %d", version), func(t *testing.T) {
			t.Parallel()
			upgrade(t, storetest.Postgres, version, missing)
		})
	}
}

func upgrade(t *testing.T, fresh func(testing.TB) storetest.Database, version int64, missing []string) {
	now := time.Date(2026, 11, 2, 8, 0, 0, 0, time.UTC)
	today := fresh(t)
	s := today.Open(t)
	id := lived(t, s, "https://site-1.example/", now)
	hop := lived(t, s, "https://site-1.test/", now.Add(time.Hour))
	movedAndReturned(t, s, hop, now.Add(2*time.Hour))
	episodes := episodesOf(t, s)
	want, err := s.Case(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	old := fresh(t)
	old.Keys = today.Keys
	db := store.OpenAt(t, old.URL, version)
	for _, query := range missing {
		if _, err := db.ExecContext(t.Context(), query); err == nil {
			t.Fatalf("%s: the older schema has the column already: nothing is proved", query)
		}
	}
	for _, table := range []string{"meta", "hostings", "assignments", "cases", "hosts", "reports", "episodes", "visits", "observations", "events"} {
		copyRows(t, s.DB(), db, table)
		if s.Dialect() == store.DialectPostgres && !strings.Contains(" meta hosts episodes ", " "+table+" ") { // where the numbers go on
			if _, err := db.ExecContext(t.Context(), fmt.Sprintf("SELECT setval(pg_get_serial_sequence('%[1]s', 'id'), (SELECT MAX(id) FROM %[1]s))", table)); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, query := range []string{
		"DELETE FROM meta WHERE name = 'signals_coded'",
		`UPDATE visits SET signals = '[{"name":"page","value":"1834 bytes, 15 words, 1 links, 0 images, 0 embeds","points_to":""},{"name":"doubt","value":"says removed, among pictures","points_to":"changed"}]'`,
	} {
		if _, err := db.ExecContext(t.Context(), query); err != nil {
			t.Fatal(err)
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
	// And it works: what the new schema is for. Clocks of hosts come from the decisions, names from the sealed targets.
	if diff := cmp.Diff(episodes, episodesOf(t, s)); diff != "" {
		t.Errorf("episodes (-before +after):\n%s", diff)
	}
	for of, other := range map[casefile.CaseID]casefile.CaseID{id: hop, hop: id} {
		if n, err := s.Namesakes(t.Context(), of); err != nil || len(n.Cases) != 1 || n.Cases[0].CaseID != other {
			t.Errorf("namesakes of case %d: %+v, %v", of, n, err)
		}
	}
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
	visits, err := s.Visits(t.Context(), id, 0, 1)
	signals := []casefile.Signal{{Name: "page", Value: "bytes=1834 words=15 links=1 images=0 embeds=0"}, {Name: "doubt", Value: "removed_among_pictures", PointsTo: casefile.StateChanged}}
	if err != nil || !slices.Equal(visits[0].Verdict.Signals, signals) {
		t.Errorf("signals: %v, %v", visits, err)
	}
	if err := s.VerifyHistory(t.Context(), nil); err != nil {
		t.Error(err)
	}
}

// lived is a case that was reported and visited once.
func lived(t *testing.T, s *store.Store, url string, now time.Time) casefile.CaseID {
	t.Helper()
	x, err := casefile.NewTarget(url)
	if err != nil {
		t.Fatal(err)
	}
	added, err := s.AddReports(t.Context(), []casefile.Report{{Target: x, Source: "public", Received: now}}, now)
	if err != nil {
		t.Fatal(err)
	}
	recordVisit(t, s, added[0].CaseID, now, "Example Net", "NL", casefile.ReasonServed)
	return added[0].CaseID
}

// movedAndReturned moves a case from host to host, within a country and out of it,
// removes it and lets it return where it was last.
func movedAndReturned(t *testing.T, s *store.Store, id casefile.CaseID, now time.Time) {
	t.Helper()
	at := func(hours int) time.Time { return now.Add(time.Duration(hours) * time.Hour) }
	recordVisit(t, s, id, at(1), "Second Net", "NL", casefile.ReasonServed)
	recordVisit(t, s, id, at(2), "Second Net", "NL", casefile.ReasonServed)
	recordVisit(t, s, id, at(3), "Second Net", "DE", casefile.ReasonServed)
	recordVisit(t, s, id, at(4), "Second Net", "DE", casefile.ReasonHTTP404)
	recordVisit(t, s, id, at(30), "Second Net", "DE", casefile.ReasonServed)
}

func episodesOf(t *testing.T, s *store.Store) []casefile.EpisodeRecord {
	t.Helper()
	var list []casefile.EpisodeRecord
	if err := s.Episodes(t.Context(), time.Time{}, func(r casefile.EpisodeRecord) error { list = append(list, r); return nil }); err != nil {
		t.Fatal(err)
	}
	if len(list) != 3 || list[2].Episode.Number != 2 || list[1].Episode.CountrySince.Equal(list[1].Episode.ProviderSince) {
		t.Fatalf("the lives were too quiet to prove anything: %+v", list)
	}
	return list
}

// recordVisit records a visit that decides the hosting anew; one gone verdict confirms.
func recordVisit(t *testing.T, s *store.Store, id casefile.CaseID, now time.Time, provider, country string, reason casefile.Reason) {
	t.Helper()
	c, err := s.Case(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	v := casefile.Visit{
		CaseID: c.ID, Started: now, Ended: now, Why: c.Due.Why, Believed: true, Verdict: casefile.Verdict{State: reason.State(), Reason: reason},
		Observations: []casefile.Observation{{Vantage: "local", Purpose: casefile.PurposeTarget, Started: now, Status: 200}},
		Hosting:      &casefile.Hosting{Country: country, Provider: provider, Edge: &casefile.Edge{Name: "Example Edge"}, Origin: casefile.OriginUnknown, Decided: now},
	}
	v.After, v.Events, _ = lifecycle.Apply(c, now, lifecycle.Visited{Visit: v, Thresholds: lifecycle.Thresholds{Confirm: casefile.Confirm{Verdicts: 1}, Aftercare: []time.Duration{1000 * time.Hour}}})
	v.After.Due = casefile.Due{At: now.Add(time.Hour), Why: casefile.WhyCadence}
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
