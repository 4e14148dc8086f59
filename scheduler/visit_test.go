package scheduler

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"
	"pgregory.net/rapid"

	"vigil/casefile"
	"vigil/lifecycle"
)

func TestLifeOfACaseThatIsRemovedAndReturns(t *testing.T) {
	t.Parallel()
	abroad := casefile.Vantage{Name: "stockholm", Country: "SE", Network: "AS64501"}
	t.Run("one vantage needs twice the streak", func(t *testing.T) {
		t.Parallel()
		liveAndReturn(t, casefile.Confirm{Verdicts: 6, Span: 2 * day}, local)
	})
	t.Run("two vantages", func(t *testing.T) {
		t.Parallel()
		liveAndReturn(t, casefile.Confirm{Verdicts: 3, Span: day}, local, abroad)
	})
}

// liveAndReturn lets a case be removed and return, seen from the vantages; wanted is
// the streak that confirms the removal.
func liveAndReturn(t *testing.T, wanted casefile.Confirm, from ...casefile.Vantage) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		w := newWorld(func(_ string, s casefile.Subject) casefile.Observation {
			switch age := time.Since(began); {
			case age < 2*day:
				return answer(s, page(200))
			case age < 20*day:
				return page(404)
			case age < 40*day:
				return answer(s, page(200))
			}
			return fault(casefile.FaultNXDomain, casefile.PhaseResolve)
		})
		w.vantages = from
		r := newRig(t, w, newShelf(reported(t, 1, "site-1")), nil)
		r.live(t.Context(), t, 20*day)
		c := r.shelf.get(1)
		if c.Standing != casefile.Removed || c.Episode.Number != 1 || c.Aftercare != 4 {
			t.Fatalf("after 20 days: %s, episode %d, %d looks of aftercare", c.Standing, c.Episode.Number, c.Aftercare)
		}
		if gone := c.Episode.FirstGone.Sub(began); gone < 2*day || gone > 2*day+6*time.Hour {
			t.Errorf("first gone after %v", gone)
		}
		if span := c.Episode.Removed.Sub(c.Episode.FirstGone); span < wanted.Span || span > wanted.Span+20*time.Minute {
			t.Errorf("confirmed %v after it was first gone", span)
		}
		streak := 0
		for _, v := range r.shelf.visits {
			if !v.Ended.Before(c.Episode.FirstGone) && !v.Ended.After(c.Episode.Removed) {
				streak++
			}
		}
		if streak != wanted.Verdicts || r.thresholds.Removal() != wanted {
			t.Errorf("confirmed by %d verdicts, says %+v, want %+v", streak, r.thresholds.Removal(), wanted)
		}
		r.live(t.Context(), t, 150*day)
		c = r.shelf.get(1)
		if c.Standing != casefile.Closed || c.Episode.Number != 2 || c.Due.Why != casefile.WhyNever {
			t.Errorf("at the end: %s, episode %d, due %s", c.Standing, c.Episode.Number, c.Due.Why)
		}
		const want = "hosting assigned first_seen baseline notice_composed notice_composed watching>confirming confirming>removed returned removed>watching " +
			"notice_composed notice_composed watching>confirming confirming>removed removed>closed"
		if got := r.shelf.kinds(1); got != want {
			t.Errorf("history:\n%s\nwant:\n%s", got, want)
		}
		if len(r.shelf.notices) != 4 {
			t.Errorf("%d notices; a hotline and a host are told once in each of two episodes", len(r.shelf.notices))
		}
		if started, kept := w.looks(casefile.PurposeTarget), r.shelf.recorded(casefile.PurposeTarget); started != kept {
			t.Errorf("%d looks started, %d recorded", started, kept)
		}
	})
}

func TestSilenceBecomesUnavailableAndNeverRemoved(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(func(string, casefile.Subject) casefile.Observation {
			return fault(casefile.FaultTimeout, casefile.PhaseConnect)
		})
		r := newRig(t, w, newShelf(reported(t, 1, "site-1")), nil)
		r.live(t.Context(), t, 30*day)
		c := r.shelf.get(1)
		if c.Standing != casefile.Unavailable || !c.Episode.Removed.IsZero() || c.Hosting != nil || c.Assignment != nil {
			t.Errorf("%s, hosting %v", c.Standing, c.Hosting)
		}
		if got := r.shelf.kinds(1); got != "watching>unavailable" {
			t.Errorf("history: %s", got)
		}
	})
}

