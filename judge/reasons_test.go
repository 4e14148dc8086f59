package judge_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vigil/casefile"
	"vigil/judge"
)

// evidence says of looks in oneLook and strays which signals their verdict must list: name, value, and where it points. Signals
// that point nowhere (sizes) are left out.
var evidence = []struct {
	look    string
	reason  casefile.Reason
	signals []string
}{
	{"a page, absent pages are told as such", casefile.ReasonServed, []string{"status: 200 -> live", "sibling: told_missing -> live"}},
	{"the same bytes as at first", casefile.ReasonMatchesBaseline, []string{"status: 200 -> live", "baseline: same_bytes -> live"}},
	{"suspended account with many links, for every path", casefile.ReasonAccountSuspended, []string{"status: 200 -> live", "marker: suspended_phrase -> gone", "sibling: same_page -> gone"}},
	{"404 with a few words that are nearly those of the content", casefile.ReasonHTTP404, []string{"status: 404 -> gone", "baseline: similarity=1.00 -> live"}},
	{"410", casefile.ReasonHTTP410, []string{"status: 410 -> gone", "baseline: similarity=0.01 embeds_gone other_text -> changed"}},
	{"one page for every path", casefile.ReasonSoft404, []string{"status: 200 -> live", "sibling: same_page -> gone", "front_page: another_page -> gone"}},
	{"takedown page", casefile.ReasonTakedownPage, []string{"status: 200 -> live", "marker: takedown_phrase -> gone", "baseline: similarity=0.01 embeds_gone other_text -> changed", "sibling: told_missing -> live", "page: says_so_itself -> gone"}},
	{"parked with many words, by its name servers", casefile.ReasonParked, []string{"status: 200 -> live", "marker: parked_phrase -> gone", "name_servers: parking -> gone"}},
	{"mentions a sinkhole, at a sinkhole's address", casefile.ReasonSinkholed, []string{"status: 200 -> live", "marker: sinkhole_phrase -> gone", "address: sinkhole -> gone"}},
	{"mentions a seizure, with an authority's name servers", casefile.ReasonSeized, []string{"status: 200 -> live", "marker: seized_phrase -> gone", "name_servers: seizure -> gone"}},
	{"no such name", casefile.ReasonNXDomain, []string{"fault: nxdomain resolve -> gone"}},
	{"no such name, by the registry", casefile.ReasonDomainHold, []string{"domain_status: server_hold -> gone", "fault: nxdomain resolve -> gone"}},
	{"sent to the front page", casefile.ReasonRedirectedHome, []string{"status: 200 -> live", "redirect: front_page -> gone", "baseline: similarity=0.14 other_text -> changed"}},
	{"another page", casefile.ReasonContentDiffers, []string{"status: 200 -> live", "baseline: similarity=0.14 other_text -> changed"}},
	{"sent to another address", casefile.ReasonRedirectedElsewhere, []string{"status: 200 -> live", "redirect: another_site -> changed"}},
	{"another picture by way of the site", casefile.ReasonReferrerRequired, []string{"status: 200 -> live", "sibling: same_page -> gone", "referred: another_page -> withheld"}},
	{"a picture and a form, the same for every path", casefile.ReasonChallenge, []string{"status: 200 -> live", "sibling: same_shell -> withheld"}},
	{"a frame and no words, on every path", casefile.ReasonScriptRequired, []string{"status: 200 -> live", "baseline: similarity=0.02 -> changed", "sibling: same_shell -> withheld"}},
	{"401", casefile.ReasonLogin, []string{"status: 401 -> withheld"}},
	{"402", casefile.ReasonPayment, []string{"status: 402 -> withheld"}},
	{"403 on a page that mentions a takedown", casefile.ReasonForbidden, []string{"status: 403 -> withheld", "marker: takedown_phrase -> gone"}},
	{"age wall for every path", casefile.ReasonConsent, []string{"status: 200 -> live", "marker: consent_wall -> withheld"}},
	{"429", casefile.ReasonRateLimited, []string{"status: 429 -> withheld"}},
	{"451", casefile.ReasonLegalBlock, []string{"status: 451 -> withheld"}},
	{"not in your country", casefile.ReasonGeoBlock, []string{"status: 403 -> withheld", "marker: geo_block_phrase -> withheld"}},
	{"expired link", casefile.ReasonLinkExpired, []string{"status: 403 -> withheld", "marker: link_expired_phrase -> withheld"}},
	{"a failure with status 200 on every path", casefile.ReasonServerError, []string{"status: 200 -> live", "marker: failure_phrase -> silent", "baseline: similarity=0.01 embeds_gone other_text -> changed", "sibling: same_page -> gone"}},
	{"time-out", casefile.ReasonTimeout, []string{"fault: timeout connect -> silent"}},
	{"refused", casefile.ReasonRefused, []string{"fault: refused connect -> silent"}},
	{"reset", casefile.ReasonReset, []string{"fault: reset request -> silent"}},
	{"tls", casefile.ReasonTLS, []string{"fault: tls tls -> silent"}},
	{"servfail, though the domain is held", casefile.ReasonServfail, []string{"domain_status: client_hold -> gone", "fault: servfail resolve -> silent"}},
	{"no address", casefile.ReasonNoAddress, []string{"fault: no_address resolve -> silent"}},
	{"redirect loop", casefile.ReasonRedirectLoop, []string{"fault: redirect_loop request -> silent"}},
	{"too many redirects", casefile.ReasonTooManyRedirects, []string{"fault: too_many_redirects request -> silent"}},
	{"not http", casefile.ReasonProtocolError, []string{"fault: protocol_error request -> silent"}},
	{"address refused", casefile.ReasonAddressRefused, []string{"fault: address_refused connect -> silent"}},
	{"interrupted", casefile.ReasonInterrupted, []string{"fault: interrupted body -> silent"}},

	// The kinds of evidence that a reason may rest on.
	{"takedown page with 404", casefile.ReasonTakedownPage, []string{"status: 404 -> gone", "marker: takedown_phrase -> gone", "page: says_so_itself -> gone"}},
	{"sent to a host's picture for what it removed", casefile.ReasonTakedownPage, []string{"status: 200 -> live", "redirect: same_site -> live", "marker: takedown_sign -> gone", "page: little_else -> gone"}},
	{"one picture for every missing picture, also by way of the site", casefile.ReasonSoft404, []string{"status: 200 -> live", "sibling: same_page -> gone", "referred: same_page -> gone"}},
	{"a sign of suspension on a bare page", casefile.ReasonAccountSuspended, []string{"status: 200 -> live", "marker: suspended_sign -> gone", "page: little_else -> gone"}},
	{"a default page for every path", casefile.ReasonSoft404, []string{"status: 200 -> live", "marker: default_page -> gone", "sibling: same_page -> gone"}},
	{"a default page at first sight", casefile.ReasonContentDiffers, []string{"status: 200 -> live", "marker: default_page -> gone", "doubt: nothing_set_up -> changed"}},
	{"sinkholed, an empty page", casefile.ReasonSinkholed, []string{"status: 200 -> live", "marker: sinkhole_header -> gone", "page: little_else -> gone"}},
	{"log-in page after a redirect", casefile.ReasonLogin, []string{"status: 200 -> live", "redirect: same_site -> live", "marker: login_form -> withheld", "baseline: similarity=0.01 embeds_gone other_text -> changed"}},
	{"sent to a name that does not exist", casefile.ReasonRedirectedElsewhere, []string{"status: 302 -> silent", "fault: nxdomain resolve -> gone", "redirect: no_such_name -> changed"}},
	{"links on parking name servers, on every name", casefile.ReasonParked, []string{"status: 200 -> live", "subdomain: same_page -> gone", "name_servers: parking -> gone"}},
	{"a few words on a registrar's name servers for what is over", casefile.ReasonParked, []string{"status: 200 -> live", "subdomain: same_page -> gone", "name_servers: expiry -> gone"}},
	{"a few words, and the registry is about to delete the domain", casefile.ReasonParked, []string{"status: 200 -> live", "subdomain: same_page -> gone", "registration: pending_delete -> gone"}},
	{"links on every name and path", casefile.ReasonParked, []string{"status: 200 -> live", "sibling: same_page -> gone", "subdomain: same_page -> gone", "page: links_only -> gone"}},
	{"a parking script on a longer page, on every name", casefile.ReasonParked, []string{"status: 200 -> live", "marker: parked_sign -> gone", "subdomain: same_page -> gone"}},
	{"links on every name, and nothing else", casefile.ReasonContentDiffers, []string{"status: 200 -> live", "subdomain: same_page -> gone", "doubt: links_on_every_name -> changed"}},
}

