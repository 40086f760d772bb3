package slack

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"testing"

	"parley/bot/slack/blockkit"
	"parley/bot/slack/slackfake"
	"parley/bridge"
)

// typeCommand has Ann type a command of ours, which has to be accepted.
func (st *stage) typeCommand(text string) {
	st.t.Helper()
	out, err := st.fake.As(st.ann).Command(st.ctx(), st.channel, "/parley", text)
	must(st.t, err)
	if out.Error != "" {
		st.t.Errorf("%q is answered with %+v, want it to be accepted", text, out)
	}
}

// lastAction decodes what was stored last.
func (st *stage) lastAction() bridge.Action {
	st.t.Helper()
	facts := st.desk.Accepted()
	if len(facts) == 0 {
		st.t.Fatal("nothing is stored")
	}
	return st.mustDecode(facts[len(facts)-1])
}

// pickConversation answers the window that asks which conversation is meant.
func (st *stage) pickConversation(id string) {
	st.t.Helper()
	v := st.waitForWindow(st.ann, isForm)
	out, err := st.fake.As(st.ann).Submit(st.ctx(), v.ID, map[string][]string{firstInput(st.t, v) + "/v": {id}})
	must(st.t, err)
	if out.Error != "" || out.ViewError != "" || len(out.Errors) > 0 {
		st.t.Fatalf("the window is answered with %+v, want it to be accepted", out)
	}
}

// A command stores what it asks for.
func TestSlash(t *testing.T) {
	t.Parallel()
	st := newConnectedStage(t)
	st.withFacts()
	for text, want := range map[string]bridge.Action{
		"mine":          {Verb: bridge.VerbList, Args: bridge.Args{ListArgs: bridge.ListArgs{List: "mine"}}},
		"find lamp <b>": {Verb: bridge.VerbFind, Args: bridge.Args{Note: "lamp <b>"}},
		"#12 resolve":   {Verb: bridge.VerbResolve, Args: bridge.Args{Conversation: 12}},
	} {
		st.typeCommand(text)
		a := st.lastAction()
		wantEqual(t, text+": verb", a.Verb, want.Verb)
		wantEqual(t, text+": list", a.Args.List, want.Args.List)
		wantEqual(t, text+": note", a.Args.Note, want.Args.Note)
		wantEqual(t, text+": conversation", a.Args.Conversation, want.Args.Conversation)
		wantEqual(t, text+": channel", a.Place.Channel, st.channel)
	}
	st.typeCommand("snoooze 2h")
	wantEqual(t, "verb of a mistyped command", st.lastAction().Verb, bridge.VerbUnknown)
}

// Case 36: a command has no thread. Without a number it asks which conversation is meant, and then, if something is missing, for that.
func TestSlashAsksWhichConversation(t *testing.T) {
	t.Parallel()
	st := newConnectedStage(t)
	st.withFacts()
	for text, want := range map[string]bridge.Action{
		"snooze 2h":          {Verb: bridge.VerbSnooze, Args: bridge.Args{Until: "2h"}},
		"note careful *now*": {Verb: bridge.VerbNote, Text: "careful *now*"},
	} {
		before := st.desk.Number("i:")
		st.typeCommand(text)
		st.pickConversation("12")
		st.wantFacts("i:", before+1)
		a := st.lastAction()
		wantEqual(t, text+": verb", a.Verb, want.Verb)
		wantEqual(t, text+": until", a.Args.Until, want.Args.Until)
		wantEqual(t, text+": text", a.Text, want.Text)
		wantEqual(t, text+": conversation", a.Args.Conversation, 12)
	}
	st.typeCommand("assign")
	st.pickConversation("12")
	st.waitForWindow(st.ann, func(v *slackfake.View) bool { return isForm(v) && strings.Contains(string(v.Blocks), "Ben") })
}

