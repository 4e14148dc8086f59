package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/spf13/cobra"
	"go.uber.org/zap"
	"golang.org/x/sync/errgroup"

	"vigil/web"
)

func newServe(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "serve",
		Short: "Serve API and pages, visit due cases, send notices",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withHouse(cmd.Context(), o, func(ctx context.Context, h *house) error {
				e, err := h.newEngine(ctx, nil)
				if err != nil {
					return err
				}
				l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", h.cfg.Web.Listen)
				if err != nil {
					return fmt.Errorf("listen for the pages: %w; another vigil may be running, or set web.listen", err)
				}
				return e.run(ctx, l)
			})
		},
	}
}

func newWorker(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "worker",
		Short: "Visit due cases and send notices, without API and pages; any number of them on PostgreSQL",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withHouse(cmd.Context(), o, func(ctx context.Context, h *house) error {
				e, err := h.newEngine(ctx, nil)
				if err != nil {
					return err
				}
				return e.run(ctx, nil)
			})
		},
	}
}

// stopTimeout is how long requests under way may take when Vigil stops.
const stopTimeout = 10 * time.Second

// run works until ctx ends, then drains: requests and looks under way are
// finished or recorded as interrupted, the mail in hand is settled. l is where the
// pages are served; nil for none. run closes it.
func (e *engine) run(ctx context.Context, l net.Listener) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return e.queue.Run(ctx) })
	if e.outbox != nil {
		g.Go(func() error { return e.outbox.Run(ctx) })
	}
	if l != nil {
		handler, err := e.handler()
		if err != nil {
			return errors.Join(err, l.Close())
		}
		server := web.Server(handler, e.log)
		g.Go(func() error {
			if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
				return fmt.Errorf("serve the pages: %w", err)
			}
			return nil
		})
		g.Go(func() error {
			<-ctx.Done()
			stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
			defer cancel()
			return server.Shutdown(stop)
		})
		e.log.Info("serving", zap.String("listen", l.Addr().String()), zap.Bool("gate", e.gate.Configured()), zap.Bool("send", e.cfg.Notices.Send))
	}
	err := g.Wait()
	e.log.Info("stopped")
	return err
}

// handler is API, pages and health.
func (e *engine) handler() (http.Handler, error) {
	return web.New(web.Options{
		Store: e.store, Tokens: e.store.Token, Accounts: e.store.User, Sessions: e.store.Sessions(), Parse: e.parse, Figures: e.figures,
		Ready: e.store.Ping, Metrics: e.meter.Handler(), Log: e.log, Version: version(), Secure: e.cfg.Web.Secure,
	})
}
