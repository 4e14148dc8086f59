package fakenet

import (
	"encoding/binary"
	"io"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/miekg/dns"
)

// dnsName is a name that exists: a site, a link of its CNAME chain, a machine of our own, or a zone.
type dnsName struct {
	site        *site
	alias       int // 1.. in the chain of the site; 0 is the site's own name
	addresses   []netip.Addr
	nameservers []string // set on a zone
	first       *site    // the first site of a zone
	turns       [2]atomic.Uint32
}

// dnsView is how a query came in.
type dnsView struct {
	server netip.AddrPort
	udp    bool
	plain  bool // sites live on 127.0.0.1
}

// ResolverMode makes one of the resolvers treat every query so. It panics when there is no such resolver.
func (n *Net) ResolverMode(resolver string, k DNSKind) {
	at := netip.MustParseAddrPort(resolver)
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.ports[at] != portDNS {
		panic("fakenet: no resolver at " + resolver)
	}
	n.modes[at] = k
}

// name changes what is known about a name. A query may be reading the old entry,
// so a new one takes its place. The caller holds the lock.
func (n *Net) name(name string, change func(*dnsName)) {
	d := &dnsName{}
	if old := n.names[name]; old != nil {
		d.site, d.alias, d.addresses, d.nameservers, d.first = old.site, old.alias, old.addresses, old.nameservers, old.first
	}
	change(d)
	n.names[name] = d
}

// addZone makes the zone's own name exist; the caller holds the lock.
func (n *Net) addZone(zone string) {
	if known := n.names[zone]; known == nil || known.nameservers == nil {
		n.name(zone, func(d *dnsName) { d.nameservers = []string{NameserverHost, NameserverHost2} })
	}
}

// lookup is the plain answer for a host: its addresses as the script says now.
func (n *Net) lookup(host string) []netip.Addr {
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	n.mu.RLock()
	name := n.names[host]
	if name == nil {
		if s := n.under(host); s != nil {
			name = &dnsName{site: s}
		}
	}
	n.mu.RUnlock()
	switch {
	case name == nil:
		return nil
	case name.site == nil:
		return name.addresses
	}
	b := name.site.at(n.elapsed())
	switch {
	case b.DNS == nil:
		return name.site.Addresses
	case b.DNS.Kind != DNSNormal && b.DNS.Kind != DNSTruncated:
		return nil
	case b.DNS.Addresses != nil:
		return b.DNS.Addresses
	}
	return name.site.Addresses
}

// answerLater answers a packed query, possibly after a while, possibly never.
func (n *Net) answerLater(query []byte, v dnsView, reply func([]byte)) {
	out, wait := n.answer(query, v)
	switch {
	case out == nil:
	case wait <= 0:
		reply(out)
	default:
		time.AfterFunc(wait, func() { reply(out) })
	}
}

// answer is the packed reply to a packed query, and how long it takes; nil when there is none.
func (n *Net) answer(query []byte, v dnsView) ([]byte, time.Duration) {
	q := new(dns.Msg)
	if err := q.Unpack(query); err != nil || len(q.Question) != 1 || q.Response {
		return nil, 0
	}
	name := strings.TrimSuffix(strings.ToLower(q.Question[0].Name), ".")
	n.queries.add(name)
	n.mu.RLock()
	known, back := n.names[name], n.reverses[name]
	mode := n.modes[v.server]
	if known == nil && back == nil {
		if s := n.under(name); s != nil {
			known = &dnsName{site: s}
		}
	}
	n.mu.RUnlock()
	m := new(dns.Msg)
	m.SetReply(q)
	m.RecursionAvailable = true
	var d DNS
	if known != nil && known.site != nil {
		if b := known.site.at(n.elapsed()); b.DNS != nil {
			d = *b.DNS
		}
	} else if back != nil {
		d = back.DNS
	}
	if mode != DNSNormal {
		d = DNS{Kind: mode}
	}
	m.AuthenticatedData = d.Authenticated && q.AuthenticatedData
	kind := d.Kind
	if d.Only != "" && d.Only != dns.TypeToString[q.Question[0].Qtype] {
		kind = DNSNormal
	}
	n.fill(m, name, known, d, v, kind)
	return n.deliver(m, q, kind, d, v)
}

