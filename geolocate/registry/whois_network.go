package registry

import (
	"cmp"
	"context"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// maxParents bounds the wider networks that are kept of an answer.
const maxParents = 8

// whoisNetwork asks WHOIS for the network of an address. The answer of the last server
// counts, because referrals go from the wide to the narrow; what it leaves open is
// taken from the answers before it.
func (r *Registry) whoisNetwork(ctx context.Context, addr netip.Addr) (Network, Problem) {
	texts, problem := r.whoisAnswers(ctx, func(server string) string { return networkQuestion(server, addr) })
	other := false
	var n Network
	known := false
	for i := len(texts) - 1; i >= 0; i-- {
		wider, p := parseNetwork(texts[i], addr)
		switch {
		case p != "":
			other = other || p == ProblemOtherObject
		case !known:
			n, known = wider, true
		default:
			n = filled(n, wider)
		}
	}
	switch {
	case known:
		return n, ""
	case problem != "":
		return Network{}, problem
	case other:
		return Network{}, ProblemOtherObject
	}
	return Network{}, ProblemNotFound
}

// filled adds to an answer what another registry says about the same address.
func filled(n, wider Network) Network {
	n.Country, n.RIR, n.ASN = cmp.Or(n.Country, wider.Country), cmp.Or(n.RIR, wider.RIR), cmp.Or(n.ASN, wider.ASN)
	if n.First == wider.First && n.Last == wider.Last {
		n.Organisation = cmp.Or(n.Organisation, wider.Organisation)
	}
	if len(n.Contacts) == 0 || n.Contacts[0].Role != RoleAbuse {
		n.Contacts = tidyContacts(append(n.Contacts, wider.Contacts...))
	}
	return n
}

// parseNetwork reads what registries answer on port 43 for an address: RIPE NCC, APNIC,
// AFRINIC and the national registries of the APNIC region (RPSL, RFC 2622), ARIN,
// LACNIC, NIC.br, NIC Mexico, JPNIC, KRNIC and TWNIC in their own forms, English and
// local. Of all networks in the text the narrowest that holds the address counts. The
// problem is not_found when there is none, or only one that is held by nobody or by
// another registry, and other_object when the first is about other addresses. It never
// panics, whatever the text is.
func parseNetwork(text string, addr netip.Addr) (Network, Problem) {
	doc := parseText(text)
	around := enclosing(doc.blocks, addr)
	if len(around) == 0 {
		for _, b := range doc.blocks {
			if first, last, ok := rangeOf(b); ok && !(Network{First: first, Last: last}).covers(addr) {
				return Network{}, ProblemOtherObject
			} else if ok {
				break
			}
		}
		return Network{}, ProblemNotFound
	}
	at := around[0]
	section, network := sectionOf(doc.blocks, at), doc.blocks[at]
	related := referenced(section, doc.blocks)
	n := networkIn(network)
	n.Organisation = holderOf(section, doc.blocks)
	n.RIR = rirOf(related, doc)
	if n.Country = countryCode(network.first("country")); !ofOneCountry(n.Country) {
		n.Country = cmp.Or(holderCountry(related, doc), n.Country)
	}
	n.ASN = originOf(network, doc.blocks, n)
	invalid := invalidOf(doc)
	n.Contacts = demoted(contactsOf(related, hintsFor(doc.hints, n)), invalid)
	if len(n.Contacts) == 0 || n.Contacts[0].Role != RoleAbuse {
		n.Contacts = demoted(append(n.Contacts, widerContacts(doc, around[1:])...), invalid)
	}
	n.Parents = parentsOf(doc.blocks, network, around[1:], n)
	return n, ""
}

// networkIn is what the block of a network says alone.
func networkIn(b block) Network {
	var n Network
	n.First, n.Last, _ = rangeOf(b)
	handle := b.first("nethandle", "inetnum", "inet6num")
	if i := strings.IndexByte(handle, '('); i > 0 { // KRNIC: "192.0.2.0 - 192.0.2.255 (/24)"
		handle = handle[:i]
	}
	n.Handle = tidy(handle)
	n.Name = plainName(b.first("netname", "ownerid"))
	if !strings.ContainsFunc(n.Name, unicode.IsLetter) {
		n.Name = "" // NIC.br identifies holders by their tax number, which names nothing
	}
	return n
}

// enclosing are the blocks of networks that hold the address, the narrowest first. Of
// two with the same range the inner one comes first: the one whose parent is the other,
// else the later, because registries print from the wide to the narrow and KRNIC the
// Korean words before the English ones.
func enclosing(blocks []block, addr netip.Addr) []int {
	var at []int
	for i, b := range blocks {
		first, last, ok := rangeOf(b)
		if ok && (Network{First: first, Last: last}).covers(addr) && !unheldBlock(b) && len(at) < 64 {
			at = append(at, i)
		}
	}
	slices.SortStableFunc(at, func(i, j int) int {
		a, b := networkIn(blocks[i]), networkIn(blocks[j])
		switch {
		case a.First == b.First && a.Last == b.Last:
			if handle := blocks[j].first("nethandle"); handle != "" && strings.Contains(blocks[i].first("parent"), "("+handle+")") {
				return -1
			}
			if handle := blocks[i].first("nethandle"); handle != "" && strings.Contains(blocks[j].first("parent"), "("+handle+")") {
				return 1
			}
			return j - i
		case a.First.Compare(b.First) >= 0 && a.Last.Compare(b.Last) <= 0:
			return -1
		case b.First.Compare(a.First) >= 0 && b.Last.Compare(a.Last) <= 0:
			return 1
		}
		return b.First.Compare(a.First) // they overlap: the one that begins later
	})
	return at
}

// sectionOf is a network and what follows it, up to the next one.
func sectionOf(blocks []block, at int) []block {
	end := at + 1
	for end < len(blocks) {
		if _, _, ok := rangeOf(blocks[end]); ok || blocks[end].first(keyParent) != "" {
			break
		}
		end++
	}
	return blocks[at:end]
}

// referenced are the blocks of a section and those that they name elsewhere in the text:
// registries print an object once, also when two networks name it.
func referenced(section, blocks []block) []block {
	out := slices.Clone(section)
	for i := 0; i < len(out) && len(out) < 64; i++ {
		for _, a := range out[i] {
			switch a.key {
			case "org", "abuse-c", "admin-c", "tech-c", "mnt-irt", "owner-c":
			default:
				continue
			}
			for _, b := range blocks {
				named := strings.EqualFold(b.first("organisation", "irt", "nic-hdl", "nic-hdl-br"), a.value)
				if named && a.value != "" && !slices.ContainsFunc(out, func(o block) bool { return &o[0] == &b[0] }) {
					out = append(out, b)
				}
			}
		}
	}
	return out
}

// holderOf is the organisation that holds a network: the one that the object names,
// then the holder printed with the network, then the first line of its description
// that is no address.
func holderOf(section, blocks []block) string {
	network := section[0]
	if ref := network.first("org"); ref != "" {
		for _, b := range blocks {
			if strings.EqualFold(b.first("organisation"), ref) {
				if name := plainName(b.first("org-name")); name != "" {
					return name
				}
			}
		}
	}
	if name := plainName(firstOf(section, "custname", "orgname", "owner")); name != "" {
		return name
	}
	for _, a := range network {
		if a.key == "descr" && describes(a.value) {
			return plainName(a.value)
		}
	}
	if name := plainName(firstOf(section, "org-name")); name != "" {
		return name
	}
	name := firstOf(section, "organization")
	if i := strings.LastIndex(name, " ("); i > 0 && strings.HasSuffix(name, ")") && network.first("netrange") != "" {
		name = name[:i] // ARIN adds the handle
	}
	return cmp.Or(plainName(name), plainName(firstOf(section, "orgname-local")))
}

// holderCountry is the country of the holder, for networks that have none or that of a
// region (EU): ARIN has it with the organisation, RIPE NCC and AFRINIC have one there too, national
// registries are one country.
func holderCountry(section []block, doc document) string {
	for _, b := range section {
		if b.first("custname", "orgname", "organisation", "owner", "org-name") != "" {
			if code := countryCode(b.first("country")); ofOneCountry(code) {
				return code
			}
		}
	}
	return nationalOf(doc)
}

// originOf is the AS that announces the network: of the network itself (ARIN, LACNIC)
// or of the narrowest route around it in the same answer (RIPE NCC, APNIC, AFRINIC).
func originOf(network block, blocks []block, n Network) uint32 {
	if asn := asNumber(network.first("originas", "aut-num", "origin")); asn != 0 { //nolint:misspell // ARIN's key OriginAS
		return asn
	}
	best, bits := uint32(0), -1
	for _, b := range blocks {
		first, last, ok := parseRange(b.first("route", "route6"))
		if !ok || first.BitLen() != n.First.BitLen() || last.Less(n.First) || n.Last.Less(first) {
			continue
		}
		if length := within(first, last, first).Bits(); length > bits {
			if asn := asNumber(b.first("origin")); asn != 0 {
				best, bits = asn, length
			}
		}
	}
	return best
}

// asNumber reads the first of "AS64500, AS64501"; 0 for none, as for LACNIC's N/A.
func asNumber(s string) uint32 {
	s = strings.ToUpper(strings.TrimSpace(s))
	if i := strings.IndexAny(s, ", #"); i >= 0 {
		s = s[:i]
	}
	digits, found := strings.CutPrefix(s, "AS")
	n, err := strconv.ParseUint(digits, 10, 32)
	if !found || err != nil {
		return 0
	}
	return uint32(n)
}

// parentsOf are the wider networks that the text names around n, the narrowest first:
// those it prints, those JPNIC lists, and the one that the network names as its parent.
func parentsOf(blocks []block, network block, around []int, n Network) []Parent {
	var out []Parent
	add := func(p Parent) {
		ranged := p.First.IsValid()
		nothing := ranged && (p.First == n.First && p.Last == n.Last || everything(p.First, p.Last)) || !ranged && p.Handle == ""
		if nothing || p.Handle != "" && p.Handle == n.Handle {
			return
		}
		same := func(o Parent) bool {
			return ranged && o.First == p.First && o.Last == p.Last || p.Handle != "" && o.Handle == p.Handle
		}
		if !slices.ContainsFunc(out, same) && len(out) < maxParents {
			out = append(out, p)
		}
	}
	for _, i := range around {
		p := networkIn(blocks[i])
		add(Parent{First: p.First, Last: p.Last, Handle: p.Handle, Name: p.Name, Organisation: holderOf(sectionOf(blocks, i), blocks)})
	}
	for _, b := range blocks {
		if first, last, ok := parseRange(b.first(keyParent)); ok && (Network{First: first, Last: last}).covers(n.First) {
			name, holder := plainName(b.first("netname")), plainName(b.first("orgname"))
			add(Parent{First: first, Last: last, Handle: tidy(b.first(keyParent)), Name: name, Organisation: holder})
		}
	}
	if parent := network.first("parent", "inetnum-up"); parent != "" { // AFRINIC, LACNIC and NIC.br: a range; ARIN: "NAME (HANDLE)"
		if first, last, ok := parseRange(parent); ok {
			add(Parent{First: first, Last: last, Handle: tidy(parent)})
		} else if name, handle, found := strings.Cut(parent, "("); found {
			add(Parent{Handle: tidy(strings.TrimSuffix(strings.TrimSpace(handle), ")")), Name: plainName(name)})
		}
	}
	slices.SortStableFunc(out, func(a, b Parent) int {
		switch {
		case a.First.IsValid() && b.First.IsValid():
			return b.First.Compare(a.First)*2 + a.Last.Compare(b.Last)
		case a.First.IsValid():
			return -1
		case b.First.IsValid():
			return 1
		}
		return 0
	})
	return out
}
