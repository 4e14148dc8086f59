package fetch

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vigil/casefile"
	"vigil/internal/fakenet/testrun"
)

func TestFormsStandForTheirChoices(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, form string
		want       []string
	}{
		{"no choice", "page not found", []string{"page not found"}},
		{"one of two words", "{page|file} not found", []string{"page not found", "file not found"}},
		{"two choices", "{a|b} was {c|d}", []string{"a was c", "a was d", "b was c", "b was d"}},
		{"an empty choice", "was{| now} lost", []string{"was lost", "was now lost"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := expand(c.form)
			if diff := cmp.Diff(c.want, got); diff != "" || err != nil {
				t.Errorf("%v %s", err, diff)
			}
		})
	}
	for _, broken := range []string{"{a|b", "a}", "a {b {c|d} e|f}", strings.Repeat("{a|b}", 10)} {
		if got, err := expand(broken); err == nil {
			t.Errorf("%q gives %d phrases", broken, len(got))
		}
	}
}

// Every phrase of a form is found on a short page, says there what it says, and is no evidence on a long one.
func TestEveryFormIsFound(t *testing.T) {
	t.Parallel()
	count := 0
	for _, row := range rowsOf(t, formsCSV) {
		if at, err := time.Parse(time.DateOnly, row[5]); err != nil || at.Year() < 2026 || row[4] == "" || row[3] != "page" && row[3] != "heading" {
			t.Errorf("%q counts on a %q, has the source %q and the date %q", row[2], row[3], row[4], row[5])
		}
		phrases, err := expand(row[2])
		if err != nil {
			t.Fatal(err)
		}
		marker := casefile.Marker(row[0])
		for _, text := range sampled(phrases) {
			count++
			if row[3] == "heading" {
				if !slices.Contains(markersOf("<title>"+text+"</title><p>Logo"), marker) || slices.Contains(markersOf("<title>"+text+" in town</title><p>"+text), marker) {
					t.Errorf("%s: %q is not %s as a whole title alone", row[1], text, marker)
				}
				continue
			}
			if got := markersOf("<p>(Logo) " + strings.ToUpper(text) + "!</p>"); !slices.Contains(got, marker) {
				t.Errorf("%s: %q gives %v, want %s", row[1], text, got, marker)
			}
			if got := markersOf("<p>Is it true what they say? <q>" + text + "</q> I do not think so, and here is why.<img>"); len(got) != 0 {
				t.Errorf("%s: %q quoted gives %v", row[1], text, got)
			}
		}
		if got := markersOf("<p>" + phrases[0] + strings.Repeat(" word", maxPhraseWords)); slices.Contains(got, marker) {
			t.Errorf("%s: %q on a long page gives %v", row[1], phrases[0], got)
		}
	}
	t.Logf("%d phrases", count)
}

// What stands before a page must not read as its absence: a barrier on every path would be a false gone.
func TestNoFormOfABarrierSaysAbsence(t *testing.T) {
	t.Parallel()
	absence := []casefile.Marker{casefile.MarkerNotFound, casefile.MarkerTakedown, casefile.MarkerSuspended, casefile.MarkerParked, casefile.MarkerSeized}
	first := []casefile.Marker{casefile.MarkerListing, casefile.MarkerDefaultPage, casefile.MarkerFailure} // no barriers; a failure is judged before a soft 404
	for _, data := range []string{traitsCSV, formsCSV} {
		for _, row := range rowsOf(t, data) {
			m := casefile.Marker(row[0])
			if slices.Contains(absence, m) || slices.Contains(first, m) || row[3] != "page" {
				continue
			}
			phrases, err := expand(row[2])
			if err != nil {
				t.Fatal(err)
			}
			for _, text := range phrases {
				for _, m := range markersOf("<p>" + text + "</p>") {
					if slices.Contains(absence, m) {
						t.Errorf("%s: %q of %s is also %s", row[1], text, row[0], m)
					}
				}
			}
		}
	}
}

// A site that is being mended is not gone, and one that is gone does not fail: neither may read as the other.
func TestNoFormOfAFailureSaysAbsence(t *testing.T) {
	t.Parallel()
	absence := []casefile.Marker{casefile.MarkerNotFound, casefile.MarkerTakedown, casefile.MarkerSuspended, casefile.MarkerParked, casefile.MarkerSeized, casefile.MarkerDefaultPage}
	for _, row := range rowsOf(t, formsCSV) {
		m := casefile.Marker(row[0])
		if m != casefile.MarkerFailure && !slices.Contains(absence, m) {
			continue
		}
		phrases, err := expand(row[2])
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range sampled(phrases) {
			for _, got := range markersOf("<p>" + text + "</p>") {
				if m == casefile.MarkerFailure && slices.Contains(absence, got) || m != casefile.MarkerFailure && got == casefile.MarkerFailure {
					t.Errorf("%s: %q of %s is also %s", row[1], text, m, got)
				}
			}
		}
	}
}

// sampled is all phrases of a form in a long run, and every seventh in another: seven divides few numbers of choices,
// so that each choice still has its turn in most forms.
func sampled(phrases []string) []string {
	if testrun.Long() {
		return phrases
	}
	var out []string
	for i := 0; i < len(phrases); i += 7 {
		out = append(out, phrases[i])
	}
	return out
}

// A form gives the same phrases whether its parts are read as words or its phrases as text.
func TestPartsOfAFormAreItsPhrases(t *testing.T) {
	t.Parallel()
	for _, row := range testrun.Sample(rowsOf(t, formsCSV), 60) {
		form := row[colPhrase]
		phrases, err := expand(form)
		if err != nil {
			t.Fatal(err)
		}
		fast, slow := &matcher{last: map[uint64][]phrase{}}, &matcher{last: map[uint64][]phrase{}}
		p := phrase{marker: casefile.MarkerNotFound}
		if err := fast.addForm(p, form); err != nil {
			t.Fatal(err)
		}
		for _, text := range phrases {
			if err := slow.add(p, text); err != nil {
				t.Fatal(err)
			}
		}
		if diff := cmp.Diff(slow.last, fast.last, cmp.AllowUnexported(phrase{})); diff != "" {
			t.Errorf("%q: %s", form, diff)
		}
	}
}

func BenchmarkMatcher(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := newMatcher(traitsCSV, formsCSV, signsCSV); err != nil {
			b.Fatal(err)
		}
	}
}
