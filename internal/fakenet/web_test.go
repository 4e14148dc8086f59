package fakenet

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"vigil/casefile"
)

func TestSitesServe(t *testing.T) {
	t.Parallel()
	for _, w := range ways {
		t.Run(w.name, func(t *testing.T) {
			t.Parallel()
			n := newNet(t, Options{Vantages: []casefile.Vantage{{Name: "nl-1", Country: "NL"}, {Name: "us-1", Country: "US"}}})
			plain := Page("A title", "A paragraph.")
			for i, x := range []struct {
				b       Behaviour
				status  int
				part    string // of the body, or of the Location
				sibling int
			}{
				{plain, 200, "A paragraph.", 404},
				{Article(1, 20<<10), 200, "Article 1", 404},
				{NotFound(), 404, "not found", 404},
				{Gone(), 410, "no longer available", 404},
				{Soft404(), 200, "catalogue", 200},
				{Soft404Phrase(), 200, "could not be found", 200},
				{Takedown(), 200, "has been removed", 404},
				{Suspended(), 200, "has been suspended", 200},
				{Parked(), 200, "for sale", 200},
				{Seized(), 200, "has been seized", 200},
				{Sinkholed(), 200, "", 200},
				{RedirectHome(), 302, "/", 404},
				{RedirectTo("http://another.example/"), 302, "http://another.example/", 404},
				{Login(), 200, "type=\"password\"", 200},
				{LoginRedirect(), 302, "/login?next=/page.html", 404},
				{Unauthorized(), 401, "needs a password", 401},
				{PaymentRequired(), 402, "subscription", 404},
				{Paywall(), 200, "premium account", 404},
				{Challenge(), 403, "Just a moment", 403},
				{ConsentWall(), 200, "accept cookies", 200},
				{AgeWall(), 200, "18 years", 200},
				{AppShell(), 200, "id=\"root\"", 200},
				{Forbidden(), 403, "permission", 403},
				{RateLimited(2 * time.Minute), 429, "slow down", 429},
				{LegalBlock(), 451, "legal demand", 404},
				{GeoBlock(plain, "NL"), 403, "not available in your country", 404},
				{GeoBlock(plain, "US"), 200, "A paragraph.", 404},
				{GeoBlockAll(), 403, "not available in your country", 404},
				{GeoAbsent(plain, "NL"), 200, "A paragraph.", 404},
				{GeoAbsent(plain, "US"), 404, "not found", 404},
				{ReferrerGated(plain, "http://link.example/"), 403, "Hotlinking", 404},
				{LinkExpired(), 403, "has expired", 404},
				{ServerError(503), 503, "try again later", 503},
				{RedirectLoop(), 302, "/loop", 404},
				{EndlessRedirects(), 302, "/hop/1", 404},
				{NoLocation(), 302, "", 404},
				{CookieWall(plain), 302, "/page.html", 404},
				{Gzipped(NewResponse(200, nil, text("Small", "Unpacked by the client."))), 200, "Unpacked", 404},
				{OtherPage(), 200, "coastal railway", 404},
				{Slow(10*time.Millisecond, plain), 200, "A paragraph.", 404},
			} {
				s := n.Add(Site{Host: host(i), Acts: Always(x.b)})
				c := newClient(t, n, w.dial(t, n, "nl-1"))
				got := fetch(c, n.URL(s.Host))
				if got.err != nil || got.status != x.status {
					t.Errorf("%s: status %d, %v, want %d", x.b.Name, got.status, got.err, x.status)
					continue
				}
				if !strings.Contains(got.body+got.header.Get("Location"), x.part) {
					t.Errorf("%s: %q has no %q", x.b.Name, got.body, x.part)
				}
				if len(got.body) > 0 && !strings.Contains(got.body, s.Marker) {
					t.Errorf("%s: no marker in the page", x.b.Name)
				}
				if other := fetch(c, "http://"+s.Host+"/surely-not-there.html"); other.status != x.sibling {
					t.Errorf("%s: sibling status %d, %v, want %d", x.b.Name, other.status, other.err, x.sibling)
				}
				if x.b.Expect != "" && !x.b.Expect.Valid() {
					t.Errorf("%s: expects unknown reason %q", x.b.Name, x.b.Expect)
				}
			}
		})
	}
}

