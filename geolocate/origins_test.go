package geolocate

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"vigil/casefile"
	"vigil/geolocate/origin"
	"vigil/internal/fakenet"
)

// veiled is a table in which the simulated PRAIRIE-NET is an edge's.
func veiled(t *testing.T) *edges {
	t.Helper()
	const dated = ",example.test,2026-11-23\n"
	e, err := parseEdges(strings.ReplaceAll("Veil,kind,cdn;Veil,cname,cdn.veil.test;Veil,range,198.51.100.0/25;Veil,range,2001:db8:3::/48;Veil,email,abuse@veil.test;", ";", dated),
		strings.ReplaceAll("Shelf,kind,page_host;Shelf,cname,ext.shelf.test;", ";", dated), "")
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// TestAServiceTellsTheOrigin: a site behind an edge, and a service on the same
// simulated internet that knows where it is.
func TestAServiceTellsTheOrigin(t *testing.T) {
	t.Parallel()
	var question struct{ Host, Edge string }
	sim, l := world(t, nil)
	l.edges = veiled(t)
	sim.Add(fakenet.Site{Host: "finder.test", Network: "RHEINBLICK-NET", Acts: fakenet.Always(fakenet.Behaviour{Everywhere: true, Answer: func(w http.ResponseWriter, r *fakenet.Request) {
		if err := json.NewDecoder(r.Body).Decode(&question); err != nil || r.Method != http.MethodPost || r.Header.Get("Authorization") != "Bearer word" {
			http.Error(w, "no", http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"host":"` + question.Host + `","origins":[{"address":"198.51.100.77","as_of":"2026-11-20T08:00:00Z"},{"address":"192.0.2.200","as_of":"2026-11-20T08:00:00Z"}]}`))
	}})})
	finder, err := origin.New(origin.Options{
		URL: sim.URL("finder.test"), Token: "word", Name: "finder", Dial: sim.Dialer("test"), LookupHost: sim.Lookup, Check: func(...netip.Addr) error { return nil }, Lab: sim.Prefixes(),
	})
	if err != nil {
		t.Fatal(err)
	}
	l.finder, l.checkOrigin = finder, func(...netip.Addr) error { return nil }
	to, o := site(t, sim, fakenet.Site{Host: "www.site-1.example", Network: "PRAIRIE-NET"}) // in a range of the edge
	h := locate(t.Context(), l, to, o)
	if h.Edge == nil || h.Edge.Name != "Veil" || h.Country != "NL" || h.Confidence < 0.8 || h.Origin != casefile.OriginKnown || h.Provider != "Lowland Hosting" {
		t.Errorf("%+v", h)
	}
	if question.Host != "www.site-1.example" || question.Edge != "Veil" {
		t.Errorf("asked %+v", question)
	}
	if len(h.Contacts) == 0 || h.Contacts[0].Email != "abuse@lowland.test" || h.Contacts[0].Party != casefile.PartyHost || !slices.ContainsFunc(h.Contacts, func(c casefile.Contact) bool { return c.Party == casefile.PartyEdge }) {
		t.Errorf("%+v", h.Contacts)
	}
	if c := h.Claims[0]; c.Fact != casefile.FactOrigin || c.Value != "192.0.2.200" || c.Source != "lookup:finder" || c.AsOf.Year() != 2026 {
		t.Errorf("first claim %+v", c)
	}
	steps := strings.Join(h.Steps, "\n")
	for _, want := range []string{"The look-up finder told the origin 192.0.2.200, as of 2026-11-20.", "told an address in a published range of an edge"} {
		if !strings.Contains(steps, want) {
			t.Errorf("no %q in:\n%s", want, steps)
		}
	}
	if again := Replay(h); again.Country != h.Country || again.Confidence != h.Confidence || again.Provider != h.Provider || again.Origin != h.Origin {
		t.Errorf("replayed %+v", again)
	}
}

// scripted is a finder that says what a test wants.
type scripted struct {
	say   []casefile.Claim
	asked int
	left  time.Duration
}

func (s *scripted) Name() string { return "finder" }

func (s *scripted) FindOrigin(ctx context.Context, _, _ string) []casefile.Claim {
	s.asked++
	deadline, _ := ctx.Deadline()
	s.left = time.Until(deadline)
	return s.say
}

func tells(addrs ...string) (out []casefile.Claim) {
	for _, a := range addrs {
		out = append(out, casefile.Claim{Fact: casefile.FactOrigin, Value: a, Source: "lookup:another", AsOf: now})
	}
	return out
}

func TestWhatALookUpMayTell(t *testing.T) {
	t.Parallel()
	sim, l := world(t, nil)
	l.edges = veiled(t)
	to, o := site(t, sim, fakenet.Site{Host: "www.site-1.example", Network: "PRAIRIE-NET"})
	private := netip.MustParsePrefix("10.0.0.0/8")
	check := func(addrs ...netip.Addr) error {
		if slices.ContainsFunc(addrs, private.Contains) {
			return errors.New("refused")
		}
		return nil
	}
	for _, test := range []struct {
		name    string
		say     []casefile.Claim
		want    []string // the origins that count
		problem string
		step    string
	}{
		{name: "one", say: tells("192.0.2.200"), want: []string{"192.0.2.200"}, step: "told the origin 192.0.2.200"},
		{name: "none", problem: "not_found", step: "told no origin (not_found)"},
		{name: "a failure", say: []casefile.Claim{{Fact: casefile.FactOrigin, Source: "lookup:finder", Problem: "rate_limited", AsOf: now}}, problem: "rate_limited", step: "told no origin (rate_limited)"},
		{name: "a private address", say: tells("10.0.0.1"), problem: "not_found", step: "told an address that no public server can have"},
		{name: "a private address, mapped, and a public one", say: tells("::ffff:10.0.0.1", "192.0.2.200"), want: []string{"192.0.2.200"}, step: "no public server"},
		{name: "addresses of the edge", say: tells("198.51.100.3", "2001:db8:3::3"), problem: "not_found", step: "told 2 addresses in a published range of an edge"},
		{name: "no address", say: tells("origin.example"), problem: "not_found", step: "told an address that"},
		{name: "a country is not for a look-up to say", say: tells("NL"), problem: "not_found", step: "told an address that"},
		{name: "one twice", say: tells("192.0.2.200", "::ffff:192.0.2.200"), want: []string{"192.0.2.200"}},
		{name: "five", say: tells("192.0.2.201", "192.0.2.202", "192.0.2.203", "192.0.2.204", "192.0.2.205"), want: []string{"192.0.2.201", "192.0.2.202", "192.0.2.203", "192.0.2.204"}, step: "told an address more, which were not taken"},
	} {
		finder := &scripted{say: test.say}
		l.finder, l.checkOrigin = finder, check
		h := locate(t.Context(), l, to, o)
		var got []string
		problem := ""
		for _, c := range h.Claims {
			if c.Fact != casefile.FactOrigin {
				continue
			}
			if c.Source != "lookup:finder" || c.AsOf.IsZero() || (c.Value == "") == (c.Problem == "") {
				t.Errorf("%s: %+v", test.name, c)
			}
			if problem += c.Problem; c.Value != "" {
				got = append(got, c.Value)
			}
		}
		if !slices.Equal(got, test.want) || problem != test.problem || !strings.Contains(strings.Join(h.Steps, "\n"), test.step) {
			t.Errorf("%s: origins %v, problem %q, steps %q", test.name, got, problem, h.Steps)
		}
		if known := h.Origin == casefile.OriginKnown; known != (len(test.want) > 0) || known && h.Country != "NL" || !known && h.Country != "" {
			t.Errorf("%s: origin %s in %q", test.name, h.Origin, h.Country)
		}
		if finder.left <= 0 || finder.left > originTimeout {
			t.Errorf("%s: %v for the look-up", test.name, finder.left)
		}
	}
}

// TestWhenALookUpIsAsked: only where nobody else says what an edge hides.
func TestWhenALookUpIsAsked(t *testing.T) {
	t.Parallel()
	sim, l := world(t, nil)
	l.edges = veiled(t)
	finder := &scripted{say: tells("192.0.2.200")}
	l.finder, l.checkOrigin = finder, func(...netip.Addr) error { return nil }
	to, behind := site(t, sim, fakenet.Site{Host: "www.site-1.example", Network: "PRAIRIE-NET"})
	plain, open := site(t, sim, fakenet.Site{Host: "www.site-2.example"})
	kept := behind
	kept.Resolution.CNAMEs = []string{"www.site-1.example.cdn.veil.test", "x.ext.shelf.test"}
	literal := casefile.Observation{}
	for _, test := range []struct {
		name string
		q    casefile.Inquiry
		want int
	}{
		{"behind an edge", casefile.Inquiry{Target: to, Looks: []casefile.Observation{behind}}, 1},
		{"no edge", casefile.Inquiry{Target: plain, Looks: []casefile.Observation{open}}, 0},
		{"a person recorded the origin", casefile.Inquiry{Target: to, Looks: []casefile.Observation{behind}, Backend: &casefile.Backend{Address: netip.MustParseAddr("192.0.2.9"), By: "anna", At: now}}, 0},
		{"a person recorded the country", casefile.Inquiry{Target: to, Looks: []casefile.Observation{behind}, Backend: &casefile.Backend{Country: "RO", By: "anna", At: now}}, 0},
		{"a platform behind the edge keeps the page", casefile.Inquiry{Target: to, Looks: []casefile.Observation{kept}}, 0},
		{"an address of the edge itself", casefile.Inquiry{Target: target(t, "http://198.51.100.3/"), Looks: []casefile.Observation{literal}}, 0},
	} {
		finder.asked = 0
		if h := l.Locate(t.Context(), test.q); finder.asked != test.want {
			t.Errorf("%s: asked %d times: %+v", test.name, finder.asked, h)
		}
	}
	if _, err := New(Options{Origins: finder}); err == nil || !strings.Contains(err.Error(), "CheckOrigin") {
		t.Errorf("a finder without a policy: %v", err)
	}
	hurried, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	if l.Locate(hurried, casefile.Inquiry{Target: to, Looks: []casefile.Observation{behind}}); finder.left > time.Second {
		t.Errorf("the look-up gets %v of 2 s, and leaves nothing for the registries", finder.left)
	}
}
