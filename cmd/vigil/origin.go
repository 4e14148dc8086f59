package main

import (
	"context"
	"fmt"
	"os"
	"os/user"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"vigil/casefile"
	"vigil/cmd/app"
)

func newOrigin(o *options) *cobra.Command {
	var what originFlags
	cmd := &cobra.Command{
		Use:   "origin CASE [ADDRESS] [--country CC] --reason TEXT",
		Short: "Record where a case is really hosted, or forget what was recorded",
		Long: `Record where a case is really hosted: the address behind an edge, or only the
country where the sources do not decide it. The case is due at once: its hosting is
decided anew with the record, and whoever is then responsible is told. With --forget
the record is taken back.

CASE is the number, as 42 or V-42. The address must be public; in a lab, networks of
guard.allow_networks will do as well. The reason is kept in the history for good, with
your name on this machine: name no URL in it.`,
		Example: `  vigil origin 42 203.0.113.9 --reason "the provider told us"
  vigil origin 42 --country NL --reason "the police told us"
  vigil origin 42 --forget --reason "the site moved"`,
		Args: cobra.RangeArgs(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			what.address = append(args, "")[1]
			what.given = cmd.Flags().Changed("country")
			id, action, err := what.action(args[0])
			if err != nil {
				return err
			}
			return withApp(cmd.Context(), o, func(ctx context.Context, a *app.App) error {
				if !what.forget {
					var problem *casefile.Problem
					if action.Origin, action.Country, problem = a.ReadOrigin(what.address, what.country); problem != nil {
						return problem
					}
				}
				c, err := a.Store.Act(ctx, id, action)
				if err != nil {
					return err
				}
				fmt.Fprintln(cmd.OutOrStdout(), originDone(c))
				return nil
			})
		},
	}
	cmd.Flags().StringVar(&what.country, "country", "", "country of the origin, two letters (ISO 3166-1), for example NL")
	cmd.Flags().StringVar(&what.reason, "reason", "", "why; kept in the history for good")
	cmd.Flags().BoolVar(&what.forget, "forget", false, "take back what was recorded")
	return cmd
}

// originFlags are what a person gave on the command line.
type originFlags struct {
	address, country, reason string
	given                    bool // --country, also an empty one
	forget                   bool
}

// action is what they ask for, without the origin: that is read with the guard of the app.
func (f originFlags) action(number string) (casefile.CaseID, casefile.Action, error) {
	a := casefile.Action{Kind: casefile.ActOrigin, Actor: operator(), Reason: strings.TrimSpace(f.reason), At: time.Now().UTC()}
	id, problem := caseNumber(number)
	switch {
	case problem != nil:
		return 0, a, problem
	case a.Reason == "":
		return 0, a, casefile.Problemf(casefile.ProblemField, "reason", "say why with --reason; it is kept in the history")
	case f.forget && (f.address != "" || f.given):
		return 0, a, casefile.Problemf(casefile.ProblemField, "forget",
			"--forget takes back the record as a whole; give no address and no country with it")
	case !f.forget && f.address == "" && f.country == "":
		return 0, a, casefile.Problemf(casefile.ProblemField, "origin",
			"give the address of the origin, its country with --country, or --forget")
	}
	if f.forget {
		a.Kind = casefile.ActForget
	}
	return id, a, nil
}

// operator is who works on this machine, as the history names them: "cli:" and the
// name of the operating system's user.
func operator() string {
	name := ""
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	if !isName(name) {
		name = "uid-" + strconv.Itoa(os.Getuid())
	}
	return "cli:" + name
}

// originDone says what became of it.
func originDone(c casefile.Case) string {
	done := fmt.Sprintf("V-%d: the record of its origin was taken back", c.ID)
	if o := c.Backend; o != nil {
		var parts []string
		if o.Address.IsValid() {
			parts = append(parts, o.Address.String())
		}
		if o.Country != "" {
			parts = append(parts, o.Country)
		}
		done = fmt.Sprintf("V-%d: recorded as hosted at %s", c.ID, strings.Join(parts, ", "))
	}
	if c.Standing.Visited() {
		return done + "; it is due now, and its hosting is decided anew"
	}
	return done + fmt.Sprintf("; it is %s and not looked at", c.Standing)
}
