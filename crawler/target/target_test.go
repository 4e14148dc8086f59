package target_test

import (
	"strings"
	"testing"
	"time"

	"vigil/casefile"
	"vigil/crawler/target"
	"vigil/internal/fakenet/testrun"
)

func TestParseWritesTheCanonicalForm(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, raw, want string }{
		{"as it is", "https://site-1.example/page", "https://site-1.example/page"},
		{"path added", "http://site-1.example", "http://site-1.example/"},
		{"query without path", "http://site-1.example?a=1", "http://site-1.example/?a=1"},
		{"space around", " \t\nhttp://site-1.example/ \r\n", "http://site-1.example/"},
		{"upper case", "HTTP://Site-1.EXAMPLE/Page", "http://site-1.example/Page"},
		{"default port", "http://site-1.example:80/", "http://site-1.example/"},
		{"default port of https", "https://site-1.example:443/", "https://site-1.example/"},
		{"other port", "https://site-1.example:8443/", "https://site-1.example:8443/"},
		{"other scheme's port", "http://site-1.example:443/", "http://site-1.example:443/"},
		{"fragment", "http://site-1.example/a?b#c", "http://site-1.example/a?b"},
		{"empty query", "http://site-1.example/a?", "http://site-1.example/a"},
		{"dot segments", "http://site-1.example/a/./b/../c", "http://site-1.example/a/c"},
		{"at signs in the path", "http://site-1.example/a@@b", "http://site-1.example/a@@b"},
		{"double slash kept", "http://site-1.example//a", "http://site-1.example//a"},
		{"backslashes", `http:\\site-1.example\a`, "http://site-1.example/a"},
		{"missing slashes", "http:site-1.example/a", "http://site-1.example/a"},
		{"trailing dot", "http://site-1.example./a", "http://site-1.example/a"},
		{"internationalised", "http://bücher.example/", "http://xn--bcher-kva.example/"},
		{"sharp s is kept apart", "http://straße.example/", "http://xn--strae-oqa.example/"},
		{"full width", "http://ｓｉｔｅ.example/", "http://site.example/"},
		{"underscore", "http://a_b.example/", "http://a_b.example/"},
		{"non-ASCII path", "http://site-1.example/ä b", "http://site-1.example/%C3%A4%20b"},
		{"single percent sign", "http://site-1.example/100%", "http://site-1.example/100%25"},
		{"percent kept", "http://site-1.example/%7Ea%2fb", "http://site-1.example/%7Ea%2fb"},
		{"hex address", "http://0xc0.0x0.0x2.1/", "http://192.0.2.1/"},
		{"address as one number", "http://3221225985/", "http://192.0.2.1/"},
		{"octal address", "http://0300.0.2.01/", "http://192.0.2.1/"},
		{"short address", "http://192.0.513/", "http://192.0.2.1/"},
		{"address with a dot behind", "http://192.0.2.1./", "http://192.0.2.1/"},
		{"loopback as hex is shown as what it is", "http://0x7f.1/", "http://127.0.0.1/"},
		{"IPv6", "http://[2001:DB8:0:0::1]/", "http://[2001:db8::1]/"},
		{"empty userinfo", "http://@site-1.example/", "http://site-1.example/"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, problem := target.Parse(tt.raw)
			if problem != nil {
				t.Fatalf("Parse: %v", problem)
			}
			if got.URL() != tt.want {
				t.Errorf("got %q, want %q", got.URL(), tt.want)
			}
			again, problem := target.Parse(got.URL())
			if problem != nil || again != got {
				t.Errorf("not idempotent: %q, %v", again.URL(), problem)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, raw string
		want      casefile.ProblemCode
	}{
		{"nothing", "", casefile.ProblemSyntax},
		{"only space", " \t ", casefile.ProblemSyntax},
		{"no scheme", "secretsite.example/page", casefile.ProblemSyntax},
		{"host and port without scheme", "secretsite.example:8080/page", casefile.ProblemScheme},
		{"ftp", "ftp://secretsite.example/", casefile.ProblemScheme},
		{"file", "file:///etc/secretsite", casefile.ProblemScheme},
		{"script", "javascript:secretsite", casefile.ProblemScheme},
		{"data", "data:text/plain,secretsite", casefile.ProblemScheme},
		{"user", "http://user@secretsite.example/", casefile.ProblemUserinfo},
		{"user and password", "http://user:pass@secretsite.example/", casefile.ProblemUserinfo},
		{"password alone", "http://:pass@secretsite.example/", casefile.ProblemUserinfo},
		{"many at signs", "http://secretsite" + strings.Repeat("@", 8000) + ".example/", casefile.ProblemUserinfo},
		{"invalid UTF-8", "http://secretsite.example/\xff", casefile.ProblemEncoding},
		{"line break within", "http://secretsite.example/a\r\nHost: b", casefile.ProblemEncoding},
		{"tab within", "http://secret\tsite.example/", casefile.ProblemEncoding},
		{"NUL within", "http://secretsite.example/\x00a", casefile.ProblemEncoding},
		{"DEL within", "http://secretsite.example/\x7fa", casefile.ProblemEncoding},
		{"too long", "http://secretsite.example/" + strings.Repeat("a", casefile.MaxURL), casefile.ProblemTooLong},
		{"too long once encoded", "http://secretsite.example/" + strings.Repeat("ä", casefile.MaxURL/3), casefile.ProblemTooLong},
		{"spaces count as well", strings.Repeat(" ", casefile.MaxURL) + "http://secretsite.example/", casefile.ProblemTooLong},
		{"no host", "http://", casefile.ProblemHost},
		{"no host but a port", "http://:80/secretsite", casefile.ProblemHost},
		{"space in the host", "http://secret site.example/", casefile.ProblemHost},
		{"encoded slash in the host", "http://secretsite%2f.example/", casefile.ProblemHost},
		{"long label", "http://" + strings.Repeat("a", 64) + ".example/", casefile.ProblemHost},
		{"long name", "http://" + strings.Repeat("abcdefg.", 32) + "example/", casefile.ProblemHost},
		{"empty label", "http://secretsite..example/", casefile.ProblemHost},
		{"two trailing dots", "http://secretsite.example../", casefile.ProblemHost},
		{"bad punycode", "http://xn--secretsite-99999999.example/", casefile.ProblemHost},
		{"port 0", "http://secretsite.example:0/", casefile.ProblemHost},
		{"port too high", "http://secretsite.example:65536/", casefile.ProblemHost},
		{"port is no number", "http://secretsite.example:a/", casefile.ProblemHost},
		{"address out of range", "http://256.0.2.1/", casefile.ProblemHost},
		{"address of five parts", "http://192.0.2.1.1/", casefile.ProblemHost},
		{"zone id", "http://[fe80::1%25eth0]/", casefile.ProblemHost},
		{"open bracket", "http://[2001:db8::1/", casefile.ProblemHost},
		{"host that cannot be dialled", "http://secret{site}.example/", casefile.ProblemHost},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, problem := target.Parse(tt.raw)
			if problem == nil {
				t.Fatalf("accepted as %q", got.URL())
			}
			if problem.Code != tt.want {
				t.Errorf("code %q, want %q (%s)", problem.Code, tt.want, problem.Detail)
			}
			if problem.Detail == "" || strings.Contains(strings.ToLower(problem.Error()), "secret") {
				t.Errorf("the problem must say what to do and never repeat the URL: %q", problem.Error())
			}
			if !got.IsZero() {
				t.Errorf("a refused URL still gave a target")
			}
		})
	}
}

