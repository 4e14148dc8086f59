package geolocate

import (
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"vigil/casefile"
	"vigil/geolocate/registry"
	"vigil/internal/email"
)

// Sources of contacts, as casefile.Contact.Source names them; rdap and whois besides.
const (
	sourceDirectory = "directory" // the operator's file
	sourceEdges     = "edges"     // the table of edges
	sourcePlatforms = "platforms" // the table of platforms
	sourceRFC2142   = "rfc2142"
)

const roleAbuse = "abuse"

// maxOfParty bounds the candidates of one party.
const maxOfParty = 8

// rank is the place of a candidate among those of its party, the lowest first
// (docs/hosting.md, "Whom to tell, in order").
type rank int

const (
	rankDirectory rank = iota
	rankPublished
	rankAbuseRole
	rankAbuseC
	rankAbuseLine
	rankRemarks
	rankOwnDomain
	rankMailAbuse
	rankMailSecurity
	rankMailOperations
	rankMailOther
	rankMailPersonal
	rankConvention
)

// whys say for people why a candidate of a rank stands where it does; the directory says it itself.
var whys = map[rank]string{
	rankPublished: "abuse desk that it publishes itself",
	rankAbuseRole: "abuse role of the network at RDAP",
	rankAbuseC:    "abuse contact of the network, named by the regional registry (abuse-c)",
	rankAbuseLine: "line for abuse mail in the registry's answer about the network",
	rankRemarks:   "remarks of the network ask for abuse reports here",
	rankOwnDomain: "named for abuse by the registry, but an address of the reported domain itself: " +
		"its owner may be who put the page there, a person should check",
	rankMailAbuse:      "mail line of a contact, abuse by its name only; the registry does not call it an abuse desk: a person should check",
	rankMailSecurity:   "mail line of a contact, security by its name; not an abuse desk: a person should check",
	rankMailOperations: "mail line of a contact; not an abuse desk: a person should check",
	rankMailOther:      "mail line of a contact; not an abuse desk: a person should check",
	rankMailPersonal:   "mail line of a contact, probably of one person; not an abuse desk: a person should check",
	rankConvention:     "convention of RFC 2142: abuse@ of the provider's domain; nobody confirmed it",
}

// asked says whether the source names the candidate as the desk for abuse: then its
// role is abuse, whatever else the source calls it.
func (r rank) asked() bool { return r <= rankOwnDomain }

// contacts orders whom to tell (docs/hosting.md): the party that can act first, and
// for each party the operator's directory, the desk that it publishes, what the
// registries say, the most trustworthy first, and abuse@ of its domain (RFC 2142,
// section 2). Behind an edge the network's contacts are the edge's, unless they are of
// a recorded origin. What is no address is dropped. An address of the target's own
// domain is a candidate only where a registry names it for abuse, and never mailed
// without a person. Pure.
func contacts(f Facts, origins []netip.Addr) []casefile.Contact {
	parties := []casefile.Party{casefile.PartyHost}
	switch {
	case f.Edge != nil && (len(origins) > 0 || keeps(f.Platform)):
		parties = []casefile.Party{casefile.PartyHost, casefile.PartyEdge}
	case f.Edge != nil:
		parties = []casefile.Party{casefile.PartyEdge, casefile.PartyHost}
	}
	out := make([]casefile.Contact, 0, len(f.Desks)+len(f.Directory)+4)
	for _, party := range parties {
		for _, c := range candidates(f, origins, party) {
			out = withRecipient(out, c) // an address that two parties share is told once
		}
	}
	return registrarContacts(out, f)
}

// candidate is a contact with its place.
type candidate struct {
	casefile.Contact
	rank   rank
	domain string // the registrable domain of an address that a registry wrote
}

