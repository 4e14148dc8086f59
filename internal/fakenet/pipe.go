package fakenet

import (
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

// window is how many bytes one direction of an in-memory connection holds before a writer waits.
const window = 64 << 10

// half is one direction of a connection in memory. Unlike net.Pipe it buffers, as
// sockets do, and can be reset. It waits on a sync.Cond, so a bubble of
// testing/synctest sees it as idle.
type half struct {
	mu      sync.Mutex
	changed *sync.Cond
	buf     []byte
	ended   bool  // the writer closed
	deaf    bool  // the reader closed
	broken  error // a reset
	told    bool  // the reader knows of the reset

	readBy, writeBy deadline
}

// deadline is a point in time that wakes a half.
type deadline struct {
	at    time.Time
	timer *time.Timer
}

func (d *deadline) passed() bool { return !d.at.IsZero() && !time.Now().Before(d.at) }

// set moves the deadline; the caller holds the lock of wake.
func (d *deadline) set(t time.Time, wake func()) {
	if d.timer != nil {
		d.timer.Stop()
		d.timer = nil
	}
	d.at = t
	if left := time.Until(t); !t.IsZero() && left > 0 {
		d.timer = time.AfterFunc(left, wake)
	}
}

func newHalf() *half {
	h := &half{}
	h.changed = sync.NewCond(&h.mu)
	return h
}

func (h *half) wake() {
	h.mu.Lock()
	h.changed.Broadcast()
	h.mu.Unlock()
}

func (h *half) read(p []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for {
		switch {
		case h.deaf:
			return 0, net.ErrClosed
		case h.readBy.passed():
			return 0, os.ErrDeadlineExceeded
		case h.broken != nil && h.told:
			return 0, io.EOF // a socket tells of a reset once
		case h.broken != nil:
			h.told = true
			return 0, h.broken
		case len(p) == 0:
			return 0, nil
		case len(h.buf) > 0:
			n := copy(p, h.buf)
			h.buf = append(h.buf[:0], h.buf[n:]...)
			h.changed.Broadcast()
			return n, nil
		case h.ended:
			return 0, io.EOF
		}
		h.changed.Wait()
	}
}

func (h *half) write(p []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	done := 0
	for {
		switch {
		case h.ended:
			return done, net.ErrClosed
		case h.writeBy.passed():
			return done, os.ErrDeadlineExceeded
		case h.broken != nil:
			return done, h.broken
		case h.deaf:
			return done, os.NewSyscallError("write", syscall.EPIPE)
		}
		if room := min(window-len(h.buf), len(p)-done); room > 0 {
			h.buf = append(h.buf, p[done:done+room]...)
			done += room
			h.changed.Broadcast()
		}
		if done == len(p) {
			return done, nil
		}
		h.changed.Wait()
	}
}

// pipeConn is one end of a connection in memory.
type pipeConn struct {
	in, out       *half
	local, remote net.Addr
	once          sync.Once
	onClose       func()
}

// newPipe makes a connection; both ends name the addresses of the client and the server.
func newPipe(client, server net.Addr) (near, far *pipeConn) {
	up, down := newHalf(), newHalf()
	return &pipeConn{in: down, out: up, local: client, remote: server}, &pipeConn{in: up, out: down, local: server, remote: client}
}

func (c *pipeConn) wrap(op string, err error) error {
	if err == nil || errors.Is(err, io.EOF) {
		return err
	}
	return &net.OpError{Op: op, Net: "tcp", Source: c.local, Addr: c.remote, Err: err}
}

func (c *pipeConn) Read(p []byte) (int, error) {
	n, err := c.in.read(p)
	return n, c.wrap("read", err)
}

func (c *pipeConn) Write(p []byte) (int, error) {
	n, err := c.out.write(p)
	return n, c.wrap("write", err)
}

// Close ends both directions: the peer reads what was written and then the end.
func (c *pipeConn) Close() error {
	c.once.Do(func() {
		c.shut(func(out *half) { out.ended = true }, func(in *half) { in.deaf, in.buf = true, nil })
	})
	return nil
}

// Reset breaks the connection: the peer's next read or write fails at once.
func (c *pipeConn) Reset() {
	reset := os.NewSyscallError("read", syscall.ECONNRESET)
	c.once.Do(func() {
		c.shut(func(out *half) { out.broken, out.buf = reset, nil }, func(in *half) { in.deaf, in.broken, in.buf = true, reset, nil })
	})
}

func (c *pipeConn) shut(out, in func(*half)) {
	for h, f := range map[*half]func(*half){c.out: out, c.in: in} {
		h.mu.Lock()
		f(h)
		h.changed.Broadcast()
		h.mu.Unlock()
	}
	c.setRead(time.Time{})
	c.setWrite(time.Time{})
	if c.onClose != nil {
		c.onClose()
	}
}

func (c *pipeConn) LocalAddr() net.Addr  { return c.local }
func (c *pipeConn) RemoteAddr() net.Addr { return c.remote }

func (c *pipeConn) setRead(t time.Time) {
	c.in.mu.Lock()
	c.in.readBy.set(t, c.in.wake)
	c.in.changed.Broadcast()
	c.in.mu.Unlock()
}

func (c *pipeConn) setWrite(t time.Time) {
	c.out.mu.Lock()
	c.out.writeBy.set(t, c.out.wake)
	c.out.changed.Broadcast()
	c.out.mu.Unlock()
}

func (c *pipeConn) SetDeadline(t time.Time) error {
	c.setRead(t)
	c.setWrite(t)
	return nil
}
func (c *pipeConn) SetReadDeadline(t time.Time) error  { c.setRead(t); return nil }
func (c *pipeConn) SetWriteDeadline(t time.Time) error { c.setWrite(t); return nil }

// packetConn is a datagram socket in memory that is connected to one server. It
// is a net.PacketConn too, so that miekg/dns frames its messages as datagrams.
type packetConn struct {
	local, remote *net.UDPAddr
	send          func(query []byte, reply func([]byte))

	mu      sync.Mutex
	changed *sync.Cond
	queue   [][]byte
	closed  bool
	readBy  deadline
}

// maxQueued bounds the datagrams that wait to be read; more are lost, as on a socket.
const maxQueued = 256

func newPacketConn(local, remote *net.UDPAddr, send func([]byte, func([]byte))) *packetConn {
	c := &packetConn{local: local, remote: remote, send: send}
	c.changed = sync.NewCond(&c.mu)
	return c
}

func (c *packetConn) Read(p []byte) (int, error) {
	n, _, err := c.ReadFrom(p)
	return n, err
}

func (c *packetConn) ReadFrom(p []byte) (int, net.Addr, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for {
		switch {
		case c.closed:
			return 0, nil, c.wrap("read", net.ErrClosed)
		case c.readBy.passed():
			return 0, nil, c.wrap("read", os.ErrDeadlineExceeded)
		case len(c.queue) > 0:
			n := copy(p, c.queue[0])
			c.queue = c.queue[1:]
			return n, c.remote, nil
		}
		c.changed.Wait()
	}
}

func (c *packetConn) Write(p []byte) (int, error) {
	c.mu.Lock()
	closed := c.closed
	c.mu.Unlock()
	if closed {
		return 0, c.wrap("write", net.ErrClosed)
	}
	c.send(append([]byte(nil), p...), c.arrive)
	return len(p), nil
}

func (c *packetConn) WriteTo(p []byte, _ net.Addr) (int, error) { return c.Write(p) }

// arrive queues a datagram from the server.
func (c *packetConn) arrive(p []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.closed && len(c.queue) < maxQueued {
		c.queue = append(c.queue, p)
		c.changed.Broadcast()
	}
}

func (c *packetConn) wrap(op string, err error) error {
	return &net.OpError{Op: op, Net: "udp", Source: c.local, Addr: c.remote, Err: err}
}

func (c *packetConn) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return c.wrap("close", net.ErrClosed)
	}
	c.closed = true
	c.readBy.set(time.Time{}, nil)
	c.changed.Broadcast()
	return nil
}

func (c *packetConn) LocalAddr() net.Addr  { return c.local }
func (c *packetConn) RemoteAddr() net.Addr { return c.remote }

func (c *packetConn) SetDeadline(t time.Time) error { return c.SetReadDeadline(t) }

func (c *packetConn) SetReadDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.readBy.set(t, func() { c.mu.Lock(); c.changed.Broadcast(); c.mu.Unlock() })
	c.changed.Broadcast()
	return nil
}

func (c *packetConn) SetWriteDeadline(time.Time) error { return nil }