func TestBrokenAnswers(t *testing.T) {
	t.Parallel()
	for _, w := range ways {
		t.Run(w.name, func(t *testing.T) {
			t.Parallel()
			n := newNet(t, Options{})
			dial := w.dial(t, n, "")
			for i, x := range []struct {
				b       Behaviour
				err     string // of the request or of the body
				is      error
				partial bool // headers arrive
			}{
				{Refuse(), "connection refused", syscall.ECONNREFUSED, false},
				{Reset(), "", syscall.ECONNRESET, false},
				{CloseEarly(), "EOF", io.EOF, false},
				{Banner(), "", nil, false}, // net/http has two words for it, as the greeting comes before or after the request
				{HTTP09(), "malformed HTTP", nil, false},
				{Garbage(), "malformed HTTP", nil, false},
				{BadStatusLine(), "malformed HTTP status", nil, false},
				{BadHeader(), "malformed MIME header", nil, false},
				{EndlessHeaders(), "exceeded", nil, false},
				{ResetInHeaders(), "EOF", nil, false}, // net/http reads once more after the reset, and finds the end
				{ResetInBody(), "", syscall.ECONNRESET, true},
				{TruncatedBody(), "unexpected EOF", io.ErrUnexpectedEOF, true},
				{BadGzip(), "gzip", nil, false},
			} {
				s := n.Add(Site{Host: host(i), Acts: Always(x.b)})
				got := fetch(newClient(t, n, dial), n.URL(s.Host))
				wantError(t, got.err, x.err)
				if x.is != nil && !errors.Is(got.err, x.is) {
					t.Errorf("%s: error %v, want %v", x.b.Name, got.err, x.is)
				}
				if x.partial && (got.status != 200 || !strings.Contains(got.body, s.Marker)) {
					t.Errorf("%s: status %d, body %q: want half a page", x.b.Name, got.status, got.body)
				}
			}
			big := n.Add(Site{Host: "endless.example", Acts: Always(EndlessBody())})
			if got := fetch(newClient(t, n, dial), n.URL(big.Host)); len(got.body) != 4<<20 || got.err != nil {
				t.Errorf("endless body: %d bytes, %v", len(got.body), got.err)
			}
			bomb := n.Add(Site{Host: "bomb.example", Acts: Always(GzipBomb())})
			if got := fetch(newClient(t, n, dial), n.URL(bomb.Host)); len(got.body) != 4<<20 || got.err != nil {
				t.Errorf("bomb: %d bytes, %v", len(got.body), got.err)
			}
		})
	}
}

// In a bubble time is virtual: what never answers costs nothing to wait for.
func TestSilenceInVirtualTime(t *testing.T) {
	t.Parallel()
	for _, b := range []Behaviour{Blackhole(), Hang(), HangAfterRequest(), Drip(time.Second), DripHeaders(time.Second), Slow(time.Minute, Page("Late")), BrokenTLS(TLSHang)} {
		t.Run(b.Name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				n := New(Options{})
				defer n.Close()
				n.Add(Site{Host: host(1), HTTPS: b.TLS != TLSGood, Acts: Always(b)})
				c := n.Client(n.Dialer(""))
				ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
				defer cancel()
				r, err := http.NewRequestWithContext(ctx, http.MethodGet, n.URL(host(1)), nil)
				if err != nil {
					t.Fatal(err)
				}
				began := time.Now()
				answer, err := c.Do(r)
				if err == nil {
					_, err = io.Copy(io.Discard, answer.Body)
					_ = answer.Body.Close()
				}
				if !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != 20*time.Second {
					t.Errorf("after %v: %v, want a deadline after 20 s", time.Since(began), err)
				}
			})
		})
	}
}

