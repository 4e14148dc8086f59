package origin

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"vigil/casefile"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	secretToken = "a-secret-word"
	host        = "www.site-1.example"
	edge        = "Shield"
)

var loopback = netip.MustParsePrefix("127.0.0.0/8")

// service is a real HTTP server on loopback, and what it was asked.
type service struct {
	*httptest.Server
	mu    sync.Mutex
	asked []string // the questions
	faces []string // the Authorization headers
}

// newService answers each question with answer; it closes what a test leaves hanging.
func newService(t *testing.T, answer http.HandlerFunc) *service {
	t.Helper()
	s := &service{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		s.mu.Lock()
		s.asked, s.faces = append(s.asked, string(body)), append(s.faces, r.Header.Get("Authorization"))
		s.mu.Unlock()
		answer(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *service) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.asked)
}

// finder asks the service as a lab does; logs are all that it logged.
func (s *service) finder(t *testing.T, change func(*Options)) (*Finder, *observer.ObservedLogs) {
	t.Helper()
	core, logs := observer.New(zapcore.DebugLevel)
	o := Options{
		URL: s.URL + "/origins", Token: secretToken, Name: "finder", Dial: (&net.Dialer{}).DialContext, Lab: []netip.Prefix{loopback}, Log: zap.New(core),
		Check:      func(...netip.Addr) error { return nil },
		LookupHost: func(context.Context, string) ([]netip.Addr, error) { return []netip.Addr{loopback.Addr().Next()}, nil },
	}
	if change != nil {
		change(&o)
	}
	f, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { discreet(t, fmt.Sprintf("%+v", logs.All())) })
	return f, logs
}

// discreet fails when a text names a target, the service or the token.
func discreet(t *testing.T, text string) {
	t.Helper()
	for _, secret := range []string{secretToken, "site-1", "127.0.0.1", "/origins"} {
		if strings.Contains(text, secret) {
			t.Errorf("%q is in: %s", secret, text)
		}
	}
}

// says answers with one JSON document.
func says(document string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		_, _ = io.WriteString(w, document)
	}
}

func told(origins ...string) string {
	return `{"host":"` + host + `","origins":[` + strings.Join(origins, ",") + `]}`
}

func at(address string) string {
	return `{"address":"` + address + `","as_of":"2026-11-20T08:00:00Z"}`
}

func TestTheServiceTellsOrigins(t *testing.T) {
	t.Parallel()
	s := newService(t, says(told(at("192.0.2.9"), at("2001:db8:1::9"), at("::ffff:192.0.2.9"))))
	f, _ := s.finder(t, nil)
	claims := f.FindOrigin(t.Context(), "WWW.site-1.example.", edge)
	if len(claims) != 2 {
		t.Fatalf("%+v", claims)
	}
	for i, want := range []string{"192.0.2.9", "2001:db8:1::9"} {
		if c := claims[i]; c != (casefile.Claim{Fact: casefile.FactOrigin, Value: want, Source: "lookup:finder", AsOf: time.Date(2026, 11, 20, 8, 0, 0, 0, time.UTC)}) {
			t.Errorf("%+v", c)
		}
	}
	var question map[string]string
	if err := json.Unmarshal([]byte(s.asked[0]), &question); err != nil || len(question) != 2 || question["host"] != host || question["edge"] != edge {
		t.Errorf("asked %s: %v", s.asked[0], err)
	}
	if s.faces[0] != "Bearer "+secretToken {
		t.Errorf("Authorization %q", s.faces[0])
	}
}

func TestWithoutATokenNoneIsSent(t *testing.T) {
	t.Parallel()
	s := newService(t, says(told()))
	f, _ := s.finder(t, func(o *Options) { o.Token = "" })
	f.FindOrigin(t.Context(), host, edge)
	if !slices.Equal(s.faces, []string{""}) {
		t.Errorf("%q", s.faces)
	}
}

