package registry

import (
	"cmp"
	"context"
	"net/netip"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/openrdap/rdap"
)

// rdapDomain asks RDAP for a domain (RFC 9082, section 3.1.3): the registry, and when its
// answer lacks the registrar's abuse contact, once the registrar's own server that the
// answer links to (ICANN's RDAP response profile, 2.3). What goes wrong there costs
// nothing of the registry's answer.
func (r *Registry) rdapDomain(ctx context.Context, name string) (Domain, Problem) {
	object, problem := r.rdapObject(ctx, rdap.DomainRequest, name)
	if problem != "" {
		return Domain{}, problem
	}
	d, problem := domainOf(object, name)
	if problem != "" || d.AbuseEmail != "" {
		return d, problem
	}
	if server := relatedServer(object, name); server != nil {
		if related, problem := r.rdapQuery(ctx, server, rdap.DomainRequest, name); problem == "" {
			if more, problem := domainOf(related, name); problem == "" {
				d.fill(more)
			}
		}
	}
	return d, ""
}

// relatedServer is the base of the RDAP server in the link to the same domain at the
// registrar, or nil. Only a link that ends in domain/NAME is taken: nothing but the
// name that we asked about goes to another server.
func relatedServer(object any, name string) *url.URL {
	o, ok := object.(*rdap.Domain)
	if !ok {
		return nil
	}
	for _, link := range o.Links[:min(len(o.Links), maxLinks)] {
		if !strings.EqualFold(link.Rel, "related") || link.Type != "" && !strings.Contains(link.Type, "rdap") || len(link.Href) > maxValue {
			continue
		}
		u, err := url.Parse(link.Href)
		if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil || u.RawQuery != "" {
			continue
		}
		dir, last := path.Split(strings.TrimSuffix(u.Path, "/"))
		base, kind := path.Split(strings.TrimSuffix(dir, "/"))
		if kind != "domain" || !sameDomain(last, name) {
			continue
		}
		return &url.URL{Scheme: u.Scheme, Host: u.Host, Path: base}
	}
	return nil
}

// Bounds of lists in an RDAP answer about a domain.
const (
	maxLinks  = 32
	maxEvents = 64
)

// domainOf reads a domain object (RFC 9083, section 5.3). The registrar's abuse
// contact is nested inside the registrar entity (ICANN's RDAP response profile, 2.4.5);
// one beside it counts when it is not an address under the domain itself, whose owner is
// no registrar. The abuse address of an answer that redacts it (RFC 9537) is empty.
func domainOf(object any, name string) (Domain, Problem) {
	o, ok := object.(*rdap.Domain)
	if !ok {
		return Domain{}, ProblemOtherObject
	}
	if !sameDomain(o.LDHName, name) && (o.LDHName != "" || !sameDomain(o.UnicodeName, name)) {
		return Domain{}, ProblemOtherObject
	}
	var d Domain
	abuse := ""
	walk(o.Entities, func(e *rdap.Entity, above []string) {
		registrar := hasRole(e.Roles, "registrar")
		card := cardOf(e)
		if registrar {
			d.Registrar = cmp.Or(d.Registrar, registrarName(card.name), registrarName(e.Handle))
		}
		if registrar && d.IANAID == 0 {
			d.IANAID = ianaID(e.PublicIDs)
		}
		if email := firstEmail(card.emails); hasRole(e.Roles, RoleAbuse) && email != "" {
			if registrar || hasRole(above, "registrar") {
				d.AbuseEmail = cmp.Or(d.AbuseEmail, email)
			} else if abuse == "" && !under(email, name) {
				abuse = email
			}
		}
	})
	d.AbuseEmail = cmp.Or(d.AbuseEmail, abuse)
	d.Status = statuses(o.Status)
	d.Created, d.Updated, d.Expires = dates(o.Events)
	for _, server := range o.Nameservers[:min(len(o.Nameservers), 2*maxNameservers)] {
		if host := cmp.Or(asciiName(server.LDHName), asciiName(server.UnicodeName)); host != "" {
			d.Nameservers = append(d.Nameservers, host)
		}
	}
	d.Nameservers = tidyHosts(d.Nameservers)
	return d, ""
}

