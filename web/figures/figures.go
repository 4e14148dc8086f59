// Package figures holds the time-to-removal figures in the plain form that the
// API and the pages show.
//
// It only carries values: the definitions and the counting are those of the
// room that makes them, and whoever wires Vigil fills these types from there.
// Nothing here may name a case, a URL or a host.
package figures

import (
	"context"
	"time"
)

// Clock says from when a removal is timed.
type Clock string

// Clocks (docs/statistics.md). They are published by different bodies and
// must never be mixed.
const (
	FromReport Clock = "report" // from the hotline's receipt of the first report
	FromNotice Clock = "notice" // from the first notice to a provider
)

// Valid says whether c is known.
func (c Clock) Valid() bool { return c == FromReport || c == FromNotice }

// By says how the figures are split into groups.
type By string

// Splits. The zero value is no split.
const (
	ByNothing  By = ""
	ByCountry  By = "country"  // hosting country
	ByProvider By = "provider" // hosting provider
)

// Valid says whether b is known.
func (b By) Valid() bool { return b == ByNothing || b == ByCountry || b == ByProvider }

// Query asks for figures.
type Query struct {
	Clock Clock
	By    By
}

// Source makes the figures of a query. It must be safe for concurrent use.
type Source func(context.Context, Query) (Figures, error)

// Figures is the answer to a Query.
type Figures struct {
	Clock Clock
	By    By
	AsOf  time.Time // when they were counted, UTC
	All   Group     // every episode
	// Groups are the parts of All, largest first; empty without a split. Name is
	// empty for the episodes of which the country or provider is unknown.
	Groups []Group
}

// Group is the figures of a set of episodes. N = Removed + Censored +
// Unavailable; Excluded ones are in none of them.
type Group struct {
	Name string
	// Hosts counts the different hosts among N: one host can move the totals.
	Hosts       int
	N           int // episodes that count
	Removed     int
	Recorded    int // of the removed: on a person's word, not by verdicts
	Censored    int // still there, or withdrawn while there
	Unavailable int // silent or withheld for long: no removal
	Excluded    int // gone before assessment, or without a start of this clock
	Returned    int // later episodes of the same cases, with clocks of their own; in none of the other numbers
	// Median and P90 are nil when the curve does not get that far.
	Median, P90 *time.Duration
	Shares      []Share // by Within, ascending
	Curve       []Point // by After, ascending; empty for groups of a split
}

// Share is the part removed within a time.
type Share struct {
	Within time.Duration
	// Share, Low and High are 0..1: the estimate and its 95 % band. All zero when Known is false.
	Share, Low, High float64
	// Known is false when nothing was watched for that long.
	Known bool
}

// Point is a step of the Kaplan-Meier curve: from After on, this part is still there.
type Point struct {
	After time.Duration
	// Remaining, Low and High are 0..1: the estimate and its 95 % band.
	Remaining, Low, High float64
	Removed              int // removals at After
	Censored             int // episodes whose watching ends at After
	AtRisk               int // still watched just before After
}
