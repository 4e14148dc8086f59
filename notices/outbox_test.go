package notices

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"vigil/casefile"
)

// arrivals counts what really arrived, by key.
type arrivals struct {
	mu    sync.Mutex
	count map[string]int
}

func (a *arrivals) note(key string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.count == nil {
		a.count = map[string]int{}
	}
	a.count[key]++
}

// queue makes n cases with one queued notice each: an assignment and a removal notice in turn.
func queue(t *testing.T, n int) *memory {
	t.Helper()
	m := newMemory()
	for i := range n {
		c := casefile.Case{ID: casefile.CaseID(i + 1), Target: target(t, fmt.Sprintf("https://site-%d.example/", i)), Life: casefile.Life{Standing: casefile.Watching, Episode: casefile.Episode{Number: 1}}}
		m.cases[c.ID] = c
		notice := casefile.Notice{
			CaseID: c.ID, Episode: 1, Kind: casefile.NoticeAssignment, Step: 1, State: casefile.NoticeQueued, NextTry: time.Now(), Subject: "[Vigil] x",
			Contact: casefile.Contact{Party: casefile.PartyHotline, Name: "Hotline", Email: "desk@hotline.test"},
		}
		if i%2 == 1 {
			notice.Kind, notice.Contact.Party = casefile.NoticeRemoval, casefile.PartyHost
		}
		notice.Key = Key(notice)
		m.add(notice)
	}
	return m
}

func accept(casefile.Notice) (bool, string, error) { return true, "250 queued as 4F2A", nil }

// run starts an outbox over p; stop ends it and waits.
func run(t *testing.T, p *process, change func(*OutboxOptions)) (stop func()) {
	t.Helper()
	o := OutboxOptions{Store: p, Sender: p}
	if change != nil {
		change(&o)
	}
	b, err := NewOutbox(o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- b.Run(ctx) }()
	return func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("run: %v", err)
		}
	}
}

func TestEverythingIsSentOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, got := queue(t, 50), &arrivals{}
		p := &process{m: m, handOut: accept, delivered: got.note}
		stop := run(t, p, func(o *OutboxOptions) { o.Batch = 7 })
		synctest.Wait()
		stop()
		if diff := cmp.Diff(map[casefile.NoticeState]int{casefile.NoticeSent: 50}, m.states()); diff != "" {
			t.Error(diff)
		}
		if len(got.count) != 50 {
			t.Errorf("%d arrived", len(got.count))
		}
		if n := m.notice(1); n.Tries != 1 || n.Proof != "250 queued as 4F2A" || !n.Sent.Equal(time.Now()) || n.Sent.Location() != time.UTC {
			t.Errorf("notice %+v", n)
		}
	})
}

// At most once: under failing calls, lost answers and processes that die at any
// point, with two of them at work at a time, no key arrives twice, every notice comes
// to an end, and what is said to be sent did arrive.
func TestAtMostOnce(t *testing.T) {
	t.Parallel()
	var sent, uncertain int
	var deaths atomic.Int64
	for seed := range uint64(60) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m, got, end := queue(t, 40), &arrivals{}, make(chan struct{})
				ctx, cancel := context.WithCancel(t.Context())
				var all sync.WaitGroup
				for lane := range uint64(2) {
					all.Go(func() {
						for life := uint64(0); ctx.Err() == nil; life++ {
							random := rand.New(rand.NewPCG(seed*100+lane, life)) // of the outbox's goroutine
							lasts := time.Duration(random.IntN(3600)) * time.Second
							p := &process{m: m, rand: random, faults: 0.15, dies: 0.03, end: end, died: make(chan struct{}), delivered: got.note}
							if life > 20 { // the world calms down, so that all comes to an end
								p.faults, p.dies = 0, 0
							}
							p.handOut = func(casefile.Notice) (bool, string, error) {
								time.Sleep(time.Duration(random.IntN(200)) * time.Second)
								switch random.IntN(8) {
								case 0:
									return false, "451 later", outcomeError{casefile.NoticeQueued}
								case 1:
									return true, "", outcomeError{casefile.NoticeUncertain} // taken, and the answer was lost
								case 2:
									return false, "550 no", outcomeError{casefile.NoticeRefused}
								}
								return true, "250 ok", nil
							}
							b, err := NewOutbox(OutboxOptions{Store: p, Sender: p, Batch: 5, Interval: 5 * time.Minute})
							if err != nil {
								t.Error(err)
								return
							}
							living, kill := context.WithCancel(ctx)
							all.Go(func() { _ = b.Run(living) })
							select {
							case <-p.died:
								deaths.Add(1)
							case <-ctx.Done():
							case <-time.After(lasts): // an orderly restart
							}
							kill()
						}
					})
				}
				for hour := 0; hour < 14*24 && m.pending(); hour++ {
					time.Sleep(time.Hour)
				}
				cancel()
				close(end)
				all.Wait()
				for key, n := range got.count {
					if n != 1 {
						t.Errorf("key %s arrived %d times", key, n)
					}
				}
				for id, n := range m.notices {
					switch n.State {
					case casefile.NoticeSent:
						sent++
						if got.count[n.Key] != 1 {
							t.Errorf("notice %d is sent and did not arrive", id)
						}
					case casefile.NoticeUncertain:
						uncertain++
					case casefile.NoticeRefused:
						if got.count[n.Key] != 0 {
							t.Errorf("notice %d is refused and did arrive", id)
						}
					default:
						t.Errorf("notice %d is left %s after two weeks", id, n.State)
					}
				}
			})
		})
	}
	if sent == 0 || uncertain == 0 || deaths.Load() < 100 {
		t.Errorf("the test is too tame: %d sent, %d uncertain, %d deaths", sent, uncertain, deaths.Load())
	}
}

