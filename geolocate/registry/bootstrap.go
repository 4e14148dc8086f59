package registry

import (
	"context"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"sort"
	"strings"
	"time"

	"github.com/openrdap/rdap/bootstrap"
)

// Times to live of the bootstrap files (RFC 9224, section 8 asks clients to cache
// them). A file that could not be fetched is tried again after bootRetry; until
// then an expired copy serves, when there is one.
const (
	bootTTL   = 24 * time.Hour
	bootRetry = 5 * time.Minute
	bootStale = 30 * 24 * time.Hour
)

// bootFile is one file of the RDAP bootstrap registry, or why there is none.
type bootFile struct {
	JSON    []byte    `json:"json,omitempty"`
	Problem Problem   `json:"problem,omitempty"`
	Fetched time.Time `json:"fetched"`
	parsed  bootstrap.Registry
}

// responsible finds the base URLs of the RDAP servers for an address or a domain,
// https before http. The parsed registries are only read and the URLs are copies,
// because the library's own client is not safe for concurrent use.
func (r *Registry) responsible(ctx context.Context, query string) ([]*url.URL, Problem) {
	kind := bootstrap.DNS
	if addr, err := netip.ParseAddr(query); err == nil {
		kind = bootstrap.IPv6
		if addr.Is4() {
			kind = bootstrap.IPv4
		}
	}
	file, ok := r.boot.get(ctx, kind.String(), func(f bootFile) bool { return f.parsed != nil || f.Problem != "" || len(f.JSON) > 0 }, func(ctx context.Context) (bootFile, time.Duration) {
		return r.fetchBoot(ctx, kind)
	})
	if !ok {
		return nil, problemOf(ctx, ctx.Err())
	}
	if file.Problem != "" {
		return nil, file.Problem
	}
	parsed, problem := r.parsed(kind, file)
	if problem != "" {
		return nil, problem
	}
	answer, err := parsed.Lookup(&bootstrap.Question{RegistryType: kind, Query: query})
	if err != nil || answer == nil || len(answer.URLs) == 0 {
		return nil, ProblemNotFound
	}
	var urls []*url.URL
	for _, u := range answer.URLs {
		if (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" {
			c := *u
			urls = append(urls, &c)
		}
	}
	sort.SliceStable(urls, func(i, j int) bool { return urls[i].Scheme == "https" && urls[j].Scheme != "https" })
	if len(urls) == 0 {
		return nil, ProblemNotFound
	}
	return urls, ""
}

func (r *Registry) fetchBoot(ctx context.Context, kind bootstrap.RegistryType) (bootFile, time.Duration) {
	now := time.Now().UTC()
	raw, problem := r.download(ctx, r.bootstrap.JoinPath(kind.Filename()))
	f := bootFile{JSON: raw, Problem: problem, Fetched: now}
	if problem == "" {
		f.parsed, f.Problem = parseBoot(kind, raw)
	}
	r.bootMu.Lock()
	defer r.bootMu.Unlock()
	if f.Problem == "" {
		r.bootLast[kind] = f
		return f, bootTTL
	}
	if old, have := r.bootLast[kind]; have && now.Sub(old.Fetched) < bootStale {
		return old, bootRetry
	}
	if f.Problem == ProblemInterrupted {
		return f, 0
	}
	f.JSON = nil
	return f, min(bootRetry, r.retry)
}

// parsed is the file ready for look-ups: one that was read back from the disk is parsed once.
func (r *Registry) parsed(kind bootstrap.RegistryType, file bootFile) (bootstrap.Registry, Problem) {
	if file.parsed != nil {
		return file.parsed, ""
	}
	r.bootMu.Lock()
	defer r.bootMu.Unlock()
	if last, have := r.bootLast[kind]; have && last.Fetched.Equal(file.Fetched) {
		return last.parsed, ""
	}
	parsed, problem := parseBoot(kind, file.JSON)
	if problem == "" {
		file.parsed = parsed
		r.bootLast[kind] = file
	}
	return parsed, problem
}

func parseBoot(kind bootstrap.RegistryType, raw []byte) (parsed bootstrap.Registry, problem Problem) {
	defer func() {
		if recover() != nil {
			parsed, problem = nil, ProblemBroken
		}
	}()
	var err error
	switch kind {
	case bootstrap.IPv4:
		parsed, err = bootstrap.NewNetRegistry(raw, 4)
	case bootstrap.IPv6:
		parsed, err = bootstrap.NewNetRegistry(raw, 6)
	case bootstrap.DNS:
		parsed, err = bootstrap.NewDNSRegistry(raw)
	case bootstrap.ASN, bootstrap.ServiceProvider:
		return nil, ProblemNotFound
	}
	if err != nil {
		return nil, ProblemBroken
	}
	return parsed, ""
}

// download reads one bootstrap file.
func (r *Registry) download(ctx context.Context, u *url.URL) ([]byte, Problem) {
	if problem := r.limits.pass(ctx, strings.ToLower(u.Host)); problem != "" {
		return nil, problem
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), http.NoBody)
	if err != nil {
		return nil, ProblemBroken
	}
	req.Header.Set("User-Agent", r.agent)
	resp, err := r.http.Do(req)
	if err != nil {
		return nil, problemOf(ctx, err)
	}
	defer func() { _ = resp.Body.Close() }()
	if problem := r.statusProblem(u.Host, resp); problem != "" {
		return nil, problem
	}
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, problemOf(ctx, err)
	}
	return raw, ""
}

// statusProblem reads the status of an answer and leaves the server alone when it asks for it.
func (r *Registry) statusProblem(host string, resp *http.Response) Problem {
	switch code := resp.StatusCode; {
	case code >= 200 && code <= 299:
		return ""
	case code == http.StatusNotFound:
		return ProblemNotFound
	case code == http.StatusTooManyRequests, code == http.StatusServiceUnavailable && resp.Header.Get("Retry-After") != "":
		r.limits.hold(strings.ToLower(host), retryAfter(resp.Header, time.Now()))
		return ProblemRateLimited
	}
	return ProblemServer
}
