package view

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"parley/bot/verb"
	"parley/bridge"
	"parley/channels/golden"
)

// riches are one message of each kind.
func riches() map[bridge.RichKind]*bridge.Rich {
	return map[bridge.RichKind]*bridge.Rich{
		bridge.RichIsButtons: {Buttons: []bridge.RichButton{{ID: "b1", Title: "Yes, please"}, {ID: "b2", Title: "No <!channel>"}}},
		bridge.RichIsList: {List: &bridge.RichList{Button: "Choose a lamp", Sections: []bridge.RichSection{
			{Title: "Desk", Rows: []bridge.RichRow{{ID: "r1", Title: "Luna", Description: "40 cm"}, {ID: "r2", Title: "Sol"}}},
			{Title: "Floor", Rows: []bridge.RichRow{{ID: "r3", Title: "Stella"}}}}}},
		bridge.RichIsLocation: {Location: &bridge.RichLocation{Latitude: 52.5163, Longitude: 13.3777, Name: "Our shop", Address: "Pariser Platz 1"}},
		bridge.RichIsContact:  {Contact: &bridge.RichContact{Name: "Bob Ray", Org: "Acme", Phones: []string{"+491715550100"}, Emails: []string{"bob@acme.test"}}},
		bridge.RichIsCards: {Cards: []bridge.RichCard{{Title: "Luna", Text: "Warm white", ImageURL: "https://lamps.example/luna.jpg",
			Buttons: []bridge.RichButton{{ID: "c1b1", Title: "Order", URL: "https://lamps.example/luna"}, {ID: "c1b2", Title: "Ask"}}}, {Title: "Sol", Text: "Cold white"}}},
	}
}

// chatCan carries everything, like a rich messenger.
func chatCan() bridge.Capabilities {
	return bridge.Capabilities{Rich: bridge.RichLimits{Buttons: 3, ListRows: 10, Carousel: 10, Location: 2, ContactCard: 2}}
}

// What goes with a text is a compact block in the thread.
func TestRichLine(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for _, kind := range richKinds() {
		l := bridge.Line{Content: &bridge.RepliedLine{Answered: "Do you have\n*lamps*?"}, Verb: bridge.VerbReply, By: ann(), Text: "Which one?", Rich: riches()[kind], Verbs: []bridge.Verb{bridge.VerbUndo}}
		if kind.IsSentAlone() {
			l.Text, l.Content.(*bridge.RepliedLine).Answered = "", ""
		}
		c := Line(l, facts(t))
		checkCard(t, string(kind), c)
		b.WriteString(dump(string(kind), c))
		b.WriteString("as words " + strings.ReplaceAll(l.Rich.Text(), "\n", "\n         ") + "\n\n")
	}
	failed := bridge.Line{Content: &bridge.FailedLine{Reason: "no such number"}, Mentions: []bridge.AgentRef{ann()}, Rich: riches()[bridge.RichIsLocation], Verbs: []bridge.Verb{bridge.VerbSendAgain}}
	b.WriteString(dump("failed", Line(failed, facts(t))))
	golden.Text(t, "testdata/rich.txt", b.String())
}

// The forms of what goes with a text say what the channel carries.
func TestRichForm(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for _, can := range []bridge.Capabilities{chatCan(), {}} {
		for _, kind := range richKinds() {
			in := input(t, bridge.VerbReply, facts(t))
			in.Can, in.Args = can, bridge.Args{Conversation: 12, Message: 34, ReplyArgs: bridge.ReplyArgs{Rich: kind}}
			form, err := NewForm(in)
			if err != nil || form.Args.Most != can.MaxItems(kind) || form.Args.Message != 34 {
				t.Fatalf("%s: %+v, %v", kind, form.Args, err)
			}
			b.WriteString(dumpForm(string(kind), form))
		}
	}
	in := input(t, bridge.VerbReply, facts(t))
	in.Can, in.Count = bridge.Capabilities{Rich: bridge.RichLimits{Buttons: 3}}, &bridge.Count{Parts: 2, Left: 12, Encoding: "GSM-7", Room: [3]int{148, 294, 447}}
	in.Args = bridge.Args{}
	in.Said = []bridge.Said{{MessageID: 7, Text: "Do you have lamps?"}}
	one, err := NewForm(in)
	in.Said = append(in.Said, bridge.Said{MessageID: 8, Text: "Red ones?"}, bridge.Said{MessageID: 9})
	several, errSeveral := NewForm(in)
	if err := errors.Join(err, errSeveral); err != nil {
		t.Fatal(err)
	}
	golden.Text(t, "testdata/form_rich.txt", b.String()+dumpForm("in answer to one", one)+dumpForm("in answer to one of several", several))
}

