package scheduler

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.uber.org/zap"

	"vigil/casefile"
	"vigil/lifecycle"
	"vigil/observe"
)

// Options are what a Visitor needs.
type Options struct {
	Looker   observe.Looker  // required, with at least one vantage
	Locator  observe.Locator // required
	Composer Composer        // required
	Store    Store           // required
	Gate     *Gate           // nil: no gate
	Schedule Schedule        // required; its Confirm and Aftercare are the judge's too. With one vantage Confirm counts twice
	// UnavailableAfter is how long a case may be silent or withheld before it is unavailable; default 168 h.
	UnavailableAfter time.Duration
	// HostingTTL is how old a hosting decision may be; default 24 h.
	HostingTTL time.Duration
	// PerHostGap is the rest between two looks at one host; zero: none.
	PerHostGap time.Duration
	Log        *zap.Logger // default: none
	Meter      Meter       // default: none
}

// Visitor makes rounds: the due visits of one host in a row. It is safe for
// concurrent use by rounds of different hosts; two rounds of one host at a time
// are kept apart by the queue.
type Visitor struct {
	o          Options
	observer   *observe.Observer
	vantages   []casefile.Vantage
	thresholds lifecycle.Thresholds
}

const (
	// decoyTTL is how long the answer to a path that does not exist speaks for a host.
	decoyTTL = 24 * time.Hour
	// maxVisits and maxTime bound a round. A visit that began in time is finished.
	maxVisits = 50
	maxTime   = 2 * time.Minute
	// feedLimit bounds the due hosts of one feeding. The longest due come first, so it must exceed the rounds that
	// the queue holds and works at once.
	feedLimit = 10_000
	// recordTimeout bounds the recording of a visit, also while Vigil stops.
	recordTimeout = 10 * time.Second
)

// NewVisitor makes a Visitor. Errors name the option that is missing or wrong.
func NewVisitor(o Options) (*Visitor, error) {
	if o.Composer == nil || o.Store == nil {
		return nil, errors.New("visitor: a desk and a store are required")
	}
	if err := o.Schedule.Validate(); err != nil {
		return nil, fmt.Errorf("visitor: pace: %w", err)
	}
	if min(o.UnavailableAfter, o.HostingTTL, o.PerHostGap) < 0 {
		return nil, errors.New("visitor: unavailable after, hosting ttl and per host gap must not be negative")
	}
	o.UnavailableAfter, o.HostingTTL = cmp.Or(o.UnavailableAfter, 7*24*time.Hour), cmp.Or(o.HostingTTL, 24*time.Hour)
	o.Log, o.Meter = cmp.Or(o.Log, zap.NewNop()), cmp.Or[Meter](o.Meter, noMeter{})
	observer, err := observe.New(observe.Options{Looker: o.Looker, Locator: o.Locator, Gap: o.PerHostGap, Log: o.Log,
		OnLook: func(look casefile.Observation) { measure(o.Meter, look) }})
	if err != nil {
		return nil, fmt.Errorf("visitor: %w", err)
	}
	vantages := observer.Vantages()
	thresholds := lifecycle.Thresholds{
		Confirm: o.Schedule.Confirm, SingleVantage: lifecycle.SingleVantage(len(vantages)),
		UnavailableAfter: o.UnavailableAfter, Aftercare: slices.Clone(o.Schedule.Aftercare),
	}
	o.Schedule.Confirm = thresholds.Removal() // the pace spreads what the judge counts
	return &Visitor{o: o, observer: observer, vantages: vantages, thresholds: thresholds}, nil
}

// Removal is the streak of gone verdicts that confirms a removal here.
func (v *Visitor) Removal() casefile.Confirm { return v.thresholds.Removal() }
