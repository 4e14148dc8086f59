package river

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"
	queue "github.com/riverqueue/river"
	"go.uber.org/goleak"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"
	_ "modernc.org/sqlite"

	"vigil/casefile"
	"vigil/internal/fakenet/testrun"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		// database/sql closes its opener in the background when the test's pools are closed
		goleak.IgnoreTopFunction("database/sql.(*DB).connectionOpener"))
}

// database is where a queue of the suite lives.
type database struct {
	dialect string
	url     string // of the listener
	open    func(t *testing.T) *sql.DB
}

// databases calls f for each database. PostgreSQL comes from VIGIL_TEST_POSTGRES;
// on a build machine it must be there.
func databases(t *testing.T, f func(t *testing.T, d database)) {
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		path := filepath.Join(t.TempDir(), "queue.db")
		f(t, database{dialect: "sqlite", open: func(t *testing.T) *sql.DB {
			return opened(t, "sqlite", "file:"+path+"?_pragma=journal_mode(wal)&_pragma=busy_timeout(10000)&_pragma=synchronous(normal)&_txlock=immediate", 1)
		}})
	})
	dsn := os.Getenv("VIGIL_TEST_POSTGRES")
	if dsn == "" {
		if os.Getenv("CI") == "true" {
			t.Fatal("set VIGIL_TEST_POSTGRES to the URL of a PostgreSQL server; make test starts one")
		}
		t.Log("the PostgreSQL half did not run: VIGIL_TEST_POSTGRES is not set")
		return
	}
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		own := fresh(t, dsn)
		f(t, database{dialect: "postgres", url: own, open: func(t *testing.T) *sql.DB { return opened(t, "pgx", own, 10) }})
	})
}

func opened(t *testing.T, driver, dsn string, connections int) *sql.DB {
	t.Helper()
	db, err := sql.Open(driver, dsn)
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(connections)
	t.Cleanup(func() { _ = db.Close() })
	return db
}

var numbered atomic.Int64

// fresh makes a database of its own for one test.
func fresh(t *testing.T, dsn string) string {
	t.Helper()
	admin := opened(t, "pgx", dsn, 1)
	name := fmt.Sprintf("vigil_queue_%d_%d", os.Getpid(), numbered.Add(1))
	if _, err := admin.ExecContext(t.Context(), "CREATE DATABASE "+name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := admin.ExecContext(context.Background(), "DROP DATABASE "+name+" WITH (FORCE)"); err != nil {
			t.Error(err)
		}
	})
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	u.Path = "/" + name
	return u.String()
}

// hosts is the due column of the suite: hosts that are due until their round is done.
type hosts struct {
	mu      sync.Mutex
	due     map[casefile.HostKey]bool
	working map[casefile.HostKey]int
	rounds  map[casefile.HostKey]int
	overlap int
}

func newHosts(n int) *hosts {
	h := &hosts{due: map[casefile.HostKey]bool{}, working: map[casefile.HostKey]int{}, rounds: map[casefile.HostKey]int{}}
	for i := range n {
		h.due[casefile.HostKey(fmt.Sprintf("%064x", i))] = true
	}
	return h
}

func (h *hosts) feed(ctx context.Context, enqueue func(context.Context, []casefile.HostKey) error) error {
	h.mu.Lock()
	due := slices.Collect(maps.Keys(h.due))
	h.mu.Unlock()
	for batch := range slices.Chunk(due, 500) {
		if err := enqueue(ctx, batch); err != nil {
			return err
		}
	}
	return nil
}

// round works a host for the time given; the host stays due when the context ends first.
func (h *hosts) round(takes time.Duration) func(context.Context, casefile.HostKey) error {
	return func(ctx context.Context, k casefile.HostKey) error {
		h.mu.Lock()
		h.working[k]++
		h.rounds[k]++
		if h.working[k] > 1 {
			h.overlap++
		}
		h.mu.Unlock()
		var err error
		select {
		case <-time.After(takes):
		case <-ctx.Done():
			err = ctx.Err()
		}
		h.mu.Lock()
		defer h.mu.Unlock()
		h.working[k]--
		if err == nil {
			delete(h.due, k)
		}
		return err
	}
}

