package ui

import (
	"errors"
	"math"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"go.uber.org/zap"

	"vigil/casefile"
	"vigil/web/auth"
	"vigil/words"
)

// Keys of what a session holds.
const (
	nameKey  = "name"
	flashKey = "flash"
)

// tries limits log-ins: five in a row for one name from one address, then one a
// minute; and looser for a name from everywhere and for an address with any name,
// so that a stranger cannot lock a person out for long.
type tries struct{ pair, name, address *auth.Limiter }

func newTries() tries {
	return tries{auth.NewLimiter(time.Minute, 5), auth.NewLimiter(5*time.Second, 50), auth.NewLimiter(2*time.Second, 30)}
}

func (t tries) allow(name, address string) (bool, time.Duration) {
	ok, wait := t.pair.Allow(name + "\n" + address)
	for _, more := range []struct {
		limiter *auth.Limiter
		key     string
	}{{t.name, name}, {t.address, address}} {
		if allowed, longer := more.limiter.Allow(more.key); !allowed {
			ok, wait = false, max(wait, longer)
		}
	}
	return ok, wait
}

type handler func(http.ResponseWriter, *http.Request, casefile.Person)

// needs lets people with a role pass; the others go to the log-in.
func (u *UI) needs(role casefile.Role, next handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := u.sessions.GetString(r.Context(), nameKey)
		if name == "" {
			u.toLogin(w, r)
			return
		}
		person, _, err := u.Accounts(r.Context(), name) // at each request: a role that changes counts at once
		var problem *casefile.Problem
		switch {
		case errors.As(err, &problem):
			if err := u.sessions.Destroy(r.Context()); err != nil {
				u.Log.Error("session not ended", zap.Error(err))
			}
			u.toLogin(w, r)
			return
		case err != nil:
			u.wrong(w, r, "load user", err)
			return
		}
		r = r.WithContext(auth.With(r.Context(), person))
		if !person.Role.May(role) {
			u.wrong(w, r, "check role", casefile.Problemf(
				casefile.ProblemForbidden, "", "%s", u.text("needs_role", "role", role, "own", person.Role)))
			return
		}
		next(w, r, person)
	})
}

func (u *UI) toLogin(w http.ResponseWriter, r *http.Request) {
	to := "/login"
	if r.Method == http.MethodGet && r.URL.Path != "/" {
		to += "?next=" + url.QueryEscape(r.URL.RequestURI())
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
}

// local is next when it is a page of ours, else the list of cases: a log-in must not lead elsewhere.
func local(next string) string {
	parsed, err := url.Parse(next)
	if err != nil || parsed.IsAbs() || parsed.Host != "" || parsed.User != nil || strings.ContainsAny(next, "\\\r\n\t") {
		return "/cases"
	}
	for _, page := range []string{"/cases", "/removal"} {
		if parsed.Path == page || strings.HasPrefix(parsed.Path, page+"/") {
			return next
		}
	}
	return "/cases"
}

func (u *UI) loginPage(w http.ResponseWriter, r *http.Request) {
	u.show(w, r, http.StatusOK, "login.html", page{Title: u.text("log_in"), Content: local(r.URL.Query().Get("next"))})
}

func (u *UI) login(w http.ResponseWriter, r *http.Request) {
	name, password, next := r.PostFormValue("name"), r.PostFormValue("password"), local(r.PostFormValue("next"))
	refuse := func(status int, why string) {
		u.show(w, r, status, "login.html", page{Title: u.text("log_in"), Problem: why, Content: next})
	}
	if len(name) > 100 {
		name = name[:100]
	}
	address, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		address = r.RemoteAddr
	}
	if ok, wait := u.tries.allow(name, address); !ok {
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(wait.Seconds()))))
		u.Log.Warn("log-in refused: too many tries")
		refuse(http.StatusTooManyRequests, u.text("too_many_tries", "span", words.Span(wait.Round(time.Second))))
		return
	}
	person, hash, err := u.Accounts(r.Context(), name)
	var unknown *casefile.Problem
	if err != nil && !errors.As(err, &unknown) {
		u.wrong(w, r, "load user", err)
		return
	}
	if unknown != nil {
		hash = "" // takes as long as any other, and is never right
	}
	ok, err := u.passwords.Verify(r.Context(), hash, password)
	switch {
	case err != nil:
		u.wrong(w, r, "check password", err)
		return
	case !ok:
		u.Log.Warn("log-in refused: wrong name or password")
		refuse(http.StatusUnauthorized, u.text("wrong_password"))
		return
	}
	if err := u.sessions.RenewToken(r.Context()); err != nil { // against fixation
		u.wrong(w, r, "begin session", err)
		return
	}
	u.sessions.Put(r.Context(), nameKey, person.Name)
	http.Redirect(w, r, next, http.StatusSeeOther)
}

func (u *UI) logout(w http.ResponseWriter, r *http.Request) {
	if err := u.sessions.Destroy(r.Context()); err != nil {
		u.wrong(w, r, "end session", err)
		return
	}
	http.Redirect(w, r, "/login", http.StatusSeeOther)
}
