package teams

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"parley/bot/teams/fact"
	"parley/bot/teams/manifest"
	"parley/bot/teams/teamsfake"
	"parley/bot/teams/teamsfake/client"
	"parley/bot/verb"
	"parley/bridge"
)

// TestDialogs: a form opens, says what is wrong with it and keeps what was typed; what is
// right is stored before it closes; a form that was sent twice asks for one thing.
func TestDialogs(t *testing.T) {
	t.Parallel()
	w, d, root, p := talk(t)
	w.click(p, root, "Snooze")
	out, err := p.Submit(within(t), "", client.Inputs{"t:other": "when pigs fly"})
	must(t, err)
	if out.Dialog == nil || !strings.Contains(string(out.Dialog.Card), "when pigs fly") || !strings.Contains(string(out.Dialog.Card), "⚠️") {
		t.Fatalf("a wrong time: %+v", out)
	}
	if d.Number("i:") != 0 {
		t.Error("it was stored all the same")
	}
	out, err = p.Submit(within(t), "", client.Inputs{"t:other": "2h"})
	must(t, err)
	if out.Dialog != nil || out.Error != "" {
		t.Errorf("a good time: %+v", out)
	}
	if a := w.accepted(d, "i:"); a.Verb != bridge.VerbSnooze || a.Args.Until != "2h" || a.Place.Channel != w.channel || a.Actor.ID != ann {
		t.Errorf("%+v", a)
	}
	w.noProblems()
}

// TestDetails: the window of details opens, its buttons act and open further windows; the desk hears
// who opens the form of a reply.
//
func TestDetails(t *testing.T) {
	t.Parallel()
	w, d, root, p := talk(t)
	out := w.click(p, root, "More")
	if out.Dialog == nil || !strings.Contains(string(out.Dialog.Card), "kim@example.org") {
		t.Fatalf("details: %+v", out)
	}
	out, err := p.Submit(within(t), "Reply", nil)
	must(t, err)
	if out.Dialog == nil || !strings.Contains(string(out.Dialog.Card), "t:text") {
		t.Fatalf("a form on top of it: %+v", out)
	}
	if told := d.Replies(); len(told) != 1 || !strings.HasPrefix(told[0], "opened #12 "+ann+" ") {
		t.Errorf("of the form the desk heard %q", told)
	}
	out, err = p.Submit(within(t), "", client.Inputs{"t:text": "We are **on it**."})
	must(t, err)
	if out.Error != "" || out.Dialog != nil {
		t.Errorf("handed in: %+v", out)
	}
	if a := w.accepted(d, "i:"); a.Verb != bridge.VerbReply || a.Text != "We are **on it**." || !a.Explicit || a.Form == "" || a.Args.Conversation != 12 {
		t.Errorf("%+v", a)
	}
	w.noProblems()
}

// TestHandOver: of the form to assign, one click on a name hands the conversation over.
func TestHandOver(t *testing.T) {
	t.Parallel()
	w, d, root, p := talk(t)
	w.click(p, root, "More")
	_, err := p.Submit(within(t), "Assign", nil)
	must(t, err)
	out, err := p.Submit(within(t), "Ben Kim", nil)
	must(t, err)
	if a := w.accepted(d, "i:"); a.Verb != bridge.VerbAssign || !slices.Equal(a.Args.Agents, []string{ben}) || a.Args.Conversation != 12 || out.Error != "" {
		t.Errorf("%+v: %+v", out, a)
	}
	w.noProblems()
}

