// Package mask takes a reported host out of texts that are shown to people who
// have not revealed the URL.
//
// Facts about hosting often repeat the host: an abuse address at the reported
// domain, a reverse name, a CNAME. They come in with the target they belong to,
// and go out with the host and its domain replaced. It must never be used to
// make a URL safe: a URL is shown as casefile.Target prints it, or revealed.
package mask

import (
	"strings"

	"golang.org/x/net/publicsuffix"

	"vigil/casefile"
)

// Sealed stands where a host was taken out.
const Sealed = "[sealed]"

// Masker takes the hosts of some targets out of texts. The zero Masker changes
// nothing. It is safe for concurrent use.
type Masker struct{ domains []string } // lower-case ASCII

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

// Text is s with every name at or below the masked domains replaced by Sealed,
// with what follows of a URL.
func (m Masker) Text(s string) string {
	for _, domain := range m.domains {
		s = seal(s, domain)
	}
	return s
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
		if end < len(s) && strings.IndexByte("./?#:", s[end]) >= 0 {
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
	c.Name, c.Email, c.Form = m.Text(c.Name), m.Text(c.Email), m.Text(c.Form)
	return c
}

// Hosting is a copy of h with its texts masked.
func (m Masker) Hosting(h casefile.Hosting) casefile.Hosting {
	h.Provider, h.Steps = m.Text(h.Provider), m.Texts(h.Steps)
	h.Claims = append([]casefile.Claim(nil), h.Claims...)
	for i := range h.Claims {
		c := &h.Claims[i]
		c.Value, c.Source, c.Problem = m.Text(c.Value), m.Text(c.Source), m.Text(c.Problem)
	}
	h.Contacts = append([]casefile.Contact(nil), h.Contacts...)
	for i := range h.Contacts {
		h.Contacts[i] = m.Contact(h.Contacts[i])
	}
	if h.Edge != nil {
		e := *h.Edge
		e.Evidence, e.AbuseEmail, e.AbuseForm = m.Text(e.Evidence), m.Text(e.AbuseEmail), m.Text(e.AbuseForm)
		h.Edge = &e
	}
	if h.Registrar != nil {
		r := *h.Registrar
		r.Name, r.AbuseEmail = m.Text(r.Name), m.Text(r.AbuseEmail)
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
