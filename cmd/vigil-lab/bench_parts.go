package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"vigil/casefile"
	"vigil/cmd/app"
	"vigil/crawler/resolve"
	"vigil/crawler/target"
	"vigil/internal/config"
	"vigil/web/shape"
)

func benchPart(ctx context.Context, out io.Writer, part string, l benchLab, inFlight int, postgres, dir string) error {
	tell := json.NewEncoder(out)
	if part == "raw" {
		r, err := benchRaw(ctx, l, inFlight)
		return errors.Join(err, tell.Encode(r))
	}
	cfg := benchConfig(l, inFlight)
	switch part {
	case "looks":
		r, err := benchLooks(ctx, cfg, l, inFlight)
		return errors.Join(err, tell.Encode(r))
	case "visits-sqlite", "rounds-sqlite":
		cfg.Database.URL = "sqlite:" + filepath.Join(dir, fmt.Sprintf("%s-%d.db", part, time.Now().UnixNano()))
	case "visits-postgres":
		cfg.Database.URL = postgres
	default:
		return fmt.Errorf("no part %q", part)
	}
	cfg.Seal.KeyFile = filepath.Join(dir, "bench-"+part[:6]+".key")
	return benchVisits(ctx, cfg, l, part, inFlight, tell)
}

func benchConfig(l benchLab, inFlight int) config.Config {
	cfg := config.Defaults()
	cfg.Resolver.Servers = []string{l.DNS}
	cfg.Guard.AllowNetworks = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	cfg.Crawler.InFlight, cfg.Crawler.PerHostGap = inFlight, 0
	cfg.Geolocate.Databases = []config.GeoDatabase{{Kind: "country", Path: l.Country}, {Kind: "asn", Path: l.ASN}}
	cfg.Geolocate.RDAP.Bootstrap, cfg.Geolocate.WHOIS.Server = "", ""
	s := &cfg.Scheduler
	s.FirstGap, s.Growth, s.MaxGap = 10*time.Millisecond, 0, 10*time.Millisecond // all are due again at once
	s.Rounds = inFlight
	s.FeedEvery = 200 * time.Millisecond
	return cfg
}

func (l benchLab) url(i int) string { return fmt.Sprintf(l.Format, i) }

// spread calls work for 0..n-1 from width goroutines and counts where it says false.
func spread(n, width int, work func(i int) bool) int {
	var next, failed atomic.Int64
	var all sync.WaitGroup
	for range width {
		all.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				if !work(i) {
					failed.Add(1)
				}
			}
		})
	}
	all.Wait()
	return int(failed.Load())
}

// benchRaw is the floor a developer would write with the standard library: A and
// AAAA, a fresh connection, the body hashed, its title found, a line of JSON. It
// asks through our resolver, which is quicker than the standard one: the floor must not be low.
func benchRaw(ctx context.Context, l benchLab, width int) (benchResult, error) {
	resolver, err := resolve.New(resolve.Options{Servers: []string{l.DNS}})
	if err != nil {
		return benchResult{}, err
	}
	buffers := sync.Pool{New: func() any { return new(bytes.Buffer) }}
	client := &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			host, port, err := net.SplitHostPort(address)
			if err != nil {
				return nil, err
			}
			addrs, err := resolver.LookupHost(ctx, host)
			if err != nil {
				return nil, err
			}
			return (&net.Dialer{}).DialContext(ctx, network, net.JoinHostPort(addrs[0].Unmap().String(), port))
		},
	}}
	return measure("raw", l.Sites, func() (int, error) {
		return spread(l.Sites, width, func(i int) bool {
			request, err := http.NewRequestWithContext(ctx, http.MethodGet, l.url(i), nil)
			if err != nil {
				return false
			}
			response, err := client.Do(request)
			if err != nil {
				return false
			}
			defer response.Body.Close()
			buffer := buffers.Get().(*bytes.Buffer)
			defer buffers.Put(buffer)
			buffer.Reset()
			if _, err := buffer.ReadFrom(response.Body); err != nil || response.StatusCode != http.StatusOK {
				return false
			}
			body := buffer.Bytes()
			sum := sha256.Sum256(body)
			_, rest, _ := bytes.Cut(body, []byte("<title>"))
			title, _, _ := bytes.Cut(rest, []byte("</title>"))
			return json.NewEncoder(io.Discard).Encode(map[string]any{"url": l.url(i), "status": response.StatusCode, "bytes": len(body), "sha256": hex.EncodeToString(sum[:]), "title": string(title)}) == nil
		}), nil
	})
}

