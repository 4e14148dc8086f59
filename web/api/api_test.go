package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"vigil/casefile"
	"vigil/web/api"
	"vigil/web/needs"
	"vigil/web/webtest"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// people are shared: hashing a password takes its time.
var people = webtest.NewPeople()

func newAPI(t *testing.T, s needs.Store, change ...func(*needs.Options)) http.Handler {
	t.Helper()
	o := needs.Options{Store: s, Tokens: people.Tokens, Parse: webtest.Parse, Origin: webtest.Origin, Figures: webtest.Figures, Removal: webtest.Removal, Version: "test"}
	for _, c := range change {
		c(&o)
	}
	a, err := api.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

type call struct {
	method, path, body string
	role               casefile.Role
	header             map[string]string
}

func do(h http.Handler, c call) *httptest.ResponseRecorder {
	r := httptest.NewRequest(c.method, c.path, strings.NewReader(c.body))
	if c.role != "" {
		r.Header.Set("Authorization", "Bearer "+people.Token(c.role))
	}
	if c.method == http.MethodPost {
		r.Header.Set("Content-Type", "application/json")
	}
	for k, v := range c.header {
		r.Header.Set(k, v)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s differs (-want +got; -update rewrites it):\n%s", name, diff)
	}
}

// at runs do at the present of the samples.
func at(t *testing.T, do func(t *testing.T)) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(webtest.Now))
		do(t)
	})
}

const (
	reason = `{"reason":"a second pair of eyes"}`
	report = `{"url":"https://new.example/a","source":"public"}`
)

// routes are all routes with the least role that may use them.
var routes = []struct {
	name, method, path, body string
	need                     casefile.Role
	status                   int
}{
	{"post_report", "POST", "/reports", report, casefile.RoleAnalyst, 201},
	{"cases", "GET", "/cases?limit=2", "", casefile.RoleViewer, 200},
	{"cases_filtered", "GET", "/cases?standing=removed&country=US&hotline=Hotline+US", "", casefile.RoleViewer, 200},
	{"case", "GET", "/cases/1", "", casefile.RoleViewer, 200},
	{"visits", "GET", "/cases/1/visits?limit=1", "", casefile.RoleViewer, 200},
	{"events", "GET", "/cases/1/events?limit=2", "", casefile.RoleViewer, 200},
	{"action", "POST", "/cases/1/actions", `{"kind":"hold","reason":"police first"}`, casefile.RoleAnalyst, 200},
	{"reveal", "POST", "/cases/1/reveal", reason, casefile.RoleAnalyst, 200},
	{"notices", "GET", "/notices?limit=1", "", casefile.RoleViewer, 200},
	{"notice", "GET", "/notices/1", "", casefile.RoleAnalyst, 200},
	{"assignments", "GET", "/assignments?limit=1", "", casefile.RoleViewer, 200},
	{"removal", "GET", "/stats/removal", "", casefile.RoleViewer, 200},
	{"removal_by_country", "GET", "/stats/removal?clock=notice&by=country", "", casefile.RoleViewer, 200},
}

func TestAnswers(t *testing.T) {
	t.Parallel()
	for _, route := range routes {
		t.Run(route.name, func(t *testing.T) {
			t.Parallel()
			at(t, func(t *testing.T) {
				w := do(newAPI(t, webtest.Sampled(7)), call{method: route.method, path: api.Prefix + route.path, body: route.body, role: route.need})
				if w.Code != route.status {
					t.Fatalf("status %d, want %d: %s", w.Code, route.status, w.Body)
				}
				reveals := route.name == "reveal" || route.name == "notice"
				if strings.Contains(w.Body.String(), webtest.Secret) != reveals {
					t.Errorf("reveals the URL: %t, want %t", !reveals, reveals)
				}
				var pretty bytes.Buffer
				if err := json.Indent(&pretty, w.Body.Bytes(), "", "  "); err != nil {
					t.Fatal(err)
				}
				fmt.Fprintf(&pretty, "\n%d\n%s\n%s", w.Code, w.Header().Get("Content-Type"), w.Header().Get("Link"))
				golden(t, route.name+".json", pretty.Bytes())
				if got := w.Header().Get("Cache-Control"); got != "no-store" {
					t.Errorf("Cache-Control = %q", got)
				}
			})
		})
	}
}

func TestEveryRouteAsksForARole(t *testing.T) {
	t.Parallel()
	h := newAPI(t, webtest.Sampled(7))
	below := map[casefile.Role]casefile.Role{casefile.RoleAnalyst: casefile.RoleViewer, casefile.RoleAdmin: casefile.RoleAnalyst}
	for _, route := range routes {
		c := call{method: route.method, path: api.Prefix + route.path, body: route.body}
		for name, bad := range map[string]string{
			"none": "", "empty": "Bearer ", "malformed": "Bearer vgl_x", "other scheme": "Basic " + people.Token(casefile.RoleAdmin),
			"unknown": "Bearer vgl_" + strings.Repeat("A", 43),
		} {
			c.header = map[string]string{"Authorization": bad}
			w := do(h, c)
			if w.Code != 401 || code(t, w) != "unauthorized" || w.Header().Get("WWW-Authenticate") == "" {
				t.Errorf("%s with token %s: %d %s", route.name, name, w.Code, w.Body)
			}
		}
		if low, ok := below[route.need]; ok {
			c.header, c.role = nil, low
			if w := do(h, c); w.Code != 403 || code(t, w) != "forbidden" {
				t.Errorf("%s as %s: %d %s", route.name, low, w.Code, w.Body)
			}
		}
		c.header, c.role = nil, casefile.RoleAdmin
		if w := do(h, c); w.Code != route.status {
			t.Errorf("%s as admin: %d %s", route.name, w.Code, w.Body)
		}
	}
}

