package origin

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"vigil/geolocate/registry"
)

// TestOneQuestionForAll: 32 callers who want the same ask once, and a later one not at all.
func TestOneQuestionForAll(t *testing.T) {
	t.Parallel()
	s := newService(t, func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(50 * time.Millisecond)
		says(told(at("192.0.2.9")))(w, r)
	})
	f, _ := s.finder(t, nil)
	var all sync.WaitGroup
	for range 32 {
		all.Go(func() {
			if claims := f.FindOrigin(t.Context(), host, edge); len(claims) != 1 || claims[0].Value != "192.0.2.9" {
				t.Errorf("%+v", claims)
			}
		})
	}
	all.Wait()
	if n := s.count(); n != 1 {
		t.Errorf("asked %d times", n)
	}
	f.FindOrigin(t.Context(), host, edge)[0].Value = "changed by a caller"
	if claims := f.FindOrigin(t.Context(), strings.ToUpper(host)+".", edge); claims[0].Value != "192.0.2.9" || s.count() != 1 {
		t.Errorf("%+v, asked %d times", claims, s.count())
	}
	f.FindOrigin(t.Context(), host, "Another edge")
	if n := s.count(); n != 2 {
		t.Errorf("asked %d times: another edge is another question", n)
	}
}

// TestCallersAreBounded: who would wait as one too many is told so at once, and asks later.
func TestCallersAreBounded(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	s := newService(t, func(w http.ResponseWriter, r *http.Request) { <-release; says(told(at("192.0.2.9")))(w, r) })
	f, _ := s.finder(t, nil)
	var all sync.WaitGroup
	for range maxWaiting {
		all.Go(func() {
			if claims := f.FindOrigin(t.Context(), host, edge); claims[0].Value != "192.0.2.9" {
				t.Errorf("%+v", claims)
			}
		})
	}
	for len(f.waiting) < maxWaiting {
		time.Sleep(time.Millisecond)
	}
	if claims := f.FindOrigin(t.Context(), "www.site-2.example", edge); claims[0].Problem != "busy" {
		t.Errorf("%+v", claims)
	}
	close(release)
	all.Wait()
}

// pipes is a network in memory, for bubbles: one service, whatever is dialled.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}
func (p *pipes) Close() error   { return nil }
func (p *pipes) Addr() net.Addr { return &net.UnixAddr{} }

// bubbled is a finder whose service answers over pipes; asked counts.
func bubbled(t *testing.T, answer http.HandlerFunc) (f *Finder, asked *atomic.Int32) {
	t.Helper()
	p, asked := &pipes{make(chan net.Conn), make(chan struct{})}, &atomic.Int32{}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { asked.Add(1); answer(w, r) })}
	go func() { _ = server.Serve(p) }()
	t.Cleanup(func() { close(p.closed); _ = server.Close() })
	s := &service{Server: &httptest.Server{URL: "http://127.0.0.1:80"}}
	f, _ = s.finder(t, func(o *Options) {
		o.Dial = func(ctx context.Context, _, _ string) (net.Conn, error) {
			ours, theirs := net.Pipe()
			select {
			case p.conns <- theirs:
				return ours, nil
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		}
	})
	return f, asked
}

// TestAnswersGrowOld: hours pass at once in a bubble.
func TestAnswersGrowOld(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		answer http.HandlerFunc
		kept   time.Duration
	}{
		"found":  {says(`{"host":"` + host + `","origins":[{"address":"192.0.2.9","as_of":"1999-11-20T08:00:00Z"}]}`), keepFound},
		"none":   {says(told()), keepNone},
		"a lie":  {says(`{"host":"other.example","origins":[]}`), keepFault},
		"broken": {says("{"), keepFault},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f, asked := bubbled(t, tc.answer)
				first := f.FindOrigin(t.Context(), host, edge)[0]
				time.Sleep(tc.kept*9/10 - time.Second) // times to live vary by a tenth
				if again := f.FindOrigin(t.Context(), host, edge)[0]; again != first || asked.Load() != 1 {
					t.Errorf("%+v, then %+v: asked %d times", first, again, asked.Load())
				}
				time.Sleep(tc.kept*2/10 + 2*time.Second)
				if f.FindOrigin(t.Context(), host, edge); asked.Load() != 2 {
					t.Errorf("asked %d times", asked.Load())
				}
			})
		})
	}
}

// TestTheServiceAsksToBeLeftAlone: no question for as long as it says.
func TestTheServiceAsksToBeLeftAlone(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		code   int
		stated string
		hold   time.Duration
	}{
		"429 in seconds":   {429, "90", 90 * time.Second},
		"503 as a date":    {503, "Sat, 01 Jan 2000 00:10:00 GMT", 10 * time.Minute}, // a bubble begins in 2000
		"429 without time": {429, "", usualHold},
		"429 for no time":  {429, "1", 5 * time.Second},
		"429 for a year":   {429, "31536000", 24 * time.Hour},
		"429 in words":     {429, "later", usualHold},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f, asked := bubbled(t, func(w http.ResponseWriter, _ *http.Request) {
					if tc.stated != "" {
						w.Header().Set("Retry-After", tc.stated)
					}
					w.WriteHeader(tc.code)
				})
				question := 0
				ask := func() string {
					question++
					return f.FindOrigin(t.Context(), fmt.Sprintf("site-%d.example", question), edge)[0].Problem
				}
				if got := ask(); got != "rate_limited" || asked.Load() != 1 {
					t.Fatalf("%s, asked %d times", got, asked.Load())
				}
				time.Sleep(tc.hold - time.Second)
				if got := ask(); got != "rate_limited" || asked.Load() != 1 {
					t.Errorf("%s, asked %d times during the hold", got, asked.Load())
				}
				time.Sleep(2 * time.Second)
				if ask(); asked.Load() != 2 {
					t.Errorf("asked %d times after the hold", asked.Load())
				}
			})
		})
	}
}

