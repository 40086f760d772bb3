package card

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"parley/bot/view"
	"parley/bot/view/viewtest"
	"parley/bridge"
)

// filled returns what Teams hands in of a dialog: the button's data and the values of the
// inputs, those that were there changed by typed.
func filled(t *testing.T, d Dialog, typed map[string]string) json.RawMessage {
	t.Helper()
	var c adaptive
	must(t, json.Unmarshal(d.Card, &c))
	data := map[string]any{}
	for _, e := range c.Body {
		if strings.HasPrefix(e.Type, "Input.") {
			data[e.ID] = e.Value
		}
	}
	for id, v := range typed {
		if _, ok := data[id]; !ok {
			t.Fatalf("no input %q in %v", id, slices.Sorted(maps.Keys(data)))
		}
		data[id] = v
	}
	last := c.Body[slices.IndexFunc(c.Body, func(e element) bool { return e.Type == "ActionSet" })] // what acts at once follows it
	var button map[string]any
	must(t, json.Unmarshal(last.Actions[len(last.Actions)-1].Data, &button))
	maps.Copy(data, button)
	return encode(data)
}

// What is filled in comes back as what the form asks for.
func TestFormComesBack(t *testing.T) {
	t.Parallel()
	forms, err := samples().Forms()
	must(t, err)
	for name, c := range map[string]struct {
		typed map[string]string
		check func(view.Filled) bool
	}{
		"assign": {map[string]string{"m:people": annID + "," + benID, "t:note": "look"}, func(f view.Filled) bool {
			return slices.Equal(f.Args.Agents, []string{annID, benID}) && f.Args.Note == "look" && f.Args.Conversation == 12
		}},
		"snooze": {nil, func(f view.Filled) bool { return f.Args.Until == "2026-11-21T09:00:00Z" }},
		"note":   {map[string]string{"t:text": "a\n*b*"}, func(f view.Filled) bool { return f.Text == "a\n*b*" }},
		"reply":  {map[string]string{"o:add": "buttons"}, func(f view.Filled) bool { return f.Next && f.Args.Rich == bridge.RichIsButtons }},
		"tag":    {map[string]string{"m:tags": "bug", "t:new": "a, b"}, func(f view.Filled) bool { return slices.Equal(f.Args.Tags, []string{"bug", "a", "b"}) }},
		"new_mail": {map[string]string{"t:subject": "Lamp"}, func(f view.Filled) bool {
			return f.Args.Recipient == "eve@example.org" && f.Args.Subject == "Lamp" && f.Text == "Hello"
		}},
		"template_fill": {map[string]string{"t:v:quote_number": "Q-1"}, func(f view.Filled) bool {
			return f.Next && f.Args.Template.Values["quote_number"] == "Q-1" && f.Args.Template.Values["first_name"] == "Kim <&>"
		}},
	} {
		got, err := Read(filled(t, Form(forms[name], memory(), home()), c.typed))
		must(t, err)
		if got.Form == nil || got.Form.Memory.Nonce != "nonce" || got.Form.Memory.Place.Channel != channel {
			t.Fatalf("%s: %+v", name, got.Form)
		}
		if f, errs := got.Form.Fill(); len(errs) > 0 || !c.check(f) {
			t.Errorf("%s: %+v, %v", name, f, errs)
		}
	}
}

// Values with what separates values come back whole.
func TestAwkwardValues(t *testing.T) {
	t.Parallel()
	all := []string{"a, b", "100%", "%2C", "x", ","}
	f := view.Form{Verb: bridge.VerbUntag, Submit: "Remove", Fields: []view.Field{{Name: "tags", Kind: view.FieldSeveral, Label: "Tags", Value: all[:2]}, {Name: "one", Kind: view.FieldOne, Label: "One", Value: all[1:2]}}}
	for _, v := range all {
		f.Fields[0].Options = append(f.Fields[0].Options, view.Option{Value: v, Label: v})
		f.Fields[1].Options = f.Fields[0].Options
	}
	d := Form(f, memory(), home())
	soundDialog(t, d.Card)
	var packed []string
	for _, v := range all {
		packed = append(packed, packValue(v))
	}
	got, err := Read(filled(t, d, map[string]string{"m:tags": strings.Join(packed, ","), "o:one": packValue("%2C")}))
	must(t, err)
	if v := got.Form.Values; !slices.Equal(v["tags"], all) || !slices.Equal(v["one"], []string{"%2C"}) {
		t.Errorf("got %q", v)
	}
	again := FormAgain(f, *got.Form, nil, home())
	if raw := string(filled(t, again, nil)); !strings.Contains(raw, `"m:tags":"`+strings.Join(packed, ",")+`"`) {
		t.Errorf("not kept: %s", raw)
	}
}

