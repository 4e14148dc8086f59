package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"vigil/crawler/fetch"
	"vigil/geolocate"
)

// TestEdgeNamesAgree holds the closed set of names that the fetcher gives to headers
// against the tables that say what they mean: the two rooms may not import each other.
func TestEdgeNamesAgree(t *testing.T) {
	t.Parallel()
	l, err := geolocate.New(geolocate.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	if diff := cmp.Diff(fetch.EdgeNames(), l.HeaderNames()); diff != "" {
		t.Errorf("crawler/fetch and the tables of geolocate differ (-fetch +tables):\n%s", diff)
	}
}
