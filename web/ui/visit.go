package ui

import (
	"net/http"
	"time"

	"vigil/casefile"
	"vigil/explain"
	"vigil/web/auth"
	"vigil/web/mask"
)

// visitView is one visit with its verdict in words. It holds no name of a host: the
// page of the case is where a URL is revealed.
type visitView struct {
	CaseID      casefile.CaseID
	Target      string // masked
	Visit       casefile.Visit
	Took        time.Duration
	Explanation explain.Explanation
	// Earlier is the visit before; 0 when this is the first.
	Earlier casefile.VisitID
}

// visit explains the verdict of one visit, with the transcript of each look.
func (u *UI) visit(w http.ResponseWriter, r *http.Request, p casefile.Person) {
	number, err := u.idOf(r, "visit")
	if err != nil {
		u.wrong(w, r, "find visit", err)
		return
	}
	c, ok := u.caseOf(w, r)
	if !ok {
		return
	}
	found, err := u.Store.Visits(r.Context(), c.ID, casefile.VisitID(number)+1, 2)
	if err == nil && (len(found) == 0 || found[0].ID != casefile.VisitID(number)) {
		err = u.missing("visit", "no_such_visit")
	}
	if err != nil {
		u.wrong(w, r, "load visit", err)
		return
	}
	v := visitView{CaseID: c.ID, Target: c.Target.String(), Visit: found[0], Took: found[0].Ended.Sub(found[0].Started)}
	if len(found) > 1 {
		v.Earlier = found[1].ID
	}
	m := mask.Case(c, auth.MayReveal(r.Context()))
	v.Explanation = explain.Verdict(found[0].Verdict, found[0].Observations, explain.Reading{Target: c.Target, Shown: m.Text})
	u.show(w, r, http.StatusOK, "visit.html", page{Title: u.text("visit_title", "id", v.Visit.ID), Section: "cases", Content: v})
}
