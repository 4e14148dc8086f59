package scheduler

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"vigil/casefile"
	"vigil/lifecycle"
)

// does lets a person act on case 1, as the store would: a page that is accepted is that of the last visit that read one.
func (r *rig) does(t testing.TB, kind casefile.ActionKind) {
	t.Helper()
	a := casefile.Action{Kind: kind, Actor: "ann", Reason: "I looked myself", At: time.Now().UTC()}
	for i := len(r.shelf.visits) - 1; i >= 0 && kind == casefile.ActAccept && a.Page == nil; i-- {
		a.Visit, a.Page = casefile.VisitID(i+1), r.shelf.visits[i].Page()
	}
	c, events, problem := lifecycle.Apply(r.shelf.get(1), a.At, lifecycle.Acted{Action: a})
	if problem != nil {
		t.Fatalf("%s: %v", kind, problem)
	}
	c.Version++
	r.shelf.cases[1] = c
	r.shelf.events[1] = append(r.shelf.events[1], events...)
}

// asked is how often a person was asked about case 1.
func (r *rig) asked() int { return strings.Count(r.shelf.kinds(1), "review_requested") }

// other is a page that shares nothing with page(200).
func other() casefile.Observation {
	o := page(200)
	o.Features = &casefile.Features{Digest: strings.Repeat("9", 64), SimHash: ^uint64(0) ^ 0x123, Structure: 99, Title: strings.Repeat("8", 64), Words: 2000, Elements: 900, Links: 80, HTML: true}
	return o
}

// TestAnAnswerToAReviewLasts: each answer settles its question, and the same question does
// not come back in the month after it.
func TestAnAnswerToAReviewLasts(t *testing.T) {
	t.Parallel()
	elsewhere := func(s casefile.Subject) casefile.Observation {
		o := other()
		moved, err := casefile.NewTarget("https://elsewhere.test/")
		if err != nil {
			panic(err)
		}
		o.Hops = append([]casefile.Hop{{Target: s.Target, Status: 302, Address: homeAddress}}, casefile.Hop{Target: moved, Status: 200, Address: homeAddress})
		return o
	}
	for name, tc := range map[string]struct {
		later    func(vantage string, s casefile.Subject) casefile.Observation
		about    casefile.ReviewTopic
		answer   casefile.ActionKind
		standing casefile.Standing
		last     casefile.State
	}{
		"another page is the content": {func(string, casefile.Subject) casefile.Observation { return other() },
			"content_differs", casefile.ActAccept, casefile.Watching, casefile.StateLive},
		"another page is not the content": {func(string, casefile.Subject) casefile.Observation { return other() },
			"content_differs", casefile.ActRecord, casefile.Removed, casefile.StateChanged},
		"the content is elsewhere": {func(_ string, s casefile.Subject) casefile.Observation { return elsewhere(s) },
			"redirected_elsewhere", casefile.ActAccept, casefile.Watching, casefile.StateLive},
		"it is fenced": {func(vantage string, s casefile.Subject) casefile.Observation {
			if vantage == "second" {
				return page(404)
			}
			return answer(s, page(200))
		}, "fenced", casefile.ActKeep, casefile.Watching, casefile.StateFenced},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				w := newWorld(func(vantage string, s casefile.Subject) casefile.Observation {
					if s.Purpose != casefile.PurposeTarget {
						return page(404)
					}
					if time.Since(began) < day {
						return answer(s, page(200))
					}
					return tc.later(vantage, s)
				})
				if tc.about == "fenced" {
					w.vantages = append(w.vantages, casefile.Vantage{Name: "second", Country: "DE", Network: "AS64511"})
				}
				r := newRig(t, w, newShelf(reported(t, 1, "site-1")), nil)
				r.live(t.Context(), t, 4*day)
				c := r.shelf.get(1)
				q, ok := c.Question(nil)
				if c.Standing != casefile.Review || !ok || q.About != tc.about || r.asked() != 1 {
					t.Fatalf("after the change: %s about %q, asked %d times; last %+v; %s", c.Standing, q.About, r.asked(), c.Last, r.shelf.kinds(1))
				}
				r.does(t, tc.answer)
				r.live(t.Context(), t, 30*day)
				c = r.shelf.get(1)
				if c.Standing != tc.standing || r.asked() != 1 || c.Last.State != tc.last || c.Episode.Number != 1 {
					t.Errorf("a month after %s: %s, asked %d times, last %+v, episode %d; %s", tc.answer, c.Standing, r.asked(), c.Last, c.Episode.Number, r.shelf.kinds(1))
				}
			})
		})
	}
}

