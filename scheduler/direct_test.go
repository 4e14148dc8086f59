package scheduler

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"vigil/casefile"
)

// cover is a page of other content, shown to those who come directly.
func cover() casefile.Observation {
	o := page(200)
	o.Features = &casefile.Features{Digest: "cover", SimHash: ^uint64(0x0f0f0f0f12345678), Structure: 5, Words: 900, Elements: 300, Links: 40, Images: 9, HTML: true, Title: "cover"}
	return o
}

// linked is a case whose report recorded a referrer.
func linked(t testing.TB, id int, host string) casefile.Case {
	t.Helper()
	c := reported(t, id, host)
	c.Referrer = target(t, "https://forum.example/thread/9")
	return c
}

// A page that shows its content only with the recorded referrer: shown, then removed, with what those see who come directly.
func TestTheReferrerDecidesWhatIsShown(t *testing.T) {
	t.Parallel()
	gone, taken := page(404), 5*time.Hour
	for name, tt := range map[string]struct {
		before, after casefile.Observation // without the referrer, before and after the content was taken away
		state         casefile.State       // of the verdicts after that
		standing      casefile.Standing
	}{
		"forbidden, and not found once it is gone": {page(403), gone, casefile.StateGone, casefile.Removed},
		"not found all the time":                   {gone, gone, casefile.StateGone, casefile.Removed},
		"a cover page that goes with the content":  {cover(), gone, casefile.StateGone, casefile.Removed},
		"a cover page that stays":                  {cover(), cover(), casefile.StateChanged, casefile.Review},
		"a log-in that stays":                      {page(401), page(401), casefile.StateWithheld, casefile.Watching},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				w := newWorld(func(_ string, s casefile.Subject) casefile.Observation {
					shown, covered := page(200), tt.before
					if time.Since(began) > taken {
						shown, covered = gone, tt.after
					}
					switch {
					case s.Purpose == casefile.PurposeDecoy:
						return gone
					case s.Referrer.IsZero():
						return covered
					}
					return shown
				})
				r := newRig(t, w, newShelf(linked(t, 1, "site-1")), nil)
				r.live(t.Context(), t, 4*24*time.Hour)
				for _, v := range r.shelf.visits {
					want := tt.state
					if v.Started.Sub(began) < taken {
						want = casefile.StateLive
					}
					if v.Verdict.State != want {
						t.Errorf("after %v: %s (%s), want %s; %v", v.Started.Sub(began), v.Verdict.State, v.Verdict.Reason, want, v.Verdict.Signals)
					}
				}
				if c := r.shelf.get(1); c.Standing != tt.standing || c.Baseline == nil || c.Baseline.Digest != page(200).Features.Digest {
					t.Errorf("%s, want %s; baseline %+v", c.Standing, tt.standing, c.Baseline)
				}
				both := []int{r.shelf.recorded(casefile.PurposeTarget), r.shelf.recorded(casefile.PurposeWithoutReferrer)}
				if !slices.Equal(both, []int{len(r.shelf.visits), len(r.shelf.visits)}) || both[1] != w.looks(casefile.PurposeWithoutReferrer) {
					t.Errorf("%v looks recorded in %d visits", both, len(r.shelf.visits))
				}
				if n := w.looks(casefile.PurposeDecoy); n != 1 {
					t.Errorf("%d siblings: what those see who come directly is not compared with one", n)
				}
				if w.closest < time.Second {
					t.Errorf("two looks at one host with a rest of %v", w.closest)
				}
			})
		})
	}
}

