package fetch

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"vigil/casefile"
	"vigil/crawler/guard"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func testFetcher(t testing.TB, change func(*Options)) *Fetcher {
	t.Helper()
	o := Options{DigestKey: []byte("a key of a test, 32 bytes long.."), UserAgent: "Vigil/test", MaxBody: testMaxBody}
	if change != nil {
		change(&o)
	}
	f, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func mustTarget(t testing.TB, url string) casefile.Target {
	t.Helper()
	parsed, err := casefile.NewTarget(url)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

// answering is a dialer to a server that reads a request and sends raw bytes, and
// then closes, or hangs until the connection is closed.
func answering(answer string, hang bool, request *string) guard.Dial {
	return func(context.Context, string, string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		go func() {
			defer theirs.Close()
			b := make([]byte, 64<<10)
			n, err := theirs.Read(b)
			if err != nil {
				return
			}
			if request != nil {
				*request = string(b[:n])
			}
			if _, err := io.WriteString(theirs, answer); err == nil && hang {
				_, _ = io.Copy(io.Discard, theirs)
			}
		}()
		return ours, nil
	}
}

func ask(t testing.TB, f *Fetcher, answer string, hang bool) Answer {
	t.Helper()
	return f.Fetch(t.Context(), Ask{
		Target: mustTarget(t, "http://site-1.example/"), Addresses: []netip.Addr{netip.MustParseAddr("192.0.2.1")}, Dial: answering(answer, hang, nil),
	})
}

// The bytes of a head and a body decide; each row is an answer on the wire.
func TestFetchReadsTheWire(t *testing.T) {
	t.Parallel()
	const ok = "HTTP/1.1 200 OK\r\n"
	for _, tt := range []struct {
		name, answer string
		hang         bool
		status       int
		bytes        int64
		fault        casefile.FaultKind
		phase        casefile.Phase
	}{
		{name: "length", answer: ok + "Content-Length: 3\r\n\r\nabc", hang: true, status: 200, bytes: 3},
		{name: "chunks", answer: ok + "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", hang: true, status: 200, bytes: 3},
		{name: "until closed", answer: ok + "\r\nabc", status: 200, bytes: 3},
		{name: "nothing in it", answer: "HTTP/1.1 204 No Content\r\n\r\n", hang: true, status: 204},
		{name: "old protocol", answer: "HTTP/1.0 200 OK\r\n\r\nabc", status: 200, bytes: 3},
		{name: "bare line feeds", answer: "HTTP/1.1 200 OK\nContent-Length: 3\n\nabc", hang: true, status: 200, bytes: 3},
		{name: "early hints first", answer: "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + ok + "Content-Length: 3\r\n\r\nabc", hang: true, status: 200, bytes: 3},
		{name: "hints without end", answer: strings.Repeat("HTTP/1.1 103 Early Hints\r\n\r\n", 20), hang: true, fault: casefile.FaultProtocol, phase: casefile.PhaseRequest},
		{name: "another protocol is offered", answer: "HTTP/1.1 101 Switching Protocols\r\n\r\n", hang: true, fault: casefile.FaultProtocol, phase: casefile.PhaseRequest},
		{name: "closed at once", fault: casefile.FaultReset, phase: casefile.PhaseRequest},
		{name: "closed in the status line", answer: "HTTP/1.1 2", fault: casefile.FaultReset, phase: casefile.PhaseRequest},
		{name: "closed in a header", answer: ok + "Content-Le", fault: casefile.FaultReset, phase: casefile.PhaseRequest},
		{name: "HTTP/0.9", answer: "<p>text", fault: casefile.FaultProtocol, phase: casefile.PhaseRequest},
		{name: "a mail server", answer: "220 mail.example ESMTP\r\n", hang: true, fault: casefile.FaultProtocol, phase: casefile.PhaseRequest},
		{name: "a line that is no header", answer: ok + "what is this\r\n\r\n", hang: true, fault: casefile.FaultProtocol, phase: casefile.PhaseRequest},
		{name: "two lengths", answer: ok + "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc", hang: true, fault: casefile.FaultProtocol, phase: casefile.PhaseRequest},
		{name: "unknown transfer encoding", answer: ok + "Transfer-Encoding: rot13\r\n\r\nabc", hang: true, fault: casefile.FaultProtocol, phase: casefile.PhaseRequest},
		{name: "large headers", answer: ok + "X: " + strings.Repeat("a", maxHeader) + "\r\n\r\n", hang: true, fault: casefile.FaultProtocol, phase: casefile.PhaseRequest},
		{name: "header hangs", answer: ok, hang: true, fault: casefile.FaultTimeout, phase: casefile.PhaseRequest},
		{name: "shorter than its length", answer: ok + "Content-Length: 9\r\n\r\nabc", status: 200, bytes: 3, fault: casefile.FaultReset, phase: casefile.PhaseBody},
		{name: "chunks without end", answer: ok + "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", status: 200, bytes: 3, fault: casefile.FaultReset, phase: casefile.PhaseBody},
		{name: "chunks of nonsense", answer: ok + "Transfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n", hang: true, status: 200, fault: casefile.FaultProtocol, phase: casefile.PhaseBody},
		{name: "body hangs", answer: ok + "Content-Length: 9\r\n\r\nabc", hang: true, status: 200, bytes: 3, fault: casefile.FaultTimeout, phase: casefile.PhaseBody},
		{name: "an encoding not asked for is digested as it is", answer: ok + "Content-Encoding: compress\r\nContent-Length: 3\r\n\r\nabc", hang: true, status: 200, bytes: 3},
		{name: "gzip that is none", answer: ok + "Content-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc", hang: true, status: 200, fault: casefile.FaultProtocol, phase: casefile.PhaseBody},
		{name: "gzip of nothing", answer: ok + "Content-Encoding: gzip\r\nContent-Length: 0\r\n\r\n", hang: true, status: 200},
		{name: "status 999", answer: "HTTP/1.1 999 Odd\r\nContent-Length: 0\r\n\r\n", hang: true, status: 999},
		{name: "redirect to something unreadable", answer: "HTTP/1.1 302 Found\r\nLocation: http://[\r\n\r\n", hang: true, status: 302},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				a := ask(t, testFetcher(t, nil), tt.answer, tt.hang)
				var got casefile.Fault
				if a.Fault != nil {
					got = *a.Fault
				}
				if got.Kind != tt.fault || got.Phase != tt.phase {
					t.Errorf("fault %q in %q (%s), want %q in %q", got.Kind, got.Phase, got.Detail, tt.fault, tt.phase)
				}
				status := 0
				if a.Hop != nil {
					status = a.Hop.Status
				}
				if status != tt.status || a.BodyBytes != tt.bytes {
					t.Errorf("status %d with %d bytes, want %d with %d", status, a.BodyBytes, tt.status, tt.bytes)
				}
			})
		})
	}
}

