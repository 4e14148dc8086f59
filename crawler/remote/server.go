package remote

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
	"go.uber.org/zap"
	"golang.org/x/net/netutil"

	"vigil/casefile"
)

// Looker makes looks from one place; *crawler.Crawler is one.
type Looker interface {
	Look(ctx context.Context, vantage string, s casefile.Subject) casefile.Observation
}

// Options of a Server. Vantage, Credentials, Limits and Looker are required.
type Options struct {
	// Vantage is the place the remote vantage states: its name, country and network.
	Vantage casefile.Vantage
	// Build is the version of the program, for people.
	Build       string
	Credentials Credentials
	Limits      Limits
	// Looker makes what looks with settings, from a vantage of this server's name. It
	// is called when settings are new; the last few are kept.
	Looker func(LookSettings) (Looker, error)
	// InFlight bounds the looks at the same time; default 256.
	InFlight int
	Log      *zap.Logger
}

// Bounds of a Server.
const (
	mostSettings  = 8               // an owner has one; `vigil look` brings a new one each time
	mostStrangers = 64              // connections beyond those that looks need
	turn          = 5 * time.Second // how long a look waits for its turn
	transit       = 10 * time.Second
	stopTimeout   = 5 * time.Second
)

// Server makes looks for its owner. It stores nothing. Run it once.
type Server struct {
	o        Options
	identity Identity
	tls      *tls.Config
	slots    chan struct{}

	mu      sync.Mutex
	lookers *simplelru.LRU[LookSettings, Looker]
}

// New makes a Server and reads its credentials.
func New(o Options) (*Server, error) {
	if o.Looker == nil {
		return nil, errors.New("remote vantage: something that looks is required")
	}
	o.InFlight, o.Log = cmp.Or(o.InFlight, defaultInFlight), cmp.Or(o.Log, zap.NewNop())
	lookers, _ := simplelru.NewLRU[LookSettings, Looker](mostSettings, nil) // it fails for a size below 1
	s := &Server{o: o, slots: make(chan struct{}, max(o.InFlight, 1)), lookers: lookers}
	s.identity = Identity{Vantage: o.Vantage, Build: o.Build, Limits: o.Limits}
	if err := s.identity.check(); err != nil {
		return nil, fmt.Errorf("remote vantage: %w", err)
	}
	if o.Limits.Timeout <= 0 || o.Limits.MaxBody <= 0 || o.Limits.MaxRedirects < 0 || o.InFlight < 0 {
		return nil, errors.New("remote vantage: its limits must be positive")
	}
	c, err := o.Credentials.load()
	if err != nil {
		return nil, fmt.Errorf("remote vantage: %w", err)
	}
	s.tls = c.tls()
	return s, nil
}

// Run serves on l until ctx ends: then looks under way end as interrupted, and are
// still answered. It closes l.
func (s *Server) Run(ctx context.Context, l net.Listener) error {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /identity", s.tellIdentity)
	mux.HandleFunc("POST /look", s.look)
	server := &http.Server{
		Handler: s.versioned(mux), TLSConfig: s.tls, ReadHeaderTimeout: transit, ReadTimeout: 3 * transit,
		WriteTimeout: s.o.Limits.Timeout + turn + 3*transit, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 16 << 10,
		ErrorLog:    zap.NewStdLog(zap.NewNop()), // it would name whoever knocks, and what they say
		BaseContext: func(net.Listener) context.Context { return ctx },
	}
	ended := make(chan error, 1)
	go func() { ended <- server.ServeTLS(netutil.LimitListener(l, cap(s.slots)+mostStrangers), "", "") }()
	var err error
	select {
	case err = <-ended:
	case <-ctx.Done():
		stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
		defer cancel()
		_ = server.Shutdown(stop)
		_ = server.Close()
		err = <-ended
	}
	if !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve as a remote vantage: %w", err)
	}
	return nil
}

// versioned states our version of the wire, and refuses others before anything is read.
func (s *Server) versioned(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set(wireHeader, strconv.Itoa(Wire))
		if theirs := r.Header.Get(wireHeader); theirs != strconv.Itoa(Wire) {
			err := otherVersion(theirs)
			s.o.Log.Warn("owner speaks another version of the wire", zap.Error(err))
			http.Error(w, err.Error(), http.StatusConflict)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (s *Server) tellIdentity(w http.ResponseWriter, _ *http.Request) {
	body, err := encode(s.identity)
	s.send(w, body, err)
}

func (s *Server) look(w http.ResponseWriter, r *http.Request) {
	data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
	if err != nil {
		s.refuse(w, http.StatusRequestEntityTooLarge, "the request is too large or broke off")
		return
	}
	m, subject, err := decodeRequest(data)
	switch {
	case err != nil:
		s.refuse(w, http.StatusBadRequest, err.Error())
		return
	case !m.within(s.o.Limits):
		s.refuse(w, http.StatusUnprocessableEntity,
			"more time, bytes or redirects are asked for than this remote vantage allows: raise its crawler settings to those of the owner")
		return
	}
	looker, err := s.looker(m)
	if err != nil {
		s.refuse(w, http.StatusInternalServerError, "this remote vantage cannot look with these settings")
		return
	}
	select {
	case s.slots <- struct{}{}:
		defer func() { <-s.slots }()
	case <-time.After(turn):
		s.refuse(w, http.StatusServiceUnavailable, "too many looks at once: raise crawler.in_flight of this remote vantage")
		return
	case <-r.Context().Done():
		return
	}
	o := looker.Look(r.Context(), s.identity.Name, subject)
	// A zone may have any number of name servers: an answer has room for some.
	o.Resolution.Nameservers = o.Resolution.Nameservers[:min(len(o.Resolution.Nameservers), mostNames)]
	body, err := encodeAnswer(s.identity, o)
	s.send(w, body, err)
}

// looker is what looks with the settings. It is made at the first use.
func (s *Server) looker(m LookSettings) (Looker, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if looker, known := s.lookers.Get(m); known {
		return looker, nil
	}
	looker, err := s.o.Looker(m)
	if err == nil {
		s.lookers.Add(m, looker)
	}
	return looker, err
}

// send writes an answer, unless it could not be encoded or is too long for the owner to read.
func (s *Server) send(w http.ResponseWriter, body []byte, err error) {
	if err != nil || len(body) > maxAnswer {
		s.refuse(w, http.StatusInternalServerError, "what was seen does not fit the wire")
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body) // whoever asked has gone: nothing to be done
}

// refuse says no, to the owner and in the log. why is a fixed phrase.
func (s *Server) refuse(w http.ResponseWriter, status int, why string) {
	s.o.Log.Warn("look refused", zap.Int("http_status", status), zap.String("why", why))
	http.Error(w, why, status)
}
