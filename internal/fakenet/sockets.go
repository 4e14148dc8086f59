package fakenet

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strconv"
	"sync"
	"syscall"
	"time"
)

// SocketOptions say how the net appears on loopback.
type SocketOptions struct {
	// Plain is for a process that knows nothing of this package: the DNS answers
	// 127.0.0.1 for every site, and URLs carry the real port. Without it, simulated
	// addresses are reached through Sockets.Dialer.
	Plain bool
}

// Sockets is the net on loopback. All methods are safe for concurrent use.
type Sockets struct {
	net     *Net
	options SocketOptions
	dns     map[netip.AddrPort]netip.AddrPort // simulated resolver to real one
	web     netip.AddrPort
	secure  netip.AddrPort
	whois   netip.AddrPort
	smtp    netip.AddrPort

	mu     sync.Mutex
	real   map[netip.AddrPort]bool
	mapped map[mappedKey]netip.AddrPort
	own    map[*site]uint16
	open   map[interface{ Close() error }]struct{}
	closed bool
	done   chan struct{}
	wg     sync.WaitGroup
}

// mappedKey is a simulated port as seen from a vantage: each pair has a listener,
// so that the server knows where a connection comes from.
type mappedKey struct {
	at      netip.AddrPort
	vantage string
}

// Listen opens the net on loopback: ports of the machine's choice, no rights
// needed. Close the Sockets, or the Net.
func (n *Net) Listen(o SocketOptions) (*Sockets, error) {
	s := &Sockets{
		net: n, options: o, dns: map[netip.AddrPort]netip.AddrPort{}, real: map[netip.AddrPort]bool{}, mapped: map[mappedKey]netip.AddrPort{},
		own: map[*site]uint16{}, open: map[interface{ Close() error }]struct{}{}, done: make(chan struct{}),
	}
	if err := s.start(); err != nil {
		s.Close()
		return nil, err
	}
	n.mu.Lock()
	n.sockets = append(n.sockets, s)
	n.mu.Unlock()
	return s, nil
}

func (s *Sockets) start() error {
	for _, at := range s.net.resolvers {
		if err := s.listenDNS(at); err != nil {
			return err
		}
	}
	var plain *Sockets
	if s.options.Plain {
		plain = s
	}
	for _, x := range []struct {
		to   *netip.AddrPort
		from arrival
	}{
		{&s.web, arrival{plain: plain, kind: portHTTP}},
		{&s.secure, arrival{plain: plain, kind: portHTTPS}},
		{&s.whois, arrival{at: netip.AddrPortFrom(netip.MustParseAddr(whoisRootAddr), 43), plain: plain, kind: portWHOIS}},
		{&s.smtp, arrival{at: netip.AddrPortFrom(netip.MustParseAddr(mailAddr), 25), plain: plain, kind: portSMTP}},
	} {
		at, err := s.listen("127.0.0.1:0", x.from)
		if err != nil {
			return err
		}
		*x.to = at
	}
	return nil
}

var errSocketsClosed = errors.New("fakenet: the sockets are closed")

// keep remembers what to close; when it is too late, it closes at once.
func (s *Sockets) keep(c interface{ Close() error }) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		_ = c.Close()
		return errSocketsClosed
	}
	s.open[c] = struct{}{}
	return nil
}

// listen opens a TCP port and serves what arrives there.
func (s *Sockets) listen(address string, from arrival) (netip.AddrPort, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("listen on loopback: %w", err)
	}
	if err := s.keep(l); err != nil {
		return netip.AddrPort{}, err
	}
	s.serve(l, from)
	at := l.Addr().(*net.TCPAddr).AddrPort()
	s.mu.Lock()
	s.real[at] = true
	s.mu.Unlock()
	return at, nil
}

