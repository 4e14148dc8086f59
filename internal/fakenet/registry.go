package fakenet

import (
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Domain is what the registry knows about a registrable domain.
type Domain struct {
	Name             string
	Registrar        string
	RegistrarAbuse   string
	Status           []string // EPP names, for example clientHold; what the site's behaviour says, or active, when empty
	Created, Expires time.Time
	Nameservers      []string
}

// Failure is how a registry server fails.
type Failure string

// Failures.
const (
	FailNone      Failure = ""
	FailRateLimit Failure = "rate_limit" // RDAP: 429 with Retry-After of 30 s; WHOIS: a line of text
	FailServer    Failure = "server"     // RDAP: 500; WHOIS: closes without a word
	FailGarbage   Failure = "garbage"
	FailDrip      Failure = "drip"  // a byte a second, without end
	FailHang      Failure = "hang"  // never answers
	FailOther     Failure = "other" // a good answer about another object
	FailHuge      Failure = "huge"  // an answer without end
	FailNotFound  Failure = "not_found"
)

// switchboard holds the failure of a kind of server.
type switchboard struct {
	mu      sync.Mutex
	failure Failure
	count   int
}

func (s *switchboard) set(f Failure) { s.mu.Lock(); s.failure = f; s.mu.Unlock() }

// ask counts a question and says how it fails.
func (s *switchboard) ask() Failure {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.count++
	return s.failure
}

func (s *switchboard) asked() int { s.mu.Lock(); defer s.mu.Unlock(); return s.count }

// FailRDAP makes RDAP answers fail from now on; the bootstrap files stay sound.
func (n *Net) FailRDAP(f Failure) { n.rdap.set(f) }

// FailWHOIS makes WHOIS answers fail from now on.
func (n *Net) FailWHOIS(f Failure) { n.whois.set(f) }

// RDAPCount counts the RDAP questions so far, without bootstrap files.
func (n *Net) RDAPCount() int { return n.rdap.asked() }

// WHOISCount counts the WHOIS questions so far, referrals included.
func (n *Net) WHOISCount() int { return n.whois.asked() }

// AddDomain sets what the registry shows for a domain instead of the default.
func (n *Net) AddDomain(d Domain) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.domains[strings.ToLower(d.Name)] = d
}

// domain is what the registry shows for a name now; false when no site lies under it.
func (n *Net) domain(name string) (Domain, bool) {
	name = strings.TrimSuffix(strings.ToLower(name), ".")
	n.mu.RLock()
	defer n.mu.RUnlock()
	d, known := n.domains[name]
	of := n.sites[name]
	if top := n.names[name]; of == nil && top != nil {
		of = top.first
	}
	if of == nil && !known {
		return Domain{}, false
	}
	d.Name = name
	if d.Registrar == "" {
		d.Registrar, d.RegistrarAbuse = "Plain Names Registrar", "abuse@registrar.test"
	}
	if d.Created.IsZero() {
		d.Created = n.start.AddDate(-3, 0, 0).UTC().Truncate(time.Second)
	}
	if d.Expires.IsZero() {
		d.Expires = n.start.AddDate(2, 0, 0).UTC().Truncate(time.Second)
	}
	if of != nil {
		if len(d.Status) == 0 {
			d.Status = of.at(n.elapsed()).DomainStatus
		}
		if len(d.Nameservers) == 0 {
			d.Nameservers = of.Nameservers
		}
	}
	if len(d.Status) == 0 {
		d.Status = []string{"ok"}
	}
	return d, true
}

// object is what a registry question is about.
type object struct {
	network Network
	prefix  netip.Prefix // the part of the network with the address
	asn     uint32
	domain  Domain
}

// find is the object of a question in words: an address, a prefix, a number of an AS or a domain.
func (n *Net) find(question string) (object, bool) {
	question = strings.ToLower(strings.TrimSpace(question))
	address, _, _ := strings.Cut(question, "/")
	if a, err := netip.ParseAddr(address); err == nil {
		w, ok := n.NetworkOf(a)
		if !ok {
			return object{}, false
		}
		p := w.Prefix
		if !p.Contains(a) {
			p = w.Prefix6
		}
		return object{network: w, prefix: p}, true
	}
	if number, err := strconv.ParseUint(strings.TrimPrefix(question, "as"), 10, 32); err == nil {
		for _, w := range n.Networks() {
			if w.ASN == uint32(number) {
				return object{network: w, asn: w.ASN}, true
			}
		}
		return object{}, false
	}
	d, ok := n.domain(question)
	return object{domain: d}, ok
}

// other is an object that was not asked for.
func (n *Net) other(o object) object {
	switch {
	case o.domain.Name != "":
		o.domain.Name = "another-name.test"
	case o.asn != 0:
		o.asn, o.network = 65550, infrastructure
	default:
		o.prefix, o.network = netip.MustParsePrefix("198.18.0.0/24"), infrastructure
		o.network.Name = "ANOTHER-NET"
	}
	return o
}

// last is the last address of a prefix.
func last(p netip.Prefix) netip.Addr {
	b := p.Masked().Addr().AsSlice()
	for i := p.Bits(); i < len(b)*8; i++ {
		b[i/8] |= 1 << (7 - i%8)
	}
	a, _ := netip.AddrFromSlice(b)
	return a
}
