package origin

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"time"

	"vigil/geolocate/registry"
	"vigil/internal/dial"
)

const userAgent = "vigil"

// newClient is an HTTP client that follows nothing, keeps no connection (what was
// checked is what is dialled), knows no proxy of the environment and unpacks nothing.
func (f *Finder) newClient(dialer dial.Dialer, plain bool, config *tls.Config) *http.Client {
	transport := dialer.Transport(plain, config)
	transport.DisableCompression, transport.DisableKeepAlives = true, true
	return &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// exchange posts one question. wait is how long the service asked to be left alone,
// 0 when it did not say.
func (f *Finder) exchange(ctx context.Context, host, edge string) (found []origin, problem registry.Problem, wait time.Duration) {
	question, err := json.Marshal(struct {
		Host string `json:"host"`
		Edge string `json:"edge"`
	}{host, edge})
	if err != nil { // of two strings: never
		return nil, registry.ProblemBroken, 0
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, f.url, bytes.NewReader(question))
	if err != nil {
		return nil, registry.ProblemUnreachable, 0
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", userAgent)
	if f.token != "" {
		req.Header.Set("Authorization", "Bearer "+f.token)
	}
	resp, err := f.client.Do(req)
	if err != nil {
		return nil, registry.ProblemOf(ctx, err), 0
	}
	defer resp.Body.Close()
	if problem, wait := statusProblem(resp, time.Now()); problem != "" {
		return nil, problem, wait
	}
	kind, _, err := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if err != nil || kind != "application/json" || resp.Header.Get("Content-Encoding") != "" {
		return nil, registry.ProblemBroken, 0
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxBody+1))
	if err != nil {
		return nil, registry.BodyProblem(ctx, err), 0
	}
	found, problem = parse(body, host, time.Now())
	return found, problem, 0
}

// statusProblem reads the status. Only 200 is an answer: one without origins says that
// none is known, so that 404 is a wrong URL and no answer.
func statusProblem(resp *http.Response, now time.Time) (registry.Problem, time.Duration) {
	code, stated := resp.StatusCode, resp.Header.Get("Retry-After")
	switch {
	case code == http.StatusOK:
		return "", 0
	case code == http.StatusTooManyRequests, code == http.StatusServiceUnavailable && stated != "":
		return registry.ProblemRateLimited, registry.RetryAfter(resp.Header, now)
	}
	return registry.ProblemServer, 0
}
