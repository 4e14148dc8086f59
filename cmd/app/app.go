// Package app builds Vigil from its configuration. Only it and the commands know all rooms.
//
// In comes a config.Config; out come an App (keys, store) for every command that keeps cases, an Engine
// that visits, notifies and serves, or LookDeps alone for looks that nothing is kept of.
package app

import (
	"context"
	"errors"
	"io/fs"
	"net/netip"
	"os"
	"runtime/debug"

	"go.uber.org/zap"

	"vigil/casefile"
	"vigil/crawler/guard"
	"vigil/crawler/target"
	"vigil/geolocate"
	"vigil/internal/config"
	"vigil/internal/seal"
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
	if v == "" {
		v = "(devel)"
	}
	return v
}

// App is what every command that keeps cases needs.
type App struct {
	Config config.Config
	Log    *zap.Logger
	Keys   *seal.Keys
	Guard  *guard.Guard
	Store  *store.Store
	World  World
}

// Open opens keys and store. It makes the key file when there is none, and
// takes it back when the database turns out to be sealed with another.
func Open(ctx context.Context, cfg config.Config, log *zap.Logger, w World) (*App, error) {
	g, err := NewGuard(cfg, w)
	if err != nil {
		return nil, err
	}
	keys, made, err := openKeys(cfg.Seal.KeyFile)
	if err != nil {
		return nil, err
	}
	s, err := store.Open(ctx, store.Options{URL: cfg.Database.URL, Keys: keys, Log: log})
	if err != nil {
		if made {
			_ = os.Remove(cfg.Seal.KeyFile)
		}
		return nil, err
	}
	if made {
		log.Warn("made a new key file: keep a copy of it apart from the database", zap.String("key_file", cfg.Seal.KeyFile))
	}
	return &App{Config: cfg, Log: log, Keys: keys, Guard: g, Store: s, World: w}, nil
}

// Close ends the store. Its writes are finished first.
func (a *App) Close() error {
	_ = a.Log.Sync()
	return a.Store.Close()
}

func openKeys(path string) (keys *seal.Keys, made bool, err error) {
	keys, err = seal.Load(path)
	if errors.Is(err, fs.ErrNotExist) {
		keys, err = seal.Create(path)
		made = err == nil
	}
	return keys, made, err
}

// NewGuard makes the address policy of the configuration.
func NewGuard(cfg config.Config, w World) (*guard.Guard, error) {
	return guard.New(guard.Options{Allow: cfg.Guard.AllowNetworks, Dial: w.Foreign})
}

// Parse is the intake: a canonical target, not a literal address that is never dialled.
func (a *App) Parse(raw string) (casefile.Target, *casefile.Problem) {
	t, problem := target.Parse(raw)
	if problem != nil {
		return t, problem
	}
	if addr, literal := t.Address(); literal && a.Guard.Check(addr) != nil {
		return casefile.Target{}, casefile.Problemf(casefile.ProblemAddress, "",
			"the address is private or reserved and is never dialled; report the public URL, or in a lab allow the network with guard.allow_networks")
	}
	return t, nil
}

// ReadOrigin reads the address and the country of an origin that a person gave; either
// may be empty. The address is one that the guard lets through: a record of another
// would name no server on the internet. Problems quote neither.
func (a *App) ReadOrigin(address, code string) (netip.Addr, string, *casefile.Problem) {
	var origin netip.Addr
	if address != "" {
		var err error
		if origin, err = netip.ParseAddr(address); err != nil {
			return origin, "", casefile.Problemf(casefile.ProblemField, "origin", "this is no IP address; give one such as 203.0.113.9 or 2001:db8::9, without a port, not a name")
		}
		if origin = origin.Unmap(); a.Guard.Check(origin) != nil {
			return origin, "", casefile.Problemf(casefile.ProblemField, "origin",
				"the address is private or reserved: no site on the internet is hosted there; give the public address, or in a lab allow the network with guard.allow_networks")
		}
		if edge := geolocate.EdgeAt(origin); edge != "" {
			return origin, "", casefile.Problemf(casefile.ProblemField, "origin", "the address belongs to the edge %s; give that of the machine behind it", edge)
		}
	}
	if code == "" {
		return origin, "", nil
	}
	folded := casefile.Country(code)
	if folded == "" {
		return origin, "", casefile.Problemf(casefile.ProblemField, "country", "this is no country; give the two letters of ISO 3166-1, for example NL")
	}
	return origin, folded, nil
}