// judgedBy gives the verdict over the look of that name.
func judgedBy(t *testing.T, name string) casefile.Verdict {
	t.Helper()
	for _, tt := range oneLook {
		if tt.name == name {
			target := asked
			if tt.target != "" {
				target = at(tt.target)
			}
			return judge.Decide(judge.Input{Target: target, Observations: []casefile.Observation{*tt.look}, Decoy: tt.sibling, SameSiteReferrer: tt.referred, Homepage: tt.front,
				Baseline: tt.baseline, Registrar: tt.registrar})
		}
	}
	for _, tt := range strays {
		if tt.name == name {
			return judge.Decide(judge.Input{Target: tt.look.Hops[0].Target, Observations: []casefile.Observation{*tt.look}, Decoy: tt.sibling,
				SameSiteReferrer: tt.referred, Subdomain: tt.subdomain, Baseline: tt.baseline, Registrar: tt.registrar})
		}
	}
	t.Fatalf("no look %q", name)
	return casefile.Verdict{}
}

// told are the signals of a verdict that point somewhere.
func told(v casefile.Verdict) []string {
	var out []string
	for _, s := range v.Signals {
		if s.PointsTo != "" {
			out = append(out, s.Name+": "+s.Value+" -> "+string(s.PointsTo))
		}
	}
	return out
}