// TestNewConversation: from the message box; the first form asks for the account, and what
// can't begin says so at its field.
func TestNewConversation(t *testing.T) {
	t.Parallel()
	w, d, _, p := talk(t)
	refuse := true
	d.mayStart = func(s bridge.Start) (bridge.Facts, error) {
		if refuse {
			return bridge.Facts{}, &bridge.Problem{Code: "bad", Text: "That is no address.", Field: "recipient"}
		}
		return bridge.Facts{}, nil
	}
	out, err := p.Compose(within(t), w.channel, "", manifest.CommandNew)
	must(t, err)
	if out.Dialog == nil || !strings.Contains(string(out.Dialog.Card), "t:recipient") {
		t.Fatalf("%+v", out)
	}
	in := client.Inputs{"t:recipient": "kim@example.org", "t:text": "Hello Kim"}
	out, err = p.Submit(within(t), "", in)
	must(t, err)
	if out.Dialog == nil || !strings.Contains(string(out.Dialog.Card), "That is no address.") || !strings.Contains(string(out.Dialog.Card), "Hello Kim") {
		t.Fatalf("refused: %+v", out)
	}
	refuse = false
	out, err = p.Submit(within(t), "", in)
	must(t, err)
	if out.Error != "" || out.Dialog != nil {
		t.Errorf("handed in: %+v", out)
	}
	if a := w.accepted(d, "i:"); a.Verb != bridge.VerbNew || a.Args.Account != "support-mail" || a.Args.Recipient != "kim@example.org" || a.Text != "Hello Kim" {
		t.Errorf("%+v", a)
	}
	w.noProblems()
}

// TestFind: the search gives what its asker may see, and nothing to a guest.
func TestFind(t *testing.T) {
	t.Parallel()
	w, _, root, p := talk(t)
	for query, want := range map[string]int{"": 1, "printer KIM": 1, "riddle": 0, "#12": 1, "12": 1, "#99": 0} {
		out, err := p.Search(within(t), w.channel, "", manifest.CommandFind, query)
		must(t, err)
		if len(out.Results) != want || out.Error != "" {
			t.Errorf("%q finds %+v", query, out)
		}
		if want > 0 && !strings.Contains(string(out.Results[0].Card), root) {
			t.Errorf("%q doesn't lead to the thread: %s", query, out.Results[0].Card)
		}
		if want > 0 && (strings.Contains(string(out.Results[0].Preview), "_") || !strings.Contains(string(out.Results[0].Preview), "📧")) {
			t.Errorf("the line in the list has no characters for icons: %s", out.Results[0].Preview)
		}
	}
	out, err := w.fake.As(eve).Search(within(t), w.channel, "", manifest.CommandFind, "printer")
	must(t, err)
	if len(out.Results) != 0 {
		t.Errorf("a guest finds %+v", out)
	}
	w.noProblems()
}

// TestMessageMenu: each entry opens the form of its verb, but for Undo; a guest gets none.
func TestMessageMenu(t *testing.T) {
	t.Parallel()
	w, d, root, p := talk(t)
	id, err := p.Reply(w.channel, root, "he is **angry**")
	must(t, err)
	for _, v := range verb.InMenu() {
		if v.Name == bridge.VerbUndo {
			continue
		}
		out, err := p.MessageAction(within(t), w.channel, id, manifest.CommandOf(v.Name))
		must(t, err)
		if out.Dialog == nil || strings.Contains(string(out.Dialog.Card), "Internal error") || strings.Contains(string(out.Dialog.Card), "Input.") == (v.Name == bridge.VerbSend) {
			t.Errorf("%s: %+v", v.Name, out)
		}
		if want := map[bridge.Verb]string{bridge.VerbNote: "he is **angry**", bridge.VerbSend: `"text":"angry"`}[v.Name]; !strings.Contains(string(out.Dialog.Card), want) {
			t.Errorf("%s doesn't show the message: %s", v.Name, out.Dialog.Card)
		}
		if marked := strings.Contains(string(out.Dialog.Card), "marked"); marked != (v.Name == bridge.VerbSend) {
			t.Errorf("%s: what the message says is marked: %t", v.Name, marked)
		}
		must(t, p.CloseDialog())
	}
	out, err := w.fake.As(ben).MessageAction(within(t), w.channel, id, "sendFromMessage")
	must(t, err)
	if out.Dialog == nil || !strings.Contains(string(out.Dialog.Card), "Ann Lee wrote this, and would be its author: send it to Kim Lee?") || !strings.Contains(string(out.Dialog.Card), "Send as Ann Lee") {
		t.Errorf("Ben is asked: %+v", out)
	}
	out, err = w.fake.As(eve).MessageAction(within(t), w.channel, id, "resolveFromMessage")
	must(t, err)
	if out.Dialog == nil || strings.Contains(string(out.Dialog.Card), "Input.") {
		t.Errorf("a guest: %+v", out)
	}
	if d.Number("i:") != 0 {
		t.Error("opening stored something")
	}
	w.noProblems()
}

