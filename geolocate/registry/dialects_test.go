package registry

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go4.org/netipx"

	"vigil/internal/fakenet"
)

// TestDialects: whichever registry keeps a network, and whichever way it is asked, the
// same party is found.
func TestDialects(t *testing.T) {
	t.Parallel()
	registries := []struct {
		of      fakenet.Registry
		rir     string
		country string // JPNIC and KRNIC print none: it is their own
		foundBy [2]Found
		origin  [2]bool // which of RDAP and WHOIS says the AS
		noName  bool    // LACNIC's RDAP networks have none
	}{
		{of: fakenet.RegistryRIPE, rir: "ripe", country: "NL", foundBy: [2]Found{FoundAbuseRole, FoundAbuseC}, origin: [2]bool{true, true}},
		{of: fakenet.RegistryARIN, rir: "arin", country: "US", foundBy: [2]Found{FoundAbuseRole, FoundAbuseLine}, origin: [2]bool{true, true}},
		{of: fakenet.RegistryAPNIC, rir: "apnic", country: "AU", foundBy: [2]Found{FoundAbuseRole, FoundAbuseLine}, origin: [2]bool{false, true}},
		{of: fakenet.RegistryAFRINIC, rir: "afrinic", country: "SC", foundBy: [2]Found{FoundRemarks, FoundRemarks}},
		{of: fakenet.RegistryLACNIC, rir: "lacnic", country: "PA", foundBy: [2]Found{FoundAbuseRole, FoundAbuseC}, origin: [2]bool{true, true}, noName: true},
		{of: fakenet.RegistryJPNIC, rir: "apnic", country: "JP", foundBy: [2]Found{FoundAbuseRole, FoundAbuseLine}},
		{of: fakenet.RegistryKRNIC, rir: "apnic", country: "KR", foundBy: [2]Found{FoundAbuseRole, FoundAbuseLine}},
	}
	var networks []fakenet.Network
	for i, r := range registries {
		networks = append(networks, fakenet.Network{
			Prefix: netip.PrefixFrom(netip.AddrFrom4([4]byte{192, 0, 2, byte(16 * i)}), 28), Prefix6: netip.MustParsePrefix(fmt.Sprintf("2001:db8:%d::/48", i+1)),
			Country: r.country, ASN: 64500 + uint32(i), Holder: "Holder of Tests", Name: "TEST-NET", AbuseEmail: "abuse@holder.test", Registry: r.of,
		})
	}
	sim := fakenet.New(fakenet.Options{Networks: networks})
	t.Cleanup(sim.Close)
	for turn, way := range []string{SourceRDAP, SourceWHOIS} {
		options := Options{NoWHOIS: way == SourceRDAP, NoRDAP: way == SourceWHOIS}
		options.Dial, options.LookupHost, options.Bootstrap, options.WHOISServer = sim.Dialer("test"), sim.Lookup, sim.RDAPBootstrap(), sim.WHOIS()
		options.PerSecond, options.Burst = 1000, 1000
		r, err := New(options)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(r.Close)
		for i, want := range registries {
			for _, prefix := range []netip.Prefix{networks[i].Prefix, networks[i].Prefix6} {
				n := r.Network(t.Context(), prefix.Addr().Next())
				name := "TEST-NET"
				if want.noName && way == SourceRDAP {
					name = ""
				}
				asn := uint32(0)
				if want.origin[turn] {
					asn = networks[i].ASN
				}
				if n.Source != way || n.First != prefix.Addr() || n.Last != netipx.PrefixLastIP(prefix) || n.Name != name || n.Organisation != "Holder of Tests" || n.Country != want.country || n.RIR != want.rir || n.ASN != asn {
					t.Errorf("%s by %s: %+v", want.of, way, n)
				}
				if len(n.Contacts) == 0 || n.Contacts[0].Email != "abuse@holder.test" || n.Contacts[0].Role != RoleAbuse || n.Contacts[0].Found != want.foundBy[turn] {
					t.Errorf("%s by %s: contacts %+v", want.of, way, n.Contacts)
				}
			}
		}
	}
}

