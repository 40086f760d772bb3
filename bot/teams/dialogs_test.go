package teams

import (
	"fmt"
	"strings"
	"testing"

	"parley/bot/teams/manifest"
	"parley/bot/teams/teamsfake"
	"parley/bot/teams/teamsfake/client"
	"parley/bot/teams/teamsfake/tenant"
	"parley/bot/verb"
	"parley/bridge"
)

// A dialog stores the action that it asks for before it closes.
func TestDialogBecomesAnAction(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	w.press(w.ann, w.root, "Snooze")
	wantNoDialog(t, w.submit(client.Inputs{"t:other": "2h"}))
	a := w.waitAction(interactionFacts)
	wantEqual(t, "verb", a.Verb, bridge.VerbSnooze)
	wantEqual(t, "until", a.Args.Until, "2h")
	wantEqual(t, "channel", a.Place.Channel, w.channel)
	wantEqual(t, "actor", a.Actor.ID, ann)
	w.wantNoProblems()
}

// A dialog says what is wrong with it, keeps what was typed, stores nothing, and can be submitted again.
func TestDialogWithNonsenseIsRefused(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	w.press(w.ann, w.root, "Snooze")
	wantDialog(t, "a wrong time", w.submit(client.Inputs{"t:other": "when pigs fly"}), "when pigs fly", "⚠️")
	w.wantFacts(interactionFacts, 0)
	wantNoDialog(t, w.submit(client.Inputs{"t:other": "2h"}))
	wantEqual(t, "until", w.waitAction(interactionFacts).Args.Until, "2h")
	w.wantNoProblems()
}

// The window of details opens. Its buttons open further windows, whose actions are stored.
func TestDetailsAndTheirButtons(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	wantDialog(t, "details", w.press(w.ann, w.root, "More"), "kim@example.org")
	wantDialog(t, "a form on top of them", w.pressInDialog("Reply", nil), "t:text")
	wantNoDialog(t, w.submit(client.Inputs{"t:text": "We are **on it**."}))
	wantReply(t, w.waitAction(interactionFacts), "We are **on it**.")
	w.wantNoProblems()
}

// The desk is told once who opens the form of a reply, so that colleagues see who is writing.
// Requirement R-241: Colleagues see who writes.
func TestOpenedReplyFormIsTold(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	w.openReplyForm()
	told := w.desk.Replies()
	if len(told) != 1 {
		t.Fatalf("the desk was told %q, want one form", told)
	}
	if want := "opened #12 " + ann + " "; !strings.HasPrefix(told[0], want) {
		t.Errorf("the desk was told %q, want it to begin with %q", told[0], want)
	}
}

// Somebody who is no longer an agent when they submit a form gets back what they typed into it.
func TestFormOfAFormerAgent(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	w.openReplyForm()
	w.desk.mu.Lock()
	w.desk.agents = nil
	w.desk.mu.Unlock()
	typed := client.Inputs{"t:text": "note: we are on it"} // begins like a note, so that the form would be shown again
	wantDialog(t, "why", w.submit(typed), "I don't know you as an agent.", "we are on it")
	w.wantFacts(interactionFacts, 0)
}

// In the form to assign, one click on a name hands the conversation over.
func TestHandOver(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	w.press(w.ann, w.root, "More")
	w.pressInDialog("Assign", nil)
	wantEqual(t, "error", w.pressInDialog("Ben Kim", nil).Error, "")
	a := w.waitAction(interactionFacts)
	wantEqual(t, "verb", a.Verb, bridge.VerbAssign)
	wantList(t, "agents", a.Args.Agents, []string{ben})
	wantEqual(t, "conversation", a.Args.Conversation, 12)
	w.wantNoProblems()
}

// openStartForm opens the form of a new conversation from the message box of the channel.
func (w *world) openStartForm() {
	w.t.Helper()
	out, err := w.ann.Compose(w.ctx(), w.channel, "", manifest.CommandNew)
	noError(w.t, err)
	wantDialog(w.t, "a new conversation", out, "t:recipient")
}

