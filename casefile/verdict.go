package casefile

import (
	"maps"
	"slices"
	"strconv"
	"strings"
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

// Basis is what a verdict is made from beside the observations of its visit. It is kept with the visit, so
// that the verdict can be made again with other rules.
type Basis struct {
	// Vantages tells the networks of the vantages that looked.
	Vantages []Vantage `json:"vantages,omitempty"`
	// Unsound names the vantages whose own connection was not sound: their looks at the target count as
	// interrupted.
	Unsound []string `json:"unsound,omitempty"`
	// Decoy is the host's answer to a path that does not exist, when another visit asked for it.
	Decoy *Observation `json:"-"` // RevealedBasis has it
	// Baseline are the features that the target was compared with; nil when there were none.
	Baseline *Features `json:"baseline,omitempty"`
	// Registrar is the domain side; nil when unknown. RegistryAnswered says whether its registry said what it
	// knows: without that an unknown registrar tells nothing, and no baseline is made.
	Registrar        *Registrar `json:"registrar,omitempty"`
	RegistryAnswered bool       `json:"registry_answered,omitempty"`
}

// RevealedBasis is a basis whose JSON holds the decoy, with the URLs of its hops: for sealing, and for
// nothing that is shown or logged.
type RevealedBasis struct {
	Basis
	Decoy *RevealedObservation `json:"decoy,omitempty"`
}

// Reveal gives the basis with its decoy.
func (b Basis) Reveal() RevealedBasis {
	r := RevealedBasis{Basis: b}
	if b.Decoy != nil {
		decoy := b.Decoy.Reveal()
		r.Decoy = &decoy
	}
	return r
}

// Read gives the basis with the targets that the URLs of the decoy name. The error repeats no URL.
func (r RevealedBasis) Read() (Basis, error) {
	b := r.Basis
	if r.Decoy == nil {
		return b, nil
	}
	decoy, err := r.Decoy.Read()
	b.Decoy = &decoy
	return b, err
}

// Signal is one observed value and the state it points to, so that a person can see why.
type Signal struct {
	Name string `json:"name"`
	// Value is one or more codes of SignalCodes with a space between; a code that measures something has the
	// number, the media type or the code "unknown" behind an equals sign: similarity=0.82 embeds_gone. At
	// most MaxSignalValue bytes; never text of the page, a URL or a host.
	Value    string `json:"value"`
	PointsTo State  `json:"points_to"`
}

// Bounds of a verdict's signals.
const (
	MaxSignals     = 32
	MaxSignalValue = 200
)

// SignalCodes says for each name of a signal which codes its value is made of. The value of status is the
// number itself; that of fault is its kind and its phase.
var SignalCodes = map[string][]string{
	"status": nil,
	"server_error": {
		"internal", "not_implemented", "bad_gateway", "unavailable", "gateway_timeout", "http_version",
		"no_storage", "loop", "bandwidth", "network_login", "origin_unreadable", "origin_refused", "origin_no_connection",
		"origin_unreachable", "origin_timeout", "origin_tls", "origin_certificate",
		"origin_tunnel", "origin_name",
	},
	"redirect":         {"same_site", "front_page", "another_site", "no_such_name"},
	"page":             {"bytes", "not_html", "words", "links", "images", "embeds", "says_so_itself", "little_else", "links_only"},
	"marker":           codes(Markers),
	"baseline":         {"same_bytes", "same_beginning", "other_bytes", "similarity", "embeds_gone", "other_text"},
	"file":             {"similarity", "kind", "kind_before", "unknown", "length", "length_before", "length_unknown", "length_before_unknown"},
	"sibling":          {"told_missing", "same_page", "same_shell", "another_page"},
	"subdomain":        {"no_address", "same_page", "another_page"},
	"referred":         {"told_missing", "same_page", "another_page", "no_answer"},
	"without_referrer": append([]string{"same_page"}, codes(Reasons())...),
	"front_page":       {"another_page"},
	"name_servers":     {"parking", "sinkhole", "seizure", "expiry"},
	"address":          {"parking", "sinkhole", "seizure", "expiry"},
	"domain_status":    {"client_hold", "server_hold"},
	"registration":     {"redemption_period", "pending_delete", "pending_restore", "expired", "auto_renew_period"},
	"fault":            append(codes(FaultKinds), append(codes(Phases), "unknown")...),
	"body":             {"empty"},
	"challenge":        {"headers"},
	"answer":           {"none"},
	"doubt": {
		"missing_in_words_only", "removed_among_pictures", "form_on_every_path", "front_page_unknown", "same_page_everywhere",
		"suspended_on_a_standing_site", "nothing_set_up", "links_on_every_name", "file_on_every_path",
	},
	"vantages": {"looked", "live", "gone", "networks"},
}

func codes[T ~string](list []T) []string {
	out := make([]string, len(list))
	for i, code := range list {
		out[i] = string(code)
	}
	return out
}

// Valid says whether name and value are of SignalCodes.
func (s Signal) Valid() bool {
	known, ok := SignalCodes[s.Name]
	if s.Name == "status" {
		_, err := strconv.Atoi(s.Value)
		return err == nil
	}
	for part := range strings.SplitSeq(s.Value, " ") {
		code, measure, measured := strings.Cut(part, "=")
		_, err := strconv.ParseFloat(measure, 64)
		ok = ok && slices.Contains(known, code) && (!measured || err == nil || measure == "unknown" || strings.Count(measure, "/") == 1)
	}
	return ok
}