// TestUndoFromMenu: choosing it is enough; the dialog that Teams must have only says so. A
// guest's choice is nothing.
func TestUndoFromMenu(t *testing.T) {
	t.Parallel()
	w, d, root, p := talk(t)
	id, err := p.Reply(w.channel, root, "Too fast")
	must(t, err)
	out, err := w.fake.As(eve).MessageAction(within(t), w.channel, id, "undoFromMessage")
	must(t, err)
	if out.Dialog == nil || d.Number("i:") != 0 {
		t.Errorf("a guest: %+v", out)
	}
	out, err = p.MessageAction(within(t), w.channel, id, "undoFromMessage")
	must(t, err)
	if out.Dialog == nil || !strings.Contains(string(out.Dialog.Card), "takes it back") {
		t.Errorf("%+v", out)
	}
	if a := w.accepted(d, "i:"); a.Verb != bridge.VerbUndo || a.Origin != bridge.OriginShortcut || a.Actor.ID != ann || !a.OwnThread ||
		a.Place != (bridge.Place{Channel: w.channel, Thread: root, Message: id}) {
		t.Errorf("%+v", a)
	}
	w.noProblems()
}

// TestReplyFromMessageBox: in a conversation's thread it is about that; elsewhere it asks which.
func TestReplyFromMessageBox(t *testing.T) {
	t.Parallel()
	w, d, root, p := talk(t)
	out, err := p.Compose(within(t), w.channel, root, "replyFromMessage")
	must(t, err)
	if out.Dialog == nil || !strings.Contains(string(out.Dialog.Card), "t:text") {
		t.Fatalf("in the thread: %+v", out)
	}
	must(t, p.CloseDialog())
	out, err = p.Compose(within(t), w.channel, "", "replyFromMessage")
	must(t, err)
	if out.Dialog == nil || !strings.Contains(string(out.Dialog.Card), "o:conversation") {
		t.Fatalf("elsewhere: %+v", out)
	}
	out, err = p.Submit(within(t), "", client.Inputs{"o:conversation": "12"})
	must(t, err)
	if out.Dialog == nil || !strings.Contains(string(out.Dialog.Card), "t:text") {
		t.Fatalf("a conversation was picked: %+v", out)
	}
	out, err = p.Submit(within(t), "", client.Inputs{"t:text": "On our way"})
	must(t, err)
	if out.Dialog != nil || out.Error != "" {
		t.Errorf("handed in: %+v", out)
	}
	if a := w.accepted(d, "i:"); a.Verb != bridge.VerbReply || a.Args.Conversation != 12 || a.Text != "On our way" || !a.Explicit {
		t.Errorf("%+v", a)
	}
	w.noProblems()
}

// TestLineButtons: a line's button acts, and is told apart from the same one of another line.
func TestLineButtons(t *testing.T) {
	t.Parallel()
	w, d, root, p := talk(t)
	ask := bridge.Line{Content: &bridge.AskLine{}, Mentions: []bridge.AgentRef{{ID: 1, Name: "Ann Lee", User: ann}}, Text: "Hi", Verbs: []bridge.Verb{bridge.VerbSend, bridge.VerbKeep}, Args: bridge.Args{Message: 7}}
	line := w.line(d, root, ask)
	if out := w.click(p, line, "Keep inside"); out.Message == "" && out.Card == nil {
		t.Errorf("nothing is answered: %+v", out)
	}
	if a := w.accepted(d, "i:"); a.Verb != bridge.VerbKeep || a.Args.Message != 7 || a.Place != (bridge.Place{Channel: w.channel, Thread: root, Message: line}) || !a.OwnThread {
		t.Errorf("%+v", a)
	}
	if out, err := w.fake.As(eve).Click(within(t), w.channel, line, "Send to customer", nil); err != nil || d.Number("i:") != 1 {
		t.Errorf("a guest clicks: %+v, %v", out, err)
	}
	w.noProblems()
}

