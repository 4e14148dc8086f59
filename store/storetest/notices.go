package storetest

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vigil/casefile"
	"vigil/store"
)

func notice(key string, kind casefile.NoticeKind, state casefile.NoticeState, now time.Time) casefile.Notice {
	return casefile.Notice{
		Episode: 1, Kind: kind, Step: 1, Key: key, Subject: "[Vigil V-1] please look", Body: "about https://site-1.example/page-1", State: state, Composed: now,
		Contact: casefile.Contact{Party: casefile.PartyHost, Name: "Example Net", Role: "abuse", Email: "abuse@host.example", Source: "rdap"},
	}
}

// notify records a visit that composes the notices.
func notify(t testing.TB, s *store.Store, c casefile.Case, now time.Time, notices ...casefile.Notice) casefile.Case {
	t.Helper()
	v := live(c, now)
	v.Notices = notices
	return record(t, s, v)
}

func outbox(t *testing.T, d Database) {
	s := d.Open(t)
	c := add(t, s, target(t, 1, 1), epoch)
	removal, draft := notice("k-removal", casefile.NoticeRemoval, casefile.NoticeQueued, epoch), notice("k-draft", casefile.NoticeAssignment, casefile.NoticeDraft, epoch)
	later := notice("k-later", casefile.NoticeRemoval, casefile.NoticeQueued, epoch)
	later.NextTry = epoch.Add(time.Hour)
	c = notify(t, s, c, epoch, removal, draft, later)
	again := removal // the same key is the same message, whatever it says now
	again.Body = "another text"
	c = notify(t, s, c, epoch, again)

	all, err := s.Notices(t.Context(), casefile.NoticeFilter{CaseID: c.ID})
	must(t, err)
	want := removal
	want.ID, want.CaseID, want.NextTry = all[2].ID, c.ID, epoch
	if diff := cmp.Diff(want, all[2]); len(all) != 3 || diff != "" {
		t.Fatalf("%d notices; the first (-want +got):\n%s", len(all), diff)
	}
	drafts, err := s.Notices(t.Context(), casefile.NoticeFilter{State: casefile.NoticeDraft, Before: all[0].ID + 1, Limit: 5})
	must(t, err)
	if len(drafts) != 1 || drafts[0].Key != "k-draft" {
		t.Errorf("drafts: %+v", drafts)
	}
	claimed, err := s.ClaimNotices(t.Context(), epoch.Add(time.Second), 10)
	must(t, err)
	if len(claimed) != 1 || claimed[0].Key != "k-removal" || claimed[0].State != casefile.NoticeSending || claimed[0].Body != removal.Body {
		t.Fatalf("claimed: %+v", claimed)
	}
	// Try later: no event, and claimed again when its time has come.
	n := claimed[0]
	n.State, n.Tries, n.NextTry, n.Proof = casefile.NoticeQueued, 1, epoch.Add(time.Minute), "451 later"
	must(t, s.SettleNotice(t.Context(), n))
	wantProblem(t, s.SettleNotice(t.Context(), n), casefile.ProblemConflict)
	if claimed, err = s.ClaimNotices(t.Context(), epoch.Add(30*time.Second), 10); err != nil || len(claimed) != 0 {
		t.Errorf("claimed too early: %+v, %v", claimed, err)
	}
	claimed, err = s.ClaimNotices(t.Context(), epoch.Add(2*time.Hour), 10)
	must(t, err)
	if len(claimed) != 2 || claimed[0].Key != "k-removal" || claimed[0].Tries != 1 || claimed[0].Proof != "451 later" || claimed[1].Key != "k-later" {
		t.Fatalf("claimed: %+v", claimed)
	}
	sent := epoch.Add(2 * time.Hour)
	for i, n := range claimed {
		n.State, n.Sent, n.Tries, n.Proof = casefile.NoticeSent, sent.Add(time.Duration(i)*time.Hour), 2, "250 2.0.0 queued as 1234"
		must(t, s.SettleNotice(t.Context(), n))
	}
	got := read(t, s, c.ID)
	if !got.Episode.FirstNotice.Equal(sent) || !got.Episode.LastNotice.Equal(sent.Add(time.Hour)) || got.Version != c.Version {
		t.Errorf("the clock of notices: %+v, version %d", got.Episode, got.Version)
	}
	events, err := s.Events(t.Context(), c.ID, 1, 10)
	must(t, err)
	sum := sha256.Sum256([]byte("250 2.0.0 queued as 1234"))
	if len(events) != 5 || events[2].Kind != casefile.EventNoticeComposed {
		t.Fatalf("events: %+v", events)
	}
	if events = events[3:]; events[0].Kind != casefile.EventNoticeSent || events[0].Data["proof_sha256"] != hex.EncodeToString(sum[:]) || events[0].Data["key"] != "k-removal" {
		t.Errorf("events: %+v", events)
	}
	// A visit that read the case before the notice left does not undo its clock.
	got = record(t, s, live(c, sent.Add(2*time.Hour)))
	if !got.Episode.FirstNotice.Equal(sent) {
		t.Errorf("a visit undid the clock of notices: %+v", got.Episode)
	}
	if _, err := s.Notice(t.Context(), 999); problem(err) == nil {
		t.Errorf("a notice that is not there: %v", err)
	}
	for _, state := range []casefile.NoticeState{casefile.NoticeDraft, casefile.NoticeSending, "lost"} {
		n.State = state
		if err := s.SettleNotice(t.Context(), n); err == nil {
			t.Errorf("settled as %s", state)
		}
	}
	for _, f := range []casefile.NoticeFilter{{Limit: -1}, {State: "lost"}} {
		_, err := s.Notices(t.Context(), f)
		wantProblem(t, err, casefile.ProblemField)
	}
	must(t, s.VerifyHistory(t.Context(), nil))
}