// A colleague who is mentioned in a command is named in its text, as in a message, and the engine learns of the mention, so that it
// can ask before the customer reads it.
func TestSlashMentions(t *testing.T) {
	t.Parallel()
	st := newConnectedStage(t)
	st.withFacts()
	st.postRoot()
	ben := st.fake.Admin.AddUser(slackfake.User{ID: "U0BEN", Name: "ben", RealName: "Ben Kim", Email: "ben@acme.test"}).ID
	st.desk.people = []bridge.AgentRef{{ID: 2, Name: "Ben Kim", User: ben}}
	for text, want := range map[string]bridge.Action{
		"#12 reply: Ok, @ben calls you":       {Verb: bridge.VerbReply, Text: "Ok, @Ben Kim calls you"},
		"new kim@example.org Hi, @ben is ill": {Verb: bridge.VerbNew, Text: "Hi, @Ben Kim is ill"},
		"#12 note @ben look":                  {Verb: bridge.VerbNote, Text: "@Ben Kim look"},
		"#12 resolve @ben did it":             {Verb: bridge.VerbResolve, Args: bridge.Args{Note: "@Ben Kim did it"}},
		"#12 assign @ben":                     {Verb: bridge.VerbAssign},
	} {
		st.typeCommand(text)
		a := st.lastAction()
		wantEqual(t, text+": verb", a.Verb, want.Verb)
		wantEqual(t, text+": text", a.Text, want.Text)
		wantEqual(t, text+": note", a.Args.Note, want.Args.Note)
		wantEqual(t, text+": mentions", strings.Join(a.Mentions, " "), ben)
	}
	st.typeCommand("#12 reply: <!here> it is open again")
	wantEqual(t, "text with a mention of all", st.lastAction().Text, "@here it is open again")
	wantEqual(t, "mention of all", strings.Join(st.lastAction().Mentions, " "), "here")

	st.typeCommand("reply Ok, @ben calls you")
	st.pickConversation("12")
	a := st.lastAction()
	wantEqual(t, "verb", a.Verb, bridge.VerbReply)
	wantEqual(t, "text", a.Text, "Ok, @Ben Kim calls you")
	wantEqual(t, "conversation", a.Args.Conversation, 12)
	wantEqual(t, "mentions", strings.Join(a.Mentions, " "), ben)
}

// A menu with more than a hundred entries is asked for while somebody types into it.
func TestLongMenu(t *testing.T) {
	t.Parallel()
	st := newConnectedStage(t)
	st.withFacts()
	root := st.postRoot()
	st.desk.mu.Lock()
	for i := range 150 {
		st.desk.people = append(st.desk.people, bridge.AgentRef{ID: bridge.AgentID(10 + i), Name: fmt.Sprintf("Agent %03d", i), User: fmt.Sprintf("U%03d", i)})
	}
	st.desk.mu.Unlock()
	st.press(root, "Assign")
	v := st.waitForWindow(st.ann, isForm)
	wantWords(t, string(v.Blocks), "external_select")
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
	suggest := func(typed string) []string {
		t.Helper()
		values, err := st.fake.As(st.ann).Suggest(st.ctx(), slackfake.Target{View: v.ID}, block+"/v", typed)
		must(t, err)
		return values
	}
	wantEqual(t, "entries that nothing fits", len(suggest("nobody of that name")), 0)
	values := suggest("agent 14") // 140 to 149
	if len(values) != 10 {
		t.Fatalf("got the entries %v, want ten", values)
	}
	out, err := st.fake.As(st.ann).Submit(st.ctx(), v.ID, map[string][]string{block + "/v": {values[0]}})
	must(t, err)
	if out.Error != "" || len(out.Errors) != 0 {
		t.Fatalf("the form is answered with %+v, want it to be accepted", out)
	}
	a := st.waitAction("i:")
	wantEqual(t, "verb", a.Verb, bridge.VerbAssign)
	wantEqual(t, "assigned to", strings.Join(a.Args.Agents, " "), values[0])
}

// Of 200 long options that fit to what was typed, no more are offered than an answer may hold.
func TestLongMenuIsCut(t *testing.T) {
	t.Parallel()
	st := newStage(t)
	st.withFacts()
	for i := range 200 {
		st.desk.people = append(st.desk.people, bridge.AgentRef{ID: bridge.AgentID(10 + i),
			Name: fmt.Sprintf("%03d%s", i, strings.Repeat("l", 72)), User: fmt.Sprintf("%03d%s", i, strings.Repeat("V", 140))})
	}
	form, zone, err := st.surface.intake.responder.windows.newFormMaker().Form(st.ctx(), bridge.VerbAssign, bridge.Args{}, samples().Root, st.ann, "")
	must(t, err)
	in := &interaction{User: userRef{ID: st.ann}, BlockID: blockkit.FieldID(form.Fields[0].Name), Value: "l",
		View: &blockkit.View{Private: st.self().Home.Form(form, blockkit.Remember(samples().Root, zone, form, when())).PrivateMetadata}}
	answer, err := st.surface.intake.responder.windows.suggestOptions(st.ctx(), in)
	must(t, err)
	raw, err := json.Marshal(answer)
	must(t, err)
	if n := len(raw); n >= maxAnswerBytes {
		t.Errorf("got an answer of %d bytes, want less than %d", n, maxAnswerBytes)
	}
	if n := len(answer.Options); n < 30 || n >= 100 {
		t.Errorf("got %d options, want 30 to 99", n)
	}
}

