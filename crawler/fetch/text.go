package fetch

import (
	"math/bits"
	"unicode"
	"unicode/utf8"

	"vigil/casefile"
)

// FNV-1a, 64 bit (http://www.isthe.com/chongo/tech/comp/fnv/).
const (
	fnvOffset = 0xcbf29ce484222325
	fnvPrime  = 0x100000001b3
)

// kind tells words apart.
type kind uint8

const (
	kindWord   kind = iota
	kindNumber      // digits only
	kindGlyph       // one character of a script that puts no spaces between words
	kindQuote       // no word but a quotation mark; the hash is what it folds to
)

// words calls emit for each word and quotation mark of b with a hash of its folded form: lower case, in plain
// letters (see fold), without apostrophes. A script without spaces gives a word per character,
// so that its phrases are found wherever they stand, and however their lines are broken.
func words(b []byte, emit func(hash uint64, k kind)) {
	h, n, k := uint64(fnvOffset), 0, kindNumber
	for i := 0; i < len(b); {
		var r rune
		if c := b[i]; c < utf8.RuneSelf {
			i++
			f := asciiFold[c]
			if f > quoteCloses {
				h = (h ^ uint64(f)) * fnvPrime
				n++
				if f > '9' {
					k = kindWord
				}
				continue
			}
			r = rune(f)
		} else {
			var size int
			r, size = utf8.DecodeRune(b[i:])
			i += size
			r = fold(r)
		}
		switch {
		case r == skip:
			continue
		case r <= quoteCloses:
		case r < utf8.RuneSelf:
			h = (h ^ uint64(r)) * fnvPrime
			n++
			if r > '9' {
				k = kindWord
			}
			continue
		case r == sharpS: // ss, as it is written without the letter
			h = (h ^ 's') * fnvPrime
			h = (h ^ 's') * fnvPrime
			n, k = n+2, kindWord
			continue
		case !glyph(r):
			h = hashRune(h, r)
			n++
			if !unicode.IsDigit(r) {
				k = kindWord
			}
			continue
		}
		if n > 0 {
			emit(h, k)
			h, n, k = fnvOffset, 0, kindNumber
		}
		switch {
		case r > quoteCloses:
			emit(hashRune(fnvOffset, r), kindGlyph)
		case r != gap:
			emit(uint64(r), kindQuote)
		}
	}
	if n > 0 {
		emit(h, k)
	}
}

func hashRune(h uint64, r rune) uint64 {
	for s := 0; s < 24; s += 8 {
		h = (h ^ uint64(byte(r>>s))) * fnvPrime
	}
	return h
}

// read feeds a run of text. Words of the body and the title are looked up among
// the phrases; those of the body make the simhash.
func (p *page) read(b []byte) {
	at, hidden := inText, p.noscript > 0 // what is shown without scripts only: phrases count, words do not
	if p.inTitle {
		at, hidden = inTitle, false
	}
	words(b, func(hash uint64, k kind) {
		if k == kindQuote {
			if !hidden {
				p.matches.quote.mark(rune(hash))
			}
			return
		}
		word := hash
		if !hidden {
			p.matches.quote.word(k)
		}
		switch {
		case at == inTitle:
			if p.titleN < maxTitleWords {
				p.title[p.titleN] = hash
			}
			p.titleN++
		case !hidden:
			before := p.Words
			switch k {
			case kindWord:
				p.Words++
			case kindNumber:
				p.Words++
				word = fnvOffset // counters, dates and ids change from look to look
			case kindGlyph:
				p.glyphs++
				p.Words += p.glyphs & 1 // two make a word
			case kindQuote: // is no word
			}
			if p.inLink {
				p.linked += p.Words - before
			}
			if hash != p.echo {
				p.sim.word(word)
			}
		}
		if at == inText && (p.Words > maxPhraseWords || p.quoted > 0) {
			return // no phrase counts there
		}
		if list := p.text.word(hash); list != nil {
			block, quote := p.matches.block, p.matches.quote
			p.matches.note(&p.text, list, at)
			if hidden {
				p.matches.block, p.matches.quote = block, quote // it is no block of the page's text
			}
		}
		if p.store {
			p.matches.note(&p.signs, p.signs.word(hash), inStore)
		}
	})
}

// simhash is Charikar's similarity hash (STOC 2002) over words and pairs of words.
// The 64 counters are kept as bit planes: adding a hash is a carry over a few
// planes and not 64 additions.
type simhash struct {
	planes [planes]uint64
	n      uint64
	last   uint64
}

// planes bounds the features to 2^23, more than twice the bytes of a body.
const planes = 23

// word adds a word, and the pair it makes with the one before.
func (s *simhash) word(h uint64) {
	if s.n >= 1<<planes-2 {
		return
	}
	if s.last == 0 {
		s.n, s.last = s.n+1, h
		s.ripple(0, mix(h))
		return
	}
	a, b := mix(h), mix(s.last^bits.RotateLeft64(h, 31))
	s.n, s.last = s.n+2, h
	// A full adder takes both at once into the lowest plane.
	low := s.planes[0]
	s.planes[0] = low ^ a ^ b
	s.ripple(1, low&a|low&b|a&b)
}

// ripple adds carry from a plane upwards.
func (s *simhash) ripple(plane int, carry uint64) {
	for ; carry != 0; plane++ {
		s.planes[plane], carry = s.planes[plane]^carry, s.planes[plane]&carry
	}
}

// sum has the bits that more than half of the features have; 0 without a feature.
func (s *simhash) sum() uint64 {
	var out uint64
	for bit := range 64 {
		var count uint64
		for i, plane := range s.planes {
			count |= (plane >> bit & 1) << i
		}
		if 2*count > s.n {
			out |= 1 << bit
		}
	}
	return out
}

// mix spreads a hash over all bits (the finalizer of splitmix64).
func mix(h uint64) uint64 {
	h = (h ^ h>>30) * 0xbf58476d1ce4e5b9
	h = (h ^ h>>27) * 0x94d049bb133111eb
	return h ^ h>>31
}

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
