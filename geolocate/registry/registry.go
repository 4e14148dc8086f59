// Package registry asks the registries of addresses and names: RDAP first, WHOIS
// when RDAP gave nothing.
//
// In come an address or a registrable domain. Out goes what the registry says about
// its network (range, name, organisation, country, contacts) or about its
// registration (registrar, abuse contact, status, dates), with the source, the date
// and every attempt that failed. A failing registry is an Attempt, never an error.
//
// It must never tell a registry more than an address or a registrable domain, never
// dial anything but through the injected dialer, and never wait longer than its time
// limit: every answer is bounded in bytes, redirects, referrals and time, and every
// server in queries per second. Answers are kept in memory, and through Cache over
// restarts: those about networks by the network, and for at most the /24 (IPv6: /48)
// around the address, because a registry answers with the most specific network and a
// wide answer says nothing about the other parts of its range.
package registry

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/openrdap/rdap/bootstrap"
	"go.uber.org/zap"
)

// Options of a Registry.
type Options struct {
	// Dial is the guarded dialer; required. network is "tcp", address is "ip:port".
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// LookupHost resolves the names of registry servers; required.
	LookupHost func(ctx context.Context, host string) ([]netip.Addr, error)
	// Bootstrap is the base URL of the RDAP bootstrap files (RFC 9224); default IANA's.
	Bootstrap string
	// WHOISServer is the root of WHOIS referrals, host:port; default IANA's.
	WHOISServer string
	// NoRDAP and NoWHOIS switch a source off.
	NoRDAP, NoWHOIS bool
	// TTL is how long answers are kept; default 24 h. NegativeTTL is how long "no such
	// object" is kept; default 1 h. Retry is how long other failures are; default 5 min.
	TTL, NegativeTTL, Retry time.Duration
	// Timeout bounds all queries to one source for one answer; default 5 s.
	Timeout time.Duration
	// PerSecond and Burst bound the queries to one server; default 2 and 10.
	PerSecond float64
	Burst     int
	// Entries bounds the answers in memory, for networks and for domains each; default 20,000.
	Entries int
	// Cache keeps answers over restarts; nil for none.
	Cache Cache
	// Digest is a keyed digest: answers about domains are written to Cache under it, so
	// that no name of a domain is in the Cache. Without it they are not written.
	Digest func(domain string) string
	// TLS is for labs with an authority of their own; nil for the system's.
	TLS       *tls.Config
	UserAgent string      // default "vigil"
	Log       *zap.Logger // default none
}

// Defaults of Options.
const (
	DefaultBootstrap   = "https://data.iana.org/rdap/"
	DefaultWHOISServer = "whois.iana.org:43"

	defaultTTL         = 24 * time.Hour
	defaultNegativeTTL = time.Hour
	defaultRetry       = 5 * time.Minute
	defaultTimeout     = 5 * time.Second
	defaultPerSecond   = 2
	defaultBurst       = 10
	defaultEntries     = 20_000
)

// Registry asks registries. It is safe for concurrent use.
type Registry struct {
	dial                    func(ctx context.Context, network, address string) (net.Conn, error)
	lookup                  func(ctx context.Context, host string) ([]netip.Addr, error)
	http                    *http.Client
	bootstrap               *url.URL
	whoisServer             string
	noRDAP, noWHOIS         bool
	ttl, negativeTTL, retry time.Duration
	timeout                 time.Duration
	agent                   string
	log                     *zap.Logger

	limits   *limits
	networks *memory[Network]
	domains  *memory[Domain]
	boot     *memory[bootFile]
	bootMu   sync.Mutex
	bootLast map[bootstrap.RegistryType]bootFile
}

