package geolocate

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/gaissmai/bart"

	"vigil/casefile"
)

// Kinds of evidence for an edge or a platform, the strongest first. The target's own
// name and a canonical name were chosen by whoever runs the site; a header can be
// written by anyone.
const (
	evidenceHost   = "host"
	evidenceCNAME  = "cname"
	evidenceRange  = "range"
	evidenceASN    = "asn"
	evidenceHeader = "header"
)

// maxSigns bounds the signs of an edge or a platform.
const maxSigns = 8

// detected is the edge or the platform that was found, by which kind of evidence and signs.
type detected struct {
	*service
	by        string
	signs     []string
	addresses int // how many lie in its ranges
}

// set keeps the first service, which has the strongest evidence, and adds to its signs.
func (f *detected) set(s *service, evidence, sign string) {
	if f.service == nil {
		f.service, f.by = s, evidence
	}
	if f.service == s {
		f.signs = add(f.signs, sign)
	}
}

// finding is what detect gathers.
type finding struct {
	edge, platform detected
	named          bool // the platform is known by a name: what stands behind the name is its own
}

// of is the place for a service.
func (f *finding) of(s *service) *detected {
	if s.platform {
		return &f.platform
	}
	return &f.edge
}

// detect names the edge in front of a target and the platform that holds its pages;
// either may be nil. It needs no data but the tables, and allocates nothing when
// nothing is found.
//
// The rule, in order:
//  1. Names. The target's own host, then the canonical names of each look in their
//     order. A platform that is known by a name is the host, because it holds the
//     pages and can delete them: the edge that it uses itself is not reported. An edge
//     counts beside it only when it comes before it in the chain: then the customer
//     put it there.
//  2. Addresses in a published range. A platform's range goes before an edge's. One
//     address on an edge is enough: who comes through it sees no origin. A sign says
//     how many of the addresses it is about.
//  3. The AS, of those in which machines of one service only stand.
//  4. Headers of the target's own host. Anyone can write them, and software passes on
//     those of others, so that they strengthen what the addresses say. Alone they count
//     in two cases: an AS that the service shares with others agrees, or no source
//     knows the AS of any address. Headers of an edge from the network of another are
//     nothing.
//  5. A cloud is a platform by its AS, when nothing else was found: a machine of a
//     customer.
func (e *edges) detect(q casefile.Inquiry, addrs []netip.Addr, asns []uint32) (*casefile.Edge, *casefile.Platform) {
	var f finding
	e.byName(&f, q)
	e.byRange(&f, addrs)
	e.byASN(&f, asns, len(addrs))
	e.byHeader(&f, q, asns)
	if f.edge.service == nil && f.platform.service == nil {
		e.byCloud(&f, asns)
	}
	return f.result()
}

// byName looks at the target's host and at the canonical names.
func (e *edges) byName(f *finding, q casefile.Inquiry) {
	if at := e.names.find(plain(q.Target.Host())); at != nil && at.host {
		if f.named = at.owner.platform; f.named {
			f.platform.set(at.owner, evidenceHost, "host *."+at.pattern)
			return
		}
		f.edge.set(at.owner, evidenceCNAME, "host *."+at.pattern)
	}
	for i := range q.Looks {
		for _, cname := range q.Looks[i].Resolution.CNAMEs {
			at := e.names.find(plain(cname))
			if at == nil {
				continue
			}
			f.of(at.owner).set(at.owner, evidenceCNAME, "cname *."+at.pattern)
			if at.owner.platform {
				f.named = true
				break // later names are the platform's business
			}
		}
	}
}

// byRange looks for the addresses in the published ranges.
func (e *edges) byRange(f *finding, addrs []netip.Addr) {
	for _, addr := range addrs {
		r, held := e.platformRanges.Lookup(addr.Unmap())
		if !held {
			r, held = e.edgeRanges.Lookup(addr.Unmap())
		}
		if !held {
			continue
		}
		side := f.of(r.owner)
		if side.addresses++; !f.named || side.service == r.owner {
			side.set(r.owner, evidenceRange, "")
		}
	}
	f.platform.rangeSigns(&e.platformRanges, addrs)
	f.edge.rangeSigns(&e.edgeRanges, addrs)
}

// rangeSigns adds a sign for each range of the service that holds an address.
func (f *detected) rangeSigns(table *bart.Table[*serviceRange], addrs []netip.Addr) {
	if f.addresses == 0 || f.service == nil {
		return
	}
	var last netip.Prefix
	for _, addr := range addrs {
		r, held := table.Lookup(addr.Unmap())
		if !held || r.owner != f.service || r.prefix == last {
			continue
		}
		last = r.prefix
		count := 0
		for _, other := range addrs {
			if r.prefix.Contains(other.Unmap()) {
				count++
			}
		}
		text := "range " + r.prefix.String()
		if count < len(addrs) {
			text += " (" + strconv.Itoa(count) + " of " + strconv.Itoa(len(addrs)) + " addresses)"
		}
		f.signs = add(f.signs, text)
	}
}

