package ui

import (
	_ "embed"
	"fmt"
	"html/template"
	"math"
	"strconv"
	"strings"
	"time"

	"vigil/casefile"
)

// wordsFile has a line for each code that pages show: kind, code and words, with tabs between.
//
//go:embed words.tsv
var wordsFile string

// words are the words for people by kind and code.
type words map[[2]string]string

func readWords(file string) (words, error) {
	w := words{}
	for i, line := range strings.Split(strings.TrimSpace(file), "\n") {
		parts := strings.Split(line, "\t")
		if len(parts) != 3 {
			return nil, fmt.Errorf("words.tsv: line %d has %d parts, not 3", i+1, len(parts))
		}
		w[[2]string{parts[0], parts[1]}] = parts[2]
	}
	return w, nil
}

// say is the words of a code; a code without words is shown with its underscores as spaces.
func (w words) say(kind string, code any) string {
	c := fmt.Sprint(code)
	if s, ok := w[[2]string{kind, c}]; ok {
		return s
	}
	return strings.ReplaceAll(c, "_", " ")
}

// moment is a point in time as pages show it.
type moment struct{ ISO, Full, Words string }

// momentOf tells t in words as seen from now.
func momentOf(now, t time.Time) moment {
	t = t.UTC()
	m := moment{ISO: t.Format(time.RFC3339), Full: t.Format("2006-01-02 15:04:05") + " UTC"}
	switch d := now.Sub(t); {
	case d <= -time.Second:
		m.Words = "in " + span(-d)
	case d < time.Second:
		m.Words = "now"
	default:
		m.Words = span(d) + " ago"
	}
	return m
}

// dueAt tells when something is due as seen from now: in 2 h, or 2 h late.
func dueAt(now, t time.Time) moment {
	m := momentOf(now, t)
	switch late := now.Sub(t); {
	case late >= time.Minute: // less is the queue's ordinary way
		m.Words = span(late) + " late"
	case late > 0:
		m.Words = "now"
	}
	return m
}

// span tells a duration with at most two units: 45 min, 3 h 20 min, 2 d 4 h.
func span(d time.Duration) string {
	const day = 24 * time.Hour
	two := func(big int, unit string, small int, rest string) string {
		if small == 0 {
			return strconv.Itoa(big) + " " + unit
		}
		return fmt.Sprintf("%d %s %d %s", big, unit, small, rest)
	}
	switch {
	case d < time.Minute:
		return strconv.Itoa(int(d.Seconds())) + " s"
	case d < time.Hour:
		return strconv.Itoa(int(d.Minutes())) + " min"
	case d < day:
		return two(int(d.Hours()), "h", int(d.Minutes())%60, "min")
	case d < 60*day:
		return two(int(d/day), "d", int(d.Hours())%24, "h")
	}
	return strconv.Itoa(int(d/day)) + " d"
}

// spanOf is the span of a figure, or a dash when the curve does not get that far.
func spanOf(d *time.Duration) string {
	if d == nil {
		return "not reached"
	}
	return span(*d)
}

func percent(share float64) string { return strconv.Itoa(int(math.Round(share*100))) + " %" }

// took is a duration of a look.
func took(d time.Duration) string {
	if d < time.Second {
		return strconv.FormatInt(d.Milliseconds(), 10) + " ms"
	}
	return strconv.FormatFloat(d.Seconds(), 'f', 1, 64) + " s"
}

// sure is how well a country is supported, as a code. The bounds are those of
// docs/hosting.md: 1 is a person's word only, below 0.5 a person decides, and two kinds
// of sources that agree make more than 0.8, one database alone 0.75.
func sure(confidence float64) string {
	switch {
	case confidence >= 1:
		return "told"
	case confidence >= 0.8:
		return "strong"
	case confidence >= 0.5:
		return "fair"
	}
	return "weak"
}

// country is the name of a country with its code: Netherlands (NL). The names are those
// of the tz database (iso3166.tab, public domain).
func (w words) country(code string) string {
	name, known := w[[2]string{"country", code}]
	if !known {
		return code
	}
	return name + " (" + code + ")"
}

func functions(w words) template.FuncMap {
	return template.FuncMap{
		"say": w.say, "country": w.country, "date": func(t time.Time) string { return t.UTC().Format(time.DateOnly) }, "sure": sure, "moment": momentOf, "due": dueAt, "span": span, "spanof": spanOf, "percent": percent, "took": took,
		"since": func(now, t time.Time) string { return span(now.Sub(t)) },
		"may":   func(p casefile.Person, role string) bool { return p.Role.May(casefile.Role(role)) },
		"join":  func(s []string) string { return strings.Join(s, ", ") },
		"plain": func(code any) string { return strings.ReplaceAll(fmt.Sprint(code), "_", " ") },
		"iso":   func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
		"clock": func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05") + " UTC" },
		"inc":   func(i int) int { return i + 1 },
		"number": func(n int) string { // 12 345: groups are easier to read
			s := strconv.Itoa(n)
			for i := len(s) - 3; i > 0; i -= 3 {
				s = s[:i] + "\u202f" + s[i:]
			}
			return s
		},
	}
}