// TestNationalRegistry: APNIC's copy of a network sends us on to the national registry,
// whose answer counts, and the copy fills its gaps.
func TestNationalRegistry(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.root = l.refers()
	l.registry = says("inetnum: 192.0.2.0 - 192.0.2.255\nnetname: WIDE-JP\ncountry: JP\nremarks: obtain more at whois.nic.ad.jp\nsource: JPNIC\n\nrole: Desk\nabuse-mailbox: abuse@wide.example\n")
	national := l.whois(func() func(string, net.Conn) {
		return says("a. [Network Number]             192.0.2.0/26\nb. [Network Name]               NARROW-JP\ng. [Organization]               Narrow KK\n")
	})
	r := l.open(func(o *Options) {
		o.NoRDAP = true
		o.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
			if strings.HasSuffix(address, ":43") {
				address = national
			}
			return (&net.Dialer{}).DialContext(ctx, network, address)
		}
	})
	want := Network{
		Provenance: Provenance{Source: SourceWHOIS}, First: netip.MustParseAddr("192.0.2.0"), Last: netip.MustParseAddr("192.0.2.63"), Prefix: netip.MustParsePrefix("192.0.2.0/26"), Handle: "192.0.2.0/26",
		Name: "NARROW-JP", Organisation: "Narrow KK", Country: "JP", RIR: "apnic", Contacts: []Contact{{Role: RoleAbuse, Name: "Desk", Email: "abuse@wide.example", Found: FoundAbuseLine}},
	}
	if diff := cmp.Diff(want, r.Network(t.Context(), addr7), compare); diff != "" {
		t.Error(diff)
	}
	if l.count("whois "+addr7.String()+"/e") != 1 {
		t.Error("JPNIC was not asked for English")
	}
}

