package telemetry

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"vigil/casefile"
)

func scrape(t *testing.T, m *Meter) string {
	t.Helper()
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	body, err := io.ReadAll(w.Body)
	if err != nil || w.Code != 200 {
		t.Fatalf("scrape: %d, %v", w.Code, err)
	}
	return string(body)
}

func TestMetricsSayWhatHappened(t *testing.T) {
	t.Parallel()
	m := New()
	m.VisitDone(casefile.StateGone, casefile.ReasonHTTP404, true, 30*time.Millisecond)
	m.LookDone(casefile.PurposeTarget, casefile.PhaseConnect, casefile.FaultTimeout, time.Second)
	m.GateProbed("local", false)
	m.Dissents("far", 0.84, true)
	m.Dissents("near", 0.5, true)
	m.Dissents("near", 0, false)
	m.Postponed(casefile.WhyPostponed, 7)
	m.Unbelieved("strange_answer")
	m.RecordFailed()
	m.NoticeSettled(casefile.NoticeRemoval, casefile.NoticeSent, time.Second)
	m.WatchCases(func(context.Context) (map[casefile.Standing]int, error) {
		return map[casefile.Standing]int{casefile.Removed: 3}, nil
	})
	body := scrape(t, m)
	for _, want := range []string{
		`vigil_visits_total{believed="true",reason="http_404",state="gone"} 1`,
		`vigil_looks_total{fault="timeout",phase="connect",purpose="target"} 1`,
		`vigil_gate_open{vantage="local"} 0`,
		`vigil_gate_closed_seconds_total{vantage="local"} `,
		`vigil_vantage_dissent_ratio{vantage="far"} 0.84`,
		`vigil_visits_unbelieved_total{why="strange_answer"} 1`,
		`vigil_visits_postponed_total{why="host_postponed"} 7`,
		`vigil_records_failed_total 1`,
		`vigil_notices_total{kind="removal",state="sent"} 1`,
		`vigil_cases{standing="removed"} 3`,
		`vigil_cases{standing="watching"} 0`,
	} {
		if !strings.Contains(body, want) {
			t.Errorf("no %s", want)
		}
	}
	if strings.Contains(body, `vantage="near"`) {
		t.Error("a share is published of a vantage with too few visits")
	}
}

func TestScrapeSurvivesADeadDatabase(t *testing.T) {
	t.Parallel()
	m := New()
	m.WatchCases(func(context.Context) (map[casefile.Standing]int, error) { return nil, errors.New("database is gone") })
	if body := scrape(t, m); strings.Contains(body, "vigil_cases{") || !strings.Contains(body, "go_goroutines") {
		t.Error("a failing count must leave out its numbers and nothing else")
	}
}

func TestLogLevels(t *testing.T) {
	t.Parallel()
	for _, format := range []string{"json", "console"} {
		if _, err := NewLog("warn", format); err != nil {
			t.Errorf("%s: %v", format, err)
		}
	}
	if _, err := NewLog("loud", "json"); err == nil {
		t.Error("an unknown level was taken")
	}
}

func TestClosedSecondsGrowWhileTheGateIsClosedOnly(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := New()
		for _, sound := range []bool{true, false, false, true, true, false} { // closed from 1 to 3 and from 5 min
			m.GateProbed("local", sound)
			time.Sleep(time.Minute)
		}
		if body := scrape(t, m); !strings.Contains(body, `vigil_gate_closed_seconds_total{vantage="local"} 180`) {
			t.Error("not closed for 3 minutes")
		}
	})
}
