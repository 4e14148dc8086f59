package fakenet

import (
	"context"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/miekg/dns"
)

// ask sends one question over dial and returns the reply as it came.
func ask(t *testing.T, dial Dial, network, server, name string, qtype uint16) (*dns.Msg, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	c, err := dial(ctx, network, server)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	q := new(dns.Msg)
	q.SetQuestion(dns.Fqdn(name), qtype)
	q.SetEdns0(1232, false)
	q.AuthenticatedData = true
	client := dns.Client{Net: network, Timeout: 300 * time.Millisecond}
	m, _, err := client.ExchangeWithConnContext(ctx, q, &dns.Conn{Conn: c})
	return m, err
}

// brief is a reply in words.
func brief(m *dns.Msg) string {
	out := []string{dns.RcodeToString[m.Rcode]}
	if m.Truncated {
		out = append(out, "TC")
	}
	if m.AuthenticatedData {
		out = append(out, "AD")
	}
	for _, rr := range m.Answer {
		switch x := rr.(type) {
		case *dns.A:
			out = append(out, x.A.String())
		case *dns.AAAA:
			out = append(out, x.AAAA.String())
		case *dns.CNAME:
			out = append(out, x.Target)
		case *dns.NS:
			out = append(out, x.Ns)
		case *dns.PTR:
			out = append(out, x.Ptr)
		case *dns.SOA:
			out = append(out, "soa")
		}
	}
	if len(m.Ns) > 0 {
		out = append(out, "+"+m.Ns[0].Header().Name)
	}
	return strings.Join(out, " ")
}

