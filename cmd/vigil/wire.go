package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"runtime/debug"
	"strings"
	"time"

	"go.uber.org/zap"

	"vigil/casefile"
	"vigil/crawler/guard"
	"vigil/crawler/resolve"
	"vigil/crawler/target"
	"vigil/geolocate"
	"vigil/geolocate/origin"
	"vigil/internal/config"
	"vigil/internal/seal"
	"vigil/internal/telemetry"
	"vigil/notices"
	"vigil/notices/smtp"
	"vigil/scheduler"
	"vigil/scheduler/river"
	"vigil/store"
)

// dial opens a connection; network is "tcp" or "udp", address is "ip:port".
type dial = func(ctx context.Context, network, address string) (net.Conn, error)

// world is the network that Vigil lives in. The zero value is the real one.
type world struct {
	// foreign opens connections that the guard has let pass, and those to the resolver.
	foreign dial
	// relay opens connections to the mail relay.
	relay dial
}

// version is the module's version or the commit it was built from.
func version() string {
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

// house is what every command that keeps cases needs.
type house struct {
	cfg   config.Config
	log   *zap.Logger
	keys  *seal.Keys
	guard *guard.Guard
	store *store.Store
	world world
}

// withHouse opens a house from the configuration, runs do and closes it.
func withHouse(ctx context.Context, o *options, do func(context.Context, *house) error) error {
	cfg, err := o.load()
	if err != nil {
		return err
	}
	log, err := telemetry.NewLog(cfg.Log.Level, cfg.Log.Format)
	if err != nil {
		return err
	}
	h, err := openHouse(ctx, cfg, log, world{})
	if err != nil {
		return err
	}
	return errors.Join(do(ctx, h), h.close())
}

// openHouse opens keys and store. It makes the key file when there is none, and
// takes it back when the database turns out to be sealed with another.
func openHouse(ctx context.Context, cfg config.Config, log *zap.Logger, w world) (*house, error) {
	g, err := newGuard(cfg, w)
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
	return &house{cfg: cfg, log: log, keys: keys, guard: g, store: s, world: w}, nil
}

func (h *house) close() error {
	_ = h.log.Sync()
	return h.store.Close()
}

func openKeys(path string) (keys *seal.Keys, made bool, err error) {
	keys, err = seal.Load(path)
	if errors.Is(err, fs.ErrNotExist) {
		keys, err = seal.Create(path)
		made = err == nil
	}
	return keys, made, err
}

func newGuard(cfg config.Config, w world) (*guard.Guard, error) {
	return guard.New(guard.Options{Allow: cfg.Guard.AllowNetworks, Dial: w.foreign})
}

// parse is the intake: a canonical target, not a literal address that is never dialled.
func (h *house) parse(raw string) (casefile.Target, *casefile.Problem) {
	t, problem := target.Parse(raw)
	if problem != nil {
		return t, problem
	}
	if a, literal := t.Address(); literal && h.guard.Check(a) != nil {
		return casefile.Target{}, casefile.Problemf(casefile.ProblemAddress, "",
			"the address is private or reserved and is never dialled; report the public URL, or in a lab allow the network with guard.allow_networks")
	}
	return t, nil
}

// eyes are what looks and locates; they need no database.
type eyes struct {
	resolver *resolve.Resolver
	panel    *panel
	locator  *geolocate.Locator
}

// keeping is where registry answers outlive the process. The zero value keeps none.
type keeping struct {
	cache  geolocate.Cache
	digest func(domain string) string
}

// newEyes builds what looks from every vantage, and the locator. digestKey keys the digests of bodies.
func newEyes(cfg config.Config, g *guard.Guard, w world, digestKey []byte, keep keeping, log *zap.Logger) (*eyes, error) {
	resolver, err := newResolver(cfg, w)
	if err != nil {
		return nil, err
	}
	look, direct, err := newPanel(cfg, g, resolver, digestKey, log)
	if err != nil {
		return nil, err
	}
	sources, err := databaseSources(cfg)
	if err != nil {
		return nil, err
	}
	providers, err := openProviders(cfg.Geolocate.Contacts)
	if err != nil {
		return nil, err
	}
	origins, err := newOrigins(cfg, g, resolver, log)
	if err != nil {
		return nil, err
	}
	l, err := geolocate.New(geolocate.Options{
		Origins: origins, CheckOrigin: g.Check,
		Directory: providers, Databases: databaseOptions(sources), RDAPBootstrap: cfg.Geolocate.RDAP.Bootstrap, WHOISServer: cfg.Geolocate.WHOIS.Server,
		NoRDAP: cfg.Geolocate.RDAP.Bootstrap == "", NoWHOIS: cfg.Geolocate.WHOIS.Server == "",
		NetworkTTL: cfg.Geolocate.NetworkTTL, DomainTTL: cfg.Geolocate.DomainTTL, Waiting: cfg.Geolocate.Waiting, Processes: cfg.Geolocate.Processes,
		PerSecond: cfg.Geolocate.PerSecond, Burst: max(1, int(5*cfg.Geolocate.PerSecond)),
		Dial: g.Dial, LookupHost: resolver.LookupHost, LookupAddr: resolver.LookupAddr, Vantages: direct, Cache: keep.cache, Digest: keep.digest, Log: log,
	})
	if err != nil {
		return nil, err
	}
	return &eyes{resolver: resolver, panel: look, locator: l}, nil
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

func newResolver(cfg config.Config, w world) (*resolve.Resolver, error) {
	servers, err := resolverServers(cfg)
	if err != nil {
		return nil, err
	}
	return resolve.New(resolve.Options{Servers: servers, Timeout: cfg.Resolver.Timeout, Dial: w.foreign})
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

// engine is the house at work: it visits, and tells.
type engine struct {
	*house
	eyes    *eyes
	desk    *notices.Desk
	outbox  *notices.Outbox
	gate    *scheduler.Gate
	visitor *scheduler.Visitor
	queue   *river.Engine
	meter   *telemetry.Meter
	// witnesses compares the vantages.
	witnesses *witnesses
}

// looker is a seam for the demo, which counts the looks that start.
type looker func(scheduler.Looker) scheduler.Looker

func (h *house) newEngine(ctx context.Context, watch looker) (*engine, error) {
	e := &engine{house: h, meter: telemetry.New()}
	e.meter.WatchCases(h.store.Counts)
	var err error
	digestKey := []byte(h.keys.Digest("crawler digest key", nil))
	keep := keeping{cache: h.store, digest: func(domain string) string { return h.keys.Digest("registry domain", []byte(domain)) }}
	if e.eyes, err = newEyes(h.cfg, h.guard, h.world, digestKey, keep, h.log); err != nil {
		return nil, err
	}
	e.meter.WatchGeodata(e.eyes.geodata)
	if e.desk, err = newDesk(h.cfg); err != nil {
		return nil, err
	}
	if e.outbox, err = h.newOutbox(e.meter); err != nil {
		return nil, err
	}
	e.witnesses = &witnesses{vantages: e.eyes.panel.Vantages(), read: h.store.Testimonies, dissent: e.meter.Dissents, log: h.log}
	var look scheduler.Looker = e.eyes.panel
	if watch != nil {
		look = watch(look)
	}
	if e.gate, err = h.newGate(look, e.meter); err != nil {
		return nil, err
	}
	e.visitor, err = scheduler.NewVisitor(scheduler.Options{
		Looker: look, Locator: e.eyes.locator, Desk: e.desk, Store: h.store, Gate: e.gate, Pace: pace(h.cfg),
		UnavailableAfter: h.cfg.Scheduler.UnavailableAfter, HostingTTL: h.cfg.Scheduler.HostingTTL, PerHostGap: h.cfg.Crawler.PerHostGap,
		Log: h.log, Meter: e.meter,
	})
	if err != nil {
		return nil, err
	}
	e.queue, err = river.New(river.Options{
		DB: h.store.DB(), Dialect: h.store.Dialect(), PostgresURL: h.cfg.Database.URL, Round: e.visitor.Round, Feed: e.visitor.Feed,
		Workers: h.cfg.Scheduler.Rounds, FeedEvery: h.cfg.Scheduler.FeedEvery, Log: h.log,
	})
	if err != nil {
		return nil, err
	}
	return e, e.queue.Migrate(ctx)
}

func pace(cfg config.Config) scheduler.Pace {
	s := cfg.Scheduler
	p := scheduler.Pace{FirstGap: s.FirstGap, Growth: s.Growth, MaxGap: s.MaxGap, Aftercare: s.Aftercare, MinGap: min(time.Second, s.FirstGap), Jitter: 0.1}
	p.Confirm = casefile.Confirm(s.Confirm)
	return p
}

func newDesk(cfg config.Config) (*notices.Desk, error) {
	directory, err := openDirectory(cfg.Notices.Directory)
	if err != nil {
		return nil, err
	}
	return notices.NewDesk(notices.Options{
		Directory: directory, OrphanCountry: cfg.Notices.Country, From: cfg.Notices.From, Organisation: cfg.Notices.Organisation, Send: cfg.Notices.Send,
	})
}

func openDirectory(path string) (*notices.Directory, error) {
	if path == "" {
		return notices.BuiltInDirectory()
	}
	return notices.LoadDirectory(path)
}

// openProviders is nil when the operator keeps no directory of providers.
func openProviders(path string) (*geolocate.Directory, error) {
	if path == "" {
		return nil, nil
	}
	return geolocate.LoadDirectory(path)
}

// newOutbox is nil while sending is off: then every notice stays a draft.
func (h *house) newOutbox(m *telemetry.Meter) (*notices.Outbox, error) {
	n := h.cfg.Notices
	if !n.Send {
		return nil, nil
	}
	sender, err := smtp.New(smtp.Options{
		Address: n.SMTP.Address, From: n.From, Hello: n.SMTP.Hello, TLS: smtp.TLS(n.SMTP.TLS),
		Username: n.SMTP.Username, Password: n.SMTP.Password, Dial: h.world.relay,
	})
	if err != nil {
		return nil, err
	}
	return notices.NewOutbox(notices.OutboxOptions{Store: h.store, Sender: sender, Log: h.log, Meter: m, Interval: h.cfg.Scheduler.FeedEvery})
}

// randomKey is a digest key for looks that nobody compares with later ones.
func randomKey() []byte {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails (crypto/rand)
	return key
}

// redirects is the crawler's form of a bound: there, 0 means its default.
func redirects(n int) int {
	if n == 0 {
		return -1
	}
	return n
}
