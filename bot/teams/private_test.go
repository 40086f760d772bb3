package teams

import (
	"testing"

	"parley/bot/teams/teamsfake"
	"parley/bridge"
)

// beginPrivateThread makes a private channel, of which only Ann is a member, with a thread of the conversation. They
// become the channel and the root of the world.
func (w *world) beginPrivateThread() {
	w.t.Helper()
	w.channel = w.fake.Admin.AddChannel(teamsfake.Channel{
		Team: w.team, Name: "Private", Kind: teamsfake.KindPrivate, Members: []string{ann}, Added: true,
	}).ID
	w.desk.Open(w.channel)
	sent := w.mustSend(w.newRoot("private", w.channel))
	w.desk.Own(w.channel, sent.Message)
	w.root = sent.Message
}

// In a private channel Parley hears the replies of its members.
func TestReplyInAPrivateChannel(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	w.beginPrivateThread()
	a := w.typeAsAnn("in private")
	wantEqual(t, "actor", a.Actor.Kind, bridge.ActorPerson)
	wantEqual(t, "channel", a.Place.Channel, w.channel)
	wantEqual(t, "it is our thread", a.OwnThread, true)
}

// A slash command, which only Parley sees, is a command in its thread. It has no message there.
func TestSlashCommand(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	id, err := w.ann.Slash(w.channel, w.root, "snooze 2h")
	noError(t, err)
	a := w.waitAction(MessageID(w.channel, id))
	wantEqual(t, "verb", a.Verb, bridge.VerbSnooze)
	wantEqual(t, "until", a.Args.Until, "2h")
	wantEqual(t, "origin", a.Origin, bridge.OriginSlash)
	wantEqual(t, "thread", a.Place.Thread, w.root)
	wantEqual(t, "message", a.Place.Message, "")
}

// A text that somebody types to Parley alone in a channel is never a reply to the customer, even if it looks like one.
func TestTextToUsAloneIsNoReply(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"Dear customer, hello", "reply: hello"} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			w := newThreadWorld(t)
			id, err := w.ann.Private(w.channel, w.root, text)
			noError(t, err)
			a := w.waitAction(MessageID(w.channel, id))
			wantEqual(t, "verb", a.Verb, bridge.VerbUnknown)
			wantEqual(t, "origin", a.Origin, bridge.OriginSlash)
			wantEqual(t, "it is explicit", a.Explicit, false)
		})
	}
}
