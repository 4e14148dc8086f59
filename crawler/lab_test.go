package crawler_test

import (
	"context"
	"net"
	"net/netip"
	"testing"
	"time"

	"go.uber.org/goleak"

	"vigil/casefile"
	"vigil/crawler"
	"vigil/crawler/guard"
	"vigil/crawler/resolve"
	"vigil/crawler/target"
	"vigil/internal/fakenet"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// lab is a crawler in front of a simulated internet, all in memory.
type lab struct {
	*crawler.Crawler
	net *fakenet.Net
}

// labPrefixes are the networks the simulated internet lives in.
var labPrefixes = []netip.Prefix{
	netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("198.51.100.0/24"),
	netip.MustParsePrefix("203.0.113.0/24"), netip.MustParsePrefix("2001:db8::/32"),
}

func newLab(t testing.TB, change func(*crawler.Options)) *lab {
	t.Helper()
	n := fakenet.New(fakenet.Options{})
	t.Cleanup(n.Close)
	return &lab{Crawler: newCrawler(t, n.Dialer, n.DNS(), change), net: n}
}

func newCrawler(t testing.TB, dialer func(string) fakenet.Dial, dns string, change func(*crawler.Options)) *crawler.Crawler {
	t.Helper()
	r, err := resolve.New(resolve.Options{Servers: []string{dns}, Dial: dialer("local")})
	if err != nil {
		t.Fatal(err)
	}
	g, err := guard.New(guard.Options{Allow: labPrefixes, Own: []netip.Addr{}, Dial: func(context.Context, string, string) (net.Conn, error) {
		t.Error("the guard's own dialer was used in a test")
		return nil, net.ErrClosed
	}})
	if err != nil {
		t.Fatal(err)
	}
	o := crawler.Options{
		Resolver: r, Guard: g, Timeout: 20 * time.Second, DigestKey: []byte("a key of a test, 32 bytes long.."),
		Vantages: []crawler.VantageOptions{{Vantage: casefile.Vantage{Name: "local", Country: "NL", Network: "AS64500"}, Dial: dialer("local")}},
	}
	if change != nil {
		change(&o)
	}
	c, err := crawler.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func mustTarget(t testing.TB, url string) casefile.Target {
	t.Helper()
	parsed, problem := target.Parse(url)
	if problem != nil {
		t.Fatalf("%s: %v", url, problem)
	}
	return parsed
}

// look adds a site of one behaviour and looks at it.
func (l *lab) look(t testing.TB, b fakenet.Behaviour, change func(*fakenet.Site)) casefile.Observation {
	t.Helper()
	site := fakenet.Site{Host: "site-1.example", Acts: fakenet.Always(b)}
	if change != nil {
		change(&site)
	}
	l.net.Add(site)
	return l.Look(t.Context(), "local", casefile.Subject{Target: mustTarget(t, l.net.URL(site.Host)), Purpose: casefile.PurposeTarget})
}
