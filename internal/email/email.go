// Package email reads mail addresses as people and registries write them, and says what
// is wrong with one that no message can reach.
//
// In come foreign texts. Out goes one plain ASCII address (RFC 5321), or a Problem. It
// must never guess an address that does not stand there, and asks nobody.
package email

import (
	_ "embed"
	"errors"
	"fmt"
	"net/mail"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"

	"vigil/internal/operatorcsv"
)

// Problem says why a message cannot go to what stands in a mail field. It is a closed
// set; the zero value says that the address is plain and could be read by someone.
type Problem string

// Problems.
const (
	Empty       Problem = "empty"
	Absent      Problem = "no_address"  // words without an address
	WebForm     Problem = "form"        // a web address: a form, perhaps
	Several     Problem = "several"     // more than one address
	Broken      Problem = "broken"      // not a dot-string and a domain name (RFC 5321, section 4.1.2)
	TooLong     Problem = "too_long"    // over the bounds of RFC 5321, section 4.5.3.1
	Quoted      Problem = "quoted"      // a quoted local part: valid, and not accepted by many servers
	Literal     Problem = "literal"     // an IP address in the place of the domain
	Placeholder Problem = "placeholder" // filler, or a mailbox that nobody reads
	Redacted    Problem = "redacted"    // hidden on purpose
	Privacy     Problem = "privacy"     // a service that stands in for a domain's registrant
	Registry    Problem = "registry"    // a registry's own desk
)

var words = map[Problem]string{
	Empty:       "it is empty",
	Absent:      "there is no mail address in it",
	WebForm:     "it is a web address; put it into the column form",
	Several:     "it holds several addresses; give one",
	Broken:      "it is not one plain mail address",
	TooLong:     "it is longer than RFC 5321 allows",
	Quoted:      "its local part is quoted, which many mail servers refuse",
	Literal:     "it has an IP address in the place of a domain",
	Placeholder: "it is a placeholder that nobody reads",
	Redacted:    "it is redacted",
	Privacy:     "it belongs to a privacy service, which hosts nothing",
	Registry:    "it belongs to a registry, which hosts nothing",
}

// Words say for people what is wrong.
func (p Problem) Words() string { return words[p] }

// Bounds of a mail address, in bytes (RFC 5321, section 4.5.3.1; the whole follows from
// the path of 256 with its brackets), and of a field that is looked at.
const (
	maxLocal      = 64
	maxMailDomain = 253
	maxMailbox    = 254
	maxMailField  = 1000
	maxInField    = 5 // addresses taken of one field
)

// MaxForm bounds the web address of a form, in bytes.
const MaxForm = 500

// Parse reads one mail address as registries write it, and says what is wrong with it:
// then address is empty. It takes away mailto:, a display name, brackets,
// quotes and a trailing dot, repairs (at) and (dot), and turns an internationalised
// domain into A-labels (RFC 5890) and the domain into small letters. What is no plain
// ASCII address then, a placeholder, a redaction, a privacy service's or a registry's,
// is refused. RFC 2606's .example and .test are not: labs use them, and nobody else can.
// It never panics. Safe for concurrent use.
func Parse(raw string) (address string, problem Problem) {
	if len(raw) > maxMailField {
		return "", TooLong
	}
	s := strings.TrimSpace(raw)
	switch {
	case s == "":
		return "", Empty
	case !utf8.ValidString(s) || strings.ContainsFunc(s, unicode.IsControl):
		return "", Broken
	}
	list := known()
	lower := strings.ToLower(s)
	if !strings.Contains(s, "@") && list.hasIn("phrase", lower) {
		return "", Redacted
	}
	if isWeb(s) {
		return "", WebForm
	}
	s = bare(s)
	local, domain, found := cutLast(s, "@")
	switch {
	case !found || s == "":
		return "", Absent
	case strings.Contains(local, `"`):
		return "", Quoted
	case strings.Contains(local, "@"):
		if len(Split(raw)) > 1 {
			return "", Several
		}
		return "", Broken
	case strings.Contains(s, "*"): // masked: ***@***, a****@host
		return "", Redacted
	case strings.HasPrefix(domain, "["):
		return "", Literal
	}
	return list.judge(local, domain)
}

// judge judges the two sides of an address.
func (l list) judge(local, domain string) (address string, problem Problem) {
	host, broken := Host(domain)
	if !isDotString(local) {
		return "", Broken
	}
	if p := l.judgeLocal(local); p != "" {
		return "", p
	}
	switch {
	case broken != "":
		return "", broken
	case len(local) > maxLocal || len(local)+1+len(host) > maxMailbox:
		return "", TooLong
	}
	if p := l.judgeDomain(host); p != "" {
		return "", p
	}
	return local + "@" + host, ""
}

