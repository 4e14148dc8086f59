package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"go.uber.org/zap"

	"vigil/casefile"
)

// maxGroup is how many writes share a transaction at most. 256 is where SQLite
// stopped gaining (measured, ADR-0016), and the default number of looks in flight.
const maxGroup = 256

// commitTimeout bounds the wait for a connection, and on PostgreSQL the whole
// transaction, so that a dead server does not hold a write for ever. SQLite's
// transactions wait for other processes only, bounded by its busy timeout.
const commitTimeout = 30 * time.Second

// job is one write that waits for its transaction.
//
// Its outcome is always clear. A context that ends while the job still waits takes
// it back: nothing was written. Once a committer has taken it, the caller waits for
// the commit whatever its context says, and the answer is what happened.
type job struct {
	do    func(ctx context.Context, tx *transaction) error
	taken atomic.Bool
	err   error
	done  chan struct{}
}

// transaction is what a job works with. A job may run more than once, each time in
// a transaction that knows nothing of the time before: it must set its results anew.
//
// When a job answers a *casefile.Problem, what it wrote before is kept; any other
// error undoes it, and only it.
type transaction struct {
	*sql.Tx
	s       *Store
	hosts   map[casefile.HostKey]struct{} // whose cases got another due time
	conn    *sql.Conn                     // of Tx, on PostgreSQL in a shared transaction; else nil
	waiting pgx.Batch                     // what later was given
}

// committer puts what waits into shared transactions, with a fixed number of
// goroutines that end with close.
type committer struct {
	s       *Store
	waiting chan *job
	workers sync.WaitGroup

	mu      sync.Mutex
	closed  bool
	callers sync.WaitGroup
}

func newCommitter(s *Store, workers int) *committer {
	c := &committer{s: s, waiting: make(chan *job)}
	for range workers {
		c.workers.Go(c.work)
	}
	return c
}

// close lets the accepted jobs end, then the goroutines.
func (c *committer) close() {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	c.callers.Wait()
	close(c.waiting)
	c.workers.Wait()
}

// inTx runs do in a shared transaction and returns when it is durable.
func (s *Store) inTx(ctx context.Context, do func(ctx context.Context, tx *transaction) error) error {
	c := s.committer
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		return ErrClosed
	}
	c.callers.Add(1)
	c.mu.Unlock()
	defer c.callers.Done()
	if err := context.Cause(ctx); err != nil {
		return err
	}
	j := &job{do: do, done: make(chan struct{})}
	select {
	case c.waiting <- j:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	select {
	case <-j.done:
	case <-ctx.Done():
		if j.taken.CompareAndSwap(false, true) {
			return context.Cause(ctx)
		}
		<-j.done
	}
	return j.err
}

// exec runs one statement in a shared transaction.
func (s *Store) exec(ctx context.Context, what, query string, args ...any) error {
	return s.inTx(ctx, func(ctx context.Context, tx *transaction) error {
		_, err := tx.exec(ctx, what, query, args...)
		return err
	})
}

// exec runs a statement and says how many rows it changed.
func (tx *transaction) exec(ctx context.Context, what, query string, args ...any) (int64, error) {
	result, err := tx.ExecContext(ctx, query, args...)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", what, err)
	}
	return result.RowsAffected()
}

// insert runs an INSERT of one row and says which id it got. SQLite is not asked for rows: each query in a
// transaction costs database/sql a goroutine.
func (tx *transaction) insert(ctx context.Context, what, query string, args ...any) (id int64, err error) {
	defer wrap(&err, "%s", what)
	if tx.s.dialect == DialectPostgres {
		err = tx.QueryRowContext(ctx, query+" RETURNING id", args...).Scan(&id)
		return id, err
	}
	result, err := tx.ExecContext(ctx, query, args...)
	if err != nil {
		return 0, err
	}
	return result.LastInsertId()
}

// maxWaiting bounds the statements that wait in a transaction.
const maxWaiting = 1024

// later runs a statement whose effect no statement of the transaction reads, but for those behind a flush. On
// PostgreSQL those of a whole group go to the server in one round trip.
func (tx *transaction) later(ctx context.Context, what, query string, args ...any) error {
	if tx.conn == nil {
		_, err := tx.exec(ctx, what, query, args...)
		return err
	}
	if tx.waiting.Queue(query, args...); tx.waiting.Len() < maxWaiting {
		return nil
	}
	return tx.flush(ctx)
}

// flush runs what waits.
func (tx *transaction) flush(ctx context.Context) error {
	if tx.waiting.Len() == 0 {
		return nil
	}
	batch := tx.waiting
	tx.waiting = pgx.Batch{}
	err := tx.conn.Raw(func(c any) error { return c.(*stdlib.Conn).Conn().SendBatch(ctx, &batch).Close() })
	wrap(&err, "run %d statements", batch.Len())
	return err
}

