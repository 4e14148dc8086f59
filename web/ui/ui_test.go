package ui_test

import (
	"errors"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"vigil/casefile"
	"vigil/web/ui"
	"vigil/web/webtest"
)

var update = flag.Bool("update", false, "rewrite the golden files")

var people = webtest.NewPeople()

// browser keeps cookies as a browser does.
type browser struct {
	t       *testing.T
	h       http.Handler
	cookies map[string]string
	header  map[string]string
}

func newUI(t *testing.T, s *webtest.Store, change ...func(*ui.Options)) *browser {
	t.Helper()
	o := ui.Options{Store: s, Accounts: people.Accounts, Sessions: s, Origin: webtest.Origin, Figures: webtest.Figures, Removal: webtest.Removal}
	for _, c := range change {
		c(&o)
	}
	h, err := ui.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return &browser{t: t, h: h, cookies: map[string]string{}, header: map[string]string{}}
}

func (b *browser) do(method, path string, form url.Values) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(form.Encode()))
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for name, value := range b.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	for name, value := range b.header {
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	b.h.ServeHTTP(w, r)
	for _, c := range w.Result().Cookies() {
		b.cookies[c.Name] = c.Value
		if c.MaxAge < 0 {
			delete(b.cookies, c.Name)
		}
	}
	return w
}

func (b *browser) get(path string) *httptest.ResponseRecorder { return b.do("GET", path, nil) }

func (b *browser) post(path string, fields ...string) *httptest.ResponseRecorder {
	form := url.Values{}
	for i := 0; i < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	return b.do("POST", path, form)
}

func (b *browser) as(role casefile.Role) *browser {
	b.t.Helper()
	if w := b.post("/login", "name", string(role), "password", webtest.Password); w.Code != http.StatusSeeOther {
		b.t.Fatalf("log in as %s: %d %s", role, w.Code, w.Body)
	}
	return b
}

// at runs do at the present of the samples.
func at(t *testing.T, do func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(webtest.Now))
		do(t)
	})
}

var stylesheet = regexp.MustCompile(`vigil\.[0-9a-f]+\.css`)

func golden(t *testing.T, name string, got string) {
	t.Helper()
	got = stylesheet.ReplaceAllString(got, "vigil.css")
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s differs (-want +got; -update rewrites it):\n%s", name, diff)
	}
}

// pages are the pages with the least role that sees them.
var pages = []struct {
	name, method, path string
	form               []string
	need               casefile.Role
	reveals            bool
}{
	{"cases", "GET", "/cases", nil, casefile.RoleViewer, false},
	{"cases_filtered", "GET", "/cases?standing=removed&country=us&limit=1&before=9", nil, casefile.RoleViewer, false},
	{"cases_none", "GET", "/cases?hotline=nobody", nil, casefile.RoleViewer, false},
	{"case_confirming", "GET", "/cases/1", nil, casefile.RoleViewer, false},
	{"case_removed", "GET", "/cases/2", nil, casefile.RoleViewer, false},
	{"case_unavailable", "GET", "/cases/3", nil, casefile.RoleViewer, false},
	{"case_held", "GET", "/cases/4", nil, casefile.RoleViewer, false},
	{"case_withdrawn", "GET", "/cases/5", nil, casefile.RoleViewer, false},
	{"case_platform", "GET", "/cases/7", nil, casefile.RoleViewer, false},
	{"case_edge", "GET", "/cases/8", nil, casefile.RoleViewer, false},
	{"case_origin", "GET", "/cases/9", nil, casefile.RoleViewer, false},
	{"visit", "GET", "/cases/1/visits/11", nil, casefile.RoleViewer, false},
	{"visit_not_believed", "GET", "/cases/3/visits/30", nil, casefile.RoleViewer, false},
	{"visit_of_another_case", "GET", "/cases/1/visits/21", nil, casefile.RoleViewer, false},
	{"case_fresh", "GET", "/cases/10", nil, casefile.RoleViewer, false},
	{"case_revealed", "POST", "/cases/1/reveal", []string{"reason", "a second pair of eyes"}, casefile.RoleAnalyst, true},
	{"case_refused", "POST", "/cases/1/actions", []string{"kind", "release", "reason", "the police are done"}, casefile.RoleAnalyst, false},
	{"notice", "POST", "/cases/1/notices/1", []string{}, casefile.RoleAnalyst, true},
	{"removal", "GET", "/removal", nil, casefile.RoleViewer, false},
	{"removal_notice", "GET", "/removal?clock=notice", nil, casefile.RoleViewer, false},
	{"not_found", "GET", "/nothing", nil, casefile.RoleViewer, false},
}