func TestScriptOverThirtyDays(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := New(Options{})
		defer n.Close()
		n.Add(Site{Host: host(1), HTTPS: true, Acts: []Act{
			Then(10*24*time.Hour, NotFound()), {Behaviour: Page("There")}, Then(20*24*time.Hour, Refuse()), Then(25*24*time.Hour, Page("Back")),
		}})
		c := n.Client(n.Dialer(""))
		defer c.CloseIdleConnections()
		var seen []string
		for day := 0; day < 30; day++ {
			a := fetch(c, n.URL(host(1)))
			now := "refused"
			if a.err == nil {
				now = http.StatusText(a.status)
			}
			if len(seen) == 0 || seen[len(seen)-1] != now {
				seen = append(seen, now)
			}
			time.Sleep(24 * time.Hour)
		}
		if got := strings.Join(seen, ", "); got != "OK, Not Found, refused, OK" {
			t.Errorf("seen %s", got)
		}
		if got := n.RequestCount(host(1)); got != 25 {
			t.Errorf("%d requests, want 25: refused ones never arrive", got)
		}
	})
}

func TestRedirectsCookiesReferrersAndFlakes(t *testing.T) {
	t.Parallel()
	n := newNet(t, Options{})
	c := newClient(t, n, n.Dialer("nl-1"))
	n.Add(Site{Host: host(1), Acts: Always(CookieWall(Page("Behind the cookie")))})
	n.Add(Site{Host: host(2), Acts: Always(ReferrerGated(Page("Behind the gate"), "http://link.example/"))})
	n.Add(Site{Host: host(3), Acts: Always(RedirectChain(3, Page("At the end")))})
	n.Add(Site{Host: host(4), Acts: Always(Flaky(3, Page("Mostly there")))})
	for _, x := range []struct{ host, header, value, part string }{
		{host(1), "Cookie", "seen=1", "Behind the cookie"},
		{host(2), "Referer", "http://link.example/list", "Behind the gate"},
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, n.URL(x.host), nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set(x.header, x.value)
		a, err := c.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(a.Body)
		_ = a.Body.Close()
		if !strings.Contains(string(body), x.part) {
			t.Errorf("%s: %q", x.header, body)
		}
	}
	if seen := n.Requests(host(2)); len(seen) != 1 || seen[0].Referer != "http://link.example/list" || seen[0].Vantage != "nl-1" || seen[0].Path != "/page.html" {
		t.Errorf("requests %+v", seen)
	}
	url, hops := n.URL(host(3)), 0
	for a := fetch(c, url); a.status == http.StatusFound; a = fetch(c, url) {
		url, hops = "http://"+host(3)+a.header.Get("Location"), hops+1
	}
	if a := fetch(c, url); hops != 3 || !strings.Contains(a.body, "At the end") {
		t.Errorf("%d hops to %q", hops, a.body)
	}
	var statuses []int
	for range 6 {
		statuses = append(statuses, fetch(c, n.URL(host(4))).status)
	}
	if statuses[2] != 503 || statuses[5] != 503 || statuses[0] != 200 || statuses[4] != 200 {
		t.Errorf("flaky site: %v", statuses)
	}
}

func TestChangeAndUnknownPlaces(t *testing.T) {
	t.Parallel()
	n := newNet(t, Options{})
	s := n.Add(Site{Host: host(1)})
	c := newClient(t, n, n.Dialer(""))
	n.Change(host(1), Refuse())
	wantError(t, fetch(c, n.URL(host(1))).err, "refused")
	n.Change(host(1), Gone())
	if a := fetch(c, n.URL(host(1))); a.status != http.StatusGone {
		t.Errorf("status %d, %v", a.status, a.err)
	}
	for address, part := range map[string]string{
		s.Addresses[0].String() + ":8080": "refused", "192.168.1.1:80": "no route", "site-1.example:80": "never names",
	} {
		_, err := n.Dialer("")(t.Context(), "tcp", address)
		wantError(t, err, part)
	}
	if a := fetch(c, "http://"+s.Addresses[0].String()+"/page.html"); a.status != http.StatusGone {
		t.Errorf("by address: %d, %v", a.status, a.err)
	}
}
