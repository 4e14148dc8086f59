package fakenet

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestHandshakes(t *testing.T) {
	t.Parallel()
	for _, w := range ways {
		t.Run(w.name, func(t *testing.T) {
			t.Parallel()
			n := newNet(t, Options{})
			dial := w.dial(t, n, "")
			for i, x := range []struct {
				kind     TLSKind
				strict   string // error of a client that verifies; empty when it gets the page
				lenient  string // error of a client that does not
				validity x509.InvalidReason
			}{
				{TLSGood, "", "", -1},
				{TLSExpired, "expired", "", x509.Expired},
				{TLSNotYet, "not yet valid", "", x509.Expired},
				{TLSSelfSigned, "unknown authority", "", -1},
				{TLSUnknownCA, "unknown authority", "", -1},
				{TLSWrongName, "another.example", "", -1},
				{TLSAlert, "internal error", "internal error", -1},
				{TLSOld, "protocol version", "protocol version", -1},
				{TLSPlain, "HTTP response to HTTPS client", "HTTP response to HTTPS client", -1},
				{TLSReset, "", "reset", -1},
				{TLSGarbage, "does not look like a TLS handshake", "does not look like a TLS handshake", -1},
			} {
				n.Add(Site{Host: host(i), HTTPS: true, Acts: Always(Page("Secure").Over(x.kind))})
				c := newClient(t, n, dial)
				got := fetch(c, n.URL(host(i)))
				var invalid x509.CertificateInvalidError
				switch {
				case x.strict == "" && x.lenient == "":
					if got.err != nil || !strings.Contains(got.body, "Secure") {
						t.Errorf("%q: %v %q", x.kind, got.err, got.body)
					}
				default:
					wantError(t, got.err, x.strict)
				}
				if x.validity >= 0 && (!errors.As(got.err, &invalid) || invalid.Reason != x.validity) {
					t.Errorf("%q: %v", x.kind, got.err)
				}
				c.Transport.(*http.Transport).TLSClientConfig = &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS12} //nolint:gosec // that is the test
				got = fetch(c, n.URL(host(i)))
				if x.lenient != "" {
					wantError(t, got.err, x.lenient)
				} else if got.err != nil || !strings.Contains(got.body, "Secure") {
					t.Errorf("%q, not verified: %v %q", x.kind, got.err, got.body)
				}
			}
			old := newClient(t, n, dial)
			old.Transport.(*http.Transport).TLSClientConfig = &tls.Config{RootCAs: n.Roots(), MinVersion: tls.VersionTLS10} //nolint:gosec // that is the test
			if got := fetch(old, n.URL(host(7))); !strings.Contains(got.body, "Secure") {
				t.Errorf("an old client and an old server: %v", got.err)
			}
			if got := fetch(newClient(t, n, dial), "http://"+host(0)+"/page.html"); got.status != 301 || got.header.Get("Location") != "https://"+host(0)+"/page.html" {
				t.Errorf("port 80 of a secure site: %d %q %v", got.status, got.header.Get("Location"), got.err)
			}
		})
	}
}

func TestHTTPSiteRefusesTLSPort(t *testing.T) {
	t.Parallel()
	n := newNet(t, Options{Start: time.Now().Add(-time.Hour)})
	n.Add(Site{Host: host(1)})
	wantError(t, fetch(newClient(t, n, n.Dialer("")), "https://"+host(1)+"/").err, "refused")
}
