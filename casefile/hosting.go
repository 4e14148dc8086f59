package casefile

import (
	"net/netip"
	"time"
)

// Fact names what a claim is about.
type Fact string

// Facts.
const (
	FactCountry           Fact = "country"            // where the machine stands
	FactRegisteredCountry Fact = "registered_country" // the office of the registrant: not the same
	FactASN               Fact = "asn"
	FactASHolder          Fact = "as_holder"
	FactNetwork           Fact = "network" // a prefix
	FactNetworkName       Fact = "network_name"
	FactOrganisation      Fact = "organisation"
	FactAbuse             Fact = "abuse" // an e-mail address
	FactEdge              Fact = "edge"
	FactOrigin            Fact = "origin"
	FactRegistrar         Fact = "registrar"
	FactRegistrarAbuse    Fact = "registrar_abuse"
	FactDomainStatus      Fact = "domain_status"
	FactReverseName       Fact = "reverse_name"
)

// Claim is one source's opinion on one fact.
type Claim struct {
	Fact  Fact   `json:"fact"`
	Value string `json:"value"`
	// Source is the kind and name of the source, for example mmdb:country, rdap, whois, iploc.
	Source string `json:"source"`
	// AsOf is the build date of the database or the date of the answer.
	AsOf time.Time `json:"as_of"`
	// Address is what the claim is about; the zero Addr for claims about the domain.
	Address netip.Addr `json:"address,omitzero"`
	// Problem says why the source gave no value (timeout, not_found, rate_limited, broken), or is empty.
	Problem string `json:"problem,omitempty"`
}

// Hosting is the decision who hosts a target and where, with every claim it was made from.
type Hosting struct {
	Provider string
	ASN      uint32       // 0 when unknown
	Network  netip.Prefix // invalid when unknown
	// Country is ISO 3166-1 alpha-2, or empty when it is not decided.
	Country    string
	Confidence float64 // 0..1
	Disputed   bool    // trustworthy sources disagree about the country
	Claims     []Claim
	Edge       *Edge  // nil when there is none
	Origin     string // OriginKnown or OriginUnknown
	Contacts   []Contact
	Registrar  *Registrar
	Addresses  []netip.Addr // what the decision was made from, sorted
	Decided    time.Time
	Steps      []string // the steps of the written rule, for people
}

// Values of Hosting.Origin. Behind an edge the hosting country is unknown until an origin is learned.
const (
	OriginKnown   = "known"
	OriginUnknown = "unknown"
)

// Edge is a CDN, WAF or reverse proxy in front of the origin.
type Edge struct {
	Name       string `json:"name"`
	Evidence   string `json:"evidence"` // cname, asn, range or header
	AbuseEmail string `json:"abuse_email,omitempty"`
	AbuseForm  string `json:"abuse_form,omitempty"`
}

// Registrar is the domain side.
type Registrar struct {
	Name         string    `json:"name"`
	AbuseEmail   string    `json:"abuse_email,omitempty"`
	DomainStatus []string  `json:"domain_status"` // EPP names such as clientHold, sorted
	Created      time.Time `json:"created,omitzero"`
	Expires      time.Time `json:"expires,omitzero"`
}

// Party is who can act.
type Party string

// Parties.
const (
	PartyHotline   Party = "hotline"
	PartyHost      Party = "host"
	PartyEdge      Party = "edge"
	PartyRegistrar Party = "registrar"
)

// Valid says whether p is known.
func (p Party) Valid() bool {
	return p == PartyHotline || p == PartyHost || p == PartyEdge || p == PartyRegistrar
}

// Contact is an address or a form of a party.
type Contact struct {
	Party  Party  `json:"party"`
	Name   string `json:"name,omitempty"`
	Role   string `json:"role"` // abuse, or what the source calls it
	Email  string `json:"email,omitempty"`
	Form   string `json:"form,omitempty"`
	Source string `json:"source"` // directory, rdap, whois, rfc2142
}
