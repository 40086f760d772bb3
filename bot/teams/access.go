package teams

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"slices"
	"time"

	"parley/bridge"
	"parley/channels"
)

// When Teams refuses a call, this file decides what the refusal means: retry, give up on this post, or stop posting
// there. In the last case the place (a channel, a team, or all of Teams if our credentials are refused) is closed.
// Posts to a closed place fail at once, and people see why, until Teams accepts posts again. See closed*.go.
//
// For example, a post to a channel of an archived team fails with the code MessageWritesBlocked. The channel is
// closed, its posts wait, and admins read "Unarchive the team, or choose another channel."

// Waits for refusals without a Retry-After.
const (
	defaultThrottleWait = 30 * time.Second
	defaultBusyWait     = 2 * time.Second // after a 412: somebody else is changing the conversation
)

// access turns errors of Teams into a *channels.SendError, and keeps the list of closed places.
type access struct {
	*Organisation

	closed *Places
}

// classifyFailure turns the error of a failed call into a *channels.SendError. Its Class says whether the post is
// retried, and its Text and Hint are shown to people. It returns nil and a *channels.SendError unchanged. If Teams
// refuses us in a place, or everywhere, classifyFailure also closes that place.
//
// The order of the cases matters: one of Teams' codes is more precise than an HTTP status, so codes come first.
// Source: learn.microsoft.com/microsoftteams/platform/bots/how-to/conversations/conversation-messages, "Status codes
// from bot conversational APIs", read 2026-11.
func (ac *access) classifyFailure(err error, p bridge.Post) error {
	var classified *channels.SendError
	if err == nil || errors.As(err, &classified) {
		return err
	}

	var e *Error
	if !errors.As(err, &e) {
		return &channels.SendError{Class: channels.Retry, Text: "Teams could not be asked yet.", Cause: err}
	}

	out := &channels.SendError{Class: e.Class, Wait: e.RetryAfter, Cause: err}
	switch {
	case e.Class == channels.Throttled:
		out.Text = "Teams asks us to slow down."
		if out.Wait <= 0 {
			out.Wait = defaultThrottleWait + randomBelow(defaultThrottleWait/2)
		}
	case e.Class == channels.Ambiguous:
		out.Text = "Teams' answer was lost."
	case errors.Is(err, ErrHost), e.Code == CodeWrongHost: // the fault is a setting, not the post
		out.Class = channels.AuthBroken
		out.Text = "Teams is not reached at the address that is known" + codeInBrackets(e) + "."
		out.Hint = "Set TEAMS_SERVICE_URLS to the host of this organisation's cloud."
		if isChannel(p.Place.Channel) {
			ac.closePlace(p.Place.Channel, out)
		}
	case e.Class == channels.AuthBroken:
		out.Text = "Teams refuses our app" + codeInBrackets(e) + "."
		out.Hint = "Check TEAMS_APP_ID, TEAMS_APP_PASSWORD and TEAMS_TENANT_ID: the secret may have ended."
		ac.closePlace(Everywhere, out)
	case isClosingCode(e.Code):
		return ac.classifyClosed(e, p)
	case e.Status == http.StatusNotFound:
		return ac.classifyNotFound(e, p)
	case e.Status == http.StatusPreconditionFailed:
		out.Text = "Teams is busy with this thread."
		if out.Wait <= 0 {
			out.Wait = defaultBusyWait + randomBelow(defaultBusyWait)
		}
	case e.Class == channels.Retry:
		out.Text = "Teams can't be reached."
	case e.Status == http.StatusRequestEntityTooLarge:
		out.Text = "The post is too large for Teams."
	default:
		out.Text = "Teams refuses this post" + codeInBrackets(e) + "."
		out.Hint = "Tell the people who run Parley."
	}

	return out
}

