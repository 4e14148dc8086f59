package store

import (
	"context"
	"errors"
	"fmt"
	"net"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// explain adds to a database's error what a person can do about it. The error
// stays in the chain.
func explain(err error) error {
	if err == nil || errors.Is(err, context.Canceled) {
		return err
	}
	if advice := advice(err); advice != "" {
		return fmt.Errorf("%s: %w", advice, err)
	}
	return err
}

func advice(err error) string {
	var connect *pgconn.ConnectError
	var network net.Error
	if lite, ok := errors.AsType[*sqlite.Error](err); ok {
		return sqliteAdvice[lite.Code()&0xff]
	}
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		return postgresAdvice[pg.Code]
	}
	if errors.As(err, &connect) || errors.As(err, &network) {
		return "PostgreSQL cannot be reached: see that it runs, and that host and port of database.url are right"
	}
	return ""
}

const (
	unwritable    = "the database file or its folder cannot be written to: give Vigil's user the right to, or change database.url"
	heldByAnother = "another program holds the database: end it, or wait"
	refusedUser   = "PostgreSQL refuses user or password: correct database.url"
)

// sqliteAdvice has primary result codes (sqlite.org/rescode.html).
var sqliteAdvice = map[int]string{
	sqlite3.SQLITE_NOTADB:   "the file is not a SQLite database: change database.url, or restore the database from a backup",
	sqlite3.SQLITE_CORRUPT:  "the database file is damaged: stop Vigil and restore it from a backup",
	sqlite3.SQLITE_FULL:     "the disk is full: make room; nothing that was stored is lost",
	sqlite3.SQLITE_READONLY: unwritable,
	sqlite3.SQLITE_PERM:     unwritable,
	sqlite3.SQLITE_CANTOPEN: unwritable,
	sqlite3.SQLITE_BUSY:     heldByAnother,
	sqlite3.SQLITE_LOCKED:   heldByAnother,
	sqlite3.SQLITE_IOERR:    "the disk does not take or give data: look at the disk and the system log",
}

// postgresAdvice has SQLSTATEs (PostgreSQL manual, appendix A).
var postgresAdvice = map[string]string{
	"28P01": refusedUser,
	"28000": refusedUser,
	"3D000": "PostgreSQL has no database of that name: create it (createdb), or correct database.url",
	"42501": "the PostgreSQL user lacks a right: make it the owner of the database",
	"53100": "the disk of PostgreSQL is full: make room; nothing that was stored is lost",
	"53300": "PostgreSQL has no free connection: raise max_connections, or run fewer workers",
	"25006": "PostgreSQL is read-only: connect to the primary server",
	"57P03": "PostgreSQL is starting or stopping: try again in a moment",
}
