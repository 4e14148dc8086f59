package registry

import (
	"slices"
	"strings"
	"time"

	"github.com/openrdap/rdap"
	"golang.org/x/net/idna"
)

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
