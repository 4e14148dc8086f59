package auth

import (
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2/simplelru"
	"golang.org/x/time/rate"
)

// Limiter gives each key (a token's hash, an address, a name) its own token
// bucket. Of more than maxKeys keys it forgets the one used longest ago. It is safe for concurrent use.
type Limiter struct {
	every time.Duration
	burst int

	mu   sync.Mutex
	keys *lru.LRU[string, *rate.Limiter]
}

// maxKeys bounds the memory of a Limiter to a few MB.
const maxKeys = 20_000

// NewLimiter allows burst at once, and then one each time every has passed. Both must be above zero.
func NewLimiter(every time.Duration, burst int) *Limiter {
	keys, _ := lru.NewLRU[string, *rate.Limiter](maxKeys, nil) // fails for a size below 1 only
	return &Limiter{every: every, burst: burst, keys: keys}
}

// Allow takes one from the key's bucket. When it is empty, wait is how long until there is one again, at least a second.
func (l *Limiter) Allow(key string) (ok bool, wait time.Duration) {
	now := time.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	bucket, known := l.keys.Get(key)
	if !known {
		bucket = rate.NewLimiter(rate.Every(l.every), l.burst)
		l.keys.Add(key, bucket)
	}
	if bucket.AllowN(now, 1) {
		return true, 0
	}
	missing := 1 - bucket.TokensAt(now)
	return false, max(time.Second, time.Duration(missing*float64(l.every)))
}
