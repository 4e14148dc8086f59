package store

import (
	"context"
	"errors"
	"time"

	"go.uber.org/zap"

	"vigil/casefile"
	"vigil/lifecycle"
)

// Cases that this version opens are replayable from their first event.
const unsnappedQuery = "SELECT id FROM cases WHERE NOT replayable AND id > $1 ORDER BY id LIMIT $2"

// writeSnapshots gives the next cases of an older Vigil, those after the one numbered *after, the event from which on
// their history tells their life. A case that cannot be read is passed over, and tried again at the next start.
func (s *Store) writeSnapshots(ctx context.Context, after *casefile.CaseID) (int, error) {
	scan := func(row scanner) (id casefile.CaseID, err error) { return id, row.Scan(&id) }
	ids, err := query(ctx, s.read, scan, unsnappedQuery, *after, repairBatch)
	if err != nil || len(ids) == 0 {
		return 0, err
	}
	return len(ids), s.alone(ctx, func(tx *transaction) error {
		for _, id := range ids {
			*after = id
			err := tx.writeSnapshot(ctx, id)
			if problem, broken := errors.AsType[*casefile.Problem](err); broken {
				s.log.Error("a case cannot be read: its history was not made replayable", zap.Int64("case_id", int64(id)), zap.Error(problem))
			} else if err != nil {
				return err
			}
		}
		return nil
	})
}

func (tx *transaction) writeSnapshot(ctx context.Context, id casefile.CaseID) error {
	c, err := tx.loadCase(ctx, id)
	if err != nil {
		return err
	}
	event, err := lifecycle.Snapshot(c.Life, time.Now())
	if err == nil {
		err = tx.markCase(ctx, c, event)
	}
	if err == nil {
		_, err = tx.exec(ctx, "mark as replayable", "UPDATE cases SET replayable = TRUE WHERE id = $1", id)
	}
	return err
}
