package registry

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"sort"
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
	JSON    []byte
	Problem Problem
	Fetched time.Time
	parsed  bootstrap.Registry
}

// holds says whether there is anything to go by.
func (f *bootFile) holds() bool { return f.parsed != nil || f.Problem != "" || len(f.JSON) > 0 }

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
	file, problem := r.boot.fetch(ctx, kind.String(), struct{}{}, func(ctx context.Context) answer[bootFile] {
		return r.fetchBoot(ctx, kind)
	})
	if problem != "" {
		return nil, problem
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
		if askable(u) {
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

func (r *Registry) fetchBoot(ctx context.Context, kind bootstrap.RegistryType) answer[bootFile] {
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
		return answer[bootFile]{value: f, ttl: bootTTL}
	}
	if old, have := r.bootLast[kind]; have && now.Sub(old.Fetched) < bootStale {
		return answer[bootFile]{value: old, ttl: bootRetry}
	}
	if f.Problem == ProblemInterrupted {
		return answer[bootFile]{value: f}
	}
	f.JSON = nil
	return answer[bootFile]{value: f, ttl: min(bootRetry, r.retry)}
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
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), http.NoBody)
	if err != nil {
		return nil, ProblemBroken
	}
	req.Header.Set("User-Agent", userAgent)
	resp, err := r.http.Do(req)
	if err != nil {
		return nil, problemOf(ctx, err)
	}
	defer func() { _ = resp.Body.Close() }()
	switch problem := statusProblem(resp); problem {
	case "":
	case ProblemNotFound: // a missing file says nothing about the object
		return nil, ProblemServer
	default:
		return nil, problem
	}
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, bodyProblem(ctx, err)
	}
	return raw, ""
}

// MarshalJSON packs the file: as it is, the larger ones would be over what a Cache takes.
func (f bootFile) MarshalJSON() ([]byte, error) {
	p := packedBoot{Problem: f.Problem, Fetched: f.Fetched}
	if len(f.JSON) > 0 {
		var packed bytes.Buffer
		w := gzip.NewWriter(&packed)
		if _, err := w.Write(f.JSON); err != nil {
			return nil, err
		}
		if err := w.Close(); err != nil {
			return nil, err
		}
		p.Packed = packed.Bytes()
	}
	return json.Marshal(p)
}

// UnmarshalJSON unpacks the file, within maxBody.
func (f *bootFile) UnmarshalJSON(raw []byte) error {
	var p packedBoot
	if err := json.Unmarshal(raw, &p); err != nil {
		return err
	}
	*f = bootFile{Problem: p.Problem, Fetched: p.Fetched}
	if len(p.Packed) == 0 {
		return nil
	}
	r, err := gzip.NewReader(bytes.NewReader(p.Packed))
	if err != nil {
		return err
	}
	if f.JSON, err = io.ReadAll(io.LimitReader(r, maxBody+1)); err == nil && len(f.JSON) > maxBody {
		err = errTooLarge
	}
	return err
}

// packedBoot is a bootFile as a Cache keeps it.
type packedBoot struct {
	Packed  []byte    `json:"gzip,omitempty"`
	Problem Problem   `json:"problem,omitempty"`
	Fetched time.Time `json:"fetched"`
}
