package resolve_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"vigil/crawler/resolve"
	"vigil/internal/fakenet"
)

var seven = netip.MustParseAddr("192.0.2.7")

func TestLookupAddrReadsAnswers(t *testing.T) {
	t.Parallel()
	many := make([]string, 200)
	for i := range many {
		many[i] = fmt.Sprintf("site-%03d.lowland.test", 199-i)
	}
	long := strings.Repeat("a", 63)
	for _, tt := range []struct {
		name    string
		addr    string
		reverse *fakenet.Reverse
		want    []string
		err     string
	}{
		{name: "the network's pattern", addr: "192.0.2.7", want: []string{"host-192-0-2-7.lowland-net.test"}},
		{name: "IPv6", addr: "2001:db8:1::7", want: []string{"host-2001-0db8-0001-0000-0000-0000-0000-0007.lowland-net.test"}},
		{name: "IPv4 inside IPv6", addr: "::ffff:192.0.2.7", want: []string{"host-192-0-2-7.lowland-net.test"}},
		{name: "an address of nobody", addr: "192.88.99.1"},
		{name: "a name of its own", addr: "192.0.2.7", reverse: &fakenet.Reverse{Names: []string{"Mail.Lowland.TEST."}}, want: []string{"mail.lowland.test"}},
		{name: "twice the same", addr: "192.0.2.7", reverse: &fakenet.Reverse{Names: []string{"b.test", "a.test", "B.test"}}, want: []string{"a.test", "b.test"}},
		{name: "more than a datagram holds", addr: "192.0.2.7", reverse: &fakenet.Reverse{Names: many},
			want: []string{"site-000.lowland.test", "site-001.lowland.test", "site-002.lowland.test", "site-003.lowland.test"}},
		{name: "names that are no hosts", addr: "192.0.2.7", reverse: &fakenet.Reverse{Names: []string{
			"localhost", "192.0.2.7", "7.2.0.192.in-addr.arpa", "-a.test", "a-.test", "under_score.test", `sp\032ace.test`, `semi\;colon.test`, `\000.test`, "", "good.test", long + ".test",
		}}, want: []string{long + ".test", "good.test"}},
		{name: "only names that are no hosts", addr: "192.0.2.7", reverse: &fakenet.Reverse{Names: []string{"unknown"}}},
		{name: "delegated", addr: "192.0.2.7", reverse: &fakenet.Reverse{Names: []string{"a.test"}, DNS: fakenet.DNS{CNAMEs: []string{"7.0-15.2.0.192.in-addr.arpa"}}}, want: []string{"a.test"}},
		{name: "delegated, and cut short", addr: "192.0.2.7", reverse: &fakenet.Reverse{Names: []string{"a.test"}, DNS: fakenet.DNS{CNAMEs: []string{"7.0-15.2.0.192.in-addr.arpa"}, CutChain: true}}, want: []string{"a.test"}},
		{name: "no such name", addr: "192.0.2.7", reverse: &fakenet.Reverse{DNS: fakenet.DNS{Kind: fakenet.DNSNXDomain}}},
		{name: "no data", addr: "192.0.2.7", reverse: &fakenet.Reverse{DNS: fakenet.DNS{Kind: fakenet.DNSNoData}}},
		{name: "truncated over UDP", addr: "192.0.2.7", reverse: &fakenet.Reverse{DNS: fakenet.DNS{Kind: fakenet.DNSTruncated}}, want: []string{"host-192-0-2-7.lowland-net.test"}},
		{name: "server failure", addr: "192.0.2.7", reverse: &fakenet.Reverse{DNS: fakenet.DNS{Kind: fakenet.DNSServfail}}, err: "resolve: servfail"},
		{name: "CNAME loop", addr: "192.0.2.7", reverse: &fakenet.Reverse{DNS: fakenet.DNS{Kind: fakenet.DNSCNAMELoop}}, err: "resolve: servfail"},
		{name: "silence", addr: "192.0.2.7", reverse: &fakenet.Reverse{DNS: fakenet.DNS{Kind: fakenet.DNSSilent}}, err: "resolve: timeout"},
		{name: "another question only", addr: "192.0.2.7", reverse: &fakenet.Reverse{DNS: fakenet.DNS{Kind: fakenet.DNSWrongQuestion}}, err: "resolve: timeout"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			lab(t, func(t *testing.T, n *fakenet.Net, r *resolve.Resolver) {
				if tt.reverse != nil {
					n.SetReverse(seven, *tt.reverse)
				}
				begin := time.Now()
				got, err := r.LookupAddr(t.Context(), netip.MustParseAddr(tt.addr))
				if message := fmt.Sprint(err); err != nil && message != tt.err || err == nil && tt.err != "" {
					t.Errorf("error %v, want %q", err, tt.err)
				}
				if diff := cmp.Diff(tt.want, got, cmpopts.EquateEmpty()); diff != "" {
					t.Errorf("names (-want +got):\n%s", diff)
				}
				if took := time.Since(begin); took > resolve.DefaultTimeout {
					t.Errorf("took %v", took)
				}
			})
		})
	}
}

