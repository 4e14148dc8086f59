package lifecycle_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"vigil/casefile"
	"vigil/lifecycle"
)

const (
	hour = time.Hour
	day  = 24 * time.Hour
)

// rules are the defaults of the configuration.
func rules() lifecycle.Thresholds {
	var r lifecycle.Thresholds
	r.Confirm.Verdicts, r.Confirm.Span = 3, day
	r.UnavailableAfter = 7 * day
	r.Aftercare = []time.Duration{day, 3 * day, 7 * day, 14 * day, 30 * day, 90 * day}
	return r
}

// TestAVantageAloneNeedsTwiceTheStreak lets a case be found gone every six hours: the
// removal comes with the verdict that is due, and not with the one before.
func TestAVantageAloneNeedsTwiceTheStreak(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		vantages, verdicts int
		gap, span          time.Duration
		want               int // the verdict that confirms
	}{
		"two vantages, the span decides":     {vantages: 2, verdicts: 3, span: day, gap: 6 * hour, want: 5},
		"one vantage, the span decides":      {vantages: 1, verdicts: 3, span: day, gap: 6 * hour, want: 9},
		"two vantages, the verdicts decide":  {vantages: 2, verdicts: 3, span: day, gap: 20 * hour, want: 3},
		"one vantage, the verdicts decide":   {vantages: 1, verdicts: 3, span: day, gap: 20 * hour, want: 6},
		"six vantages, the verdicts decide":  {vantages: 6, verdicts: 2, span: 0, gap: hour, want: 2},
		"one vantage, one verdict is enough": {vantages: 1, verdicts: 1, span: 0, gap: hour, want: 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := rules()
			r.Confirm, r.SingleVantage = casefile.Confirm{Verdicts: tt.verdicts, Span: tt.span}, lifecycle.SingleVantage(tt.vantages)
			c, n := reported(), 0
			for c.Standing != casefile.Removed && n < 20 {
				n++
				c, _ = advance(c, visit(time.Duration(n)*tt.gap, gone), r)
			}
			if n != tt.want {
				t.Errorf("removed at gone verdict %d, want %d", n, tt.want)
			}
		})
	}
}

// TestAReviewIsAskedForAsSoonWithOneVantage: a question to a person needs no second witness.
func TestAReviewIsAskedForAsSoonWithOneVantage(t *testing.T) {
	t.Parallel()
	for _, reason := range []casefile.Reason{differs, fenced} {
		r := rules()
		r.SingleVantage = true
		c := reported()
		for n := range 3 {
			if c.Standing == casefile.Review {
				t.Fatalf("%s: in review after %d verdicts", reason, n)
			}
			c, _ = advance(c, visit(time.Duration(n)*12*hour, reason), r)
		}
		if c.Standing != casefile.Review {
			t.Errorf("%s: %s after 3 verdicts over 24 h", reason, c.Standing)
		}
	}
}

func reported() casefile.Case {
	c, _ := lifecycle.Open(casefile.Report{Target: target("https://site-1.example/album/picture.html"), Source: "public", Classification: casefile.ClassBaseline, Received: started}, "aa", started)
	return c
}

// visit at a time since the report with the verdict of the reason.
func visit(after time.Duration, reason casefile.Reason) casefile.Visit {
	v := casefile.Visit{Started: started.Add(after), Ended: started.Add(after), Why: casefile.WhyCadence, Counted: true, Basis: casefile.Basis{RegistryAnswered: true},
		Verdict: casefile.Verdict{State: reason.State(), Reason: reason}}
	if reason.State() == casefile.StateLive {
		v.Observations = []casefile.Observation{*answer(200, article())}
	}
	return v
}

// words tells events in short: kind, or from>to for a move.
func words(events []casefile.Event) string {
	var w []string
	for _, e := range events {
		if e.Kind == casefile.EventStanding {
			w = append(w, e.Data["from"]+">"+e.Data["to"])
		} else {
			w = append(w, string(e.Kind))
		}
	}
	return strings.Join(w, " ")
}

