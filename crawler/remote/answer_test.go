package remote

import (
	"encoding/json"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"vigil/casefile"
	"vigil/internal/fakenet/filled"
)

var (
	testSettings = LookSettings{DigestKey: "a key of a test, 32 bytes long..", Limits: Limits{Timeout: 20 * time.Second, MaxBody: 1 << 20, MaxRedirects: 3}, UserAgent: "test"}
	testPlace    = Identity{Vantage: casefile.Vantage{Name: "elsewhere", Country: "SE", Network: "AS64501"}, Build: "test"}
)

func testTarget(t testing.TB, url string) casefile.Target {
	t.Helper()
	at, err := casefile.NewTarget(url)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// full is an observation with every field set.
func full(t testing.TB) (casefile.Subject, casefile.Observation) {
	t.Helper()
	s := casefile.Subject{Target: testTarget(t, "https://site-1.example/a?b=c&d=<e>"), Purpose: casefile.PurposeTarget}
	date := time.Date(2026, 11, 23, 1, 2, 3, 0, time.UTC)
	return s, casefile.Observation{
		Purpose: casefile.PurposeTarget, Took: 1234567 * time.Nanosecond,
		Resolution: casefile.Resolution{
			Rcode: "NOERROR", CNAMEs: []string{"a.edge.example"}, Addresses: []netip.Addr{netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("2001:db8::1")},
			Nameservers: []string{"ns1.example"}, Authenticated: true, Took: 345678 * time.Nanosecond,
		},
		Hops: []casefile.Hop{
			{Target: s.Target, Address: netip.MustParseAddr("192.0.2.1"), Status: 302, Location: true, Protocol: "HTTP/1.1", RetryAfter: time.Minute, Took: time.Second},
			{
				Target: testTarget(t, "https://site-2.example/"), Address: netip.MustParseAddr("2001:db8::1"), Status: 200, MediaType: "text/html", Server: "nginx/1.25 (x)",
				Edge: "some-edge", Challenge: true, Protocol: "HTTP/1.1", Location: true, RetryAfter: time.Hour, Date: date, RoundTrip: 3 * time.Millisecond, Took: time.Second,
				TLS: &casefile.TLS{Version: "1.3", Problem: "unknown authority", Expires: date.AddDate(1, 0, 0)},
			},
		},
		Status: 200, BodyBytes: 12345, Truncated: true,
		Features: &casefile.Features{
			Digest: strings.Repeat("0a", 32), SimHash: 1<<63 + 5, Structure: 1<<64 - 1, Title: strings.Repeat("ff", 32), Words: 1, Elements: 2, Links: 3, Images: 4,
			Media: 5, Scripts: 6, Forms: 7, Passwords: 8, Buttons: 3, Frames: 9, HTML: true, Markers: []casefile.Marker{casefile.MarkerLogin, casefile.MarkerNotFound}, Asserted: []casefile.Marker{casefile.MarkerNotFound},
		},
		Fault: &casefile.Fault{Kind: casefile.FaultReset, Phase: casefile.PhaseBody, Detail: "closed in the body"},
	}
}

var sameTargets = cmp.Options{cmp.Comparer(func(a, b casefile.Target) bool { return a == b }), cmp.Comparer(func(a, b netip.Addr) bool { return a == b }), cmpopts.EquateEmpty()}

func TestEveryFactCrossesTheWire(t *testing.T) {
	t.Parallel()
	for name, facts := range map[string]func(testing.TB) (casefile.Subject, casefile.Observation){"a page": full, "a file": fullFile} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, o := facts(t)
			crosses(t, s, o)
		})
	}
	_, page := full(t)
	_, file := fullFile(t)
	ofFile := filled.Zeros(file)
	for _, way := range filled.Zeros(page) { // what is set in neither
		asker := way == "Observation.ID" || way == "Observation.Vantage" || way == "Observation.Started" // the one who asks sets these
		if !asker && slices.Contains(ofFile, way) && !strings.Contains(way, "Hops[0]") {
			t.Errorf("%s is not set: the test proves nothing about it", way)
		}
	}
}

