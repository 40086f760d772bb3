package chatfake_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"parley/bot/chatfake"
)

type fault struct {
	rule           chatfake.Rule
	matched, fired int
}

func (f fault) Rule() chatfake.Rule { return f.rule }

func (f fault) Counted(_, matched, fired int) fault {
	f.matched, f.fired = matched, fired
	return f
}

func TestRules(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)
	for name, x := range map[string]struct {
		rule  chatfake.Rule
		calls []string
		want  string // a digit for each call
	}{
		"glob":    {chatfake.Rule{Method: "chat.*"}, []string{"chat.post", "users.list", "event:chat.x"}, "100"},
		"all":     {chatfake.Rule{Method: "*"}, []string{"chat.post", "event:message"}, "10"},
		"events":  {chatfake.Rule{Method: "event:*"}, []string{"chat.post", "event:message"}, "01"},
		"skip":    {chatfake.Rule{Method: "a", Skip: 2, Times: 1}, []string{"a", "a", "a", "a"}, "0010"},
		"channel": {chatfake.Rule{Method: "a", Channel: "other"}, []string{"a"}, "0"},
		"never":   {chatfake.Rule{Method: "a", Chance: 1e-9}, []string{"a", "a", "a"}, "000"},
	} {
		r := chatfake.NewRules[fault](1)
		r.Add(fault{rule: x.rule}, now)
		got := ""
		for _, call := range x.calls {
			_, _, ok := r.Strike(call, "C1", now)
			got += map[bool]string{true: "1", false: "0"}[ok]
		}
		if got != x.want {
			t.Errorf("%s: %s, want %s", name, got, x.want)
		}
	}
	r := chatfake.NewRules[fault](1)
	id := r.Add(fault{rule: chatfake.Rule{Method: "a", For: time.Minute}}, now)
	if _, until, ok := r.Strike("a", "", now.Add(59*time.Second)); !ok || !until.Equal(now.Add(time.Minute)) {
		t.Error(until, ok)
	}
	if _, _, ok := r.Strike("a", "", now.Add(time.Minute)); ok {
		t.Error("strikes after its time")
	}
	if list := r.List(); len(list) != 1 || list[0].fired != 1 || list[0].matched != 1 {
		t.Errorf("%+v", list)
	}
	if r.Clear(id); len(r.List()) != 0 {
		t.Error("not cleared")
	}
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)
	for _, x := range []struct {
		seconds int
		until   time.Time
		want    int
	}{{0, time.Time{}, 1}, {7, time.Time{}, 7}, {7, now.Add(time.Minute), 7}, {0, now.Add(1500 * time.Millisecond), 2}, {0, now, 1}} {
		if got := chatfake.RetryAfter(x.seconds, x.until, now); got != x.want {
			t.Errorf("%+v: %d", x, got)
		}
	}
}

func TestChanges(t *testing.T) {
	t.Parallel()
	closed := make(chan struct{})
	l := chatfake.NewChanges[int64](closed)
	sub := l.Subscribe()
	add := func() { l.Add(func(seq int64) int64 { return seq }) }
	go func() { add(); add() }()
	seen := int64(0)
	for seen < 2 {
		got, err := sub.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range got {
			if seen++; c != seen {
				t.Errorf("%d after %d", c, seen-1)
			}
		}
	}
	go add()
	if err := l.WaitFor(t.Context(), func() bool { return l.Last() == 3 }); err != nil {
		t.Error(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if _, err := sub.Next(ctx); err != nil {
		t.Error(err) // the third is there
	}
	if _, err := sub.Next(ctx); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	close(closed)
	if err := l.WaitFor(t.Context(), func() bool { return false }); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	for query, want := range map[string]string{"since=1": "[2,3]", "since=3": "[]", "since=x": `{"error":"bad since","ok":false}`, "": "[1,2,3]"} {
		w := httptest.NewRecorder()
		l.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/?"+query, nil))
		if got := w.Body.String(); got != want {
			t.Errorf("%s: %s", query, got)
		}
	}
}

func TestControl(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]int{"": 200, `{"Method":"a"}`: 200, `{"method":"a","Odd":1}`: 400, "{": 400} {
		mux := http.NewServeMux()
		chatfake.NewRules[odd](1).Routes(mux, "/faults", time.Now)
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/faults", strings.NewReader(body)))
		if w.Code != want {
			t.Errorf("%q: %d %s", body, w.Code, w.Body)
		}
	}
	w := httptest.NewRecorder()
	chatfake.Done(w, nil, errors.New("no"))
	if w.Code != http.StatusConflict || w.Body.String() != `{"error":"no","ok":false}` {
		t.Error(w.Code, w.Body)
	}
}

type odd struct{ Method string }

func (o odd) Rule() chatfake.Rule { return chatfake.Rule{Method: o.Method} }

func (o odd) Counted(int, int, int) odd { return o }
