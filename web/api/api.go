// Package api is the REST interface of Vigil: reports come in, cases, notices and
// figures go out, as JSON under /api/v1.
//
// Every request carries a bearer token; its role decides what it may do. Whatever
// goes wrong is told as an RFC 9457 problem with a stable code. A reported URL is
// masked in every answer but that of a reveal and of a notice's text, and both are
// events. No answer may quote a request back: it could hold a URL.
package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"go.uber.org/zap"

	"vigil/casefile"
	"vigil/stats"
	"vigil/web/auth"
)

// Prefix is where the API lives.
const Prefix = "/api/v1"

// Store is what the API needs kept. A *casefile.Problem among its errors is told
// to the caller; every other error is ours. It must be safe for concurrent use.
type Store interface {
	AddReports(ctx context.Context, reports []casefile.Report, now time.Time) ([]casefile.Added, error)
	AddReportsOnce(ctx context.Context, key string, request []byte, reports []casefile.Report, now time.Time) (added []casefile.Added, replayed bool, err error)
	Case(ctx context.Context, id casefile.CaseID) (casefile.Case, error)
	Cases(ctx context.Context, f casefile.CaseFilter) ([]casefile.Case, error)
	Reports(ctx context.Context, id casefile.CaseID) ([]casefile.Report, error)
	Namesakes(ctx context.Context, id casefile.CaseID) (casefile.Namesakes, error)
	Visits(ctx context.Context, id casefile.CaseID, before casefile.VisitID, limit int) ([]casefile.Visit, error)
	Events(ctx context.Context, id casefile.CaseID, afterSeq int64, limit int) ([]casefile.Event, error)
	Act(ctx context.Context, id casefile.CaseID, a casefile.Action) (casefile.Case, error)
	Reveal(ctx context.Context, id casefile.CaseID, actor, reason string, now time.Time) (casefile.Target, error)
	Notices(ctx context.Context, f casefile.NoticeFilter) ([]casefile.Notice, error)
	Notice(ctx context.Context, id casefile.NoticeID) (casefile.Notice, error)
}

// Options of the API. All but those with a default are required.
type Options struct {
	Store  Store
	Tokens auth.Tokens
	Parse  func(raw string) (casefile.Target, *casefile.Problem)
	// Origin reads the address and the country of an origin; see web.Options.
	Origin  func(address, country string) (netip.Addr, string, *casefile.Problem)
	Figures stats.Source
	Removal casefile.Confirm // what confirms a removal; see web.Options
	Log     *zap.Logger      // default: none
	Version string           // of Vigil, for the OpenAPI document; default "dev"
	// Rate is how many requests a second one token may make on average; default 20. Burst is how many at once; default 100.
	Rate  int
	Burst int
	// Timeout bounds the work for one request; default 30 s.
	Timeout time.Duration
}

// API serves Prefix and everything below it. It is safe for concurrent use.
type API struct {
	Options
	mux     *http.ServeMux
	huma    huma.API
	limiter *auth.Limiter
	openAPI []byte
	yaml    []byte
}

// New makes the API.
func New(o Options) (*API, error) {
	if o.Store == nil || o.Tokens == nil || o.Parse == nil || o.Origin == nil || o.Figures == nil {
		return nil, errors.New("api: Store, Tokens, Parse, Origin and Figures are required")
	}
	if o.Log == nil {
		o.Log = zap.NewNop()
	}
	if o.Version == "" {
		o.Version = "dev"
	}
	if o.Rate == 0 {
		o.Rate = 20
	}
	if o.Burst == 0 {
		o.Burst = 100
	}
	if o.Timeout == 0 {
		o.Timeout = 30 * time.Second
	}
	if o.Rate < 0 || o.Burst < 0 || o.Timeout < 0 {
		return nil, errors.New("api: Rate, Burst and Timeout must be above zero")
	}
	a := &API{Options: o, mux: http.NewServeMux(), limiter: auth.NewLimiter(time.Second/time.Duration(o.Rate), o.Burst)}
	a.huma = humago.NewWithPrefix(a.mux, Prefix, a.config())
	a.huma.UseMiddleware(a.bound, a.authenticate)
	a.routes()
	if err := a.describe(); err != nil {
		return nil, err
	}
	a.mux.HandleFunc("/", a.unknown)
	return a, nil
}

// ServeHTTP answers one request.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) { a.mux.ServeHTTP(w, r) }

func (a *API) config() huma.Config {
	c := huma.DefaultConfig("Vigil", a.Version)
	c.Info.Description = "Verifies the removal of reported URLs. See docs/api.md."
	// Both are served by describe: the library builds them at the first request, without a lock.
	c.OpenAPIPath, c.DocsPath, c.SchemasPath = "", "", ""
	c.CreateHooks = nil // no $schema in answers
	c.RejectUnknownQueryParameters = true
	c.Transformers = []huma.Transformer{toProblem}
	c.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"bearer": {Type: "http", Scheme: "bearer", BearerFormat: auth.TokenPrefix + "...", Description: "made by `vigil token create`"},
	}
	c.Security = []map[string][]string{{"bearer": {}}}
	return c
}

// describe makes the OpenAPI document, once.
func (a *API) describe() error {
	var err error
	if a.openAPI, err = json.Marshal(a.huma.OpenAPI()); err != nil {
		return fmt.Errorf("api: write the OpenAPI document: %w", err)
	}
	if a.yaml, err = a.huma.OpenAPI().YAML(); err != nil {
		return fmt.Errorf("api: write the OpenAPI document as YAML: %w", err)
	}
	serve := func(path, media string, body []byte) {
		a.mux.HandleFunc("GET "+Prefix+path, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", media)
			_, _ = w.Write(body)
		})
	}
	serve("/openapi.json", "application/openapi+json", a.openAPI)
	serve("/openapi.yaml", "application/openapi+yaml", a.yaml)
	return nil
}

// unknown answers what no route takes: 405 when another method would do, else 404.
func (a *API) unknown(w http.ResponseWriter, r *http.Request) {
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		other := r.Clone(r.Context())
		other.Method = method
		if _, pattern := a.mux.Handler(other); method != r.Method && pattern != "" && pattern != "/" {
			w.Header().Set("Allow", method)
			write(w, problemOf(http.StatusMethodNotAllowed, "this address takes "+method))
			return
		}
	}
	write(w, problemOf(http.StatusNotFound, "there is no such address; see "+Prefix+"/openapi.json"))
}

// route adds an operation that needs a role.
func route[I, O any](a *API, method, path, id, summary string, need casefile.Role, do func(context.Context, *I) (*O, error), more ...func(*huma.Operation)) {
	op := huma.Operation{
		OperationID: id, Method: method, Path: path, Summary: summary, Metadata: map[string]any{needsRole: need},
		Errors: []int{401, 403, 422, 429, 500}, DefaultStatus: http.StatusOK, MaxBodyBytes: 64 << 10, BodyReadTimeout: 30 * time.Second,
		Description: "Role: " + string(need) + ".",
	}
	for _, m := range more {
		m(&op)
	}
	huma.Register(a.huma, op, do)
}

func (a *API) routes() {
	a.reportRoutes()
	a.caseRoutes()
	a.noticeRoutes()
	route(a, http.MethodGet, "/stats/removal", "get-removal", "Time to removal", casefile.RoleViewer, a.removal)
}
