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
func (b *book) addForm(row []string) error {
	phrases, err := expand(row[colPhrase])
	if err != nil {
		return err
	}
	for _, text := range phrases {
		one := append([]string(nil), row...)
		one[colPhrase] = text
		if err := b.addTrait(one); err != nil {
			return fmt.Errorf("%q: %w", text, err)
		}
	}
	return nil
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
