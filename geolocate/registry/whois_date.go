package registry

import (
	"strconv"
	"strings"
	"time"
)

// dayOrder is how numbers that could be day or month stand: dayFirst, monthFirst, or
// empty when nobody says it.
type dayOrder string

const (
	dayFirst   dayOrder = "dmy"
	monthFirst dayOrder = "mdy"
)

// maxDate bounds the bytes of a date that are read.
const maxDate = 80

// zones are the names of time zones in answers of registries, in minutes east of UTC.
var zones = map[string]int{
	"z": 0, "utc": 0, "gmt": 0, "wet": 0, "bst": 60, "west": 60, "cet": 60, "cest": 120, "eet": 120, "eest": 180, "msk": 180,
	"jst": 540, "kst": 540, "clt": -240, "clst": -180, "brt": -180, "hkt": 480, "sgt": 480,
}

// readDate reads the date of a registry: numbers or English months in any order and with any
// signs between them, a time, a zone. A time without a zone is taken for UTC, so that it
// is off by at most 14 hours. A date whose day and month cannot be told apart is not
// guessed: order decides, or a number above 12, or nobody. Years are 1980 to 2150;
// fractions of a second are dropped.
func readDate(s string, order dayOrder) (time.Time, bool) {
	s = strings.TrimSpace(s[:min(len(s), maxDate)])
	if at, err := time.Parse(time.RFC3339, s); err == nil && at.Year() >= 1980 && at.Year() <= 2150 {
		return at.UTC().Truncate(time.Second), true
	}
	words := dateWords(s)
	for i := range words { // dates may follow a name, as in "registrar AT registry.example 20200131"
		if day, used, ok := readDay(words[i:], order); ok {
			return day.Add(readTime(words[i+used:])), true
		}
	}
	return time.Time{}, false
}

// dateWord is a run of digits or of letters, with the sign before it.
type dateWord struct {
	text string
	sign byte
}

func (w dateWord) number(digits int) (int, bool) {
	if len(w.text) > digits || w.text == "" || w.text[0] < '0' || w.text[0] > '9' {
		return 0, false
	}
	n, err := strconv.Atoi(w.text)
	return n, err == nil
}

func dateWords(s string) []dateWord {
	var out []dateWord
	for _, at := range dateRuns().FindAllStringIndex(s, -1) {
		w, before := dateWord{text: strings.ToLower(s[at[0]:at[1]]), sign: ' '}, at[0]-1
		if before >= 0 {
			w.sign = s[before]
		}
		switch w.text {
		case "before": // "before Aug-1996" is no date
			return nil
		case "t":
			continue
		case "st", "nd", "rd", "th":
			if len(out) > 0 && isDigit(w.sign) {
				continue
			}
		}
		out = append(out, w)
	}
	return out
}

var dateRuns = pattern(`[0-9]+|[A-Za-z]+`)

func isDigit(c byte) bool  { return c >= '0' && c <= '9' }
func isLetter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }

// readDay reads a day at the start of the words.
func readDay(w []dateWord, order dayOrder) (day time.Time, used int, ok bool) {
	if len(w) > 0 && len(w[0].text) == 8 {
		if n, isNumber := w[0].number(8); isNumber {
			return dayOf(n/10000, time.Month(n/100%100), n%100, 1)
		}
	}
	if len(w) < 3 {
		return time.Time{}, 0, false
	}
	a, aNumber := w[0].number(4)
	b, bNumber := w[1].number(2)
	c, cNumber := w[2].number(4)
	aMonth, bMonth := monthOf(w[0].text), monthOf(w[1].text)
	year4 := len(w[2].text) == 4
	switch {
	case aNumber && len(w[0].text) == 4 && bNumber && cNumber && c < 100:
		return dayOf(a, time.Month(b), c, 3)
	case aNumber && len(w[0].text) == 4 && bMonth > 0 && cNumber && c < 100:
		return dayOf(a, bMonth, c, 3)
	case aNumber && bMonth > 0 && cNumber && year4:
		return dayOf(c, bMonth, a, 3)
	case aMonth > 0 && bNumber && cNumber && year4:
		return dayOf(c, aMonth, b, 3)
	case aMonth > 0 && bNumber: // "Tue Dec 12 10:11:12 2000", "Dec 12 10:11:12 CET 2000"
		for i := 2; i < len(w) && i < 8; i++ {
			if y, isNumber := w[i].number(4); isNumber && len(w[i].text) == 4 && w[i].sign == ' ' {
				return dayOf(y, aMonth, b, 2)
			}
		}
	case aNumber && bNumber && cNumber && year4 && w[1].sign == w[2].sign:
		return dayOfNumbers(a, b, c, w[1].sign, order)
	}
	return time.Time{}, 0, false
}

