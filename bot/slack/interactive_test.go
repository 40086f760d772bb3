package slack

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"parley/bot/slack/fact"
	"parley/bot/slack/slackfake"
	"parley/bridge"
	"parley/channels"
)

// withFacts lets the desk know the conversation, at Parley's time if one is given.
func (st *stage) withFacts(now ...time.Time) {
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
		if len(now) > 0 {
			f.Now = now[0]
		}
		return f, nil
	}
	st.desk.people = []bridge.AgentRef{{ID: 1, Name: "Ann", User: "U0ANN"}, {ID: 2, Name: "Ben", User: "U0BEN"}}
}

// button gives the action id of the button with this label.
func button(t *testing.T, blocks json.RawMessage, label string) string {
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

// view waits for the modal that user sees on top and that matches.
func (st *stage) view(user string, match func(v *slackfake.View) bool) *slackfake.View {
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
		st.t.Fatalf("no such view; seen: %+v", got)
	}
	return got
}

func isForm(v *slackfake.View) bool { return v.CallbackID == "form" }

func (st *stage) click(at bridge.Place, label string) *slackfake.Outcome {
	st.t.Helper()
	blocks := st.fake.Message(at.Channel, at.Message).Blocks
	out, err := st.fake.As(st.ann).Click(st.ctx(), slackfake.Target{Channel: at.Channel, TS: at.Message}, button(st.t, blocks, label))
	must(st.t, err)
	if out.Error != "" {
		st.t.Fatalf("%s: %+v", label, out)
	}
	return out
}

func TestFormFromCard(t *testing.T) {
	t.Parallel()
	st := newStage(t, true)
	st.withFacts()
	root := st.root()
	st.click(root, "Snooze")
	v := st.view(st.ann, isForm)
	block := firstInput(t, v)
	bad, err := st.fake.As(st.ann).Submit(st.ctx(), v.ID, map[string][]string{"f:other/v": {"blurgh"}, block + "/v": {}})
	if err == nil && len(bad.Errors) == 0 {
		t.Errorf("nonsense passed: %+v", bad)
	}
	if n := st.desk.Number("i:"); n != 0 {
		t.Fatalf("stored without being valid: %v", st.desk.IDs())
	}
	out, err := st.fake.As(st.ann).Submit(st.ctx(), v.ID, map[string][]string{"f:other/v": {"2h"}})
	must(t, err)
	f := st.desk.First(t, "i:")
	if out.Error != "" || len(out.Errors) != 0 || out.View != nil {
		t.Errorf("outcome %+v", out)
	}
	a := st.decode(f)
	if a.Verb != bridge.VerbSnooze || a.Args.Until != "2h" || a.Args.Conversation != 12 || a.Origin != bridge.OriginForm || a.Actor.ID != st.ann || a.Place.Message != root.Message {
		t.Errorf("got %+v", a)
	}
	if f.OrderKey != fact.OrderKey(st.ch, root.Message) {
		t.Errorf("order key %q", f.OrderKey)
	}
}

// The days in a form are those of Parley's clock, which may not be the machine's.
func TestFormByParleysClock(t *testing.T) {
	t.Parallel()
	st := newStage(t, true)
	st.withFacts(time.Date(2031, 3, 3, 12, 0, 0, 0, time.UTC))
	st.click(st.root(), "Snooze")
	v := st.view(st.ann, isForm)
	if !strings.Contains(string(v.Blocks), "Tomorrow (Tue 4 Mar 09:00)") {
		t.Errorf("the form offers %s", v.Blocks)
	}
	if bad, err := st.fake.As(st.ann).Submit(st.ctx(), v.ID, map[string][]string{"f:other/v": {"2031-03-03 11:00"}}); err != nil || len(bad.Errors) == 0 {
		t.Errorf("an hour ago was taken: %+v, %v", bad, err)
	}
}

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

// A button that acts at once is stored before it is acknowledged; case 27: a double click is
// two facts, since Slack gives each its trigger.
func TestButton(t *testing.T) {
	t.Parallel()
	st := newStage(t, true)
	root := st.root()
	p := st.post(bridge.PostLine, root, "t1")
	p.Line = &bridge.Line{Content: &bridge.AskLine{}, Text: "Sure?", Verbs: []bridge.Verb{bridge.VerbSend, bridge.VerbKeep}, Args: bridge.Args{Message: 7}}
	sent := st.send(p)
	at := bridge.Place{Channel: st.ch, Message: sent.Message}
	label := "Send to customer"
	if !strings.Contains(string(st.fake.Message(st.ch, sent.Message).Blocks), label) {
		t.Fatalf("blocks %s", st.fake.Message(st.ch, sent.Message).Blocks)
	}
	st.click(at, label)
	st.click(at, label)
	if n := st.desk.Number("i:"); n != 2 {
		t.Fatalf("facts %v", st.desk.IDs())
	}
	f := st.desk.First(t, "i:")
	a := st.decode(f)
	if a.Verb != bridge.VerbSend || a.Args.Message != 7 || a.Origin != bridge.OriginButton || a.Place != (bridge.Place{Channel: st.ch, Thread: root.Message, Message: sent.Message}) {
		t.Errorf("got %+v", a)
	}
	if f.OrderKey != fact.OrderKey(st.ch, root.Message) {
		t.Errorf("order key %q", f.OrderKey)
	}
}

