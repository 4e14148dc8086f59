package casefile

import (
	"maps"
	"slices"
)

// State is the opinion over a visit.
type State string

// States.
const (
	StateLive     State = "live"
	StateGone     State = "gone"
	StateChanged  State = "changed"
	StateWithheld State = "withheld"
	StateSilent   State = "silent"
	StateFenced   State = "fenced" // seen from one vantage and absent from another
)

// States in the order people read them.
var States = []State{StateLive, StateGone, StateChanged, StateWithheld, StateSilent, StateFenced}

// Valid says whether s is known.
func (s State) Valid() bool { return slices.Contains(States, s) }

// Reason is the stable code of why a verdict was given.
type Reason string

// Reasons, grouped by the state they belong to.
const (
	ReasonServed          Reason = "served"
	ReasonMatchesBaseline Reason = "matches_baseline"

	ReasonHTTP404          Reason = "http_404"
	ReasonHTTP410          Reason = "http_410"
	ReasonSoft404          Reason = "soft_404"
	ReasonTakedownPage     Reason = "takedown_page"
	ReasonAccountSuspended Reason = "account_suspended"
	ReasonParked           Reason = "parked"
	ReasonSeized           Reason = "seized"
	ReasonSinkholed        Reason = "sinkholed"
	ReasonNXDomain         Reason = "nxdomain"
	ReasonDomainHold       Reason = "domain_hold"
	ReasonRedirectedHome   Reason = "redirected_home"

	ReasonContentDiffers      Reason = "content_differs"
	ReasonRedirectedElsewhere Reason = "redirected_elsewhere"

	ReasonLogin            Reason = "login"
	ReasonPayment          Reason = "payment"
	ReasonChallenge        Reason = "challenge"
	ReasonConsent          Reason = "consent"
	ReasonScriptRequired   Reason = "script_required"
	ReasonForbidden        Reason = "forbidden"
	ReasonRateLimited      Reason = "rate_limited"
	ReasonLegalBlock       Reason = "legal_block"
	ReasonGeoBlock         Reason = "geo_block"
	ReasonReferrerRequired Reason = "referrer_required"
	ReasonLinkExpired      Reason = "link_expired"

	ReasonTimeout          Reason = "timeout"
	ReasonRefused          Reason = "refused"
	ReasonReset            Reason = "reset"
	ReasonTLS              Reason = "tls"
	ReasonServfail         Reason = "servfail"
	ReasonNoAddress        Reason = "no_address"
	ReasonServerError      Reason = "server_error"
	ReasonRedirectLoop     Reason = "redirect_loop"
	ReasonTooManyRedirects Reason = "too_many_redirects"
	ReasonProtocolError    Reason = "protocol_error"
	ReasonAddressRefused   Reason = "address_refused"
	ReasonInterrupted      Reason = "interrupted"

	ReasonFenced Reason = "fenced"
)

// ICCAMReason is a reason number of ICCAM as SCART's client uses it (its published source; ICCAM has no
// public specification).
type ICCAMReason int

// reasonFacts says for each reason its state and the ICCAM reason it maps to.
// ICCAM has no reason for "still there": those map to 1, Other.
var reasonFacts = map[Reason]struct {
	state State
	iccam ICCAMReason
}{
	ReasonServed: {StateLive, 1}, ReasonMatchesBaseline: {StateLive, 1},

	ReasonHTTP404: {StateGone, 9}, ReasonHTTP410: {StateGone, 9}, ReasonSoft404: {StateGone, 2}, ReasonTakedownPage: {StateGone, 2},
	ReasonAccountSuspended: {StateGone, 6}, ReasonParked: {StateGone, 2}, ReasonSeized: {StateGone, 2}, ReasonSinkholed: {StateGone, 2},
	ReasonNXDomain: {StateGone, 9}, ReasonDomainHold: {StateGone, 9}, ReasonRedirectedHome: {StateGone, 2},

	ReasonContentDiffers: {StateChanged, 1}, ReasonRedirectedElsewhere: {StateChanged, 1},

	ReasonLogin: {StateWithheld, 5}, ReasonPayment: {StateWithheld, 11}, ReasonChallenge: {StateWithheld, 4},
	ReasonConsent: {StateWithheld, 4}, ReasonScriptRequired: {StateWithheld, 12}, ReasonForbidden: {StateWithheld, 4},
	ReasonRateLimited: {StateWithheld, 10}, ReasonLegalBlock: {StateWithheld, 7}, ReasonGeoBlock: {StateWithheld, 4},
	ReasonReferrerRequired: {StateWithheld, 3}, ReasonLinkExpired: {StateWithheld, 8},

	ReasonTimeout: {StateSilent, 4}, ReasonRefused: {StateSilent, 4}, ReasonReset: {StateSilent, 4}, ReasonTLS: {StateSilent, 4},
	ReasonServfail: {StateSilent, 4}, ReasonNoAddress: {StateSilent, 4}, ReasonServerError: {StateSilent, 10},
	ReasonRedirectLoop: {StateSilent, 4}, ReasonTooManyRedirects: {StateSilent, 4}, ReasonProtocolError: {StateSilent, 4},
	ReasonAddressRefused: {StateSilent, 4}, ReasonInterrupted: {StateSilent, 1},

	ReasonFenced: {StateFenced, 4},
}

// Reasons are all reasons, sorted.
func Reasons() []Reason { return slices.Sorted(maps.Keys(reasonFacts)) }

// Valid says whether r is known.
func (r Reason) Valid() bool { _, ok := reasonFacts[r]; return ok }

// State is the state that r belongs to; invalid when r is.
func (r Reason) State() State { return reasonFacts[r].state }

// ICCAM is the ICCAM reason r maps to; 0 when r is invalid.
func (r Reason) ICCAM() ICCAMReason { return reasonFacts[r].iccam }

// Verdict is the opinion over a visit, by positive evidence only.
type Verdict struct {
	State   State
	Reason  Reason
	Signals []Signal
	// Dissent are the opinions of vantages that differ from the verdict.
	Dissent []Dissent
}

// Dissent is what one vantage alone would have said.
type Dissent struct {
	Vantage string `json:"vantage"`
	State   State  `json:"state"`
	Reason  Reason `json:"reason"`
}

// VisitVote is what the vantages of one counted visit said, without the target.
type VisitVote struct {
	Host    HostKey
	State   State     // the verdict's
	Looked  []string  // the vantages that looked, each once
	Dissent []Dissent // those that would have said another state alone
}

// Actionable says whether somebody should act: it is there, from some vantage at least, or something stands
// before it.
func (v Verdict) Actionable() bool {
	return v.State == StateLive || v.State == StateFenced || v.State == StateWithheld
}
