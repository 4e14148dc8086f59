package main

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"vigil/casefile"
	"vigil/cmd/app"
	"vigil/internal/config"
	"vigil/internal/fakenet"
	"vigil/internal/fakenet/testrun"
)

// labProxy is a proxy on loopback that stands at a vantage of a simulated internet.
type labProxy struct {
	listener net.Listener
	dial     fakenet.Dial

	mu    sync.Mutex
	named []string // what it was asked for by name: it must be nothing
	lines int      // opened
	open  map[net.Conn]bool
	all   sync.WaitGroup
}

// startProxy serves HTTP CONNECT (RFC 9110, section 9.3.6), or SOCKS5 (RFC 1928).
func startProxy(t *testing.T, dial fakenet.Dial, ask func(net.Conn) (address string, done func(ok bool), err error)) *labProxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &labProxy{listener: l, dial: dial, open: map[net.Conn]bool{}}
	p.all.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			p.mu.Lock()
			p.open[c] = true
			p.mu.Unlock()
			p.all.Go(func() { p.serve(c, ask) })
		}
	})
	t.Cleanup(p.stop)
	return p
}

// stop ends the proxy and its lines; twice does no harm.
func (p *labProxy) stop() {
	_ = p.listener.Close()
	p.mu.Lock()
	for c := range p.open {
		_ = c.Close()
	}
	p.mu.Unlock()
	p.all.Wait()
}

func (p *labProxy) serve(c net.Conn, ask func(net.Conn) (string, func(bool), error)) {
	defer c.Close()
	address, done, err := ask(c)
	if err != nil {
		return
	}
	_, err = netip.ParseAddrPort(address)
	p.mu.Lock()
	p.lines++
	if err != nil {
		p.named = append(p.named, address)
	}
	p.mu.Unlock()
	var there net.Conn
	if err == nil {
		there, err = p.dial(context.Background(), "tcp", address)
	}
	done(err == nil)
	if err != nil {
		return
	}
	var both sync.WaitGroup
	both.Go(func() { _, _ = io.Copy(there, c); there.Close() })
	both.Go(func() { _, _ = io.Copy(c, there); c.Close() })
	both.Wait()
}

func (p *labProxy) heard() (named []string, lines int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.named, p.lines
}

func askConnect(c net.Conn) (string, func(bool), error) {
	r, err := http.ReadRequest(bufio.NewReader(c))
	if err != nil || r.Method != http.MethodConnect {
		return "", nil, errors.Join(errors.New("no CONNECT"), err)
	}
	return r.Host, func(ok bool) {
		answer := "HTTP/1.1 502 Bad Gateway\r\n\r\n"
		if ok {
			answer = "HTTP/1.1 200 Connection established\r\n\r\n"
		}
		_, _ = io.WriteString(c, answer)
	}, nil
}

func askSOCKS(c net.Conn) (string, func(bool), error) {
	head := make([]byte, 2)
	if _, err := io.ReadFull(c, head); err != nil {
		return "", nil, err
	}
	if _, err := io.CopyN(io.Discard, c, int64(head[1])); err != nil {
		return "", nil, err
	}
	_, _ = c.Write([]byte{5, 0})
	request := make([]byte, 4)
	if _, err := io.ReadFull(c, request); err != nil {
		return "", nil, err
	}
	size := map[byte]int{1: 4, 4: 16}[request[3]]
	if size == 0 {
		return "", nil, errors.New("asked for no address")
	}
	where := make([]byte, size+2)
	if _, err := io.ReadFull(c, where); err != nil {
		return "", nil, err
	}
	a, _ := netip.AddrFromSlice(where[:size])
	return netip.AddrPortFrom(a, binary.BigEndian.Uint16(where[size:])).String(), func(ok bool) {
		answer := []byte{5, 5, 0, 1, 0, 0, 0, 0, 0, 0}
		if ok {
			answer[1] = 0
		}
		_, _ = c.Write(answer)
	}, nil
}

