package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"vigil/casefile"
)

// chained are events as they are written, each with its data.
type chained struct {
	events []casefile.Event
	data   []string
}

// chain links events to the history of the case, and moves the end that the case remembers.
func (c *stored) chain(events []casefile.Event) chained {
	list := slices.Clone(events) // a job may run twice: the caller's events stay as they are
	for i, e := range list {
		list[i].Actor, list[i].Data = clip(e.Actor, maxActor), clipData(e.Data)
	}
	data := casefile.Chain(c.ID, c.seq, c.hash, list)
	if n := len(list); n > 0 {
		c.seq, c.hash = list[n-1].Seq, list[n-1].Hash
	}
	return chained{list, data}
}

func (tx *transaction) insertEvents(ctx context.Context, c chained) error {
	for i, e := range c.events {
		err := tx.later(ctx, "append event", `INSERT INTO events (case_id, seq, at, kind, actor, data, previous, hash)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`, e.CaseID, e.Seq, e.At.UnixMilli(), string(e.Kind), e.Actor, c.data[i], e.Previous, e.Hash)
		if err != nil {
			return err
		}
	}
	return nil
}

// appendToCase appends an event outside of a visit.
func (tx *transaction) appendToCase(ctx context.Context, id casefile.CaseID, e casefile.Event) error {
	c, err := tx.lockCase(ctx, id)
	if err != nil {
		return err
	}
	return tx.markCase(ctx, c, e)
}

// clipData makes event data fit its column: valid text that reads back as it was
// hashed, and the longest values halved until the whole is small enough.
func clipData(data map[string]string) map[string]string {
	if data == nil {
		return nil
	}
	size, sound := 0, true
	for name, value := range data {
		sound = sound && clip(name, 60) == name && utf8.ValidString(value)
		size += 6*(len(name)+len(value)) + 6 // every byte escaped, with its marks
	}
	if sound && size < casefile.MaxEventData {
		return data
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
		longest := slices.MaxFunc(slices.Collect(maps.Keys(clean)), func(a, b string) int { return len(clean[a]) - len(clean[b]) })
		if clean[longest] == "" { // thousands of names: nothing of ours does that
			delete(clean, longest)
			continue
		}
		clean[longest] = clip(clean[longest], len(clean[longest])/2)
	}
}

const (
	eventColumns = "id, case_id, seq, at, kind, actor, data, previous, hash"
	eventsQuery  = "SELECT " + eventColumns + " FROM events WHERE case_id = $1 AND seq > $2 ORDER BY seq LIMIT $3"
	latestQuery  = "SELECT " + eventColumns + " FROM events WHERE case_id = $1 AND seq < $2 AND kind NOT IN ('visited', 'hosted', " +
		"'informed', 'snapshot') ORDER BY seq DESC LIMIT $3"
)

func scanEvent(row scanner) (casefile.Event, error) {
	var e casefile.Event
	err := row.Scan(&e.ID, &e.CaseID, &e.Seq, stamp{&e.At}, &e.Kind, &e.Actor, inJSON{&e.Data}, &e.Previous, &e.Hash)
	wrap(&err, "event %d of case %d", e.Seq, e.CaseID)
	return e, err
}

// Events reads the events of a case after the one numbered afterSeq, in order.
func (s *Store) Events(ctx context.Context, id casefile.CaseID, afterSeq int64, limit int) ([]casefile.Event, error) {
	return s.events(ctx, eventsQuery, id, afterSeq, limit)
}

// LatestEvents reads the events of a case that people read (not casefile.EventKind.Bookkeeping), newest
// first: those below the one numbered before, or the newest of all when it is 0.
func (s *Store) LatestEvents(ctx context.Context, id casefile.CaseID, before int64, limit int) ([]casefile.Event, error) {
	if before <= 0 {
		before = math.MaxInt64
	}
	return s.events(ctx, latestQuery, id, before, limit)
}

func (s *Store) events(ctx context.Context, text string, id casefile.CaseID, seq int64, limit int) (list []casefile.Event, err error) {
	if limit, err = page(limit); err != nil {
		return nil, err
	}
	defer wrap(&err, "read events of case %d", id)
	return query(ctx, s.read, scanEvent, text, id, seq, limit)
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
	var done Progress
	var broken []error
	var after casefile.CaseID
	for len(broken) < maxBroken {
		ends, err := query(ctx, s.read, scanLocked, "SELECT "+lockColumns+" FROM cases WHERE id > $1 ORDER BY id LIMIT 500", after)
		if err != nil {
			return fmt.Errorf("verify history: %w", err)
		}
		if len(ends) == 0 {
			break
		}
		for _, e := range ends {
			n, err := s.verifyCase(ctx, e.ID, e.seq, e.hash)
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			done.Cases, done.Events = done.Cases+1, done.Events+n
			if err != nil && len(broken) < maxBroken {
				broken = append(broken, err)
			}
		}
		after = ends[len(ends)-1].ID
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
	events, err := query(ctx, s.read, scanEvent, "SELECT "+eventColumns+" FROM events WHERE case_id = $1 AND seq <= $2 ORDER BY seq", id, seq)
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
