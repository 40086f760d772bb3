package slack

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"syscall"
	"time"

	slackapi "github.com/slack-go/slack"

	"parley/bridge"
	"parley/channels"
)

// DefaultWait is the delay after a rate limit for which Slack doesn't specify a delay.
const DefaultWait = 30 * time.Second

// ErrEmptyAnswer means that Slack's response lacks a required field, or reports a failure without an error code.
var ErrEmptyAnswer = errors.New("slack: an answer without content")

// CodeUnknownMethod is the error code of a compatible server that doesn't implement a method.
const CodeUnknownMethod = "unknown_method"

// CodeNotUpdatable is the error code for a message that was deleted but has replies, or that another app or person posted.
const CodeNotUpdatable = "cant_update_message"

// CodeOf returns Slack's error code, or "" if err doesn't have one.
func CodeOf(err error) string {
	if se, ok := errors.AsType[slackapi.SlackErrorResponse](err); ok {
		return se.Err
	}
	return ""
}

// hasCode reports whether an error has one of Slack's error codes.
func hasCode(err error, codes ...string) bool {
	code := CodeOf(err)
	return code != "" && slices.Contains(codes, code)
}

// Finding returns what `parley doctor` reports about a check that failed with err. what is the checked thing, such as "bot
// token". refused and hint are used if Slack refused the call. If Slack couldn't be reached, they are replaced, because
// then the check has no result.
func Finding(err error, what, refused, hint string) channels.Finding {
	if CodeOf(err) == "" || IsTemporary(err) {
		refused = "Slack can't be asked now"
		hint = "Try again in a minute. If it stays so, look whether this machine reaches Slack: its network, proxy and firewall."
	}
	return channels.Finding{What: what, Text: refused + ": " + err.Error(), Hint: hint}
}

// IsGone reports whether Slack says that a message or its thread doesn't exist.
func IsGone(err error) bool {
	return hasCode(err, "thread_not_found", "message_not_found")
}

// IsRefused reports whether Slack refuses one request, while other requests may succeed.
func IsRefused(err error) bool { return CodeOf(err) != "" && !NeedsRepair(err) }

// IsOfChannel reports whether Slack says that the app may not read a channel. Other channels may be readable.
func IsOfChannel(err error) bool {
	return errors.Is(Classify(err), bridge.ErrChannelClosed) || hasCode(err, "missing_scope", CodeUnknownMethod)
}

// IsReactionSettled reports whether retrying to add or remove a reaction is pointless: it was added or removed before, the
// message has the maximum number of reactions, or the thread is locked.
func IsReactionSettled(err error) bool {
	return hasCode(err, "already_reacted", "no_reaction", "too_many_reactions", "too_many_emoji", "thread_locked")
}

// IsOfPlace reports whether a message for a single user can't be shown in its channel: the user or the app isn't a member,
// posting isn't allowed, or the thread is locked.
func IsOfPlace(err error) bool {
	isOfPerson := hasCode(err, "user_not_in_channel", "messages_tab_disabled", "restricted_action_thread_locked")
	return isOfPerson || errors.Is(Classify(err), bridge.ErrChannelClosed)
}

// RateLimit reports whether err is a rate limit, and how long to wait. Slack and slack-go report rate limits in three ways.
func RateLimit(err error) (wait time.Duration, limited bool) {
	if withTime, ok := errors.AsType[*slackapi.RateLimitedError](err); ok {
		return max(withTime.RetryAfter, time.Second), true
	}
	if status, ok := errors.AsType[slackapi.StatusCodeError](err); ok && status.Code == http.StatusTooManyRequests {
		return DefaultWait, true
	}
	if hasCode(err, "ratelimited", "rate_limited", "message_limit_exceeded") {
		return DefaultWait, true
	}
	return 0, false
}

// ClassifyRead turns a rate limit into a *channels.SendError with the time to wait. It returns other errors unchanged.
func ClassifyRead(err error) error {
	if wait, limited := RateLimit(err); limited {
		return &channels.SendError{Class: channels.Throttled, Wait: wait, Text: "Slack asks us to slow down.", Cause: err}
	}
	return err
}

// Classify turns the error of a call into a *channels.SendError. It returns nil for nil.
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

	if IsBeforeSend(err) {
		return &channels.SendError{Class: channels.Retry, Text: "Slack can't be reached.", Cause: err}
	}
	return Ambiguous(err)
}

// ClassifyBeforeSend is like Classify for a call that prepares a post. Since the post itself wasn't attempted, the error is
// never Ambiguous.
func ClassifyBeforeSend(err error) error {
	err = Classify(err)
	if se, ok := errors.AsType[*channels.SendError](err); ok && se.Class == channels.Ambiguous {
		return &channels.SendError{Class: channels.Retry, Text: "Slack didn't answer.", Cause: se.Cause}
	}
	return err
}

// WithChannel adds the id of the channel to the text of an error that wraps bridge.ErrChannelClosed.
func WithChannel(err error, channel string) error {
	var se *channels.SendError
	if !errors.Is(err, bridge.ErrChannelClosed) || !errors.As(err, &se) {
		return err
	}
	named := *se
	named.Text = "Parley can't post to the Slack channel " + channel + " (" + CodeOf(err) + ")."
	return &named
}

