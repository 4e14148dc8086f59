package api

import (
	"context"
	"time"

	"vigil/stats"
)

type removalInput struct {
	Clock string `query:"clock" enum:"report,notice" default:"report" doc:"where the clock starts"`
	By    string `query:"by" enum:"country,provider" doc:"split into groups"`
}

// Removal is the time to removal.
type Removal struct {
	Clock  stats.Clock `json:"clock"`
	By     stats.By    `json:"by,omitempty"`
	AsOf   time.Time   `json:"as_of"`
	All    Group       `json:"all"`
	Groups []Group     `json:"groups,omitempty"`
	Curve  []Point     `json:"curve" nullable:"false" doc:"Kaplan-Meier estimate"`
}

// Group is the figures of a set of episodes.
type Group struct {
	Name        string   `json:"name" doc:"empty for all, and where the country or provider is unknown"`
	N           int      `json:"n"`
	Hosts       int      `json:"hosts" doc:"different hosts among them: one host can move the totals"`
	Removed     int      `json:"removed"`
	Recorded    int      `json:"recorded" doc:"of the removed: on a person's word, not by verdicts"`
	Censored    int      `json:"censored" doc:"still there, or withdrawn while there"`
	Unavailable int      `json:"unavailable" doc:"silent or withheld for long; no removal"`
	Excluded    int      `json:"excluded" doc:"gone before assessment, or without a start of this clock; not in n"`
	Returned    int      `json:"returned" doc:"later episodes of the same cases, with clocks of their own; not in n"`
	Median      *float64 `json:"median_seconds" doc:"null when the curve does not get that far"`
	P90         *float64 `json:"p90_seconds" doc:"null when the curve does not get that far"`
	Shares      []Share  `json:"shares" nullable:"false"`
}

// Share is the part removed within a time.
type Share struct {
	Within int64    `json:"within_seconds"`
	Share  *float64 `json:"share" doc:"0 to 1; null when nothing was watched for that long"`
	Low    *float64 `json:"low" doc:"lower end of the 95 % band"`
	High   *float64 `json:"high" doc:"upper end of the 95 % band"`
}

// Point is a step of the curve.
type Point struct {
	After     float64 `json:"after_seconds"`
	Remaining float64 `json:"remaining" doc:"part that is still there"`
	Low       float64 `json:"low"`
	High      float64 `json:"high"`
	Removed   int     `json:"removed"`
	Censored  int     `json:"censored"`
	AtRisk    int     `json:"at_risk"`
}

type removalOutput struct{ Body Removal }

func (a *API) removal(ctx context.Context, in *removalInput) (*removalOutput, error) {
	f, err := a.Figures(ctx, stats.Query{Clock: stats.Clock(in.Clock), By: stats.By(in.By)})
	if err != nil {
		return nil, a.wrong(ctx, "count figures", err)
	}
	return &removalOutput{RemovalOf(f)}, nil
}

// RemovalOf puts figures into the shape of the API, which is also that of `vigil stats --json`.
func RemovalOf(r stats.Removal) Removal {
	return Removal{
		Clock: r.Clock, By: r.By, AsOf: r.AsOf, All: groupOf(stats.GroupSummary{Summary: r.All}), Groups: each(r.Groups, groupOf),
		Curve: each(r.All.Curve, func(p stats.Point) Point {
			return Point{p.At.Seconds(), p.Survival, p.Lower, p.Upper, p.Removed, p.Censored, p.AtRisk}
		}),
	}
}

func groupOf(s stats.GroupSummary) Group {
	return Group{
		Name: s.Key, N: s.N, Hosts: s.Hosts, Removed: s.Removed, Recorded: s.Recorded, Censored: s.Watched(), Unavailable: s.Unavailable,
		Excluded: s.Excluded.All(), Returned: s.Returns.Records, Median: seconds(s.Median.At), P90: seconds(s.P90.At),
		Shares: each(s.Shares, func(share stats.Share) Share {
			shown := Share{Within: int64(share.Within.Seconds())}
			if share.Reached {
				shown.Share, shown.Low, shown.High = &share.Estimate, &share.Lower, &share.Upper
			}
			return shown
		}),
	}
}

func seconds(d *time.Duration) *float64 {
	if d == nil {
		return nil
	}
	s := d.Seconds()
	return &s
}
