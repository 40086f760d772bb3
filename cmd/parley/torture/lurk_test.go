package torture

import (
	"path/filepath"
	"testing"
	"time"

	"parley/channels/pause"
	"parley/cmd/parley/child"
	"parley/cmd/parley/torture/world"
)

// mailStart is what a blow of lurking waits for.
const mailStart = "MAIL FROM:<help@acme.test>"

// lurker gives c what a blow needs that waits for the first bytes of a mail.
func lurker(t *testing.T, c *chaos) harm {
	t.Helper()
	c.net, c.driver, c.began = &network{}, newDriver(world.Wire{}, Options{}), time.Now()
	c.say, c.missed = t.Logf, map[string]int{}
	return harm{Name: harmClaimStop, Way: waySMTP, For: time.Millisecond}
}

// lurking lets a blow wait for the first bytes of a mail, lets these pass on a connection of a replica until the
// blow stops waiting, and says what became of it. The replica's process starts after some of them, or never.
func lurking(t *testing.T, c *chaos, starts bool) (struck, missed int) {
	t.Helper()
	h, r := lurker(t, c), &replica{}
	before := c.struck[harmClaimStop]
	l := &link{p: &proxy{owner: r}, way: waySMTP}
	over := make(chan struct{})
	go func() {
		defer close(over)
		c.waitAndStrike(t.Context(), h)
	}()
	for n := 0; ; n++ {
		select {
		case <-over:
			c.running.Wait()
			return c.struck[harmClaimStop] - before, c.missed[harmClaimStop]
		default:
		}
		c.net.traps.pass(l, []byte(mailStart), true)
		if n == 20 && starts {
			r.mu.Lock()
			r.now = running(t)
			r.mu.Unlock()
		}
		if !pause.For(t.Context(), time.Millisecond) {
			t.Fatal("the blow waits for ever")
		}
	}
}

// running is a process that does nothing.
func running(t *testing.T) *child.Process {
	t.Helper()
	p, err := child.Start(child.Spec{Name: "idle", Program: []string{"sleep", "600"}, Env: child.CleanEnv(), Log: filepath.Join(t.TempDir(), "log")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.End)
	return p
}

// TestLurkAgain: a blow that meets its moment when its process has just ended waits for the next one.
func TestLurkAgain(t *testing.T) {
	t.Parallel()
	c := &chaos{opt: Options{Blows: map[string]int{harmClaimStop: 1}}, patience: time.Minute, struck: map[string]int{}}
	if struck, missed := lurking(t, c, true); struck != 1 || missed != 0 {
		t.Errorf("struck %d, missed %d", struck, missed)
	}
}

// TestLurkOn: a blow waits longer than others only if a good run needs it.
func TestLurkOn(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ planned, fell, struck int }{{1, 0, 1}, {4, 1, 1}, {4, 2, 0}, {2, 1, 0}} {
		ch := &chaos{opt: Options{Blows: map[string]int{harmClaimStop: c.planned}}, struck: map[string]int{harmClaimStop: c.fell}}
		struck, missed := lurking(t, ch, c.struck > 0) // a blow that gives up must not depend on when it does
		if struck != c.struck || struck+missed != 1 {
			t.Errorf("%d of %d fell: struck %d, missed %d", c.fell, c.planned, struck, missed)
		}
	}
}

// TestLurkTogether: of several blows that wait because their kind has fallen too rarely, one is enough.
func TestLurkTogether(t *testing.T) {
	t.Parallel()
	const blows = 3
	c := &chaos{opt: Options{Blows: map[string]int{harmClaimStop: 2 * blows}}, struck: map[string]int{}}
	c.struck[harmClaimStop] = c.opt.fewestBlows(2*blows) - 1
	before, h, over := c.struck[harmClaimStop], lurker(t, c), make(chan struct{}, blows)
	for range blows {
		go func() {
			c.waitAndStrike(t.Context(), h)
			over <- struct{}{}
		}()
	}
	armed := func() int {
		c.net.traps.mu.Lock()
		defer c.net.traps.mu.Unlock()
		return len(c.net.traps.list)
	}
	for deadline := time.Now().Add(5 * time.Minute); armed() < blows; pause.For(t.Context(), time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("not all of them wait")
		}
	}
	c.net.traps.pass(&link{p: &proxy{owner: &replica{now: running(t)}}, way: waySMTP}, []byte(mailStart), true)
	deadline := time.After(5 * time.Minute)
	for n := range blows {
		select {
		case <-over:
		case <-deadline:
			t.Fatalf("%d of %d blows still wait", blows-n, blows)
		}
	}
	c.running.Wait()
	if struck, missed := c.struck[harmClaimStop]-before, c.missed[harmClaimStop]; struck != 1 || missed != blows-1 {
		t.Errorf("struck %d, missed %d", struck, missed)
	}
}

// TestLurkAfter: where the chat limits what Parley may read, replies leave later.
func TestLurkAfter(t *testing.T) {
	t.Parallel()
	free, limited := Options{}, Options{Rate: 1}
	if limited.lurkAfter() <= free.lurkAfter() || newDriver(world.Wire{}, limited).wishes.interval <= newDriver(world.Wire{}, free).wishes.interval {
		t.Error("nobody waits longer there")
	}
}
