package slack

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/slack-go/slack/socketmode"

	"parley/bot/slack/slackfake"
	"parley/bridge"
	"parley/channels"
)

// These tests check the Socket Mode connections: an event is stored before it is acknowledged, and a lost
// connection makes the Surface read what it missed. world (harness_test.go) puts a Surface between slackfake,
// which plays Slack and its people, and fakeDesk, which plays the engine.

func TestMessageIsStoredThenAcknowledged(t *testing.T) {
	t.Parallel()
	w := newConnectedWorld(t)
	root := w.postRoot()
	w.waitAcknowledged()
	w.desk.mu.Lock()
	w.desk.storing = func() {
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond) // in which an acknowledgement would arrive
		defer cancel()
		isEarly := func() bool { return w.fake.Events.Pending() == 0 && w.desk.Number(allFacts) == 0 }
		if w.fake.WaitFor(ctx, isEarly) == nil {
			t.Error("the message is acknowledged before it is stored")
		}
	}
	w.desk.mu.Unlock()

	ts := w.postAsAnn(root.Message, "On our way")
	f := w.desk.First(t, w.messageID(ts))
	w.waitAcknowledged()
	wantEqual(t, "order key", f.OrderKey, OrderKey(w.channel, root.Message))
	a := w.mustDecode(f)
	wantEqual(t, "verb", a.Verb, bridge.VerbSay)
	wantEqual(t, "text", a.Text, "On our way")
	wantEqual(t, "actor", a.Actor, bridge.Actor{ID: bridge.SurfaceUser(w.ann), Kind: bridge.ActorPerson})
	wantEqual(t, "place", a.Place, bridge.Place{Channel: w.channel, Thread: root.Message, Message: ts})
	wantEqual(t, "order", a.Order, ts)
}

// Our own posts aren't stored (case 8).
func TestOwnEchoIsIgnored(t *testing.T) {
	t.Parallel()
	w := newConnectedWorld(t)
	root := w.postRoot()
	w.storeAsAnn(root.Message, "after") // its event comes after that of our own post
	w.wantFacts(w.messageID(root.Message), 0)
	w.wantFacts(allFacts, 1)
}

// An event that can't be read is acknowledged and stored under its hash, in quarantine (case 30).
func TestUnreadableEventIsPutIntoQuarantine(t *testing.T) {
	t.Parallel()
	w := newConnectedWorld(t)
	w.fake.Admin.SendEvent("message.channels", w.channel, map[string]any{"type": "message", "channel": w.channel, "ts": 17})
	if f := w.desk.First(t, unreadableFacts); f.Quarantine == "" {
		t.Errorf("stored is %+v, want it in quarantine", f)
	}
	w.waitAcknowledged()
	w.wantFacts(allFacts, 1)
}

// An event that can't be stored isn't acknowledged, so Slack brings it again.
func TestRefusedEventComesAgain(t *testing.T) {
	t.Parallel()
	var ahead atomic.Int64 // by how much Slack's clock is ahead of the machine's
	w := newConnectedWorld(t, func(_ *Options, f *slackfake.Options) {
		f.Clock = func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
	})
	before := w.desk.Attempts()
	w.desk.Refuse(errors.New("database gone"))
	ts := w.postAsAnn("", "hello")
	w.desk.Wait(t, "an attempt", func() bool { return w.desk.Attempts() > before })
	wantEqual(t, "Slack waits for its acknowledgement", w.fake.Events.Pending() > 0, true)

	w.desk.Refuse(nil)
	ahead.Store(int64(time.Minute)) // Slack doesn't wait for the acknowledgement any longer
	w.desk.First(t, w.messageID(ts))
}

// An event that Slack could not bring at once may come after later ones, so more may be missing. Replies wait until
// Parley has looked for that.
func TestEventBroughtAgainBySocket(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := &connection{parent: w.surface.connections, self: w.self(), client: socketmode.New(w.surface.api)}
	bring := func(attempt int) {
		request := &socketmode.Request{Payload: w.callbackOfReply("x"), RetryAttempt: attempt}
		c.handleEvents(w.ctx(), socketmode.Event{Type: socketmode.EventTypeEventsAPI, Request: request})
	}
	bring(0)
	wantEqual(t, "gaps after the first attempt", w.desk.Gaps(), 0)
	w.wantFacts(allFacts, 1)

	bring(1)
	wantEqual(t, "gaps after the second attempt", w.desk.Gaps(), 1)
	w.wantFacts(allFacts, 1)
}

// newDoublyConnectedWorld starts a workspace to which the surface opens two sockets, and waits for both.
func newDoublyConnectedWorld(t *testing.T) *world {
	t.Helper()
	w := newConnectedWorld(t, func(o *Options, _ *slackfake.Options) { o.Connections = 2 })
	w.waitSockets(2)
	return w
}

func (w *world) waitSockets(number int) {
	w.t.Helper()
	noError(w.t, w.fake.WaitFor(w.ctx(), func() bool { return w.fake.Sockets.Count() == number }))
}

// The same event on two sockets is stored as one fact (case 9).
func TestOneFactOnTwoSockets(t *testing.T) {
	t.Parallel()
	w := newDoublyConnectedWorld(t)
	w.fake.Inject(slackfake.Fault{Method: "event:*", Kind: slackfake.FaultDuplicate})
	ts := w.postAsAnn("", "hello")
	w.desk.First(t, w.messageID(ts))
	w.waitAcknowledged()
	w.wantFacts(messageFacts, 1)
}

