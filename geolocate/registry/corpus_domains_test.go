package registry

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// corpusDomain is the expected reading of one answer in testdata/domains. The name asked
// about is an example name; tld is the registry in whose form the answer is.
type corpusDomain struct {
	Name    string  `json:"name"`
	TLD     string  `json:"tld"`
	Problem Problem `json:"problem"`
	Domain
}

// Shares of right fields that the readers must reach, and how much there must be to read.
const (
	wantRightShare  = 0.98
	wantAnswers     = 40
	wantFormats     = 15
	fieldsOfADomain = 9 // those scored below
)

// TestDomainCorpus scores the readers on answers in the forms of many registries: the
// share of right fields of each form, empty ones among them, must be at least 98%.
func TestDomainCorpus(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/domains/*.want.json")
	if err != nil {
		t.Fatal(err)
	}
	right, total := map[string]int{}, map[string]int{}
	for _, file := range files {
		base := strings.TrimSuffix(file, ".want.json")
		want := readWant(t, file)
		got, problem := readAnswer(t, base, want)
		format, _, _ := strings.Cut(strings.TrimPrefix(filepath.Base(base), "rdap_"), "_")
		if strings.HasPrefix(filepath.Base(base), "rdap_") {
			format = "rdap " + format
		}
		for field, pair := range map[string][2]any{
			"problem": {want.Problem, problem}, "registrar": {want.Registrar, got.Registrar}, "iana_id": {want.IANAID, got.IANAID}, "abuse_email": {want.AbuseEmail, got.AbuseEmail},
			"status": {strings.Join(want.Status, " "), strings.Join(got.Status, " ")}, "created": {want.Created, got.Created}, "updated": {want.Updated, got.Updated},
			"expires": {want.Expires, got.Expires}, "nameservers": {strings.Join(want.Nameservers, " "), strings.Join(got.Nameservers, " ")},
		} {
			total[format]++
			if diff := cmp.Diff(pair[0], pair[1]); diff == "" {
				right[format]++
			} else {
				t.Logf("%s: %s:\n%s", filepath.Base(base), field, diff)
			}
		}
		for _, s := range got.Status {
			if strings.HasSuffix(s, "Hold") && !strings.Contains(strings.Join(want.Status, " "), s) {
				t.Errorf("%s: %s was read where the registry holds nothing: a false hold is a false \"gone\"", filepath.Base(base), s)
			}
		}
	}
	if len(files) < wantAnswers || len(total) < wantFormats {
		t.Errorf("%d answers in %d forms, want at least %d in %d", len(files), len(total), wantAnswers, wantFormats)
	}
	for format, n := range total {
		if n%fieldsOfADomain != 0 {
			t.Errorf("%s: %d fields", format, n)
		}
		if share := float64(right[format]) / float64(n); share < wantRightShare {
			t.Errorf("%s: %d of %d fields right, %.1f%%", format, right[format], n, 100*share)
		}
	}
}

func readWant(t *testing.T, file string) corpusDomain {
	t.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var want corpusDomain
	if err := json.Unmarshal(raw, &want); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return want
}

// readAnswer reads the answer beside the expected reading: RDAP in .json, WHOIS in .txt.
func readAnswer(t *testing.T, base string, want corpusDomain) (Domain, Problem) {
	t.Helper()
	if raw, err := os.ReadFile(base + ".json"); err == nil {
		return domainOf(object(t, string(raw)), want.Name)
	}
	raw, err := os.ReadFile(base + ".txt")
	if err != nil {
		t.Fatal(err)
	}
	name := want.Name
	if want.TLD != "" {
		name = "site." + want.TLD
	}
	return parseDomainBy(decodeFrom("", string(raw)), want.Name, tldOf(name))
}
