package remote

import (
	"errors"
	"net/netip"
	"slices"
	"strings"
	"sync"
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

// What is wrong with an answer. Nothing of the answer is repeated.
var (
	errPurpose    = errors.New("another purpose than asked, or what only the asker says")
	errDuration   = errors.New("a duration out of range")
	errResolution = errors.New("a resolution out of bounds")
	errHop        = errors.New("a hop out of bounds")
	errWay        = errors.New("hops that do not fit the question")
	errBody       = errors.New("a body out of bounds")
	errFeatures   = errors.New("features out of bounds")
	errFault      = errors.New("an unknown fault")
	errNothing    = errors.New("neither an answer nor a fault")
)

// sound checks every field of o. Vantage and Started are the asker's to set: an eye's
// own name and clock are no facts about the target.
func sound(o *casefile.Observation, asked casefile.Subject, m LookSettings) error {
	for i := range o.Hops {
		if err := soundHop(&o.Hops[i]); err != nil {
			return err
		}
	}
	tooLong := func(d time.Duration) bool { return d < 0 || d > mostTimeout+time.Minute }
	switch {
	case o.Purpose != asked.Purpose, o.Vantage != "", !o.Started.IsZero():
		return errPurpose
	case tooLong(o.Took), tooLong(o.Resolution.Took):
		return errDuration
	case !soundResolution(&o.Resolution):
		return errResolution
	case len(o.Hops) > m.MaxRedirects+1, o.Status != o.Final().Status, len(o.Hops) > 0 && o.Hops[0].Target != asked.Target:
		return errWay
	case o.BodyBytes < 0, o.BodyBytes > m.MaxBody, len(o.Hops) == 0 && (o.BodyBytes > 0 || o.Truncated || o.Features != nil):
		return errBody
	case o.Features != nil && !soundFeatures(o.Features, m.MaxBody):
		return errFeatures
	case o.Fault != nil && !soundFault(*o.Fault):
		return errFault
	case o.Fault == nil && o.Status == 0:
		return errNothing
	}
	return nil
}

// soundResolution checks r, and writes absent lists as empty ones.
func soundResolution(r *casefile.Resolution) bool {
	if len(r.Rcode) > maxWord || !printable(r.Rcode) || len(r.CNAMEs) > mostNames || len(r.Nameservers) > mostNames || len(r.Addresses) > mostAddresses {
		return false
	}
	for _, n := range slices.Concat(r.CNAMEs, r.Nameservers) {
		if n == "" || len(n) > maxDNSName || !printable(n) {
			return false
		}
	}
	for _, a := range r.Addresses {
		if !plainAddress(a) {
			return false
		}
	}
	if r.CNAMEs == nil {
		r.CNAMEs = []string{}
	}
	if r.Addresses == nil {
		r.Addresses = []netip.Addr{}
	}
	if r.Nameservers == nil {
		r.Nameservers = []string{}
	}
	return true
}

func plainAddress(a netip.Addr) bool { return a.IsValid() && a.Zone() == "" }

// soundHop checks h, and writes its times in UTC. Nothing dials its target or address again on this side.
func soundHop(h *casefile.Hop) error {
	switch {
	case h.Target.IsZero(), !plainAddress(h.Address), h.Status < 100 || h.Status > 999:
		return errHop
	case !fact(h.MediaType), !fact(h.Server), !word(h.Edge), !word(h.Protocol):
		return errHop
	case h.TLS != nil && (!word(h.TLS.Version) || !word(h.TLS.Problem)):
		return errHop
	case h.RetryAfter < 0 || h.RetryAfter > mostRetry, h.RoundTrip < 0 || h.RoundTrip > mostTimeout, h.Took < 0 || h.Took > mostTimeout+time.Minute:
		return errDuration
	}
	h.Date = h.Date.UTC()
	if h.TLS != nil {
		h.TLS.Expires = h.TLS.Expires.UTC()
	}
	return nil
}

func fact(s string) bool { return len(s) <= maxFact && printable(s) }

func word(s string) bool { return len(s) <= maxWord && printable(s) }

func soundFeatures(f *casefile.Features, maxBody int64) bool {
	if !digest(f.Digest) || f.Title != "" && !digest(f.Title) {
		return false
	}
	// Nothing can be counted more often than the body has bytes.
	for _, n := range []int{f.Words, f.Elements, f.Links, f.Images, f.Media, f.Scripts, f.Forms, f.Passwords, f.Buttons, f.Frames} {
		if n < 0 || int64(n) > maxBody {
			return false
		}
	}
	if !soundFile(f, maxBody) {
		return false
	}
	for i, m := range f.Markers {
		if !m.Valid() || i > 0 && f.Markers[i-1] >= m { // sorted, and each once
			return false
		}
	}
	for i, m := range f.Asserted {
		if !f.Mentions(m) || i > 0 && f.Asserted[i-1] >= m {
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
		if len(h) != headHex || !hex(h) || casefile.FirstPrefix<<i > f.Bytes {
			return false
		}
	}
	return !f.HTML || f.Kind == "" && f.Bytes == 0 && f.Length == 0 && len(f.PrefixDigests) == 0
}

// headHex is the length of one of a file's heads.
const headHex = 32

func digest(s string) bool { return len(s) == digestHex && hex(s) }

func hex(s string) bool {
	return every(s, func(r rune) bool { return r >= '0' && r <= '9' || r >= 'a' && r <= 'f' })
}

// details are the phrases that fetching and resolving write into faults.
var details = sync.OnceValue(func() map[string]bool {
	known := map[string]bool{}
	for _, d := range append(fetch.Details(), resolve.Details()...) {
		known[d] = true
	}
	return known
})

// maxDetail bounds a detail that is not in the set, in bytes: a crawler adds a few of its own.
const maxDetail = 80

// soundFault takes details of the closed set, and phrases of letters and single signs
// without a point, slash or colon, of which a host or a URL would be made.
func soundFault(f casefile.Fault) bool {
	return f.Kind.Valid() && f.Phase.Valid() && (details()[f.Detail] || len(f.Detail) <= maxDetail && every(f.Detail, func(r rune) bool {
		return r >= 'a' && r <= 'z' || upper(r) || r >= '0' && r <= '9' || strings.ContainsRune(" ',-()", r)
	}))
}
