package eye

import (
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vigil/casefile"
)

// wireFields are the fields that go over the line in this version of the wire. An eye refuses fields that it does not
// know: whoever changes the list raises Wire, so that two releases say so instead of breaking off.
const (
	wireOfFields = 2
	wireFields   = `
	request.manner.digest_key request.manner.timeout_ns request.manner.max_body request.manner.max_redirects
	request.manner.user_agent request.target request.referrer request.purpose request.nameservers answer.identity.name
	answer.identity.country answer.identity.network answer.identity.build answer.identity.limits.timeout_ns
	answer.identity.limits.max_body answer.identity.limits.max_redirects answer.observation.purpose answer.observation.took_ns
	answer.observation.resolution.rcode answer.observation.resolution.cnames answer.observation.resolution.addresses
	answer.observation.resolution.nameservers answer.observation.resolution.authenticated answer.observation.resolution.took_ns
	answer.observation.hops.target answer.observation.hops.address answer.observation.hops.status answer.observation.hops.tls.version
	answer.observation.hops.tls.problem answer.observation.hops.tls.expires answer.observation.hops.location
	answer.observation.hops.media_type answer.observation.hops.server answer.observation.hops.edge answer.observation.hops.challenge
	answer.observation.hops.protocol answer.observation.hops.retry_after_ns answer.observation.hops.date
	answer.observation.hops.round_trip_ns answer.observation.hops.took_ns answer.observation.status answer.observation.body_bytes
	answer.observation.truncated answer.observation.features.digest answer.observation.features.simhash
	answer.observation.features.structure answer.observation.features.title answer.observation.features.words
	answer.observation.features.elements answer.observation.features.links answer.observation.features.images
	answer.observation.features.media answer.observation.features.scripts answer.observation.features.forms
	answer.observation.features.passwords answer.observation.features.buttons answer.observation.features.frames
	answer.observation.features.kind answer.observation.features.bytes answer.observation.features.length
	answer.observation.features.heads answer.observation.features.html answer.observation.features.markers
	answer.observation.features.said answer.observation.fault.kind answer.observation.fault.phase answer.observation.fault.detail`
)

func TestTheFieldsAreThoseOfTheWireVersion(t *testing.T) {
	t.Parallel()
	var got []string
	fieldsOf(reflect.TypeFor[wireRequest](), "request", &got)
	fieldsOf(reflect.TypeFor[wireAnswer](), "answer", &got)
	if diff := cmp.Diff(strings.Fields(wireFields), got); diff != "" {
		t.Errorf("the wire has other fields: raise Wire, and write them down here (-was +is)\n%s", diff)
	}
	if Wire != wireOfFields {
		t.Errorf("the fields are those of version %d, and Wire is %d", wireOfFields, Wire)
	}
}

// fieldsOf lists the names of a type's fields in JSON, one a field, by their way.
func fieldsOf(of reflect.Type, way string, list *[]string) {
	for of.Kind() == reflect.Pointer || of.Kind() == reflect.Slice {
		of = of.Elem()
	}
	if of.Kind() != reflect.Struct || !strings.HasPrefix(of.PkgPath(), "vigil/") || of == reflect.TypeFor[casefile.Target]() {
		*list = append(*list, way)
		return
	}
	for i := range of.NumField() {
		f := of.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "" {
			name = f.Name
		}
		fieldsOf(f.Type, way+"."+name, list)
	}
}
