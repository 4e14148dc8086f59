package registry

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// tap is the guarded dialer of a lab: it refuses all but loopback, notes who was
// dialled, and counts what was read.
type tap struct {
	mu     sync.Mutex
	dialed []string
	read   atomic.Int64
}

func (d *tap) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	d.mu.Lock()
	d.dialed = append(d.dialed, address)
	d.mu.Unlock()
	if at, err := netip.ParseAddrPort(address); err != nil || !at.Addr().IsLoopback() {
		return nil, errors.New("refused by the guard")
	}
	conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return tapped{conn, d}, nil
}

func (d *tap) all() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return strings.Join(d.dialed, " ")
}

type tapped struct {
	net.Conn
	tap *tap
}

func (c tapped) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.tap.read.Add(int64(n))
	return n, err
}

func rdapText(w http.ResponseWriter, text string) {
	w.Header().Set("Content-Type", "application/rdap+json")
	_, _ = io.WriteString(w, text)
}

// forever writes until the other side hangs up.
func forever(w io.Writer, text string) {
	block := []byte(strings.Repeat(text, 1+1000/len(text)))
	for {
		if _, err := w.Write(block); err != nil {
			return
		}
	}
}

// gzipBomb is a body of many MiB in a few KiB: one compressed MiB, many times over.
func gzipBomb(t testing.TB, mib int) []byte {
	t.Helper()
	var b bytes.Buffer
	w, _ := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if _, err := w.Write(bytes.Repeat([]byte(" "), 1<<20)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return bytes.Repeat(b.Bytes(), mib)
}

// raw answers a request on the bare connection.
func raw(answer func(net.Conn)) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer func() { _ = conn.Close() }()
		answer(conn)
	}
}

func redirectTo(u string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", u)
		w.WriteHeader(http.StatusFound)
	}
}

// nested is an RDAP network whose entities lie in each other.
func nested(levels int) string {
	return strings.Replace(network("192.0.2.0", "192.0.2.255"), `"entities":[`, `"entities":[`+strings.Repeat(`{"roles":["abuse"],"entities":[`, levels)+strings.Repeat(`]}`, levels)+",", 1)
}

type hostileRDAP struct {
	name   string
	answer http.HandlerFunc
	want   Problem // "" when the answer must be taken
	slow   bool    // it takes the whole time limit
	unused string  // must not be dialled
}

