package slack

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/slack-go/slack/socketmode"

	"parley/bot/slack/fact"
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
	wantEqual(t, "order key", f.OrderKey, fact.OrderKey(w.channel, root.Message))
	a := w.mustDecode(f)
	wantEqual(t, "verb", a.Verb, bridge.VerbSay)
	wantEqual(t, "text", a.Text, "On our way")
	wantEqual(t, "actor", a.Actor, bridge.Actor{ID: bridge.SurfaceUser(w.ann), Kind: bridge.ActorPerson})
	wantEqual(t, "place", a.Place, bridge.Place{Channel: w.channel, Thread: root.Message, Message: ts})
	wantEqual(t, "order", a.Order, ts)
}

// Case 8: what we post ourselves is not stored.
func TestOwnEchoIsIgnored(t *testing.T) {
	t.Parallel()
	w := newConnectedWorld(t)
	root := w.postRoot()
	w.storeAsAnn(root.Message, "after") // Slack tells of it after our own post
	w.wantFacts(w.messageID(root.Message), 0)
	w.wantFacts(allFacts, 1)
}

// Case 30: an event of an unknown kind is acknowledged and left out.
func TestUnknownEventIsLeftOut(t *testing.T) {
	t.Parallel()
	w := newConnectedWorld(t)
	w.fake.Admin.SendEvent("message.channels", w.channel, map[string]any{"type": "hologram_added", "channel": w.channel})
	w.waitAcknowledged()
	w.wantFacts(allFacts, 0)
}

// Case 30: an event that can't be read is acknowledged and stored under its hash, in quarantine.
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

// An event that can't be stored is not acknowledged, and comes again.
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
	ahead.Store(int64(time.Minute)) // Slack waits no longer
	w.desk.First(t, w.messageID(ts))
}

// An event that Slack could not bring at once may come after what was said later, so that more may be missing:
// replies wait until that is looked for.
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

func TestEnvelopeSaysWhichAttempt(t *testing.T) {
	t.Parallel()
	e := openEnvelope([]byte(`{"envelope_id":"E","type":"events_api","retry_attempt":2,"payload":{}}`))
	wantEqual(t, "attempt", e.retry, 2)
}

// slack-go can't read a shortcut that is used on a message with a newer control of another app: it counts all
// the same.
func TestShortcutThatSlackGoCantRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := &connection{parent: w.surface.connections, self: w.self(), client: socketmode.New(w.surface.api)}
	message := mustMarshal(t, object{"type": "interactive", "payload": object{
		"type":        "message_action",
		"callback_id": "conv_undo",
		"team":        object{"id": w.self().Team},
		"user":        object{"id": w.ann, "team_id": w.self().Team},
		"channel":     object{"id": w.channel},
		"trigger_id":  "1.2.3",
		"message_ts":  "1.1",
		"message":     object{"ts": "1.1", "blocks": []object{{"type": "actions", "elements": []object{{"type": "hologram"}}}}},
	}})
	unread := &socketmode.ErrorBadMessage{Message: message}
	c.handleEvents(w.ctx(), socketmode.Event{Type: socketmode.EventTypeErrorBadMessage, Data: unread})
	wantEqual(t, "verb", w.waitAction("i:1.2.3").Verb, bridge.VerbUndo)
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

// Case 9: the same event on two sockets is one fact.
func TestOneFactOnTwoSockets(t *testing.T) {
	t.Parallel()
	w := newDoublyConnectedWorld(t)
	w.fake.Inject(slackfake.Fault{Method: "event:*", Kind: slackfake.FaultDuplicate})
	ts := w.postAsAnn("", "hello")
	w.desk.First(t, w.messageID(ts))
	w.waitAcknowledged()
	w.wantFacts(messageFacts, 1)
}

