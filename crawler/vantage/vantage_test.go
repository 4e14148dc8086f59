package vantage_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"vigil/crawler/vantage"

	"vigil/crawler/guard"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// pipe is a dialer whose other end is served by f.
func pipe(f func(net.Conn)) guard.Dial {
	return func(context.Context, string, string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		go func() {
			defer theirs.Close()
			f(theirs)
		}()
		return ours, nil
	}
}

func TestConnectProxy(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, proxy, answer string
		ok                  bool
	}{
		{"lets through", "http://192.0.2.9:3128", "HTTP/1.1 200 Connection established\r\n\r\n", true},
		{"with a password", "http://user:secret@192.0.2.9:3128", "HTTP/1.1 200 OK\r\n\r\n", true},
		{"refuses", "http://192.0.2.9:3128", "HTTP/1.1 403 Forbidden\r\n\r\n", false},
		{"asks for a password", "http://192.0.2.9:3128", "HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", false},
		{"talks nonsense", "http://192.0.2.9:3128", "SSH-2.0-example\r\n\r\n", false},
		{"talks too much", "http://192.0.2.9:3128", "HTTP/1.1 200 OK\r\n\r\nmore", false},
		{"never ends", "http://192.0.2.9:3128", "HTTP/1.1 200 OK\r\nX: " + strings.Repeat("a", 1<<20), false},
		{"closes", "http://192.0.2.9:3128", "", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var asked *http.Request
				dial, err := vantage.Dialer(tt.proxy, pipe(func(c net.Conn) {
					in := bufio.NewReader(c)
					asked, _ = http.ReadRequest(in)
					_, _ = io.WriteString(c, tt.answer)
					if tt.ok {
						_, _ = io.Copy(c, in)
					}
				}))
				if err != nil {
					t.Fatal(err)
				}
				conn, err := dial(t.Context(), "tcp", "192.0.2.1:443")
				if !tt.ok {
					var proxy interface{ Proxied() bool }
					if !errors.As(err, &proxy) || !proxy.Proxied() || strings.Contains(err.Error(), "192.0.2") {
						t.Errorf("error %v must be the proxy's and name no address", err)
					}
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				defer conn.Close()
				if asked.Method != http.MethodConnect || asked.Host != "192.0.2.1:443" {
					t.Errorf("asked %s %s", asked.Method, asked.Host)
				}
				if got := asked.Header.Get("Proxy-Authorization"); (got != "") != strings.Contains(tt.proxy, "@") {
					t.Errorf("authorization %q", got)
				}
				if _, err := io.WriteString(conn, "echo"); err != nil {
					t.Fatal(err)
				}
				echo := make([]byte, 4)
				if _, err := io.ReadFull(conn, echo); err != nil || string(echo) != "echo" {
					t.Errorf("the connection carries %q, %v", echo, err)
				}
			})
		})
	}
}

// A SOCKS5 proxy (RFC 1928) is asked for an address, and never for a name.
func TestSOCKSProxy(t *testing.T) {
	t.Parallel()
	for name, reply := range map[string]byte{"lets through": 0, "cannot reach it": 4} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var kind byte
				dial, err := vantage.Dialer("socks5://192.0.2.9:1080", pipe(func(c net.Conn) {
					head := make([]byte, 3)
					_, _ = io.ReadFull(c, head)
					_, _ = c.Write([]byte{5, 0})
					request := make([]byte, 10)
					_, _ = io.ReadFull(c, request)
					kind = request[3]
					_, _ = c.Write([]byte{5, reply, 0, 1, 0, 0, 0, 0, 0, 0})
				}))
				if err != nil {
					t.Fatal(err)
				}
				conn, err := dial(t.Context(), "tcp", "192.0.2.1:80")
				if (err == nil) != (reply == 0) {
					t.Fatalf("error %v", err)
				}
				if conn != nil {
					_ = conn.Close()
				}
				if kind != 1 {
					t.Errorf("address type %d, want 1 (IPv4)", kind)
				}
			})
		})
	}
}

func TestAProxyIsNeverGivenAName(t *testing.T) {
	t.Parallel()
	for _, proxy := range []string{"socks5://192.0.2.9:1080", "http://192.0.2.9:3128"} {
		dial, err := vantage.Dialer(proxy, func(context.Context, string, string) (net.Conn, error) {
			t.Error("the proxy was reached")
			return nil, net.ErrClosed
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := dial(t.Context(), "tcp", "site-1.example:80"); err == nil {
			t.Errorf("%s: a name was taken", proxy)
		}
	}
}

func TestASilentProxyObeysTheContext(t *testing.T) {
	t.Parallel()
	for _, proxy := range []string{"socks5://192.0.2.9:1080", "http://192.0.2.9:3128"} {
		synctest.Test(t, func(t *testing.T) {
			dial, err := vantage.Dialer(proxy, pipe(func(c net.Conn) { _, _ = io.Copy(io.Discard, c) }))
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
			defer cancel()
			begin := time.Now()
			if _, err := dial(ctx, "tcp", "192.0.2.1:80"); !errors.Is(err, context.DeadlineExceeded) && !isTimeout(err) {
				t.Errorf("%s: %v", proxy, err)
			}
			if time.Since(begin) != 3*time.Second {
				t.Errorf("%s: took %v", proxy, time.Since(begin))
			}
		})
	}
}

func isTimeout(err error) bool {
	var n net.Error
	return errors.As(err, &n) && n.Timeout()
}

func TestDialerRefusesOtherProxies(t *testing.T) {
	t.Parallel()
	for _, proxy := range []string{"ftp://192.0.2.9:21", "192.0.2.9:1080", "socks5://192.0.2.9", "http://:3128", "https://192.0.2.9:443", "http://user:secret@192.0.2.9:1/path", "\x00"} {
		if _, err := vantage.Dialer(proxy, nil); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: %v", proxy, err)
		}
	}
}