func hostileRDAPs(t testing.TB) []hostileRDAP {
	bomb := gzipBomb(t, 8)
	html := "<!doctype html><title>Sign in</title><p>Please accept our terms.</p>"
	return []hostileRDAP{
		{name: "slow drip", slow: true, want: ProblemTimeout, answer: func(w http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil {
				_, _ = io.WriteString(w, " ")
				_ = http.NewResponseController(w).Flush()
				time.Sleep(10 * time.Millisecond)
			}
		}},
		{name: "slow drip of headers", slow: true, want: ProblemTimeout, answer: raw(func(c net.Conn) {
			_, err := io.WriteString(c, "HTTP/1.1 200 OK\r\n")
			for i := 0; err == nil; i++ {
				_, err = fmt.Fprintf(c, "X-%d: y\r\n", i)
				time.Sleep(10 * time.Millisecond)
			}
		})},
		{name: "silence", slow: true, want: ProblemTimeout, answer: func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }},
		{name: "endless body", want: ProblemTooLarge, answer: func(w http.ResponseWriter, _ *http.Request) { forever(w, " ") }},
		{name: "endless list", want: ProblemTooLarge, answer: func(w http.ResponseWriter, _ *http.Request) { rdapText(w, `{"a":[`); forever(w, "[],") }},
		{name: "too many values", want: ProblemTooLarge, answer: func(w http.ResponseWriter, _ *http.Request) {
			rdapText(w, strings.Replace(network("192.0.2.0", "192.0.2.255"), `"entities":[`, `"x":[0`+strings.Repeat(",[]", maxMarks/2)+`],"entities":[`, 1))
		}},
		{name: "gzip bomb", want: ProblemTooLarge, answer: func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = w.Write(bomb)
		}},
		{name: "broken gzip", want: ProblemBroken, answer: func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = w.Write(bomb[:100])
		}},
		{name: "100,000 levels", want: ProblemBroken, answer: func(w http.ResponseWriter, _ *http.Request) {
			rdapText(w, `{"objectClassName":"ip network","remarks":`+strings.Repeat("[", 100_000)+strings.Repeat("]", 100_000)+"}")
		}},
		{name: "4,000 levels of entities", want: "", answer: func(w http.ResponseWriter, _ *http.Request) { rdapText(w, nested(4000)) }},
		{name: "a header of 1 MB", want: ProblemUnreachable, answer: func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Filler", strings.Repeat("x", 1<<20))
			rdapText(w, network("192.0.2.0", "192.0.2.255"))
		}},
		{name: "redirect loop", want: ProblemServer, answer: func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, r.URL.Path, http.StatusFound) }},
		{name: "redirect to a private address", want: ProblemUnreachable, answer: redirectTo("http://10.0.0.1/ip/192.0.2.7")},
		{name: "redirect to the metadata service", want: ProblemUnreachable, answer: redirectTo("http://[::ffff:169.254.169.254]:80/latest/")},
		{name: "redirect to a mail port", want: ProblemUnreachable, answer: redirectTo("http://127.0.0.1:25/ip/192.0.2.7"), unused: "127.0.0.1:25"},
		{name: "redirect with a password", want: ProblemUnreachable, answer: redirectTo("http://user:secret@10.0.0.1/"), unused: "10.0.0.1"},
		{name: "redirect to another scheme", want: ProblemUnreachable, answer: redirectTo("ftp://10.0.0.1/ip/192.0.2.7"), unused: "10.0.0.1"},
		{name: "redirect to nowhere", want: ProblemServer, answer: func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusFound) }},
		{name: "right answer as text", want: "", answer: func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/plain")
			_, _ = io.WriteString(w, network("192.0.2.0", "192.0.2.255"))
		}},
		{name: "page instead of an answer", want: ProblemBroken, answer: func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			_, _ = io.WriteString(w, html)
		}},
		{name: "page that says it is an answer", want: ProblemBroken, answer: func(w http.ResponseWriter, _ *http.Request) { rdapText(w, html) }},
		{name: "empty answer", want: ProblemBroken, answer: func(http.ResponseWriter, *http.Request) {}},
		{name: "null", want: ProblemOtherObject, answer: func(w http.ResponseWriter, _ *http.Request) { rdapText(w, "null") }},
		{name: "a list", want: ProblemBroken, answer: func(w http.ResponseWriter, _ *http.Request) { rdapText(w, "[]") }},
		{name: "cut short", want: ProblemBroken, answer: func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100000")
			rdapText(w, network("192.0.2.0", "192.0.2.255"))
		}},
		{name: "closes after accept", want: ProblemUnreachable, answer: raw(func(net.Conn) {})},
		{name: "frames of HTTP/2", want: ProblemUnreachable, answer: raw(func(c net.Conn) {
			_, _ = c.Write([]byte("\x00\x00\x00\x04\x00\x00\x00\x00\x00\x00\x00\x08\x07\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x0b"))
		})},
		{name: "another network", want: ProblemOtherObject, answer: func(w http.ResponseWriter, _ *http.Request) {
			rdapText(w, network("198.51.100.0", "198.51.100.255"))
		}},
		{name: "forbidden", want: ProblemServer, answer: func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }},
		{name: "too many requests", want: ProblemRateLimited, answer: func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTooManyRequests) }},
		{name: "no such object", want: ProblemNotFound, answer: http.NotFound},
	}
}

