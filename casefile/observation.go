package casefile

import (
	"cmp"
	"net/netip"
	"slices"
	"time"
)

// Vantage is a named place to look from.
type Vantage struct {
	Name    string `json:"name"`
	Country string `json:"country"` // ISO 3166-1 alpha-2
	Network string `json:"network"` // for example AS64500; two vantages of one network are no independent witnesses
}

// Subject is what to look at.
type Subject struct {
	Target   Target
	Referrer Target // sent as the Referer header; zero for none
	Purpose  Purpose
	// Nameservers asks for the name servers of the zone as well.
	Nameservers bool
}

// Observation is what one look saw: facts, no opinion. It never holds a body or
// a part of one. Its JSON leaves out the targets of its hops: RevealedObservation has them.
type Observation struct {
	ID      ObservationID `json:"-"`
	Vantage string        `json:"vantage,omitempty"`
	// Purpose is what the look was for.
	Purpose    Purpose       `json:"purpose"`
	Started    time.Time     `json:"started,omitzero"`
	Took       time.Duration `json:"took_ns"`
	Resolution Resolution    `json:"resolution"`
	// Hops are the answers in order, redirects first; empty when no server answered.
	Hops []Hop `json:"hops"`
	// Status is the HTTP status of the last hop; 0 when no status line came.
	Status int `json:"status"`
	// BodyBytes counts the decoded bytes that were read; Truncated says that there were more.
	BodyBytes int64 `json:"body_bytes"`
	Truncated bool  `json:"truncated"`
	// Features are set when a body was read, also an empty or a truncated one.
	Features *Features `json:"features,omitempty"`
	// Fault is set when the look did not end with a complete answer.
	Fault *Fault `json:"fault,omitempty"`
}

// Final is the last hop, or the zero Hop.
func (o Observation) Final() Hop {
	if len(o.Hops) == 0 {
		return Hop{}
	}
	return o.Hops[len(o.Hops)-1]
}

// Answered is the HTTP status of the answer; 0 when no status line came. Some looks tell it only in their
// last hop.
func (o Observation) Answered() int { return cmp.Or(o.Status, o.Final().Status) }

// Purpose of a look.
type Purpose string

// Purposes.
const (
	PurposeTarget  Purpose = "target"  // the reported URL
	PurposeDecoy   Purpose = "sibling" // a path of the same server that surely does not exist (soft 404)
	PurposeControl Purpose = "control" // a control target of the gate
	// PurposeSameSiteReferrer is the reported URL once more, as if it were linked from its own site's front
	// page: whether one answer for every path is meant for those who come directly.
	PurposeSameSiteReferrer Purpose = "referred"
	// PurposeSubdomain is a name under the target's domain that surely does not exist: whether every name
	// of the domain answers alike, as parking services do.
	PurposeSubdomain Purpose = "subdomain"
	// PurposeWithoutReferrer is the reported URL once more, without the referrer that was recorded for it:
	// what those see who open the address by itself (ADR-0035).
	PurposeWithoutReferrer Purpose = "direct"
	// PurposeHomepage is the front page of the target's site: whether what stands at every path stands there
	// too.
	PurposeHomepage Purpose = "front"
)

// Valid says whether p is known.
func (p Purpose) Valid() bool { return p == PurposeTarget || p.IsProbe() }

// IsProbe says whether a look of this purpose stands beside those at the target: it helps to judge
// them, and has no opinion of its own.
func (p Purpose) IsProbe() bool {
	return slices.Contains([]Purpose{
		PurposeDecoy, PurposeControl, PurposeSameSiteReferrer, PurposeSubdomain, PurposeWithoutReferrer, PurposeHomepage,
	}, p)
}

// Resolution is what the DNS said about the host of the first hop.
type Resolution struct {
	// Rcode is the DNS name of the answer's code, for example NOERROR or NXDOMAIN;
	// empty when no server answered.
	Rcode       string       `json:"rcode"`
	CNAMEs      []string     `json:"cnames"`      // in order of the chain, without the trailing dot
	Addresses   []netip.Addr `json:"addresses"`   // A before AAAA, in the order of the answer
	Nameservers []string     `json:"nameservers"` // of the zone, sorted; empty when not asked
	// Authenticated is the AD flag: the resolver validated the answer with DNSSEC.
	Authenticated bool `json:"authenticated"`
	// Took is how long the look-up took, name servers included; also when it failed. Of an answer that
	// was remembered it is next to nothing; 0 when it was not measured, as of an address literal. In
	// JSON it is nanoseconds.
	Took time.Duration `json:"took_ns,omitempty"`
}

