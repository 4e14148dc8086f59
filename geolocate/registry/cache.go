package registry

import (
	"context"
	"encoding/json"
	"sync"
	"time"
)

// Cache keeps answers over restarts. Values are small JSON documents. A failing
// Cache costs queries, never an answer.
type Cache interface {
	// Cached returns the value of a key that has not expired.
	Cached(ctx context.Context, key string) (value []byte, found bool, err error)
	SaveCached(ctx context.Context, key string, value []byte, expires time.Time) error
}

// maxShelf bounds the answers kept under one key: a block of addresses that was
// assigned in single addresses.
const maxShelf = 64

// kept is an answer with its time to live.
type kept[V any] struct {
	Value   V         `json:"value"`
	Expires time.Time `json:"expires"`
}

// memory keeps answers by key, asks once for what several want at once, and reads
// through to a Cache. Several answers can share a key (a block of addresses); match
// tells which one is meant. Safe for concurrent use.
type memory[V any] struct {
	max   int
	disk  Cache                   // nil: nothing outlives the process
	named func(key string) string // the key on disk; empty: this one is not written

	mu      sync.Mutex
	shelves map[string][]kept[V]
	flights map[string]chan struct{}
}

func newMemory[V any](size int, disk Cache, named func(string) string) *memory[V] {
	return &memory[V]{max: size, disk: disk, named: named, shelves: map[string][]kept[V]{}, flights: map[string]chan struct{}{}}
}

// get returns the answer under key that matches, or asks for it. While one caller
// asks, the others for the same key wait and look again; nobody asks in a goroutine
// of its own. ask returns a time to live; 0 means that the answer must not be kept.
// get says false when the context ended while waiting for another caller.
func (m *memory[V]) get(ctx context.Context, key string, match func(V) bool, ask func(context.Context) (V, time.Duration)) (V, bool) {
	read := false
	for {
		m.mu.Lock()
		if v, ok := m.find(key, match); ok {
			m.mu.Unlock()
			return v, true
		}
		flight, busy := m.flights[key]
		if !busy {
			flight = make(chan struct{})
			m.flights[key] = flight
		}
		m.mu.Unlock()
		if busy {
			select {
			case <-flight:
				continue
			case <-ctx.Done():
				var none V
				return none, false
			}
		}
		v, again := m.lead(ctx, key, flight, match, ask, &read)
		if !again {
			return v, true
		}
	}
}

// lead reads the disk once, else asks; it always ends the flight. again says that
// the disk had answers to look at.
func (m *memory[V]) lead(ctx context.Context, key string, flight chan struct{}, match func(V) bool, ask func(context.Context) (V, time.Duration), read *bool) (v V, again bool) {
	defer func() {
		m.mu.Lock()
		delete(m.flights, key)
		m.mu.Unlock()
		close(flight)
	}()
	if !*read {
		*read = true
		if m.load(ctx, key, match) {
			return v, true
		}
	}
	v, ttl := ask(ctx)
	if ttl > 0 {
		m.put(ctx, key, kept[V]{v, time.Now().Add(ttl).UTC()}, match)
	}
	return v, false
}

// find needs the lock. The last match wins: it is the latest answer.
func (m *memory[V]) find(key string, match func(V) bool) (V, bool) {
	shelf, now := m.shelves[key], time.Now()
	for i := len(shelf) - 1; i >= 0; i-- {
		if now.Before(shelf[i].Expires) && match(shelf[i].Value) {
			return shelf[i].Value, true
		}
	}
	var none V
	return none, false
}

func (m *memory[V]) load(ctx context.Context, key string, match func(V) bool) bool {
	name := m.onDisk(key)
	if name == "" {
		return false
	}
	raw, found, err := m.disk.Cached(ctx, name)
	if err != nil || !found {
		return false
	}
	var shelf []kept[V]
	if json.Unmarshal(raw, &shelf) != nil || len(shelf) > maxShelf {
		return false
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.shelves[key]) == 0 { // what memory holds is as new
		m.makeRoom(key)
		m.shelves[key] = shelf
	}
	_, ok := m.find(key, match)
	return ok
}

func (m *memory[V]) put(ctx context.Context, key string, k kept[V], match func(V) bool) {
	m.mu.Lock()
	m.makeRoom(key)
	now := time.Now()
	var shelf []kept[V] // a new one: readers may hold the old
	for _, old := range m.shelves[key] {
		if now.Before(old.Expires) && !match(old.Value) {
			shelf = append(shelf, old)
		}
	}
	if len(shelf) >= maxShelf {
		shelf = shelf[1:]
	}
	shelf = append(shelf, k)
	m.shelves[key] = shelf
	m.mu.Unlock()
	name := m.onDisk(key)
	if name == "" {
		return
	}
	latest := k.Expires
	for _, s := range shelf {
		if s.Expires.After(latest) {
			latest = s.Expires
		}
	}
	if raw, err := json.Marshal(shelf); err == nil {
		_ = m.disk.SaveCached(ctx, name, raw, latest)
	}
}

func (m *memory[V]) onDisk(key string) string {
	if m.disk == nil {
		return ""
	}
	return m.named(key)
}

// makeRoom needs the lock. It drops the one of a few shelves that expires first.
func (m *memory[V]) makeRoom(key string) {
	if _, have := m.shelves[key]; have || len(m.shelves) < m.max {
		return
	}
	var victim string
	var first time.Time
	looked := 0
	for k, shelf := range m.shelves { // map order is random: a sample
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
	delete(m.shelves, victim)
}