// fill puts the records of a plain or negative answer into m.
func (n *Net) fill(m *dns.Msg, name string, known *dnsName, d DNS, v dnsView, kind DNSKind) {
	q := m.Question[0]
	ttl := n.ttl
	if d.TTL != 0 {
		ttl = seconds(d.TTL, 0)
	}
	switch kind {
	case DNSServfail:
		m.Rcode = dns.RcodeServerFailure
		return
	case DNSRefused:
		m.Rcode = dns.RcodeRefused
		return
	case DNSNoData:
		n.negative(m, name)
		return
	case DNSCNAMELoop:
		m.Answer = append(m.Answer, cname(q.Name, "loop-of."+q.Name, ttl), cname("loop-of."+q.Name, q.Name, ttl))
		return
	case DNSNXDomain:
		if len(d.CNAMEs) == 0 || known == nil || known.alias == len(d.CNAMEs) {
			m.Rcode = dns.RcodeNameError
			n.negative(m, name)
			return
		}
	case DNSNormal, DNSSilent, DNSWrongID, DNSWrongQuestion, DNSGarbage, DNSTruncated:
	}
	if known == nil {
		if n.reverse(m, name, d, ttl) {
			return
		}
		m.Rcode = dns.RcodeNameError
		n.negative(m, name)
		return
	}
	switch q.Qtype {
	case dns.TypeNS, dns.TypeSOA:
		n.zoneRecords(m, name, known, ttl)
		return
	case dns.TypeA, dns.TypeAAAA, dns.TypeCNAME:
	default:
		n.negative(m, name)
		return
	}
	owner, whole := n.chain(m, known, d, ttl)
	if whole && kind == DNSNXDomain {
		m.Rcode = dns.RcodeNameError
		n.negative(m, name)
		return
	}
	if whole && q.Qtype != dns.TypeCNAME {
		n.addresses(m, owner, known, d, v, ttl)
	}
	if len(m.Answer) == 0 {
		n.negative(m, name)
	}
}

// chain appends the CNAMEs from the asked name on; whole says that the chain is complete, and ends at owner.
func (n *Net) chain(m *dns.Msg, known *dnsName, d DNS, ttl uint32) (owner string, whole bool) {
	owner = m.Question[0].Name
	if known.site == nil {
		return owner, true
	}
	for i := known.alias; i < len(d.CNAMEs); i++ {
		next := dns.Fqdn(d.CNAMEs[i])
		m.Answer = append(m.Answer, cname(owner, next, ttl))
		owner = next
		if d.CutChain || m.Question[0].Qtype == dns.TypeCNAME {
			return owner, false
		}
	}
	return owner, true
}

// addresses appends the records of the asked family.
func (n *Net) addresses(m *dns.Msg, owner string, known *dnsName, d DNS, v dnsView, ttl uint32) {
	list := known.addresses
	if known.site != nil {
		list = known.site.Addresses
	}
	qtype := m.Question[0].Qtype
	switch {
	case len(d.Rotate) > 0:
		family := 0
		if qtype == dns.TypeAAAA {
			family = 1
		}
		turn := known.turns[family].Add(1) - 1
		list = d.Rotate[int(turn)%len(d.Rotate)]
	case d.Addresses != nil:
		list = d.Addresses
	}
	if v.plain {
		list = n.onLoopback(list)
	}
	for _, a := range list {
		head := dns.RR_Header{Name: owner, Rrtype: qtype, Class: dns.ClassINET, Ttl: ttl}
		switch {
		case qtype == dns.TypeA && a.Is4():
			m.Answer = append(m.Answer, &dns.A{Hdr: head, A: a.AsSlice()})
		case qtype == dns.TypeAAAA && a.Is6():
			m.Answer = append(m.Answer, &dns.AAAA{Hdr: head, AAAA: a.AsSlice()})
		}
	}
}

