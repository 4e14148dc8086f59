package casefile_test

import (
	"strings"
	"testing"
	"time"

	"vigil/casefile"
)

func TestNewReport(t *testing.T) {
	t.Parallel()
	parse := func(raw string) (casefile.Target, *casefile.Problem) {
		got, err := casefile.NewTarget(raw)
		if err != nil {
			return got, casefile.Problemf(casefile.ProblemSyntax, "", "no URL")
		}
		return got, nil
	}
	const url = "https://site-1.example/a"
	tests := []struct {
		name  string
		in    casefile.ReportInput
		field string // at fault; empty when the report is good
	}{
		{"only a URL", casefile.ReportInput{URL: url}, ""},
		{"all fields", casefile.ReportInput{URL: url, Referrer: "https://site-2.example/", Source: "public", Reference: "1", Classification: "A1", Received: "2026-03-01T13:00:00+02:00", Held: true}, ""},
		{"no URL", casefile.ReportInput{}, "url"},
		{"bad URL", casefile.ReportInput{URL: "secret"}, "url"},
		{"bad referrer", casefile.ReportInput{URL: url, Referrer: "secret"}, "referrer"},
		{"long source", casefile.ReportInput{URL: url, Source: strings.Repeat("a", casefile.MaxSource+1)}, "source"},
		{"two lines", casefile.ReportInput{URL: url, Source: "a\nb"}, "source"},
		{"not UTF-8", casefile.ReportInput{URL: url, Reference: "\xff"}, "reference"},
		{"unknown class", casefile.ReportInput{URL: url, Classification: "C9"}, "classification"},
		{"no time", casefile.ReportInput{URL: url, Received: "yesterday"}, "received"},
		{"tomorrow", casefile.ReportInput{URL: url, Received: "2026-03-02T12:00:00Z"}, "received"},
		{"a clock that is a little ahead", casefile.ReportInput{URL: url, Received: "2026-03-01T12:05:00Z"}, ""},
		{"before the web", casefile.ReportInput{URL: url, Received: "1970-01-01T00:00:00Z"}, "received"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r, problem := casefile.NewReport(tt.in, parse, noon)
			if tt.field == "" {
				if problem != nil || r.Target.URL() != url || !r.Classification.Valid() || r.Received.IsZero() || r.Received.Location() != time.UTC {
					t.Errorf("%+v %v", r, problem)
				}
				return
			}
			if problem == nil || problem.Field != tt.field || strings.Contains(problem.Error(), "secret") || !r.Target.IsZero() {
				t.Errorf("%+v %v, want a problem of %s", r, problem, tt.field)
			}
		})
	}
	r, _ := casefile.NewReport(tests[1].in, parse, noon)
	if !r.Held || !r.Received.Equal(noon.Add(-time.Hour)) || r.Classification != casefile.ClassA1 || r.Referrer.Host() != "site-2.example" {
		t.Errorf("%+v", r)
	}
	if r, _ := casefile.NewReport(tests[0].in, parse, noon); r.Held || !r.Received.Equal(noon) || r.Classification != casefile.ClassUnclassified {
		t.Errorf("defaults: %+v", r)
	}
}
