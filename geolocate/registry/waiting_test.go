package registry

import (
	"context"
	"net"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"vigil/internal/fakenet/testrun"
)

// hanging makes a Registry whose WHOIS registry accepts and says nothing, from a query
// for 192.0.2.7 or site-1.example on; other queries are answered at once.
func hanging(t *testing.T, change func(*Options)) *Registry {
	t.Helper()
	o := Options{
		Dial: func(context.Context, string, string) (net.Conn, error) {
			near, far := net.Pipe()
			go func() {
				defer func() { _ = far.Close() }()
				b := make([]byte, 100)
				n, _ := far.Read(b)
				if string(b[:n]) == "198.51.100.7\r\n" {
					_, _ = far.Write([]byte("inetnum: 198.51.100.0 - 198.51.100.255\nnetname: PROMPT\n"))
					return
				}
				_, _ = far.Read(b) // until the asker hangs up
			}()
			return near, nil
		},
		LookupHost: func(context.Context, string) ([]netip.Addr, error) {
			return []netip.Addr{netip.MustParseAddr("203.0.113.43")}, nil
		},
		NoRDAP: true, WHOISServer: "whois.registry.test:43", PerSecond: 1000, Burst: 1000, Patience: time.Nanosecond,
	}
	if change != nil {
		change(&o)
	}
	r, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestHangingRegistryHoldsFewCallers: 64 callers wait, the next is answered at once, and
// nobody is held whose answer is in memory.
func TestHangingRegistryHoldsFewCallers(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		ask  func(ctx context.Context, r *Registry, i int) []Attempt
	}{
		{"each about another network", func(ctx context.Context, r *Registry, i int) []Attempt {
			return r.Network(ctx, netip.AddrFrom4([4]byte{203, 0, byte(i), 7})).Failed
		}},
		{"all about one network", func(ctx context.Context, r *Registry, _ int) []Attempt { return r.Network(ctx, addr7).Failed }},
		{"each about another domain", func(ctx context.Context, r *Registry, i int) []Attempt {
			return r.Domain(ctx, "site-"+string(rune('a'+i%26))+string(rune('a'+i/26))+".example").Failed
		}},
		{"all about one domain", func(ctx context.Context, r *Registry, _ int) []Attempt { return r.Domain(ctx, "site-1.example").Failed }},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				r := hanging(t, nil)
				known := netip.MustParseAddr("198.51.100.7")
				if n := r.Network(t.Context(), known); n.Name != "PROMPT" {
					t.Fatalf("%+v", n)
				}
				ctx, stop := context.WithCancel(t.Context())
				var wg sync.WaitGroup
				for i := range defaultWaiting {
					wg.Go(func() { test.ask(ctx, r, i) })
				}
				synctest.Wait() // all of them wait
				started := time.Now()
				busy := []Attempt{{Source: SourceWHOIS, Problem: ProblemBusy}}
				for i := range 100 {
					if diff := cmp.Diff(busy, test.ask(ctx, r, defaultWaiting+i), compare); diff != "" {
						t.Fatalf("caller %d: %s", defaultWaiting+1+i, diff)
					}
					if n := r.Network(ctx, known); n.Name != "PROMPT" || len(n.Failed) != 0 {
						t.Fatalf("a caller whose answer is in memory: %+v", n)
					}
				}
				if took := time.Since(started); took > time.Microsecond {
					t.Errorf("held for %v", took)
				}
				stop()
				wg.Wait()
				if n := r.Network(t.Context(), netip.MustParseAddr("198.51.100.7")); n.Name != "PROMPT" {
					t.Errorf("%+v", n)
				}
				if len(r.networks.permit) != 0 {
					t.Errorf("%d permits were not given back", len(r.networks.permit))
				}
			})
		})
	}
}

// TestBusyCostsMicroseconds of processor time. Not parallel: it measures the whole process.
func TestBusyCostsMicroseconds(t *testing.T) {
	r := hanging(t, func(o *Options) { o.Waiting = 1 })
	ctx, stop := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() { r.Network(ctx, addr7) })
	for len(r.networks.permit) == 0 {
		time.Sleep(time.Millisecond)
	}
	const times = 1000
	before := testrun.CPU()
	for range times {
		if n := r.Network(ctx, addr7); n.Failed[0].Problem != ProblemBusy {
			t.Fatalf("%+v", n)
		}
	}
	if each := (testrun.CPU() - before) / times; each > 200*time.Microsecond {
		t.Errorf("%v each", each)
	} else {
		t.Logf("%v each", each)
	}
	stop()
	wg.Wait()
}

