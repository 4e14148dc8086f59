package registry

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"
)

var (
	errTooLarge  = errors.New("answer over its bound")
	errBroken    = errors.New("answer cannot be read")
	errRedirects = errors.New("too many redirects")
)

// Bounds of one exchange with a registry.
const (
	maxBody      = 2 << 20   // bytes of a decoded RDAP answer or bootstrap file; IANA's dns.json has about 100 kB
	maxMarks     = 200_000   // commas and opening brackets in it; IANA's dns.json has some 5,000
	maxWHOIS     = 256 << 10 // bytes of a WHOIS answer
	maxRedirects = 3
)

// userAgent is what HTTP servers of registries are told.
const userAgent = "vigil"

func (r *Registry) newHTTP() *http.Client {
	transport := r.dialer.Transport(false, r.o.TLS)
	transport.MaxIdleConns, transport.MaxIdleConnsPerHost, transport.IdleConnTimeout = 16, 2, 30*time.Second
	return &http.Client{
		Transport: mannered{transport, r.limits},
		CheckRedirect: func(_ *http.Request, via []*http.Request) error {
			if len(via) > maxRedirects {
				return errRedirects
			}
			return nil
		},
	}
}

// mannered is the transport of all HTTP queries. Each exchange, those of redirects
// too, passes the limits of the server that is really asked, is bounded in its decoded
// body, and tells the limits how it ended.
type mannered struct {
	next   *http.Transport
	limits *Limits
}

// RoundTrip implements http.RoundTripper.
func (m mannered) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx, host := req.Context(), strings.ToLower(req.URL.Host)
	if !askable(req.URL) {
		return nil, refusal{ProblemUnreachable}
	}
	if problem := m.limits.Pass(ctx, host); problem != "" {
		return nil, refusal{problem}
	}
	started := time.Now()
	resp, err := m.next.RoundTrip(req)
	if err != nil {
		problem := ProblemOf(ctx, err)
		m.limits.Settle(host, started, &problem)
		return nil, err
	}
	problem := statusProblem(resp)
	switch {
	case problem == ProblemRateLimited:
		m.limits.Hold(ctx, host, RetryAfter(resp.Header, time.Now()), httpHold)
	case resp.StatusCode == http.StatusBadRequest || resp.StatusCode == http.StatusNotImplemented:
		problem = "" // it is about the question (RFC 7480, section 5.4), and no failure of the server
	case resp.StatusCode >= 300 && resp.StatusCode <= 399:
		problem = "" // what a redirect leads to is an exchange of its own
	}
	resp.Body = &limited{r: resp.Body, left: maxBody, marks: maxMarks, end: func(err error) {
		if problem == "" && err != nil {
			problem = BodyProblem(ctx, err)
		}
		m.limits.Settle(host, started, &problem)
	}}
	return resp, nil
}

// CloseIdleConnections lets http.Client.CloseIdleConnections reach the transport.
func (m mannered) CloseIdleConnections() { m.next.CloseIdleConnections() }

// askable says whether an URL that a registry named is asked: http or https, without
// credentials, on a port where a web server may be. Whether the address may be dialled
// is the guard's to say.
func askable(u *url.URL) bool {
	if u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "" || u.User != nil {
		return false
	}
	if u.Port() == "" {
		return true
	}
	n, err := strconv.ParseUint(u.Port(), 10, 16)
	return err == nil && (n == 80 || n == 443 || n >= 1024)
}

// statusProblem reads the status of an answer (RFC 7480, section 5).
func statusProblem(resp *http.Response) Problem {
	switch code := resp.StatusCode; {
	case code >= 200 && code <= 299:
		return ""
	case code == http.StatusNotFound:
		return ProblemNotFound
	case code == http.StatusTooManyRequests, code == http.StatusServiceUnavailable && resp.Header.Get("Retry-After") != "":
		return ProblemRateLimited
	}
	return ProblemServer
}

// refusal is a query that we did not send.
type refusal struct{ problem Problem }

// Error implements error. It names no host.
func (r refusal) Error() string { return "not asked: " + string(r.problem) }

// limited fails, and does not cut silently, when there is more than it may read, in
// bytes or in marks: the number of JSON values is what decoding them costs.
type limited struct {
	r     io.ReadCloser
	left  int64
	marks int
	err   error
	end   func(error) // called once, with what reading ended with; nil for a whole answer
}

func (l *limited) Read(p []byte) (int, error) {
	if l.left <= 0 {
		l.err = errTooLarge
		return 0, l.err
	}
	n, err := l.r.Read(p[:min(int64(len(p)), l.left)])
	l.left -= int64(n)
	for _, c := range p[:n] {
		if c == ',' || c == '[' || c == '{' {
			l.marks--
		}
	}
	if l.marks < 0 {
		err = errTooLarge
	}
	if err != nil && err != io.EOF {
		l.err = err
	}
	return n, err
}

func (l *limited) Close() error {
	if l.end != nil {
		l.end(l.err)
		l.end = nil
	}
	return l.r.Close()
}

// ProblemOf names what went wrong in an exchange. The error itself is dropped: its
// text may hold a host name.
func ProblemOf(ctx context.Context, err error) Problem {
	var timeout net.Error
	var refused refusal
	switch {
	case errors.As(err, &refused):
		return refused.problem
	case errors.Is(err, errTooLarge):
		return ProblemTooLarge
	case errors.Is(err, errRedirects):
		return ProblemServer
	case errors.Is(ctx.Err(), context.Canceled):
		return ProblemInterrupted
	case ctx.Err() != nil, errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded),
		errors.As(err, &timeout) && timeout.Timeout():
		return ProblemTimeout
	}
	return ProblemUnreachable
}

// BodyProblem names what went wrong in reading a body: the server was there, so that
// what is neither late nor too large is broken.
func BodyProblem(ctx context.Context, err error) Problem {
	if problem := ProblemOf(ctx, err); problem != ProblemUnreachable {
		return problem
	}
	return ProblemBroken
}