func TestNationalServer(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"inetnum: 192.0.2.0/24\nremarks: queried at whois.nic.ad.jp. To obtain\n":                 "whois.nic.ad.jp:43",
		"inetnum: 192.0.2.0/24\nremarks: KRNIC whois server at whois.krnic.net.\n":                "whois.krnic.net:43",
		"inetnum: 192.0.2.0/24\nremarks: ask whois.stranger.example\n":                            "", // a stranger may not choose the server
		"remarks: whois.nic.ad.jp\n":                                                              "", // of no network
		"inetnum: 192.0.2.0/24\nnotify: whois.nic.ad.jp\n":                                        "",
		"% whois.nic.ad.jp\n\ninetnum: 192.0.2.0/24\n":                                            "",
		"person: X\nremarks: whois.krnic.net\n\ninetnum: 192.0.2.0/24\nremarks: nothing here\n":   "",
		"inetnum: 192.0.2.0/24\ndescr: whois.stranger.example and not WHOIS.KISA.OR.KR perhaps\n": "whois.kisa.or.kr:43",
	} {
		if got := nationalServer(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestNetworkQuestion(t *testing.T) {
	t.Parallel()
	for server, want := range map[string]string{
		"whois.ripe.net:43": "-B 192.0.2.7", "whois.afrinic.net:43": "-B 192.0.2.7", "whois.apnic.net:43": "192.0.2.7", "whois.nic.ad.jp:43": "192.0.2.7/e",
		"whois.arin.net:43":   "192.0.2.7", // the library adds "n + "
		"whois.lacnic.net:43": "192.0.2.7", "whois.kisa.or.kr:43": "192.0.2.7", "127.0.0.1:4343": "192.0.2.7", "whois.ripe.test:43": "192.0.2.7",
	} {
		if got := networkQuestion(server, netip.MustParseAddr("192.0.2.7")); got != want {
			t.Errorf("%s: %q, want %q", server, got, want)
		}
	}
	l := newLab(t)
	l.root = func(query string, w net.Conn) { _, _ = io.WriteString(w, "inetnum: 192.0.2.0/24\nnetname: ECHO\n") }
	if n := l.open(func(o *Options) { o.NoRDAP = true }).Network(t.Context(), addr7); n.Name != "ECHO" || l.count("whois "+addr7.String()) != 1 {
		t.Errorf("%+v", n)
	}
}

func TestAddressesInText(t *testing.T) {
	t.Parallel()
	for line, want := range map[string][]string{
		"abuse@host.example":                             {"abuse@host.example"},
		"write to abuse (at) host (dot) example":         {"abuse@host.example"},
		"abuse[at]host[dot]example, noc{at}host.example": {"abuse@host.example", "noc@host.example"},
		"abuse at host dot example":                      {"abuse@host.example"},
		"ABUSE AT HOST DOT EXAMPLE":                      {"ABUSE@HOST.EXAMPLE"},
		"abuse At mail Dot host dot example":             {"abuse@mail.host.example"},
		"abuse at host.example":                          {"abuse@host.example"},
		"abuse-team at mail.host.example.":               {"abuse-team@mail.host.example"},
		"<mailto:abuse@host.example>":                    {"abuse@host.example"},
		"Send abuse reports to abuse @host.example":      {"abuse@host.example"},
		"can also be queried at whois.registry.example":  nil,
		"see abuse at www.host.example":                  nil,
		"our office at host.example":                     nil,
		"we are at home dot":                             nil,
		"***@***":                                        nil,
		"[email protected]":                              nil,
		"@host.example":                                  nil,
		"a@b":                                            nil,
	} {
		if diff := cmp.Diff(want, addressesIn(line)); diff != "" {
			t.Errorf("%q: %s", line, diff)
		}
	}
}

func TestCountryNamed(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"United States": "US", "UNITED STATES": "US", "Virgin Islands, British": "VG", "Korea, Republic of": "KR", "Viet Nam": "VN", "Taiwan": "TW", "Côte d'Ivoire": "CI", "Czech Republic": "CZ",
		"Bolivia, Plurinational State of": "BO", "Hong Kong": "HK", "de": "DE", "Netherlands.": "NL", "Atlantis": "", "": "", "Georgia": "GE",
	} {
		if got := countryNamed(name); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
	codes := map[string]bool{}
	for name, code := range countryNames() {
		if name == "" || countryCode(code) != code {
			t.Errorf("%q: %q", name, code)
		}
		codes[code] = true
	}
	if len(codes) != 249 { // ISO 3166-1, 2026
		t.Errorf("%d countries, want 249", len(codes))
	}
}

// TestFreeTextIsBounded: what stands behind the bounds of the search is not read.
func TestFreeTextIsBounded(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		before string
		found  bool
	}{
		{"the last line that is read", strings.Repeat("remarks: x\n", maxRemarks-1), true},
		{"one line too many", strings.Repeat("remarks: x\n", maxRemarks), false},
		{"too many over several objects", strings.Repeat("remarks: x\n", maxRemarks/2) + "\nrole: X\n" + strings.Repeat("remarks: x\n", maxRemarks/2), false},
		{"a line that goes on", "remarks: " + strings.Repeat("x", maxFreeText-30) + "\n", true},
	} {
		n, _ := parseNetwork("inetnum: 192.0.2.0/24\n"+test.before+"remarks: abuse@host.example\n", addr7)
		if found := len(n.Contacts) == 1; found != test.found {
			t.Errorf("%s: contacts %+v", test.name, n.Contacts)
		}
	}
	if got := addressesIn(strings.Repeat("x", maxFreeText-5) + " abuse@host.example"); got != nil {
		t.Errorf("behind the bound: %v", got)
	}
	if got := addressesIn(strings.Repeat("a@b.example ", 20)); len(got) != maxMails {
		t.Errorf("%d addresses of a line, want %d", len(got), maxMails)
	}
}

// TestHostileText: whatever the longest answers that a server may send repeat, what is
// read of them is bounded.
func TestHostileText(t *testing.T) {
	t.Parallel()
	for name, line := range map[string]string{
		"networks": "inetnum: 192.0.2.0/24\norg: A\n\n", "objects that name themselves": "organisation: A\norg: A\nadmin-c: A\n\n",
		"remarks": "remarks: abuse " + strings.Repeat("a at b dot c ", 70) + "\n", "addresses": "e-mail: " + strings.Repeat("a@b.cd ", 130) + "\n",
		"markup": strings.Repeat("<", 900) + "\n", "lists": " [A] 192.0.2.0/24\nX\n",
	} {
		text := "<pre\ninetnum: 192.0.2.0/24\norg: A\n\nLess Specific Info.\n" + strings.Repeat(line, maxWHOIS/len(line))
		if name != "lists" {
			text = strings.Replace(text, "Less Specific Info.", "", 1)
		}
		n, problem := parseNetwork(text, addr7)
		if problem != "" {
			t.Errorf("%s: nothing found", name)
		}
		checkNetwork(t, n)
	}
}
