package app

import (
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
)

// backupFolder is the name of the folder with backups in the data folder.
const backupFolder = "backups"

// process exports metrics of this process alone.
type process struct {
	app     *App
	version []string // version, revision, Go's version

	build, ready, readySeconds, backup      family
	connections, most, waits, waitedSeconds family
}

func newProcess(a *App) *process {
	return &process{
		app: a, version: buildVersion(),
		build:         gauge("parley_build_info", "1, with the build as labels.", "version", "revision", "goversion"),
		ready:         gauge("parley_ready", "1 while the process serves; 0 while it starts."),
		readySeconds:  gauge("parley_start_to_ready_seconds", "From the start of the process until it served."),
		backup:        gauge("parley_backup_newest_timestamp_seconds", "When the newest backup in the data folder was written; 0 = there is none."),
		connections:   gauge("parley_database_connections", "Connections of the pool.", "state"),
		most:          gauge("parley_database_connections_max", "Most connections that the pool opens."),
		waits:         counter("parley_database_waits_total", "Times that all connections were taken and somebody had to wait."),
		waitedSeconds: counter("parley_database_wait_seconds_total", "Time spent waiting for a connection."),
	}
}

// Describe implements prometheus.Collector.
func (p *process) Describe(to chan<- *prometheus.Desc) {
	describe(to, p.build, p.ready, p.readySeconds, p.backup, p.connections, p.most, p.waits, p.waitedSeconds)
}

// Collect implements prometheus.Collector.
func (p *process) Collect(to chan<- prometheus.Metric) {
	p.build.send(to, 1, p.version...)
	p.ready.send(to, number(p.app.ready.Load()))
	if took := p.app.started.Load(); took > 0 {
		p.readySeconds.send(to, time.Duration(took).Seconds())
	}
	newest := newestFile(filepath.Join(p.app.env.Data, backupFolder))
	if !newest.IsZero() {
		p.backup.send(to, float64(newest.Unix()))
	} else if p.app.db.server != nil && !p.app.opt.MovedTime { // an external database has backups of its own
		p.backup.send(to, 0)
	}
	p.pool(to, p.app.db.Pool.Stat())
}

func (p *process) pool(to chan<- prometheus.Metric, s *pgxpool.Stat) {
	p.connections.send(to, float64(s.AcquiredConns()), "used")
	p.connections.send(to, float64(s.IdleConns()), "idle")
	p.connections.send(to, float64(s.ConstructingConns()), "opening")
	p.most.send(to, float64(s.MaxConns()))
	p.waits.send(to, float64(s.EmptyAcquireCount()))
	p.waitedSeconds.send(to, s.EmptyAcquireWaitTime().Seconds())
}

// buildVersion reads what the build recorded.
func buildVersion() []string {
	version, revision := "unknown", "unknown"
	if info, ok := debug.ReadBuildInfo(); ok {
		version = info.Main.Version
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				revision = s.Value
			}
		}
	}
	return []string{version, revision, runtime.Version()}
}

// newestFile returns when the newest file of a folder was written; zero = there is none. Files whose names
// begin with a dot are not complete and don't count.
func newestFile(folder string) (newest time.Time) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return newest
	}
	for _, e := range entries {
		info, err := e.Info()
		if err == nil && info.Mode().IsRegular() && info.Size() > 0 && !strings.HasPrefix(e.Name(), ".") && info.ModTime().After(newest) {
			newest = info.ModTime()
		}
	}
	return newest
}

// processAge returns how long this process has been running; 0 where that can't be read.
// Source: proc(5): field 22 of stat is the start of the process in ticks since the machine's start (100 a
// second on every Linux that Go runs on), and uptime is the seconds since the machine's start.
func processAge() time.Duration {
	stat, err1 := os.ReadFile("/proc/self/stat")
	uptime, err2 := os.ReadFile("/proc/uptime")
	if err1 != nil || err2 != nil {
		return 0
	}
	_, after, _ := strings.Cut(string(stat), ") ") // skip the name in parentheses, which may have spaces
	fields, up := strings.Fields(after), strings.Fields(string(uptime))
	if len(fields) < 20 || len(up) == 0 {
		return 0
	}
	start, err1 := strconv.ParseFloat(fields[19], 64)
	now, err2 := strconv.ParseFloat(up[0], 64)
	if err1 != nil || err2 != nil {
		return 0
	}
	return max(time.Duration((now-start/100)*float64(time.Second)), 0)
}
