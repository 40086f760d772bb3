package slack

import (
	"context"
	"errors"
	"time"

	slackapi "github.com/slack-go/slack"

	"parley/bot/slack/blockkit"
	"parley/bot/slack/fact"
	"parley/bot/view"
	"parley/bridge"
	"parley/channels"
)

// metadataType marks our posts for Reconcile. Any app of the workspace can read the metadata, so it
// holds nothing but an opaque token and the part's number.
const metadataType = "parley_delivery"

// poster makes posts, and finds out whether a post was made where Slack's answer was lost.
type poster struct {
	*workspace

	directory *directory
	files     *files
}

// Send makes one post; see bridge.Surface.
func (s *poster) Send(ctx context.Context, p bridge.Post) (bridge.Sent, error) {
	if p.Kind != bridge.PostFiles { // uploads take as long as the caller allows
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, requestTimeout)
		defer cancel()
	}
	me, err := s.identify(ctx)
	if err != nil {
		return bridge.Sent{}, certain(err)
	}
	sent, err := s.make(ctx, me, p)
	return sent, inChannel(err, p.Place.Channel)
}

func (s *poster) make(ctx context.Context, me *fact.Self, p bridge.Post) (bridge.Sent, error) {
	switch p.Kind {
	case bridge.PostCard:
		return s.update(ctx, me, p)
	case bridge.PostMark:
		return s.mark(ctx, p)
	case bridge.PostEphemeral:
		return s.whisper(ctx, me, p)
	case bridge.PostFiles:
		return s.sendFiles(ctx, me, p)
	case bridge.PostErased:
		return s.erase(ctx, me, p)
	case bridge.PostDouble:
		return s.seek(ctx, me, p)
	case bridge.PostRoot, bridge.PostSaid, bridge.PostLine:
		return s.post(ctx, me, p)
	}
	return bridge.Sent{}, badPost("unknown kind of post")
}

// certain classifies a failure that came before the post itself was tried, so that it can't be ambiguous.
func certain(err error) error {
	err = classify(err)
	var se *channels.SendError
	if errors.As(err, &se) && se.Class == channels.Ambiguous {
		return &channels.SendError{Class: channels.Retry, Text: "Slack didn't answer.", Cause: se.Cause}
	}
	return err
}

func badPost(text string) error {
	return &channels.SendError{Class: channels.BadContent, Text: text}
}

// ways are how verbs are given in Slack, whose slash commands don't work in threads.
func ways() view.Ways {
	return view.Ways{Signs: []string{"!", "@Parley "}, Elsewhere: []string{"@Parley ", "/parley "}}
}

// content renders the part of p that is to be sent, and whether more follow.
func content(me *fact.Self, p bridge.Post) (blockkit.Message, view.Card, bool, error) {
	c, ok := view.Post(p, ways())
	if !ok {
		return blockkit.Message{}, c, false, badPost("post without content")
	}
	pages := me.Home.Messages(c, fact.Digest(p.Token)[:8])
	changes := p.Kind == bridge.PostLine && p.Place.Message != ""
	if changes {
		pages = pages[len(pages)-1:] // a long line has several messages; the last one, with the buttons, is the one that changes
	}
	if p.Part < 0 || p.Part >= len(pages) {
		return blockkit.Message{}, c, false, badPost("there is no such part")
	}
	page := pages[p.Part]
	if p.Unsure && !changes { // the remark belongs to this part, which isn't always the last
		page.Remark(mayBeTwice)
	}
	return page, c, p.Part+1 < len(pages), nil
}

// mayBeTwice marks a post that is made again because nobody could find out whether it was made.
const mayBeTwice = "(This may be shown twice: Slack didn't answer the first time.)"

// inert gives the options of every text that we send: Slack links, parses and unfurls nothing in it.
func inert(r blockkit.Message) []slackapi.MsgOption {
	return []slackapi.MsgOption{
		slackapi.MsgOptionText(r.Text, false), slackapi.MsgOptionBlocks(r.Blocks...), slackapi.MsgOptionParse(false),
		slackapi.MsgOptionLinkNames(false), slackapi.MsgOptionDisableLinkUnfurl(), slackapi.MsgOptionDisableMediaUnfurl(),
	}
}

func (s *poster) post(ctx context.Context, me *fact.Self, p bridge.Post) (bridge.Sent, error) {
	r, c, more, err := content(me, p)
	if err != nil {
		return bridge.Sent{}, err
	}
	if p.Place.Channel == "" && p.To != "" {
		return s.direct(ctx, p.To, r, more)
	}
	if p.Kind == bridge.PostLine && p.Place.Message != "" {
		return s.revise(ctx, p, r)
	}
	opts := append(inert(r), slackapi.MsgOptionMetadata(slackapi.SlackMetadata{
		EventType: metadataType, EventPayload: map[string]any{"token": p.Token, "part": p.Part},
	}))
	if p.Place.Thread != "" {
		opts = append(opts, slackapi.MsgOptionTS(p.Place.Thread))
	}
	if p.Kind == bridge.PostSaid {
		opts = append(opts, slackapi.MsgOptionUsername(blockkit.DisplayName(c.Name)))
		if i := blockkit.Emoji(p.Facts.Account.ChannelIcon); i != "" {
			opts = append(opts, slackapi.MsgOptionIconEmoji(i))
		}
	}
	_, ts, m, err := s.api.PostMessageWithResponseContext(ctx, p.Place.Channel, opts...)
	if err != nil {
		return bridge.Sent{}, classify(err)
	}
	if ts == "" {
		return bridge.Sent{}, ambiguous(errBlank)
	}
	if p.Place.Thread == "" {
		return bridge.Sent{Message: ts, Thread: ts, More: more}, nil
	}
	if m.ThreadTimestamp == "" {
		return bridge.Sent{}, s.stray(ctx, p.Place.Channel, ts)
	}
	sent := bridge.Sent{Message: ts, Thread: m.ThreadTimestamp, More: more}
	s.tellAbsent(ctx, me, p, sent)
	return sent, nil
}

