package judge_test

import (
	"strconv"
	"strings"
	"testing"

	"vigil/casefile"
	"vigil/judge"
)

// film is a file of n bytes, of which the first own bytes are those of the first film.
func film(n, own int64) *casefile.Features {
	f := &casefile.Features{Digest: "film " + strconv.FormatInt(n, 10) + " " + strconv.FormatInt(own, 10), Kind: "video/mp4", Bytes: n, Length: n}
	for i := 0; int64(casefile.FirstPrefix)<<i <= n; i++ {
		head := "first film"
		if int64(casefile.FirstPrefix)<<i > own {
			head = f.Digest
		}
		f.PrefixDigests = append(f.PrefixDigests, head)
	}
	return f
}

// A file that was added to, cut behind its middle, altered inside or read in part is the one that was first
// seen live; another one of the same type is not, and the signals say what differs.
func TestFilesAreKnownAgain(t *testing.T) {
	t.Parallel()
	const size = 300_000
	first := film(size, size)
	for _, tt := range []struct {
		name     string
		baseline *casefile.Features
		later    *casefile.Features
		status   int
		want     casefile.Reason
		says     string // value of the signal file; empty when there is none
	}{
		{"the same bytes", first, first, 200, casefile.ReasonMatchesBaseline, ""},
		{"bytes were added behind it", first, film(size+17, size), 200, casefile.ReasonMatchesBaseline, "similarity=0.87 length=300017 length_before=300000"},
		{"bytes were added behind it, with status 404", first, film(size+17, size), 404, casefile.ReasonMatchesBaseline, "similarity=0.87 length=300017 length_before=300000"},
		{"its last fifth is missing", first, film(size/5*4, size), 200, casefile.ReasonMatchesBaseline, "similarity=0.44"},
		{"a byte inside was altered", first, film(size, 100_000), 200, casefile.ReasonMatchesBaseline, "similarity=0.22"},
		{"less of it was read", first, changed(film(70_000, size), func(f *casefile.Features) { f.Length = size }), 200, casefile.ReasonMatchesBaseline, "similarity=0.22"},
		{"more of it was read, and nobody says how long it is", changed(film(1<<17, size), func(f *casefile.Features) { f.Length = 0 }),
			changed(film(1<<18, size), func(f *casefile.Features) { f.Length = 0 }), 200, casefile.ReasonMatchesBaseline, "similarity=1.00"},
		{"it continues where it ended before", film(1<<18, size), film(1<<19, 1<<18), 200, casefile.ReasonMatchesBaseline, "similarity=1.00 length=524288 length_before=262144"},
		{"its second half is missing", first, film(size/2, size), 200, casefile.ReasonMatchesBaseline, "similarity=0.44 length=150000 length_before=300000"},
		{"its first tenth is left", first, film(size/10, size), 200, casefile.ReasonContentDiffers, "similarity=0.05 length=30000 length_before=300000"},
		{"made by the same program", first, film(250_000, 4096), 200, casefile.ReasonContentDiffers, "similarity=0.01 length=250000 length_before=300000"},
		{"the same length, another beginning", first, film(size, 0), 200, casefile.ReasonContentDiffers, "similarity=0.00"},
		{"packed anew as another type", first, changed(film(size, size), func(f *casefile.Features) { f.Digest, f.Kind = "x", "video/webm" }), 200, casefile.ReasonContentDiffers, "similarity=0.87 kind=video/webm kind_before=video/mp4"},
		{"of an unknown type", first, changed(film(900, 0), func(f *casefile.Features) { f.Kind, f.Length = "", 0 }), 200, casefile.ReasonContentDiffers, "similarity=0.00 kind=unknown kind_before=video/mp4 length_unknown length_before=300000"},
		{"a page where the file was", first, bare(), 200, casefile.ReasonContentDiffers, ""},
		{"a baseline without these traits", &casefile.Features{Digest: "old"}, first, 200, casefile.ReasonContentDiffers, ""},
		{"another file with status 404", first, film(size, 0), 404, casefile.ReasonHTTP404, "similarity=0.00"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			look := answer(tt.status, tt.later)
			v := judge.Decide(judge.Input{Target: asked, Observations: []casefile.Observation{*look}, Baseline: tt.baseline})
			if v.Reason != tt.want {
				t.Errorf("%s, want %s; signals %v", v.Reason, tt.want, v.Signals)
			}
			says := ""
			for _, s := range v.Signals {
				if s.Name == "file" {
					says = s.Value
				}
				if len(s.Value) > casefile.MaxSignalValue {
					t.Errorf("the value of %s is too long: %q", s.Name, s.Value)
				}
			}
			if tt.says == "" && says != "" || !strings.HasPrefix(says, tt.says) {
				t.Errorf("the file's signal says %q, want %q", says, tt.says)
			}
		})
	}
}

// A file whose transfer broke off is known again by its declared length and its beginning.
func TestABrokenTransferOfAKnownFileIsLive(t *testing.T) {
	t.Parallel()
	part := changed(film(9000, 300_000), func(f *casefile.Features) { f.Length = 300_000 })
	other := changed(film(9000, 0), func(f *casefile.Features) { f.Length = 300_000 })
	for later, want := range map[*casefile.Features]casefile.Reason{part: casefile.ReasonMatchesBaseline, other: casefile.ReasonReset} {
		look := with(answer(200, later), func(o *casefile.Observation) {
			o.Fault = &casefile.Fault{Kind: casefile.FaultReset, Phase: casefile.PhaseBody}
		})
		if v := judge.Decide(judge.Input{Target: asked, Observations: []casefile.Observation{*look}, Baseline: film(300_000, 300_000)}); v.Reason != want {
			t.Errorf("%s, want %s", v.Reason, want)
		}
	}
}
