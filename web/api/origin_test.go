package api_test

import (
	"bytes"
	"encoding/json"
	"net/netip"
	"reflect"
	"strings"
	"testing"

	"vigil/casefile"
	"vigil/web/api"
	"vigil/web/webtest"
)

func TestOriginIsRecordedAndForgotten(t *testing.T) {
	t.Parallel()
	at(t, func(t *testing.T) {
		s := webtest.Sampled(9)
		h := newAPI(t, s)
		act := func(body string) (d api.CaseDetail) {
			t.Helper()
			w := do(h, call{method: "POST", path: api.Prefix + "/cases/8/actions", body: body, role: casefile.RoleAnalyst})
			if w.Code != 200 {
				t.Fatalf("%s: %d %s", body, w.Code, w.Body)
			}
			if err := json.Unmarshal(w.Body.Bytes(), &d); err != nil {
				t.Fatal(err)
			}
			return d
		}
		d := act(`{"kind":"record_origin","origin":"203.0.113.7","country":"DE","reason":"the provider told us"}`)
		if d.Origin == nil || d.Origin.Address != netip.MustParseAddr("203.0.113.7") || d.Origin.Country != "DE" || d.Origin.By != "analyst" || d.Origin.At != webtest.Now || d.Due.Why != casefile.WhyAsked {
			t.Errorf("recorded: %+v, due %+v", d.Origin, d.Due)
		}
		if d = act(`{"kind":"record_origin","country":"NL","reason":"only the country"}`); d.Origin == nil || d.Origin.Address.IsValid() || d.Origin.Country != "NL" {
			t.Errorf("country only: %+v", d.Origin)
		}
		if d = act(`{"kind":"forget_origin","reason":"it moved"}`); d.Origin != nil {
			t.Errorf("forgotten: %+v", d.Origin)
		}
		events, err := s.Events(t.Context(), 8, 0, 100)
		if err != nil || len(events) < 3 {
			t.Fatal(events, err)
		}
		events = events[len(events)-3:]
		if e := events[0]; e.Kind != casefile.EventOriginRecorded || e.Data["network"] != "203.0.113.0/24" || e.Data["country"] != "DE" || e.Actor != "analyst" {
			t.Errorf("event: %+v", e)
		}
		if e := events[2]; e.Kind != casefile.EventOriginForgotten || e.Data["reason"] != "it moved" {
			t.Errorf("event: %+v", e)
		}
	})
}

func TestOriginsThatAreRefused(t *testing.T) {
	t.Parallel()
	h := newAPI(t, webtest.Sampled(9))
	for name, tc := range map[string]struct {
		body   string
		status int
		field  string
	}{
		"no address":                      {`{"kind":"record_origin","origin":"quoted.example","reason":"x"}`, 422, "origin"},
		"private address":                 {`{"kind":"record_origin","origin":"10.66.77.88","reason":"x"}`, 422, "origin"},
		"address of many machines":        {`{"kind":"record_origin","origin":"224.66.77.88","reason":"x"}`, 422, "origin"},
		"address that is too long":        {`{"kind":"record_origin","origin":"` + strings.Repeat("10.66.77.88", 6) + `","reason":"x"}`, 422, "origin"},
		"unknown country":                 {`{"kind":"record_origin","country":"ZZ","reason":"x"}`, 422, "country"},
		"country in words":                {`{"kind":"record_origin","country":"Germany","reason":"x"}`, 422, "country"},
		"neither":                         {`{"kind":"record_origin","reason":"x"}`, 422, "origin"},
		"address with another action":     {`{"kind":"hold","origin":"203.0.113.7","reason":"x"}`, 422, "origin"},
		"country with another action":     {`{"kind":"forget_origin","country":"NL","reason":"x"}`, 422, "country"},
		"without a reason":                {`{"kind":"record_origin","origin":"203.0.113.7","reason":" "}`, 422, "reason"},
		"nothing to forget":               {`{"kind":"forget_origin","reason":"x"}`, 409, "action"},
		"an address that is not a string": {`{"kind":"record_origin","origin":7,"reason":"x"}`, 422, "origin"},
	} {
		w := do(h, call{method: "POST", path: api.Prefix + "/cases/8/actions", body: tc.body, role: casefile.RoleAnalyst})
		var p api.Problem
		if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || w.Code != tc.status || p.Field != tc.field {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
		code(t, w)
		for _, quoted := range []string{"quoted", "66.77", "ZZ", "Germany"} {
			if strings.Contains(w.Body.String(), quoted) {
				t.Errorf("%s: the answer quotes the request: %s", name, w.Body)
			}
		}
	}
	if w := do(h, call{method: "POST", path: api.Prefix + "/cases/8/actions", body: `{"kind":"record_origin","country":"NL","reason":"x"}`, role: casefile.RoleViewer}); w.Code != 403 {
		t.Errorf("as viewer: %d", w.Code)
	}
}

// TestAPlatformIsShown has every part of a hosting that the first sample has not.
func TestAPlatformIsShown(t *testing.T) {
	t.Parallel()
	at(t, func(t *testing.T) {
		w := do(newAPI(t, webtest.Sampled(7)), call{method: "GET", path: api.Prefix + "/cases/7", role: casefile.RoleAnalyst})
		if w.Code != 200 || strings.Contains(w.Body.String(), webtest.Secret) {
			t.Errorf("%d %s", w.Code, w.Body)
		}
		var pretty bytes.Buffer
		if err := json.Indent(&pretty, w.Body.Bytes(), "", "  "); err != nil {
			t.Fatal(err)
		}
		golden(t, "case_platform.json", pretty.Bytes())
	})
}

// TestOriginsAddressIsForAnalysts looks for the address in every answer about the case.
func TestOriginsAddressIsForAnalysts(t *testing.T) {
	t.Parallel()
	at(t, func(t *testing.T) {
		h := newAPI(t, webtest.Sampled(9))
		for _, path := range []string{"/cases/9", "/cases", "/cases/9/visits", "/cases/9/events", "/notices", "/assignments"} {
			w := do(h, call{method: "GET", path: api.Prefix + path, role: casefile.RoleViewer})
			if w.Code != 200 || strings.Contains(w.Body.String(), webtest.OriginAddress) || strings.Contains(w.Body.String(), webtest.Secret) {
				t.Errorf("%s to a viewer: %d %s", path, w.Code, w.Body)
			}
		}
		for role, want := range map[casefile.Role]casefile.Backend{
			casefile.RoleViewer:  {Country: "NL"},
			casefile.RoleAnalyst: {Address: netip.MustParseAddr(webtest.OriginAddress), Country: "NL", By: "analyst", At: webtest.Now.Add(-3 * 3600e9)},
		} {
			w := do(h, call{method: "GET", path: api.Prefix + "/cases/9", role: role})
			var d api.CaseDetail
			if err := json.Unmarshal(w.Body.Bytes(), &d); err != nil || d.Origin == nil || !reflect.DeepEqual(*d.Origin, want) {
				t.Errorf("to a %s: %+v, %v", role, d.Origin, err)
			}
			var pretty bytes.Buffer
			if err := json.Indent(&pretty, w.Body.Bytes(), "", "  "); err != nil {
				t.Fatal(err)
			}
			golden(t, "case_origin_"+string(role)+".json", pretty.Bytes())
		}
	})
}
