package geolocate

import (
	_ "embed"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// addressProblem says why a notice cannot go to what stands in a mail field. It is a
// closed set; the zero value says that the address is plain and could be read by someone.
type addressProblem string

// Address problems.
const (
	addressEmpty       addressProblem = "empty"
	addressAbsent      addressProblem = "no_address"  // words without an address
	addressForm        addressProblem = "form"        // a web address: a form, perhaps
	addressSeveral     addressProblem = "several"     // more than one address
	addressBroken      addressProblem = "broken"      // not a dot-string and a domain name (RFC 5321, section 4.1.2)
	addressTooLong     addressProblem = "too_long"    // over the bounds of RFC 5321, section 4.5.3.1
	addressQuoted      addressProblem = "quoted"      // a quoted local part: valid, and not accepted by many servers
	addressLiteral     addressProblem = "literal"     // an IP address in the place of the domain
	addressPlaceholder addressProblem = "placeholder" // filler, or a mailbox that nobody reads
	addressRedacted    addressProblem = "redacted"    // hidden on purpose
	addressPrivacy     addressProblem = "privacy"     // a service that stands in for a domain's registrant
	addressRegistry    addressProblem = "registry"    // a registry's own desk
)

// words say for people what is wrong.
func (p addressProblem) words() string {
	switch p {
	case "":
		return "nothing"
	case addressEmpty:
		return "it is empty"
	case addressAbsent:
		return "there is no mail address in it"
	case addressForm:
		return "it is a web address; put it into the column form"
	case addressSeveral:
		return "it holds several addresses; give one"
	case addressBroken:
		return "it is not one plain mail address"
	case addressTooLong:
		return "it is longer than RFC 5321 allows"
	case addressQuoted:
		return "its local part is quoted, which many mail servers refuse"
	case addressLiteral:
		return "it has an IP address in the place of a domain"
	case addressPlaceholder:
		return "it is a placeholder that nobody reads"
	case addressRedacted:
		return "it is redacted"
	case addressPrivacy:
		return "it belongs to a privacy service, which hosts nothing"
	case addressRegistry:
		return "it belongs to a registry, which hosts nothing"
	}
	return string(p)
}

// Bounds of a mail address, in bytes (RFC 5321, section 4.5.3.1; the whole follows from
// the path of 256 with its brackets), and of a field that is looked at.
const (
	maxLocal      = 64
	maxMailDomain = 253
	maxMailbox    = 254
	maxMailField  = 1000
	maxInField    = 5 // addresses taken of one field
	maxForm       = 500
)

// judgeAddress reads one mail address as registries write it, and says what is wrong
// with it: then email is empty. It takes away mailto:, a display name, brackets,
// quotes and a trailing dot, repairs (at) and (dot), and turns an internationalised
// domain into A-labels (RFC 5890) and the domain into small letters. What is no plain
// ASCII address then, a placeholder, a redaction, a privacy service's or a registry's,
// is refused. RFC 2606's .example and .test are not: labs use them, and nobody else can.
// It never panics. Safe for concurrent use.
func judgeAddress(raw string) (email string, problem addressProblem) {
	if len(raw) > maxMailField {
		return "", addressTooLong
	}
	if local, domain, ok := plainAddress(raw); ok {
		return knownAddresses().judgeParts(raw, local, domain)
	}
	s := strings.TrimSpace(raw)
	switch {
	case s == "":
		return "", addressEmpty
	case !utf8.ValidString(s) || strings.ContainsFunc(s, unicode.IsControl):
		return "", addressBroken
	}
	list := knownAddresses()
	lower := strings.ToLower(s)
	if !strings.Contains(s, "@") && slices.ContainsFunc(list.phrases, func(phrase string) bool { return strings.Contains(lower, phrase) }) {
		return "", addressRedacted
	}
	if isWeb(s) {
		return "", addressForm
	}
	s = bare(s)
	local, domain, found := cutLast(s, "@")
	switch {
	case !found || s == "":
		return "", addressAbsent
	case strings.Contains(local, `"`):
		return "", addressQuoted
	case strings.Contains(local, "@"):
		if len(splitAddresses(raw)) > 1 {
			return "", addressSeveral
		}
		return "", addressBroken
	case strings.Contains(s, "*"): // masked: ***@***, a****@host
		return "", addressRedacted
	case strings.HasPrefix(domain, "["):
		return "", addressLiteral
	}
	return list.judgeParts(s, local, domain)
}

// plainAddress splits what needs no reading: small letters, digits and a few signs
// around one @. Most addresses are of this kind.
func plainAddress(s string) (local, domain string, ok bool) {
	at := -1
	for i := range len(s) {
		switch c := s[i]; {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9', c == '.', c == '-':
		case c == '@' && at < 0:
			at = i
		case (c == '_' || c == '+') && at < 0:
		default:
			return "", "", false
		}
	}
	if at < 1 || at == len(s)-1 || s[len(s)-1] == '.' {
		return "", "", false
	}
	return s[:at], s[at+1:], true
}

// judgeParts judges the two sides of an address; s is the whole of it.
func (l *addressList) judgeParts(s, local, domain string) (email string, problem addressProblem) {
	domain, problem = asciiDomain(domain)
	if !isDotString(local) {
		return "", addressBroken
	}
	if p := l.judgeLocal(local); p != "" {
		return "", p
	}
	switch {
	case problem != "":
		return "", problem
	case len(local) > maxLocal || len(local)+1+len(domain) > maxMailbox:
		return "", addressTooLong
	}
	if p := l.judgeDomain(domain); p != "" {
		return "", p
	}
	if strings.HasSuffix(s, domain) && s[:len(s)-len(domain)] == local+"@" {
		return s, "" // as it came: nothing to write anew
	}
	return local + "@" + domain, ""
}

// splitAddresses are the addresses of a field that may hold several, at most five. A
// field without any is returned as it is, so that its problem can be told.
func splitAddresses(raw string) []string {
	if len(raw) > maxMailField {
		return []string{raw}
	}
	if _, _, plain := plainAddress(raw); plain {
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

// formIn is the web address in a mail field, when it is one: http or https with a
// host, no user name, at most 500 bytes.
func formIn(raw string) string {
	s := strings.Trim(raw, " <>\"'")
	if !isWeb(s) || len(s) > maxForm || strings.ContainsFunc(s, func(c rune) bool { return c <= ' ' || c == utf8.RuneError || !unicode.IsGraphic(c) }) {
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
	wordAt       = regexp.MustCompile(`(?i)^(abuse|noc|security|cert|csirt|support|hostmaster|postmaster|admin|info|spam|report|contact)\s+at\s+(\S+\.\S+)$`)
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

// asciiDomain is a mail domain in A-labels and small letters: at least two labels of
// letters, digits and hyphens (RFC 5321, section 2.3.5).
func asciiDomain(domain string) (string, addressProblem) {
	domain = strings.ToLower(strings.TrimSuffix(domain, "."))
	if strings.ContainsFunc(domain, func(c rune) bool { return c >= utf8.RuneSelf }) {
		ascii, err := idna.Lookup.ToASCII(domain)
		if err != nil {
			return "", addressBroken
		}
		domain = ascii
	}
	if !strings.Contains(domain, ".") {
		return "", addressBroken
	}
	for label := range strings.SplitSeq(domain, ".") {
		if label == "" || label[0] == '-' || label[len(label)-1] == '-' {
			return "", addressBroken
		}
		if len(label) > 63 {
			return "", addressTooLong
		}
		for _, c := range []byte(label) {
			if c != '-' && (c < 'a' || c > 'z') && (c < '0' || c > '9') {
				return "", addressBroken
			}
		}
	}
	if strings.Trim(domain[strings.LastIndexByte(domain, '.')+1:], "0123456789") == "" {
		return "", addressLiteral
	}
	if len(domain) > maxMailDomain {
		return "", addressTooLong
	}
	return domain, ""
}

//go:embed addresses.csv
var addressesCSV string

// addressList is addresses.csv. It is only read after it was made.
type addressList struct {
	phrases, parts []string
	locals         map[string]bool
	domains        map[string]addressProblem
	mailboxes      map[string]bool
}

// knownAddresses reads the embedded list once. A test holds that it reads without a fault.
var knownAddresses = sync.OnceValue(func() *addressList {
	list, err := parseAddressList(addressesCSV)
	if err != nil {
		panic(err) // the list is part of the program
	}
	return list
})

func parseAddressList(text string) (*addressList, error) {
	list := &addressList{locals: map[string]bool{}, domains: map[string]addressProblem{}, mailboxes: map[string]bool{}}
	err := eachRow(text, 3, func(row []string) error {
		value := row[1]
		switch row[0] {
		case "local":
			list.locals[value] = true
		case "part":
			list.parts = append(list.parts, value)
		case "phrase":
			list.phrases = append(list.phrases, value)
		case "domain":
			list.domains[value] = addressPlaceholder
		case "privacy":
			list.domains[value] = addressPrivacy
		case "registry":
			list.domains[value] = addressRegistry
		case "mailbox":
			list.mailboxes[value] = true
		default:
			return fmt.Errorf("unknown kind %q", row[0])
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read list of addresses: %w", err)
	}
	return list, nil
}

// separators are what people put between the words of a local part.
var separators = strings.NewReplacer(".", "", "-", "", "_", "", "+", "")

// judgeLocal knows the local parts that nobody reads. Small letters and without
// separators they are compared, so that No-Reply and noreply are one.
func (l *addressList) judgeLocal(local string) addressProblem {
	folded := strings.ToLower(local)
	if strings.ContainsAny(folded, "._-+") {
		folded = separators.Replace(folded)
	}
	switch {
	case strings.Contains(folded, "redacted"):
		return addressRedacted
	case l.locals[folded], slices.ContainsFunc(l.parts, func(part string) bool { return strings.Contains(folded, part) }):
		return addressPlaceholder
	case len(folded) >= 3 && strings.Trim(folded, "x") == "", strings.Trim(folded, "#?~") == "": // xxx@, ---@
		return addressPlaceholder
	}
	return ""
}

// judgeDomain knows the domains whose mail reaches no host.
func (l *addressList) judgeDomain(domain string) addressProblem {
	if strings.Contains(domain, "redacted") {
		return addressRedacted
	}
	for s := domain; s != ""; _, s, _ = strings.Cut(s, ".") {
		if p := l.domains[s]; p != "" {
			return p
		}
	}
	return ""
}

// usable says whether s is one plain e-mail address, as it stands, that could be read by someone.
func usable(s string) bool {
	email, problem := judgeAddress(s)
	return problem == "" && strings.EqualFold(email, s)
}