func TestAnswers(t *testing.T) {
	t.Parallel()
	moved := addr("203.0.113.77")
	for _, w := range ways {
		t.Run(w.name, func(t *testing.T) {
			t.Parallel()
			n := newNet(t, Options{})
			dial := w.dial(t, n, "")
			add := func(name string, b Behaviour) {
				n.Add(Site{Host: name, Addresses: []netip.Addr{addr("192.0.2.9"), addr("2001:db8:1::9")}, Acts: Always(b)})
			}
			for name, kind := range map[string]DNSKind{
				"nx.example": DNSNXDomain, "servfail.example": DNSServfail, "refused.example": DNSRefused, "nodata.example": DNSNoData,
				"wrongq.example": DNSWrongQuestion, "tc.example": DNSTruncated, "loop.example": DNSCNAMELoop,
			} {
				add(name, BrokenDNS(kind))
			}
			add("www.plain.example", Page("x"))
			add("half.example", Behaviour{DNS: &DNS{Kind: DNSServfail, Only: "AAAA"}})
			add("chain.example", Behaviour{DNS: &DNS{CNAMEs: []string{"a.cdn.test", "b.cdn.test"}, Authenticated: true}})
			add("cut.example", Behaviour{DNS: &DNS{CNAMEs: []string{"c.cdn.test", "d.cdn.test"}, CutChain: true}})
			add("dangling.example", Behaviour{DNS: &DNS{CNAMEs: []string{"e.cdn.test"}, Kind: DNSNXDomain}})
			add("moved.example", Page("x").At(moved))
			add("rebind.example", Rebinding(addr("192.0.2.9")))
			for _, x := range []struct {
				name string
				of   uint16
				want string
			}{
				{"www.plain.example", dns.TypeA, "NOERROR 192.0.2.9"},
				{"WWW.plain.EXAMPLE", dns.TypeA, "NOERROR 192.0.2.9"},
				{"www.plain.example", dns.TypeAAAA, "NOERROR 2001:db8:1::9"},
				{"www.plain.example", dns.TypeMX, "NOERROR +plain.example."},
				{"www.plain.example", dns.TypeNS, "NOERROR +plain.example."},
				{"plain.example", dns.TypeNS, "NOERROR ns1.dns.test. ns2.dns.test."},
				{"plain.example", dns.TypeSOA, "NOERROR soa"},
				{"plain.example", dns.TypeA, "NOERROR +plain.example."},
				{"ns1.dns.test", dns.TypeA, "NOERROR 198.51.100.252"},
				{"nobody.example", dns.TypeA, "NXDOMAIN +nobody.example."},
				{"nx.example", dns.TypeA, "NXDOMAIN +nx.example."},
				{"servfail.example", dns.TypeA, "SERVFAIL"},
				{"refused.example", dns.TypeA, "REFUSED"},
				{"nodata.example", dns.TypeA, "NOERROR +nodata.example."},
				{"wrongq.example", dns.TypeA, "NOERROR 192.0.2.9"},
				{"loop.example", dns.TypeA, "NOERROR loop-of.loop.example. loop.example."},
				{"half.example", dns.TypeA, "NOERROR 192.0.2.9"},
				{"half.example", dns.TypeAAAA, "SERVFAIL"},
				{"chain.example", dns.TypeA, "NOERROR AD a.cdn.test. b.cdn.test. 192.0.2.9"},
				{"b.cdn.test", dns.TypeA, "NOERROR AD 192.0.2.9"},
				{"cut.example", dns.TypeA, "NOERROR c.cdn.test."},
				{"c.cdn.test", dns.TypeA, "NOERROR d.cdn.test."},
				{"d.cdn.test", dns.TypeA, "NOERROR 192.0.2.9"},
				{"dangling.example", dns.TypeA, "NXDOMAIN e.cdn.test. +dangling.example."},
				{"moved.example", dns.TypeA, "NOERROR 203.0.113.77"},
				{"moved.example", dns.TypeAAAA, "NOERROR +moved.example."},
				{"rebind.example", dns.TypeA, "NOERROR 192.0.2.9"},
				{"rebind.example", dns.TypeA, "NOERROR 127.0.0.1"},
				{"9.2.0.192.in-addr.arpa", dns.TypePTR, "NOERROR host-192-0-2-9.lowland-net.test."},
			} {
				m, err := ask(t, dial, "udp", n.DNS(), x.name, x.of)
				if err != nil {
					t.Errorf("%s %s: %v", x.name, dns.TypeToString[x.of], err)
					continue
				}
				if got := brief(m); got != x.want {
					t.Errorf("%s %s: %q, want %q", x.name, dns.TypeToString[x.of], got, x.want)
				}
			}
			if m, err := ask(t, dial, "udp", n.DNS(), "wrongq.example", dns.TypeA); err != nil || m.Question[0].Name != "another-name.test." {
				t.Errorf("wrong question: %v %v", m, err)
			}
			for network, want := range map[string]string{"udp": "NOERROR TC", "tcp": "NOERROR 192.0.2.9"} {
				if m, err := ask(t, dial, network, n.DNS(), "tc.example", dns.TypeA); err != nil || brief(m) != want {
					t.Errorf("truncation over %s: %v %v", network, m, err)
				}
			}
			if got := n.Queries("RebinD.example"); got != 2 {
				t.Errorf("%d queries counted, want 2", got)
			}
		})
	}
}

func TestManyAddressesAreTruncated(t *testing.T) {
	t.Parallel()
	n := newNet(t, Options{})
	var many []netip.Addr
	for a := addr("203.0.113.1"); len(many) < 120; a = a.Next() {
		many = append(many, a)
	}
	n.Add(Site{Host: "many.example", Addresses: many})
	if m, err := ask(t, n.Dialer(""), "udp", n.DNS(), "many.example", dns.TypeA); err != nil || !m.Truncated || len(m.Answer) != 0 {
		t.Errorf("udp: %v %v", m, err)
	}
	if m, err := ask(t, n.Dialer(""), "tcp", n.DNS(), "many.example", dns.TypeA); err != nil || len(m.Answer) != 120 {
		t.Errorf("tcp: %v", err)
	}
}

