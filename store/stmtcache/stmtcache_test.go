package stmtcache

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"modernc.org/sqlite"
)

func open(t testing.TB, size, connections int) *sql.DB {
	t.Helper()
	inner, err := sqlite.NewConnector("file:" + filepath.Join(t.TempDir(), "c.db") + "?_pragma=journal_mode(WAL)&_pragma=busy_timeout(10000)&_txlock=immediate")
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(New(inner, size))
	db.SetMaxOpenConns(connections)
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	if _, err := db.ExecContext(t.Context(), "CREATE TABLE k (id INTEGER PRIMARY KEY, v TEXT UNIQUE); CREATE TABLE s (a)"); err != nil {
		t.Fatal(err)
	}
	return db
}

func TestCacheable(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"SELECT 1":                        true,
		"  select\n1":                     true,
		"-- why\nINSERT INTO k VALUES(1)": true,
		"WITH x AS (SELECT 1) SELECT 1":   true,
		"UPDATE k SET v = 1;":             true,
		"DELETE FROM k; DELETE FROM s":    false,
		"CREATE TABLE x (y)":              false,
		"PRAGMA synchronous":              false,
		"BEGIN":                           false,
		"SELECTED":                        false,
		"-- only a comment":               false,
		"":                                false,
	} {
		if got := cacheable(text); got != want {
			t.Errorf("%q: got %v, want %v", text, got, want)
		}
	}
}