// candidates are the contacts of a host or an edge, in order.
func candidates(f Facts, origins []netip.Addr, party casefile.Party) []casefile.Contact {
	list := make([]candidate, 0, len(f.Directory)+len(f.Desks)+2)
	for _, c := range f.Directory {
		if c.Party == party {
			list = append(list, candidate{Contact: c, rank: rankDirectory})
		}
	}
	list = append(list, published(f, party)...)
	for _, d := range originsFirst(f.Desks, origins) {
		if partyOf(f, origins, d.Address) == party {
			list = ofDesk(list, d, party, f.Domain)
		}
	}
	slices.SortStableFunc(list, func(a, b candidate) int { return int(a.rank) - int(b.rank) })
	if c, ok := byConvention(list, party, f.Domain); ok {
		list = append(list, c)
	}
	out := make([]casefile.Contact, 0, len(list))
	for _, c := range list {
		if len(out) < maxOfParty {
			out = withRecipient(out, c.Contact)
		}
	}
	return out
}

// sameRecipient says whether two contacts are one mailbox, or one form.
func sameRecipient(a, b casefile.Contact) bool {
	if a.Email != "" || b.Email != "" {
		return strings.EqualFold(a.Email, b.Email)
	}
	return a.Form == b.Form
}

// withRecipient adds a contact, unless its recipient is there.
func withRecipient(list []casefile.Contact, c casefile.Contact) []casefile.Contact {
	if slices.ContainsFunc(list, func(o casefile.Contact) bool { return sameRecipient(o, c) }) {
		return list
	}
	return append(list, c)
}

// partyOf is who runs an address: the edge, unless the address is a recorded origin.
func partyOf(f Facts, origins []netip.Addr, addr netip.Addr) casefile.Party {
	if f.Edge != nil && !slices.Contains(origins, addr) {
		return casefile.PartyEdge
	}
	return casefile.PartyHost
}

// originsFirst puts the desks of recorded origins first: they can delete.
func originsFirst(desks []AbuseContact, origins []netip.Addr) []AbuseContact {
	ofOrigin := func(d AbuseContact) bool { return slices.Contains(origins, d.Address) }
	rest := slices.DeleteFunc(slices.Clone(desks), ofOrigin)
	return append(slices.DeleteFunc(slices.Clone(desks), func(d AbuseContact) bool { return !ofOrigin(d) }), rest...)
}

// published is the desk that an edge or a platform publishes, from the built-in tables.
func published(f Facts, party casefile.Party) []candidate {
	c := casefile.Contact{Party: party, Role: roleAbuse, Why: whys[rankPublished]}
	switch {
	case party == casefile.PartyEdge && f.Edge != nil:
		c.Name, c.Source, c.Email, c.Form = f.Edge.Name, sourceEdges, f.Edge.AbuseEmail, f.Edge.AbuseForm
	case party == casefile.PartyHost && f.Platform != nil:
		c.Name, c.Source, c.Email, c.Form = f.Platform.Name, sourcePlatforms, f.Platform.AbuseEmail, f.Platform.AbuseForm
	}
	c.Email, _ = email.Parse(c.Email)
	if c.Email == "" && c.Form == "" {
		return nil
	}
	return []candidate{{Contact: c, rank: rankPublished}}
}

// ofDesk adds candidates from what a registry wrote: each address of the field, or the
// form that stands in its place.
func ofDesk(out []candidate, d AbuseContact, party casefile.Party, target string) []candidate {
	before := len(out)
	add := func(address, form string) {
		c := d.Contact
		c.Party, c.Email, c.Form = party, address, form
		domain := registrable(address[strings.LastIndexByte(address, '@')+1:])
		r := rankOf(d, address, domain)
		if target != "" && (domain == target || atDomain(form, target)) {
			if !r.asked() {
				return
			}
			r, c.OwnDomain = rankOwnDomain, true
		}
		switch c.Why = whys[r]; {
		case r.asked():
			c.Role = roleAbuse
		case c.Role == roleAbuse: // nobody asked for reports at this address
			c.Role = "other"
		}
		out = append(out, candidate{c, r, domain})
	}
	for _, raw := range email.Split(d.Contact.Email) {
		address, problem := email.Parse(raw)
		switch problem {
		case email.WebForm:
			if form := email.FormIn(raw); form != "" {
				add("", form)
			}
		case "":
			add(address, "")
		default: // nobody reads it
		}
	}
	if form := email.FormIn(d.Contact.Form); len(out) == before && form != "" {
		add("", form)
	}
	return out
}

