package torture

import (
	"path/filepath"
	"testing"
	"time"

	"parley/channels/pause"
	"parley/cmd/parley/child"
	"parley/cmd/parley/torture/emulators"
)

// mailStart is what a blow of lurking waits for.
const mailStart = "MAIL FROM:<help@acme.test>"

// newLurk returns the chaos of a run in which so many blows of faultStopAfterClaim are planned and have fallen, and one more blow that
// waits for the first bytes of a mail.
func newLurk(t *testing.T, planned, fallen int) (*injector, fault) {
	t.Helper()
	c := &injector{
		opt:       Options{Faults: map[string]int{faultStopAfterClaim: planned}},
		injected:  map[string]int{faultStopAfterClaim: fallen},
		missed:    map[string]int{},
		network:   &network{},
		driver:    newDriver(emulators.Client{}, Options{}),
		began:     time.Now(),
		printLine: t.Logf,
	}
	return c, fault{Kind: faultStopAfterClaim, Route: routeSMTP, Duration: time.Millisecond}
}

// outcome is what became of blows that waited.
type outcome struct{ struck, missed int }

// lurk lets a blow wait for the first bytes of a mail, and lets these pass on a connection of a replica until the blow stops
// waiting. The replica's process starts after some of them, or never.
func lurk(t *testing.T, c *injector, h fault, starts bool) outcome {
	t.Helper()
	r := &replica{}
	before := c.injected[faultStopAfterClaim]
	l := &link{proxy: &proxy{owner: r}, route: routeSMTP}
	over := make(chan struct{})
	go func() {
		defer close(over)
		c.injectOnTrigger(t.Context(), h)
	}()
	for n := 0; ; n++ {
		select {
		case <-over:
			c.running.Wait()
			return outcome{struck: c.injected[faultStopAfterClaim] - before, missed: c.missed[faultStopAfterClaim]}
		default:
		}
		c.network.triggers.pass(l, []byte(mailStart), true)
		if n == 20 && starts {
			r.mu.Lock()
			r.process = startIdle(t)
			r.mu.Unlock()
		}
		if !pause.For(t.Context(), time.Millisecond) {
			t.Fatal("the blow still waits at the end of the test")
		}
	}
}

// startIdle starts a process that does nothing.
func startIdle(t *testing.T) *child.Process {
	t.Helper()
	p, err := child.Start(child.Spec{Name: "idle", Program: []string{"sleep", "600"}, Env: child.CleanEnv(), Log: filepath.Join(t.TempDir(), "log")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.End)
	return p
}

// A blow that meets its moment when its process has just ended waits for the next one.
func TestLurkUntilProcessRuns(t *testing.T) {
	t.Parallel()
	c, h := newLurk(t, 1, 0)
	c.triggerTimeout = time.Minute
	if got, want := lurk(t, c, h, true), (outcome{struck: 1}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// At the end of a run, a blow waits on only if fewer than half of those planned have fallen: a good run needs these.
func TestLurkAtEnd(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		planned, fallen int
		want            outcome
	}{
		{planned: 1, fallen: 0, want: outcome{struck: 1}},
		{planned: 4, fallen: 1, want: outcome{struck: 1}},
		{planned: 4, fallen: 2, want: outcome{missed: 1}},
		{planned: 2, fallen: 1, want: outcome{missed: 1}},
	} {
		chaos, h := newLurk(t, c.planned, c.fallen)
		starts := c.want.struck > 0 // else the blow could strike before it gives up
		if got := lurk(t, chaos, h, starts); got != c.want {
			t.Errorf("%d of %d have fallen: got %+v, want %+v", c.fallen, c.planned, got, c.want)
		}
	}
}

// Several blows wait because one more of their kind has to fall. When one has struck, the others give up.
func TestLurkTogether(t *testing.T) {
	t.Parallel()
	const blows = 3
	before := Options{}.minInjected(2*blows) - 1
	c, h := newLurk(t, 2*blows, before)
	over := make(chan struct{}, blows)
	for range blows {
		go func() {
			c.injectOnTrigger(t.Context(), h)
			over <- struct{}{}
		}()
	}
	armed := func() int {
		c.network.triggers.mu.Lock()
		defer c.network.triggers.mu.Unlock()
		return len(c.network.triggers.list)
	}
	for deadline := time.Now().Add(5 * time.Minute); armed() < blows; pause.For(t.Context(), time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d blows wait, want %d", armed(), blows)
		}
	}
	c.network.triggers.pass(&link{proxy: &proxy{owner: &replica{process: startIdle(t)}}, route: routeSMTP}, []byte(mailStart), true)
	deadline := time.After(5 * time.Minute)
	for n := range blows {
		select {
		case <-over:
		case <-deadline:
			t.Fatalf("%d of %d blows still wait", blows-n, blows)
		}
	}
	c.running.Wait()
	got := outcome{struck: c.injected[faultStopAfterClaim] - before, missed: c.missed[faultStopAfterClaim]}
	if want := (outcome{struck: 1, missed: blows - 1}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// Where the chat limits what Parley may read, replies leave later: blows wait longer for them, and wishes are granted less often.
func TestLurkWhereChatIsLimited(t *testing.T) {
	t.Parallel()
	free, limited := Options{}, Options{Rate: 1}
	if got, than := limited.extraTriggerWait(), free.extraTriggerWait(); got <= than {
		t.Errorf("blows wait %s, want longer than %s", got, than)
	}
	if got, than := newDriver(emulators.Client{}, limited).stimuli.interval, newDriver(emulators.Client{}, free).stimuli.interval; got <= than {
		t.Errorf("wishes are granted every %s, want less often than every %s", got, than)
	}
}
