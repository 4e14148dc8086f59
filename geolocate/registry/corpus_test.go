package registry

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/openrdap/rdap"
)

// leastRight is the share of fields that must be read right over a whole corpus. Three of
// 1,206 are read otherwise: the names of contacts that an answer names twice or not at all.
const leastRight = 0.997

// tally counts the fields of a corpus that were read right, by format.
type tally map[string]*struct{ answers, right, fields int }

func (c tally) add(format string, right, fields int) {
	if c[format] == nil {
		c[format] = &struct{ answers, right, fields int }{}
	}
	c[format].answers++
	c[format].right += right
	c[format].fields += fields
}

// report logs the share of right fields by format, and fails below leastRight or when
// the corpus is smaller than it should be.
func (c tally) report(t *testing.T, leastAnswers, leastFormats int) {
	t.Helper()
	var formats []string
	for format := range c {
		formats = append(formats, format)
	}
	slices.Sort(formats)
	answers, right, fields := 0, 0, 0
	for _, format := range formats {
		n := c[format]
		t.Logf("%-18s %2d answers %4d of %4d fields %6.2f %%", format, n.answers, n.right, n.fields, 100*float64(n.right)/float64(n.fields))
		answers, right, fields = answers+n.answers, right+n.right, fields+n.fields
	}
	if answers < leastAnswers || len(formats) < leastFormats {
		t.Fatalf("%d answers in %d formats: a part of the corpus is missing", answers, len(formats))
	}
	share := float64(right) / float64(fields)
	t.Logf("%-18s %2d answers %4d of %4d fields %6.2f %%", "all", answers, right, fields, 100*share)
	if share < leastRight {
		t.Errorf("%.2f %% of the fields are right, want at least %.1f %%", 100*share, 100*leastRight)
	}
}

// eachAnswer calls visit for every answer below a folder: testdata/FOLDER/FORMAT/NAME.txt
// or .json, with what is expected of it in NAME.want.json.
func eachAnswer(t *testing.T, folder string, visit func(format, name string, answer, want []byte)) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", folder, "*", "*.want.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		want, err := os.ReadFile(file) //nolint:gosec // the path is of our own testdata
		if err != nil {
			t.Fatal(err)
		}
		base := strings.TrimSuffix(file, ".want.json")
		answer, err := os.ReadFile(base + ".txt") //nolint:gosec // the path is of our own testdata
		if os.IsNotExist(err) {
			answer, err = os.ReadFile(base + ".json") //nolint:gosec // the path is of our own testdata
		}
		if err != nil {
			t.Fatal(err)
		}
		visit(filepath.Base(filepath.Dir(file)), filepath.Base(base), answer, want)
	}
}

// expectation is what an answer about a network must be read as. Fields that are not
// there must be empty.
type expectation struct {
	Address netip.Addr `json:"address"`
	Server  string     `json:"server"`  // the WHOIS server that was asked, without the port
	Problem Problem    `json:"problem"` // instead of a network
	Network
}

// read reads an answer as the Registry would.
func (e expectation) read(answer []byte) (Network, Problem) {
	if e.Server != "" {
		text := decodeFrom(e.Server, string(answer))
		if complains(text) {
			return Network{}, ProblemRateLimited
		}
		return parseNetwork(text, e.Address)
	}
	o, err := rdap.NewDecoder(answer).Decode()
	if err != nil {
		return Network{}, ProblemBroken
	}
	if refusal, ok := o.(*rdap.Error); ok && refusal.ErrorCode != nil && *refusal.ErrorCode == 404 {
		return Network{}, ProblemNotFound
	}
	return networkOf(o, e.Address)
}

// differences are the fields that were not read as expected, in words, and the number of fields.
func differences(want, got Network, wantProblem, gotProblem Problem) (wrong []string, fields int) {
	for _, f := range []struct {
		name      string
		want, got any
	}{
		{"problem", wantProblem, gotProblem}, {"first", want.First, got.First}, {"last", want.Last, got.Last}, {"handle", want.Handle, got.Handle}, {"name", want.Name, got.Name},
		{"organisation", want.Organisation, got.Organisation}, {"country", want.Country, got.Country}, {"rir", want.RIR, got.RIR}, {"asn", want.ASN, got.ASN},
		{"parents", want.Parents, got.Parents}, {"contacts", want.Contacts, got.Contacts},
	} {
		if wantProblem != "" && f.name != "problem" {
			continue
		}
		fields++
		if diff := cmp.Diff(f.want, f.got, cmpopts.EquateEmpty(), cmpopts.EquateComparable(netip.Addr{})); diff != "" {
			wrong = append(wrong, fmt.Sprintf("%s: %s", f.name, diff))
		}
	}
	return wrong, fields
}

// TestNetworkCorpus reads answers about networks in the forms of all registries. They are
// made up: shapes as the registries print them, with organisations and addresses that do
// not exist.
func TestNetworkCorpus(t *testing.T) {
	t.Parallel()
	counts := tally{}
	eachAnswer(t, "networks", func(format, name string, answer, want []byte) {
		var e expectation
		if err := json.Unmarshal(want, &e); err != nil {
			t.Fatalf("%s/%s: %v", format, name, err)
		}
		got, problem := e.read(answer)
		wrong, fields := differences(e.Network, got, e.Problem, problem)
		counts.add(format, fields-len(wrong), fields)
		for _, w := range wrong {
			t.Logf("%s/%s: %s", format, name, w)
		}
	})
	counts.report(t, 136, 23)
}
