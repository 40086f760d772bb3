package teamsfake_test

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"parley/bot/teams/teamsfake"
)

func TestRateWindows(t *testing.T) {
	c := newClock()
	w := newWorld(t, teamsfake.Options{Clock: c.now, Limits: true, TokenLife: 240 * time.Hour})
	root := w.start(card(textBlock("hello")))
	say := func() int {
		status, _ := w.reply(root, obj{"text": "x"})
		return status
	}
	burst := func(allowed int) {
		t.Helper()
		for i := range allowed {
			if status := say(); status != 201 {
				t.Fatalf("call %d: %d", i, status)
			}
		}
		if status := say(); status != 429 {
			t.Errorf("call %d: %d", allowed, status)
		}
	}
	burst(7)
	c.advance(time.Second)
	burst(1) // 8 in 2 s
	c.advance(2 * time.Second)
	sent := 8
	for sent < 60 {
		n := min(7, 60-sent)
		if sent+n < 60 {
			burst(n)
		} else {
			for range n {
				if status := say(); status != 201 {
					t.Fatalf("%d sent: %d", sent, status)
				}
			}
		}
		sent += n
		c.advance(2 * time.Second)
	}
	if status := say(); status != 429 {
		t.Errorf("61st in 30 s: %d", status)
	}
	req, err := http.NewRequestWithContext(w.ctx, "POST", w.srv.ServiceURL()+"v3/conversations/"+conv(tickets, root)+"/activities", strings.NewReader(`{"type":"message","text":"x"}`))
	if err != nil {
		t.Fatal(err)
	}
	req.Header = http.Header{"Authorization": {"Bearer " + w.token}, "Content-Type": {"application/json"}}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != 429 || res.Header.Get("Retry-After") == "" {
		t.Errorf("%d, Retry-After %q", res.StatusCode, res.Header.Get("Retry-After"))
	}
	path := "conversations/" + conv(tickets, root) + "/activities/" + root + "/reactions/like"
	for i, status := range []int{200, 200, 429} {
		if got, _ := w.call("PUT", path, nil); got != status {
			t.Errorf("reaction %d: %d", i, got)
		}
	}
	c.advance(time.Hour)
	burst(7)
}

