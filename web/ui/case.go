package ui

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"vigil/casefile"
	"vigil/explain"
	"vigil/lifecycle"
	"vigil/web/auth"
	"vigil/web/mask"
	"vigil/web/needs"
)

type caseView struct {
	Case     casefile.Case
	Now      time.Time
	Removal  casefile.Confirm // the streak that confirms a removal; zero when it is not known
	Revealed string           // the URL, when it was revealed for this page
	Referrer string
	Reports  []casefile.Report
	// SameLabelDomains are the cases of the same name under other endings.
	Namesakes casefile.SameLabelDomains
	Visit     *casefile.Visit // the last one
	Hosting   *casefile.Hosting
	// Origin is what a person recorded; only its country for those who may not reveal the
	// URL. OriginCounts says that the present decision was made with it.
	Origin       *casefile.Backend
	OriginCounts bool
	// OriginForm says that there is a reason to record or to forget an origin.
	OriginForm bool
	Notices    []casefile.Notice
	// MoreNotices says that Notices are only the newest.
	MoreNotices     bool
	Actions         []casefile.ActionKind
	Question        string             // of a case in review
	Answers         []explain.Answer   // to it
	Page            *casefile.Features // what the last visit read, when it may be accepted as the content
	Timeline        []entry
	Newest, Earlier string
}

// maxNotices is how many notices the page of a case lists.
const maxNotices = 50

// actions in the order of their buttons: the harmless ones first.
var actions = []casefile.ActionKind{
	casefile.ActLook, casefile.ActNote, casefile.ActHold, casefile.ActRelease, casefile.ActKeep,
	casefile.ActAccept, casefile.ActRecord, casefile.ActOverturn, casefile.ActWithdraw,
}

// possible are the actions that the case allows as it is. page is what the last visit read, if that may be the content.
func possible(c casefile.Case, page *casefile.Features) []casefile.ActionKind {
	var out []casefile.ActionKind
	for _, kind := range actions {
		if kind == casefile.ActHold && c.Held {
			continue
		}
		if lifecycle.Allows(c, kind, page) {
			out = append(out, kind)
		}
	}
	return out
}

func (u *UI) idOf(r *http.Request, name string) (int64, error) {
	id, err := strconv.ParseInt(r.PathValue(name), 10, 64)
	if err != nil || id < 1 {
		return 0, u.missing(name, "no_such_page")
	}
	return id, nil
}

// caseOf loads the case that a page is about; ok is false when it was answered why not.
func (u *UI) caseOf(w http.ResponseWriter, r *http.Request) (c casefile.Case, ok bool) {
	id, err := u.idOf(r, "id")
	if err == nil {
		c, err = u.Store.Case(r.Context(), casefile.CaseID(id))
	}
	if err != nil {
		u.wrong(w, r, "load case", err)
	}
	return c, err == nil
}

func (u *UI) caseByID(w http.ResponseWriter, r *http.Request, _ casefile.Person) {
	if c, ok := u.caseOf(w, r); ok {
		u.showCase(w, r, http.StatusOK, c, casefile.Target{}, "")
	}
}

// showCase shows a case; with the URL when revealed is set.
func (u *UI) showCase(w http.ResponseWriter, r *http.Request, status int, c casefile.Case, revealed casefile.Target, problem string) {
	v, err := u.view(r, c, revealed)
	if err != nil {
		u.wrong(w, r, "load case", err)
		return
	}
	u.show(w, r, status, "case.html", page{Title: u.text("case_title", "id", c.ID), Section: "cases", Problem: problem, Content: v})
}

func (u *UI) view(r *http.Request, c casefile.Case, revealed casefile.Target) (caseView, error) {
	ctx := r.Context()
	mayReveal := auth.MayReveal(ctx)
	m := mask.Case(c, mayReveal)
	v := caseView{Case: c, Now: time.Now().UTC(), Removal: u.Removal}
	if !revealed.IsZero() {
		m, v.Revealed, v.Referrer = mask.Masker{}, revealed.URL(), c.Referrer.URL()
	}
	if c.Hosting != nil {
		h := mask.Of(m, *c.Hosting)
		v.Hosting, v.OriginCounts = &h, h.Origin == casefile.OriginKnown && c.Hosting.Knows(c.Backend)
		v.OriginForm = h.Edge != nil || c.Backend != nil || c.Standing == casefile.Review
	}
	if v.Origin = c.Backend; !mayReveal {
		v.Origin = c.Backend.Public()
	}
	var err error
	if v.Reports, err = u.Store.Reports(ctx, c.ID); err != nil {
		return v, err
	}
	v.Reports = mask.Of(m, v.Reports)
	if v.Namesakes, err = u.Store.SameLabelCases(ctx, c.ID); err != nil {
		return v, err
	}
	last, err := u.Store.Visits(ctx, c.ID, 0, 1)
	if err != nil {
		return v, err
	}
	var read *casefile.Features
	if len(last) > 0 {
		last[0].Verdict = mask.Of(m, last[0].Verdict)
		v.Visit = &last[0]
		if v.Visit.Counted {
			read = v.Visit.Page()
		}
		if v.Visit.Verdict.State == casefile.StateChanged {
			v.Page = read
		}
	}
	v.Actions = possible(c, v.Page)
	if q, ok := c.Question(read); ok {
		v.Question, v.Answers = explain.Question(u.words, q)
		v.Question = m.Text(v.Question)
	}
	if v.Notices, err = u.Store.Notices(ctx, casefile.NoticeFilter{CaseID: c.ID, Limit: maxNotices}); err != nil {
		return v, err
	}
	v.MoreNotices = len(v.Notices) == maxNotices
	return v, u.history(ctx, &v, r.URL.Query(), m)
}

