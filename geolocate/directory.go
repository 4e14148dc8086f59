package geolocate

import (
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/language"

	"vigil/casefile"
	"vigil/internal/email"
	"vigil/internal/operatorcsv"
)

// Directory is the operator's own directory of providers: whom to tell before anybody
// else, by network, AS, name, edge, platform or registrar (docs/notices.md, "The
// directory of providers"). It does not change after it was read, and is safe for
// concurrent use. A nil Directory has no rows.
type Directory struct {
	rows     []casefile.Contact
	prefixes map[netip.Prefix][]int // indices of rows, in the order of the file
	asns     map[uint32][]int
	names    map[string][]int // kind and folded name, or for registrars their number at IANA
}

// Kinds of matches that go by a name.
const (
	matchProvider  = "provider"
	matchEdge      = "edge"
	matchPlatform  = "platform"
	matchRegistrar = "registrar"
)

// Len is how many rows the directory has.
func (d *Directory) Len() int {
	if d == nil {
		return 0
	}
	return len(d.rows)
}

// Approved is how many rows are approved: mail may go to them without a person in between.
func (d *Directory) Approved() int {
	n := 0
	for i := range d.Len() {
		if d.rows[i].Approved {
			n++
		}
	}
	return n
}

// Match is what the directory says about the facts, in the order of use: for the edge
// its name; for the host the platform's name; then for each address, those of recorded
// origins first, the rows of the longest prefix that holds it, else of an AS that
// announces it, else of the provider's name. A row about a network counts for the party
// it names only: a row of a host never for the addresses of an edge. Last the
// registrar, by its number at IANA, else by its name. Pure.
func (d *Directory) Match(f Facts) []casefile.Contact {
	if d == nil || len(d.rows) == 0 {
		return nil
	}
	var out []casefile.Contact
	add := func(indices []int) {
		for _, i := range indices {
			c := d.rows[i]
			if !slices.ContainsFunc(out, func(o casefile.Contact) bool { return o.Party == c.Party && sameRecipient(o, c) }) {
				out = append(out, c)
			}
		}
	}
	if f.Edge != nil {
		add(d.names[nameKey(matchEdge, f.Edge.Name)])
	}
	if f.Platform != nil {
		add(d.names[nameKey(matchPlatform, f.Platform.Name)])
	}
	origins := originsOf(f)
	for _, addr := range append(slices.Clone(origins), sorted(f.Addresses)...) {
		add(d.ofNetwork(addr, partyOf(f, origins, addr), f.Claims))
	}
	if r := f.Registrar; r != nil {
		rows := d.names[nameKey(matchRegistrar, strconv.Itoa(r.IANAID))]
		if r.IANAID == 0 || len(rows) == 0 {
			rows = d.names[nameKey(matchRegistrar, r.Name)]
		}
		add(rows)
	}
	return out
}

// ofNetwork are the rows about an address for one party: of the longest prefix, else of
// an AS, else of a provider's name.
func (d *Directory) ofNetwork(addr netip.Addr, party casefile.Party, claims []casefile.Claim) []int {
	mine := func(indices []int) []int {
		var out []int
		for _, i := range indices {
			if d.rows[i].Party == party {
				out = append(out, i)
			}
		}
		return out
	}
	for bits := addr.BitLen(); bits >= 0 && len(d.prefixes) > 0; bits-- {
		prefix, err := addr.Prefix(bits)
		if err != nil {
			break
		}
		if rows := mine(d.prefixes[prefix]); len(rows) > 0 {
			return rows
		}
	}
	p := providerOf(addr, claims)
	for _, asn := range asnsOf(addr, claims) {
		if rows := mine(d.asns[asn]); len(rows) > 0 {
			return rows
		}
	}
	for _, name := range []string{p.organisation, p.holder, p.name} {
		if rows := mine(d.names[nameKey(matchProvider, name)]); name != "" && len(rows) > 0 {
			return rows
		}
	}
	return nil
}

// asnsOf are the AS numbers that claims name for an address, in their order.
func asnsOf(addr netip.Addr, claims []casefile.Claim) []uint32 {
	var out []uint32
	for _, c := range claims {
		if c.Address != addr || c.Fact != casefile.FactASN {
			continue
		}
		if n, err := parseASN(c.Value); err == nil && !slices.Contains(out, n) {
			out = append(out, n)
		}
	}
	return out
}

// parseASN reads "AS64500" or "64500".
func parseASN(s string) (uint32, error) {
	if len(s) > 2 && strings.EqualFold(s[:2], "AS") {
		s = s[2:]
	}
	n, err := strconv.ParseUint(s, 10, 32)
	if err == nil && n == 0 {
		err = errors.New("AS 0 is nobody's (RFC 7607)")
	}
	return uint32(n), err
}

// nameKey is the key of a name: case and runs of space do not count, all else does.
func nameKey(kind, name string) string {
	return kind + ":" + strings.ToLower(strings.Join(strings.Fields(name), " "))
}

// add takes a row into the directory under what it matches.
func (d *Directory) add(c casefile.Contact, m match) {
	i := len(d.rows)
	d.rows = append(d.rows, c)
	switch {
	case m.prefix.IsValid():
		d.prefixes[m.prefix] = append(d.prefixes[m.prefix], i)
	case m.asn != 0:
		d.asns[m.asn] = append(d.asns[m.asn], i)
	default:
		d.names[m.name] = append(d.names[m.name], i)
	}
}

