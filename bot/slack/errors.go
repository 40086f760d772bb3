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

// defaultRateWait is how long to wait after a rate limit that names no time.
const defaultRateWait = 30 * time.Second

// errEmptyAnswer stands for an answer with ok:false and no error, or without what it must hold.
var errEmptyAnswer = errors.New("slack: an answer without content")

// codeUnknownMethod is the error of a server that lacks a method. Slack itself has all methods that we call.
const codeUnknownMethod = "unknown_method"

// codeOf returns Slack's error code, or "" if err doesn't have one.
func codeOf(err error) string {
	if se, ok := errors.AsType[slackapi.SlackErrorResponse](err); ok {
		return se.Err
	}
	return ""
}

// isGone reports whether Slack answered that a message, or the thread that it belongs to, doesn't exist.
func isGone(err error) bool {
	code := codeOf(err)
	return code == "thread_not_found" || code == "message_not_found"
}

// isRefused reports whether Slack answered that it doesn't show what was asked for. It may show other things.
func isRefused(err error) bool { return codeOf(err) != "" && !needsRepair(err) }

// rateLimit reports whether err is one of the three forms of a rate limit, and how long to wait.
func rateLimit(err error) (wait time.Duration, limited bool) {
	if withTime, ok := errors.AsType[*slackapi.RateLimitedError](err); ok {
		return max(withTime.RetryAfter, time.Second), true
	}
	if status, ok := errors.AsType[slackapi.StatusCodeError](err); ok && status.Code == http.StatusTooManyRequests {
		return defaultRateWait, true
	}
	switch codeOf(err) {
	case "ratelimited", "rate_limited", "message_limit_exceeded":
		return defaultRateWait, true
	}
	return 0, false
}

// classifyRead returns the error of a failed read with the time to wait, if Slack limits the rate. It returns other errors
// as they are.
func classifyRead(err error) error {
	if wait, limited := rateLimit(err); limited {
		return &channels.SendError{Class: channels.Throttled, Wait: wait, Text: "Slack asks us to slow down.", Cause: err}
	}
	return err
}

// classifyError returns what a failed call means for its delivery: a *channels.SendError.
// Source: error tables of docs.slack.dev/reference/methods/chat.postMessage, chat.update,
// reactions.add and files.completeUploadExternal, read 2026-11.
func classifyError(err error) error {
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*channels.SendError](err); ok {
		return err
	}
	if _, limited := rateLimit(err); limited {
		return classifyRead(err)
	}
	if _, ok := errors.AsType[slackapi.StatusCodeError](err); ok {
		return ambiguousError(err)
	}
	if code := codeOf(err); code != "" {
		return classifyCode(code, err)
	}

	return classifyNetwork(err)
}

// classifyBeforeSend classifies a failure that came before the post itself was tried, so that it can't be ambiguous.
func classifyBeforeSend(err error) error {
	err = classifyError(err)
	if se, ok := errors.AsType[*channels.SendError](err); ok && se.Class == channels.Ambiguous {
		return &channels.SendError{Class: channels.Retry, Text: "Slack didn't answer.", Cause: se.Cause}
	}
	return err
}

// withChannel adds the channel's id to the text of an error that says that the channel is closed to us.
func withChannel(err error, channel string) error {
	var se *channels.SendError
	if !errors.Is(err, bridge.ErrChannelClosed) || !errors.As(err, &se) {
		return err
	}
	named := *se
	named.Text = "Parley can't post to the Slack channel " + channel + " (" + codeOf(err) + ")."
	return &named
}

