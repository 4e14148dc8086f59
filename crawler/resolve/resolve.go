// Package resolve asks the operator's DNS resolvers for the addresses of a host.
//
// In comes a host name that something foreign chose; out goes a
// casefile.Resolution, and a casefile.Fault when there is no address to dial. A
// broken answer is never taken for absence: only NXDOMAIN to both A and AAAA, from
// a server that answered the question that was asked, is nxdomain. The package
// never says whether an address may be dialled (crawler/guard does) and never
// logs a name.
package resolve

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/miekg/dns"

	"vigil/casefile"
	"vigil/crawler/guard"
	"vigil/crawler/target"
)

// Defaults and bounds.
const (
	DefaultTimeout = 5 * time.Second
	DefaultMaxTTL  = 5 * time.Minute // re-checks must see moves

	maxEntries     = 100_000 // of a cache: names of hosts take some 40 MB
	maxNegativeTTL = 5 * time.Minute
	failureTTL     = 5 * time.Second // RFC 9520, section 3.2: failures are cached, and briefly
	zoneTTL        = time.Hour
	maxChain       = 8  // CNAMEs
	maxAddresses   = 32 // kept of an answer, a family
	maxZoneSteps   = 8  // labels climbed to find the zone
	minTries       = 2
	maxTries       = 3
)

// Options of a Resolver. Servers is required.
type Options struct {
	// Servers are recursive resolvers, "ip:port" or "ip" (port 53), tried in order.
	Servers []string
	// Timeout is for one question, all tries together; default 5 s.
	Timeout time.Duration
	// Dial reaches the servers; nil is a net.Dialer. The operator names them, so it is not guarded.
	Dial guard.Dial
	// MaxTTL caps how long an answer is counted; default 5 min.
	MaxTTL time.Duration
}

// Resolver asks and remembers. It is safe for concurrent use; questions for the
// same name at the same time are asked once.
type Resolver struct {
	servers []string
	timeout time.Duration
	maxTTL  time.Duration
	dial    guard.Dial
	hosts   *cache[host]
	zones   *cache[[]string]
	names   *cache[names]
}

// host is what is remembered of a name.
type host struct {
	resolution casefile.Resolution
	fault      *casefile.Fault
}

// New makes a Resolver.
func New(o Options) (*Resolver, error) {
	if len(o.Servers) == 0 {
		return nil, errors.New("resolve: no resolver is configured; name at least one as ip:port")
	}
	o.Timeout, o.MaxTTL = cmp.Or(o.Timeout, DefaultTimeout), cmp.Or(o.MaxTTL, DefaultMaxTTL)
	if o.Dial == nil {
		o.Dial = (&net.Dialer{}).DialContext
	}
	if o.Timeout < 0 || o.MaxTTL < 0 {
		return nil, errors.New("resolve: timeout and cache time must be positive")
	}
	r := &Resolver{
		timeout: o.Timeout, maxTTL: o.MaxTTL, dial: o.Dial,
		hosts: newCache[host](maxEntries), zones: newCache[[]string](maxEntries), names: newCache[names](maxEntries),
	}
	for i, s := range o.Servers {
		ap, err := netip.ParseAddrPort(s)
		if err != nil {
			addr, err := netip.ParseAddr(s)
			if err != nil {
				return nil, fmt.Errorf("resolve: resolver %d is no ip:port", i+1)
			}
			ap = netip.AddrPortFrom(addr, 53)
		}
		r.servers = append(r.servers, ap.String())
	}
	return r, nil
}

// Resolve finds the addresses of a host, which is in ASCII as casefile.Target.Host
// gives it. With nameservers the name servers of its zone are asked for as well;
// that they are not found is no fault. A literal address needs no question.
//
// The fault, when there is one, is of phase resolve: nxdomain, no_address,
// servfail, timeout, or interrupted when ctx was cancelled. One family that fails
// while the other has addresses is no fault.
func (r *Resolver) Resolve(ctx context.Context, name string, nameservers bool) (casefile.Resolution, *casefile.Fault) {
	if a, err := netip.ParseAddr(name); err == nil {
		found := casefile.NoResolution()
		found.Rcode, found.Addresses = "NOERROR", []netip.Addr{a}
		return found, nil
	}
	name = strings.ToLower(strings.TrimSuffix(name, "."))
	if _, ok := dns.IsDomainName(name); !ok || name == "" {
		return casefile.NoResolution(), failure(casefile.FaultServfail, detailName)
	}
	var servers []string
	var asking sync.WaitGroup
	if nameservers {
		asking.Go(func() { servers = r.zone(ctx, name) })
	}
	h, err := r.hosts.get(ctx, name, func() (host, time.Duration) { return r.ask(ctx, name) })
	asking.Wait()
	if err != nil {
		return casefile.NoResolution(), interrupted(ctx)
	}
	found := h.resolution
	found.CNAMEs, found.Addresses = slices.Clone(found.CNAMEs), slices.Clone(found.Addresses)
	found.Nameservers = append([]string{}, servers...)
	if h.fault == nil {
		return found, nil
	}
	fault := *h.fault
	return found, &fault
}

