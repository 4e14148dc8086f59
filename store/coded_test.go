package store_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"vigil/casefile"
	"vigil/explain"
	"vigil/store"
	"vigil/store/storetest"
)

// TestVerdictsOfAnOlderVersionAreExplained has more visits than one batch, and an Open that was ended in between.
func TestVerdictsOfAnOlderVersionAreExplained(t *testing.T) {
	t.Parallel()
	databases := map[string]func(testing.TB) storetest.Database{"sqlite": storetest.SQLite}
	if storetest.HasPostgres(t) {
		databases["postgres"] = storetest.Postgres
	}
	for name, fresh := range databases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			codedInBatches(t, fresh(t))
		})
	}
}

func codedInBatches(t *testing.T, d storetest.Database) {
	s := d.Open(t)
	id := lived(t, s, "https://site-1.example/", time.Date(2026, 11, 2, 8, 0, 0, 0, time.UTC))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	db := store.OpenAt(t, d.URL, 4)
	run := func(query string, args ...any) {
		t.Helper()
		if _, err := db.ExecContext(t.Context(), query, args...); err != nil {
			t.Fatal(err)
		}
	}
	const visits = 2500
	const old = `[{"name":"status","value":"200","points_to":"live"},{"name":"sibling","value":"a missing page looks the same","points_to":"gone"},` +
		`{"name":"odd","value":"of nobody, ever","points_to":""}]`
	run(fmt.Sprintf(`INSERT INTO visits (case_id, started_at, ended_at, why, state, reason, signals, dissent, believed)
		WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d)
		SELECT CAST($1 AS BIGINT), 0, 0, 'cadence', 'gone', 'soft_404', CAST($2 AS TEXT), '[]', TRUE FROM n`, visits), id, old)
	run("UPDATE visits SET signals = 'broken' WHERE id = 7")
	run("DELETE FROM meta WHERE name = 'signals_coded'")
	run("INSERT INTO meta (name, value) VALUES ('signals_coded', $1)", []byte("1000")) // as one that was ended after a batch leaves it
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}

	s = d.Open(t)
	found, err := s.Visits(t.Context(), id, 0, 1)
	if err != nil {
		t.Fatal(err)
	}
	want := []casefile.Signal{
		{Name: "status", Value: "200", PointsTo: casefile.StateLive}, {Name: "sibling", Value: "same_page", PointsTo: casefile.StateGone}, {Name: "odd", Value: "of nobody, ever"},
	}
	if !slices.Equal(found[0].Verdict.Signals, want) {
		t.Errorf("got %+v, want %+v", found[0].Verdict.Signals, want)
	}
	const said = "Gone: the server sends its page for missing addresses; a path that surely does not exist looks the same; no vantage looked."
	if e := explain.Verdict(found[0].Verdict, nil, explain.Reading{}); e.Sentence != said || e.Signals[2].Words != "odd: of nobody, ever" {
		t.Errorf("%q, %+v", e.Sentence, e.Signals)
	}
	var before, after int
	var mark []byte
	query := "SELECT COUNT(*) FROM visits WHERE id %s 1000 AND signals LIKE '%%looks the same%%'"
	for q, n := range map[string]*int{fmt.Sprintf(query, "<="): &before, fmt.Sprintf(query, ">"): &after} {
		if err := s.DB().QueryRowContext(t.Context(), q).Scan(n); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.DB().QueryRowContext(t.Context(), "SELECT value FROM meta WHERE name = 'signals_coded'").Scan(&mark); err != nil {
		t.Fatal(err)
	}
	if before == 0 || after != 0 || string(mark) != "done" {
		t.Errorf("%d before and %d after where it went on, mark %q", before, after, mark)
	}
}
