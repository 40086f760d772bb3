package teamsfake_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
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

// answerInvokes makes the bot answer invokes of this name.
func (w *world) answerInvokes(name string, body any) {
	w.bot.setAnswer(func(a obj) (int, any) {
		if a["name"] == name {
			return http.StatusOK, body
		}
		return http.StatusOK, nil
	})
}

// messageAnswer is an answer to a click that shows the person a line.
func messageAnswer(text string) obj {
	return obj{"statusCode": 200, "type": "application/vnd.microsoft.activity.message", "value": text}
}

// click lets a person press a button of a message in tickets, which must be there.
func (w *world) click(p *teamsfake.Person, message, button string, in client.Inputs) *teamsfake.Outcome {
	w.t.Helper()
	return must(p.Click(w.ctx, tickets, message, button, in))(w.t)
}

// A click brings the verb, the data and the typed values to the bot. The bot's answer replaces the card for the person
// who clicked.
func TestExecute(t *testing.T) {
	w := newWorld(t, teamsfake.Options{})
	input := obj{"type": "Input.Text", "id": "why", "label": "Why", "value": "late"}
	docs := obj{"type": "Action.OpenUrl", "title": "Docs", "url": "https://x.test"}
	root := w.postCard(withActions(card(textBlock("hello"), input), execute("Resolve", "resolve", obj{"n": "7"}), docs))
	mine := obj{"type": "AdaptiveCard", "version": "1.5", "body": []obj{textBlock("done")}}
	w.answerInvokes("adaptiveCard/action", obj{"statusCode": 200, "type": "application/vnd.microsoft.card.adaptive", "value": mine})

	out := w.click(w.ann, root, "Resolve", client.Inputs{"why": "paid"})
	wantEqual(t, "error", out.Error, "")
	wantEqual(t, "the new card is shown", strings.Contains(string(out.Card), "done"), true)

	a := w.waitActivity("invoke")
	wantField(t, a, "name", "adaptiveCard/action")
	wantField(t, a, "value.action.verb", "resolve")
	wantField(t, a, "value.action.data.n", "7")
	wantField(t, a, "value.action.data.why", "paid")
	wantField(t, a, "value.trigger", "manual")
	wantField(t, a, "replyToId", root)
	wantField(t, a, "from.aadObjectId", ann)
	wantField(t, a, "conversation.id", tickets+";messageid="+root)

	m := w.srv.Message(tickets, root)
	if len(m.View) != 1 || !strings.Contains(string(m.View[ann]), "done") {
		t.Errorf("views of the card: got %s, want Ann's alone", m.View)
	}

	// The card that Ann sees now has no buttons. Ben still sees the first one.
	if _, err := w.ann.Click(w.ctx, tickets, root, "Resolve", nil); err == nil {
		t.Error("Ann clicked what is gone from her view")
	}
	wantEqual(t, "address that Docs opens", w.click(w.ben, root, "Docs", nil).URL, "https://x.test")
}

// The person who clicks sees the message or the error of the bot's answer. An answer in a form that Teams doesn't know is
// an error, and the emulator notes a problem.
func TestAnswersToExecute(t *testing.T) {
	w := newWorld(t, teamsfake.Options{})
	root := w.postCard(withActions(card(textBlock("hello")), execute("Resolve", "resolve", nil)))
	const errorType = "application/vnd.microsoft.error"
	tooLate := obj{"code": "Stale", "message": "Too late."}
	for name, x := range map[string]struct {
		answer         any
		error, message string
		problem        bool
	}{
		"message":   {answer: messageAnswer("Done."), message: "Done."},
		"error":     {answer: obj{"statusCode": 400, "type": errorType, "value": tooLate}, error: "Stale", message: "Too late."},
		"no status": {answer: obj{"type": "x"}, error: "bad_answer", problem: true},
		"nothing":   {error: "bad_answer", problem: true},
		"200":       {answer: obj{"statusCode": 200, "type": errorType, "value": tooLate}, error: "bad_answer", problem: true},
		"400":       {answer: obj{"statusCode": 400, "type": "application/vnd.microsoft.activity.message", "value": "Done."}, error: "bad_answer", problem: true},
		"odd type":  {answer: obj{"statusCode": 200, "type": "text/plain", "value": "x"}, error: "bad_answer", problem: true},
	} {
		t.Run(name, func(t *testing.T) {
			before := len(w.srv.Problems())
			w.answerInvokes("adaptiveCard/action", x.answer)
			out := w.click(w.ben, root, "resolve", nil)
			wantEqual(t, "error", out.Error, x.error)
			wantEqual(t, "message", out.Message, x.message)
			wantEqual(t, "there is a problem", len(w.srv.Problems()) > before, x.problem)
		})
	}
}

