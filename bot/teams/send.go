package teams

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"parley/bot/teams/connector"
	"parley/bot/teams/fact"
	"parley/bot/teams/organisation"
	"parley/bot/teams/recent"
	"parley/bridge"
	"parley/channels"
)

// poster makes posts, and finds out whether a post was made where Teams' answer was lost.
type poster struct {
	*organisation.Organisation

	posts   posts
	access  *access
	threads *threads
	sent    *recent.Map[bridge.Sent] // parts of posts that Teams has taken, by sentName
	copying chan struct{}            // holds one element while a picture is copied
}

// Send makes one post; see bridge.Surface.
func (s *poster) Send(ctx context.Context, p bridge.Post) (bridge.Sent, error) {
	if p.Kind != bridge.PostFiles { // reading files takes as long as the caller allows
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, organisation.RequestTimeout)
		defer cancel()
	}
	service, err := s.Notes.WhereIs(ctx, p.Place.Channel)
	if err != nil {
		return bridge.Sent{}, &channels.SendError{Class: channels.Retry, Text: "Teams didn't tell yet where it is reached.",
			Hint: "Add the app to a team, or write a message that mentions it.", Cause: err}
	}
	c, _ := s.Notes.Channel(p.Place.Channel)
	if err := s.access.closed.stops(s.Now(), authorized, p.Place.Channel, c.Team); err != nil {
		return bridge.Sent{}, err
	}
	if p.Unsure && !changes(p) {
		s.Log.Warn("teams post made again, though it may be there already", "delivery_id", p.DeliveryID, "kind", string(p.Kind))
	}
	sent, err := s.make(ctx, service, p)
	if err != nil {
		return sent, s.access.gone(ctx, service, p, s.access.classify(err, p))
	}
	s.access.works(p.Place.Channel)
	if sent.Message != "" && !p.Kind.Idempotent() {
		s.sent.Put(sentName(p), sent)
	}
	return sent, nil
}

// sentName names one part of a post.
func sentName(p bridge.Post) string { return p.Token + "/" + strconv.Itoa(p.Part) }

func (s *poster) make(ctx context.Context, service string, p bridge.Post) (bridge.Sent, error) {
	switch p.Kind {
	case bridge.PostMark:
		return s.mark(ctx, service, p)
	case bridge.PostFiles:
		return s.sendFiles(ctx, service, p)
	case bridge.PostErased:
		return s.erase(ctx, service, p)
	case bridge.PostDouble:
		return s.seek(ctx, p)
	case bridge.PostRoot, bridge.PostCard, bridge.PostSaid, bridge.PostLine, bridge.PostEphemeral:
	default:
		return bridge.Sent{}, badPost("unknown kind of post")
	}
	c, err := s.compose(ctx, p)
	if err != nil {
		return bridge.Sent{}, err
	}
	a, err := s.activity(ctx, c.content, p.Place.Channel)
	if err != nil {
		return bridge.Sent{}, s.access.certain(err, p)
	}
	switch {
	case p.Kind == bridge.PostCard, p.Kind == bridge.PostLine && p.Place.Message != "":
		return s.update(ctx, service, p, a)
	case p.Kind == bridge.PostEphemeral && isChannel(p.Place.Channel):
		return s.whisper(ctx, service, p, c, a)
	case p.Place.Channel == "":
		return s.direct(ctx, service, p, c, a)
	}
	sent, err := s.post(ctx, service, p.Place, a)
	if err != nil {
		return sent, err
	}
	sent.More = c.more
	s.tellAbsent(ctx, service, p, c.absent, sent)
	return sent, nil
}

// post adds a message to a thread or a chat, or begins a thread in a channel.
func (s *poster) post(ctx context.Context, service string, at bridge.Place, a connector.Activity) (bridge.Sent, error) {
	if at.Thread == "" && isChannel(at.Channel) {
		started, err := s.Bot.StartThread(ctx, service, s.Tenant, at.Channel, a)
		if err != nil {
			return bridge.Sent{}, err
		}
		id := started.ActivityID
		if id == "" {
			_, id = connector.SplitThread(started.ID)
		}
		if id == "" {
			return bridge.Sent{}, lost("Teams didn't say what the thread is called.")
		}
		s.threads.roots.Put(fact.OrderKey(at.Channel, id), true)
		return bridge.Sent{Message: id, Thread: id}, nil
	}
	r, err := s.Bot.Reply(ctx, connector.Conversation{Service: service, ID: connector.ThreadID(at.Channel, at.Thread)}, a)
	return bridge.Sent{Message: r.ID, Thread: at.Thread}, err
}

func lost(text string) error {
	return &channels.SendError{Class: channels.Ambiguous, Text: text, Cause: errors.New("teams: an answer without an id")}
}

// update replaces one of our messages.
func (s *poster) update(ctx context.Context, service string, p bridge.Post, a connector.Activity) (bridge.Sent, error) {
	thread := p.Place.Thread
	if thread == "" {
		thread = p.Place.Message
	}
	_, err := s.Bot.Update(ctx, connector.Conversation{Service: service, ID: connector.ThreadID(p.Place.Channel, thread)}, p.Place.Message, a)
	return bridge.Sent{Message: p.Place.Message, Thread: thread}, err
}

