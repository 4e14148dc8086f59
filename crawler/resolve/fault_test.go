package resolve

import (
	"context"
	"net"
	"slices"
	"testing"

	"github.com/miekg/dns"

	"vigil/casefile"
	"vigil/crawler/guard"
)

// saying is a dialer to a resolver that answers each question as change makes it.
func saying(change func(m *dns.Msg)) guard.Dial {
	return func(context.Context, string, string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		go func() {
			defer theirs.Close()
			b := make([]byte, udpSize)
			n, err := theirs.Read(b)
			if err != nil {
				return
			}
			q, m := new(dns.Msg), new(dns.Msg)
			if q.Unpack(b[:n]) != nil {
				return
			}
			m.SetReply(q)
			m.RecursionAvailable = true
			m.SetEdns0(udpSize, false)
			change(m)
			if wire, err := m.Pack(); err == nil {
				_, _ = theirs.Write(wire)
			}
		}()
		return ours, nil
	}
}

func record(t *testing.T, text string) dns.RR {
	t.Helper()
	rr, err := dns.NewRR(text)
	if err != nil {
		t.Fatal(err)
	}
	return rr
}

// What a resolver says of a name it has no address for. Only its plain word that the
// name does not exist is absence.
func TestWhatResolversSay(t *testing.T) {
	t.Parallel()
	ns, soa := record(t, "site-1.example. 300 IN NS ns1.dns.example."), record(t, "example. 300 IN SOA ns1.dns.example. h.example. 1 2 3 4 300")
	explain := func(m *dns.Msg, code uint16) {
		opt := m.IsEdns0()
		opt.Option = append(opt.Option, &dns.EDNS0_EDE{InfoCode: code, ExtraText: "secret"})
	}
	for _, tt := range []struct {
		name   string
		change func(m *dns.Msg)
		kind   casefile.FaultKind
		detail string
	}{
		{"no such name", func(m *dns.Msg) { m.Rcode = dns.RcodeNameError; m.Ns = []dns.RR{soa} }, casefile.FaultNXDomain, detailNoName},
		{"no such name, from a filter", func(m *dns.Msg) { m.Rcode = dns.RcodeNameError; explain(m, 17) }, casefile.FaultServfail, detailFiltered},
		{"no such name, blocked", func(m *dns.Msg) { m.Rcode = dns.RcodeNameError; explain(m, 15) }, casefile.FaultServfail, detailFiltered},
		{"another address, forged", func(m *dns.Msg) {
			explain(m, 4)
			if m.Question[0].Qtype == dns.TypeA {
				m.Answer = []dns.RR{record(t, "site-1.example. 300 IN A 192.0.2.66")}
			}
		}, casefile.FaultServfail, detailFiltered},
		{"no such name, from old knowledge", func(m *dns.Msg) { m.Rcode = dns.RcodeNameError; explain(m, 19) }, casefile.FaultNXDomain, detailNoName},
		{"no data", func(m *dns.Msg) { m.Ns = []dns.RR{soa} }, casefile.FaultNoAddress, detailNoAddress},
		{"no data, with name servers", func(m *dns.Msg) { m.Ns = []dns.RR{soa, ns} }, casefile.FaultNoAddress, detailNoAddress},
		{"nothing at all", func(*dns.Msg) {}, casefile.FaultNoAddress, detailNoAddress},
		{"a referral", func(m *dns.Msg) { m.RecursionAvailable = false; m.Ns = []dns.RR{ns} }, casefile.FaultServfail, detailLame},
		{"SERVFAIL", func(m *dns.Msg) { m.Rcode = dns.RcodeServerFailure }, casefile.FaultServfail, detailServfail},
		{"SERVFAIL, a signature is wrong", func(m *dns.Msg) { m.Rcode = dns.RcodeServerFailure; explain(m, 6) }, casefile.FaultServfail, detailDNSSEC},
		{"SERVFAIL, the zone's servers are away", func(m *dns.Msg) { m.Rcode = dns.RcodeServerFailure; explain(m, 22) }, casefile.FaultServfail, detailUnreachable},
		{"SERVFAIL, for some reason", func(m *dns.Msg) { m.Rcode = dns.RcodeServerFailure; explain(m, 0) }, casefile.FaultServfail, detailServfail},
		{"REFUSED", func(m *dns.Msg) { m.Rcode = dns.RcodeRefused }, casefile.FaultServfail, detailRefused},
		{"NOTIMP", func(m *dns.Msg) { m.Rcode = dns.RcodeNotImplemented }, casefile.FaultServfail, detailRcode},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r, err := New(Options{Servers: []string{"192.0.2.53"}, Dial: saying(tt.change)})
			if err != nil {
				t.Fatal(err)
			}
			found, fault := r.Resolve(t.Context(), "site-1.example", false)
			want := casefile.Fault{Kind: tt.kind, Phase: casefile.PhaseResolve, Detail: tt.detail}
			if fault == nil || *fault != want || len(found.Addresses) > 0 {
				t.Errorf("fault %+v with %v, want %+v", fault, found.Addresses, want)
			}
			if fault != nil && !slices.Contains(Details(), fault.Detail) {
				t.Errorf("%q is not in the closed set", fault.Detail)
			}
		})
	}
}
