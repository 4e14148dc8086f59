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
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/phuslu/iploc"
	"go.uber.org/zap"
	"golang.org/x/net/publicsuffix"

	"vigil/casefile"
	"vigil/geolocate/registry"
)

// Options of a Locator.
type Options struct {
	// Registry is how registries are asked; nil: they are not.
	Registry *registry.Options
	// Databases may be empty: then the registries and an embedded table decide, with lower confidence.
	Databases []DatabaseOptions
	// Timeout bounds a Locate, default 10 s.
	Timeout time.Duration
	// LookupAddr asks the reverse DNS for the names of an address; nil: no hints from it.
	LookupAddr func(ctx context.Context, addr netip.Addr) ([]string, error)
	// Vantages are those whose round trips bound where a server can stand: with a country,
	// and without a proxy, which could answer for a server that it never reached.
	Vantages []casefile.Vantage
	// Directory is the operator's own directory of providers; nil for none.
	Directory *Directory
	// Origins tells what stands behind edges; nil for none. CheckOrigin says whether an address
	// that it told may be counted: the guard's policy; required with Origins.
	Origins     OriginFinder
	CheckOrigin func(addrs ...netip.Addr) error
	// Log gets no host and no URL; default none.
	Log *zap.Logger
}

const (
	defaultTimeout = 10 * time.Second
	// maxAddresses bounds the addresses of a target that are looked up.
	maxAddresses = 8
)

// Locator attributes targets. It is safe for concurrent use.
type Locator struct {
	databases *databases
	registry  *registry.Registry // nil when both registries are off
	edges     *edges
	directory *Directory
	embedded  time.Time // the date of the embedded table
	servers   *nameservers
	hints     *hints
	reverse   func(ctx context.Context, addr netip.Addr) ([]string, error)
	vantages  map[string]string // name -> country
	finder    OriginFinder      // nil: nobody is asked about origins
	// checkOrigin says whether an address that the finder told may be counted.
	checkOrigin func(addrs ...netip.Addr) error

	timeout time.Duration
	log     *zap.Logger
}

