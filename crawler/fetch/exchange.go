package fetch

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"sync"
	"time"

	"vigil/casefile"
)

// exchange is one request and its answer, over one connection.
type exchange struct {
	f      *Fetcher
	ask    Ask
	phase  casefile.Phase // where it is now
	answer Answer
	line   *line
	unhook func() bool // stops watching the context
}

// Shares of Options.Timeout that a step may take at most.
func (x *exchange) share(phase casefile.Phase) time.Duration {
	t := x.f.options.Timeout
	switch phase {
	case casefile.PhaseConnect, casefile.PhaseTLS:
		return t / 2
	case casefile.PhaseRequest:
		return t * 3 / 4
	case casefile.PhaseResolve, casefile.PhaseBody:
	}
	return t
}

// step enters a phase and sets the line's deadline: the phase's share, or the
// context's deadline when that is earlier.
func (x *exchange) step(ctx context.Context, phase casefile.Phase) {
	x.phase = phase
	at := time.Now().Add(x.share(phase))
	if end, ok := ctx.Deadline(); ok && end.Before(at) {
		at = end
	}
	_ = x.line.SetDeadline(at)
}

// run makes the exchange and fills x.answer.
func (x *exchange) run(ctx context.Context, h http.Header) {
	started := time.Now()
	hop := casefile.Hop{Target: x.ask.Target}
	conn, address, opening, fault := x.connect(ctx)
	if fault != nil {
		x.answer.Fault = fault
		return
	}
	hop.Address, hop.RoundTrip = address, opening
	x.line = &line{Conn: conn}
	x.unhook = context.AfterFunc(ctx, x.line.cut)
	stream, err := x.secure(ctx, &hop)
	if err != nil {
		x.answer.Fault = faultOf(ctx, err, x.phase)
		return
	}
	x.step(ctx, casefile.PhaseRequest)
	s := x.f.scratch.Get().(*scratch)
	defer x.f.putScratch(s)
	s.out = appendRequest(s.out[:0], x.ask.Target, h)
	if _, err := stream.Write(s.out); err != nil {
		x.answer.Fault = faultOf(ctx, err, x.phase)
		return
	}
	head := &headLimit{r: stream, left: maxHeader}
	s.in.Reset(head)
	response, err := readHead(s.in) //nolint:bodyclose // the connection is closed as a whole
	if err != nil {
		err = head.cause(err)
		x.answer.Fault = faultOf(ctx, err, x.phase)
		return
	}
	head.left = -1
	readHop(&hop, response.Header)
	hop.Status, hop.Protocol, hop.Took = response.StatusCode, response.Proto, time.Since(started)
	if x.ask.Jar != nil {
		x.ask.Jar.store(x.ask.Target, response.Header)
	}
	x.answer.Hop = &hop
	if hop.Location && redirects(response.StatusCode) {
		x.answer.Location = response.Header.Get("Location")
		return
	}
	x.step(ctx, casefile.PhaseBody)
	x.readBody(ctx, s, response)
}

// redirects are the statuses that browsers follow a Location of (Fetch standard,
// "redirect status").
func redirects(status int) bool {
	switch status {
	case 301, 302, 303, 307, 308:
		return true
	}
	return false
}

// connect dials the addresses in turn: the first of each family first, then the
// rest, at most maxTries, each with an equal share of what is left of the step.
// The fault is that of the first address. opening is how long the connection took to open.
func (x *exchange) connect(ctx context.Context) (conn net.Conn, address netip.Addr, opening time.Duration, fault *casefile.Fault) {
	addresses := dialOrder(x.ask.Addresses)
	if len(addresses) == 0 {
		return nil, netip.Addr{}, 0, &casefile.Fault{Kind: casefile.FaultNoAddress, Phase: casefile.PhaseConnect}
	}
	end := time.Now().Add(x.share(casefile.PhaseConnect))
	if at, ok := ctx.Deadline(); ok && at.Before(end) {
		end = at
	}
	var first *casefile.Fault
	for i, a := range addresses {
		share := time.Until(end) / time.Duration(len(addresses)-i)
		try, cancel := context.WithTimeoutCause(ctx, share, errConnectTimeout)
		started := time.Now()
		conn, err := x.ask.Dial(try, "tcp", netip.AddrPortFrom(a, x.ask.Target.Port()).String())
		cancel()
		if err == nil {
			return conn, a, time.Since(started), nil
		}
		if first == nil {
			first = faultOf(ctx, err, casefile.PhaseConnect)
		}
		if ctx.Err() != nil {
			return nil, netip.Addr{}, 0, faultOf(ctx, err, casefile.PhaseConnect)
		}
	}
	return nil, netip.Addr{}, 0, first
}

func dialOrder(addresses []netip.Addr) []netip.Addr {
	order := make([]netip.Addr, 0, maxTries)
	for _, family := range []func(netip.Addr) bool{netip.Addr.Is4, netip.Addr.Is6} {
		if i := slices.IndexFunc(addresses, family); i >= 0 {
			order = append(order, addresses[i])
		}
	}
	for _, a := range addresses {
		if len(order) < maxTries && !slices.Contains(order, a) {
			order = append(order, a)
		}
	}
	return order
}

