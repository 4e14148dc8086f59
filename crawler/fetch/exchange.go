package fetch

import (
	"context"
	"crypto/tls"
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
	conn   *cuttable
	unhook func() bool // stops watching the context
}

// quarters are the parts of Options.Timeout that a step may take at most.
var quarters = map[casefile.Phase]time.Duration{
	casefile.PhaseConnect: 2, casefile.PhaseTLS: 2, casefile.PhaseRequest: 3, casefile.PhaseBody: 4,
}

// until is the end of a phase that begins now: that of its share, or the context's
// deadline when that is earlier.
func (x *exchange) until(ctx context.Context, phase casefile.Phase) time.Time {
	at := time.Now().Add(x.f.options.Timeout * quarters[phase] / 4)
	if end, ok := ctx.Deadline(); ok && end.Before(at) {
		return end
	}
	return at
}

// step enters a phase and sets the connection's deadline.
func (x *exchange) step(ctx context.Context, phase casefile.Phase) {
	x.phase = phase
	_ = x.conn.SetDeadline(x.until(ctx, phase))
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
	x.conn = &cuttable{Conn: conn}
	x.unhook = context.AfterFunc(ctx, x.conn.cut)
	stream, err := x.secure(ctx, &hop)
	if err != nil {
		x.answer.Fault = faultOf(ctx, err, x.phase)
		return
	}
	s := x.f.scratch.Get().(*scratch)
	x.talk(ctx, stream, s, h, &hop, started)
	x.f.putScratch(s) // not after a panic: it may have left a decoder in any state
}

// talk sends the request and reads the answer.
func (x *exchange) talk(ctx context.Context, stream net.Conn, s *scratch, h http.Header, hop *casefile.Hop, started time.Time) {
	x.step(ctx, casefile.PhaseRequest)
	s.out = appendRequest(s.out[:0], x.ask.Target, h)
	head := &headLimit{r: stream, left: maxHeader}
	s.in.Reset(head)
	if _, err := stream.Write(s.out); err != nil {
		x.answer.Fault = faultOf(ctx, err, x.phase)
		return
	}
	response, err := x.readHead(s.in) //nolint:bodyclose // the connection is closed as a whole
	if err != nil {
		x.answer.Fault = head.fault(ctx, err)
		return
	}
	head.left = -1
	readHop(hop, response.Header)
	hop.Status, hop.Protocol, hop.Took = response.StatusCode, response.Proto, time.Since(started)
	if x.ask.Jar != nil {
		x.ask.Jar.store(x.ask.Target, response.Header)
	}
	x.answer.Hop = hop
	if hop.Location && slices.Contains(redirects, response.StatusCode) {
		x.answer.Location = response.Header.Get("Location")
		return
	}
	x.step(ctx, casefile.PhaseBody)
	x.readBody(ctx, s, response)
}

// redirects are the statuses that browsers follow a Location of (Fetch standard,
// "redirect status").
var redirects = []int{301, 302, 303, 307, 308}

// connect dials the addresses in turn: the first of each family first, then the
// rest, at most maxTries, each with an equal share of what is left of the step.
// The fault is that of the first address. opening is how long the connection took to open.
func (x *exchange) connect(ctx context.Context) (conn net.Conn, address netip.Addr, opening time.Duration, fault *casefile.Fault) {
	addresses := dialOrder(x.ask.Addresses)
	if len(addresses) == 0 {
		return nil, netip.Addr{}, 0, &casefile.Fault{Kind: casefile.FaultNoAddress, Phase: casefile.PhaseConnect, Detail: detailNobody}
	}
	end := x.until(ctx, casefile.PhaseConnect)
	var first *casefile.Fault
	for i, a := range addresses {
		share := time.Until(end) / time.Duration(len(addresses)-i)
		try, cancel := context.WithTimeout(ctx, share)
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
		return x.conn, nil
	}
	x.step(ctx, casefile.PhaseTLS)
	secured := tls.Client(x.conn, tlsConfig(x.ask.Target))
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
		"Accept-Encoding": {acceptEncoding},
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

// hangUp closes the connection.
func (x *exchange) hangUp() {
	if x.conn == nil {
		return
	}
	x.unhook()
	_ = x.conn.Close()
}

// cuttable is a connection that can be cut for good: after cut no deadline revives it.
type cuttable struct {
	net.Conn
	mu   sync.Mutex
	down bool
	at   time.Time // the deadline
}

func (c *cuttable) SetDeadline(at time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.down {
		return net.ErrClosed
	}
	c.at = at
	return c.Conn.SetDeadline(at)
}

// end is the deadline that was set last.
func (c *cuttable) end() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *cuttable) cut() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.down = true
	_ = c.Conn.SetDeadline(time.Unix(1, 0))
}
