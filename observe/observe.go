// Package observe makes the looks of one visit, and asks what a judge wants to know besides.
//
// In comes a Request: a target with what is known of it. Out comes a Record: every look that was made and
// the basis that a verdict needs beside them. It is the one flow of serve, worker, look and the accuracy
// table, so that all of them judge a page alike.
//
// The room must never lose a look that started, never take a fault of ours for the world's, and never put
// a URL or a host into a log or an error. It has no opinion: judge names the probes that would help.
package observe

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"go.uber.org/zap"

	"vigil/casefile"
	"vigil/judge"
)

// Looker looks at a subject from a vantage: crawler.VantageSet. Look never fails for
// what the world did, and it is safe for concurrent use.
type Looker interface {
	Vantages() []casefile.Vantage
	Look(ctx context.Context, vantage string, s casefile.Subject) casefile.Observation
}

// Locator says who hosts a target and where: geolocate.Locator. A source that
// failed is a claim with a Problem, never an error.
type Locator interface {
	Locate(ctx context.Context, q casefile.Inquiry) casefile.Hosting
}

// Options of an Observer.
type Options struct {
	Looker  Looker  // required, with at least one vantage
	Locator Locator // required
	// Gap is the rest between two looks at one host; zero: none.
	Gap time.Duration
	// OnLook hears of every look that ended; nil: nobody does.
	OnLook func(casefile.Observation)
	Log    *zap.Logger // default: none
}

// Observer makes the looks of visits. It is safe for concurrent use with different Hosts.
type Observer struct {
	o        Options
	vantages []casefile.Vantage
}

// New makes an Observer. Errors name the option that is missing.
func New(o Options) (*Observer, error) {
	if o.Looker == nil || o.Locator == nil {
		return nil, errors.New("a looker and a locator are required")
	}
	vantages := o.Looker.Vantages()
	if len(vantages) == 0 {
		return nil, errors.New("the looker has no vantage")
	}
	o.Log = cmp.Or(o.Log, zap.NewNop())
	if o.OnLook == nil {
		o.OnLook = func(casefile.Observation) {}
	}
	return &Observer{o: o, vantages: slices.Clone(vantages)}, nil
}

// Vantages are the places that every visit looks from.
func (o *Observer) Vantages() []casefile.Vantage { return slices.Clone(o.vantages) }

// Request is what to observe, with what is known of it.
type Request struct {
	Target   casefile.Target
	Referrer casefile.Target    // the page from which one comes; zero for none
	Baseline *casefile.Features // nil: none yet
	Hosting  *casefile.Hosting  // the last decision; nil before the first
	Backend  *casefile.Backend  // where a person said that it is really hosted; nil: nobody did
	// LastSeen is when the target was last seen live: answers to decoys of before that say nothing
	// (ADR-0015).
	LastSeen time.Time
	// Relocate says whether the looks ask for a new decision on hosting; nil: they always do.
	Relocate func(looks []casefile.Observation) bool
}

// Record is one visit's observation: with Target, Observations and Basis a verdict can be made, now or later.
type Record struct {
	Target       casefile.Target
	Observations []casefile.Observation // in the order of the looks; those at the target first, by vantage
	Basis        casefile.Basis
	// Located is the decision on hosting made in this visit; nil when none was asked for.
	Located *casefile.Hosting
	// Interrupted says that the context ended: what is missing is not the world's doing.
	Interrupted bool
	// Broken is the type of a panic that ended the observation; empty when none did. The looks before it are
	// there.
	Panicked string
}

// Input is what a judge needs of the record.
func (r Record) Input() judge.Input { return judge.InputOf(r.Target, r.Observations, r.Basis) }