func TestGoneAtFirstSightIsNotAssigned(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(func(string, casefile.Subject) casefile.Observation { return page(410) })
		r := newRig(t, w, newShelf(reported(t, 1, "site-1")), nil)
		r.live(t.Context(), t, 3*day)
		c := r.shelf.get(1)
		if c.Standing != casefile.Removed || c.Assignment != nil || len(r.shelf.notices) != 0 {
			t.Errorf("%s, assignment %v, %d notices", c.Standing, c.Assignment, len(r.shelf.notices))
		}
		if got := r.shelf.kinds(1); got != "hosting assessed watching>confirming confirming>removed" {
			t.Errorf("history: %s", got)
		}
	})
}

func TestAMoveTellsTheNewHost(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		w := newWorld(func(_ string, s casefile.Subject) casefile.Observation {
			if time.Since(began) > day {
				return answer(s, at(page(200), awayAddress))
			}
			return answer(s, page(200))
		})
		r := newRig(t, w, newShelf(reported(t, 1, "site-1")), nil)
		r.live(t.Context(), t, 3*day)
		c := r.shelf.get(1)
		if c.Hosting.Country != "DE" || c.Assignment.HostingCountry != "DE" || !c.NoticesComposed {
			t.Errorf("hosting %s, assigned for %s, informed %v", c.Hosting.Country, c.Assignment.HostingCountry, c.NoticesComposed)
		}
		if len(r.shelf.notices) != 4 {
			t.Errorf("%d notices; want hotline and host of both countries", len(r.shelf.notices))
		}
		var moved int
		for _, e := range r.shelf.events[1] {
			if e.Kind == casefile.EventHosting && e.Data["moved"] == "yes" && e.Data["previous_country"] == "NL" && e.Data["country"] == "DE" {
				moved++
			}
		}
		if moved != 1 {
			t.Errorf("%d events tell of the move; history: %s", moved, r.shelf.kinds(1))
		}
		// Two clocks: the case's is kept, the provider's and the country's begin with the move.
		e := c.Episode
		if !c.Opened.Equal(began) || !e.Opened.Equal(began) || e.FirstSeen.Sub(began) > time.Hour || e.Number != 1 {
			t.Errorf("the clock of the case moved: %+v", e)
		}
		if e.Provider != "Example Moved" || e.ProviderSince.Sub(began) < day || e.ProviderSince.Sub(began) > day+5*time.Hour || !e.CountrySince.Equal(e.ProviderSince) {
			t.Errorf("the clock of the provider: %+v", e)
		}
		// The first host is told once, before the move; the second once, with the move.
		told := map[string]int{}
		for _, n := range r.shelf.notices {
			if n.Kind != casefile.NoticeRemoval {
				continue
			}
			late := !n.Composed.Before(e.ProviderSince)
			if told[n.Key]++; strings.Contains(n.Key, "host-2") != late || late && n.Composed.After(e.ProviderSince) {
				t.Errorf("%s composed at %v, moved at %v", n.Key, n.Composed, e.ProviderSince)
			}
		}
		if len(told) != 2 {
			t.Errorf("told: %v", told)
		}
	})
}

// Where the name leads when the page is gone, to parking for example, is not who
// had the page.
func TestAGonePageStaysWithItsLastHost(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		w := newWorld(func(_ string, s casefile.Subject) casefile.Observation {
			switch since := time.Since(began); {
			case since > 20*day: // back, at the new place
				return answer(s, at(page(200), awayAddress))
			case since > 2*day:
				return answer(s, at(page(404), awayAddress))
			}
			return answer(s, page(200))
		})
		r := newRig(t, w, newShelf(reported(t, 1, "site-1")), nil)
		r.live(t.Context(), t, 10*day)
		c := r.shelf.get(1)
		if c.Standing != casefile.Removed || c.Hosting.Provider != "Example Moved" {
			t.Fatalf("%s, hosted by %s: nothing is proved", c.Standing, c.Hosting.Provider)
		}
		if e := c.Episode; e.Provider != "Example Hosting" || e.Country != "NL" || e.ProviderSince.Sub(began) > time.Hour {
			t.Errorf("the removal is charged to %s in %s since %v", e.Provider, e.Country, e.ProviderSince)
		}
		r.live(t.Context(), t, 30*day)
		if e := r.shelf.get(1).Episode; e.Number != 2 || e.Provider != "Example Moved" || e.Country != "DE" || !e.ProviderSince.Equal(e.Opened) || !e.CountrySince.Equal(e.Opened) {
			t.Errorf("the return: %+v", e)
		}
	})
}

