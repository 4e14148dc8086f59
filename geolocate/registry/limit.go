package registry

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// maxServers bounds how many servers are remembered: referrals are foreign input.
const maxServers = 1024

// Bounds of how long a server is left alone after it asked for it.
const (
	minHold = 5 * time.Second
	maxHold = day // the longest quotas are counted over a day
	// httpHold and whoisHold are how long a server is left alone that states no time. They
	// double with each further complaint until an answer comes: RIPE NCC bars for good who
	// goes on asking after it refused.
	httpHold  = time.Minute
	whoisHold = 10 * time.Minute
	// holdCheck is how often the Cache is asked what other processes were told by a server.
	holdCheck = 10 * time.Second
	// cacheTimeout bounds one access to the Cache: it costs queries, never an answer.
	cacheTimeout = time.Second
)

// Limits keeps our manners: for each server its rates, the time until which it asked to
// be left alone, and a breaker. Holds are shared with other processes through the Cache;
// rates and breakers are of this process. Safe for concurrent use.
type Limits struct {
	rate      rate.Limit
	burst     int
	processes int
	patience  time.Duration // a timeout after less than this is no failure of the server
	cache     Cache         // nil: holds are not shared
	strict    []strictServer

	mu      sync.Mutex
	servers map[string]*server
	quotas  map[int][]*rate.Limiter // by index in strict
}

type server struct {
	limiters   []*rate.Limiter // the general one first
	until      time.Time       // the server asked to be left alone until then
	complaints int             // without a stated time, since the last answer
	checked    time.Time       // when the Cache was asked for a hold
	breaker    Breaker
}

// NewLimits makes the limits. processes is how many processes ask from one address.
func NewLimits(o Options) *Limits {
	return &Limits{
		rate: rate.Limit(o.PerSecond / float64(o.Processes)), burst: max(1, o.Burst/o.Processes), processes: o.Processes,
		patience: o.Timeout / 2, cache: o.Cache, strict: strictServers(), servers: map[string]*server{}, quotas: map[int][]*rate.Limiter{},
	}
}

// of needs the lock.
func (l *Limits) of(host string) *server {
	s := l.servers[host]
	if s != nil {
		return s
	}
	if len(l.servers) >= maxServers {
		l.forgetOne()
	}
	s = &server{limiters: []*rate.Limiter{rate.NewLimiter(l.rate, l.burst)}}
	if i := strictOf(l.strict, host); i >= 0 {
		if l.quotas[i] == nil { // kept for good: forgetting a server must not refill its quota
			l.quotas[i] = limitersOf(l.strict[i].quotas, l.processes)
		}
		s.limiters = append(s.limiters, l.quotas[i]...)
	}
	l.servers[host] = s
	return s
}

// forgetOne needs the lock. Of a few servers it forgets one that is neither held nor
// failing, when there is one: a server that is asked again starts with a full burst.
func (l *Limits) forgetOne() {
	now, looked, victim := time.Now(), 0, ""
	for name, s := range l.servers { // map order is random: a sample
		victim = name
		if looked++; s.breaker.Idle() && now.After(s.until) || looked == 16 {
			break
		}
	}
	delete(l.servers, victim)
}

// Pass waits for the server's turn. It must be followed by settle when the problem is
// empty. The problem is rate_limited when the turn would come after the context's
// deadline, when a quota is used up, or when the server is to be left alone; the
// server's last problem when its breaker is open; interrupted when the caller stopped.
func (l *Limits) Pass(ctx context.Context, host string) Problem {
	if ctx.Err() != nil {
		return ProblemOf(ctx, ctx.Err())
	}
	l.learnHold(ctx, host)
	l.mu.Lock()
	s := l.of(host)
	now := time.Now()
	problem := ProblemRateLimited
	if !now.Before(s.until) {
		problem = s.breaker.Allow(now)
	}
	limiters := s.limiters
	l.mu.Unlock()
	if problem != "" {
		return problem
	}
	if problem = await(ctx, limiters); problem != "" {
		l.mu.Lock()
		s.breaker.Settle(now, ProblemInterrupted) // it was not asked
		l.mu.Unlock()
	}
	return problem
}

