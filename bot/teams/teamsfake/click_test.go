package teamsfake_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"image"
	"image/png"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"parley/bot/teams/teamsfake"
	"parley/bot/teams/teamsfake/client"
	"parley/bot/teams/teamsfake/people"
)

func withActions(a obj, actions ...obj) obj {
	a["content"].(obj)["actions"] = actions
	return a
}

func execute(title, verb string, data obj) obj {
	return obj{
		"type": "Action.Execute", "id": verb, "title": title, "verb": verb, "data": data,
		"fallback": obj{"type": "Action.Submit", "title": title, "data": obj{"old": true}},
	}
}

func fetch(title string) obj {
	return obj{"type": "Action.Submit", "title": title, "data": obj{"n": "1", "msteams": obj{"type": "task/fetch"}}}
}

// answering makes the bot answer invokes of a name.
func (w *world) answering(name string, body any) {
	w.bot.answers(func(a obj) (int, any) {
		if a["name"] == name {
			return http.StatusOK, body
		}
		return http.StatusOK, nil
	})
}

func TestExecute(t *testing.T) {
	w := newWorld(t, teamsfake.Options{})
	input := obj{"type": "Input.Text", "id": "why", "label": "Why", "value": "late"}
	root := w.start(withActions(card(textBlock("hello"), input), execute("Resolve", "resolve", obj{"n": "7"}), obj{"type": "Action.OpenUrl", "title": "Docs", "url": "https://x.test"}))
	mine := obj{"type": "AdaptiveCard", "version": "1.5", "body": []obj{textBlock("done")}}
	w.answering("adaptiveCard/action", obj{"statusCode": 200, "type": "application/vnd.microsoft.card.adaptive", "value": mine})
	out := must(w.ann.Click(w.ctx, tickets, root, "Resolve", client.Inputs{"why": "paid"}))(t)
	if out.Error != "" || !strings.Contains(string(out.Card), "done") {
		t.Fatalf("%+v", out)
	}
	a := w.next("invoke")
	want(t, a, "name", "adaptiveCard/action")
	want(t, a, "value.action.verb", "resolve")
	want(t, a, "value.action.data.n", "7")
	want(t, a, "value.action.data.why", "paid")
	want(t, a, "value.trigger", "manual")
	want(t, a, "replyToId", root)
	want(t, a, "from.aadObjectId", ann)
	want(t, a, "conversation.id", tickets+";messageid="+root)
	m := w.srv.Message(tickets, root)
	if len(m.View) != 1 || !strings.Contains(string(m.View[ann]), "done") {
		t.Errorf("view: %s", m.View)
	}
	if _, err := w.ann.Click(w.ctx, tickets, root, "Resolve", nil); err == nil {
		t.Error("clicked what is gone from the person's view")
	}
	if out := must(w.ben.Click(w.ctx, tickets, root, "Docs", nil))(t); out.URL != "https://x.test" {
		t.Errorf("%+v", out)
	}
	for name, x := range map[string]struct {
		answer         any
		error, message string
		problem        bool
	}{
		"message":   {answer: obj{"statusCode": 200, "type": "application/vnd.microsoft.activity.message", "value": "Done."}, message: "Done."},
		"error":     {answer: obj{"statusCode": 400, "type": "application/vnd.microsoft.error", "value": obj{"code": "Stale", "message": "Too late."}}, error: "Stale", message: "Too late."},
		"no status": {answer: obj{"type": "x"}, error: "bad_answer", problem: true},
		"nothing":   {error: "bad_answer", problem: true},
		"200":       {answer: obj{"statusCode": 200, "type": "application/vnd.microsoft.error", "value": obj{"code": "Stale", "message": "Too late."}}, error: "bad_answer", problem: true},
		"400":       {answer: obj{"statusCode": 400, "type": "application/vnd.microsoft.activity.message", "value": "Done."}, error: "bad_answer", problem: true},
		"odd type":  {answer: obj{"statusCode": 200, "type": "text/plain", "value": "x"}, error: "bad_answer", problem: true},
	} {
		t.Run(name, func(t *testing.T) {
			before := len(w.srv.Problems())
			w.answering("adaptiveCard/action", x.answer)
			out := must(w.ben.Click(w.ctx, tickets, root, "resolve", nil))(t)
			if out.Error != x.error || out.Message != x.message || (len(w.srv.Problems()) > before) != x.problem {
				t.Errorf("%+v, %d problems", out, len(w.srv.Problems())-before)
			}
		})
	}
	w.bot.forget()
	must(w.ben.ClickOld(w.ctx, tickets, root, "resolve", client.Inputs{"why": "old"}))(t)
	a = w.next("message")
	want(t, a, "value.old", true)
	want(t, a, "value.why", "old")
	want(t, a, "text", nil)
}

