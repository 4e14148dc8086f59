package stats

import (
	"context"
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
	AsOf time.Time // when they were counted
	All  Summary
	// Groups are the parts of All, largest first; none without a split. Each goes by the
	// clock of its own country or provider.
	Groups []GroupSummary
}

// GroupSummary is the summary of a group. Key is empty where country or provider is unknown.
type GroupSummary struct {
	Key string
	Summary
}

// Removal counts the records as of now.
func (q Query) Removal(records []casefile.EpisodeRecord, now time.Time) Removal {
	r := Removal{Query: q, AsOf: now, All: Summarise(records, q.Clock, now)}
	var key func(casefile.EpisodeRecord) string
	var charge func(casefile.EpisodeRecord) casefile.EpisodeRecord // a move charges nobody for the host before
	switch q.By {
	case ByHostingCountry:
		key, charge = ByCountry, ForCountry
	case ByHostingProvider:
		key, charge = ByProvider, ForProvider
	case ByNothing:
		return r
	}
	charged := make([]casefile.EpisodeRecord, len(records))
	for i, e := range records {
		charged[i] = charge(e)
	}
	for _, g := range Groups(charged, key) {
		r.Groups = append(r.Groups, GroupSummary{g.Key, Summarise(g.Records, q.Clock, now)})
	}
	return r
}
