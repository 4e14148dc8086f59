package registry

import (
	_ "embed"
	"net/netip"
	"slices"
	"strings"

	"go4.org/netipx"
)

// The regional registries, as Network.RIR names them.
const (
	rirAFRINIC = "afrinic"
	rirAPNIC   = "apnic"
	rirARIN    = "arin"
	rirLACNIC  = "lacnic"
	rirRIPE    = "ripe"
)

//go:embed rirs.csv
var rirsCSV string

// rirWords are the words of each kind and the regional registry they stand for, in the order of rirs.csv.
var rirWords = mapOf(rirsCSV, 3, func(m map[string][][2]string, row []string) {
	m[row[0]] = append(m[row[0]], [2]string{row[1], row[2]})
})

// rirBy is the regional registry of the first word of a kind that is there; empty for none.
func rirBy(kind string, there func(word string) bool) string {
	for _, word := range rirWords()[kind] {
		if there(word[0]) {
			return word[1]
		}
	}
	return ""
}

// rirOfSource reads the "source" of an RPSL object or of an RDAP notice.
func rirOfSource(s string) string {
	s, _, _ = strings.Cut(strings.ToLower(strings.TrimSpace(s)), " ")
	s = strings.TrimSuffix(s, "-grs") // copies in RIPE NCC's global resource service
	return rirBy("source", func(word string) bool { return s == word })
}

// rirOfHost reads the name of a registry's server.
func rirOfHost(host string) string {
	host = "." + strings.ToLower(strings.TrimSpace(host))
	return rirBy("domain", func(word string) bool { return strings.HasSuffix(host, "."+word) })
}

// rirOfHandle reads the form of a handle: NET-192-0-2-0-1 is ARIN's, and the objects of
// the others end in the name of their registry.
func rirOfHandle(handle string) string {
	handle = "-" + strings.ToUpper(strings.TrimSpace(handle))
	if strings.HasPrefix(handle, "-NET-") || strings.HasPrefix(handle, "-NET6-") {
		return rirARIN
	}
	return rirBy("handle", func(word string) bool { return strings.HasSuffix(handle, "-"+word) })
}

// rirOf is the regional registry of the network in blocks[0], by what the blocks say
// first, then by the banner of the server. blocks are the network and what describes it.
func rirOf(blocks []block, doc document) string {
	network := blocks[0]
	if rir := rirOfSource(network.first("source")); rir != "" {
		return rir
	}
	switch {
	case network.first("netrange", "nethandle") != "":
		return rirARIN
	case network.first("ownerid") != "":
		return rirLACNIC
	}
	for _, b := range blocks {
		for _, a := range b {
			switch a.key {
			case "org", "mnt-by", "admin-c", "tech-c", "abuse-c", "mnt-irt":
				if rir := rirOfHandle(a.value); rir != "" {
					return rir
				}
			}
		}
	}
	if rir := rirBy("banner", func(words string) bool { return strings.Contains(doc.banner, words) }); rir != "" {
		return rir
	}
	switch nationalOf(doc) {
	case "":
		return ""
	case "BR":
		return rirLACNIC
	}
	return rirAPNIC
}

// nationalOf is the country of a national registry that prints no country with its
// networks, because all of them lie in its own: JPNIC, KRNIC, TWNIC and NIC.br.
func nationalOf(doc document) string {
	for _, b := range doc.blocks {
		for _, a := range b {
			section := a.key == keySection
			switch {
			case section && strings.HasPrefix(a.value, "JPNIC database"), a.key == "network information" && strings.HasPrefix(a.value, "[ネット"):
				return "JP"
			case section && (a.value == "Network Information" || strings.HasPrefix(a.value, "네트워크") ||
				strings.HasSuffix(a.value, "Organization Information")):
				return "KR"
			}
		}
	}
	switch {
	case doc.twnic:
		return "TW"
	case strings.Contains(doc.banner, "copyright (c) nic.br"):
		return "BR" // prints no country in some years, and serves holders in Brazil only
	case strings.Contains(doc.banner, "korean(utf"), strings.Contains(doc.banner, "krnic"), strings.Contains(doc.banner, "kisa"):
		return "KR"
	case strings.Contains(doc.banner, "twnic"):
		return "TW"
	}
	return ""
}

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
