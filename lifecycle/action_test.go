package lifecycle_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"vigil/casefile"
	"vigil/lifecycle"
)

func report(tb testing.TB, received time.Time) casefile.Report {
	tb.Helper()
	return casefile.Report{Target: target("https://site-1.example/a"), Source: "public", Classification: casefile.ClassBaseline, Received: received}
}

func TestOpen(t *testing.T) {
	t.Parallel()
	r := report(t, noon)
	r.Held, r.Referrer = true, target("https://site-2.example/")
	c, events := lifecycle.Open(r, "aa", noon.Add(time.Hour))
	want := casefile.Case{Target: r.Target, Referrer: r.Referrer, HostKey: "aa", Opened: noon.Add(time.Hour),
		Life: casefile.Life{Standing: casefile.Watching, Held: true, Episode: casefile.Episode{Number: 1, Opened: noon}}, Due: casefile.Due{At: noon.Add(time.Hour), Why: casefile.WhyReported}}
	if diff := cmp.Diff(want, c, cmpopts.EquateComparable(casefile.Target{})); diff != "" {
		t.Error(diff)
	}
	if len(events) != 2 || events[1].Kind != casefile.EventHeld || events[0].Kind != casefile.EventReported || events[0].Data["source"] != "public" || events[0].Data["received"] != "2026-03-01T12:00:00Z" {
		t.Errorf("events %+v", events)
	}
}

func TestAttach(t *testing.T) {
	t.Parallel()
	later := noon.Add(90 * 24 * time.Hour)
	for _, standing := range casefile.Standings {
		t.Run(string(standing), func(t *testing.T) {
			t.Parallel()
			c, _ := lifecycle.Open(report(t, noon), "aa", noon)
			c.Standing, c.NoticesComposed, c.Aftercare = standing, true, 2
			c.Streak, c.Undecided, c.Unseen = casefile.Streak{Count: 1, First: noon, Last: noon}, casefile.Streak{Count: 2, First: noon, Last: noon}, noon
			r := report(t, later)
			r.Referrer = target("https://site-2.example/")
			after, events := attach(c, r, later.Add(time.Minute))
			if after.Referrer != r.Referrer || after.Due != (casefile.Due{At: later.Add(time.Minute), Why: casefile.WhyReported}) || events[0].Kind != casefile.EventReported {
				t.Errorf("%+v %+v", after, events)
			}
			if standing.Visited() { // the clock of the first report runs on
				if after.Standing != standing || after.Episode != c.Episode || after.Streak != c.Streak || after.Undecided != c.Undecided || !after.NoticesComposed || len(events) != 1 {
					t.Errorf("%+v %+v", after, events)
				}
				return
			}
			if after.Standing != casefile.Watching || after.Episode != (casefile.Episode{Number: 2, Opened: later}) || after.Streak.Count != 0 || after.Undecided.Count != 0 ||
				!after.Unseen.IsZero() || after.NoticesComposed || after.Aftercare != 0 || len(events) != 2 || events[1].Kind != casefile.EventStanding || events[1].Data["episode"] != "2" {
				t.Errorf("%+v %+v", after, events)
			}
		})
	}
	c, _ := lifecycle.Open(report(t, noon), "aa", noon)
	c.Referrer = target("https://site-2.example/")
	held := report(t, later)
	held.Held = true
	if after, _ := attach(c, held, later); !after.Held || after.Referrer != c.Referrer {
		t.Error("a report may hold a case, and one without a referrer keeps the one that is known")
	}
	if after, _ := func() (casefile.Case, []casefile.Event) { c.Held = true; return attach(c, report(t, later), later) }(); !after.Held {
		t.Error("a further report must not end a hold")
	}
}

