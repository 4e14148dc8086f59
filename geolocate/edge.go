package geolocate

import (
	_ "embed"
	"encoding/csv"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"vigil/casefile"
)

//go:embed edges.csv
var edgesCSV string

// edgesAsOf is the date of edges.csv.
var edgesAsOf = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)

// Kinds of evidence for an edge, the strongest first. A canonical name was chosen by
// whoever runs the site; a header can be written by anyone.
const (
	evidenceCNAME  = "cname"
	evidenceRange  = "range"
	evidenceASN    = "asn"
	evidenceHeader = "header"
)

// edges is the table of known edges. It is only read after parseEdges.
type edges struct {
	desks   map[string]*casefile.Edge // by name; Evidence is empty
	cnames  map[string]string         // suffix -> name
	asns    map[uint32]string
	headers map[string]string
	hosts   map[string]bool // names of headers that a platform gives away: a host and no edge
	ranges  []edgeRange
}

type edgeRange struct {
	prefix netip.Prefix
	name   string
}

func parseEdges(text string) (*edges, error) {
	r := csv.NewReader(strings.NewReader(text))
	r.Comment, r.FieldsPerRecord = '#', 4
	rows, err := r.ReadAll()
	if err != nil {
		return nil, fmt.Errorf("read table of edges: %w", err)
	}
	e := &edges{desks: map[string]*casefile.Edge{}, cnames: map[string]string{}, asns: map[uint32]string{}, headers: map[string]string{}, hosts: map[string]bool{}}
	for _, row := range rows {
		name, value := row[0], row[2]
		if row[1] == "platform" {
			e.hosts[value] = true
			continue
		}
		desk := e.desks[name]
		if desk == nil {
			desk = &casefile.Edge{Name: name}
			e.desks[name] = desk
		}
		switch row[1] {
		case evidenceCNAME:
			e.cnames[value] = name
		case evidenceASN:
			n, err := strconv.ParseUint(value, 10, 32)
			if err != nil {
				return nil, fmt.Errorf("read table of edges: AS number %q of %s: %w", value, name, err)
			}
			e.asns[uint32(n)] = name
		case evidenceRange:
			p, err := netip.ParsePrefix(value)
			if err != nil {
				return nil, fmt.Errorf("read table of edges: range of %s: %w", name, err)
			}
			e.ranges = append(e.ranges, edgeRange{p, name})
		case evidenceHeader:
			e.headers[value] = name
		case "email":
			desk.AbuseEmail = value
		case "form":
			desk.AbuseForm = value
		default:
			return nil, fmt.Errorf("read table of edges: unknown kind %q of %s", row[1], name)
		}
	}
	return e, nil
}

// detect names the edge in front of a target, or nil. The strongest evidence counts:
// a canonical name, then a published range, then an AS, then headers of the target's
// own host. Of several addresses one is enough: a name that is spread over an edge
// and an origin is behind the edge for those who come through it.
func (e *edges) detect(q casefile.Inquiry, addrs []netip.Addr, asns []uint32) *casefile.Edge {
	var cnames []string
	var hops []casefile.Hop
	for _, o := range q.Looks {
		cnames, hops = append(cnames, o.Resolution.CNAMEs...), append(hops, o.Hops...)
	}
	for _, cname := range cnames {
		for s := strings.ToLower(strings.TrimSuffix(cname, ".")); s != ""; {
			if name := e.cnames[s]; name != "" {
				return e.edge(name, evidenceCNAME)
			}
			_, s, _ = strings.Cut(s, ".")
		}
	}
	for _, addr := range addrs {
		for _, r := range e.ranges {
			if r.prefix.Contains(addr) {
				return e.edge(r.name, evidenceRange)
			}
		}
	}
	for _, asn := range asns {
		if name := e.asns[asn]; name != "" {
			return e.edge(name, evidenceASN)
		}
	}
	for _, hop := range hops {
		header := strings.ToLower(hop.Edge)
		if header == "" || e.hosts[header] || hop.Target.Host() != q.Target.Host() {
			continue
		}
		if name := e.headers[header]; name != "" {
			return e.edge(name, evidenceHeader)
		}
		return &casefile.Edge{Name: line(hop.Edge), Evidence: evidenceHeader} // the fetcher knows one that the table does not
	}
	return nil
}

func (e *edges) edge(name, evidence string) *casefile.Edge {
	edge := *e.desks[name]
	edge.Evidence = evidence
	return &edge
}