// seen is one visit of a life: when, what it found, and what the case is after it.
type seen struct {
	after    time.Duration
	reason   casefile.Reason
	standing casefile.Standing
	events   string
}

const (
	live     = casefile.ReasonServed
	gone     = casefile.ReasonHTTP404
	silent   = casefile.ReasonTimeout
	withheld = casefile.ReasonLogin
	differs  = casefile.ReasonContentDiffers
	fenced   = casefile.ReasonFenced
)

func TestLives(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		life    []seen
		episode casefile.Episode // at the end; times as started plus what the life says
	}{
		{"seen, removed, cared for, closed", []seen{
			{hour, live, casefile.Watching, "first_seen baseline"},
			{2 * hour, live, casefile.Watching, ""},
			{3 * hour, gone, casefile.Confirming, "watching>confirming"},
			{15 * hour, gone, casefile.Confirming, ""},
			{26 * hour, gone, casefile.Confirming, ""}, // three, but over 23 h only
			{27 * hour, gone, casefile.Removed, "confirming>removed"},
			{27*hour + day, gone, casefile.Removed, ""},
			{27*hour + 3*day, silent, casefile.Removed, ""},
			{27*hour + 7*day, withheld, casefile.Removed, ""},
			{27*hour + 14*day, differs, casefile.Removed, ""},
			{27*hour + 30*day, gone, casefile.Removed, ""},
			{27*hour + 90*day, gone, casefile.Closed, "removed>closed"},
			{28*hour + 90*day, live, casefile.Closed, ""},
		}, casefile.Episode{Number: 1, Opened: started, FirstSeen: started.Add(hour), LastSeen: started.Add(2 * hour), FirstGone: started.Add(3 * hour), Removed: started.Add(27 * hour)}},
		{"gone at the first look", []seen{
			{0, gone, casefile.Confirming, "assessed watching>confirming"},
			{12 * hour, gone, casefile.Confirming, ""},
			{day, gone, casefile.Removed, "confirming>removed"},
		}, casefile.Episode{Number: 1, Opened: started, FirstGone: started, Removed: started.Add(day)}},
		{"returned twice", []seen{
			{0, live, casefile.Watching, "first_seen baseline"},
			{1 * day, gone, casefile.Confirming, "watching>confirming"},
			{36 * hour, gone, casefile.Confirming, ""},
			{2 * day, gone, casefile.Removed, "confirming>removed"},
			{3 * day, live, casefile.Watching, "returned removed>watching"},
			{4 * day, gone, casefile.Confirming, "watching>confirming"},
			{5 * day, gone, casefile.Confirming, ""},
			{6 * day, gone, casefile.Removed, "confirming>removed"},
			{9 * day, fenced, casefile.Watching, "returned removed>watching"},
			{10 * day, live, casefile.Watching, ""},
		}, casefile.Episode{Number: 3, Opened: started.Add(9 * day), FirstSeen: started.Add(9 * day), LastSeen: started.Add(10 * day)}},
		{"a flaky server is never removed", []seen{
			{0, live, casefile.Watching, "first_seen baseline"},
			{hour, gone, casefile.Confirming, "watching>confirming"},
			{2 * hour, live, casefile.Watching, "confirming>watching"},
			{day, gone, casefile.Confirming, "watching>confirming"},
			{2 * day, gone, casefile.Confirming, ""},
			{3 * day, live, casefile.Watching, "confirming>watching"},
			{4 * day, gone, casefile.Confirming, "watching>confirming"},
		}, casefile.Episode{Number: 1, Opened: started, FirstSeen: started, LastSeen: started.Add(3 * day), FirstGone: started.Add(4 * day)}},
		{"silence between gone verdicts neither ends the streak nor counts", []seen{
			{0, live, casefile.Watching, "first_seen baseline"},
			{hour, gone, casefile.Confirming, "watching>confirming"},
			{2 * hour, silent, casefile.Confirming, ""},
			{26 * hour, withheld, casefile.Confirming, ""},
			{27 * hour, gone, casefile.Confirming, ""}, // two gone verdicts
			{28 * hour, gone, casefile.Removed, "confirming>removed"},
		}, casefile.Episode{Number: 1, Opened: started, FirstSeen: started, LastSeen: started, FirstGone: started.Add(hour), Removed: started.Add(28 * hour)}},
		{"silent for a week, then gone: a new streak", []seen{
			{0, live, casefile.Watching, "first_seen baseline"},
			{hour, gone, casefile.Confirming, "watching>confirming"},
			{2 * hour, gone, casefile.Confirming, ""},
			{day, silent, casefile.Confirming, ""},
			{7 * day, withheld, casefile.Confirming, ""},
			{8 * day, silent, casefile.Unavailable, "confirming>unavailable"},
			{9 * day, silent, casefile.Unavailable, ""},
			{10 * day, gone, casefile.Confirming, "unavailable>confirming"},
			{11 * day, gone, casefile.Confirming, ""},
			{12 * day, gone, casefile.Removed, "confirming>removed"},
		}, casefile.Episode{Number: 1, Opened: started, FirstSeen: started, LastSeen: started, FirstGone: started.Add(10 * day), Removed: started.Add(12 * day)}},
		{"silent from the start", []seen{
			{0, silent, casefile.Watching, ""},
			{7*day - hour, silent, casefile.Watching, ""},
			{7 * day, silent, casefile.Unavailable, "watching>unavailable"},
			{8 * day, live, casefile.Watching, "first_seen baseline unavailable>watching"},
		}, casefile.Episode{Number: 1, Opened: started, FirstSeen: started.Add(8 * day), LastSeen: started.Add(8 * day)}},
		{"silence that a gone verdict breaks begins again", []seen{
			{0, silent, casefile.Watching, ""},
			{6 * day, gone, casefile.Confirming, "watching>confirming"}, // not the first counted verdict: not assessed
			{8 * day, silent, casefile.Confirming, ""},
			{14 * day, silent, casefile.Confirming, ""},
			{15 * day, silent, casefile.Unavailable, "confirming>unavailable"},
		}, casefile.Episode{Number: 1, Opened: started}},
		{"changed, reviewed, seen again", []seen{
			{0, live, casefile.Watching, "first_seen baseline"},
			{hour, differs, casefile.Watching, ""},
			{2 * hour, differs, casefile.Watching, ""},
			{3 * hour, differs, casefile.Watching, ""}, // three, but over two hours only
			{25 * hour, differs, casefile.Review, "watching>review review_requested"},
			{26 * hour, differs, casefile.Review, ""},
			{27 * hour, live, casefile.Watching, "review>watching"},
			{28 * hour, differs, casefile.Watching, ""},
		}, casefile.Episode{Number: 1, Opened: started, FirstSeen: started, LastSeen: started.Add(27 * hour)}},
		{"changed ends a streak: it may be the content in another form", []seen{
			{0, live, casefile.Watching, "first_seen baseline"},
			{day, gone, casefile.Confirming, "watching>confirming"},
			{2 * day, differs, casefile.Watching, "confirming>watching"},
			{3 * day, gone, casefile.Confirming, "watching>confirming"},
			{4 * day, differs, casefile.Watching, "confirming>watching"},
			{5 * day, gone, casefile.Confirming, "watching>confirming"},
			{6 * day, differs, casefile.Review, "confirming>watching watching>review review_requested"}, // but it is not for ever undecided
			{7 * day, gone, casefile.Confirming, "review>confirming"},
			{8 * day, gone, casefile.Confirming, ""},
			{9 * day, gone, casefile.Removed, "confirming>removed"},
		}, casefile.Episode{Number: 1, Opened: started, FirstSeen: started, LastSeen: started, FirstGone: started.Add(7 * day), Removed: started.Add(9 * day)}},
		{"fenced is a sighting, and a question", []seen{
			{0, fenced, casefile.Watching, "first_seen"},
			{day, gone, casefile.Confirming, "watching>confirming"},
			{2 * day, fenced, casefile.Watching, "confirming>watching"},
			{3 * day, fenced, casefile.Review, "watching>review review_requested"},
		}, casefile.Episode{Number: 1, Opened: started, FirstSeen: started, LastSeen: started.Add(3 * day)}},
		{"unavailable answers again, with something else", []seen{
			{0, silent, casefile.Watching, ""},
			{7 * day, silent, casefile.Unavailable, "watching>unavailable"},
			{8 * day, differs, casefile.Watching, "unavailable>watching"},
		}, casefile.Episode{Number: 1, Opened: started}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := reported()
			for i, s := range tt.life {
				var events []casefile.Event
				c, events = advance(c, visit(s.after, s.reason), rules())
				if c.Standing != s.standing || words(events) != s.events {
					t.Fatalf("visit %d, %s after %v: %s, %q; want %s, %q", i+1, s.reason, s.after, c.Standing, words(events), s.standing, s.events)
				}
				if c.Visits != i+1 {
					t.Errorf("visit %d counted as %d", i+1, c.Visits)
				}
				for _, e := range events {
					if e.Actor != casefile.ActorVigil || !e.At.Equal(started.Add(s.after)) || e.Data["episode"] == "" {
						t.Errorf("event %+v", e)
					}
				}
			}
			if diff := cmp.Diff(tt.episode, c.Episode); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAVerdictThatIsNotBelievedCountsForNothing(t *testing.T) {
	t.Parallel()
	c := reported()
	c.Looking = started
	for _, reason := range []casefile.Reason{live, gone, silent, withheld, differs, fenced} {
		v := visit(hour, reason)
		v.Counted = false
		after, events := advance(c, v, rules())
		want := c
		want.Visits, want.Looking = 1, time.Time{}
		if diff := cmp.Diff(want, after, cmpopts.EquateComparable(casefile.Target{})); diff != "" || events != nil {
			t.Errorf("%s: %s %v", reason, diff, events)
		}
	}
	for _, standing := range []casefile.Standing{casefile.Withdrawn, casefile.Closed} {
		c.Standing = standing
		if after, events := advance(c, visit(hour, live), rules()); after.Visits != 1 || after.Standing != standing || events != nil || after.Last.State != "" {
			t.Errorf("%s: %+v %v", standing, after, events)
		}
	}
	if after, events := advance(reported(), casefile.Visit{Ended: started, Counted: true}, rules()); after.Visits != 1 || after.Last.State != "" || events != nil {
		t.Errorf("a visit without a verdict: %+v %v", after, events)
	}
}

func TestAftercareCountsTheLooksThatWereDue(t *testing.T) {
	t.Parallel()
	removed := reported()
	removed.Standing, removed.Episode.Removed, removed.Episode.FirstGone = casefile.Removed, started, started
	tests := []struct {
		name  string
		after []time.Duration
		want  int
	}{
		{"asked for right after the removal", []time.Duration{0, hour, 2 * hour}, 0},
		{"on time", []time.Duration{day, 3 * day}, 2},
		{"a tenth early and a tenth late", []time.Duration{22 * hour, 79 * hour, 151 * hour}, 3},
		{"asked for in between", []time.Duration{day, day + hour, 3 * day}, 2},
		{"after a pause of a month", []time.Duration{31 * day}, 5},
		{"all", []time.Duration{day, 3 * day, 7 * day, 14 * day, 30 * day, 90 * day}, 6},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := removed
			for _, after := range tt.after {
				c, _ = advance(c, visit(after, gone), rules())
			}
			if c.Aftercare != tt.want || (c.Standing == casefile.Closed) != (tt.want == 6) {
				t.Errorf("%d counted, %s; want %d", c.Aftercare, c.Standing, tt.want)
			}
		})
	}
	none := rules()
	none.Aftercare = nil
	if c, _ := advance(removed, visit(hour, gone), none); c.Standing != casefile.Closed {
		t.Errorf("without aftercare: %s", c.Standing)
	}
}

