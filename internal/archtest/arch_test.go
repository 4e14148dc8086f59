// Package archtest holds the table of allowed imports. It parses the files in
// this process: a test that asked the go command would be cached and lie.
package archtest

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "vigil"

// mayImport lists, for each room, the other rooms its packages may import. A
// room is a top-level folder; internal/x counts as a room of its own.
var mayImport = map[string][]string{
	"casefile":             {},
	"words":                {},
	"judge":                {"casefile"},
	"explain":              {"casefile", "judge", "words"}, // judge: its thresholds, and what one site is
	"stats":                {"casefile"},
	"crawler":              {"casefile"},
	"geolocate":            {"casefile", "internal/dial", "internal/email", "internal/operatorcsv"},
	"notices":              {"casefile", "internal/dial", "internal/email", "internal/operatorcsv", "words"},
	"observe":              {"casefile", "judge"},
	"scheduler":            {"casefile", "judge", "observe", "lifecycle", "words"}, // words: what the log says of a closed gate
	"lifecycle":            {"casefile"},
	"store":                {"casefile", "lifecycle", "internal/seal"},
	"web":                  {"casefile", "explain", "lifecycle", "stats", "words"}, // lifecycle and stats, pure: what may be done, the figures
	"internal/config":      {"casefile", "internal/email"},
	"internal/dial":        {},
	"internal/email":       {"internal/operatorcsv"},
	"internal/telemetry":   {"casefile"},
	"internal/seal":        {},
	"internal/operatorcsv": {},
	"internal/fakenet":     {"casefile"},
	"internal/archtest":    {},
}

// packageMayImport adds to the rooms of single packages.
var packageMayImport = map[string][]string{
	// the slow, obvious figures that the SQL is held against; lives that are recorded; what only long runs do
	"store/storetest": {"stats", "lifecycle", "internal/fakenet"},
}

// mayImportFront are the parts of a room that build on its front, and not the other way round: test matter.
var mayImportFront = []string{"store/storetest", "internal/fakenet/corpus"}

// testsMayImport is what _test.go files may import besides.
var testsMayImport = []string{"casefile", "explain", "internal/fakenet"}

// roomTestsMayImport adds to that for the tests of single rooms.
var roomTestsMayImport = map[string][]string{
	"scheduler": {"crawler"}, // an outage is looked at by the crawler itself
}

// soleImporter says which package alone may import a third-party library. The
// simulated internet needs servers of its own for some of them.
var soleImporter = map[string][]string{
	"github.com/gocolly/colly":        {"crawler/fetch"},
	"github.com/andybalholm/brotli":   {"crawler/fetch"},
	"github.com/klauspost/compress":   {"crawler/fetch"},
	"github.com/miekg/dns":            {"crawler/resolve", "internal/fakenet"},
	"github.com/nlnwa/whatwg-url":     {"crawler/target"},
	"code.dny.dev/ssrf":               {"crawler/guard"},
	"github.com/oschwald/":            {"geolocate/mmdb"},
	"github.com/openrdap/rdap":        {"geolocate/registry"},
	"github.com/likexian/":            {"geolocate/registry"},
	"github.com/phuslu/iploc":         {"geolocate"},
	"github.com/riverqueue/river":     {"scheduler/river"},
	"github.com/jackc/pgx/v5/pgxpool": {"scheduler/river"},
	"github.com/pressly/goose":        {"store"},
	"modernc.org/sqlite":              {"store"},
	"database/sql/driver":             {"store/stmtcache"},
	"github.com/tink-crypto/":         {"internal/seal"},
	"github.com/wneessen/go-mail":     {"notices/smtp"},
	"github.com/emersion/go-smtp":     {"internal/fakenet"},
	"github.com/maxmind/mmdbwriter":   {"internal/fakenet"},
	"github.com/prometheus/":          {"internal/telemetry"},
	"github.com/danielgtaylor/huma":   {"web/api"},
	"github.com/alexedwards/scs":      {"web/ui"},
	"github.com/knadh/koanf":          {"internal/config"},
	"github.com/spf13/cobra":          {"cmd/vigil", "cmd/vigil-lab"},
	"github.com/jedib0t/go-pretty":    {"cmd/vigil", "cmd/vigil-lab"},
	"github.com/schollz/progressbar":  {"cmd/vigil", "cmd/vigil-lab"},
	"net/http/httptest":               {}, // tests only, and they are not looked at
	"unsafe":                          {},
	"log":                             {"cmd/vigil", "cmd/vigil-lab"}, // only to silence it: zap is the log
}

func room(dir string) string {
	parts := strings.SplitN(dir, "/", 3)
	if parts[0] == "internal" && len(parts) > 1 {
		return parts[0] + "/" + parts[1]
	}
	return parts[0]
}

type file struct {
	path    string
	imports []string
}

