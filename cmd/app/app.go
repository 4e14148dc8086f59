// Package app builds Vigil from its configuration. Only it and the commands know all rooms.
//
// In comes a config.Config; out come an App (keys, store) for every command that keeps cases, an Engine
// that visits, notifies and serves, or LookDeps alone for looks that nothing is kept of.
package app

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"net/netip"
	"os"
	"runtime/debug"
	"time"

	"go.uber.org/zap"

	"vigil/casefile"
	"vigil/crawler/guard"
	"vigil/crawler/target"
	"vigil/geolocate"
	"vigil/internal/config"
	"vigil/internal/seal"
	"vigil/stats"
	"vigil/store"
)

// World is the network that Vigil lives in. The zero value is the real one.
type World struct {
	// Foreign opens connections that the guard has let pass, and those to the resolver.
	Foreign guard.Dial
	// Relay opens connections to the mail relay.
	Relay guard.Dial
}

// Version is the module's version or the commit it was built from.
func Version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	v := info.Main.Version
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && len(s.Value) >= 12 && (v == "" || v == "(devel)") {
			v = s.Value[:12]
		}
	}
	return cmp.Or(v, "(devel)")
}

// App is what every command needs. Without keys and store it looks and locates, and keeps nothing.
type App struct {
	Config config.Config
	Log    *zap.Logger
	Keys   *seal.Keys
	Guard  *guard.Guard
	Store  *store.Store
	World  World
}

// New makes an App without keys and store.
func New(cfg config.Config, log *zap.Logger, w World) (*App, error) {
	g, err := guard.New(guard.Options{Allow: cfg.Guard.AllowNetworks, Dial: w.Foreign})
	return &App{Config: cfg, Log: log, Guard: g, World: w}, err
}

// Open makes an App with keys and store.
func Open(ctx context.Context, cfg config.Config, log *zap.Logger, w World) (*App, error) {
	a, err := New(cfg, log, w)
	if err == nil {
		err = a.Open(ctx)
	}
	return a, err
}

// Open opens keys and store. It makes the key file when there is none, and
// takes it back when the database turns out to be sealed with another.
func (a *App) Open(ctx context.Context) (err error) {
	path := a.Config.Seal.KeyFile
	made := false
	if a.Keys, err = seal.Load(path); errors.Is(err, fs.ErrNotExist) {
		a.Keys, err = seal.Create(path)
		made = err == nil
	}
	if err != nil {
		return err
	}
	if a.Store, err = store.Open(ctx, store.Options{URL: a.Config.Database.URL, Keys: a.Keys, Log: a.Log}); err != nil {
		if made {
			_ = os.Remove(path)
		}
		return err
	}
	if made {
		a.Log.Warn("made a new key file: keep a copy of it apart from the database", zap.String("key_file", path))
	}
	return nil
}

// Close ends the store. Its writes are finished first.
func (a *App) Close() error {
	_ = a.Log.Sync()
	return a.Store.Close()
}

// Parse is the intake: a canonical target, not a literal address that is never dialled.
func (a *App) Parse(raw string) (casefile.Target, *casefile.Problem) {
	t, problem := target.Parse(raw)
	if problem != nil {
		return t, problem
	}
	if addr, literal := t.Address(); literal && a.Guard.Check(addr) != nil {
		return casefile.Target{}, casefile.Problemf(casefile.ProblemAddress, "",
			"the address is private or reserved and is never dialled; "+
				"report the public URL, or in a lab allow the network with guard.allow_networks")
	}
	return t, nil
}

// ReadOrigin reads the address and the country of an origin that a person gave; either
// may be empty. The address is one that the guard lets through: a record of another
// would name no server on the internet. Problems quote neither.
func (a *App) ReadOrigin(address, code string) (netip.Addr, string, *casefile.Problem) {
	wrong := func(field, format string, args ...any) (netip.Addr, string, *casefile.Problem) {
		return netip.Addr{}, "", casefile.Problemf(casefile.ProblemField, field, format, args...)
	}
	var origin netip.Addr
	if address != "" {
		var err error
		if origin, err = netip.ParseAddr(address); err != nil {
			return wrong("origin", "this is no IP address; give one such as 203.0.113.9 or 2001:db8::9, without a port, not a name")
		}
		if origin = origin.Unmap(); a.Guard.Check(origin) != nil {
			return wrong("origin", "the address is private or reserved: no site on the internet is hosted there; "+
				"give the public address, or in a lab allow the network with guard.allow_networks")
		}
		if edge := geolocate.EdgeAt(origin); edge != "" {
			return wrong("origin", "the address belongs to the edge %s; give that of the machine behind it", edge)
		}
	}
	country := casefile.Country(code)
	if country == "" && code != "" {
		return wrong("country", "this is no country; give the two letters of ISO 3166-1, for example NL")
	}
	return origin, country, nil
}

// Figures counts all episodes: for the API, the pages and the command line.
func (a *App) Figures(ctx context.Context, q stats.Query) (stats.Removal, error) {
	var records []casefile.EpisodeRecord
	err := a.Store.Episodes(ctx, time.Time{}, func(r casefile.EpisodeRecord) error {
		records = append(records, r)
		return nil
	})
	if err != nil {
		return stats.Removal{}, err
	}
	return q.Removal(records, time.Now().UTC()), nil
}
