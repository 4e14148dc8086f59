package registry

import (
	"bytes"
	"cmp"
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
	Kind    bootstrap.RegistryType `json:"kind"`
	Packed  []byte                 `json:"gzip,omitempty"` // as it is, the larger ones would be over what a Cache takes
	Problem Problem                `json:"problem,omitempty"`
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
	if problem = cmp.Or(problem, file.Problem); problem != "" {
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
	f := bootFile{Kind: kind, Problem: problem}
	if problem == "" {
		f.parsed, f.Problem = parseBoot(kind, raw)
		var packed bytes.Buffer
		w := gzip.NewWriter(&packed)
		_, _ = w.Write(raw) // a buffer takes all
		_ = w.Close()
		f.Packed = packed.Bytes()
	}
	if f.Problem == "" {
		return Answer[bootFile]{Value: f, TTL: bootTTL, stands: bootStale}
	}
	if old, until, have := r.boot.old(kind, nil); have {
		return Answer[bootFile]{Value: old, TTL: bootRetry, until: until}
	}
	if f.Problem == ProblemInterrupted {
		return Answer[bootFile]{Value: f}
	}
	return Answer[bootFile]{Value: bootFile{Kind: kind, Problem: f.Problem}, TTL: min(bootRetry, r.o.Retry)}
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

// UnmarshalJSON unpacks the file, within maxBody, and makes it ready for look-ups.
func (f *bootFile) UnmarshalJSON(raw []byte) error {
	type packed bootFile
	if err := json.Unmarshal(raw, (*packed)(f)); err != nil || f.Problem != "" {
		return err
	}
	r, err := gzip.NewReader(bytes.NewReader(f.Packed))
	if err != nil {
		return err
	}
	text, err := io.ReadAll(io.LimitReader(r, maxBody+1))
	switch {
	case err != nil:
		return err
	case len(text) > maxBody:
		return errTooLarge
	}
	var problem Problem
	if f.parsed, problem = parseBoot(f.Kind, text); problem != "" {
		return errBroken
	}
	return nil
}
