package main

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"

	"vigil/cmd/app"
	"vigil/geolocate/geodata"
	"vigil/internal/config"
)

func newGeodata(o *options) *cobra.Command {
	group := &cobra.Command{Use: "geodata", Short: "Bring the databases that say where addresses are"}
	force := false
	update := &cobra.Command{
		Use:   "update [NAME...]",
		Short: "Download newer geo databases, prove them and put them in place",
		Long: `Download the databases of geolocate.databases that have a source or a url: all, or
those named by path, file name, source or kind. A file is put in place only when it is
sound, is not older than the present one and not less than half its size; otherwise the present one
stays. A running Vigil takes the new file within 30 seconds, without a restart.

Exit code: 0 when all are updated or up to date, 1 when one could not be updated, 2 for a broken
configuration or a name that is not in it.`,
		RunE: func(cmd *cobra.Command, names []string) error {
			a, err := o.app()
			if err != nil {
				return err
			}
			return updateGeodata(cmd.Context(), a, names, force, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	update.Flags().BoolVar(&force, "force", false, "fetch again, and take an older or much smaller database than the present one")
	group.AddCommand(update)
	return group
}

// named are the databases that the names mean; all without names.
func named(databases []geodata.Database, names []string) ([]geodata.Database, error) {
	if len(names) == 0 {
		return databases, nil
	}
	means := func(n string, d geodata.Database) bool {
		file := filepath.Base(d.Path)
		return n != "" && slices.Contains([]string{d.Path, file, strings.TrimSuffix(file, ".mmdb"), d.Source.Name, string(d.Kind)}, n)
	}
	for _, n := range names {
		if !slices.ContainsFunc(databases, func(d geodata.Database) bool { return means(n, d) }) {
			return nil, config.Faults{fmt.Sprintf("no entry of geolocate.databases is called %q: give its path, file name, source or kind", n)}
		}
	}
	return slices.DeleteFunc(slices.Clone(databases), func(d geodata.Database) bool {
		return !slices.ContainsFunc(names, func(n string) bool { return means(n, d) })
	}), nil
}

func updateGeodata(ctx context.Context, a *app.App, names []string, force bool, out, progress io.Writer) error {
	cfg, g := a.Config, a.Guard
	all, err := app.DatabaseSources(cfg)
	if err != nil {
		return err
	}
	if len(all) == 0 {
		return config.Faults{"geolocate.databases is empty, so there is nothing to update: " +
			"leave the key out for the two free databases, or list yours"}
	}
	databases, err := named(all, names)
	if err != nil {
		return err
	}
	resolver, err := a.NewResolver()
	if err != nil {
		return err
	}
	shown := &downloadProgress{out: progress, live: terminal(progress)}
	updater, err := geodata.New(geodata.Options{
		Dial: g.Web(nil), Check: g.Check, LookupHost: resolver.LookupHost, Lab: cfg.Guard.AllowNetworks,
		Account: cfg.Geolocate.MaxMind.Account, Key: cfg.Geolocate.MaxMind.Key, Progress: shown.heard,
	})
	if err != nil {
		return err
	}
	failed, updated := 0, 0
	for _, d := range databases {
		if d.Source.URL == "" && len(names) == 0 {
			fmt.Fprintf(out, "%s: skipped: it has neither source nor url, so it is yours to renew\n", d.Path)
			continue
		}
		result, err := updater.Update(ctx, d, force)
		shown.done()
		if err != nil {
			failed++
			fmt.Fprintf(out, "%s: FAILED: %v\n", d.Path, err)
			continue
		}
		if result.Outcome == geodata.Updated {
			updated++
		}
		fmt.Fprintf(out, "%s: %s, %.1f MiB, built %s, from %s%s\n", d.Path, result.Outcome,
			float64(result.Size)/(1<<20), result.Built.Format(time.DateOnly), result.From, terms(d.Source))
	}
	if updated > 0 {
		fmt.Fprintln(out, "a running Vigil takes new files within 30 seconds")
	}
	if failed > 0 {
		return fmt.Errorf("%d of %d databases could not be updated; their present files are as they were", failed, len(databases))
	}
	return nil
}

// terms says what a database may be used for, as far as that is known.
func terms(s geodata.Source) string {
	text := "; licence not stated"
	if s.Licence != "" {
		text = "; licence " + s.Licence
	}
	if s.Attribution != "" {
		text += "; " + s.Attribution
	}
	return text
}

// downloadProgress shows a bar on a terminal, else a line for each tenth.
type downloadProgress struct {
	out   io.Writer
	live  bool
	path  string
	bar   *progressbar.ProgressBar
	tenth int64
}

func (p *downloadProgress) heard(path string, done, total int64) {
	if p.path != path {
		p.path, p.tenth = path, 0
		p.bar = newBar(p.out, total, filepath.Base(path))
	}
	_ = p.bar.Set64(done)
	step, line := done*10/max(total, 1), "%s: %d %%\n"
	if total <= 0 { // not said: a line for each 10 MiB
		step, line = done/(10<<20), "%s: %d MiB\n"
	}
	if step > p.tenth && !p.live {
		p.tenth = step
		fmt.Fprintf(p.out, line, path, step*10)
	}
}

// done ends the bar of a database.
func (p *downloadProgress) done() {
	if p.bar != nil {
		_ = p.bar.Finish()
	}
	p.bar, p.path = nil, ""
}
