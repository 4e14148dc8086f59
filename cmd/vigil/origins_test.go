package main

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"go.uber.org/zap"

	"vigil/casefile"
	"vigil/cmd/app"
	"vigil/internal/config"
)

// TestTheConfiguredServiceIsAsked: from configuration to decision, with the real tables
// and a service on loopback.
func TestTheConfiguredServiceIsAsked(t *testing.T) {
	t.Parallel()
	asked := make(chan string, 4)
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		asked <- r.Header.Get("Authorization") + " " + string(body)
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"host":"www.site-1.example","origins":[{"address":"192.0.2.9","as_of":"2026-11-20T08:00:00Z"},{"address":"10.0.0.1","as_of":"2026-11-20T08:00:00Z"}]}`)
	}))
	t.Cleanup(service.Close)
	cfg := config.Defaults()
	cfg.Resolver.Servers = []string{"127.0.0.1:9"}
	cfg.Geolocate.Databases, cfg.Geolocate.RDAP.Bootstrap, cfg.Geolocate.WHOIS.Server = nil, "", ""
	cfg.Geolocate.Origin = config.Origin{URL: service.URL, Token: "a-word"}
	depsOf := func(allow ...string) (*app.LookDeps, error) {
		cfg.Guard.AllowNetworks = nil
		for _, p := range allow {
			cfg.Guard.AllowNetworks = append(cfg.Guard.AllowNetworks, netip.MustParsePrefix(p))
		}
		a, err := app.New(cfg, zap.NewNop(), app.World{})
		if err != nil {
			t.Fatal(err)
		}
		return a.NewLookDeps()
	}
	var faults config.Faults
	if _, err := depsOf(); !errors.As(err, &faults) || !strings.Contains(err.Error(), "guard.allow_networks") || strings.Contains(err.Error(), service.URL) {
		t.Errorf("plain http without a lab: %v", err)
	}
	e, err := depsOf("127.0.0.0/8", "192.0.2.0/24")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Locator.Close() })
	target, err := casefile.NewTarget("http://www.site-1.example/")
	if err != nil {
		t.Fatal(err)
	}
	h := e.Locator.Locate(t.Context(), casefile.Inquiry{Target: target, Looks: []casefile.Observation{{Resolution: casefile.Resolution{
		Rcode: "NOERROR", CNAMEs: []string{"www.site-1.example.cdn.cloudflare.net"}, Addresses: []netip.Addr{netip.MustParseAddr("203.0.113.1")},
	}}}})
	if h.Edge == nil || h.Origin != casefile.OriginKnown || h.Claims[0].Value != "192.0.2.9" || h.Claims[0].Source != "lookup:127.0.0.1" {
		t.Errorf("%+v", h)
	}
	if got, want := <-asked, `Bearer a-word {"host":"www.site-1.example","edge":"Cloudflare"}`; got != want {
		t.Errorf("asked %s, want %s", got, want)
	}
	if steps := strings.Join(h.Steps, "\n"); !strings.Contains(steps, "told the origin 192.0.2.9") || !strings.Contains(steps, "no public server") {
		t.Errorf("steps %s", steps)
	}
}
