package teams

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"parley/bot/forms"
	"parley/bot/teams/card"
	"parley/bot/view"
	"parley/bridge"
	"parley/channels"
)

// A bridge.Post is something that Parley shows to agents in Teams: the card of a conversation, a remark in its thread
// such as "Ann took it" (called a line), files, or an emoji on a message (called a mark). This file makes posts through
// the Bot Connector, Teams' API for bots. A bridge.Place says where: a channel, a thread in it (identified by its first
// message) and a message.

// poster makes posts. If Teams' response to a post is lost, it also determines whether the post was made; see Reconcile.
type poster struct {
	*Organisation

	access  *access
	sent    forms.Map[bridge.Sent] // parts of posts that were made, by sentKey; for Reconcile
	copying chan struct{}          // semaphore: holds one element while a picture is copied, which needs much memory
}

// Send makes one post, or one part of a long post; see bridge.Surface. The error is a *channels.SendError, which says
// whether to retry. A post to a closed place (see closed*.go) fails at once.
func (s *poster) Send(ctx context.Context, p bridge.Post) (bridge.Sent, error) {
	if p.Kind != bridge.PostFiles { // the caller limits how long reading files may take
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, RequestTimeout)
		defer cancel()
	}

	service, err := s.Notes.ServiceOf(ctx, p.Place.Channel)
	if err != nil {
		return bridge.Sent{}, &channels.SendError{
			Class: channels.Retry, Text: "Teams didn't tell yet where it is reached.",
			Hint: "Add the app to a team, or write a message that mentions it.", Cause: err,
		}
	}

	channel, _ := s.Notes.Channel(p.Place.Channel)
	if err := s.access.closed.Admit(s.Now(), Everywhere, p.Place.Channel, channel.Team); err != nil {
		return bridge.Sent{}, err
	}
	if p.Unsure && !isChangeOfMessage(p) {
		s.Log.Warn("teams post made again, though it may be there already", "delivery_id", p.DeliveryID, "kind", string(p.Kind))
	}

	sent, err := s.dispatch(ctx, service, p)
	if err != nil {
		return sent, s.access.checkGone(ctx, service, p, s.access.classifyFailure(err, p))
	}

	reached := p.Place.Channel
	if sent.Elsewhere {
		reached = "" // the post only shows that Teams accepts our credentials
	}
	s.access.recordSuccess(reached)

	if sent.Message != "" && !p.Kind.Idempotent() {
		s.sent.Put(sentKey(p), sent)
	}

	return sent, nil
}

func sentKey(p bridge.Post) string { return p.Token + "/" + strconv.Itoa(p.Part) }

func (s *poster) dispatch(ctx context.Context, service string, p bridge.Post) (bridge.Sent, error) {
	switch p.Kind {
	case bridge.PostMark:
		return s.setReactions(ctx, service, p)
	case bridge.PostFiles:
		return s.sendFiles(ctx, service, p)
	case bridge.PostErased:
		return s.eraseMessage(ctx, service, p)
	case bridge.PostDouble:
		return s.findDouble(ctx, p)
	case bridge.PostRoot, bridge.PostCard, bridge.PostSaid, bridge.PostLine, bridge.PostEphemeral:
	default:
		return bridge.Sent{}, errBadPost("unknown kind of post")
	}

	return s.sendComposed(ctx, service, p)
}

// sendComposed makes a post that is shown as a text or a card.
func (s *poster) sendComposed(ctx context.Context, service string, p bridge.Post) (bridge.Sent, error) {
	if p.Kind == bridge.PostRoot && isChannel(p.Place.Channel) {
		s.learnReading(ctx, p.Place.Channel)
	}

	c, err := s.composePost(ctx, p)
	if err != nil {
		return bridge.Sent{}, err
	}

	a, err := s.activityOf(ctx, c.content, p.Place.Channel)
	if err != nil {
		return bridge.Sent{}, s.access.classifyBeforeSend(err, p)
	}

	var sent bridge.Sent
	switch {
	case p.Kind == bridge.PostCard, p.ChangesLine():
		return s.updateMessage(ctx, service, p, a) // only one part is changed, so More stays false
	case p.Kind == bridge.PostEphemeral && isChannel(p.Place.Channel):
		sent, err = s.sendEphemeral(ctx, service, p, a)
	case p.Place.Channel == "":
		sent, err = s.sendDirectMessage(ctx, service, p, a)
	default:
		sent, err = s.postMessage(ctx, service, p.Place, a)
		if err == nil {
			s.tellAbsent(ctx, service, p, c.absent, sent)
		}
	}

	if err != nil {
		return sent, err
	}

	sent.More = c.more
	return sent, nil
}

