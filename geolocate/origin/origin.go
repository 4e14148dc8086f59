// Package origin asks a service that the operator trusts what stands behind an edge.
//
// In come the host of a target and the name of the edge in front of it. Out go claims:
// the addresses that the service told, each with its date, or one claim with the problem.
// The wire format is docs/origins.md.
//
// It must never dial but through the injected guarded dialer, never follow a redirect,
// never send the token over another connection than the configured one, and never
// write a host, a URL or the token into a log, an error or a claim. Whether an address
// may be counted (public, not the edge's own) is for the caller to say.
package origin

import (
	"bytes"
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"

	"go.uber.org/zap"

	"vigil/casefile"
	"vigil/geolocate/registry"
	"vigil/internal/dial"
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
	// Dial is the guarded dialer, Check its policy over all addresses of a name, LookupHost the resolver;
	// required.
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
	usualHold      = time.Minute // how long the service is left alone that asks for it and states no time
	limited        = "origin"    // the one server of the limits

	keepFound = 6 * time.Hour // as long as answers of registries about domains: a site moves within hours
	keepNone  = time.Hour
	keepFault = 5 * time.Minute
)

// key is a keyed digest of a host and an edge: no name of a target stays in memory.
type key [sha256.Size]byte

// Finder asks one service. It is safe for concurrent use.
type Finder struct {
	url     string
	token   string
	name    string
	timeout time.Duration
	client  *http.Client
	secret  [32]byte // of this process
	memory  *registry.Memory[key, answer]
	waiting chan struct{}
	limits  *registry.Limits
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
		return nil, errors.New("geolocate.origin.url: plain http is refused, because the names of targets would be read on the " +
			"way: give an https URL; http is only for networks in guard.allow_networks")
	}
	o.Log = cmp.Or(o.Log, zap.NewNop())
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
	f := &Finder{
		url: u.String(), token: o.Token, name: o.Name, timeout: o.Timeout, waiting: make(chan struct{}, maxWaiting), log: o.Log,
		limits: registry.NewLimits(registry.Options{PerSecond: perSecond, Burst: burst, Processes: 1, Timeout: o.Timeout}),
	}
	_, _ = rand.Read(f.secret[:]) // never fails (crypto/rand)
	f.memory = registry.NewMemory[key, answer](o.Entries, f.waiting, 0)
	dialer := dial.Dialer{Dial: o.Dial, Check: o.Check, Lookup: o.LookupHost, Lab: slices.Clone(o.Lab)}
	// The client follows nothing, keeps no connection (what was checked is what is dialled) and unpacks nothing.
	transport := dialer.Transport(u.Scheme == "http", o.TLS)
	transport.DisableCompression, transport.DisableKeepAlives = true, true
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	f.client = &http.Client{Transport: transport, CheckRedirect: stay}
	return f, nil
}

func (f *Finder) keyOf(host, edge string) (k key) {
	mac := hmac.New(sha256.New, f.secret[:])
	mac.Write(binary.BigEndian.AppendUint64(nil, uint64(len(edge)))) // so that no two pairs have one text
	mac.Write([]byte(edge))
	mac.Write([]byte(host))
	mac.Sum(k[:0])
	return k
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
	told, problem := f.memory.Fetch(ctx, f.keyOf(host, edge), nil, func(ctx context.Context) registry.Answer[answer] {
		return f.ask(ctx, host, edge)
	})
	if problem != "" {
		told = answer{problem: problem, at: time.Now()}
	}
	source := casefile.OriginByLookup + ":" + f.name
	if told.problem != "" {
		return []casefile.Claim{{Fact: casefile.FactOrigin, Source: source, AsOf: told.at.UTC(), Problem: string(told.problem)}}
	}
	out := make([]casefile.Claim, 0, len(told.found))
	for _, o := range told.found {
		out = append(out, casefile.Claim{Fact: casefile.FactOrigin, Value: o.address.String(), Source: source, AsOf: o.asOf.UTC()})
	}
	return out
}

// ask asks the service when its turn has come.
func (f *Finder) ask(ctx context.Context, host, edge string) registry.Answer[answer] {
	if problem := f.limits.Pass(ctx, limited); problem != "" {
		return registry.Answer[answer]{Value: answer{problem: problem, at: time.Now()}}
	}
	started := time.Now()
	found, problem, wait := f.exchange(ctx, host, edge)
	a := registry.Answer[answer]{Value: answer{found: found, problem: problem, at: time.Now()}}
	pause := f.limits.Settle(limited, started, &problem)
	switch problem {
	case "":
		a.TTL = keepFound
	case registry.ProblemNotFound:
		a.TTL = keepNone
	case registry.ProblemRateLimited:
		pause = f.limits.Hold(ctx, limited, wait, usualHold)
	case registry.ProblemInterrupted, registry.ProblemBusy:
	case registry.ProblemTimeout:
		if a.Value.at.Sub(started) >= f.timeout/2 { // else the time went elsewhere: no failure of the service
			a.TTL = keepFault
		}
	default:
		a.TTL = keepFault
	}
	if pause > 0 {
		f.log.Warn("the look-up of origins is left alone", zap.String("problem", string(problem)), zap.Duration("pause", pause))
	}
	return a
}

