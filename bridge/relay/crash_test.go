package relay_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

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
		if e.ExternalID == "poison" {
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
	s := stageOn(t, pool).effects() // it only stores and looks
	ends := 0
	start := func() (*os.Process, chan struct{}) {
		child, ended := exec.Command(os.Args[0], "-test.run=^TestCrashingChild$", "-test.timeout=5m"), make(chan struct{})
		child.Env = append(os.Environ(), inChild+"="+url)
		check(t, child.Start())
		go func() { defer close(ended); _ = child.Wait() }()
		return child.Process, ended
	}
	child, ended := start()
	defer func() { _ = child.Kill(); <-ended }()
	put := func(account store.AccountID, facts ...string) {
		for i := 0; i < len(facts); i += 2 {
			s.journal(account, fact(facts[i], facts[i+1]))
		}
	}
	put(7, "k", "before", "k", "poison", "k", "after", "other", "beside")
	for n := 0; s.text(`SELECT count(*) FROM quarantine`) == "0"; n++ {
		put(8, fmt.Sprint("c", n%5), fmt.Sprint("customer ", n))
		timer := time.NewTimer(20 * time.Millisecond)
		select {
		case <-ended:
			ends++
			child, ended = start()
			s.exec(`UPDATE queues SET due_at = clock_timestamp() WHERE due_at > clock_timestamp() AND holder IS NULL`) // the waits between tries
		case <-timer.C:
		}
		timer.Stop()
		if ends > 5 {
			t.Fatalf("%d processes have ended", ends)
		}
	}
	s.eventually("before after", `SELECT string_agg(name, ' ' ORDER BY n) FROM effects WHERE key = '7/k'`)
	s.eventually("0", queued)
	if n := s.text(`SELECT count(*) - count(DISTINCT name) FROM effects`); n != "0" {
		t.Errorf("%s events were applied twice", n)
	}
	if reason := s.text(`SELECT reason FROM quarantine`); reason != "each attempt to apply it ended with the process, or was never finished" {
		t.Errorf("the reason is %q", reason)
	}
	t.Logf("%d processes ended", ends)
}
