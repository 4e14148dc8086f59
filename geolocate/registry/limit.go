package registry

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// maxServers bounds how many servers are remembered: referrals are foreign input.
const maxServers = 1024

// Bounds of how long a server is left alone after it asked for it.
const (
	minHold = 5 * time.Second
	maxHold = time.Hour
	// whoisHold is how long a WHOIS server that complained of too many queries is left alone; it states no time.
	whoisHold = 10 * time.Minute
)

// limits keeps our manners: for each server a rate, and the time until which it
// asked to be left alone. Safe for concurrent use.
type limits struct {
	rate  rate.Limit
	burst int

	mu      sync.Mutex
	servers map[string]*server
}

type server struct {
	limiter *rate.Limiter
	until   time.Time
}

func newLimits(perSecond float64, burst int) *limits {
	return &limits{rate: rate.Limit(perSecond), burst: burst, servers: map[string]*server{}}
}

func (l *limits) of(host string) *server {
	s := l.servers[host]
	if s != nil {
		return s
	}
	if len(l.servers) >= maxServers {
		for name := range l.servers { // any one: a server that is asked again starts with a full burst
			delete(l.servers, name)
			break
		}
	}
	s = &server{limiter: rate.NewLimiter(l.rate, l.burst)}
	l.servers[host] = s
	return s
}

// pass waits for the server's turn. The problem is rate_limited when the turn would
// come after the context's deadline, or when the server is to be left alone.
func (l *limits) pass(ctx context.Context, host string) Problem {
	l.mu.Lock()
	s := l.of(host)
	held := time.Now().Before(s.until)
	l.mu.Unlock()
	if ctx.Err() != nil {
		return problemOf(ctx, ctx.Err())
	}
	if held {
		return ProblemRateLimited
	}
	if s.limiter.Wait(ctx) != nil {
		if errors.Is(ctx.Err(), context.Canceled) {
			return ProblemInterrupted
		}
		return ProblemRateLimited
	}
	return ""
}

// hold leaves the server alone for a while, within the bounds.
func (l *limits) hold(host string, d time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.of(host).until = time.Now().Add(min(max(d, minHold), maxHold))
}

// retryAfter reads a Retry-After header in seconds or as a date (RFC 9110, section 10.2.3); 0 when there is none.
func retryAfter(h http.Header, now time.Time) time.Duration {
	v := h.Get("Retry-After")
	if n, err := strconv.ParseUint(v, 10, 32); err == nil {
		return time.Duration(n) * time.Second
	}
	if t, err := http.ParseTime(v); err == nil {
		return t.Sub(now)
	}
	return 0
}
