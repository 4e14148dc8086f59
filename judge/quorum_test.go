package judge_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"vigil/casefile"
	"vigil/judge"
)

// from is the look of a vantage.
func from(vantage string, o *casefile.Observation) casefile.Observation {
	c := *o
	c.Vantage = vantage
	return c
}

// vantages named a, b, ... in the networks given.
func vantages(networks ...string) []casefile.Vantage {
	var v []casefile.Vantage
	for i, n := range networks {
		v = append(v, casefile.Vantage{Name: string(rune('a' + i)), Country: "NL", Network: n})
	}
	return v
}

func TestQuorum(t *testing.T) {
	t.Parallel()
	seen, gone, silent := answer(200, article()), answer(404, bare()), fault(casefile.FaultTimeout, casefile.PhaseConnect)
	withheld, other := answer(403, bare()), answer(200, another(), "https://elsewhere.test/")
	six := []string{"AS64500", "AS64501", "AS64502", "AS64503", "AS64504", "AS64505"}
	tests := []struct {
		name     string
		networks []string
		looks    []*casefile.Observation
		want     casefile.Reason
		dissent  int
	}{
		{"nobody looked", nil, nil, casefile.ReasonInterrupted, 0},
		{"both see it", six, []*casefile.Observation{seen, seen}, casefile.ReasonServed, 0},
		{"one sees it, one hears nothing", six, []*casefile.Observation{silent, seen}, casefile.ReasonServed, 1},
		{"one of six sees it, the others are withheld", six, []*casefile.Observation{withheld, withheld, withheld, withheld, withheld, seen}, casefile.ReasonServed, 5},
		{"seen here, absent there", six, []*casefile.Observation{seen, gone}, casefile.ReasonFenced, 2},
		{"one of six sees it, the others do not", six, []*casefile.Observation{gone, gone, gone, gone, gone, seen}, casefile.ReasonFenced, 6},
		{"both find it gone", six, []*casefile.Observation{gone, gone}, casefile.ReasonHTTP404, 0},
		{"both find it gone, in one network", []string{"AS64500", "AS64500"}, []*casefile.Observation{gone, gone}, casefile.ReasonHTTP404, 0},
		{"one of two finds it gone, the other hears nothing", six, []*casefile.Observation{gone, silent}, casefile.ReasonTimeout, 1},
		{"two of three find it gone", six, []*casefile.Observation{gone, silent, gone}, casefile.ReasonHTTP404, 1},
		{"two of three find it gone, in one network", []string{"AS64500", "AS64501", "AS64500"}, []*casefile.Observation{gone, silent, gone}, casefile.ReasonTimeout, 2},
		{"three of three find it gone, in one network", []string{"AS64500", "AS64500", "AS64500"}, []*casefile.Observation{gone, gone, gone}, casefile.ReasonInterrupted, 3},
		{"three of three find it gone, in unknown networks", nil, []*casefile.Observation{gone, gone, gone}, casefile.ReasonInterrupted, 3},
		{"three of five find it gone", six, []*casefile.Observation{gone, gone, gone, withheld, silent}, casefile.ReasonForbidden, 4},
		{"four of five find it gone", six, []*casefile.Observation{gone, gone, gone, gone, other}, casefile.ReasonHTTP404, 1},
		{"three of six find it gone", six, []*casefile.Observation{gone, gone, gone, silent, silent, other}, casefile.ReasonTimeout, 4},
		{"four of six find it gone", six, []*casefile.Observation{gone, gone, gone, gone, silent, silent}, casefile.ReasonHTTP404, 2},
		{"no one hears anything", six, []*casefile.Observation{silent, silent, silent, silent, silent, silent}, casefile.ReasonTimeout, 0},
		{"changed for one, silent for one", six, []*casefile.Observation{other, silent}, casefile.ReasonRedirectedElsewhere, 1},
		{"withheld from one, changed for one", six, []*casefile.Observation{withheld, other}, casefile.ReasonRedirectedElsewhere, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			in := judge.Input{Target: asked, Vantages: vantages(tt.networks...)}
			for i, o := range tt.looks {
				in.Observations = append(in.Observations, from(string(rune('a'+i)), o))
			}
			v := judge.Decide(in)
			soundVerdict(t, v)
			if v.Reason != tt.want || len(v.Dissent) != tt.dissent {
				t.Errorf("got %s with %d dissents, want %s with %d: %+v", v.Reason, len(v.Dissent), tt.want, tt.dissent, v)
			}
		})
	}
}

