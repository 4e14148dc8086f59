package resolve

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strings"
	"time"

	"github.com/miekg/dns"

	"vigil/casefile"
)

// udpSize is the EDNS buffer that avoids fragments (DNS flag day 2020).
const udpSize = 1232

// maxStray bounds the datagrams that are not our answer before a try is given up:
// they are late, lost or forged.
const maxStray = 16

// answer is what is known of a name and a type.
type answer struct {
	rcode         string
	cnames        []string
	addresses     []netip.Addr
	names         []string // of an address
	authenticated bool
	ttl           time.Duration
	fault         *casefile.Fault
}

// follow asks for name and follows the CNAME chain: within the answer, and by
// another question where the answer stops early.
func (r *Resolver) follow(ctx context.Context, name string, qtype uint16) answer {
	a := answer{authenticated: true, ttl: r.maxTTL}
	seen := map[string]bool{name: true}
	for {
		m, fault := r.exchange(ctx, name, qtype)
		if fault != nil {
			a.fault, a.ttl, a.rcode, a.authenticated = fault, failureTTL, "", false
			if m != nil {
				a.rcode = dns.RcodeToString[m.Rcode]
			}
			return a
		}
		a.rcode = dns.RcodeToString[m.Rcode]
		a.authenticated = a.authenticated && m.AuthenticatedData
		next, moved := a.walk(m, name, seen)
		if next == "" {
			a.fault = failure(casefile.FaultServfail, detailChain)
			a.ttl, a.authenticated = failureTTL, false
			return a
		}
		a.records(m, next, qtype)
		// RFC 2308, section 2.1: the code is that of the end of the chain.
		found := len(a.addresses)+len(a.names) > 0
		if found || m.Rcode == dns.RcodeNameError || !moved || soaOf(m) != nil {
			if !found {
				a.ttl = min(a.ttl, negativeTTL(m))
			}
			return a
		}
		name = next
	}
}

// walk follows the CNAMEs of one answer from name; moved says that there were any.
// It returns "" when the chain loops or is too long.
func (a *answer) walk(m *dns.Msg, name string, seen map[string]bool) (end string, moved bool) {
	for {
		var next string
		for _, rr := range m.Answer {
			if c, ok := rr.(*dns.CNAME); ok && sameName(c.Hdr.Name, name) {
				next = plain(c.Target)
				a.ttl = min(a.ttl, seconds(c.Hdr.Ttl))
				break
			}
		}
		if next == "" {
			return name, moved
		}
		if seen[next] || len(a.cnames) == maxChain {
			return "", true
		}
		seen[next] = true
		a.cnames = append(a.cnames, next)
		name, moved = next, true
	}
}

// records takes the addresses of name, or its names when it stands for an address.
func (a *answer) records(m *dns.Msg, name string, qtype uint16) {
	for _, rr := range m.Answer {
		h := rr.Header()
		if h.Rrtype != qtype || !sameName(h.Name, name) || len(a.addresses) == maxAddresses {
			continue
		}
		var ip net.IP
		switch rr := rr.(type) {
		case *dns.A:
			ip = rr.A.To4()
		case *dns.AAAA:
			ip = rr.AAAA
		case *dns.PTR:
			if host := plain(rr.Ptr); isHost(host) {
				a.names = append(a.names, host)
				a.ttl = min(a.ttl, seconds(h.Ttl))
			}
			continue
		}
		if addr, ok := netip.AddrFromSlice(ip); ok {
			a.addresses = append(a.addresses, addr)
			a.ttl = min(a.ttl, seconds(h.Ttl))
		}
	}
}

// soaOf is the SOA record that comes with the absence of a name or of data; nil when there is none.
func soaOf(m *dns.Msg) *dns.SOA {
	for _, rr := range m.Ns {
		if soa, ok := rr.(*dns.SOA); ok {
			return soa
		}
	}
	return nil
}

// negativeTTL is how long absence may be counted: the smaller of the SOA's own
// time and its minimum field (RFC 2308, section 5), at most 5 min. Without an SOA
// it must not be cached; the short time of a failure spares the server.
func negativeTTL(m *dns.Msg) time.Duration {
	if soa := soaOf(m); soa != nil {
		return min(seconds(min(soa.Hdr.Ttl, soa.Minttl)), maxNegativeTTL)
	}
	return failureTTL
}

