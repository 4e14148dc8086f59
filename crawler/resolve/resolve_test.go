package resolve_test

import (
	"context"
	"net"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"go.uber.org/goleak"

	"vigil/casefile"
	"vigil/crawler/resolve"
	"vigil/internal/fakenet"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var compareAddr = cmpopts.EquateComparable(netip.Addr{})

// lab runs f in virtual time with a simulated DNS of two servers.
func lab(t *testing.T, f func(t *testing.T, n *fakenet.Net, r *resolve.Resolver)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		n := fakenet.New(fakenet.Options{MoreResolvers: []string{"198.51.100.254:53"}})
		defer n.Close()
		r, err := resolve.New(resolve.Options{Servers: []string{n.DNS(), "198.51.100.254:53"}, Dial: n.Dialer("local")})
		if err != nil {
			t.Fatal(err)
		}
		f(t, n, r)
	})
}

func add(n *fakenet.Net, host string, d fakenet.DNS) {
	n.Add(fakenet.Site{Host: host, Acts: fakenet.Always(fakenet.Page("A plain page").On(d))})
}

func TestResolveReadsAnswers(t *testing.T) {
	t.Parallel()
	four, six := netip.MustParseAddr("192.0.2.7"), netip.MustParseAddr("2001:db8:1::7")
	both := []netip.Addr{four, six}
	for _, tt := range []struct {
		name  string
		dns   fakenet.DNS
		want  casefile.Resolution
		fault casefile.FaultKind
	}{
		{"both families, A first", fakenet.DNS{Addresses: []netip.Addr{six, four}}, casefile.Resolution{Rcode: "NOERROR", Addresses: both}, ""},
		{"IPv6 only", fakenet.DNS{Addresses: []netip.Addr{six}}, casefile.Resolution{Rcode: "NOERROR", Addresses: both[1:]}, ""},
		{"validated", fakenet.DNS{Addresses: both, Authenticated: true}, casefile.Resolution{Rcode: "NOERROR", Addresses: both, Authenticated: true}, ""},
		{"CNAME chain", fakenet.DNS{Addresses: both, CNAMEs: []string{"a.edge.example", "b.edge.example"}}, casefile.Resolution{Rcode: "NOERROR", Addresses: both, CNAMEs: []string{"a.edge.example", "b.edge.example"}}, ""},
		{"CNAME chain cut short", fakenet.DNS{Addresses: both, CNAMEs: []string{"a.edge.example", "b.edge.example"}, CutChain: true}, casefile.Resolution{Rcode: "NOERROR", Addresses: both, CNAMEs: []string{"a.edge.example", "b.edge.example"}}, ""},
		{"truncated over UDP", fakenet.DNS{Kind: fakenet.DNSTruncated, Addresses: both}, casefile.Resolution{Rcode: "NOERROR", Addresses: both}, ""},
		{"CNAME loop", fakenet.DNS{Kind: fakenet.DNSCNAMELoop}, casefile.Resolution{Rcode: "NOERROR"}, casefile.FaultServfail},
		{"no such name", fakenet.DNS{Kind: fakenet.DNSNXDomain}, casefile.Resolution{Rcode: "NXDOMAIN"}, casefile.FaultNXDomain},
		{"no data", fakenet.DNS{Kind: fakenet.DNSNoData}, casefile.Resolution{Rcode: "NOERROR"}, casefile.FaultNoAddress},
		{"server failure", fakenet.DNS{Kind: fakenet.DNSServfail}, casefile.Resolution{Rcode: "SERVFAIL"}, casefile.FaultServfail},
		{"refused", fakenet.DNS{Kind: fakenet.DNSRefused}, casefile.Resolution{Rcode: "REFUSED"}, casefile.FaultServfail},
		{"silence", fakenet.DNS{Kind: fakenet.DNSSilent}, casefile.Resolution{}, casefile.FaultTimeout},
		{"another id only", fakenet.DNS{Kind: fakenet.DNSWrongID}, casefile.Resolution{}, casefile.FaultTimeout},
		{"another question only", fakenet.DNS{Kind: fakenet.DNSWrongQuestion}, casefile.Resolution{}, casefile.FaultTimeout},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			lab(t, func(t *testing.T, n *fakenet.Net, r *resolve.Resolver) {
				add(n, "site-1.example", tt.dns)
				begin := time.Now()
				got, fault := r.Resolve(t.Context(), "site-1.example", false)
				var kind casefile.FaultKind
				if fault != nil {
					kind = fault.Kind
					if fault.Phase != casefile.PhaseResolve {
						t.Errorf("phase %q", fault.Phase)
					}
				}
				if kind != tt.fault {
					t.Errorf("fault %q, want %q", kind, tt.fault)
				}
				if tt.name == "CNAME loop" {
					got.CNAMEs = nil
				}
				if diff := cmp.Diff(tt.want, got, compareAddr, cmpopts.EquateEmpty()); diff != "" {
					t.Errorf("resolution (-want +got):\n%s", diff)
				}
				if took := time.Since(begin); took > resolve.DefaultTimeout {
					t.Errorf("took %v", took)
				}
			})
		})
	}
}

