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
