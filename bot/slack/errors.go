package slack

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"syscall"
	"time"

	slackapi "github.com/slack-go/slack"

	"parley/bridge"
	"parley/channels"
)

// throttleDefault is how long to wait after a 429 that gives no time.
const throttleDefault = 30 * time.Second

// errBlank is an answer with ok:false and no error, or without what it must hold.
var errBlank = errors.New("slack: an answer without content")

// noMethod is the error of a server that lacks a method. Slack itself has all methods that we call.
const noMethod = "unknown_method"

// codeOf gives Slack's error string, "" if err is none.
func codeOf(err error) string {
	var se slackapi.SlackErrorResponse
	if errors.As(err, &se) {
		return se.Err
	}
	return ""
}

// throttle tells whether err is one of the three forms of a rate limit, and how long
// to wait.
func throttle(err error) (time.Duration, bool) {
	var limited *slackapi.RateLimitedError
	if errors.As(err, &limited) {
		return max(limited.RetryAfter, time.Second), true
	}
	var status slackapi.StatusCodeError
	if errors.As(err, &status) && status.Code == http.StatusTooManyRequests {
		return throttleDefault, true
	}
	switch codeOf(err) {
	case "ratelimited", "rate_limited", "message_limit_exceeded":
		return throttleDefault, true
	}
	return 0, false
}

// unread is the error of a read that failed, with the time for which Slack asks to be left alone.
func unread(err error) error {
	if wait, limited := throttle(err); limited {
		return &channels.SendError{Class: channels.Throttled, Wait: wait, Text: "Slack asks us to slow down.", Cause: err}
	}
	return err
}

// classify says what a failed call means for its delivery.
// Source: error tables of docs.slack.dev/reference/methods/chat.postMessage, chat.update,
// reactions.add and files.completeUploadExternal, read 2026-11.
func classify(err error) error {
	var done *channels.SendError
	if err == nil || errors.As(err, &done) {
		return err
	}
	if _, limited := throttle(err); limited {
		return unread(err)
	}
	var status slackapi.StatusCodeError
	if errors.As(err, &status) {
		return ambiguous(err)
	}
	if code := codeOf(err); code != "" {
		return classifyCode(code, err)
	}
	return classifyNetwork(err)
}

// inChannel adds the channel's id to the text of an error that says that the channel is closed to us.
func inChannel(err error, channel string) error {
	var se *channels.SendError
	if !errors.Is(err, bridge.ErrChannelClosed) || !errors.As(err, &se) {
		return err
	}
	named := *se
	named.Text = "Parley can't post to the Slack channel " + channel + " (" + codeOf(err) + ")."
	return &named
}

func classifyCode(code string, err error) error {
	switch code {
	case "channel_not_found", "not_in_channel", "is_archived", "restricted_action", "restricted_action_thread_locked",
		"restricted_action_read_only_channel", "restricted_action_non_threadable_channel", "thread_locked",
		"channel_is_archived", "ekm_access_denied":
		return &channels.SendError{
			Class: channels.BadRecipient, Text: "Parley can't post to a Slack channel (" + code + ").",
			Hint: "Invite the app to the channel, unarchive it, or choose another channel for the account. Nothing is lost meanwhile.", Cause: errors.Join(bridge.ErrChannelClosed, err),
		}
	case "message_not_found", "cant_update_message": // the latter for a deleted root that has replies
		return &channels.SendError{Class: channels.BadContent, Text: "The Slack message can't be changed any more (" + code + ").", Cause: errors.Join(bridge.ErrMessageGone, err)}
	case "edit_window_closed", "is_inactive", "block_mismatch", "not_reactable": // still there
		return &channels.SendError{Class: channels.BadContent, Text: "The Slack message can't be changed any more (" + code + ").", Cause: err}
	case "thread_not_found", "cannot_reply_to_message", "invalid_thread_ts":
		return &channels.SendError{Class: channels.BadContent, Text: "The Slack thread is gone.", Cause: errors.Join(bridge.ErrThreadLost, err)}
	case "invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired", "missing_scope", "not_allowed_token_type",
		"no_permission", "org_login_required", "team_access_not_granted", "access_denied", "invalid_token", "app_uninstalled":
		return &channels.SendError{
			Class: channels.AuthBroken, Text: "Slack refuses our token (" + code + ").",
			Hint: "Install the app again with the current manifest and enter its new token.", Cause: err,
		}
	case "team_added_to_org", "service_unavailable", "storage_limit_reached", "file_uploads_disabled":
		return &channels.SendError{Class: channels.Retry, Wait: time.Minute, Text: "Slack can't take it now (" + code + ").", Cause: err}
	case "internal_error", "fatal_error", "request_timeout", "accesslimited":
		return ambiguous(err)
	}
	return &channels.SendError{Class: channels.BadContent, Text: "Slack refuses this post (" + code + ").", Hint: "Tell the people who run Parley.", Cause: err}
}

func ambiguous(err error) error {
	return &channels.SendError{Class: channels.Ambiguous, Text: "Slack's answer was lost.", Cause: err}
}

// classifyNetwork gives Retry to failures before the first byte was sent. All others are ambiguous:
// Slack may have done what was asked.
func classifyNetwork(err error) error {
	var dns *net.DNSError
	var op *net.OpError
	dialing := errors.As(err, &op) && op.Op == "dial"
	if errors.As(err, &dns) || dialing || errors.Is(err, syscall.ECONNREFUSED) {
		return &channels.SendError{Class: channels.Retry, Text: "Slack can't be reached.", Cause: err}
	}
	return ambiguous(err)
}

// passing says whether a read may simply be tried again later.
func passing(err error) bool {
	if _, ok := throttle(err); ok {
		return true
	}
	var status slackapi.StatusCodeError
	if errors.As(err, &status) {
		return status.Code >= 500
	}
	switch codeOf(err) {
	case "internal_error", "fatal_error", "request_timeout", "service_unavailable":
		return true
	case "":
		return !errors.Is(err, context.Canceled) && (errors.Is(err, io.ErrUnexpectedEOF) || isNetwork(err))
	}
	return false
}

func isNetwork(err error) bool {
	var n net.Error
	return errors.As(err, &n) || errors.Is(err, io.EOF)
}

// fatal says whether an error stays until a person repairs something.
func fatal(err error) bool {
	switch codeOf(err) {
	case "invalid_auth", "account_inactive", "not_authed", "token_revoked":
		return true
	}
	var status slackapi.StatusCodeError
	return errors.As(err, &status) && status.Code == 404
}
