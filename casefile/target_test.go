package casefile_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"vigil/casefile"
)

func target(tb testing.TB, url string) casefile.Target {
	tb.Helper()
	t, err := casefile.NewTarget(url)
	if err != nil {
		tb.Fatalf("target: %v", err)
	}
	return t
}

func TestNewTarget(t *testing.T) {
	t.Parallel()
	tests := []struct {
		url, host, path string
		port            uint16
		secure          bool
	}{
		{"https://site-1.example/a/b?c=d", "site-1.example", "/a/b?c=d", 443, true},
		{"http://site-1.example/", "site-1.example", "/", 80, false},
		{"http://site-1.example:8080/a", "site-1.example", "/a", 8080, false},
		{"https://192.0.2.1/", "192.0.2.1", "/", 443, true},
		{"https://[2001:db8::1]/x", "2001:db8::1", "/x", 443, true},
		{"http://[2001:db8::1]:81/x", "2001:db8::1", "/x", 81, false},
		{"https://site-1.example/a@b:c?d=http://x/", "site-1.example", "/a@b:c?d=http://x/", 443, true},
	}
	for _, tt := range tests {
		t.Run(tt.url, func(t *testing.T) {
			t.Parallel()
			got := target(t, tt.url)
			if got.URL() != tt.url || got.Host() != tt.host || got.Path() != tt.path || got.Port() != tt.port || got.Secure() != tt.secure || got.IsZero() {
				t.Errorf("host %q, path %q, port %d, secure %v", got.Host(), got.Path(), got.Port(), got.Secure())
			}
			if addr, ok := got.Address(); ok != strings.Contains(tt.host, "2.1") && ok != strings.Contains(tt.host, ":") || ok && addr.String() != tt.host {
				t.Errorf("address %v %v", addr, ok)
			}
		})
	}
}

// notCanonical is what crawler/target would have written in another way, or refused.
var notCanonical = []string{
	"", "site-1.example", "//site-1.example/", "ftp://site-1.example/", "HTTPS://site-1.example/", "https:/site-1.example/", "javascript:x//y/",
	"https://site-1.example", "https:///a", "https://user@site-1.example/", "https://user:secret@site-1.example/", "https://site-1.example?a/",
	"https://site-1.example\\a/", "https://site-1.example/a#b", "https://site-1.example/a b", "https://site-1.example/a\nb", "https://site-1.example/\t",
	"https://Site-1.example/", "https://site-1.example:0/", "https://site-1.example:65536/", "https://site-1.example:x/", "https://site-1.example:/",
	"https://:80/", "https://[2001:db8::1/", "https://[site-1.example]/", "https://[]/",
	"https://site-1.example:443/", "http://site-1.example:80/", "http://site-1.example:0081/", "https://2001:db8::1/", "https://a:b:81/", "https://[192.0.2.1]/", "https://[fe80::1%eth0]/",
	"https://site%2d1.example/", "https://s\u00efte.example/", "https://site-1.example/a\x00b", "https://site-1.example/a\x7fb", "https://site]-1.example/",
	"https://site-1.example/" + strings.Repeat("a", casefile.MaxURL),
}

func TestNewTargetRefuses(t *testing.T) {
	t.Parallel()
	for _, url := range notCanonical {
		got, err := casefile.NewTarget(url)
		if err == nil || !got.IsZero() {
			t.Errorf("%.60q was taken", url)
		} else if strings.Contains(err.Error(), "site-1") {
			t.Errorf("the error repeats the URL: %v", err)
		}
	}
}

func FuzzNewTarget(f *testing.F) {
	for _, url := range notCanonical {
		f.Add(url)
	}
	f.Add("https://site-1.example:8443/a?b")
	f.Add("http://[2001:db8::1]:81/x")
	f.Fuzz(func(t *testing.T, url string) {
		got, err := casefile.NewTarget(url)
		if err != nil {
			return
		}
		if got.URL() != url || got.Host() == "" || got.Port() == 0 || !strings.HasPrefix(got.Path(), "/") || len(url) > casefile.MaxURL {
			t.Fatalf("host %q, port %d, path %q", got.Host(), got.Port(), got.Path())
		}
		if s := fmt.Sprintf("%v %+v %#v %s %q %x", got, got, got, got, got, got); got.Host() != "http" && got.Host() != "https" && len(got.Host()) > 6 && strings.Contains(s, got.Host()) {
			t.Fatalf("printed: %s", s)
		}
		again, err := casefile.NewTarget(got.Decoy("x1").URL())
		if err != nil && len(url) < casefile.MaxURL-8 {
			t.Fatalf("sibling is no target: %v", err)
		}
		if err == nil && again.Host() != got.Host() {
			t.Fatal("the sibling is on another host")
		}
	})
}

