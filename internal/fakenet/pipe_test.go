package fakenet

import (
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

func pair() (*pipeConn, *pipeConn) {
	return newPipe(&net.TCPAddr{IP: net.IPv4(198, 51, 100, 254), Port: 1024}, &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 80})
}

func TestPipeBuffersAndEnds(t *testing.T) {
	t.Parallel()
	near, far := pair()
	if _, err := io.WriteString(near, "a request"); err != nil { // nobody reads yet: net.Pipe would block
		t.Fatal(err)
	}
	_ = near.Close()
	if b, err := io.ReadAll(far); err != nil || string(b) != "a request" {
		t.Errorf("%q %v", b, err)
	}
	if _, err := far.Write([]byte("x")); !errors.Is(err, syscall.EPIPE) {
		t.Errorf("write to a closed peer: %v", err)
	}
	if _, err := near.Read(make([]byte, 1)); !errors.Is(err, net.ErrClosed) {
		t.Errorf("read of a closed end: %v", err)
	}
	if near.RemoteAddr().String() != "192.0.2.1:80" || far.LocalAddr().String() != "192.0.2.1:80" || far.RemoteAddr().String() != "198.51.100.254:1024" {
		t.Errorf("addresses %v %v %v", near.RemoteAddr(), far.LocalAddr(), far.RemoteAddr())
	}
}

func TestPipeCarriesMoreThanItsWindow(t *testing.T) {
	t.Parallel()
	near, far := pair()
	text := strings.Repeat("0123456789abcdef", window/4)
	go func() {
		_, _ = io.WriteString(near, text)
		_ = near.Close()
	}()
	if b, err := io.ReadAll(far); err != nil || string(b) != text {
		t.Errorf("%d of %d bytes, %v", len(b), len(text), err)
	}
}

func TestPipeResets(t *testing.T) {
	t.Parallel()
	near, far := pair()
	_, _ = io.WriteString(far, "lost")
	far.Reset()
	if n, err := near.Read(make([]byte, 8)); n != 0 || !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("read: %d %v", n, err)
	}
	if n, err := near.Read(make([]byte, 8)); n != 0 || !errors.Is(err, io.EOF) {
		t.Errorf("read again: %d %v", n, err)
	}
	if _, err := near.Write([]byte("x")); err == nil {
		t.Error("wrote to a reset connection")
	}
}

func TestPipeDeadlines(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		near, far := pair()
		defer near.Close()
		defer far.Close()
		began := time.Now()
		_ = near.SetReadDeadline(began.Add(time.Minute))
		_, err := near.Read(make([]byte, 1))
		var timeout net.Error
		if !errors.Is(err, os.ErrDeadlineExceeded) || !errors.As(err, &timeout) || !timeout.Timeout() || time.Since(began) != time.Minute {
			t.Errorf("read after %v: %v", time.Since(began), err)
		}
		_ = near.SetWriteDeadline(time.Now().Add(time.Second))
		if n, err := near.Write(make([]byte, window+1)); n != window || !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("write of more than fits: %d %v", n, err)
		}
		_ = near.SetDeadline(time.Time{})
		go func() { time.Sleep(time.Hour); _, _ = io.WriteString(far, "late") }()
		if n, err := near.Read(make([]byte, 8)); n != 4 || err != nil || time.Since(began) < time.Hour {
			t.Errorf("read without a deadline: %d %v", n, err)
		}
	})
}
