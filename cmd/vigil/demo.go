package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"vigil/casefile"
	"vigil/cmd/app"
	"vigil/internal/fakenet"
	"vigil/observe"
	"vigil/web/auth"
)

// The demo is the main job on real sockets: a simulated internet on loopback, and
// the real scheduler, store, notices, API and pages, with time scaled down. It
// needs no network and no rights, and leaves nothing behind.

const (
	demoDay      = 2500 * time.Millisecond // a day of the story
	demoDeadline = 16                      // days after the program's start, by which every site has ended, or the demo failed
)

func newDemo() *cobra.Command {
	o := demoOptions{day: demoDay}
	began := time.Now() // commands are made when the program starts
	cmd := &cobra.Command{
		Use:   "demo [--exit-when-done] [--listen ADDR]",
		Short: "The whole main job on a simulated internet on this machine; no network, no rights, nothing left behind",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runDemo(cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr(), began, o)
		},
	}
	cmd.Flags().BoolVar(&o.exitWhenDone, "exit-when-done", false, "end with a table when every site has ended; "+
		"exit 0 only if each ended as its script says and no trace of a page was found")
	cmd.Flags().StringVar(&o.listen, "listen", "127.0.0.1:0", "where to serve the pages")
	cmd.Flags().BoolVar(&o.keep, "keep", false, "leave the temporary folder (database, log, mails) in place and print its name")
	return cmd
}

type demoOptions struct {
	listen             string
	exitWhenDone, keep bool
	day                time.Duration // of the story
}

// demo is a running demo.
type demo struct {
	dir      string
	kept     bool // the folder stays
	net      *fakenet.Net
	sockets  *fakenet.Sockets
	endings  []fakenet.Ending
	engine   *app.Engine
	listener net.Listener
	token    string
	password string
	day      time.Duration
	began    time.Time    // when the program started
	started  time.Time    // when the story did
	looks    atomic.Int64 // looks at targets and decoys that started
	cases    map[casefile.CaseID]fakenet.Ending
}

// runDemo lives the story and judges it once, at its end. Then it ends, or goes on until ctx does and says
// no more.
func runDemo(ctx context.Context, out, progress io.Writer, began time.Time, o demoOptions) (err error) {
	d, err := newDemoLab(ctx, o.listen, o.day)
	if err != nil {
		return err
	}
	defer d.remove()
	d.began = began
	temporary := d.path("tmp") // what a library writes to the temporary folder is searched too
	if err := errors.Join(os.Mkdir(temporary, 0o700), os.Setenv("TMPDIR", temporary)); err != nil {
		return err
	}
	if o.keep {
		fmt.Fprintln(out, "Kept:", d.dir)
		d.kept = true
		defer func() { err = errors.Join(err, d.keepMails()) }()
	}
	d.introduce(out)
	working, stop := context.WithCancel(ctx)
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- d.engine.Run(working, d.listener) }()
	if err := d.report(ctx); err != nil {
		stop()
		return errors.Join(err, <-ended)
	}
	watchErr := d.watch(ctx, progress, ended)
	stop()
	if err := errors.Join(watchErr, <-ended); err != nil && !errors.Is(err, errNotEnded) {
		return err
	}
	summary, err := d.prove(ctx)
	if err != nil {
		return err
	}
	d.print(out, summary)
	if len(summary.faults) > 0 {
		return fmt.Errorf("the demo found %d faults", len(summary.faults))
	}
	if o.exitWhenDone {
		return nil
	}
	return d.goOn(ctx, out)
}

// introduce says what runs, and how it is reached.
func (d *demo) introduce(out io.Writer) {
	removal, at := app.Removal(d.engine.Config), "http://"+d.listener.Addr().String()
	fmt.Fprintf(out, "%d sites of a simulated internet; a day is %v. Pages: %s  (log in as demo, password %s)\n"+
		"API: curl -H 'Authorization: Bearer %s' %s/api/v1/cases  Metrics: the same with %s/metrics\n"+
		"One vantage looks, so a removal needs twice the usual streak: here %d gone verdicts over %v, %.1f days of the story.\n",
		len(d.endings), d.day, at, d.password, d.token, at, at, removal.Verdicts, removal.Span, float64(removal.Span)/float64(d.day))
}

