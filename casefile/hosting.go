package casefile

import (
	"net/netip"
	"slices"
	"strings"
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
	FactReverseName       Fact = "reverse_name" // what the reverse DNS calls the address, without the target's own names
	FactReverseCountry    Fact = "reverse_country"
	FactNetworkHandle     Fact = "network_handle"
	FactParentNetwork     Fact = "parent_network" // a wider allocation around the network
	FactRIR               Fact = "rir"            // afrinic, apnic, arin, lacnic or ripe
	FactRoundTrip         Fact = "round_trip"     // the shortest round trip from a vantage: a bound of the distance
	FactCanonicalName     Fact = "canonical_name" // the registrable domain of a CNAME's target
	FactPlatform          Fact = "platform"
	FactNameserver        Fact = "name_server"
	FactNameserverBy      Fact = "name_server_operator"
	FactDomainCreated     Fact = "domain_created"
	FactDomainExpires     Fact = "domain_expires"
)

// Claim is one source's opinion on one fact.
type Claim struct {
	Fact  Fact   `json:"fact"`
	Value string `json:"value"`
	// Source is the kind and name of the source, for example mmdb:country, rdap, whois, iploc.
	Source string `json:"source"`
	// AsOf is the build date of the database or the date of the answer.
	AsOf time.Time `json:"as_of,omitzero"`
	// Address is what the claim is about; the zero Addr for claims about the domain.
	Address netip.Addr `json:"address,omitzero"`
	// Problem says why the source gave no value (timeout, not_found, rate_limited, broken), or is empty.
	Problem string `json:"problem,omitempty" doc:"why the source gave no value"`
}

// Hosting is the decision who hosts a target and where, with every claim it was made
// from. Its JSON is what is stored, and the hosting of a line of vigil look.
type Hosting struct {
	Provider string       `json:"provider"`
	ASN      uint32       `json:"asn"`     // 0 when unknown
	Network  netip.Prefix `json:"network"` // invalid when unknown
	// Country is ISO 3166-1 alpha-2, or empty when it is not decided.
	Country    string  `json:"country"`
	Confidence float64 `json:"confidence"` // 0..1
	Disputed   bool    `json:"disputed"`   // trustworthy sources disagree about the country
	// Dissent are the opinions on the country that the decision did not follow, in words.
	Dissent   []string     `json:"dissent" nullable:"false" doc:"opinions on the country that the decision did not follow, in words"`
	Addresses []netip.Addr `json:"addresses" nullable:"false"` // what the decision was made from, sorted
	Claims    []Claim      `json:"claims" nullable:"false"`
	Edge      *Edge        `json:"edge"`                        // nil when there is none
	Platform  *Platform    `json:"platform"`                    // nil when there is none
	Origin    string       `json:"origin" enum:"known,unknown"` // OriginKnown or OriginUnknown
	Contacts  []Contact    `json:"contacts" nullable:"false"`
	Registrar *Registrar   `json:"registrar"`
	Steps     []string     `json:"steps" nullable:"false" doc:"the steps of the written rule"`
	Decided   time.Time    `json:"decided,omitzero"`
}

// Values of Hosting.Origin. Behind an edge the hosting country is unknown until an origin is learned.
const (
	OriginKnown   = "known"
	OriginUnknown = "unknown"
)

// Edge is a CDN, WAF, reverse proxy or shared redirector in front of the origin.
type Edge struct {
	Name     string `json:"name"`
	Kind     string `json:"kind,omitempty"` // cdn, waf, proxy or redirector
	Evidence string `json:"evidence"`       // the strongest sign: cname, range, asn or header
	// Signs are all the signs in words, the strongest first; none names the target.
	Signs      []string `json:"signs,omitempty"`
	AbuseEmail string   `json:"abuse_email,omitempty"`
	AbuseForm  string   `json:"abuse_form,omitempty"`
}

// Platform is a cloud or hosting platform on which its customers keep their pages:
// it is the host, and can delete.
type Platform struct {
	Name     string `json:"name"`
	Kind     string `json:"kind"`     // object_store, page_host, site_builder or cloud
	Evidence string `json:"evidence"` // host, cname, range, asn or header
	// Signs are all the signs in words, the strongest first; none names the target.
	Signs      []string `json:"signs,omitempty"`
	AbuseEmail string   `json:"abuse_email,omitempty"`
	AbuseForm  string   `json:"abuse_form,omitempty"`
}

// Registrar is the domain side.
type Registrar struct {
	Name         string    `json:"name"`
	IANAID       int       `json:"iana_id,omitempty"` // of the registrar; 0 when unknown
	AbuseEmail   string    `json:"abuse_email,omitempty"`
	DomainStatus []string  `json:"domain_status"` // EPP names such as clientHold, sorted
	Created      time.Time `json:"created,omitzero"`
	Updated      time.Time `json:"updated,omitzero"`
	Expires      time.Time `json:"expires,omitzero"`
	// Nameservers are those of the delegation, sorted; NameserverOperators those who run them.
	Nameservers         []string `json:"nameservers,omitempty"`
	NameserverOperators []string `json:"nameserver_operators,omitempty"`
}

// Origin is where a target is really hosted, as a person recorded it: the address
// behind an edge, or only the country where the sources do not decide it. At least
// one of the two is set.
type Backend struct {
	Address netip.Addr `json:"address,omitzero" doc:"for analysts and admins"` // one unicast address, unmapped and without a zone
	Country string     `json:"country,omitempty"`                              // ISO 3166-1 alpha-2
	// Of are the addresses that the target had when the record was made without an edge
	// in front: the word holds for them, and not for a host that the target moved to
	// since. Empty behind an edge.
	Of []netip.Addr `json:"of,omitempty" doc:"for analysts and admins"`
	By string       `json:"by,omitempty" doc:"for analysts and admins"` // who recorded it
	At time.Time    `json:"at,omitzero" doc:"for analysts and admins"`
}

