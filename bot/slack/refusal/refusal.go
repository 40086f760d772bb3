// Package refusal tells what an error of a call to Slack means: whether Slack refused it, for how long, and whether it may have been done
// all the same.
package refusal

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

// DefaultWait is how long to wait after a rate limit that names no time.
const DefaultWait = 30 * time.Second

// ErrEmptyAnswer stands for an answer with ok:false and no error, or without what it must hold.
var ErrEmptyAnswer = errors.New("slack: an answer without content")

// CodeUnknownMethod is the error of a server that lacks a method. Slack itself has all methods that we call.
const CodeUnknownMethod = "unknown_method"

// CodeOf returns Slack's error code, or "" if err doesn't have one.
func CodeOf(err error) string {
	if se, ok := errors.AsType[slackapi.SlackErrorResponse](err); ok {
		return se.Err
	}
	return ""
}

// Finding makes what doctor says of a call that failed while something was checked. refused says that Slack refused it, and hint what to
// do then. If Slack could not be asked, nothing is known to be wrong with what was checked.
func Finding(err error, what, refused, hint string) channels.Finding {
	if CodeOf(err) == "" || IsTemporary(err) {
		refused = "Slack can't be asked now"
		hint = "Try again in a minute. If it stays so, look whether this machine reaches Slack: its network, proxy and firewall."
	}
	return channels.Finding{What: what, Text: refused + ": " + err.Error(), Hint: hint}
}

// IsGone reports whether Slack answered that a message, or the thread that it belongs to, doesn't exist.
func IsGone(err error) bool {
	code := CodeOf(err)
	return code == "thread_not_found" || code == "message_not_found"
}

// IsRefused reports whether Slack answered that it doesn't show what was asked for. It may show other things.
func IsRefused(err error) bool { return CodeOf(err) != "" && !NeedsRepair(err) }

// IsOfChannel reports whether Slack answered that the app may not read a channel. It may read others.
func IsOfChannel(err error) bool {
	code := CodeOf(err)
	return errors.Is(Classify(err), bridge.ErrChannelClosed) || code == "missing_scope" || code == CodeUnknownMethod
}

// IsReactionSettled reports whether trying again to add or to remove a reaction would change nothing: it is there, or gone, already,
// the message has as many others as Slack allows, or admins have locked the thread.
func IsReactionSettled(err error) bool {
	switch CodeOf(err) {
	case "already_reacted", "no_reaction", "too_many_reactions", "too_many_emoji", "thread_locked":
		return true
	}
	return false
}

// IsOfPlace reports whether an ephemeral message can't be shown in its place: the user or the app isn't in the channel, nobody may
// post there, or the thread is locked.
func IsOfPlace(err error) bool {
	switch CodeOf(err) {
	case "user_not_in_channel", "messages_tab_disabled", "restricted_action_thread_locked":
		return true
	}
	return errors.Is(Classify(err), bridge.ErrChannelClosed)
}

// RateLimit reports whether err is one of the three forms of a rate limit, and how long to wait.
func RateLimit(err error) (wait time.Duration, limited bool) {
	if withTime, ok := errors.AsType[*slackapi.RateLimitedError](err); ok {
		return max(withTime.RetryAfter, time.Second), true
	}
	if status, ok := errors.AsType[slackapi.StatusCodeError](err); ok && status.Code == http.StatusTooManyRequests {
		return DefaultWait, true
	}
	switch CodeOf(err) {
	case "ratelimited", "rate_limited", "message_limit_exceeded":
		return DefaultWait, true
	}
	return 0, false
}

// ClassifyRead returns the error of a failed read with the time to wait, if Slack limits the rate. It returns other errors
// as they are.
func ClassifyRead(err error) error {
	if wait, limited := RateLimit(err); limited {
		return &channels.SendError{Class: channels.Throttled, Wait: wait, Text: "Slack asks us to slow down.", Cause: err}
	}
	return err
}

// Classify returns what a failed call means for its delivery: a *channels.SendError.
// Source: error tables of docs.slack.dev/reference/methods/chat.postMessage, chat.update,
// reactions.add and files.completeUploadExternal, read 2026-11.
func Classify(err error) error {
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*channels.SendError](err); ok {
		return err
	}
	if _, limited := RateLimit(err); limited {
		return ClassifyRead(err)
	}
	if _, ok := errors.AsType[slackapi.StatusCodeError](err); ok {
		return Ambiguous(err)
	}
	if code := CodeOf(err); code != "" {
		return classifyCode(code, err)
	}

	return classifyNetwork(err)
}

// ClassifyBeforeSend classifies a failure that came before the post itself was tried, so that it can't be ambiguous.
func ClassifyBeforeSend(err error) error {
	err = Classify(err)
	if se, ok := errors.AsType[*channels.SendError](err); ok && se.Class == channels.Ambiguous {
		return &channels.SendError{Class: channels.Retry, Text: "Slack didn't answer.", Cause: se.Cause}
	}
	return err
}

// WithChannel adds the channel's id to the text of an error that says that the channel is closed to us.
func WithChannel(err error, channel string) error {
	var se *channels.SendError
	if !errors.Is(err, bridge.ErrChannelClosed) || !errors.As(err, &se) {
		return err
	}
	named := *se
	named.Text = "Parley can't post to the Slack channel " + channel + " (" + CodeOf(err) + ")."
	return &named
}

