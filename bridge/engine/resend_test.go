package engine_test

import (
	"testing"
	"time"

	"parley/bridge"
	"parley/bridge/bridgetest"
	"parley/bridge/relay"
	"parley/channels"
	"parley/channels/channelstest"
	"parley/store"
)

// waitFailedAttempt waits until an attempt has failed for certain, and its reply waits for the next one.
func (w *world) waitFailedAttempt() {
	w.t.Helper()
	w.eventually("the attempt has failed", func() bool {
		return w.count(`SELECT count(*) FROM deliveries AS d JOIN lanes AS l ON l.id = d.lane_id
			WHERE d.error_class = 'retry' AND l.leased_until IS NULL`) == 1
	})
}

// chooseVerb lets ann choose a verb in the menu of a message.
func (w *world) chooseVerb(thread, message string, verb bridge.Verb) {
	w.t.Helper()
	w.chat.Submit("ann", support, thread, bridgetest.Button{Verb: verb,
		Args: bridge.Args{Conversation: 1, Message: store.MessageID(w.count(`SELECT id FROM messages WHERE place = $1`, message))}}, "")
}

// A reply is taken back while its attempt fails, so that another attempt would follow. When it is then sent by a click,
// it leaves once.
func TestSendBesideARetry(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		takeBack func(w *world, message string)
		send     func(w *world, thread, message string)
	}{
		"edited": {
			takeBack: func(w *world, m string) { w.chat.Edit(support, m, "Ben, see you") },
			send: func(w *world, thread, _ string) {
				w.chat.Press(w.t, "ann", w.waitLine(thread, bridge.LineAsk), bridge.VerbSend)
			},
		},
		"deleted": {
			takeBack: func(w *world, m string) { w.chat.Delete(support, m) },
			send:     func(w *world, thread, m string) { w.chooseVerb(thread, m, bridge.VerbSend) },
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, options{backoff: []time.Duration{time.Hour}})
			thread := w.openThread()
			release := make(chan struct{})
			w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultRefuse, Until: release})
			said := w.reply(thread, "See you")
			w.provider.WaitCalls(t, 1)

			c.takeBack(w, said)
			w.eventually("it is taken back", func() bool { return w.text(`SELECT fate FROM messages WHERE place = $1`, said) != "waiting" })
			close(release)
			w.waitFailedAttempt()

			c.send(w, thread, said)
			w.eventually("it is sent", func() bool { return len(w.provider.Sent()) == 1 })
			w.advance(2 * time.Hour)
			w.waitFate(said, "out")
			w.waitDrained()
			if got := w.provider.Texts(); len(got) != 1 {
				t.Errorf("the customer got %q, want one alone", got)
			}
		})
	}
}

// An agent marks one part of a reply as sent. The other part has failed, and can still be sent again. As a text and its
// file may be several messages in a chat, the line tells the agent to look for all of them.
func TestOneOfTwoFilesMarkedAsSent(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{lossy: true, relay: relay.Options{UnclearAfter: 30 * time.Second, MaxWait: 100 * time.Millisecond}})
	thread := w.openThread()
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultDropAfter, With: "a.txt"})
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultBlind, Times: -1})
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultReject, Class: channels.BadContent, With: "b.txt"})
	said := w.chat.Say("ann", support, thread, "Two plans", file("a.txt", 1), file("b.txt", 2))
	unclear := w.waitLineAbout(thread, bridge.LineUnclear, "Mark it as sent only if all of it is there")
	w.waitLine(thread, bridge.LineFailed)
	w.waitDrained()

	w.chat.Press(t, "ann", w.chat.Get(support, unclear.ID), bridge.VerbMarkSent) // the line still asks about its own part
	w.waitFate(said, "failed")
	w.waitDrained()
	wantWords(t, "the line about the part that was marked", w.chat.Get(support, unclear.ID).Plain(), "= sent Ann")

	w.chooseVerb(thread, said, bridge.VerbSend)
	w.waitFate(said, "out")
	w.waitDrained()
	w.wantSent(withFiles("Two plans", "a.txt"), withFiles("", "b.txt"))
}

// waitEdited waits until one message has the text of an edit.
func (w *world) waitEdited(text string) {
	w.t.Helper()
	w.eventually("the edit", func() bool { return w.count(`SELECT count(*) FROM messages WHERE text = $1`, text) == 1 })
}

// A deletion counts even if Parley reads an earlier edit, and the message itself, after it.
func TestEarlyDeletionBeforeAnEdit(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	w.chat.Mute(true)
	id := w.reply(thread, "Go away")
	said := w.chat.Get(support, id)
	w.chat.Edit(support, id, "Go home")
	edited := w.chat.Get(support, id)
	w.chat.Delete(support, id)
	deleted := w.chat.Get(support, id)
	deleted.Version = 0 // chats give deletions none
	w.journalSurfaceFact("delete", deleted)
	w.journalSurfaceFact("edit", edited)
	w.journalSurfaceFact("say", said)
	w.chat.Mute(false)
	w.waitFate(id, "undone")
	w.waitDrained()
	w.wantNothingSent()
}
