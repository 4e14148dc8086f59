package notices

import (
	"net/mail"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
)

// lineWidth is the length that lines of a notice are wrapped to, in runes (RFC 5322, section 2.1.1).
const lineWidth = 78

// clean makes one printable line of a foreign text: control characters, line
// breaks of every kind, direction overrides and broken UTF-8 become spaces, runs
// of space become one, and what is longer than limit runes is cut with "...".
// What comes out can be put into a header or a line of a notice.
func clean(s string, limit int) string {
	s = strings.Map(func(r rune) rune {
		if r == utf8.RuneError || !unicode.IsGraphic(r) || unicode.Is(unicode.Zs, r) {
			return ' '
		}
		return r
	}, s)
	s = strings.Join(strings.Fields(s), " ")
	if utf8.RuneCountInString(s) <= limit {
		return s
	}
	return strings.TrimSpace(string([]rune(s)[:limit-3])) + "..."
}

// printable says whether s is valid UTF-8 without control characters, at most limit bytes long.
func printable(s string, limit int) bool {
	return len(s) <= limit && utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsGraphic(r) })
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

// usableEmail says whether a notice can be sent to s: one plain ASCII addr-spec
// of RFC 5321 with a domain name, no display name, no quoting, no address literal.
func usableEmail(s string) bool {
	if len(s) > 254 || strings.ContainsAny(s, "\"(),:;<>[]\\ ") {
		return false
	}
	for i := range len(s) {
		if s[i] <= ' ' || s[i] >= 0x7f {
			return false
		}
	}
	a, err := mail.ParseAddress(s)
	if err != nil || a.Address != s {
		return false
	}
	local, domain, _ := strings.Cut(s, "@")
	if len(local) > 64 || !strings.Contains(domain, ".") {
		return false
	}
	for label := range strings.SplitSeq(domain, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		for i := range len(label) {
			if c := label[i]; c != '-' && (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
				return false
			}
		}
	}
	return true
}

// usableForm says whether s is the web address of a form or page: http or https
// with a host, without userinfo, at most maxWebsite bytes.
func usableForm(s string) bool {
	if s == "" || len(s) > maxWebsite || strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || !unicode.IsGraphic(r) }) {
		return false
	}
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && u.User == nil
}
