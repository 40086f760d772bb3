package teamsfake_test

import (
	"slices"
	"strings"
	"testing"

	"parley/bot/teams/teamsfake"
)

// Two buttons of a card have the same title: a person presses one of them.
func TestClickByPlace(t *testing.T) {
	w := newWorld(t, teamsfake.Options{})
	root := w.postCard(withActions(card(textBlock("list"), obj{"type": "ActionSet", "actions": []obj{execute("More", "more", obj{"n": "1"})}}),
		obj{"type": "Action.ShowCard", "title": "Sure?", "card": obj{"type": "AdaptiveCard", "actions": []obj{{"type": "Action.Submit", "title": "More", "data": obj{"n": "2"}}}}}))
	w.answerInvokes("adaptiveCard/action", obj{"statusCode": 200, "type": "application/vnd.microsoft.activity.message", "value": "ok"})
	must(w.ann.Click(w.ctx, tickets, root, "/body/1/actions/0", nil))(t)
	wantField(t, w.waitActivity("invoke"), "value.action.data.n", "1")
	must(w.ann.Click(w.ctx, tickets, root, "/actions/0/card/actions/0", nil))(t)
	wantField(t, w.waitActivity("message"), "value.n", "2")
	for _, nowhere := range []string{"/body/0", "/body/1/actions/1", "/body/1/actions/-1", "/body/1/actions/0/fallback", "/body/1/actions/0/title/x", "/"} {
		if _, err := w.ann.Click(w.ctx, tickets, root, nowhere, nil); err == nil {
			t.Errorf("Ann clicked %s, where there is no button", nowhere)
		}
	}
}

// What is private between a person and the bot is shown among what everybody sees, for that
// person alone.
func TestShown(t *testing.T) {
	w := newWorld(t, teamsfake.Options{})
	root := must(w.ben.Post(teamsfake.Post{Channel: tickets, Text: "hello"}))(t)
	must(w.ann.Slash(tickets, root, "list"))(t)
	must(w.ann.Say("just us"))(t)
	for user, texts := range map[string][]string{ann: {"hello", "list"}, ben: {"hello"}, "nobody": nil} {
		var got []string
		for _, m := range w.srv.Shown(user, tickets) {
			got = append(got, m.Text)
		}
		if !slices.Equal(got, texts) {
			t.Errorf("%s sees %q, want %q", user, got, texts)
		}
	}
	if chat := w.srv.Shown(ann, ""); len(chat) != 1 || chat[0].Text != "just us" {
		t.Errorf("Ann's personal chat is %+v, want her message alone", chat)
	}
}

func TestServiceBehindProxy(t *testing.T) {
	w := newServer(t, teamsfake.Options{})
	w.srv.SetURL("http://127.0.0.1:4711")
	if got := w.srv.ServiceURL(); !strings.HasPrefix(got, "http://127.0.0.1:4711/connector/") {
		t.Errorf("behind a proxy the service is at %s, want the proxy's address", got)
	}
}