// sampled has the samples and a case without any visit.
func sampled(t *testing.T) *webtest.Store {
	t.Helper()
	s := webtest.Sampled(9)
	if _, err := s.AddReports(t.Context(), []casefile.Report{{Target: webtest.Target(10), Source: "public", Classification: casefile.ClassUnclassified, Received: webtest.Now}}, webtest.Now); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestPages(t *testing.T) {
	t.Parallel()
	for _, p := range pages {
		for _, role := range []casefile.Role{casefile.RoleViewer, casefile.RoleAnalyst} {
			t.Run(fmt.Sprintf("%s as %s", p.name, role), func(t *testing.T) {
				t.Parallel()
				at(t, func(t *testing.T) {
					b := newUI(t, sampled(t)).as(role)
					w := b.do(p.method, p.path, nil)
					if p.form != nil {
						w = b.post(p.path, p.form...)
					}
					body := w.Body.String()
					if !role.May(p.need) {
						if w.Code != http.StatusForbidden || strings.Contains(body, webtest.Secret) {
							t.Errorf("a %s may see %s: %d", role, p.name, w.Code)
						}
						return
					}
					if shown := strings.Contains(body, webtest.OriginAddress); shown != (p.name == "case_origin" && role == casefile.RoleAnalyst) {
						t.Errorf("shows the address of the origin: %t", shown)
					}
					if strings.Contains(body, webtest.Secret) != p.reveals {
						t.Errorf("reveals the URL: %t, want %t", !p.reveals, p.reveals)
					}
					for name, want := range map[string]string{
						"Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store",
						"Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
					} {
						if got := w.Header().Get(name); got != want {
							t.Errorf("%s = %q", name, got)
						}
					}
					check(t, b, body)
					if role == casefile.RoleAnalyst || p.name == "case_confirming" || p.name == "case_origin" {
						golden(t, fmt.Sprintf("%s_%s.html", p.name, role), fmt.Sprintf("%d\n%s", w.Code, body))
					}
				})
			})
		}
	}
}

func TestWithoutLogInThereIsOnlyTheLogIn(t *testing.T) {
	t.Parallel()
	at(t, func(t *testing.T) {
		b := newUI(t, sampled(t))
		for _, p := range append(pages, pages[0]) {
			b.cookies = map[string]string{"vigil": "made-up"}
			w := b.do(p.method, p.path, nil)
			if to := w.Header().Get("Location"); w.Code != http.StatusSeeOther || !strings.HasPrefix(to, "/login") || w.Body.Len() > 200 {
				t.Errorf("%s: %d to %q", p.path, w.Code, to)
			}
		}
		w := b.get("/cases?standing=removed")
		login := b.get(w.Header().Get("Location"))
		check(t, b, login.Body.String())
		golden(t, "login.html", fmt.Sprintf("%d\n%s", login.Code, login.Body))
	})
}

func TestLogIn(t *testing.T) {
	t.Parallel()
	at(t, func(t *testing.T) {
		s := sampled(t)
		b := newUI(t, s, func(o *ui.Options) { o.Secure = true })
		for name, fields := range map[string][]string{
			"wrong password": {"name", "viewer", "password", "a calm night watcher"}, "unknown name": {"name", "nobody", "password", webtest.Password}, "nothing": {},
		} {
			if w := b.post("/login", fields...); w.Code != http.StatusUnauthorized || len(b.cookies) != 0 || !strings.Contains(w.Body.String(), "do not belong together") {
				t.Errorf("%s: %d %v", name, w.Code, b.cookies)
			}
		}
		for next, want := range map[string]string{
			"/cases/3?event=4": "/cases/3?event=4", "/removal": "/removal", "//evil.example": "/cases", "https://evil.example/cases": "/cases", "/\\evil.example": "/cases",
			"/casesevil": "/cases", "": "/cases", "javascript:alert(1)": "/cases",
		} {
			w := b.post("/login", "name", "viewer", "password", webtest.Password, "next", next)
			if w.Header().Get("Location") != want {
				t.Errorf("next %q leads to %q", next, w.Header().Get("Location"))
			}
			time.Sleep(2 * time.Minute) // the limit of tries
		}
		w := b.post("/login", "name", "viewer", "password", webtest.Password)
		c := w.Result().Cookies()
		if len(c) != 1 || c[0].Name != "__Host-vigil" || !c[0].Secure || !c[0].HttpOnly || c[0].SameSite != http.SameSiteLaxMode || c[0].Path != "/" || c[0].Domain != "" {
			t.Fatalf("cookies = %v", c)
		}
		if _, found, _ := s.Find(c[0].Value); found {
			t.Error("the session is kept by its token, not by a hash")
		}
		before := c[0].Value
		if b.post("/login", "name", "viewer", "password", webtest.Password); b.cookies["__Host-vigil"] == before {
			t.Error("a log-in kept the token of the session before")
		}
		if w := b.get("/"); w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/cases" {
			t.Errorf("/ leads to %q", w.Header().Get("Location"))
		}
		old := b.cookies["__Host-vigil"]
		if w := b.post("/logout"); w.Header().Get("Location") != "/login" {
			t.Errorf("log out: %d", w.Code)
		}
		b.cookies["__Host-vigil"] = old
		if w := b.get("/cases"); w.Code != http.StatusSeeOther {
			t.Errorf("after log out: %d", w.Code)
		}
		b.as(casefile.RoleViewer)
		time.Sleep(59 * time.Minute)
		if w := b.get("/cases"); w.Code != http.StatusOK {
			t.Errorf("after 59 minutes: %d", w.Code)
		}
		time.Sleep(61 * time.Minute)
		if w := b.get("/cases"); w.Code != http.StatusSeeOther {
			t.Errorf("after an idle hour: %d", w.Code)
		}
	})
}

