package api_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"vigil/casefile"
	"vigil/web/api"
	"vigil/web/needs"
	"vigil/web/webtest"
)

func TestOneBadURLDoesNotLoseTheGoodOnes(t *testing.T) {
	t.Parallel()
	at(t, func(t *testing.T) {
		s := webtest.NewStore()
		h := newAPI(t, s)
		post := func(body, key string) (int, []api.ReportOutcome, http.Header) {
			t.Helper()
			w := do(h, call{method: "POST", path: api.Prefix + "/reports", body: body, role: casefile.RoleAnalyst, header: map[string]string{"Idempotency-Key": key}})
			var out []api.ReportOutcome
			if w.Code < 300 {
				if err := json.Unmarshal(w.Body.Bytes(), &out); err != nil {
					t.Fatalf("%v: %s", err, w.Body)
				}
			}
			return w.Code, out, w.Header()
		}
		const batch = `[{"url":"https://a.example/"},{"url":"ftp://b.example/"},5,{"url":"https://c.example/","received":"2026-11-02T10:00:00+02:00","held":true},{"url":"https://a.example/"}]`
		status, out, _ := post(batch, "monday-1")
		if status != 207 || len(out) != 5 {
			t.Fatalf("%d %+v", status, out)
		}
		for i, want := range []struct {
			id    casefile.CaseID
			isNew bool
		}{{1, true}, {}, {}, {2, true}, {1, false}} {
			if (out[i].Problem != nil) != (want.id == 0) || out[i].CaseID != want.id || (out[i].New != nil && *out[i].New != want.isNew) {
				t.Errorf("outcome %d = %+v", i, out[i])
			}
		}
		c, err := s.Case(t.Context(), 2)
		if err != nil || !c.Held || !c.Episode.Opened.Equal(webtest.Start) {
			t.Errorf("case 2 = %+v, %v", c.Episode, err)
		}
		reports, _ := s.Reports(t.Context(), 1)
		if len(reports) != 2 || reports[0].Source != "analyst" || !reports[0].Received.Equal(webtest.Now) || reports[0].Classification != casefile.ClassUnclassified {
			t.Errorf("reports of case 1 = %+v", reports)
		}

		status, again, header := post(batch, "monday-1")
		if status != 207 || header.Get("Idempotency-Replayed") != "true" || again[0].ReportID != out[0].ReportID {
			t.Errorf("replay: %d %v %+v", status, header, again)
		}
		if status, _, _ = post(`[{"url":"https://other.example/"}]`, "monday-1"); status != 409 {
			t.Errorf("another request with the same key: %d", status)
		}
		if status, out, _ = post(`[{"url":"https://d.example/"}]`, ""); status != 201 || len(out) != 1 {
			t.Errorf("all good: %d", status)
		}
		if status, out, _ = post(`[{"url":"x"}]`, "bad"); status != 207 || out[0].Problem == nil || out[0].Problem.Field != "url" {
			t.Errorf("all bad: %d %+v", status, out)
		}
		if reports, _ := s.Reports(t.Context(), 1); len(reports) != 2 {
			t.Errorf("a replay added a report: %d", len(reports))
		}
	})
}

func TestFullBatch(t *testing.T) {
	t.Parallel()
	body := "[" + strings.Repeat(report+",", api.MaxBatch-1) + report + "]"
	w := do(newAPI(t, webtest.NewStore()), call{method: "POST", path: api.Prefix + "/reports", body: body, role: casefile.RoleAnalyst})
	if w.Code != 201 || strings.Count(w.Body.String(), "case_id") != api.MaxBatch {
		t.Errorf("%d %.200s", w.Code, w.Body)
	}
}

