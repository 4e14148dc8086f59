package target

import (
	"strings"
	"testing"
)

// FuzzLocation reads any bytes as a Location header: what comes out is a target that
// reads as itself, on http or https, and a problem never repeats the header.
func FuzzLocation(f *testing.F) {
	for _, seed := range []string{
		"/", "//site-2.example/", "../a?b", "?q", "#f", "http:\\\\127.0.0.1\\", "http:127.0.0.1", "http://0x7f.1/", "http://[::ffff:7f00:1]/", "http://a@b@c/", "\t//x", "javascript:x",
		"http://site-1.example:0/", "http://%31/", "http://\xff/", "https://①②⑦.⓪/", "http://xn--/", "///", "http://a b/", "http://site-1.example/\xff\x00",
	} {
		f.Add(seed)
	}
	base, problem := Parse("http://site-1.example/a/b?c")
	if problem != nil {
		f.Fatal(problem)
	}
	f.Fuzz(func(t *testing.T, location string) {
		next, problem := Resolve(base, location)
		if problem != nil {
			if !next.IsZero() {
				t.Fatal("a problem and a target")
			}
			if len(location) > 12 && strings.Contains(problem.Detail, location) {
				t.Fatalf("the problem repeats the header: %q", problem.Detail)
			}
			return
		}
		if !strings.HasPrefix(next.URL(), "http://") && !strings.HasPrefix(next.URL(), "https://") || strings.ContainsAny(next.Host(), "@/\\ \t\r\n") || strings.ContainsAny(next.Path(), " \t\r\n") {
			t.Fatalf("%q", next.URL())
		}
		again, problem := Parse(next.URL())
		if problem != nil || again != next {
			t.Fatalf("%q reads as %q, %v", next.URL(), again.URL(), problem)
		}
	})
}
