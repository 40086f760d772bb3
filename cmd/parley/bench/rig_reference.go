package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"parley/cmd/parley/lab"
	"parley/store/pgserver"
)

// How fast Parley is depends on the machine. Therefore benchmarks compare it with a reference: how many rows
// per second the same PostgreSQL server commits durably, with one insert per transaction. For example,
// accept_ratio 0.5 means that Parley accepts half as many events as PostgreSQL commits rows. The inserts are
// made by pgbench, which comes with PostgreSQL, or by this process if pgbench is not installed.

// ReferenceDatabase is the database for the reference. It is not Parley's, so that neither bloats the other.
const ReferenceDatabase = "reference"

const makeReference = `
	DROP TABLE IF EXISTS reference;
	CREATE TABLE reference (key text PRIMARY KEY, payload bytea NOT NULL)`

// referenceScript is the transaction that pgbench repeats. n counts transactions per client, so that keys are
// unique and ascending like those of Parley's events. (The text contains no colon, because a colon begins a
// variable.)
const referenceScript = `\set n :n + 1
\set key :client_id * 1000000000 + :n
INSERT INTO reference (key, payload) VALUES ('m-C0SUPPORT01-' || :key::text, :payload);
`

// keysByClient is the distance between the first keys of two clients, as in referenceScript.
const keysByClient = 1_000_000_000

// shortInserts is how many transactions each client of pgbench makes in a test.
const shortInserts = 20

const microsInMS = 1000

// findPgbench looks for pgbench next to the running server, then in PATH. It returns "" if it finds none.
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

// Inserts measures the reference: clients insert concurrently for d, one row per transaction. (In a test each
// client of pgbench makes shortInserts inserts instead, however long they take.) rate is the number of inserts
// per second, p50 the median time of one insert in ms. Inserts also sets the Rig's InsertUS.
func Inserts(ctx context.Context, w *World, clients int, payload []byte, d time.Duration) (rate, p50 float64, err error) {
	if err := w.emptyReference(ctx); err != nil {
		return 0, 0, err
	}

	m, err := StartMeter(w, nil)
	if err != nil {
		return 0, 0, err
	}

	isByPgbench := w.Rig.Tool != ""
	if isByPgbench {
		rate, p50, err = runPgbench(ctx, w.Rig, clients, payload, d)
	} else {
		rate, p50, err = runInserts(ctx, w.URLOf(ReferenceDatabase), clients, payload, d)
	}
	if err != nil {
		return 0, 0, err
	}

	shares, took, err := m.Shares()
	if err != nil {
		return 0, 0, err
	}

	inserted := rate * d.Seconds()
	if w.Rig.Opt.Short && isByPgbench {
		inserted = float64(clients * shortInserts)
	}
	w.Rig.InsertUS = shares["cpu_postgres"] * took.Seconds() / inserted * 1e6
	return rate, p50, nil
}

// MeasureReference returns Inserts as a Measurement for Bracket.
func (w *World) MeasureReference(clients int, payload []byte) Measurement[float64] {
	return func(ctx context.Context) (rate, p50 float64, err error) {
		return Inserts(ctx, w, clients, payload, w.Rig.Span(3*time.Second, time.Second))
	}
}

// emptyReference recreates the table of the reference, and creates the database if this is the first use. It
// ends with a checkpoint, so that PostgreSQL does not write earlier changes to disk during the measurement.
func (w *World) emptyReference(ctx context.Context) (err error) {
	if !w.Rig.hasReference {
		w.Rig.hasReference = true
		if err := w.CreateDatabase(ctx, ReferenceDatabase); err != nil {
			return err
		}
	}

	conn, err := pgx.Connect(ctx, w.URLOf(ReferenceDatabase))
	if err != nil {
		return fmt.Errorf("bench: connect to the reference: %w", err)
	}
	defer func() { err = errors.Join(err, conn.Close(ctx)) }()

	for _, sql := range []string{makeReference, "CHECKPOINT"} {
		if _, err := conn.Exec(ctx, sql); err != nil {
			return fmt.Errorf("bench: empty the reference: %w", err)
		}
	}
	return nil
}

