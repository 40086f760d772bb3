package teamsfake_test

import (
	"slices"
	"strings"
	"testing"

	"parley/bot/teams/teamsfake"
)

// postTwinButtons posts a card with two buttons of the same title. One is in its body, the other one in a card that a
// further button shows. Their data are n=1 and n=2.
func (w *world) postTwinButtons() (id string) {
	w.t.Helper()
	first := execute("More", "more", obj{"n": "1"})
	second := obj{"type": "Action.Submit", "title": "More", "data": obj{"n": "2"}}
	return w.postCard(withActions(
		card(textBlock("list"), obj{"type": "ActionSet", "actions": []obj{first}}),
		obj{"type": "Action.ShowCard", "title": "Sure?", "card": obj{"type": "AdaptiveCard", "actions": []obj{second}}},
	))
}

// If two buttons have the same title, a person can press one of them by naming its place in the card.
func TestClickByPlace(t *testing.T) {
	w := newWorld(t, teamsfake.Options{})
	root := w.postTwinButtons()
	w.answerInvokes("adaptiveCard/action", obj{"statusCode": 200, "type": "application/vnd.microsoft.activity.message", "value": "ok"})
	must(w.ann.Click(w.ctx, tickets, root, "/body/1/actions/0", nil))(t)
	wantField(t, w.waitActivity("invoke"), "value.action.data.n", "1")
	must(w.ann.Click(w.ctx, tickets, root, "/actions/0/card/actions/0", nil))(t)
	wantField(t, w.waitActivity("message"), "value.n", "2")
}

func TestClickWhereNoButtonIs(t *testing.T) {
	w := newWorld(t, teamsfake.Options{})
	root := w.postTwinButtons()
	for _, place := range []string{
		"/body/0",
		"/body/1/actions/1",
		"/body/1/actions/-1",
		"/body/1/actions/0/fallback",
		"/body/1/actions/0/title/x",
		"/",
	} {
		if _, err := w.ann.Click(w.ctx, tickets, root, place, nil); err == nil {
			t.Errorf("Ann clicked %s, where there is no button", place)
		}
	}
}

// A person's private messages with the bot in a channel are shown to that person among the channel's other messages, and
// to nobody else.
func TestShownInAChannel(t *testing.T) {
	w := newWorld(t, teamsfake.Options{})

	root := must(w.ben.Post(teamsfake.Post{Channel: tickets, Text: "hello"}))(t)
	must(w.ann.Slash(tickets, root, "list"))(t)
	must(w.ann.Say("just us"))(t) // this isn't shown in the channel

	for _, tt := range []struct {
		name string
		user string
		want []string
	}{
		{name: "who wrote it", user: ann, want: []string{"hello", "list"}},
		{name: "another member", user: ben, want: []string{"hello"}},
		{name: "no member", user: "nobody", want: nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			for _, m := range w.srv.Shown(tt.user, tickets) {
				got = append(got, m.Text)
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("got the texts %q, want %q", got, tt.want)
			}
		})
	}
}

func TestShownInAPersonalChat(t *testing.T) {
	w := newWorld(t, teamsfake.Options{})
	must(w.ann.Say("just us"))(t)
	chat := w.srv.Shown(ann, "")
	if len(chat) != 1 {
		t.Fatalf("got %d messages, want one: %+v", len(chat), chat)
	}
	wantEqual(t, "text", chat[0].Text, "just us")
}

func TestServiceBehindProxy(t *testing.T) {
	w := newServer(t, teamsfake.Options{})
	w.srv.SetURL("http://127.0.0.1:4711")
	if got := w.srv.ServiceURL(); !strings.HasPrefix(got, "http://127.0.0.1:4711/connector/") {
		t.Errorf("behind a proxy the service is at %s, want the proxy's address", got)
	}
}
