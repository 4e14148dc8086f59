package stats_test

import (
	"testing"
	"time"

	"vigil/casefile"
	"vigil/stats"
)

// moved is an episode that moved from one provider and country to others 10 days after
// the report, was last seen so long after it, and found gone a day later.
func moved(seen time.Duration, change func(*casefile.Episode)) casefile.EpisodeRecord {
	r := removedAfter(seen, seen+day)
	e := &r.Episode
	e.Provider, e.Country, e.ProviderSince, e.CountrySince = "Two", "DE", start.Add(10*day), start.Add(10*day)
	if change != nil {
		change(e)
	}
	return r
}

func TestAMoveChargesNobodyForTheHostBefore(t *testing.T) {
	t.Parallel()
	now := start.Add(60 * day)
	notice := func(first, last time.Duration) func(*casefile.Episode) {
		return func(e *casefile.Episode) { e.FirstNotice, e.LastNotice = start.Add(first), start.Add(last) }
	}
	for name, test := range map[string]struct {
		record   casefile.EpisodeRecord
		clock    stats.Clock
		all, new time.Duration // time to removal; negative: not in the figures
		excluded stats.Excluded
	}{
		"from the report": {record: moved(11*day, nil), clock: stats.FromReport, all: 12 * day, new: 2 * day},
		"never moved": {record: moved(11*day, func(e *casefile.Episode) { e.ProviderSince, e.CountrySince = start, start }),
			clock: stats.FromReport, all: 12 * day, new: 12 * day},
		"no decision was made": {record: moved(11*day, func(e *casefile.Episode) { e.ProviderSince, e.CountrySince = time.Time{}, time.Time{} }),
			clock: stats.FromReport, all: 12 * day, new: 12 * day},
		"never seen at the new host": {record: moved(10*day-hour, nil), clock: stats.FromReport, all: 11*day - hour, new: -1, excluded: stats.Excluded{GoneBefore: 1}},
		"both were told":             {record: moved(12*day, notice(day, 11*day)), clock: stats.FromNotice, all: 12 * day, new: 3 * day},
		"only the new one was told":  {record: moved(12*day, notice(11*day, 11*day)), clock: stats.FromNotice, all: 2 * day, new: 2 * day},
		"only the old one was told": {record: moved(12*day, notice(day, day)), clock: stats.FromNotice, all: 12 * day, new: -1,
			excluded: stats.Excluded{NoNotice: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			before := test.record
			took := func(f stats.Figures) (time.Duration, stats.Excluded) {
				if f.N == 0 || f.Median.At == nil {
					return -1, f.Excluded
				}
				return *f.Median.At, f.Excluded
			}
			for _, by := range []stats.By{stats.ByHostingProvider, stats.ByHostingCountry} {
				r := stats.Query{Clock: test.clock, By: by}.Removal([]casefile.EpisodeRecord{test.record}, now)
				if got, _ := took(r.All.Figures); got != test.all {
					t.Errorf("all episodes: %v, want %v", got, test.all)
				}
				if got, excluded := took(r.Groups[0].Figures); got != test.new || excluded != test.excluded {
					t.Errorf("by %s: %v, excluded %+v; want %v, %+v", by, got, excluded, test.new, test.excluded)
				}
			}
			if test.record != before {
				t.Error("the record itself was changed")
			}
		})
	}
}

// A move within a country is new to the provider and nothing new to the country.
func TestAMoveWithinACountry(t *testing.T) {
	t.Parallel()
	r := moved(11*day, func(e *casefile.Episode) { e.CountrySince = start.Add(hour) })
	for by, want := range map[stats.By]time.Duration{stats.ByHostingProvider: 2 * day, stats.ByHostingCountry: 12*day - hour} {
		got := stats.Query{Clock: stats.FromReport, By: by}.Removal([]casefile.EpisodeRecord{r}, start.Add(60*day)).Groups[0].Median.At
		if got == nil || *got != want {
			t.Errorf("by %s: %v, want %v", by, got, want)
		}
	}
}
