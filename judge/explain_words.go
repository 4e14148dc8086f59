package judge

import (
	"fmt"

	"vigil/casefile"
)

// The words of an explanation. They say no more than docs/verdicts.md: that table is
// their source.

// stateCounts says what a verdict of a state counts for.
var stateCounts = map[casefile.State]string{
	casefile.StateLive:     "It is a sighting: it ends a streak of gone verdicts.",
	casefile.StateGone:     "It counts towards a removal, which needs several such verdicts in a row over a span of time.",
	casefile.StateChanged:  "It is no proof of removal: the matter may stand there in another form. If it stays so, a person decides.",
	casefile.StateWithheld: "It is no proof of removal: the matter may be there, behind what we were shown.",
	casefile.StateSilent:   "It is no proof of removal: silence is not absence.",
	casefile.StateFenced:   "It is no proof of removal: whoever asks from the right place still sees it.",
}

// reasonClauses say of each reason what was found. {status} is the status of the answer.
var reasonClauses = map[casefile.Reason]string{
	casefile.ReasonServed:          "the server sends a page for this address, and no rule finds the matter gone, changed or withheld",
	casefile.ReasonMatchesBaseline: "what came is the page of the first live look",

	casefile.ReasonHTTP404:          "the server says that there is no such page, with status 404",
	casefile.ReasonHTTP410:          "the server says that the page is gone for good, with status 410",
	casefile.ReasonSoft404:          "what the server sends is its answer for a missing page, though its status does not say so",
	casefile.ReasonTakedownPage:     "a page stands here that says that the matter was taken down",
	casefile.ReasonAccountSuspended: "a page stands here that says that the account was suspended",
	casefile.ReasonParked:           "a page for parked domains stands here",
	casefile.ReasonSeized:           "a page stands here that says that the domain was seized",
	casefile.ReasonSinkholed:        "a sinkhole answers in the place of the site",
	casefile.ReasonNXDomain:         "the DNS says that the name does not exist",
	casefile.ReasonDomainHold:       "the name does not resolve, and the domain is on hold",
	casefile.ReasonRedirectedHome:   "the server sends the visitor on to the front page of the site",

	casefile.ReasonContentDiffers:      "what came is not what was first seen live",
	casefile.ReasonRedirectedElsewhere: "the server sends the visitor on to another site",

	casefile.ReasonLogin:            "a log-in is asked for before anything is shown",
	casefile.ReasonPayment:          "a payment is asked for before anything is shown",
	casefile.ReasonChallenge:        "a test for robots stands before the page",
	casefile.ReasonConsent:          "a question of age or cookies stands before the page",
	casefile.ReasonScriptRequired:   "the page is built in the browser, and what came holds nothing yet",
	casefile.ReasonForbidden:        "the server turns us away with {status}",
	casefile.ReasonRateLimited:      "the server answers that it has had too many requests",
	casefile.ReasonLegalBlock:       "the page is withheld for legal reasons",
	casefile.ReasonGeoBlock:         "the page says that it is not for the country we asked from",
	casefile.ReasonReferrerRequired: "the page wants the visitor to come by another page",
	casefile.ReasonLinkExpired:      "the page says that this link has expired",

	casefile.ReasonTimeout:          "no answer came in time",
	casefile.ReasonRefused:          "the connection was refused, or the network could not be reached",
	casefile.ReasonReset:            "the connection broke before the answer was complete",
	casefile.ReasonTLS:              "no secure connection came about",
	casefile.ReasonServfail:         "the DNS servers failed",
	casefile.ReasonNoAddress:        "the name exists, but has no address",
	casefile.ReasonServerError:      "the server has a fault of its own, with {status}",
	casefile.ReasonRedirectLoop:     "the redirects go round in a circle",
	casefile.ReasonTooManyRedirects: "there are more redirects than we follow",
	casefile.ReasonProtocolError:    "the answer is broken, or does not answer the question",
	casefile.ReasonAddressRefused:   "the name leads to an address that is never dialled",
	casefile.ReasonInterrupted:      "there is no sound look to judge by",

	casefile.ReasonFenced: "it is seen from one place and not from another",
}