func TestOneFamilyThatFailsIsNoFault(t *testing.T) {
	t.Parallel()
	for _, kind := range []fakenet.DNSKind{fakenet.DNSServfail, fakenet.DNSSilent, fakenet.DNSNXDomain} {
		lab(t, func(t *testing.T, n *fakenet.Net, r *resolve.Resolver) {
			add(n, "site-1.example", fakenet.DNS{Kind: kind, Only: "AAAA"})
			got, fault := r.Resolve(t.Context(), "site-1.example", false)
			if fault != nil || len(got.Addresses) != 1 || got.Rcode != "NOERROR" {
				t.Errorf("%v: %+v, fault %+v", kind, got, fault)
			}
		})
	}
}

// Half an NXDOMAIN is no NXDOMAIN: absence needs both families.
func TestHalfAnNXDomainIsNotAbsence(t *testing.T) {
	t.Parallel()
	lab(t, func(t *testing.T, n *fakenet.Net, r *resolve.Resolver) {
		n.Add(fakenet.Site{Host: "site-1.example", Addresses: []netip.Addr{netip.MustParseAddr("2001:db8:1::7")}, Acts: fakenet.Always(fakenet.Page("A").On(fakenet.DNS{Kind: fakenet.DNSServfail, Only: "AAAA"}))})
		if _, fault := r.Resolve(t.Context(), "site-1.example", false); fault == nil || fault.Kind != casefile.FaultServfail {
			t.Errorf("fault %+v", fault)
		}
	})
}

func TestASecondServerIsAskedWhenTheFirstFails(t *testing.T) {
	t.Parallel()
	for _, kind := range []fakenet.DNSKind{fakenet.DNSServfail, fakenet.DNSRefused, fakenet.DNSSilent, fakenet.DNSGarbage, fakenet.DNSWrongID, fakenet.DNSWrongQuestion} {
		lab(t, func(t *testing.T, n *fakenet.Net, r *resolve.Resolver) {
			add(n, "site-1.example", fakenet.DNS{})
			n.ResolverMode(n.DNS(), kind)
			got, fault := r.Resolve(t.Context(), "site-1.example", false)
			if fault != nil || len(got.Addresses) == 0 {
				t.Errorf("%v: %+v, fault %+v", kind, got, fault)
			}
		})
	}
}

func TestAnswersAreCachedForTheirTime(t *testing.T) {
	t.Parallel()
	lab(t, func(t *testing.T, n *fakenet.Net, r *resolve.Resolver) {
		add(n, "short.example", fakenet.DNS{TTL: 10 * time.Second})
		add(n, "long.example", fakenet.DNS{TTL: 24 * time.Hour})
		add(n, "failing.example", fakenet.DNS{Kind: fakenet.DNSServfail})
		asked := func(host string) int {
			before := n.Queries(host)
			r.Resolve(t.Context(), host, false)
			return n.Queries(host) - before
		}
		for _, step := range []struct {
			wait time.Duration
			host string
			want bool
		}{
			{0, "short.example", true}, {9 * time.Second, "short.example", false}, {2 * time.Second, "short.example", true},
			{0, "long.example", true}, {299 * time.Second, "long.example", false}, {2 * time.Second, "long.example", true},
			{0, "failing.example", true}, {4 * time.Second, "failing.example", false}, {2 * time.Second, "failing.example", true},
			{0, "absent.example", true}, {29 * time.Second, "absent.example", false}, {2 * time.Second, "absent.example", true},
		} {
			time.Sleep(step.wait)
			if got := asked(step.host) > 0; got != step.want {
				t.Errorf("%s after %v: asked %v, want %v", step.host, step.wait, got, step.want)
			}
		}
	})
}