func TestSubmitRich(t *testing.T) {
	t.Parallel()
	type v = map[string][]string
	long := strings.Repeat("x", 25)
	for _, c := range []struct {
		kind   bridge.RichKind
		most   int
		values v
		want   *bridge.Rich
		text   string
		wrong  string
	}{
		{kind: bridge.RichIsButtons, most: 3, values: v{"text": {"Shall I?"}, "choices": {"Yes, please\n\n- No <!channel>"}}, want: riches()[bridge.RichIsButtons], text: "Shall I?"},
		{kind: bridge.RichIsButtons, most: 3, values: v{"choices": {"Yes"}}, wrong: "text"},
		{kind: bridge.RichIsButtons, most: 3, values: v{"text": {"x"}}, wrong: "choices"},
		{kind: bridge.RichIsButtons, most: 3, values: v{"text": {"x"}, "choices": {"a\nb\nc\nd"}}, wrong: "choices"},
		{kind: bridge.RichIsButtons, most: 3, values: v{"text": {"x"}, "choices": {"Yes\nyes"}}, wrong: "choices"},
		{kind: bridge.RichIsButtons, most: 3, values: v{"text": {"x"}, "choices": {long}}, wrong: "choices"},
		{kind: bridge.RichIsButtons, most: 3, values: v{"text": {strings.Repeat("x", 1025)}, "choices": {"a"}}, wrong: "text"},
		{kind: bridge.RichIsButtons, most: 3, values: v{"text": {"note: x"}, "choices": {"a"}}, wrong: "text"},
		{kind: bridge.RichIsButtons, values: v{"text": {"x"}, "choices": {long}}, want: &bridge.Rich{Buttons: []bridge.RichButton{{ID: "b1", Title: long}}}, text: "x"},
		{kind: bridge.RichIsList, most: 10, values: v{"text": {"Which?"}, "open": {"Choose a lamp"}, "choices": {"Desk:\nLuna | 40 cm\nSol\nFloor:\n1. Stella"}}, want: riches()[bridge.RichIsList], text: "Which?"},
		{kind: bridge.RichIsList, most: 10, values: v{"text": {"x"}, "choices": {"a"}}, wrong: "open"},
		{kind: bridge.RichIsList, most: 10, values: v{"text": {"x"}, "open": {"o"}, "choices": {"a\nFloor:\nb"}}, wrong: "choices"},
		{kind: bridge.RichIsList, most: 10, values: v{"text": {"x"}, "open": {"o"}, "choices": {"Floor:"}}, wrong: "choices"},
		{kind: bridge.RichIsList, most: 10, values: v{"text": {"x"}, "open": {"o"}, "choices": {"a\nb\nc\nd\ne\nf\ng\nh\ni\nj\nk"}}, wrong: "choices"},
		{kind: bridge.RichIsList, most: 10, values: v{"text": {"x"}, "open": {"o"}, "choices": {long}}, wrong: "choices"},
		{kind: bridge.RichIsList, most: 10, values: v{"text": {"x"}, "open": {"o"}, "choices": {"| only"}}, wrong: "choices"},
		{kind: bridge.RichIsLocation, most: 1, values: v{"point": {"52.5163, 13.3777"}, "name": {"Our shop"}, "place": {"Pariser Platz 1"}}, want: riches()[bridge.RichIsLocation]},
		{kind: bridge.RichIsLocation, most: 1, values: v{"point": {"somewhere"}}, wrong: "point"},
		{kind: bridge.RichIsLocation, most: 1, values: v{"point": {"91, 0"}}, wrong: "point"},
		{kind: bridge.RichIsContact, most: 1, values: v{"name": {"Bob Ray"}, "org": {"Acme"}, "phones": {"+49 (0) 171 / 555-0100"}, "emails": {"bob@acme.test"}}, want: riches()[bridge.RichIsContact]},
		{kind: bridge.RichIsContact, most: 1, values: v{"phones": {"+491715550100"}}, wrong: "name"},
		{kind: bridge.RichIsContact, most: 1, values: v{"name": {"Bob"}}, wrong: "phones"},
		{kind: bridge.RichIsContact, most: 1, values: v{"name": {"Bob"}, "phones": {"0171 5550100"}}, wrong: "phones"},
		{kind: bridge.RichIsContact, most: 1, values: v{"name": {"Bob"}, "emails": {"bob"}}, wrong: "emails"},
		{kind: bridge.RichIsCards, most: 10, values: v{"cards": {"Luna\nWarm white\nhttps://lamps.example/luna.jpg\n> Order | https://lamps.example/luna\n> Ask\n\nSol\nCold white"}}, want: riches()[bridge.RichIsCards]},
		{kind: bridge.RichIsCards, most: 10, values: v{"cards": {"Luna"}}, wrong: "cards"},
		{kind: bridge.RichIsCards, most: 1, values: v{"cards": {"Luna\nx\n\nSol\nx"}}, wrong: "cards"},
		{kind: bridge.RichIsCards, most: 1, values: v{"cards": {"Luna\n> Order | javascript:alert(1)"}}, wrong: "cards"},
		{kind: bridge.RichIsCards, most: 1, values: v{"cards": {"Luna\n> a\n> b\n> c\n> d"}}, wrong: "cards"},
		{kind: bridge.RichIsCards, most: 1, values: v{"cards": {" "}}, wrong: "cards"},
		{kind: "poem", values: v{"text": {"x"}}, wrong: "text"},
	} {
		got, errs := Submit(bridge.VerbReply, bridge.Args{Conversation: 12, ReplyArgs: bridge.ReplyArgs{Rich: c.kind, Most: c.most}}, c.values, now(t), time.UTC)
		if c.wrong != "" {
			if errs[c.wrong] == "" || len(errs) != 1 || !reflect.DeepEqual(got, Filled{}) {
				t.Errorf("%s %v = %+v %v, want an error at %s", c.kind, c.values, got, errs, c.wrong)
			}
			continue
		}
		if want := (Filled{Verb: bridge.VerbReply, Args: bridge.Args{Conversation: 12}, Text: c.text, Rich: c.want}); errs != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s %v = %+v %v, want %+v", c.kind, c.values, got, errs, want)
		}
	}
	got, errs := Submit(bridge.VerbReply, bridge.Args{Conversation: 12}, v{"text": {"Shall I?"}, "add": {"buttons"}, "answers": {"7"}}, now(t), time.UTC)
	if want := (Filled{Verb: bridge.VerbReply, Args: bridge.Args{Conversation: 12, Message: 7, ReplyArgs: bridge.ReplyArgs{Rich: bridge.RichIsButtons}}, Text: "Shall I?", Next: true}); errs != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("the first step is %+v, %v", got, errs)
	}
}

