// Package geolocate attributes: who hosts a target, in which country, and whom to tell.
//
// In come a target and one observation of it. Out goes a casefile.Hosting: the decision
// of one pure rule (Decide, docs/hosting.md) together with every claim it was made from,
// each with its source and date. A source that fails is a claim with a Problem; Locate
// never returns an error.
//
// It must never hide dissent, never take an edge's country for the origin's, never guess
// a contact from the target's own domain, never tell a registry more than an address or
// a registrable domain, never dial but through the injected dialer, and never take
// longer than its time limit.
package geolocate

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/phuslu/iploc"
	"go.uber.org/zap"
	"golang.org/x/net/publicsuffix"

	"vigil/casefile"
	"vigil/geolocate/registry"
)

// Cache keeps registry answers over restarts. Values are small JSON documents.
type Cache interface {
	Cached(ctx context.Context, key string) (value []byte, found bool, err error)
	SaveCached(ctx context.Context, key string, value []byte, expires time.Time) error
}

// Options of a Locator.
type Options struct {
	// Dial is the guarded dialer of the registries; required unless both are off.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// LookupHost resolves the names of registry servers; required unless both are off.
	LookupHost func(ctx context.Context, host string) ([]netip.Addr, error)
	// Databases may be empty: then the registries and an embedded table decide, with lower confidence.
	Databases []DatabaseOptions
	// RDAPBootstrap is the base URL of the RDAP bootstrap files; default IANA's.
	RDAPBootstrap string
	// WHOISServer is the root of WHOIS referrals, host:port; default IANA's.
	WHOISServer string
	// NoRDAP and NoWHOIS switch a source off.
	NoRDAP, NoWHOIS bool
	// TTL is how long registry answers are kept, default 24 h; NegativeTTL for "no such object", default 1 h.
	TTL, NegativeTTL time.Duration
	// SourceTimeout bounds each registry source for one answer, default 5 s; Timeout bounds a Locate, default 10 s.
	SourceTimeout, Timeout time.Duration
	// PerSecond and Burst bound the queries to one registry server; default 2 and 10.
	PerSecond float64
	Burst     int
	// Cache keeps registry answers over restarts; nil for none.
	Cache Cache
	// Digest is a keyed digest of a domain: with it answers about domains go to Cache too, without their name.
	Digest func(domain string) string
	// TLS is for labs with an authority of their own; nil for the system's.
	TLS *tls.Config
	// Log gets no host and no URL; default none.
	Log *zap.Logger
}

const (
	defaultTimeout = 10 * time.Second
	// maxAddresses bounds the addresses of a target that are looked up.
	maxAddresses = 8
	// maxValue bounds a claim's value, in bytes.
	maxValue = 200
)

// Locator attributes targets. It is safe for concurrent use.
type Locator struct {
	databases *databases
	registry  *registry.Registry // nil when both registries are off
	edges     *edges
	embedded  time.Time // the date of the embedded table
	timeout   time.Duration
	log       *zap.Logger
}

// New opens the databases and makes the registries ready; it asks nobody. The error
// says which file or option is wrong and what to do.
func New(o Options) (*Locator, error) {
	l := &Locator{timeout: o.Timeout, log: o.Log}
	if l.timeout == 0 {
		l.timeout = defaultTimeout
	}
	if l.timeout < 0 {
		return nil, errors.New("geolocate: timeout must not be negative")
	}
	if l.log == nil {
		l.log = zap.NewNop()
	}
	var err error
	if l.edges, err = parseEdges(edgesCSV); err != nil {
		return nil, err
	}
	if l.embedded, err = time.Parse("v1.0.20060102", iploc.Version); err != nil {
		return nil, fmt.Errorf("read date of embedded country table: %w", err)
	}
	if !o.NoRDAP || !o.NoWHOIS {
		l.registry, err = registry.New(registry.Options{
			Dial: o.Dial, LookupHost: o.LookupHost, Bootstrap: o.RDAPBootstrap, WHOISServer: o.WHOISServer, NoRDAP: o.NoRDAP, NoWHOIS: o.NoWHOIS,
			TTL: o.TTL, NegativeTTL: o.NegativeTTL, Timeout: o.SourceTimeout, PerSecond: o.PerSecond, Burst: o.Burst, Cache: o.Cache, Digest: o.Digest, TLS: o.TLS, Log: l.log,
		})
		if err != nil {
			return nil, fmt.Errorf("geolocate: %w", err)
		}
	}
	if l.databases, err = openDatabases(o.Databases, l.log); err != nil {
		_ = l.Close()
		return nil, err
	}
	return l, nil
}

