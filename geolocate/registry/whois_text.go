package registry

import (
	_ "embed"
	"net/netip"
	"strings"

	"go4.org/netipx"
)

// Bounds of a WHOIS text.
const (
	maxLines = 4000
	maxLine  = 1000 // bytes; what is longer is cut
)

// attribute is one "key: value" line; the key in lower case, in the words of RPSL or
// ARIN where another registry has words of its own.
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

func firstOf(blocks []block, keys ...string) string {
	for _, b := range blocks {
		if v := b.first(keys...); v != "" {
			return v
		}
	}
	return ""
}

// document is a WHOIS text in parts.
type document struct {
	blocks  []block
	hints   []abuseHint
	banner  string   // the remarks of the server itself, in small letters, bounded
	twnic   bool     // a network in the words of TWNIC
	invalid []string // abuse contacts that did not answer the registry's check
}

// abuseHint is the line "% Abuse contact for 'RANGE' is 'ADDRESS'" that RIPE NCC, APNIC
// and AFRINIC print before an object.
type abuseHint struct{ of, email string }

// Keys that are not the registry's.
const (
	keySection = "section" // a heading in brackets, as KRNIC prints it
	keyParent  = "wider"   // a range that JPNIC lists under "Less Specific Info."
	// Addresses whose key says what they are for (TWNIC, RWHOIS).
	keyAdminMail = "admin-mail"
	keyTechMail  = "tech-mail"
)

//go:embed whois_keys.csv
var keysCSV string

// localKeys are the words of national registries for the keys of RPSL and ARIN: see whois_keys.csv.
var localKeys = mapOf(keysCSV, 2, func(m map[string]string, row []string) { m[row[0]] = row[1] })

// keyNetblock is TWNIC's word for a network, and nobody else's. Its answers name TWNIC nowhere.
const keyNetblock = "netblock"

var (
	// bracketLine is "a. [Network Number]   192.0.2.0/24" (JPNIC; IPv6 without the letter)
	// and, without a value, a heading such as "[ Network Information ]" (KRNIC).
	bracketLine = pattern(`^(?:[a-z]\.\s*)?\[([^\[\]]{1,100})\]\s*(.*)$`)
	// widerLine is "   NAME [Sub Allocation]   192.0.2.0/24", with or without the name (JPNIC).
	widerLine = pattern(`^\s*(\S*?)\s*\[[^\[\]]{1,40}\]\s+(\S+)\s*$`)
	// listLine is "Holder NAME (NET-192-0-2-0-1) 192.0.2.0 - 192.0.2.255": ARIN's answer when several
	// networks match.
	listLine = pattern(`^(.{1,300})\((NET6?-[0-9A-Za-z-]{1,60})\)\s+(\S{1,45} - \S{1,45})$`)
	markup   = pattern(`<[^<>]{0,500}>`)
)

// reader splits a text into blocks.
type reader struct {
	document
	current block
	trim    bool   // every line is indented: indentation means nothing
	html    bool   // a page of a web gateway
	wider   bool   // in JPNIC's list of wider networks
	ignored bool   // in JPNIC's list of narrower networks
	holder  string // the last name in the list of wider networks
}

// parseText splits a text into blocks. Lines that begin with % or # are remarks of the
// server, lines that begin with a space or a plus sign continue the one before (RFC
// 2622, section 2), unless the whole text is indented.
func parseText(text string) document {
	r := &reader{trim: indented(text)}
	for _, tag := range []string{"<pre", "<PRE", "<html", "<HTML"} {
		r.html = r.html || strings.Contains(text, tag)
	}
	for _, line := range firstLines(text, maxLines) {
		line = strings.TrimRight(line, "\r\n \t")
		if r.html {
			line = markup().ReplaceAllString(line, "")
		}
		line = cut(line, maxLine)
		if r.trim {
			line = strings.TrimLeft(line, " \t")
		}
		r.line(line)
	}
	r.flush()
	return r.document
}

func firstLines(text string, most int) []string {
	lines := strings.SplitN(text, "\n", most+1)
	return lines[:min(len(lines), most)]
}

