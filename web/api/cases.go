package api

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"vigil/casefile"
	"vigil/web/auth"
	"vigil/web/mask"
	"vigil/web/shape"
)

func (a *API) caseRoutes() {
	missing := func(op *huma.Operation) { op.Errors = append(op.Errors, 404) }
	changing := func(op *huma.Operation) { op.Errors = append(op.Errors, 400, 404, 409, 413, 415) }
	route(a, http.MethodGet, "/cases", "list_cases", casefile.RoleViewer, a.cases)
	route(a, http.MethodGet, "/cases/{id}", "get_case", casefile.RoleViewer, a.caseByID, missing)
	route(a, http.MethodGet, "/cases/{id}/visits", "list_visits", casefile.RoleViewer, a.visits, missing)
	route(a, http.MethodGet, "/cases/{id}/events", "list_events", casefile.RoleViewer, a.events, missing)
	route(a, http.MethodPost, "/cases/{id}/actions", "post_action", casefile.RoleAnalyst, a.act, changing)
	route(a, http.MethodPost, "/cases/{id}/reveal", "post_reveal", casefile.RoleAnalyst, a.reveal, changing)
	route(a, http.MethodGet, "/assignments", "list_assignments", casefile.RoleViewer, a.assignments)
}

// Which says which case a request is about. The library fills exported embedded structs only.
type Which struct {
	ID int64 `path:"id" minimum:"1" doc:"number of the case"`
}

func (c Which) id() casefile.CaseID { return casefile.CaseID(c.ID) }

func (c Which) path() string { return "/cases/" + strconv.FormatInt(c.ID, 10) }

type filter struct {
	Page
	Standing string `query:"standing" enum:"watching,confirming,removed,unavailable,review,withdrawn,closed"`
	Country  string `query:"country" minLength:"2" maxLength:"2" pattern:"^[A-Z]{2}$" doc:"hosting country, ISO 3166-1 alpha-2"`
	Hotline  string `query:"hotline" maxLength:"200" doc:"name of an assigned hotline"`
}

// page fetches the cases of a filter and the way to the next page.
func (a *API) page(ctx context.Context, in *filter, path string) ([]casefile.Case, Next, error) {
	f := casefile.CaseFilter{Standing: casefile.Standing(in.Standing), Country: in.Country, Hotline: in.Hotline}
	query := url.Values{"standing": {in.Standing}, "country": {in.Country}, "hotline": {in.Hotline}}
	return paged(in.Page, "case", path, query, func(before int64, limit int) ([]casefile.Case, error) {
		f.Before, f.Limit = casefile.CaseID(before), limit
		return a.Store.Cases(ctx, f)
	}, func(c casefile.Case) int64 { return int64(c.ID) })
}

func (a *API) cases(ctx context.Context, in *filter) (*Listed[CaseRow], error) {
	found, n, err := a.page(ctx, in, "/cases")
	if err != nil {
		return nil, a.wrong(ctx, "list cases", err)
	}
	return listed(found, n, func(c casefile.Case) CaseRow { return rowOf(c, mask.New(c.Target)) }), nil
}

type detailOutput struct{ Body CaseDetail }

func (a *API) caseByID(ctx context.Context, in *Which) (*detailOutput, error) {
	c, err := a.Store.Case(ctx, in.id())
	return a.answer(ctx, c, "load case", err)
}

// answer is a case with all that is known, unless it could not be loaded or changed.
func (a *API) answer(ctx context.Context, c casefile.Case, doing string, err error) (*detailOutput, error) {
	out := &detailOutput{}
	if err == nil {
		out.Body, err = a.detail(ctx, c)
	}
	if err != nil {
		return nil, a.wrong(ctx, doing, err)
	}
	return out, nil
}

// masker is for the texts of a case that are shown to who asks.
func masker(ctx context.Context, c casefile.Case) mask.Masker {
	return mask.Case(c, auth.MayReveal(ctx))
}