func TestHeldCasesAreAssignedAndReleaseTellsTheHost(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(func(_ string, s casefile.Subject) casefile.Observation { return answer(s, page(200)) })
		c := reported(t, 1, "site-1")
		c.Held = true
		r := newRig(t, w, newShelf(c), nil)
		r.live(t.Context(), t, time.Hour)
		if n := len(r.shelf.notices); n != 1 {
			t.Fatalf("%d notices while held; want the assignment alone", n)
		}
		c, _, problem := lifecycle.Apply(r.shelf.get(1), time.Now(), lifecycle.Acted{Action: casefile.Action{Kind: casefile.ActRelease, Actor: "ann", Reason: "the police answered", At: time.Now()}})
		if problem != nil {
			t.Fatal(problem)
		}
		r.shelf.cases[1] = c
		r.live(t.Context(), t, time.Hour)
		if n := len(r.shelf.notices); n != 2 {
			t.Errorf("%d notices after the release; want the host's too", n)
		}
	})
}

func TestWeakHostingAsksAPersonOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		w := newWorld(func(_ string, s casefile.Subject) casefile.Observation { return answer(s, page(200)) })
		r := newRig(t, w, newShelf(reported(t, 1, "site-1")), nil)
		r.atlas.decide = func(o casefile.Observation) casefile.Hosting {
			h := hosted(o)
			if time.Since(began) < 5*day {
				h.Country, h.Confidence = "", 0.2
				h.Claims = []casefile.Claim{{Fact: casefile.FactCountry, Value: "NL"}, {Fact: casefile.FactCountry, Value: "DE"}}
			}
			return h
		}
		r.live(t.Context(), t, 4*day)
		if c := r.shelf.get(1); c.Standing != casefile.Review {
			t.Errorf("%s with a hosting nobody knows", c.Standing)
		}
		r.live(t.Context(), t, 4*day)
		if c := r.shelf.get(1); c.Standing != casefile.Watching || c.Hosting.Country != "NL" {
			t.Errorf("%s after the hosting was settled in %q", c.Standing, c.Hosting.Country)
		}
		const want = "hosting assigned first_seen baseline watching>review review_requested notice_composed notice_composed hosting assigned review>watching notice_composed notice_composed"
		if got := r.shelf.kinds(1); got != want {
			t.Errorf("history:\n%s\nwant:\n%s", got, want)
		}
	})
}

func TestAnEdgeAsksForTheOriginAndIsWatched(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(func(_ string, s casefile.Subject) casefile.Observation { return answer(s, page(200)) })
		r := newRig(t, w, newShelf(reported(t, 1, "site-1")), nil)
		r.atlas.decide = func(o casefile.Observation) casefile.Hosting {
			h := hosted(o)
			h.Country, h.Confidence, h.Origin, h.Edge = "", 0, casefile.OriginUnknown, &casefile.Edge{Name: "Example Edge", Evidence: "asn"}
			h.Contacts = []casefile.Contact{{Party: casefile.PartyEdge, Role: "abuse", Email: "abuse@edge.example"}}
			return h
		}
		r.live(t.Context(), t, 3*day)
		if c := r.shelf.get(1); c.Standing != casefile.Watching || len(r.shelf.notices) != 2 {
			t.Errorf("%s, %d notices", c.Standing, len(r.shelf.notices))
		}
		if got := strings.Count(r.shelf.kinds(1), "review_requested"); got != 1 {
			t.Errorf("the origin was asked for %d times", got)
		}
	})
}

func TestFailedSourcesDoNotUndoADecision(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		w := newWorld(func(_ string, s casefile.Subject) casefile.Observation { return answer(s, page(200)) })
		r := newRig(t, w, newShelf(reported(t, 1, "site-1")), nil)
		r.atlas.decide = func(o casefile.Observation) casefile.Hosting {
			h := hosted(o)
			if time.Since(began) > day {
				h.Country, h.Confidence, h.Claims = "", 0, []casefile.Claim{{Fact: casefile.FactCountry, Source: "rdap", Problem: "timeout"}}
			}
			return h
		}
		r.live(t.Context(), t, 4*day)
		if c := r.shelf.get(1); c.Standing != casefile.Watching || c.Hosting.Country != "NL" || r.atlas.asked < 3 {
			t.Errorf("%s, hosted in %q, %d decisions", c.Standing, c.Hosting.Country, r.atlas.asked)
		}
	})
}

