package main

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
)

func prefixes(texts string) []netip.Prefix {
	var out []netip.Prefix
	for _, t := range strings.Fields(texts) {
		out = append(out, netip.MustParsePrefix(t))
	}
	return out
}

func TestMergeCoversTheSameAddresses(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, in, want string }{
		{"nothing", "", ""},
		{"two halves", "192.0.2.128/25 192.0.2.0/25", "192.0.2.0/24"},
		{"neighbours that are no halves of one", "192.0.2.64/26 192.0.2.128/26", "192.0.2.64/26 192.0.2.128/26"},
		{"one inside another", "192.0.2.7/32 192.0.2.0/24", "192.0.2.0/24"},
		{"the same twice", "192.0.2.0/24 192.0.2.0/24", "192.0.2.0/24"},
		{"four quarters", "192.0.2.192/26 192.0.2.0/26 192.0.2.128/26 192.0.2.64/26", "192.0.2.0/24"},
		{"two versions", "2001:db8::/33 192.0.2.0/32 2001:db8:8000::/33", "192.0.2.0/32 2001:db8::/32"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if got, want := merge(prefixes(test.in)), prefixes(test.want); !slices.Equal(got, want) {
				t.Errorf("%v, want %v", got, want)
			}
		})
	}
}

func TestRows(t *testing.T) {
	t.Parallel()
	compilation := map[string]map[string][]string{"cdn": {}, "waf": {}}
	for i, l := range published() {
		compilation[l.kind][l.key] = []string{netip.AddrFrom4([4]byte{198, 51, 100, byte(200 - i)}).String() + "/32"}
	}
	rows, err := rowsOf(compilation, "2026-02-01")
	if err != nil || len(rows) != len(published()) || rows[0][1] != "198.51.100.195/32" || rows[0][3] != "2026-02-01" {
		t.Errorf("%v, %v", rows, err)
	}
	compilation["waf"]["incapsula"] = []string{"198.51.100.0/24"}
	if _, err := rowsOf(compilation, "2026-02-01"); err == nil || !strings.Contains(err.Error(), "overlaps") {
		t.Errorf("overlapping lists were taken: %v", err)
	}
	delete(compilation["waf"], "incapsula")
	if _, err := rowsOf(compilation, "2026-02-01"); err == nil {
		t.Error("a missing list was taken")
	}
	if err := run("missing.json", "today", nil); err == nil {
		t.Error("a wrong date was taken")
	}
}
