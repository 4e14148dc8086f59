package app

import (
	"context"
	"time"

	"vigil/casefile"
	"vigil/stats"
)

// Figures counts all episodes: for the API, the pages and the command line.
func (a *App) Figures(ctx context.Context, q stats.Query) (stats.Removal, error) {
	var records []casefile.EpisodeRecord
	err := a.Store.Episodes(ctx, time.Time{}, func(r casefile.EpisodeRecord) error {
		records = append(records, r)
		return nil
	})
	if err != nil {
		return stats.Removal{}, err
	}
	return q.Removal(records, time.Now().UTC()), nil
}
