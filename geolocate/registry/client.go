package registry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"time"
)

var (
	errTooLarge  = errors.New("answer over its bound")
	errNoAddress = errors.New("registry server has no address")
	errRedirects = errors.New("too many redirects")
)

// Bounds of one exchange with a registry.
const (
	maxBody      = 2 << 20 // bytes of a decoded RDAP answer or bootstrap file; IANA's dns.json has about 100 kB
	maxHeader    = 64 << 10
	maxWHOIS     = 256 << 10 // bytes of a WHOIS answer
	maxRedirects = 3
	maxTried     = 3 // addresses of one server
)

// connect dials a registry server by name through the injected resolver and the
// guarded dialer: the guard sees every address before it is dialled.
func (r *Registry) connect(ctx context.Context, address string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("registry server address: %w", err)
	}
	var addrs []netip.Addr
	if addr, err := netip.ParseAddr(host); err == nil {
		addrs = []netip.Addr{addr}
	} else if addrs, err = r.lookup(ctx, host); err != nil {
		return nil, err
	}
	last := errNoAddress
	for i, addr := range addrs {
		if i == maxTried || ctx.Err() != nil {
			break
		}
		conn, err := r.dial(ctx, "tcp", net.JoinHostPort(addr.String(), port))
		if err == nil {
			return conn, nil
		}
		last = err
	}
	return nil, last
}

func (r *Registry) newHTTP(o Options) *http.Client {
	transport := &http.Transport{
		DialContext:            func(ctx context.Context, _, address string) (net.Conn, error) { return r.connect(ctx, address) },
		MaxResponseHeaderBytes: maxHeader,
		MaxIdleConns:           16,
		MaxIdleConnsPerHost:    2,
		IdleConnTimeout:        30 * time.Second,
		TLSHandshakeTimeout:    r.timeout,
	}
	if o.TLS != nil {
		transport.TLSClientConfig = o.TLS.Clone()
	}
	return &http.Client{
		Transport: bounded{transport},
		CheckRedirect: func(_ *http.Request, via []*http.Request) error {
			if len(via) > maxRedirects {
				return errRedirects
			}
			return nil
		},
	}
}

// bounded limits the decoded body of every answer, those of redirects too.
type bounded struct{ next *http.Transport }

// RoundTrip implements http.RoundTripper.
func (b bounded) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := b.next.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	resp.Body = &limited{r: resp.Body, c: resp.Body, left: maxBody}
	return resp, nil
}

// CloseIdleConnections lets http.Client.CloseIdleConnections reach the transport.
func (b bounded) CloseIdleConnections() { b.next.CloseIdleConnections() }

// limited fails, and does not cut silently, when there is more than it may read.
type limited struct {
	r    io.Reader
	c    io.Closer
	left int64
}

func (l *limited) Read(p []byte) (int, error) {
	if l.left <= 0 {
		return 0, errTooLarge
	}
	if int64(len(p)) > l.left {
		p = p[:l.left]
	}
	n, err := l.r.Read(p)
	l.left -= int64(n)
	return n, err
}

func (l *limited) Close() error { return l.c.Close() }

// problemOf names what went wrong in an exchange. The error itself is dropped: its
// text may hold a host name.
func problemOf(ctx context.Context, err error) Problem {
	var timeout net.Error
	switch {
	case errors.Is(err, errTooLarge):
		return ProblemTooLarge
	case errors.Is(ctx.Err(), context.Canceled):
		return ProblemInterrupted
	case ctx.Err() != nil, errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return ProblemTimeout
	}
	return ProblemUnreachable
}
