// Package mmdb reads country and network databases in the MaxMind DB format.
//
// In come files of the operator: flat ones (country_code, autonomous_system_number)
// such as those of sapics/ip-location-db, and MaxMind-type ones (country.iso_code,
// registered_country.iso_code). Out go plain records with the build date of the
// file. It never decides which record is right, never downloads, and never takes a
// file that holds nothing of the kind it was configured for.
package mmdb

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"strings"
	"time"

	"github.com/oschwald/geoip2-golang/v2"
	"github.com/oschwald/maxminddb-golang/v2"
)

// Kind is what a database is asked for.
type Kind string

// Kinds. A file that holds both may be configured twice.
const (
	KindCountry Kind = "country"
	KindASN     Kind = "asn"
)

// Valid says whether k is known.
func (k Kind) Valid() bool { return k == KindCountry || k == KindASN }

// Options of a database. Kind and Path are required.
type Options struct {
	Kind Kind
	Path string
	// Name is what errors call the file; default Path.
	Name string
}

// Record is what a database says about an address. Empty fields were not in it.
type Record struct {
	Country           string // as the file writes it; not checked against ISO 3166
	RegisteredCountry string
	ASN               uint32
	Holder            string
	// Network is the widest prefix for which the file says the same.
	Network netip.Prefix
}

// Database is an open file. Its methods are safe for concurrent use, but for Close.
type Database struct {
	kind  Kind
	typ   string
	built time.Time
	ip6   bool
	read  func(netip.Addr) (Record, error)
	close func() error
}

// maxText bounds names that come from a file, in bytes: a broken file must not fill the history.
const maxText = 200

// Open maps a file and probes it. The error says what is wrong and what to do: the
// file is absent, unreadable or broken, or holds no data of the kind.
func Open(o Options) (*Database, error) {
	if !o.Kind.Valid() {
		return nil, fmt.Errorf("geo database kind %q is unknown: use country or asn", string(o.Kind))
	}
	if o.Path == "" {
		return nil, fmt.Errorf("geo database of kind %s has no path: set geolocate.databases", o.Kind)
	}
	o.Name = cmp.Or(o.Name, o.Path)
	info, err := os.Stat(o.Path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("geo database %s of kind %s does not exist: download one with `vigil geodata update`, "+
			"correct geolocate.databases, or remove the entry", o.Name, o.Kind)
	case err != nil:
		return nil, fmt.Errorf("geo database %s of kind %s cannot be read: %w", o.Name, o.Kind, err)
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("geo database %s of kind %s is no regular file: give the path of an .mmdb file", o.Name, o.Kind)
	case info.Size() == 0:
		return nil, fmt.Errorf("geo database %s of kind %s is empty: download it again", o.Name, o.Kind)
	}
	raw, err := maxminddb.Open(o.Path)
	if err != nil {
		return nil, fmt.Errorf("geo database %s of kind %s is broken or no MaxMind DB file: download it again: %w", o.Name, o.Kind, err)
	}
	d := &Database{kind: o.Kind, typ: raw.Metadata.DatabaseType, built: raw.Metadata.BuildTime().UTC(), ip6: raw.Metadata.IPVersion == 6}
	d.read, d.close = tolerant(raw), raw.Close
	// MaxMind's own types are read through MaxMind's own shapes; geoip2 refuses all others.
	// It gives a reader together with its refusal: unless that is closed, the file stays mapped.
	known, err := geoip2.Open(o.Path)
	var read func(netip.Addr) (Record, error)
	if err == nil {
		read = ofMaxMind(known, o.Kind)
	}
	switch {
	case read != nil:
		_ = raw.Close()
		d.read, d.close = read, known.Close
		raw = nil
	case known != nil:
		_ = known.Close()
	}
	if err := d.probe(o, raw); err != nil {
		_ = d.close()
		return nil, err
	}
	return d, nil
}

// flat is the one tolerant shape of all files that are not of MaxMind's types: fields
// that a file does not have stay empty.
type flat struct {
	CountryCode string `maxminddb:"country_code"`
	Country     struct {
		ISOCode string `maxminddb:"iso_code"`
	} `maxminddb:"country"`
	RegisteredCountry struct {
		ISOCode string `maxminddb:"iso_code"`
	} `maxminddb:"registered_country"`
	ASN          uint32 `maxminddb:"autonomous_system_number"`
	Organisation string `maxminddb:"autonomous_system_organization"`
}

// plain is the shape of files that write the country as a bare string.
type plain struct {
	Country string `maxminddb:"country"`
}

