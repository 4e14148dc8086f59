package scheduler

import (
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"vigil/casefile"
)

var noon = time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC)

const day = 24 * time.Hour

// usual is the pace of the configuration's defaults, without jitter.
func usual() Schedule {
	p := Schedule{
		FirstGap: 15 * time.Minute, Growth: 0.1, MaxGap: 12 * time.Hour, MinGap: time.Second,
		Aftercare: []time.Duration{day, 3 * day, 7 * day, 14 * day, 30 * day, 90 * day},
	}
	p.Confirm.Verdicts, p.Confirm.Span = 3, day
	return p
}

func watched(age time.Duration) casefile.Case {
	return casefile.Case{ID: 7, Life: casefile.Life{Standing: casefile.Watching, Episode: casefile.Episode{Number: 1, Opened: noon.Add(-age)}}}
}

func TestNext(t *testing.T) {
	t.Parallel()
	confirming := func(count int, first time.Duration, last casefile.State) casefile.Case {
		c := watched(10 * day)
		c.Standing, c.Last.State = casefile.Confirming, last
		c.Streak = casefile.Streak{Count: count, First: noon.Add(-first), Last: noon}
		return c
	}
	removed := func(looks int, ago time.Duration) casefile.Case {
		c := watched(20 * day)
		c.Standing, c.Aftercare, c.Episode.Removed = casefile.Removed, looks, noon.Add(-ago)
		return c
	}
	standing := func(s casefile.Standing) casefile.Case { c := watched(time.Minute); c.Standing = s; return c }
	told := watched(30 * day)
	told.Episode.LastNotice = noon.Add(-5 * time.Hour)
	moved := watched(30 * day)
	moved.Episode.LastNotice, moved.Episode.ProviderSince = noon.Add(-9*day), noon.Add(-5*time.Hour)
	gone := casefile.StateGone
	for name, tc := range map[string]struct {
		c    casefile.Case
		gap  time.Duration
		why  casefile.Why
		none bool
	}{
		"a fresh report":                           {c: watched(0), gap: 15 * time.Minute, why: casefile.WhyCadence},
		"a report of the future":                   {c: watched(-time.Hour), gap: 15 * time.Minute, why: casefile.WhyCadence},
		"two hours and a half old":                 {c: watched(150 * time.Minute), gap: 15 * time.Minute, why: casefile.WhyCadence},
		"ten hours old":                            {c: watched(10 * time.Hour), gap: time.Hour, why: casefile.WhyCadence},
		"five days old":                            {c: watched(5 * day), gap: 12 * time.Hour, why: casefile.WhyCadence},
		"a year old":                               {c: watched(365 * day), gap: 12 * time.Hour, why: casefile.WhyCadence},
		"old, but told five hours ago":             {c: told, gap: 30 * time.Minute, why: casefile.WhyCadence},
		"old, but moved five hours ago":            {c: moved, gap: 30 * time.Minute, why: casefile.WhyCadence},
		"first gone verdict":                       {c: confirming(1, 0, gone), gap: 12 * time.Hour, why: casefile.WhyConfirm},
		"second gone verdict, in time":             {c: confirming(2, 12*time.Hour, gone), gap: 12 * time.Hour, why: casefile.WhyConfirm},
		"second gone verdict, early":               {c: confirming(2, time.Hour, gone), gap: 12 * time.Hour, why: casefile.WhyConfirm},
		"second gone verdict, nearly late":         {c: confirming(2, 23*time.Hour, gone), gap: time.Hour, why: casefile.WhyConfirm},
		"second gone verdict, late":                {c: confirming(2, 30*time.Hour, gone), gap: 15 * time.Minute, why: casefile.WhyConfirm},
		"silent when the deciding look was due":    {c: confirming(2, 24*time.Hour, casefile.StateSilent), gap: 12 * time.Hour, why: casefile.WhyConfirm},
		"many gone verdicts, the span not reached": {c: confirming(9, 20*time.Hour, gone), gap: 4 * time.Hour, why: casefile.WhyConfirm},
		"just removed":                             {c: removed(0, 0), gap: day, why: casefile.WhyAftercare},
		"two looks after the removal":              {c: removed(2, 3*day), gap: 4 * day, why: casefile.WhyAftercare},
		"all looks missed":                         {c: removed(0, 100*day), gap: 15 * time.Minute, why: casefile.WhyAftercare},
		"the list of looks got shorter":            {c: removed(6, 100*day), gap: 12 * time.Hour, why: casefile.WhyAftercare},
		"unavailable":                              {c: standing(casefile.Unavailable), gap: 12 * time.Hour, why: casefile.WhyCadence},
		"under review":                             {c: standing(casefile.Review), gap: 12 * time.Hour, why: casefile.WhyCadence},
		"withdrawn":                                {c: standing(casefile.Withdrawn), why: casefile.WhyNever, none: true},
		"closed":                                   {c: standing(casefile.Closed), why: casefile.WhyNever, none: true},
	} {
		due := Next(noon, tc.c, usual())
		want := casefile.Due{At: noon.Add(tc.gap), Why: tc.why}
		if tc.none {
			want.At = time.Time{}
		}
		if due != want {
			t.Errorf("%s: due after %v (%s), want %v (%s)", name, due.At.Sub(noon), due.Why, tc.gap, tc.why)
		}
	}
}

