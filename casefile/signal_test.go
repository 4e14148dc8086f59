package casefile_test

import (
	"testing"

	"vigil/casefile"
)

func TestSignalValid(t *testing.T) {
	t.Parallel()
	for s, want := range map[casefile.Signal]bool{
		{Name: "status", Value: "404"}:                                              true,
		{Name: "status", Value: "not found"}:                                        false,
		{Name: "sibling", Value: "same_page"}:                                       true,
		{Name: "sibling", Value: "a missing page looks the same"}:                   false,
		{Name: "baseline", Value: "similarity=0.82 embeds_gone"}:                    true,
		{Name: "baseline", Value: "similarity=high"}:                                false,
		{Name: "file", Value: "similarity=0.00 kind=unknown kind_before=image/png"}: true,
		{Name: "fault", Value: "timeout connect"}:                                   true,
		{Name: "marker", Value: "parked_sign"}:                                      true,
		{Name: "marker", Value: ""}:                                                 false,
		{Name: "weather", Value: "same_page"}:                                       false,
		{Name: "without_referrer", Value: "http_404"}:                               true,
	} {
		if got := s.Valid(); got != want {
			t.Errorf("%+v: valid is %v", s, got)
		}
	}
}

// TestFaultsAreReasons: a fault is told in the words of its reason.
func TestFaultsAreReasons(t *testing.T) {
	t.Parallel()
	for _, kind := range casefile.FaultKinds {
		if reason := casefile.Reason(kind); !reason.Valid() || reason.State() != casefile.StateSilent && kind != casefile.FaultNXDomain {
			t.Errorf("%s leads to no silent reason of its name", kind)
		}
	}
}