// TestVantagesThroughVisits lets cases live through whole visits from three vantages: a
// direct line, an HTTP proxy and a SOCKS5 proxy. What one country is denied is fenced
// and goes to a person; what is gone for all is removed after the configured streak,
// not twice that; and when a proxy dies, its vantage gets a note and holds up nothing.
func TestVantagesThroughVisits(t *testing.T) {
	t.Parallel()
	places := []casefile.Vantage{{Name: "local", Country: "NL", Network: "AS64500"}, {Name: "web", Country: "SE", Network: "AS64501"}, {Name: "socks", Country: "PL", Network: "AS64502"}}
	n := fakenet.New(fakenet.Options{Vantages: places, TTL: -1, NegativeTTL: -1})
	t.Cleanup(n.Close)
	fenced := fakenet.GeoAbsent(fakenet.Article(1, 4000), "SE")
	sites := map[string]fakenet.Behaviour{"fenced.example": fenced, "gone.example": fakenet.NotFound()}
	for i, host := range []string{"one.example", "two.example", "three.example", "four.example", "five.example"} {
		sites[host] = fakenet.Article(10+i, 4000)
	}
	var urls []string
	for host, b := range sites {
		n.Add(fakenet.Site{Host: host, Acts: fakenet.Always(b)})
		urls = append(urls, n.URL(host))
	}
	web, socks := startProxy(t, n.Dialer("web"), askConnect), startProxy(t, n.Dialer("socks"), askSOCKS)
	core, logs := observer.New(zapcore.WarnLevel)
	e := openProxied(t, n, places, web, socks, zap.New(core))
	cases := reportAll(t, e, urls)

	wait := func(what string, until func() bool) {
		t.Helper()
		testrun.Eventually(t, what, func() bool {
			if until() {
				return true
			}
			rounds(t.Context(), t, e)
			if err := e.Agreement.Compare(t.Context()); err != nil {
				t.Fatal(err)
			}
			return false
		})
	}
	get := func(host string) casefile.Case {
		t.Helper()
		c, err := e.Store.Case(t.Context(), cases[n.URL(host)])
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	standing := func(host string, s casefile.Standing) func() bool {
		return func() bool { return get(host).Standing == s }
	}
	wait("the fenced case goes to a person", standing("fenced.example", casefile.Review))
	wait("the gone case is removed", standing("gone.example", casefile.Removed))
	if c := get("fenced.example"); c.Last.Reason != casefile.ReasonFenced || c.Episode.FirstSeen.IsZero() || c.Undecided.Count < 3 {
		t.Errorf("fenced: last %s, %d undecided verdicts, first seen %v", c.Last.Reason, c.Undecided.Count, c.Episode.FirstSeen)
	}
	last := lastVisit(t, e, cases[n.URL("fenced.example")])
	if len(last.Verdict.Dissent) != 3 {
		t.Errorf("fenced: dissent %+v, want every vantage with what it alone would say", last.Verdict.Dissent)
	}
	if c := get("gone.example"); app.Removal(e.Config) != casefile.Confirm(e.Config.Scheduler.Confirm) || c.Streak.Count != 3 {
		t.Errorf("removed by %d verdicts, needs %+v", c.Streak.Count, app.Removal(e.Config))
	}
	for name, p := range map[string]*labProxy{"HTTP": web, "SOCKS5": socks} {
		if named, lines := p.heard(); len(named) > 0 || lines == 0 {
			t.Errorf("the %s proxy opened %d lines and was asked for names: %q", name, lines, named)
		}
	}
	if said := e.Degraded(); len(said) > 0 {
		t.Errorf("while all is well: %q", said)
	}

	web.stop()
	wait("a note on the dead proxy", func() bool { return len(e.Degraded()) > 0 })
	if said := e.Degraded(); len(said) != 1 || !strings.Contains(said[0], "vantage web") || !strings.Contains(said[0], "mostly silent") {
		t.Errorf("said %q", said)
	}
	if c := get("one.example"); c.Last.State != casefile.StateLive || c.Standing != casefile.Watching {
		t.Errorf("with a dead proxy: %s, last %s", c.Standing, c.Last.State)
	}
	if noted := logs.FilterMessage("vantage always dissents; see vigil doctor").Len(); noted != 1 {
		t.Errorf("logged %d times", noted)
	}
}

// openProxied opens an engine that looks from the places: directly, and through the proxies.
func openProxied(t *testing.T, n *fakenet.Net, places []casefile.Vantage, web, socks *labProxy, log *zap.Logger) *app.Engine {
	t.Helper()
	dir := t.TempDir()
	cfg := config.Defaults()
	cfg.Database.URL, cfg.Seal.KeyFile = "sqlite:"+dir+"/vigil.db", dir+"/vigil.key"
	cfg.Resolver.Servers, cfg.Guard.AllowNetworks = []string{n.DNS()}, n.Prefixes()
	for i, proxy := range []string{"", "http://" + web.listener.Addr().String(), "socks5://" + socks.listener.Addr().String()} {
		cfg.Crawler.Vantages = append(cfg.Crawler.Vantages[:i:i], config.Vantage{Name: places[i].Name, Country: places[i].Country, Network: places[i].Network, Proxy: proxy})
	}
	cfg.Crawler.PerHostGap, cfg.Crawler.Timeout = 0, 5*time.Second
	country, asn, err := n.WriteDatabases(dir)
	if err != nil {
		t.Fatal(err)
	}
	cfg.Geolocate = config.Geolocate{Databases: []config.GeoDatabase{{Kind: "country", Path: country}, {Kind: "asn", Path: asn}}, PerSecond: 1000}
	s := &cfg.Scheduler
	s.FirstGap, s.MaxGap, s.Growth = 10*time.Millisecond, 200*time.Millisecond, 0
	s.Confirm = config.Confirm{Verdicts: 3, Span: 300 * time.Millisecond}
	h, err := app.Open(t.Context(), cfg, log, app.World{Foreign: n.Dialer(places[0].Name)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.Close() })
	e, err := h.NewEngine(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Look.Locator.Close() })
	return e
}

// reportAll reports URLs and gives their cases.
func reportAll(t *testing.T, e *app.Engine, urls []string) map[string]casefile.CaseID {
	t.Helper()
	var reports []casefile.Report
	for _, url := range urls {
		at, problem := e.Parse(url)
		if problem != nil {
			t.Fatal(problem)
		}
		reports = append(reports, casefile.Report{Target: at, Source: "test", Classification: casefile.ClassBaseline, Received: time.Now().UTC()})
	}
	added, err := e.Store.AddReports(t.Context(), reports, time.Now().UTC())
	if err != nil {
		t.Fatal(err)
	}
	cases := map[string]casefile.CaseID{}
	for i, a := range added {
		cases[urls[i]] = a.CaseID
	}
	return cases
}

func lastVisit(t *testing.T, e *app.Engine, id casefile.CaseID) casefile.Visit {
	t.Helper()
	visits, err := e.Store.Visits(t.Context(), id, 0, 1)
	if err != nil || len(visits) != 1 {
		t.Fatalf("%d visits, %v", len(visits), err)
	}
	return visits[0]
}
