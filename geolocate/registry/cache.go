package registry

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"time"
)

// Cache keeps answers over restarts, and shares them and the holds of servers among
// processes. Values are small JSON documents, at most 60 KiB. A failing or slow Cache
// costs queries, never an answer.
type Cache interface {
	// Cached returns the value of a key that has not expired.
	Cached(ctx context.Context, key string) (value []byte, found bool, err error)
	SaveCached(ctx context.Context, key string, value []byte, expires time.Time) error
}

// Bounds of what is kept.
const (
	// maxShelf bounds the answers kept under one key: a block of addresses that was
	// assigned in single addresses.
	maxShelf = 64
	// maxStale is how long after its time to live an answer still stands in for a source
	// that fails: an old answer with its date is better than none.
	maxStale = 7 * day
	// spread is by how much a time to live varies, so that what an import asked at once
	// does not expire at once.
	spread = 0.1
)

// answer is what a source said. ttl is how long it may be used without asking again; 0:
// it is not kept. stands says that it may stand in for a failing source for maxStale
// after that; until is set instead on an answer that does stand in.
type answer[V any] struct {
	value  V
	ttl    time.Duration
	stands bool
	until  time.Time
}

// kept is an answer on its shelf.
type kept[V any] struct {
	Value   V         `json:"value"`
	Kept    time.Time `json:"kept,omitzero"`
	Expires time.Time `json:"expires"`
	Stale   time.Time `json:"stale,omitzero"` // until when it may stand in
}

// usable is until when the answer is of any use.
func (k *kept[V]) usable() time.Time {
	if k.Stale.After(k.Expires) {
		return k.Stale
	}
	return k.Expires
}

// memory keeps answers by key, asks once for what several want at once, and reads
// through to a Cache. Several answers can share a key (a block of addresses); match
// tells which one answers a question. What it gives is shared: it must not be changed.
// Safe for concurrent use.
type memory[K comparable, Q, V any] struct {
	max    int // answers
	match  func(question Q, v *V) bool
	permit chan struct{} // bounds the callers that wait for a source; nil: no bound
	// patience is how long a caller waits for a permit.
	patience time.Duration
	vary     func() float64     // 0 to 1
	disk     Cache              // nil: nothing outlives the process
	named    func(key K) string // the key on disk; empty: this one is not written

	mu      sync.Mutex
	shelves map[K][]kept[V]
	count   int // answers on all shelves
	flights map[K]*flight
}

// flight is one caller that asks for a key. First the disk is read, which no permit is
// needed to wait for.
type flight struct{ read, done chan struct{} }

func newMemory[K comparable, Q, V any](o Options, permit chan struct{}, match func(Q, *V) bool, named func(K) string) *memory[K, Q, V] {
	return &memory[K, Q, V]{
		max: o.Entries, match: match, permit: permit, patience: o.Patience, vary: rand.Float64, disk: o.Cache, named: named,
		shelves: map[K][]kept[V]{}, flights: map[K]*flight{},
	}
}

// fetch returns the answer to a question, from memory, from the disk, or by ask. While
// one caller asks, the others for the same key wait and look again; nobody asks in a
// goroutine of its own. The problem is busy when asking, or waiting for one who asks,
// would take one permit too many for longer than the patience, and timeout or interrupted when the context ended
// while waiting for another caller.
func (m *memory[K, Q, V]) fetch(ctx context.Context, key K, q Q, ask func(context.Context) answer[V]) (V, Problem) {
	var none V
	c := caller{permits: m.permit, patience: m.patience}
	defer c.leave()
	for {
		m.mu.Lock()
		if k := m.find(key, q, time.Now(), false); k != nil {
			v := k.Value
			m.mu.Unlock()
			return v, ""
		}
		f, follow := m.flights[key]
		if !follow {
			f = &flight{make(chan struct{}), make(chan struct{})}
			m.flights[key] = f
		}
		m.mu.Unlock()
		if !follow {
			v, problem, again := m.lead(ctx, key, q, f, &c, ask)
			if !again {
				return v, problem
			}
			continue
		}
		// The disk was read by another a moment ago; a second reading would tell nothing new.
		for _, stage := range []chan struct{}{f.read, f.done} {
			if stage == f.done {
				if _, ok := m.fresh(key, q); ok {
					break
				}
				if !c.enter(ctx) {
					return none, ProblemBusy
				}
			}
			select {
			case <-stage:
			case <-ctx.Done():
				return none, problemOf(ctx, ctx.Err())
			}
		}
		c.read = true
	}
}