// isClosingCode reports whether one of Teams' error codes means that we may not post in a place.
func isClosingCode(code string) bool {
	return slices.Contains([]string{CodeNotInRoster, CodeDisabled, CodeBlocked, CodeWritesBlocked, CodeAccessDenied}, code)
}

// randomBelow returns a random duration below limit, to spread the retries of several posts over time.
func randomBelow(limit time.Duration) time.Duration {
	return time.Duration(rand.Int64N(int64(limit))) //nolint:gosec // nothing secret depends on it
}

// codeInBrackets returns Teams' code as the end of a sentence, such as " (BotDisabledByAdmin)"; "" without a code.
func codeInBrackets(e *Error) string {
	if e.Code == "" {
		return ""
	}
	return " (" + e.Code + ")"
}

// classifyBeforeSend classifies the failure of a call made before the post itself, such as the lookup of a person.
// The post was not sent, so the result is never Ambiguous.
func (ac *access) classifyBeforeSend(err error, p bridge.Post) error {
	err = retryOnlyThisPost(ac.classifyFailure(err, p))
	if se, ok := errors.AsType[*channels.SendError](err); ok && se.Class == channels.Ambiguous {
		return &channels.SendError{Class: channels.Retry, Text: "Teams didn't answer.", Cause: se.Cause}
	}
	return err
}

// retryOnlyThisPost turns Throttled into Retry, so that only this post waits and not the whole channel. It is for
// calls that Teams doesn't count as posts to the channel, such as those about its members.
func retryOnlyThisPost(err error) error {
	var se *channels.SendError
	if !errors.As(err, &se) || se.Class != channels.Throttled {
		return err
	}
	retry := *se
	retry.Class = channels.Retry
	return &retry
}

// nothingLost ends the hints for admins about a channel that takes no posts.
const nothingLost = " Nothing is lost meanwhile."

// classifyClosed classifies the codes that forbid us to post somewhere (see isClosingCode). It closes the channel,
// which stays closed until an event opens it again. The refusal shows that our credentials work.
func (ac *access) classifyClosed(e *Error, p bridge.Post) error {
	const noChannel = ""
	ac.recordSuccess(noChannel)
	out := &channels.SendError{Class: channels.BadRecipient, Cause: errors.Join(bridge.ErrChannelClosed, e)}
	if !isChannel(p.Place.Channel) {
		out.Cause = e
		out.Text = "Parley can't write to this person in Teams" + codeInBrackets(e) + "."
		out.Hint = "They can add the app, or unblock it."
		return out
	}

	if place, removed := ac.reportedRemoval(e, p.Place.Channel); removed != nil {
		ac.closePlace(place, removed)
		return removed
	}

	out.Text = "Parley can't post to the channel " + ac.ChannelName(p.Place.Channel) + codeInBrackets(e) + "."
	switch e.Code {
	case CodeWritesBlocked, CodeAccessDenied:
		out.Hint = "Unarchive the team, or choose another channel."
	case CodeDisabled:
		out.Hint = "Allow the app in the Teams admin centre."
	default:
		out.Hint = "Add the app to the team (and to the channel, if it is a private or shared one)."
	}

	out.Hint += nothingLost
	ac.closePlace(p.Place.Channel, out)
	return out
}

// reportedRemoval returns the error that people saw when the app was removed from the channel or its team, and the id
// of that channel or team. It returns nil if no event reported a removal, or if Teams refuses the post for another
// reason.
func (ac *access) reportedRemoval(e *Error, channel string) (place string, removed *channels.SendError) {
	if e.Code != CodeNotInRoster {
		return "", nil
	}
	c, _ := ac.Notes.Channel(channel) // Removed is false for a channel that isn't known
	team, _ := ac.Notes.Team(c.Team)
	if team.Removed {
		return c.Team, errRemoved("team", team.Name, c.Team, e)
	}
	if c.Removed {
		return channel, errRemoved("channel", c.Name, channel, e)
	}
	return "", nil
}