func TestUnsoundResolvers(t *testing.T) {
	t.Parallel()
	n := newNet(t, Options{MoreResolvers: []string{"198.51.100.251:53"}})
	n.Add(Site{Host: host(1)})
	n.ResolverMode(n.DNS(), DNSServfail)
	if m, err := ask(t, n.Dialer(""), "udp", n.DNS(), host(1), dns.TypeA); err != nil || m.Rcode != dns.RcodeServerFailure {
		t.Errorf("first: %v %v", m, err)
	}
	if m, err := ask(t, n.Dialer(""), "udp", "198.51.100.251:53", host(1), dns.TypeA); err != nil || len(m.Answer) != 1 {
		t.Errorf("second: %v %v", m, err)
	}
	for _, k := range []DNSKind{DNSSilent, DNSGarbage, DNSWrongID} {
		n.ResolverMode(n.DNS(), k)
		if m, err := ask(t, n.Dialer(""), "udp", n.DNS(), host(1), dns.TypeA); err == nil {
			t.Errorf("%s: %v, want an error", k, m)
		}
	}
	if m, err := ask(t, n.Dialer(""), "udp", "198.51.100.1:53", host(1), dns.TypeA); err == nil {
		t.Errorf("a resolver where there is none: %v", m)
	}
}

func TestTimeToLiveAndDelay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := New(Options{TTL: 5 * time.Minute, NegativeTTL: 42 * time.Second})
		defer n.Close()
		n.Add(Site{Host: host(1), Acts: Always(Behaviour{DNS: &DNS{Delay: 200 * time.Millisecond}})})
		n.Add(Site{Host: host(2), Acts: Always(Behaviour{DNS: &DNS{TTL: -1}})})
		began := time.Now()
		m, err := ask(t, n.Dialer(""), "udp", n.DNS(), host(1), dns.TypeA)
		if err != nil || time.Since(began) != 200*time.Millisecond || m.Answer[0].Header().Ttl != 300 {
			t.Errorf("slow answer after %v: %v %v", time.Since(began), m, err)
		}
		if m, err = ask(t, n.Dialer(""), "udp", n.DNS(), host(2), dns.TypeA); err != nil || m.Answer[0].Header().Ttl != 0 {
			t.Errorf("no ttl: %v %v", m, err)
		}
		m, err = ask(t, n.Dialer(""), "udp", n.DNS(), "nobody.example", dns.TypeA)
		if soa := m.Ns[0].(*dns.SOA); err != nil || soa.Hdr.Ttl != 42 || soa.Minttl != 42 {
			t.Errorf("negative: %v %v", m, err)
		}
	})
}

func TestLookup(t *testing.T) {
	t.Parallel()
	n := newNet(t, Options{})
	s := n.Add(Site{Host: host(1), IPv6: true})
	n.Add(Site{Host: host(2), Acts: Always(NXDomain())})
	if got, err := n.Lookup(t.Context(), host(1)); err != nil || !slices.Equal(got, s.Addresses) || len(got) != 2 {
		t.Errorf("%v %v", got, err)
	}
	for _, name := range []string{host(2), "nobody.example"} {
		if got, err := n.Lookup(t.Context(), name); err == nil {
			t.Errorf("%s: %v, want an error", name, got)
		}
	}
	for _, name := range []string{WHOISRootHost, RDAPHost, MailHost} {
		if got, err := n.Lookup(t.Context(), name); err != nil || len(got) != 1 {
			t.Errorf("%s: %v %v", name, got, err)
		}
	}
}

func TestDelegate(t *testing.T) {
	t.Parallel()
	n := newNet(t, Options{})
	n.Add(Site{Host: "www.moved.example"})
	n.Delegate("www.moved.example", "ns1.elsewhere.test")
	m, err := ask(t, n.Dialer("local"), "udp", n.DNS(), "moved.example", dns.TypeNS)
	if err != nil || len(m.Answer) != 1 || !strings.Contains(m.Answer[0].String(), "ns1.elsewhere.test.") {
		t.Errorf("the zone is answered with %v, %v", m, err)
	}
}
