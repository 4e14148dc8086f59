package geolocate

import (
	_ "embed"
	"fmt"
	"slices"
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

// newNameservers reads the embedded table.
func newNameservers() (*nameservers, error) { return parseNameservers(nameserversCSV) }

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
