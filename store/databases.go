package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"vigil/store/stmtcache"
)

// sqliteReaders bounds the connections that read at the same time.
const sqliteReaders = 4

// What every SQLite connection is told. WAL lets readers work beside the writer.
// With synchronous FULL a commit is on the disk when it returns, also after a power
// cut; NORMAL could lose the last commits. The grouped commit makes FULL cheap:
// one sync for up to maxGroup visits. BenchmarkRecordVisit, 256 callers on 2 cores:
// 10,000 visits/s with FULL, 10,300 to 11,000 with NORMAL.
const (
	pragmas       = "_pragma=busy_timeout(10000)&_pragma=foreign_keys(1)&_pragma=cache_size(-32000)&_pragma=temp_store(memory)"
	writerPragmas = pragmas + "&_pragma=journal_mode(wal)&_pragma=synchronous(full)&_txlock=immediate"
	readerPragmas = pragmas + "&_pragma=query_only(1)"
)

// sqliteURI makes the file: URI of a path; the three bytes with a meaning in it are escaped.
func sqliteURI(path, parameters string) string {
	return "file:" + strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23").Replace(path) + "?" + parameters
}

func openSQLite(ctx context.Context, path string) (write, read *sql.DB, err error) {
	if path == "" || strings.HasPrefix(path, ":") {
		return nil, nil, errors.New(`give the path of a file: "sqlite:vigil.db"`)
	}
	if err := checkFolder(path); err != nil {
		return nil, nil, err
	}
	pool := func(parameters string, connections int) (*sql.DB, error) {
		connector, err := sqlite.NewConnector(sqliteURI(path, parameters))
		if err != nil {
			return nil, err
		}
		db := sql.OpenDB(stmtcache.New(connector, 0))
		db.SetMaxOpenConns(connections)
		db.SetMaxIdleConns(connections)
		return db, nil
	}
	if write, err = pool(writerPragmas, 1); err != nil {
		return nil, nil, err
	}
	// The write-ahead log must exist before the first reader comes.
	// Turning a new file to it answers busy at once, without the busy timeout, when several processes do.
	for range migrateTries {
		if _, err = write.ExecContext(ctx, "SELECT count(*) FROM sqlite_schema"); err == nil || ctx.Err() != nil || !busy(err) {
			break
		}
		time.Sleep(migrateWait)
	}
	if err == nil {
		read, err = pool(readerPragmas, sqliteReaders)
	}
	if err != nil {
		return nil, nil, errors.Join(explain(err), write.Close())
	}
	return write, read, nil
}

// busy says that another connection has the file locked.
func busy(err error) bool {
	lite, ok := errors.AsType[*sqlite.Error](err)
	return ok && lite.Code()&0xff == sqlite3.SQLITE_BUSY
}

// checkFolder tells the usual faults of a path in words; SQLite has one code for all.
func checkFolder(path string) error {
	folder := filepath.Dir(path)
	info, err := os.Stat(folder)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("the folder %s does not exist: make it, or change database.url", folder)
	case err != nil:
		return fmt.Errorf("the folder of the database cannot be used: %w", err)
	case !info.IsDir():
		return fmt.Errorf("%s is a file, not a folder: change database.url", folder)
	}
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return fmt.Errorf("%s is not a regular file: change database.url", path)
	}
	// SQLite writes its log beside the database, so the folder must be writable as well.
	probe, err := os.CreateTemp(folder, ".vigil-probe-*")
	if err != nil {
		return fmt.Errorf("the folder %s cannot be written to, and the database needs its write-ahead log there: give Vigil's user the right "+
			"to write, or change database.url: %w", folder, err)
	}
	return errors.Join(probe.Close(), os.Remove(probe.Name()))
}

const (
	// postgresConnections bounds the pool, which the queue shares; PostgreSQL's own
	// default is 100 connections for all clients.
	postgresConnections = 24
	// postgresCommitters is how many groups are committed at the same time: each waits
	// for a round trip a statement, so that several keep the server busy.
	postgresCommitters = 8
	// postgresConnect bounds the first connection.
	postgresConnect = 10 * time.Second
)

func openPostgres(ctx context.Context, url string) (*sql.DB, error) {
	config, err := pgx.ParseConfig(url)
	if err != nil { // what the parser says could quote the password
		return nil, errors.New(`database.url is no PostgreSQL address: write "postgres://USER:PASSWORD@HOST:5432/DATABASE"`)
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = postgresConnect
	}
	db := stdlib.OpenDB(*config)
	db.SetMaxOpenConns(postgresConnections)
	db.SetMaxIdleConns(postgresConnections)
	if err := db.PingContext(ctx); err != nil {
		return nil, errors.Join(explain(err), db.Close())
	}
	return db, nil
}

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

//go:embed migrations
var migrations embed.FS

// How often a migration is tried while no other process gets on with it, and the wait
// between two tries: 2 s in all. A migration of an empty file takes some 10 ms.
const (
	migrateTries = 20
	migrateWait  = 100 * time.Millisecond
)

// migrate brings the tables to the newest version. Migrations only go forward; a
// database of a newer Vigil is refused untouched.
func migrate(ctx context.Context, db *sql.DB, dialect string) error {
	provider, err := migrator(db, dialect)
	if err != nil {
		return err
	}
	current, newest, err := provider.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("read schema version: %w", explain(err))
	}
	if current > newest {
		return fmt.Errorf("the database has schema version %d, made by a newer Vigil; this one knows %d: run the newer Vigil", current, newest)
	}
	if current == newest {
		return nil
	}
	// Processes that begin on one new SQLite file race for each migration: a loser waits
	// while another one gets on, and finds the work done in the end.
	for still := 0; still < migrateTries; still++ {
		if _, err = provider.Up(ctx); err == nil {
			return nil
		}
		now, _, again := provider.GetVersions(ctx)
		if again == nil && now >= newest {
			return nil
		}
		if again == nil && now > current {
			current, still = now, 0
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("migrate database: %w", explain(err))
		case <-time.After(migrateWait):
		}
	}
	return fmt.Errorf("migrate database: %w", explain(err))
}

// migrator reads the migrations of a dialect.
func migrator(db *sql.DB, dialect string) (*goose.Provider, error) {
	files, err := fs.Sub(migrations, "migrations/"+dialect)
	if err != nil {
		return nil, fmt.Errorf("find migrations: %w", err)
	}
	options := []goose.ProviderOption{goose.WithDisableGlobalRegistry(true)}
	kind := goose.DialectSQLite3
	if dialect == DialectPostgres {
		kind = goose.DialectPostgres
		options = append(options, goose.WithSessionLocker(oneMigrator{})) // several processes may start at once
	}
	provider, err := goose.NewProvider(kind, db, files, options...)
	if err != nil {
		return nil, fmt.Errorf("read migrations: %w", err)
	}
	return provider, nil
}

// oneMigrator lets one process at a time migrate a PostgreSQL schema. It waits in the
// server; goose's own lock asks again every few seconds.
type oneMigrator struct{}

const migratorLock = "(hashtext('vigil migrate'), hashtext(current_schema()))"

func (oneMigrator) SessionLock(ctx context.Context, conn *sql.Conn) error {
	_, err := conn.ExecContext(ctx, "SELECT pg_advisory_lock"+migratorLock)
	return err
}

func (oneMigrator) SessionUnlock(ctx context.Context, conn *sql.Conn) error {
	_, err := conn.ExecContext(context.WithoutCancel(ctx), "SELECT pg_advisory_unlock"+migratorLock)
	return err
}
