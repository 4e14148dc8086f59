package registry

import (
	"strings"
)

// Bounds of a WHOIS answer about a domain: foreign input.
const (
	maxAnswerLines = 3000
	maxValue       = 500 // bytes of one value
	maxLabel       = 80  // bytes of a label
)

// part is what a paragraph or block of an answer is about.
type part string

// Parts.
const (
	partDomain     part = "" // the domain itself
	partName       part = "name"
	partRegistrar  part = "registrar"
	partContact    part = "contact" // a person or organisation other than the registrar: nothing of it is read
	partAbuse      part = "abuse"
	partNameserver part = "nameserver"
	partStatus     part = "status"
)

// entry is one value of an answer. A line of a block without a label of its own has
// the empty label.
type entry struct {
	part  part
	label string // folded
	value string
}

// lineReader turns the lines of a WHOIS answer into entries. It knows the four ways in
// which registries arrange them: "label: value" (with points or blanks before the
// colon), "[label] value" (JPRS, MYNIC), a heading with indented lines below it
// (the registries of .uk and .nl), and paragraphs of an object each (RPSL).
type lineReader struct {
	out       []entry
	part      part
	indent    int  // of the heading of the part
	deeper    bool // a line of the part was indented deeper than its heading
	filled    bool // the part has a line
	paragraph bool // the next line starts a paragraph
	registrar bool // a registrar was seen in the part of the domain
	below     []string
}

// readLines reads at most maxAnswerLines lines.
func readLines(text string) []entry {
	r := lineReader{paragraph: true}
	lines := firstLines(text, maxAnswerLines)
	for i, line := range lines {
		r.below = lines[i+1:]
		r.line(line)
	}
	return r.out
}

func (r *lineReader) line(line string) {
	s := strings.TrimSpace(line)
	indent := len(line) - len(strings.TrimLeft(line, " \t"))
	if heading, ok := strings.CutPrefix(s, "** "); ok { // TRABIS
		r.leave()
		s, indent = heading, 0
	}
	switch {
	case s == "" || s == "%" || s == "#":
		if r.filled {
			r.leave()
		}
		r.paragraph = true
		return
	case s[0] == '%' || s[0] == '#' || strings.HasPrefix(s, ">>>") || strings.Trim(s, "-=*_") == "":
		return
	}
	defer func() { r.paragraph = false }()
	if r.bracketed(s, indent) {
		return
	}
	if r.part != partDomain && r.deeper && indent <= r.indent {
		r.leave()
	}
	if r.sentence(s) {
		return
	}
	label, value, ok := strings.Cut(s, ":")
	if !ok || len(label) > maxLabel || r.part == partNameserver && startsWithHost(s) || strings.HasPrefix(value, "//") {
		r.unlabelled(s, indent)
		return
	}
	r.labelled(label, clip(value), indent)
}

// bracketed reads "[label] value", also with a letter before it, and "[part]".
func (r *lineReader) bracketed(s string, indent int) bool {
	open := strings.IndexByte(s, '[')
	end := strings.IndexByte(s, ']')
	if open < 0 || open > 3 || end < open || end-open > maxLabel || open > 0 && strings.Trim(s[:open], "abcdefghijklmnopqrstuvwxyz. ") != "" {
		return false
	}
	label, value := foldLabel(s[open+1:end]), clip(s[end+1:])
	r.leave()
	if p, known := partOf(label); known {
		r.enter(p, indent)
	}
	if value != "" && !strings.HasSuffix(label, "ary name server") { // MYNIC writes a handle there, and the host below it
		r.add(entry{partDomain, label, value})
		r.filled = true
	}
	return true
}

func (r *lineReader) labelled(label, value string, indent int) {
	folded := knownLabel(label)
	if value == "" {
		p, known := partOf(folded)
		if !known && r.part != partDomain && r.filled || known && !r.heads(p, indent) {
			return // an empty field
		}
		r.enter(p, indent)
		return
	}
	if r.paragraph && r.part == partDomain {
		switch {
		case opensContact(folded):
			r.enter(partContact, indent)
		case folded == "registrar" && r.registrar: // a second paragraph about the registrar of the domain
			r.enter(partRegistrar, indent)
		case folded == "registrar":
			r.add(entry{partDomain, folded, value})
			r.enter(partRegistrar, indent)
			r.filled, r.registrar = true, true
			return
		}
	}
	if folded == "registrar" && r.part == partDomain {
		r.registrar = true
	}
	if r.part != partDomain {
		r.filled = true
		r.deeper = r.deeper || indent > r.indent
	}
	r.add(entry{r.part, folded, value})
}

