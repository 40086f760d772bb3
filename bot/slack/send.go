package slack

import (
	"context"
	"time"

	slackapi "github.com/slack-go/slack"

	"parley/bot/forms"
	"parley/bot/slack/blockkit"
	"parley/bot/view"
	"parley/bridge"
)

// metadataType is the type of the metadata in our messages, by which Reconcile finds them. Any app of the workspace can
// read the metadata, so it has only an opaque token and the number of the part.
const metadataType = "parley_delivery"

// mayBeTwice is shown in a post that is repeated because it is unknown whether the first attempt succeeded.
const mayBeTwice = "(This may be shown twice: Slack didn't answer the first time.)"

// deleteTimeout limits the time for deleting a misplaced reply, which is done even if the deadline of its post is over.
const deleteTimeout = 10 * time.Second

// poster makes the posts that the engine requests, and finds out whether they were made if a response was lost (Reconcile).
// A post is one thing that becomes visible in Slack: the first message of a conversation's thread, which is called its root
// (PostRoot), a customer's message (PostSaid), a remark of Parley's own (PostLine), files, a changed root or an emoji. A
// long post becomes several messages, which are called its parts, one for each call of Send.
type poster struct {
	*workspace

	directory *directory
	work      *forms.Work      // sends direct messages after a line was posted
	shares    forms.Map[Share] // shares of our uploads that events reported, by file and channel
	shareWait time.Duration    // maximum time to wait for a share
}

// Send implements bridge.Surface. It makes one part of a post.
func (s *poster) Send(ctx context.Context, p bridge.Post) (bridge.Sent, error) {
	if p.Kind != bridge.PostFiles { // uploads take as long as the caller allows
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, requestTimeout)
		defer cancel()
	}
	self, err := s.identify(ctx)
	if err != nil {
		return bridge.Sent{}, ClassifyBeforeSend(err)
	}
	sent, err := s.dispatch(ctx, self, p)
	return sent, WithChannel(err, p.Place.Channel)
}

func (s *poster) dispatch(ctx context.Context, self *Self, p bridge.Post) (bridge.Sent, error) {
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

	return bridge.Sent{}, BadContent("unknown kind of post", nil)
}

// commandForms returns how agents can type commands in Slack: "!resolve" or "@Parley resolve" in a thread, where Slack has
// no slash commands, and "@Parley resolve" or "/parley resolve" outside of threads.
func commandForms() view.CommandSyntax {
	return view.CommandSyntax{Signs: []string{"!", "@Parley "}, SignsOutside: []string{"@Parley ", "/parley "}}
}

// renderedPart is the part of a post that is to be sent now.
type renderedPart struct {
	blockkit.Message

	author string // the name under which it is posted; "" means Parley's own
	more   bool   // further parts of the same post follow
}

// renderPart renders part p.Part of a post.
func renderPart(self *Self, p bridge.Post) (renderedPart, error) {
	card, ok := view.Post(p, commandForms())
	if !ok {
		return renderedPart{}, BadContent("post without content", nil)
	}

	messages := self.Home.Messages(card, blockSeed(p.Token))
	if p.ChangesLine() {
		// If a line has several messages, only the last one changes, because it has the buttons.
		messages = messages[len(messages)-1:]
	}
	if p.Part < 0 || p.Part >= len(messages) {
		return renderedPart{}, BadContent("there is no such part", nil)
	}

	message := messages[p.Part]
	if p.Unsure && !p.ChangesLine() { // repeating a change shows nothing twice
		message.Remark(mayBeTwice)
	}

	return renderedPart{Message: message, author: card.Name, more: p.Part+1 < len(messages)}, nil
}

// blockSeed returns the prefix of block ids in a message. parts identify the version of the message.
func blockSeed(parts ...string) string {
	const length = 8 // enough, because ids must differ only between versions of one message
	return forms.Digest(parts...)[:length]
}

// literalOptions returns the options for a message in which Slack adds no links and no previews.
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

// sendWords makes a post that consists of text: a root, a customer's message or a line.
func (s *poster) sendWords(ctx context.Context, self *Self, p bridge.Post) (bridge.Sent, error) {
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
		s.pinBoard(ctx, p, ts)
		return bridge.Sent{Message: ts, Thread: ts, More: part.more}, nil
	}

	sent := bridge.Sent{Message: ts, Thread: thread, More: part.more}
	s.notifyAbsent(ctx, self, p, sent)
	return sent, nil
}

// pinBoard pins a board that was posted. If Slack doesn't let us, because an admin hasn't granted the scope yet for example, people pin
// it themselves.
func (s *poster) pinBoard(ctx context.Context, p bridge.Post, ts string) {
	if p.Line == nil || p.Line.Kind() != bridge.LineBoard {
		return
	}
	if err := s.api.AddPinContext(ctx, p.Place.Channel, slackapi.NewRefToMessage(p.Place.Channel, ts)); err != nil {
		s.log.Info("slack board not pinned", "channel", p.Place.Channel, "error", err)
	}
}

// customerOptions makes a post appear under the customer's name, with the icon of their channel, such as e-mail.
func customerOptions(p bridge.Post, name string) []slackapi.MsgOption {
	opts := []slackapi.MsgOption{slackapi.MsgOptionUsername(blockkit.DisplayName(name))}
	if icon := blockkit.Emoji(p.Facts.Account.ChannelIcon); icon != "" {
		opts = append(opts, slackapi.MsgOptionIconEmoji(icon))
	}
	return opts
}

