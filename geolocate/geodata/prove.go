package geodata

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"strings"
	"time"

	"vigil/geolocate/mmdb"
)

// state is what is known of a database file.
type state struct {
	there bool // it is there and can be used
	size  int64
	sum   string // SHA-256 of the file
	typ   string
	built time.Time
	right int  // well-known addresses it is right about
	kept  kept // what was noted when it was fetched; empty when the file is another one
}

func (s state) result(o Outcome, from string) Result {
	return Result{Outcome: o, From: from, Size: s.size, Type: s.typ, Built: s.built}
}

// present is the state of the file at path. One that cannot be used counts as absent: any sound one is
// better.
func (u *Updater) present(d Database, path string) state {
	s, err := u.examine(d, path)
	if err != nil {
		return state{}
	}
	if s.kept = readKept(path); s.kept.Sum != s.sum {
		s.kept = kept{}
	}
	return s
}

// examine opens a file as a database of its kind and reads from it.
func (u *Updater) examine(d Database, path string) (state, error) {
	f, err := os.Open(path)
	if err != nil {
		return state{}, fmt.Errorf("read it again: %w", err)
	}
	defer f.Close()
	s := state{there: true}
	sum := sha256.New()
	if s.size, err = io.Copy(sum, f); err != nil {
		return state{}, fmt.Errorf("read it again: %w", err)
	}
	s.sum = hex.EncodeToString(sum.Sum(nil))
	db, err := mmdb.Open(mmdb.Options{Kind: d.Kind, Path: path, Name: "from " + d.Source.shown(u.now())})
	if err != nil {
		return state{}, err
	}
	s.typ, s.built = db.Type(), db.Built()
	s.right, err = plausible(db)
	return s, errors.Join(err, db.Close())
}

// known is an address with what every database that covers the world says of it.
type known struct {
	addr      netip.Addr
	countries string // where databases place it or register it
	asn       uint32
}

// wellKnown are addresses of universities and of a registry, which stand where they are registered, over all
// registry regions; each was right in npm's @ip-location-db databases of 2026-06-17
// (geo-whois-asn-country, asn). Half of them must be right: one network may move.
var wellKnown = []known{
	{netip.MustParseAddr("129.132.19.216"), "CH", 559},      // ETH Zürich, SWITCH
	{netip.MustParseAddr("131.111.8.46"), "GB", 786},        // University of Cambridge, Jisc
	{netip.MustParseAddr("130.237.28.40"), "SE", 2839},      // KTH
	{netip.MustParseAddr("193.0.6.139"), "NL", 3333},        // RIPE NCC
	{netip.MustParseAddr("128.130.35.76"), "AT", 679},       // TU Wien
	{netip.MustParseAddr("18.9.22.69"), "US", 3},            // MIT
	{netip.MustParseAddr("133.11.0.11"), "JP", 2501},        // University of Tokyo
	{netip.MustParseAddr("128.250.1.21"), "AU", 10148},      // University of Melbourne
	{netip.MustParseAddr("146.164.10.2"), "BR", 2715},       // UFRJ
	{netip.MustParseAddr("137.158.10.1"), "ZA", 36982},      // University of Cape Town
	{netip.MustParseAddr("2001:67c:2e8::9"), "NL EU", 3333}, // RIPE NCC
}

// plausible counts the well-known addresses that a database is right about.
func plausible(db *mmdb.Database) (right int, err error) {
	for _, k := range wellKnown {
		r, found, err := db.Lookup(k.addr)
		if err != nil {
			return 0, fmt.Errorf("it is broken: %w", err)
		}
		placed := len(r.Country) == 2 && strings.Contains(k.countries, strings.ToUpper(r.Country))
		if found && (db.Kind() == mmdb.KindASN && r.ASN == k.asn || db.Kind() == mmdb.KindCountry && placed) {
			right++
		}
	}
	return right, nil
}

// compare says why a database must not take the place of the present one. It is pure.
func compare(d Database, fresh, present state, now time.Time, force bool) error {
	enough := (len(wellKnown) + 1) / 2
	switch {
	case d.Source.World && fresh.right < enough:
		return fmt.Errorf("the database is right about %d of %d well-known addresses only, and %d are needed: the publisher may "+
			"have a fault, so try again tomorrow, or take another source", fresh.right, len(wellKnown), enough)
	case fresh.built.After(now.Add(maxAhead)):
		return fmt.Errorf("the database says it was built on %s, which is still to come: look at this machine's clock, or take "+
			"another source", fresh.built.Format(time.DateOnly))
	case force || !present.there:
		return nil
	case fresh.right == 0 && present.right >= enough:
		return fmt.Errorf("the database knows none of the well-known addresses, of which the present one knows %d: look at the "+
			"URL, or take it with --force", present.right)
	case fresh.built.Before(present.built):
		return fmt.Errorf("the database was built on %s, before the present one (%s): the publisher may have gone back, so wait "+
			"for a newer one, or take it with --force", fresh.built.Format(time.DateOnly), present.built.Format(time.DateOnly))
	case fresh.size < present.size/2:
		return fmt.Errorf("the database has %d bytes, less than half of the present one (%d): the publisher may have a fault, so "+
			"wait for the next one, or take it with --force", fresh.size, present.size)
	}
	return nil
}
