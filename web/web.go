// Package web shows Vigil to people and programs: the REST interface (api), the
// pages (ui) and the addresses that a supervisor asks (health).
//
// Requests come in, answers go out. It holds no rule of the domain and no state
// of its own but limits of rates; whatever must last is in the store.
package web

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"go.uber.org/zap"

	"vigil/web/api"
	"vigil/web/needs"
	"vigil/web/ui"
)

// Options of the web.
type Options = needs.Options

// New makes the handler of all that Vigil shows. It is safe for concurrent use.
func New(o Options) (http.Handler, error) {
	if err := o.Defaults(); err != nil {
		return nil, fmt.Errorf("web: %w", err)
	}
	if o.Ready == nil {
		return nil, errors.New("web: Ready is required")
	}
	rest, err := api.New(o)
	if err != nil {
		return nil, err
	}
	pages, err := ui.New(o)
	if err != nil {
		return nil, err
	}
	h := health{o}
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
		Handler: h, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 90 * time.Second,
		WriteTimeout: 2 * time.Minute, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 32 << 10, ErrorLog: zap.NewStdLog(log.Named("http")),
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
