package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/zap"

	"vigil/casefile"
	"vigil/cmd/app"
	"vigil/internal/config"
	"vigil/internal/fakenet"
	"vigil/internal/fakenet/testrun"
	"vigil/store"
	"vigil/store/storetest"
)

// kills is how often vigil is killed.
const kills = 5

// TestKillAndRestart kills a real vigil in the middle of its work, several times,
// and starts it again: no case is lost, each open one is visited again, no notice
// is sent twice, and the history is whole.
func TestKillAndRestart(t *testing.T) {
	testrun.NeedsLong(t, "kills a real vigil again and again, and starts it again")
	t.Parallel()
	t.Run("SQLite", func(t *testing.T) {
		t.Parallel()
		killAndRestart(t, []string{"serve"}, func(*lab) {})
	})
	if storetest.HasPostgres(t) {
		t.Run("PostgreSQL", func(t *testing.T) {
			t.Parallel()
			fresh := storetest.Postgres(t).URL
			killAndRestart(t, []string{"serve", "worker"}, func(l *lab) { reconfigure(t, l, "sqlite:"+l.dir+"/vigil.db", fresh) })
		})
	}
}

// killAndRestart runs the commands side by side on one database, and kills them all each time.
func killAndRestart(t *testing.T, commands []string, configure func(*lab)) {
	const sites = 30
	var added []fakenet.Site
	for i := range sites {
		added = append(added, fakenet.Site{Host: fmt.Sprintf("kill-%d.test", i), Acts: fakenet.Always(fakenet.Article(i, 3000))})
	}
	l := newLab(t, added...)
	configure(l)
	token, said, code := l.vigil("", "token", "create", "kill", "--role", "analyst")
	if code != 0 {
		t.Fatal(said)
	}
	token = strings.TrimSpace(token)

	running := l.startAll(commands)
	var reports []map[string]string
	for _, s := range added {
		reports = append(reports, map[string]string{"url": l.sockets.URL(s.Host), "classification": "A1"})
	}
	body, err := json.Marshal(reports)
	if err != nil {
		t.Fatal(err)
	}
	if status, answer := l.call("POST", "/api/v1/reports", token, string(body)); status != 201 {
		t.Fatalf("report: %d %s", status, answer)
	}
	for kill := range kills {
		if kill == kills/2 {
			for i := 0; i < sites; i += 3 {
				l.net.Change(added[i].Host, fakenet.NotFound())
			}
		}
		time.Sleep(time.Duration(300+rand.IntN(1200)) * time.Millisecond)
		for _, p := range running {
			if err := p.Process.Signal(syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
			_ = p.Wait()
		}
		running = l.startAll(commands)
	}
	restarted := time.Now()
	settled := l.untilSettled(token, sites/3, restarted)
	for _, p := range running {
		if err := p.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		if err := p.Wait(); err != nil {
			t.Errorf("vigil did not end in order: %v\n%s", err, p.said)
		}
		if !settled {
			t.Errorf("not every site that went away was removed; vigil said:\n%s", p.said)
		}
	}
	l.afterKills(sites, restarted, len(commands))
}

// startAll starts the commands and waits until the pages answer.
func (l *lab) startAll(commands []string) []*process {
	l.t.Helper()
	var running []*process
	for _, c := range commands {
		running = append(running, l.start(c))
	}
	l.ready(running[0])
	return running
}

// untilSettled waits until so many cases are removed and every other was judged again.
func (l *lab) untilSettled(token string, removed int, since time.Time) bool {
	l.t.Helper()
	for end := time.Now().Add(testrun.Patience); time.Now().Before(end); {
		status, answer := l.call("GET", "/api/v1/cases?limit=200", token, "")
		var page struct {
			Items []struct {
				Standing casefile.Standing `json:"standing"`
				Last     struct {
					At time.Time `json:"at"`
				} `json:"last_verdict"`
			} `json:"items"`
		}
		if err := json.Unmarshal([]byte(answer), &page); err != nil || status != 200 {
			l.t.Fatalf("cases: %d %v", status, err)
		}
		gone, again := 0, 0
		for _, c := range page.Items {
			switch {
			case c.Standing == casefile.Removed:
				gone++
			case c.Last.At.After(since):
				again++
			}
		}
		if gone == removed && gone+again == len(page.Items) {
			return true
		}
		time.Sleep(500 * time.Millisecond)
	}
	return false
}

// afterKills reads the database that the dead and the last vigil left.
func (l *lab) afterKills(sites int, restarted time.Time, processes int) {
	t := l.t
	t.Helper()
	cfg, err := config.Load(l.config, true, nil)
	if err != nil {
		t.Fatal(err)
	}
	h, err := app.Open(t.Context(), cfg, zap.NewNop(), app.World{})
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	cases, err := h.Store.Cases(t.Context(), casefile.CaseFilter{Limit: casefile.MaxPage})
	if err != nil {
		t.Fatal(err)
	}
	if len(cases) != sites {
		t.Errorf("%d cases; %d were reported", len(cases), sites)
	}
	interrupted := 0
	for _, c := range cases {
		visits, err := h.Store.Visits(t.Context(), c.ID, 0, casefile.MaxPage)
		if err != nil {
			t.Fatal(err)
		}
		if c.Standing != casefile.Removed && (len(visits) == 0 || visits[0].Ended.Before(restarted)) {
			t.Errorf("V-%d was not visited again after the last restart", c.ID)
		}
		if !c.Looking.IsZero() {
			t.Errorf("V-%d is still marked as being looked at, after an orderly end", c.ID)
		}
		for _, v := range visits {
			if v.Verdict.Reason == casefile.ReasonInterrupted {
				interrupted++
			}
		}
	}
	if err := h.Store.VerifyHistory(t.Context(), nil); err != nil {
		t.Error(err)
	}
	l.mailedOnce(h.Store, kills*processes)
	t.Logf("%d visits were interrupted by a kill and recorded as such; %d mails", interrupted, len(l.net.Mails()))
}

// mailedOnce holds the mails that arrived against the notices that are kept.
// At most doubtful of them may be in doubt: one for each process that was killed.
func (l *lab) mailedOnce(s *store.Store, doubtful int) {
	t := l.t
	t.Helper()
	arrived := map[string]int{}
	for _, m := range l.net.Mails() {
		key, _, _ := strings.Cut(m.MessageID, "@")
		arrived[key]++
	}
	states := map[casefile.NoticeState]int{}
	for before := casefile.NoticeID(0); ; {
		page, err := s.Notices(t.Context(), casefile.NoticeFilter{Before: before, Limit: casefile.MaxPage})
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range page {
			states[n.State]++
			before = n.ID
			switch count := arrived[n.Key]; {
			case count > 1:
				t.Errorf("notice %d arrived %d times", n.ID, count)
			case n.State == casefile.NoticeSent && count != 1:
				t.Errorf("notice %d is marked sent and arrived %d times", n.ID, count)
			case (n.State == casefile.NoticeQueued || n.State == casefile.NoticeDraft) && count != 0:
				t.Errorf("notice %d is %s and has arrived", n.ID, n.State)
			}
			delete(arrived, n.Key)
		}
		if len(page) < casefile.MaxPage {
			break
		}
	}
	if len(arrived) > 0 {
		t.Errorf("%d messages arrived that no notice accounts for", len(arrived))
	}
	if lost := states[casefile.NoticeSending] + states[casefile.NoticeUncertain]; lost > doubtful || states[casefile.NoticeSent] == 0 {
		t.Errorf("a kill may leave one notice in doubt, of which there were %d; %d are in doubt: %v", doubtful, lost, states)
	}
	t.Logf("notices: %v", states)
}