func (a *API) detail(ctx context.Context, c casefile.Case) (CaseDetail, error) {
	m := masker(ctx, c)
	if !auth.MayReveal(ctx) {
		c.Backend = c.Backend.Public()
	}
	d := CaseDetail{
		CaseRow: rowOf(c, m), Version: c.Version, Origin: c.Backend, UnseenSince: c.Unseen, LookingSince: c.Looking,
		Reports: []Report{}, Namesakes: []casefile.SameLabelCase{},
		Streak: Streak{c.Streak, int64(c.Streak.Span().Seconds()), a.Removal.Verdicts, int64(a.Removal.Span.Seconds())},
	}
	if c.Hosting != nil {
		d.Hosting = hostingOf(*c.Hosting, m)
	}
	if c.Assignment != nil {
		d.Assignment = assignedOf(*c.Assignment)
	}
	reports, err := a.Store.Reports(ctx, c.ID)
	if err != nil {
		return d, err
	}
	d.Reports = each(reports, func(r casefile.Report) Report { return Report{mask.Of(m, r), r.Referrer.String()} })
	named, err := a.Store.SameLabelCases(ctx, c.ID)
	if err != nil {
		return d, err
	}
	d.Namesakes, d.NamesakeCount = shape.List(named.Cases), named.Endings
	visits, err := a.Store.Visits(ctx, c.ID, 0, 1)
	if err != nil || len(visits) == 0 {
		return d, err
	}
	v, believed := shape.VerdictOf(mask.Of(m, visits[0].Verdict)), visits[0].Counted
	d.Verdict, d.Believed = &v, &believed
	if believed {
		d.Question = questionOf(c, visits[0].Page(), m)
	}
	return d, nil
}

type caseList struct {
	Which
	Page
}

func (a *API) visits(ctx context.Context, in *caseList) (*Listed[Visit], error) {
	c, err := a.Store.Case(ctx, in.id())
	if err != nil {
		return nil, a.wrong(ctx, "load case", err)
	}
	found, n, err := paged(in.Page, "visit", in.path()+"/visits", url.Values{}, func(before int64, limit int) ([]casefile.Visit, error) {
		return a.Store.Visits(ctx, c.ID, casefile.VisitID(before), limit)
	}, func(v casefile.Visit) int64 { return int64(v.ID) })
	if err != nil {
		return nil, a.wrong(ctx, "list visits", err)
	}
	m := masker(ctx, c)
	return listed(found, n, func(v casefile.Visit) Visit { return visitOf(v, c.Target, m) }), nil
}

func (a *API) events(ctx context.Context, in *caseList) (*Listed[casefile.Event], error) {
	c, err := a.Store.Case(ctx, in.id())
	if err != nil {
		return nil, a.wrong(ctx, "load case", err)
	}
	found, n, err := paged(in.Page, "event", in.path()+"/events", url.Values{}, func(after int64, limit int) ([]casefile.Event, error) {
		return a.Store.Events(ctx, c.ID, after, limit)
	}, func(e casefile.Event) int64 { return e.Seq })
	if err != nil {
		return nil, a.wrong(ctx, "list events", err)
	}
	m := masker(ctx, c)
	return listed(found, n, func(e casefile.Event) casefile.Event { return eventOf(e, m) }), nil
}

type actionInput struct {
	Which
	Body struct {
		Kind    string `json:"kind" enum:"withdraw,hold,release,look_now,record_removal,undo_removal,keep_watching,accept_page,note,record_origin,forget_origin"`
		Reason  string `json:"reason" minLength:"1" maxLength:"1000" doc:"kept in the history; name no URL in it"`
		Origin  string `json:"origin,omitempty" maxLength:"64" doc:"record_origin: the public address of the origin" example:"203.0.113.9"`
		Country string `json:"country,omitempty" maxLength:"2" doc:"record_origin: the country of the origin, ISO 3166-1 alpha-2" example:"NL"`
		Visit   int64  `json:"visit,omitempty" minimum:"1" doc:"accept_page: the visit whose page is the reported content; default: the last believed one that read a page"`
	}
}

