package guard_test

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strings"
	"testing"

	"vigil/crawler/guard"
)

func newGuard(t testing.TB, o guard.Options) *guard.Guard {
	t.Helper()
	if o.Own == nil {
		o.Own = []netip.Addr{netip.MustParseAddr("192.0.43.10")}
	}
	g, err := guard.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// Every refused range: its first and last address are refused. The addresses just
// before and after it are refused or not as stated.
func TestCheckKnowsTheEdgesOfEveryRange(t *testing.T) {
	t.Parallel()
	g := newGuard(t, guard.Options{})
	for _, tt := range []struct {
		name                       string
		before, first, last, after string
		beforeOK, afterOK          bool
	}{
		{"this network", "", "0.0.0.0", "0.255.255.255", "1.0.0.0", false, true},
		{"private 10", "9.255.255.255", "10.0.0.0", "10.255.255.255", "11.0.0.0", true, true},
		{"carrier-grade NAT", "100.63.255.255", "100.64.0.0", "100.127.255.255", "100.128.0.0", true, true},
		{"loopback", "126.255.255.255", "127.0.0.0", "127.255.255.255", "128.0.0.0", true, true},
		{"link local", "169.253.255.255", "169.254.0.0", "169.254.255.255", "169.255.0.0", true, true},
		{"private 172", "172.15.255.255", "172.16.0.0", "172.31.255.255", "172.32.0.0", true, true},
		{"protocol assignments", "191.255.255.255", "192.0.0.0", "192.0.0.255", "192.0.1.0", true, true},
		{"documentation 1", "192.0.1.255", "192.0.2.0", "192.0.2.255", "192.0.3.0", true, true},
		{"AS112", "192.31.195.255", "192.31.196.0", "192.31.196.255", "192.31.197.0", true, true},
		{"AMT", "192.52.192.255", "192.52.193.0", "192.52.193.255", "192.52.194.0", true, true},
		{"6to4 relays", "192.88.98.255", "192.88.99.0", "192.88.99.255", "192.88.100.0", true, true},
		{"private 192", "192.167.255.255", "192.168.0.0", "192.168.255.255", "192.169.0.0", true, true},
		{"AS112 delegation", "192.175.47.255", "192.175.48.0", "192.175.48.255", "192.175.49.0", true, true},
		{"benchmarking", "198.17.255.255", "198.18.0.0", "198.19.255.255", "198.20.0.0", true, true},
		{"documentation 2", "198.51.99.255", "198.51.100.0", "198.51.100.255", "198.51.101.0", true, true},
		{"documentation 3", "203.0.112.255", "203.0.113.0", "203.0.113.255", "203.0.114.0", true, true},
		{"multicast", "223.255.255.255", "224.0.0.0", "239.255.255.255", "240.0.0.0", true, false},
		{"reserved and broadcast", "239.255.255.255", "240.0.0.0", "255.255.255.255", "", false, false},
		{"below global unicast", "", "::", "1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2000::", false, true},
		{"IETF assignments, Teredo, ORCHID", "2000:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2001::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff", "2001:200::", true, true},
		{"IPv6 documentation", "2001:db7:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db9::", true, true},
		{"6to4", "2001:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2002::", "2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2003::", true, true},
		{"IPv6 AS112", "2620:4f:7fff:ffff:ffff:ffff:ffff:ffff", "2620:4f:8000::", "2620:4f:8000:ffff:ffff:ffff:ffff:ffff", "2620:4f:8001::", true, true},
		{"6bone", "3ffd:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "3ffe::", "3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "3fff::", true, false},
		{"IPv6 documentation 2", "3ffe:ffff::", "3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff", "3fff:1000::", false, true},
		{"above global unicast", "3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "4000::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "", true, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for _, a := range []struct {
				addr string
				ok   bool
			}{{tt.before, tt.beforeOK}, {tt.first, false}, {tt.last, false}, {tt.after, tt.afterOK}} {
				if a.addr == "" {
					continue
				}
				err := g.Check(netip.MustParseAddr(a.addr))
				if (err == nil) != a.ok {
					t.Errorf("%s: %v, want allowed %v", a.addr, err, a.ok)
				}
				if err != nil && !errors.Is(err, guard.ErrRefused) {
					t.Errorf("%s: %v does not wrap ErrRefused", a.addr, err)
				}
			}
		})
	}
}

