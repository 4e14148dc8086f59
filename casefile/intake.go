package casefile

import (
	"strings"
	"time"
	"unicode/utf8"
)

// ReportInput is a report as somebody wrote it: one row of a file, one object of
// a request. All but URL may be empty.
type ReportInput struct {
	URL, Referrer, Source, Reference, Classification, Received, Held string
}

// MaxAhead is how far in the future a received time may lie: clocks differ.
const MaxAhead = 5 * time.Minute

// NewReport reads an input. parse makes a URL canonical (crawler/target). The
// Problem names the field at fault and never repeats a URL.
func NewReport(in ReportInput, parse func(raw string) (Target, *Problem), now time.Time) (Report, *Problem) {
	r := Report{Source: in.Source, Reference: in.Reference, Classification: Classification(in.Classification), Received: now}
	if in.URL == "" {
		return Report{}, Problemf(ProblemSyntax, "url", "there is no URL")
	}
	var problem *Problem
	if r.Target, problem = parse(in.URL); problem != nil {
		return Report{}, at("url", problem)
	}
	if in.Referrer != "" {
		if r.Referrer, problem = parse(in.Referrer); problem != nil {
			return Report{}, at("referrer", problem)
		}
	}
	for _, text := range []struct {
		field, value string
		most         int
	}{{"source", in.Source, MaxSource}, {"reference", in.Reference, MaxReference}} {
		if len(text.value) > text.most || !utf8.ValidString(text.value) || strings.ContainsAny(text.value, "\r\n\x00") {
			return Report{}, Problemf(ProblemField, text.field, "must be one line of UTF-8 of at most %d bytes", text.most)
		}
	}
	if r.Classification == "" {
		r.Classification = ClassUnclassified
	}
	if !r.Classification.Valid() {
		return Report{}, Problemf(ProblemField, "classification", "%.40q is unknown; use unclassified, baseline, A1, A2, B1 or B2", in.Classification)
	}
	if in.Received != "" {
		received, err := time.Parse(time.RFC3339, in.Received)
		switch {
		case err != nil:
			return Report{}, Problemf(ProblemField, "received", "must be a time as in RFC 3339, for example 2026-11-23T14:05:00Z")
		case received.After(now.Add(MaxAhead)):
			return Report{}, Problemf(ProblemField, "received", "lies in the future")
		case received.Year() < 1990:
			return Report{}, Problemf(ProblemField, "received", "lies before the web")
		}
		r.Received = received.UTC()
	}
	switch strings.ToLower(in.Held) {
	case "", "no", "false", "0":
	case "yes", "true", "1":
		r.Held = true
	default:
		return Report{}, Problemf(ProblemField, "held", "must be yes or no")
	}
	return r, nil
}

// at names the field on a copy of the problem.
func at(field string, p *Problem) *Problem {
	named := *p
	named.Field = field
	return &named
}
