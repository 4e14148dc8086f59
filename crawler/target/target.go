// Package target turns what a person or a server wrote as a URL into a
// casefile.Target: the one canonical form that Vigil stores, looks up and dials.
//
// In comes foreign text of any kind, out goes a Target or a casefile.Problem that
// says what is wrong and what to do. A Problem never repeats the URL, and nothing
// here logs, resolves or dials. All functions are pure and safe for concurrent use.
//
// The parser is the one colly uses, with colly's own options, so that what intake
// stored is what goes over the wire.
package target

import (
	"cmp"
	"fmt"
	neturl "net/url"
	"strings"
	"unicode/utf8"

	"github.com/nlnwa/whatwg-url/url"
	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"

	"vigil/casefile"
)

// Bounds of a host name, in bytes (RFC 1035, section 2.3.4).
const (
	maxName  = 253
	maxLabel = 63
)

// parser has the options of colly v2.3.0 (colly.go, urlParser).
var parser = url.NewParser(url.WithPercentEncodeSinglePercentSign())

// names is UTS #46, non-transitional, with bidi and joiner rules. Underscores are
// let through: they are no host names by RFC 952, and yet they resolve.
var names = idna.New(
	idna.MapForLookup(), idna.Transitional(false), idna.BidiRule(), idna.CheckJoiners(true),
	idna.ValidateLabels(true), idna.CheckHyphens(false), idna.StrictDomainName(false),
)

// Parse takes the text of a report. The raw text may be at most casefile.MaxURL
// bytes, must be UTF-8 and may not hold control characters; white space around
// it is dropped, as browsers do.
//
// Parse is idempotent: the URL of its result parses to the same Target.
func Parse(raw string) (casefile.Target, *casefile.Problem) {
	if len(raw) > casefile.MaxURL {
		return casefile.Target{}, tooLong()
	}
	if !utf8.ValidString(raw) {
		return casefile.Target{}, problem(casefile.ProblemEncoding, "the URL is not valid UTF-8; send it as UTF-8 or percent-encoded")
	}
	raw = strings.TrimFunc(raw, func(r rune) bool { return r <= ' ' })
	if strings.ContainsFunc(raw, control) {
		return casefile.Target{}, problem(casefile.ProblemEncoding, "the URL holds control characters, such as a line break; remove them")
	}
	if raw == "" {
		return casefile.Target{}, problem(casefile.ProblemSyntax, "there is no URL; give one that begins with http:// or https://")
	}
	return canonical(nil, raw)
}

// Resolve takes the reference of a Location header, relative to base. Servers
// send raw bytes there: those that are not UTF-8 are percent-encoded as they are,
// and tabs and line breaks are dropped, as the WHATWG parser does.
func Resolve(base casefile.Target, ref string) (casefile.Target, *casefile.Problem) {
	if len(ref) > casefile.MaxURL {
		return casefile.Target{}, tooLong()
	}
	if !utf8.ValidString(ref) {
		ref = escapeHighBytes(ref)
	}
	if base.IsZero() {
		return canonical(nil, ref)
	}
	from, err := parser.Parse(base.URL())
	if err != nil {
		return casefile.Target{}, unreadable()
	}
	return canonical(from, ref)
}

// RegistrableDomain is the public suffix of host and one label more, for example
// example.co.uk for www.example.co.uk. A host that is itself a public suffix, or
// has but one label, is returned as it is; an address literal gives "".
func RegistrableDomain(host string) string {
	host = strings.TrimSuffix(host, ".")
	if host == "" || strings.Contains(host, ":") || dottedQuad(host) {
		return ""
	}
	domain, err := publicsuffix.EffectiveTLDPlusOne(host)
	if err != nil {
		return host
	}
	return domain
}

// passes bounds how often a result is parsed again until it stays as it is.
const passes = 4

// canonical parses ref and repairs the host until the result parses to itself.
func canonical(base *url.Url, ref string) (t casefile.Target, p *casefile.Problem) {
	defer func() { // a panic of a parser is a URL it cannot read, not a crash of ours
		if recover() != nil {
			t, p = casefile.Target{}, unreadable()
		}
	}()
	for range passes {
		next, problem := parseOnce(base, ref)
		if problem != nil {
			return casefile.Target{}, problem
		}
		if next == ref {
			return accept(next)
		}
		base, ref = nil, next
	}
	return casefile.Target{}, unreadable()
}

