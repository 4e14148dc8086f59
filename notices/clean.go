package notices

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// lineWidth is the length that lines of a notice are wrapped to, in runes (RFC 5322, section 2.1.1).
const lineWidth = 78

// clean makes one printable line of a foreign text: control characters, line
// breaks of every kind, direction overrides and broken UTF-8 become spaces, runs
// of space become one, and what is longer than limit runes is cut, with "..." where there is room for it.
// What comes out can be put into a header or a line of a notice.
func clean(s string, limit int) string {
	s = strings.Map(func(r rune) rune {
		if r == utf8.RuneError || !unicode.IsGraphic(r) || unicode.Is(unicode.Zs, r) {
			return ' '
		}
		return r
	}, s)
	s = strings.Join(strings.Fields(s), " ")
	switch runes := []rune(s); {
	case len(runes) <= limit:
		return s
	case limit <= 3: // no room for dots
		return strings.TrimSpace(string(runes[:limit]))
	default:
		return strings.TrimSpace(string(runes[:limit-3])) + "..."
	}
}

// wrap breaks a text between words into lines of at most lineWidth runes; later
// lines are indented. A word that is longer stands on a line of its own, whole.
func wrap(text, first, indent string) string {
	var b strings.Builder
	line, width, begun := first, utf8.RuneCountInString(first), false
	for word := range strings.FieldsSeq(text) {
		n := utf8.RuneCountInString(word)
		switch {
		case begun && width+1+n > lineWidth:
			b.WriteString(strings.TrimRight(line, " ") + "\n")
			line, width = indent+word, utf8.RuneCountInString(indent)+n
		case begun:
			line, width = line+" "+word, width+1+n
		default:
			line, width = line+word, width+n
		}
		begun = true
	}
	b.WriteString(strings.TrimRight(line, " "))
	return b.String()
}
