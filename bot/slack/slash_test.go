package slack

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"parley/bot/slack/blockkit"
	"parley/bot/slack/slackfake"
	"parley/bridge"
)

// command lets Ann type a command of ours, which has to be taken.
func (st *stage) command(text string) {
	st.t.Helper()
	out, err := st.fake.As(st.ann).Command(st.ctx(), st.ch, "/parley", text)
	must(st.t, err)
	if out.Error != "" {
		st.t.Errorf("%q: %+v", text, out)
	}
}

// lastAction reads what was stored last.
func (st *stage) lastAction() bridge.Action {
	st.t.Helper()
	facts := st.desk.Accepted()
	if len(facts) == 0 {
		st.t.Fatal("nothing stored")
	}
	return st.decode(facts[len(facts)-1])
}

// Case 36: a command has no thread; without a number it asks which conversation is meant.
func TestSlash(t *testing.T) {
	t.Parallel()
	st := newStage(t, true)
	st.withFacts()
	st.root()
	st.command("mine")
	if a := st.lastAction(); a.Verb != bridge.VerbList || a.Args.List != "mine" || a.Place.Channel != st.ch {
		t.Errorf("got %+v", a)
	}
	st.command("find lamp <b>")
	if a := st.lastAction(); a.Verb != bridge.VerbFind || a.Args.Note != "lamp <b>" {
		t.Errorf("got %+v", a)
	}
	st.command("#12 resolve")
	if a := st.lastAction(); a.Verb != bridge.VerbResolve || a.Args.Conversation != 12 {
		t.Errorf("got %+v", a)
	}
	st.command("snoooze 2h")
	if a := st.lastAction(); a.Verb != bridge.VerbUnknown {
		t.Errorf("got %+v", a)
	}
	n := st.desk.Number("i:")
	st.command("snooze 2h") // which one?
	v := st.view(st.ann, isForm)
	if out, err := st.fake.As(st.ann).Submit(st.ctx(), v.ID, map[string][]string{firstInput(t, v) + "/v": {"12"}}); err != nil || out.Error != "" || len(out.Errors) > 0 {
		t.Fatalf("%+v %v", out, err)
	}
	if a := st.lastAction(); st.desk.Number("i:") != n+1 || a.Verb != bridge.VerbSnooze || a.Args.Until != "2h" || a.Args.Conversation != 12 {
		t.Errorf("got %+v", a)
	}
	st.command("note careful *now*") // which one? then it is complete
	v = st.view(st.ann, isForm)
	if out, err := st.fake.As(st.ann).Submit(st.ctx(), v.ID, map[string][]string{firstInput(t, v) + "/v": {"12"}}); err != nil || out.Error != "" {
		t.Fatalf("%+v %v", out, err)
	}
	if a := st.lastAction(); a.Verb != bridge.VerbNote || a.Text != "careful *now*" || a.Args.Conversation != 12 {
		t.Errorf("got %+v", a)
	}
	st.command("assign") // which one? then: to whom?
	v = st.view(st.ann, isForm)
	out, err := st.fake.As(st.ann).Submit(st.ctx(), v.ID, map[string][]string{firstInput(t, v) + "/v": {"12"}})
	if err != nil || out.Error != "" || out.ViewError != "" {
		t.Fatalf("%+v %v", out, err)
	}
	st.view(st.ann, func(v *slackfake.View) bool { return isForm(v) && strings.Contains(string(v.Blocks), "Ben") })
}

