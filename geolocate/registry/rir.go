package registry

import "strings"

// The regional registries, as Network.RIR names them.
const (
	rirAFRINIC = "afrinic"
	rirAPNIC   = "apnic"
	rirARIN    = "arin"
	rirLACNIC  = "lacnic"
	rirRIPE    = "ripe"
)

// rirSources are the names of regional registries, and of national ones, which count as the
// region they belong to (APNIC's list of national Internet registries; LACNIC's are NIC.br and NIC Mexico).
var rirSources = map[string]string{
	"ripe": rirRIPE, "apnic": rirAPNIC, "afrinic": rirAFRINIC, "arin": rirARIN, "lacnic": rirLACNIC,
	"nicbr": rirLACNIC, "nic.br": rirLACNIC, "nicmx": rirLACNIC, "nic.mx": rirLACNIC,
	"jpnic": rirAPNIC, "krnic": rirAPNIC, "kisa": rirAPNIC, "twnic": rirAPNIC, "cnnic": rirAPNIC, "idnic": rirAPNIC,
	"apjii": rirAPNIC, "vnnic": rirAPNIC, "irinn": rirAPNIC, "nixi": rirAPNIC,
}

// rirOfSource reads the "source" of an RPSL object or of an RDAP notice.
func rirOfSource(s string) string {
	s, _, _ = strings.Cut(strings.ToLower(strings.TrimSpace(s)), " ")
	return rirSources[strings.TrimSuffix(s, "-grs")] // copies in RIPE NCC's global resource service
}

// rirDomains are the domains under which the servers of registries stand.
var rirDomains = map[string]string{
	"ripe.net": rirRIPE, "apnic.net": rirAPNIC, "arin.net": rirARIN, "lacnic.net": rirLACNIC, "afrinic.net": rirAFRINIC,
	"registro.br": rirLACNIC, "nic.br": rirLACNIC, "nic.mx": rirLACNIC, "iar.mx": rirLACNIC,
	"nic.ad.jp": rirAPNIC, "krnic.net": rirAPNIC, "kisa.or.kr": rirAPNIC, "nic.or.kr": rirAPNIC,
	"twnic.net.tw": rirAPNIC, "twnic.net": rirAPNIC, "twnic.tw": rirAPNIC,
	"idnic.net": rirAPNIC, "cnnic.cn": rirAPNIC, "cnnic.net.cn": rirAPNIC, "vnnic.vn": rirAPNIC, "irinn.in": rirAPNIC,
}

// rirOfHost reads the name of a registry's server.
func rirOfHost(host string) string {
	for s := strings.ToLower(strings.TrimSpace(host)); s != ""; _, s, _ = strings.Cut(s, ".") {
		if rir := rirDomains[s]; rir != "" {
			return rir
		}
	}
	return ""
}

// rirEndings are what the handles of objects end in.
var rirEndings = map[string]string{"RIPE": rirRIPE, "AP": rirAPNIC, "AFRINIC": rirAFRINIC, "ARIN": rirARIN, "LACNIC": rirLACNIC}

// rirOfHandle reads the form of a handle: NET-192-0-2-0-1 is ARIN's, and the objects of
// the others end in the name of their registry.
func rirOfHandle(handle string) string {
	handle = strings.ToUpper(strings.TrimSpace(handle))
	if strings.HasPrefix(handle, "NET-") || strings.HasPrefix(handle, "NET6-") {
		return rirARIN
	}
	return rirEndings[handle[strings.LastIndexByte(handle, '-')+1:]]
}

// bannerWords are what servers say about themselves, by the regional registry they
// count to. LACNIC's own words come after those of the national registries it joins.
var bannerWords = []struct{ words, rir string }{
	{"ripe database query service", rirRIPE}, {"whois.apnic.net", rirAPNIC}, {"afrinic whois server", rirAFRINIC}, {"arin whois data", rirARIN},
	{"copyright lacnic", rirLACNIC}, {"lacnic resource", rirLACNIC}, {"copyright (c) nic.br", rirLACNIC}, {"whois.registro.br", rirLACNIC}, {"nic mexico", rirLACNIC}, {"whois.mx", rirLACNIC},
	{"jpnic database", rirAPNIC}, {"krnic", rirAPNIC}, {"twnic", rirAPNIC}, {"idnic", rirAPNIC},
	{"ripe ncc", rirRIPE},
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
	for _, known := range bannerWords {
		if strings.Contains(doc.banner, known.words) {
			return known.rir
		}
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
			switch {
			case a.key == keySection && strings.HasPrefix(a.value, "JPNIC database"), a.key == "network information" && strings.HasPrefix(a.value, "[ネット"):
				return "JP"
			case a.key == keySection && a.value == "Network Information", a.key == keySection && strings.HasPrefix(a.value, "네트워크"), a.key == keySection && strings.HasSuffix(a.value, "Organization Information"):
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