// NoResolution knows nothing: its lists are empty, not nil, as JSON and the store show them.
func NoResolution() Resolution {
	return Resolution{CNAMEs: []string{}, Addresses: []netip.Addr{}, Nameservers: []string{}}
}

// NewObservation is that of a look that begins now, with nothing seen yet.
func NewObservation(vantage string, s Subject) Observation {
	return Observation{Vantage: vantage, Purpose: s.Purpose, Started: time.Now().UTC(), Resolution: NoResolution()}
}

// Hop is one answer on the way. Its JSON leaves out the target: RevealedHop has it.
type Hop struct {
	Target  Target     `json:"-"`
	Address netip.Addr `json:"address,omitzero"` // the address that was dialled
	Status  int        `json:"status"`
	TLS     *TLS       `json:"tls,omitempty"` // nil on http
	// Header facts a judge needs; each is bounded and never free text of the page.
	Location  bool   `json:"location,omitempty"`   // a Location header was present
	MediaType string `json:"media_type,omitempty"` // the type/subtype of Content-Type, at most 100 bytes
	Server    string `json:"server,omitempty"`     // the Server header, at most 100 bytes
	Edge      string `json:"edge,omitempty"`       // the name of the edge its headers give away, from a closed set; or empty
	Challenge bool   `json:"challenge,omitempty"`  // the headers say that this is a bot challenge
	Protocol  string `json:"protocol,omitempty"`   // HTTP/1.1, HTTP/2.0
	// RetryAfter is the server's wish, at most 24 h; 0 when it stated none.
	RetryAfter time.Duration `json:"retry_after_ns,omitempty"`
	// Date is the server's clock (RFC 9110, section 6.6.1); zero when it told none.
	Date time.Time `json:"date,omitzero"`
	// RoundTrip is how long the connection to Address took to open, through the
	// vantage's proxy where it has one: without one, never less than one round trip
	// from the vantage to the server. 0 when it was not measured.
	RoundTrip time.Duration `json:"round_trip_ns,omitempty"`
	Took      time.Duration `json:"took_ns,omitempty"`
}

// RevealedHop is a hop whose JSON tells its URL. It is for sealing and for the line to
// a remote vantage, and for nothing that is shown or logged.
type RevealedHop struct {
	URL string `json:"url"` // empty when there is no target
	Hop
}

// RevealedObservation is an observation whose JSON tells the URLs of its hops, for the same uses.
type RevealedObservation struct {
	Observation
	Hops []RevealedHop `json:"hops"`
}

// Reveal gives the observation with the URLs of its hops.
func (o Observation) Reveal() RevealedObservation { return RevealedObservation{o, RevealHops(o.Hops)} }

// Read gives the observation with the targets that the URLs of its hops name. The error repeats no URL.
func (r RevealedObservation) Read() (o Observation, err error) {
	o = r.Observation
	o.Hops, err = HopsOf(r.Hops)
	return o, err
}

// RevealHops gives the hops with their URLs.
func RevealHops(hops []Hop) []RevealedHop {
	list := make([]RevealedHop, len(hops))
	for i, h := range hops {
		list[i] = RevealedHop{URL: h.Target.URL(), Hop: h}
	}
	return list
}

// HopsOf reads hops with the targets that their URLs name; nil when there are none. The error repeats no URL.
func HopsOf(revealed []RevealedHop) ([]Hop, error) {
	var hops []Hop
	for _, r := range revealed {
		if r.URL != "" {
			var err error
			if r.Target, err = NewTarget(r.URL); err != nil {
				return nil, err
			}
		}
		hops = append(hops, r.Hop)
	}
	return hops, nil
}

// TLS is what the handshake of a hop showed. A bad certificate never hides content.
type TLS struct {
	Version string `json:"version"` // 1.2, 1.3
	// Problem is why the certificate would not be trusted (expired, unknown authority,
	// wrong name, other), or empty when it would be.
	Problem string    `json:"problem,omitempty"`
	Expires time.Time `json:"expires,omitzero"` // end of the leaf's validity
}

// Phase is where in a look a fault struck.
type Phase string