func TestRetriesAreRows(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, got := queue(t, 1), &arrivals{}
		start := time.Now()
		var tries []time.Duration
		p := &process{m: m, delivered: got.note, handOut: func(casefile.Notice) (bool, string, error) {
			tries = append(tries, time.Since(start).Truncate(time.Minute))
			return false, "rcpt: 451 4.7.1 later", outcomeError{casefile.NoticeQueued}
		}}
		stop := run(t, p, nil)
		time.Sleep(48 * time.Hour)
		stop()
		minutes := []time.Duration{0, 1, 6, 36, 156, 516, 876, 1236}
		for i := range minutes {
			minutes[i] *= time.Minute
		}
		if diff := cmp.Diff(minutes, tries); diff != "" {
			t.Error(diff)
		}
		if n := m.notice(1); n.State != casefile.NoticeRefused || n.Tries != 8 || n.Proof != "gave up after 8 tries: rcpt: 451 4.7.1 later" {
			t.Errorf("notice %+v", n)
		}
	})
}

func TestWhatIsOverIsNotSent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, got := queue(t, 4), &arrivals{}
		m.change(1, func(c *casefile.Case) { c.Standing = casefile.Removed })
		m.change(2, func(c *casefile.Case) { c.Held = true })
		m.change(3, func(c *casefile.Case) { c.Held = true }) // an assignment: it goes all the same
		delete(m.cases, 4)
		p := &process{m: m, handOut: accept, delivered: got.note}
		stop := run(t, p, nil)
		defer stop()
		synctest.Wait()
		for id, want := range map[casefile.NoticeID]struct {
			state casefile.NoticeState
			proof string
		}{1: {casefile.NoticeOvertaken, "the case is removed"}, 2: {casefile.NoticeQueued, ""}, 3: {casefile.NoticeSent, "250 queued as 4F2A"}, 4: {casefile.NoticeOvertaken, "the case is gone"}} {
			if n := m.notice(id); n.State != want.state || n.Proof != want.proof {
				t.Errorf("notice %d is %s, %q; want %s, %q", id, n.State, n.Proof, want.state, want.proof)
			}
		}
		if n := m.notice(2); n.Tries != 0 || !n.NextTry.Equal(time.Now().Add(holdRecheck)) {
			t.Errorf("the held one: %d tries, next %v", n.Tries, n.NextTry)
		}
		time.Sleep(24 * time.Hour)
		m.change(2, func(c *casefile.Case) { c.Held = false }) // released by a person
		time.Sleep(holdRecheck + time.Minute)
		if n := m.notice(2); n.State != casefile.NoticeSent || n.Tries != 1 {
			t.Errorf("after the release: %s, %d tries", n.State, n.Tries)
		}
	})
}

// The end of the context lets the message in hand finish, and gives the rest back.
func TestStop(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, got := queue(t, 3), &arrivals{}
		p := &process{m: m, delivered: got.note, handOut: func(casefile.Notice) (bool, string, error) {
			time.Sleep(time.Minute)
			return true, "250 ok", nil
		}}
		stop := run(t, p, nil)
		time.Sleep(time.Second)
		stop()
		if took := time.Now(); m.notice(1).Sent != took.UTC() {
			t.Errorf("sent %v, stopped %v", m.notice(1).Sent, took)
		}
		if diff := cmp.Diff(map[casefile.NoticeState]int{casefile.NoticeSent: 1, casefile.NoticeQueued: 2}, m.states()); diff != "" {
			t.Error(diff)
		}
		if n := m.notice(2); n.Tries != 0 {
			t.Errorf("%d tries of a notice that was given back", n.Tries)
		}
	})
}

// A batch that takes longer than its lease gives back what it has no time for.
func TestLeaseIsKept(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, got := queue(t, 12), &arrivals{}
		p := &process{m: m, delivered: got.note, handOut: func(n casefile.Notice) (bool, string, error) {
			m.mu.Lock()
			claimed := m.claimed[n.ID]
			m.mu.Unlock()
			time.Sleep(90 * time.Second)
			if age := time.Since(claimed); age > testLease-settleMargin {
				t.Errorf("handed over %v after the claim", age)
			}
			return true, "250 ok", nil
		}}
		stop := run(t, p, nil)
		time.Sleep(time.Hour)
		stop()
		if diff := cmp.Diff(map[casefile.NoticeState]int{casefile.NoticeSent: 12}, m.states()); diff != "" {
			t.Error(diff)
		}
	})
}

