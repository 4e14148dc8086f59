// Package needs says what the API and the pages need of the rest of Vigil.
package needs

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/netip"
	"time"

	"go.uber.org/zap"

	"vigil/casefile"
	"vigil/stats"
	"vigil/web/auth"
)

// Store is what the web needs kept. A *casefile.Problem among its errors is told to the
// caller; every other error is ours. It must be safe for concurrent use.
type Store interface {
	AddReports(ctx context.Context, reports []casefile.Report, now time.Time) ([]casefile.Added, error)
	AddReportsOnce(ctx context.Context, key string, request []byte, reports []casefile.Report, now time.Time) (
		added []casefile.Added, replayed bool, err error)
	Case(ctx context.Context, id casefile.CaseID) (casefile.Case, error)
	Cases(ctx context.Context, f casefile.CaseFilter) ([]casefile.Case, error)
	Counts(ctx context.Context) (map[casefile.Standing]int, error)
	Reports(ctx context.Context, id casefile.CaseID) ([]casefile.Report, error)
	SameLabelCases(ctx context.Context, id casefile.CaseID) (casefile.SameLabelDomains, error)
	Visits(ctx context.Context, id casefile.CaseID, before casefile.VisitID, limit int) ([]casefile.Visit, error)
	Events(ctx context.Context, id casefile.CaseID, afterSeq int64, limit int) ([]casefile.Event, error)
	LatestEvents(ctx context.Context, id casefile.CaseID, before int64, limit int) ([]casefile.Event, error)
	Act(ctx context.Context, id casefile.CaseID, a casefile.Action) (casefile.Case, error)
	Reveal(ctx context.Context, id casefile.CaseID, actor, reason string, now time.Time) (casefile.Target, error)
	Notices(ctx context.Context, f casefile.NoticeFilter) ([]casefile.Notice, error)
	Notice(ctx context.Context, id casefile.NoticeID) (casefile.Notice, error)
}

// Sessions keeps the sessions of logged-in people, by a hash of their token. It
// has the shape of an scs store; one with FindCtx, CommitCtx and DeleteCtx is
// called with the request's context.
type Sessions interface {
	Find(token string) (b []byte, found bool, err error)
	Commit(token string, b []byte, expiry time.Time) error
	Delete(token string) error
}

// Options of the web, of its API and of its pages. All but those with a default are
// required; the API alone can do without accounts and sessions, the pages without
// tokens and Parse, and both without Ready.
type Options struct {
	Store    Store
	Tokens   auth.Tokens   // who holds a token of the API
	Accounts auth.Accounts // who may log in to the pages
	Sessions Sessions
	Parse    func(raw string) (casefile.Target, *casefile.Problem)
	// Origin reads what a person says about an origin: the text of an address and of a
	// country, either may be empty. It refuses addresses that are never dialled, and
	// what is no country. Its problems quote neither.
	Origin  func(address, country string) (netip.Addr, string, *casefile.Problem)
	Figures stats.Source
	// Ready says whether the database can be reached and is migrated; its error goes to the log.
	Ready func(context.Context) error
	// Degraded says what is not sound though requests are served, a sentence each; none when all
	// is well. It must be quick. Default: nothing ever is. Its words are for everybody: no host, no URL.
	Degraded func() []string
	// Notes are what is worth knowing of this installation and no fault, a sentence each, for
	// /readyz. The same rules hold. Default: none.
	Notes func() []string
	// Removal is the streak of gone verdicts that confirms a removal here; the zero value: not told.
	Removal casefile.Confirm
	Metrics http.Handler // default: /metrics is not there
	Log     *zap.Logger  // default: none
	Version string       // of Vigil, for the OpenAPI document; default "dev"
	// Secure says that browsers reach the pages over TLS: the cookie is then
	// bound to it. Without it, the pages belong on a loopback address only.
	Secure bool
	// Origins are further origins, for example https://vigil.example, under which a proxy shows the pages.
	Origins []string
	// Rate is how many requests a second one token may make on average; default 20. Burst is
	// how many at once; default 100.
	Rate, Burst int
	// Timeout bounds the work for one request; default 30 s.
	Timeout time.Duration
	// Lifetime is how long a log-in lasts; default 12 h. Idle is how long it lasts unused; default 1 h.
	Lifetime, Idle time.Duration
}

// Defaults fills in what has a default, and refuses what neither API nor pages can do without.
func (o *Options) Defaults() error {
	if o.Store == nil || o.Origin == nil || o.Figures == nil {
		return errors.New("Store, Origin and Figures are required")
	}
	nothing := func() []string { return nil }
	if o.Degraded == nil {
		o.Degraded = nothing
	}
	if o.Notes == nil {
		o.Notes = nothing
	}
	if o.Log == nil {
		o.Log = zap.NewNop()
	}
	o.Version = cmp.Or(o.Version, "dev")
	o.Rate, o.Burst = cmp.Or(o.Rate, 20), cmp.Or(o.Burst, 100)
	o.Timeout, o.Lifetime, o.Idle = cmp.Or(o.Timeout, 30*time.Second), cmp.Or(o.Lifetime, 12*time.Hour), cmp.Or(o.Idle, time.Hour)
	if min(o.Rate, o.Burst) < 0 || min(o.Timeout, o.Lifetime, o.Idle) < 0 {
		return errors.New("rate, burst, timeout, lifetime and idle must be above zero")
	}
	return nil
}

// Status is the HTTP status of the caller's fault.
func Status(p *casefile.Problem) int {
	switch p.Code {
	case casefile.ProblemNotFound:
		return http.StatusNotFound
	case casefile.ProblemConflict:
		return http.StatusConflict
	case casefile.ProblemForbidden:
		return http.StatusForbidden
	case casefile.ProblemEncoding, casefile.ProblemTooLong, casefile.ProblemSyntax, casefile.ProblemScheme, casefile.ProblemUserinfo,
		casefile.ProblemHost, casefile.ProblemAddress, casefile.ProblemField:
	}
	return http.StatusUnprocessableEntity
}
