// Package geodata brings geo databases: it downloads a file, proves that it is a sound
// database of its kind, and puts it in the place of the former one.
//
// In come a path, a source and what the operator knows of it (a digest). Out goes
// what is at the path now, or an error that says what was wrong and what to do; then
// the former file is as it was. It must never dial but through the injected
// dialer, never take a file that is not proven, never leave a path without a file that
// was there before, and never show an account's key or the query of a URL.
package geodata

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"time"

	"vigil/geolocate/mmdb"
	"vigil/internal/dial"
)

// Options of an Updater.
type Options struct {
	// Dial is the guarded dialer, Check its policy over all addresses of a name, LookupHost the resolver;
	// required.
	Dial       func(ctx context.Context, network, address string) (net.Conn, error)
	Check      func(addrs ...netip.Addr) error
	LookupHost func(ctx context.Context, host string) ([]netip.Addr, error)
	// Lab are networks in which plain http is taken too.
	Lab []netip.Prefix
	// Account and Key are those of MaxMind, for sources that need an account.
	Account, Key string
	// Timeout bounds the update of one database, default 15 min; Stall the time without a byte, default 30 s.
	Timeout, Stall time.Duration
	// Progress hears how many bytes of a download have come; total is -1 when the server does not say. Optional.
	Progress func(path string, done, total int64)
	// TLS is for labs with an authority of their own; nil for the system's.
	TLS *tls.Config
}

// Bounds of an update. Each source has its own sizes.
const (
	defaultTimeout = 15 * time.Minute // 128 MiB at 150 kB/s
	defaultStall   = 30 * time.Second
	defaultMost    = 256 << 20 // bytes of a database of an unknown source, packed and unpacked; GeoLite2-City has some 60 MB
	maxRedirects   = 5
	maxDigestFile  = 4 << 10 // bytes of a .sha256 file
	maxAhead       = 48 * time.Hour
	staleAfter     = 24 * time.Hour // age of a temporary file that nobody writes any more: longer than Timeout by far
)

// Updater brings databases. It is safe for concurrent use.
type Updater struct {
	o      Options
	client *http.Client
	disk   func(io.Writer) io.Writer // a seam for disks that fail
	now    func() time.Time
}

// New makes an Updater. It asks nobody.
func New(o Options) (*Updater, error) {
	if o.Dial == nil || o.Check == nil || o.LookupHost == nil {
		return nil, errors.New("geodata: dial, check and lookup are required")
	}
	if o.Timeout < 0 || o.Stall < 0 {
		return nil, errors.New("geodata: timeouts must not be negative")
	}
	o.Timeout, o.Stall = cmp.Or(o.Timeout, defaultTimeout), cmp.Or(o.Stall, defaultStall)
	u := &Updater{o: o, now: time.Now, disk: func(w io.Writer) io.Writer { return w }}
	u.client = u.newClient()
	return u, nil
}

// Database is a file and where it comes from.
type Database struct {
	Kind   mmdb.Kind
	Path   string
	Source Source
}

// Outcome is what an update led to.
type Outcome string

// Outcomes.
const (
	Updated  Outcome = "updated"
	UpToDate Outcome = "up to date"
)

// Result is what is at the path after an update.
type Result struct {
	Outcome Outcome
	From    string // the URL, without its query
	Size    int64  // bytes of the database
	Type    string // as the file names itself
	Built   time.Time
}

