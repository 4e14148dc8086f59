package geodata

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"time"
)

var (
	errPlain     = errors.New("plain http is refused: give an https URL; http is only for networks in guard.allow_networks")
	errNoAddress = errors.New("its host has no address: look at the URL and at the resolver")
	errRedirects = fmt.Errorf("the server redirects more than %d times: look at the URL", maxRedirects)
	errScheme    = errors.New("the server redirects to what is neither https nor http: look at the URL")
)

const (
	dialTimeout = 10 * time.Second
	maxTried    = 4 // addresses of one server
	maxHeader   = 64 << 10
)

// newClient is an HTTP client over the guarded dialer: no proxy of the environment, no
// connection kept, no transparent unpacking (the digest is over what was sent).
func (u *Updater) newClient() *http.Client {
	transport := func(plain bool) *http.Transport {
		t := &http.Transport{
			DialContext:            func(ctx context.Context, _, address string) (net.Conn, error) { return u.connect(ctx, address, plain) },
			MaxResponseHeaderBytes: maxHeader, TLSHandshakeTimeout: dialTimeout, ResponseHeaderTimeout: u.o.Stall,
			DisableCompression: true, DisableKeepAlives: true,
		}
		if u.o.TLS != nil {
			t.TLSClientConfig = u.o.TLS.Clone()
		}
		return t
	}
	return &http.Client{
		Transport: byScheme{secure: transport(false), plain: transport(true)},
		CheckRedirect: func(next *http.Request, via []*http.Request) error {
			next.Header.Del("Referer") // the query of the last URL may hold a token
			switch {
			case len(via) > maxRedirects:
				return errRedirects
			case next.URL.Scheme != "https" && next.URL.Scheme != "http":
				return errScheme
			}
			return nil
		},
	}
}

// byScheme keeps http apart, whose connections lead into labs only.
type byScheme struct{ secure, plain http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (b byScheme) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Scheme == "https" {
		return b.secure.RoundTrip(r)
	}
	return b.plain.RoundTrip(r)
}

// connect dials a server by name. The guard sees all its addresses first: one bad address refuses the name.
func (u *Updater) connect(ctx context.Context, address string, plain bool) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("read the server's address: %w", err)
	}
	addrs, err := u.addresses(ctx, host)
	if err != nil {
		return nil, err
	}
	if plain && slices.ContainsFunc(addrs, func(a netip.Addr) bool { return !u.inLab(a) }) {
		return nil, errPlain
	}
	if err := u.o.Check(addrs...); err != nil {
		return nil, fmt.Errorf("%w: the server is, or redirects to, an address that is never dialled; in a lab allow the network with guard.allow_networks", err)
	}
	var last error
	for _, a := range addrs[:min(len(addrs), maxTried)] {
		dialled, cancel := context.WithTimeout(ctx, dialTimeout)
		conn, err := u.o.Dial(dialled, "tcp", net.JoinHostPort(a.String(), port))
		cancel()
		if err == nil {
			return conn, nil
		}
		last = err
	}
	return nil, fmt.Errorf("the server cannot be reached: look at the line and the firewall: %w", last)
}

// addresses are those of a host, IPv4 first: where there is no IPv6, trying it costs time.
func (u *Updater) addresses(ctx context.Context, host string) ([]netip.Addr, error) {
	if a, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{a.Unmap()}, nil
	}
	addrs, err := u.o.LookupHost(ctx, host)
	if err != nil {
		return nil, fmt.Errorf("its host cannot be resolved: look at the URL and at resolver.servers: %w", err)
	}
	if len(addrs) == 0 {
		return nil, errNoAddress
	}
	addrs = slices.Clone(addrs)
	slices.SortStableFunc(addrs, func(a, b netip.Addr) int { return a.Unmap().BitLen() - b.Unmap().BitLen() })
	return addrs, nil
}

func (u *Updater) inLab(a netip.Addr) bool {
	return slices.ContainsFunc(u.o.Lab, func(p netip.Prefix) bool { return p.Contains(a.Unmap()) })
}