// TestAFailingLookUpDoesNotUndoAnOrigin: the service that told the origin is down, and
// the origin stands; then it no longer knows one, and that counts.
func TestAFailingLookUpDoesNotUndoAnOrigin(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		w := newWorld(func(_ string, s casefile.Subject) casefile.Observation { return answer(s, page(200)) })
		r := newRig(t, w, newShelf(reported(t, 1, "site-1")), nil)
		r.atlas.decide = func(o casefile.Observation) casefile.Hosting {
			h := hosted(o)
			h.Edge = &casefile.Edge{Name: "Example Edge", Evidence: "asn"}
			claim := casefile.Claim{Fact: casefile.FactOrigin, Source: "lookup:finder", Value: "192.0.2.200"}
			if age := time.Since(began); age > day {
				h.Country, h.Confidence, h.Origin, claim.Value, claim.Problem = "", 0, casefile.OriginUnknown, "", "timeout"
				if age > 4*day {
					claim.Problem = "not_found"
				}
				h.Contacts = []casefile.Contact{{Party: casefile.PartyEdge, Role: "abuse", Email: "abuse@edge.example"}}
			}
			h.Claims = []casefile.Claim{claim, {Fact: casefile.FactNetwork, Source: "rdap", Problem: "timeout"}}
			return h
		}
		r.live(t.Context(), t, 3*day)
		if c := r.shelf.get(1); c.Hosting.Origin != casefile.OriginKnown || c.Hosting.Country != "NL" || r.atlas.asked < 3 {
			t.Errorf("origin %s in %q, %d decisions", c.Hosting.Origin, c.Hosting.Country, r.atlas.asked)
		}
		r.live(t.Context(), t, 3*day)
		if c := r.shelf.get(1); c.Hosting.Origin != casefile.OriginUnknown || c.Hosting.Country != "" {
			t.Errorf("origin %s in %q", c.Hosting.Origin, c.Hosting.Country)
		}
	})
}

func TestDomainHoldIsSeenWhenTheNameIsGone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		w := newWorld(func(_ string, s casefile.Subject) casefile.Observation {
			if time.Since(began) > day {
				return fault(casefile.FaultNXDomain, casefile.PhaseResolve)
			}
			return answer(s, page(200))
		})
		r := newRig(t, w, newShelf(reported(t, 1, "site-1")), nil)
		r.atlas.decide = func(o casefile.Observation) casefile.Hosting {
			h := hosted(o)
			h.Registrar = &casefile.Registrar{Name: "Example Registrar", DomainStatus: []string{"active"}}
			if o.Fault != nil {
				h.Registrar.DomainStatus = []string{"clientHold"}
			}
			return h
		}
		r.live(t.Context(), t, 4*day)
		c := r.shelf.get(1)
		if c.Standing != casefile.Removed || c.Hosting.Country != "NL" {
			t.Errorf("%s, hosting %q: a dead name must not undo the hosting", c.Standing, c.Hosting.Country)
		}
		var held bool
		for _, v := range r.shelf.visits {
			held = held || v.Verdict.Reason == casefile.ReasonDomainHold
		}
		if !held {
			t.Error("no verdict names the hold")
		}
	})
}

func TestTheSiblingIsAskedOncePerHostAndDay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(func(_ string, s casefile.Subject) casefile.Observation { return answer(s, page(200)) })
		var cases []casefile.Case
		for id := 1; id <= 6; id++ {
			cases = append(cases, reported(t, id, "site-1"))
		}
		r := newRig(t, w, newShelf(cases...), nil)
		r.live(t.Context(), t, 20*time.Hour)
		if n := w.looks(casefile.PurposeDecoy); n != 1 {
			t.Errorf("%d siblings in 20 hours", n)
		}
		if n := r.shelf.recorded(casefile.PurposeDecoy); n != w.looks(casefile.PurposeDecoy) {
			t.Errorf("%d siblings recorded", n)
		}
		if w.closest < time.Second {
			t.Errorf("two looks at one host with a rest of %v", w.closest)
		}
		if r.atlas.asked != 1 {
			t.Errorf("hosting of one host was decided %d times in one round", r.atlas.asked)
		}
	})
}

