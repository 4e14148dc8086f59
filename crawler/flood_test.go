package crawler_test

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"context"
	"crypto/tls"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"net"
	"net/netip"
	"runtime"
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

// zeros is size bytes of nothing, packed.
func zeros(t *testing.T, size int, pack func(io.Writer) io.WriteCloser) []byte {
	t.Helper()
	var out bytes.Buffer
	w := pack(&out)
	if _, err := w.Write(make([]byte, size)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// brotliZeros is 64 MiB of nothing in 54 bytes, with a window of 16 MiB (RFC 7932), written by an encoder at its best.
const brotliZeros = "\xcf\xff\xff\x7f\xf8'\x00\xe2\xb1@ \xf7\xfe\x9f\xff\xff\xff\xf0O\x00\xc4a\x01\x80\xee\xfd?\xff\xff\xff" +
	"\xe1\x9f\x00\x88\xc3\"\x00\xdd\xfb\x7f\xfe\xff\xff\xc3?\x01\x10\x87\x05\x00\xba\xf7\xff\x03"

// zstdHead opens a frame with a window of 8 MiB, and zstdRun is one block that repeats a byte 128 Ki times
// (RFC 8878, sections 3.1.1.1 and 3.1.1.2): four bytes a block, for as long as the server likes.
var zstdHead = []byte{0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x68}

func zstdRun() []byte {
	var header [4]byte
	binary.LittleEndian.PutUint32(header[:], (128<<10)<<3|1<<1)
	return append(header[:3], 'a')
}

// Bombs of every coding over a real socket: no more memory than a window, no more work than a few plain bodies of the
// size that is read, one connection, and the page counts as cut off, not as a fault of the server.
func TestBombsOverSockets(t *testing.T) {
	gz := func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) }
	deflate := func(w io.Writer) io.WriteCloser { return zlib.NewWriter(w) }
	const read = 1 << 20 // bytes of a body, decoded
	plain := cost(t, serve(t, func(c net.Conn) {
		request(c)
		_, _ = io.WriteString(c, okHead+"\r\n")
		_, _ = c.Write(make([]byte, 2*read))
	}))
	for _, tt := range []struct {
		coding string
		body   []byte
		rest   []byte // poured behind it, without end
		heap   uint64
		work   time.Duration // at most so many times that of a plain body of as many bytes
	}{
		{"gzip", zeros(t, 16<<20, gz), nil, 4 << 20, 5},
		{"deflate", zeros(t, 16<<20, deflate), nil, 4 << 20, 5},
		{"br", []byte(brotliZeros), nil, 24 << 20, 30},
		{"zstd", zstdHead, bytes.Repeat(zstdRun(), 1<<10), 16 << 20, 5},
		{"gzip, gzip", zeros(t, 8<<20, func(w io.Writer) io.WriteCloser { return &stacked{inner: gz(w), pack: gz} }), nil, 4 << 20, 5},
	} {
		t.Run(tt.coding, func(t *testing.T) {
			h := serve(t, func(c net.Conn) {
				request(c)
				_, _ = io.WriteString(c, okHead+"Content-Encoding: "+tt.coding+"\r\n\r\n")
				_, _ = c.Write(tt.body)
				if tt.rest != nil {
					pour(c, tt.rest)
				}
				_ = c.(*net.TCPConn).CloseWrite()
			})
			o := h.lookAt(t, "http", bounds{tt.heap, 1})
			if o.Fault != nil || !o.Truncated || o.BodyBytes != read {
				t.Errorf("%d bytes, truncated %v, fault %+v", o.BodyBytes, o.Truncated, o.Fault)
			}
			bomb := cost(t, h)
			t.Logf("a look cost %v of processor time, at a plain body of as many bytes %v", bomb, plain)
			if bomb > tt.work*plain {
				t.Error("a bomb costs too much")
			}
		})
	}
}

// cost is the processor time of a look at h, and of its serving: the least of three.
func cost(t *testing.T, h *hostile) time.Duration {
	t.Helper()
	c, least := looker(t, testrun.Patience), time.Duration(math.MaxInt64)
	for range 3 {
		before := testrun.CPU()
		c.Look(t.Context(), "local", h.subject(t, "http"))
		least = min(least, testrun.CPU()-before)
	}
	return least
}

