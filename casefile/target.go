package casefile

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// MaxURL is the longest URL Vigil takes, in bytes. RFC 9110, section 4.1, asks for
// at least 8,000; longer ones are refused with a Problem.
const MaxURL = 8192

// Target is the canonical URL of a report: WHATWG parsing, IDNA, default ports
// dropped, no fragment, no userinfo, http or https. Parsing is crawler/target's
// work; casefile only checks the form.
//
// A Target is sensitive: it prints masked with every fmt verb, in JSON and in
// logs. URL reveals it, and whoever calls URL answers for where it goes.
type Target struct {
	url  string
	host string // ASCII, brackets of IPv6 removed
	port uint16
}

var errNotCanonical = errors.New("not a canonical http or https URL")

// NewTarget takes a canonical URL. It refuses everything that crawler/target
// would have written differently in scheme, userinfo, host, port or fragment.
func NewTarget(canonical string) (Target, error) {
	rest, secure := strings.CutPrefix(canonical, "https://")
	if !secure {
		var plain bool
		if rest, plain = strings.CutPrefix(canonical, "http://"); !plain {
			return Target{}, errNotCanonical
		}
	}
	slash := strings.IndexByte(rest, '/')
	if slash <= 0 || len(canonical) > MaxURL || strings.ContainsAny(canonical, "#\r\n\t ") {
		return Target{}, errNotCanonical
	}
	t := Target{url: canonical, port: 80}
	if secure {
		t.port = 443
	}
	authority := rest[:slash]
	if strings.ContainsAny(authority, "@?\\") {
		return Target{}, errNotCanonical
	}
	t.host = authority
	if i := strings.LastIndexByte(authority, ':'); i >= 0 && !strings.HasSuffix(authority, "]") {
		port, err := strconv.ParseUint(authority[i+1:], 10, 16)
		if err != nil || port == 0 {
			return Target{}, errNotCanonical
		}
		t.host, t.port = authority[:i], uint16(port)
	}
	if strings.HasPrefix(t.host, "[") {
		t.host = strings.TrimSuffix(t.host[1:], "]")
		if _, err := netip.ParseAddr(t.host); err != nil {
			return Target{}, errNotCanonical
		}
	}
	if t.host == "" || t.host != strings.ToLower(t.host) {
		return Target{}, errNotCanonical
	}
	return t, nil
}

// URL reveals the target. Never put it in a log line, a metric or a mail subject.
func (t Target) URL() string { return t.url }

// IsZero says whether there is no target.
func (t Target) IsZero() bool { return t.url == "" }

// Host is the host in ASCII (punycode), or the address literal without brackets. It is as sensitive as the URL.
func (t Target) Host() string { return t.host }

// Port is the port to dial, the scheme's default when the URL names none.
func (t Target) Port() uint16 { return t.port }

// Secure says whether the scheme is https.
func (t Target) Secure() bool { return strings.HasPrefix(t.url, "https://") }

// Address is the host as an address when it is a literal one.
func (t Target) Address() (netip.Addr, bool) {
	a, err := netip.ParseAddr(t.host)
	return a, err == nil
}

// Path is the path and query, beginning with a slash.
func (t Target) Path() string {
	rest := t.url[strings.Index(t.url, "://")+3:]
	return rest[strings.IndexByte(rest, '/'):]
}

// Sibling is a target on the same server, in the same folder, whose last path
// segment is name with the extension of the original; the query is dropped. With
// a random name it surely does not exist: what the server answers to it is what
// it answers to everything (soft 404). name must be letters and digits.
func (t Target) Sibling(name string) Target {
	path, _, _ := strings.Cut(t.Path(), "?")
	slash := strings.LastIndexByte(path, '/')
	last := path[slash+1:]
	if dot := strings.LastIndexByte(last, '.'); dot > 0 && len(last)-dot <= 6 {
		name += last[dot:]
	}
	s := t
	s.url = t.url[:len(t.url)-len(t.Path())] + path[:slash+1] + name
	return s
}

// String masks the target: only the scheme is shown.
func (t Target) String() string {
	if t.IsZero() {
		return ""
	}
	if t.Secure() {
		return "https://[sealed]"
	}
	return "http://[sealed]"
}

// Format keeps every fmt verb, %#v and %+v among them, from printing the URL.
func (t Target) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(t.String())) }

// MarshalText masks the target, so that encoding/json and zap do not reveal it.
func (t Target) MarshalText() ([]byte, error) { return []byte(t.String()), nil }
