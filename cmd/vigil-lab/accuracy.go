package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"vigil/casefile"
	"vigil/internal/fakenet/corpus"
)

// What the hold half must keep to. A false gone ends a watch over content that is there; a false live costs a
// notice too many.
const (
	mostFalseGone = 0
	mostFalseLive = 1
	leastRight    = 0.95 // of all trials
)

var errInaccurate = errors.New("the hold half breaks its bounds: no false gone, at most one false live, at least 95% right")

// legend is what a reader must know before the tables. docs/accuracy.md says more.
const legend = `Each trial is a site whose truth is known; Vigil looks at it and judges. Rows are the truth, columns are what Vigil said.
"right" also counts other verdicts that can be defended, as "changed" (a person decides) for an emptied folder.
False gone, the worst error: it is there, and was judged gone. False live: it is gone, and was judged live.
Whole kinds of pages are in one half. Wrong verdicts of both have been used to mend rules: both guard against
regressions, and neither tells what to expect of unseen pages.
`

func newAccuracy() *cobra.Command {
	var half, folder string
	var wrong bool
	cmd := &cobra.Command{
		Use:   "accuracy",
		Short: "Judge the labelled corpus of simulated sites, and count what came out wrong",
		Long: `Judge every behaviour of the labelled corpus with the real crawler, scheduler and
judge, in memory, and print a confusion table for each half (docs/accuracy.md).

Exit code: 1 when the hold half was judged and breaks its bounds.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			halves, err := halvesOf(half)
			if err != nil {
				return err
			}
			all, err := corpus.All()
			if folder != "" {
				all, err = corpus.Load(os.DirFS(folder))
			}
			if err != nil {
				return err
			}
			fmt.Fprint(cmd.OutOrStdout(), legend)
			lab := accuracyLab{timeout: 8 * time.Second, width: 32}
			kept := true
			for _, h := range halves {
				trials, err := lab.run(cmd.Context(), specimensOf(all, h))
				if err != nil {
					return err
				}
				a := assess(trials)
				a.print(cmd.OutOrStdout(), h, wrong)
				kept = kept && (h != corpus.HalfHold || a.holds())
			}
			if !kept {
				return errInaccurate
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&half, "half", "both", "tune, hold or both")
	cmd.Flags().StringVar(&folder, "corpus", "", "a folder of KIND/NAME.txtar to judge instead of the corpus that is built in")
	cmd.Flags().BoolVar(&wrong, "wrong", false, "list every wrong verdict with its signals")
	return cmd
}

func halvesOf(name string) ([]corpus.Half, error) {
	switch name {
	case "both":
		return []corpus.Half{corpus.HalfTune, corpus.HalfHold}, nil
	case string(corpus.HalfTune), string(corpus.HalfHold):
		return []corpus.Half{corpus.Half(name)}, nil
	}
	return nil, fmt.Errorf("--half %q: must be tune, hold or both", name)
}

func specimensOf(all []corpus.Specimen, h corpus.Half) []corpus.Specimen {
	return slices.DeleteFunc(slices.Clone(all), func(s corpus.Specimen) bool { return s.Half != h })
}

// accuracy counts how trials came out.
type accuracy struct {
	trials      []trial
	confusion   map[casefile.State]map[casefile.State]int // label, verdict
	right       int                                       // the state can be defended
	rightReason int
	falseGone   []trial // labelled otherwise, judged gone
	falseLive   []trial // labelled gone, judged live
	wrong       []trial
}

func assess(trials []trial) accuracy {
	a := accuracy{trials: trials, confusion: map[casefile.State]map[casefile.State]int{}}
	for _, t := range trials {
		said := t.Verdict.State
		if a.confusion[t.State] == nil {
			a.confusion[t.State] = map[casefile.State]int{}
		}
		a.confusion[t.State][said]++
		if t.RightReason(t.Verdict.Reason) {
			a.rightReason++
		}
		switch {
		case t.Right(said):
			a.right++
			continue
		case said == casefile.StateGone:
			a.falseGone = append(a.falseGone, t)
		case t.State == casefile.StateGone && said == casefile.StateLive:
			a.falseLive = append(a.falseLive, t)
		}
		a.wrong = append(a.wrong, t)
	}
	return a
}

// share is part of all trials, 0 to 1; 0 when there were none.
func (a accuracy) share(part int) float64 {
	if len(a.trials) == 0 {
		return 0
	}
	return float64(part) / float64(len(a.trials))
}

func (a accuracy) holds() bool {
	return len(a.falseGone) <= mostFalseGone && len(a.falseLive) <= mostFalseLive && a.share(a.right) >= leastRight
}

var labels = []casefile.State{casefile.StateLive, casefile.StateGone, casefile.StateWithheld, casefile.StateSilent}
var verdicts = []casefile.State{
	casefile.StateLive, casefile.StateGone, casefile.StateChanged, casefile.StateWithheld, casefile.StateSilent, casefile.StateFenced,
}

// print writes the table and the names of what must not be; with every, all that is wrong and why.
func (a accuracy) print(w io.Writer, h corpus.Half, every bool) {
	fmt.Fprintf(w, "\n%s half: %d trials\n", h, len(a.trials))
	t := table.NewWriter()
	t.SetStyle(table.StyleLight)
	head := table.Row{"label \\ verdict"}
	for _, v := range verdicts {
		head = append(head, string(v))
	}
	t.AppendHeader(append(head, "right"))
	for _, label := range labels {
		row, sum, right := table.Row{string(label)}, 0, 0
		for _, v := range verdicts {
			row, sum = append(row, a.confusion[label][v]), sum+a.confusion[label][v]
		}
		for _, tr := range a.trials {
			if tr.State == label && tr.Right(tr.Verdict.State) {
				right++
			}
		}
		t.AppendRow(append(row, fmt.Sprintf("%d of %d", right, sum)))
	}
	fmt.Fprintln(w, t.Render())
	fmt.Fprintf(w, "right state %.1f%%, right reason %.1f%%, false gone %d, false live %d\n",
		100*a.share(a.right), 100*a.share(a.rightReason), len(a.falseGone), len(a.falseLive))
	for _, tr := range a.falseGone {
		fmt.Fprintf(w, "  false gone: %s\n", tr.line())
	}
	for _, tr := range a.falseLive {
		fmt.Fprintf(w, "  false live: %s\n", tr.line())
	}
	if !every {
		return
	}
	for _, tr := range a.wrong {
		fmt.Fprintf(w, "  wrong: %s\n", tr.line())
		for _, s := range tr.Verdict.Signals {
			fmt.Fprintf(w, "    %-14s %s -> %s\n", s.Name, s.Value, s.PointsTo)
		}
	}
}

// line names a trial, its label and what was said.
func (t trial) line() string {
	how := "at first sight"
	if t.Known {
		how = "known as " + string(t.First.State)
	}
	want := make([]string, 0, len(t.Reasons))
	for _, r := range t.Reasons {
		want = append(want, string(r))
	}
	return fmt.Sprintf("%s/%s, %s: %s (%s) judged %s (%s)", t.Kind, t.Name, how, t.State, strings.Join(want, " or "), t.Verdict.State,
		t.Verdict.Reason)
}
