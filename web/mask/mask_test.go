package mask_test

import (
	"encoding/json"
	"net/netip"
	"strings"
	"testing"

	"vigil/casefile"
	"vigil/web/mask"
)

func target(t *testing.T, url string) casefile.Target {
	t.Helper()
	target, err := casefile.NewTarget(url)
	if err != nil {
		t.Fatal(err)
	}
	return target
}

func TestText(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, url, in, want string }{
		{"address at the domain", "https://www.site-1.example/a", "abuse@site-1.example", "abuse@[sealed]"},
		{"host itself", "https://www.site-1.example/a", "www.site-1.example.", "[sealed]."},
		{"end of a sentence", "https://www.site-1.example/a", "at www.site-1.example. Source: x", "at [sealed]. Source: x"},
		{"before a colon", "https://www.site-1.example/a", "www.site-1.example: gone", "[sealed]: gone"},
		{"upper case", "https://www.site-1.example/a", "WWW.Site-1.Example", "[sealed]"},
		{"other name of the domain", "https://www.site-1.example/a", "mail.site-1.example is there", "[sealed] is there"},
		{"whole url", "https://www.site-1.example/a", "see http://img.site-1.example/a/b?c=d now", "see http://[sealed] now"},
		{"provider under the same suffix", "https://a.site-1.co.uk/", "abuse@provider.co.uk", "abuse@provider.co.uk"},
		{"address literal stays", "https://192.0.2.7/a", "192.0.2.7 in 192.0.2.0/24", "192.0.2.7 in 192.0.2.0/24"},
		{"one label", "http://intranet/a", "intranet", "[sealed]"},
		{"nothing to mask", "https://www.site-1.example/a", "AS64500 Example Hosting", "AS64500 Example Hosting"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if got := mask.New(target(t, tc.url)).Text(tc.in); got != tc.want {
				t.Errorf("Text(%q) = %q, want %q", tc.in, got, tc.want)
			}
		})
	}
	if got := (mask.Masker{}).Text("www.site-1.example"); got != "www.site-1.example" {
		t.Errorf("the zero Masker changed a text: %q", got)
	}
}

func TestHostingIsMaskedInACopy(t *testing.T) {
	t.Parallel()
	const host = "www.site-1.example"
	h := casefile.Hosting{
		Provider: "Hosting of " + host, Steps: []string{"asked " + host}, Claims: []casefile.Claim{{Value: host, Source: "dns", Problem: "no " + host}},
		Contacts: []casefile.Contact{{Name: host, Role: host, Why: "the desk of " + host, Email: "abuse@" + host, Form: "https://" + host + "/form"}},
		Edge:     &casefile.Edge{Name: host, Evidence: "cname " + host, Signs: []string{"cname *." + host}, AbuseEmail: "abuse@" + host, AbuseForm: "https://" + host + "/"},
		Platform: &casefile.Platform{Name: host, Evidence: host, Signs: []string{"host " + host}, AbuseEmail: "abuse@" + host, AbuseForm: "https://" + host + "/"},
		Dissent:  []string{"reverse-dns of " + host + " says DE"},
		Registrar: &casefile.Registrar{
			Name: host, AbuseEmail: "abuse@" + host, DomainStatus: []string{host}, Nameservers: []string{"ns1." + host}, NameserverOperators: []string{host},
		},
	}
	before, _ := json.Marshal(h)
	masked, err := json.Marshal(mask.Of(mask.New(target(t, "https://"+host+"/a")), h))
	if err != nil || strings.Contains(string(masked), "site-1") {
		t.Errorf("%s, %v", masked, err)
	}
	if after, _ := json.Marshal(h); string(after) != string(before) {
		t.Errorf("the original changed: %s", after)
	}
}

// TestOriginsAreMasked takes the address of a recorded origin out, and nothing that only looks like it.
func TestOriginsAreMasked(t *testing.T) {
	t.Parallel()
	v4, v6, own, told := netip.MustParseAddr("203.0.113.9"), netip.MustParseAddr("2001:db8::9"), netip.MustParseAddr("192.0.2.7"), netip.MustParseAddr("198.51.100.1")
	c := casefile.Case{
		Target: target(t, "https://www.site-1.example/a"), Backend: &casefile.Backend{Address: v4},
		Hosting: &casefile.Hosting{Addresses: []netip.Addr{own}, Steps: []string{"203.0.113.9: NL"}, Claims: []casefile.Claim{
			{Fact: casefile.FactOrigin, Value: "2001:db8::9", Source: "lookup:service"}, {Fact: casefile.FactOrigin, Value: "NL"}, {Fact: casefile.FactOrigin, Value: "192.0.2.7"},
			{Fact: casefile.FactCountry, Value: "NL", Address: v4}, {Fact: casefile.FactCountry, Value: "NL", Address: own}, {Fact: casefile.FactCountry, Value: "NL", Address: told},
		}},
	}
	m := mask.New(c.Target).Origins(c)
	for in, want := range map[string]string{
		"203.0.113.9": mask.Sealed, "at 203.0.113.9: NL.": "at [sealed]: NL.", "203.0.113.9, 203.0.113.9": "[sealed], [sealed]", "203.0.113.9.": "[sealed].",
		"203.0.113.99": "203.0.113.99", "1203.0.113.9": "1203.0.113.9", "203.0.113.0/24": "203.0.113.0/24", "192.0.2.7": "192.0.2.7",
		"2001:db8::9: DE": "[sealed]: DE", "2001:db8::9a": "2001:db8::9a", "2001:db8::9:1": "2001:db8::9:1", "a.2001:db8::9": "a.2001:db8::9", "": "",
	} {
		if got := m.Text(in); got != want {
			t.Errorf("Text(%q) = %q, want %q", in, got, want)
		}
	}
	h := mask.Of(m, *c.Hosting)
	shown, err := json.Marshal(h)
	if err != nil || strings.Contains(string(shown), v4.String()) || strings.Contains(string(shown), v6.String()) {
		t.Errorf("%s, %v", shown, err)
	}
	if h.Claims[3].Address.IsValid() || h.Claims[4].Address != own || h.Claims[5].Address != told || c.Hosting.Claims[3].Address != v4 {
		t.Errorf("addresses of the claims: %+v", h.Claims)
	}
	if got := mask.New(c.Target).Text(v4.String()); got != v4.String() {
		t.Errorf("without Origins: %q", got)
	}
}

// FuzzText looks for texts that keep the domain, or that fall apart.
func FuzzText(f *testing.F) {
	for _, s := range []string{"abuse@site-1.example", "SITE-1.EXAMPLE/a?b site-1.example.", "\xffsite-1.example\x00", "site-1.examplesite-1.example"} {
		f.Add(s)
	}
	host, err := casefile.NewTarget("https://www.site-1.example/a")
	if err != nil {
		f.Fatal(err)
	}
	m := mask.New(host)
	f.Fuzz(func(t *testing.T, s string) {
		got := m.Text(s)
		if strings.Contains(strings.ToLower(got), "site-1.example") {
			t.Errorf("%q became %q", s, got)
		}
		if !strings.Contains(strings.ToLower(s), "site-1.example") && got != s {
			t.Errorf("%q became %q without need", s, got)
		}
	})
}