func benchLooks(ctx context.Context, cfg config.Config, l benchLab, width int) (benchResult, error) {
	a, err := app.New(cfg, zap.NewNop(), app.World{})
	if err != nil {
		return benchResult{}, err
	}
	e, err := a.NewLookDeps()
	if err != nil {
		return benchResult{}, err
	}
	return measure("looks", l.Sites, func() (int, error) {
		return spread(l.Sites, width, func(i int) bool {
			t, problem := target.Parse(l.url(i))
			if problem != nil {
				return false
			}
			o := e.Vantages.Look(ctx, cfg.Crawler.Vantages[0].Name, casefile.Subject{Target: t, Purpose: casefile.PurposeTarget})
			return o.Fault == nil && o.Status == http.StatusOK && json.NewEncoder(io.Discard).Encode(shape.ObservationOf(o)) == nil
		}), nil
	})
}

// benchVisits measures the first visits of all cases (each with a decoy look and
// a hosting decision) and then visits as they are for the rest of a case's life:
// look, judge against the baseline, locate, record durably, next due.
func benchVisits(ctx context.Context, cfg config.Config, l benchLab, part string, width int, tell *json.Encoder) error {
	if cfg.Database.URL[:6] != "sqlite" {
		fresh, drop, err := benchDatabase(ctx, cfg.Database.URL)
		if err != nil {
			return err
		}
		defer drop()
		cfg.Database.URL = fresh
	}
	h, err := app.Open(ctx, cfg, zap.NewNop(), app.World{})
	if err != nil {
		return err
	}
	defer func() { _ = h.Close() }()
	e, err := h.NewEngine(ctx, nil)
	if err != nil {
		return err
	}
	if err := benchReports(ctx, h, l); err != nil {
		return err
	}
	if part == "rounds-sqlite" {
		return benchRounds(ctx, e, l, part, tell)
	}
	for _, pass := range []string{"first " + part, part} {
		time.Sleep(20 * time.Millisecond) // so that the last ones are due again
		hosts, err := h.Store.DueHosts(ctx, time.Now().UTC(), l.Sites)
		if err != nil {
			return err
		}
		if len(hosts) != l.Sites {
			return fmt.Errorf("%d hosts are due, not %d", len(hosts), l.Sites)
		}
		r, err := measure(pass, l.Sites, func() (int, error) {
			return spread(l.Sites, width, func(i int) bool { return e.Visitor.Round(ctx, hosts[i]) == nil }), nil
		})
		if err := errors.Join(err, tell.Encode(r)); err != nil {
			return err
		}
	}
	return nil
}

func benchReports(ctx context.Context, h *app.App, l benchLab) error {
	now := time.Now().UTC()
	var batch []casefile.Report
	for i := range l.Sites {
		t, problem := h.Parse(l.url(i))
		if problem != nil {
			return problem
		}
		batch = append(batch, casefile.Report{Target: t, Source: "bench", Classification: casefile.ClassUnclassified, Received: now})
		if len(batch) == 1000 || i == l.Sites-1 {
			if _, err := h.Store.AddReports(ctx, batch, now); err != nil {
				return err
			}
			batch = batch[:0]
		}
	}
	return nil
}

// benchRounds is the same work through the queue: feeder, River, rounds. It runs
// until every case was visited twice.
func benchRounds(ctx context.Context, e *app.Engine, l benchLab, part string, tell *json.Encoder) error {
	ctx, stop := context.WithTimeout(ctx, 5*time.Minute)
	defer stop()
	var done atomic.Int64
	running := make(chan error, 1)
	r, err := measure(part+" (with queue)", l.Sites, func() (int, error) {
		go func() { running <- e.Run(ctx, nil) }()
		for done.Load() < int64(l.Sites) && ctx.Err() == nil {
			time.Sleep(50 * time.Millisecond)
			done.Store(e.Meter.Visits())
		}
		return 0, ctx.Err()
	})
	r.URLs = int(done.Load())
	stop()
	if ended := <-running; ended != nil {
		err = errors.Join(err, ended)
	}
	return errors.Join(err, tell.Encode(r))
}

// benchDatabase makes an empty database on the server of a PostgreSQL URL.
func benchDatabase(ctx context.Context, server string) (fresh string, drop func(), err error) {
	u, err := url.Parse(server)
	if err != nil {
		return "", nil, errors.New("the PostgreSQL URL is broken")
	}
	admin, err := sql.Open("pgx", server)
	if err != nil {
		return "", nil, err
	}
	name := fmt.Sprintf("vigil_bench_%d", time.Now().UnixNano())
	if _, err := admin.ExecContext(ctx, "CREATE DATABASE "+name); err != nil {
		return "", nil, errors.Join(err, admin.Close())
	}
	u.Path = "/" + name
	return u.String(), func() {
		_, _ = admin.ExecContext(context.WithoutCancel(ctx), "DROP DATABASE "+name+" WITH (FORCE)")
		_ = admin.Close()
	}, nil
}
