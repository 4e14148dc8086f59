package casefile

import "fmt"

// Problem is a fault of the caller: bad input, told so that a person knows what
// happened and what to do. At the web edge it becomes an RFC 9457 document.
type Problem struct {
	Code   ProblemCode `json:"code"`
	Detail string      `json:"detail"`          // one sentence: what is wrong and what to do
	Field  string      `json:"field,omitempty"` // the input field, when there is one
}

// ProblemCode is a stable name of a kind of bad input.
type ProblemCode string

// Problem codes.
const (
	ProblemEncoding  ProblemCode = "invalid_encoding"   // not UTF-8, or control characters
	ProblemTooLong   ProblemCode = "url_too_long"       // over MaxURL
	ProblemSyntax    ProblemCode = "invalid_url"        // the WHATWG parser refuses it
	ProblemScheme    ProblemCode = "unsupported_scheme" // not http or https
	ProblemUserinfo  ProblemCode = "userinfo_refused"   // user:password@ in the URL
	ProblemHost      ProblemCode = "invalid_host"       // no host, or one that IDNA refuses
	ProblemAddress   ProblemCode = "address_refused"    // a literal address that Vigil never dials
	ProblemField     ProblemCode = "invalid_field"      // another field out of its range
	ProblemNotFound  ProblemCode = "not_found"
	ProblemConflict  ProblemCode = "conflict" // the thing changed since it was read, or the move is not allowed
	ProblemForbidden ProblemCode = "forbidden"
)

// Error makes a Problem an error; errors.As finds it.
func (p *Problem) Error() string {
	if p.Field != "" {
		return fmt.Sprintf("%s: %s: %s", p.Field, p.Code, p.Detail)
	}
	return fmt.Sprintf("%s: %s", p.Code, p.Detail)
}

// Problemf makes a Problem with a formatted detail.
func Problemf(code ProblemCode, field, format string, args ...any) *Problem {
	return &Problem{Code: code, Field: field, Detail: fmt.Sprintf(format, args...)}
}