// errRemoved is the error for posts to a team or channel from which the app was removed. kind is "team" or "channel".
// cause is the refused call that showed the removal; nil if an event reported it.
func errRemoved(kind, name, id string, cause error) *channels.SendError {
	return &channels.SendError{
		Class: channels.BadRecipient,
		Text:  "Parley was removed from the " + kind + " " + NameOf(name, id) + " in Microsoft Teams.",
		Hint:  "Add the app to the " + kind + " again." + nothingLost,
		Cause: errors.Join(bridge.ErrChannelClosed, cause),
	}
}

// classifyNotFound classifies a 404: a message, a thread's first message, a channel or a chat with the bot is missing.
func (ac *access) classifyNotFound(e *Error, p bridge.Post) error {
	channel, _ := ac.Notes.Channel(p.Place.Channel)
	if channel.Gone && isChannel(p.Place.Channel) {
		return ac.errChannelGone(e, p.Place.Channel)
	}
	if isChangeOfMessage(p) {
		return errMessageGone(e)
	}
	if !isChannel(p.Place.Channel) {
		return &channels.SendError{
			Class: channels.BadRecipient,
			Text:  "Parley has no chat with this person in Teams" + codeInBrackets(e) + ".",
			Hint:  "They can add the app.", Cause: e,
		}
	}
	if p.Place.Thread == "" {
		return ac.errChannelGone(e, p.Place.Channel)
	}

	return &channels.SendError{
		Class: channels.BadContent, Text: "The Teams thread's first message is gone.",
		Cause: errors.Join(bridge.ErrThreadLost, e),
	}
}

// checkGone verifies an error that says that a message or a thread is gone, and returns the right error. Teams gives
// the same answer if the whole channel was deleted a moment ago, and now and then for a message that exists. So
// checkGone asks Teams whether the channel exists, and Graph (Microsoft's API for reading) whether the message does.
// If Teams refuses a change of a message without a reason, it also asks Graph whether that message is deleted.
func (ac *access) checkGone(ctx context.Context, service string, p bridge.Post, err error) error {
	if !isChannel(p.Place.Channel) {
		return err
	}
	var refused *Error
	isUnexplained := errors.As(err, &refused) && refused.Code == CodeUnexplained
	if isUnexplained && isChangeOfMessage(p) {
		if m, readErr := ac.readNeeded(ctx, p); readErr == nil && !m.DeletedAt.IsZero() {
			return errMessageGone(refused)
		}
	}
	if !errors.Is(err, bridge.ErrThreadLost) && !errors.Is(err, bridge.ErrMessageGone) {
		return err
	}

	const firstPage = ""
	_, membersErr := ac.Bot.Members(ctx, Conversation{Service: service, ID: p.Place.Channel}, firstPage)
	var failed *Error
	if errors.As(membersErr, &failed) && failed.Status == http.StatusNotFound {
		return ac.errChannelGone(failed, p.Place.Channel)
	}
	if membersErr != nil {
		return ac.classifyBeforeSend(membersErr, p)
	}
	if !ac.isShown(ctx, p) {
		return err
	}

	ac.Log.Warn("teams doesn't find a message that Graph shows", "delivery_id", p.DeliveryID, "kind", string(p.Kind))
	return &channels.SendError{
		Class: channels.Retry, Text: "Teams doesn't find the thread at the moment.", Hint: "Parley keeps trying.",
	}
}

// maxWronglyMissing bounds how long a post is retried because Teams doesn't find a message that Graph shows. It
// counts from the first attempt at the post or from when the message was written, whichever is later. After that,
// Parley believes Teams.
const maxWronglyMissing = 2 * time.Minute