func TestResolveFollowsALocation(t *testing.T) {
	t.Parallel()
	base, problem := target.Parse("https://site-1.example/a/b?c=1")
	if problem != nil {
		t.Fatal(problem)
	}
	for _, tt := range []struct{ name, ref, want string }{
		{"absolute", "http://site-2.example/x", "http://site-2.example/x"},
		{"other host, same scheme", "//site-2.example", "https://site-2.example/"},
		{"absolute path", "/x?y=z", "https://site-1.example/x?y=z"},
		{"relative path", "x", "https://site-1.example/a/x"},
		{"up", "../../x", "https://site-1.example/x"},
		{"query alone", "?q", "https://site-1.example/a/b?q"},
		{"fragment alone", "#f", "https://site-1.example/a/b?c=1"},
		{"raw bytes", "/\xe4", "https://site-1.example/%E4"},
		{"tab is dropped", "/a\tb", "https://site-1.example/ab"},
		{"spaces around", "  /a ", "https://site-1.example/a"},
		{"trailing dot", "//site-2.example./", "https://site-2.example/"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, problem := target.Resolve(base, tt.ref)
			if problem != nil {
				t.Fatal(problem)
			}
			if got.URL() != tt.want {
				t.Errorf("got %q, want %q", got.URL(), tt.want)
			}
		})
	}
	for _, ref := range []string{"mailto:a@b.example", "javascript:alert(1)", "https://u:p@site-2.example/", "https://", "http://[::1", "/" + strings.Repeat("a", casefile.MaxURL)} {
		if got, problem := target.Resolve(base, ref); problem == nil {
			t.Errorf("Resolve(%.40q) accepted as %q", ref, got.URL())
		}
	}
}

