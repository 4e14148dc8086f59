package crawler_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"vigil/crawler"
	"vigil/crawler/resolve"
)

// details are all that a look of a real resolver can say.
func details() []string {
	all := append(crawler.Details(), resolve.Details()...)
	slices.Sort(all)
	return slices.Compact(all)
}

// What people read must list every detail, and no other.
func TestTheDocumentListsEveryDetail(t *testing.T) {
	t.Parallel()
	const from, until = "<!-- faults -->\n", "<!-- end of faults -->"
	text, err := os.ReadFile("../docs/verdict-reference.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, found := strings.Cut(string(text), from)
	table, _, ended := strings.Cut(table, until)
	if !found || !ended {
		t.Fatalf("the table between %q and %q is missing", from, until)
	}
	var listed []string
	for _, quoted := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(table, -1) {
		listed = append(listed, quoted[1])
	}
	for _, d := range details() {
		if !slices.Contains(listed, d) {
			t.Errorf("%q is not in the table", d)
		}
	}
	for _, d := range listed {
		if !slices.Contains(details(), d) {
			t.Errorf("no look ever says %q", d)
		}
	}
	plain := regexp.MustCompile(`^[A-Za-z0-9 /.:,()-]+$`)
	for _, d := range details() {
		if !plain.MatchString(d) || len(d) > 60 {
			t.Errorf("%q is no short phrase", d)
		}
	}
}
