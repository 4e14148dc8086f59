package fakenet

import (
	"net/netip"
	"testing"

	"github.com/miekg/dns"
)

func TestReverseNames(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"192.0.2.9":     "9.2.0.192.in-addr.arpa",
		"2001:db8:1::9": "9.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.1.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa",
	} {
		if got := ReverseName(addr(text)); got != want {
			t.Errorf("%s: %s", text, got)
		}
		if got, ok := addressOf(want); !ok || got != addr(text) {
			t.Errorf("%s: %v, %v", want, got, ok)
		}
	}
	for _, bad := range []string{"", "example", "2.0.192.in-addr.arpa", "x.2.0.192.in-addr.arpa", "9.8.b.d.0.ip6.arpa", "ip6.arpa"} {
		if a, ok := addressOf(bad); ok {
			t.Errorf("%q is %v", bad, a)
		}
	}
}

func TestReverseAnswers(t *testing.T) {
	t.Parallel()
	n := newNet(t, Options{Networks: []Network{
		{Prefix: netip.MustParsePrefix("192.0.2.0/24"), Prefix6: netip.MustParsePrefix("2001:db8:1::/48"), Name: "LOWLAND-NET"},
		{Prefix: netip.MustParsePrefix("203.0.113.0/24"), Name: "RHEINBLICK-NET", Reverse: "{address}.fra1.rheinblick.test"},
		{Prefix: netip.MustParsePrefix("198.51.100.0/25"), Name: "PRAIRIE-NET", Reverse: NoReverse},
	}})
	n.SetReverse(addr("192.0.2.10"), Reverse{Names: []string{"b.test", "a.test"}})
	n.SetReverse(addr("192.0.2.11"), Reverse{Names: []string{}})
	n.SetReverse(addr("192.0.2.12"), Reverse{DNS: DNS{Kind: DNSNXDomain}})
	n.SetReverse(addr("192.0.2.13"), Reverse{DNS: DNS{Kind: DNSServfail}})
	n.SetReverse(addr("192.0.2.14"), Reverse{Names: []string{"c.test"}, DNS: DNS{CNAMEs: []string{"14.0-15.2.0.192.in-addr.arpa"}}})
	n.SetReverse(addr("192.0.2.15"), Reverse{Names: []string{"d.test"}, DNS: DNS{CNAMEs: []string{"15.0-15.2.0.192.in-addr.arpa"}, CutChain: true}})
	for _, x := range []struct {
		name string
		of   uint16
		want string
	}{
		{ReverseName(addr("192.0.2.9")), dns.TypePTR, "NOERROR host-192-0-2-9.lowland-net.test."},
		{ReverseName(addr("2001:db8:1::9")), dns.TypePTR, "NOERROR host-2001-0db8-0001-0000-0000-0000-0000-0009.lowland-net.test."},
		{ReverseName(addr("203.0.113.9")), dns.TypePTR, "NOERROR 203-0-113-9.fra1.rheinblick.test."},
		{ReverseName(addr("203.0.113.9")), dns.TypeA, "NOERROR"},
		{ReverseName(addr("198.51.100.9")), dns.TypePTR, "NXDOMAIN"},
		{ReverseName(addr("192.88.99.1")), dns.TypePTR, "NXDOMAIN"},
		{ReverseName(addr("192.0.2.10")), dns.TypePTR, "NOERROR b.test. a.test."},
		{ReverseName(addr("192.0.2.11")), dns.TypePTR, "NOERROR"},
		{ReverseName(addr("192.0.2.12")), dns.TypePTR, "NXDOMAIN"},
		{ReverseName(addr("192.0.2.13")), dns.TypePTR, "SERVFAIL"},
		{ReverseName(addr("192.0.2.14")), dns.TypePTR, "NOERROR 14.0-15.2.0.192.in-addr.arpa. c.test."},
		{ReverseName(addr("192.0.2.15")), dns.TypePTR, "NOERROR 15.0-15.2.0.192.in-addr.arpa."},
		{"15.0-15.2.0.192.in-addr.arpa", dns.TypePTR, "NOERROR d.test."},
	} {
		m, err := ask(t, n.Dialer(""), "udp", n.DNS(), x.name, x.of)
		if err != nil {
			t.Errorf("%s: %v", x.name, err)
			continue
		}
		m.Ns = nil
		if got := brief(m); got != x.want {
			t.Errorf("%s %s: %q, want %q", x.name, dns.TypeToString[x.of], got, x.want)
		}
	}
}
