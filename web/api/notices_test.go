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

// draft is a store of one notice, which is a draft for a reason.
type draft struct{ needs.Store }

func (s draft) Notice(ctx context.Context, id casefile.NoticeID) (casefile.Notice, error) {
	n, err := s.Store.Notice(ctx, id)
	n.Contact.Why = casefile.NewRemark("draft", "parts", []casefile.Remark{casefile.NewRemark("draft_sending_off")})
	return n, err
}

func (s draft) Notices(ctx context.Context, _ casefile.NoticeFilter) ([]casefile.Notice, error) {
	n, err := s.Notice(ctx, 1)
	return []casefile.Notice{n}, err
}

// Why a notice is a draft is a sentence, in the list and alone.
func TestANoticeSaysWhyItIsADraft(t *testing.T) {
	t.Parallel()
	at(t, func(t *testing.T) {
		h := newAPI(t, draft{webtest.Sampled(1)})
		for _, path := range []string{"/notices", "/notices/1"} {
			w := do(h, call{method: "GET", path: api.Prefix + path, role: casefile.RoleAnalyst})
			if w.Code != 200 || !strings.Contains(w.Body.String(), `"why":"draft: sending is off"`) {
				t.Errorf("%s: %d %s", path, w.Code, w.Body)
			}
		}
	})
}
