package teams

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"parley/bot/teams/teamsfake"
	"parley/bridge"
)

// A text that begins with one or several mentions of us is a command.
func TestMentionAtTheBeginningIsACommand(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	a := w.typeAsAnn("<@bot> <@bot> resolve done")
	wantEqual(t, "verb", a.Verb, bridge.VerbResolve)
	wantEqual(t, "note", a.Args.Note, "done")
	wantEqual(t, "origin", a.Origin, bridge.OriginMention)
}

// An explicit reply ("reply: …") is for the customer, not for us, even if it begins with a mention of us.
func TestMentionBeforeAnExplicitReply(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	a := w.typeAsAnn("<@bot> reply: we are on it")
	wantEqual(t, "verb", a.Verb, bridge.VerbReply)
	wantEqual(t, "text", a.Text, "we are on it")
	wantEqual(t, "it is explicit", a.Explicit, true)
	wantEqual(t, "it mentions us", a.MentionsBot, false)
}

// If Parley may read the channel, it hears messages that don't mention it.
func TestTextWithoutAMentionIsHeard(t *testing.T) {
	t.Parallel()
	a := newThreadWorld(t).typeAsAnn("We are on it")
	wantEqual(t, "verb", a.Verb, bridge.VerbSay)
	wantEqual(t, "text", a.Text, "We are on it")
	wantEqual(t, "actor", a.Actor.Kind, bridge.ActorPerson)
}

// If Parley may not read the channel, it hears only what mentions it.
func TestOnlyMentionsAreHeardWithoutTheRightToRead(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	w.fake.Entra.SetRSC(false)
	w.replyAsAnn("nobody hears this")
	a := w.typeAsAnn("<@bot> reply: heard")
	wantEqual(t, "verb", a.Verb, bridge.VerbReply)
	wantEqual(t, "text", a.Text, "heard")
	w.waitDelivered()
	w.wantFacts(messageFacts, 1)
}

// chat has Ann write a message that isn't for us, edit it, react to it and delete it.
func (w *world) chat(at teamsfake.Post) {
	w.t.Helper()
	message, err := w.ann.Post(at)
	noError(w.t, err)
	noError(w.t, w.ann.Edit(at.Channel, message, "never mind"))
	noError(w.t, w.ann.React(at.Channel, message, "like"))
	noError(w.t, w.ann.Delete(at.Channel, message))
}

// Parley keeps no message that people write in threads of their own, nor its edits and deletion. It keeps reactions,
// because they may be to a message of ours that isn't recorded yet.
func TestChatterInAThreadOfOthersIsNotKept(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	root, err := w.ann.Post(teamsfake.Post{Channel: w.channel, Text: "<@bot> help"})
	noError(t, err)
	w.waitAction(MessageID(w.channel, root))
	before := len(w.desk.IDs())
	w.chat(teamsfake.Post{Channel: w.channel, Root: root, Text: "our own chat"})
	w.waitDelivered()
	for _, id := range w.desk.IDs()[before:] {
		if !strings.HasPrefix(id, reactionFacts+w.channel) {
			t.Errorf("%s is kept", id)
		}
	}
}

// Parley keeps nothing of what people write in channels that aren't ours. It doesn't even ask Teams who they are.
func TestChatterInAnotherChannelIsNotKept(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	before := w.desk.IDs()
	w.chat(teamsfake.Post{Channel: w.fake.Admin.AddChannel(teamsfake.Channel{Team: w.team, Name: "Lunch"}).ID, Text: "pizza?"})
	w.waitDelivered()
	wantList(t, "what is kept", w.desk.IDs(), before)
	wantEqual(t, "questions who somebody is", len(w.fake.Calls("members.get")), 0)
}

// A message that Teams reports twice, and that can't be stored at first, is stored once.
func TestMessageToldTwiceIsStoredOnce(t *testing.T) {
	t.Parallel()
	const number = 4
	w := newThreadWorld(t, func(_ *Options, f *teamsfake.Options) {
		f.RetryDelays = slices.Repeat([]time.Duration{10 * time.Millisecond}, 1000) // Teams retries until the desk can store
	})
	w.fake.Inject(teamsfake.Fault{Method: "event:message", Kind: teamsfake.FaultDuplicate})

	before := w.desk.Attempts()
	w.desk.Refuse(errDown)
	var wg sync.WaitGroup
	for range number {
		wg.Go(func() {
			if _, err := w.ann.Reply(w.channel, w.root, "once"); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()

	w.desk.Wait(t, "an attempt to store", func() bool { return w.desk.Attempts() > before })
	w.desk.Refuse(nil)
	w.waitDelivered()
	w.wantFacts(messageFacts, number)
	wantEqual(t, "lost activities", len(w.fake.Activities.Lost()), 0)
}

// editThreeTimes has Ann type a message and edit it, also back to what it was, and delete it and bring it back.
func (w *world) editThreeTimes() {
	w.t.Helper()
	id := w.typeAsAnn("one").Place.Message
	for _, text := range []string{"two", "one", "two"} {
		noError(w.t, w.ann.Edit(w.channel, id, text))
		w.waitDelivered()
	}
	for _, change := range []changeOfLife{w.deletion(), w.restoration()} {
		noError(w.t, change.do(w.channel, id))
		w.waitDelivered()
	}
	noError(w.t, w.ann.Edit(w.channel, id, "three"))
	w.waitDelivered()
}

// Each edit has a version of its own, even if the message has had the same text before.
func TestEditsHaveVersionsOfTheirOwn(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	w.editThreeTimes()
	seen := map[string]bool{}
	for _, a := range w.acceptedActions() {
		if a.Verb != bridge.VerbEdit {
			continue
		}
		if a.Version == "" || seen[a.Version] {
			t.Errorf("the edit to %q has the version %q, want a new one", a.Text, a.Version)
		}
		seen[a.Version] = true
	}
	wantEqual(t, "versions", len(seen), 5) // of four edits and of bringing the message back
}

// A deletion says which message was deleted, but not what the message said.
func TestDeletion(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	id := w.typeAsAnn("oops").Place.Message
	noError(t, w.ann.Delete(w.channel, id))
	a := w.waitAction(DeleteID(w.channel, id, 1))
	wantEqual(t, "verb", a.Verb, bridge.VerbDelete)
	wantEqual(t, "place", a.Place, bridge.Place{Channel: w.channel, Thread: w.root, Message: id})
	wantEqual(t, "text", a.Text, "")
}

// hostileLetters is how often hostileText has the letter é.
const hostileLetters = 75_000

// hostileText is as long and odd as a text can be, with a forged mention, a right-to-left override and an emoji of
// several characters.
func hostileText() string {
	return "**<at>Ben Kim</at>** \u202egnp.exe 👩‍👩‍👧 <b>&amp;</b> | `x` " + strings.Repeat("é", hostileLetters)
}

// A hostile text of a customer is posted whole, in as many parts as needed, and mentions nobody.
func TestHostileTextIsPosted(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	post := w.newPost(bridge.PostSaid, "evil")
	post.Said = &bridge.Said{MessageID: 1, From: bridge.PartyRef{Name: "<at>Ann Lee</at>\n**Parley**"}, Text: hostileText()}
	w.mustSendAll(post)
	letters := 0
	for _, m := range w.fake.Thread(w.channel, w.root) {
		if m.Bot {
			letters += strings.Count(m.Text, "é")
			wantEqual(t, "mentions in a message", len(m.Mentions), 0)
		}
	}
	wantEqual(t, "letters", letters, hostileLetters)
	w.wantNoProblems()
}