func TestFaults(t *testing.T) {
	w := newWorld(t, teamsfake.Options{})
	root := w.start(card(textBlock("hello")))
	post := func() (int, obj, error) {
		req, err := http.NewRequestWithContext(w.ctx, "POST", w.srv.ServiceURL()+"v3/conversations/"+conv(tickets, root)+"/activities", strings.NewReader(`{"type":"message","text":"x"}`))
		if err != nil {
			t.Fatal(err)
		}
		req.Header = http.Header{"Authorization": {"Bearer " + w.token}, "Content-Type": {"application/json"}}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			return 0, nil, err
		}
		defer res.Body.Close()
		body, err := io.ReadAll(res.Body)
		return res.StatusCode, obj{"body": string(body), "retry": res.Header.Get("Retry-After")}, err
	}
	for name, x := range map[string]struct {
		f      teamsfake.Fault
		status int
		text   string
		retry  string
		stored int
		err    error
	}{
		"412":        {f: teamsfake.Fault{Kind: teamsfake.FaultHTTP, Status: 412, Code: "PreconditionFailed"}, status: 412, text: "PreconditionFailed"},
		"429":        {f: teamsfake.Fault{Kind: teamsfake.FaultRateLimit, Retry: 7}, status: 429, retry: "7"},
		"bare 429":   {f: teamsfake.Fault{Kind: teamsfake.FaultBareLimit}, status: 429},
		"502 before": {f: teamsfake.Fault{Kind: teamsfake.FaultHTTP}, status: 502, text: "<html>"},
		"503 after":  {f: teamsfake.Fault{Kind: teamsfake.FaultHTTP, Status: 503, After: true}, status: 503, stored: 1},
		"drop":       {f: teamsfake.Fault{Kind: teamsfake.FaultDrop}, err: io.EOF},
		"drop after": {f: teamsfake.Fault{Kind: teamsfake.FaultDrop, After: true}, err: io.EOF, stored: 1},
		"reset":      {f: teamsfake.Fault{Kind: teamsfake.FaultReset}, err: errors.New("any")},
		"garbage":    {f: teamsfake.Fault{Kind: teamsfake.FaultGarbage}, status: 200, text: "<html>"},
		"delay":      {f: teamsfake.Fault{Kind: teamsfake.FaultDelay, Delay: time.Millisecond}, status: 201, stored: 1},
		"late":       {f: teamsfake.Fault{Kind: teamsfake.FaultDelay, Delay: time.Millisecond, After: true}, status: 201, stored: 1},
		"elsewhere":  {f: teamsfake.Fault{Kind: teamsfake.FaultDrop, Channel: team}, status: 201, stored: 1},
	} {
		t.Run(name, func(t *testing.T) {
			before, callsBefore := len(w.srv.Messages(tickets)), len(w.srv.Calls("activities.send"))
			x.f.Method, x.f.Times = "activities.*", 1
			w.srv.Inject(x.f)
			status, got, err := post()
			w.srv.ClearFaults()
			var closed *net.OpError
			switch {
			case x.err == nil && err != nil, x.err != nil && err == nil:
				t.Fatalf("%d %v, %v", status, got, err)
			case errors.Is(x.err, io.EOF) && !errors.Is(err, io.EOF) && !errors.As(err, &closed):
				t.Errorf("%v", err)
			}
			if status != x.status || err == nil && (!strings.Contains(got["body"].(string), x.text) || got["retry"] != x.retry) {
				t.Errorf("%d %v", status, got)
			}
			if n := len(w.srv.Messages(tickets)) - before; n != x.stored {
				t.Errorf("%d stored", n)
			}
			if n := len(w.srv.Calls("activities.send")) - callsBefore; n != 1 {
				t.Errorf("%d calls in the journal when the bot had its answer, want 1", n)
			}
		})
	}
	calls := w.srv.Calls("activities.send")
	if len(calls) != 12 || calls[0].Body == "" {
		t.Errorf("%d calls, %+v", len(calls), calls[0])
	}
	w.srv.Inject(teamsfake.Fault{Method: "keys", Kind: teamsfake.FaultHTTP, Status: 500})
	if status, _ := w.do("GET", w.srv.URL()+"/botframework/v1/.well-known/keys", "", "", nil); status != 500 {
		t.Errorf("keys: %d", status)
	}
}

func TestEventFaults(t *testing.T) {
	w := newWorld(t, teamsfake.Options{RetryDelays: []time.Duration{time.Millisecond, time.Millisecond}, ReorderHold: patience})
	root := w.start(card(textBlock("hello")))
	say := func(text string) string { return must(w.ann.Reply(tickets, root, text))(t) }
	w.srv.Inject(teamsfake.Fault{Method: "event:message", Kind: teamsfake.FaultDuplicate, Times: 1})
	id := say("twice")
	want(t, w.next("message"), "id", id)
	want(t, w.next("message"), "id", id)
	w.srv.Inject(teamsfake.Fault{Method: "event:*", Kind: teamsfake.FaultDrop, Times: 1})
	id = say("answer lost")
	want(t, w.next("message"), "id", id)
	want(t, w.next("message"), "id", id)
	w.srv.Inject(teamsfake.Fault{Method: "event:message", Kind: teamsfake.FaultReorder, Times: 1})
	first := say("first")
	second := say("second")
	want(t, w.next("message"), "id", second)
	want(t, w.next("message"), "id", first)
	w.srv.Inject(teamsfake.Fault{Method: "event:message", Kind: teamsfake.FaultLose, Times: 1})
	id = say("lost")
	if lost := w.srv.Activities.Lost(); len(lost) != 1 || lost[0].ID != id {
		t.Errorf("lost: %+v", lost)
	}
	next := say("next")
	want(t, w.next("message"), "id", next)
}

