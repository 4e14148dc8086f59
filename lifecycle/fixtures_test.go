package lifecycle_test

import (
	"slices"
	"time"

	"vigil/casefile"
	"vigil/lifecycle"
)

var (
	started = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	noon    = started
)

func target(url string) casefile.Target {
	x, err := casefile.NewTarget(url)
	if err != nil {
		panic(err)
	}
	return x
}

// advance applies a visit; of the events it gives those that people read.
func advance(c casefile.Case, v casefile.Visit, t lifecycle.Thresholds) (casefile.Case, []casefile.Event) {
	after, events, _ := lifecycle.Apply(c, v.Ended, lifecycle.Visited{Visit: v, Thresholds: t})
	return after, slices.DeleteFunc(events, func(e casefile.Event) bool { return e.Kind.Bookkeeping() })
}

func act(c casefile.Case, a casefile.Action) (casefile.Case, []casefile.Event, *casefile.Problem) {
	return lifecycle.Apply(c, a.At, lifecycle.Acted{Action: a})
}

func attach(c casefile.Case, r casefile.Report, now time.Time) (casefile.Case, []casefile.Event) {
	after, events, _ := lifecycle.Apply(c, now, lifecycle.Reported{Report: r})
	return after, events
}

func article() *casefile.Features {
	return &casefile.Features{Digest: "article", Words: 300, Elements: 80, Links: 30, Images: 5, HTML: true}
}

func another() *casefile.Features {
	return &casefile.Features{Digest: "another", Words: 500, Elements: 150, Links: 60, Images: 5, HTML: true}
}

func answer(status int, f *casefile.Features) *casefile.Observation {
	return &casefile.Observation{
		Vantage: "local", Purpose: casefile.PurposeTarget, Started: started, Status: status, Features: f, Hops: []casefile.Hop{{Status: status}},
	}
}

// from is o as seen from a vantage, for a purpose.
func from(vantage string, purpose casefile.Purpose, o *casefile.Observation) casefile.Observation {
	o.Vantage, o.Purpose = vantage, purpose
	return *o
}