// action is what the caller asks for, with the origin read.
func (a *API) action(ctx context.Context, in *actionInput) (casefile.Action, *casefile.Problem) {
	act := casefile.Action{Kind: casefile.ActionKind(in.Body.Kind), Actor: auth.From(ctx).Name, Reason: in.Body.Reason, At: now()}
	if p := reason(in.Body.Reason); p != nil {
		return act, p
	}
	var p *casefile.Problem
	switch {
	case act.Kind == casefile.ActOrigin:
		act.Origin, act.Country, p = a.Origin(in.Body.Origin, in.Body.Country)
	case in.Body.Origin != "":
		p = casefile.Problemf(casefile.ProblemField, "origin", "only record_origin takes an origin")
	case in.Body.Country != "":
		p = casefile.Problemf(casefile.ProblemField, "country", "only record_origin takes a country")
	case act.Kind == casefile.ActAccept:
		act.Visit = casefile.VisitID(in.Body.Visit)
	case in.Body.Visit != 0:
		p = casefile.Problemf(casefile.ProblemField, "visit", "only accept_page takes a visit")
	}
	return act, p
}

func (a *API) act(ctx context.Context, in *actionInput) (*detailOutput, error) {
	action, problem := a.action(ctx, in)
	if problem != nil {
		return nil, document(problem)
	}
	c, err := a.Store.Act(ctx, in.id(), action)
	return a.answer(ctx, c, "act on case", err)
}

type revealInput struct {
	Which
	Body struct {
		Reason string `json:"reason" minLength:"1" maxLength:"1000" doc:"kept in the history with your name"`
	}
}

type revealOutput struct {
	Body struct {
		CaseID   casefile.CaseID `json:"case_id"`
		URL      string          `json:"url"`
		Referrer string          `json:"referrer,omitempty"`
	}
}

func (a *API) reveal(ctx context.Context, in *revealInput) (*revealOutput, error) {
	if p := reason(in.Body.Reason); p != nil {
		return nil, document(p)
	}
	t, err := a.Store.Reveal(ctx, in.id(), auth.From(ctx).Name, in.Body.Reason, now())
	if err != nil {
		return nil, a.wrong(ctx, "reveal", err)
	}
	c, err := a.Store.Case(ctx, in.id())
	if err != nil {
		return nil, a.wrong(ctx, "load case", err)
	}
	out := &revealOutput{}
	out.Body.CaseID, out.Body.URL, out.Body.Referrer = in.id(), t.URL(), c.Referrer.URL()
	return out, nil
}

// reason checks why a person does something.
func reason(s string) *casefile.Problem {
	if strings.TrimSpace(s) != "" && len(s) <= casefile.MaxActionReason {
		return nil
	}
	return casefile.Problemf(
		casefile.ProblemField, "reason", "give a reason of 1 to %d bytes; it is kept in the history", casefile.MaxActionReason)
}

// AssignmentRow is a case with who must act on it.
type AssignmentRow struct {
	CaseID   casefile.CaseID   `json:"case_id"`
	Standing casefile.Standing `json:"standing"`
	Assigned
}

func (a *API) assignments(ctx context.Context, in *filter) (*Listed[AssignmentRow], error) {
	found, n, err := a.page(ctx, in, "/assignments")
	if err != nil {
		return nil, a.wrong(ctx, "list assignments", err)
	}
	// A page may be short: cases without hosting yet are left out.
	found = slices.DeleteFunc(found, func(c casefile.Case) bool { return c.Assignment == nil })
	return listed(found, n, func(c casefile.Case) AssignmentRow {
		return AssignmentRow{c.ID, c.Standing, *assignedOf(*c.Assignment)}
	}), nil
}
