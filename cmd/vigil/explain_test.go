package main

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"vigil/casefile"
	"vigil/explain"
	"vigil/internal/fakenet"
)

// TestExplain explains a visit of a case that was really visited, through the whole command line.
func TestExplain(t *testing.T) {
	t.Parallel()
	l := newLab(t, fakenet.Site{Host: "explained.test", Acts: fakenet.Always(fakenet.NotFound())})
	id := l.visited("explained.test")
	number := fmt.Sprintf("V-%d", id)
	out, said, code := l.vigil("", "explain", number)
	if code != 0 {
		t.Fatalf("exit code %d: %s", code, said)
	}
	for _, want := range []string{
		number + ", visit ", "Gone: the server says not found (404)", "one vantage looked.", "the last answer has status 404 (not found)",
		"local looked at the reported page", "resolve   NOERROR, 1 address: 127.", "hop 1     the reported host at 127.", "without TLS", "HTTP/1.1",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("does not say %q:\n%s", want, out)
		}
	}
	for line := range strings.Lines(out) {
		if utf8.RuneCountInString(strings.TrimSuffix(line, "\n")) > explain.TextWidth {
			t.Errorf("wider than %d: %s", explain.TextWidth, line)
		}
	}
	asJSON, said, code := l.vigil("", "explain", "--json", number)
	var got explainedVisit
	if err := json.Unmarshal([]byte(asJSON), &got); code != 0 || err != nil {
		t.Fatalf("exit code %d: %v: %s", code, err, said)
	}
	if got.CaseID != id || got.VisitID < 1 || !got.Believed || got.Explanation.Reason != casefile.ReasonHTTP404 || len(got.Explanation.Looks) == 0 || got.Ended.Before(got.Started) {
		t.Errorf("got %+v", got)
	}
	if named, said, code := l.vigil("", "explain", number, fmt.Sprint(got.VisitID)); code != 0 || named != out {
		t.Errorf("named by its number, the visit is told otherwise: %d %s\n%s", code, said, named)
	}
	if strings.Contains(out+asJSON, "explained.test") {
		t.Errorf("shows the host:\n%s\n%s", out, asJSON)
	}
	for name, tt := range map[string]struct {
		args []string
		want string
	}{
		"no number of a case":  {[]string{"lantern"}, "42 or V-42"},
		"no number of a visit": {[]string{number, "last"}, "no number of a visit"},
		"another case's visit": {[]string{number, fmt.Sprint(got.VisitID + 1000)}, "has no visit"},
		"no such case":         {[]string{"999"}, "case"},
	} {
		if out, said, code := l.vigil("", append([]string{"explain"}, tt.args...)...); code != exitBadInput || out != "" || !strings.Contains(said, tt.want) {
			t.Errorf("%s: exit code %d, %q: %s", name, code, out, said)
		}
	}
}

// TestExplainBeforeTheFirstVisit asks for what is not there yet.
func TestExplainBeforeTheFirstVisit(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	write(t, filepath.Join(l.dir, "one.csv"), []byte("url\nhttp://waiting.test/\n"))
	if _, said, code := l.vigil("", "import", filepath.Join(l.dir, "one.csv")); code != 0 {
		t.Fatal(said)
	}
	if out, said, code := l.vigil("", "explain", "1"); code != exitBadInput || out != "" || !strings.Contains(said, "was not visited yet") {
		t.Errorf("exit code %d, %q: %s", code, out, said)
	}
}

// TestLookExplains has the same words for a look without a case, and names the host: whoever looks knows it.
func TestLookExplains(t *testing.T) {
	t.Parallel()
	l := newLab(t, fakenet.Site{Host: "soft.test", Acts: fakenet.Always(fakenet.Soft404())})
	out, said, code := l.vigil("", "look", "-v", l.sockets.URL("soft.test"))
	if code != 0 {
		t.Fatalf("exit code %d: %s", code, said)
	}
	for _, want := range []string{
		"  Gone: the server sends its page for missing addresses", "  look ", "    hop 1     soft.test at 127.", "looked at a path that surely does not exist",
		"a path that surely does not exist looks the same",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("does not say %q:\n%s", want, out)
		}
	}
	out, said, code = l.vigil("", "look", "-v", "--json", l.sockets.URL("soft.test"))
	if code != 0 {
		t.Fatalf("exit code %d: %s", code, said)
	}
	explanation, _ := lookLines(t, out)[0]["explanation"].(map[string]any)
	if looks, _ := explanation["looks"].([]any); explanation["reason"] != "soft_404" || len(looks) != 3 {
		t.Errorf("explanation: %v", explanation)
	}
}

func TestTextOfAVisitThatIsNotBelieved(t *testing.T) {
	t.Parallel()
	e := explainedVisit{CaseID: 7, VisitID: 3, Started: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), Why: casefile.WhyPostponed}
	e.Explanation = explain.Verdict(casefile.Verdict{State: casefile.StateSilent, Reason: casefile.ReasonTimeout}, nil, explain.Reading{})
	want := "V-7, visit 3 of 2026-03-01 12:00:00 UTC (the host did not answer before)\nNot believed: our own internet connection was not sound at that time, or the case was changed during the look. The verdict counts for nothing.\n"
	if got := e.text(); !strings.HasPrefix(got, want+"Silent: ") {
		t.Errorf("got %q, want it to begin with %q", got, want)
	}
}
