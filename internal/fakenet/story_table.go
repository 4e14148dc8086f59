package fakenet

import (
	"fmt"
	"net/http"
	"net/netip"
	"time"

	"vigil/casefile"
)

// The story's tables, as of 2026-11. Countries are real, for the sake of the
// directory of hotlines; networks, holders and hosts are made up. SC and PA have no
// hotline in INHOPE's directory: their cases are orphans.

var storyPlaces = []struct {
	name, country, holder string
	registry              Registry
}{
	{"LOWLAND-NET", "NL", "Lowland Hosting", RegistryRIPE},
	{"POLDER-NET", "NL", "Polder Servers", RegistryRIPE},
	{"RHEINBLICK-NET", "DE", "Rheinblick Server", RegistryRIPE},
	{"GARONNE-NET", "FR", "Garonne Centre de Donnees", RegistryRIPE},
	{"SEVERN-NET", "GB", "Severn Datacentres", RegistryRIPE},
	{"PRAIRIE-NET", "US", "Prairie Datacenters", RegistryARIN},
	{"POTOMAC-NET", "US", "Potomac Cloud", RegistryARIN},
	{"MALAREN-NET", "SE", "Malaren Drift", RegistryRIPE},
	{"WISLA-NET", "PL", "Wisla Serwery", RegistryRIPE},
	{"EBRO-NET", "ES", "Ebro Alojamiento", RegistryRIPE},
	{"ARNO-NET", "IT", "Arno Servizi", RegistryRIPE},
	{"OLT-NET", "RO", "Olt Gazduire", RegistryRIPE},
	{"VLTAVA-NET", "CZ", "Vltava Hosting", RegistryRIPE},
	{"SHANNON-NET", "IE", "Shannon Servers", RegistryRIPE},
	{"OTTAWA-NET", "CA", "Ottawa Colocation", RegistryARIN},
	{"MURRAY-NET", "AU", "Murray Networks", RegistryAPNIC},
	{"SHINANO-NET", "JP", "Shinano Data", RegistryJPNIC},
	{"DNIPRO-NET", "UA", "Dnipro Hosting", RegistryRIPE},
	{"MAHE-NET", "SC", "Mahe Offshore Servers", RegistryAFRINIC},
	{"CHAGRES-NET", "PA", "Chagres Hosting", RegistryLACNIC},
	{"EDGE-NET", "US", "Edge of the Net", RegistryARIN},
}

// storyNetworks carves a /28 and a /48 for each place out of the documentation ranges (RFC 5737, RFC 3849).
func storyNetworks() []Network {
	var out []Network
	for i, p := range storyPlaces {
		prefix := netip.PrefixFrom(netip.AddrFrom4([4]byte{192, 0, 2, byte(16 * i)}), 28)
		if i >= 16 {
			prefix = netip.PrefixFrom(netip.AddrFrom4([4]byte{203, 0, 113, byte(16 * (i - 16))}), 28)
		}
		six := netip.MustParsePrefix(fmt.Sprintf("2001:db8:%x::/48", i+1))
		out = append(out, Network{
			Prefix: prefix, Prefix6: six, Country: p.country, ASN: 64500 + uint32(i), Holder: p.holder, Name: p.name,
			AbuseEmail: fmt.Sprintf("abuse@as%d.test", 64500+i), Registry: p.registry,
		})
	}
	return out
}

// elsewhere is a site that nobody reports.
const elsewhere = "elsewhere.example"

func scenes(s ...scene) []scene { return s }

func on(day float64, b func() Behaviour) scene { return scene{at: day, b: b} }

// back is the page of the beginning again.
func back(day float64) scene { return scene{at: day} }

// moves is the page of the beginning in another network.
func moves(day float64, network string) scene { return scene{at: day, to: network} }

const (
	removed     = casefile.Removed
	unavailable = casefile.Unavailable
	watching    = casefile.Watching
	review      = casefile.Review
	baseline    = casefile.ReasonMatchesBaseline
)

