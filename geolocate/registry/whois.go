package registry

import (
	"context"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/likexian/whois"
	"go.uber.org/zap"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
)

// maxReferrals bounds how often one answer sends us to another WHOIS server.
const maxReferrals = 2

// whoisAnswers asks the root and follows referrals, each server at most once. The
// answer of a root that delegates is not returned: it describes the registry and not
// the object. The problem is that of the last server asked; the texts before it are
// still good. question says how a server is asked.
func (r *Registry) whoisAnswers(ctx context.Context, question func(server string) string) (texts []string, problem Problem) {
	server := r.o.WHOISServer
	visited := map[string]bool{}
	for range maxReferrals + 1 {
		visited[server] = true
		text, p := r.whoisQuery(ctx, server, question(server))
		if p != "" {
			return texts, p
		}
		next, delegated := referral(text)
		if next == "" {
			next = nationalServer(text)
		}
		if next == "" && strings.Contains(text, "rwhois://") {
			r.o.Log.Debug("referral not followed", zap.String("protocol", "rwhois"))
		}
		if !delegated {
			texts = append(texts, text)
		}
		if next == "" || visited[next] {
			return texts, ""
		}
		server = next
	}
	return texts, ""
}

// whoisQuery asks one server. The library has no context, reads without a bound and
// follows referrals to any host, so that it only writes the question here, over a
// connection that is bounded in bytes and time.
func (r *Registry) whoisQuery(ctx context.Context, server, query string) (text string, problem Problem) {
	if problem := r.limits.Pass(ctx, server); problem != "" {
		return "", problem
	}
	defer r.limits.Settle(server, time.Now(), &problem)
	left := r.o.Timeout
	if deadline, ok := ctx.Deadline(); ok {
		left = time.Until(deadline)
	}
	stop := func() bool { return false }
	defer func() { stop() }()
	connect := dialFunc(func() (net.Conn, error) {
		conn, err := r.dialer.Connect(ctx, server, false)
		if err != nil {
			return nil, err
		}
		stop = context.AfterFunc(ctx, func() { _ = conn.Close() })
		return &boundConn{Conn: conn, left: maxWHOIS}, nil
	})
	client := whois.NewClient().SetDialer(connect).SetTimeout(left).SetDisableReferral(true).SetDisableStats(true)
	raw, err := client.Whois(query, server)
	text = decodeFrom(server, raw)
	if complains(text) {
		r.limits.Hold(ctx, server, 0, whoisHold)
		return "", ProblemRateLimited
	}
	if err != nil {
		return "", ProblemOf(ctx, err)
	}
	if strings.TrimSpace(text) == "" {
		return "", ProblemBroken
	}
	return text, ""
}

// dialFunc connects to the server of one WHOIS query, whatever the library asks for.
type dialFunc func() (net.Conn, error)

// Dial implements the library's dialer.
func (f dialFunc) Dial(string, string) (net.Conn, error) { return f() }

// boundConn fails when the server sends more than it may.
type boundConn struct {
	net.Conn
	left int
}

// Read implements net.Conn.
func (c *boundConn) Read(p []byte) (int, error) {
	if c.left <= 0 {
		return 0, errTooLarge
	}
	n, err := c.Conn.Read(p[:min(len(p), c.left)])
	c.left -= n
	return n, err
}

// referral is the host:port that an answer sends us to, or empty; delegated says that
// the answer is of a root that only names the registry (IANA's refer and whois lines).
// Only port 43 and unprivileged ones are followed, and no rwhois.
func referral(text string) (server string, delegated bool) {
	for line := range strings.Lines(text) {
		key, value, ok := strings.Cut(line, ":")
		if !ok {
			continue
		}
		delegated = false
		switch strings.ToLower(strings.TrimSpace(key)) {
		case "refer", "whois":
			delegated = true
		case "referralserver", "registrar whois server", "whois server":
		default:
			continue
		}
		value = strings.ToLower(strings.TrimSpace(value))
		if strings.HasPrefix(value, "rwhois:") || strings.HasPrefix(value, "http") {
			continue
		}
		value = strings.TrimSuffix(strings.TrimPrefix(value, "whois://"), "/")
		if server, ok := whoisAddress(value); ok {
			return server, delegated
		}
	}
	return "", false
}

