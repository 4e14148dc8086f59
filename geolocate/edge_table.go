package geolocate

import (
	_ "embed"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/gaissmai/bart"

	"vigil/internal/email"
	"vigil/internal/operatorcsv"
)

// The tables of services. Their first lines say what a row means.
var (
	//go:embed edges.csv
	edgesCSV string
	//go:embed platforms.csv
	platformsCSV string
	//go:embed edge_ranges.csv
	edgeRangesCSV string
)

// kindCloud is the kind of a platform whose customers run machines of their own.
const kindCloud = "cloud"

// service is an edge or a platform.
type service struct {
	name, kind  string
	platform    bool
	email, form string
	ended       string // 2006-01, or empty
	asns        []uint32
	shared      []uint32
	headers     string // in words
}

// serviceRange is a published prefix of a service.
type serviceRange struct {
	prefix netip.Prefix
	owner  *service
}

// edges are the tables of edges and platforms. They are only read after parseEdges,
// and then safe for concurrent use.
type edges struct {
	services       map[string]*service // by name
	names          suffixes
	asns           map[uint32]*service // machines of one service only
	headers        map[string]*service // by the name that crawler/fetch gives to the headers of an answer
	edgeRanges     bart.Table[*serviceRange]
	platformRanges bart.Table[*serviceRange]
	asOf           time.Time // the newest row
}

// parseEdges reads tables of edges, of platforms and of ranges. An error names the row
// that is wrong.
func parseEdges(edgeRows, platformRows, rangeRows string) (*edges, error) {
	e := &edges{services: map[string]*service{}, asns: map[uint32]*service{}, headers: map[string]*service{}}
	for _, table := range []struct {
		text     string
		platform bool
	}{{edgeRows, false}, {platformRows, true}} {
		err := operatorcsv.Table(table.text, 5, func(row []string) error {
			if err := e.sign(row[0], row[1], row[2], table.platform); err != nil {
				return err
			}
			return date(&e.asOf, row[3], row[4])
		})
		if err != nil {
			return nil, fmt.Errorf("read table of edges and platforms: %w", err)
		}
	}
	err := operatorcsv.Table(rangeRows, 4, func(row []string) error {
		owner := e.services[row[0]]
		if owner == nil {
			return fmt.Errorf("%q is in no table", row[0])
		}
		if err := e.addRange(row[1], owner); err != nil {
			return err
		}
		return date(&e.asOf, row[2], row[3])
	})
	if err != nil {
		return nil, fmt.Errorf("read table of ranges: %w", err)
	}
	for _, s := range e.services {
		if s.kind == "" {
			return nil, fmt.Errorf("read table of edges and platforms: %s has no kind", s.name)
		}
	}
	return e, nil
}

// date reads the source and the date of a row, and keeps the newest date.
func date(newest *time.Time, source, date string) error {
	asOf, err := time.Parse(time.DateOnly, date)
	if err != nil || source == "" {
		return fmt.Errorf("a row needs a source and a date (2026-11-23), not %q and %q", source, date)
	}
	if asOf.After(*newest) {
		*newest = asOf
	}
	return nil
}

// sign adds one row to the tables.
func (e *edges) sign(name, sign, value string, platform bool) error {
	s := e.services[name]
	if s == nil {
		s = &service{name: name, platform: platform}
		e.services[name] = s
	}
	switch {
	case name == "" || value == "":
		return errors.New("a row needs a name and a value")
	case s.platform != platform:
		return fmt.Errorf("%s is an edge and a platform: give the two different names", name)
	}
	switch sign {
	case "kind":
		return s.setKind(value)
	case evidenceHost, evidenceCNAME:
		return e.addName(value, s, sign == evidenceHost || !platform)
	case evidenceRange:
		return e.addRange(value, s)
	case evidenceASN, "shared_asn": // others' machines stand in a shared one too: never enough alone
		return e.addASN(value, s, sign == "shared_asn")
	case evidenceHeader:
		key, words, found := strings.Cut(value, " ")
		if !found || e.headers[key] != nil {
			return fmt.Errorf("header %q of %s: want a name that no other row has, a space and the headers in words", value, name)
		}
		e.headers[key], s.headers = s, words
	case "email":
		if s.email = value; !email.Usable(value) {
			return fmt.Errorf("%q of %s is no address of a desk", value, name)
		}
	case "form":
		if u, err := url.Parse(value); err != nil || u.Scheme != "https" || u.Host == "" {
			return fmt.Errorf("%q of %s is no https address of a form", value, name)
		}
		s.form = value
	case "ended": // the month in which the service ended: its signs are history, its desk is closed
		if _, err := time.Parse("2006-01", value); err != nil {
			return fmt.Errorf("end of %s: %w", name, err)
		}
		s.ended = value
	default:
		return fmt.Errorf("unknown sign %q of %s", sign, name)
	}
	return nil
}

func (s *service) setKind(kind string) error {
	valid := []string{"cdn", "waf", "proxy", "redirector"}
	if s.platform {
		valid = append(slices.Sorted(maps.Keys(platformWords)), kindCloud)
	}
	if s.kind = kind; !slices.Contains(valid, kind) {
		return fmt.Errorf("kind %q of %s is none of %v", kind, s.name, valid)
	}
	return nil
}

func (e *edges) addName(pattern string, s *service, host bool) error {
	if pattern != plain(pattern) || !strings.Contains(pattern, ".") || strings.HasPrefix(pattern, ".") {
		return fmt.Errorf("suffix %q of %s: write it in lower case, with at least two labels and no dot at the ends", pattern, s.name)
	}
	if at := e.names.find(pattern); at != nil && at.pattern == pattern {
		return fmt.Errorf("suffix %s of %s is of %s too", pattern, s.name, at.owner.name)
	}
	e.names.add(pattern, s, host)
	return nil
}

func (e *edges) addRange(text string, s *service) error {
	p, err := netip.ParsePrefix(text)
	if err != nil {
		return fmt.Errorf("range of %s: %w", s.name, err)
	}
	if p != p.Masked() || p.Addr().Is4In6() { // the shortest form (RFC 4632, RFC 5952)
		return fmt.Errorf("range of %s: write %s as %s", s.name, p, p.Masked())
	}
	table := &e.edgeRanges
	if s.platform {
		table = &e.platformRanges
	}
	if table.OverlapsPrefix(p) {
		return fmt.Errorf("range %s of %s overlaps another: keep one of them", p, s.name)
	}
	table.Insert(p, &serviceRange{p, s})
	return nil
}

func (e *edges) addASN(text string, s *service, shared bool) error {
	asn, err := parseASN(text)
	if err != nil {
		return fmt.Errorf("AS number %q of %s: want a number from 1 to 4294967295", text, s.name)
	}
	if shared {
		s.shared = append(s.shared, asn)
		return nil
	}
	if other := e.asns[asn]; other != nil {
		return fmt.Errorf("AS%d of %s is of %s too: it is shared_asn for both", asn, s.name, other.name)
	}
	e.asns[asn] = s
	s.asns = append(s.asns, asn)
	return nil
}
