package scheduler

import (
	"context"
	"crypto/rand"
	"math/bits"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"vigil/casefile"
)

// UplinkFault is why the gate is closed for a vantage.
type UplinkFault string

// Faults of an uplink. The empty one is a sound uplink.
const (
	UplinkUnanswered UplinkFault = "unanswered"     // half of the control targets or more gave no answer, or an error
	UplinkStrange    UplinkFault = "strange_answer" // they answered, but not as themselves: a portal or a broken proxy
	UplinkResolver   UplinkFault = "resolver"       // a resolver of ours lies
	UplinkClock      UplinkFault = "clock"          // the wall clock jumped, or the control targets' clocks say otherwise
)

// Bounds of what a control target may answer (docs/scheduling.md, "The gate").
const (
	// maxClockError is how far our clock may be from that of the control targets: a
	// third of the shortest time that a figure shows, and far more than NTP leaves.
	maxClockError = 2 * time.Minute
	// relearnAfter is how long a control target must show one new face before it is
	// taken as redesigned: no shorter than the span that confirms a removal.
	relearnAfter = 24 * time.Hour
	// sharedBytes is the least size of a page by which two controls give away that
	// one portal answers for both: "ok" is the answer of many honest servers.
	sharedBytes = 256
	// faceBits and faceWords bound the likeness of texts: judge/similarity.go has the odds. A
	// front page may change more from one hour to the next than a reported page may from its baseline's.
	faceBits  = 16
	faceWords = 8
)

// face is what a control target looked like. It holds no part of a page.
type face struct {
	learned time.Time // since when it is known
	secure  bool      // over TLS with a certificate that is trusted for the name
	media   string
	bytes   int64
	page    casefile.Features
}

// control is a control target as seen from one vantage.
type control struct {
	known *face // what it is known by; nil before its first answer
	other *face // what it showed instead since; nil when it shows what it is known by
}

// faceOf reads the face of an answer; ours is false when it cannot be the control
// target's own: it failed, has another status than 2xx, or comes from another site.
// A page from elsewhere proves an uplink, but not ours: it is what a portal sends.
func faceOf(t casefile.Target, o casefile.Observation) (f face, fault UplinkFault) {
	if o.Fault != nil || o.Status == 0 {
		return face{}, UplinkUnanswered
	}
	final := o.Final()
	host := final.Target.Host()
	away := host != "" && strings.TrimPrefix(host, "www.") != strings.TrimPrefix(t.Host(), "www.")
	if o.Status < 200 || o.Status > 299 || away {
		return face{}, UplinkStrange
	}
	f = face{learned: o.Started, media: final.MediaType, bytes: o.BodyBytes, secure: final.TLS != nil && final.TLS.Problem == ""}
	if o.Features != nil {
		f.page = *o.Features
	}
	return f, ""
}

// like says whether the other face may be the same site's at another time.
func (f face) like(other face) bool {
	a, b := f.page, other.page
	switch {
	case f.secure && !other.secure:
		return false // a portal has no certificate for the name
	case a.Digest == b.Digest:
		return true
	case a.HTML != b.HTML:
		return false
	case !a.HTML:
		return f.media == other.media // a time, a counter: bytes without markup say nothing more
	}
	texts := a.Words >= faceWords && b.Words >= faceWords && bits.OnesCount64(a.SimHash^b.SimHash) <= faceBits
	return a.Structure == b.Structure || a.Title != "" && a.Title == b.Title || texts
}

// meet compares an answer of the control target with what it is known by, and
// says whether it counts. A certificate that is trusted for the name is proof by
// itself; without one the face must be the known one. The first face is taken as
// it is: nothing can be compared yet, but for the other controls (shared).
func (c *control) meet(f face, now time.Time) bool {
	switch {
	case f.secure, c.known == nil, c.known.like(f):
		if c.known == nil || f.secure || !c.known.secure {
			c.known = &f
		}
		c.other = nil
		return true
	case c.other == nil || !c.other.like(f):
		c.other = &f
	case now.Sub(c.other.learned) >= relearnAfter:
		c.known, c.other = c.other, nil
		return true
	}
	return false
}

// shared marks the faces that one server shows for controls of different hosts, none of them proved by a
// certificate.
func shared(targets []casefile.Target, faces []face) []bool {
	out := make([]bool, len(faces))
	for i, a := range faces {
		for j, b := range faces[:i] {
			if !a.secure && !b.secure && a.bytes >= sharedBytes && a.page.Digest != "" && a.page.Digest == b.page.Digest &&
				targets[i].Host() != targets[j].Host() {
				out[i], out[j] = true, true
			}
		}
	}
	return out
}

