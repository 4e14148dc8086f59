package main

import (
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vigil/internal/fakenet"
)

// movingParts are the parts of a line that no two looks have in common: times, and ports.
var movingParts = []struct {
	of   *regexp.Regexp
	with string
}{
	{regexp.MustCompile(`"(looked_at|as_of|created|updated|expires)":"20[^"]*"`), `"$1":"TIME"`},
	{regexp.MustCompile(`"took_ms":\d+`), `"took_ms":0`},
	{regexp.MustCompile(`(\.test):\d+`), `$1:PORT`},
	{regexp.MustCompile(`([0-9.]+) ?ms`), `N ms`},
	{regexp.MustCompile(`"fact":"round_trip","value":"[^"]*"`), `"fact":"round_trip","value":"SPAN"`},
	{regexp.MustCompile(`20\d\d-\d\d-\d\d(T[0-9:.]+Z)?`), `DATE`},
}

func still(out string) string {
	for _, m := range movingParts {
		out = m.of.ReplaceAllString(out, m.with)
	}
	return out
}

// TestLookPrintsTheSameBytes holds the lines of vigil look --json to the byte: names, order,
// and what is null, [] or left out.
func TestLookPrintsTheSameBytes(t *testing.T) {
	t.Parallel()
	edge := fakenet.Article(2, 3000).Edge(http.Header{"Server": {"cloudflare"}, "Cf-Ray": {"8f0000000000abcd-AMS"}}).
		On(fakenet.DNS{CNAMEs: []string{"edge.test.cdn.cloudflare.net"}})
	sites := []fakenet.Site{
		{Host: "live.test", Acts: fakenet.Always(fakenet.Article(1, 3000))},
		{Host: "edge.test", Acts: fakenet.Always(edge)},
		{Host: "chain.test", Acts: fakenet.Always(fakenet.RedirectChain(2, fakenet.Article(3, 3000)))},
		{Host: "absent.test", Acts: fakenet.Always(fakenet.Soft404())},
		{Host: "unknown.test", Acts: fakenet.Always(fakenet.NXDomain())},
		{Host: "refused.test", Acts: fakenet.Always(fakenet.Refuse())},
		{Host: "secure.test", HTTPS: true, Acts: fakenet.Always(fakenet.NotFound().Over(fakenet.TLSExpired))},
	}
	l := newLab(t, sites...)
	var in strings.Builder
	for _, s := range sites {
		in.WriteString(l.sockets.URL(s.Host) + "\n")
	}
	in.WriteString("ftp://live.test/\n")
	out, said, code := l.vigil(in.String(), "look", "--json", "-")
	if code != exitBadInput {
		t.Fatalf("exit code %d: %s", code, said)
	}
	out = still(out)
	path := filepath.Join("testdata", "look.jsonl")
	if *update {
		if err := os.WriteFile(path, []byte(out), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(out, "\n")); diff != "" {
		t.Errorf("the lines differ (-want +got; -update rewrites them):\n%s", diff)
	}
}
