package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"

	"vigil/casefile"
)

// appendEvents chains events to the history that ends with seq and hash, writes
// them, and moves seq and hash to the new end. The caller stores the end in the case.
func (tx *transaction) appendEvents(ctx context.Context, id casefile.CaseID, seq *int64, hash *string, events []casefile.Event) error {
	if len(events) == 0 {
		return nil
	}
	chained := make([]casefile.Event, len(events)) // a job may run twice: the caller's events stay as they are
	for i, e := range events {
		e.Actor = clip(e.Actor, maxActor)
		e.Data = clipData(e.Data)
		chained[i] = e
	}
	casefile.Chain(id, *seq, *hash, chained)
	for _, e := range chained {
		data, err := toJSON(e.Data, casefile.MaxEventData, "event data")
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, "INSERT INTO events (case_id, seq, at, kind, actor, data, previous, hash) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
			id, e.Seq, e.At.UnixMilli(), string(e.Kind), e.Actor, data, e.Previous, e.Hash)
		if err != nil {
			return fmt.Errorf("append event to case %d: %w", id, err)
		}
		*seq, *hash = e.Seq, e.Hash
	}
	return nil
}

// appendToCase appends events outside of a visit and stores the new end of the history.
func (tx *transaction) appendToCase(ctx context.Context, id casefile.CaseID, events []casefile.Event) error {
	var seq int64
	var hash string
	if err := tx.QueryRowContext(ctx, "SELECT event_seq, event_hash FROM cases WHERE id = $1"+tx.s.lock(), id).Scan(&seq, &hash); err != nil {
		return notFound(err, "case")
	}
	if err := tx.appendEvents(ctx, id, &seq, &hash, events); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, "UPDATE cases SET event_seq = $2, event_hash = $3 WHERE id = $1", id, seq, hash); err != nil {
		return fmt.Errorf("write end of history of case %d: %w", id, err)
	}
	return nil
}

// clipData makes event data fit its column: valid text that reads back as it was
// hashed, and the longest values halved until the whole is small enough.
func clipData(data map[string]string) map[string]string {
	if data == nil {
		return nil
	}
	clean := make(map[string]string, len(data))
	for name, value := range data {
		clean[clip(name, 60)] = strings.ToValidUTF8(value, "\uFFFD")
	}
	for {
		encoded, err := json.Marshal(clean)
		if err != nil || len(encoded) <= casefile.MaxEventData {
			return clean
		}
		longest := ""
		for name := range clean {
			if longest == "" || len(clean[name]) > len(clean[longest]) {
				longest = name
			}
		}
		if clean[longest] == "" { // thousands of names: nothing of ours does that
			delete(clean, longest)
			continue
		}
		clean[longest] = clip(clean[longest], len(clean[longest])/2)
	}
}

const (
	eventColumns   = "id, case_id, seq, at, kind, actor, data, previous, hash"
	eventsQuery    = "SELECT " + eventColumns + " FROM events WHERE case_id = $1 AND seq > $2 ORDER BY seq LIMIT $3"
	latestQuery    = "SELECT " + eventColumns + " FROM events WHERE case_id = $1 AND seq < $2 AND kind NOT IN ('visited', 'hosted', 'informed', 'snapshot') ORDER BY seq DESC LIMIT $3"
	allEventsQuery = "SELECT " + eventColumns + " FROM events WHERE id > $1 ORDER BY id LIMIT $2"
)

func scanEvent(row scanner) (casefile.Event, error) {
	var e casefile.Event
	var when stamp
	var data string
	if err := row.Scan(&e.ID, &e.CaseID, &e.Seq, &when, &e.Kind, &e.Actor, &data, &e.Previous, &e.Hash); err != nil {
		return e, err
	}
	e.At = when.Time
	if err := json.Unmarshal([]byte(data), &e.Data); err != nil {
		return e, fmt.Errorf("event %d of case %d: its data cannot be read", e.Seq, e.CaseID)
	}
	return e, nil
}

// Events reads the events of a case after the one numbered afterSeq, in order.
func (s *Store) Events(ctx context.Context, id casefile.CaseID, afterSeq int64, limit int) ([]casefile.Event, error) {
	limit, err := page(limit)
	if err != nil {
		return nil, err
	}
	rows, err := s.read.QueryContext(ctx, eventsQuery, id, afterSeq, limit)
	list, err := collect(rows, err, scanEvent)
	if err != nil {
		return nil, fmt.Errorf("read events of case %d: %w", id, err)
	}
	return list, nil
}