func (r *reader) flush() {
	if len(r.current) > 0 {
		r.blocks = append(r.blocks, r.current)
	}
	r.current = nil
}

func (r *reader) line(line string) {
	switch {
	case strings.TrimSpace(line) == "":
		r.flush()
	case line[0] == '%' || line[0] == '#':
		r.remark(line)
	case r.list(line):
	case line[0] == ' ' || line[0] == '\t' || line[0] == '+':
		r.continues(line)
	default:
		r.pair(line)
	}
}

func (r *reader) remark(line string) {
	if hint, ok := hintOf(line); ok && len(r.hints) < maxContacts {
		r.hints = append(r.hints, hint)
	}
	if n := len(r.hints); n > 0 && len(r.invalid) < maxInvalid && strings.Contains(strings.ToLower(line), failedCheck) {
		r.invalid = append(r.invalid, strings.ToLower(r.hints[n-1].email))
	}
	if len(r.banner) < 4*maxLine {
		r.banner += strings.ToLower(line) + "\n"
	}
}

func (r *reader) continues(line string) {
	if n := len(r.current); n > 0 && len(r.current[n-1].value) < maxLine {
		r.current[n-1].value = strings.TrimSpace(r.current[n-1].value + " " + strings.TrimSpace(line[1:]))
	}
}

// list reads JPNIC's lists of wider and narrower networks; true when the line is part of one.
func (r *reader) list(line string) bool {
	switch plain := strings.TrimSpace(line); {
	case strings.HasPrefix(plain, "Less Specific Info"), strings.HasPrefix(plain, "上位情報"):
		r.flush()
		r.wider, r.ignored = true, false
		return true
	case strings.HasPrefix(plain, "More Specific Info"), strings.HasPrefix(plain, "下位情報"):
		r.flush()
		r.wider, r.ignored = false, true
		return true
	case r.ignored:
		return true
	case !r.wider:
		return false
	case strings.HasPrefix(plain, "---"), strings.HasPrefix(plain, "No match"), strings.HasPrefix(plain, "該当するデータ"):
		return true
	}
	if m := widerLine().FindStringSubmatch(line); m != nil {
		r.blocks = append(r.blocks, block{{keyParent, m[2]}, {"netname", m[1]}, {"orgname", r.holder}})
		r.holder = ""
		return true
	}
	r.holder = strings.TrimSpace(line)
	return true
}

func (r *reader) pair(line string) {
	if m := bracketLine().FindStringSubmatch(line); m != nil {
		if m[2] == "" && strings.HasPrefix(m[1], " ") {
			r.current = append(r.current, attribute{keySection, strings.TrimSpace(m[1])})
			return
		}
		r.add(m[1], m[2], true)
		return
	}
	if m := listLine().FindStringSubmatch(line); m != nil {
		holder, name := strings.TrimSpace(m[1]), ""
		if i := strings.LastIndexByte(holder, ' '); i > 0 {
			holder, name = strings.TrimSpace(holder[:i]), holder[i+1:]
		}
		r.flush()
		r.blocks = append(r.blocks, block{{"netrange", m[3]}, {"nethandle", m[2]}, {"netname", name}, {"orgname", holder}})
		return
	}
	line = strings.TrimPrefix(strings.TrimPrefix(line, "network:"), "contact:") // RWHOIS: the class of the object
	key, value, ok := strings.Cut(line, ":")
	if !ok || len(key) > 100 {
		// A heading of an indented text has its value on the next line (TWNIC).
		if n := len(r.current); r.trim && n > 0 && r.current[n-1].value == "" {
			r.current[n-1].value = line
		}
		return
	}
	r.add(key, value, false)
}

