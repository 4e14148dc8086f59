package main

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"vigil/casefile"
	"vigil/internal/fakenet"
	"vigil/internal/fakenet/testrun"
	"vigil/web/api"
)

// shown is case id as the API shows it.
func (l *lab) shown(token string, id int) api.CaseDetail {
	l.t.Helper()
	status, answer := l.call("GET", fmt.Sprintf("/api/v1/cases/%d", id), token, "")
	var d api.CaseDetail
	if err := json.Unmarshal([]byte(answer), &d); err != nil || status != 200 {
		l.t.Fatalf("case %d: %d %s", id, status, answer)
	}
	return d
}

// until waits until case id is as wanted.
func (l *lab) until(token string, id int, what string, is func(api.CaseDetail) bool) api.CaseDetail {
	l.t.Helper()
	var d api.CaseDetail
	for end := time.Now().Add(testrun.Patience); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		if d = l.shown(token, id); is(d) {
			return d
		}
	}
	l.t.Fatalf("V-%d: waited in vain until %s; it is %s, last %+v, %d visits, question %+v", id, what, d.Standing, d.LastVerdict, d.Visits, d.Question)
	return d
}

// does acts on case id and wants the status.
func (l *lab) does(token string, id int, action, reason string, want int) string {
	l.t.Helper()
	body, err := json.Marshal(map[string]string{"kind": action, "reason": reason})
	if err != nil {
		l.t.Fatal(err)
	}
	status, answer := l.call("POST", fmt.Sprintf("/api/v1/cases/%d/actions", id), token, string(body))
	if status != want {
		l.t.Errorf("V-%d %s: %d %s, want %d", id, action, status, answer, want)
	}
	return answer
}

// history is the kinds of the events of case id that a person caused or is asked by, with actor and reason.
func (l *lab) history(token string, id int) string {
	l.t.Helper()
	status, answer := l.call("GET", fmt.Sprintf("/api/v1/cases/%d/events?limit=200", id), token, "")
	var page struct{ Items []casefile.Event }
	if err := json.Unmarshal([]byte(answer), &page); err != nil || status != 200 {
		l.t.Fatalf("events: %d %s", status, answer)
	}
	var lines []string
	for _, e := range page.Items {
		lines = append(lines, fmt.Sprintf("%s by %s: %s", e.Kind, e.Actor, e.Data["reason"]))
	}
	return strings.Join(lines, "\n")
}

// mailed is to whom mails about case id came.
func (l *lab) mailed(id int) (hotline, provider int) {
	for _, m := range l.net.Mails() {
		if !strings.Contains(m.Subject, fmt.Sprintf("V-%d]", id)) {
			continue
		}
		if slices.Contains(m.To, "desk@hotline.test") {
			hotline++
		} else {
			provider++
		}
	}
	return hotline, provider
}

func (l *lab) reports(token, host string, held bool) {
	l.t.Helper()
	body, err := json.Marshal(map[string]any{"url": l.sockets.URL(host), "classification": "A1", "held": held})
	if err != nil {
		l.t.Fatal(err)
	}
	if status, answer := l.call("POST", "/api/v1/reports", token, string(body)); status != 201 {
		l.t.Fatalf("report: %d %s", status, answer)
	}
}

// TestStandingAsAPersonLivesIt acts on the cases of a running vigil through its API, with real mail: police first, a
// review with its answer, a removal on a person's word that is undone, and what is refused.
func TestStandingAsAPersonLivesIt(t *testing.T) {
	testrun.NeedsLong(t, "acts on the cases of a running vigil, with real mail")
	t.Parallel()
	l := newLab(t,
		fakenet.Site{Host: "police.test"},
		fakenet.Site{Host: "changing.test", Acts: fakenet.Always(fakenet.Article(3, 3000))},
		fakenet.Site{Host: "silent.test", Acts: []fakenet.Act{{Behaviour: fakenet.ServerError(503)}}},
	)
	providers := filepath.Join(l.dir, "providers.csv")
	write(t, providers, []byte("match,email,approved\n127.0.0.0/8,abuse@host.test,yes\n"))
	reconfigure(t, l, "geolocate: {", fmt.Sprintf("geolocate: {contacts: %q, ", providers))
	token, said, code := l.vigil("", "token", "create", "ann", "--role", "analyst")
	if code != 0 {
		t.Fatal(said)
	}
	token = strings.TrimSpace(token)
	p := l.start("serve")
	l.ready(p)
	l.reports(token, "police.test", true)
	l.reports(token, "changing.test", false)
	l.reports(token, "silent.test", false)

	l.policeFirst(token, 1)
	l.reviewed(token, 2)
	l.onAPersonsWord(token, 3)

	if err := p.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := p.Wait(); err != nil {
		t.Errorf("vigil did not end in order: %v\n%s", err, p.said)
	}
	if out, said, code := l.vigil("", "audit", "verify"); code != 0 {
		t.Errorf("audit: %s%s", out, said)
	}
}

