package fetch

import (
	_ "embed"
	"fmt"
	"strings"
)

// forms.csv lists phrases with choices, in the columns of traits.csv: "this {file|image} was removed" is two phrases.
//
//go:embed forms.csv
var formsCSV string

// mostChoices is the most phrases that one form may stand for: a bound of the book, not of a language.
const mostChoices = 512

// addForm adds every phrase of a row of forms.csv.
func (b *matcher) addForm(row []string) error {
	p, err := traitOf(row)
	if err != nil {
		return err
	}
	if parts, ok := wordsOfParts(row[colPhrase]); ok {
		return b.addParts(p, parts, nil)
	}
	phrases, err := expand(row[colPhrase])
	if err != nil {
		return err
	}
	for _, text := range phrases {
		if err := b.add(p, text); err != nil {
			return fmt.Errorf("%q: %w", text, err)
		}
	}
	return nil
}

// addParts adds every phrase that begins with the words given and goes on with one choice of each part.
func (b *matcher) addParts(p phrase, parts [][][]uint64, begun []uint64) error {
	if len(parts) == 0 {
		return b.addWords(p, begun)
	}
	for _, choice := range parts[0] {
		if err := b.addParts(p, parts[1:], append(begun, choice...)); err != nil {
			return err
		}
	}
	return nil
}

// wordsOfParts reads a form whose choices begin and end between words: the words of its parts, of which a
// part without choices has one. Other forms, those of scripts without spaces among them, are not ok: they are
// expanded as text. So is a faulty one.
func wordsOfParts(form string) (parts [][][]uint64, ok bool) {
	count := 1
	for form != "" {
		before, rest, found := strings.Cut(form, "{")
		choices, after, closed := strings.Cut(rest, "}")
		if !found {
			before, choices, after = form, "", ""
		}
		if found && (!closed || before != "" && !strings.HasSuffix(before, " ") || after != "" && !strings.HasPrefix(after, " ")) || strings.ContainsAny(before+choices, "{}") {
			return nil, false
		}
		parts = append(parts, [][]uint64{hashes(before)})
		if found {
			list := strings.Split(choices, "|")
			if count *= len(list); count > mostChoices {
				return nil, false
			}
			part := make([][]uint64, len(list))
			for i, c := range list {
				part[i] = hashes(c)
			}
			parts = append(parts, part)
		}
		form = after
	}
	return parts, true
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
		return nil, fmt.Errorf("it stands for more than %d phrases", mostChoices)
	}
	out := make([]string, 0, len(list)*len(tails))
	for _, c := range list {
		for _, t := range tails {
			out = append(out, before+c+t)
		}
	}
	return out, nil
}