var story = []row{
	// Removed, each in its own way.
	{"lantern.example", "LOWLAND-NET", "", "", nil, scenes(on(1, NotFound)), removed, "live gone", casefile.ReasonHTTP404, "deleted"},
	{"www.bicycle.example", "RHEINBLICK-NET", "", "", nil, scenes(on(1, Gone)), removed, "live gone", casefile.ReasonHTTP410, "deleted, says the server"},
	{"teapot.example", "GARONNE-NET", "", "", nil, scenes(on(1.5, Takedown)), removed, "live gone", casefile.ReasonTakedownPage, "a takedown notice in its place"},
	{"orchard.example", "SEVERN-NET", "", "", nil, scenes(on(1, Suspended)), removed, "live gone", casefile.ReasonAccountSuspended, "the account is suspended"},
	{"meadow.example", "PRAIRIE-NET", "", "", nil, scenes(on(2, Parked)), removed, "live gone", casefile.ReasonParked, "the domain is parked"},
	{"harbour.example", "MALAREN-NET", "", "", nil, scenes(on(1, NXDomain)), removed, "live gone", casefile.ReasonNXDomain, "the name is gone"},
	{"pencil.example", "WISLA-NET", "", "", nil, scenes(on(1.5, DomainHold)), removed, "live gone", "", "the registrar holds the domain"},
	{"candle.example", "EBRO-NET", "", "", nil, scenes(on(2, RedirectHome)), removed, "live gone", casefile.ReasonRedirectedHome, "sends visitors to the start page"},
	{"willow.example", "ARNO-NET", "", "", nil, scenes(on(1, Soft404)), removed, "live gone", casefile.ReasonSoft404, "the same page for every path"},
	{"marble.example", "OLT-NET", "", "", nil, scenes(on(1.5, Soft404Phrase)), removed, "live gone", casefile.ReasonSoft404, "says not found, with status 200"},
	{"copper.example", "POTOMAC-NET", "", "", nil, scenes(on(2, Seized)), removed, "live gone", casefile.ReasonSeized, "seized"},
	{"bridge.example", "VLTAVA-NET", "", "", nil, scenes(on(1, Sinkholed)), removed, "live gone", casefile.ReasonSinkholed, "points to a sinkhole"},
	{"valley.example", "SHANNON-NET", "https", "", nil, scenes(on(3, NotFound)), removed, "live gone", casefile.ReasonHTTP404, "deleted late, over HTTPS"},
	{"feather.example", "OTTAWA-NET", "https expired", "", nil, scenes(on(2, NotFound)), removed, "live gone", casefile.ReasonHTTP404, "deleted, behind an expired certificate"},
	{"ladder.example", "MURRAY-NET", "excluded", "", func(int) Behaviour { return NotFound() }, nil, removed, "gone", casefile.ReasonHTTP404, "gone before the first look"},
	{"www.mirror.example", "EDGE-NET", "edge", "", nil, scenes(on(2, edge404)), removed, "live gone", casefile.ReasonHTTP404, "deleted, behind an edge"},
	{"island.example", "POLDER-NET", "", "", nil, scenes(moves(1, "CHAGRES-NET"), scene{at: 4, b: NotFound, to: "CHAGRES-NET"}), removed, "live gone", casefile.ReasonHTTP404, "moves to another country, then deleted"},
	{"kettle.example", "RHEINBLICK-NET", "", "", nil, scenes(on(1, Hang), on(2.5, NotFound)), removed, "live silent gone", casefile.ReasonHTTP404, "silent for a while, then deleted"},
	{"pebble.example", "MAHE-NET", "", "", nil, scenes(on(2, NotFound)), removed, "live gone", casefile.ReasonHTTP404, "deleted, in a country without a hotline"},
	{"saddle.example", "SHINANO-NET", "", "", func(i int) Behaviour { return CookieWall(Article(i, 4000)) }, scenes(on(2, Gone)), removed, "live gone", casefile.ReasonHTTP410, "wants a cookie, then deleted"},
	{"tunnel.example", "GARONNE-NET", "", "", func(i int) Behaviour { return RedirectChain(3, Article(i, 4000)) }, scenes(on(2, NotFound)), removed, "live gone", casefile.ReasonHTTP404, "three redirects, then deleted"},

	// Removed, and back again.
	{"violin.example", "POLDER-NET", "returns", "", nil, scenes(on(1, NotFound), back(3.5)), watching, "live gone", baseline, "deleted, and back"},
	{"walnut.example", "OLT-NET", "returns", "", nil, scenes(on(1, NXDomain), moves(3.5, "DNIPRO-NET")), watching, "live gone", baseline, "the name is gone, and back in another country"},
	{"barrel.example", "RHEINBLICK-NET", "returns", "", nil, scenes(on(1, Suspended), back(3.5)), watching, "live gone", baseline, "suspended, and back"},

	// Silent for good.
	{"cottage.example", "GARONNE-NET", "", "", nil, scenes(on(1, Blackhole)), unavailable, "live silent", casefile.ReasonTimeout, "no answer"},
	{"dolphin.example", "SEVERN-NET", "", "", nil, scenes(on(1, Refuse)), unavailable, "live silent", casefile.ReasonRefused, "refuses connections"},
	{"engine.example", "PRAIRIE-NET", "", "", nil, scenes(on(1, Reset)), unavailable, "live silent", casefile.ReasonReset, "resets connections"},
	{"falcon.example", "MALAREN-NET", "", "", nil, scenes(on(1, dnsFails)), unavailable, "live silent", casefile.ReasonServfail, "the DNS fails"},
	{"glacier.example", "MALAREN-NET", "", "", nil, scenes(on(1, noAddress)), unavailable, "live silent", casefile.ReasonNoAddress, "a name without an address"},
	{"hammer.example", "WISLA-NET", "https", "", nil, scenes(on(1, tlsFails)), unavailable, "live silent", casefile.ReasonTLS, "the handshake fails"},
	{"igloo.example", "EBRO-NET", "", "", nil, scenes(on(1, overloaded)), unavailable, "live silent", casefile.ReasonServerError, "answers 503"},
	{"jacket.example", "RHEINBLICK-NET", "", "", nil, scenes(on(1, RedirectLoop)), unavailable, "live silent", casefile.ReasonRedirectLoop, "redirects in a circle"},
	{"garden.example", "OTTAWA-NET", "", "", nil, scenes(on(1, EndlessRedirects)), unavailable, "live silent", casefile.ReasonTooManyRedirects, "redirects without end"},
	{"lemon.example", "GARONNE-NET", "", "", nil, scenes(on(1, HTTP09)), unavailable, "live silent", casefile.ReasonProtocolError, "answers in another protocol"},
	{"magnet.example", "SEVERN-NET", "nowhere", "", nil, scenes(on(1, privateAddress)), unavailable, "live silent", casefile.ReasonAddressRefused, "points to a private address"},

	// Withheld for good.
	{"needle.example", "ARNO-NET", "", "", nil, scenes(on(1, Login)), unavailable, "live withheld", casefile.ReasonLogin, "a log-in form"},
	{"window.example", "OLT-NET", "", "", nil, scenes(on(1, Challenge)), unavailable, "live withheld", casefile.ReasonChallenge, "a bot challenge"},
	{"river.example", "VLTAVA-NET", "", "", func(int) Behaviour { return Forbidden() }, nil, unavailable, "withheld", casefile.ReasonForbidden, "forbidden from the start"},
	{"market.example", "SHANNON-NET", "", "", nil, scenes(on(1, GeoBlockAll)), unavailable, "live withheld", casefile.ReasonGeoBlock, "not for this country"},
	{"kitchen.example", "OTTAWA-NET", "", "", nil, scenes(on(1, LegalBlock)), unavailable, "live withheld", casefile.ReasonLegalBlock, "answers 451"},
	{"blanket.example", "MURRAY-NET", "", "", nil, scenes(on(1, AgeWall)), unavailable, "live withheld", casefile.ReasonConsent, "asks for the visitor's age"},
	{"thunder.example", "SHINANO-NET", "", "", nil, scenes(on(1, AppShell)), unavailable, "live withheld", casefile.ReasonScriptRequired, "an application without its content"},
	{"village.example", "DNIPRO-NET", "", "", nil, scenes(on(1, tooMany)), unavailable, "live withheld", casefile.ReasonRateLimited, "answers 429"},
	{"compass.example", "POTOMAC-NET", "", "", nil, scenes(on(1, PaymentRequired)), unavailable, "live withheld", casefile.ReasonPayment, "asks for money"},
	{"anchor.example", "LOWLAND-NET", "", "", nil, scenes(on(1, gated)), unavailable, "live withheld", casefile.ReasonReferrerRequired, "only for visitors from a certain page"},
	{"basket.example", "MAHE-NET", "", "/files/7f3a.bin?expires=1", nil, scenes(on(1, LinkExpired)), unavailable, "live withheld", casefile.ReasonLinkExpired, "the link expires"},

	// Live to the end.
	{"www.snowdrop.example", "LOWLAND-NET", "ipv6", "", nil, nil, watching, "live", baseline, "stays"},
	{"heather.example", "WISLA-NET", "https", "", nil, nil, watching, "live", baseline, "stays, over HTTPS"},
	{"thistle.example", "PRAIRIE-NET", "", "", func(i int) Behaviour { return Flaky(4, Article(i, 4000)) }, nil, watching, "live silent", "", "stays, with a 503 now and then"},
	{"clover.example", "EBRO-NET", "", "", func(i int) Behaviour { return Slow(20*time.Millisecond, Article(i, 20<<10)) }, nil, watching, "live", baseline, "stays, slowly"},
	{"bramble.example", "LOWLAND-NET", "", "", nil, scenes(moves(1.5, "DNIPRO-NET")), watching, "live", baseline, "moves to another country, and stays"},
	{"juniper.example", "POLDER-NET", "", "", nil, scenes(moves(2, "POTOMAC-NET")), watching, "live", baseline, "moves to another country, and stays"},
	{"foxglove.example", "ARNO-NET", "", "", quoting, nil, watching, "live", baseline, "stays, and quotes what takedown pages say"},

	// For a person to decide.
	{"hazel.example", "EBRO-NET", "", "", nil, scenes(on(1, OtherPage)), review, "live changed", casefile.ReasonContentDiffers, "shows something else"},
	{"rowan.example", "ARNO-NET", "", "", nil, scenes(on(1.5, away)), review, "live changed", casefile.ReasonRedirectedElsewhere, "redirects to another site"},
}

