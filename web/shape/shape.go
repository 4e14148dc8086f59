// Package shape holds the JSON that outside programs read of a look: the lines of
// `vigil look --json`, and what of them the REST interface shares. The names are a
// contract (docs/api.md): fields may be added, never renamed.
//
// Values come in from casefile and go out as they are to be written. Nothing here hides
// anything: a look's line is for the one who gave the URL, and whoever shows a value to
// others masks it before (web/mask). Hosting, claims, contacts and the domain side have
// no type here: casefile's own JSON is their shape.
package shape

import (
	"net/netip"
	"time"

	"vigil/casefile"
	"vigil/explain"
	"vigil/web/mask"
)

// Look is the line of one URL.
type Look struct {
	Target       string           `json:"target"`
	LookedAt     time.Time        `json:"looked_at"`
	Verdict      Verdict          `json:"verdict"`
	Observations []Observation    `json:"observations"`
	Hosting      casefile.Hosting `json:"hosting"`
	Assignment   Assignment       `json:"assignment"`
	// Explanation is there on request only.
	Explanation *explain.Explanation `json:"explanation,omitempty"`
}

// Refused stands for a URL that was refused before any look.
type Refused struct {
	Target  string            `json:"target"`
	Problem *casefile.Problem `json:"problem"`
}

// Verdict is the opinion over a visit with what it rests on.
type Verdict struct {
	State   casefile.State       `json:"state"`
	Reason  casefile.Reason      `json:"reason"`
	ICCAM   casefile.ICCAMReason `json:"iccam_reason"`
	Signals []casefile.Signal    `json:"signals" nullable:"false"`
	Dissent []casefile.Dissent   `json:"dissent,omitzero" required:"true" nullable:"false"` // only a line of vigil look leaves it out
}

// Observation is what one look saw.
type Observation struct {
	Vantage    string           `json:"vantage"`
	Purpose    casefile.Purpose `json:"purpose"`
	Resolution Resolution       `json:"resolution"`
	Hops       []Hop            `json:"hops"`
	Status     int              `json:"status"`
	BodyBytes  int64            `json:"body_bytes"`
	Truncated  bool             `json:"truncated"`
	Fault      *casefile.Fault  `json:"fault"`
	TookMS     int64            `json:"took_ms"`
}

// Resolution is what the DNS said.
type Resolution struct {
	Rcode         string       `json:"rcode"`
	CNAMEs        []string     `json:"cnames"`
	Addresses     []netip.Addr `json:"addresses"`
	Nameservers   []string     `json:"nameservers"`
	Authenticated bool         `json:"authenticated"`
	TookMS        int64        `json:"took_ms"`
}

// Hop is one answer on the way.
type Hop struct {
	Host      string     `json:"host"`
	Address   netip.Addr `json:"address"`
	Status    int        `json:"status"`
	TLS       *TLS       `json:"tls,omitempty"`
	MediaType string     `json:"media_type,omitempty"`
}

// TLS is what the handshake showed.
type TLS struct {
	Version string `json:"version"`
	Problem string `json:"problem,omitempty"`
}

// Assignment says who must act.
type Assignment struct {
	HostingCountry  string   `json:"hosting_country"`
	AssignedCountry string   `json:"assigned_country"`
	Hotlines        []string `json:"hotlines"`
	Policy          string   `json:"policy"`
}

// VerdictOf is the shape of v. Lists that are nil stay away, but for the signals.
func VerdictOf(v casefile.Verdict) Verdict {
	return Verdict{v.State, v.Reason, v.Reason.ICCAM(), List(v.Signals), v.Dissent}
}

// ObservationOf is the shape of o.
func ObservationOf(o casefile.Observation) Observation {
	r := o.Resolution
	out := Observation{
		Vantage: o.Vantage, Purpose: o.Purpose, Hops: make([]Hop, len(o.Hops)), Status: o.Status,
		BodyBytes: o.BodyBytes, Truncated: o.Truncated, Fault: o.Fault, TookMS: o.Took.Milliseconds(),
		Resolution: Resolution{r.Rcode, List(r.CNAMEs), List(r.Addresses), List(r.Nameservers), r.Authenticated, r.Took.Milliseconds()},
	}
	for i, h := range o.Hops {
		out.Hops[i] = Hop{Host: h.Target.Host(), Address: h.Address, Status: h.Status, MediaType: h.MediaType}
		if h.TLS != nil {
			out.Hops[i].TLS = &TLS{h.TLS.Version, h.TLS.Problem}
		}
	}
	return out
}

// HostingOf is the hosting of a line: nothing in it is null, and the line itself says when.
func HostingOf(h casefile.Hosting) casefile.Hosting {
	h.Decided = time.Time{}
	return mask.Of(mask.Masker{}, h)
}

// AssignmentOf is the shape of a.
func AssignmentOf(a casefile.Assignment) Assignment {
	return Assignment{a.HostingCountry, a.AssignedCountry, List(a.Hotlines), a.Policy}
}

// List is never nil: [] in JSON, not null.
func List[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