// serve accepts until the listener closes. Web servers accept for themselves.
func (s *Sockets) serve(l net.Listener, from arrival) {
	if from.kind == portHTTP || from.kind == portHTTPS {
		s.net.web.run(&webListener{Listener: l, net: s.net, from: from})
		return
	}
	s.wg.Add(1)
	go func() {
		defer s.wg.Done()
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			s.net.serve(c, from)
		}
	}()
}

// webListener accepts connections for the web server and keeps those that never get as far as HTTP.
type webListener struct {
	net.Listener
	net  *Net
	from arrival
}

// Accept waits for the next connection that speaks HTTP.
func (l *webListener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if served := l.net.raw(c, l.from); served != nil {
			return served, nil
		}
	}
}

// listenDNS opens a resolver: UDP and TCP on the same port.
func (s *Sockets) listenDNS(simulated netip.AddrPort) error {
	view := dnsView{server: simulated, plain: s.options.Plain}
	for range 10 { // the TCP port of the same number may be taken
		udp, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(loopback, 0)))
		if err != nil {
			return fmt.Errorf("listen on loopback: %w", err)
		}
		at := udp.LocalAddr().(*net.UDPAddr).AddrPort()
		tcp, err := net.Listen("tcp", at.String())
		if err != nil {
			_ = udp.Close()
			continue
		}
		if err := errors.Join(s.keep(udp), s.keep(tcp)); err != nil {
			return err
		}
		_ = udp.SetReadBuffer(4 << 20) // a hint; the system may give less
		for range 2 {
			s.wg.Add(1)
			go s.serveUDP(udp, view)
		}
		s.serveTCP(tcp, view)
		s.mu.Lock()
		s.dns[simulated], s.real[at] = at, true
		s.mu.Unlock()
		return nil
	}
	return errors.New("listen on loopback: no port is free for both UDP and TCP")
}

func (s *Sockets) serveUDP(c *net.UDPConn, v dnsView) {
	defer s.wg.Done()
	v.udp = true
	buf := make([]byte, 4096)
	for {
		size, from, err := c.ReadFromUDPAddrPort(buf)
		if err != nil {
			if errors.Is(err, net.ErrClosed) {
				return
			}
			continue
		}
		s.net.answerLater(buf[:size], v, func(out []byte) { _, _ = c.WriteToUDPAddrPort(out, from) })
	}
}

func (s *Sockets) serveTCP(l net.Listener, v dnsView) {
	s.wg.Add(1)
	go func() {
		defer s.wg.Done()
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			s.net.background(c, func() { s.net.serveDNS(c, v) })
		}
	}()
}

// Close stops listening. Connections that are open end when the Net closes.
func (s *Sockets) Close() {
	s.mu.Lock()
	if !s.closed {
		s.closed = true
		close(s.done)
	}
	for c := range s.open {
		_ = c.Close()
	}
	clear(s.open)
	s.mu.Unlock()
	s.wg.Wait()
}

// Dialer reaches simulated addresses from a vantage, over loopback. It also dials
// the real addresses of these sockets, and nothing else.
func (s *Sockets) Dialer(vantage string) Dial {
	var direct net.Dialer
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		at, err := netip.ParseAddrPort(address)
		if err != nil {
			return nil, &net.OpError{Op: "dial", Net: network, Err: errNotAnAddress}
		}
		at = netip.AddrPortFrom(at.Addr().Unmap(), at.Port())
		s.mu.Lock()
		ours, resolver := s.real[at], s.dns[at]
		s.mu.Unlock()
		switch {
		case ours:
			return direct.DialContext(ctx, network, address)
		case resolver.IsValid():
			return direct.DialContext(ctx, network, resolver.String())
		case network == "udp" || network == "udp4" || network == "udp6":
			return s.net.dialUDP(at), nil // nobody listens there
		}
		if err := s.net.connect(ctx, network, at); err != nil {
			return nil, err
		}
		real, err := s.mappedTo(at, vantage)
		if err != nil {
			return nil, dialError(network, at, os.NewSyscallError("connect", syscall.ECONNREFUSED))
		}
		return direct.DialContext(ctx, "tcp", real.String())
	}
}

