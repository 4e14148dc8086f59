package registry

import (
	"context"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/openrdap/rdap"
	"golang.org/x/net/idna"
)

// maxRDAPServers bounds how many of the responsible servers are asked for one answer.
const maxRDAPServers = 2

// rdapNetwork asks RDAP for the network of an address (RFC 9082, section 3.1.1).
func (r *Registry) rdapNetwork(ctx context.Context, addr netip.Addr) (Network, Problem) {
	object, problem := r.rdapObject(ctx, rdap.IPRequest, addr.String())
	if problem != "" {
		return Network{}, problem
	}
	return networkOf(object, addr)
}

// rdapDomain asks RDAP for a domain (RFC 9082, section 3.1.3).
func (r *Registry) rdapDomain(ctx context.Context, name string) (Domain, Problem) {
	object, problem := r.rdapObject(ctx, rdap.DomainRequest, name)
	if problem != "" {
		return Domain{}, problem
	}
	return domainOf(object, name)
}

// rdapObject asks the responsible servers in turn. Each query has a client of its
// own, because the library's is not safe for concurrent use.
func (r *Registry) rdapObject(ctx context.Context, kind rdap.RequestType, query string) (any, Problem) {
	servers, problem := r.responsible(ctx, query)
	if problem != "" {
		return nil, problem
	}
	for i, server := range servers {
		if i == maxRDAPServers {
			break
		}
		var object any
		object, problem = r.rdapQuery(ctx, server, kind, query)
		if problem == "" || problem == ProblemNotFound || problem == ProblemInterrupted || ctx.Err() != nil {
			return object, problem
		}
	}
	return nil, problem
}

func (r *Registry) rdapQuery(ctx context.Context, server *url.URL, kind rdap.RequestType, query string) (any, Problem) {
	host := strings.ToLower(server.Host)
	if problem := r.limits.pass(ctx, host); problem != "" {
		return nil, problem
	}
	client := &rdap.Client{HTTP: r.http, UserAgent: r.agent}
	resp, err := client.Do((&rdap.Request{Type: kind, Query: query, Server: server}).WithContext(ctx))
	if resp == nil || len(resp.HTTP) == 0 {
		return nil, ProblemBroken
	}
	exchange := resp.HTTP[len(resp.HTTP)-1]
	if exchange.Response == nil {
		return nil, problemOf(ctx, exchange.Error)
	}
	if problem := r.statusProblem(host, exchange.Response); problem != "" {
		return nil, problem
	}
	if err != nil || resp.Object == nil {
		if problem := problemOf(ctx, exchange.Error); exchange.Error != nil && problem != ProblemUnreachable {
			return nil, problem
		}
		return nil, ProblemBroken
	}
	if refusal, ok := resp.Object.(*rdap.Error); ok {
		if refusal.ErrorCode != nil && *refusal.ErrorCode == 404 {
			return nil, ProblemNotFound
		}
		return nil, ProblemServer
	}
	return resp.Object, ""
}

// networkOf reads an ip network object (RFC 9083, section 5.4).
func networkOf(object any, addr netip.Addr) (Network, Problem) {
	o, ok := object.(*rdap.IPNetwork)
	if !ok {
		return Network{}, ProblemOtherObject
	}
	first, last, ok := parseRange(o.StartAddress + " - " + o.EndAddress)
	if !ok {
		return Network{}, ProblemBroken
	}
	n := Network{First: first, Last: last, Handle: tidy(o.Handle), Name: tidy(o.Name), Country: countryCode(o.Country)}
	if !n.covers(addr) {
		return Network{}, ProblemOtherObject
	}
	if unheld(n) {
		return Network{}, ProblemNotFound
	}
	best := 0
	walk(o.Entities, func(e *rdap.Entity, _ []string) {
		card := cardOf(e)
		n.Contacts = append(n.Contacts, card.contacts(roleOf(e.Roles))...)
		if rank := card.rankAsHolder(e.Roles); rank > best {
			best, n.Organisation = rank, card.name
			if n.Country == "" {
				n.Country = card.country
			}
		}
	})
	n.Contacts = tidyContacts(n.Contacts)
	for _, remark := range o.Remarks { // APNIC and RIPE NCC put the "descr" lines here
		if n.Organisation == "" && len(remark.Description) > 0 && (remark.Title == "" || strings.EqualFold(remark.Title, "description")) {
			n.Organisation = tidy(remark.Description[0])
		}
	}
	return n, ""
}

