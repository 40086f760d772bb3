package teams

import (
	"errors"
	"io"
	"net/http"
	"testing"

	"parley/bridge"
	"parley/channels"
)

// refusal returns the error of a call that Teams refused, with the class that connector gives it.
func refusal(status int, code string, class channels.Class) error {
	return &Error{Failure: Failure{Status: status, Code: code}, Class: class}
}

// The test checks what a failed call means for its post, and which place is closed to posts from then on. The cause of
// the error decides what the engine does: a lost thread is opened anew, and a message that is gone isn't changed any
// more.
func TestWhatAFailureMeans(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	said, card, root := w.newSaid(w.root, "x"), w.newCard(), w.newRoot("y", w.channel)
	toPerson := bridge.Post{Kind: bridge.PostSaid, Place: bridge.Place{Channel: "a:chat", Thread: "1"}}
	missing := refusal(http.StatusNotFound, "", channels.BadContent)
	forbidden := refusal(http.StatusForbidden, CodeNotInRoster, channels.BadRecipient)
	elsewhere := refusal(http.StatusForbidden, CodeWrongHost, channels.AuthBroken)
	for _, tt := range []struct {
		name   string
		err    error
		post   bridge.Post
		class  channels.Class
		cause  error
		closes string
	}{
		{name: "the thread is missing", err: missing, post: said, class: channels.BadContent, cause: bridge.ErrThreadLost},
		{name: "the card is missing", err: missing, post: card, class: channels.BadContent, cause: bridge.ErrMessageGone},
		{name: "the channel is missing", err: missing, post: root, class: channels.BadRecipient, cause: bridge.ErrChannelClosed},
		{name: "the chat is missing", err: missing, post: toPerson, class: channels.BadRecipient},
		{
			name: "the app isn't in the channel", err: forbidden, post: said,
			class: channels.BadRecipient, cause: bridge.ErrChannelClosed, closes: w.channel,
		},
		{name: "a person blocks the app", err: forbidden, post: toPerson, class: channels.BadRecipient},
		{name: "wrong host of a channel", err: elsewhere, post: said, class: channels.AuthBroken, closes: w.channel},
		{name: "wrong host of a chat", err: elsewhere, post: toPerson, class: channels.AuthBroken},
		{
			name: "wrong secret", err: refusal(http.StatusUnauthorized, "", channels.AuthBroken), post: toPerson,
			class: channels.AuthBroken, closes: Everywhere,
		},
		{name: "too many calls", err: refusal(http.StatusTooManyRequests, "", channels.Throttled), post: said, class: channels.Throttled},
		{name: "busy", err: refusal(http.StatusPreconditionFailed, "", channels.Retry), post: said, class: channels.Retry},
		{name: "no answer", err: refusal(0, "", channels.Ambiguous), post: said, class: channels.Ambiguous},
		{name: "too large", err: refusal(http.StatusRequestEntityTooLarge, "", channels.BadContent), post: said, class: channels.BadContent},
		{name: "not asked", err: io.ErrUnexpectedEOF, post: said, class: channels.Retry},
	} {

		ac := *w.surface.access
		ac.closed = NewClosed()
		err := ac.classifyFailure(tt.err, tt.post)
		wantEqual(t, "class: "+tt.name, channels.ClassOf(err), tt.class)
		for _, cause := range []error{bridge.ErrThreadLost, bridge.ErrMessageGone, bridge.ErrChannelClosed} {
			wantEqual(t, "cause “"+cause.Error()+"”: "+tt.name, errors.Is(err, cause), tt.cause != nil && errors.Is(tt.cause, cause))
		}
		for _, place := range []string{w.channel, Everywhere} {
			wantEqual(t, "closes "+place+": "+tt.name, ac.closed.Admit(ac.Now(), place) != nil, place == tt.closes)
		}
	}
}
