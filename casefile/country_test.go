package casefile

import (
	"strings"
	"testing"
)

func TestCountry(t *testing.T) {
	t.Parallel()
	if n := len(strings.Fields(countries)); n != 250 {
		t.Errorf("%d codes, want the 249 of ISO 3166-1 and XK", n)
	}
	for code, want := range map[string]string{
		"nl": "NL", " DE ": "DE", " GB ": "GB", "uk": "GB", "UK": "GB", "EL": "GR", "el": "GR", "XK": "XK",
		"EU": "", "AP": "", "ZZ": "", "XX": "", "": "", "N": "", "NLD": "", "N ": "", "A ": "", "1L": "", "É": "", "N\n": "",
	} {
		if got := Country(code); got != want {
			t.Errorf("%q: %q, want %q", code, got, want)
		}
	}
}
