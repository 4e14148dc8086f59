package registry

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

var (
	addr7   = netip.MustParseAddr("192.0.2.7")
	compare = cmp.Options{cmpopts.EquateComparable(netip.Addr{}, netip.Prefix{}), cmpopts.IgnoreFields(Network{}, "AsOf"), cmpopts.IgnoreFields(Domain{}, "AsOf"), cmpopts.IgnoreFields(Attempt{}, "At"), cmpopts.EquateEmpty()}
)

func TestNetworkByRDAP(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.answer("/rdap/ip/192.0.2.7", network("192.0.2.0", "192.0.2.127"))
	r := l.open(nil)
	want := Network{
		Provenance: Provenance{Source: SourceRDAP}, First: netip.MustParseAddr("192.0.2.0"), Last: netip.MustParseAddr("192.0.2.127"), Prefix: netip.MustParsePrefix("192.0.2.0/25"),
		Handle: "NET-1", Name: "EXAMPLE-NET", Organisation: "Example Hosting", Country: "NL", RIR: "arin",
		Contacts: []Contact{{Role: RoleAbuse, Name: "Abuse desk", Email: "abuse@host.example", Found: FoundAbuseRole}, {Role: "registrant", Name: "Example Hosting", Email: "office@host.example", Found: FoundMailLine}},
	}
	for _, addr := range []string{"192.0.2.7", "192.0.2.7", "192.0.2.100", "::ffff:192.0.2.1"} {
		got := r.Network(t.Context(), netip.MustParseAddr(addr))
		if diff := cmp.Diff(want, got, compare); diff != "" {
			t.Errorf("%s: %s", addr, diff)
		}
		if time.Since(got.AsOf) > time.Minute || got.AsOf.Location() != time.UTC {
			t.Errorf("as of %v", got.AsOf)
		}
	}
	if n := l.count("/rdap/ip/192.0.2.7"); n != 1 {
		t.Errorf("asked %d times for one network", n)
	}
	if n := l.count("/boot/ipv4.json"); n != 1 {
		t.Errorf("bootstrap file read %d times", n)
	}
	r.Network(t.Context(), netip.MustParseAddr("192.0.2.200"))
	if n := l.count("/rdap/ip/192.0.2.200"); n != 1 {
		t.Errorf("an address outside the range was asked %d times, want once", n)
	}
}

func TestWideAnswerHoldsForItsBlockOnly(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	for _, addr := range []string{"192.0.2.7", "198.51.100.7"} {
		l.answer("/rdap/ip/"+addr, network("192.0.0.0", "198.255.255.255"))
	}
	r := l.open(nil)
	r.Network(t.Context(), addr7)
	r.Network(t.Context(), netip.MustParseAddr("198.51.100.7"))
	if n := l.count("/rdap/ip/198.51.100.7"); n != 1 {
		t.Errorf("another block of a wide answer was asked %d times, want once", n)
	}
}

