package casefile_test

import (
	"flag"
	"os"
	"strings"
	"testing"

	"vigil/casefile"
)

var update = flag.Bool("update", false, "write the golden files and the table in docs/verdict-reference.md anew")

var causes = []casefile.Cause{casefile.CauseGone, casefile.CauseConfirmed, casefile.CauseSeen, casefile.CauseUnseen, casefile.CauseUndecided, casefile.CauseSettled,
	casefile.CauseAged, casefile.CauseReported, casefile.CauseWithdrawn, casefile.CauseRecorded, casefile.CauseOverturned}

// transitions draws the transition table: a row for each standing, a column for each cause.
func transitions() string {
	var b strings.Builder
	b.WriteString("| from |")
	for _, c := range causes {
		b.WriteString(" " + string(c) + " |")
	}
	b.WriteString("\n|---|" + strings.Repeat("---|", len(causes)) + "\n")
	for _, s := range casefile.Standings {
		b.WriteString("| **" + string(s) + "** |")
		for _, c := range causes {
			switch to, ok := s.Move(c); {
			case !ok:
				b.WriteString(" |")
			case to == s:
				b.WriteString(" stays |")
			default:
				b.WriteString(" " + string(to) + " |")
			}
		}
		b.WriteString("\n")
	}
	return b.String()
}

const golden = "testdata/transitions.md"

// TestTransitions keeps the table in the code, the golden file and the reference the same.
func TestTransitions(t *testing.T) {
	t.Parallel()
	const page, from, until = "../docs/verdict-reference.md", "<!-- transitions -->\n", "<!-- end of transitions -->"
	table := transitions()
	doc, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, begins := strings.Cut(string(doc), from)
	shown, after, ends := strings.Cut(rest, until)
	if !begins || !ends {
		t.Fatalf("%s has no place for the table", page)
	}
	if *update {
		if err := os.WriteFile(golden, []byte(table), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(page, []byte(before+from+table+until+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if table != string(want) {
		t.Errorf("the table changed; go test ./casefile -update writes it anew:\n%s", table)
	}
	if shown != table {
		t.Errorf("%s shows another table; go test ./casefile -update writes it anew", page)
	}
}

func TestTransitionRules(t *testing.T) {
	t.Parallel()
	for _, s := range casefile.Standings {
		if !s.Valid() {
			t.Errorf("%s is not valid", s)
		}
		for _, c := range causes {
			to, ok := s.Move(c)
			if ok && !to.Valid() || !ok && to != "" {
				t.Errorf("%s, %s: %q %v", s, c, to, ok)
			}
			if to == casefile.Removed && s != casefile.Removed && c != casefile.CauseConfirmed && c != casefile.CauseRecorded {
				t.Errorf("%s leads from %s to removed: only a confirmed streak and a person may", c, s)
			}
			if s == casefile.Removed && ok && to != s {
				switch c {
				case casefile.CauseSeen, casefile.CauseAged, casefile.CauseWithdrawn, casefile.CauseOverturned:
				default:
					t.Errorf("%s ends a removal", c)
				}
			}
			if !s.Visited() && ok && c != casefile.CauseReported && c != casefile.CauseOverturned {
				t.Errorf("%s moves a case that is %s and not looked at", c, s)
			}
		}
		if to, ok := s.Move(casefile.CauseReported); !ok || !to.Visited() {
			t.Errorf("a new report leaves a %s case %q", s, to)
		}
		if _, ok := s.Move("lunch"); ok {
			t.Errorf("%s moves by no known cause", s)
		}
	}
	if _, ok := casefile.Standing("").Move(casefile.CauseSeen); ok {
		t.Error("no standing moves")
	}
	if casefile.Standing("").Visited() {
		t.Error("no standing is visited")
	}
}
