package view

import (
	"fmt"
	"testing"
	"time"

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
