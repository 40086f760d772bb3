package slack

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"parley/bot/slack/fact"
	"parley/bot/slack/slackfake"
	"parley/bridge"
	"parley/channels"
)

// withFacts has the desk know the conversation, which Ann may see.
func (st *stage) withFacts() { st.withFactsAt(time.Time{}) }

// withFactsAt does so by a clock of Parley's own.
func (st *stage) withFactsAt(now time.Time) {
	st.desk.mu.Lock()
	defer st.desk.mu.Unlock()
	st.desk.facts = func(_ bridge.Place, id bridge.ConversationID, user string) (bridge.Facts, error) {
		if id != 0 && id != 12 {
			return bridge.Facts{}, bridge.ErrNoConversation
		}
		if user != st.ann {
			return bridge.Facts{}, &bridge.Problem{Code: "not_allowed", Text: "You may not see this.", Hint: "Ask an admin."}
		}
		f := sampleFacts()
		f.Now = now
		return f, nil
	}
	st.desk.people = []bridge.AgentRef{{ID: 1, Name: "Ann", User: "U0ANN"}, {ID: 2, Name: "Ben", User: "U0BEN"}}
}

// buttonID returns the action id of the button with this label.
func buttonID(t *testing.T, blocks json.RawMessage, label string) string {
	t.Helper()
	var all []struct {
		Elements []struct {
			ID   string `json:"action_id"`
			Text struct {
				Text string `json:"text"`
			} `json:"text"`
		} `json:"elements"`
	}
	must(t, json.Unmarshal(onlyActions(t, blocks), &all))
	for _, b := range all {
		for _, e := range b.Elements {
			if e.Text.Text == label {
				return e.ID
			}
		}
	}
	t.Fatalf("no button %q in %s", label, blocks)
	return ""
}

// onlyActions returns those blocks that have buttons.
func onlyActions(t *testing.T, blocks json.RawMessage) json.RawMessage {
	t.Helper()
	var all []json.RawMessage
	must(t, json.Unmarshal(blocks, &all))
	var out []json.RawMessage
	for _, b := range all {
		if strings.Contains(string(b), `"type":"actions"`) {
			out = append(out, b)
		}
	}
	raw, err := json.Marshal(out)
	must(t, err)
	return raw
}

// waitForWindow waits until the topmost window that a user sees is one that matches, and returns it.
func (st *stage) waitForWindow(user string, match func(v *slackfake.View) bool) *slackfake.View {
	st.t.Helper()
	var got *slackfake.View
	err := st.fake.WaitFor(st.ctx(), func() bool {
		all := st.fake.Views(user)
		if len(all) == 0 {
			return false
		}
		got = all[len(all)-1]
		return match(got)
	})
	if err != nil {
		st.t.Fatalf("no window matches; the topmost is: %+v", got)
	}
	return got
}

// For waitForWindow.
func isForm(v *slackfake.View) bool { return v.CallbackID == "form" }
func isCard(v *slackfake.View) bool { return v.CallbackID == "card" }

// press has Ann press a button of a message.
func (st *stage) press(at bridge.Place, label string) *slackfake.Outcome {
	st.t.Helper()
	blocks := st.fake.Message(at.Channel, at.Message).Blocks
	out, err := st.fake.As(st.ann).Click(st.ctx(), slackfake.Target{Channel: at.Channel, TS: at.Message}, buttonID(st.t, blocks, label))
	must(st.t, err)
	if out.Error != "" {
		st.t.Fatalf("the button %q is answered with %+v, want it to be accepted", label, out)
	}
	return out
}