// heads says whether a label without a value is a heading, and not an empty field: when
// the next line is indented deeper, has no label, or one of a kind that stands in blocks only.
// Below a heading of name servers there may be an empty line (HKIRC).
func (r *lineReader) heads(p part, indent int) bool {
	for i, line := range r.below {
		s := strings.TrimSpace(line)
		if s == "" && i == 0 && (p == partNameserver || p == partContact) {
			continue
		}
		if s == "" || i > 1 {
			return false
		}
		if len(line)-len(strings.TrimLeft(line, " \t")) > indent {
			return true
		}
		label, _, labelled := strings.Cut(s, ":")
		if !labelled {
			return true
		}
		folded := knownLabel(label)
		if p == partRegistrar || p == partName {
			return labelFields()[folded] == "" && !strings.HasPrefix(folded, "regist") || folded == "status"
		}
		_, opens := partOf(folded)
		return i == 0 && labelFields()[folded] == "" && !opens && !strings.HasPrefix(folded, "regist")
	}
	return false
}

// sentence reads a line that begins with a label, as TWNIC and MONIC write it.
func (r *lineReader) sentence(s string) bool {
	for _, opening := range []string{"record created on ", "record expires on ", "record last updated on "} {
		if len(s) > len(opening) && strings.EqualFold(s[:len(opening)], opening) {
			r.add(entry{partDomain, strings.TrimSpace(opening), clip(s[len(opening):])})
			return true
		}
	}
	return false
}

// unlabelled reads a line without a colon: a heading, label and value with a tab, or a
// line of a block.
func (r *lineReader) unlabelled(s string, indent int) {
	if label, value, ok := strings.Cut(s, "\t"); ok && labelFields()[foldLabel(label)] != "" && strings.TrimSpace(value) != "" {
		r.labelled(label, clip(value), indent)
		return
	}
	p, known := partOf(foldLabel(s))
	if known && len(s) <= maxLabel && p != partStatus && p != partName && (r.part == partDomain || indent <= r.indent) {
		r.leave()
		r.enter(p, indent)
		return
	}
	if r.part == partDomain {
		r.more(s, indent)
		return
	}
	r.filled = true
	r.deeper = r.deeper || indent > r.indent
	r.add(entry{r.part, "", clip(s)})
}

// more takes an indented line below a state (KazNIC) or a name server (NASK) for another one.
func (r *lineReader) more(s string, indent int) {
	if n := len(r.out); n > 0 && indent > 0 && !r.paragraph {
		if kind := labelFields()[r.out[n-1].label]; kind == "status" || kind == "nameserver" {
			r.add(entry{partDomain, r.out[n-1].label, clip(s)})
		}
	}
}

func (r *lineReader) add(e entry) { r.out = append(r.out, e) }

func (r *lineReader) enter(p part, indent int) {
	r.part, r.indent, r.deeper, r.filled = p, indent, false, false
}

func (r *lineReader) leave() { r.enter(partDomain, 0) }

// knownLabel folds a label. Of a bilingual one ("Estado / Status") it is the half that is known.
func knownLabel(label string) string {
	folded := foldLabel(label)
	if labelFields()[folded] != "" || !strings.Contains(label, "/") {
		return folded
	}
	for half := range strings.SplitSeq(label, "/") {
		if f := foldLabel(half); labelFields()[f] != "" {
			return f
		}
	}
	return folded
}

// partOf says what a heading opens.
func partOf(folded string) (p part, known bool) {
	switch {
	case folded == "" || len(folded) > maxLabel:
		return partDomain, false
	case strings.Contains(folded, "abuse") && strings.Contains(folded, "contact"):
		return partAbuse, true
	case isOne(folded, "registrar"):
		return partRegistrar, true
	case isServers(folded):
		return partNameserver, true
	case labelFields()[folded] == "name":
		return partName, true
	case labelFields()[folded] == "status":
		return partStatus, true
	case folded == "whois" || folded == "whois server": // about the answer, not about the domain
		return partContact, true
	case strings.Count(folded, " ") > 4: // a sentence
		return partDomain, false
	}
	for _, word := range phrases()["contact word"] {
		plural := strings.HasPrefix(folded, word+"s ") || strings.HasSuffix(folded, " "+word+"s")
		if plural || strings.Contains(" "+folded+" ", " "+word+" ") {
			return partContact, true
		}
	}
	return partDomain, false
}

// isServers recognises headings above lists of name servers.
func isServers(folded string) bool {
	return isOne(folded, "servers") || labelFields()[folded] == "nameserver"
}

// opensContact recognises the first line of a paragraph about a person or an organisation.
func opensContact(folded string) bool {
	return isOne(folded, "contact")
}

// startsWithHost recognises a host before an address of IPv6, whose colons are no label's.
func startsWithHost(s string) bool {
	word, _, more := strings.Cut(s, " ")
	return more && !strings.HasSuffix(word, ":") && strings.Contains(strings.Trim(word, "."), ".") && asciiName(word) != ""
}

// clip bounds a value.
func clip(s string) string {
	s = strings.TrimSpace(s)
	if strings.HasPrefix(s, "..") { // ATI writes its points behind the colon
		s = strings.TrimLeft(s, ". ")
	}
	return cut(s, maxValue)
}
