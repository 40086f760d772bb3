package card

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"parley/bot/view"
	"parley/bridge"
)

// submitted returns the data that Teams sends for a dialog: the button's data and the inputs, changed by what was typed.
func submitted(t *testing.T, d Dialog, typed map[string]string) json.RawMessage {
	t.Helper()
	var c adaptive
	noError(t, json.Unmarshal(d.Card, &c))
	data := map[string]any{}
	for _, e := range c.Body {
		if strings.HasPrefix(e.Type, "Input.") {
			data[e.ID] = e.Value
		}
	}
	for id, v := range typed {
		if _, ok := data[id]; !ok {
			t.Fatalf("there is no input %q, but %v", id, slices.Sorted(maps.Keys(data)))
		}
		data[id] = v
	}
	last := c.Body[slices.IndexFunc(c.Body, func(e element) bool { return e.Type == "ActionSet" })] // what acts at once follows it
	var button map[string]any
	noError(t, json.Unmarshal(last.Actions[len(last.Actions)-1].Data, &button))
	maps.Copy(data, button)
	return encode(data)
}

// mustReadForm reads what Teams sends back of a form.
func mustReadForm(t *testing.T, data json.RawMessage) *Submitted {
	t.Helper()
	got, err := Read(data)
	noError(t, err)
	if got.Form == nil {
		t.Fatalf("read as %+v, want a form", got)
	}
	return got.Form
}

// Values that a person fills in reach the verb's arguments.
func TestFormComesBack(t *testing.T) {
	t.Parallel()
	forms, err := samples().Forms()
	noError(t, err)
	for name, tt := range map[string]struct {
		typed map[string]string
		check func(*testing.T, view.Filled)
	}{
		"assign": {typed: map[string]string{"m:people": annID + "," + benID, "t:note": "look"}, check: func(t *testing.T, f view.Filled) {
			wantList(t, "agents", f.Args.Agents, []string{annID, benID})
			wantEqual(t, "note", f.Args.Note, "look")
			wantEqual(t, "conversation", f.Args.Conversation, 12)
		}},
		"snooze": {check: func(t *testing.T, f view.Filled) { wantEqual(t, "until", f.Args.Until, "2026-11-21T09:00:00Z") }},
		"note": {typed: map[string]string{"t:text": "a\n*b*"}, check: func(t *testing.T, f view.Filled) {
			wantEqual(t, "text", f.Text, "a\n*b*")
		}},
		"reply": {typed: map[string]string{"o:add": "buttons"}, check: func(t *testing.T, f view.Filled) {
			wantEqual(t, "a step follows", f.Next, true)
			wantEqual(t, "what goes with the text", f.Args.Rich, bridge.RichIsButtons)
		}},
		"tag": {typed: map[string]string{"m:tags": "bug", "t:new": "a, b"}, check: func(t *testing.T, f view.Filled) {
			wantList(t, "tags", f.Args.Tags, []string{"bug", "a", "b"})
		}},
		"new_mail": {typed: map[string]string{"t:subject": "Lamp"}, check: func(t *testing.T, f view.Filled) {
			wantEqual(t, "recipient", f.Args.Recipient, "eve@example.org")
			wantEqual(t, "subject", f.Args.Subject, "Lamp")
			wantEqual(t, "text", f.Text, "Hello")
		}},
		"template_fill": {typed: map[string]string{"t:v:quote_number": "Q-1"}, check: func(t *testing.T, f view.Filled) {
			wantEqual(t, "a step follows", f.Next, true)
			wantEqual(t, "typed value", f.Args.Template.Values["quote_number"], "Q-1")
			wantEqual(t, "value that was there", f.Args.Template.Values["first_name"], "Kim <&>")
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			form := mustReadForm(t, submitted(t, Form(forms[name], memory(), home()), tt.typed))
			wantEqual(t, "nonce", form.Memory.Nonce, "nonce")
			wantEqual(t, "channel", form.Memory.Place.Channel, channel)
			f, problems := form.Fill()
			wantEqual(t, "problems", len(problems), 0)
			tt.check(t, f)
		})
	}
}

// Values that contain commas or percent signs come back whole, and are still chosen if the form is shown again.
func TestAwkwardValues(t *testing.T) {
	t.Parallel()
	all := []string{"a, b", "100%", "%2C", "x", ","}
	var options []view.Option
	var packed []string
	for _, v := range all {
		options = append(options, view.Option{Value: v, Label: v})
		packed = append(packed, packValue(v))
	}
	f := view.Form{Verb: bridge.VerbUntag, Submit: "Remove", Fields: []view.Field{
		{Name: "tags", Kind: view.FieldSeveral, Label: "Tags", Value: all[:2], Options: options},
		{Name: "one", Kind: view.FieldOne, Label: "One", Value: all[1:2], Options: options},
	}}
	d := Form(f, memory(), home())
	checkDialogCard(t, d.Card)

	form := mustReadForm(t, submitted(t, d, map[string]string{"m:tags": strings.Join(packed, ","), "o:one": packValue("%2C")}))
	wantList(t, "several", form.Values["tags"], all)
	wantList(t, "one", form.Values["one"], []string{"%2C"})

	again := string(submitted(t, RedrawForm(f, *form, nil, home()), nil))
	if want := `"m:tags":"` + strings.Join(packed, ",") + `"`; !strings.Contains(again, want) {
		t.Errorf("shown again the form has %s, want %s in it", again, want)
	}
}

