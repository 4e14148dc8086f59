package fakenet

import (
	"fmt"
	"net/netip"
	"slices"
)

// Registry is the regional or national registry whose shape of answers a network has.
type Registry string

// Registries.
const (
	RegistryRIPE    Registry = "ripe"
	RegistryARIN    Registry = "arin"
	RegistryAPNIC   Registry = "apnic"
	RegistryAFRINIC Registry = "afrinic"
	RegistryLACNIC  Registry = "lacnic"
	RegistryJPNIC   Registry = "jpnic" // in RDAP a mirror of APNIC
	RegistryKRNIC   Registry = "krnic" // in RDAP a mirror of APNIC
)

// Network is an allocation: what WHOIS, RDAP and the databases say about its addresses.
type Network struct {
	Prefix netip.Prefix // required; IPv4 or IPv6
	// Prefix6 is its IPv6 part, optional.
	Prefix6 netip.Prefix
	Country string // ISO 3166-1 alpha-2
	// RegisteredCountry is what the registry says; Country when empty.
	RegisteredCountry string
	ASN               uint32
	Holder            string // the organisation
	Name              string // the network's name, for example LOWLAND-NET; Site.Network refers to it
	AbuseEmail        string // empty: the registry knows none
	Registry          Registry
	// Reverse is the pattern of the PTR names of its addresses; {address} stands for the address with hyphens. When
	// empty host-{address}.NAME.test; NoReverse for none. SetReverse sets a single address.
	Reverse string
}

// NoReverse is the Reverse of a network whose addresses have no PTR names.
const NoReverse = "none"

type network struct {
	Network
	next, next6 netip.Addr // the next address to give to a site
	shared      int        // the turn of AddMany's shared addresses
	pool        []netip.Addr
}

// infrastructure holds the resolver, the registries and the mail sink.
var infrastructure = Network{
	Prefix: netip.MustParsePrefix("198.51.100.240/28"), Country: "CH", ASN: 64496,
	Holder: "Fakenet Infrastructure", Name: "INFRA-NET", AbuseEmail: "abuse@infra.test", Registry: RegistryRIPE,
}

// defaultNetworks are there when Options.Networks is nil.
var defaultNetworks = []Network{
	{Prefix: netip.MustParsePrefix("192.0.2.0/24"), Prefix6: netip.MustParsePrefix("2001:db8:1::/48"), Country: "NL", ASN: 64500,
		Holder: "Lowland Hosting", Name: "LOWLAND-NET", AbuseEmail: "abuse@lowland.test", Registry: RegistryRIPE},
	{Prefix: netip.MustParsePrefix("203.0.113.0/24"), Prefix6: netip.MustParsePrefix("2001:db8:2::/48"), Country: "DE", ASN: 64501,
		Holder: "Rheinblick Server", Name: "RHEINBLICK-NET", AbuseEmail: "abuse@rheinblick.test", Registry: RegistryRIPE},
	{Prefix: netip.MustParsePrefix("198.51.100.0/25"), Prefix6: netip.MustParsePrefix("2001:db8:3::/48"), Country: "US", ASN: 64502,
		Holder: "Prairie Datacenters", Name: "PRAIRIE-NET", AbuseEmail: "abuse@prairie.test", Registry: RegistryARIN},
}

// AddNetwork adds an allocation. It panics when the prefix is missing or overlaps another network.
func (n *Net) AddNetwork(w Network) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, p := range []netip.Prefix{w.Prefix, w.Prefix6} {
		for _, known := range n.networks {
			if p.IsValid() && (known.Prefix.Overlaps(p) || known.Prefix6.IsValid() && known.Prefix6.Overlaps(p)) {
				panic(fmt.Sprintf("fakenet: add network %s: %v overlaps %s", w.Name, p, known.Name))
			}
		}
	}
	if !w.Prefix.IsValid() || w.Name == "" {
		panic("fakenet: add network: a prefix and a name are required")
	}
	if w.RegisteredCountry == "" {
		w.RegisteredCountry = w.Country
	}
	if w.Registry == "" {
		w.Registry = RegistryRIPE
	}
	added := &network{Network: w, next: w.Prefix.Masked().Addr().Next()}
	if w.Prefix6.IsValid() {
		added.next6 = w.Prefix6.Masked().Addr().Next()
	}
	n.networks = append(n.networks, added)
}

// Networks are all networks, the infrastructure first.
func (n *Net) Networks() []Network {
	n.mu.RLock()
	defer n.mu.RUnlock()
	out := make([]Network, 0, len(n.networks))
	for _, w := range n.networks {
		out = append(out, w.Network)
	}
	return out
}

// NetworkOf is the network of an address.
func (n *Net) NetworkOf(a netip.Addr) (Network, bool) {
	n.mu.RLock()
	defer n.mu.RUnlock()
	return n.networkOf(a)
}

func (n *Net) networkOf(a netip.Addr) (Network, bool) {
	for _, w := range n.networks {
		if w.Prefix.Contains(a) || w.Prefix6.IsValid() && w.Prefix6.Contains(a) {
			return w.Network, true
		}
	}
	return Network{}, false
}

// Address reserves the next free IPv4 address of a network, for acts that move a
// site there. It panics when the network is unknown or full.
func (n *Net) Address(network string) netip.Addr {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.networkNamed(network).take()
}

// networkNamed is the network by name; the first after the infrastructure when empty.
func (n *Net) networkNamed(name string) *network {
	if name == "" {
		return n.networks[min(1, len(n.networks)-1)]
	}
	i := slices.IndexFunc(n.networks, func(w *network) bool { return w.Name == name })
	if i < 0 {
		panic(fmt.Sprintf("fakenet: no network %q", name))
	}
	return n.networks[i]
}

// take gives the next free address; the last one of the prefix stays free, as a broadcast address does.
func (w *network) take() netip.Addr {
	a := w.next
	w.next = a.Next()
	if !w.Prefix.Contains(w.next) || !a.IsValid() {
		panic(fmt.Sprintf("fakenet: network %s has no address left: name another, or use AddMany", w.Name))
	}
	return a
}

// assign gives a site its default addresses.
func (n *Net) assign(s Site, shared bool) []netip.Addr {
	w := n.networkNamed(s.Network)
	var out []netip.Addr
	switch {
	case !shared:
		out = []netip.Addr{w.take()}
	default:
		if w.pool == nil {
			for range 16 {
				w.pool = append(w.pool, w.take())
			}
		}
		out = []netip.Addr{w.pool[w.shared%len(w.pool)]}
		w.shared++
	}
	if s.IPv6 {
		if !w.next6.IsValid() {
			panic(fmt.Sprintf("fakenet: network %s has no IPv6", w.Name))
		}
		out = append(out, w.next6)
		w.next6 = w.next6.Next()
	}
	return out
}