// TestHostileRDAP: whatever a server does is one attempt with its problem, within the
// time limit and a bound of bytes, and dials nobody it should not.
func TestHostileRDAP(t *testing.T) {
	t.Parallel()
	for _, test := range hostileRDAPs(t) {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			l, d := newLab(t), &tap{}
			l.handle("/rdap/ip/192.0.2.7", test.answer)
			r := l.open(func(o *Options) {
				o.NoWHOIS, o.Dial = true, d.Dial
				if test.slow {
					o.Timeout = 300 * time.Millisecond
				}
			})
			got := r.Network(t.Context(), addr7)
			var problem Problem
			if len(got.Failed) > 0 {
				problem = got.Failed[0].Problem
			}
			if problem != test.want || (got.Source == SourceRDAP) != (test.want == "") {
				t.Errorf("problem %q, want %q: %+v", problem, test.want, got)
			}
			if n := d.read.Load(); n > maxBody+1<<20 {
				t.Errorf("read %d bytes", n)
			}
			if test.unused != "" && strings.Contains(d.all(), test.unused) {
				t.Errorf("dialled %s", d.all())
			}
			if len(r.networks.permit) != 0 || len(r.networks.asks)+len(r.networks.reads) != 0 {
				t.Error("a permit or a caller is left over")
			}
		})
	}
}

// TestStatusesThatBreakOff: which statuses, three times in a row, make us leave a server alone.
func TestStatusesThatBreakOff(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]int{500: 3, 502: 3, 503: 3, 403: 3, 401: 3, 400: 6, 404: 6, 501: 6, 200: 6} {
		t.Run(http.StatusText(status), func(t *testing.T) {
			t.Parallel()
			l, asked := newLab(t), atomic.Int64{}
			for i := range 6 {
				l.handle(fmt.Sprintf("/rdap/domain/site-%d.example", i), func(w http.ResponseWriter, _ *http.Request) {
					asked.Add(1)
					w.WriteHeader(status)
				})
			}
			elsewhere := l.rdap.URL // the bootstrap files have a server of their own, which works
			files := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				rdapText(w, fmt.Sprintf(`{"version":"1.0","services":[[["example"],["%s/rdap/"]]]}`, elsewhere))
			}))
			t.Cleanup(files.Close)
			r := l.open(func(o *Options) { o.NoWHOIS, o.Bootstrap = true, files.URL })
			var last Problem
			for i := range 6 {
				last = r.Domain(t.Context(), fmt.Sprintf("site-%d.example", i)).Failed[0].Problem
			}
			if n := asked.Load(); n != int64(want) {
				t.Errorf("asked %d times, want %d", n, want)
			}
			if want == 3 && last != ProblemServer {
				t.Errorf("while left alone: %q", last)
			}
		})
	}
}

// TestHostileTLS: a server that cannot prove its name, or speaks no TLS, is not asked.
func TestHostileTLS(t *testing.T) {
	t.Parallel()
	asked := atomic.Bool{}
	unknown := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Store(true) }))
	unknown.Config.ErrorLog = nil
	unknown.StartTLS()
	t.Cleanup(unknown.Close)
	for name, base := range map[string]string{"unknown authority": unknown.URL, "no TLS": "https://" + newLab(t).rdap.Listener.Addr().String()} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t)
			l.answer("/boot/ipv4.json", fmt.Sprintf(`{"version":"1.0","services":[[["192.0.2.0/24"],["%s/rdap/"]]]}`, base))
			got := l.open(func(o *Options) { o.NoWHOIS = true }).Network(t.Context(), addr7)
			if diff := cmp.Diff([]Attempt{{Source: SourceRDAP, Problem: ProblemUnreachable}}, got.Failed, compare); diff != "" {
				t.Error(diff)
			}
			if asked.Load() {
				t.Error("a question went to a server without a proof of its name")
			}
		})
	}
}

