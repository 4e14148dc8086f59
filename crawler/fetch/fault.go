package fetch

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"time"

	"vigil/casefile"
	"vigil/crawler/guard"
)

var (
	errHeaderTooBig   = errors.New("headers too large")
	errConnectTimeout = errors.New("connect step timed out")
)

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
	case errors.Is(err, errHeaderTooBig):
		return casefile.FaultProtocol, detailHeadTooBig
	case ctx.Err() != nil, errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded), errors.As(err, &network) && network.Timeout():
		return casefile.FaultTimeout, lateIn(phase)
	case errors.As(err, &proxy) && proxy.Proxied():
		return casefile.FaultRefused, detailProxy
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EADDRNOTAVAIL), errors.Is(err, syscall.ENETDOWN), errors.Is(err, syscall.EHOSTDOWN):
		return casefile.FaultRefused, detailUnreachable
	case errors.Is(err, syscall.ECONNREFUSED):
		return casefile.FaultRefused, detailRefused
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE), errors.Is(err, syscall.ECONNABORTED):
		return casefile.FaultReset, detailReset
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.ErrClosedPipe), errors.Is(err, net.ErrClosed):
		return casefile.FaultReset, closedIn(phase)
	}
	return strangeIn(phase, err)
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

// lateIn says what did not come in time.
func lateIn(phase casefile.Phase) string {
	switch phase {
	case casefile.PhaseConnect:
		return detailNoAnswer
	case casefile.PhaseTLS:
		return detailSlowTLS
	case casefile.PhaseRequest:
		return detailMute
	case casefile.PhaseBody:
		return detailSlowBody
	case casefile.PhaseResolve:
	}
	return ""
}

// closedIn says what the end of the connection cut off.
func closedIn(phase casefile.Phase) string {
	switch phase {
	case casefile.PhaseTLS:
		return detailClosedTLS
	case casefile.PhaseRequest:
		return detailClosedMute
	case casefile.PhaseBody:
		return detailClosedBody
	case casefile.PhaseResolve, casefile.PhaseConnect:
	}
	return detailOpenFailed
}

// ErrTimeout is the cause of a context that ended because a look's own time was
// over, and not because whoever asked for it stopped it.
var ErrTimeout = errors.New("the look's time is over")

// TimedOut says whether ctx ended because the look's own time was over.
func TimedOut(ctx context.Context) bool { return errors.Is(context.Cause(ctx), ErrTimeout) }