// parseOnce parses and writes the URL as Vigil wants it.
func parseOnce(base *url.Url, ref string) (string, *casefile.Problem) {
	if strings.Count(authority(ref), "@") > 1 {
		// Refused in any case, and the parser takes a second for 8,000 of them.
		return "", userinfo()
	}
	parse := parser.Parse
	if base != nil {
		parse = base.Parse
	}
	u, err := parse(ref)
	switch {
	case err != nil:
		return "", refused(ref)
	case u.Scheme() != "http" && u.Scheme() != "https":
		return "", otherScheme()
	case u.Username() != "" || u.Password() != "":
		return "", userinfo()
	case u.Port() == "0":
		return "", problem(casefile.ProblemHost, "port 0 cannot be dialled; give the port of the server or none")
	}
	host, bad := hostName(u.Hostname())
	if bad != nil {
		return "", bad
	}
	written := u.Scheme() + "://" + host
	if port := u.Port(); port != "" {
		written += ":" + port
	}
	written += cmp.Or(u.Pathname(), "/")
	if query := u.Query(); query != "" {
		written += "?" + query
	}
	if len(written) > casefile.MaxURL {
		return "", tooLong()
	}
	return written, nil
}

// hostName checks a host that the parser let through and drops one trailing dot.
func hostName(host string) (string, *casefile.Problem) {
	if host == "" {
		return "", noHost()
	}
	if strings.HasPrefix(host, "[") || dottedQuad(host) {
		return host, nil
	}
	host = strings.TrimSuffix(host, ".")
	if host == "" || len(host) > maxName {
		return "", problem(casefile.ProblemHost, "the host name is empty or longer than 253 characters; correct it")
	}
	for label := range strings.SplitSeq(host, ".") {
		if label == "" || len(label) > maxLabel {
			return "", problem(casefile.ProblemHost, "a part of the host name is empty or longer than 63 characters; correct it")
		}
	}
	ascii, err := names.ToASCII(host)
	if err != nil || ascii != host {
		return "", problem(casefile.ProblemHost, "the host name is no valid (internationalised) domain name; correct it")
	}
	return host, nil
}

// accept makes the Target, when the standard library would dial the same thing.
func accept(canonical string) (casefile.Target, *casefile.Problem) {
	t, err := casefile.NewTarget(canonical)
	if err != nil {
		return casefile.Target{}, unreadable()
	}
	u, err := neturl.Parse(canonical)
	if err != nil || u.Hostname() != t.Host() {
		return casefile.Target{}, problem(casefile.ProblemHost, "the host name holds characters that cannot be dialled; correct it")
	}
	return t, nil
}

// refused says why the parser did not take a reference, as well as can be told
// without repeating it.
func refused(ref string) *casefile.Problem {
	scheme, rest, found := strings.Cut(ref, ":")
	if !found {
		return problem(casefile.ProblemSyntax, "the URL has no scheme; begin it with http:// or https://")
	}
	if s := strings.ToLower(scheme); s != "http" && s != "https" {
		return otherScheme()
	}
	if strings.Trim(rest, `/\`) == "" {
		return noHost()
	}
	return problem(casefile.ProblemHost, "the host or port of the URL cannot be read; correct it")
}

// authority is the part of ref that may hold userinfo, or "".
func authority(ref string) string {
	rest := ref
	colon := strings.IndexAny(ref, `:/\?#`)
	scheme := colon >= 0 && ref[colon] == ':'
	if scheme {
		rest = ref[colon+1:]
	}
	trimmed := strings.TrimLeft(rest, `/\`)
	if !scheme && len(rest)-len(trimmed) < 2 {
		return ""
	}
	if end := strings.IndexAny(trimmed, `/\?#`); end >= 0 {
		return trimmed[:end]
	}
	return trimmed
}

func control(r rune) bool { return r < ' ' || r == 0x7f }

// dottedQuad says whether host is an IPv4 address in its canonical form, the only
// one the parser writes.
func dottedQuad(host string) bool {
	last := host[strings.LastIndexByte(host, '.')+1:]
	return last != "" && strings.Trim(last, "0123456789") == ""
}

func escapeHighBytes(s string) string {
	var b strings.Builder
	for i := range len(s) {
		if s[i] < utf8.RuneSelf {
			b.WriteByte(s[i])
		} else {
			fmt.Fprintf(&b, "%%%02X", s[i])
		}
	}
	return b.String()
}

func tooLong() *casefile.Problem {
	return casefile.Problemf(casefile.ProblemTooLong, "url",
		"the URL is longer than %d bytes; shorten it, for example by dropping tracking parameters", casefile.MaxURL)
}

func otherScheme() *casefile.Problem {
	return problem(casefile.ProblemScheme, "only http and https can be looked at; give a URL that begins with http:// or https://")
}

func noHost() *casefile.Problem {
	return problem(casefile.ProblemHost, "the URL has no host; give the full address, for example https://site.example/page")
}

func userinfo() *casefile.Problem {
	return problem(casefile.ProblemUserinfo, "the URL holds a user name or password before the host; remove it and the @ sign")
}

func unreadable() *casefile.Problem {
	return problem(casefile.ProblemSyntax, "the URL cannot be brought into its standard form; copy it again from the address bar of a browser")
}

func problem(code casefile.ProblemCode, detail string) *casefile.Problem {
	return &casefile.Problem{Code: code, Field: "url", Detail: detail}
}
