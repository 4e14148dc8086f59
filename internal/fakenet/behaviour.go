package fakenet

import (
	"net/http"
	"net/netip"
	"time"

	"vigil/casefile"
)

// Behaviour is what a site does. Values may be shared by many sites. The zero
// value is a plain page.
type Behaviour struct {
	// Name is for people and test names, for example "http_404".
	Name string
	// Expect is the reason an honest judge gives for it, in place of a live page that is the baseline by then; served
	// becomes matches_baseline when it is that page again. Empty when it depends on the vantage or on what came before.
	Expect casefile.Reason
	// DNS replaces the plain answer with the site's addresses.
	DNS *DNS
	// Wire acts below HTTP, for the whole address of the site.
	Wire Wire
	// TLS is how the handshake goes, on HTTPS sites.
	TLS TLSKind
	// Everywhere answers all paths, not only the site's own.
	Everywhere bool
	// Wildcard answers for every name below the host that is no site of its own.
	Wildcard bool
	// Extra are further paths that Answer answers, for example "/login"; one that ends with a slash stands for all below it.
	Extra []string
	// Answer writes the response; a plain page when nil.
	Answer func(w http.ResponseWriter, r *Request)
	// DomainStatus are the EPP states that the registry shows for the domain meanwhile; "active" when nil.
	DomainStatus []string
}

// Request is what Answer gets.
type Request struct {
	*http.Request
	Site    Site
	Vantage casefile.Vantage
	// Number counts the requests of the site from 1.
	Number int64
	Net    *Net
	// Elapsed is the time since the start of the script.
	Elapsed time.Duration

	from *arrival
}

// Wire is what happens below HTTP.
type Wire string

// Wires.
const (
	WireNormal    Wire = ""
	WireRefuse    Wire = "refuse"    // connection refused
	WireBlackhole Wire = "blackhole" // the connection is never made; in plain mode as WireHang
	WireHang      Wire = "hang"      // accepts and says nothing; before the handshake on HTTPS
	WireReset     Wire = "reset"     // accepts and resets at once
	WireClose     Wire = "close"     // accepts, reads and closes
	WireBanner    Wire = "banner"    // another protocol's banner
)

// TLSKind is how the handshake goes.
type TLSKind string

// TLS kinds.
const (
	TLSGood       TLSKind = ""
	TLSExpired    TLSKind = "expired"
	TLSNotYet     TLSKind = "not_yet_valid"
	TLSSelfSigned TLSKind = "self_signed"
	TLSUnknownCA  TLSKind = "unknown_authority"
	TLSWrongName  TLSKind = "wrong_name"
	TLSAlert      TLSKind = "alert"   // the server breaks off with an alert
	TLSOld        TLSKind = "old"     // only TLS 1.0
	TLSPlain      TLSKind = "plain"   // speaks HTTP without TLS on the TLS port
	TLSHang       TLSKind = "hang"    // never answers the client's hello
	TLSReset      TLSKind = "reset"   // resets after the client's hello
	TLSGarbage    TLSKind = "garbage" // answers the client's hello with nonsense
)

// DNSKind is how the DNS answers.
type DNSKind string

// DNS kinds.
const (
	DNSNormal        DNSKind = ""
	DNSNXDomain      DNSKind = "nxdomain"
	DNSServfail      DNSKind = "servfail"
	DNSRefused       DNSKind = "refused"
	DNSNoData        DNSKind = "nodata"
	DNSSilent        DNSKind = "silent"
	DNSWrongID       DNSKind = "wrong_id"
	DNSWrongQuestion DNSKind = "wrong_question"
	DNSGarbage       DNSKind = "garbage"
	DNSTruncated     DNSKind = "truncated" // truncated and empty on UDP, complete on TCP
	DNSCNAMELoop     DNSKind = "cname_loop"
)

// DNS is how a site's name is answered.
type DNS struct {
	Kind DNSKind
	// Only restricts Kind to one type, "A" or "AAAA"; the other is answered plainly.
	Only string
	// Delay before the answer.
	Delay time.Duration
	// CNAMEs are the chain before the addresses. Each name of it resolves as well.
	CNAMEs []string
	// CutChain answers only the next name of the chain: the resolver must ask on.
	CutChain bool
	// Addresses replace the site's.
	Addresses []netip.Addr
	// Rotate gives the next set of addresses with each query of a type: rebinding.
	Rotate [][]netip.Addr
	// TTL replaces the net's; 0 s when negative.
	TTL time.Duration
	// Authenticated sets the AD flag when the query asks for it.
	Authenticated bool
}

// On returns b with a DNS behaviour.
func (b Behaviour) On(d DNS) Behaviour { b.DNS = &d; return b }

// Over returns b with a TLS kind.
func (b Behaviour) Over(k TLSKind) Behaviour { b.TLS = k; return b }

// At returns b at other addresses: the site moves.
func (b Behaviour) At(addresses ...netip.Addr) Behaviour {
	d := DNS{}
	if b.DNS != nil {
		d = *b.DNS
	}
	d.Addresses = addresses
	b.DNS = &d
	return b
}

// Named returns b with another name and expectation.
func (b Behaviour) Named(name string, expect casefile.Reason) Behaviour {
	b.Name, b.Expect = name, expect
	return b
}

// AllPaths returns b for every path.
func (b Behaviour) AllPaths() Behaviour { b.Everywhere = true; return b }