// Errors of every form are at fields that it has.
func TestRichErrorsHaveFields(t *testing.T) {
	t.Parallel()
	for _, kind := range richKinds() {
		in := input(t, bridge.VerbReply, facts(t))
		in.Can, in.Args = chatCan(), bridge.Args{Conversation: 12, ReplyArgs: bridge.ReplyArgs{Rich: kind}}
		form, err := NewForm(in)
		if err != nil {
			t.Fatal(err)
		}
		_, errs := Submit(bridge.VerbReply, form.Args, map[string][]string{"text": {"x"}, "open": {"x"}}, now(t), time.UTC)
		for name := range errs {
			if !hasField(form, name) {
				t.Errorf("%s: an error at %q", kind, name)
			}
		}
		if len(errs) != 1 {
			t.Errorf("%s: an empty form is accepted", kind)
		}
	}
}

// A text that is too long to stand above buttons comes into their form whole; handing it in says so.
func TestLongTextAboveButtons(t *testing.T) {
	t.Parallel()
	in := input(t, bridge.VerbReply, facts(t))
	in.Can, in.Text = chatCan(), strings.Repeat("word ", 300)
	in.Args = bridge.Args{Conversation: 12, ReplyArgs: bridge.ReplyArgs{Rich: bridge.RichIsButtons}}
	form, err := NewForm(in)
	if err != nil {
		t.Fatal(err)
	}
	words := form.Fields[0]
	if words.MaxRunes < len(words.Value[0]) || len(words.Value[0]) < 1499 {
		t.Errorf("of the text's %d characters %d are left", len(words.Value[0]), words.MaxRunes)
	}
	_, problems := Submit(bridge.VerbReply, form.Args, map[string][]string{words.Name: words.Value, "choices": {"Yes"}}, now(t), time.UTC)
	if !strings.Contains(problems[words.Name], "at most 1024 characters") {
		t.Errorf("handed in: %v", problems)
	}
}

func hasField(f Form, name string) bool {
	for _, field := range f.Fields {
		if field.Name == name {
			return true
		}
	}
	return false
}

