package judge

import (
	_ "embed"
	"encoding/csv"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"time"
)

// Kinds of servers that answer for a domain that is not its owner's to use any more.
const (
	seizure  = "seizure"
	sinkhole = "sinkhole"
	parking  = "parking"
)

// parkingServers are zones whose name servers serve parked domains only. From the parking services
// of Vissers, Joosen, Nikiforakis: Parking Sensors, NDSS 2015, table I; as of November 2026.
var parkingServers = [...]string{"sedoparking.com", "parkingcrew.net", "bodis.com", "cashparking.com", "parklogic.com", "above.com", "rookdns.com"}

// sinkholes.csv says where its facts are from.
//
//go:embed sinkholes.csv
var sinkholesCSV string

// takenServers is the list, read at its first use. Nobody writes to it afterwards.
var takenServers = sync.OnceValue(func() *servers {
	s, err := readServers(sinkholesCSV)
	if err != nil {
		panic(err) // an embedded file that a test has read
	}
	return s
})

// servers are name servers and addresses that answer for domains taken from their owners.
type servers struct {
	zones    map[string]string // kind by zone
	prefixes []servedPrefix
}

type servedPrefix struct {
	prefix netip.Prefix
	kind   string
}

// readServers reads a list in the form of sinkholes.csv: kind, value, what, operator, source, date.
func readServers(data string) (*servers, error) {
	r := csv.NewReader(strings.NewReader(data))
	r.Comment = '#'
	r.FieldsPerRecord = 6
	rows, err := r.ReadAll()
	if err != nil {
		return nil, fmt.Errorf("read sinkholes: %w", err)
	}
	s := &servers{zones: make(map[string]string)}
	for _, row := range rows[min(1, len(rows)):] {
		if err := s.add(row[0], row[1], row[2], row[5]); err != nil {
			return nil, fmt.Errorf("read sinkholes: %q: %w", row[1], err)
		}
	}
	return s, nil
}

func (s *servers) add(kind, value, what, date string) error {
	if what != seizure && what != sinkhole {
		return errors.New("it is neither sinkhole nor seizure")
	}
	if _, err := time.Parse(time.DateOnly, date); err != nil {
		return fmt.Errorf("%q is no date", date)
	}
	switch kind {
	case "nameserver":
		if value == "" || value != strings.ToLower(strings.Trim(value, ".")) {
			return errors.New("a zone is written in lower case, without a dot at its end")
		}
		s.zones[value] = what
		return nil
	case "address":
		prefix, err := netip.ParsePrefix(value)
		if addr, bad := netip.ParseAddr(value); bad == nil {
			prefix, err = netip.PrefixFrom(addr, addr.BitLen()), nil
		}
		if err != nil || prefix != prefix.Masked() {
			return errors.New("it is neither an address nor a prefix")
		}
		s.prefixes = append(s.prefixes, servedPrefix{prefix: prefix, kind: what})
		return nil
	}
	return fmt.Errorf("%q is neither address nor nameserver", kind)
}

// zone is the kind of the zone that a name server is part of, or empty.
func (s *servers) zone(name string) string {
	for {
		if kind := s.zones[name]; kind != "" {
			return kind
		}
		_, parent, found := strings.Cut(name, ".")
		if !found {
			return ""
		}
		name = parent
	}
}

// address is the kind of what answers at an address, or empty.
func (s *servers) address(a netip.Addr) string {
	a = a.Unmap()
	for i := range s.prefixes {
		if s.prefixes[i].prefix.Contains(a) {
			return s.prefixes[i].kind
		}
	}
	return ""
}

// nameServers says what the names of the zone's name servers give away: parking,
// sinkhole, seizure, or nothing. One trait among others.
func (l *look) nameServers() string {
	for _, ns := range l.o.Resolution.Nameservers {
		ns = strings.ToLower(strings.TrimSuffix(ns, "."))
		if kind := takenServers().zone(ns); kind != "" {
			return kind
		}
		if strings.Contains(ns, sinkhole) { // they are named so for those who look
			return sinkhole
		}
		for _, zone := range parkingServers {
			if ns == zone || strings.HasSuffix(ns, "."+zone) {
				return parking
			}
		}
	}
	return ""
}

// answers is the kind of server that answers for the name: by its name servers, else by the address
// that was talked to. Addresses change hands: a trait beside another one, and never enough alone.
func (l *look) answers() string {
	if kind := l.nameServers(); kind != "" {
		return kind
	}
	return takenServers().address(l.o.Final().Address)
}