// The second look is left out when it can tell nothing.
func TestNoLookWithoutTheReferrerThatTellsNothing(t *testing.T) {
	t.Parallel()
	after := func(o casefile.Observation) casefile.Observation { o.Hops = page(302).Hops; return o }
	for name, tt := range map[string]struct {
		answer casefile.Observation
		want   int
	}{
		"an answer":                           {page(200), 1},
		"not found":                           {page(404), 1},
		"closed without an answer":            {fault(casefile.FaultReset, casefile.PhaseRequest), 1},
		"no such name behind a redirect":      {after(fault(casefile.FaultNXDomain, casefile.PhaseResolve)), 1},
		"a time-out behind a redirect":        {after(fault(casefile.FaultTimeout, casefile.PhaseConnect)), 1},
		"no such name":                        {fault(casefile.FaultNXDomain, casefile.PhaseResolve), 0},
		"the name servers fail":               {fault(casefile.FaultServfail, casefile.PhaseResolve), 0},
		"refused":                             {fault(casefile.FaultRefused, casefile.PhaseConnect), 0},
		"nothing answers the connection":      {fault(casefile.FaultTimeout, casefile.PhaseConnect), 0},
		"nothing answers the request":         {fault(casefile.FaultTimeout, casefile.PhaseRequest), 0},
		"no TLS":                              {fault(casefile.FaultTLS, casefile.PhaseTLS), 0},
		"our own stop":                        {fault(casefile.FaultInterrupted, casefile.PhaseRequest), 0},
		"our own stop behind a redirect":      {after(fault(casefile.FaultInterrupted, casefile.PhaseBody)), 0},
		"an address that is never dialled":    {fault(casefile.FaultAddressRefused, casefile.PhaseConnect), 0},
		"an answer of which the rest is late": {after(fault(casefile.FaultTimeout, casefile.PhaseBody)), 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(func(_ string, s casefile.Subject) casefile.Observation { return answer(s, tt.answer) })
				r := newRig(t, w, newShelf(linked(t, 1, "site-1")), nil)
				r.live(t.Context(), t, time.Minute)
				if n := w.looks(casefile.PurposeWithoutReferrer); n != tt.want || r.shelf.recorded(casefile.PurposeWithoutReferrer) != n {
					t.Errorf("%d looks without the referrer, want %d; %d recorded", n, tt.want, r.shelf.recorded(casefile.PurposeWithoutReferrer))
				}
			})
		})
	}
}

// Cases without a referrer, or with the reported page itself as one, are looked at once.
func TestNoReferrerNoSecondLook(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		none, itself := reported(t, 1, "site-1"), reported(t, 2, "site-2")
		itself.Referrer = itself.Target
		w := newWorld(func(_ string, s casefile.Subject) casefile.Observation {
			if !s.Referrer.IsZero() {
				t.Errorf("a look for %s sends a referrer", s.Purpose)
			}
			return answer(s, page(200))
		})
		r := newRig(t, w, newShelf(none, itself), nil)
		r.live(t.Context(), t, time.Hour)
		if n := w.looks(casefile.PurposeWithoutReferrer); n != 0 || w.looks(casefile.PurposeTarget) == 0 {
			t.Errorf("%d looks without a referrer", n)
		}
	})
}

// A vantage with a dead uplink is no witness; but no dead uplink shows the known page, also without the
// referrer.
func TestADeadLineAndTheKnownPageWithoutTheReferrer(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		direct casefile.Observation // what c sees without the referrer
		want   casefile.Reason
	}{
		"not found":      {page(404), casefile.ReasonHTTP404},
		"a cover page":   {cover(), casefile.ReasonHTTP404},
		"the known page": {page(200), casefile.ReasonFenced},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(func(vantage string, s casefile.Subject) casefile.Observation {
					switch {
					case isControl(s) >= 0 && vantage == "c":
						return fault(casefile.FaultTimeout, casefile.PhaseConnect)
					case isControl(s) >= 0:
						return page(200)
					case vantage == "c" && s.Purpose == casefile.PurposeWithoutReferrer:
						return tt.direct
					}
					return page(404)
				})
				w.vantages = []casefile.Vantage{{Name: "a", Network: "AS64500"}, {Name: "b", Network: "AS64501"}, {Name: "c", Network: "AS64502"}}
				gate, err := NewGate(GateOptions{Looker: w, Targets: controls(t, 1)})
				if err != nil {
					t.Fatal(err)
				}
				c := linked(t, 1, "site-1")
				c.Baseline = page(200).Features
				r := newRig(t, w, newShelf(c), func(o *Options) { o.Gate = gate })
				r.live(t.Context(), t, time.Minute)
				if v := r.shelf.visits[0]; !v.Counted || v.Verdict.Reason != tt.want {
					t.Errorf("believed %v, want %s: %+v", v.Counted, tt.want, v.Verdict)
				}
				if n := r.shelf.recorded(casefile.PurposeWithoutReferrer); n != 3 {
					t.Errorf("%d looks without the referrer recorded", n)
				}
			})
		})
	}
}
