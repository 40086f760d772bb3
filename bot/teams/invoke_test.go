package teams

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"parley/bot/teams/fact"
	"parley/bot/teams/manifest"
	"parley/bot/teams/teamsfake"
	"parley/bot/teams/teamsfake/client"
	"parley/bot/verb"
	"parley/bridge"
)

// A form says what is wrong with it and keeps what was typed. What is right is stored before it closes.
func TestDialogs(t *testing.T) {
	t.Parallel()
	w := newTalk(t)
	w.press(w.ann, w.root, "Snooze")
	wantDialog(t, "a wrong time", w.submit("", client.Inputs{"t:other": "when pigs fly"}), "when pigs fly", "⚠️")
	w.wantFacts("i:", 0)
	wantNoDialog(t, w.submit("", client.Inputs{"t:other": "2h"}))
	a := w.waitAction("i:")
	wantEqual(t, "verb", a.Verb, bridge.VerbSnooze)
	wantEqual(t, "until", a.Args.Until, "2h")
	wantEqual(t, "channel", a.Place.Channel, w.channel)
	wantEqual(t, "actor", a.Actor.ID, ann)
	w.wantNoProblems()
}

// The window of details opens, and its buttons act and open further windows. The desk hears who opens the form of a reply.
//
func TestDetails(t *testing.T) {
	t.Parallel()
	w := newTalk(t)
	wantDialog(t, "details", w.press(w.ann, w.root, "More"), "kim@example.org")
	wantDialog(t, "a form on top of them", w.submit("Reply", nil), "t:text")
	heard := w.desk.Replies()
	if len(heard) != 1 || !strings.HasPrefix(heard[0], "opened #12 "+ann+" ") {
		t.Errorf("of the form the desk heard %q, want once that Ann opened it", heard)
	}
	wantNoDialog(t, w.submit("", client.Inputs{"t:text": "We are **on it**."}))
	w.wantReply(w.waitAction("i:"), "We are **on it**.")
	w.wantNoProblems()
}

// wantReply checks that a form asks for a reply in the conversation.
func (w *world) wantReply(a bridge.Action, text string) {
	w.t.Helper()
	wantEqual(w.t, "verb", a.Verb, bridge.VerbReply)
	wantEqual(w.t, "text", a.Text, text)
	wantEqual(w.t, "it is explicit", a.Explicit, true)
	wantEqual(w.t, "the form is known", a.Form != "", true)
	wantEqual(w.t, "conversation", a.Args.Conversation, 12)
}

// In the form to assign, one click on a name hands the conversation over.
func TestHandOver(t *testing.T) {
	t.Parallel()
	w := newTalk(t)
	w.press(w.ann, w.root, "More")
	w.submit("Assign", nil)
	wantEqual(t, "error", w.submit("Ben Kim", nil).Error, "")
	a := w.waitAction("i:")
	wantEqual(t, "verb", a.Verb, bridge.VerbAssign)
	wantList(t, "agents", a.Args.Agents, []string{ben})
	wantEqual(t, "conversation", a.Args.Conversation, 12)
	w.wantNoProblems()
}

// In the message box a new conversation can begin. What can't begin says so at its field, and keeps what was typed.
func TestNewConversation(t *testing.T) {
	t.Parallel()
	w := newTalk(t)
	refuse := true
	w.desk.mayStart = func(s bridge.Start) (bridge.Facts, error) {
		if refuse {
			return bridge.Facts{}, &bridge.Problem{Code: "bad", Text: "That is no address.", Field: "recipient"}
		}
		return bridge.Facts{}, nil
	}
	out, err := w.ann.Compose(w.ctx(), w.channel, "", manifest.CommandNew)
	must(t, err)
	wantDialog(t, "a new conversation", out, "t:recipient")
	in := client.Inputs{"t:recipient": "kim@example.org", "t:text": "Hello Kim"}
	wantDialog(t, "a wrong address", w.submit("", in), "That is no address.", "Hello Kim")
	refuse = false
	wantNoDialog(t, w.submit("", in))
	a := w.waitAction("i:")
	wantEqual(t, "verb", a.Verb, bridge.VerbNew)
	wantEqual(t, "account", a.Args.Account, "support-mail")
	wantEqual(t, "recipient", a.Args.Recipient, "kim@example.org")
	wantEqual(t, "text", a.Text, "Hello Kim")
	w.wantNoProblems()
}

