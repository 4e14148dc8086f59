package fetch

import (
	_ "embed"
	"errors"
	"fmt"
	"strings"

	"vigil/casefile"
)

// forms.csv lists phrases with choices, in the columns of traits.csv: "this {file|image} was removed" is two
// phrases.
//
//go:embed forms.csv
var formsCSV string

// mostChoices is the most phrases that one form may stand for: a bound of the matcher, not of a language.
const mostChoices = 512

var errChoices = fmt.Errorf("it stands for more than %d phrases", mostChoices)

// addTrait adds every phrase of a row of traits.csv or forms.csv.
func (m *matcher) addTrait(row []string) error {
	p, known := traitPositions[row[colTrait]]
	if p.marker = casefile.Marker(row[colMarker]); !known {
		return errors.New("it counts neither in the title nor on the page, nor as a whole of them")
	}
	if form := row[colPhrase]; strings.ContainsAny(form, "{}") {
		return m.addForm(p, form)
	}
	return m.add(p, row[colPhrase])
}

// addForm adds every phrase of a form. Only the parts between its spaces are expanded as text: the rest is
// put together from the hashes of their words.
func (m *matcher) addForm(p phrase, form string) error {
	var parts [][][]uint64
	count, depth := 1, 0
	for part := range strings.FieldsFuncSeq(form, func(r rune) bool {
		switch r {
		case '{':
			depth++
		case '}':
			depth--
		}
		return r == ' ' && depth == 0
	}) {
		texts, err := expand(part)
		if err != nil {
			return err
		}
		if count *= len(texts); count > mostChoices {
			return errChoices
		}
		choices := make([][]uint64, len(texts))
		for i, text := range texts {
			choices[i] = hashes(text)
		}
		parts = append(parts, choices)
	}
	return m.addParts(p, parts, make([]uint64, 0, longestPhrase))
}

// addParts adds every phrase that begins with the words given and goes on with one choice of each part.
func (m *matcher) addParts(p phrase, parts [][][]uint64, begun []uint64) error {
	if len(parts) == 0 {
		return m.addWords(p, begun)
	}
	for _, choice := range parts[0] {
		if err := m.addParts(p, parts[1:], append(begun, choice...)); err != nil {
			return err
		}
	}
	return nil
}

func hashes(text string) []uint64 {
	var list []uint64
	words([]byte(text), func(h uint64, k kind) {
		if k != kindQuote {
			list = append(list, h)
		}
	})
	return list
}

// expand gives the phrases that a form stands for, in the order of its choices. Choices do not nest.
func expand(form string) ([]string, error) {
	before, rest, found := strings.Cut(form, "{")
	choices, after, closed := strings.Cut(rest, "}")
	switch {
	case !found && !strings.Contains(form, "}"):
		return []string{form}, nil
	case !closed || strings.ContainsAny(before, "}") || strings.ContainsAny(choices, "{"):
		return nil, fmt.Errorf("the braces of %q do not match", form)
	}
	tails, err := expand(after)
	if err != nil {
		return nil, err
	}
	list := strings.Split(choices, "|")
	if len(list)*len(tails) > mostChoices {
		return nil, errChoices
	}
	out := make([]string, 0, len(list)*len(tails))
	for _, c := range list {
		for _, t := range tails {
			out = append(out, before+c+t)
		}
	}
	return out, nil
}
