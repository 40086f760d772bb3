package messenger

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"parley/channels"
	"parley/channels/graph"
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

// An answer without a code comes from a server in front of Graph. Its status decides its class, which tells whether Facebook
// may have the message.
func TestErrorOfAServerInBetween(t *testing.T) {
	t.Parallel()
	tests := []struct {
		refused  graph.Error
		want     channels.Class
		wantWait time.Duration
	}{
		{refused: graph.Error{Status: 401}, want: channels.AuthBroken},
		{refused: graph.Error{Status: 404}, want: channels.Retry},
		{refused: graph.Error{Status: 413}, want: channels.BadContent},
		{refused: graph.Error{Status: 429}, want: channels.Throttled, wantWait: time.Minute},
		{refused: graph.Error{Status: 429, RetryAfter: 7 * time.Second}, want: channels.Throttled, wantWait: 7 * time.Second},
		{refused: graph.Error{Status: 503}, want: channels.Ambiguous},
	}
	for _, tt := range tests {
		se := classifyError(&tt.refused)
		wantEqual(t, fmt.Sprint("class of status ", tt.refused.Status), se.Class, tt.want)
		wantEqual(t, fmt.Sprint("wait of status ", tt.refused.Status), se.Wait, tt.wantWait)
	}
}

// An app that requires its secret refuses each call of an account with another secret.
func TestErrorAboutTheSecret(t *testing.T) {
	t.Parallel()
	err := &graph.Error{Status: 400, HasCode: true, Code: codeInvalid, Message: "Invalid appsecret_proof provided in the API argument"}
	wantEqual(t, "class", classifyError(err).Class, channels.AuthBroken)
}

// If the answer to a message names no id, the message may have been sent. If the answer to an upload names no id, nothing
// was sent.
func TestOddAnswer(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(rw, `{}`) }))
	t.Cleanup(server.Close)
	r := newRig(t)
	var err error
	r.graph, err = graph.New(graph.Options{BaseURL: server.URL})
	noError(t, err)
	_ = r.wantSendFails(t, r.outbound(1, "Hi"), channels.Ambiguous)
	_ = r.wantSendFails(t, r.textAndFile(), channels.Retry)
}

// A file that Facebook refuses makes the message fail. If Facebook may have taken the file, it is uploaded again, since no
// customer sees an upload.
func TestUploadFails(t *testing.T) {
	t.Parallel()
	tests := []struct {
		fault graphfake.Fault
		want  channels.Class
	}{
		{fault: graphfake.Fault{Action: graphfake.ActionError, Code: codeInvalid, Subcode: 2018047, Status: 400}, want: channels.BadContent},
		{fault: graphfake.Fault{Action: graphfake.ActionError, Code: codeUnknown, Subcode: subcodeLate, Status: 500}, want: channels.Retry},
	}
	for _, tt := range tests {
		r := newRig(t)
		tt.fault.Route = "messenger.attachments"
		r.addFault(t, tt.fault)
		_ = r.wantSendFails(t, r.textAndFile(), tt.want)
		r.takeInbox(t, 0)
	}
}

// If a file of ours can't be read, the reason decides whether it is tried again.
func TestUnreadableFile(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for err, want := range map[error]channels.Class{
		channels.RefuseContent("It was deleted.", ""):  channels.BadContent,
		&channels.SendError{Class: channels.Ambiguous}: channels.Retry,
		errors.New("the disk is busy"):                 channels.Retry,
	} {
		o := r.textAndFile()
		o.Files[0].Open = func(context.Context) (io.ReadCloser, error) { return nil, err }
		_ = r.wantSendFails(t, o, want)
	}
}

// If Facebook can't be reached, it didn't get the message, so that sending is tried again.
func TestUnreachable(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	noError(t, r.meta.Close())
	_ = r.wantSendFails(t, r.outbound(1, "Hi"), channels.Retry)
}
