package registry

import (
	"net"
	"slices"
	"strings"
	"time"

	"golang.org/x/time/rate"
)

// quota is how many questions a server takes within any span of the length per.
type quota struct {
	count int
	per   time.Duration
}

const day = 24 * time.Hour

// strictServer are servers that publish, or are known to enforce, less than
// Options.PerSecond. A query must pass all quotas, and the general rate. The names of
// one entry share its quotas.
type strictServer struct {
	names  []string
	quotas []quota
	source string // where the number is from
}

// careful is for registries that limit but publish no number: a quarter of the
// general rate.
var careful = []quota{{30, time.Minute}}

// strictServers are dated 2026-11. For numbers that count persons and not questions
// (RIPE NCC, AFRINIC) the number of questions is ours: an answer about a network names
// up to three persons or roles.
//
// RIPE NCC counts personal data, 1,000 sets in 24 hours for an address, and bars for
// good who is barred often. A WHOIS answer with contacts counts; an RDAP answer about a
// network does not, because its server asks itself without referenced objects
// (RIPE-NCC/whois, RdapService.getQueryObject). So RDAP comes first, at the general
// rate, and WHOIS has a daily quota.
func strictServers() []strictServer {
	return []strictServer{
		{[]string{"rdap.lacnic.net"}, []quota{{10, time.Minute}}, `notice in its answers, "Rate Limit is maxed at 10 queries per 1 minutes" (secynic/ipwhois issues 99 and 104)`},
		{[]string{"whois.lacnic.net"}, []quota{{10, time.Minute}}, "as its RDAP server; bars for five minutes (CZ-NIC/convey issue 35)"},
		{[]string{"whois.nic.uk", "rdap.nominet.uk"}, []quota{{5, time.Second}, {1000, day}}, "the .uk registry, WHOIS acceptable use policy: per user, not per address"},
		{[]string{"whois.weare.ie", "whois.iedr.ie", "whois.domainregistry.ie"}, []quota{{100, day}}, "IE Domain Registry, Whois acceptable use policy"},
		{[]string{"whois.nic.fr"}, []quota{{7200, day}}, "AFNIC, Whois rate-limiting policy: public Whois, per address"},
		{[]string{"whois.ripe.net"}, []quota{{300, day}}, "RIPE Database acceptable use policy and db-wg of 2024-05-14: 1,000 personal data sets in 24 h"},
		{[]string{"whois.afrinic.net"}, []quota{{1600, day}}, "AFRINIC, daily WHOIS query limit: 5,000 person objects in 24 h"},
		{[]string{"whois.tcinet.ru", "whois.ripn.net"}, []quota{{30, time.Minute}}, "RIPN and TLD registry terms of the WHOIS service, 2.1: per address"},
		{[]string{"whois.centralnic.com"}, []quota{{1800, 15 * time.Minute}}, "CentralNic, guidance on the use of the Whois service: per /24 or /48"},
		{[]string{"whois.nic.brussels", "whois.nic.vlaanderen"}, []quota{{10_000, day}}, "DNS Belgium, WHOIS limitations: per address"},
		{[]string{"whois.denic.de", "rdap.denic.de"}, []quota{{4, 10 * time.Second}, careful[0]}, "DENIC varies its limit and publishes none; it stopped after five questions at once (heise.de/-1014711)"},
		{[]string{"rdap.registro.br", "whois.registro.br"}, careful, "no number published"},
		{[]string{"whois.nic.ad.jp"}, careful, "JPNIC bars many questions in a short time (notice of 2003-09-12), without a number"},
		{[]string{"whois.jprs.jp"}, careful, "no number published"},
		{[]string{"whois.kisa.or.kr", "whois.kr", "whois.nic.or.kr"}, careful, "no number published"},
		{[]string{"whois.domain-registry.nl", "rdap.sidn.nl"}, careful, "SIDN, Whois conditions of use: allowed against illegal content, but automated use only with its permission"},
	}
}

// limitersOf makes the limiters of a server beside the general one. Within any span
// the bucket lets at most its burst and what flows in meanwhile pass: half of the quota
// each. processes share an address and so the quota.
func limitersOf(quotas []quota, processes int) []*rate.Limiter {
	var out []*rate.Limiter
	for _, q := range quotas {
		count := max(2, q.count/processes)
		burst := count / 2
		out = append(out, rate.NewLimiter(rate.Limit(float64(count-burst)/q.per.Seconds()), burst))
	}
	return out
}

// strictOf finds the entry of a server, by its name without the port; -1: none.
func strictOf(all []strictServer, server string) int {
	name := strings.ToLower(server)
	if host, _, err := net.SplitHostPort(name); err == nil {
		name = host
	}
	return slices.IndexFunc(all, func(s strictServer) bool { return slices.Contains(s.names, name) })
}
