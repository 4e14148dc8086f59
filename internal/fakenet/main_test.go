package fakenet

import (
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// net/http writes the first bytes of an answer that comes before its request to the standard logger.
func TestMain(m *testing.M) {
	log.SetOutput(io.Discard)
	goleak.VerifyTestMain(m)
}

// way is one of the two ways to reach a net.
type way struct {
	name string
	dial func(t *testing.T, n *Net, vantage string) Dial
}

var ways = []way{
	{"in memory", func(_ *testing.T, n *Net, vantage string) Dial { return n.Dialer(vantage) }},
	{"on loopback", func(t *testing.T, n *Net, vantage string) Dial {
		s, err := n.Listen(SocketOptions{})
		if err != nil {
			t.Fatal(err)
		}
		return s.Dialer(vantage)
	}},
}

func newNet(t *testing.T, o Options) *Net {
	n := New(o)
	t.Cleanup(n.Close)
	return n
}

// newClient is a client that resolves names with the net's own table and never follows a redirect.
func newClient(t *testing.T, n *Net, dial Dial) *http.Client {
	c := n.Client(dial)
	c.Timeout = 3 * time.Second
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	t.Cleanup(c.CloseIdleConnections)
	return c
}

type answer struct {
	status int
	header http.Header
	body   string
	err    error
}

func fetch(c *http.Client, url string) answer {
	r, err := c.Get(url)
	if err != nil {
		return answer{err: err}
	}
	defer r.Body.Close()
	b, err := io.ReadAll(io.LimitReader(r.Body, 4<<20))
	return answer{r.StatusCode, r.Header, string(b), err}
}

func connect(t *testing.T, dial Dial, address string) net.Conn {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	c, err := dial(ctx, "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func addr(s string) netip.Addr { return netip.MustParseAddr(s) }

// host is the example host of a number.
func host(i int) string { return "site-" + strconv.Itoa(i) + ".example" }

func wantError(t *testing.T, err error, part string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), part) {
		t.Errorf("error = %v, want one with %q", err, part)
	}
}
