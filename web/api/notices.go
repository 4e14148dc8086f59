package api

import (
	"context"
	"net/http"
	"net/url"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"vigil/casefile"
	"vigil/web/auth"
	"vigil/web/mask"
)

func (a *API) noticeRoutes() {
	route(a, http.MethodGet, "/notices", "list-notices", "Notices, newest first, without their texts", casefile.RoleViewer, a.notices)
	route(a, http.MethodGet, "/notices/{id}", "get-notice", "One notice with its text", casefile.RoleAnalyst, a.notice, func(op *huma.Operation) {
		op.Errors = append(op.Errors, 404)
		op.Description += " The text names the URL: reading it is a reveal, and an event of the case."
	})
}

type noticeFilter struct {
	Page
	Case  int64  `query:"case_id" minimum:"1"`
	State string `query:"state" enum:"draft,queued,sending,sent,refused,uncertain,overtaken"`
}

func (a *API) notices(ctx context.Context, in *noticeFilter) (*Listed[casefile.Notice], error) {
	before, err := in.after("notice")
	if err != nil {
		return nil, a.wrong(ctx, "read cursor", err)
	}
	f := casefile.NoticeFilter{CaseID: casefile.CaseID(in.Case), State: casefile.NoticeState(in.State), Before: casefile.NoticeID(before), Limit: in.Limit}
	found, err := a.Store.Notices(ctx, f)
	if err != nil {
		return nil, a.wrong(ctx, "list notices", err)
	}
	maskers := map[casefile.CaseID]mask.Masker{}
	rows := make([]casefile.Notice, len(found))
	for i, n := range found {
		m, known := maskers[n.CaseID]
		if !known {
			c, err := a.Store.Case(ctx, n.CaseID)
			if err != nil {
				return nil, a.wrong(ctx, "load case", err)
			}
			m = masker(ctx, c)
			maskers[n.CaseID] = m
		}
		n.Body = "" // it names the URL
		rows[i] = mask.Of(m, n)
	}
	var n Next
	if len(found) == f.Limit {
		f.Before, f.Limit = found[len(found)-1].ID, 1
		more, err := a.Store.Notices(ctx, f)
		if err != nil {
			return nil, a.wrong(ctx, "list notices", err)
		}
		if len(more) > 0 {
			query := url.Values{"state": {in.State}, "limit": {strconv.Itoa(in.Limit)}}
			if in.Case > 0 {
				query.Set("case_id", strconv.FormatInt(in.Case, 10))
			}
			n = next("/notices", "notice", int64(f.Before), query)
		}
	}
	return listed(rows, n), nil
}

type noticeOutput struct{ Body casefile.Notice }

func (a *API) notice(ctx context.Context, in *struct {
	ID int64 `path:"id" minimum:"1"`
}) (*noticeOutput, error) {
	n, err := a.Store.Notice(ctx, casefile.NoticeID(in.ID))
	if err != nil {
		return nil, a.wrong(ctx, "load notice", err)
	}
	if _, err := a.Store.Reveal(ctx, n.CaseID, auth.From(ctx).Name, "read notice "+strconv.FormatInt(in.ID, 10), now()); err != nil {
		return nil, a.wrong(ctx, "reveal", err)
	}
	return &noticeOutput{n}, nil
}