// byASN looks for the AS of an edge or a platform that has it for itself.
func (e *edges) byASN(f *finding, asns []uint32, of int) {
	explained := f.platform.addresses > 0 && f.platform.addresses == of // a platform has all the addresses, in whatever AS
	for _, asn := range asns {
		s := e.asns[asn]
		switch {
		case s == nil || s.kind == kindCloud:
		case f.named && f.platform.service != s && f.edge.service != s: // the AS is the platform's business
		case s.platform || !explained || f.edge.service == s:
			f.of(s).set(s, evidenceASN, asnSign(asn, asns))
		}
	}
}

// byHeader looks at the headers of the target's own host.
func (e *edges) byHeader(f *finding, q casefile.Inquiry, asns []uint32) {
	for i := range q.Looks {
		for j := range q.Looks[i].Hops {
			hop := &q.Looks[i].Hops[j]
			if hop.Edge == "" || hop.Target.Host() != q.Target.Host() {
				continue
			}
			s := e.headers[strings.ToLower(hop.Edge)]
			if s == nil {
				continue
			}
			text := "header " + s.headers
			switch shared := s.sharedWith(asns); {
			case s == f.edge.service || s == f.platform.service:
			case f.edge.service != nil || f.platform.service != nil:
				continue // a name or an address says another: the header was passed on
			case shared != 0:
				text += ", in AS" + strconv.FormatUint(uint64(shared), 10)
			case len(asns) > 0:
				continue // the network of another
			default:
				text += ", and no source knows the AS"
			}
			f.of(s).set(s, evidenceHeader, text)
		}
	}
}

// byCloud looks for the AS of a cloud.
func (e *edges) byCloud(f *finding, asns []uint32) {
	for _, asn := range asns {
		if s := e.asns[asn]; s != nil && s.kind == kindCloud {
			f.platform.set(s, evidenceASN, asnSign(asn, asns))
		}
	}
}

// add adds a sign once.
func add(signs []string, sign string) []string {
	if sign == "" || len(signs) >= maxSigns || slices.Contains(signs, sign) {
		return signs
	}
	return append(signs, sign)
}

// asnSign names an AS, and the first of the others in which the addresses stand too.
func asnSign(asn uint32, asns []uint32) string {
	text := "AS" + strconv.FormatUint(uint64(asn), 10)
	for _, other := range asns {
		if other != asn && other != 0 {
			return text + " (the sources also name AS" + strconv.FormatUint(uint64(other), 10) + ")"
		}
	}
	return text
}

// sharedWith returns the first of the numbers that is an AS of the service, own or
// shared, or 0.
func (s *service) sharedWith(asns []uint32) uint32 {
	for _, asn := range asns {
		if slices.Contains(s.shared, asn) || slices.Contains(s.asns, asn) {
			return asn
		}
	}
	return 0
}

// result makes the values for the case.
func (f *finding) result() (edge *casefile.Edge, platform *casefile.Platform) {
	if s := f.edge; s.service != nil {
		edge = &casefile.Edge{Name: s.name, Kind: s.kind, Evidence: s.by, Signs: s.dated(), AbuseEmail: s.email, AbuseForm: s.form}
	}
	if s := f.platform; s.service != nil {
		platform = &casefile.Platform{Name: s.name, Kind: s.kind, Evidence: s.by, Signs: s.dated(), AbuseEmail: s.email, AbuseForm: s.form}
	}
	return edge, platform
}

// dated are the signs, and that the service has ended.
func (f *detected) dated() []string {
	if f.ended == "" {
		return f.signs
	}
	return append(f.signs, "the service ended in "+f.ended+": others may hold its names and networks now")
}

// knownEdges are the built-in tables, read once for all Locators.
var knownEdges = sync.OnceValues(func() (*edges, error) { return parseEdges(edgesCSV, platformsCSV, edgeRangesCSV) })

// EdgeAt names the edge in whose published ranges an address lies: it is no origin.
// Empty when it lies in none. It asks nobody, and is safe for concurrent use.
func EdgeAt(addr netip.Addr) string {
	e, err := knownEdges()
	if err != nil { // New says it too
		return ""
	}
	if r, held := e.edgeRanges.Lookup(addr.Unmap().WithZone("")); held {
		return r.owner.name
	}
	return ""
}
