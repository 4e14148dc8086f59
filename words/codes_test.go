package words

import (
	"cmp"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"vigil/casefile"
)

// constant is one text constant of the product.
type constant struct{ path, name, kind, value string }

// source is the product's Go and its pages by path, and its text constants.
func source(t *testing.T) (text map[string]string, constants []constant) {
	t.Helper()
	text = map[string]string{}
	root := os.DirFS("..")
	err := fs.WalkDir(root, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() && (path == "tools" || path != "." && strings.HasPrefix(d.Name(), ".")) {
			return fs.SkipDir
		}
		if d.IsDir() || strings.HasSuffix(path, "_test.go") || !slices.Contains([]string{".go", ".html", ".txt"}, filepath.Ext(path)) || strings.Contains(path, "testdata") {
			return nil
		}
		file, err := fs.ReadFile(root, path)
		if err != nil {
			return err
		}
		text[path] = string(file)
		if filepath.Ext(path) != ".go" {
			return nil
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), path, file, 0)
		if err != nil {
			return err
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok || len(spec.Values) != 1 || len(spec.Names) != 1 {
				return true
			}
			if value, ok := spec.Values[0].(*ast.BasicLit); ok && value.Kind == token.STRING {
				c := constant{path: path, name: spec.Names[0].Name}
				if kind, ok := spec.Type.(*ast.Ident); ok {
					c.kind = kind.Name
				}
				c.value, _ = strconv.Unquote(value.Value)
				constants = append(constants, c)
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return text, constants
}

// closed are the codes of each kind that is a closed set, as the product has them.
func closed(t *testing.T, text map[string]string, constants []constant) map[string][]string {
	t.Helper()
	codes := map[string][]string{}
	// By the type of a constant. A type of the domain is in one of the two maps, so that a new one is not forgotten.
	kinds := map[string]string{
		"Standing": "standing", "State": "state", "Reason": "reason", "FaultKind": "reason", "Why": "why", "Cause": "cause", "Fact": "fact", "Party": "party",
		"NoticeState": "notice", "NoticeKind": "kind", "EventKind": "event", "ActionKind": "action", "Phase": "phase", "Classification": "class", "Marker": "marker",
		"Purpose": "purpose", "UplinkFault": "uplink", "QuestionKind": "question", "HostRole": "host", "Problem": "problem",
	}
	unsaid := map[string]string{
		"ProblemCode": "its detail is the text", "Role": "a name that people write themselves", "Outcome": "of figures, which have columns",
		"ReviewTopic": "hosting, or a reason: asked by a question",
	}
	for _, c := range constants {
		domain := strings.HasPrefix(c.path, "casefile/")
		kind := kinds[c.kind]
		switch {
		case c.kind == "Problem" && !strings.HasPrefix(c.path, "geolocate/registry/"), !slices.Contains([]string{"Problem", "HostRole", "UplinkFault"}, c.kind) && !domain:
			continue
		case kind != "":
			codes[kind] = append(codes[kind], c.value)
		case domain && c.kind != "" && unsaid[c.kind] == "":
			t.Errorf("%s: %s has words of no kind; name it in this test", c.path, c.kind)
		}
	}
	// By the name of a constant, where it has no type of its own.
	for _, set := range []struct{ kind, path, prefix string }{
		{"policy", "notices/composer.go", "Policy"}, {"source", "geolocate/contacts.go", "source"}, {"source", "notices/compose.go", "source"},
		{"evidence", "geolocate/edge.go", "evidence"}, {"edge or platform", "geolocate/edge_table.go", "kind"},
	} {
		for _, c := range constants {
			if c.path == set.path && strings.HasPrefix(c.name, set.prefix) {
				codes[set.kind] = append(codes[set.kind], c.value)
			}
		}
	}
	// By what the product says of itself.
	for name, values := range casefile.SignalCodes {
		switch name {
		case "status", "fault", "marker": // the number, and kinds of their own
			continue
		case "without_referrer":
			values = values[:1] // the others are reasons
		}
		codes[name] = append(codes[name], values...)
	}
	for _, about := range append(casefile.Reasons(), casefile.Reason(casefile.TopicHosting)) {
		var c casefile.Case
		c.Standing, c.Review.Asked = casefile.Review, casefile.ReviewTopic(about)
		q, _ := c.Question(nil)
		for _, a := range q.Answers {
			codes["settle"] = append(codes["settle"], string(q.Kind)+"_"+string(a))
		}
	}
	for _, s := range casefile.States {
		codes["counts"] = append(codes["counts"], string(s))
	}
	list := regexp.MustCompile("(?s)strings.Fields\\(`(ok linked .*?)`\\)").FindStringSubmatch(in(text, "geolocate/registry/"))
	countries := regexp.MustCompile(`(?s)const countries = (.*?)\n\n`).FindStringSubmatch(in(text, "casefile/"))
	edges := regexp.MustCompile(`valid := \[\]string\{("cdn".*?)\}`).FindStringSubmatch(in(text, "geolocate/"))
	platforms := regexp.MustCompile(`platformWords = map\[string\]string\{(.*?)\}`).FindStringSubmatch(in(text, "geolocate/"))
	if list == nil || countries == nil || edges == nil || platforms == nil {
		t.Fatal("the statuses of domains, the codes of countries or the kinds of edges are not where they were")
	}
	for _, quoted := range regexp.MustCompile(`"\w+"`).FindAllString(edges[1], -1) {
		codes["edge"] = append(codes["edge"], strings.Trim(quoted, `"`))
	}
	for _, m := range regexp.MustCompile(`"(\w+)":`).FindAllStringSubmatch(platforms[1], -1) {
		codes["platform"] = append(codes["platform"], m[1])
	}
	codes["domain"] = append(codes["domain"], strings.Fields(list[1])...)
	codes["country"] = regexp.MustCompile(`\b[A-Z]{2}\b`).FindAllString(countries[1], -1)
	return codes
}

// The codes of texts that are no closed set of values stand in the code that says them.
var (
	saidOutright = regexp.MustCompile(`(?:(?:Say|Has)\(|say )"(\w+)",? "(\w+)"`)
	tellers      = map[string]*regexp.Regexp{ // by room: pages and letters, and what tells of them
		"web":     regexp.MustCompile(`(?:\btell |\.text\(|\.missing\("?\w*"?, )"(\w+)"`),
		"notices": regexp.MustCompile(`(?:\btell |\btext\()"(\w+)"`),
	}
	operation    = regexp.MustCompile(`(?:\bsay\(|route\(a, http\.Method\w+, [^,]+, )"(\w+)"`) // of the API
	kindOf       = map[string]string{"web": "text", "notices": "letter"}
	saidByDoctor = regexp.MustCompile(`d\.(?:say\(\w+|(failed)\()(?:, )?"(\w+)"(?:, "(\w+)")?`)
	saidOfLooks  = regexp.MustCompile(`l\.Words, "(\w+)"|answer :?= "(\w+)"`)
	saidByChoice = map[string]struct{ path, pattern string }{
		"agreement": {"explain/explain.go", `code :?= "(\w+)"`},
		"count":     {"explain/looks.go", `"(\w+)": +f\.`},
		"sure":      {"web/ui/words.go", `return "(\w+)"`},
	}
)

// in joins the files of a folder: a list is looked for where its package is, in whatever file.
func in(text map[string]string, folder string) string {
	var all strings.Builder
	for _, path := range slices.Sorted(maps.Keys(text)) {
		if strings.HasPrefix(path, folder) {
			all.WriteString(text[path])
		}
	}
	return all.String()
}

// TestEveryCodeHasWordsAndAllWordsACode holds the table against the whole product, both ways.
func TestEveryCodeHasWordsAndAllWordsACode(t *testing.T) {
	t.Parallel()
	text, constants := source(t)
	used := map[key]bool{}
	for kind, codes := range closed(t, text, constants) {
		for _, code := range codes {
			if kind == "edge or platform" {
				kind := "edge"
				if _, known := tables()[English].own[key{"platform", code}]; known {
					kind = "platform"
				}
				used[key{kind, code}] = true
				continue
			}
			used[key{kind, code}] = true
		}
	}
	for path, file := range text {
		room, _, _ := strings.Cut(path, "/")
		if tell := tellers[room]; tell != nil {
			for _, m := range tell.FindAllStringSubmatch(file, -1) {
				used[key{kindOf[room], m[1]}] = true
			}
		}
		if room == "web" {
			for _, m := range operation.FindAllStringSubmatch(file, -1) {
				used[key{"api", m[1]}] = true
			}
		}
		for _, m := range saidOutright.FindAllStringSubmatch(file, -1) {
			used[key{m[1], m[2]}] = true
		}
		for _, m := range saidByDoctor.FindAllStringSubmatch(file, -1) {
			used[key{"doctor", m[2] + "_" + cmp.Or(m[3], "error")}] = true
		}
		if strings.HasPrefix(path, "explain/") {
			for _, m := range saidOfLooks.FindAllStringSubmatch(file, -1) {
				used[key{"look", m[1] + m[2]}] = true
			}
		}
	}
	for kind, by := range saidByChoice {
		for _, m := range regexp.MustCompile(by.pattern).FindAllStringSubmatch(text[by.path], -1) {
			used[key{kind, strings.ToLower(strings.Join(m[1:], ""))}] = true
		}
	}
	if len(used) < 500 {
		t.Fatalf("only %d codes found: the test does not see them", len(used))
	}
	table := tables()[English].own
	for k := range used {
		if _, known := table[k]; !known {
			t.Errorf("%s %q has no words", k.kind, k.code)
		}
	}
	for k := range table {
		number, _ := strconv.Atoi(k.code)
		_, signal := casefile.SignalCodes[k.code]
		switch {
		case used[k], k.kind == "todo" && used[key{"doctor", k.code}], k.kind == "dissent" && casefile.State(k.code).Valid(), k.kind == "status" && number >= 100 && number <= 599, k.kind == "signal" && signal:
		default:
			t.Errorf("the words of %s %q are said of no code", k.kind, k.code)
		}
	}
}

// TestTemplatesHoldNoText: what a template of a page or a letter says comes from the table.
func TestTemplatesHoldNoText(t *testing.T) {
	t.Parallel()
	text, _ := source(t)
	markup := regexp.MustCompile(`(?s)\[\[.*?\]\]|\{\{.*?\}\}|<(?:\{\{.*?\}\}|[^<>])*>`)
	said := regexp.MustCompile(`(?:aria-label|title|placeholder|alt|data-label)="[^"{]*\pL`)
	templates := 0
	for path, file := range text {
		if !strings.Contains(path, "/templates/") {
			continue
		}
		templates++
		bare := markup.ReplaceAllString(file, "|")
		for _, known := range []string{"Vigil", "IANA", "V-", "AS", "P90", "|n|"} { // names and signs of every language
			bare = strings.ReplaceAll(bare, known, "|")
		}
		if found := regexp.MustCompile(`\pL[^|]*`).FindString(bare); found != "" {
			t.Errorf("%s says %q; give it a code, with its words in words/", path, found)
		}
		if found := said.FindString(file); found != "" {
			t.Errorf("%s says %q; give it a code, with its words in words/", path, found)
		}
	}
	if templates < 8 {
		t.Fatalf("only %d templates found: the test does not see them", templates)
	}
}