// One picture for every picture, or one short page for every page, is looked at once more by way of the site; then the
// front page is, when the page has a way on from it: once a visit each, and only as far as they can tell anything.
func TestAPlaceholderIsLookedAtByWayOfTheSite(t *testing.T) {
	t.Parallel()
	silent := fault(casefile.FaultReset, casefile.PhaseRequest)
	for name, tt := range map[string]struct {
		every, referred, front casefile.Observation
		want                   casefile.Reason
		looks                  int
	}{
		"the same picture":                      {picture("1"), picture("1"), picture("3"), casefile.ReasonSoft404, 3},
		"another picture":                       {picture("1"), picture("2"), picture("3"), casefile.ReasonReferrerRequired, 3},
		"no answer":                             {picture("1"), silent, picture("3"), casefile.ReasonContentDiffers, 3},
		"the same page, and another front page": {gate("1"), gate("1"), gate("3"), casefile.ReasonSoft404, 4},
		"the same page, and so is the front":    {gate("1"), gate("1"), gate("1"), casefile.ReasonContentDiffers, 4},
		"the same page, and a silent front":     {gate("1"), gate("1"), silent, casefile.ReasonContentDiffers, 4},
		"another page":                          {gate("1"), gate("2"), gate("3"), casefile.ReasonReferrerRequired, 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(func(_ string, s casefile.Subject) casefile.Observation {
					switch s.Purpose {
					case casefile.PurposeSameSiteReferrer:
						if s.Referrer != s.Target.Home() {
							t.Error("asked by way of another page than the site's own")
						}
						return tt.referred
					case casefile.PurposeHomepage:
						if s.Target != s.Target.Home() {
							t.Error("asked for another page than the front page")
						}
						return tt.front
					default:
						return tt.every
					}
				})
				r := newRig(t, w, newShelf(reported(t, 1, "site-1")), nil)
				r.live(t.Context(), t, time.Minute)
				if v := r.shelf.visits[0]; v.Verdict.Reason != tt.want || len(v.Observations) != tt.looks {
					t.Errorf("%s after %d looks, want %s after %d: %v", v.Verdict.Reason, len(v.Observations), tt.want, tt.looks, v.Verdict.Signals)
				}
				for _, purpose := range []casefile.Purpose{casefile.PurposeSameSiteReferrer, casefile.PurposeHomepage} {
					if n := r.shelf.recorded(purpose); n > 1 || w.looks(purpose) != n {
						t.Errorf("%d recorded of %d looks %s", n, w.looks(purpose), purpose)
					}
				}
				if w.closest < time.Second {
					t.Errorf("two looks at one host with a rest of %v", w.closest)
				}
			})
		})
	}
}

// gate is the answer of a server that shows one short page with a link on it.
func gate(digest string) casefile.Observation {
	o := picture(digest)
	o.Features = &casefile.Features{Digest: digest, SimHash: 9, Structure: uint64(digest[0]), Title: digest, Words: 9, Elements: 8, Links: 1, HTML: true}
	return o
}

// A front page on parking name servers is looked at once more under a name that does not exist, once a
// visit, with the gap between looks; a page of its own content is not.
func TestAParkedFrontPageIsLookedAtUnderAnotherName(t *testing.T) {
	t.Parallel()
	parked := page(200)
	parked.Features = &casefile.Features{Digest: strings.Repeat("5", 64), Structure: 5, Words: 14, Elements: 9, HTML: true}
	parked.Resolution.Nameservers = []string{"ns1.bodis.com"}
	for name, tt := range map[string]struct {
		first casefile.Observation
		stray casefile.Observation
		asked int
		want  casefile.Reason
	}{
		"the same page": {parked, parked, 1, casefile.ReasonParked},
		"no such name":  {parked, fault(casefile.FaultNXDomain, casefile.PhaseResolve), 1, casefile.ReasonServed},
		"never asked":   {page(200), page(200), 0, casefile.ReasonServed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c := reported(t, 1, "site-1")
				c.Target = target(t, "https://site-1.example/")
				w := newWorld(func(_ string, s casefile.Subject) casefile.Observation {
					o := tt.first
					if s.Purpose == casefile.PurposeSubdomain {
						host, path := s.Target.Host(), s.Target.Path()
						label, domain, _ := strings.Cut(host, ".")
						if domain != "site-1.example" || path != "/"+label || len(label) < 20 {
							t.Errorf("asked for %s%s", host, path)
						}
						o = tt.stray
					}
					o.Hops = slices.Clone(o.Hops)
					for i := range o.Hops {
						o.Hops[i].Target = s.Target
					}
					return o
				})
				r := newRig(t, w, newShelf(c), nil)
				r.live(t.Context(), t, time.Minute)
				if v := r.shelf.visits[0]; v.Verdict.Reason != tt.want || len(v.Observations) != 1+tt.asked {
					t.Errorf("%s after %d looks, want %s after %d: %v", v.Verdict.Reason, len(v.Observations), tt.want, 1+tt.asked, v.Verdict.Signals)
				}
				if n := r.shelf.recorded(casefile.PurposeSubdomain); n != tt.asked || w.looks(casefile.PurposeSubdomain) != tt.asked {
					t.Errorf("%d recorded of %d, want %d", n, w.looks(casefile.PurposeSubdomain), tt.asked)
				}
				if tt.asked > 0 && w.closest < time.Second {
					t.Errorf("two looks at one host with a rest of %v", w.closest)
				}
			})
		})
	}
}

// picture is an answer that is a file.
func picture(digest string) casefile.Observation {
	o := page(200)
	o.Features = &casefile.Features{Digest: strings.Repeat(digest, 64)}
	return o
}

