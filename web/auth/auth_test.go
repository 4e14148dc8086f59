package auth_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"vigil/casefile"
	"vigil/web/auth"
)

func TestTokens(t *testing.T) {
	t.Parallel()
	token, hash := auth.NewToken()
	again, ok := auth.HashToken(token)
	if !ok || !bytes.Equal(hash, again) || len(hash) != 32 {
		t.Fatalf("HashToken = %x, %t; want %x", again, ok, hash)
	}
	if other, _ := auth.NewToken(); other == token {
		t.Fatal("two tokens are the same")
	}
	for name, bad := range map[string]string{
		"empty": "", "prefix only": "vgl_", "no prefix": token[4:], "short": token[:len(token)-1], "long": token + "A",
		"not base64": "vgl_" + strings.Repeat("!", 43),
	} {
		if _, ok := auth.HashToken(bad); ok {
			t.Errorf("%s: taken as a token", name)
		}
	}
}

func TestPasswords(t *testing.T) {
	t.Parallel()
	const right = "correct horse battery"
	hash, err := auth.HashPassword(right)
	if err != nil {
		t.Fatal(err)
	}
	v := auth.NewVerifier()
	for _, tc := range []struct {
		name, hash, password string
		want, broken         bool
	}{
		{"right", hash, right, true, false},
		{"wrong", hash, "correct horse batterz", false, false},
		{"empty password", hash, "", false, false},
		{"unknown user", "", right, false, false},
		{"huge password", hash, strings.Repeat("x", 1<<20), false, false},
		{"hash of another kind", "$2y$10$abcdefghijklmnopqrstuu", right, false, true},
		{"greedy hash", "$argon2id$v=19$m=99999999,t=2,p=1$c2FsdHNhbHQ$a2V5a2V5a2V5a2V5a2V5a2V5", right, false, true},
	} {
		got, err := v.Verify(t.Context(), tc.hash, tc.password)
		if got != tc.want || (err != nil) != tc.broken {
			t.Errorf("%s: Verify = %t, %v", tc.name, got, err)
		}
	}
	if _, err := auth.HashPassword("short"); err == nil {
		t.Error("a short password was hashed")
	}
	cause := errors.New("the caller left")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(cause)
	for range 50 { // both ways of the select are ready: at least one try must see the end
		if _, err := v.Verify(ctx, "broken", right); errors.Is(err, cause) {
			return
		}
	}
	t.Error("Verify did not notice that the caller left")
}

func TestLimiter(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := auth.NewLimiter(time.Minute, 2)
		for i, want := range []bool{true, true, false} {
			if ok, wait := l.Allow("a"); ok != want || (!ok && (wait < time.Second || wait > time.Minute)) {
				t.Fatalf("try %d: %t, %v", i, ok, wait)
			}
		}
		if ok, _ := l.Allow("b"); !ok {
			t.Fatal("another key was refused")
		}
		time.Sleep(time.Minute)
		if ok, _ := l.Allow("a"); !ok {
			t.Fatal("refused after the wait")
		}
		for i := range 25_000 { // more keys than there is room for
			l.Allow(fmt.Sprint(i))
		}
		if ok, _ := l.Allow("24999"); !ok {
			t.Fatal("a new key was refused")
		}
	})
}

func TestPersonInContext(t *testing.T) {
	t.Parallel()
	if p := auth.From(t.Context()); p.Role.May(casefile.RoleViewer) {
		t.Errorf("nobody may do nothing, got %v", p)
	}
	want := casefile.Person{Name: "ada", Role: casefile.RoleAnalyst}
	if got := auth.From(auth.With(t.Context(), want)); got != want {
		t.Errorf("From = %v", got)
	}
}
