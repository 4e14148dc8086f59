package registry

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"
)

// maxCandidates bounds the addresses that are weighed for one answer.
const maxCandidates = 200

// hintsFor are the hints about a network: those that name its range, or all when the
// text has only one.
func hintsFor(hints []abuseHint, n Network) []abuseHint {
	if len(hints) < 2 {
		return hints
	}
	var out []abuseHint
	for _, h := range hints {
		if first, last, ok := parseRange(h.of); ok && first == n.First && last == n.Last {
			out = append(out, h)
		}
	}
	return out
}

// invalidOf are the addresses of a text that the registry calls dead.
func invalidOf(doc document) []string {
	out := doc.invalid
	for _, b := range doc.blocks {
		if len(out) < maxInvalid {
			out = append(out, invalidMails(remarkLines(b))...)
		}
	}
	return out
}

// widerContacts are the contacts of the networks around a network that has no abuse
// contact of its own, the narrowest first, and of what stands before all networks. The
// contacts of networks beside it are somebody else's: reports must not go there.
func widerContacts(doc document, around []int) []Contact {
	var out []Contact
	for _, at := range around {
		out = append(out, contactsOf(referenced(sectionOf(doc.blocks, at), doc.blocks), hintsFor(doc.hints, networkIn(doc.blocks[at])))...)
	}
	first := slices.IndexFunc(doc.blocks, func(b block) bool { _, _, ok := rangeOf(b); return ok })
	return append(out, contactsOf(doc.blocks[:max(first, 0)], nil)...)
}

// contactsOf collects addresses, those for abuse first: the hints of the registry, the
// abuse contact that the network names, lines for abuse mail, remarks that ask for
// reports, then every other line with an address. ARIN prints the contacts of the
// organisation (OrgAbuseEmail) before those of the network itself (RAbuseEmail): here the
// network's own come first, as in its RDAP answers.
func contactsOf(blocks []block, hints []abuseHint) []Contact {
	var out []Contact
	for _, h := range hints {
		out = append(out, mailContacts(Contact{Role: RoleAbuse, Found: FoundAbuseC}, h.email)...)
	}
	roles := handleRoles(blocks)
	// ARIN: the contacts of the network itself (RAbuse...) count before its holder's.
	var rest []Contact
	for _, b := range blocks {
		if len(out)+len(rest) > maxCandidates {
			break
		}
		if contacts := blockContacts(b, roles); b.first("rabuseemail") != "" {
			out = append(out, contacts...)
		} else {
			rest = append(rest, contacts...)
		}
	}
	out = append(out, rest...)
	left := maxRemarks
	for _, b := range blocks {
		lines := remarkLines(b)
		lines = lines[:min(len(lines), left)]
		left -= len(lines)
		out = append(out, remarkContacts(lines)...)
	}
	return tidyContacts(out)
}

// handleRoles are the roles in which networks and organisations name other objects. A role
// object names people too: for itself, so that its word counts only where they say nothing.
func handleRoles(blocks []block) map[string]string {
	roles, inside := map[string]string{}, map[string]string{}
	for _, b := range blocks {
		of := roles
		if b.first("nic-hdl", "nic-hdl-br", "irt") != "" {
			of = inside
		}
		for _, a := range b {
			handle := strings.ToUpper(a.value)
			switch a.key {
			case "abuse-c":
				of[handle] = RoleAbuse
			case "tech-c":
				if of[handle] == "" || of[handle] == roleAdministrative {
					of[handle] = roleTechnical
				}
			case "admin-c", "owner-c":
				of[handle] = cmp.Or(of[handle], roleAdministrative)
			}
		}
	}
	for handle, role := range inside {
		roles[handle] = cmp.Or(roles[handle], role)
	}
	return roles
}

// Roles of contacts besides RoleAbuse.
const (
	roleTechnical      = "technical"
	roleAdministrative = "administrative"
	roleNOC            = "noc"
	roleRegistrant     = "registrant"
	roleOther          = "other"
)

// arinRoles are ARIN's lines with the address of a contact, of the organisation and of the network itself.
var arinRoles = map[string]string{
	"orgabuseemail": RoleAbuse, "rabuseemail": RoleAbuse, "orgtechemail": roleTechnical, "rtechemail": roleTechnical,
	"orgadminemail": roleAdministrative, "orgnocemail": roleNOC, "rnocemail": roleNOC,
	"orgroutingemail": roleOther, "rroutingemail": roleOther, "orgdnsemail": roleOther, "rdnsemail": roleOther,
}

