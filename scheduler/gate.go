package scheduler

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"go.uber.org/zap"

	"vigil/casefile"
	"vigil/observe"
	"vigil/words"
)

// GateOptions are what a Gate needs.
type GateOptions struct {
	Looker observe.Looker // required
	// Targets are control targets: sites of others that are always up, or our own
	// on another network. At most MaxControls. None switches the gate off.
	Targets []casefile.Target
	// PerVantage are the control targets of vantages that see another world, by
	// name, in place of Targets; at most MaxControls each.
	PerVantage map[string][]casefile.Target
	// Resolvers are the resolvers that looks rely on, one each and without a cache.
	// They are asked for the names of the control targets at every probe, and for
	// names that cannot exist. None: they are not examined.
	Resolvers []Resolver
	Log       *zap.Logger // default: none
	Meter     Meter       // default: none
}

const (
	// fresh is how old a sound probe may be for verdicts that do not count towards a removal.
	fresh = 30 * time.Second
	// probeRest is the least time between the beginnings of two probes from one vantage: the gap a host of a
	// case gets too.
	probeRest = time.Second
)

// MaxControls bounds the control targets of a gate.
const MaxControls = 16

// maxClockJump is how far the wall clock may move against the monotonic one
// between two probes, beside a thousandth of the time between them. NTP slews by
// 0.05 % at most (RFC 5905, section 11.3); what is more was set by hand or slept through.
const maxClockJump = 5 * time.Second

// Gate proves that our own uplink, resolvers and clock are sound before a verdict
// other than live is counted: it looks at control targets through the same
// Looker, from the same vantage. A probe is sound when more than half of the
// targets (so both of two) answered as themselves (control.go), when their clocks
// agree with ours, and when the wall clock did not jump since the probe before. After a jump the new
// time is taken as right from the next probe on: nothing here can know which was.
//
// Looks at control targets belong to no case: they are counted, not recorded.
// A Gate is safe for concurrent use; at most one probe a vantage is under way.
type Gate struct {
	o GateOptions
	// wallAhead is how far the wall clock ran ahead of the monotonic one since the gate was made.
	wallAhead func() time.Duration

	mu      sync.Mutex
	uplinks map[string]*uplink
}

// uplink is what the gate knows of one vantage. Its fields are guarded by Gate.mu.
type uplink struct {
	UplinkStatus               // of the last complete probe
	controls     []control     // by the order of the targets; only the probe under way touches them
	unsound      time.Time     // end of the last probe that was not sound; zero when there was none
	ahead        time.Duration // wallAhead at the last probe
	busy         chan struct{} // closed when the probe under way ends; nil when there is none
	started      time.Time     // of the last probe, complete or not
}

// NewGate makes a gate. It makes no probe.
func NewGate(o GateOptions) (*Gate, error) {
	if o.Looker == nil {
		return nil, errors.New("gate: a looker is required")
	}
	for vantage, targets := range o.PerVantage {
		if err := checkControls(targets); err != nil || len(targets) == 0 {
			return nil, fmt.Errorf("gate: vantage %q: none, or wrong: %w", vantage, err)
		}
	}
	if err := checkControls(o.Targets); err != nil {
		return nil, fmt.Errorf("gate: %w", err)
	}
	o.Log, o.Meter = cmp.Or(o.Log, zap.NewNop()), cmp.Or[Meter](o.Meter, noMeter{})
	o.Targets, o.PerVantage, o.Resolvers = slices.Clone(o.Targets), maps.Clone(o.PerVantage), slices.Clone(o.Resolvers)
	base := time.Now()
	return &Gate{
		o: o,
		wallAhead: func() time.Duration {
			now := time.Now()
			return now.Round(0).Sub(base.Round(0)) - now.Sub(base)
		},
		uplinks: make(map[string]*uplink),
	}, nil
}

func checkControls(targets []casefile.Target) error {
	if len(targets) > MaxControls {
		return fmt.Errorf("%d control targets; at most %d", len(targets), MaxControls)
	}
	for i, t := range targets {
		if t.IsZero() {
			return fmt.Errorf("control target %d is empty", i+1)
		}
	}
	return nil
}

// Configured says whether there are control targets. Without them every verdict is counted.
func (g *Gate) Configured() bool { return g != nil && len(g.o.Targets)+len(g.o.PerVantage) > 0 }

// controlsOf are the control targets of a vantage.
func (g *Gate) controlsOf(vantage string) []casefile.Target {
	if special, ok := g.o.PerVantage[vantage]; ok {
		return special
	}
	return g.o.Targets
}

