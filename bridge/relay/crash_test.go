package relay_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"parley/channels"
	"parley/store"
	"parley/store/storetest"
)

// inChild tells a process of this test binary which database its relay works on.
const inChild = "PARLEY_TEST_RELAY_CHILD"

// TestCrashingChild is the other process of TestProcessEndingEvent: an event ends it.
func TestCrashingChild(t *testing.T) {
	url := os.Getenv(inChild)
	if url == "" {
		t.Skip("this is the other process of TestProcessEndingEvent")
	}
	pool, err := pgxpool.New(context.Background(), url)
	check(t, err)
	s := stageOn(t, pool)
	s.decode = func(e store.Event) (any, error) {
		if isPoison(e) {
			os.Exit(3)
		}
		return nil, nil
	}
	check(t, s.Run(t.Context(), time.Second))
}

// An event that ends each process that looks at it is given up after five of them. Everything else
// is applied, once and in order, and nobody waits long for it.
func TestProcessEndingEvent(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	pool, err := pgxpool.New(t.Context(), url)
	check(t, err)
	defer pool.Close()
	s := stageOn(t, pool) // it only stores and looks
	child, ended := startCrashingChild(t, url)
	defer func() { _ = child.Kill(); <-ended }()
	for _, f := range []channels.Fact{fact("k", "before"), fact("k", "poison"), fact("k", "after"), fact("other", "beside")} {
		s.journalSilently(7, f)
	}
	const mostEnds = 5
	ends := 0
	for n := 0; !s.isGivenUp(); n++ {
		s.journalSilently(8, fact(fmt.Sprint("c", n%5), fmt.Sprint("customer ", n)))
		timer := time.NewTimer(20 * time.Millisecond)
		select {
		case <-ended:
			ends++
			child, ended = startCrashingChild(t, url)
			s.endWaits() // between the tries
		case <-timer.C:
		}
		timer.Stop()
		if ends > mostEnds {
			t.Fatalf("%d processes have ended, want at most %d", ends, mostEnds)
		}
	}
	s.waitText("before after", `SELECT string_agg(name, ' ' ORDER BY n) FROM effects WHERE key = '7/k'`)
	s.waitText("0", queued)
	s.wantText("0", appliedTwice)
	s.wantText("each attempt to apply it ended with the process, or was never finished", `SELECT reason FROM quarantine`)
	t.Logf("%d processes ended", ends)
}

// startCrashingChild starts a process that applies events of a database until one ends it; ended is closed then.
func startCrashingChild(t *testing.T, url string) (process *os.Process, ended chan struct{}) {
	t.Helper()
	child := exec.Command(os.Args[0], "-test.run=^TestCrashingChild$", "-test.timeout=5m")
	child.Env = append(os.Environ(), inChild+"="+url)
	check(t, child.Start())
	ended = make(chan struct{})
	go func() { defer close(ended); _ = child.Wait() }()
	return child.Process, ended
}
