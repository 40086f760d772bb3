package teams

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"time"

	"parley/bot/sweep"
	"parley/bot/teams/connector"
	"parley/bot/teams/organisation"
	"parley/bot/teams/rest"
	"parley/bridge"
	"parley/channels"
)

// Waits where Teams doesn't say how long.
const (
	throttleDefault = 30 * time.Second
	busyDefault     = 2 * time.Second // after a 412: somebody else is changing the conversation
)

// reports tells people in which condition the surface is.
type reports interface{ Report(c channels.Condition) }

// access knows what we may do in Teams. It classifies failed calls, and remembers the places in which
// Teams refuses us.
type access struct {
	*organisation.Organisation

	reports reports
	sweeper *sweep.Sweeper
	closed  *closures
}

// classify says what a failed call means for a post, and what people are told.
// Source: learn.microsoft.com/microsoftteams/platform/bots/how-to/conversations/conversation-messages,
// "Status codes from bot conversational APIs", read 2026-11.
func (ac *access) classify(err error, p bridge.Post) error {
	var done *channels.SendError
	if err == nil || errors.As(err, &done) {
		return err
	}
	var e *connector.Error
	if !errors.As(err, &e) {
		return &channels.SendError{Class: channels.Retry, Text: "Teams could not be asked yet.", Cause: err}
	}
	out := &channels.SendError{Class: e.Class, Wait: e.RetryAfter, Cause: err}
	switch {
	case e.Class == channels.Throttled:
		out.Text = "Teams asks us to slow down."
		if out.Wait <= 0 {
			out.Wait = throttleDefault + time.Duration(rand.Int64N(int64(throttleDefault/2))) //nolint:gosec // only spreads
		}
	case e.Class == channels.Ambiguous:
		out.Text = "Teams' answer was lost."
	case errors.Is(err, rest.ErrHost), e.Code == connector.CodeWrongHost: // the fault is a setting, not the post
		out.Class = channels.AuthBroken
		out.Text, out.Hint = "Teams is not reached at the address that is known"+because(e)+".", "Set TEAMS_SERVICE_URLS to the host of this organisation's cloud."
		if isChannel(p.Place.Channel) {
			ac.shut(p.Place.Channel, out)
		}
	case e.Class == channels.AuthBroken:
		out.Text, out.Hint = "Teams refuses our app"+because(e)+".", "Check TEAMS_APP_ID, TEAMS_APP_PASSWORD and TEAMS_TENANT_ID: the secret may have ended."
		ac.shut(authorized, out)
	case shutBy(e.Code):
		return ac.closedFor(e, p)
	case e.Status == http.StatusNotFound:
		return ac.missing(e, p)
	case e.Status == http.StatusPreconditionFailed:
		out.Class, out.Text = channels.Retry, "Teams is busy with this thread."
		if out.Wait <= 0 {
			out.Wait = busyDefault + time.Duration(rand.Int64N(int64(busyDefault))) //nolint:gosec // only spreads
		}
	case e.Class == channels.Retry:
		out.Text = "Teams can't be reached."
	case e.Status == http.StatusRequestEntityTooLarge:
		out.Text = "The post is too large for Teams."
	default:
		out.Text, out.Hint = "Teams refuses this post"+because(e)+".", "Tell the people who run Parley."
	}
	return out
}

func because(e *connector.Error) string {
	if e.Code == "" {
		return ""
	}
	return " (" + e.Code + ")"
}

// certain classifies a failure that came before the post itself was tried, so that it can't be ambiguous.
func (ac *access) certain(err error, p bridge.Post) error {
	err = apart(ac.classify(err, p))
	var se *channels.SendError
	if errors.As(err, &se) && se.Class == channels.Ambiguous {
		return &channels.SendError{Class: channels.Retry, Text: "Teams didn't answer.", Cause: se.Cause}
	}
	return err
}

// apart is for failed calls that Teams counts apart from a channel's posts, such as those about its
// members. It turns Throttled into Retry, so that only this post waits, and not the whole channel.
func apart(err error) error {
	var se *channels.SendError
	if !errors.As(err, &se) || se.Class != channels.Throttled {
		return err
	}
	alone := *se
	alone.Class = channels.Retry
	return &alone
}

// nothingLost ends the hints for admins about a channel that takes no posts.
const nothingLost = " Nothing is lost meanwhile."

// closedFor is for the codes by which Teams says that we may not post somewhere. It closes a channel
// until an event opens it again.
func (ac *access) closedFor(e *connector.Error, p bridge.Post) error {
	out := &channels.SendError{Class: channels.BadRecipient, Cause: errors.Join(bridge.ErrChannelClosed, e)}
	if !isChannel(p.Place.Channel) {
		out.Cause = e
		out.Text, out.Hint = "Parley can't write to this person in Teams"+because(e)+".", "They can add the app, or unblock it."
		return out
	}
	if place, removed := ac.removal(e, p.Place.Channel); removed != nil {
		ac.shut(place, removed)
		return removed
	}
	out.Text = "Parley can't post to the channel " + ac.ChannelName(p.Place.Channel) + because(e) + "."
	switch e.Code {
	case connector.CodeWritesBlocked:
		out.Hint = "Unarchive the team, or choose another channel."
	case connector.CodeDisabled:
		out.Hint = "Allow the app in the Teams admin centre."
	default:
		out.Hint = "Add the app to the team (and to the channel, if it is a private or shared one)."
	}
	out.Hint += nothingLost
	ac.shut(p.Place.Channel, out)
	return out
}