// mark adds our reaction to a person's message, then removes the one that the message had. Where Teams
// takes no reactions, nothing is marked, and that is no error.
func (s *poster) mark(ctx context.Context, service string, p bridge.Post) (bridge.Sent, error) {
	sent := bridge.Sent{Message: p.Place.Message, Thread: p.Place.Thread}
	at := connector.Conversation{Service: service, ID: connector.ThreadID(p.Place.Channel, p.Place.Thread)}
	var err error
	if p.Mark != "" {
		err = s.Bot.AddReaction(ctx, at, p.Place.Message, markReaction(p.Mark))
	}
	if err == nil && p.Clears != "" {
		if err = s.Bot.RemoveReaction(ctx, at, p.Place.Message, markReaction(p.Clears)); noReaction(err) {
			err = nil
		}
	}
	var e *connector.Error
	if errors.As(err, &e) && (e.Status == http.StatusBadRequest || e.Status == http.StatusMethodNotAllowed || e.Status == http.StatusNotImplemented) {
		return sent, nil
	}
	return sent, err
}

// noReaction says whether an error means that there was no reaction of ours to remove.
func noReaction(err error) bool {
	var e *connector.Error
	return errors.As(err, &e) && e.Status == http.StatusNotFound
}

// whisper posts what only one person sees, in the channel or, where Teams refuses that, in their chat with us.
func (s *poster) whisper(ctx context.Context, service string, p bridge.Post, c posted, a connector.Activity) (bridge.Sent, error) {
	one, ok, err := s.People.Find(ctx, p.Place.Channel, p.To)
	if err != nil {
		return bridge.Sent{}, s.access.certain(err, p)
	}
	if ok {
		a.Recipient = &connector.ChannelAccount{ID: one.Teams, Name: one.Name}
		at := connector.Conversation{Service: service, ID: connector.ThreadID(p.Place.Channel, p.Place.Thread)}
		r, err := s.Bot.SendTargeted(ctx, at, a)
		if err == nil {
			return bridge.Sent{Message: r.ID, Thread: p.Place.Thread, More: c.more}, nil
		}
		if !notHere(err) {
			return bridge.Sent{}, err
		}
		a.Recipient = nil
	}
	return s.direct(ctx, service, p, c, a)
}

// notHere says whether an error means that Teams won't show a message to one person in a channel: it
// can't do so there, or the person or the app isn't in the channel.
func notHere(err error) bool {
	var e *connector.Error
	return errors.As(err, &e) && (e.Status == http.StatusBadRequest || e.Status == http.StatusForbidden || e.Status == http.StatusNotFound)
}

// direct posts in a person's chat with us.
func (s *poster) direct(ctx context.Context, service string, p bridge.Post, c posted, a connector.Activity) (bridge.Sent, error) {
	chat, err := s.Bot.Personal(ctx, service, s.Tenant, p.To)
	if err != nil {
		return bridge.Sent{}, s.access.certain(err, bridge.Post{Kind: p.Kind})
	}
	a.Entities = nil
	sent, err := s.post(ctx, service, bridge.Place{Channel: chat}, a)
	sent.More = c.more
	if err != nil {
		return sent, apart(s.access.classify(err, bridge.Post{Kind: p.Kind}))
	}
	return sent, nil
}

// tellAbsent writes to agents to whom a conversation was assigned and who aren't in its channel,
// because Teams doesn't notify anybody of a plain name. Best effort: the line in the thread is
// posted already.
func (s *poster) tellAbsent(ctx context.Context, service string, p bridge.Post, absent []bridge.AgentRef, sent bridge.Sent) {
	if p.Line == nil || p.Line.Kind() != bridge.LineAssigned || p.Place.Thread == "" {
		return
	}
	for _, who := range absent {
		s.Later(ctx, func(ctx context.Context) {
			c, err := s.compose(ctx, bridge.Post{Kind: p.Kind, Token: p.Token, Line: p.Line, Facts: p.Facts})
			if err != nil || c.text == nil {
				return
			}
			text := *c.text
			text.Text += `<br><a href="` + strings.ReplaceAll(s.Home().Link(bridge.Place{Channel: p.Place.Channel, Thread: sent.Thread, Message: sent.Message}), "&", "&amp;") + `">Open the thread</a>`
			a, err := s.activity(ctx, content{text: &text}, "")
			if err == nil {
				_, err = s.direct(ctx, service, bridge.Post{Kind: p.Kind, To: who.User}, posted{}, a)
			}
			if err != nil {
				s.Log.Warn("assignment not told", "error", err)
			}
		})
	}
}

// markReaction is the bot's reaction for a mark, by the emoji of view.MarkIcon.
func markReaction(m bridge.Mark) string {
	switch m {
	case bridge.MarkWaiting:
		return "23f3_hourglasswithflowingsand"
	case bridge.MarkDelivered:
		return "2611_ballotboxwithcheck"
	case bridge.MarkSent:
		return "2714_heavycheckmark"
	case bridge.MarkRead:
		return "1f453_glasses"
	case bridge.MarkWarning:
		return "26a0_warning"
	case bridge.MarkInside:
		return "1f512_lock"
	}
	return ""
}