// TestRDAPProblems: whatever goes wrong is an attempt with its problem, in time, and WHOIS is asked next.
func TestRDAPProblems(t *testing.T) {
	t.Parallel()
	const path = "/rdap/ip/192.0.2.7"
	big := bytes.Repeat([]byte(" "), maxBody+10)
	tests := []struct {
		name   string
		answer http.HandlerFunc
		want   Problem
	}{
		{"no such object", http.NotFound, ProblemNotFound},
		{"too many requests", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "120")
			w.WriteHeader(http.StatusTooManyRequests)
		}, ProblemRateLimited},
		{"server error", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) }, ProblemServer},
		{"garbage", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<html>hello") }, ProblemBroken},
		{"empty answer", func(http.ResponseWriter, *http.Request) {}, ProblemBroken},
		{"no addresses", func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, `{"objectClassName":"ip network"}`)
		}, ProblemBroken},
		{"over the bound", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(big) }, ProblemTooLarge},
		{"another network", func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, network("198.51.100.0", "198.51.100.255"))
		}, ProblemOtherObject},
		{"another kind of object", func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, `{"objectClassName":"domain","ldhName":"site-1.example"}`)
		}, ProblemOtherObject},
		{"error document", func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, `{"errorCode":404,"title":"not found"}`)
		}, ProblemNotFound},
		{"space of nobody", func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, strings.Replace(network("0.0.0.0", "255.255.255.255"), "EXAMPLE-NET", "IANA-BLK", 1))
		}, ProblemNotFound},
		{"redirect loop", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, r.URL.Path, http.StatusFound) }, ProblemServer},
		{"connection cut", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, ProblemUnreachable},
		{"slow drip", func(w http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil {
				_, _ = io.WriteString(w, " ")
				w.(http.Flusher).Flush()
				time.Sleep(20 * time.Millisecond)
			}
		}, ProblemTimeout},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t)
			l.handle(path, test.answer)
			l.root = says("inetnum: 192.0.2.0 - 192.0.2.255\nnetname: FALLBACK\ncountry: DE\n")
			r := l.open(func(o *Options) {
				if test.want == ProblemTimeout {
					o.Timeout = 300 * time.Millisecond
				}
			})
			got := r.Network(t.Context(), addr7)
			if got.Source != SourceWHOIS || got.Name != "FALLBACK" || got.Country != "DE" {
				t.Errorf("fallback: %+v", got)
			}
			if diff := cmp.Diff([]Attempt{{Source: SourceRDAP, Problem: test.want}}, got.Failed, compare); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestRetryAfterIsHonoured(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.handle("/rdap/ip/192.0.2.7", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "3600")
		w.WriteHeader(http.StatusServiceUnavailable)
	})
	l.answer("/rdap/ip/198.51.100.7", network("198.51.100.0", "198.51.100.255"))
	r := l.open(func(o *Options) { o.NoWHOIS = true; o.Retry = time.Nanosecond })
	for _, addr := range []string{"192.0.2.7", "192.0.2.7", "198.51.100.7"} {
		got := r.Network(t.Context(), netip.MustParseAddr(addr))
		if diff := cmp.Diff([]Attempt{{Source: SourceRDAP, Problem: ProblemRateLimited}}, got.Failed, compare); diff != "" || got.Source != "" {
			t.Errorf("%s: %s", addr, diff)
		}
	}
	if l.count("/rdap/ip/192.0.2.7") != 1 || l.count("/rdap/ip/198.51.100.7") != 0 {
		t.Error("the server was asked although it wanted to be left alone")
	}
}

func TestRatePerServer(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	r := l.open(func(o *Options) { o.NoWHOIS = true; o.PerSecond = 0.001; o.Burst = 2 })
	problems := map[Problem]int{}
	for i := range 4 { // the bootstrap file takes one of two
		got := r.Network(t.Context(), netip.AddrFrom4([4]byte{192, 0, 2, byte(i)}))
		problems[got.Failed[0].Problem]++
	}
	if problems[ProblemNotFound] != 1 || problems[ProblemRateLimited] != 3 {
		t.Errorf("problems %v, want one query and three refused by our own limit", problems)
	}
}

