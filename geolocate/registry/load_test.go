package registry

import (
	"context"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"net"
	"net/http"
	"net/netip"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// TestOneBootstrapForManyQueries: 64 callers at once, each about another network, share
// one reading of the bootstrap file; run with -race.
func TestOneBootstrapForManyQueries(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	for i := range 64 {
		l.answer(fmt.Sprintf("/rdap/ip/192.0.2.%d", 4*i), network(fmt.Sprintf("192.0.2.%d", 4*i), fmt.Sprintf("192.0.2.%d", 4*i+3)))
		l.answer(fmt.Sprintf("/rdap/ip/2001:db8:%x::7", i+1), strings.Replace(network(fmt.Sprintf("2001:db8:%x::", i+1), fmt.Sprintf("2001:db8:%x:ffff:ffff:ffff:ffff:ffff", i+1)), `"v4"`, `"v6"`, 1))
		l.answer(fmt.Sprintf("/rdap/domain/site-%d.example", i), strings.Replace(domainJSON, "SITE-1", fmt.Sprintf("SITE-%d", i), 1))
	}
	r := l.open(func(o *Options) { o.NoWHOIS, o.Waiting = true, 256 })
	var wg sync.WaitGroup
	for i := range 64 {
		four, six := netip.AddrFrom4([4]byte{192, 0, 2, byte(4 * i)}), netip.MustParseAddr(fmt.Sprintf("2001:db8:%x::7", i+1))
		wg.Go(func() {
			for _, addr := range []netip.Addr{four, six} {
				if n := r.Network(t.Context(), addr); n.Source != SourceRDAP || !n.covers(addr) {
					t.Errorf("%v: %+v", addr, n)
				}
			}
		})
		wg.Go(func() {
			if d := r.Domain(t.Context(), fmt.Sprintf("site-%d.example", i)); d.Source != SourceRDAP {
				t.Errorf("%+v", d)
			}
		})
	}
	wg.Wait()
	for _, file := range []string{"/boot/ipv4.json", "/boot/ipv6.json", "/boot/dns.json"} {
		if n := l.count(file); n != 1 {
			t.Errorf("%s read %d times", file, n)
		}
	}
}

// TestHostileAnswersCostLittleMemory counts what is allocated for an answer, by the
// server of the lab too. It is not parallel, so that it counts nothing else.
func TestHostileAnswersCostLittleMemory(t *testing.T) {
	bomb := gzipBomb(t, 64)
	endless := func(start, text string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { rdapText(w, start); forever(w, text) }
	}
	for name, answer := range map[string]http.HandlerFunc{
		"endless body":     endless("", " "),
		"endless list":     endless(`{"a":[`, "[],"),
		"endless object":   endless(`{"a":0`, `,"a":{}`),
		"endless string":   endless(`{"a":"`, "x"),
		"endless entities": endless(`{"objectClassName":"ip network","entities":[{}`, ",{}"),
		"most values": func(w http.ResponseWriter, _ *http.Request) {
			rdapText(w, `{"a":[0`+strings.Repeat(",[]", maxMarks/2-10)+"]}")
		},
		"gzip bomb": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = w.Write(bomb)
		},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t)
			l.handle("/rdap/ip/192.0.2.7", answer)
			r := l.open(func(o *Options) { o.NoWHOIS = true })
			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			got := r.Network(t.Context(), addr7)
			runtime.ReadMemStats(&after)
			if got.Source != "" {
				t.Errorf("%+v", got)
			}
			if n := after.TotalAlloc - before.TotalAlloc; n > 48<<20 {
				t.Errorf("allocated %d MiB", n>>20)
			} else {
				t.Logf("allocated %d MiB", n>>20)
			}
		})
	}
}

