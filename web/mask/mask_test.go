package mask_test

import (
	"encoding/json"
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
		{"host itself", "https://www.site-1.example/a", "www.site-1.example.", "[sealed]"},
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
		Contacts: []casefile.Contact{{Name: host, Email: "abuse@" + host, Form: "https://" + host + "/form"}},
		Edge:     &casefile.Edge{Evidence: "cname " + host, AbuseEmail: "abuse@" + host, AbuseForm: "https://" + host + "/"}, Registrar: &casefile.Registrar{Name: host, AbuseEmail: "abuse@" + host},
	}
	before, _ := json.Marshal(h)
	masked, err := json.Marshal(mask.New(target(t, "https://"+host+"/a")).Hosting(h))
	if err != nil || strings.Contains(string(masked), "site-1") {
		t.Errorf("%s, %v", masked, err)
	}
	if after, _ := json.Marshal(h); string(after) != string(before) {
		t.Errorf("the original changed: %s", after)
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
