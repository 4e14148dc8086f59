package fakenet

import (
	"fmt"
	"net/netip"
	"strings"

	"golang.org/x/text/encoding/japanese"
)

// servers are the WHOIS servers of the registries: names and addresses.
var servers = map[Registry]struct{ host, addr string }{
	RegistryRIPE: {WHOISRIPEHost, whoisRIPEAddr}, RegistryARIN: {WHOISARINHost, whoisARINAddr}, RegistryAPNIC: {WHOISAPNICHost, whoisAPNICAddr}, RegistryAFRINIC: {WHOISAFRINICHost, whoisAFRINICAddr},
	RegistryLACNIC: {WHOISLACNICHost, whoisLACNICAddr}, RegistryJPNIC: {WHOISJPNICHost, whoisJPNICAddr}, RegistryKRNIC: {WHOISKRNICHost, whoisKRNICAddr},
}

// whois is the answer on port 43 about a network, in the shape of its registry.
func (o object) whois(question string) string {
	switch o.network.Registry {
	case RegistryRIPE:
	case RegistryARIN:
		return o.arin()
	case RegistryAPNIC:
		return o.apnic()
	case RegistryAFRINIC:
		return o.afrinic()
	case RegistryLACNIC:
		return o.lacnic()
	case RegistryJPNIC:
		return o.jpnic(strings.HasSuffix(question, "/e"))
	case RegistryKRNIC:
		return o.krnic()
	}
	return o.ripe()
}

// span is the range of the object in RPSL, with its key.
func (o object) span() (key, span string) {
	if o.prefix.Addr().Is6() {
		return "inet6num:", o.prefix.Masked().String()
	}
	return "inetnum:", fmt.Sprintf("%s - %s", o.prefix.Masked().Addr(), last(o.prefix))
}

// lines joins lines as the wire wants them.
func lines(s ...string) string { return strings.Join(s, "\r\n") + "\r\n" }

// apnic is RPSL as APNIC gives it: an irt object for reports, and no organisation in older networks.
func (o object) apnic() string {
	key, span := o.span()
	w := o.network
	text := lines("% [whois.apnic.test]", "% Whois data copyright terms", "", fmt.Sprintf("%% Information related to '%s'", span), "",
		fmt.Sprintf("%-16s%s", key, span), "netname:        "+w.Name, "descr:          "+w.Holder, "country:        "+w.RegisteredCountry,
		fmt.Sprintf("admin-c:        AD%d-AP", w.ASN), fmt.Sprintf("tech-c:         AD%d-AP", w.ASN), "status:         ALLOCATED PORTABLE", "remarks:        To report network abuse, please contact mnt-irt",
		"mnt-irt:        IRT-"+w.Name, "source:         APNIC", "")
	if w.AbuseEmail != "" {
		text += lines("irt:            IRT-"+w.Name, "address:        1 Example Street", "e-mail:         "+w.AbuseEmail, "abuse-mailbox:  "+w.AbuseEmail, "auth:           # Filtered", "source:         APNIC", "")
	}
	return text + lines("role:           Network desk of "+w.Holder, "country:        ZZ", fmt.Sprintf("nic-hdl:        AD%d-AP", w.ASN), "source:         APNIC", "",
		fmt.Sprintf("%-16s%s", strings.Replace(strings.Replace(key, "inet6num", "route6", 1), "inetnum", "route", 1), o.prefix.Masked()), fmt.Sprintf("origin:         AS%d", w.ASN), "source:         APNIC")
}

// afrinic is RPSL as AFRINIC gives it: often without an abuse contact but in remarks.
func (o object) afrinic() string {
	key, span := o.span()
	w := o.network
	text := lines("% This is the AfriNIC Whois server.", "", fmt.Sprintf("%% No abuse contact registered for %s", span), "",
		fmt.Sprintf("%-16s%s", key, span), "netname:        "+w.Name, "descr:          "+w.Holder, "country:        "+w.RegisteredCountry, fmt.Sprintf("org:            ORG-%d-AFRINIC", w.ASN),
		fmt.Sprintf("admin-c:        AD%d-AFRINIC", w.ASN), "status:         ASSIGNED PI")
	if w.AbuseEmail != "" {
		text += lines("remarks:        please send abuse reports to " + w.AbuseEmail)
	}
	return text + lines("source:         AFRINIC # Filtered", "", fmt.Sprintf("organisation:   ORG-%d-AFRINIC", w.ASN), "org-name:       "+w.Holder, "country:        "+w.RegisteredCountry, "source:         AFRINIC # Filtered")
}

// lacnic is LACNIC's own form: contacts by handle, trailing zero octets cut.
func (o object) lacnic() string {
	w := o.network
	span := o.prefix.Masked().String()
	if o.prefix.Addr().Is4() {
		span = strings.Replace(span, ".0/", "/", 1)
	}
	text := lines("", "% Joint Whois - whois.lacnic.test", "", "% LACNIC resource: whois.lacnic.test", "", "% Copyright LACNIC lacnic.test", "",
		"inetnum:     "+span, "status:      allocated", fmt.Sprintf("aut-num:     AS%d", w.ASN), "owner:       "+w.Holder, "ownerid:     "+w.Name, "responsible: Somebody",
		"country:     "+w.RegisteredCountry, "owner-c:     OWN", "tech-c:      OWN", "abuse-c:     ABU", "created:     20110501", "", "nic-hdl:     OWN", "person:      Somebody", "")
	if w.AbuseEmail != "" {
		text += lines("nic-hdl:     ABU", "person:      Abuse desk", "e-mail:      "+w.AbuseEmail, "country:     "+w.RegisteredCountry)
	}
	return text
}

