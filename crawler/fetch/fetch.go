// Package fetch makes one HTTP request to one target at addresses that were
// resolved and checked before, and reduces the answer to facts.
//
// In comes an Ask: target, referrer, addresses, a guarded dialer, a cookie jar.
// Out goes an Answer: a casefile.Hop, the features of the body, or a
// casefile.Fault with its phase. What a server does is never a Go error. A body is
// read through fixed buffers, bounded, digested and dropped: no part of it is
// kept, logged or returned. The package never resolves a name, never follows a
// redirect and never dials anything but the addresses it was given.
//
// colly drives the request; the RoundTripper under it is ours, because colly
// bounds only the compressed body, and because net/http's Transport reads foreign
// bytes on goroutines of its own, where a panic cannot be caught. HTTP/1.1 is all
// it speaks: every public server still does, one connection carries one request,
// and a second parser of foreign bytes would buy nothing.
//
// robots.txt is not asked for: Vigil does not crawl. It looks at single URLs that
// were reported for removal, at the pace of a person, and a rule for indexers must
// not let a page hide from its removal. (colly would also read the file unbounded.)
package fetch

import (
	"cmp"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/gocolly/colly/v2"
	lru "github.com/hashicorp/golang-lru/v2"
	"go.uber.org/zap"
	"golang.org/x/sync/semaphore"

	"vigil/casefile"
	"vigil/crawler/guard"
)

// Defaults and bounds.
const (
	DefaultTimeout = 20 * time.Second
	DefaultMaxBody = 2 << 20
	maxHeader      = 64 << 10 // bytes of status line and headers, interim answers included
	maxInterim     = 5        // 1xx answers before the real one, as net/http's Transport
	maxTries       = 3        // addresses dialled for one request
	minKey         = 16       // bytes of a digest key
)

// Options of a Fetcher. DigestKey and UserAgent are required.
type Options struct {
	// DigestKey keys the digests of bodies and titles; at least 16 bytes.
	DigestKey []byte
	UserAgent string
	// MaxBody bounds the decoded body, in bytes; default DefaultMaxBody.
	MaxBody int64
	// Timeout is the time a whole look has, of which each step gets a share: half to
	// connect, half for the TLS handshake, three quarters up to the end of the
	// headers. The context's deadline bounds them all. Default DefaultTimeout.
	Timeout time.Duration
	// Roots are the certificate authorities that count as known; nil is the system's.
	Roots *x509.CertPool
	// Log is told of panics of parsers; nil is silent.
	Log *zap.Logger
}

// Ask is what to fetch.
type Ask struct {
	Target    casefile.Target
	Referrer  casefile.Target // sent as Referer; zero for none
	Addresses []netip.Addr    // resolved and checked; at most three are dialled
	Dial      guard.Dial
	Jar       *Jar // cookies of this look; nil for none
}

// Answer is what came of it.
type Answer struct {
	// Hop is nil when no complete header came.
	Hop *casefile.Hop
	// Location is the Location header of a redirect; it is as sensitive as a URL.
	Location string
	// Onward is where a page sends its visitors on to by a refresh, within five seconds, when it does nothing
	// else; empty for other pages. It is as sensitive as a URL.
	Onward string
	// BodyBytes, Truncated and Features are set when a body was read; that of a
	// redirect with a Location is not.
	BodyBytes int64
	Truncated bool
	Features  *casefile.Features
	Fault     *casefile.Fault
}

// Fetcher makes requests. It is safe for concurrent use and holds no state
// between requests but pools of buffers.
type Fetcher struct {
	base    *colly.Collector
	options Options
	scratch sync.Pool // *scratch
	trust   trust
	room    *semaphore.Weighted // bytes for the windows of decoders
}

