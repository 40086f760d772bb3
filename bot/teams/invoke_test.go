package teams

import (
	"strings"
	"testing"
	"time"

	"parley/bot/teams/fact"
	"parley/bridge"
)

// postQuestion posts a line that asks Ann whether message 7 is to be sent, and returns its id.
func (w *world) postQuestion() (id string) {
	w.t.Helper()
	return w.postLine(w.root, bridge.Line{
		Content:  &bridge.AskLine{},
		Mentions: []bridge.AgentRef{{ID: 1, Name: "Ann Lee", User: ann}},
		Text:     "Hi",
		Verbs:    []bridge.Verb{bridge.VerbSend, bridge.VerbKeep},
		Args:     bridge.Args{Message: 7},
	})
}

// The button of a line acts on the message that the line is about. The line's place tells it apart from the same button
// of another line.
func TestButtonOfALine(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	line := w.postQuestion()
	out := w.press(w.ann, line, "Keep inside")
	wantEqual(t, "something is answered", out.Message != "" || out.Card != nil, true)
	a := w.waitAction(interactionFacts)
	wantEqual(t, "verb", a.Verb, bridge.VerbKeep)
	wantEqual(t, "message of the conversation", a.Args.Message, 7)
	wantEqual(t, "place", a.Place, bridge.Place{Channel: w.channel, Thread: w.root, Message: line})
	wantEqual(t, "it is our thread", a.OwnThread, true)
	w.wantNoProblems()
}

func TestClickOfAGuestIsNotStored(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	_, err := w.fake.As(eve).Click(w.ctx(), w.channel, w.postQuestion(), "Send to customer", nil)
	noError(t, err)
	w.wantFacts(interactionFacts, 0)
	w.wantNoProblems()
}

// If the same click comes again within a few seconds, it counts as a repetition by Teams and not as a second click. The
// answer says so, in case a person did click. A later click counts, and may be repeated as well.
func TestClickThatComesAgain(t *testing.T) {
	t.Parallel()
	w := newClockedWorld(t)
	line := w.postQuestion()
	clicks := 0
	clickAfter := func(passed time.Duration, wantClicks int) {
		t.Helper()
		w.advance(passed)
		out := w.press(w.ann, line, "Send to customer")
		w.wantFacts(interactionFacts, wantClicks)
		wantEqual(t, "it is said that the click does nothing", strings.Contains(out.Message, "a moment ago"), wantClicks == clicks)
		clicks = wantClicks
	}

	clickAfter(0, 1)
	clickAfter(5*time.Second, 1)
	clickAfter(15*time.Second, 1)
	clickAfter(time.Minute, 2)
	clickAfter(5*time.Second, 2)
	clickAfter(time.Minute, 3)
}

// If a click can't be stored, the person sees an error.
func TestClickThatIsNotStored(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	w.desk.Refuse(errDown)
	out, err := w.ann.Click(w.ctx(), w.channel, w.root, "Take", nil)
	noError(t, err)
	if out.Error == "" {
		t.Errorf("the click is answered with %+v, want an error", out)
	}
}

// A reaction with the emoji of a verb becomes that verb.
func TestReactionThatStandsForAVerb(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	noError(t, w.ann.React(w.channel, w.root, "1f440_eyes"))
	a := w.waitAction(reactionFacts)
	wantEqual(t, "verb", a.Verb, bridge.VerbTake)
	wantEqual(t, "message", a.Place.Message, w.root)
	wantEqual(t, "actor", a.Actor.ID, ann)
	wantEqual(t, "origin", a.Origin, bridge.OriginEmoji)
}

// A reaction that is removed is stored as removed, and one that stands for no verb is stored as a reaction.
func TestOtherReactions(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	noError(t, w.ann.React(w.channel, w.root, "1f440_eyes"))
	w.desk.First(t, reactionFacts)
	noError(t, w.ann.Unreact(w.channel, w.root, "1f440_eyes"))
	noError(t, w.ann.React(w.channel, w.root, "like"))
	w.waitDelivered()
	w.wantVerbs(bridge.VerbTake, bridge.VerbUnreact, bridge.VerbReact)
}

// wantReactionTaken has Ann react to a message with the emoji of Take. It checks that this is stored, and whether the
// message's thread counts as ours when it is stored.
func (w *world) wantReactionTaken(message string, wantOwnThread bool) {
	w.t.Helper()
	noError(w.t, w.ann.React(w.channel, message, "1f440_eyes"))
	a := w.waitAction(reactionFacts + w.channel + ":" + message)
	wantEqual(w.t, "verb", a.Verb, bridge.VerbTake)
	wantEqual(w.t, "its thread is known as ours", a.OwnThread, wantOwnThread)
}

// A reaction to a line of ours that isn't recorded yet is stored. Its thread shows that it is ours.
func TestReactionToAPostThatIsNotRecordedYet(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	p := w.newPost(bridge.PostLine, "early")
	p.Line = &bridge.Line{Content: &bridge.WokeLine{Cause: "customer"}}
	w.wantReactionTaken(w.mustSend(p).Message, true)
}