func TestPagesLeadThroughAllRows(t *testing.T) {
	t.Parallel()
	at(t, func(t *testing.T) {
		h := newAPI(t, webtest.Sampled(25))
		for path, want := range map[string]int{
			"/cases?limit=10": 25, "/cases?limit=25": 25, "/cases?limit=5&standing=removed": 4, "/notices?limit=12": 25, "/assignments?limit=24": 25,
			"/cases/1/visits?limit=1": 2, "/cases/1/events?limit=1": 3, "/notices?case_id=3&limit=1&state=draft": 1,
		} {
			rows, pages := 0, 0
			for next := api.Prefix + path; next != ""; pages++ {
				w := do(h, call{method: "GET", path: next, role: casefile.RoleViewer})
				var page struct {
					Items []any  `json:"items"`
					Next  string `json:"next"`
				}
				if err := json.Unmarshal(w.Body.Bytes(), &page); err != nil || w.Code != 200 {
					t.Fatalf("%s: %d %v %s", next, w.Code, err, w.Body)
				}
				if len(page.Items) == 0 {
					t.Errorf("%s: an empty page", next)
				}
				if link := w.Header().Get("Link"); (link == "") != (page.Next == "") || !strings.Contains(link, page.Next) {
					t.Errorf("Link %q does not match next %q", link, page.Next)
				}
				rows, next = rows+len(page.Items), page.Next
			}
			if rows != want {
				t.Errorf("%s: %d rows on %d pages, want %d", path, rows, pages, want)
			}
		}
	})
}

func TestRevealIsAnEvent(t *testing.T) {
	t.Parallel()
	s := webtest.Sampled(2)
	h := newAPI(t, s)
	do(h, call{method: "POST", path: api.Prefix + "/cases/1/reveal", body: reason, role: casefile.RoleAnalyst})
	do(h, call{method: "GET", path: api.Prefix + "/notices/1", role: casefile.RoleAnalyst})
	events, err := s.Events(t.Context(), 1, 0, 100)
	if err != nil || len(events) < 2 {
		t.Fatal(events, err)
	}
	for i, want := range []string{"a second pair of eyes", "read notice 1"} {
		e := events[len(events)-2+i]
		if e.Kind != casefile.EventRevealed || e.Actor != "analyst" || e.Data["reason"] != want {
			t.Errorf("event = %+v, want the reason %q", e, want)
		}
	}
}

func TestOpenAPI(t *testing.T) {
	t.Parallel()
	h := newAPI(t, webtest.NewStore())
	w := do(h, call{method: "GET", path: api.Prefix + "/openapi.json"})
	var doc struct {
		OpenAPI string                    `json:"openapi"`
		Paths   map[string]map[string]any `json:"paths"`
		Servers []struct{ URL string }    `json:"servers"`
	}
	if err := json.Unmarshal(w.Body.Bytes(), &doc); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(doc.OpenAPI, "3.1") || len(doc.Servers) != 1 || doc.Servers[0].URL != api.Prefix {
		t.Errorf("openapi %q, servers %v", doc.OpenAPI, doc.Servers)
	}
	for _, route := range routes {
		path, _, _ := strings.Cut(route.path, "?")
		path = strings.Replace(path, "/1", "/{id}", 1)
		if doc.Paths[path][strings.ToLower(route.method)] == nil {
			t.Errorf("%s %s is not described", route.method, path)
		}
	}
	if !strings.Contains(w.Body.String(), `"problem"`) && !strings.Contains(w.Body.String(), "Problem") {
		t.Error("problems are not described")
	}
	if y := do(h, call{method: "GET", path: api.Prefix + "/openapi.yaml"}); y.Code != 200 || !strings.Contains(y.Body.String(), "openapi: 3.1") {
		t.Errorf("yaml: %d %.100s", y.Code, y.Body)
	}
}

// FuzzReports sends anything: the answer is always JSON, never our fault, and a problem quotes nothing.
func FuzzReports(f *testing.F) {
	for _, s := range []string{report, "[" + report + "]", "[]", "{}", `[1,null,"x",[[]]]`, "\xff", `{"url":"https://quoted.example/\u0000"}`, `{"url":"https://a.example/","received":"2026-13-99T00:00:00Z"}`} {
		f.Add(s)
	}
	a, err := api.New(needs.Options{Store: webtest.NewStore(), Tokens: people.Tokens, Parse: webtest.Parse, Origin: webtest.Origin, Figures: webtest.Figures, Rate: 1_000_000, Burst: 1_000_000})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, body string) {
		w := do(a, call{method: "POST", path: api.Prefix + "/reports", body: body, role: casefile.RoleAnalyst})
		if w.Code >= 500 || !json.Valid(w.Body.Bytes()) || strings.Contains(w.Body.String(), "quoted.example") {
			t.Errorf("%q: %d %s", body, w.Code, w.Body)
		}
	})
}
