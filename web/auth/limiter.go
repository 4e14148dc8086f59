package auth

import (
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Limiter gives each key (a token's hash, an address, a name) its own token
// bucket. It holds at most maxKeys buckets. It is safe for concurrent use.
type Limiter struct {
	every time.Duration
	burst int

	mu   sync.Mutex
	keys map[string]*bucket
}

type bucket struct {
	rate *rate.Limiter
	used time.Time
}

// maxKeys bounds the memory of a Limiter to a few MB.
const maxKeys = 20_000

// NewLimiter allows burst at once, and then one each time every has passed. Both must be above zero.
func NewLimiter(every time.Duration, burst int) *Limiter {
	return &Limiter{every: every, burst: burst, keys: map[string]*bucket{}}
}

// Allow takes one from the key's bucket. When it is empty, wait is how long until there is one again, at least a second.
func (l *Limiter) Allow(key string) (ok bool, wait time.Duration) {
	now := time.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	b := l.keys[key]
	if b == nil {
		l.makeRoom(now)
		b = &bucket{rate: rate.NewLimiter(rate.Every(l.every), l.burst)}
		l.keys[key] = b
	}
	b.used = now
	if b.rate.AllowN(now, 1) {
		return true, 0
	}
	missing := 1 - b.rate.TokensAt(now)
	return false, max(time.Second, time.Duration(missing*float64(l.every)))
}

// makeRoom looks at a few buckets when there are too many, and drops the full ones
// among them, or else the one used longest ago. Looking at all would let a flood
// of keys slow down everybody.
func (l *Limiter) makeRoom(now time.Time) {
	if len(l.keys) < maxKeys {
		return
	}
	const sample = 32
	full := time.Duration(l.burst) * l.every
	var oldest string
	var at time.Time
	looked := 0
	for k, b := range l.keys { // begins at a random place
		if looked++; looked > sample {
			break
		}
		if now.Sub(b.used) >= full {
			delete(l.keys, k)
			continue
		}
		if at.IsZero() || b.used.Before(at) {
			oldest, at = k, b.used
		}
	}
	if len(l.keys) >= maxKeys {
		delete(l.keys, oldest)
	}
}
