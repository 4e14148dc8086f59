// Package fakenet is the simulated internet of Vigil's tests, demo and benchmarks.
//
// In come networks and sites, each with a script of what it does over time. Out
// come a resolver, web servers over HTTP and HTTPS, WHOIS, RDAP with bootstrap
// files, a mail sink and GeoIP databases that all tell the same story. It is
// reached in two ways: in memory through Net.Dialer, which does no real I/O and
// lives inside a testing/synctest bubble, or on loopback through Net.Listen.
//
// All pages are harmless text of our own. Each carries the marker of its site, so
// that a test can prove that no page was kept. It must never be reachable from
// anywhere but this machine, and no product code may import it but the demo.
package fakenet

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net"
	"net/netip"
	"sort"
	"sync"
	"time"

	"go.uber.org/zap"

	"vigil/casefile"
)

// Dial opens a connection: network is "tcp" or "udp", address is "ip:port".
type Dial = func(ctx context.Context, network, address string) (net.Conn, error)

// Options of a Net. The zero value is a working net with default networks.
type Options struct {
	// Start is when every script begins; time.Now() when zero.
	Start time.Time
	// Resolver is the simulated address of the DNS server; "198.51.100.253:53" when empty.
	Resolver string
	// MoreResolvers are further addresses of the same server, for tests of several servers.
	MoreResolvers []string
	// TTL of positive answers; 60 s when zero, 0 s when negative. DNS knows whole seconds only.
	TTL time.Duration
	// NegativeTTL is the SOA minimum; 30 s when zero, 0 s when negative.
	NegativeTTL time.Duration
	// Vantages tell country and network of each vantage name, for geo-blocks; an unknown name has neither.
	Vantages []casefile.Vantage
	// Networks replace the default ones. The infrastructure network 198.51.100.240/28 is always there.
	Networks []Network
	// WHOISDirect makes the root WHOIS server answer itself instead of referring. Sockets in plain mode do so anyway.
	WHOISDirect bool
}

// Net is one simulated internet. All methods are safe for concurrent use.
type Net struct {
	start       time.Time
	resolvers   []netip.AddrPort
	ttl, negTTL uint32
	vantages    map[string]casefile.Vantage
	whoisDirect bool

	mu       sync.RWMutex
	networks []*network
	sites    map[string]*site // by host
	order    []*site
	names    map[string]*dnsName // every name the DNS knows, without the trailing dot
	reverses map[string]*reverse // names in the reverse zones that a test has set
	ports    map[netip.AddrPort]portKind
	wired    map[netip.Addr][]*site // sites whose script ever acts below HTTP, by address
	domains  map[string]Domain
	modes    map[netip.AddrPort]DNSKind // what a resolver does to every query

	queries counter
	certs   *authority
	web     *webServer
	mail    *mailServer
	rdap    switchboard
	whois   switchboard
	sockets []*Sockets

	done    chan struct{}
	closing sync.Once
	conns   connSet
	ephemer uint32
	wg      sync.WaitGroup
}

// Addresses of the infrastructure, all in 198.51.100.240/28.
const (
	defaultResolver  = "198.51.100.253:53"
	whoisRootAddr    = "198.51.100.250"
	whoisRIPEAddr    = "198.51.100.249"
	whoisARINAddr    = "198.51.100.248"
	whoisDomainAddr  = "198.51.100.247"
	whoisAPNICAddr   = "198.51.100.244"
	whoisAFRINICAddr = "198.51.100.243"
	whoisLACNICAddr  = "198.51.100.242"
	whoisJPNICAddr   = "198.51.100.241"
	whoisKRNICAddr   = "198.51.100.251"
	rdapAddr         = "198.51.100.246"
	mailAddr         = "198.51.100.245"
	nameserverAddr   = "198.51.100.252"
)

