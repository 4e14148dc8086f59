package store

import (
	"strings"
	"testing"

	"vigil/casefile"
)

// TestCoded: what older versions wrote is of the same codes as what this one writes.
func TestCoded(t *testing.T) {
	t.Parallel()
	for old, want := range map[[2]string]string{
		{"status", "404"}: "404",
		{"page", "1834 bytes, 15 words, 1 links, 0 images, 0 embeds"}:                                                  "bytes=1834 words=15 links=1 images=0 embeds=0",
		{"page", "17 bytes, not html"}:                                                                                 "bytes=17 not_html",
		{"page", "says it of itself, and little else"}:                                                                 "says_so_itself",
		{"baseline", "similarity 0.01, images and embeds gone, another text"}:                                          "similarity=0.01 embeds_gone other_text",
		{"file", "similarity 0.82, 5017 in place of 5000 bytes"}:                                                       "similarity=0.82 length=5017 length_before=5000",
		{"file", "similarity 0.00, an unknown type in place of video/mp4, an unknown number in place of 300000 bytes"}: "similarity=0.00 kind=unknown kind_before=video/mp4 length_unknown length_before=300000",
		{"fault", "timeout in connect"}:                                                                                "timeout connect",
		{"fault", "unknown in unknown phase"}:                                                                          "unknown unknown",
		{"without_referrer", "http_404"}:                                                                               "http_404",
		{"without_referrer", "the same answer"}:                                                                        "same_page",
		{"doubt", "says removed, among pictures"}:                                                                      "removed_among_pictures",
		{"registration", "past its expiry date"}:                                                                       "expired",
		{"vantages", "3 looked, 1 saw it, 1 found it gone, over 1 networks"}:                                           "looked=3 live=1 gone=1 networks=1",
		{"vantages", "0 looked"}:                                                                                       "looked=0",
		{"server_error", "the edge's word about the origin: its name does not resolve, or another error of 1xxx"}:      "origin_name",
		{"sibling", "same_page"}:                                                                                       "same_page",
		{"page", "12 bytes, and a surprise"}:                                                                           "12 bytes, and a surprise",
		{"of a newer version", "a b, c"}:                                                                               "a b, c",
	} {
		s := casefile.Signal{Name: old[0], Value: old[1], PointsTo: casefile.StateGone}
		got := coded(s)
		if got.Value != want || got.Name != s.Name || got.PointsTo != s.PointsTo {
			t.Errorf("%s %q became %+v, want %q", s.Name, s.Value, got, want)
		}
		if again := coded(got); again != got {
			t.Errorf("%s %q: a second time it became %+v", s.Name, s.Value, again)
		}
	}
}

// TestOldValuesLeadToCodes reads every line of the list.
func TestOldValuesLeadToCodes(t *testing.T) {
	t.Parallel()
	if n := len(oldValues()); n < 60 {
		t.Fatalf("only %d old values", n)
	}
	fill := strings.NewReplacer("$1", "1", "$2", "bytes")
	for _, old := range oldValues() {
		codes := fill.Replace(old.codes)
		if old.name == "fault" {
			codes = strings.NewReplacer("$1", "timeout", "$2", "connect").Replace(old.codes)
		}
		if old.name == "file" {
			codes = strings.NewReplacer("=$1", "=image/png", "=$2", "=1").Replace(old.codes)
		}
		if s := (casefile.Signal{Name: old.name, Value: codes}); !s.Valid() {
			t.Errorf("%s: %q leads to %q, which are no codes", old.name, old.was, codes)
		}
	}
}