// TestMemoryIsBounded: answers in memory are counted, not their shelves, and a shelf on
// disk stays below what the store takes.
func TestMemoryIsBounded(t *testing.T) {
	t.Parallel()
	cache := &disk{values: map[string][]byte{}}
	l := newLab(t)
	queries := atomic.Int64{}
	l.rdap.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		queries.Add(1)
		if addr, ok := strings.CutPrefix(r.URL.Path, "/rdap/ip/"); ok {
			desk := `{"roles":["abuse"],"vcardArray":["vcard",[["fn",{},"text","` + strings.Repeat("Abuse desk ", 18) + `"],["email",{},"text","abuse-%d@host.example"]]]},`
			var desks strings.Builder
			for i := range 6 {
				fmt.Fprintf(&desks, desk, i)
			}
			rdapText(w, strings.Replace(network(addr, addr), `"entities":[`, `"entities":[`+desks.String(), 1))
			return
		}
		l.answers[r.URL.Path](w, r)
	})
	r := l.open(func(o *Options) { o.NoWHOIS, o.Entries, o.Cache = true, 150, cache })
	for block := range 2 {
		for i := range 256 {
			addr := netip.AddrFrom4([4]byte{[]byte{192, 198}[block], []byte{0, 51}[block], []byte{2, 100}[block], byte(i)})
			if n := r.Network(t.Context(), addr); n.Source == "" {
				t.Fatalf("%+v", n)
			}
		}
	}
	total := 0
	for _, shelf := range r.networks.shelves.Values() {
		total += len(shelf)
		if len(shelf) > maxShelf {
			t.Errorf("%d answers on one shelf", len(shelf))
		}
	}
	if total != r.networks.count || total > 150 || total < maxShelf {
		t.Errorf("%d answers in memory, counted %d", total, r.networks.count)
	}
	newest := l.open(func(o *Options) { o.NoWHOIS, o.Cache = true, cache })
	asked := queries.Load()
	if n := newest.Network(t.Context(), netip.MustParseAddr("198.51.100.255")); n.Source == "" || queries.Load() != asked {
		t.Errorf("the newest answer is not on disk: %+v", n)
	}
}

// TestLargeBootstrapOutlivesTheProcess: IANA's dns.json is larger than what the store
// takes; it is packed.
func TestLargeBootstrapOutlivesTheProcess(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	var b strings.Builder
	for i := range 1500 {
		fmt.Fprintf(&b, `[["tld-%d"],["https://rdap.registry-%d.test/a/folder/of/its/own/"]],`, i, i)
	}
	l.answer("/boot/dns.json", fmt.Sprintf(`{"version":"1.0","services":[%s[["example"],["%s/rdap/"]]]}`, b.String(), l.rdap.URL))
	l.answer("/rdap/domain/site-1.example", domainJSON)
	cache := &disk{values: map[string][]byte{}}
	for range 2 {
		r := l.open(func(o *Options) { o.NoWHOIS, o.Cache = true, cache })
		if d := r.Domain(t.Context(), "site-1.example"); d.Source != SourceRDAP {
			t.Errorf("%+v", d)
		}
	}
	if n := l.count("/boot/dns.json"); n != 1 {
		t.Errorf("read %d times", n)
	}
}

// TestProcessesShareAnswers: what one process learned, another that has an older answer
// in memory finds on disk; and their answers about parts of a block stand side by side.
func TestProcessesShareAnswers(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.answer("/rdap/ip/192.0.2.7", network("192.0.2.0", "192.0.2.127"))
	l.answer("/rdap/ip/192.0.2.200", network("192.0.2.128", "192.0.2.255"))
	cache := &disk{values: map[string][]byte{}}
	share := func(o *Options) { o.NoWHOIS, o.Cache = true, cache }
	one, two := l.open(share), l.open(share)
	upper := netip.MustParseAddr("192.0.2.200")
	one.Network(t.Context(), addr7)
	two.Network(t.Context(), upper) // merges what one knows
	for _, r := range []*Registry{one, two, l.open(share)} {
		for _, addr := range []netip.Addr{addr7, upper} {
			if n := r.Network(t.Context(), addr); n.Source == "" || !n.covers(addr) {
				t.Errorf("%+v", n)
			}
		}
	}
	if a, b := l.count("/rdap/ip/192.0.2.7"), l.count("/rdap/ip/192.0.2.200"); a != 1 || b != 1 {
		t.Errorf("asked %d and %d times", a, b)
	}
}

// TestBrokenShelves: foreign or broken bytes under our keys cost a query.
func TestBrokenShelves(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.answer("/rdap/ip/192.0.2.7", network("192.0.2.0", "192.0.2.127"))
	for _, text := range []string{"", "null", "{}", "[{}]", `[{"value":{"source":"rdap"},"expires":"2999-01-01T00:00:00Z"}]`, `[` + strings.Repeat(`{},`, maxShelf) + `{}]`} {
		cache := &disk{values: map[string][]byte{"registry/network/192.0.2.0/24": []byte(text), "registry/bootstrap/ipv4": []byte(`[{"value":{"gzip":"AAAA"},"expires":"2999-01-01T00:00:00Z"}]`)}}
		r := l.open(func(o *Options) { o.NoWHOIS, o.Cache = true, cache })
		if n := r.Network(t.Context(), addr7); n.Name != "EXAMPLE-NET" || len(n.Failed) != 0 {
			t.Errorf("%q: %+v", text, n)
		}
	}
}

