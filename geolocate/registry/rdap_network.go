package registry

import (
	"cmp"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/openrdap/rdap"
)

// networkOf reads an ip network object (RFC 9083, section 5.4) in the dialects of the
// regional registries.
func networkOf(object any, addr netip.Addr) (Network, Problem) {
	o, ok := object.(*rdap.IPNetwork)
	if !ok {
		return Network{}, ProblemOtherObject
	}
	first, last, ok := parseRange(o.StartAddress + " - " + o.EndAddress)
	if !ok {
		return Network{}, ProblemBroken
	}
	n := Network{First: first, Last: last, Handle: tidy(o.Handle), Name: plainName(o.Name), Country: countryCode(o.Country)}
	if !n.covers(addr) {
		return Network{}, ProblemOtherObject
	}
	if holderHandle(n.Name) {
		n.Name = "" // AFRINIC's server once gave the holder's handle for the name
	}
	if unheld(n) || unheldKind(o.Type) || unheldRDAP(o) {
		return Network{}, ProblemNotFound
	}
	holder(o, &n)
	n.RIR = rirOfRDAP(o)
	n.ASN = originOfRDAP(o)
	n.Parents = parentOf(o, n)
	n.Contacts = contactsOfRDAP(o)
	return n, ""
}

// holder fills the organisation, and the country where the network has none: ARIN writes
// it only into the address of the registrant.
func holder(o *rdap.IPNetwork, n *Network) {
	best, placed, country := 0, 0, ""
	walk(o.Entities, func(e *rdap.Entity, above []string) {
		card := cardOf(e)
		rank := card.rankAsHolder(e.Roles, above)
		if rank > best && card.holder() != "" {
			best, n.Organisation = rank, card.holder()
		}
		if rank > placed && ofOneCountry(card.country) { // ARIN withholds the names of private customers, not their country
			placed, country = rank, card.country
		}
	})
	if best < 2 { // the description names the holder better than a card without a role
		if name := described(o.Remarks); name != "" {
			n.Organisation = name
		}
	}
	if !ofOneCountry(n.Country) && country != "" {
		n.Country = country
	}
}

// described is the first line of a description that is no address: APNIC and RIPE NCC
// put the descr lines of the object into remarks.
func described(remarks []rdap.Remark) string {
	for _, remark := range remarks {
		if !describing(remark) {
			continue
		}
		for _, line := range linesOf(remark) {
			if describes(line) {
				return plainName(line)
			}
		}
	}
	return ""
}

func describing(r rdap.Remark) bool {
	return r.Title == "" || strings.EqualFold(r.Title, "description")
}

// contactsOfRDAP are the addresses of the entities at any depth, those of the network
// itself before those nested in its holder, and those in remarks that ask for reports.
func contactsOfRDAP(o *rdap.IPNetwork) []Contact {
	var own, nested, remarked []Contact
	var invalid []string
	read := func(remark rdap.Remark) {
		lines := linesOf(remark)
		remarked = append(remarked, remarkContacts(lines)...)
		if len(invalid) < maxInvalid {
			invalid = append(invalid, invalidMails(lines)...)
		}
	}
	walk(o.Entities, func(e *rdap.Entity, above []string) {
		role := roleOf(e.Roles)
		contacts := cardOf(e).contacts(role)
		if len(above) == 0 {
			own = append(own, contacts...)
		} else {
			nested = append(nested, contacts...)
		}
		for _, remark := range e.Remarks {
			read(remark)
		}
	})
	for _, remark := range o.Remarks {
		read(remark)
	}
	return demoted(append(append(own, nested...), remarked...), invalid)
}

// linesOf are the lines of a remark: RIPE NCC writes several into one string.
func linesOf(remark rdap.Remark) []string {
	var out []string
	for _, s := range remark.Description {
		for line := range strings.Lines(s) {
			if len(out) == maxRemarks {
				return out
			}
			out = append(out, strings.TrimRight(line, "\r\n"))
		}
	}
	return out
}

// rirOfRDAP is the regional registry by the WHOIS server that the answer names, the
// source it states, its links, extensions and handles.
func rirOfRDAP(o *rdap.IPNetwork) string {
	if rir := rirOfHost(o.Port43); rir != "" {
		return rir
	}
	for _, notice := range o.Notices {
		if strings.EqualFold(notice.Title, "source") && len(notice.Description) > 0 {
			if rir := rirOfSource(notice.Description[len(notice.Description)-1]); rir != "" {
				return rir
			}
		}
	}
	for _, link := range o.Links {
		for _, s := range []string{link.Value, link.Href} {
			if u, err := url.Parse(s); err == nil {
				if rir := rirOfHost(u.Hostname()); rir != "" {
					return rir
				}
			}
		}
	}
	for _, extension := range o.Conformance {
		if rir := rirBy("extension", func(word string) bool { return strings.HasPrefix(extension, word+"_") }); rir != "" {
			return rir
		}
	}
	if rir := rirOfHandle(o.Handle); rir != "" {
		return rir
	}
	rir := ""
	walk(o.Entities, func(e *rdap.Entity, _ []string) {
		rir = cmp.Or(rir, rirOfHandle(e.Handle), rirOfHost(e.Port43))
	})
	return rir
}

// originOfRDAP reads the origin AS from the extensions of ARIN, NIC.br and LACNIC.
func originOfRDAP(o *rdap.IPNetwork) uint32 {
	if o.DecodeData == nil {
		return 0
	}
	for _, member := range []string{"arin_originas0_originautnums", "nicbr_autnum", "lacnic_originAutnum"} {
		value := o.DecodeData.Value(member)
		if list, ok := value.([]any); ok && len(list) > 0 {
			value = list[0]
		}
		switch v := value.(type) {
		case float64:
			if v >= 1 && v < 1<<32 && v == float64(uint32(v)) {
				return uint32(v)
			}
		case string:
			if !strings.HasPrefix(strings.ToUpper(v), "AS") {
				v = "AS" + v
			}
			if asn := asNumber(v); asn != 0 {
				return asn
			}
		}
	}
	return 0
}

// parentOf is the wider network that the answer names by its handle, which is a range in
// the dialects of APNIC and AFRINIC. The whole address space is no parent.
func parentOf(o *rdap.IPNetwork, n Network) []Parent {
	p := Parent{Handle: tidy(o.ParentHandle)}
	if p.Handle == "" || p.Handle == n.Handle {
		return nil
	}
	if first, last, ok := parseRange(p.Handle); ok {
		p.First, p.Last = first, last
		if first.IsUnspecified() || first == n.First && last == n.Last || !(Network{First: first, Last: last}).covers(n.First) {
			return nil
		}
	}
	return []Parent{p}
}

// unheldRDAP knows space of nobody by its description.
func unheldRDAP(o *rdap.IPNetwork) bool {
	return slices.ContainsFunc(o.Remarks, func(r rdap.Remark) bool {
		return describing(r) && hasAny(strings.ToLower(strings.Join(r.Description[:min(len(r.Description), maxRemarks)], "\n")), "unheld")
	})
}
