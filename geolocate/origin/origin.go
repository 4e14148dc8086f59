// Package origin asks a service that the operator trusts what stands behind an edge.
//
// In come the host of a target and the name of the edge in front of it. Out go claims:
// the addresses that the service told, each with its date, or one claim with the problem.
// The wire format is docs/origins.md.
//
// It must never dial but through the injected guarded dialer, never follow a redirect,
// never send the token over another connection than the configured one, and never
// write a host, a URL or the token into a log, an error or a claim. Whether an address
// may be believed (public, not the edge's own) is for the caller to say.
package origin

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"

	"go.uber.org/zap"
	"golang.org/x/time/rate"

	"vigil/casefile"
	"vigil/geolocate/registry"
)

// Options of a Finder.
type Options struct {
	// URL is where questions are posted: https, or http when all addresses of its host
	// are in Lab. Required; without a name and password in it.
	URL string
	// Token is sent as a bearer token (RFC 6750); empty: none is sent.
	Token string
	// Name stands in claims, as lookup:NAME; default the host of URL. At most 60 bytes.
	Name string
	// Dial is the guarded dialer, Check its policy over all addresses of a name, LookupHost the resolver; required.
	Dial       func(ctx context.Context, network, address string) (net.Conn, error)
	Check      func(addrs ...netip.Addr) error
	LookupHost func(ctx context.Context, host string) ([]netip.Addr, error)
	// Lab are networks in which plain http is taken too.
	Lab []netip.Prefix
	// Timeout bounds one exchange; default 5 s.
	Timeout time.Duration
	// Entries bounds the answers in memory; default 10,000.
	Entries int
	// TLS is for labs with an authority of their own; nil for the system's.
	TLS *tls.Config
	// Log gets no host, no URL and no token; default none.
	Log *zap.Logger
}

// Bounds. They are ours, and said in docs/origins.md.
const (
	defaultTimeout = 5 * time.Second
	defaultEntries = 10_000
	maxName        = 60   // bytes
	maxToken       = 4096 // bytes: signed tokens have some 1,000
	maxWaiting     = 64   // callers that wait for the service at once
	perSecond      = 1    // questions a second on average
	burst          = 5

	keepFound = 6 * time.Hour // as long as answers of registries about domains: a site moves within hours
	keepNone  = time.Hour
	keepFault = 5 * time.Minute
)

// Finder asks one service. It is safe for concurrent use.
type Finder struct {
	url     string
	token   string
	name    string
	timeout time.Duration
	client  *http.Client
	connect connector
	memory  *memory
	waiting chan struct{}
	rate    *rate.Limiter
	manners *manners
	log     *zap.Logger
}

// New makes a Finder; it asks nobody. The error says which option is wrong, without
// repeating URL or token.
func New(o Options) (*Finder, error) {
	if o.Dial == nil || o.Check == nil || o.LookupHost == nil {
		return nil, errors.New("origin: dial, check and lookup are required")
	}
	u, err := url.Parse(o.URL)
	if err != nil || u.Hostname() == "" || u.User != nil || u.Fragment != "" || u.Scheme != "https" && u.Scheme != "http" {
		return nil, errors.New("geolocate.origin.url: give an https URL, without a name and password in it")
	}
	if u.Scheme == "http" && len(o.Lab) == 0 {
		return nil, errors.New("geolocate.origin.url: plain http is refused, because the names of targets would be read on the way: give an https URL; http is only for networks in guard.allow_networks")
	}
	o.Name, o.Timeout, o.Entries = cmp.Or(o.Name, u.Hostname()), cmp.Or(o.Timeout, defaultTimeout), cmp.Or(o.Entries, defaultEntries)
	if len(o.Name) > maxName || strings.ContainsFunc(o.Name, func(r rune) bool { return !unicode.IsPrint(r) || r == ' ' }) {
		return nil, errors.New("geolocate.origin.name: give a name of at most 60 bytes without spaces: it stands in claims")
	}
	if len(o.Token) > maxToken || strings.ContainsFunc(o.Token, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return nil, errors.New("geolocate.origin.token: must be one word of printable ASCII, of at most 4096 bytes")
	}
	if o.Timeout < 0 || o.Entries < 0 {
		return nil, errors.New("origin: timeout and entries must not be negative")
	}
	if o.Log == nil {
		o.Log = zap.NewNop()
	}
	var key [32]byte
	_, _ = rand.Read(key[:]) // never fails (crypto/rand)
	f := &Finder{
		url: u.String(), token: o.Token, name: o.Name, timeout: o.Timeout, memory: newMemory(key, o.Entries),
		connect: connector{dial: o.Dial, check: o.Check, lookup: o.LookupHost, lab: slices.Clone(o.Lab), plain: u.Scheme == "http"},
		waiting: make(chan struct{}, maxWaiting), rate: rate.NewLimiter(perSecond, burst), manners: &manners{}, log: o.Log,
	}
	f.client = f.newClient(o.TLS)
	return f, nil
}