// Slack brings a mention of us as two events with one stamp. They are stored as one fact (case 10).
func TestMentionIsOneFact(t *testing.T) {
	t.Parallel()
	w := newConnectedWorld(t)
	w.fake.Inject(slackfake.Fault{Method: "event:*", Kind: slackfake.FaultDuplicate})
	root := w.postRoot()
	id := MessageID(w.channel, w.postAsAnn(root.Message, "<@"+w.fake.BotUserID()+"> snooze 2h"))

	a := w.waitAction(id)
	w.waitAcknowledged()
	w.wantFacts(id, 1)
	wantEqual(t, "verb", a.Verb, bridge.VerbSnooze)
	wantEqual(t, "until", a.Args.Until, "2h")
	wantEqual(t, "origin", a.Origin, bridge.OriginMention)
	wantEqual(t, "mentions us", a.MentionsBot, true)
}

// missedWhileAway is what happened in a thread while the surface wasn't connected.
type missedWhileAway struct {
	*world
	root       bridge.Place
	edited     string // the stamp of a message that was edited
	other      string // the stamp of a message that wasn't
	gapsBefore int    // how many gaps were announced before
}

// missMessages connects a surface and ends it. Then Ann posts two messages and edits the first, and Slack's events
// about that get lost.
func missMessages(t *testing.T) missedWhileAway {
	t.Helper()
	w := newConnectedWorld(t)
	root := w.postRoot()
	w.storeAsAnn(root.Message, "heard")
	w.waitAcknowledged() // otherwise Slack would bring it again, which is a gap of its own
	w.stop()
	w.fake.Inject(slackfake.Fault{Method: "event:*", Kind: slackfake.FaultLose, Times: 3})
	edited, other := w.postAsAnn(root.Message, "one"), w.postAsAnn(root.Message, "two")
	noError(t, w.fake.As(w.ann).Edit(w.channel, edited, "one, edited"))
	w.fake.ClearFaults()
	return missedWhileAway{world: w, root: root, edited: edited, other: other, gapsBefore: w.desk.Gaps()}
}

// Messages that were missed while the surface was away are found once (case 31).
func TestMissedMessagesAreFound(t *testing.T) {
	t.Parallel()
	w := missMessages(t)
	w.connect()
	for _, ts := range []string{w.edited, w.other} {
		a := w.waitAction(w.messageID(ts))
		wantEqual(t, "origin", a.Origin, bridge.OriginCatchUp)
		wantEqual(t, "edited", a.Edited, ts == w.edited)
		wantEqual(t, "thread", a.Place.Thread, w.root.Message)
	}
	w.wantFacts(messageFacts, 3) // with the one that was heard
}

// A gap begins when the last connection is lost, and not when one opens again. Parley misses edits and deletions in
// between. So a reply whose hold (the time before it leaves) ends then is read again.
// Requirement R-249: A reply is read again before it leaves.
func TestGapBeginsWithTheLoss(t *testing.T) {
	t.Parallel()
	w := newDoublyConnectedWorld(t)
	known := func() int { open, _ := w.surface.Connections(); return open }
	w.desk.Wait(t, "both are known to be open", func() bool { return known() == 2 })

	w.fake.Inject(slackfake.Fault{Method: "apps.connections.open", Kind: slackfake.FaultHTTP})
	w.fake.Sockets.Drop()
	w.desk.Wait(t, "a gap, while Slack lets nobody connect", func() bool { return known() == 0 && w.hasGap() })
	w.waitSockets(0)

	w.sweepTwice()
	wantEqual(t, "the gap is open, though all was read that was said so far", w.hasGap(), true)

	filled := w.desk.Fills()
	w.fake.ClearFaults()
	w.desk.Connected(t, filled+1)
}

// sweepTwice makes the surface read twice what it may have missed. When the second reading has begun, the first is
// over.
func (w *world) sweepTwice() {
	w.t.Helper()
	for range 2 {
		before := len(w.fake.Calls("conversations.history"))
		w.surface.sweeper.Wake()
		noError(w.t, w.fake.WaitFor(w.ctx(), func() bool { return len(w.fake.Calls("conversations.history")) > before }))
	}
}

// If the app was removed, people are told that, and what to do.
func TestUninstall(t *testing.T) {
	t.Parallel()
	w := newConnectedWorld(t)
	w.fake.Admin.Uninstall()
	isBrokenWithHint := func(c channels.Condition) bool { return c.Status == channels.Broken && c.Hint != "" }
	w.desk.Wait(t, "a broken condition", func() bool { return slices.ContainsFunc(w.desk.Reports(), isBrokenWithHint) })
}

// missBeforeTheFirstConnection posts a thread of other people and a thread of Parley's, each with a reply, three
// hours before the surface is connected. It returns the stamp of the reply in Parley's thread.
func missBeforeTheFirstConnection(t *testing.T) (w *world, missed string) {
	t.Helper()
	d := newDowntime(t)
	d.setClockBack(3 * time.Hour)
	d.fake.Inject(slackfake.Fault{Method: "event:*", Kind: slackfake.FaultLose})
	others := d.postAsAnn("", "long ago")
	d.postAsAnn(others, "a thread of theirs")
	missed = d.postAsAnn(d.postRoot().Message, "a reply long ago")
	d.setClockBack(0)
	return d.world, missed
}

// If the connection is cut before an event was acknowledged, Slack brings it again, and it is one fact (case 31).
func TestCutBeforeAcknowledgement(t *testing.T) {
	t.Parallel()
	w := newConnectedWorld(t)
	w.fake.Inject(slackfake.Fault{Method: "event:message.channels", Kind: slackfake.FaultDrop, Times: 1})
	ts := w.postAsAnn("", "hello")
	w.desk.First(t, w.messageID(ts))
	w.waitAcknowledged()
	w.wantFacts(messageFacts, 1)
}