// TestProblemsAreKnown: each problem is in docs/hosting.md, has the form of a code, and
// is reached by a test of this package.
func TestProblemsAreKnown(t *testing.T) {
	t.Parallel()
	file, err := parser.ParseFile(token.NewFileSet(), "answer.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var problems []string
	ast.Inspect(file, func(n ast.Node) bool {
		if v, ok := n.(*ast.ValueSpec); ok {
			if of, ok := v.Type.(*ast.Ident); ok && of.Name == "Problem" {
				code, _ := strconv.Unquote(v.Values[0].(*ast.BasicLit).Value)
				problems = append(problems, code)
			}
		}
		return true
	})
	if len(problems) < 10 {
		t.Fatalf("only %v found", problems)
	}
	text, err := os.ReadFile("../../docs/hosting.md")
	if err != nil {
		t.Fatal(err)
	}
	// Interrupted is reached by TestCallerWhoStops, busy by TestHangingRegistryHoldsFewCallers.
	reached := []string{string(ProblemInterrupted), string(ProblemBusy)}
	for _, h := range hostileRDAPs(t) {
		reached = append(reached, string(h.want))
	}
	for _, p := range problems {
		if strings.Trim(p, "abcdefghijklmnopqrstuvwxyz_") != "" {
			t.Errorf("%q is no lower_snake code", p)
		}
		if !strings.Contains(string(text), "`"+p+"`") {
			t.Errorf("%q is not in docs/hosting.md", p)
		}
		if !slices.Contains(reached, p) {
			t.Errorf("no test reaches %q", p)
		}
	}
}

// warm makes a Registry that knows a network and a domain, and dials nobody.
func warm(t testing.TB) *Registry {
	t.Helper()
	r, err := New(Options{
		Dial:       func(context.Context, string, string) (net.Conn, error) { return nil, net.ErrClosed },
		LookupHost: func(context.Context, string) ([]netip.Addr, error) { return nil, net.ErrClosed },
	})
	if err != nil {
		t.Fatal(err)
	}
	n, problem := networkOf(object(t, network("192.0.2.0", "192.0.2.127")), addr7)
	if problem != "" {
		t.Fatal(problem)
	}
	d, problem := domainOf(object(t, domainJSON), "site-1.example")
	if problem != "" {
		t.Fatal(problem)
	}
	n.Source, d.Source = SourceRDAP, SourceRDAP
	r.networks.put(netip.MustParsePrefix("192.0.2.0/24"), nil, Answer[Network]{Value: n, TTL: time.Hour, stands: maxStale})
	r.domains.put("site-1.example", nil, Answer[Domain]{Value: d, TTL: time.Hour, stands: maxStale})
	return r
}

// TestWarmAnswersAllocateNothing: nearly all calls of an import are of this kind.
func TestWarmAnswersAllocateNothing(t *testing.T) {
	r, ctx := warm(t), t.Context()
	if n := testing.AllocsPerRun(100, func() {
		if r.Network(ctx, addr7).Prefix.Bits() != 25 {
			t.Error("another answer")
		}
	}); n != 0 {
		t.Errorf("a network takes %v allocations", n)
	}
	if n := testing.AllocsPerRun(100, func() {
		if r.Domain(ctx, "site-1.example").Registrar == "" {
			t.Error("another answer")
		}
	}); n != 0 {
		t.Errorf("a domain takes %v allocations", n)
	}
}

func BenchmarkNetworkWarm(b *testing.B) {
	r, ctx := warm(b), b.Context()
	b.ReportAllocs()
	for b.Loop() {
		if r.Network(ctx, addr7).Source == "" {
			b.Fatal("no answer")
		}
	}
}

func BenchmarkNetworkWarmParallel(b *testing.B) {
	r, ctx := warm(b), b.Context()
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if r.Network(ctx, addr7).Source == "" {
				b.Error("no answer")
				return
			}
		}
	})
}

func BenchmarkDomainWarm(b *testing.B) {
	r, ctx := warm(b), b.Context()
	b.ReportAllocs()
	for b.Loop() {
		if r.Domain(ctx, "site-1.example").Source == "" {
			b.Fatal("no answer")
		}
	}
}