func (c *committer) work() {
	group := make([]*job, 0, maxGroup)
	for first := range c.waiting {
		group = c.gather(append(group[:0], first))
		group = slices.DeleteFunc(group, func(j *job) bool { return !j.taken.CompareAndSwap(false, true) })
		c.commit(group)
		for _, j := range group {
			close(j.done)
		}
	}
}

// gather takes what waits now. It yields once when nothing does, because the callers
// of the group before are just waking up with their next write.
func (c *committer) gather(group []*job) []*job {
	for yielded := false; len(group) < maxGroup; {
		select {
		case j, ok := <-c.waiting:
			if !ok {
				return group
			}
			group = append(group, j)
		default:
			if yielded {
				return group
			}
			yielded = true
			runtime.Gosched()
		}
	}
	return group
}

// commit runs the group in one transaction. When that fails each job runs alone, so
// that the one at fault does not fail the others.
func (c *committer) commit(group []*job) {
	if len(group) == 0 {
		return
	}
	err := c.attempt(group)
	if err == nil {
		return
	}
	if len(group) > 1 && !errors.Is(err, errUnclear) && !errors.Is(err, context.DeadlineExceeded) {
		c.s.log.Warn("a group of writes failed and each is tried alone", zap.Int("writes", len(group)), zap.Error(explain(err)))
		for _, j := range group {
			c.commit([]*job{j})
		}
		return
	}
	for tries := 0; tries < 2 && temporary(err); tries++ {
		err = c.attempt(group)
	}
	if err != nil {
		for _, j := range group {
			j.err = explain(err)
		}
	}
}

// errUnclear says that the connection broke during the commit: the database alone
// knows whether it took place.
var errUnclear = errors.New("the connection broke during the commit, which may have taken place or not")

// attempt runs the group in one transaction. An error says that nothing was kept,
// but for errUnclear.
func (c *committer) attempt(group []*job) error {
	ctx, cancel := context.WithTimeout(context.Background(), commitTimeout)
	defer cancel()
	conn, err := c.s.write.Conn(ctx) // the queue may hold the only one of SQLite
	if err != nil {
		return fmt.Errorf("wait for a connection: %w", err)
	}
	defer conn.Close() //nolint:errcheck // it goes back to the pool
	tx := &transaction{s: c.s, hosts: map[casefile.HostKey]struct{}{}, conn: conn}
	if c.s.dialect == DialectSQLite {
		tx.conn, ctx = nil, context.Background() // a context that can end costs a goroutine a statement there
	}
	if tx.Tx, err = conn.BeginTx(ctx, nil); err != nil {
		return fmt.Errorf("begin transaction: %w", err)
	}
	defer tx.Rollback() //nolint:errcheck // after a commit there is nothing to roll back
	for _, j := range group {
		j.err = j.do(ctx, tx)
		if _, answer := errors.AsType[*casefile.Problem](j.err); j.err != nil && !answer {
			return j.err
		}
	}
	if err := tx.settleHosts(ctx); err != nil {
		return err
	}
	err = tx.Commit()
	if _, refused := errors.AsType[*pgconn.PgError](err); err != nil && c.s.dialect == DialectPostgres && !refused {
		return fmt.Errorf("%w: %w", errUnclear, err)
	}
	return err
}

// temporary says whether the same transaction may well succeed next: PostgreSQL
// chose it as the victim of a deadlock, or two inserted the same row.
func temporary(err error) bool {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	return ok && (pg.Code == "40P01" || pg.Code == "40001" || pg.Code == "23505")
}

// due notes that a case of the host got another due time in this transaction.
func (tx *transaction) due(host casefile.HostKey) { tx.hosts[host] = struct{}{} }

// settleHosts writes the earliest due time of every noted host. On PostgreSQL the
// host's row is locked first and its cases are read in a statement of their own: two
// transactions over one host settle one after the other, and the later one sees what
// the earlier wrote. The hosts are sorted, so that they cannot lock each other out.
func (tx *transaction) settleHosts(ctx context.Context) error {
	for _, h := range slices.Sorted(maps.Keys(tx.hosts)) {
		if tx.s.dialect == DialectPostgres {
			const lock = "INSERT INTO hosts (host_key) VALUES ($1) ON CONFLICT (host_key) DO UPDATE SET host_key = excluded.host_key"
			if err := tx.later(ctx, "lock host", lock, string(h)); err != nil {
				return err
			}
		}
		err := tx.later(ctx, "settle due time of host", `INSERT INTO hosts (host_key, due_at)
			SELECT $1, MIN(due_at) FROM cases WHERE host_key = $1 AND due_at IS NOT NULL
			ON CONFLICT (host_key) DO UPDATE SET due_at = excluded.due_at`, string(h))
		if err != nil {
			return err
		}
	}
	return tx.flush(ctx)
}
