package pgserver

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

const (
	readyTimeout    = 10 * time.Minute // recovery after a crash may read much
	silentTimeout   = time.Minute
	leftoverTimeout = 15 * time.Second // how long children of a killed postmaster may take to see it
	logLimitBytes   = 1 << 20

	cannotConnectNow = "57P03" // starting up or shutting down
)

var errEnded = errors.New("ended before it was ready")

// owned is what the owner of a folder holds and gives back.
type owned struct {
	dir       string
	lock      *os.File // of the data folder
	homeLock  *os.File // of a home elsewhere, nil if it is the data folder
	process   *process
	unguard   func() error
	socket    string
	temporary bool // socket's folder goes with the server
}

// own makes the server ready; the caller holds the data folder's lock.
func own(ctx context.Context, o Options, m machine) (*owned, run, error) {
	if err := forget(o.Dir); err != nil {
		return nil, run{}, err
	}
	home, acct, err := home(o, m)
	if err != nil {
		return nil, run{}, err
	}
	if home, err = filepath.EvalSymlinks(home); err != nil {
		return nil, run{}, fmt.Errorf("data folder: %w", err)
	}
	own := &owned{dir: o.Dir}
	r, err := own.begin(ctx, o, m, home, acct)
	if err != nil {
		// A new context: a start that was cancelled must not leave a server.
		return nil, run{}, errors.Join(err, own.close(context.WithoutCancel(ctx)))
	}
	return own, r, nil
}

func (own *owned) begin(ctx context.Context, o Options, m machine, home string, acct account) (run, error) {
	cluster := filepath.Join(home, "pg")
	if home != o.Dir { // a copied data folder would name it too
		lock, err := tryLock(filepath.Join(home, "lock"))
		if err != nil {
			return run{}, err
		}
		if lock == nil {
			return run{}, fmt.Errorf("%s is in use by a process with another data folder", home)
		}
		own.homeLock = lock
	}
	bin, err := provide(ctx, o, m, home, acct)
	if err != nil {
		return run{}, err
	}
	if err := clearOrphan(ctx, o, cluster); err != nil {
		return run{}, err
	}
	if err := ensureCluster(ctx, o, home, acct, bin); err != nil {
		return run{}, err
	}
	if own.socket, own.temporary, err = socketDir(home, acct, m); err != nil {
		return run{}, err
	}
	r := run{OwnerPID: os.Getpid(), SocketDir: own.socket, BinDir: bin.dir, Cluster: cluster}
	if err := own.launch(ctx, o, acct, bin, r); err != nil {
		return run{}, err
	}
	r.PostmasterPID = own.process.pid
	if err := ensureDatabase(ctx, r); err != nil {
		return run{}, err
	}
	return r, writeRun(o.Dir, r)
}

// forget removes what a killed owner's run.json says: first of all the file, so that nobody joins a
// server that is about to end.
func forget(dir string) error {
	r, err := readRun(dir)
	if err := removeRun(dir); err != nil {
		return err
	}
	if err == nil && strings.HasPrefix(filepath.Base(r.SocketDir), socketPrefix) {
		if err := os.RemoveAll(r.SocketDir); err != nil {
			return fmt.Errorf("old socket: %w", err)
		}
	}
	return nil
}

// provide finds the binaries for the cluster, or downloads some where there are none at all.
func provide(ctx context.Context, o Options, m machine, home string, acct account) (install, error) {
	major, err := clusterMajor(filepath.Join(home, "pg"))
	if err != nil {
		return install{}, err
	}
	bin, ok, err := choose(findInstalls(ctx, m, home, acct), m.path, major)
	if ctx.Err() != nil { // then none was found for another reason
		return install{}, ctx.Err()
	}
	if err != nil || ok {
		return bin, err
	}
	if err := download(ctx, o, m, home, major); err != nil {
		return install{}, err
	}
	bin, ok, err = choose(findInstalls(ctx, m, home, acct), m.path, major)
	if err == nil && !ok {
		err = fmt.Errorf("the downloaded PostgreSQL does not run on this machine: %s, or set DATABASE_URL", installHint(downloadMajor))
	}
	return bin, err
}

// launch starts the server and waits until it takes connections. A postmaster that was killed a
// moment ago may have left children that still end: PostgreSQL refuses until they have.
func (own *owned) launch(ctx context.Context, o Options, acct account, bin install, r run) error {
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	late := time.NewTimer(leftoverTimeout)
	defer late.Stop()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		said, err := own.try(ctx, o, acct, bin, r)
		if err == nil {
			return nil
		}
		if !strings.Contains(said, "is still in use") {
			return err
		}
		err = errors.Join(err, own.unguard())
		select {
		case <-ctx.Done():
			return err
		case <-late.C:
			return err
		case <-tick.C:
		}
	}
}

