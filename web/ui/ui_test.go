package ui_test

import (
	stdcmp "cmp"
	"errors"
	"flag"
	"fmt"
	"html"
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
	"vigil/web/needs"
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

func newUI(t *testing.T, s *webtest.Store, change ...func(*needs.Options)) *browser {
	t.Helper()
	o := needs.Options{Store: s, Accounts: people.Accounts, Sessions: s, Origin: webtest.Origin, Figures: webtest.Figures, Removal: webtest.Removal}
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

// reading is what a page says and does not say, read without its markup.
type reading struct {
	status int // 200 when 0
	says   []string
	lacks  []string
}

var markup = regexp.MustCompile(`<[^>]*>`)

func (r reading) prove(t *testing.T, status int, body string) {
	t.Helper()
	if want := stdcmp.Or(r.status, http.StatusOK); status != want {
		t.Errorf("status %d, want %d", status, want)
	}
	text := strings.Join(strings.Fields(html.UnescapeString(markup.ReplaceAllString(body, " "))), " ")
	for _, words := range r.says {
		if !strings.Contains(text, words) {
			t.Errorf("the page does not say %q:\n%s", words, text)
		}
	}
	for _, words := range r.lacks {
		if strings.Contains(text, words) {
			t.Errorf("the page says %q", words)
		}
	}
}

// reads are the pages that have no golden file of their own: they share their layout with those that have.
var reads = map[string]reading{
	"case_confirming as viewer": {
		says: []string{
			"Case V-1 Confirming", "https://[sealed]", "Dissent: abroad alone would say silent: no answer came in time.", "To Notice State When",
		},
		lacks: []string{"Reveal the URL", "Record removal", "Reason, kept in the history"},
	},
	"case_removed as analyst": {
		says: []string{
			"Case V-2 Removed",
			"Removal confirmed 3 h 58 min ago ; first found gone 1 d 3 h ago . It is looked at again for a return.",
			"Time to removal 2 h 10 min, from the report to the first look that found it gone",
			"Next look in 2 h (looking for a return)", "Undo removal", "Country United States (US) , 90 %: well supported",
			"Countries hosting US, assigned US",
		},
		lacks: []string{"Record removal"},
	},
	"case_unavailable as analyst": {
		says: []string{
			"Case V-3 Unavailable", "Nothing could be seen for 20 h: a log-in is asked for before anything is shown. That is no proof of removal.",
			"(not believed)", "Country France (FR) , 90 %: well supported disputed", "Assigned to Hotline FR not confirmed",
		},
		lacks: []string{"Time to removal 2"},
	},
	"case_held as analyst": {
		says: []string{
			"Case V-4 Watching Held", "Police first: no notice goes to providers until the hold is released.",
			"Release the hold", "Next look in 2 h (ordinary pace)",
		},
		lacks: []string{"Hold: police first"},
	},
	"case_withdrawn as analyst": {
		says: []string{
			"Case V-5 Withdrawn", "The report was taken back. It is not looked at any more.", "Next look none",
		},
		lacks: []string{"Look now"},
	},
	"case_platform as analyst": {
		says: []string{
			"Case V-7 Review",
			"A person must decide. In which country is it hosted, and by whom? Sources name FR; the confidence is 0.51.",
			"Record the origin You know the address or the country", "Keep watching Nobody can tell",
			"Withdraw The report was a mistake", "Country France (FR) , 51 %: supported disputed",
			"Dissent rdap says US (0.35) mmdb:country, registered says [sealed]",
			"Platform Example Pages, host of pages; known by the target's own name 2 signs host *.pages.test cname *[sealed]",
			"Host Example Pages, abuse: form https://pages.test/report", "the desk that the platform of [sealed] publishes",
			"Host Example Hosting, abuse: notice@hosting.test approved",
			"From own directory, language nl: row of the operator's directory",
			"Registrar Example Registrar (IANA 65001), abuse@registrar.test",
			"held by the registrar: not in the DNS clientHold transfer locked by the registrar clientTransferProhibited",
			"Updated 2026-10-02, 32 d 6 h ago", "Expires 2027-11-02, in 363 d",
			"Name servers ns1.dns.test, [sealed]; run by Example DNS",
		},
	},
	"case_edge as analyst": {
		says: []string{
			"Case V-8 Removed", "Country not decided",
			"Edge Example Edge, content delivery network; known by a canonical name 3 signs",
			"cname *.edge.test header x-edge of [sealed] range 192.0.2.0/24, as of 2026-10",
			"Origin unknown: what is behind the edge must still be learned",
			"the addresses are the edge's, the origin is unknown, and no country is decided",
			"Edge Example Edge, abuse: abuse@edge.test From table of edges: the desk that the edge publishes",
			"Countries hosting unknown, assigned NL", "Rule hosting country unknown",
			"Do you know where this is really hosted?", "Public address, such as 203.0.113.9, or empty",
		},
	},
	"case_origin as analyst": {
		says: []string{
			"Country Netherlands (NL) , 100 %: on a person's word",
			"Origin recorded by analyst, 3 h ago : 203.0.113.99; Netherlands (NL)", "Network 203.0.113.0/24",
			"A person recorded where this is really hosted.", "Record another origin", "Forget what was recorded",
			"All 8 claims that the decision was made from", "From RDAP: abuse role of the network of 203.0.113.99",
			"The origin was recorded by analyst country: NL network: 203.0.113.0/24 reason: the provider told us",
		},
	},
	"case_origin as viewer": {
		says: []string{
			"Country Netherlands (NL) , 100 %: on a person's word", "Origin recorded; Netherlands (NL)",
			"All 8 claims that the decision was made from", "From RDAP: abuse role of the network of [sealed]",
			"[sealed]: NL (0.84) from mmdb:country and rdap",
		},
		lacks: []string{"Forget what was recorded", "Record another origin"},
	},
	"case_fresh as analyst": {
		says: []string{
			"Case V-10 Watching", "Waiting for the first look.", "Next look now (new report)", "Visits 0",
			"There was no visit yet.", "Not decided yet.", "Not assigned yet.", "None yet.",
			"public, unclassified, received now",
		},
		lacks: []string{"Seen live", "Visit 1"},
	},
	"case_revealed as analyst": {
		says: []string{
			"You see the URL because you asked for it; that is in the history. Leave the page to hide it.",
			"https://www.site-secret-1.example/folder/page-1.html", "Reverse name srv.www.site-secret-1.example dns",
			"The URL was revealed by analyst reason: a second pair of eyes",
		},
		lacks: []string{"https://[sealed]", "Reveal the URL"},
	},
	"case_refused as analyst":   {status: http.StatusConflict, says: []string{"Case V-1 Confirming", "the case is not held"}},
	"cases_filtered as analyst": {says: []string{"Clear", "Newest"}, lacks: []string{"No case fits."}},
	"cases_none as analyst":     {says: []string{"No case fits. Show all cases"}, lacks: []string{"V-1 "}},
	"visit_not_believed as analyst": {says: []string{
		"Visit 30 of case V-3 Withheld",
		"Not believed: our own internet connection was not sound at that time, or the case was changed during the look. The verdict counts for nothing.",
		"Withheld: a log-in is asked for before anything is shown; 1 of 2 vantages agree.", "It is no proof of removal",
		"certificate not to be trusted (expired)", "2 name servers: [sealed], ns2.dns.test",
	}},
	"visit_of_another_case as analyst": {
		status: http.StatusNotFound, says: []string{"Not found", "This case has no such visit.", "To the cases"},
	},
	"notice as analyst": {says: []string{
		"Notice 1 Draft", "To Host, Example Hosting, abuse@hosting.test (from rdap)",
		"Kind Request for removal, step 1, episode 1", "Subject Request for removal (case 1)",
		"Please remove this page. https://www.site-secret-1.example/folder/page-1.html Thank you.",
		"that is in the history of the case",
	}},
	"removal_notice as analyst": {says: []string{
		"Kaplan-Meier estimate with its 95 % band, time since the first notice.",
		"Cases gone before assessment and cases without a notice are excluded. A case that is still there is censored, never left out.",
	}},
	"not_found as analyst": {status: http.StatusNotFound, says: []string{"Not found", "There is no such page.", "To the cases"}},
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
					words, known := reads[fmt.Sprintf("%s as %s", p.name, role)]
					switch {
					case known:
						words.prove(t, w.Code, body)
					case role == casefile.RoleAnalyst:
						golden(t, p.name+"_analyst.html", fmt.Sprintf("%d\n%s", w.Code, body))
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
		b := newUI(t, s, func(o *needs.Options) { o.Secure = true })
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
		b := newUI(t, s, func(o *needs.Options) { o.Origins = []string{"https://vigil.example"} }).as(casefile.RoleAnalyst)
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
		b := newUI(t, s, func(o *needs.Options) { o.Sessions = webtest.NewStore() }).as(casefile.RoleAnalyst)
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
		b := newUI(t, webtest.Sampled(1), func(o *needs.Options) {
			o.Degraded = func() []string { return []string{"The gate is closed from <local>."} }
		})
		const told = "The gate is closed from &lt;local&gt;."
		if strings.Contains(b.get("/login").Body.String(), told) {
			t.Error("strangers are told of our uplink")
		}
		b.as(casefile.RoleViewer)
		for _, path := range []string{"/cases", "/cases/1", "/removal"} {
			if !strings.Contains(b.get(path).Body.String(), told) {
				t.Errorf("%s does not tell", path)
			}
		}
	})
}
