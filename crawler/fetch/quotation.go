package fetch

import "vigil/casefile"

// leastAside is how much a text says beside its quotations before they are somebody else's words: three
// words, in half words, as a character of a script without spaces counts. A notice that is put in quotation
// marks as a whole, or after "Error:", is the page's own. Our own choice.
const leastAside = 6

// quotation follows the quotation marks of one text: the title, or a block. What is quoted amid other words
// ("visitors then read 'this was removed'") is what others say: the page mentions it, and does not say it of
// itself.
type quotation struct {
	open   bool
	words  int       // since the mark that opened it
	aside  int       // half words outside of quotations
	inside int       // half words of the one under way
	within markerSet // phrases of the one under way
	told   markerSet // phrases of those that are closed
}

// mark takes a quotation mark, as it folds.
func (q *quotation) mark(m rune) {
	opens := m == quoteOpens || m == quoteEither && !q.open
	switch {
	case opens && !q.open:
		q.open, q.words, q.inside = true, 0, 0
	case !opens && q.open:
		q.told |= q.within
		q.open, q.within = false, 0
	}
}

// word takes a word.
func (q *quotation) word(k kind) {
	half := 2
	if k == kindGlyph {
		half = 1
	}
	if !q.open {
		q.aside += half
		return
	}
	q.words++
	q.inside += half
}

// holds says whether a phrase of so many words, which ends here, is all within the quotation, and remembers
// it.
func (q *quotation) holds(words int, m casefile.Marker) bool {
	if !q.open || q.words < words {
		return false
	}
	q.within.add(m)
	return true
}

// end ends the text. It gives the phrases that stand in quotation marks and are the page's own all the same:
// a mark that was never closed opens nothing (it may stand for inches), and what a text holds of little else
// is no quotation.
func (q *quotation) end() markerSet {
	own := q.within
	if q.open {
		q.aside += q.inside
	}
	if q.aside < leastAside {
		own |= q.told
	}
	*q = quotation{}
	return own
}
