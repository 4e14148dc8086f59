package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"time"

	"vigil/casefile"
	"vigil/crawler"
	"vigil/crawler/guard"
	"vigil/crawler/resolve"
	"vigil/crawler/target"
	"vigil/internal/fakenet"
	"vigil/internal/fakenet/corpus"
	"vigil/lifecycle"
	"vigil/scheduler"
)

// trial is one specimen of the corpus, judged once.
type trial struct {
	corpus.Specimen
	// Known says that the page was looked at before it turned; then First is that look's verdict.
	Known   bool
	First   casefile.Verdict
	Verdict casefile.Verdict
}

// accuracyLab judges the corpus: each trial has a simulated internet, a crawler and a store of its own, all
// in memory.
type accuracyLab struct {
	timeout time.Duration // of a look
	width   int           // trials at the same time
}

// run judges every specimen: known and at first sight, where it has both. The trials
// are in the order of the specimens. An error is ours, or the end of the context.
func (l accuracyLab) run(ctx context.Context, specimens []corpus.Specimen) ([]trial, error) {
	var trials []trial
	for _, s := range specimens {
		if s.Known {
			trials = append(trials, trial{Specimen: s, Known: true})
		}
		if s.Fresh {
			trials = append(trials, trial{Specimen: s})
		}
	}
	room := make(chan struct{}, l.width)
	faults := make([]error, len(trials))
	var all sync.WaitGroup
	for i := range trials {
		all.Go(func() {
			room <- struct{}{}
			defer func() { <-room }()
			if faults[i] = ctx.Err(); faults[i] != nil {
				return
			}
			if err := l.judge(ctx, &trials[i]); err != nil {
				faults[i] = fmt.Errorf("judge %s: %w", trials[i].Name, err)
			}
		})
	}
	all.Wait()
	return trials, errors.Join(faults...)
}

// judge plays one specimen and makes the visits of a case of its own, as the scheduler makes them.
func (l accuracyLab) judge(ctx context.Context, t *trial) error {
	s, err := l.stage(t.Specimen, t.Known)
	if err != nil {
		return err
	}
	defer s.net.Close()
	if t.Known {
		first, err := s.visit(ctx)
		if err != nil {
			return err
		}
		t.First = first.Verdict
		t.Turn(s.net)
		s.registry.status = t.Now.DomainStatus
	}
	now, err := s.visit(ctx)
	t.Verdict = now.Verdict
	return err
}

// stage is a specimen in a simulated internet of its own, with a case about it.
type stage struct {
	lab      accuracyLab
	net      *fakenet.Net
	key      []byte // of digests
	kept     oneCase
	registry registryStub
}

// stage sets up a specimen: as it was before when known, else as it is now. Whoever calls closes its net.
func (l accuracyLab) stage(of corpus.Specimen, known bool) (*stage, error) {
	s := &stage{lab: l, net: fakenet.New(fakenet.Options{TTL: -1, NegativeTTL: -1}), key: make([]byte, 32)}
	s.registry.status = of.Now.DomainStatus
	if known {
		s.registry.status = of.Before.DomainStatus
	}
	now := time.Now().UTC()
	report := casefile.Report{Source: "corpus", Classification: casefile.ClassA1, Received: now}
	if _, err := rand.Read(s.key); err != nil {
		return nil, err
	}
	var problem *casefile.Problem
	if report.Target, problem = target.Parse(of.Stage(s.net, known)); problem == nil && of.Referrer != "" {
		report.Referrer, problem = target.Parse(of.Referrer)
	}
	if problem != nil {
		s.net.Close()
		return nil, problem
	}
	s.kept.of, _ = lifecycle.Open(report, "host", now)
	s.kept.of.ID = 1
	return s, nil
}

// visit makes a round over the case, with a crawler of its own: nothing of the DNS is remembered from long
// ago.
func (s *stage) visit(ctx context.Context) (casefile.Visit, error) {
	look, err := s.lab.crawler(s.net, s.key)
	if err != nil {
		return casefile.Visit{}, err
	}
	v, err := scheduler.NewVisitor(scheduler.Options{
		Looker: look, Locator: &s.registry, Composer: idleComposer{}, Store: &s.kept, Schedule: accuracyPace(),
	})
	if err != nil {
		return casefile.Visit{}, err
	}
	_, err = s.kept.visit(ctx, v)
	return s.kept.last, err
}