// New makes a Fetcher.
func New(o Options) (*Fetcher, error) {
	if len(o.DigestKey) < minKey {
		return nil, fmt.Errorf("fetch: the digest key has %d bytes; it needs at least %d", len(o.DigestKey), minKey)
	}
	if o.UserAgent == "" || strings.ContainsFunc(o.UserAgent, func(r rune) bool { return r < ' ' || r > '~' }) {
		return nil, errors.New("fetch: the user agent is empty or holds more than printable ASCII")
	}
	o.MaxBody, o.Timeout, o.Log = cmp.Or(o.MaxBody, DefaultMaxBody), cmp.Or(o.Timeout, DefaultTimeout), cmp.Or(o.Log, zap.NewNop())
	if o.MaxBody < 0 || o.Timeout < 0 {
		return nil, errors.New("fetch: body bound and timeout must be positive")
	}
	known, _ := lru.New[trustKey, opinion](trustEntries) // it fails for a size below 1
	f := &Fetcher{options: o, trust: trust{roots: o.Roots, known: known}, room: semaphore.NewWeighted(decoderRoom)}
	key := append([]byte(nil), o.DigestKey...)
	f.scratch.New = func() any { return newScratch(key) }
	f.base = newCollector(o)
	return f, nil
}

// newCollector makes the collector that all requests are cloned from. Init is
// called instead of NewCollector, which would let COLLY_* environment variables
// override any setting, a cache of bodies on disk among them.
func newCollector(o Options) *colly.Collector {
	c := &colly.Collector{}
	c.Init()
	c.UserAgent = o.UserAgent
	c.AllowURLRevisit = true
	c.IgnoreRobotsTxt = true
	c.ParseHTTPErrorResponse = true
	c.MaxBodySize = 1 // it is handed no body at all
	c.SetCookieJar(nil)
	c.SetRequestTimeout(0) // the context bounds the look
	c.SetRedirectHandler(func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse })
	c.WithTransport(transport{})
	return c
}

// Fetch asks for a.Target. It returns when the body is read and dropped, or ctx
// ends. A parser that panics makes a protocol_error, not a crash.
func (f *Fetcher) Fetch(ctx context.Context, a Ask) (answer Answer) {
	x := &exchange{f: f, ask: a, phase: casefile.PhaseConnect}
	defer func() {
		x.hangUp()
		if recover() != nil { // its value may hold foreign bytes: never log it
			f.options.Log.Error("parser panicked", zap.String("phase", string(x.phase)), zap.Stack("stack"))
			answer = x.answer
			answer.Fault = &casefile.Fault{Kind: casefile.FaultProtocol, Phase: x.phase, Detail: detailPanic}
		}
	}()
	c := f.base.Clone()
	c.Context = context.WithValue(ctx, exchangeKey{}, x)
	err := c.Request(http.MethodGet, a.Target.URL(), nil, nil, x.header())
	if err != nil && x.answer.Fault == nil {
		// colly or net/http refused the request before it reached the wire, or the answer after it.
		x.answer.Fault = &casefile.Fault{Kind: casefile.FaultProtocol, Phase: casefile.PhaseRequest, Detail: detailNotPossible}
	}
	return x.answer
}

// transport is the RoundTripper under colly. Each request carries its exchange.
type transport struct{}

type exchangeKey struct{}

// errFaulted tells colly that the exchange ended with a fault, which is in the answer.
var errFaulted = errors.New("the exchange ended with a fault")

// RoundTrip runs the exchange. What colly gets to see is a status and nothing
// else: no body, and no header that would make it decode, convert or follow.
func (transport) RoundTrip(r *http.Request) (*http.Response, error) {
	x, ok := r.Context().Value(exchangeKey{}).(*exchange)
	if !ok {
		return nil, errors.New("fetch: a request without an exchange")
	}
	x.run(r.Context(), r.Header)
	if x.answer.Hop == nil || x.answer.Fault != nil {
		return nil, errFaulted
	}
	return &http.Response{
		StatusCode: x.answer.Hop.Status, ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{},
		Body: http.NoBody, Uncompressed: true, Request: r,
	}, nil
}
