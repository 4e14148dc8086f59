// Package guard decides which addresses Vigil may dial, and holds the one dialer
// of the module.
//
// In comes an address that something foreign chose: DNS, a redirect, a registry's
// referral. Out goes a connection, or an error that wraps ErrRefused. Only public
// unicast addresses pass, and what the operator allowed by hand. The guard never
// resolves a name: it dials addresses, so that what was checked is what is dialled.
// Its errors name neither host nor address.
package guard

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"

	"code.dny.dev/ssrf"
)

// ErrRefused is wrapped by every refusal of the guard.
var ErrRefused = errors.New("address refused")

// Dial opens a connection; network is "tcp" or "udp", address is "ip:port".
type Dial = func(ctx context.Context, network, address string) (net.Conn, error)

// Options of a Guard. All are optional.
type Options struct {
	// Allow are networks that may be dialled whatever the deny list says, for
	// example 127.0.0.0/8 in a lab. IPv4-mapped prefixes are refused.
	Allow []netip.Prefix
	// Dial opens checked connections; nil is a net.Dialer.
	Dial Dial
	// Own lists our own addresses, which are never dialled; nil asks the network
	// interfaces once, in New.
	Own []netip.Addr
}

// Guard is an address policy and its dialer. It is immutable and safe for
// concurrent use.
type Guard struct {
	allow []netip.Prefix
	own   map[netip.Addr]bool
	dial  Dial
}

// New makes a Guard.
func New(o Options) (*Guard, error) {
	g := &Guard{allow: make([]netip.Prefix, 0, len(o.Allow)), own: make(map[netip.Addr]bool), dial: o.Dial}
	for i, p := range o.Allow {
		if !p.IsValid() || p.Addr().Is4In6() {
			return nil, fmt.Errorf("guard: allowed network %d is no plain IPv4 or IPv6 prefix", i+1)
		}
		g.allow = append(g.allow, p.Masked())
	}
	if g.dial == nil {
		g.dial = (&net.Dialer{}).DialContext
	}
	if o.Own == nil {
		addrs, err := net.InterfaceAddrs()
		if err != nil {
			return nil, fmt.Errorf("guard: list own addresses: %w", err)
		}
		for _, a := range addrs {
			if p, err := netip.ParsePrefix(a.String()); err == nil {
				o.Own = append(o.Own, p.Addr())
			}
		}
	}
	for _, a := range o.Own {
		g.own[a.Unmap().WithZone("")] = true
	}
	return g, nil
}

// Check refuses when any of addrs may not be dialled: one bad address of a name
// refuses the name, for a name that mixes public and private addresses is made to
// mislead. No address at all is refused as well. The allow list wins over the deny list.
func (g *Guard) Check(addrs ...netip.Addr) error {
	if len(addrs) == 0 {
		return fmt.Errorf("%w: no address", ErrRefused)
	}
	for _, a := range addrs {
		if err := g.check(a); err != nil {
			return err
		}
	}
	return nil
}

func (g *Guard) check(addr netip.Addr) error {
	if !addr.IsValid() || addr.Zone() != "" {
		return fmt.Errorf("%w: not an address, or one with a zone", ErrRefused)
	}
	addr = addr.Unmap()
	if within(addr, g.allow) {
		return nil
	}
	if g.own[addr] {
		return fmt.Errorf("%w: one of our own", ErrRefused)
	}
	if why := whyRefused(addr); why != "" {
		return fmt.Errorf("%w: %s", ErrRefused, why)
	}
	return nil
}

// CheckPort refuses the ports that browsers do not send HTTP to, for example 25.
func (g *Guard) CheckPort(port uint16) error {
	if slices.Contains(badPorts, port) {
		return fmt.Errorf("%w: the port belongs to another protocol", ErrRefused)
	}
	return nil
}

// Dial checks the address and dials it. It takes any port but 0: our own
// plumbing, such as WHOIS, has ports of its own. Web is for what was reported.
func (g *Guard) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	return g.over(ctx, g.dial, network, address, false)
}

// Web is a dialer that checks address and port, and then dials through dial; nil
// dials directly. The checks come first also when dial leads through a proxy.
func (g *Guard) Web(dial Dial) Dial {
	if dial == nil {
		dial = g.dial
	}
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		return g.over(ctx, dial, network, address, true)
	}
}

func (g *Guard) over(ctx context.Context, dial Dial, network, address string, web bool) (net.Conn, error) {
	switch network {
	case "tcp", "tcp4", "tcp6":
	case "udp", "udp4", "udp6":
		if web {
			return nil, fmt.Errorf("%w: not a TCP connection", ErrRefused)
		}
	default:
		return nil, fmt.Errorf("%w: neither TCP nor UDP", ErrRefused)
	}
	ap, err := netip.ParseAddrPort(address)
	if err != nil || ap.Port() == 0 {
		return nil, fmt.Errorf("%w: not an address and a port", ErrRefused)
	}
	if err := g.check(ap.Addr()); err != nil {
		return nil, err
	}
	if web {
		if err := g.CheckPort(ap.Port()); err != nil {
			return nil, err
		}
	}
	return dial(ctx, network, netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port()).String())
}

// More IPv6 ranges inside 2000::/3 that are no one's public servers, beyond those
// of IANA's special-purpose registry, which ssrf.IPv6DeniedPrefixes carries.
var extra6 = []netip.Prefix{
	netip.MustParsePrefix("3ffe::/16"),         // 6bone, returned (RFC 3701)
	netip.MustParsePrefix("2001:4:112::/48"),   // AS112-v6 (RFC 7535)
	netip.MustParsePrefix("2620:4f:8000::/48"), // AS112 direct delegation (RFC 7534)
}

// whyRefused says why addr must not be dialled, or "" when it may be. addr is
// unmapped and without a zone. IPv4 follows IANA's special-purpose registry plus
// multicast and reserved space; IPv6 is refused outside 2000::/3, which takes care
// of loopback, unique local, link local, site local, multicast, NAT64 and
// IPv4-compatible addresses at once.
func whyRefused(addr netip.Addr) string {
	switch {
	case addr.Is4() && within(addr, ssrf.IPv4DeniedPrefixes):
		return "a special-purpose IPv4 range"
	case addr.Is4():
	case !ssrf.IPv6GlobalUnicast.Contains(addr):
		return "outside of the IPv6 global unicast range"
	case within(addr, ssrf.IPv6DeniedPrefixes), within(addr, extra6):
		return "a special-purpose IPv6 range"
	case tunnelled(addr):
		return "an IPv6 address that carries an IPv4 address"
	}
	return ""
}

func within(addr netip.Addr, networks []netip.Prefix) bool {
	return slices.ContainsFunc(networks, func(p netip.Prefix) bool { return p.Contains(addr) })
}

// tunnelled says whether addr is an ISATAP address (RFC 5214, section 6.1): its
// interface identifier is [02]00:5efe and an IPv4 address.
func tunnelled(addr netip.Addr) bool {
	b := addr.As16()
	return b[8]&^0x02 == 0 && b[9] == 0 && b[10] == 0x5e && b[11] == 0xfe
}

// badPorts are the ports that browsers do not dial, of the table "port blocking"
// in the Fetch standard, section 2.9 (https://fetch.spec.whatwg.org/#bad-port).
// A request to one of them could make another service do something.
var badPorts = []uint16{
	0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104, 109, 110,
	111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515, 526, 530, 531, 532, 540,
	548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566,
	6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
}
