package registry

import (
	"context"
	"net/netip"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Bounds of a WHOIS text.
const (
	maxLines = 4000
	maxLine  = 1000 // bytes; what is longer is cut
)

// attribute is one "key: value" line; the key in lower case.
type attribute struct{ key, value string }

// block is a run of lines without an empty one between them.
type block []attribute

func (b block) first(keys ...string) string {
	for _, key := range keys {
		for _, a := range b {
			if a.key == key && a.value != "" {
				return a.value
			}
		}
	}
	return ""
}

// whoisNetwork asks WHOIS for the network of an address.
func (r *Registry) whoisNetwork(ctx context.Context, addr netip.Addr) (Network, Problem) {
	texts, problem := r.whoisAnswers(ctx, addr.String())
	other := false
	for i := len(texts) - 1; i >= 0; i-- {
		n, found := parseNetwork(texts[i], addr)
		if found && !unheld(n) {
			return n, ""
		}
		other = other || !found && rangesOther(texts[i])
	}
	switch {
	case problem != "":
		return Network{}, problem
	case other:
		return Network{}, ProblemOtherObject
	}
	return Network{}, ProblemNotFound
}

// parseNetwork reads what RIPE NCC, APNIC, AFRINIC (RPSL, RFC 2622), ARIN and LACNIC
// answer on port 43 for an address: of all networks in the text the narrowest that
// holds the address counts. It says false when there is none. It never panics,
// whatever the text is.
func parseNetwork(text string, addr netip.Addr) (Network, bool) {
	blocks, hint := parseBlocks(text)
	at := -1
	var n Network
	for i, b := range blocks {
		first, last, ok := rangeOf(b)
		candidate := Network{First: first, Last: last}
		if ok && candidate.covers(addr) && (at < 0 || narrower(candidate, n)) {
			at, n = i, candidate
		}
	}
	if at < 0 {
		return Network{}, false
	}
	network := blocks[at]
	// What follows a network, up to the next one, describes it; other blocks only fill gaps.
	end := at + 1
	for end < len(blocks) {
		if _, _, ok := rangeOf(blocks[end]); ok {
			break
		}
		end++
	}
	section := blocks[at:end]
	n.Handle = tidy(network.first("nethandle", "netblock", "inetnum", "inet6num"))
	n.Name = tidy(network.first("netname", "ownerid"))
	n.Country = countryCode(network.first("country"))
	n.Organisation = tidy(firstOf(section, "org-name", "orgname", "custname", "owner"))
	if n.Organisation == "" {
		n.Organisation = tidy(network.first("descr"))
	}
	if n.Country == "" { // ARIN prints it with the organisation
		n.Country = countryCode(firstOf(section, "country"))
	}
	n.ASN = originOf(network, blocks)
	n.Contacts = contactsOf(section, hint)
	if len(n.Contacts) == 0 || n.Contacts[0].Role != RoleAbuse {
		n.Contacts = tidyContacts(append(n.Contacts, contactsOf(blocks, "")...))
	}
	return n, true
}

// rangesOther says whether a text describes networks at all.
func rangesOther(text string) bool {
	blocks, _ := parseBlocks(text)
	for _, b := range blocks {
		if _, _, ok := rangeOf(b); ok {
			return true
		}
	}
	return false
}

func firstOf(blocks []block, keys ...string) string {
	for _, b := range blocks {
		if v := b.first(keys...); v != "" {
			return v
		}
	}
	return ""
}

// rangeOf is the range a block describes, when it describes a network.
func rangeOf(b block) (first, last netip.Addr, ok bool) {
	for _, a := range b {
		switch a.key {
		case "inetnum", "inet6num", "netrange":
			return parseRange(a.value)
		}
	}
	return first, last, false
}

func narrower(a, b Network) bool {
	return a.First.Compare(b.First) >= 0 && a.Last.Compare(b.Last) <= 0
}

// parseRange reads "a - b" or a prefix; LACNIC cuts trailing zero octets (192.0/16).
func parseRange(s string) (first, last netip.Addr, ok bool) {
	if a, b, found := strings.Cut(s, " - "); found {
		// Some registries write a prefix on the left and nothing more on the right.
		first, errA := netip.ParseAddr(strings.TrimSpace(a))
		last, errB := netip.ParseAddr(strings.TrimSpace(b))
		if errA != nil || errB != nil {
			return netip.Addr{}, netip.Addr{}, false
		}
		first, last = first.Unmap().WithZone(""), last.Unmap().WithZone("")
		return first, last, first.BitLen() == last.BitLen() && first.Compare(last) <= 0
	}
	s = strings.TrimSpace(s)
	if host, bits, found := strings.Cut(s, "/"); found && !strings.Contains(host, ":") {
		for strings.Count(host, ".") < 3 && len(host) < 16 {
			host += ".0"
		}
		s = host + "/" + bits
	}
	p, err := netip.ParsePrefix(s)
	if err != nil {
		return first, last, false
	}
	p = p.Masked()
	return p.Addr(), lastOf(p), true
}

// originOf is the AS that announces the network: of the network itself (ARIN, LACNIC)
// or of a route object in the same answer (RIPE NCC, APNIC, AFRINIC).
func originOf(network block, blocks []block) uint32 {
	candidates := []string{network.first("originas", "aut-num", "origin")} //nolint:misspell // ARIN's key OriginAS
	for _, b := range blocks {
		if b.first("route", "route6") != "" {
			candidates = append(candidates, b.first("origin"))
		}
	}
	for _, c := range candidates {
		c, _, _ = strings.Cut(strings.TrimSpace(c), ",")
		digits, found := strings.CutPrefix(strings.ToUpper(c), "AS")
		if n, err := strconv.ParseUint(digits, 10, 32); found && err == nil && n > 0 {
			return uint32(n)
		}
	}
	return 0
}

// contactsOf collects addresses: those of the abuse role first, hint before all (the
// line "Abuse contact for ... is ..." that RIPE NCC and APNIC print).
func contactsOf(blocks []block, hint string) []Contact {
	var out []Contact
	if hint != "" {
		out = append(out, Contact{Role: RoleAbuse, Email: tidyEmail(hint)})
	}
	abuseHandles := map[string]bool{}
	for _, b := range blocks {
		for _, a := range b {
			if a.key == "abuse-c" {
				abuseHandles[strings.ToUpper(a.value)] = true
			}
		}
	}
	for _, b := range blocks {
		name := tidy(b.first("orgabusename", "role", "irt", "person", "org-name", "orgname"))
		ofAbuse := abuseHandles[strings.ToUpper(b.first("nic-hdl", "nic-hdl-br"))]
		for _, a := range b {
			role := ""
			switch a.key {
			case "abuse-mailbox", "orgabuseemail", "rabuseemail":
				role = RoleAbuse
			case "e-mail", "email":
				if role = "other"; ofAbuse {
					role = RoleAbuse
				}
			case "orgtechemail", "rtechemail":
				role = "technical"
			case "orgnocemail", "rnocemail":
				role = "noc"
			}
			if role != "" && a.value != "" {
				out = append(out, Contact{Role: role, Name: name, Email: tidyEmail(a.value)})
			}
		}
	}
	return tidyContacts(out)
}

// parseBlocks splits a text into blocks. Lines that begin with % or # are remarks,
// lines that begin with a space or a plus sign continue the one before (RFC 2622, section 2).
func parseBlocks(text string) (blocks []block, abuseHint string) {
	text = decode(text)
	var current block
	flush := func() {
		if len(current) > 0 {
			blocks = append(blocks, current)
		}
		current = nil
	}
	count := 0
	for line := range strings.Lines(text) {
		if count++; count > maxLines {
			break
		}
		line = strings.TrimRight(line, "\r\n \t")
		if len(line) > maxLine {
			line = strings.ToValidUTF8(line[:maxLine], "")
		}
		switch {
		case line == "":
			flush()
			continue
		case line[0] == '%' || line[0] == '#':
			if abuseHint == "" {
				abuseHint = abuseRemark(line)
			}
			continue
		case line[0] == ' ' || line[0] == '\t' || line[0] == '+':
			if n := len(current); n > 0 && len(current[n-1].value) < maxLine {
				current[n-1].value = strings.TrimSpace(current[n-1].value + " " + strings.TrimSpace(line[1:]))
			}
			continue
		}
		key, value, ok := strings.Cut(line, ":")
		if !ok {
			continue
		}
		key = strings.ToLower(strings.TrimSpace(key))
		if key == "inetnum" || key == "inet6num" || key == "netrange" {
			flush() // a network is always a block of its own
		}
		current = append(current, attribute{key, strings.TrimSpace(value)})
	}
	flush()
	return blocks, abuseHint
}

// abuseRemark reads "% Abuse contact for '192.0.2.0 - 192.0.2.255' is 'abuse@host.example'".
func abuseRemark(line string) string {
	rest, found := strings.CutPrefix(strings.ToLower(line), "% abuse contact for ")
	if !found {
		return ""
	}
	_, address, found := strings.Cut(rest, " is ")
	if !found {
		return ""
	}
	return strings.Trim(address, "' .")
}

// decode makes UTF-8 of a WHOIS text. What is not UTF-8 is taken for Latin-1, which
// RIPE NCC and LACNIC send (RFC 3912 names no encoding).
func decode(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	runes := make([]rune, len(s))
	for i := range len(s) {
		runes[i] = rune(s[i])
	}
	return string(runes)
}
