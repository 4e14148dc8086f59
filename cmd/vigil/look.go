package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"vigil/casefile"
	"vigil/cmd/app"
	"vigil/crawler/target"
	"vigil/explain"
	"vigil/judge"
	"vigil/notices"
	"vigil/observe"
	"vigil/web/shape"
)

func newLook(o *options) *cobra.Command {
	var asJSON, explain bool
	var referrer string
	cmd := &cobra.Command{
		Use:   "look [--json] [-v] [--referrer URL] URL... | -",
		Short: "Look at URLs once: is it there, who hosts it, who must act",
		Long: `Look at URLs once, from every vantage. With - the URLs are read from standard
input, one a line. Nothing is stored; no database and no key are needed, and the
gate is not asked. Lines come in the order of the input, but none waits long for a slow one before it.
With --referrer every URL is looked at as if one came from that page, and once more without it.
With -v each outcome is explained: the verdict in words, and the transcript of each look.

Exit code: 0 when all were looked at, 2 when some input was refused.`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			var from casefile.Target
			if referrer != "" {
				var problem *casefile.Problem
				if from, problem = target.Parse(referrer); problem != nil {
					return fmt.Errorf("--referrer: %w", problem)
				}
			}
			a, err := o.app()
			if err != nil {
				return err
			}
			e, err := a.NewLookDeps()
			if err != nil {
				return err
			}
			desk, err := app.NewComposer(a.Config)
			if err != nil {
				return err
			}
			gap := a.Config.Crawler.PerHostGap
			observer, err := observe.New(observe.Options{Looker: e.Vantages, Locator: e.Locator, Gap: gap, Log: a.Log})
			if err != nil {
				return err
			}
			looks := &lookRun{observer: observer, desk: desk, gap: gap, width: a.Config.Crawler.InFlight, explain: explain, referrer: from}
			print := printText
			if asJSON {
				print = printJSON
			}
			return looks.run(cmd.Context(), lookInput(args, cmd.InOrStdin()), cmd.OutOrStdout(), print)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "one JSON object a line")
	cmd.Flags().BoolVarP(&explain, "verbose", "v", false, "explain each verdict, with the transcript of each look")
	cmd.Flags().StringVar(&referrer, "referrer", "", "the page from which one comes to the URLs, as a report would record it")
	return cmd
}

// lookInput yields the URLs of the arguments, or the lines of standard input for "-".
func lookInput(args []string, in io.Reader) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for _, arg := range args {
			if arg != "-" {
				if !yield(arg) {
					return
				}
				continue
			}
			lines := bufio.NewReaderSize(in, 64<<10)
			for {
				line, _, err := readLine(lines, casefile.MaxURL+2) // a longer one is still refused as too long
				if line = strings.TrimRight(line, "\r\n"); strings.TrimSpace(line) != "" && !yield(line) {
					return
				}
				if err != nil {
					break
				}
			}
		}
	}
}

// readLine reads a line of at most so many bytes and drops what is beyond, so that a file
// without line ends fills no memory; long says that there was more.
func readLine(r *bufio.Reader, most int) (line string, long bool, err error) {
	var text []byte
	for {
		part, err := r.ReadSlice('\n')
		room := most - len(text)
		long = long || len(part) > room
		text = append(text, part[:min(room, len(part))]...)
		if !errors.Is(err, bufio.ErrBufferFull) {
			return string(text), long, err
		}
	}
}

// lookRun looks at many URLs: hosts side by side, the URLs of one host in a row with
// a gap between them, as the scheduler does.
type lookRun struct {
	observer *observe.Observer
	desk     *notices.Composer
	gap      time.Duration
	width    int // looks at once
	explain  bool
	// referrer is the page from which one comes to every URL; zero for none.
	referrer casefile.Target
}

// looked is the outcome of one input: a line or a refusal.
type looked struct {
	place   int
	line    shape.Look
	refused *shape.Refused
}

// patience is how long a finished line waits for one before it.
const patience = 2 * time.Second

func (l *lookRun) run(ctx context.Context, input func(func(string) bool), out io.Writer, print func(io.Writer, looked) error) error {
	results := make(chan looked)
	var work sync.WaitGroup
	go func() {
		l.dispatch(ctx, input, results, &work)
		work.Wait()
		close(results)
	}()
	w := bufio.NewWriter(out)
	bad, err := inOrder(results, patience, func(r looked) error {
		if err := print(w, r); err != nil {
			return err
		}
		return w.Flush()
	})
	switch {
	case err != nil:
		return fmt.Errorf("write the outcome of a look: %w", err)
	case ctx.Err() != nil:
		return fmt.Errorf("interrupted: %w", context.Cause(ctx))
	case bad:
		return errBadInput
	}
	return nil
}

