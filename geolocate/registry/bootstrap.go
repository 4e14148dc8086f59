package registry

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
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
	kind    bootstrap.RegistryType
	raw     []byte
	problem Problem
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
	file, problem := r.boot.Fetch(ctx, kind, nil, func(ctx context.Context) Answer[bootFile] { return r.fetchBoot(ctx, kind) })
	if problem = cmp.Or(problem, file.problem); problem != "" {
		return nil, problem
	}
	answer, err := file.parsed.Lookup(&bootstrap.Question{RegistryType: kind, Query: query})
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

func (r *Registry) fetchBoot(ctx context.Context, kind bootstrap.RegistryType) Answer[bootFile] {
	raw, problem := r.download(ctx, r.bootstrap.JoinPath(kind.Filename()))
	f := bootFile{kind: kind, raw: raw, problem: problem}
	if problem == "" {
		f.parsed, f.problem = parseBoot(kind, raw)
	}
	if f.problem == "" {
		return Answer[bootFile]{Value: f, TTL: bootTTL, stands: bootStale}
	}
	if old, until, have := r.boot.old(kind, nil); have {
		return Answer[bootFile]{Value: old, TTL: bootRetry, until: until}
	}
	if f.problem == ProblemInterrupted {
		return Answer[bootFile]{Value: f}
	}
	return Answer[bootFile]{Value: bootFile{kind: kind, problem: f.problem}, TTL: min(bootRetry, r.retry)}
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
		return nil, ProblemOf(ctx, err)
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
		return nil, BodyProblem(ctx, err)
	}
	return raw, ""
}

// MarshalJSON packs the file: as it is, the larger ones would be over what a Cache takes.
func (f bootFile) MarshalJSON() ([]byte, error) {
	p := packedBoot{Kind: f.kind, Problem: f.problem}
	if len(f.raw) > 0 {
		var packed bytes.Buffer
		w := gzip.NewWriter(&packed)
		_, err := w.Write(f.raw)
		if err = errors.Join(err, w.Close()); err != nil {
			return nil, err
		}
		p.Packed = packed.Bytes()
	}
	return json.Marshal(p)
}

// UnmarshalJSON unpacks the file, within maxBody, and makes it ready for look-ups.
func (f *bootFile) UnmarshalJSON(raw []byte) error {
	var p packedBoot
	if err := json.Unmarshal(raw, &p); err != nil {
		return err
	}
	*f = bootFile{kind: p.Kind, problem: p.Problem}
	if f.problem != "" {
		return nil
	}
	r, err := gzip.NewReader(bytes.NewReader(p.Packed))
	if err != nil {
		return err
	}
	if f.raw, err = io.ReadAll(io.LimitReader(r, maxBody+1)); err == nil && len(f.raw) > maxBody {
		err = errTooLarge
	}
	if err != nil {
		return err
	}
	var problem Problem
	if f.parsed, problem = parseBoot(f.kind, f.raw); problem != "" {
		return errBroken
	}
	return nil
}

// packedBoot is a bootFile as a Cache keeps it.
type packedBoot struct {
	Kind    bootstrap.RegistryType `json:"kind"`
	Packed  []byte                 `json:"gzip,omitempty"`
	Problem Problem                `json:"problem,omitempty"`
}
