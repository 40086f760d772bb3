// Package pgserver runs a private PostgreSQL server for one data folder, so that a person can
// try or run the program without setting up a database first.
//
// One process owns a folder's server; others that start on the same folder use it until the
// owner ends. The server dies with its owner, however the owner dies, and listens only on a
// Unix socket in a folder closed to other accounts.
//
// Not here: schema, migrations, pools, backups, and databases named by DATABASE_URL.
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

// Superuser is the role that Start creates and that every URL names. It has no password: who
// may enter the socket's folder may connect.
const Superuser = "parley"

const (
	acquireTimeout = 3 * time.Minute // another process may be downloading or recovering
	watchInterval  = time.Second     // how often a process that uses another one's server checks that it lives
)

// Options says which server to run and how.
type Options struct {
	// Dir is the data folder (PARLEY_DATA); it is created when missing. The cluster, the lock, the
	// server's log (pg.log) and run.json are kept in it.
	Dir string
	// Durable turns fsync on. False loses data when the machine stops: for tests only.
	Durable bool
	// Log gets what operators want to know. If it is nil, that is dropped.
	Log *slog.Logger
	// Say gets the rare remarks meant for the person at the terminal, one sentence each, without a
	// final line feed: a download, a cluster kept elsewhere. If it is nil, they are logged.
	Say func(string)
	// Settings are further server parameters (max_connections: "300"). Those that keep the server
	// private can't be changed. Only those of the process that owns the server have an effect.
	Settings map[string]string
}

// Server is a running PostgreSQL server: our own, or another process's that we may use.
type Server struct {
	run   run
	owned *owned        // nil if another process owns the server
	done  chan struct{} // closed when the server has ended, or is no longer used
	stop  chan struct{} // closed by Close; only of a reused server
	once  sync.Once     // of Close
	err   error         // what Close returns
}

// Start returns when the server for o.Dir accepts connections and Database exists. It makes the cluster if there is
// none, and ends a server that a killed owner left behind. If another process owns the folder, it uses the server of
// that process, and waits for it while it is starting.
//
// Errors: no PostgreSQL of at least version 15 (of the cluster's version, if there is a cluster)
// found, the folder belongs to another account, the server refused to start (with the last
// lines of its log), ctx ended.
func Start(ctx context.Context, o Options) (*Server, error) {
	s, err := start(ctx, o, thisMachine())
	if err != nil {
		return nil, fmt.Errorf("pgserver: %w", err)
	}
	return s, nil
}

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
	lock, r, err := acquire(ctx, dir)
	if err != nil {
		return nil, err
	}
	if lock == nil {
		return join(r), nil
	}

	own, r, err := startOwned(ctx, o, m)
	if err != nil {
		return nil, errors.Join(err, lock.Close())
	}

	own.lock = lock
	return &Server{run: r, owned: own, done: own.process.done}, nil
}

// dataDir makes the data folder and returns its absolute path without symbolic links. As root the
// folder lets the server's account pass; what is private in it has its own mode.
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

// join returns the server of the process that holds the lock, and watches whether it lives.
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

// URL is a connection string, for pgx and libpq, to one database of the server as superuser.
// Shape: postgres://parley@/parley?host=%2Ftmp%2Fparley-1&port=5432&sslmode=disable&user=parley
func (s *Server) URL(database string) string {
	return s.run.databaseURL(database)
}

// PID is the postmaster's process id.
func (s *Server) PID() int {
	return s.run.PostmasterPID
}

// BinDir is the folder that holds the server's own programs; pg_dump and pg_restore of the same
// installation are there too, unless it was downloaded. It is "" if the folder can't be found out.
func (s *Server) BinDir() string {
	if s.run.BinDir != "" {
		return s.run.BinDir
	}
	exe, err := os.Readlink("/proc/" + strconv.Itoa(s.run.PostmasterPID) + "/exe") // for an owner of an earlier version, which didn't write BinDir
	if err != nil {
		return ""
	}
	return filepath.Dir(exe)
}

// Reused returns whether another process owns the server, which then ends with that process.
func (s *Server) Reused() bool {
	return s.owned == nil
}

// Done is closed when the postmaster has ended, whether asked to or not. Of a reused server it is
// closed within a second of that, or by Close.
func (s *Server) Done() <-chan struct{} {
	return s.done
}

// Close ends the owner's server: connections are cut, open transactions roll back, everything is
// written. It waits until the server is gone. If ctx ends first, the server is killed, which loses nothing
// committed but makes the next start recover. A reused server keeps running. Further calls return what the
// first one returned.
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

// run is what an owner tells others about its server, as run.json.
type run struct {
	OwnerPID      int    `json:"owner_pid"`
	PostmasterPID int    `json:"postmaster_pid"`
	SocketDir     string `json:"socket_dir"`
	BinDir        string `json:"bin_dir"`
	Cluster       string `json:"cluster"`
}

func (r run) databaseURL(database string) string {
	q := url.Values{}
	q.Set("host", r.SocketDir)
	q.Set("port", strconv.Itoa(port))
	q.Set("user", Superuser)
	q.Set("sslmode", "disable") // whatever PGSSLMODE says: there is no TLS on a socket
	// Clients take a plus sign for itself; a real one is already %2B.
	query := strings.ReplaceAll(q.Encode(), "+", "%20")
	u := url.URL{Scheme: "postgres", User: url.User(Superuser), Path: "/" + database, RawQuery: query}
	return u.String()
}
