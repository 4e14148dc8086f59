package registry

import (
	"net/netip"
	"slices"
	"strings"

	"go4.org/netipx"
)

// unheld knows the answers that registries give for space of nobody or of another registry.
func unheld(n Network) bool {
	return unheldName(n.Name) || unheldName(n.Handle) || everything(n.First, n.Last)
}

// everything says whether a range is the whole address space.
func everything(first, last netip.Addr) bool {
	return first.IsUnspecified() && last == netipx.PrefixLastIP(netip.PrefixFrom(first, 0))
}

func unheldName(s string) bool {
	return opensWith(strings.ToUpper(strings.TrimSpace(s)), "unheld name")
}

// unheldKind knows the kinds of networks at ARIN (NetType in WHOIS, type in RDAP) that say that space is
// IANA's or was given to another registry: "IANA Special Use", "Allocated to RIPE NCC",
// "Early Registrations, Transferred to APNIC" (ARIN, "Whois-RWS API", net types). The
// registries that ARIN names as holders of such space host nothing there.
func unheldKind(kind string) bool {
	return opensWith(strings.ToLower(kind), "unheld kind")
}

// unheldBlock is unheld for a block of WHOIS.
func unheldBlock(b block) bool {
	return unheld(networkIn(b)) || unheldKind(b.first("nettype")) ||
		slices.ContainsFunc(b, func(a attribute) bool { return a.key == "descr" && hasAny(strings.ToLower(a.value), "unheld") })
}