// blockContacts are the addresses in the lines of one object.
func blockContacts(b block, roles map[string]string) []Contact {
	role := roles[strings.ToUpper(b.first("nic-hdl", "nic-hdl-br"))]
	named := FoundAbuseLine // by a line of its own
	switch section := strings.ToLower(b.first(keySection)); {
	case role == RoleAbuse:
		named = FoundAbuseC
	case strings.Contains(section, "abuse"):
		role = RoleAbuse
	case b.first("irt") != "":
		role = RoleAbuse
	case strings.Contains(section, "tech"), strings.Contains(section, "네트워크 담당자"):
		role = roleTechnical
	case strings.Contains(section, "admin"), strings.Contains(section, "관리자"):
		role = roleAdministrative
	case b.first("organisation") != "":
		role = roleRegistrant
	case role == "":
		role = roleOther
	}
	hasMailbox := b.first("abuse-mailbox") != ""
	name := plainName(b.first("role", "irt", "person", "org-name"))
	var out []Contact
	for _, a := range b {
		c := Contact{Role: role, Name: name, Found: FoundMailLine}
		switch a.key {
		case "abuse-mailbox":
			c.Role, c.Found = RoleAbuse, named
		case "e-mail", "email":
			switch {
			case role == RoleAbuse && hasMailbox && b.first("irt") == "":
				c.Role = roleOther // the abuse role has a line of its own for reports
			case role == RoleAbuse:
				c.Found = named
			}
		case keyTechMail:
			c.Role = roleTechnical
		case keyAdminMail:
			c.Role = roleAdministrative
		default:
			role, known := arinRoles[a.key]
			if !known {
				continue
			}
			c.Role = role
			name := strings.TrimSuffix(a.key, "email") + "name"
			if c.Name = plainName(b.first(name)); c.Role == RoleAbuse {
				c.Name, c.Found = plainName(b.first(name, "orgabusename")), FoundAbuseLine
			}
		}
		if a.key == "abuse-mailbox" { // APNIC prints the general address of an irt before it
			out = append(mailContacts(c, a.value), out...)
		} else {
			out = append(out, mailContacts(c, a.value)...)
		}
		if len(out) > maxCandidates {
			break
		}
	}
	return out
}

// mailContacts is one contact for each address in a value.
func mailContacts(c Contact, value string) []Contact {
	var out []Contact
	for _, email := range addressesIn(value) {
		c.Email = email
		out = append(out, c)
	}
	return out
}

// remarkLines are the lines of an object that hold free text.
func remarkLines(b block) []string {
	var out []string
	for _, a := range b {
		switch a.key {
		case "remarks", "descr", "comment", "orgcomment":
			out = append(out, a.value)
		}
	}
	return out
}

// nationalServers are the national registries that APNIC's copies of their networks name in
// remarks, with the forms of question they take. A remark is written by a stranger, so
// that it may choose among these and no other server.
var nationalServers = []string{
	"whois.nic.ad.jp", "whois.krnic.net", "whois.kisa.or.kr", "whois.nic.or.kr", "whois.twnic.net.tw", "whois.twnic.net",
}

// nationalServer is the WHOIS server of a national registry that the networks of a text
// send us to, or empty.
func nationalServer(text string) string {
	for _, b := range parseText(text).blocks {
		if _, _, ok := rangeOf(b); !ok {
			continue
		}
		for _, line := range remarkLines(b) {
			i := slices.IndexFunc(nationalServers, func(server string) bool { return strings.Contains(strings.ToLower(line), server) })
			if i >= 0 {
				return nationalServers[i] + ":43"
			}
		}
	}
	return ""
}

// networkQuestion is how a WHOIS server is asked about an address. Servers are known by
// name; others get the bare address. RIPE NCC and AFRINIC hide mail addresses without
// -B (RIPE Database documentation, "Query options"); -r would hide the contacts and is
// not used. JPNIC answers in English to /e (its own banner says so). ARIN wants "n + ",
// which the library writes. LACNIC, KRNIC, APNIC and NIC.br take the bare address.
func networkQuestion(server string, addr netip.Addr) string {
	host, _, _ := strings.Cut(server, ":")
	switch host {
	case "whois.ripe.net", "whois.afrinic.net":
		return "-B " + addr.String()
	case "whois.nic.ad.jp":
		return addr.String() + "/e"
	}
	return addr.String()
}
