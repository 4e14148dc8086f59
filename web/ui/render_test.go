package ui

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"testing"
	"time"

	"vigil/casefile"
	"vigil/stats"
	"vigil/web/webtest"
	"vigil/words"
)

var english = &UI{words: words.In(words.English)}

func TestDrawIsAStepCurve(t *testing.T) {
	t.Parallel()
	c := english.draw(stats.Figures{Curve: []stats.Point{
		{At: 0, Survival: 1, Lower: 1, Upper: 1}, {At: 10 * time.Hour, Survival: 0.5, Lower: 0.25, Upper: 0.75, Removed: 1}, {At: 20 * time.Hour, Survival: 0.5, Lower: 0.25, Upper: 0.75, Censored: 2},
	}})
	if c.Line != "M52.0 14.0H52.0V14.0H371.6V157.0H691.2V157.0H704.0" {
		t.Errorf("line = %s", c.Line)
	}
	if c.Band != "M52.0 14.0H52.0V14.0H371.6V85.5H691.2V85.5H704.0V228.5H691.2V228.5H371.6V14.0H52.0V14.0H52.0Z" {
		t.Errorf("band = %s", c.Band)
	}
	if len(c.Censored) != 1 || c.Censored[0] != (stroke{X: "691.2", Y1: "152.0", Y2: "162.0"}) {
		t.Errorf("strokes = %v", c.Censored)
	}
	if english.draw(stats.Figures{}) != nil {
		t.Error("an empty curve was drawn")
	}
}

// TestDrawStaysInside draws curves of every length and looks for numbers outside of the picture.
func TestDrawStaysInside(t *testing.T) {
	t.Parallel()
	number := regexp.MustCompile(`-?[0-9]+\.[0-9]|NaN|Inf`)
	for _, end := range []time.Duration{0, time.Second, time.Hour, 30 * time.Hour, 9 * day, 42 * day, 400 * day, 20 * 365 * day} {
		c := english.draw(stats.Figures{Curve: []stats.Point{{Survival: 1, Lower: 1, Upper: 1}, {At: end, Survival: -0.1, Lower: -1, Upper: 2, Censored: 1}}})
		for _, s := range number.FindAllString(c.Line+c.Band, -1) {
			if v, err := strconv.ParseFloat(s, 64); err != nil || math.IsNaN(v) || v < 0 || v > chartWidth {
				t.Errorf("end %v: %s is outside", end, s)
			}
		}
		if n := len(c.XTicks); n < 2 || n > 18 {
			t.Errorf("end %v: %d ticks", end, n)
		}
	}
}

func TestThin(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, 59, 60, 61, 1000} {
		points := make([]stats.Point, n)
		for i := range points {
			points[i].AtRisk = i
		}
		got, _ := thin(points, 60)
		if len(got) > 62 || n > 0 && (got[0].AtRisk != 0 || got[len(got)-1].AtRisk != n-1) {
			t.Errorf("%d points became %d", n, len(got))
		}
	}
}

// TestHistoryPagesMissNothing walks through histories of several lengths.
func TestHistoryPagesMissNothing(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ events, visits int }{{0, 0}, {3, 0}, {0, 3}, {60, 40}, {61, 0}, {0, 41}, {200, 1}, {1, 200}, {150, 150}, {61, 41}} {
		t.Run(fmt.Sprintf("%d events and %d visits", tc.events, tc.visits), func(t *testing.T) {
			t.Parallel()
			var events []casefile.Event
			var visits []casefile.Visit // newest first
			for i := 1; i <= tc.events; i++ {
				events = append(events, casefile.Event{Seq: int64(i), At: webtest.Start.Add(time.Duration(i%7*60+i) * time.Minute)})
			}
			for i := tc.visits; i >= 1; i-- {
				visits = append(visits, casefile.Visit{ID: casefile.VisitID(i), Started: webtest.Start.Add(time.Duration(i) * 2 * time.Minute)})
			}
			nextEvent, nextVisit := int64(tc.events), casefile.VisitID(tc.visits)
			for pages := 0; ; pages++ {
				latest := slices.Clone(events[max(0, int(nextEvent)-historyEvents-1):nextEvent])
				slices.Reverse(latest)
				left := visits[tc.visits-int(nextVisit):]
				list, more := merge(latest, left[:min(len(left), historyVisits+1)])
				for _, e := range list {
					if e.Event != nil {
						if e.Event.Seq != nextEvent {
							t.Fatalf("event %d, want %d", e.Event.Seq, nextEvent)
						}
						nextEvent--
						continue
					}
					if e.Visit.ID != nextVisit {
						t.Fatalf("visit %d, want %d", e.Visit.ID, nextVisit)
					}
					nextVisit--
				}
				if !more {
					break
				}
				if len(list) == 0 || pages > 20 {
					t.Fatal("the pages do not end")
				}
			}
			if nextEvent != 0 || nextVisit != 0 {
				t.Errorf("left over: events up to %d, visits up to %d", nextEvent, nextVisit)
			}
		})
	}
}

func TestHowSureWeAre(t *testing.T) {
	t.Parallel()
	for confidence, want := range map[float64]string{0.1: "weak", 0.49: "weak", 0.5: "fair", 0.75: "fair", 0.8: "strong", 0.96: "strong", 1: "told"} {
		if got := sure(confidence); got != want {
			t.Errorf("sure(%v) = %q, want %q", confidence, got, want)
		}
	}
}
