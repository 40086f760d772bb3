package relay_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"parley/store/storetest"
)

// crashingProcess is the variable by which TestProcessEndingEvent tells a process of this test binary on which database to work.
const crashingProcess = "PARLEY_TEST_RELAY_CHILD"

// TestCrashingProcess is the other process of TestProcessEndingEvent: the poison ends it.
func TestCrashingProcess(t *testing.T) {
	url := os.Getenv(crashingProcess)
	if url == "" {
		t.Skip("this is the other process of TestProcessEndingEvent")
	}
	pool := must(pgxpool.New(context.Background(), url))(t)
	h := newHarnessOn(t, pool)
	h.decodePoison(func() error {
		os.Exit(3)
		return nil
	})
	check(t, h.Run(t.Context(), time.Second))
}

// startCrashingProcess starts a process that applies events of a database until the poison ends it; ended is closed then.
func startCrashingProcess(t *testing.T, url string) (process *os.Process, ended chan struct{}) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestCrashingProcess$", "-test.timeout=5m")
	cmd.Env = append(os.Environ(), crashingProcess+"="+url)
	check(t, cmd.Start())
	ended = make(chan struct{})
	go func() {
		defer close(ended)
		_ = cmd.Wait() // a process that the poison has ended has an exit code
	}()
	return cmd.Process, ended
}

// An event that ends each process that looks at it is given up after five of them. Everything else is applied, once and in order.
func TestProcessEndingEvent(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	pool := must(pgxpool.New(t.Context(), url))(t)
	defer pool.Close()
	h := newHarnessOn(t, pool) // isn't started: it only stores and looks
	process, ended := startCrashingProcess(t, url)
	defer func() {
		_ = process.Kill() // or it has ended already
		<-ended
	}()
	h.journalWithoutWaking(mailAccount, fact("k", "before"))
	h.journalWithoutWaking(mailAccount, poison("k"))
	h.journalWithoutWaking(mailAccount, fact("k", "after"))
	h.journalWithoutWaking(mailAccount, fact("other", "beside"))

	const mostEnds = 5
	ends := 0
	for n := 0; !h.hasQuarantined(); n++ {
		customer := fact(fmt.Sprint("c", n%5), fmt.Sprint("customer ", n)) // others write all the time
		h.journalWithoutWaking(8, customer)
		timer := time.NewTimer(20 * time.Millisecond)
		select {
		case <-ended:
			ends++
			process, ended = startCrashingProcess(t, url)
			h.makeQueuesDue() // so that nobody waits for the pause between the tries
		case <-timer.C:
		}
		timer.Stop()
		if ends > mostEnds {
			t.Fatalf("%d processes have ended, want at most %d", ends, mostEnds)
		}
	}
	h.waitAppliedOf("k", "before", "after")
	h.waitAllApplied()
	h.wantValue("effects written twice", 0, effectsWrittenTwice)
	h.wantReasons("each attempt to apply it ended with the process, or was never finished")
	t.Logf("%d processes ended", ends)
}