func TestRemovalIsConfirmedSoonAfterTheSpan(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := usual()
		p.Jitter = 0.1
		p.Confirm.Verdicts = rapid.IntRange(2, 8).Draw(t, "verdicts")
		p.Confirm.Span = time.Duration(rapid.IntRange(2, 72).Draw(t, "hours")) * time.Hour
		c := watched(time.Duration(rapid.IntRange(0, 1000).Draw(t, "age")) * time.Hour)
		c.ID, c.Standing = casefile.CaseID(rapid.Int64().Draw(t, "id")), casefile.Confirming
		now, looks := noon, 0
		for ; c.Streak.Count < p.Confirm.Verdicts || c.Streak.Span() < p.Confirm.Span; looks++ {
			if looks > 200 {
				t.Fatal("the removal is never confirmed")
			}
			if c.Streak.Count == 0 {
				c.Streak.First = now
			}
			c.Streak.Count++
			c.Streak.Last, c.Last.State = now, casefile.StateGone
			c.Visits++
			now = Next(now, c, p).At
		}
		if over := c.Streak.Span() - p.Confirm.Span; over > p.FirstGap {
			t.Fatalf("confirmed %v after the span", over)
		}
		if most := p.Confirm.Verdicts + int(p.Confirm.Span/p.MaxGap); looks > most {
			t.Fatalf("%d looks; %d would do", looks, most)
		}
	})
}

func anyCase(t *rapid.T) casefile.Case {
	at := func(name string) time.Time {
		return noon.Add(time.Duration(rapid.IntRange(-200_000, 200_000).Draw(t, name)) * time.Minute)
	}
	c := casefile.Case{
		ID: casefile.CaseID(rapid.Int64().Draw(t, "id")), Visits: rapid.IntRange(0, 1e6).Draw(t, "visits"),
		Life: casefile.Life{Standing: rapid.SampledFrom(casefile.Standings).Draw(t, "standing"), Aftercare: rapid.IntRange(-1, 9).Draw(t, "aftercare")},
	}
	c.Episode.Opened, c.Episode.LastNotice, c.Episode.Removed = at("opened"), at("noticed"), at("removed")
	c.Streak = casefile.Streak{Count: rapid.IntRange(0, 9).Draw(t, "streak"), First: at("first")}
	c.Last.State = rapid.SampledFrom(casefile.States).Draw(t, "last")
	return c
}

func anyPace(t *rapid.T) Schedule {
	p := usual()
	p.FirstGap = time.Duration(rapid.IntRange(1, 100_000).Draw(t, "first")) * time.Second
	p.MaxGap = p.FirstGap * time.Duration(rapid.IntRange(1, 100).Draw(t, "max"))
	p.MinGap = time.Duration(rapid.Float64Range(0, 1).Draw(t, "min") * float64(p.FirstGap))
	p.Growth, p.Jitter = rapid.Float64Range(0, 100).Draw(t, "growth"), rapid.Float64Range(0, 0.5).Draw(t, "jitter")
	p.Confirm.Verdicts, p.Confirm.Span = rapid.IntRange(1, 20).Draw(t, "verdicts"), time.Duration(rapid.IntRange(0, 1e6).Draw(t, "span"))*time.Second
	return p
}

func TestNextKeepsItsBounds(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c, p := anyCase(t), anyPace(t)
		if err := p.Validate(); err != nil {
			t.Fatal(err)
		}
		due := Next(noon, c, p)
		if !due.Why.Valid() {
			t.Fatalf("cause %q", due.Why)
		}
		if !c.Standing.Visited() {
			if !due.At.IsZero() {
				t.Fatal("a case that is over is due")
			}
			return
		}
		gap := due.At.Sub(noon)
		if gap < p.MinGap {
			t.Fatalf("due after %v, before the least gap %v", gap, p.MinGap)
		}
		if c.Standing != casefile.Removed && gap > p.MaxGap {
			t.Fatalf("due after %v, beyond the longest gap %v", gap, p.MaxGap)
		}
		if again := Next(noon, c, p); again != due {
			t.Fatal("the same case is due at two times")
		}
	})
}

