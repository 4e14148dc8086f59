package geolocate

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"vigil/casefile"
	"vigil/geolocate/registry"
	"vigil/internal/email"
)

// Bounds of claims.
const (
	maxValue   = 200 // bytes of a value
	maxParents = 4
	maxCNAMEs  = 8
	maxServers = 8 // name servers that become claims
)

// networkClaims are what a registry says about the network of an address.
func networkClaims(claims []casefile.Claim, addr netip.Addr, n registry.Network) []casefile.Claim {
	claims = failedClaims(claims, casefile.FactNetwork, addr, n.Provenance)
	if n.Source == "" {
		return claims
	}
	say := func(fact casefile.Fact, value string) {
		claims = registryClaim(claims, fact, value, addr, n.Provenance)
	}
	if n.Prefix.IsValid() {
		say(casefile.FactNetwork, n.Prefix.String())
	}
	say(casefile.FactNetworkName, n.Name)
	if n.Handle != n.Name {
		say(casefile.FactNetworkHandle, n.Handle)
	}
	say(casefile.FactOrganisation, n.Organisation)
	say(casefile.FactCountry, casefile.Country(n.Country))
	say(casefile.FactRIR, n.RIR)
	if n.ASN != 0 {
		say(casefile.FactASN, "AS"+strconv.FormatUint(uint64(n.ASN), 10))
	}
	for _, p := range n.Parents[:min(len(n.Parents), maxParents)] {
		say(casefile.FactParentNetwork, parentValue(p))
	}
	for _, c := range n.Contacts {
		if address, problem := email.Parse(c.Email); c.Role == registry.RoleAbuse && problem == "" {
			say(casefile.FactAbuse, address)
		}
	}
	return claims
}

// failedClaims are one claim with a problem for each source that was asked in vain.
func failedClaims(claims []casefile.Claim, fact casefile.Fact, addr netip.Addr, p registry.Provenance) []casefile.Claim {
	for _, a := range p.Failed {
		claims = append(claims, casefile.Claim{Fact: fact, Source: a.Source, AsOf: a.At, Address: addr, Problem: string(a.Problem)})
	}
	return claims
}

// registryClaim adds what a registry says, unless it says nothing.
func registryClaim(claims []casefile.Claim, fact casefile.Fact, value string, addr netip.Addr, p registry.Provenance) []casefile.Claim {
	if value = line(value); value == "" {
		return claims
	}
	return append(claims, casefile.Claim{Fact: fact, Value: value, Source: p.Source, AsOf: p.AsOf, Address: addr})
}

// parentValue is an enclosing allocation in one line: range, name and holder, as far as known.
func parentValue(p registry.Parent) string {
	var parts []string
	if p.First.IsValid() && p.Last.IsValid() {
		parts = append(parts, p.First.String()+" - "+p.Last.String())
	}
	for _, s := range []string{p.Name, p.Handle, p.Organisation} {
		if s != "" && !slices.Contains(parts, s) {
			parts = append(parts, s)
		}
	}
	return strings.Join(parts, ", ")
}

// domainClaims are what the registry of the target's domain says.
func domainClaims(claims []casefile.Claim, d registry.Domain) ([]casefile.Claim, *casefile.Registrar) {
	claims = failedClaims(claims, casefile.FactRegistrar, netip.Addr{}, d.Provenance)
	if d.Source == "" {
		return claims, nil
	}
	say := func(fact casefile.Fact, value string) {
		claims = registryClaim(claims, fact, value, netip.Addr{}, d.Provenance)
	}
	r := &casefile.Registrar{
		Name: line(d.Registrar), IANAID: d.IANAID, DomainStatus: append([]string{}, d.Status...),
		Created: d.Created, Updated: d.Updated, Expires: d.Expires, Nameservers: d.Nameservers,
	}
	r.AbuseEmail, _ = email.Parse(d.AbuseEmail)
	say(casefile.FactRegistrar, r.Name)
	say(casefile.FactRegistrarAbuse, r.AbuseEmail)
	for _, s := range r.DomainStatus {
		say(casefile.FactDomainStatus, s)
	}
	if !r.Created.IsZero() {
		say(casefile.FactDomainCreated, r.Created.UTC().Format(time.RFC3339))
	}
	if !r.Expires.IsZero() {
		say(casefile.FactDomainExpires, r.Expires.UTC().Format(time.RFC3339))
	}
	return claims, r
}

// nameserverClaims are the name servers of the target's domain, as the delegation at
// the registry or the zone itself lists them, and who runs them.
func (l *Locator) nameserverClaims(claims []casefile.Claim, q casefile.Inquiry, f Facts) []casefile.Claim {
	r, source := f.Registrar, f.RegistrarSource
	var servers []string
	asOf := time.Now().UTC().Truncate(time.Second)
	if r != nil {
		servers = r.Nameservers
	}
	if len(servers) == 0 {
		source = sourceDNS
		for _, o := range q.Looks {
			servers = append(servers, o.Resolution.Nameservers...)
		}
		slices.Sort(servers)
		servers = slices.Compact(servers)
	}
	for _, s := range servers[:min(len(servers), maxServers)] {
		claims = append(claims, casefile.Claim{Fact: casefile.FactNameserver, Value: line(s), Source: source, AsOf: asOf})
	}
	operators := l.servers.operators(f.Domain, servers)
	for _, name := range operators {
		claims = append(claims, casefile.Claim{Fact: casefile.FactNameserverBy, Value: line(name), Source: "name-servers", AsOf: l.servers.asOf})
	}
	if r != nil {
		r.Nameservers, r.NameserverOperators = servers, operators
	}
	return claims
}