// Observe looks at the target from every vantage at once, once more without the referrer, has it located,
// and makes the probes that the judge wants, each at most once. Looks at one host are Options.Gap apart.
func (o *Observer) Observe(ctx context.Context, q Request, h *Host) Record {
	if !q.Target.Replays(q.Referrer) {
		q.Referrer = casefile.Target{}
	}
	basis := casefile.Basis{Vantages: o.Vantages(), Baseline: q.Baseline}
	v := &visit{Observer: o, ask: q, host: h, Record: Record{Target: q.Target, Basis: basis}}
	v.run(ctx)
	return v.Record
}

// visit is an observation under way. It belongs to one goroutine.
type visit struct {
	*Observer
	ask  Request
	host *Host
	Record
}

func (v *visit) run(ctx context.Context) {
	defer func() {
		if broken := recover(); broken != nil { // its value could name the target
			v.Panicked = fmt.Sprintf("%T", broken)
			v.o.Log.Error("observation broke off: this is a bug in vigil", zap.String("panic", v.Panicked))
		}
	}()
	s := casefile.Subject{Target: v.ask.Target, Referrer: v.ask.Referrer, Purpose: casefile.PurposeTarget, Nameservers: true}
	v.lookFrom(ctx, v.vantages, s)
	v.lookWithoutReferrer(ctx)
	v.locate(ctx)
	v.probe(ctx)
}

// lookWithoutReferrer looks once more, without the referrer that was recorded: pages that show their content
// only to those who come from a certain page show others a disguise (ADR-0035).
func (v *visit) lookWithoutReferrer(ctx context.Context) {
	if v.ask.Referrer.IsZero() {
		return
	}
	var from []casefile.Vantage
	for i, o := range v.Observations {
		if judge.WantsWithoutReferrer(o) {
			from = append(from, v.vantages[i])
		}
	}
	if len(from) > 0 && v.rest(ctx) {
		v.lookFrom(ctx, from, casefile.Subject{Target: v.ask.Target, Purpose: casefile.PurposeWithoutReferrer})
	}
}

// locate has hosting decided anew when the looks ask for it, and learns from it what the registry says of the
// domain. Visits of one host share decisions made from the same evidence.
func (v *visit) locate(ctx context.Context) {
	known := v.ask.Hosting
	if looks := v.Observations[:len(v.vantages)]; !v.Interrupted && (v.ask.Relocate == nil || v.ask.Relocate(looks)) {
		evidence := evidenceOf(looks, v.ask.Backend)
		found, shared := v.host.located[evidence]
		if !shared {
			found = v.o.Locator.Locate(ctx, casefile.Inquiry{Target: v.ask.Target, Looks: slices.Clone(looks), Backend: v.ask.Backend})
			if v.Interrupted = ctx.Err() != nil; v.Interrupted {
				return // what is missing in it, we did not wait for
			}
			if found.Decided.IsZero() {
				found.Decided = time.Now().UTC()
			}
			if v.host.located == nil {
				v.host.located = make(map[string]casefile.Hosting)
			}
			if len(v.host.located) < maxLocated {
				v.host.located[evidence] = found
			}
		}
		v.Located = &found
		if known == nil || found.RegistryAnswered() {
			known = &found
		}
	}
	if known != nil {
		v.Basis.Registrar, v.Basis.RegistryAnswered = known.Registrar, known.RegistryAnswered()
	}
}

// probe makes the looks beside those at the target that the judge wants. Without an answer the judge
// decides nothing by it.
func (v *visit) probe(ctx context.Context) {
	for _, purpose := range judge.Probes() {
		s, from, wanted := v.Input().NextProbe(purpose, v.ask.Referrer, strings.ToLower(rand.Text()))
		if v.Interrupted || !wanted || purpose == casefile.PurposeDecoy && v.recall(ctx) {
			continue
		}
		if !v.rest(ctx) {
			return
		}
		v.lookFrom(ctx, []casefile.Vantage{{Name: from}}, s)
		if purpose == casefile.PurposeDecoy && !v.Interrupted {
			decoy := v.Observations[len(v.Observations)-1]
			v.host.decoy = &decoy
		}
	}
}

