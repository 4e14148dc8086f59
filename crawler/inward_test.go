package crawler_test

import (
	"context"
	"net"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"vigil/casefile"
	"vigil/crawler"
	"vigil/internal/fakenet"
)

// watched is a lab that notes every address that was dialled for the web.
func watched(t *testing.T) (*lab, func() []string) {
	t.Helper()
	n := fakenet.New(fakenet.Options{})
	t.Cleanup(n.Close)
	var mu sync.Mutex
	var dialled []string
	inner := n.Dialer("local")
	c := newCrawler(t, n.Dialer, n.DNS(), func(o *crawler.Options) {
		o.Vantages[0].Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
			mu.Lock()
			dialled = append(dialled, address)
			mu.Unlock()
			return inner(ctx, network, address)
		}
	})
	return &lab{Crawler: c, net: n}, func() []string {
		mu.Lock()
		defer mu.Unlock()
		return dialled
	}
}

// No spelling of an inward address gets a redirect dialled, and no URL that parsers
// read in two ways gets past ours.
func TestRedirectsInwardAreNeverDialled(t *testing.T) {
	t.Parallel()
	for _, to := range []string{
		"http://127.0.0.1/", "http://127.1/", "http://2130706433/", "http://0x7f000001/", "http://0177.0.0.1/", "http://0x7f.1/",
		"http://10.0.0.1/", "http://172.16.0.1/", "http://192.168.0.1/", "http://100.64.0.1/", "http://169.254.169.254/latest/",
		"http://0.0.0.0/", "http://0/", "http://255.255.255.255/", "http://224.0.0.1/",
		"http://[::1]/", "http://[::]/", "http://[::ffff:127.0.0.1]/", "http://[::ffff:7f00:1]/", "http://[fe80::1]/", "http://[fd00::1]/",
		"http://[64:ff9b::7f00:1]/", "http://[2002:7f00:1::]/", "http://[2001:0:7f00:1::]/",
		"http://localhost/", "http://LOCALHOST./", "http://inward.example/", "http://mixed.example/",
		"http://①②⑦.⓪.⓪.①/", "http://127。0。0。1/", "http://127.0.0.1%2f@site-1.example/", "http://site-1.example@127.0.0.1/", "http://site-1.example:80@127.0.0.1/",
		"http:\\\\127.0.0.1\\", "//127.0.0.1/", "\\\\127.0.0.1\\", "http:///127.0.0.1/", "http:127.0.0.1/", "\thttp://127.0.0.1/",
		"http://site-1.example#@127.0.0.1:25/", "file:///etc/passwd", "gopher://127.0.0.1/", "javascript:alert(1)", "http://127.0.0.1:99999/", "http://[::1", "http://%31%32%37.0.0.1/",
	} {
		t.Run(strings.Trim(to, "/"), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				l, dialled := watched(t)
				l.net.Add(fakenet.Site{Host: "inward.example", Acts: fakenet.Always(fakenet.AddressRefused())})
				l.net.Add(fakenet.Site{Host: "mixed.example", Acts: fakenet.Always(fakenet.AddressRefused(netip.MustParseAddr("192.0.2.77"), netip.MustParseAddr("::ffff:10.0.0.1")))})
				var asked atomic.Int64
				b := fakenet.Raw("inward", "", func(c net.Conn, _ *fakenet.Request) {
					head := "HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: " + to + "\r\n\r\n"
					if asked.Add(1) > 1 { // what the URL leads back to the site itself is harmless
						head = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
					}
					_, _ = c.Write([]byte(head))
				})
				b.Everywhere = true
				o := l.look(t, b, nil)
				site := o.Resolution.Addresses[0].String() + ":80"
				for _, a := range dialled() {
					if a != site && !strings.HasSuffix(a, ":53") {
						t.Errorf("dialled %s", a)
					}
				}
				if len(o.Hops) == 1 && (o.Fault == nil || o.Fault.Kind != casefile.FaultAddressRefused && o.Fault.Kind != casefile.FaultProtocol && o.Fault.Kind != casefile.FaultNXDomain) {
					t.Errorf("fault %+v", o.Fault)
				}
			})
		})
	}
}

// A name that changes its mind between two questions is refused as soon as it points
// inward: within a look that comes back to it, and in the next look.
func TestRebindingBetweenQuestionsIsRefused(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l, dialled := watched(t)
		own := netip.MustParseAddr("192.0.2.77")
		b := fakenet.Rebinding(own)
		l.net.Add(fakenet.Site{Host: "site-1.example", Acts: fakenet.Always(b)})
		subject := casefile.Subject{Target: mustTarget(t, l.net.URL("site-1.example"))}
		refused := 0
		for range 6 {
			o := l.Look(t.Context(), "local", subject)
			if o.Fault != nil && o.Fault.Kind == casefile.FaultAddressRefused {
				refused++
			}
		}
		if refused == 0 {
			t.Error("the name never changed its mind: the test shows nothing")
		}
		for _, a := range dialled() {
			if host, _, _ := net.SplitHostPort(a); host != own.String() && !strings.HasSuffix(a, ":53") {
				t.Errorf("dialled %s", a)
			}
		}
	})
}
