package registry

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
)

// decodeFrom makes UTF-8 of a WHOIS text. RFC 3912 names no encoding (section 4 calls
// that a fault of the protocol), so that the bytes decide: escape sequences are
// ISO-2022-JP (RFC 1468), valid UTF-8 stays. What is left is read by the country of the
// registry, as the name of the server or the text tells it: EUC-JP or Shift_JIS for
// Japan, EUC-KR (with the letters of CP949) for Korea. Everything else is taken line by
// line for Windows-1252, which holds the Latin-1 that RIPE NCC, AFRINIC and LACNIC send.
// A byte order mark goes, and so does a letter that the end of the text cut in two.
func decodeFrom(server, s string) string {
	s = strings.TrimPrefix(s, "\ufeff")
	if strings.Contains(s, "\x1b$") || strings.Contains(s, "\x1b(") {
		if text, faults := tryDecode(japanese.ISO2022JP, s); faults == 0 {
			return text
		}
	}
	if utf8.ValidString(s) {
		return s
	}
	if cut := withoutCutRune(s); utf8.ValidString(cut) {
		return cut
	}
	switch nationOf(server, s) {
	case "JP":
		// Most letters of Shift_JIS are faults in EUC-JP, and hardly any the other way round.
		euc, faults := tryDecode(japanese.EUCJP, s)
		if faults == 0 {
			return euc
		}
		if text, others := tryDecode(japanese.ShiftJIS, s); others < faults {
			return text
		}
		return euc
	case "KR":
		if text, faults := tryDecode(korean.EUCKR, s); faults*20 <= len(s) {
			return text
		}
	}
	var b strings.Builder
	b.Grow(len(s) + len(s)/8)
	for line := range strings.Lines(s) {
		if !utf8.ValidString(line) {
			line, _ = tryDecode(charmap.Windows1252, line)
		}
		b.WriteString(line)
	}
	return b.String()
}

// nationOf is the country of a national registry, by its server or, when that says
// nothing, by its name in the answer.
func nationOf(server, text string) string {
	server, _, _ = strings.Cut(server, ":")
	switch {
	case strings.HasSuffix(server, ".jp"):
		return "JP"
	case strings.HasSuffix(server, ".kr"), strings.HasSuffix(server, ".krnic.net"):
		return "KR"
	case strings.Contains(text, "JPNIC"), strings.Contains(text, "JPRS"):
		return "JP"
	case strings.Contains(text, "KRNIC"), strings.Contains(text, "KISA"):
		return "KR"
	}
	return ""
}

// tryDecode decodes a text and counts the places that could not be read.
func tryDecode(from encoding.Encoding, s string) (text string, faults int) {
	text, err := from.NewDecoder().String(s)
	if err != nil {
		return strings.ToValidUTF8(s, "\ufffd"), len(s)
	}
	return text, strings.Count(text, "\ufffd")
}

// withoutCutRune drops the beginning of a letter at the very end of a text.
func withoutCutRune(s string) string {
	for i := 1; i < utf8.UTFMax && i <= len(s); i++ {
		if b := s[len(s)-i]; utf8.RuneStart(b) {
			if b >= utf8.RuneSelf && !utf8.FullRuneInString(s[len(s)-i:]) {
				return s[:len(s)-i]
			}
			break
		}
	}
	return s
}
