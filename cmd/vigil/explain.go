package main

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"vigil/casefile"
	"vigil/cmd/app"
	"vigil/explain"
	"vigil/web/mask"
	"vigil/words"
)

func newExplain(o *options) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "explain [--json] CASE [VISIT]",
		Short: "Explain the verdict of a visit: why, and what each look saw, step by step",
		Long: `Explain the verdict over a visit of a case, the last one when no visit is named:
one sentence with its evidence, each signal and where it points, who differs, and the
transcript of each look with addresses, TLS, timings and traits.

CASE is the number, as 42 or V-42; VISIT is the number that the page of the case and the
API give. Nothing is looked at anew. The URL and its host are not shown: a reveal is an
act of its own, with a reason.`,
		Example: `  vigil explain 42
  vigil explain V-42 317 --json`,
		Args: cobra.RangeArgs(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			id, visit, err := explainWhat(args)
			if err != nil {
				return err
			}
			return withApp(cmd.Context(), o, func(ctx context.Context, a *app.App) error {
				e, err := explainVisit(ctx, a, id, visit)
				if err != nil {
					return err
				}
				if asJSON {
					return encode(cmd.OutOrStdout(), e)
				}
				_, err = io.WriteString(cmd.OutOrStdout(), e.text())
				return err
			})
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "one JSON object")
	return cmd
}

// explainWhat reads the number of the case and, when it is given, of the visit.
func explainWhat(args []string) (casefile.CaseID, casefile.VisitID, error) {
	id, problem := caseNumber(args[0])
	if problem != nil {
		return 0, 0, problem
	}
	if len(args) == 1 {
		return id, 0, nil
	}
	visit, err := strconv.ParseInt(args[1], 10, 64)
	if err != nil || visit < 1 {
		return 0, 0, casefile.Problemf(casefile.ProblemField, "visit",
			"%.20q is no number of a visit; the page of the case and the API give it", args[1])
	}
	return id, casefile.VisitID(visit), nil
}

// caseNumber reads the number of a case, with or without its V-.
func caseNumber(s string) (casefile.CaseID, *casefile.Problem) {
	id, err := strconv.ParseInt(strings.TrimPrefix(strings.ToUpper(s), "V-"), 10, 64)
	if err != nil || id < 1 {
		return 0, casefile.Problemf(casefile.ProblemField, "case", "%.20q is no number of a case; give it as 42 or V-42", s)
	}
	return casefile.CaseID(id), nil
}

// explainedVisit is what `vigil explain --json` prints. The names are a contract
// (docs/verdict-reference.md): some may be added, none is renamed.
type explainedVisit struct {
	CaseID      casefile.CaseID     `json:"case_id"`
	VisitID     casefile.VisitID    `json:"visit_id"`
	Started     time.Time           `json:"started"`
	Ended       time.Time           `json:"ended"`
	Why         casefile.Why        `json:"why"`
	Believed    bool                `json:"believed"`
	Explanation explain.Explanation `json:"explanation"`
}

// explain explains a visit of a case, the last one when visit is 0.
func explainVisit(ctx context.Context, a *app.App, id casefile.CaseID, visit casefile.VisitID) (explainedVisit, error) {
	c, err := a.Store.Case(ctx, id)
	if err != nil {
		return explainedVisit{}, err
	}
	before := casefile.VisitID(0)
	if visit > 0 {
		before = visit + 1
	}
	found, err := a.Store.Visits(ctx, id, before, 1)
	switch {
	case err != nil:
		return explainedVisit{}, err
	case visit > 0 && (len(found) == 0 || found[0].ID != visit):
		return explainedVisit{}, casefile.Problemf(casefile.ProblemNotFound, "visit",
			"V-%d has no visit %d; leave the number out for its last one", id, visit)
	case len(found) == 0:
		return explainedVisit{}, casefile.Problemf(casefile.ProblemNotFound, "visit",
			"V-%d was not visited yet: there is no verdict to explain", id)
	}
	v := found[0]
	return explainedVisit{
		CaseID: id, VisitID: v.ID, Started: v.Started.UTC(), Ended: v.Ended.UTC(), Why: v.Why, Believed: v.Counted,
		Explanation: explain.Verdict(v.Verdict, v.Observations, explain.Reading{Target: c.Target, Shown: mask.New(c.Target, c.Referrer).Text}),
	}, nil
}

func (e explainedVisit) text() string {
	w := words.In(words.English)
	head := fmt.Sprintf("V-%d, visit %d of %s (%s)\n", e.CaseID, e.VisitID, words.Clock(e.Started), w.Say("why", e.Why))
	if !e.Believed {
		head += w.Say("verdict", "not_believed") + "\n"
	}
	return head + e.Explanation.Text("")
}
