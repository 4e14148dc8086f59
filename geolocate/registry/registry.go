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
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/openrdap/rdap/bootstrap"
	"go.uber.org/zap"

	"vigil/internal/dial"
)

// Registry asks registries. It is safe for concurrent use.
type Registry struct {
	o         Options // with the defaults
	dialer    dial.Dialer
	http      *http.Client
	bootstrap *url.URL

	limits   *Limits
	networks *Memory[netip.Prefix, Network] // by the block around the address
	domains  *Memory[string, Domain]
	boot     *Memory[bootstrap.RegistryType, bootFile]
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
		return nil, fmt.Errorf("geolocate.rdap.bootstrap %.100q is no http or https URL: "+
			"give the folder of the RDAP bootstrap files, for example %s", o.Bootstrap, DefaultBootstrap)
	}
	if host, port, err := net.SplitHostPort(o.WHOISServer); err != nil || host == "" || port == "" {
		return nil, fmt.Errorf("geolocate.whois.server %.100q is no host:port: give for example %s", o.WHOISServer, DefaultWHOISServer)
	}
	o.WHOISServer = strings.ToLower(o.WHOISServer)
	r := &Registry{o: o, dialer: dial.Dialer{Dial: o.Dial, Lookup: o.LookupHost}, bootstrap: base, limits: NewLimits(o)}
	permits := make(chan struct{}, o.Waiting)
	r.networks = NewMemory[netip.Prefix, Network](o.Entries, permits, o.Patience)
	r.networks.onDisk(o.Cache, func(block netip.Prefix) string { return "registry/network/" + block.String() })
	r.domains = NewMemory[string, Domain](o.Entries, permits, o.Patience)
	if o.Digest != nil {
		r.domains.onDisk(o.Cache, func(name string) string { return "registry/domain/" + o.Digest(name) })
	}
	r.boot = NewMemory[bootstrap.RegistryType, bootFile](o.Entries, nil, 0) // who needs a file holds a permit already
	r.boot.onDisk(o.Cache, func(kind bootstrap.RegistryType) string { return "registry/rdap/" + kind.String() })
	r.http = r.newHTTP()
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
		return Network{Provenance: Provenance{Failed: r.notAsked(ProblemNotFound)}}
	}
	n, ok := r.networks.fresh(block, func(n *Network) bool { return n.covers(addr) }) // allocates nothing
	if !ok {
		n = r.fetchNetwork(ctx, block, addr)
	}
	if n.Source != "" {
		n.Prefix = within(n.First, n.Last, addr)
	}
	return n
}

func (r *Registry) fetchNetwork(ctx context.Context, block netip.Prefix, addr netip.Addr) Network {
	return lookUp(ctx, r, question[netip.Prefix, Network]{
		memory: r.networks, key: block, match: func(n *Network) bool { return n.covers(addr) }, ttl: r.o.NetworkTTL,
		blank: Network{First: addr, Last: addr},
		rdap:  func(ctx context.Context) (Network, Problem) { return r.rdapNetwork(ctx, addr) },
		whois: func(ctx context.Context) (Network, Problem) { return r.whoisNetwork(ctx, addr) },
		// The public WHOIS is not asked about addresses that nobody holds.
		noWHOIS: r.o.NoWHOIS || r.o.WHOISServer == DefaultWHOISServer && Reserved(addr) != "",
	})
}

// Domain says who registered a domain at whom. name is a registrable domain in ASCII,
// without a trailing dot; anything else is answered with not_found without a query.
// Its time limits are those of Network, and its answer must not be changed either. An
// old answer that stands in for failing sources has no Status: a state of a domain is
// true for hours only.
func (r *Registry) Domain(ctx context.Context, name string) Domain {
	name = strings.ToLower(name)
	if !plainDomain(name) {
		return Domain{Provenance: Provenance{Failed: r.notAsked(ProblemNotFound)}}
	}
	if d, ok := r.domains.fresh(name, nil); ok {
		return d
	}
	return lookUp(ctx, r, question[string, Domain]{
		memory: r.domains, key: name, ttl: r.o.DomainTTL, noWHOIS: r.o.NoWHOIS,
		rdap:  func(ctx context.Context) (Domain, Problem) { return r.rdapDomain(ctx, name) },
		whois: func(ctx context.Context) (Domain, Problem) { return r.whoisDomain(ctx, name) },
	})
}

