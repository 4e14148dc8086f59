package casefile

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"unicode"
	"unique"
)

// MaxURL is the longest URL Vigil takes, in bytes. RFC 9110, section 4.1, asks for
// at least 8,000; longer ones are refused with a Problem.
const MaxURL = 8192

// Target is the canonical URL of a report: WHATWG parsing, IDNA, default ports
// dropped, no fragment, no userinfo, http or https. Parsing is crawler/target's
// work; casefile only checks the form.
//
// A Target is sensitive: it prints masked with every fmt verb, in JSON and in
// logs. URL reveals it, and whoever calls URL answers for where it goes. The parts
// lie behind a handle because fmt passes Format by in places (%p, and %s of a
// pointer within a struct) and prints the bare fields: then it prints an address.
// Targets may be compared with ==.
type Target struct{ parts unique.Handle[parts] }

// parts is what a target is made of.
type parts struct {
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
	foreign := func(r rune) bool { return r <= ' ' || r == 0x7f || r == '#' }
	if slash <= 0 || len(canonical) > MaxURL || strings.ContainsFunc(canonical, foreign) {
		return Target{}, errNotCanonical
	}
	p := parts{url: canonical, port: 80}
	if secure {
		p.port = 443
	}
	authority := rest[:slash]
	if strings.ContainsAny(authority, "@?\\%") || strings.ContainsFunc(authority, func(r rune) bool { return r > unicode.MaxASCII }) {
		return Target{}, errNotCanonical
	}
	p.host = authority
	if i := strings.LastIndexByte(authority, ':'); i >= 0 && !strings.HasSuffix(authority, "]") {
		port, err := strconv.ParseUint(authority[i+1:], 10, 16)
		if err != nil || port == 0 || uint16(port) == p.port || authority[i+1:] != strconv.FormatUint(port, 10) {
			return Target{}, errNotCanonical
		}
		p.host, p.port = authority[:i], uint16(port)
	}
	if strings.HasPrefix(p.host, "[") {
		p.host = strings.TrimSuffix(p.host[1:], "]")
		if a, err := netip.ParseAddr(p.host); err != nil || !a.Is6() {
			return Target{}, errNotCanonical
		}
	} else if strings.ContainsAny(p.host, ":[]") {
		return Target{}, errNotCanonical
	}
	if p.host == "" || p.host != strings.ToLower(p.host) {
		return Target{}, errNotCanonical
	}
	return Target{unique.Make(p)}, nil
}

// reveal gives the parts; those of the zero Target are empty.
func (t Target) reveal() parts {
	if t.IsZero() {
		return parts{}
	}
	return t.parts.Value()
}

// URL reveals the target. Never put it in a log line, a metric or a mail subject.
func (t Target) URL() string { return t.reveal().url }

// IsZero says whether there is no target.
func (t Target) IsZero() bool { return t == Target{} }

// Host is the host in ASCII (punycode), or the address literal without brackets. It is as sensitive as the
// URL.
func (t Target) Host() string { return t.reveal().host }

// Port is the port to dial, the scheme's default when the URL names none.
func (t Target) Port() uint16 { return t.reveal().port }

// Secure says whether the scheme is https.
func (t Target) Secure() bool { return strings.HasPrefix(t.reveal().url, "https://") }

// Address is the host as an address when it is a literal one.
func (t Target) Address() (netip.Addr, bool) {
	a, err := netip.ParseAddr(t.reveal().host)
	return a, err == nil
}

// Path is the path and query, beginning with a slash; empty when there is no target.
func (t Target) Path() string {
	_, rest, _ := strings.Cut(t.reveal().url, "://")
	if slash := strings.IndexByte(rest, '/'); slash >= 0 {
		return rest[slash:]
	}
	return ""
}

// Decoy is a target on the same server, in the same folder, whose last path
// segment is name with the extension of the original; the query is dropped. With
// a random name it surely does not exist: what the server answers to it is what
// it answers to everything (soft 404). name must be letters and digits. No target has no decoy.
func (t Target) Decoy(name string) Target {
	if t.IsZero() {
		return t
	}
	path, _, _ := strings.Cut(t.Path(), "?")
	slash := strings.LastIndexByte(path, '/')
	last := path[slash+1:]
	if dot := strings.LastIndexByte(last, '.'); dot > 0 && len(last)-dot <= 6 {
		name += last[dot:]
	}
	return t.at(path[:slash+1] + name)
}

// Home is the front page of the target's site: the path "/" of the same scheme, host and port.
func (t Target) Home() Target { return t.at("/") }

// at is another path of the same server; there is none of no target.
func (t Target) at(path string) Target {
	if t.IsZero() {
		return t
	}
	s := t.reveal()
	s.url = s.url[:len(s.url)-len(t.Path())] + path
	return Target{unique.Make(s)}
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

// Replays says whether a recorded referrer is sent along when t is looked at: not when it is t itself,
// because nobody comes to a page from there.
func (t Target) Replays(referrer Target) bool { return !referrer.IsZero() && referrer != t }
