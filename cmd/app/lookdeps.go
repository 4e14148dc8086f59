package app

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"golang.org/x/sync/errgroup"

	"vigil/casefile"
	"vigil/crawler"
	"vigil/crawler/remote"
	"vigil/crawler/resolve"
	"vigil/geolocate"
	"vigil/geolocate/geodata"
	"vigil/geolocate/mmdb"
	"vigil/geolocate/origin"
	"vigil/geolocate/registry"
	"vigil/internal/config"
	"vigil/internal/telemetry"
	"vigil/notices"
)

// LookDeps are what looks and locates. They need no database.
type LookDeps struct {
	Resolver *resolve.Resolver
	Vantages *crawler.VantageSet
	Locator  *geolocate.Locator
}

// NewLookDeps builds what looks from every vantage, and the locator. With keys, looks can be compared with
// later ones; with a store, answers of registries outlive the process.
func (a *App) NewLookDeps() (*LookDeps, error) {
	cfg, g, c := a.Config, a.Guard, a.Config.Geolocate
	resolver, err := a.NewResolver()
	if err != nil {
		return nil, err
	}
	digestKey := make([]byte, 32)
	_, _ = rand.Read(digestKey) // never fails (crypto/rand)
	registries := registry.Options{
		Dial: g.Dial, LookupHost: resolver.LookupHost,
		Bootstrap: c.RDAP.Bootstrap, NoRDAP: c.RDAP.Bootstrap == "", WHOISServer: c.WHOIS.Server, NoWHOIS: c.WHOIS.Server == "",
		NetworkTTL: c.NetworkTTL, DomainTTL: c.DomainTTL,
		Waiting: c.Waiting, Processes: c.Processes, PerSecond: c.PerSecond, Burst: max(1, int(5*c.PerSecond)),
	}
	if a.Store != nil {
		digestKey = []byte(a.Keys.Digest("crawler digest key", nil))
		registries.Cache = a.Store
		registries.Digest = func(domain string) string { return a.Keys.Digest("registry domain", []byte(domain)) }
	}
	vantages, direct, err := a.newVantages(resolver, digestKey)
	if err != nil {
		return nil, err
	}
	sources, err := DatabaseSources(cfg)
	if err != nil {
		return nil, err
	}
	providers, err := OpenProviders(cfg.Geolocate.Contacts)
	if err != nil {
		return nil, err
	}
	origins, err := a.newOrigins(resolver)
	if err != nil {
		return nil, err
	}
	l, err := geolocate.New(geolocate.Options{
		Registry: &registries, Origins: origins, CheckOrigin: g.Check, Directory: providers, Databases: DatabaseOptions(sources),
		LookupAddr: resolver.LookupAddr, Vantages: direct, Log: a.Log,
	})
	if err != nil {
		return nil, err
	}
	return &LookDeps{Resolver: resolver, Vantages: vantages, Locator: l}, nil
}

// newOrigins is nil when nobody is asked what stands behind edges.
func (a *App) newOrigins(resolver *resolve.Resolver) (geolocate.OriginFinder, error) {
	o, g := a.Config.Geolocate.Origin, a.Guard
	if o.URL == "" {
		return nil, nil
	}
	f, err := origin.New(origin.Options{
		URL: o.URL, Token: o.Token, Name: o.Name, Dial: g.Dial, Check: g.Check,
		LookupHost: resolver.LookupHost, Lab: a.Config.Guard.AllowNetworks, Log: a.Log,
	})
	if err != nil {
		return nil, config.Faults{err.Error()}
	}
	return f, nil
}

// NewResolver makes the resolver of the configuration.
func (a *App) NewResolver() (*resolve.Resolver, error) {
	servers, err := a.resolverServers()
	if err != nil {
		return nil, err
	}
	return resolve.New(resolve.Options{Servers: servers, Timeout: a.Config.Resolver.Timeout, Dial: a.World.Foreign})
}

// resolverServers are the configured resolvers, or the first three that resolv.conf(5) of the machine names.
func (a *App) resolverServers() ([]string, error) {
	if len(a.Config.Resolver.Servers) > 0 {
		return a.Config.Resolver.Servers, nil
	}
	const path = "/etc/resolv.conf"
	data, err := os.ReadFile(path)
	var servers []string
	for line := range strings.Lines(string(data)) {
		fields := strings.Fields(line)
		if len(fields) >= 2 && fields[0] == "nameserver" {
			if a, err := netip.ParseAddr(fields[1]); err == nil {
				servers = append(servers, netip.AddrPortFrom(a, 53).String())
			}
		}
	}
	if len(servers) == 0 {
		return nil, fmt.Errorf("no DNS resolver: %s names none (%w); set resolver.servers", path, errors.Join(err, fs.ErrNotExist))
	}
	return servers[:min(len(servers), 3)], nil
}