// A form opens by a button of the card, says what is wrong with its values, and stores one action once they are good.
func TestFormFromCard(t *testing.T) {
	t.Parallel()
	st := newConnectedStage(t)
	st.withFacts()
	root := st.postRoot()
	st.press(root, "Snooze")
	v := st.waitForWindow(st.ann, isForm)
	bad, err := st.fake.As(st.ann).Submit(st.ctx(), v.ID, map[string][]string{"f:other/v": {"blurgh"}, firstInput(t, v) + "/v": {}})
	if err == nil && len(bad.Errors) == 0 {
		t.Errorf("nonsense is answered with %+v, want an error at its field", bad)
	}
	st.wantFacts("i:", 0)

	out := st.submitForm(v, map[string]string{"other": "2h"})
	f := st.desk.First(t, "i:")
	if out.Error != "" || len(out.Errors) != 0 || out.View != nil {
		t.Errorf("the form is answered with %+v, want it to close", out)
	}
	wantEqual(t, "order key", f.OrderKey, fact.OrderKey(st.channel, root.Message))
	a := st.mustDecode(f)
	wantEqual(t, "verb", a.Verb, bridge.VerbSnooze)
	wantEqual(t, "until", a.Args.Until, "2h")
	wantEqual(t, "conversation", a.Args.Conversation, 12)
	wantEqual(t, "origin", a.Origin, bridge.OriginForm)
	wantEqual(t, "author", a.Actor.ID, st.ann)
	wantEqual(t, "message", a.Place.Message, root.Message)
}

// The days in a form are those of Parley's clock, which may not be the machine's.
func TestFormByParleysClock(t *testing.T) {
	t.Parallel()
	st := newConnectedStage(t)
	st.withFactsAt(time.Date(2031, 3, 3, 12, 0, 0, 0, time.UTC))
	st.press(st.postRoot(), "Snooze")
	v := st.waitForWindow(st.ann, isForm)
	wantWords(t, string(v.Blocks), "Tomorrow (Tue 4 Mar 09:00)")
	if out := st.submitForm(v, map[string]string{"other": "2031-03-03 11:00"}); len(out.Errors) == 0 {
		t.Errorf("an hour ago is answered with %+v, want an error at its field", out)
	}
}

// firstInput returns the id of a window's first field.
func firstInput(t *testing.T, v *slackfake.View) string {
	t.Helper()
	var all []struct {
		Type string `json:"type"`
		ID   string `json:"block_id"`
	}
	must(t, json.Unmarshal(v.Blocks, &all))
	for _, b := range all {
		if b.Type == "input" {
			return b.ID
		}
	}
	t.Fatalf("no input in %s", v.Blocks)
	return ""
}

// ask posts a line that asks whether message 7 is to be sent.
func (st *stage) postQuestion(root bridge.Place, verbs ...bridge.Verb) bridge.Sent {
	st.t.Helper()
	p := st.newPost(bridge.PostLine, root, "t1")
	p.Line = &bridge.Line{Content: &bridge.AskLine{}, Text: "Sure?", Verbs: verbs, Args: bridge.Args{Message: 7}}
	return st.mustSend(p)
}

// A button that acts at once is stored before it is acknowledged. Case 27: a double click is two facts, since Slack gives each its
// trigger.
func TestButton(t *testing.T) {
	t.Parallel()
	st := newConnectedStage(t)
	root := st.postRoot()
	sent := st.postQuestion(root, bridge.VerbSend, bridge.VerbKeep)
	for range 2 {
		st.press(bridge.Place{Channel: st.channel, Message: sent.Message}, "Send to customer")
	}
	st.wantFacts("i:", 2)
	f := st.desk.First(t, "i:")
	wantEqual(t, "order key", f.OrderKey, fact.OrderKey(st.channel, root.Message))
	a := st.mustDecode(f)
	wantEqual(t, "verb", a.Verb, bridge.VerbSend)
	wantEqual(t, "message that is meant", a.Args.Message, 7)
	wantEqual(t, "origin", a.Origin, bridge.OriginButton)
	wantEqual(t, "place", a.Place, bridge.Place{Channel: st.channel, Thread: root.Message, Message: sent.Message})
}

// What can't be stored is not acknowledged, so that the person sees that it failed.
func TestButtonThatIsNotStored(t *testing.T) {
	t.Parallel()
	st := newConnectedStage(t, func(_ *Options, f *slackfake.Options) { f.AckTimeout = 2 * time.Second })
	sent := st.postQuestion(st.postRoot(), bridge.VerbKeep)
	st.desk.Refuse(channels.ErrOverloaded)
	m := st.fake.Message(st.channel, sent.Message)
	keep := "b:keep::" + strings.Split(string(m.Blocks), "b:keep::")[1][:1]
	out, err := st.fake.As(st.ann).Click(st.ctx(), slackfake.Target{Channel: st.channel, TS: m.TS}, keep)
	must(t, err)
	if out.Error == "" {
		t.Errorf("the click is answered with %+v, want an error", out)
	}
}

