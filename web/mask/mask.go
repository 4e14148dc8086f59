// Package mask takes a reported host out of texts that are shown to people who
// have not revealed the URL.
//
// Facts about hosting often repeat the host: an abuse address at the reported
// domain, a reverse name, a CNAME. They come in with the target they belong to,
// and go out with the host and its domain replaced. It must never be used to
// make a URL safe: a URL is shown as casefile.Target prints it, or revealed.
package mask

import (
	"regexp"
	"strings"

	"golang.org/x/net/publicsuffix"

	"vigil/casefile"
)

// Sealed stands where a host was taken out.
const Sealed = "[sealed]"

// Masker takes the hosts of some targets out of texts. The zero Masker changes
// nothing. It is safe for concurrent use.
type Masker struct{ names *regexp.Regexp }

// New makes the Masker of targets. An address literal is not masked: the
// addresses of a host are facts that every case shows.
func New(targets ...casefile.Target) Masker {
	var alternatives []string
	for _, t := range targets {
		host := strings.Trim(t.Host(), ".")
		if _, literal := t.Address(); literal || host == "" {
			continue
		}
		domain, err := publicsuffix.EffectiveTLDPlusOne(host)
		if err != nil { // the host is a public suffix itself, or has one label
			domain = host
		}
		alternatives = append(alternatives, regexp.QuoteMeta(domain))
	}
	if len(alternatives) == 0 {
		return Masker{}
	}
	return Masker{regexp.MustCompile(`(?i)(?:[\pL\pN_-]+\.)*(?:` + strings.Join(alternatives, "|") + `)(?:[./?#:][^\s<>"',;)]*)?`)}
}

// Text is s with every name at or below the masked domains replaced by Sealed,
// with what follows of a URL.
func (m Masker) Text(s string) string {
	if m.names == nil || s == "" {
		return s
	}
	return m.names.ReplaceAllString(s, Sealed)
}

// Texts masks each of a list, into a new one.
func (m Masker) Texts(list []string) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = m.Text(s)
	}
	return out
}
