package main

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"

	"vigil/casefile"
	"vigil/cmd/app"
	"vigil/internal/config"
	"vigil/internal/fakenet"
)

// The outage: 1,000 open cases, of which every tenth is gone and being confirmed, on 250 hosts.
// Under the race detector, which slows SQLite in Go twentyfold, only the plain loss of the
// line has so many, and the other kinds of outage have outageHosts.
const (
	outageWhole = 250
	outagePages = 4
	outageLong  = time.Hour
)

// brokenLine is what stands between Vigil and the net during an outage.
type brokenLine struct {
	name  string
	hosts int             // on which the cases are; outageHosts when 0
	dns   fakenet.DNSKind // what the resolver does to every query
	// tcp takes the place of every connection to a web server; nil leaves it alone.
	tcp func(secure bool) (net.Conn, error)
	// controls cuts off the control targets only: the gate is closed, and the pages are there.
	controls bool
	// lost drops everything, queries of the resolver too.
	lost bool
}

func TestAnHourWithoutALine(t *testing.T) {
	t.Parallel()
	const words = "Welcome to the guest network of the airport. Please accept the terms of use to go on. Ask at the desk when you have no voucher. "
	page := func(status, more string) string {
		body := "<html><head><title>Guest network</title></head><body><h1>Guest network</h1><p>" + strings.Repeat(words, 6) + "</p></body></html>"
		return fmt.Sprintf("HTTP/1.1 %s\r\nContent-Type: text/html\r\nContent-Length: %d\r\nConnection: close\r\n%s\r\n%s", status, len(body), more, body)
	}
	always := func(answer string) func(*http.Request) string {
		return func(*http.Request) string { return answer }
	}
	secure := selfSigned(t)
	portal := func(answer func(*http.Request) string) func(bool) (net.Conn, error) {
		return func(https bool) (net.Conn, error) { return answerAll(https, secure, answer), nil }
	}
	refused := func(bool) (net.Conn, error) {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
	}
	plainOnly := func(answer func(*http.Request) string) func(bool) (net.Conn, error) {
		return func(https bool) (net.Conn, error) {
			if https {
				return refused(true)
			}
			return answerAll(false, nil, answer), nil
		}
	}
	toPortal := func(r *http.Request) string {
		if strings.HasPrefix(r.Host, "portal.example") {
			return page("200 OK", "")
		}
		return "HTTP/1.1 302 Found\r\nLocation: http://portal.example/login\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
	}
	for _, broken := range []brokenLine{
		{name: "nothing comes through", lost: true, hosts: outageWhole},
		{name: "every name fails", dns: fakenet.DNSServfail},
		{name: "every name does not exist", dns: fakenet.DNSNXDomain},
		{name: "every connection is refused", tcp: refused},
		{name: "a portal answers all with one page", tcp: portal(always(page("200 OK", "")))},
		{name: "a portal answers http, https is refused", tcp: plainOnly(always(page("200 OK", "")))},
		{name: "a portal sends all to its own page", tcp: portal(toPortal)},
		{name: "a broken proxy finds nothing", tcp: portal(always(page("404 Not Found", "")))},
		{name: "a broken proxy says gone", tcp: portal(always(page("410 Gone", "")))},
		{name: "only the control targets are away", controls: true},
		{name: "a proxy forbids all", tcp: portal(always(page("403 Forbidden", "")))},
	} {
		if broken.hosts == 0 {
			broken.hosts = outageHosts
		}
		t.Run(broken.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			synctest.Test(t, func(t *testing.T) { liveOutage(t, dir, broken) })
		})
	}
}

// answerAll is a connection to a server that answers every request alike.
func answerAll(https bool, secure *tls.Config, answer func(*http.Request) string) net.Conn {
	near, far := net.Pipe()
	go func() {
		defer far.Close()
		c := far
		if https {
			c = tls.Server(far, secure)
			defer c.Close()
		}
		r, err := http.ReadRequest(bufio.NewReader(c))
		if err == nil {
			_, _ = c.Write([]byte(answer(r)))
		}
	}()
	return near
}

func selfSigned(t *testing.T) *tls.Config {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	form := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Unix(0, 0), NotAfter: time.Unix(1<<33, 0), DNSNames: []string{"portal.example"}}
	der, err := x509.CreateCertificate(rand.Reader, form, form, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}} //nolint:gosec // a portal speaks what it likes
}

// outage is the world of the test.
type outage struct {
	*app.Engine
	net    *fakenet.Net
	broken brokenLine
	down   atomic.Bool
	ids    []casefile.CaseID
	// controls are where the control targets listen.
	controls map[string]bool
}

