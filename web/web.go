// Package web shows Vigil to people and programs: the REST interface (api), the
// pages (ui) and the addresses that a supervisor asks (health).
//
// Requests come in, answers go out. It holds no rule of the domain and no state
// of its own but limits of rates; whatever must last is in the store.
package web

import (
	"context"
	"errors"
	"net/http"
	"net/netip"
	"time"

	"go.uber.org/zap"

	"vigil/casefile"
	"vigil/stats"
	"vigil/web/api"
	"vigil/web/auth"
	"vigil/web/ui"
)

// Store is all that the web needs kept.
type Store interface {
	api.Store
	ui.Store
}

// Options of the web. All but those with a default are required.
type Options struct {
	Store    Store
	Tokens   auth.Tokens   // who holds a token of the API
	Accounts auth.Accounts // who may log in to the pages
	Sessions ui.Sessions
	Parse    func(raw string) (casefile.Target, *casefile.Problem)
	// Origin reads what a person says about an origin: the text of an address and of a
	// country, either may be empty. It refuses addresses that are never dialled, and
	// what is no country. Its problems quote neither.
	Origin  func(address, country string) (netip.Addr, string, *casefile.Problem)
	Figures stats.Source
	// Ready says whether the database can be reached and is migrated; its error goes to the log.
	Ready func(context.Context) error
	// Degraded says what is not sound though requests are served, a sentence each;
	// none when all is well. It must be quick. Default: nothing ever is. Its words are for everybody: no host, no URL.
	Degraded func() []string
	// Notes are what is worth knowing of this installation and no fault, a sentence each, for
	// /readyz. The same rules hold. Default: none.
	Notes func() []string
	// Removal is the streak of gone verdicts that confirms a removal here; the zero value: not told.
	Removal casefile.Confirm
	Metrics http.Handler // default: /metrics is not there
	Log     *zap.Logger  // default: none
	Version string       // default "dev"
	// Secure says that browsers reach the pages over TLS.
	Secure bool
	// Origins are further origins under which a proxy shows the pages.
	Origins []string
	// Rate is how many requests a second one token may make on average; default 20. Burst is how many at once; default 100.
	Rate, Burst int
	// Timeout bounds the work for one request; default 30 s.
	Timeout time.Duration
}

// New makes the handler of all that Vigil shows. It is safe for concurrent use.
func New(o Options) (http.Handler, error) {
	if o.Ready == nil {
		return nil, errors.New("web: Ready is required")
	}
	if o.Degraded == nil {
		o.Degraded = func() []string { return nil }
	}
	if o.Notes == nil {
		o.Notes = func() []string { return nil }
	}
	if o.Log == nil {
		o.Log = zap.NewNop()
	}
	rest, err := api.New(api.Options{
		Store: o.Store, Tokens: o.Tokens, Parse: o.Parse, Origin: o.Origin, Figures: o.Figures, Log: o.Log, Version: o.Version, Rate: o.Rate, Burst: o.Burst, Timeout: o.Timeout,
		Removal: o.Removal,
	})
	if err != nil {
		return nil, err
	}
	pages, err := ui.New(ui.Options{
		Store: o.Store, Accounts: o.Accounts, Sessions: o.Sessions, Origin: o.Origin, Figures: o.Figures, Degraded: o.Degraded, Removal: o.Removal, Log: o.Log, Secure: o.Secure, Origins: o.Origins, Timeout: o.Timeout,
	})
	if err != nil {
		return nil, err
	}
	h := health{ready: o.Ready, degraded: o.Degraded, notes: o.Notes, tokens: o.Tokens, log: o.Log}
	mux := http.NewServeMux()
	mux.Handle("/api/", rest)
	mux.HandleFunc("GET /healthz", h.alive)
	mux.HandleFunc("GET /readyz", h.isReady)
	if o.Metrics != nil {
		mux.Handle("GET /metrics", h.guarded(o.Metrics))
	}
	mux.Handle("/", pages)
	return protected(mux, o.Log, o.Secure), nil
}

// Server is an HTTP server for h with every time and size bounded. Its Addr is empty: use Serve.
func Server(h http.Handler, log *zap.Logger) *http.Server {
	if log == nil {
		log = zap.NewNop()
	}
	return &http.Server{
		Handler: h, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 90 * time.Second, WriteTimeout: 2 * time.Minute, IdleTimeout: 2 * time.Minute,
		MaxHeaderBytes: 32 << 10, ErrorLog: zap.NewStdLog(log.Named("http")),
	}
}

// protected answers panics, and sets what every answer tells a browser.
func protected(next http.Handler, log *zap.Logger, secure bool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
		if secure {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		defer func() {
			if v := recover(); v != nil {
				if v == http.ErrAbortHandler { //nolint:errorlint // compared as net/http does
					panic(v)
				}
				log.Error("handler panicked", zap.Stack("stack")) // without the value: it could hold a URL
				http.Error(w, "Vigil could not do this; the reason is in its log.", http.StatusInternalServerError)
			}
		}()
		next.ServeHTTP(w, r)
	})
}