func accounts() []bridge.AccountRef {
	return []bridge.AccountRef{
		{Name: "support-mail", ChannelName: "E-mail", ChannelIcon: "email", Can: bridge.Capabilities{Subject: true, Threads: true}, Starts: true},
		{Name: "sms", ChannelName: "SMS", ChannelIcon: "iphone", Can: bridge.Capabilities{MaxTextRunes: 1600}, Starts: true, KnownOnly: true},
		{Name: "page", ChannelName: "Chat", Starts: false},
		{Name: "wa", ChannelName: "WhatsApp", ChannelIcon: "iphone", Starts: true, ByTemplate: true},
	}
}

// A conversation begins with its account, where there are several, then with the rest.
func TestStartForm(t *testing.T) {
	t.Parallel()
	make := func(args bridge.Args, list []bridge.AccountRef) string {
		form, err := NewForm(FormInput{Verb: bridge.VerbNew, Args: args, Text: "Hello", Accounts: list, Templates: stock(), Now: now(t)})
		if err != nil {
			t.Fatal(err)
		}
		return dumpForm("new", form)
	}
	golden.Text(t, "testdata/form_start.txt", make(bridge.Args{StartArgs: bridge.StartArgs{Recipient: "ann@example.org"}}, accounts())+make(bridge.Args{StartArgs: bridge.StartArgs{Account: "page"}}, accounts())+
		make(bridge.Args{StartArgs: bridge.StartArgs{Account: "SMS", Recipient: "+491715550100"}}, accounts())+make(bridge.Args{StartArgs: bridge.StartArgs{Recipient: "ann@example.org"}}, accounts()[:1])+
		make(bridge.Args{StartArgs: bridge.StartArgs{Account: "wa", Recipient: "+491715550100"}}, accounts())+make(bridge.Args{StartArgs: bridge.StartArgs{Account: "wa", Recipient: "+491715550100"}, Template: &bridge.TemplateArgs{ID: 7}}, accounts()))
	_, err := NewForm(FormInput{Verb: bridge.VerbNew, Accounts: accounts()[2:3]})
	var p *bridge.Problem
	if !errors.As(err, &p) || p.Code != "no_account" {
		t.Errorf("nobody may begin: %v", err)
	}
	_, err = NewForm(FormInput{Verb: bridge.VerbNew, Accounts: accounts(), Args: bridge.Args{StartArgs: bridge.StartArgs{Account: "wa"}}})
	if !errors.As(err, &p) || p.Code != "no_template" {
		t.Errorf("no template: %v", err)
	}
}

func TestSubmitStart(t *testing.T) {
	t.Parallel()
	type v = map[string][]string
	for _, c := range []struct {
		args   bridge.Args
		values v
		want   Filled
		wrong  string
	}{
		{values: v{"account": {"sms"}}, want: Filled{Args: bridge.Args{StartArgs: bridge.StartArgs{Account: "sms"}}, Next: true}},
		{wrong: "account"},
		{args: bridge.Args{StartArgs: bridge.StartArgs{Account: "sms"}}, values: v{"recipient": {" +49 171 5550100\n"}, "text": {`\!Hello`}}, want: Filled{Args: bridge.Args{StartArgs: bridge.StartArgs{Account: "sms", Recipient: "+49 171 5550100"}}, Text: "!Hello"}},
		{args: bridge.Args{StartArgs: bridge.StartArgs{Account: "m"}}, values: v{"recipient": {"a@x.test"}, "subject": {"Lamp\r\nBcc: x"}, "text": {"Hi"}}, want: Filled{Args: bridge.Args{StartArgs: bridge.StartArgs{Account: "m", Recipient: "a@x.test", Subject: "Lamp Bcc: x"}}, Text: "Hi"}},
		{args: bridge.Args{StartArgs: bridge.StartArgs{Account: "wa"}, Template: &bridge.TemplateArgs{}}, values: v{"recipient": {"+49171"}, "template": {"7"}},
			want: Filled{Args: bridge.Args{StartArgs: bridge.StartArgs{Account: "wa", Recipient: "+49171"}, Template: &bridge.TemplateArgs{ID: 7}}, Next: true}},
		{args: bridge.Args{StartArgs: bridge.StartArgs{Account: "wa"}, Template: &bridge.TemplateArgs{}}, values: v{"recipient": {"+49171"}}, wrong: "template"},
		{args: bridge.Args{StartArgs: bridge.StartArgs{Account: "wa"}, Template: &bridge.TemplateArgs{}}, values: v{"template": {"7"}}, wrong: "recipient"},
		{args: bridge.Args{StartArgs: bridge.StartArgs{Account: "wa", Recipient: "+49171"}, Template: &bridge.TemplateArgs{ID: 7, Version: 2, Seen: bridge.TemplateSeen(7, 2, map[string]string{"x": "1"})}}, values: v{"v:x": {"1"}},
			want: Filled{Args: bridge.Args{StartArgs: bridge.StartArgs{Account: "wa", Recipient: "+49171"}, Template: &bridge.TemplateArgs{ID: 7, Version: 2, Seen: bridge.TemplateSeen(7, 2, map[string]string{"x": "1"}), Values: map[string]string{"x": "1"}}}}},
		{args: bridge.Args{StartArgs: bridge.StartArgs{Account: "m"}}, values: v{"text": {"Hi"}}, wrong: "recipient"},
		{args: bridge.Args{StartArgs: bridge.StartArgs{Account: "m"}}, values: v{"recipient": {"a@x.test"}}, wrong: "text"},
		{args: bridge.Args{StartArgs: bridge.StartArgs{Account: "m"}}, values: v{"recipient": {"a@x.test"}, "text": {"note: x"}}, wrong: "text"},
	} {
		got, errs := Submit(bridge.VerbNew, c.args, c.values, now(t), time.UTC)
		if c.wrong != "" {
			if errs[c.wrong] == "" || len(errs) != 1 {
				t.Errorf("%v = %+v %v, want an error at %s", c.values, got, errs, c.wrong)
			}
			continue
		}
		if c.want.Verb = bridge.VerbNew; errs != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%v = %+v %v, want %+v", c.values, got, errs, c.want)
		}
	}
}

