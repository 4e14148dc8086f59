package origin

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"sync"
	"time"
)

// key is a keyed digest of a host and an edge: no name of a target stays in memory.
type key [sha256.Size]byte

// memory keeps answers, and says who of several callers asks. Safe for concurrent use.
type memory struct {
	secret [32]byte // of this process
	max    int

	mu      sync.Mutex
	kept    map[key]kept
	flights map[key]*flight
}

type kept struct {
	answer  answer
	expires time.Time
}

// flight is one caller that asks for a key. The others wait until done is closed, and
// look again: what was not kept (the caller had no time left) is no answer for them.
type flight struct{ done chan struct{} }

func newMemory(secret [32]byte, most int) *memory {
	return &memory{secret: secret, max: most, kept: map[key]kept{}, flights: map[key]*flight{}}
}

func (m *memory) keyOf(host, edge string) (k key) {
	mac := hmac.New(sha256.New, m.secret[:])
	mac.Write(binary.BigEndian.AppendUint64(nil, uint64(len(edge)))) // so that no two pairs have one text
	mac.Write([]byte(edge))
	mac.Write([]byte(host))
	mac.Sum(k[:0])
	return k
}

// find returns the answer that is kept; else the flight to wait for, or to lead.
func (m *memory) find(k key, now time.Time) (a answer, f *flight, lead bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if known, ok := m.kept[k]; ok && now.Before(known.expires) {
		return known.answer, nil, false
	}
	if f = m.flights[k]; f != nil {
		return a, f, false
	}
	f = &flight{done: make(chan struct{})}
	m.flights[k] = f
	return a, f, true
}

// land ends a flight, and keeps its answer for a time; 0: not at all.
func (m *memory) land(k key, f *flight, a answer, keep time.Duration) {
	m.mu.Lock()
	delete(m.flights, k)
	if keep > 0 {
		m.kept[k] = kept{a, time.Now().Add(keep)}
		for len(m.kept) > m.max {
			m.dropOne(k)
		}
	}
	m.mu.Unlock()
	close(f.done)
}

// dropOne needs the lock. Of a few answers, but not that of k, it drops the one that
// expires first.
func (m *memory) dropOne(k key) {
	var victim key
	var first time.Time
	looked := 0
	for other, v := range m.kept { // map order is random: a sample
		if other == k {
			continue
		}
		if looked == 0 || v.expires.Before(first) {
			victim, first = other, v.expires
		}
		if looked++; looked == 8 {
			break
		}
	}
	delete(m.kept, victim)
}