// Names of the infrastructure. All of them resolve.
const (
	WHOISRootHost    = "whois.iana.test"
	WHOISRIPEHost    = "whois.ripe.test"
	WHOISARINHost    = "whois.arin.test"
	WHOISDomainHost  = "whois.registry.test"
	WHOISAPNICHost   = "whois.apnic.test"
	WHOISAFRINICHost = "whois.afrinic.test"
	WHOISLACNICHost  = "whois.lacnic.test"
	WHOISJPNICHost   = "whois.jpnic.test"
	WHOISKRNICHost   = "whois.krnic.test"
	RDAPHost         = "rdap.registry.test"
	MailHost         = "mail.sink.test"
	NameserverHost   = "ns1.dns.test"
	NameserverHost2  = "ns2.dns.test"
)

// New starts a Net. It panics when the options are wrong, as a table of sites is
// code. Close it: inside synctest, before the bubble ends.
func New(o Options) *Net {
	if o.Start.IsZero() {
		o.Start = time.Now()
	}
	if o.Resolver == "" {
		o.Resolver = defaultResolver
	}
	n := &Net{
		start: o.Start, ttl: seconds(o.TTL, 60), negTTL: seconds(o.NegativeTTL, 30), whoisDirect: o.WHOISDirect,
		vantages: map[string]casefile.Vantage{}, sites: map[string]*site{}, names: map[string]*dnsName{}, reverses: map[string]*reverse{},
		ports: map[netip.AddrPort]portKind{}, wired: map[netip.Addr][]*site{}, domains: map[string]Domain{},
		modes: map[netip.AddrPort]DNSKind{}, done: make(chan struct{}),
	}
	for _, v := range o.Vantages {
		n.vantages[v.Name] = v
	}
	for _, r := range append([]string{o.Resolver}, o.MoreResolvers...) {
		at := netip.MustParseAddrPort(r)
		n.resolvers = append(n.resolvers, at)
		n.ports[at] = portDNS
	}
	n.AddNetwork(infrastructure)
	if o.Networks == nil {
		o.Networks = defaultNetworks
	}
	for _, w := range o.Networks {
		n.AddNetwork(w)
	}
	n.certs = newAuthority(n.start)
	n.addInfrastructure()
	n.web = newWebServer(n)
	n.mail = newMailServer(n)
	return n
}

// seconds is d in whole seconds, fallback when zero, 0 when negative.
func seconds(d time.Duration, fallback uint32) uint32 {
	switch {
	case d == 0:
		return fallback
	case d < 0:
		return 0
	}
	return uint32(d / time.Second)
}

// addInfrastructure opens the ports of our own servers and names them.
func (n *Net) addInfrastructure() {
	for host, at := range map[string]string{
		WHOISRootHost: whoisRootAddr, WHOISDomainHost: whoisDomainAddr,
		RDAPHost: rdapAddr, MailHost: mailAddr, NameserverHost: nameserverAddr, NameserverHost2: nameserverAddr,
	} {
		addr := netip.MustParseAddr(at)
		n.name(host, func(d *dnsName) { d.addresses = []netip.Addr{addr} })
		n.addZone(zoneOf(host))
	}
	for _, s := range servers {
		n.name(s.host, func(d *dnsName) { d.addresses = []netip.Addr{netip.MustParseAddr(s.addr)} })
		n.addZone(zoneOf(s.host))
		n.ports[netip.AddrPortFrom(netip.MustParseAddr(s.addr), 43)] = portWHOIS
	}
	for _, at := range []string{whoisRootAddr, whoisDomainAddr} {
		n.ports[netip.AddrPortFrom(netip.MustParseAddr(at), 43)] = portWHOIS
	}
	n.ports[netip.AddrPortFrom(netip.MustParseAddr(rdapAddr), 80)] = portHTTP
	n.ports[netip.AddrPortFrom(netip.MustParseAddr(rdapAddr), 443)] = portHTTPS
	n.ports[netip.AddrPortFrom(netip.MustParseAddr(mailAddr), 25)] = portSMTP
}