func TestReturnOpensAnEpisodeOfItsOwn(t *testing.T) {
	t.Parallel()
	c := reported()
	c.Standing, c.Aftercare, c.NoticesComposed = casefile.Removed, 2, true
	c.Streak = casefile.Streak{Count: 3, First: started, Last: started.Add(day)}
	c.Episode = casefile.Episode{Number: 1, Opened: started, FirstSeen: started, LastSeen: started, FirstGone: started, Removed: started.Add(day), FirstNotice: started, LastNotice: started}
	c, events := advance(c, visit(4*day, live), rules())
	if c.NoticesComposed || c.Aftercare != 0 || c.Streak.Count != 0 || c.Baseline == nil {
		t.Errorf("left over: %+v", c)
	}
	if words(events) != "returned removed>watching baseline" {
		t.Errorf("events %q", words(events))
	}
	if got := events[0].Data; got["gap"] != "72h0m0s" || got["episode"] != "2" {
		t.Errorf("returned: %v", got)
	}
	at := started.Add(4 * day)
	if diff := cmp.Diff(casefile.Episode{Number: 2, Opened: at, FirstSeen: at, LastSeen: at}, c.Episode); diff != "" {
		t.Error(diff)
	}
}

func TestASightingDoesNotSettleTheQuestionOfHosting(t *testing.T) {
	t.Parallel()
	c := reported()
	c.Standing = casefile.Review // asked for the hosting: no changed or fenced verdict before
	c, events := advance(c, visit(hour, live), rules())
	if c.Standing != casefile.Review || words(events) != "first_seen baseline" {
		t.Errorf("%s, %q", c.Standing, words(events))
	}
}

