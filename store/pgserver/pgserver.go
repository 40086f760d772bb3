// Package pgserver runs a private PostgreSQL server for one data folder, so that a person can
// try or run the program without setting up a database first.
//
// The first process that calls Start on a folder becomes the owner of its server. Other processes that call Start on the
// same folder share that server until the owner ends. Then Done is closed, and they have to call Start again. The server
// ends with its owner, even if the owner is killed. It listens only on a Unix socket in a folder that other accounts can't
// enter.
//
// The package doesn't handle the schema, migrations, connection pools, backups, or databases named by DATABASE_URL.
package pgserver

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Database is the database that Start creates: UTF8, sorted by code point (C.UTF-8).
const Database = "parley"

// Superuser is the role that Start creates and that every URL contains. It has no password: every account that can enter the
// socket's folder can connect.
const Superuser = "parley"

const (
	acquireTimeout = downloadTimeout + readyTimeout // another process may first download, then recover
	watchInterval  = time.Second                    // how often a process checks that a shared server is running
)

// Options configures a server.
type Options struct {
	// Dir is the data folder (PARLEY_DATA). It is created if it doesn't exist. It holds the lock, the server's log (pg.log),
	// run.json (how to reach the server), and usually the cluster, which is PostgreSQL's own data folder. If the server's
	// account can't enter Dir, the cluster is kept in another folder, which is reported through Say.
	Dir string
	// Durable turns fsync on. Without it, data is lost if the machine crashes, so only tests may set it to false.
	Durable bool
	// Log receives messages for operators. nil discards them.
	Log *slog.Logger
	// Say is called with a sentence for the person at the terminal, for example when PostgreSQL is downloaded. If it is nil,
	// these sentences are written to Log.
	Say func(string)
	// Settings are further server parameters, such as max_connections: "300". They can't override the parameters that keep
	// the server private. They have no effect if another process owns the server.
	Settings map[string]string
}

// Server is a running PostgreSQL server, owned by this process, or by another one that shares it.
type Server struct {
	run   run
	owned *ownedServer  // nil if another process owns the server
	done  chan struct{} // closed when the server has ended, or after Close
	stop  chan struct{} // closed by Close; only if another process owns the server
	once  sync.Once     // runs Close once
	err   error         // the result of Close
}

// Start returns when the server for o.Dir accepts connections and Database exists. It creates the cluster if necessary, and
// ends a server that a killed owner left behind. If another process owns the folder, Start waits until that process's
// server is ready, and shares it.
//
// It returns an error if it finds no PostgreSQL of at least version 15 (or of the cluster's version, if there is a
// cluster) and can't download one, if the folder belongs to another account, if the server doesn't start (with the last
// lines of its log), or if ctx ends.
func Start(ctx context.Context, o Options) (*Server, error) {
	s, err := start(ctx, o, thisMachine())
	if err != nil {
		return nil, fmt.Errorf("pgserver: %w", err)
	}
	return s, nil
}

// start implements Start for a given machine. It either takes the folder's lock and starts a server, or shares the server of
// the process that holds the lock.
func start(ctx context.Context, o Options, m machine) (*Server, error) {
	if o.Dir == "" {
		return nil, errors.New("no data folder given")
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Say == nil {
		o.Say = func(s string) { o.Log.Info("remark of the embedded database", "remark", s) }
	}

	dir, err := dataDir(o.Dir, m)
	if err != nil {
		return nil, err
	}

	o.Dir = dir
	lock, r, err := acquire(ctx, o)
	if err != nil {
		return nil, err
	}
	if lock == nil { // another process holds it
		return join(r), nil
	}

	owned, r, err := startOwned(ctx, o, m)
	if err != nil {
		return nil, errors.Join(err, lock.Unlock())
	}

	owned.lock = lock
	return &Server{run: r, owned: owned, done: owned.process.done}, nil
}

// dataDir creates the data folder and returns its absolute path without symbolic links. If Parley runs as root, the server
// runs as another account, which must be able to pass through the folder. The files in it have stricter modes.
func dataDir(dir string, m machine) (string, error) {
	mode := os.FileMode(0o700)
	if m.euid == 0 {
		mode = 0o711
	}
	if err := os.MkdirAll(dir, mode); err != nil {
		return "", fmt.Errorf("data folder: %w", err)
	}

	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", fmt.Errorf("data folder: %w", err)
	}
	if dir, err = filepath.EvalSymlinks(dir); err != nil {
		return "", fmt.Errorf("data folder: %w", err)
	}

	return dir, nil
}

