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

// Details of faults: a closed set of phrases that never hold a part of an answer.
const (
	detailAlert       = "the server sent a TLS alert"
	detailNotTLS      = "the server does not speak TLS"
	detailHandshake   = "the TLS handshake failed"
	detailClosed      = "closed before the answer was complete"
	detailUnreachable = "host or network unreachable"
	detailHeader      = "the headers are too large"
	detailNotHTTP     = "the answer is not HTTP"
	detailEncoding    = "the content encoding is broken"
	detailTransfer    = "the transfer encoding is broken"
	detailPanic       = "the answer broke a parser"
	detailClient      = "the request could not be made"
	detailGuard       = "not a public address or port"
	detailStopped     = "stopped from our side"
	detailProxy       = "the proxy did not connect"
)

var (
	errHeaderTooBig   = errors.New("headers too large")
	errConnectTimeout = errors.New("connect step timed out")
)

// protocolError marks an answer that is not HTTP. It never prints its cause, which
// may quote the answer.
type protocolError struct{ cause error }

func (e protocolError) Error() string { return "not HTTP" }
func (e protocolError) Unwrap() error { return e.cause }

// proxied is what a vantage's proxy dialer returns; see crawler/vantage.
type proxied interface{ Proxied() bool }

// faultOf says what err means in phase. ctx is the look's: when whoever asked for
// the look stopped it, nothing can be said about the server.
func faultOf(ctx context.Context, err error, phase casefile.Phase) *casefile.Fault {
	fault := func(kind casefile.FaultKind, detail string) *casefile.Fault {
		return &casefile.Fault{Kind: kind, Phase: phase, Detail: detail}
	}
	if at, ok := ctx.Deadline(); ok && !time.Now().Before(at) {
		<-ctx.Done() // a step's timer may fire an instant before the context's
	}
	var proxy proxied
	var network net.Error
	switch {
	case errors.Is(err, guard.ErrRefused):
		return fault(casefile.FaultAddressRefused, detailGuard)
	case ctx.Err() != nil && !TimedOut(ctx):
		return fault(casefile.FaultInterrupted, detailStopped)
	case errors.Is(err, errHeaderTooBig):
		return fault(casefile.FaultProtocol, detailHeader)
	case ctx.Err() != nil, errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded), errors.As(err, &network) && network.Timeout():
		return fault(casefile.FaultTimeout, "")
	case errors.As(err, &proxy) && proxy.Proxied():
		return fault(casefile.FaultRefused, detailProxy)
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EADDRNOTAVAIL), errors.Is(err, syscall.ENETDOWN), errors.Is(err, syscall.EHOSTDOWN):
		return fault(casefile.FaultRefused, detailUnreachable)
	case errors.Is(err, syscall.ECONNREFUSED):
		return fault(casefile.FaultRefused, "")
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE), errors.Is(err, syscall.ECONNABORTED):
		return fault(casefile.FaultReset, "")
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.ErrClosedPipe), errors.Is(err, net.ErrClosed):
		return fault(casefile.FaultReset, detailClosed)
	}
	switch phase {
	case casefile.PhaseConnect:
		return fault(casefile.FaultRefused, "")
	case casefile.PhaseTLS:
		return fault(casefile.FaultTLS, tlsDetail(err))
	case casefile.PhaseRequest:
		return fault(casefile.FaultProtocol, detailNotHTTP)
	case casefile.PhaseBody:
		return fault(casefile.FaultProtocol, detailTransfer)
	case casefile.PhaseResolve:
	}
	return fault(casefile.FaultProtocol, detailNotHTTP)
}

func tlsDetail(err error) string {
	var record tls.RecordHeaderError
	var op *net.OpError
	var alert tls.AlertError
	switch {
	case errors.As(err, &record):
		return detailNotTLS
	case errors.As(err, &op) && op.Op == "remote error", errors.As(err, &alert):
		return detailAlert
	}
	return detailHandshake
}

// ErrTimeout is the cause of a context that ended because a look's own time was
// over, and not because whoever asked for it stopped it.
var ErrTimeout = errors.New("the look's time is over")

// TimedOut says whether ctx ended because the look's own time was over.
func TimedOut(ctx context.Context) bool { return errors.Is(context.Cause(ctx), ErrTimeout) }
