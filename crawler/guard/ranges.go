package guard

import (
	"net/netip"

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
	if addr.Is4() {
		for _, p := range ssrf.IPv4DeniedPrefixes {
			if p.Contains(addr) {
				return "a special-purpose IPv4 range"
			}
		}
		return ""
	}
	if !ssrf.IPv6GlobalUnicast.Contains(addr) {
		return "outside of the IPv6 global unicast range"
	}
	for _, p := range ssrf.IPv6DeniedPrefixes {
		if p.Contains(addr) {
			return "a special-purpose IPv6 range"
		}
	}
	for _, p := range extra6 {
		if p.Contains(addr) {
			return "a special-purpose IPv6 range"
		}
	}
	if tunnelled(addr) {
		return "an IPv6 address that carries an IPv4 address"
	}
	return ""
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
var badPorts = map[uint16]bool{
	0: true, 1: true, 7: true, 9: true, 11: true, 13: true, 15: true, 17: true, 19: true, 20: true, 21: true, 22: true, 23: true, 25: true,
	37: true, 42: true, 43: true, 53: true, 69: true, 77: true, 79: true, 87: true, 95: true, 101: true, 102: true, 103: true, 104: true,
	109: true, 110: true, 111: true, 113: true, 115: true, 117: true, 119: true, 123: true, 135: true, 137: true, 139: true, 143: true,
	161: true, 179: true, 389: true, 427: true, 465: true, 512: true, 513: true, 514: true, 515: true, 526: true, 530: true, 531: true,
	532: true, 540: true, 548: true, 554: true, 556: true, 563: true, 587: true, 601: true, 636: true, 989: true, 990: true, 993: true,
	995: true, 1719: true, 1720: true, 1723: true, 2049: true, 3659: true, 4045: true, 4190: true, 5060: true, 5061: true, 6000: true,
	6566: true, 6665: true, 6666: true, 6667: true, 6668: true, 6669: true, 6679: true, 6697: true, 10080: true,
}
