package river

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"

	"github.com/riverqueue/river/rivermigrate"
	"go.uber.org/zap/exp/zapslog"
)

// migrateLock keeps processes that start at once from making the same tables: the
// library reads which migrations are missing before it applies them.
const migrateLock = "(hashtext('vigil queue migrate'), hashtext(current_schema()))"

// Migrate creates or updates the queue's own tables. Processes that start together
// may all call it: one migrates, the others wait and find nothing to do.
func (e *Engine) Migrate(ctx context.Context) error {
	m, err := rivermigrate.New(e.driver, &rivermigrate.Config{Logger: slog.New(zapslog.NewHandler(atLeastWarn(e.o.Log.Core())))})
	if err != nil {
		return fmt.Errorf("queue: prepare migration: %w", err)
	}
	migrate := e.migrateLocked
	if e.o.Dialect == "sqlite" {
		migrate = e.migrateAlone
	}
	if err := migrate(ctx, m); err != nil {
		return fmt.Errorf("queue: migrate: %w", err)
	}
	return nil
}

// migrateAlone migrates in one transaction, which on SQLite nobody writes beside
// (the store opens it with _txlock=immediate).
func (e *Engine) migrateAlone(ctx context.Context, m *rivermigrate.Migrator[*sql.Tx]) error {
	tx, err := e.o.DB.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	// After a commit there is nothing to roll back.
	defer func() { _ = tx.Rollback() }()
	//nolint:staticcheck // deprecated for PostgreSQL, whose enumerations cannot grow and be used in one transaction
	if _, err := m.MigrateTx(ctx, tx, rivermigrate.DirectionUp, nil); err != nil {
		return err
	}
	return tx.Commit()
}

// migrateLocked migrates under an advisory lock: some of River's migrations for
// PostgreSQL cannot share a transaction.
func (e *Engine) migrateLocked(ctx context.Context, m *rivermigrate.Migrator[*sql.Tx]) error {
	conn, err := e.o.DB.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	if _, err := conn.ExecContext(ctx, "SELECT pg_advisory_lock"+migrateLock); err != nil {
		return err
	}
	_, err = m.Migrate(ctx, rivermigrate.DirectionUp, nil)
	_, unlock := conn.ExecContext(context.WithoutCancel(ctx), "SELECT pg_advisory_unlock"+migrateLock)
	return errors.Join(err, unlock)
}