// postMessage posts a new message at p.Place, with the metadata by which Reconcile finds it. It returns the id of the
// message and that of its thread, which is "" at top level.
func (s *poster) postMessage(ctx context.Context, p bridge.Post, opts []slackapi.MsgOption) (ts, thread string, err error) {
	opts = append(opts, slackapi.MsgOptionMetadata(slackapi.SlackMetadata{
		EventType: metadataType, EventPayload: map[string]any{"token": p.Token, "part": p.Part},
	}))
	if p.Place.Thread != "" {
		opts = append(opts, slackapi.MsgOptionTS(p.Place.Thread))
	}

	_, ts, m, err := s.api.PostMessageWithResponseContext(ctx, p.Place.Channel, opts...)
	if err != nil {
		return "", "", Classify(err)
	}
	if ts == "" {
		return "", "", Ambiguous(ErrEmptyAnswer)
	}
	if isMisplaced(p, m.ThreadTimestamp) {
		return "", "", s.refuseMisplaced(ctx, p, ts)
	}

	return ts, m.ThreadTimestamp, nil
}

// isMisplaced reports whether Slack has put a reply at top level, because the root of the thread was deleted.
func isMisplaced(p bridge.Post, thread string) bool { return p.Place.Thread != "" && thread == "" }

// refuseMisplaced deletes a misplaced reply. Its error wraps bridge.ErrThreadLost or, if that failed, is ambiguous.
func (s *poster) refuseMisplaced(ctx context.Context, p bridge.Post, ts string) error {
	if err := s.deleteMisplaced(ctx, p.Place.Channel, ts); err != nil {
		return err
	}
	return BadContent("The Slack thread's first message was deleted.", bridge.ErrThreadLost)
}

// deleteMisplaced deletes a misplaced reply, even if ctx has ended. If that fails, the error is ambiguous, so that Reconcile
// will find the reply and try again.
func (s *poster) deleteMisplaced(ctx context.Context, channel, ts string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), deleteTimeout)
	defer cancel()
	if err := s.deleteMessage(ctx, channel, ts); err != nil {
		return Ambiguous(err)
	}
	return nil
}

// deleteMessage deletes one of our messages. It returns nil if the message was deleted before.
func (s *poster) deleteMessage(ctx context.Context, channel, ts string) error {
	_, _, err := s.api.DeleteMessageContext(ctx, channel, ts)
	if CodeOf(err) == "message_not_found" {
		return nil
	}
	return err
}

// editCard updates a root.
func (s *poster) editCard(ctx context.Context, self *Self, p bridge.Post) (bridge.Sent, error) {
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
		return "", Classify(err)
	}
	if ts == "" {
		return "", Ambiguous(ErrEmptyAnswer)
	}
	return ts, nil
}

// setReaction replaces our emoji on a message. It adds the new one first, so that the message is never without one.
func (s *poster) setReaction(ctx context.Context, p bridge.Post) (bridge.Sent, error) {
	message := slackapi.NewRefToMessage(p.Place.Channel, p.Place.Message)
	if p.Mark != "" {
		err := s.api.AddReactionContext(ctx, view.MarkIcon(p.Mark), message)
		if err != nil && !IsReactionSettled(err) {
			return bridge.Sent{}, Classify(err)
		}
	}

	if p.Clears != "" {
		err := s.api.RemoveReactionContext(ctx, view.MarkIcon(p.Clears), message)
		if err != nil && !IsReactionSettled(err) {
			return bridge.Sent{}, Classify(err)
		}
	}

	return bridge.Sent{Message: p.Place.Message, Thread: p.Place.Thread}, nil
}

// sendEphemeralPost makes a post that only one person sees.
func (s *poster) sendEphemeralPost(ctx context.Context, self *Self, p bridge.Post) (bridge.Sent, error) {
	part, err := renderPart(self, p)
	if err != nil {
		return bridge.Sent{}, err
	}
	return s.sendPrivately(ctx, p.Place, p.To, part)
}

// sendPrivately shows a part to only one user: in the channel or, if Slack doesn't permit that, as a direct message.
func (s *poster) sendPrivately(ctx context.Context, at bridge.Place, user bridge.SurfaceUser, part renderedPart) (bridge.Sent, error) {
	opts := literalOptions(part.Message)
	if at.Thread != "" {
		opts = append(opts, slackapi.MsgOptionTS(at.Thread))
	}
	ts, err := s.api.PostEphemeralContext(ctx, at.Channel, string(user), opts...)
	if IsOfPlace(err) {
		sent, err := s.sendDirectMessage(ctx, user, part)
		sent.Elsewhere = true
		return sent, err
	}
	if err != nil {
		return bridge.Sent{}, Classify(err)
	}
	return bridge.Sent{Message: ts, Thread: at.Thread, More: part.more}, nil
}

// sendDirectMessage posts a message in a user's chat with our app.
func (s *poster) sendDirectMessage(ctx context.Context, user bridge.SurfaceUser, part renderedPart) (bridge.Sent, error) {
	channel, err := s.openDirectChannel(ctx, user)
	if err != nil {
		return bridge.Sent{}, err
	}
	_, ts, err := s.api.PostMessageContext(ctx, channel, literalOptions(part.Message)...)
	if err != nil {
		return bridge.Sent{}, Classify(err)
	}
	return bridge.Sent{Message: ts, Channel: channel, More: part.more}, nil
}

func (s *poster) openDirectChannel(ctx context.Context, user bridge.SurfaceUser) (string, error) {
	channel, _, _, err := s.api.OpenConversationContext(ctx, &slackapi.OpenConversationParameters{Users: []string{string(user)}})
	if err != nil {
		return "", ClassifyBeforeSend(err)
	}
	return channel.ID, nil
}
