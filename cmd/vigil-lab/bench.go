package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"slices"
	"strconv"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"vigil/internal/fakenet"
)

// The benchmark: one process is the internet (fakenet on loopback), and each
// measured part is a process of its own, so that CPU and peak memory are its alone.
// All parts take the same URLs over the same sockets, in turn, several times.

// benchLab is what the internet process tells the others.
type benchLab struct {
	DNS     string `json:"dns"`
	Format  string `json:"format"` // of a URL, with the number of the site
	Sites   int    `json:"sites"`
	Country string `json:"country"` // databases
	ASN     string `json:"asn"`
}

// benchResult is what a measured process tells.
type benchResult struct {
	Part    string  `json:"part"`
	URLs    int     `json:"urls"`
	Failed  int     `json:"failed"`
	Seconds float64 `json:"seconds"`
	CPU     float64 `json:"cpu_seconds"` // user and system, of the measured stretch
	Peak    int64   `json:"peak_bytes"`  // resident, of the whole process
	Mallocs uint64  `json:"mallocs"`
	Bytes   uint64  `json:"alloc_bytes"`
}

const benchPageSize = 20 << 10

func newBench() *cobra.Command {
	var role, lab, postgres, profiles string
	var sites, rounds, inFlight int
	cmd := &cobra.Command{
		Use:   "bench",
		Short: "Measure looks and visits beside a raw net/http loop over the same URLs, on loopback",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			switch role {
			case "":
				return benchAll(cmd.Context(), cmd.OutOrStdout(), sites, rounds, inFlight, postgres, profiles)
			case "internet":
				return benchInternet(cmd.OutOrStdout(), cmd.InOrStdin(), lab, sites)
			}
			data, err := os.ReadFile(lab)
			if err != nil {
				return err
			}
			var l benchLab
			if err := json.Unmarshal(data, &l); err != nil {
				return err
			}
			if profiles != "" {
				stop, err := startProfile(filepath.Join(profiles, role+".pprof"))
				if err != nil {
					return err
				}
				defer stop()
			}
			return benchPart(cmd.Context(), cmd.OutOrStdout(), role, l, inFlight, postgres, filepath.Dir(lab))
		},
	}
	cmd.Flags().IntVar(&sites, "sites", 10_000, "sites, one URL each")
	cmd.Flags().IntVar(&rounds, "rounds", 3, "how often each part is measured; the median is printed")
	cmd.Flags().IntVar(&inFlight, "in-flight", 256, "looks at once")
	cmd.Flags().StringVar(&postgres, "postgres", os.Getenv("VIGIL_TEST_POSTGRES"), "also measure visits on this PostgreSQL database")
	cmd.Flags().StringVar(&profiles, "profiles", "", "write a CPU profile of each part to this folder")
	cmd.Flags().StringVar(&role, "role", "", "internal: which part this process is")
	cmd.Flags().StringVar(&lab, "lab", "", "internal: where the internet is described")
	return cmd
}

func benchAll(ctx context.Context, out io.Writer, sites, rounds, inFlight int, postgres, profiles string) error {
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find the own binary: %w", err)
	}
	dir, err := os.MkdirTemp("", "vigil-bench-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	lab := filepath.Join(dir, "lab.json")
	stop, err := startInternet(ctx, self, lab, sites)
	if err != nil {
		return err
	}
	defer stop()
	parts := []string{"raw", "looks", "visits-sqlite", "rounds-sqlite"}
	if postgres != "" {
		parts = append(parts, "visits-postgres")
	}
	fmt.Fprintf(out, "%d sites with pages of %d KiB, a fresh connection each, %d in flight, %d rounds in turn; "+
		"%d CPUs shared with the servers\n",
		sites, benchPageSize>>10, inFlight, rounds, runtime.NumCPU())
	results := map[string][]benchResult{}
	var names []string
	for round := range rounds {
		for _, part := range parts {
			fmt.Fprintf(os.Stderr, "round %d of %d: %s\n", round+1, rounds, part)
			var said bytes.Buffer
			c := exec.CommandContext(ctx, self, "bench", "--role", part, "--lab", lab, "--in-flight", strconv.Itoa(inFlight),
				"--postgres", postgres, "--profiles", profiles)
			c.Stdout, c.Stderr = &said, os.Stderr
			if err := c.Run(); err != nil {
				return fmt.Errorf("measure %s: %w", part, err)
			}
			for d := json.NewDecoder(&said); ; {
				var r benchResult
				if err := d.Decode(&r); errors.Is(err, io.EOF) {
					break
				} else if err != nil {
					return fmt.Errorf("read the result of %s: %w", part, err)
				}
				if results[r.Part] == nil {
					names = append(names, r.Part)
				}
				results[r.Part] = append(results[r.Part], r)
				fmt.Fprintf(os.Stderr, "  %s: %.0f/s, %d failed\n", r.Part, float64(r.URLs)/r.Seconds, r.Failed)
			}
		}
	}
	printBench(out, names, results)
	return nil
}

