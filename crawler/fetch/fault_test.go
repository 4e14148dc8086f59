package fetch

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"vigil/casefile"
)

// Another protocol on the port is told by its first bytes, within a second, and
// none of them comes out.
func TestAnotherProtocolOnThePort(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, says, want string }{
		{"SSH", "SSH-2.0-Secret_9.6\r\n", "the server speaks SSH"},
		{"mail", "220 mail.example ESMTP ready\r\n", "the server speaks SMTP"},
		{"files", "220 (vsFTPd 3.0)\r\n", "the server speaks FTP"},
		{"mail or files", "220 welcome\r\n", "the server speaks SMTP or FTP"},
		{"IMAP", "* OK [CAPABILITY IMAP4rev1] secret ready\r\n", "the server speaks IMAP"},
		{"POP3", "+OK secret ready\r\n", "the server speaks POP3"},
		{"Redis", "-ERR wrong number of arguments for 'get' command\r\n", "the server speaks Redis or POP3"},
		{"MySQL", "\x4a\x00\x00\x00\x0a8.0.36-secret\x00\x01", "the server speaks MySQL"},
		{"MySQL that blocks us", "\x45\x00\x00\x00\xff\x6a\x04Host secret is not allowed", "the server speaks MySQL"},
		{"memcached", "ERROR\r\n", "the server speaks memcached"},
		{"Telnet", "\xff\xfd\x18\xff\xfd\x20", "the server speaks Telnet"},
		{"VNC", "RFB 003.008\n", "the server speaks RFB (VNC)"},
		{"remote desktop", "\x03\x00\x00\x0b\x06\xd0\x00\x00\x12\x34\x00", "the server speaks RDP"},
		{"a TLS alert on the plain port", "\x15\x03\x01\x00\x02\x02\x46", detailSpeaksTLS},
		{"HTTP/2 settings on the plain port", "\x00\x00\x12\x04\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x64", detailSpeaksHTTP2},
		{"HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", detailSpeaksHTTP2},
		{"radio", "ICY 200 OK\r\n", "the server speaks ICY (Shoutcast)"},
		{"cameras", "RTSP/1.0 400 Bad Request\r\n", "the server speaks RTSP"},
		{"echo", "GET / HTTP/1.1\r\n", "the server sends the request back"},
		{"HTTP/0.9", "<html>secret", detailHTTP09},
		{"HTTP/0.9 after a byte order mark", "\ufeff\r\n<p>secret", detailHTTP09},
		{"noise", "\x00\x01secret", detailNotHTTP},
		{"one byte", "x", detailNotHTTP},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			begin := []byte(tt.says)
			if got := strangerDetail(begin[:min(len(begin), strangerBytes)]); got != tt.want {
				t.Errorf("told as %q, want %q", got, tt.want)
			}
			synctest.Test(t, func(t *testing.T) {
				started := time.Now()
				a := testFetcher(t, nil).Fetch(t.Context(), Ask{
					Target: mustTarget(t, "http://site-1.example/"), Addresses: []netip.Addr{netip.MustParseAddr("192.0.2.1")}, Dial: answering(tt.says, true, nil),
				})
				want := casefile.Fault{Kind: casefile.FaultProtocol, Phase: casefile.PhaseRequest, Detail: tt.want}
				if a.Fault == nil || *a.Fault != want || a.Hop != nil {
					t.Errorf("fault %+v, want %+v", a.Fault, want)
				}
				if took := time.Since(started); took > time.Second {
					t.Errorf("it took %v to tell", took)
				}
			})
		})
	}
}

