package crawler_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"vigil/casefile"
	"vigil/crawler"
	"vigil/crawler/guard"
	"vigil/internal/fakenet"
	"vigil/internal/fakenet/testrun"
)

// hostile is a server on a real socket that serves each connection by hand.
type hostile struct {
	listener net.Listener
	serving  sync.WaitGroup
	open     atomic.Int64 // connections whose client has not hung up
	dialled  atomic.Int64
}

// serve starts a server; it ends with the test. serve must return when a read or
// write fails.
func serve(t *testing.T, serve func(net.Conn)) *hostile {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h := &hostile{listener: l}
	h.serving.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			h.dialled.Add(1)
			h.open.Add(1)
			h.serving.Go(func() {
				defer h.open.Add(-1)
				defer c.Close()
				serve(c)
				_, _ = io.Copy(io.Discard, c) // until the client hangs up
			})
		}
	})
	t.Cleanup(func() { _ = l.Close(); h.serving.Wait() })
	return h
}

// hungUp waits until the client has closed all its connections.
func (h *hostile) hungUp(t *testing.T) {
	t.Helper()
	for end := time.Now().Add(testrun.Patience); h.open.Load() > 0; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Errorf("%d connections are still open", h.open.Load())
			return
		}
	}
}

// bounds are what a look at a hostile server may cost.
type bounds struct {
	heap  uint64 // bytes over what was held before, at any time
	conns int64
}

// looker looks at servers on this machine, and gives each look so long.
func looker(t *testing.T, timeout time.Duration) *crawler.Crawler {
	t.Helper()
	g, err := guard.New(guard.Options{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, Own: []netip.Addr{}})
	if err != nil {
		t.Fatal(err)
	}
	return newCrawler(t, func(string) fakenet.Dial { return nowhere }, "192.0.2.53:53", func(o *crawler.Options) {
		o.Guard, o.Timeout, o.MaxBody, o.MaxRedirects = g, timeout, 1<<20, 50
		o.Vantages[0].Dial = (&net.Dialer{}).DialContext
	})
}

// subject is a URL on h's port.
func (h *hostile) subject(t *testing.T, scheme string) casefile.Subject {
	t.Helper()
	return casefile.Subject{Target: mustTarget(t, scheme+"://"+h.listener.Addr().String()+"/")}
}

// lookAt looks at h, with time enough that only a bound of bytes or of steps can end the look, and holds it to its
// bounds. Not for parallel tests: it measures the whole process.
func (h *hostile) lookAt(t *testing.T, scheme string, b bounds) casefile.Observation {
	t.Helper()
	c := looker(t, testrun.Patience)
	plain := httptest.NewServer(http.NotFoundHandler())
	// What the first look of a process reads, the lists, is not this one's.
	c.Look(t.Context(), "local", casefile.Subject{Target: mustTarget(t, plain.URL+"/")})
	plain.Close()
	defer debug.SetGCPercent(debug.SetGCPercent(20)) // the peak is what the look holds, not what waits for a collector that counts the lists in
	runtime.GC()
	var before runtime.MemStats
	runtime.ReadMemStats(&before)
	watch, stop := context.WithCancel(t.Context())
	var peak uint64
	var watching sync.WaitGroup
	watching.Go(func() {
		for watch.Err() == nil {
			var now runtime.MemStats
			runtime.ReadMemStats(&now)
			peak = max(peak, now.HeapAlloc)
			time.Sleep(2 * time.Millisecond)
		}
	})
	o := c.Look(t.Context(), "local", h.subject(t, scheme))
	stop()
	watching.Wait()
	if held := int64(peak) - int64(before.HeapAlloc); held > int64(b.heap) {
		t.Errorf("%d KiB of heap at the peak, at most %d are allowed", held>>10, b.heap>>10)
	}
	t.Logf("%d KiB of heap at the peak, %v, %d connections", (int64(peak)-int64(before.HeapAlloc))>>10, o.Took.Round(time.Millisecond), h.dialled.Load())
	h.hungUp(t)
	if n := h.dialled.Load(); n > b.conns {
		t.Errorf("%d connections, at most %d are allowed", n, b.conns)
	}
	return o
}