// In the message box a new conversation can begin.
func TestNewConversation(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	w.openStartForm()
	wantNoDialog(t, w.submit(client.Inputs{"t:recipient": "kim@example.org", "t:text": "Hello Kim"}))
	a := w.waitAction(interactionFacts)
	wantEqual(t, "verb", a.Verb, bridge.VerbNew)
	wantEqual(t, "account", a.Args.Account, "support-mail")
	wantEqual(t, "recipient", a.Args.Recipient, "kim@example.org")
	wantEqual(t, "text", a.Text, "Hello Kim")
	w.wantNoProblems()
}

// If a conversation can't begin, the form says so at the field that is wrong, and keeps what was typed. It can be
// submitted again.
func TestNewConversationThatIsRefused(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	refuse := true
	w.desk.mayStart = func(bridge.Start) (bridge.Facts, error) {
		if refuse {
			return bridge.Facts{}, &bridge.Problem{Code: "bad", Text: "That isn't an address.", Field: "recipient"}
		}
		return bridge.Facts{}, nil
	}
	w.openStartForm()
	in := client.Inputs{"t:recipient": "kim@example.org", "t:text": "Hello Kim"}
	wantDialog(t, "a wrong address", w.submit(in), "That isn't an address.", "Hello Kim")
	w.wantFacts(interactionFacts, 0)

	refuse = false
	wantNoDialog(t, w.submit(in))
	wantEqual(t, "verb", w.waitAction(interactionFacts).Verb, bridge.VerbNew)
	w.wantNoProblems()
}

// The search in the message box finds conversations that the asker may see. A result links to the thread, and its line
// in the list shows the channel's icon, not the name of that icon.
func TestFind(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		query string
		want  int // results
	}{
		{name: "nothing typed", query: "", want: 1},
		{name: "words", query: "printer KIM", want: 1},
		{name: "words that nothing has", query: "nonsense", want: 0},
		{name: "number", query: "#12", want: 1},
		{name: "number without its sign", query: "12", want: 1},
		{name: "number, and words of the same conversation", query: "0012", want: 1},
		{name: "words that are the number of what is closed", query: "4711", want: 1},
		{name: "number that nothing has", query: "#99", want: 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newThreadWorld(t)
			out, err := w.ann.Search(w.ctx(), w.channel, "", manifest.CommandFind, tt.query)
			noError(t, err)

			wantEqual(t, "error", out.Error, "")
			wantEqual(t, "results", len(out.Results), tt.want)
			for _, result := range out.Results {
				wantWords(t, string(result.Card), w.root)
				wantWords(t, string(result.Preview), "📧")
				wantNoWords(t, string(result.Preview), "_")
			}
			w.wantNoProblems()
		})
	}
}

// Somebody who scrolls through the results sees each conversation once and in order, up to the hundred for which Teams
// asks.
func TestScrollThroughWhatWasFound(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ found, perPage, want int }{
		{found: 19, want: 19},
		{found: 20, want: 20},
		{found: 25, want: 25},
		{found: 26, want: 26},
		{found: 58, want: 58},
		{found: 120, want: 100},
		{found: 120, perPage: 10, want: 100},
	} {
		t.Run(fmt.Sprintf("%d by %d", tt.found, tt.perPage), func(t *testing.T) {
			t.Parallel()
			w := newThreadWorld(t)
			w.desk.lamps, w.ann.ResultsPerPage = tt.found, tt.perPage
			out, err := w.ann.Search(w.ctx(), w.channel, "", manifest.CommandFind, "lamp")
			noError(t, err)
			wantEqual(t, "results", len(out.Results), tt.want)
			for n, result := range out.Results {
				wantWords(t, string(result.Preview), fmt.Sprintf("#%d ", 100+n))
			}
			w.wantNoProblems()
		})
	}
}

// If the thread is in another chat, a result names that chat.
func TestFindWhatIsInAnotherChat(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	w.desk.root, w.desk.elsewhere = bridge.Place{}, "Slack"
	out, err := w.ann.Search(w.ctx(), w.channel, "", manifest.CommandFind, "#12")
	noError(t, err)
	wantEqual(t, "results", len(out.Results), 1)
	wantWords(t, string(out.Results[0].Card), "Open the thread", " in Slack")
	w.wantNoProblems()
}

