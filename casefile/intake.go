package casefile

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// ReportInput is a report as somebody wrote it: one row of a file, one object of
// a request. All but URL may be empty. The tags beside the names in JSON describe it in
// the API's document.
type ReportInput struct {
	URL            string `json:"url" maxLength:"8192" doc:"what is reported; http or https"`
	Referrer       string `json:"referrer,omitempty" maxLength:"8192" doc:"where the reporter came from; sent along when looking"`
	Source         string `json:"source,omitempty" maxLength:"120" doc:"who reported; default: the name of the token"`
	Reference      string `json:"reference,omitempty" maxLength:"200" doc:"the reporter's own number"`
	Classification string `json:"classification,omitempty" enum:"unclassified,baseline,A1,A2,B1,B2" doc:"default: unclassified"`
	Received       string `json:"received,omitempty" format:"date-time" doc:"when the hotline received it; default: now"`
	Held           bool   `json:"held,omitempty" doc:"police first: no notice to providers until released"`
}

// MaxAhead is how far in the future a received time may lie: clocks differ.
const MaxAhead = 5 * time.Minute

// earliest is before every hotline's first report in electronic form.
var earliest = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// NewReport reads an input. parse makes a URL canonical (crawler/target). The
// Problem names the field at fault and never repeats a URL.
func NewReport(in ReportInput, parse func(raw string) (Target, *Problem), now time.Time) (Report, *Problem) {
	r := Report{Source: in.Source, Reference: in.Reference, Classification: Classification(in.Classification), Received: now, Held: in.Held}
	var problem *Problem
	if in.URL == "" {
		return Report{}, Problemf(ProblemSyntax, "url", "a report needs a url")
	}
	if r.Target, problem = readURL("url", in.URL, parse); problem != nil {
		return Report{}, problem
	}
	if in.Referrer != "" {
		if r.Referrer, problem = readURL("referrer", in.Referrer, parse); problem != nil {
			return Report{}, problem
		}
	}
	if r.Classification == "" {
		r.Classification = ClassUnclassified
	}
	if !r.Classification.Valid() {
		return Report{}, Problemf(ProblemField, "classification", "use one of unclassified, baseline, A1, A2, B1, B2")
	}
	if problem := plain("source", r.Source, MaxSource); problem != nil {
		return Report{}, problem
	}
	if problem := plain("reference", r.Reference, MaxReference); problem != nil {
		return Report{}, problem
	}
	if in.Received != "" {
		if r.Received, problem = received(in.Received, now); problem != nil {
			return Report{}, problem
		}
	}
	return r, nil
}

// readURL reads a URL. U+FFFD stands for bytes that were no text: the URL is not what was meant.
func readURL(field, raw string, parse func(string) (Target, *Problem)) (Target, *Problem) {
	if strings.ContainsRune(raw, utf8.RuneError) {
		return Target{}, Problemf(ProblemEncoding, field, "the URL is not UTF-8, or was damaged on the way; percent-encode its bytes")
	}
	t, problem := parse(raw)
	if problem != nil {
		named := *problem
		named.Field = field
		return Target{}, &named
	}
	return t, nil
}

// plain checks a short text that people will read.
func plain(field, s string, most int) *Problem {
	if len(s) > most {
		return Problemf(ProblemField, field, "use at most %d bytes", most)
	}
	if !utf8.ValidString(s) || strings.ContainsFunc(s, unicode.IsControl) {
		return Problemf(ProblemField, field, "use one line of UTF-8 without control characters")
	}
	return nil
}

// received reads when a report was received. A clock that runs a little ahead does
// not put a report into the future.
func received(s string, now time.Time) (time.Time, *Problem) {
	t, err := time.Parse(time.RFC3339Nano, s)
	switch {
	case err != nil:
		return t, Problemf(ProblemField, "received", "use RFC 3339, for example 2026-11-02T08:15:00Z")
	case t.After(now.Add(MaxAhead)):
		return t, Problemf(ProblemField, "received", "this is more than 5 minutes in the future; check the clock and the time zone")
	case t.Before(earliest):
		return t, Problemf(ProblemField, "received", "this is before the year 2000")
	case t.After(now):
		t = now
	}
	return t.UTC(), nil
}
