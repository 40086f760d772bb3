package engine_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"parley/bridge"
	"parley/bridge/bridgetest"
	"parley/bridge/engine"
	"parley/channels"
)

// Each test makes a world (harness_test.go): an engine with a database of its own, between a fake provider, by which customers
// write and are answered, and a fake chat, in whose channel "support" agents work.

// inChild tells a process of this test binary on which database, chat and surface it works, and, if it is to
// analyse messages, in which manner (readerOfChild).
const inChild = "PARLEY_TEST_BRIDGE_CHILD"

// TestKilledChild is the process that other tests start and kill: TestHandOverKilled, TestAnalysisKilled and TestInboxActKilled.
func TestKilledChild(t *testing.T) {
	where := strings.Fields(os.Getenv(inChild))
	if len(where) < 3 {
		t.Skip("this is the process that other tests start and kill")
	}
	surface := must(strconv.ParseInt(where[2], 10, 64))(t)
	pool := must(pgxpool.New(context.Background(), where[0]))(t)
	o := engine.Options{Pool: pool, Log: slog.New(slog.DiscardHandler), Specs: []channels.Spec{{Kind: "test", Name: "Test", Icon: "email"}}}
	if len(where) > 3 {
		o.Analyzer = readerOfChild(where[3])
	}
	e := must(engine.New(t.Context(), o))(t)
	s := bridgetest.NewSurface(where[1], e.Desk(bridge.AccountID(surface)), 0)
	e.SetSurface(bridge.AccountID(surface), s)
	go func() { _ = s.Run(t.Context()) }()
	check(t, e.Run(t.Context(), time.Second))
}

// startChild runs another process that works in the world, and waits until it hears the chat; kill ends it. If it is to analyse
// messages, more is in which manner.
func (w *world) startChild(more ...string) (kill func()) {
	w.t.Helper()
	connected := w.chat.Connected()
	child, ended := exec.Command(os.Args[0], "-test.run=^TestKilledChild$", "-test.timeout=5m"), make(chan struct{})
	where := append([]string{w.pool.Config().ConnString(), w.chat.URL(), fmt.Sprint(w.surface)}, more...)
	child.Env = append(os.Environ(), inChild+"="+strings.Join(where, " "))
	check(w.t, child.Start())
	go func() { defer close(ended); _ = child.Wait() }()
	kill = func() { _ = child.Process.Kill(); <-ended }
	w.t.Cleanup(kill)
	w.chat.Wait(w.t, "the other process listens", func() bool { return w.chat.Connected() > connected })
	return kill
}

// A process that is killed between the posts of a hand-over leaves it to the next one: there is one
// root in the new channel, what was said with it stands there once, and the old thread leads to it.
// Requirement R-017: An account has its own channel in the chat, or its team's.
// Requirement R-121: Hand over to a team.
func TestHandOverKilled(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		at   bridgetest.Fault // holds the process at a call, until it is killed
	}{
		{name: "before the new root", at: bridgetest.Fault{Call: "post", Text: billing, Kind: bridgetest.FaultDropBefore}},
		{name: "behind the new root", at: bridgetest.Fault{Call: "post", Text: billing}},
		{name: "before the old root leads to it", at: bridgetest.Fault{Call: "update", Text: "goes on", Kind: bridgetest.FaultDropBefore}},
		{name: "before the old thread says so", at: bridgetest.Fault{Call: "post", Text: "handed_over", Kind: bridgetest.FaultDropBefore}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w, old := newBillingWorld(t, options{lossy: true})
			w.stops[0]()
			kill, release := w.startChild(), make(chan struct{})
			at := tt.at
			at.Until = release
			w.chat.AddFault(at)
			w.reply(old, "!assign #billing over to you")
			w.chat.Wait(t, "the process is about to post", func() bool { return w.chat.Struck() == 1 })
			kill()
			close(release)
			w.exec(`UPDATE lanes SET leased_until = clock_timestamp() WHERE leased_until IS NOT NULL`) // its leases end

			w.startReplica()
			root := waitNewestRoot(t, w.chat, billing, 1, "over to you")
			waitMessage(t, w.chat, support, old, "[handed_over]", "goes on "+billing+"/"+root)
			w.waitCard(old, "goes on in "+billing+"/"+root)
			w.waitDrained()
			wantEqual(t, "roots in the new channel", len(w.chat.Messages(billing, "")), 1)
			wantEqual(t, "how often the new thread tells of it", countShown(w.chat, billing, root, "over to you"), 1)
			wantEqual(t, "lines of the old thread that tell of it", w.countLines(old, bridge.LineHandedOver), 1)
		})
	}
}