func TestNetworkByWHOIS(t *testing.T) {
	t.Parallel()
	ripe := "% Note: this is a test\n\n% Abuse contact for '192.0.2.0 - 192.0.2.255' is 'abuse@host.example'\n\ninetnum: 192.0.2.0 - 192.0.2.255\nnetname: EXAMPLE-NET\ncountry: NL\norg: ORG-1\n\norganisation: ORG-1\norg-name: Example H\xf6sting\n\nroute: 192.0.2.0/24\norigin: AS64500\n"
	tests := []struct {
		name     string
		root     func(*lab) func(string, net.Conn)
		registry func(string, net.Conn)
		want     Network
		problem  Problem
	}{
		{name: "root refers to the registry", root: (*lab).refers, registry: says(ripe), want: Network{
			Provenance: Provenance{Source: SourceWHOIS}, First: netip.MustParseAddr("192.0.2.0"), Last: netip.MustParseAddr("192.0.2.255"), Prefix: netip.MustParsePrefix("192.0.2.0/24"),
			Handle: "192.0.2.0 - 192.0.2.255", Name: "EXAMPLE-NET", Organisation: "Example Hösting", Country: "NL", ASN: 64500, Contacts: []Contact{{Role: RoleAbuse, Email: "abuse@host.example", Found: FoundAbuseC}},
		}},
		{name: "registry is silent", root: (*lab).refers, problem: ProblemBroken},
		{name: "registry complains", root: (*lab).refers, registry: says("%ERROR:201: access denied\n"), problem: ProblemRateLimited},
		{name: "registry knows nothing", root: (*lab).refers, registry: says("%ERROR:101: no entries found\n"), problem: ProblemNotFound},
		{name: "another network", root: (*lab).refers, registry: says("inetnum: 198.51.100.0/24\nnetname: OTHER\n"), problem: ProblemOtherObject},
		{name: "referral without an end of line", root: func(l *lab) func(string, net.Conn) { return says("refer: " + l.regAt) }, registry: says("refer: "), problem: ProblemNotFound},
		{name: "referral loop", root: func(l *lab) func(string, net.Conn) { return says("refer: " + l.rootAt + "\n") }, problem: ProblemNotFound},
		{name: "endless answer", root: (*lab).refers, registry: func(_ string, w net.Conn) {
			for {
				if _, err := io.WriteString(w, strings.Repeat("remarks: again\n", 1000)); err != nil {
					return
				}
			}
		}, problem: ProblemTooLarge},
		{name: "slow drip", root: (*lab).refers, registry: func(_ string, w net.Conn) {
			for {
				if _, err := io.WriteString(w, "% wait\n"); err != nil {
					return
				}
				time.Sleep(20 * time.Millisecond)
			}
		}, problem: ProblemTimeout},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t)
			l.root, l.registry = test.root(l), test.registry
			r := l.open(func(o *Options) {
				o.NoRDAP = true
				if test.problem == ProblemTimeout {
					o.Timeout = 300 * time.Millisecond
				}
			})
			want := test.want
			if test.problem != "" {
				want = Network{First: addr7, Last: addr7, Provenance: Provenance{Failed: []Attempt{{Source: SourceWHOIS, Problem: test.problem}}}}
			}
			if diff := cmp.Diff(want, r.Network(t.Context(), addr7), compare); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestConcurrentQueries: one query a network, whoever asks; run with -race.
func TestConcurrentQueries(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	for i := range 4 {
		addr := fmt.Sprintf("192.0.2.%d", 64*i)
		l.handle("/rdap/ip/"+addr, func(w http.ResponseWriter, _ *http.Request) {
			time.Sleep(5 * time.Millisecond)
			_, _ = io.WriteString(w, network(addr, fmt.Sprintf("192.0.2.%d", 64*i+63)))
		})
	}
	l.answer("/rdap/domain/site-1.example", domainJSON)
	r := l.open(func(o *Options) { o.NoWHOIS = true })
	var wg sync.WaitGroup
	for i := range 32 {
		wg.Go(func() {
			addr := netip.AddrFrom4([4]byte{192, 0, 2, byte(64 * (i % 4))})
			if n := r.Network(t.Context(), addr); n.Source != SourceRDAP || !n.covers(addr) {
				t.Errorf("%+v", n)
			}
			if d := r.Domain(t.Context(), "site-1.example"); d.Source != SourceRDAP {
				t.Errorf("%+v", d)
			}
		})
	}
	wg.Wait()
	for i := range 4 {
		if n := l.count(fmt.Sprintf("/rdap/ip/192.0.2.%d", 64*i)); n != 1 {
			t.Errorf("network %d asked %d times", i, n)
		}
	}
}

func TestCallerWhoStops(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.handle("/rdap/ip/192.0.2.7", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	r := l.open(nil)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	stopped, stop := context.WithCancel(t.Context())
	stop()
	if got := r.Network(stopped, addr7); got.Failed[0].Problem != ProblemInterrupted {
		t.Errorf("%+v", got)
	}
	if got := r.Network(ctx, addr7); got.Source != "" || got.Failed[0].Problem != ProblemTimeout {
		t.Errorf("%+v", got)
	}
}

func TestRefusedDialsAndDeadBootstrap(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	dials := 0
	r := l.open(func(o *Options) {
		o.Dial = func(context.Context, string, string) (net.Conn, error) {
			dials++
			return nil, errors.New("address refused")
		}
	})
	want := []Attempt{{Source: SourceRDAP, Problem: ProblemUnreachable}, {Source: SourceWHOIS, Problem: ProblemUnreachable}}
	for range 2 {
		if diff := cmp.Diff(want, r.Network(t.Context(), addr7).Failed, compare); diff != "" {
			t.Error(diff)
		}
	}
	if dials != 2 {
		t.Errorf("%d dials for one address, want one for each source", dials)
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	dial, lookup := (&net.Dialer{}).DialContext, func(context.Context, string) ([]netip.Addr, error) { return nil, nil }
	for want, o := range map[string]Options{
		"needs Dial":      {LookupHost: lookup},
		"rdap.bootstrap":  {Dial: dial, LookupHost: lookup, Bootstrap: "ftp://files.example/"},
		"whois.server":    {Dial: dial, LookupHost: lookup, WHOISServer: "whois.example"},
		"times must not":  {Dial: dial, LookupHost: lookup, NetworkTTL: -1},
		"bounds must not": {Dial: dial, LookupHost: lookup, Burst: -1},
	} {
		if _, err := New(o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v does not say %q", err, want)
		}
	}
}
