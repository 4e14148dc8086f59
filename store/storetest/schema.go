package storetest

import (
	"database/sql"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"vigil/casefile"
	"vigil/store"
)

// maxColumn is the largest bound a column may have, in bytes: a sealed notice with
// every byte of its text escaped. No page of note would fit, and nothing writes one.
const maxColumn = 70_000

type column struct{ table, name, kind string }

// each calls one for every row of a query by raw SQL.
func each(t testing.TB, s *store.Store, query string, one func(row *sql.Rows)) {
	t.Helper()
	rows, err := s.DB().QueryContext(t.Context(), query)
	must(t, err)
	defer rows.Close()
	for rows.Next() {
		one(rows)
	}
	must(t, rows.Err())
}

// columns lists the columns of all tables of ours; those of goose and River are theirs.
func columns(t testing.TB, s *store.Store) []column {
	t.Helper()
	query := `SELECT m.name, c.name, c.type FROM sqlite_schema m JOIN pragma_table_info(m.name) c WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%'`
	if s.Dialect() == store.DialectPostgres {
		query = `SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_schema = current_schema()`
	}
	var list []column
	each(t, s, query, func(row *sql.Rows) {
		var c column
		must(t, row.Scan(&c.table, &c.name, &c.kind))
		if !strings.HasPrefix(c.table, "goose_") && !strings.HasPrefix(c.table, "river_") {
			list = append(list, c)
		}
	})
	if len(list) < 100 {
		t.Fatalf("found only %d columns: the walk is broken", len(list))
	}
	return list
}

var numberKinds = map[string]bool{"BIGINT": true, "INTEGER": true, "BOOLEAN": true}

func columnBounds(t *testing.T, d Database) {
	s := d.Open(t)
	query := "SELECT name, sql FROM sqlite_schema WHERE type = 'table'"
	if s.Dialect() == store.DialectPostgres {
		query = "SELECT c.relname, pg_get_constraintdef(k.oid) FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid WHERE k.contype = 'c' AND k.connamespace = current_schema()::regnamespace"
	}
	checks := map[string]string{}
	each(t, s, query, func(row *sql.Rows) {
		var table, text string
		must(t, row.Scan(&table, &text))
		checks[table] += text + "\n"
	})
	largest, bounded := 0, 0
	for _, c := range columns(t, s) {
		if numberKinds[strings.ToUpper(c.kind)] {
			continue
		}
		found := regexp.MustCompile(`octet_length\(` + c.name + `\) <= (\d+)`).FindStringSubmatch(checks[c.table])
		if found == nil {
			t.Errorf("%s.%s of kind %s has no bound: it could hold a body", c.table, c.name, c.kind)
			continue
		}
		n, err := strconv.Atoi(found[1])
		must(t, err)
		if n > maxColumn {
			t.Errorf("%s.%s holds up to %d bytes, more than %d", c.table, c.name, n, maxColumn)
		}
		largest, bounded = max(largest, n), bounded+1
	}
	t.Logf("%d text and blob columns are bounded, the largest to %d bytes", bounded, largest)
	// And a bound holds.
	add(t, s, target(t, 1, 1), epoch)
	if _, err := s.DB().ExecContext(t.Context(), "UPDATE cases SET due_why = $1", strings.Repeat("x", 21)); err == nil {
		t.Error("a column took more than its bound")
	}
}

// nothingReadable fills every table that knows of a target and looks for it in every
// column of every table.
func nothingReadable(t *testing.T, d Database) {
	s := d.Open(t)
	x, referrer := target(t, 77, 1), target(t, 78, 1)
	reports := []casefile.Report{{Target: x, Referrer: referrer, Source: "public"}}
	added, _, err := s.AddReportsOnce(t.Context(), "key", []byte(x.URL()), reports, epoch)
	must(t, err)
	v := live(read(t, s, added[0].CaseID), epoch)
	v.Observations[0].Resolution.CNAMEs = []string{"edge.site-77.example"}
	sibling := v.Observations[0]
	sibling.Purpose = casefile.PurposeDecoy
	v.Observations = append(v.Observations, sibling)
	v.Hosting = &casefile.Hosting{Country: "NL", Claims: []casefile.Claim{{Fact: casefile.FactReverseName, Value: "www.site-77.example"}}, Decided: epoch}
	v.Assignment = &casefile.Assignment{Hotlines: []string{"Hotline"}, At: epoch}
	n := notice("k", casefile.NoticeRemoval, casefile.NoticeQueued, epoch)
	n.Body, n.Contact.Email = "please remove "+x.URL(), "abuse@site-77.example"
	v.Notices = []casefile.Notice{n}
	v.Events = []casefile.Event{{At: epoch, Kind: casefile.EventFirstSeen, Actor: casefile.ActorVigil}}
	record(t, s, v)
	claimed, err := s.ClaimNotices(t.Context(), epoch, 1)
	must(t, err)
	n = claimed[0]
	n.State, n.Proof = casefile.NoticeRefused, "554 spam: "+x.URL()
	must(t, s.SettleNotice(t.Context(), n))
	must(t, s.Sessions().Commit("session-token-77", []byte("https://site-77.example/"), time.Now().Add(time.Hour)))
	must(t, s.SaveCached(t.Context(), "domain:site-77.example", []byte("answer about site-77.example"), time.Now().Add(time.Hour)))

	filled := map[string]bool{}
	for _, c := range columns(t, s) {
		each(t, s, fmt.Sprintf("SELECT %s FROM %s", c.name, c.table), func(row *sql.Rows) {
			var raw any
			must(t, row.Scan(&raw))
			filled[c.table] = true
			text := fmt.Sprint(raw)
			if b, ok := raw.([]byte); ok {
				text = string(b)
			}
			for _, secret := range []string{"site-77", "site-78", "page-1", "session-token"} {
				if strings.Contains(text, secret) {
					t.Errorf("%s.%s shows %q", c.table, c.name, secret)
				}
			}
		})
	}
	for _, table := range []string{"cases", "reports", "requests", "visits", "observations", "siblings", "hostings", "assignments", "episodes", "notices", "events", "sessions", "registry_cache"} {
		if !filled[table] {
			t.Errorf("table %s was empty: nothing was proved about it", table)
		}
	}
}
