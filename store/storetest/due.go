package storetest

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"vigil/casefile"
	"vigil/store"
)

func dueOrder(t *testing.T, d Database) {
	s := d.Open(t)
	a1 := add(t, s, target(t, 1, 1), epoch.Add(time.Minute))
	a2 := add(t, s, target(t, 1, 2), epoch.Add(3*time.Minute))
	b := add(t, s, target(t, 2, 1), epoch.Add(2*time.Minute))
	hosts := func(now time.Time, limit int) []casefile.HostKey {
		list, err := s.DueHosts(t.Context(), now, limit)
		must(t, err)
		return list
	}
	if got := hosts(epoch, 10); len(got) != 0 {
		t.Errorf("before the first is due: %v", got)
	}
	if got := hosts(epoch.Add(time.Hour), 10); !slices.Equal(got, []casefile.HostKey{a1.HostKey, b.HostKey}) {
		t.Errorf("due hosts: %v", got)
	}
	if got := hosts(epoch.Add(time.Hour), 1); !slices.Equal(got, []casefile.HostKey{a1.HostKey}) {
		t.Errorf("one due host: %v", got)
	}
	cases, err := s.DueCases(t.Context(), a1.HostKey, epoch.Add(2*time.Minute), 10)
	must(t, err)
	if len(cases) != 1 || cases[0].ID != a1.ID {
		t.Errorf("due cases: %+v", cases)
	}
	// Only what is due is postponed.
	until := epoch.Add(time.Hour)
	n, err := s.PostponeHost(t.Context(), a1.HostKey, epoch.Add(2*time.Minute), until, casefile.WhyPostponed)
	must(t, err)
	got := read(t, s, a1.ID)
	if n != 1 || !got.Due.At.Equal(until) || got.Due.Why != casefile.WhyPostponed || got.Version != a1.Version {
		t.Errorf("%d postponed: %+v", n, got)
	}
	if got := read(t, s, a2.ID); !got.Due.At.Equal(a2.Due.At) {
		t.Errorf("a case that was not due was postponed")
	}
	if got := hosts(epoch.Add(2*time.Minute), 10); !slices.Equal(got, []casefile.HostKey{b.HostKey}) {
		t.Errorf("due hosts after postponing: %v", got)
	}
	if _, err := s.PostponeHost(t.Context(), a1.HostKey, until, time.Time{}, casefile.WhyPostponed); err == nil {
		t.Error("postponed to never")
	}
	// A case that is over is never due.
	_, err = s.Act(t.Context(), b.ID, casefile.Action{Kind: casefile.ActWithdraw, Actor: "ann", Reason: "a mistake", At: epoch})
	must(t, err)
	if got := hosts(epoch.Add(1000*time.Hour), 10); slices.Contains(got, b.HostKey) {
		t.Error("a withdrawn case is due")
	}
}

// dueHostsSlowWay lives random lives and compares the hosts table with the cases.
func dueHostsSlowWay(t *testing.T, d Database) {
	s := d.Open(t)
	dice := rand.New(rand.NewPCG(1, 2))
	var cases []casefile.Case
	for i := range 24 {
		cases = append(cases, add(t, s, target(t, i%6, i), epoch.Add(time.Duration(i)*time.Minute)))
	}
	for step := range 80 {
		i := dice.IntN(len(cases))
		c, now := cases[i], epoch.Add(time.Duration(step)*time.Hour)
		switch dice.IntN(5) {
		case 0:
			_, err := s.PostponeHost(t.Context(), c.HostKey, now, now.Add(time.Duration(dice.IntN(50))*time.Hour), casefile.WhyPostponed)
			must(t, err)
		case 1:
			kind := []casefile.ActionKind{casefile.ActWithdraw, casefile.ActLook, casefile.ActRecord}[dice.IntN(3)]
			if _, err := s.Act(t.Context(), c.ID, casefile.Action{Kind: kind, Actor: "ann", Reason: "x", At: now}); err != nil && problem(err) == nil {
				t.Fatal(err)
			}
			cases[i] = read(t, s, c.ID)
		default:
			v := live(read(t, s, c.ID), now)
			v.After.Due.At = now.Add(time.Duration(dice.IntN(100)) * time.Hour)
			if dice.IntN(4) == 0 {
				v.After.Due = casefile.Due{Why: casefile.WhyNever}
			}
			cases[i] = record(t, s, v)
		}
	}
	compareHosts(t, s)
}

// compareHosts compares what the feeder reads with the earliest due times of the cases.
func compareHosts(t testing.TB, s *store.Store) {
	t.Helper()
	wrong := count(t, s, `SELECT COUNT(*) FROM (SELECT host_key, MIN(due_at) AS due FROM cases GROUP BY host_key) c
		LEFT JOIN hosts h ON h.host_key = c.host_key WHERE COALESCE(h.due_at, -1) <> COALESCE(c.due, -1)`)
	if wrong != 0 {
		t.Errorf("%d hosts have another due time than their cases", wrong)
	}
}
