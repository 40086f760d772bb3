package meta

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"parley/channels"
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
