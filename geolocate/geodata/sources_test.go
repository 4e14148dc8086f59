package geodata

import (
	"bytes"
	"io"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func servePlain(t *testing.T, data []byte) string {
	t.Helper()
	s := httptest.NewServer(sent(data))
	t.Cleanup(s.Close)
	return s.URL
}

func TestSourcesAreWhole(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, s := range Sources() {
		found, ok := Find(s.Name)
		if diff := cmp.Diff(s, found); !ok || diff != "" || seen[s.Name] {
			t.Errorf("%s is not found by its name, or twice there: %s", s.Name, diff)
		}
		seen[s.Name] = true
		for _, at := range append(s.urls(today), s.SHA256) {
			if u, err := url.Parse(at); at != "" && (err != nil || u.Scheme != "https" || u.Host == "" || strings.Contains(at, "{")) {
				t.Errorf("%s: URL %q", s.Name, at)
			}
		}
		if !s.Kind.Valid() || s.Licence == "" || s.Renewed == "" || s.Least >= s.Most || !s.World {
			t.Errorf("%s lacks something: %+v", s.Name, s)
		}
		if strings.HasPrefix(s.Licence, "CC BY") && s.Attribution == "" {
			t.Errorf("%s: its licence asks for an attribution", s.Name)
		}
	}
	if _, ok := Find("nobody"); ok {
		t.Error("an unknown source was found")
	}
}

func TestMonths(t *testing.T) {
	t.Parallel()
	s := Source{URL: "https://data.example/{yyyy-mm}.gz"}
	for now, want := range map[string][]string{
		"2026-11-23T00:00:00Z":      {"https://data.example/2026-11.gz", "https://data.example/2026-10.gz"},
		"2026-01-31T12:00:00Z":      {"https://data.example/2026-01.gz", "https://data.example/2025-12.gz"},
		"2026-03-31T12:00:00Z":      {"https://data.example/2026-03.gz", "https://data.example/2026-02.gz"},
		"2026-12-31T23:30:00-01:00": {"https://data.example/2027-01.gz", "https://data.example/2026-12.gz"},
	} {
		at, err := time.Parse(time.RFC3339, now)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, s.urls(at)); diff != "" {
			t.Errorf("%s: %s", now, diff)
		}
	}
}

func FuzzUnpack(f *testing.F) {
	whole := edition{}.file(f)
	f.Add(whole)
	f.Add(packed(f, whole))
	f.Add(archive(f, "a/b.mmdb", whole))
	f.Add(archive(f, "a.txt", []byte("x")))
	f.Fuzz(func(t *testing.T, data []byte) {
		const most = 1 << 16
		var out bytes.Buffer
		rest := bytes.NewReader(data)
		size, err := unpack(&out, rest, most)
		if out.Len() > most+1 {
			t.Errorf("%d bytes were written, over the bound", out.Len())
		}
		if err != nil {
			return
		}
		if size != int64(out.Len()) || size > most {
			t.Errorf("size %d, written %d", size, out.Len())
		}
		if n, _ := io.Copy(io.Discard, rest); n != 0 {
			t.Errorf("%d bytes were not read: they are missing in the digest", n)
		}
	})
}
