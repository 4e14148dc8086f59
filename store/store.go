// Package store keeps everything Vigil must not forget: cases, reports, visits
// with their observations, decisions about hosting, assignments, notices, the
// hash-chained history, people and sessions.
//
// Values of casefile come in and go out; the same queries run on SQLite and on
// PostgreSQL. Every write is one job of a grouped commit: it is durable when the
// call returns. URLs, hosts and what would reveal them are sealed (internal/seal)
// before they reach the database, and found again by keyed digest.
//
// The store must never hold the body of a page (every text and blob column has a
// bound), never put a URL, a host or a body in an error or a log, never change or
// delete an event, and never lose a visit that was started.
//
// Times are stored in milliseconds, UTC: finer parts are cut off.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync"

	"go.uber.org/zap"

	"vigil/casefile"
	"vigil/internal/seal"
)

// The dialects of Store.Dialect.
const (
	DialectSQLite   = "sqlite"
	DialectPostgres = "postgres"
)

// Options of Open.
type Options struct {
	// URL is "sqlite:PATH" or "postgres://USER:PASSWORD@HOST/DATABASE". Required.
	URL string
	// Keys seal what is sensitive. Required; the same keys for the life of the database.
	Keys *seal.Keys
	// Log defaults to none.
	Log *zap.Logger
}

// Store is an open database. All methods are safe for concurrent use.
type Store struct {
	write   *sql.DB // SQLite: one connection. PostgreSQL: the pool
	read    *sql.DB // SQLite: connections that cannot write. PostgreSQL: the same pool
	dialect string
	keys    *seal.Keys
	log     *zap.Logger

	committer *committer
	closing   sync.Once
	closed    error
}

// ErrClosed is the answer to a write after Close.
var ErrClosed = errors.New("the store is closed")

// Open opens the database at o.URL, brings its tables up to date and checks that
// o.Keys are the keys it was sealed with. Its errors say what to do.
func Open(ctx context.Context, o Options) (*Store, error) {
	if o.Keys == nil {
		return nil, errors.New("open database: no keys were given")
	}
	if o.Log == nil {
		o.Log = zap.NewNop()
	}
	s := &Store{keys: o.Keys, log: o.Log}
	var committers int
	var err error
	scheme, path, _ := strings.Cut(o.URL, ":")
	switch scheme {
	case "sqlite":
		s.dialect, committers = DialectSQLite, 1
		s.write, s.read, err = openSQLite(ctx, path)
	case "postgres", "postgresql":
		s.dialect, committers = DialectPostgres, postgresCommitters
		s.write, err = openPostgres(ctx, o.URL)
		s.read = s.write
	default:
		return nil, errors.New(`open database: the URL must begin with "sqlite:" or "postgres://"`)
	}
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	if err := s.prepare(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open database: %w", err), s.closePools())
	}
	s.committer = newCommitter(s, committers)
	s.log.Info("database opened", zap.String("dialect", s.dialect))
	return s, nil
}

// prepare migrates, checks the keys, and brings up to date what of an older version a migration in SQL
// cannot.
func (s *Store) prepare(ctx context.Context) error {
	if err := migrate(ctx, s.write, s.dialect); err != nil {
		return err
	}
	if err := s.checkKeys(ctx); err != nil {
		return err
	}
	if err := s.repair(ctx, "name cases", s.nameCases); err != nil {
		return err
	}
	if err := s.repair(ctx, "code signals", s.codeSignals); err != nil {
		return err
	}
	var after casefile.CaseID
	return s.repair(ctx, "write snapshots", func(ctx context.Context) (int, error) { return s.writeSnapshots(ctx, &after) })
}

// alone runs do in a transaction of its own.
func (s *Store) alone(ctx context.Context, do func(tx *transaction) error) error {
	sqlTx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer sqlTx.Rollback() //nolint:errcheck // after a commit there is nothing to roll back
	if err := do(&transaction{Tx: sqlTx, s: s, hosts: map[casefile.HostKey]struct{}{}}); err != nil {
		return err
	}
	return sqlTx.Commit()
}

// repairBatch is how many rows one transaction of a repair works on.
const repairBatch = 1000

// repair brings rows of an older Vigil up to date, batch by batch, each of its own transaction: when it is
// ended the next Open goes on, and two processes at once do the same work twice and no harm. batch says how
// many rows it took.
func (s *Store) repair(ctx context.Context, what string, batch func(context.Context) (int, error)) error {
	for total, n := 0, repairBatch; n == repairBatch; {
		var err error
		if n, err = batch(ctx); err != nil {
			return fmt.Errorf("%s: %w", what, explain(err))
		}
		if total += n; n > 0 && (n < repairBatch || total%(100*repairBatch) == 0) {
			s.log.Info("rows of an older version are brought up to date", zap.String("doing", what), zap.Int("rows", total))
		}
	}
	return nil
}

// Close waits for the writes that were accepted, then closes the database.
// Writes that come later get ErrClosed.
func (s *Store) Close() error {
	s.closing.Do(func() {
		s.committer.close()
		s.closed = s.closePools()
	})
	return s.closed
}

func (s *Store) closePools() error {
	var err error
	if s.read != s.write {
		err = s.read.Close()
	}
	if err = errors.Join(err, s.write.Close()); err != nil {
		return fmt.Errorf("close database: %w", err)
	}
	return nil
}

// DB is the pool that writes, for a queue that shares the database. On SQLite it
// has one connection: never hold a transaction of it over anything slow.
func (s *Store) DB() *sql.DB { return s.write }

// Dialect is DialectSQLite or DialectPostgres.
func (s *Store) Dialect() string { return s.dialect }

// Ping says whether the database answers.
func (s *Store) Ping(ctx context.Context) error {
	var one int
	if err := s.read.QueryRowContext(ctx, "SELECT 1").Scan(&one); err != nil {
		return fmt.Errorf("ping database: %w", explain(err))
	}
	return nil
}

// lock ends a SELECT whose rows the transaction is about to change. SQLite has
// one writer, so there is nothing to lock.
func (s *Store) lock() string {
	if s.dialect == DialectPostgres {
		return " FOR UPDATE"
	}
	return ""
}

const keyCheckText = "vigil"

// checkKeys compares the keys with those the database remembers, and lets a new
// database remember them.
func (s *Store) checkKeys(ctx context.Context) error {
	check, err := s.keys.Seal([]byte(keyCheckText), []byte("meta.seal_check"))
	if err != nil {
		return err
	}
	digest := s.keys.Digest("meta.digest_check", []byte(keyCheckText))
	// Always in one order: processes that open a new database at once wait for each other's rows.
	known, err := s.remember(ctx, []string{"digest_check", "seal_check"}, []byte(digest), check)
	if err != nil {
		return fmt.Errorf("check keys: %w", explain(err))
	}
	_, err = s.keys.Open(known[1], []byte("meta.seal_check"))
	if err != nil || string(known[0]) != digest {
		return fmt.Errorf("this database was sealed with another key: use the key file that belongs to it (seal.key_file): %w", seal.ErrWrongKey)
	}
	return nil
}

// remember keeps values under names that have none yet, and says which they have then.
func (s *Store) remember(ctx context.Context, names []string, values ...[]byte) (known [][]byte, err error) {
	known = make([][]byte, len(names))
	return known, s.alone(ctx, func(tx *transaction) error {
		for i, name := range names {
			_, err := tx.ExecContext(ctx, "INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING", name, values[i])
			if err == nil {
				err = tx.QueryRowContext(ctx, "SELECT value FROM meta WHERE name = $1", name).Scan(&known[i])
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}
