package teamsfake_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"parley/bot/teams/teamsfake"
	"parley/channels/emulator"
)

// A bot may post into a thread 7 times a second, 8 times in two seconds and 60 times in half a minute. A further call is
// refused with the time to wait. Reactions have limits of their own.
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
	answer, err := w.postBare(root)
	noError(t, err)
	wantEqual(t, "status of one call too many", answer.status, http.StatusTooManyRequests)
	wantEqual(t, "it tells how long to wait", answer.retryAfter != "", true)

	path := "conversations/" + conv(tickets, root) + "/activities/" + root + "/reactions/like"
	for i, want := range []int{http.StatusOK, http.StatusOK, http.StatusTooManyRequests} {
		w.wantCall(fmt.Sprint("reaction ", i+1), "PUT", path, nil, want)
	}

	c.advance(time.Hour)
	wantReplies(in1s, http.StatusCreated)
	wantReplies(1, http.StatusTooManyRequests)
}

// bareAnswer is the unchecked answer to a post.
type bareAnswer struct {
	status     int
	body       string
	retryAfter string
}

// postBare posts a reply as the bot, and doesn't check the answer.
func (w *world) postBare(root string) (bareAnswer, error) {
	w.t.Helper()
	address := w.srv.ServiceURL() + "v3/conversations/" + conv(tickets, root) + "/activities"
	req := must(http.NewRequestWithContext(w.ctx, "POST", address, strings.NewReader(`{"type":"message","text":"x"}`)))(w.t)
	req.Header = http.Header{"Authorization": {"Bearer " + w.token}, "Content-Type": {"application/json"}}
	res, err := emulator.NewClient().Do(req)
	if err != nil {
		return bareAnswer{}, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	return bareAnswer{status: res.StatusCode, body: string(body), retryAfter: res.Header.Get("Retry-After")}, err
}

// faultedPost is the result of a post during which a fault occurred.
type faultedPost struct {
	answer bareAnswer
	err    error
	stored int // messages
}

// postWithFault posts with a fault that occurs once. The emulator's record has the call as soon as the bot has its
// answer.
func (w *world) postWithFault(t *testing.T, fault teamsfake.Fault) faultedPost {
	t.Helper()
	root := w.postCard(card(textBlock("hello")))
	messages, calls := len(w.srv.Messages(tickets)), len(w.srv.Calls("activities.send"))
	fault.Method, fault.Times = "activities.*", 1
	w.srv.Inject(fault)
	answer, err := w.postBare(root)
	w.srv.ClearFaults()

	recorded := w.srv.Calls("activities.send")[calls:]
	if len(recorded) != 1 {
		t.Fatalf("got %d calls in the record, want one: %+v", len(recorded), recorded)
	}
	wantEqual(t, "the record has what was sent", recorded[0].Body != "", true)
	return faultedPost{answer: answer, err: err, stored: len(w.srv.Messages(tickets)) - messages}
}

// Each fault has its own answer, before or after the call takes effect.
func TestFaultsThatAreAnswered(t *testing.T) {
	for _, tt := range []struct {
		name   string
		fault  teamsfake.Fault
		status int
		words  string // in the answer
		retry  string // Retry-After
		stored int
	}{
		// Before the effect.
		{
			name:   "412",
			fault:  teamsfake.Fault{Kind: teamsfake.FaultHTTP, Status: http.StatusPreconditionFailed, Code: "PreconditionFailed"},
			status: http.StatusPreconditionFailed,
			words:  "PreconditionFailed",
		},
		{name: "429", fault: teamsfake.Fault{Kind: teamsfake.FaultRateLimit, Retry: 7}, status: http.StatusTooManyRequests, retry: "7"},
		{name: "429 without a time", fault: teamsfake.Fault{Kind: teamsfake.FaultBareLimit}, status: http.StatusTooManyRequests},
		{name: "502", fault: teamsfake.Fault{Kind: teamsfake.FaultHTTP}, status: http.StatusBadGateway, words: "<html>"},
		{name: "unreadable", fault: teamsfake.Fault{Kind: teamsfake.FaultGarbage}, status: http.StatusOK, words: "<html>"},

		// After the effect.
		{
			name:   "503 after it",
			fault:  teamsfake.Fault{Kind: teamsfake.FaultHTTP, Status: http.StatusServiceUnavailable, After: true},
			status: http.StatusServiceUnavailable,
			stored: 1,
		},

		// The call succeeds, but late.
		{
			name: "delay", fault: teamsfake.Fault{Kind: teamsfake.FaultDelay, Delay: time.Millisecond},
			status: http.StatusCreated, stored: 1,
		},
		{
			name:   "delay of the answer",
			fault:  teamsfake.Fault{Kind: teamsfake.FaultDelay, Delay: time.Millisecond, After: true},
			status: http.StatusCreated,
			stored: 1,
		},

		// The fault is for another channel.
		{name: "elsewhere", fault: teamsfake.Fault{Kind: teamsfake.FaultDrop, Channel: team}, status: http.StatusCreated, stored: 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := newWorld(t, teamsfake.Options{}).postWithFault(t, tt.fault)
			noError(t, got.err)
			wantEqual(t, "status", got.answer.status, tt.status)
			wantEqual(t, "Retry-After", got.answer.retryAfter, tt.retry)
			wantEqual(t, "stored messages", got.stored, tt.stored)
			if !strings.Contains(got.answer.body, tt.words) {
				t.Errorf("got the answer %q, want %q in it", got.answer.body, tt.words)
			}
		})
	}
}

