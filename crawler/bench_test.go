package crawler_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync/atomic"
	"testing"

	"vigil/casefile"
	"vigil/crawler"
	"vigil/internal/fakenet"
)

const benchSites = 2000

// benchNet are sites of 20 KiB pages on loopback sockets.
func benchNet(b *testing.B) (*fakenet.Net, *fakenet.Sockets) {
	b.Helper()
	n := fakenet.New(fakenet.Options{})
	b.Cleanup(n.Close)
	article := fakenet.Article(1, 20<<10)
	n.AddMany(benchSites, func(i int) fakenet.Site {
		return fakenet.Site{Host: "site-" + strconv.Itoa(i) + ".example", Acts: fakenet.Always(article)}
	})
	s, err := n.Listen(fakenet.SocketOptions{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(s.Close)
	return n, s
}

// BenchmarkLook is a whole look, DNS and all, over loopback sockets. Compare with
// BenchmarkRawHTTP of the same run: the ratio wanted is at least 0.4.
func BenchmarkLook(b *testing.B) {
	n, s := benchNet(b)
	c := newCrawler(b, s.Dialer, n.DNS(), func(o *crawler.Options) { o.Timeout = 0 })
	targets := make([]casefile.Target, benchSites)
	for i := range targets {
		targets[i] = mustTarget(b, n.URL("site-"+strconv.Itoa(i)+".example"))
	}
	var next atomic.Int64
	b.ReportAllocs()
	b.SetParallelism(32)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			o := c.Look(b.Context(), "local", casefile.Subject{Target: targets[next.Add(1)%benchSites], Purpose: casefile.PurposeTarget})
			if o.Fault != nil || o.Status != 200 || o.BodyBytes < 16<<10 {
				b.Errorf("status %d, %d bytes, fault %+v", o.Status, o.BodyBytes, o.Fault)
				return
			}
		}
	})
}

// BenchmarkRawHTTP is net/http alone: look up, get, hash, find the title.
func BenchmarkRawHTTP(b *testing.B) {
	n, s := benchNet(b)
	dial := s.Dialer("local")
	resolver := &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) { return dial(ctx, network, n.DNS()) }}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		host, port, err := net.SplitHostPort(address)
		if err != nil {
			return nil, err
		}
		ips, err := resolver.LookupNetIP(ctx, "ip", host)
		if err != nil {
			return nil, err
		}
		return dial(ctx, network, net.JoinHostPort(ips[0].Unmap().String(), port))
	}}}
	var next atomic.Int64
	b.ReportAllocs()
	b.SetParallelism(32)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			r, err := client.Get(n.URL("site-" + strconv.FormatInt(next.Add(1)%benchSites, 10) + ".example"))
			if err != nil {
				b.Error(err)
				return
			}
			body, err := io.ReadAll(r.Body)
			_ = r.Body.Close()
			sum := sha256.Sum256(body)
			if err != nil || r.StatusCode != http.StatusOK || sum == [sha256.Size]byte{} || !bytes.Contains(body, []byte("<title>")) {
				b.Errorf("status %d, %v", r.StatusCode, err)
				return
			}
		}
	})
}
