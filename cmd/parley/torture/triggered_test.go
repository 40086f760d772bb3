package torture

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"parley/channels/pause"
	"parley/cmd/parley/child"
	"parley/cmd/parley/torture/emulators"
	"parley/store/storetest"
)

// The faults of these tests stop a process when it sends mailStart. Each test lets these bytes pass on a connection of a
// replica until the fault stops waiting.
const mailStart = "MAIL FROM:<help@acme.test>"

// stopBeforeMail is the fault that waits for mailStart.
func stopBeforeMail() fault {
	return fault{Kind: faultStopAfterClaim, Route: routeSMTP, Duration: time.Millisecond}
}

// newTestInjector returns the injector of a run. planned and injected are the numbers of faults like stopBeforeMail that
// are planned and were injected. A fault waits only for the extra time that it gets when too few were injected.
func newTestInjector(t *testing.T, planned, injected int) *injector {
	t.Helper()
	return &injector{
		opt:       Options{Faults: map[string]int{faultStopAfterClaim: planned}},
		injected:  map[string]int{faultStopAfterClaim: injected},
		missed:    map[string]int{},
		network:   &network{},
		driver:    newDriver(emulators.Client{}, Options{}),
		began:     time.Now(),
		printLine: t.Logf,
	}
}

// outcome counts what became of faults that waited.
type outcome struct{ injected, missed int }

// injectUntilOver lets one fault wait while mailStart passes again and again, and returns what became of the fault. After
// some passes it calls start, which returns the replica's process. If start is nil, there never is a process.
func injectUntilOver(t *testing.T, in *injector, start func() *child.Process) outcome {
	t.Helper()
	const passesBeforeStart = 20
	before := in.injected[faultStopAfterClaim]
	r := &replica{}
	l := &link{proxy: &proxy{owner: r}, route: routeSMTP}
	ctx, stop := context.WithTimeout(t.Context(), 2*time.Minute)
	defer stop()

	over := make(chan struct{})
	go func() {
		defer close(over)
		in.injectOnTrigger(t.Context(), stopBeforeMail())
	}()

	for n := 0; ; n++ {
		select {
		case <-over:
			in.running.Wait()
			return outcome{injected: in.injected[faultStopAfterClaim] - before, missed: in.missed[faultStopAfterClaim]}
		default:
		}
		in.network.triggers.pass(l, []byte(mailStart), requests)
		if n == passesBeforeStart && start != nil {
			r.mu.Lock()
			r.process = start()
			r.mu.Unlock()
		}
		if !pause.For(ctx, time.Millisecond) {
			t.Fatal("the fault still waits after two minutes")
		}
	}
}

// startIdle starts a process that does nothing.
func startIdle(t *testing.T) *child.Process {
	t.Helper()
	p := storetest.Must(child.Start(child.Spec{
		Name:    "idle",
		Program: []string{"sleep", "600"},
		Env:     child.CleanEnv(),
		Log:     filepath.Join(t.TempDir(), "log"),
	}))(t)
	t.Cleanup(p.End)
	return p
}

// If the trigger of a fault fires while its process isn't running, the fault waits for the next time.
func TestTriggerWaitsUntilProcessRuns(t *testing.T) {
	t.Parallel()
	in := newTestInjector(t, 1, 0)
	in.triggerTimeout = time.Minute
	got := injectUntilOver(t, in, func() *child.Process { return startIdle(t) })
	if want := (outcome{injected: 1}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// After the flow of messages, a fault waits on for its trigger while fewer than half of those planned were injected.
func TestTriggerWaitsOnIfTooFewWereInjected(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		planned  int
		injected int
	}{
		{name: "none of one", planned: 1, injected: 0},
		{name: "one of four", planned: 4, injected: 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			in := newTestInjector(t, tt.planned, tt.injected)
			got := injectUntilOver(t, in, func() *child.Process { return startIdle(t) })
			if want := (outcome{injected: 1}); got != want {
				t.Errorf("got %+v, want %+v", got, want)
			}
		})
	}
}

// After the flow of messages, a fault gives up if half of those planned were injected.
func TestTriggerGivesUpIfEnoughWereInjected(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		planned  int
		injected int
	}{
		{name: "two of four", planned: 4, injected: 2},
		{name: "one of two", planned: 2, injected: 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			in := newTestInjector(t, tt.planned, tt.injected)
			got := injectUntilOver(t, in, nil) // with a process it could be injected before it gives up
			if want := (outcome{missed: 1}); got != want {
				t.Errorf("got %+v, want %+v", got, want)
			}
		})
	}
}

// Several faults wait on because one more of their kind is needed. When one was injected, the others give up.
func TestTriggersGiveUpTogether(t *testing.T) {
	t.Parallel()
	const (
		waiting = 3
		planned = 2 * waiting
		timeout = 5 * time.Minute // on a busy machine
	)
	before := Options{}.minInjected(planned) - 1
	in := newTestInjector(t, planned, before)
	over := make(chan struct{}, waiting)
	for range waiting {
		go func() {
			in.injectOnTrigger(t.Context(), stopBeforeMail())
			over <- struct{}{}
		}()
	}
	waitUntilArmed(t, &in.network.triggers, waiting, timeout)

	l := &link{proxy: &proxy{owner: &replica{process: startIdle(t)}}, route: routeSMTP}
	in.network.triggers.pass(l, []byte(mailStart), requests)
	deadline := time.After(timeout)
	for n := range waiting {
		select {
		case <-over:
		case <-deadline:
			t.Fatalf("%d of %d faults still wait", waiting-n, waiting)
		}
	}
	in.running.Wait()
	got := outcome{injected: in.injected[faultStopAfterClaim] - before, missed: in.missed[faultStopAfterClaim]}
	if want := (outcome{injected: 1, missed: waiting - 1}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// waitUntilArmed waits until n triggers are armed.
func waitUntilArmed(t *testing.T, list *triggers, n int, timeout time.Duration) {
	t.Helper()
	countArmed := func() int {
		list.mu.Lock()
		defer list.mu.Unlock()
		return len(list.armed)
	}
	for deadline := time.Now().Add(timeout); countArmed() < n; pause.For(t.Context(), time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d triggers are armed after %s, want %d", countArmed(), timeout, n)
		}
	}
}

// If the chat limits what Parley may read, replies leave later, so faults wait longer for them.
func TestTriggerWaitWhereChatIsLimited(t *testing.T) {
	t.Parallel()
	limited, free := Options{Rate: 1}.extraTriggerWait(), Options{}.extraTriggerWait()
	if limited <= free {
		t.Errorf("faults wait %s after the flow, want longer than %s", limited, free)
	}
}

// If the chat limits what may be posted, stimuli (what people do so that a trigger fires) come less often.
func TestStimulusIntervalWhereChatIsLimited(t *testing.T) {
	t.Parallel()
	limited := newDriver(emulators.Client{}, Options{Rate: 1}).stimuli.interval
	free := newDriver(emulators.Client{}, Options{}).stimuli.interval
	if limited <= free {
		t.Errorf("stimuli come every %s, want less often than every %s", limited, free)
	}
}
