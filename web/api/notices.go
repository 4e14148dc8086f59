package api

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"

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

// Notice is a message to one party.
type Notice struct {
	ID       casefile.NoticeID    `json:"id"`
	CaseID   casefile.CaseID      `json:"case_id"`
	Episode  int                  `json:"episode"`
	Kind     casefile.NoticeKind  `json:"kind"`
	Step     int                  `json:"step"`
	Contact  casefile.Contact     `json:"contact"`
	Subject  string               `json:"subject"`
	State    casefile.NoticeState `json:"state"`
	Composed time.Time            `json:"composed"`
	NextTry  time.Time            `json:"next_try,omitzero"`
	Tries    int                  `json:"tries"`
	Sent     time.Time            `json:"sent,omitzero"`
	Proof    string               `json:"proof,omitempty" doc:"what the party's server answered"`
	Body     string               `json:"body,omitempty" doc:"only in the answer for one notice"`
}

func noticeOf(n casefile.Notice, m mask.Masker) Notice {
	return Notice{
		ID: n.ID, CaseID: n.CaseID, Episode: n.Episode, Kind: n.Kind, Step: n.Step, Contact: m.Contact(n.Contact), Subject: m.Text(n.Subject),
		State: n.State, Composed: utc(n.Composed), NextTry: utc(n.NextTry), Tries: n.Tries, Sent: utc(n.Sent), Proof: m.Text(n.Proof),
	}
}

type noticeFilter struct {
	Page
	Case  int64  `query:"case_id" minimum:"1"`
	State string `query:"state" enum:"draft,queued,sending,sent,refused,uncertain,overtaken"`
}

func (a *API) notices(ctx context.Context, in *noticeFilter) (*Listed[Notice], error) {
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
	rows := make([]Notice, len(found))
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
		rows[i] = noticeOf(n, m)
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

type noticeOutput struct{ Body Notice }

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
	out := &noticeOutput{noticeOf(n, mask.Masker{})}
	out.Body.Body = n.Body
	return out, nil
}