func (r *reader) add(key, value string, bracket bool) {
	key = strings.ToLower(strings.TrimSpace(key))
	key = strings.TrimSuffix(key, ";i") // RWHOIS marks references so
	value = strings.TrimSpace(value)
	r.twnic = r.twnic || key == keyNetblock
	if known, ok := localKeys()[key]; ok {
		key = known
	} else if bracket && key == "organization" {
		key = "orgname"
	}
	if networkKey(key) && r.current.first("inetnum", "inet6num", "netrange") != "" {
		if sameRange(r.current, value) {
			return // RWHOIS prints the prefix and the range
		}
		r.flush() // a network is always a block of its own
	} else if networkKey(key) && r.current.first("netname", keySection) == "" {
		r.flush()
	}
	r.current = append(r.current, attribute{key, value})
}

func sameRange(b block, value string) bool {
	first, last, ok := rangeOf(b)
	if !ok {
		return false
	}
	from, to, ok := parseRange(value)
	return ok && from == first && to == last
}

func networkKey(key string) bool { return key == "inetnum" || key == "inet6num" || key == "netrange" }

// indented says whether the keys of all networks of a text are indented, as TWNIC prints them.
func indented(text string) bool {
	found := false
	for _, line := range firstLines(text, maxLines) {
		key, _, ok := strings.Cut(line, ":")
		if !ok || len(key) > 40 {
			continue
		}
		plain := strings.ToLower(strings.TrimSpace(key))
		if known, ok := localKeys()[plain]; ok {
			plain = known
		}
		if networkKey(plain) {
			if key[0] != ' ' && key[0] != '\t' {
				return false
			}
			found = true
		}
	}
	return found
}

// hintOf reads "% Abuse contact for '192.0.2.0 - 192.0.2.255' is 'abuse@host.example'".
func hintOf(line string) (abuseHint, bool) {
	line = strings.TrimLeft(line, "%# ")
	const words = "abuse contact for "
	if len(line) < len(words) || !strings.EqualFold(line[:len(words)], words) {
		return abuseHint{}, false
	}
	of, address, found := strings.Cut(line[len(words):], " is ")
	if !found {
		return abuseHint{}, false
	}
	return abuseHint{of: strings.Trim(of, "' "), email: strings.Trim(address, "' .")}, true
}

// rangeOf is the range a block describes, when it describes a network.
func rangeOf(b block) (first, last netip.Addr, ok bool) {
	for _, a := range b {
		if networkKey(a.key) {
			return parseRange(a.value)
		}
	}
	return first, last, false
}

// parseRange reads "a - b" or a prefix. LACNIC cuts trailing zero octets (192.0/16),
// KRNIC adds the prefix in brackets, JPNIC writes no spaces, ARIN's RDAP once padded
// octets with zeros, and RIPE NCC's RDAP once added /32 or /128 to each end.
func parseRange(s string) (first, last netip.Addr, ok bool) {
	if i := strings.IndexByte(s, '('); i > 0 {
		s = s[:i]
	}
	a, b, found := strings.Cut(s, " - ")
	if !found {
		a, b, found = strings.Cut(s, "-")
	}
	if found {
		first, okA := parseEnd(a)
		last, okB := parseEnd(b)
		return first, last, okA && okB && first.BitLen() == last.BitLen() && first.Compare(last) <= 0
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
		if addr, ok := parseEnd(s); ok {
			return addr, addr, true
		}
		return first, last, false
	}
	p = p.Masked()
	return p.Addr(), netipx.PrefixLastIP(p), true
}

// parseEnd reads one end of a range.
func parseEnd(s string) (netip.Addr, bool) {
	s, _, _ = strings.Cut(strings.TrimSpace(s), "/")
	if strings.Count(s, ".") == 3 && !strings.Contains(s, ":") {
		octets := strings.Split(s, ".")
		for i, o := range octets {
			if trimmed := strings.TrimLeft(o, "0"); trimmed != "" && len(o) <= 3 {
				octets[i] = trimmed
			} else if o != "" && len(o) <= 3 {
				octets[i] = "0"
			}
		}
		s = strings.Join(octets, ".")
	}
	addr, err := netip.ParseAddr(s)
	if err != nil {
		return netip.Addr{}, false
	}
	return addr.Unmap().WithZone(""), true
}