// LookupHost finds the addresses of a host of our own plumbing, for example a mail
// or RDAP server. The error names the fault and not the host.
func (r *Resolver) LookupHost(ctx context.Context, name string) ([]netip.Addr, error) {
	found, fault := r.Resolve(ctx, name, false)
	if fault != nil {
		if err := context.Cause(ctx); err != nil {
			return nil, fmt.Errorf("resolve: %w", err)
		}
		return nil, fmt.Errorf("resolve: %s", fault.Kind)
	}
	return found.Addresses, nil
}

// ask asks for both families at the same time and says how long the outcome may
// be counted.
func (r *Resolver) ask(ctx context.Context, name string) (host, time.Duration) {
	var four, six answer
	var asking sync.WaitGroup
	asking.Go(func() { six = r.follow(ctx, name, dns.TypeAAAA) })
	four = r.follow(ctx, name, dns.TypeA)
	asking.Wait()
	h := host{resolution: casefile.NoResolution()}
	lead := four
	if four.fault != nil && six.fault == nil || len(four.addresses) == 0 && len(six.addresses) > 0 {
		lead = six
	}
	h.resolution.Rcode, h.resolution.CNAMEs = lead.rcode, append(h.resolution.CNAMEs, lead.cnames...)
	h.resolution.Addresses = append(append(h.resolution.Addresses, four.addresses...), six.addresses...)
	h.resolution.Authenticated = lead.authenticated
	ttl := time.Duration(-1)
	for _, a := range []answer{four, six} {
		// One that contributes and is not validated spoils it.
		h.resolution.Authenticated = h.resolution.Authenticated && (len(a.addresses) == 0 || a.authenticated)
		if len(h.resolution.Addresses) > 0 && len(a.addresses) == 0 && a.fault == nil {
			continue // the missing family does not shorten the answer of the other
		}
		if ttl < 0 || a.ttl < ttl {
			ttl = a.ttl
		}
	}
	switch {
	case ctx.Err() != nil && len(h.resolution.Addresses) == 0:
		h.fault, ttl = interrupted(ctx), 0
	case len(h.resolution.Addresses) > 0:
	case four.fault != nil || six.fault != nil:
		h.fault = cmp.Or(four.fault, six.fault)
	case four.rcode == "NXDOMAIN" && six.rcode == "NXDOMAIN":
		h.fault = failure(casefile.FaultNXDomain, detailNoName)
	default:
		h.resolution.Rcode = "NOERROR"
		h.fault = failure(casefile.FaultNoAddress, detailNoAddress)
	}
	return h, ttl
}

// zone finds the name servers of the zone that name lies in: it climbs from name
// to the registrable domain until a name has NS records. Nothing is found when no
// server answers.
func (r *Resolver) zone(ctx context.Context, name string) []string {
	top := target.RegistrableDomain(name)
	for range maxZoneSteps {
		at := name
		servers, err := r.zones.get(ctx, at, func() ([]string, time.Duration) { return r.nameservers(ctx, at) })
		if err != nil || len(servers) > 0 {
			return servers
		}
		_, parent, found := strings.Cut(name, ".")
		if name == top || !found {
			return nil
		}
		name = parent
	}
	return nil
}

func (r *Resolver) nameservers(ctx context.Context, name string) ([]string, time.Duration) {
	m, fault := r.exchange(ctx, name, dns.TypeNS)
	if fault != nil {
		if ctx.Err() != nil {
			return nil, 0
		}
		return nil, failureTTL
	}
	var servers []string
	for _, rr := range m.Answer {
		if ns, ok := rr.(*dns.NS); ok && len(servers) < maxAddresses && sameName(ns.Hdr.Name, name) {
			servers = append(servers, plain(ns.Ns))
		}
	}
	if len(servers) == 0 {
		return nil, maxNegativeTTL
	}
	slices.Sort(servers)
	return slices.Compact(servers), zoneTTL
}

// interrupted is the fault of a question that whoever asked it gave up: a deadline
// is a time-out, and a cancellation is ours.
func interrupted(ctx context.Context) *casefile.Fault {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return failure(casefile.FaultTimeout, detailLate)
	}
	return failure(casefile.FaultInterrupted, detailStopped)
}
