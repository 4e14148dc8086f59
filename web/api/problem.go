package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"go.uber.org/zap"

	"vigil/casefile"
	"vigil/web/needs"
)

// Problem is an RFC 9457 document. Code is the stable name of what is wrong.
// Nothing in it quotes the request.
type Problem struct {
	Type   string       `json:"type" doc:"always about:blank; code tells problems apart"`
	Title  string       `json:"title" doc:"the words of the HTTP status"`
	Status int          `json:"status"`
	Code   string       `json:"code" doc:"stable name of what is wrong" example:"not_found"`
	Detail string       `json:"detail" doc:"what is wrong and what to do, for people"`
	Field  string       `json:"field,omitempty" doc:"the input it is about"`
	Errors []FieldError `json:"errors,omitempty" doc:"one for each faulty input, when there are several"`
}

// FieldError is what is wrong with one input.
type FieldError struct {
	Field  string `json:"field"`
	Detail string `json:"detail"`
}

// Error makes a Problem an error.
func (p *Problem) Error() string { return p.Code + ": " + p.Detail }

// GetStatus is the HTTP status (huma.StatusError).
func (p *Problem) GetStatus() int { return p.Status }

const problemMedia = "application/problem+json"

// ContentType is the media type of the document (huma.ContentTypeFilter).
func (p *Problem) ContentType(string) string { return problemMedia }

// codes are the codes of problems that a status alone tells.
var codes = map[int]string{
	http.StatusBadRequest:            "invalid_request",
	http.StatusUnauthorized:          "unauthorized",
	http.StatusForbidden:             string(casefile.ProblemForbidden),
	http.StatusNotFound:              string(casefile.ProblemNotFound),
	http.StatusMethodNotAllowed:      "method_not_allowed",
	http.StatusNotAcceptable:         "not_acceptable",
	http.StatusRequestTimeout:        "request_timeout",
	http.StatusConflict:              string(casefile.ProblemConflict),
	http.StatusRequestEntityTooLarge: "too_large",
	http.StatusUnsupportedMediaType:  "unsupported_media_type",
	http.StatusUnprocessableEntity:   string(casefile.ProblemField),
	http.StatusTooManyRequests:       "rate_limited",
	http.StatusInternalServerError:   "internal",
	http.StatusServiceUnavailable:    "unavailable",
}

func problemOf(status int, detail string) *Problem {
	code := codes[status]
	if code == "" {
		code = "internal"
	}
	return &Problem{Type: "about:blank", Title: http.StatusText(status), Status: status, Code: code, Detail: detail}
}

// document is the caller's fault as a document.
func document(p *casefile.Problem) *Problem {
	d := problemOf(needs.Status(p), p.Detail)
	d.Code, d.Field = string(p.Code), p.Field
	return d
}

// toProblem turns the library's errors into Problems, without the values that it quotes.
func toProblem(_ huma.Context, _ string, v any) (any, error) {
	m, ok := v.(*huma.ErrorModel)
	if !ok {
		return v, nil
	}
	p := problemOf(m.Status, m.Detail)
	for _, e := range m.Errors {
		if m.Status != http.StatusUnprocessableEntity || e == nil {
			continue
		}
		field := e.Location
		for _, where := range []string{"body.", "query.", "path.", "header."} {
			field = strings.TrimPrefix(field, where)
		}
		p.Errors = append(p.Errors, FieldError{field, e.Message})
	}
	switch {
	case len(p.Errors) == 1:
		p.Field, p.Detail, p.Errors = p.Errors[0].Field, p.Errors[0].Detail, nil
	case len(p.Errors) > 1:
		p.Detail = "several inputs are wrong; see errors"
	case m.Status == http.StatusBadRequest:
		p.Detail = "the body is not well-formed JSON"
	}
	return p, nil
}

// write answers with a problem outside of an operation.
func write(w http.ResponseWriter, p *Problem) {
	w.Header().Set("Content-Type", problemMedia)
	w.WriteHeader(p.Status)
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(p)
}

// wrong tells the caller what is wrong: their fault as it is; ours without words, and to the log.
func (a *API) wrong(ctx context.Context, doing string, err error) error {
	if theirs, ok := errors.AsType[*casefile.Problem](err); ok {
		return document(theirs)
	}
	switch {
	case errors.Is(context.Cause(ctx), errTimeout):
		a.Log.Warn("request timed out", zap.String("doing", doing))
		return problemOf(http.StatusServiceUnavailable, "this took too long; try again with a smaller page")
	case ctx.Err() != nil:
		return problemOf(http.StatusServiceUnavailable, "the request was cancelled")
	}
	a.Log.Error("request failed", zap.String("doing", doing), zap.Error(err))
	return problemOf(http.StatusInternalServerError, "Vigil could not do this; the reason is in its log")
}