// signalClauses say what a signal observed. {value} is its value.
var signalClauses = map[string]string{
	"status":   "the last answer has status {value}",
	"redirect": "the way leads {value}",
	"page":     "the page holds {value}",
	"marker":   "the page shows {value}",
	"baseline": fmt.Sprintf("beside the first live look: {value} (a likeness of %.2f and above is the same page, below %.2f another)",
		MatchScore, DifferScore),
	"file":          "as a file, beside the first live look: {value}",
	"sibling":       "a path that does not exist was asked for: {value}",
	"name_servers":  "the name servers are of the kind {value}",
	"domain_status": "the domain has the status {value}",
	"fault":         "{value}",
	"body":          "the body is {value}",
	"challenge":     "{value}",
	"answer":        "the answer is {value}",
	"server_error":  "its kind is {value}",
	"referred":      "asked by way of its own site: {value}",
	withoutReferrer: "without the recorded referrer: {value}",
	"front_page":    "the front page was asked for: it is {value}",
	"address":       "the address is that of a known {value}",
	"subdomain":     "a name that surely does not exist was asked for: {value}",
	"registration":  "the registration is in {value}",
	"doubt":         "nobody can tell from the answers: {value}",
	"vantages":      "over all vantages: {value}",
}

// valueWords are the words of values from closed sets, in place of the clause of the signal.
var valueWords = map[string]map[string]string{
	"marker": markerWords,
	"redirect": {
		"to " + string(wentWithin):    "the way leads to another page of the site",
		"to " + string(wentHome):      "the way leads to the front page of the site",
		"to " + string(wentElsewhere): "the way leads to another site", "to a name that does not exist": "the way leads to a name that does not exist",
	},
	"page":     {"little else on it": "there is little else on the page", "links and little else": "the page is links and little else", "no body": "no page came"},
	"baseline": {"same bytes": "the page is the first live look's, byte for byte", "same beginning": "the file begins as the first live look's does", "other bytes": "the bytes are not those of the first live look"},
	"sibling": {
		string(siblingMissing): "pages that do not exist are told as such by this server",
		string(siblingAlike):   "a path that surely does not exist looks the same",
		string(siblingShell):   "every path gives the same shell, which a browser fills",
		string(siblingOther):   "a path that surely does not exist looks different",
	},
	"name_servers": {
		"parking": "the name servers are those of a parking service", "sinkhole": "the name servers are those of a sinkhole",
		"seizure": "the name servers are those of a seizure", "expiry": "the name servers are those of a registrar's page for domains whose registration is over",
	},
	"domain_status": {
		"clientHold": "the registrar holds the domain (clientHold)", "serverHold": "the registry holds the domain (serverHold)",
	},
	"subdomain": {
		string(subdomainMissing): "names that do not exist have no address", string(subdomainSame): "a name that surely does not exist answers with the same page",
		string(subdomainOther): "a name that surely does not exist answers otherwise",
	},
	"doubt": {
		"says not found, and the server does not": "the page says that nothing is there, and the server does not",
		"says removed, among pictures":            "nobody can tell whether the page was removed or a part of it: it says so among pictures",
		"a form for every path":                   "nobody can tell a wall from a page for what is missing: every path gives a form or a button and little else",
		"the front page tells nothing":            "nobody can tell a wall from a page for what is missing: every path gives the same short page, and the front page did not answer with a page",
		"one page for the whole site":             "nobody can tell a wall from a page for what is missing: the front page is the same short page as every path, with a way on from it",
		"says suspended, on a site that stands":   "the page says that an account was suspended, and the site stands: it may be a user's account, or what the page is about",
		"nothing is set up":                       "nobody can tell whether there ever was a page: nothing is set up here",
		"a list of links on every name":           "nobody can tell a parked page from a directory: it is a list of links on every name",
		"one file for every path":                 "nobody can tell whether the file that every path gives stands for a missing one",
	},
	"registration": {
		"redemptionPeriod": "the registrar deleted the domain, which can still be redeemed", "pendingDelete": "the registry is about to delete the domain",
		"pendingRestore": "the domain was deleted and is being restored", "past its expiry date": "the registration is past its date, and may be renewed",
		"autoRenewPeriod": "the registry renewed the registration by itself",
	},
	"body":      {"empty": "the answer has no content"},
	"challenge": {"said by the headers": "the headers say that it is a test for robots"},
	"answer":    {"none": "neither an answer nor a fault was recorded"},
}