// The detail says what the time or the end of the connection cut off.
func TestDetailsOfBrokenAnswers(t *testing.T) {
	t.Parallel()
	const ok = "HTTP/1.1 200 OK\r\n"
	for _, tt := range []struct {
		name, answer string
		hang         bool
		want         string
	}{
		{name: "mute", hang: true, want: detailMute},
		{name: "closed without a word", want: detailClosedMute},
		{name: "closed in the status line", answer: "HTTP/1.1 2", want: detailClosedHead},
		{name: "closed in the headers", answer: ok + "Server: x\r\n", want: detailClosedHead},
		{name: "headers stand still", answer: ok + "Server: x\r\n", hang: true, want: detailSlowHead},
		{name: "status is no number", answer: "HTTP/1.1 abc Odd\r\n\r\n", hang: true, want: detailStatusLine},
		{name: "status of two digits", answer: "HTTP/1.1 20 Odd\r\n\r\n", hang: true, want: detailStatusLine},
		{name: "status below 100", answer: "HTTP/1.1 099 Odd\r\n\r\n", hang: true, want: detailStatusLine},
		{name: "no version", answer: "HTTP/x 200 OK\r\n\r\n", hang: true, want: detailStatusLine},
		{name: "a header without a colon", answer: ok + "what is this\r\n\r\n", hang: true, want: detailHeaderLine},
		{name: "two lengths", answer: ok + "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc", hang: true, want: detailFraming},
		{name: "a negative length", answer: ok + "Content-Length: -3\r\n\r\nabc", hang: true, want: detailFraming},
		{name: "unknown transfer encoding", answer: ok + "Transfer-Encoding: rot13\r\n\r\nabc", hang: true, want: detailFraming},
		{name: "large headers", answer: ok + "X: " + strings.Repeat("a", maxHeader) + "\r\n\r\n", hang: true, want: detailHeadTooBig},
		{name: "hints without end", answer: strings.Repeat("HTTP/1.1 103 Early Hints\r\n\r\n", 20), hang: true, want: detailInterim},
		{name: "switches", answer: "HTTP/1.1 101 Switching Protocols\r\n\r\n", hang: true, want: detailSwitching},
		{name: "shorter than its length", answer: ok + "Content-Length: 9\r\n\r\nabc", want: detailShort},
		{name: "chunks broke off", answer: ok + "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", want: detailClosedChunk},
		{name: "chunks of nonsense", answer: ok + "Transfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n", hang: true, want: detailTransfer},
		{name: "body stands still", answer: ok + "Content-Length: 9\r\n\r\nabc", hang: true, want: detailStill},
		{name: "gzip that is none", answer: ok + "Content-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc", hang: true, want: detailEncoding},
		{name: "br that is none", answer: ok + "Content-Encoding: br\r\nContent-Length: 3\r\n\r\n\xff\xff\xff", hang: true, want: detailEncoding},
		{name: "zstd that is none", answer: ok + "Content-Encoding: zstd\r\nContent-Length: 3\r\n\r\nabc", hang: true, want: detailEncoding},
		{name: "deflate that is none", answer: ok + "Content-Encoding: deflate\r\nContent-Length: 3\r\n\r\n\xff\xff\xff", hang: true, want: detailEncoding},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				a := ask(t, testFetcher(t, nil), tt.answer, tt.hang)
				if a.Fault == nil || a.Fault.Detail != tt.want {
					t.Errorf("fault %+v, want %q", a.Fault, tt.want)
				}
			})
		})
	}
}

// A drip is told from a body that stands still and from one that is just large.
func TestSlowBodiesAreToldApart(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		piece int
		pause time.Duration
		until time.Duration // it says nothing after that
		want  string
	}{
		{"a byte a second", 1, time.Second, time.Hour, detailDrip},
		{"large pieces, then nothing", 1 << 10, 100 * time.Millisecond, 5 * time.Second, detailStill},
		{"4 KiB a second without end", 4 << 10, time.Second, time.Hour, detailSlowBody},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				piece := strings.Repeat("x", tt.piece)
				var serving sync.WaitGroup
				defer serving.Wait()
				dial := func(context.Context, string, string) (net.Conn, error) {
					ours, theirs := net.Pipe()
					serving.Go(func() {
						defer theirs.Close()
						_, _ = theirs.Read(make([]byte, 4<<10))
						_, err := io.WriteString(theirs, "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n")
						for begin := time.Now(); err == nil && time.Since(begin) < tt.until; time.Sleep(tt.pause) {
							_, err = io.WriteString(theirs, piece)
						}
						_, _ = io.Copy(io.Discard, theirs)
					})
					return ours, nil
				}
				a := testFetcher(t, nil).Fetch(t.Context(), Ask{Target: mustTarget(t, "http://site-1.example/"), Addresses: []netip.Addr{netip.MustParseAddr("192.0.2.1")}, Dial: dial})
				want := casefile.Fault{Kind: casefile.FaultTimeout, Phase: casefile.PhaseBody, Detail: tt.want}
				if a.Fault == nil || *a.Fault != want {
					t.Errorf("fault %+v, want %+v", a.Fault, want)
				}
			})
		})
	}
}

