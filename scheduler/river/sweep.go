package river

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// sweeper gives up the jobs and the leadership of processes of this machine that
// died. Without it their hosts would wait for the round timeout, because a job
// that is "running" keeps a second one for the same host away.
//
// The id of a client is vigil-<machine>-<process>-<start>-<engine>: digests and
// random text. Only clients of this machine whose process is certainly gone are
// swept; the queue's own rescue takes the rest. Processes in separate process
// namespaces must not share a host name.
type sweeper struct {
	db      *sql.DB
	queries sweepQueries
	id      string // our own
	machine string // prefix of the ids of this machine
	alive   func(pid int) bool
}

// sweepQueries differ by dialect in how the last client of a job is read.
type sweepQueries struct {
	clients, jobs, leader string
}

// start tells this process from an earlier one with the same number: in a container
// every process is number 1.
var start = strings.ToLower(rand.Text()[:10])

var sweepDialects = map[string]sweepQueries{
	"sqlite": {
		clients: `SELECT json_extract(attempted_by, '$[#-1]') FROM river_job WHERE state = 'running' AND attempted_by IS NOT NULL
			UNION SELECT leader_id FROM river_leader`,
		jobs:   `DELETE FROM river_job WHERE state = 'running' AND json_extract(attempted_by, '$[#-1]') = ?`,
		leader: `DELETE FROM river_leader WHERE leader_id = ?`,
	},
	"postgres": {
		clients: `SELECT attempted_by[array_upper(attempted_by, 1)] FROM river_job WHERE state = 'running' AND attempted_by IS NOT NULL
			UNION SELECT leader_id FROM river_leader`,
		jobs:   `DELETE FROM river_job WHERE state = 'running' AND attempted_by[array_upper(attempted_by, 1)] = $1`,
		leader: `DELETE FROM river_leader WHERE leader_id = $1`,
	},
}

func newSweeper(db *sql.DB, dialect string) sweeper {
	name, _ := os.Hostname() // without a name, machines are told apart by the nonce only, and nothing is swept
	digest := sha256.Sum256([]byte(name))
	s := sweeper{db: db, queries: sweepDialects[dialect], machine: "vigil-" + hex.EncodeToString(digest[:6]) + "-", alive: processAlive}
	s.id = s.machine + strconv.Itoa(os.Getpid()) + "-" + start + "-" + strings.ToLower(rand.Text()[:10])
	if name == "" {
		s.machine = s.id
	}
	return s
}

// sweep gives up what dead processes of this machine left, and says how many jobs.
func (s *sweeper) sweep(ctx context.Context) (int64, error) {
	dead, err := s.dead(ctx)
	if err != nil {
		return 0, err
	}
	var total int64
	for _, id := range dead {
		result, err := s.db.ExecContext(ctx, s.queries.jobs, id)
		if err != nil {
			return total, fmt.Errorf("give up the jobs of a dead process: %w", err)
		}
		n, _ := result.RowsAffected() // both drivers know it
		total += n
		if _, err := s.db.ExecContext(ctx, s.queries.leader, id); err != nil {
			return total, fmt.Errorf("give up the leadership of a dead process: %w", err)
		}
	}
	return total, nil
}

// dead are the clients that hold something and are certainly gone.
func (s *sweeper) dead(ctx context.Context) ([]string, error) {
	rows, err := s.db.QueryContext(ctx, s.queries.clients)
	if err != nil {
		return nil, fmt.Errorf("read the clients of the queue: %w", err)
	}
	defer func() { _ = rows.Close() }() // rows.Err below tells what matters
	var dead []string
	for rows.Next() {
		var id sql.NullString
		if err := rows.Scan(&id); err != nil {
			return nil, fmt.Errorf("read the clients of the queue: %w", err)
		}
		if s.gone(id.String) {
			dead = append(dead, id.String)
		}
	}
	return dead, rows.Err()
}

// gone says whether id is a client of this machine whose process does not live.
// Other clients of this process live: it can have several engines.
func (s *sweeper) gone(id string) bool {
	rest, ours := strings.CutPrefix(id, s.machine)
	parts := strings.Split(rest, "-")
	if !ours || len(parts) != 3 {
		return false
	}
	pid, err := strconv.Atoi(parts[0])
	if err != nil || pid <= 0 {
		return false
	}
	if pid == os.Getpid() {
		return parts[1] != start
	}
	return !s.alive(pid)
}

// processAlive says whether a process of this machine lives, or may: only a clear
// "no such process" counts as dead.
func processAlive(pid int) bool {
	p, err := os.FindProcess(pid)
	if err != nil {
		return true
	}
	defer func() { _ = p.Release() }() // frees the handle; nothing can be done about a failure
	err = p.Signal(syscall.Signal(0))
	return !errors.Is(err, os.ErrProcessDone) && !errors.Is(err, syscall.ESRCH)
}
