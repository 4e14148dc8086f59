package judge

import (
	"strings"
	"testing"

	"vigil/casefile"
)

func TestServerErrorsSayWhoseWordTheyAre(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		status int
		edge   string
		want   string
	}{
		{"the edge could not connect", 522, "cloudflare", "origin_no_connection"},
		{"the edge found no name", 530, "cloudflare", "origin_name"},
		{"the same number from another server", 522, "", ""},
		{"a gateway", 502, "cloudflare", "bad_gateway"},
		{"maintenance", 503, "", "unavailable"},
		{"a number of its own", 599, "", ""},
		{"a page", 200, "cloudflare", ""},
	} {
		o := casefile.Observation{Vantage: "local", Status: tt.status, Hops: []casefile.Hop{{Status: tt.status, Edge: tt.edge}}}
		l := newLook(&o, &Input{})
		l.noteFacts()
		got := ""
		for _, s := range l.signals {
			if s.Name == "server_error" {
				got = s.Value
				if s.PointsTo != casefile.StateSilent {
					t.Errorf("%s: points to %q; it is no evidence of absence", tt.name, s.PointsTo)
				}
			}
		}
		if got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
		if tt.status/100 == 5 && !strings.HasPrefix(string(l.reason()), "server_error") {
			t.Errorf("%s: reason %s", tt.name, l.reason())
		}
	}
}