// What is too long stays whole in the form that says so.
func TestAgainWithTooMuch(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 1500)
	f := view.Form{Fields: []view.Field{{Name: "text", Kind: view.FieldLong, MaxRunes: 1024}}}
	d := FormAgain(f, Submitted{Values: map[string][]string{"text": {long}}}, map[string]string{"text": "At most 1024."}, home())
	if !strings.Contains(string(d.Card), long) {
		t.Errorf("cut: %s", d.Card)
	}
}

// A form with errors keeps what was typed and says what is wrong under its field.
func TestAgain(t *testing.T) {
	t.Parallel()
	forms, err := samples().Forms()
	must(t, err)
	got, err := Read(filled(t, Form(forms["snooze"], memory(), home()), map[string]string{"t:other": "some <b>day"}))
	must(t, err)
	_, errs := got.Form.Fill()
	if errs["other"] == "" {
		t.Fatalf("errors %v", errs)
	}
	d := FormAgain(forms["snooze"], *got.Form, errs, home())
	soundDialog(t, d.Card)
	var c adaptive
	must(t, json.Unmarshal(d.Card, &c))
	at := slices.IndexFunc(c.Body, func(e element) bool { return e.ID == "t:other" })
	if at < 0 || c.Body[at].Value != "some <b>day" || c.Body[at+1].Inlines[0].Text != "⚠️ "+errs["other"] {
		t.Errorf("got %s", d.Card)
	}
	if forms["snooze"].Fields[1].Value != nil {
		t.Error("the form itself was changed")
	}
}

// A long list is cut with a word about it, and searched.
func TestLongLists(t *testing.T) {
	t.Parallel()
	f := view.Field{Name: "people", Kind: view.FieldSeveral, Label: "*People*"}
	f.Kind = view.FieldOne
	for range 13 {
		f.Options = append(f.Options, view.Option{Value: strings.Repeat("v", len(f.Options)+1), Label: "# <b> *x*"})
	}
	d := Form(view.Form{Verb: bridge.VerbAssign, Fields: []view.Field{f}, Submit: "Assign"}, memory(), home())
	soundDialog(t, d.Card)
	if !strings.Contains(string(d.Card), `"style":"filtered"`) || strings.Contains(string(d.Card), "*") {
		t.Errorf("got %s", d.Card)
	}
	for range maxChoices {
		f.Options = append(f.Options, view.Option{Value: "v", Label: "x"})
	}
	d = Form(view.Form{Verb: bridge.VerbAssign, Fields: []view.Field{f}, Submit: "Assign"}, memory(), home())
	if !strings.Contains(string(d.Card), "Only the first are listed.") {
		t.Errorf("got %.300s", d.Card)
	}
}

// TestFormReadTheSame: a form that answers a field twice, which none of ours does, says the same
// each time that it is read.
func TestFormReadTheSame(t *testing.T) {
	t.Parallel()
	for range 100 {
		got, err := Read([]byte(`{"form":{"verb":"note"},"t:text":"one","o:text":"two"}`))
		if err != nil || got.Form.Values["text"][0] != "one" {
			t.Fatalf("read %+v, %v", got.Form, err)
		}
	}
}

// What isn't ours is refused.
func TestReadRefuses(t *testing.T) {
	t.Parallel()
	for _, s := range []string{
		"", "null", `"x"`, "7", "[]", "{}", `{"v":7}`, `{"v":"nothing"}`, `{"v":"take","a":"x"}`, `{"v":"take","o":"window"}`, `{"v":"take","n":"` + strings.Repeat("n", 300) + `"}`,
		`{"form":null}`, `{"form":"x"}`, `{"form":{"verb":"note","at":"x"}}`, `{"form":{"verb":"note"},"t:text":["x"]}`,
		`{"v":"take","x":"` + strings.Repeat("x", maxDataBytes) + `"}`,
	} {
		if got, err := Read([]byte(s)); !errors.Is(err, ErrData) || got != (Returned{}) {
			t.Errorf("%.60q: %+v, %v", s, got, err)
		}
	}
	got, err := Read([]byte(`{"form":{"verb":"nothing"}}`))
	must(t, err)
	if _, errs := got.Form.Fill(); errs[""] == "" {
		t.Errorf("an unknown verb: %v", errs)
	}
}

