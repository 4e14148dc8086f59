package fetch

import (
	_ "embed"
	"encoding/csv"
	"fmt"
	"strings"

	"vigil/casefile"
)

// traits.csv lists the phrases by which pages say what they are: marker, language,
// phrase, where it counts, its source, date. It is read once, when the program starts.
//
//go:embed traits.csv
var traitsCSV string

// Where a phrase counts: see traits.csv.
const (
	whereTitle = "title"
	wherePage  = "page"
)

// longestPhrase bounds the words of a phrase.
const longestPhrase = 8

// phrase is a marker's phrase as the hashes of its folded words.
type phrase struct {
	words     []uint64
	marker    casefile.Marker
	titleOnly bool
}

// book finds phrases by their last word.
type book struct {
	last  map[uint64][]phrase
	sieve [sieveBits / 64]uint64 // which last words are possible, by their top bits
}

const sieveBits = 1 << 12

// traits is the embedded list, read-only.
var traits = mustBook(traitsCSV)

func mustBook(data string) *book {
	b, err := newBook(data)
	if err != nil {
		panic(err) // an embedded file that a test has read
	}
	return b
}

// newBook reads a list in the form of traits.csv.
func newBook(data string) (*book, error) {
	r := csv.NewReader(strings.NewReader(data))
	r.Comment = '#'
	r.FieldsPerRecord = 6
	rows, err := r.ReadAll()
	if err != nil {
		return nil, fmt.Errorf("read traits: %w", err)
	}
	b := &book{last: make(map[uint64][]phrase)}
	for i, row := range rows[1:] {
		p := phrase{marker: casefile.Marker(row[0]), titleOnly: row[3] == whereTitle}
		words([]byte(row[2]), func(h uint64, _ bool) { p.words = append(p.words, h) })
		if !p.titleOnly && row[3] != wherePage {
			return nil, fmt.Errorf("read traits: row %d counts neither in the title nor on the page", i+2)
		}
		if !p.marker.Valid() || len(p.words) < 2 || len(p.words) > longestPhrase {
			return nil, fmt.Errorf("read traits: row %d has no known marker, or a phrase of fewer than 2 or more than %d words", i+2, longestPhrase)
		}
		end := p.words[len(p.words)-1]
		b.last[end] = append(b.last[end], p)
		b.sieve[end>>52>>6] |= 1 << (end >> 52 & 63)
	}
	return b, nil
}

// tracker follows the words of a page and notes the phrases they end.
type tracker struct {
	ring    [longestPhrase]uint64
	n       int                   // words since the last pause
	title   [maxTitleWords]uint64 // hashes of the title's words
	inTitle markerSet
	inText  markerSet
}

// pause keeps phrases from reaching over a border.
func (t *tracker) pause() { t.n = 0 }

func (t *tracker) word(h uint64, title bool) {
	t.ring[t.n%longestPhrase] = h
	t.n++
	if traits.sieve[h>>52>>6]&(1<<(h>>52&63)) == 0 {
		return
	}
	for _, p := range traits.last[h] {
		switch {
		case p.titleOnly && !title, !t.ends(p.words):
		case title:
			t.inTitle.add(p.marker)
		default:
			t.inText.add(p.marker)
		}
	}
}

func (t *tracker) ends(words []uint64) bool {
	if len(words) > t.n {
		return false
	}
	for i, w := range words {
		if t.ring[(t.n-len(words)+i)%longestPhrase] != w {
			return false
		}
	}
	return true
}

// found are the markers whose phrases count: those of the title always, those of
// the text on a short page only.
func (t *tracker) found(short bool) markerSet {
	if short {
		return t.inTitle | t.inText
	}
	return t.inTitle
}
