package casefile_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"vigil/casefile"
)

// enumeration checks that the values of an enumeration are valid, and that others are not.
func enumeration[T interface {
	~string
	Valid() bool
}](t *testing.T, values ...T) {
	t.Helper()
	seen := map[T]bool{}
	for _, v := range values {
		if !v.Valid() || seen[v] || string(v) != strings.TrimSpace(string(v)) {
			t.Errorf("%T %q is not valid, or there twice", v, v)
		}
		seen[v] = true
	}
	for _, v := range []T{"", "lunch", T(strings.ToUpper(string(values[0])) + "x"), values[0] + " "} {
		if v.Valid() {
			t.Errorf("%T %q is valid", v, v)
		}
	}
}

func TestEnumerations(t *testing.T) {
	t.Parallel()
	enumeration(t, casefile.ClassUnclassified, casefile.ClassBaseline, casefile.ClassA1, casefile.ClassA2, casefile.ClassB1, casefile.ClassB2)
	enumeration(t, casefile.WhyReported, casefile.WhyCadence, casefile.WhyConfirm, casefile.WhyAftercare, casefile.WhyPostponed, casefile.WhyGate, casefile.WhyAsked, casefile.WhyNever)
	enumeration(t, casefile.PurposeTarget, casefile.PurposeDecoy, casefile.PurposeControl, casefile.PurposeSameSiteReferrer, casefile.PurposeSubdomain, casefile.PurposeWithoutReferrer, casefile.PurposeHomepage)
	enumeration(t, casefile.PhaseResolve, casefile.PhaseConnect, casefile.PhaseTLS, casefile.PhaseRequest, casefile.PhaseBody)
	enumeration(t, casefile.FaultTimeout, casefile.FaultRefused, casefile.FaultReset, casefile.FaultTLS, casefile.FaultServfail, casefile.FaultNXDomain, casefile.FaultNoAddress,
		casefile.FaultRedirectLoop, casefile.FaultTooManyRedirects, casefile.FaultProtocol, casefile.FaultAddressRefused, casefile.FaultInterrupted)
	enumeration(t, casefile.MarkerNotFound, casefile.MarkerTakedown, casefile.MarkerSuspended, casefile.MarkerParked, casefile.MarkerSeized, casefile.MarkerSinkhole, casefile.MarkerLogin,
		casefile.MarkerPaywall, casefile.MarkerConsent, casefile.MarkerChallenge, casefile.MarkerAppShell, casefile.MarkerLinkExpired, casefile.MarkerReferrer, casefile.MarkerGeoBlock, casefile.MarkerMetaRefresh,
		casefile.MarkerTakedownSign, casefile.MarkerSuspendedSign, casefile.MarkerParkedSign, casefile.MarkerSeizedSign, casefile.MarkerSinkholePhrase, casefile.MarkerDefaultPage,
		casefile.MarkerListing, casefile.MarkerEmptyListing)
	enumeration(t, casefile.States...)
	enumeration(t, casefile.Standings...)
	enumeration(t, casefile.Reasons()...)
	enumeration(t, casefile.ActWithdraw, casefile.ActHold, casefile.ActRelease, casefile.ActLook, casefile.ActRecord, casefile.ActOverturn, casefile.ActKeep, casefile.ActAccept, casefile.ActNote)
	enumeration(t, casefile.PartyHotline, casefile.PartyHost, casefile.PartyEdge, casefile.PartyRegistrar)
	enumeration(t, casefile.NoticeDraft, casefile.NoticeQueued, casefile.NoticeSending, casefile.NoticeSent, casefile.NoticeRefused, casefile.NoticeUncertain, casefile.NoticeOvertaken)
	enumeration(t, casefile.NoticeAssignment, casefile.NoticeRemoval)
	enumeration(t, casefile.RoleViewer, casefile.RoleAnalyst, casefile.RoleAdmin)
}

func TestRolesMay(t *testing.T) {
	t.Parallel()
	ranks := []casefile.Role{casefile.RoleViewer, casefile.RoleAnalyst, casefile.RoleAdmin}
	for i, has := range ranks {
		for j, need := range ranks {
			if has.May(need) != (i >= j) {
				t.Errorf("%s may what needs %s: %v", has, need, has.May(need))
			}
		}
	}
	if casefile.Role("").May(casefile.RoleViewer) || casefile.Role("root").May(casefile.RoleViewer) {
		t.Error("an unknown role may something")
	}
	for _, has := range ranks {
		if has.May("") || has.May("root") {
			t.Errorf("%s may what needs an unknown role: a misspelt need must refuse", has)
		}
	}
}

