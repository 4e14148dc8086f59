package crawler_test

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"vigil/casefile"
	"vigil/crawler"
	"vigil/internal/fakenet"
)

// gzipBomb is 512 MiB in half a megabyte: one compressed MiB, 512 times over.
func gzipBomb(t *testing.T) []byte {
	t.Helper()
	var one bytes.Buffer
	z := gzip.NewWriter(&one)
	if _, err := z.Write(make([]byte, 1<<20)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return bytes.Repeat(one.Bytes(), 512)
}

// Bombs are read up to a bound, in little memory, and are no fault of ours. Not
// parallel: it measures what the whole process allocates.
func TestBombsAreBounded(t *testing.T) {
	const bound = 1 << 20
	var members bytes.Buffer // 64 MiB of gzip members that decode to nothing
	z := gzip.NewWriter(&members)
	_ = z.Close()
	nothing := strings.Repeat(members.String(), (1<<20)/members.Len())
	zipped := http.Header{"Content-Encoding": {"gzip"}}
	for _, tt := range []struct {
		name      string
		b         fakenet.Behaviour
		truncated bool
		fault     casefile.FaultKind
	}{
		{"gzip bomb", fakenet.Static("bomb", fakenet.NewResponse(200, zipped, string(gzipBomb(t)))), true, ""},
		{"members of nothing", fakenet.Static("nothing", fakenet.NewResponse(200, zipped, strings.Repeat(nothing, 4))), true, ""},
		{"endless body", fakenet.EndlessBody(), true, ""},
		{"endless headers", fakenet.EndlessHeaders(), false, casefile.FaultProtocol},
		{"thousands of hops", fakenet.EndlessRedirects(), false, casefile.FaultTooManyRedirects},
		{"one endless token", fakenet.Static("token", fakenet.NewResponse(200, nil, "<a href=\""+strings.Repeat("a", 8<<20))), true, ""},
		{"a million elements", fakenet.Static("elements", fakenet.NewResponse(200, nil, strings.Repeat("<b>", 1<<20))), true, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := newLab(t, func(o *crawler.Options) { o.MaxBody = bound; o.MaxRedirects = 50 })
			l.net.Add(fakenet.Site{Host: "site-1.example", Acts: fakenet.Always(tt.b)})
			subject := casefile.Subject{Target: mustTarget(t, l.net.URL("site-1.example"))}
			l.Look(t.Context(), "local", subject) // warm pools
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			o := l.Look(t.Context(), "local", subject)
			runtime.ReadMemStats(&after)
			if spent := (after.TotalAlloc - before.TotalAlloc) >> 20; spent > 12 {
				t.Errorf("%d MiB were allocated, by the look and the simulated server", spent)
			}
			if o.BodyBytes > bound || o.Truncated != tt.truncated {
				t.Errorf("%d bytes, truncated %v", o.BodyBytes, o.Truncated)
			}
			var kind casefile.FaultKind
			if o.Fault != nil {
				kind = o.Fault.Kind
			}
			if kind != tt.fault {
				t.Errorf("fault %q, want %q", kind, tt.fault)
			}
		})
	}
}

// Looks that wait in the middle of a body hold little: the default 256 of them must
// fit anywhere. The figure holds the simulated servers as well.
func TestManyLooksHoldLittleMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const looks, each = 256, 192 << 10
		l := newLab(t, func(o *crawler.Options) { o.InFlight = looks })
		slow := fakenet.Drip(time.Second)
		l.net.AddMany(looks, func(i int) fakenet.Site {
			return fakenet.Site{Host: "site-" + strconv.Itoa(i) + ".example", Acts: fakenet.Always(slow)}
		})
		var before, during runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		var looking sync.WaitGroup
		for i := range looks {
			looking.Go(func() {
				l.Look(t.Context(), "local", casefile.Subject{Target: mustTarget(t, l.net.URL("site-"+strconv.Itoa(i)+".example"))})
			})
		}
		time.Sleep(10 * time.Second)
		synctest.Wait()
		runtime.GC()
		runtime.ReadMemStats(&during)
		if held := (int64(during.HeapAlloc) - int64(before.HeapAlloc)) / looks; held > each {
			t.Errorf("a look holds %d KiB", held>>10)
		} else {
			t.Logf("a look and its server hold %d KiB", held>>10)
		}
		looking.Wait()
	})
}