func startProfile(path string) (stop func(), err error) {
	f, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	return func() { pprof.StopCPUProfile(); _ = f.Close() }, pprof.StartCPUProfile(f)
}

// startInternet starts the internet process and waits until it has described itself.
func startInternet(ctx context.Context, self, lab string, sites int) (stop func(), err error) {
	c := exec.CommandContext(ctx, self, "bench", "--role", "internet", "--lab", lab, "--sites", strconv.Itoa(sites))
	c.Stderr = os.Stderr
	in, err := c.StdinPipe()
	if err != nil {
		return nil, err
	}
	ready, err := c.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := c.Start(); err != nil {
		return nil, fmt.Errorf("start the internet: %w", err)
	}
	stop = func() { _ = in.Close(); _ = c.Wait() }
	if _, err := io.ReadFull(ready, make([]byte, 1)); err != nil {
		stop()
		return nil, fmt.Errorf("wait for the internet: %w", err)
	}
	return stop, nil
}

// benchInternet serves until its standard input closes.
func benchInternet(out io.Writer, in io.Reader, lab string, sites int) error {
	n := fakenet.New(fakenet.Options{TTL: time.Hour})
	n.AddMany(sites, func(i int) fakenet.Site {
		return fakenet.Site{Host: fmt.Sprintf("s%d.site-%d.test", i, i), Acts: fakenet.Always(fakenet.Article(i%64, benchPageSize))}
	})
	defer n.Close()
	sockets, err := n.Listen(fakenet.SocketOptions{Plain: true})
	if err != nil {
		return err
	}
	l := benchLab{DNS: sockets.DNS(), Sites: sites}
	first := sockets.URL("s0.site-0.test")
	l.Format = string(bytes.ReplaceAll([]byte(first), []byte("s0.site-0."), []byte("s%[1]d.site-%[1]d.")))
	if l.Country, l.ASN, err = n.WriteDatabases(filepath.Dir(lab)); err != nil {
		return err
	}
	data, err := json.Marshal(l)
	if err != nil {
		return err
	}
	if err := os.WriteFile(lab, data, 0o600); err != nil {
		return err
	}
	fmt.Fprint(out, ".")
	_, err = io.Copy(io.Discard, in)
	return err
}

// measure runs work and tells what it took. Peak memory is that of the process so far.
func measure(part string, urls int, work func() (failed int, err error)) (benchResult, error) {
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	cpu, started := cpuSeconds(), time.Now()
	failed, err := work()
	r := benchResult{Part: part, URLs: urls, Failed: failed, Seconds: time.Since(started).Seconds(), CPU: cpuSeconds() - cpu}
	runtime.ReadMemStats(&after)
	r.Mallocs, r.Bytes, r.Peak = after.Mallocs-before.Mallocs, after.TotalAlloc-before.TotalAlloc, peakBytes()
	return r, err
}

func usage() unix.Rusage {
	var u unix.Rusage
	_ = unix.Getrusage(unix.RUSAGE_SELF, &u) // cannot fail for RUSAGE_SELF
	return u
}

func cpuSeconds() float64 {
	u := usage()
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()).Seconds()
}

func peakBytes() int64 {
	peak := usage().Maxrss
	if runtime.GOOS == "linux" { // in KiB there, in bytes on macOS
		peak <<= 10
	}
	return peak
}

func printBench(out io.Writer, names []string, results map[string][]benchResult) {
	median := func(part string, of func(benchResult) float64) float64 {
		var values []float64
		for _, r := range results[part] {
			values = append(values, of(r))
		}
		slices.Sort(values)
		return values[len(values)/2]
	}
	rate := func(r benchResult) float64 { return float64(r.URLs) / r.Seconds }
	raw := median("raw", rate)
	t := table.NewWriter()
	t.SetStyle(table.StyleLight)
	t.AppendHeader(table.Row{"part", "per second", "of raw", "least..most", "CPU s per 1,000", "peak MB", "allocs each", "KB each", "failed"})
	for _, name := range names {
		var rates []float64
		failed := 0
		for _, r := range results[name] {
			rates = append(rates, rate(r))
			failed += r.Failed
		}
		t.AppendRow(table.Row{
			name, fmt.Sprintf("%.0f", median(name, rate)), fmt.Sprintf("%.2f", median(name, rate)/raw),
			fmt.Sprintf("%.0f..%.0f", slices.Min(rates), slices.Max(rates)),
			fmt.Sprintf("%.3f", median(name, func(r benchResult) float64 { return r.CPU / float64(r.URLs) * 1000 })),
			fmt.Sprintf("%.0f", median(name, func(r benchResult) float64 { return float64(r.Peak) / (1 << 20) })),
			fmt.Sprintf("%.0f", median(name, func(r benchResult) float64 { return float64(r.Mallocs) / float64(r.URLs) })),
			fmt.Sprintf("%.0f", median(name, func(r benchResult) float64 { return float64(r.Bytes) / float64(r.URLs) / 1024 })), failed,
		})
	}
	fmt.Fprintln(out, t.Render())
}
