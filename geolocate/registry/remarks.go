package registry

import (
	"slices"
	"strings"
)

// Bounds of the search in free text.
const (
	maxRemarks  = 150 // lines of one answer
	maxFreeText = 300 // bytes of a line
	maxMails    = 8   // addresses of one line
)

var (
	mailAddress = pattern(`[A-Za-z0-9][A-Za-z0-9._%+=&'/-]{0,63}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,250}[A-Za-z0-9])?\.[A-Za-z][A-Za-z0-9-]{1,30}`)
	// An at sign in words, in brackets of any kind: "abuse (at) host (dot) example".
	atWord  = pattern(`(?i)\s*[(\[{<]\s*(?:at|a|@)\s*[)\]}>]\s*`)
	dotWord = pattern(`(?i)\s*[(\[{<]\s*(?:dot|\.)\s*[)\]}>]\s*`)
	// Without brackets only where it cannot mean anything else: with " dot " after it, or
	// behind a mailbox for reports.
	spokenDots = pattern(`(?i)\b([a-z0-9._+-]{1,64}) at ([a-z0-9-]{1,63}(?: dot [a-z0-9-]{1,63})+)\b`)
	spokenDesk = pattern(`(?i)\b(abuse|[a-z0-9-]*abuse|abuse-[a-z0-9-]+|spam|csirt|cert|` +
		`phishing) at ([a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63})*\.[a-z]{2,24})\b`)
	spacedAt = pattern(`([A-Za-z0-9])(?:\s+@\s*|\s*@\s+)([A-Za-z0-9])`)

	abuseWords = pattern(`(?i)(\b|_|-)(abuses?|abusive|spam\w*|phish\w*|csirt|misuse|missbrauch|misbruik|abus|abusos?|denuncias?|` +
		`zneuzit\w*|naduzyc\w*|complain\w*|copyright|dmca|illegal|infring\w*|hack\w*|attack\w*|unsolicited|ube|uce|` +
		`scam\w*|malware|report(s|ing)?|security( issues?| incidents?)?|intrusions?|law enforcement)\b`)
	// The same in letters for which \b knows no borders of words.
	abuseStems = pattern(`(?i)(жалоб|спам|злоупотреб|скарг|nadużyci|zneužit|zneužív|denúncia|kötüye kullanım|迷惑|スパム|投訴|投诉|举报|垃圾邮件|스팸|침해)`)
	deskWords  = pattern(`(?i)(abus[eo]|spam|csirt|cert\b|phish|security|report|dmca)`)
	// What a line with an address is for when it is for something else.
	otherWords = pattern(`(?i)(inaccura\w*|correct(ion|ed)|whois (information|data|record)|delist\w*|peering|routing|outage|` +
		`noc issues?|operational|technical (issues?|questions?|problems?|contact)|sales|billing|not for abuse|` +
		`non-abuse|no abuse|do not (use|send|mail|report)|is invalid|not valid|validat\w+|geo-?location|geofeed|` +
		`reverse dns|hostmaster|registration)`)
)

// addressesIn are the mail addresses in a line, also in words.
func addressesIn(s string) []string {
	s = tidyLine(s)
	if lower := strings.ToLower(s); !strings.Contains(s, "@") && !strings.Contains(lower, "at") && !strings.Contains(lower, "(a)") {
		return nil
	}
	s = atWord().ReplaceAllString(s, "@")
	s = dotWord().ReplaceAllString(s, ".")
	s = spokenDots().ReplaceAllStringFunc(s, func(m string) string {
		words := strings.Split(m, " ") // a mailbox, "at", and labels with "dot" between them
		address := words[0] + "@" + words[2]
		for i := 4; i < len(words); i += 2 {
			address += "." + words[i]
		}
		return address
	})
	s = spokenDesk().ReplaceAllStringFunc(s, func(m string) string {
		words := strings.Split(m, " ")
		if host := strings.ToLower(words[2]); strings.HasPrefix(host, "www.") || strings.HasPrefix(host, "whois.") {
			return m
		}
		return words[0] + "@" + words[2]
	})
	s = spacedAt().ReplaceAllString(s, "$1@$2")
	var out []string
	for _, m := range mailAddress().FindAllString(s, maxMails) {
		if m = tidyEmail(m); len(m) <= maxText {
			out = append(out, m)
		}
	}
	return out
}