// isShown reports whether Graph shows the message that a post needs, so that it exists although Teams didn't find it.
// For marks (emoji on an agent's message) it returns false: they aren't worth a request.
// Source: GitHub MicrosoftDocs/msteams-docs#6139 and #9425, BotFramework-Services#349, read 2026-11.
func (ac *access) isShown(ctx context.Context, p bridge.Post) bool {
	written := timeWritten(neededBy(p).Message)
	isFresh := ac.Now().Sub(p.FirstAttemptAt) < maxWronglyMissing || ac.Now().Sub(written) < maxWronglyMissing
	if p.Kind == bridge.PostMark || !isFresh {
		return false
	}
	m, err := ac.readNeeded(ctx, p)
	return err == nil && m.DeletedAt.IsZero()
}

func (ac *access) readNeeded(ctx context.Context, p bridge.Post) (Message, error) {
	at := neededBy(p)
	return ac.ReadMessage(ctx, at, at.Message)
}

// neededBy returns the place of the message that a post needs: the one that it changes, or its thread's first message.
func neededBy(p bridge.Post) bridge.Place {
	at := p.Place
	if !isChangeOfMessage(p) {
		at.Message = at.Thread
	}
	return at
}

func errMessageGone(e *Error) error {
	return &channels.SendError{Class: channels.BadContent, Text: "The Teams message is gone.", Cause: errors.Join(bridge.ErrMessageGone, e)}
}

func (ac *access) errChannelGone(e *Error, channel string) error {
	return &channels.SendError{
		Class: channels.BadRecipient, Text: "The channel " + ac.ChannelName(channel) + " is not there.",
		Hint:  "Restore it in Teams, or choose another channel for the team." + nothingLost,
		Cause: errors.Join(bridge.ErrChannelClosed, e),
	}
}

// isChangeOfMessage reports whether a post changes a message instead of adding one. Repeating such a post is safe.
func isChangeOfMessage(p bridge.Post) bool { return p.Kind.Idempotent() || p.ChangesLine() }

// closePlace closes a place (the id of a channel or team, or closed.Everywhere) for posts, and reports that to people
// if the place was open.
func (ac *access) closePlace(place string, err *channels.SendError) {
	condition := channels.Condition{Status: channels.Broken, Text: err.Text, Hint: err.Hint}
	if wasOpen := ac.closed.Close(place, err, condition, ac.Now()); wasOpen {
		ac.Log.Error("teams keeps us out", "place", place, "error", err)
		ac.Desk.Report(ac.currentCondition())
	}
}

// recordSuccess records that a post was made in a channel. That opens the channel and its team, and shows that our
// credentials work. If channel is "", it only records that our credentials work.
func (ac *access) recordSuccess(channel string) {
	c, _ := ac.Notes.Channel(channel)
	if ac.closed.Open(Everywhere, channel, c.Team) {
		ac.Desk.Report(ac.currentCondition())
	}
}

// recordPresence records that the app is in a channel, because a message came from it. That opens the channel and its
// team if they were closed because the app was missing. It doesn't show that our credentials work.
func (ac *access) recordPresence(channel string) {
	c, _ := ac.Notes.Channel(channel)
	if ac.closed.OpenWithApp(channel, c.Team) {
		ac.Desk.Report(ac.currentCondition())
	}
}

// recordReopening opens a channel, or a team with all its channels, after an event such as "the app was added again".
// Then it starts reading the messages that were written while the place was closed.
func (ac *access) recordReopening(place string) {
	_, isTeam := ac.Notes.Team(place)
	since := ac.closed.OpenMatching(func(candidate string) bool {
		if candidate == place {
			return true
		}
		if !isTeam || candidate == Everywhere {
			return false
		}
		c, known := ac.Notes.Channel(candidate)
		return !known || c.Team == place // an unknown channel may be one of this team's
	})
	ac.Desk.Report(ac.currentCondition())
	ac.Sweep.CatchUp(since)
}

// currentCondition returns why posts fail at the moment: the latest cause if there are several, and Active if none do.
func (ac *access) currentCondition() channels.Condition {
	if c, ok := ac.closed.LatestCondition(); ok {
		return c
	}
	return channels.Condition{Status: channels.Active}
}
