package registry

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"time"
)

// maxSaved bounds a shelf on disk, in bytes; the store takes 64 KiB.
const maxSaved = 60 << 10

// load takes what the disk knows under a key to memory, and says whether it answers the
// question. Another process may have learned more than this one, and the other way
// round: the shelves are merged.
func (m *memory[K, Q, V]) load(ctx context.Context, key K, q Q) bool {
	name := m.onDisk(key)
	if name == "" {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, cacheTimeout)
	defer cancel()
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
	now := time.Now()
	shelf = slices.DeleteFunc(shelf, func(k kept[V]) bool { return !now.Before(k.usable()) })
	for _, mine := range m.shelves[key] {
		if !slices.ContainsFunc(shelf, func(k kept[V]) bool { return k.Kept.Equal(mine.Kept) }) {
			shelf = append(shelf, mine)
		}
	}
	slices.SortStableFunc(shelf, func(a, b kept[V]) int { return cmp.Compare(a.Kept.UnixNano(), b.Kept.UnixNano()) })
	if len(shelf) > 0 {
		m.shelve(key, shelf)
	}
	return m.find(key, q, now, false) != nil
}

// save writes the shelf of a key to disk, without its oldest answers when it is too large.
func (m *memory[K, Q, V]) save(ctx context.Context, key K) {
	name := m.onDisk(key)
	if name == "" {
		return
	}
	m.mu.Lock()
	shelf := m.shelves[key] // never changed in place
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
		var latest time.Time
		for i := range shelf {
			if end := shelf[i].usable(); end.After(latest) {
				latest = end
			}
		}
		ctx, cancel := context.WithTimeout(ctx, cacheTimeout)
		defer cancel()
		_ = m.disk.SaveCached(ctx, name, raw, latest)
		return
	}
}

func (m *memory[K, Q, V]) onDisk(key K) string {
	if m.disk == nil {
		return ""
	}
	return m.named(key)
}
