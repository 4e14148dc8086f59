package guard

import (
	"net/netip"
	"slices"

	"code.dny.dev/ssrf"
)

// More IPv6 ranges inside 2000::/3 that are no one's public servers, beyond those
// of IANA's special-purpose registry, which ssrf.IPv6DeniedPrefixes carries.
var extra6 = []netip.Prefix{
	netip.MustParsePrefix("3ffe::/16"),         // 6bone, returned (RFC 3701)
	netip.MustParsePrefix("2001:4:112::/48"),   // AS112-v6 (RFC 7535)
	netip.MustParsePrefix("2620:4f:8000::/48"), // AS112 direct delegation (RFC 7534)
}

// whyRefused says why addr must not be dialled, or "" when it may be. addr is
// unmapped and without a zone. IPv4 follows IANA's special-purpose registry plus
// multicast and reserved space; IPv6 is refused outside 2000::/3, which takes care
// of loopback, unique local, link local, site local, multicast, NAT64 and
// IPv4-compatible addresses at once.
func whyRefused(addr netip.Addr) string {
	switch {
	case addr.Is4() && within(addr, ssrf.IPv4DeniedPrefixes):
		return "a special-purpose IPv4 range"
	case addr.Is4():
	case !ssrf.IPv6GlobalUnicast.Contains(addr):
		return "outside of the IPv6 global unicast range"
	case within(addr, ssrf.IPv6DeniedPrefixes), within(addr, extra6):
		return "a special-purpose IPv6 range"
	case tunnelled(addr):
		return "an IPv6 address that carries an IPv4 address"
	}
	return ""
}

func within(addr netip.Addr, networks []netip.Prefix) bool {
	return slices.ContainsFunc(networks, func(p netip.Prefix) bool { return p.Contains(addr) })
}

// tunnelled says whether addr is an ISATAP address (RFC 5214, section 6.1): its
// interface identifier is [02]00:5efe and an IPv4 address.
func tunnelled(addr netip.Addr) bool {
	b := addr.As16()
	return b[8]&^0x02 == 0 && b[9] == 0 && b[10] == 0x5e && b[11] == 0xfe
}

// badPorts are the ports that browsers do not dial, of the table "port blocking"
// in the Fetch standard, section 2.9 (https://fetch.spec.whatwg.org/#bad-port).
// A request to one of them could make another service do something.
var badPorts = []uint16{
	0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104, 109, 110,
	111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515, 526, 530, 531, 532, 540,
	548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566,
	6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
}
