package registry

import (
	"cmp"
	"context"
	"encoding/json"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
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

// Answer is what a source said. TTL is how long it may be used without asking again; 0:
// it is not kept. stands is how long after that it may stand in for a failing source;
// until is set instead on an answer that does stand in.
type Answer[V any] struct {
	Value  V
	TTL    time.Duration
	stands time.Duration
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
	return slices.MaxFunc([]time.Time{k.Expires, k.Stale}, time.Time.Compare)
}

// Memory keeps answers by key, asks once for what several want at once, and reads
// through to a Cache (ADR-0044). Several answers can share a key (a block of addresses);
// the match of a question tells which one answers it, nil that any does. What it gives
// is shared: it must not be changed. Safe for concurrent use.
type Memory[K comparable, V any] struct {
	max    int           // answers
	permit chan struct{} // bounds the callers that wait for a source; nil: no bound
	// patience is how long a caller waits for a permit.
	patience time.Duration
	disk     Cache              // nil: nothing outlives the process
	named    func(key K) string // the key on disk

	mu      sync.Mutex
	shelves *simplelru.LRU[K, []kept[V]]
	count   int // answers on all shelves
	// reads and asks are the callers that read the disk, and that ask a source, for all who want the same.
	reads, asks map[K]chan struct{}
}

// NewMemory makes a Memory of so many answers; the one that was used last goes last.
// permit bounds the callers that wait at once, each of them for its turn as long as the patience.
func NewMemory[K comparable, V any](entries int, permit chan struct{}, patience time.Duration) *Memory[K, V] {
	m := &Memory[K, V]{max: entries, permit: permit, patience: patience, reads: map[K]chan struct{}{}, asks: map[K]chan struct{}{}}
	m.shelves, _ = simplelru.NewLRU(max(1, entries), func(_ K, shelf []kept[V]) { m.count -= len(shelf) }) // fails for a size of 0 only
	return m
}

// Fetch returns the answer to a question, from memory, from the disk, or by ask. While
// one caller asks, the others for the same key wait and look again; nobody asks in a
// goroutine of its own. The problem is busy when asking, or waiting for one who asks,
// would take one permit too many for longer than the patience, and timeout or
// interrupted when the context ended while waiting for another caller.
func (m *Memory[K, V]) Fetch(ctx context.Context, key K, match func(*V) bool, ask func(context.Context) Answer[V]) (V, Problem) {
	var none V
	read, permitted := false, false
	defer func() {
		if permitted && m.permit != nil {
			<-m.permit
		}
	}()
	for {
		if v, ok := m.fresh(key, match); ok {
			return v, ""
		}
		if !read { // no permit is needed to wait for the disk
			read = true
			if problem := m.load(ctx, key); problem != "" {
				return none, problem
			}
			continue
		}
		if !permitted && !m.enter(ctx) {
			return none, ProblemBusy
		}
		permitted = true
		var a Answer[V]
		led, problem := m.once(ctx, m.asks, key, func() {
			var known bool
			if a.Value, known = m.fresh(key, match); known {
				return // another caller learned it since
			}
			if a = ask(ctx); a.TTL > 0 {
				m.put(key, match, a)
			}
		})
		switch {
		case problem != "":
			return none, problem
		case led && a.TTL > 0:
			m.save(ctx, key)
		}
		if led {
			return a.Value, ""
		}
	}
}

// enter takes a permit. It waits no longer than the caller is patient: sound registries
// give permits back in that time, a hanging one holds nobody longer.
func (m *Memory[K, V]) enter(ctx context.Context) bool {
	if m.permit == nil {
		return true
	}
	select {
	case m.permit <- struct{}{}:
		return true
	default:
	}
	patient, stop := context.WithTimeout(ctx, m.patience)
	defer stop()
	select {
	case m.permit <- struct{}{}:
		return true
	case <-patient.Done():
		return false
	}
}

// once runs do, unless another caller does so for the same key: then it waits for that
// one, at most until the context ends. led says that it ran.
func (m *Memory[K, V]) once(ctx context.Context, running map[K]chan struct{}, key K, do func()) (led bool, problem Problem) {
	m.mu.Lock()
	done, follow := running[key]
	if !follow {
		done = make(chan struct{})
		running[key] = done
	}
	m.mu.Unlock()
	if follow {
		select {
		case <-done:
			return false, ""
		case <-ctx.Done():
			return false, ProblemOf(ctx, ctx.Err())
		}
	}
	defer func() {
		m.mu.Lock()
		delete(running, key)
		m.mu.Unlock()
		close(done)
	}()
	do()
	return true, ""
}

func (m *Memory[K, V]) fresh(key K, match func(*V) bool) (v V, ok bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if k := m.find(key, match, false); k != nil {
		return k.Value, true
	}
	return v, false
}

// old returns the answer that may stand in for a failing source, and until when.
func (m *Memory[K, V]) old(key K, match func(*V) bool) (v V, until time.Time, ok bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if k := m.find(key, match, true); k != nil {
		return k.Value, k.Stale, true
	}
	return v, until, false
}

// find needs the lock. The last match wins: it is the latest answer.
func (m *Memory[K, V]) find(key K, match func(*V) bool, stale bool) *kept[V] {
	shelf, _ := m.shelves.Get(key)
	now := time.Now()
	for i := len(shelf) - 1; i >= 0; i-- {
		k := &shelf[i]
		end := k.Expires
		if stale {
			end = k.Stale
		}
		if now.Before(end) && (match == nil || match(&k.Value)) {
			return k
		}
	}
	return nil
}

// put takes an answer in the place of older ones to the same question.
func (m *Memory[K, V]) put(key K, match func(*V) bool, a Answer[V]) {
	now := time.Now().UTC().Round(0)
	ttl := time.Duration(float64(a.TTL) * (1 - spread + 2*spread*rand.Float64()))
	k := kept[V]{Value: a.Value, Kept: now, Expires: now.Add(ttl), Stale: a.until}
	if a.stands > 0 {
		k.Stale = k.Expires.Add(a.stands)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	before, _ := m.shelves.Get(key) // a shelf is never changed in place
	shelf := make([]kept[V], 0, len(before)+1)
	for _, old := range before {
		if now.Before(old.usable()) && match != nil && !match(&old.Value) {
			shelf = append(shelf, old)
		}
	}
	m.shelve(key, append(shelf, k))
}

// shelve needs the lock. It keeps the newest of a shelf, and drops the shelves that were
// not used for longest when there are too many answers.
func (m *Memory[K, V]) shelve(key K, shelf []kept[V]) {
	m.shelves.Remove(key)
	shelf = slices.Clip(shelf[max(0, len(shelf)-maxShelf):])
	m.count += len(shelf)
	m.shelves.Add(key, shelf)
	for m.count > m.max && m.shelves.Len() > 1 {
		m.shelves.RemoveOldest()
	}
}

// maxSaved bounds a shelf on disk, in bytes; the store takes 64 KiB.
const maxSaved = 60 << 10

// load takes what the disk knows under a key to memory, once for all who want it, and
// not while somebody asks: then it was read a moment ago. Another process may have
// learned more than this one, and the other way round: the shelves are merged. The
// problem is that of a caller whose context ended while another read.
func (m *Memory[K, V]) load(ctx context.Context, key K) Problem {
	m.mu.Lock()
	_, asked := m.asks[key]
	m.mu.Unlock()
	if m.disk == nil || asked {
		return ""
	}
	_, problem := m.once(ctx, m.reads, key, func() {
		ctx, cancel := context.WithTimeout(ctx, cacheTimeout)
		defer cancel()
		raw, found, err := m.disk.Cached(ctx, m.named(key))
		var shelf []kept[V]
		if err == nil && found && json.Unmarshal(raw, &shelf) == nil && len(shelf) <= maxShelf {
			m.merge(key, shelf)
		}
	})
	return problem
}

func (m *Memory[K, V]) merge(key K, shelf []kept[V]) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := time.Now()
	shelf = slices.DeleteFunc(shelf, func(k kept[V]) bool { return !now.Before(k.usable()) })
	known, _ := m.shelves.Get(key)
	for _, mine := range known {
		if !slices.ContainsFunc(shelf, func(k kept[V]) bool { return k.Kept.Equal(mine.Kept) }) {
			shelf = append(shelf, mine)
		}
	}
	slices.SortStableFunc(shelf, func(a, b kept[V]) int { return cmp.Compare(a.Kept.UnixNano(), b.Kept.UnixNano()) })
	if len(shelf) > 0 {
		m.shelve(key, shelf)
	}
}

// save writes the shelf of a key to disk, without its oldest answers when it is too large.
func (m *Memory[K, V]) save(ctx context.Context, key K) {
	if m.disk == nil {
		return
	}
	m.mu.Lock()
	shelf, _ := m.shelves.Get(key)
	m.mu.Unlock()
	for len(shelf) > 0 {
		raw, err := json.Marshal(shelf)
		if err != nil {
			return
		}
		if len(raw) > maxSaved {
			shelf = shelf[(len(shelf)+1)/2:]
			continue
		}
		last := slices.MaxFunc(shelf, func(a, b kept[V]) int { return a.usable().Compare(b.usable()) })
		ctx, cancel := context.WithTimeout(ctx, cacheTimeout)
		defer cancel()
		_ = m.disk.SaveCached(ctx, m.named(key), raw, last.usable())
		return
	}
}

// onDisk lets answers outlive the process in a Cache, under a name made of their key; nil: they do not.
func (m *Memory[K, V]) onDisk(disk Cache, named func(key K) string) { m.disk, m.named = disk, named }
