package view

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"parley/bot/verb"
	"parley/bridge"
	"parley/channels/golden"
)

func accounts() []bridge.AccountRef {
	return []bridge.AccountRef{
		{Name: "support-mail", ChannelName: "E-mail", ChannelIcon: "email", Can: bridge.Capabilities{Subject: true, Participants: true, Threads: true}, Starts: true},
		{Name: "sms", ChannelName: "SMS", ChannelIcon: "iphone", Can: bridge.Capabilities{MaxTextRunes: 1600}, Starts: true, KnownOnly: true},
		{Name: "page", ChannelName: "Chat", Starts: false},
		{Name: "wa", ChannelName: "WhatsApp", ChannelIcon: "iphone", Starts: true, ByTemplate: true},
	}
}

// The form of a new conversation asks for its account, if there are several, then for the rest.
func TestStartForm(t *testing.T) {
	t.Parallel()
	show := func(args bridge.Args, accounts []bridge.AccountRef) string {
		return dumpForm("new",
			mustForm(t, FormInput{Verb: bridge.VerbNew, Args: args, Text: "Hello", Accounts: accounts, Templates: stock(), Now: now(t)}))
	}
	template := startWith("wa", "+491715550100")
	template.Template = &bridge.TemplateArgs{ID: 7}
	golden.Text(t, "testdata/form_start.txt", show(startWith("", "ann@example.org"), accounts())+
		show(startWith("page", ""), accounts())+ // page can't begin one: the form asks for another
		show(startWith("SMS", "+491715550100"), accounts())+
		show(startWith("", "ann@example.org"), accounts()[:1])+
		show(startWith("vip", "ann@example.org"), accounts()[:1])+ // vip isn't his: no other one takes its place
		show(startWith("wa", "+491715550100"), accounts())+
		show(template, accounts()))
}

// startWith are the arguments of a conversation that begins with an account and a recipient.
func startWith(account, recipient string) bridge.Args {
	return bridge.Args{StartArgs: bridge.StartArgs{Account: account, Recipient: recipient}}
}

// A system of the company's own has subjects as mail has, and ids in place of addresses.
func TestStartFormAsksForAnID(t *testing.T) {
	t.Parallel()
	for _, knownOnly := range []bool{false, true} {
		own := bridge.AccountRef{Name: "shop", Can: bridge.Capabilities{Subject: true}, Starts: true, KnownOnly: knownOnly}
		to := mustForm(t, FormInput{Verb: bridge.VerbNew, Accounts: []bridge.AccountRef{own}, Now: now(t)}).Fields[0]
		wantEqual(t, "it asks for an id", strings.HasPrefix(to.Hint, "The id that your system gives"), true)
		wantEqual(t, "it says that outgoing is off", strings.HasSuffix(to.Hint, "outgoing is off."), knownOnly)
		wantEqual(t, "the example", to.Example, "")
	}
}

// A customer who is known by an id of the provider is shown with the phone number in each step. The conversation begins
// with the id, unless somebody types another number, or chooses another account, which doesn't know the id.
func TestStartFormShowsThePhoneNumber(t *testing.T) {
	t.Parallel()
	const id, phone = "US.1349", "+491715550100"
	f := bridge.Facts{Contact: bridge.PartyRef{Name: "Kim", Address: id, Phone: phone}}
	f.Account.Name = "wa"
	_, known, err := verb.Pressed(string(bridge.VerbNew), startAgainButton(f).Value)
	if err != nil {
		t.Fatal(err)
	}
	form := func(args bridge.Args) Form {
		return mustForm(t, FormInput{Verb: bridge.VerbNew, Args: args, Accounts: accounts(), Templates: stock(), Now: now(t)})
	}
	wantStart := func(t *testing.T, got bridge.Args, account, recipient, phone string) {
		t.Helper()
		wantEqual(t, "the beginning", got.StartArgs, bridge.StartArgs{Account: account, Recipient: recipient, Phone: phone})
	}

	first := form(known)
	wantEqual(t, "the customer", strings.Join(first.Fields[0].Value, ""), phone)
	submit := func(recipient string) bridge.Args {
		filled, errs := Submit(bridge.VerbNew, first.Args, map[string][]string{"recipient": {recipient}, "template": {"7"}}, now(t), berlin(t))
		wantEqual(t, "faults", len(errs), 0)
		return filled.Args
	}
	wantStart(t, submit(phone), "wa", id, phone)
	wantStart(t, submit("+491715550111"), "wa", "+491715550111", "")

	second := dumpForm("values", form(submit(phone)))
	if !strings.Contains(second, "goes to "+phone) || strings.Contains(second, "<"+id) {
		t.Errorf("the second step is\n%s", second)
	}

	known.Account = "page" // can't begin a conversation
	wantStart(t, form(known).Args, "", phone, "")
}

func TestStartFormRefuses(t *testing.T) {
	t.Parallel()
	t.Run("no account can begin one", func(t *testing.T) {
		_, err := NewForm(FormInput{Verb: bridge.VerbNew, Accounts: accounts()[2:3]})
		_ = wantProblem(t, err, "no_account")
	})
	t.Run("the account needs a template and has none", func(t *testing.T) {
		_, err := NewForm(FormInput{Verb: bridge.VerbNew, Accounts: accounts(), Args: startWith("wa", "")})
		_ = wantProblem(t, err, "no_template")
	})
}

