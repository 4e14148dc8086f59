package fetch

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"net"
	"net/http"
	"net/textproto"
	"time"

	"vigil/casefile"
)

// strangerGrace is how long an answer that does not begin as HTTP may go on, so that
// its protocol can be told: greetings come in one piece.
const strangerGrace = 500 * time.Millisecond

// readHead reads the answer's head, past interim answers.
func (x *exchange) readHead(in *bufio.Reader) (*http.Response, error) {
	if _, err := in.Peek(1); err != nil {
		return nil, err // nothing at all: the cause, not "malformed"
	}
	if begin, _ := in.Peek(min(in.Buffered(), strangerBytes)); !maybeHTTP(begin) {
		return nil, x.stranger(in)
	}
	for range maxInterim + 1 {
		r, err := http.ReadResponse(in, nil)
		if err != nil {
			return nil, protocolError{cause: err}
		}
		switch {
		case r.StatusCode == http.StatusSwitchingProtocols:
			return nil, protocolError{detail: detailSwitching}
		case r.StatusCode < 100:
			return nil, protocolError{detail: detailStatusLine}
		case r.StatusCode >= 200:
			return r, nil
		}
	}
	return nil, protocolError{detail: detailInterim}
}

// stranger tells what an answer is that does not begin as HTTP does. It waits a
// moment for the rest of a line; a binary protocol may never send one.
func (x *exchange) stranger(in *bufio.Reader) error {
	soon := time.Now().Add(strangerGrace)
	if at := x.conn.end(); at.Before(soon) {
		soon = at
	}
	_ = x.conn.SetDeadline(soon)
	begin, err := in.Peek(1)
	for err == nil && len(begin) < strangerBytes && bytes.IndexByte(begin, '\n') < 0 {
		_, err = in.Peek(len(begin) + 1)
		begin, _ = in.Peek(min(in.Buffered(), strangerBytes))
	}
	return protocolError{detail: strangerDetail(begin)}
}

func strangerDetail(begin []byte) string {
	if d := protocolOf(begin); d != "" {
		return d
	}
	if isHTTP09(begin) {
		return detailHTTP09
	}
	return detailNotHTTP
}

// headLimit bounds what is read before the headers end; left < 0 is no bound. It
// remembers how the answer began and how the connection ended.
type headLimit struct {
	r     net.Conn
	left  int
	begin [len("HTTP/1.1 200")]byte
	n     int // of begin
	err   error
}

// fault says why there is no head. It tells a head that was cut short from one that
// is broken: the parser calls both malformed.
func (h *headLimit) fault(ctx context.Context, err error) *casefile.Fault {
	begin := h.begin[:h.n]
	if h.err != nil && maybeHTTP(begin) {
		err = h.err
	}
	fault := faultOf(ctx, err, casefile.PhaseRequest)
	switch {
	case h.n == 0 || fault.Kind == casefile.FaultInterrupted:
	case fault.Kind == casefile.FaultTimeout:
		fault.Detail = detailSlowHead
	case fault.Kind == casefile.FaultReset && fault.Detail == detailClosedMute:
		fault.Detail = detailClosedHead
	case fault.Kind == casefile.FaultProtocol && fault.Detail == "":
		fault.Detail = brokenHead(begin, err)
	}
	return fault
}

// brokenHead says which part of a head the parser stumbled over.
func brokenHead(begin []byte, err error) string {
	var line textproto.ProtocolError
	switch {
	case !statusLine.Match(begin):
		return detailStatusLine
	case errors.As(err, &line):
		return detailHeaderLine
	}
	return detailFraming
}

func (h *headLimit) Read(p []byte) (int, error) {
	if h.left < 0 {
		return h.r.Read(p)
	}
	if h.left == 0 {
		h.err = errHeaderTooBig
		return 0, h.err
	}
	n, err := h.r.Read(p[:min(len(p), h.left)])
	h.left -= n
	h.n += copy(h.begin[h.n:], p[:n])
	if err != nil {
		h.err = err
	}
	return n, err
}