// inside gives the connection behind a pool of one.
func inside(t *testing.T, db *sql.DB, look func(c *conn)) {
	t.Helper()
	one, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer one.Close()
	err = one.Raw(func(raw any) error {
		c, ok := raw.(*conn)
		if !ok {
			return errors.New("not our connection")
		}
		look(c)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestStatementsAreReusedAndEvicted(t *testing.T) {
	t.Parallel()
	db := open(t, 3, 1)
	for i := range 40 {
		if _, err := db.ExecContext(t.Context(), fmt.Sprintf("INSERT INTO s (a) VALUES ($1) -- %d", i%2), i); err != nil {
			t.Fatal(err)
		}
	}
	inside(t, db, func(c *conn) {
		if c.known.Len() != 2 {
			t.Errorf("%d statements are kept, want 2", c.known.Len())
		}
	})
	for i := range 10 {
		var n int
		if err := db.QueryRowContext(t.Context(), fmt.Sprintf("SELECT COUNT(*) FROM s WHERE a >= $1 /* %d */", i), 0).Scan(&n); err != nil || n != 40 {
			t.Fatalf("%d rows, %v", n, err)
		}
	}
	inside(t, db, func(c *conn) {
		if c.known.Len() != 3 {
			t.Errorf("%d statements are kept, want 3", c.known.Len())
		}
	})
}

// One text read twice at the same time must not share a statement.
func TestNestedReadsOfOneText(t *testing.T) {
	t.Parallel()
	db := open(t, 1, 1)
	for i := range 5 {
		if _, err := db.ExecContext(t.Context(), "INSERT INTO k (id) VALUES ($1)", i); err != nil {
			t.Fatal(err)
		}
	}
	tx, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback() //nolint:errcheck // only reads
	const text = "SELECT id FROM k WHERE id >= $1 ORDER BY id"
	pairs := 0
	outer, err := tx.QueryContext(t.Context(), text, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer outer.Close()
	for outer.Next() {
		var a int
		if err := outer.Scan(&a); err != nil {
			t.Fatal(err)
		}
		pairs += inner(t, tx, text, a)
	}
	if outer.Err() != nil || pairs != 15 {
		t.Errorf("%d pairs, want 15 (%v)", pairs, outer.Err())
	}
}

func inner(t *testing.T, tx *sql.Tx, text string, from int) (n int) {
	t.Helper()
	rows, err := tx.QueryContext(t.Context(), text, from)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		n++
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestFaultsAreTold(t *testing.T) {
	t.Parallel()
	db := open(t, 0, 1)
	if _, err := db.ExecContext(t.Context(), "INSERT INTO nowhere VALUES (1)"); err == nil {
		t.Error("a missing table is no fault")
	}
	const insert = "INSERT INTO k (v) VALUES ($1)"
	if _, err := db.ExecContext(t.Context(), insert, "x"); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		var unique *sqlite.Error
		if _, err := db.ExecContext(t.Context(), insert, "x"); !errors.As(err, &unique) {
			t.Errorf("got %v, want the fault of the unique column", err)
		}
	}
	if _, err := db.ExecContext(t.Context(), insert, "y"); err != nil {
		t.Errorf("the statement is unusable after a fault: %v", err)
	}
}

func TestSchemaChangesUnderAKeptStatement(t *testing.T) {
	t.Parallel()
	db := open(t, 0, 1)
	if _, err := db.ExecContext(t.Context(), "INSERT INTO s (a) VALUES ($1)", 7); err != nil {
		t.Fatal(err)
	}
	read := func() (a int, err error) {
		return a, db.QueryRowContext(t.Context(), "SELECT a FROM s").Scan(&a)
	}
	if a, err := read(); a != 7 || err != nil {
		t.Fatal(a, err)
	}
	if _, err := db.ExecContext(t.Context(), "ALTER TABLE s ADD COLUMN b"); err != nil {
		t.Fatal(err)
	}
	if a, err := read(); a != 7 || err != nil {
		t.Error(a, err)
	}
	if _, err := db.ExecContext(t.Context(), "ALTER TABLE s RENAME COLUMN a TO c"); err != nil {
		t.Fatal(err)
	}
	if a, err := read(); err == nil {
		t.Errorf("read %d from a column that is gone", a)
	}
}

// Contexts that end at any moment must leave neither a wrong row nor a lost one.
func TestEndedContexts(t *testing.T) {
	t.Parallel()
	for _, connections := range []int{1, 4} {
		t.Run(fmt.Sprint(connections, " connections"), func(t *testing.T) {
			t.Parallel()
			db := open(t, 8, connections)
			var done atomic.Int64
			var wait sync.WaitGroup
			for g := range 8 {
				wait.Go(func() {
					for i := range 60 {
						ctx, cancel := context.WithTimeout(t.Context(), time.Duration(rand.IntN(20_000))*time.Microsecond)
						err := writeAndRead(ctx, db, g*1000+i)
						cancel()
						switch {
						case err == nil:
							done.Add(1)
						case ctx.Err() == nil:
							t.Errorf("without an ended context: %v", err)
						}
					}
				})
			}
			wait.Wait()
			var n int64
			if err := db.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM k").Scan(&n); err != nil || n < done.Load() {
				t.Errorf("%d rows, %d were committed (%v)", n, done.Load(), err)
			}
		})
	}
}

func writeAndRead(ctx context.Context, db *sql.DB, id int) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() //nolint:errcheck // after a commit there is nothing to roll back
	want, got := fmt.Sprint("v", id), ""
	if err := tx.QueryRowContext(ctx, "INSERT INTO k (id, v) VALUES ($1, $2) RETURNING v", id, want).Scan(&got); err != nil {
		return err
	}
	if err := tx.QueryRowContext(ctx, fmt.Sprintf("SELECT v FROM k WHERE id = $1 /* %d */", id%20), id).Scan(&got); err != nil {
		return err
	}
	if got != want {
		return fmt.Errorf("read %s, want %s", got, want)
	}
	return tx.Commit()
}

// poor is a connection without context methods.
type poor struct{ driver.Conn }

func (poor) Close() error { return nil }

type poorConnector struct{ driver.Connector }

func (poorConnector) Connect(context.Context) (driver.Conn, error) { return poor{}, nil }

func TestAConnectionThatCannotIsRefused(t *testing.T) {
	t.Parallel()
	if _, err := New(poorConnector{}, 0).Connect(t.Context()); err == nil {
		t.Error("a connection without context methods was taken")
	}
}