// question is about one object: where its answer is kept and for how long, what it is
// when nobody answers, and how the sources are asked.
type question[K comparable, V any] struct {
	memory      *Memory[K, V]
	key         K
	match       func(*V) bool
	blank       V
	ttl         time.Duration
	rdap, whois func(context.Context) (V, Problem)
	noWHOIS     bool
}

// sourced is a pointer to an answer that says where it is from.
type sourced[V any] interface {
	*V
	provenance() *Provenance
	// age makes it one that stands in for sources that failed.
	age(failed []Attempt)
}

// lookUp answers from memory, else asks the sources. When all fail for a passing reason,
// or nobody may be asked now, an old answer stands in, else the blank one.
func lookUp[K comparable, V any, P sourced[V]](ctx context.Context, r *Registry, q question[K, V]) V {
	v, problem := q.memory.Fetch(ctx, q.key, q.match, func(ctx context.Context) Answer[V] {
		a := askInTurn[K, V, P](ctx, r, q)
		if told := P(&a.Value).provenance(); told.Source == "" && a.TTL > 0 {
			if old, until, ok := q.memory.old(q.key, q.match); ok && standsIn(P(&old).provenance().Source, told.Failed) {
				P(&old).age(told.Failed)
				a.Value, a.until = old, until
			}
		}
		return a
	})
	if problem == "" {
		return v
	}
	failed := r.notAsked(problem)
	if old, _, ok := q.memory.old(q.key, q.match); ok && problem != ProblemInterrupted {
		P(&old).age(failed)
		return old
	}
	P(&q.blank).provenance().Failed = failed
	return q.blank
}

// askInTurn asks RDAP, and WHOIS when RDAP gave nothing.
func askInTurn[K comparable, V any, P sourced[V]](ctx context.Context, r *Registry, q question[K, V]) Answer[V] {
	var failed []Attempt
	for _, source := range []struct {
		name string
		off  bool
		ask  func(context.Context) (V, Problem)
	}{{SourceRDAP, r.o.NoRDAP, q.rdap}, {SourceWHOIS, q.noWHOIS, q.whois}} {
		if source.off {
			continue
		}
		v, problem := deadlined(ctx, r.o.Timeout, source.ask)
		at := time.Now().UTC().Truncate(time.Second)
		if problem == "" {
			*P(&v).provenance() = Provenance{source.name, at, failed}
			return Answer[V]{Value: v, TTL: r.keep(failed, q.ttl), stands: maxStale}
		}
		r.o.Log.Debug("registry gave no answer", zap.String("source", source.name), zap.String("problem", string(problem)))
		failed = append(failed, Attempt{source.name, problem, at})
	}
	P(&q.blank).provenance().Failed = failed
	return Answer[V]{Value: q.blank, TTL: r.keep(failed, 0)}
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
	if r.o.NoRDAP {
		source = SourceWHOIS
	}
	return []Attempt{{source, problem, time.Now().UTC().Truncate(time.Second)}}
}

