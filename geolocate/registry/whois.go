package registry

import (
	"context"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/likexian/whois"
	"go.uber.org/zap"
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
	host, _, err := net.SplitHostPort(server)
	if err != nil {
		host = server
	}
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