// What can't be stored is not acknowledged: the person sees that it failed.
func TestButtonThatIsNotStored(t *testing.T) {
	t.Parallel()
	st := newStage(t, true, func(_ *Options, f *slackfake.Options) { f.AckTimeout = 2 * time.Second })
	root := st.root()
	p := st.post(bridge.PostLine, root, "t1")
	p.Line = &bridge.Line{Content: &bridge.AskLine{}, Text: "Sure?", Verbs: []bridge.Verb{bridge.VerbKeep}, Args: bridge.Args{Message: 7}}
	sent := st.send(p)
	st.desk.Refuse(channels.ErrOverloaded)
	m := st.fake.Message(st.ch, sent.Message)
	out, err := st.fake.As(st.ann).Click(st.ctx(), slackfake.Target{Channel: st.ch, TS: m.TS}, "b:keep::"+strings.Split(string(m.Blocks), "b:keep::")[1][:1])
	must(t, err)
	if out.Error == "" {
		t.Error("acknowledged")
	}
}

// A form that takes long to make is announced by a waiting view, in time for its trigger.
func TestSlowForm(t *testing.T) {
	t.Parallel()
	if maxFormDelay > 1500*time.Millisecond {
		t.Errorf("it is announced after %s; Slack's triggers live for 3 s", maxFormDelay)
	}
	st := newStage(t, true)
	st.withFacts()
	root := st.root()
	slow := make(chan struct{})
	st.desk.mu.Lock()
	st.desk.slow = slow
	st.desk.mu.Unlock()
	st.click(root, "Resolve")
	st.view(st.ann, func(v *slackfake.View) bool {
		return v.CallbackID == "card" && strings.Contains(string(v.Blocks), "Loading")
	})
	close(slow)
	st.view(st.ann, isForm)
}

// Case 27: an expired trigger opens nothing and breaks nothing, and whoever pressed is told, alone.
func TestExpiredTrigger(t *testing.T) {
	t.Parallel()
	st := newStage(t, true)
	st.withFacts()
	root := st.root()
	st.fake.Inject(slackfake.Fault{Method: "views.open", Kind: slackfake.FaultError, Error: "expired_trigger_id", Times: 1})
	st.click(root, "Resolve")
	must(t, st.fake.WaitFor(st.ctx(), func() bool { return len(st.fake.Ephemerals(st.ann)) == 1 }))
	if told := st.fake.Ephemerals(st.ann)[0]; told.Text != tooLateText || told.ThreadTS != root.Message {
		t.Errorf("told %+v", told)
	}
	st.click(root, "Resolve")
	st.view(st.ann, isForm)
}

func TestDetailsAndTheirButtons(t *testing.T) {
	t.Parallel()
	st := newStage(t, true)
	st.withFacts()
	root := st.root()
	st.click(root, "More")
	v := st.view(st.ann, func(v *slackfake.View) bool {
		return v.CallbackID == "card" && !strings.Contains(string(v.Blocks), "Loading")
	})
	out, err := st.fake.As(st.ann).Click(st.ctx(), slackfake.Target{View: v.ID}, button(t, v.Blocks, "History"))
	must(t, err)
	if out.Error != "" {
		t.Fatalf("%+v", out)
	}
	st.view(st.ann, func(v *slackfake.View) bool {
		return strings.Contains(string(v.Blocks), "assigned") && len(st.fake.Views(st.ann)) == 2
	})
}

// A form that was opened from the details closes them too: they show what was before.
func TestFormClosesDetails(t *testing.T) {
	t.Parallel()
	st := newStage(t, true)
	st.withFacts()
	st.click(st.root(), "More")
	v := st.view(st.ann, func(v *slackfake.View) bool {
		return v.CallbackID == "card" && strings.Contains(string(v.Blocks), `"Note"`)
	})
	_, err := st.fake.As(st.ann).Click(st.ctx(), slackfake.Target{View: v.ID}, button(t, v.Blocks, "Note"))
	must(t, err)
	form := st.view(st.ann, isForm)
	out, err := st.fake.As(st.ann).Submit(st.ctx(), form.ID, map[string][]string{"f:text/v": {"Asked the warehouse"}})
	must(t, err)
	if n := len(st.fake.Views(st.ann)); out.Error != "" || n != 0 {
		t.Errorf("%d windows stay: %+v", n, out)
	}
}