// iccam is the whole mapping, written down a second time: a change must be meant.
var iccam = map[casefile.Reason]struct {
	state  casefile.State
	number casefile.ICCAMReason
}{
	"served": {"live", 1}, "matches_baseline": {"live", 1},
	"http_404": {"gone", 9}, "http_410": {"gone", 9}, "soft_404": {"gone", 2}, "takedown_page": {"gone", 2}, "account_suspended": {"gone", 6}, "parked": {"gone", 2},
	"seized": {"gone", 2}, "sinkholed": {"gone", 2}, "nxdomain": {"gone", 9}, "domain_hold": {"gone", 9}, "redirected_home": {"gone", 2},
	"content_differs": {"changed", 1}, "redirected_elsewhere": {"changed", 1},
	"login": {"withheld", 5}, "payment": {"withheld", 11}, "challenge": {"withheld", 4}, "consent": {"withheld", 4}, "script_required": {"withheld", 12}, "forbidden": {"withheld", 4},
	"rate_limited": {"withheld", 10}, "legal_block": {"withheld", 7}, "geo_block": {"withheld", 4}, "referrer_required": {"withheld", 3}, "link_expired": {"withheld", 8},
	"timeout": {"silent", 4}, "refused": {"silent", 4}, "reset": {"silent", 4}, "tls": {"silent", 4}, "servfail": {"silent", 4}, "no_address": {"silent", 4}, "server_error": {"silent", 10},
	"redirect_loop": {"silent", 4}, "too_many_redirects": {"silent", 4}, "protocol_error": {"silent", 4}, "address_refused": {"silent", 4}, "interrupted": {"silent", 1},
	"fenced": {"fenced", 4},
}

func TestEveryReasonHasItsStateAndICCAMNumber(t *testing.T) {
	t.Parallel()
	if len(casefile.Reasons()) != len(iccam) {
		t.Errorf("%d reasons, %d written down", len(casefile.Reasons()), len(iccam))
	}
	states := map[casefile.State]bool{}
	for _, r := range casefile.Reasons() {
		want, ok := iccam[r]
		if !ok || r.State() != want.state || r.ICCAM() != want.number || r.ICCAM() < 1 || r.ICCAM() > 12 {
			t.Errorf("%s: %s, %d; want %s, %d", r, r.State(), r.ICCAM(), want.state, want.number)
		}
		states[r.State()] = true
	}
	for _, s := range casefile.States {
		if !states[s] {
			t.Errorf("no reason for %s", s)
		}
	}
	if unknown := casefile.Reason("lunch"); unknown.State() != "" || unknown.ICCAM() != 0 {
		t.Errorf("unknown reason: %q, %d", unknown.State(), unknown.ICCAM())
	}
}

// evidence says for each reason what was observed, for the table in docs/verdict-reference.md.
var evidence = map[casefile.Reason]string{
	"served":               "a 2xx answer with a page of its own content",
	"matches_baseline":     "the page of the first live look, by its bytes or its similarity",
	"http_404":             "status 404",
	"http_410":             "status 410",
	"soft_404":             "status 200, and a decoy gets the same answer; or a bare page asserts not found, and no decoy says otherwise or another page was there",
	"takedown_page":        "a phrase or sign of removal and another trait",
	"account_suspended":    "a phrase or sign of suspension and another trait",
	"parked":               "a phrase or sign of parking and another trait (asserted by a bare page, the same answer for a decoy, parking name servers); or the same page for every name of the domain, and another trait",
	"seized":               "a phrase or sign of seizure and another trait",
	"sinkholed":            "the header or phrase of a sinkhole and another trait",
	"nxdomain":             "the DNS says that the name does not exist",
	"domain_hold":          "no such name or no address, and the registrar or registry holds the domain (clientHold, serverHold)",
	"redirected_home":      "sent to the site's homepage",
	"content_differs":      "another page, other bytes, or nothing where something was; a default page, a list of no files; gone with the recorded referrer and another page without it",
	"redirected_elsewhere": "sent to another registrable domain, or to a name that does not exist",
	"login":                "status 401, or a log-in form and little else",
	"payment":              "status 402, or a paywall and little else",
	"challenge":            "the headers or a thin page say that it is a bot challenge; a picture and a form on every path",
	"consent":              "an age or cookie wall and little else",
	"script_required":      "an application shell, a page with scripts that is the same for every path, or one that only sends the browser on",
	"forbidden":            "status 403, 407, 418 or 423 without a better reason",
	"rate_limited":         "status 429, or a phrase about too many requests and little else",
	"legal_block":          "status 451, or a phrase about the order of a court or an authority and little else",
	"geo_block":            "a phrase about the country and little else",
	"referrer_required":    "a phrase about direct access and little else; or another answer with a same-site referrer; or gone with the recorded referrer and a page without it, never seen before",
	"link_expired":         "a phrase about the link's expiry and little else",
	"timeout":              "no answer in time",
	"refused":              "the connection was refused, or the network unreachable",
	"reset":                "the connection broke before the answer was complete",
	"tls":                  "no TLS session",
	"servfail":             "the DNS servers failed",
	"no_address":           "the name exists and has no address",
	"server_error":         "status 5xx, or a thin page that reports a failure",
	"redirect_loop":        "redirects in a circle",
	"too_many_redirects":   "more redirects than we follow",
	"protocol_error":       "not HTTP, a broken answer, or one that does not answer the question",
	"address_refused":      "an address that Vigil never dials",
	"interrupted":          "we stopped, or no two vantages that found it gone are independent",
	"fenced":               "seen from one vantage, gone from another",
}

