package slackfake_test

import (
	"slices"
	"testing"

	"github.com/slack-go/slack"

	"parley/bot/slack/slackfake"
)

// Slack notifies a person of some messages: mentions, direct messages, replies in threads they follow. These
// tests check whom the emulator notifies. world (helper_test.go) is an emulated workspace with Ann, Ben and the
// channel #support, and clients of the app.

// kindsOf lists the kinds of a person's notifications, without the first so many (before).
func (w *world) kindsOf(p *slackfake.Person, before int) (kinds []string) {
	for _, x := range w.srv.Inboxes.Notifications(p.ID())[before:] {
		kinds = append(kinds, x.Kind)
	}
	return kinds
}

// TestWhoIsNotified has a step for each of Slack's rules. All are in one thread, because who follows it decides.
func TestWhoIsNotified(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slackfake.Options{})
	root := w.postAsBot("customer writes")
	wantEqual(t, "notifications of a root by the bot", len(w.kindsOf(w.ann, 0))+len(w.kindsOf(w.ben, 0)), 0) // it makes the channel bold
	reply := func(text string) func() { return func() { w.postAsBot(text, slack.MsgOptionTS(root)) } }
	section := func(kind, text string) slack.MsgOption {
		return slack.MsgOptionBlocks(slack.NewSectionBlock(slack.NewTextBlockObject(kind, text, false, false), nil, nil))
	}
	for _, s := range []struct {
		name     string
		do       func()
		ann, ben []string // what is pushed to them
	}{
		{name: "a reply by the bot notifies nobody before anybody follows", do: reply("more")},
		{name: "a mention in the thread notifies and starts following", do: reply("<@U0ANN00001> please"), ann: []string{"mention"}},
		{name: "followers hear of replies", do: reply("customer again"), ann: []string{"thread_reply"}},
		{name: "who replies follows", do: func() { w.postAs(w.ben, root, "looking") }, ann: []string{"thread_reply"}},
		{name: "both follow now", do: reply("thanks"), ann: []string{"thread_reply"}, ben: []string{"thread_reply"}},
		{name: "an edit notifies nobody", do: func() {
			_, _, _, err := w.api.UpdateMessageContext(w.ctx, w.ch, root, slack.MsgOptionText("<@U0BEN00001> edited", false))
			noError(t, err)
		}},
		{name: "@here at the top level", do: func() { w.postAsBot("<!here> outage") }, ann: []string{"here"}, ben: []string{"here"}},
		{name: "a mention in blocks counts", do: func() {
			w.postAsBot("fallback", section(slack.MarkdownType, "hi <@U0BEN00001>"))
		}, ben: []string{"mention"}},
		{name: "a mention in the fallback text does not", do: func() { w.postAsBot("<@U0BEN00001>", section(slack.PlainTextType, "hi")) }},
		{name: "a direct message", do: func() {
			_, _, err := w.api.PostMessageContext(w.ctx, w.srv.DM(w.ann.ID()), slack.MsgOptionText("psst", false))
			noError(t, err)
		}, ann: []string{"dm"}},
		{name: "who unfollows hears no more", do: func() {
			noError(t, w.ann.Follow(w.ch, root, false))
			w.postAsBot("again", slack.MsgOptionTS(root))
		}, ben: []string{"thread_reply"}},
		{name: "but a mention still does", do: reply("<@U0ANN00001|ann>"), ann: []string{"mention"}, ben: []string{"thread_reply"}},
	} {
		annBefore, benBefore := len(w.srv.Inboxes.Notifications(w.ann.ID())), len(w.srv.Inboxes.Notifications(w.ben.ID()))
		s.do()
		if got := w.kindsOf(w.ann, annBefore); !slices.Equal(got, s.ann) {
			t.Errorf("%s: Ann got %q, want %q", s.name, got, s.ann)
		}
		if got := w.kindsOf(w.ben, benBefore); !slices.Equal(got, s.ben) {
			t.Errorf("%s: Ben got %q, want %q", s.name, got, s.ben)
		}
	}
	if got, want := w.srv.Followers(w.ch, root), []string{w.ann.ID(), w.ben.ID()}; !slices.Equal(got, want) {
		t.Errorf("followers: got %q, want %q", got, want)
	}
}
