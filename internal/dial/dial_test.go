package dial

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestConnect: who is dialled, in what order, and what is said when nobody is.
func TestConnect(t *testing.T) {
	t.Parallel()
	addrs := func(list ...string) (out []netip.Addr) {
		for _, s := range list {
			out = append(out, netip.MustParseAddr(s))
		}
		return out
	}
	bad := errors.New("private address")
	for _, test := range []struct {
		name, address string
		found         []netip.Addr
		alive         string // the address that answers
		plain         bool
		dialled       []string
		fault         string // part of it; empty for a connection
	}{
		{name: "a name", address: "files.example:443", found: addrs("192.0.2.1"), alive: "192.0.2.1:443", dialled: []string{"192.0.2.1:443"}},
		{name: "IPv4 first", address: "files.example:443", found: addrs("2001:db8::1", "::ffff:192.0.2.1"), alive: "2001:db8::1", dialled: []string{"192.0.2.1:443", "[2001:db8::1]:443"}, fault: "cannot be reached"},
		{name: "the second address", address: "files.example:443", found: addrs("192.0.2.1", "192.0.2.2"), alive: "192.0.2.2:443", dialled: []string{"192.0.2.1:443", "192.0.2.2:443"}},
		{name: "four addresses at most", address: "files.example:443", found: addrs("192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4", "192.0.2.5"), alive: "192.0.2.5:443", dialled: []string{"192.0.2.1:443", "192.0.2.2:443", "192.0.2.3:443", "192.0.2.4:443"}, fault: "cannot be reached"},
		{name: "an address", address: "[2001:db8::1]:43", alive: "[2001:db8::1]:43", dialled: []string{"[2001:db8::1]:43"}},
		{name: "one bad address of several", address: "files.example:443", found: addrs("192.0.2.1", "10.0.0.1"), alive: "192.0.2.1:443", fault: "private address"},
		{name: "plain http on the internet", address: "files.example:80", found: addrs("192.0.2.1"), alive: "192.0.2.1:80", plain: true, fault: "plain http is refused"},
		{name: "plain http in a lab", address: "files.example:80", found: addrs("198.51.100.1"), alive: "198.51.100.1:80", plain: true, dialled: []string{"198.51.100.1:80"}},
		{name: "plain http half in a lab", address: "files.example:80", found: addrs("198.51.100.1", "192.0.2.1"), alive: "198.51.100.1:80", plain: true, fault: "plain http is refused"},
		{name: "no address", address: "files.example:443", found: addrs(), fault: "no address"},
		{name: "no such name", address: "none.example:443", fault: "cannot be resolved"},
		{name: "no port", address: "files.example", fault: "read the server's address"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var dialled []string
			d := Dialer{
				Dial: func(_ context.Context, _, address string) (net.Conn, error) {
					if dialled = append(dialled, address); address == test.alive {
						near, _ := net.Pipe()
						return near, nil
					}
					return nil, errors.New("refused")
				},
				Lookup: func(_ context.Context, host string) ([]netip.Addr, error) {
					if host != "files.example" {
						return nil, errors.New("no such name")
					}
					return test.found, nil
				},
				Check: func(all ...netip.Addr) error {
					for _, a := range all {
						if a.IsPrivate() {
							return bad
						}
					}
					return nil
				},
				Lab: []netip.Prefix{netip.MustParsePrefix("198.51.100.0/24")},
			}
			conn, err := d.Connect(t.Context(), test.address, test.plain)
			if conn != nil {
				defer conn.Close()
			}
			if (err == nil) != (test.fault == "") || err != nil && !strings.Contains(err.Error(), test.fault) {
				t.Errorf("error %v, want %q", err, test.fault)
			}
			if diff := cmp.Diff(test.dialled, dialled); diff != "" {
				t.Errorf("dialled (-want +got):\n%s", diff)
			}
		})
	}
}