// try launches once. said is what the server logged.
func (own *owned) try(ctx context.Context, o Options, acct account, bin install, r run) (said string, err error) {
	log, err := openLog(filepath.Join(o.Dir, "pg.log"))
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, log.Close()) }() // the server has its own descriptor
	begin, err := log.Seek(0, 2)
	if err != nil {
		return "", fmt.Errorf("log: %w", err)
	}
	cmd := command(context.WithoutCancel(ctx), acct, filepath.Join(bin.dir, "postgres"), arguments(o, r)...)
	cmd.Stdout, cmd.Stderr = log, log
	if own.process, err = spawn(cmd); err != nil {
		return "", fmt.Errorf("server: %w", err)
	}
	if own.unguard, err = guard(acct, own.process.pid); err != nil {
		return "", err
	}
	if err = own.process.ready(ctx, r.url("postgres")); err == nil {
		return "", nil
	}
	text := make([]byte, 8<<10)
	n, readErr := log.ReadAt(text, begin)
	if n == 0 {
		return "", fmt.Errorf("server: %w", errors.Join(err, readErr))
	}
	return string(text[:n]), fmt.Errorf("server: %w: %s", err, lastLines(text[:n], 5))
}

// ready waits until the server takes a connection: long while it says that it is starting, not so
// long when it says nothing.
func (p *process) ready(ctx context.Context, url string) error {
	silent := time.NewTimer(silentTimeout)
	defer silent.Stop()
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		err := ping(ctx, url)
		if err == nil {
			return nil
		}
		var said *pgconn.PgError
		if errors.As(err, &said) && said.Code == cannotConnectNow {
			silent.Reset(silentTimeout)
		}
		select {
		case <-p.done:
			return errors.Join(errEnded, p.err)
		case <-ctx.Done():
			return fmt.Errorf("not ready: %w", errors.Join(ctx.Err(), err))
		case <-silent.C:
			return fmt.Errorf("does not answer: %w", err)
		case <-tick.C:
		}
	}
}

// arguments are the server's parameters; the last of a name wins.
func arguments(o Options, r run) []string {
	args := []string{"-D", r.Cluster}
	set := func(k, v string) { args = append(args, "-c", k+"="+v) }
	set("timezone", "UTC")
	set("log_timezone", "UTC")
	// What statements hold is nobody's business, and errors are the caller's: only the server's own
	// fate is logged.
	set("log_min_messages", "log")
	set("log_min_error_statement", "panic")
	set("log_error_verbosity", "terse")
	set("log_checkpoints", "off")
	if !o.Durable {
		set("fsync", "off")
		set("synchronous_commit", "off")
		set("full_page_writes", "off")
	}
	for _, k := range slices.Sorted(maps.Keys(o.Settings)) {
		set(k, o.Settings[k])
	}
	set("listen_addresses", "")
	set("unix_socket_directories", `"`+strings.ReplaceAll(r.SocketDir, `"`, `""`)+`"`) // quoted: it is a list
	set("unix_socket_permissions", "0700")
	set("port", strconv.Itoa(port))
	return args
}

// openLog opens the server's log for appending and keeps one older file when it grew long.
func openLog(path string) (*os.File, error) {
	fi, err := os.Stat(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("log: %w", err)
	}
	if err == nil && fi.Size() > logLimitBytes {
		if err := os.Rename(path, path+".old"); err != nil {
			return nil, fmt.Errorf("log: %w", err)
		}
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("log: %w", err)
	}
	return f, nil
}

const findDatabase = `
	SELECT EXISTS (
		SELECT 1
		FROM pg_database
		WHERE datname = $1)`

func ensureDatabase(ctx context.Context, r run) (err error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	conn, err := pgx.Connect(ctx, r.url("postgres"))
	if err != nil {
		return fmt.Errorf("database: %w", err)
	}
	defer func() { err = errors.Join(err, conn.Close(ctx)) }()
	var found bool
	if err := conn.QueryRow(ctx, findDatabase, Database).Scan(&found); err != nil {
		return fmt.Errorf("database: %w", err)
	}
	if found {
		return nil
	}
	if _, err := conn.Exec(ctx, "CREATE DATABASE "+Database); err != nil {
		return fmt.Errorf("database: %w", err)
	}
	return nil
}

// close undoes what begin did, in the reverse order; the lock goes last.
func (own *owned) close(ctx context.Context) error {
	errs := []error{removeRun(own.dir)}
	if own.process != nil {
		errs = append(errs, own.process.stop(ctx))
	}
	if own.unguard != nil {
		errs = append(errs, own.unguard())
	}
	if own.temporary {
		errs = append(errs, os.RemoveAll(own.socket))
	}
	for _, lock := range []*os.File{own.homeLock, own.lock} {
		if lock != nil {
			errs = append(errs, lock.Close())
		}
	}
	return errors.Join(errs...)
}
