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
	for _, mine := range m.shelf(key) {
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
	shelf := m.shelf(key)
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
		_ = m.disk.SaveCached(ctx, m.named(key), raw, latest)
		return
	}
}

// onDisk lets answers outlive the process in a Cache, under a name made of their key; nil: they do not.
func (m *Memory[K, V]) onDisk(disk Cache, named func(key K) string) { m.disk, m.named = disk, named }
