package geodata

import (
	"errors"
	"fmt"
	"net/http"

	"vigil/internal/dial"
)

var (
	errRedirects = fmt.Errorf("the server redirects more than %d times: look at the URL", maxRedirects)
	errScheme    = errors.New("the server redirects to what is neither https nor http: look at the URL")
)

// newClient is an HTTP client over the guarded dialer: no proxy of the environment, no
// connection kept, no transparent unpacking (the digest is over what was sent).
func (u *Updater) newClient() *http.Client {
	dialer := dial.Dialer{Dial: u.o.Dial, Check: u.o.Check, Lookup: u.o.LookupHost, Lab: u.o.Lab}
	transport := func(plain bool) *http.Transport {
		t := dialer.Transport(plain, u.o.TLS)
		t.ResponseHeaderTimeout, t.DisableCompression, t.DisableKeepAlives = u.o.Stall, true, true
		return t
	}
	return &http.Client{
		Transport: byScheme{secure: transport(false), plain: transport(true)},
		CheckRedirect: func(next *http.Request, via []*http.Request) error {
			next.Header.Del("Referer") // the query of the last URL may hold a token
			switch {
			case len(via) > maxRedirects:
				return errRedirects
			case next.URL.Scheme != "https" && next.URL.Scheme != "http":
				return errScheme
			}
			return nil
		},
	}
}

// byScheme keeps http apart, whose connections lead into labs only.
type byScheme struct{ secure, plain http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (b byScheme) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Scheme == "https" {
		return b.secure.RoundTrip(r)
	}
	return b.plain.RoundTrip(r)
}