// The search gives what its asker may see. What it gives leads to the thread.
func TestFind(t *testing.T) {
	t.Parallel()
	w := newTalk(t)
	for query, want := range map[string]int{"": 1, "printer KIM": 1, "riddle": 0, "#12": 1, "12": 1, "#99": 0} {
		out, err := w.ann.Search(w.ctx(), w.channel, "", manifest.CommandFind, query)
		must(t, err)
		wantEqual(t, fmt.Sprintf("error of %q", query), out.Error, "")
		wantEqual(t, fmt.Sprintf("results of %q", query), len(out.Results), want)
		for _, result := range out.Results {
			wantWords(t, string(result.Card), w.root)
			wantWords(t, string(result.Preview), "📧")
			wantEqual(t, "the line in the list has the names of icons", strings.Contains(string(result.Preview), "_"), false)
		}
	}
	w.wantNoProblems()
}

// A guest finds nothing.
func TestFindAsGuest(t *testing.T) {
	t.Parallel()
	w := newTalk(t)
	out, err := w.fake.As(eve).Search(w.ctx(), w.channel, "", manifest.CommandFind, "printer")
	must(t, err)
	wantEqual(t, "results", len(out.Results), 0)
	w.wantNoProblems()
}

// choose lets somebody choose a command in the menu of a message, and returns the card of the dialog that opens.
func (w *world) choose(who, message, command string) string {
	w.t.Helper()
	out, err := w.fake.As(who).MessageAction(w.ctx(), w.channel, message, command)
	must(w.t, err)
	return wantDialog(w.t, command+" for "+who, out)
}

// Each command in a message's menu but Undo opens the form of its verb, which stores nothing yet.
func TestMessageMenu(t *testing.T) {
	t.Parallel()
	w := newTalk(t)
	id, err := w.ann.Reply(w.channel, w.root, "he is **angry**")
	must(t, err)
	shown := map[bridge.Verb]string{bridge.VerbNote: "he is **angry**", bridge.VerbSend: `"text":"angry"`} // of the message, by some verbs
	for _, v := range verb.InMenu() {
		if v.Name == bridge.VerbUndo {
			continue
		}
		card, isSend := w.choose(ann, id, manifest.CommandOf(v.Name)), v.Name == bridge.VerbSend
		what := string(v.Name) + ": "
		wantEqual(t, what+"it is an error", strings.Contains(card, "Internal error"), false)
		wantEqual(t, what+"there is something to fill in", strings.Contains(card, "Input."), !isSend)
		wantEqual(t, what+"what the message says is marked", strings.Contains(card, "marked"), isSend)
		wantWords(t, card, shown[v.Name])
		must(t, w.ann.CloseDialog())
	}
	wantWords(t, w.choose(ben, id, "sendFromMessage"), "Ann Lee wrote this, and would be its author: send it to Kim Lee?", "Send as Ann Lee")
	wantEqual(t, "a guest has something to fill in", strings.Contains(w.choose(eve, id, "resolveFromMessage"), "Input."), false)
	w.wantFacts("i:", 0)
	w.wantNoProblems()
}

// To choose Undo in the menu is enough: the dialog that Teams must have only says so. A guest can't undo anything.
func TestUndoFromMenu(t *testing.T) {
	t.Parallel()
	w := newTalk(t)
	id, err := w.ann.Reply(w.channel, w.root, "Too fast")
	must(t, err)
	w.choose(eve, id, "undoFromMessage")
	w.wantFacts("i:", 0)
	wantWords(t, w.choose(ann, id, "undoFromMessage"), "takes it back")
	a := w.waitAction("i:")
	wantEqual(t, "verb", a.Verb, bridge.VerbUndo)
	wantEqual(t, "origin", a.Origin, bridge.OriginShortcut)
	wantEqual(t, "actor", a.Actor.ID, ann)
	wantEqual(t, "it is our thread", a.OwnThread, true)
	wantEqual(t, "place", a.Place, bridge.Place{Channel: w.channel, Thread: w.root, Message: id})
	w.wantNoProblems()
}

