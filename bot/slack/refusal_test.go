package slack_test

import (
	"errors"
	"testing"

	slackapi "github.com/slack-go/slack"

	"parley/bot/slack"
	"parley/bridge"
	"parley/channels"
)

func wantClass(t *testing.T, err error, class channels.Class) {
	t.Helper()
	if _, ok := errors.AsType[*channels.SendError](err); !ok {
		t.Fatalf("got error %v, want one of class %s", err, class)
	}
	if got := channels.ClassOf(err); got != class {
		t.Errorf("got error %v of class %s, want class %s", err, got, class)
	}
}

// Each of Slack's codes has a class, and says what is gone: a message, a thread, a channel, or nothing of these.
func TestClassifyCodes(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		code  string
		class channels.Class
		gone  error // nil if nothing is
	}{
		// The message, its thread or its channel is gone.
		{code: "message_not_found", class: channels.BadContent, gone: bridge.ErrMessageGone},
		{code: "cant_update_message", class: channels.BadContent, gone: bridge.ErrMessageGone},
		{code: "thread_not_found", class: channels.BadContent, gone: bridge.ErrThreadLost},
		{code: "cannot_reply_to_message", class: channels.BadContent, gone: bridge.ErrThreadLost},
		{code: "restricted_action_thread_locked", class: channels.BadContent, gone: bridge.ErrThreadLost},
		{code: "channel_not_found", class: channels.BadRecipient, gone: bridge.ErrChannelClosed},
		{code: "is_inactive", class: channels.BadRecipient, gone: bridge.ErrChannelClosed}, // a card in an archived channel
		{code: "restricted_action_thread_only_channel", class: channels.BadRecipient, gone: bridge.ErrChannelClosed},
		{code: "posting_to_channel_denied", class: channels.BadRecipient, gone: bridge.ErrChannelClosed},
		{code: "invalid_channel", class: channels.BadRecipient, gone: bridge.ErrChannelClosed},
		{code: "channel_is_limited_access", class: channels.BadRecipient, gone: bridge.ErrChannelClosed},
		{code: "no_permission", class: channels.BadRecipient, gone: bridge.ErrChannelClosed}, // the app isn't in the conversation

		// Slack refuses what was sent.
		{code: "edit_window_closed", class: channels.BadContent},
		{code: "block_mismatch", class: channels.BadContent},
		{code: "something_new", class: channels.BadContent}, // a code that isn't in our table

		// Slack refuses everything for a while, or asks for fewer calls.
		{code: "org_login_required", class: channels.Retry}, // the workspace is being moved into an organisation
		{code: "external_channel_migrating", class: channels.Retry},
		{code: "update_failed", class: channels.Retry},
		{code: "service_unavailable", class: channels.Retry},
		{code: "ratelimited", class: channels.Throttled},

		// Slack refuses us.
		{code: "account_inactive", class: channels.AuthBroken},
		{code: "token_revoked", class: channels.AuthBroken},

		// It may have been done.
		{code: "fatal_error", class: channels.Ambiguous},
		{code: "request_timeout", class: channels.Ambiguous},
	} {
		t.Run(tt.code, func(t *testing.T) {
			t.Parallel()
			err := slack.Classify(slackapi.SlackErrorResponse{Err: tt.code})
			wantClass(t, err, tt.class)
			for _, gone := range []error{bridge.ErrMessageGone, bridge.ErrThreadLost, bridge.ErrChannelClosed} {
				want := gone == tt.gone //nolint:errorlint // the table has these very errors
				if got := errors.Is(err, gone); got != want {
					t.Errorf("whether it says that %v: got %v, want %v", gone, got, want)
				}
			}
		})
	}
}

func TestNoErrorIsClassifiedAsNone(t *testing.T) {
	t.Parallel()
	if err := slack.Classify(nil); err != nil {
		t.Errorf("no error is classified as %v, want none", err)
	}
}

// An empty answer to a post leaves open whether it was made. One that came before the post was tried doesn't: it is tried again.
func TestEmptyAnswerBeforeThePostIsTriedAgain(t *testing.T) {
	t.Parallel()
	wantClass(t, slack.ClassifyBeforeSend(slack.ErrEmptyAnswer), channels.Retry)
}