// fullFile is full with a file in the place of the page.
func fullFile(t testing.TB) (casefile.Subject, casefile.Observation) {
	t.Helper()
	s, o := full(t)
	o.Features = &casefile.Features{Digest: strings.Repeat("0b", 32), Kind: "video/mp4", Bytes: 12345, Length: 400_000,
		PrefixDigests: []string{strings.Repeat("1c", 16), strings.Repeat("2d", 16)}, Markers: []casefile.Marker{casefile.MarkerTakedownSign}}
	return s, o
}

func crosses(t *testing.T, s casefile.Subject, o casefile.Observation) {
	t.Helper()
	data, err := encodeAnswer(testPlace, o)
	if err != nil {
		t.Fatal(err)
	}
	who, got, err := decodeAnswer(data, s, testSettings)
	if err != nil || who != testPlace {
		t.Fatalf("%+v, %v", who, err)
	}
	if diff := cmp.Diff(o, got, sameTargets); diff != "" {
		t.Error(diff)
	}
}

// asFile makes the page a sound file.
func asFile(o *casefile.RevealedObservation) {
	o.Features = &casefile.Features{Digest: o.Features.Digest, Kind: "video/mp4", Bytes: 8192, Length: 9000, PrefixDigests: []string{strings.Repeat("1c", 16), strings.Repeat("2d", 16)}}
}