// LatestEvents reads the events of a case that people read (not casefile.EventKind.Bookkeeping), newest first: those below
// the one numbered before, or the newest of all when it is 0.
func (s *Store) LatestEvents(ctx context.Context, id casefile.CaseID, before int64, limit int) ([]casefile.Event, error) {
	limit, err := page(limit)
	if err != nil {
		return nil, err
	}
	if before <= 0 {
		before = math.MaxInt64
	}
	rows, err := s.read.QueryContext(ctx, latestQuery, id, before, limit)
	list, err := collect(rows, err, scanEvent)
	if err != nil {
		return nil, fmt.Errorf("read latest events of case %d: %w", id, err)
	}
	return list, nil
}

// AllEvents reads the events of all cases after the one of number after, in order of
// number. On PostgreSQL a number is given before its transaction ends, so that a
// reader that follows closely may pass one by: look back a little.
func (s *Store) AllEvents(ctx context.Context, after casefile.EventID, limit int) ([]casefile.Event, error) {
	limit, err := page(limit)
	if err != nil {
		return nil, err
	}
	rows, err := s.read.QueryContext(ctx, allEventsQuery, after, limit)
	list, err := collect(rows, err, scanEvent)
	if err != nil {
		return nil, fmt.Errorf("read events: %w", err)
	}
	return list, nil
}

// Progress is how far VerifyHistory is.
type Progress struct{ Cases, Events int64 }

// maxBroken bounds the broken histories that VerifyHistory lists.
const maxBroken = 20

// ErrBrokenHistory is in the chain of VerifyHistory's error when a history was
// changed or shortened.
var ErrBrokenHistory = errors.New("history is broken")

// VerifyHistory follows the chain of events of every case and compares its end with
// the one the case remembers. Its error lists the first broken ones, each once.
// progress may be nil; it is called after every few hundred cases, and at the end.
func (s *Store) VerifyHistory(ctx context.Context, progress func(Progress)) error {
	if progress == nil {
		progress = func(Progress) {}
	}
	type end struct {
		id   casefile.CaseID
		seq  int64
		hash string
	}
	var done Progress
	var broken []error
	var after casefile.CaseID
	for len(broken) < maxBroken {
		rows, err := s.read.QueryContext(ctx, "SELECT id, event_seq, event_hash FROM cases WHERE id > $1 ORDER BY id LIMIT 500", after)
		ends, err := collect(rows, err, func(row scanner) (e end, err error) { return e, row.Scan(&e.id, &e.seq, &e.hash) })
		if err != nil {
			return fmt.Errorf("verify history: %w", err)
		}
		if len(ends) == 0 {
			break
		}
		for _, e := range ends {
			n, err := s.verifyCase(ctx, e.id, e.seq, e.hash)
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			done.Cases, done.Events = done.Cases+1, done.Events+n
			if err != nil && len(broken) < maxBroken {
				broken = append(broken, err)
			}
		}
		after = ends[len(ends)-1].id
		progress(done)
	}
	if len(broken) > 0 {
		return fmt.Errorf("%w: %w", ErrBrokenHistory, errors.Join(broken...))
	}
	return nil
}

// verifyCase verifies the history of one case up to the end that was read before;
// events that came since are not looked at.
func (s *Store) verifyCase(ctx context.Context, id casefile.CaseID, seq int64, hash string) (int64, error) {
	rows, err := s.read.QueryContext(ctx, "SELECT "+eventColumns+" FROM events WHERE case_id = $1 AND seq <= $2 ORDER BY seq", id, seq)
	events, err := collect(rows, err, scanEvent)
	if err != nil {
		return 0, err
	}
	n := int64(len(events))
	switch {
	case n == 0:
		return n, fmt.Errorf("case %d: its history is gone", id)
	case casefile.VerifyChain(events) != nil:
		return n, casefile.VerifyChain(events)
	case events[n-1].Seq != seq || events[n-1].Hash != hash:
		return n, fmt.Errorf("case %d: its history ends at event %d, and the case remembers another end at %d", id, events[n-1].Seq, seq)
	}
	return n, nil
}