// The environment variables of colly must not change a request: one of them would
// keep bodies on disk.
func TestTheEnvironmentChangesNothing(t *testing.T) {
	dir := t.TempDir()
	for name, value := range map[string]string{
		"COLLY_USER_AGENT": "other", "COLLY_CACHE_DIR": dir, "COLLY_IGNORE_ROBOTSTXT": "n", "COLLY_ALLOWED_DOMAINS": "other.example", "COLLY_DISALLOWED_DOMAINS": "site-1.example",
		"COLLY_MAX_DEPTH": "1", "COLLY_MAX_BODY_SIZE": "1", "COLLY_FOLLOW_REDIRECTS": "y", "COLLY_PARSE_HTTP_ERROR_RESPONSE": "n", "COLLY_DETECT_CHARSET": "y", "COLLY_TRACE_HTTP": "y", "COLLY_MAX_REQUESTS": "1",
	} {
		t.Setenv(name, value)
	}
	f := testFetcher(t, nil)
	for range 2 {
		var request string
		a := f.Fetch(t.Context(), Ask{
			Target: mustTarget(t, "http://site-1.example/a"), Addresses: []netip.Addr{netip.MustParseAddr("192.0.2.1")},
			Dial: answering("HTTP/1.1 404 Not Found\r\nContent-Type: text/html; charset=latin1\r\nContent-Length: 3\r\n\r\nabc", true, &request),
		})
		if a.Fault != nil || a.Hop.Status != 404 || a.BodyBytes != 3 {
			t.Fatalf("%+v, fault %+v", a, a.Fault)
		}
		if !strings.HasPrefix(request, "GET /a HTTP/1.1\r\nHost: site-1.example\r\nUser-Agent: Vigil/test\r\n") || !strings.HasSuffix(request, "\r\nConnection: close\r\n\r\n") {
			t.Errorf("request %q", request)
		}
	}
	if files, err := os.ReadDir(dir); err != nil || len(files) > 0 {
		t.Errorf("something was kept on disk: %v, %v", files, err)
	}
}