// Slack's triggers live for 3 seconds. A form that takes longer to make is announced by a window that says so.
func TestSlowForm(t *testing.T) {
	t.Parallel()
	if most := 1500 * time.Millisecond; maxFormDelay > most {
		t.Errorf("the form is announced after %s, want at most %s", maxFormDelay, most)
	}
	st := newConnectedStage(t)
	st.withFacts()
	root := st.postRoot()
	slow := make(chan struct{})
	st.desk.mu.Lock()
	st.desk.slow = slow
	st.desk.mu.Unlock()
	st.press(root, "Resolve")
	st.waitForWindow(st.ann, func(v *slackfake.View) bool { return isCard(v) && strings.Contains(string(v.Blocks), "Loading") })
	close(slow)
	st.waitForWindow(st.ann, isForm)
}

// Case 27: a trigger that has expired opens nothing. Who pressed is told so, alone, and can press again.
func TestExpiredTrigger(t *testing.T) {
	t.Parallel()
	st := newConnectedStage(t)
	st.withFacts()
	root := st.postRoot()
	st.fake.Inject(slackfake.Fault{Method: "views.open", Kind: slackfake.FaultError, Error: "expired_trigger_id", Times: 1})
	st.press(root, "Resolve")
	must(t, st.fake.WaitFor(st.ctx(), func() bool { return len(st.fake.Ephemerals(st.ann)) == 1 }))
	told := st.fake.Ephemerals(st.ann)[0]
	wantEqual(t, "what Ann is told", told.Text, tooLateText)
	wantEqual(t, "thread in which she is told", told.ThreadTS, root.Message)
	st.press(root, "Resolve")
	st.waitForWindow(st.ann, isForm)
}

// The details open by a button of the card, and another window, on top of them, by a button of theirs.
func TestDetailsAndTheirButtons(t *testing.T) {
	t.Parallel()
	st := newConnectedStage(t)
	st.withFacts()
	root := st.postRoot()
	st.press(root, "More")
	v := st.waitForWindow(st.ann, func(v *slackfake.View) bool { return isCard(v) && !strings.Contains(string(v.Blocks), "Loading") })
	st.pressInWindow(v, "History")
	st.waitForWindow(st.ann, func(v *slackfake.View) bool {
		return strings.Contains(string(v.Blocks), "assigned") && len(st.fake.Views(st.ann)) == 2
	})
}

// pressInWindow has Ann press a button of a window.
func (st *stage) pressInWindow(v *slackfake.View, label string) {
	st.t.Helper()
	out, err := st.fake.As(st.ann).Click(st.ctx(), slackfake.Target{View: v.ID}, buttonID(st.t, v.Blocks, label))
	must(st.t, err)
	if out.Error != "" {
		st.t.Fatalf("the button %q is answered with %+v, want it to be accepted", label, out)
	}
}

// A form that was opened from the details closes them too: they show what was before.
func TestFormClosesDetails(t *testing.T) {
	t.Parallel()
	st := newConnectedStage(t)
	st.withFacts()
	st.press(st.postRoot(), "More")
	v := st.waitForWindow(st.ann, func(v *slackfake.View) bool { return isCard(v) && strings.Contains(string(v.Blocks), `"Note"`) })
	st.pressInWindow(v, "Note")
	out := st.submitForm(st.waitForWindow(st.ann, isForm), map[string]string{"text": "Asked the warehouse"})
	wantEqual(t, "error of the form", out.Error, "")
	wantEqual(t, "open windows", len(st.fake.Views(st.ann)), 0)
}

// In the form to assign, one click on a name hands the conversation over. Its owner isn't among the names.
//
func TestHandOver(t *testing.T) {
	t.Parallel()
	st := newConnectedStage(t)
	st.withFacts()
	st.press(st.postRoot(), "Assign")
	st.pressInWindow(st.waitForWindow(st.ann, isForm), "Ben")
	a := st.waitAction("i:")
	wantEqual(t, "verb", a.Verb, bridge.VerbAssign)
	wantEqual(t, "assigned to", strings.Join(a.Args.Agents, " "), "U0BEN")
	wantEqual(t, "conversation", a.Args.Conversation, 12)
	st.waitForWindow(st.ann, isCard)
}

