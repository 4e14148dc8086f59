package ui_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"vigil/casefile"
)

func TestRecordingAnOrigin(t *testing.T) {
	t.Parallel()
	at(t, func(t *testing.T) {
		s := sampled(t)
		b := newUI(t, s).as(casefile.RoleAnalyst)
		const form = "name=\"origin\""
		for id, shown := range map[int]bool{1: false, 7: true, 8: true, 9: true, 10: false} { // 7 is in review, 8 behind an edge, 9 has a record, 10 was not visited
			if got := strings.Contains(b.get(fmt.Sprintf("/cases/%d", id)).Body.String(), form); got != shown {
				t.Errorf("case %d has the form: %t", id, got)
			}
		}
		for name, fields := range map[string][]string{
			"no address": {"origin", "quoted.example"}, "private address": {"origin", "10.0.0.1"}, "no country": {"country", "ZZ"}, "neither": {"origin", " "},
		} {
			w := b.post("/cases/8/actions", append(fields, "kind", "record_origin", "reason", "x")...)
			if w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), "class=\"banner bad\"") || strings.Contains(w.Body.String(), "quoted.example") {
				t.Errorf("%s: %d %s", name, w.Code, w.Body)
			}
		}
		if w := b.post("/cases/8/actions", "kind", "record_origin", "origin", " 203.0.113.7 ", "country", "", "reason", "the provider told us"); w.Code != http.StatusSeeOther {
			t.Fatalf("record: %d %s", w.Code, w.Body)
		}
		body := b.get("/cases/8").Body.String()
		for _, words := range []string{"Done: record the origin.", "recorded by analyst", "203.0.113.7", "counts from the next look", "Forget what was recorded", "The origin was recorded"} {
			if !strings.Contains(body, words) {
				t.Errorf("the page does not say %q: %s", words, body)
			}
		}
		if c, _ := s.Case(t.Context(), 8); c.Backend == nil || c.Backend.Address.String() != "203.0.113.7" || c.Backend.By != "analyst" {
			t.Errorf("recorded: %+v", c.Backend)
		}
		if body := newUI(t, s).as(casefile.RoleViewer).get("/cases/8").Body.String(); strings.Contains(body, "203.0.113.7") || strings.Contains(body, form) || !strings.Contains(body, "counts from the next look") {
			t.Errorf("to a viewer: %s", body)
		}
		if w := b.post("/cases/8/actions", "kind", "forget_origin", "reason", "it moved"); w.Code != http.StatusSeeOther {
			t.Fatalf("forget: %d %s", w.Code, w.Body)
		}
		if c, _ := s.Case(t.Context(), 8); c.Backend != nil {
			t.Errorf("forgotten: %+v", c.Backend)
		}
		if w := b.post("/cases/8/actions", "kind", "forget_origin", "reason", "again"); w.Code != http.StatusConflict {
			t.Errorf("forget twice: %d", w.Code)
		}
	})
}