func TestTriesAreLimited(t *testing.T) {
	t.Parallel()
	at(t, func(t *testing.T) {
		b := newUI(t, sampled(t))
		for range 5 {
			b.post("/login", "name", "viewer", "password", "wrong")
		}
		w := b.post("/login", "name", "viewer", "password", webtest.Password)
		if w.Code != http.StatusTooManyRequests || w.Header().Get("Retry-After") == "" {
			t.Errorf("sixth try: %d %v", w.Code, w.Header())
		}
		time.Sleep(time.Minute)
		b.as(casefile.RoleViewer)
	})
}

func TestFormsOfOtherSitesAreRefused(t *testing.T) {
	t.Parallel()
	at(t, func(t *testing.T) {
		s := sampled(t)
		b := newUI(t, s, func(o *ui.Options) { o.Origins = []string{"https://vigil.example"} }).as(casefile.RoleAnalyst)
		for header, value := range map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"} {
			b.header = map[string]string{header: value}
			if w := b.post("/cases/1/actions", "kind", "withdraw", "reason", "x"); w.Code != http.StatusForbidden {
				t.Errorf("%s %s: %d", header, value, w.Code)
			}
			if w := b.post("/login", "name", "analyst", "password", webtest.Password); w.Code != http.StatusForbidden {
				t.Errorf("log-in with %s %s: %d", header, value, w.Code)
			}
		}
		if c, _ := s.Case(t.Context(), 1); c.Standing != casefile.Confirming {
			t.Errorf("the case is %s", c.Standing)
		}
		b.header = map[string]string{"Origin": "https://vigil.example", "Sec-Fetch-Site": "same-site"}
		if w := b.post("/cases/1/actions", "kind", "hold", "reason", "x"); w.Code != http.StatusSeeOther {
			t.Errorf("own origin behind a proxy: %d", w.Code)
		}
	})
}

