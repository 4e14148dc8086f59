package fakenet

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"time"
)

// serveWHOIS answers one question (RFC 3912): the root refers, the registries answer.
func (n *Net) serveWHOIS(c net.Conn, a arrival) {
	line, err := bufio.NewReader(io.LimitReader(c, 1024)).ReadString('\n')
	if err != nil {
		return
	}
	words := strings.Fields(line)
	if len(words) == 0 {
		return
	}
	question := words[len(words)-1] // flags such as "n + =" come first
	o, found := n.find(question)
	switch n.whois.ask() {
	case FailNone:
	case FailRateLimit:
		_, _ = io.WriteString(c, "%ERROR:201: access denied\r\n%\r\n% Query rate limit exceeded. Please try again later.\r\n")
		return
	case FailServer:
		return
	case FailGarbage:
		_, _ = c.Write([]byte("\x00\xff\xfe\x01refer:\x00\x02\r\nrefer:"))
		return
	case FailDrip:
		for err == nil && n.sleep(context.Background(), time.Second) {
			_, err = io.WriteString(c, "%")
		}
		return
	case FailHang:
		swallow(c)
		return
	case FailHuge:
		filler := []byte(strings.Repeat("remarks:        filler filler filler filler filler filler\r\n", 60))
		for err == nil {
			_, err = c.Write(filler)
		}
		return
	case FailOther:
		if found {
			o = n.other(o)
		}
	case FailNotFound:
		found = false
	}
	_, _ = io.WriteString(c, n.whoisText(o, found, question, a))
}

// whoisText is what the server that was asked says.
func (n *Net) whoisText(o object, found bool, question string, a arrival) string {
	root := a.at.Addr() == netip.MustParseAddr(whoisRootAddr)
	switch {
	case root && !found:
		return "% IANA WHOIS server\r\n\r\n% This query returned 0 objects.\r\n"
	case root && !n.whoisDirect && a.plain == nil:
		return referral(o)
	case !found && o.domain.Name == "" && strings.Contains(question, ".") && !literal(question).IsValid():
		return fmt.Sprintf("No match for domain %q.\r\n", strings.ToUpper(question))
	case !found:
		return "%ERROR:101: no entries found\r\n%\r\n% No entries found in source.\r\n"
	case o.domain.Name != "":
		return o.domain.whois()
	case o.asn != 0:
		return fmt.Sprintf("aut-num:        AS%d\r\nas-name:        %s\r\norg-name:       %s\r\ncountry:        %s\r\nabuse-mailbox:  %s\r\nsource:         RIPE\r\n",
			o.asn, o.network.Name, o.network.Holder, o.network.RegisteredCountry, o.network.AbuseEmail)
	}
	return o.whois(question)
}

// referral is IANA's answer, as of 2026: a few lines with the registry's server.
func referral(o object) string {
	server, what := servers[o.network.Registry].host, "inetnum:      "+o.prefix.String()
	if o.domain.Name != "" {
		server, what = WHOISDomainHost, "domain:       "+strings.ToUpper(o.domain.Name[strings.LastIndexByte(o.domain.Name, '.')+1:])
	}
	return "% IANA WHOIS server\r\n% for more information on IANA, visit http://www.iana.org\r\n\r\nrefer:        " + server + "\r\n\r\n" + what +
		"\r\nstatus:       ACTIVE\r\nwhois:        " + server + "\r\n\r\nsource:       IANA\r\n"
}

// whois is the answer of a registry of domains, in the shape that gTLD registries used.
func (d Domain) whois() string {
	var b strings.Builder
	fmt.Fprintf(&b, "   Domain Name: %s\r\n   Registry Domain ID: 1234567_DOMAIN-TEST\r\n", strings.ToUpper(d.Name))
	fmt.Fprintf(&b, "   Registrar WHOIS Server: %s\r\n   Updated Date: %s\r\n", WHOISDomainHost, d.Created.UTC().Format(time.RFC3339))
	fmt.Fprintf(&b, "   Creation Date: %s\r\n   Registry Expiry Date: %s\r\n", d.Created.UTC().Format(time.RFC3339), d.Expires.UTC().Format(time.RFC3339))
	fmt.Fprintf(&b, "   Registrar: %s\r\n   Registrar IANA ID: 9999\r\n   Registrar Abuse Contact Email: %s\r\n", d.Registrar, d.RegistrarAbuse)
	for _, s := range d.Status {
		fmt.Fprintf(&b, "   Domain Status: %s https://icann.org/epp#%s\r\n", s, s)
	}
	for _, ns := range d.Nameservers {
		fmt.Fprintf(&b, "   Name Server: %s\r\n", strings.ToUpper(ns))
	}
	b.WriteString("   DNSSEC: unsigned\r\n>>> Last update of whois database: 2026-11-01T00:00:00Z <<<\r\n")
	return b.String()
}

