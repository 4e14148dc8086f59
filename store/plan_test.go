package store_test

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"

	"vigil/casefile"
	"vigil/store"
	"vigil/store/storetest"
)

// Every list, feeder and outbox must be served by an index: with a million cases a
// sequential scan is a dead page.
func TestNoHotQueryScansATable(t *testing.T) {
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		s := storetest.MigratedSQLite(t).Open(t)
		crowd(t, s, "BLOB")
		for _, q := range s.HotQueries(t, target(t)) {
			lines := plan(t, s, "EXPLAIN QUERY PLAN ", q)
			if index := wantIndex[q.Name]; !strings.Contains(strings.Join(lines, "\n"), index) {
				t.Errorf("%s: not served by %s:\n%s", q.Name, index, strings.Join(lines, "\n"))
			}
			for _, line := range lines {
				scan := strings.Contains(line, "SCAN ") && !strings.Contains(line, "INDEX") && !walksPrimaryKey(q, line) && !walksNames(q, line)
				sort := strings.Contains(line, "TEMP B-TREE FOR ORDER BY") && q.Name != "namesakes" // of at most 500 numbers
				if scan || sort {
					t.Errorf("%s: %s", q.Name, line)
				}
			}
		}
	})
	if !storetest.HasPostgres(t) {
		return
	}
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		s := storetest.Postgres(t).Open(t)
		crowd(t, s, "BYTEA")
		for _, q := range s.HotQueries(t, target(t)) {
			for _, line := range plan(t, s, "EXPLAIN ", q) {
				if strings.Contains(line, "Seq Scan") && !strings.Contains(line, " on hostings ") && !strings.Contains(line, " on assignments ") {
					t.Errorf("%s: %s\n", q.Name, line)
				}
			}
		}
	})
}

// wantIndex names the index a filter was made for. Without it SQLite would walk the
// primary key and drop what does not fit, which is no scan by name.
var wantIndex = map[string]string{
	"due hosts": "hosts_due", "due cases": "cases_due", "due time of a host": "cases_due", "postponing": "cases_due",
	"cases of a standing": "cases_standing", "cases of a country": "cases_country", "cases of a host": "cases_host",
	"cases of a hotline": "autoindex_case_hotlines", "the case of a target": "autoindex_cases",
	"queued notices": "notices_queued", "notices left behind": "notices_sending", "notices of a state": "notices_state", "notices of a case": "notices_case",
	"visits": "visits_case", "observations": "observations_visit", "votes": "observations_visit", "episodes": "episodes_opened", "reports of a case": "reports_case",
	"namesakes": "cases_label", "first case of a domain": "cases_label", "cases without a name": "cases_unnamed",
	"answer of a request": "reports_request", "events of a case": "autoindex_events", "sibling": "autoindex_siblings",
}

// walksPrimaryKey says that a page without a filter walks the table backwards in
// the order of its key, and stops at its limit: that is the wanted plan.
func walksPrimaryKey(q store.Query, line string) bool {
	return (q.Name == "cases" && strings.HasSuffix(line, "SCAN c")) || (q.Name == "votes" && (strings.HasSuffix(line, "SCAN v") || strings.HasSuffix(line, "SCAN visits"))) || (q.Name == "notices" && strings.HasSuffix(line, "SCAN notices"))
}

// walksNames says that the query of cases of the same label goes over its own bounded steps, not over a table.
func walksNames(q store.Query, line string) bool {
	step := strings.Contains(line, "SCAN CONSTANT ROW") || strings.HasSuffix(line, "SCAN d") || strings.Contains(line, "SCAN shown") || strings.Contains(line, "SCAN (subquery")
	return q.Name == "namesakes" && step
}

func target(t testing.TB) casefile.Target {
	t.Helper()
	x, err := casefile.NewTarget("https://site-1.example/")
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// crowd fills the tables with some thousands of rows.
func crowd(t testing.TB, s *store.Store, blob string) {
	t.Helper()
	const numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 4000) "
	sealed := "CAST('x' AS " + blob + ")"
	for _, text := range []string{
		`INSERT INTO cases (id, target_key, host_key, target_sealed, standing, version, episode,
			due_at, due_why, country, visits, opened_at, event_seq, event_hash, label_key, domain_key)
			SELECT i, 't-' || i, 'host-' || (i % 900), ` + sealed + `, CASE WHEN i % 50 = 0 THEN 'review' ELSE 'watching' END, 1, 1,
			i, 'cadence', 'C' || (i % 10), 0, i, 1, '',
			CASE WHEN i = 4000 THEN NULL ELSE 'label-' || (i % 300) END, 'domain-' || (i % 900) FROM n`,
		"INSERT INTO hosts (host_key, due_at) SELECT 'host-' || i, i FROM n",
		"INSERT INTO case_hotlines (hotline, case_id) SELECT 'hotline-' || (i % 40), i FROM n",
		"INSERT INTO episodes (case_id, number, host_key, opened_at, outcome) SELECT i, 1, 'host-' || (i % 900), i, 'open' FROM n",
		`INSERT INTO reports (case_id, opened, stored_at, request_key)
			SELECT i, TRUE, i, CASE WHEN i % 9 = 0 THEN 'r-' || i END FROM n`,
		`INSERT INTO visits (case_id, started_at, ended_at, why, state, reason, signals, dissent, believed) SELECT i, i, i, '', '', '', '[]', '[]', TRUE FROM n`,
		`INSERT INTO observations (visit_id, case_id, vantage, purpose, started_at, took_us, status, body_bytes, truncated) SELECT i, i, '', '', i, 0, 0, 0, FALSE FROM n`,
		"INSERT INTO siblings (host_key, started_at, observation_id) SELECT 'host-' || i, i, i FROM n",
		"INSERT INTO events (case_id, seq, at, kind, actor, data, previous, hash) SELECT i, 1, i, '', '', 'null', '', '' FROM n",
		`INSERT INTO notices (case_id, episode, kind, step, party, message_key, subject, content_sealed, state, composed_at, next_try, tries, claimed_at)
			SELECT i, 1, '', 1, '', 'k-' || i, '', ` + sealed + `, CASE i % 80 WHEN 0 THEN 'queued' WHEN 1 THEN 'sending' WHEN 2 THEN 'draft' ELSE 'sent' END, i, i, 0, i FROM n`,
	} {
		if _, err := s.DB().ExecContext(t.Context(), numbers+text); err != nil {
			t.Fatalf("%v in %.60s", err, text)
		}
	}
	if _, err := s.DB().ExecContext(t.Context(), "ANALYZE"); err != nil {
		t.Fatal(err)
	}
}

func plan(t testing.TB, s *store.Store, explain string, q store.Query) []string {
	t.Helper()
	rows, err := s.DB().QueryContext(t.Context(), explain+q.Text, q.Args...)
	if err != nil {
		t.Fatalf("%s: %v", q.Name, err)
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for rows.Next() {
		values := make([]sql.NullString, len(names))
		into := make([]any, len(names))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, values[len(values)-1].String)
	}
	if err := rows.Err(); err != nil || len(lines) == 0 {
		t.Fatal(fmt.Errorf("%s: no plan: %w", q.Name, err))
	}
	return lines
}
