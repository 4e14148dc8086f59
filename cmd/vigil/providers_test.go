package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"vigil/internal/fakenet"
)

// TestDirectoryOfProviders: the operator's file stands before what registries say, a
// look shows why, doctor counts it, and a broken file is told with its lines.
func TestDirectoryOfProviders(t *testing.T) {
	t.Parallel()
	l := newLab(t, fakenet.Site{Host: "good.test"})
	text, err := os.ReadFile(l.config)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(l.dir, "providers.csv")
	write(t, l.config, []byte(strings.Replace(string(text), "per_second: 1000", `per_second: 1000, contacts: "`+path+`"`, 1)))

	write(t, path, []byte("match,name,email,form,language,approved\nprovider:lowland hosting,Lowland desk,vip@lowland.test,,nl,2026-11-02\nAS64511,,,https://other.test/abuse,,\n"))
	out, said, code := l.vigil("", "look", l.sockets.URL("good.test"))
	if code != 0 {
		t.Fatalf("exit code %d: %s", code, said)
	}
	if !strings.Contains(out, "\n  contact: host vip@lowland.test (own directory), approved, in nl\n           your directory, row provider:lowland hosting; approved 2026-11-02\n") ||
		!strings.Contains(out, "\n  contact: registrar abuse@registrar.test (RDAP)\n           abuse contact of the registrar, named by the registration\n") {
		t.Errorf("the contacts do not say why they stand where they do:\n%s", out)
	}
	for _, tc := range []struct {
		name, file, says string
		code             int
	}{
		{"sound", "", "ok    providers      2 rows, 1 approved", 0},
		{"none approved", "match,email\nAS64511,desk@other.test\n", "warn  providers      1 rows, none approved", 0},
		{"without a row", "match,email\n", "has no rows", 0},
		{"broken", "match,email\nAS64511,desk\nAS64512,desk@other.test\nASx,desk@other.test\n", "FAIL  providers      provider directory " + path + ": 2 faults\n  line 2: ", exitFailed},
	} {
		if tc.file != "" {
			write(t, path, []byte(tc.file))
		}
		out, said, code := l.vigil("", "doctor")
		if code != tc.code || !strings.Contains(out, tc.says) {
			t.Errorf("%s: exit code %d: %s\n%s", tc.name, code, said, out)
		}
	}
	write(t, path, []byte("match,email\nAS64511,desk\n"))
	if _, said, code := l.vigil("", "look", l.sockets.URL("good.test")); code == 0 || !strings.Contains(said, "line 2: email \"desk\" cannot be used: there is no mail address in it") {
		t.Errorf("a broken file: exit code %d: %s", code, said)
	}
}