// TestAServiceThatFailsIsLeftAlone: three failures, a break, one probe, a longer break, an answer.
func TestAServiceThatFailsIsLeftAlone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var well atomic.Bool
		f, asked := bubbled(t, func(w http.ResponseWriter, r *http.Request) {
			if !well.Load() {
				w.WriteHeader(http.StatusInternalServerError)
				return
			}
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write([]byte(`{"host":"` + r.Header.Get("X-None") + `","origins":[]}`))
		})
		question := 0
		ask := func() string {
			question++
			return f.FindOrigin(t.Context(), fmt.Sprintf("site-%d.example", question), edge)[0].Problem
		}
		step := func(what string, problem string, count int32) {
			t.Helper()
			if got := ask(); got != problem || asked.Load() != count {
				t.Errorf("%s: %s, asked %d times; want %s, %d", what, got, asked.Load(), problem, count)
			}
		}
		const firstBreak = 30 * time.Second // docs/hosting.md
		for i := range int32(3) {
			step("a failure", "server_error", i+1)
		}
		step("in the break", "server_error", 3)
		time.Sleep(firstBreak + time.Second)
		step("the probe", "server_error", 4)
		time.Sleep(firstBreak + time.Second)
		step("in the longer break", "server_error", 4)
		time.Sleep(firstBreak + time.Second)
		well.Store(true)
		step("well again", "broken", 5) // an answer that is broken is of a service that works
		step("the next", "broken", 6)
	})
}

// TestOurOwnRate: five questions at once, then one a second; who has no time for its turn is told.
func TestOurOwnRate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f, asked := bubbled(t, says("{"))
		started := time.Now()
		for i := range 8 {
			f.FindOrigin(t.Context(), fmt.Sprintf("site-%d.example", i), edge)
		}
		if took := time.Since(started); took != 3*time.Second || asked.Load() != 8 {
			t.Errorf("8 questions took %v, asked %d times", took, asked.Load())
		}
		hurried, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		if claims := f.FindOrigin(hurried, "site-9.example", edge); claims[0].Problem != "rate_limited" || asked.Load() != 8 {
			t.Errorf("%+v", claims)
		}
		if claims := f.FindOrigin(t.Context(), "site-9.example", edge); claims[0].Problem != "broken" {
			t.Errorf("what was not asked was kept: %+v", claims)
		}
	})
}

// TestALeaderWithoutTime: what the one who asks has no time for, the others ask again.
func TestALeaderWithoutTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f, asked := bubbled(t, func(w http.ResponseWriter, r *http.Request) {
			time.Sleep(time.Second)
			says(`{"host":"`+host+`","origins":[{"address":"192.0.2.9","as_of":"1999-11-20T08:00:00Z"}]}`)(w, r)
		})
		hurry := func() {
			hurried, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
			defer cancel()
			if claims := f.FindOrigin(hurried, host, edge); claims[0].Problem != "timeout" {
				t.Errorf("%+v", claims)
			}
		}
		hurry() // three timeouts of the service in a row would be a break
		hurry()
		var all sync.WaitGroup
		all.Go(hurry)
		synctest.Wait()
		all.Go(func() {
			if claims := f.FindOrigin(t.Context(), host, edge); claims[0].Value != "192.0.2.9" {
				t.Errorf("%+v", claims)
			}
		})
		all.Wait()
		if asked.Load() != 4 {
			t.Errorf("asked %d times, want 4", asked.Load())
		}
		time.Sleep(2 * time.Second) // the first answer is still on its way
	})
}

func TestMemoryIsBoundedAndBlind(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f, asked := bubbled(t, says(told()))
		f.memory = registry.NewMemory[key, answer](10, f.waiting, 0)
		find := func(i int) { f.FindOrigin(t.Context(), host, fmt.Sprintf("Edge %d", i)) }
		for i := range 50 {
			find(i)
			if find(i); int(asked.Load()) != i+1 {
				t.Fatalf("asked %d times about %d edges: the newest answer was dropped", asked.Load(), i+1)
			}
		}
		for i := 49; i >= 40; i-- {
			find(i)
		}
		if asked.Load() != 50 {
			t.Errorf("asked %d times: fewer than ten answers were kept", asked.Load())
		}
		if find(39); asked.Load() != 51 {
			t.Errorf("asked %d times: more than ten answers were kept", asked.Load())
		}
		other, _ := bubbled(t, says(told()))
		if f.keyOf("a", "bc") == f.keyOf("ca", "b") || f.keyOf("a", "b") == other.keyOf("a", "b") {
			t.Error("two questions have one key, or it does not depend on the secret")
		}
	})
}

func FuzzParse(f *testing.F) {
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	for _, seed := range []string{told(), told(at("192.0.2.9")), told(at("::ffff:192.0.2.9"), at("2001:db8::1")), "{", "[]", `{"host":1}`, told(at("fe80::1%a"))} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		found, problem := parse(body, host, now)
		if (problem == "") != (len(found) > 0) || len(found) > maxOrigins {
			t.Errorf("%d origins, problem %q", len(found), problem)
		}
		seen := map[netip.Addr]bool{}
		for _, o := range found {
			if !o.address.IsValid() || o.address.Zone() != "" || o.address.Is4In6() || seen[o.address] || o.asOf.Unix() <= 0 || o.asOf.After(now.Add(maxAhead)) {
				t.Errorf("%+v", o)
			}
			seen[o.address] = true
		}
	})
}