// TestHostileBootstrap: a bad bootstrap file is a problem, never a query to a wrong place.
func TestHostileBootstrap(t *testing.T) {
	t.Parallel()
	services := func(entry, urls string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			rdapText(w, `{"version":"1.0","services":[[[`+entry+`],[`+urls+`]]]}`)
		}
	}
	var million bytes.Buffer
	million.WriteString(`{"version":"1.0","services":[[["192.0.2.0/24"`)
	for range 1_000_000 {
		million.WriteString(`,""`)
	}
	million.WriteString(`],["http://10.0.0.1/"]]]}`)
	tests := []struct {
		name   string
		answer http.HandlerFunc
		want   Problem
		dials  int
	}{
		{"names an ftp URL", services(`"192.0.2.0/24"`, `"ftp://10.0.0.1/"`), ProblemNotFound, 1},
		{"names no URL", services(`"192.0.2.0/24"`, ""), ProblemNotFound, 1},
		{"names nothing", func(w http.ResponseWriter, _ *http.Request) { rdapText(w, `{"services":[]}`) }, ProblemNotFound, 1},
		{"names nonsense", services(`"192.0.2.0/99","x",""`, `"http://10.0.0.1/"`), ProblemNotFound, 1},
		{"names a URL with a password", services(`"192.0.2.0/24"`, `"https://user:secret@10.0.0.1/"`), ProblemNotFound, 1},
		{"names a mail port", services(`"192.0.2.0/24"`, `"http://10.0.0.1:25/"`), ProblemNotFound, 1},
		{"names a private address", services(`"192.0.2.0/24"`, `"http://10.0.0.1/"`), ProblemUnreachable, 2},
		{"has a million entries", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(million.Bytes()) }, ProblemTooLarge, 1},
		{"has services of another form", func(w http.ResponseWriter, _ *http.Request) { rdapText(w, `{"services":[[["192.0.2.0/24"]]]}`) }, ProblemBroken, 1},
		{"is a page", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<html>") }, ProblemBroken, 1},
		{"is empty", func(http.ResponseWriter, *http.Request) {}, ProblemBroken, 1},
		{"is missing", http.NotFound, ProblemServer, 1},
		{"redirects in a loop", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, r.URL.Path, http.StatusFound) }, ProblemServer, 1},
		{"hangs", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, ProblemTimeout, 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			l, d := newLab(t), &tap{}
			l.handle("/boot/ipv4.json", test.answer)
			r := l.open(func(o *Options) {
				o.NoWHOIS, o.Dial = true, d.Dial
				if test.want == ProblemTimeout { // the others must not be late on a busy machine
					o.Timeout = time.Second
				}
			})
			got := r.Network(t.Context(), addr7)
			if diff := cmp.Diff([]Attempt{{Source: SourceRDAP, Problem: test.want}}, got.Failed, compare); diff != "" {
				t.Error(diff)
			}
			if n := len(strings.Fields(d.all())); n > test.dials {
				t.Errorf("dialled %s", d.all())
			}
		})
	}
}

// TestAnotherDomain: an answer about another name is not taken, by either source.
func TestAnotherDomain(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.answer("/rdap/domain/site-2.example", domainJSON)
	l.root = says("Domain Name: SITE-1.EXAMPLE\r\nRegistrar: Registrar of Tests\r\nDomain Status: clientHold\r\nCreation Date: 2024-02-03T04:05:06Z\r\n")
	got := l.open(nil).Domain(t.Context(), "site-2.example")
	if got.Source != "" || len(got.Status) != 0 || len(got.Failed) != 2 {
		t.Errorf("%+v", got)
	}
}

// TestPanicInParser: a panic in a parser of foreign bytes is a broken answer.
func TestPanicInParser(t *testing.T) {
	t.Parallel()
	got, problem := deadlined(t.Context(), time.Second, func(context.Context) (Network, Problem) {
		var empty []byte
		return Network{Name: string(empty[7])}, ""
	})
	if problem != ProblemBroken || got.Name != "" {
		t.Errorf("%q %+v", problem, got)
	}
}
