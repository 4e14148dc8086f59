package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"go.uber.org/zap"

	"vigil/casefile"
	"vigil/cmd/app"
	"vigil/cmd/vigil-lab/rejudge"
	"vigil/internal/config"
	"vigil/judge"
	"vigil/words"
)

func newRejudge() *cobra.Command {
	var asJSON bool
	var since, file string
	cmd := &cobra.Command{
		Use:   "rejudge [--since 90d] [--json]",
		Short: "Judge kept visits again by the rules of this version, and tell what would be otherwise",
		Long: `Judge the visits of all cases again, each from what was kept with it, by the rules and
the data of this version. Nothing is looked at and nothing is changed: it tells which
verdicts would be others, which removals would not have been confirmed, or would have
been, and what the figures would be. Before an upgrade run the new version on a copy of
the database (and its key file): opening a database brings it to the version's form.

Each visit is judged with what was known at its time: a baseline that the new rules
would not have made stays. Visits that broke off, and those of versions that did not
keep what a verdict was made from, are counted and not judged.

Exit code: 0 when nothing differs, 1 when something does.`,
		Example: `  vigil-lab rejudge --since 90d
  vigil-lab rejudge --json >differences.jsonl`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			from, problem := ago(since, time.Now())
			if problem != nil {
				return problem
			}
			cfg, err := config.Load(file, cmd.Flags().Changed("config"), os.Environ())
			if err != nil {
				return err
			}
			a, err := app.Open(cmd.Context(), cfg, zap.NewNop(), app.World{})
			if err != nil {
				return err
			}
			return errors.Join(judgeAgain(cmd.Context(), a, from, asJSON, cmd.OutOrStdout(), cmd.ErrOrStderr()), a.Close())
		},
	}
	cmd.Flags().StringVar(&file, "config", "config.yaml", "configuration file of the installation")
	cmd.Flags().StringVar(&since, "since", "", "only visits of the last, for example 90d; default: all")
	cmd.Flags().BoolVar(&asJSON, "json", false, "one JSON object a line: the differences, and at last the counts")
	return cmd
}

// ago reads a time back from now, in days or as Go writes durations; the zero time for an empty text.
func ago(text string, now time.Time) (time.Time, *casefile.Problem) {
	if text == "" {
		return time.Time{}, nil
	}
	back, err := time.ParseDuration(text)
	if days, isDays := strings.CutSuffix(text, "d"); isDays {
		var n int
		n, err = strconv.Atoi(days)
		back = time.Duration(min(n, maxDaysBack)) * 24 * time.Hour
	}
	if err != nil || back <= 0 {
		return time.Time{}, casefile.Problemf(casefile.ProblemField, "since", "%.20q is no time back; give it as 90d or 36h", text)
	}
	return now.Add(-back), nil
}

const maxDaysBack = 36_500

func judgeAgain(ctx context.Context, a *app.App, since time.Time, asJSON bool, out, said io.Writer) error {
	w := bufio.NewWriter(out)
	lines := json.NewEncoder(w)
	told := time.Now()
	done, err := rejudge.Job{
		Store: a.Store, Decide: judge.Decide, Thresholds: app.Thresholds(a.Config), Since: since,
		Differs: func(d rejudge.Difference) error {
			if asJSON {
				return lines.Encode(d)
			}
			return printDifference(w, d)
		},
		Progress: func(r rejudge.Total) {
			if time.Since(told) > 5*time.Second {
				told = time.Now()
				fmt.Fprintf(said, "%d cases, %d visits, %d verdicts differ so far\n", r.Cases, r.Visits, r.Verdicts)
			}
		},
	}.Run(ctx)
	switch {
	case err != nil: // what was found until then is told
	case asJSON:
		err = lines.Encode(map[string]rejudge.Total{"total": done})
	default:
		err = printRejudged(w, done)
	}
	err = errors.Join(err, w.Flush())
	if err == nil && done.Verdicts > 0 {
		err = fmt.Errorf("%d of %d verdicts differ", done.Verdicts, done.Visits)
	}
	return err
}

func printDifference(w io.Writer, d rejudge.Difference) error {
	var err error
	switch v, r := d.Visit, d.Removal; {
	case v != nil:
		note := ""
		if !v.Counted {
			note = " (it did not count)"
		}
		_, err = fmt.Fprintf(w, "V-%d visit %d of %s: %s, %s; now %s, %s%s\n", d.CaseID, v.ID, words.Clock(v.Ended), v.Was.State, v.Was.Reason,
			v.Now.State, v.Now.Reason, note)
	case r.Now.IsZero():
		_, err = fmt.Fprintf(w, "V-%d removal of %s: would not have been confirmed then\n", d.CaseID, words.Clock(r.Was))
	default:
		_, err = fmt.Fprintf(w, "V-%d removal: would have been confirmed at %s\n", d.CaseID, words.Clock(r.Now))
	}
	return err
}

func printRejudged(w io.Writer, r rejudge.Total) error {
	say := words.In(words.English)
	_, err := fmt.Fprintf(w, `%d visits of %d cases judged again: %d verdicts differ, %d removals differ.
%d visits were not: they broke off, or nothing was kept that they could be judged from.
Removals in the figures: %d, and with these rules %d. Median time to removal: %s, and %s.
`, r.Visits, r.Cases, r.Verdicts, r.Removals, r.Unjudged,
		r.Was.Removed, r.Now.Removed, say.Reached(r.Was.Median.At), say.Reached(r.Now.Median.At))
	return err
}