// New makes a Registry. It asks nobody yet.
func New(o Options) (*Registry, error) {
	if o.Dial == nil || o.LookupHost == nil {
		return nil, errors.New("registry needs Dial and LookupHost")
	}
	if err := o.defaults(); err != nil {
		return nil, err
	}
	base, err := url.Parse(o.Bootstrap)
	if err != nil || base.Scheme != "https" && base.Scheme != "http" || base.Host == "" {
		return nil, fmt.Errorf("geolocate.rdap.bootstrap %.100q is no http or https URL: give the folder of the RDAP bootstrap files, for example %s", o.Bootstrap, DefaultBootstrap)
	}
	if host, port, err := net.SplitHostPort(o.WHOISServer); err != nil || host == "" || port == "" {
		return nil, fmt.Errorf("geolocate.whois.server %.100q is no host:port: give for example %s", o.WHOISServer, DefaultWHOISServer)
	}
	r := &Registry{
		dial: o.Dial, lookup: o.LookupHost, bootstrap: base, whoisServer: strings.ToLower(o.WHOISServer), noRDAP: o.NoRDAP, noWHOIS: o.NoWHOIS,
		ttl: o.TTL, negativeTTL: o.NegativeTTL, retry: o.Retry, timeout: o.Timeout, agent: o.UserAgent, log: o.Log,
		limits: newLimits(o.PerSecond, o.Burst), bootLast: map[bootstrap.RegistryType]bootFile{},
		networks: newMemory[Network](o.Entries, o.Cache, func(key string) string { return "registry/network/" + key }),
		boot:     newMemory[bootFile](8, o.Cache, func(key string) string { return "registry/bootstrap/" + key }),
	}
	r.domains = newMemory[Domain](o.Entries, o.Cache, func(key string) string {
		if o.Digest == nil {
			return ""
		}
		return "registry/domain/" + o.Digest(key)
	})
	r.http = r.newHTTP(o)
	return r, nil
}

func (o *Options) defaults() error {
	for _, d := range []struct {
		at *time.Duration
		or time.Duration
	}{{&o.TTL, defaultTTL}, {&o.NegativeTTL, defaultNegativeTTL}, {&o.Retry, defaultRetry}, {&o.Timeout, defaultTimeout}} {
		if *d.at == 0 {
			*d.at = d.or
		}
		if *d.at < 0 {
			return errors.New("registry times must not be negative")
		}
	}
	if o.Bootstrap == "" {
		o.Bootstrap = DefaultBootstrap
	}
	if o.WHOISServer == "" {
		o.WHOISServer = DefaultWHOISServer
	}
	if o.PerSecond == 0 {
		o.PerSecond = defaultPerSecond
	}
	if o.Burst == 0 {
		o.Burst = defaultBurst
	}
	if o.Entries == 0 {
		o.Entries = defaultEntries
	}
	if o.PerSecond < 0 || o.Burst < 0 || o.Entries < 0 {
		return errors.New("registry bounds must not be negative")
	}
	if o.UserAgent == "" {
		o.UserAgent = "vigil"
	}
	if o.Log == nil {
		o.Log = zap.NewNop()
	}
	return nil
}

// Close drops idle connections. Queries may still run.
func (r *Registry) Close() { r.http.CloseIdleConnections() }

// Network says who holds the network of an address. It takes at most twice the time
// limit of the options.
func (r *Registry) Network(ctx context.Context, addr netip.Addr) Network {
	addr = addr.Unmap().WithZone("")
	bits := 24
	if addr.Is6() {
		bits = 48
	}
	block, err := addr.Prefix(bits)
	if err != nil {
		return Network{Failed: []Attempt{{SourceRDAP, ProblemNotFound, time.Now().UTC()}}}
	}
	n, ok := r.networks.get(ctx, block.String(), func(n Network) bool { return n.covers(addr) }, func(ctx context.Context) (Network, time.Duration) {
		return r.askNetwork(ctx, addr)
	})
	if !ok {
		return Network{Failed: []Attempt{{SourceRDAP, problemOf(ctx, ctx.Err()), time.Now().UTC()}}}
	}
	if n.Source != "" {
		n.Prefix = within(n.First, n.Last, addr)
	}
	return n
}

