package archtest

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// root of the module, seen from this package.
const root = "../.."

// documents are the texts for people, by their path in the module.
func documents(t *testing.T) map[string]string {
	t.Helper()
	paths := []string{"README.md", "CHANGELOG.md"}
	more, err := fs.Glob(os.DirFS(root), "docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	decisions, err := fs.Glob(os.DirFS(root), "docs/adr/*.md")
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string]string{}
	for _, path := range slices.Concat(paths, more, decisions) {
		text, err := os.ReadFile(filepath.Join(root, path))
		if err != nil {
			t.Fatal(err)
		}
		texts[path] = string(text)
	}
	if len(texts) < 20 {
		t.Fatalf("%d documents: the folder moved", len(texts))
	}
	return texts
}

// goText is all Go files of the module but tests, as one text.
func goText(t *testing.T) string {
	t.Helper()
	var all strings.Builder
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && strings.HasPrefix(d.Name(), ".") && path != root:
			return filepath.SkipDir
		case d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		text, err := os.ReadFile(path)
		all.Write(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all.String()
}

var (
	link     = regexp.MustCompile(`\]\(([^)]+)\)`)
	document = regexp.MustCompile(`\bdocs/[a-z0-9/-]+\.md\b`)
	decision = regexp.MustCompile(`\bADR-(\d{4})\b`)
	place    = regexp.MustCompile("`((?:casefile|cmd|crawler|explain|geolocate|internal|judge|lifecycle|notices|observe|scheduler|scripts|stats|store|web|words)/[a-z0-9_/.-]+)`")
	metric   = regexp.MustCompile(`\bvigil_[a-z_]+\b`)
	amended  = regexp.MustCompile(`(?m)^Status: .*Amended by (.*)$`)
)

func exists(path string) bool {
	_, err := os.Stat(filepath.Join(root, path))
	return err == nil
}

func TestDocumentsNameWhatExists(t *testing.T) {
	t.Parallel()
	code := goText(t)
	for path, text := range documents(t) {
		for _, m := range link.FindAllStringSubmatch(text, -1) {
			to, _, _ := strings.Cut(m[1], "#")
			if to != "" && !strings.Contains(to, "://") && !exists(filepath.Join(filepath.Dir(path), to)) {
				t.Errorf("%s links to %s, which is not there", path, m[1])
			}
		}
		for _, to := range document.FindAllString(text, -1) {
			if !exists(to) {
				t.Errorf("%s names %s, which is not there", path, to)
			}
		}
		for _, m := range decision.FindAllStringSubmatch(text, -1) {
			if found, _ := filepath.Glob(filepath.Join(root, "docs/adr", m[1]+"-*.md")); len(found) != 1 {
				t.Errorf("%s names ADR-%s, of which there are %d", path, m[1], len(found))
			}
		}
		for _, m := range place.FindAllStringSubmatch(text, -1) {
			if filepath.Dir(path) != "docs/adr" && path != "CHANGELOG.md" && !exists(m[1]) { // those tell what was
				t.Errorf("%s names %s, which is not there", path, m[1])
			}
		}
		for _, name := range metric.FindAllString(text, -1) {
			if !strings.Contains(code, `"`+name+`"`) {
				t.Errorf("%s names the metric %s, which nothing counts", path, name)
			}
		}
	}
}

// TestEveryDecisionIsListed holds the index of decisions against their files: title, and what changes them.
func TestEveryDecisionIsListed(t *testing.T) {
	t.Parallel()
	texts := documents(t)
	index := texts["docs/adr/README.md"]
	for path, text := range texts {
		name := filepath.Base(path)
		if filepath.Dir(path) != "docs/adr" || name == "README.md" {
			continue
		}
		title, _, _ := strings.Cut(text, "\n")
		_, title, _ = strings.Cut(title, ": ")
		var by []string
		if m := amended.FindStringSubmatch(text); m != nil {
			for _, d := range decision.FindAllStringSubmatch(m[1], -1) {
				by = append(by, d[1])
			}
		}
		if row := "| [" + name[:4] + "](" + name + ") | " + title + " | " + strings.Join(by, ", ") + " |\n"; !strings.Contains(index, row) {
			t.Errorf("docs/adr/README.md has no row %s", row)
		}
	}
}