func TestTheQuestionCrossesTheWire(t *testing.T) {
	t.Parallel()
	s, _ := full(t)
	s.Referrer, s.Nameservers = testTarget(t, "http://link.example/x"), true
	data, err := encodeRequest(testSettings, s)
	if err != nil {
		t.Fatal(err)
	}
	// The sign < of the test's target is not how Vigil writes it: a remote vantage refuses what its owner cannot have stored.
	if _, _, err := decodeRequest(data); err == nil {
		t.Error("a target that is not canonical was taken")
	}
	s.Target = testTarget(t, "https://site-1.example/a?b=c&d=e")
	if data, err = encodeRequest(testSettings, s); err != nil {
		t.Fatal(err)
	}
	m, got, err := decodeRequest(data)
	if err != nil || m != testSettings || got != s {
		t.Errorf("%v %v", got, err)
	}
	for name, change := range map[string]func(*request){
		"a short key":        func(r *request) { r.DigestKey = []byte("short") },
		"no time":            func(r *request) { r.Settings.Timeout = 0 },
		"too much time":      func(r *request) { r.Settings.Timeout = time.Hour },
		"too large a body":   func(r *request) { r.Settings.MaxBody = 1 << 40 },
		"too many redirects": func(r *request) { r.Settings.MaxRedirects = 51 },
		"two lines of agent": func(r *request) { r.Settings.UserAgent = "a\r\nX: y" },
		"an unknown purpose": func(r *request) { r.Purpose = "other" },
		"another scheme":     func(r *request) { r.Target = "file:///etc/passwd" },
		"a user in the URL":  func(r *request) { r.Target = "http://me:secret@site-1.example/" },
		"no target":          func(r *request) { r.Target = "" },
		"a broken referrer":  func(r *request) { r.Referrer = "HTTP://LINK.EXAMPLE" },
	} {
		var r request
		if err := json.Unmarshal(data, &r); err != nil {
			t.Fatal(err)
		}
		change(&r)
		bad, err := encode(r)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := decodeRequest(bad); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}

func TestAnswersOutOfBounds(t *testing.T) {
	t.Parallel()
	s, o := full(t)
	data, err := encodeAnswer(testPlace, o)
	if err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("x", 2000)
	for name, change := range map[string]func(a *response, o *casefile.RevealedObservation){
		"a vantage":                func(_ *response, o *casefile.RevealedObservation) { o.Vantage = "elsewhere" },
		"a clock of its own":       func(_ *response, o *casefile.RevealedObservation) { o.Started = time.Now() },
		"another purpose":          func(_ *response, o *casefile.RevealedObservation) { o.Purpose = casefile.PurposeDecoy },
		"a negative time":          func(_ *response, o *casefile.RevealedObservation) { o.Took = -1 },
		"a year":                   func(_ *response, o *casefile.RevealedObservation) { o.Took = 24 * 365 * time.Hour },
		"a negative look-up":       func(_ *response, o *casefile.RevealedObservation) { o.Resolution.Took = -1 },
		"a look-up of a year":      func(_ *response, o *casefile.RevealedObservation) { o.Resolution.Took = 24 * 365 * time.Hour },
		"a long rcode":             func(_ *response, o *casefile.RevealedObservation) { o.Resolution.Rcode = long },
		"a name with a line break": func(_ *response, o *casefile.RevealedObservation) { o.Resolution.CNAMEs[0] = "a\nb" },
		"a long name server":       func(_ *response, o *casefile.RevealedObservation) { o.Resolution.Nameservers[0] = long },
		"a thousand names":         func(_ *response, o *casefile.RevealedObservation) { o.Resolution.CNAMEs = make([]string, 1000) },
		"an address that is none":  func(_ *response, o *casefile.RevealedObservation) { o.Resolution.Addresses[0] = netip.Addr{} },
		"an address with a zone": func(_ *response, o *casefile.RevealedObservation) {
			o.Hops[0].Address = netip.MustParseAddr("fe80::1%eth0")
		},
		"another status than the hop": func(_ *response, o *casefile.RevealedObservation) { o.Status = 404 },
		"hops from elsewhere":         func(_ *response, o *casefile.RevealedObservation) { o.Hops = o.Hops[1:] },
		"too many hops": func(_ *response, o *casefile.RevealedObservation) {
			o.Hops = append(o.Hops, o.Hops[1], o.Hops[1], o.Hops[1])
		},
		"a hop to nowhere":           func(_ *response, o *casefile.RevealedObservation) { o.Hops[1].URL = "" },
		"a hop to a file":            func(_ *response, o *casefile.RevealedObservation) { o.Hops[1].URL = "file:///x" },
		"status 0":                   func(_ *response, o *casefile.RevealedObservation) { o.Hops[1].Status, o.Status = 0, 0 },
		"a server with a line break": func(_ *response, o *casefile.RevealedObservation) { o.Hops[1].Server = "a\nb" },
		"a page for a media type":    func(_ *response, o *casefile.RevealedObservation) { o.Hops[1].MediaType = long },
		"a long edge":                func(_ *response, o *casefile.RevealedObservation) { o.Hops[1].Edge = long },
		"a wait of a year":           func(_ *response, o *casefile.RevealedObservation) { o.Hops[1].RetryAfter = 9000 * time.Hour },
		"a negative round trip":      func(_ *response, o *casefile.RevealedObservation) { o.Hops[1].RoundTrip = -1 },
		"a long TLS problem":         func(_ *response, o *casefile.RevealedObservation) { o.Hops[1].TLS.Problem = long },
		"more bytes than asked for":  func(_ *response, o *casefile.RevealedObservation) { o.BodyBytes = 1 << 30 },
		"features without an answer": func(_ *response, o *casefile.RevealedObservation) {
			o.Hops, o.Status, o.BodyBytes, o.Truncated = nil, 0, 0, false
		},
		"a digest that is text":     func(_ *response, o *casefile.RevealedObservation) { o.Features.Digest = "the page itself" },
		"a title that is text":      func(_ *response, o *casefile.RevealedObservation) { o.Features.Title = "the title itself" },
		"negative words":            func(_ *response, o *casefile.RevealedObservation) { o.Features.Words = -1 },
		"an unknown marker":         func(_ *response, o *casefile.RevealedObservation) { o.Features.Markers[0] = "other" },
		"said but not a marker":     func(_ *response, o *casefile.RevealedObservation) { o.Features.Asserted[0] = casefile.MarkerParked },
		"an unknown marker is said": func(_ *response, o *casefile.RevealedObservation) { o.Features.Asserted[0] = "other" },
		"a marker twice":            func(_ *response, o *casefile.RevealedObservation) { o.Features.Markers[1] = o.Features.Markers[0] },
		"heads of a page": func(_ *response, o *casefile.RevealedObservation) {
			o.Features.PrefixDigests = []string{strings.Repeat("1c", 16)}
		},
		"a file of a text for a kind":  func(_ *response, o *casefile.RevealedObservation) { asFile(o); o.Features.Kind = long },
		"a file larger than asked for": func(_ *response, o *casefile.RevealedObservation) { asFile(o); o.Features.Bytes = 1 << 30 },
		"a file of negative length":    func(_ *response, o *casefile.RevealedObservation) { asFile(o); o.Features.Length = -1 },
		"a head that is text": func(_ *response, o *casefile.RevealedObservation) {
			asFile(o)
			o.Features.PrefixDigests[0] = strings.Repeat("the file", 4)
		},
		"a head of more than was read": func(_ *response, o *casefile.RevealedObservation) { asFile(o); o.Features.Bytes = 8191 },
		"too many heads": func(_ *response, o *casefile.RevealedObservation) {
			asFile(o)
			o.Features.PrefixDigests = make([]string, casefile.MaxPrefixDigests+1)
		},
		"an unknown fault":     func(_ *response, o *casefile.RevealedObservation) { o.Fault.Kind = "gone" },
		"an unknown phase":     func(_ *response, o *casefile.RevealedObservation) { o.Fault.Phase = "after" },
		"a detail with a host": func(_ *response, o *casefile.RevealedObservation) { o.Fault.Detail = "lookup site-1.example" },
		"a long detail":        func(_ *response, o *casefile.RevealedObservation) { o.Fault.Detail = long },
		"neither answer nor fault": func(_ *response, o *casefile.RevealedObservation) {
			*o = casefile.RevealedObservation{Observation: casefile.Observation{Purpose: o.Purpose}}
		},
		"no name":                     func(a *response, _ *casefile.RevealedObservation) { a.Identity.Name = "" },
		"a country in words":          func(a *response, _ *casefile.RevealedObservation) { a.Identity.Country = "Sweden" },
		"a build that is a book":      func(a *response, _ *casefile.RevealedObservation) { a.Identity.Build = long },
		"a network with a line break": func(a *response, _ *casefile.RevealedObservation) { a.Identity.Network = "a\nb" },
	} {
		var a response
		if err := json.Unmarshal(data, &a); err != nil {
			t.Fatal(err)
		}
		change(&a, &a.Observation)
		bad, err := encode(a)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := decodeAnswer(bad, s, testSettings); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
	for name, bad := range map[string]string{
		"two answers":      string(data) + string(data),
		"an unknown field": strings.Replace(string(data), `"status"`, `"body":"<html>","status"`, 1),
		"an array":         "[]",
		"null":             "null",
	} {
		if _, _, err := decodeAnswer([]byte(bad), s, testSettings); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}

// FuzzAnswer: whatever a remote vantage answers, what is taken stays within its bounds and
// crosses the wire again unchanged.
func FuzzAnswer(f *testing.F) {
	s, o := full(f)
	_, file := fullFile(f)
	for _, seen := range []casefile.Observation{o, file, {Purpose: s.Purpose, Fault: &casefile.Fault{Kind: casefile.FaultNXDomain, Phase: casefile.PhaseResolve}}} {
		data, err := encodeAnswer(testPlace, seen)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte(`{"identity":{"name":"x"},"observation":{"purpose":"target","fault":{"kind":"timeout","phase":"connect"}}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		who, o, err := decodeAnswer(data, s, testSettings)
		if err != nil {
			if strings.Contains(err.Error(), "site-") {
				t.Error("the error repeats what was answered")
			}
			return
		}
		if o.Fault == nil && o.Status == 0 || o.BodyBytes > testSettings.MaxBody || len(o.Hops) > testSettings.MaxRedirects+1 || o.Resolution.Addresses == nil {
			t.Fatalf("out of bounds: %+v", o)
		}
		again, err := encodeAnswer(who, o)
		if err != nil {
			t.Fatalf("what was taken cannot be written: %v", err)
		}
		_, same, err := decodeAnswer(again, s, testSettings)
		if err != nil {
			t.Fatalf("what was taken is refused the second time: %v", err)
		}
		if diff := cmp.Diff(o, same, sameTargets); diff != "" {
			t.Fatal(diff)
		}
	})
}

// FuzzRequest: whatever an owner asks for, what is taken is within bounds.
func FuzzRequest(f *testing.F) {
	s, _ := full(f)
	s.Target = testTarget(f, "https://site-1.example/a?b=c")
	data, err := encodeRequest(testSettings, s)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Fuzz(func(t *testing.T, data []byte) {
		m, s, err := decodeRequest(data)
		if err != nil {
			return
		}
		if m.check() != nil || s.Target.IsZero() || !s.Purpose.Valid() {
			t.Fatal("out of bounds")
		}
		again, err := encodeRequest(m, s)
		if err != nil {
			t.Fatal(err)
		}
		if m2, s2, err := decodeRequest(again); err != nil || m2 != m || s2 != s {
			t.Fatalf("not the same the second time: %v", err)
		}
	})
}