const sourceDNS = "dns"

// canonicalClaims name the domains that the CNAMEs of the target lead to: who runs
// them has a part in serving the page.
func canonicalClaims(claims []casefile.Claim, q casefile.Inquiry) []casefile.Claim {
	var seen []string
	own := registrable(q.Target.Host())
	for _, o := range q.Looks {
		for _, name := range o.Resolution.CNAMEs {
			domain := registrable(name)
			if domain == "" || domain == own || slices.Contains(seen, domain) || len(seen) == maxCNAMEs {
				continue
			}
			seen = append(seen, domain)
			at := o.Started.UTC().Truncate(time.Second)
			claims = append(claims, casefile.Claim{Fact: casefile.FactCanonicalName, Value: line(domain), Source: sourceDNS, AsOf: at})
		}
	}
	return claims
}

// roundTripClaims are the shortest round trips that each vantage with a known country
// measured to the addresses. An address for special purposes (a lab's, too) stands
// nowhere in the world, so that a distance says nothing about it.
func (l *Locator) roundTripClaims(claims []casefile.Claim, q casefile.Inquiry, addrs []netip.Addr) []casefile.Claim {
	for _, addr := range addrs {
		if !measurable(addr) {
			continue
		}
		for i, o := range q.Looks {
			from := l.vantages[o.Vantage]
			first := !slices.ContainsFunc(q.Looks[:i], func(e casefile.Observation) bool { return e.Vantage == o.Vantage })
			if took := shortest(q.Looks[i:], o.Vantage, addr); from != "" && first && took > 0 {
				claims = append(claims, casefile.Claim{
					Fact: casefile.FactRoundTrip, Value: roundTripValue(took, from), Source: kindVantage + ":" + o.Vantage,
					AsOf: o.Started.UTC().Truncate(time.Second), Address: addr,
				})
			}
		}
	}
	return claims
}

// measurable says whether a round trip to the address bounds where it stands.
func measurable(addr netip.Addr) bool {
	return addr.IsGlobalUnicast() && !addr.IsPrivate() && registry.Reserved(addr) == ""
}

// shortest is the shortest round trip from a vantage to an address in some looks; 0 when none was measured.
func shortest(looks []casefile.Observation, vantage string, addr netip.Addr) time.Duration {
	var least time.Duration
	for _, o := range looks {
		for _, h := range o.Hops {
			if o.Vantage == vantage && h.Address == addr && h.RoundTrip > 0 && (least == 0 || h.RoundTrip < least) {
				least = h.RoundTrip
			}
		}
	}
	return least
}

// reverseNames is what the reverse DNS says of an address.
type reverseNames struct {
	names   []string
	problem registry.Problem
	at      time.Time
}

// reverseTimeout bounds the question to the reverse DNS: a hint is not worth more.
const reverseTimeout = 2 * time.Second

func (l *Locator) askReverse(ctx context.Context, addr netip.Addr) reverseNames {
	ctx, cancel := context.WithTimeout(ctx, reverseTimeout)
	defer cancel()
	names, err := l.reverse(ctx, addr)
	r := reverseNames{names: names, at: time.Now().UTC().Truncate(time.Second)}
	switch {
	case errors.Is(err, context.Canceled):
		r.problem = registry.ProblemInterrupted
	case err != nil:
		r.problem = registry.ProblemOf(ctx, err)
	case len(names) == 0:
		r.problem = registry.ProblemNotFound
	}
	return r
}

// reverseClaims are the name in the reverse DNS, without what is the target's own,
// and the country it hints at.
func (l *Locator) reverseClaims(claims []casefile.Claim, addr netip.Addr, t casefile.Target, r reverseNames) []casefile.Claim {
	say := func(fact casefile.Fact, value string, problem registry.Problem) {
		claims = append(claims, casefile.Claim{
			Fact: fact, Value: line(value), Source: kindReverse, AsOf: r.at, Address: addr, Problem: string(problem),
		})
	}
	if r.problem != "" {
		say(casefile.FactReverseName, "", r.problem)
		return claims
	}
	name, hint := l.hints.reverseHint(r.names, t)
	if name != "" {
		say(casefile.FactReverseName, name, "")
	}
	if hint != "" {
		say(casefile.FactReverseCountry, hint, "")
	}
	return claims
}

// line bounds a value that becomes a claim.
func line(s string) string {
	if len(s) > maxValue {
		s = strings.ToValidUTF8(s[:maxValue], "")
	}
	return s
}
