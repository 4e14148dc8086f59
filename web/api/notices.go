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
	route(a, http.MethodGet, "/notices", "list_notices", casefile.RoleViewer, a.notices)
	route(a, http.MethodGet, "/notices/{id}", "get_notice", casefile.RoleAnalyst, a.notice, func(op *huma.Operation) {
		op.Errors = append(op.Errors, 404)
		op.Description += " " + say("notice_text")
	})
}

type noticeFilter struct {
	Page
	Case  int64  `query:"case_id" minimum:"1"`
	State string `query:"state" enum:"draft,queued,sending,sent,refused,uncertain,overtaken"`
}

func (a *API) notices(ctx context.Context, in *noticeFilter) (*Listed[casefile.Notice], error) {
	f := casefile.NoticeFilter{CaseID: casefile.CaseID(in.Case), State: casefile.NoticeState(in.State)}
	query := url.Values{"state": {in.State}}
	if in.Case > 0 {
		query.Set("case_id", strconv.FormatInt(in.Case, 10))
	}
	found, n, err := paged(in.Page, "notice", "/notices", query, func(before int64, limit int) ([]casefile.Notice, error) {
		f.Before, f.Limit = casefile.NoticeID(before), limit
		return a.Store.Notices(ctx, f)
	}, func(n casefile.Notice) int64 { return int64(n.ID) })
	if err != nil {
		return nil, a.wrong(ctx, "list notices", err)
	}
	maskers := map[casefile.CaseID]mask.Masker{}
	for _, n := range found {
		if _, known := maskers[n.CaseID]; known {
			continue
		}
		c, err := a.Store.Case(ctx, n.CaseID)
		if err != nil {
			return nil, a.wrong(ctx, "load case", err)
		}
		maskers[n.CaseID] = masker(ctx, c)
	}
	return listed(found, n, func(n casefile.Notice) casefile.Notice {
		n.Body = "" // it names the URL
		return mask.Of(maskers[n.CaseID], n)
	}), nil
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