// TestReasonsInTheReference keeps the table of docs/verdict-reference.md the same as the code; -update writes it anew.
func TestReasonsInTheReference(t *testing.T) { // not parallel: it writes the page that TestTransitions writes too
	const page, from, until = "../docs/verdict-reference.md", "<!-- reasons -->\n", "<!-- end of reasons -->"
	var b strings.Builder
	b.WriteString("| verdict | reason | ICCAM | evidence |\n|---|---|---|---|\n")
	for _, s := range casefile.States {
		for _, r := range casefile.Reasons() {
			if r.State() != s {
				continue
			}
			if evidence[r] == "" {
				t.Errorf("no evidence written for %s", r)
			}
			fmt.Fprintf(&b, "| %s | %s | %d | %s |\n", s, r, r.ICCAM(), evidence[r])
		}
	}
	doc, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, begins := strings.Cut(string(doc), from)
	shown, after, ends := strings.Cut(rest, until)
	if !begins || !ends {
		t.Fatalf("%s has no place for the table", page)
	}
	if *update {
		if err := os.WriteFile(page, []byte(before+from+b.String()+until+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if shown != b.String() {
		t.Errorf("%s shows another table; go test ./casefile -update writes it anew", page)
	}
}

func TestFeaturesMention(t *testing.T) {
	t.Parallel()
	var none *casefile.Features
	if none.Mentions(casefile.MarkerLogin) {
		t.Error("no features have a marker")
	}
	f := &casefile.Features{Markers: []casefile.Marker{casefile.MarkerLogin}}
	if !f.Mentions(casefile.MarkerLogin) || f.Mentions(casefile.MarkerConsent) {
		t.Error("Has")
	}
}

func TestFinal(t *testing.T) {
	t.Parallel()
	if got := (casefile.Observation{}).Final(); got.Status != 0 || !got.Target.IsZero() {
		t.Errorf("no hop: %+v", got)
	}
	if got := (casefile.Observation{Hops: []casefile.Hop{{Status: 302}, {Status: 200}}}).Final(); got.Status != 200 {
		t.Errorf("last hop: %+v", got)
	}
}

func TestAssignmentSame(t *testing.T) {
	t.Parallel()
	one := func() *casefile.Assignment {
		return &casefile.Assignment{ID: 1, HostingCountry: "NL", AssignedCountry: "NL", Hotlines: []string{"one", "two"}, Policy: "hosting_country"}
	}
	if !one().Same(one()) || !(*casefile.Assignment)(nil).Same(nil) || one().Same(nil) || (*casefile.Assignment)(nil).Same(one()) {
		t.Error("the same, and none")
	}
	for name, change := range map[string]func(*casefile.Assignment){
		"hosting country":  func(a *casefile.Assignment) { a.HostingCountry = "DE" },
		"assigned country": func(a *casefile.Assignment) { a.AssignedCountry = "DE" },
		"policy":           func(a *casefile.Assignment) { a.Policy = "orphan" },
		"hotline":          func(a *casefile.Assignment) { a.Hotlines[1] = "three" },
		"fewer hotlines":   func(a *casefile.Assignment) { a.Hotlines = a.Hotlines[:1] },
	} {
		b := one()
		change(b)
		if one().Same(b) {
			t.Errorf("another %s, and the same", name)
		}
	}
	b := one()
	b.ID, b.Confirmed, b.At = 9, true, noon
	if !one().Same(b) {
		t.Error("number, time and confirmation do not make another assignment")
	}
}
