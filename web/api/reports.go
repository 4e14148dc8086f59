package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"reflect"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"

	"vigil/casefile"
	"vigil/web/auth"
)

// Bounds of one request for reports.
const (
	MaxBatch     = 1000
	MaxBatchSize = 8 << 20 // bytes
)

// ReportOutcome is what became of one report: either the three first members, or Problem.
type ReportOutcome struct {
	CaseID   casefile.CaseID   `json:"case_id,omitempty"`
	ReportID casefile.ReportID `json:"report_id,omitempty"`
	New      *bool             `json:"new,omitempty" doc:"true when a case was opened for it"`
	Problem  *Problem          `json:"problem,omitempty" doc:"why it was not taken"`
}

type reportsInput struct {
	Key     string `header:"Idempotency-Key" maxLength:"200" doc:"a name for this request; sending it again with the same key changes nothing and gives the same answer"`
	RawBody []byte `contentType:"application/json"`
}

type reportsOutput struct {
	Status   int
	Replayed string `header:"Idempotency-Replayed"`
	Body     any
}

func (a *API) reportRoutes() {
	const path = "/reports"
	route(a, http.MethodPost, path, "post_reports", casefile.RoleAnalyst, a.postReports, func(op *huma.Operation) {
		op.Errors = append(op.Errors, 400, 409, 413, 415)
		op.DefaultStatus, op.MaxBodyBytes, op.SkipValidateBody = http.StatusCreated, MaxBatchSize+1, true
		op.BodyReadTimeout = time.Minute
		op.Description += " " + say("reports_outcome")
	})
	schemas := a.huma.OpenAPI().Components.Schemas
	in, out := schemas.Schema(reflect.TypeFor[casefile.ReportInput](), true, ""), schemas.Schema(reflect.TypeFor[ReportOutcome](), true, "")
	most := MaxBatch
	op := a.huma.OpenAPI().Paths[path].Post
	op.RequestBody.Content["application/json"].Schema = &huma.Schema{
		OneOf: []*huma.Schema{in, {Type: huma.TypeArray, Items: in, MaxItems: &most}}}
	answer := map[string]*huma.MediaType{"application/json": {Schema: &huma.Schema{
		OneOf: []*huma.Schema{out, {Type: huma.TypeArray, Items: out}}}}}
	op.Responses["201"].Content = answer
	op.Responses["207"] = &huma.Response{Description: say("some_not_taken"), Content: map[string]*huma.MediaType{
		"application/json": {Schema: &huma.Schema{Type: huma.TypeArray, Items: out}}}}
}

func (a *API) postReports(ctx context.Context, in *reportsInput) (*reportsOutput, error) {
	at := now()
	items, batch, problem := split(in.RawBody)
	if problem != nil {
		return nil, problem
	}
	outcomes := make([]ReportOutcome, len(items))
	var good []casefile.Report
	var where []int
	for i, item := range items {
		report, p := a.report(item, auth.From(ctx).Name, at)
		if p != nil {
			outcomes[i].Problem = document(p)
			continue
		}
		good, where = append(good, report), append(where, i)
	}
	out := &reportsOutput{Status: http.StatusCreated}
	added, err := a.add(ctx, in, good, at, out)
	if err != nil {
		return nil, a.wrong(ctx, "add reports", err)
	}
	for i, done := range added {
		isNew := done.New
		outcomes[where[i]] = ReportOutcome{CaseID: done.CaseID, ReportID: done.ReportID, New: &isNew}
	}
	switch {
	case !batch && outcomes[0].Problem != nil:
		return nil, outcomes[0].Problem
	case !batch:
		out.Body = outcomes[0]
	default:
		out.Body = outcomes
		if len(good) < len(items) {
			out.Status = http.StatusMultiStatus
		}
	}
	return out, nil
}

// add stores the good reports, once when the request has an idempotency key.
func (a *API) add(
	ctx context.Context, in *reportsInput, good []casefile.Report, at time.Time, out *reportsOutput,
) ([]casefile.Added, error) {
	if len(good) == 0 {
		return nil, nil
	}
	var added []casefile.Added
	var err error
	if in.Key == "" {
		added, err = a.Store.AddReports(ctx, good, at)
	} else {
		// A key belongs to its sender: two tokens may choose the same.
		var replayed bool
		added, replayed, err = a.Store.AddReportsOnce(ctx, auth.From(ctx).Name+"\n"+in.Key, in.RawBody, good, at)
		if replayed {
			out.Replayed = "true"
		}
	}
	if err == nil && len(added) != len(good) {
		if out.Replayed != "" { // a report that was refused for its time then is good now
			return nil, casefile.Problemf(casefile.ProblemConflict, "Idempotency-Key",
				"the answer of the first time does not fit any more; ask for the cases, or use another key")
		}
		return nil, errors.New("the store answered for another number of reports")
	}
	return added, err
}

// split takes a body apart into its reports. batch says that it was an array.
func split(body []byte) (items []json.RawMessage, batch bool, p *Problem) {
	malformed := problemOf(http.StatusBadRequest, "the body is not well-formed JSON: send one report as an object, or several as an array")
	if !utf8.Valid(body) { // the JSON package would quietly replace what is not, and change the URL
		p = problemOf(http.StatusBadRequest, "the body is not UTF-8")
		p.Code = string(casefile.ProblemEncoding)
		return nil, false, p
	}
	body = bytes.TrimSpace(body)
	if !json.Valid(body) {
		return nil, false, malformed
	}
	if body[0] == '{' {
		return []json.RawMessage{body}, false, nil
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	if start, err := dec.Token(); err != nil || start != json.Delim('[') {
		return nil, false, malformed
	}
	for dec.More() {
		if len(items) == MaxBatch {
			return nil, true, problemOf(http.StatusRequestEntityTooLarge, "send at most 1,000 reports in one request")
		}
		var item json.RawMessage
		if err := dec.Decode(&item); err != nil {
			return nil, true, malformed
		}
		items = append(items, item)
	}
	if len(items) == 0 {
		return nil, true, problemOf(http.StatusUnprocessableEntity, "the array holds no report")
	}
	return items, true, nil
}

// report reads one report. source is what it gets when it names none.
func (a *API) report(raw json.RawMessage, source string, at time.Time) (casefile.Report, *casefile.Problem) {
	var in casefile.ReportInput
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&in); err != nil || raw[0] != '{' {
		return casefile.Report{}, misread(err)
	}
	if in.Source == "" {
		in.Source = strings.ToValidUTF8(source[:min(len(source), casefile.MaxSource)], "")
	}
	return casefile.NewReport(in, a.Parse, at)
}

// misread says why a report's JSON does not fit, without quoting it.
func misread(err error) *casefile.Problem {
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &kind) && kind.Field != "":
		return casefile.Problemf(casefile.ProblemField, kind.Field, "expected a %s", kind.Type)
	case err != nil && strings.Contains(err.Error(), "unknown field"):
		return casefile.Problemf(
			casefile.ProblemField, "", "a report has only the fields url, referrer, source, reference, classification, received, held")
	}
	return casefile.Problemf(casefile.ProblemField, "", "a report is a JSON object")
}
