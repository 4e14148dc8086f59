package crawler_test

import (
	"context"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"vigil/casefile"
	"vigil/crawler"
	"vigil/crawler/guard"
	"vigil/internal/fakenet"
)

type stubResolver struct{ panics bool }

func (s stubResolver) Resolve(context.Context, string, bool) (casefile.Resolution, *casefile.Fault) {
	if s.panics {
		panic("a parser broke")
	}
	return casefile.Resolution{Rcode: "NOERROR", Addresses: []netip.Addr{netip.MustParseAddr("192.0.2.1")}}, nil
}

func mustGuard(t testing.TB) *guard.Guard {
	t.Helper()
	g, err := guard.New(guard.Options{Allow: labPrefixes})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// A shutdown in any phase is interrupted: it says nothing about the server.
func TestAShutdownIsNeverTheServersFault(t *testing.T) {
	t.Parallel()
	page := fakenet.Page("A plain page", "Words of our own.")
	for name, tt := range map[string]struct {
		b      fakenet.Behaviour
		change func(*fakenet.Site)
	}{
		"resolve": {b: fakenet.BrokenDNS(fakenet.DNSSilent)},
		"connect": {b: fakenet.Blackhole()},
		"tls":     {b: page.Over(fakenet.TLSHang), change: secure},
		"request": {b: fakenet.HangAfterRequest()},
		"body":    {b: fakenet.Drip(time.Second)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, how := range []string{"cancelled", "deadline"} {
				synctest.Test(t, func(t *testing.T) {
					l := newLab(t, nil)
					site := fakenet.Site{Host: "site-1.example", Acts: fakenet.Always(tt.b)}
					if tt.change != nil {
						tt.change(&site)
					}
					l.net.Add(site)
					ctx, cancel := context.WithCancel(t.Context())
					if how == "deadline" {
						ctx, cancel = context.WithTimeout(t.Context(), 2*time.Second)
					} else {
						time.AfterFunc(2*time.Second, cancel)
					}
					defer cancel()
					o := l.Look(ctx, "local", casefile.Subject{Target: mustTarget(t, l.net.URL(site.Host))})
					if o.Fault == nil || o.Fault.Kind != casefile.FaultInterrupted {
						t.Fatalf("%s: fault %+v", how, o.Fault)
					}
					if o.Took != 2*time.Second {
						t.Errorf("%s: took %v; it must end at once", how, o.Took)
					}
				})
			}
		})
	}
}

// Waiting for a turn does not eat the look's own time, and obeys the context.
func TestLooksWaitForTheirTurn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, func(o *crawler.Options) { o.InFlight = 1 })
		l.net.Add(fakenet.Site{Host: "site-1.example", Acts: fakenet.Always(fakenet.HangAfterRequest())})
		l.net.Add(fakenet.Site{Host: "site-2.example", Acts: fakenet.Always(fakenet.Slow(10*time.Second, fakenet.Page("A plain page")))})
		go l.Look(t.Context(), "local", casefile.Subject{Target: mustTarget(t, l.net.URL("site-1.example"))})
		synctest.Wait()
		soon, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if o := l.Look(soon, "local", casefile.Subject{Target: mustTarget(t, l.net.URL("site-2.example"))}); o.Fault == nil || o.Fault.Kind != casefile.FaultInterrupted {
			t.Errorf("a look that gave up waiting: fault %+v", o.Fault)
		}
		begin := time.Now()
		o := l.Look(t.Context(), "local", casefile.Subject{Target: mustTarget(t, l.net.URL("site-2.example"))})
		if o.Fault != nil || o.Status != 200 {
			t.Errorf("status %d, fault %+v", o.Status, o.Fault)
		}
		if !o.Started.After(begin) || o.Took != 10*time.Second {
			t.Errorf("started %v after the call, took %v", o.Started.Sub(begin), o.Took)
		}
	})
}

func TestAPanicIsAFaultAndNoCrash(t *testing.T) {
	t.Parallel()
	l := newLab(t, func(o *crawler.Options) { o.Resolver = stubResolver{panics: true}; o.InFlight = 1 })
	for range 2 { // the second one needs the first one's turn back
		o := l.Look(t.Context(), "local", casefile.Subject{Target: mustTarget(t, "http://site-1.example/")})
		if o.Fault == nil || o.Fault.Kind != casefile.FaultProtocol {
			t.Errorf("fault %+v", o.Fault)
		}
	}
}