// An old client doesn't know Action.Execute. It sends the data of the fallback as a message.
func TestExecuteInOldClient(t *testing.T) {
	w := newWorld(t, teamsfake.Options{})
	input := obj{"type": "Input.Text", "id": "why", "label": "Why"}
	root := w.postCard(withActions(card(textBlock("hello"), input), execute("Resolve", "resolve", nil)))
	must(w.ben.ClickOld(w.ctx, tickets, root, "resolve", client.Inputs{"why": "old"}))(t)
	a := w.waitActivity("message")
	wantField(t, a, "value.old", true)
	wantField(t, a, "value.why", "old")
	wantField(t, a, "text", nil)
}

// Teams sends a click again if the bot answers with a status that may pass: three times at most, each time with another
// id.
func TestInvokeRetries(t *testing.T) {
	w := newWorld(t, teamsfake.Options{})
	root := w.postCard(withActions(card(textBlock("hello")), execute("Go", "go", nil)))
	var calls atomic.Int64
	w.bot.setAnswer(func(a obj) (int, any) {
		if a["type"] == "invoke" && calls.Add(1) < 3 {
			return http.StatusBadGateway, nil
		}
		return http.StatusOK, messageAnswer("ok")
	})
	wantEqual(t, "message", w.click(w.ann, root, "Go", nil).Message, "ok")
	var ids []any
	for range 3 {
		ids = append(ids, w.waitActivity("invoke")["id"])
	}
	if ids[0] == ids[1] || ids[1] == ids[2] {
		t.Errorf("the ids are %v, want another one for each retry", ids)
	}

	// The bot keeps failing.
	for status, tries := range map[int]int64{500: 3, 501: 1, 403: 1} {
		calls.Store(0)
		w.bot.setAnswer(func(obj) (int, any) { calls.Add(1); return status, nil })
		if out := w.click(w.ann, root, "Go", nil); !strings.HasPrefix(out.Error, "http_") {
			t.Errorf("answered %d: got the error %q, want one of HTTP", status, out.Error)
		}
		wantEqual(t, fmt.Sprint("tries when answered ", status), calls.Load(), tries)
	}

	// A click is lost or sent twice on its way.
	calls.Store(0)
	w.bot.setAnswer(func(obj) (int, any) { calls.Add(1); return http.StatusOK, messageAnswer("ok") })
	for _, kind := range []teamsfake.FaultKind{teamsfake.FaultDrop, teamsfake.FaultDuplicate} {
		w.srv.Inject(teamsfake.Fault{Method: "event:invoke", Kind: kind, Times: 1})
		wantEqual(t, "message with the fault "+string(kind), w.click(w.ann, root, "Go", nil).Message, "ok")
	}
	const dropped, duplicated = 2, 2 // the bot gets each of them twice
	wantEqual(t, "calls", calls.Load(), dropped+duplicated)
}

// A button opens a dialog. The person's input is checked as the card demands, then sent. The bot answers with another
// card or a message.
func TestDialog(t *testing.T) {
	w := newWorld(t, teamsfake.Options{})
	root := w.postCard(withActions(card(textBlock("hello")), fetch("Tag")))
	form := card(
		obj{"type": "Input.Text", "id": "note", "label": "Note", "isRequired": true, "errorMessage": "say why", "maxLength": 5},
		obj{
			"type":          "Input.ChoiceSet",
			"id":            "tag",
			"choices":       []obj{{"title": "Billing", "value": "b"}, {"title": "Other", "value": "o"}},
			"value":         "o",
			"isMultiSelect": true,
		},
		obj{"type": "Input.Toggle", "id": "loud", "title": "Loud"},
		obj{"type": "Input.Date", "id": "day"},
	)
	form = withActions(form, obj{"type": "Action.Submit", "title": "Save", "data": obj{"nonce": "x"}})
	task := func(kind string, value any) obj { return obj{"task": obj{"type": kind, "value": value}} }

	w.answerInvokes("task/fetch", task("continue", obj{"title": "Tags", "card": form}))
	out := w.click(w.ann, root, "Tag", nil)
	if out.Dialog == nil {
		t.Fatalf("the click gave %+v, want a dialog; problems %v", out, w.srv.Problems())
	}
	wantEqual(t, "error", out.Error, "")
	wantEqual(t, "title", out.Dialog.Title, "Tags")
	a := w.waitActivity("invoke")
	wantField(t, a, "value.data.msteams.type", "task/fetch")
	wantField(t, a, "value.data.n", "1")

	// Inputs that the card doesn't allow are refused, and so is somebody else's dialog.
	for name, in := range map[string]client.Inputs{
		"required": {},
		"too long": {"note": "123456"},
		"lines":    {"note": "a\nb"},
		"choice":   {"note": "a", "tag": "b,x"},
		"date":     {"note": "a", "day": "soon"},
	} {
		if _, err := w.ann.Submit(w.ctx, "", in); !errors.Is(err, client.ErrInvalid) {
			t.Errorf("%s: got %v, want %v", name, err, client.ErrInvalid)
		}
	}
	if _, err := w.ann.Submit(w.ctx, "", client.Inputs{"note": "a", "other": "b"}); err == nil {
		t.Error("Ann filled in an input that is not there")
	}
	if _, err := w.ben.Submit(w.ctx, "", nil); !errors.Is(err, people.ErrNoDialog) {
		t.Errorf("Ben submits Ann's dialog: got %v, want %v", err, people.ErrNoDialog)
	}

	// The bot answers with another card, then with a message that closes the dialog.
	again := withActions(card(textBlock("No."), obj{"type": "Input.Text", "id": "note", "label": "Note"}),
		obj{"type": "Action.Submit", "title": "Save"})
	w.answerInvokes("task/submit", task("continue", obj{"title": "Tags", "card": again}))
	out = must(w.ann.Submit(w.ctx, "Save", client.Inputs{"note": "a", "tag": "o,b"}))(t)
	if out.Dialog == nil || !strings.Contains(string(out.Dialog.Card), "No.") {
		t.Fatalf("the submission gave %+v, want the next card", out)
	}

	a = w.waitActivity("invoke")
	wantField(t, a, "name", "task/submit")
	wantField(t, a, "value.data", map[string]any{"loud": "false", "nonce": "x", "note": "a", "tag": "b,o"}) // in the order of the choices

	w.answerInvokes("task/submit", task("message", "Saved"))
	wantEqual(t, "message", must(w.ann.Submit(w.ctx, "", nil))(t).Message, "Saved")
	wantEqual(t, "the dialog is open", w.srv.Dialog(ann) != nil, false)
	w.wantNoProblems()

	w.answerInvokes("task/fetch", task("continue", obj{"title": "", "card": obj{"contentType": "x"}}))
	wantEqual(t, "error of a dialog without a card", w.click(w.ann, root, "Tag", nil).Error, "bad_answer")
}