// Lines and cards about conversations that agents begin.
func TestStartCards(t *testing.T) {
	t.Parallel()
	f := facts(t)
	closed := with(f, func(f *bridge.Facts) { f.Status, f.Account.MayStart = bridge.StatusClosed, true })
	cards := dump("begun", Line(bridge.Line{Content: &bridge.BegunLine{}, Verb: bridge.VerbNew, By: ann(), Mentions: []bridge.AgentRef{ann()}, Text: "It is *repaired*.", Verbs: []bridge.Verb{bridge.VerbUndo}}, f)) +
		dump("refused", Line(bridge.Line{Content: &bridge.RefusedLine{Reason: "“ann” is no e-mail address.", Hint: "Write it like ann@example.org."}, Verb: bridge.VerbNew, Text: "It is repaired."}, bridge.Facts{})) +
		dump("in place of the form", Exists(f, "It is repaired.")) + dump("closed", Root(closed))
	golden.Text(t, "testdata/start.txt", cards)
	if b := Root(closed).Buttons[0]; b.Verb != bridge.VerbNew || b.Opens != OpensForm {
		t.Errorf("a closed conversation offers %+v", b)
	}
	if _, args, err := verb.Pressed(string(bridge.VerbNew), Root(closed).Buttons[0].Value); err != nil || args.Recipient != "carla@shop.example" || args.Account != "support-mail" {
		t.Errorf("it begins with %+v, %v", args, err)
	}
}

// Where promotional replies may leave for a shorter time than answers, the form asks for it, and says
// so when that is over.
//
func TestReplyFormAsksForPromotions(t *testing.T) {
	t.Parallel()
	in := input(t, bridge.VerbReply, facts(t))
	in.Can = bridge.Capabilities{Window: bridge.ReplyWindow{Free: 24 * time.Hour, Human: 7 * 24 * time.Hour}}
	form, err := NewForm(in)
	if shown := dumpForm("reply", form); err != nil || !strings.Contains(shown, "Promotional: an offer") || !strings.Contains(shown, "24 hours after") {
		t.Errorf("the form is\n%s%v", shown, err)
	}
	typed := map[string][]string{"text": {"10 % off"}, "kind": {"promotion"}}
	if filled, wrong := Submit(bridge.VerbReply, form.Args, typed, now(t), time.UTC); len(wrong) > 0 || !filled.Args.Promotional {
		t.Errorf("it gives %+v, %v", filled, wrong)
	}
	in.Facts.Window.PeopleOnly = true
	form, err = NewForm(in)
	if shown := dumpForm("reply", form); err != nil || strings.Contains(shown, "Promotional:") || !strings.Contains(shown, "nothing promotional") {
		t.Errorf("a day later the form is\n%s%v", shown, err)
	}
}

// richKinds are all kinds of what can go with a reply.
func richKinds() []bridge.RichKind {
	return []bridge.RichKind{bridge.RichIsButtons, bridge.RichIsList, bridge.RichIsLocation, bridge.RichIsContact, bridge.RichIsCards}
}
