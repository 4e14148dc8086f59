package registry

import (
	"net/netip"
	"time"

	"go4.org/netipx"
)

// Names of the sources an answer can come from.
const (
	SourceRDAP  = "rdap"
	SourceWHOIS = "whois"
)

// Problem is why a registry gave no value. It is data: a registry that fails never
// fails a visit. The codes are a closed set and hold no host name. All but not_found
// are passing: asked again later, the answer may be another.
type Problem string

// Problems.
const (
	ProblemTimeout     Problem = "timeout"      // no complete answer in time, slow-drip answers among them
	ProblemNotFound    Problem = "not_found"    // no registry is responsible, or it knows no such object
	ProblemRateLimited Problem = "rate_limited" // the server asked us to slow down, or our own limit for it is used up
	// ProblemUnreachable: no address, refused, reset, no TLS or no HTTP spoken, or what we do not dial: an
	// address or a port.
	ProblemUnreachable Problem = "unreachable"
	ProblemServer      Problem = "server_error" // it answered with an error, or sent us round in redirects
	ProblemBroken      Problem = "broken"       // the answer cannot be read, or is empty
	ProblemTooLarge    Problem = "too_large"    // the answer is over its bound in bytes or in JSON values
	ProblemOtherObject Problem = "other_object" // the answer is about something else
	ProblemInterrupted Problem = "interrupted"  // the caller stopped
	ProblemBusy        Problem = "busy"         // ours: as many callers wait for registries as may (Options.Waiting)
)

// lasting says whether asking again soon would be pointless.
func (p Problem) lasting() bool { return p == ProblemNotFound }

// Attempt is a source that was asked in vain.
type Attempt struct {
	Source  string    `json:"source"`
	Problem Problem   `json:"problem"`
	At      time.Time `json:"at"`
}

// Provenance says where an answer is from. The zero Source says that no registry
// answered; Failed then says why.
type Provenance struct {
	Source string    `json:"source"`
	AsOf   time.Time `json:"as_of"` // when the registry answered, UTC
	Failed []Attempt `json:"failed,omitempty"`
}

func (p *Provenance) provenance() *Provenance { return p }

func (p *Provenance) age(failed []Attempt) { p.Failed = failed }

// Network is what the registries say about the network of an address.
type Network struct {
	Provenance
	First netip.Addr `json:"first,omitzero"`
	Last  netip.Addr `json:"last,omitzero"`
	// Prefix is the widest prefix inside First..Last that holds the address asked about.
	Prefix       netip.Prefix `json:"-"`
	Handle       string       `json:"handle,omitempty"`
	Name         string       `json:"name,omitempty"`
	Organisation string       `json:"organisation,omitempty"`
	// Country is the registrant's office as the registry writes it, in capitals.
	Country string `json:"country,omitempty"`
	// RIR is the regional registry in whose part of the address space the network lies:
	// afrinic, apnic, arin, lacnic or ripe; empty when the answer does not say.
	RIR string `json:"rir,omitempty"`
	// Parents are wider allocations around the network that the answer names, the narrowest first.
	Parents  []Parent  `json:"parents,omitempty"`
	ASN      uint32    `json:"asn,omitempty"` // origin of the route; only WHOIS says it
	Contacts []Contact `json:"contacts,omitempty"`
}

// Parent is an allocation around a network. First and Last may be invalid when the
// answer names only its handle.
type Parent struct {
	First        netip.Addr `json:"first,omitzero"`
	Last         netip.Addr `json:"last,omitzero"`
	Handle       string     `json:"handle,omitempty"`
	Name         string     `json:"name,omitempty"`
	Organisation string     `json:"organisation,omitempty"`
}

// covers says whether the answer holds for the address.
func (n Network) covers(addr netip.Addr) bool {
	return n.First.IsValid() && n.First.BitLen() == addr.BitLen() && n.First.Compare(addr) <= 0 && addr.Compare(n.Last) <= 0
}

// Domain is what the registries say about a registrable domain. It does not repeat the name.
type Domain struct {
	Provenance
	Registrar string `json:"registrar,omitempty"`
	// IANAID is the registrar's number at IANA; 0 when the answer does not say.
	IANAID     int    `json:"iana_id,omitempty"`
	AbuseEmail string `json:"abuse_email,omitempty"` // of the registrar
	// Status are EPP names (RFC 5731, RFC 8056) such as clientHold, sorted.
	Status  []string  `json:"status,omitempty"`
	Created time.Time `json:"created,omitzero"`
	Updated time.Time `json:"updated,omitzero"`
	Expires time.Time `json:"expires,omitzero"`
	// Nameservers are those of the delegation: lower case, without the trailing dot, sorted.
	Nameservers []string `json:"nameservers,omitempty"`
}

// age drops the states: they are true for hours only.
func (d *Domain) age(failed []Attempt) { d.Failed, d.Status = failed, nil }

// Contact is an address that a registry gives for a network.
type Contact struct {
	Role  string `json:"role"` // abuse, technical, administrative, noc, registrant or other
	Name  string `json:"name,omitempty"`
	Email string `json:"email,omitempty"`
	Form  string `json:"form,omitempty"` // an https URL, when there is no e-mail address
	// Found says where in the answer it stood: one of the Found constants.
	Found Found `json:"found,omitempty"`
}

// Found is where in an answer a contact stood. The constants are in the order of trust.
type Found string

// Places of contacts.
const (
	FoundAbuseRole Found = "abuse_role" // an RDAP entity with the role abuse, at any depth
	FoundAbuseC    Found = "abuse_c"    // the abuse contact that the registry itself names: abuse-c, "Abuse contact for ... is"
	FoundAbuseLine Found = "abuse_line" // a line for abuse mail: abuse-mailbox, OrgAbuseEmail
	FoundRemarks   Found = "remarks"    // an address in remarks or descriptions that is asked for abuse reports
	FoundMailLine  Found = "mail_line"  // any other line with a mail address
)

// RoleAbuse is the role that notices are for.
const RoleAbuse = "abuse"

// Bounds of what is kept of an answer.
const (
	maxText     = 200 // bytes of a name
	maxContacts = 16
	maxStatus   = 32
)

// within is the widest prefix that lies inside first..last and holds addr.
func within(first, last, addr netip.Addr) netip.Prefix {
	for bits := 0; bits <= addr.BitLen(); bits++ {
		p, err := addr.Prefix(bits)
		if err != nil {
			break
		}
		if p.Addr().Compare(first) >= 0 && netipx.PrefixLastIP(p).Compare(last) <= 0 {
			return p
		}
	}
	return netip.Prefix{}
}
