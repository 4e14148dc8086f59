package words

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Wrap breaks a text between words into lines of at most width characters: the first begins with first, the
// others with indent. A word that is longer stands on a line of its own, whole.
func Wrap(text, first, indent string, width int) string {
	var b strings.Builder
	b.WriteString(first)
	at, pending := utf8.RuneCountInString(first), "" // pending stands between a word and the one before it
	for word := range strings.FieldsSeq(text) {
		n := utf8.RuneCountInString(word)
		if pending != "" && at+1+n > width {
			b.WriteString("\n" + indent)
			at = utf8.RuneCountInString(indent)
		} else if pending != "" {
			b.WriteString(pending)
			at++
		}
		b.WriteString(word)
		at, pending = at+n, " "
	}
	return strings.TrimRight(b.String(), " ")
}

// OneLine makes one printable line of a foreign text: control characters, line breaks of every
// kind, direction overrides and broken UTF-8 become spaces, and runs of space become one.
func OneLine(s string) string {
	s = strings.Map(func(r rune) rune {
		if r == utf8.RuneError || !unicode.IsGraphic(r) {
			return ' '
		}
		return r
	}, s)
	return strings.Join(strings.Fields(s), " ")
}

const day = 24 * time.Hour

// show is a value in a text, by its type.
func (w *Words) show(value any) string {
	switch v := value.(type) {
	case int:
		return w.Number(int64(v))
	case int64:
		return w.Number(v)
	case float64:
		return w.decimal(v, 2)
	case time.Duration:
		return w.Took(v)
	case time.Time:
		return v.UTC().Format("2006-01-02 15:04") + " UTC"
	case []string:
		return w.List(v)
	}
	return fmt.Sprint(value)
}

// maxListed bounds how many of a list are named.
const maxListed = 8

// List names the first few of a list.
func (w *Words) List(list []string) string {
	text := strings.Join(list[:min(len(list), maxListed)], ", ")
	if more := len(list) - maxListed; more > 0 {
		text += " " + w.Say("format", "more", "n", more)
	}
	return text
}

// Number is n with its digits in groups of three.
func (w *Words) Number(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + w.Say("format", "group") + s[i:]
	}
	return s
}

func (w *Words) decimal(v float64, digits int) string {
	return strings.Replace(strconv.FormatFloat(v, 'f', digits, 64), ".", w.Say("format", "decimal"), 1)
}

// Percent is a share, 0 to 1.
func Percent(share float64) string { return strconv.Itoa(int(math.Round(share*100))) + " %" }

// Clock is a point in time to the second.
func Clock(t time.Time) string { return t.UTC().Format(time.DateTime) + " UTC" }

// Took is a duration that was measured, to the millisecond below a second.
func (w *Words) Took(d time.Duration) string {
	switch {
	case d <= 0:
		return "0 ms"
	case d < time.Millisecond:
		return w.Say("format", "under", "what", "1 ms")
	case d < time.Second:
		return strconv.FormatInt(d.Milliseconds(), 10) + " ms"
	}
	return w.decimal(d.Seconds(), 1) + " s"
}

// Span tells a duration with at most two units: 45 min, 3 h 20 min, 2 d 4 h.
func Span(d time.Duration) string {
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

// Reached is the span of a figure; nil when nothing got that far.
func (w *Words) Reached(d *time.Duration) string {
	if d == nil {
		return w.Say("format", "not_reached")
	}
	return Span(*d)
}

// Ago tells t as seen from now.
func (w *Words) Ago(now, t time.Time) string {
	switch d := now.Sub(t); {
	case d <= -time.Second:
		return w.Say("format", "in", "span", Span(-d))
	case d < time.Second:
		return w.Say("format", "now")
	default:
		return w.Say("format", "ago", "span", Span(d))
	}
}

// Due tells when something is due as seen from now: in 2 h, or 2 h late.
func (w *Words) Due(now, t time.Time) string {
	switch late := now.Sub(t); {
	case late >= time.Minute: // less is the queue's ordinary way
		return w.Say("format", "late", "span", Span(late))
	case late > 0:
		return w.Say("format", "now")
	}
	return w.Ago(now, t)
}
