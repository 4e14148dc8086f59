package store

import (
	"context"
	"time"

	"vigil/casefile"
	"vigil/lifecycle"
)

// Cases that this version opens are replayable from their first event.
const unsnappedQuery = "SELECT id FROM cases WHERE NOT replayable ORDER BY id LIMIT $1"

// writeSnapshots gives the next cases of an older Vigil the event from which on their history tells their life.
func (s *Store) writeSnapshots(ctx context.Context) (int, error) {
	scan := func(row scanner) (id casefile.CaseID, err error) { return id, row.Scan(&id) }
	ids, err := query(ctx, s.read, scan, unsnappedQuery, repairBatch)
	if err != nil || len(ids) == 0 {
		return 0, err
	}
	sqlTx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return 0, err
	}
	defer sqlTx.Rollback() //nolint:errcheck // after a commit there is nothing to roll back
	tx := &transaction{Tx: sqlTx, s: s, hosts: map[casefile.HostKey]struct{}{}}
	now := time.Now()
	for _, id := range ids {
		c, err := tx.loadCase(ctx, id)
		if err != nil {
			return 0, err
		}
		event, err := lifecycle.Snapshot(c.Life, now)
		if err != nil {
			return 0, err
		}
		if err := tx.markCase(ctx, c, event); err != nil {
			return 0, err
		}
		if _, err := tx.exec(ctx, "mark as replayable", "UPDATE cases SET replayable = TRUE WHERE id = $1", id); err != nil {
			return 0, err
		}
	}
	return len(ids), sqlTx.Commit()
}