// TestUnknownHostingIsNotAskedTwice: when a person says that nobody can tell, the case is
// watched on, until other sources name another weak hosting.
func TestUnknownHostingIsNotAskedTwice(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		w := newWorld(func(_ string, s casefile.Subject) casefile.Observation { return answer(s, page(200)) })
		r := newRig(t, w, newShelf(reported(t, 1, "site-1")), nil)
		r.atlas.decide = func(o casefile.Observation) casefile.Hosting {
			h := hosted(o)
			h.Confidence = 0.3
			if time.Since(began) > 20*day {
				h.Country, h.Provider = "DE", "Example Moved"
			}
			return h
		}
		r.live(t.Context(), t, day)
		if c := r.shelf.get(1); c.Standing != casefile.Review || r.asked() != 1 {
			t.Fatalf("%s, asked %d times", c.Standing, r.asked())
		}
		r.does(t, casefile.ActKeep)
		r.live(t.Context(), t, 15*day)
		if c := r.shelf.get(1); c.Standing != casefile.Watching || r.asked() != 1 {
			t.Errorf("after the answer: %s, asked %d times; %s", c.Standing, r.asked(), r.shelf.kinds(1))
		}
		r.live(t.Context(), t, 10*day)
		if c := r.shelf.get(1); c.Standing != casefile.Review || r.asked() != 2 {
			t.Errorf("after another hosting: %s, asked %d times; %s", c.Standing, r.asked(), r.shelf.kinds(1))
		}
	})
}

// TestAnUndoneRemovalIsNotConfirmedAgain: the looks go on finding what misled them. They ask
// once; only another reason, or a sighting and a new streak, confirms.
func TestAnUndoneRemovalIsNotConfirmedAgain(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		later    casefile.Observation
		again    bool // live for a day before that
		standing casefile.Standing
	}{
		"the same reason goes on":         {page(404), false, casefile.Review},
		"another reason":                  {fault(casefile.FaultNXDomain, casefile.PhaseResolve), false, casefile.Removed},
		"seen again, then the same again": {page(404), true, casefile.Removed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				w := newWorld(func(_ string, s casefile.Subject) casefile.Observation {
					switch age := time.Since(began); {
					case age < day, tc.again && age > 6*day && age < 7*day:
						return answer(s, page(200))
					case age < 5*day:
						return page(404)
					}
					return tc.later
				})
				r := newRig(t, w, newShelf(reported(t, 1, "site-1")), nil)
				r.live(t.Context(), t, 5*day)
				if c := r.shelf.get(1); c.Standing != casefile.Removed || c.Episode.Recorded {
					t.Fatalf("%s, %+v", c.Standing, c.Episode)
				}
				r.does(t, casefile.ActOverturn)
				if e := r.shelf.get(1).Episode; !e.Removed.IsZero() || !e.FirstGone.IsZero() || e.Number != 1 || !e.Opened.Equal(began.UTC()) {
					t.Errorf("the clock of the episode: %+v", e)
				}
				r.live(t.Context(), t, 10*day)
				c := r.shelf.get(1)
				if c.Standing != tc.standing || c.Episode.Number != 1 {
					t.Errorf("%s; %s", c.Standing, r.shelf.kinds(1))
				}
				if q, ok := c.Question(nil); tc.standing == casefile.Review && (!ok || q.About != "http_404" || r.asked() != 1) {
					t.Errorf("asked %d times about %q", r.asked(), q.About)
				}
			})
		})
	}
}

