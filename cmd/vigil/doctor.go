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
			d := &doctor{cfg: cfg, out: cmd.OutOrStdout()}
			d.say(good, "configuration", "read, every key is known and in range", "")
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

func (d *doctor) say(f finding, subject, what, todo string) {
	if d.counts == nil {
		d.counts = map[finding]int{}
	}
	d.counts[f]++
	fmt.Fprintf(d.out, "%s  %-14s %s\n", f, subject, what)
	if todo != "" {
		fmt.Fprintf(d.out, "      %-14s -> %s\n", "", todo)
	}
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
	switch {
	case errors.Is(err, fs.ErrNotExist):
		d.say(warn, "keys", path+" does not exist yet", "the first start makes it; if this installation has a database already, bring its key file back")
	case err != nil:
		d.say(fail, "keys", err.Error(), "")
	default:
		d.say(good, "keys", fmt.Sprintf("%s holds %d sealing keys", path, keys.Generations()), "")
	}
	return keys
}

func (d *doctor) database(ctx context.Context, keys *seal.Keys) {
	path, sqlite := strings.CutPrefix(d.cfg.Database.URL, "sqlite:")
	if sqlite {
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			d.say(warn, "database", "there is none yet", "the first start makes it")
			d.writable(filepath.Dir(path))
			return
		}
	}
	if keys == nil {
		d.say(warn, "database", "not examined: it opens only with its keys", "")
		return
	}
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	s, err := store.Open(ctx, store.Options{URL: d.cfg.Database.URL, Keys: keys})
	if err != nil {
		d.say(fail, "database", err.Error(), "")
		return
	}
	defer func() { _ = s.Close() }()
	counts, err := s.Counts(ctx)
	if err != nil {
		d.say(fail, "database", err.Error(), "")
		return
	}
	var words []string
	for _, standing := range casefile.Standings {
		if n := counts[standing]; n > 0 {
			words = append(words, fmt.Sprintf("%d %s", n, standing))
		}
	}
	if len(words) == 0 {
		words = []string{"no cases yet"}
	}
	d.say(good, "database", s.Dialect()+" opens with these keys: "+strings.Join(words, ", "), "")
	d.witnesses(ctx, s)
}

func (d *doctor) writable(folder string) {
	f, err := os.CreateTemp(folder, ".vigil-doctor-*")
	if err != nil {
		d.say(fail, "database", "its folder cannot be written in: "+err.Error(), "make the folder, or give it to the user that Vigil runs as")
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
		d.say(warn, "disk", "free space is unknown: "+err.Error(), "")
		return
	}
	free := uint64(stat.Bavail) * uint64(stat.Bsize) //nolint:unconvert // the types differ between systems
	what := fmt.Sprintf("%d MB free beside the database", free>>20)
	if free < leastFree {
		d.say(warn, "disk", what, "make room: when the disk is full no visit can be recorded, and none is made")
		return
	}
	d.say(good, "disk", what, "")
}

func (d *doctor) coreDumps() {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_CORE, &limit); err == nil && limit.Cur > 0 {
		d.say(warn, "core dumps", "are on: a crash would write memory to disk", "run Vigil with ulimit -c 0, or LimitCORE=0")
		return
	}
	d.say(good, "core dumps", "are off", "")
}

func (d *doctor) directory() {
	directory, err := app.OpenDirectory(d.cfg.Notices.Directory)
	if err != nil {
		d.say(fail, "directory", err.Error(), "")
		return
	}
	what := fmt.Sprintf("%d hotlines", directory.Len())
	if _, err := app.NewComposer(d.cfg); err != nil {
		d.say(fail, "directory", err.Error(), "")
		return
	}
	if d.cfg.Notices.Country == "" {
		d.say(warn, "directory", what+"; what has no hotline is assigned to nobody", "set notices.country to your own country")
		return
	}
	d.say(good, "directory", what, "")
}

// providers examines the operator's directory of providers.
func (d *doctor) providers() {
	path := d.cfg.Geolocate.Contacts
	directory, err := app.OpenProviders(path)
	switch rows, approved := directory.Len(), directory.Approved(); {
	case err != nil:
		d.say(fail, "providers", err.Error(), "correct the file; it is read at the start")
	case path == "":
		d.say(good, "providers", "no directory of your own: contacts come from edges, platforms and registries", "")
	case rows == 0:
		d.say(warn, "providers", path+" has no rows", "add providers whom you know how to tell, or leave geolocate.contacts empty")
	case approved == 0:
		d.say(warn, "providers", fmt.Sprintf("%d rows, none approved: notices to them stay drafts", rows), "set the column approved where a person has checked the contact, and restart")
	default:
		d.say(good, "providers", fmt.Sprintf("%d rows, %d approved", rows, approved), "")
	}
}