// Close stops every server, breaks every connection and returns when all that
// was started here has stopped. It may be called more than once.
func (n *Net) Close() {
	n.closing.Do(func() {
		close(n.done)
		n.mu.Lock()
		open := n.sockets
		n.mu.Unlock()
		for _, s := range open {
			s.Close()
		}
		n.web.close()
		n.mail.close()
		n.conns.closeAll()
	})
	n.wg.Wait()
}

// Start is when every script began.
func (n *Net) Start() time.Time { return n.start }

// DNS is the simulated "ip:port" of the resolver.
func (n *Net) DNS() string { return n.resolvers[0].String() }

// SMTP is the simulated "ip:port" of the mail sink.
func (n *Net) SMTP() string { return mailAddr + ":25" }

// WHOIS is the simulated "ip:port" of the root WHOIS server; WHOISRootHost is its name.
func (n *Net) WHOIS() string { return whoisRootAddr + ":43" }

// RDAPBootstrap is the URL of the folder with dns.json, ipv4.json, ipv6.json and asn.json.
func (n *Net) RDAPBootstrap() string { return "http://" + RDAPHost + "/rdap/" }

// Lookup is the address of a host as the script says now: for plumbing that needs
// no DNS of its own. It fails as a *net.DNSError.
func (n *Net) Lookup(_ context.Context, host string) ([]netip.Addr, error) {
	if a, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{a}, nil
	}
	reply := n.lookup(host)
	if len(reply) == 0 {
		return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
	}
	return reply, nil
}

// Markers are the markers of all sites, sorted.
func (n *Net) Markers() []string {
	n.mu.RLock()
	defer n.mu.RUnlock()
	out := make([]string, 0, len(n.order))
	for _, s := range n.order {
		out = append(out, s.Marker)
	}
	sort.Strings(out)
	return out
}

// Vantage is what the net knows about a vantage name.
func (n *Net) Vantage(name string) casefile.Vantage {
	if v, ok := n.vantages[name]; ok {
		return v
	}
	return casefile.Vantage{Name: name}
}

// Prefixes are the prefixes of all networks: what a guard must allow in a test.
func (n *Net) Prefixes() []netip.Prefix {
	var out []netip.Prefix
	for _, w := range n.Networks() {
		out = append(out, w.Prefix)
		if w.Prefix6.IsValid() {
			out = append(out, w.Prefix6)
		}
	}
	return out
}

// elapsed is the time since the script began.
func (n *Net) elapsed() time.Duration { return time.Since(n.start) }

// markerOf is the marker of a host: the same in every run, and found nowhere else.
func markerOf(host string) string {
	sum := sha256.Sum256([]byte("fakenet marker of " + host))
	return "vgl-marker-" + hex.EncodeToString(sum[:8])
}

// counter counts by name.
type counter struct {
	mu sync.Mutex
	by map[string]int
}

func (c *counter) add(name string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.by == nil {
		c.by = map[string]int{}
	}
	c.by[name]++
	return c.by[name]
}

func (c *counter) get(name string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.by[name]
}

// connSet holds the connections that no server of a library closes for us.
type connSet struct {
	mu     sync.Mutex
	conns  map[net.Conn]struct{}
	closed bool
}

func (s *connSet) add(c net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		_ = c.Close()
		return
	}
	if s.conns == nil {
		s.conns = map[net.Conn]struct{}{}
	}
	s.conns[c] = struct{}{}
}

func (s *connSet) remove(c net.Conn) {
	s.mu.Lock()
	delete(s.conns, c)
	s.mu.Unlock()
}

func (s *connSet) closeAll() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	for c := range s.conns {
		_ = c.Close()
	}
}

// silentLog keeps the libraries' servers from writing to the test's output.
var silentLog = zap.NewStdLog(zap.NewNop())

// must panics on an error of our own table.
func must(err error, doing string) {
	if err != nil {
		panic(fmt.Sprintf("fakenet: %s: %v", doing, err))
	}
}