// stacked packs twice.
type stacked struct {
	inner io.WriteCloser
	pack  func(io.Writer) io.WriteCloser
	outer io.WriteCloser
}

func (s *stacked) Write(b []byte) (int, error) {
	if s.outer == nil {
		s.outer = s.pack(s.inner)
	}
	return s.outer.Write(b)
}

func (s *stacked) Close() error {
	if err := s.outer.Close(); err != nil {
		return err
	}
	return s.inner.Close()
}

// A certificate chain of a megabyte is a fault of TLS, in the memory of one message that is read.
func TestAChainOfAMegabyteIsBounded(t *testing.T) {
	cert := selfSigned(t)
	for size := len(cert.Certificate[0]); size < 1<<20; size += len(cert.Certificate[0]) {
		cert.Certificate = append(cert.Certificate, cert.Certificate[0])
	}
	for name, version := range map[string]uint16{"TLS 1.2": tls.VersionTLS12, "TLS 1.3": tls.VersionTLS13} {
		t.Run(name, func(t *testing.T) {
			h := serve(t, func(c net.Conn) {
				_ = tls.Server(c, &tls.Config{Certificates: []tls.Certificate{cert}, MaxVersion: version}).Handshake()
			})
			// The server marshals the chain several times over: most of the heap is its own.
			o := h.lookAt(t, "https", bounds{16 << 20, 1})
			if o.Fault == nil || o.Fault.Kind != casefile.FaultTLS || o.Fault.Detail != "a TLS message is too large" {
				t.Errorf("fault %+v", o.Fault)
			}
		})
	}
}

// Many servers that only accept: no more sockets are open than looks are in flight, each look ends at its own time limit,
// and nothing is left of them.
func TestHalfOpenServersHoldNoSockets(t *testing.T) {
	const looks, inFlight = 16, 8
	g, err := guard.New(guard.Options{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, Own: []netip.Addr{}})
	if err != nil {
		t.Fatal(err)
	}
	const timeout = time.Second
	var sockets openSockets
	c := newCrawler(t, func(string) fakenet.Dial { return nowhere }, "192.0.2.53:53", func(o *crawler.Options) {
		o.Guard, o.Timeout, o.InFlight = g, timeout, inFlight
		o.Vantages[0].Dial = sockets.dial
	})
	server := serve(t, func(net.Conn) {})
	before := runtime.NumGoroutine()
	var looking sync.WaitGroup
	for i := range looks {
		looking.Go(func() {
			target := mustTarget(t, fmt.Sprintf("%s://%s/%d", []string{"http", "https"}[i%2], server.listener.Addr(), i))
			o := c.Look(t.Context(), "local", casefile.Subject{Target: target})
			if o.Fault == nil || o.Fault.Kind != casefile.FaultTimeout || !strings.Contains("request tls", string(o.Fault.Phase)) {
				t.Errorf("look %d: fault %+v", i, o.Fault)
			}
		})
	}
	looking.Wait()
	server.hungUp(t)
	most, open := sockets.most.Load(), sockets.open.Load()
	if open != 0 {
		t.Errorf("%d sockets are still open", open)
	}
	if most > inFlight || most < 2 {
		t.Errorf("%d sockets were open at once, at most %d are allowed", most, inFlight)
	}
	for end := time.Now().Add(testrun.Patience); runtime.NumGoroutine() > before && time.Now().Before(end); {
		time.Sleep(10 * time.Millisecond)
	}
	if left := runtime.NumGoroutine(); left > before {
		t.Errorf("%d goroutines, %d before", left, before)
	}
	t.Logf("%d looks, at most %d sockets at once", looks, most)
}

// openSockets counts what is open on our side.
type openSockets struct{ open, most atomic.Int64 }

func (s *openSockets) dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	for n := s.open.Add(1); ; {
		if most := s.most.Load(); n <= most || s.most.CompareAndSwap(most, n) {
			return &countedSocket{Conn: conn, of: s}, nil
		}
	}
}

type countedSocket struct {
	net.Conn
	of   *openSockets
	once sync.Once
}

func (c *countedSocket) Close() error {
	err := c.Conn.Close()
	c.once.Do(func() { c.of.open.Add(-1) })
	return err
}