// origins examines the look-up of origins behind edges. It asks nobody.
func (d *doctor) origins() {
	o := d.cfg.Geolocate.Origin
	u, err := url.Parse(o.URL)
	switch {
	case o.URL == "":
		d.say(good, "origins", "nobody is asked what stands behind edges: only what a person records counts", "")
	case err != nil:
		d.say(fail, "origins", "geolocate.origin.url is no URL", "give an https URL, or leave it empty")
	case o.Token == "":
		d.say(warn, "origins", u.Host+" is asked without a token, and learns the names of targets behind edges", "set VIGIL_GEOLOCATE_ORIGIN_TOKEN, unless the service knows you otherwise (docs/origins.md)")
	case u.Scheme != "https":
		d.say(warn, "origins", u.Host+" is asked over plain http, which is for labs only", "give an https URL in geolocate.origin.url")
	default:
		d.say(good, "origins", u.Host+" is asked, and learns the names of targets behind edges", "")
	}
}

// network examines resolver, gate and clock by looking at the control targets.
func (d *doctor) network(ctx context.Context) {
	a, err := app.New(d.cfg, zap.NewNop(), d.world)
	if err != nil {
		d.say(fail, "guard", err.Error(), "")
		return
	}
	for _, n := range d.cfg.Guard.AllowNetworks {
		d.say(warn, "guard", n.String()+" may be dialled though it is not public", "remove it from guard.allow_networks unless this is a lab")
	}
	eyes, err := a.NewLookDeps()
	if err != nil {
		d.say(fail, "crawler", err.Error(), "")
		return
	}
	d.remoteEyes(ctx, eyes.Vantages)
	if len(d.cfg.Gate.Targets)+len(d.cfg.Gate.PerVantage) == 0 {
		d.say(warn, "gate", "there is none: a fault of our own line would be taken for silence of theirs", "set gate.targets to two or three URLs that are always up")
		d.resolver(ctx, eyes, "example.com")
		return
	}
	targets, err := a.Controls("gate.targets", d.cfg.Gate.Targets)
	if err != nil {
		d.say(fail, "gate", err.Error(), "correct gate.targets")
		return
	}
	name := "example.com"
	if len(targets) > 0 {
		name = targets[0].Host()
	}
	d.resolver(ctx, eyes, name)
	gate, err := a.NewGate(eyes.Vantages, nil)
	if err != nil {
		d.say(fail, "gate", err.Error(), "correct gate.targets or gate.per_vantage")
		return
	}
	for _, v := range eyes.Vantages.Vantages() {
		if gate.Sound(ctx, v.Name, time.Now(), time.Now()) {
			d.say(good, "gate", "open from vantage "+v.Name, "")
		}
	}
	for _, line := range gate.Status() {
		if !line.Sound {
			d.say(fail, "gate", fmt.Sprintf("closed from vantage %s: %d of %d control targets answered as themselves (%s)", line.Vantage, line.Answered, line.Controls, line.Fault),
				line.Fault.Advice()+"; nothing but live is believed meanwhile")
		}
	}
	if len(targets) < 3 || !slices.ContainsFunc(targets, func(t casefile.Target) bool { return t.Secure() }) {
		d.say(warn, "gate", "a portal could pass for the control targets: they are fewer than three, or none is https", "name three URLs of different owners in gate.targets, https among them")
	}
	d.clock(ctx, eyes, targets)
}

func (d *doctor) resolver(ctx context.Context, e *app.LookDeps, name string) {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	started := time.Now()
	_, fault := e.Resolver.Resolve(ctx, name, false)
	if fault != nil {
		d.say(fail, "resolver", fmt.Sprintf("a name that always exists was not found (%s)", fault.Kind), "set resolver.servers to resolvers that answer from here, best your own")
		return
	}
	d.say(good, "resolver", fmt.Sprintf("answers in %d ms", time.Since(started).Milliseconds()), "")
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
			d.say(fail, "clock", fmt.Sprintf("is off by %v against a control target", off.Round(time.Second)), "set the clock, and keep it with NTP: the times of events are evidence")
		} else {
			d.say(good, "clock", "agrees with a control target", "")
		}
		return
	}
	d.say(warn, "clock", "could not be compared: no control target told a date", "make sure that NTP runs")
}

func (d *doctor) mail(ctx context.Context) {
	n := d.cfg.Notices
	if !n.Send {
		d.say(warn, "notices", "sending is off: notices are kept as drafts", "set notices.send when you are ready")
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
		d.say(fail, "notices", "the mail relay does not answer at "+n.SMTP.Address, "start it, or set notices.smtp.address")
		return
	}
	c.Close()
	d.say(good, "notices", "sending is on, the relay at "+n.SMTP.Address+" answers", "")
}