// Case 10: a mention of us comes as two events with one stamp, and is one fact.
func TestMentionIsOneFact(t *testing.T) {
	t.Parallel()
	w := newConnectedWorld(t)
	w.fake.Inject(slackfake.Fault{Method: "event:*", Kind: slackfake.FaultDuplicate})
	root := w.postRoot()
	id := fact.MessageID(w.channel, w.postAsAnn(root.Message, "<@"+w.fake.BotUserID()+"> snooze 2h"))
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

// missMessages connects a surface, ends it, and has Ann post two messages and edit the first, of which Slack
// tells nothing.
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

// Case 31: what was said while we were away is found, once.
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

// Case 31: what was edited while we were away is found as it is now.
func TestMissedEditIsFound(t *testing.T) {
	t.Parallel()
	w := missMessages(t)
	w.connect()
	edit := w.waitAction(editFacts + w.channel + ":" + w.edited)
	wantEqual(t, "verb of the edit", edit.Verb, bridge.VerbEdit)
	wantEqual(t, "text of the edit", edit.Text, "one, edited")
}

// Case 31: one gap is announced for the time in which we were away.
func TestOneGapForTheTimeAway(t *testing.T) {
	t.Parallel()
	w := missMessages(t)
	w.connect()
	wantEqual(t, "gaps", w.desk.Gaps()-w.gapsBefore, 1)
	if since, _ := w.surface.sweeper.Gap(); since.IsZero() {
		t.Error("the gap has no beginning")
	}
}

// A lost connection is opened again, and nothing is missed.
func TestReconnect(t *testing.T) {
	t.Parallel()
	w := newDoublyConnectedWorld(t)
	root := w.postRoot()
	filled := w.desk.Fills()
	w.fake.Sockets.Drop()
	w.storeAsAnn(root.Message, "while reconnecting")
	w.desk.Wait(t, "filled again", func() bool { return w.desk.Fills() > filled })
	w.waitSockets(2)
}

// A gap begins when the last connection is lost, not when one opens again: edits and deletions in between are
// not told, so that a reply whose hold ends then is read again before it leaves.
//
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

// sweepTwice makes the surface read what it may have missed, and waits until a reading is over: the next one
// has begun.
func (w *world) sweepTwice() {
	w.t.Helper()
	for range 2 {
		before := len(w.fake.Calls("conversations.history"))
		w.surface.sweeper.Wake()
		noError(w.t, w.fake.WaitFor(w.ctx(), func() bool { return len(w.fake.Calls("conversations.history")) > before }))
	}
}

// If all connections were lost together, the gap begins with the first loss, however long ago Slack couldn't be
// reached before that. If one was lost and the other only later, there is none.
func TestGapOfConnectionsThatWereLostTogether(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_700_000_000, 0)
	ago := func(d time.Duration) time.Time { return now.Add(-d) }
	for _, tt := range []struct {
		name   string
		lostAt map[int]time.Time // by the number of the connection, 0 or 1
		want   time.Time         // the gap's beginning; zero if there is none
	}{
		{
			name:   "both a moment ago",
			lostAt: map[int]time.Time{0: ago(9 * time.Second), 1: ago(4 * time.Second)},
			want:   ago(9 * time.Second),
		},
		{name: "one a moment ago", lostAt: map[int]time.Time{1: ago(4 * time.Second)}},
		{name: "one long after the other", lostAt: map[int]time.Time{0: ago(time.Hour), 1: ago(4 * time.Second)}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := &connections{
				intake:    &intake{workspace: &workspace{now: func() time.Time { return now }}},
				wanted:    2,
				lostAt:    tt.lostAt,
				allLostAt: ago(200 * time.Hour),
			}
			since, isGap := c.lostTogether()
			wantEqual(t, "there is a gap", isGap, !tt.want.IsZero())
			if isGap && !since.Equal(tt.want) {
				t.Errorf("got a gap since %v, want since %v", since, tt.want)
			}
		})
	}
}

// If the app was removed, people are told so, with what to do.
func TestUninstall(t *testing.T) {
	t.Parallel()
	w := newConnectedWorld(t)
	w.fake.Admin.Uninstall()
	isBrokenWithHint := func(c channels.Condition) bool { return c.Status == channels.Broken && c.Hint != "" }
	w.desk.Wait(t, "a broken condition", func() bool { return slices.ContainsFunc(w.desk.Reports(), isBrokenWithHint) })
}

// If Slack can't be reached at the start, people are told so, and again once it can.
func TestStartWithoutSlack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.fake.Inject(slackfake.Fault{Method: "auth.test", Kind: slackfake.FaultHTTP, Times: 1})
	w.connect()
	reports := w.desk.Reports()
	if len(reports) < 2 {
		t.Fatalf("got the reports %+v, want at least two", reports)
	}
	wantEqual(t, "first report", reports[0].Status, channels.Broken)
	wantEqual(t, "last report", reports[len(reports)-1].Status, channels.Active)
}

// Case 6: a root that is deleted, with or without replies, is a deletion.
func TestDeletedRootIsADeletion(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		replies int
	}{
		{name: "without replies", replies: 0},
		{name: "with a reply", replies: 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newConnectedWorld(t)
			ts := w.postAsAnn("", "mine")
			for range tt.replies {
				w.postAsAnn(ts, "reply")
			}
			noError(t, w.fake.As(w.ann).Delete(w.channel, ts))
			a := w.waitAction(fact.DeleteID(w.channel, ts))
			wantEqual(t, "verb", a.Verb, bridge.VerbDelete)
			wantEqual(t, "place", a.Place, bridge.Place{Channel: w.channel, Message: ts})
			wantEqual(t, "actor", a.Actor.ID, bridge.SurfaceUser(w.ann))
		})
	}
}

// missBeforeTheFirstConnection posts a thread of others and one of ours, with a reply each, three hours before
// the surface is connected. It returns the stamp of the reply in our thread.
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

// Case 31: an event whose connection is cut before we acknowledged it is brought again, and is one fact.
func TestCutBeforeAcknowledgement(t *testing.T) {
	t.Parallel()
	w := newConnectedWorld(t)
	w.fake.Inject(slackfake.Fault{Method: "event:message.channels", Kind: slackfake.FaultDrop, Times: 1})
	ts := w.postAsAnn("", "hello")
	w.desk.First(t, w.messageID(ts))
	w.waitAcknowledged()
	w.wantFacts(messageFacts, 1)
}
