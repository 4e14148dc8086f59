package registry

import (
	"cmp"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"unicode"

	"github.com/openrdap/rdap"
)

// Bounds of the walk through nested entities: foreign input.
const (
	maxDepth    = 8
	maxEntities = 256
	maxEmails   = 5 // of one entity
)

// walk visits entities in the order of the answer, each before those nested in it.
// above are the roles of all entities around it.
func walk(entities []rdap.Entity, visit func(e *rdap.Entity, above []string)) {
	left := maxEntities
	var down func(entities []rdap.Entity, above []string, depth int)
	down = func(entities []rdap.Entity, above []string, depth int) {
		if depth > maxDepth {
			return
		}
		for i := range entities {
			if left--; left < 0 {
				return
			}
			e := &entities[i]
			visit(e, above)
			if len(e.Entities) > 0 {
				down(e.Entities, append(slices.Clip(above), e.Roles...), depth+1)
			}
		}
	}
	down(entities, nil, 1)
}

// card is what Vigil wants of a jCard (RFC 7095).
type card struct {
	name    string // of the organisation, when the card has one, else the full name
	full    string // the full name (fn)
	org     bool   // the card is of an organisation
	emails  []string
	form    string
	country string
}

func cardOf(e *rdap.Entity) card {
	v := e.VCard
	if v == nil && e.DecodeData != nil { // the library drops a whole card for one bad property
		if raw, err := json.Marshal(e.DecodeData.Value("vcardArray")); err == nil {
			v, _ = rdap.NewVCardWithOptions(raw, rdap.VCardOptions{IgnoreInvalidProperties: true})
		}
	}
	if v == nil {
		return card{}
	}
	var c card
	for _, p := range v.Properties {
		values := p.Values()
		switch strings.ToLower(p.Name) {
		case "fn":
			name := plainName(strings.Join(values, " "))
			c.full, c.name = cmp.Or(c.full, name), cmp.Or(c.name, name)
		case "org": // the organisation, then its units (RFC 6350, section 6.6.4)
			for _, value := range slices.Backward(values) {
				c.name = cmp.Or(plainName(value), c.name)
			}
		case "kind":
			c.org = len(values) > 0 && strings.EqualFold(values[0], "org")
		case "email":
			for _, value := range values {
				if len(c.emails) < maxEmails {
					c.emails = append(c.emails, tidyEmail(value))
				}
			}
		case "contact-uri": // RFC 8605
			for _, value := range values {
				if u, err := url.Parse(value); err == nil && u.Scheme == "https" && u.Host != "" && len(value) <= maxText && c.form == "" {
					c.form = value
				}
			}
		case "adr":
			if c.country == "" {
				c.country = addressCountry(p)
			}
		}
	}
	return c
}

// addressCountry reads the country of a postal address: the cc parameter (RFC 8605),
// the last component, or the last line of the label, as ARIN writes it.
func addressCountry(p *rdap.VCardProperty) string {
	for _, cc := range p.Parameters["cc"] {
		if code := countryCode(cc); code != "" {
			return code
		}
	}
	if values := p.Values(); len(values) >= 7 {
		if code := countryNamed(values[len(values)-1]); code != "" {
			return code
		}
	}
	for _, label := range p.Parameters["label"] {
		// APNIC once wrote the line break as two characters.
		lines := strings.Split(strings.TrimSpace(strings.ReplaceAll(label, `\n`, "\n")), "\n")
		if code := countryNamed(lines[len(lines)-1]); code != "" {
			return code
		}
	}
	return ""
}

// contacts are the addresses of the card in a role; a form only when there is no address.
func (c card) contacts(role string) []Contact {
	found, name := FoundMailLine, cmp.Or(c.full, c.name)
	if role == RoleAbuse {
		found = FoundAbuseRole
	}
	if holderHandle(name) {
		name = ""
	}
	var out []Contact
	for _, value := range c.emails {
		out = append(out, mailContacts(Contact{Role: role, Name: name, Found: found}, value)...)
	}
	if len(out) == 0 && c.form != "" {
		out = append(out, Contact{Role: role, Name: name, Form: c.form, Found: found})
	}
	return out
}

