package fetch

import (
	"math/bits"
	"unicode"
	"unicode/utf8"
)

// FNV-1a, 64 bit (http://www.isthe.com/chongo/tech/comp/fnv/).
const (
	fnvOffset = 0xcbf29ce484222325
	fnvPrime  = 0x100000001b3
)

// place is where a text stands.
type place uint8

const (
	placeBody     place = iota // what a visitor reads
	placeTitle                 // the title
	placeNoscript              // shown without scripts only: phrases count, words do not
)

// What a byte of ASCII is folded to: a letter in lower case, a digit, skip or gap.
const (
	gap  = 0
	skip = 1
)

var asciiFold = func() (t [utf8.RuneSelf]byte) {
	for c := range byte(utf8.RuneSelf) {
		switch {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9':
			t[c] = c
		case c >= 'A' && c <= 'Z':
			t[c] = c + 'a' - 'A'
		case c == '\'', c == '`':
			t[c] = skip // doesn't = doesnt
		}
	}
	return t
}()

// latinFold has the base letters of U+00C0 to U+017F, so that accents do not matter.
const latinFold = "aaaaaaaceeeeiiiidnooooo\x00ouuuuytsaaaaaaaceeeeiiiidnooooo\x00ouuuuyty" +
	"aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiiiiijjkkkllllllllllnnnnnnnnnoooooooorrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs"

// words calls emit for each word of b with a hash of its folded form: lower case,
// without accents and apostrophes. numeric says that it has digits only. Scripts
// without spaces give a word per character.
func words(b []byte, emit func(hash uint64, numeric bool)) {
	h, n, numeric := uint64(fnvOffset), 0, true
	flush := func() {
		if n > 0 {
			emit(h, numeric)
		}
		h, n, numeric = fnvOffset, 0, true
	}
	for i := 0; i < len(b); {
		if c := b[i]; c < utf8.RuneSelf {
			i++
			switch f := asciiFold[c]; f {
			case gap:
				if n > 0 {
					flush()
				}
			case skip:
			default:
				h = (h ^ uint64(f)) * fnvPrime
				n++
				numeric = numeric && f <= '9'
			}
			continue
		}
		r, size := utf8.DecodeRune(b[i:])
		i += size
		switch {
		case invisible(r):
		case r >= 0xc0 && r <= 0x17f && latinFold[r-0xc0] != 0:
			h = (h ^ uint64(latinFold[r-0xc0])) * fnvPrime
			n++
			numeric = false
		case unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai):
			flush()
			h, n, numeric = hashRune(fnvOffset, r), 1, false
			flush()
		case unicode.IsLetter(r), unicode.IsMark(r):
			h = hashRune(h, unicode.ToLower(r))
			n++
			numeric = false
		case unicode.IsDigit(r):
			h = hashRune(h, r)
			n++
		default:
			flush()
		}
	}
	flush()
}

func hashRune(h uint64, r rune) uint64 {
	for s := 0; s < 24; s += 8 {
		h = (h ^ uint64(byte(r>>s))) * fnvPrime
	}
	return h
}

// invisible are characters that hide in words: soft hyphen, zero-width ones, the
// byte order mark, and the typographic apostrophe, which is skipped as the plain one.
func invisible(r rune) bool {
	return r == 0xad || r >= 0x200b && r <= 0x200d || r == 0x2060 || r == 0xfeff || r == 0x2019
}

// text feeds a run of text. Words of the body and the title are looked up among
// the phrases; those of the body make the simhash.
func (p *page) text(b []byte) {
	where := placeBody
	switch {
	case p.inTitle:
		where = placeTitle
	case p.noscript > 0:
		where = placeNoscript
	}
	words(b, func(hash uint64, numeric bool) {
		p.phrases.word(hash, where == placeTitle)
		switch where {
		case placeTitle:
			if p.titleMAC < maxTitleWords {
				p.phrases.title[p.titleMAC] = hash
			}
			p.titleMAC++
		case placeBody:
			p.Words++
			if numeric {
				hash = fnvOffset // counters, dates and ids change from look to look
			}
			p.sim.word(hash)
		case placeNoscript:
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
