package remote

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vigil/internal/fakenet/filled"
)

// wireFields are the fields that go over the wire in this version of the wire. A remote vantage refuses fields that it does not
// know: whoever changes the list raises Wire, so that two releases say so instead of breaking off.
const (
	wireOfFields = 3
	wireFields   = `
	answer.identity.build answer.identity.country answer.identity.limits.max_body
	answer.identity.limits.max_redirects answer.identity.limits.timeout_ns answer.identity.name
	answer.identity.network answer.observation.body_bytes answer.observation.fault.detail
	answer.observation.fault.kind answer.observation.fault.phase answer.observation.features.buttons
	answer.observation.features.bytes answer.observation.features.digest answer.observation.features.elements
	answer.observation.features.forms answer.observation.features.frames answer.observation.features.heads
	answer.observation.features.html answer.observation.features.images answer.observation.features.kind
	answer.observation.features.length answer.observation.features.links answer.observation.features.markers
	answer.observation.features.media answer.observation.features.passwords answer.observation.features.said
	answer.observation.features.scripts answer.observation.features.simhash answer.observation.features.structure
	answer.observation.features.title answer.observation.features.words answer.observation.hops.address
	answer.observation.hops.challenge answer.observation.hops.date answer.observation.hops.edge
	answer.observation.hops.location answer.observation.hops.media_type answer.observation.hops.protocol
	answer.observation.hops.retry_after_ns answer.observation.hops.round_trip_ns answer.observation.hops.server
	answer.observation.hops.status answer.observation.hops.tls.expires answer.observation.hops.tls.problem
	answer.observation.hops.tls.version answer.observation.hops.took_ns answer.observation.hops.url
	answer.observation.purpose answer.observation.resolution.addresses answer.observation.resolution.authenticated
	answer.observation.resolution.cnames answer.observation.resolution.nameservers
	answer.observation.resolution.rcode answer.observation.resolution.took_ns answer.observation.status
	answer.observation.took_ns answer.observation.truncated request.digest_key request.manner.max_body
	request.manner.max_redirects request.manner.timeout_ns request.manner.user_agent request.nameservers
	request.purpose request.referrer request.target`
)

// Vantage and start are the asker's own: they have names, and are refused when an answer says them.
var unsaid = []string{"answer.observation.started", "answer.observation.vantage"}

func TestTheFieldsAreThoseOfTheWireVersion(t *testing.T) {
	t.Parallel()
	got := fieldsOf(t, filled.Of[request](), "request")
	got = append(got, fieldsOf(t, filled.Of[response](), "answer")...)
	got = slices.DeleteFunc(got, func(way string) bool { return slices.Contains(unsaid, way) })
	slices.Sort(got)
	if diff := cmp.Diff(strings.Fields(wireFields), slices.Compact(got)); diff != "" {
		t.Errorf("the wire has other fields: raise Wire, and write them down here (-was +is)\n%s", diff)
	}
	if Wire != wireOfFields {
		t.Errorf("the fields are those of version %d, and Wire is %d", wireOfFields, Wire)
	}
}

// fieldsOf lists the ways to what is written of v.
func fieldsOf(t *testing.T, v any, way string) []string {
	t.Helper()
	data, err := encode(v)
	if err != nil {
		t.Fatal(err)
	}
	var written any
	if err := json.Unmarshal(data, &written); err != nil {
		t.Fatal(err)
	}
	return waysIn(written, way)
}

func waysIn(v any, way string) (list []string) {
	switch v := v.(type) {
	case map[string]any:
		for name, field := range v {
			list = append(list, waysIn(field, way+"."+name)...)
		}
	case []any:
		for _, element := range v {
			list = append(list, waysIn(element, way)...)
		}
	default:
		list = []string{way}
	}
	return list
}