// nowhere is the way to a resolver that nobody needs: the URLs here have addresses.
func nowhere(context.Context, string, string) (net.Conn, error) { return nil, net.ErrClosed }

// request reads a request, and says whether one came.
func request(c net.Conn) bool {
	r, err := http.ReadRequest(bufio.NewReader(c))
	return err == nil && r.Method == http.MethodGet
}

// pour writes the same bytes until the client hangs up.
func pour(c net.Conn, b []byte) {
	for {
		if _, err := c.Write(b); err != nil {
			return
		}
	}
}

// drip writes a piece each pause until the client hangs up.
func drip(c net.Conn, pause time.Duration, piece string) {
	for {
		if _, err := io.WriteString(c, piece); err != nil {
			return
		}
		time.Sleep(pause)
	}
}

const okHead = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"

// Servers that want our memory or our sockets. Each look ends at a bound of bytes or of steps, in little memory, and
// leaves no connection behind.
func TestHostileServers(t *testing.T) {
	frames := []byte(strings.Repeat("\x00\x00\x00\x04\x00\x00\x00\x00\x00"+"\x00\x00\x08\x06\x00\x00\x00\x00\x00\x01\x02\x03\x04\x05\x06\x07\x08"+"\x00\x00\x04\x03\x00\x00\x00\x00\x01\x00\x00\x00\x08", 500))
	const little = 6 << 20 // bytes; the server's own buffers are in it
	for _, tt := range []struct {
		name   string
		scheme string
		serve  func(net.Conn)
		bounds bounds
		want   casefile.Fault // zero when the look must end at a bound
		detail string
	}{
		{"endless body", "http", func(c net.Conn) {
			request(c)
			_, _ = io.WriteString(c, okHead+"\r\n")
			pour(c, []byte(strings.Repeat("<p>word ", 4<<10)))
		},
			bounds{little, 1}, casefile.Fault{}, ""},
		{"endless chunks of one byte", "http", func(c net.Conn) {
			request(c)
			_, _ = io.WriteString(c, okHead+"Transfer-Encoding: chunked\r\n\r\n")
			pour(c, []byte(strings.Repeat("1\r\nx\r\n", 4<<10)))
		}, bounds{little, 1}, casefile.Fault{}, ""},
		{"endless chunk extension", "http", func(c net.Conn) {
			request(c)
			_, _ = io.WriteString(c, okHead+"Transfer-Encoding: chunked\r\n\r\n1;")
			pour(c, []byte(strings.Repeat("x", 32<<10)))
		}, bounds{little, 1}, casefile.Fault{Kind: casefile.FaultProtocol, Phase: casefile.PhaseBody}, "the transfer encoding is broken"},
		{"endless trailers", "http", func(c net.Conn) {
			request(c)
			_, _ = io.WriteString(c, okHead+"Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n")
			pour(c, []byte(strings.Repeat("X-Filler: y\r\n", 2<<10)))
		}, bounds{little, 1}, casefile.Fault{Kind: casefile.FaultProtocol, Phase: casefile.PhaseBody}, "the transfer encoding is broken"},
		{"endless status line", "http", func(c net.Conn) { request(c); pour(c, []byte("HTTP/1.1 200 "+strings.Repeat("x", 32<<10))) },
			bounds{little, 1}, casefile.Fault{Kind: casefile.FaultProtocol, Phase: casefile.PhaseRequest}, "the headers are too large"},
		{"endless headers", "http", func(c net.Conn) {
			request(c)
			_, _ = io.WriteString(c, okHead)
			pour(c, []byte(strings.Repeat("X-A: b\r\n", 4<<10)))
		},
			bounds{little, 1}, casefile.Fault{Kind: casefile.FaultProtocol, Phase: casefile.PhaseRequest}, "the headers are too large"},
		{"endless interim answers", "http", func(c net.Conn) {
			request(c)
			pour(c, []byte(strings.Repeat("HTTP/1.1 103 Early Hints\r\n\r\n", 1<<10)))
		},
			bounds{little, 1}, casefile.Fault{Kind: casefile.FaultProtocol, Phase: casefile.PhaseRequest}, "too many interim answers"},
		{"tarpit before the handshake", "https", func(c net.Conn) { drip(c, 50*time.Millisecond, "\x16") },
			bounds{little, 1}, casefile.Fault{Kind: casefile.FaultTLS, Phase: casefile.PhaseTLS}, "the server does not speak TLS"},
		{"handshake records without end", "https", func(c net.Conn) { pour(c, []byte(strings.Repeat("\x16\x03\x03\x00\x01\x00", 1<<10))) },
			bounds{little, 1}, casefile.Fault{Kind: casefile.FaultTLS, Phase: casefile.PhaseTLS}, ""},
		{"an SSH tarpit", "http", func(c net.Conn) { drip(c, 50*time.Millisecond, "x7f3a\r\n") },
			bounds{little, 1}, casefile.Fault{Kind: casefile.FaultProtocol, Phase: casefile.PhaseRequest}, "the answer is not HTTP"},
		{"a flood of HTTP/2 frames", "http", func(c net.Conn) { pour(c, frames) },
			bounds{little, 1}, casefile.Fault{Kind: casefile.FaultProtocol, Phase: casefile.PhaseRequest}, "the server speaks HTTP/2 only"},
		{"half open: closed towards us", "http", func(c net.Conn) { _ = c.(*net.TCPConn).CloseWrite() },
			bounds{little, 1}, casefile.Fault{Kind: casefile.FaultReset, Phase: casefile.PhaseRequest}, "closed without an answer"},
		{"half open: closed in the body", "http", func(c net.Conn) {
			request(c)
			_, _ = io.WriteString(c, okHead+"Content-Length: 1000\r\n\r\nword")
			_ = c.(*net.TCPConn).CloseWrite()
		}, bounds{little, 1}, casefile.Fault{Kind: casefile.FaultReset, Phase: casefile.PhaseBody}, "body ended before its length"},
		{"reset in the body", "http", func(c net.Conn) {
			request(c)
			_, _ = io.WriteString(c, okHead+"Content-Length: 1000\r\n\r\nword")
			time.Sleep(50 * time.Millisecond)
			_ = c.(*net.TCPConn).SetLinger(0)
			_ = c.Close()
		}, bounds{little, 1}, casefile.Fault{Kind: casefile.FaultReset, Phase: casefile.PhaseBody}, "the connection was reset"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := serve(t, tt.serve).lookAt(t, tt.scheme, tt.bounds)
			if tt.want.Kind == "" {
				if o.Fault != nil || !o.Truncated {
					t.Errorf("fault %+v, truncated %v", o.Fault, o.Truncated)
				}
				return
			}
			if o.Fault == nil || o.Fault.Kind != tt.want.Kind || o.Fault.Phase != tt.want.Phase || tt.detail != "" && o.Fault.Detail != tt.detail {
				t.Errorf("fault %+v, want %s in %s: %s", o.Fault, tt.want.Kind, tt.want.Phase, tt.detail)
			}
		})
	}
}