// holder is the name of the holder on the card: of the organisation, without the handle
// that AFRINIC's server once gave for a name.
func (c card) holder() string {
	if c.org && c.full != "" && !handleLike(c.full) {
		return c.full
	}
	if handleLike(c.name) {
		return ""
	}
	return c.name
}

// handleLike says whether a name is the handle of an object: ORG-EX1-AFRINIC, EX-MNT.
func handleLike(s string) bool {
	return strings.ToUpper(s) == s && !strings.ContainsAny(s, " ,.") && (strings.HasSuffix(s, "-MNT") || opensWith(s, "handle"))
}

// holderHandle says whether a name is the handle of an organisation.
func holderHandle(s string) bool { return strings.HasPrefix(s, "ORG-") && handleLike(s) }

// rankAsHolder says how well the card names the holder of a network: 0 not at all. RIPE
// NCC lists maintainers as registrants too, LACNIC persons inside the registrant, and
// AFRINIC's server once left the roles out.
func (c card) rankAsHolder(roles, above []string) int {
	registrant := hasRole(roles, "registrant")
	switch {
	case registrant && c.org && len(above) == 0:
		return 5
	case registrant && c.org:
		return 4
	case registrant && len(above) == 0:
		return 3
	case registrant:
		return 2
	case c.org && len(roles) == 0:
		return 1
	}
	return 0
}

// roleOf is the one role that matters of several.
func roleOf(roles []string) string {
	for _, role := range []string{RoleAbuse, roleTechnical, roleNOC, roleAdministrative, roleRegistrant} {
		if hasRole(roles, role) {
			return role
		}
	}
	return roleOther
}

// trust is the order of contacts: those for abuse first, among them by where they stood.
func (c Contact) trust() int {
	rank := slices.Index([]Found{FoundAbuseRole, FoundAbuseC, FoundAbuseLine, FoundRemarks, FoundMailLine}, c.Found)
	if rank < 0 {
		rank = 9
	}
	if c.Role != RoleAbuse {
		rank += 10
	}
	return rank
}

// tidyContacts puts abuse contacts first, drops repeats and bounds the list. A repeat
// gives its name to a contact without one.
func tidyContacts(contacts []Contact) []Contact {
	slices.SortStableFunc(contacts, func(a, b Contact) int { return a.trust() - b.trust() })
	var out []Contact
	for _, c := range contacts {
		if c.Email == "" && c.Form == "" {
			continue
		}
		i := slices.IndexFunc(out, func(o Contact) bool { return strings.EqualFold(o.Email, c.Email) && o.Form == c.Form })
		switch {
		case i >= 0 && out[i].Name == "":
			out[i].Name = c.Name
		case i < 0 && len(out) < maxContacts:
			out = append(out, c)
		}
	}
	return out
}

// tidy makes one bounded line of foreign text: valid UTF-8, no control characters.
func tidy(s string) string {
	if len(s) > 4*maxText {
		s = s[:4*maxText]
	}
	blank := func(c rune) bool { return unicode.IsSpace(c) || unicode.IsControl(c) }
	s = strings.Join(strings.FieldsFunc(strings.ToValidUTF8(s, ""), blank), " ")
	for len(s) > maxText {
		runes := []rune(s)
		s = string(runes[:len(runes)-max(1, (len(s)-maxText)/4)])
	}
	return strings.TrimSpace(s)
}

// tidyEmail strips what registries put around an address. It does not judge it.
func tidyEmail(s string) string {
	s = strings.Trim(tidy(s), " <>,;'\"")
	if len(s) > 7 && strings.EqualFold(s[:7], "mailto:") {
		s = s[7:]
	}
	return s
}