// join returns the server of the process that holds the lock. Until Close, a goroutine checks every watchInterval whether
// that server is still running.
func join(r run) *Server {
	s := &Server{run: r, done: make(chan struct{}), stop: make(chan struct{})}
	go func() {
		defer close(s.done)
		tick := time.NewTicker(watchInterval)
		defer tick.Stop()

		for {
			select {
			case <-s.stop:
				return
			case <-tick.C:
				if !hasProcess(r.PostmasterPID) {
					return
				}
			}
		}
	}()

	return s
}

// URL returns a connection string, for pgx and libpq, to a database of the server as Superuser. For example:
//
//	postgres://parley@/parley?host=%2Ftmp%2Fparley-1&port=5432&sslmode=disable&user=parley
func (s *Server) URL(database string) string { return s.run.databaseURL(database) }

// PID returns the process ID of the server's main process, the postmaster.
func (s *Server) PID() int { return s.run.PostmasterPID }

// BinDir returns the folder of the server's binary, or "" if it is unknown. An installed PostgreSQL has pg_dump and pg_restore
// there, too; a downloaded one doesn't.
func (s *Server) BinDir() string {
	if s.run.BinDir != "" {
		return s.run.BinDir
	}
	// Earlier versions of Parley don't write BinDir into run.json.
	exe, err := os.Readlink("/proc/" + strconv.Itoa(s.run.PostmasterPID) + "/exe")
	if err != nil {
		return ""
	}
	return filepath.Dir(exe)
}

// IsShared reports whether another process owns the server. Such a server ends with that process.
func (s *Server) IsShared() bool { return s.owned == nil }

// Done returns a channel that is closed when the server has ended, for whatever reason. If another process owns the server,
// the channel is closed up to watchInterval later, or by Close.
func (s *Server) Done() <-chan struct{} { return s.done }

// Close stops the server if this process owns it, and waits until it has ended. The server closes connections, rolls back
// open transactions and writes everything to disk. If ctx ends first, the server is killed. That loses no committed data,
// but the next start has to run recovery. A server of another process keeps running. Further calls return the result of
// the first one.
func (s *Server) Close(ctx context.Context) error {
	s.once.Do(func() {
		if s.owned == nil {
			close(s.stop)
			<-s.done
			return
		}
		if err := s.owned.close(ctx); err != nil {
			s.err = fmt.Errorf("pgserver: close: %w", err)
		}
	})
	return s.err
}

// run is the content of run.json, from which other processes learn how to reach the owner's server.
type run struct {
	OwnerPID      int    `json:"owner_pid"`
	PostmasterPID int    `json:"postmaster_pid"`
	SocketDir     string `json:"socket_dir"`
	BinDir        string `json:"bin_dir"`
	Cluster       string `json:"cluster"`
}

// databaseURL implements Server.URL.
func (r run) databaseURL(database string) string {
	q := url.Values{}
	q.Set("host", r.SocketDir)
	q.Set("port", strconv.Itoa(port))
	q.Set("user", Superuser)
	q.Set("sslmode", "disable") // overrides PGSSLMODE: a Unix socket has no TLS
	// Encode writes a space as "+", which libpq and pgx read as a plus sign.
	query := strings.ReplaceAll(q.Encode(), "+", "%20")
	u := url.URL{Scheme: "postgres", User: url.User(Superuser), Path: "/" + database, RawQuery: query}
	return u.String()
}