// A list's buttons show the next list, or page, in the place of the one before: Slack refuses a fourth window on top of three.
func TestListsFollowEachOther(t *testing.T) {
	t.Parallel()
	st := newConnectedStage(t)
	p := st.newPost(bridge.PostLine, st.postRoot(), "t1")
	p.Line = &bridge.Line{Content: &bridge.ListLine{List: "mine", Rows: []bridge.Facts{sampleFacts()}, More: true},
		Args: bridge.Args{ListArgs: bridge.ListArgs{List: "mine"}}}
	at := slackfake.Target{Channel: st.channel, TS: st.mustSend(p).Message}
	blocks := st.fake.Message(at.Channel, at.TS).Blocks
	for _, list := range []string{"All", "Team", "All", "Team", "Mine"} {
		out, err := st.fake.As(st.ann).Click(st.ctx(), at, buttonID(t, blocks, list))
		must(t, err)
		if out.Error != "" {
			t.Fatalf("the button %q is answered with %+v, want it to be accepted", list, out)
		}
		v := st.waitForWindow(st.ann, func(v *slackfake.View) bool { return strings.Contains(string(v.Title), list) })
		at, blocks = slackfake.Target{View: v.ID}, v.Blocks
	}
	wantEqual(t, "open windows", len(st.fake.Views(st.ann)), 1)
}

// Who may not see a conversation is told so in the window that was to show it.
func TestProblemIsShown(t *testing.T) {
	t.Parallel()
	st := newConnectedStage(t)
	st.withFacts()
	root := st.postRoot()
	ben := st.fake.Admin.AddUser(slackfake.User{ID: "U0BEN", Name: "ben"})
	must(t, st.fake.Admin.Invite(st.channel, ben.ID, st.ann))
	blocks := st.fake.Message(st.channel, root.Message).Blocks
	_, err := st.fake.As(ben.ID).Click(st.ctx(), slackfake.Target{Channel: st.channel, TS: root.Message}, buttonID(t, blocks, "More"))
	must(t, err)
	st.waitForWindow(ben.ID, func(v *slackfake.View) bool { return strings.Contains(string(v.Blocks), "You may not see this.") })
}

// useShortcut has Ann use a shortcut in a message's menu.
func (st *stage) useShortcut(callback, ts string) {
	st.t.Helper()
	out, err := st.fake.As(st.ann).Shortcut(st.ctx(), callback, st.channel, ts)
	must(st.t, err)
	if out.Error != "" {
		st.t.Errorf("the shortcut %s is answered with %+v, want it to be accepted", callback, out)
	}
}

// A shortcut that needs nothing more is stored at once.
func TestShortcuts(t *testing.T) {
	t.Parallel()
	st := newConnectedStage(t)
	st.withFacts()
	root := st.postRoot()
	ts := st.postAsAnn(root.Message, "Dear *customer*")
	for callback, verb := range map[string]bridge.Verb{"conv_undo": bridge.VerbUndo, "conv_send": bridge.VerbSend} {
		before := st.desk.Number("i:")
		st.useShortcut(callback, ts)
		st.wantFacts("i:", before+1)
		a := st.lastAction()
		wantEqual(t, callback+": verb", a.Verb, verb)
		wantEqual(t, callback+": origin", a.Origin, bridge.OriginShortcut)
		wantEqual(t, callback+": place", a.Place, bridge.Place{Channel: st.channel, Thread: root.Message, Message: ts})
		wantEqual(t, callback+": in a thread of ours", a.OwnThread, true)
	}
}

// Others open their form, that of a note with the message's words.
func TestShortcutsWithForms(t *testing.T) {
	t.Parallel()
	st := newConnectedStage(t)
	st.withFacts()
	ts := st.postAsAnn(st.postRoot().Message, "Dear *customer*")
	st.useShortcut("conv_note", ts)
	st.waitForWindow(st.ann, func(v *slackfake.View) bool { return isForm(v) && strings.Contains(string(v.Blocks), "customer") })
	for _, callback := range []string{"conv_assign", "conv_snooze", "conv_tag", "conv_resolve"} {
		for _, v := range st.fake.Views(st.ann) {
			_, _ = st.fake.As(st.ann).CloseView(st.ctx(), v.ID, true) //nolint:errcheck // closed with the first
		}
		st.useShortcut(callback, ts)
		st.waitForWindow(st.ann, isForm)
	}
}