// A server that turns to one page for every path within a day of its decoy is
// asked again, not taken for changed until the next day (ADR-0015).
func TestTheSiblingIsAsFreshAsThePage(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		w := newWorld(func(_ string, s casefile.Subject) casefile.Observation {
			switch {
			case time.Since(began) > 3*time.Hour: // every path now says not found, with status 200
				soft := page(404)
				soft.Status, soft.Hops[0].Status = 200, 200
				return soft
			case s.Purpose == casefile.PurposeDecoy:
				return answer(s, page(404))
			}
			return answer(s, page(200))
		})
		r := newRig(t, w, newShelf(reported(t, 1, "site-1")), nil)
		r.live(t.Context(), t, 10*time.Hour)
		if n := w.looks(casefile.PurposeDecoy); n != 2 {
			t.Errorf("%d siblings; one at first and one after the change are wanted", n)
		}
		for _, v := range r.shelf.visits {
			if v.Verdict.State == casefile.StateChanged {
				t.Errorf("changed after %v: the sibling of an earlier time was compared with: %v", v.Started.Sub(began), v.Verdict.Signals)
			}
		}
		if c := r.shelf.get(1); c.Last.Reason != casefile.ReasonSoft404 {
			t.Errorf("last verdict %s", c.Last.Reason)
		}
	})
}

func TestSomebodyActsDuringTheLook(t *testing.T) {
	t.Parallel()
	act := func(kind casefile.ActionKind) func(*shelf) {
		return func(s *shelf) {
			c, _, problem := lifecycle.Apply(s.cases[1], time.Now(), lifecycle.Acted{Action: casefile.Action{Kind: kind, Actor: "ann", Reason: "as agreed", At: time.Now()}})
			if problem != nil {
				panic(problem)
			}
			c.Version++
			s.cases[1] = c
		}
	}
	for name, tc := range map[string]struct {
		meanwhile func(*shelf)
		standing  casefile.Standing
		due       casefile.Why
		notices   int // after the next round
	}{
		"withdrawn":        {act(casefile.ActWithdraw), casefile.Withdrawn, casefile.WhyNever, 0},
		"removal recorded": {act(casefile.ActRecord), casefile.Removed, casefile.WhyAftercare, 2}, // and seen again: a return
		"held":             {act(casefile.ActHold), casefile.Watching, casefile.WhyReported, 1},
		"look asked for":   {act(casefile.ActLook), casefile.Watching, casefile.WhyAsked, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(func(_ string, s casefile.Subject) casefile.Observation { return answer(s, page(200)) })
				r := newRig(t, w, newShelf(reported(t, 1, "site-1")), nil)
				r.shelf.meanwhile = tc.meanwhile
				if err := r.Round(t.Context(), "site-1"); err != nil {
					t.Fatal(err)
				}
				c := r.shelf.get(1)
				if len(r.shelf.visits) != 1 || r.shelf.visits[0].Counted {
					t.Fatalf("%d visits recorded, %+v", len(r.shelf.visits), r.shelf.visits)
				}
				if c.Standing != tc.standing || c.Due.Why != tc.due || !c.Looking.IsZero() || c.Visits != 1 {
					t.Errorf("%s, due %s, %d visits", c.Standing, c.Due.Why, c.Visits)
				}
				if err := r.Round(t.Context(), "site-1"); err != nil {
					t.Fatal(err)
				}
				if n := len(r.shelf.notices); n != tc.notices {
					t.Errorf("%d notices after the next round, want %d", n, tc.notices)
				}
			})
		})
	}
}

func TestEveryLookThatStartedIsRecorded(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		seed := rapid.Uint64().Draw(rt, "seed")
		synctest.Test(t, func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 1))
			w := newWorld(func(_ string, s casefile.Subject) casefile.Observation {
				answers := []casefile.Observation{page(200), page(404), page(403), fault(casefile.FaultTimeout, casefile.PhaseConnect), fault(casefile.FaultNXDomain, casefile.PhaseResolve), page(503)}
				return answer(s, answers[int(s.Target.Path()[len(s.Target.Path())-6])%len(answers)])
			})
			w.vantages = append(w.vantages, casefile.Vantage{Name: "second", Country: "DE", Network: "AS64511"})
			w.takes = time.Duration(1+random.IntN(3000)) * time.Millisecond
			var cases []casefile.Case
			for id := 1; id <= 12; id++ {
				cases = append(cases, reported(t, id, fmt.Sprint("site-", id%4)))
			}
			r := newRig(t, w, newShelf(cases...), nil)
			for range 4 { // stopped and started again
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration(random.IntN(20_000))*time.Millisecond)
				r.live(ctx, t, time.Hour)
				cancel()
			}
			for _, p := range []casefile.Purpose{casefile.PurposeTarget, casefile.PurposeDecoy} {
				if started, kept := w.looks(p), r.shelf.recorded(p); started != kept {
					t.Fatalf("%d looks (%s) started, %d recorded", started, p, kept)
				}
			}
			for id := range r.shelf.cases {
				c := r.shelf.get(id)
				if !c.Looking.IsZero() || c.Due.At.IsZero() {
					t.Fatalf("case %d: looking since %v, due %v", id, c.Looking, c.Due)
				}
			}
			for _, v := range r.shelf.visits {
				if v.Verdict.Reason == casefile.ReasonInterrupted && (v.Counted || v.After.Due.At.After(v.Ended)) {
					t.Fatalf("an interrupted visit: believed %v, due %v after it", v.Counted, v.After.Due.At.Sub(v.Ended))
				}
			}
		})
	})
}

