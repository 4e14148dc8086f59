package casefile_test

import (
	"encoding/json"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vigil/casefile"
	"vigil/internal/fakenet/filled"
)

var sameValues = cmp.Options{
	cmp.Comparer(func(a, b casefile.Target) bool { return a == b }),
	cmp.Comparer(func(a, b netip.Addr) bool { return a == b }), cmp.Comparer(func(a, b netip.Prefix) bool { return a == b }),
}

// survives sends a value with every field set through its JSON. but are the fields that have
// none, on purpose.
func survives[T any](t *testing.T, but ...string) {
	t.Helper()
	want := filled.Of[T]()
	data, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	var got T
	if err := json.Unmarshal(data, &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(but, filled.Zeros(got)); diff != "" {
		t.Errorf("%T: fields that are lost (-meant +found):\n%s", want, diff)
	}
	again, err := json.Marshal(got)
	if err != nil || string(again) != string(data) {
		t.Errorf("%T: was %s, and is %s (%v)", want, data, again, err)
	}
	if strings.Contains(string(data), "site-") {
		t.Errorf("%T: its JSON tells a URL: %s", want, data)
	}
}

// A field that is added to a value and forgotten in its JSON fails here.
func TestFormsForgetNothing(t *testing.T) {
	t.Parallel()
	survives[casefile.Vantage](t)
	survives[casefile.Resolution](t)
	survives[casefile.TLS](t)
	survives[casefile.Fault](t)
	survives[casefile.Features](t)
	survives[casefile.Signal](t)
	survives[casefile.Dissent](t)
	survives[casefile.Claim](t)
	survives[casefile.Edge](t)
	survives[casefile.Platform](t)
	survives[casefile.Registrar](t)
	survives[casefile.Contact](t)
	survives[casefile.Hosting](t)
	survives[casefile.Backend](t)
	survives[casefile.Episode](t)
	survives[casefile.Due](t)
	survives[casefile.ReviewDecision](t)
	survives[casefile.ReportInput](t)
	survives[casefile.SameLabelCase](t)
	survives[casefile.Hop](t, "Hop.Target")
	survives[casefile.Notice](t, "Notice.Key")
	survives[casefile.Event](t, "Event.ID", "Event.CaseID", "Event.Previous")
	survives[casefile.Report](t, "Report.CaseID", "Report.Target", "Report.Referrer")
}

// Revealed, an observation tells the URLs of its hops, and comes back whole but for its number.
func TestARevealedObservationIsWhole(t *testing.T) {
	t.Parallel()
	want := filled.Of[casefile.Observation]()
	data, err := json.Marshal(want.Reveal())
	if err != nil {
		t.Fatal(err)
	}
	var revealed casefile.RevealedObservation
	if err := json.Unmarshal(data, &revealed); err != nil {
		t.Fatal(err)
	}
	got, err := revealed.Read()
	want.ID = 0
	if diff := cmp.Diff(want, got, sameValues); diff != "" || err != nil {
		t.Errorf("(-was +is) %v\n%s", err, diff)
	}
	revealed.Hops[1].URL = "ftp://secret.example/"
	if _, err := revealed.Read(); err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("a URL that is none: %v", err)
	}
	if plain, err := json.Marshal(want); err != nil || strings.Contains(string(plain), "site-") {
		t.Errorf("an observation's own JSON tells a URL: %s, %v", plain, err)
	}
}

// A report has all that was given for it.
func TestAReportTakesAllThatWasGiven(t *testing.T) {
	t.Parallel()
	in := filled.Of[casefile.ReportInput]()
	in.URL, in.Referrer, in.Classification, in.Received = "https://site-1.example/", "https://site-2.example/", "A1", "2026-03-01T12:00:00Z"
	parse := func(raw string) (casefile.Target, *casefile.Problem) {
		at, err := casefile.NewTarget(raw)
		if err != nil {
			return at, casefile.Problemf(casefile.ProblemSyntax, "", "no URL")
		}
		return at, nil
	}
	r, problem := casefile.NewReport(in, parse, filled.Of[casefile.Due]().At.AddDate(1, 0, 0))
	if diff := cmp.Diff([]string{"Report.ID", "Report.CaseID"}, filled.Zeros(r)); diff != "" || problem != nil {
		t.Errorf("%v; fields that are not set (-meant +found):\n%s", problem, diff)
	}
}
