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
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"vigil/casefile"
	"vigil/web/auth"
	"vigil/web/needs"
	"vigil/words"
)

// Prefix is where the API lives.
const Prefix = "/api/v1"

// API serves Prefix and everything below it. It is safe for concurrent use.
type API struct {
	needs.Options
	mux     *http.ServeMux
	huma    huma.API
	limiter *auth.Limiter
	openAPI []byte
	yaml    []byte
}

// New makes the API.
func New(o needs.Options) (*API, error) {
	if err := o.Defaults(); err != nil {
		return nil, fmt.Errorf("api: %w", err)
	}
	if o.Tokens == nil || o.Parse == nil {
		return nil, errors.New("api: Tokens and Parse are required")
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
	c.Info.Description = say("vigil")
	// Both are served by describe: the library builds them at the first request, without a lock.
	c.OpenAPIPath, c.DocsPath, c.SchemasPath = "", "", ""
	c.CreateHooks = nil // no $schema in answers
	c.RejectUnknownQueryParameters = true
	c.Transformers = []huma.Transformer{toProblem}
	c.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"bearer": {Type: "http", Scheme: "bearer", BearerFormat: auth.TokenPrefix + "...", Description: say("token")},
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
func route[I, O any](
	a *API, method, path, code string, need casefile.Role, do func(context.Context, *I) (*O, error), more ...func(*huma.Operation),
) {
	op := huma.Operation{
		OperationID: strings.ReplaceAll(code, "_", "-"), Method: method, Path: path, Summary: say(code),
		Metadata: map[string]any{needsRole: need}, Description: say("role", "role", need),
		Errors: []int{401, 403, 422, 429, 500}, DefaultStatus: http.StatusOK, MaxBodyBytes: 64 << 10, BodyReadTimeout: 30 * time.Second,
	}
	for _, m := range more {
		m(&op)
	}
	huma.Register(a.huma, op, do)
}

// say is a text of the OpenAPI document.
func say(code string, values ...any) string {
	return words.In(words.English).Say("api", code, values...)
}

func (a *API) routes() {
	a.reportRoutes()
	a.caseRoutes()
	a.noticeRoutes()
	route(a, http.MethodGet, "/stats/removal", "get_removal", casefile.RoleViewer, a.removal)
}
