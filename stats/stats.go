// Package stats defines every figure that Vigil publishes, in the slow and
// obvious way; SQL that computes the same is checked against it.
//
// In come episode records and the time of asking, out go counts, Kaplan-Meier
// curves, quantiles and shares. docs/statistics.md has the definitions in words.
// The package is pure: no clock, no database, no context; its functions are safe
// for concurrent use and leave their input as it was. It must never publish a
// figure without n, and never count as removed what was only not seen.
package stats

import (
	"slices"
	"time"

	"vigil/casefile"
)

// Clock names from when time to removal is counted. All clocks end at the first
// gone verdict of the streak that confirmed the removal (ADR-0008).
type Clock string

// Clocks: INHOPE publishes the time from report to removal, the IWF that from notice to removal.
const (
	FromReport Clock = "report" // the episode was opened: the report was received, or the content returned
	FromNotice Clock = "notice" // the first notice to a provider was sent in the episode
)

// Valid says whether c is known.
func (c Clock) Valid() bool { return c == FromReport || c == FromNotice }

const day = 24 * time.Hour

// cutoffs are the times that hotlines publish shares for: within 24 hours, 2, 3, 7, 28 and 42 days.
var cutoffs = []time.Duration{day, 2 * day, 3 * day, 7 * day, 28 * day, 42 * day}

// Summary is the time to removal of a set of episodes.
type Summary struct {
	Clock Clock
	Now   time.Time // what is open at this time is censored at it
	// Figures of the first episodes of the cases.
	Figures
	// Returns are the figures of the later episodes, after a return or a new report, each with a clock of its
	// own.
	Returns Figures
}

// Figures are the figures of one set. Records = N + Excluded.All(), and N = Removed + Censored.
type Figures struct {
	Records int // all that came in
	N       int // in the figures
	Hosts   int // the different hosts among N: one host can move the totals
	Removed int
	// Recorded are the removed that rest on a person's word, not on a streak of verdicts.
	Recorded int
	// Censored is N without the removed: still there as far as known, or ended otherwise.
	Censored int
	// Unavailable and Withdrawn are the censored that ended otherwise; the rest is open. They are
	// competing risks, and are treated here as censored when they ended (docs/statistics.md).
	Unavailable int
	Withdrawn   int
	Excluded    Excluded
	Median      Quantile
	P90         Quantile
	Shares      []Share
	Curve       Curve
	// Width is the median of the time between the last sighting and the first gone verdict of the
	// removed ones: the removal lies somewhere in it. Widest is the largest. Zero without removals.
	Width, Widest time.Duration
}

// Excluded counts what is not in the figures, by cause. A record counts under the first that holds.
type Excluded struct {
	// GoneBefore were removed without ever being seen: gone before assessment.
	GoneBefore int
	// NeverSeen were never seen either, and are not removed: not yet looked at, silent from the start, or
	// withdrawn.
	NeverSeen int
	// NoNotice had no notice: only for the clock from notice.
	NoNotice int
	// BeforeClock ended before the clock began: removed before the first notice, or a report dated in the
	// future.
	BeforeClock int
	// Broken lack a time that their outcome needs, or have an unknown outcome.
	Broken int
}

// Watched is the censored without the unavailable: still there as far as known, or withdrawn while there.
func (f Figures) Watched() int { return f.Censored - f.Unavailable }

// All is the sum.
func (e Excluded) All() int {
	return e.GoneBefore + e.NeverSeen + e.NoNotice + e.BeforeClock + e.Broken
}

// Share is how much was removed within a time.
type Share struct {
	Within time.Duration
	// Estimate is 1 - S(Within) by Kaplan-Meier, with its 95% confidence interval; known only
	// while the curve reaches so far (see Reached).
	Estimate, Lower, Upper float64
	// Reached is false when every episode was censored before Within: then the estimate only says what was
	// known up to the last one.
	Reached bool
	// Removed counts the removals within the time; Decided those of which it is known whether
	// they were: removed within it, or followed for longer. Removed/Decided is the plain share.
	Removed, Decided int
	// AtRisk is how many were still followed and not removed at Within.
	AtRisk int
}

// Summarise gives the figures of the records by the clock, as of now. Records that
// opened after now are excluded; an unknown clock gives figures with everything broken.
func Summarise(records []casefile.EpisodeRecord, clock Clock, now time.Time) Summary {
	var first, again []casefile.EpisodeRecord
	for _, r := range records {
		if r.Episode.Number > 1 {
			again = append(again, r)
		} else {
			first = append(first, r)
		}
	}
	return Summary{Clock: clock, Now: now, Figures: figures(first, clock, now), Returns: figures(again, clock, now)}
}

