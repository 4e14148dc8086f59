package geolocate

import (
	"errors"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"vigil/casefile"
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
