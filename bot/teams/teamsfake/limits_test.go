package teamsfake_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"parley/bot/teams/teamsfake"
)

// A bot may post 7 times a second, 8 in two seconds and 60 in half a minute into a thread. One call more is refused with the time
// to wait. Reactions are counted apart.
func TestRateWindows(t *testing.T) {
	const in1s, in2s, in30s = 7, 8, 60
	c := newClock()
	w := newWorld(t, teamsfake.Options{Clock: c.now, Limits: true, TokenLife: 240 * time.Hour})
	root := w.postCard(card(textBlock("hello")))
	wantReplies := func(n, want int) {
		t.Helper()
		for i := range n {
			status, _ := w.botReplies(root, obj{"text": "x"})
			wantEqual(t, fmt.Sprint("status of call ", i+1), status, want)
		}
	}
	wantReplies(in1s, http.StatusCreated)
	wantReplies(1, http.StatusTooManyRequests)
	c.advance(time.Second)
	wantReplies(in2s-in1s, http.StatusCreated)
	wantReplies(1, http.StatusTooManyRequests)
	c.advance(2 * time.Second)
	for sent := in2s; sent < in30s; {
		n := min(in1s, in30s-sent)
		wantReplies(n, http.StatusCreated)
		sent += n
		if sent < in30s {
			wantReplies(1, http.StatusTooManyRequests)
		}
		c.advance(2 * time.Second)
	}
	wantReplies(1, http.StatusTooManyRequests)
	status, got, err := w.postBare(root)
	noError(t, err)
	wantEqual(t, "status of one call too many", status, http.StatusTooManyRequests)
	wantEqual(t, "it tells how long to wait", got["retry"] != "", true)
	path := "conversations/" + conv(tickets, root) + "/activities/" + root + "/reactions/like"
	for i, want := range []int{http.StatusOK, http.StatusOK, http.StatusTooManyRequests} {
		w.wantCall(fmt.Sprint("reaction ", i+1), "PUT", path, nil, want)
	}
	c.advance(time.Hour)
	wantReplies(in1s, http.StatusCreated)
	wantReplies(1, http.StatusTooManyRequests)
}

// postBare posts a reply by the bot without judging the answer. It gives the answer's body and Retry-After.
func (w *world) postBare(root string) (status int, answer obj, err error) {
	w.t.Helper()
	address := w.srv.ServiceURL() + "v3/conversations/" + conv(tickets, root) + "/activities"
	req := must(http.NewRequestWithContext(w.ctx, "POST", address, strings.NewReader(`{"type":"message","text":"x"}`)))(w.t)
	req.Header = http.Header{"Authorization": {"Bearer " + w.token}, "Content-Type": {"application/json"}}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	return res.StatusCode, obj{"body": string(body), "retry": res.Header.Get("Retry-After")}, err
}

