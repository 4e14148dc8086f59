// Package vantage makes the dialer of a place to look from: a direct connection, or
// one through a SOCKS5 or HTTP CONNECT proxy.
//
// In comes the operator's proxy URL; out goes a dialer for "ip:port". A proxy is
// always given an address and never a name: it must not resolve what was resolved
// and checked here. The dialer does not check addresses: the guard stands in front
// of it. The proxy itself is the operator's and is not checked.
package vantage

import (
	"bufio"
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"golang.org/x/net/proxy"

	"vigil/crawler/guard"
)

// maxAnswer bounds a CONNECT proxy's answer, in bytes.
const maxAnswer = 16 << 10

// Dialer makes the dialer of a vantage. proxyURL is "", socks5://[user:password@]host:port
// or http://[user:password@]host:port. dial reaches the proxy, nil is a net.Dialer;
// without a proxy it is returned as it is. The error does not repeat the URL, which may hold a password.
func Dialer(proxyURL string, dial guard.Dial) (guard.Dial, error) {
	if proxyURL == "" {
		return dial, nil
	}
	if dial == nil {
		dial = (&net.Dialer{}).DialContext
	}
	u, err := url.Parse(proxyURL)
	if err != nil || u.Hostname() == "" || u.Port() == "" || u.Path != "" && u.Path != "/" || u.Scheme != "socks5" && u.Scheme != "http" {
		return nil, errors.New("vantage: the proxy must be socks5://host:port or http://host:port")
	}
	through := connect(u, dial)
	if u.Scheme == "socks5" {
		if through, err = socks(u, dial); err != nil {
			return nil, err
		}
	}
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		if _, err := netip.ParseAddrPort(address); err != nil {
			return nil, &Error{cause: errors.New("a proxy is given addresses only")}
		}
		conn, err := through(ctx, network, address)
		if err != nil {
			return nil, &Error{cause: err}
		}
		return conn, nil
	}, nil
}

// Error says that the proxy, and not the server behind it, did what it did.
type Error struct{ cause error }

func (e *Error) Error() string { return "proxy did not connect" }

// Unwrap gives the cause, which may name the proxy.
func (e *Error) Unwrap() error { return e.cause }

// Proxied marks the error for those who tell a proxy's fault from a server's.
func (*Error) Proxied() bool { return true }

type forward guard.Dial

func (f forward) Dial(network, address string) (net.Conn, error) {
	return f(context.Background(), network, address)
}

func (f forward) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	return f(ctx, network, address)
}

func socks(u *url.URL, dial guard.Dial) (guard.Dial, error) {
	d, err := proxy.FromURL(u, forward(dial))
	if err != nil {
		return nil, errors.New("vantage: the SOCKS proxy cannot be used")
	}
	through, ok := d.(proxy.ContextDialer)
	if !ok {
		return nil, errors.New("vantage: the SOCKS dialer takes no context")
	}
	return through.DialContext, nil
}

func connect(u *url.URL, dial guard.Dial) guard.Dial {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, u.Host)
		if err != nil {
			return nil, err
		}
		if err := ask(ctx, conn, u, address); err != nil {
			_ = conn.Close()
			return nil, err
		}
		return conn, nil
	}
}

// ask sends CONNECT and reads the answer (RFC 9110, section 9.3.6).
func ask(ctx context.Context, conn net.Conn, u *url.URL, address string) error {
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	request := "CONNECT " + address + " HTTP/1.1\r\nHost: " + address + "\r\n"
	if u.User != nil {
		password, _ := u.User.Password()
		request += "Proxy-Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte(u.User.Username()+":"+password)) + "\r\n"
	}
	if _, err := conn.Write([]byte(request + "\r\n")); err != nil {
		return cmp.Or(ctx.Err(), err)
	}
	in := bufio.NewReader(&bounded{Conn: conn, left: maxAnswer})
	r, err := http.ReadResponse(in, &http.Request{Method: http.MethodConnect}) //nolint:bodyclose // the answer to CONNECT has no body
	if err != nil {
		return cmp.Or(ctx.Err(), err)
	}
	if r.StatusCode != http.StatusOK {
		return fmt.Errorf("the proxy answered with status %d", r.StatusCode)
	}
	if in.Buffered() > 0 {
		return errors.New("the proxy sent more than its answer")
	}
	if !stop() {
		return ctx.Err() // the deadline is spoilt
	}
	return nil
}

// bounded ends a proxy's answer that has no end.
type bounded struct {
	net.Conn
	left int
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.left == 0 {
		return 0, errors.New("the proxy's answer is too long")
	}
	n, err := b.Conn.Read(p[:min(len(p), b.left)])
	b.left -= n
	return n, err
}
