package app

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"strings"

	"go.uber.org/zap"

	"vigil/crawler"
	"vigil/crawler/guard"
	"vigil/crawler/resolve"
	"vigil/geolocate"
	"vigil/geolocate/origin"
	"vigil/geolocate/registry"
	"vigil/internal/config"
	"vigil/notices"
)

// LookDeps are what looks and locates. They need no database.
type LookDeps struct {
	Resolver *resolve.Resolver
	Vantages *crawler.VantageSet
	Locator  *geolocate.Locator
}

// CacheConfig is where registry answers outlive the process. The zero value keeps none.
type CacheConfig struct {
	Cache  registry.Cache
	Digest func(domain string) string
}

// NewLookDeps builds what looks from every vantage, and the locator. digestKey keys the digests of bodies.
func NewLookDeps(cfg config.Config, g *guard.Guard, w World, digestKey []byte, keep CacheConfig, log *zap.Logger) (*LookDeps, error) {
	resolver, err := NewResolver(cfg, w)
	if err != nil {
		return nil, err
	}
	vantages, direct, err := newVantages(cfg, g, resolver, digestKey, log)
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
	origins, err := newOrigins(cfg, g, resolver, log)
	if err != nil {
		return nil, err
	}
	c := cfg.Geolocate
	l, err := geolocate.New(geolocate.Options{
		Registry: &registry.Options{
			Dial: g.Dial, LookupHost: resolver.LookupHost, Cache: keep.Cache, Digest: keep.Digest,
			Bootstrap: c.RDAP.Bootstrap, NoRDAP: c.RDAP.Bootstrap == "", WHOISServer: c.WHOIS.Server, NoWHOIS: c.WHOIS.Server == "",
			NetworkTTL: c.NetworkTTL, DomainTTL: c.DomainTTL,
			Waiting: c.Waiting, Processes: c.Processes, PerSecond: c.PerSecond, Burst: max(1, int(5*c.PerSecond)),
		},
		Origins: origins, CheckOrigin: g.Check, Directory: providers, Databases: DatabaseOptions(sources),
		LookupAddr: resolver.LookupAddr, Vantages: direct, Log: log,
	})
	if err != nil {
		return nil, err
	}
	return &LookDeps{Resolver: resolver, Vantages: vantages, Locator: l}, nil
}

// newOrigins is nil when nobody is asked what stands behind edges.
func newOrigins(cfg config.Config, g *guard.Guard, resolver *resolve.Resolver, log *zap.Logger) (geolocate.OriginFinder, error) {
	o := cfg.Geolocate.Origin
	if o.URL == "" {
		return nil, nil
	}
	f, err := origin.New(origin.Options{
		URL: o.URL, Token: o.Token, Name: o.Name, Dial: g.Dial, Check: g.Check, LookupHost: resolver.LookupHost, Lab: cfg.Guard.AllowNetworks, Log: log,
	})
	if err != nil {
		return nil, config.Faults{err.Error()}
	}
	return f, nil
}

// NewResolver makes the resolver of the configuration.
func NewResolver(cfg config.Config, w World) (*resolve.Resolver, error) {
	servers, err := resolverServers(cfg)
	if err != nil {
		return nil, err
	}
	return resolve.New(resolve.Options{Servers: servers, Timeout: cfg.Resolver.Timeout, Dial: w.Foreign})
}

// resolverServers are the configured resolvers, or those of the machine.
func resolverServers(cfg config.Config) ([]string, error) {
	if len(cfg.Resolver.Servers) > 0 {
		return cfg.Resolver.Servers, nil
	}
	return systemResolvers()
}

// systemResolvers reads the name servers of resolv.conf (resolv.conf(5)).
func systemResolvers() ([]string, error) {
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

// RandomKey is a digest key for looks that nobody compares with later ones.
func RandomKey() []byte {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails (crypto/rand)
	return key
}

// NewDesk makes what assigns cases and composes notices.
func NewComposer(cfg config.Config) (*notices.Composer, error) {
	directory, err := OpenDirectory(cfg.Notices.Directory)
	if err != nil {
		return nil, err
	}
	return notices.NewComposer(notices.Options{
		Directory: directory, OrphanCountry: cfg.Notices.Country, From: cfg.Notices.From, Organisation: cfg.Notices.Organisation, Send: cfg.Notices.Send,
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
