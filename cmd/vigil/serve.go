package main

import (
	"context"
	"fmt"
	"net"

	"github.com/spf13/cobra"

	"vigil/cmd/app"
	"vigil/store"
)

func newServe(o *options) *cobra.Command {
	return newService(o, "serve", "Serve API and pages, visit due cases, send notices", true)
}

func newWorker(o *options) *cobra.Command {
	return newService(o, "worker",
		"Visit due cases and send notices, without API and pages; any number of them on PostgreSQL", false)
}

// newService is a command that works until it is told to stop.
func newService(o *options, name, short string, pages bool) *cobra.Command {
	return &cobra.Command{
		Use: name, Short: short, Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withApp(cmd.Context(), o, func(ctx context.Context, a *app.App) error {
				e, err := a.NewEngine(ctx, nil)
				if err != nil {
					return err
				}
				var l net.Listener
				if pages {
					if l, err = (&net.ListenConfig{}).Listen(ctx, "tcp", a.Config.Web.Listen); err != nil {
						return fmt.Errorf("listen for the pages: %w; another vigil may be running, or set web.listen", err)
					}
				}
				return e.Run(ctx, l)
			})
		},
	}
}

func newAudit(o *options) *cobra.Command {
	audit := &cobra.Command{Use: "audit", Short: "The history of cases"}
	audit.AddCommand(&cobra.Command{
		Use:   "verify",
		Short: "Follow the hash chain of every case's history; exit 1 when one is broken",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withApp(cmd.Context(), o, func(ctx context.Context, a *app.App) error {
				var last store.Progress
				if err := a.Store.VerifyHistory(ctx, func(p store.Progress) { last = p }); err != nil {
					return err
				}
				fmt.Fprintf(cmd.OutOrStdout(), "%d events of %d cases: every chain is whole\n", last.Events, last.Cases)
				return nil
			})
		},
	})
	return audit
}
