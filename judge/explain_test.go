package judge_test

import (
	"encoding/json"
	"flag"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"vigil/casefile"
	"vigil/explain"
	"vigil/judge"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", "explain", name)
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s differs (-want +got; -update rewrites it):\n%s", name, diff)
	}
}

// dressed is o as a crawler would have written it: with addresses, TLS, timings, name servers and an alias.
func dressed(o casefile.Observation) casefile.Observation {
	v4, v6 := netip.MustParseAddr("192.0.2.7"), netip.MustParseAddr("2001:db8::7")
	o.Started, o.Took = started, 20*time.Second
	if o.Purpose == "" {
		o.Purpose = casefile.PurposeTarget
	}
	if len(o.Hops) > 0 {
		o.Took, o.Resolution.Took = 184*time.Millisecond, 27*time.Millisecond
		o.Resolution.Addresses, o.Resolution.CNAMEs = []netip.Addr{v4, v6}, []string{"site-1.example.edge.test"}
		o.Resolution.Nameservers = append(slices.Clone(o.Resolution.Nameservers), "ns1.site-1.example", "ns2.dns.test")
	} else if o.Fault != nil && o.Fault.Kind == casefile.FaultNXDomain {
		o.Resolution.Rcode, o.Resolution.Took, o.Took = "NXDOMAIN", 31*time.Millisecond, 31*time.Millisecond
	}
	o.Hops = slices.Clone(o.Hops)
	for i := range o.Hops {
		h := &o.Hops[i]
		h.Protocol, h.RoundTrip, h.Took = "HTTP/2.0", 12*time.Millisecond, 70*time.Millisecond
		if !h.Address.IsValid() {
			h.Address = v4
		}
		if strings.HasPrefix(h.Target.URL(), "https:") {
			h.TLS = &casefile.TLS{Version: "1.3"}
		}
	}
	return o
}

// explained is the first look of the table that leads to the reason, dressed, with its verdict.
func explained(t *testing.T, reason casefile.Reason) (casefile.Verdict, []casefile.Observation) {
	t.Helper()
	if reason == casefile.ReasonFenced {
		return visitOf(nil, answer(200, article()), answer(404, bare(casefile.MarkerNotFound)), fault(casefile.FaultTimeout, casefile.PhaseConnect))
	}
	for _, tt := range oneLook {
		if tt.want != reason || tt.target != "" {
			continue
		}
		seen := []casefile.Observation{dressed(*tt.look)}
		v := judge.Decide(judge.Input{Target: asked, Observations: seen, Decoy: tt.sibling, SameSiteReferrer: tt.referred, Homepage: tt.front, Baseline: tt.baseline, Registrar: tt.registrar})
		if tt.sibling != nil {
			seen = append(seen, dressed(*tt.sibling))
		}
		if tt.referred != nil {
			seen = append(seen, dressed(*tt.referred))
		}
		return v, seen
	}
	t.Fatalf("no look leads to %s", reason)
	return casefile.Verdict{}, nil
}

// visitOf is a visit from as many vantages as there are looks, each in a network of its own, but in those given.
func visitOf(networks []string, looks ...*casefile.Observation) (casefile.Verdict, []casefile.Observation) {
	in := judge.Input{Target: asked}
	for i, o := range looks {
		from := casefile.Vantage{Name: "vantage-" + strconv.Itoa(i+1), Country: "NL", Network: "AS" + strconv.Itoa(64500+i)}
		if i < len(networks) {
			from.Network = networks[i]
		}
		in.Vantages = append(in.Vantages, from)
		look := dressed(*o)
		look.Vantage = from.Name
		in.Observations = append(in.Observations, look)
	}
	return judge.Decide(in), in.Observations
}

// masked is a reading for somebody who may not see the host.
var masked = explain.Reading{Target: asked, Shown: func(s string) string { return strings.ReplaceAll(s, "site-1.example", "[sealed]") }}

