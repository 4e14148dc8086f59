package registry

import (
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// plainName is a tidied name of a network, an organisation or a person; empty when it is
// none: an e-mail address, a URL, a placeholder, or what stands for something hidden.
func plainName(s string) string {
	s = tidy(s)
	lower := strings.ToLower(s)
	oneWord := !strings.Contains(s, " ")
	switch {
	case strings.Trim(s, "*-_.=# /\\x\u00a0") == "", isOne(lower, "no name"), opensWith(lower, "no name start"), hasAny(lower, "no name part"):
		return ""
	case oneWord && (strings.Contains(s, "@") || strings.HasPrefix(lower, "www.")):
		return ""
	}
	return s
}

// addressWords stand in lines of postal addresses, in the languages that occur.
var addressWords = pattern(`(?i)\b(street|str\.?|road|rd\.?|avenue|ave\.?|blvd\.?|boulevard|floor|fl\.|suite|ste\.|` +
	`p\.?\s?o\.?\s?box|postbus|postfach|apartado|bo[iî]te postale|building|bldg\.?|stra(ss|ß)e|strasse|rue|` +
	`calle|carrera|cra\.?|rua|avenida|av\.|via|viale|ulica|ul\.|jl\.?|jalan|prospekt|weg|plein|straat|laan|` +
	`room|rm\.?|zip|postcode|district|lane)\b`)

// instructions begin lines that tell the reader what to do.
var instructions = pattern(`(?i)^(for (any |all )?(abuse|spam)|please |send |contact:|contact us|report |to report|abuse\b|` +
	`in case of|this (range|network|block|object) )`)

// cut bounds a text to so many bytes, without half a letter at its end.
func cut(s string, most int) string {
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "")
	}
	return s
}

// hasAny says whether one of the phrases of a kind stands in a text, opensWith whether it begins with
// one, isOne whether it is one.
func hasAny(s, kind string) bool {
	return slices.ContainsFunc(phrases()[kind], func(w string) bool { return strings.Contains(s, w) })
}

func opensWith(s, kind string) bool {
	return slices.ContainsFunc(phrases()[kind], func(w string) bool { return strings.HasPrefix(s, w) })
}

func isOne(s, kind string) bool { return slices.Contains(phrases()[kind], s) }

// ofUse says whether a line has none but words of use: "Dynamic IP pool for broadband
// customers". Numbers count as such.
func ofUse(s string) bool {
	between := func(c rune) bool { return !unicode.IsLetter(c) && !unicode.IsDigit(c) && c != '-' }
	for word := range strings.FieldsFuncSeq(strings.ToLower(s), between) {
		word = strings.Trim(word, "-")
		if word != "" && !isOne(word, "use") && strings.ContainsFunc(word, unicode.IsLetter) {
			return false
		}
	}
	return true
}

// describes says whether a line of a description names someone: not a line of an address,
// a rule of dashes, an e-mail address, a URL, what the network is for, or the word of a machine that made
// the object.
func describes(s string) bool {
	s = strings.TrimSpace(s)
	lower := strings.ToLower(s)
	switch {
	case plainName(s) == "", strings.Contains(s, "@"), strings.Contains(lower, "://"), opensWith(lower, "machine line"):
		return false
	case countryNames()[lower] != "", ofUse(s), instructions().MatchString(s):
		return false
	case strings.ContainsAny(s, "0123456789") && addressWords().MatchString(s):
		return false
	}
	letters := 0
	for _, c := range s {
		if c >= utf8.RuneSelf || isLetter(byte(c)) {
			letters++
		}
	}
	return letters > 1
}

// pattern is a regular expression that is compiled when it is first used: all of them
// take 3 ms and 1.4 MB, which a command that asks no registry need not spend. One that
// cannot be compiled panics then; the corpus of answers uses each.
func pattern(expression string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expression) })
}

// Bounds of what is kept of a registration.
const (
	maxNameservers = 32
	maxIANAID      = 9_999_999 // IANA's registrar ids are far below; .in writes six digits
)

// asciiName folds a name to small letters and A-labels (RFC 5890), without the
// trailing dot; empty when it is none.
func asciiName(s string) string {
	s = strings.ToLower(strings.Trim(s, " \t\r\n.\"'<>"))
	if s == "" || len(s) > 253 {
		return ""
	}
	ascii, err := idna.Lookup.ToASCII(s)
	if err != nil { // underscores and other names that are in use though IDNA forbids them
		ascii = s
	}
	if !plainDomain(ascii) {
		return ""
	}
	return ascii
}

// sameDomain says whether a name of an answer, in ASCII or Unicode, is the name asked about.
func sameDomain(s, name string) bool { return name != "" && asciiName(s) == name }

// hostsIn finds the name servers of a line: "ns1.host.example 192.0.2.1",
// "ns1.host.example [OK]", "ns1.host.example, ns2.host.example", "site.example NS ns1.host.example.".
// Of words with blanks between them only the first is a host: the rest are addresses and remarks.
func hostsIn(line string) []string {
	var out []string
	for item := range strings.SplitSeq(line, ",") {
		words := strings.FieldsFunc(item, func(c rune) bool { return strings.ContainsRune(" \t()[]<>;|", c) })
		if i := slices.Index(words, "NS"); i > 0 {
			words = words[i+1:]
		}
		if len(words) == 0 {
			continue
		}
		host := asciiName(words[0])
		if _, err := netip.ParseAddr(host); host == "" || err == nil || host == "not.defined" {
			continue
		}
		out = append(out, host)
	}
	return out
}

// tidyHosts sorts hosts, drops repeats and bounds the list.
func tidyHosts(hosts []string) []string {
	slices.Sort(hosts)
	hosts = slices.Compact(hosts)
	return hosts[:min(len(hosts), maxNameservers)]
}

// nobody recognises the words that registries write where they give no name.
func nobody(s string) bool {
	s = strings.ToLower(s)
	return opensWith(s, "nobody start") || isOne(s, "nobody")
}

// registrarName strips what registries put behind the name of a registrar: links and
// tags. Words for "not given" are no name.
func registrarName(s string) string {
	s = tidy(s)
	if nobody(s) {
		return ""
	}
	for _, opening := range []string{"[Tag", "[TAG", "(http", "( http", "http://", "https://"} {
		if i := strings.Index(s, opening); i > 0 {
			s = strings.TrimSpace(s[:i])
		}
	}
	return s
}

// emailIn finds the first mail address of a line.
func emailIn(s string) string {
	for word := range strings.FieldsFuncSeq(tidy(s), func(c rune) bool { return strings.ContainsRune(" ,;()[]", c) }) {
		word = tidyEmail(word)
		if local, host, ok := strings.Cut(word, "@"); ok && local != "" && asciiName(host) != "" {
			return word
		}
	}
	return ""
}
