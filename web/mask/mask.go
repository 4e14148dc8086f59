// Package mask takes a reported host out of texts that are shown to people who
// have not revealed the URL.
//
// Facts about hosting often repeat the host: an abuse address at the reported
// domain, a reverse name, a CNAME. They come in with the target they belong to,
// and go out with the host and its domain replaced. It must never be used to
// make a URL safe: a URL is shown as casefile.Target prints it, or revealed.
package mask

import (
	"net/netip"
	"slices"
	"strings"

	"golang.org/x/net/publicsuffix"

	"vigil/casefile"
)

// Sealed stands where a host was taken out.
const Sealed = "[sealed]"

// Masker takes the hosts of some targets out of texts. The zero Masker changes
// nothing. It is safe for concurrent use.
type Masker struct {
	domains []string     // lower-case ASCII
	origins []netip.Addr // of recorded origins
}

// New makes the Masker of targets. An address literal is not masked: the
// addresses of a host are facts that every case shows.
func New(targets ...casefile.Target) Masker {
	var m Masker
	for _, t := range targets {
		host := strings.Trim(t.Host(), ".")
		if _, literal := t.Address(); literal || host == "" {
			continue
		}
		domain, err := publicsuffix.EffectiveTLDPlusOne(host)
		if err != nil { // the host is a public suffix itself, or has one label
			domain = host
		}
		m.domains = append(m.domains, domain)
	}
	return m
}

// Origins is m that masks the addresses of the recorded origin of c as well: such an
// address leads to what the URL leads to. Addresses that the target itself has are
// facts that every case shows.
func (m Masker) Origins(c casefile.Case) Masker {
	var told []netip.Addr
	if c.Origin != nil {
		told = append(told, c.Origin.Address)
	}
	var own []netip.Addr
	if c.Hosting != nil {
		own = c.Hosting.Addresses
		for _, claim := range c.Hosting.Claims {
			if claim.Fact == casefile.FactOrigin {
				addr, _ := netip.ParseAddr(claim.Value) // else a country, or a problem
				told = append(told, addr)
			}
		}
	}
	m.origins = slices.Clone(m.origins)
	for _, addr := range told {
		if addr.IsValid() && !slices.Contains(own, addr) && !slices.Contains(m.origins, addr) {
			m.origins = append(m.origins, addr)
		}
	}
	return m
}

// Text is s with every name at or below the masked domains replaced by Sealed,
// with what follows of a URL, and every masked address.
func (m Masker) Text(s string) string {
	for _, domain := range m.domains {
		s = seal(s, domain)
	}
	for _, addr := range m.origins {
		s = sealAddress(s, addr.String())
	}
	return s
}

// sealAddress replaces addr where it stands by itself, not as part of a longer one.
func sealAddress(s, addr string) string {
	part := func(c byte) bool {
		return c == ':' || '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
	}
	var b strings.Builder
	for {
		at := strings.Index(s, addr)
		if at < 0 {
			return b.String() + s
		}
		end := at + len(addr)
		before := at > 0 && (part(s[at-1]) || s[at-1] == '.')
		after := end < len(s) && part(s[end]) && (s[end] != ':' || end+1 < len(s) && part(s[end+1]))
		b.WriteString(s[:at])
		if before || after {
			b.WriteString(addr)
		} else {
			b.WriteString(Sealed)
		}
		s = s[end:]
	}
}

// seal replaces each name that ends with domain.
func seal(s, domain string) string {
	if len(s) < len(domain) {
		return s
	}
	lower := asciiLower(s)
	var b strings.Builder
	done := 0
	for {
		found := strings.Index(lower[done:], domain)
		if found < 0 {
			break
		}
		start, end := done+found, done+found+len(domain)
		for start > done && inName(s[start-1]) {
			start--
		}
		if end < len(s) && strings.IndexByte("./?#:", s[end]) >= 0 && !endsSentence(s[end:]) {
			for end < len(s) && strings.IndexByte(" \t\r\n<>\"',;)", s[end]) < 0 {
				end++
			}
		}
		b.WriteString(s[done:start])
		b.WriteString(Sealed)
		done = end
	}
	if done == 0 {
		return s
	}
	b.WriteString(s[done:])
	return b.String()
}

// endsSentence says whether s begins with a dot or colon that belongs to the text and not to a URL.
func endsSentence(s string) bool {
	return (s[0] == '.' || s[0] == ':') && (len(s) == 1 || s[1] == ' ' || s[1] == '\n')
}

// inName says whether c can be part of a domain name; all bytes of letters beyond ASCII can.
func inName(c byte) bool {
	return c >= 0x80 || c == '.' || c == '-' || c == '_' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

// asciiLower is s in lower case, byte for byte: no length changes.
func asciiLower(s string) string {
	b := []byte(s)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}

// Texts masks each of a list, into a new one.
func (m Masker) Texts(list []string) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = m.Text(s)
	}
	return out
}

// Contact is c with its texts masked.
func (m Masker) Contact(c casefile.Contact) casefile.Contact {
	c.Name, c.Role, c.Email, c.Form, c.Why = m.Text(c.Name), m.Text(c.Role), m.Text(c.Email), m.Text(c.Form), m.Text(c.Why)
	return c
}

// Hosting is a copy of h with its texts masked.
func (m Masker) Hosting(h casefile.Hosting) casefile.Hosting {
	h.Provider, h.Steps, h.Dissent = m.Text(h.Provider), m.Texts(h.Steps), m.Texts(h.Dissent)
	h.Claims = append([]casefile.Claim(nil), h.Claims...)
	for i := range h.Claims {
		c := &h.Claims[i]
		c.Value, c.Source, c.Problem = m.Text(c.Value), m.Text(c.Source), m.Text(c.Problem)
		if slices.Contains(m.origins, c.Address) {
			c.Address = netip.Addr{}
		}
	}
	h.Contacts = append([]casefile.Contact(nil), h.Contacts...)
	for i := range h.Contacts {
		h.Contacts[i] = m.Contact(h.Contacts[i])
	}
	if h.Edge != nil {
		e := *h.Edge
		e.Name, e.Evidence, e.Signs = m.Text(e.Name), m.Text(e.Evidence), m.Texts(e.Signs)
		e.AbuseEmail, e.AbuseForm = m.Text(e.AbuseEmail), m.Text(e.AbuseForm)
		h.Edge = &e
	}
	if h.Platform != nil {
		p := *h.Platform
		p.Name, p.Evidence, p.Signs = m.Text(p.Name), m.Text(p.Evidence), m.Texts(p.Signs)
		p.AbuseEmail, p.AbuseForm = m.Text(p.AbuseEmail), m.Text(p.AbuseForm)
		h.Platform = &p
	}
	if h.Registrar != nil {
		r := *h.Registrar
		r.Name, r.AbuseEmail, r.DomainStatus = m.Text(r.Name), m.Text(r.AbuseEmail), m.Texts(r.DomainStatus)
		r.Nameservers, r.NameserverOperators = m.Texts(r.Nameservers), m.Texts(r.NameserverOperators)
		h.Registrar = &r
	}
	return h
}

// Verdict is a copy of v with the values of its signals masked.
func (m Masker) Verdict(v casefile.Verdict) casefile.Verdict {
	v.Signals = append([]casefile.Signal(nil), v.Signals...)
	for i := range v.Signals {
		v.Signals[i].Value = m.Text(v.Signals[i].Value)
	}
	return v
}
