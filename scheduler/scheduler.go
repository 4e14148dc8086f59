// Package scheduler decides when a case must be visited and makes the visits.
//
// In come due hosts and their cases; out go recorded visits, each with its
// observations, verdict, hosting, notices, events and the next due time. The
// pace is pure (cadence.go), the flow of a visit reads from top to bottom
// (visit.go), the due visits of one host are a round (round.go), and the gate
// (gate.go) keeps our own dead line from confirming removals.
//
// The room must never count a visit that it did not make, must never leave a
// look that started without a record, and must never write a URL or a host to a
// log, an error or a metric. The queue that drives it lives in scheduler/river.
package scheduler

import (
	"context"
	"time"

	"vigil/casefile"
)

// Desk assigns cases to hotlines and writes their notices: notices.Desk.
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
	// GateProbed tells the outcome of a probe of our own line.
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
