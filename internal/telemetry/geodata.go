package telemetry

import (
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// geodataKinds are the label values of the geo database metrics: the kinds of the
// files, and the table inside the program.
var geodataKinds = []string{"country", "asn", "embedded"}

// Geodata is one configured geo database, or the embedded table.
type Geodata struct {
	Kind   string // country, asn or embedded; others are not published
	Loaded bool
	Built  time.Time // used when it is loaded
}

// WatchGeodata publishes, by kind, how many geo databases are loaded and the age of the
// oldest of them. list is asked at each scrape and must be quick. The age of a kind
// of which none is loaded is left out.
func (m *Meter) WatchGeodata(list func() []Geodata) {
	m.registry.MustRegister(&geodataCollector{
		list:   list,
		loaded: prometheus.NewDesc("vigil_geodata_loaded", "Geo databases in use, by kind.", []string{"kind"}, nil),
		age:    prometheus.NewDesc("vigil_geodata_age_seconds", "Since the oldest geo database in use of a kind was built.", []string{"kind"}, nil),
	})
}

type geodataCollector struct {
	list        func() []Geodata
	loaded, age *prometheus.Desc
}

func (c *geodataCollector) Describe(ch chan<- *prometheus.Desc) { ch <- c.loaded; ch <- c.age }

func (c *geodataCollector) Collect(ch chan<- prometheus.Metric) {
	loaded, oldest := map[string]int{}, map[string]time.Time{}
	for _, d := range c.list() {
		if !d.Loaded || !slices.Contains(geodataKinds, d.Kind) {
			continue
		}
		loaded[d.Kind]++
		if first, some := oldest[d.Kind]; !some || d.Built.Before(first) {
			oldest[d.Kind] = d.Built
		}
	}
	for _, kind := range geodataKinds {
		ch <- prometheus.MustNewConstMetric(c.loaded, prometheus.GaugeValue, float64(loaded[kind]), kind)
		if built, some := oldest[kind]; some {
			ch <- prometheus.MustNewConstMetric(c.age, prometheus.GaugeValue, time.Since(built).Seconds(), kind)
		}
	}
}