// mappedTo is the real address of a simulated port for a vantage; it is opened at the first use.
func (s *Sockets) mappedTo(at netip.AddrPort, vantage string) (netip.AddrPort, error) {
	key := mappedKey{at, vantage}
	s.mu.Lock()
	real, ok := s.mapped[key]
	s.mu.Unlock()
	if ok {
		return real, nil
	}
	real, err := s.listen("127.0.0.1:0", arrival{at: at, vantage: vantage, kind: s.net.portAt(at)})
	if err != nil {
		return netip.AddrPort{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if first, ok := s.mapped[key]; ok { // another dial was faster; its listener wins
		return first, nil
	}
	s.mapped[key] = real
	return real, nil
}

// DNS is the real "ip:port" of the first resolver.
func (s *Sockets) DNS() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.dns[s.net.resolvers[0]].String()
}

// SMTP is the real "ip:port" of the mail sink.
func (s *Sockets) SMTP() string { return s.smtp.String() }

// WHOIS is the real "ip:port" of the root WHOIS server.
func (s *Sockets) WHOIS() string { return s.whois.String() }

// RDAPBootstrap is the URL of the bootstrap folder, on a real address.
func (s *Sockets) RDAPBootstrap() string { return "http://" + s.web.String() + "/rdap/" }

// URL is the URL to report for a site: simulated, or in plain mode with the real port. It panics on an unknown host.
func (s *Sockets) URL(host string) string {
	if !s.options.Plain {
		return s.net.URL(host)
	}
	s.net.mu.RLock()
	known := s.net.mustSite(host)
	s.net.mu.RUnlock()
	return known.urlAt(s.portOf(known, known.HTTPS))
}

// portOf is the real port of a site in plain mode; 0 when it could not be opened.
// A site that acts below HTTP has one of its own.
func (s *Sockets) portOf(x *site, secure bool) uint16 {
	acts, wired := *x.acts.Load(), false
	for _, a := range acts {
		wired = wired || a.Wire != WireNormal || a.TLS != TLSGood
	}
	if !wired {
		if secure {
			return s.secure.Port()
		}
		return s.web.Port()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if port := s.own[x]; port != 0 || s.closed {
		return port
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0
	}
	at := l.Addr().(*net.TCPAddr).AddrPort()
	s.own[x], s.real[at], s.open[l] = at.Port(), true, struct{}{}
	kind := portHTTP
	if x.HTTPS {
		kind = portHTTPS
	}
	s.wg.Add(1)
	go s.follow(x, at, l, arrival{plain: s, site: x, kind: kind})
	return at.Port()
}

// follow keeps a site's own port open, and closed while the site refuses
// connections. It looks at the script twenty times a second.
func (s *Sockets) follow(x *site, at netip.AddrPort, l net.Listener, from arrival) {
	defer s.wg.Done()
	served := false
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		w, _ := x.wireAt(s.net.elapsed(), netip.Addr{})
		switch {
		case w == WireRefuse && l != nil:
			s.mu.Lock()
			delete(s.open, l)
			s.mu.Unlock()
			_ = l.Close()
			l, served = nil, false
		case w != WireRefuse && l == nil:
			again, err := net.Listen("tcp", at.String())
			if err == nil && s.keep(again) == nil {
				l = again
			}
		}
		if l != nil && !served {
			s.serve(l, from)
			served = true
		}
		select {
		case <-tick.C:
		case <-s.done:
			return
		}
	}
}

// HostPort is the real "127.0.0.1:port" where a site listens in plain mode.
func (s *Sockets) HostPort(host string) string {
	s.net.mu.RLock()
	known := s.net.mustSite(host)
	s.net.mu.RUnlock()
	return "127.0.0.1:" + strconv.Itoa(int(s.portOf(known, known.HTTPS)))
}
