package fakenet

import (
	"fmt"
	"net/netip"
	"net/url"
	"sort"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Site is one host of the net. Zero fields get defaults in Add.
type Site struct {
	// Host is the name, in lower-case ASCII. Required.
	Host string
	// Path is the reported path; "/page.html" when empty. Only it, "/" and what a behaviour adds exist: all else is a true 404.
	Path string
	// Network names the Network to take an address from; the first one when empty.
	Network string
	// Addresses of the site; one of its network's own when empty. A site that refuses,
	// hangs or breaks its TLS does so for its whole address: give it one of its own (the default does).
	Addresses []netip.Addr
	// IPv6 adds an address of the network's Prefix6 to the default addresses.
	IPv6 bool
	// HTTPS serves on 443 and redirects port 80; otherwise the site serves on 80 and 443 refuses.
	HTTPS bool
	// Port replaces 80 or 443.
	Port uint16
	// Nameservers of its zone; ns1.dns.test and ns2.dns.test when empty.
	Nameservers []string
	// Marker is in every page; made from the host when empty.
	Marker string
	// Acts are what the site does over time; a plain page from the start when empty.
	Acts []Act
}

// Act is a behaviour from some time after the start of the Net on.
type Act struct {
	After time.Duration
	Behaviour
}

// Then is an act that begins after the time given.
func Then(after time.Duration, b Behaviour) Act { return Act{After: after, Behaviour: b} }

// Always is the script of a site that never changes.
func Always(b Behaviour) []Act { return []Act{{Behaviour: b}} }

// Seen is a request of a site, as it arrived.
type Seen struct {
	Path      string
	Referer   string
	UserAgent string
	Vantage   string
	At        time.Time
}

// maxSeen bounds what a site remembers of its requests.
const maxSeen = 256

type site struct {
	Site
	zone     string
	acts     atomic.Pointer[[]Act]
	requests atomic.Int64

	mu   sync.Mutex
	seen []Seen
}

// at is the behaviour that applies after elapsed.
func (s *site) at(elapsed time.Duration) *Behaviour {
	acts := *s.acts.Load()
	i := len(acts) - 1
	for i > 0 && acts[i].After > elapsed {
		i--
	}
	return &acts[i].Behaviour
}

func (s *site) port() uint16 {
	switch {
	case s.Port != 0:
		return s.Port
	case s.HTTPS:
		return 443
	}
	return 80
}

// Add puts a site on the net and returns it with its defaults filled in. It
// panics when the host is empty or known, or when no address is left.
func (n *Net) Add(s Site) Site {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.add(s, false)
}

// AddMany adds n sites that share 16 addresses of their network when they name
// none; for benchmarks with thousands of sites. make is called with 0..count-1.
func (n *Net) AddMany(count int, make func(i int) Site) []Site {
	n.mu.Lock()
	defer n.mu.Unlock()
	out := []Site{}
	for i := range count {
		out = append(out, n.add(make(i), true))
	}
	return out
}

func (n *Net) add(in Site, shared bool) Site {
	host := strings.ToLower(in.Host)
	if host == "" || n.sites[host] != nil {
		panic(fmt.Sprintf("fakenet: add site: host %q is empty or already there", in.Host))
	}
	in.Host = host
	if in.Path == "" {
		in.Path = "/page.html"
	}
	if in.Marker == "" {
		in.Marker = markerOf(host)
	}
	if len(in.Nameservers) == 0 {
		in.Nameservers = []string{NameserverHost, NameserverHost2}
	}
	if len(in.Addresses) == 0 {
		in.Addresses = n.assign(in, shared)
	}
	if len(in.Acts) == 0 {
		in.Acts = Always(Page("A page of "+host, "This is a harmless page for tests."))
	}
	s := &site{Site: in, zone: zoneOf(host)}
	acts := append([]Act(nil), in.Acts...)
	sort.SliceStable(acts, func(i, j int) bool { return acts[i].After < acts[j].After })
	s.acts.Store(&acts)
	n.sites[host] = s
	n.order = append(n.order, s)
	n.addZone(s.zone)
	n.name(host, func(d *dnsName) { d.site, d.alias = s, 0 })
	n.name(s.zone, func(d *dnsName) {
		d.nameservers = in.Nameservers
		if d.first == nil {
			d.first = s
		}
	})
	for i := range acts {
		n.register(s, &acts[i].Behaviour)
	}
	n.register(s, &Behaviour{})
	return s.Site
}

// register opens the ports and names that a behaviour of s needs.
func (n *Net) register(s *site, b *Behaviour) {
	addresses := s.Addresses
	if b.DNS != nil {
		for i, alias := range b.DNS.CNAMEs {
			if n.names[alias] == nil || n.names[alias].site == nil {
				n.name(alias, func(d *dnsName) { d.site, d.alias = s, i+1 })
				n.addZone(zoneOf(alias))
			}
		}
		addresses = append(append([]netip.Addr(nil), addresses...), b.DNS.Addresses...)
		for _, set := range b.DNS.Rotate {
			addresses = append(addresses, set...)
		}
	}
	for _, a := range addresses {
		kind := portHTTP
		if s.HTTPS {
			kind = portHTTPS
			if s.Port == 0 {
				n.ports[netip.AddrPortFrom(a, 80)] = portHTTP
			}
		}
		n.ports[netip.AddrPortFrom(a, s.port())] = kind
		if b.Wire != WireNormal || b.TLS != TLSGood {
			n.wire(a, s)
		}
	}
}

func (n *Net) wire(a netip.Addr, s *site) {
	for _, known := range n.wired[a] {
		if known == s {
			return
		}
	}
	n.wired[a] = append(n.wired[a], s)
}

// Change makes the site behave so from now on, whatever its script says. It panics on an unknown host.
func (n *Net) Change(host string, b Behaviour) {
	n.mu.Lock()
	defer n.mu.Unlock()
	s := n.mustSite(host)
	acts := []Act{{Behaviour: b}}
	n.register(s, &acts[0].Behaviour)
	for _, a := range s.Addresses { // what a script wired before stays out of HTTP's sight
		if b.Wire != WireNormal || b.TLS != TLSGood {
			n.wire(a, s)
		}
	}
	s.acts.Store(&acts)
}

// Site is a site by host. It panics on an unknown host.
func (n *Net) Site(host string) Site {
	n.mu.RLock()
	defer n.mu.RUnlock()
	return n.mustSite(host).Site
}

// Sites are all sites in the order they were added.
func (n *Net) Sites() []Site {
	n.mu.RLock()
	defer n.mu.RUnlock()
	out := make([]Site, 0, len(n.order))
	for _, s := range n.order {
		out = append(out, s.Site)
	}
	return out
}

func (n *Net) mustSite(host string) *site {
	s := n.sites[strings.ToLower(host)]
	if s == nil {
		panic(fmt.Sprintf("fakenet: no site %q", host))
	}
	return s
}

// URL is the simulated URL of the site's reported page. It panics on an unknown host.
func (n *Net) URL(host string) string {
	n.mu.RLock()
	defer n.mu.RUnlock()
	s := n.mustSite(host)
	return s.urlAt(s.port())
}

func (s *site) urlAt(port uint16) string {
	u := url.URL{Scheme: "http", Host: s.Host}
	usual := uint16(80)
	if s.HTTPS {
		u.Scheme, usual = "https", 443
	}
	if port != usual {
		u.Host += ":" + strconv.Itoa(int(port))
	}
	return u.String() + s.Path
}

// Requests are the last requests that the site got, at most 256, oldest first.
func (n *Net) Requests(host string) []Seen {
	n.mu.RLock()
	s := n.mustSite(host)
	n.mu.RUnlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Seen(nil), s.seen...)
}

// RequestCount counts all requests that the site got.
func (n *Net) RequestCount(host string) int {
	n.mu.RLock()
	defer n.mu.RUnlock()
	return int(n.mustSite(host).requests.Load())
}

func (s *site) note(v Seen) int64 {
	s.mu.Lock()
	if len(s.seen) == maxSeen {
		s.seen = append(s.seen[:0], s.seen[1:]...)
	}
	s.seen = append(s.seen, v)
	s.mu.Unlock()
	return s.requests.Add(1)
}

// Queries counts the DNS questions about a name, of all types.
func (n *Net) Queries(name string) int { return n.queries.get(strings.ToLower(name)) }

// zoneOf is the zone a host lies in: its last two labels. The net knows no longer public suffixes.
func zoneOf(host string) string {
	labels := strings.Split(host, ".")
	if len(labels) <= 2 {
		return host
	}
	return strings.Join(labels[len(labels)-2:], ".")
}
