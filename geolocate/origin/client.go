package origin

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net"
	"net/http"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"vigil/geolocate/registry"
)

const (
	maxHeader = 16 << 10 // bytes of the header of an answer
	maxTried  = 3        // addresses of the service
	userAgent = "vigil"
)

var (
	errRefused   = errors.New("the service's host has an address that is never dialled")
	errPlain     = errors.New("plain http is only for networks in guard.allow_networks")
	errNoAddress = errors.New("the service's host has no address")
)

// connector dials the service by name through the injected resolver and the guarded dialer.
type connector struct {
	dial   func(ctx context.Context, network, address string) (net.Conn, error)
	check  func(addrs ...netip.Addr) error
	lookup func(ctx context.Context, host string) ([]netip.Addr, error)
	lab    []netip.Prefix
	plain  bool // http: into labs only
}

// connect lets the guard see all addresses of the name first: one bad address refuses it.
func (c connector) connect(ctx context.Context, address string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	var addrs []netip.Addr
	if a, err := netip.ParseAddr(host); err == nil {
		addrs = []netip.Addr{a}
	} else if addrs, err = c.lookup(ctx, host); err != nil {
		return nil, err
	}
	if len(addrs) == 0 {
		return nil, errNoAddress
	}
	if c.plain && slices.ContainsFunc(addrs, func(a netip.Addr) bool { return !c.inLab(a) }) {
		return nil, errPlain
	}
	if c.check(addrs...) != nil {
		return nil, errRefused
	}
	var last error
	for _, a := range addrs[:min(len(addrs), maxTried)] {
		conn, err := c.dial(ctx, "tcp", net.JoinHostPort(a.Unmap().String(), port))
		if err == nil {
			return conn, nil
		}
		last = err
	}
	return nil, last
}

func (c connector) inLab(a netip.Addr) bool {
	return slices.ContainsFunc(c.lab, func(p netip.Prefix) bool { return p.Contains(a.Unmap()) })
}

// newClient is an HTTP client that follows nothing, keeps no connection (what was
// checked is what is dialled), knows no proxy of the environment and unpacks nothing.
func (f *Finder) newClient(config *tls.Config) *http.Client {
	transport := &http.Transport{
		DialContext:            func(ctx context.Context, _, address string) (net.Conn, error) { return f.connect.connect(ctx, address) },
		MaxResponseHeaderBytes: maxHeader, TLSHandshakeTimeout: f.timeout, DisableCompression: true, DisableKeepAlives: true,
	}
	if config != nil {
		transport.TLSClientConfig = config.Clone()
	}
	return &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// exchange posts one question. wait is how long the service asked to be left alone,
// 0 when it did not say.
func (f *Finder) exchange(ctx context.Context, host, edge string) (found []origin, problem registry.Problem, wait time.Duration) {
	question, err := json.Marshal(struct {
		Host string `json:"host"`
		Edge string `json:"edge"`
	}{host, edge})
	if err != nil { // of two strings: never
		return nil, registry.ProblemBroken, 0
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, f.url, bytes.NewReader(question))
	if err != nil {
		return nil, registry.ProblemUnreachable, 0
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", userAgent)
	if f.token != "" {
		req.Header.Set("Authorization", "Bearer "+f.token)
	}
	resp, err := f.client.Do(req)
	if err != nil {
		return nil, problemOf(ctx, err), 0
	}
	defer resp.Body.Close()
	if problem, wait := statusProblem(resp, time.Now()); problem != "" {
		return nil, problem, wait
	}
	kind, _, err := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if err != nil || kind != "application/json" || resp.Header.Get("Content-Encoding") != "" {
		return nil, registry.ProblemBroken, 0
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxBody+1))
	if err != nil {
		if problem := problemOf(ctx, err); problem != registry.ProblemUnreachable {
			return nil, problem, 0
		}
		return nil, registry.ProblemBroken, 0 // it was there, and stopped in the middle
	}
	found, problem = parse(body, host, time.Now())
	return found, problem, 0
}

// statusProblem reads the status. Only 200 is an answer: one without origins says that
// none is known, so that 404 is a wrong URL and no answer.
func statusProblem(resp *http.Response, now time.Time) (registry.Problem, time.Duration) {
	code, stated := resp.StatusCode, resp.Header.Get("Retry-After")
	switch {
	case code == http.StatusOK:
		return "", 0
	case code == http.StatusTooManyRequests, code == http.StatusServiceUnavailable && stated != "":
		return registry.ProblemRateLimited, retryAfter(stated, now)
	}
	return registry.ProblemServer, 0
}

// retryAfter reads seconds or a date (RFC 9110, section 10.2.3); 0 when it is neither.
func retryAfter(stated string, now time.Time) time.Duration {
	if n, err := strconv.ParseUint(strings.TrimSpace(stated), 10, 31); err == nil {
		return time.Duration(n) * time.Second
	}
	if at, err := http.ParseTime(stated); err == nil {
		return max(at.Sub(now), time.Second)
	}
	return 0
}

// problemOf names what went wrong. The error itself is dropped: its text holds the URL.
func problemOf(ctx context.Context, err error) registry.Problem {
	var late net.Error
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		return registry.ProblemInterrupted
	case ctx.Err() != nil, errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded), errors.As(err, &late) && late.Timeout():
		return registry.ProblemTimeout
	}
	return registry.ProblemUnreachable
}