func (h *hosts) left() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.due)
}

func (h *hosts) put(k casefile.HostKey) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.due[k] = true
}

func engine(t *testing.T, d database, o Options) *Engine {
	t.Helper()
	o.Dialect, o.PostgresURL = d.dialect, d.url
	if o.DB == nil {
		o.DB = d.open(t)
	}
	if o.FeedEvery == 0 {
		o.FeedEvery = 100 * time.Millisecond
	}
	e, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return e
}

// running runs the engine until the returned function is called, which waits for its end.
func running(t *testing.T, e *Engine) (stop func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- e.Run(ctx) }()
	var once sync.Once
	var err error
	stop = func() error {
		once.Do(func() { cancel(); err = <-done })
		return err
	}
	t.Cleanup(func() { _ = stop() })
	return stop
}

func TestProcessesThatStartTogetherMigrateOnce(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, d database) {
		var all sync.WaitGroup
		for range 6 {
			e, err := New(Options{DB: d.open(t), Dialect: d.dialect, PostgresURL: d.url, Round: newHosts(0).round(0), Feed: newHosts(0).feed})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(e.Close)
			all.Go(func() {
				if err := e.Migrate(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
	})
}

// Two hundred hosts, and a thousand in a long run: the race detector slows SQLite in Go twentyfold.
func TestQueueWorksEachDueHost(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, d database) {
		many := 200
		if testrun.Long() {
			many = 1000
		}
		h := newHosts(many)
		stop := running(t, engine(t, d, Options{Round: h.round(0), Feed: h.feed}))
		testrun.Eventually(t, "all hosts worked", func() bool { return h.left() == 0 })
		h.put("a-late-host")
		testrun.Eventually(t, "a host that became due later worked", func() bool { return h.left() == 0 })
		if err := stop(); err != nil {
			t.Fatal(err)
		}
	})
}

func TestQueueNeverRunsTwoRoundsOfOneHost(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, d database) {
		h := newHosts(8)
		var again atomic.Int64
		work := h.round(30 * time.Millisecond)
		round := func(ctx context.Context, k casefile.HostKey) error {
			err := work(ctx, k)
			if again.Add(1) < 40 {
				h.put(k)
			}
			return err
		}
		first := running(t, engine(t, d, Options{Round: round, Feed: h.feed, Workers: 16, FeedEvery: 20 * time.Millisecond, PollEvery: 20 * time.Millisecond}))
		second := running(t, engine(t, d, Options{Round: round, Feed: h.feed, Workers: 16, FeedEvery: 20 * time.Millisecond, PollEvery: 20 * time.Millisecond}))
		testrun.Eventually(t, "40 rounds of 8 hosts by two engines", func() bool { return again.Load() >= 40 && h.left() == 0 })
		if err := first(); err != nil {
			t.Error(err)
		}
		if err := second(); err != nil {
			t.Error(err)
		}
		h.mu.Lock()
		defer h.mu.Unlock()
		if h.overlap > 0 {
			t.Errorf("%d rounds began while another of the same host was under way", h.overlap)
		}
	})
}

func TestQueueStopDrains(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, d database) {
		h := newHosts(10)
		stop := running(t, engine(t, d, Options{Round: h.round(400 * time.Millisecond), Feed: h.feed}))
		testrun.Eventually(t, "all rounds under way", func() bool {
			h.mu.Lock()
			defer h.mu.Unlock()
			return len(h.rounds) == 10
		})
		if err := stop(); err != nil {
			t.Fatal(err)
		}
		if n := h.left(); n != 0 {
			t.Errorf("%d rounds were not finished by the stop", n)
		}
	})
}

