package stats

import (
	"cmp"
	"context"
	"slices"
	"time"

	"vigil/casefile"
)

// By says how figures are split into groups.
type By string

// Splits. The zero value is no split.
const (
	ByNothing         By = ""
	ByHostingCountry  By = "country"
	ByHostingProvider By = "provider"
)

// Valid says whether b is known.
func (b By) Valid() bool { return b == ByNothing || b == ByHostingCountry || b == ByHostingProvider }

// Query asks for the time to removal.
type Query struct {
	Clock Clock
	By    By
}

// Source answers queries. It must be safe for concurrent use.
type Source func(context.Context, Query) (Removal, error)

// Removal is the time to removal of all episodes, and of the groups of a split.
type Removal struct {
	Query
	AsOf   time.Time // when they were counted
	All    Summary
	Groups []GroupSummary // the parts of All; none without a split
}

// GroupSummary is the summary of a group. Key is empty where country or provider is unknown.
type GroupSummary struct {
	Key string
	Summary
}

// Removal counts the records as of now. Groups come the largest first, then by key. A group goes by the clock
// of its provider or country: a move charges nobody for the host before (ADR-0036).
func (q Query) Removal(records []casefile.EpisodeRecord, now time.Time) Removal {
	r := Removal{Query: q, AsOf: now, All: Summarise(records, q.Clock, now)}
	groups := map[string][]casefile.EpisodeRecord{}
	for _, e := range records {
		switch q.By {
		case ByHostingCountry:
			groups[e.Episode.Country] = append(groups[e.Episode.Country], from(e, e.Episode.CountrySince))
		case ByHostingProvider:
			groups[e.Episode.Provider] = append(groups[e.Episode.Provider], from(e, e.Episode.ProviderSince))
		case ByNothing:
		}
	}
	for key, of := range groups {
		r.Groups = append(r.Groups, GroupSummary{key, Summarise(of, q.Clock, now)})
	}
	slices.SortFunc(r.Groups, func(a, b GroupSummary) int {
		return cmp.Or(cmp.Compare(len(groups[b.Key]), len(groups[a.Key])), cmp.Compare(a.Key, b.Key))
	})
	return r
}

// from is the record as somebody has to answer for it who came in at since: a provider, or a country. The
// time from the report begins with since, that from the notice not before it, and what was last seen before
// it was never seen there. A record without such a clock stays as it is.
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