// dayOfNumbers reads 02/03/2004: only when it can mean one day.
func dayOfNumbers(a, b, year int, sign byte, order dayOrder) (time.Time, int, bool) {
	switch {
	case sign == '.' || order == dayFirst || a > 12 || a == b:
		return dayOf(year, time.Month(b), a, 3)
	case order == monthFirst || b > 12:
		return dayOf(year, time.Month(a), b, 3)
	}
	return time.Time{}, 0, false
}

func dayOf(year int, month time.Month, day, used int) (time.Time, int, bool) {
	at := time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
	if year < 1980 || year > 2150 || at.Month() != month || at.Day() != day {
		return time.Time{}, 0, false
	}
	return at, used, true
}

func monthOf(s string) time.Month {
	if len(s) < 3 {
		return 0
	}
	at, err := time.Parse("Jan", s[:3])
	if err != nil || len(s) > 3 && !strings.HasPrefix(strings.ToLower(at.Month().String()), s) && s != "sept" {
		return 0
	}
	return at.Month()
}

// readTime is the time of day behind a day, less its zone: 0 when there is none.
func readTime(w []dateWord) time.Duration {
	if len(w) < 2 {
		return 0
	}
	hour, ok1 := w[0].number(2)
	minute, ok2 := w[1].number(2)
	if !ok1 || !ok2 || hour > 23 || minute > 59 || w[1].sign != ':' {
		return 0
	}
	at := time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute
	w = w[2:]
	if len(w) > 0 && w[0].sign == ':' {
		if second, ok := w[0].number(2); ok && second < 60 {
			at += time.Duration(second) * time.Second
		}
		w = w[1:]
	}
	if len(w) > 0 && w[0].sign == '.' && isDigit(w[0].text[0]) { // fractions are dropped
		w = w[1:]
	}
	if len(w) > 0 && (w[0].text == "pm" && hour < 12 || w[0].text == "am" && hour == 12) {
		at += 12 * time.Hour
		if w[0].text == "am" {
			at -= 24 * time.Hour
		}
		w = w[1:]
	}
	return at - zone(w)
}

// zone reads a name, an offset, or both: "UTC", "+03:00", "-0300", "+02", "GMT+0:00".
func zone(w []dateWord) time.Duration {
	if len(w) == 0 {
		return 0
	}
	if minutes, named := zones[w[0].text]; named {
		if len(w) == 1 || w[1].sign != '+' && w[1].sign != '-' {
			return time.Duration(minutes) * time.Minute
		}
		w = w[1:]
	}
	hours, ok := w[0].number(4)
	if !ok || w[0].sign != '+' && w[0].sign != '-' {
		return 0
	}
	minutes := 0
	switch {
	case len(w[0].text) == 4:
		hours, minutes = hours/100, hours%100
	case len(w[0].text) > 2:
		return 0
	case len(w) > 1 && w[1].sign == ':':
		minutes, _ = w[1].number(2)
	}
	if hours > 14 || minutes > 59 {
		return 0
	}
	offset := time.Duration(hours)*time.Hour + time.Duration(minutes)*time.Minute
	if w[0].sign == '-' {
		return -offset
	}
	return offset
}