// What goes over the wire is the canonical URL, byte for byte.
func TestTheWireHasTheCanonicalURL(t *testing.T) {
	t.Parallel()
	f := testFetcher(t, nil)
	for url, want := range map[string][2]string{
		"http://site-1.example//a//b?x":          {"//a//b?x", "site-1.example"},
		"http://site-1.example/a%2fb/%7Ec|[d]'":  {"/a%2fb/%7Ec|[d]'", "site-1.example"},
		"http://site-1.example:8080/?a=b&&c=%25": {"/?a=b&&c=%25", "site-1.example:8080"},
		"http://[2001:db8::1]/":                  {"/", "[2001:db8::1]"},
		"http://[2001:db8::1]:81/":               {"/", "[2001:db8::1]:81"},
	} {
		var request string
		a := f.Fetch(t.Context(), Ask{Target: mustTarget(t, url), Addresses: []netip.Addr{netip.MustParseAddr("192.0.2.1")},
			Dial: answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", true, &request)})
		if a.Fault != nil || !strings.HasPrefix(request, "GET "+want[0]+" HTTP/1.1\r\nHost: "+want[1]+"\r\n") {
			t.Errorf("%s: request %q, fault %+v", url, request, a.Fault)
		}
	}
}

// The addresses are dialled in turn, each with its share of the time, and the
// fault is that of the first.
func TestConnectTriesAFewAddresses(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var dialled []string
		hole := func(ctx context.Context, _, address string) (net.Conn, error) {
			dialled = append(dialled, address)
			if len(dialled) == 1 {
				<-ctx.Done()
				return nil, ctx.Err()
			}
			return nil, &net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
		}
		var addresses []netip.Addr
		for _, a := range []string{"192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4", "2001:db8::1", "2001:db8::2"} {
			addresses = append(addresses, netip.MustParseAddr(a))
		}
		begin := time.Now()
		a := testFetcher(t, nil).Fetch(t.Context(), Ask{Target: mustTarget(t, "http://site-1.example/"), Addresses: addresses, Dial: hole})
		if got, want := strings.Join(dialled, " "), "192.0.2.1:80 [2001:db8::1]:80 192.0.2.2:80"; got != want {
			t.Errorf("dialled %s, want %s", got, want)
		}
		if a.Fault == nil || a.Fault.Kind != casefile.FaultTimeout || a.Fault.Phase != casefile.PhaseConnect {
			t.Errorf("fault %+v", a.Fault)
		}
		if took, want := time.Since(begin), DefaultTimeout/2/3; took != want {
			t.Errorf("the first address had %v, want %v", took, want)
		}
	})
}