func edge404() Behaviour {
	return NotFound().Edge(edgeHeader).On(DNS{CNAMEs: []string{"www.mirror.example.cdn.cloudflare.net"}})
}

func dnsFails() Behaviour  { return BrokenDNS(DNSServfail) }
func noAddress() Behaviour { return BrokenDNS(DNSNoData) }
func tlsFails() Behaviour  { return BrokenTLS(TLSAlert) }
func overloaded() Behaviour {
	return ServerError(http.StatusServiceUnavailable)
}
func privateAddress() Behaviour { return AddressRefused(netip.MustParseAddr("10.0.0.1")) }
func tooMany() Behaviour        { return RateLimited(time.Second) }
func gated() Behaviour          { return ReferrerGated(Page("Shown"), "http://"+elsewhere+"/") }
func away() Behaviour           { return RedirectTo("http://" + elsewhere + "/page.html") }

// quoting is a long article that quotes the phrases of takedown pages: still the article.
func quoting(i int) Behaviour {
	var paragraphs []string
	for p := range 12 {
		paragraphs = append(paragraphs, sentence(i*100+p, 80))
	}
	paragraphs[5] = "Some hosts write: this account has been suspended. Others write: this content has been removed. " + paragraphs[5]
	return Page("What hosts write", paragraphs...)
}