func TestCheckRefusesNamedForms(t *testing.T) {
	t.Parallel()
	g := newGuard(t, guard.Options{})
	for name, addr := range map[string]string{
		"loopback": "::1", "unspecified": "::", "IPv4-mapped": "::ffff:10.0.0.1", "IPv4-compatible": "::10.0.0.1", "unique local": "fd00::1",
		"link local": "fe80::1", "with a zone": "fe80::1%eth0", "public with a zone": "2a00:1450::1%eth0", "site local": "fec0::1", "multicast": "ff02::1",
		"NAT64": "64:ff9b::a00:1", "local NAT64": "64:ff9b:1::a00:1", "6to4 of 10.0.0.1": "2002:a00:1::1", "Teredo": "2001:0:4136:e378:8000:63bf:f5ff:fffe",
		"discard": "100::1", "SRv6": "5f00::1", "benchmarking": "2001:2::1", "ISATAP": "2a00:1450::5efe:10.0.0.1", "ISATAP, global bit": "2a00:1450::200:5efe:10.0.0.1",
		"metadata service": "169.254.169.254", "our own": "192.0.43.10", "our own, mapped": "::ffff:192.0.43.10",
	} {
		if err := g.Check(netip.MustParseAddr(addr)); !errors.Is(err, guard.ErrRefused) {
			t.Errorf("%s (%s): %v", name, addr, err)
		}
	}
	if err := g.Check(netip.Addr{}); !errors.Is(err, guard.ErrRefused) {
		t.Errorf("the zero address: %v", err)
	}
	if err := g.Check(); !errors.Is(err, guard.ErrRefused) {
		t.Errorf("no address: %v", err)
	}
}

func TestOneBadAddressRefusesTheName(t *testing.T) {
	t.Parallel()
	g := newGuard(t, guard.Options{})
	good, bad := netip.MustParseAddr("1.2.3.4"), netip.MustParseAddr("192.168.0.1")
	if err := g.Check(good, good); err != nil {
		t.Errorf("two public addresses: %v", err)
	}
	if err := g.Check(good, bad); !errors.Is(err, guard.ErrRefused) {
		t.Errorf("a public and a private address: %v", err)
	}
}

func TestAllowWins(t *testing.T) {
	t.Parallel()
	g := newGuard(t, guard.Options{Allow: []netip.Prefix{netip.MustParsePrefix("192.0.2.99/24"), netip.MustParsePrefix("2001:db8::/32"), netip.MustParsePrefix("192.0.43.10/32")}})
	for addr, ok := range map[string]bool{
		"192.0.2.1": true, "::ffff:192.0.2.1": true, "2001:db8::1": true, "192.0.43.10": true, "192.0.3.1": true, "198.51.100.1": false, "127.0.0.1": false, "::192.0.2.1": false,
	} {
		if err := g.Check(netip.MustParseAddr(addr)); (err == nil) != ok {
			t.Errorf("%s: %v, want allowed %v", addr, err, ok)
		}
	}
	if _, err := guard.New(guard.Options{Allow: []netip.Prefix{{}}}); err == nil {
		t.Error("an invalid prefix was taken")
	}
	if _, err := guard.New(guard.Options{Allow: []netip.Prefix{netip.MustParsePrefix("::ffff:0:0/96")}}); err == nil {
		t.Error("a mapped prefix was taken: it would allow nothing")
	}
}

func TestNewKnowsOurOwnInterfaces(t *testing.T) {
	t.Parallel()
	g, err := guard.New(guard.Options{})
	if err != nil {
		t.Fatal(err)
	}
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range addrs {
		p := netip.MustParsePrefix(a.String())
		if g.Check(p.Addr()) == nil {
			t.Errorf("an own address passed")
		}
	}
}

