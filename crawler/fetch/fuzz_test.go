package fetch

import (
	"bytes"
	"context"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"vigil/casefile"
)

// tape is a connection on which the server's words are already written.
type tape struct{ *bytes.Reader }

func (tape) Write(p []byte) (int, error)      { return len(p), nil }
func (tape) Close() error                     { return nil }
func (tape) LocalAddr() net.Addr              { return &net.TCPAddr{} }
func (tape) RemoteAddr() net.Addr             { return &net.TCPAddr{} }
func (tape) SetDeadline(time.Time) error      { return nil }
func (tape) SetReadDeadline(time.Time) error  { return nil }
func (tape) SetWriteDeadline(time.Time) error { return nil }

// fuzzAnswer fetches what is on the tape and holds the answer to what must be true
// of every answer.
func fuzzAnswer(t *testing.T, wire []byte, secure bool) Answer {
	t.Helper()
	core, panics := observer.New(zap.ErrorLevel)
	f := testFetcher(t, func(o *Options) { o.Log, o.MaxBody = zap.New(core), 64<<10 })
	url := "http://site-1.example/"
	if secure {
		url = "https://site-1.example/"
	}
	a := f.Fetch(t.Context(), Ask{Target: mustTarget(t, url), Addresses: []netip.Addr{netip.MustParseAddr("192.0.2.1")},
		Dial: func(context.Context, string, string) (net.Conn, error) { return tape{bytes.NewReader(wire)}, nil }})
	if panics.Len() > 0 {
		t.Fatalf("a parser panicked: %v", panics.All()[0].ContextMap()["stack"])
	}
	if a.Fault == nil && a.Hop == nil {
		t.Fatal("neither an answer nor a fault")
	}
	if a.Fault != nil {
		if !a.Fault.Kind.Valid() || !a.Fault.Phase.Valid() || !slices.Contains(Details(), a.Fault.Detail) {
			t.Fatalf("fault %+v", a.Fault)
		}
		if (a.Fault.Phase == casefile.PhaseBody) != (a.Features != nil) {
			t.Fatalf("fault %+v with features %v", a.Fault, a.Features)
		}
	}
	if a.Hop != nil && (a.Hop.Status < 200 || a.Hop.Status > 999) {
		t.Fatalf("status %d", a.Hop.Status)
	}
	if a.BodyBytes > 64<<10 || a.BodyBytes < 0 {
		t.Fatalf("%d bytes of a body", a.BodyBytes)
	}
	if !f.room.TryAcquire(decoderRoom) {
		t.Fatal("room for windows was not given back")
	}
	return a
}

// FuzzHead reads any bytes as an answer: status line, headers, other protocols.
func FuzzHead(f *testing.F) {
	for _, seed := range []string{
		"", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", "HTTP/1.0 200\r\n\r\n", "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 302 Found\r\nLocation: /a\r\n\r\n",
		"HTTP/1.1 200 OK\r\nSet-Cookie: a=b; Domain=.example\r\nRetry-After: -1\r\nDate: x\r\n\r\n", "HTTP/9.9 999 \r\n\r\n", "HTTP/1.1 204\r\nContent-Length: 9\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n1\r\na\r\n0\r\n\r\n", "SSH-2.0-x\r\n", "220 mail\r\n", "\x4a\x00\x00\x00\x0a8.0", "\x15\x03\x01\x00\x02\x02\x46",
		"\x00\x00\x12\x04\x00\x00\x00\x00\x00", "<p>", "HTTP/1.1 200 OK\r\n folded: x\r\n\r\n", "HTTP/1.1 200 OK\r\nX\x00: y\r\n\r\n",
	} {
		f.Add([]byte(seed), false)
	}
	f.Add([]byte("\x16\x03\x03\x00\x04\x0e\x00\x00\x00"), true)
	f.Fuzz(func(t *testing.T, wire []byte, secure bool) { fuzzAnswer(t, wire, secure) })
}

// FuzzBody reads any bytes as a body, chunked or not, in each coding.
func FuzzBody(f *testing.F) {
	codings := []string{"", "gzip", "deflate", "br", "zstd", "gzip, br", "zstd, zstd", "unknown"}
	for i, c := range codings {
		f.Add([]byte("3\r\nabc\r\n0\r\n\r\n"), uint8(i), true)
		f.Add([]byte("ffffffffffffffff\r\nabc"), uint8(i), true)
		f.Add(encode(f, strings.TrimPrefix(c, "gzip, "), []byte(codedPage)), uint8(i), false)
	}
	f.Fuzz(func(t *testing.T, body []byte, coding uint8, chunked bool) {
		head := "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Encoding: " + codings[int(coding)%len(codings)] + "\r\n"
		if chunked {
			head += "Transfer-Encoding: chunked\r\n"
		}
		a := fuzzAnswer(t, append([]byte(head+"\r\n"), body...), false)
		if a.Features == nil || a.Hop == nil {
			t.Fatalf("a body without features: %+v", a.Fault)
		}
	})
}