// Of the form to assign, one click on a name hands the conversation over; its owner isn't among them.
//
func TestHandOver(t *testing.T) {
	t.Parallel()
	st := newStage(t, true)
	st.withFacts()
	root := st.root()
	st.click(root, "Assign")
	v := st.view(st.ann, isForm)
	out, err := st.fake.As(st.ann).Click(st.ctx(), slackfake.Target{View: v.ID}, button(t, v.Blocks, "Ben"))
	must(t, err)
	if out.Error != "" {
		t.Fatalf("%+v", out)
	}
	st.desk.Wait(t, "it is handed over", func() bool { return st.desk.Number("i:") == 1 })
	facts := st.desk.Accepted()
	if a := st.decode(facts[len(facts)-1]); a.Verb != bridge.VerbAssign || !slices.Equal(a.Args.Agents, []string{"U0BEN"}) || a.Args.Conversation != 12 {
		t.Errorf("%+v", a)
	}
	st.view(st.ann, func(v *slackfake.View) bool { return v.CallbackID == "card" })
}

// A list's buttons show the next list, or page, in the place of the one before: Slack refuses a fourth
// window on top of three.
func TestListsFollowEachOther(t *testing.T) {
	t.Parallel()
	st := newStage(t, true)
	p := st.post(bridge.PostLine, st.root(), "t1")
	p.Line = &bridge.Line{Content: &bridge.ListLine{List: "mine", Rows: []bridge.Facts{sampleFacts()}, More: true}, Args: bridge.Args{ListArgs: bridge.ListArgs{List: "mine"}}}
	at := slackfake.Target{Channel: st.ch, TS: st.send(p).Message}
	blocks := st.fake.Message(at.Channel, at.TS).Blocks
	for _, list := range []string{"All", "Team", "All", "Team", "Mine"} {
		out, err := st.fake.As(st.ann).Click(st.ctx(), at, button(t, blocks, list))
		must(t, err)
		if out.Error != "" {
			t.Fatalf("%s: %+v", list, out)
		}
		v := st.view(st.ann, func(v *slackfake.View) bool { return strings.Contains(string(v.Title), list) })
		at, blocks = slackfake.Target{View: v.ID}, v.Blocks
	}
	if n := len(st.fake.Views(st.ann)); n != 1 {
		t.Errorf("%d windows are open", n)
	}
}

func TestProblemIsShown(t *testing.T) {
	t.Parallel()
	st := newStage(t, true)
	st.withFacts()
	root := st.root()
	ben := st.fake.Admin.AddUser(slackfake.User{ID: "U0BEN", Name: "ben"})
	must(t, st.fake.Admin.Invite(st.ch, ben.ID, st.ann))
	blocks := st.fake.Message(st.ch, root.Message).Blocks
	_, err := st.fake.As(ben.ID).Click(st.ctx(), slackfake.Target{Channel: st.ch, TS: root.Message}, button(t, blocks, "More"))
	must(t, err)
	st.view(ben.ID, func(v *slackfake.View) bool { return strings.Contains(string(v.Blocks), "You may not see this.") })
}

func TestShortcuts(t *testing.T) {
	t.Parallel()
	st := newStage(t, true)
	st.withFacts()
	root := st.root()
	ts := st.say(root.Message, "Dear *customer*")
	use := func(callback string) {
		out, err := st.fake.As(st.ann).Shortcut(st.ctx(), callback, st.ch, ts)
		must(t, err)
		if out.Error != "" {
			t.Errorf("%s: %+v", callback, out)
		}
	}
	for n, verb := range map[string]bridge.Verb{"conv_undo": bridge.VerbUndo, "conv_send": bridge.VerbSend} {
		before := st.desk.Number("i:")
		use(n)
		facts := st.desk.Accepted()
		if st.desk.Number("i:") != before+1 {
			t.Fatalf("%s: %v", n, st.desk.IDs())
		}
		a := st.decode(facts[len(facts)-1])
		if a.Verb != verb || a.Origin != bridge.OriginShortcut || a.Place != (bridge.Place{Channel: st.ch, Thread: root.Message, Message: ts}) || !a.OwnThread {
			t.Errorf("got %+v", a)
		}
	}
	use("conv_note")
	st.view(st.ann, func(v *slackfake.View) bool { return isForm(v) && strings.Contains(string(v.Blocks), "customer") })
	for _, n := range []string{"conv_assign", "conv_snooze", "conv_tag", "conv_resolve"} {
		for _, v := range st.fake.Views(st.ann) {
			_, _ = st.fake.As(st.ann).CloseView(st.ctx(), v.ID, true) //nolint:errcheck // closed with the first
		}
		use(n)
		st.view(st.ann, isForm)
	}
}