// unheld knows the answers that registries give for space of nobody or of another registry.
func unheld(n Network) bool {
	for _, s := range []string{n.Name, n.Handle} {
		s = strings.ToUpper(s)
		for _, prefix := range []string{"IANA-BLK", "IANA-BLOCK", "NON-RIPE-NCC-MANAGED", "IANA-NETBLOCK", "IANA-IP-ARIN", "NOT-MANAGED-BY"} {
			if strings.HasPrefix(s, prefix) {
				return true
			}
		}
	}
	return n.First.IsUnspecified() && n.Last == lastOf(netip.PrefixFrom(n.First, 0))
}

// domainOf reads a domain object (RFC 9083, section 5.3). The registrar's abuse
// contact is nested inside the registrar entity (ICANN's RDAP response profile, 2.4.5).
func domainOf(object any, name string) (Domain, Problem) {
	o, ok := object.(*rdap.Domain)
	if !ok {
		return Domain{}, ProblemOtherObject
	}
	got := strings.TrimSuffix(strings.ToLower(o.LDHName), ".")
	if got == "" {
		got, _ = idna.Lookup.ToASCII(strings.TrimSuffix(o.UnicodeName, "."))
	}
	if got != name {
		return Domain{}, ProblemOtherObject
	}
	var d Domain
	abuse := ""
	walk(o.Entities, func(e *rdap.Entity, above []string) {
		card := cardOf(e)
		if hasRole(e.Roles, "registrar") && d.Registrar == "" {
			if d.Registrar = card.name; d.Registrar == "" {
				d.Registrar = tidy(e.Handle)
			}
		}
		if hasRole(e.Roles, RoleAbuse) && len(card.emails) > 0 {
			if hasRole(above, "registrar") || hasRole(e.Roles, "registrar") {
				if d.AbuseEmail == "" {
					d.AbuseEmail = card.emails[0]
				}
			} else if abuse == "" {
				abuse = card.emails[0]
			}
		}
	})
	if d.AbuseEmail == "" {
		d.AbuseEmail = abuse
	}
	d.Status = statuses(o.Status)
	for _, event := range o.Events {
		switch at, err := time.Parse(time.RFC3339, event.Date); {
		case err != nil:
		case event.Action == "registration":
			d.Created = at.UTC()
		case event.Action == "expiration":
			d.Expires = at.UTC()
		}
	}
	return d, ""
}

// eppStatus are the status values of domains (RFC 5731, section 2.3; RFC 3915, section
// 3.1), by the form that RDAP, WHOIS and their many spellings fold to. RDAP's "active"
// and "associated" are EPP's ok and linked (RFC 8056, section 2).
var eppStatus = func() map[string]string {
	m := map[string]string{"active": "ok", "associated": "linked"}
	for _, s := range []string{
		"ok", "linked", "inactive", "clientDeleteProhibited", "clientHold", "clientRenewProhibited", "clientTransferProhibited", "clientUpdateProhibited",
		"serverDeleteProhibited", "serverHold", "serverRenewProhibited", "serverTransferProhibited", "serverUpdateProhibited", "pendingCreate", "pendingDelete",
		"pendingRenew", "pendingTransfer", "pendingUpdate", "pendingRestore", "addPeriod", "autoRenewPeriod", "renewPeriod", "transferPeriod", "redemptionPeriod",
	} {
		m[strings.ToLower(s)] = s
	}
	return m
}()

// statuses turns RDAP and WHOIS status values into EPP names, sorted: "client hold"
// is clientHold. A value that is no EPP name is kept in small letters when it is a
// few words, else dropped.
func statuses(raw []string) []string {
	var out []string
	for _, s := range raw {
		s, _, _ = strings.Cut(strings.ToLower(tidy(s)), "http")
		words := strings.FieldsFunc(s, func(c rune) bool { return c < 'a' || c > 'z' })
		s = strings.Join(words, "")
		if known, ok := eppStatus[s]; ok {
			s = known
		}
		if len(words) == 0 || len(words) > 4 || len(s) > 40 {
			continue
		}
		if !slices.Contains(out, s) && len(out) < maxStatus {
			out = append(out, s)
		}
	}
	slices.Sort(out)
	return out
}

func hasRole(roles []string, role string) bool {
	return slices.ContainsFunc(roles, func(r string) bool { return strings.EqualFold(r, role) })
}