func TestOneVantageLooksTwice(t *testing.T) {
	t.Parallel()
	seen, gone, silent := answer(200, article()), answer(404, bare()), fault(casefile.FaultTimeout, casefile.PhaseConnect)
	tests := []struct {
		name  string
		looks []*casefile.Observation
		want  casefile.Reason
	}{
		{"silent, then gone", []*casefile.Observation{silent, gone}, casefile.ReasonHTTP404},
		{"gone, then silent", []*casefile.Observation{gone, silent}, casefile.ReasonHTTP404},
		{"gone, then seen: one vantage is never fenced", []*casefile.Observation{gone, seen}, casefile.ReasonServed},
		{"looks of another purpose are passed over", []*casefile.Observation{sibling(answer(404, bare())), {Vantage: "local", Purpose: casefile.PurposeControl, Status: 404}, seen}, casefile.ReasonServed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			in := judge.Input{Target: asked}
			for _, o := range tt.looks {
				in.Observations = append(in.Observations, *o)
			}
			if v := judge.Decide(in); v.Reason != tt.want || len(v.Dissent) != 0 {
				t.Errorf("got %+v, want %s", v, tt.want)
			}
		})
	}
}

func TestFaults(t *testing.T) {
	t.Parallel()
	for n, want := range []int{0, 0, 0, 1, 1, 1, 2, 2} {
		if got := judge.Faults(n); got != want {
			t.Errorf("%d vantages: %d, want %d", n, got, want)
		}
	}
}

var (
	anyMarker = rapid.SampledFrom([]casefile.Marker{casefile.MarkerNotFound, casefile.MarkerTakedown, casefile.MarkerSuspended, casefile.MarkerParked, casefile.MarkerSeized,
		casefile.MarkerSinkhole, casefile.MarkerLogin, casefile.MarkerPaywall, casefile.MarkerConsent, casefile.MarkerChallenge, casefile.MarkerAppShell,
		casefile.MarkerLinkExpired, casefile.MarkerReferrer, casefile.MarkerGeoBlock, casefile.MarkerMetaRefresh, casefile.MarkerTakedownSign,
		casefile.MarkerSuspendedSign, casefile.MarkerParkedSign, casefile.MarkerSeizedSign, casefile.MarkerSinkholePhrase, casefile.MarkerDefaultPage, casefile.MarkerListing,
		casefile.MarkerEmptyListing, casefile.MarkerFailure, "gremlin"})
	anyFault = rapid.Custom(func(t *rapid.T) *casefile.Fault {
		return &casefile.Fault{
			Kind: rapid.SampledFrom([]casefile.FaultKind{casefile.FaultTimeout, casefile.FaultRefused, casefile.FaultReset, casefile.FaultTLS, casefile.FaultServfail, casefile.FaultNXDomain,
				casefile.FaultNoAddress, casefile.FaultRedirectLoop, casefile.FaultTooManyRedirects, casefile.FaultProtocol, casefile.FaultAddressRefused, casefile.FaultInterrupted, ""}).Draw(t, "fault"),
			Phase: rapid.SampledFrom([]casefile.Phase{casefile.PhaseResolve, casefile.PhaseConnect, casefile.PhaseTLS, casefile.PhaseRequest, casefile.PhaseBody, ""}).Draw(t, "phase"),
		}
	})
	anyPage = rapid.Custom(func(t *rapid.T) *casefile.Features {
		f := rapid.SampledFrom([]func() *casefile.Features{article, another, func() *casefile.Features { return bare() }, func() *casefile.Features { return &casefile.Features{} },
			func() *casefile.Features { return &casefile.Features{Digest: "p"} }}).Draw(t, "page")()
		f.Markers = rapid.SliceOfN(anyMarker, 0, 4).Draw(t, "markers")
		f.Asserted = f.Markers[:rapid.IntRange(0, len(f.Markers)).Draw(t, "said")]
		f.Forms = rapid.IntRange(0, 1).Draw(t, "forms")
		if rapid.Bool().Draw(t, "odd") {
			f.Digest, f.SimHash, f.Words = "odd", rapid.Uint64().Draw(t, "simhash"), rapid.IntRange(0, 1000).Draw(t, "words")
			f.Images, f.Frames, f.Scripts = rapid.IntRange(0, 9).Draw(t, "images"), rapid.IntRange(0, 2).Draw(t, "frames"), rapid.IntRange(0, 5).Draw(t, "scripts")
		}
		return f
	})
	anyTarget = rapid.Map(rapid.SampledFrom([]string{"https://site-1.example/album/picture.html", "https://site-1.example/", "https://www.site-1.example/index.html", "http://192.0.2.1/x",
		"https://[2001:db8::1]/", "https://elsewhere.test/a?b", "https://com/x"}), at)
	anyLook = rapid.Custom(func(t *rapid.T) casefile.Observation {
		o := casefile.Observation{
			Vantage: rapid.SampledFrom([]string{"a", "b", "c", "d", "e", "f", "g"}).Draw(t, "vantage"),
			Purpose: rapid.SampledFrom([]casefile.Purpose{casefile.PurposeTarget, casefile.PurposeTarget, casefile.PurposeTarget, casefile.PurposeDecoy, casefile.PurposeSameSiteReferrer, casefile.PurposeWithoutReferrer, ""}).Draw(t, "purpose"),
			Started: started,
		}
		for range rapid.IntRange(0, 3).Draw(t, "hops") {
			o.Hops = append(o.Hops, casefile.Hop{Target: anyTarget.Draw(t, "hop"), Status: 302, Challenge: rapid.IntRange(0, 9).Draw(t, "challenge") == 0})
		}
		if rapid.IntRange(0, 3).Draw(t, "faulted") == 0 {
			o.Fault = anyFault.Draw(t, "fault")
		}
		if o.Fault == nil || o.Fault.Phase == casefile.PhaseBody {
			o.Status = rapid.SampledFrom([]int{0, 101, 200, 204, 206, 301, 400, 401, 402, 403, 404, 410, 418, 429, 451, 500, 503, 999}).Draw(t, "status")
			if rapid.Bool().Draw(t, "body") {
				o.Features = anyPage.Draw(t, "features")
				o.BodyBytes = int64(rapid.IntRange(0, 5000).Draw(t, "bytes"))
			}
		}
		if rapid.Bool().Draw(t, "name servers") {
			o.Resolution.Nameservers = []string{rapid.SampledFrom([]string{"ns1.site-1.example", "ns1.bodis.com.", "sinkhole.test"}).Draw(t, "name server")}
		}
		return o
	})
	anyInput = rapid.Custom(func(t *rapid.T) judge.Input {
		in := judge.Input{Target: anyTarget.Draw(t, "target"), Observations: rapid.SliceOfN(anyLook, 0, 8).Draw(t, "looks")}
		for i := range rapid.IntRange(0, 7).Draw(t, "vantages") {
			in.Vantages = append(in.Vantages, casefile.Vantage{Name: string(rune('a' + i)), Network: fmt.Sprint("AS", 64500+rapid.IntRange(0, 3).Draw(t, "network"))})
		}
		if rapid.Bool().Draw(t, "with sibling") {
			s := anyLook.Draw(t, "sibling")
			in.Decoy = &s
		}
		if rapid.Bool().Draw(t, "with referred") {
			r := anyLook.Draw(t, "referred")
			in.SameSiteReferrer = &r
		}
		if rapid.Bool().Draw(t, "with baseline") {
			in.Baseline = anyPage.Draw(t, "baseline")
		}
		if rapid.Bool().Draw(t, "with registrar") {
			in.Registrar = held(rapid.SampledFrom([]string{"ok", "clientHold", "server hold"}).Draw(t, "hold"))
		}
		return in
	})
)

func TestVerdictProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		in := anyInput.Draw(t, "input")
		v := judge.Decide(in)
		soundVerdict(t, v)

		shuffled := in
		shuffled.Observations = rapid.Permutation(in.Observations).Draw(t, "shuffled")
		if diff := cmp.Diff(v, judge.Decide(shuffled)); diff != "" {
			t.Fatalf("the order of looks matters: %s", diff)
		}

		// A sighting from a new vantage leaves live or fenced, whatever the others say.
		sighted := in
		sighted.Observations = append(slices.Clone(in.Observations), from("zz", with(answer(200, article()), func(o *casefile.Observation) { o.Hops = nil })))
		sighted.Baseline, sighted.Decoy = article(), nil
		if s := judge.Decide(sighted); s.State != casefile.StateLive && s.State != casefile.StateFenced {
			t.Fatalf("with a sighting: %+v", s)
		}

		// Faults alone are never gone, but for names that do not exist or were taken out of the DNS.
		faults := in
		faults.Observations = nil
		for _, o := range in.Observations {
			if o.Fault != nil && o.Fault.Kind != casefile.FaultNXDomain && o.Fault.Kind != casefile.FaultNoAddress {
				faults.Observations = append(faults.Observations, o)
			}
		}
		if f := judge.Decide(faults); f.State == casefile.StateGone {
			t.Fatalf("faults alone: %+v", f)
		}

		// Silence in place of any look never makes a verdict gone that was not.
		if n := len(in.Observations); n > 0 && v.State != casefile.StateGone && v.State != casefile.StateFenced {
			quieter := in
			quieter.Observations = slices.Clone(in.Observations)
			i := rapid.IntRange(0, n-1).Draw(t, "silenced")
			vantage := in.Observations[i].Vantage
			quieter.Observations[i] = from(vantage, fault(casefile.FaultTimeout, casefile.PhaseConnect))
			if q := judge.Decide(quieter); looks(in, vantage) == 1 && q.State == casefile.StateGone {
				t.Fatalf("silence made it gone: %+v from %+v", q, v)
			}
		}
		// One more vantage that sees it never makes a verdict gone; live stays live.
		seen := in
		seen.Observations = append(slices.Clone(in.Observations), from("zz", answer(200, article())))
		seen.Baseline = article()
		before := seen
		before.Observations = in.Observations
		if a, b := judge.Decide(before), judge.Decide(seen); b.State == casefile.StateGone || a.State == casefile.StateLive && b.State != casefile.StateLive {
			t.Fatalf("one more sighting: %+v from %+v", b, a)
		}
		for _, p := range judge.Probes() {
			if s, from, ok := in.NextProbe(p, casefile.Target{}, "x7"); ok && (s.Purpose != p || s.Target.IsZero() || from == "") {
				t.Fatalf("asks %+v from %q", s, from)
			}
		}
	})
}

