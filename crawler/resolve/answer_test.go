package resolve

import (
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// FuzzAnswer feeds foreign bytes to everything that reads a message.
func FuzzAnswer(f *testing.F) {
	q := new(dns.Msg)
	q.SetQuestion("site-1.example.", dns.TypeA)
	q.Id = 7
	reply := new(dns.Msg)
	reply.SetReply(q)
	for _, text := range []string{"site-1.example. 60 IN CNAME a.example.", "a.example. 60 IN A 192.0.2.1", "a.example. 60 IN CNAME site-1.example.", "site-1.example. 60 IN PTR Mail_1.a\\.b.example."} {
		rr, err := dns.NewRR(text)
		if err != nil {
			f.Fatal(err)
		}
		reply.Answer = append(reply.Answer, rr)
	}
	wire, err := reply.Pack()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(wire)
	f.Add(wire[:20])
	f.Fuzz(func(t *testing.T, b []byte) {
		m, ours := parse(b, q)
		if !ours {
			return
		}
		a := answer{ttl: DefaultMaxTTL}
		end, _ := a.walk(m, "site-1.example", map[string]bool{"site-1.example": true})
		a.records(m, end, dns.TypeA)
		a.records(m, end, dns.TypePTR)
		for _, name := range a.names {
			if name != strings.ToLower(name) || len(name) > 253 || strings.ContainsAny(name, " \\;()\"@$_\x00") {
				t.Fatalf("%q is no host name", name)
			}
		}
		if len(a.cnames) > maxChain || len(a.addresses) > maxAddresses || a.ttl < 0 || a.ttl > DefaultMaxTTL || negativeTTL(m) > maxNegativeTTL {
			t.Fatalf("out of bounds: %+v", a)
		}
	})
}

func TestTheCacheIsBounded(t *testing.T) {
	t.Parallel()
	c := newCache[int](100)
	for i := range 1000 {
		if _, err := c.get(t.Context(), string(rune('a'+i)), func() (int, time.Duration) { return i, DefaultMaxTTL }); err != nil {
			t.Fatal(err)
		}
	}
	if c.entries.Len() > 100 || len(c.flights) != 0 {
		t.Errorf("%d entries and %d flights are left", c.entries.Len(), len(c.flights))
	}
}