// Bounds of single fields, in bytes.
const (
	maxNote     = 500
	maxApproval = 100
)

// directoryForm is the form of the file (docs/notices.md).
var directoryForm = operatorcsv.Schema{
	What: "provider directory", Key: "geolocate.contacts",
	Columns:  []string{"match", "party", "name", "email", "form", "language", "approved", "note"},
	Required: []string{"match"}, OneOf: []string{"email", "form"},
}

// LoadDirectory reads a directory file. The error, a *operatorcsv.Error when its lines are at fault, says
// what to do.
func LoadDirectory(path string) (*Directory, error) {
	return readDirectory(func(each func(operatorcsv.Row)) error { return operatorcsv.Load(path, directoryForm, each) })
}

func readDirectory(read func(each func(operatorcsv.Row)) error) (*Directory, error) {
	d := &Directory{prefixes: map[netip.Prefix][]int{}, asns: map[uint32][]int{}, names: map[string][]int{}}
	seen := map[string]int{} // match, party and recipient -> line
	err := read(func(row operatorcsv.Row) {
		c, m := readRow(row)
		if !row.Sound() {
			return
		}
		for _, recipient := range []string{strings.ToLower(c.Email), c.Form} {
			if recipient == "" {
				continue
			}
			key := cmp.Or(m.name, m.shown) + "\x00" + string(c.Party) + "\x00" + recipient
			if first, twice := seen[key]; twice {
				row.Fault("the same match has the same address in line %d already; remove one", first)
				return
			}
			seen[key] = row.Line
		}
		d.add(c, m)
	})
	if err != nil {
		return nil, err
	}
	return d, nil
}

// readRow makes a contact of a row, and reports each fault of it.
func readRow(row operatorcsv.Row) (casefile.Contact, match) {
	m, err := parseMatch(row.Get("match"))
	if err != nil {
		row.Fault("%v", err)
	}
	c := casefile.Contact{Name: cmp.Or(row.OneLine("name", maxValue), m.shown), Role: roleAbuse, Source: sourceDirectory}
	c.Party = readParty(row, m)
	row.OneLine("note", maxNote)
	if raw := row.Get("email"); raw != "" {
		var problem email.Problem
		if c.Email, problem = email.Parse(raw); problem != "" {
			row.Fault("email %.80q cannot be used: %s", raw, problem.Words())
		}
	}
	if raw := row.Get("form"); raw != "" {
		if c.Form = email.FormIn(raw); c.Form == "" {
			row.Fault("form is not an http or https address of at most %d bytes", email.MaxForm)
		}
	}
	if row.Get("email") == "" && row.Get("form") == "" {
		row.Fault("there is neither an email nor a form; give one of them")
	}
	if c.Language = strings.ToLower(row.Get("language")); c.Language != "" {
		if base, err := language.ParseBase(c.Language); err != nil || base.String() != c.Language || len(c.Language) != 2 {
			row.Fault("language %.20q is no code of ISO 639-1: two letters, for example nl", row.Get("language"))
		}
	}
	approved, when, err := readApproval(row.Get("approved"))
	if err != nil {
		row.Fault("%v", err)
	}
	c.Approved, c.Why = approved, "your directory, row "+m.shown+"; approved"+when
	if !c.Approved {
		c.Why = "your directory, row " + m.shown + "; not approved: a person should check"
	}
	return c, m
}

// readParty is the party of a row: given, or what its match is about.
func readParty(row operatorcsv.Row, m match) casefile.Party {
	raw := row.Get("party")
	party := casefile.Party(strings.ToLower(raw))
	switch {
	case raw == "":
		return m.party
	case party != casefile.PartyHost && party != casefile.PartyEdge && party != casefile.PartyRegistrar:
		row.Fault("party %.20q is unknown; use host, edge or registrar", raw)
	case m.party == "": // the match is faulty already
	case m.fixed && party != m.party:
		row.Fault("%s is about the %s, not the %s; correct the column party or leave it empty", m.shown, m.party, party)
	case !m.fixed && party == casefile.PartyRegistrar:
		row.Fault("%s is a network; its party is host or edge", m.shown)
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
	case !operatorcsv.OneLine(raw, maxApproval):
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

// The widest prefixes that a row may name: whoever holds more of the address space is a registry.
const (
	widestIPv4 = 8
	widestIPv6 = 16
)

// partyOfKind is the party that a kind of match by name is about.
var partyOfKind = map[string]casefile.Party{
	matchProvider: casefile.PartyHost, matchPlatform: casefile.PartyHost, matchEdge: casefile.PartyEdge,
	matchRegistrar: casefile.PartyRegistrar,
}

// parseMatch reads the column match.
func parseMatch(raw string) (match, error) {
	kind, rest, named := strings.Cut(raw, ":")
	kind, rest = strings.ToLower(strings.TrimSpace(kind)), strings.TrimSpace(rest)
	if named {
		m := match{
			name: nameKey(kind, rest), shown: kind + ":" + strings.Join(strings.Fields(rest), " "),
			party: partyOfKind[kind], fixed: kind != matchProvider,
		}
		switch {
		case m.party != "" && (rest == "" || !operatorcsv.OneLine(rest, maxValue)):
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