// A page with status 200 that only mentions phrases of absence is not gone beside a true 404 for missing
// pages, at its own address, and with servers that say nothing.
func TestMentionsAreNeverGone(t *testing.T) {
	t.Parallel()
	phrases := rapid.SampledFrom([]casefile.Marker{casefile.MarkerNotFound, casefile.MarkerTakedown, casefile.MarkerSuspended, casefile.MarkerParked, casefile.MarkerSeized, casefile.MarkerFailure})
	rapid.Check(t, func(t *rapid.T) {
		page := mentions(rapid.SliceOfN(phrases, 0, 4).Draw(t, "phrases")...)
		page.Words, page.Links, page.SimHash = rapid.IntRange(0, 500).Draw(t, "words"), rapid.IntRange(0, 30).Draw(t, "links"), rapid.Uint64().Draw(t, "simhash")
		in := judge.Input{Target: asked, Observations: []casefile.Observation{*answer(200, page)}, Decoy: sibling(answer(404, bare(casefile.MarkerNotFound)))}
		if rapid.Bool().Draw(t, "known") {
			in.Baseline = article()
		}
		if v := judge.Decide(in); v.State == casefile.StateGone {
			t.Fatalf("%+v", v)
		}
	})
}

// FuzzDecide judges a page of any counts and bits: the verdict is sound, and its signals are short words of closed sets.
func FuzzDecide(f *testing.F) {
	f.Add(200, uint64(1), 30, 2, 0, 1, 0, uint32(1), uint32(1), true, true)
	f.Add(404, uint64(0), 0, 0, 9, 0, 2, uint32(1<<20), uint32(0), false, true)
	f.Add(-1, ^uint64(0), -5, -1, -1, -1, -1, ^uint32(0), ^uint32(0), true, false)
	all := []casefile.Marker{casefile.MarkerNotFound, casefile.MarkerTakedown, casefile.MarkerSuspended, casefile.MarkerParked, casefile.MarkerSeized, casefile.MarkerLogin,
		casefile.MarkerChallenge, casefile.MarkerMetaRefresh, casefile.MarkerTakedownSign, casefile.MarkerDefaultPage, casefile.MarkerEmptyListing, casefile.MarkerFailure}
	f.Fuzz(func(t *testing.T, status int, sim uint64, words, links, images, forms, frames int, has, says uint32, html, baseline bool) {
		page := &casefile.Features{Digest: "x", SimHash: sim, Words: words, Links: links, Images: images, Forms: forms, Frames: frames, HTML: html}
		for i, m := range all {
			if has&(1<<i) != 0 {
				page.Markers = append(page.Markers, m)
				if says&(1<<i) != 0 {
					page.Asserted = append(page.Asserted, m)
				}
			}
		}
		in := judge.Input{Target: asked, Observations: []casefile.Observation{*answer(status, page)}, Decoy: sibling(answer(status, page))}
		if baseline {
			in.Baseline = article()
		}
		soundVerdict(t, judge.Decide(in))
	})
}

// looks counts the looks from a vantage, whatever their purpose.
func looks(in judge.Input, vantage string) int {
	n := 0
	for _, o := range in.Observations {
		if o.Vantage == vantage {
			n++
		}
	}
	return n
}
