// Command vigil keeps watch on reported URLs until what they point to is gone.
//
// cmd/app builds it from the configuration; each command is a file of its own here.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"vigil/casefile"
	"vigil/cmd/app"
	"vigil/internal/config"
	"vigil/internal/telemetry"
)

// Exit codes.
const (
	exitFailed   = 1 // Vigil could not do it; standard error says why
	exitBadInput = 2 // something in the input or the configuration is wrong
)

// errBadInput makes the process end with exitBadInput. What was wrong has been said already.
var errBadInput = errors.New("some input was refused")

func main() {
	// net/http writes the first bytes of an answer that nobody asked for to the standard logger:
	// nothing a server says may be kept.
	log.SetOutput(io.Discard)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the process at once
	err := newRoot().ExecuteContext(ctx)
	os.Exit(exitCode(os.Stderr, err)) //nolint:gocritic // stop has nothing left to do
}

// exitCode tells what went wrong, once, and gives the code to exit with.
func exitCode(w io.Writer, err error) int {
	var problem *casefile.Problem
	var faults config.Faults
	switch {
	case err == nil:
		return 0
	case errors.Is(err, errBadInput):
		return exitBadInput
	case errors.As(err, &faults), errors.As(err, &problem):
		fmt.Fprintln(w, "vigil:", err)
		return exitBadInput
	default:
		fmt.Fprintln(w, "vigil:", err)
		return exitFailed
	}
}

// options are the flags that every command takes.
type options struct {
	configFile string
	explicit   bool // --config was given
}

func (o *options) load() (config.Config, error) {
	return config.Load(o.configFile, o.explicit, os.Environ())
}

// app is one without keys and store.
func (o *options) app() (*app.App, error) {
	cfg, err := o.load()
	if err != nil {
		return nil, err
	}
	log, err := telemetry.NewLog(cfg.Log.Level, cfg.Log.Format)
	if err != nil {
		return nil, err
	}
	return app.New(cfg, log, app.World{})
}

func newRoot() *cobra.Command {
	o := &options{}
	root := &cobra.Command{
		Use:           "vigil",
		Short:         "Keeps watch on reported URLs until what they point to is gone",
		SilenceUsage:  true,
		SilenceErrors: true,
		Version:       app.Version(),
		PersistentPreRun: func(cmd *cobra.Command, _ []string) {
			o.explicit = cmd.Flags().Changed("config")
		},
	}
	root.PersistentFlags().StringVar(&o.configFile, "config", "config.yaml",
		"configuration file; every key is also an environment variable VIGIL_SECTION_KEY")
	root.AddCommand(
		newDemo(), newLook(o), newServe(o), newWorker(o), newVantage(o), newImport(o), newStats(o),
		newUser(o), newToken(o), newOrigin(o), newExplain(o), newReplay(), newAudit(o), newGeodata(o), newDoctor(o),
	)
	return root
}

// withApp opens an app from the configuration, runs do and closes it.
func withApp(ctx context.Context, o *options, do func(context.Context, *app.App) error) error {
	a, err := o.app()
	if err != nil {
		return err
	}
	if err := a.Open(ctx); err != nil {
		return err
	}
	return errors.Join(do(ctx, a), a.Close())
}