// postMessage adds a message to a thread or a chat, or begins a thread in a channel.
func (s *poster) postMessage(ctx context.Context, service string, at bridge.Place, a Activity) (bridge.Sent, error) {
	if at.Thread == "" && isChannel(at.Channel) {
		return s.startThread(ctx, service, at.Channel, a)
	}
	r, err := s.Bot.Reply(ctx, Conversation{Service: service, ID: ThreadID(at.Channel, at.Thread)}, a)
	return bridge.Sent{Message: r.ID, Thread: at.Thread}, err
}

func (s *poster) startThread(ctx context.Context, service, channel string, a Activity) (bridge.Sent, error) {
	started, err := s.Bot.StartThread(ctx, service, s.Tenant, channel, a)
	if err != nil {
		return bridge.Sent{}, err
	}

	id := started.ActivityID
	if id == "" {
		_, id = SplitThread(started.ID)
	}
	if id == "" { // the thread may exist, but we don't know its id
		return bridge.Sent{}, &channels.SendError{
			Class: channels.Ambiguous, Text: "Teams didn't say what the thread is called.",
			Cause: errors.New("teams: an answer without an id"),
		}
	}

	s.Threads.NoteOurs(channel, id)
	return bridge.Sent{Message: id, Thread: id}, nil
}

// learnReadingTimeout is short because it delays a post.
const learnReadingTimeout = 3 * time.Second

// learnReading determines whether we may read a channel, unless that is known. It is called before we begin a thread
// there, whose first message says how to answer. Later would be too late: by then, somebody may have typed in the thread
// without our seeing it, and an admin may have granted us the right to read. Best effort.
func (s *poster) learnReading(ctx context.Context, channel string) {
	if s.IsReadingKnown(channel) {
		return
	}

	ctx, cancel := context.WithTimeout(ctx, learnReadingTimeout)
	defer cancel()

	const size, firstPage = 1, ""
	if _, err := s.ReadMessages(ctx, channel, size, firstPage); err != nil {
		s.Log.Debug("teams channel for a new thread not read", "channel", channel, "error", err)
	}
}

func (s *poster) updateMessage(ctx context.Context, service string, p bridge.Post, a Activity) (bridge.Sent, error) {
	thread := cmp.Or(p.Place.Thread, p.Place.Message)
	at := Conversation{Service: service, ID: ThreadID(p.Place.Channel, thread)}
	_, err := s.Bot.Update(ctx, at, p.Place.Message, a)
	return bridge.Sent{Message: p.Place.Message, Thread: thread}, err
}

// setReactions shows a mark on a person's message as a reaction of ours, and removes the earlier mark. If Teams doesn't
// support the new reaction, the message stays without a mark, which isn't an error. The earlier mark is removed anyway,
// because it is wrong now.
func (s *poster) setReactions(ctx context.Context, service string, p bridge.Post) (bridge.Sent, error) {
	sent := bridge.Sent{Message: p.Place.Message, Thread: p.Place.Thread}
	at := Conversation{Service: service, ID: ThreadID(p.Place.Channel, p.Place.Thread)}
	if p.Mark != "" {
		err := s.ignoreUnsupported(p, s.Bot.AddReaction(ctx, at, p.Place.Message, reactionOf(p.Mark)))
		if err != nil {
			return sent, err
		}
	}
	if p.Clears == "" {
		return sent, nil
	}

	err := s.Bot.RemoveReaction(ctx, at, p.Place.Message, reactionOf(p.Clears))
	if hasStatus(err, http.StatusNotFound) { // the message doesn't have the reaction
		return sent, nil
	}
	return sent, s.ignoreUnsupported(p, err)
}

// ignoreUnsupported logs err and returns nil if Teams doesn't support a reaction, because retrying is useless then. It
// returns any other error unchanged.
func (s *poster) ignoreUnsupported(p bridge.Post, err error) error {
	if !hasStatus(err, http.StatusBadRequest, http.StatusMethodNotAllowed, http.StatusNotImplemented) {
		return err
	}
	s.Log.Warn("teams takes no such mark", "delivery_id", p.DeliveryID, "mark", string(p.Mark), "clears", string(p.Clears), "error", err)
	return nil
}

func hasStatus(err error, statuses ...int) bool {
	var e *Error
	return errors.As(err, &e) && slices.Contains(statuses, e.Status)
}