// A form with errors keeps the typed values and shows each error below its field.
func TestAgain(t *testing.T) {
	t.Parallel()
	forms, err := samples().Forms()
	noError(t, err)
	form := mustReadForm(t, submitted(t, Form(forms["snooze"], memory(), home()), map[string]string{"t:other": "some <b>day"}))
	_, problems := form.Fill()
	if problems["other"] == "" {
		t.Fatalf("got the problems %v, want one at other", problems)
	}

	d := RedrawForm(forms["snooze"], *form, problems, home())
	checkDialogCard(t, d.Card)
	var c adaptive
	noError(t, json.Unmarshal(d.Card, &c))
	at := slices.IndexFunc(c.Body, func(e element) bool { return e.ID == "t:other" })
	if at < 0 {
		t.Fatalf("the field is not in %s", d.Card)
	}
	wantEqual(t, "value of the field", string(c.Body[at].Value), "some <b>day")
	wantEqual(t, "words under the field", c.Body[at+1].Inlines[0].Text, "⚠️ "+problems["other"])
	wantEqual(t, "values of the sample, which isn't to be changed", len(forms["snooze"].Fields[1].Value), 0)
}

// Data that isn't from one of Parley's own cards is refused.
func TestReadRefuses(t *testing.T) {
	t.Parallel()
	for _, s := range []string{
		"", "null", `"x"`, "7", "[]", "{}", `{"v":7}`, `{"v":"nothing"}`, `{"v":"take","a":"x"}`, `{"v":"take","o":"window"}`,
		`{"v":"take","n":"` + strings.Repeat("n", 300) + `"}`, `{"v":"take","x":"` + strings.Repeat("x", maxDataBytes) + `"}`,
		`{"form":null}`, `{"form":"x"}`, `{"form":{"verb":"note","at":"x"}}`, `{"form":{"verb":"note"},"t:text":["x"]}`,
	} {
		got, err := Read([]byte(s))
		if !errors.Is(err, ErrData) {
			t.Errorf("%.60q: got error %v, want ErrData", s, err)
		}
		wantEqual(t, s[:min(len(s), 60)]+" is read as", got, Returned{})
	}
}

// A button that has to be confirmed first shows a question with the real button. Older clients don't know Action.Execute
// and get a submit button instead.
func TestButtons(t *testing.T) {
	t.Parallel()
	line := bridge.Line{
		Content: &bridge.UnclearLine{},
		Text:    "x",
		Verbs:   []bridge.Verb{bridge.VerbSendAgain, bridge.VerbMarkSent},
		Args:    bridge.Args{Delivery: 9},
	}
	var page adaptive
	noError(t, json.Unmarshal(Render(view.Line(line, samples().Facts()), home(), "n")[0].Card, &page))
	set := page.Body[len(page.Body)-1].Actions

	ask := set[0]
	wantEqual(t, "a button that asks", ask.Type, "Action.ShowCard")
	wantEqual(t, "it says why it asks", strings.Contains(ask.Card.Body[0].Inlines[0].Text, "gets it twice"), true)
	confirmed := ask.Card.Actions[0]
	wantEqual(t, "the button in the question", confirmed.Type, "Action.Execute")
	got, err := Read(confirmed.Data)
	noError(t, err)
	wantEqual(t, "its verb", got.Click.Verb, bridge.VerbSendAgain)
	wantEqual(t, "its delivery", got.Click.Args.Delivery, 9)

	act := set[1]
	wantEqual(t, "a button that acts", act.Type, "Action.Execute")
	wantEqual(t, "its verb", act.Verb, "marksent")
	wantEqual(t, "what older clients do", act.Fallback.Type, "Action.Submit")
	wantEqual(t, "what they send", string(act.Fallback.Data), string(act.Data))
}

// A message shows the first buttons and puts the others into a menu. A button that asks for confirmation is never put
// there.
func TestMenu(t *testing.T) {
	t.Parallel()
	c := view.Card{}
	for range 8 {
		c.Buttons = append(c.Buttons, view.Button{Label: "b", Verb: bridge.VerbTake})
	}
	c.Buttons = append(c.Buttons, view.Button{Label: "b", Verb: bridge.VerbTake, Confirm: "Sure?"})
	page := Render(c, home(), "n")[0]
	checkMessageCard(t, page.Card)
	var a adaptive
	noError(t, json.Unmarshal(page.Card, &a))
	var modes []string
	for _, b := range a.Body[0].Actions {
		modes = append(modes, string(b.Mode))
	}
	const inMenu = "secondary"
	wantList(t, "modes of the buttons", modes, []string{"", "", "", "", inMenu, inMenu, inMenu, inMenu, ""})
}
