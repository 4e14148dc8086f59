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
	"reflect"
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

// Case makes the Masker of a case. Those who may not reveal its URL are not shown the
// address of its origin either: it leads to what the URL leads to.
func Case(c casefile.Case, mayReveal bool) Masker {
	m := New(c.Target, c.Referrer)
	if !mayReveal {
		m = m.Origins(c)
	}
	return m
}

// Origins is m that masks the addresses of the recorded origin of c as well. Addresses that the target itself has are
// facts that every case shows.
func (m Masker) Origins(c casefile.Case) Masker {
	var told []netip.Addr
	if c.Backend != nil {
		told = append(told, c.Backend.Address)
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

// Of is a copy of v for whoever may not know the hosts: every text in it is masked, at
// every depth, so that a field that is new needs no thought; codes (types of their own)
// stay. Addresses of recorded origins are left out. Lists and maps are not nil.
func Of[T any](m Masker, v T) T {
	in := reflect.ValueOf(&v).Elem()
	m.mask(in)
	return v
}

// mask replaces what v holds. It writes to nothing that v shares with its original.
func (m Masker) mask(v reflect.Value) {
	switch x := v.Interface().(type) {
	case string:
		v.SetString(m.Text(x))
		return
	case netip.Addr:
		if slices.Contains(m.origins, x) {
			v.SetZero()
		}
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			fresh := reflect.New(v.Type().Elem())
			fresh.Elem().Set(v.Elem())
			m.mask(fresh.Elem())
			v.Set(fresh)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				m.mask(v.Field(i))
			}
		}
	case reflect.Slice:
		fresh := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
		reflect.Copy(fresh, v)
		for i := range fresh.Len() {
			m.mask(fresh.Index(i))
		}
		v.Set(fresh)
	case reflect.Map:
		fresh := reflect.MakeMapWithSize(v.Type(), v.Len())
		for key, value := range v.Seq2() {
			one := reflect.New(v.Type().Elem()).Elem()
			one.Set(value)
			m.mask(one)
			fresh.SetMapIndex(key, one)
		}
		v.Set(fresh)
	default: // numbers and the like, which name nothing
	}
}