// In a conversation's thread a reply from the message box is about that conversation. Elsewhere it asks which.
func TestReplyFromMessageBox(t *testing.T) {
	t.Parallel()
	w := newTalk(t)
	out, err := w.ann.Compose(w.ctx(), w.channel, w.root, "replyFromMessage")
	must(t, err)
	wantDialog(t, "in the thread", out, "t:text")
	must(t, w.ann.CloseDialog())
	out, err = w.ann.Compose(w.ctx(), w.channel, "", "replyFromMessage")
	must(t, err)
	wantDialog(t, "elsewhere", out, "o:conversation")
	wantDialog(t, "a conversation was picked", w.submit("", client.Inputs{"o:conversation": "12"}), "t:text")
	wantNoDialog(t, w.submit("", client.Inputs{"t:text": "On our way"}))
	w.wantReply(w.waitAction("i:"), "On our way")
	w.wantNoProblems()
}

// The button of a line acts, and is told apart from the same one of another line. A guest's click is nothing.
func TestLineButtons(t *testing.T) {
	t.Parallel()
	w := newTalk(t)
	line := w.postLine(w.root, bridge.Line{Content: &bridge.AskLine{}, Mentions: []bridge.AgentRef{{ID: 1, Name: "Ann Lee", User: ann}}, Text: "Hi",
		Verbs: []bridge.Verb{bridge.VerbSend, bridge.VerbKeep}, Args: bridge.Args{Message: 7}})
	out := w.press(w.ann, line, "Keep inside")
	wantEqual(t, "something is answered", out.Message != "" || out.Card != nil, true)
	a := w.waitAction("i:")
	wantEqual(t, "verb", a.Verb, bridge.VerbKeep)
	wantEqual(t, "message of the conversation", a.Args.Message, 7)
	wantEqual(t, "place", a.Place, bridge.Place{Channel: w.channel, Thread: w.root, Message: line})
	wantEqual(t, "it is our thread", a.OwnThread, true)
	_, err := w.fake.As(eve).Click(w.ctx(), w.channel, line, "Send to customer", nil)
	must(t, err)
	w.wantFacts("i:", 1)
	w.wantNoProblems()
}

// A click that comes again within a few seconds came by itself, and is one. A later one is another, which may come again, too.
func TestClickedAgain(t *testing.T) {
	t.Parallel()
	w := newClockedTalk(t)
	line := w.postLine(w.root, bridge.Line{Content: &bridge.AskLine{}, Text: "Hi", Verbs: []bridge.Verb{bridge.VerbSend}, Args: bridge.Args{Message: 7}})
	for _, step := range []struct {
		after time.Duration
		want  int // clicks so far
	}{
		{after: 0, want: 1},
		{after: 5 * time.Second, want: 1},
		{after: 15 * time.Second, want: 1},
		{after: time.Minute, want: 2},
		{after: 5 * time.Second, want: 2},
		{after: time.Minute, want: 3},
	} {
		w.later(step.after)
		w.press(w.ann, line, "Send to customer")
		w.wantFacts("i:", step.want)
	}
}

// While nothing can be stored, a click fails in sight.
func TestNothingStoredNothingAnswered(t *testing.T) {
	t.Parallel()
	w := newTalk(t)
	w.desk.Refuse(errDown)
	out, err := w.ann.Click(w.ctx(), w.channel, w.root, "Take", nil)
	must(t, err)
	wantEqual(t, "the click fails", out.Error != "", true)
}

// A reaction that stands for a verb is that verb. To take it back, or any other, is told as what it is.
func TestReactions(t *testing.T) {
	t.Parallel()
	w := newTalk(t)
	must(t, w.ann.React(w.channel, w.root, "1f440_eyes"))
	a := w.waitAction("r:")
	wantEqual(t, "message", a.Place.Message, w.root)
	wantEqual(t, "actor", a.Actor.ID, ann)
	wantEqual(t, "origin", a.Origin, bridge.OriginEmoji)
	must(t, w.ann.Unreact(w.channel, w.root, "1f440_eyes"))
	must(t, w.ann.React(w.channel, w.root, "like"))
	w.waitDelivered()
	var got []bridge.Verb
	for _, a := range w.acceptedActions() {
		got = append(got, a.Verb)
	}
	wantList(t, "verbs", got, []bridge.Verb{bridge.VerbTake, bridge.VerbUnreact, bridge.VerbReact})
}