// Name is the service's name in claims.
func (f *Finder) Name() string { return f.name }

// FindOrigin asks what stands behind the edge that is in front of host, and takes at
// most the time limit of an exchange. It gives at least one claim: an address (of at
// most maxOrigins, in the order of the answer), or one claim with a problem. not_found:
// the service knows no origin; busy: too many callers wait; rate_limited: the service
// asked us to slow down, or our own limit for it is used up; interrupted: the caller
// stopped; the others are those of registry.Problem.
func (f *Finder) FindOrigin(ctx context.Context, host, edge string) []casefile.Claim {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	ctx, cancel := context.WithTimeout(ctx, f.timeout)
	defer cancel()
	key := f.memory.keyOf(host, edge)
	for {
		told, flight, lead := f.memory.find(key, time.Now())
		switch {
		case flight == nil:
			return f.claims(told)
		case lead:
			return f.claims(f.lead(ctx, key, flight, host, edge))
		}
		if problem := f.follow(ctx, flight); problem != "" {
			return f.claims(answer{problem: problem, at: time.Now()})
		}
	}
}

// lead asks for all who want the same, and always ends the flight.
func (f *Finder) lead(ctx context.Context, key key, fl *flight, host, edge string) answer {
	a := answer{problem: registry.ProblemInterrupted}
	var keep time.Duration
	defer func() { f.memory.land(key, fl, a, keep) }()
	if !f.enter() {
		a = answer{problem: registry.ProblemBusy, at: time.Now()}
		return a
	}
	defer f.leave()
	a, keep = f.ask(ctx, host, edge)
	return a
}

// follow waits for the caller who asks.
func (f *Finder) follow(ctx context.Context, fl *flight) registry.Problem {
	if !f.enter() {
		return registry.ProblemBusy
	}
	defer f.leave()
	select {
	case <-fl.done:
		return ""
	case <-ctx.Done():
		return problemOf(ctx, ctx.Err())
	}
}

func (f *Finder) enter() bool {
	select {
	case f.waiting <- struct{}{}:
		return true
	default:
		return false
	}
}

func (f *Finder) leave() { <-f.waiting }

// ask asks the service when its turn has come, and says how long the answer is kept;
// 0: it is not.
func (f *Finder) ask(ctx context.Context, host, edge string) (a answer, keep time.Duration) {
	if problem := f.turn(ctx); problem != "" {
		return answer{problem: problem, at: time.Now()}, 0
	}
	started := time.Now()
	found, problem, wait := f.exchange(ctx, host, edge)
	now := time.Now()
	if problem == registry.ProblemTimeout && now.Sub(started) < f.timeout/2 {
		f.manners.settle(now, registry.ProblemInterrupted, 0) // the time went elsewhere: no failure of the service
		return answer{problem: problem, at: now}, 0
	}
	if pause := f.manners.settle(now, problem, wait); pause > 0 {
		f.log.Warn("the look-up of origins is left alone", zap.String("problem", string(problem)), zap.Duration("pause", pause))
	}
	a = answer{found: found, problem: problem, at: now}
	switch problem {
	case "":
		return a, keepFound
	case registry.ProblemNotFound:
		return a, keepNone
	case registry.ProblemInterrupted, registry.ProblemBusy, registry.ProblemRateLimited:
		return a, 0
	default:
		return a, keepFault
	}
}

// turn waits until the service may be asked.
func (f *Finder) turn(ctx context.Context) registry.Problem {
	if ctx.Err() != nil {
		return problemOf(ctx, ctx.Err())
	}
	if problem := f.manners.allow(time.Now()); problem != "" {
		return problem
	}
	if err := f.rate.Wait(ctx); err != nil {
		f.manners.settle(time.Now(), registry.ProblemInterrupted, 0) // it was not asked
		if errors.Is(ctx.Err(), context.Canceled) {
			return registry.ProblemInterrupted
		}
		return registry.ProblemRateLimited
	}
	return ""
}

// claims makes claims of an answer, of its own.
func (f *Finder) claims(a answer) []casefile.Claim {
	source := casefile.OriginByLookup + ":" + f.name
	if a.problem != "" {
		return []casefile.Claim{{Fact: casefile.FactOrigin, Source: source, AsOf: a.at.UTC(), Problem: string(a.problem)}}
	}
	out := make([]casefile.Claim, 0, len(a.found))
	for _, o := range a.found {
		out = append(out, casefile.Claim{Fact: casefile.FactOrigin, Value: o.address.String(), Source: source, AsOf: o.asOf.UTC()})
	}
	return out
}
