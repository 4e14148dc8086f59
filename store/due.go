package store

import (
	"context"
	"fmt"
	"time"

	"vigil/casefile"
)

// MaxDue bounds what DueHosts and DueCases give at once.
const MaxDue = 10_000

const (
	dueHostsQuery = "SELECT host_key FROM hosts WHERE due_at <= $1 ORDER BY due_at LIMIT $2"
	dueCasesQuery = "SELECT " + caseColumns + caseTables + " WHERE c.host_key = $1 AND c.due_at <= $2 ORDER BY c.due_at LIMIT $3"
)

// DueHosts lists hosts that have cases due at now, the longest waiting first, at
// most limit (1 to MaxDue). It reads one index row a host, however many cases it has.
func (s *Store) DueHosts(ctx context.Context, now time.Time, limit int) ([]casefile.HostKey, error) {
	rows, err := s.read.QueryContext(ctx, dueHostsQuery, now.UnixMilli(), min(max(limit, 1), MaxDue))
	list, err := collect(rows, err, func(row scanner) (h casefile.HostKey, err error) { return h, row.Scan(&h) })
	if err != nil {
		return nil, fmt.Errorf("list due hosts: %w", err)
	}
	return list, nil
}

// DueCases reads the cases of a host that are due at now, the longest waiting first,
// at most limit (1 to MaxDue).
func (s *Store) DueCases(ctx context.Context, host casefile.HostKey, now time.Time, limit int) ([]casefile.Case, error) {
	rows, err := s.read.QueryContext(ctx, dueCasesQuery, string(host), now.UnixMilli(), min(max(limit, 1), MaxDue))
	list, err := collect(rows, err, s.scanPlainCase)
	if err != nil {
		return nil, fmt.Errorf("list due cases: %w", err)
	}
	return list, nil
}

// PostponeHost moves the due time of the host's cases that are due at now to until,
// and says how many. Versions stay: nothing was learned about the cases.
func (s *Store) PostponeHost(ctx context.Context, host casefile.HostKey, now, until time.Time, why casefile.Why) (int, error) {
	if !why.Valid() || until.IsZero() {
		return 0, fmt.Errorf("postpone host: a due time needs a time and a cause")
	}
	var moved int64
	err := s.inTx(ctx, func(ctx context.Context, tx *transaction) error {
		result, err := tx.ExecContext(ctx, "UPDATE cases SET due_at = $3, due_why = $4 WHERE host_key = $1 AND due_at <= $2",
			string(host), now.UnixMilli(), until.UnixMilli(), string(why))
		if err != nil {
			return err
		}
		tx.due(host)
		moved, err = result.RowsAffected()
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("postpone host: %w", err)
	}
	return int(moved), nil
}