func TestTheSameQuestionIsAskedOnce(t *testing.T) {
	t.Parallel()
	lab(t, func(t *testing.T, n *fakenet.Net, r *resolve.Resolver) {
		add(n, "site-1.example", fakenet.DNS{Delay: time.Second})
		var asking sync.WaitGroup
		for range 50 {
			asking.Go(func() {
				if got, fault := r.Resolve(t.Context(), "site-1.example", false); fault != nil || len(got.Addresses) == 0 {
					t.Errorf("%+v, fault %+v", got, fault)
				}
			})
		}
		asking.Wait()
		if got := n.Queries("site-1.example"); got != 2 {
			t.Errorf("%d questions for A and AAAA", got)
		}
	})
}

// The one who asks may give up; those who wait with it must not suffer from that.
func TestAGivenUpQuestionEndsAtOnceAndIsAskedAgain(t *testing.T) {
	t.Parallel()
	lab(t, func(t *testing.T, n *fakenet.Net, r *resolve.Resolver) {
		add(n, "site-1.example", fakenet.DNS{Delay: 2 * time.Second})
		begin := time.Now()
		ctx, cancel := context.WithCancel(t.Context())
		var asking sync.WaitGroup
		asking.Go(func() {
			if _, fault := r.Resolve(ctx, "site-1.example", true); fault == nil || fault.Kind != casefile.FaultInterrupted || time.Since(begin) != time.Second {
				t.Errorf("given up: fault %+v after %v", fault, time.Since(begin))
			}
		})
		synctest.Wait()
		asking.Go(func() {
			if got, fault := r.Resolve(t.Context(), "site-1.example", false); fault != nil || len(got.Addresses) == 0 {
				t.Errorf("the one who waited: %+v, fault %+v", got, fault)
			}
		})
		time.Sleep(time.Second)
		cancel()
		asking.Wait()
	})
}

func TestResolveFindsTheZonesNameservers(t *testing.T) {
	t.Parallel()
	lab(t, func(t *testing.T, n *fakenet.Net, r *resolve.Resolver) {
		n.Add(fakenet.Site{Host: "a.b.site-1.example", Nameservers: []string{"NS2.dns.example", "ns1.dns.example"}, Acts: fakenet.Always(fakenet.Page("A"))})
		got, fault := r.Resolve(t.Context(), "a.b.site-1.example", true)
		if fault != nil {
			t.Fatal(fault)
		}
		if diff := cmp.Diff([]string{"ns1.dns.example", "ns2.dns.example"}, got.Nameservers); diff != "" {
			t.Errorf("name servers (-want +got):\n%s", diff)
		}
		if again, _ := r.Resolve(t.Context(), "a.b.site-1.example", false); len(again.Nameservers) != 0 {
			t.Error("name servers that were not asked for")
		}
	})
}

func TestLiteralsAndNonsenseNeedNoServer(t *testing.T) {
	t.Parallel()
	r, err := resolve.New(resolve.Options{Servers: []string{"192.0.2.53"}, Dial: func(context.Context, string, string) (net.Conn, error) {
		t.Error("a server was asked")
		return nil, net.ErrClosed
	}})
	if err != nil {
		t.Fatal(err)
	}
	for _, literal := range []string{"192.0.2.1", "2001:db8::1"} {
		got, fault := r.Resolve(t.Context(), literal, true)
		if fault != nil || got.Rcode != "NOERROR" || len(got.Addresses) != 1 || got.Addresses[0].String() != literal {
			t.Errorf("%s: %+v, fault %+v", literal, got, fault)
		}
	}
	for _, name := range []string{"", ".", "a..b"} {
		if _, fault := r.Resolve(t.Context(), name, false); fault == nil || fault.Kind == casefile.FaultNXDomain {
			t.Errorf("%q: fault %+v", name, fault)
		}
	}
}

func TestLookupHostTellsTheFaultAndNotTheHost(t *testing.T) {
	t.Parallel()
	lab(t, func(t *testing.T, n *fakenet.Net, r *resolve.Resolver) {
		add(n, "mail.example", fakenet.DNS{})
		if got, err := r.LookupHost(t.Context(), "mail.example"); err != nil || len(got) == 0 {
			t.Errorf("%v, %v", got, err)
		}
		if _, err := r.LookupHost(t.Context(), "absent.example"); err == nil || err.Error() != "resolve: nxdomain" {
			t.Errorf("error %v", err)
		}
	})
}

func TestNewChecksItsServers(t *testing.T) {
	t.Parallel()
	for _, o := range []resolve.Options{{}, {Servers: []string{"dns.example:53"}}, {Servers: []string{"192.0.2.1:53"}, Timeout: -1}} {
		if _, err := resolve.New(o); err == nil {
			t.Errorf("%+v was accepted", o)
		}
	}
}
