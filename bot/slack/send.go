package slack

import (
	"context"
	"time"

	slackapi "github.com/slack-go/slack"

	"parley/bot/background"
	"parley/bot/slack/blockkit"
	"parley/bot/slack/fact"
	"parley/bot/slack/refusal"
	"parley/bot/view"
	"parley/bridge"
)

// A post is one thing that the engine wants to be seen in Slack: the card that begins a conversation's thread
// (PostRoot), a customer's message (PostSaid), a line of Parley's own (PostLine), files, a changed card or an emoji.
// Send makes it by Web API calls. A long post becomes several messages, its parts, one for each call of Send.

// metadataType marks the metadata of our posts, by which Reconcile finds them. Any app of the workspace can read it,
// so it holds only an opaque token and the part's number.
const metadataType = "parley_delivery"

// mayBeTwice is shown in a post that is made again because nobody could find out whether it was made before.
const mayBeTwice = "(This may be shown twice: Slack didn't answer the first time.)"

// deleteTimeout bounds the deletion of a misplaced reply. It goes on even if the time for its post is over.
const deleteTimeout = 10 * time.Second

// poster makes posts. If Slack's answer was lost, it finds out whether the post was made (Reconcile).
type poster struct {
	*workspace

	directory *directory
	uploads   *uploads
	work      *background.Work // sends direct messages after a line was posted
}

// Send makes one post; see bridge.Surface.
func (s *poster) Send(ctx context.Context, p bridge.Post) (bridge.Sent, error) {
	if p.Kind != bridge.PostFiles { // uploads take as long as the caller allows
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, requestTimeout)
		defer cancel()
	}
	self, err := s.identify(ctx)
	if err != nil {
		return bridge.Sent{}, refusal.ClassifyBeforeSend(err)
	}
	sent, err := s.dispatch(ctx, self, p)
	return sent, refusal.WithChannel(err, p.Place.Channel)
}

func (s *poster) dispatch(ctx context.Context, self *fact.Self, p bridge.Post) (bridge.Sent, error) {
	switch p.Kind {
	case bridge.PostCard:
		return s.editCard(ctx, self, p)
	case bridge.PostMark:
		return s.setReaction(ctx, p)
	case bridge.PostEphemeral:
		return s.sendEphemeralPost(ctx, self, p)
	case bridge.PostFiles:
		return s.sendFiles(ctx, self, p)
	case bridge.PostErased:
		return s.erase(ctx, self, p)
	case bridge.PostDouble:
		return s.findOtherRoot(ctx, self, p)
	case bridge.PostRoot, bridge.PostSaid, bridge.PostLine:
		return s.sendWords(ctx, self, p)
	}

	return bridge.Sent{}, refusal.BadContent("unknown kind of post", nil)
}

// commandForms are the ways to give Parley a command in Slack: "!resolve" or "@Parley resolve" in a thread, where
// Slack has no slash commands, and "@Parley" or "/parley" outside.
func commandForms() view.CommandSyntax {
	return view.CommandSyntax{Signs: []string{"!", "@Parley "}, SignsOutside: []string{"@Parley ", "/parley "}}
}

// renderedPart is the part of a post that is to be sent now.
type renderedPart struct {
	blockkit.Message

	author string // the name under which it is posted; "" means Parley's own
	more   bool   // further parts of the same post follow
}

// renderPart renders the part of p that is to be sent now.
func renderPart(self *fact.Self, p bridge.Post) (renderedPart, error) {
	card, ok := view.Post(p, commandForms())
	if !ok {
		return renderedPart{}, refusal.BadContent("post without content", nil)
	}

	messages := self.Home.Messages(card, blockSeed(p.Token))
	if p.ChangesLine() {
		// A long line has several messages. The last one, with the buttons, is the one that changes.
		messages = messages[len(messages)-1:]
	}
	if p.Part < 0 || p.Part >= len(messages) {
		return renderedPart{}, refusal.BadContent("there is no such part", nil)
	}

	message := messages[p.Part]
	if p.Unsure && !p.ChangesLine() { // a line that is changed again shows nothing twice
		message.Remark(mayBeTwice)
	}

	return renderedPart{Message: message, author: card.Name, more: p.Part+1 < len(messages)}, nil
}

// blockSeed makes the beginning of block ids from texts that identify a version of a message.
func blockSeed(parts ...string) string {
	const length = 8 // enough, since ids only need to differ between versions of one message
	return fact.Digest(parts...)[:length]
}

