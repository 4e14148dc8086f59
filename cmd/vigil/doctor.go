package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"go.uber.org/zap"
	"golang.org/x/sys/unix"

	"vigil/casefile"
	"vigil/cmd/app"
	"vigil/internal/config"
	"vigil/internal/seal"
	"vigil/store"
	"vigil/words"
)

func newDoctor(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "doctor",
		Short: "Say what is wrong with configuration, keys, database, disk, DNS, clock, databases and gate, and what to do",
		Long: `Look at everything Vigil leans on and say what is wrong and what to do. No key is
made and no mail sent; an existing database is opened as a start would open it.

Exit code: 0 when nothing failed (warnings are no failure), 1 when something did, 2 for a broken configuration.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := o.load()
			if err != nil {
				return err
			}
			d := &doctor{cfg: cfg, out: cmd.OutOrStdout(), counts: map[finding]int{}}
			d.say(good, "configuration", "read")
			d.examine(cmd.Context())
			return d.sum()
		},
	}
}

type finding string

const (
	good finding = "ok  "
	note finding = "note" // as configured, and worth knowing
	warn finding = "warn"
	fail finding = "FAIL"
)

// doctor looks and tells; each examination is independent of the others.
type doctor struct {
	cfg    config.Config
	world  app.World
	out    io.Writer
	counts map[finding]int
}

// say tells a finding, and what to do about it where the table of words has something. Values are names and
// values in turn; numbers are not grouped, because people compare them with those of other programs.
func (d *doctor) say(f finding, subject, code string, values ...any) {
	for i, v := range values {
		values[i] = fmt.Sprint(v)
	}
	d.counts[f]++
	text, code := words.In(words.English), subject+"_"+code
	fmt.Fprintf(d.out, "%s  %-14s %s\n", f, words.Plain(subject), text.Say("doctor", code, values...))
	if text.Has("todo", code) {
		fmt.Fprintf(d.out, "      %-14s -> %s\n", "", text.Say("todo", code, values...))
	}
}

// failed tells an error, when there is one.
func (d *doctor) failed(subject string, err error) bool {
	if err != nil {
		d.say(fail, subject, "error", "error", err)
	}
	return err != nil
}

func (d *doctor) sum() error {
	fmt.Fprintf(d.out, "\n%d ok, %d warnings, %d failures\n", d.counts[good], d.counts[warn], d.counts[fail])
	if d.counts[fail] > 0 {
		return fmt.Errorf("%d of what Vigil needs is missing or broken", d.counts[fail])
	}
	return nil
}

func (d *doctor) examine(ctx context.Context) {
	keys := d.keys()
	d.vantages()
	d.database(ctx, keys)
	d.disk()
	d.coreDumps()
	d.directory()
	d.providers()
	d.geoDatabases()
	d.origins()
	d.network(ctx)
	d.mail(ctx)
}

func (d *doctor) keys() *seal.Keys {
	path := d.cfg.Seal.KeyFile
	keys, err := seal.Load(path)
	if errors.Is(err, fs.ErrNotExist) {
		d.say(warn, "keys", "absent", "path", path)
	} else if !d.failed("keys", err) {
		d.say(good, "keys", "held", "path", path, "n", keys.Generations())
	}
	return keys
}

func (d *doctor) database(ctx context.Context, keys *seal.Keys) {
	path, sqlite := strings.CutPrefix(d.cfg.Database.URL, "sqlite:")
	if sqlite {
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			d.say(warn, "database", "absent")
			d.writable(filepath.Dir(path))
			return
		}
	}
	if keys == nil {
		d.say(warn, "database", "sealed")
		return
	}
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	s, err := store.Open(ctx, store.Options{URL: d.cfg.Database.URL, Keys: keys})
	if d.failed("database", err) {
		return
	}
	defer func() { _ = s.Close() }()
	counts, err := s.Counts(ctx)
	if d.failed("database", err) {
		return
	}
	var cases []string
	for _, standing := range casefile.Standings {
		if n := counts[standing]; n > 0 {
			cases = append(cases, fmt.Sprintf("%d %s", n, standing))
		}
	}
	if len(cases) == 0 {
		d.say(good, "database", "empty", "dialect", s.Dialect())
	} else {
		d.say(good, "database", "opens", "dialect", s.Dialect(), "cases", strings.Join(cases, ", "))
	}
	d.agreements(ctx, s)
}

func (d *doctor) writable(folder string) {
	f, err := os.CreateTemp(folder, ".vigil-doctor-*")
	if err != nil {
		d.say(fail, "database", "unwritable", "error", err)
		return
	}
	f.Close()
	_ = os.Remove(f.Name())
}

// leastFree is the free space below which SQLite's files soon have no room: 500 MB hold some 100,000 visits.
const leastFree = 500 << 20

func (d *doctor) disk() {
	path, sqlite := strings.CutPrefix(d.cfg.Database.URL, "sqlite:")
	if !sqlite {
		return
	}
	var stat unix.Statfs_t
	if err := unix.Statfs(filepath.Dir(path), &stat); err != nil {
		d.say(warn, "disk", "unknown", "error", err)
		return
	}
	free := uint64(stat.Bavail) * uint64(stat.Bsize) //nolint:unconvert // the types differ between systems
	if free < leastFree {
		d.say(warn, "disk", "full", "free", free>>20)
	} else {
		d.say(good, "disk", "free", "free", free>>20)
	}
}

func (d *doctor) coreDumps() {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_CORE, &limit); err == nil && limit.Cur > 0 {
		d.say(warn, "core_dumps", "on")
	} else {
		d.say(good, "core_dumps", "off")
	}
}

func (d *doctor) directory() {
	directory, err := app.OpenDirectory(d.cfg.Notices.Directory)
	if err == nil {
		_, err = app.NewComposer(d.cfg)
	}
	switch {
	case d.failed("directory", err):
	case d.cfg.Notices.Country == "":
		d.say(warn, "directory", "orphans", "n", directory.Len())
	default:
		d.say(good, "directory", "read", "n", directory.Len())
	}
}

// providers examines the operator's directory of providers.
func (d *doctor) providers() {
	path := d.cfg.Geolocate.Contacts
	directory, err := app.OpenProviders(path)
	switch rows, approved := directory.Len(), directory.Approved(); {
	case d.failed("providers", err):
	case path == "":
		d.say(good, "providers", "none")
	case rows == 0:
		d.say(warn, "providers", "empty", "path", path)
	case approved == 0:
		d.say(warn, "providers", "drafts", "n", rows)
	default:
		d.say(good, "providers", "read", "n", rows, "approved", approved)
	}
}

// origins examines the look-up of origins behind edges. It asks nobody.
func (d *doctor) origins() {
	o := d.cfg.Geolocate.Origin
	u, err := url.Parse(o.URL)
	switch {
	case o.URL == "":
		d.say(good, "origins", "none")
	case err != nil:
		d.say(fail, "origins", "broken")
	case o.Token == "":
		d.say(warn, "origins", "open", "host", u.Host)
	case u.Scheme != "https":
		d.say(warn, "origins", "plain", "host", u.Host)
	default:
		d.say(good, "origins", "asked", "host", u.Host)
	}
}

// network examines resolver, gate and clock by looking at the control targets.
func (d *doctor) network(ctx context.Context) {
	a, err := app.New(d.cfg, zap.NewNop(), d.world)
	if d.failed("guard", err) {
		return
	}
	for _, n := range d.cfg.Guard.AllowNetworks {
		d.say(warn, "guard", "lab", "network", n)
	}
	deps, err := a.NewLookDeps()
	if d.failed("crawler", err) {
		return
	}
	d.remoteVantages(ctx, deps.Vantages)
	if len(d.cfg.Gate.Targets)+len(d.cfg.Gate.PerVantage) == 0 {
		d.say(warn, "gate", "none")
		d.resolver(ctx, deps, "example.com")
		return
	}
	targets, err := a.Controls("gate.targets", d.cfg.Gate.Targets)
	if d.failed("gate", err) {
		return
	}
	name := "example.com"
	if len(targets) > 0 {
		name = targets[0].Host()
	}
	d.resolver(ctx, deps, name)
	gate, err := a.NewGate(deps.Vantages, nil)
	if err != nil {
		d.say(fail, "gate", "broken", "error", err)
		return
	}
	for _, v := range deps.Vantages.Vantages() {
		if gate.Sound(ctx, v.Name, time.Now(), time.Now()) {
			d.say(good, "gate", "open", "vantage", v.Name)
		}
	}
	for _, uplink := range gate.Status() {
		if !uplink.Sound {
			d.say(fail, "gate", "closed", "vantage", uplink.Vantage, "answered", uplink.Answered, "n", uplink.Controls, "fault", uplink.Fault,
				"advice", words.In(words.English).Say("uplink", uplink.Fault))
		}
	}
	if len(targets) < 3 || !slices.ContainsFunc(targets, casefile.Target.Secure) {
		d.say(warn, "gate", "weak")
	}
	d.clock(ctx, deps, targets)
}

func (d *doctor) resolver(ctx context.Context, e *app.LookDeps, name string) {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	started := time.Now()
	if _, fault := e.Resolver.Resolve(ctx, name, false); fault != nil {
		d.say(fail, "resolver", "blind", "fault", fault.Kind)
	} else {
		d.say(good, "resolver", "answers", "ms", time.Since(started).Milliseconds())
	}
}

// maxClockError is how far our clock may be off: event times are evidence.
const maxClockError = 30 * time.Second

// clock compares our clock with the Date headers of the control targets.
func (d *doctor) clock(ctx context.Context, e *app.LookDeps, targets []casefile.Target) {
	from := e.Vantages.Vantages()[0].Name
	for _, t := range targets {
		hop := e.Vantages.Look(ctx, from, casefile.Subject{Target: t, Purpose: casefile.PurposeControl}).Final()
		if hop.Date.IsZero() {
			continue
		}
		if off := time.Since(hop.Date).Abs(); off > maxClockError {
			d.say(fail, "clock", "off", "by", off.Round(time.Second))
		} else {
			d.say(good, "clock", "agrees")
		}
		return
	}
	d.say(warn, "clock", "unknown")
}

func (d *doctor) mail(ctx context.Context) {
	n := d.cfg.Notices
	if !n.Send {
		d.say(warn, "notices", "off")
		return
	}
	dialer := d.world.Relay
	if dialer == nil {
		dialer = (&net.Dialer{}).DialContext
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	c, err := dialer(ctx, "tcp", n.SMTP.Address)
	if err != nil {
		d.say(fail, "notices", "unanswered", "relay", n.SMTP.Address)
		return
	}
	c.Close()
	d.say(good, "notices", "on", "relay", n.SMTP.Address)
}
