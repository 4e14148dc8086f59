package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"os"
	"strings"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"vigil/casefile"
	"vigil/internal/config"
	"vigil/notices"
)

// config is the ordinary configuration with the demo's addresses, and its pace
// scaled so that a day takes d.day.
func (d *demo) config() (config.Config, error) {
	cfg := config.Defaults()
	country, asn, err := d.net.WriteDatabases(d.dir)
	if err != nil {
		return cfg, err
	}
	cfg.Database.URL = "sqlite:" + d.path("vigil.db")
	cfg.Seal.KeyFile = d.path("vigil.key")
	cfg.Resolver = config.Resolver{Servers: []string{d.net.DNS()}, Timeout: d.day * 4 / 25}
	for _, p := range []string{"192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32"} { // RFC 5737, RFC 3849
		cfg.Guard.AllowNetworks = append(cfg.Guard.AllowNetworks, netip.MustParsePrefix(p))
	}
	cfg.Crawler.Timeout, cfg.Crawler.PerHostGap = d.day*2/5, 0
	cfg.Crawler.Vantages = []config.Vantage{{Name: "local", Country: "NL", Network: "AS64500"}}
	cfg.Geolocate = config.Geolocate{
		Databases: []config.GeoDatabase{{Kind: "country", Path: country}, {Kind: "asn", Path: asn}},
		RDAP:      config.RDAP{Bootstrap: d.net.RDAPBootstrap()}, WHOIS: config.WHOIS{Server: d.net.WHOIS()}, PerSecond: 1000,
	}
	day := func(n float64) time.Duration { return time.Duration(n * float64(d.day)) }
	cfg.Scheduler = config.Scheduler{
		FirstGap: day(0.1), Growth: 0.1, MaxGap: day(0.25),
		Confirm:          config.Confirm{Verdicts: 2, Span: day(0.5)}, // the demo has one vantage, so a removal needs 4 verdicts over a day
		UnavailableAfter: day(4), Aftercare: []time.Duration{day(1), day(2), day(3), day(30)},
		Rounds: 64, FeedEvery: 100 * time.Millisecond, HostingTTL: day(2),
	}
	for i := range 3 {
		cfg.Gate.Targets = append(cfg.Gate.Targets, d.net.URL(demoControl(i)))
	}
	cfg.Notices = config.Notices{
		Send: true, From: "Demo Hotline <desk@demo-hotline.test>", Organisation: "Demo Hotline", Country: "NL",
		SMTP: config.SMTP{Address: d.sockets.SMTP(), TLS: "none"}, Directory: d.path("hotlines.csv"),
	}
	cfg.Web.Listen = d.listener.Addr().String()
	return cfg, d.writeDirectory(cfg.Notices.Directory)
}

// writeDirectory is the built-in directory with made-up mail addresses, so that
// assignments can be sent to the demo's own mail sink.
func (d *demo) writeDirectory(path string) error {
	builtIn, err := notices.BuiltInDirectory()
	if err != nil {
		return err
	}
	countries := map[string]bool{"NL": true}
	for _, n := range d.net.Networks() {
		countries[n.Country] = true
	}
	var out bytes.Buffer
	w := csv.NewWriter(&out)
	_ = w.Write([]string{"country", "hotline", "website", "status", "email", "approved", "source"})
	for country := range countries {
		for i, h := range builtIn.In(country) {
			address := fmt.Sprintf("desk-%d@hotline-%s.test", i+1, strings.ToLower(country))
			_ = w.Write([]string{country, h.Name, h.Website, string(h.Status), address, "yes", "the demo"})
		}
	}
	w.Flush()
	return os.WriteFile(path, out.Bytes(), 0o600)
}

// fileLog writes the log to a file, so that the demo can search it for what must not be in it.
func fileLog(path string) (*zap.Logger, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("make the demo's log: %w", err)
	}
	return zap.New(zapcore.NewCore(zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig()), zapcore.Lock(f), zapcore.DebugLevel)), nil
}

// report queues every site's URL through the API, as a hotline's intake would.
func (d *demo) report(ctx context.Context) error {
	var bodies []casefile.ReportInput
	for i, e := range d.endings {
		bodies = append(bodies, casefile.ReportInput{
			URL: e.URL, Source: "public", Reference: fmt.Sprintf("demo-%02d", i+1), Classification: string(casefile.ClassBaseline),
		})
	}
	body, err := json.Marshal(bodies)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	at := "http://" + d.listener.Addr().String() + "/api/v1/reports"
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, at, bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+d.token)
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Idempotency-Key", "demo")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("report the demo's URLs: %w", err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	if err != nil || response.StatusCode >= 300 {
		return fmt.Errorf("report the demo's URLs: the API answered %s: %s", response.Status, answer)
	}
	var outcomes []struct {
		CaseID casefile.CaseID `json:"case_id"`
	}
	if err := json.Unmarshal(answer, &outcomes); err != nil || len(outcomes) != len(d.endings) {
		return fmt.Errorf("report the demo's URLs: %d of %d answers (%w)", len(outcomes), len(d.endings), err)
	}
	for i, o := range outcomes {
		d.cases[o.CaseID] = d.endings[i]
	}
	return nil
}