// TestEveryReasonIsExplained has a golden for each reason, fit for a terminal and without any name of the site.
func TestEveryReasonIsExplained(t *testing.T) {
	t.Parallel()
	sentences := map[string]casefile.Reason{}
	for _, reason := range casefile.Reasons() {
		v, seen := explained(t, reason)
		if v.Reason != reason {
			t.Fatalf("the look for %s led to %s", reason, v.Reason)
		}
		e := explain.Verdict(v, seen, masked)
		clause, _, _ := strings.Cut(e.Sentence, ";")
		if _, words, _ := strings.Cut(clause, ": "); words == strings.ReplaceAll(string(reason), "_", " ") {
			t.Errorf("%s has no words: %s", reason, e.Sentence)
		}
		if other, twice := sentences[clause]; twice {
			t.Errorf("%s and %s say the same: %s", reason, other, clause)
		}
		sentences[clause] = reason
		for _, s := range e.Signals {
			if s.Words == strings.ReplaceAll(s.Name, "_", " ")+": "+s.Value {
				t.Errorf("%s: the signal %s has no words", reason, s.Name)
			}
		}
		asJSON, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		text := e.Text("")
		for _, secret := range []string{"site-1", "picture", "album", "elsewhere.test", "parking.test", "edge.test", "://"} {
			if strings.Contains(text, secret) || strings.Contains(string(asJSON), secret) {
				t.Errorf("%s: gives away %q:\n%s\n%s", reason, secret, text, asJSON)
			}
		}
		if strings.Contains(string(asJSON), "null") || strings.Contains(text, "{") {
			t.Errorf("%s: a list is null, or a place was not filled:\n%s\n%s", reason, asJSON, text)
		}
		for line := range strings.Lines(e.Text("      ") + text) {
			if utf8.RuneCountInString(strings.TrimSuffix(line, "\n")) > explain.TextWidth {
				t.Errorf("%s: wider than %d: %s", reason, explain.TextWidth, line)
			}
		}
		golden(t, string(reason)+".txt", text)
	}
}

// TestExplanationAsJSON keeps the names: outside programs read them.
func TestExplanationAsJSON(t *testing.T) {
	t.Parallel()
	for name, r := range map[string]explain.Reading{"fenced_masked.json": masked, "fenced_named.json": {Target: asked, Names: true}} {
		v, seen := explained(t, casefile.ReasonFenced)
		got, err := json.MarshalIndent(explain.Verdict(v, seen, r), "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		golden(t, name, string(got)+"\n")
	}
}

// TestWhoAgrees checks the last words of a sentence against visits from several vantages.
func TestWhoAgrees(t *testing.T) {
	t.Parallel()
	missing, page := answer(404, bare()), answer(200, article())
	silent := fault(casefile.FaultTimeout, casefile.PhaseConnect)
	for name, tt := range map[string]struct {
		networks []string
		looks    []*casefile.Observation
		want     string
	}{
		"nobody":             {nil, nil, "no vantage looked."},
		"one":                {nil, []*casefile.Observation{missing}, "one vantage looked."},
		"all":                {nil, []*casefile.Observation{missing, missing, missing}, "3 of 3 vantages agree."},
		"one cannot see":     {nil, []*casefile.Observation{missing, silent, missing}, "2 of 3 vantages agree."},
		"seen and not seen":  {nil, []*casefile.Observation{page, missing, missing}, "of 3 vantages 1 saw it and 2 found it gone."},
		"all of one network": {[]string{"AS64500", "AS64500", "AS64500"}, []*casefile.Observation{missing, missing, missing}, "all 3 vantages found it gone, but they are in one network and no independent witnesses."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v, seen := visitOf(tt.networks, tt.looks...)
			if got := explain.Verdict(v, seen, masked).Sentence; !strings.HasSuffix(got, "; "+tt.want) {
				t.Errorf("got %q, want it to end with %q", got, tt.want)
			}
		})
	}
}