func TestBaselineIsOfALookThatAgrees(t *testing.T) {
	t.Parallel()
	v := visit(hour, live)
	v.Observations = []casefile.Observation{
		from("d", casefile.PurposeTarget, answer(200, another())),
		from("b", casefile.PurposeTarget, answer(200, article())),
		from("a", casefile.PurposeTarget, answer(200, another())),
		from("aa", casefile.PurposeTarget, answer(404, another())),
		from("ab", casefile.PurposeTarget, &casefile.Observation{Fault: &casefile.Fault{Kind: casefile.FaultTimeout, Phase: casefile.PhaseBody}}),
		from("ac", casefile.PurposeDecoy, answer(200, another())),
		from("ad", casefile.PurposeWithoutReferrer, answer(200, another())), // what those see who come directly
	}
	v.Verdict.Dissent = []casefile.Dissent{{Vantage: "a", State: casefile.StateWithheld, Reason: casefile.ReasonLogin}}
	c, _ := advance(reported(), v, rules())
	if diff := cmp.Diff(article(), c.Baseline); diff != "" {
		t.Error(diff)
	}
	c.Baseline.Words++
	if v.Observations[1].Features.Words == c.Baseline.Words {
		t.Error("the baseline is not a copy")
	}
	later, events := advance(c, visit(2*hour, live), rules())
	if later.Baseline != c.Baseline || len(events) != 0 {
		t.Errorf("a later look moved the baseline: %v", words(events))
	}
	v.Observations = v.Observations[2:]
	if c, events := advance(reported(), v, rules()); c.Baseline != nil || words(events) != "first_seen" {
		t.Errorf("a baseline of no look: %+v, %q", c.Baseline, words(events))
	}
}

// TestReviewKeepsWhatItRestsOn: the event holds codes, counts and times, and no text.
func TestReviewKeepsWhatItRestsOn(t *testing.T) {
	t.Parallel()
	for _, reason := range []casefile.Reason{differs, casefile.ReasonRedirectedElsewhere, fenced} {
		c := reported()
		var events []casefile.Event
		for _, after := range []time.Duration{0, 12 * hour, day} {
			c, events = advance(c, visit(after, reason), rules())
		}
		if c.Standing != casefile.Review || len(events) != 2 {
			t.Fatalf("%s: %s, %q", reason, c.Standing, words(events))
		}
		want := map[string]string{"about": string(reason), "reason": string(reason), "episode": "1", "verdicts": "3", "since": "2026-03-01T12:00:00Z"}
		if diff := cmp.Diff(want, events[1].Data); diff != "" {
			t.Errorf("%s (-want +got):\n%s", reason, diff)
		}
	}
}