func tolerant(db *maxminddb.Reader) func(netip.Addr) (Record, error) {
	return func(addr netip.Addr) (Record, error) {
		result := db.Lookup(addr)
		if !result.Found() {
			return Record{}, result.Err()
		}
		var f flat
		if err := result.Decode(&f); err != nil {
			var p plain
			if result.Decode(&p) != nil {
				return Record{}, err
			}
			f = flat{CountryCode: p.Country}
		}
		return Record{
			Country: cmp.Or(f.CountryCode, f.Country.ISOCode), RegisteredCountry: f.RegisteredCountry.ISOCode,
			ASN: f.ASN, Holder: bounded(f.Organisation), Network: result.Prefix(),
		}, nil
	}
}

// ofMaxMind reads a database of a type that geoip2 knows; nil when the type does not hold the kind.
func ofMaxMind(db *geoip2.Reader, kind Kind) func(netip.Addr) (Record, error) {
	var unsupported geoip2.InvalidMethodError
	anywhere := netip.IPv4Unspecified()
	if kind == KindCountry {
		if _, err := db.Country(anywhere); errors.As(err, &unsupported) {
			return nil
		}
		return func(addr netip.Addr) (Record, error) {
			c, err := db.Country(addr)
			if err != nil {
				return Record{}, err
			}
			return Record{Country: c.Country.ISOCode, RegisteredCountry: c.RegisteredCountry.ISOCode, Network: c.Traits.Network}, nil
		}
	}
	if _, err := db.ASN(anywhere); errors.As(err, &unsupported) {
		return nil
	}
	return func(addr netip.Addr) (Record, error) {
		a, err := db.ASN(addr)
		if err != nil {
			return Record{}, err
		}
		// AS numbers have 32 bits (RFC 6793).
		return Record{ASN: uint32(a.AutonomousSystemNumber), Holder: bounded(a.AutonomousSystemOrganization), Network: a.Network}, nil
	}
}

// probed is how many networks are read at most to find one record of the kind.
const probed = 4096

// probe reads the first networks, so that a file of another kind or with a broken
// data section is refused at the start and not at the first visit.
func (d *Database) probe(o Options, raw *maxminddb.Reader) error {
	if raw == nil {
		again, err := maxminddb.Open(o.Path)
		if err != nil {
			return fmt.Errorf("geo database %s of kind %s is broken: download it again: %w", o.Name, o.Kind, err)
		}
		defer func() { _ = again.Close() }()
		raw = again
	}
	seen, found := 0, false
	for result := range raw.Networks() {
		if seen++; seen > probed || found {
			break
		}
		if err := result.Err(); err != nil {
			return fmt.Errorf("geo database %s of kind %s is broken: download it again: %w", o.Name, o.Kind, err)
		}
		addr := result.Prefix().Addr()
		r, err := d.read(addr)
		if err != nil {
			return fmt.Errorf("geo database %s of kind %s has a record that cannot be read: download it again: %w", o.Name, o.Kind, err)
		}
		found = d.holds(r)
	}
	if !found {
		return fmt.Errorf("geo database %s (type %q) holds no %s data: set another kind for it or give another file", o.Name, d.typ, d.kind)
	}
	return nil
}

func (d *Database) holds(r Record) bool {
	if d.kind == KindASN {
		return r.ASN != 0
	}
	return r.Country != "" || r.RegisteredCountry != ""
}

// Lookup says what the file knows of an address; found is false when it knows
// nothing. An error means that the file is broken at that place. Mapped addresses
// (::ffff:0:0/96) are looked up as IPv4.
func (d *Database) Lookup(addr netip.Addr) (r Record, found bool, err error) {
	addr = addr.Unmap().WithZone("")
	if !addr.IsValid() || addr.Is6() && !d.ip6 {
		return Record{}, false, nil
	}
	r, err = d.read(addr)
	if err != nil {
		return Record{}, false, fmt.Errorf("read geo database of kind %s: %w", d.kind, err)
	}
	return r, d.holds(r), nil
}

// Kind is what the database is asked for.
func (d *Database) Kind() Kind { return d.kind }

// Type is the type the file names itself, for example GeoLite2-Country.
func (d *Database) Type() string { return d.typ }

// Built is when the file was built, in UTC.
func (d *Database) Built() time.Time { return d.built }

// Close unmaps the file. No Lookup may run or follow.
func (d *Database) Close() error { return d.close() }

func bounded(s string) string {
	if len(s) > maxText {
		s = s[:maxText]
	}
	return strings.ToValidUTF8(s, "")
}