// TestSentencesTellTheEvidence has the evidence that one reason can rest on in several ways.
func TestSentencesTellTheEvidence(t *testing.T) {
	t.Parallel()
	for look, want := range map[string]string{
		"sent to another domain":                                 "it leads to another site; one",
		"sent to a name that does not exist":                     "it leads to a name that does not exist; one",
		"one page for every path":                                "page for missing addresses; a path that surely does not exist looks the same; the front page was asked for: it is another page; one",
		"not found, in words, on a bare page; sibling not asked": "page for missing addresses; the page says that nothing is there; one",
		"405":                              "does not answer the question; the last answer has status 405; one",
		"401":                              "before anything is shown; the last answer has status 401 (log in first); one",
		"log-in page after a redirect":     "before anything is shown; the page has a log-in form, or asks to log in; one",
		"empty where something was":        "what was reported; the answer has no content; one",
		"another picture":                  "what was reported; the bytes are not those of the first live look; one",
		"another picture of the same kind": "what was reported; the bytes are not those of the first live look; as a file, beside the first live look: similarity 0.00, now 9,000 bytes, before 5,000 bytes; one",
		"the picture with bytes added":     "is the one first seen live; the last answer has status 200 (OK); the file begins as the first live look's does; as a file, beside the first live look: similarity 0.82, now 5,017 bytes, before 5,000 bytes; one",
		"404 that says both that it is missing and that the link expired": "not found (404); the page says that nothing is there; one",
		"no address, by the registrar":                                    "on hold; the registrar holds the domain (clientHold); one",
	} {
		n := 0
		for n < len(oneLook) && oneLook[n].name != look {
			n++
		}
		if n == len(oneLook) {
			t.Errorf("there is no look %q", look)
			continue
		}
		tt := oneLook[n]
		seen := []casefile.Observation{*tt.look}
		v := judge.Decide(judge.Input{Target: asked, Observations: seen, Decoy: tt.sibling, Homepage: tt.front, Baseline: tt.baseline, Registrar: tt.registrar})
		if got := explain.Verdict(v, seen, masked).Sentence; !strings.Contains(got, want) {
			t.Errorf("%s: got %q, want %q in it", look, got, want)
		}
	}
}

