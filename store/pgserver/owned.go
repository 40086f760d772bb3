package pgserver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gofrs/flock"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// The process that holds a data folder's lock is its owner, and runs PostgreSQL on it with the functions in this file. They
// find or download PostgreSQL, create the cluster (PostgreSQL's own data folder) if necessary, start the server, and stop
// it in close. Other processes connect to the owner's server and don't use this file.

const (
	readyTimeout    = 10 * time.Minute // recovery after a crash may take long
	silentTimeout   = time.Minute
	leftoverTimeout = 15 * time.Second // how long children of a killed postmaster may take to notice and exit
	launchInterval  = 100 * time.Millisecond
	logLimitBytes   = 1 << 20
	logTailBytes    = 8 << 10 // how much of the server's log is read for an error

	cannotConnectNow = "57P03" // PostgreSQL's error code while it is starting up or shutting down
)

var errEnded = errors.New("ended before it was ready")

// ownedServer holds the resources of a data folder's owner until close.
type ownedServer struct {
	dir      string       // the data folder
	lock     *flock.Flock // of the data folder
	homeLock *flock.Flock // of the folder that holds the cluster; nil if that is the data folder
	process  *process     // the server; nil until it is started
	unguard  func() error // undoes guardServer; nil until that was called
	socket   socketDir
}

// startOwned starts the server and returns when it is ready. The caller holds the data folder's lock.
func startOwned(ctx context.Context, o Options, m machine) (*ownedServer, run, error) {
	if err := removeOldRun(o.Dir); err != nil {
		return nil, run{}, err
	}

	h, err := findHome(o, m)
	if err != nil {
		return nil, run{}, err
	}
	if h.dir, err = filepath.EvalSymlinks(h.dir); err != nil {
		return nil, run{}, fmt.Errorf("data folder: %w", err)
	}

	owned := &ownedServer{dir: o.Dir}
	r, err := owned.begin(ctx, o, m, h)
	if err != nil {
		// Clean up even if ctx was cancelled: a cancelled start must not leave a server running.
		return nil, run{}, errors.Join(err, owned.close(context.WithoutCancel(ctx)))
	}

	return owned, r, nil
}

// begin prepares the cluster, starts the server and writes run.json. If it fails, the caller must call close.
func (owned *ownedServer) begin(ctx context.Context, o Options, m machine, h home) (run, error) {
	cluster := filepath.Join(h.dir, "pg")

	if h.dir != o.Dir { // a copy of the data folder refers to the same home, so the home is locked, too
		lock, err := tryLock(h.dir)
		if err != nil {
			return run{}, err
		}
		if !lock.Locked() {
			return run{}, fmt.Errorf("%s is in use by a process with another data folder", h.dir)
		}

		owned.homeLock = lock
	}

	bin, err := findBinaries(ctx, o, m, h.dir, h.account)
	if err != nil {
		return run{}, err
	}
	if err := endOrphan(ctx, o, cluster); err != nil {
		return run{}, err
	}
	if err := ensureCluster(ctx, o, h.dir, h.account, bin); err != nil {
		return run{}, err
	}
	if owned.socket, err = makeSocketDir(h, m); err != nil {
		return run{}, err
	}

	r := run{OwnerPID: os.Getpid(), SocketDir: owned.socket.path, BinDir: bin.dir, Cluster: cluster}
	if err := owned.launch(ctx, o, h.account, bin, r); err != nil {
		return run{}, err
	}

	r.PostmasterPID = owned.process.pid
	if err := ensureDatabase(ctx, r); err != nil {
		return run{}, err
	}

	return r, writeRun(o.Dir, r)
}

// removeOldRun removes the run.json of a killed owner, and its temporary socket folder. It removes the file first, so that no
// other process connects to a server that is about to be ended.
func removeOldRun(dir string) error {
	r, readErr := readRun(dir)
	if err := removeRun(dir); err != nil {
		return err
	}
	if readErr != nil { // it doesn't exist or is incomplete
		return nil
	}
	if strings.HasPrefix(filepath.Base(r.SocketDir), socketPrefix) {
		if err := os.RemoveAll(r.SocketDir); err != nil {
			return fmt.Errorf("old socket: %w", err)
		}
	}
	return nil
}

// findBinaries returns the installation to run the cluster with. If this machine has no installation, it downloads one.
func findBinaries(ctx context.Context, o Options, m machine, home string, acct account) (install, error) {
	major, err := clusterMajor(filepath.Join(home, "pg"))
	if err != nil {
		return install{}, err
	}

	bin, ok, err := chooseInstall(findInstalls(ctx, m, home, acct), m.path, major)

	if ctx.Err() != nil { // the search was interrupted
		return install{}, ctx.Err()
	}
	if err != nil {
		return install{}, err
	}
	if ok {
		return bin, nil
	}
	if err := download(ctx, o, m, home, major); err != nil {
		return install{}, err
	}

	bin, ok, err = chooseInstall(findInstalls(ctx, m, home, acct), m.path, major)
	if err == nil && !ok {
		err = fmt.Errorf("the downloaded PostgreSQL does not run on this machine: %s, or set DATABASE_URL", installHint(downloadMajor))
	}

	return bin, err
}

