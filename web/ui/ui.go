// Package ui is the pages of Vigil for people: cases, one case, time to removal,
// behind a log-in.
//
// Pages are rendered on the server, work without scripts and show no imagery.
// Requests of browsers come in; HTML goes out. A reported URL is masked in every
// page but the answer to a reveal, which is an event first. No page may be stored
// by a browser, no address may hold a URL, and nothing is loaded from elsewhere.
package ui

import (
	"bytes"
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"time"

	"github.com/alexedwards/scs/v2"
	"go.uber.org/zap"

	"vigil/casefile"
	"vigil/web/auth"
	"vigil/web/needs"
	"vigil/words"
)

var (
	//go:embed templates/*.html
	templates embed.FS
	//go:embed static/vigil.css
	css []byte
	//go:embed static/icon.svg
	icon []byte
)

// UI serves the pages. It is safe for concurrent use.
type UI struct {
	needs.Options
	words     *words.Words
	pages     *template.Template
	sessions  *scs.SessionManager
	passwords *auth.Verifier
	tries     tries
	cssPath   string
	handler   http.Handler
}

// New makes the pages.
func New(o needs.Options) (*UI, error) {
	if err := o.Defaults(); err != nil {
		return nil, fmt.Errorf("ui: %w", err)
	}
	if o.Accounts == nil || o.Sessions == nil {
		return nil, errors.New("ui: Accounts and Sessions are required")
	}
	u := &UI{Options: o, words: words.In(words.English), passwords: auth.NewVerifier(), tries: newTries()}
	var err error
	if u.pages, err = template.New("").Funcs(functions(u.words)).ParseFS(templates, "templates/*.html"); err != nil {
		return nil, fmt.Errorf("ui: read templates: %w", err)
	}
	sum := sha256.Sum256(css)
	u.cssPath = "/static/vigil." + hex.EncodeToString(sum[:6]) + ".css"
	u.sessions = u.sessionManager()
	if u.handler, err = u.routes(); err != nil {
		return nil, err
	}
	return u, nil
}

// sessionManager is built by hand: scs.New starts a goroutine for a store that we do not use.
func (u *UI) sessionManager() *scs.SessionManager {
	name := "vigil"
	if u.Secure {
		name = "__Host-vigil" // browsers take it with Secure, Path=/ and no Domain only (RFC 6265bis, 4.1.3.2)
	}
	return &scs.SessionManager{
		Store: u.Sessions, Codec: scs.GobCodec{}, Lifetime: u.Lifetime, IdleTimeout: u.Idle, HashTokenInStore: true,
		Cookie: scs.SessionCookie{Name: name, Path: "/", HttpOnly: true, Secure: u.Secure, SameSite: http.SameSiteLaxMode},
		ErrorFunc: func(w http.ResponseWriter, _ *http.Request, err error) {
			u.Log.Error("session not kept", zap.Error(err))
			http.Error(w, u.text("no_sessions"), http.StatusServiceUnavailable)
		},
	}
}

