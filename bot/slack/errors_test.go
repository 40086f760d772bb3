package slack

import (
	"errors"
	"testing"

	slackapi "github.com/slack-go/slack"

	"parley/bridge"
	"parley/channels"
)

// Each of Slack's codes has a class, and says what is gone.
func TestClassifyCodes(t *testing.T) {
	t.Parallel()
	for code, tt := range map[string]struct {
		class channels.Class
		gone  error // nil if nothing is
	}{
		"message_not_found":                     {class: channels.BadContent, gone: bridge.ErrMessageGone},
		"cant_update_message":                   {class: channels.BadContent, gone: bridge.ErrMessageGone},
		"edit_window_closed":                    {class: channels.BadContent},
		"block_mismatch":                        {class: channels.BadContent},
		"thread_not_found":                      {class: channels.BadContent, gone: bridge.ErrThreadLost},
		"cannot_reply_to_message":               {class: channels.BadContent, gone: bridge.ErrThreadLost},
		"channel_not_found":                     {class: channels.BadRecipient, gone: bridge.ErrChannelClosed},
		"restricted_action_thread_locked":       {class: channels.BadRecipient, gone: bridge.ErrChannelClosed},
		"restricted_action_thread_only_channel": {class: channels.BadRecipient, gone: bridge.ErrChannelClosed},
		"posting_to_channel_denied":             {class: channels.BadRecipient, gone: bridge.ErrChannelClosed},
		"invalid_channel":                       {class: channels.BadRecipient, gone: bridge.ErrChannelClosed},
		"no_permission":                         {class: channels.BadRecipient, gone: bridge.ErrChannelClosed}, // the app isn't in the conversation
		"org_login_required":                    {class: channels.Retry},                                       // the workspace is being moved into an organisation
		"external_channel_migrating":            {class: channels.Retry},
		"update_failed":                         {class: channels.Retry},
		"account_inactive":                      {class: channels.AuthBroken},
		"token_revoked":                         {class: channels.AuthBroken},
		"service_unavailable":                   {class: channels.Retry},
		"fatal_error":                           {class: channels.Ambiguous},
		"request_timeout":                       {class: channels.Ambiguous},
		"ratelimited":                           {class: channels.Throttled},
		"something_new":                         {class: channels.BadContent},
	} {
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			err := classifyError(slackapi.SlackErrorResponse{Err: code})
			_ = wantSendError(t, err, tt.class)
			for _, gone := range []error{bridge.ErrMessageGone, bridge.ErrThreadLost, bridge.ErrChannelClosed} {
				wantEqual(t, "says that "+gone.Error(), errors.Is(err, gone), gone == tt.gone) //nolint:errorlint // the table has these very errors
			}
		})
	}
}

func TestClassifyOtherErrors(t *testing.T) {
	t.Parallel()
	must(t, classifyError(nil))
	_ = wantSendError(t, classifyBeforeSend(errEmptyAnswer), channels.Retry)
}

// Admins are told which channel can't be posted to.
func TestClosedChannelIsNamed(t *testing.T) {
	t.Parallel()
	st := newStage(t)
	must(t, st.fake.Admin.ArchiveChannel(st.channel, true))
	_, err := st.surface.Send(st.ctx(), st.newPost(bridge.PostRoot, bridge.Place{Channel: st.channel}, "t1"))
	wantSendErrorIs(t, err, channels.BadRecipient, bridge.ErrChannelClosed)
	se := wantSendError(t, err, channels.BadRecipient)
	wantEqual(t, "words for admins", se.Text, "Parley can't post to the Slack channel C0SUPPORT (is_archived).")
}
