// Package river drives the scheduler with the River queue, on SQLite and on
// PostgreSQL by one code path.
//
// In come a function that finds due hosts and one that works the round of a host;
// out go rounds: each due host is worked by one worker at a time, over all
// processes that share the database. A leader feeds, any worker works.
//
// The due time of a case is the truth, a job is only a hint that a host is due: a
// lost, failed or discarded job repairs itself at the next feeding. The package
// must never put a URL or a host into a job (a HostKey is a keyed digest), and
// never hold a transaction over a round.
package river

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	queue "github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverdatabasesql"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"
	"github.com/riverqueue/river/rivertype"
	"go.uber.org/zap"
	"go.uber.org/zap/exp/zapslog"
	"go.uber.org/zap/zapcore"

	"vigil/casefile"
)

// Options are what an Engine needs.
type Options struct {
	DB      *sql.DB // required; shared with the store
	Dialect string  // required: sqlite or postgres
	// PostgresURL is for the connection that listens for new jobs; empty: jobs are
	// polled for on PostgreSQL too.
	PostgresURL string
	// Round works the due cases of one host. Required. It is called for one host at a
	// time only, and must return soon after its context ends.
	Round func(ctx context.Context, host casefile.HostKey) error
	// Feed hands the hosts that have due cases to enqueue, in batches. Required.
	Feed func(ctx context.Context, enqueue func(context.Context, []casefile.HostKey) error) error
	// Workers is how many rounds run at once in this process, 1 to 10,000; default 256.
	Workers int
	// Backlog is about how many rounds may wait in the queue; default 4 a worker, at
	// least 1,024. While more than half of it waits, nothing is fed: the queue stays
	// small however many hosts are due, and hosts that wait are not enqueued again and again.
	Backlog int
	// FeedEvery is how often due hosts are looked for; default 1 s.
	FeedEvery time.Duration
	// PollEvery is how often jobs are looked for when nothing tells of them: on
	// SQLite those that other processes enqueued, on PostgreSQL lost notifications.
	// Default 200 ms on SQLite, 1 s on PostgreSQL.
	PollEvery time.Duration
	// DrainTimeout is how long Run lets rounds finish after its context ended,
	// before it ends theirs; default 15 s.
	DrainTimeout time.Duration
	Log          *zap.Logger // default: none
}

// Engine runs rounds. Make one with New, then Migrate, then Run.
type Engine struct {
	o        Options
	driver   riverdriver.Driver[*sql.Tx]
	client   *queue.Client[*sql.Tx]
	listener *pgxpool.Pool // nil without a listener
	sweeper  sweeper
	led      atomic.Bool // a feeding of the leader was worked here
}

// Names in the queue's tables.
const (
	roundQueue = "rounds"
	feedQueue  = "feed"
)

// roundTimeout bounds one round. A job that was under way in a process that died is given up after it and a
// minute.
const roundTimeout = 5 * time.Minute

// How long jobs that are over stay: they are nothing, the visits are what counts.
const (
	keepCompleted = time.Minute
	keepDiscarded = time.Hour
)

// once are the options of a job that is not tried again: a failed round is fed again. While one lives, a
// second for the same host is passed over.
func once(in string) queue.InsertOpts {
	return queue.InsertOpts{Queue: in, MaxAttempts: 1, UniqueOpts: queue.UniqueOpts{ByArgs: true, ByState: []rivertype.JobState{
		rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRunning, rivertype.JobStateRetryable,
		rivertype.JobStateScheduled,
	}}}
}

// roundArgs ask for the round of a host.
type roundArgs struct {
	Host casefile.HostKey `json:"host" river:"unique"`
}

func (roundArgs) Kind() string { return "round" }

func (roundArgs) InsertOpts() queue.InsertOpts { return once(roundQueue) }

// feedArgs ask for one feeding.
type feedArgs struct{}

func (feedArgs) Kind() string { return "feed" }

func (feedArgs) InsertOpts() queue.InsertOpts { return once(feedQueue) }

// New makes an engine. It opens no connection but the listener's pool, which
// connects when Run begins.
func New(o Options) (*Engine, error) {
	if o.DB == nil || o.Round == nil || o.Feed == nil {
		return nil, errors.New("queue: a database, a round and a feed are required")
	}
	if err := o.defaults(); err != nil {
		return nil, err
	}
	e := &Engine{o: o, sweeper: newSweeper(o.DB, o.Dialect)}
	pollOnly := true
	switch {
	case o.Dialect == "sqlite":
		e.driver = riversqlite.New(o.DB)
	case o.PostgresURL != "":
		pool, err := listenerPool(o.PostgresURL)
		if err != nil {
			return nil, err
		}
		e.driver, e.listener, pollOnly = riverdatabasesql.NewWithPgxListener(o.DB, pool), pool, false
	default:
		e.driver = riverdatabasesql.New(o.DB)
	}
	client, err := e.newClient(pollOnly)
	if err != nil {
		e.Close()
		return nil, fmt.Errorf("queue: %w", err)
	}
	e.client = client
	return e, nil
}