func TestAct(t *testing.T) {
	t.Parallel()
	now := noon.Add(time.Hour)
	const no = casefile.Standing("") // the action is refused
	watching, removed, withdrawn := casefile.Watching, casefile.Removed, casefile.Withdrawn
	tests := []struct {
		kind casefile.ActionKind
		to   map[casefile.Standing]casefile.Standing
		why  casefile.Why // of the new due time; empty when it stays
	}{
		{casefile.ActWithdraw, map[casefile.Standing]casefile.Standing{"watching": withdrawn, "confirming": withdrawn, "removed": withdrawn, "unavailable": withdrawn, "review": withdrawn, "withdrawn": no, "closed": no}, casefile.WhyNever},
		{casefile.ActRecord, map[casefile.Standing]casefile.Standing{"watching": removed, "confirming": removed, "removed": no, "unavailable": removed, "review": removed, "withdrawn": no, "closed": no}, casefile.WhyAftercare},
		{casefile.ActOverturn, map[casefile.Standing]casefile.Standing{"watching": no, "confirming": no, "removed": watching, "unavailable": no, "review": no, "withdrawn": no, "closed": watching}, casefile.WhyAsked},
		{casefile.ActLook, map[casefile.Standing]casefile.Standing{"watching": "watching", "confirming": "confirming", "removed": "removed", "unavailable": "unavailable", "review": "review", "withdrawn": no, "closed": no}, casefile.WhyAsked},
		{casefile.ActHold, nil, ""},
		{casefile.ActNote, nil, ""},
	}
	for _, tt := range tests {
		for _, from := range casefile.Standings {
			t.Run(string(tt.kind)+" "+string(from), func(t *testing.T) {
				t.Parallel()
				c, _ := lifecycle.Open(report(t, noon), "aa", noon)
				c.Standing, c.Streak, c.Undecided, c.Unseen = from, casefile.Streak{Count: 1}, casefile.Streak{Count: 2}, noon
				want, moves := tt.to[from]
				if !moves {
					want = from
				}
				after, events, problem := act(c, casefile.Action{Kind: tt.kind, Actor: "analyst one", Reason: "because", At: now})
				if want == no {
					if problem == nil || problem.Code != casefile.ProblemConflict || events != nil || after.Standing != from || after.Due != c.Due {
						t.Fatalf("%+v %v %v", after, events, problem)
					}
					return
				}
				if problem != nil || after.Standing != want || len(events) != 1 || events[0].Actor != "analyst one" || events[0].Data["reason"] != "because" || !events[0].At.Equal(now) || events[0].Kind == "" {
					t.Fatalf("%s %+v %v", after.Standing, events, problem)
				}
				if want != from && (after.Streak.Count != 0 || after.Undecided.Count != 0 || !after.Unseen.IsZero() || events[0].Kind != casefile.EventStanding) {
					t.Errorf("left over: %+v", after)
				}
				switch tt.why {
				case "":
					if after.Due != c.Due {
						t.Errorf("due %+v", after.Due)
					}
				case casefile.WhyNever:
					if after.Due != (casefile.Due{Why: casefile.WhyNever}) {
						t.Errorf("due %+v", after.Due)
					}
				default:
					if after.Due != (casefile.Due{At: now, Why: tt.why}) {
						t.Errorf("due %+v", after.Due)
					}
				}
				if tt.kind == casefile.ActRecord && (!after.Episode.Removed.Equal(now) || !after.Episode.FirstGone.Equal(now)) {
					t.Errorf("recorded: %+v", after.Episode)
				}
				if tt.kind == casefile.ActOverturn && (!after.Episode.Removed.IsZero() || !after.Episode.FirstGone.IsZero()) {
					t.Errorf("undone: %+v", after.Episode)
				}
			})
		}
	}
}

func TestHoldAndRelease(t *testing.T) {
	t.Parallel()
	act := func(c casefile.Case, kind casefile.ActionKind) (casefile.Case, []casefile.Event, *casefile.Problem) {
		return act(c, casefile.Action{Kind: kind, Actor: "analyst one", Reason: "police", At: noon})
	}
	c, _ := lifecycle.Open(report(t, noon), "aa", noon.Add(-time.Hour))
	if _, _, problem := act(c, casefile.ActRelease); problem == nil || problem.Code != casefile.ProblemConflict {
		t.Errorf("released what was not held: %v", problem)
	}
	c.NoticesComposed = true
	held, events, problem := act(c, casefile.ActHold)
	if problem != nil || !held.Held || events[0].Kind != casefile.EventHeld {
		t.Fatalf("%+v %v", events, problem)
	}
	free, events, problem := act(held, casefile.ActRelease)
	if problem != nil || free.Held || free.NoticesComposed || free.Due != (casefile.Due{At: noon, Why: casefile.WhyAsked}) || events[0].Kind != casefile.EventReleased {
		t.Errorf("%+v %+v %v", free, events, problem)
	}
	held.Standing = casefile.Closed
	if free, _, problem := act(held, casefile.ActRelease); problem != nil || free.Due != held.Due {
		t.Errorf("a closed case is not looked at after its release: %+v %v", free.Due, problem)
	}
}

func TestActRefusesBadInput(t *testing.T) {
	t.Parallel()
	c, _ := lifecycle.Open(report(t, noon), "aa", noon)
	long := string(make([]byte, casefile.MaxActionReason+1))
	for name, a := range map[string]casefile.Action{
		"action":          {Kind: "lunch", Reason: "because"},
		"reason, missing": {Kind: casefile.ActNote},
		"reason, long":    {Kind: casefile.ActNote, Reason: long},
	} {
		after, events, problem := act(c, a)
		if problem == nil || problem.Code != casefile.ProblemField || problem.Field != name[:6] || events != nil || after != c {
			t.Errorf("%s: %v %v", name, events, problem)
		}
	}
}