func TestFaultsOfErrors(t *testing.T) {
	t.Parallel()
	op := func(err error) error { return &net.OpError{Op: "read", Net: "tcp", Err: err} }
	for _, tt := range []struct {
		name  string
		err   error
		phase casefile.Phase
		kind  casefile.FaultKind
		want  string
	}{
		{"refused", op(os.NewSyscallError("connect", syscall.ECONNREFUSED)), casefile.PhaseConnect, casefile.FaultRefused, detailRefused},
		{"no route", op(os.NewSyscallError("connect", syscall.EHOSTUNREACH)), casefile.PhaseConnect, casefile.FaultRefused, detailUnreachable},
		{"deadline, connecting", op(os.ErrDeadlineExceeded), casefile.PhaseConnect, casefile.FaultTimeout, detailNoAnswer},
		{"deadline, handshake", op(os.ErrDeadlineExceeded), casefile.PhaseTLS, casefile.FaultTimeout, detailSlowTLS},
		{"reset in the handshake", op(os.NewSyscallError("read", syscall.ECONNRESET)), casefile.PhaseTLS, casefile.FaultReset, detailReset},
		{"closed in the handshake", io.EOF, casefile.PhaseTLS, casefile.FaultReset, detailClosedTLS},
		{"closed in the body", io.ErrUnexpectedEOF, casefile.PhaseBody, casefile.FaultReset, detailClosedBody},
		{"alert 40", &net.OpError{Op: "remote error", Err: tls.AlertError(40)}, casefile.PhaseTLS, casefile.FaultTLS, "TLS alert: handshake failure"},
		{"alert 116 after the handshake", &net.OpError{Op: "remote error", Err: tls.AlertError(116)}, casefile.PhaseRequest, casefile.FaultTLS, "TLS alert: certificate required"},
		{"alert that nobody knows", &net.OpError{Op: "remote error", Err: tls.AlertError(200)}, casefile.PhaseTLS, casefile.FaultTLS, detailOtherAlert},
		{"a record broke", &net.OpError{Op: "local error", Err: tls.AlertError(20)}, casefile.PhaseBody, casefile.FaultTLS, detailBadRecord},
		{"HTTP on the TLS port", tls.RecordHeaderError{RecordHeader: [5]byte{'H', 'T', 'T', 'P', '/'}}, casefile.PhaseTLS, casefile.FaultTLS, detailSpeaksHTTP},
		{"SSH on the TLS port", tls.RecordHeaderError{RecordHeader: [5]byte{'S', 'S', 'H', '-', '2'}}, casefile.PhaseTLS, casefile.FaultTLS, "the server speaks SSH"},
		{"noise on the TLS port", tls.RecordHeaderError{RecordHeader: [5]byte{'x', 'x', 'x', 'x', 'x'}}, casefile.PhaseTLS, casefile.FaultTLS, detailNotTLS},
		{"strange, connecting", errors.New("x"), casefile.PhaseConnect, casefile.FaultRefused, detailOpenFailed},
		{"strange, handshake", errors.New("x"), casefile.PhaseTLS, casefile.FaultTLS, detailHandshake},
	} {
		got := faultOf(t.Context(), tt.err, tt.phase)
		if want := (casefile.Fault{Kind: tt.kind, Phase: tt.phase, Detail: tt.want}); *got != want {
			t.Errorf("%s: %+v, want %+v", tt.name, *got, want)
		}
		if !slices.Contains(Details(), got.Detail) {
			t.Errorf("%s: %q is not in the closed set", tt.name, got.Detail)
		}
	}
}