func code(t *testing.T, w *httptest.ResponseRecorder) string {
	t.Helper()
	if got := w.Header().Get("Content-Type"); got != "application/problem+json" {
		t.Errorf("Content-Type = %q", got)
	}
	var p api.Problem
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
		t.Fatalf("%v: %s", err, w.Body)
	}
	if p.Status != w.Code || p.Title != http.StatusText(w.Code) || p.Detail == "" || p.Type != "about:blank" {
		t.Errorf("incomplete problem: %+v", p)
	}
	return p.Code
}

func TestProblems(t *testing.T) {
	t.Parallel()
	h := newAPI(t, webtest.Sampled(7))
	const secret = "https://quoted.example/secret"
	long := strings.Repeat("x", 1001)
	for _, tc := range []struct {
		name, method, path, body string
		status                   int
		code                     string
	}{
		{"unknown address", "GET", "/nothing", "", 404, "not_found"},
		{"wrong method", "DELETE", "/cases/1", "", 405, "method_not_allowed"},
		{"get of a post", "GET", "/reports", "", 405, "method_not_allowed"},
		{"unknown case", "GET", "/cases/99", "", 404, "not_found"},
		{"case that is no number", "GET", "/cases/" + "quoted.example", "", 422, "invalid_field"},
		{"case below one", "GET", "/cases/0", "", 422, "invalid_field"},
		{"visits of an unknown case", "GET", "/cases/99/visits", "", 404, "not_found"},
		{"events of an unknown case", "GET", "/cases/99/events", "", 404, "not_found"},
		{"unknown notice", "GET", "/notices/99", "", 404, "not_found"},
		{"unknown standing", "GET", "/cases?standing=quoted.example", "", 422, "invalid_field"},
		{"country in words", "GET", "/cases?country=quoted.example", "", 422, "invalid_field"},
		{"limit over the page", "GET", "/cases?limit=201", "", 422, "invalid_field"},
		{"two faults", "GET", "/cases?limit=201&standing=quoted.example", "", 422, "invalid_field"},
		{"unknown parameter", "GET", "/cases?target=quoted.example", "", 422, "invalid_field"},
		{"broken cursor", "GET", "/cases?cursor=quoted.example", "", 422, "invalid_field"},
		{"cursor of another list", "GET", "/notices?cursor=Y2FzZTox", "", 422, "invalid_field"},
		{"unknown clock", "GET", "/stats/removal?clock=quoted.example", "", 422, "invalid_field"},
		{"broken json", "POST", "/reports", `{"url":"` + secret, 400, "invalid_request"},
		{"no body", "POST", "/reports", "", 400, "invalid_request"},
		{"json that is no report", "POST", "/reports", `"` + secret + `"`, 400, "invalid_request"},
		{"not utf-8", "POST", "/reports", "{\"url\":\"https://quoted.example/\xff\"}", 400, "invalid_encoding"},
		{"lone surrogate", "POST", "/reports", `{"url":"https://quoted.example/\ud800"}`, 422, "invalid_encoding"},
		{"empty batch", "POST", "/reports", `[]`, 422, "invalid_field"},
		{"too many", "POST", "/reports", "[" + strings.Repeat("{},", 1000) + "{}]", 413, "too_large"},
		{"too large", "POST", "/reports", strings.Repeat(" ", api.MaxBatchSize+1), 413, "too_large"},
		{"no url", "POST", "/reports", `{"source":"public"}`, 422, "invalid_url"},
		{"bad url", "POST", "/reports", `{"url":"ftp://quoted.example/secret"}`, 422, "invalid_url"},
		{"bad referrer", "POST", "/reports", `{"url":"https://new.example/","referrer":"ftp://quoted.example/"}`, 422, "invalid_url"},
		{"unknown field", "POST", "/reports", `{"url":"` + secret + `","hots":1}`, 422, "invalid_field"},
		{"wrong type", "POST", "/reports", `{"url":5}`, 422, "invalid_field"},
		{"unknown class", "POST", "/reports", `{"url":"` + secret + `","classification":"C9"}`, 422, "invalid_field"},
		{"long source", "POST", "/reports", `{"url":"` + secret + `","source":"` + long + `"}`, 422, "invalid_field"},
		{"line break in reference", "POST", "/reports", `{"url":"` + secret + `","reference":"a\nb"}`, 422, "invalid_field"},
		{"received tomorrow", "POST", "/reports", `{"url":"` + secret + `","received":"2999-01-01T00:00:00Z"}`, 422, "invalid_field"},
		{"received in words", "POST", "/reports", `{"url":"` + secret + `","received":"yesterday"}`, 422, "invalid_field"},
		{"received long ago", "POST", "/reports", `{"url":"` + secret + `","received":"0001-01-01T00:00:00Z"}`, 422, "invalid_field"},
		{"action without reason", "POST", "/cases/1/actions", `{"kind":"hold","reason":" "}`, 422, "invalid_field"},
		{"unknown action", "POST", "/cases/1/actions", `{"kind":"quoted.example","reason":"x"}`, 422, "invalid_field"},
		{"action that is not allowed", "POST", "/cases/1/actions", `{"kind":"release","reason":"x"}`, 409, "conflict"},
		{"action on an unknown case", "POST", "/cases/99/actions", `{"kind":"hold","reason":"x"}`, 404, "not_found"},
		{"broken action", "POST", "/cases/1/actions", `{"kind":`, 400, "invalid_request"},
		{"long reason", "POST", "/cases/1/reveal", `{"reason":"` + long + `"}`, 422, "invalid_field"},
		{"reveal of an unknown case", "POST", "/cases/99/reveal", reason, 404, "not_found"},
		{"body over the bound", "POST", "/cases/1/reveal", `{"reason":"` + strings.Repeat(long, 70) + `"}`, 413, "too_large"},
	} {
		w := do(h, call{method: tc.method, path: api.Prefix + tc.path, body: tc.body, role: casefile.RoleAnalyst})
		if got := code(t, w); w.Code != tc.status || got != tc.code {
			t.Errorf("%s: %d %s, want %d %s: %s", tc.name, w.Code, got, tc.status, tc.code, w.Body)
		}
		if strings.Contains(w.Body.String(), "quoted.example") {
			t.Errorf("%s: the answer quotes the request: %s", tc.name, w.Body)
		}
	}
	for name, header := range map[string]map[string]string{
		"form": {"Content-Type": "application/x-www-form-urlencoded"}, "none": {"Content-Type": ""}, "compressed": {"Content-Encoding": "gzip"},
	} {
		w := do(h, call{method: "POST", path: api.Prefix + "/reports", body: report, role: casefile.RoleAnalyst, header: header})
		if w.Code != 415 || code(t, w) != "unsupported_media_type" {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
	golden(t, "problem.json", do(h, call{method: "GET", path: api.Prefix + "/cases?limit=201&standing=x", role: casefile.RoleViewer}).Body.Bytes())
}

func TestOurFaultsAreToldWithoutWords(t *testing.T) {
	t.Parallel()
	s := webtest.Sampled(1)
	s.Err = errors.New("disk of quoted.example is full")
	h := newAPI(t, s)
	for _, route := range routes {
		if strings.Contains(route.path, "/stats/") {
			continue
		}
		w := do(h, call{method: route.method, path: api.Prefix + route.path, body: route.body, role: casefile.RoleAnalyst})
		if w.Code != 500 || code(t, w) != "internal" || strings.Contains(w.Body.String(), "disk") {
			t.Errorf("%s: %d %s", route.name, w.Code, w.Body)
		}
	}
	down := newAPI(t, s, func(o *needs.Options) {
		o.Tokens = func(context.Context, []byte) (casefile.Person, error) { return casefile.Person{}, s.Err }
	})
	if w := do(down, call{method: "GET", path: api.Prefix + "/cases", role: casefile.RoleViewer}); w.Code != 503 || code(t, w) != "unavailable" {
		t.Errorf("tokens not readable: %d %s", w.Code, w.Body)
	}
}

type slow struct{ needs.Store }

func (slow) Cases(ctx context.Context, _ casefile.CaseFilter) ([]casefile.Case, error) {
	<-ctx.Done()
	return nil, fmt.Errorf("list cases: %w", ctx.Err())
}

func TestSlowAndManyRequests(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newAPI(t, slow{webtest.Sampled(1)}, func(o *needs.Options) { o.Rate, o.Burst = 1, 2 })
		start := time.Now()
		w := do(h, call{method: "GET", path: api.Prefix + "/cases", role: casefile.RoleViewer})
		if w.Code != 503 || code(t, w) != "unavailable" || time.Since(start) != 30*time.Second {
			t.Errorf("slow store: %d after %v: %s", w.Code, time.Since(start), w.Body)
		}
		for range 2 {
			do(h, call{method: "GET", path: api.Prefix + "/cases/1", role: casefile.RoleViewer})
		}
		w = do(h, call{method: "GET", path: api.Prefix + "/cases/1", role: casefile.RoleViewer})
		if w.Code != 429 || code(t, w) != "rate_limited" || w.Header().Get("Retry-After") != "1" {
			t.Errorf("too many: %d %v %s", w.Code, w.Header(), w.Body)
		}
		if w := do(h, call{method: "GET", path: api.Prefix + "/cases/1", role: casefile.RoleAnalyst}); w.Code != 200 {
			t.Errorf("another token: %d", w.Code)
		}
	})
}