// A card that names a person to refresh for is fetched anew for that person alone.
func TestRefresh(t *testing.T) {
	w := newWorld(t, teamsfake.Options{})
	u, _ := w.srv.User(ann)
	c := card(textBlock("for all"))
	c["content"].(obj)["refresh"] = obj{"action": obj{"type": "Action.Execute", "verb": "refresh"}, "userIds": []string{u.TeamsID}}
	root := w.postCard(c)
	forAnn := card(textBlock("for ann"))["content"]
	w.answerInvokes("adaptiveCard/action", obj{"statusCode": 200, "type": "application/vnd.microsoft.card.adaptive", "value": forAnn})
	if out := must(w.ann.View(w.ctx, tickets, root))(t); !strings.Contains(string(out.Card), "for ann") {
		t.Errorf("Ann sees %+v, want her own card", out)
	}
	wantField(t, w.waitActivity("invoke"), "value.trigger", "automatic")
	if out := must(w.ben.View(w.ctx, tickets, root))(t); out.Card != nil {
		t.Errorf("Ben sees %+v, want no card of his own", out)
	}
	w.wantNoProblems()
}

func TestSuggestedAction(t *testing.T) {
	w := newWorld(t, teamsfake.Options{})
	root := w.postCard(card(textBlock("hello")))
	this := obj{"type": "Action.Submit", "title": "This", "value": obj{"a": 1}}
	_, got := w.botReplies(root, obj{"text": "Which?", "suggestedActions": obj{"actions": []obj{this}}})
	must(w.ann.Suggested(w.ctx, tickets, got["id"].(string), "This"))(t)
	a := w.waitActivity("invoke")
	wantField(t, a, "name", "suggestedActions/submit")
	wantField(t, a, "value.a", 1)
	w.wantNoProblems()
}

func TestTexts(t *testing.T) {
	w := newWorld(t, teamsfake.Options{})
	root := w.postCard(card(textBlock("hello")))
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
			status, got := w.botReplies(root, x.activity)
			if status != http.StatusCreated {
				t.Fatalf("got status %d, want 201; answer %v", status, got)
			}
			wantEqual(t, "text that people see", w.srv.Message(tickets, got["id"].(string)).Text, x.text)
			w.wantProblem(before, x.problem)
		})
	}
}

// wantProblem checks the first problem after the ones before; "" means that there is none.
func (w *world) wantProblem(before int, want string) {
	w.t.Helper()
	problems := w.srv.Problems()[before:]
	isAsWanted := len(problems) == 0
	if want != "" {
		isAsWanted = len(problems) > 0 && strings.Contains(problems[0].Text, want)
	}
	if !isAsWanted {
		w.t.Errorf("problems: got %+v, want %q", problems, want)
	}
}

// picture is a PNG with these sides and bytes behind its end.
func picture(t *testing.T, side, more int) []byte {
	t.Helper()
	var b bytes.Buffer
	noError(t, png.Encode(&b, image.NewGray(image.Rect(0, 0, side, side))))
	return append(b.Bytes(), make([]byte, more)...)
}

func pictured(kind string, data []byte) obj {
	return obj{"attachments": []obj{{
		"contentType": kind,
		"contentUrl":  "data:" + kind + ";base64," + base64.StdEncoding.EncodeToString(data),
	}}}
}