// figures computes the figures of one set.
func figures(records []casefile.EpisodeRecord, clock Clock, now time.Time) Figures {
	f := Figures{Records: len(records)}
	var spans, earliest []Span
	var widths []time.Duration
	hosts := map[casefile.HostKey]bool{}
	for _, r := range records {
		r = asOf(r, now)
		s, sighted, excluded := span(r, clock, now)
		if excluded != nil {
			*excluded(&f.Excluded)++
			continue
		}
		f.N++
		hosts[r.HostKey] = true
		spans = append(spans, s)
		earliest = append(earliest, Span{Length: sighted, Removed: s.Removed})
		switch {
		case s.Removed:
			f.Removed++
			if r.Episode.Recorded {
				f.Recorded++
			}
			widths = append(widths, s.Length-sighted)
		case r.Outcome == casefile.OutcomeUnavailable:
			f.Unavailable++
		case r.Outcome == casefile.OutcomeWithdrawn:
			f.Withdrawn++
		}
	}
	f.Hosts = len(hosts)
	f.Censored = f.N - f.Removed
	f.Curve = KaplanMeier(spans)
	bound := KaplanMeier(earliest)
	f.Median, f.P90 = f.Curve.Quantile(0.5), f.Curve.Quantile(0.9)
	f.Median.Earliest, f.P90.Earliest = bound.Quantile(0.5).At, bound.Quantile(0.9).At
	for _, within := range cutoffs {
		f.Shares = append(f.Shares, share(f.Curve, spans, within))
	}
	if len(widths) > 0 {
		slices.Sort(widths)
		f.Width, f.Widest = widths[(len(widths)-1)/2], widths[len(widths)-1]
	}
	return f
}

// asOf is the record as it stood at the time now: an end that lies after it had not come yet.
func asOf(r casefile.EpisodeRecord, now time.Time) casefile.EpisodeRecord {
	if r.Episode.FirstGone.After(now) {
		r.Episode.FirstGone = time.Time{}
		if r.Outcome == casefile.OutcomeRemoved {
			r.Outcome = casefile.OutcomeOpen
		}
	}
	if r.Ended.After(now) && (r.Outcome == casefile.OutcomeUnavailable || r.Outcome == casefile.OutcomeWithdrawn) {
		r.Outcome = casefile.OutcomeOpen
	}
	return r
}

// span is how long one episode was followed by the clock, and how long until it was last
// seen for sure. excluded names the counter of what is not in the figures.
func span(r casefile.EpisodeRecord, clock Clock, now time.Time) (s Span, sighted time.Duration, excluded func(*Excluded) *int) {
	e := r.Episode
	removed := r.Outcome == casefile.OutcomeRemoved
	if !r.Assessed() {
		if removed {
			return s, 0, func(x *Excluded) *int { return &x.GoneBefore }
		}
		return s, 0, func(x *Excluded) *int { return &x.NeverSeen }
	}
	broken := func(x *Excluded) *int { return &x.Broken }
	var start time.Time
	switch clock {
	case FromReport:
		start = e.Opened
	case FromNotice:
		start = e.FirstNotice
		if start.IsZero() {
			return s, 0, func(x *Excluded) *int { return &x.NoNotice }
		}
	}
	end := now
	switch r.Outcome {
	case casefile.OutcomeRemoved:
		end = e.FirstGone
	case casefile.OutcomeUnavailable, casefile.OutcomeWithdrawn:
		end = r.Ended
	case casefile.OutcomeOpen:
		if !e.FirstGone.IsZero() { // a streak runs: present no longer, removal not confirmed
			end = e.FirstGone
		}
	default:
		return s, 0, broken
	}
	if start.IsZero() || end.IsZero() {
		return s, 0, broken
	}
	if end.Before(start) {
		return s, 0, func(x *Excluded) *int { return &x.BeforeClock }
	}
	s = Span{Length: end.Sub(start), Removed: removed}
	if !removed {
		return s, s.Length, nil
	}
	return s, min(max(0, e.LastSeen.Sub(start)), s.Length), nil
}

// share counts and estimates what was removed within a time, the time itself included.
func share(c Curve, spans []Span, within time.Duration) Share {
	p := c.At(within)
	s := Share{Within: within, Estimate: 1 - p.Survival, Lower: 1 - p.Upper, Upper: 1 - p.Lower}
	s.Reached = len(spans) > 0 && p.Survival == 0
	for _, x := range spans {
		if x.Length >= within {
			s.Reached = true
		}
		switch {
		case x.Removed && x.Length <= within:
			s.Removed++
			s.Decided++
		case x.Length > within:
			s.AtRisk++
			s.Decided++
		case x.Length == within: // followed right up to it and not removed
			s.Decided++
		}
	}
	return s
}