// Each fault fails a call in its way, before or after its effect, and the journal has each call.
func TestFaults(t *testing.T) {
	w := newWorld(t, teamsfake.Options{})
	root := w.postCard(card(textBlock("hello")))
	rows := map[string]struct {
		f      teamsfake.Fault
		status int
		text   string
		retry  string
		stored int
		err    error // io.EOF stands for a connection that was closed, errAny for any
	}{
		"412":        {f: teamsfake.Fault{Kind: teamsfake.FaultHTTP, Status: 412, Code: "PreconditionFailed"}, status: 412, text: "PreconditionFailed"},
		"429":        {f: teamsfake.Fault{Kind: teamsfake.FaultRateLimit, Retry: 7}, status: 429, retry: "7"},
		"bare 429":   {f: teamsfake.Fault{Kind: teamsfake.FaultBareLimit}, status: 429},
		"502 before": {f: teamsfake.Fault{Kind: teamsfake.FaultHTTP}, status: 502, text: "<html>"},
		"503 after":  {f: teamsfake.Fault{Kind: teamsfake.FaultHTTP, Status: 503, After: true}, status: 503, stored: 1},
		"drop":       {f: teamsfake.Fault{Kind: teamsfake.FaultDrop}, err: io.EOF},
		"drop after": {f: teamsfake.Fault{Kind: teamsfake.FaultDrop, After: true}, err: io.EOF, stored: 1},
		"reset":      {f: teamsfake.Fault{Kind: teamsfake.FaultReset}, err: errAny},
		"garbage":    {f: teamsfake.Fault{Kind: teamsfake.FaultGarbage}, status: 200, text: "<html>"},
		"delay":      {f: teamsfake.Fault{Kind: teamsfake.FaultDelay, Delay: time.Millisecond}, status: 201, stored: 1},
		"late":       {f: teamsfake.Fault{Kind: teamsfake.FaultDelay, Delay: time.Millisecond, After: true}, status: 201, stored: 1},
		"elsewhere":  {f: teamsfake.Fault{Kind: teamsfake.FaultDrop, Channel: team}, status: 201, stored: 1},
	}
	for name, x := range rows {
		t.Run(name, func(t *testing.T) {
			before, callsBefore := len(w.srv.Messages(tickets)), len(w.srv.Calls("activities.send"))
			x.f.Method, x.f.Times = "activities.*", 1
			w.srv.Inject(x.f)
			status, got, err := w.postBare(root)
			w.srv.ClearFaults()
			if (err != nil) != (x.err != nil) {
				t.Fatalf("got status %d %v and the error %v, want the error %v", status, got, err, x.err)
			}
			var closed *net.OpError
			if errors.Is(x.err, io.EOF) && !errors.Is(err, io.EOF) && !errors.As(err, &closed) {
				t.Errorf("error: got %v, want a closed connection", err)
			}
			wantEqual(t, "status", status, x.status)
			if err == nil {
				wantEqual(t, "Retry-After", got["retry"].(string), x.retry)
				wantEqual(t, "body with "+x.text, strings.Contains(got["body"].(string), x.text), true)
			}
			wantEqual(t, "stored messages", len(w.srv.Messages(tickets))-before, x.stored)
			wantEqual(t, "calls in the journal when the bot had its answer", len(w.srv.Calls("activities.send"))-callsBefore, 1)
		})
	}
	calls := w.srv.Calls("activities.send")
	wantEqual(t, "calls in the journal", len(calls), len(rows))
	wantEqual(t, "the journal has what was sent", calls[0].Body != "", true)
	w.srv.Inject(teamsfake.Fault{Method: "keys", Kind: teamsfake.FaultHTTP, Status: 500})
	w.wantGet("keys", w.srv.URL()+"/botframework/v1/.well-known/keys", "", http.StatusInternalServerError)
}

// errAny stands for an error of any kind.
var errAny = errors.New("any")

func TestEventFaults(t *testing.T) {
	w := newWorld(t, teamsfake.Options{RetryDelays: []time.Duration{time.Millisecond, time.Millisecond}, ReorderHold: patience})
	root := w.postCard(card(textBlock("hello")))
	say := func(text string) string { return must(w.ann.Reply(tickets, root, text))(t) }
	w.srv.Inject(teamsfake.Fault{Method: "event:message", Kind: teamsfake.FaultDuplicate, Times: 1})
	id := say("twice")
	wantField(t, w.waitActivity("message"), "id", id)
	wantField(t, w.waitActivity("message"), "id", id)
	w.srv.Inject(teamsfake.Fault{Method: "event:*", Kind: teamsfake.FaultDrop, Times: 1})
	id = say("answer lost")
	wantField(t, w.waitActivity("message"), "id", id)
	wantField(t, w.waitActivity("message"), "id", id)
	w.srv.Inject(teamsfake.Fault{Method: "event:message", Kind: teamsfake.FaultReorder, Times: 1})
	first := say("first")
	second := say("second")
	wantField(t, w.waitActivity("message"), "id", second)
	wantField(t, w.waitActivity("message"), "id", first)
	w.srv.Inject(teamsfake.Fault{Method: "event:message", Kind: teamsfake.FaultLose, Times: 1})
	id = say("lost")
	if lost := w.srv.Activities.Lost(); len(lost) != 1 || lost[0].ID != id {
		t.Errorf("lost are %+v, want %s alone", lost, id)
	}
	next := say("next")
	wantField(t, w.waitActivity("message"), "id", next)
}