// dispatch starts a goroutine an input, which waits for the one before it at the same host.
// At most four times width inputs wait at once.
func (l *lookRun) dispatch(ctx context.Context, input func(func(string) bool), results chan<- looked, work *sync.WaitGroup) {
	var mu sync.Mutex
	last := map[string]turn{} // the newest look at each host that waits or works
	room := make(chan struct{}, 4*l.width)
	running := make(chan struct{}, l.width)
	place := 0
	for raw := range input {
		select {
		case room <- struct{}{}:
		case <-ctx.Done():
			return
		}
		here := place
		place++
		send := func(r looked) {
			r.place = here
			results <- r
			<-room
		}
		t, problem := target.Parse(raw)
		if problem != nil {
			work.Go(func() { send(looked{refused: &shape.Refused{Target: shown(raw), Problem: problem}}) })
			continue
		}
		mu.Lock()
		before, busy := last[t.Host()]
		mine := turn{host: before.host, done: make(chan struct{})}
		if !busy {
			mine.host = &observe.Host{}
		}
		last[t.Host()] = mine
		mu.Unlock()
		work.Go(func() {
			if busy {
				<-before.done
			}
			mine.host.Rest(ctx, l.gap)
			running <- struct{}{}
			send(looked{line: l.look(ctx, t, mine.host)})
			<-running
			mu.Lock()
			if last[t.Host()] == mine {
				delete(last, t.Host())
			}
			mu.Unlock()
			close(mine.done)
		})
	}
}

// turn is one look at a host, after which the next one begins.
type turn struct {
	host *observe.Host
	done chan struct{} // closed when it is over
}

// look makes one visit without a case: observe, judge, assign.
func (l *lookRun) look(ctx context.Context, t casefile.Target, host *observe.Host) shape.Look {
	line := shape.Look{Target: t.URL(), LookedAt: time.Now().UTC()}
	seen := l.observer.Observe(ctx, observe.Request{Target: t, Referrer: l.referrer}, host)
	verdict := judge.Decide(seen.Input())
	var hosting casefile.Hosting
	if seen.Located != nil {
		hosting = *seen.Located
	}
	line.Verdict, line.Hosting = shape.VerdictOf(verdict), shape.HostingOf(hosting)
	line.Assignment = shape.AssignmentOf(l.desk.Assign(hosting, line.LookedAt))
	for _, o := range seen.Observations {
		line.Observations = append(line.Observations, shape.ObservationOf(o))
	}
	if l.explain { // whoever asks gave the URL: names are no secret
		e := explain.Verdict(verdict, seen.Observations, explain.Reading{Target: t, Names: true})
		line.Explanation = &e
	}
	return line
}

// shown is the input of a refused line, cut so that no line grows without bound.
func shown(raw string) string {
	return strings.ToValidUTF8(raw[:min(len(raw), casefile.MaxURL)], "\uFFFD")
}

// inOrder hands results on in the order of their places. One that is ready waits
// at most patience for those before it. It says whether any was a refusal.
func inOrder(results <-chan looked, patience time.Duration, print func(looked) error) (bad bool, err error) {
	waiting := map[int]*looked{} // nil for what was handed on before its turn
	next := 0
	late := time.NewTimer(patience)
	defer late.Stop()
	emit := func(r *looked) {
		if r == nil {
			return
		}
		bad = bad || r.refused != nil
		if err == nil {
			err = print(*r)
		}
	}
	for {
		select {
		case r, open := <-results:
			if !open {
				return bad, err
			}
			waiting[r.place] = &r
			for r, ready := waiting[next]; ready; r, ready = waiting[next] {
				emit(r)
				delete(waiting, next)
				next++
				late.Reset(patience)
			}
		case <-late.C:
			for place, r := range waiting {
				emit(r)
				waiting[place] = nil
			}
			late.Reset(patience)
		}
	}
}

func printJSON(w io.Writer, r looked) error {
	if r.refused != nil {
		return encode(w, r.refused)
	}
	return encode(w, r.line)
}

// encode writes one JSON object in a line, URLs as they are.
func encode(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return e.Encode(v)
}
