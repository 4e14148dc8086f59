package notices

import (
	"context"
	"errors"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"vigil/casefile"
)

// memory is what outlives a process: the notices and cases of a store.
type memory struct {
	mu      sync.Mutex
	notices map[casefile.NoticeID]casefile.Notice
	claimed map[casefile.NoticeID]time.Time
	cases   map[casefile.CaseID]casefile.Case
}

func newMemory(cases ...casefile.Case) *memory {
	m := &memory{notices: map[casefile.NoticeID]casefile.Notice{}, claimed: map[casefile.NoticeID]time.Time{}, cases: map[casefile.CaseID]casefile.Case{}}
	for _, c := range cases {
		m.cases[c.ID] = c
	}
	return m
}

// add stores notices as the store does: one of each key.
func (m *memory) add(list ...casefile.Notice) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, n := range list {
		known := slices.ContainsFunc(slices.Collect(maps.Values(m.notices)), func(o casefile.Notice) bool { return o.Key == n.Key })
		if !known {
			n.ID = casefile.NoticeID(len(m.notices) + 1)
			m.notices[n.ID] = n
		}
	}
}

func (m *memory) states() map[casefile.NoticeState]int {
	m.mu.Lock()
	defer m.mu.Unlock()
	count := map[casefile.NoticeState]int{}
	for _, n := range m.notices {
		count[n.State]++
	}
	return count
}

// pending says whether a notice has not come to its end.
func (m *memory) pending() bool {
	left := m.states()
	return left[casefile.NoticeQueued]+left[casefile.NoticeSending] > 0
}

func (m *memory) notice(id casefile.NoticeID) casefile.Notice {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.notices[id]
}

func (m *memory) change(id casefile.CaseID, f func(*casefile.Case)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	c := m.cases[id]
	f(&c)
	m.cases[id] = c
}

const testLease = 10 * time.Minute

var errBroken = errors.New("the store is broken")

// process is one running outbox's hold on the world. It may be killed in any call,
// before or after the call did its work: from then on nothing it does has an effect.
type process struct {
	m       *memory
	handOut func(casefile.Notice) (taken bool, proof string, err error) // what the relay does
	rand    *rand.Rand                                                  // nil: no faults
	faults  float64                                                     // share of calls that fail, half of them after their work
	dies    float64                                                     // share of calls in which the process dies
	end     chan struct{}                                               // closed when the test is over
	died    chan struct{}

	mu        sync.Mutex
	dead      bool
	delivered func(key string) // called for each message that really arrived
	settles   func(casefile.Notice) error
}

func (p *process) chance(share float64) bool { return p.rand != nil && p.rand.Float64() < share }

// around runs the work of one call of the process.
func (p *process) around(work func()) error {
	p.mu.Lock()
	if p.dead {
		p.mu.Unlock()
		<-p.end
		return errBroken
	}
	early, late := p.chance(p.faults/2), p.chance(p.faults/2)
	diesEarly, diesLate := p.chance(p.dies/2), p.chance(p.dies/2)
	if !early && !diesEarly {
		work()
	}
	if diesEarly || diesLate {
		p.dead = true
		close(p.died)
		p.mu.Unlock()
		<-p.end
		return errBroken
	}
	p.mu.Unlock()
	if early || late {
		return errBroken
	}
	return nil
}

func (p *process) ClaimNotices(_ context.Context, now time.Time, limit int) (claimed []casefile.Notice, err error) {
	err = p.around(func() {
		p.m.mu.Lock()
		defer p.m.mu.Unlock()
		for _, id := range slices.Sorted(maps.Keys(p.m.notices)) {
			n := p.m.notices[id]
			if n.State == casefile.NoticeQueued && !n.NextTry.After(now) && len(claimed) < limit {
				n.State = casefile.NoticeSending
				p.m.notices[id], p.m.claimed[id] = n, now
				claimed = append(claimed, n)
			}
		}
	})
	if err != nil {
		return nil, err
	}
	return claimed, nil
}

func (p *process) SettleNotice(_ context.Context, n casefile.Notice) error {
	if p.settles != nil {
		if err := p.settles(n); err != nil {
			return err
		}
	}
	var conflict error
	err := p.around(func() {
		p.m.mu.Lock()
		defer p.m.mu.Unlock()
		now := p.m.notices[n.ID].State
		if now != casefile.NoticeSending && (now != casefile.NoticeUncertain || n.State == casefile.NoticeQueued) {
			conflict = casefile.Problemf(casefile.ProblemConflict, "state", "notice %d is %s", n.ID, now)
			return
		}
		p.m.notices[n.ID] = n
	})
	return errors.Join(err, conflict)
}

func (p *process) RecoverNotices(_ context.Context, now time.Time) (recovered int, err error) {
	err = p.around(func() {
		p.m.mu.Lock()
		defer p.m.mu.Unlock()
		for id, n := range p.m.notices {
			if n.State == casefile.NoticeSending && !p.m.claimed[id].After(now.Add(-testLease)) {
				n.State = casefile.NoticeUncertain
				p.m.notices[id] = n
				recovered++
			}
		}
	})
	return recovered, err
}

func (p *process) Case(_ context.Context, id casefile.CaseID) (c casefile.Case, err error) {
	known := false
	err = p.around(func() {
		p.m.mu.Lock()
		defer p.m.mu.Unlock()
		c, known = p.m.cases[id]
	})
	if err == nil && !known {
		err = casefile.Problemf(casefile.ProblemNotFound, "", "there is no case %d", id)
	}
	return c, err
}

func (p *process) Send(_ context.Context, n casefile.Notice) (proof string, err error) {
	lost := p.around(func() {
		var taken bool
		if taken, proof, err = p.handOut(n); taken {
			p.delivered(n.Key)
		}
	})
	if lost != nil { // the connection broke, before or after the relay took it
		return "", outcomeError{casefile.NoticeUncertain}
	}
	return proof, err
}
