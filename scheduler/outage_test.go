package scheduler

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"maps"
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

	"vigil/casefile"
	"vigil/crawler"
	"vigil/crawler/guard"
	"vigil/crawler/resolve"
	"vigil/internal/fakenet"
	"vigil/internal/fakenet/testrun"
	"vigil/lifecycle"
)

// outagePages is how many cases a host has.
const outagePages = 2

// brokenLine is what stands between Vigil and the net during an outage.
type brokenLine struct {
	name  string
	hosts int             // on which the cases are, in a long run; 40 when 0
	dns   fakenet.DNSKind // what the resolver does to every query
	// tcp takes the place of every connection to a web server; nil leaves it alone.
	tcp func(secure bool) (net.Conn, error)
	// controls cuts off the control targets only: the gate is closed, and the pages are there.
	controls bool
	// lost drops everything, queries of the resolver too.
	lost bool
}

// An hour without an uplink, in every way in which an uplink is known to break, seen by the crawler itself:
// it moves no case towards removed, and when the uplink is back every case is visited again. Every fifth host
// has lost its pages before and is being confirmed.
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
		{name: "nothing comes through", lost: true, hosts: 500},
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
			broken.hosts = 40
		}
		if !testrun.Long() {
			broken.hosts = 10
		}
		t.Run(broken.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { liveOutage(t, broken) })
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

// outage is the world of the test: the crawler in front of the simulated internet, and the cases in memory.
type outage struct {
	*rig
	gate   *Gate
	net    *fakenet.Net
	broken brokenLine
	down   atomic.Bool
	// controls are where the control targets listen.
	controls map[string]bool
}

// dial is the uplink: it breaks as the case says while the outage lasts.
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

func liveOutage(t *testing.T, broken brokenLine) {
	o := &outage{net: fakenet.New(fakenet.Options{}), broken: broken}
	defer o.net.Close()
	cases := o.sites(t)
	late := cases[len(cases)-outagePages:] // the last host is reported when the uplink is down already
	o.open(t, cases[:len(cases)-outagePages])
	o.live(t.Context(), t, 31*time.Minute)
	before := o.all()
	proveSettled(t, before)

	o.set(true)
	time.Sleep(time.Second)
	began := time.Now()
	for _, c := range late {
		c.Due.At = began
		o.shelf.cases[c.ID] = c
	}
	o.live(t.Context(), t, time.Hour)
	during := o.all()
	if broken.controls {
		proveSeen(t, before, during, began)
	} else {
		proveUnmoved(t, before, during)
	}
	for _, uplink := range o.gate.Status() {
		if uplink.Sound || uplink.Since.Sub(began) > 5*time.Minute {
			t.Errorf("the gate does not tell of the outage: %+v", uplink)
		}
	}

	o.set(false)
	restored := time.Now()
	gap := usual().FirstGap
	o.live(t.Context(), t, gap+gap/10+2*time.Minute)
	proveVisited(t, o.all(), restored)
	for _, uplink := range o.gate.Status() {
		if !uplink.Sound {
			t.Errorf("the gate did not open again: %+v", uplink)
		}
	}
}

// stateOf is what the world says of a case: every fifth host has lost its pages.
func stateOf(id casefile.CaseID) casefile.State {
	if (int(id)-1)/outagePages%5 == 4 {
		return casefile.StateGone
	}
	return casefile.StateLive
}

// sites adds the control targets and the hosts, and gives a case for each page.
func (o *outage) sites(t *testing.T) []casefile.Case {
	t.Helper()
	o.controls = map[string]bool{}
	for i := range 3 {
		for _, a := range o.net.Add(fakenet.Site{Host: controlHost(i)}).Addresses {
			o.controls[netip.AddrPortFrom(a, 80).String()] = true
		}
	}
	o.net.Add(fakenet.Site{Host: "portal.example"})
	sites := o.net.AddMany(o.broken.hosts, func(i int) fakenet.Site {
		b := fakenet.Article(i, 120)
		if i%5 == 4 {
			b = fakenet.NotFound()
		}
		for page := range outagePages {
			b.Extra = append(b.Extra, fmt.Sprintf("/page-%d.html", page))
		}
		return fakenet.Site{Host: fmt.Sprintf("host-%d.example", i), HTTPS: i%2 == 0, Acts: fakenet.Always(b)}
	})
	var cases []casefile.Case
	for _, site := range sites {
		for page := range outagePages {
			now, url := time.Now().UTC(), fmt.Sprintf("%s/page-%d.html", strings.TrimSuffix(o.net.URL(site.Host), site.Path), page)
			report := casefile.Report{Target: target(t, url), Received: now, Source: "outage"}
			c, _ := lifecycle.Open(report, casefile.HostKey(site.Host), now)
			c.ID = casefile.CaseID(len(cases) + 1)
			cases = append(cases, c)
		}
	}
	return cases
}

func controlHost(i int) string { return fmt.Sprintf("control-%d.example", i) }

// open builds what looks and decides.
func (o *outage) open(t *testing.T, cases []casefile.Case) {
	t.Helper()
	r, err := resolve.New(resolve.Options{Servers: []string{o.net.DNS()}, Dial: o.dial})
	if err != nil {
		t.Fatal(err)
	}
	// As the gate's are: without a cache.
	alone, err := resolve.New(resolve.Options{Servers: []string{o.net.DNS()}, Dial: o.dial, MaxTTL: time.Nanosecond})
	if err != nil {
		t.Fatal(err)
	}
	g, err := guard.New(guard.Options{Allow: o.net.Prefixes(), Own: []netip.Addr{}, Dial: o.dial})
	if err != nil {
		t.Fatal(err)
	}
	c, err := crawler.New(crawler.Options{
		Resolver: r, Guard: g, DigestKey: []byte("a key of a test, 32 bytes long.."),
		Vantages: []crawler.VantageOptions{{Vantage: local, Dial: o.dial}},
	})
	if err != nil {
		t.Fatal(err)
	}
	gate := GateOptions{Looker: c, Resolvers: []Resolver{alone}}
	for i := range 3 {
		gate.Targets = append(gate.Targets, target(t, o.net.URL(controlHost(i))))
	}
	if o.gate, err = NewGate(gate); err != nil {
		t.Fatal(err)
	}
	o.rig = newRig(t, newWorld(nil), newShelf(cases...), func(options *Options) {
		options.Looker, options.Gate = c, o.gate
		options.Schedule.Confirm.Span = 90 * time.Minute // so that cases being confirmed are due in the outage
	})
}

func (o *outage) all() map[casefile.CaseID]casefile.Case { return maps.Clone(o.shelf.cases) }

// proveSettled says whether the world is as the test means it before the uplink breaks.
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
			what = fmt.Sprintf("streaks moved: gone %d to %d, undecided %d to %d, unseen %v",
				was.Streak.Count, c.Streak.Count, was.Undecided.Count, c.Undecided.Count, !c.Unseen.IsZero())
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

// proveVisited says whether every case was visited, and judged as the world is, since the uplink came back.
func proveVisited(t *testing.T, cases map[casefile.CaseID]casefile.Case, restored time.Time) {
	t.Helper()
	wrong := map[string]int{}
	for id, c := range cases {
		if c.Last.At.Before(restored) {
			wrong[fmt.Sprintf("not visited within the gap after the uplink came back: last %s/%s, due for %s", c.Last.State, c.Last.Reason, c.Due.Why)]++
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
