package geolocate

import (
	"net/netip"
	"slices"
	"strings"

	"vigil/casefile"
)

// Sources of contacts, as casefile.Contact.Source names them.
const (
	sourceEdges   = "edges" // the table of edges
	sourceRFC2142 = "rfc2142"
)

const roleAbuse = "abuse"

// maxContacts bounds the candidates of a hosting.
const maxContacts = 16

// contacts orders whom to tell (docs/hosting.md): the edge's abuse desk, the network's
// abuse contacts from RDAP, then from WHOIS, then abuse@ of the provider's own domain
// (RFC 2142, section 2), then the registrar. What is no address is dropped. Behind an
// edge the network's contacts are the edge's, unless they are of a recorded origin.
func contacts(f Facts, origins []netip.Addr) []casefile.Contact {
	var out []casefile.Contact
	add := func(c casefile.Contact) {
		if c.Email = strings.TrimSpace(c.Email); c.Email != "" && !usable(c.Email) {
			c.Email = ""
		}
		same := func(o casefile.Contact) bool {
			if c.Email != "" {
				return strings.EqualFold(o.Email, c.Email)
			}
			return o.Email == "" && o.Form == c.Form
		}
		if c.Email == "" && c.Form == "" || slices.ContainsFunc(out, same) || len(out) >= maxContacts {
			return
		}
		out = append(out, c)
	}
	party := func(d Desk) casefile.Party {
		if f.Edge != nil && !slices.Contains(origins, d.Address) {
			return casefile.PartyEdge
		}
		return casefile.PartyHost
	}
	each := func(use func(Desk)) {
		for _, d := range f.Desks { // of a recorded origin first: it can delete
			if slices.Contains(origins, d.Address) {
				use(d)
			}
		}
		for _, d := range f.Desks {
			if !slices.Contains(origins, d.Address) {
				use(d)
			}
		}
	}
	if f.Edge != nil && len(origins) == 0 {
		add(edgeDesk(f.Edge))
	}
	for _, source := range []string{kindRDAP, kindWHOIS} {
		each(func(d Desk) {
			if d.Contact.Role == roleAbuse && d.Contact.Source == source {
				c := d.Contact
				c.Party = party(d)
				add(c)
			}
		})
	}
	if f.Edge != nil && len(origins) > 0 {
		add(edgeDesk(f.Edge))
	}
	guessed := false
	each(func(d Desk) {
		domain := providerDomain(d.Contact.Email, f.Domain)
		if domain == "" || guessed {
			return
		}
		guessed = true
		add(casefile.Contact{Party: party(d), Name: d.Contact.Name, Role: roleAbuse, Email: "abuse@" + domain, Source: sourceRFC2142})
	})
	if f.Registrar != nil {
		add(casefile.Contact{Party: casefile.PartyRegistrar, Name: f.Registrar.Name, Role: roleAbuse, Email: f.Registrar.AbuseEmail, Source: f.RegistrarSource})
	}
	return out
}

func edgeDesk(e *casefile.Edge) casefile.Contact {
	return casefile.Contact{Party: casefile.PartyEdge, Name: e.Name, Role: roleAbuse, Email: e.AbuseEmail, Form: e.AbuseForm, Source: sourceEdges}
}

// providerDomain is the domain at which a provider receives mail, as seen in one of its
// contacts: never a mailbox provider's, a registry's, or the domain of the target itself,
// whose owner is not the host.
func providerDomain(email, target string) string {
	if !usable(email) {
		return ""
	}
	domain := registrable(strings.ToLower(email[strings.LastIndexByte(email, '@')+1:]))
	if domain == "" || domain == target || strings.Contains(foreignMail, " "+domain+" ") {
		return ""
	}
	return domain
}

// foreignMail are domains that say nothing about the provider: mailbox providers and registries.
const foreignMail = " gmail.com googlemail.com outlook.com hotmail.com live.com msn.com yahoo.com yahoo.co.jp icloud.com me.com aol.com gmx.de gmx.net gmx.com web.de mail.ru yandex.ru yandex.com " +
	"proton.me protonmail.com qq.com 163.com 126.com naver.com seznam.cz wp.pl o2.pl libero.it orange.fr free.fr t-online.de " +
	"ripe.net arin.net apnic.net lacnic.net afrinic.net nic.br nic.ad.jp kisa.or.kr nic.or.kr iana.org icann.org "

// placeholders are local parts that nobody reads, and the words by which registries
// say that they hide an address.
var placeholders = []string{
	"noreply", "no-reply", "no_reply", "donotreply", "do-not-reply", "do_not_reply", "none", "null", "nobody", "unknown", "devnull", "email", "user", "notprovided", "not-provided",
	"redacted", "redactedforprivacy", "redacted-for-privacy", "privacy", "gdpr", "gdpr-masked", "gdprmasked", "withheld", "notdisclosed", "not.disclosed", "hidden", "masked",
}

// usable says whether s is one plain e-mail address (RFC 5321 without quoted local
// parts and address literals) that could be read by someone. Placeholders and redacted
// addresses are not.
func usable(s string) bool {
	local, domain, found := strings.Cut(s, "@")
	if !found || local == "" || len(local) > 64 || len(domain) > 253 || strings.HasPrefix(local, ".") || strings.HasSuffix(local, ".") || strings.Contains(local, "..") {
		return false
	}
	for _, c := range []byte(local) {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && !strings.ContainsRune("!#$%&'*+-/=?^_`{|}~.", rune(c)) {
			return false
		}
	}
	labels := strings.Split(strings.ToLower(domain), ".")
	if len(labels) < 2 {
		return false
	}
	for _, label := range labels {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		for _, c := range []byte(label) {
			if c != '-' && (c < 'a' || c > 'z') && (c < '0' || c > '9') {
				return false
			}
		}
	}
	switch top := labels[len(labels)-1]; {
	case top == "invalid", top == "localhost", top == "local", strings.Trim(top, "0123456789") == "":
		return false
	}
	local = strings.ToLower(local)
	return !slices.Contains(placeholders, local) && !strings.Contains(local, "redacted") && !strings.Contains(domain, "redacted")
}
