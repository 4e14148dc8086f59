package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"vigil/internal/config"
	"vigil/internal/fakenet"
)

func TestImportKeepsTheGoodRows(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	file := filepath.Join(l.dir, "reports.csv")
	rows := "\xef\xbb\xbfurl;source;classification;received;held\n" +
		"http://one.test/a;public;A1;2026-11-01T10:00:00Z;no\n" +
		"ftp://two.test/b;public;;;\n" +
		"http://three.test/c;police;Z9;;\n" +
		"\"http://four.test/d;e\";public;;;yes\n" +
		"http://user:pw@five.test/;public;;;\n" +
		"http://six.test/\xff;public;;;\n" +
		"http://seven.test/;public;;2999-01-01T00:00:00Z;\n" +
		"http://eight.test/" + strings.Repeat("x", 10_000) + ";public;;;\n" +
		"http://10.0.0.1/private;public;;;\n" +
		"http://one.test/a#fragment;again;;;\n" +
		"\n" +
		"http://nine.test/ok;public;;;;;;\n"
	if err := os.WriteFile(file, []byte(rows), 0o600); err != nil {
		t.Fatal(err)
	}
	out, said, code := l.vigil("", "import", file)
	if code != exitBadInput {
		t.Errorf("exit code %d: %s", code, said)
	}
	for line, what := range map[string]string{
		"line 3:": "unsupported_scheme", "line 4:": "classification", "line 6:": "userinfo_refused", "line 7:": "UTF-8",
		"line 8:": "future", "line 9:": "url_too_long", "line 10:": "address_refused", "line 13:": "fields",
	} {
		found := false
		for said := range strings.Lines(out) {
			found = found || strings.HasPrefix(said, line) && strings.Contains(said, what)
		}
		if !found {
			t.Errorf("no %q about %s in:\n%s", line, what, out)
		}
	}
	if !strings.Contains(out, "11 rows: 2 new cases, 1 further reports, 0 already imported, 8 refused") {
		t.Errorf("the sum is wrong:\n%s", out)
	}
	for _, word := range []string{"five.test", "pw@", "two.test"} {
		if strings.Contains(out, word) {
			t.Errorf("a refusal repeats %q", word)
		}
	}
	out, _, _ = l.vigil("", "import", file)
	if !strings.Contains(out, "0 new cases, 0 further reports, 3 already imported") {
		t.Errorf("the same file again:\n%s", out)
	}
}