// literalOptions are the options of every text that we send. Slack makes no links or previews of it.
func literalOptions(m blockkit.Message) []slackapi.MsgOption {
	return []slackapi.MsgOption{
		slackapi.MsgOptionText(m.Text, false),
		slackapi.MsgOptionBlocks(m.Blocks...),
		slackapi.MsgOptionParse(false),
		slackapi.MsgOptionLinkNames(false),
		slackapi.MsgOptionDisableLinkUnfurl(),
		slackapi.MsgOptionDisableMediaUnfurl(),
	}
}

// sendWords makes a post that consists of words: a root, a customer's message or a line.
func (s *poster) sendWords(ctx context.Context, self *fact.Self, p bridge.Post) (bridge.Sent, error) {
	part, err := renderPart(self, p)
	if err != nil {
		return bridge.Sent{}, err
	}
	if p.Place.Channel == "" && p.To != "" {
		return s.sendDirectMessage(ctx, p.To, part)
	}

	if p.ChangesLine() {
		ts, err := s.editMessage(ctx, p.Place, part.Message)
		if err != nil {
			return bridge.Sent{}, err
		}
		return bridge.Sent{Message: ts, Thread: p.Place.Thread}, nil
	}

	opts := literalOptions(part.Message)
	if p.Kind == bridge.PostSaid {
		opts = append(opts, customerOptions(p, part.author)...)
	}

	ts, thread, err := s.postMessage(ctx, p, opts)
	if err != nil {
		return bridge.Sent{}, err
	}
	if p.Place.Thread == "" {
		return bridge.Sent{Message: ts, Thread: ts, More: part.more}, nil
	}

	sent := bridge.Sent{Message: ts, Thread: thread, More: part.more}
	s.notifyAbsent(ctx, self, p, sent)
	return sent, nil
}

// customerOptions show a post under the customer's name, with the icon of the channel by which the message came.
func customerOptions(p bridge.Post, name string) []slackapi.MsgOption {
	opts := []slackapi.MsgOption{slackapi.MsgOptionUsername(blockkit.DisplayName(name))}
	if icon := blockkit.Emoji(p.Facts.Account.ChannelIcon); icon != "" {
		opts = append(opts, slackapi.MsgOptionIconEmoji(icon))
	}
	return opts
}

// postMessage posts a new message at p's place, marked so that Reconcile finds it. It returns the message's id and
// that of its thread, which is "" at top level.
func (s *poster) postMessage(ctx context.Context, p bridge.Post, opts []slackapi.MsgOption) (ts, thread string, err error) {
	opts = append(opts, slackapi.MsgOptionMetadata(slackapi.SlackMetadata{
		EventType: metadataType, EventPayload: map[string]any{"token": p.Token, "part": p.Part},
	}))
	if p.Place.Thread != "" {
		opts = append(opts, slackapi.MsgOptionTS(p.Place.Thread))
	}

	_, ts, m, err := s.api.PostMessageWithResponseContext(ctx, p.Place.Channel, opts...)
	if err != nil {
		return "", "", refusal.Classify(err)
	}
	if ts == "" {
		return "", "", refusal.Ambiguous(refusal.ErrEmptyAnswer)
	}
	if isMisplaced(p, m.ThreadTimestamp) {
		return "", "", s.refuseMisplaced(ctx, p, ts)
	}

	return ts, m.ThreadTimestamp, nil
}

// isMisplaced reports whether Slack put a reply at top level, which it does if the thread's root was deleted.
func isMisplaced(p bridge.Post, thread string) bool { return p.Place.Thread != "" && thread == "" }

// refuseMisplaced deletes a misplaced reply. Its error wraps bridge.ErrThreadLost or is ambiguous.
func (s *poster) refuseMisplaced(ctx context.Context, p bridge.Post, ts string) error {
	if err := s.deleteMisplaced(ctx, p.Place.Channel, ts); err != nil {
		return err
	}
	return refusal.BadContent("The Slack thread's first message was deleted.", bridge.ErrThreadLost)
}

// deleteMisplaced deletes a misplaced reply, even if ctx has just ended. If that fails the error is ambiguous, so
// Reconcile finds the reply later and tries again.
func (s *poster) deleteMisplaced(ctx context.Context, channel, ts string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), deleteTimeout)
	defer cancel()
	if err := s.deleteMessage(ctx, channel, ts); err != nil {
		return refusal.Ambiguous(err)
	}
	return nil
}