func TestTargetMasksItself(t *testing.T) {
	t.Parallel()
	secret := target(t, "https://secret-host.example/secret-path?secret")
	held := struct {
		Name   string
		Target casefile.Target
		Nested map[string]casefile.Target
		List   []casefile.Target
		Case   casefile.Case
		Report *casefile.Report
	}{"x", secret, map[string]casefile.Target{"k": secret}, []casefile.Target{secret}, casefile.Case{Target: secret, Referrer: secret}, &casefile.Report{Target: secret}}
	var printed []string
	for _, value := range []any{secret, &secret, held, &held, held.Report, casefile.Observation{Hops: []casefile.Hop{{Target: secret}}}, casefile.Subject{Target: secret}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%p", "%10.5v", "%U"} {
			printed = append(printed, verb+" "+fmt.Sprintf(verb, value)) //nolint:govet // wrong verbs must not reveal it either
		}
		b, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		printed = append(printed, string(b))
	}
	printed = append(printed, fmt.Sprint(secret), fmt.Sprintln(held), fmt.Errorf("look: %v", secret).Error(), errors.Join(fmt.Errorf("x %s", secret)).Error(), secret.String())
	for _, s := range printed {
		if strings.Contains(s, "secret") {
			t.Errorf("revealed: %s", s)
		}
	}
	if got := fmt.Sprint(secret); got != "https://[sealed]" {
		t.Errorf("masked as %q", got)
	}
	if got := target(t, "http://site-1.example/").String(); got != "http://[sealed]" {
		t.Errorf("masked as %q", got)
	}
	if got := (casefile.Target{}).String(); got != "" {
		t.Errorf("no target is masked as %q", got)
	}
}

func TestNoTarget(t *testing.T) {
	t.Parallel()
	var none casefile.Target
	if _, isAddress := none.Address(); !none.IsZero() || none.URL() != "" || none.Host() != "" || none.Path() != "" || none.Port() != 0 || none.Secure() || isAddress || !none.Decoy("x").IsZero() || !none.Home().IsZero() {
		t.Error("no target has parts")
	}
	if target(t, "https://site-1.example/a") != target(t, "https://site-1."+"example/a") || target(t, "https://site-1.example/a") == target(t, "https://site-1.example/b") {
		t.Error("targets do not compare by their URL")
	}
}

func TestHomeIsTheFrontPageOfTheSameSite(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]string{
		"https://site-1.example/album/picture.html?n=7": "https://site-1.example/",
		"http://site-1.example:8080/a/":                 "http://site-1.example:8080/",
		"http://[2001:db8::1]/x":                        "http://[2001:db8::1]/",
		"https://site-1.example/":                       "https://site-1.example/",
	} {
		if got := target(t, url).Home(); got.URL() != want || got != target(t, want) {
			t.Errorf("%s: %s, want %s", url, got.URL(), want)
		}
	}
}

func TestSibling(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]string{
		"https://site-1.example/a/b/picture.jpg?size=9": "https://site-1.example/a/b/zz9.jpg",
		"https://site-1.example/a/b/":                   "https://site-1.example/a/b/zz9",
		"https://site-1.example/a":                      "https://site-1.example/zz9",
		"https://site-1.example/":                       "https://site-1.example/zz9",
		"http://[2001:db8::1]:81/a/.hidden":             "http://[2001:db8::1]:81/a/zz9",
		"https://site-1.example/a/version.2026-11":      "https://site-1.example/a/zz9",
		"https://site-1.example/a.b/c?d=e.html":         "https://site-1.example/a.b/zz9",
	} {
		got := target(t, url).Decoy("zz9")
		if got.URL() != want {
			t.Errorf("sibling of %s: %s, want %s", url, got.URL(), want)
		}
		if original := target(t, url); got.Host() != original.Host() || got.Port() != original.Port() {
			t.Errorf("sibling of %s is on another server", url)
		}
	}
}
