package fakenet

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/netip"
	"sync"
	"time"
)

// arrival says how a connection came in.
type arrival struct {
	at      netip.AddrPort // the simulated address; zero on plain sockets
	vantage string
	plain   *Sockets // set on plain sockets
	site    *site    // set on a plain socket of the site's own
	kind    portKind // set on plain sockets
}

// serve hands a connection to the server that listens there. It does not block
// but for the hand-over.
func (n *Net) serve(c net.Conn, a arrival) {
	if a.kind == portClosed {
		a.kind = n.portAt(a.at)
	}
	switch a.kind {
	case portDNS:
		n.background(c, func() { n.serveDNS(c, dnsView{server: a.at, plain: a.plain != nil}) })
	case portWHOIS:
		n.background(c, func() { n.serveWHOIS(c, a) })
	case portSMTP:
		n.mail.accept(c)
	case portHTTP, portHTTPS:
		if wrapped := n.raw(c, a); wrapped != nil {
			n.web.accept(wrapped)
		}
	case portClosed:
		_ = c.Close()
	}
}

// background runs a server of one connection until it ends or the net closes.
func (n *Net) background(c net.Conn, run func()) {
	n.conns.add(c)
	n.wg.Add(1)
	go func() {
		defer n.wg.Done()
		defer n.conns.remove(c)
		defer c.Close()
		run()
	}()
}

// servedConn is a connection to a web server that remembers how it came in.
type servedConn struct {
	net.Conn
	arrival
}

// raw applies what happens below HTTP. It returns the connection that the web
// server must serve, or nil when there is nothing left to serve.
func (n *Net) raw(c net.Conn, a arrival) net.Conn {
	var w Wire
	var k TLSKind
	if a.site != nil {
		w, k = a.site.wireAt(n.elapsed(), netip.Addr{})
	} else if a.plain == nil {
		w, k = n.wireAt(a.at)
	}
	switch w {
	case WireNormal:
	case WireRefuse, WireReset:
		reset(c)
		return nil
	case WireBlackhole, WireHang:
		n.background(c, func() { swallow(c) })
		return nil
	case WireClose:
		n.background(c, func() { read(c) })
		return nil
	case WireBanner:
		n.background(c, func() { _, _ = io.WriteString(c, "SSH-2.0-OpenSSH_9.6\r\n"); swallow(c) })
		return nil
	}
	served := &servedConn{Conn: c, arrival: a}
	if a.kind != portHTTPS {
		return served
	}
	switch k {
	case TLSPlain:
		return served
	case TLSHang:
		n.background(c, func() { swallow(c) })
		return nil
	case TLSReset:
		n.background(c, func() { read(c); reset(c) })
		return nil
	case TLSGarbage:
		n.background(c, func() { read(c); _, _ = io.WriteString(c, "this is no handshake, and never will be\r\n"); swallow(c) })
		return nil
	case TLSGood, TLSExpired, TLSNotYet, TLSSelfSigned, TLSUnknownCA, TLSWrongName, TLSAlert, TLSOld:
	}
	return tls.Server(served, n.certs.config(k))
}

// read takes what the client sends first, at most 4 KiB.
func read(c net.Conn) {
	var buf [4096]byte
	_, _ = c.Read(buf[:])
}

// swallow reads until the client gives up.
func swallow(c net.Conn) { _, _ = io.Copy(io.Discard, c) }

// reset breaks a connection with RST instead of FIN, through TLS and wrappers.
func reset(c net.Conn) {
	for {
		switch x := c.(type) {
		case *tls.Conn:
			c = x.NetConn()
			continue
		case *servedConn:
			c = x.Conn
			continue
		case *pipeConn:
			x.Reset()
			return
		case *net.TCPConn:
			_ = x.SetLinger(0)
		}
		_ = c.Close()
		return
	}
}

// sleep waits unless the net closes or the context ends first; it says whether it slept it all.
func (n *Net) sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
	case <-n.done:
	}
	return false
}

// chanListener is a listener that is fed by hand.
type chanListener struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
	addr  net.Addr
}

func newChanListener(addr net.Addr) *chanListener {
	return &chanListener{conns: make(chan net.Conn), done: make(chan struct{}), addr: addr}
}

func (l *chanListener) push(c net.Conn) {
	select {
	case l.conns <- c:
	case <-l.done:
		_ = c.Close()
	}
}

// Accept waits for the next connection.
func (l *chanListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

// Close ends Accept.
func (l *chanListener) Close() error { l.once.Do(func() { close(l.done) }); return nil }

// Addr is a made-up address.
func (l *chanListener) Addr() net.Addr { return l.addr }