// Plain says whether s is one plain ASCII address as it stands: no display name, no
// quotes, no address literal. Whether anybody reads it is for Parse to say.
func Plain(s string) bool {
	local, domain, _ := cutLast(s, "@")
	host, problem := Host(domain)
	return isDotString(local) && problem == "" && strings.EqualFold(host, domain) && len(local) <= maxLocal && len(s) <= maxMailbox
}

// Usable says whether s is one plain address, as it stands, that could be read by someone.
func Usable(s string) bool {
	address, problem := Parse(s)
	return problem == "" && strings.EqualFold(address, s)
}

var errMailbox = errors.New(`must be one mailbox, such as "Hotline <desk@hotline.example>"`)

// ParseMailbox reads a plain address with or without a display name (RFC 5322, section 3.4).
func ParseMailbox(s string) (*mail.Address, error) {
	a, err := mail.ParseAddress(s)
	if err != nil || !Plain(a.Address) || strings.ContainsFunc(a.Name, unicode.IsControl) {
		return nil, errMailbox
	}
	return a, nil
}

// Split gives the addresses of a field that may hold several, at most five. A
// field without any is returned as it is, so that its problem can be told.
func Split(raw string) []string {
	if len(raw) > maxMailField {
		return []string{raw}
	}
	var out []string
	add := func(part string) {
		if part = strings.TrimSpace(part); part != "" && len(out) < maxInField {
			out = append(out, part)
		}
	}
	for part := range strings.FieldsFuncSeq(raw, func(c rune) bool { return strings.ContainsRune(",;|\r\n", c) }) {
		switch {
		case strings.Contains(part, "://"): // a slash is part of it
			for token := range strings.FieldsSeq(part) {
				if strings.Contains(token, "@") || strings.Contains(token, "://") {
					add(token)
				}
			}
		case strings.Count(part, "@") > 1 && !strings.Contains(part, "@@"):
			for token := range strings.FieldsFuncSeq(part, func(c rune) bool { return unicode.IsSpace(c) || c == '/' }) {
				if strings.Contains(token, "@") {
					add(token)
				}
			}
		case strings.Contains(repair(part), "@"):
			add(part)
		}
	}
	if len(out) == 0 {
		return []string{raw}
	}
	return out
}

// FormIn is the web address in a field, when it is one: http or https with a
// host, no user name, at most 500 bytes.
func FormIn(raw string) string {
	s := strings.Trim(raw, " <>\"'")
	unprintable := func(c rune) bool { return c <= ' ' || c == utf8.RuneError || !unicode.IsGraphic(c) }
	if !isWeb(s) || len(s) > MaxForm || strings.ContainsFunc(s, unprintable) {
		return ""
	}
	u, err := url.Parse(s)
	if err != nil || u.Hostname() == "" || u.User != nil || u.Scheme != "https" && u.Scheme != "http" {
		return ""
	}
	return s
}

func isWeb(s string) bool {
	s = strings.ToLower(strings.Trim(s, " <>\"'"))
	return strings.HasPrefix(s, "http://") || strings.HasPrefix(s, "https://")
}

// Spellings of @ and . that keep robots away: in brackets anywhere, as words only in
// "role at domain", because "hosted at provider.example" is no address.
var (
	bracketedAt  = regexp.MustCompile(`(?i)\s*[(\[{<]\s*(?:at|@|a)\s*[)\]}>]\s*`)
	bracketedDot = regexp.MustCompile(`(?i)\s*[(\[{<]\s*(?:dot|punkt|punto|point|\.)\s*[)\]}>]\s*`)
	wordDot      = regexp.MustCompile(`(?i)\s+dot\s+`)
	wordAt       = regexp.MustCompile(`(?i)^(abuse|noc|security|cert|csirt|support|hostmaster|postmaster|admin|info|spam|report|contact)` +
		`\s+at\s+(\S+\.\S+)$`)
)

// repair undoes what was done to an address to keep robots away.
func repair(s string) string {
	s = strings.ReplaceAll(s, "＠", "@") // U+FF20, in Japanese records
	if !strings.Contains(s, "@") || strings.Contains(s, "(@)") || strings.Contains(s, "[@]") {
		s = bracketedDot.ReplaceAllString(bracketedAt.ReplaceAllString(s, "@"), ".")
	}
	if !strings.Contains(s, "@") {
		if dotted := strings.TrimSpace(wordDot.ReplaceAllString(s, ".")); wordAt.MatchString(dotted) {
			s = wordAt.ReplaceAllString(dotted, "$1@$2")
		}
	}
	return s
}

