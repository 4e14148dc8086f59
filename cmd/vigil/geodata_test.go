package main

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"vigil/cmd/app"
	"vigil/internal/config"
	"vigil/internal/fakenet"
	"vigil/internal/fakenet/testrun"
)

// publisher serves the lab's databases over plain http on loopback, which the lab allows.
func (l *lab) publisher(files map[string]http.HandlerFunc) string {
	l.t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if h := files[r.URL.Path]; h != nil {
			h(w, r)
			return
		}
		http.NotFound(w, r)
	}))
	l.t.Cleanup(s.Close)
	return s.URL
}

// databases writes the list of databases into the configuration.
func (l *lab) databases(list string) {
	l.t.Helper()
	text, err := os.ReadFile(l.config)
	if err != nil {
		l.t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(text), "geolocate: {databases: [")
	_, after, ok := strings.Cut(rest, "], rdap")
	if !found || !ok {
		l.t.Fatal("the lab's configuration has another form")
	}
	if err := os.WriteFile(l.config, []byte(before+"geolocate: {databases: ["+list+"], rdap"+after), 0o600); err != nil {
		l.t.Fatal(err)
	}
}

func (l *lab) file(name string) []byte {
	l.t.Helper()
	data, err := os.ReadFile(filepath.Join(l.dir, name))
	if err != nil {
		l.t.Fatal(err)
	}
	return data
}

func sends(data []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", `"one"`)
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(data))
	}
}

func TestGeodataUpdate(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	country := l.file("country.mmdb")
	at := l.publisher(map[string]http.HandlerFunc{"/country": sends(country), "/page": sends([]byte("<html>log in</html>"))})
	fresh := filepath.Join(l.dir, "fresh.mmdb")
	l.databases(`{kind: country, path: "` + fresh + `", url: "` + at + `/country?token=hidden-word", licence: CC0, attribution: Made by Example},
		{kind: asn, path: "` + l.dir + `/asn.mmdb", url: "` + at + `/page"}, {kind: country, path: "` + l.dir + `/country.mmdb"}`)

	out, _, code := l.vigil("", "doctor")
	if code != 0 || !strings.Contains(out, "warn  geo databases  "+fresh+" (country) is not there yet") || !strings.Contains(out, "-> run vigil geodata update") {
		t.Errorf("doctor before: exit code %d:\n%s", code, out)
	}
	out, said, code := l.vigil("", "geodata", "update")
	t.Logf("%s%s", out, said)
	if code != exitFailed {
		t.Errorf("exit code %d: one database is a web page", code)
	}
	for _, want := range []string{
		fresh + ": updated, 0.0 MiB, built ", ", from " + at + "/country; licence CC0; Made by Example\n", "/asn.mmdb: FAILED: the server sent a web page",
		"/country.mmdb: skipped: it has neither source nor url", "takes new files within 30 seconds",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in:\n%s", want, out)
		}
	}
	for _, want := range []string{fresh + ": 100 %", "1 of 3 databases could not be updated"} {
		if !strings.Contains(said, want) {
			t.Errorf("no %q in:\n%s", want, said)
		}
	}
	if strings.Contains(out+said, "hidden-word") {
		t.Error("a token was shown")
	}
	if !bytes.Equal(l.file("fresh.mmdb"), country) {
		t.Error("the file is not what was sent")
	}
	if out, said, code = l.vigil("", "geodata", "update", "fresh"); code != 0 || !strings.Contains(out, "fresh.mmdb: up to date") || strings.Contains(out, "asn") {
		t.Errorf("by name: exit code %d: %s%s", code, out, said)
	}
	if _, said, code = l.vigil("", "geodata", "update", "frsh"); code != exitBadInput || !strings.Contains(said, `is called "frsh"`) {
		t.Errorf("an unknown name: exit code %d: %s", code, said)
	}
	if out, _, code = l.vigil("", "geodata", "update", l.dir+"/country.mmdb"); code != exitFailed || !strings.Contains(out, "set a source or a url") {
		t.Errorf("named without a source: exit code %d: %s", code, out)
	}
	if out, _, code = l.vigil("", "doctor"); code != 0 || !strings.Contains(out, "; licence CC0; Made by Example") || !strings.Contains(out, "the table inside the program is of 20") {
		t.Errorf("doctor after: exit code %d:\n%s", code, out)
	}
}

