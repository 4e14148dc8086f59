package casefile_test

import (
	"encoding/json"
	"strings"
	"testing"

	"vigil/casefile"
)

// TestRemarksOfBothForms: an object is a code with its values, a string a text, as older versions stored it.
func TestRemarksOfBothForms(t *testing.T) {
	t.Parallel()
	parts := []casefile.Remark{casefile.NewRemark("opinion", "country", "NL", "source", "rdap"), casefile.TextRemark("NL, said <a&b>")}
	for form, want := range map[string]casefile.Remark{
		`{"code":"no_address"}`:                                casefile.NewRemark("no_address", "empty", ""),
		`{"code":"weak_confidence","values":{"least":"0.50"}}`: casefile.NewRemark("weak_confidence", "least", 0.5),
		`{"code":"of_address","parts":[{"code":"opinion","values":{"country":"NL","source":"rdap"}},"NL, said <a&b>"]}`: casefile.NewRemark("of_address", "parts", parts),
		`"The name has no address."`: casefile.TextRemark("The name has no address."),
	} {
		var got casefile.Remark
		if err := json.Unmarshal([]byte(form), &got); err != nil || !got.Equal(want) {
			t.Errorf("%s is %+v, %v", form, got, err)
		}
		var written strings.Builder
		e := json.NewEncoder(&written)
		e.SetEscapeHTML(false) // as vigil look writes
		if err := e.Encode(want); err != nil || written.String() != form+"\n" {
			t.Errorf("%+v is written %s, %v", want, &written, err)
		}
	}
	for _, form := range []string{`7`, `["text"]`, `{"code":7}`, `{"code":"a","values":{"n":1}}`, `{"parts":[7]}`, `true`} {
		if err := json.Unmarshal([]byte(form), new(casefile.Remark)); err == nil {
			t.Errorf("%s was read", form)
		}
	}
}

// TestHostingOfOlderVersions: its sentences are read as texts, and written again as they were.
func TestHostingOfOlderVersions(t *testing.T) {
	t.Parallel()
	var h casefile.Hosting
	for stored, part := range map[string]any{
		`["US (rdap)"]`: &h.Dissent, `["one","two"]`: &h.Steps, `{"name":"E","evidence":"asn","signs":["AS64500"]}`: &h.Edge,
		`{"name":"P","kind":"cloud","evidence":"asn","signs":["AS64501"]}`:                                                                      &h.Platform,
		`[{"party":"host","role":"abuse","source":"rdap","why":"row; draft: sending is off"},{"party":"edge","role":"abuse","source":"edges"}]`: &h.Contacts,
	} {
		err := json.Unmarshal([]byte(stored), part)
		if again, _ := json.Marshal(part); err != nil || string(again) != stored {
			t.Errorf("%s is written again %s, %v", stored, again, err)
		}
	}
	if !h.Steps[1].Equal(casefile.TextRemark("two")) || !h.Contacts[0].Why.Equal(casefile.TextRemark("row; draft: sending is off")) || !h.Contacts[1].Why.IsZero() {
		t.Errorf("%+v", h)
	}
}
