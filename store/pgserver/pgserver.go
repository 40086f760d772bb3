// Package pgserver runs a private PostgreSQL server for one data folder, so that a person can
// try or run the program without setting up a database first.
//
// One process owns a folder's server; others that start on the same folder use it until the
// owner ends. Then Done is closed, and they have to start anew. The server dies with its owner,
// however the owner dies, and listens only on a Unix socket in a folder closed to other accounts.
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
	acquireTimeout = downloadTimeout + readyTimeout // another process may be downloading, and then recovering
	watchInterval  = time.Second                    // how often a process that uses another one's server checks that it lives
)

// Options says which server to run and how.
type Options struct {
	// Dir is the data folder (PARLEY_DATA); it is created when missing. It holds the lock, the server's log (pg.log) and run.json,
	// and the cluster, unless the server's account can't enter it: then the cluster is elsewhere, and Say tells where.
	Dir string
	// Durable turns fsync on. False loses data when the machine stops: for tests only.
	Durable bool
	// Log gets remarks for operators. nil drops them.
	Log *slog.Logger
	// Say is called with a sentence for the person at the terminal, for example when PostgreSQL is downloaded, or where the cluster
	// is kept elsewhere. nil means that these sentences go to Log.
	Say func(string)
	// Settings are further server parameters (max_connections: "300"). Those that keep the server
	// private can't be changed. Only those of the process that owns the server have an effect.
	Settings map[string]string
}

// Server is a running PostgreSQL server: our own, or another process's that we may use.
type Server struct {
	run   run
	owned *ownedServer  // nil if another process owns the server
	done  chan struct{} // closed when the server has ended, or is no longer used
	stop  chan struct{} // closed by Close; only if another process owns the server
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

// start is Start with what it needs to know of the machine. It joins the server of the process that holds the folder's lock, or takes
// the lock and starts one.
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

// dataDir makes the data folder and returns its absolute path without symbolic links. When Parley runs as root, the server runs as
// another account, which must be able to pass through the folder; files in it have stricter modes of their own.
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

// join returns the server of the process that holds the lock. Until Close, a goroutine checks every watchInterval whether that server
// still runs.
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
func (s *Server) URL(database string) string { return s.run.databaseURL(database) }

// PID is the postmaster's process id.
func (s *Server) PID() int { return s.run.PostmasterPID }

// BinDir returns the folder with the server's own programs, or "" if it can't be found out. An installed PostgreSQL has pg_dump and
// pg_restore there, too; a downloaded one has not.
func (s *Server) BinDir() string {
	if s.run.BinDir != "" {
		return s.run.BinDir
	}
	// An owner of an earlier version didn't write BinDir.
	exe, err := os.Readlink("/proc/" + strconv.Itoa(s.run.PostmasterPID) + "/exe")
	if err != nil {
		return ""
	}
	return filepath.Dir(exe)
}

// IsShared reports whether another process owns the server. It then ends with that process.
func (s *Server) IsShared() bool { return s.owned == nil }

// Done is closed when the server has ended, whoever ended it. If another process owns the server, that takes up to watchInterval,
// and Close closes it, too.
func (s *Server) Done() <-chan struct{} { return s.done }

// Close ends the owner's server: connections are cut, open transactions roll back, everything is written. It waits
// until the server is gone. If ctx ends first, the server is killed, which loses nothing committed but makes the next
// start recover. A server of another process keeps running. Further calls return what the first one returned.
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
	// Encode writes a space as "+", which libpq and pgx read as a plus sign.
	query := strings.ReplaceAll(q.Encode(), "+", "%20")
	u := url.URL{Scheme: "postgres", User: url.User(Superuser), Path: "/" + database, RawQuery: query}
	return u.String()
}