// Somebody whom Parley has never met can search from a team without the app, if a team with the app lists them as a
// member. Parley doesn't note the other team as one with the app.
func TestFindWhereTheAppIsNot(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	elsewhere := w.fake.Admin.AddTeam(teamsfake.Team{Name: "HR"}).ID
	for who, want := range map[string]int{ben: 1, eve: 0} { // Eve is a guest
		out, err := w.fake.As(who).Search(w.ctx(), elsewhere, "", manifest.CommandFind, "printer KIM")
		noError(t, err)
		wantEqual(t, "error", out.Error, "")
		wantEqual(t, "results", len(out.Results), want)
	}
	_, known := w.surface.org.Notes.Team(elsewhere)
	wantEqual(t, "the team is noted", known, false)
}

func TestGuestFindsNothing(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	out, err := w.fake.As(eve).Search(w.ctx(), w.channel, "", manifest.CommandFind, "printer")
	noError(t, err)
	wantEqual(t, "results", len(out.Results), 0)
	w.wantNoProblems()
}

// Each command in a message's menu, but for Send and Undo, opens a form of its verb to fill in, which stores nothing yet.
func TestMenuOpensForms(t *testing.T) {
	t.Parallel()
	for _, v := range verb.InMenu() {
		if v.Name == bridge.VerbUndo || v.Name == bridge.VerbSend { // which have tests of their own
			continue
		}
		t.Run(string(v.Name), func(t *testing.T) {
			t.Parallel()
			w := newThreadWorld(t)
			card := w.choose(ann, w.replyAsAnn("he is **angry**"), manifest.CommandOf(v.Name))
			wantWords(t, card, "Input.")
			wantNoWords(t, card, "Internal error", "marked")
			w.wantFacts(interactionFacts, 0)
			w.wantNoProblems()
		})
	}
}

// The form of a note begins with the message's words.
func TestMenuOpensANoteOfTheMessage(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	card := w.choose(ann, w.replyAsAnn("he is **angry**"), manifest.CommandOf(bridge.VerbNote))
	wantWords(t, card, "he is **angry**")
}

// Send in a message's menu shows the text that would be sent, which is the one that the desk has. Teams may show
// another text if an edit was lost. The form contains the desk's mark of its text, and no field.
func TestMenuOpensTheMessageToSend(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	card := w.choose(ann, w.replyAsAnn("he is **angry**"), manifest.CommandOf(bridge.VerbSend))
	wantWords(t, card, `"text":"`+deskWords+`"`, "marked")
	wantNoWords(t, card, "Internal error", "Input.", "angry")
	w.wantFacts(interactionFacts, 0)
	w.wantNoProblems()
}

// Somebody who sends a colleague's message is told that the colleague would be its author.
func TestMenuOpensAColleaguesMessageToSend(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	card := w.choose(ben, w.replyAsAnn("he is **angry**"), "sendFromMessage")
	wantWords(t, card, "Ann Lee wrote this, and would be its author: send it to Kim Lee?", "Send as Ann Lee")
}

func TestMenuOpensNoFormForAGuest(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	card := w.choose(eve, w.replyAsAnn("he is **angry**"), "resolveFromMessage")
	wantNoWords(t, card, "Input.")
	w.wantFacts(interactionFacts, 0)
}

// Choosing Undo in the menu is enough. Teams demands a dialog, which only says that Parley takes the message back.
func TestUndoFromMenu(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	id := w.replyAsAnn("Too fast")
	wantWords(t, w.choose(ann, id, "undoFromMessage"), "takes it back")
	a := w.waitAction(interactionFacts)
	wantEqual(t, "verb", a.Verb, bridge.VerbUndo)
	wantEqual(t, "origin", a.Origin, bridge.OriginShortcut)
	wantEqual(t, "actor", a.Actor.ID, ann)
	wantEqual(t, "it is our thread", a.OwnThread, true)
	wantEqual(t, "place", a.Place, bridge.Place{Channel: w.channel, Thread: w.root, Message: id})
	w.wantNoProblems()
}

