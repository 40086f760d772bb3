package app

import (
	"cmp"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"

	"parley/cmd/parley/operate"
)

// ProcessState is the source of the metrics that NewProcess exports. All fields are required.
type ProcessState struct {
	Ready   func() bool
	Started func() time.Duration // from the start of the process until it was ready; 0 until then
	Pool    *pgxpool.Pool
	Backups string // the folder of backups
}

// process exports metrics about this process: its build, whether it is ready, its database connections and its backups.
type process struct {
	ProcessState

	build, ready, readySeconds, backup                Family
	connections, maxConnections, waits, waitedSeconds Family
}

// NewProcess returns a collector for the state of this process.
func NewProcess(s ProcessState) prometheus.Collector {
	return &process{
		ProcessState: s,
		build:        Gauge("parley_build_info", "1, with the build as labels.", "version", "revision", "goversion"),
		ready:        Gauge("parley_ready", "1 while /readyz?without=surfaces says that the process serves, else 0."),
		readySeconds: Gauge("parley_start_to_ready_seconds", "From the start of the process until it served."),
		backup: Gauge("parley_backup_newest_timestamp_seconds",
			"When the newest backup in the data folder was written; missing while there is none."),
		connections:    Gauge("parley_database_connections", "Connections of the pool.", "state"),
		maxConnections: Gauge("parley_database_connections_max", "Most connections that the pool opens."),
		waits:          Counter("parley_database_waits_total", "Times that all connections were taken and somebody had to wait."),
		waitedSeconds:  Counter("parley_database_wait_seconds_total", "Time spent waiting for a connection."),
	}
}

func (p *process) Describe(to chan<- *prometheus.Desc) {
	Describe(to, p.build, p.ready, p.readySeconds, p.backup, p.connections, p.maxConnections, p.waits, p.waitedSeconds)
}

func (p *process) Collect(to chan<- prometheus.Metric) {
	version, revision := operate.Version()
	p.build.Send(to, 1, version, cmp.Or(revision, "unknown"), runtime.Version())
	p.ready.Send(to, boolNumber(p.Ready()))
	if took := p.Started(); took > 0 {
		p.readySeconds.Send(to, took.Seconds())
	}
	if newest := newestBackup(p.Backups, time.Now()); !newest.IsZero() {
		p.backup.Send(to, float64(newest.Unix()))
	}
	p.sendPool(to, p.Pool.Stat())
}

// sendPool sends the state of the connection pool.
func (p *process) sendPool(to chan<- prometheus.Metric, s *pgxpool.Stat) {
	p.connections.Send(to, float64(s.AcquiredConns()), "used")
	p.connections.Send(to, float64(s.IdleConns()), "idle")
	p.connections.Send(to, float64(s.ConstructingConns()), "opening")
	p.maxConnections.Send(to, float64(s.MaxConns()))
	p.waits.Send(to, float64(s.EmptyAcquireCount()))
	p.waitedSeconds.Send(to, s.EmptyAcquireWaitTime().Seconds())
}

// newestBackup returns when the newest backup in a folder was written, or zero if there is none. It ignores files whose
// modification time is in the future: they were written while the clock was wrong.
func newestBackup(folder string, now time.Time) (newest time.Time) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return newest
	}

	for _, e := range entries {
		info, err := e.Info()
		if err != nil || !canBeBackup(e.Name()) {
			continue
		}

		isWritten := info.Mode().IsRegular() && info.Size() > 0
		isFuture := info.ModTime().Sub(now) > maxAhead
		if isWritten && !isFuture && info.ModTime().After(newest) {
			newest = info.ModTime()
		}
	}

	return newest
}

// maxAhead is the tolerated clock difference to the file server on which the folder may be.
const maxAhead = 10 * time.Minute

// canBeBackup reports whether a file's name may be that of a backup. Parley keeps other files in the same folder: hidden
// files, incomplete backups (.partial), and the list of erased customers.
func canBeBackup(name string) bool {
	isHidden := strings.HasPrefix(name, ".")
	isPartial := strings.HasSuffix(name, ".partial")
	isErasures := strings.HasPrefix(name, "erasures.jsonl")
	return !isHidden && !isPartial && !isErasures
}