// weigh counts the controls that answered as themselves, and says what is wrong with the uplink.
func weigh(targets []casefile.Target, looks []casefile.Observation, known []control, now time.Time) (answered int, fault UplinkFault) {
	faces, faults := make([]face, len(looks)), make([]UplinkFault, len(looks))
	for i, o := range looks {
		faces[i], faults[i] = faceOf(targets[i], o)
	}
	strange := false
	for i, same := range shared(targets, faces) {
		if faults[i] == "" && (same && known[i].known == nil || !known[i].meet(faces[i], now)) {
			faults[i] = UplinkStrange
		}
		if faults[i] == "" {
			answered++
		}
		strange = strange || faults[i] == UplinkStrange
	}
	switch {
	case answered*2 > len(targets):
		return answered, clockFault(looks)
	case strange:
		return answered, UplinkStrange
	}
	return answered, UplinkUnanswered
}

// clockFault compares our clock with those of the servers (RFC 9110, section
// 6.6.1). A cache passes on an old Date but never one of the future (RFC 9111,
// section 4.2.3): that we are behind, more than half say; that we are ahead,
// all of two or more must say.
func clockFault(looks []casefile.Observation) UplinkFault {
	dated, behind, ahead := 0, 0, 0
	for _, o := range looks {
		date := o.Final().Date
		if o.Fault != nil || date.IsZero() {
			continue
		}
		dated++
		switch {
		case date.Sub(o.Started.Add(o.Took)) > maxClockError:
			behind++
		case o.Started.Sub(date) > maxClockError:
			ahead++
		}
	}
	if behind*2 > dated || dated > 1 && ahead == dated {
		return UplinkClock
	}
	return ""
}

// Resolver is one resolver: resolve.Resolver with a single server and no memory.
// It is safe for concurrent use.
type Resolver interface {
	Resolve(ctx context.Context, name string, nameservers bool) (casefile.Resolution, *casefile.Fault)
}

// maxName is the longest name of the DNS, in bytes of text (RFC 1035, section 2.3.4).
const maxName = 253

// lying says whether one of the resolvers does not tell the truth about the
// control targets. Each counts, as any may be the one that answers for a case. One
// that is silent or fails does not: the next is asked in its place, and when
// none answers, neither do the control targets.
func lying(ctx context.Context, resolvers []Resolver, targets []casefile.Target) bool {
	var hosts []string
	for _, t := range targets {
		if _, literal := t.Address(); !literal && !slices.Contains(hosts, t.Host()) {
			hosts = append(hosts, t.Host())
		}
	}
	lies := make([]bool, len(resolvers))
	var all sync.WaitGroup
	for i, r := range resolvers {
		all.Go(func() { lies[i] = liesAbout(ctx, r, hosts) })
	}
	all.Wait()
	return slices.Contains(lies, true)
}

// liesAbout asks one resolver for each host, and for a name below it that nobody can
// have registered. It lies when it denies more than half of the hosts, or finds
// the impossible names of more than half at addresses which are not the host's own: a
// wildcard of the host's operator leads to the host (RFC 4592), a resolver that sells or
// blocks what does not exist leads to somebody else.
func liesAbout(ctx context.Context, r Resolver, hosts []string) bool {
	denied, invented := make([]bool, len(hosts)), make([]bool, len(hosts))
	var all sync.WaitGroup
	for i, host := range hosts {
		all.Go(func() {
			own, fault := r.Resolve(ctx, host, false)
			if fault != nil {
				denied[i] = fault.Kind == casefile.FaultNXDomain || fault.Kind == casefile.FaultNoAddress
				return
			}
			never := strings.ToLower(rand.Text()) + "." + host
			if len(never) > maxName {
				return
			}
			found, fault := r.Resolve(ctx, never, false)
			invented[i] = fault == nil && len(found.Addresses) > 0 &&
				!slices.ContainsFunc(found.Addresses, func(a netip.Addr) bool { return slices.Contains(own.Addresses, a) })
		})
	}
	all.Wait()
	most := func(said []bool) bool {
		return len(slices.DeleteFunc(said, func(is bool) bool { return !is }))*2 > len(hosts)
	}
	return most(denied) || most(invented)
}