// deadlined gives a source its own deadline, and takes a panic in a parser of foreign
// bytes for a broken answer.
func deadlined[V any](ctx context.Context, limit time.Duration, ask func(context.Context) (V, Problem)) (v V, problem Problem) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	defer func() {
		if recover() != nil {
			problem = ProblemBroken
		}
	}()
	return ask(ctx)
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
		return min(r.o.NegativeTTL, ttl)
	case lasting:
		return r.o.NegativeTTL
	}
	return r.o.Retry
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
	// NetworkTTL is how long answers about networks are used without asking again; default
	// 72 h: networks change hands within weeks. DomainTTL is the same for domains; default
	// 6 h: a registrar's hold shows within the hour (ICANN asks registries to publish
	// changes within 60 minutes), and is evidence of a removal.
	NetworkTTL, DomainTTL time.Duration
	// NegativeTTL is how long "no such object" is kept; default 1 h. Retry is how long other
	// failures are; default 5 min. All times to live vary by a tenth, up and down.
	NegativeTTL, Retry time.Duration
	// Timeout bounds all queries to one source for one answer; default 5 s.
	Timeout time.Duration
	// Waiting bounds the callers that wait for a registry at once, those that wait for the
	// query of another caller too; default 64. The next one waits for its turn as long as
	// Patience, default 1 s, and is then answered with busy. One Locate makes up to nine calls.
	Waiting  int
	Patience time.Duration
	// PerSecond and Burst bound the queries to one server; default 2 and 10. Servers that
	// are known to be stricter have quotas of their own (strictServers).
	PerSecond float64
	Burst     int
	// Processes is how many processes ask from the same address; default 1. Rates and
	// quotas are divided by it.
	Processes int
	// Entries bounds the answers in memory, for networks and for domains each; default 20,000.
	Entries int
	// Cache keeps answers over restarts, and shares answers and holds among processes; nil for none.
	Cache Cache
	// Digest is a keyed digest: answers about domains are written to Cache under it, so
	// that no name of a domain is in the Cache. Without it they are not written.
	Digest func(domain string) string
	// TLS is for labs with an authority of their own; nil for the system's.
	TLS *tls.Config
	Log *zap.Logger // default none
}

// Defaults of Options.
const (
	DefaultBootstrap   = "https://data.iana.org/rdap/"
	DefaultWHOISServer = "whois.iana.org:43"

	defaultNetworkTTL  = 72 * time.Hour
	defaultDomainTTL   = 6 * time.Hour
	defaultNegativeTTL = time.Hour
	defaultRetry       = 5 * time.Minute
	defaultTimeout     = 5 * time.Second
	defaultPerSecond   = 2
	defaultBurst       = 10
	defaultEntries     = 20_000
	defaultWaiting     = 64
	defaultPatience    = time.Second
)

// defaults fills in what is 0, and refuses what is negative.
func (o *Options) defaults() error {
	o.NetworkTTL, o.DomainTTL = cmp.Or(o.NetworkTTL, defaultNetworkTTL), cmp.Or(o.DomainTTL, defaultDomainTTL)
	o.NegativeTTL, o.Retry = cmp.Or(o.NegativeTTL, defaultNegativeTTL), cmp.Or(o.Retry, defaultRetry)
	o.Timeout = cmp.Or(o.Timeout, defaultTimeout)
	o.PerSecond, o.Burst, o.Processes = cmp.Or(o.PerSecond, defaultPerSecond), cmp.Or(o.Burst, defaultBurst), cmp.Or(o.Processes, 1)
	o.Entries, o.Waiting = cmp.Or(o.Entries, defaultEntries), cmp.Or(o.Waiting, defaultWaiting)
	o.Patience, o.Log = cmp.Or(o.Patience, defaultPatience), cmp.Or(o.Log, zap.NewNop())
	o.Bootstrap, o.WHOISServer = cmp.Or(o.Bootstrap, DefaultBootstrap), cmp.Or(o.WHOISServer, DefaultWHOISServer)
	if min(o.NetworkTTL, o.DomainTTL, o.NegativeTTL, o.Retry, o.Timeout, o.Patience) < 0 {
		return errors.New("registry times must not be negative")
	}
	if o.PerSecond < 0 || min(o.Burst, o.Processes, o.Entries, o.Waiting) < 0 {
		return errors.New("registry bounds must not be negative")
	}
	return nil
}