func TestOlderCasesAreNotVisitedMoreOften(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := anyPace(t)
		p.Jitter = 0
		young := time.Duration(rapid.IntRange(0, 1e6).Draw(t, "age")) * time.Second
		old := young + time.Duration(rapid.IntRange(0, 1e6).Draw(t, "more"))*time.Second
		if a, b := Next(noon, watched(young), p), Next(noon, watched(old), p); b.At.Before(a.At) {
			t.Fatalf("the older one is due %v earlier", a.At.Sub(b.At))
		}
	})
}

func TestJitterSpreads(t *testing.T) {
	t.Parallel()
	p := usual()
	p.Jitter = 0.1
	for name, age := range map[string]time.Duration{"young": 10 * time.Hour, "at the longest gap": 100 * day} {
		var gaps []time.Duration
		for id := range 1000 {
			c := watched(age)
			c.ID = casefile.CaseID(id)
			gaps = append(gaps, Next(noon, c, p).At.Sub(noon))
		}
		slices.Sort(gaps)
		if spread := gaps[900] - gaps[100]; float64(spread) < 0.05*float64(gaps[500]) {
			t.Errorf("%s: eight of ten cases lie within %v", name, spread)
		}
	}
}

func TestRetryAfterIsHeeded(t *testing.T) {
	t.Parallel()
	due := casefile.Due{At: noon.Add(time.Hour), Why: casefile.WhyCadence}
	for name, tc := range map[string]struct {
		wish, want time.Duration
	}{
		"none": {0, time.Hour}, "sooner": {time.Minute, time.Hour}, "later": {2 * time.Hour, 2 * time.Hour}, "too late": {day, 12 * time.Hour},
	} {
		if got := usual().Heed(noon, due, tc.wish).At.Sub(noon); got != tc.want {
			t.Errorf("%s: due after %v, want %v", name, got, tc.want)
		}
	}
	if never := usual().Heed(noon, casefile.Due{Why: casefile.WhyNever}, time.Hour); !never.At.IsZero() {
		t.Error("a wish of the server woke a case that is over")
	}
}

func TestGateRetryGrowsWithTheOutage(t *testing.T) {
	t.Parallel()
	for closed, want := range map[time.Duration]time.Duration{0: time.Minute, 5 * time.Minute: 5 * time.Minute, time.Hour: 15 * time.Minute} {
		if due := usual().Retry(noon, watched(0), closed); due.At.Sub(noon) != want || due.Why != casefile.WhyGate {
			t.Errorf("closed for %v: due after %v (%s), want %v", closed, due.At.Sub(noon), due.Why, want)
		}
	}
}

func TestPostponeKeepsFreshReportsFromWaitingLong(t *testing.T) {
	t.Parallel()
	for gap, want := range map[time.Duration]time.Duration{time.Second: 15 * time.Minute, 30 * time.Minute: 30 * time.Minute, 12 * time.Hour: time.Hour} {
		if got := usual().Postpone(noon, casefile.Due{At: noon.Add(gap)}).Sub(noon); got != want {
			t.Errorf("visited again after %v: the others after %v, want %v", gap, got, want)
		}
	}
}

func TestPaceIsChecked(t *testing.T) {
	t.Parallel()
	if err := usual().Validate(); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*Schedule){
		"no first gap":             func(p *Schedule) { p.FirstGap = 0 },
		"max below first":          func(p *Schedule) { p.MaxGap = time.Minute },
		"min above first":          func(p *Schedule) { p.MinGap = time.Hour },
		"negative growth":          func(p *Schedule) { p.Growth = -1 },
		"growth that is no number": func(p *Schedule) { p.Growth = math.NaN() },
		"wild jitter":              func(p *Schedule) { p.Jitter = 0.6 },
		"no verdicts":              func(p *Schedule) { p.Confirm.Verdicts = 0 },
		"shrinking aftercare":      func(p *Schedule) { p.Aftercare = []time.Duration{2 * day, day} },
	} {
		p := usual()
		change(&p)
		if p.Validate() == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

func FuzzNext(f *testing.F) {
	f.Add(int64(1), 3, "confirming", int64(0), int64(0), int64(0), 2)
	f.Add(int64(-9), 0, "removed", int64(math.MaxInt64), int64(math.MinInt64), int64(1), -3)
	f.Fuzz(func(t *testing.T, id int64, visits int, standing string, opened, removed, first int64, count int) {
		c := casefile.Case{ID: casefile.CaseID(id), Visits: visits, Life: casefile.Life{Standing: casefile.Standing(standing), Aftercare: count}}
		c.Episode.Opened, c.Episode.Removed = time.Unix(opened, 0), time.Unix(removed, 0)
		c.Streak = casefile.Streak{Count: count, First: time.Unix(first, 0)}
		p := usual()
		p.Jitter = 0.1
		due := Next(noon, c, p)
		if !due.At.IsZero() && due.At.Before(noon.Add(p.MinGap)) || due.At.IsZero() == c.Standing.Visited() {
			t.Fatalf("%s: due at %v (%s)", standing, due.At, due.Why)
		}
	})
}
