package geolocate

import (
	"context"
	"errors"
	"io/fs"
	"net/netip"
	"os"
	"strconv"
	"sync"
	"time"

	"go.uber.org/zap"

	"vigil/casefile"
	"vigil/geolocate/mmdb"
	"vigil/geolocate/registry"
)

// DatabaseOptions name a database file.
type DatabaseOptions struct {
	Kind string // country or asn
	Path string
	// Awaited says that the file may be absent at the start: it is downloaded later, and Watch finds it.
	Awaited bool
}

// KindEmbedded is the kind of the table inside the program, in a DatabaseInfo.
const KindEmbedded = kindEmbedded

// watchEvery is how often Watch looks for replaced files. Publishers renew daily at
// most, so this bounds only how long an operator waits after an update.
const watchEvery = 30 * time.Second

// databases is the set of configured files. A look-up holds the lock for reading
// while it reads mapped memory, so that a file is unmapped only when nobody is in it.
type databases struct {
	mu      sync.RWMutex
	reload  sync.Mutex // one Reload at a time
	entries []*database
	log     *zap.Logger
}

// database is one configured file. db is nil while an awaited file is absent; it is
// written under databases.mu, the rest under databases.reload.
type database struct {
	options DatabaseOptions
	source  string
	db      *mmdb.Database
	seen    fs.FileInfo // the file that db was opened from, or that was refused since; nil when there was none
	said    bool        // its absence has been logged
}

// openDatabases opens all files; none stays open when one fails. An awaited file that is absent is logged.
func openDatabases(o []DatabaseOptions, log *zap.Logger) (*databases, error) {
	s := &databases{log: log}
	seen := map[string]int{}
	for _, d := range o {
		e := &database{options: d, source: kindDatabase + ":" + d.Kind}
		if seen[d.Kind]++; seen[d.Kind] > 1 {
			e.source += "-" + strconv.Itoa(seen[d.Kind])
		}
		// The file is looked at before it is opened: when another takes its place in between, the next Reload
		// sees it.
		var absent error
		e.seen, absent = os.Stat(d.Path)
		db, err := mmdb.Open(mmdb.Options{Kind: mmdb.Kind(d.Kind), Path: d.Path})
		switch {
		case err == nil:
			e.db = db
		case d.Awaited && errors.Is(absent, fs.ErrNotExist):
			e.said = true
			log.Warn("geo database is not there yet: run vigil geodata update", zap.String("source", e.source), zap.String("path", d.Path))
		default:
			return nil, errors.Join(err, s.close())
		}
		s.entries = append(s.entries, e)
	}
	return s, nil
}

func (s *databases) close() error {
	s.reload.Lock()
	defer s.reload.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []error
	for _, e := range s.entries {
		if e.db != nil {
			all = append(all, e.db.Close())
			e.db = nil
		}
	}
	return errors.Join(all...)
}

// Watch exchanges databases whose files were replaced, looking every 30 s, until ctx
// ends. It returns nil. Files must be replaced by renaming another over them, as
// `vigil geodata update` and mv do: writing into a file that is in use breaks it for
// every reader.
func (l *Locator) Watch(ctx context.Context) error {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			l.Reload()
		}
	}
}

// Reload looks once for databases whose files were replaced or have come, opens the new
// files and lets go of the old ones, and gives how many were exchanged. Look-ups
// go on meanwhile. A new file that cannot be used is logged once and the old one stays;
// so does a database whose file has gone. It is safe for concurrent use.
func (l *Locator) Reload() int {
	s := l.databases
	s.reload.Lock()
	defer s.reload.Unlock()
	exchanged := 0
	for _, e := range s.entries {
		if s.renew(e) {
			exchanged++
		}
	}
	return exchanged
}

