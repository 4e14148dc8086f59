package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"vigil/cmd/app"
	"vigil/stats"
	"vigil/web/api"
	"vigil/words"
)

func newStats(o *options) *cobra.Command {
	var asJSON bool
	var clock, by string
	cmd := &cobra.Command{
		Use:   "stats [--json]",
		Short: "Time to removal, with n, censored and excluded",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			q := stats.Query{Clock: stats.Clock(clock), By: stats.By(by)}
			if !q.Clock.Valid() || !q.By.Valid() {
				return fmt.Errorf("--clock is report or notice, --by is country or provider: %w", errBadInput)
			}
			return withApp(cmd.Context(), o, func(ctx context.Context, a *app.App) error {
				f, err := a.Figures(ctx, q)
				if err != nil {
					return err
				}
				if asJSON {
					e := json.NewEncoder(cmd.OutOrStdout())
					e.SetIndent("", "  ")
					return e.Encode(api.RemovalOf(f))
				}
				printFigures(cmd.OutOrStdout(), f)
				return nil
			})
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "as JSON, in the shape of GET /api/v1/stats/removal")
	cmd.Flags().StringVar(&clock, "clock", string(stats.FromReport), "from when: report or notice")
	cmd.Flags().StringVar(&by, "by", "", "also by country or provider")
	return cmd
}

func printFigures(w io.Writer, f stats.Removal) {
	fmt.Fprintf(w, "Time to removal, from %s, as of %s\n\n", f.Clock, f.AsOf.Format(time.RFC3339))
	groups := append([]stats.GroupSummary{{Key: "all", Summary: f.All}}, f.Groups...)
	t, say := table.NewWriter(), words.In(words.English)
	t.SetStyle(table.StyleLight)
	header := table.Row{"", "n", "removed", "recorded", "censored", "unavailable", "excluded", "returned", "hosts", "median", "P90"}
	for _, s := range f.All.Shares {
		header = append(header, "in "+words.Span(s.Within))
	}
	t.AppendHeader(header)
	for _, g := range groups {
		row := table.Row{
			cmp.Or(g.Key, "unknown"), g.N, g.Removed, g.Recorded, g.Watched(), g.Unavailable, g.Excluded.All(), g.Returns.Records, g.Hosts,
			say.Reached(g.Median.At), say.Reached(g.P90.At),
		}
		for _, s := range g.Shares {
			cell := "-"
			if s.Reached {
				cell = words.Percent(s.Estimate)
			}
			row = append(row, cell)
		}
		t.AppendRow(row)
	}
	fmt.Fprintln(w, t.Render())
	fmt.Fprintln(w, strings.TrimSpace(`
n = removed + censored (still there, or withdrawn) + unavailable. Excluded: gone before the first look, never seen, or without a
start of this clock. Shares and quantiles are Kaplan-Meier estimates; "-": nothing was followed for so long.`))
}