// Teams reports a reaction to a root without a thread. It is stored, and whether the root is ours is decided when the
// reaction is applied.
func TestReactionToARoot(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	w.wantReactionTaken(w.root, false)
}

// A text that somebody writes in their chat with Parley is a command.
func TestCommandInAPersonalChat(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	id, err := w.ann.Say("inbox")
	noError(t, err)
	a := w.waitAction(fact.MessageID(w.fake.PersonalID(ann), id))
	wantEqual(t, "verb", a.Verb, bridge.VerbList)
	wantEqual(t, "list", a.Args.List, "mine")
	wantEqual(t, "origin", a.Origin, bridge.OriginSlash)
	wantEqual(t, "actor", a.Actor.ID, ann)
	wantEqual(t, "channel", a.Place.Channel, w.fake.PersonalID(ann))
}

// The command `new` in a personal chat writes to a customer. Its message identifies it, so its author can edit or
// delete it while it waits.
func TestStartInAPersonalChatIsChanged(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	chat := w.fake.PersonalID(ann)
	id, err := w.ann.Say("new eve@x.test Wrong words")
	noError(t, err)
	a := w.waitAction(fact.MessageID(chat, id))
	wantEqual(t, "verb", a.Verb, bridge.VerbNew)
	wantEqual(t, "its place", a.TypedPlace(), bridge.Place{Channel: chat, Thread: id, Message: id})
	wantEqual(t, "it has an order", a.TypedOrder() != "", true)

	noError(t, w.ann.Edit(chat, id, "/new eve@x.test Right words"))
	edit := w.waitAction("e:" + chat + ":" + id)
	wantEqual(t, "verb of the edit", edit.Verb, bridge.VerbEdit)
	wantEqual(t, "message of the edit", edit.Place, a.Place)
	wantEqual(t, "text of the edit", edit.Text, "Right words")
	wantEqual(t, "the edit speaks to Parley", edit.MentionsBot, true)

	noError(t, w.ann.Delete(chat, id))
	deletion := w.waitAction(fact.DeleteID(chat, id, 1))
	wantEqual(t, "verb of the deletion", deletion.Verb, bridge.VerbDelete)
	wantEqual(t, "message of the deletion", deletion.Place, a.Place)
}

// A command in a personal chat is answered there.
func TestAnswerInAPersonalChat(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	id, err := w.ann.Say("inbox")
	noError(t, err)
	a := w.waitAction(fact.MessageID(w.fake.PersonalID(ann), id))
	sent := w.mustSend(bridge.Post{
		Kind: bridge.PostEphemeral, Token: "list", Attempt: 1, Place: a.Place, To: ann,
		Line: &bridge.Line{Content: &bridge.ListLine{List: "mine", Rows: []bridge.Facts{sampleFacts()}}},
	})
	chat := w.fake.Personal(ann)
	last := chat[len(chat)-1]
	wantEqual(t, "last message of the chat", last.ID, sent.Message)
	wantWords(t, last.Text+cardTexts(last), "Kim Lee")
	w.wantNoProblems()
}

// helpIn returns the help text for a channel.
func (w *world) helpIn(channel string) string {
	w.t.Helper()
	c, err := w.surface.posts.composePost(w.ctx(), bridge.Post{
		Kind: bridge.PostEphemeral, Token: "help", Attempt: 1, Place: bridge.Place{Channel: channel}, To: ann,
		Line: &bridge.Line{Content: &bridge.HelpLine{}},
	})
	noError(w.t, err)
	return cardText(c.content.page.Card)
}

// In a channel that was never read, help shows only what can be typed where Parley hears nothing but mentions.
func TestHelpInAChannelThatMayNotBeRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t).connect()
	help := w.helpIn(w.channel)
	wantWords(t, help, "@Parley snooze", "@Parley reply:", "/snooze")
	wantNoWords(t, help, "!snooze")
}

// Once a thread has begun in a channel, help knows that the channel may be read.
func TestHelpInAChannelThatMayBeRead(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	help := w.helpIn(w.channel)
	wantWords(t, help, "!snooze", "@Parley", "/snooze", "💤")
	wantNoWords(t, help, "/reply", "↩️") // Teams doesn't report this emoji
}

func TestHelpInAPersonalChat(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	help := w.helpIn(w.fake.PersonalID(ann))
	wantWords(t, help, "snooze TIME", "goes to a customer only behind")
	wantNoWords(t, help, "!", "@Parley", "reply TEXT")
}

// A private answer disappears once one of its buttons has done something, because it shows the state before.
func TestPrivateAnswerGoesWhenItWasUsed(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	p := w.newWhisper(ann)
	p.Line = &bridge.Line{Content: &bridge.SnoozedLine{}, Verbs: []bridge.Verb{bridge.VerbWake}, Args: bridge.Args{Conversation: 12}}
	w.mustSend(p)
	w.press(w.ann, w.fake.Targeted(ann)[0].ID, "Wake")
	noError(t, w.fake.WaitFor(w.ctx(), func() bool { return len(w.fake.Targeted(ann)) == 0 }))
	wantEqual(t, "verb", w.waitAction(interactionFacts).Verb, bridge.VerbWake)
}
