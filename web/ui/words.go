package ui

import (
	"fmt"
	"html/template"
	"strings"
	"time"

	"vigil/casefile"
	"vigil/explain"
	"vigil/words"
)

// moment is a point in time as pages show it.
func moment(t time.Time, said string) template.HTML {
	said = template.HTMLEscapeString(said)
	return template.HTML(fmt.Sprintf(`<time datetime="%s" title="%s">%s</time>`, iso(t), words.Clock(t), said)) // #nosec G203
}

func iso(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// tell is a text of a page's own. The table of words is ours and may hold HTML; texts among the values are foreign.
func tell(w *words.Words, code string, values ...any) template.HTML {
	for i, value := range values {
		switch value.(type) {
		case int, template.HTML:
		default:
			values[i] = template.HTMLEscapeString(fmt.Sprint(value))
		}
	}
	return template.HTML(w.Say("text", code, values...)) // #nosec G203
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
		"say": w.Say, "tell": func(code string, values ...any) template.HTML { return tell(w, code, values...) },
		"plain": words.Plain, "country": w.Country, "sure": sure,
		"span": words.Span, "percent": words.Percent, "took": w.Took, "clock": words.Clock,
		"signal":  func(s casefile.Signal) string { return explain.Signal(w, s) },
		"dissent": func(d casefile.Dissent) string { return explain.Dissent(w, d) },
		"fault":   func(f *casefile.Fault) string { return explain.Fault(w, casefile.Fault{Kind: f.Kind, Phase: f.Phase}) },
		"datum":   func(name, value string) string { return explain.Datum(w, name, value) },
		"moment":  func(now, t time.Time) template.HTML { return moment(t, w.Ago(now, t)) },
		"due":     func(now, t time.Time) template.HTML { return moment(t, w.Due(now, t)) },
		"spanof":  w.Reached,
		"date":    func(t time.Time) string { return t.UTC().Format(time.DateOnly) },
		"since":   func(now, t time.Time) string { return words.Span(now.Sub(t)) },
		"may":     func(p casefile.Person, role string) bool { return p.Role.May(casefile.Role(role)) },
		"lower":   strings.ToLower,
		"join":    func(s []string) string { return strings.Join(s, ", ") },
		"iso":     iso, "ago": w.Ago,
		"inc":    func(i int) int { return i + 1 },
		"number": func(n int) string { return w.Number(int64(n)) },
	}
}