// await waits until all limiters let the query pass, and takes nothing from any when
// they do not in time.
func await(ctx context.Context, limiters []*rate.Limiter) Problem {
	var wait time.Duration
	var taken []*rate.Reservation
	now := time.Now()
	back := func() {
		for _, r := range taken {
			r.CancelAt(now)
		}
	}
	for _, limiter := range limiters {
		r := limiter.ReserveN(now, 1)
		taken = append(taken, r)
		wait = max(wait, r.DelayFrom(now))
	}
	if deadline, ok := ctx.Deadline(); wait == rate.InfDuration || ok && now.Add(wait).After(deadline) {
		back()
		return ProblemRateLimited
	}
	if wait == 0 {
		return ""
	}
	turn := time.NewTimer(wait)
	defer turn.Stop()
	select {
	case <-turn.C:
		return ""
	case <-ctx.Done():
		back()
		if errors.Is(ctx.Err(), context.Canceled) {
			return ProblemInterrupted
		}
		return ProblemRateLimited
	}
}

// Settle says how the exchange ended that began at started; *outcome is "" for an
// answer, and is read when settle is called, so that it can be deferred. A timeout of a
// server that was given little time is not counted: the time went elsewhere. pause is how
// long the server is left alone because of this outcome, else 0.
func (l *Limits) Settle(host string, started time.Time, outcome *Problem) (pause time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	s, now, problem := l.of(host), time.Now(), *outcome
	if problem == ProblemTimeout && now.Sub(started) < l.patience {
		problem = ProblemInterrupted
	}
	if problem != ProblemRateLimited && problem != ProblemInterrupted {
		s.complaints = 0
	}
	return s.breaker.Settle(now, problem)
}

// Hold leaves the server alone: for the stated time, or when it stated none (0) for the
// usual one, doubled with each complaint since its last answer.
func (l *Limits) Hold(ctx context.Context, host string, stated, usual time.Duration) (pause time.Duration) {
	l.mu.Lock()
	s := l.of(host)
	d := stated
	if d <= 0 {
		d = usual << min(s.complaints, 10)
		s.complaints++
	}
	pause = min(max(d, minHold), maxHold)
	until := time.Now().Add(pause).UTC()
	if until.Before(s.until) { // a longer wish stands
		until = s.until
	}
	s.until = until
	l.mu.Unlock()
	if l.cache == nil {
		return pause
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cacheTimeout)
	defer cancel()
	if raw, err := json.Marshal(until); err == nil {
		_ = l.cache.SaveCached(ctx, holdKey(host), raw, until)
	}
	return pause
}

func holdKey(host string) string { return "registry/hold/" + host }

// learnHold reads, now and then, what the server told other processes.
func (l *Limits) learnHold(ctx context.Context, host string) {
	if l.cache == nil {
		return
	}
	l.mu.Lock()
	s, now := l.of(host), time.Now()
	due := now.Sub(s.checked) >= holdCheck
	if due {
		s.checked = now
	}
	l.mu.Unlock()
	if !due {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, cacheTimeout)
	defer cancel()
	raw, found, err := l.cache.Cached(ctx, holdKey(host))
	var until time.Time
	if err != nil || !found || json.Unmarshal(raw, &until) != nil || until.After(now.Add(maxHold)) {
		return
	}
	l.mu.Lock()
	if until.After(s.until) {
		s.until = until
	}
	l.mu.Unlock()
}

// RetryAfter reads a Retry-After header in seconds or as a date (RFC 9110, section
// 10.2.3). It is 0 when there is none, and at least minHold when there is one.
func RetryAfter(h http.Header, now time.Time) time.Duration {
	v := h.Get("Retry-After")
	if n, err := strconv.ParseUint(v, 10, 32); err == nil {
		return max(minHold, time.Duration(n)*time.Second)
	}
	if t, err := http.ParseTime(v); err == nil {
		return max(minHold, t.Sub(now))
	}
	return 0
}

// quota is how many questions a server takes within any span of the length per.
type quota struct {
	count int
	per   time.Duration
}

const day = 24 * time.Hour

