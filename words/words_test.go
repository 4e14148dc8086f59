package words

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestEveryLanguageSaysEverything: a table has each code of the English one, with the same places, and no other.
func TestEveryLanguageSaysEverything(t *testing.T) {
	t.Parallel()
	places := func(text string) []string {
		found := regexp.MustCompile(`\{(\w+)(?::[^|{}]+\|[^|{}]+)?\}`).FindAllStringSubmatch(text, -1)
		names := make([]string, len(found))
		for i, m := range found {
			names[i] = m[1]
		}
		slices.Sort(names)
		return slices.Compact(names)
	}
	english := tables()[English].own
	for language, w := range tables() {
		table := w.own
		for k, text := range english {
			said, known := table[k]
			switch {
			case !known:
				t.Errorf("%s: no words for %s %q", language, k.kind, k.code)
			case !slices.Equal(places(said), places(text)):
				t.Errorf("%s: %s %q has the places %v, not %v", language, k.kind, k.code, places(said), places(text))
			case strings.Count(said, "{") != strings.Count(said, "}"):
				t.Errorf("%s: %s %q has a place that does not end", language, k.kind, k.code)
			}
		}
		for k := range table {
			if _, known := english[k]; !known {
				t.Errorf("%s: words for %s %q, which English has not", language, k.kind, k.code)
			}
		}
	}
}

func TestRead(t *testing.T) {
	t.Parallel()
	for name, file := range map[string]string{
		"two parts": "a\tb", "four parts": "a\tb\tc\td", "no text": "a\tb\t ", "no code": "a\t\tc", "no line": "a\tb\tc\n\na\td\tc\n", "twice": "a\tb\tc\na\tb\td\n",
	} {
		if err := read(file, map[key]string{}); err == nil || !strings.Contains(err.Error(), "line") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestSay(t *testing.T) {
	t.Parallel()
	w := &Words{own: map[key]string{
		{"x", "fill"}: "{who} has {n} {n:apple|apples}", {"x", "own"}: "eigen",
		{"format", "decimal"}: ",", {"format", "group"}: ".",
	}, english: map[key]string{{"x", "own"}: "own", {"x", "english"}: "only English", {"format", "more"}: "and {n} more"}}
	list := []string{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"}
	for _, tc := range []struct {
		want, code string
		values     []any
	}{
		{"Ann has 1 apple", "fill", []any{"who", "Ann", "n", 1}},
		{"Ann has 1 apple", "fill", []any{"who", "Ann", "n", int64(1)}},
		{"{n} has 12.345 apples", "fill", []any{"n", 12345, "who", "{n}"}},
		{" has  apples", "fill", nil},
		{"eigen", "own", nil},
		{"only English", "english", nil},
		{"of no table", "of_no_table", nil},
		{"0,50 has 1,5 s apples", "fill", []any{"who", 0.5, "n", 1500 * time.Millisecond}},
		{"2026-03-01 12:00 UTC has a, b, c, d, e, f, g, h and 2 more apples", "fill", []any{"who", time.Date(2026, 3, 1, 13, 0, 0, 0, time.FixedZone("", 3600)), "n", list}},
	} {
		if got := w.Say("x", tc.code, tc.values...); got != tc.want {
			t.Errorf("got %q, want %q", got, tc.want)
		}
	}
}

func TestALanguageWithoutATableIsEnglish(t *testing.T) {
	t.Parallel()
	for _, language := range []string{"", "tlh", English} {
		if got := In(language).Say("standing", "removed"); got != "Removed" {
			t.Errorf("%q: %q", language, got)
		}
	}
}

func TestCountry(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]string{"NL": "Netherlands (NL)", "XK": "Kosovo (XK)", "ZZ": "ZZ"} {
		if got := In(English).Country(code); got != want {
			t.Errorf("country %q = %q, want %q", code, got, want)
		}
	}
}

func TestDurations(t *testing.T) {
	t.Parallel()
	w := In(English)
	for d, want := range map[time.Duration]string{
		0: "0 s", 59 * time.Second: "59 s", 90 * time.Second: "1 min", time.Hour: "1 h", 200 * time.Minute: "3 h 20 min", 24 * time.Hour: "1 d",
		52 * time.Hour: "2 d 4 h", 1500 * time.Hour: "62 d",
	} {
		if got := Span(d); got != want {
			t.Errorf("span of %v = %q, want %q", d, got, want)
		}
	}
	for d, want := range map[time.Duration]string{-1: "0 ms", 1: "under 1 ms", 20 * time.Millisecond: "20 ms", 1500 * time.Millisecond: "1.5 s"} {
		if got := w.Took(d); got != want {
			t.Errorf("%v took %q, want %q", d, got, want)
		}
	}
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for d, want := range map[time.Duration]string{-2 * time.Hour: "2 h ago", 2 * time.Hour: "in 2 h", 5 * time.Second: "in 5 s", -5 * time.Second: "5 s ago", -time.Millisecond: "now"} {
		if got := w.Ago(now, now.Add(d)); got != want {
			t.Errorf("%v from now = %q, want %q", d, got, want)
		}
	}
	for d, want := range map[time.Duration]string{2 * time.Hour: "in 2 h", -30 * time.Second: "now", -3 * time.Hour: "3 h late"} {
		if got := w.Due(now, now.Add(d)); got != want {
			t.Errorf("due %v from now = %q, want %q", d, got, want)
		}
	}
}

func TestNumbers(t *testing.T) {
	t.Parallel()
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", -100: "-100", -1000: "-1,000", 2_097_152: "2,097,152"} {
		if got := In(English).Number(n); got != want {
			t.Errorf("%d = %q, want %q", n, got, want)
		}
	}
	if got := Percent(0.845); got != "85 %" {
		t.Errorf("percent: %q", got)
	}
}
