package whatsapp

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"parley/channels"
	"parley/channels/graph"
	"parley/channels/graphfake"
)

// classCodes are the error codes of Meta's reference that have one class.
type classCodes struct {
	class channels.Class
	codes []int
}

func allClassCodes() []classCodes {
	return []classCodes{
		{channels.WindowClosed, []int{131047}},
		{channels.Throttled, []int{130429, 4, 17, 32, 613, 80007, 80008, 80012, codePairRate, 131048, 131064, 133016}},
		{channels.Retry, []int{1, 2, 131000, 131016, 131057, 135000}},
		{channels.BadRecipient, []int{131026, 131021, 131030, 131062, 137000, 130497}},
		{channels.AdvertStopped, []int{131050}},
		// Parley doesn't know the codes 5, 300 and 999999.
		{channels.BadContent, []int{130472, 131049, 100, 131008, 131009, 131051, 131052, 131053, 5, 300, 999999}},
		{channels.TemplateBad, []int{132000, 132001, 132005, 132007, 132008, 132012, 132015, 132016, 131063}},
		{channels.AuthBroken, []int{0, 3, 10, 33, 190, 200, 250, 299, 131005, 131045, 133010}},
		{channels.AccountBlocked, []int{368, 131031, 131037, 131042}},
	}
}

// Every code in the answer to a send has its class. Only throttling says how long to wait. Only codePairRate concerns this
// customer alone.
func TestAnswerCodes(t *testing.T) {
	t.Parallel()
	for _, row := range allClassCodes() {
		for _, code := range row.codes {
			t.Run(fmt.Sprintf("%s %d", row.class, code), func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				w.addFault(graphfake.Fault{Route: "whatsapp.messages", Action: graphfake.ActionError, Code: code, Text: "why"})
				se := w.wantSendFails(outbound(1, "x"), row.class)
				wantEqual(t, "says how long to wait", se.Wait > 0, row.class == channels.Throttled)
				wantEqual(t, "concerns this customer alone", se.Pair, code == codePairRate)
				wantEqual(t, "says that answers may be sent", strings.Contains(se.Hint, "Answers"), code == codeMarketingStopped)
			})
		}
	}
}

// The status of a failed message has the class of its code, and words for people. It never has the class Retry, even if its
// code has that in an answer: WhatsApp took the message, so it isn't tried again.
func TestStatusCodes(t *testing.T) {
	t.Parallel()
	for _, row := range allClassCodes() {
		for _, code := range row.codes {
			t.Run(fmt.Sprintf("%s %d", row.class, code), func(t *testing.T) {
				s := status{ID: "x", Status: "failed"}
				noError(t, json.Unmarshal([]byte(fmt.Sprintf(`[{"code":%d,"title":"why"}]`, code)), &s.Errors))
				class, text, _ := failureOf(s)
				if text == "" {
					t.Error("the failure has no words for people")
				}
				isPassing := row.class == channels.Retry || row.class == channels.Throttled
				switch {
				case isPassing && class == channels.Retry:
					t.Error("got the class Retry, want one that isn't tried again")
				case !isPassing && class != row.class:
					t.Errorf("got the class %s, want %s", class, row.class)
				}
			})
		}
	}
}

// A failure without an error has words for people all the same.
func TestStatusWithoutError(t *testing.T) {
	t.Parallel()
	class, text, _ := failureOf(status{ID: "x", Status: "failed"})
	wantEqual(t, "class", class, channels.BadContent)
	wantEqual(t, "words", text, "WhatsApp doesn't say why.")
}

// A failure whose code can't be read doesn't count as a fault of the access token.
func TestStatusWithoutCode(t *testing.T) {
	t.Parallel()
	for _, code := range []string{`null`, `"many"`} {
		s := status{ID: "x", Status: "failed"}
		noError(t, json.Unmarshal([]byte(`[{"code":`+code+`,"title":"why"}]`), &s.Errors))
		class, text, _ := failureOf(s)
		wantEqual(t, "class for the code "+code, class, channels.BadContent)
		wantEqual(t, "words for the code "+code, text, "WhatsApp didn't deliver it: why")
	}
}

// The HTTP status of an answer gives an unknown code its class, but doesn't change that of a known one. An unknown code with
// the status 429 waits as long as WhatsApp says, or else a minute.
func TestCodeWithHTTPStatus(t *testing.T) {
	t.Parallel()
	const unknown = 999999
	tests := []struct {
		code, status int
		retryAfter   time.Duration
		want         channels.Class
		wantWait     time.Duration
	}{
		{code: unknown, status: 429, want: channels.Throttled, wantWait: time.Minute},
		{code: unknown, status: 429, retryAfter: 7 * time.Second, want: channels.Throttled, wantWait: 7 * time.Second},
		{code: unknown, status: 500, retryAfter: 7 * time.Second, want: channels.Retry},
		{code: unknown, status: 400, want: channels.BadContent},
		{code: codeWindowClosed, status: 429, want: channels.WindowClosed},
		{code: codeWindowClosed, status: 500, want: channels.WindowClosed},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprint(tt.code, " with ", tt.status), func(t *testing.T) {
			refused := &graph.Error{HasCode: true, Code: tt.code, Status: tt.status, RetryAfter: tt.retryAfter}
			se := wantClass(t, "answer", newWorld(t).channel.attemptError(refused, outbound(1, "x")), tt.want)
			wantEqual(t, "wait", se.Wait, tt.wantWait)
		})
	}
}

// If calls about a template are throttled, the template counts as neither refused nor gone.
func TestThrottledTemplate(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		fault graphfake.Fault
	}{
		{name: "limit of managing calls", fault: graphfake.Fault{Code: 80008}},
		{name: "limit of managing calls, another code", fault: graphfake.Fault{Code: 80012}},
		{name: "unknown code, answered with 429", fault: graphfake.Fault{Code: 999999, Status: 429}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			tt.fault.Route, tt.fault.Action, tt.fault.Times = "whatsapp.template.*", graphfake.ActionError, graphfake.Forever
			w.addFault(tt.fault)
			_, err := w.channel.SubmitTemplate(testContext(t), welcome())
			wantEqual(t, "class of a submission", channels.ClassOf(err), channels.Throttled)
			err = w.channel.DeleteTemplate(testContext(t), welcome())
			wantEqual(t, "class of a deletion", channels.ClassOf(err), channels.Throttled)
		})
	}
}

// If WhatsApp has problems of its own, Parley gives up after maxTries attempts. If WhatsApp throttles, Parley doesn't.
func TestLastTry(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	o := outbound(1, "x")
	o.Attempt.Number = maxTries
	w.addFault(graphfake.Fault{Route: "whatsapp.messages", Action: graphfake.ActionError, Code: codeSomethingWrong})
	w.wantSendFails(o, channels.BadContent)
	w.addFault(graphfake.Fault{Route: "whatsapp.messages", Action: graphfake.ActionError, Code: codeNumberRate})
	w.wantSendFails(o, channels.Throttled) // that isn't WhatsApp's fault
}