func TestTargeted(t *testing.T) {
	c := newClock()
	w := newWorld(t, teamsfake.Options{Clock: c.now, TokenLife: 240 * time.Hour, Users: []teamsfake.User{{ID: "gus", Name: "Gus", TenantID: "elsewhere"}}})
	root := w.start(card(textBlock("hello")))
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
		if status, got := w.call("POST", x.path, x.body); status != x.status || code(got) != x.code {
			t.Errorf("%s: %d %v", name, status, got)
		}
	}
	_, got := w.call("POST", "conversations", obj{"tenantId": w.srv.TenantID(), "members": []obj{{"id": annID}}})
	if status, _ := w.call("POST", "conversations/"+url.PathEscape(got["id"].(string))+"/activities?isTargetedActivity=true", to(annID)); status != 400 {
		t.Errorf("in a personal chat: %d", status)
	}
	status, got := w.call("POST", path+"?isTargetedActivity=true", to(annID))
	if status != 201 {
		t.Fatal(status, got)
	}
	id := got["id"].(string)
	if len(w.srv.Targeted(ann)) != 1 || len(w.srv.Targeted(ben)) != 0 || len(w.srv.Thread(tickets, root)) != 1 {
		t.Error("seen by others or not at all")
	}
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
		if status, got := w.call(x.verb, x.path, x.body); status != x.status {
			t.Errorf("%s: %d %v", name, status, got)
		}
	}
	if m := w.srv.Targeted(ann); len(m) != 1 || m[0].Text != "new" {
		t.Errorf("%+v", m)
	}
	c.advance(24 * time.Hour)
	if status, _ := w.call("PUT", one+"?isTargetedActivity=true", obj{"type": "message", "text": "late"}); status != 404 {
		t.Errorf("after a day: %d", status)
	}
	if len(w.srv.Targeted(ann)) != 0 {
		t.Error("still seen")
	}
}

func TestPersonal(t *testing.T) {
	w := newWorld(t, teamsfake.Options{Manifest: []byte(`{"bots":[{"supportsTargetedMessages":true,"commandLists":[{"triggers":["slash"],"commands":[{"title":"assign"}]}]}]}`)})
	u, _ := w.srv.User(ann)
	status, got := w.call("POST", "conversations", obj{"tenantId": w.srv.TenantID(), "members": []obj{{"id": u.TeamsID}}})
	if status != 201 || got["id"] != w.srv.PersonalID(ann) {
		t.Fatal(status, got)
	}
	path := "conversations/" + got["id"].(string) + "/activities"
	if status, got := w.call("POST", path, obj{"type": "message", "text": "hello"}); status != 201 {
		t.Fatal(status, got)
	}
	must(w.ann.Say("hi"))(t)
	a := w.next("message")
	want(t, a, "conversation.conversationType", "personal")
	want(t, a, "conversation.id", got["id"])
	if m := w.srv.Personal(ann); len(m) != 2 || m[0].Text != "hello" || m[1].User != ann {
		t.Errorf("%+v", m)
	}
	w.srv.Admin.Block(ann, true)
	if status, got := w.call("POST", path, obj{"type": "message", "text": "hello"}); status != 403 || code(got) != "ConversationBlockedByUser" {
		t.Errorf("blocked: %d %v", status, got)
	}
	root := w.start(card(textBlock("hello")))
	must(w.ann.Slash(tickets, root, "assign ben"))(t)
	a = w.next("message")
	want(t, a, "text", "assign ben")
	want(t, a, "recipient.isTargeted", true)
	want(t, a, "conversation.id", tickets+";messageid="+root)
	if _, err := w.ann.Slash(tickets, root, "explode"); err == nil {
		t.Error("an undeclared command")
	}
	if m := w.srv.Thread(tickets, root); len(m) != 1 {
		t.Errorf("others see the command: %+v", m)
	}
}
