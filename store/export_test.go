package store

import (
	"database/sql"
	"strings"
	"testing"

	"vigil/casefile"
)

// Query is a statement with its arguments, for tests that ask how it would be run.
type Query struct {
	Name, Text string
	Args       []any
}

// HotQueries are the statements that lists, feeders and outboxes are made of.
func (s *Store) HotQueries(t testing.TB, x casefile.Target) []Query {
	t.Helper()
	list := []Query{
		{"due hosts", dueHostsQuery, []any{int64(1 << 50), 10}},
		{"due cases", dueCasesQuery, []any{"host-7", int64(1 << 50), 10}},
		{"queued notices", queuedQuery, []any{int64(1 << 50), 10}},
		{"episodes", episodesQuery, []any{int64(5), int64(5), 1, 10}},
		{"one case", "SELECT " + caseColumns + caseTables + " WHERE c.id = $1", []any{7}},
		{"visits", visitsQuery, []any{7, 100, 10}},
		{"observations", observationsQuery, []any{7, 1, 100}},
		{"events of a case", eventsQuery, []any{7, 0, 10}},
		{"reports of a case", reportsQuery, []any{7, 10}},
		{"answer of a request", "SELECT id, case_id, opened FROM reports WHERE request_key = $1 ORDER BY id", []any{"r"}},
		{"votes", votesQuery, []any{10}},
		{"sibling", siblingQuery, []any{"host-7", 0}},
		{"due time of a host", "SELECT MIN(due_at) FROM cases WHERE host_key = $1 AND due_at IS NOT NULL", []any{"host-7"}},
		{"postponing", "UPDATE cases SET due_at = $3, due_why = $4 WHERE host_key = $1 AND due_at <= $2", []any{"host-7", int64(1 << 50), int64(1), "x"}},
		{"namesakes", namesakesQuery, []any{"label-7", "domain-7", casefile.MaxEndings, casefile.MaxSameLabelCases}},
		{"first case of a domain", "SELECT MIN(id) FROM cases WHERE label_key = $1 AND label_key <> '' AND domain_key = $2", []any{"label-7", "domain-7"}},
		{"visits to be coded", uncodedQuery, []any{7, 1000}},
		{"cases without a name", unnamedQuery, []any{1000}},
		{"notices left behind", "SELECT id FROM notices WHERE state = 'sending' AND claimed_at <= $1", []any{int64(1)}},
	}
	for name, f := range map[string]casefile.CaseFilter{
		"cases":                          {},
		"cases before":                   {Before: 2000},
		"cases of a standing":            {Standing: casefile.Review, Before: 2000},
		"cases of a country":             {Country: "C7", Before: 2000},
		"cases of a hotline":             {Hotline: "hotline-7", Before: 2000},
		"cases of a host":                {HostKey: "host-7"},
		"the case of a target":           {Target: x},
		"cases of a standing in country": {Standing: casefile.Watching, Country: "C7"},
	} {
		f.Limit = 20
		text, args, err := s.casesQuery(f)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, Query{name, text, args})
	}
	for name, f := range map[string]casefile.NoticeFilter{
		"notices": {}, "notices of a case": {CaseID: 7}, "notices of a state": {State: casefile.NoticeDraft, Before: 2000},
	} {
		f.Limit = 20
		text, args, err := noticesQuery(f)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, Query{name, text, args})
	}
	return list
}

// OpenAt opens an empty database and brings it to a version of the schema, as an
// older Vigil would have; it is closed after the test.
func OpenAt(t testing.TB, url string, version int64) *sql.DB {
	t.Helper()
	var write, read *sql.DB
	var err error
	dialect := DialectSQLite
	if path, lite := strings.CutPrefix(url, "sqlite:"); lite {
		write, read, err = openSQLite(t.Context(), path)
	} else {
		dialect = DialectPostgres
		write, err = openPostgres(t.Context(), url)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for _, db := range []*sql.DB{read, write} {
			if db != nil {
				_ = db.Close()
			}
		}
	})
	provider, err := migrator(write, dialect)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := provider.UpTo(t.Context(), version); err != nil {
		t.Fatal(err)
	}
	return write
}