func (r *Registry) askNetwork(ctx context.Context, addr netip.Addr) (Network, time.Duration) {
	var failed []Attempt
	for _, source := range []struct {
		name string
		off  bool
		ask  func(context.Context, netip.Addr) (Network, Problem)
	}{{SourceRDAP, r.noRDAP, r.rdapNetwork}, {SourceWHOIS, r.noWHOIS || r.pointless(addr), r.whoisNetwork}} {
		if source.off {
			continue
		}
		n, problem := deadlined(ctx, r.timeout, addr, source.ask)
		if problem == "" {
			n.Source, n.AsOf, n.Failed = source.name, time.Now().UTC().Truncate(time.Second), failed
			return n, r.keep(failed, true)
		}
		failed = append(failed, r.failed(source.name, problem))
	}
	return Network{First: addr, Last: addr, Failed: failed}, r.keep(failed, false)
}

// pointless says that the public WHOIS is not asked about addresses that nobody holds.
func (r *Registry) pointless(addr netip.Addr) bool {
	return r.whoisServer == DefaultWHOISServer && Reserved(addr) != ""
}

// Domain says who registered a domain at whom. name is a registrable domain in ASCII,
// without a trailing dot; anything else is answered with not_found without a query.
// It takes at most twice the time limit of the options.
func (r *Registry) Domain(ctx context.Context, name string) Domain {
	name = strings.ToLower(name)
	if !plainDomain(name) {
		return Domain{Failed: []Attempt{{SourceRDAP, ProblemNotFound, time.Now().UTC()}}}
	}
	d, ok := r.domains.get(ctx, name, func(Domain) bool { return true }, func(ctx context.Context) (Domain, time.Duration) {
		return r.askDomain(ctx, name)
	})
	if !ok {
		return Domain{Failed: []Attempt{{SourceRDAP, problemOf(ctx, ctx.Err()), time.Now().UTC()}}}
	}
	return d
}

func (r *Registry) askDomain(ctx context.Context, name string) (Domain, time.Duration) {
	var failed []Attempt
	for _, source := range []struct {
		name string
		off  bool
		ask  func(context.Context, string) (Domain, Problem)
	}{{SourceRDAP, r.noRDAP, r.rdapDomain}, {SourceWHOIS, r.noWHOIS, r.whoisDomain}} {
		if source.off {
			continue
		}
		d, problem := deadlined(ctx, r.timeout, name, source.ask)
		if problem == "" {
			d.Source, d.AsOf, d.Failed = source.name, time.Now().UTC().Truncate(time.Second), failed
			return d, r.keep(failed, true)
		}
		failed = append(failed, r.failed(source.name, problem))
	}
	return Domain{Failed: failed}, r.keep(failed, false)
}

// deadlined gives a source its own deadline, and takes a panic in a parser of foreign
// bytes for a broken answer.
func deadlined[Q, A any](ctx context.Context, limit time.Duration, q Q, ask func(context.Context, Q) (A, Problem)) (a A, problem Problem) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	defer func() {
		if recover() != nil {
			problem = ProblemBroken
		}
	}()
	return ask(ctx, q)
}

func (r *Registry) failed(source string, problem Problem) Attempt {
	r.log.Debug("registry gave no answer", zap.String("source", source), zap.String("problem", string(problem)))
	return Attempt{source, problem, time.Now().UTC().Truncate(time.Second)}
}

// keep is how long an answer is kept: an answer of the second source, while the first
// failed for a passing reason, only as long as a negative one; nothing when the caller stopped.
func (r *Registry) keep(failed []Attempt, answered bool) time.Duration {
	lasting := true
	for _, f := range failed {
		if f.Problem == ProblemInterrupted {
			return 0
		}
		lasting = lasting && f.Problem.lasting()
	}
	switch {
	case answered && lasting:
		return r.ttl
	case answered, lasting:
		return min(r.negativeTTL, r.ttl)
	}
	return r.retry
}

// plainDomain says whether name is a domain of letters, digits, hyphens and
// underscores in at least two labels: nothing else is written on a wire.
func plainDomain(name string) bool {
	if len(name) > 253 || !strings.Contains(name, ".") {
		return false
	}
	for label := range strings.SplitSeq(name, ".") {
		if label == "" || len(label) > 63 {
			return false
		}
		for _, c := range []byte(label) {
			if c != '-' && c != '_' && (c < 'a' || c > 'z') && (c < '0' || c > '9') {
				return false
			}
		}
	}
	return true
}
