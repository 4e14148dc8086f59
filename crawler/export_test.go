package crawler

import "vigil/crawler/fetch"

// Details are all details of faults that a look gives, but for those of its
// Resolver. They are a closed set of phrases; docs/verdicts.md lists them.
func Details() []string {
	return append([]string{detailVantage, detailStopped, detailGuard, detailPanic, detailRedirect, detailLoop, detailHops}, fetch.Details()...)
}