func TestSubmitStart(t *testing.T) {
	t.Parallel()
	type v = map[string][]string
	using := func(template bridge.TemplateArgs, args bridge.Args) bridge.Args {
		args.Template = &template
		return args
	}
	byTemplate := func(recipient string, template bridge.TemplateArgs) bridge.Args {
		return using(template, startWith("wa", recipient))
	}
	aboutLamp := startWith("m", "a@x.test")
	aboutLamp.Subject = "Lamp Bcc: x"
	one := map[string]string{"x": "1"}
	seen := bridge.TemplateArgs{ID: 7, Version: 2, Seen: bridge.PreviewMark(7, 2, one)}
	sent := seen
	sent.Values = one

	for _, tt := range []struct {
		args      bridge.Args
		values    v
		want      Filled
		problemAt string // a field; then want is empty
	}{
		{values: v{"account": {"sms"}}, want: Filled{Args: startWith("sms", ""), Next: true}},
		{problemAt: "account"},
		{args: startWith("sms", ""), values: v{"recipient": {" +49 171 5550100\n"}, "text": {`\!Hello`}},
			want: Filled{Args: startWith("sms", "+49 171 5550100"), Text: "!Hello"}},
		{args: startWith("m", ""), values: v{"recipient": {"a@x.test"}, "subject": {"Lamp\r\nBcc: x"}, "text": {"Hi"}},
			want: Filled{Args: aboutLamp, Text: "Hi"}},
		{args: byTemplate("", bridge.TemplateArgs{}), values: v{"recipient": {"+49171"}, "template": {"7"}},
			want: Filled{Args: byTemplate("+49171", bridge.TemplateArgs{ID: 7}), Next: true}},
		{args: byTemplate("", bridge.TemplateArgs{}), values: v{"recipient": {"+49171"}}, problemAt: "template"},
		{args: byTemplate("", bridge.TemplateArgs{}), values: v{"template": {"7"}}, problemAt: "recipient"},
		{args: startWith("m", ""), values: v{"recipient": {"a@x.test"}, "template": {"7"}},
			want: Filled{Args: using(bridge.TemplateArgs{ID: 7}, startWith("m", "a@x.test")), Next: true}},
		{args: startWith("m", ""), values: v{"recipient": {"a@x.test"}, "template": {"7"}, "text": {"Hi"}}, problemAt: "template"},
		{args: startWith("m", ""), values: v{"recipient": {"a@x.test"}, "template": {"*"}, "text": {"Hi"}},
			want: Filled{Args: startWith("m", "a@x.test"), Text: "Hi"}},
		{args: byTemplate("+49171", seen), values: v{"v:x": {"1"}}, want: Filled{Args: byTemplate("+49171", sent)}},
		{args: startWith("m", ""), values: v{"text": {"Hi"}}, problemAt: "recipient"},
		{args: startWith("m", ""), values: v{"recipient": {"a@x.test"}}, problemAt: "text"},
		{args: startWith("m", ""), values: v{"recipient": {"a@x.test"}, "text": {"note: x"}}, problemAt: "text"},
	} {
		t.Run(fmt.Sprintf("%s with %q", tt.args.Account, tt.values), func(t *testing.T) {
			got, problems := Submit(bridge.VerbNew, tt.args, tt.values, now(t), time.UTC)
			if tt.problemAt != "" {
				wantFieldProblem(t, got, problems, tt.problemAt)
				return
			}
			tt.want.Verb = bridge.VerbNew
			wantFilled(t, got, problems, tt.want)
		})
	}
}

// The golden file has lines and cards about conversations that agents begin.
func TestStartCards(t *testing.T) {
	t.Parallel()
	f := facts(t)
	closed := with(f, func(f *bridge.Facts) { f.Status, f.Account.MayStart = bridge.StatusClosed, true })
	begun := bridge.Line{
		Content:  &bridge.BegunLine{Count: 4},
		Verb:     bridge.VerbNew,
		By:       ann(),
		Mentions: agents{ann()},
		Text:     "It is *repaired*.",
		Verbs:    verbs{bridge.VerbUndo},
	}
	refused := bridge.Line{
		Content: &bridge.RefusedLine{Why: bridge.InWords("“ann” isn't an e-mail address."), Hint: "Write it like ann@example.org."},
		Verb:    bridge.VerbNew,
		Text:    "It is repaired.",
	}
	golden.Text(t, "testdata/start.txt", dump("begun", Line(begun, f))+dump("refused", Line(refused, bridge.Facts{}))+
		dump("in place of the form", Exists(f, "It is repaired."))+dump("closed", Root(closed)))
}

// The card of a closed conversation offers to begin another one with its customer.
func TestClosedCardBeginsAnother(t *testing.T) {
	t.Parallel()
	closed := with(facts(t), func(f *bridge.Facts) { f.Status, f.Account.MayStart = bridge.StatusClosed, true })
	button := Root(closed).Buttons[0]
	wantEqual(t, "what the button opens", button.Opens, OpensForm)
	got, args, err := verb.Pressed(string(button.Verb), button.Value)
	if err != nil || got != bridge.VerbNew {
		t.Fatalf("the button does %q, %v, want %s", got, err, bridge.VerbNew)
	}
	wantEqual(t, "arguments of the button", args.StartArgs, startWith("support-mail", "carla@shop.example").StartArgs)
}