func (o *Options) defaults() error {
	if o.Dialect != "sqlite" && o.Dialect != "postgres" {
		return fmt.Errorf("queue: unknown dialect %.20q; use sqlite or postgres", o.Dialect)
	}
	if o.Workers < 0 || o.Workers > queue.QueueNumWorkersMax {
		return fmt.Errorf("queue: %d workers; use 1 to %d", o.Workers, queue.QueueNumWorkersMax)
	}
	if o.Backlog < 0 {
		return fmt.Errorf("queue: a backlog of %d: must not be negative", o.Backlog)
	}
	o.Workers, o.Log = cmp.Or(o.Workers, 256), cmp.Or(o.Log, zap.NewNop())
	o.Backlog = cmp.Or(o.Backlog, max(4*o.Workers, 1024))
	poll := time.Second
	if o.Dialect == "sqlite" {
		poll = 200 * time.Millisecond
	}
	for _, d := range []struct {
		name  string
		value *time.Duration
		usual time.Duration
	}{
		{"feed every", &o.FeedEvery, time.Second}, {"poll every", &o.PollEvery, poll},
		{"drain timeout", &o.DrainTimeout, 15 * time.Second},
	} {
		if *d.value = cmp.Or(*d.value, d.usual); *d.value < time.Millisecond {
			return fmt.Errorf("queue: %s %v: must be at least 1 ms", d.name, *d.value)
		}
	}
	return nil
}

// listenerPool is the one connection that waits for notifications.
func listenerPool(url string) (*pgxpool.Pool, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil { // the error of pgx holds the URL with its password
		return nil, errors.New("queue: the PostgreSQL URL of the listener cannot be parsed")
	}
	config.MaxConns, config.MinConns = 2, 0
	pool, err := pgxpool.NewWithConfig(context.Background(), config)
	if err != nil {
		return nil, errors.New("queue: the listener's connection pool cannot be made")
	}
	return pool, nil
}

func (e *Engine) newClient(pollOnly bool) (*queue.Client[*sql.Tx], error) {
	workers := queue.NewWorkers()
	queue.AddWorker(workers, queue.WorkFunc(func(ctx context.Context, j *queue.Job[roundArgs]) error { return e.round(ctx, j.Args.Host) }))
	queue.AddWorker(workers, queue.WorkFunc(func(ctx context.Context, _ *queue.Job[feedArgs]) error {
		e.led.Store(true)
		return e.feed(ctx)
	}))
	return queue.NewClient(e.driver, &queue.Config{
		ID:       e.sweeper.id,
		Logger:   slog.New(zapslog.NewHandler(atLeastWarn(e.o.Log.Core()))),
		Workers:  workers,
		PollOnly: pollOnly,
		Queues: map[string]queue.QueueConfig{
			roundQueue: {MaxWorkers: e.o.Workers},
			feedQueue:  {MaxWorkers: 1},
		},
		PeriodicJobs: []*queue.PeriodicJob{queue.NewPeriodicJob(queue.PeriodicInterval(e.o.FeedEvery),
			func() (queue.JobArgs, *queue.InsertOpts) { return feedArgs{}, nil }, &queue.PeriodicJobOpts{ID: "feed", RunOnStart: true})},
		FetchCooldown:               min(20*time.Millisecond, e.o.PollEvery),
		FetchPollInterval:           e.o.PollEvery,
		MaxAttempts:                 1,
		JobTimeout:                  roundTimeout,
		RescueStuckJobsAfter:        roundTimeout + time.Minute,
		SoftStopTimeout:             e.o.DrainTimeout,
		CompletedJobRetentionPeriod: keepCompleted,
		CancelledJobRetentionPeriod: keepCompleted,
		DiscardedJobRetentionPeriod: keepDiscarded,
	})
}

// atLeastWarn lets only warnings and errors of the queue through.
func atLeastWarn(core zapcore.Core) zapcore.Core {
	quiet, err := zapcore.NewIncreaseLevelCore(core, zapcore.WarnLevel)
	if err != nil { // the core is stricter already
		return core
	}
	return quiet
}

// round works a host and logs a failure: River tells failed jobs at a level that is
// too low to be heard here. A round that a stop cut short has not failed.
func (e *Engine) round(ctx context.Context, host casefile.HostKey) error {
	err := e.o.Round(ctx, host)
	if err != nil && ctx.Err() == nil {
		e.o.Log.Warn("round failed; its cases stay due", zap.Error(err))
	}
	return err
}

// waitingSQL counts waiting rounds up to a limit, along River's index for fetching.
const waitingSQL = `SELECT count(*) FROM (SELECT 1 FROM river_job WHERE state = 'available' AND queue = '` + roundQueue + `'
	LIMIT %d) AS waiting`

// errFull ends a feeding when enough rounds wait.
var errFull = errors.New("the queue is full")

