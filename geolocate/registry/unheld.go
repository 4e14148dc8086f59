package registry

import (
	"net/netip"
	"slices"
	"strings"

	"go4.org/netipx"
)

// unheldNames begin the names of networks that nobody holds, or that another registry
// keeps: what registries print for space that is not theirs. The forms are of the
// registries' own answers, as of 2026-11.
var unheldNames = []string{
	"IANA-BLK", "IANA-BLOCK", "IANA-NETBLOCK", "IANA-IP-ARIN", "IANA-RSVD", "NON-RIPE-NCC-MANAGED", "NOT-MANAGED-BY", "ERX-NETBLOCK", "STUB-",
	"IETF-RESERVED", "RIPE-CIDR-BLOCK", "APNIC-CIDR-BLOCK", "ARIN-CIDR-BLOCK", "LACNIC-CIDR-BLOCK", "AFRINIC-CIDR-BLOCK", "NON-AFRINIC", "NON-APNIC",
}

// unheldWords stand in descriptions of such networks.
var unheldWords = []string{
	"not allocated to apnic", "not allocated by apnic", "not fully allocated to apnic", "not managed by the ripe ncc", "not managed by ripe", "not administered by apnic",
	"not allocated to afrinic", "transferred to the ripe region", "transferred to the arin region", "transferred to the apnic region", "transferred to the lacnic region", "transferred to the afrinic region",
}

// unheld knows the answers that registries give for space of nobody or of another registry.
func unheld(n Network) bool {
	return unheldName(n.Name) || unheldName(n.Handle) || everything(n.First, n.Last)
}

// everything says whether a range is the whole address space.
func everything(first, last netip.Addr) bool {
	return first.IsUnspecified() && last == netipx.PrefixLastIP(netip.PrefixFrom(first, 0))
}

func unheldName(s string) bool { return opensWith(strings.ToUpper(strings.TrimSpace(s)), unheldNames) }

// unheldKind knows the kinds of networks at ARIN (NetType in WHOIS, type in RDAP) that say that space is
// IANA's or was given to another registry: "IANA Special Use", "Allocated to RIPE NCC",
// "Early Registrations, Transferred to APNIC" (ARIN, "Whois-RWS API", net types). The
// registries that ARIN names as holders of such space host nothing there.
func unheldKind(kind string) bool {
	return opensWith(strings.ToLower(kind), []string{"iana ", "allocated to ", "transferred to ", "early registrations"})
}

// unheldBlock is unheld for a block of WHOIS.
func unheldBlock(b block) bool {
	return unheld(networkIn(b)) || unheldKind(b.first("nettype")) ||
		slices.ContainsFunc(b, func(a attribute) bool { return a.key == "descr" && hasAny(strings.ToLower(a.value), unheldWords) })
}