// classifyCode returns what Slack's error code means for a delivery. A code that isn't listed here makes the post fail for
// good, so that people see it.
func classifyCode(code string, err error) error {
	if isOfToken(code) {
		return authBroken(code, err)
	}
	switch code {
	case "channel_not_found", "not_in_channel", "is_archived", "restricted_action",
		"restricted_action_read_only_channel", "restricted_action_non_threadable_channel", "restricted_action_thread_only_channel",
		"channel_is_archived", "is_inactive", "ekm_access_denied", "posting_to_channel_denied", "invalid_channel",
		"channel_is_limited_access",
		"no_permission": // "Make sure your app is a member of the conversation"
		return &channels.SendError{
			Class: channels.BadRecipient, Text: "Parley can't post to a Slack channel (" + code + ").",
			Hint:  "Invite the app to the channel, unarchive it, or choose another channel for the account. Nothing is lost meanwhile.",
			Cause: errors.Join(bridge.ErrChannelClosed, err),
		}
	case "message_not_found", "cant_update_message": // Slack answers the latter for a deleted root that has replies
		return Unchangeable(code, errors.Join(bridge.ErrMessageGone, err))
	case "edit_window_closed", "block_mismatch", "not_reactable": // the message still exists
		return Unchangeable(code, err)
	case "thread_not_found", "cannot_reply_to_message", "invalid_thread_ts", "restricted_action_thread_locked", "thread_locked":
		return BadContent("The Slack thread takes no replies ("+code+").", errors.Join(bridge.ErrThreadLost, err))
	case "missing_scope", "not_allowed_token_type", "team_access_not_granted", "access_denied":
		return authBroken(code, err)
	case "team_added_to_org", "org_login_required", "external_channel_migrating", "service_unavailable", "update_failed":
		return &channels.SendError{Class: channels.Retry, Wait: time.Minute, Text: "Slack can't take it now (" + code + ").", Cause: err}
	case "internal_error", "fatal_error", "request_timeout", "accesslimited":
		return Ambiguous(err)
	}

	return &channels.SendError{
		Class: channels.BadContent, Text: "Slack refuses this post (" + code + ").",
		Hint: "Tell the people who run Parley.", Cause: err,
	}
}

// authBroken makes the error of a call that Slack refuses to our token.
func authBroken(code string, err error) error {
	return &channels.SendError{
		Class: channels.AuthBroken, Text: "Slack refuses our token (" + code + ").",
		Hint: "Install the app again with the current manifest and enter its new token.", Cause: err,
	}
}

// OrganisationToken makes the error of a bot token that is of a whole Enterprise organisation. Slack takes it, but Parley can't work by it.
func OrganisationToken() *channels.SendError {
	return &channels.SendError{
		Class: channels.AuthBroken, Text: "The Slack bot token is of a whole Enterprise organisation, not of a workspace.",
		Hint: "Install the app in the workspace in which agents work, by that workspace's own page, and take the token from there.",
	}
}

// isOfToken reports whether a code says that Slack takes the token for no call at all.
func isOfToken(code string) bool {
	switch code {
	case "invalid_auth", "account_inactive", "not_authed", "token_revoked", "token_expired", "invalid_token", "app_uninstalled":
		return true
	}
	return false
}

// Unchangeable makes the error of a change that Slack refuses, however often it is tried.
func Unchangeable(code string, cause error) error {
	return BadContent("The Slack message can't be changed any more ("+code+").", cause)
}

// BadContent makes the error of a post that can't be made as it is, however often it is tried. cause may be nil.
func BadContent(text string, cause error) error {
	return &channels.SendError{Class: channels.BadContent, Text: text, Cause: cause}
}

// Ambiguous makes the error of a call that Slack may or may not have carried out.
func Ambiguous(err error) error {
	return &channels.SendError{Class: channels.Ambiguous, Text: "Slack's answer was lost.", Cause: err}
}

// classifyNetwork makes failures before the first byte was sent Retry. All others are ambiguous: Slack may have done
// what was asked.
func classifyNetwork(err error) error {
	if IsBeforeSend(err) {
		return &channels.SendError{Class: channels.Retry, Text: "Slack can't be reached.", Cause: err}
	}
	return Ambiguous(err)
}

// IsBeforeSend reports whether a call failed while the connection was made.
func IsBeforeSend(err error) bool {
	var dns *net.DNSError
	if errors.As(err, &dns) || errors.Is(err, syscall.ECONNREFUSED) {
		return true
	}
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "dial"
}

// IsTemporary reports whether a failed read may simply be tried again later.
func IsTemporary(err error) bool {
	if _, ok := RateLimit(err); ok {
		return true
	}
	if status, ok := errors.AsType[slackapi.StatusCodeError](err); ok {
		return status.Code >= http.StatusInternalServerError
	}
	switch CodeOf(err) {
	case "internal_error", "fatal_error", "request_timeout", "service_unavailable":
		return true
	case "":
		return !errors.Is(err, context.Canceled) && IsNetwork(err)
	}
	return false
}

// IsNetwork reports whether the network failed, or the connection ended before the whole answer was there.
func IsNetwork(err error) bool {
	if _, ok := errors.AsType[net.Error](err); ok {
		return true
	}
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}

// NeedsRepair reports whether an error stays until a person repairs something.
func NeedsRepair(err error) bool {
	var status slackapi.StatusCodeError
	return isOfToken(CodeOf(err)) || errors.As(err, &status) && status.Code == http.StatusNotFound
}