// bare takes away what stands around an address.
func bare(s string) string {
	s = repair(s)
	if _, after, found := strings.Cut(s, "<"); found { // Abuse desk <abuse@host.example>; the end may be cut off
		inside, _, _ := strings.Cut(after, ">")
		if strings.Contains(inside, "@") {
			s = inside
		}
	}
	if before, _, found := strings.Cut(s, "("); found && strings.Contains(before, "@") { // abuse@host.example (Abuse desk)
		s = before
	}
	const around = " \t<>,;:'()"
	s = strings.Trim(s, around)
	if strings.HasPrefix(s, `"`) && strings.HasSuffix(s, `"`) && len(s) > 1 {
		s = strings.Trim(s[1:len(s)-1], around)
	}
	if len(s) > 7 && strings.EqualFold(s[:7], "mailto:") {
		s, _, _ = strings.Cut(s[7:], "?")
		s = strings.ReplaceAll(s, "%40", "@")
	}
	return strings.TrimRight(strings.Trim(s, around), ".")
}

func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}

// isDotString says whether s is a dot-string of RFC 5321, section 4.1.2.
func isDotString(s string) bool {
	if s == "" || s[0] == '.' || s[len(s)-1] == '.' || strings.Contains(s, "..") {
		return false
	}
	for _, c := range []byte(s) {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && !strings.ContainsRune("!#$%&'*+-/=?^_`{|}~.", rune(c)) {
			return false
		}
	}
	return true
}

// Host is the name of a host in A-labels and small letters: at least two labels of
// letters, digits and hyphens, the last of them not a number (RFC 5321, section 2.3.5).
func Host(name string) (string, Problem) {
	name = strings.ToLower(strings.TrimSuffix(name, "."))
	if strings.ContainsFunc(name, func(c rune) bool { return c >= utf8.RuneSelf }) {
		ascii, err := idna.Lookup.ToASCII(name)
		if err != nil {
			return "", Broken
		}
		name = ascii
	}
	if !strings.Contains(name, ".") {
		return "", Broken
	}
	for label := range strings.SplitSeq(name, ".") {
		if label == "" || label[0] == '-' || label[len(label)-1] == '-' {
			return "", Broken
		}
		if len(label) > 63 {
			return "", TooLong
		}
		for _, c := range []byte(label) {
			if c != '-' && (c < 'a' || c > 'z') && (c < '0' || c > '9') {
				return "", Broken
			}
		}
	}
	switch {
	case strings.Trim(name[strings.LastIndexByte(name, '.')+1:], "0123456789") == "":
		return "", Literal
	case len(name) > maxMailDomain:
		return "", TooLong
	}
	return name, ""
}

//go:embed email.csv
var listCSV string

// list is email.csv: by kind, the values of its rows. It is only read after it was made.
type list map[string]map[string]bool

// known reads the embedded list once. A test holds that it reads without a fault.
var known = sync.OnceValue(func() list {
	l, err := parseList(listCSV)
	if err != nil {
		panic(err) // the list is part of the program
	}
	return l
})

func parseList(text string) (list, error) {
	l := list{"local": {}, "part": {}, "phrase": {}, "domain": {}, "privacy": {}, "registry": {}, "mailbox": {}}
	return l, operatorcsv.Table(text, 3, func(row []string) error {
		if l[row[0]] == nil {
			return fmt.Errorf("unknown kind %q", row[0])
		}
		l[row[0]][row[1]] = true
		return nil
	})
}

// hasIn says whether a value of a kind stands in a text.
func (l list) hasIn(kind, text string) bool {
	for value := range l[kind] {
		if strings.Contains(text, value) {
			return true
		}
	}
	return false
}

// ForEverybody says whether a domain gives mailboxes to everybody: then it says nothing
// about who an address is of.
func ForEverybody(domain string) bool { return known()["mailbox"][domain] }

// separators are what people put between the words of a local part.
var separators = strings.NewReplacer(".", "", "-", "", "_", "", "+", "")

// judgeLocal knows the local parts that nobody reads. Small letters and without
// separators they are compared, so that No-Reply and noreply are one.
func (l list) judgeLocal(local string) Problem {
	folded := strings.ToLower(local)
	if strings.ContainsAny(folded, "._-+") {
		folded = separators.Replace(folded)
	}
	switch {
	case strings.Contains(folded, "redacted"):
		return Redacted
	case l["local"][folded], l.hasIn("part", folded):
		return Placeholder
	case len(folded) >= 3 && strings.Trim(folded, "x") == "", strings.Trim(folded, "#?~") == "": // xxx@, ---@
		return Placeholder
	}
	return ""
}

// judgeDomain knows the domains whose mail reaches no host.
func (l list) judgeDomain(domain string) Problem {
	if strings.Contains(domain, "redacted") {
		return Redacted
	}
	for s := domain; s != ""; _, s, _ = strings.Cut(s, ".") {
		switch {
		case l["domain"][s]:
			return Placeholder
		case l["privacy"][s]:
			return Privacy
		case l["registry"][s]:
			return Registry
		}
	}
	return ""
}
