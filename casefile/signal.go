package casefile

import (
	"slices"
	"strconv"
	"strings"
)

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