// Close drops idle connections and unmaps the databases. No Locate, Watch or Reload may run or follow.
func (l *Locator) Close() error {
	if l.registry != nil {
		l.registry.Close()
	}
	if l.databases == nil {
		return nil
	}
	return l.databases.close()
}

// Locate says who hosts the target, from the addresses that the looks resolved (or the
// target's own, when it is a literal one). It never fails and takes at most the time
// limit; what did not answer in time is a claim with a Problem.
func (l *Locator) Locate(ctx context.Context, q casefile.Inquiry) casefile.Hosting {
	t := q.Target
	ctx, cancel := context.WithTimeout(ctx, l.timeout)
	defer cancel()
	addrs, dropped := addresses(q)
	f := Facts{Addresses: addrs}
	if _, literal := t.Address(); !literal {
		f.Domain = registrable(t.Host())
	}
	networks, domain := l.ask(ctx, addrs, f.Domain)
	f.Claims = make([]casefile.Claim, 0, 12*len(addrs)+6)
	var asns []uint32
	for i, addr := range addrs {
		f.Claims, asns = l.local(f.Claims, asns, addr)
		if l.registry != nil {
			n := networks[i]
			f.Claims = networkClaims(f.Claims, addr, n)
			if n.ASN != 0 {
				asns = append(asns, n.ASN)
			}
			for _, c := range n.Contacts {
				f.Desks = append(f.Desks, Desk{addr, casefile.Contact{Name: c.Name, Role: c.Role, Email: c.Email, Form: c.Form, Source: n.Source}})
			}
		}
	}
	if f.Domain != "" && l.registry != nil {
		f.Claims, f.Registrar = domainClaims(f.Claims, domain)
		f.RegistrarSource = domain.Source
	}
	f.Edge = l.edges.detect(q, addrs, asns)
	if f.Edge != nil {
		f.Claims = append(f.Claims, casefile.Claim{Fact: casefile.FactEdge, Value: f.Edge.Name, Source: "edges:" + f.Edge.Evidence, AsOf: edgesAsOf})
	}
	f.Now = time.Now()
	h := Decide(f)
	if dropped > 0 {
		h.Steps = append(h.Steps, fmt.Sprintf("%d further addresses were not looked up: the bound is %d.", dropped, maxAddresses))
	}
	return h
}

// addresses are those of the target, sorted and bounded; dropped counts the rest.
func addresses(q casefile.Inquiry) (addrs []netip.Addr, dropped int) {
	if literal, ok := q.Target.Address(); ok {
		addrs = []netip.Addr{literal}
	} else {
		for _, o := range q.Looks {
			addrs = append(addrs, o.Resolution.Addresses...)
		}
		for _, o := range q.Looks {
			if len(addrs) == 0 && len(o.Hops) > 0 && o.Hops[0].Target.Host() == q.Target.Host() {
				addrs = []netip.Addr{o.Hops[0].Address}
			}
		}
	}
	addrs = sorted(addrs)
	if len(addrs) > maxAddresses {
		return addrs[:maxAddresses], len(addrs) - maxAddresses
	}
	return addrs, 0
}

