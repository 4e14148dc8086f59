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

	"vigil/internal/config"
	"vigil/judge"
	"vigil/web"
)

func newServe(o *options) *cobra.Command {
	return newService(o, "serve", "Serve API and pages, visit due cases, send notices", func(ctx context.Context, cfg config.Config) (net.Listener, error) {
		l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", cfg.Web.Listen)
		if err != nil {
			return nil, fmt.Errorf("listen for the pages: %w; another vigil may be running, or set web.listen", err)
		}
		return l, nil
	})
}

func newWorker(o *options) *cobra.Command {
	return newService(o, "worker", "Visit due cases and send notices, without API and pages; any number of them on PostgreSQL",
		func(context.Context, config.Config) (net.Listener, error) { return nil, nil })
}

// newService is a command that works until it is told to stop.
func newService(o *options, name, short string, listen func(context.Context, config.Config) (net.Listener, error)) *cobra.Command {
	return &cobra.Command{
		Use: name, Short: short, Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withHouse(cmd.Context(), o, func(ctx context.Context, h *house) error {
				e, err := h.newEngine(ctx, nil)
				if err != nil {
					return err
				}
				l, err := listen(ctx, h.cfg)
				if err != nil {
					return err
				}
				return e.run(ctx, l)
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
	g.Go(func() error { return e.watchGeodata(ctx) })
	g.Go(func() error { return e.witnesses.watch(ctx) })
	needed := e.visitor.Removal()
	message := "visiting from several vantages"
	if judge.Alone(len(e.witnesses.vantages)) {
		message = "visiting from one vantage: a removal needs twice the configured streak"
	}
	e.log.Info(message, zap.Int("vantages", len(e.witnesses.vantages)), zap.Int("confirm_verdicts", needed.Verdicts), zap.Duration("confirm_span", needed.Span))
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
		Store: e.store, Tokens: e.store.Token, Accounts: e.store.User, Sessions: e.store.Sessions(), Parse: e.parse, Origin: e.readOrigin, Figures: e.figures,
		Ready: e.store.Ping, Degraded: e.degraded, Notes: func() []string { return aloneNotes(e.cfg) }, Removal: e.visitor.Removal(), Metrics: e.meter.Handler(), Log: e.log, Version: version(), Secure: e.cfg.Web.Secure,
	})
}
