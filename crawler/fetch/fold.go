package fetch

import (
	"unicode"
	"unicode/utf8"
)

// What a character is folded to: a letter in lower case, a digit, skip, gap, or a quotation mark, which is a
// gap as well.
const (
	gap  = 0
	skip = 1
	// Quotation marks: those that open a quotation or close it, as the one before them says, and those that
	// do only one. A mark that some languages turn around (»so«) closes only: it also stands between the
	// steps of a way (Home » News).
	quoteEither = 2
	quoteOpens  = 3
	quoteCloses = 4
	sharpS      = 0xdf
	// finalSigma is how σ is written at the end of a word; in capitals it is Σ everywhere.
	finalSigma = 'ς'
	// longKana is the sound mark ー, which Unicode counts to no script.
	longKana = 0x30fc
	// firstHan and lastHan bound the block of the common Chinese characters.
	firstHan, lastHan = 0x4e00, 0x9fff
)

// asciiFold folds a byte of ASCII.
var asciiFold = func() (t [utf8.RuneSelf]byte) {
	for c := range byte(utf8.RuneSelf) {
		switch {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9':
			t[c] = c
		case c >= 'A' && c <= 'Z':
			t[c] = c + 'a' - 'A'
		case c == '\'', c == '`':
			t[c] = skip // doesn't = doesnt
		case c == '"':
			t[c] = quoteEither
		}
	}
	return t
}()

// latinFold has the base letters of U+00C0 to U+017F, so that accents do not matter, nor the
// Turkish dot of i, the Polish stroke of l, the Czech hooks. A sharp s is told apart before.
const latinFold = "aaaaaaaceeeeiiiidnooooo\x00ouuuuytsaaaaaaaceeeeiiiidnooooo\x00ouuuuyty" +
	"aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiiiiijjkkkllllllllllnnnnnnnnnoooooooorrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs"

// halfKana has the full-width forms of U+FF66 to U+FF9D (Unicode, Halfwidth and Fullwidth Forms).
const halfKana = "ヲァィゥェォャュョッーアイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワン"

var halfKanaFold = []rune(halfKana)

// fold gives the plain form of a character over U+007F. Accents, also those that stand as
// characters of their own, the voicing of kana, and the width of a letter do not matter: pages
// and phrases write them one way or the other.
func fold(r rune) rune {
	switch {
	case r == sharpS || r == 0x1e9e:
		return sharpS
	case r >= 0xc0 && r <= 0x17f:
		return rune(latinFold[r-0xc0])
	case r == 0xad, r >= 0x200b && r <= 0x200d, r == 0x2060, r == 0xfeff, r == 0x2019:
		return skip // soft hyphen, zero-width ones, byte order mark, typographic apostrophe
	case r >= 0x300 && r <= 0x36f, r == 0x3099, r == 0x309a, r == 0xff9e, r == 0xff9f:
		return skip // combining accents and voicing marks
	case r == finalSigma:
		return 'σ'
	case r >= 0x400 && r <= 0x4ff:
		return foldCyrillic(r)
	case r >= 0x3041 && r <= 0x30fa:
		return foldKana(r)
	case r >= firstHan && r <= lastHan:
		return r
	case r >= 0xff01 && r <= 0xff5e:
		return rune(asciiFold[r-0xfee0])
	case r >= 0xff66 && r <= 0xff9d:
		return foldKana(halfKanaFold[r-0xff66])
	case unicode.IsLetter(r), unicode.IsMark(r):
		return unicode.ToLower(r)
	case unicode.IsDigit(r):
		return r
	}
	return foldQuote(r)
}

// foldQuote tells quotation marks from other gaps (Unicode, chapter 6.2, Quotation Marks).
func foldQuote(r rune) rune {
	switch r {
	case '“': // opens in English, closes in German and Czech
		return quoteEither
	case '«', '„', '「', '『':
		return quoteOpens
	case '»', '”', '」', '』':
		return quoteCloses
	}
	return gap
}

// foldCyrillic writes е for ё and и for й: the dots are often left out, and the breve may be a
// character of its own.
func foldCyrillic(r rune) rune {
	if !unicode.IsLetter(r) {
		return gap
	}
	switch r = unicode.ToLower(r); r {
	case 'ё':
		return 'е'
	case 'й':
		return 'и'
	}
	return r
}

// foldKana takes the voicing from hiragana and katakana: か and が, は, ば and ぱ are one.
func foldKana(r rune) rune {
	switch {
	case r == longKana, r >= 0x309d && r <= 0x309f: // ゝ to ゟ
		return r
	case r > 0x3096 && r < 0x30a1: // punctuation of the kana
		return gap
	}
	base, shift := r, rune(0)
	if r >= 0x30a1 {
		base, shift = r-0x60, 0x60 // the katakana stand as the hiragana do
	}
	switch {
	case base >= 0x304b && base <= 0x3062: // か to ぢ, in pairs
		base -= (base - 0x304b) % 2
	case base >= 0x3064 && base <= 0x3069: // つ to ど, in pairs
		base -= (base - 0x3064) % 2
	case base >= 0x306f && base <= 0x307d: // は to ぽ, in threes
		base -= (base - 0x306f) % 3
	case base == 0x3094: // ゔ
		base = 0x3046
	}
	return base + shift
}

// glyph says whether r belongs to a script without spaces between its words.
func glyph(r rune) bool {
	switch {
	case r < 0xe00:
		return false
	case r >= 0x3041 && r <= 0x30ff, r >= firstHan && r <= lastHan:
		return true
	}
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai)
}
