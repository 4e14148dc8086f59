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
func (s *Store) DueHosts(ctx context.Context, now time.Time, limit int) (list []casefile.HostKey, err error) {
	defer wrap(&err, "list due hosts")
	return query(ctx, s.read, func(row scanner) (h casefile.HostKey, err error) { return h, row.Scan(&h) },
		dueHostsQuery, now.UnixMilli(), min(max(limit, 1), MaxDue))
}

// DueCases reads the cases of a host that are due at now, the longest waiting first,
// at most limit (1 to MaxDue).
func (s *Store) DueCases(ctx context.Context, host casefile.HostKey, now time.Time, limit int) (list []casefile.Case, err error) {
	defer wrap(&err, "list due cases")
	return query(ctx, s.read, s.scanPlainCase, dueCasesQuery, string(host), now.UnixMilli(), min(max(limit, 1), MaxDue))
}

// PostponeHost moves the due time of the host's cases that are due at now to until,
// and says how many. Versions stay: nothing was learned about the cases.
func (s *Store) PostponeHost(ctx context.Context, host casefile.HostKey, now, until time.Time, why casefile.Why) (int, error) {
	if !why.Valid() || until.IsZero() {
		return 0, fmt.Errorf("postpone host: a due time needs a time and a cause")
	}
	var moved int64
	err := s.inTx(ctx, func(ctx context.Context, tx *transaction) (err error) {
		tx.due(host)
		moved, err = tx.exec(ctx, "postpone host", "UPDATE cases SET due_at = $3, due_why = $4 WHERE host_key = $1 AND due_at <= $2",
			string(host), now.UnixMilli(), until.UnixMilli(), string(why))
		return err
	})
	return int(moved), err
}