func sources(t *testing.T) []file {
	t.Helper()
	root := os.DirFS("../..")
	var files []file
	err := fs.WalkDir(root, ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (p == "tools" || p != "." && strings.HasPrefix(d.Name(), ".")) {
			return fs.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(p, ".go") {
			return nil
		}
		src, err := fs.ReadFile(root, p)
		if err != nil {
			return err
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), p, src, parser.ImportsOnly)
		if err != nil {
			return err
		}
		f := file{path: p}
		for _, spec := range parsed.Imports {
			name, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			f.imports = append(f.imports, name)
		}
		files = append(files, f)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(files) < 50 {
		t.Fatalf("found only %d Go files: the walk is broken", len(files))
	}
	return files
}

func TestRoomsImportInward(t *testing.T) {
	t.Parallel()
	for _, f := range sources(t) {
		dir := path.Dir(f.path)
		from := room(dir)
		test := strings.HasSuffix(f.path, "_test.go")
		if !test && dir != "store/storetest" && slices.Contains(f.imports, module+"/internal/fakenet/testrun") {
			t.Errorf("%s: internal/fakenet/testrun is for tests", f.path)
		}
		if from == "cmd" {
			continue
		}
		allowed, known := mayImport[from]
		if !known {
			t.Errorf("%s: room %q is not in the table", f.path, from)
		}
		allowed = append(slices.Clone(allowed), packageMayImport[dir]...)
		if test {
			allowed = append(append(allowed, testsMayImport...), roomTestsMayImport[from]...)
		}
		for _, imp := range f.imports {
			rest, ours := strings.CutPrefix(imp, module+"/")
			if !ours {
				continue
			}
			if !test && strings.HasPrefix(dir, rest+"/") && !slices.Contains(mayImportFront, dir) {
				t.Errorf("%s: a part must not import its own room's front %s", f.path, rest)
			}
			if room(rest) != from && !slices.Contains(allowed, room(rest)) {
				t.Errorf("%s: %s must not import %s", f.path, from, rest)
			}
		}
	}
}

func TestLeafIsStandardLibraryOnly(t *testing.T) {
	t.Parallel()
	for _, f := range sources(t) {
		if path.Dir(f.path) != "casefile" || strings.HasSuffix(f.path, "_test.go") {
			continue
		}
		for _, imp := range f.imports {
			if first, _, _ := strings.Cut(imp, "/"); strings.Contains(first, ".") || first == module {
				t.Errorf("%s imports %s: casefile uses the standard library only", f.path, imp)
			}
		}
	}
}

func TestLibrariesHaveOneHome(t *testing.T) {
	t.Parallel()
	for _, f := range sources(t) {
		if strings.HasSuffix(f.path, "_test.go") {
			continue // tests build what they look at
		}
		for _, imp := range f.imports {
			for library, homes := range soleImporter {
				if !matches(imp, library) || slices.Contains(homes, path.Dir(f.path)) {
					continue
				}
				if under(path.Dir(f.path), homes) {
					continue
				}
				t.Errorf("%s imports %s, whose only home is %v", f.path, imp, homes)
			}
		}
	}
}

// mayDial lists the files that open connections of their own, and to whom. All
// that is foreign goes through the guard (ADR-0009).
var mayDial = map[string]string{
	"crawler/guard/guard.go":       "what the guard let pass",
	"crawler/resolve/resolve.go":   "the operator's resolvers",
	"crawler/vantage/vantage.go":   "the operator's proxies",
	"crawler/remote/client.go":     "the operator's remote vantages",
	"notices/smtp/smtp.go":         "the operator's mail relay",
	"cmd/vigil/doctor.go":          "the operator's mail relay",
	"cmd/vigil/demo_lab.go":        "the demo's own API",
	"cmd/vigil-lab/bench_parts.go": "the benchmark's own sites",
	"geolocate/geodata/geodata.go": "publishers of geo databases, with an http.Client over the injected guarded dialer",
	"geolocate/origin/origin.go":   "the operator's look-up of origins, with an http.Client over the injected guarded dialer",
	"geolocate/registry/client.go": "registries, with an http.Client over the injected guarded dialer",
}

func TestOneDialer(t *testing.T) {
	t.Parallel()
	dials := regexp.MustCompile(`net\.Dial(er|Timeout|TCP|UDP)?[({]|tls\.Dial|http\.(DefaultClient|DefaultTransport|Get\(|Post\(|Head\(|Client\{)`)
	found := map[string]bool{}
	for _, f := range sources(t) {
		if strings.HasSuffix(f.path, "_test.go") || strings.HasPrefix(f.path, "internal/fakenet/") {
			continue
		}
		src, err := os.ReadFile("../../" + f.path)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(src)) {
			code, _, _ := strings.Cut(line, "//")
			if !dials.MatchString(code) {
				continue
			}
			found[f.path] = true
			if mayDial[f.path] == "" {
				t.Errorf("%s opens connections of its own: %s", f.path, strings.TrimSpace(code))
			}
		}
	}
	for path := range mayDial {
		if !found[path] {
			t.Errorf("%s is in the list and dials nothing: take it out", path)
		}
	}
}

// matches says whether imp is the library or a package of it.
func matches(imp, library string) bool {
	switch {
	case strings.HasSuffix(library, "/"):
		return strings.HasPrefix(imp, library)
	case !strings.Contains(library, "."): // the standard library: log is not log/slog
		return imp == library
	}
	return imp == library || strings.HasPrefix(imp, library+"/")
}

// under says whether dir lies in the simulated internet, whose parts share its libraries.
func under(dir string, homes []string) bool {
	for _, h := range homes {
		if h == "internal/fakenet" && strings.HasPrefix(dir, h+"/") {
			return true
		}
	}
	return false
}