// strictServer is a row of strict_servers.csv.
type strictServer struct {
	names  []string
	quotas []quota
	source string // where the number is from
}

//go:embed strict_servers.csv
var strictCSV string

func strictServers() (all []strictServer) {
	mustTable(strictCSV, 3, func(row []string) {
		s := strictServer{names: strings.Fields(row[0]), source: row[2]}
		for q := range strings.FieldsSeq(row[1]) {
			count, per, _ := strings.Cut(q, "/")
			n, _ := strconv.Atoi(count) // a test holds that each row is sound
			d, _ := time.ParseDuration(per)
			s.quotas = append(s.quotas, quota{n, d})
		}
		all = append(all, s)
	})
	return all
}

// limitersOf makes the limiters of a server beside the general one. Within any span
// the bucket lets at most its burst and what flows in meanwhile pass: half of the quota
// each. processes share an address and so the quota.
func limitersOf(quotas []quota, processes int) []*rate.Limiter {
	var out []*rate.Limiter
	for _, q := range quotas {
		count := max(2, q.count/processes)
		burst := count / 2
		out = append(out, rate.NewLimiter(rate.Limit(float64(count-burst)/q.per.Seconds()), burst))
	}
	return out
}

// strictOf finds the entry of a server, by its name without the port; -1: none.
func strictOf(all []strictServer, server string) int {
	name := strings.ToLower(server)
	if host, _, err := net.SplitHostPort(name); err == nil {
		name = host
	}
	return slices.IndexFunc(all, func(s strictServer) bool { return slices.Contains(s.names, name) })
}

// A server that fails is left alone: a dead one would hold every look-up for its whole
// time limit. The numbers are ours (docs/hosting.md): three failures in a row are no
// accident, 30 s is shorter than most repairs, 15 min bounds how late we notice one.
const (
	breakAfter   = 3
	firstBreak   = 30 * time.Second
	longestBreak = 15 * time.Minute
	// maxProbe is after how long a probe that never reported back counts as lost.
	maxProbe = time.Minute
)

// Breaker decides whether a server may be asked, from how the exchanges with it ended. The
// zero value lets every question pass. It is pure: the time comes in. It is not safe for
// concurrent use.
//
// Failures are timeout, unreachable and server_error: the server did no work for us,
// and asking again at once would not help. All other problems are answers of a server
// that works: not_found, rate_limited (a hold, not a failure), broken, too_large and
// other_object. interrupted says nothing about the server, and counts for neither.
type Breaker struct {
	failures int           // in a row
	pause    time.Duration // of the break that is on or was last; 0: none since the last success
	until    time.Time     // end of the break
	probe    time.Time     // until when a probe is under way; zero: none
	last     Problem       // of the failure that began the break
}

// Allow says whether the server may be asked now; "" is yes, and must be followed by
// Settle. When not, the problem is that of the last failure. After a break one caller is
// let through as a probe; the others go on getting the last problem until it has reported.
func (b *Breaker) Allow(now time.Time) Problem {
	if b.pause == 0 {
		return ""
	}
	if now.Before(b.until) || now.Before(b.probe) {
		return b.last
	}
	b.probe = now.Add(maxProbe)
	return ""
}

// Settle takes the outcome of an exchange; "" is a success, and interrupted says that the
// server was not asked. pause is how long it is left alone because of this outcome, else 0.
func (b *Breaker) Settle(now time.Time, outcome Problem) (pause time.Duration) {
	switch outcome {
	case ProblemTimeout, ProblemUnreachable, ProblemServer:
	case ProblemInterrupted, ProblemBusy:
		b.probe = time.Time{}
		return 0
	default:
		*b = Breaker{}
		return 0
	}
	if b.pause > 0 && now.Before(b.until) {
		return 0 // it began before the break, and tells nothing new
	}
	b.probe = time.Time{}
	if b.failures++; b.failures < breakAfter {
		return 0
	}
	b.pause = min(max(2*b.pause, firstBreak), longestBreak)
	b.until, b.last = now.Add(b.pause), outcome
	return b.pause
}

// Idle says that forgetting the breaker loses nothing.
func (b *Breaker) Idle() bool { return b.failures == 0 && b.pause == 0 }
