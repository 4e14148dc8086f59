package api

import (
	"encoding/base64"
	"maps"
	"net/url"
	"strconv"
	"strings"

	"vigil/casefile"
)

// Page is the part of a request that asks for a page of a list.
type Page struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50" doc:"rows of the page"`
	Cursor string `query:"cursor" maxLength:"64" doc:"where the page begins: the cursor of the page before"`
}

// after is the row that the page begins behind; 0 for the first page.
func (p Page) after(kind string) (int64, error) {
	if p.Cursor == "" {
		return 0, nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(p.Cursor)
	if err == nil {
		if number, ok := strings.CutPrefix(string(raw), kind+":"); ok {
			if n, err := strconv.ParseInt(number, 10, 64); err == nil && n > 0 {
				return n, nil
			}
		}
	}
	return 0, casefile.Problemf(casefile.ProblemField, "cursor", "this is no cursor of this list; leave it out to begin at the start")
}

// Next is the part of an answer that leads to the next page; empty on the last one.
type Next struct {
	Next   string `json:"next,omitempty" doc:"path of the next page, absent on the last"`
	Cursor string `json:"cursor,omitempty" doc:"cursor of the next page, absent on the last"`
}

// paged reads a page, and the way to the next one if another row follows. read gives at
// most limit rows behind the one given; id is what the opaque cursor holds of the row that a
// page ends with, and kind keeps the cursor of one list from being used in another.
func paged[T any](
	p Page, kind, path string, query url.Values, read func(after int64, limit int) ([]T, error), id func(T) int64,
) ([]T, Next, error) {
	after, err := p.after(kind)
	if err != nil {
		return nil, Next{}, err
	}
	rows, err := read(after, p.Limit)
	if err != nil || len(rows) < p.Limit {
		return rows, Next{}, err
	}
	last := id(rows[len(rows)-1])
	more, err := read(last, 1)
	if err != nil || len(more) == 0 {
		return rows, Next{}, err
	}
	cursor := base64.RawURLEncoding.EncodeToString([]byte(kind + ":" + strconv.FormatInt(last, 10)))
	maps.DeleteFunc(query, func(_ string, values []string) bool { return values[0] == "" })
	query.Set("limit", strconv.Itoa(p.Limit))
	query.Set("cursor", cursor)
	return rows, Next{Next: Prefix + path + "?" + query.Encode(), Cursor: cursor}, nil
}

// Listed is the answer with a page of a list.
type Listed[T any] struct {
	Link string `header:"Link"`
	Body struct {
		Items []T `json:"items" nullable:"false"`
		Next
	}
}

// listed is the answer with a page of rows, each as shape makes it.
func listed[R, T any](rows []R, n Next, shape func(R) T) *Listed[T] {
	out := &Listed[T]{}
	if n.Next != "" {
		out.Link = "<" + n.Next + `>; rel="next"` // RFC 8288
	}
	out.Body.Items, out.Body.Next = each(rows, shape), n
	return out
}

// each is never nil: [] in JSON, not null.
func each[R, T any](rows []R, shape func(R) T) []T {
	out := make([]T, len(rows))
	for i, r := range rows {
		out[i] = shape(r)
	}
	return out
}
