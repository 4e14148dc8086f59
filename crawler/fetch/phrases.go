package fetch

import (
	"cmp"
	_ "embed"
	"encoding/csv"
	"fmt"
	"math/bits"
	"strings"
	"sync"
	"time"

	"vigil/casefile"
)

// traits.csv lists the phrases by which pages say what they are: marker, language,
// phrase, where it counts, its source, date. signs.csv lists the traits that need no language:
// marker, where, sign, when it counts, source, date. Both are read once, when the program starts.
//
//go:embed traits.csv
var traitsCSV string

//go:embed signs.csv
var signsCSV string

// Columns of both files.
const (
	columns    = 6
	colMarker  = 0
	colPhrase  = 2
	colTrait   = 3 // of traits.csv: title, heading, page or whole
	colPlace   = 1 // of signs.csv: tag, script, comment, store, path or header
	colCounts  = 3 // of signs.csv: page or bare
	dateFormat = time.DateOnly
)

// position is a set of places in an answer where words are looked up.
type position uint8

const (
	inTitle position = 1 << iota
	inText
	inTag     // a start tag with its attributes
	inScript  // the text of a script element
	inComment // of the markup
	inStore   // an object store's error document: names of elements and text
	inPath    // host and path of the URL that answered
)

// weight is how much a page may hold for a phrase on it to count.
type weight uint8

const (
	onShort weight = iota // at most maxPhraseWords
	onBare                // at most maxBareWords, and nothing to see or to log in to
	asWhole               // the phrase is all that the title, or the text, says
)

// Bounds of a phrase, in words. A character of a script without spaces is a word.
const (
	shortestPhrase = 2
	longestPhrase  = 24
)

// phrase is a marker's phrase as the hashes of its folded words.
type phrase struct {
	words     []uint64
	marker    casefile.Marker
	positions position
	weight    weight
}

// matcher finds phrases by their last two words.
type matcher struct {
	last    map[uint64][]phrase
	sieve   [1 << sieveBits / 64]uint64 // which keys are possible, by their top bits
	headers []headerTrait[casefile.Marker]
	spare   []uint64 // room for the words of further phrases
}

const sieveBits = 17 // 16 KiB: few other pairs of words pass

// traits are the embedded lists, read-only: read when the first page is, not by every command.
var traits = sync.OnceValue(func() *matcher {
	m, err := newMatcher(traitsCSV, formsCSV, signsCSV)
	if err != nil {
		panic(err) // embedded files that a test has read
	}
	return m
})

// newMatcher reads lists in the form of traits.csv, forms.csv and signs.csv.
func newMatcher(traits, forms, signs string) (*matcher, error) {
	m := &matcher{last: make(map[uint64][]phrase)}
	return m, cmp.Or(eachRow("traits", traits, columns, m.addTrait), eachRow("forms", forms, columns, m.addTrait),
		eachRow("signs", signs, columns, m.addSign))
}

// eachRow reads a list of so many columns, the last one a date, without its heading.
func eachRow(name, data string, columns int, add func(row []string) error) error {
	r := csv.NewReader(strings.NewReader(data))
	r.Comment = '#'
	r.FieldsPerRecord = columns
	rows, err := r.ReadAll()
	if err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	for _, row := range rows[min(1, len(rows)):] {
		err := add(row)
		if _, bad := time.Parse(dateFormat, row[columns-1]); err == nil && bad != nil {
			err = fmt.Errorf("%q is no date", row[columns-1])
		}
		if err != nil {
			return fmt.Errorf("read %s: %q: %w", name, row[colPhrase], err)
		}
	}
	return nil
}

// traitPositions are where the phrases of traits.csv and forms.csv count.
var traitPositions = map[string]phrase{
	"page":    {positions: inTitle | inText},
	"title":   {positions: inTitle},
	"heading": {positions: inTitle, weight: asWhole},
	"whole":   {positions: inText, weight: asWhole},
}

var signPositions = map[string]position{
	"tag": inTag, "script": inScript, "asset": inTag | inScript, // an asset is fetched by a tag, or by a script
	"comment": inComment, "store": inStore, "path": inPath,
}

var signWeights = map[string]weight{"page": onShort, "bare": onBare}

func (m *matcher) addSign(row []string) error {
	p := phrase{marker: casefile.Marker(row[colMarker])}
	if row[colPlace] == "header" {
		return m.addHeader(p.marker, row[colPhrase])
	}
	var known, counts bool
	p.positions, known = signPositions[row[colPlace]]
	p.weight, counts = signWeights[row[colCounts]]
	if !known || !counts {
		return fmt.Errorf("%q is no place of a sign, or it counts neither on a page nor on a bare one", row[colPlace])
	}
	return m.add(p, row[colPhrase])
}

func (m *matcher) add(p phrase, text string) error { return m.addWords(p, hashes(text)) }

func (m *matcher) addWords(p phrase, list []uint64) error {
	if !p.marker.Valid() || len(list) < shortestPhrase || len(list) > longestPhrase {
		return fmt.Errorf("it has no known marker, or fewer than %d or more than %d words", shortestPhrase, longestPhrase)
	}
	if cap(m.spare)-len(m.spare) < len(list) {
		m.spare = make([]uint64, 0, spareWords)
	}
	begin := len(m.spare)
	m.spare = append(m.spare, list...)
	p.words = m.spare[begin:len(m.spare):len(m.spare)]
	key := pair(list[len(list)-2], list[len(list)-1])
	m.last[key] = append(m.last[key], p)
	m.sieve[key>>(64-sieveBits)/64] |= 1 << (key >> (64 - sieveBits) % 64)
	return nil
}

// spareWords is how many words of phrases are allocated at once: there are some 300,000.
const spareWords = 1 << 14

// pair is the key of two words in a row. Two tell a phrase far better than one: many phrases of
// a language end alike, and in Japanese the last word is one character.
func pair(before, last uint64) uint64 {
	return (bits.RotateLeft64(before, 23) ^ last) * 0x9e3779b97f4a7c15
}

// tracker follows words and notes the phrases they end.
type tracker struct {
	matcher *matcher
	ring    [ringWords]uint64
	n       int // words since the last pause
}

// ringWords is the first power of two that holds the longest phrase.
const ringWords = 32

// pause keeps phrases from reaching over a border.
func (t *tracker) pause() { t.n = 0 }

// word takes the next word. It returns the phrases that may end with it: those with its last two words.
func (t *tracker) word(h uint64) []phrase {
	key := pair(t.ring[(t.n-1)&(ringWords-1)], h)
	t.ring[t.n&(ringWords-1)] = h
	t.n++
	if t.matcher.sieve[key>>(64-sieveBits)/64]&(1<<(key>>(64-sieveBits)%64)) == 0 {
		return nil
	}
	return t.matcher.last[key]
}

func (t *tracker) ends(words []uint64) bool {
	if len(words) > t.n {
		return false
	}
	for i, w := range words {
		if t.ring[(t.n-len(words)+i)&(ringWords-1)] != w {
			return false
		}
	}
	return true
}
