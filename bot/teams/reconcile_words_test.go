package teams

import (
	"errors"
	"testing"

	"parley/bot/teams/graph"
	"parley/bot/teams/teamsfake/tenant"
	"parley/bridge"
	"parley/channels"
)

// newHelp makes a line that names commands: "!snooze" or, in a channel that Parley may not read, "@Parley snooze".
func (w *world) newHelp() bridge.Post {
	p := w.newPost(bridge.PostLine, "help")
	p.Line = &bridge.Line{Content: &bridge.HelpLine{About: "snooze"}}
	return p
}

// A post is found although commands are named in another form by then, because another process has learned that Parley
// may read the channel. Otherwise the post would be made twice.
func TestReconcileAfterReadingBecameKnown(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	knowing := w.surface
	w.surface = w.restartedSurface()
	w.fake.Entra.Permit() // nothing
	_, err := w.surface.history.readMessage(w.ctx(), bridge.Place{Channel: w.channel, Thread: w.root}, w.root)
	wantEqual(t, "reading is refused", errors.Is(err, graph.ErrNotGranted), true)
	w.sendWithLostAnswer(w.newHelp())

	w.fake.Entra.Permit(tenant.PermitMessages)
	w.surface = knowing
	w.wantReconciled(w.newHelp(), channels.Landed)
}

// A post is also found by a process that has just started, and doesn't know yet that Parley may read the channel.
func TestReconcileBeforeReadingIsKnown(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	w.sendWithLostAnswer(w.newHelp())
	w.surface = w.restartedSurface()
	w.wantReconciled(w.newHelp(), channels.Landed)
}