// Phases in the order of a look.
const (
	PhaseResolve Phase = "resolve"
	PhaseConnect Phase = "connect"
	PhaseTLS     Phase = "tls"
	PhaseRequest Phase = "request" // from the first byte sent to the end of the headers
	PhaseBody    Phase = "body"
)

// Phases in the order of a look.
var Phases = []Phase{PhaseResolve, PhaseConnect, PhaseTLS, PhaseRequest, PhaseBody}

// Valid says whether p is known.
func (p Phase) Valid() bool { return slices.Contains(Phases, p) }

// FaultKind is what went wrong.
type FaultKind string

// Fault kinds. Each has the name of the reason that it leads to.
const (
	FaultTimeout          FaultKind = "timeout"
	FaultRefused          FaultKind = "refused" // also: host or network unreachable
	FaultReset            FaultKind = "reset"   // also: closed before the answer was complete
	FaultTLS              FaultKind = "tls"
	FaultServfail         FaultKind = "servfail" // SERVFAIL, REFUSED, lame or broken DNS answers
	FaultNXDomain         FaultKind = "nxdomain"
	FaultNoAddress        FaultKind = "no_address" // the name exists, and has neither A nor AAAA
	FaultRedirectLoop     FaultKind = "redirect_loop"
	FaultTooManyRedirects FaultKind = "too_many_redirects"
	FaultProtocol         FaultKind = "protocol_error"  // not HTTP, broken headers or encoding, a redirect to nowhere
	FaultAddressRefused   FaultKind = "address_refused" // our guard would not dial it
	FaultInterrupted      FaultKind = "interrupted"     // we stopped: shutdown or crash
)

// FaultKinds are all of them.
var FaultKinds = []FaultKind{
	FaultTimeout, FaultRefused, FaultReset, FaultTLS, FaultServfail, FaultNXDomain, FaultNoAddress, FaultRedirectLoop,
	FaultTooManyRedirects, FaultProtocol, FaultAddressRefused, FaultInterrupted,
}

// Valid says whether k is known.
func (k FaultKind) Valid() bool { return slices.Contains(FaultKinds, k) }

// Fault is why a look saw nothing, or not all. It is data, never a Go error.
type Fault struct {
	Kind  FaultKind `json:"kind"`
	Phase Phase     `json:"phase"`
	// Detail is a short phrase from a closed set, for people; it never holds a URL, a host or a part of a
	// body.
	Detail string `json:"detail,omitempty"`
}

// Features are the non-reversible traits of a body. The body itself is dropped.
type Features struct {
	// Digest is the keyed digest (HMAC-SHA-256) of the decoded bytes that were read, in lower-case hex.
	Digest string `json:"digest"`
	// SimHash is the 64-bit simhash of the visible text's words; near pages differ in few bits.
	SimHash uint64 `json:"simhash"`
	// Structure is a hash of the sequence of element names.
	Structure uint64 `json:"structure"`
	// Title is the keyed digest of the title, folded in case and space; empty when there is none.
	Title string `json:"title,omitempty"`
	// Counts of what the page holds.
	Words     int `json:"words"`
	Elements  int `json:"elements"`
	Links     int `json:"links"`
	Images    int `json:"images"`
	Media     int `json:"media"`   // video, audio, embed, object
	Scripts   int `json:"scripts"` //
	Forms     int `json:"forms"`
	Passwords int `json:"passwords"` // password inputs
	Buttons   int `json:"buttons,omitempty"`
	Frames    int `json:"frames"`
	// Kind is what the first 512 bytes are by the MIME Sniffing standard, for example image/jpeg: one of a
	// closed set, whatever the server calls it. Empty of markup, and of a body in a coding that is not
	// understood.
	Kind string `json:"kind,omitempty"`
	// Bytes is how many decoded bytes Digest is made of; 0 of markup and of an empty body.
	Bytes int64 `json:"bytes,omitempty"`
	// Length is the whole length of a file in bytes: read to its end, or declared by the server. 0 when
	// nobody said it, and of markup. Above Bytes there was more than was read.
	Length int64 `json:"length,omitempty"`
	// PrefixDigests are keyed digests (HMAC-SHA-256, its first 128 bits, in lower-case hex) of the first 4,
	// 8, 16 ... KiB of a file, as far as it was read, at most MaxPrefixDigests of them; none of markup. Two
	// files begin alike as far as these are the same.
	PrefixDigests []string `json:"heads,omitempty"`
	// HTML says that the body was parsed as markup: HTML, or the error document of an object store.
	// Without it only Digest, Kind, the sizes, PrefixDigests and Markers mean something, and of text and data
	// written as text Words and SimHash.
	HTML bool `json:"html"`
	// Markers are traits from a closed, dated list (for example suspended_phrase), sorted.
	Markers []Marker `json:"markers,omitempty"`
	// Said are those of Markers that the page says of itself, sorted: in its title, in a heading, or in a
	// block of little else on a short page. The others may be quoted from elsewhere.
	Asserted []Marker `json:"said,omitempty"`
}