// TestAnUndoneRemovalBeginsANewStreak: the verdicts that misled count no more, whatever the last look before the answer saw.
func TestAnUndoneRemovalBeginsANewStreak(t *testing.T) {
	t.Parallel()
	silent, nxdomain := fault(casefile.FaultTimeout, casefile.PhaseConnect), fault(casefile.FaultNXDomain, casefile.PhaseResolve)
	for name, tc := range map[string]struct {
		aftercare, later casefile.Observation
		soon, at         casefile.Standing // some hours, and ten days, after the answer
	}{
		"another reason needs a streak of its own":       {page(404), nxdomain, casefile.Confirming, casefile.Removed},
		"silent in aftercare, then the same reason":      {silent, page(404), casefile.Watching, casefile.Review},
		"silent in aftercare, then for another reason":   {silent, nxdomain, casefile.Confirming, casefile.Removed},
		"another page in aftercare, then the same again": {other(), page(404), casefile.Watching, casefile.Review},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				w := newWorld(func(_ string, s casefile.Subject) casefile.Observation {
					switch age := time.Since(began); {
					case s.Purpose != casefile.PurposeTarget:
						return page(404)
					case age < day:
						return answer(s, page(200))
					case age < 5*day:
						return page(404)
					case age < 12*day:
						return tc.aftercare
					}
					return tc.later
				})
				r := newRig(t, w, newShelf(reported(t, 1, "site-1")), nil)
				r.live(t.Context(), t, 12*day)
				if c := r.shelf.get(1); c.Standing != casefile.Removed || c.Episode.Recorded {
					t.Fatalf("%s, %+v", c.Standing, c.Episode)
				}
				undone := time.Now()
				r.does(t, casefile.ActOverturn)
				r.live(t.Context(), t, day/4)
				if c := r.shelf.get(1); c.Standing != tc.soon || c.Streak.Count > 0 && c.Streak.First.Before(undone) {
					t.Errorf("soon after the answer: %s, streak %+v; %s", c.Standing, c.Streak, r.shelf.kinds(1))
				}
				r.live(t.Context(), t, 10*day)
				if c := r.shelf.get(1); c.Standing != tc.at {
					t.Errorf("ten days after the answer: %s; %s", c.Standing, r.shelf.kinds(1))
				}
			})
		})
	}
}

// TestARecordedRemovalThatNoLookBearsOut: what is still there at the next look was never
// removed: the episode goes on with its clock, and nobody is told of a return.
func TestARecordedRemovalThatNoLookBearsOut(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		gone    bool          // the looks find it gone before it is there again
		silent  time.Duration // until then they find nothing otherwise
		episode int
		history string
	}{
		"still there at the next look":             {false, 0, 1, "watching>removed removed>watching"},
		"silent, then still there":                 {false, 8 * day, 1, "watching>removed removed>watching"},
		"gone for a week, then it is back":         {true, 0, 2, "watching>removed returned removed>watching"},
		"gone for a week, silent, then it is back": {true, 18 * day, 2, "watching>removed returned removed>watching"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				w := newWorld(func(_ string, s casefile.Subject) casefile.Observation {
					switch age := time.Since(began); {
					case tc.gone && age >= day && age < 8*day:
						return page(404)
					case age < tc.silent && age >= day:
						return fault(casefile.FaultTimeout, casefile.PhaseConnect)
					}
					return answer(s, page(200))
				})
				r := newRig(t, w, newShelf(reported(t, 1, "site-1")), nil)
				r.live(t.Context(), t, day)
				r.does(t, casefile.ActRecord)
				if e := r.shelf.get(1).Episode; !e.Recorded || !e.Removed.Equal(e.FirstGone) || e.Removed.IsZero() {
					t.Errorf("recorded: %+v", e)
				}
				r.live(t.Context(), t, 40*day)
				c := r.shelf.get(1)
				if c.Standing != casefile.Watching || c.Episode.Number != tc.episode || c.Episode.Recorded || !c.Episode.Removed.IsZero() || !strings.Contains(r.shelf.kinds(1), tc.history) {
					t.Errorf("%s, episode %+v; %s", c.Standing, c.Episode, r.shelf.kinds(1))
				}
				if n := len(r.shelf.notices); n != 2*tc.episode {
					t.Errorf("%d notices; hotline and host are told once an episode", n)
				}
			})
		})
	}
}

// TestAftercareLooksAtItsTimes: 1, 3, 7, 14, 30 and 90 days after the removal, never early, at
// most a tenth of the ordinary longest gap late; then the case is closed.
func TestAftercareLooksAtItsTimes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		w := newWorld(func(_ string, s casefile.Subject) casefile.Observation {
			if time.Since(began) < day {
				return answer(s, page(200))
			}
			return page(404)
		})
		r := newRig(t, w, newShelf(reported(t, 1, "site-1")), nil)
		r.live(t.Context(), t, 5*day)
		removed := r.shelf.get(1).Episode.Removed
		r.live(t.Context(), t, 200*day)
		var after []time.Duration
		for _, v := range r.shelf.visits {
			if d := v.Ended.Sub(removed); d > 0 {
				after = append(after, d)
			}
		}
		want := []time.Duration{day, 3 * day, 7 * day, 14 * day, 30 * day, 90 * day}
		if len(after) != len(want) || r.shelf.get(1).Standing != casefile.Closed {
			t.Fatalf("%d looks after the removal, %v; %s", len(after), after, r.shelf.get(1).Standing)
		}
		for i, d := range after {
			if d < want[i] || d > want[i]+75*time.Minute {
				t.Errorf("look %d came after %v, want %v", i+1, d, want[i])
			}
		}
	})
}
