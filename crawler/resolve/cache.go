package resolve

import (
	"context"
	"sync"
	"time"
)

// cache remembers values for a time and makes each one once at a time. It is
// bounded: when it is full, what expired goes first, and then whatever comes.
// Safe for concurrent use.
type cache[V any] struct {
	max     int
	mu      sync.Mutex
	entries map[string]entry[V]
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
	return &cache[V]{max: limit, entries: make(map[string]entry[V]), flights: make(map[string]*flight[V])}
}

// get returns the value of key, or makes it. The maker runs in the caller's own
// goroutine and under the caller's own context; a value with a time to live of 0
// is shared with those who wait, and not kept. The error is ctx's.
func (c *cache[V]) get(ctx context.Context, key string, make func() (V, time.Duration)) (V, error) {
	for {
		c.mu.Lock()
		if e, ok := c.entries[key]; ok && time.Now().Before(e.until) {
			c.mu.Unlock()
			return e.value, nil
		}
		f, flying := c.flights[key]
		if !flying {
			f = c.start(key)
			c.mu.Unlock()
			return c.fly(ctx, key, f, make), nil
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

func (c *cache[V]) start(key string) *flight[V] {
	f := &flight[V]{done: make(chan struct{})}
	c.flights[key] = f
	return f
}

// fly makes the value. Those who wait are released also when make panics.
func (c *cache[V]) fly(ctx context.Context, key string, f *flight[V], make func() (V, time.Duration)) V {
	var ttl time.Duration
	defer func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.flights, key)
		if f.good && ttl > 0 {
			c.evict()
			c.entries[key] = entry[V]{value: f.value, until: time.Now().Add(ttl)}
		}
		close(f.done)
	}()
	f.value, ttl = make()
	f.good = ctx.Err() == nil
	return f.value
}

// sweep is how many entries are looked at to make room.
const sweep = 32

func (c *cache[V]) evict() {
	if len(c.entries) < c.max {
		return
	}
	now, looked := time.Now(), 0
	var last string
	for key, e := range c.entries {
		if last, looked = key, looked+1; !now.Before(e.until) {
			delete(c.entries, key)
		}
		if looked == sweep {
			break
		}
	}
	if len(c.entries) >= c.max {
		delete(c.entries, last)
	}
}
