package casefile_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vigil/casefile"
)

// TestRemarksOfBothForms: an object is a code with its values, a string a text, as older versions stored it.
func TestRemarksOfBothForms(t *testing.T) {
	t.Parallel()
	rdap := casefile.NewRemark("opinion", "country", "NL", "source", "rdap")
	for form, want := range map[string]casefile.Remark{
		`{"code":"no_address"}`:                                casefile.NewRemark("no_address"),
		`{"code":"weak_confidence","values":{"least":"0.50"}}`: casefile.NewRemark("weak_confidence", "least", 0.5, "empty", ""),
		`{"code":"of_address","parts":[{"code":"opinion","values":{"country":"NL","source":"rdap"}},"NL, said <a&b>"]}`: casefile.NewRemark("of_address").With(rdap, casefile.TextRemark("NL, said <a&b>")),
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

// TestHostingOfOlderVersions: its steps, dissent, signs and reasons were sentences, and are shown as they were.
func TestHostingOfOlderVersions(t *testing.T) {
	t.Parallel()
	const stored = `{"dissent":["US (rdap)"],"edge":{"name":"E","evidence":"asn","signs":["AS64500"]},"platform":{"name":"P","kind":"cloud","evidence":"asn","signs":["AS64501"]},` +
		`"contacts":[{"party":"host","role":"abuse","source":"rdap","why":"row; draft: sending is off"},{"party":"edge","role":"abuse","source":"edges"}],"steps":["one","two"]}`
	var h casefile.Hosting
	if err := json.Unmarshal([]byte(stored), &h); err != nil {
		t.Fatal(err)
	}
	said := append(append(append(h.Dissent, h.Edge.Signs...), h.Platform.Signs...), h.Steps...)
	var texts []string
	for _, r := range append(said, h.Contacts[0].Why) {
		if r.Code != casefile.RemarkText {
			t.Errorf("%+v is no text", r)
		}
		texts = append(texts, r.Values["text"])
	}
	if diff := cmp.Diff([]string{"US (rdap)", "AS64500", "AS64501", "one", "two", "row; draft: sending is off"}, texts); diff != "" || !h.Contacts[1].Why.IsZero() {
		t.Error(diff, h.Contacts[1].Why)
	}
	again, err := json.Marshal(h.Contacts)
	if err != nil || string(again) != stored[strings.Index(stored, `[{"party"`):strings.Index(stored, `,"steps"`)] {
		t.Errorf("written again: %s, %v", again, err)
	}
}
