package twilio

import (
	"fmt"
	"testing"
	"time"

	"parley/channels"
	"parley/channels/twilio/twiliofake"
)

// Error classes of the reference, each by its code.
func TestErrorClasses(t *testing.T) {
	t.Parallel()
	for class, codes := range map[channels.Class][]int{
		channels.Throttled:      {20429, 21611, 30001, 30022, 63018},
		channels.Retry:          {30008, 30410, 63012, 30003},
		channels.BadRecipient:   {21211, 21612, 21614, 30005, 30006, 63003, 63024, 30004, 21408, 63015},
		channels.OptedOut:       {21610}, // and not 30004, by which a carrier's block would forbid all further answers
		channels.WindowClosed:   {63016},
		channels.BadContent:     {21617, 21620, 21655, 21656, 30007, 63013, 63019, 63021, 63032, 63049, 12345},
		channels.TemplateBad:    {63027, 63028, 63041, 63042},
		channels.AuthBroken:     {20003, 20404},
		channels.AccountBlocked: {21606, 21659, 30002, 30032, 30034, 63007, 63038, 63051},
	} {
		for _, code := range codes {
			se := wantClass(t, fmt.Sprint("code ", code), (&apiError{status: 400, code: code, message: "m"}).asSendError(), class)
			if class == channels.Throttled && se.Wait <= 0 {
				t.Errorf("code %d tells no time to wait", code)
			}
		}
	}
	wantEqual(t, "wait after 30003", failureOf(30003).wait, time.Hour)
}

// A short code that can't write to a customer's country says nothing of other customers. A phone number with the same error can't
// write to anybody.
func TestShortCodeAbroad(t *testing.T) {
	t.Parallel()
	for from, class := range map[string]channels.Class{"72345": channels.BadRecipient, smsNumber: channels.AccountBlocked} {
		for _, code := range []int{21606, 21659} {
			w := newWorld(t, viaSMS, func(o *twiliofake.Options, c channels.Config) {
				o.Numbers = append(o.Numbers, twiliofake.Number{Address: "72345"})
				c[fieldFrom] = from
			})
			w.fake.AddFault(twiliofake.Fault{Route: "POST /Messages", Kind: twiliofake.FaultCode, Code: code, Status: 400, Times: 1})
			w.wantSendFails(fmt.Sprint("from ", from, ": ", code), w.outbound(1, "x"), class)
		}
	}
}

// 63018 means two things: towards a customer who wrote it is the rate; for a template it is the limit of the day, and answers to
// other customers still leave.
func TestDailyLimit(t *testing.T) {
	t.Parallel()
	w := newWorld(t, viaWhatsApp)
	w.annWrites("hi")
	w.fake.AddFault(twiliofake.Fault{Route: "POST /Messages", Kind: twiliofake.FaultCode, Code: 63018, Status: 429, Times: 2})
	answer := w.outbound(1, "x")
	se := w.wantSendFails("an answer", answer, channels.Throttled)
	if se.Wait > time.Minute {
		t.Errorf("an answer waits for %s, want a minute at most", se.Wait)
	}
	wantEqual(t, "only messages to this customer wait with an answer", se.Pair, false)
	template := w.outbound(2, "x")
	template.Template = &channels.TemplateUse{Template: channels.Template{ExternalID: "HX1"}}
	se = w.wantSendFails("a template", template, channels.Throttled)
	if se.Wait < time.Hour {
		t.Errorf("a template waits for %s, want an hour at least", se.Wait)
	}
	wantEqual(t, "only messages to this customer wait with a template", se.Pair, true)
}
