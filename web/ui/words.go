package ui

import (
	"html/template"
	"strings"
	"time"

	"vigil/casefile"
	"vigil/explain"
	"vigil/words"
)

// moment is a point in time as pages show it.
type moment struct{ ISO, Full, Words string }

func momentOf(t time.Time, said string) moment {
	return moment{ISO: t.UTC().Format(time.RFC3339), Full: words.Clock(t), Words: said}
}

// sure is how well a country is supported, as a code. The bounds are those of
// docs/hosting.md: 1 is a person's word only, below the threshold a person decides, and two kinds
// of sources that agree make more than 0.8, one database alone 0.75.
func sure(confidence float64) string {
	switch {
	case confidence >= 1:
		return "told"
	case confidence >= 0.8:
		return "strong"
	case confidence >= casefile.MinConfidence:
		return "fair"
	}
	return "weak"
}

func functions(w *words.Words) template.FuncMap {
	return template.FuncMap{
		"say": w.Say, "plain": words.Plain, "country": w.Country, "sure": sure,
		"span": words.Span, "percent": words.Percent, "took": w.Took, "clock": words.Clock,
		"signal":  func(s casefile.Signal) string { return explain.Signal(w, s) },
		"dissent": func(d casefile.Dissent) string { return explain.Dissent(w, d) },
		"fault":   func(f *casefile.Fault) string { return explain.Fault(w, casefile.Fault{Kind: f.Kind, Phase: f.Phase}) },
		"datum":   func(name, value string) string { return explain.Datum(w, name, value) },
		"moment":  func(now, t time.Time) moment { return momentOf(t, w.Ago(now, t)) },
		"due":     func(now, t time.Time) moment { return momentOf(t, w.Due(now, t)) },
		"spanof":  w.Reached,
		"date":    func(t time.Time) string { return t.UTC().Format(time.DateOnly) },
		"since":   func(now, t time.Time) string { return words.Span(now.Sub(t)) },
		"may":     func(p casefile.Person, role string) bool { return p.Role.May(casefile.Role(role)) },
		"lower":   strings.ToLower,
		"join":    func(s []string) string { return strings.Join(s, ", ") },
		"iso":     func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
		"inc":     func(i int) int { return i + 1 },
		"number":  func(n int) string { return w.Number(int64(n)) },
	}
}