func TestAPanicIsARecordedVisit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(func(_ string, s casefile.Subject) casefile.Observation { return answer(s, page(200)) })
		core, logged := observer.New(zapcore.DebugLevel)
		r := newRig(t, w, newShelf(reported(t, 1, "site-1"), reported(t, 2, "site-1")), func(o *Options) { o.Log = zap.New(core) })
		r.atlas.decide = func(casefile.Observation) casefile.Hosting { panic("https://site-1.example/ is broken") }
		if err := r.Round(t.Context(), "site-1"); err != nil {
			t.Fatal(err)
		}
		if n := len(r.shelf.visits); n != 2 {
			t.Fatalf("%d visits recorded", n)
		}
		for id := range r.shelf.cases {
			if c := r.shelf.get(id); time.Until(c.Due.At) < 10*time.Minute || c.Standing != casefile.Watching {
				t.Errorf("case %d: %s, due in %v", id, c.Standing, time.Until(c.Due.At))
			}
		}
		for _, line := range logged.All() {
			if strings.Contains(fmt.Sprint(line.Message, line.ContextMap()), "site-1") {
				t.Errorf("a log line names the host: %s", line.Message)
			}
		}
	})
}

func TestAStoreThatCannotRecordDoesNotLoop(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(func(_ string, s casefile.Subject) casefile.Observation { return answer(s, page(200)) })
		r := newRig(t, w, newShelf(reported(t, 1, "site-1")), nil)
		full := errors.New("disk is full")
		r.shelf.refuse = func(casefile.Visit) error { return full }
		if err := r.Round(t.Context(), "site-1"); !errors.Is(err, full) {
			t.Fatalf("round: %v", err)
		}
		if c := r.shelf.get(1); c.Looking.IsZero() || time.Until(c.Due.At) < 10*time.Minute {
			t.Errorf("looking since %v, due in %v", c.Looking, time.Until(c.Due.At))
		}
	})
}

func TestNoticesThatCannotBeComposedAreTriedAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(func(_ string, s casefile.Subject) casefile.Observation { return answer(s, page(200)) })
		r := newRig(t, w, newShelf(reported(t, 1, "site-1")), nil)
		r.o.Composer = clerk{fail: errors.New("template is broken")}
		r.live(t.Context(), t, 30*time.Minute)
		if c := r.shelf.get(1); c.NoticesComposed || c.Visits < 2 {
			t.Fatalf("informed %v after %d visits", c.NoticesComposed, c.Visits)
		}
		r.o.Composer = clerk{}
		r.live(t.Context(), t, 30*time.Minute)
		if c := r.shelf.get(1); !c.NoticesComposed || len(r.shelf.notices) != 2 {
			t.Errorf("informed %v, %d notices", c.NoticesComposed, len(r.shelf.notices))
		}
	})
}

func TestOneLineAVisitAndNoHostInIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(func(_ string, s casefile.Subject) casefile.Observation { return answer(s, page(200)) })
		core, logged := observer.New(zapcore.DebugLevel)
		r := newRig(t, w, newShelf(reported(t, 1, "site-1")), func(o *Options) { o.Log = zap.New(core) })
		r.live(t.Context(), t, 2*time.Hour)
		if n := logged.FilterMessage("visit").FilterLevelExact(zapcore.InfoLevel).Len(); n != len(r.shelf.visits) || n != logged.Len() {
			t.Errorf("%d lines for %d visits, %d of them about visits", logged.Len(), len(r.shelf.visits), n)
		}
		for _, line := range logged.All() {
			if strings.Contains(fmt.Sprint(line.ContextMap()), "site-1") {
				t.Errorf("a log line names the host: %v", line.ContextMap())
			}
		}
	})
}

