package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"vigil/casefile"
	"vigil/internal/fakenet/corpus"
)

// Both halves hold the bounds of accuracy.go: no false gone, at most one false live, 95% right.
func TestAccuracy(t *testing.T) {
	all, err := corpus.All()
	if err != nil {
		t.Fatal(err)
	}
	for _, half := range []corpus.Half{corpus.HalfTune, corpus.HalfHold} {
		t.Run(string(half), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { // time-outs pass in no time, and always end in the same order
				trials, err := accuracyLab{timeout: 20 * time.Second, width: 16}.run(t.Context(), specimensOf(all, half))
				if err != nil {
					t.Fatal(err)
				}
				a := assess(trials)
				var table bytes.Buffer
				a.print(&table, half, false)
				t.Log(table.String())
				if !a.holds() {
					t.Errorf("false gone %d, false live %d, right %.3f: worse than %d, %d, %.2f",
						len(a.falseGone), len(a.falseLive), a.share(a.right), mostFalseGone, mostFalseLive, leastRight)
				}
			})
		})
	}
}

func madeUp(label casefile.State, right, said casefile.Reason) trial {
	return trial{
		Specimen: corpus.Specimen{Name: "made_up", Kind: "made_up", State: label, Reasons: []casefile.Reason{right}},
		Verdict:  casefile.Verdict{State: said.State(), Reason: said},
	}
}

func TestBoundsOfAccuracy(t *testing.T) {
	t.Parallel()
	right := func(n int) []trial {
		var out []trial
		for range n {
			out = append(out, madeUp(casefile.StateGone, casefile.ReasonSoft404, casefile.ReasonSoft404))
		}
		return out
	}
	falseGone := madeUp(casefile.StateSilent, casefile.ReasonServerError, casefile.ReasonSoft404)
	falseLive := madeUp(casefile.StateGone, casefile.ReasonSoft404, casefile.ReasonServed)
	wrong := madeUp(casefile.StateLive, casefile.ReasonServed, casefile.ReasonChallenge)
	other := madeUp(casefile.StateGone, casefile.ReasonParked, casefile.ReasonSoft404)
	for _, c := range []struct {
		name   string
		trials []trial
		holds  bool
		reason int
	}{
		{"all right", right(20), true, 20},
		{"no trial at all", nil, false, 0},
		{"one false gone among a thousand", append(right(1000), falseGone), false, 1000},
		{"one false live", append(right(99), falseLive), true, 99},
		{"two false live", append(right(98), falseLive, falseLive), false, 98},
		{"one of twenty wrong", append(right(19), wrong), true, 19},
		{"two of twenty wrong", append(right(18), wrong, wrong), false, 18},
		{"the state for another reason", append(right(19), other), true, 19},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			a := assess(c.trials)
			if a.holds() != c.holds || a.rightReason != c.reason {
				t.Errorf("holds %v, want %v; right reason %d, want %d", a.holds(), c.holds, a.rightReason, c.reason)
			}
		})
	}
}

func TestAccuracyNamesWhatIsWrong(t *testing.T) {
	t.Parallel()
	falseGone := madeUp(casefile.StateSilent, casefile.ReasonServerError, casefile.ReasonSoft404)
	falseGone.Verdict.Signals = []casefile.Signal{{Name: "sibling", Value: "a missing page looks the same", PointsTo: casefile.StateGone}}
	a := assess([]trial{falseGone, madeUp(casefile.StateLive, casefile.ReasonServed, casefile.ReasonServed)})
	var out bytes.Buffer
	a.print(&out, corpus.HalfTune, true)
	for _, want := range []string{"tune half: 2 trials", "false gone: made_up/made_up, at first sight: silent (server_error) judged gone (soft_404)",
		"right state 50.0%", "sibling        a missing page looks the same -> gone"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, out.String())
		}
	}
}

func TestAccuracyRefuses(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	if err := os.MkdirAll(filepath.Join(folder, "photos"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "photos", "one.txtar"), []byte("half: tune\nstate: dead\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for want, args := range map[string][]string{
		"tune, hold or both": {"--half", "left"},
		"photos/one.txtar:2: state \"dead\": write live, gone, withheld, silent": {"--corpus", folder},
	} {
		root := newRoot()
		root.SetArgs(append([]string{"accuracy"}, args...))
		root.SetOut(io.Discard)
		if err := root.ExecuteContext(t.Context()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v, want %s", args, err, want)
		}
	}
}

func TestAccuracyStopsWithItsContext(t *testing.T) {
	t.Parallel()
	all, err := corpus.All()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := (accuracyLab{timeout: time.Second, width: 2}).run(ctx, all); err == nil {
		t.Error("judged on after the end")
	}
}