// deleteMessage deletes one of our messages. A message that is gone already is no error.
func (s *poster) deleteMessage(ctx context.Context, channel, ts string) error {
	_, _, err := s.api.DeleteMessageContext(ctx, channel, ts)
	if refusal.CodeOf(err) == "message_not_found" {
		return nil
	}
	return err
}

// editCard brings a root up to date.
func (s *poster) editCard(ctx context.Context, self *fact.Self, p bridge.Post) (bridge.Sent, error) {
	root := self.Home.FirstMessage(view.Root(p.Facts), blockSeed(p.Token, p.FirstAttemptAt.String()))
	if p.Unsure {
		root.Remark(mayBeTwice)
	}
	ts, err := s.editMessage(ctx, p.Place, root)
	if err != nil {
		return bridge.Sent{}, err
	}
	return bridge.Sent{Message: ts, Thread: ts}, nil
}

// editMessage replaces the content of the message at a place, and returns the message's id.
func (s *poster) editMessage(ctx context.Context, at bridge.Place, m blockkit.Message) (ts string, err error) {
	_, ts, _, err = s.api.UpdateMessageContext(ctx, at.Channel, at.Message, literalOptions(m)...)
	if err != nil {
		return "", refusal.Classify(err)
	}
	if ts == "" {
		return "", refusal.Ambiguous(refusal.ErrEmptyAnswer)
	}
	return ts, nil
}

// setReaction adds a mark to a message, then removes the one before. So it is never without a mark.
func (s *poster) setReaction(ctx context.Context, p bridge.Post) (bridge.Sent, error) {
	message := slackapi.NewRefToMessage(p.Place.Channel, p.Place.Message)
	if p.Mark != "" {
		err := s.api.AddReactionContext(ctx, view.MarkIcon(p.Mark), message)
		if err != nil && !refusal.IsReactionSettled(err) {
			return bridge.Sent{}, refusal.Classify(err)
		}
	}

	if p.Clears != "" {
		err := s.api.RemoveReactionContext(ctx, view.MarkIcon(p.Clears), message)
		if err != nil && !refusal.IsReactionSettled(err) {
			return bridge.Sent{}, refusal.Classify(err)
		}
	}

	return bridge.Sent{Message: p.Place.Message, Thread: p.Place.Thread}, nil
}

// sendEphemeralPost makes a post that only one person sees.
func (s *poster) sendEphemeralPost(ctx context.Context, self *fact.Self, p bridge.Post) (bridge.Sent, error) {
	part, err := renderPart(self, p)
	if err != nil {
		return bridge.Sent{}, err
	}
	return s.sendPrivately(ctx, p.Place, p.To, part)
}

// sendPrivately shows a part to one user alone: in the channel or, where Slack doesn't do that, as a direct message.
func (s *poster) sendPrivately(ctx context.Context, at bridge.Place, user bridge.SurfaceUser, part renderedPart) (bridge.Sent, error) {
	opts := literalOptions(part.Message)
	if at.Thread != "" {
		opts = append(opts, slackapi.MsgOptionTS(at.Thread))
	}
	ts, err := s.api.PostEphemeralContext(ctx, at.Channel, string(user), opts...)
	if refusal.IsOfPlace(err) {
		sent, err := s.sendDirectMessage(ctx, user, part)
		sent.Elsewhere = true
		return sent, err
	}
	if err != nil {
		return bridge.Sent{}, refusal.Classify(err)
	}
	return bridge.Sent{Message: ts, Thread: at.Thread, More: part.more}, nil
}

// sendDirectMessage posts in a person's chat with the app.
func (s *poster) sendDirectMessage(ctx context.Context, user bridge.SurfaceUser, part renderedPart) (bridge.Sent, error) {
	channel, err := s.openDirectChannel(ctx, user)
	if err != nil {
		return bridge.Sent{}, err
	}
	_, ts, err := s.api.PostMessageContext(ctx, channel, literalOptions(part.Message)...)
	if err != nil {
		return bridge.Sent{}, refusal.Classify(err)
	}
	return bridge.Sent{Message: ts, More: part.more}, nil
}

func (s *poster) openDirectChannel(ctx context.Context, user bridge.SurfaceUser) (string, error) {
	channel, _, _, err := s.api.OpenConversationContext(ctx, &slackapi.OpenConversationParameters{Users: []string{string(user)}})
	if err != nil {
		return "", refusal.ClassifyBeforeSend(err)
	}
	return channel.ID, nil
}