func TestInvokeRetries(t *testing.T) {
	w := newWorld(t, teamsfake.Options{})
	root := w.start(withActions(card(textBlock("hello")), execute("Go", "go", nil)))
	var calls atomic.Int64
	w.bot.answers(func(a obj) (int, any) {
		if a["type"] == "invoke" && calls.Add(1) < 3 {
			return http.StatusBadGateway, nil
		}
		return http.StatusOK, obj{"statusCode": 200, "type": "application/vnd.microsoft.activity.message", "value": "ok"}
	})
	out := must(w.ann.Click(w.ctx, tickets, root, "Go", nil))(t)
	if out.Message != "ok" {
		t.Errorf("%+v", out)
	}
	var ids []any
	for range 3 {
		ids = append(ids, w.next("invoke")["id"])
	}
	if ids[0] == ids[1] || ids[1] == ids[2] {
		t.Errorf("a retry has the same id: %v", ids)
	}
	for status, tries := range map[int]int64{500: 3, 501: 1, 403: 1} {
		calls.Store(0)
		w.bot.answers(func(obj) (int, any) { calls.Add(1); return status, nil })
		if out := must(w.ann.Click(w.ctx, tickets, root, "Go", nil))(t); !strings.HasPrefix(out.Error, "http_") || calls.Load() != tries {
			t.Errorf("%d: %+v after %d tries", status, out, calls.Load())
		}
	}
	calls.Store(0)
	w.bot.answers(func(obj) (int, any) {
		calls.Add(1)
		return http.StatusOK, obj{"statusCode": 200, "type": "application/vnd.microsoft.activity.message", "value": "ok"}
	})
	for _, kind := range []teamsfake.FaultKind{teamsfake.FaultDrop, teamsfake.FaultDuplicate} {
		w.srv.Inject(teamsfake.Fault{Method: "event:invoke", Kind: kind, Times: 1})
		if out := must(w.ann.Click(w.ctx, tickets, root, "Go", nil))(t); out.Message != "ok" {
			t.Errorf("%s: %+v", kind, out)
		}
	}
	if calls.Load() != 4 {
		t.Errorf("%d calls", calls.Load())
	}
}

