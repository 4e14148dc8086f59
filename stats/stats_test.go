package stats_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vigil/casefile"
	"vigil/stats"
)

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

const (
	hour = time.Hour
	day  = 24 * time.Hour
)

// record is a first episode that was seen at once; change makes it another one.
func record(change func(*casefile.EpisodeRecord)) casefile.EpisodeRecord {
	r := casefile.EpisodeRecord{CaseID: 1, HostKey: "aa", Outcome: casefile.OutcomeOpen,
		Episode: casefile.Episode{Number: 1, Opened: start, FirstSeen: start.Add(time.Minute), LastSeen: start.Add(time.Minute)}}
	if change != nil {
		change(&r)
	}
	return r
}

// removedAfter is an episode last seen and then found gone so long after the report.
func removedAfter(seen, gone time.Duration) casefile.EpisodeRecord {
	return record(func(r *casefile.EpisodeRecord) {
		r.Outcome = casefile.OutcomeRemoved
		r.Episode.LastSeen, r.Episode.FirstGone = start.Add(seen), start.Add(gone)
		r.Episode.Removed = start.Add(gone + day)
		r.Ended = r.Episode.Removed
	})
}

func TestWhoIsInTheFigures(t *testing.T) {
	t.Parallel()
	now := start.Add(10 * day)
	type want struct {
		N, Removed, Censored, Unavailable, Withdrawn int
		Excluded                                     stats.Excluded
	}
	tests := []struct {
		name   string
		clock  stats.Clock
		record casefile.EpisodeRecord
		want   want
	}{
		{"removed", stats.FromReport, removedAfter(hour, 2*hour), want{N: 1, Removed: 1}},
		{"removed at the moment of the report", stats.FromReport, removedAfter(0, 0), want{N: 1, Removed: 1}},
		{"still there", stats.FromReport, record(nil), want{N: 1, Censored: 1}},
		{"gone, not confirmed", stats.FromReport, record(func(r *casefile.EpisodeRecord) { r.Episode.FirstGone = start.Add(day) }), want{N: 1, Censored: 1}},
		{"unavailable", stats.FromReport, record(func(r *casefile.EpisodeRecord) {
			r.Outcome, r.Ended = casefile.OutcomeUnavailable, start.Add(day)
		}), want{N: 1, Censored: 1, Unavailable: 1}},
		{"withdrawn", stats.FromReport, record(func(r *casefile.EpisodeRecord) {
			r.Outcome, r.Ended = casefile.OutcomeWithdrawn, start.Add(day)
		}), want{N: 1, Censored: 1, Withdrawn: 1}},
		{"withdrawn after the time that is asked about", stats.FromReport, record(func(r *casefile.EpisodeRecord) {
			r.Outcome, r.Ended = casefile.OutcomeWithdrawn, now.Add(day)
		}), want{N: 1, Censored: 1}},
		{"removed after the time that is asked about", stats.FromReport, removedAfter(11*day, 12*day), want{N: 1, Censored: 1}},
		{"gone before assessment", stats.FromReport, record(func(r *casefile.EpisodeRecord) {
			*r = removedAfter(hour, 2*hour)
			r.Episode.FirstSeen, r.Episode.LastSeen = time.Time{}, time.Time{}
		}), want{Excluded: stats.Excluded{GoneBefore: 1}}},
		{"never seen, not removed", stats.FromReport, record(func(r *casefile.EpisodeRecord) { r.Episode.FirstSeen = time.Time{} }), want{Excluded: stats.Excluded{NeverSeen: 1}}},
		{"reported tomorrow", stats.FromReport, record(func(r *casefile.EpisodeRecord) { r.Episode.Opened = now.Add(day) }), want{Excluded: stats.Excluded{BeforeClock: 1}}},
		{"gone before the report", stats.FromReport, removedAfter(hour, -hour), want{Excluded: stats.Excluded{BeforeClock: 1}}},
		{"removed without a time", stats.FromReport, record(func(r *casefile.EpisodeRecord) { r.Outcome = casefile.OutcomeRemoved }), want{Excluded: stats.Excluded{Broken: 1}}},
		{"unavailable without a time", stats.FromReport, record(func(r *casefile.EpisodeRecord) { r.Outcome = casefile.OutcomeUnavailable }), want{Excluded: stats.Excluded{Broken: 1}}},
		{"unknown outcome", stats.FromReport, record(func(r *casefile.EpisodeRecord) { r.Outcome = "" }), want{Excluded: stats.Excluded{Broken: 1}}},
		{"unknown clock", "lunch", record(nil), want{Excluded: stats.Excluded{Broken: 1}}},
		{"no notice", stats.FromNotice, removedAfter(hour, 2*hour), want{Excluded: stats.Excluded{NoNotice: 1}}},
		{"removed after the notice", stats.FromNotice, record(func(r *casefile.EpisodeRecord) {
			*r = removedAfter(hour, 2*hour)
			r.Episode.FirstNotice = start.Add(hour)
		}), want{N: 1, Removed: 1}},
		{"removed before the notice", stats.FromNotice, record(func(r *casefile.EpisodeRecord) {
			*r = removedAfter(hour, 2*hour)
			r.Episode.FirstNotice = start.Add(3 * hour)
		}), want{Excluded: stats.Excluded{BeforeClock: 1}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := stats.Summarise([]casefile.EpisodeRecord{tt.record}, tt.clock, now).Figures
			got := want{f.N, f.Removed, f.Censored, f.Unavailable, f.Withdrawn, f.Excluded}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
			if f.Records != 1 || f.Records != f.N+f.Excluded.All() {
				t.Errorf("records %d, n %d, excluded %d", f.Records, f.N, f.Excluded.All())
			}
		})
	}
}