// TestEveryReasonHasItsSignals fails when a reason is added without a look that leads to it and the signals that show why.
func TestEveryReasonHasItsSignals(t *testing.T) {
	t.Parallel()
	shown := map[casefile.Reason]bool{casefile.ReasonFenced: true} // of two opinions: TestQuorum
	for _, tt := range evidence {
		shown[tt.reason] = true
		t.Run(tt.look, func(t *testing.T) {
			t.Parallel()
			v := judgedBy(t, tt.look)
			if v.Reason != tt.reason || v.State != tt.reason.State() {
				t.Errorf("%s (%s), want %s", v.State, v.Reason, tt.reason)
			}
			if diff := cmp.Diff(tt.signals, told(v)); diff != "" {
				t.Errorf("signals (-want +got):\n%s", diff)
			}
		})
	}
	for _, reason := range casefile.Reasons() {
		if !shown[reason] {
			t.Errorf("no look shows the signals of %s", reason)
		}
	}
}

// A verdict that is not live is borne out by at least one signal that points where it points: two for gone by a page.
func TestVerdictsAreBorneOut(t *testing.T) {
	t.Parallel()
	for _, tt := range oneLook {
		v := judgedBy(t, tt.name)
		n := 0
		for _, s := range v.Signals {
			if s.PointsTo == v.State {
				n++
			}
		}
		least := 1
		if pages := []casefile.Reason{casefile.ReasonTakedownPage, casefile.ReasonAccountSuspended, casefile.ReasonParked, casefile.ReasonSeized, casefile.ReasonSinkholed}; slices.Contains(pages, v.Reason) {
			least = 2
		}
		if n < least {
			t.Errorf("%s: %s with %d signals that bear it out: %v", tt.name, v.Reason, n, told(v))
		}
	}
}
