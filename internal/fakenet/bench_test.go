package fakenet

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"
)

func benchNet(b *testing.B) (*Net, *Sockets) {
	n := New(Options{})
	b.Cleanup(n.Close)
	page := Article(1, 20<<10)
	n.AddMany(2000, func(i int) Site { return Site{Host: host(i), Acts: Always(page)} })
	s, err := n.Listen(SocketOptions{})
	if err != nil {
		b.Fatal(err)
	}
	return n, s
}

// BenchmarkPage fetches a page of 20 KiB over a fresh connection of loopback.
func BenchmarkPage(b *testing.B) {
	n, s := benchNet(b)
	c := n.Client(s.Dialer("nl-1"))
	b.ReportAllocs()
	b.ResetTimer()
	for i := 0; b.Loop(); i++ {
		benchGet(b, c, n.URL(host(i%2000)))
	}
}

// BenchmarkPageBareServer is the same against a bare net/http server: the floor.
func BenchmarkPageBareServer(b *testing.B) {
	body := []byte(strings.Repeat("x", 20<<10))
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(body) }))
	defer s.Close()
	var d net.Dialer
	c := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, a string) (net.Conn, error) { return d.DialContext(ctx, "tcp", a) }}}
	b.ReportAllocs()
	b.ResetTimer()
	for b.Loop() {
		benchGet(b, c, s.URL)
	}
}

func benchGet(b *testing.B, c *http.Client, url string) {
	r, err := c.Get(url)
	if err != nil {
		b.Fatal(err)
	}
	size, err := io.Copy(io.Discard, r.Body)
	_ = r.Body.Close()
	if err != nil || size < 20<<10 {
		b.Fatal(size, err)
	}
}

// BenchmarkAnswer is the work of the DNS server alone.
func BenchmarkAnswer(b *testing.B) {
	n, _ := benchNet(b)
	q := new(dns.Msg)
	q.SetQuestion(host(7)+".", dns.TypeA)
	q.SetEdns0(1232, false)
	packed, err := q.Pack()
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	b.ResetTimer()
	for b.Loop() {
		if out, _ := n.answer(packed, dnsView{server: n.resolvers[0], udp: true}); len(out) < 12 {
			b.Fatal("no answer")
		}
	}
}

// BenchmarkAddMany puts the sites of a large benchmark on the net.
func BenchmarkAddMany(b *testing.B) {
	page := Article(1, 20<<10)
	for b.Loop() {
		n := New(Options{Start: time.Now()})
		n.AddMany(20_000, func(i int) Site { return Site{Host: host(i), Acts: Always(page)} })
		n.Close()
	}
}
