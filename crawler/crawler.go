// Package crawler looks at one URL from one place and says what it saw.
//
// In comes a casefile.Subject and the name of a vantage; out goes a
// casefile.Observation: facts and no opinion. It resolves, checks every address,
// dials only what was checked, follows redirects hop by hop with the same care,
// and reduces the last body to features. What the world does is data in the
// observation, never a Go error. It never keeps a body, never judges, never
// stores, and never logs a URL, a host or a part of an answer.
package crawler

import (
	"cmp"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"time"

	"go.uber.org/zap"
	"golang.org/x/sync/semaphore"

	"vigil/casefile"
	"vigil/crawler/fetch"
	"vigil/crawler/guard"
	"vigil/crawler/vantage"
)

// Resolver finds the addresses of a host; *resolve.Resolver is one.
type Resolver interface {
	Resolve(ctx context.Context, host string, nameservers bool) (casefile.Resolution, *casefile.Fault)
}

// Defaults and bounds.
const (
	defaultMaxRedirects = 10
	defaultInFlight     = 256
	defaultUserAgent    = "Mozilla/5.0 (compatible; Vigil/1.0; removal verification)"
	mostRedirects       = 50
)

// VantageOptions are a place to look from.
type VantageOptions struct {
	casefile.Vantage
	// Proxy is "", socks5://host:port or http://host:port.
	Proxy string
	// Dial replaces the dialer below the guard (and below the proxy); nil is the
	// guard's own, or a net.Dialer for a proxy.
	Dial guard.Dial
}

// Options of a Crawler. Resolver, Guard, Vantages and DigestKey are required.
type Options struct {
	Resolver Resolver
	Guard    *guard.Guard
	Vantages []VantageOptions // names must differ
	// Timeout is for one look, all hops together; default 20 s.
	Timeout time.Duration
	// MaxBody bounds a decoded body, in bytes; default 2 MiB.
	MaxBody int64
	// MaxRedirects is how many redirects are followed, 1 to 50; default 10, below 0 none.
	MaxRedirects int
	UserAgent    string
	// InFlight bounds the looks at the same time; default 256.
	InFlight int
	// DigestKey keys the digests of bodies and titles, at least 16 bytes. Features of
	// two looks compare only under the same key.
	DigestKey []byte
	// Roots are the certificate authorities that count as known; nil is the system's.
	Roots *x509.CertPool
	Log   *zap.Logger
}

// Crawler looks from the vantages of this machine. It is safe for concurrent use.
type Crawler struct {
	*VantageSet
	resolver     Resolver
	guard        *guard.Guard
	fetcher      *fetch.Fetcher
	timeout      time.Duration
	maxRedirects int
	slots        *semaphore.Weighted
	log          *zap.Logger
}

// New makes a Crawler.
func New(o Options) (*Crawler, error) {
	if o.Resolver == nil || o.Guard == nil {
		return nil, errors.New("crawler: resolver and guard are required")
	}
	if len(o.Vantages) == 0 {
		return nil, errors.New("crawler: no vantage is configured; name at least one")
	}
	o.Timeout, o.MaxRedirects = cmp.Or(o.Timeout, fetch.DefaultTimeout), cmp.Or(o.MaxRedirects, defaultMaxRedirects)
	o.InFlight, o.UserAgent = cmp.Or(o.InFlight, defaultInFlight), cmp.Or(o.UserAgent, defaultUserAgent)
	o.Log = cmp.Or(o.Log, zap.NewNop())
	if o.Timeout < 0 || o.InFlight < 0 || o.MaxRedirects > mostRedirects {
		return nil, fmt.Errorf("crawler: timeout and looks in flight must be positive, and redirects at most %d", mostRedirects)
	}
	fetcher, err := fetch.New(fetch.Options{
		DigestKey: o.DigestKey, UserAgent: o.UserAgent, MaxBody: o.MaxBody, Timeout: o.Timeout, Roots: o.Roots, Log: o.Log,
	})
	if err != nil {
		return nil, fmt.Errorf("crawler: %w", err)
	}
	c := &Crawler{
		resolver: o.Resolver, guard: o.Guard, fetcher: fetcher, timeout: o.Timeout,
		maxRedirects: max(o.MaxRedirects, 0), slots: semaphore.NewWeighted(int64(o.InFlight)), log: o.Log,
	}
	all := make([]Vantage, len(o.Vantages))
	for i, v := range o.Vantages {
		below, err := vantage.Dialer(v.Proxy, v.Dial)
		if err != nil {
			return nil, fmt.Errorf("crawler: vantage %q: %w", v.Name, err)
		}
		all[i] = &local{c: c, place: v.Vantage, dial: o.Guard.Web(below)}
	}
	if c.VantageSet, err = NewVantageSet(all...); err != nil {
		return nil, fmt.Errorf("crawler: %w", err)
	}
	return c, nil
}
