package geolocate

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"vigil/casefile"
)

// Bounds of a directory file, in bytes and rows, and of the faults that are listed.
const (
	maxDirectory     = 1 << 20
	maxDirectoryRows = 20_000
	maxFaults        = 100
	maxNote          = 500
	maxApproval      = 100
)

var (
	directoryColumns = []string{"match", "party", "name", "email", "form", "language", "approved", "note"}
	requiredColumns  = []string{"match"}
)

// RowFault is what is wrong with one line of a directory file, and what to do.
type RowFault struct {
	Line int // from 1; the header is line 1
	Text string
}

// DirectoryError lists everything that is wrong with a directory file, in the order of
// its lines.
type DirectoryError struct {
	Name   string
	Faults []RowFault
	More   int // faults beyond the first hundred
}

// Error lists the faults, one a line.
func (e *DirectoryError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "provider directory %s: %d faults", e.Name, len(e.Faults)+e.More)
	for _, f := range e.Faults {
		fmt.Fprintf(&b, "\n  line %d: %s", f.Line, f.Text)
	}
	if e.More > 0 {
		fmt.Fprintf(&b, "\n  and %d more", e.More)
	}
	return b.String()
}

func (e *DirectoryError) add(line int, format string, args ...any) {
	if len(e.Faults) == maxFaults {
		e.More++
		return
	}
	e.Faults = append(e.Faults, RowFault{Line: line, Text: fmt.Sprintf(format, args...)})
}

func (e *DirectoryError) count() int { return len(e.Faults) + e.More }

// ReadDirectory reads a CSV with a header line: UTF-8, at most 1 MiB and 20,000 rows.
// Columns are found by name (docs/notices.md); name is what errors call the file. All
// faults are reported at once, as a *DirectoryError; with a fault nothing is loaded.
func ReadDirectory(r io.Reader, name string) (*Directory, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxDirectory+1))
	if err != nil {
		return nil, fmt.Errorf("read provider directory %s: %w", name, err)
	}
	if len(text) > maxDirectory {
		return nil, fmt.Errorf("provider directory %s: it is larger than 1 MiB; is it the right file?", name)
	}
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	faults := &DirectoryError{Name: name}
	for i, line := range bytes.Split(text, []byte("\n")) {
		if !utf8.Valid(line) || bytes.IndexByte(line, 0) >= 0 {
			faults.add(i+1, "it is not UTF-8 text; save the file as CSV UTF-8")
		}
	}
	if faults.count() > 0 {
		return nil, faults
	}
	rows := csv.NewReader(bytes.NewReader(text))
	rows.FieldsPerRecord = -1
	columns := readDirectoryHeader(rows, faults)
	if faults.count() > 0 {
		return nil, faults
	}
	d := &Directory{prefixes: map[netip.Prefix][]int{}, asns: map[uint32][]int{}, names: map[string][]int{}}
	d.read(rows, columns, faults)
	if faults.count() > 0 {
		return nil, faults
	}
	return d, nil
}

// readDirectoryHeader returns the column names in their order.
func readDirectoryHeader(rows *csv.Reader, faults *DirectoryError) []string {
	header, err := rows.Read()
	if err != nil {
		faults.add(1, "there is no header line; write %s", strings.Join(directoryColumns, ","))
		return nil
	}
	for i, column := range header {
		column = strings.ToLower(strings.TrimSpace(column))
		switch {
		case !slices.Contains(directoryColumns, column):
			faults.add(1, "column %.40q is unknown; known are %s", column, strings.Join(directoryColumns, ", "))
		case slices.Contains(header[:i], column):
			faults.add(1, "column %q is there twice; remove one", column)
		}
		header[i] = column
	}
	for _, column := range requiredColumns {
		if !slices.Contains(header, column) {
			faults.add(1, "column %q is missing; add it", column)
		}
	}
	if !slices.Contains(header, "email") && !slices.Contains(header, "form") {
		faults.add(1, "there is neither a column email nor a column form; add one")
	}
	return header
}