func TestSummaryOfAMonth(t *testing.T) {
	t.Parallel()
	records := []casefile.EpisodeRecord{
		removedAfter(6*hour, 12*hour),
		removedAfter(20*hour, 24*hour), // exactly at the cut-off counts as within
		removedAfter(40*hour, 60*hour),
		removedAfter(5*day, 6*day),
		record(func(r *casefile.EpisodeRecord) {
			r.Outcome, r.Ended = casefile.OutcomeUnavailable, start.Add(36*hour)
		}),
		record(nil),
		record(func(r *casefile.EpisodeRecord) { // a return, removed in two hours
			*r = removedAfter(11*day, 12*day+2*hour)
			r.Episode.Number, r.Episode.Opened = 2, start.Add(12*day)
			r.Episode.FirstSeen, r.Episode.LastSeen = start.Add(12*day), start.Add(12*day+hour)
		}),
	}
	s := stats.Summarise(records, stats.FromReport, start.Add(30*day))
	if s.N != 6 || s.Removed != 4 || s.Censored != 2 || s.Returns.N != 1 || s.Returns.Removed != 1 {
		t.Fatalf("n %d, removed %d, censored %d; returns %d, %d", s.N, s.Removed, s.Censored, s.Returns.N, s.Returns.Removed)
	}
	if got := *s.Returns.Median.At; got != 2*hour {
		t.Errorf("median of the returns: %v, want 2h: a return has a clock of its own", got)
	}
	// By hand: S = 5/6, 4/6, (36 h censored) 4/6*2/3 = 4/9, 4/9*1/2 = 2/9.
	if got := *s.Median.At; got != 60*hour {
		t.Errorf("median %v, want 60h", got)
	}
	if got := *s.Median.Earliest; got != 40*hour {
		t.Errorf("earliest median %v, want 40h", got)
	}
	if s.P90.At != nil {
		t.Errorf("P90 %v, want not reached", *s.P90.At)
	}
	// Widths 6 h, 4 h, 20 h, 24 h.
	if s.Width != 6*hour || s.Widest != 24*hour {
		t.Errorf("width %v, widest %v", s.Width, s.Widest)
	}
	type row struct {
		Within                   time.Duration
		Removed, Decided, AtRisk int
		Reached                  bool
		Estimate                 float64
	}
	var got []row
	for _, x := range s.Shares {
		got = append(got, row{x.Within, x.Removed, x.Decided, x.AtRisk, x.Reached, float64(int(x.Estimate*1e6+0.5)) / 1e6})
	}
	want := []row{
		{day, 2, 6, 4, true, 0.333333},
		{2 * day, 2, 5, 3, true, 0.333333},
		{3 * day, 3, 5, 2, true, 0.555556},
		{7 * day, 4, 5, 1, true, 0.777778},
		{28 * day, 4, 5, 1, true, 0.777778},
		{42 * day, 4, 4, 0, false, 0.777778},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestWhereAnEpisodeEndsOnTheClock(t *testing.T) {
	t.Parallel()
	running := record(func(r *casefile.EpisodeRecord) { r.Episode.FirstGone = start.Add(3 * day) })
	s := stats.Summarise([]casefile.EpisodeRecord{running}, stats.FromReport, start.Add(10*day))
	if len(s.Curve) != 1 || s.Curve[0].At != 3*day || s.Curve[0].Censored != 1 {
		t.Errorf("gone and not confirmed is censored at the first gone verdict: %+v", s.Curve)
	}
	noticed := removedAfter(hour, 5*hour)
	noticed.Episode.FirstNotice = start.Add(2 * hour) // after the last sighting
	s = stats.Summarise([]casefile.EpisodeRecord{noticed}, stats.FromNotice, start.Add(10*day))
	if *s.Median.At != 3*hour || *s.Median.Earliest != 0 || s.Width != 3*hour {
		t.Errorf("median %v, earliest %v, width %v", *s.Median.At, *s.Median.Earliest, s.Width)
	}
}

func TestNothingToCount(t *testing.T) {
	t.Parallel()
	s := stats.Summarise(nil, stats.FromReport, start)
	if s.N != 0 || s.Median.At != nil || s.Curve != nil || len(s.Shares) != 6 {
		t.Errorf("%+v", s)
	}
	for _, x := range s.Shares {
		if x.Decided != 0 || x.Reached || x.Estimate != 0 {
			t.Errorf("a share of nothing: %+v", x)
		}
	}
}

func TestGroups(t *testing.T) {
	t.Parallel()
	in := func(country, provider string, host casefile.HostKey, id casefile.CaseID, episode int) casefile.EpisodeRecord {
		return record(func(r *casefile.EpisodeRecord) {
			r.Episode.Country, r.Episode.Provider, r.HostKey, r.CaseID, r.Episode.Number = country, provider, host, id, episode
		})
	}
	records := []casefile.EpisodeRecord{
		in("NL", "One", "aa", 1, 1), in("DE", "Two", "bb", 2, 1), in("NL", "Three", "aa", 3, 1), in("", "", "cc", 4, 1), in("DE", "Two", "bb", 2, 2), in("NL", "One", "dd", 5, 1),
	}
	for by, want := range map[stats.By][]string{
		stats.ByHostingCountry: {"NL 3", "DE 2", " 1"}, stats.ByHostingProvider: {"One 2", "Two 2", " 1", "Three 1"}, stats.ByNothing: nil,
	} {
		var got []string
		for _, g := range (stats.Query{Clock: stats.FromReport, By: by}).Removal(records, start).Groups {
			got = append(got, fmt.Sprint(g.Key, " ", g.Records+g.Returns.Records))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("by %q, largest first, then by key: %s", by, diff)
		}
	}
}

func TestClockValid(t *testing.T) {
	t.Parallel()
	for clock, want := range map[stats.Clock]bool{stats.FromReport: true, stats.FromNotice: true, "": false, "lunch": false} {
		if clock.Valid() != want {
			t.Errorf("%q valid: %v", clock, !want)
		}
	}
}

// TestRemovalsOnAPersonsWordAreToldApart: they are removals, and counted beside.
func TestRemovalsOnAPersonsWordAreToldApart(t *testing.T) {
	t.Parallel()
	recorded := removedAfter(hour, 2*hour)
	recorded.Episode.Recorded = true
	again := recorded // a return that was recorded counts among the returns
	again.Episode.Number = 2
	undone := record(func(r *casefile.EpisodeRecord) { r.Episode.Recorded = true }) // open: no removal, whatever the mark says
	s := stats.Summarise([]casefile.EpisodeRecord{removedAfter(hour, 3*hour), recorded, again, undone}, stats.FromReport, start.Add(10*day))
	if s.Removed != 2 || s.Recorded != 1 || s.N != 3 || s.Returns.Recorded != 1 {
		t.Errorf("removed %d, recorded %d of n = %d; returns recorded %d", s.Removed, s.Recorded, s.N, s.Returns.Recorded)
	}
}