func TestTargeted(t *testing.T) {
	c := newClock()
	w := newWorld(t, teamsfake.Options{Clock: c.now, TokenLife: 240 * time.Hour, Users: []teamsfake.User{{ID: "gus", Name: "Gus", TenantID: "elsewhere"}}})
	root := w.postCard(card(textBlock("hello")))
	path := "conversations/" + conv(tickets, root) + "/activities"
	annID := "29:x"
	if u, ok := w.srv.User(ann); ok {
		annID = u.TeamsID
	}
	gus, _ := w.srv.User("gus")
	to := func(id string) obj {
		return obj{"type": "message", "text": "only you", "recipient": obj{"id": id, "isTargeted": true}}
	}
	for name, x := range map[string]struct {
		path   string
		body   obj
		status int
		code   string
	}{
		"no recipient":       {path + "?isTargetedActivity=true", obj{"type": "message", "text": "x"}, 400, "BadArgument"},
		"no parameter":       {path, to(annID), 400, "BadArgument"},
		"not in the channel": {path + "?isTargetedActivity=true", to("29:nobody"), 403, "BotNotInConversationRoster"},
		"other tenant":       {path + "?isTargetedActivity=true", to(gus.TeamsID), 403, "BotNotInConversationRoster"},
	} {
		w.wantRefused(name, "POST", x.path, x.body, x.status, x.code)
	}
	_, got := w.call("POST", "conversations", obj{"tenantId": w.srv.TenantID(), "members": []obj{{"id": annID}}})
	chat := "conversations/" + url.PathEscape(got["id"].(string)) + "/activities?isTargetedActivity=true"
	w.wantCall("in a personal chat", "POST", chat, to(annID), http.StatusBadRequest)
	// One that is taken is seen by Ann alone.
	id := w.wantCall("to Ann", "POST", path+"?isTargetedActivity=true", to(annID), http.StatusCreated)["id"].(string)
	wantEqual(t, "messages for Ann alone", len(w.srv.Targeted(ann)), 1)
	wantEqual(t, "messages for Ben alone", len(w.srv.Targeted(ben)), 0)
	wantEqual(t, "messages that everybody sees", len(w.srv.Thread(tickets, root)), 1)
	// It can be changed for a day.
	one := path + "/" + id
	for name, x := range map[string]struct {
		verb, path string
		body       obj
		status     int
	}{
		"without the parameter": {"PUT", one, obj{"type": "message", "text": "new"}, 404},
		"with a recipient":      {"PUT", one + "?isTargetedActivity=true", to(annID), 400},
		"reaction":              {"PUT", one + "/reactions/like", nil, 400},
		"fine":                  {"PUT", one + "?isTargetedActivity=true", obj{"type": "message", "text": "new"}, 200},
	} {
		w.wantCall(name, x.verb, x.path, x.body, x.status)
	}
	if m := w.srv.Targeted(ann); len(m) != 1 || m[0].Text != "new" {
		t.Errorf("Ann sees %+v, want the new text alone", m)
	}
	c.advance(24 * time.Hour)
	w.wantCall("after a day", "PUT", one+"?isTargetedActivity=true", obj{"type": "message", "text": "late"}, http.StatusNotFound)
	wantEqual(t, "messages for Ann alone after a day", len(w.srv.Targeted(ann)), 0)
}

func TestPersonal(t *testing.T) {
	w := newWorld(t, teamsfake.Options{})
	u, _ := w.srv.User(ann)
	members := obj{"tenantId": w.srv.TenantID(), "members": []obj{{"id": u.TeamsID}}}
	got := w.wantCall("a personal chat", "POST", "conversations", members, http.StatusCreated)
	wantField(t, got, "id", w.srv.PersonalID(ann))
	path := "conversations/" + got["id"].(string) + "/activities"
	w.wantCall("a message in it", "POST", path, obj{"type": "message", "text": "hello"}, http.StatusCreated)
	must(w.ann.Say("hi"))(t)
	a := w.waitActivity("message")
	wantField(t, a, "conversation.conversationType", "personal")
	wantField(t, a, "conversation.id", got["id"])
	if m := w.srv.Personal(ann); len(m) != 2 || m[0].Text != "hello" || m[1].User != ann {
		t.Errorf("the chat is %+v, want the bot's message and Ann's", m)
	}
	w.srv.Admin.Block(ann, true)
	w.wantRefused("blocked", "POST", path, obj{"type": "message", "text": "hello"}, http.StatusForbidden, "ConversationBlockedByUser")
}

// A person's slash command is for the bot alone, if its manifest declares it.
func TestSlashCommand(t *testing.T) {
	manifest := `{"bots":[{"supportsTargetedMessages":true,"commandLists":[{"triggers":["slash"],"commands":[{"title":"assign"}]}]}]}`
	w := newWorld(t, teamsfake.Options{Manifest: []byte(manifest)})
	root := w.postCard(card(textBlock("hello")))
	must(w.ann.Slash(tickets, root, "assign ben"))(t)
	a := w.waitActivity("message")
	wantField(t, a, "text", "assign ben")
	wantField(t, a, "recipient.isTargeted", true)
	wantField(t, a, "conversation.id", tickets+";messageid="+root)
	if _, err := w.ann.Slash(tickets, root, "explode"); err == nil {
		t.Error("Ann used a command that isn't declared")
	}
	wantEqual(t, "messages that others see", len(w.srv.Thread(tickets, root)), 1)
}