// TestStepsOfALook checks what the goldens of the reasons do not have.
func TestStepsOfALook(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		target string
		change func(*casefile.Observation)
		want   []string
	}{
		"a bad certificate": {"", func(o *casefile.Observation) { o.Hops[0].TLS.Problem = "expired" }, []string{"TLS 1.3, certificate not to be trusted (expired)"}},
		"no TLS":            {"", func(o *casefile.Observation) { o.Hops[0].TLS = nil }, []string{"without TLS"}},
		"an edge that asks to wait": {"", func(o *casefile.Observation) {
			o.Hops[0].Edge, o.Hops[0].Challenge, o.Hops[0].RetryAfter = "example-edge", true, 90*time.Second
		}, []string{"edge example-edge", "a test for robots", "come back in 90.0 s"}},
		"more than our cap": {"", func(o *casefile.Observation) { o.BodyBytes, o.Truncated = 2_097_152, true }, []string{"2,097,152 bytes read, and there are more"}},
		"a film that is longer than our cap": {"", func(o *casefile.Observation) {
			o.BodyBytes, o.Truncated, o.Features = 2_097_152, true, &casefile.Features{Digest: "film", Kind: "video/mp4", Bytes: 2_097_152, Length: 91_000_000}
		}, []string{"2,097,152 bytes read, and there are more; not HTML, by its first bytes video/mp4, 91,000,000 bytes in all"}},
		"bytes without traits": {"", func(o *casefile.Observation) { o.Features, o.BodyBytes = nil, 12 }, []string{"12 bytes read; no traits"}},
		"validated":            {"", func(o *casefile.Observation) { o.Resolution.Authenticated = true }, []string{"validated with DNSSEC"}},
		"a look-up of no time": {"", func(o *casefile.Observation) { o.Resolution.Took = time.Microsecond }, []string{"looked up in under 1 ms"}},
		"many addresses": {"", func(o *casefile.Observation) {
			for i := range 20 {
				o.Resolution.Addresses = append(o.Resolution.Addresses, netip.AddrFrom4([4]byte{198, 51, 100, byte(i)}))
			}
		}, []string{"22 addresses: ", "and 14 more"}},
		"an address as the host": {"https://192.0.2.7/x", func(o *casefile.Observation) { o.Resolution = casefile.Resolution{} }, []string{"no name to look up"}},
		"a fault with its detail": {"", func(o *casefile.Observation) {
			o.Fault = &casefile.Fault{Kind: casefile.FaultTLS, Phase: casefile.PhaseTLS, Detail: "handshake refused"}
		}, []string{"no secure connection came about, while the connection was secured: handshake refused"}},
		"no server answered": {"", func(o *casefile.Observation) {
			o.Resolution, o.Hops, o.Fault = casefile.Resolution{}, nil, &casefile.Fault{Kind: casefile.FaultTimeout, Phase: casefile.PhaseResolve}
		}, []string{"resolve   no server answered"}},
		"on the way to another site": {"", func(o *casefile.Observation) {
			o.Hops = append(o.Hops, casefile.Hop{Target: at("https://www.site-1.example/"), Status: 301, Location: true}, casefile.Hop{Target: at("https://other.test/")})
		}, []string{"another host of the same site: 301 (moved), without TLS, sends on", "another site: no status"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := dressed(*answer(200, article()))
			tt.change(&o)
			r := masked
			if tt.target != "" {
				r.Target = at(tt.target)
			}
			text := strings.Join(strings.Fields(explain.Verdict(casefile.Verdict{}, []casefile.Observation{o}, r).Text("")), " ")
			for _, want := range tt.want {
				if !strings.Contains(text, strings.Join(strings.Fields(want), " ")) {
					t.Errorf("does not say %q:\n%s", want, text)
				}
			}
		})
	}
}

// TestWhatIsUnknownIsShownAsItIs : rows of an older or a newer Vigil.
func TestWhatIsUnknownIsShownAsItIs(t *testing.T) {
	t.Parallel()
	v := casefile.Verdict{State: "odd", Reason: "quite_new", Signals: []casefile.Signal{{Name: "new_sign", Value: "seen"}, {Name: "fault", Value: "gremlins unknown"}, {Name: "status", Value: "999"}}}
	e := explain.Verdict(v, []casefile.Observation{{Vantage: "local"}}, explain.Reading{})
	want := []string{"new sign: seen", "an unknown fault", "the last answer has status 999"}
	for i, s := range e.Signals {
		if s.Words != want[i] {
			t.Errorf("got %q, want %q", s.Words, want[i])
		}
	}
	if e.Sentence != "odd: quite new; one vantage looked." {
		t.Errorf("got %q", e.Sentence)
	}
}

// A reason that a page gives in words, with status 200, is not told with the status that servers give it.
func TestNoStatusIsToldThatWasNotAnswered(t *testing.T) {
	t.Parallel()
	for marker, want := range map[casefile.Marker]casefile.Reason{
		casefile.MarkerLegalBlock: casefile.ReasonLegalBlock, casefile.MarkerRateLimit: casefile.ReasonRateLimited, casefile.MarkerLogin: casefile.ReasonLogin,
		casefile.MarkerPaywall: casefile.ReasonPayment, casefile.MarkerFailure: casefile.ReasonServerError,
	} {
		v, looks := visitOf(nil, answer(200, bare(marker)))
		if v.Reason != want {
			t.Fatalf("%s: judged %s, not %s", marker, v.Reason, want)
		}
		e := explain.Verdict(v, looks, explain.Reading{})
		for _, status := range []string{"401", "402", "403", "429", "451", "500"} {
			if strings.Contains(e.Text(""), status) {
				t.Errorf("%s: names status %s where 200 was answered:\n%s", marker, status, e.Text(""))
			}
		}
	}
}