// Whatever is sent, a URL costs milliseconds of processor time: the parser alone is quadratic in at signs. Not parallel:
// it measures the whole process.
func TestParseIsCheap(t *testing.T) {
	for name, raw := range map[string]string{
		"at signs": "http://" + strings.Repeat("@", 8000) + "a/", "segments": "http://a.example" + strings.Repeat("/a", 4000),
		"dots": "http://a.example" + strings.Repeat("/..", 2700), "percent signs": "http://a.example/" + strings.Repeat("%", 8000),
		"labels": "http://" + strings.Repeat("a.", 4000), "soft hyphens": "http://" + strings.Repeat("\u00ad", 4000), "punycode": "http://xn--" + strings.Repeat("99", 4000) + "/",
	} {
		before := testrun.CPU()
		target.Parse(raw)
		if cost := testrun.CPU() - before; cost > 500*time.Millisecond {
			t.Errorf("%s: %v", name, cost)
		}
	}
}

func TestRegistrableDomain(t *testing.T) {
	t.Parallel()
	for host, want := range map[string]string{
		"www.site-1.example":  "site-1.example",
		"site-1.example":      "site-1.example",
		"a.b.site-1.co.uk":    "site-1.co.uk",
		"co.uk":               "co.uk",
		"example":             "example",
		"site-1.example.":     "site-1.example",
		"me.github.io":        "me.github.io",
		"a.me.github.io":      "me.github.io",
		"192.0.2.1":           "",
		"2001:db8::1":         "",
		"":                    "",
		"xn--bcher-kva.com":   "xn--bcher-kva.com",
		"a.xn--bcher-kva.com": "xn--bcher-kva.com",
	} {
		if got := target.RegistrableDomain(host); got != want {
			t.Errorf("RegistrableDomain(%q) = %q, want %q", host, got, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"https://site-1.example/", "http://[2001:db8::1]:8080/a?b#c", "http://0x7f.1/", "HTTP:\\\\a\\b", "http://bücher.example/%zz%", "http://a@b/",
		"http://xn--a.example/", "http://1.2.3.4./", "http://a..b/", "http:///x", "http://\u2260.example/", "http://a\u00ad.example/", "http://[::ffff:127.0.0.1]/",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		got, problem := target.Parse(raw)
		if problem != nil {
			return
		}
		if _, err := casefile.NewTarget(got.URL()); err != nil {
			t.Fatalf("casefile refuses %q", got.URL())
		}
		again, problem := target.Parse(got.URL())
		if problem != nil || again != got {
			t.Fatalf("not idempotent: %q became %q, %v", got.URL(), again.URL(), problem)
		}
		if same, problem := target.Resolve(got, ""); problem != nil || same != got {
			t.Fatalf("an empty reference of %q is %q, %v", got.URL(), same.URL(), problem)
		}
	})
}