// secure makes the TLS handshake when the target wants one, and notes what it showed.
func (x *exchange) secure(ctx context.Context, hop *casefile.Hop) (net.Conn, error) {
	if !x.ask.Target.Secure() {
		return x.line, nil
	}
	x.step(ctx, casefile.PhaseTLS)
	secured := tls.Client(x.line, tlsConfig(x.ask.Target))
	if err := secured.HandshakeContext(ctx); err != nil {
		return nil, err
	}
	hop.TLS = x.f.trust.examine(secured.ConnectionState(), x.ask.Target, time.Now())
	return secured, nil
}

// header are the request's headers but Host and Cookie.
func (x *exchange) header() http.Header {
	h := http.Header{
		"User-Agent":      {x.f.options.UserAgent},
		"Accept":          {"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"},
		"Accept-Language": {"en;q=0.9,*;q=0.5"},
		"Accept-Encoding": {"gzip"},
	}
	if !x.ask.Referrer.IsZero() {
		h["Referer"] = []string{x.ask.Referrer.URL()}
	}
	if x.ask.Jar != nil {
		if cookies := x.ask.Jar.Header(x.ask.Target); cookies != "" {
			h["Cookie"] = []string{cookies}
		}
	}
	return h
}

// wireOrder is the order of the headers on the wire, that of a common browser:
// some servers answer by it.
var wireOrder = []string{"User-Agent", "Accept", "Accept-Language", "Accept-Encoding", "Referer", "Cookie"}

// appendRequest writes the request as HTTP/1.1. The request target is the
// canonical URL's path as it is: net/url would write some of them differently.
func appendRequest(b []byte, t casefile.Target, h http.Header) []byte {
	b = append(b, "GET "...)
	b = append(b, t.Path()...)
	b = append(b, " HTTP/1.1\r\nHost: "...)
	b = append(b, hostHeader(t)...)
	b = append(b, "\r\n"...)
	for _, name := range wireOrder {
		if v := h[name]; len(v) == 1 {
			b = append(append(append(append(b, name...), ": "...), v[0]...), "\r\n"...)
		}
	}
	return append(b, "Connection: close\r\n\r\n"...)
}

// hostHeader is host[:port], with brackets around an IPv6 address and without the
// scheme's default port.
func hostHeader(t casefile.Target) string {
	host := t.Host()
	if a, ok := t.Address(); ok && a.Is6() {
		host = "[" + host + "]"
	}
	if port := t.Port(); t.Secure() && port != 443 || !t.Secure() && port != 80 {
		host += ":" + strconv.Itoa(int(port))
	}
	return host
}

// readHead reads the answer's head, past interim answers.
func readHead(in *bufio.Reader) (*http.Response, error) {
	if _, err := in.Peek(1); err != nil {
		return nil, err // nothing at all: the cause, not "malformed"
	}
	for range maxInterim + 1 {
		r, err := http.ReadResponse(in, nil)
		if err != nil {
			return nil, protocolError{err}
		}
		switch {
		case r.StatusCode == http.StatusSwitchingProtocols, r.StatusCode < 100:
			return nil, protocolError{}
		case r.StatusCode >= 200:
			return r, nil
		}
	}
	return nil, protocolError{}
}

// hangUp closes the connection.
func (x *exchange) hangUp() {
	if x.line == nil {
		return
	}
	x.unhook()
	_ = x.line.Close()
}

// line is a connection that can be cut for good: after cut no deadline revives it.
type line struct {
	net.Conn
	mu   sync.Mutex
	down bool
}

func (l *line) SetDeadline(at time.Time) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.down {
		return net.ErrClosed
	}
	return l.Conn.SetDeadline(at)
}

func (l *line) cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.down = true
	_ = l.Conn.SetDeadline(time.Unix(1, 0))
}

// headLimit bounds what is read before the headers end; left < 0 is no bound. It
// remembers how the answer began and how the connection ended.
type headLimit struct {
	r     net.Conn
	left  int
	begin [len(httpBegin)]byte
	n     int
	err   error
}

const httpBegin = "HTTP/"

// cause tells a head that was cut short from one that is broken: the parser calls
// both malformed. A clean end counts when the answer began as HTTP.
func (h *headLimit) cause(err error) error {
	if h.err != nil && (!errors.Is(h.err, io.EOF) || string(h.begin[:]) == httpBegin) {
		return h.err
	}
	return err
}

func (h *headLimit) Read(p []byte) (int, error) {
	if h.left < 0 {
		return h.r.Read(p)
	}
	if h.left == 0 {
		h.err = errHeaderTooBig
		return 0, h.err
	}
	n, err := h.r.Read(p[:min(len(p), h.left)])
	h.left -= n
	h.n += copy(h.begin[min(h.n, len(h.begin)):], p[:n])
	if err != nil {
		h.err = err
	}
	return n, err
}