func TestQueueStopEndsRoundsThatTakeTooLong(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, d database) {
		h := newHosts(3)
		e := engine(t, d, Options{Round: h.round(time.Hour), Feed: h.feed, DrainTimeout: 200 * time.Millisecond})
		stop := running(t, e)
		testrun.Eventually(t, "all rounds under way", func() bool {
			h.mu.Lock()
			defer h.mu.Unlock()
			return len(h.rounds) == 3
		})
		if err := stop(); err != nil { // it returns, although a round takes an hour
			t.Fatal(err)
		}
		if h.left() != 3 {
			t.Fatalf("%d hosts are due; the 3 that were cut short must be", h.left())
		}
		// Nothing is lost: the next run works them.
		next := running(t, engine(t, d, Options{Round: h.round(0), Feed: h.feed}))
		testrun.Eventually(t, "hosts that were cut short worked", func() bool { return h.left() == 0 })
		if err := next(); err != nil {
			t.Fatal(err)
		}
	})
}

func TestQueueGivesUpTheJobsOfADeadProcess(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, d database) {
		h := newHosts(2)
		dead := engine(t, d, Options{Round: h.round(0), Feed: h.feed})
		// As kill -9 leaves it: one job of a process that is gone, one of another machine.
		deadID, elsewhere := dead.sweeper.machine+"999999999-start-engine", "vigil-elsewhere-1-start-engine"
		if err := dead.feed(t.Context()); err != nil {
			t.Fatal(err)
		}
		list, err := dead.client.JobList(t.Context(), queue.NewJobListParams().Kinds("round"))
		if err != nil || len(list.Jobs) != 2 {
			t.Fatalf("%d jobs, %v", len(list.Jobs), err)
		}
		for i, id := range []string{deadID, elsewhere} {
			taken := map[string]string{
				"sqlite":   `UPDATE river_job SET state = 'running', attempt = 1, attempted_at = CURRENT_TIMESTAMP, attempted_by = json_array('vigil-old', '` + id + `') WHERE id = ?`,
				"postgres": `UPDATE river_job SET state = 'running', attempt = 1, attempted_at = now(), attempted_by = ARRAY['vigil-old', '` + id + `'] WHERE id = $1`,
			}[d.dialect]
			if _, err := dead.o.DB.ExecContext(t.Context(), taken, list.Jobs[i].ID); err != nil {
				t.Fatal(err)
			}
		}
		dead.Close()
		stop := running(t, engine(t, d, Options{Round: h.round(0), Feed: h.feed}))
		testrun.Eventually(t, "the host of the dead process worked again", func() bool { return h.left() == 1 })
		time.Sleep(300 * time.Millisecond)
		if h.left() != 1 {
			t.Error("the job of another machine, which may live, was given up")
		}
		if err := stop(); err != nil {
			t.Fatal(err)
		}
	})
}

func TestQueueRescuesAStuckJobOfAnotherMachine(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, d database) {
		h := newHosts(1)
		o := Options{Round: h.round(0), Feed: h.feed}
		e := engine(t, d, o)
		if err := e.feed(t.Context()); err != nil {
			t.Fatal(err)
		}
		long := map[string]string{
			"sqlite":   `UPDATE river_job SET state = 'running', attempt = 1, attempted_at = datetime('now', '-1 day'), attempted_by = json_array('elsewhere')`,
			"postgres": `UPDATE river_job SET state = 'running', attempt = 1, attempted_at = now() - interval '1 day', attempted_by = ARRAY['elsewhere']`,
		}[d.dialect]
		if _, err := e.o.DB.ExecContext(t.Context(), long); err != nil {
			t.Fatal(err)
		}
		stop := running(t, e)
		testrun.Eventually(t, "the stuck job rescued and its host worked", func() bool { return h.left() == 0 })
		if err := stop(); err != nil {
			t.Fatal(err)
		}
	})
}