// A colleague who is mentioned in a command is named in its texts, as in a typed one, and the engine learns of the mention: it asks
// before the customer reads it.
func TestSlashMentions(t *testing.T) {
	t.Parallel()
	st := newStage(t, true)
	st.withFacts()
	st.root()
	ben := st.fake.Admin.AddUser(slackfake.User{ID: "U0BEN", Name: "ben", RealName: "Ben Kim", Email: "ben@acme.test"}).ID
	st.desk.people = []bridge.AgentRef{{ID: 2, Name: "Ben Kim", User: ben}}
	for text, want := range map[string]bridge.Action{
		"#12 reply: Ok, @ben calls you":       {Verb: bridge.VerbReply, Text: "Ok, @Ben Kim calls you"},
		"new kim@example.org Hi, @ben is ill": {Verb: bridge.VerbNew, Text: "Hi, @Ben Kim is ill"},
		"#12 note @ben look":                  {Verb: bridge.VerbNote, Text: "@Ben Kim look"},
		"#12 resolve @ben did it":             {Verb: bridge.VerbResolve, Args: bridge.Args{Note: "@Ben Kim did it"}},
		"#12 assign @ben":                     {Verb: bridge.VerbAssign},
	} {
		st.command(text)
		if a := st.lastAction(); a.Verb != want.Verb || a.Text != want.Text || a.Args.Note != want.Args.Note || !slices.Equal(a.Mentions, []string{ben}) {
			t.Errorf("%q: %+v", text, a)
		}
	}
	st.command("#12 reply: <!here> it is open again")
	if a := st.lastAction(); a.Text != "@here it is open again" || !slices.Equal(a.Mentions, []string{"here"}) {
		t.Errorf("got %+v", a)
	}

	st.command("reply Ok, @ben calls you") // to whom?
	v := st.view(st.ann, isForm)
	if out, err := st.fake.As(st.ann).Submit(st.ctx(), v.ID, map[string][]string{firstInput(t, v) + "/v": {"12"}}); err != nil || out.Error != "" {
		t.Fatalf("%+v %v", out, err)
	}
	if a := st.lastAction(); a.Verb != bridge.VerbReply || a.Text != "Ok, @Ben Kim calls you" || a.Args.Conversation != 12 || !slices.Equal(a.Mentions, []string{ben}) {
		t.Errorf("got %+v", a)
	}
}

// A menu with more than a hundred entries is asked for while somebody types.
func TestLongMenu(t *testing.T) {
	t.Parallel()
	st := newStage(t, true)
	st.withFacts()
	root := st.root()
	st.desk.mu.Lock()
	for i := range 150 {
		st.desk.people = append(st.desk.people, bridge.AgentRef{ID: bridge.AgentID(10 + i), Name: fmt.Sprintf("Agent %03d", i), User: fmt.Sprintf("U%03d", i)})
	}
	st.desk.mu.Unlock()
	st.click(root, "Assign")
	v := st.view(st.ann, isForm)
	if !strings.Contains(string(v.Blocks), "external_select") {
		t.Fatalf("blocks %s", v.Blocks)
	}
	var inputs []struct {
		ID      string `json:"block_id"`
		Element struct {
			Type string `json:"type"`
		} `json:"element"`
	}
	must(t, json.Unmarshal(v.Blocks, &inputs))
	block := ""
	for _, in := range inputs {
		if strings.HasSuffix(in.Element.Type, "external_select") {
			block = in.ID
		}
	}
	values, err := st.fake.As(st.ann).Suggest(st.ctx(), slackfake.Target{View: v.ID}, block+"/v", "nobody of that name")
	if err != nil || len(values) != 0 {
		t.Errorf("nothing fits, and offered is %v %v", values, err)
	}
	values, err = st.fake.As(st.ann).Suggest(st.ctx(), slackfake.Target{View: v.ID}, block+"/v", "agent 14")
	if err != nil || len(values) != 10 {
		t.Fatalf("%s: %v %v", block, values, err)
	}
	out, err := st.fake.As(st.ann).Submit(st.ctx(), v.ID, map[string][]string{block + "/v": {values[0]}})
	if err != nil || out.Error != "" || len(out.Errors) != 0 {
		t.Fatalf("%+v %v", out, err)
	}
	if a := st.decode(st.desk.First(t, "i:")); a.Verb != bridge.VerbAssign || len(a.Args.Agents) != 1 || a.Args.Agents[0] != values[0] {
		t.Errorf("got %+v", a)
	}
}

// Of 200 long options that fit to what was typed, as many are offered as an answer may hold.
func TestLongMenuIsCut(t *testing.T) {
	t.Parallel()
	st := newStage(t, false)
	st.withFacts()
	for i := range 200 {
		st.desk.people = append(st.desk.people, bridge.AgentRef{ID: bridge.AgentID(10 + i),
			Name: fmt.Sprintf("%03d%s", i, strings.Repeat("l", 72)), User: fmt.Sprintf("%03d%s", i, strings.Repeat("V", 140))})
	}
	form, zone, err := st.s.intake.responder.windows.newFormMaker().Form(st.ctx(), bridge.VerbAssign, bridge.Args{}, samples().Root, st.ann, "")
	must(t, err)
	in := &interaction{User: userRef{ID: st.ann}, BlockID: blockkit.FieldID(form.Fields[0].Name), Value: "l",
		View: &blockkit.View{Private: testSelfOf(st).Home.Form(form, blockkit.Remember(samples().Root, zone, form, when())).PrivateMetadata}}
	answer, err := st.s.intake.responder.windows.suggestOptions(st.ctx(), in)
	must(t, err)
	raw, err := json.Marshal(answer)
	must(t, err)
	if n := len(raw); n >= maxAnswerBytes || len(answer.Options) < 30 || len(answer.Options) >= 100 {
		t.Errorf("%d bytes, %d options", n, len(answer.Options))
	}
}