var foundRanks = map[registry.Found]rank{
	registry.FoundAbuseRole: rankAbuseRole, registry.FoundAbuseC: rankAbuseC,
	registry.FoundAbuseLine: rankAbuseLine, registry.FoundRemarks: rankRemarks,
}

// rankOf is the place of an address by where in the answer it stood. A parser that
// does not say where is taken by its role.
func rankOf(d AbuseContact, address, domain string) rank {
	if r, named := foundRanks[d.Found]; named {
		return r
	}
	switch {
	case d.Found == registry.FoundMailLine:
	case d.Contact.Role == roleAbuse && d.Contact.Source == kindRDAP:
		return rankAbuseRole
	case d.Contact.Role == roleAbuse:
		return rankAbuseLine
	}
	return rankOfMail(address, domain)
}

// Words in the local part of an address: of RFC 2142 and of incident response teams
// (RFC 2350), and those by which registrations name their operations.
const (
	securityWords   = " security cert csirt sirt psirt irt soc infosec cybersecurity itsecurity incident incidents "
	operationsWords = " noc support hostmaster postmaster webmaster admin administrator root network networks networking net ops netops " +
		"neteng engineering ip ipadmin ipam ipmaster ripe arin apnic lacnic afrinic lir dns domain domains registry tech technical " +
		"helpdesk help service services desk team info contact contacts office mail hosting peering trouble ticket tickets " +
		"customer legal billing sales "
)

// rankOfMail is the place of an address of any mail line, by its words.
func rankOfMail(address, domain string) rank {
	local, _, found := strings.Cut(strings.ToLower(address), "@")
	if !found {
		return rankMailOther
	}
	words := strings.FieldsFunc(local, func(c rune) bool { return c < 'a' || c > 'z' })
	is := func(list string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(list, " "+w+" ") })
	}
	switch {
	case email.ForEverybody(domain):
		return rankMailPersonal
	case strings.Contains(local, "abuse"):
		return rankMailAbuse
	case is(securityWords):
		return rankMailSecurity
	case is(operationsWords):
		return rankMailOperations
	case len(words) == 2 && (strings.Contains(local, ".") || strings.Contains(local, "_")): // anna.analist@
		return rankMailPersonal
	}
	return rankMailOther
}

// byConvention is abuse@ of the provider's domain, as seen in its most trustworthy
// address: never a mailbox provider's, a registry's, or the domain of the target itself,
// whose owner is not the host.
func byConvention(list []candidate, party casefile.Party, target string) (candidate, bool) {
	for _, c := range list {
		if c.rank == rankDirectory || c.rank == rankPublished {
			continue // somebody wrote down the desk itself
		}
		if domain := c.domain; domain != "" && domain != target && !email.ForEverybody(domain) {
			return candidate{casefile.Contact{
				Party: party, Name: c.Name, Role: roleAbuse, Email: "abuse@" + domain, Source: sourceRFC2142, Why: whys[rankConvention],
			}, rankConvention, domain}, true
		}
	}
	return candidate{}, false
}

// atDomain says whether a form is a page of the target's registrable domain.
func atDomain(form, target string) bool {
	u, err := url.Parse(form)
	return target != "" && err == nil && registrable(u.Hostname()) == target
}

// registrarContacts adds those of the registrar: the directory's stand in front of what
// the registration names.
func registrarContacts(out []casefile.Contact, f Facts) []casefile.Contact {
	before := len(out)
	for _, c := range f.Directory {
		if c.Party == casefile.PartyRegistrar && len(out)-before < maxOfParty {
			out = append(out, c)
		}
	}
	if f.Registrar == nil {
		return out
	}
	address, _ := email.Parse(f.Registrar.AbuseEmail)
	c := casefile.Contact{
		Party: casefile.PartyRegistrar, Name: f.Registrar.Name, Role: roleAbuse, Email: address, Source: f.RegistrarSource,
		Why: "abuse contact of the registrar, named by the registration",
	}
	if address != "" && !slices.ContainsFunc(out[before:], func(o casefile.Contact) bool { return sameRecipient(o, c) }) {
		out = append(out, c)
	}
	return out
}