// Servers that want our time and never end: each look ends at its own time limit, says what it waited for, and leaves
// no connection behind.
func TestTarpits(t *testing.T) {
	t.Parallel()
	const timeout = 3 * time.Second // long enough to reach what the row is about, on a busy machine too
	cert := selfSigned(t)
	var looking sync.WaitGroup
	inBody := func(c net.Conn) {
		request(c)
		_, _ = io.WriteString(c, okHead+"\r\n")
		drip(c, 50*time.Millisecond, "x")
	}
	for _, tt := range []struct {
		name   string
		scheme string
		serve  func(net.Conn)
		phase  casefile.Phase
		detail string // any when empty
	}{
		{"in the status line", "http", func(c net.Conn) {
			request(c)
			_, _ = io.WriteString(c, "HTTP/1.1 200 ")
			drip(c, 50*time.Millisecond, "O")
		}, casefile.PhaseRequest, ""},
		{"in the headers", "http", func(c net.Conn) {
			request(c)
			_, _ = io.WriteString(c, okHead)
			drip(c, 50*time.Millisecond, "X-A: b\r\n")
		}, casefile.PhaseRequest, "the headers did not end in time"},
		{"in the body", "http", inBody, casefile.PhaseBody, "a byte at a time: no progress"},
		{"in the body, over TLS", "https", func(c net.Conn) {
			secured := tls.Server(c, &tls.Config{Certificates: []tls.Certificate{cert}})
			if secured.Handshake() == nil {
				inBody(secured)
			}
		}, casefile.PhaseBody, "a byte at a time: no progress"},
		{"accepts and never reads", "http", func(net.Conn) { time.Sleep(timeout) }, casefile.PhaseRequest, "no answer to the request"},
	} {
		h, c := serve(t, tt.serve), looker(t, timeout)
		looking.Go(func() { // all at once: each takes its whole time
			o := c.Look(t.Context(), "local", h.subject(t, tt.scheme))
			if o.Fault == nil || o.Fault.Kind != casefile.FaultTimeout || o.Fault.Phase != tt.phase || tt.detail != "" && o.Fault.Detail != tt.detail {
				t.Errorf("%s: fault %+v, want a timeout in %s: %s", tt.name, o.Fault, tt.phase, tt.detail)
			}
			h.hungUp(t)
			if n := h.dialled.Load(); n != 1 {
				t.Errorf("%s: %d connections", tt.name, n)
			}
		})
	}
	looking.Wait()
}

