package storetest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vigil/casefile"
	"vigil/internal/fakenet/testrun"
	"vigil/store"
)

// named reports a page of a host and reads its case.
func named(t *testing.T, s *store.Store, host string, now time.Time) casefile.Case {
	t.Helper()
	x, err := casefile.NewTarget("https://" + host + "/page")
	must(t, err)
	return add(t, s, x, now)
}

// namesakeEvents are the events of a case that tell of cases of the same label: "cases/endings" each.
func namesakeEvents(t *testing.T, s *store.Store, id casefile.CaseID) []string {
	t.Helper()
	events, err := s.Events(t.Context(), id, 0, casefile.MaxPage)
	must(t, err)
	var told []string
	for _, e := range events {
		if e.Kind == casefile.EventSameLabel {
			told = append(told, e.Data["cases"]+"/"+e.Data["endings"])
		}
	}
	return told
}

func namesakes(t *testing.T, d Database) {
	s := d.Open(t)
	at := func(n int) time.Time { return epoch.Add(time.Duration(n) * time.Hour) }
	first := named(t, s, "www.night-site.test", at(0))
	page := add(t, s, mustTarget(t, "https://night-site.test/other"), at(1)) // the same domain is no hop
	other := named(t, s, "day-site.test", at(2))
	hop := named(t, s, "night-site.example", at(3))
	deep := named(t, s, "a.b.night-site.co.uk", at(4))
	again := named(t, s, "m.night-site.example", at(5))

	show := func(c casefile.Case) casefile.SameLabelCase {
		return casefile.SameLabelCase{CaseID: c.ID, Standing: c.Standing, Opened: c.Opened}
	}
	for name, want := range map[string]struct {
		of   casefile.Case
		list []casefile.SameLabelCase
	}{
		"the first":             {first, []casefile.SameLabelCase{show(again), show(deep)}},
		"a page of the first":   {page, []casefile.SameLabelCase{show(again), show(deep)}},
		"the hop":               {hop, []casefile.SameLabelCase{show(deep), show(page)}},
		"a country's ending":    {deep, []casefile.SameLabelCase{show(again), show(page)}},
		"another name has none": {other, nil},
	} {
		got, err := s.SameLabelCases(t.Context(), want.of.ID)
		must(t, err)
		if diff := cmp.Diff(casefile.SameLabelDomains{Cases: want.list, Endings: len(want.list)}, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	// A new case tells of all; the newest earlier one is told of each new domain once.
	for name, test := range map[string]struct {
		of   casefile.Case
		want []string
	}{
		"the first is not the newest": {first, nil},
		"its newest page":             {page, []string{"4/1"}},
		"the hop":                     {hop, []string{"2/1", "5/2"}},
		"the third ending":            {deep, []string{"4, 2/2"}},
		"the hop's second page":       {again, []string{"5, 2/2"}},
		"another name":                {other, nil},
	} {
		if diff := cmp.Diff(test.want, namesakeEvents(t, s, test.of.ID)); diff != "" {
			t.Errorf("events of %s (-want +got):\n%s", name, diff)
		}
	}
	must(t, s.VerifyHistory(t.Context(), nil))
	_, err := s.SameLabelCases(t.Context(), 999)
	wantProblem(t, err, casefile.ProblemNotFound)
}

func mustTarget(t *testing.T, url string) casefile.Target {
	t.Helper()
	x, err := casefile.NewTarget(url)
	must(t, err)
	return x
}

// namesakesClosed looks for the earlier case that still is looked at.
func namesakesClosed(t *testing.T, d Database) {
	s := d.Open(t)
	open := named(t, s, "night-site.test", epoch)
	taken := named(t, s, "night-site.example", epoch)
	if _, err := s.Act(t.Context(), taken.ID, casefile.Action{Kind: casefile.ActWithdraw, Actor: "ann", Reason: "a mistake", At: epoch}); err != nil {
		t.Fatal(err)
	}
	late := named(t, s, "night-site.invalid", epoch)
	if diff := cmp.Diff([]string{"2/1", "3/2"}, namesakeEvents(t, s, open.ID)); diff != "" {
		t.Errorf("the open case (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"1/1"}, namesakeEvents(t, s, taken.ID)); diff != "" {
		t.Errorf("the withdrawn case (-want +got):\n%s", diff)
	}
	got, err := s.SameLabelCases(t.Context(), late.ID)
	must(t, err)
	if len(got.Cases) != 2 || got.Cases[0].CaseID != taken.ID || got.Cases[0].Standing != casefile.Withdrawn {
		t.Errorf("withdrawn ones are shown too: %+v", got)
	}
}

// namesakesBounded hops more often than is shown and than is counted.
func namesakesBounded(t *testing.T, d Database) {
	if strings.HasPrefix(d.URL, "sqlite:") { // PostgreSQL does it in two seconds
		testrun.NeedsLong(t, "a name under 500 endings: SQLite in Go under the race detector takes a quarter of a minute")
	}
	s := d.Open(t)
	const hops = casefile.MaxEndings + 3
	reports := make([]casefile.Report, hops)
	for i := range reports {
		reports[i] = casefile.Report{Target: mustTarget(t, fmt.Sprintf("https://night-site.t%d/", i)), Source: "public"}
	}
	added, err := s.AddReports(t.Context(), reports, epoch)
	must(t, err)
	last := added[hops-1].CaseID
	got, err := s.SameLabelCases(t.Context(), last)
	must(t, err)
	if len(got.Cases) != casefile.MaxSameLabelCases || got.Endings != casefile.MaxEndings {
		t.Errorf("%d cases of %d endings", len(got.Cases), got.Endings)
	}
	for i := 1; i < len(got.Cases); i++ {
		if got.Cases[i].CaseID >= got.Cases[i-1].CaseID {
			t.Errorf("not the newest first: %+v", got.Cases)
		}
	}
	if told := namesakeEvents(t, s, last); len(told) != 1 {
		t.Errorf("events of the last: %v", told)
	}
	if n := count(t, s, "SELECT MAX(n) FROM (SELECT COUNT(*) AS n FROM events WHERE kind = 'namesake' GROUP BY case_id) AS per"); n > 2 {
		t.Errorf("a history has %d lines about namesakes; each hop adds one to one earlier case", n)
	}
}
