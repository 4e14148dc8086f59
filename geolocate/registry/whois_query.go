package registry

import (
	"net"
	"net/netip"
	"strings"
)

// domainQuestion is the line that a WHOIS server wants for a domain. server is
// host:port in small letters, name the registrable domain in ASCII. Most servers want
// the name alone; anything that is no domain is returned as it is.
//
//   - whois.iana.org is asked for the top-level domain only: it knows no more, and need
//     not learn the name.
//   - whois.verisign-grs.com matches prefixes and name servers too, unless the kind of
//     the object is given (its answer to "help").
//   - whois.denic.de answers with all data only for the type dn; ace says that the name
//     is in ASCII (its answer to "help").
//   - whois.jprs.jp writes its labels in English behind /e (first lines of each answer).
func domainQuestion(server, name string) string {
	if _, err := netip.ParseAddr(name); err == nil || !plainDomain(name) {
		return name
	}
	host, _, err := net.SplitHostPort(server)
	if err != nil {
		host = server
	}
	switch host {
	case "whois.iana.org":
		return name[strings.LastIndexByte(name, '.')+1:]
	case "whois.verisign-grs.com":
		return "domain " + name
	case "whois.denic.de":
		return "-T dn,ace " + name
	case "whois.jprs.jp":
		return name + "/e"
	}
	return name
}