// Sound says whether our uplink was sound from the vantage over the whole time from
// began to now: a probe that begins at or after ended was sound, none that ended
// after began was not, and when the gate was closed before, it opened before
// began: what happened between the last unsound probe and the first sound one, nobody
// knows. It makes a probe when there is none yet, or waits for the one under way.
// It is false when the context ends first, and always true without control targets.
func (g *Gate) Sound(ctx context.Context, vantage string, began, ended time.Time) bool {
	if !g.Configured() || len(g.controlsOf(vantage)) == 0 {
		return true
	}
	if now := time.Now(); ended.After(now) {
		ended = now
	}
	if began.After(ended) {
		began = ended
	}
	for {
		g.mu.Lock()
		u := g.uplinks[vantage]
		if u == nil {
			n := len(g.controlsOf(vantage))
			u = &uplink{UplinkStatus: UplinkStatus{Vantage: vantage, Controls: n}, controls: make([]control, n)}
			g.uplinks[vantage] = u
		}
		switch {
		case !u.unsound.IsZero() && !u.unsound.Before(began): // it failed within the time that is asked about
			g.mu.Unlock()
			return false
		case !u.Probed.IsZero() && !u.Probed.Before(ended):
			open := u.unsound.IsZero() || !u.Since.After(began)
			g.mu.Unlock()
			return open
		case u.busy != nil:
			busy := u.busy
			g.mu.Unlock()
			select {
			case <-busy:
			case <-ctx.Done():
				return false
			}
			continue
		}
		u.busy = make(chan struct{})
		var wait time.Duration
		if !u.started.IsZero() {
			wait = probeRest - time.Since(u.started)
		}
		g.mu.Unlock()
		if !g.probe(ctx, vantage, u, wait) {
			return false
		}
	}
}

// probe looks at all control targets from the vantage, after the rest that is
// left, and keeps the outcome. It is false when the context cut it short: then it says nothing.
func (g *Gate) probe(ctx context.Context, vantage string, u *uplink, wait time.Duration) bool {
	answered, fault, began, complete := 0, UplinkFault(""), time.Time{}, observe.Sleep(ctx, wait)
	if complete {
		began = time.Now().UTC()
		var lie bool
		var asking sync.WaitGroup
		asking.Go(func() { lie = lying(ctx, g.o.Resolvers, g.controlsOf(vantage)) })
		looks := g.ask(ctx, vantage)
		asking.Wait()
		if complete = ctx.Err() == nil; complete {
			answered, fault = weigh(g.controlsOf(vantage), looks, u.controls, time.Now())
		}
		if lie {
			fault = UplinkResolver
		}
	}
	ahead, now := g.wallAhead(), time.Now()

	g.mu.Lock()
	defer g.mu.Unlock()
	close(u.busy)
	u.busy = nil
	if !began.IsZero() {
		u.started = began
	}
	if !complete {
		return false
	}
	allowed := maxClockJump
	if !u.Probed.IsZero() {
		allowed += began.Sub(u.Probed).Abs() / 1000
	}
	if (ahead - u.ahead).Abs() > allowed {
		fault = UplinkClock
	}
	sound := fault == ""
	if u.Probed.IsZero() || sound != u.Sound {
		u.Since = began
	}
	if u.Probed.IsZero() || fault != u.Fault {
		g.logResult(vantage, fault, answered, !u.Probed.IsZero())
	}
	u.Probed, u.Sound, u.Fault, u.Answered, u.ahead = began, sound, fault, answered, ahead
	if !sound {
		u.unsound = now
	}
	g.o.Meter.GateProbed(vantage, sound)
	return true
}

// ask looks at every control target at once; the answers are in the order of the targets.
func (g *Gate) ask(ctx context.Context, vantage string) []casefile.Observation {
	targets := g.controlsOf(vantage)
	looks := make([]casefile.Observation, len(targets))
	var all sync.WaitGroup
	for i, t := range targets { // Look is bounded, and ends when the context does
		all.Go(func() {
			o := g.o.Looker.Look(ctx, vantage, casefile.Subject{Target: t, Purpose: casefile.PurposeControl})
			o.Purpose = casefile.PurposeControl
			measure(g.o.Meter, o)
			looks[i] = o
		})
	}
	all.Wait()
	return looks
}

func (g *Gate) logResult(vantage string, fault UplinkFault, answered int, known bool) {
	fields := []zap.Field{zap.String("vantage", vantage), zap.String("why", string(fault)), zap.Int("answered", answered),
		zap.Int("controls", len(g.controlsOf(vantage)))}
	switch {
	case fault != "":
		g.o.Log.Error("gate closed: "+words.In(words.English).Say("uplink", fault), fields...)
	case known:
		g.o.Log.Info("gate open again", fields...)
	}
}

// Closed is for how long the gate has been closed for the vantage at now; 0 when
// it is open or was never asked.
func (g *Gate) Closed(vantage string, now time.Time) time.Duration {
	if !g.Configured() {
		return 0
	}
	u := g.last(vantage)
	if u.Probed.IsZero() || u.Sound {
		return 0
	}
	return max(now.Sub(u.Since), 0)
}

// last is the last complete probe from the vantage; zero when there was none.
func (g *Gate) last(vantage string) UplinkStatus {
	g.mu.Lock()
	defer g.mu.Unlock()
	if u := g.uplinks[vantage]; u != nil {
		return u.UplinkStatus
	}
	return UplinkStatus{}
}

// UplinkStatus is the last probe from one vantage, for metrics and the doctor.
type UplinkStatus struct {
	Vantage  string
	Sound    bool
	Answered int         // control targets that answered
	Controls int         // control targets there are
	Fault    UplinkFault // why it is not sound; empty when it is
	Probed   time.Time   // when the probe began
	Since    time.Time   // since when Sound has its value
}

// Status is the last complete probe of each vantage, by name.
func (g *Gate) Status() []UplinkStatus {
	if g == nil {
		return nil
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	var all []UplinkStatus
	for _, u := range g.uplinks {
		if !u.Probed.IsZero() {
			all = append(all, u.UplinkStatus)
		}
	}
	slices.SortFunc(all, func(a, b UplinkStatus) int { return strings.Compare(a.Vantage, b.Vantage) })
	return all
}