func TestGeodataConfigurationsThatAreWrong(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ list, says string }{
		"unknown source":     {"{kind: country, path: c.mmdb, source: nobody}", `"nobody" is none of ip-location-db-server-country, `},
		"source of its kind": {"{kind: country, path: c.mmdb, source: dbip-asn-lite}", "is of kind asn, the entry of kind country"},
		"none":               {"", "nothing to update"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t)
			l.databases(tc.list)
			if _, said, code := l.vigil("", "geodata", "update"); code != exitBadInput || !strings.Contains(said, tc.says) {
				t.Errorf("update: exit code %d: %s", code, said)
			}
			if tc.list == "" {
				return
			}
			if _, said, code := l.vigil("", "look", "http://a.test/"); code != exitBadInput || !strings.Contains(said, tc.says) {
				t.Errorf("look: exit code %d: %s", code, said)
			}
		})
	}
}

func TestDefaultDatabasesHaveKnownSources(t *testing.T) {
	t.Parallel()
	databases, err := app.DatabaseSources(config.Defaults())
	if err != nil || len(databases) != 2 {
		t.Fatalf("%v, %v", databases, err)
	}
	for _, d := range databases {
		if d.Source.URL == "" || d.Source.Account || d.Source.Attribution != "" {
			t.Errorf("%s: a default must be free, and ask for nothing: %+v", d.Path, d.Source)
		}
	}
}

func TestGeodataUpdateSurvivesAKill(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	country := l.file("country.mmdb")
	var slow atomic.Bool
	slow.Store(true)
	halfway := make(chan struct{}, 1)
	at := l.publisher(map[string]http.HandlerFunc{"/country": func(w http.ResponseWriter, r *http.Request) {
		if !slow.Load() {
			_, _ = w.Write(country)
			return
		}
		w.Header().Set("Content-Length", "1000000")
		_, _ = w.Write(make([]byte, 500_000))
		_ = http.NewResponseController(w).Flush()
		halfway <- struct{}{}
		<-r.Context().Done()
	}})
	l.databases(`{kind: country, path: "` + l.dir + `/country.mmdb", url: "` + at + `/country"}`)
	p := l.start("geodata", "update")
	select {
	case <-halfway:
	case <-time.After(testrun.Patience):
		t.Fatal("the download did not begin")
	}
	testrun.Eventually(t, "the temporary file is there", func() bool {
		left, _ := filepath.Glob(filepath.Join(l.dir, ".vigil-*.tmp"))
		return len(left) == 1
	})
	if _, said, code := l.vigil("", "geodata", "update"); code != exitFailed || !strings.Contains(said, "could not be updated") {
		t.Errorf("a second update beside the first: exit code %d: %s", code, said)
	}
	if err := p.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = p.Wait()
	if !bytes.Equal(l.file("country.mmdb"), country) {
		t.Error("the kill changed the present file")
	}
	left, _ := filepath.Glob(filepath.Join(l.dir, ".vigil-*.tmp"))
	if len(left) != 1 {
		t.Fatalf("the killed update left %v: it was not in the middle", left)
	}
	slow.Store(false)
	yesterday := time.Now().Add(-25 * time.Hour)
	if err := os.Chtimes(left[0], yesterday, yesterday); err != nil {
		t.Fatal(err)
	}
	if out, said, code := l.vigil("", "geodata", "update"); code != 0 {
		t.Errorf("the next update: exit code %d: %s%s", code, out, said)
	}
	if left, _ = filepath.Glob(filepath.Join(l.dir, ".vigil-*.tmp")); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

// TestServeTakesNewDatabases starts without a file, and takes it at a SIGHUP while it serves.
func TestServeTakesNewDatabases(t *testing.T) {
	t.Parallel()
	l := newLab(t, fakenet.Site{Host: "hosted.test"})
	at := l.publisher(map[string]http.HandlerFunc{"/country": sends(l.file("country.mmdb"))})
	l.databases(`{kind: country, path: "` + l.dir + `/late.mmdb", url: "` + at + `/country"}`)
	p := l.start("serve")
	l.ready(p)
	metric := func(want string) bool {
		response, err := http.Get("http://" + l.listen + "/metrics")
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		return err == nil && strings.Contains(string(body), want)
	}
	if !metric(`vigil_geodata_loaded{kind="country"} 0`) || !metric(`vigil_geodata_age_seconds{kind="embedded"} `) {
		t.Error("the metrics do not say that the country database is missing, and how old the embedded table is")
	}
	if out, said, code := l.vigil("", "geodata", "update"); code != 0 {
		t.Fatalf("%s%s", out, said)
	}
	if err := p.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	testrun.Eventually(t, "the new database is loaded", func() bool { return metric(`vigil_geodata_loaded{kind="country"} 1`) })
	if !metric(`vigil_geodata_age_seconds{kind="country"} `) {
		t.Error("the new database is not in use")
	}
	if err := p.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := p.Wait(); err != nil {
		t.Errorf("%v: %s", err, p.said)
	}
	if !strings.Contains(p.said.String(), "geo database is not there yet: run vigil geodata update") {
		t.Errorf("the log does not say what to do: %s", p.said)
	}
}