func (d *Directory) read(rows *csv.Reader, columns []string, faults *DirectoryError) {
	seen := map[string]int{} // match, party and recipient -> line
	for n := 0; ; n++ {
		fields, err := rows.Read()
		if errors.Is(err, io.EOF) {
			return
		}
		if bad, ok := errors.AsType[*csv.ParseError](err); ok {
			faults.add(bad.StartLine, "it is not CSV: %v; look for a quote that is not closed", bad.Err)
			continue
		}
		if err != nil { // cannot be: the text is in memory
			faults.add(0, "%v", err)
			return
		}
		line, _ := rows.FieldPos(0)
		if n == maxDirectoryRows {
			faults.add(line, "there are more than %d rows; is it the right file?", maxDirectoryRows)
			return
		}
		if len(fields) != len(columns) {
			faults.add(line, "it has %d fields, the header has %d; add or remove commas", len(fields), len(columns))
			continue
		}
		values := map[string]string{}
		for i, column := range columns {
			values[column] = strings.TrimSpace(fields[i])
		}
		before := faults.count()
		c, m := readRow(values, func(format string, args ...any) { faults.add(line, format, args...) })
		if faults.count() > before {
			continue
		}
		for _, recipient := range []string{strings.ToLower(c.Email), c.Form} {
			if recipient == "" {
				continue
			}
			key := m.key() + "\x00" + string(c.Party) + "\x00" + recipient
			if first, twice := seen[key]; twice {
				faults.add(line, "the same match has the same address in line %d already; remove one", first)
				break
			}
			seen[key] = line
		}
		if faults.count() == before {
			d.add(c, m)
		}
	}
}

// readRow makes a contact of a row, and reports each fault of it.
func readRow(values map[string]string, fault func(format string, args ...any)) (casefile.Contact, match) {
	m, err := parseMatch(values["match"])
	if err != nil {
		fault("%v", err)
	}
	c := casefile.Contact{Name: values["name"], Role: roleAbuse, Source: sourceDirectory}
	c.Party = readParty(values["party"], m, fault)
	if c.Name == "" {
		c.Name = m.shown
	}
	if !oneLine(c.Name, maxValue) {
		fault("name must be one printable line of at most %d bytes", maxValue)
	}
	if !oneLine(values["note"], maxNote) {
		fault("note must be one printable line of at most %d bytes", maxNote)
	}
	if raw := values["email"]; raw != "" {
		email, problem := judgeAddress(raw)
		if problem != "" {
			fault("email %.80q cannot be used: %s", raw, problem.words())
		}
		c.Email = email
	}
	if raw := values["form"]; raw != "" {
		if c.Form = formIn(raw); c.Form == "" {
			fault("form is not an http or https address of at most %d bytes", maxForm)
		}
	}
	if values["email"] == "" && values["form"] == "" {
		fault("there is neither an email nor a form; give one of them")
	}
	c.Language = strings.ToLower(values["language"])
	if c.Language != "" && !isLanguage(c.Language) {
		fault("language %.20q is no code of ISO 639-1: two letters, for example nl", values["language"])
	}
	approved, when, err := readApproval(values["approved"])
	if err != nil {
		fault("%v", err)
	}
	c.Approved, c.Why = approved, "your directory, row "+m.shown+"; approved"+when
	if !c.Approved {
		c.Why = "your directory, row " + m.shown + "; not approved: a person should check"
	}
	return c, m
}

// readParty is the party of a row: given, or what its match is about.
func readParty(raw string, m match, fault func(format string, args ...any)) casefile.Party {
	party := casefile.Party(strings.ToLower(raw))
	switch {
	case raw == "":
		return m.party
	case party != casefile.PartyHost && party != casefile.PartyEdge && party != casefile.PartyRegistrar:
		fault("party %.20q is unknown; use host, edge or registrar", raw)
	case m.party == "": // the match is faulty already
	case m.fixed && party != m.party:
		fault("%s is about the %s, not the %s; correct the column party or leave it empty", m.shown, m.party, party)
	case !m.fixed && party == casefile.PartyRegistrar:
		fault("%s is a network; its party is host or edge", m.shown)
	}
	return party
}

// readApproval reads who approved a row and when: yes or a date, and words after it.
func readApproval(raw string) (approved bool, when string, err error) {
	lower := strings.ToLower(raw)
	if lower == "" || lower == "no" {
		return false, "", nil
	}
	first, _, _ := strings.Cut(lower, " ")
	_, notDate := time.Parse(time.DateOnly, first)
	switch {
	case !oneLine(raw, maxApproval):
		return false, "", fmt.Errorf("approved must be one printable line of at most %d bytes", maxApproval)
	case lower == "yes":
		return true, "", nil
	case first == "yes":
		return true, " " + strings.TrimSpace(raw[len(first):]), nil
	case notDate == nil:
		return true, " " + raw, nil
	}
	return false, "", fmt.Errorf("approved %.40q must be yes, a date such as 2026-11-02, no or empty; who approved may stand after it", raw)
}