// markerWords say what a marker of a page is.
var markerWords = map[string]string{
	string(casefile.MarkerNotFound): "the page says that nothing is there", string(casefile.MarkerTakedown): "the page says that something was removed",
	string(casefile.MarkerSuspended): "the page says that the account is suspended", string(casefile.MarkerParked): "the page says that the domain is parked, expired or for sale",
	string(casefile.MarkerSeized): "the page says that it was seized", string(casefile.MarkerSinkhole): "the headers are those of a sinkhole",
	string(casefile.MarkerLogin): "the page has a log-in form, or asks to log in", string(casefile.MarkerPaywall): "the page asks for a payment",
	string(casefile.MarkerConsent): "the page asks for an age or about cookies", string(casefile.MarkerChallenge): "the page is a test for robots",
	string(casefile.MarkerAppShell): "the page is an application without its content", string(casefile.MarkerLinkExpired): "the page says that the link expired",
	string(casefile.MarkerReferrer): "the page refuses direct access", string(casefile.MarkerGeoBlock): "the page says that the country is shut out",
	string(casefile.MarkerMetaRefresh): "the page sends the browser on", string(casefile.MarkerTakedownSign): "the page is built like a host's placeholder for what it removed",
	string(casefile.MarkerSuspendedSign): "the page is built like a panel's page for suspended accounts", string(casefile.MarkerParkedSign): "the page has scripts of a parking service",
	string(casefile.MarkerSeizedSign): "the page has parts of a seizure banner", string(casefile.MarkerSinkholePhrase): "the page says that it is a sinkhole",
	string(casefile.MarkerDefaultPage): "the page is a server's default page: no site is set up", string(casefile.MarkerListing): "the page is a listing of files",
	string(casefile.MarkerEmptyListing): "the page is a listing without any file", string(casefile.MarkerFailure): "the page says that the server failed, or is being worked on",
	string(casefile.MarkerSearch):     "the page has a field to search the site",
	string(casefile.MarkerLegalBlock): "the page says that a court or an authority had it blocked", string(casefile.MarkerRateLimit): "the page says that too much was asked for",
}

// faultWords say what went wrong.
var faultWords = map[casefile.FaultKind]string{
	casefile.FaultTimeout: "no answer in time", casefile.FaultRefused: "refused, or not to be reached", casefile.FaultReset: "the connection broke",
	casefile.FaultTLS: "no secure connection", casefile.FaultServfail: "the DNS servers failed", casefile.FaultNXDomain: "the name does not exist",
	casefile.FaultNoAddress: "the name has no address", casefile.FaultRedirectLoop: "redirects in a circle", casefile.FaultTooManyRedirects: "too many redirects",
	casefile.FaultProtocol: "a broken answer", casefile.FaultAddressRefused: "an address that is never dialled", casefile.FaultInterrupted: "we stopped",
}

// phaseWords say when.
var phaseWords = map[casefile.Phase]string{
	casefile.PhaseResolve: "while the name was looked up", casefile.PhaseConnect: "while the connection was opened", casefile.PhaseTLS: "while the connection was secured",
	casefile.PhaseRequest: "while the answer was waited for", casefile.PhaseBody: "while the page was read",
}

// statusMeanings are short words for the statuses that rules name (RFC 9110, section 15; RFC 6585; RFC 7725; RFC 4918).
var statusMeanings = map[int]string{
	200: "OK", 204: "no content", 205: "no content", 301: "moved", 302: "moved", 303: "see other", 307: "moved", 308: "moved",
	400: "bad request", 401: "log in first", 402: "pay first", 403: "forbidden", 404: "not found", 407: "proxy log-in", 410: "gone for good", 423: "locked",
	429: "too many requests", 451: "withheld for legal reasons", 500: "server error", 502: "bad gateway", 503: "out of service", 504: "gateway time-out",
}
