package card

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"parley/bot/view"
	"parley/bot/view/viewtest"
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

// If a text is too long for its field, the form with the error still shows all of it.
func TestAgainWithTooMuch(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 1500)
	f := view.Form{Fields: []view.Field{{Name: "text", Kind: view.FieldLong, MaxRunes: 1024}}}
	d := RedrawForm(f, Submitted{Values: map[string][]string{"text": {long}}}, map[string]string{"text": "At most 1024."}, home())
	if !strings.Contains(string(d.Card), long) {
		t.Errorf("the text is cut: %s", d.Card)
	}
}

// If a text is too long for a Teams input, the field shows its beginning, and its hint says that the end is missing.
func TestTextThatDoesNotFitAField(t *testing.T) {
	t.Parallel()
	field := view.Field{Name: "text", Kind: view.FieldLong, Hint: "A note.", Value: []string{strings.Repeat("x", maxInputRunes+1)}}
	card := string(Form(view.Form{Fields: []view.Field{field}}, memory(), home()).Card)
	hint := "This was too long for the form: its end is missing. A note."
	for _, want := range []string{strings.Repeat("x", maxInputRunes-1) + `…"`, hint} {
		wantEqual(t, want+" is shown", strings.Contains(card, want), true)
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

// Choosing both people and a team is an error. The form that says so also offers an empty choice, so that the team can be
// taken back.
func TestAgainWithOneChoiceTooMany(t *testing.T) {
	t.Parallel()
	options := []view.Option{{Value: "Billing", Label: "Billing"}, {Value: "Support", Label: "Support"}}
	f := view.Form{Verb: bridge.VerbAssign, Fields: []view.Field{{
		Name:     "team",
		Kind:     view.FieldOne,
		Label:    "Or a team",
		Optional: true,
		Options:  options,
	}}}
	s := Submitted{Values: map[string][]string{"team": {"Billing"}}}
	var c adaptive
	noError(t, json.Unmarshal(RedrawForm(f, s, map[string]string{"team": "Choose either people or a team."}, home()).Card, &c))
	wantEqual(t, "value", c.Body[0].Value, "Billing")
	wantEqual(t, "first choice", c.Body[0].Choices[0], choice{Title: "—"})
}

// A list of more than a few options can be searched by typing. If a list is too long it is cut, and the form says so.
func TestLongLists(t *testing.T) {
	t.Parallel()
	assign := func(options []view.Option) string {
		f := view.Field{Name: "people", Kind: view.FieldOne, Label: "*People*", Options: options}
		d := Form(view.Form{Verb: bridge.VerbAssign, Fields: []view.Field{f}, Submit: "Assign"}, memory(), home())
		return string(d.Card)
	}
	var options []view.Option
	for i := range 13 {
		options = append(options, view.Option{Value: strings.Repeat("v", i+1), Label: "# <b> *x*"})
	}
	card := assign(options)
	checkDialogCard(t, json.RawMessage(card))
	wantEqual(t, "the list is searched", strings.Contains(card, `"style":"filtered"`), true)
	wantEqual(t, "labels have Markdown", strings.Contains(card, "*"), false)
	for range maxChoices {
		options = append(options, view.Option{Value: "v", Label: "x"})
	}
	wantEqual(t, "it says that the list is cut", strings.Contains(assign(options), "Only the first are listed."), true)
}

// A form that has two values for one field is always read in the same way. No form of Parley's has that.
func TestFormReadTheSame(t *testing.T) {
	t.Parallel()
	for range 100 {
		form := mustReadForm(t, []byte(`{"form":{"verb":"note"},"t:text":"one","o:text":"two"}`))
		if got := form.Values["text"][0]; got != "one" {
			t.Fatalf("got %q, want %q", got, "one")
		}
	}
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

func TestFormOfAnUnknownVerb(t *testing.T) {
	t.Parallel()
	_, problems := mustReadForm(t, []byte(`{"form":{"verb":"nothing"}}`)).Fill()
	if problems[""] == "" {
		t.Errorf("got the problems %v, want one of the whole form", problems)
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

// Each button in a dialog submits it and carries the place where the dialog was opened. The buttons are in several rows.
func TestButtonsOfADialog(t *testing.T) {
	t.Parallel()
	details := view.Details(samples().Facts())
	at := bridge.Place{Channel: channel, Thread: "1"}
	var window adaptive
	noError(t, json.Unmarshal(Window(details, at, home(), "n").Card, &window))
	rows := 0
	for _, e := range window.Body {
		if e.Type == "ActionSet" {
			rows++
		}
		for _, a := range e.Actions {
			got, err := Read(a.Data)
			noError(t, err)
			wantEqual(t, a.Title+": type", a.Type, "Action.Submit")
			wantEqual(t, a.Title+": mode", a.Mode, "")
			wantEqual(t, a.Title+": place", got.Click.Place, at)
		}
	}
	want := len(dialogRows(details.Buttons))
	wantEqual(t, "rows of buttons", rows, want)
	if want < 3 {
		t.Errorf("the sample has %d rows of buttons, want at least 3: else this test shows little", want)
	}
}

// If somebody types a note into the form of !assign and then presses a name there, the note is kept: Teams sends all
// inputs with each button.
func TestNoteOfAPressedName(t *testing.T) {
	t.Parallel()
	forms, err := samples().Forms()
	noError(t, err)
	var dialog adaptive
	noError(t, json.Unmarshal(Form(forms["assign"], Memory{}, home()).Card, &dialog))
	names := dialog.Body[len(dialog.Body)-1]
	var data map[string]any
	noError(t, json.Unmarshal(names.Actions[0].Data, &data))
	data[textPrefix+"note"] = " She knows this customer. "
	got, err := Read(encode(data))
	noError(t, err)
	wantEqual(t, "the verb", got.Click.Verb, bridge.VerbAssign)
	wantEqual(t, "the note", got.Click.Args.Note, "She knows this customer.")
}

// A row of a dialog holds as many buttons as fit on a phone's screen.
func TestRowsOfADialog(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		labels []string
		want   []int // buttons in each row
	}{
		{labels: []string{"Reply", "Note", "Assign", "Snooze"}, want: []int{4}},
		{labels: []string{"Ann Lee", "Ben Kim", "Carla Montgomery-Smythe-Jones", "Dan Wu"}, want: []int{2, 1, 1}},
		{labels: []string{strings.Repeat("x", 60), "Ann Lee"}, want: []int{1, 1}},
	} {
		var buttons []view.Button
		for _, label := range tt.labels {
			buttons = append(buttons, view.Button{Label: label})
		}
		var got []int
		for _, row := range dialogRows(buttons) {
			got = append(got, len(row))
		}
		wantEqual(t, strings.Join(tt.labels, ", "), fmt.Sprint(got), fmt.Sprint(tt.want))
	}
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

// The same post always gives the same card. Another nonce gives other button data.
func TestNonces(t *testing.T) {
	t.Parallel()
	render := func(nonce string) string { return string(Render(view.Root(samples().Facts()), home(), nonce)[0].Card) }
	wantEqual(t, "card of the same post", render("a"), render("a"))
	if render("a") == render("b") {
		t.Error("two nonces give the same card, want other buttons")
	}
}

func TestRememberWithoutZone(t *testing.T) {
	t.Parallel()
	wantEqual(t, "zone", Remember(bridge.Place{}, nil, viewtest.When(), "").Location().String(), "UTC")
}

// A long list of recipients is cut after a whole address, and the line says that there are others. People who no longer
// get replies are still named.
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
			t.Errorf("want %q in %q", want, shown)
		}
	}
}