// recall says whether the host's answer to a path that does not exist is known from another visit.
func (v *visit) recall(ctx context.Context) bool {
	if v.host.decoy == nil && v.host.Recall != nil {
		v.host.decoy = v.host.Recall(ctx, v.ask.LastSeen)
	}
	v.Basis.Decoy = v.host.decoy
	return v.Basis.Decoy != nil
}

// rest waits until the host may be looked at again; false when the context ended first.
func (v *visit) rest(ctx context.Context) bool {
	if !v.Interrupted {
		v.Interrupted = !v.host.Rest(ctx, v.o.Gap)
	}
	return !v.Interrupted
}

// lookFrom looks at s from several vantages at once.
func (v *visit) lookFrom(ctx context.Context, from []casefile.Vantage, s casefile.Subject) {
	looks := make([]casefile.Observation, len(from))
	var all sync.WaitGroup
	for i := range from {
		all.Go(func() { looks[i] = v.look(ctx, from[i].Name, s) })
	}
	all.Wait()
	v.host.last = time.Now()
	v.Observations = append(v.Observations, looks...)
	v.Interrupted = v.Interrupted || ctx.Err() != nil
}

// look makes one look. A panic below it is our fault, and an interrupted look.
func (o *Observer) look(ctx context.Context, vantage string, s casefile.Subject) (seen casefile.Observation) {
	started := time.Now()
	defer func() {
		if broken := recover(); broken != nil { // its value could name the target
			o.o.Log.Error("look broke off: this is a bug in vigil", zap.String("vantage", vantage), zap.String("panic", fmt.Sprintf("%T", broken)))
			seen = casefile.Observation{Fault: &casefile.Fault{
				Kind: casefile.FaultInterrupted, Phase: casefile.PhaseRequest, Detail: "broken off by an error of our own",
			}}
		}
		seen.Vantage, seen.Purpose = vantage, s.Purpose
		if seen.Started.IsZero() {
			seen.Started, seen.Took = started.UTC(), time.Since(started)
		}
		o.o.OnLook(seen)
	}()
	return o.o.Looker.Look(ctx, vantage, s)
}

// Host is what the visits of one host share while they are made in a row: its pace, its answer to a path that
// does not exist, and decisions on hosting. The zero value is a host that nobody looked at. It belongs to
// one goroutine.
type Host struct {
	// Recall finds the host's answer to a path that does not exist from an earlier time, of after lastSeen;
	// nil when there is none. Nobody remembers when it is not set.
	Recall func(ctx context.Context, lastSeen time.Time) *casefile.Observation

	last    time.Time // end of the last look; zero before the first
	decoy   *casefile.Observation
	located map[string]casefile.Hosting // by evidence
}

// maxLocated bounds the decisions that a Host remembers.
const maxLocated = 16

// Rest waits until gap has passed since the last look; false when the context ended first.
func (h *Host) Rest(ctx context.Context, gap time.Duration) bool {
	if h.last.IsZero() {
		return ctx.Err() == nil
	}
	return Sleep(ctx, gap-time.Since(h.last))
}

// Sleep waits for d, or until the context ends; it says whether the wait was complete.
func Sleep(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// evidenceOf is what a decision on hosting depends on within one host: what the looks saw, and what a person
// recorded.
func evidenceOf(looks []casefile.Observation, told *casefile.Backend) string {
	var addresses []netip.Addr
	var names []string
	edges := make([]string, 0, len(looks))
	for _, o := range looks {
		addresses, names = append(addresses, o.Resolution.Addresses...), append(names, o.Resolution.CNAMEs...)
		edges = append(edges, o.Final().Edge)
	}
	slices.SortFunc(addresses, netip.Addr.Compare)
	var record []casefile.Claim
	if told != nil {
		record = told.Claims()
	}
	return fmt.Sprint(slices.Compact(addresses), names, edges, record)
}
