package site_test

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"parley/store/storetest"
)

const (
	maxPageTime = 50 * time.Millisecond
	// maxFiguresTime is the limit for the file of figures, which has the sums and medians of a thousand agents.
	maxFiguresTime = 100 * time.Millisecond

	measurements    = 10              // of each page
	maxMeasuring    = 5 * time.Second // of one page, so a slow page is measured less often
	entriesASecond  = 2000            // written into the log meanwhile
	clockTick       = 10 * time.Millisecond
	userTimeField   = 11 // of /proc/PID/stat, counted from the state
	systemTimeField = 12
)

// In the long form, the site has a million conversations, and two thousand entries of the log are written each
// second. Every page is made within maxPageTime, and the file of figures within maxFiguresTime.
func TestPagesAreFast(t *testing.T) {
	if !storetest.LongForm() {
		t.Skip("measures for minutes: set PARLEY_TEST_LONG")
	}
	const conversations = 1_000_000
	s := startFullSite(t, conversations)
	writer := startLogWriter(t, s.Pool)
	defer writer.stop()

	report := []string{reportLine(measureSelect(t, s.Pool), "SELECT 1, for comparison")}
	for _, page := range measuredPages() {
		checkPageIsMade(t, s, page)
		m := measurePage(t, s, page, writer.pid)
		report = append(report, reportLine(m, page.name))

		limit := maxPageTime
		if strings.HasSuffix(page.path, "/figures.csv") {
			limit = maxFiguresTime
		}
		// The processors' time doesn't include other work on the machine, so a page is too slow only if that time is,
		// too.
		if m.median() > limit && m.processors > limit {
			t.Errorf("%s takes %s, of which processors work %s, want at most %s", page.name, m.median(), m.processors, limit)
		}
	}
	slices.Sort(report)
	t.Logf("median, 95th percentile, processors' time:\n%s", strings.Join(report, "\n"))
}

// measurement is how long something took each time.
type measurement struct {
	took       []time.Duration
	processors time.Duration // how long processors worked for it on average; 0 if that was not measured
}

func (m measurement) median() time.Duration { return m.percentile(50) }

// percentile returns the time within which this percentage of the calls ended.
func (m measurement) percentile(percent int) time.Duration {
	sorted := slices.Sorted(slices.Values(m.took))
	return sorted[min(len(sorted)*percent/100, len(sorted)-1)]
}

func reportLine(m measurement, name string) string {
	milliseconds := func(d time.Duration) float64 { return 1e3 * d.Seconds() }
	return fmt.Sprintf("%9.1f ms %9.1f ms %6.1f ms %s",
		milliseconds(m.median()), milliseconds(m.percentile(95)), milliseconds(m.processors), name)
}

// measureSelect measures a statement that reads nothing.
func measureSelect(t *testing.T, pool *pgxpool.Pool) measurement {
	t.Helper()
	var m measurement
	for range 20 {
		began := time.Now()
		storetest.Exec(t, pool, `SELECT 1`)
		m.took = append(m.took, time.Since(began))
	}
	return m
}

// measurePage opens a page several times. The work of the session otherPID isn't counted.
func measurePage(t *testing.T, s *fullSite, page measuredPage, otherPID uint32) measurement {
	t.Helper()
	var m measurement
	workBefore, began := processorTime(t, s.Pool, otherPID), time.Now()
	for len(m.took) < measurements && time.Since(began) < maxMeasuring {
		_, took := s.get(page.path)
		m.took = append(m.took, took)
	}
	work := processorTime(t, s.Pool, otherPID) - workBefore
	m.processors = work / time.Duration(len(m.took))
	return m
}

// processorTime returns how long processors have worked for this process and for its sessions of PostgreSQL, except
// the session otherPID. It is 0 if the system has no /proc.
func processorTime(t *testing.T, pool *pgxpool.Pool, otherPID uint32) time.Duration {
	t.Helper()
	pids := storetest.Rows(t, pool, pgx.RowTo[string], `
		SELECT pid::text FROM pg_stat_activity
		WHERE datname = current_database() AND pid <> $1`, int64(otherPID))

	var total time.Duration
	for _, pid := range append(pids, "self") {
		stat, err := os.ReadFile("/proc/" + pid + "/stat")
		if err != nil {
			continue // the session has ended, or there is no /proc
		}
		_, fromState, _ := strings.Cut(string(stat), ") ")
		fields := strings.Fields(fromState)
		if len(fields) <= systemTimeField {
			continue
		}
		user, _ := strconv.Atoi(fields[userTimeField])     //nolint:errcheck // 0
		system, _ := strconv.Atoi(fields[systemTimeField]) //nolint:errcheck // 0
		total += time.Duration(user+system) * clockTick
	}
	return total
}

// logWriter writes entries into the log, as many colleagues at work would.
type logWriter struct {
	pid  uint32 // of its session of PostgreSQL
	stop func() // ends it, and tells how much it wrote
}

func startLogWriter(t *testing.T, pool *pgxpool.Pool) logWriter {
	t.Helper()
	conn := must(pool.Acquire(t.Context()))(t)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})

	began, written := time.Now(), 0
	go func() {
		defer close(done)
		defer conn.Release()
		tick := time.NewTicker(50 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}

			due := int(time.Since(began).Seconds()*entriesASecond) - written
			_, err := conn.Exec(ctx, `
				INSERT INTO log_entries (id, conversation_id, at, agent_id, actor, what, detail)
				SELECT 100000000 + $1 + n, 1 + ($1 + n) % 1000, clock_timestamp(), 1 + n % 1000, 'agent', 'tagged', '{"tag": "Billing"}'
				FROM generate_series(1, $2) AS n`, written, due)
			if err != nil && ctx.Err() == nil {
				t.Errorf("write into the log: %v", err)
				return
			}
			written += due
		}
	}()

	return logWriter{pid: conn.Conn().PgConn().PID(), stop: func() {
		cancel()
		<-done
		t.Logf("%.0f entries of the log were written each second meanwhile", float64(written)/time.Since(began).Seconds())
	}}
}
