package registry

import (
	"net/netip"
	"slices"
	"strings"

	"golang.org/x/net/idna"
)

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