// When nothing can be settled after a delivery, the notice is never sent again.
func TestSettlingFails(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, got := queue(t, 1), &arrivals{}
		asked := 0
		core, logs := observer.New(zapcore.InfoLevel)
		p := &process{m: m, handOut: accept, delivered: got.note, settles: func(casefile.Notice) error { asked++; return errBroken }}
		stop := run(t, p, func(o *OutboxOptions) { o.Log = zap.New(core) })
		time.Sleep(time.Minute)
		if n := m.notice(1); n.State != casefile.NoticeSending || asked != settleTries {
			t.Errorf("%s after %d tries to settle", n.State, asked)
		}
		p.mu.Lock()
		p.settles = nil
		p.mu.Unlock()
		time.Sleep(24 * time.Hour)
		stop()
		if n := m.notice(1); n.State != casefile.NoticeUncertain || got.count[n.Key] != 1 {
			t.Errorf("%s, arrived %d times", n.State, got.count[n.Key])
		}
		if len(logs.FilterLevelExact(zapcore.ErrorLevel).All()) != 2 { // settling, and half sent
			t.Errorf("logs: %v", logs.All())
		}
	})
}

func TestSettlesOnTheThirdTry(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, got := queue(t, 1), &arrivals{}
		asked := 0
		p := &process{m: m, handOut: accept, delivered: got.note, settles: func(casefile.Notice) error {
			if asked++; asked < settleTries {
				return errBroken
			}
			return nil
		}}
		stop := run(t, p, nil)
		time.Sleep(time.Minute)
		stop()
		if n := m.notice(1); n.State != casefile.NoticeSent {
			t.Errorf("%s", n.State)
		}
	})
}

// Neither log nor proof shows a URL or a host, whatever the relay says.
func TestNothingIsTold(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, got := queue(t, 3), &arrivals{}
		core, logs := observer.New(zapcore.DebugLevel)
		outcomes := []casefile.NoticeState{casefile.NoticeRefused, casefile.NoticeQueued, casefile.NoticeUncertain}
		p := &process{m: m, delivered: got.note, handOut: func(n casefile.Notice) (bool, string, error) {
			return false, fmt.Sprintf("554 blocked: https://site-%d.example/ and SITE-%d.EXAMPLE", n.CaseID-1, n.CaseID-1), outcomeError{outcomes[n.CaseID-1]}
		}}
		meter := &meter{}
		stop := run(t, p, func(o *OutboxOptions) { o.Log, o.Meter = zap.New(core), meter })
		synctest.Wait()
		stop()
		for id := range casefile.NoticeID(3) {
			if n := m.notice(id + 1); n.Proof != "554 blocked: [sealed] and [sealed]" || n.State != outcomes[id] {
				t.Errorf("%s, proof %q", n.State, n.Proof)
			}
		}
		if logs.Len() < 3 {
			t.Errorf("%d log lines", logs.Len())
		}
		for _, l := range logs.All() {
			if text := strings.ToLower(fmt.Sprint(l.Message, l.ContextMap())); strings.Contains(text, "site-") || strings.Contains(text, "@") {
				t.Errorf("log line %s", text)
			}
		}
		if diff := cmp.Diff([]string{"assignment refused", "removal queued", "assignment uncertain"}, meter.seen); diff != "" {
			t.Error(diff)
		}
	})
}

type meter struct{ seen []string }

func (m *meter) NoticeSettled(k casefile.NoticeKind, s casefile.NoticeState, _ time.Duration) {
	m.seen = append(m.seen, string(k)+" "+string(s))
}

func TestNewOutbox(t *testing.T) {
	t.Parallel()
	p := &process{}
	for name, o := range map[string]OutboxOptions{
		"nothing": {}, "no sender": {Store: p}, "interval": {Store: p, Sender: p, Interval: time.Millisecond}, "batch": {Store: p, Sender: p, Batch: 201},
	} {
		if _, err := NewOutbox(o); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

// cutClaim ends the outbox's context while a claim is being made.
type cutClaim struct {
	*process
	cut context.CancelFunc
}

func (c cutClaim) ClaimNotices(ctx context.Context, now time.Time, limit int) ([]casefile.Notice, error) {
	claimed, err := c.process.ClaimNotices(ctx, now, limit)
	c.cut()
	if ctx.Err() != nil { // the claim was made, and its caller would not hear of it
		return nil, ctx.Err()
	}
	return claimed, err
}

// A claim that the end of the context falls into is given back, not left to become uncertain.
func TestStopWhileClaiming(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, got := queue(t, 3), &arrivals{}
		ctx, cancel := context.WithCancel(t.Context())
		p := &process{m: m, handOut: accept, delivered: got.note}
		b, err := NewOutbox(OutboxOptions{Store: cutClaim{p, cancel}, Sender: p})
		if err != nil {
			t.Fatal(err)
		}
		if err := b.Run(ctx); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(map[casefile.NoticeState]int{casefile.NoticeQueued: 3}, m.states()); diff != "" {
			t.Error(diff)
		}
	})
}
