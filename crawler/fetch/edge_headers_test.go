package fetch

import (
	"encoding/csv"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestEdgeNamesAgree holds the names that headers are given here against the tables of geolocate that say what they mean:
// the two rooms may not import each other.
func TestEdgeNamesAgree(t *testing.T) {
	t.Parallel()
	var here, there []string
	for _, h := range edgeHeaders() {
		here = append(here, h.says)
	}
	for _, table := range []string{"edges.csv", "platforms.csv"} {
		f, err := os.Open("../../geolocate/" + table)
		if err != nil {
			t.Fatal(err)
		}
		r := csv.NewReader(f)
		r.Comment, r.FieldsPerRecord = '#', -1
		rows, err := r.ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		_ = f.Close()
		for _, row := range rows {
			if row[1] == "header" {
				name, _, _ := strings.Cut(row[2], " ")
				there = append(there, name)
			}
		}
	}
	slices.Sort(here)
	slices.Sort(there)
	if diff := cmp.Diff(slices.Compact(here), there); diff != "" || len(there) < 40 {
		t.Errorf("the table of headers and those of geolocate differ (-headers +geolocate):\n%s", diff)
	}
}
