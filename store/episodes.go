package store

import (
	"context"
	"fmt"
	"time"

	"vigil/casefile"
)

// written says what a write of a case brings along.
type written struct {
	at                  time.Time // when it happened: the end of an outcome that begins now
	visits              int       // how many visits were added
	country             any       // of a new hosting decision; nil without one
	hosting, assignment int64     // the new rows; 0 without
}

// outcome says how the running episode of a case stands in the figures, and when
// that was reached if the case itself knows.
func outcome(c casefile.Case) (casefile.Outcome, time.Time) {
	switch c.Standing {
	case casefile.Withdrawn:
		return casefile.OutcomeWithdrawn, time.Time{}
	case casefile.Unavailable:
		return casefile.OutcomeUnavailable, time.Time{}
	case casefile.Removed, casefile.Closed:
		return casefile.OutcomeRemoved, c.Episode.Removed
	case casefile.Watching, casefile.Confirming, casefile.Review:
	}
	return casefile.OutcomeOpen, time.Time{}
}

// writeEpisode brings the row of the running episode up to date. The times of
// notices are not touched: they belong to SettleNotice, which may have come between
// the reading of the case and this.
func (tx *transaction) writeEpisode(ctx context.Context, c casefile.Case, w written) error {
	state, ended := outcome(c)
	if ended.IsZero() && state != casefile.OutcomeOpen {
		ended = w.at
	}
	e := c.Episode
	_, err := tx.ExecContext(ctx, `INSERT INTO episodes (case_id, number, host_key, opened_at, first_seen, last_seen, first_gone, removed_at,
			outcome, ended_at, country, provider, country_since, provider_since, recorded) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
		ON CONFLICT (case_id, number) DO UPDATE SET opened_at = excluded.opened_at, first_seen = excluded.first_seen, last_seen = excluded.last_seen,
			first_gone = excluded.first_gone, removed_at = excluded.removed_at, country = excluded.country, provider = excluded.provider,
			country_since = excluded.country_since, provider_since = excluded.provider_since, recorded = excluded.recorded,
			ended_at = CASE WHEN episodes.outcome = excluded.outcome AND excluded.outcome <> 'removed' THEN episodes.ended_at ELSE excluded.ended_at END,
			outcome = excluded.outcome`,
		c.ID, e.Number, string(c.HostKey), at(e.Opened), at(e.FirstSeen), at(e.LastSeen), at(e.FirstGone), at(e.Removed),
		string(state), at(ended), clip(e.Country, 2), clip(e.Provider, maxProvider), at(e.CountrySince), at(e.ProviderSince), e.Recorded)
	if err != nil {
		return fmt.Errorf("write episode %d of case %d: %w", e.Number, c.ID, err)
	}
	return nil
}

const episodeColumns = `case_id, host_key, number, opened_at, first_seen, last_seen, first_gone, removed_at, first_notice, last_notice,
	outcome, ended_at, country, provider, country_since, provider_since, recorded`

func scanEpisode(row scanner) (casefile.EpisodeRecord, error) {
	var r casefile.EpisodeRecord
	var opened, firstSeen, lastSeen, firstGone, removed, firstNotice, lastNotice, ended, inCountry, withProvider stamp
	err := row.Scan(&r.CaseID, &r.HostKey, &r.Episode.Number, &opened, &firstSeen, &lastSeen, &firstGone, &removed, &firstNotice, &lastNotice,
		&r.Outcome, &ended, &r.Episode.Country, &r.Episode.Provider, &inCountry, &withProvider, &r.Episode.Recorded)
	e := &r.Episode
	e.Opened, e.FirstSeen, e.LastSeen, e.FirstGone = opened.Time, firstSeen.Time, lastSeen.Time, firstGone.Time
	e.Removed, e.FirstNotice, e.LastNotice, r.Ended = removed.Time, firstNotice.Time, lastNotice.Time, ended.Time
	e.CountrySince, e.ProviderSince = inCountry.Time, withProvider.Time
	return r, err
}

// episodePage is how many episodes are read at a time: no cursor stays open while
// the caller works.
const episodePage = 1000

// Episodes yields every episode that was opened at or after since, in order of
// opening; the zero time yields all. It stops with yield's error.
func (s *Store) Episodes(ctx context.Context, since time.Time, yield func(casefile.EpisodeRecord) error) error {
	last := casefile.EpisodeRecord{Episode: casefile.Episode{Opened: since}}
	opened := int64(0)
	if !since.IsZero() {
		opened = since.UnixMilli()
		if since.After(time.UnixMilli(opened)) {
			opened++ // since lies between two milliseconds
		}
	}
	for {
		rows, err := s.read.QueryContext(ctx, episodesQuery, opened, last.CaseID, last.Episode.Number, episodePage)
		list, err := collect(rows, err, scanEpisode)
		if err != nil {
			return fmt.Errorf("read episodes: %w", err)
		}
		for _, r := range list {
			if err := yield(r); err != nil {
				return err
			}
		}
		if len(list) < episodePage {
			return nil
		}
		last = list[len(list)-1]
		opened = last.Episode.Opened.UnixMilli()
	}
}

const episodesQuery = "SELECT " + episodeColumns + ` FROM episodes WHERE (opened_at, case_id, number) > ($1, $2, $3)
	ORDER BY opened_at, case_id, number LIMIT $4`
