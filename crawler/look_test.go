package crawler_test

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"vigil/casefile"
	"vigil/internal/fakenet"
)

// secure makes a site an HTTPS one.
func secure(s *fakenet.Site) { s.HTTPS = true }

// Every way a server can fail, with the fault and the phase it must become. Time
// is virtual: twenty seconds of waiting take none.
func TestLookTurnsWhatFailsIntoFaults(t *testing.T) {
	t.Parallel()
	page := fakenet.Page("A plain page", "Words of our own.")
	for _, tt := range []struct {
		name   string
		b      fakenet.Behaviour
		change func(*fakenet.Site)
		want   casefile.Fault
		status int
	}{
		{name: "no such name", b: fakenet.NXDomain(), want: casefile.Fault{Kind: casefile.FaultNXDomain, Phase: casefile.PhaseResolve}},
		{name: "domain on hold", b: fakenet.DomainHold(), want: casefile.Fault{Kind: casefile.FaultNXDomain, Phase: casefile.PhaseResolve}},
		{name: "SERVFAIL", b: fakenet.BrokenDNS(fakenet.DNSServfail), want: casefile.Fault{Kind: casefile.FaultServfail, Phase: casefile.PhaseResolve}},
		{name: "REFUSED", b: fakenet.BrokenDNS(fakenet.DNSRefused), want: casefile.Fault{Kind: casefile.FaultServfail, Phase: casefile.PhaseResolve}},
		{name: "garbage DNS", b: fakenet.BrokenDNS(fakenet.DNSGarbage), want: casefile.Fault{Kind: casefile.FaultTimeout, Phase: casefile.PhaseResolve}},
		{name: "CNAME loop", b: fakenet.BrokenDNS(fakenet.DNSCNAMELoop), want: casefile.Fault{Kind: casefile.FaultServfail, Phase: casefile.PhaseResolve}},
		{name: "no address", b: fakenet.BrokenDNS(fakenet.DNSNoData), want: casefile.Fault{Kind: casefile.FaultNoAddress, Phase: casefile.PhaseResolve}},
		{name: "silent DNS", b: fakenet.BrokenDNS(fakenet.DNSSilent), want: casefile.Fault{Kind: casefile.FaultTimeout, Phase: casefile.PhaseResolve}},
		{name: "private address", b: fakenet.AddressRefused(), want: casefile.Fault{Kind: casefile.FaultAddressRefused, Phase: casefile.PhaseConnect}},
		{name: "refused", b: fakenet.Refuse(), want: casefile.Fault{Kind: casefile.FaultRefused, Phase: casefile.PhaseConnect}},
		{name: "black hole", b: fakenet.Blackhole(), want: casefile.Fault{Kind: casefile.FaultTimeout, Phase: casefile.PhaseConnect}},
		{name: "accepts and hangs", b: fakenet.Hang(), want: casefile.Fault{Kind: casefile.FaultTimeout, Phase: casefile.PhaseRequest}},
		{name: "resets", b: fakenet.Reset(), want: casefile.Fault{Kind: casefile.FaultReset, Phase: casefile.PhaseRequest}},
		{name: "closes early", b: fakenet.CloseEarly(), want: casefile.Fault{Kind: casefile.FaultReset, Phase: casefile.PhaseRequest}},
		{name: "another protocol's banner", b: fakenet.Banner(), want: casefile.Fault{Kind: casefile.FaultProtocol, Phase: casefile.PhaseRequest}},
		{name: "TLS alert", b: page.Over(fakenet.TLSAlert), change: secure, want: casefile.Fault{Kind: casefile.FaultTLS, Phase: casefile.PhaseTLS}},
		{name: "HTTP on the HTTPS port", b: page.Over(fakenet.TLSPlain), change: secure, want: casefile.Fault{Kind: casefile.FaultTLS, Phase: casefile.PhaseTLS}},
		{name: "garbage on the HTTPS port", b: page.Over(fakenet.TLSGarbage), change: secure, want: casefile.Fault{Kind: casefile.FaultTLS, Phase: casefile.PhaseTLS}},
		{name: "handshake hangs", b: page.Over(fakenet.TLSHang), change: secure, want: casefile.Fault{Kind: casefile.FaultTimeout, Phase: casefile.PhaseTLS}},
		{name: "handshake reset", b: page.Over(fakenet.TLSReset), change: secure, want: casefile.Fault{Kind: casefile.FaultReset, Phase: casefile.PhaseTLS}},
		{name: "no answer", b: fakenet.HangAfterRequest(), want: casefile.Fault{Kind: casefile.FaultTimeout, Phase: casefile.PhaseRequest}},
		{name: "reset in the headers", b: fakenet.ResetInHeaders(), want: casefile.Fault{Kind: casefile.FaultReset, Phase: casefile.PhaseRequest}},
		{name: "reset in the body", b: fakenet.ResetInBody(), want: casefile.Fault{Kind: casefile.FaultReset, Phase: casefile.PhaseBody}, status: 200},
		{name: "truncated body", b: fakenet.TruncatedBody(), want: casefile.Fault{Kind: casefile.FaultReset, Phase: casefile.PhaseBody}, status: 200},
		{name: "dripping body", b: fakenet.Drip(time.Second), want: casefile.Fault{Kind: casefile.FaultTimeout, Phase: casefile.PhaseBody}, status: 200},
		{name: "dripping headers", b: fakenet.DripHeaders(time.Second), want: casefile.Fault{Kind: casefile.FaultTimeout, Phase: casefile.PhaseRequest}},
		{name: "endless headers", b: fakenet.EndlessHeaders(), want: casefile.Fault{Kind: casefile.FaultProtocol, Phase: casefile.PhaseRequest}},
		{name: "broken gzip", b: fakenet.BadGzip(), want: casefile.Fault{Kind: casefile.FaultProtocol, Phase: casefile.PhaseBody}, status: 200},
		{name: "HTTP/0.9", b: fakenet.HTTP09(), want: casefile.Fault{Kind: casefile.FaultProtocol, Phase: casefile.PhaseRequest}},
		{name: "garbage", b: fakenet.Garbage(), want: casefile.Fault{Kind: casefile.FaultProtocol, Phase: casefile.PhaseRequest}},
		{name: "bad status line", b: fakenet.BadStatusLine(), want: casefile.Fault{Kind: casefile.FaultProtocol, Phase: casefile.PhaseRequest}},
		{name: "bad header", b: fakenet.BadHeader(), want: casefile.Fault{Kind: casefile.FaultProtocol, Phase: casefile.PhaseRequest}},
		{name: "redirect loop", b: fakenet.RedirectLoop(), want: casefile.Fault{Kind: casefile.FaultRedirectLoop, Phase: casefile.PhaseRequest}, status: 302},
		{name: "endless redirects", b: fakenet.EndlessRedirects(), want: casefile.Fault{Kind: casefile.FaultTooManyRedirects, Phase: casefile.PhaseRequest}, status: 302},
		{name: "redirect to another scheme", b: fakenet.RedirectTo("mailto:a@b.example"), want: casefile.Fault{Kind: casefile.FaultProtocol, Phase: casefile.PhaseRequest}, status: 302},
		{name: "redirect with userinfo", b: fakenet.RedirectTo("http://u:p@site-2.example/"), want: casefile.Fault{Kind: casefile.FaultProtocol, Phase: casefile.PhaseRequest}, status: 302},
		{name: "redirect to a private address", b: fakenet.RedirectTo("http://169.254.169.254/latest/"), want: casefile.Fault{Kind: casefile.FaultAddressRefused, Phase: casefile.PhaseConnect}, status: 302},
		{name: "redirect to a mail port", b: fakenet.RedirectTo("http://192.0.2.200:25/"), want: casefile.Fault{Kind: casefile.FaultAddressRefused, Phase: casefile.PhaseConnect}, status: 302},
		{name: "redirect to a name that is gone", b: fakenet.RedirectTo("http://nowhere.example/"), want: casefile.Fault{Kind: casefile.FaultNXDomain, Phase: casefile.PhaseResolve}, status: 302},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				l := newLab(t, nil)
				o := l.look(t, tt.b, tt.change)
				if o.Fault == nil {
					t.Fatalf("no fault; status %d, %d hops, %d bytes", o.Status, len(o.Hops), o.BodyBytes)
				}
				if o.Fault.Kind != tt.want.Kind || o.Fault.Phase != tt.want.Phase {
					t.Errorf("fault %s in %s (%s), want %s in %s", o.Fault.Kind, o.Fault.Phase, o.Fault.Detail, tt.want.Kind, tt.want.Phase)
				}
				if !slices.Contains(details(), o.Fault.Detail) {
					t.Errorf("the detail %q is not in the closed set: it may name a host", o.Fault.Detail)
				}
				if o.Status != tt.status {
					t.Errorf("status %d, want %d", o.Status, tt.status)
				}
				if o.Took > 21*time.Second || o.Started.IsZero() || o.Started.Location() != time.UTC {
					t.Errorf("started %v, took %v; the look has 20 s", o.Started, o.Took)
				}
				if tt.want.Kind == casefile.FaultTimeout && o.Took == 0 {
					t.Error("a time-out took no time")
				}
				if tt.want.Phase == casefile.PhaseBody && o.Features == nil {
					t.Error("the features of what came are missing")
				}
			})
		})
	}
}