// caller is one who waits for an answer.
type caller struct {
	permits  chan struct{}
	patience time.Duration
	in       bool
	read     bool // the disk has been read for its question
}

// enter takes a permit, unless the caller has one. It waits no longer than the caller
// is patient, once for a question: sound registries give permits back in that time, a
// hanging one holds nobody longer.
func (c *caller) enter(ctx context.Context) bool {
	if c.permits == nil || c.in {
		return true
	}
	select {
	case c.permits <- struct{}{}:
		c.in = true
		return true
	default:
	}
	patience := time.NewTimer(c.patience)
	defer patience.Stop()
	c.patience = 0
	select {
	case c.permits <- struct{}{}:
		c.in = true
	case <-patience.C:
	case <-ctx.Done():
	}
	return c.in
}

func (c *caller) leave() {
	if c.in {
		<-c.permits
	}
}

// lead reads the disk once, else asks; it always ends the flight. again says that the
// disk had an answer.
func (m *memory[K, Q, V]) lead(ctx context.Context, key K, q Q, f *flight, c *caller, ask func(context.Context) answer[V]) (v V, problem Problem, again bool) {
	save := false
	defer func() {
		m.mu.Lock()
		delete(m.flights, key)
		m.mu.Unlock()
		if !isClosed(f.read) {
			close(f.read)
		}
		close(f.done)
		if save {
			m.save(ctx, key)
		}
	}()
	if !c.read {
		c.read = true
		if m.load(ctx, key, q) {
			return v, "", true
		}
	}
	close(f.read)
	if !c.enter(ctx) {
		return v, ProblemBusy, false
	}
	a := ask(ctx)
	if a.ttl > 0 {
		m.put(key, q, a)
		save = true
	}
	return a.value, "", false
}

func isClosed(c chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

func (m *memory[K, Q, V]) fresh(key K, q Q) (v V, ok bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if k := m.find(key, q, time.Now(), false); k != nil {
		return k.Value, true
	}
	return v, false
}

// old returns the answer that may stand in for a failing source, and until when.
func (m *memory[K, Q, V]) old(key K, q Q) (v V, until time.Time, ok bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if k := m.find(key, q, time.Now(), true); k != nil {
		return k.Value, k.Stale, true
	}
	return v, until, false
}

// find needs the lock. The last match wins: it is the latest answer.
func (m *memory[K, Q, V]) find(key K, q Q, now time.Time, stale bool) *kept[V] {
	shelf := m.shelves[key]
	for i := len(shelf) - 1; i >= 0; i-- {
		k := &shelf[i]
		end := k.Expires
		if stale {
			end = k.Stale
		}
		if now.Before(end) && m.match(q, &k.Value) {
			return k
		}
	}
	return nil
}

// put takes an answer in the place of older ones to the same question. The shelf is a
// new one, because a save may still read the old.
func (m *memory[K, Q, V]) put(key K, q Q, a answer[V]) {
	now := time.Now().UTC().Round(0)
	ttl := time.Duration(float64(a.ttl) * (1 - spread + 2*spread*m.vary()))
	k := kept[V]{Value: a.value, Kept: now, Expires: now.Add(ttl), Stale: a.until}
	if a.stands {
		k.Stale = k.Expires.Add(maxStale)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	shelf := make([]kept[V], 0, len(m.shelves[key])+1)
	for _, old := range m.shelves[key] {
		if now.Before(old.usable()) && !m.match(q, &old.Value) {
			shelf = append(shelf, old)
		}
	}
	m.shelve(key, append(shelf, k))
}

// shelve needs the lock. It keeps the newest of a shelf, and drops other shelves when
// there are too many answers.
func (m *memory[K, Q, V]) shelve(key K, shelf []kept[V]) {
	shelf = slices.Clip(shelf[max(0, len(shelf)-maxShelf):])
	m.count += len(shelf) - len(m.shelves[key])
	m.shelves[key] = shelf
	for m.count > m.max && len(m.shelves) > 1 {
		m.dropOne(key)
	}
}

// dropOne needs the lock. Of a few shelves, but not that of key, it drops the one that
// expires first.
func (m *memory[K, Q, V]) dropOne(key K) {
	var victim K
	var first time.Time
	looked := 0
	for k, shelf := range m.shelves { // map order is random: a sample
		if k == key {
			continue
		}
		var end time.Time
		if len(shelf) > 0 {
			end = shelf[len(shelf)-1].Expires
		}
		if looked == 0 || end.Before(first) {
			victim, first = k, end
		}
		if looked++; looked == 8 {
			break
		}
	}
	m.count -= len(m.shelves[victim])
	delete(m.shelves, victim)
}