// A fault may close the connection before or after the call takes effect. The bot gets no answer.
func TestFaultsThatCloseTheConnection(t *testing.T) {
	for _, tt := range []struct {
		name   string
		after  bool
		stored int
	}{
		{name: "before the effect", stored: 0},
		{name: "after the effect", after: true, stored: 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, teamsfake.Options{})
			got := w.postWithFault(t, teamsfake.Fault{Kind: teamsfake.FaultDrop, After: tt.after})
			var closed *net.OpError
			if !errors.Is(got.err, io.EOF) && !errors.As(got.err, &closed) {
				t.Errorf("got error %v, want a closed connection", got.err)
			}
			wantEqual(t, "status", got.answer.status, 0)
			wantEqual(t, "stored messages", got.stored, tt.stored)
		})
	}
}

func TestFaultThatResetsTheConnection(t *testing.T) {
	got := newWorld(t, teamsfake.Options{}).postWithFault(t, teamsfake.Fault{Kind: teamsfake.FaultReset})
	if got.err == nil {
		t.Errorf("got the answer %+v, want an error", got.answer)
	}
	wantEqual(t, "status", got.answer.status, 0)
	wantEqual(t, "stored messages", got.stored, 0)
}

func TestFaultOfTheKeyServer(t *testing.T) {
	w := newWorld(t, teamsfake.Options{})
	w.srv.Inject(teamsfake.Fault{Method: "keys", Kind: teamsfake.FaultHTTP, Status: http.StatusInternalServerError})
	w.wantGet("keys", w.srv.URL()+"/botframework/v1/.well-known/keys", "", http.StatusInternalServerError)
}

// newTypingWorld starts an organisation in which Ann can type in a thread.
func newTypingWorld(t *testing.T) (w *world, say func(text string) (id string)) {
	t.Helper()
	w = newWorld(t, teamsfake.Options{RetryDelays: []time.Duration{time.Millisecond, time.Millisecond}, ReorderHold: patience})
	root := w.postCard(card(textBlock("hello")))
	return w, func(text string) string { return must(w.ann.Reply(tickets, root, text))(t) }
}

// wantMessages waits for messages, and checks that they have these ids.
func (w *world) wantMessages(ids ...string) {
	w.t.Helper()
	for _, id := range ids {
		wantField(w.t, w.waitActivity("message"), "id", id)
	}
}

func TestEventThatIsToldTwice(t *testing.T) {
	w, say := newTypingWorld(t)
	w.srv.Inject(teamsfake.Fault{Method: "event:message", Kind: teamsfake.FaultDuplicate, Times: 1})
	id := say("twice")
	w.wantMessages(id, id)
}

// If the bot's answer to an event is lost, the event is sent again.
func TestEventWhoseAnswerIsLost(t *testing.T) {
	w, say := newTypingWorld(t)
	w.srv.Inject(teamsfake.Fault{Method: "event:*", Kind: teamsfake.FaultDrop, Times: 1})
	id := say("answer lost")
	w.wantMessages(id, id)
}

func TestEventThatIsToldAfterTheNextOne(t *testing.T) {
	w, say := newTypingWorld(t)
	w.srv.Inject(teamsfake.Fault{Method: "event:message", Kind: teamsfake.FaultReorder, Times: 1})
	first := say("first")
	second := say("second")
	w.wantMessages(second, first)
}

// A lost event is never sent. The emulator remembers which it was.
func TestEventThatIsLost(t *testing.T) {
	w, say := newTypingWorld(t)
	w.srv.Inject(teamsfake.Fault{Method: "event:message", Kind: teamsfake.FaultLose, Times: 1})
	id := say("lost")
	lost := w.srv.Activities.Lost()
	if len(lost) != 1 {
		t.Fatalf("got %d lost activities, want one: %+v", len(lost), lost)
	}
	wantEqual(t, "lost activity", lost[0].ID, id)
	w.wantMessages(say("next"))
}

// Only the bot sees a person's slash command, which must be declared in the app's manifest.
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
