package emulator_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"parley/channels/emulator"
)

func TestChatFaults(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)
	for name, x := range map[string]struct {
		rule  emulator.Fault
		calls []string
		want  string // a digit for each call
	}{
		"glob":    {emulator.Fault{Method: "chat.*"}, []string{"chat.post", "users.list", "event:chat.x"}, "100"},
		"all":     {emulator.Fault{Method: "*"}, []string{"chat.post", "event:message"}, "10"},
		"events":  {emulator.Fault{Method: "event:*"}, []string{"chat.post", "event:message"}, "01"},
		"skip":    {emulator.Fault{Method: "a", Skip: 2, Times: 1}, []string{"a", "a", "a", "a"}, "0010"},
		"channel": {emulator.Fault{Method: "a", Channel: "other"}, []string{"a"}, "0"},
		"never":   {emulator.Fault{Method: "a", Chance: 1e-9}, []string{"a", "a", "a"}, "000"},
	} {
		p := emulator.NewFaultPlan(1, func() time.Time { return now })
		p.Inject(x.rule)
		got := ""
		for _, call := range x.calls {
			got += map[bool]string{true: "1", false: "0"}[p.Strike(call, "C1") != nil]
		}
		if got != x.want {
			t.Errorf("%s: %s, want %s", name, got, x.want)
		}
	}
}

// A fault strikes within its time alone, and stays in the list until it is cleared.
func TestChatFaultEnds(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)
	p := emulator.NewFaultPlan(1, func() time.Time { return now })
	id := p.Inject(emulator.Fault{Method: "a", For: time.Minute})
	now = now.Add(59 * time.Second)
	if p.Strike("a", "") == nil {
		t.Error("doesn't strike in the last second of its time")
	}
	now = now.Add(time.Second)
	if p.Strike("a", "") != nil {
		t.Error("strikes after its time")
	}
	if list := p.Faults(); len(list) != 1 || list[0].ID != id || list[0].Fired != 1 || list[0].Matched != 1 {
		t.Errorf("the list is %+v, want the fault %v that matched and fired once", list, id)
	}
	p.ClearFaults(id)
	if list := p.Faults(); len(list) != 0 {
		t.Errorf("after clearing the list is %+v, want it empty", list)
	}
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)
	for _, x := range []struct {
		seconds int
		left    time.Duration
		want    int
	}{
		{want: 1},
		{seconds: 7, want: 7},
		{seconds: 7, left: time.Minute, want: 7},
		{left: 1500 * time.Millisecond, want: 2},
		{left: time.Nanosecond, want: 1},
	} {
		p := emulator.NewFaultPlan(1, func() time.Time { return now })
		p.Inject(emulator.Fault{Method: "a", Retry: x.seconds, For: x.left})
		if got := p.Strike("a", "").RetryAfter(); got != x.want {
			t.Errorf("%+v: got %d", x, got)
		}
	}
}

func TestChanges(t *testing.T) {
	t.Parallel()
	closed := make(chan struct{})
	l := emulator.NewChanges[int64](closed)
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
	const known = `known are [\"delay\" \"ratelimit\" \"bare_429\" \"http\" \"drop\" \"duplicate\" \"reorder\" \"lose\" \"own\"]`
	for body, want := range map[string]struct {
		status int
		words  string
	}{
		`{"method":"a","kind":"drop"}`:         {200, `"id":1`},
		`{"method":"a","kind":"own"}`:          {200, `"id":1`},
		`{"method":"a","kind":"rate_limit"}`:   {400, `fault: unknown kind \"rate_limit\"; ` + known},
		`{"method":"a"}`:                       {400, `fault: unknown kind \"\"; ` + known},
		"":                                     {400, known},
		`{"method":"a","kind":"drop","Odd":1}`: {400, "Odd"},
		"{":                                    {400, "EOF"},
	} {
		mux := http.NewServeMux()
		emulator.NewFaultPlan(1, time.Now, "own").FaultRoutes(mux, "/faults")
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/faults", strings.NewReader(body)))
		if w.Code != want.status || !strings.Contains(w.Body.String(), want.words) {
			t.Errorf("%q: %d %s", body, w.Code, w.Body)
		}
	}
	w := httptest.NewRecorder()
	emulator.Done(w, nil, errors.New("no"))
	if w.Code != http.StatusConflict || w.Body.String() != `{"error":"no","ok":false}` {
		t.Error(w.Code, w.Body)
	}
}
