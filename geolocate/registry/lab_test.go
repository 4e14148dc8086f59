package registry

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"

	"vigil/internal/fakenet/testrun"
)

// lab is a small world of registries on loopback: an RDAP server with its bootstrap
// files, a WHOIS root and a WHOIS registry that the root refers to.
type lab struct {
	t    *testing.T
	rdap *httptest.Server
	// root and registry answer WHOIS queries; nil closes the connection.
	root, registry func(query string, w net.Conn)
	rootAt, regAt  string

	mu       sync.Mutex
	answers  map[string]http.HandlerFunc // by path
	asked    map[string]int              // by path or "whois query"
	resolved []string
}

func newLab(t *testing.T) *lab {
	t.Helper()
	l := &lab{t: t, answers: map[string]http.HandlerFunc{}, asked: map[string]int{}}
	l.rdap = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		l.mu.Lock()
		l.asked[r.URL.Path]++
		answer := l.answers[r.URL.Path]
		l.mu.Unlock()
		if answer == nil {
			http.NotFound(w, r)
			return
		}
		answer(w, r)
	}))
	t.Cleanup(l.rdap.Close)
	base := l.rdap.URL + "/rdap/"
	l.answer("/boot/ipv4.json", fmt.Sprintf(`{"version":"1.0","services":[[["192.0.2.0/24","198.51.100.0/24"],["%s"]]]}`, base))
	l.answer("/boot/ipv6.json", fmt.Sprintf(`{"version":"1.0","services":[[["2001:db8::/32"],["%s"]]]}`, base))
	l.answer("/boot/dns.json", fmt.Sprintf(`{"version":"1.0","services":[[["example"],["ftp://nothing.example/","%s"]]]}`, base))
	l.rootAt = l.whois(func() func(string, net.Conn) { return l.root })
	l.regAt = l.whois(func() func(string, net.Conn) { return l.registry })
	return l
}

func (l *lab) whois(serve func() func(string, net.Conn)) string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		l.t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			wg.Go(func() {
				defer func() { _ = conn.Close() }()
				query, err := bufio.NewReader(conn).ReadString('\n')
				if err != nil {
					return
				}
				query = strings.TrimSpace(query)
				l.mu.Lock()
				l.asked["whois "+query]++
				l.mu.Unlock()
				if answer := serve(); answer != nil {
					answer(query, conn)
				}
			})
		}
	})
	l.t.Cleanup(func() { _ = listener.Close(); wg.Wait() })
	return listener.Addr().String()
}

// answer sets the RDAP answer of a path.
func (l *lab) answer(path, body string) {
	l.handle(path, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/rdap+json")
		_, _ = io.WriteString(w, body)
	})
}

func (l *lab) handle(path string, h http.HandlerFunc) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.answers[path] = h
}

func (l *lab) count(key string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.asked[key]
}

// open makes a Registry that lives in the lab.
func (l *lab) open(change func(*Options)) *Registry {
	l.t.Helper()
	o := Options{
		Dial: (&net.Dialer{}).DialContext,
		LookupHost: func(_ context.Context, host string) ([]netip.Addr, error) {
			l.mu.Lock()
			defer l.mu.Unlock()
			l.resolved = append(l.resolved, host)
			return []netip.Addr{netip.MustParseAddr("127.0.0.1")}, nil
		},
		Bootstrap: l.rdap.URL + "/boot", WHOISServer: l.rootAt, PerSecond: 1000, Burst: 1000, Timeout: testrun.Patience,
	}
	if change != nil {
		change(&o)
	}
	r, err := New(o)
	if err != nil {
		l.t.Fatal(err)
	}
	l.t.Cleanup(r.Close)
	return r
}

// says answers every WHOIS query with a text.
func says(text string) func(string, net.Conn) {
	return func(_ string, w net.Conn) { _, _ = io.WriteString(w, text) }
}

// refers makes the root refer to the registry, by a name.
func (l *lab) refers() func(string, net.Conn) {
	_, port, _ := net.SplitHostPort(l.regAt)
	return says("% root\n\norganisation: Registry of Tests\nrefer: whois.registry.test:" + port + "\n\ninetnum: 192.0.0.0 - 192.255.255.255\norganisation: Registry of Tests\n")
}

// network is an RDAP answer in the shape of RFC 9083 with a nested abuse contact.
func network(first, last string) string {
	return fmt.Sprintf(`{"objectClassName":"ip network","handle":"NET-1","startAddress":%q,"endAddress":%q,"ipVersion":"v4","name":"EXAMPLE-NET","country":"nl",
"entities":[
 {"objectClassName":"entity","handle":"EX-MNT","roles":["registrant"],"vcardArray":["vcard",[["version",{},"text","4.0"],["fn",{},"text","EX-MNT"],["kind",{},"text","individual"]]]},
 {"objectClassName":"entity","handle":"ORG-1","roles":["registrant"],"vcardArray":["vcard",[["version",{},"text","4.0"],["fn",{},"text","Example Hosting"],["kind",{},"text","org"],["email",{},"text","office@host.example"]]],
  "entities":[{"objectClassName":"entity","handle":"AB-1","roles":["abuse","noc"],"vcardArray":["vcard",[["version",{},"text","4.0"],["fn",{},"text","Abuse desk"],["email",{},"text","mailto:abuse@host.example"]]]}]}]}`, first, last)
}
