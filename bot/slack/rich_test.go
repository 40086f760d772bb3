package slack

import (
	"errors"
	"strings"
	"testing"

	"parley/bot/slack/blockkit"
	"parley/bot/slack/slackfake"
	"parley/bot/view"
	"parley/bot/view/viewtest"
	"parley/bridge"
)

// fill submits the form on top and gives what came of it.
func (st *stage) fill(v *slackfake.View, fields map[string]string) *slackfake.Outcome {
	st.t.Helper()
	values := map[string][]string{}
	for name, value := range fields {
		values["f:"+name+"/v"] = []string{value}
	}
	out, err := st.fake.As(st.ann).Submit(st.ctx(), v.ID, values)
	must(st.t, err)
	return out
}

// has waits for a form with a field.
func has(field string) func(*slackfake.View) bool {
	return func(v *slackfake.View) bool {
		return isForm(v) && strings.Contains(string(v.Blocks), `"block_id":"f:`+field+`"`)
	}
}

// The global shortcut asks for the account, then for the rest; what is wrong is said at its
// field, an open conversation is shown instead, and sending it twice asks once.
func TestStartByShortcut(t *testing.T) {
	t.Parallel()
	st := newStage(t, true)
	st.withFacts()
	st.desk.accounts = viewtest.Accounts()
	st.desk.mayStart = func(s bridge.Start) (bridge.Facts, error) {
		switch {
		case !strings.Contains(s.Recipient, "@"):
			return bridge.Facts{}, &bridge.Problem{Code: "recipient", Field: "recipient", Text: "“" + s.Recipient + "” is no e-mail address.", Hint: "Write it like ann@example.org."}
		case s.Recipient == "known@example.org":
			return sampleFacts(), nil
		case s.Recipient == "slow@example.org":
			return bridge.Facts{}, errors.New("no database")
		}
		return bridge.Facts{}, nil
	}
	open := func() *slackfake.View {
		_, err := st.fake.As(st.ann).GlobalShortcut(st.ctx(), "conv_start")
		must(t, err)
		st.fill(st.view(st.ann, has("account")), map[string]string{"account": "support-mail"})
		return st.view(st.ann, has("recipient"))
	}
	v := open()
	if out := st.fill(v, map[string]string{"recipient": "eve", "subject": "Lamp", "text": "It is repaired."}); !strings.Contains(out.Errors["f:recipient"], "no e-mail address. Write it") {
		t.Fatalf("a bad recipient: %+v", out)
	}
	st.fill(v, map[string]string{"recipient": "known@example.org", "subject": "Lamp", "text": "It is repaired."})
	st.view(st.ann, func(v *slackfake.View) bool {
		return v.CallbackID == "card" && strings.Contains(string(v.Blocks), "#12")
	})
	if n := st.desk.Number("i:"); n != 0 {
		t.Fatalf("%d actions were stored", n)
	}
	_, err := st.fake.As(st.ann).CloseView(st.ctx(), v.ID, true)
	must(t, err)
	st.fill(open(), map[string]string{"recipient": "slow@example.org", "subject": "Lamp", "text": "It is *repaired*."})
	a := st.decode(st.desk.First(t, "i:"))
	if a.Verb != bridge.VerbNew || a.Args.Account != "support-mail" || a.Args.Recipient != "slow@example.org" || a.Args.Subject != "Lamp" || a.Text != "It is *repaired*." ||
		a.Origin != bridge.OriginForm || a.Form == "" || a.Place.Channel != "" || a.Actor.ID != st.ann {
		t.Errorf("got %+v", a)
	}
}

// A form that is sent again, because its answer was lost, is the same action; one that was
// changed before is another.
func TestFormSentTwice(t *testing.T) {
	t.Parallel()
	st := newStage(t, false)
	me := testSelfOf(st)
	forms, err := samples().Forms()
	must(t, err)
	p := blockkit.Home("").Form(forms["new_mail"], view.Memory{}).PrivateMetadata
	send := func(trigger, text string) {
		var in interaction
		in.Type, in.TriggerID, in.User = "view_submission", trigger, userRef{ID: st.ann}
		in.View = &blockkit.View{ID: "V1", Callback: "form", Private: p}
		in.View.State.Values = map[string]map[string]blockkit.Input{"f:recipient": {"v": {Value: "eve@example.org"}}, "f:text": {"v": {Value: text}}}
		_, err := st.s.intake.responder.handleSubmission(st.ctx(), me, &in, []byte(`{"type":"view_submission"}`))
		must(t, err)
	}
	send("1.1", "Hello")
	send("1.2", "Hello")
	if n := st.desk.Number("i:"); n != 1 {
		t.Errorf("sent twice: %d actions", n)
	}
	send("1.3", "Hello, Eve")
	if n := st.desk.Number("i:"); n != 2 {
		t.Errorf("changed: %d actions", n)
	}
}

// A command with everything acts at once; one that lacks something opens the form.
func TestStartByCommand(t *testing.T) {
	t.Parallel()
	st := newStage(t, true)
	st.desk.accounts = viewtest.Accounts()
	_, err := st.fake.As(st.ann).Command(st.ctx(), st.ch, "/parley", "new support-mail eve@example.org It is repaired.")
	must(t, err)
	a := st.decode(st.desk.First(t, "i:"))
	if a.Verb != bridge.VerbNew || a.Args.Account != "support-mail" || a.Args.Recipient != "eve@example.org" || a.Text != "It is repaired." || a.Place.Channel != st.ch {
		t.Errorf("got %+v", a)
	}
	_, err = st.fake.As(st.ann).Command(st.ctx(), st.ch, "/parley", "new shop-chat +491715550100")
	must(t, err)
	v := st.view(st.ann, has("recipient"))
	if !strings.Contains(string(v.Blocks), "+491715550100") || strings.Contains(string(v.Blocks), "f:subject") {
		t.Errorf("the form is %s", v.Blocks)
	}
}

// "Reply to customer" under a customer's post, then buttons: two steps, one action that names
// the message.
func TestReplyToThisWithButtons(t *testing.T) {
	t.Parallel()
	st := newStage(t, true)
	st.withFacts()
	st.desk.accounts = viewtest.Accounts()
	st.desk.accounts[0].Can = st.desk.accounts[1].Can
	st.desk.said = []bridge.Said{{MessageID: 7, Text: "Do you have lamps?"}}
	root := st.root()
	_, err := st.fake.As(st.ann).Shortcut(st.ctx(), "conv_reply", root.Channel, root.Message)
	must(t, err)
	v := st.view(st.ann, has("add"))
	if !strings.Contains(string(v.Blocks), "Do you have lamps?") {
		t.Errorf("the form is %s", v.Blocks)
	}
	st.fill(v, map[string]string{"text": "Shall I send one?", "add": "buttons"})
	v = st.view(st.ann, has("choices"))
	if out := st.fill(v, map[string]string{"text": "Shall I send one?", "choices": "a\nb\nc\nd"}); !strings.Contains(out.Errors["f:choices"], "3 is the most") {
		t.Errorf("too many: %+v", out)
	}
	st.fill(v, map[string]string{"text": "Shall I send one?", "choices": "Yes\nNo"})
	a := st.decode(st.desk.First(t, "i:"))
	if a.Verb != bridge.VerbReply || a.Args.Message != 7 || a.Args.Conversation != 12 || a.Text != "Shall I send one?" || !a.Explicit ||
		a.Rich == nil || len(a.Rich.Buttons) != 2 || a.Rich.Buttons[1].Title != "No" {
		t.Errorf("got %+v", a)
	}
}
