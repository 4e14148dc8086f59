package geolocate

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"vigil/casefile"
)

func tableOfHints(t testing.TB) *hints {
	t.Helper()
	h, err := parseHints(reverseCSV)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// named are made-up names with the country that they hint at, and where the machine is.
// Where the two differ the rule errs, and the test says how often.
var named = []struct{ name, country, truth string }{
	// Codes of places, as hosters write them.
	{"host-fra.lowland.test", "DE", "DE"},
	{"fra1.rheinblick.test", "DE", "DE"},
	{"srv7.fra-2.rheinblick.test", "DE", "DE"},
	{"192-0-2-7.ams3.lowland.test", "NL", "NL"},
	{"ams-3.lowland.test", "NL", "NL"},
	{"ae1.cr02.ams01.lowland.test", "NL", "NL"},
	{"vps-99.lon1.prairie.test", "GB", "GB"},
	{"lhr02-edge.prairie.test", "GB", "GB"},
	{"par1-node4.prairie.test", "FR", "FR"},
	{"ns5.cdg.prairie.test", "FR", "FR"},
	{"d12.nyc3.prairie.test", "US", "US"},
	{"v4.ewr.prairie.test", "US", "US"},
	{"v4.sjc02.prairie.test", "US", "US"},
	{"static.7.2.0.192.hel1.rheinblick.test", "FI", "FI"},
	{"node.fsn1.rheinblick.test", "DE", "DE"},
	{"ip7.rbx.prairie.test", "FR", "FR"},
	{"a-1.sgp1.prairie.test", "SG", "SG"},
	{"tyo2.prairie.test", "JP", "JP"},
	{"nrt-7.prairie.test", "JP", "JP"},
	{"h.waw.prairie.test", "PL", "PL"},
	{"msk-4.prairie.test", "RU", "RU"},
	{"xe-0.r24.frnkge08.de.backbone.test", "DE", "DE"},
	{"ae-2.asbnva02.us.backbone.test", "US", "US"},
	{"r01.sngpsi07.backbone.test", "SG", "SG"},
	// Names of cities.
	{"frankfurt.rheinblick.test", "DE", "DE"},
	{"miami2.prairie.test", "US", "US"},
	{"newyork-4.prairie.test", "US", "US"},
	{"e3.stockholm.prairie.test", "SE", "SE"},
	{"Amsterdam-01.Lowland.TEST.", "NL", "NL"},
	// Country-code domains.
	{"host-192-0-2-7.lowland.nl", "NL", "NL"},
	{"static.192.0.2.7.rheinblick.de", "DE", "DE"},
	{"mail.flachland.co.uk", "GB", "GB"},
	{"srv.nizina.pl", "PL", "PL"},
	{"fra1.rheinblick.de", "DE", "DE"},
	{"ams3.hoogland.nl", "NL", "NL"},
	// Country-code domains that are sold as others.
	{"node7.prairie.io", "", ""},
	{"node7.prairie.co", "", ""},
	{"node7.prairie.tv", "", ""},
	{"node7.prairie.ai", "", ""},
	{"node7.prairie.me", "", ""},
	{"node7.prairie.is", "", ""},
	{"node7.prairie.su", "", ""},
	{"node7.prairie.eu", "", ""},
	{"ams2.prairie.io", "NL", "NL"},
	{"fra.prairie.cc", "DE", "DE"},
	// Nothing to be read.
	{"host-192-0-2-7.lowland.test", "", ""},
	{"static.dedi.prairie.test", "", ""},
	{"customer-1234.prairie.test", "", ""},
	{"server-ams.example", "", ""}, // the hoster's own domain
	{"amsterdam.example", "", ""},
	{"fra.de.example.test", "DE", "DE"},
	// Words that hold a code, and words that are one elsewhere.
	{"francisco.prairie.test", "", ""},
	{"colon.prairie.test", "", ""},
	{"longhorn.prairie.test", "", ""},
	{"parking.prairie.test", "", ""},
	{"sparkle.prairie.test", "", ""},
	{"dreams.prairie.test", "", ""},
	{"teams-7.prairie.test", "", ""},
	{"infra.prairie.test", "", ""},
	{"dublett.prairie.test", "", ""},
	{"mia.prairie.test", "", ""},
	{"sin.prairie.test", "", ""},
	{"man-1.prairie.test", "", ""},
	{"can.prairie.test", "", ""},
	{"bud.prairie.test", "", ""},
	{"pos4.prairie.test", "", ""},
	{"max.prairie.test", "", ""},
	{"tor-exit-7.prairie.test", "", ""},
	{"otp.prairie.test", "", ""},
	{"doh1.prairie.test", "", ""},
	{"cgn-192-0-2-7.prairie.test", "", ""},
	{"las-palabras.prairie.test", "", ""},
	{"c0ffee-dca1f.prairie.test", "", ""},
	{"fra1a.prairie.test", "", ""},
	{"1fra.prairie.test", "", ""},
	{"vie-fra.prairie.test", "", ""}, // two countries
	{"lon1-ams2.backbone.test", "", ""},
	{"fra1.lowland.nl", "", ""},
	{"hel1.rheinblick.de", "", ""},
	// Where the rule errs.
	{"paris.pets.test", "FR", "NL"},           // a machine that is called so
	{"berlin.heist.test", "DE", "ES"},         // likewise
	{"static.7.clients.rhein.de", "DE", "FI"}, // a hoster at home elsewhere
	{"london.prairie.test", "GB", "CA"},       // London in Ontario
	// No host names.
	{"localhost", "", ""},
	{"fra", "", ""},
	{"192.0.2.7", "", ""},
	{"fra..lowland.test", "", ""},
	{"-fra.lowland.test", "", ""},
	{"fra 1.lowland.test", "", ""},
	{"fra\x00.lowland.test", "", ""},
	{"", "", ""},
}

func TestReverseHints(t *testing.T) {
	t.Parallel()
	h, to := tableOfHints(t), target(t, "http://site-1.example/")
	right, hinted, placed := 0, 0, 0
	for _, tt := range named {
		name, code := h.reverseHint([]string{tt.name}, to)
		if code != tt.country {
			t.Errorf("%q hints at %q, want %q", tt.name, code, tt.country)
		}
		want := strings.TrimSuffix(strings.ToLower(tt.name), ".")
		if !isHost(want) {
			want = ""
		}
		if name != want {
			t.Errorf("%q is shown as %q", tt.name, name)
		}
		if tt.truth != "" {
			placed++
		}
		if code != "" {
			hinted++
			if code == tt.truth {
				right++
			}
		}
	}
	t.Logf("%d names, %d with a hint, %d right", len(named), hinted, right)
	if len(named) < 60 || right*10 < hinted*9 {
		t.Errorf("of %d names %d have a hint and %d are right", len(named), hinted, right)
	}
}

func TestSeveralNames(t *testing.T) {
	t.Parallel()
	h, to := tableOfHints(t), target(t, "http://www.site-1.example/")
	for _, tt := range []struct {
		name        string
		names       []string
		shown, hint string
	}{
		{"none", nil, "", ""},
		{"they agree", []string{"a.fra1.rheinblick.test", "b.rheinblick.de"}, "a.fra1.rheinblick.test", "DE"},
		{"one says nothing", []string{"host-1.lowland.test", "a.ams1.lowland.test"}, "host-1.lowland.test", "NL"},
		{"they disagree", []string{"a.fra1.rheinblick.test", "a.ams1.lowland.test"}, "a.fra1.rheinblick.test", ""},
		{"two disagree and a third agrees with one", []string{"a.fra1.rheinblick.test", "a.ams1.lowland.test", "b.fra1.rheinblick.test"}, "a.fra1.rheinblick.test", ""},
		{"the site's own name comes first", []string{"site-1.example", "a.ams1.lowland.test"}, "a.ams1.lowland.test", "NL"},
		{"the site's own name with a hint", []string{"fra1.site-1.example"}, "", ""},
		{"no host names", []string{"a b", "-", "c.ams1.lowland.test"}, "c.ams1.lowland.test", "NL"},
		{"more than are read", append(slices.Repeat([]string{"-"}, maxReverseNames), "a.ams1.lowland.test"), "", ""},
	} {
		if shown, hint := h.reverseHint(tt.names, to); shown != tt.shown || hint != tt.hint {
			t.Errorf("%s: %q, %q; want %q, %q", tt.name, shown, hint, tt.shown, tt.hint)
		}
	}
}

func TestANameNeverShowsTheTarget(t *testing.T) {
	t.Parallel()
	h := tableOfHints(t)
	for _, tt := range []struct {
		target, name string
		shown        bool
	}{
		{"http://site-1.example/", "host-192-0-2-7.lowland.test", true},
		{"http://site-1.example/", "site-1.example", false},
		{"http://site-1.example/", "SITE-1.Example.", false},
		{"http://site-1.example/", "mail.site-1.example", false},
		{"http://site-1.example/", "site-1.example.lowland.test", false},
		{"http://site-1.example/", "site-1-example.lowland.test", false},
		{"http://site-1.example/", "site1.lowland.test", false},
		{"http://site-1.example/", "vps-site-1.lowland.test", false},
		{"http://site-1.example/", "site.1.lowland.test", false},
		{"http://site-1.example/", "website-12.lowland.test", false}, // too careful, and right so
		{"http://site-1.example/", "site-2.lowland.test", true},
		{"http://jane-doe.blogs.example/", "jane-doe.lowland.test", false},
		{"http://jane-doe.blogs.example/", "www.blogs.example", false},
		{"http://jane-doe.blogs.example/", "web.blogs-lowland.test", false},
		{"http://a.b.site-1.co.uk/", "site-1.lowland.test", false},
		{"http://a.b.site-1.co.uk/", "a.b.lowland.co.uk", true}, // single letters say nothing
		{"http://x.example/", "x.lowland.test", false},          // but as the domain they do
		{"http://x.example/", "x7.lowland.test", false},
		{"http://x.example/", "host-x-7.lowland.test", false},
		{"http://x.example/", "box.lowland.test", true},
		{"http://x-y.example/", "x-y.lowland.test", false},
		{"http://x-y.example/", "ax-y.lowland.test", true},
		{"http://abc.example/", "abc-12.lowland.test", false},
		{"http://abc.example/", "abcd-abc7.lowland.test", false},
		{"http://abc.example/", "abcdef.lowland.test", true},
		{"http://xn--bcher-kva.example/", "xn--bcher-kva.lowland.test", false},
		{"http://site-1.example./", "mail.site-1.example", false},
		{"http://..site-1.example/", "host-7.lowland.test", true},
		{"http://192.0.2.7/", "host-192-0-2-7.lowland.test", false},
		{"http://192.0.2.7/", "c0000207.ams1.lowland.test", false},
		{"http://[2001:db8::7]/", "host-2001-db8--7.lowland.test", false},
	} {
		shown, _ := h.reverseHint([]string{tt.name}, target(t, tt.target))
		if (shown != "") != tt.shown {
			t.Errorf("%s: %q is shown as %q", tt.target, tt.name, shown)
		}
	}
	if _, hint := h.reverseHint([]string{"c0000207.ams1.lowland.test"}, target(t, "http://192.0.2.7/")); hint != "NL" {
		t.Errorf("the name of an address still hints: %q", hint)
	}
	if shown, hint := h.reverseHint([]string{"a.ams1.lowland.test"}, casefile.Target{}); shown != "" || hint != "NL" {
		t.Errorf("without a target: %q, %q", shown, hint)
	}
}

func TestALongNameKeepsItsEnd(t *testing.T) {
	t.Parallel()
	h, to := tableOfHints(t), target(t, "http://site-1.example/")
	long := strings.Repeat(strings.Repeat("a", 60)+".", 3) + "ams1.lowland.test"
	if shown, hint := h.reverseHint([]string{long}, to); shown != strings.Repeat("a", 60)+".ams1.lowland.test" || hint != "NL" {
		t.Errorf("%q, %q", shown, hint)
	}
}

func TestTheTableOfHints(t *testing.T) {
	t.Parallel()
	h := tableOfHints(t)
	if len(h.places) < 250 || len(h.generic) < 40 {
		t.Errorf("%d places and %d generic domains", len(h.places), len(h.generic))
	}
	for _, word := range strings.Fields("ash aus bah bhs bom bos bud can cgn del den doh edi gig ham ist led lim lis lux mad man max mel mia mrs msp nce otp per pos pty rio rom sea sha sin sto svg tls tmp tor tun was") {
		if h.places[word] != "" {
			t.Errorf("%q is a word, or has two readings", word)
		}
	}
	for _, bad := range []string{
		"airport,fra,DE\n", "planet,fra,DE,s\n", "airport,fr,FR,s\n", "airport,fra1,DE,s\n", "airport,FRA,DE,s\n", "airport,dca,US,s\n",
		"airport,fra,,s\n", "airport,fra,UK,s\n", "airport,fra,XX,s\n", "airport,fra,DE,s\ncity,fra,FR,s\n", "generic,com,,s\n", "generic,io,IO,s\n",
	} {
		if _, err := parseHints(bad); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}

// FuzzReverseHint: whatever the DNS says, the answer is bounded, of the form of a host
// name, one of the names given, and free of the target.
func FuzzReverseHint(f *testing.F) {
	h := tableOfHints(f)
	for i, tt := range named {
		f.Add(tt.name, fmt.Sprintf("a%d.site-1.example", i))
	}
	f.Add("site-1.example.lowland.test\nx.fra1.test", "site-1.example")
	f.Add("x-y-z.test\nx7.test", "x-y.example")
	f.Add("ns5.cdg.prairie.test", "00.")
	f.Add("abc.de\nfra1.abc9.test", "www.abc.co.uk")
	f.Fuzz(func(t *testing.T, text, host string) {
		to, err := casefile.NewTarget("http://" + host + "/")
		if err != nil {
			return
		}
		names := strings.Split(text, "\n")
		shown, hint := h.reverseHint(names, to)
		if hint != "" && casefile.Country(hint) != hint {
			t.Fatalf("%q is no country", hint)
		}
		if shown == "" {
			return
		}
		if len(shown) > maxReverseName || !isHost(shown) {
			t.Fatalf("%q is shown", shown)
		}
		if !slices.ContainsFunc(names, func(n string) bool { return strings.HasSuffix(strings.TrimSuffix(strings.ToLower(n), "."), shown) }) {
			t.Fatalf("%q is none of the names", shown)
		}
		site := strings.TrimSuffix(to.Host(), ".")
		domain := registrable(site)
		if strings.Contains("."+shown+".", "."+site+".") || domain != "" && strings.Contains("."+shown+".", "."+domain+".") {
			t.Fatalf("%q shows %q", shown, host)
		}
		_, suffix, _ := strings.Cut(domain, ".")
		for label := range strings.SplitSeq(strings.TrimSuffix(site, "."+suffix), ".") {
			if len(label) > 2 && slices.Contains(strings.Split(shown, "."), label) && squash(label) != "" && len(squash(label)) > 2 {
				t.Fatalf("%q shows the label %q of %q", shown, label, host)
			}
		}
	})
}

func BenchmarkReverseHint(b *testing.B) {
	h := tableOfHints(b)
	to, err := casefile.NewTarget("http://www.site-1.example/")
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		h.reverseHint([]string{"static.7.2.0.192.fra1.rheinblick.test"}, to)
	}
}
