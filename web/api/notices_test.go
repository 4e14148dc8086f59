package api_test

import (
	"context"
	"strings"
	"testing"

	"vigil/casefile"
	"vigil/web/api"
	"vigil/web/needs"
	"vigil/web/webtest"
)

// drafts are notices that are drafts for a reason.
type drafts struct{ needs.Store }

var becauseOff = casefile.NewRemark("draft").With(casefile.NewRemark("draft_sending_off"))

func (s drafts) Notice(ctx context.Context, id casefile.NoticeID) (casefile.Notice, error) {
	n, err := s.Store.Notice(ctx, id)
	n.Contact.Why = becauseOff
	return n, err
}

func (s drafts) Notices(ctx context.Context, f casefile.NoticeFilter) ([]casefile.Notice, error) {
	list, err := s.Store.Notices(ctx, f)
	for i := range list {
		list[i].Contact.Why = becauseOff
	}
	return list, err
}

// Why a notice is a draft is a sentence, in the list and alone.
func TestANoticeSaysWhyItIsADraft(t *testing.T) {
	t.Parallel()
	at(t, func(t *testing.T) {
		h := newAPI(t, drafts{webtest.Sampled(1)})
		for _, path := range []string{"/notices", "/notices/1"} {
			w := do(h, call{method: "GET", path: api.Prefix + path, role: casefile.RoleAnalyst})
			if w.Code != 200 || !strings.Contains(w.Body.String(), `"why":"draft: sending is off"`) {
				t.Errorf("%s: %d %s", path, w.Code, w.Body)
			}
		}
	})
}
