// Package stmtcache puts a cache of prepared statements in front of a
// database/sql driver that prepares every statement anew, as modernc.org/sqlite does.
//
// A driver.Connector goes in and a driver.Connector comes out. Each connection
// keeps its own statements, the least recently used one leaves first. Only single
// SELECT, INSERT, UPDATE, DELETE and WITH statements are kept. Texts must carry
// their values as parameters: a text with values in it is new each time and only
// drives others out.
//
// The package must never hide an error, nor use one statement for two results at once.
package stmtcache

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

// DefaultSize is how many statements a connection keeps. A store and its queue
// use about 120 texts.
const DefaultSize = 256

// New wraps a connector. Its connections must implement what full names. A size of 0 means DefaultSize.
func New(inner driver.Connector, size int) driver.Connector {
	if size <= 0 {
		size = DefaultSize
	}
	return &connector{inner: inner, size: size}
}

type connector struct {
	inner driver.Connector
	size  int
}

func (c *connector) Driver() driver.Driver { return c.inner.Driver() }

// full is what a wrapped connection must be able to do.
type full interface {
	driver.Conn
	driver.ConnPrepareContext
	driver.ConnBeginTx
	driver.QueryerContext
	driver.ExecerContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

// Connect opens a connection with an empty cache.
func (c *connector) Connect(ctx context.Context) (driver.Conn, error) {
	inner, err := c.inner.Connect(ctx)
	if err != nil {
		return nil, err
	}
	able, ok := inner.(full)
	if !ok {
		return nil, errors.Join(fmt.Errorf("statement cache: connection of type %T lacks methods", inner), inner.Close())
	}
	known, err := simplelru.NewLRU(c.size, func(_ string, s *statement) { s.leave() })
	return &conn{full: able, known: known}, err
}

// statement is a prepared statement and whether a result of it is being read.
type statement struct {
	prepared
	busy, left bool
}

type prepared interface {
	driver.Stmt
	driver.StmtQueryContext
	driver.StmtExecContext
}

// leave closes a statement that is no longer kept, when its result was read.
func (s *statement) leave() {
	if s.left = true; !s.busy {
		_ = s.Close() // sqlite3_finalize repeats the fault of the last run, told then
	}
}

// conn is one connection. database/sql uses a connection from one goroutine at a
// time, so nothing here locks.
type conn struct {
	full
	known *simplelru.LRU[string, *statement]
}

// Close closes the statements, then the connection.
func (c *conn) Close() error {
	c.known.Purge()
	return c.full.Close()
}

// cacheable says whether the text is one data statement worth keeping.
func cacheable(text string) bool {
	for text = strings.TrimSpace(text); strings.HasPrefix(text, "--"); text = strings.TrimSpace(text) {
		_, text, _ = strings.Cut(text, "\n")
	}
	words := strings.Fields(text[:min(len(text), 10)])
	if len(words) == 0 || !slices.Contains([]string{"SELECT", "INSERT", "UPDATE", "DELETE", "WITH"}, strings.ToUpper(words[0])) {
		return false
	}
	// A semicolon before the end may begin a second statement, which the wrapped
	// driver runs only when it is not prepared.
	semicolon := strings.IndexByte(text, ';')
	return semicolon < 0 || strings.TrimSpace(text[semicolon+1:]) == ""
}

// statement returns the kept or newly prepared statement of text; nil when it must
// run without one. A fault of preparing is not told: running the text tells it.
func (c *conn) statement(ctx context.Context, text string) *statement {
	if s, ok := c.known.Get(text); ok {
		if s.busy {
			return nil
		}
		return s
	}
	if !cacheable(text) {
		return nil
	}
	stmt, err := c.PrepareContext(ctx, text)
	if err != nil {
		return nil
	}
	able, ok := stmt.(prepared)
	if !ok {
		_ = stmt.Close() // running the text tells more than this could
		return nil
	}
	s := &statement{prepared: able}
	c.known.Add(text, s)
	return s
}

func (c *conn) QueryContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Rows, error) {
	s := c.statement(ctx, text)
	if s == nil {
		return c.full.QueryContext(ctx, text, args)
	}
	inner, err := s.QueryContext(ctx, args)
	if err != nil {
		return nil, err
	}
	s.busy = true
	return &rows{Rows: inner, of: s}, nil
}

func (c *conn) ExecContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Result, error) {
	s := c.statement(ctx, text)
	if s == nil {
		return c.full.ExecContext(ctx, text, args)
	}
	return s.ExecContext(ctx, args)
}

// rows frees its statement when it is closed. A cached text is a single
// statement, so there is never a second result set.
type rows struct {
	driver.Rows
	of *statement
}

func (r *rows) Close() error {
	err := r.Rows.Close()
	if r.of.busy = false; r.of.left {
		r.of.leave()
	}
	return err
}