func TestHostingIsStale(t *testing.T) {
	t.Parallel()
	h := func(change func(*casefile.Hosting)) *casefile.Hosting {
		x := casefile.Hosting{Addresses: []netip.Addr{homeAddress}, Decided: noon.Add(-2 * time.Hour), Country: "NL", Confidence: 0.9, Origin: casefile.OriginKnown}
		change(&x)
		return &x
	}
	same := func(*casefile.Hosting) {}
	told := &casefile.Backend{Address: awayAddress, By: "ann", At: noon}
	failed := func(problem string, age time.Duration) *casefile.Hosting {
		return h(func(h *casefile.Hosting) {
			h.Claims, h.Decided = []casefile.Claim{{Fact: casefile.FactNetwork, Source: "rdap", Problem: problem}}, noon.Add(-age)
		})
	}
	for name, tc := range map[string]struct {
		h         *casefile.Hosting
		addresses []netip.Addr
		want      bool
	}{
		"a registry was busy":             {failed("busy", time.Hour), []netip.Addr{homeAddress}, true},
		"a registry was busy just now":    {failed("busy", time.Minute), []netip.Addr{homeAddress}, false},
		"a registry knows no such object": {failed("not_found", 2*time.Hour), []netip.Addr{homeAddress}, false},
		"never decided":                   {nil, []netip.Addr{homeAddress}, true},
		"as before":                       {h(same), []netip.Addr{homeAddress}, false},
		"an address fewer":                {h(func(h *casefile.Hosting) { h.Addresses = append(h.Addresses, awayAddress) }), []netip.Addr{homeAddress}, false},
		"a new address":                   {h(same), []netip.Addr{homeAddress, awayAddress}, true},
		"a day old":                       {h(func(h *casefile.Hosting) { h.Decided = noon.Add(-day) }), []netip.Addr{homeAddress}, true},
		"weak, two hours old":             {h(func(h *casefile.Hosting) { h.Confidence = 0.3 }), []netip.Addr{homeAddress}, true},
		"weak, just decided":              {h(func(h *casefile.Hosting) { h.Confidence, h.Decided = 0.3, noon }), []netip.Addr{homeAddress}, false},
		"origin unknown, two hours":       {h(func(h *casefile.Hosting) { h.Country, h.Confidence, h.Origin = "", 0, casefile.OriginUnknown }), []netip.Addr{homeAddress}, false},
	} {
		if got := stale(casefile.Case{Hosting: tc.h}, tc.addresses, noon, day); got != tc.want {
			t.Errorf("%s: stale %v", name, got)
		}
	}
	knows := h(func(h *casefile.Hosting) { h.Claims = told.Claims() })
	for name, tc := range map[string]struct {
		c    casefile.Case
		want bool
	}{
		"an origin was recorded":          {casefile.Case{Hosting: h(same), Backend: told}, true},
		"decided with the origin":         {casefile.Case{Hosting: knows, Backend: told}, false},
		"the recorded origin was dropped": {casefile.Case{Hosting: knows}, true},
	} {
		if got := stale(tc.c, []netip.Addr{homeAddress}, noon, day); got != tc.want {
			t.Errorf("%s: stale %v", name, got)
		}
	}
}

// TestProvidersInTurnDoNotSetThePace: a name with addresses of two providers moves at each visit, and
// is watched about as often as any other; a move that lasts makes the pace quick.
func TestProvidersInTurnDoNotSetThePace(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		provider    func(age time.Duration, visit int) byte
		least, most int // visits in 30 days
	}{
		"one provider":           {func(time.Duration, int) byte { return 1 }, 90, 115},
		"one move after 20 days": {func(age time.Duration, _ int) byte { return byte(age / (20 * day)) }, 125, 160},
		"two in turn":            {func(_ time.Duration, visit int) byte { return byte(visit % 2) }, 90, 115},
		"another each time":      {func(_ time.Duration, visit int) byte { return byte(visit) }, 90, 115},
		"two by chance":          {func(_ time.Duration, visit int) byte { return byte(visit * visit / 7 % 2) }, 90, 300},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				began, visits := time.Now(), 0
				w := newWorld(func(_ string, s casefile.Subject) casefile.Observation {
					o := answer(s, page(200))
					o.Resolution.Addresses = []netip.Addr{netip.AddrFrom4([4]byte{198, 51, 100, tt.provider(time.Since(began), visits)})}
					visits++
					return o
				})
				r := newRig(t, w, newShelf(reported(t, 1, "site-1")), nil)
				r.atlas.decide = func(o casefile.Observation) casefile.Hosting {
					h := hosted(o)
					h.Addresses, h.Provider = o.Resolution.Addresses, o.Resolution.Addresses[0].String()
					return h
				}
				r.live(t.Context(), t, 30*day)
				if n := len(r.shelf.visits); n < tt.least || n > tt.most {
					t.Errorf("%d visits in 30 days, want %d to %d", n, tt.least, tt.most)
				}
			})
		})
	}
}
