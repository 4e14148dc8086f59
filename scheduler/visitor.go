package scheduler

import (
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
	// SiblingTTL is how long the answer to a path that does not exist speaks for a host; default 24 h.
	SiblingTTL time.Duration
	// PerHostGap is the rest between two looks at one host; zero: none.
	PerHostGap time.Duration
	// MaxVisits and MaxTime bound a round; default 50 visits and 2 min. A visit that
	// began in time is finished.
	MaxVisits int
	MaxTime   time.Duration
	// FeedLimit bounds the due hosts of one feeding; default 10,000. The longest due
	// come first, so it must exceed the rounds that the queue holds and works at once.
	FeedLimit int
	// RecordTimeout bounds the recording of a visit, also while Vigil stops; default 10 s.
	RecordTimeout time.Duration
	Log           *zap.Logger // default: none
	Meter         Meter       // default: none
}

// Visitor makes rounds: the due visits of one host in a row. It is safe for
// concurrent use by rounds of different hosts; two rounds of one host at a time
// are kept apart by the queue.
type Visitor struct {
	observer      *observe.Observer
	desk          Composer
	store         Store
	gate          *Gate
	vantages      []casefile.Vantage
	pace          Schedule
	thresholds    lifecycle.Thresholds
	hostingTTL    time.Duration
	siblingTTL    time.Duration
	gap           time.Duration
	maxVisits     int
	maxTime       time.Duration
	feedLimit     int
	recordTimeout time.Duration
	log           *zap.Logger
	meter         Meter
}

// NewVisitor makes a Visitor. Errors name the option that is missing or wrong.
func NewVisitor(o Options) (*Visitor, error) {
	if o.Composer == nil || o.Store == nil {
		return nil, errors.New("visitor: a desk and a store are required")
	}
	if err := o.Schedule.Validate(); err != nil {
		return nil, fmt.Errorf("visitor: pace: %w", err)
	}
	for _, d := range []struct {
		name  string
		value *time.Duration
		usual time.Duration
	}{
		{"unavailable after", &o.UnavailableAfter, 7 * 24 * time.Hour},
		{"hosting ttl", &o.HostingTTL, 24 * time.Hour},
		{"sibling ttl", &o.SiblingTTL, 24 * time.Hour},
		{"per host gap", &o.PerHostGap, 0},
		{"max time", &o.MaxTime, 2 * time.Minute},
		{"record timeout", &o.RecordTimeout, 10 * time.Second},
	} {
		if *d.value < 0 {
			return nil, fmt.Errorf("visitor: %s %v: must not be negative", d.name, *d.value)
		}
		if *d.value == 0 {
			*d.value = d.usual
		}
	}
	if o.MaxVisits < 0 || o.FeedLimit < 0 {
		return nil, errors.New("visitor: no bound may be negative")
	}
	if o.MaxVisits == 0 {
		o.MaxVisits = 50
	}
	if o.FeedLimit == 0 {
		o.FeedLimit = 10_000
	}
	if o.Log == nil {
		o.Log = zap.NewNop()
	}
	if o.Meter == nil {
		o.Meter = noMeter{}
	}
	observer, err := observe.New(observe.Options{Looker: o.Looker, Locator: o.Locator, Gap: o.PerHostGap, Log: o.Log,
		OnLook: func(look casefile.Observation) { measure(o.Meter, look) }})
	if err != nil {
		return nil, fmt.Errorf("visitor: %w", err)
	}
	vantages := observer.Vantages()
	v := &Visitor{
		observer: observer, desk: o.Composer, store: o.Store, gate: o.Gate, vantages: vantages, pace: o.Schedule,
		hostingTTL: o.HostingTTL, siblingTTL: o.SiblingTTL, gap: o.PerHostGap, maxVisits: o.MaxVisits, maxTime: o.MaxTime,
		feedLimit: o.FeedLimit, recordTimeout: o.RecordTimeout, log: o.Log, meter: o.Meter,
	}
	v.thresholds = lifecycle.Thresholds{
		Confirm: o.Schedule.Confirm, SingleVantage: lifecycle.SingleVantage(len(vantages)), UnavailableAfter: o.UnavailableAfter, Aftercare: slices.Clone(o.Schedule.Aftercare),
	}
	v.pace.Confirm = v.thresholds.Removal() // the pace spreads what the judge counts
	return v, nil
}

// Removal is the streak of gone verdicts that confirms a removal here.
func (v *Visitor) Removal() casefile.Confirm { return v.thresholds.Removal() }
