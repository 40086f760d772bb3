package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// Machine describes the machine and the database server of a run, for the report. It starts the PostgreSQL
// server, and sets OnRAM and Tool of the Rig. It refuses a server that is not durable, since rates would mean
// nothing without fsync.
func (b *Rig) Machine(ctx context.Context) (Machine, error) {
	m := Machine{Cores: runtime.NumCPU(), Load: LoadAverages(), Quick: b.Opt.Quick}
	server, err := b.startPostgres(ctx)
	if err != nil {
		return m, err
	}

	conn, err := pgx.Connect(ctx, server.URL("postgres"))
	if err != nil {
		return m, fmt.Errorf("bench: connect: %w", err)
	}
	defer func() { _ = conn.Close(ctx) }() // an error does not matter: nothing was written
	var folder, fsync, commit string
	err = conn.QueryRow(ctx, `SELECT current_setting('server_version'), current_setting('data_directory'),
		current_setting('fsync'), current_setting('synchronous_commit')`).Scan(&m.Postgres, &folder, &fsync, &commit)
	if err != nil {
		return m, fmt.Errorf("bench: read the database's settings: %w", err)
	}
	if fsync != "on" || commit != "on" {
		return m, fmt.Errorf("bench: the database is not durable: fsync %s, synchronous_commit %s", fsync, commit)
	}
	if m.Storage, err = storageOf(folder); err != nil {
		return m, err
	}
	if m.FlushMS, err = flushMS(b.Scratch.Dir); err != nil {
		return m, err
	}

	b.OnRAM = m.IsOnRAM()
	b.Tool = findPgbench(server)
	m.Reference = "pgbench, prepared, one row a transaction"
	if b.Tool == "" {
		m.Reference = "pgx, prepared, one row a transaction (no pgbench found)"
	}

	return m, nil
}

// flushMS returns the median time in ms that it takes to write 8 kB to a file in dir and flush them to disk. It
// overwrites blocks of an existing file, like PostgreSQL does with its write-ahead log.
func flushMS(dir string) (float64, error) {
	file, err := os.CreateTemp(dir, "flush-")
	if err != nil {
		return 0, fmt.Errorf("bench: flush: %w", err)
	}

	const blockSize, blocks, writes = 8 << 10, 64, 200
	block := make([]byte, blockSize)
	for range blocks { // allocate the file, so that the writes below don't change its length
		if _, err := file.Write(block); err != nil {
			return 0, fmt.Errorf("bench: flush: %w", errors.Join(err, file.Close()))
		}
	}

	var times []float64
	for i := range writes {
		begin := time.Now()
		_, err := file.WriteAt(block, int64(i%blocks)*int64(len(block)))
		if err == nil {
			err = dataSync(file)
		}
		if err != nil {
			return 0, fmt.Errorf("bench: flush: %w", errors.Join(err, file.Close()))
		}

		times = append(times, MS(time.Since(begin)))
	}

	return Median(times), errors.Join(file.Close(), os.Remove(file.Name()))
}

// LoadAverages returns the system's load averages over 1, 5 and 15 minutes, or zeros if they are not available.
func LoadAverages() (load [3]float64) {
	body, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return load
	}
	for i, f := range strings.Fields(string(body)) {
		if i < len(load) {
			load[i], _ = strconv.ParseFloat(f, 64) // zero if it is not a number
		}
	}
	return load
}