// dial is the line: it breaks as the case says while the outage lasts.
func (o *outage) dial(ctx context.Context, network, address string) (net.Conn, error) {
	whole := o.net.Dialer("local")
	if !o.down.Load() {
		return whole(ctx, network, address)
	}
	switch {
	case o.broken.lost:
		return nil, &net.OpError{Op: "dial", Net: network, Err: os.NewSyscallError("connect", syscall.ENETUNREACH)}
	case o.broken.controls && strings.HasPrefix(network, "tcp") && o.controls[address]:
		return nil, &net.OpError{Op: "dial", Net: network, Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
	case o.broken.tcp != nil && strings.HasPrefix(network, "tcp") && address != o.net.DNS():
		return o.broken.tcp(strings.HasSuffix(address, ":443"))
	}
	return whole(ctx, network, address)
}

func (o *outage) set(down bool) {
	o.down.Store(down)
	o.net.ResolverMode(o.net.DNS(), map[bool]fakenet.DNSKind{true: o.broken.dns, false: fakenet.DNSNormal}[down])
}

func liveOutage(t *testing.T, dir string, broken brokenLine) {
	ctx := t.Context()
	o := &outage{net: fakenet.New(fakenet.Options{}), broken: broken}
	defer o.net.Close()
	var reports []casefile.Report
	for i, site := range o.sites() {
		for page := range outagePages {
			x, err := casefile.NewTarget(strings.TrimSuffix(o.net.URL(site.Host), site.Path) + fmt.Sprintf("/page-%d.html", page))
			if err != nil {
				t.Fatal(err)
			}
			reports = append(reports, casefile.Report{Target: x, Source: "outage", Classification: casefile.ClassA1, Received: time.Now().UTC().Add(time.Duration(i) * time.Millisecond)})
		}
	}
	o.Engine = openOutage(ctx, t, dir, o)
	defer func() {
		o.Look.Locator.Close()
		if err := o.Close(); err != nil {
			t.Error(err)
		}
	}()
	late := outagePages // the last host is reported when the line is down already
	o.report(ctx, t, reports[:len(reports)-late])
	o.work(ctx, t, 31*time.Minute)
	before := o.cases(ctx, t)
	proveSettled(t, before)

	o.set(true)
	time.Sleep(time.Second)
	o.report(ctx, t, reports[len(reports)-late:])
	began := time.Now()
	o.work(ctx, t, outageLong)
	during := o.cases(ctx, t)
	if broken.controls {
		proveSeen(t, before, during, began)
	} else {
		proveUnmoved(t, before, during)
	}
	for _, line := range o.Gate.Status() {
		if line.Sound || line.Since.Sub(began) > 5*time.Minute {
			t.Errorf("the gate does not tell of the outage: %+v", line)
		}
	}

	o.set(false)
	restored := time.Now()
	const gap = 15 * time.Minute // first_gap
	o.work(ctx, t, gap+gap/10+2*time.Minute)
	proveVisited(t, o.cases(ctx, t), restored)
	for _, line := range o.Gate.Status() {
		if !line.Sound {
			t.Errorf("the gate did not open again: %+v", line)
		}
	}
}

// stateOf is what the world says of a case: every tenth host has lost its pages.
func stateOf(id casefile.CaseID) casefile.State {
	if (int(id)-1)/outagePages%10 == 9 {
		return casefile.StateGone
	}
	return casefile.StateLive
}

func (o *outage) sites() []fakenet.Site {
	o.controls = map[string]bool{}
	for i := range 3 {
		for _, a := range o.net.Add(fakenet.Site{Host: demoControl(i)}).Addresses {
			o.controls[netip.AddrPortFrom(a, 80).String()] = true
		}
	}
	o.net.Add(fakenet.Site{Host: "portal.example"})
	return o.net.AddMany(o.broken.hosts, func(i int) fakenet.Site {
		b := fakenet.Article(i, 120)
		if i%10 == 9 {
			b = fakenet.NotFound()
		}
		for page := range outagePages {
			b.Extra = append(b.Extra, fmt.Sprintf("/page-%d.html", page))
		}
		return fakenet.Site{Host: fmt.Sprintf("host-%d.example", i), HTTPS: i%2 == 0, Acts: fakenet.Always(b)}
	})
}

func openOutage(ctx context.Context, t *testing.T, dir string, o *outage) *app.Engine {
	t.Helper()
	cfg := config.Defaults()
	cfg.Database.URL, cfg.Seal.KeyFile = "sqlite:"+dir+"/vigil.db", dir+"/vigil.key"
	cfg.Resolver.Servers = []string{o.net.DNS()}
	cfg.Guard.AllowNetworks = o.net.Prefixes()
	cfg.Crawler.Vantages = []config.Vantage{{Name: "local", Country: "NL", Network: "AS64500"}}
	country, asn, err := o.net.WriteDatabases(dir)
	if err != nil {
		t.Fatal(err)
	}
	cfg.Geolocate = config.Geolocate{Databases: []config.GeoDatabase{{Kind: "country", Path: country}, {Kind: "asn", Path: asn}}, PerSecond: 1000}
	cfg.Scheduler.Confirm.Span = 90 * time.Minute // so that cases being confirmed are due in the outage
	for i := range 3 {
		cfg.Gate.Targets = append(cfg.Gate.Targets, o.net.URL(demoControl(i)))
	}
	h, err := app.Open(ctx, cfg, zap.NewNop(), app.World{Foreign: o.dial, Relay: func(context.Context, string, string) (net.Conn, error) {
		return nil, errors.New("no mail in this test")
	}})
	if err != nil {
		t.Fatal(err)
	}
	e, err := h.NewEngine(ctx, nil)
	if err != nil {
		t.Fatal(errors.Join(err, h.Close()))
	}
	return e
}

func (o *outage) report(ctx context.Context, t *testing.T, reports []casefile.Report) {
	t.Helper()
	added, err := o.Store.AddReports(ctx, reports, time.Now().UTC())
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range added {
		o.ids = append(o.ids, a.CaseID)
	}
}

// work makes the due rounds of every minute.
func (o *outage) work(ctx context.Context, t *testing.T, long time.Duration) {
	t.Helper()
	for end := time.Now().Add(long); time.Now().Before(end); time.Sleep(time.Minute) {
		rounds(ctx, t, o.Engine)
	}
}

func (o *outage) cases(ctx context.Context, t *testing.T) map[casefile.CaseID]casefile.Case {
	t.Helper()
	all := map[casefile.CaseID]casefile.Case{}
	for _, id := range o.ids {
		c, err := o.Store.Case(ctx, id)
		if err != nil {
			t.Fatal(err)
		}
		all[id] = c
	}
	return all
}

// proveSettled says whether the world is as the test means it before the line breaks.
func proveSettled(t *testing.T, cases map[casefile.CaseID]casefile.Case) {
	t.Helper()
	for id, c := range cases {
		if c.Last.State != stateOf(id) {
			t.Fatalf("case %d is %s/%s before the outage", id, c.Last.State, c.Last.Reason)
		}
	}
}

// proveUnmoved compares all that a verdict can move.
func proveUnmoved(t *testing.T, before, during map[casefile.CaseID]casefile.Case) {
	t.Helper()
	wrong := map[string]int{}
	for id, c := range during {
		was, known := before[id]
		if !known { // reported into the outage: nothing is known of it
			was = casefile.Case{Life: casefile.Life{Standing: casefile.Watching}}
			was.Episode.Number, was.Episode.Opened = c.Episode.Number, c.Episode.Opened
		}
		what := ""
		switch {
		case c.Standing != was.Standing:
			what = fmt.Sprintf("%s became %s", was.Standing, c.Standing)
		case c.Streak != was.Streak, c.Undecided != was.Undecided, !c.Unseen.Equal(was.Unseen):
			what = fmt.Sprintf("streaks moved: gone %d to %d, undecided %d to %d, unseen %v", was.Streak.Count, c.Streak.Count, was.Undecided.Count, c.Undecided.Count, !c.Unseen.IsZero())
		case !c.Episode.FirstGone.Equal(was.Episode.FirstGone) || !c.Episode.LastSeen.Equal(was.Episode.LastSeen):
			what = "the episode moved"
		case (c.Baseline == nil) != (was.Baseline == nil):
			what = "a page of the outage became the baseline"
		}
		if what != "" {
			wrong[fmt.Sprintf("%s, by %s/%s", what, c.Last.State, c.Last.Reason)]++
		}
	}
	tellWrong(t, wrong)
}

// proveSeen says whether what was there counted as live, and nothing else did.
func proveSeen(t *testing.T, before, during map[casefile.CaseID]casefile.Case, began time.Time) {
	t.Helper()
	wrong := map[string]int{}
	for id, c := range during {
		switch stateOf(id) {
		case casefile.StateLive:
			if c.Last.State != casefile.StateLive || c.Episode.LastSeen.Before(began) {
				wrong[fmt.Sprintf("a page that was there did not count: last %s/%s", c.Last.State, c.Last.Reason)]++
			}
		default:
			if was, known := before[id]; c.Streak != was.Streak || known && c.Standing != was.Standing {
				wrong[fmt.Sprintf("%d gone verdicts became %d", was.Streak.Count, c.Streak.Count)]++
			}
		}
	}
	tellWrong(t, wrong)
}

// proveVisited says whether every case was visited, and judged as the world is, since the line came back.
func proveVisited(t *testing.T, cases map[casefile.CaseID]casefile.Case, restored time.Time) {
	t.Helper()
	wrong := map[string]int{}
	for id, c := range cases {
		if c.Last.At.Before(restored) {
			wrong[fmt.Sprintf("not visited within the gap after the line came back: last %s/%s, due for %s", c.Last.State, c.Last.Reason, c.Due.Why)]++
		}
		if want := stateOf(id); c.Last.State != want {
			wrong[fmt.Sprintf("%s/%s after the outage; %s before", c.Last.State, c.Last.Reason, want)]++
		}
	}
	tellWrong(t, wrong)
}

func tellWrong(t *testing.T, wrong map[string]int) {
	t.Helper()
	for what, n := range wrong {
		t.Errorf("%d cases: %s", n, what)
	}
}
