package store

import (
	"context"
	"database/sql"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"go.uber.org/zap"

	"vigil/casefile"
	"vigil/lifecycle"
)

// signalsFile says what the values of signals were before they were codes: name, what a value or a part of it
// was as a regular expression, and its codes.
//
//go:embed signals.tsv
var signalsFile string

type oldValue struct {
	name  string
	was   *regexp.Regexp
	codes string
}

var oldValues = sync.OnceValue(func() []oldValue {
	var all []oldValue
	for line := range strings.Lines(signalsFile) {
		parts := strings.Split(strings.TrimSpace(line), "\t")
		all = append(all, oldValue{parts[0], regexp.MustCompile("^(?:" + parts[1] + ")$"), parts[2]})
	}
	return all
})

// coded is a signal whose value is made of codes. One that is of neither form stays as it is.
func coded(s casefile.Signal) casefile.Signal {
	if s.Valid() {
		return s
	}
	now := s
	if now.Value = codesOf(s.Name, s.Value); now.Value == "" {
		var codes []string
		for part := range strings.SplitSeq(s.Value, ", ") {
			codes = append(codes, codesOf(s.Name, part))
		}
		now.Value = strings.Join(codes, " ")
	}
	if !now.Valid() {
		return s
	}
	return now
}

func codesOf(name, value string) string {
	for _, old := range oldValues() {
		if old.name == name && old.was.MatchString(value) {
			return old.was.ReplaceAllString(value, old.codes)
		}
	}
	return ""
}

// signalsMark is where meta keeps up to which visit signals are codes, or signalsDone.
const (
	signalsMark = "signals_coded"
	signalsDone = "done"
)

const uncodedQuery = "SELECT id, signals FROM visits WHERE id > $1 ORDER BY id LIMIT $2"

// codeSignals writes the values of the signals of the next visits of an older Vigil as codes, and keeps how
// far it is.
func (s *Store) codeSignals(ctx context.Context) (int, error) {
	var mark []byte
	err := s.read.QueryRowContext(ctx, "SELECT value FROM meta WHERE name = $1", signalsMark).Scan(&mark)
	if err != nil && !errors.Is(err, sql.ErrNoRows) || string(mark) == signalsDone {
		return 0, err
	}
	after, _ := strconv.ParseInt(string(mark), 10, 64) // 0 at the beginning
	type signalled struct {
		id      casefile.VisitID
		signals string
	}
	scan := func(row scanner) (v signalled, err error) { return v, row.Scan(&v.id, &v.signals) }
	list, err := query(ctx, s.read, scan, uncodedQuery, after, repairBatch)
	if err != nil {
		return 0, err
	}
	next := signalsDone
	if len(list) == repairBatch {
		next = strconv.FormatInt(int64(list[len(list)-1].id), 10)
	}
	return len(list), s.alone(ctx, func(tx *transaction) error {
		for _, v := range list {
			var signals []casefile.Signal
			if json.Unmarshal([]byte(v.signals), &signals) != nil {
				continue // whoever reads the visit is told
			}
			for i := range signals {
				signals[i] = coded(signals[i])
			}
			if text := fitJSON(signals, maxSignals); text != v.signals {
				if _, err := tx.ExecContext(ctx, "UPDATE visits SET signals = $2 WHERE id = $1", v.id, text); err != nil {
					return fmt.Errorf("visit %d: %w", v.id, err)
				}
			}
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO meta (name, value) VALUES ($1, $2)
			ON CONFLICT (name) DO UPDATE SET value = excluded.value`, signalsMark, []byte(next))
		return err
	})
}

// Cases that this version opens are replayable from their first event.
const unsnappedQuery = "SELECT id FROM cases WHERE NOT replayable AND id > $1 ORDER BY id LIMIT $2"

// writeSnapshots gives the next cases of an older Vigil, those after the one numbered *after, the event from
// which on their history tells their life. A case that cannot be read is passed over, and tried again at the
// next start.
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