func TestQueueFeedsAFailedRoundAgain(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, d database) {
		h := newHosts(1)
		core, logged := observer.New(zapcore.DebugLevel)
		var tries atomic.Int64
		work := h.round(0)
		stop := running(t, engine(t, d, Options{Feed: h.feed, Log: zap.New(core), Round: func(ctx context.Context, k casefile.HostKey) error {
			if tries.Add(1) < 3 {
				return fmt.Errorf("disk is full")
			}
			return work(ctx, k)
		}}))
		testrun.Eventually(t, "a round that failed twice worked", func() bool { return h.left() == 0 })
		if err := stop(); err != nil {
			t.Fatal(err)
		}
		if logged.FilterLevelExact(zapcore.InfoLevel).Len()+logged.FilterLevelExact(zapcore.DebugLevel).Len() > 0 {
			t.Errorf("the queue logged below warn: %v", logged.All()[0])
		}
		if n := logged.Len(); n < 2 {
			t.Errorf("%d lines logged for two failed rounds", n)
		}
	})
}

func TestQueueStaysSmallWhenManyHostsAreDue(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, d database) {
		h := newHosts(1500)
		e := engine(t, d, Options{Round: h.round(0), Feed: h.feed, Backlog: 600})
		t.Cleanup(e.Close)
		for range 3 {
			if err := e.feed(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		var waiting int
		if err := e.o.DB.QueryRowContext(t.Context(), "SELECT count(*) FROM river_job").Scan(&waiting); err != nil {
			t.Fatal(err)
		}
		if waiting < 600 || waiting > 1000 {
			t.Errorf("%d rounds wait with a backlog of 600, fed by 500", waiting)
		}
	})
}

func TestOptionsAreChecked(t *testing.T) {
	t.Parallel()
	db := opened(t, "sqlite", "file:"+filepath.Join(t.TempDir(), "x.db"), 1)
	h := newHosts(0)
	good := Options{DB: db, Dialect: "sqlite", Round: h.round(0), Feed: h.feed}
	for name, change := range map[string]func(*Options){
		"no database":      func(o *Options) { o.DB = nil },
		"no round":         func(o *Options) { o.Round = nil },
		"no feed":          func(o *Options) { o.Feed = nil },
		"unknown dialect":  func(o *Options) { o.Dialect = "mysql" },
		"too many workers": func(o *Options) { o.Workers = 10_001 },
		"negative feeding": func(o *Options) { o.FeedEvery = -time.Second },
		"broken listener":  func(o *Options) { o.Dialect, o.PostgresURL = "postgres", "postgres://user:secret@[::1" },
		"endless draining": func(o *Options) { o.DrainTimeout = -1 },
		"negative backlog": func(o *Options) { o.Backlog = -1 },
	} {
		o := good
		change(&o)
		if _, err := New(o); err == nil {
			t.Errorf("%s: taken", name)
		} else if strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: the error shows the password", name)
		}
	}
	if _, err := New(good); err != nil {
		t.Error(err)
	}
}

func TestOnlyDeadProcessesOfThisMachineAreGone(t *testing.T) {
	t.Parallel()
	s := newSweeper(nil, "sqlite")
	s.alive = func(pid int) bool { return pid == 100 }
	for id, want := range map[string]bool{
		s.id:                         false,
		s.machine + "100-x-y":        false,
		s.machine + "101-x-y":        true,
		s.machine + "101-x":          false,
		"vigil-000000000000-101-x-y": false,
		"a-client-of-somebody-else":  false,
		"":                           false,
		s.machine + "-1-x-y":         false,
		newSweeper(nil, "sqlite").id: false, // another engine of this process
		strings.Replace(s.id, start, "earlierone", 1): true, // this process number in an earlier life
	} {
		if got := s.gone(id); got != want {
			t.Errorf("gone(%q) = %v", id, got)
		}
	}
	if !processAlive(os.Getpid()) {
		t.Error("this process counts as dead")
	}
	if processAlive(1 << 30) {
		t.Error("a process number that cannot be counts as alive")
	}
}