func (u *UI) routes() (http.Handler, error) {
	pages := http.NewServeMux()
	pages.HandleFunc("GET /login", u.loginPage)
	pages.HandleFunc("POST /login", u.login)
	pages.HandleFunc("POST /logout", u.logout)
	pages.Handle("GET /{$}", u.needs(casefile.RoleViewer, func(w http.ResponseWriter, r *http.Request, _ casefile.Person) {
		http.Redirect(w, r, "/cases", http.StatusSeeOther)
	}))
	pages.Handle("GET /cases", u.needs(casefile.RoleViewer, u.cases))
	pages.Handle("GET /cases/{id}", u.needs(casefile.RoleViewer, u.caseByID))
	pages.Handle("GET /cases/{id}/visits/{visit}", u.needs(casefile.RoleViewer, u.visit))
	pages.Handle("POST /cases/{id}/actions", u.needs(casefile.RoleAnalyst, u.act))
	pages.Handle("POST /cases/{id}/reveal", u.needs(casefile.RoleAnalyst, u.reveal))
	pages.Handle("POST /cases/{id}/notices/{notice}", u.needs(casefile.RoleAnalyst, u.notice))
	pages.Handle("GET /removal", u.needs(casefile.RoleViewer, u.removal))
	pages.Handle("GET /", u.needs(casefile.RoleViewer, func(w http.ResponseWriter, r *http.Request, _ casefile.Person) {
		u.wrong(w, r, "find page", u.missing("", "no_such_page"))
	}))
	cross := http.NewCrossOriginProtection()
	for _, origin := range u.Origins {
		if err := cross.AddTrustedOrigin(origin); err != nil {
			return nil, fmt.Errorf("ui: origin: %w", err)
		}
	}
	all := http.NewServeMux()
	all.HandleFunc("GET "+u.cssPath, static("text/css; charset=utf-8", css))
	all.HandleFunc("GET /static/icon.svg", static("image/svg+xml", icon))
	all.Handle("/", cross.Handler(u.bound(u.sessions.LoadAndSave(pages))))
	return all, nil
}

// text is a text of the pages' own.
func (u *UI) text(code string, values ...any) string { return u.words.Say("text", code, values...) }

// missing is the fault of a person who asks for what is not there.
func (u *UI) missing(field, code string) error {
	return casefile.Problemf(casefile.ProblemNotFound, field, "%s", u.text(code))
}

// ServeHTTP answers one request.
func (u *UI) ServeHTTP(w http.ResponseWriter, r *http.Request) { u.handler.ServeHTTP(w, r) }

// maxForm bounds what a form may send, in bytes.
const maxForm = 64 << 10

// bound limits time and size of a request, and says what a browser may do with the page.
func (u *UI) bound(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; "+
			"img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
		h.Set("Cache-Control", "no-store")
		ctx, cancel := context.WithTimeout(r.Context(), u.Timeout)
		defer cancel()
		r = r.WithContext(ctx)
		r.Body = http.MaxBytesReader(w, r.Body, maxForm)
		next.ServeHTTP(w, r)
	})
}

func static(media string, body []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", media)
		w.Header().Set("Cache-Control", "public, max-age=86400")
		_, _ = w.Write(body)
	}
}

// page is what every template gets.
type page struct {
	Title, Section, CSS string
	Person              casefile.Person
	Now                 time.Time
	Flash, Problem      string
	Degraded            []string
	Content             any
}

// show renders a page whole, then sends it: a fault on the way gives no half page.
func (u *UI) show(w http.ResponseWriter, r *http.Request, status int, name string, p page) {
	p.CSS, p.Person, p.Now = u.cssPath, auth.From(r.Context()), time.Now().UTC()
	if p.Person.Name != "" {
		p.Flash = u.sessions.PopString(r.Context(), flashKey)
		p.Degraded = u.Degraded()
	}
	var b bytes.Buffer
	if err := u.pages.ExecuteTemplate(&b, name, p); err != nil {
		u.Log.Error("page not rendered", zap.String("page", name), zap.Error(err))
		http.Error(w, u.text("not_shown"), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes())
}

// wrong shows what went wrong: the person's fault as it is, ours without words.
func (u *UI) wrong(w http.ResponseWriter, r *http.Request, doing string, err error) {
	var problem *casefile.Problem
	title, status, detail := u.text("something_wrong"), http.StatusInternalServerError, u.text("our_fault")
	switch {
	case errors.As(err, &problem):
		status, detail = needs.Status(problem), problem.Detail
		if status == http.StatusNotFound {
			title = u.text("not_found")
		}
	case errors.Is(r.Context().Err(), context.DeadlineExceeded):
		status, detail = http.StatusServiceUnavailable, u.text("took_too_long")
	default:
		u.Log.Error("request failed", zap.String("doing", doing), zap.Error(err))
	}
	u.show(w, r, status, "wrong.html", page{Title: title, Content: detail})
}
