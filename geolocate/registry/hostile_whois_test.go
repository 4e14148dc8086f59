package registry

import (
	"bytes"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestHostileWHOIS: as for RDAP, and with referrals that lead nowhere good.
func TestHostileWHOIS(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		// root and next are the servers; %s in refers stands for the other one's address.
		root, next func(query string, w net.Conn)
		refers     string
		want       []Problem // any one of them
		queries    int       // at most
		unused     string    // must not be dialled
	}{
		{name: "slow drip", want: []Problem{ProblemTimeout}, queries: 1, root: func(_ string, w net.Conn) {
			for {
				if _, err := io.WriteString(w, "%\n"); err != nil {
					return
				}
				time.Sleep(10 * time.Millisecond)
			}
		}},
		{name: "silence", want: []Problem{ProblemTimeout}, queries: 1, root: func(_ string, w net.Conn) { _, _ = w.Read(make([]byte, 1)) }},
		{name: "endless answer", want: []Problem{ProblemTooLarge}, queries: 1, root: func(_ string, w net.Conn) { forever(w, "remarks: again\n") }},
		{name: "endless line", want: []Problem{ProblemTooLarge}, queries: 1, root: func(_ string, w net.Conn) { forever(w, "x") }},
		{name: "closes after accept", want: []Problem{ProblemBroken}, queries: 1, root: nil},
		{name: "resets", want: []Problem{ProblemUnreachable}, queries: 1, root: func(_ string, w net.Conn) { _ = w.(*net.TCPConn).SetLinger(0) }},
		{name: "bytes", want: []Problem{ProblemNotFound, ProblemBroken}, queries: 1, root: func(_ string, w net.Conn) { _, _ = w.Write(bytes.Repeat([]byte{0, 0xff, '\n', ':'}, 10_000)) }},
		{name: "refers to itself", refers: "refer: root", want: []Problem{ProblemNotFound, ProblemBroken}, queries: 1},
		{name: "refers in a circle", refers: "refer: next", want: []Problem{ProblemNotFound, ProblemBroken}, queries: 2,
			next: func(_ string, w net.Conn) { _, _ = io.WriteString(w, "refer: root\n") }},
		{name: "refers to a mail port", refers: "refer: 127.0.0.1:25", want: []Problem{ProblemNotFound, ProblemBroken}, queries: 1, unused: ":25"},
		{name: "refers to a private address", refers: "refer: 10.0.0.1", want: []Problem{ProblemUnreachable}, queries: 1},
		{name: "refers to a mapped private address", refers: "refer: [::ffff:10.0.0.1]:43", want: []Problem{ProblemUnreachable, ProblemNotFound, ProblemBroken}, queries: 1},
		{name: "refers to an empty name", refers: "refer: ", want: []Problem{ProblemNotFound, ProblemBroken}, queries: 1},
		{name: "answer about another network", want: []Problem{ProblemOtherObject}, queries: 1, root: says("inetnum: 198.51.100.0 - 198.51.100.255\nnetname: OTHER\n")},
		{name: "complains", want: []Problem{ProblemRateLimited}, queries: 1, root: says("%ERROR:201: access denied for 192.0.2.9\n")},
		{name: "knows nothing", want: []Problem{ProblemNotFound}, queries: 1, root: says("%ERROR:101: no entries found\n")},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			l, d := newLab(t), &tap{}
			at := strings.NewReplacer("root", l.rootAt, "next", l.regAt)
			named := func(answer func(string, net.Conn)) func(string, net.Conn) {
				if answer == nil {
					return nil
				}
				return func(q string, w net.Conn) { answer(q, renamed{w, at}) }
			}
			l.root, l.registry = test.root, named(test.next)
			if test.refers != "" {
				l.root = says(at.Replace(test.refers) + "\n")
			}
			r := l.open(func(o *Options) {
				o.NoRDAP, o.Dial = true, d.Dial
				if slices.Contains(test.want, ProblemTimeout) { // the others must not be late on a busy machine
					o.Timeout = 400 * time.Millisecond
				}
			})
			got := r.Network(t.Context(), addr7)
			fits := false
			for _, want := range test.want {
				fits = fits || len(got.Failed) == 1 && got.Failed[0].Problem == want
			}
			if !fits || got.Source != "" {
				t.Errorf("want %v: %+v", test.want, got)
			}
			if n := l.count("whois 192.0.2.7"); n > test.queries {
				t.Errorf("%d queries", n)
			}
			if n := d.read.Load(); n > maxWHOIS+64<<10 {
				t.Errorf("read %d bytes", n)
			}
			if test.unused != "" && strings.Contains(d.all(), test.unused) {
				t.Errorf("dialled %s", d.all())
			}
		})
	}
}

// renamed writes the addresses of the lab for its names.
type renamed struct {
	net.Conn
	names *strings.Replacer
}

func (r renamed) Write(p []byte) (int, error) {
	_, err := r.names.WriteString(r.Conn, string(p))
	return len(p), err
}

// TestLongReferralChain: each server sends us on to a new one, and we stop.
func TestLongReferralChain(t *testing.T) {
	t.Parallel()
	l, d := newLab(t), &tap{}
	next := l.regAt
	l.registry = says("inetnum: 192.0.2.0 - 192.0.2.255\nnetname: TOO-FAR\n")
	for range 10 {
		to := next
		next = l.whois(func() func(string, net.Conn) { return says("refer: " + to + "\n") })
	}
	r := l.open(func(o *Options) { o.NoRDAP, o.Dial, o.WHOISServer = true, d.Dial, next })
	if got := r.Network(t.Context(), addr7); got.Source != "" {
		t.Errorf("%+v", got)
	}
	if n := len(strings.Fields(d.all())); n != maxReferrals+1 {
		t.Errorf("%d servers asked, want %d", n, maxReferrals+1)
	}
}
