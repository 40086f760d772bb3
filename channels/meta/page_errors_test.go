package meta

import (
	"testing"

	"parley/channels"
	"parley/channels/graphfake"
)

// Each code of Facebook, with its subcode, has a class. An unknown code with status 400 is a fault of the message. With
// status 500, it is unknown whether the message was sent.
func TestErrorClasses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		code    int
		subcode int
		status  int // of HTTP
		want    channels.Class
	}{
		{name: "window closed", code: 10, subcode: 2018278, status: 400, want: channels.WindowClosed},
		{name: "window closed, older subcode", code: 10, subcode: 2018065, status: 400, want: channels.WindowClosed},
		{name: "window closed, also for the tag", code: 10, subcode: 2534022, status: 403, want: channels.WindowClosed},

		{name: "person unavailable", code: 551, subcode: 1545041, status: 400, want: channels.BadRecipient},
		{name: "person unavailable, without a subcode", code: 551, status: 400, want: channels.BadRecipient},
		{name: "person unavailable, older code", code: 200, subcode: 1545041, status: 403, want: channels.BadRecipient},
		{name: "blocked by the person", code: 10, subcode: 2018108, status: 400, want: channels.BadRecipient},
		{name: "no such person", code: 100, subcode: 2018001, status: 400, want: channels.BadRecipient},

		{name: "rate of the app", code: 4, status: 400, want: channels.Throttled},
		{name: "rate of the Page", code: 32, status: 400, want: channels.Throttled},
		{name: "custom rate", code: 613, status: 400, want: channels.Throttled},
		{name: "rate of one person", code: 613, subcode: 2018338, status: 400, want: channels.Throttled},
		{name: "rate of Messenger", code: 80006, status: 400, want: channels.Throttled},

		{name: "unknown problem", code: 1, status: 500, want: channels.Retry},
		{name: "temporary problem", code: 2, status: 503, want: channels.Retry},
		{name: "temporary problem of sending", code: 1200, status: 500, want: channels.Retry},
		{name: "temporary problem, by its subcode", code: 10, subcode: 2018321, status: 400, want: channels.Retry},
		{name: "problem after which it may have been sent", code: 1, subcode: 1357046, status: 500, want: channels.Ambiguous},

		{name: "token ended", code: 190, subcode: 463, status: 401, want: channels.AuthBroken},
		{name: "permission missing", code: 10, status: 403, want: channels.AuthBroken},
		{name: "no access to the Page", code: 100, subcode: 33, status: 400, want: channels.AuthBroken},
		{name: "permission missing, code 200", code: 200, status: 403, want: channels.AuthBroken},
		{name: "permission missing, code 230", code: 230, status: 403, want: channels.AuthBroken},

		{name: "app of testers alone", code: 200, subcode: 2018028, status: 403, want: channels.AuthBroken},
		{name: "unreviewed app", code: 200, subcode: 2018027, status: 403, want: channels.AuthBroken},
		{name: "Page that didn't pay", code: 10, subcode: 2018021, status: 403, want: channels.AuthBroken},

		{name: "account blocked for abuse", code: 368, status: 400, want: channels.AccountBlocked},
		{name: "Page restricted", code: 10, subcode: 1893063, status: 400, want: channels.AccountBlocked},

		{name: "another app holds the conversation", code: 10, subcode: 2018300, status: 400, want: channels.BadContent},
		{name: "bad parameter", code: 100, status: 400, want: channels.BadContent},
		{name: "bad file", code: 100, subcode: 2018047, status: 400, want: channels.BadContent},
		{name: "unknown subcode of a missing permission", code: 10, subcode: 2018999, status: 403, want: channels.BadContent},
		{name: "unknown subcode of a missing permission, code 200", code: 200, subcode: 2018999, status: 403, want: channels.BadContent},
		{name: "unknown code, answered with 400", code: 987654, status: 400, want: channels.BadContent},
		{name: "unknown code, answered with 500", code: 987654, status: 500, want: channels.Ambiguous},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.addFault(t, graphfake.Fault{
				Route:   "messenger.messages",
				Action:  graphfake.ActionError,
				Code:    tt.code,
				Subcode: tt.subcode,
				Status:  tt.status,
				Text:    "in words",
				Times:   2, // if the window is closed, Send asks a second time, with a tag
			})
			se := r.wantSendFails(t, r.outbound(1, "Hi"), tt.want)
			if se.Text == "" {
				t.Errorf("the error %+v has no words for people", se)
			}
			if se.Class == channels.Throttled && se.Wait <= 0 {
				t.Errorf("got a wait of %s, want some time", se.Wait)
			}
			wantEqual(t, "only this customer's messages wait", se.Pair, tt.subcode == subcodePairRate)
			r.takeInbox(t, 0)
		})
	}
}

// If Facebook can't be reached, it didn't get the message, so that sending is tried again.
func TestUnreachable(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	noError(t, r.meta.Close())
	_ = r.wantSendFails(t, r.outbound(1, "Hi"), channels.Retry)
}
