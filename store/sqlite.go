package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

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
		return fmt.Errorf("the folder %s cannot be written to, and the database needs its write-ahead log there: give Vigil's user the right to write, or change database.url: %w", folder, err)
	}
	return errors.Join(probe.Close(), os.Remove(probe.Name()))
}
