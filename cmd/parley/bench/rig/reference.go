package rig

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/cmd/parley/bench/figure"
	proc "parley/cmd/parley/child"
	"parley/store/pgserver"
)

// ReferenceDatabase is apart from Parley's, so that neither bloats the other.
const ReferenceDatabase = "reference"

const makeReference = `
	DROP TABLE IF EXISTS reference;
	CREATE TABLE reference (key text PRIMARY KEY, payload bytea NOT NULL)`

// referenceScript is one transaction of pgbench's. n counts per client, so that keys are
// unique and grow as those of events do. (A colon in the text would begin a variable.)
const referenceScript = `\set n :n + 1
\set key :client_id * 1000000000 + :n
INSERT INTO reference (key, payload) VALUES ('m-C0SUPPORT01-' || :key::text, :payload);
`

// shortInserts is how many transactions each client of pgbench makes in the short form.
const shortInserts = 20

// findPgbench looks in the folder of the running server, then in PATH.
func findPgbench(server *pgserver.Server) string {
	if dir := server.BinDir(); dir != "" {
		path := filepath.Join(dir, "pgbench")
		const executable = 0o111
		info, err := os.Stat(path)
		if err == nil && info.Mode()&executable != 0 {
			return path
		}
	}
	path, err := exec.LookPath("pgbench")
	if err != nil {
		return ""
	}
	return path
}

// Inserts measures the reference: durable inserts of one row a transaction, by clients at once
// for d. (In the short form each client makes a few, however long they take.) rate is per second,
// p50 the median time of one in ms. It also sets the run's InsertUS.
func Inserts(ctx context.Context, w *World, clients int, payload []byte, d time.Duration) (rate, p50 float64, err error) {
	server := w.Rig.server

	if err := w.Rig.createReference(ctx, w); err != nil {
		return 0, 0, err
	}

	conn, err := pgx.Connect(ctx, server.URL(ReferenceDatabase))
	if err != nil {
		return 0, 0, fmt.Errorf("bench: reference: %w", err)
	}

	_, err = conn.Exec(ctx, makeReference)
	if err == nil {
		_, err = conn.Exec(ctx, "CHECKPOINT")
	}
	if err := errors.Join(err, conn.Close(ctx)); err != nil {
		return 0, 0, fmt.Errorf("bench: reference: %w", err)
	}

	m, err := StartMeter(w, nil)
	if err != nil {
		return 0, 0, err
	}

	if w.Rig.Tool != "" {
		rate, p50, err = runPgbench(ctx, w.Rig, clients, payload, d)
	} else {
		rate, p50, err = runInserts(ctx, server.URL(ReferenceDatabase), clients, payload, d)
	}

	if err != nil {
		return 0, 0, err
	}

	shares, took, err := m.Shares()
	if err == nil {
		inserted := rate * d.Seconds()
		if w.Rig.Opt.Short && w.Rig.Tool != "" {
			inserted = float64(clients * shortInserts)
		}
		w.Rig.InsertUS = shares["cpu_postgres"] * took.Seconds() / inserted * 1e6
	}

	return rate, p50, err
}

// MeasureReference returns a measurement for Bracket: the rate of Inserts, by so many clients.
func (w *World) MeasureReference(clients int, payload []byte) func(context.Context) (float64, error) {
	return func(ctx context.Context) (float64, error) {
		rate, _, err := Inserts(ctx, w, clients, payload, w.Rig.Span(referenceFor, time.Second))
		return rate, err
	}
}

// createReference makes the database once a run.
func (b *Rig) createReference(ctx context.Context, w *World) error {
	if b.hasReference {
		return nil
	}
	b.hasReference = true
	return w.CreateDatabase(ctx, ReferenceDatabase)
}