// removal is for a post that fails because, as an event told before, the app was removed from the channel
// or its team. It gives the id of that channel or team, and the error that was reported then: the
// failure is no news. It gives nil if no event told so, or if Teams gives another reason.
func (ac *access) removal(e *connector.Error, channel string) (string, *channels.SendError) {
	c, _ := ac.Notes.Channel(channel)
	team, _ := ac.Notes.Team(c.Team)
	switch {
	case e.Code != connector.CodeNotInRoster:
	case team.Removed:
		return c.Team, removedFrom("team", team.Name, c.Team, e)
	case c.Removed:
		return channel, removedFrom("channel", c.Name, channel, e)
	}
	return "", nil
}

// removedFrom tells that the app was taken out of a team or a channel; cause is the failure
// that showed it, nil for an event.
func removedFrom(kind, name, id string, cause error) *channels.SendError {
	return &channels.SendError{Class: channels.BadRecipient, Text: "Parley was removed from the " + kind + " " + organisation.NameOf(name, id) + " in Microsoft Teams.",
		Hint: "Add the app to the " + kind + " again." + nothingLost, Cause: errors.Join(bridge.ErrChannelClosed, cause)}
}

// missing is for a 404. What is missing may be a message, the first message of a thread, a channel, or a
// person's chat with us.
func (ac *access) missing(e *connector.Error, p bridge.Post) error {
	out := &channels.SendError{Class: channels.BadContent, Cause: errors.Join(bridge.ErrThreadLost, e), Text: "The Teams thread's first message is gone."}
	c, known := ac.Notes.Channel(p.Place.Channel)
	switch {
	case !isChannel(p.Place.Channel) && !changes(p):
		out.Class, out.Cause = channels.BadRecipient, e
		out.Text, out.Hint = "Parley has no chat with this person in Teams"+because(e)+".", "They can add the app."
	case known && c.Gone, p.Place.Thread == "" && !changes(p):
		return ac.absent(e, p.Place.Channel)
	case changes(p):
		out.Cause, out.Text = errors.Join(bridge.ErrMessageGone, e), "The Teams message is gone."
	}
	return out
}

// gone is for a message or a thread that Teams doesn't find. A channel that was deleted a moment ago answers in the same
// way, but none of its threads is lost: gone asks whether the channel is there, and tells what that means for the post.
func (ac *access) gone(ctx context.Context, service string, p bridge.Post, err error) error {
	if !isChannel(p.Place.Channel) || !errors.Is(err, bridge.ErrThreadLost) && !errors.Is(err, bridge.ErrMessageGone) {
		return err
	}
	var e *connector.Error
	_, asked := ac.Bot.Members(ctx, connector.Conversation{Service: service, ID: p.Place.Channel}, "")
	switch {
	case asked == nil:
		return err
	case errors.As(asked, &e) && e.Status == http.StatusNotFound:
		return ac.absent(e, p.Place.Channel)
	}
	return ac.certain(asked, p)
}

// absent tells that a channel is not there.
func (ac *access) absent(e *connector.Error, channel string) error {
	return &channels.SendError{Class: channels.BadRecipient, Cause: errors.Join(bridge.ErrChannelClosed, e),
		Text: "The channel " + ac.ChannelName(channel) + " is not there.", Hint: "Restore it in Teams, or choose another channel for the team." + nothingLost}
}

// changes says whether a post changes a message. Such a post may be made twice: the result is the same.
func changes(p bridge.Post) bool {
	return p.Kind.Idempotent() || p.Kind == bridge.PostLine && p.Place.Message != ""
}

// shut remembers that Teams refuses us in a place, and reports it the first time.
func (ac *access) shut(place string, err *channels.SendError) {
	if ac.closed.shut(place, err, channels.Condition{Status: channels.Broken, Text: err.Text, Hint: err.Hint}, ac.Now()) {
		ac.Log.Error("teams keeps us out", "place", place, "error", err)
		ac.reports.Report(ac.condition())
	}
}

// works remembers that a channel takes posts, and so that its team and our credentials work.
func (ac *access) works(channel string) {
	c, _ := ac.Notes.Channel(channel)
	if ac.closed.open(authorized, channel, c.Team) {
		ac.reports.Report(ac.condition())
	}
}

// reopened notes that a channel, or all channels of a team, take posts again. It then reads what was
// said there meanwhile.
func (ac *access) reopened(place string) {
	_, team := ac.Notes.Team(place)
	since := ac.closed.reopen(func(shut string) bool {
		c, known := ac.Notes.Channel(shut)
		return shut == place || team && shut != authorized && (!known || c.Team == place)
	})
	ac.reports.Report(ac.condition())
	ac.sweeper.CatchUp(since)
}

// condition says what keeps us from working: of several causes, the latest.
func (ac *access) condition() channels.Condition {
	if c, ok := ac.closed.latest(); ok {
		return c
	}
	return channels.Condition{Status: channels.Active}
}
