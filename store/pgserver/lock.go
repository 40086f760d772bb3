package pgserver

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
	"github.com/jackc/pgx/v5"
)

// Only one process may own the server of a data folder: the one that holds the file lock. The owner starts the server and
// writes run.json into the folder, from which other processes learn how to connect. For example, while "parley serve" owns
// the server, "parley backup" on the same folder connects to it.

const (
	pollInterval   = 20 * time.Millisecond
	connectTimeout = 5 * time.Second
)

// acquire takes the folder's lock. If another process holds it, acquire waits until that process's server answers. It then
// returns a nil lock and how to reach that server. A free lock proves that no owner is alive, because the kernel releases
// the lock when its owner ends.
func acquire(ctx context.Context, o Options) (*flock.Flock, run, error) {
	ctx, cancel := context.WithTimeout(ctx, acquireTimeout)
	defer cancel()
	tick := time.NewTicker(pollInterval)
	defer tick.Stop()

	dir := o.Dir
	for attempt := 0; ; attempt++ {
		lock, err := tryLock(dir)
		if err != nil || lock.Locked() {
			return lock, run{}, err
		}

		r, err := readRun(dir)
		if err == nil && ping(ctx, r.databaseURL("postgres")) == nil {
			return nil, r, nil
		}
		if attempt == 0 {
			o.Say("Another process has the database in " + dir + ", which does not answer yet: it is waited for.")
		}

		select {
		case <-ctx.Done():
			return nil, run{}, fmt.Errorf("another process holds %s/lock, but its database does not answer: %w", dir, ctx.Err())
		case <-tick.C:
		}
	}
}

// tryLock tries to take the lock of a folder without waiting. The result's Locked method reports whether it succeeded. The
// lock file is never removed, because a new file with the same name would be a second lock.
func tryLock(dir string) (*flock.Flock, error) {
	lock := flock.New(lockPath(dir))
	_, err := lock.TryLock()
	if errors.Is(err, os.ErrPermission) {
		return nil, fmt.Errorf("lock: the data folder belongs to another account, run as that one: %w", err)
	}
	if err != nil {
		return nil, fmt.Errorf("lock: %w", err)
	}
	return lock, nil
}

func lockPath(dir string) string { return filepath.Join(dir, "lock") }

func runPath(dir string) string { return filepath.Join(dir, "run.json") }

func readRun(dir string) (run, error) {
	b, err := os.ReadFile(runPath(dir))
	if err != nil {
		return run{}, err
	}
	var r run
	if err := json.Unmarshal(b, &r); err != nil {
		return run{}, fmt.Errorf("run.json: %w", err)
	}
	if r.SocketDir == "" || r.PostmasterPID <= 1 {
		return run{}, errors.New("run.json: incomplete")
	}
	return r, nil
}

// writeRun replaces run.json atomically, so that a reader never sees an incomplete file.
func writeRun(dir string, r run) error {
	b, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("run.json: %w", err)
	}
	next := runPath(dir) + ".new"
	if err := os.WriteFile(next, append(b, '\n'), 0o600); err != nil {
		return fmt.Errorf("run.json: %w", err)
	}
	if err := os.Rename(next, runPath(dir)); err != nil {
		return fmt.Errorf("run.json: %w", err)
	}
	return nil
}

func removeRun(dir string) error {
	err := os.Remove(runPath(dir))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("run.json: %w", err)
	}
	return nil
}

// ping connects to the server and disconnects, to check that it accepts connections.
func ping(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	return conn.Close(ctx)
}