// takeInteraction takes what a client sends back: for us and by Eve, whom we don't know, but for what more says.
func (st *stage) takeInteraction(more map[string]any) (answer, error) {
	st.t.Helper()
	me := st.self()
	in := map[string]any{"type": "block_actions", "team": map[string]any{"id": me.Team}, "api_app_id": me.App,
		"user": map[string]any{"id": "UEVE", "team_id": "T9"}, "trigger_id": "1.2.3"}
	maps.Copy(in, more)
	return st.surface.intake.takeInteraction(st.ctx(), me, mustMarshal(st.t, in))
}

// Nothing that a client sends back is believed: it is left out, or stored with who sent it, and never acted on here.
func TestForgedInteractions(t *testing.T) {
	t.Parallel()
	take := []any{map[string]any{"action_id": "b:take::1", "value": ""}}
	for name, more := range map[string]map[string]any{
		"for another app":  {"api_app_id": "A9", "actions": take},
		"for another team": {"team": map[string]any{"id": "T9"}, "actions": take},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			st := newStage(t)
			_, err := st.takeInteraction(more)
			must(t, err)
			st.wantFacts("", 0)
		})
	}
	t.Run("by a stranger", func(t *testing.T) {
		t.Parallel()
		st := newStage(t)
		_, err := st.takeInteraction(map[string]any{"actions": take})
		must(t, err)
		wantEqual(t, "kind of the actor", st.waitAction("i:1.2.3").Actor.Kind, bridge.ActorForeign)
	})
	for name, more := range map[string]map[string]any{
		"a value that isn't ours":   {"actions": []any{map[string]any{"action_id": "b:take::1", "value": "{}{}"}}},
		"an action that isn't ours": {"actions": []any{map[string]any{"action_id": "nonsense"}}},
		"an unknown type":           {"type": "hologram"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			st := newStage(t)
			_, err := st.takeInteraction(more)
			must(t, err)
			st.wantFacts("q:", 1) // in quarantine
		})
	}
	t.Run("a form that isn't ours is told so at its field", func(t *testing.T) {
		t.Parallel()
		ack, err := newStage(t).takeInteraction(map[string]any{"type": "view_submission", "view": map[string]any{
			"callback_id": "form", "private_metadata": "{", "blocks": []any{map[string]any{"type": "input", "block_id": "f:x"}}}})
		must(t, err)
		wantWords(t, string(mustMarshal(t, ack.payload)), "f:x")
	})
}

func mustMarshal(t *testing.T, v any) []byte {
	t.Helper()
	raw, err := json.Marshal(v)
	must(t, err)
	return raw
}

// What a message shows has nothing with which its reader could act in our name.
func TestListHoldsNoToken(t *testing.T) {
	t.Parallel()
	st := newConnectedStage(t)
	root := st.postRoot()
	p := st.newPost(bridge.PostLine, root, "t1")
	p.Line = &bridge.Line{Content: &bridge.ListLine{List: "mine", Rows: []bridge.Facts{sampleFacts()}}}
	sent := st.mustSend(p)
	blocks := string(st.fake.Message(st.channel, sent.Message).Blocks)
	wantEqual(t, "blocks have a token", strings.Contains(blocks, "fakeVerificationToken"), false)
}

// Nothing is stored that would let a reader of the journal act in our name.
func TestSecretsAreNotStored(t *testing.T) {
	t.Parallel()
	st := newConnectedStage(t)
	root := st.postRoot()
	ts := st.postAsAnn(root.Message, "x")
	_, err := st.fake.As(st.ann).Shortcut(st.ctx(), "conv_undo", st.channel, ts)
	must(t, err)
	st.typeCommand("mine")
	st.desk.Wait(t, "the message, the shortcut and the command", func() bool { return len(st.desk.Accepted()) >= 3 })
	for _, f := range st.desk.Accepted() {
		for _, secret := range []string{"response_url", "fakeVerificationToken"} {
			if strings.HasPrefix(f.ExternalID, "i:") && strings.Contains(string(f.Payload), secret) {
				t.Errorf("%s has %s: %s", f.ExternalID, secret, f.Payload)
			}
		}
	}
}