// A button that asks first asks, then acts; more than six go into the menu; in a dialog
// they are handed in.
func TestButtons(t *testing.T) {
	t.Parallel()
	c := view.Line(bridge.Line{Content: &bridge.UnclearLine{}, Text: "x", Verbs: []bridge.Verb{bridge.VerbSendAgain, bridge.VerbMarkSent}, Args: bridge.Args{Delivery: 9}}, samples().Facts())
	var page adaptive
	must(t, json.Unmarshal(Render(c, home(), "n")[0].Card, &page))
	set := page.Body[len(page.Body)-1].Actions
	if ask := set[0]; ask.Type != "Action.ShowCard" || ask.Card.Actions[0].Type != "Action.Execute" || !strings.Contains(ask.Card.Body[0].Inlines[0].Text, "gets it twice") {
		t.Errorf("ask %+v", ask)
	}
	if act := set[1]; act.Type != "Action.Execute" || act.Fallback.Type != "Action.Submit" || string(act.Fallback.Data) != string(act.Data) || act.Verb != "marksent" {
		t.Errorf("act %+v", act)
	}
	got, err := Read(set[0].Card.Actions[0].Data)
	must(t, err)
	if got.Click.Verb != bridge.VerbSendAgain || got.Click.Args.Delivery != 9 {
		t.Errorf("click %+v", got.Click)
	}
	at := bridge.Place{Channel: channel, Thread: "1"}
	var window adaptive
	must(t, json.Unmarshal(Window(view.Details(samples().Facts()), at, home(), "n").Card, &window))
	rows := 0
	for _, e := range window.Body {
		if e.Type == "ActionSet" {
			rows++
		}
		for i, a := range e.Actions {
			got, err := Read(a.Data)
			must(t, err)
			if a.Type != "Action.Submit" || got.Click.Place != at || a.Mode != "" {
				t.Errorf("%d: %+v", i, a)
			}
		}
	}
	if rows != len(view.Rows(view.Details(samples().Facts()).Buttons, maxPerRow)) || rows < 3 {
		t.Errorf("%d rows of buttons", rows)
	}
}

// In a message the menu takes what has no place, but nothing that asks first.
func TestMenu(t *testing.T) {
	t.Parallel()
	c := view.Card{}
	for i := range 9 {
		b := view.Button{Label: "b", Verb: bridge.VerbTake}
		if i == 8 {
			b.Confirm = "Sure?"
		}
		c.Buttons = append(c.Buttons, b)
	}
	page := Render(c, home(), "n")[0]
	sound(t, page.Card)
	var a adaptive
	must(t, json.Unmarshal(page.Card, &a))
	modes := ""
	for _, b := range a.Body[0].Actions {
		modes += string([]rune(b.Mode + "-")[0])
	}
	if modes != "----ssss-" {
		t.Errorf("modes %s", modes)
	}
}

// The same post gives the same card; another nonce other buttons.
func TestNonces(t *testing.T) {
	t.Parallel()
	c := view.Root(samples().Facts())
	if a, b := Render(c, home(), "a")[0].Card, Render(c, home(), "a")[0].Card; string(a) != string(b) {
		t.Error("not the same")
	}
	if a, b := Render(c, home(), "a")[0].Card, Render(c, home(), "b")[0].Card; string(a) == string(b) {
		t.Error("the same")
	}
	if m := Remember(bridge.Place{}, nil, viewtest.When(), ""); m.Location().String() != "UTC" {
		t.Errorf("zone %v", m.Location())
	}
}

// Where many get replies, the line ends behind a whole address and says that there are others; who gets none any more stays shown.
func TestLineOfManyRecipients(t *testing.T) {
	t.Parallel()
	content := &bridge.RecipientsLine{Without: []bridge.PartyRef{{Name: "Lee", Address: "lee@shop.example"}}}
	for range 40 {
		content.To += "accounting.department@shop.example, "
	}
	content.To += "mia@shop.example"
	got := Render(view.Line(bridge.Line{Content: content}, samples().Facts()), home(), "n")[0]
	shown := string(got.Card)
	for _, want := range []string{"department@shop.example and others.", "No longer among them: Lee"} {
		if !strings.Contains(shown, want) {
			t.Errorf("%q isn't in %q", want, shown)
		}
	}
}