func (l *lab) policeFirst(token string, id int) {
	t := l.t
	t.Helper()
	l.until(token, id, "it was visited some times and the hotline was told", func(d api.CaseDetail) bool {
		hotline, _ := l.mailed(id)
		return d.Visits >= 4 && hotline == 1
	})
	if hotline, provider := l.mailed(id); hotline != 1 || provider != 0 {
		t.Errorf("while held: %d mails to the hotline, %d to others; want 1 and 0", hotline, provider)
	}
	if _, answer := l.call("GET", "/api/v1/stats/removal", token, ""); !strings.Contains(answer, `"n":`) {
		t.Errorf("figures: %s", answer)
	}
	l.does(token, id, "hold", "once more", 409)
	l.does(token, id, "release", "", 422)
	l.does(token, id, "release", "the police answered", 200)
	l.until(token, id, "the provider was told after the release", func(api.CaseDetail) bool {
		_, provider := l.mailed(id)
		return provider > 0
	})
	if hotline, provider := l.mailed(id); hotline != 1 || provider != 1 {
		t.Errorf("after the release: %d mails to the hotline, %d to others; want 1 and 1", hotline, provider)
	}
	for _, want := range []string{"held by vigil: a report asks for police first", "released by ann: the police answered"} {
		if h := l.history(token, id); !strings.Contains(h, want) {
			t.Errorf("the history lacks %q:\n%s", want, h)
		}
	}
}

func (l *lab) reviewed(token string, id int) {
	t := l.t
	t.Helper()
	l.until(token, id, "its first page is known", func(d api.CaseDetail) bool { return d.LastVerdict != nil && d.LastVerdict.State == casefile.StateLive })
	l.net.Change("changing.test", fakenet.Article(17, 9000))
	d := l.until(token, id, "a person is asked", func(d api.CaseDetail) bool { return d.Standing == casefile.Review })
	if q := d.Question; q == nil || q.About != "content_differs" || !strings.HasSuffix(q.Text, "?") || !strings.Contains(q.Text, " words, ") || len(q.Answers) != 3 {
		t.Fatalf("question: %+v", d.Question)
	}
	if status, answer := l.call("GET", "/api/v1/cases?standing=review", token, ""); status != 200 || strings.Count(answer, `"question":`) != 1 {
		t.Errorf("the list of what waits for a decision: %d %s", status, answer)
	}
	l.does(token, id, "keep_watching", "I cannot tell", 409)
	l.does(token, id, "accept_page", "", 422)
	l.does(token, id, "accept_page", "the same pictures in another dress", 200)
	d = l.until(token, id, "it is seen live again", func(d api.CaseDetail) bool {
		return d.LastVerdict != nil && d.LastVerdict.Reason == casefile.ReasonMatchesBaseline && d.LastVerdict.At.After(d.Episode.FirstSeen)
	})
	before := d.Visits
	d = l.until(token, id, "it was visited again", func(d api.CaseDetail) bool { return d.Visits >= before+5 })
	if d.Standing != casefile.Watching || d.Question != nil || d.Episode.Number != 1 {
		t.Errorf("after the answer: %s, question %+v, episode %d", d.Standing, d.Question, d.Episode.Number)
	}
	h := l.history(token, id)
	if strings.Count(h, "review_requested") != 1 || !strings.Contains(h, "settled by ann: the same pictures in another dress") {
		t.Errorf("history:\n%s", h)
	}
}

func (l *lab) onAPersonsWord(token string, id int) {
	t := l.t
	t.Helper()
	l.until(token, id, "it was looked at", func(d api.CaseDetail) bool { return d.LastVerdict != nil })
	l.does(token, id, "undo_removal", "nothing to undo", 409)
	l.does(token, id, "accept_page", "no page was read", 409)
	l.does(token, id, "record_removal", " ", 422)
	l.does(token, id, "record_removal", "the provider wrote that it is deleted", 200)
	d := l.until(token, id, "it was visited in aftercare", func(d api.CaseDetail) bool {
		return d.Standing == casefile.Removed && d.LastVerdict.At.After(d.Episode.Removed)
	})
	if !d.Episode.Recorded || d.Episode.Removed.IsZero() {
		t.Errorf("recorded: %+v", d.Episode)
	}
	l.does(token, id, "record_removal", "twice", 409)
	l.does(token, id, "look_now", "", 422)
	l.does(token, id, "look_now", "the provider wrote again", 200)
	l.does(token, id, "undo_removal", "they deleted another one", 200)
	if d = l.shown(token, id); d.Standing != casefile.Watching || d.Episode.Recorded || !d.Episode.Removed.IsZero() || !d.Episode.FirstGone.IsZero() || d.Episode.Number != 1 {
		t.Errorf("undone: %s, %+v", d.Standing, d.Episode)
	}
	l.does(token, id, "withdraw", "reported by mistake", 200)
	if answer := l.does(token, id, "look_now", "one more look", 409); !strings.Contains(answer, "report the URL again") {
		t.Errorf("a look at a withdrawn case: %s", answer)
	}
	for _, want := range []string{"standing by ann: the provider wrote that it is deleted", "asked by ann: the provider wrote again", "standing by ann: they deleted another one", "standing by ann: reported by mistake"} {
		if h := l.history(token, id); !strings.Contains(h, want) {
			t.Errorf("the history lacks %q:\n%s", want, h)
		}
	}
}
