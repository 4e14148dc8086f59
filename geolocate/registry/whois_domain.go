package registry

import (
	"cmp"
	"context"
	"strings"
	"time"

	whoisparser "github.com/likexian/whois-parser"
)

// whoisDomain asks WHOIS for a domain: the registry, and the registrar it refers to.
func (r *Registry) whoisDomain(ctx context.Context, name string) (Domain, Problem) {
	last := ""
	texts, problem := r.whoisAnswers(ctx, func(server string) string {
		last = server
		return domainQuestion(server, name)
	})
	var d Domain
	found := false
	for i, text := range texts { // the registry first: its word counts, the registrar's fills gaps
		next, p := parseDomain(text, name)
		if p == ProblemRateLimited && i == len(texts)-1 { // in words that only registries of domains use
			r.limits.Hold(ctx, last, 0, whoisHold)
		}
		if p != "" {
			if !found && problem == "" && p != ProblemNotFound {
				problem = p
			}
			continue
		}
		if !found {
			d, found = next, true
			continue
		}
		d.fill(next)
	}
	switch {
	case found:
		return d, ""
	case problem != "":
		return Domain{}, problem
	}
	return Domain{}, ProblemNotFound
}

// fill takes what is missing from the registrar's own answer. The states stay those
// of the registry: it alone says what is in the DNS.
func (d *Domain) fill(from Domain) {
	d.Registrar, d.IANAID = cmp.Or(d.Registrar, from.Registrar), cmp.Or(d.IANAID, from.IANAID)
	d.AbuseEmail = cmp.Or(d.AbuseEmail, from.AbuseEmail)
	d.Created, d.Updated, d.Expires = cmp.Or(d.Created, from.Created), cmp.Or(d.Updated, from.Updated), cmp.Or(d.Expires, from.Expires)
	if len(d.Nameservers) == 0 {
		d.Nameservers = from.Nameservers
	}
}

// parseDomain reads a registration: by our own table of labels, and where that finds no
// name of a domain, by the library. name is in ASCII and small letters. Answers that
// nobody holds the name (also when it is reserved) are not_found, those of a server that
// refuses are rate_limited or server_error, those about another name other_object.
func parseDomain(text, name string) (Domain, Problem) {
	return parseDomainBy(text, name, tldOf(name))
}

// parseDomainBy reads a registration by the rule of a registry.
func parseDomainBy(text, name string, rule tldRule) (d Domain, problem Problem) {
	defer func() {
		if recover() != nil {
			d, problem = Domain{}, ProblemBroken
		}
	}()
	reg := registration{name: name, rule: rule}
	for _, e := range readLines(text) {
		reg.take(e)
	}
	switch {
	case reg.free:
		return Domain{}, ProblemNotFound
	case reg.named, !reg.other && reg.echoed && reg.substance():
		return reg.domain(), ""
	case missingDomain(text, name):
		return Domain{}, ProblemNotFound
	}
	if servers := tonicServers(text, name); len(servers) > 0 {
		return Domain{Nameservers: servers}, ""
	}
	if problem := declined(text); problem != "" {
		return Domain{}, problem
	}
	if reg.other {
		return Domain{}, ProblemOtherObject
	}
	return libraryDomain(text, name)
}

// tonicServers reads the answers of .to: a line with the first label of the name and a
// name server, for each, and nothing else.
func tonicServers(text, name string) []string {
	if !strings.HasPrefix(text, "Tonic whoisd") {
		return nil
	}
	label, _, _ := strings.Cut(name, ".")
	var servers []string
	for line := range strings.Lines(text) {
		if words := strings.Fields(line); len(words) == 2 && strings.EqualFold(words[0], label) && len(servers) < 2*maxNameservers {
			servers = append(servers, hostsIn(words[1])...)
		}
	}
	return tidyHosts(servers)
}

// libraryDomain reads what our own reader found no name in.
func libraryDomain(text, name string) (Domain, Problem) {
	info, err := whoisparser.Parse(text)
	if err != nil || info.Domain == nil || info.Domain.Domain == "" {
		return Domain{}, ProblemBroken
	}
	if !sameDomain(info.Domain.Domain, name) && !sameDomain(info.Domain.Punycode, name) {
		return Domain{}, ProblemOtherObject
	}
	d := Domain{Status: statuses(info.Domain.Status)}
	utc := func(at *time.Time) time.Time { return cmp.Or(at, &time.Time{}).UTC() }
	d.Created, d.Updated = utc(info.Domain.CreatedDateInTime), utc(info.Domain.UpdatedDateInTime)
	d.Expires = utc(info.Domain.ExpirationDateInTime)
	for _, server := range info.Domain.NameServers {
		d.Nameservers = append(d.Nameservers, hostsIn(server)...)
	}
	d.Nameservers = tidyHosts(d.Nameservers)
	if info.Registrar != nil {
		d.Registrar = cmp.Or(registrarName(info.Registrar.Name), registrarName(info.Registrar.Organization))
	}
	return d, ""
}

// registration gathers what the entries of one answer say.
type registration struct {
	name   string
	rule   tldRule
	named  bool // a label says that the answer is about the name
	echoed bool // the answer repeats the question
	other  bool // a label names another domain
	free   bool // a state says that nobody holds the name
	aside  bool // the entries are about another name: a second object, or IANA's answer before the registry's

	naming bool // the entry before named a domain

	d         Domain
	states    []string
	servers   []string
	registrar [4]string // by rank: what names the registrar best comes last
}

// Ranks of names of a registrar.
const (
	rankHandle = iota // its handle at the registry
	rankLine          // the line for the registrar
	rankName          // the name in the block about the registrar
	rankOrg           // the organisation in the block about the registrar
)

