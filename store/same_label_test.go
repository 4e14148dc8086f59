package store

import (
	"strings"
	"testing"
)

func TestNamed(t *testing.T) {
	t.Parallel()
	for host, want := range map[string]string{
		"www.night-site.com":      "night-site night-site.com",
		"night-site.net":          "night-site night-site.net",
		"a.b.night-site.co.uk":    "night-site night-site.co.uk",
		"night-site.test.":        "night-site night-site.test", // not on the list: its rule "*"
		"xn--nchste-bua.test":     "xn--nchste-bua xn--nchste-bua.test",
		"night-site.github.io":    " ", // customers of a platform
		"night-site.blogspot.com": " ",
		"co.uk":                   " ",
		"test":                    " ",
		"":                        " ",
		".":                       " ",
		"192.0.2.7":               " ",
		"2001:db8::7":             " ",
		"abc.test":                " ", // too short
		"images.test":             " ", // too common
		"abcd.test":               "abcd abcd.test",
	} {
		label, domain := named(host)
		if got := label + " " + domain; got != want {
			t.Errorf("%q: %q, want %q", host, got, want)
		}
	}
}

func FuzzNamed(f *testing.F) {
	f.Add("www.night-site.co.uk")
	f.Add("a..b.")
	f.Add("night-site.github.io")
	f.Fuzz(func(t *testing.T, host string) {
		label, domain := named(host)
		if (label == "") != (domain == "") || label != "" && (len(label) < minLabel || strings.Contains(label, ".") || !strings.HasPrefix(domain, label+".") || !strings.HasSuffix(strings.TrimSuffix(host, "."), domain)) {
			t.Errorf("%q: %q of %q", host, label, domain)
		}
	})
}
