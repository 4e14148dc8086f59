package geolocate

import (
	"cmp"
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"time"

	"vigil/internal/operatorcsv"
)

//go:embed nameservers.csv
var nameserversCSV string

const (
	// ownNameservers stands for name servers under the domain that is looked at, so that
	// the list never repeats a reported name.
	ownNameservers = "the domain's own"
	// maxOperators bounds the operators of one domain; a delegation has seldom more than two.
	maxOperators = 8
	// maxNameservers bounds the name servers that are looked at: 13 is what a classic
	// answer of 512 bytes holds (RFC 1035), and no delegation needs more.
	maxNameservers = 32
)

// nameservers is the table of who runs name servers. It is only read after
// parseNameservers, and then safe for concurrent use.
type nameservers struct {
	names suffixes
	asOf  time.Time // the newest row
}

func parseNameservers(text string) (*nameservers, error) {
	n := &nameservers{}
	err := operatorcsv.Table(text, 4, func(row []string) error {
		operator, pattern := row[0], row[1]
		if operator == "" || pattern == "" || pattern != plain(pattern) {
			return fmt.Errorf("want an operator and a suffix in lower case, not %q and %q", operator, pattern)
		}
		if at := n.names.find(pattern); at != nil && at.pattern == pattern {
			return fmt.Errorf("suffix %s of %s is of %s too", pattern, operator, at.owner.name)
		}
		n.names.add(pattern, &service{name: operator}, false)
		return date(&n.asOf, row[2], row[3])
	})
	if err != nil {
		return nil, fmt.Errorf("read table of name servers: %w", err)
	}
	return n, nil
}

// operators names who runs the name servers of a registrable domain: sorted, without
// repeats, at most 8. A name server that the table does not know is named by its own
// registrable domain; one under the domain itself is "the domain's own". Names that
// are none are passed over. It returns nil when there is nothing to name.
func (n *nameservers) operators(domain string, names []string) []string {
	var out []string
	domain = plain(domain)
	for _, name := range names[:min(len(names), maxNameservers)] {
		name = plain(name)
		own := registrable(name)
		switch at := n.names.find(name); {
		case own == "":
		case own == domain:
			out = append(out, ownNameservers)
		case at != nil:
			out = append(out, at.owner.name)
		default:
			out = append(out, line(own))
		}
	}
	slices.Sort(out)
	out = slices.Compact(out)
	return out[:min(len(out), maxOperators)]
}

// suffixes finds the longest known suffix of a host name. A label of a pattern is written
// out, is "*" (any one label), or ends in "*" (any label with that start). It is only
// read after the last add, and then safe for concurrent use.
type suffixes struct {
	exact map[string]*suffix
	wild  map[string][]*suffix // by what stands behind the last label with a star
}

type suffix struct {
	pattern string // as written
	labels  int
	owner   *service
	host    bool // the target's own host counts too, not only a canonical name
}

// add makes a pattern known: lower case, without dots at its ends.
func (s *suffixes) add(pattern string, owner *service, host bool) {
	if s.exact == nil {
		s.exact, s.wild = map[string]*suffix{}, map[string][]*suffix{}
	}
	at := &suffix{pattern, strings.Count(pattern, ".") + 1, owner, host}
	star := strings.LastIndexByte(pattern, '*')
	if star < 0 {
		s.exact[pattern] = at
		return
	}
	_, rest, _ := strings.Cut(pattern[star:], ".")
	s.wild[rest] = append(s.wild[rest], at)
	slices.SortFunc(s.wild[rest], func(a, b *suffix) int { // the longest start goes first
		return cmp.Or(b.labels-a.labels, len(b.pattern)-len(a.pattern))
	})
}

// find returns the pattern with the most labels that the name ends with, or nil; a
// written-out label goes before a start, a longer start before a shorter. The name is in
// lower case, without a trailing dot.
func (s *suffixes) find(name string) *suffix {
	var best *suffix
	labels := 0
	take := func(at *suffix) { best, labels = at, at.labels }
	for rest := name; rest != ""; _, rest, _ = strings.Cut(rest, ".") {
		if at := s.exact[rest]; at != nil && at.labels > labels {
			take(at)
		}
		for _, at := range s.wild[rest] {
			if at.labels > labels && at.fits(name) {
				take(at)
			}
		}
	}
	return best
}

// fits says whether a name ends with the pattern, label by label.
func (s *suffix) fits(name string) bool {
	var want, got string
	for pattern := s.pattern; pattern != ""; {
		want, pattern = lastLabel(pattern)
		got, name = lastLabel(name)
		start, wild := strings.CutSuffix(want, "*")
		if got == "" || got != want && (!wild || !strings.HasPrefix(got, start)) {
			return false
		}
	}
	return true
}

// lastLabel splits the last label off a name.
func lastLabel(name string) (label, rest string) {
	if dot := strings.LastIndexByte(name, '.'); dot >= 0 {
		return name[dot+1:], name[:dot]
	}
	return name, ""
}

// plain is a host name as the tables write it: lower case, without a trailing dot.
func plain(name string) string { return strings.ToLower(strings.TrimSuffix(name, ".")) }