// overtaken: a case that moved away and back needs its notice again, under the same
// key; one that may have left does not. An event tells of a notice that was stored, and of no other.
func overtaken(t *testing.T, d Database) {
	s := d.Open(t)
	c := add(t, s, target(t, 1, 1), epoch)
	composed := func(c casefile.Case, at time.Time, keys ...string) casefile.Case {
		v := live(c, at)
		for _, k := range keys {
			v.Notices = append(v.Notices, notice(k, casefile.NoticeRemoval, casefile.NoticeQueued, at))
		}
		return record(t, s, v)
	}
	c = composed(c, epoch, "k-away", "k-gone")
	claimed, err := s.ClaimNotices(t.Context(), epoch, 10)
	must(t, err)
	for _, n := range claimed {
		n.State, n.Proof = casefile.NoticeOvertaken, "the case moved to another host"
		if n.Key == "k-gone" {
			n.State, n.Sent = casefile.NoticeSent, epoch
		}
		must(t, s.SettleNotice(t.Context(), n))
	}
	back := epoch.Add(time.Hour)
	c = composed(c, back, "k-away", "k-gone")
	claimed, err = s.ClaimNotices(t.Context(), back, 10)
	must(t, err)
	if len(claimed) != 1 || claimed[0].Key != "k-away" || claimed[0].Tries != 0 || claimed[0].Proof != "" || !claimed[0].Composed.Equal(back) {
		t.Errorf("claimed: %+v", claimed)
	}
	events, err := s.Events(t.Context(), c.ID, 0, 50)
	must(t, err)
	told := map[string]int{}
	for _, e := range events {
		if e.Kind == casefile.EventNoticeComposed {
			told[e.Data["key"]]++
		}
	}
	if diff := cmp.Diff(map[string]int{"k-away": 2, "k-gone": 1}, told); diff != "" {
		t.Errorf("composed events by key (-want +got):\n%s", diff)
	}
	must(t, s.VerifyHistory(t.Context(), nil))
}

func twoOutboxes(t *testing.T, d Database) {
	a, b := d.Open(t), d.Open(t)
	c := add(t, a, target(t, 1, 1), epoch)
	const many = 120
	var notices []casefile.Notice
	for i := range many {
		notices = append(notices, notice(fmt.Sprintf("k-%03d", i), casefile.NoticeAssignment, casefile.NoticeQueued, epoch))
	}
	notify(t, a, c, epoch, notices...)
	var mu sync.Mutex
	var keys []string
	var senders sync.WaitGroup
	for _, s := range []*store.Store{a, b, a, b} {
		senders.Go(func() {
			for {
				claimed, err := s.ClaimNotices(t.Context(), epoch.Add(time.Minute), 7)
				if err != nil {
					t.Error(err)
					return
				}
				if len(claimed) == 0 {
					return
				}
				for _, n := range claimed {
					n.State, n.Sent, n.Tries = casefile.NoticeSent, epoch.Add(time.Minute), 1
					if err := s.SettleNotice(t.Context(), n); err != nil {
						t.Error(err)
					}
					mu.Lock()
					keys = append(keys, n.Key)
					mu.Unlock()
				}
			}
		})
	}
	senders.Wait()
	slices.Sort(keys)
	if len(keys) != many || len(slices.Compact(keys)) != many {
		t.Errorf("%d claims of %d notices", len(keys), many)
	}
	must(t, a.VerifyHistory(t.Context(), nil))
}

func recovery(t *testing.T, d Database) {
	s := d.Open(t)
	c := add(t, s, target(t, 1, 1), epoch)
	notify(t, s, c, epoch, notice("k-1", casefile.NoticeRemoval, casefile.NoticeQueued, epoch), notice("k-2", casefile.NoticeRemoval, casefile.NoticeQueued, epoch.Add(time.Minute)))
	first, err := s.ClaimNotices(t.Context(), epoch, 1)
	must(t, err)
	if _, err = s.ClaimNotices(t.Context(), epoch.Add(5*time.Minute), 1); err != nil {
		t.Fatal(err)
	}
	// The process dies. Only the claim whose lease is over is given up.
	n, err := s.RecoverNotices(t.Context(), epoch.Add(store.NoticeLease))
	must(t, err)
	left, err := s.Notices(t.Context(), casefile.NoticeFilter{State: casefile.NoticeUncertain})
	must(t, err)
	if n != 1 || len(left) != 1 || left[0].Key != "k-1" {
		t.Fatalf("%d recovered: %+v", n, left)
	}
	if claimed, err := s.ClaimNotices(t.Context(), epoch.Add(1000*time.Hour), 10); err != nil || len(claimed) != 0 {
		t.Errorf("an uncertain notice was claimed: %+v, %v", claimed, err)
	}
	// A late sender knows better than we do.
	late := first[0]
	late.State, late.Sent, late.Proof = casefile.NoticeSent, epoch.Add(time.Minute), strings.Repeat("é", casefile.MaxProof)
	must(t, s.SettleNotice(t.Context(), late))
	got, err := s.Notice(t.Context(), late.ID)
	must(t, err)
	if got.State != casefile.NoticeSent || len(got.Proof) > casefile.MaxProof {
		t.Errorf("after the late word: %+v", got)
	}
	late.State = casefile.NoticeQueued
	wantProblem(t, s.SettleNotice(t.Context(), late), casefile.ProblemConflict)
	must(t, s.VerifyHistory(t.Context(), nil))
}