func (u *UI) act(w http.ResponseWriter, r *http.Request, p casefile.Person) {
	u.change(w, r, func(ctx context.Context, c casefile.Case, reason string) (casefile.Target, error) {
		a := casefile.Action{Kind: casefile.ActionKind(r.PostFormValue("kind")), Actor: p.Name, Reason: reason, At: time.Now().UTC()}
		if n, err := strconv.ParseInt(r.PostFormValue("visit"), 10, 64); err == nil && a.Kind == casefile.ActAccept {
			a.Visit = casefile.VisitID(n) // what the person saw, not what was seen since
		}
		if a.Kind == casefile.ActOrigin {
			var problem *casefile.Problem
			a.Origin, a.Country, problem = u.Origin(
				strings.TrimSpace(r.PostFormValue("origin")), strings.TrimSpace(r.PostFormValue("country")))
			if problem != nil {
				return casefile.Target{}, problem
			}
		}
		_, err := u.Store.Act(ctx, c.ID, a)
		if err == nil {
			u.sessions.Put(ctx, flashKey, u.text("done", "action", strings.ToLower(u.words.Say("action", a.Kind))))
		}
		return casefile.Target{}, err
	})
}

func (u *UI) reveal(w http.ResponseWriter, r *http.Request, p casefile.Person) {
	u.change(w, r, func(ctx context.Context, c casefile.Case, reason string) (casefile.Target, error) {
		return u.Store.Reveal(ctx, c.ID, p.Name, reason, time.Now().UTC())
	})
}

// change does something to a case for a reason, and shows the case: with a
// problem, with the URL that do revealed, or at its own address.
func (u *UI) change(w http.ResponseWriter, r *http.Request, do func(context.Context, casefile.Case, string) (casefile.Target, error)) {
	c, ok := u.caseOf(w, r)
	if !ok {
		return
	}
	reason := strings.TrimSpace(r.PostFormValue("reason"))
	if reason == "" || len(reason) > casefile.MaxActionReason {
		problem := u.text("give_a_reason", "n", strconv.Itoa(casefile.MaxActionReason))
		u.showCase(w, r, http.StatusUnprocessableEntity, c, casefile.Target{}, problem)
		return
	}
	revealed, err := do(r.Context(), c, reason)
	switch problem, theirs := errors.AsType[*casefile.Problem](err); {
	case theirs:
		u.showCase(w, r, needs.Status(problem), c, casefile.Target{}, problem.Detail)
	case err != nil:
		u.wrong(w, r, "change case", err)
	case revealed.IsZero():
		http.Redirect(w, r, "/cases/"+strconv.FormatInt(int64(c.ID), 10), http.StatusSeeOther)
	default:
		u.showCase(w, r, http.StatusOK, c, revealed, "")
	}
}

// notice shows the text of a notice. It names the URL: the reveal is recorded first.
func (u *UI) notice(w http.ResponseWriter, r *http.Request, p casefile.Person) {
	id, err := u.idOf(r, "id")
	number, err2 := u.idOf(r, "notice")
	var n casefile.Notice
	if err = cmp.Or(err, err2); err == nil {
		n, err = u.Store.Notice(r.Context(), casefile.NoticeID(number))
	} else {
		err = u.missing("", "no_such_notice")
	}
	if err == nil && n.CaseID != casefile.CaseID(id) {
		err = u.missing("", "no_such_notice")
	}
	if err != nil {
		u.wrong(w, r, "load notice", err)
		return
	}
	if _, err := u.Store.Reveal(r.Context(), n.CaseID, p.Name, "read notice "+strconv.FormatInt(number, 10), time.Now().UTC()); err != nil {
		u.wrong(w, r, "reveal", err)
		return
	}
	u.show(w, r, http.StatusOK, "notice.html", page{Title: u.text("notice_number", "id", n.ID), Section: "cases", Content: n})
}

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