// stray removes a reply that Slack put at top level because its root is gone.
func (s *poster) stray(ctx context.Context, channel, ts string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	if _, _, err := s.api.DeleteMessageContext(ctx, channel, ts); err != nil && codeOf(err) != "message_not_found" {
		return ambiguous(err) // Reconcile finds it and tries again
	}
	return threadLost(nil)
}

func threadLost(cause error) error {
	return &channels.SendError{Class: channels.BadContent, Text: "The Slack thread's first message was deleted.", Cause: errors.Join(bridge.ErrThreadLost, cause)}
}

func (s *poster) update(ctx context.Context, me *fact.Self, p bridge.Post) (bridge.Sent, error) {
	r := me.Home.Messages(view.Root(p.Facts), fact.Digest(p.Token, p.FirstAttemptAt.String())[:8])[0]
	if p.Unsure {
		r.Remark(mayBeTwice)
	}
	_, ts, _, err := s.api.UpdateMessageContext(ctx, p.Place.Channel, p.Place.Message, inert(r)...)
	if err != nil {
		return bridge.Sent{}, classify(err)
	}
	if ts == "" {
		return bridge.Sent{}, ambiguous(errBlank)
	}
	return bridge.Sent{Message: ts, Thread: ts}, nil
}

// revise replaces a line that was posted earlier.
func (s *poster) revise(ctx context.Context, p bridge.Post, r blockkit.Message) (bridge.Sent, error) {
	_, ts, _, err := s.api.UpdateMessageContext(ctx, p.Place.Channel, p.Place.Message, inert(r)...)
	if err != nil {
		return bridge.Sent{}, classify(err)
	}
	if ts == "" {
		return bridge.Sent{}, ambiguous(errBlank)
	}
	return bridge.Sent{Message: ts, Thread: p.Place.Thread}, nil
}

// mark adds a mark to a message, then removes the one that the message had.
func (s *poster) mark(ctx context.Context, p bridge.Post) (bridge.Sent, error) {
	at := slackapi.NewRefToMessage(p.Place.Channel, p.Place.Message)
	if p.Mark != "" {
		err := s.api.AddReactionContext(ctx, view.MarkIcon(p.Mark), at)
		switch codeOf(err) {
		case "already_reacted", "too_many_reactions", "too_many_emoji":
			err = nil
		}
		if err != nil {
			return bridge.Sent{}, classify(err)
		}
	}
	if p.Clears != "" {
		if err := s.api.RemoveReactionContext(ctx, view.MarkIcon(p.Clears), at); err != nil && codeOf(err) != "no_reaction" {
			return bridge.Sent{}, classify(err)
		}
	}
	return bridge.Sent{Message: p.Place.Message, Thread: p.Place.Thread}, nil
}

// whisper posts a line that only one person sees, in the channel or, where that fails, as a direct
// message.
func (s *poster) whisper(ctx context.Context, me *fact.Self, p bridge.Post) (bridge.Sent, error) {
	r, _, more, err := content(me, p)
	if err != nil {
		return bridge.Sent{}, err
	}
	return s.private(ctx, p.Place, p.To, r, more)
}

// private posts what only one user sees. Where they or the app aren't in the channel, it sends a direct message.
func (s *poster) private(ctx context.Context, at bridge.Place, user string, r blockkit.Message, more bool) (bridge.Sent, error) {
	opts := inert(r)
	if at.Thread != "" {
		opts = append(opts, slackapi.MsgOptionTS(at.Thread))
	}
	ts, err := s.api.PostEphemeralContext(ctx, at.Channel, user, opts...)
	switch codeOf(err) {
	case "channel_not_found", "not_in_channel", "user_not_in_channel", "is_archived", "messages_tab_disabled":
		return s.direct(ctx, user, r, more)
	}
	if err != nil {
		return bridge.Sent{}, classify(err)
	}
	return bridge.Sent{Message: ts, Thread: at.Thread, More: more}, nil
}

// direct posts in a person's chat with the app.
func (s *poster) direct(ctx context.Context, user string, r blockkit.Message, more bool) (bridge.Sent, error) {
	ch, _, _, err := s.api.OpenConversationContext(ctx, &slackapi.OpenConversationParameters{Users: []string{user}})
	if err != nil {
		return bridge.Sent{}, certain(err)
	}
	_, ts, err := s.api.PostMessageContext(ctx, ch.ID, inert(r)...)
	if err != nil {
		return bridge.Sent{}, classify(err)
	}
	return bridge.Sent{Message: ts, More: more}, nil
}