func (g *registration) take(e entry) {
	if labelFields()[e.label] == "name" && (e.part == partDomain || e.part == partName) {
		if !g.naming || g.aside { // a name right behind ours is another spelling of it, or a variant (CNNIC)
			g.about(e.value)
		}
		g.naming = true
		return
	}
	g.naming = false
	if g.aside {
		return
	}
	switch e.part {
	case partContact:
		g.contact(e)
		return
	case partRegistrar:
		g.inRegistrar(e)
		return
	case partAbuse:
		g.d.AbuseEmail = cmp.Or(g.d.AbuseEmail, emailIn(e.value))
		return
	case partNameserver:
		if e.label == "" || labelFields()[e.label] == "nameserver" {
			g.server(e)
			return
		}
	case partName:
		if e.label == "" || e.label == "name" {
			g.about(e.value)
			return
		}
	case partStatus:
		if e.label == "" {
			g.state(e.value)
			return
		}
	case partDomain:
	}
	g.ofDomain(e)
}

// ofDomain reads a labelled entry that is about the domain.
func (g *registration) ofDomain(e entry) {
	switch labelFields()[e.label] {
	case "echo":
		g.echoed = g.echoed || sameDomain(e.value, g.name)
	case "registrar":
		rank := rankLine
		if e.label == "authorized agency" { // KISA: the English half, behind the Korean one
			rank = rankName
		}
		g.called(rank, e.value)
	case "registrar handle":
		g.called(rankHandle, e.value)
	case "iana":
		g.d.IANAID = cmp.Or(g.d.IANAID, registrarID(strings.TrimSpace(e.value)))
	case "abuse":
		g.d.AbuseEmail = cmp.Or(g.d.AbuseEmail, emailIn(e.value))
	case "status":
		g.state(e.value)
	case "hold":
		g.word("hold " + e.value)
	case "created", "updated", "expires":
		g.date(labelFields()[e.label], e.value)
	case "nameserver":
		g.server(e)
	}
}

// contact takes of a block about a person or organisation only what cannot be said of
// one: what names the registrar or the domain in the label, and an end of registration (HKIRC).
func (g *registration) contact(e entry) {
	kind := labelFields()[e.label]
	ofRegistrar := strings.HasPrefix(e.label, "registrar ") && kind != "" && kind != "registrar handle"
	if kind == "expires" || ofRegistrar || strings.HasPrefix(e.label, "domain name ") && kind == "created" {
		g.ofDomain(e)
	}
}

func (g *registration) inRegistrar(e entry) {
	switch e.label {
	case "":
		if g.registrar[rankLine] == "" && !strings.ContainsRune(e.value, '@') {
			g.called(rankLine, e.value)
		}
	case "name", "registrar name", "company name", "company":
		g.called(rankName, e.value)
	case "organization", "organisation", "organization name", "org", "org name", "organisation name":
		g.called(rankOrg, e.value)
	default: // a paragraph that starts with the registrar may go on about the domain
		if labelFields()[e.label] != "status" || len(g.states) == 0 {
			g.ofDomain(e)
		}
	}
}

// about takes the name that the next entries are about. Entries about another name are
// not read: its states are not those of ours.
func (g *registration) about(value string) {
	name, state, stated := strings.Cut(value, " is ") // Freenom: "SITE.EXAMPLE is Active"
	g.aside = false
	for word := range strings.FieldsSeq(strings.NewReplacer("(", " ", ")", " ").Replace(name)) { // "name.example (xn--...)"
		switch ascii := asciiName(word); {
		case ascii == g.name:
			g.named, g.aside = true, false
			if stated {
				g.state(state)
			}
			return
		case ascii != "":
			g.other, g.aside = true, true
		case strings.EqualFold(strings.Trim(word, "."), g.name[strings.LastIndexByte(g.name, '.')+1:]):
			g.aside = true
		}
	}
}

func (g *registration) called(rank int, value string) {
	g.registrar[rank] = cmp.Or(g.registrar[rank], registrarName(value))
}

// date keeps the first date of a kind: registries write about the domain before they
// write about contacts. ISOC-IL writes a line a change, with the kind behind the date.
func (g *registration) date(kind, value string) {
	at, ok := readDate(value, g.rule.dates)
	if !ok {
		return
	}
	to := map[string]*time.Time{"created": &g.d.Created, "updated": &g.d.Updated, "expires": &g.d.Expires}[kind]
	switch {
	case kind == "updated" && strings.HasSuffix(value, "(Assigned)"):
		to = &g.d.Created
	case kind == "updated" && strings.HasSuffix(value, "(Changed)"):
		*to = at
	}
	if to.IsZero() {
		*to = at
	}
}

func (g *registration) server(e entry) {
	if e.label == "dns" && sameDomain(e.value, g.name) { // Punktum dk: the name itself in ASCII
		g.named = true
		return
	}
	if len(g.servers) < 4*maxNameservers {
		g.servers = append(g.servers, hostsIn(e.value)...)
	}
}

// substance says whether the answer has more than an echo of the question.
func (g *registration) substance() bool {
	return g.registrar != [4]string{} || len(g.servers) > 0 || !g.d.Created.IsZero() || !g.d.Expires.IsZero()
}

func (g *registration) domain() Domain {
	g.d.Registrar = cmp.Or(g.registrar[rankOrg], g.registrar[rankName], g.registrar[rankLine], g.registrar[rankHandle])
	g.d.Status = statuses(g.states)
	g.d.Nameservers = tidyHosts(g.servers)
	return g.d
}