// Public is what of the record those may know who may not reveal the URL: its country. Nil of nil.
func (o *Backend) Public() *Backend {
	if o == nil {
		return nil
	}
	return &Backend{Country: o.Country}
}

// Network is the /24 (IPv6: /48) around the address: as much of it as a text may
// show that is kept in the clear. Invalid when only a country is recorded.
func (o Backend) Network() netip.Prefix {
	bits := 24
	if o.Address.Is6() {
		bits = 48
	}
	network, err := o.Address.Prefix(bits)
	if err != nil { // only of the zero Addr
		return netip.Prefix{}
	}
	return network
}

// Kinds of sources that name an origin: the part of Claim.Source before the colon.
// A person's record wins over a look-up.
const (
	OriginByAnalyst = "analyst"
	OriginByLookup  = "lookup"
)

// Claims are the record as claims: about the whole target, or about each of the
// addresses that it holds for.
func (o Backend) Claims() []Claim {
	of := o.Of
	if len(of) == 0 {
		of = []netip.Addr{{}}
	}
	var out []Claim
	for _, addr := range of {
		c := Claim{Fact: FactOrigin, Source: OriginByAnalyst + ":" + o.By, AsOf: o.At.UTC(), Address: addr}
		if o.Address.IsValid() {
			c.Value = o.Address.String()
			out = append(out, c)
		}
		if o.Country != "" {
			c.Value = o.Country
			out = append(out, c)
		}
	}
	return out
}

// Knows says whether the decision was made with this record of a person; with nil,
// whether it was made without any.
func (h Hosting) Knows(o *Backend) bool {
	var made []Claim
	for _, c := range h.Claims {
		if c.Fact == FactOrigin && strings.HasPrefix(c.Source, OriginByAnalyst+":") {
			made = append(made, c)
		}
	}
	var record []Claim
	if o != nil {
		record = o.Claims()
	}
	return slices.EqualFunc(made, record, func(a, b Claim) bool {
		return a.Value == b.Value && a.Source == b.Source && a.Address == b.Address && a.AsOf.Equal(b.AsOf)
	})
}

// MinConfidence is the confidence in the hosting country below which a person decides (docs/hosting.md).
const MinConfidence = 0.5

// Undecided says whether nobody can be named: there are addresses, no edge hides the origin, and
// the country is unknown or below MinConfidence. h may be nil.
func (h *Hosting) Undecided() bool {
	return h != nil && len(h.Addresses) > 0 && h.Origin != OriginUnknown && (h.Country == "" || h.Confidence < MinConfidence)
}

// FirstAddressee is who a removal notice goes to first; empty when nobody is known.
func (h *Hosting) FirstAddressee() string {
	for _, c := range h.Contacts {
		if c.Party == PartyHost || c.Party == PartyEdge {
			return string(c.Party) + " " + c.Email + " " + c.Form
		}
	}
	return ""
}

// RegistryAnswered says whether the registry of the domain said what it knows, or there is none to ask. It is
// false as long as an answer may still come.
func (h Hosting) RegistryAnswered() bool {
	return h.Registrar != nil || !slices.ContainsFunc(h.Claims, func(c Claim) bool { return c.Fact == FactRegistrar && c.pending() })
}

// pending says that the source failed, and may answer yet.
func (c Claim) pending() bool {
	switch c.Problem {
	case "", "not_found", "broken", "too_large", "other_object":
		return false
	}
	return true
}

// Inquiry is what to attribute: the target, what the looks at it saw, and the
// origin that an analyst recorded.
type Inquiry struct {
	Target  Target
	Looks   []Observation
	Backend *Backend // nil when none was recorded
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
	return slices.Contains([]Party{PartyHotline, PartyHost, PartyEdge, PartyRegistrar}, p)
}

// Contact is an address or a form of a party.
type Contact struct {
	Party  Party  `json:"party"`
	Name   string `json:"name,omitempty"`
	Role   string `json:"role"` // abuse, or what the source calls it
	Email  string `json:"email,omitempty"`
	Form   string `json:"form,omitempty"`
	Source string `json:"source"` // directory, edges, platforms, rdap, whois, rfc2142
	// Why says in words why this contact stands here in the order.
	Why string `json:"why,omitempty"`
	// Language is an ISO 639-1 code, empty when unknown. Approved says that the
	// operator's directory approved the contact. Both come from the directory only.
	Language string `json:"language,omitempty"`
	Approved bool   `json:"approved,omitempty"`
	// OwnDomain says that the address is of the reported domain itself: a host that is
	// reported under its own name, or the one who put the page there. A person decides.
	OwnDomain bool `json:"own_domain,omitempty"`
}

// countries are the officially assigned codes of ISO 3166-1 alpha-2 (249, as of November
// 2026), and XK, the user-assigned code that databases write for Kosovo.
const countries = " AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY " +
	"BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK " +
	"FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR " +
	"IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK " +
	"ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM " +
	"PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF " +
	"TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW "

// Country folds what people and other systems write to a code of ISO 3166-1: case does
// not matter, "uk" and "EL", which ICCAM and the EU write, are GB and GR. Empty for what
// is no country: EU, AP, ZZ and the other place-holders of registries and databases.
func Country(s string) string {
	s = strings.ToUpper(strings.TrimSpace(s))
	switch {
	case s == "UK":
		return "GB"
	case s == "EL":
		return "GR"
	case len(s) != 2 || strings.Contains(s, " ") || !strings.Contains(countries, " "+s+" "):
		return ""
	}
	return s
}
