package store

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
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
	maxBasis    = 16384
	maxCase     = 8192
	maxEpisode  = 2048
	maxReport   = 4096
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
type stamp struct{ to *time.Time }

// Scan reads the column.
func (s stamp) Scan(v any) error {
	switch v := v.(type) {
	case nil:
		*s.to = time.Time{}
	case int64:
		*s.to = time.UnixMilli(v).UTC()
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

// open reads a sealed column of a case.
func (s *Store) open(column string, id casefile.CaseID, sealed []byte) ([]byte, error) {
	plain, err := s.keys.Open(sealed, sealContext(column, id))
	wrap(&err, "open %s of case %d", column, id)
	return plain, err
}

// orNull writes an empty text, and no number, as NULL.
func orNull[T comparable](v T) any {
	if v == *new(T) {
		return nil
	}
	return v
}

// A document is a value in one column: its JSON within these two, which tell the version of the form. A new
// field of the value is kept with nothing more to do; one that changes its meaning makes another version, and
// document knows the older ones.
const documentBegin, documentEnd = `{"v":1,"value":`, "}"

func toDocument(v any, limit int, what string) (string, error) {
	return toJSON(struct {
		Version int `json:"v"`
		Value   any `json:"value"`
	}{1, v}, limit, what)
}

// document reads what toDocument wrote.
type document struct{ to any }

// Scan reads the column; NULL leaves the value as it is.
func (d document) Scan(v any) error {
	if v == nil {
		return nil
	}
	text, _ := v.(string)
	value, known := strings.CutPrefix(text, documentBegin)
	if !known {
		return errors.New("its document was written by a newer Vigil")
	}
	return inJSON(d).Scan(strings.TrimSuffix(value, documentEnd))
}

// inJSON reads a column that holds JSON.
type inJSON struct{ to any }

// Scan reads the column; NULL leaves the value as it is.
func (j inJSON) Scan(v any) error {
	if v == nil {
		return nil
	}
	text, _ := v.(string)
	return json.Unmarshal([]byte(text), j.to)
}

// toJSON writes v, which must fit limit bytes.
func toJSON(v any, limit int, what string) (string, error) {
	data, err := fitting(v, limit, what)
	return string(data), err
}

// fitting writes v, which smaller makes fit limit bytes: one after the other, as long as it does not.
func fitting(v any, limit int, what string, smaller ...func()) ([]byte, error) {
	for {
		data, err := json.Marshal(v)
		wrap(&err, "write %s", what)
		if err == nil && len(data) > limit {
			err = fmt.Errorf("write %s: %d bytes are more than the %d that are kept", what, len(data), limit)
		}
		if err == nil || len(smaller) == 0 {
			return data, err
		}
		smaller[0]()
		smaller = smaller[1:]
	}
}

// fitJSON writes the longest beginning of list that fits limit bytes.
func fitJSON[T string | casefile.Signal | casefile.Dissent](list []T, limit int) string {
	for {
		data, _ := json.Marshal(list) // such lists always marshal
		if len(data) <= limit {
			return string(data)
		}
		list = list[:len(list)*limit/(len(data)+1)]
	}
}

// Sealed columns. The place is bound into the seal, so that a value copied to
// another row or column does not open.

// sealTarget gives nil, which is NULL, for no target.
func (s *Store) sealTarget(column, targetKey string, t casefile.Target) (any, error) {
	if t.IsZero() {
		return nil, nil
	}
	return s.keys.Seal([]byte(t.URL()), []byte(column+":"+targetKey))
}

func (s *Store) openTarget(column, targetKey string, sealed []byte) (t casefile.Target, err error) {
	if sealed == nil {
		return t, nil
	}
	defer wrap(&err, "open %s", column)
	plain, err := s.keys.Open(sealed, []byte(column+":"+targetKey))
	if err != nil {
		return t, err
	}
	return casefile.NewTarget(string(plain))
}

// openJSON reads a sealed column of a case; NULL leaves v as it is.
func (s *Store) openJSON(column string, id casefile.CaseID, sealed []byte, v any) error {
	if sealed == nil {
		return nil
	}
	data, err := s.open(column, id, sealed)
	if err == nil {
		err = json.Unmarshal(data, v)
		wrap(&err, "read %s of case %d", column, id)
	}
	return err
}

// sealJSON writes a sealed column of a case, of at most limit bytes in the clear, which smaller makes it fit.
func (s *Store) sealJSON(column string, id casefile.CaseID, v any, limit int, smaller ...func()) ([]byte, error) {
	data, err := fitting(v, limit, column, smaller...)
	if err != nil {
		return nil, err
	}
	return s.keys.Seal(data, sealContext(column, id))
}

func sealContext(column string, id casefile.CaseID) []byte {
	return strconv.AppendInt([]byte(column+":"), int64(id), 10)
}

// scanner is *sql.Row or *sql.Rows.
type scanner interface{ Scan(...any) error }

// wrap says what was being done when there is an error.
func wrap(err *error, format string, args ...any) {
	if *err != nil {
		*err = fmt.Errorf(format+": %w", append(args, *err)...)
	}
}

// querier is a pool or a transaction.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// query reads all rows of a query with one.
func query[T any](ctx context.Context, from querier, one func(scanner) (T, error), text string, args ...any) ([]T, error) {
	rows, err := from.QueryContext(ctx, text, args...)
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
	return absent(err, "id", "there is no "+what+" of that number")
}

func absent(err error, field, detail string) error {
	if errors.Is(err, sql.ErrNoRows) {
		return casefile.Problemf(casefile.ProblemNotFound, field, "%s", detail)
	}
	return explain(err)
}

// page checks a page's size; 0 means the largest.
func page(limit int) (int, error) {
	if limit < 0 || limit > casefile.MaxPage {
		return 0, casefile.Problemf(casefile.ProblemField, "limit", "ask for 1 to %d", casefile.MaxPage)
	}
	return cmp.Or(limit, casefile.MaxPage), nil
}

// where collects conditions with their numbered parameters.
type where struct {
	conditions []string
	args       []any
}

// add takes a condition whose parameter is written as "?", when it is asked for.
func (w *where) add(asked bool, condition string, arg any) {
	if !asked {
		return
	}
	w.conditions = append(w.conditions, strings.Replace(condition, "?", w.param(arg), 1))
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