// renew exchanges one database when its file is another than before.
func (s *databases) renew(e *database) bool {
	source, path := zap.String("source", e.source), zap.String("path", e.options.Path)
	now, err := os.Stat(e.options.Path)
	if err != nil {
		if !e.said {
			e.said = true
			s.log.Warn("geo database file cannot be seen: the open one stays in use", source, path, zap.Error(err))
		}
		return false
	}
	e.said = false
	if e.seen != nil && os.SameFile(e.seen, now) && e.seen.ModTime().Equal(now.ModTime()) && e.seen.Size() == now.Size() {
		return false
	}
	e.seen = now
	next, err := mmdb.Open(mmdb.Options{Kind: mmdb.Kind(e.options.Kind), Path: e.options.Path})
	if err != nil {
		s.log.Warn("new geo database cannot be used: the former one stays in use", source, path, zap.Error(err))
		return false
	}
	s.mu.Lock()
	old := e.db
	e.db = next
	s.mu.Unlock()
	if old != nil { // every look-up that could be in it has let go of the lock
		if err := old.Close(); err != nil {
			s.log.Warn("former geo database could not be unmapped", source, path, zap.Error(err))
		}
	}
	s.log.Info("geo database exchanged", source, path, zap.Time("built", next.Built()))
	return true
}

// DatabaseInfo describes a configured database or the embedded table, for people.
type DatabaseInfo struct {
	Source string // as claims name it
	Kind   string // country, asn or KindEmbedded
	Path   string // empty for the embedded table
	Loaded bool   // false while an awaited file is absent
	Type   string // as the file names itself; empty unless loaded
	Built  time.Time
}

// DatabaseInfos lists the configured databases and, last, the embedded table.
func (l *Locator) DatabaseInfos() []DatabaseInfo {
	s := l.databases
	s.mu.RLock()
	defer s.mu.RUnlock()
	var out []DatabaseInfo
	for _, e := range s.entries {
		info := DatabaseInfo{Source: e.source, Kind: e.options.Kind, Path: e.options.Path}
		if e.db != nil {
			info.Loaded, info.Type, info.Built = true, e.db.Type(), e.db.Built()
		}
		out = append(out, info)
	}
	return append(out, DatabaseInfo{Source: kindEmbedded, Kind: KindEmbedded, Loaded: true, Type: "embedded country table", Built: l.embedded})
}

// local adds what the databases, and when none knows a country the embedded table, say about an address.
func (l *Locator) local(claims []casefile.Claim, asns []uint32, addr netip.Addr) ([]casefile.Claim, []uint32) {
	before := len(claims)
	claims, asns = l.databases.ask(claims, asns, addr)
	for _, c := range claims[before:] {
		if c.Fact == casefile.FactCountry && c.Value != "" {
			return claims, asns
		}
	}
	c := casefile.Claim{Fact: casefile.FactCountry, Source: kindEmbedded, AsOf: l.embedded, Address: addr}
	if c.Value = embedded(addr); c.Value == "" {
		c.Problem = string(registry.ProblemNotFound)
	}
	return append(claims, c), asns
}

// ask adds what each open database says about an address. What it adds is copied out
// of the mapped files before the lock goes.
func (s *databases) ask(claims []casefile.Claim, asns []uint32, addr netip.Addr) ([]casefile.Claim, []uint32) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, e := range s.entries {
		if e.db == nil {
			continue
		}
		fact := casefile.FactCountry
		if e.db.Kind() == mmdb.KindASN {
			fact = casefile.FactASN
		}
		claim := func(fact casefile.Fact, value, problem string) {
			claims = append(claims, casefile.Claim{Fact: fact, Value: value, Source: e.source, AsOf: e.db.Built(), Address: addr, Problem: problem})
		}
		r, found, err := e.db.Lookup(addr)
		switch {
		case err != nil:
			claim(fact, "", string(registry.ProblemBroken))
			s.log.Warn("geo database has a broken record", zap.String("source", e.source))
		case !found:
			claim(fact, "", string(registry.ProblemNotFound))
		case fact == casefile.FactASN:
			asns = append(asns, r.ASN)
			claim(casefile.FactASN, "AS"+strconv.FormatUint(uint64(r.ASN), 10), "")
			if r.Holder != "" {
				claim(casefile.FactASHolder, line(r.Holder), "")
			}
			if r.Network.IsValid() {
				claim(casefile.FactNetwork, r.Network.String(), "")
			}
		default:
			if code := casefile.Country(r.Country); code != "" {
				claim(casefile.FactCountry, code, "")
			} else {
				claim(casefile.FactCountry, "", string(registry.ProblemNotFound))
			}
			if registered := casefile.Country(r.RegisteredCountry); registered != "" {
				claim(casefile.FactRegisteredCountry, registered, "")
			}
		}
	}
	return claims, asns
}
