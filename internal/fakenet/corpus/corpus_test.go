package corpus

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"os"
	"strings"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"vigil/casefile"
	"vigil/internal/fakenet"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func all(t *testing.T) []Specimen {
	t.Helper()
	specimens, err := All()
	if err != nil {
		t.Fatal(err)
	}
	return specimens
}

func TestTheCorpusIsLargeEnough(t *testing.T) {
	t.Parallel()
	atLeast := map[casefile.State]int{casefile.StateLive: 60, casefile.StateGone: 50, casefile.StateWithheld: 25, casefile.StateSilent: 25}
	count := map[casefile.State]map[Half]int{}
	for _, s := range all(t) {
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

// client asks a net as the vantage local, like a browser with a language and a referrer. It takes any certificate.
func client(t *testing.T, n *fakenet.Net) func(url string) (status int, header http.Header, body string) {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	c := n.Client(n.Dialer("local"))
	c.Jar, c.Timeout = jar, time.Minute
	c.Transport.(*http.Transport).TLSClientConfig.InsecureSkipVerify = true //nolint:gosec // bad certificates are part of the corpus
	t.Cleanup(c.CloseIdleConnections)
	return func(url string) (int, http.Header, string) {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Accept-Language", "en")
		r.Header.Set("Referer", "http://links.example/list")
		answer, err := c.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		body, err := io.ReadAll(answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		return answer.StatusCode, answer.Header, string(body)
	}
}

// What a specimen was, must be there to be looked at before it turns: an answer of 200 with a body.
func TestSpecimensBeginLive(t *testing.T) {
	t.Parallel()
	for _, s := range all(t) {
		if !s.Known {
			continue
		}
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				n := fakenet.New(fakenet.Options{})
				defer n.Close()
				if status, _, body := client(t, n)(s.Stage(n, true)); status != http.StatusOK || body == "" {
					t.Errorf("status %d, %d bytes", status, len(body))
				}
			})
		})
	}
}

// load reads specimens from the text of their files.
func load(t *testing.T, files map[string]string) ([]Specimen, error) {
	t.Helper()
	folder := fstest.MapFS{}
	for name, text := range files {
		folder[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return Load(folder)
}

// The example that README.md tells newcomers to copy is read and served as it says.
func TestTheExampleInTheReadme(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, text, _ := strings.Cut(string(readme), "```txtar\n")
	text, _, _ = strings.Cut(text, "```")
	specimens, err := load(t, map[string]string{"photos/example.txtar": text})
	if err != nil || len(specimens) != 1 {
		t.Fatalf("%d specimens, %v", len(specimens), err)
	}
	n := fakenet.New(fakenet.Options{})
	defer n.Close()
	url := specimens[0].Stage(n, true)
	ask := client(t, n)
	if status, _, body := ask(url); status != http.StatusOK || !strings.Contains(body, "ferry in fog") || strings.Contains(body, "{{") {
		t.Errorf("before: %d, %s", status, body)
	}
	specimens[0].Turn(n)
	if status, _, body := ask(url); status != http.StatusOK || !strings.Contains(body, "removed after a report") {
		t.Errorf("now: %d, %s", status, body)
	}
	if status, header, body := ask("http://example.example/photo/9"); status != http.StatusNotFound || header.Get("Server") != "nginx" || !strings.HasSuffix(body, "</html>") {
		t.Errorf("missing: %d, %v, %s", status, header, body)
	}
}

const head = "half: tune\nstate: gone\nreasons: soft_404\npath: /a\n"

func TestAnswersAsTheFileSays(t *testing.T) {
	t.Parallel()
	file := strings.Replace(head, "reasons", "name servers: ns1.park.test\nreasons", 1) + `
-- always page --
200
:when: no cookie seen
Set-Cookie: seen=1; Path=/

first
-- always page --
200
Content-Encoding: gzip

{{.Path}} {{.Number}}
-- always /echo/* --
200
:charset: windows-1251

Гавань {{.URI}}
-- always every --
raw

HTTP/1.0 404 No\r
X-Raw: yes\r
\r
raw {marker}
-- always other.test /to --
200
:piece: 3
:pause: 1s

in pieces
-- now net --
delay: 2s
`
	specimens, err := load(t, map[string]string{"k/answers.txtar": file})
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		n := fakenet.New(fakenet.Options{})
		defer n.Close()
		specimens[0].Stage(n, false)
		ask := client(t, n)
		for _, c := range []struct {
			url  string
			want string
			took time.Duration
		}{
			{"http://answers.example/a", "first", 2 * time.Second},
			{"http://answers.example/a", "/a 2", 2 * time.Second},
			{"http://answers.example/echo/x?y=1", "\xc3\xe0\xe2\xe0\xed\xfc /echo/x?y=1", 2 * time.Second},
			{"http://answers.example/b", "raw {marker}", 2 * time.Second},
			{"http://other.test/to", "in pieces", 2 * time.Second}, // two pauses
		} {
			start := time.Now()
			if _, _, body := ask(c.url); body != c.want || time.Since(start) != c.took {
				t.Errorf("%s: %q after %v, want %q after %v", c.url, body, time.Since(start), c.want, c.took)
			}
		}
	})
}

