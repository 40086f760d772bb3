package slackfake_test

import (
	"reflect"
	"testing"

	"github.com/slack-go/slack"

	"parley/bot/slack/slackfake"
)

// kinds lists what was pushed to a person since n.
func (w *world) kinds(p *slackfake.Person, n int) []string {
	out := []string{}
	for _, x := range w.srv.Inboxes.Notifications(p.ID())[n:] {
		out = append(out, x.Kind)
	}
	return out
}

// TestWhoIsNotified has a step for each of Slack's rules, in one thread.
func TestWhoIsNotified(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slackfake.Options{})
	var root string
	steps := []struct {
		name     string
		do       func()
		ann, ben []string
	}{
		{"a root by the bot only makes the channel bold", func() { root = w.post("customer writes") }, nil, nil},
		{"a reply by the bot notifies nobody before anybody follows", func() { w.post("more", slack.MsgOptionTS(root)) }, nil, nil},
		{"a mention in the thread notifies and starts following", func() { w.post("<@U0ANN00001> please", slack.MsgOptionTS(root)) },
			[]string{"mention"}, nil},
		{"followers hear of replies", func() { w.post("customer again", slack.MsgOptionTS(root)) }, []string{"thread_reply"}, nil},
		{"who replies follows", func() { w.say(w.ben, root, "looking") }, []string{"thread_reply"}, nil},
		{"both follow now", func() { w.post("thanks", slack.MsgOptionTS(root)) }, []string{"thread_reply"}, []string{"thread_reply"}},
		{"an edit notifies nobody", func() {
			if _, _, _, err := w.api.UpdateMessageContext(w.ctx, w.ch, root, slack.MsgOptionText("<@U0BEN00001> edited", false)); err != nil {
				t.Fatal(err)
			}
		}, nil, nil},
		{"@here at the top level", func() { w.post("<!here> outage") }, []string{"here"}, []string{"here"}},
		{"a mention in blocks counts", func() {
			w.post("fallback", slack.MsgOptionBlocks(slack.NewSectionBlock(slack.NewTextBlockObject(slack.MarkdownType, "hi <@U0BEN00001>", false, false), nil, nil)))
		}, nil, []string{"mention"}},
		{"a mention in the fallback text does not", func() {
			w.post("<@U0BEN00001>", slack.MsgOptionBlocks(slack.NewSectionBlock(slack.NewTextBlockObject(slack.PlainTextType, "hi", false, false), nil, nil)))
		}, nil, nil},
		{"a direct message", func() {
			if _, _, err := w.api.PostMessageContext(w.ctx, w.srv.DM(w.ann.ID()), slack.MsgOptionText("psst", false)); err != nil {
				t.Fatal(err)
			}
		}, []string{"dm"}, nil},
		{"who unfollows hears no more", func() {
			if err := w.ann.Follow(w.ch, root, false); err != nil {
				t.Fatal(err)
			}
			w.post("again", slack.MsgOptionTS(root))
		}, nil, []string{"thread_reply"}},
		{"but a mention still does", func() { w.post("<@U0ANN00001|ann>", slack.MsgOptionTS(root)) }, []string{"mention"}, []string{"thread_reply"}},
	}
	for _, s := range steps {
		annN, benN := len(w.srv.Inboxes.Notifications(w.ann.ID())), len(w.srv.Inboxes.Notifications(w.ben.ID()))
		s.do()
		for p, want := range map[*slackfake.Person][]string{w.ann: s.ann, w.ben: s.ben} {
			n := annN
			if p == w.ben {
				n = benN
			}
			if want == nil {
				want = []string{}
			}
			if got := w.kinds(p, n); !reflect.DeepEqual(got, want) {
				t.Errorf("%s: %s got %v, want %v", s.name, p.ID(), got, want)
			}
		}
	}
	if got := w.srv.Followers(w.ch, root); !reflect.DeepEqual(got, []string{w.ann.ID(), w.ben.ID()}) {
		t.Errorf("followers = %v", got)
	}
}

// What is unread is counted by channel and by followed thread, mentions apart, until its reader has read it.
func TestBadges(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slackfake.Options{})
	root := w.say(w.ann, "", "my question") // ann authors the root, so she follows
	w.post("answer", slack.MsgOptionTS(root))
	w.post("<@U0ANN00001> look", slack.MsgOptionTS(root))
	w.post("top")
	w.post("<@U0ANN00001> top")
	want := slackfake.Badges{
		Channels: map[string]slackfake.Badge{w.ch: {Unread: 2, Mentions: 1}},
		Threads:  []slackfake.ThreadBadge{{Channel: w.ch, Thread: root, Unread: 2, Mentions: 1}},
	}
	if got := w.srv.Inboxes.Badges(w.ann.ID()); !reflect.DeepEqual(got, want) {
		t.Errorf("ann = %+v", got)
	}
	if got := w.srv.Inboxes.Badges(w.ben.ID()); got.Channels[w.ch] != (slackfake.Badge{Unread: 3}) || got.Threads != nil {
		t.Errorf("ben = %+v", got)
	}
	w.ann.Read(w.ch)
	w.ann.ReadThread(w.ch, root)
	if got := w.srv.Inboxes.Badges(w.ann.ID()); len(got.Channels) != 0 || len(got.Threads) != 0 {
		t.Errorf("after reading = %+v", got)
	}
}