// exchange posts one question. wait is how long the service asked to be left alone,
// 0 when it did not say.
func (f *Finder) exchange(ctx context.Context, host, edge string) (found []origin, problem registry.Problem, wait time.Duration) {
	question, err := json.Marshal(struct {
		Host string `json:"host"`
		Edge string `json:"edge"`
	}{host, edge})
	if err != nil { // of two strings: never
		return nil, registry.ProblemBroken, 0
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, f.url, bytes.NewReader(question))
	if err != nil {
		return nil, registry.ProblemUnreachable, 0
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "vigil")
	if f.token != "" {
		req.Header.Set("Authorization", "Bearer "+f.token)
	}
	resp, err := f.client.Do(req)
	if err != nil {
		return nil, registry.ProblemOf(ctx, err), 0
	}
	defer resp.Body.Close()
	// Only 200 is an answer: one without origins says that none is known, so that 404 is a wrong URL and no
	// answer.
	switch code := resp.StatusCode; {
	case code == http.StatusOK:
	case code == http.StatusTooManyRequests, code == http.StatusServiceUnavailable && resp.Header.Get("Retry-After") != "":
		return nil, registry.ProblemRateLimited, registry.RetryAfter(resp.Header, time.Now())
	default:
		return nil, registry.ProblemServer, 0
	}
	kind, _, err := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if err != nil || kind != "application/json" || resp.Header.Get("Content-Encoding") != "" {
		return nil, registry.ProblemBroken, 0
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxBody+1))
	if err != nil {
		return nil, registry.BodyProblem(ctx, err), 0
	}
	found, problem = parse(body, host, time.Now())
	return found, problem, 0
}

// Bounds of an answer (docs/origins.md).
const (
	maxBody    = 64 << 10 // bytes
	maxOrigins = 8
	maxAhead   = 5 * time.Minute // how far the service's clock may be before ours
)

// answer is what the service said: origins, or a problem. It is shared, and never changed.
type answer struct {
	found   []origin
	problem registry.Problem
	at      time.Time // when it came
}

// origin is an address behind an edge, and when the service learned it.
type origin struct {
	address netip.Addr // unmapped, without a zone
	asOf    time.Time
}

// parse reads an answer strictly: unknown fields, anything after the object and
// addresses or dates that are none make it broken. host is lower case, without the
// trailing dot. Each address is given once, with its first date. The addresses are
// not judged. Pure.
func parse(body []byte, host string, now time.Time) ([]origin, registry.Problem) {
	if len(body) > maxBody {
		return nil, registry.ProblemTooLarge
	}
	var told struct {
		Host    string `json:"host"`
		Origins []struct {
			Address string `json:"address"`
			AsOf    string `json:"as_of"`
		} `json:"origins"`
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&told); err != nil {
		return nil, registry.ProblemBroken
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, registry.ProblemBroken
	}
	switch {
	case told.Host == "":
		return nil, registry.ProblemBroken
	case strings.ToLower(strings.TrimSuffix(told.Host, ".")) != host:
		return nil, registry.ProblemOtherObject
	case told.Origins == nil:
		return nil, registry.ProblemBroken
	case len(told.Origins) == 0:
		return nil, registry.ProblemNotFound
	case len(told.Origins) > maxOrigins:
		return nil, registry.ProblemTooLarge
	}
	out := make([]origin, 0, len(told.Origins))
	for _, o := range told.Origins {
		addr, err := netip.ParseAddr(o.Address)
		if err != nil || addr.Zone() != "" {
			return nil, registry.ProblemBroken
		}
		asOf, err := time.Parse(time.RFC3339, o.AsOf)
		if err != nil || asOf.Unix() <= 0 || asOf.After(now.Add(maxAhead)) {
			return nil, registry.ProblemBroken
		}
		addr = addr.Unmap()
		if !slices.ContainsFunc(out, func(known origin) bool { return known.address == addr }) {
			out = append(out, origin{addr, asOf.UTC()})
		}
	}
	return out, ""
}
