package origin

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/netip"
	"slices"
	"strings"
	"time"

	"vigil/geolocate/registry"
)

// Bounds of an answer (docs/origins.md).
const (
	maxBody    = 64 << 10 // bytes
	maxOrigins = 8
	maxAhead   = 5 * time.Minute // how far the service's clock may be before ours
)

// answer is what the service said: origins, or a problem. It is shared, and never changed.
type answer struct {
	found   []origin
	problem registry.Problem
	at      time.Time // when it came
}

// origin is an address behind an edge, and when the service learned it.
type origin struct {
	address netip.Addr // unmapped, without a zone
	asOf    time.Time
}

// parse reads an answer strictly: unknown fields, anything after the object and
// addresses or dates that are none make it broken. host is lower case, without the
// trailing dot. Each address is given once, with its first date. The addresses are
// not judged. Pure.
func parse(body []byte, host string, now time.Time) ([]origin, registry.Problem) {
	if len(body) > maxBody {
		return nil, registry.ProblemTooLarge
	}
	var told struct {
		Host    string `json:"host"`
		Origins []struct {
			Address string `json:"address"`
			AsOf    string `json:"as_of"`
		} `json:"origins"`
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&told); err != nil {
		return nil, registry.ProblemBroken
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, registry.ProblemBroken
	}
	switch {
	case told.Host == "":
		return nil, registry.ProblemBroken
	case strings.ToLower(strings.TrimSuffix(told.Host, ".")) != host:
		return nil, registry.ProblemOtherObject
	case told.Origins == nil:
		return nil, registry.ProblemBroken
	case len(told.Origins) == 0:
		return nil, registry.ProblemNotFound
	case len(told.Origins) > maxOrigins:
		return nil, registry.ProblemTooLarge
	}
	out := make([]origin, 0, len(told.Origins))
	for _, o := range told.Origins {
		addr, err := netip.ParseAddr(o.Address)
		if err != nil || addr.Zone() != "" {
			return nil, registry.ProblemBroken
		}
		asOf, err := time.Parse(time.RFC3339, o.AsOf)
		if err != nil || asOf.Unix() <= 0 || asOf.After(now.Add(maxAhead)) {
			return nil, registry.ProblemBroken
		}
		addr = addr.Unmap()
		if !slices.ContainsFunc(out, func(known origin) bool { return known.address == addr }) {
			out = append(out, origin{addr, asOf.UTC()})
		}
	}
	return out, ""
}