// classifyCode returns what Slack's error code means for a delivery. A code that isn't listed here makes the post fail for
// good, so that people see it.
func classifyCode(code string, err error) error {
	switch code {
	case "channel_not_found", "not_in_channel", "is_archived", "restricted_action", "restricted_action_thread_locked",
		"restricted_action_read_only_channel", "restricted_action_non_threadable_channel", "restricted_action_thread_only_channel",
		"thread_locked", "channel_is_archived", "ekm_access_denied", "posting_to_channel_denied", "invalid_channel",
		"no_permission": // "Make sure your app is a member of the conversation"
		return &channels.SendError{
			Class: channels.BadRecipient, Text: "Parley can't post to a Slack channel (" + code + ").",
			Hint:  "Invite the app to the channel, unarchive it, or choose another channel for the account. Nothing is lost meanwhile.",
			Cause: errors.Join(bridge.ErrChannelClosed, err),
		}
	case "message_not_found", "cant_update_message": // Slack answers the latter for a deleted root that has replies
		return unchangeableError(code, errors.Join(bridge.ErrMessageGone, err))
	case "edit_window_closed", "is_inactive", "block_mismatch", "not_reactable": // the message still exists
		return unchangeableError(code, err)
	case "thread_not_found", "cannot_reply_to_message", "invalid_thread_ts":
		return badContentError("The Slack thread is gone.", errors.Join(bridge.ErrThreadLost, err))
	case "invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired", "missing_scope", "not_allowed_token_type",
		"team_access_not_granted", "access_denied", "invalid_token", "app_uninstalled":
		return &channels.SendError{
			Class: channels.AuthBroken, Text: "Slack refuses our token (" + code + ").",
			Hint: "Install the app again with the current manifest and enter its new token.", Cause: err,
		}
	case "team_added_to_org", "org_login_required", "external_channel_migrating", "service_unavailable", "update_failed":
		return &channels.SendError{Class: channels.Retry, Wait: time.Minute, Text: "Slack can't take it now (" + code + ").", Cause: err}
	case "internal_error", "fatal_error", "request_timeout", "accesslimited":
		return ambiguousError(err)
	}

	return &channels.SendError{
		Class: channels.BadContent, Text: "Slack refuses this post (" + code + ").",
		Hint: "Tell the people who run Parley.", Cause: err,
	}
}

// unchangeableError makes the error of a change that Slack refuses, however often it is tried.
func unchangeableError(code string, cause error) error {
	return badContentError("The Slack message can't be changed any more ("+code+").", cause)
}

// badContentError makes the error of a post that can't be made as it is, however often it is tried. cause may be nil.
func badContentError(text string, cause error) error {
	return &channels.SendError{Class: channels.BadContent, Text: text, Cause: cause}
}

// ambiguousError makes the error of a call that Slack may or may not have carried out.
func ambiguousError(err error) error {
	return &channels.SendError{Class: channels.Ambiguous, Text: "Slack's answer was lost.", Cause: err}
}

// classifyNetwork makes failures before the first byte was sent Retry. All others are ambiguous: Slack may have done
// what was asked.
func classifyNetwork(err error) error {
	if isBeforeSend(err) {
		return &channels.SendError{Class: channels.Retry, Text: "Slack can't be reached.", Cause: err}
	}
	return ambiguousError(err)
}

// isBeforeSend reports whether a call failed while the connection was made.
func isBeforeSend(err error) bool {
	var dns *net.DNSError
	if errors.As(err, &dns) || errors.Is(err, syscall.ECONNREFUSED) {
		return true
	}
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "dial"
}

// isTemporary reports whether a failed read may simply be tried again later.
func isTemporary(err error) bool {
	if _, ok := rateLimit(err); ok {
		return true
	}
	if status, ok := errors.AsType[slackapi.StatusCodeError](err); ok {
		return status.Code >= http.StatusInternalServerError
	}
	switch codeOf(err) {
	case "internal_error", "fatal_error", "request_timeout", "service_unavailable":
		return true
	case "":
		return !errors.Is(err, context.Canceled) && isNetwork(err)
	}
	return false
}

// isNetwork reports whether the network failed, or the connection ended before the whole answer was there.
func isNetwork(err error) bool {
	if _, ok := errors.AsType[net.Error](err); ok {
		return true
	}
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}

// needsRepair reports whether an error stays until a person repairs something.
func needsRepair(err error) bool {
	switch codeOf(err) {
	case "invalid_auth", "account_inactive", "not_authed", "token_revoked":
		return true
	}
	var status slackapi.StatusCodeError
	return errors.As(err, &status) && status.Code == http.StatusNotFound
}
