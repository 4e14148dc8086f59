package remote

import (
	"errors"
	"net/netip"
	"slices"
	"strings"
	"time"

	"vigil/casefile"
	"vigil/crawler/fetch"
	"vigil/crawler/resolve"
)

// Bounds of what an answer may hold. Counts and lengths are those that the crawler
// keeps to (crawler/resolve, crawler/fetch); a name in presentation form is at most
// four times its 255 bytes (RFC 1035, section 5.1).
const (
	mostNames     = 64
	mostAddresses = 64
	maxDNSName    = 1024
	maxWord       = 32
	maxFact       = 100
	mostRetry     = 24 * time.Hour
	digestHex     = 64 // HMAC-SHA-256 in hexadecimal
)

// errUnsound repeats nothing of the answer.
var errUnsound = errors.New("an observation out of bounds, or of something that was not asked")

// sound checks every field of o, and writes its times in UTC and absent lists as empty ones. Vantage and
// Started are the asker's to set: a remote vantage's own name and clock are no facts about the target.
func sound(o *casefile.Observation, asked casefile.Subject, m LookSettings) bool {
	for i := range o.Hops {
		if !soundHop(&o.Hops[i]) {
			return false
		}
	}
	switch answered := len(o.Hops) > 0; {
	case o.Purpose != asked.Purpose, o.Vantage != "", !o.Started.IsZero():
	case !lasted(o.Took), !lasted(o.Resolution.Took), !soundResolution(&o.Resolution):
	case len(o.Hops) > m.MaxRedirects+1, o.Status != o.Final().Status, answered && o.Hops[0].Target != asked.Target:
	case o.BodyBytes < 0, o.BodyBytes > m.MaxBody, !answered && (o.BodyBytes > 0 || o.Truncated || o.Features != nil):
	case o.Features != nil && !soundFeatures(o.Features, m.MaxBody):
	case o.Fault != nil && !soundFault(*o.Fault), o.Fault == nil && o.Status == 0:
	default:
		return true
	}
	return false
}

// lasted says whether a look, or a part of it, may have taken so long.
func lasted(d time.Duration) bool { return d >= 0 && d <= mostTimeout+time.Minute }

func soundResolution(r *casefile.Resolution) bool {
	r.CNAMEs, r.Nameservers = append([]string{}, r.CNAMEs...), append([]string{}, r.Nameservers...)
	r.Addresses = append([]netip.Addr{}, r.Addresses...)
	bad := func(name string) bool { return name == "" || len(name) > maxDNSName || !printable(name) }
	return word(r.Rcode) && len(r.CNAMEs) <= mostNames && len(r.Nameservers) <= mostNames && len(r.Addresses) <= mostAddresses &&
		!slices.ContainsFunc(r.CNAMEs, bad) && !slices.ContainsFunc(r.Nameservers, bad) &&
		!slices.ContainsFunc(r.Addresses, func(a netip.Addr) bool { return !plainAddress(a) })
}

func plainAddress(a netip.Addr) bool { return a.IsValid() && a.Zone() == "" }

// soundHop checks h. Nothing dials its target or address again on this side.
func soundHop(h *casefile.Hop) bool {
	h.Date = h.Date.UTC()
	if h.TLS != nil {
		h.TLS.Expires = h.TLS.Expires.UTC()
	}
	return !h.Target.IsZero() && plainAddress(h.Address) && h.Status >= 100 && h.Status <= 999 &&
		fact(h.MediaType) && fact(h.Server) && word(h.Edge) && word(h.Protocol) &&
		(h.TLS == nil || word(h.TLS.Version) && word(h.TLS.Problem)) &&
		h.RetryAfter >= 0 && h.RetryAfter <= mostRetry && h.RoundTrip >= 0 && h.RoundTrip <= mostTimeout && lasted(h.Took)
}

func fact(s string) bool { return len(s) <= maxFact && printable(s) }

func word(s string) bool { return len(s) <= maxWord && printable(s) }

func soundFeatures(f *casefile.Features, maxBody int64) bool {
	// Nothing can be counted more often than the body has bytes.
	for _, n := range []int{f.Words, f.Elements, f.Links, f.Images, f.Media, f.Scripts, f.Forms, f.Passwords, f.Buttons, f.Frames} {
		if n < 0 || int64(n) > maxBody {
			return false
		}
	}
	return hex(f.Digest, digestHex) && (f.Title == "" || hex(f.Title, digestHex)) && soundFile(f, maxBody) &&
		soundMarkers(f.Markers, casefile.Marker.Valid) && soundMarkers(f.Asserted, f.Mentions)
}

// soundMarkers says whether markers are sorted, each once, and known.
func soundMarkers(list []casefile.Marker, known func(casefile.Marker) bool) bool {
	for i, m := range list {
		if !known(m) || i > 0 && list[i-1] >= m {
			return false
		}
	}
	return true
}

// soundFile says whether the traits of a file are such as a crawler gives.
func soundFile(f *casefile.Features, maxBody int64) bool {
	if !word(f.Kind) || f.Bytes < 0 || f.Bytes > maxBody || f.Length < 0 || len(f.PrefixDigests) > casefile.MaxPrefixDigests {
		return false
	}
	for i, h := range f.PrefixDigests {
		if !hex(h, headHex) || casefile.FirstPrefix<<i > f.Bytes {
			return false
		}
	}
	return !f.HTML || f.Kind == "" && f.Bytes == 0 && f.Length == 0 && len(f.PrefixDigests) == 0
}

// headHex is the length of one of a file's heads.
const headHex = 32

func hex(s string, length int) bool {
	return len(s) == length && every(s, func(r rune) bool { return r >= '0' && r <= '9' || r >= 'a' && r <= 'f' })
}

// details are the phrases that fetching and resolving write into faults.
var details = append(fetch.Details(), resolve.Details()...)

// maxDetail bounds a detail that is not in the set, in bytes: a crawler adds a few of its own.
const maxDetail = 80

// soundFault takes details of the closed set, and phrases of letters and single signs
// without a point, slash or colon, of which a host or a URL would be made.
func soundFault(f casefile.Fault) bool {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || upper(r) || r >= '0' && r <= '9' || strings.ContainsRune(" ',-()", r)
	}
	return f.Kind.Valid() && f.Phase.Valid() &&
		(slices.Contains(details, f.Detail) || len(f.Detail) <= maxDetail && every(f.Detail, plain))
}