// onLoopback replaces the net's own addresses by 127.0.0.1, once.
func (n *Net) onLoopback(list []netip.Addr) []netip.Addr {
	var out []netip.Addr
	for _, a := range list {
		if _, ours := n.NetworkOf(a); ours {
			a = loopback
		}
		if !slices.Contains(out, a) {
			out = append(out, a)
		}
	}
	return out
}

var loopback = netip.AddrFrom4([4]byte{127, 0, 0, 1})

// zoneRecords answers NS and SOA at the top of a zone.
func (n *Net) zoneRecords(m *dns.Msg, name string, known *dnsName, ttl uint32) {
	q := m.Question[0]
	switch {
	case known.nameservers == nil:
		n.negative(m, name)
	case q.Qtype == dns.TypeSOA:
		m.Answer = append(m.Answer, n.soa(name))
	default:
		for _, ns := range known.nameservers {
			m.Answer = append(m.Answer, &dns.NS{Hdr: dns.RR_Header{Name: q.Name, Rrtype: dns.TypeNS, Class: dns.ClassINET, Ttl: ttl}, Ns: dns.Fqdn(ns)})
		}
	}
}

func cname(owner, to string, ttl uint32) dns.RR {
	return &dns.CNAME{Hdr: dns.RR_Header{Name: owner, Rrtype: dns.TypeCNAME, Class: dns.ClassINET, Ttl: ttl}, Target: to}
}

// negative adds the SOA that says how long an absence may be remembered (RFC 2308).
func (n *Net) negative(m *dns.Msg, name string) { m.Ns = append(m.Ns, n.soa(name)) }

func (n *Net) soa(name string) dns.RR {
	return &dns.SOA{
		Hdr: dns.RR_Header{Name: dns.Fqdn(zoneOf(name)), Rrtype: dns.TypeSOA, Class: dns.ClassINET, Ttl: n.negTTL},
		Ns:  NameserverHost + ".", Mbox: "hostmaster.dns.test.", Serial: 1, Refresh: 3600, Retry: 600, Expire: 86400, Minttl: n.negTTL,
	}
}

// deliver packs m, spoilt as the kind says.
func (n *Net) deliver(m, q *dns.Msg, kind DNSKind, d DNS, v dnsView) ([]byte, time.Duration) {
	size := dns.MinMsgSize
	if opt := q.IsEdns0(); opt != nil {
		size = max(size, int(opt.UDPSize()))
		m.SetEdns0(1232, false)
	}
	switch kind {
	case DNSSilent:
		return nil, 0
	case DNSGarbage:
		return []byte("\x00\x00this is no message"), d.Delay
	case DNSWrongID:
		m.Id++
	case DNSWrongQuestion:
		m.Question[0].Name = "another-name.test."
		for _, rr := range m.Answer {
			rr.Header().Name = m.Question[0].Name
		}
	case DNSTruncated:
		if v.udp {
			m.Truncated, m.Answer = true, nil
		}
	case DNSNormal, DNSNXDomain, DNSServfail, DNSRefused, DNSNoData, DNSCNAMELoop:
	}
	if v.udp && m.Len() > size {
		m.Truncated, m.Answer, m.Ns = true, nil, nil
	}
	out, err := m.Pack()
	if err != nil {
		return nil, 0
	}
	return out, d.Delay
}

// serveDNS answers the queries of one TCP connection (RFC 1035, section 4.2.2).
func (n *Net) serveDNS(c net.Conn, v dnsView) {
	var size [2]byte
	for {
		if _, err := io.ReadFull(c, size[:]); err != nil {
			return
		}
		query := make([]byte, binary.BigEndian.Uint16(size[:]))
		if _, err := io.ReadFull(c, query); err != nil {
			return
		}
		n.answerLater(query, v, func(out []byte) {
			_, _ = c.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(out))), out...))
		})
	}
}