func (l accuracyLab) crawler(n *fakenet.Net, key []byte) (*crawler.Crawler, error) {
	const vantage = "local"
	r, err := resolve.New(resolve.Options{Servers: []string{n.DNS()}, Dial: n.Dialer(vantage), Timeout: l.timeout / 2})
	if err != nil {
		return nil, err
	}
	g, err := guard.New(guard.Options{Allow: n.Prefixes(), Own: []netip.Addr{}, Dial: n.Dialer(vantage)})
	if err != nil {
		return nil, err
	}
	from := casefile.Vantage{Name: vantage, Country: "NL", Network: "AS64500"}
	return crawler.New(crawler.Options{
		Resolver: r, Guard: g, Timeout: l.timeout, DigestKey: key, Roots: n.Roots(),
		Vantages: []crawler.VantageOptions{{Vantage: from, Dial: n.Dialer(vantage)}},
	})
}

// accuracyPace is a pace that is valid; when to come back does not matter here.
func accuracyPace() scheduler.Schedule {
	p := scheduler.Schedule{FirstGap: time.Minute, MaxGap: time.Hour}
	p.Confirm.Verdicts, p.Confirm.Span = 3, 24*time.Hour
	return p
}

// oneCase is a store of a single case, for one goroutine at a time.
type oneCase struct {
	of      casefile.Case
	last    casefile.Visit
	sibling *casefile.Observation
}

// visit makes one round over the case and gives its verdict.
func (s *oneCase) visit(ctx context.Context, v *scheduler.Visitor) (casefile.Verdict, error) {
	s.last = casefile.Visit{}
	if err := v.Round(ctx, s.of.HostKey); err != nil {
		return casefile.Verdict{}, err
	}
	if s.last.Verdict.State == "" {
		return casefile.Verdict{}, errors.New("the visit was not recorded")
	}
	return s.last.Verdict, nil
}

func (s *oneCase) DueHosts(context.Context, time.Time, int) ([]casefile.HostKey, error) {
	return []casefile.HostKey{s.of.HostKey}, nil
}

// DueCases says that the case is due, whatever its due time.
func (s *oneCase) DueCases(context.Context, casefile.HostKey, time.Time, int) ([]casefile.Case, error) {
	return []casefile.Case{s.of}, nil
}

func (s *oneCase) StartVisit(context.Context, casefile.CaseID, int64, time.Time) error { return nil }

func (s *oneCase) RecordVisit(_ context.Context, v casefile.Visit) error {
	s.last, s.of = v, v.After
	for i := range v.Observations {
		if v.Observations[i].Purpose == casefile.PurposeDecoy {
			s.sibling = &v.Observations[i]
		}
	}
	return nil
}

func (s *oneCase) PostponeHost(context.Context, casefile.HostKey, time.Time, time.Time, casefile.Why) (int, error) {
	return 0, nil
}

// Decoy is what the last visit was told, when that was after since. In simulated time a whole
// visit takes no time: its own decoy look is as old as the sight of the page, and not after it.
func (s *oneCase) Decoy(_ context.Context, _ casefile.HostKey, since time.Time) (*casefile.Observation, error) {
	if s.sibling == nil || !s.sibling.Started.After(since) {
		return nil, nil
	}
	return s.sibling, nil
}

// registryStub knows a registrar that shows the states it was given, and nothing about networks.
type registryStub struct {
	status []string
	late   bool // it does not answer in time
}

func (s *registryStub) Locate(context.Context, casefile.Inquiry) casefile.Hosting {
	h := casefile.Hosting{Decided: time.Now().UTC()}
	if s.late {
		h.Claims = []casefile.Claim{{Fact: casefile.FactRegistrar, Source: "rdap", Problem: "timeout"}}
		return h
	}
	h.Registrar = &casefile.Registrar{Name: "Plain Names Registrar", DomainStatus: slices.Clone(s.status)}
	return h
}

// idleComposer assigns nothing and writes to nobody.
type idleComposer struct{}

func (idleComposer) Assign(casefile.Hosting, time.Time) casefile.Assignment {
	return casefile.Assignment{}
}

func (idleComposer) Compose(casefile.Case, time.Time) ([]casefile.Notice, error) { return nil, nil }