// classifyCode classifies Slack's error code. For an unknown code the post fails permanently, so that people notice it.
func classifyCode(code string, err error) error {
	if isOfToken(err) {
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
	case "message_not_found", CodeNotUpdatable:
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

// authBroken returns the error for a token that Slack refuses.
func authBroken(code string, err error) error {
	return &channels.SendError{
		Class: channels.AuthBroken, Text: "Slack refuses our token (" + code + ").",
		Hint: "Install the app again with the current manifest and enter its new token.", Cause: err,
	}
}

// OrganisationToken returns the error for a bot token of a whole Enterprise organisation. Slack accepts such tokens, but
// Parley needs one of a workspace.
func OrganisationToken() *channels.SendError {
	return &channels.SendError{
		Class: channels.AuthBroken, Text: "The Slack bot token is of a whole Enterprise organisation, not of a workspace.",
		Hint: "Install the app in the workspace in which agents work, by that workspace's own page, and take the token from there.",
	}
}

// isOfToken reports whether an error means that the token is invalid for all calls.
func isOfToken(err error) bool {
	return hasCode(err, "invalid_auth", "account_inactive", "not_authed", "token_revoked", "token_expired", "invalid_token", "app_uninstalled")
}

// Unchangeable returns the error for a message that Slack permanently refuses to change.
func Unchangeable(code string, cause error) error {
	return BadContent("The Slack message can't be changed any more ("+code+").", cause)
}

// BadContent returns the error for a post that fails permanently. cause may be nil.
func BadContent(text string, cause error) error {
	return &channels.SendError{Class: channels.BadContent, Text: text, Cause: cause}
}

// Ambiguous returns the error for a call of which it is unknown whether it took effect.
func Ambiguous(err error) error {
	return &channels.SendError{Class: channels.Ambiguous, Text: "Slack's answer was lost.", Cause: err}
}

// IsBeforeSend reports whether a call failed while the connection was being established.
func IsBeforeSend(err error) bool {
	var dns *net.DNSError
	if errors.As(err, &dns) || errors.Is(err, syscall.ECONNREFUSED) {
		return true
	}
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "dial"
}

// IsTemporary reports whether a failed read may succeed later.
func IsTemporary(err error) bool {
	if _, ok := RateLimit(err); ok {
		return true
	}
	if status, ok := errors.AsType[slackapi.StatusCodeError](err); ok {
		return status.Code >= http.StatusInternalServerError
	}
	if CodeOf(err) != "" {
		return hasCode(err, "internal_error", "fatal_error", "request_timeout", "service_unavailable")
	}
	_, isNetwork := errors.AsType[net.Error](err)
	isCutOff := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
	return (isNetwork || isCutOff) && !errors.Is(err, context.Canceled)
}

// NeedsRepair reports whether an error persists until an admin fixes something.
func NeedsRepair(err error) bool {
	var status slackapi.StatusCodeError
	return isOfToken(err) || errors.As(err, &status) && status.Code == http.StatusNotFound
}

// A customer's message with files is shown in Slack, but a file may fail: Slack forbids its type, or the upload breaks off.
// The rest of this file decides whether to try again, or to show only the file's name with the reason, as in "setup.exe (files of this
// kind are not allowed in Slack)". Later messages of the thread wait for the files, so a hopeless upload must end.

// OnlyImages is Slack's error code for a file that isn't a picture, in a workspace that allows only pictures.
const OnlyImages = "file_uploads_except_images_disabled"

// FileError is the failure to read or upload one file, before Slack was asked to show it.
type FileError struct {
	Why   string // the reason, as a text for agents
	Lasts bool   // whether retrying is pointless
	Cause error
}

// Error implements error.
func (e *FileError) Error() string { return "slack: file: " + e.Why + ": " + e.Cause.Error() }

func (e *FileError) Unwrap() error { return e.Cause }

// Unreadable returns the error for a file whose content Parley can't read. err is the error of reading.
func Unreadable(err error) error {
	if channels.ClassOf(err) == channels.BadContent {
		return &FileError{Why: "not there any more", Lasts: true, Cause: err}
	}
	return &FileError{Why: "Parley can't read it", Cause: err}
}

// NotUploaded returns the error for a file whose upload failed with err. The response may come from Slack or from a proxy
// between us and Slack.
func NotUploaded(err error) error {
	status, ok := errors.AsType[slackapi.StatusCodeError](err)
	if !ok {
		return &FileError{Why: "its upload fails", Cause: err}
	}
	isClientError := status.Code >= http.StatusBadRequest && status.Code < http.StatusInternalServerError
	isTemporary := status.Code == http.StatusRequestTimeout || status.Code == http.StatusTooManyRequests
	return &FileError{Why: "its upload is answered with " + status.Status, Lasts: isClientError && !isTemporary, Cause: err}
}

// WhyNoFile returns the reason for giving up on a file, as a text for agents, or "" if retrying may help. isLate means that
// retries have gone on for so long that every FileError is a reason to give up.
func WhyNoFile(err error, isLate bool) string {
	if f, ok := errors.AsType[*FileError](err); ok && (f.Lasts || isLate) {
		return f.Why
	}

	switch CodeOf(err) {
	case "file_uploads_disabled":
		return "file uploads are switched off in Slack"
	case "storage_limit_reached":
		return "the Slack workspace's file storage is full"
	case "file_type_not_allowed":
		return "files of this kind are not allowed in Slack"
	case OnlyImages:
		return "only pictures are allowed in Slack"
	case "file_upload_size_restricted":
		return "larger than the Slack workspace allows"
	}
	return ""
}

// WhyNoFiles returns the reason why Slack refuses several files because of one of them. Slack doesn't say which one, so the
// text fits all of them. It returns "" if the reason isn't one of the files.
func WhyNoFiles(err error) string {
	switch CodeOf(err) {
	case "file_type_not_allowed", OnlyImages:
		return "not shown: Slack allows no files of one of these kinds"
	case "file_upload_size_restricted":
		return "not shown: one of these is larger than the Slack workspace allows"
	}
	return ""
}
