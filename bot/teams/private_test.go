package teams

import (
	"strings"
	"testing"

	"parley/bot/shape"
	"parley/bot/teams/fact"
	"parley/bot/teams/teamsfake"
	"parley/bot/teams/teamsfake/tenant"
	"parley/bridge"
)

// beginPrivateThread makes a private channel, of which only Ann is a member, with a thread of the conversation. They
// become the channel and the root of the world.
func (w *world) beginPrivateThread() {
	w.t.Helper()
	w.channel = w.fake.Admin.AddChannel(teamsfake.Channel{
		Team: w.team, Name: "Private", Kind: tenant.KindPrivate, Members: []string{ann}, Added: true,
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

// Somebody who is mentioned in a private channel, but isn't a member, is told in their own chat, with a link to the
// thread. That also holds for a line that has buttons in the thread.
func TestMentionOfSomebodyOutsideAPrivateChannel(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	w.typeAs(w.fake.As(ben), w.root, "known from elsewhere")
	w.beginPrivateThread()

	// A line without buttons.
	p := w.newPost(bridge.PostLine, "assigned")
	p.Line = &bridge.Line{
		Content: bridge.LineAssigned, By: bridge.AgentRef{Name: "Ann Lee"},
		Mentions: []bridge.AgentRef{{ID: 2, Name: "Ben Kim", User: ben}},
	}
	w.mustSend(p)
	hasGot := func(messages int) func() bool { return func() bool { return len(w.fake.Personal(ben)) >= messages } }
	noError(t, w.fake.WaitFor(w.ctx(), hasGot(1))) // it is told in the background

	// A line with a button and a long text.
	p.Token = "failed"
	p.Line = &bridge.Line{
		Content: &bridge.FailedLine{Trouble: "Her mailbox is full."}, Mentions: p.Line.Mentions,
		Text: strings.Repeat("long ", 20000), Verbs: []bridge.Verb{bridge.VerbSendAgain},
	}
	w.mustSendAll(p)

	noError(t, w.fake.WaitFor(w.ctx(), hasGot(2)))
	w.surface.org.Work.Wait()
	told := w.fake.Personal(ben)
	wantEqual(t, "messages to Ben", len(told), 2)
	wantWords(t, told[0].HTML, "teams.microsoft.com", "Ann Lee assigned it", shape.Number(p.Facts.ID))
	wantWords(t, told[1].HTML, "teams.microsoft.com", "did not get a reply of yours", shape.Number(p.Facts.ID))
	w.wantNoProblems()
}

// A slash command, which only Parley sees, is a command in its thread. It has no message there.
func TestSlashCommand(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	id, err := w.ann.Slash(w.channel, w.root, "snooze 2h")
	noError(t, err)
	a := w.waitAction(fact.MessageID(w.channel, id))
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
			a := w.waitAction(fact.MessageID(w.channel, id))
			wantEqual(t, "verb", a.Verb, bridge.VerbUnknown)
			wantEqual(t, "origin", a.Origin, bridge.OriginSlash)
			wantEqual(t, "it is explicit", a.Explicit, false)
		})
	}
}

// Somebody who is no agent is mentioned by their name in Teams, because the engine doesn't know it.
func TestMentionOfSomebodyWhoIsNoAgent(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	p := w.newPost(bridge.PostLine, "unknown")
	p.Line = &bridge.Line{Content: bridge.LineNotMapped, Mentions: []bridge.AgentRef{bridge.You(ben)}}
	place := w.mustSend(p)
	wantWords(t, w.fake.Message(w.channel, place.Message).HTML, "<at>Ben Kim</at> Nothing was sent")
	w.wantNoProblems()
}
