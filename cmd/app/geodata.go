package app

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"golang.org/x/sync/errgroup"

	"vigil/geolocate"
	"vigil/geolocate/geodata"
	"vigil/geolocate/mmdb"
	"vigil/internal/config"
	"vigil/internal/telemetry"
)

// DatabaseSources are the configured databases and where they come from. One without a source has no URL.
func DatabaseSources(cfg config.Config) ([]geodata.Database, error) {
	var faults config.Faults
	var out []geodata.Database
	for i, d := range cfg.Geolocate.Databases {
		source := geodata.Source{Kind: mmdb.Kind(d.Kind), URL: d.URL}
		if d.Source != "" {
			known, ok := geodata.Find(d.Source)
			switch {
			case !ok:
				faults = append(faults, fmt.Sprintf("geolocate.databases[%d].source: %q is none of %s", i, d.Source, strings.Join(sourceNames(), ", ")))
			case string(known.Kind) != d.Kind:
				faults = append(faults, fmt.Sprintf("geolocate.databases[%d]: the source %s is of kind %s, the entry of kind %s", i, d.Source, known.Kind, d.Kind))
			}
			source = known
		}
		source.SHA256, source.Licence, source.Attribution = cmp.Or(d.SHA256, source.SHA256), cmp.Or(d.Licence, source.Licence), cmp.Or(d.Attribution, source.Attribution)
		out = append(out, geodata.Database{Kind: mmdb.Kind(d.Kind), Path: d.Path, Source: source})
	}
	if len(faults) > 0 {
		return nil, faults
	}
	return out, nil
}

func sourceNames() (names []string) {
	for _, s := range geodata.Sources() {
		names = append(names, s.Name)
	}
	return names
}

// DatabaseOptions are what the locator opens.
func DatabaseOptions(databases []geodata.Database) (out []geolocate.DatabaseOptions) {
	for _, d := range databases {
		out = append(out, geolocate.DatabaseOptions{Kind: string(d.Kind), Path: d.Path, Awaited: d.Source.URL != ""})
	}
	return out
}

// watchGeodata takes replaced geo databases into use, on its own and at a SIGHUP, until ctx ends.
func (e *Engine) watchGeodata(ctx context.Context) error {
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	defer signal.Stop(hangups)
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return e.Look.Locator.Watch(ctx) })
	g.Go(func() error {
		for {
			select {
			case <-ctx.Done():
				return nil
			case <-hangups:
				e.Look.Locator.Reload()
			}
		}
	})
	return g.Wait()
}

// geodata lists the geo databases for the metrics.
func (e *LookDeps) geodata() (out []telemetry.Geodata) {
	for _, d := range e.Locator.DatabaseInfos() {
		kind := d.Kind
		if kind == geolocate.KindEmbedded {
			kind = "embedded"
		}
		out = append(out, telemetry.Geodata{Kind: kind, Loaded: d.Loaded, Built: d.Built})
	}
	return out
}
