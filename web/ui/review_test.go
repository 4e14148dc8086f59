package ui_test

import (
	"net/http"
	"strings"
	"testing"

	"vigil/casefile"
)

// TestAQuestionIsShownAndAnswered: in the list and on the page, with what each answer does; the answer is kept.
func TestAQuestionIsShownAndAnswered(t *testing.T) {
	t.Parallel()
	at(t, func(t *testing.T) {
		s := sampled(t)
		b := newUI(t, s).as(casefile.RoleAnalyst)
		const question = "In which country is it hosted, and by whom?" // the seventh case
		if body := b.get("/cases?standing=review").Body.String(); strings.Count(body, question) != 1 {
			t.Errorf("the list: %s", body)
		}
		for _, words := range []string{question, "<dt>Keep watching</dt>", "value=\"keep_watching\""} {
			if body := b.get("/cases/7").Body.String(); !strings.Contains(body, words) {
				t.Errorf("the page does not say %q", words)
			}
		}
		viewer := newUI(t, s).as(casefile.RoleViewer)
		if body := viewer.get("/cases/7").Body.String(); !strings.Contains(body, question) || strings.Contains(body, "value=\"keep_watching\"") {
			t.Error("a viewer sees the question, and no button")
		}
		if w := viewer.post("/cases/7/actions", "kind", "keep_watching", "reason", "x"); w.Code != http.StatusForbidden {
			t.Errorf("a viewer answered: %d", w.Code)
		}
		if w := b.post("/cases/7/actions", "kind", "keep_watching", "reason", " "); w.Code != http.StatusUnprocessableEntity {
			t.Errorf("without a reason: %d", w.Code)
		}
		if w := b.post("/cases/7/actions", "kind", "keep_watching", "reason", "nobody can tell"); w.Code != http.StatusSeeOther {
			t.Fatalf("answer: %d %s", w.Code, w.Body)
		}
		body := b.get("/cases/7").Body.String()
		if !strings.Contains(body, "Done: keep watching.") || !strings.Contains(body, "A person answered the question") || strings.Contains(body, "value=\"keep_watching\"") {
			t.Errorf("after the answer: %s", body)
		}
		if c, _ := s.Case(t.Context(), 7); c.Standing != casefile.Watching || !c.Review.Hosting {
			t.Errorf("%s, %+v", c.Standing, c.Review)
		}
		if w := b.post("/cases/7/actions", "kind", "keep_watching", "reason", "again"); w.Code != http.StatusConflict {
			t.Errorf("twice: %d", w.Code)
		}
	})
}

// TestARecordedRemovalIsToldApart on the page, until it is undone.
func TestARecordedRemovalIsToldApart(t *testing.T) {
	t.Parallel()
	at(t, func(t *testing.T) {
		b := newUI(t, sampled(t)).as(casefile.RoleAnalyst)
		const words = "A person recorded the removal"
		if body := b.get("/cases/2").Body.String(); strings.Contains(body, words) || !strings.Contains(body, "Removal confirmed") {
			t.Error("a confirmed removal is called recorded")
		}
		if w := b.post("/cases/1/actions", "kind", "record_removal", "reason", "they wrote"); w.Code != http.StatusSeeOther {
			t.Fatalf("record: %d", w.Code)
		}
		if body := b.get("/cases/1").Body.String(); !strings.Contains(body, words) {
			t.Error("a recorded removal is called confirmed")
		}
		if w := b.post("/cases/1/actions", "kind", "undo_removal", "reason", "another page"); w.Code != http.StatusSeeOther {
			t.Fatalf("undo: %d", w.Code)
		}
		if body := b.get("/cases/1").Body.String(); strings.Contains(body, words) {
			t.Error("an undone removal is still shown")
		}
	})
}
