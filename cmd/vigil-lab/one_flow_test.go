package main

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"vigil/casefile"
	"vigil/internal/fakenet/corpus"
	"vigil/internal/fakenet/testrun"
	"vigil/judge"
	"vigil/observe"
)

// look observes and judges without a case, as vigil look does.
func (s *stage) look(ctx context.Context) (observe.Record, casefile.Verdict, error) {
	crawler, err := s.lab.crawler(s.net, s.key)
	if err != nil {
		return observe.Record{}, casefile.Verdict{}, err
	}
	o, err := observe.New(observe.Options{Looker: crawler, Locator: &s.registry})
	if err != nil {
		return observe.Record{}, casefile.Verdict{}, err
	}
	seen := o.Observe(ctx, observe.Request{Target: s.kept.of.Target, Referrer: s.kept.of.Referrer}, &observe.Host{})
	return seen, judge.Decide(seen.Input()), nil
}

// compared is one specimen at first sight, by a look and by the first visit of a case.
type compared struct {
	seen   observe.Record
	looked casefile.Verdict
	visit  casefile.Visit
}

// compareWays plays the specimen twice, each time in an internet of its own: what a site counts, it counts alike.
func (l accuracyLab) compareWays(ctx context.Context, of corpus.Specimen, late bool) (c compared, err error) {
	for _, make := range []func(*stage) error{
		func(s *stage) (err error) { c.seen, c.looked, err = s.look(ctx); return err },
		func(s *stage) (err error) { c.visit, err = s.visit(ctx); return err },
	} {
		s, err := l.stage(of, false)
		if err != nil {
			return c, err
		}
		s.registry.late = late
		err = make(s)
		s.net.Close()
		if err != nil {
			return c, err
		}
	}
	return c, nil
}

// TestALookAndAFirstVisitSayTheSame: given the same answers of the registry there is no difference in state, reason and
// signals. Where it did not answer in time both record that, and no baseline is made.
func TestALookAndAFirstVisitSayTheSame(t *testing.T) {
	all, err := corpus.All()
	if err != nil {
		t.Fatal(err)
	}
	some := testrun.Sample(all, 100)
	for _, late := range []bool{false, true} {
		t.Run(fmt.Sprintf("registry late %v", late), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { // time-outs pass in no time
				lab := accuracyLab{timeout: 20 * time.Second}
				room := make(chan struct{}, 16)
				var work sync.WaitGroup
				baselines := make([]bool, len(some))
				for i, of := range some {
					work.Go(func() {
						room <- struct{}{}
						defer func() { <-room }()
						c, err := lab.compareWays(t.Context(), of, late)
						if err != nil {
							t.Errorf("%s/%s: %v", of.Kind, of.Name, err)
							return
						}
						if diff := cmp.Diff(c.looked, c.visit.Verdict); diff != "" {
							t.Errorf("%s/%s: a look (-) and a first visit (+) differ:\n%s", of.Kind, of.Name, diff)
						}
						if c.seen.Basis.RegistryAnswered == late || c.visit.Basis.RegistryAnswered == late {
							t.Errorf("%s/%s: late %v, and the registry answered: a look %v, a visit %v", of.Kind, of.Name,
								late, c.seen.Basis.RegistryAnswered, c.visit.Basis.RegistryAnswered)
						}
						if baselines[i] = c.visit.After.Baseline != nil; baselines[i] && c.visit.Verdict.State != casefile.StateLive {
							t.Errorf("%s/%s: %s became the baseline", of.Kind, of.Name, c.visit.Verdict.State)
						}
					})
				}
				work.Wait()
				made := 0
				for _, b := range baselines {
					if b {
						made++
					}
				}
				if late != (made == 0) {
					t.Errorf("registry late %v: %d baselines of %d specimens", late, made, len(some))
				}
			})
		})
	}
}

// lapsedDomain is a domain in redemptionPeriod with one page of its own make at every name and path.
const lapsedDomain = `half: tune
state: gone
reasons: parked
path: /
judged: fresh

-- now every --
200

{{top "plain" .Host}}<h1>Welcome</h1><p>Come back soon, we are getting things ready for you.</p>{{foot "plain"}}
-- now net --
all names: yes
domain status: redemptionPeriod
`

// TestAPageOnEveryNameOfADomainThatIsGivenUp: it is gone at the first look and at every visit, and never the baseline.
func TestAPageOnEveryNameOfADomainThatIsGivenUp(t *testing.T) {
	all, err := corpus.Load(fstest.MapFS{"given_up/one_page.txtar": {Data: []byte(lapsedDomain)}})
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		lab := accuracyLab{timeout: 20 * time.Second}
		c, err := lab.compareWays(t.Context(), all[0], false)
		if err != nil || c.looked.Reason != casefile.ReasonParked {
			t.Errorf("a look: %v, %+v", err, c.looked)
		}
		c, err = lab.compareWays(t.Context(), all[0], true) // nothing but the registry tells it
		if err != nil || c.looked.State != casefile.StateLive || c.visit.After.Baseline != nil {
			t.Errorf("before the registry answered: %v, %+v, baseline %v", err, c.looked, c.visit.After.Baseline)
		}
		s, err := lab.stage(all[0], false)
		if err != nil {
			t.Fatal(err)
		}
		defer s.net.Close()
		for n := range 4 {
			s.registry.late = n == 2 // what it said before is remembered
			v, err := s.visit(t.Context())
			if err != nil || v.Verdict.State != casefile.StateGone || v.Verdict.Reason != casefile.ReasonParked || v.After.Baseline != nil {
				t.Errorf("visit %d: %v, %+v, baseline %v", n+1, err, v.Verdict, v.After.Baseline)
			}
			time.Sleep(13 * time.Hour)
		}
	})
}