// Nothing that a client sends back is believed: it is refused or stored, never acted on here.
func TestForgedInteractions(t *testing.T) {
	t.Parallel()
	st := newStage(t, false)
	me := testSelfOf(st)
	send := func(in map[string]any) error {
		body, err := json.Marshal(in)
		must(t, err)
		_, err = st.s.intake.takeInteraction(st.ctx(), me, body)
		return err
	}
	base := func(more map[string]any) map[string]any {
		in := map[string]any{"type": "block_actions", "team": map[string]any{"id": me.Team}, "api_app_id": me.App, "user": map[string]any{"id": "UEVE", "team_id": "T9"}, "trigger_id": "1.2.3"}
		for k, v := range more {
			in[k] = v
		}
		return in
	}
	act := []any{map[string]any{"action_id": "b:take::1", "value": ""}}
	must(t, send(base(map[string]any{"api_app_id": "A9", "actions": act})))
	must(t, send(base(map[string]any{"team": map[string]any{"id": "T9"}, "actions": act})))
	if len(st.desk.IDs()) != 0 {
		t.Fatalf("foreign app or team stored: %v", st.desk.IDs())
	}
	must(t, send(base(map[string]any{"actions": act})))
	if a := st.decode(st.desk.First(t, "i:1.2.3")); a.Actor.Kind != bridge.ActorForeign {
		t.Errorf("got %+v", a)
	}
	must(t, send(base(map[string]any{"actions": []any{map[string]any{"action_id": "b:take::1", "value": "{}{}"}}})))
	must(t, send(base(map[string]any{"actions": []any{map[string]any{"action_id": "nonsense"}}})))
	must(t, send(base(map[string]any{"type": "hologram"})))
	if n := st.desk.Number("q:"); n != 3 {
		t.Errorf("facts %v", st.desk.IDs())
	}
	a, err := st.s.intake.takeInteraction(st.ctx(), me, mustMarshal(t, base(map[string]any{"type": "view_submission", "view": map[string]any{
		"callback_id": "form", "private_metadata": "{", "blocks": []any{map[string]any{"type": "input", "block_id": "f:x"}}}})))
	if err != nil || !strings.Contains(string(mustMarshal(t, a.payload)), "f:x") {
		t.Errorf("%+v %v", a, err)
	}
}

func mustMarshal(t *testing.T, v any) []byte {
	t.Helper()
	raw, err := json.Marshal(v)
	must(t, err)
	return raw
}

// What a message shows holds nothing with which its reader could act in our name.
func TestListHoldsNoToken(t *testing.T) {
	t.Parallel()
	st := newStage(t, true)
	root := st.root()
	p := st.post(bridge.PostLine, root, "t1")
	p.Line = &bridge.Line{Content: &bridge.ListLine{List: "mine", Rows: []bridge.Facts{sampleFacts()}}}
	sent := st.send(p)
	if blocks := string(st.fake.Message(st.ch, sent.Message).Blocks); strings.Contains(blocks, "fakeVerificationToken") {
		t.Error("blocks hold a token")
	}
}

// Nothing that lets its reader act in our name is kept.
func TestSecretsAreNotStored(t *testing.T) {
	t.Parallel()
	st := newStage(t, true)
	root := st.root()
	ts := st.say(root.Message, "x")
	_, err := st.fake.As(st.ann).Shortcut(st.ctx(), "conv_undo", st.ch, ts)
	must(t, err)
	_, err = st.fake.As(st.ann).Command(st.ctx(), st.ch, "/parley", "mine")
	must(t, err)
	st.desk.Wait(t, "both", func() bool { return len(st.desk.Accepted()) >= 3 })
	for _, f := range st.desk.Accepted() {
		raw := string(f.Payload)
		if strings.HasPrefix(f.ExternalID, "i:") && (strings.Contains(raw, "response_url") || strings.Contains(raw, "fakeVerificationToken")) {
			t.Errorf("%s: %s", f.ExternalID, raw)
		}
	}
}
