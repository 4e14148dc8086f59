package fetch

import (
	_ "embed"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"vigil/casefile"
)

// Bounds of header facts.
const (
	maxHeaderFact = 100 // bytes
	maxRetryAfter = 24 * time.Hour
)

// readHop takes the facts that a judge needs from the headers.
func readHop(hop *casefile.Hop, h http.Header) {
	_, hop.Location = h["Location"]
	hop.Location = hop.Location && strings.TrimSpace(h.Get("Location")) != ""
	hop.MediaType = mediaType(h.Get("Content-Type"))
	hop.Server = printable(h.Get("Server"))
	hop.Edge = edgeOf(h)
	hop.Challenge = headerMarks(h).has(casefile.MarkerChallenge)
	hop.RetryAfter = retryAfter(h.Get("Retry-After"), time.Now())
	if date, err := http.ParseTime(h.Get("Date")); err == nil {
		hop.Date = date.UTC()
	}
}

// mediaType is the type/subtype, in lower case and without parameters; text that
// is no media type gives "".
func mediaType(contentType string) string {
	t, _, _ := strings.Cut(contentType, ";")
	t = strings.ToLower(strings.TrimSpace(t))
	if len(t) > maxHeaderFact || strings.Count(t, "/") != 1 || strings.ContainsFunc(t, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return ""
	}
	return t
}

// printable keeps at most maxHeaderFact printable ASCII characters.
func printable(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return -1
		}
		return r
	}, s[:min(len(s), 4*maxHeaderFact)])
	return strings.TrimSpace(s[:min(len(s), maxHeaderFact)])
}

// retryAfter reads seconds or an HTTP date (RFC 9110, section 10.2.3), 0 to 24 h.
func retryAfter(value string, now time.Time) time.Duration {
	value = strings.TrimSpace(value)
	if seconds, err := strconv.ParseUint(value, 10, 64); err == nil {
		return time.Duration(min(seconds, uint64(maxRetryAfter/time.Second))) * time.Second
	}
	if at, err := http.ParseTime(value); err == nil {
		return min(max(at.Sub(now), 0), maxRetryAfter)
	}
	return 0
}

// headerTrait is a header that says something of an answer.
type headerTrait[T any] struct {
	name string // canonical; with a star in front, a part of the name in lower case
	part string // of the value, in lower case; empty when the presence is enough
	says T
}

func (s *headerTrait[T]) in(h http.Header) bool {
	part, wild := strings.CutPrefix(s.name, "*")
	if wild {
		for name, values := range h {
			if strings.Contains(strings.ToLower(name), part) && s.fits(values) {
				return true
			}
		}
		return false
	}
	values, present := h[s.name]
	return present && s.fits(values)
}

func (s *headerTrait[T]) fits(values []string) bool {
	return s.part == "" || slices.ContainsFunc(values, func(v string) bool { return strings.Contains(strings.ToLower(v), s.part) })
}

// edge_headers.csv lists headers that edges and platforms add to what passes through them: name, header, part of its
// value, source, date.
//
//go:embed edge_headers.csv
var edgeHeadersCSV string

// edgeHeaders are its rows in their order.
var edgeHeaders = sync.OnceValue(func() (list []*headerTrait[string]) {
	err := eachRow("edge headers", edgeHeadersCSV, 5, func(row []string) error {
		list = append(list, &headerTrait[string]{name: http.CanonicalHeaderKey(row[1]), part: row[2], says: row[0]})
		return nil
	})
	if err != nil {
		panic(err) // an embedded file that a test has read
	}
	return list
})

// edgeOf is the name of the edge or platform that the headers give away, or "".
func edgeOf(h http.Header) string {
	for _, edge := range edgeHeaders() {
		if edge.in(h) {
			return edge.says
		}
	}
	return ""
}
