package main

import (
	"bytes"
	"context"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"vigil/internal/fakenet/testrun"
)

// screen is what somebody reads while the demo writes.
type screen struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *screen) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(b)
}

func (s *screen) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// slowDay is a day of the demo's story in a test: there is time for every look of it under the race detector, beside others.
const slowDay = 4 * demoDay

// TestDemoThatIsLeftRunning is judged once, at the story's end, and then goes on with its pages and its API.
func TestDemoThatIsLeftRunning(t *testing.T) {
	testrun.NeedsLong(t, "lives through the ten days of the demo, of 10 s each")
	t.Setenv("TMPDIR", t.TempDir()) // the demo sets it, and this puts it back
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	var out, progress screen
	ended := make(chan error, 1)
	go func() {
		ended <- runDemo(ctx, &out, &progress, time.Now(), demoOptions{listen: "127.0.0.1:0", keep: true, day: slowDay})
	}()
	testrun.Eventually(t, "the demo says that it goes on", func() bool {
		select {
		case err := <-ended:
			t.Fatalf("the demo ended by itself: %v\n%s", err, out.String())
		default:
		}
		return strings.Contains(out.String(), "Vigil goes on until Ctrl-C")
	})
	judged := out.String()
	call := regexp.MustCompile(`Authorization: (Bearer \S+)' (\S+)/api/v1/cases`).FindStringSubmatch(judged)
	if call == nil || strings.Count(judged, "as told") < 40 {
		t.Fatalf("no call of the API, or no table:\n%s", judged)
	}
	get := func(path string) bool {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, call[2]+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", call[1])
		answer, err := http.DefaultClient.Do(r)
		if err == nil {
			answer.Body.Close()
		}
		return err == nil && answer.StatusCode == http.StatusOK
	}
	for _, path := range []string{"/api/v1/cases", "/metrics", "/readyz"} {
		testrun.Eventually(t, path+" answers as it is printed", func() bool { return get(path) })
	}
	time.Sleep(slowDay) // what went and came back in the story goes on doing so
	interrupt()
	if err := <-ended; err != nil {
		t.Errorf("after Ctrl-C: %v", err)
	}
	if after := strings.TrimPrefix(out.String(), judged); after != "" {
		t.Errorf("what happened after the story was judged:\n%s", after)
	}
	kept := regexp.MustCompile(`(?m)^Kept: (.+)$`).FindStringSubmatch(judged)[1]
	defer os.RemoveAll(kept)
	mails, err := filepath.Glob(filepath.Join(kept, "mails", "*.eml"))
	if err != nil || len(mails) < 50 {
		t.Fatalf("%d mails are kept: %v", len(mails), err)
	}
	if text, err := os.ReadFile(mails[0]); err != nil || !bytes.Contains(text, []byte("Subject: ")) {
		t.Errorf("a mail is no message: %.200s %v", text, err)
	}
}
