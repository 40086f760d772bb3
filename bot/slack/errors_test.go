package slack

import (
	"errors"
	"testing"

	slackapi "github.com/slack-go/slack"

	"parley/bridge"
	"parley/channels"
)

func TestClassifyCodes(t *testing.T) {
	t.Parallel()
	cases := []struct {
		code string
		want channels.Class
		is   error
	}{
		{"message_not_found", channels.BadContent, bridge.ErrMessageGone},
		{"cant_update_message", channels.BadContent, bridge.ErrMessageGone},
		{"edit_window_closed", channels.BadContent, nil},
		{"block_mismatch", channels.BadContent, nil},
		{"thread_not_found", channels.BadContent, bridge.ErrThreadLost},
		{"cannot_reply_to_message", channels.BadContent, bridge.ErrThreadLost},
		{"channel_not_found", channels.BadRecipient, bridge.ErrChannelClosed},
		{"restricted_action_thread_locked", channels.BadRecipient, bridge.ErrChannelClosed},
		{"restricted_action_thread_only_channel", channels.BadRecipient, bridge.ErrChannelClosed},
		{"posting_to_channel_denied", channels.BadRecipient, bridge.ErrChannelClosed},
		{"invalid_channel", channels.BadRecipient, bridge.ErrChannelClosed},
		{"no_permission", channels.BadRecipient, bridge.ErrChannelClosed}, // the app isn't in the conversation
		{"org_login_required", channels.Retry, nil},                       // the workspace is being moved into an organisation
		{"external_channel_migrating", channels.Retry, nil},
		{"update_failed", channels.Retry, nil},
		{"account_inactive", channels.AuthBroken, nil},
		{"token_revoked", channels.AuthBroken, nil},
		{"service_unavailable", channels.Retry, nil},
		{"fatal_error", channels.Ambiguous, nil},
		{"request_timeout", channels.Ambiguous, nil},
		{"ratelimited", channels.Throttled, nil},
		{"something_new", channels.BadContent, nil},
	}
	for _, c := range cases {
		err := classifyError(slackapi.SlackErrorResponse{Err: c.code})
		class(t, err, c.want, c.is)
		if c.is == nil && (errors.Is(err, bridge.ErrMessageGone) || errors.Is(err, bridge.ErrThreadLost) || errors.Is(err, bridge.ErrChannelClosed)) {
			t.Errorf("%s says that something is gone: %v", c.code, err)
		}
	}
	if err := classifyError(nil); err != nil {
		t.Errorf("nil became %v", err)
	}
	class(t, classifyBeforeSend(errEmptyAnswer), channels.Retry, nil)
}

// Admins are told which channel can't be posted to.
func TestClosedChannelIsNamed(t *testing.T) {
	t.Parallel()
	st := newStage(t, false)
	must(t, st.fake.Admin.ArchiveChannel(st.ch, true))
	_, err := st.s.Send(st.ctx(), st.post(bridge.PostRoot, bridge.Place{Channel: st.ch}, "t1"))
	var se *channels.SendError
	if !errors.Is(err, bridge.ErrChannelClosed) || !errors.As(err, &se) || se.Text != "Parley can't post to the Slack channel C0SUPPORT (is_archived)." {
		t.Errorf("%v", err)
	}
}
