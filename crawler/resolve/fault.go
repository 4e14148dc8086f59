package resolve

import (
	"context"
	"errors"
	"net"
	"slices"

	"github.com/miekg/dns"

	"vigil/casefile"
)

// Details of faults: a closed set of phrases. docs/verdict-reference.md lists them for people.
const (
	detailName        = "not a domain name"
	detailAnswer      = "the DNS answer makes no sense"
	detailChain       = "the CNAME chain has no end"
	detailServfail    = "the DNS servers say SERVFAIL"
	detailRefused     = "the DNS servers say REFUSED"
	detailRcode       = "the DNS servers say another error"
	detailLame        = "a referral instead of an answer (lame)"
	detailDNSSEC      = "DNSSEC validation failed"
	detailFiltered    = "the resolver filters the name"
	detailUnreachable = "no name server of the zone can be reached"
	detailLate        = "no DNS answer in time"
	detailNoReach     = "no DNS server could be reached"
	detailNoName      = "the DNS says that the name does not exist"
	detailNoAddress   = "the name has neither A nor AAAA records"
	detailStopped     = "stopped from our side"
)

// Details are all details of faults that a Resolver gives.
func Details() []string {
	return []string{
		detailName, detailAnswer, detailChain, detailServfail, detailRefused, detailRcode, detailLame, detailDNSSEC,
		detailFiltered, detailUnreachable, detailLate, detailNoReach, detailNoName, detailNoAddress, detailStopped,
	}
}

// lame says whether m only points to other servers: that is no word about the name.
// RFC 2308, section 2.1 and 2.2: a referral has NS and no SOA records, an answer that
// there are no data has an SOA, or neither.
func lame(m *dns.Msg) bool {
	if m.Rcode != dns.RcodeSuccess || m.Authoritative || len(m.Answer) > 0 || soaOf(m) != nil {
		return false
	}
	return slices.ContainsFunc(m.Ns, func(rr dns.RR) bool { return rr.Header().Rrtype == dns.TypeNS })
}

func failure(kind casefile.FaultKind, detail string) *casefile.Fault {
	return &casefile.Fault{Kind: kind, Phase: casefile.PhaseResolve, Detail: detail}
}

// failed says what went wrong with a try; without err m is a message that is no answer.
func failed(m *dns.Msg, err error) *casefile.Fault {
	var network net.Error
	switch {
	case err == nil:
		return failure(casefile.FaultServfail, refusal(m))
	case errors.Is(err, errNonsense):
		return failure(casefile.FaultServfail, detailAnswer)
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &network) && network.Timeout():
		return failure(casefile.FaultTimeout, detailLate)
	}
	// Refused, unreachable, closed: no server answered, and nothing says why.
	return failure(casefile.FaultTimeout, detailNoReach)
}

// explained gives the codes of the extended errors of m (RFC 8914, section 4).
func explained(m *dns.Msg) []uint16 {
	opt := m.IsEdns0()
	if opt == nil {
		return nil
	}
	var codes []uint16
	for _, o := range opt.Option {
		if e, ok := o.(*dns.EDNS0_EDE); ok {
			codes = append(codes, e.InfoCode)
		}
	}
	return codes
}

// filtered says whether the resolver itself says that it does not give the true answer:
// forged, blocked, censored or filtered (RFC 8914, codes 4 and 15 to 17). A name that
// our own resolver hides is not gone.
func filtered(m *dns.Msg) bool {
	return slices.ContainsFunc(explained(m), func(code uint16) bool { return code == 4 || code >= 15 && code <= 17 })
}

// refusal reads the code of a message, and the extended error that explains it when
// there is one (RFC 8914, section 4: 1, 2, 5 to 12 and 27 are about DNSSEC, 22 and 23
// about servers that the resolver could not reach).
func refusal(m *dns.Msg) string {
	if filtered(m) {
		return detailFiltered
	}
	for _, code := range explained(m) {
		switch {
		case code == 22, code == 23:
			return detailUnreachable
		case code == 1, code == 2, code >= 5 && code <= 12, code == 27:
			return detailDNSSEC
		}
	}
	switch m.Rcode {
	case dns.RcodeSuccess:
		return detailLame
	case dns.RcodeServerFailure:
		return detailServfail
	case dns.RcodeRefused:
		return detailRefused
	}
	return detailRcode
}
