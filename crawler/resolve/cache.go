package resolve

import (
	"context"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

// cache remembers values for a time and makes each one once at a time. It is
// bounded: when it is full, what was used last goes last. Safe for concurrent use.
type cache[V any] struct {
	mu      sync.Mutex
	entries *simplelru.LRU[string, entry[V]]
	flights map[string]*flight[V]
}

type entry[V any] struct {
	value V
	until time.Time
}

// flight is a value that someone is making. The others wait for it.
type flight[V any] struct {
	done  chan struct{}
	value V
	good  bool // false: its maker was stopped, someone else must try
}

func newCache[V any](limit int) *cache[V] {
	entries, _ := simplelru.NewLRU[string, entry[V]](limit, nil) // it fails for a size below 1
	return &cache[V]{entries: entries, flights: make(map[string]*flight[V])}
}

// get returns the value of key, or makes it. The maker runs in the caller's own
// goroutine and under the caller's own context; a value with a time to live of 0
// is shared with those who wait, and not kept. The error is ctx's.
func (c *cache[V]) get(ctx context.Context, key string, build func() (V, time.Duration)) (V, error) {
	for {
		c.mu.Lock()
		if e, ok := c.entries.Get(key); ok && time.Now().Before(e.until) {
			c.mu.Unlock()
			return e.value, nil
		}
		f, flying := c.flights[key]
		if !flying {
			f = &flight[V]{done: make(chan struct{})}
			c.flights[key] = f
			c.mu.Unlock()
			return c.fly(ctx, key, f, build), nil
		}
		c.mu.Unlock()
		select {
		case <-f.done:
			if f.good {
				return f.value, nil
			}
		case <-ctx.Done():
			var none V
			return none, ctx.Err()
		}
	}
}

// fly makes the value. Those who wait are released also when build panics.
func (c *cache[V]) fly(ctx context.Context, key string, f *flight[V], build func() (V, time.Duration)) V {
	var ttl time.Duration
	defer func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.flights, key)
		if f.good && ttl > 0 {
			c.entries.Add(key, entry[V]{value: f.value, until: time.Now().Add(ttl)})
		}
		close(f.done)
	}()
	f.value, ttl = build()
	f.good = ctx.Err() == nil
	return f.value
}
