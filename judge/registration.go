package judge

import (
	"strings"

	"vigil/casefile"
)

// hold is the EPP status that takes the domain out of the DNS, or empty. RFC 5731,
// section 2.3: clientHold by the registrar, serverHold by the registry. RDAP writes
// them as "client hold" and "server hold" (RFC 8056).
func (l *look) hold() string {
	if l.in.Registrar == nil {
		return ""
	}
	found := ""
	for _, s := range l.in.Registrar.DomainStatus {
		switch plainStatus(s) {
		case "serverhold":
			return "server_hold"
		case "clienthold":
			found = "client_hold"
		}
	}
	return found
}

// registration is the state of a registration that comes to its end, and where it points; or empty. RFC
// 3915, section 3.1: in redemptionPeriod and pendingDelete the registrar has deleted the domain, and the registry
// takes it out of the DNS. autoRenewPeriod and a date of expiry that is past are notes only:
// registries renew every domain that expires, and the owner may still pay. In pendingRestore the owner gets it back.
func (l *look) registration() (string, casefile.State) {
	r := l.in.Registrar
	if r == nil {
		return "", ""
	}
	found := map[string]bool{}
	for _, s := range r.DomainStatus {
		found[plainStatus(s)] = true
	}
	switch {
	case found["pendingrestore"]:
		return "pending_restore", ""
	case found["pendingdelete"]:
		return "pending_delete", casefile.StateGone
	case found["redemptionperiod"]:
		return "redemption_period", casefile.StateGone
	case !r.Expires.IsZero() && r.Expires.Before(l.o.Started):
		return "expired", ""
	case found["autorenewperiod"]:
		return "auto_renew_period", ""
	}
	return "", ""
}

// plainStatus is a status in lower case and without spaces: EPP joins the words, RDAP does not (RFC 8056),
// and WHOIS adds the address of an explanation.
func plainStatus(s string) string {
	s, _, _ = strings.Cut(s, " http")
	return strings.ToLower(strings.ReplaceAll(s, " ", ""))
}