// exchange asks the servers in turn until one gives NOERROR or NXDOMAIN to our
// question. A temporary fault moves on to the next server; a single server is
// asked twice. The message of a bad rcode is returned with the fault.
func (r *Resolver) exchange(ctx context.Context, name string, qtype uint16) (*dns.Msg, *casefile.Fault) {
	tries := min(max(len(r.servers), minTries), maxTries)
	end := time.Now().Add(r.timeout)
	var worst *dns.Msg
	var fault *casefile.Fault
	for i := range tries {
		share := time.Until(end) / time.Duration(tries-i)
		try, cancel := context.WithTimeout(ctx, share)
		m, err := r.try(try, r.servers[i%len(r.servers)], name, qtype)
		cancel()
		if at, ok := ctx.Deadline(); ok && !time.Now().Before(at) {
			<-ctx.Done() // the socket's deadline is the same: it may be a moment earlier, and is no server's silence
		}
		if ctx.Err() != nil {
			return nil, interrupted(ctx)
		}
		if err == nil && (m.Rcode == dns.RcodeSuccess || m.Rcode == dns.RcodeNameError) && !lame(m) && !filtered(m) {
			return m, nil
		}
		next := failed(m, err)
		if err == nil {
			worst = m
		}
		if fault == nil || fault.Kind == casefile.FaultTimeout {
			fault = next // an answer, even a bad one, says more than none
		}
	}
	return worst, fault
}

var errNonsense = errors.New("not an answer to the question")

// try asks one server: over UDP, and over TCP when the answer was cut short. Each
// try has a fresh socket: a new source port and a new id for each question make
// forging answers hard, at 20,000 questions a second (measured).
func (r *Resolver) try(ctx context.Context, server, name string, qtype uint16) (*dns.Msg, error) {
	q := new(dns.Msg)
	q.SetQuestion(dns.Fqdn(name), qtype)
	q.SetEdns0(udpSize, false)
	q.AuthenticatedData = true // RFC 6840, section 5.7: asks for the AD flag without DO
	m, err := r.over(ctx, "udp", server, q)
	if err == nil && m.Truncated {
		return r.over(ctx, "tcp", server, q)
	}
	return m, err
}

// over asks one server over UDP or TCP.
func (r *Resolver) over(ctx context.Context, network, server string, q *dns.Msg) (*dns.Msg, error) {
	conn, err := r.dial(ctx, network, server)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	buffer, messages := make([]byte, udpSize), maxStray
	if network == "tcp" {
		conn = &dns.Conn{Conn: conn} // frames messages by their length
		buffer, messages = make([]byte, dns.MaxMsgSize), 1
	}
	if at, ok := ctx.Deadline(); ok {
		_ = conn.SetDeadline(at)
	}
	// A cancelled question ends at once; the library's own client would wait.
	defer context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })()
	wire, err := q.PackBuffer(buffer)
	if err != nil {
		return nil, errNonsense
	}
	if _, err := conn.Write(wire); err != nil {
		return nil, err
	}
	for range messages {
		n, err := conn.Read(buffer)
		if err != nil {
			return nil, err
		}
		if m, ours := parse(buffer[:n], q); ours {
			return m, nil
		}
	}
	return nil, errNonsense
}

// parse reads a message and says whether it answers q: the same id, the same
// question. A message of ours that is cut short or malformed behind its header
// counts as truncated when it says so.
func parse(b []byte, q *dns.Msg) (m *dns.Msg, ours bool) {
	defer func() { // a parser that panics read no answer
		if recover() != nil {
			m, ours = nil, false
		}
	}()
	m = new(dns.Msg)
	if err := m.Unpack(b); err != nil && !m.Truncated {
		return nil, false
	}
	if m.Id != q.Id || !m.Response || m.Opcode != dns.OpcodeQuery || len(m.Question) != 1 {
		return nil, false
	}
	asked, got := q.Question[0], m.Question[0]
	return m, got.Qtype == asked.Qtype && got.Qclass == asked.Qclass && strings.EqualFold(got.Name, asked.Name)
}

// plain is a name in lower case and without its trailing dot.
func plain(name string) string { return strings.ToLower(strings.TrimSuffix(name, ".")) }

func sameName(fqdn, name string) bool { return strings.EqualFold(strings.TrimSuffix(fqdn, "."), name) }

func seconds(ttl uint32) time.Duration { return time.Duration(ttl) * time.Second }