// launch starts the server and waits until it accepts connections. If a previous server was killed a moment ago, its child
// processes may still be running, and PostgreSQL refuses to start until they have ended. In that case launch retries for
// at most leftoverTimeout.
func (owned *ownedServer) launch(ctx context.Context, o Options, acct account, bin install, r run) error {
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	late := time.NewTimer(leftoverTimeout)
	defer late.Stop()
	tick := time.NewTicker(launchInterval)
	defer tick.Stop()

	for {
		logged, err := owned.tryLaunch(ctx, o, acct, bin, r)
		if err == nil {
			return nil
		}
		if !strings.Contains(logged, "is still in use") {
			return err
		}

		err = errors.Join(err, owned.unguard())
		select {
		case <-ctx.Done():
			return err
		case <-late.C:
			return err
		case <-tick.C:
		}
	}
}

// tryLaunch starts the server once. If that fails, it returns what the server has logged, as far as it logged anything.
func (owned *ownedServer) tryLaunch(ctx context.Context, o Options, acct account, bin install, r run) (logged string, err error) {
	log, err := openLog(filepath.Join(o.Dir, "pg.log"))
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, log.Close()) }() // the server has its own descriptor
	begin, err := log.Seek(0, io.SeekEnd)
	if err != nil {
		return "", fmt.Errorf("log: %w", err)
	}

	cmd := prepareCommand(context.WithoutCancel(ctx), acct, filepath.Join(bin.dir, "postgres"), serverArguments(o, r)...)
	cmd.Stdout, cmd.Stderr = log, log
	if owned.process, err = spawn(cmd); err != nil {
		return "", fmt.Errorf("server: %w", err)
	}
	if owned.unguard, err = guardServer(acct, owned.process.pid); err != nil {
		return "", err
	}
	if err = owned.process.awaitReady(ctx, r.databaseURL("postgres")); err == nil {
		return "", nil
	}

	text := make([]byte, logTailBytes)
	n, readErr := log.ReadAt(text, begin)
	if n == 0 {
		return "", fmt.Errorf("server: %w", errors.Join(err, readErr))
	}

	return string(text[:n]), fmt.Errorf("server: %w: %s", err, lastLines(text[:n], shownLines))
}

// awaitReady waits until the server accepts a connection. While the server answers that it is starting, awaitReady waits
// until ctx ends. If the server doesn't answer, it gives up after silentTimeout.
func (p *process) awaitReady(ctx context.Context, url string) error {
	silent := time.NewTimer(silentTimeout)
	defer silent.Stop()
	tick := time.NewTicker(pollInterval)
	defer tick.Stop()

	for {
		err := ping(ctx, url)
		if err == nil {
			return nil
		}
		if answer, ok := errors.AsType[*pgconn.PgError](err); ok && answer.Code == cannotConnectNow {
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

// serverArguments returns the server's command-line arguments. If a parameter is set twice, PostgreSQL uses the later value.
// So the parameters that keep the server private come last, where Options.Settings can't override them.
func serverArguments(o Options, r run) []string {
	args := []string{"-D", r.Cluster}
	set := func(k, v string) { args = append(args, "-c", k+"="+v) }
	set("timezone", "UTC")
	set("log_timezone", "UTC")
	// The log covers only the server itself. Statements aren't logged because they may contain secrets, and their errors are
	// returned to the client.
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

// openLog opens the server's log for appending. If the log exceeds logLimitBytes, it is first renamed to path.old, which
// replaces the previous one.
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

// ensureDatabase creates the database named by the constant Database if it doesn't exist.
func ensureDatabase(ctx context.Context, r run) (err error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	conn, err := pgx.Connect(ctx, r.databaseURL("postgres"))
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

// close stops the server and releases everything else in the reverse order of begin. It releases the data folder's lock last.
func (owned *ownedServer) close(ctx context.Context) error {
	errs := []error{removeRun(owned.dir)}
	if owned.process != nil {
		errs = append(errs, owned.process.stop(ctx))
	}
	if owned.unguard != nil {
		errs = append(errs, owned.unguard())
	}
	if owned.socket.isTemporary {
		errs = append(errs, os.RemoveAll(owned.socket.path))
	}

	for _, lock := range []*flock.Flock{owned.homeLock, owned.lock} {
		if lock != nil {
			errs = append(errs, lock.Unlock())
		}
	}

	return errors.Join(errs...)
}
