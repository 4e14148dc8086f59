package shape_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vigil/casefile"
	"vigil/internal/fakenet/filled"
	"vigil/web/shape"
)

// Of a value with every field set, every field of its shape is set.
func TestShapesForgetNothing(t *testing.T) {
	t.Parallel()
	verdict := filled.Of[casefile.Verdict]()
	verdict.Reason = casefile.ReasonSoft404 // one with a number of ICCAM
	for _, tc := range []struct {
		of  any
		but []string
	}{
		{of: shape.VerdictOf(verdict)},
		{of: shape.ObservationOf(filled.Of[casefile.Observation]())},
		{of: shape.HostingOf(filled.Of[casefile.Hosting]()), but: []string{"Hosting.Decided"}},
		{of: shape.AssignmentOf(filled.Of[casefile.Assignment]())},
	} {
		if diff := cmp.Diff(tc.but, filled.Zeros(tc.of)); diff != "" {
			t.Errorf("%T: fields that are not set (-meant +found):\n%s", tc.of, diff)
		}
	}
}

// What is not known is said in the contract's way: lists are [], never null.
func TestShapesOfNothing(t *testing.T) {
	t.Parallel()
	line, err := json.Marshal(shape.Look{
		Verdict: shape.VerdictOf(casefile.Verdict{}), Hosting: shape.HostingOf(casefile.Hosting{}), Assignment: shape.AssignmentOf(casefile.Assignment{}),
		Observations: []shape.Observation{shape.ObservationOf(casefile.Observation{Hops: []casefile.Hop{{}}})},
	})
	const want = `{"target":"","looked_at":"0001-01-01T00:00:00Z","verdict":{"state":"","reason":"","iccam_reason":0,"signals":[]},` +
		`"observations":[{"vantage":"","purpose":"","resolution":{"rcode":"","cnames":[],"addresses":[],"nameservers":[],"authenticated":false,` +
		`"took_ms":0},"hops":[{"host":"","address":"","status":0}],"status":0,"body_bytes":0,"truncated":false,"fault":null,"took_ms":0}],` +
		`"hosting":{"provider":"","asn":0,"network":"","country":"","confidence":0,"disputed":false,"dissent":[],"addresses":[],"claims":[],` +
		`"edge":null,"platform":null,"origin":"","contacts":[],"registrar":null,"steps":[]},` +
		`"assignment":{"hosting_country":"","assigned_country":"","hotlines":[],"policy":""}}`
	if err != nil || string(line) != want {
		t.Errorf("%s, %v\nwant %s", line, err, want)
	}
}
