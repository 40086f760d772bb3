package teams

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"parley/bot/teams/fact"
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

// A backslash before a command's sign, as in \!resolve, makes the sign part of the text. Elsewhere a backslash is a
// character like any other.
func TestTypedBackslash(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	a := w.typeAsAnn(`\!resolve`)
	wantEqual(t, "verb", a.Verb, bridge.VerbSay)
	wantEqual(t, "text", a.Text, "!resolve")
	a = w.typeAsAnn("It is in `C:\\_old`, *really*")
	wantEqual(t, "text with code", a.Text, "It is in `C:\\_old`, *really*")
}

func TestMentionInTheMiddleIsNoCommand(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	a := w.typeAsAnn("please <@bot> resolve this")
	wantEqual(t, "verb", a.Verb, bridge.VerbSay)
	wantEqual(t, "it mentions us", a.MentionsBot, true)
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

// A mention of another bot that has our name isn't a mention of us.
func TestMentionOfANamesake(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	namesake := w.fake.Admin.AddUser(teamsfake.User{Name: "Parley", Bot: true})
	a := w.typeAsAnn("<@" + namesake.ID + "> resolve")
	wantEqual(t, "it mentions us", a.MentionsBot, false)
	if a.Origin == bridge.OriginMention {
		t.Errorf("got the origin %q, want another one", a.Origin)
	}
	if a.Verb == bridge.VerbResolve {
		t.Errorf("got the verb %q, want another one", a.Verb)
	}
	if len(a.Mentions) == 0 {
		t.Error("it mentions nobody, want the namesake")
	}
}

// Plain text that only looks like a mention mentions nobody.
func TestTypedMentionMentionsNobody(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"<at>Parley</at> resolve", "@Parley resolve", "&lt;at&gt;Parley&lt;/at&gt; resolve"} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			w := newThreadWorld(t)
			a := w.typeAsAnn(text)
			wantEqual(t, "it mentions us", a.MentionsBot, false)
			wantEqual(t, "mentions", len(a.Mentions), 0)
			if a.Verb == bridge.VerbResolve {
				t.Errorf("got the verb %q, want another one", a.Verb)
			}
		})
	}
}

// Any kind of space may separate a mention of us from the command behind it.
func TestSpaceBehindAMention(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		text string
	}{
		{name: "no-break space", text: "<@bot>\u00a0resolve"},
		{name: "line break", text: "<@bot>\nresolve"},
		{name: "word joiner", text: "<@bot>  \u2060 resolve"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			wantEqual(t, "verb", newThreadWorld(t).typeAsAnn(tt.text).Verb, bridge.VerbResolve)
		})
	}
}

// A mention of us with nothing behind it asks for help.
func TestMentionAloneAsksForHelp(t *testing.T) {
	t.Parallel()
	a := newThreadWorld(t).typeAsAnn("<@bot>")
	wantEqual(t, "verb", a.Verb, bridge.VerbHelp)
	wantEqual(t, "text", a.Text, "")
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

// Without the right to read, Parley doesn't hear a message before an edit adds a mention of Parley. It takes the edited
// words at once and doesn't wait for the original ones.
func TestForgottenMentionWithoutTheRightToRead(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	w.fake.Entra.SetRSC(false)
	heard := w.typeAsAnn("<@bot> reply: heard")
	_, err := w.surface.Confirm(w.ctx(), heard.Place, heard.Text) // Graph refuses to show it
	noError(t, err)

	noError(t, w.ann.Edit(w.channel, w.replyAsAnn("reply: On its way"), "<@bot> reply: On its way"))
	a := w.waitAction("e:")
	wantEqual(t, "text", a.Text, "On its way")
	wantEqual(t, "it comes with the words of an edit", a.Edited, true)
}

// A command at top level is heard, and isn't in a thread.
func TestCommandAtTopLevel(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	id, err := w.ann.Post(teamsfake.Post{Channel: w.channel, Text: "<@bot> help"})
	noError(t, err)
	a := w.waitAction(fact.MessageID(w.channel, id))
	wantEqual(t, "verb", a.Verb, bridge.VerbHelp)
	wantEqual(t, "it is our thread", a.OwnThread, false)
	wantEqual(t, "thread", a.Place.Thread, "")
	wantEqual(t, "message", a.Place.Message, id)
}

// A command in somebody's own thread is heard, and isn't in a thread of ours.
func TestCommandInAThreadOfOthers(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	root, err := w.ann.Post(teamsfake.Post{Channel: w.channel, Text: "<@bot> help"})
	noError(t, err)
	a := w.typeAs(w.ann, root, "<@bot> resolve")
	wantEqual(t, "it is our thread", a.OwnThread, false)
	wantEqual(t, "thread", a.Place.Thread, root)
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
	w.waitAction(fact.MessageID(w.channel, root))
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

// change is one thing that happened to a message.
type change struct {
	verb bridge.Verb // restored if it came back
	text string
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

// Each edit is stored, even if the message has had the same text before.
func TestEditsAreTold(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	w.editThreeTimes()
	var got []change
	for _, a := range w.acceptedActions() {
		if a.Restored {
			a.Verb = restored
		}
		got = append(got, change{verb: a.Verb, text: a.Text})
	}
	wantList(t, "what became of the message", got, []change{
		{verb: bridge.VerbSay, text: "one"},
		{verb: bridge.VerbEdit, text: "two"},
		{verb: bridge.VerbEdit, text: "one"},
		{verb: bridge.VerbEdit, text: "two"},
		{verb: bridge.VerbDelete},
		{verb: restored, text: "two"},
		{verb: bridge.VerbEdit, text: "three"},
	})
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

// When the surface reads the thread, it doesn't store again what Teams has reported.
func TestEditsThatWereToldAreNotFoundAgain(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	w.editThreeTimes()
	before := w.desk.IDs()
	noError(t, w.catchUp())
	wantList(t, "facts", w.desk.IDs(), before)
}

// A deletion says which message was deleted, but not what the message said.
func TestDeletion(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	id := w.typeAsAnn("oops").Place.Message
	noError(t, w.ann.Delete(w.channel, id))
	a := w.waitAction(fact.DeleteID(w.channel, id, 1))
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

// A hostile text that somebody types comes through whole, and mentions nobody.
func TestHostileTextIsTyped(t *testing.T) {
	t.Parallel()
	a := newThreadWorld(t).typeAsAnn(hostileText())
	wantEqual(t, "verb", a.Verb, bridge.VerbSay)
	wantEqual(t, "mentions", len(a.Mentions), 0)
	wantEqual(t, "the family stays one character", strings.Contains(a.Text, "👩‍👩‍👧"), true)
	wantEqual(t, "letters", strings.Count(a.Text, "é"), hostileLetters)
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