// TestBusyIsNotKept: as soon as there is room, the registry is asked.
func TestBusyIsNotKept(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cache := &disk{values: map[string][]byte{}}
		r := hanging(t, func(o *Options) { o.Waiting, o.Cache = 1, cache })
		ctx, stop := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() { r.Network(ctx, addr7) })
		synctest.Wait()
		known := netip.MustParseAddr("198.51.100.7")
		if n := r.Network(t.Context(), known); n.Failed[0].Problem != ProblemBusy {
			t.Errorf("%+v", n)
		}
		if len(cache.values) != 0 {
			t.Errorf("kept: %v", cache.values)
		}
		stop()
		wg.Wait()
		if n := r.Network(t.Context(), known); n.Name != "PROMPT" {
			t.Errorf("%+v", n)
		}
	})
}

// TestDiskNeedsNoPermit: an answer on disk is given however many wait; one that is too
// old stands in for an answer.
func TestDiskNeedsNoPermit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cache := &disk{values: map[string][]byte{}}
		known := netip.MustParseAddr("198.51.100.7")
		hanging(t, func(o *Options) { o.Cache = cache }).Network(t.Context(), known)
		crowded := func() (*Registry, func()) {
			r := hanging(t, func(o *Options) { o.Waiting, o.Cache = 1, cache })
			ctx, stop := context.WithCancel(t.Context())
			var wg sync.WaitGroup
			wg.Go(func() { r.Network(ctx, addr7) })
			synctest.Wait()
			return r, func() { stop(); wg.Wait() }
		}
		r, leave := crowded()
		n := r.Network(t.Context(), known)
		if n.Name != "PROMPT" || len(n.Failed) != 0 {
			t.Errorf("%+v", n)
		}
		leave()
		time.Sleep(5 * day)
		r, leave = crowded()
		old := r.Network(t.Context(), known)
		if old.Name != "PROMPT" || len(old.Failed) != 1 || old.Failed[0].Problem != ProblemBusy || !old.AsOf.Equal(n.AsOf) {
			t.Errorf("%+v", old)
		}
		leave()
	})
}

// TestDeafDiskHoldsNobody: a Cache that does not answer costs a second and a query.
func TestDeafDiskHoldsNobody(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := hanging(t, func(o *Options) { o.Cache = deaf{} })
		started := time.Now()
		if n := r.Network(t.Context(), netip.MustParseAddr("198.51.100.7")); n.Name != "PROMPT" {
			t.Errorf("%+v", n)
		}
		if took := time.Since(started); took > 3*cacheTimeout { // read, read the hold, save
			t.Errorf("took %v", took)
		}
	})
}

type deaf struct{}

func (deaf) Cached(ctx context.Context, _ string) ([]byte, bool, error) {
	<-ctx.Done()
	return nil, false, ctx.Err()
}

func (deaf) SaveCached(ctx context.Context, _ string, _ []byte, _ time.Time) error {
	<-ctx.Done()
	return ctx.Err()
}

// TestFollowersShareOneQuery, and one that stops waiting says why.
func TestFollowersShareOneQuery(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := hanging(t, nil)
		var wg sync.WaitGroup
		problems := make([]Problem, 3)
		for i, limit := range []time.Duration{time.Minute, time.Second, 2 * time.Second} {
			wg.Go(func() {
				ctx, cancel := context.WithTimeout(t.Context(), limit)
				defer cancel()
				if i == 2 {
					stopped, stop := context.WithCancel(ctx)
					time.AfterFunc(time.Second, stop)
					ctx = stopped
				}
				problems[i] = r.Network(ctx, addr7).Failed[0].Problem
			})
			synctest.Wait()
		}
		started := time.Now()
		wg.Wait()
		if diff := cmp.Diff([]Problem{ProblemTimeout, ProblemTimeout, ProblemInterrupted}, problems); diff != "" {
			t.Error(diff)
		}
		if took := time.Since(started); took != defaultTimeout {
			t.Errorf("took %v", took)
		}
	})
}

// TestPatience: a caller waits for its turn as long as it is patient, and no longer.
func TestPatience(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		after time.Duration // when the first caller gives up and makes room
		busy  bool
	}{{"room in time", 900 * time.Millisecond, false}, {"no room", time.Hour, true}} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				r := hanging(t, func(o *Options) { o.Waiting, o.Patience, o.Timeout = 1, time.Second, 2*time.Hour })
				ctx, stop := context.WithTimeout(t.Context(), test.after)
				defer stop()
				var wg sync.WaitGroup
				wg.Go(func() { r.Network(ctx, addr7) })
				synctest.Wait()
				started := time.Now()
				n := r.Network(t.Context(), netip.MustParseAddr("198.51.100.7"))
				took := time.Since(started)
				if test.busy != (len(n.Failed) == 1 && n.Failed[0].Problem == ProblemBusy) || test.busy && took != time.Second || !test.busy && took != test.after {
					t.Errorf("after %v: %+v", took, n)
				}
				stop()
				wg.Wait()
			})
		})
	}
}
