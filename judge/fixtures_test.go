package judge_test

import (
	"time"

	"vigil/casefile"
	"vigil/judge"
)

var started = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// at is a target of the harmless site.
func at(url string) casefile.Target {
	t, err := casefile.NewTarget(url)
	if err != nil {
		panic(err)
	}
	return t
}

var asked = at("https://site-1.example/album/picture.html")

// wants says whether the judge asks the question to judge o.
func wants(p casefile.Purpose, o casefile.Observation, in judge.Input) bool {
	in.Observations = []casefile.Observation{o}
	_, _, ok := in.NextProbe(p, casefile.Target{}, "x7")
	return ok
}

// article is the features of a page of its own content.
func article() *casefile.Features {
	return &casefile.Features{Digest: "article", SimHash: 0x0f0f_3c3c_5a5a_9999, Structure: 1, Title: "article", Words: 300, Elements: 80, Links: 30, Images: 5, Scripts: 2, HTML: true}
}

// another is the features of a page that shares nothing with article.
func another() *casefile.Features {
	return &casefile.Features{Digest: "another", SimHash: ^uint64(0x0f0f_3c3c_5a5a_9999), Structure: 2, Title: "another", Words: 500, Elements: 150, Links: 60, Images: 5, HTML: true}
}

// bare is a page with little on it, and the markers given.
func bare(markers ...casefile.Marker) *casefile.Features {
	return &casefile.Features{Digest: "bare", SimHash: 0x1234_5678_9abc_def0, Structure: 3, Title: "bare", Words: 25, Elements: 8, Links: 1, HTML: true, Markers: markers, Asserted: markers}
}

// asking is a page with a form to send off, in words that no list knows.
func asking() *casefile.Features { return changed(bare(), func(f *casefile.Features) { f.Forms = 1 }) }

// still is a page with a text and nothing to click or to send.
func still() *casefile.Features { return changed(bare(), func(f *casefile.Features) { f.Links = 0 }) }

// button is still, with a button.
func button() *casefile.Features {
	return changed(still(), func(f *casefile.Features) { f.Buttons = 1 })
}

// searching is asking, for a search.
func searching() *casefile.Features {
	return changed(asking(), func(f *casefile.Features) { f.Markers = []casefile.Marker{casefile.MarkerSearch} })
}

// placeholder is a picture that stands for others.
func placeholder() *casefile.Features { return &casefile.Features{Digest: "placeholder"} }

// puzzle is a page with a picture to read and a form to copy it into; its picture has a name of its own each time.
func puzzle(digest string) *casefile.Features {
	return changed(bare(), func(f *casefile.Features) { f.Digest, f.Words, f.Images, f.Forms = digest, 9, 1, 1 })
}

// framed is a page that is a frame and nothing else.
func framed() *casefile.Features {
	return &casefile.Features{Digest: "framed", Structure: 5, Elements: 4, Frames: 1, HTML: true}
}

// mentions is a page that bears the markers in its text and does not say them of itself.
func mentions(markers ...casefile.Marker) *casefile.Features {
	return changed(bare(markers...), func(f *casefile.Features) { f.Words, f.Asserted = 46, nil })
}

// unsaid is a bare page with signs, of which it says nothing in words.
func unsaid(markers ...casefile.Marker) *casefile.Features {
	return changed(bare(markers...), func(f *casefile.Features) { f.Asserted = nil })
}

// data is an answer in JSON.
func data() *casefile.Features {
	return &casefile.Features{Digest: "data", SimHash: 0x00ff_33cc_0f0f_5a5a, Words: 40}
}

// changed is f with a change.
func changed(f *casefile.Features, change func(*casefile.Features)) *casefile.Features {
	g := *f
	change(&g)
	return &g
}

// answer is a look at asked that ended with the status and the page; at the URLs given, when redirected.
func answer(status int, f *casefile.Features, redirects ...string) *casefile.Observation {
	o := &casefile.Observation{Vantage: "local", Purpose: casefile.PurposeTarget, Started: started, Status: status, Features: f,
		Resolution: casefile.Resolution{Rcode: "NOERROR"}}
	if f != nil {
		o.BodyBytes = int64(1 + f.Words*8)
	}
	to := asked
	for _, url := range redirects {
		o.Hops = append(o.Hops, casefile.Hop{Target: to, Status: 302, Location: true})
		to = at(url)
	}
	o.Hops = append(o.Hops, casefile.Hop{Target: to, Status: status})
	return o
}

// fault is a look that ended with a fault before any answer.
func fault(kind casefile.FaultKind, phase casefile.Phase) *casefile.Observation {
	return &casefile.Observation{Vantage: "local", Purpose: casefile.PurposeTarget, Started: started, Fault: &casefile.Fault{Kind: kind, Phase: phase}}
}

// with is o with a change.
func with(o *casefile.Observation, change func(*casefile.Observation)) *casefile.Observation {
	change(o)
	return o
}

// decoy is o as the answer to a path that surely does not exist.
func sibling(o *casefile.Observation) *casefile.Observation {
	o.Purpose = casefile.PurposeDecoy
	o.Hops = nil
	return o
}

// siblingAt is decoy with its hops: the redirects on the way count.
func siblingAt(o *casefile.Observation) *casefile.Observation {
	o.Purpose = casefile.PurposeDecoy
	return o
}

func held(status ...string) *casefile.Registrar {
	return &casefile.Registrar{Name: "Registrar One", DomainStatus: status}
}

// soundVerdict checks what must hold of every verdict.
func soundVerdict(t interface {
	Helper()
	Errorf(format string, args ...any)
}, v casefile.Verdict) {
	t.Helper()
	if !v.Reason.Valid() || v.Reason.State() != v.State {
		t.Errorf("reason %q does not belong to state %q", v.Reason, v.State)
	}
	if len(v.Signals) > casefile.MaxSignals {
		t.Errorf("%d signals", len(v.Signals))
	}
	for _, s := range v.Signals {
		if !s.Valid() {
			t.Errorf("the signal %s has a value that is no code: %q", s.Name, s.Value)
		}
		if s.Name == "" || s.Value == "" || len(s.Value) > casefile.MaxSignalValue || s.PointsTo != "" && !s.PointsTo.Valid() {
			t.Errorf("signal %+v", s)
		}
	}
}