// Hostile servers over TLS, where another parser reads first.
func TestHostileServersOverTLS(t *testing.T) {
	cert := selfSigned(t)
	over := func(inner func(net.Conn)) func(net.Conn) {
		return func(c net.Conn) {
			secured := tls.Server(c, &tls.Config{Certificates: []tls.Certificate{cert}})
			if secured.Handshake() == nil {
				inner(secured)
			}
		}
	}
	const little = 6 << 20
	for _, tt := range []struct {
		name   string
		serve  func(net.Conn)
		phase  casefile.Phase
		kind   casefile.FaultKind
		detail string
	}{
		{"a flood of HTTP/2 frames", func(c net.Conn) { pour(c, []byte(strings.Repeat("\x00\x00\x00\x04\x01\x00\x00\x00\x00", 1<<10))) }, casefile.PhaseRequest, casefile.FaultProtocol, "the server speaks HTTP/2 only"},
		{"endless headers", func(c net.Conn) {
			request(c)
			_, _ = io.WriteString(c, okHead)
			pour(c, []byte(strings.Repeat("X-A: b\r\n", 4<<10)))
		}, casefile.PhaseRequest, casefile.FaultProtocol, "the headers are too large"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := serve(t, over(tt.serve)).lookAt(t, "https", bounds{little, 1})
			if o.Fault == nil || o.Fault.Kind != tt.kind || o.Fault.Phase != tt.phase || o.Fault.Detail != tt.detail {
				t.Errorf("fault %+v, want %s in %s: %s", o.Fault, tt.kind, tt.phase, tt.detail)
			}
		})
	}
}

// Thousands of hops, each with sixty thousand bytes of cookies: the way is as long
// as the configuration says, and what is sent back stays small.
func TestCookiesAndHopsAreBounded(t *testing.T) {
	var most atomic.Int64
	var hops atomic.Int64
	h := serve(t, func(c net.Conn) {
		in := bufio.NewReader(c)
		r, err := http.ReadRequest(in)
		if err != nil {
			return
		}
		most.Store(max(most.Load(), int64(len(r.Header.Get("Cookie")))))
		n := hops.Add(1)
		var head strings.Builder
		fmt.Fprintf(&head, "HTTP/1.1 302 Found\r\nLocation: /hop/%d\r\nContent-Length: 0\r\n", n)
		for i := range 14 {
			fmt.Fprintf(&head, "Set-Cookie: c%d-%d=%s; Path=/\r\n", n, i, strings.Repeat("v", 4000))
		}
		_, _ = io.WriteString(c, head.String()+"\r\n")
	})
	o := h.lookAt(t, "http", bounds{8 << 20, 51})
	if o.Fault == nil || o.Fault.Kind != casefile.FaultTooManyRedirects || len(o.Hops) != 51 {
		t.Errorf("%d hops, fault %+v", len(o.Hops), o.Fault)
	}
	if most.Load() == 0 || most.Load() > 8<<10 {
		t.Errorf("a request brought %d bytes of cookies", most.Load())
	}
}

func selfSigned(t *testing.T) tls.Certificate {
	t.Helper()
	s := httptest.NewTLSServer(nil)
	defer s.Close()
	return s.TLS.Certificates[0]
}