// NewComposer makes what assigns cases and composes notices.
func NewComposer(cfg config.Config) (*notices.Composer, error) {
	directory, err := OpenDirectory(cfg.Notices.Directory)
	if err != nil {
		return nil, err
	}
	return notices.NewComposer(notices.Options{
		Directory: directory, OrphanCountry: cfg.Notices.Country, From: cfg.Notices.From,
		Organisation: cfg.Notices.Organisation, Send: cfg.Notices.Send,
	})
}

// OpenDirectory reads the hotlines; the built-in ones without a path.
func OpenDirectory(path string) (*notices.Directory, error) {
	if path == "" {
		return notices.BuiltInDirectory()
	}
	return notices.LoadDirectory(path)
}

// OpenProviders is nil when the operator keeps no directory of providers.
func OpenProviders(path string) (*geolocate.Directory, error) {
	if path == "" {
		return nil, nil
	}
	return geolocate.LoadDirectory(path)
}

// newVantages builds every vantage of the configuration: our own crawler from here and through proxies,
// and clients of remote vantages. direct are those whose round trips begin where they stand: all but those
// behind a proxy.
func (a *App) newVantages(
	resolver crawler.Resolver, digestKey []byte,
) (set *crawler.VantageSet, direct []casefile.Vantage, err error) {
	far := map[string]crawler.Vantage{}
	var here []crawler.VantageOptions
	c := a.Config.Crawler
	for i, v := range c.Vantages {
		from := casefile.Vantage{Name: v.Name, Country: v.Country, Network: v.Network}
		if v.Proxy == "" {
			direct = append(direct, from)
		}
		if v.Remote == (config.Remote{}) {
			here = append(here, crawler.VantageOptions{Vantage: from, Proxy: v.Proxy})
			continue
		}
		far[v.Name], err = remote.NewClient(remote.ClientOptions{
			Vantage: from, Address: v.Remote.Address, Credentials: remote.Credentials{CA: v.Remote.CA, Cert: v.Remote.Cert, Key: v.Remote.Key},
			InFlight: c.InFlight, Settings: remote.LookSettings{
				Limits:    remote.Limits{Timeout: c.Timeout, MaxBody: int64(c.MaxBody), MaxRedirects: c.MaxRedirects},
				DigestKey: string(digestKey), UserAgent: c.UserAgent,
			},
		})
		if err != nil {
			return nil, nil, config.Faults{fmt.Sprintf("crawler.vantages[%d].eye: %v", i, err)}
		}
	}
	var local *crawler.Crawler
	if len(here) > 0 {
		if local, err = a.NewCrawler(c, resolver, here, digestKey); err != nil {
			return nil, nil, err
		}
	}
	all := make([]crawler.Vantage, len(c.Vantages))
	for i, v := range c.Vantages {
		if all[i] = far[v.Name]; all[i] == nil {
			all[i] = local.Named(v.Name)
		}
	}
	set, err = crawler.NewVantageSet(all...)
	return set, direct, err
}

// NewCrawler makes a crawler that looks from the vantages given.
func (a *App) NewCrawler(
	c config.Crawler, resolver crawler.Resolver, from []crawler.VantageOptions, digestKey []byte,
) (*crawler.Crawler, error) {
	most := c.MaxRedirects
	if most == 0 {
		most = -1 // to the crawler 0 means its default
	}
	return crawler.New(crawler.Options{
		Resolver: resolver, Guard: a.Guard, Vantages: from, Timeout: c.Timeout, MaxBody: int64(c.MaxBody), MaxRedirects: most,
		UserAgent: c.UserAgent, InFlight: c.InFlight, DigestKey: digestKey, Log: a.Log,
	})
}

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
				names := strings.Join(sourceNames(), ", ")
				faults = append(faults, fmt.Sprintf("geolocate.databases[%d].source: %q is none of %s", i, d.Source, names))
			case string(known.Kind) != d.Kind:
				faults = append(faults, fmt.Sprintf("geolocate.databases[%d]: the source %s is of kind %s, the entry of kind %s",
					i, d.Source, known.Kind, d.Kind))
			}
			source = known
		}
		source.SHA256, source.Licence = cmp.Or(d.SHA256, source.SHA256), cmp.Or(d.Licence, source.Licence)
		source.Attribution = cmp.Or(d.Attribution, source.Attribution)
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
		if d.Kind == geolocate.KindEmbedded {
			d.Kind = "embedded"
		}
		out = append(out, telemetry.Geodata{Kind: d.Kind, Loaded: d.Loaded, Built: d.Built})
	}
	return out
}