func TestFaultOf(t *testing.T) {
	t.Parallel()
	op := func(err error) error { return &net.OpError{Op: "read", Net: "tcp", Err: err} }
	for _, tt := range []struct {
		name  string
		err   error
		phase casefile.Phase
		want  casefile.FaultKind
	}{
		{"guard", errors.Join(guard.ErrRefused), casefile.PhaseConnect, casefile.FaultAddressRefused},
		{"refused", op(os.NewSyscallError("connect", syscall.ECONNREFUSED)), casefile.PhaseConnect, casefile.FaultRefused},
		{"no route", op(os.NewSyscallError("connect", syscall.EHOSTUNREACH)), casefile.PhaseConnect, casefile.FaultRefused},
		{"no network", op(os.NewSyscallError("connect", syscall.ENETUNREACH)), casefile.PhaseConnect, casefile.FaultRefused},
		{"kernel time-out", op(os.NewSyscallError("connect", syscall.ETIMEDOUT)), casefile.PhaseConnect, casefile.FaultTimeout},
		{"deadline", op(os.ErrDeadlineExceeded), casefile.PhaseBody, casefile.FaultTimeout},
		{"reset", op(os.NewSyscallError("read", syscall.ECONNRESET)), casefile.PhaseBody, casefile.FaultReset},
		{"broken pipe", op(os.NewSyscallError("write", syscall.EPIPE)), casefile.PhaseRequest, casefile.FaultReset},
		{"closed in the handshake", io.EOF, casefile.PhaseTLS, casefile.FaultReset},
		{"alert", &net.OpError{Op: "remote error", Err: tls.AlertError(40)}, casefile.PhaseTLS, casefile.FaultTLS},
		{"not TLS", tls.RecordHeaderError{Msg: "x"}, casefile.PhaseTLS, casefile.FaultTLS},
		{"strange, connecting", errors.New("x"), casefile.PhaseConnect, casefile.FaultRefused},
		{"strange, headers", errors.New("x"), casefile.PhaseRequest, casefile.FaultProtocol},
		{"strange, body", errors.New("x"), casefile.PhaseBody, casefile.FaultProtocol},
	} {
		if got := faultOf(t.Context(), tt.err, tt.phase); got.Kind != tt.want || got.Phase != tt.phase || !got.Kind.Valid() {
			t.Errorf("%s: %+v, want %s", tt.name, got, tt.want)
		}
	}
}

func TestARefreshHeaderIsAMetaRefresh(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]bool{"0; url=/a": true, "5;url=/a": true, "6;url=/a": false, "5": false, "": false} {
		a := ask(t, testFetcher(t, nil), "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nRefresh: "+header+"\r\nContent-Length: 4\r\n\r\nword", true)
		if a.Features.Mentions(casefile.MarkerMetaRefresh) != want {
			t.Errorf("Refresh: %q: markers %v", header, a.Features.Markers)
		}
	}
}

// A panic below a look is a fault of it, and no crash.
func TestAPanicIsAFault(t *testing.T) {
	t.Parallel()
	a := testFetcher(t, nil).Fetch(t.Context(), Ask{Target: mustTarget(t, "http://site-1.example/"), Addresses: []netip.Addr{netip.MustParseAddr("192.0.2.1")},
		Dial: func(context.Context, string, string) (net.Conn, error) { panic("broken") }})
	if a.Fault == nil || a.Fault.Kind != casefile.FaultProtocol || a.Fault.Phase != casefile.PhaseConnect {
		t.Errorf("fault %+v", a.Fault)
	}
}

