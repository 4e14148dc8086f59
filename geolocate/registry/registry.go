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

// Registry asks registries. It is safe for concurrent use.
type Registry struct {
	dial                  func(ctx context.Context, network, address string) (net.Conn, error)
	lookup                func(ctx context.Context, host string) ([]netip.Addr, error)
	http                  *http.Client
	bootstrap             *url.URL
	whoisServer           string
	noRDAP, noWHOIS       bool
	networkTTL, domainTTL time.Duration
	negativeTTL, retry    time.Duration
	timeout               time.Duration
	log                   *zap.Logger

	limits   *limits
	networks *memory[netip.Prefix, netip.Addr, Network] // by the block around the address
	domains  *memory[string, struct{}, Domain]
	boot     *memory[string, struct{}, bootFile]
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
		networkTTL: o.NetworkTTL, domainTTL: o.DomainTTL, negativeTTL: o.NegativeTTL, retry: o.Retry, timeout: o.Timeout, log: o.Log,
		limits: newLimits(o), bootLast: map[bootstrap.RegistryType]bootFile{},
	}
	permits := make(chan struct{}, o.Waiting)
	r.networks = newMemory(o, permits, func(addr netip.Addr, n *Network) bool { return n.covers(addr) }, func(block netip.Prefix) string {
		return "registry/network/" + block.String()
	})
	r.domains = newMemory(o, permits, func(_ struct{}, _ *Domain) bool { return true }, func(name string) string {
		if o.Digest == nil {
			return ""
		}
		return "registry/domain/" + o.Digest(name)
	})
	// Who needs a bootstrap file holds a permit already.
	r.boot = newMemory(o, nil, func(_ struct{}, f *bootFile) bool { return f.holds() }, func(kind string) string { return "registry/bootstrap/" + kind })
	r.http = r.newHTTP(o)
	return r, nil
}

// Close drops idle connections. Queries may still run.
func (r *Registry) Close() { r.http.CloseIdleConnections() }

// Network says who holds the network of an address. It takes at most twice the time
// limit of the options, and no time when the answer is in memory or when too many
// callers wait. What it returns shares memory with other answers: it must not be changed.
func (r *Registry) Network(ctx context.Context, addr netip.Addr) Network {
	addr = addr.Unmap().WithZone("")
	bits := 24
	if addr.Is6() {
		bits = 48
	}
	block, err := addr.Prefix(bits)
	if err != nil {
		return Network{Failed: r.notAsked(ProblemNotFound)}
	}
	n, ok := r.networks.fresh(block, addr)
	if !ok {
		n = r.fetchNetwork(ctx, block, addr)
	}
	if n.Source != "" {
		n.Prefix = within(n.First, n.Last, addr)
	}
	return n
}

func (r *Registry) fetchNetwork(ctx context.Context, block netip.Prefix, addr netip.Addr) Network {
	n, problem := r.networks.fetch(ctx, block, addr, func(ctx context.Context) answer[Network] {
		n, ttl := r.askNetwork(ctx, addr)
		if n.Source == "" && ttl > 0 {
			if old, until, ok := r.networks.old(block, addr); ok && standsIn(old.Source, n.Failed) {
				old.Failed = n.Failed
				return answer[Network]{value: old, ttl: ttl, until: until}
			}
		}
		return answer[Network]{value: n, ttl: ttl, stands: n.Source != ""}
	})
	if problem == "" {
		return n
	}
	if old, _, ok := r.networks.old(block, addr); ok && problem != ProblemInterrupted {
		old.Failed = r.notAsked(problem)
		return old
	}
	return Network{Failed: r.notAsked(problem)}
}

// standsIn says whether an old answer of a source may stand in for it: the source was
// asked, and failed for a passing reason. One that knows no such object any more has
// answered.
func standsIn(source string, failed []Attempt) bool {
	for _, f := range failed {
		if f.Source == source {
			return !f.Problem.lasting() && f.Problem != ProblemInterrupted
		}
	}
	return false
}

// notAsked is the attempt at the first source when none was asked.
func (r *Registry) notAsked(problem Problem) []Attempt {
	source := SourceRDAP
	if r.noRDAP {
		source = SourceWHOIS
	}
	return []Attempt{{source, problem, time.Now().UTC().Truncate(time.Second)}}
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
			return n, r.keep(failed, r.networkTTL)
		}
		failed = append(failed, r.failed(source.name, problem))
	}
	return Network{First: addr, Last: addr, Failed: failed}, r.keep(failed, 0)
}

// pointless says that the public WHOIS is not asked about addresses that nobody holds.
func (r *Registry) pointless(addr netip.Addr) bool {
	return r.whoisServer == DefaultWHOISServer && Reserved(addr) != ""
}

// Domain says who registered a domain at whom. name is a registrable domain in ASCII,
// without a trailing dot; anything else is answered with not_found without a query.
// Its time limits are those of Network, and its answer must not be changed either. An
// old answer that stands in for failing sources has no Status: a state of a domain is
// true for hours only.
func (r *Registry) Domain(ctx context.Context, name string) Domain {
	name = strings.ToLower(name)
	if !plainDomain(name) {
		return Domain{Failed: r.notAsked(ProblemNotFound)}
	}
	if d, ok := r.domains.fresh(name, struct{}{}); ok {
		return d
	}
	d, problem := r.domains.fetch(ctx, name, struct{}{}, func(ctx context.Context) answer[Domain] {
		d, ttl := r.askDomain(ctx, name)
		if d.Source == "" && ttl > 0 {
			if old, until, ok := r.domains.old(name, struct{}{}); ok && standsIn(old.Source, d.Failed) {
				old.Failed, old.Status = d.Failed, nil
				return answer[Domain]{value: old, ttl: ttl, until: until}
			}
		}
		return answer[Domain]{value: d, ttl: ttl, stands: d.Source != ""}
	})
	if problem == "" {
		return d
	}
	if old, _, ok := r.domains.old(name, struct{}{}); ok && problem != ProblemInterrupted {
		old.Failed, old.Status = r.notAsked(problem), nil
		return old
	}
	return Domain{Failed: r.notAsked(problem)}
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
			return d, r.keep(failed, r.domainTTL)
		}
		failed = append(failed, r.failed(source.name, problem))
	}
	return Domain{Failed: failed}, r.keep(failed, 0)
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

// keep is how long an answer is kept whose time to live is ttl, 0 when there was none:
// an answer of the second source, while the first failed for a passing reason, only as
// long as a negative one; nothing when the caller stopped.
func (r *Registry) keep(failed []Attempt, ttl time.Duration) time.Duration {
	lasting := true
	for _, f := range failed {
		if f.Problem == ProblemInterrupted {
			return 0
		}
		lasting = lasting && f.Problem.lasting()
	}
	switch {
	case ttl > 0 && lasting:
		return ttl
	case ttl > 0:
		return min(r.negativeTTL, ttl)
	case lasting:
		return r.negativeTTL
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
