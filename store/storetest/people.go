package storetest

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"vigil/casefile"
)

func contains(text, part string) bool { return strings.Contains(text, part) }

func people(t *testing.T, d Database) {
	s := d.Open(t)
	ann := casefile.Person{Name: "ann", Role: casefile.RoleAnalyst}
	must(t, s.AddUser(t.Context(), ann, "$argon2id$first", epoch))
	ann.Role = casefile.RoleAdmin
	must(t, s.AddUser(t.Context(), ann, "$argon2id$second", epoch))
	got, hash, err := s.User(t.Context(), "ann")
	must(t, err)
	if got != ann || hash != "$argon2id$second" {
		t.Errorf("got %+v, %q", got, hash)
	}
	_, _, err = s.User(t.Context(), "bob")
	wantProblem(t, err, casefile.ProblemNotFound)
	wantProblem(t, s.AddUser(t.Context(), casefile.Person{Role: casefile.RoleViewer}, "h", epoch), casefile.ProblemField)
	wantProblem(t, s.AddUser(t.Context(), casefile.Person{Name: "eve", Role: "root"}, "h", epoch), casefile.ProblemField)
	if err := s.AddUser(t.Context(), ann, "", epoch); err == nil {
		t.Error("a user without a password was added")
	}

	token := bytes.Repeat([]byte{7}, 32)
	must(t, s.AddToken(t.Context(), token, ann, epoch))
	for range 2 {
		got, err = s.Token(t.Context(), token)
		must(t, err)
		if got != ann {
			t.Errorf("token of %+v", got)
		}
	}
	if n := count(t, s, "SELECT COUNT(*) FROM tokens WHERE last_used > 0"); n != 1 {
		t.Error("the last use was not kept")
	}
	_, err = s.Token(t.Context(), bytes.Repeat([]byte{8}, 32))
	wantProblem(t, err, casefile.ProblemNotFound)
	if err := s.AddToken(t.Context(), []byte("short"), ann, epoch); err == nil {
		t.Error("a token that is no hash was added")
	}
	if err := s.AddToken(t.Context(), token, ann, epoch); err == nil {
		t.Error("the same token was added twice")
	}
}

func sessions(t *testing.T, d Database) {
	x := d.Open(t).Sessions()
	in := time.Now().Add(time.Hour)
	must(t, x.Commit("token-a", []byte{0, 1, 255}, in))
	must(t, x.Commit("token-b", []byte("b"), in))
	must(t, x.Commit("token-b", []byte("b2"), in))
	must(t, x.Commit("token-old", []byte("old"), time.Now().Add(-time.Second)))
	data, found, err := x.Find("token-a")
	must(t, err)
	if !found || !bytes.Equal(data, []byte{0, 1, 255}) {
		t.Errorf("found %v: %v", found, data)
	}
	if _, found, err := x.FindCtx(t.Context(), "token-old"); found || err != nil {
		t.Errorf("an expired session: %v, %v", found, err)
	}
	if data, found, err := x.Find("token-b"); !found || err != nil || string(data) != "b2" {
		t.Errorf("found %v: %q, %v", found, data, err)
	}
	must(t, x.Delete("token-a"))
	must(t, x.Delete("token-a"))
	if _, found, err := x.Find("token-a"); found || err != nil {
		t.Errorf("an ended session: %v, %v", found, err)
	}
	if err := x.Commit("token-c", make([]byte, 20_000), in); err == nil {
		t.Error("a session of 20 kB was taken")
	}
}

func registryCache(t *testing.T, d Database) {
	s := d.Open(t)
	if _, ok, err := s.Cached(t.Context(), "domain:site-1.example"); ok || err != nil {
		t.Errorf("an empty cache: %v, %v", ok, err)
	}
	in := time.Now().Add(time.Hour)
	must(t, s.SaveCached(t.Context(), "domain:site-1.example", []byte("one"), in))
	must(t, s.SaveCached(t.Context(), "domain:site-1.example", []byte("two"), in))
	must(t, s.SaveCached(t.Context(), "domain:site-2.example", []byte("old"), time.Now().Add(-time.Second)))
	value, ok, err := s.Cached(t.Context(), "domain:site-1.example")
	if err != nil || !ok || string(value) != "two" {
		t.Errorf("got %q, %v, %v", value, ok, err)
	}
	if _, ok, _ := s.Cached(t.Context(), "domain:site-2.example"); ok {
		t.Error("an expired answer came back")
	}
	if err := s.SaveCached(t.Context(), "x", make([]byte, 70_000), in); err == nil {
		t.Error("an answer of 70 kB was taken")
	}
	must(t, s.SaveCached(t.Context(), "largest", make([]byte, 64<<10), in))
}