// sendEphemeral posts a message that only one person sees. It posts in the channel. If the person isn't there, or Teams
// refuses that, it posts in the person's chat with the bot, and Sent.Elsewhere is true.
func (s *poster) sendEphemeral(ctx context.Context, service string, p bridge.Post, a Activity) (bridge.Sent, error) {
	person, ok, err := s.People.Find(ctx, p.Place.Channel, string(p.To))
	if err != nil {
		return bridge.Sent{}, s.access.classifyBeforeSend(err, p)
	}

	if ok {
		a.Recipient = &ChannelAccount{ID: person.Teams, Name: person.Name}
		at := Conversation{Service: service, ID: ThreadID(p.Place.Channel, p.Place.Thread)}
		r, err := s.Bot.SendTargeted(ctx, at, a)
		if err == nil {
			return bridge.Sent{Message: r.ID, Thread: p.Place.Thread}, nil
		}
		isRefusedInChannel := hasStatus(err, http.StatusBadRequest, http.StatusForbidden, http.StatusNotFound)
		if !isRefusedInChannel { // else the channel doesn't support it, or the person or the app isn't there
			return bridge.Sent{}, err
		}

		a.Recipient = nil
	}

	sent, err := s.sendDirectMessage(ctx, service, p, a)
	sent.Elsewhere = true
	return sent, err
}

// sendDirectMessage posts in the person's chat with the bot. Nobody is mentioned there, so it removes the activity's
// entities.
func (s *poster) sendDirectMessage(ctx context.Context, service string, p bridge.Post, a Activity) (bridge.Sent, error) {
	withoutPlace := bridge.Post{Kind: p.Kind} // a failure must not close the post's channel, which isn't involved
	chat, err := s.openChat(ctx, service, p.To)
	if err != nil {
		return bridge.Sent{}, s.access.classifyBeforeSend(err, withoutPlace)
	}
	a.Entities = nil
	sent, err := s.postMessage(ctx, service, bridge.Place{Channel: chat}, a)
	if err != nil {
		return sent, retryOnlyThisPost(s.access.classifyFailure(err, withoutPlace))
	}
	sent.Channel = chat
	return sent, nil
}

// openChat returns the id of the chat between a user and the bot. user is an Entra object id.
func (s *poster) openChat(ctx context.Context, service string, user bridge.SurfaceUser) (string, error) {
	account, err := s.People.Account(ctx, string(user))
	if err != nil {
		return "", err
	}
	return s.Bot.Personal(ctx, service, s.Tenant, account)
}

// tellAbsent sends a direct message to each agent whom a new line in a thread mentions and who isn't in the channel, so
// that Teams doesn't notify them. It does so only for lines that ReachesAbsent selects (requirement R-239). It
// runs in the background and only logs errors, because the line itself has been posted. It is called when Teams has
// taken the line, or when Reconcile has found it.
func (s *poster) tellAbsent(ctx context.Context, service string, p bridge.Post, absent []bridge.AgentRef, sent bridge.Sent) {
	isNewLine := p.Line != nil && p.Part == 0 && p.Place.Thread != ""
	if !isNewLine || !p.Line.ReachesAbsent() {
		return
	}

	for _, agent := range absent {
		s.RunLater(ctx, func(ctx context.Context) {
			if err := s.sendLineTo(ctx, service, p, agent.User, sent); err != nil {
				s.Log.Warn("line not told to somebody who isn't in the channel", "error", err)
			}
		})
	}
}

// sendLineTo sends a line as a direct message, with a link to the message (sent) that has it.
func (s *poster) sendLineTo(ctx context.Context, service string, p bridge.Post, user bridge.SurfaceUser, sent bridge.Sent) error {
	const noIcon, noChannel = "", ""
	text := card.Messages(view.DirectLine(*p.Line, p.Facts.ID), noIcon, s.Home())[0]
	link := s.Home().Link(bridge.Place{Channel: p.Place.Channel, Thread: sent.Thread, Message: sent.Message})
	text.Text += `<br><a href="` + strings.ReplaceAll(link, "&", "&amp;") + `">Open the thread</a>`
	a, err := s.activityOf(ctx, content{text: &text}, noChannel)
	if err != nil {
		return err
	}
	_, err = s.sendDirectMessage(ctx, service, bridge.Post{Kind: p.Kind, To: user}, a)
	return err
}

// reactionOf returns Teams' id of the emoji for a mark: the emoji of view.MarkIcon, or the most similar one that Teams
// has; "" for an unknown mark.
// Source: learn.microsoft.com/microsoftteams/platform/agents-in-teams/teams-reactions-reference, read 2026-11.
func reactionOf(m bridge.Mark) string {
	switch m {
	case bridge.MarkWaiting:
		return "231b_hourglassdone" // Teams has no ⏳
	case bridge.MarkAsked:
		return "2753_blackquestionmarkornament"
	case bridge.MarkDelivered:
		return "2611_ballotboxwithcheck"
	case bridge.MarkSent:
		return "2714_heavycheckmark"
	case bridge.MarkRead:
		return "1f453_glasses"
	case bridge.MarkWarning:
		return "26a0_warningsign"
	case bridge.MarkInside:
		return "1f512_locked"
	}

	return ""
}