func TestDialog(t *testing.T) {
	w := newWorld(t, teamsfake.Options{})
	root := w.start(withActions(card(textBlock("hello")), fetch("Tag")))
	form := card(
		obj{"type": "Input.Text", "id": "note", "label": "Note", "isRequired": true, "errorMessage": "say why", "maxLength": 5},
		obj{"type": "Input.ChoiceSet", "id": "tag", "choices": []obj{{"title": "Billing", "value": "b"}, {"title": "Other", "value": "o"}}, "value": "o", "isMultiSelect": true},
		obj{"type": "Input.Toggle", "id": "loud", "title": "Loud"},
		obj{"type": "Input.Date", "id": "day"},
	)
	form = withActions(form, obj{"type": "Action.Submit", "title": "Save", "data": obj{"nonce": "x"}})
	task := func(kind string, value any) obj { return obj{"task": obj{"type": kind, "value": value}} }
	w.answering("task/fetch", task("continue", obj{"title": "Tags", "card": form}))
	out := must(w.ann.Click(w.ctx, tickets, root, "Tag", nil))(t)
	if out.Error != "" || out.Dialog == nil || out.Dialog.Title != "Tags" {
		t.Fatalf("%+v %v", out, w.srv.Problems())
	}
	a := w.next("invoke")
	want(t, a, "value.data.msteams.type", "task/fetch")
	want(t, a, "value.data.n", "1")
	for name, in := range map[string]client.Inputs{
		"required": {}, "too long": {"note": "123456"}, "lines": {"note": "a\nb"}, "choice": {"note": "a", "tag": "b,x"}, "date": {"note": "a", "day": "soon"},
	} {
		if _, err := w.ann.Submit(w.ctx, "", in); !errors.Is(err, client.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := w.ann.Submit(w.ctx, "", client.Inputs{"note": "a", "other": "b"}); err == nil {
		t.Error("filled in an input that is not there")
	}
	if _, err := w.ben.Submit(w.ctx, "", nil); !errors.Is(err, people.ErrNoDialog) {
		t.Errorf("%v", err)
	}
	again := withActions(card(textBlock("No."), obj{"type": "Input.Text", "id": "note", "label": "Note"}), obj{"type": "Action.Submit", "title": "Save"})
	w.answering("task/submit", task("continue", obj{"title": "Tags", "card": again}))
	out = must(w.ann.Submit(w.ctx, "Save", client.Inputs{"note": "a", "tag": "b,o"}))(t)
	if out.Dialog == nil || !strings.Contains(string(out.Dialog.Card), "No.") {
		t.Fatalf("%+v", out)
	}
	a = w.next("invoke")
	want(t, a, "name", "task/submit")
	want(t, a, "value.data", map[string]any{"loud": "false", "nonce": "x", "note": "a", "tag": "b,o"})
	w.answering("task/submit", task("message", "Saved"))
	out = must(w.ann.Submit(w.ctx, "", nil))(t)
	if out.Message != "Saved" || w.srv.Dialog(ann) != nil {
		t.Errorf("%+v", out)
	}
	w.clean()
	w.answering("task/fetch", task("continue", obj{"title": "", "card": obj{"contentType": "x"}}))
	if out := must(w.ann.Click(w.ctx, tickets, root, "Tag", nil))(t); out.Error != "bad_answer" {
		t.Errorf("%+v", out)
	}
}

func TestExtensions(t *testing.T) {
	w := newWorld(t, teamsfake.Options{Manifest: []byte(`{"bots":[{"configuration":{"team":{"fetchTask":true}}}],"composeExtensions":[{"commands":[
		{"id":"answer","type":"action","context":["message"],"fetchTask":true},
		{"id":"find","type":"query","context":["compose","commandBox"],"parameters":[{"name":"what"}]}]}]}`)})
	root := w.start(card(textBlock("hello")))
	id := must(w.ann.Reply(tickets, root, "**yes** <@bot>"))(t)
	form := withActions(card(obj{"type": "Input.Text", "id": "text"}), obj{"type": "Action.Submit", "title": "Send"})
	shown := obj{"task": obj{"type": "continue", "value": obj{"title": "Answer", "card": form}}}
	w.answering("composeExtension/fetchTask", shown)
	out := must(w.ben.MessageAction(w.ctx, tickets, id, "answer"))(t)
	if out.Dialog == nil {
		t.Fatalf("%+v", out)
	}
	a := w.next("invoke")
	want(t, a, "value.commandContext", "message")
	want(t, a, "value.messagePayload.id", id)
	want(t, a, "value.messagePayload.replyToId", root)
	want(t, a, "value.messagePayload.from.user.id", ann)
	want(t, a, "value.messagePayload.body.content", `<p><strong>yes</strong> <at id="0">Parley</at></p>`)
	w.answering("composeExtension/submitAction", obj{"composeExtension": obj{"type": "result", "attachmentLayout": "list", "attachments": []obj{card(textBlock("sent"))}}})
	out = must(w.ben.Submit(w.ctx, "", client.Inputs{"text": "hi"}))(t)
	if len(out.Results) != 1 || out.Error != "" {
		t.Errorf("%+v", out)
	}
	a = w.next("invoke")
	want(t, a, "value.data.text", "hi")
	want(t, a, "value.commandId", "answer")
	want(t, a, "value.messagePayload.id", id)
	if _, err := w.ben.Compose(w.ctx, tickets, root, "answer"); err == nil {
		t.Error("undeclared context")
	}
	hit := card(textBlock("hit"))
	hit["preview"] = obj{"contentType": "application/vnd.microsoft.card.thumbnail", "content": obj{"title": "hit"}}
	w.answering("composeExtension/query", obj{"composeExtension": obj{"type": "result", "attachmentLayout": "list", "attachments": []obj{hit}}})
	must(w.ann.Search(w.ctx, "", "", "find", ""))(t)
	a = w.next("invoke")
	want(t, a, "value.parameters.0.name", "initialRun")
	out = must(w.ann.Search(w.ctx, tickets, "", "find", "printer"))(t)
	if len(out.Results) != 1 || !strings.Contains(string(out.Results[0].Preview), "hit") {
		t.Errorf("%+v", out)
	}
	want(t, w.next("invoke"), "value.parameters.0.name", "what")
	w.clean()
	w.answering("composeExtension/query", nil)
	if out := must(w.ann.Search(w.ctx, tickets, "", "find", "printer"))(t); out.Error != "bad_answer" {
		t.Errorf("%+v", out)
	}
	w.answering("config/fetch", obj{"responseType": "config", "config": obj{"type": "continue", "value": obj{"title": "Settings", "card": form}}})
	if out := must(w.ann.Configure(w.ctx, team))(t); out.Dialog == nil {
		t.Errorf("%+v", out)
	}
	w.answering("config/submit", obj{"responseType": "config", "config": obj{"type": "message", "value": "Saved"}})
	if out := must(w.ann.Submit(w.ctx, "", nil))(t); out.Message != "Saved" {
		t.Errorf("%+v", out)
	}
}

func TestRefreshAndSuggestions(t *testing.T) {
	w := newWorld(t, teamsfake.Options{})
	u, _ := w.srv.User(ann)
	c := card(textBlock("for all"))
	c["content"].(obj)["refresh"] = obj{"action": obj{"type": "Action.Execute", "verb": "refresh"}, "userIds": []string{u.TeamsID}}
	root := w.start(c)
	w.answering("adaptiveCard/action", obj{"statusCode": 200, "type": "application/vnd.microsoft.card.adaptive", "value": card(textBlock("for ann"))["content"]})
	if out := must(w.ann.View(w.ctx, tickets, root))(t); !strings.Contains(string(out.Card), "for ann") {
		t.Errorf("%+v", out)
	}
	want(t, w.next("invoke"), "value.trigger", "automatic")
	if out := must(w.ben.View(w.ctx, tickets, root))(t); out.Card != nil {
		t.Errorf("%+v", out)
	}
	_, got := w.reply(root, obj{"text": "Which?", "suggestedActions": obj{"actions": []obj{{"type": "Action.Submit", "title": "This", "value": obj{"a": 1}}}}})
	must(w.ann.Suggested(w.ctx, tickets, got["id"].(string), "This"))(t)
	a := w.next("invoke")
	want(t, a, "name", "suggestedActions/submit")
	want(t, a, "value.a", 1)
	w.clean()
}

func TestTexts(t *testing.T) {
	w := newWorld(t, teamsfake.Options{})
	root := w.start(card(textBlock("hello")))
	u, _ := w.srv.User(ann)
	mention := []obj{{"type": "mention", "text": "<at>Ann</at>", "mentioned": obj{"id": u.TeamsID, "name": "Ann"}}}
	for name, x := range map[string]struct {
		activity obj
		text     string
		problem  string
	}{
		"plain":          {obj{"textFormat": "plain", "text": "<b>x</b>\ny"}, "<b>x</b>\ny", ""},
		"markdown":       {obj{"text": "**x** <script> [l](https://x.test)"}, "x <script> l", ""},
		"xml":            {obj{"textFormat": "xml", "text": "<b>x</b><br><a href=\"https://x.test\">l</a> &lt;at&gt;"}, "x\nl <at>", ""},
		"mention":        {obj{"textFormat": "xml", "text": "<at>Ann</at> hi", "entities": mention}, "@Ann hi", ""},
		"forged":         {obj{"textFormat": "xml", "text": "<at>Ann</at> hi"}, "@Ann hi", "no mention entity"},
		"without text":   {obj{"textFormat": "xml", "text": "hi", "entities": mention}, "hi", "not in the text"},
		"odd element":    {obj{"textFormat": "xml", "text": "<video>x</video>"}, "x", "is not shown"},
		"open":           {obj{"textFormat": "xml", "text": "<b>x"}, "x", "not closed"},
		"odd link":       {obj{"textFormat": "xml", "text": `<a href="javascript:x">x</a>`}, "x", "does not work"},
		"picture":        {pictured("image/png", picture(t, 8, 0)), "", ""},
		"picture counts": {pictured("image/png", picture(t, 8, 200_000)), "", ""},
		"large picture":  {pictured("image/png", picture(t, 1025, 0)), "", "1025 × 1025"},
		"heavy picture":  {pictured("image/png", picture(t, 8, 1<<20)), "", "1 MB"},
		"odd picture":    {pictured("image/jpeg", picture(t, 8, 0)), "", "png called image/jpeg"},
		"no picture":     {pictured("image/png", []byte("hello")), "", "unknown format"},
	} {
		t.Run(name, func(t *testing.T) {
			before := len(w.srv.Problems())
			status, got := w.reply(root, x.activity)
			if status != http.StatusCreated {
				t.Fatal(status, got)
			}
			if m := w.srv.Message(tickets, got["id"].(string)); m.Text != x.text {
				t.Errorf("%q", m.Text)
			}
			problems := w.srv.Problems()[before:]
			if x.problem == "" && len(problems) > 0 || x.problem != "" && (len(problems) == 0 || !strings.Contains(problems[0].Text, x.problem)) {
				t.Errorf("%+v", problems)
			}
		})
	}
}

// picture is a PNG with these sides and bytes behind its end.
func picture(t *testing.T, side, more int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, side, side))); err != nil {
		t.Fatal(err)
	}
	return append(b.Bytes(), make([]byte, more)...)
}

func pictured(kind string, data []byte) obj {
	return obj{"attachments": []obj{{"contentType": kind, "contentUrl": "data:" + kind + ";base64," + base64.StdEncoding.EncodeToString(data)}}}
}
