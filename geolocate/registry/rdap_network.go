package registry

import (
	"net/netip"
	"strings"

	"github.com/openrdap/rdap"
)

// networkOf reads an ip network object (RFC 9083, section 5.4).
func networkOf(object any, addr netip.Addr) (Network, Problem) {
	o, ok := object.(*rdap.IPNetwork)
	if !ok {
		return Network{}, ProblemOtherObject
	}
	first, last, ok := parseRange(o.StartAddress + " - " + o.EndAddress)
	if !ok {
		return Network{}, ProblemBroken
	}
	n := Network{First: first, Last: last, Handle: tidy(o.Handle), Name: tidy(o.Name), Country: countryCode(o.Country)}
	if !n.covers(addr) {
		return Network{}, ProblemOtherObject
	}
	if unheld(n) {
		return Network{}, ProblemNotFound
	}
	best := 0
	walk(o.Entities, func(e *rdap.Entity, _ []string) {
		card := cardOf(e)
		n.Contacts = append(n.Contacts, card.contacts(roleOf(e.Roles))...)
		if rank := card.rankAsHolder(e.Roles); rank > best {
			best, n.Organisation = rank, card.name
			if n.Country == "" {
				n.Country = card.country
			}
		}
	})
	n.Contacts = tidyContacts(n.Contacts)
	for _, remark := range o.Remarks { // APNIC and RIPE NCC put the "descr" lines here
		if n.Organisation == "" && len(remark.Description) > 0 && (remark.Title == "" || strings.EqualFold(remark.Title, "description")) {
			n.Organisation = tidy(remark.Description[0])
		}
	}
	return n, ""
}

// unheld knows the answers that registries give for space of nobody or of another registry.
func unheld(n Network) bool {
	for _, s := range []string{n.Name, n.Handle} {
		s = strings.ToUpper(s)
		for _, prefix := range []string{"IANA-BLK", "IANA-BLOCK", "NON-RIPE-NCC-MANAGED", "IANA-NETBLOCK", "IANA-IP-ARIN", "NOT-MANAGED-BY"} {
			if strings.HasPrefix(s, prefix) {
				return true
			}
		}
	}
	return n.First.IsUnspecified() && n.Last == lastOf(netip.PrefixFrom(n.First, 0))
}
