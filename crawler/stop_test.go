package crawler_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"sync"
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

// Many looks at once keep apart: each sees its own site. Run with -race.
func TestLooksAtTheSameTimeKeepApart(t *testing.T) {
	t.Parallel()
	l := newLab(t, func(o *crawler.Options) { o.InFlight = 32 })
	const sites = 200
	for i := range sites {
		b := fakenet.Page("Title "+strconv.Itoa(i), strings.Repeat("word ", i+1))
		if i%3 == 0 {
			b = fakenet.CookieWall(b)
		}
		l.net.Add(fakenet.Site{Host: "site-" + strconv.Itoa(i) + ".example", Acts: fakenet.Always(b)})
	}
	var looking sync.WaitGroup
	titles := make([]string, sites)
	for i := range sites {
		looking.Go(func() {
			o := l.Look(t.Context(), "local", casefile.Subject{Target: mustTarget(t, l.net.URL("site-"+strconv.Itoa(i)+".example"))})
			if o.Fault != nil || o.Status != 200 || o.Features == nil {
				t.Errorf("site %d: status %d, fault %+v", i, o.Status, o.Fault)
				return
			}
			titles[i] = o.Features.Title
		})
	}
	looking.Wait()
	seen := make(map[string]bool)
	for _, title := range titles {
		seen[title] = true
	}
	if len(seen) != sites {
		t.Errorf("%d sites gave %d titles", sites, len(seen))
	}
}

// An address that was checked is the address that is dialled, also for a proxy,
// and a refused one is refused before the proxy hears of it.
func TestAProxyHearsOnlyOfCheckedAddresses(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var heard []string
		l := newLab(t, func(o *crawler.Options) {
			o.Vantages[0].Proxy = "http://192.0.2.250:3128"
			o.Vantages[0].Dial = func(context.Context, string, string) (net.Conn, error) {
				ours, theirs := net.Pipe()
				go func() {
					defer theirs.Close()
					r, err := http.ReadRequest(bufio.NewReader(theirs))
					if err != nil {
						return
					}
					heard = append(heard, r.Host)
					_, _ = io.WriteString(theirs, "HTTP/1.1 502 Bad Gateway\r\n\r\n")
				}()
				return ours, nil
			}
		})
		public := l.look(t, fakenet.Page("A plain page"), nil)
		if public.Fault == nil || public.Fault.Kind != casefile.FaultRefused || len(heard) != 1 || heard[0] != public.Resolution.Addresses[0].String()+":80" {
			t.Errorf("the proxy heard %v, fault %+v", heard, public.Fault)
		}
		l.net.Add(fakenet.Site{Host: "site-2.example", Acts: fakenet.Always(fakenet.AddressRefused())})
		private := l.Look(t.Context(), "local", casefile.Subject{Target: mustTarget(t, l.net.URL("site-2.example"))})
		if private.Fault == nil || private.Fault.Kind != casefile.FaultAddressRefused || len(heard) != 1 {
			t.Errorf("the proxy heard %v, fault %+v", heard, private.Fault)
		}
	})
}