func TestImportOfFilesThatAreNone(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	write := func(name, content string) string {
		path := filepath.Join(l.dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for name, tc := range map[string]struct{ path, says string }{
		"absent":            {filepath.Join(l.dir, "absent.csv"), "no such file"},
		"a folder":          {l.dir, "is a folder"},
		"empty":             {write("empty.csv", ""), "first line"},
		"no url":            {write("nourl.csv", "link,source\nhttp://a.test/,x\n"), "unknown"},
		"a column twice":    {write("twice.csv", "url,url\n"), "twice"},
		"an unknown column": {write("unknown.csv", "url,colour\n"), "colour"},
	} {
		if _, said, code := l.vigil("", "import", tc.path); code == 0 || !strings.Contains(said, tc.says) {
			t.Errorf("%s: exit code %d: %s", name, code, said)
		}
	}
}

func TestDoctorOfASoundLab(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	if _, said, code := l.vigil("a long enough password\n", "user", "add", "anna", "--role", "analyst"); code != 0 {
		t.Fatalf("user add: %s", said)
	}
	out, said, code := l.vigil("", "doctor")
	if code != 0 {
		t.Errorf("exit code %d: %s", code, said)
	}
	for _, line := range []string{"ok    configuration", "ok    keys", "ok    database", "ok    directory", "ok    geo databases", "ok    gate", "ok    resolver", "ok    clock", "ok    notices", "warn  guard"} {
		if !strings.Contains(out, line) {
			t.Errorf("no %q in:\n%s", line, out)
		}
	}
}

func TestDoctorSaysWhatIsBroken(t *testing.T) {
	t.Parallel()
	l := newLab(t, fakenet.Site{Host: "unused.test"})
	text, err := os.ReadFile(l.config)
	if err != nil {
		t.Fatal(err)
	}
	broken := strings.NewReplacer(
		l.sockets.DNS(), "127.0.0.1:9", l.sockets.SMTP(), "127.0.0.1:9", "country.mmdb", "absent.mmdb", "hotlines.csv", "broken.csv",
	).Replace(string(text))
	for name, content := range map[string]string{"config.yaml": broken, "broken.csv": "country,hotline\nXX,Nobody\n", "vigil.key": "no key"} {
		if err := os.WriteFile(filepath.Join(l.dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	out, _, code := l.vigil("", "doctor")
	if code != exitFailed {
		t.Errorf("exit code %d", code)
	}
	for _, line := range []string{"FAIL  keys", "FAIL  directory", "FAIL  geo databases", "FAIL  notices"} {
		if !strings.Contains(out, line) {
			t.Errorf("no %q in:\n%s", line, out)
		}
	}
}

// TestDoctorOnTheLookUpOfOrigins: who is asked, and what is missing.
func TestDoctorOnTheLookUpOfOrigins(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		origin config.Origin
		says   []string
	}{
		"nobody":       {config.Origin{}, []string{"ok    origins", "nobody is asked"}},
		"a service":    {config.Origin{URL: "https://finder.test/origins?k=a-secret-path", Token: "a-secret-word"}, []string{"ok    origins", "finder.test is asked"}},
		"without one":  {config.Origin{URL: "https://finder.test:8443/"}, []string{"warn  origins", "finder.test:8443 is asked without a token", "VIGIL_GEOLOCATE_ORIGIN_TOKEN"}},
		"over http":    {config.Origin{URL: "http://finder.test/", Token: "a-secret-word"}, []string{"warn  origins", "plain http"}},
		"what is none": {config.Origin{URL: "http://[a-secret-path"}, []string{"FAIL  origins", "is no URL"}},
	} {
		var out strings.Builder
		d := &doctor{counts: map[finding]int{}, out: &out, cfg: config.Config{Geolocate: config.Geolocate{Origin: tc.origin}}}
		d.origins()
		for _, want := range tc.says {
			if !strings.Contains(out.String(), want) {
				t.Errorf("%s: no %q in:\n%s", name, want, out.String())
			}
		}
		if strings.Contains(out.String(), "a-secret") {
			t.Errorf("%s: a secret is repeated: %s", name, out.String())
		}
	}
}

// TestEnvironmentsThatAreWrong tells what happened and what to do, loses nothing and makes no key in passing.
func TestEnvironmentsThatAreWrong(t *testing.T) {
	t.Parallel()
	sound := func(t *testing.T) *lab {
		l := newLab(t)
		if _, said, code := l.vigil("", "token", "create", "first"); code != 0 {
			t.Fatal(said)
		}
		return l
	}
	for name, tc := range map[string]struct {
		spoil func(t *testing.T, l *lab)
		says  string
	}{
		"the key of another database": {func(t *testing.T, l *lab) {
			other := sound(t)
			key, err := os.ReadFile(filepath.Join(other.dir, "vigil.key"))
			if err != nil {
				t.Fatal(err)
			}
			write(t, filepath.Join(l.dir, "vigil.key"), key)
		}, "another key"},
		"the key is lost": {func(t *testing.T, l *lab) {
			if err := os.Remove(filepath.Join(l.dir, "vigil.key")); err != nil {
				t.Fatal(err)
			}
		}, "another key"},
		"the key file is readable by all": {func(t *testing.T, l *lab) {
			if err := os.Chmod(filepath.Join(l.dir, "vigil.key"), 0o644); err != nil {
				t.Fatal(err)
			}
		}, "chmod 600"},
		"the key file is empty": {func(t *testing.T, l *lab) { write(t, filepath.Join(l.dir, "vigil.key"), nil) }, "vigil.key"},
		"the database is no database": {func(t *testing.T, l *lab) {
			write(t, filepath.Join(l.dir, "vigil.db"), []byte(strings.Repeat("this is text, not a database\n", 400)))
		}, "not a"},
		"the database's folder is gone": {func(t *testing.T, l *lab) {
			reconfigure(t, l, "sqlite:"+l.dir+"/vigil.db", "sqlite:"+l.dir+"/absent/vigil.db")
		}, "absent"},
		"a folder in the place of the database": {func(t *testing.T, l *lab) {
			if err := os.Mkdir(filepath.Join(l.dir, "folder"), 0o700); err != nil {
				t.Fatal(err)
			}
			reconfigure(t, l, "sqlite:"+l.dir+"/vigil.db", "sqlite:"+l.dir+"/folder")
		}, "folder"},
		"PostgreSQL does not answer": {func(t *testing.T, l *lab) {
			reconfigure(t, l, "sqlite:"+l.dir+"/vigil.db", "postgres://vigil:secret@127.0.0.1:9/vigil?connect_timeout=2")
		}, "PostgreSQL"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := sound(t)
			tc.spoil(t, l)
			_, hadKey := os.Stat(filepath.Join(l.dir, "vigil.key"))
			_, said, code := l.vigil("", "stats")
			if code != exitFailed || !strings.Contains(said, tc.says) {
				t.Errorf("exit code %d: %s", code, said)
			}
			if strings.Contains(said, "secret") {
				t.Errorf("a password is repeated: %s", said)
			}
			if _, hasKey := os.Stat(filepath.Join(l.dir, "vigil.key")); (hadKey == nil) != (hasKey == nil) {
				t.Error("a key file came or went in passing")
			}
		})
	}
}

func write(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

func reconfigure(t *testing.T, l *lab, old, now string) {
	t.Helper()
	text, err := os.ReadFile(l.config)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), old) {
		t.Fatalf("the configuration has no %s", old)
	}
	write(t, l.config, []byte(strings.ReplaceAll(string(text), old, now)))
}

func TestStatsOfNothing(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	out, said, code := l.vigil("", "stats", "--json")
	if code != 0 {
		t.Fatal(said)
	}
	var s struct {
		All struct {
			N, Censored, Excluded *int
			Median                *float64 `json:"median_seconds"`
		}
	}
	if err := json.Unmarshal([]byte(out), &s); err != nil || s.All.N == nil || *s.All.N != 0 || s.All.Censored == nil || s.All.Excluded == nil || s.All.Median != nil {
		t.Errorf("%v: %s", err, out)
	}
	if out, _, _ = l.vigil("", "stats", "--by", "country"); !strings.Contains(out, "not reached") || !strings.Contains(out, "EXCLUDED") {
		t.Errorf("as text:\n%s", out)
	}
	if out, said, code = l.vigil("", "audit", "verify"); code != 0 || !strings.Contains(out, "every chain is whole") {
		t.Errorf("audit: %d %s %s", code, out, said)
	}
}

func TestConfigurationFaultsAreAllTold(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	write(t, l.config, []byte("crawler: {timout: 3s, in_flight: 0}\nweb: {listen: nowhere}\n"))
	_, said, code := l.vigil("", "stats")
	for _, word := range []string{"timout", "crawler.timeout", "in_flight", "web.listen"} {
		if code != exitBadInput || !strings.Contains(said, word) {
			t.Errorf("exit code %d, nothing about %s: %s", code, word, said)
		}
	}
}
