package app

import (
	"context"
	"time"

	"vigil/casefile"
	"vigil/stats"
	"vigil/web/figures"
)

// Figures makes the figures of a query from all episodes: the figures.Source of
// API, pages and command line.
func (a *App) Figures(ctx context.Context, q figures.Query) (figures.Figures, error) {
	now := time.Now().UTC()
	var records []casefile.EpisodeRecord
	err := a.Store.Episodes(ctx, time.Time{}, func(r casefile.EpisodeRecord) error {
		records = append(records, r)
		return nil
	})
	if err != nil {
		return figures.Figures{}, err
	}
	f := figures.Figures{Clock: q.Clock, By: q.By, AsOf: now, All: figuresOf("", records, stats.Clock(q.Clock), now, true)}
	var key func(casefile.EpisodeRecord) string
	var charge func(casefile.EpisodeRecord) casefile.EpisodeRecord // each by its own clock: a move charges nobody for the host before
	switch q.By {
	case figures.ByCountry:
		key, charge = stats.ByCountry, stats.ForCountry
	case figures.ByProvider:
		key, charge = stats.ByProvider, stats.ForProvider
	case figures.ByNothing:
		return f, nil
	}
	for i, r := range records {
		records[i] = charge(r)
	}
	for _, g := range stats.Groups(records, key) {
		f.Groups = append(f.Groups, figuresOf(g.Key, g.Records, stats.Clock(q.Clock), now, false))
	}
	return f, nil
}

// figuresOf puts the figures of a set of episodes into the plain form of the pages.
func figuresOf(name string, records []casefile.EpisodeRecord, clock stats.Clock, now time.Time, curve bool) figures.Group {
	s := stats.Summarise(records, clock, now)
	g := figures.Group{
		Name: name, Hosts: s.Hosts, N: s.N, Removed: s.Removed, Recorded: s.Recorded, Censored: s.Censored - s.Unavailable, Unavailable: s.Unavailable,
		Excluded: s.Excluded.All(), Returned: s.Returns.Records, Median: s.Median.At, P90: s.P90.At,
	}
	for _, share := range s.Shares {
		g.Shares = append(g.Shares, figures.Share{Within: share.Within, Share: share.Estimate, Low: share.Lower, High: share.Upper, Known: share.Reached})
	}
	if curve {
		for _, p := range s.Curve {
			g.Curve = append(g.Curve, figures.Point{
				After: p.At, Remaining: p.Survival, Low: p.Lower, High: p.Upper, Removed: p.Removed, Censored: p.Censored, AtRisk: p.AtRisk,
			})
		}
	}
	return g
}
