// Command vigil-lab measures Vigil and fills it with cases. It is for those who work on it, and no part of
// what runs.
//
// Accuracy judges the labelled corpus, bench measures looks and visits beside a raw loop, scale fills a
// database with cases of a known shape, rejudge judges kept visits again. All use the rooms as vigil does, through cmd/app.
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"vigil/cmd/app"
)

func main() {
	// net/http writes the first bytes of an answer that nobody asked for to the standard logger: nothing a
	// server says may be kept.
	log.SetOutput(io.Discard)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the process at once
	if err := newRoot().ExecuteContext(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "vigil-lab:", err)
		os.Exit(1) //nolint:gocritic // stop has nothing left to do
	}
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use: "vigil-lab", Short: "Measures Vigil and fills it with cases", Version: app.Version(),
		SilenceUsage: true, SilenceErrors: true,
	}
	root.AddCommand(newAccuracy(), newBench(), newScale(), newRejudge())
	return root
}