// A reaction to what may be a post of ours that isn't recorded yet is stored, and judged when it is.
func TestEarlyReaction(t *testing.T) {
	t.Parallel()
	w := newTalk(t)
	p := w.newPost(bridge.PostLine, "early")
	p.Line = &bridge.Line{Content: &bridge.WokeLine{Cause: "customer"}}
	early := w.mustSend(p).Message
	for _, message := range []string{early, w.root} {
		must(t, w.ann.React(w.channel, message, "1f440_eyes"))
		a := w.waitAction("r:" + w.channel + ":" + message)
		wantEqual(t, "verb", a.Verb, bridge.VerbTake)
		wantEqual(t, "its thread is known as ours", a.OwnThread, message == early)
	}
}

// What somebody writes to us alone is a command, and is answered there.
func TestPersonal(t *testing.T) {
	t.Parallel()
	w := newTalk(t)
	id, err := w.ann.Say("inbox")
	must(t, err)
	a := w.waitAction(fact.MessageID(w.fake.PersonalID(ann), id))
	wantEqual(t, "verb", a.Verb, bridge.VerbList)
	wantEqual(t, "list", a.Args.List, "mine")
	wantEqual(t, "origin", a.Origin, bridge.OriginSlash)
	wantEqual(t, "actor", a.Actor.ID, ann)
	wantEqual(t, "channel", a.Place.Channel, w.fake.PersonalID(ann))
	sent := w.mustSend(bridge.Post{Kind: bridge.PostEphemeral, Token: "list", Attempt: 1, Place: a.Place, To: ann,
		Line: &bridge.Line{Content: &bridge.ListLine{List: "mine", Rows: []bridge.Facts{sampleFacts()}}}})
	chat := w.fake.Personal(ann)
	last := chat[len(chat)-1]
	wantEqual(t, "last message of the chat", last.ID, sent.Message)
	wantWords(t, last.Text+cardTexts(last), "Kim Lee")
	w.wantNoProblems()
}

// helpIn returns the help as it is shown in a channel.
func (w *world) helpIn(channel string) string {
	w.t.Helper()
	c, err := w.surface.posts.composePost(w.ctx(), bridge.Post{Kind: bridge.PostEphemeral, Token: "help", Attempt: 1,
		Place: bridge.Place{Channel: channel}, To: ann, Line: &bridge.Line{Content: &bridge.HelpLine{}}})
	must(w.t, err)
	return cardText(c.content.page.Card)
}

// wantNoWords checks that what is shown contains none of these words.
func wantNoWords(t *testing.T, shown string, words ...string) {
	t.Helper()
	for _, w := range words {
		if strings.Contains(shown, w) {
			t.Errorf("want no %q in:\n%s", w, shown)
		}
	}
}

// Help says what can be typed where it is read: in a channel where only mentions are heard, in one that may be read, and in the
// chat of somebody with us.
func TestHelp(t *testing.T) {
	t.Parallel()
	w := newWorld(t).connect()
	help := w.helpIn(w.channel) // of which nothing was read yet
	wantWords(t, help, "@Parley snooze", "@Parley reply:", "/snooze")
	wantNoWords(t, help, "!snooze")

	w.openThread()
	help = w.helpIn(w.channel) // which may be read, as we know since a thread began in it
	wantWords(t, help, "!snooze", "@Parley", "/snooze", "💤")
	wantNoWords(t, help, "/reply", "↩️") // Teams doesn't tell of this emoji

	help = w.helpIn(w.fake.PersonalID(ann))
	wantWords(t, help, "snooze TIME")
	wantNoWords(t, help, "!", "@Parley", "reply TEXT")
}

func cardTexts(m *teamsfake.Message) (all string) {
	for _, raw := range m.Cards {
		all += cardText(raw)
	}
	return all
}

// A private answer goes once one of its buttons did something, as it says what was so before.
func TestPrivateAnswerGoesWhenItWasUsed(t *testing.T) {
	t.Parallel()
	w := newTalk(t)
	p := w.newWhisper(ann)
	p.Line = &bridge.Line{Content: &bridge.SnoozedLine{}, Verbs: []bridge.Verb{bridge.VerbWake}, Args: bridge.Args{Conversation: 12}}
	w.mustSend(p)
	w.press(w.ann, w.fake.Targeted(ann)[0].ID, "Wake")
	must(t, w.fake.WaitFor(w.ctx(), func() bool { return len(w.fake.Targeted(ann)) == 0 }))
	wantEqual(t, "verb", w.waitAction("i:").Verb, bridge.VerbWake)
}
