package fakenet

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"regexp"
	"slices"
	"testing"

	"vigil/casefile"
)

func TestTheCorpusIsLargeEnough(t *testing.T) {
	t.Parallel()
	// The figures of the task that the corpus was made for: 150 behaviours, by label.
	atLeast := map[casefile.State]int{casefile.StateLive: 60, casefile.StateGone: 50, casefile.StateWithheld: 25, casefile.StateSilent: 25}
	count := map[casefile.State]map[Half]int{}
	for _, s := range Corpus() {
		if count[s.State] == nil {
			count[s.State] = map[Half]int{}
		}
		count[s.State][s.Half]++
	}
	for state, least := range atLeast {
		tune, hold := count[state][HalfTune], count[state][HalfHold]
		t.Logf("%s: %d to tune on, %d held back", state, tune, hold)
		if tune+hold < least {
			t.Errorf("%s: %d specimens, fewer than %d", state, tune+hold, least)
		}
		if hold*10 < (tune+hold)*4 || tune*10 < (tune+hold)*4 {
			t.Errorf("%s: %d to tune on and %d held back is no split in half", state, tune, hold)
		}
	}
}

func TestSpecimensAreLabelled(t *testing.T) {
	t.Parallel()
	names, halves := map[string]bool{}, map[string]Half{}
	shape := regexp.MustCompile(`^[a-z0-9_]{1,63}$`)
	for _, s := range Corpus() {
		if names[s.Name] || !shape.MatchString(s.Name) {
			t.Errorf("%s: the name is there twice, or is no name of a host", s.Name)
		}
		names[s.Name] = true
		if h, known := halves[s.Kind]; known && h != s.Half {
			t.Errorf("%s: kind %s is in both halves", s.Name, s.Kind)
		}
		halves[s.Kind] = s.Half
		if len(s.Reasons) == 0 || !slices.ContainsFunc(s.Reasons, func(r casefile.Reason) bool { return r.State() == s.State }) {
			t.Errorf("%s: no reason of the label %s among %v", s.Name, s.State, s.Reasons)
		}
		if !s.Known && !s.Fresh {
			t.Errorf("%s is never judged", s.Name)
		}
		if s.State != casefile.StateGone && slices.ContainsFunc(s.Reasons, func(r casefile.Reason) bool { return r.State() == casefile.StateGone }) {
			t.Errorf("%s is labelled %s, and gone would be right: a false gone could not be told", s.Name, s.State)
		}
	}
}

// What a specimen was, must be there to be looked at before it turns: an answer of 200 with a body.
func TestSpecimensBeginLive(t *testing.T) {
	t.Parallel()
	for _, s := range Corpus() {
		if !s.Known {
			continue
		}
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			n := newNet(t, Options{})
			url := s.Stage(n, true)
			client := newClient(t, n, n.Dialer("local"))
			client.CheckRedirect = nil
			client.Transport.(*http.Transport).TLSClientConfig.InsecureSkipVerify = true //nolint:gosec // bad certificates are part of the corpus
			jar, err := cookiejar.New(nil)
			if err != nil {
				t.Fatal(err)
			}
			client.Jar = jar
			r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Accept-Language", "en")
			r.Header.Set("Referer", "http://links.example/list")
			answer, err := client.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			defer answer.Body.Close()
			body, err := io.ReadAll(answer.Body)
			if err != nil || len(body) == 0 || answer.StatusCode != http.StatusOK {
				t.Errorf("status %d, %d bytes, %v", answer.StatusCode, len(body), err)
			}
		})
	}
}
