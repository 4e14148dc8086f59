package remote

import (
	"fmt"
	"net/http"

	"vigil/casefile"
)

// PlaceError says that the eye states another name, country or network than the
// owner's configuration does. It matters: the network decides who counts as an
// independent witness.
type PlaceError struct{ States, Configured casefile.Vantage }

func (e *PlaceError) Error() string {
	return fmt.Sprintf("the eye says that it is %s, the configuration says %s: correct crawler.vantages here, or vantage there", place(e.States), place(e.Configured))
}

func place(v casefile.Vantage) string {
	return fmt.Sprintf("%q in country %q, network %q", v.Name, v.Country, v.Network)
}

// LimitsError says that the eye allows less than this owner's looks need.
type LimitsError struct{ Limits Limits }

func (e *LimitsError) Error() string {
	return fmt.Sprintf("the eye allows looks of %v, %d bytes and %d redirects, and ours need more: raise its crawler.timeout, max_body and max_redirects to ours",
		e.Limits.Timeout, e.Limits.MaxBody, e.Limits.MaxRedirects)
}

// StatusError is a refusal of the eye. Its words are foreign and are not repeated; its own log has them.
type StatusError struct{ Code int }

func (e *StatusError) Error() string {
	return fmt.Sprintf("the eye answered with status %d (%s); its log says why", e.Code, http.StatusText(e.Code))
}

// AnswerError is an answer that cannot be used. Nothing of the answer is repeated.
type AnswerError struct{ cause error }

func (e *AnswerError) Error() string { return "the answer cannot be used: " + e.cause.Error() }

// Unwrap gives the rule that was broken.
func (e *AnswerError) Unwrap() error { return e.cause }
