// Package scheduler decides when a case must be visited and makes the visits.
//
// In come due hosts and their cases; out go recorded visits, each with its
// observations, verdict, hosting, notices, events and the next due time. The
// pace is pure (cadence.go), the flow of a visit reads from top to bottom
// (visit.go), the due visits of one host are a round (round.go), and the gate
// (gate.go) keeps our own dead uplink from confirming removals.
//
// The room must never count a visit that it did not make, must never leave a
// look that started without a record, and must never write a URL or a host to a
// log, an error or a metric. The queue that drives it lives in scheduler/river.
package scheduler

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.uber.org/zap"

	"vigil/casefile"
	"vigil/lifecycle"
	"vigil/observe"
)

// Composer assigns cases to hotlines and writes their notices: notices.Composer.
type Composer interface {
	Assign(h casefile.Hosting, now time.Time) casefile.Assignment
	Compose(c casefile.Case, now time.Time) ([]casefile.Notice, error)
}

// Store is what visits and rounds need of store.Store. All methods are safe for
// concurrent use. A write that was made from an outdated case is a
// *casefile.Problem of code conflict.
type Store interface {
	// DueHosts are hosts with a case that is due at now, the longest due first.
	DueHosts(ctx context.Context, now time.Time, limit int) ([]casefile.HostKey, error)
	// DueCases are the due cases of one host, the longest due first.
	DueCases(ctx context.Context, host casefile.HostKey, now time.Time, limit int) ([]casefile.Case, error)
	// StartVisit marks durably that a visit is under way. When it returns nil, the
	// visit is recorded: by RecordVisit, or as interrupted by the next StartVisit.
	StartVisit(ctx context.Context, id casefile.CaseID, version int64, now time.Time) error
	// RecordVisit writes all of a visit in one transaction. When the case changed since
	// it was read, the visit is kept as not counted, the case stays as it is, and the
	// answer is the Problem of code conflict.
	RecordVisit(ctx context.Context, v casefile.Visit) error
	// PostponeHost moves the due time of the host's cases that are due at now, and says how many.
	PostponeHost(ctx context.Context, host casefile.HostKey, now, until time.Time, why casefile.Why) (int, error)
	// Decoy is the host's latest decoy observation since then; nil when there is none.
	Decoy(ctx context.Context, host casefile.HostKey, since time.Time) (*casefile.Observation, error)
}

// Meter counts what the scheduler does. Its labels come from closed sets, never
// from a host. Implementations are safe for concurrent use.
type Meter interface {
	// VisitDone counts a recorded visit.
	VisitDone(state casefile.State, reason casefile.Reason, believed bool, took time.Duration)
	// LookDone counts a look; phase and fault are empty when it had none.
	LookDone(purpose casefile.Purpose, phase casefile.Phase, fault casefile.FaultKind, took time.Duration)
	// GateProbed tells the outcome of a probe of our own uplink.
	GateProbed(vantage string, sound bool)
	// Postponed counts due cases that were moved without a visit.
	Postponed(why casefile.Why, cases int)
	// Unbelieved counts a recorded visit that counts for nothing; why is a UplinkFault,
	// or reopened, interrupted or changed_meanwhile.
	Unbelieved(why string)
	// RecordFailed counts visits that could not be recorded.
	RecordFailed()
}

// noMeter is the Meter of those who do not count.
type noMeter struct{}

func (noMeter) VisitDone(casefile.State, casefile.Reason, bool, time.Duration)               {}
func (noMeter) LookDone(casefile.Purpose, casefile.Phase, casefile.FaultKind, time.Duration) {}
func (noMeter) GateProbed(string, bool)                                                      {}
func (noMeter) Postponed(casefile.Why, int)                                                  {}
func (noMeter) Unbelieved(string)                                                            {}
func (noMeter) RecordFailed()                                                                {}

// measure counts a look.
func measure(m Meter, o casefile.Observation) {
	var phase casefile.Phase
	var kind casefile.FaultKind
	if o.Fault != nil {
		phase, kind = o.Fault.Phase, o.Fault.Kind
	}
	m.LookDone(o.Purpose, phase, kind, o.Took)
}

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
	// feedLimit bounds the due hosts of one feeding. The longest due come first, so it must exceed the rounds
	// that the queue holds and works at once.
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