// runPgbench lets pgbench insert. For the median pgbench logs every tenth transaction; with a single
// client, or in the short form, every one.
func runPgbench(ctx context.Context, b *Rig, clients int, payload []byte, d time.Duration) (rate, p50 float64, err error) {
	dir, err := os.MkdirTemp(b.Scratch.Dir, "pgbench-")
	if err != nil {
		return 0, 0, fmt.Errorf("bench: reference: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }() // goes with the run at the latest
	script := filepath.Join(dir, "insert.sql")
	if err := os.WriteFile(script, []byte(referenceScript), 0o600); err != nil {
		return 0, 0, fmt.Errorf("bench: reference: %w", err)
	}

	sampling, length := "0.1", "--time="+strconv.Itoa(max(1, int(d.Round(time.Second)/time.Second)))
	if clients == 1 || b.Opt.Short {
		sampling = "1"
	}
	if b.Opt.Short { // on a machine that is very busy no second would be long enough
		length = "--transactions=" + strconv.Itoa(shortInserts)
	}

	ctx, cancel := context.WithTimeout(ctx, d+time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, b.Tool, "--no-vacuum", "--protocol=prepared", //nolint:gosec // found beside the server
		"--client="+strconv.Itoa(clients), "--jobs="+strconv.Itoa(min(clients, 2)),
		length,
		"--file="+script, "--define=n=0", "--define=payload="+escapeBytea(payload),
		"--log", "--log-prefix="+filepath.Join(dir, "log"), "--sampling-rate="+sampling,
		b.server.URL(ReferenceDatabase))

	cmd.Env = proc.CleanEnv()
	out, err := cmd.CombinedOutput()
	if err != nil {
		return 0, 0, fmt.Errorf("bench: pgbench: %w: %s", err, out)
	}
	if rate, err = pgbenchRate(string(out)); err != nil {
		return 0, 0, err
	}

	p50, err = pgbenchMedian(dir)
	return rate, p50, err
}

// escapeBytea writes bytes in PostgreSQL's text form that a client can send as it is.
func escapeBytea(raw []byte) string {
	var b strings.Builder
	for _, c := range raw {
		isPrintable := c >= ' ' && c <= '~'
		if c == '\\' {
			b.WriteString(`\\`)
		} else if isPrintable {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, `\%03o`, c)
		}
	}
	return b.String()
}

// pgbenchRate reads "tps = 1234.5 (without initial connection time)".
func pgbenchRate(out string) (float64, error) {
	for line := range strings.Lines(out) {
		if rest, ok := strings.CutPrefix(line, "tps = "); ok {
			number, _, _ := strings.Cut(rest, " ")
			rate, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
			if err != nil || rate <= 0 {
				break
			}
			return rate, nil
		}
	}
	return 0, fmt.Errorf("bench: pgbench says no rate: %s", out)
}

// A line of pgbench's log has the time of a transaction in its third field. A shorter line is one that pgbench had no
// time to write to its end, and is skipped.
const (
	timeField    = 2
	microsInMS   = 1000
	keysByClient = 1_000_000_000 // more than a client inserts, as in referenceScript
)

// pgbenchMedian reads the median time of all logs, in ms.
func pgbenchMedian(dir string) (float64, error) {
	files, err := filepath.Glob(filepath.Join(dir, "log*"))
	if err != nil {
		return 0, fmt.Errorf("bench: pgbench: %w", err)
	}

	var times []float64
	for _, name := range files {
		body, err := os.ReadFile(filepath.Clean(name))
		if err != nil {
			return 0, fmt.Errorf("bench: pgbench: %w", err)
		}

		for line := range strings.Lines(string(body)) {
			fields := strings.Fields(line)
			if len(fields) <= timeField {
				continue
			}

			us, err := strconv.ParseFloat(fields[timeField], 64)
			if err != nil {
				return 0, fmt.Errorf("bench: pgbench: %w", err)
			}

			times = append(times, us/microsInMS)
		}
	}

	if len(times) == 0 {
		return 0, errors.New("bench: pgbench logged nothing")
	}

	return figure.Median(times), nil
}

// runInserts inserts by our own client, where there is no pgbench.
func runInserts(ctx context.Context, url string, clients int, payload []byte, d time.Duration) (rate, p50 float64, err error) {
	ctx, cancel := context.WithTimeout(ctx, d+time.Minute)
	defer cancel()
	var conns []*pgx.Conn
	defer func() {
		for _, c := range conns {
			err = errors.Join(err, c.Close(context.WithoutCancel(ctx)))
		}
	}()

	for range clients {
		c, err := pgx.Connect(ctx, url)
		if err != nil {
			return 0, 0, fmt.Errorf("bench: reference: %w", err)
		}

		conns = append(conns, c)

		if _, err := c.Prepare(ctx, "one", `INSERT INTO reference (key, payload) VALUES ($1, $2)`); err != nil {
			return 0, 0, fmt.Errorf("bench: reference: %w", err)
		}
	}

	var wg sync.WaitGroup
	var failed atomic.Pointer[error]
	times := make([][]float64, clients)
	begin := time.Now()
	for i, c := range conns {
		wg.Go(func() {
			for n := 0; time.Since(begin) < d && failed.Load() == nil; n++ {
				at := time.Now()

				if _, err := c.Exec(ctx, "one", fmt.Sprintf("m-C0SUPPORT01-%d", i*keysByClient+n), payload); err != nil {
					failed.Store(&err)
					return
				}

				times[i] = append(times[i], figure.MS(time.Since(at)))
			}
		})
	}

	wg.Wait()
	took := time.Since(begin).Seconds()

	if err := failed.Load(); err != nil {
		return 0, 0, fmt.Errorf("bench: reference: %w", *err)
	}

	var all []float64
	for _, t := range times {
		all = append(all, t...)
	}

	return float64(len(all)) / took, figure.Median(all), nil
}