// ripe is an answer in RPSL as RIPE gives it.
func (o object) ripe() string {
	key, span := "inetnum:", fmt.Sprintf("%s - %s", o.prefix.Masked().Addr(), last(o.prefix))
	route := "route:"
	if o.prefix.Addr().Is6() {
		key, span, route = "inet6num:", o.prefix.Masked().String(), "route6:"
	}
	w := o.network
	var b strings.Builder
	fmt.Fprintf(&b, "%% This is the RIPE Database query service.\r\n%% The objects are in RPSL format.\r\n\r\n")
	if w.AbuseEmail != "" {
		fmt.Fprintf(&b, "%% Abuse contact for '%s' is '%s'\r\n\r\n", span, w.AbuseEmail)
	}
	fmt.Fprintf(&b, "%-16s%s\r\nnetname:        %s\r\ncountry:        %s\r\norg:            ORG-%d-RIPE\r\nadmin-c:        AD%d-RIPE\r\ntech-c:         AD%d-RIPE\r\nstatus:         ASSIGNED PA\r\nmnt-by:         MNT-%s\r\nsource:         RIPE\r\n\r\n",
		key, span, w.Name, w.RegisteredCountry, w.ASN, w.ASN, w.ASN, w.Name)
	fmt.Fprintf(&b, "organisation:   ORG-%d-RIPE\r\norg-name:       %s\r\ncountry:        %s\r\norg-type:       LIR\r\naddress:        1 Example Street\r\nabuse-c:        AB%d-RIPE\r\nsource:         RIPE\r\n\r\n", w.ASN, w.Holder, w.RegisteredCountry, w.ASN)
	if w.AbuseEmail != "" {
		fmt.Fprintf(&b, "role:           Abuse desk of %s\r\naddress:        1 Example Street\r\nabuse-mailbox:  %s\r\nnic-hdl:        AB%d-RIPE\r\nsource:         RIPE\r\n\r\n", w.Holder, w.AbuseEmail, w.ASN)
	}
	fmt.Fprintf(&b, "%-16s%s\r\ndescr:          %s\r\norigin:         AS%d\r\nmnt-by:         MNT-%s\r\nsource:         RIPE\r\n", route, o.prefix.Masked(), w.Holder, w.ASN, w.Name)
	return b.String()
}

// arin is an answer as ARIN gives it.
func (o object) arin() string {
	w := o.network
	var b strings.Builder
	fmt.Fprintf(&b, "\r\n#\r\n# ARIN WHOIS data and services are subject to the Terms of Use\r\n#\r\n\r\nNetRange:       %s - %s\r\nCIDR:           %s\r\nNetName:        %s\r\nNetHandle:      NET-%d-1\r\nNetType:        Direct Allocation\r\nOriginAS:       AS%d\r\nOrganization:   %s (EX-%d)\r\nRegDate:        2011-05-01\r\nUpdated:        2024-03-02\r\n\r\n",
		o.prefix.Masked().Addr(), last(o.prefix), o.prefix.Masked(), w.Name, w.ASN, w.ASN, w.Holder, w.ASN)
	fmt.Fprintf(&b, "OrgName:        %s\r\nOrgId:          EX-%d\r\nAddress:        1 Example Street\r\nCity:           Sampletown\r\nCountry:        %s\r\n\r\n", w.Holder, w.ASN, w.RegisteredCountry)
	if w.AbuseEmail != "" {
		fmt.Fprintf(&b, "OrgAbuseHandle: ABUSE%d-ARIN\r\nOrgAbuseName:   Abuse desk\r\nOrgAbusePhone:  +1-555-0100\r\nOrgAbuseEmail:  %s\r\n", w.ASN, w.AbuseEmail)
	}
	return b.String()
}