// jpnic is JPNIC's form: Japanese in ISO-2022-JP, English when the question ends in /e.
// It has no country, and the AS stands nowhere.
func (o object) jpnic(english bool) string {
	w := o.network
	banner := lines("[ JPNIC database provides information regarding IP address and ASN. Its use   ]", "[ is restricted to network administration purposes. For further information,  ]", "")
	if english {
		return banner + lines("Network Information:            ", "a. [Network Number]             "+o.prefix.Masked().String(), "b. [Network Name]               "+w.Name, "g. [Organization]               "+w.Holder,
			"m. [Administrative Contact]     JP00000001", "n. [Technical Contact]          JP00000001", "o. [Abuse]                      "+w.AbuseEmail, "[Assigned Date]                 2011/05/01",
			"", "Less Specific Info.", "----------", "No match!!", "", "More Specific Info.", "----------", "No match!!")
	}
	text := banner + lines("Network Information:            [ネットワーク情報]", "a. [IPネットワークアドレス]     "+o.prefix.Masked().String(), "b. [ネットワーク名]             "+w.Name, "f. [組織名]                     "+w.Holder,
		"g. [Organization]               "+w.Holder, "m. [管理者連絡窓口]             JP00000001", "o. [Abuse]                      "+w.AbuseEmail, "[割当年月日]                    2011/05/01")
	if encoded, err := japanese.ISO2022JP.NewEncoder().String(text); err == nil {
		return encoded
	}
	return text
}

// krnic is the form of KISA (KRNIC): first Korean, then English, in UTF-8.
func (o object) krnic() string {
	w := o.network
	version := "IPv4"
	if o.prefix.Addr().Is6() {
		version = "IPv6"
	}
	span := fmt.Sprintf("%s - %s (/%d)", o.prefix.Masked().Addr(), last(o.prefix), o.prefix.Bits())
	text := lines("query : "+o.prefix.Addr().String(), "", "", "# KOREAN(UTF8)", "", "[ 네트워크 할당 정보 ]", version+"주소           : "+span, "기관명             : "+w.Holder, "서비스명           : "+w.Name, "",
		"# ENGLISH", "", "KRNIC is not an ISP but a National Internet Registry similar to APNIC.", "", "[ Network Information ]", version+" Address       : "+span, "Organization Name  : "+w.Holder, "Service Name       : "+w.Name, "Registration Date  : 20110501", "")
	if w.AbuseEmail != "" {
		text += lines("[ Network Abuse Contact Information ]", "Name               : Network Abuse", "E-Mail             : "+w.AbuseEmail, "")
	}
	return text + lines("- KISA/KRNIC WHOIS Service -")
}

// dialect rewrites an RDAP answer in the way of the network's registry. RIPE NCC and
// ARIN keep the common form and add their name.
func (w Network) dialect(out obj, prefix netip.Prefix) {
	source := strings.ToUpper(string(w.Registry))
	switch w.Registry {
	case RegistryRIPE, RegistryARIN:
	case RegistryAPNIC, RegistryJPNIC, RegistryKRNIC: // national registries are mirrored by APNIC
		out["remarks"] = []obj{{"title": "description", "description": []string{w.Holder, "1 Example Street"}}}
		out["entities"] = []obj{entity(fmt.Sprintf("AD%d-AP", w.ASN), "technical", "Network desk of "+w.Holder, "")}
		if w.AbuseEmail != "" {
			out["entities"] = append([]obj{entity("IRT-"+w.Name, "abuse", "IRT-"+w.Name, w.AbuseEmail)}, out["entities"].([]obj)...)
		}
		delete(out, "arin_originas0_originautnums")
	case RegistryAFRINIC:
		out["parentHandle"] = prefix.Masked().Addr().String() + "/8"
		out["entities"] = []obj{entity(fmt.Sprintf("ORG-%d-AFRINIC", w.ASN), "registrant", w.Holder, "")}
		if w.AbuseEmail != "" {
			out["remarks"] = []obj{{"title": "Remark", "description": []string{"please send abuse reports to " + w.AbuseEmail}}}
		}
		delete(out, "arin_originas0_originautnums")
	case RegistryLACNIC: // networks have no name; the abuse contact is a person of the organisation
		delete(out, "name")
		delete(out, "arin_originas0_originautnums")
		out["handle"], out["lacnic_originAutnum"] = prefix.Masked().String(), []string{fmt.Sprintf("AS%d", w.ASN)}
		out["entities"] = []obj{entity(w.Name, "registrant", w.Holder, "")}
		if w.AbuseEmail != "" {
			out["entities"] = append([]obj{entity("ABU", "abuse", "Abuse desk", w.AbuseEmail)}, out["entities"].([]obj)...)
		}
	}
	out["port43"] = servers[w.Registry].host
	out["notices"] = []obj{{"title": "Source", "description": []string{"Objects returned came from source", source}}}
}