// runPgbench makes the inserts with pgbench. It computes the median from pgbench's log, for which it logs every
// tenth transaction, or every one with a single client or in a test.
func runPgbench(ctx context.Context, b *Rig, clients int, payload []byte, d time.Duration) (rate, p50 float64, err error) {
	dir, err := os.MkdirTemp(b.Scratch.Dir, "pgbench-")
	if err != nil {
		return 0, 0, fmt.Errorf("bench: make a folder for pgbench: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }() // if this fails, Rig.Close removes it
	script := filepath.Join(dir, "insert.sql")
	if err := os.WriteFile(script, []byte(referenceScript), 0o600); err != nil {
		return 0, 0, fmt.Errorf("bench: write pgbench's script: %w", err)
	}

	sampling := "0.1"
	length := "--time=" + strconv.Itoa(max(1, int(d.Round(time.Second)/time.Second)))
	if clients == 1 || b.Opt.Short {
		sampling = "1"
	}
	if b.Opt.Short { // a fixed duration could be too short on a busy machine
		length = "--transactions=" + strconv.Itoa(shortInserts)
	}

	ctx, cancel := context.WithTimeout(ctx, d+time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, b.Tool, //nolint:gosec // found beside the server
		"--no-vacuum",
		"--protocol=prepared",
		"--client="+strconv.Itoa(clients),
		"--jobs="+strconv.Itoa(min(clients, 2)),
		length,
		"--file="+script,
		"--define=n=0",
		"--define=payload="+escapeBytea(payload),
		"--log",
		"--log-prefix="+filepath.Join(dir, "log"),
		"--sampling-rate="+sampling,
		b.server.URL(ReferenceDatabase))
	cmd.Env = lab.CleanEnv()
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

// escapeBytea encodes bytes in the escape format of PostgreSQL's type bytea.
func escapeBytea(raw []byte) string {
	var b strings.Builder
	for _, c := range raw {
		isPrintable := c >= ' ' && c <= '~'
		switch {
		case c == '\\':
			b.WriteString(`\\`)
		case isPrintable:
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, `\%03o`, c)
		}
	}
	return b.String()
}

// pgbenchRate returns the rate from pgbench's output: "tps = 1234.5 (without initial connection time)".
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

// pgbenchMedian returns the median time of a transaction in ms, from all of pgbench's logs in dir.
func pgbenchMedian(dir string) (float64, error) {
	const timeField = 2 // "0 199 2241 …": 2241 µs. The last line may be incomplete, with fewer fields.
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

	return Median(times), nil
}

// runInserts makes the inserts from this process, if pgbench is not installed.
func runInserts(ctx context.Context, url string, clients int, payload []byte, d time.Duration) (rate, p50 float64, err error) {
	ctx, cancel := context.WithTimeout(ctx, d+time.Minute)
	defer cancel()
	conns, err := connectClients(ctx, url, clients)
	defer func() {
		for _, c := range conns {
			err = errors.Join(err, c.Close(context.WithoutCancel(ctx)))
		}
	}()
	if err != nil {
		return 0, 0, err
	}

	times := make([][]float64, clients) // by client, the time of each insert in ms
	group, ctx := errgroup.WithContext(ctx)
	begin := time.Now()
	for i, c := range conns {
		group.Go(func() (err error) {
			times[i], err = insertFor(ctx, c, i, payload, d)
			return err
		})
	}

	if err := group.Wait(); err != nil {
		return 0, 0, err
	}

	took := time.Since(begin).Seconds()
	all := slices.Concat(times...)
	return float64(len(all)) / took, Median(all), nil
}

// connectClients opens connections and prepares the statement "one" on each. After an error it returns the
// connections that it has opened, which the caller must close.
func connectClients(ctx context.Context, url string, clients int) (conns []*pgx.Conn, err error) {
	for range clients {
		c, err := pgx.Connect(ctx, url)
		if err != nil {
			return conns, fmt.Errorf("bench: connect to the reference: %w", err)
		}

		conns = append(conns, c)

		if _, err := c.Prepare(ctx, "one", `INSERT INTO reference (key, payload) VALUES ($1, $2)`); err != nil {
			return conns, fmt.Errorf("bench: prepare the reference: %w", err)
		}
	}
	return conns, nil
}

// insertFor inserts as the n-th client for d, and returns how long each insert took, in ms.
func insertFor(ctx context.Context, c *pgx.Conn, n int, payload []byte, d time.Duration) (times []float64, err error) {
	for begin, i := time.Now(), 0; time.Since(begin) < d; i++ {
		at := time.Now()
		if _, err := c.Exec(ctx, "one", fmt.Sprintf("m-C0SUPPORT01-%d", n*keysByClient+i), payload); err != nil {
			return nil, fmt.Errorf("bench: insert into the reference: %w", err)
		}
		times = append(times, MS(time.Since(at)))
	}
	return times, nil
}
