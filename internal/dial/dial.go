// Package dial connects to services by name, through the injected resolver and the
// guarded dialer.
//
// In comes host:port. Out goes a connection, or an error that says what to look at. It
// must never dial an address that the guard did not see, and with plain none outside of
// the labs.
package dial

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"time"
)

const (
	timeout   = 10 * time.Second // of one address, and of a TLS handshake
	maxTried  = 4                // addresses of one name
	maxHeader = 64 << 10         // bytes
)

var (
	errPlain     = errors.New("plain http is refused: give an https URL; http is only for networks in guard.allow_networks")
	errNoAddress = errors.New("its host has no address: look at the URL and at the resolver")
)

// Dialer connects to services by name. It does not change after it was made, and is
// safe for concurrent use.
type Dialer struct {
	// Dial is the guarded dialer, Lookup the resolver; nil: Dial resolves names itself.
	Dial   func(ctx context.Context, network, address string) (net.Conn, error)
	Lookup func(ctx context.Context, host string) ([]netip.Addr, error)
	// Check is the guard's policy over all addresses of a name: one bad address refuses it. Nil: Dial judges
	// each alone.
	Check func(addrs ...netip.Addr) error
	// Lab are the networks in which plain http is taken.
	Lab []netip.Prefix
}

// Transport is an HTTP transport over the dialer: no proxy of the environment, headers
// of at most 64 KiB. config may be nil.
func (d Dialer) Transport(plain bool, config *tls.Config) *http.Transport {
	return &http.Transport{
		DialContext:            func(ctx context.Context, _, address string) (net.Conn, error) { return d.Connect(ctx, address, plain) },
		MaxResponseHeaderBytes: maxHeader, TLSHandshakeTimeout: timeout, TLSClientConfig: config.Clone(),
	}
}

// Connect dials host:port; plain says that what follows is not encrypted, and may go
// to labs only.
func (d Dialer) Connect(ctx context.Context, address string, plain bool) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("read the server's address: %w", err)
	}
	addrs, err := d.addresses(ctx, host)
	switch {
	case err != nil:
		return nil, err
	case addrs == nil:
		return d.Dial(ctx, "tcp", address)
	}
	if plain && slices.ContainsFunc(addrs, func(a netip.Addr) bool { return !d.inLab(a) }) {
		return nil, errPlain
	}
	if d.Check != nil {
		if err := d.Check(addrs...); err != nil {
			return nil, fmt.Errorf("%w: the server is, or redirects to, an address that is never dialled; "+
				"in a lab allow the network with guard.allow_networks", err)
		}
	}
	last := ctx.Err()
	for _, a := range addrs[:min(len(addrs), maxTried)] {
		if ctx.Err() != nil {
			break
		}
		dialled, cancel := context.WithTimeout(ctx, timeout)
		conn, err := d.Dial(dialled, "tcp", net.JoinHostPort(a.String(), port))
		cancel()
		if err == nil {
			return conn, nil
		}
		last = err
	}
	return nil, fmt.Errorf("the server cannot be reached: look at the uplink and the firewall: %w", last)
}

// addresses are those of a host, IPv4 first: where there is no IPv6, trying it costs time.
// Nil when nobody here resolves names.
func (d Dialer) addresses(ctx context.Context, host string) ([]netip.Addr, error) {
	if a, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{a.Unmap()}, nil
	}
	if d.Lookup == nil {
		return nil, nil
	}
	found, err := d.Lookup(ctx, host)
	if err != nil {
		return nil, fmt.Errorf("its host cannot be resolved: look at the URL and at resolver.servers: %w", err)
	}
	if len(found) == 0 {
		return nil, errNoAddress
	}
	addrs := make([]netip.Addr, len(found))
	for i, a := range found {
		addrs[i] = a.Unmap()
	}
	slices.SortStableFunc(addrs, func(a, b netip.Addr) int { return a.BitLen() - b.BitLen() })
	return addrs, nil
}

func (d Dialer) inLab(a netip.Addr) bool {
	return slices.ContainsFunc(d.Lab, func(p netip.Prefix) bool { return p.Contains(a) })
}
