package web

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"go.uber.org/zap"

	"vigil/casefile"
	"vigil/web/auth"
	"vigil/web/needs"
)

// health answers what a supervisor asks.
type health struct{ needs.Options }

// readyWithin bounds how long readiness may take to tell.
const readyWithin = 5 * time.Second

func say(w http.ResponseWriter, status int, words string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(words + "\n"))
}

// alive says that the process answers.
func (h health) alive(w http.ResponseWriter, _ *http.Request) { say(w, http.StatusOK, "ok") }

// isReady says whether requests can be served. A closed gate is told, but it is no
// reason to be taken out of service: reports, pages and live verdicts go on, and
// another process on the same uplink would be no better.
func (h health) isReady(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), readyWithin)
	defer cancel()
	if err := h.Ready(ctx); err != nil {
		h.Log.Warn("not ready", zap.Error(err))
		say(w, http.StatusServiceUnavailable, "not ready; the reason is in the log")
		return
	}
	words := []string{"ready"}
	for _, sentence := range h.Degraded() {
		words = append(words, "degraded: "+sentence)
	}
	for _, sentence := range h.Notes() {
		words = append(words, "note: "+sentence)
	}
	say(w, http.StatusOK, strings.Join(words, "\n"))
}

// guarded shows the metrics to this machine, and to others who bring a token of
// any role. What came through a proxy is not from this machine, whatever its
// address says.
func (h health) guarded(metrics http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !fromHere(r) && !h.hasToken(r) {
			w.Header().Set("WWW-Authenticate", `Bearer realm="vigil"`)
			say(w, http.StatusUnauthorized, "metrics are for this machine, or for a token: Authorization: Bearer "+auth.TokenPrefix+"...")
			return
		}
		metrics.ServeHTTP(w, r)
	})
}

func fromHere(r *http.Request) bool {
	for _, header := range []string{"Forwarded", "X-Forwarded-For", "X-Real-Ip", "Via"} {
		if r.Header.Get(header) != "" {
			return false
		}
	}
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return false
	}
	address, err := netip.ParseAddr(host)
	return err == nil && address.Unmap().IsLoopback()
}

func (h health) hasToken(r *http.Request) bool {
	hash, ok := auth.Bearer(r.Header.Get("Authorization"))
	if !ok {
		return false
	}
	person, err := h.Tokens(r.Context(), hash)
	return err == nil && person.Role.May(casefile.RoleViewer)
}
