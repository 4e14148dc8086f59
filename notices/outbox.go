package notices

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"go.uber.org/zap"

	"vigil/casefile"
)

// OutboxStore is what the outbox needs of a store. All methods are durable when
// they return, and safe for several processes at once.
type OutboxStore interface {
	// ClaimNotices turns up to limit queued notices whose NextTry has come into sending, each for one caller only.
	ClaimNotices(ctx context.Context, now time.Time, limit int) ([]casefile.Notice, error)
	// SettleNotice writes State, Tries, NextTry, Sent and Proof of a claimed notice, and its event.
	SettleNotice(ctx context.Context, n casefile.Notice) error
	// RecoverNotices turns what a dead process left sending into uncertain: claims that are older than the
	// lease at now. It never touches a younger one, which another process may be handing over.
	RecoverNotices(ctx context.Context, now time.Time) (int, error)
	Case(ctx context.Context, id casefile.CaseID) (casefile.Case, error)
}

// Sender hands one notice to its party. The error is nil when the party's server
// took it. An error with Outcome says refused, queued (nothing was taken) or
// uncertain; any other error is uncertain. proof is what the server said.
type Sender interface {
	Send(ctx context.Context, n casefile.Notice) (proof string, err error)
}

// Meter counts what became of notices. It must be safe for concurrent use.
type Meter interface {
	// NoticeSettled is called once for each try, with the state it led to; queued means put off.
	NoticeSettled(kind casefile.NoticeKind, state casefile.NoticeState, took time.Duration)
}

// OutboxOptions are what an Outbox needs.
type OutboxOptions struct {
	Store  OutboxStore // required
	Sender Sender      // required
	Log    *zap.Logger // default: none
	Meter  Meter       // default: none
	// Interval is how often the store is asked for work 10 ms to 1 h. Default: 10 s.
	Interval time.Duration
	// Batch is how many notices are claimed at a time, 1 to 200. They are sent one after the other.
	// Default: 1, because all that is claimed when Vigil dies is uncertain and is not sent again.
	Batch int
}

// Outbox hands queued notices over, each at most once: what it cannot know the
// end of becomes uncertain and is never sent again by itself (ADR-0010). Several
// outboxes, in several processes, may work on one store.
type Outbox struct {
	o OutboxOptions
}

// Bounds of one handing over.
const (
	sendTimeout = 4 * time.Minute
	// lease is after how long the store's RecoverNotices takes a claim for abandoned; no notice is
	// handed over that could not be settled within it.
	lease        = 10 * time.Minute
	settleMargin = 2 * time.Minute // the part of a lease kept for settling
)

// NewOutbox checks the options.
func NewOutbox(o OutboxOptions) (*Outbox, error) {
	var wrong []error
	if o.Store == nil || o.Sender == nil {
		wrong = append(wrong, errors.New("a store and a sender are required"))
	}
	o.Log, o.Meter = cmp.Or(o.Log, zap.NewNop()), cmp.Or[Meter](o.Meter, noMeter{})
	o.Interval, o.Batch = cmp.Or(o.Interval, 10*time.Second), cmp.Or(o.Batch, 1)
	if o.Interval < 10*time.Millisecond || o.Interval > time.Hour {
		wrong = append(wrong, errors.New("the interval must be 10 ms to 1 h"))
	}
	if o.Batch < 1 || o.Batch > 200 {
		wrong = append(wrong, errors.New("the batch must be 1 to 200 notices"))
	}
	if len(wrong) > 0 {
		return nil, fmt.Errorf("outbox: %w", errors.Join(wrong...))
	}
	return &Outbox{o: o}, nil
}

type noMeter struct{}

func (noMeter) NoticeSettled(casefile.NoticeKind, casefile.NoticeState, time.Duration) {}

// recoverEvery is how often abandoned claims are looked for.
const recoverEvery = time.Minute

// Run hands notices over until ctx ends. It then finishes the message in hand,
// settles it, gives the rest of its batch back, and returns nil. A store that
// fails is asked again after Interval.
func (b *Outbox) Run(ctx context.Context) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	var recovered time.Time
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-timer.C:
		}
		if ctx.Err() != nil { // a select with several ready cases picks any
			return nil
		}
		if now := time.Now(); now.Sub(recovered) >= recoverEvery {
			b.recover(ctx, now)
			recovered = now
		}
		for b.batch(ctx) && ctx.Err() == nil {
		}
		timer.Reset(b.o.Interval)
	}
}

func (b *Outbox) recover(ctx context.Context, now time.Time) {
	n, err := b.o.Store.RecoverNotices(ctx, now.UTC())
	switch {
	case err != nil && ctx.Err() == nil:
		b.o.Log.Error("recover notices", zap.Error(err))
	case n > 0:
		b.o.Log.Error("notices left half sent are uncertain: ask their parties", zap.Int("notices", n))
	}
}

