package app

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"go.uber.org/zap"
	"golang.org/x/sync/errgroup"

	"vigil/casefile"
	"vigil/crawler/resolve"
	"vigil/internal/config"
	"vigil/internal/telemetry"
	"vigil/lifecycle"
	"vigil/notices"
	"vigil/notices/smtp"
	"vigil/observe"
	"vigil/scheduler"
	"vigil/scheduler/river"
	"vigil/web"
)

// Engine is an App at work: it visits, notifies and serves.
type Engine struct {
	*App
	Look      *LookDeps
	Composer  *notices.Composer
	Outbox    *notices.Outbox // nil while sending is off
	Gate      *scheduler.Gate
	Visitor   *scheduler.Visitor
	Queue     *river.Engine
	Meter     *telemetry.Meter
	Agreement *Agreement
}

// NewEngine builds an engine and migrates its queue. watch may be nil: it is a seam for the
// demo, which counts the looks that start.
func (a *App) NewEngine(ctx context.Context, watch func(observe.Looker) observe.Looker) (*Engine, error) {
	e := &Engine{App: a, Meter: telemetry.New()}
	e.Meter.WatchCases(a.Store.Counts)
	var err error
	if e.Look, err = a.NewLookDeps(); err != nil {
		return nil, err
	}
	e.Meter.WatchGeodata(e.Look.geodata)
	if e.Composer, err = NewComposer(a.Config); err != nil {
		return nil, err
	}
	if e.Outbox, err = a.newOutbox(e.Meter); err != nil {
		return nil, err
	}
	e.Agreement = &Agreement{vantages: e.Look.Vantages.Vantages(), read: a.Store.Votes, dissent: e.Meter.Dissents, log: a.Log}
	var look observe.Looker = e.Look.Vantages
	if watch != nil {
		look = watch(look)
	}
	if e.Gate, err = a.NewGate(look, e.Meter); err != nil {
		return nil, err
	}
	s := a.Config.Scheduler
	e.Visitor, err = scheduler.NewVisitor(scheduler.Options{
		Looker: look, Locator: e.Look.Locator, Composer: e.Composer, Store: a.Store, Gate: e.Gate, Log: a.Log, Meter: e.Meter,
		Schedule: scheduler.Schedule{
			FirstGap: s.FirstGap, Growth: s.Growth, MaxGap: s.MaxGap, Aftercare: s.Aftercare, MinGap: min(time.Second, s.FirstGap), Jitter: 0.1,
			Confirm: casefile.Confirm(s.Confirm),
		},
		UnavailableAfter: s.UnavailableAfter, HostingTTL: s.HostingTTL, PerHostGap: a.Config.Crawler.PerHostGap,
	})
	if err != nil {
		return nil, err
	}
	e.Queue, err = river.New(river.Options{
		DB: a.Store.DB(), Dialect: a.Store.Dialect(), PostgresURL: a.Config.Database.URL, Round: e.Visitor.Round, Feed: e.Visitor.Feed,
		Workers: s.Rounds, FeedEvery: s.FeedEvery, Log: a.Log,
	})
	if err != nil {
		return nil, err
	}
	return e, e.Queue.Migrate(ctx)
}

// newOutbox is nil while sending is off: then every notice stays a draft.
func (a *App) newOutbox(m *telemetry.Meter) (*notices.Outbox, error) {
	n := a.Config.Notices
	if !n.Send {
		return nil, nil
	}
	sender, err := smtp.New(smtp.Options{
		Address: n.SMTP.Address, From: n.From, Hello: n.SMTP.Hello, TLS: smtp.TLS(n.SMTP.TLS),
		Username: n.SMTP.Username, Password: n.SMTP.Password, Dial: a.World.Relay,
	})
	if err != nil {
		return nil, err
	}
	return notices.NewOutbox(notices.OutboxOptions{
		Store: a.Store, Sender: sender, Log: a.Log, Meter: m, Interval: a.Config.Scheduler.FeedEvery,
	})
}

// stopTimeout is how long requests under way may take when Vigil stops.
const stopTimeout = 10 * time.Second

// Run works until ctx ends, then drains: requests and looks under way are
// finished or recorded as interrupted, the mail in hand is settled. l is where the
// pages are served; nil for none. Run closes it.
func (e *Engine) Run(ctx context.Context, l net.Listener) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return e.Queue.Run(ctx) })
	g.Go(func() error { return e.watchGeodata(ctx) })
	g.Go(func() error { return e.Agreement.watch(ctx) })
	needed := Removal(e.Config)
	message := "visiting from several vantages"
	if lifecycle.SingleVantage(len(e.Agreement.vantages)) {
		message = "visiting from one vantage: a removal needs twice the configured streak"
	}
	e.Log.Info(message, zap.Int("vantages", len(e.Agreement.vantages)),
		zap.Int("confirm_verdicts", needed.Verdicts), zap.Duration("confirm_span", needed.Span))
	if e.Outbox != nil {
		g.Go(func() error { return e.Outbox.Run(ctx) })
	}
	if l != nil {
		handler, err := e.Handler()
		if err != nil {
			return errors.Join(err, l.Close())
		}
		server := web.Server(handler, e.Log)
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
		e.Log.Info("serving", zap.String("listen", l.Addr().String()),
			zap.Bool("gate", e.Gate.Configured()), zap.Bool("send", e.Config.Notices.Send))
	}
	err := g.Wait()
	e.Log.Info("stopped")
	return err
}

// Handler is API, pages and health.
func (e *Engine) Handler() (http.Handler, error) {
	return web.New(web.Options{
		Store: e.Store, Tokens: e.Store.Token, Accounts: e.Store.User, Sessions: e.Store.Sessions(), Parse: e.Parse, Origin: e.ReadOrigin,
		Figures: e.Figures, Ready: e.Store.Ping, Degraded: e.Degraded, Notes: func() []string { return SingleVantageNotes(e.Config) },
		Removal: Removal(e.Config), Metrics: e.Meter.Handler(), Log: e.Log, Version: Version(), Secure: e.Config.Web.Secure,
	})
}

// NewGate builds the gate of the configuration. m may be nil.
func (a *App) NewGate(look observe.Looker, m scheduler.Meter) (*scheduler.Gate, error) {
	o := scheduler.GateOptions{Looker: look, PerVantage: map[string][]casefile.Target{}, Log: a.Log, Meter: m}
	var err error
	if o.Targets, err = a.Controls("gate.targets", a.Config.Gate.Targets); err != nil {
		return nil, err
	}
	for vantage, raw := range a.Config.Gate.PerVantage {
		if o.PerVantage[vantage], err = a.Controls("gate.per_vantage."+vantage, raw); err != nil {
			return nil, err
		}
	}
	servers, err := a.resolverServers()
	if err != nil {
		return nil, err
	}
	for _, server := range servers { // each alone, and an answer is never older than the question
		r, err := resolve.New(resolve.Options{
			Servers: []string{server}, Timeout: a.Config.Resolver.Timeout, Dial: a.World.Foreign, MaxTTL: time.Nanosecond,
		})
		if err != nil {
			return nil, err
		}
		o.Resolvers = append(o.Resolvers, r)
	}
	return scheduler.NewGate(o)
}

// Controls reads a list of control URLs.
func (a *App) Controls(key string, raw []string) ([]casefile.Target, error) {
	var all []casefile.Target
	for i, url := range raw {
		t, problem := a.Parse(url)
		if problem != nil {
			return nil, config.Faults{fmt.Sprintf("%s[%d]: %s", key, i, problem.Detail)}
		}
		all = append(all, t)
	}
	return all, nil
}