// New opens the databases and makes the registries ready; it asks nobody. The error
// says which file or option is wrong and what to do.
func New(o Options) (*Locator, error) {
	l := &Locator{
		timeout: cmp.Or(o.Timeout, defaultTimeout), log: cmp.Or(o.Log, zap.NewNop()),
		directory: o.Directory, reverse: o.LookupAddr, vantages: map[string]string{}, finder: o.Origins, checkOrigin: o.CheckOrigin,
	}
	for _, v := range o.Vantages {
		if casefile.Country(v.Country) != "" {
			l.vantages[v.Name] = casefile.Country(v.Country)
		}
	}
	if l.timeout < 0 {
		return nil, errors.New("geolocate: timeout must not be negative")
	}
	if o.Origins != nil && o.CheckOrigin == nil {
		return nil, errors.New("geolocate: a finder of origins needs CheckOrigin")
	}
	var err error
	if l.edges, err = knownEdges(); err != nil {
		return nil, err
	}
	if l.servers, err = parseNameservers(nameserversCSV); err != nil {
		return nil, err
	}
	if l.hints, err = parseHints(reverseCSV); err != nil {
		return nil, err
	}
	if l.embedded, err = time.Parse("v1.0.20060102", iploc.Version); err != nil {
		return nil, fmt.Errorf("read date of embedded country table: %w", err)
	}
	if o.Registry != nil && (!o.Registry.NoRDAP || !o.Registry.NoWHOIS) {
		registries := *o.Registry
		registries.Log = cmp.Or(registries.Log, l.log)
		if l.registry, err = registry.New(registries); err != nil {
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
	ctx, cancel := context.WithTimeout(ctx, l.timeout)
	defer cancel()
	f, told, dropped := l.facts(ctx, q)
	h := Decide(f)
	h.Steps = append(h.Steps, told...)
	if dropped > 0 {
		h.Steps = append(h.Steps, fmt.Sprintf("%d further addresses were not looked up: the bound is %d.", dropped, maxAddresses))
	}
	return h
}

// facts gathers what all sources say; steps are what a look-up of the origin led to, and
// dropped counts addresses beyond the bound.
func (l *Locator) facts(ctx context.Context, q casefile.Inquiry) (f Facts, steps []string, dropped int) {
	f.Addresses, dropped = addresses(q)
	if _, literal := q.Target.Address(); !literal {
		f.Domain = registrable(q.Target.Host())
	}
	told := l.ask(ctx, f.Addresses, f.Domain)
	f.Claims = make([]casefile.Claim, 0, 16*len(f.Addresses)+16)
	if q.Backend != nil { // first, so that they are the last to be cut where claims are stored
		f.Claims = append(f.Claims, q.Backend.Claims()...)
	}
	asns := l.gather(&f, q, f.Addresses, told)
	f.Claims = l.roundTripClaims(f.Claims, q, f.Addresses)
	f.Claims = canonicalClaims(f.Claims, q)
	if f.Domain != "" && l.registry != nil {
		f.Claims, f.Registrar = domainClaims(f.Claims, told.domain)
		f.RegistrarSource = told.domain.Source
	}
	if f.Domain != "" {
		f.Claims = l.nameserverClaims(f.Claims, q, f)
	}
	f.Edge, f.Platform = l.edges.detect(q, f.Addresses, asns)
	if f.Edge != nil {
		source := "edges:" + f.Edge.Evidence
		f.Claims = append(f.Claims, casefile.Claim{Fact: casefile.FactEdge, Value: f.Edge.Name, Source: source, AsOf: l.edges.asOf})
	}
	if f.Platform != nil {
		source := "platforms:" + f.Platform.Evidence
		f.Claims = append(f.Claims, casefile.Claim{Fact: casefile.FactPlatform, Value: f.Platform.Name, Source: source, AsOf: l.edges.asOf})
	}
	if l.wantsOrigin(q, f) {
		var looked []casefile.Claim
		looked, steps = l.lookUpOrigin(ctx, q.Target.Host(), f.Edge.Name)
		f.Claims = slices.Insert(f.Claims, 0, looked...) // first, as a person's record is
	}
	if origins := originsOf(f); len(origins) > 0 {
		origins = slices.DeleteFunc(origins, func(a netip.Addr) bool { return slices.Contains(f.Addresses, a) })
		origins = origins[:min(len(origins), maxAddresses)]
		l.gather(&f, q, origins, l.ask(ctx, origins, ""))
	}
	f.Directory = l.directory.Match(f)
	f.Now = time.Now()
	return f, steps, dropped
}

// gather adds what databases, registries and the reverse DNS say about addresses, and
// gives the ASes that announce them.
func (l *Locator) gather(f *Facts, q casefile.Inquiry, addrs []netip.Addr, told answers) (asns []uint32) {
	for i, addr := range addrs {
		f.Claims, asns = l.local(f.Claims, asns, addr)
		if l.registry != nil {
			n := told.networks[i]
			f.Claims = networkClaims(f.Claims, addr, n)
			if n.ASN != 0 {
				asns = append(asns, n.ASN)
			}
			for _, c := range n.Contacts {
				contact := casefile.Contact{Name: c.Name, Role: c.Role, Email: c.Email, Form: c.Form, Source: n.Source}
				f.Desks = append(f.Desks, AbuseContact{addr, contact, c.Found})
			}
		}
		if l.reverse != nil {
			f.Claims = l.reverseClaims(f.Claims, addr, q.Target, told.names[i])
		}
	}
	return asns
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

// answers are what was asked over the network: by address, in their order, and about the domain.
type answers struct {
	networks []registry.Network
	names    []reverseNames
	domain   registry.Domain
}

// ask asks the registries and the reverse DNS about all addresses and the domain at
// once, and returns when all have answered. The last question is asked by the
// caller's own goroutine: one address of a literal target costs none.
func (l *Locator) ask(ctx context.Context, addrs []netip.Addr, domain string) answers {
	a := answers{networks: make([]registry.Network, len(addrs)), names: make([]reverseNames, len(addrs))}
	var questions []func()
	for i, addr := range addrs {
		if l.reverse != nil {
			questions = append(questions, func() { a.names[i] = l.askReverse(ctx, addr) })
		}
		if l.registry != nil {
			questions = append(questions, func() { a.networks[i] = l.registry.Network(ctx, addr) })
		}
	}
	if l.registry != nil && domain != "" {
		questions = append(questions, func() { a.domain = l.registry.Domain(ctx, domain) })
	}
	var all sync.WaitGroup
	for i, question := range questions {
		if i < len(questions)-1 {
			all.Go(question)
		} else {
			question()
		}
	}
	all.Wait()
	return a
}

// embedded asks the embedded table. It answers for special-purpose addresses with
// whatever stands beside them, so that those are not asked about.
func embedded(addr netip.Addr) string {
	if !addr.IsValid() || registry.Reserved(addr) != "" {
		return ""
	}
	return strings.Clone(casefile.Country(iploc.IPCountry(addr)))
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
	return host[strings.LastIndexByte(rest, '.')+1:]
}