// Update brings one database. force fetches it whatever was fetched before, and takes
// an older or much smaller one than the present. The error says what was wrong and
// what to do; the present file is then untouched.
func (u *Updater) Update(ctx context.Context, d Database, force bool) (Result, error) {
	if err := u.check(d); err != nil {
		return Result{}, err
	}
	late := fmt.Errorf("it took longer than %v: try again, or look at the uplink", u.o.Timeout)
	ctx, cancel := context.WithTimeoutCause(ctx, u.o.Timeout, late)
	defer cancel()
	path := d.Path
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real // a link stays a link
	}
	unlock, err := lock(filepath.Dir(path))
	if err != nil {
		return Result{}, err
	}
	defer unlock()
	sweep(filepath.Dir(path), u.now())

	present := u.present(d, path)
	wanted, err := u.digest(ctx, d.Source)
	if err != nil {
		return Result{}, err
	}
	if !force && present.kept.Digest != "" && present.kept.Digest == wanted {
		return present.result(UpToDate, d.Source.shown(u.now())), nil
	}
	got, err := u.receive(ctx, d, path, present, force)
	if errors.Is(err, errNotModified) {
		return present.result(UpToDate, got.From), nil
	}
	if err != nil {
		return Result{}, err
	}
	defer os.Remove(got.temporary) //nolint:errcheck // after a rename there is nothing to remove
	if wanted != "" && wanted != got.Digest {
		return Result{}, fmt.Errorf("the download has another SHA-256 (%.12s...) than promised (%.12s...): the publisher may just "+
			"be renewing it, so try again in an hour; a fixed geolocate.databases sha256 is for one edition only", got.Digest, wanted)
	}
	fresh, err := u.examine(d, got.temporary)
	if err != nil {
		return Result{}, err
	}
	if !force && present.there && fresh.sum == present.sum {
		present.kept = got.note(fresh)
		return present.result(UpToDate, got.From), present.kept.write(path)
	}
	if err := compare(d, fresh, present, u.now(), force); err != nil {
		return Result{}, err
	}
	if err := install(got.temporary, path); err != nil {
		return Result{}, err
	}
	fresh.kept = got.note(fresh)
	return fresh.result(Updated, got.From), fresh.kept.write(path)
}

func (u *Updater) check(d Database) error {
	switch {
	case !d.Kind.Valid():
		return fmt.Errorf("kind %q is unknown: use country or asn", string(d.Kind))
	case d.Path == "":
		return errors.New("it has no path: set geolocate.databases")
	case d.Source.URL == "":
		return errors.New("nothing says where to download it from: set a source or a url for it in geolocate.databases")
	case d.Source.Account && (u.o.Account == "" || u.o.Key == ""):
		return errors.New("its source needs a MaxMind account: make one at https://www.maxmind.com/en/geolite2/signup, set " +
			"geolocate.maxmind.account, and give the licence key as VIGIL_GEOLOCATE_MAXMIND_KEY")
	}
	return nil
}

var (
	errRedirects = fmt.Errorf("the server redirects more than %d times: look at the URL", maxRedirects)
	errScheme    = errors.New("the server redirects to what is neither https nor http: look at the URL")
)

// newClient is an HTTP client over the guarded dialer: no proxy of the environment, no
// connection kept, no transparent unpacking (the digest is over what was sent).
func (u *Updater) newClient() *http.Client {
	dialer := dial.Dialer{Dial: u.o.Dial, Check: u.o.Check, Lookup: u.o.LookupHost, Lab: u.o.Lab}
	transport := func(plain bool) *http.Transport {
		t := dialer.Transport(plain, u.o.TLS)
		t.ResponseHeaderTimeout, t.DisableCompression, t.DisableKeepAlives = u.o.Stall, true, true
		return t
	}
	return &http.Client{
		Transport: byScheme{secure: transport(false), plain: transport(true)},
		CheckRedirect: func(next *http.Request, via []*http.Request) error {
			next.Header.Del("Referer") // the query of the last URL may hold a token
			switch {
			case len(via) > maxRedirects:
				return errRedirects
			case next.URL.Scheme != "https" && next.URL.Scheme != "http":
				return errScheme
			}
			return nil
		},
	}
}

// byScheme keeps http apart, whose connections lead into labs only.
type byScheme struct{ secure, plain http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (b byScheme) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Scheme == "https" {
		return b.secure.RoundTrip(r)
	}
	return b.plain.RoundTrip(r)
}
