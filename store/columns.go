package store

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"vigil/casefile"
)

// Bounds of columns, in bytes; the migrations hold the same numbers.
const (
	maxProvider = casefile.MaxProvider
	maxHotline  = 200
	maxVantage  = 64
	maxActor    = 120
	maxSubject  = 300
	maxDetail   = 200
	maxKey      = 128 // a notice's key
	maxSignals  = 16384
	maxDissent  = 4096
	maxTrail    = 32768
	maxHosting  = 65536
	maxOrigin   = 4096
	maxSession  = 16384
	maxAnswer   = 65536
	maxName     = 80
)

// at is a time as a column: Unix milliseconds in UTC, NULL for the zero time.
func at(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UnixMilli()
}

// stamp reads what at wrote.
type stamp struct{ time.Time }

// Scan reads the column.
func (s *stamp) Scan(v any) error {
	switch v := v.(type) {
	case nil:
		s.Time = time.Time{}
	case int64:
		s.Time = time.UnixMilli(v).UTC()
	default:
		return fmt.Errorf("a time column holds a %T", v)
	}
	return nil
}

// clip makes foreign text fit a column: valid UTF-8 without zero bytes (PostgreSQL
// takes neither), at most limit bytes, cut between runes.
func clip(text string, limit int) string {
	if !utf8.ValidString(text) {
		text = strings.ToValidUTF8(text, "\uFFFD")
	}
	if strings.IndexByte(text, 0) >= 0 {
		text = strings.ReplaceAll(text, "\x00", "")
	}
	if len(text) <= limit {
		return text
	}
	for limit > 0 && !utf8.RuneStart(text[limit]) {
		limit--
	}
	return text[:limit]
}

// orNull writes empty text as NULL.
func orNull(text string) any {
	if text == "" {
		return nil
	}
	return text
}

// orNullID writes a missing id as NULL.
func orNullID(id int64) any {
	if id == 0 {
		return nil
	}
	return id
}

// toJSON writes v, which must fit limit bytes.
func toJSON(v any, limit int, what string) (string, error) {
	data, err := json.Marshal(v)
	if err != nil {
		return "", fmt.Errorf("write %s: %w", what, err)
	}
	if len(data) > limit {
		return "", fmt.Errorf("write %s: %d bytes are more than the %d that are kept", what, len(data), limit)
	}
	return string(data), nil
}

// fitJSON writes the longest beginning of list that fits limit bytes.
func fitJSON[T any](list []T, limit int) (string, error) {
	for {
		data, err := json.Marshal(list)
		if err != nil {
			return "", err
		}
		if len(data) <= limit {
			return string(data), nil
		}
		list = list[:len(list)*limit/(len(data)+1)]
	}
}

// Sealed columns. The place is bound into the seal, so that a value copied to
// another row or column does not open.

func (s *Store) sealTarget(column, targetKey string, t casefile.Target) ([]byte, error) {
	if t.IsZero() {
		return nil, nil
	}
	return s.keys.Seal([]byte(t.URL()), []byte(column+":"+targetKey))
}

func (s *Store) openTarget(column, targetKey string, sealed []byte) (casefile.Target, error) {
	if sealed == nil {
		return casefile.Target{}, nil
	}
	plain, err := s.keys.Open(sealed, []byte(column+":"+targetKey))
	if err != nil {
		return casefile.Target{}, fmt.Errorf("open %s: %w", column, err)
	}
	t, err := casefile.NewTarget(string(plain))
	if err != nil {
		return casefile.Target{}, fmt.Errorf("open %s: %w", column, err)
	}
	return t, nil
}

// openJSON reads a sealed column of a case.
func (s *Store) openJSON(column string, id casefile.CaseID, sealed []byte, v any) error {
	data, err := s.keys.Open(sealed, place(column, id))
	if err != nil {
		return fmt.Errorf("open %s of case %d: %w", column, id, err)
	}
	if err := json.Unmarshal(data, v); err != nil {
		return fmt.Errorf("read %s of case %d: %w", column, id, err)
	}
	return nil
}

func place(column string, id casefile.CaseID) []byte {
	return fmt.Appendf(nil, "%s:%d", column, id)
}

// scanner is *sql.Row or *sql.Rows.
type scanner interface{ Scan(...any) error }

// collect reads all rows with one and closes them.
func collect[T any](rows *sql.Rows, err error, one func(scanner) (T, error)) ([]T, error) {
	if err != nil {
		return nil, explain(err)
	}
	defer rows.Close()
	var list []T
	for rows.Next() {
		v, err := one(rows)
		if err != nil {
			return nil, explain(err)
		}
		list = append(list, v)
	}
	return list, explain(rows.Err())
}

// notFound turns "no rows" into the caller's problem.
func notFound(err error, what string) error {
	if errors.Is(err, sql.ErrNoRows) {
		return casefile.Problemf(casefile.ProblemNotFound, "id", "there is no %s of that number", what)
	}
	return explain(err)
}

// page checks a page's size; 0 means the largest.
func page(limit int) (int, error) {
	switch {
	case limit == 0:
		return casefile.MaxPage, nil
	case limit < 0 || limit > casefile.MaxPage:
		return 0, casefile.Problemf(casefile.ProblemField, "limit", "ask for 1 to %d", casefile.MaxPage)
	}
	return limit, nil
}

// where collects conditions with their numbered parameters.
type where struct {
	conditions []string
	args       []any
}

// add takes a condition whose parameter is written as "?".
func (w *where) add(condition string, arg any) {
	w.args = append(w.args, arg)
	w.conditions = append(w.conditions, strings.Replace(condition, "?", fmt.Sprintf("$%d", len(w.args)), 1))
}

// param adds a parameter and returns its name.
func (w *where) param(arg any) string {
	w.args = append(w.args, arg)
	return fmt.Sprintf("$%d", len(w.args))
}

func (w *where) String() string {
	if len(w.conditions) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(w.conditions, " AND ")
}
