package telemetry

import (
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestGeodataAge(t *testing.T) {
	t.Parallel()
	m := New()
	day := 24 * time.Hour
	m.WatchGeodata(func() []Geodata {
		return []Geodata{
			{Kind: "country", Loaded: true, Built: time.Now().Add(-2 * day)}, {Kind: "country", Loaded: true, Built: time.Now().Add(-9 * day)},
			{Kind: "asn"}, {Kind: "embedded", Loaded: true, Built: time.Now().Add(-60 * day)}, {Kind: "somebody.example", Loaded: true, Built: time.Now()},
		}
	})
	body := scrape(t, m)
	for _, want := range []string{`vigil_geodata_loaded{kind="country"} 2`, `vigil_geodata_loaded{kind="asn"} 0`, `vigil_geodata_loaded{kind="embedded"} 1`} {
		if !strings.Contains(body, want) {
			t.Errorf("no %s", want)
		}
	}
	for kind, days := range map[string]float64{"country": 9, "embedded": 60} {
		found := regexp.MustCompile(`vigil_geodata_age_seconds\{kind="` + kind + `"\} (\S+)`).FindStringSubmatch(body)
		if found == nil {
			t.Errorf("no age of %s", kind)
			continue
		}
		if age, err := strconv.ParseFloat(found[1], 64); err != nil || age < days*86400 || age > days*86400+60 {
			t.Errorf("age of %s is %s s, want %v days", kind, found[1], days)
		}
	}
	if strings.Contains(body, `vigil_geodata_age_seconds{kind="asn"}`) || strings.Contains(body, "somebody") {
		t.Error("an age of what is not loaded, or a label from outside the closed set")
	}
}
