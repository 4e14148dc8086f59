package fetch

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"slices"
	"syscall"
	"time"

	"vigil/casefile"
	"vigil/crawler/guard"
)

var errHeaderTooBig error = protocolError{detail: detailHeadTooBig}

// protocolError marks an answer that is not HTTP, or broken HTTP. It never prints
// its cause, which may quote the answer.
type protocolError struct {
	cause  error
	detail string // of the closed set
}

func (e protocolError) Error() string { return "not HTTP" }
func (e protocolError) Unwrap() error { return e.cause }

// proxied is what a vantage's proxy dialer returns; see crawler/vantage.
type proxied interface{ Proxied() bool }

// faultOf says what err means in phase. ctx is the look's: when whoever asked for
// the look stopped it, nothing can be said about the server.
func faultOf(ctx context.Context, err error, phase casefile.Phase) *casefile.Fault {
	kind, detail := faultIn(ctx, err, phase)
	return &casefile.Fault{Kind: kind, Phase: phase, Detail: detail}
}

func faultIn(ctx context.Context, err error, phase casefile.Phase) (casefile.FaultKind, string) {
	if at, ok := ctx.Deadline(); ok && !time.Now().Before(at) {
		<-ctx.Done() // a step's timer may fire an instant before the context's
	}
	var proxy proxied
	var network net.Error
	var protocol protocolError
	switch {
	case errors.Is(err, guard.ErrRefused):
		return casefile.FaultAddressRefused, detailGuard
	case ctx.Err() != nil && !TimedOut(ctx):
		return casefile.FaultInterrupted, detailStopped
	case errors.As(err, &protocol):
		return casefile.FaultProtocol, protocol.detail
	case ctx.Err() != nil, isAny(err, os.ErrDeadlineExceeded, context.DeadlineExceeded), errors.As(err, &network) && network.Timeout():
		return casefile.FaultTimeout, phaseDetails[phase].late
	case errors.As(err, &proxy) && proxy.Proxied():
		return casefile.FaultRefused, detailProxy
	case isAny(err, syscall.EHOSTUNREACH, syscall.ENETUNREACH, syscall.EADDRNOTAVAIL, syscall.ENETDOWN, syscall.EHOSTDOWN):
		return casefile.FaultRefused, detailUnreachable
	case errors.Is(err, syscall.ECONNREFUSED):
		return casefile.FaultRefused, detailRefused
	case isAny(err, syscall.ECONNRESET, syscall.EPIPE, syscall.ECONNABORTED):
		return casefile.FaultReset, detailReset
	case isAny(err, io.EOF, io.ErrUnexpectedEOF, io.ErrClosedPipe, net.ErrClosed):
		return casefile.FaultReset, phaseDetails[phase].closed
	}
	return strangeIn(phase, err)
}

func isAny(err error, of ...error) bool {
	return slices.ContainsFunc(of, func(one error) bool { return errors.Is(err, one) })
}

// strangeIn is for an error that is none of the network's own.
func strangeIn(phase casefile.Phase, err error) (casefile.FaultKind, string) {
	switch phase {
	case casefile.PhaseConnect:
		return casefile.FaultRefused, detailOpenFailed
	case casefile.PhaseTLS:
		return casefile.FaultTLS, tlsDetail(err)
	case casefile.PhaseRequest, casefile.PhaseBody:
		// A server may end a session that stood: it wants a certificate (TLS 1.3 says so
		// after the handshake), or its records break.
		if detail, ok := alertOf(err); ok {
			return casefile.FaultTLS, detail
		}
		var record tls.RecordHeaderError
		if local := new(net.OpError); errors.As(err, &record) || errors.As(err, &local) && local.Op == "local error" {
			return casefile.FaultTLS, detailBadRecord
		}
		if phase == casefile.PhaseBody {
			return casefile.FaultProtocol, detailTransfer
		}
	case casefile.PhaseResolve:
	}
	return casefile.FaultProtocol, detailNotHTTP
}

// phaseDetails say what did not come in time, and what the end of the connection cut off.
var phaseDetails = map[casefile.Phase]struct{ late, closed string }{
	casefile.PhaseResolve: {"", detailOpenFailed},
	casefile.PhaseConnect: {detailNoAnswer, detailOpenFailed},
	casefile.PhaseTLS:     {detailSlowTLS, detailClosedTLS},
	casefile.PhaseRequest: {detailMute, detailClosedMute},
	casefile.PhaseBody:    {detailSlowBody, detailClosedBody},
}

// ErrTimeout is the cause of a context that ended because a look's own time was
// over, and not because whoever asked for it stopped it.
var ErrTimeout = errors.New("the look's time is over")

// TimedOut says whether ctx ended because the look's own time was over.
func TimedOut(ctx context.Context) bool { return errors.Is(context.Cause(ctx), ErrTimeout) }