// match is what a row is about.
type match struct {
	prefix netip.Prefix
	asn    uint32
	name   string // nameKey
	shown  string // as people write it
	party  casefile.Party
	fixed  bool // the party follows from the match
}

// key tells matches apart.
func (m match) key() string {
	if m.name != "" {
		return m.name
	}
	return m.shown
}

// The widest prefixes that a row may name: whoever holds more of the address space is a registry.
const (
	widestIPv4 = 8
	widestIPv6 = 16
)

// parseMatch reads the column match.
func parseMatch(raw string) (match, error) {
	kind, rest, named := strings.Cut(raw, ":")
	kind, rest = strings.ToLower(strings.TrimSpace(kind)), strings.TrimSpace(rest)
	if named {
		m := match{name: nameKey(kind, rest), shown: kind + ":" + strings.Join(strings.Fields(rest), " ")}
		switch kind {
		case matchProvider:
			m.party = casefile.PartyHost
		case matchEdge:
			m.party, m.fixed = casefile.PartyEdge, true
		case matchPlatform:
			m.party, m.fixed = casefile.PartyHost, true
		case matchRegistrar:
			m.party, m.fixed = casefile.PartyRegistrar, true
		}
		switch {
		case m.party != "" && (rest == "" || !oneLine(rest, maxValue)):
			return match{}, fmt.Errorf("match %.40q must name one after the colon, in one printable line of at most %d bytes", raw, maxValue)
		case m.party != "":
			return m, nil
		}
	}
	lower := strings.ToLower(raw)
	if after, found := strings.CutPrefix(lower, "prefix"); found {
		lower = strings.TrimLeft(after, ": ")
	}
	if strings.Contains(lower, "/") {
		return prefixMatch(lower)
	}
	if strings.HasPrefix(lower, "as") {
		if asn, err := parseASN(lower); err == nil {
			return match{asn: asn, shown: fmt.Sprintf("AS%d", asn), party: casefile.PartyHost}, nil
		}
	}
	if addr, err := netip.ParseAddr(lower); err == nil {
		return match{}, fmt.Errorf("match %.60q is one address; write %s/%d", raw, addr, addr.BitLen())
	}
	return match{}, fmt.Errorf("match %.60q is none of AS64500, 192.0.2.0/24, edge:NAME, platform:NAME, registrar:NAME or provider:NAME", raw)
}

func prefixMatch(s string) (match, error) {
	p, err := netip.ParsePrefix(s)
	switch {
	case err != nil:
		return match{}, fmt.Errorf("match %.60q is no prefix such as 192.0.2.0/24 or 2001:db8::/32", s)
	case p.Addr().Is4In6():
		return match{}, fmt.Errorf("match %.60q is an IPv4 prefix inside IPv6; write it as IPv4", s)
	case p != p.Masked():
		return match{}, fmt.Errorf("match %.60q has bits after its length; write %s", s, p.Masked())
	case p.Addr().Is4() && p.Bits() < widestIPv4, p.Addr().Is6() && p.Bits() < widestIPv6:
		return match{}, fmt.Errorf("match %.60q is wider than any provider; the widest are /%d (IPv4) and /%d (IPv6)", s, widestIPv4, widestIPv6)
	}
	return match{prefix: p, shown: p.String(), party: casefile.PartyHost}, nil
}

// oneLine says whether s is valid UTF-8 without control characters, at most limit bytes long.
func oneLine(s string, limit int) bool {
	return len(s) <= limit && utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsGraphic(r) })
}

// languageCodes are the codes of ISO 639-1 (183, as of November 2026), each with a
// space before and after it.
const languageCodes = " aa ab ae af ak am an ar as av ay az ba be bg bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el en eo es et eu fa ff fi fj fo fr fy" +
	" ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu ja jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv" +
	" mg mh mi mk ml mn mr ms mt my na nb nd ne ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr ss st su sv sw" +
	" ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu "

func isLanguage(code string) bool {
	return len(code) == 2 && !strings.Contains(code, " ") && strings.Contains(languageCodes, " "+code+" ")
}