// TestClickedAgain: a click that comes again by itself is one; a later one is another, and that
// again comes but once.
func TestClickedAgain(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)
	var mu sync.Mutex
	clock := func() time.Time { mu.Lock(); defer mu.Unlock(); return now }
	d := newDesk()
	w := newWorld(t, d, func(o *Options, f *teamsfake.Options) { f.Clock, o.Now = clock, clock }).connect()
	p, line := w.fake.As(ann), w.line(d, w.thread(d), bridge.Line{Content: &bridge.AskLine{}, Text: "Hi", Verbs: []bridge.Verb{bridge.VerbSend}, Args: bridge.Args{Message: 7}})
	for _, step := range []struct {
		after time.Duration
		want  int
	}{{0, 1}, {5 * time.Second, 1}, {15 * time.Second, 1}, {time.Minute, 2}, {5 * time.Second, 2}, {time.Minute, 3}} {
		mu.Lock()
		now = now.Add(step.after)
		mu.Unlock()
		w.click(p, line, "Send to customer")
		if n := d.Number("i:"); n != step.want {
			t.Errorf("%d facts %v later, want %d", n, step.after, step.want)
		}
	}
}

// TestNothingStoredNothingAnswered: while nothing can be stored, a click fails in sight.
func TestNothingStoredNothingAnswered(t *testing.T) {
	t.Parallel()
	w, d, root, p := talk(t)
	d.Refuse(errDown)
	out, err := p.Click(within(t), w.channel, root, "Take", nil)
	must(t, err)
	if out.Error == "" {
		t.Errorf("answered %+v", out)
	}
}

// TestReactions: those that stand for a verb are that verb.
func TestReactions(t *testing.T) {
	t.Parallel()
	w, d, root, p := talk(t)
	must(t, p.React(w.channel, root, "1f440_eyes"))
	if a := w.accepted(d, "r:"); a.Verb != bridge.VerbTake || a.Place.Message != root || a.Actor.ID != ann || a.Origin != bridge.OriginEmoji {
		t.Errorf("%+v", a)
	}
	must(t, p.Unreact(w.channel, root, "1f440_eyes"))
	must(t, p.React(w.channel, root, "like"))
	w.settled()
	var got []bridge.Verb
	for _, a := range w.told(d) {
		got = append(got, a.Verb)
	}
	if len(got) != 3 || got[1] != bridge.VerbUnreact || got[2] != bridge.VerbReact {
		t.Errorf("%v", got)
	}
}

// TestEarlyReaction: what may be a post of ours that isn't recorded yet is waited for.
func TestEarlyReaction(t *testing.T) {
	t.Parallel()
	w, d, root, p := talk(t)
	sent, err := w.s.Send(within(t), bridge.Post{Kind: bridge.PostLine, Token: "early", Attempt: 1, Place: bridge.Place{Channel: w.channel, Thread: root},
		Facts: sampleFacts(), Line: &bridge.Line{Content: &bridge.WokeLine{Cause: "customer"}}})
	must(t, err)
	for _, message := range []string{sent.Message, root} {
		must(t, p.React(w.channel, message, "1f440_eyes"))
		if a := w.accepted(d, "r:"+w.channel+":"+message); a.Verb != bridge.VerbTake || a.OwnThread != (message == sent.Message) {
			t.Errorf("%+v", a)
		}
	}
}

