package fakenet

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"os"
	"slices"
	"sync/atomic"
	"syscall"
	"time"
)

// portKind is what listens on an address and port.
type portKind int

const (
	portClosed portKind = iota
	portDNS
	portHTTP
	portHTTPS
	portWHOIS
	portSMTP
)

var errNotAnAddress = errors.New("fakenet dials addresses only, never names")

// Dialer reaches the net in memory from a vantage. Connections are buffered pipes
// with the simulated addresses on both ends; nothing touches the machine's network.
func (n *Net) Dialer(vantage string) Dial {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		at, err := netip.ParseAddrPort(address)
		if err != nil {
			return nil, &net.OpError{Op: "dial", Net: network, Err: errNotAnAddress}
		}
		at = netip.AddrPortFrom(at.Addr().Unmap(), at.Port())
		if err := ctx.Err(); err != nil {
			return nil, dialError(network, at, err)
		}
		if network == "udp" || network == "udp4" || network == "udp6" {
			return n.dialUDP(at), nil
		}
		return n.dialTCP(ctx, vantage, network, at)
	}
}

func (n *Net) dialUDP(at netip.AddrPort) net.Conn {
	send := func([]byte, func([]byte)) {} // nobody listens: what is sent is lost
	if n.portAt(at) == portDNS {
		send = func(query []byte, reply func([]byte)) {
			n.answerLater(query, dnsView{server: at, udp: true}, reply)
		}
	}
	return newPacketConn(net.UDPAddrFromAddrPort(n.clientPort()), net.UDPAddrFromAddrPort(at), send)
}

func (n *Net) dialTCP(ctx context.Context, vantage, network string, at netip.AddrPort) (net.Conn, error) {
	if err := n.connect(ctx, network, at); err != nil {
		return nil, err
	}
	near, far := newPipe(net.TCPAddrFromAddrPort(n.clientPort()), net.TCPAddrFromAddrPort(at))
	select {
	case <-n.done:
		return nil, dialError(network, at, os.NewSyscallError("connect", syscall.ECONNREFUSED))
	default:
	}
	n.serve(far, arrival{at: at, vantage: vantage})
	return near, nil
}

// connect says how the connection attempt ends: nil when it is accepted.
func (n *Net) connect(ctx context.Context, network string, at netip.AddrPort) error {
	kind := n.portAt(at)
	if kind == portClosed {
		n.mu.RLock()
		_, ours := n.networkOf(at.Addr())
		n.mu.RUnlock()
		if !ours {
			return dialError(network, at, os.NewSyscallError("connect", syscall.EHOSTUNREACH))
		}
		return dialError(network, at, os.NewSyscallError("connect", syscall.ECONNREFUSED))
	}
	if kind != portHTTP && kind != portHTTPS {
		return nil
	}
	switch w, _ := n.wireAt(at); w {
	case WireRefuse:
		return dialError(network, at, os.NewSyscallError("connect", syscall.ECONNREFUSED))
	case WireBlackhole:
		select {
		case <-ctx.Done():
			return dialError(network, at, ctx.Err())
		case <-n.done:
			return dialError(network, at, os.NewSyscallError("connect", syscall.ETIMEDOUT))
		}
	default: // what goes wrong later
	}
	return nil
}

func dialError(network string, at netip.AddrPort, err error) error {
	return &net.OpError{Op: "dial", Net: network, Addr: net.TCPAddrFromAddrPort(at), Err: err}
}

func (n *Net) portAt(at netip.AddrPort) portKind {
	n.mu.RLock()
	defer n.mu.RUnlock()
	return n.ports[at]
}

// clientPort is a fresh simulated client address.
func (n *Net) clientPort() netip.AddrPort {
	port := 1024 + atomic.AddUint32(&n.ephemer, 1)%60000
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{198, 51, 100, 254}), uint16(port))
}

// wireAt is what a site does below HTTP at an address now.
func (n *Net) wireAt(at netip.AddrPort) (Wire, TLSKind) {
	n.mu.RLock()
	candidates := n.wired[at.Addr()]
	n.mu.RUnlock()
	for _, s := range candidates {
		if w, k := s.wireAt(n.elapsed(), at.Addr()); w != WireNormal || k != TLSGood {
			return w, k
		}
	}
	return WireNormal, TLSGood
}

// wireAt is what s does below HTTP; nothing when it does not live at the address now.
func (s *site) wireAt(elapsed time.Duration, at netip.Addr) (Wire, TLSKind) {
	b := s.at(elapsed)
	home := s.Addresses
	if b.DNS != nil && b.DNS.Addresses != nil {
		home = b.DNS.Addresses
	}
	if at.IsValid() && !slices.Contains(home, at) {
		return WireNormal, TLSGood
	}
	return b.Wire, b.TLS
}

// Client is an HTTP client over dial that finds addresses in the net's table, as
// plain plumbing in tests does. It trusts Roots and opens a connection a request.
func (n *Net) Client(dial Dial) *http.Client {
	return &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		TLSClientConfig:   &tls.Config{RootCAs: n.Roots(), MinVersion: tls.VersionTLS12, Time: time.Now},
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			host, port, err := net.SplitHostPort(address)
			if err != nil {
				return nil, err
			}
			found, err := n.Lookup(ctx, host)
			if err != nil {
				return nil, err
			}
			return dial(ctx, network, net.JoinHostPort(found[0].String(), port))
		},
	}}
}
