package slack

import (
	"errors"
	"testing"

	slackapi "github.com/slack-go/slack"

	"parley/bridge"
	"parley/channels"
)

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
		{code: "channel_not_found", class: channels.BadRecipient, gone: bridge.ErrChannelClosed},
		{code: "restricted_action_thread_locked", class: channels.BadRecipient, gone: bridge.ErrChannelClosed},
		{code: "restricted_action_thread_only_channel", class: channels.BadRecipient, gone: bridge.ErrChannelClosed},
		{code: "posting_to_channel_denied", class: channels.BadRecipient, gone: bridge.ErrChannelClosed},
		{code: "invalid_channel", class: channels.BadRecipient, gone: bridge.ErrChannelClosed},
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
			err := classifyError(slackapi.SlackErrorResponse{Err: tt.code})
			_ = wantSendError(t, err, tt.class)
			for _, gone := range []error{bridge.ErrMessageGone, bridge.ErrThreadLost, bridge.ErrChannelClosed} {
				want := gone == tt.gone //nolint:errorlint // the table has these very errors
				wantEqual(t, "says that "+gone.Error(), errors.Is(err, gone), want)
			}
		})
	}
}

func TestNoErrorIsClassifiedAsNone(t *testing.T) {
	t.Parallel()
	must(t, classifyError(nil))
}

// An empty answer to a post leaves open whether it was made. One that came before the post was tried doesn't: it is tried again.
func TestEmptyAnswerBeforeThePostIsTriedAgain(t *testing.T) {
	t.Parallel()
	_ = wantSendError(t, classifyBeforeSend(errEmptyAnswer), channels.Retry)
}

// Admins are told which channel can't be posted to.
func TestClosedChannelIsNamed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	must(t, w.fake.Admin.ArchiveChannel(w.channel, true))
	_, err := w.surface.Send(w.ctx(), w.newPost(bridge.PostRoot, bridge.Place{Channel: w.channel}, "t1"))
	wantSendErrorIs(t, err, channels.BadRecipient, bridge.ErrChannelClosed)
	got := wantSendError(t, err, channels.BadRecipient).Text
	wantEqual(t, "words for admins", got, "Parley can't post to the Slack channel C0SUPPORT (is_archived).")
}
