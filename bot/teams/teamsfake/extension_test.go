package teamsfake_test

import (
	"strings"
	"testing"

	"parley/bot/teams/teamsfake"
	"parley/bot/teams/teamsfake/client"
	"parley/bot/teams/teamsfake/tenant"
)

// A message extension adds actions and searches of the app to Teams: an action opens a dialog, for example about a message, and
// a search lists results.
func TestExtensions(t *testing.T) {
	w := newWorld(t, teamsfake.Options{Manifest: []byte(`{"bots":[{}],"composeExtensions":[{"commands":[
		{"id":"answer","type":"action","context":["message"],"fetchTask":true},
		{"id":"find","type":"query","context":["compose","commandBox"],"parameters":[{"name":"what"}]}]}]}`)})
	root := w.postCard(card(textBlock("hello")))
	id := must(w.ann.Reply(tickets, root, "**yes** <@bot>"))(t)
	form := withActions(card(obj{"type": "Input.Text", "id": "text"}), obj{"type": "Action.Submit", "title": "Send"})
	shown := obj{"task": obj{"type": "continue", "value": obj{"title": "Answer", "card": form}}}
	w.answerInvokes("composeExtension/fetchTask", shown)
	out := must(w.ben.MessageAction(w.ctx, tickets, id, "answer"))(t)
	if out.Dialog == nil {
		t.Fatalf("the action gave %+v, want a dialog", out)
	}

	a := w.waitActivity("invoke")
	wantField(t, a, "value.commandContext", "message")
	wantField(t, a, "value.messagePayload.id", id)
	wantField(t, a, "value.messagePayload.replyToId", root)
	wantField(t, a, "value.messagePayload.from.user.id", ann)
	wantField(t, a, "value.messagePayload.body.content", `<p><strong>yes</strong> <at id="0">Parley</at></p>`)

	results := func(attachment obj) obj {
		return obj{"composeExtension": obj{"type": "result", "attachmentLayout": "list", "attachments": []obj{attachment}}}
	}
	w.answerInvokes("composeExtension/submitAction", results(card(textBlock("sent"))))
	out = must(w.ben.Submit(w.ctx, "", client.Inputs{"text": "hi"}))(t)
	wantEqual(t, "error of the submission", out.Error, "")
	wantEqual(t, "results of the submission", len(out.Results), 1)
	a = w.waitActivity("invoke")
	wantField(t, a, "value.data.text", "hi")
	wantField(t, a, "value.commandId", "answer")
	wantField(t, a, "value.messagePayload.id", id)

	if _, err := w.ben.Compose(w.ctx, tickets, root, "answer"); err == nil {
		t.Error("Ben used an action in a context that isn't declared")
	}

	// A search runs when it is opened, and again for what is typed.
	hit := card(textBlock("hit"))
	hit["preview"] = obj{"contentType": "application/vnd.microsoft.card.thumbnail", "content": obj{"title": "hit"}}
	w.answerInvokes("composeExtension/query", results(hit))
	must(w.ann.Search(w.ctx, "", "", "find", ""))(t)
	a = w.waitActivity("invoke")
	wantField(t, a, "value.parameters.0.name", "initialRun")
	out = must(w.ann.Search(w.ctx, tickets, "", "find", "printer"))(t)
	if len(out.Results) != 1 || !strings.Contains(string(out.Results[0].Preview), "hit") {
		t.Errorf("the search gave %+v, want the hit alone", out)
	}
	wantField(t, w.waitActivity("invoke"), "value.parameters.0.name", "what")
	w.wantNoProblems()

	w.answerInvokes("composeExtension/query", nil)
	wantEqual(t, "error of a search without an answer", must(w.ann.Search(w.ctx, tickets, "", "find", "printer"))(t).Error, "bad_answer")
}

// A person has the app's actions and searches in each channel, also in one to which the app wasn't added.
func TestExtensionsWhereTheAppIsNot(t *testing.T) {
	w := newWorld(t, teamsfake.Options{Manifest: []byte(`{"bots":[{}],"composeExtensions":[{"commands":[
		{"id":"answer","type":"action","context":["message","compose"],"fetchTask":true},
		{"id":"find","type":"query","context":["compose"]}]}]}`)})
	elsewhere := w.srv.Admin.AddTeam(teamsfake.Team{Name: "HR"}).ID
	root := must(w.ann.Post(tenant.Post{Channel: elsewhere, Text: "hello"}))(t)
	w.answerInvokes("composeExtension/fetchTask", obj{"task": obj{"type": "message", "value": "Here I am."}})
	wantEqual(t, "action of a message", must(w.ann.MessageAction(w.ctx, elsewhere, root, "answer"))(t).Message, "Here I am.")
	wantEqual(t, "action of the box", must(w.ann.Compose(w.ctx, elsewhere, "", "answer"))(t).Message, "Here I am.")
	w.answerInvokes("composeExtension/query", obj{"composeExtension": obj{"type": "message", "text": "Nothing found."}})
	wantEqual(t, "search", must(w.ann.Search(w.ctx, elsewhere, "", "find", "printer"))(t).Message, "Nothing found.")
	w.wantNoProblems()
}
