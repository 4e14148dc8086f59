package crawler

import (
	"cmp"
	"context"
	"time"

	"go.uber.org/zap"

	"vigil/casefile"
	"vigil/crawler/fetch"
	"vigil/crawler/guard"
	"vigil/crawler/target"
)

// Details of faults that the walk finds.
const (
	detailVantage  = "unknown vantage"
	detailStopped  = "stopped from our side"
	detailGuard    = "not a public address or port"
	detailPanic    = "the answer broke a parser"
	detailRedirect = "redirect to an unusable address"
	detailLoop     = "a redirect leads back"
	detailHops     = "more redirects than are followed"
)

// Look looks at s. It never returns an error: what the world did is in the observation,
// and so is what we did ourselves (a fault of kind interrupted when ctx ends).
//
// At most Options.InFlight looks of a Crawler run at the same time. Waiting for a turn does not
// count: Started is when the look's turn came, and Options.Timeout runs from there.
func (l *local) Look(ctx context.Context, s casefile.Subject) (o casefile.Observation) {
	c := l.c
	o = casefile.NewObservation(l.place.Name, s)
	if c.slots.Acquire(ctx, 1) != nil {
		o.Fault, o.Took = interrupted(detailStopped), time.Since(o.Started)
		return o
	}
	defer c.slots.Release(1)
	o.Started = time.Now().UTC()
	defer func() {
		if recover() != nil { // its value may hold foreign bytes: never log it
			c.log.Error("look panicked", zap.String("vantage", l.place.Name), zap.Stack("stack"))
			o.Fault = &casefile.Fault{Kind: casefile.FaultProtocol, Phase: casefile.PhaseRequest, Detail: detailPanic}
		}
		o.Took = time.Since(o.Started)
	}()
	timed, cancel := context.WithTimeoutCause(ctx, c.timeout, fetch.ErrTimeout)
	defer cancel()
	w := walk{c: c, dial: l.dial, subject: s, seen: make(map[visited]bool, 1)}
	w.run(timed, &o)
	if at, ok := ctx.Deadline(); ok && !time.Now().Before(at) {
		<-ctx.Done() // a step's timer may fire an instant before the caller's
	}
	if o.Fault != nil && o.Fault.Kind != casefile.FaultInterrupted && ctx.Err() != nil {
		// Whoever asked for the look stopped it: what the steps made of that says
		// nothing about the server.
		o.Fault = &casefile.Fault{Kind: casefile.FaultInterrupted, Phase: o.Fault.Phase, Detail: detailStopped}
	}
	return o
}

// walk is the way of one look over its hops.
type walk struct {
	c       *Crawler
	dial    guard.Dial
	subject casefile.Subject
	jar     fetch.Jar
	seen    map[visited]bool
}

// visited is an address together with the cookies that were sent there: the same
// address again with other cookies is a site that sets a cookie and sends the
// visitor back, and no loop.
type visited struct {
	target  casefile.Target
	cookies string
}

// run looks at the target and follows its redirects.
func (w *walk) run(ctx context.Context, o *casefile.Observation) {
	for at := w.subject.Target; ; {
		w.seen[visited{at, w.jar.Header(at)}] = true
		answer := w.hop(ctx, at, o)
		if answer.Hop != nil {
			o.Hops = append(o.Hops, *answer.Hop)
			o.Status = answer.Hop.Status
		}
		next, fault := w.next(at, answer, len(o.Hops))
		if fault != nil {
			o.Fault = fault
			return
		}
		if next.IsZero() {
			o.BodyBytes, o.Truncated, o.Features, o.Fault = answer.BodyBytes, answer.Truncated, answer.Features, answer.Fault
			return
		}
		at = next
	}
}