func TestHeaderFacts(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	for value, want := range map[string]time.Duration{
		"": 0, "120": 2 * time.Minute, " 120 ": 2 * time.Minute, "999999999999": maxRetryAfter, "-5": 0, "soon": 0, "1.5": 0,
		"Sun, 01 Nov 2026 13:00:00 GMT": time.Hour, "Sun, 01 Nov 2026 11:00:00 GMT": 0, "Sun, 01 Nov 2037 11:00:00 GMT": maxRetryAfter,
	} {
		if got := retryAfter(value, now); got != want {
			t.Errorf("retryAfter(%q) = %v, want %v", value, got, want)
		}
	}
	for value, want := range map[string]string{
		"text/html; charset=utf-8": "text/html", "TEXT/HTML": "text/html", "": "", "text": "", "a/b/c": "", "text/h tml": "", "text/" + strings.Repeat("a", 200): "",
	} {
		if got := mediaType(value); got != want {
			t.Errorf("mediaType(%q) = %q, want %q", value, got, want)
		}
	}
	if got := printable("ng\x00inx\u00fc " + strings.Repeat("a", 500)); len(got) > maxHeaderFact || !strings.HasPrefix(got, "nginx a") {
		t.Errorf("printable gave %q", got)
	}
	for _, tt := range []struct {
		header    http.Header
		edge      string
		challenge bool
		sinkhole  bool
	}{
		{header: http.Header{"Server": {"nginx"}}},
		{header: http.Header{"Cf-Ray": {"1"}}, edge: "cloudflare"},
		{header: http.Header{"Server": {"cloudflare"}, "Cf-Mitigated": {"challenge"}}, edge: "cloudflare", challenge: true},
		{header: http.Header{"X-Amz-Cf-Id": {"1"}}, edge: "cloudfront"},
		{header: http.Header{"X-Served-By": {"cache-ams1-AMS"}}, edge: "fastly"},
		{header: http.Header{"Server": {"AkamaiGHost"}}, edge: "akamai"},
		{header: http.Header{"Server": {"ddos-guard"}}, edge: "ddos-guard"},
		{header: http.Header{"Eo-Log-Uuid": {"1"}}, edge: "edgeone"},
		{header: http.Header{"Server": {"ECAcc (ams/1234)"}}, edge: "edgecast"},
		{header: http.Header{"Via": {"1.1 google"}}, edge: "google"},
		{header: http.Header{"Via": {"2.0 heroku-router"}}, edge: "heroku"},
		{header: http.Header{"Server": {"AmazonS3"}}, edge: "amazon-s3"},
		{header: http.Header{"Server": {"AmazonS3"}, "X-Amz-Cf-Id": {"1"}}, edge: "cloudfront"},
		{header: http.Header{"X-Vercel-Id": {"1"}, "Cf-Ray": {"1"}}, edge: "cloudflare"},
		{header: http.Header{"X-Amzn-Waf-Action": {"captcha"}}, challenge: true},
		{header: http.Header{"X-Sinkhole": {"malware"}}, sinkhole: true},
		{header: http.Header{"Server": {"X-SinkHole"}}, sinkhole: true},
	} {
		marks := headerMarks(tt.header)
		if edgeOf(tt.header) != tt.edge || marks.has(casefile.MarkerChallenge) != tt.challenge || marks.has(casefile.MarkerSinkhole) != tt.sinkhole {
			t.Errorf("%v: edge %q, markers %v", tt.header, edgeOf(tt.header), marks.sorted())
		}
	}
}

func TestJarIsBounded(t *testing.T) {
	t.Parallel()
	var j Jar
	at := mustTarget(t, "https://www.site-1.example/a/b")
	if j.Header(at) != "" {
		t.Error("an empty jar has cookies")
	}
	var lines []string
	for i := range 500 {
		lines = append(lines, "c"+strings.Repeat("x", i%7)+string(rune('a'+i%26))+"="+strings.Repeat("v", 1000))
	}
	j.store(at, http.Header{"Set-Cookie": lines})
	j.store(at, http.Header{"Set-Cookie": lines})
	if got := j.Header(at); got == "" || len(got) > maxCookieHeader || j.count > maxCookies {
		t.Errorf("%d cookies make %d bytes", j.count, len(got))
	}
	var one Jar
	one.store(at, http.Header{"Set-Cookie": {"a=1; Domain=site-1.example; Path=/; Secure", "b=2; Domain=example"}})
	if got := one.Header(mustTarget(t, "https://other.site-1.example/")); got != "a=1" {
		t.Errorf("the sibling host gets %q", got)
	}
	if got := one.Header(mustTarget(t, "http://other.site-1.example/")); got != "" {
		t.Errorf("a secure cookie goes out in the clear: %q", got)
	}
	if got := one.Header(mustTarget(t, "https://site-2.example/")); got != "" {
		t.Errorf("a stranger gets %q", got)
	}
}

func TestNewRefusesBadOptions(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]Options{
		"short key": {DigestKey: []byte("short"), UserAgent: "a"}, "no agent": {DigestKey: make([]byte, 32)}, "agent of two lines": {DigestKey: make([]byte, 32), UserAgent: "a\r\nb"},
		"negative body": {DigestKey: make([]byte, 32), UserAgent: "a", MaxBody: -1}, "negative time": {DigestKey: make([]byte, 32), UserAgent: "a", Timeout: -1},
	} {
		if _, err := New(o); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
