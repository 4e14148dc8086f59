package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"vigil/cmd/app"
	"vigil/store"
)

func newAudit(o *options) *cobra.Command {
	audit := &cobra.Command{Use: "audit", Short: "The history of cases"}
	audit.AddCommand(&cobra.Command{
		Use:   "verify",
		Short: "Follow the hash chain of every case's history; exit 1 when one is broken",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withApp(cmd.Context(), o, func(ctx context.Context, a *app.App) error {
				var last store.Progress
				err := a.Store.VerifyHistory(ctx, func(p store.Progress) { last = p })
				if err != nil {
					return err
				}
				fmt.Fprintf(cmd.OutOrStdout(), "%d events of %d cases: every chain is whole\n", last.Events, last.Cases)
				return nil
			})
		},
	})
	return audit
}