// TestAnswersThatAreNone: what the service does wrong is one claim with its problem.
func TestAnswersThatAreNone(t *testing.T) {
	t.Parallel()
	status := func(code int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no "+host, code) }
	}
	typed := func(kind, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", kind)
			_, _ = io.WriteString(w, body)
		}
	}
	for name, tc := range map[string]struct {
		answer http.HandlerFunc
		want   string
	}{
		"no origin":               {says(told()), "not_found"},
		"another host":            {says(strings.ReplaceAll(told(at("192.0.2.9")), "site-1", "site-2")), "other_object"},
		"no host":                 {says(`{"origins":[]}`), "broken"},
		"no list":                 {says(`{"host":"` + host + `"}`), "broken"},
		"not JSON":                {says("it is 192.0.2.9"), "broken"},
		"JSON with more after it": {says(told() + "{}"), "broken"},
		"a field that is none":    {says(`{"host":"` + host + `","origins":[],"next":"x"}`), "broken"},
		"a name for an address":   {says(told(at("origin.example"))), "broken"},
		"an address with a zone":  {says(told(at("fe80::1%eth0"))), "broken"},
		"no date":                 {says(told(`{"address":"192.0.2.9","as_of":"yesterday"}`)), "broken"},
		"a date to come":          {says(told(`{"address":"192.0.2.9","as_of":"2999-01-01T00:00:00Z"}`)), "broken"},
		"HTML":                    {typed("text/html", told(at("192.0.2.9"))), "broken"},
		"no content type":         {typed("", told(at("192.0.2.9"))), "broken"},
		"nine origins":            {says(told(slices.Repeat([]string{at("192.0.2.9")}, 9)...)), "too_large"},
		"a byte too many":         {says(told() + strings.Repeat(" ", maxBody+1-len(told()))), "too_large"},
		"as many bytes as may be": {says(told() + strings.Repeat(" ", maxBody-len(told()))), "not_found"},
		"the token is refused":    {status(http.StatusUnauthorized), "server_error"},
		"a wrong URL":             {status(http.StatusNotFound), "server_error"},
		"no content":              {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }, "server_error"},
		"a failure":               {status(http.StatusInternalServerError), "server_error"},
		"too many questions":      {status(http.StatusTooManyRequests), "rate_limited"},
		"a redirect": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
		}, "server_error"},
		"a connection that is broken": {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "unreachable"},
		"an answer that is cut": {func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "1000")
			says(told())(w, r)
		}, "broken"},
		"a header without end": {func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-Long", strings.Repeat("a", 64<<10+4096))
			says(told())(w, r)
		}, "unreachable"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newService(t, tc.answer)
			f, _ := s.finder(t, nil)
			claims := f.FindOrigin(t.Context(), host, edge)
			if len(claims) != 1 || claims[0].Problem != tc.want || claims[0].Value != "" || claims[0].Source != "lookup:finder" || time.Since(claims[0].AsOf) > time.Minute {
				t.Errorf("%+v, want %s", claims, tc.want)
			}
			if n := s.count(); n != 1 {
				t.Errorf("asked %d times", n)
			}
			discreet(t, fmt.Sprintf("%+v", claims))
		})
	}
}

// TestSlowAnswers: an answer in drips, which never ends, ends with the time limit.
func TestSlowAnswers(t *testing.T) {
	t.Parallel()
	s := newService(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		for r.Context().Err() == nil {
			_, _ = io.WriteString(w, " ")
			w.(http.Flusher).Flush()
			time.Sleep(10 * time.Millisecond)
		}
	})
	f, _ := s.finder(t, func(o *Options) { o.Timeout = 300 * time.Millisecond })
	if claims := f.FindOrigin(t.Context(), host, edge); claims[0].Problem != "timeout" {
		t.Errorf("%+v", claims)
	}
	stopped, cancel := context.WithCancel(t.Context())
	cancel()
	if claims := f.FindOrigin(stopped, "www.site-3.example", edge); claims[0].Problem != "interrupted" {
		t.Errorf("%+v", claims)
	}
}

