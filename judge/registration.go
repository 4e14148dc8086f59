package judge

import (
	"slices"
	"strings"

	"vigil/casefile"
)

// hold is the EPP status that takes the domain out of the DNS, or empty. RFC 5731,
// section 2.3: clientHold by the registrar, serverHold by the registry. RDAP writes
// them as "client hold" and "server hold" (RFC 8056).
func (l *look) hold() string {
	switch {
	case l.domainIs("serverhold"):
		return "server_hold"
	case l.domainIs("clienthold"):
		return "client_hold"
	}
	return ""
}

// registration is the state of a registration that comes to its end, and where it points; or empty. RFC
// 3915, section 3.1: in redemptionPeriod and pendingDelete the registrar has deleted the domain, and the
// registry takes it out of the DNS. autoRenewPeriod and a date of expiry that is past are notes only:
// registries renew every domain that expires, and the owner may still pay. In pendingRestore the owner gets
// it back.
func (l *look) registration() (string, casefile.State) {
	switch r := l.in.Registrar; {
	case l.domainIs("pendingrestore"):
		return "pending_restore", ""
	case l.domainIs("pendingdelete"):
		return "pending_delete", casefile.StateGone
	case l.domainIs("redemptionperiod"):
		return "redemption_period", casefile.StateGone
	case r != nil && !r.Expires.IsZero() && r.Expires.Before(l.o.Started):
		return "expired", ""
	case l.domainIs("autorenewperiod"):
		return "auto_renew_period", ""
	}
	return "", ""
}

// domainIs says whether the registry shows a status, written without spaces: EPP joins the
// words, RDAP does not (RFC 8056), and WHOIS adds the address of an explanation.
func (l *look) domainIs(status string) bool {
	return l.in.Registrar != nil && slices.ContainsFunc(l.in.Registrar.DomainStatus, func(s string) bool {
		s, _, _ = strings.Cut(s, " http")
		return strings.EqualFold(strings.ReplaceAll(s, " ", ""), status)
	})
}