// feed enqueues the rounds of due hosts until Backlog of them wait.
func (e *Engine) feed(ctx context.Context) error {
	var waiting int
	err := e.o.DB.QueryRowContext(ctx, fmt.Sprintf(waitingSQL, e.o.Backlog)).Scan(&waiting)
	switch {
	case err != nil:
		err = fmt.Errorf("count the rounds that wait: %w", err)
	case waiting <= e.o.Backlog/2:
		err = e.o.Feed(ctx, func(ctx context.Context, hosts []casefile.HostKey) error {
			n, err := e.enqueue(ctx, hosts)
			if waiting += n; err == nil && waiting >= e.o.Backlog {
				err = errFull
			}
			return err
		})
	}
	if err == nil || errors.Is(err, errFull) {
		return nil
	}
	if ctx.Err() == nil {
		e.o.Log.Warn("feeding failed; it is done again soon", zap.Error(err))
	}
	return err
}

// enqueue asks for the rounds of hosts and says for how many: a host that has a
// live job is passed over.
func (e *Engine) enqueue(ctx context.Context, hosts []casefile.HostKey) (int, error) {
	if len(hosts) == 0 {
		return 0, nil
	}
	jobs := make([]queue.InsertManyParams, len(hosts))
	for i, h := range hosts {
		jobs[i] = queue.InsertManyParams{Args: roundArgs{Host: h}}
	}
	results, err := e.client.InsertMany(ctx, jobs)
	if err != nil {
		return 0, err
	}
	n := 0
	for _, r := range results {
		if !r.UniqueSkippedAsDuplicate {
			n++
		}
	}
	return n, nil
}

// Run works rounds until ctx ends; then it starts no more, lets those under way
// finish for DrainTimeout, ends their contexts, and returns when all have
// returned. What was not worked stays due. It may be called once.
func (e *Engine) Run(ctx context.Context) error {
	defer e.Close()
	if n, err := e.sweeper.sweep(ctx); err != nil {
		e.o.Log.Warn("jobs of dead processes could not be given up; they will be after the round timeout", zap.Error(err))
	} else if n > 0 {
		e.o.Log.Info("jobs of dead processes given up; their hosts are fed again", zap.Int64("jobs", n))
	}
	if err := e.client.Start(ctx); err != nil { // its end stops softly: see SoftStopTimeout
		return fmt.Errorf("queue: start: %w", err)
	}
	e.feedUntilLed(ctx)
	<-e.client.Stopped()
	return nil
}

// electionTime is how long a leader may take to feed: a term of a dead leader runs
// for 15 s, and the leader's services start some seconds apart.
const electionTime = 25 * time.Second

// feedUntilLed feeds until a feeding of the leader was worked here, or a leader
// must be there. Feeding twice is harmless.
func (e *Engine) feedUntilLed(ctx context.Context) {
	t := time.NewTicker(e.o.FeedEvery)
	defer t.Stop()
	end := time.Now().Add(electionTime)
	for !e.led.Load() && time.Now().Before(end) {
		_ = e.feed(ctx) // logged there, and done again
		select {
		case <-t.C:
		case <-ctx.Done():
			return
		}
	}
}

// Close frees what New made. Run does it at its end; it may be called more than once.
func (e *Engine) Close() {
	if e.listener != nil {
		e.listener.Close()
	}
}

// migrateLock keeps processes that start at once from making the same tables: the
// library reads which migrations are missing before it applies them.
const migrateLock = "(hashtext('vigil queue migrate'), hashtext(current_schema()))"

// Migrate creates or updates the queue's own tables. Processes that start together
// may all call it: one migrates, the others wait and find nothing to do.
func (e *Engine) Migrate(ctx context.Context) error {
	m, err := rivermigrate.New(e.driver, &rivermigrate.Config{Logger: slog.New(zapslog.NewHandler(atLeastWarn(e.o.Log.Core())))})
	if err != nil {
		return fmt.Errorf("queue: prepare migration: %w", err)
	}
	migrate := e.migrateLocked
	if e.o.Dialect == "sqlite" {
		migrate = e.migrateAlone
	}
	if err := migrate(ctx, m); err != nil {
		return fmt.Errorf("queue: migrate: %w", err)
	}
	return nil
}

// migrateAlone migrates in one transaction, which on SQLite nobody writes beside
// (the store opens it with _txlock=immediate).
func (e *Engine) migrateAlone(ctx context.Context, m *rivermigrate.Migrator[*sql.Tx]) error {
	tx, err := e.o.DB.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	// After a commit there is nothing to roll back.
	defer func() { _ = tx.Rollback() }()
	//nolint:staticcheck // deprecated for PostgreSQL: its enumerations cannot grow and be used in one transaction
	if _, err := m.MigrateTx(ctx, tx, rivermigrate.DirectionUp, nil); err != nil {
		return err
	}
	return tx.Commit()
}

// migrateLocked migrates under an advisory lock: some of River's migrations for
// PostgreSQL cannot share a transaction.
func (e *Engine) migrateLocked(ctx context.Context, m *rivermigrate.Migrator[*sql.Tx]) error {
	conn, err := e.o.DB.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	if _, err := conn.ExecContext(ctx, "SELECT pg_advisory_lock"+migrateLock); err != nil {
		return err
	}
	_, err = m.Migrate(ctx, rivermigrate.DirectionUp, nil)
	_, unlock := conn.ExecContext(context.WithoutCancel(ctx), "SELECT pg_advisory_unlock"+migrateLock)
	return errors.Join(err, unlock)
}
