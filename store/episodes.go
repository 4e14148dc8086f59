package store

import (
	"context"
	"fmt"
	"time"

	"vigil/casefile"
)

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
func (tx *transaction) writeEpisode(ctx context.Context, c casefile.Case, now time.Time) error {
	state, ended := outcome(c)
	if ended.IsZero() && state != casefile.OutcomeOpen {
		ended = now
	}
	e := c.Episode
	e.Country, e.Provider = clip(e.Country, 2), clip(e.Provider, maxProvider)
	e.FirstNotice, e.LastNotice = time.Time{}, time.Time{}
	document, err := toDocument(e, maxEpisode, "episode")
	if err != nil {
		return err
	}
	return tx.later(ctx, "write episode", `INSERT INTO episodes (case_id, number, host_key, opened_at, outcome, ended_at, document)
		VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (case_id, number) DO UPDATE SET document = excluded.document, outcome = excluded.outcome,
			ended_at = CASE WHEN episodes.outcome = excluded.outcome AND excluded.outcome <> 'removed' THEN episodes.ended_at
				ELSE excluded.ended_at END`,
		c.ID, e.Number, string(c.HostKey), at(e.Opened), string(state), at(ended), document)
}

const episodesQuery = `SELECT case_id, host_key, document, first_notice, last_notice, outcome, ended_at FROM episodes
	WHERE (opened_at, case_id, number) > ($1, $2, $3) ORDER BY opened_at, case_id, number LIMIT $4`

func scanEpisode(row scanner) (r casefile.EpisodeRecord, err error) {
	return r, row.Scan(&r.CaseID, &r.HostKey, document{&r.Episode}, stamp{&r.Episode.FirstNotice}, stamp{&r.Episode.LastNotice},
		&r.Outcome, stamp{&r.Ended})
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
		list, err := query(ctx, s.read, scanEpisode, episodesQuery, opened, last.CaseID, last.Episode.Number, episodePage)
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