// Choosing Send in the menu of a text that was typed in the channel, outside any thread, is enough. Parley asks below
// the text which customer is meant.
// Requirement R-271: Typed in the channel itself.
func TestSendFromMenuInTheChannel(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	id, err := w.ann.Post(teamsfake.Post{Channel: w.channel, Text: "It costs 5 euros"})
	noError(t, err)
	wantWords(t, w.choose(ann, id, "sendFromMessage"), "who is to get it")
	a := w.waitAction(interactionFacts)
	wantEqual(t, "verb", a.Verb, bridge.VerbSend)
	wantEqual(t, "origin", a.Origin, bridge.OriginShortcut)
	wantEqual(t, "place", a.Place, bridge.Place{Channel: w.channel, Message: id})
	w.wantNoProblems()
}

// In a thread of ours whose conversation isn't recorded yet, Send would act without asking first. So the person who
// chose it is asked to try again.
func TestSendFromMenuInAThreadThatIsNotRecordedYet(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	id := w.replyAsAnn("It costs 5 euros")
	w.desk.root = bridge.Place{}
	wantWords(t, w.choose(ann, id, "sendFromMessage"), "Try again in a moment")
	w.wantFacts(interactionFacts, 0)
}

// Send isn't offered for a message that no teammate typed or that Parley didn't hear.
func TestSendFromMenuOfWhatNobodyTyped(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	card := w.choose(ann, w.root, "sendFromMessage")
	wantWords(t, card, "Parley has no text of a teammate here", "Reply to customer")
	wantNoWords(t, card, "Send this to")
}

func TestGuestCannotUndo(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	w.choose(eve, w.replyAsAnn("Too fast"), "undoFromMessage")
	w.wantFacts(interactionFacts, 0)
	w.wantNoProblems()
}

// In a conversation's thread a reply from the message box is about that conversation.
func TestReplyFromMessageBoxOfAThread(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	out, err := w.ann.Compose(w.ctx(), w.channel, w.root, "replyFromMessage")
	noError(t, err)
	wantDialog(t, "reply", out, "t:text")
}

// Outside a conversation's thread, a reply from the message box asks which conversation it is about.
func TestReplyFromMessageBoxElsewhere(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	out, err := w.ann.Compose(w.ctx(), w.channel, "", "replyFromMessage")
	noError(t, err)
	wantDialog(t, "reply", out, "o:conversation")
	wantDialog(t, "a conversation was picked", w.submit(client.Inputs{"o:conversation": "12"}), "t:text")
	wantNoDialog(t, w.submit(client.Inputs{"t:text": "On our way"}))
	wantReply(t, w.waitAction(interactionFacts), "On our way")
	w.wantNoProblems()
}

// The menus of messages and of the message box work in a channel without the app, too. What Parley tells there gets to a chat.
func TestMenusWhereTheAppIsNot(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	elsewhere := w.fake.Admin.AddTeam(teamsfake.Team{Name: "HR"}).ID
	out, err := w.ann.Compose(w.ctx(), elsewhere, "", manifest.CommandNew)
	noError(t, err)
	wantDialog(t, "a new conversation", out, "t:recipient")
	wantNoDialog(t, w.submit(client.Inputs{"t:recipient": "kim@example.org", "t:text": "Hello Kim"}))
	wantEqual(t, "verb", w.waitAction(interactionFacts).Verb, bridge.VerbNew)

	id, err := w.ann.Post(tenant.Post{Channel: elsewhere, Text: "Hi Kim"})
	noError(t, err)
	out, err = w.ann.MessageAction(w.ctx(), elsewhere, id, manifest.CommandOf(bridge.VerbSnooze))
	noError(t, err)
	wantDialog(t, "a message of no conversation", out, "There is no conversation here.")

	told := w.newWhisper(ann)
	told.Place = bridge.Place{Channel: elsewhere, Thread: id}
	wantEqual(t, "it is told elsewhere", w.mustSend(told).Elsewhere, true)
	w.wantNoProblems()
}