// TestAddressesThatAreNeverDialled: the guard sees all addresses of the service first,
// and plain http goes into labs only.
func TestAddressesThatAreNeverDialled(t *testing.T) {
	t.Parallel()
	s := newService(t, says(told(at("192.0.2.9"))))
	port := s.URL[strings.LastIndex(s.URL, ":"):]
	public := netip.MustParseAddr("203.0.113.5")
	for name, change := range map[string]func(*Options){
		"refused by the guard": func(o *Options) { o.Check = func(...netip.Addr) error { return io.ErrUnexpectedEOF } },
		"plain http to a public address": func(o *Options) {
			o.URL = "http://finder.test" + port
			o.LookupHost = func(context.Context, string) ([]netip.Addr, error) {
				return []netip.Addr{loopback.Addr().Next(), public}, nil
			}
		},
		"no address": func(o *Options) {
			o.URL = "http://finder.test" + port
			o.LookupHost = func(context.Context, string) ([]netip.Addr, error) { return nil, nil }
		},
		"no such name": func(o *Options) {
			o.URL = "http://finder.test" + port
			o.LookupHost = func(context.Context, string) ([]netip.Addr, error) { return nil, io.ErrUnexpectedEOF }
		},
		"a certificate of nobody": func(o *Options) { o.URL = "https://127.0.0.1" + port },
	} {
		f, _ := s.finder(t, change)
		if claims := f.FindOrigin(t.Context(), host, edge); len(claims) != 1 || claims[0].Problem != "unreachable" {
			t.Errorf("%s: %+v", name, claims)
		}
	}
	if n := s.count(); n != 0 {
		t.Errorf("asked %d times", n)
	}
	named := func(o *Options) { o.URL = "http://finder.test" + port }
	f, _ := s.finder(t, named)
	if claims := f.FindOrigin(t.Context(), host, edge); len(claims) != 1 || claims[0].Value != "192.0.2.9" {
		t.Errorf("a lab's own service was not asked: %+v", claims)
	}
}

func TestOverTLS(t *testing.T) {
	t.Parallel()
	s := httptest.NewTLSServer(says(told(at("192.0.2.9"))))
	t.Cleanup(s.Close)
	plain := &service{Server: s}
	f, _ := plain.finder(t, func(o *Options) { o.Lab, o.TLS = nil, s.Client().Transport.(*http.Transport).TLSClientConfig })
	if claims := f.FindOrigin(t.Context(), host, edge); len(claims) != 1 || claims[0].Value != "192.0.2.9" {
		t.Errorf("%+v", claims)
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	sound := Options{
		URL: "https://finder.test/origins", Dial: (&net.Dialer{}).DialContext, Check: func(...netip.Addr) error { return nil },
		LookupHost: func(context.Context, string) ([]netip.Addr, error) { return nil, nil },
	}
	f, err := New(sound)
	if err != nil || f.Name() != "finder.test" {
		t.Fatalf("%v %v", f, err)
	}
	for name, tc := range map[string]struct {
		spoil func(*Options)
		says  string
	}{
		"no dialer":              {func(o *Options) { o.Dial = nil }, "dial"},
		"no guard":               {func(o *Options) { o.Check = nil }, "check"},
		"no resolver":            {func(o *Options) { o.LookupHost = nil }, "lookup"},
		"no URL":                 {func(o *Options) { o.URL = "" }, "origin.url"},
		"another scheme":         {func(o *Options) { o.URL = "ftp://a-secret-word.test" }, "origin.url"},
		"a password in the URL":  {func(o *Options) { o.URL = "https://me:a-secret-word@finder.test" }, "origin.url"},
		"plain http, no lab":     {func(o *Options) { o.URL = "http://a-secret-word.test" }, "guard.allow_networks"},
		"a name with a space":    {func(o *Options) { o.Name = "our finder" }, "origin.name"},
		"a name too long":        {func(o *Options) { o.Name = strings.Repeat("a", 61) }, "origin.name"},
		"a token with a newline": {func(o *Options) { o.Token = "a-secret-word\r\nX: y" }, "origin.token"},
		"a time before now":      {func(o *Options) { o.Timeout = -time.Second }, "negative"},
	} {
		o := sound
		tc.spoil(&o)
		if _, err := New(o); err == nil || !strings.Contains(err.Error(), tc.says) || strings.Contains(err.Error(), secretToken) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
