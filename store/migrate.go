package store

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
	"time"

	"github.com/pressly/goose/v3"
)

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