// A mistake is named with the file, the line and what to write.
func TestMistakesAreNamed(t *testing.T) {
	t.Parallel()
	page := "-- now page --\n200\n\nx\n"
	for name, c := range map[string]struct{ text, want string }{
		"half":         {strings.Replace(head, "tune", "both", 1) + page, "k/s.txtar:1: half \"both\": write tune, hold"},
		"no half":      {strings.Replace(head, "half: tune\n", "", 1) + page, "k/s.txtar:1: no half: write half: tune"},
		"state":        {strings.Replace(head, "state: gone", "state: dead", 1) + page, "k/s.txtar:2: state \"dead\": write live, gone, withheld, silent"},
		"reason":       {strings.Replace(head, "soft_404", "soft404", 1) + page, "k/s.txtar:3: no reason \"soft404\": write codes of docs/verdict-reference.md"},
		"other reason": {strings.Replace(head, "soft_404", "served", 1) + page, "no reason of the state gone: write reasons:"},
		"a false gone": {strings.Replace(head, "state: gone\nreasons:", "state: live\nreasons: served,", 1) + page, "a reason says gone: a false gone could not be told"},
		"judged":       {head + "judged: once\n" + page, "k/s.txtar:5: judged \"once\": write known, fresh"},
		"path":         {strings.Replace(head, "path: /a", "path: a", 1) + page, "k/s.txtar:4: path \"a\": write the reported path, which begins with /"},
		"key":          {head + "colour: red\n" + page, "k/s.txtar:5: no setting \"colour\": write half, state,"},
		"no key":       {head + "red\n" + page, "k/s.txtar:5: \"red\" is no setting: write key: value"},
		"yes":          {head + "https: true\n" + page, "k/s.txtar:5: https \"true\": write yes, or take the line out"},
		"port":         {head + "port: many\n" + page, "k/s.txtar:5: port \"many\": write a number"},
		"time":         {head + "-- later page --\n200\n", "k/s.txtar:5: section \"later page\": write a time (before, now, always)"},
		"place":        {head + "-- now home --\n200\n", "k/s.txtar:5: section \"now home\": write a time"},
		"other host":   {head + "-- now cdn.test page --\n200\n", "another host is the same at all times, write always"},
		"no section":   {head, "nothing is judged: write a section as -- now page --"},
		"status":       {head + "-- now page --\n<html>\n", "k/s.txtar:6: \"<html>\" is no status: begin the answer with a status, as 200"},
		"header":       {head + page + "-- now front --\n200\n<html>\n", "k/s.txtar:11: \"<html>\" is no header: write Key: value, and an empty line before the body"},
		"how":          {head + "-- now page --\n200\n:speed: low\n\nx\n", "k/s.txtar:7: no setting :speed: write when, piece,"},
		"when":         {head + "-- now page --\n200\n:when: it rains\n\nx\n", "k/s.txtar:7: no condition \"it rains\": write cookie NAME, referrer,"},
		"charset":      {head + "-- now page --\n200\n:charset: klingon\n\nx\n", "k/s.txtar:7: no charset \"klingon\": write a name that browsers know"},
		"piece":        {head + "-- now page --\n200\n:piece: 0\n\nx\n", "k/s.txtar:7: piece \"0\": write a number of bytes"},
		"pause":        {head + "-- now page --\n200\n:pause: long\n\nx\n", "k/s.txtar:7: pause \"long\": write a time up to a minute"},
		"then":         {head + "-- now page --\nraw\n:then: wait\n\nx\n", "k/s.txtar:7: then \"wait\": write close, hang"},
		"raw header":   {head + "-- now page --\nraw\nServer: x\n\nx\n", "k/s.txtar:7: a raw answer has no headers here: write them below the empty line"},
		"packing":      {head + "-- now page --\n200\nContent-Encoding: lzma\n\nx\n", "k/s.txtar:7: nothing packs \"lzma\": write gzip, deflate, br, zstd or identity"},
		"action":       {head + "-- now page --\n200\n\nx\ny {{paragrafs 1 2}}\n", "k/s.txtar:9: function \"paragrafs\" not defined: write an action that README.md lists"},
		"its numbers":  {head + "-- now page --\n200\n\nx\ny {{paragraphs \"a\" 2}}\n", "k/s.txtar:9: "},
		"dress":        {head + "-- now page --\n200\n\n{{top \"ballgown\" \"x\"}}\n", "no dress \"ballgown\": write one of the files in shared"},
		"fault":        {head + "-- now net --\nfault: sneeze\n", "k/s.txtar:6: no fault \"sneeze\": write one of bad_gzip,"},
		"net":          {head + "-- now net --\ncable: cut\n", "k/s.txtar:6: no setting \"cable\": write fault, delay, wire,"},
		"address":      {head + "-- now net --\ndns addresses: here\n", "k/s.txtar:6: dns addresses: \"here\" is no IP address: write one as 192.0.2.7"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := load(t, map[string]string{"k/s.txtar": c.text}); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("the mistake is told as %v, want %s", err, c.want)
			}
		})
	}
	both := map[string]string{"k/s.txtar": head + page, "k/t.txtar": strings.Replace(head, "tune", "hold", 1) + page, "l/s.txtar": head + page}
	if _, err := load(t, both); err == nil || !strings.Contains(err.Error(), "k/t.txtar: half hold and state gone, but s.txtar of the same kind has tune and gone") ||
		!strings.Contains(err.Error(), "l/s.txtar: there is a k/s.txtar already: give the file another name") {
		t.Errorf("specimens that do not fit are told as %v", err)
	}
}