func whoisAddress(s string) (string, bool) {
	host, port, err := net.SplitHostPort(s)
	if err != nil {
		host, port = s, "43"
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil || n != 43 && n < 1024 {
		return "", false
	}
	if _, err := netip.ParseAddr(host); err != nil && !plainDomain(host) {
		return "", false
	}
	return net.JoinHostPort(host, port), true
}

// complains says whether a short answer refuses for too many queries.
func complains(text string) bool {
	return len(text) <= 2000 && hasAny(strings.ToLower(text), "complaint")
}

// domainQuestion is the line that a WHOIS server wants for a domain. server is
// host:port in small letters, name the registrable domain in ASCII. Most servers want
// the name alone; anything that is no domain is returned as it is.
//
//   - whois.iana.org is asked for the top-level domain only: it knows no more, and need
//     not learn the name.
//   - whois.verisign-grs.com matches prefixes and name servers too, unless the kind of
//     the object is given (its answer to "help").
//   - whois.denic.de answers with all data only for the type dn; ace says that the name
//     is in ASCII (its answer to "help").
//   - whois.jprs.jp writes its labels in English behind /e (first lines of each answer).
func domainQuestion(server, name string) string {
	if _, err := netip.ParseAddr(name); err == nil || !plainDomain(name) {
		return name
	}
	host, _, _ := strings.Cut(server, ":")
	switch host {
	case "whois.iana.org":
		return name[strings.LastIndexByte(name, '.')+1:]
	case "whois.verisign-grs.com":
		return "domain " + name
	case "whois.denic.de":
		return "-T dn,ace " + name
	case "whois.jprs.jp":
		return name + "/e"
	}
	return name
}

// decodeFrom makes UTF-8 of a WHOIS text. RFC 3912 names no encoding (section 4 calls
// that a fault of the protocol), so that the bytes decide: escape sequences are
// ISO-2022-JP (RFC 1468), valid UTF-8 stays. What is left is read by the country of the
// registry, as the name of the server or the text tells it: EUC-JP or Shift_JIS for
// Japan, EUC-KR (with the letters of CP949) for Korea. Everything else is taken line by
// line for Windows-1252, which holds the Latin-1 that RIPE NCC, AFRINIC and LACNIC send.
// A byte order mark goes, and so does a letter that the end of the text cut in two.
func decodeFrom(server, s string) string {
	s = strings.TrimPrefix(s, "\ufeff")
	if strings.Contains(s, "\x1b$") || strings.Contains(s, "\x1b(") {
		if text, faults := tryDecode(japanese.ISO2022JP, s); faults == 0 {
			return text
		}
	}
	if utf8.ValidString(s) {
		return s
	}
	if cut := withoutCutRune(s); utf8.ValidString(cut) {
		return cut
	}
	switch nationOf(server, s) {
	case "JP":
		// Most letters of Shift_JIS are faults in EUC-JP, and hardly any the other way round.
		euc, faults := tryDecode(japanese.EUCJP, s)
		if faults == 0 {
			return euc
		}
		if text, others := tryDecode(japanese.ShiftJIS, s); others < faults {
			return text
		}
		return euc
	case "KR":
		if text, faults := tryDecode(korean.EUCKR, s); faults*20 <= len(s) {
			return text
		}
	}
	var b strings.Builder
	b.Grow(len(s) + len(s)/8)
	for line := range strings.Lines(s) {
		if !utf8.ValidString(line) {
			line, _ = tryDecode(charmap.Windows1252, line)
		}
		b.WriteString(line)
	}
	return b.String()
}

// nationOf is the country of a national registry, by its server or, when that says
// nothing, by its name in the answer.
func nationOf(server, text string) string {
	server, _, _ = strings.Cut(server, ":")
	switch {
	case strings.HasSuffix(server, ".jp"):
		return "JP"
	case strings.HasSuffix(server, ".kr"), strings.HasSuffix(server, ".krnic.net"):
		return "KR"
	case strings.Contains(text, "JPNIC"), strings.Contains(text, "JPRS"):
		return "JP"
	case strings.Contains(text, "KRNIC"), strings.Contains(text, "KISA"):
		return "KR"
	}
	return ""
}

// tryDecode decodes a text and counts the places that could not be read.
func tryDecode(from encoding.Encoding, s string) (text string, faults int) {
	text, err := from.NewDecoder().String(s)
	if err != nil {
		return strings.ToValidUTF8(s, "\ufffd"), len(s)
	}
	return text, strings.Count(text, "\ufffd")
}

// withoutCutRune drops the beginning of a letter at the very end of a text.
func withoutCutRune(s string) string {
	for i := 1; i < utf8.UTFMax && i <= len(s); i++ {
		if b := s[len(s)-i]; utf8.RuneStart(b) {
			if b >= utf8.RuneSelf && !utf8.FullRuneInString(s[len(s)-i:]) {
				return s[:len(s)-i]
			}
			break
		}
	}
	return s
}