func TestDialChecksFirst(t *testing.T) {
	t.Parallel()
	var dialled []string
	dial := func(_ context.Context, network, address string) (net.Conn, error) {
		dialled = append(dialled, network+" "+address)
		return nil, net.ErrClosed
	}
	g := newGuard(t, guard.Options{Dial: dial})
	for _, tt := range []struct {
		name, network, address string
		web, ok                bool
	}{
		{"public", "tcp", "1.2.3.4:80", true, true},
		{"mapped is dialled unmapped", "tcp", "[::ffff:1.2.3.4]:80", true, true},
		{"private", "tcp", "10.0.0.1:80", true, false},
		{"a name", "tcp", "site-1.example:80", true, false},
		{"no port", "tcp", "1.2.3.4", true, false},
		{"port 0", "tcp", "1.2.3.4:0", false, false},
		{"mail port", "tcp", "1.2.3.4:25", true, false},
		{"submission port", "tcp", "1.2.3.4:587", true, false},
		{"ssh port", "tcp", "1.2.3.4:22", true, false},
		{"WHOIS by our plumbing", "tcp", "1.2.3.4:43", false, true},
		{"WHOIS by a report", "tcp", "1.2.3.4:43", true, false},
		{"private by our plumbing", "tcp", "127.0.0.1:43", false, false},
		{"DNS by our plumbing", "udp", "1.2.3.4:53", false, true},
		{"UDP by a report", "udp", "1.2.3.4:80", true, false},
		{"a file", "unix", "/tmp/socket", false, false},
	} {
		before := len(dialled)
		var err error
		if tt.web {
			_, err = g.Web(nil)(t.Context(), tt.network, tt.address)
		} else {
			_, err = g.Dial(t.Context(), tt.network, tt.address)
		}
		if passed := len(dialled) > before; passed != tt.ok || errors.Is(err, guard.ErrRefused) == tt.ok {
			t.Errorf("%s: dialled %v, %v", tt.name, passed, err)
		}
		if err != nil && strings.Contains(err.Error(), "1.2.3.4") {
			t.Errorf("%s: the error names the address: %v", tt.name, err)
		}
	}
	if got := dialled[1]; got != "tcp 1.2.3.4:80" {
		t.Errorf("a mapped address was dialled as %q", got)
	}
}

// Whatever form an IPv6 address gives a private IPv4 address, it is refused.
func FuzzEmbeddedPrivateAddresses(f *testing.F) {
	f.Add(uint32(0x0a000001), uint64(1), uint8(0))
	f.Add(uint32(0x7f000001), uint64(0x2a001450), uint8(5))
	g := newGuard(f, guard.Options{})
	f.Fuzz(func(t *testing.T, v4 uint32, rest uint64, form uint8) {
		a4 := netip.AddrFrom4([4]byte{byte(v4 >> 24), byte(v4 >> 16), byte(v4 >> 8), byte(v4)})
		if !a4.IsPrivate() && !a4.IsLoopback() && !a4.IsLinkLocalUnicast() {
			return
		}
		q := a4.As4()
		var b [16]byte
		switch form % 7 {
		case 0: // mapped
			b[10], b[11] = 0xff, 0xff
			copy(b[12:], q[:])
		case 1: // compatible
			copy(b[12:], q[:])
		case 2: // NAT64, well-known prefix
			copy(b[:], []byte{0, 0x64, 0xff, 0x9b})
			copy(b[12:], q[:])
		case 3: // NAT64, local prefix
			copy(b[:], []byte{0, 0x64, 0xff, 0x9b, 0, 1})
			copy(b[12:], q[:])
		case 4: // 6to4
			b[0], b[1] = 0x20, 0x02
			copy(b[2:], q[:])
			b[15] = byte(rest)
		case 5: // Teredo: the client's address is inverted
			b[0], b[1] = 0x20, 0x01
			for i := range q {
				b[12+i] = ^q[i]
			}
		case 6: // ISATAP under any prefix
			for i := range 8 {
				b[i] = byte(rest >> (8 * i))
			}
			b[8], b[10], b[11] = byte(rest)&0x02, 0x5e, 0xfe
			copy(b[12:], q[:])
		}
		if err := g.Check(netip.AddrFrom16(b)); !errors.Is(err, guard.ErrRefused) {
			t.Fatalf("%v was let through", netip.AddrFrom16(b))
		}
	})
}
