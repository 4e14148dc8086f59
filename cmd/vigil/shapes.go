package main

import (
	"net/netip"
	"time"

	"vigil/casefile"
	"vigil/explain"
)

// The shapes of `vigil look --json`: one object a line and URL. The names are a
// contract with outside programs (docs/api.md); fields may be added, never renamed.

type lookLine struct {
	Target       string          `json:"target"`
	LookedAt     time.Time       `json:"looked_at"`
	Verdict      verdictShape    `json:"verdict"`
	Observations []observedShape `json:"observations"`
	Hosting      hostingShape    `json:"hosting"`
	Assignment   assignmentShape `json:"assignment"`
	// Explanation is there with -v only.
	Explanation *explain.Explanation `json:"explanation,omitempty"`
}

// refusedLine stands for a URL that was refused before any look.
type refusedLine struct {
	Target  string            `json:"target"`
	Problem *casefile.Problem `json:"problem"`
}

type verdictShape struct {
	State       casefile.State       `json:"state"`
	Reason      casefile.Reason      `json:"reason"`
	ICCAMReason casefile.ICCAMReason `json:"iccam_reason"`
	Signals     []casefile.Signal    `json:"signals"`
	Dissent     []casefile.Dissent   `json:"dissent,omitempty"`
}

type observedShape struct {
	Vantage    string           `json:"vantage"`
	Purpose    casefile.Purpose `json:"purpose"`
	Resolution resolutionShape  `json:"resolution"`
	Hops       []hopShape       `json:"hops"`
	Status     int              `json:"status"`
	BodyBytes  int64            `json:"body_bytes"`
	Truncated  bool             `json:"truncated"`
	Fault      *casefile.Fault  `json:"fault"`
	TookMS     int64            `json:"took_ms"`
}

type resolutionShape struct {
	Rcode         string       `json:"rcode"`
	CNAMEs        []string     `json:"cnames"`
	Addresses     []netip.Addr `json:"addresses"`
	Nameservers   []string     `json:"nameservers"`
	Authenticated bool         `json:"authenticated"`
	TookMS        int64        `json:"took_ms"`
}

type hopShape struct {
	Host      string    `json:"host"`
	Address   string    `json:"address"`
	Status    int       `json:"status"`
	TLS       *tlsShape `json:"tls,omitempty"`
	MediaType string    `json:"media_type,omitempty"`
}

type tlsShape struct {
	Version string `json:"version"`
	Problem string `json:"problem,omitempty"`
}

type hostingShape struct {
	Provider   string              `json:"provider"`
	ASN        uint32              `json:"asn"`
	Network    string              `json:"network"`
	Country    string              `json:"country"`
	Confidence float64             `json:"confidence"`
	Disputed   bool                `json:"disputed"`
	Dissent    []string            `json:"dissent"`
	Addresses  []netip.Addr        `json:"addresses"` // what the decision was made from
	Claims     []casefile.Claim    `json:"claims"`
	Edge       *casefile.Edge      `json:"edge"`
	Platform   *casefile.Platform  `json:"platform"`
	Origin     string              `json:"origin"`
	Contacts   []casefile.Contact  `json:"contacts"`
	Registrar  *casefile.Registrar `json:"registrar"`
	Steps      []string            `json:"steps"`
}

type assignmentShape struct {
	HostingCountry  string   `json:"hosting_country"`
	AssignedCountry string   `json:"assigned_country"`
	Hotlines        []string `json:"hotlines"`
	Policy          string   `json:"policy"`
}

func shapeVerdict(v casefile.Verdict) verdictShape {
	return verdictShape{State: v.State, Reason: v.Reason, ICCAMReason: v.Reason.ICCAM(), Signals: list(v.Signals), Dissent: v.Dissent}
}

func shapeObservation(o casefile.Observation) observedShape {
	s := observedShape{
		Vantage: o.Vantage, Purpose: o.Purpose, Hops: []hopShape{}, Status: o.Status,
		BodyBytes: o.BodyBytes, Truncated: o.Truncated, Fault: o.Fault, TookMS: o.Took.Milliseconds(),
	}
	found := o.Resolution
	s.Resolution = resolutionShape{
		Rcode: found.Rcode, CNAMEs: list(found.CNAMEs), Addresses: list(found.Addresses), Nameservers: list(found.Nameservers),
		Authenticated: found.Authenticated, TookMS: found.Took.Milliseconds(),
	}
	for _, h := range o.Hops {
		hop := hopShape{Host: h.Target.Host(), Address: address(h.Address), Status: h.Status, MediaType: h.MediaType}
		if h.TLS != nil {
			hop.TLS = &tlsShape{Version: h.TLS.Version, Problem: h.TLS.Problem}
		}
		s.Hops = append(s.Hops, hop)
	}
	return s
}

func shapeHosting(h casefile.Hosting) hostingShape {
	s := hostingShape{
		Provider: h.Provider, ASN: h.ASN, Country: h.Country, Confidence: h.Confidence, Disputed: h.Disputed, Claims: list(h.Claims),
		Dissent: list(h.Dissent), Addresses: list(h.Addresses), Edge: h.Edge, Platform: h.Platform, Origin: h.Origin, Contacts: list(h.Contacts), Registrar: h.Registrar, Steps: list(h.Steps),
	}
	if h.Network.IsValid() {
		s.Network = h.Network.String()
	}
	return s
}

func shapeAssignment(a casefile.Assignment) assignmentShape {
	return assignmentShape{HostingCountry: a.HostingCountry, AssignedCountry: a.AssignedCountry, Hotlines: list(a.Hotlines), Policy: a.Policy}
}

// list makes a nil list print as [] and not as null.
func list[T any](l []T) []T {
	if l == nil {
		return []T{}
	}
	return l
}

func address(a netip.Addr) string {
	if !a.IsValid() {
		return ""
	}
	return a.String()
}