func TestLookupAddrRemembersForATime(t *testing.T) {
	t.Parallel()
	lab(t, func(t *testing.T, n *fakenet.Net, r *resolve.Resolver) {
		short, absent, failing := netip.MustParseAddr("192.0.2.8"), netip.MustParseAddr("192.0.2.9"), netip.MustParseAddr("192.0.2.10")
		n.SetReverse(short, fakenet.Reverse{DNS: fakenet.DNS{TTL: 10 * time.Second}})
		n.SetReverse(absent, fakenet.Reverse{DNS: fakenet.DNS{Kind: fakenet.DNSNXDomain}})
		n.SetReverse(failing, fakenet.Reverse{DNS: fakenet.DNS{Kind: fakenet.DNSServfail}})
		for _, step := range []struct {
			wait time.Duration
			addr netip.Addr
			want bool
		}{
			{0, short, true}, {9 * time.Second, short, false}, {2 * time.Second, short, true},
			{0, absent, true}, {29 * time.Second, absent, false}, {2 * time.Second, absent, true},
			{0, failing, true}, {4 * time.Second, failing, false}, {2 * time.Second, failing, true},
		} {
			time.Sleep(step.wait)
			before := n.Queries(fakenet.ReverseName(step.addr))
			got, _ := r.LookupAddr(t.Context(), step.addr)
			if asked := n.Queries(fakenet.ReverseName(step.addr)) > before; asked != step.want {
				t.Errorf("%v after %v: asked %v, want %v", step.addr, step.wait, asked, step.want)
			}
			if len(got) > 0 {
				got[0] = "changed by the caller"
			}
		}
		if got, err := r.LookupAddr(t.Context(), short); err != nil || !slices.Equal(got, []string{"host-192-0-2-8.lowland-net.test"}) {
			t.Errorf("%v, %v: the caller changed what is remembered", got, err)
		}
	})
}

func TestTheSameAddressIsAskedForOnce(t *testing.T) {
	t.Parallel()
	lab(t, func(t *testing.T, n *fakenet.Net, r *resolve.Resolver) {
		n.SetReverse(seven, fakenet.Reverse{DNS: fakenet.DNS{Delay: time.Second}})
		var asking sync.WaitGroup
		for range 50 {
			asking.Go(func() {
				if got, err := r.LookupAddr(t.Context(), seven); err != nil || len(got) != 1 {
					t.Errorf("%v, %v", got, err)
				}
			})
		}
		asking.Wait()
		if got := n.Queries(fakenet.ReverseName(seven)); got != 1 {
			t.Errorf("asked %d times", got)
		}
	})
}

func TestASlowReverseZoneEndsWithTheContext(t *testing.T) {
	t.Parallel()
	lab(t, func(t *testing.T, n *fakenet.Net, r *resolve.Resolver) {
		n.SetReverse(seven, fakenet.Reverse{DNS: fakenet.DNS{Delay: 2 * time.Second}})
		begin, reason := time.Now(), errors.New("hosting took too long")
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, reason)
		defer cancel()
		var asking sync.WaitGroup
		asking.Go(func() {
			if _, err := r.LookupAddr(ctx, seven); !errors.Is(err, reason) || time.Since(begin) != time.Second {
				t.Errorf("given up: %v after %v", err, time.Since(begin))
			}
		})
		synctest.Wait()
		asking.Go(func() { // waits with it, and must not suffer from it
			if got, err := r.LookupAddr(t.Context(), seven); err != nil || len(got) != 1 {
				t.Errorf("the one who waited: %v, %v", got, err)
			}
		})
		asking.Wait()
		ctx, cancel = context.WithCancel(t.Context())
		cancel()
		if _, err := r.LookupAddr(ctx, netip.MustParseAddr("192.0.2.99")); !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled before: %v", err)
		}
	})
}

func TestNoAddressHasNoNames(t *testing.T) {
	t.Parallel()
	lab(t, func(t *testing.T, _ *fakenet.Net, r *resolve.Resolver) {
		if got, err := r.LookupAddr(t.Context(), netip.Addr{}); err == nil {
			t.Errorf("%v without an address", got)
		}
	})
}
