package mask_test

import (
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
