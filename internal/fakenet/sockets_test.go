package fakenet

import (
	"context"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"

	"vigil/casefile"
	"vigil/internal/fakenet/testrun"
)

// stranger is a client of a process that knows nothing of this package but the address of the resolver.
func stranger(t *testing.T, s *Sockets) *http.Client {
	var d net.Dialer
	c := s.net.Client(nil)
	c.Timeout = testrun.Patience
	c.Transport.(*http.Transport).DialContext = func(ctx context.Context, _, address string) (net.Conn, error) {
		host, port, err := net.SplitHostPort(address)
		if err != nil {
			return nil, err
		}
		if literal(host).IsValid() {
			return d.DialContext(ctx, "tcp", address)
		}
		m, err := ask(t, d.DialContext, "udp", s.DNS(), host, dns.TypeA)
		if err != nil {
			return nil, err
		}
		for _, rr := range m.Answer {
			if a, ok := rr.(*dns.A); ok {
				return d.DialContext(ctx, "tcp", net.JoinHostPort(a.A.String(), port))
			}
		}
		return nil, &net.DNSError{Err: dns.RcodeToString[m.Rcode], Name: host}
	}
	return c
}

func TestPlainSockets(t *testing.T) {
	t.Parallel()
	n := newNet(t, Options{})
	s, err := n.Listen(SocketOptions{Plain: true})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	n.Add(Site{Host: host(1)})
	n.Add(Site{Host: host(2), HTTPS: true, Acts: Always(Page("Secure"))})
	n.Add(Site{Host: host(3), Acts: Always(Reset())})
	n.Add(Site{Host: host(4), HTTPS: true, Acts: Always(Page("Expired").Over(TLSExpired))})
	n.Add(Site{Host: host(5), Acts: Always(RedirectTo(n.URL(host(2))))})
	n.Add(Site{Host: host(6), Acts: Always(NXDomain())})
	n.Add(Site{Host: host(7), Acts: Always(Page("Moved").At(n.Address("RHEINBLICK-NET")))})
	n.Add(Site{Host: host(8), Acts: []Act{{Behaviour: Refuse()}, Then(time.Second, Page("Open"))}})
	n.Add(Site{Host: host(9), Acts: Always(Refuse())})
	c := stranger(t, s)
	defer c.CloseIdleConnections()
	for h, want := range map[string]string{host(1): "A page of", host(2): "Secure", host(5): "Secure", host(7): "Moved"} {
		if got := fetch(c, s.URL(h)); got.status != http.StatusOK || !strings.Contains(got.body, want) {
			t.Errorf("%s: %d %q %v", h, got.status, got.body, got.err)
		}
	}
	wantError(t, fetch(c, s.URL(host(3))).err, "reset")
	wantError(t, fetch(c, s.URL(host(4))).err, "expired")
	wantError(t, fetch(c, s.URL(host(6))).err, "NXDOMAIN")
	testrun.Eventually(t, "the port of a site that refuses is closed", func() bool { // which follows the script a moment later
		err := fetch(c, s.URL(host(9))).err
		return err != nil && strings.Contains(err.Error(), "refused")
	})
	own := s.URL(host(8))
	deadline := time.Now().Add(testrun.Patience)
	for got := fetch(c, own); got.status != http.StatusOK; got = fetch(c, own) {
		if time.Now().After(deadline) {
			t.Fatalf("the port never opened: %v", got.err)
		}
		time.Sleep(20 * time.Millisecond)
	}
	if got := fetch(c, s.RDAPBootstrap()+"ipv4.json"); !strings.Contains(got.body, s.RDAPBootstrap()) {
		t.Errorf("bootstrap names no real address: %q", got.body)
	}
	if got := fetch(c, s.RDAPBootstrap()+"ip/192.0.2.1"); !strings.Contains(got.body, "LOWLAND-NET") {
		t.Errorf("rdap: %q", got.body)
	}
	for _, address := range []string{s.SMTP(), s.WHOIS(), s.HostPort(host(1))} {
		l, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		_ = l.Close()
	}
}

func TestMappedSocketsTellVantagesApart(t *testing.T) {
	t.Parallel()
	n := newNet(t, Options{Vantages: []casefile.Vantage{{Name: "nl-1", Country: "NL"}, {Name: "us-1", Country: "US"}}})
	s, err := n.Listen(SocketOptions{})
	if err != nil {
		t.Fatal(err)
	}
	n.Add(Site{Host: host(1), Acts: Always(GeoBlock(Page("Seen"), "US"))})
	for vantage, want := range map[string]int{"nl-1": 200, "us-1": 403} {
		for range 2 {
			if got := fetch(newClient(t, n, s.Dialer(vantage)), s.URL(host(1))); got.status != want {
				t.Errorf("%s: %d %v, want %d", vantage, got.status, got.err, want)
			}
		}
	}
	if m, err := ask(t, s.Dialer("nl-1"), "udp", s.DNS(), host(1), dns.TypeA); err != nil || len(m.Answer) != 1 {
		t.Errorf("real resolver address through the dialer: %v %v", m, err)
	}
	if _, err := s.Dialer("")(t.Context(), "tcp", "127.0.0.1:1"); err == nil {
		t.Error("a foreign loopback port was dialled")
	}
	s.Close()
	if _, err := s.Dialer("new")(t.Context(), "tcp", n.Site(host(1)).Addresses[0].String()+":80"); err == nil {
		t.Error("dialled after Close")
	}
}