// TestPersonal: what somebody writes to us alone is a command, and is answered there.
func TestPersonal(t *testing.T) {
	t.Parallel()
	w, d, _, p := talk(t)
	id, err := p.Say("inbox")
	must(t, err)
	a := w.accepted(d, fact.MessageID(w.fake.PersonalID(ann), id))
	if a.Verb != bridge.VerbList || a.Args.List != "mine" || a.Origin != bridge.OriginSlash || a.Actor.ID != ann || a.Place.Channel != w.fake.PersonalID(ann) {
		t.Errorf("%+v", a)
	}
	sent, err := w.s.Send(within(t), bridge.Post{Kind: bridge.PostEphemeral, Token: "list", Attempt: 1, Place: a.Place, To: ann,
		Line: &bridge.Line{Content: &bridge.ListLine{List: "mine", Rows: []bridge.Facts{sampleFacts()}}}})
	must(t, err)
	chat := w.fake.Personal(ann)
	if last := chat[len(chat)-1]; last.ID != sent.Message || !strings.Contains(last.Text+cardTexts(last), "Kim Lee") {
		t.Errorf("answered %+v", last)
	}
	w.noProblems()
}

// TestHelp: it says what can be typed where it is read: in a channel that may be read, in one
// where only mentions are heard, and in the chat of somebody with us.
func TestHelp(t *testing.T) {
	t.Parallel()
	help := func(w *world, channel string) string {
		p := bridge.Post{Kind: bridge.PostEphemeral, Token: "help", Attempt: 1, Place: bridge.Place{Channel: channel}, To: ann, Line: &bridge.Line{Content: &bridge.HelpLine{}}}
		c, err := w.s.posts.composePost(within(t), p)
		must(t, err)
		return cardText(c.content.page.Card)
	}
	w, _, root, _ := talk(t)
	if unread := help(w, w.channel); strings.Contains(unread, "!snooze") || !strings.Contains(unread, "@Parley snooze") || !strings.Contains(unread, "@Parley reply:") || !strings.Contains(unread, "/snooze") {
		t.Errorf("where nothing was read yet: %s", unread)
	}
	if _, err := w.s.Confirm(within(t), bridge.Place{Channel: w.channel, Thread: root, Message: root}, ""); err != nil {
		t.Fatal(err)
	}
	reads := help(w, w.channel)
	if !strings.Contains(reads, "!snooze") || !strings.Contains(reads, "@Parley") || !strings.Contains(reads, "/snooze") || strings.Contains(reads, "/reply") {
		t.Errorf("where we may read: %s", reads)
	}
	if strings.Contains(reads, "↩️") || !strings.Contains(reads, "💤") {
		t.Errorf("emoji that Teams doesn't tell of are offered, or others aren't: %s", reads)
	}
	if private := help(w, w.fake.PersonalID(ann)); strings.Contains(private, "!") || strings.Contains(private, "@Parley") || strings.Contains(private, "reply TEXT") || !strings.Contains(private, "snooze TIME") {
		t.Errorf("in private: %s", private)
	}
}

func cardTexts(m *teamsfake.Message) (all string) {
	for _, raw := range m.Cards {
		all += cardText(raw)
	}
	return all
}

// A private answer goes once one of its buttons did something: what it says was so before.
func TestPrivateAnswerGoesWhenItWasUsed(t *testing.T) {
	t.Parallel()
	w, d, root, p := talk(t)
	_, err := w.s.Send(within(t), bridge.Post{Kind: bridge.PostEphemeral, Token: "whisper", Attempt: 1, Place: bridge.Place{Channel: w.channel, Thread: root}, To: ann, Facts: sampleFacts(),
		Line: &bridge.Line{Content: &bridge.SnoozedLine{}, Verbs: []bridge.Verb{bridge.VerbWake}, Args: bridge.Args{Conversation: 12}}})
	must(t, err)
	w.click(p, w.fake.Targeted(ann)[0].ID, "Wake")
	must(t, w.fake.WaitFor(within(t), func() bool { return len(w.fake.Targeted(ann)) == 0 }))
	if a := w.accepted(d, "i:"); a.Verb != bridge.VerbWake {
		t.Errorf("stored: %+v", a)
	}
}
