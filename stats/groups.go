package stats

import (
	"cmp"
	"slices"
	"time"

	"vigil/casefile"
)

// Group are the records that have one key in common.
type Group struct {
	Key     string // empty for records without one: unknown
	Records []casefile.EpisodeRecord
}

// Groups sorts the records into groups by a key: the largest first, then by key.
// The order of records within a group stays.
func Groups(records []casefile.EpisodeRecord, by func(casefile.EpisodeRecord) string) []Group {
	index := make(map[string]int)
	var groups []Group
	for _, r := range records {
		key := by(r)
		i, found := index[key]
		if !found {
			i = len(groups)
			index[key] = i
			groups = append(groups, Group{Key: key})
		}
		groups[i].Records = append(groups[i].Records, r)
	}
	slices.SortFunc(groups, func(a, b Group) int {
		return cmp.Or(cmp.Compare(len(b.Records), len(a.Records)), cmp.Compare(a.Key, b.Key))
	})
	return groups
}

// ForProvider is a record by the clock of its provider: what happened before that provider
// was found to host the target is not charged to it. The time from the report begins with
// the provider's clock, that from the notice not before it, and what was last seen before
// it was never seen there. A record without such a clock stays as it is.
//
// Use it for figures by provider, and ForCountry for those by country; the figures of all
// episodes keep the clock of the case (ADR-0036).
func ForProvider(r casefile.EpisodeRecord) casefile.EpisodeRecord {
	return from(r, r.Episode.ProviderSince)
}

// ForCountry is a record by the clock of its hosting country, as ForProvider.
func ForCountry(r casefile.EpisodeRecord) casefile.EpisodeRecord {
	return from(r, r.Episode.CountrySince)
}

// from is the record as somebody has to answer for it who came in at since.
func from(r casefile.EpisodeRecord, since time.Time) casefile.EpisodeRecord {
	e := &r.Episode
	if !since.After(e.Opened) {
		return r
	}
	e.Opened = since
	if e.LastSeen.Before(since) {
		e.FirstSeen, e.LastSeen = time.Time{}, time.Time{}
	} else if e.FirstSeen.Before(since) {
		e.FirstSeen = since
	}
	if e.LastNotice.Before(since) { // only those before were told
		e.FirstNotice, e.LastNotice = time.Time{}, time.Time{}
	} else if e.FirstNotice.Before(since) {
		e.FirstNotice = since
	}
	return r
}

// ByCountry is the hosting country.
func ByCountry(r casefile.EpisodeRecord) string { return r.Episode.Country }

// ByProvider is the hosting provider.
func ByProvider(r casefile.EpisodeRecord) string { return r.Episode.Provider }