// What PrefixDigests are made of. The first is longer than the tables and profiles that one program writes at
// the beginning of most of its pictures; the last is 8 MiB.
const (
	FirstPrefix      = 4 << 10 // bytes; each further one is twice as long
	MaxPrefixDigests = 12
)

// Has says whether the page shows the marker.
func (f *Features) Mentions(m Marker) bool {
	return f != nil && slices.Contains(f.Markers, m)
}

// Says tells whether the page says the marker's phrase of itself, and does not only mention it.
func (f *Features) Asserts(m Marker) bool {
	return f != nil && slices.Contains(f.Asserted, m)
}

// RefreshWords is the most a page says, in words, that does nothing but send its visitors on.
const RefreshWords = 20

// Marker is a trait of a page from the closed list of crawler/fetch.
type Marker string

// Markers. Each is one signal among others: a judge never decides by a marker alone. Those that end
// in _phrase are what a page says of itself in words, those that end in _sign what it is built of,
// in any language: of one kind they are two signs, not one.
const (
	MarkerNotFound    Marker = "not_found_phrase"
	MarkerTakedown    Marker = "takedown_phrase"
	MarkerSuspended   Marker = "suspended_phrase"
	MarkerParked      Marker = "parked_phrase"
	MarkerSeized      Marker = "seized_phrase"
	MarkerSinkhole    Marker = "sinkhole_header" // of the headers of known sinkholes
	MarkerLogin       Marker = "login_form"
	MarkerPaywall     Marker = "paywall_phrase"
	MarkerConsent     Marker = "consent_wall"
	MarkerChallenge   Marker = "challenge_page"
	MarkerAppShell    Marker = "app_shell"
	MarkerLinkExpired Marker = "link_expired_phrase"
	MarkerReferrer    Marker = "referrer_phrase"
	MarkerGeoBlock    Marker = "geo_block_phrase"
	MarkerMetaRefresh Marker = "meta_refresh"
	MarkerLegalBlock  Marker = "legal_block_phrase"
	MarkerRateLimit   Marker = "rate_limit_phrase"

	MarkerTakedownSign   Marker = "takedown_sign"     // the placeholder of a host for what it removed
	MarkerSuspendedSign  Marker = "suspended_sign"    // a hosting panel's page for suspended accounts
	MarkerParkedSign     Marker = "parked_sign"       // scripts and attributes of parking services
	MarkerSeizedSign     Marker = "seized_sign"       // parts of the banners of law enforcement
	MarkerSinkholePhrase Marker = "sinkhole_phrase"   // a page that says that it is a sinkhole
	MarkerDefaultPage    Marker = "default_page"      // of a server or panel on which nothing is set up
	MarkerListing        Marker = "directory_listing" // an index made by the server, with entries
	MarkerEmptyListing   Marker = "empty_listing"     // the same, without any entry
	MarkerFailure        Marker = "failure_phrase"    // the server or its software failed, or is being mended
	MarkerSearch         Marker = "search_form"       // a field to search the site: a site of its own stands behind the page
)

// Markers are all of them.
var Markers = []Marker{
	MarkerNotFound, MarkerTakedown, MarkerSuspended, MarkerParked, MarkerSeized, MarkerSinkhole, MarkerLogin, MarkerPaywall,
	MarkerConsent, MarkerChallenge, MarkerAppShell, MarkerLinkExpired, MarkerReferrer, MarkerGeoBlock, MarkerMetaRefresh,
	MarkerTakedownSign, MarkerSuspendedSign, MarkerParkedSign, MarkerSeizedSign, MarkerSinkholePhrase, MarkerDefaultPage,
	MarkerListing, MarkerEmptyListing, MarkerFailure, MarkerLegalBlock, MarkerRateLimit, MarkerSearch,
}

// Valid says whether m is in the list.
func (m Marker) Valid() bool { return slices.Contains(Markers, m) }
