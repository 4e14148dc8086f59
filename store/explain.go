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
	var lite *sqlite.Error
	if errors.As(err, &lite) {
		return sqliteAdvice(lite.Code() & 0xff)
	}
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return postgresAdvice(pg.Code)
	}
	var connect *pgconn.ConnectError
	var network net.Error
	if errors.As(err, &connect) || errors.As(err, &network) {
		return "PostgreSQL cannot be reached: see that it runs, and that host and port of database.url are right"
	}
	return ""
}

// sqliteAdvice takes a primary result code (sqlite.org/rescode.html).
func sqliteAdvice(code int) string {
	switch code {
	case sqlite3.SQLITE_NOTADB:
		return "the file is not a SQLite database: change database.url, or restore the database from a backup"
	case sqlite3.SQLITE_CORRUPT:
		return "the database file is damaged: stop Vigil and restore it from a backup"
	case sqlite3.SQLITE_FULL:
		return "the disk is full: make room; nothing that was stored is lost"
	case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_CANTOPEN:
		return "the database file or its folder cannot be written to: give Vigil's user the right to, or change database.url"
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return "another program holds the database: end it, or wait"
	case sqlite3.SQLITE_IOERR:
		return "the disk does not take or give data: look at the disk and the system log"
	}
	return ""
}

// postgresAdvice takes an SQLSTATE (PostgreSQL manual, appendix A).
func postgresAdvice(state string) string {
	switch state {
	case "28P01", "28000":
		return "PostgreSQL refuses user or password: correct database.url"
	case "3D000":
		return "PostgreSQL has no database of that name: create it (createdb), or correct database.url"
	case "42501":
		return "the PostgreSQL user lacks a right: make it the owner of the database"
	case "53100":
		return "the disk of PostgreSQL is full: make room; nothing that was stored is lost"
	case "53300":
		return "PostgreSQL has no free connection: raise max_connections, or run fewer workers"
	case "25006":
		return "PostgreSQL is read-only: connect to the primary server"
	case "57P03":
		return "PostgreSQL is starting or stopping: try again in a moment"
	}
	return ""
}