// dates reads the events of a domain (RFC 9083, section 10.2.3). The end that the
// registry states counts before that of the registrar; of several events of a kind, the latest.
func dates(events []rdap.Event) (created, updated, expires time.Time) {
	var registrarExpires time.Time
	kinds := map[string]*time.Time{
		"registration": &created, "last changed": &updated, "expiration": &expires, "registrar expiration": &registrarExpires,
	}
	for _, event := range events[:min(len(events), maxEvents)] {
		at, ok := readDate(event.Date, "")
		if to := kinds[strings.ToLower(event.Action)]; ok && to != nil && at.After(*to) {
			*to = at
		}
	}
	return created, updated, cmp.Or(expires, registrarExpires)
}

// ianaID is the registrar's number (ICANN's RDAP response profile, 2.4.3), or 0.
func ianaID(ids []rdap.PublicID) int {
	for _, id := range ids[:min(len(ids), maxLinks)] {
		if n := registrarID(id.Identifier); n != 0 && strings.EqualFold(strings.TrimSpace(id.Type), "IANA Registrar ID") {
			return n
		}
	}
	return 0
}

// registrarID reads a registrar's number at IANA; 0 when it is none.
func registrarID(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 || n > maxIANAID {
		return 0
	}
	return n
}

func firstEmail(emails []string) string {
	for _, email := range emails {
		if email := emailIn(email); email != "" {
			return email
		}
	}
	return ""
}

// under says whether the host of an address is the domain or below it.
func under(email, name string) bool {
	host := asciiName(email[strings.LastIndexByte(email, '@')+1:])
	return host == name || strings.HasSuffix(host, "."+name)
}

// eppStatus are the status values of domains (RFC 5731, section 2.3; RFC 3915, section
// 3.1), by the form that RDAP, WHOIS and their many spellings fold to. RDAP's "active"
// and "associated" are EPP's ok and linked (RFC 8056, section 2).
var eppStatus = func() map[string]string {
	m := map[string]string{"active": "ok", "associated": "linked"}
	for _, s := range strings.Fields(`ok linked inactive clientDeleteProhibited clientHold clientRenewProhibited clientTransferProhibited
		clientUpdateProhibited serverDeleteProhibited serverHold serverRenewProhibited serverTransferProhibited
		serverUpdateProhibited pendingCreate pendingDelete pendingRenew pendingTransfer pendingUpdate pendingRestore addPeriod
		autoRenewPeriod renewPeriod transferPeriod redemptionPeriod`) {
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
		if len(words) == 0 || len(words) > 4 || len(s) > 40 {
			continue
		}
		s = cmp.Or(eppStatus[s], strings.Join(words, " "))
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

// rdapObject asks the responsible servers in turn. Each query has a client of its
// own, because the library's is not safe for concurrent use.
func (r *Registry) rdapObject(ctx context.Context, kind rdap.RequestType, query string) (any, Problem) {
	servers, problem := r.responsible(ctx, query)
	if problem != "" {
		return nil, problem
	}
	for _, server := range servers[:min(len(servers), maxRDAPServers)] {
		var object any
		object, problem = r.rdapQuery(ctx, server, kind, query)
		if problem == "" || problem == ProblemNotFound || problem == ProblemInterrupted || ctx.Err() != nil {
			return object, problem
		}
	}
	return nil, problem
}

func (r *Registry) rdapQuery(ctx context.Context, server *url.URL, kind rdap.RequestType, query string) (any, Problem) {
	client := &rdap.Client{HTTP: r.http, UserAgent: userAgent}
	resp, err := client.Do((&rdap.Request{Type: kind, Query: query, Server: server}).WithContext(ctx))
	if resp == nil || len(resp.HTTP) == 0 {
		return nil, ProblemBroken
	}
	exchange := resp.HTTP[len(resp.HTTP)-1]
	if exchange.Response == nil {
		return nil, ProblemOf(ctx, exchange.Error)
	}
	if problem := statusProblem(exchange.Response); problem != "" {
		return nil, problem
	}
	if err != nil || resp.Object == nil {
		return nil, BodyProblem(ctx, exchange.Error)
	}
	if refusal, ok := resp.Object.(*rdap.Error); ok {
		if refusal.ErrorCode != nil && *refusal.ErrorCode == 404 {
			return nil, ProblemNotFound
		}
		return nil, ProblemServer
	}
	return resp.Object, ""
}
