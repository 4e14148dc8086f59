package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"

	"vigil/casefile"
	"vigil/cmd/app"
	"vigil/internal/config"
	"vigil/internal/telemetry"
	"vigil/lifecycle"
	"vigil/notices"
	"vigil/store"
)

// maxWindow is how many cases are opened at most at a time. The visits of one window are made while the next
// is opened, so that only the newest two windows can hold cases that are not complete.
const maxWindow = 1000

// window is how many cases are opened at a time: all of them are stored at one moment of the two years.
func (p population) window() int { return min(max(p.size/200, 20), maxWindow) }

func newScale() *cobra.Command {
	var file, database, until string
	var seed uint64
	var workers int
	cmd := &cobra.Command{
		Use:   "scale N",
		Short: "Fill a database with N made-up cases, their visits, hosting, assignments, notices and history",
		Long: `Fill a database with N made-up cases of two years, through the store's own writes:
a few hosts have very many of them, most have one. The database must be new, or hold
cases of an earlier scale with the same seed: then it goes on where that one
stopped, also after a crash, and ends with N.

It writes to nobody and looks at nothing: notices are marked as sent.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			n, err := strconv.Atoi(args[0])
			if err != nil || n < 1 || n > 999_999_999 {
				return fmt.Errorf("scale %q: write a number of cases", args[0])
			}
			end, err := time.Parse(time.DateOnly, until)
			if err != nil {
				return fmt.Errorf("--until %q: write a day as 2026-11-30", until)
			}
			cfg, err := config.Load(file, cmd.Flags().Changed("config"), os.Environ())
			if err != nil {
				return err
			}
			if database != "" {
				cfg.Database.URL = database
			}
			log, err := telemetry.NewLog("warn", cfg.Log.Format)
			if err != nil {
				return err
			}
			a, err := app.Open(cmd.Context(), cfg, log, app.World{})
			if err != nil {
				return err
			}
			s := &scaler{population: population{seed: seed, size: n, until: end.UTC()}, store: a.Store, workers: workers}
			if s.desk, err = app.NewComposer(cfg); err == nil {
				err = s.run(cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr())
			}
			return errors.Join(err, a.Close())
		},
	}
	cmd.Flags().StringVar(&file, "config", "config.yaml", "configuration file: database, key file and directory of hotlines")
	cmd.Flags().StringVar(&database, "database", "", "this database instead of the configured one")
	cmd.Flags().StringVar(&until, "until", time.Now().UTC().Format(time.DateOnly), "the day on which the made-up history ends")
	cmd.Flags().Uint64Var(&seed, "seed", 1, "another seed makes other cases")
	cmd.Flags().IntVar(&workers, "workers", 128, "cases at the same time")
	return cmd
}

// scaler makes the cases of a population.
type scaler struct {
	population
	store   *store.Store
	desk    *notices.Composer
	workers int

	visits, letters atomic.Int64
}

// run makes what is missing and says how quickly. When the context ends, what was made stays.
func (s *scaler) run(ctx context.Context, out, progress io.Writer) error {
	have, err := s.count(ctx)
	if err != nil {
		return err
	}
	if have > s.size {
		return fmt.Errorf("the database holds %d cases, more than %d", have, s.size)
	}
	left, err := s.unfinished(ctx, have)
	if err != nil {
		return err
	}
	started, before := time.Now(), have
	bar := progressbar.NewOptions(s.size, progressbar.OptionSetWriter(progress), progressbar.OptionSetDescription("cases"),
		progressbar.OptionShowIts(),
		progressbar.OptionSetItsString("cases"), progressbar.OptionThrottle(time.Second), progressbar.OptionClearOnFinish())
	_ = bar.Set(have)
	for len(left) > 0 || have < s.size {
		var opened []casefile.Case
		err := together(
			func() error { return s.playAll(ctx, left) },
			func() (err error) { opened, err = s.open(ctx, have, min(s.window(), s.size-have)); return err },
		)
		if err != nil {
			return fmt.Errorf("stopped; run the same command again to go on: %w", err)
		}
		have += len(opened)
		left = opened
		_ = bar.Set(have - len(left))
	}
	_ = bar.Finish()
	if have, err = s.count(ctx); err != nil || have != s.size {
		return errors.Join(err, fmt.Errorf("the database ends with %d cases instead of %d", have, s.size))
	}
	took := time.Since(started)
	fmt.Fprintf(out, "%d cases, %d of them new, with %d visits and %d notices in %v: %.0f cases and %.0f visits per second\n",
		have, have-before, s.visits.Load(), s.letters.Load(), took.Round(time.Second), float64(have-before)/took.Seconds(),
		float64(s.visits.Load())/took.Seconds())
	return nil
}

// together runs both and waits for both.
func together(a, b func() error) error {
	other := make(chan error, 1)
	go func() { other <- b() }()
	err := a()
	return errors.Join(err, <-other)
}

func (s *scaler) count(ctx context.Context) (int, error) {
	counts, err := s.store.Counts(ctx)
	all := 0
	for _, n := range counts {
		all += n
	}
	return all, err
}

// unfinished are the newest cases that an earlier run may have left half made. It refuses a database of other
// cases.
func (s *scaler) unfinished(ctx context.Context, have int) ([]casefile.Case, error) {
	var out []casefile.Case
	filter := casefile.CaseFilter{Limit: casefile.MaxPage}
	for len(out) < min(2*maxWindow, have) {
		page, err := s.store.Cases(ctx, filter)
		if err != nil {
			return nil, err
		}
		if len(page) == 0 {
			break
		}
		for _, c := range page {
			if i, ours := s.numberOf(c.Target); !ours || i >= have {
				return nil, errors.New("the database holds cases that scale did not make, or made with another seed: give it a database of its own")
			}
			out = append(out, c)
		}
		filter.Before = page[len(page)-1].ID
	}
	return out, nil
}

// open opens the next cases, all or none.
func (s *scaler) open(ctx context.Context, from, count int) ([]casefile.Case, error) {
	if count == 0 {
		return nil, nil
	}
	now := s.opened(from + count/2)
	var reports []casefile.Report
	for i := range count {
		r, err := s.report(from+i, now)
		if err != nil {
			return nil, err
		}
		reports = append(reports, r)
	}
	added, err := s.store.AddReports(ctx, reports, now)
	if err != nil {
		return nil, err
	}
	out := make([]casefile.Case, 0, count)
	for _, a := range added {
		out = append(out, casefile.Case{ID: a.CaseID})
	}
	return out, nil
}

// playAll makes the visits that the cases lack.
func (s *scaler) playAll(ctx context.Context, cases []casefile.Case) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var next atomic.Int64
	var all sync.WaitGroup
	for range min(s.workers, len(cases)) {
		all.Go(func() {
			for i := int(next.Add(1)) - 1; i < len(cases) && ctx.Err() == nil; i = int(next.Add(1)) - 1 {
				if err := s.play(ctx, cases[i].ID); err != nil {
					stop(fmt.Errorf("case %d: %w", cases[i].ID, err))
				}
			}
		})
	}
	all.Wait()
	return context.Cause(ctx)
}

// play makes the visits that a case lacks, one after the other, and what a person did.
func (s *scaler) play(ctx context.Context, id casefile.CaseID) error {
	c, err := s.store.Case(ctx, id)
	if err != nil {
		return err
	}
	i, _ := s.numberOf(c.Target)
	f := s.fate(i, c.Opened)
	if c.Visits > 0 {
		if c, err = s.settle(ctx, c); err != nil { // a crash may have come between a visit and its notices
			return err
		}
	}
	for k := c.Visits; k < len(f.visits); k++ {
		due := s.until.Add(24*time.Hour + time.Duration(i%720)*time.Minute)
		if k+1 < len(f.visits) {
			due = f.visits[k+1].at
		}
		v := s.recordable(c, s.visit(c, i, k, f.visits[k]), due)
		if err := s.store.RecordVisit(ctx, v); err != nil {
			return err
		}
		s.visits.Add(1)
		if len(v.Notices) > 0 {
			if c, err = s.settle(ctx, c); err != nil {
				return err
			}
			continue
		}
		c = v.After
		c.Version++
	}
	if f.withdrawn.IsZero() || c.Standing == casefile.Withdrawn {
		return nil
	}
	_, err = s.store.Act(ctx, id, casefile.Action{Kind: casefile.ActWithdraw, Actor: "anna", Reason: "reported by mistake", At: f.withdrawn})
	return err
}

// recordable gives the visit with what follows from it: assignment, notices, events, and the case as it
// leaves it.
func (s *scaler) recordable(c casefile.Case, v casefile.Visit, due time.Time) casefile.Visit {
	hosting := c.Hosting
	if v.Hosting != nil {
		hosting = v.Hosting
	}
	if hosting != nil && v.Verdict.State != casefile.StateGone {
		if a := s.desk.Assign(*hosting, v.Ended); !a.Same(c.Assignment) {
			a.CaseID = c.ID
			v.Assignment = &a
		}
	}
	thresholds := lifecycle.Thresholds{
		Confirm: casefile.Confirm{Verdicts: 3, Span: 24 * time.Hour}, UnavailableAfter: 7 * 24 * time.Hour,
		Aftercare: []time.Duration{24 * time.Hour, 72 * time.Hour, 168 * time.Hour, 336 * time.Hour, 720 * time.Hour, 2160 * time.Hour},
	}
	after, events, _ := lifecycle.Apply(c, v.Ended, lifecycle.Visited{Visit: v, Thresholds: thresholds})
	there := after.Standing == casefile.Watching || after.Standing == casefile.Review
	if !after.NoticesComposed && there && v.Verdict.Actionable() && after.Hosting != nil && after.Assignment != nil {
		v.Notices = s.compose(after, v.Ended)
		var more []casefile.Event
		after, more, _ = lifecycle.Apply(after, v.Ended, lifecycle.NoticesComposed{Notices: len(v.Notices)})
		events = append(events, more...)
	}
	after.Due = casefile.Due{At: due, Why: casefile.WhyCadence}
	switch {
	case !after.Standing.Visited():
		after.Due = casefile.Due{Why: casefile.WhyNever}
	case after.Standing == casefile.Confirming:
		after.Due.Why = casefile.WhyConfirm
	case after.Standing == casefile.Removed:
		after.Due.Why = casefile.WhyAftercare
	}
	v.Events, v.After = events, after
	return v
}

// compose writes a notice to the hotline and one to the provider, which a held case does not get. They are
// being sent from the start: nothing that really sends may find them queued.
func (s *scaler) compose(c casefile.Case, now time.Time) []casefile.Notice {
	var out []casefile.Notice
	write := func(kind casefile.NoticeKind, to casefile.Contact) {
		key := fmt.Sprintf("scale.%d.%d.%s.%d", c.ID, c.Episode.Number, kind, now.Unix())
		out = append(out, casefile.Notice{
			CaseID: c.ID, Episode: c.Episode.Number, Kind: kind, Step: 1, Contact: to, Key: key, State: casefile.NoticeSending, Composed: now,
			Subject: fmt.Sprintf("Case %d: please remove", c.ID),
			Body: "Dear desk,\n\nplease remove the page at this address, or make it unreachable:\n\n  " + c.Target.URL() +
				"\n\nIt was seen on " + now.Format(time.RFC1123) + ".\n\nA made-up notice of vigil-lab.\n",
		})
	}
	if len(c.Assignment.Hotlines) > 0 {
		write(casefile.NoticeAssignment, casefile.Contact{Party: casefile.PartyHotline, Name: c.Assignment.Hotlines[0], Role: "hotline",
			Email: "desk@hotline.example", Source: "directory"})
	}
	if len(c.Hosting.Contacts) > 0 && !c.Held {
		write(casefile.NoticeRemoval, c.Hosting.Contacts[0])
	}
	return out
}

// settle says of the notices of a case that are being sent how that went, and reads the case again.
func (s *scaler) settle(ctx context.Context, c casefile.Case) (casefile.Case, error) {
	being, err := s.store.Notices(ctx, casefile.NoticeFilter{CaseID: c.ID, State: casefile.NoticeSending, Limit: casefile.MaxPage})
	if err != nil {
		return c, err
	}
	for k := len(being) - 1; k >= 0; k-- { // the oldest first
		n := being[k]
		n.State, n.Tries, n.Sent, n.Proof = casefile.NoticeSent, 1, n.Composed.Add(40*time.Second), "250 2.0.0 Ok: queued"
		switch (int64(n.CaseID) + int64(len(n.Kind))) % 50 {
		case 0:
			n.State, n.Sent, n.Proof = casefile.NoticeRefused, time.Time{}, "550 5.1.1 User unknown"
		case 1:
			n.State, n.Sent, n.Proof = casefile.NoticeUncertain, time.Time{}, ""
		}
		if err := s.store.SettleNotice(ctx, n); err != nil {
			return c, err
		}
		s.letters.Add(1)
	}
	return s.store.Case(ctx, c.ID)
}