// batch claims and handles one batch; it says whether there may be more work.
func (b *Outbox) batch(ctx context.Context) bool {
	claimed := time.Now()
	// Not cut off by the end of ctx: a claim that was made and not heard of would become uncertain for nothing.
	claiming, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTimeout)
	notices, err := b.o.Store.ClaimNotices(claiming, claimed.UTC(), b.o.Batch)
	cancel()
	if err != nil {
		b.o.Log.Error("claim notices", zap.Error(err))
		return false
	}
	for _, n := range notices {
		b.handle(ctx, n, claimed)
	}
	return len(notices) == b.o.Batch
}

// handle brings one claimed notice to a settled state. Nothing has been handed
// over until attempt is called; after it, the outcome is only ever written.
func (b *Outbox) handle(ctx context.Context, n casefile.Notice, claimed time.Time) {
	// The end of ctx is not the end of this notice: it is settled all the same, within a bound.
	detached := context.WithoutCancel(ctx)
	start := time.Now()
	if ctx.Err() != nil || start.Sub(claimed) > lease-sendTimeout-settleMargin {
		b.settle(detached, giveBack(n, start), start)
		return
	}
	reading, cancel := context.WithTimeout(detached, settleTimeout)
	c, err := b.o.Store.Case(reading, n.CaseID)
	cancel()
	if problem, ok := errors.AsType[*casefile.Problem](err); ok && problem.Code == casefile.ProblemNotFound {
		b.settle(detached, overtake(n, text("overtaken_gone")), start)
		return
	}
	if err != nil {
		b.o.Log.Error("read the case of a notice", zap.Int64("notice_id", int64(n.ID)), zap.Error(err))
		b.settle(detached, giveBack(n, start.Add(backoff(1))), start)
		return
	}
	if why := overtaken(c, n); why != "" {
		b.settle(detached, overtake(n, why), start)
		return
	}
	if heldBack(c, n) {
		b.settle(detached, giveBack(n, start.Add(holdRecheck)), start)
		return
	}
	sending, cancel := context.WithTimeoutCause(detached, sendTimeout, errors.New("outbox: handing over took too long"))
	proof, err := b.o.Sender.Send(sending, n)
	cancel()
	n = afterTry(n, redact(proof, c.Target), err, time.Now())
	b.settle(detached, n, start, where(err)...)
}

// Bounds of settling: three tries, each under its own time.
const (
	settleTries   = 3
	settleTimeout = 10 * time.Second
)

// settle writes what became of a notice. When the store fails it is asked twice
// more, and then left alone: the notice stays sending, becomes uncertain when its
// lease is over, and is not sent again. fields go into the log line.
func (b *Outbox) settle(ctx context.Context, n casefile.Notice, start time.Time, fields ...zap.Field) {
	fields = append(fields, zap.Int64("case_id", int64(n.CaseID)), zap.Int64("notice_id", int64(n.ID)),
		zap.Int64("took_ms", time.Since(start).Milliseconds()))
	var err error
	for try := range settleTries {
		if try > 0 {
			time.Sleep(time.Duration(try)*500*time.Millisecond + rand.N(250*time.Millisecond))
		}
		within, cancel := context.WithTimeout(ctx, settleTimeout)
		err = b.o.Store.SettleNotice(within, n)
		cancel()
		problem, told := errors.AsType[*casefile.Problem](err)
		if told && problem.Code == casefile.ProblemConflict {
			// It is not ours any more: settled by the try before, or found uncertain after the lease.
			b.o.Log.Warn("settle notice: it was settled before", append(fields, zap.Error(err))...)
			return
		}
		if err == nil {
			break
		}
	}
	if err != nil {
		b.o.Log.Error("settle notice: it stays claimed and becomes uncertain", append(fields, zap.Error(err))...)
		return
	}
	b.o.Meter.NoticeSettled(n.Kind, n.State, time.Since(start))
	switch n.State {
	case casefile.NoticeSent:
		b.o.Log.Info("notice sent", fields...)
	case casefile.NoticeQueued:
		b.o.Log.Info("notice put off", append(fields, zap.Time("due_at", n.NextTry))...)
	case casefile.NoticeOvertaken:
		b.o.Log.Info("notice overtaken", fields...)
	case casefile.NoticeRefused:
		b.o.Log.Warn("notice refused", fields...)
	case casefile.NoticeUncertain:
		b.o.Log.Error("notice uncertain: ask its party", fields...)
	case casefile.NoticeDraft, casefile.NoticeSending: // settle is never called with these
	}
}

// where is how far a failed try came, when the sender says so.
func where(err error) []zap.Field {
	if phased, ok := errors.AsType[interface {
		error
		Where() string
	}](err); ok {
		return []zap.Field{zap.String("phase", phased.Where())}
	}
	return nil
}
