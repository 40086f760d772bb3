package twilio

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"parley/channels"
	"parley/channels/twilio/twiliofake"
)

// Codes of Twilio that the tests of this file name.
const (
	codeWrongSender       = 21606 // the number can't send to this destination
	codeMismatchedSender  = 21659 // the number can't be used as a sender
	codeUnreachablePhone  = 30003
	codeWhatsAppRateLimit = 63018 // the rate to one customer, or a template's limit of the day
)

// Each code of Twilio's reference has the right class. An error of throttling says how long to wait.
func TestErrorClasses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		class channels.Class
		codes []int
	}{
		{class: channels.Throttled, codes: []int{20429, 21611, 30001, 30022, codeWhatsAppRateLimit, 63017, 30023, 30027}},
		{class: channels.Retry, codes: []int{30008, 30410, 63012, codeUnreachablePhone}},
		{
			class: channels.BadRecipient,
			codes: []int{21211, 21612, 21614, 30005, 30006, 63003, 63024, 30004, 21408, 63015, 63014, 30018, 30024},
		},
		{
			// 30004 isn't here: a carrier may have blocked one message, and OptedOut would forbid all further answers.
			class: channels.OptedOut,
			codes: []int{21610},
		},
		{class: channels.WindowClosed, codes: []int{63016}},
		{
			// 12345 is a code that we don't know.
			class: channels.BadContent,
			codes: []int{21617, 21620, 21655, 21656, 30007, 63013, 63019, 63021, 63032, 63049, 63005, 63006, 63034, 30011, 12345},
		},
		{class: channels.TemplateBad, codes: []int{63027, 63028, 63041, 63042}},
		{class: channels.AuthBroken, codes: []int{20003, 20404}},
		{
			class: channels.AccountBlocked,
			codes: []int{codeWrongSender, codeMismatchedSender, 30002, 30032, 30034, 21701, 21703, 21704, 21705, 63002, 63007, 63020, 63038, 63051},
		},
	}
	for _, tt := range tests {
		for _, code := range tt.codes {
			t.Run(fmt.Sprintf("%s %d", tt.class, code), func(t *testing.T) {
				err := &apiError{status: http.StatusBadRequest, code: code, message: "m"}
				se := wantClass(t, "answer", err.asSendError(), tt.class)
				if tt.class == channels.Throttled && se.Wait <= 0 {
					t.Error("the error says no time to wait")
				}
			})
		}
	}
}

// newThrottledWorld makes a world in which the next message is refused with codeWhatsAppRateLimit.
func newThrottledWorld(t *testing.T) *world {
	w := newWorld(t, viaWhatsApp)
	w.annWrites("hi")
	w.addRateLimit()
	return w
}

// addRateLimit lets the next message be refused with codeWhatsAppRateLimit.
func (w *world) addRateLimit() {
	w.fake.AddFault(twiliofake.Fault{
		Route:  "POST /Messages",
		Kind:   twiliofake.FaultCode,
		Code:   codeWhatsAppRateLimit,
		Status: http.StatusTooManyRequests,
	})
}

// For an answer to a customer, the limit means the rate. The answer waits, and all customers of the number with it. So it
// waits longer each further time, but for at most half a minute.
func TestRateLimitOfAnAnswer(t *testing.T) {
	t.Parallel()
	w := newThrottledWorld(t)
	se := w.wantSendFails("an answer", w.outbound(1, "x"), channels.Throttled)
	wantEqual(t, "only messages to this customer wait", se.Pair, false)
	wantEqual(t, "how long the answer waits", se.Wait, 10*time.Second)

	for _, later := range []struct {
		attempt int
		want    time.Duration
	}{{2, 20 * time.Second}, {3, 30 * time.Second}, {40, 30 * time.Second}} {
		w.addRateLimit()
		o := w.outbound(1, "x")
		o.Attempt.Number = later.attempt
		se = w.wantSendFails("an answer", o, channels.Throttled)
		wantEqual(t, fmt.Sprintf("how long attempt %d waits", later.attempt), se.Wait, later.want)
	}
}
