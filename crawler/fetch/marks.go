package fetch

import (
	"slices"

	"vigil/casefile"
)

// matches are the phrases and signs that were found, by when they count.
type matches struct {
	sure       markerSet // in the title: always
	short      markerSet // on a page of at most maxPhraseWords
	bare       markerSet // on a page of at most maxBareWords with nothing else on it
	block      markerSet // in the block of text under way
	said       markerSet // in a heading, or in the title
	brief      markerSet // in a block of at most maxSaidWords words, with no content before it
	led        bool      // content was there: a block of words, or a picture that is no link (a logo leads home)
	told       bool      // a block of more words than a shell has was there
	whole      markerSet // when the title, and later the text, has no more than wholeWords words
	wholeWords int
	quote      quotation // of the title, or of the block of text under way
}

// note adds the phrases of a list that end here and count at this place.
func (h *matches) note(t *tracker, list []phrase, at position) {
	for i := range list {
		p := &list[i]
		switch {
		case p.positions&at == 0, !t.ends(p.words):
		case p.weight == asWhole:
			if t.n == len(p.words) {
				h.whole.add(p.marker)
				h.wholeWords = t.n
			}
		case at == inTitle:
			h.sure.add(p.marker)
			if !h.quote.holds(len(p.words), p.marker) {
				h.said.add(p.marker)
			}
		case p.weight == onBare:
			h.bare.add(p.marker)
		default:
			h.short.add(p.marker)
			if at == inText && !h.quote.holds(len(p.words), p.marker) {
				h.block.add(p.marker)
			}
		}
	}
}

// blockKind is what a block of text is.
type blockKind uint8

const (
	blockPlain   blockKind = iota
	blockHeading           // h1 to h3
	blockItem              // of a list: one thing among others
)

// endTitle takes what the title as a whole said, if it had no more words.
func (h *matches) endTitle(words int) {
	if words == h.wholeWords {
		h.sure |= h.whole
		h.said |= h.whole
	}
	h.whole, h.wholeWords = 0, 0
	h.said |= h.quote.end()
}

// endBlock ends a block of text of so many words: what was found in it is said by the page, or only
// mentioned. Words outside of links that come before it are the content, and what follows is about a part of
// it.
func (h *matches) endBlock(words, plain int, kind blockKind) {
	h.block |= h.quote.end()
	switch {
	case kind == blockHeading && words <= maxSaidWords:
		h.said |= h.block
	case kind != blockItem && words <= maxSaidWords && !h.led:
		h.brief |= h.block
	}
	lead := kind == blockPlain && h.block == 0
	h.led = h.led || lead && plain > maxLeadWords
	h.told = h.told || lead && plain > maxShellWords
	h.block = 0
}

// says gives the markers that the page says of itself, on a page of so many words.
func (h *matches) says(words, tracked int) markerSet {
	set := h.said
	if words <= maxBareWords {
		set |= h.brief
	}
	if tracked == h.wholeWords && words <= tracked {
		set |= h.whole
	}
	return set
}

// count gives the markers that count on a page of so many words, of which the text's tracker saw
// the last ones.
func (h *matches) count(words, tracked int, alone bool) markerSet {
	set := h.sure
	if words <= maxPhraseWords {
		set |= h.short
	}
	if words <= maxBareWords && alone {
		set |= h.bare
	}
	if tracked == h.wholeWords && words <= tracked { // more words would be those of quotations
		set |= h.whole
	}
	return set
}

// markerSet is a set of casefile markers.
type markerSet uint32

// markerOrder is every marker in alphabetical order; a marker's bit is its place.
var markerOrder = slices.Sorted(slices.Values(casefile.Markers))

func (s *markerSet) add(m casefile.Marker) { *s |= 1 << slices.Index(markerOrder, m) }

func (s *markerSet) remove(m casefile.Marker) { *s &^= 1 << slices.Index(markerOrder, m) }

func (s markerSet) has(m casefile.Marker) bool { return s&(1<<slices.Index(markerOrder, m)) != 0 }

func (s markerSet) sorted() []casefile.Marker {
	var list []casefile.Marker
	for i, m := range markerOrder {
		if s&(1<<i) != 0 {
			list = append(list, m)
		}
	}
	return list
}