func TestActing(t *testing.T) {
	t.Parallel()
	at(t, func(t *testing.T) {
		s := sampled(t)
		b := newUI(t, s).as(casefile.RoleAnalyst)
		w := b.post("/cases/1/actions", "kind", "hold", "reason", "  the police ask for it ")
		if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/cases/1" {
			t.Fatalf("hold: %d %s", w.Code, w.Body)
		}
		if body := b.get("/cases/1").Body.String(); !strings.Contains(body, "Done: hold: police first.") || !strings.Contains(body, "the police ask for it") || !strings.Contains(body, "Release the hold") {
			t.Errorf("page after the hold: %s", body)
		}
		if body := b.get("/cases/1").Body.String(); strings.Contains(body, "Done:") {
			t.Error("the message is shown twice")
		}
		c, _ := s.Case(t.Context(), 1)
		events, _ := s.Events(t.Context(), 1, 0, 100)
		if last := events[len(events)-1]; !c.Held || last.Kind != casefile.EventHeld || last.Actor != "analyst" || last.Data["reason"] != "the police ask for it" {
			t.Errorf("held %t, event %+v", c.Held, last)
		}
		for name, tc := range map[string]struct {
			path   string
			fields []string
			want   int
		}{
			"no reason":                     {"/cases/1/actions", []string{"kind", "look_now", "reason", " "}, 422},
			"long reason":                   {"/cases/1/actions", []string{"kind", "look_now", "reason", strings.Repeat("x", 1001)}, 422},
			"unknown action":                {"/cases/1/actions", []string{"kind", "explode", "reason", "x"}, 422},
			"reveal without reason":         {"/cases/1/reveal", nil, 422},
			"unknown case":                  {"/cases/99/actions", []string{"kind", "hold", "reason", "x"}, 404},
			"case that is no number":        {"/cases/x/reveal", []string{"reason", "x"}, 404},
			"notice of another case":        {"/cases/2/notices/1", []string{}, 404},
			"notice that is no number":      {"/cases/2/notices/x", []string{}, 404},
			"form over the bound":           {"/cases/1/actions", []string{"kind", "hold", "reason", strings.Repeat("x", 70<<10)}, 422},
			"move that is not in the table": {"/cases/5/actions", []string{"kind", "withdraw", "reason", "x"}, 409},
		} {
			if w := b.post(tc.path, tc.fields...); w.Code != tc.want {
				t.Errorf("%s: %d, want %d", name, w.Code, tc.want)
			}
		}
		for i, c := range []struct{ path, reason string }{{"/cases/1/reveal", "to be sure"}, {"/cases/1/notices/1", "read notice 1"}} {
			b.post(c.path, "reason", "to be sure")
			events, _ := s.Events(t.Context(), 1, 0, 100)
			if last := events[len(events)-1]; last.Kind != casefile.EventRevealed || last.Data["reason"] != c.reason {
				t.Errorf("reveal %d: event %+v", i, last)
			}
		}
	})
}

func TestOurFaultsAreToldWithoutWords(t *testing.T) {
	t.Parallel()
	at(t, func(t *testing.T) {
		s := sampled(t)
		b := newUI(t, s, func(o *ui.Options) { o.Sessions = webtest.NewStore() }).as(casefile.RoleAnalyst)
		s.Err = errors.New("disk of quoted.example is full")
		for _, p := range pages {
			if strings.HasPrefix(p.path, "/removal") || p.name == "not_found" {
				continue
			}
			if w := b.do(p.method, p.path, url.Values{"reason": {"x"}, "kind": {"hold"}}); w.Code != 500 || strings.Contains(w.Body.String(), "disk") {
				t.Errorf("%s: %d %s", p.name, w.Code, w.Body)
			}
		}
	})
}

func TestAClosedGateIsOnEveryPage(t *testing.T) {
	t.Parallel()
	at(t, func(t *testing.T) {
		b := newUI(t, webtest.Sampled(1), func(o *ui.Options) {
			o.Degraded = func() []string { return []string{"The gate is closed from <local>."} }
		})
		const told = "The gate is closed from &lt;local&gt;."
		if strings.Contains(b.get("/login").Body.String(), told) {
			t.Error("strangers are told of our line")
		}
		b.as(casefile.RoleViewer)
		for _, path := range []string{"/cases", "/cases/1", "/removal"} {
			if !strings.Contains(b.get(path).Body.String(), told) {
				t.Errorf("%s does not tell", path)
			}
		}
	})
}