// next is where an answer sends the visitor on to: by its status and Location, or as a page that does nothing
// else, which browsers follow too. It is zero when the answer is the last. A page that leads nowhere,
// back, or too far is the last as well; a redirect that does is a fault.
func (w *walk) next(at casefile.Target, answer fetch.Answer, hops int) (casefile.Target, *casefile.Fault) {
	where := cmp.Or(answer.Location, answer.Onward)
	if where == "" || answer.Fault != nil {
		return casefile.Target{}, nil
	}
	next, problem := target.Resolve(at, where)
	fault := &casefile.Fault{Phase: casefile.PhaseRequest}
	switch {
	case problem != nil:
		fault.Kind, fault.Detail = casefile.FaultProtocol, detailRedirect
	case w.seen[visited{next, w.jar.Header(next)}]:
		fault.Kind, fault.Detail = casefile.FaultRedirectLoop, detailLoop
	case hops > w.c.maxRedirects:
		fault.Kind, fault.Detail = casefile.FaultTooManyRedirects, detailHops
	default:
		return next, nil
	}
	if answer.Location == "" {
		return casefile.Target{}, nil
	}
	return casefile.Target{}, fault
}

// hop resolves, checks and fetches one target. The resolution of the first hop is
// the observation's.
func (w *walk) hop(ctx context.Context, at casefile.Target, o *casefile.Observation) fetch.Answer {
	first := len(o.Hops) == 0
	found, fault := w.resolve(ctx, at, first && w.subject.Nameservers)
	if first {
		o.Resolution = found
	}
	if fault != nil {
		return fetch.Answer{Fault: fault}
	}
	if w.c.guard.Check(found.Addresses...) != nil || w.c.guard.CheckPort(at.Port()) != nil {
		fault = &casefile.Fault{Kind: casefile.FaultAddressRefused, Phase: casefile.PhaseConnect, Detail: detailGuard}
		return fetch.Answer{Fault: fault}
	}
	return w.c.fetcher.Fetch(ctx, fetch.Ask{
		Target: at, Referrer: referrerAt(at, w.subject, first), Addresses: found.Addresses, Dial: w.dial, Jar: &w.jar,
	})
}

// referrerAt is the referrer that a hop of a look at s gets. The reported address gets what was recorded,
// whole: it decides what is shown. Over redirects it stays as in a browser (Fetch, HTTP-redirect fetch),
// and strangers get no more of it than the policy strict-origin-when-cross-origin gives them: the
// origin, and nothing on the way from https to http (W3C Referrer Policy, section 3.8). The site
// of the reported address has been given the whole already, and gets it again, but not in the clear
// when the reported address is https. A referrer that Vigil made up for a look is for that site alone.
func referrerAt(at casefile.Target, s casefile.Subject, first bool) casefile.Target {
	from := s.Referrer
	if !s.Target.Replays(from) {
		return casefile.Target{}
	}
	own := first || sameParty(at.Host(), s.Target.Host())
	downgrade := from.Secure() && !at.Secure()
	switch {
	case own && (!downgrade || !s.Target.Secure()), from.Home() == at.Home():
		return from
	case own, downgrade, s.Purpose == casefile.PurposeSameSiteReferrer:
		return casefile.Target{}
	}
	return from.Home()
}

// resolve asks for addresses within half of the look's time, and measures how long that took.
func (w *walk) resolve(ctx context.Context, at casefile.Target, nameservers bool) (casefile.Resolution, *casefile.Fault) {
	step, cancel := context.WithTimeoutCause(ctx, w.c.timeout/2, fetch.ErrTimeout)
	defer cancel()
	if _, literal := at.Address(); literal {
		return w.c.resolver.Resolve(step, at.Host(), nameservers)
	}
	began := time.Now()
	found, fault := w.c.resolver.Resolve(step, at.Host(), nameservers)
	found.Took = time.Since(began)
	return found, fault
}

// sameParty says whether two hosts belong to one registrable domain.
func sameParty(a, b string) bool {
	domain := target.RegistrableDomain(a)
	return a == b || domain != "" && domain == target.RegistrableDomain(b)
}

func interrupted(detail string) *casefile.Fault {
	return &casefile.Fault{Kind: casefile.FaultInterrupted, Phase: casefile.PhaseResolve, Detail: detail}
}