// goOn starts Vigil again on what the story left, at the same address, until ctx ends.
func (d *demo) goOn(ctx context.Context, out io.Writer) error {
	if err := d.engine.Look.Locator.Close(); err != nil {
		return err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", d.listener.Addr().String())
	if err != nil {
		return fmt.Errorf("listen for the pages again: %w", err)
	}
	if d.engine, err = d.engine.NewEngine(ctx, d.counted); err != nil {
		return errors.Join(err, listener.Close())
	}
	fmt.Fprintln(out, "Every site has ended as its script says. Vigil goes on until Ctrl-C; what happens now is not judged any more.")
	return d.engine.Run(ctx, listener)
}

// newDemoLab builds the internet, an app in a temporary folder and an engine in it.
func newDemoLab(ctx context.Context, listen string, day time.Duration) (_ *demo, err error) {
	d := &demo{day: day, began: time.Now(), cases: map[casefile.CaseID]fakenet.Ending{}}
	defer func() {
		if err != nil {
			d.remove()
		}
	}()
	if d.dir, err = os.MkdirTemp("", "vigil-demo-*"); err != nil {
		return nil, fmt.Errorf("make a temporary folder: %w", err)
	}
	if d.listener, err = (&net.ListenConfig{}).Listen(ctx, "tcp", listen); err != nil {
		return nil, fmt.Errorf("listen for the pages: %w; give another address with --listen", err)
	}
	d.started = time.Now()
	d.net, d.endings = fakenet.Story(day)
	for i := range 3 {
		d.net.Add(fakenet.Site{Host: demoControl(i)})
	}
	if d.sockets, err = d.net.Listen(fakenet.SocketOptions{}); err != nil {
		return nil, err
	}
	cfg, err := d.config()
	if err != nil {
		return nil, err
	}
	log, err := fileLog(d.path("vigil.log"))
	if err != nil {
		return nil, err
	}
	h, err := app.Open(ctx, cfg, log, app.World{Foreign: d.sockets.Dialer("local")})
	if err != nil {
		return nil, err
	}
	d.engine = &app.Engine{App: h}
	if d.engine, err = h.NewEngine(ctx, d.counted); err != nil {
		return nil, errors.Join(err, h.Close())
	}
	return d, d.people(ctx)
}

func (d *demo) path(name string) string { return filepath.Join(d.dir, name) }

func demoControl(i int) string { return fmt.Sprintf("control-%d.test", i+1) }

// people makes a token for the API and a login for the pages.
func (d *demo) people(ctx context.Context) (err error) {
	who := casefile.Person{Name: "demo", Role: casefile.RoleAnalyst}
	if d.token, err = addToken(ctx, d.engine.App, who); err != nil {
		return err
	}
	secret, _ := auth.NewToken()
	d.password = secret[len(secret)-12:]
	return addUser(ctx, d.engine.App, who, d.password)
}

func (d *demo) remove() {
	if d.engine != nil {
		_ = d.engine.Close()
	}
	if d.listener != nil {
		_ = d.listener.Close()
	}
	if d.sockets != nil {
		d.sockets.Close()
	}
	if d.net != nil {
		d.net.Close()
	}
	if d.dir != "" && !d.kept {
		_ = os.RemoveAll(d.dir)
	}
}

// keepMails writes every mail that arrived to the folder. Before the end none may be there: a notice names
// its URL.
func (d *demo) keepMails() error {
	if err := os.MkdirAll(d.path("mails"), 0o700); err != nil {
		return err
	}
	for i, m := range d.net.Mails() {
		if err := os.WriteFile(d.path(fmt.Sprintf("mails/%03d.eml", i+1)), []byte(m.Body), 0o600); err != nil {
			return err
		}
	}
	return nil
}

// counted counts the looks that start, to compare them with those that were recorded.
func (d *demo) counted(l observe.Looker) observe.Looker { return &countedLooks{l, &d.looks} }

type countedLooks struct {
	observe.Looker
	started *atomic.Int64
}

func (c *countedLooks) Look(ctx context.Context, vantage string, s casefile.Subject) casefile.Observation {
	if s.Purpose != casefile.PurposeControl {
		c.started.Add(1)
	}
	return c.Looker.Look(ctx, vantage, s)
}

var errNotEnded = errors.New("not every site ended as its script says")

// watch shows progress until every site has ended, or the deadline is over.
func (d *demo) watch(ctx context.Context, progress io.Writer, ended chan error) error {
	live := terminal(progress)
	tick := time.NewTicker(250 * time.Millisecond)
	defer tick.Stop()
	var shown time.Time
	for {
		select {
		case err := <-ended:
			ended <- nil
			return fmt.Errorf("vigil stopped by itself: %w", err)
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tick.C:
		}
		open, err := d.open(ctx)
		if err != nil {
			return err
		}
		done := open == 0 && time.Since(d.started) > fakenet.StoryDays*d.day
		if live || done || time.Since(shown) > 4*time.Second {
			shown = time.Now()
			d.showProgress(ctx, progress, live, open)
		}
		switch {
		case done:
			if live {
				fmt.Fprintln(progress)
			}
			return nil
		case time.Since(d.began) > demoDeadline*d.day:
			return errNotEnded
		}
	}
}

// terminal says whether somebody watches w.
func terminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

func (d *demo) showProgress(ctx context.Context, progress io.Writer, live bool, open int) {
	counts, err := d.engine.Store.Counts(ctx)
	if err != nil {
		return // the end will say
	}
	line := fmt.Sprintf("day %4.1f ", float64(time.Since(d.started))/float64(d.day))
	for _, s := range casefile.Standings {
		if counts[s] > 0 {
			line += fmt.Sprintf(" %s %d ", s, counts[s])
		}
	}
	line += fmt.Sprintf(" | %d visits, %d looks, %d mails | %d sites to go", d.engine.Meter.Visits(), d.looks.Load(), len(d.net.Mails()), open)
	if live {
		fmt.Fprintf(progress, "\r\x1b[K%s", line)
		return
	}
	fmt.Fprintln(progress, line)
}

// open counts the sites that have not ended as their script says.
func (d *demo) open(ctx context.Context) (int, error) {
	open := 0
	for id, e := range d.cases {
		c, err := d.engine.Store.Case(ctx, id)
		if err != nil {
			return 0, err
		}
		if c.Standing != e.Standing || (c.Episode.Number > 1) != e.Returned {
			open++
		}
	}
	return open, nil
}