// tidyLine bounds a line of free text.
func tidyLine(s string) string { return strings.ToValidUTF8(cut(s, maxFreeText), "") }

// remarkContacts finds the addresses in free text that are asked for abuse reports. An
// address is one when its own name says so; when its line speaks of abuse and of nothing
// else; or when its line only goes on with a line before it that does. Of several in one
// line ("abuse: A, peering: B") only those count whose own names say so, if there are such.
func remarkContacts(lines []string) []Contact {
	var out []Contact
	asked := false // a line before this one speaks of abuse and gave no address
	for _, line := range lines[:min(len(lines), maxRemarks)] {
		line = tidyLine(line)
		found := addressesIn(line)
		words := line
		for _, m := range mailAddress().FindAllString(line, maxMails) {
			words = strings.ReplaceAll(words, m, " ")
		}
		speaks, other := abuseWords().MatchString(words) || abuseStems().MatchString(words), otherWords().MatchString(words)
		for _, email := range askedFor(line, found, speaks || asked, other) {
			out = append(out, Contact{Role: RoleAbuse, Email: email, Found: FoundRemarks})
		}
		switch {
		case other, len(found) > 0 && !speaks && !asked:
			asked = false
		case speaks && len(found) == 0:
			asked = true
		case strings.Trim(line, "-*=#_ .") == "" || len(found) > 0:
			// a rule of dashes or another address keeps what was said before
		case strings.HasSuffix(strings.TrimSpace(line), "."):
			asked = false
		}
	}
	return out
}

// askedFor are those of the addresses in a line that are asked for reports: speaks and
// other say what the line as a whole is about.
func askedFor(line string, found []string, speaks, other bool) []string {
	desk := func(email string) bool {
		local, _, _ := strings.Cut(email, "@")
		return deskWords().MatchString(local)
	}
	var desks []string
	before := line
	for _, email := range found {
		otherwise := other
		if i := strings.Index(before, email); i >= 0 && len(found) > 1 {
			otherwise = otherWords().MatchString(before[:i]) // what stands before it, up to the address before
			before = before[i+len(email):]
		}
		if desk(email) && !otherwise {
			desks = append(desks, email)
		}
	}
	switch {
	case len(desks) > 0:
		return desks
	case speaks && !other:
		return found
	}
	return nil
}

// maxInvalid bounds the addresses of one answer that are known to be dead.
const maxInvalid = 64

// invalidMail is APNIC's remark on an irt or role whose address did not answer its check: "NAME@DOMAIN
// is invalid" (policy prop-125, validation of abuse contacts).
var invalidMail = pattern(`(?i)^\s*(\S{1,64}@\S{1,253}) is invalid\b`)

// failedCheck is what RIPE NCC says below the abuse contact that did not answer its
// check (ripe-705, the validation of abuse-mailbox).
const failedCheck = "abuse-mailbox validation failed"

// invalidMails are the addresses that a registry calls dead, in small letters.
func invalidMails(lines []string) []string {
	var out []string
	last := ""
	for _, line := range lines[:min(len(lines), maxRemarks)] {
		if len(out) == maxInvalid {
			break
		}
		line = tidyLine(line)
		if hint, ok := hintOf(line); ok {
			last = hint.email
		}
		if m := invalidMail().FindStringSubmatch(line); m != nil {
			out = append(out, strings.ToLower(m[1]))
		}
		if last != "" && strings.Contains(strings.ToLower(line), failedCheck) {
			out = append(out, strings.ToLower(last))
		}
	}
	return out
}

// demoted takes the role for abuse from addresses that the registry itself calls dead:
// a report sent there would be lost without a word. They stay, for a person to judge.
func demoted(contacts []Contact, invalid []string) []Contact {
	for i, c := range contacts {
		if c.Email != "" && slices.Contains(invalid, strings.ToLower(c.Email)) {
			contacts[i].Role, contacts[i].Found = roleOther, FoundMailLine
		}
	}
	return tidyContacts(contacts)
}
