package operatorcsv

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var testForm = Schema{What: "list of birds", Key: "birds.file", Columns: []string{"bird", "colour", "song"}, Required: []string{"bird"}, OneOf: []string{"colour", "song"}}

// read reads a file and returns its rows as "line:bird/colour".
func read(text string) (rows []string, err error) {
	err = Read(strings.NewReader(text), "birds.csv", testForm, func(r Row) {
		if r.Get("colour") == "pink" {
			r.Fault("no bird is pink")
		}
		if r.Sound() {
			rows = append(rows, r.Get("bird")+"/"+r.Get("colour"))
		}
	})
	return rows, err
}

func TestRead(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, text string
		rows       []string
		faults     []Fault
	}{
		{"columns in any order and case, white space and a byte order mark", "\ufeff Colour ,BIRD\r\n black , raven\r\n", []string{"raven/black"}, nil},
		{"a column that is not there is empty", "bird,song\nwren,loud\n", []string{"wren/"}, nil},
		{"a header alone", "bird,song\n", nil, nil},
		{"every row is read though one is at fault", "bird,colour\nwren,pink\nraven,black\n\"gull,white\n", []string{"raven/black"},
			[]Fault{{2, "no bird is pink"}, {4, "it is not CSV: extraneous or missing \" in quoted-field; look for a quote that is not closed"}}},
		{"a field too many", "bird,colour\nwren,brown,loud\n", nil, []Fault{{2, "it has 3 fields, the header has 2; add or remove commas"}}},
		{"the header", "birds,bird,bird\n", nil, []Fault{
			{1, `column "birds" is unknown; known are bird, colour, song`}, {1, `column "bird" is there twice; remove one`}, {1, "there is no column colour and no column song; add one"},
		}},
		{"nothing", "", nil, []Fault{{1, "there is no header line; it may name bird, colour, song"}}},
		{"not UTF-8", "bird,colour\nM\xf6we,white\nwren,brown\n", nil, []Fault{{2, "it is not UTF-8 text; save the file as CSV UTF-8"}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			rows, err := read(test.text)
			if diff := cmp.Diff(test.rows, rows); diff != "" {
				t.Errorf("rows, -want +got:\n%s", diff)
			}
			var got *Error
			if errors.As(err, &got) != (test.faults != nil) || err != nil && got == nil {
				t.Fatalf("error %v", err)
			}
			if got != nil {
				if diff := cmp.Diff(test.faults, got.Faults); diff != "" {
					t.Errorf("faults, -want +got:\n%s", diff)
				}
			}
		})
	}
}

func TestBounds(t *testing.T) {
	t.Parallel()
	if rows, err := read("bird,song\n" + strings.Repeat("wren,loud\n", MaxRows)); err != nil || len(rows) != MaxRows {
		t.Errorf("%d rows, %v", len(rows), err)
	}
	if _, err := read("bird,song\n" + strings.Repeat("wren,loud\n", MaxRows+1)); err == nil || !strings.Contains(err.Error(), "line 20002: there are more than 20000 rows") {
		t.Errorf("a row too many: %v", err)
	}
	if _, err := read("bird,song\n" + strings.Repeat("#", MaxBytes)); err == nil || !strings.Contains(err.Error(), "list of birds birds.csv: it is larger than 1 MiB") {
		t.Errorf("a byte too many: %v", err)
	}
	_, err := read("bird,colour\n" + strings.Repeat("wren,pink\n", maxFaults+7))
	if err == nil || !strings.Contains(err.Error(), "birds.csv: 107 faults") || !strings.HasSuffix(err.Error(), "and 7 more") {
		t.Errorf("many faults: %.200v", err)
	}
}

func TestLoad(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	path := filepath.Join(folder, "birds.csv")
	if err := os.WriteFile(path, []byte("bird,song\nwren,loud\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	n := 0
	if err := Load(path, testForm, func(Row) { n++ }); err != nil || n != 1 {
		t.Errorf("%d rows, %v", n, err)
	}
	for path, want := range map[string]string{folder: "it is a folder", filepath.Join(folder, "none.csv"): "there is no such file; set birds.file to a CSV file"} {
		if err := Load(path, testForm, func(Row) { t.Error("a row") }); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}