// ask asks the registries about all addresses and the domain at once, and returns when all have answered.
func (l *Locator) ask(ctx context.Context, addrs []netip.Addr, domain string) ([]registry.Network, registry.Domain) {
	if l.registry == nil {
		return nil, registry.Domain{}
	}
	var wg sync.WaitGroup
	defer wg.Wait()
	networks := make([]registry.Network, len(addrs))
	for i, addr := range addrs[min(1, len(addrs)):] {
		wg.Go(func() { networks[i+1] = l.registry.Network(ctx, addr) })
	}
	var d registry.Domain
	if domain != "" && len(addrs) > 0 {
		wg.Go(func() { d = l.registry.Domain(ctx, domain) })
	} else if domain != "" {
		d = l.registry.Domain(ctx, domain)
	}
	if len(addrs) > 0 {
		networks[0] = l.registry.Network(ctx, addrs[0])
	}
	wg.Wait()
	return networks, d
}

// embedded asks the embedded table. It answers for special-purpose addresses with
// whatever stands beside them, so that those are not asked about.
func embedded(addr netip.Addr) string {
	if !addr.IsValid() || registry.Reserved(addr) != "" {
		return ""
	}
	return strings.Clone(country(iploc.IPCountry(addr)))
}

func networkClaims(claims []casefile.Claim, addr netip.Addr, n registry.Network) []casefile.Claim {
	for _, a := range n.Failed {
		claims = append(claims, casefile.Claim{Fact: casefile.FactNetwork, Source: a.Source, AsOf: a.At, Address: addr, Problem: string(a.Problem)})
	}
	if n.Source == "" {
		return claims
	}
	say := func(fact casefile.Fact, value string) {
		if value = line(value); value != "" {
			claims = append(claims, casefile.Claim{Fact: fact, Value: value, Source: n.Source, AsOf: n.AsOf, Address: addr})
		}
	}
	if n.Prefix.IsValid() {
		say(casefile.FactNetwork, n.Prefix.String())
	}
	say(casefile.FactNetworkName, n.Name)
	say(casefile.FactOrganisation, n.Organisation)
	say(casefile.FactCountry, country(n.Country))
	if n.ASN != 0 {
		say(casefile.FactASN, "AS"+strconv.FormatUint(uint64(n.ASN), 10))
	}
	for _, c := range n.Contacts {
		if c.Role == registry.RoleAbuse && usable(c.Email) {
			say(casefile.FactAbuse, c.Email)
		}
	}
	return claims
}

func domainClaims(claims []casefile.Claim, d registry.Domain) ([]casefile.Claim, *casefile.Registrar) {
	for _, a := range d.Failed {
		claims = append(claims, casefile.Claim{Fact: casefile.FactRegistrar, Source: a.Source, AsOf: a.At, Problem: string(a.Problem)})
	}
	if d.Source == "" {
		return claims, nil
	}
	say := func(fact casefile.Fact, value string) {
		if value = line(value); value != "" {
			claims = append(claims, casefile.Claim{Fact: fact, Value: value, Source: d.Source, AsOf: d.AsOf})
		}
	}
	r := &casefile.Registrar{Name: line(d.Registrar), DomainStatus: append([]string{}, d.Status...), Created: d.Created, Expires: d.Expires}
	if usable(d.AbuseEmail) {
		r.AbuseEmail = d.AbuseEmail
	}
	say(casefile.FactRegistrar, r.Name)
	say(casefile.FactRegistrarAbuse, r.AbuseEmail)
	for _, s := range r.DomainStatus {
		say(casefile.FactDomainStatus, s)
	}
	return claims, r
}

// registrable is the domain that was registered at a registry: a public suffix of
// ICANN's part of the list and one label more. Suffixes that a company offers
// (github.io) are domains of that company. Empty when there is none.
func registrable(host string) string {
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	suffix, icann := publicsuffix.PublicSuffix(host)
	for !icann && strings.Contains(suffix, ".") {
		_, parent, _ := strings.Cut(suffix, ".")
		suffix, icann = publicsuffix.PublicSuffix(parent)
	}
	rest, found := strings.CutSuffix(host, "."+suffix)
	if !found || rest == "" {
		return ""
	}
	return rest[strings.LastIndexByte(rest, '.')+1:] + "." + suffix
}

// line bounds a value that becomes a claim.
func line(s string) string {
	if len(s) > maxValue {
		s = strings.ToValidUTF8(s[:maxValue], "")
	}
	return s
}
