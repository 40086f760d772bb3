package outbound

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"parley/bridge"
	"parley/bridge/engine/files"
	"parley/bridge/relay"
	"parley/channels"
	"parley/store"
	"parley/store/dispatch"
)

// sendPost makes one post in a surface, a chat of agents: a root (the first message of a conversation's thread, a card), a
// customer's words, files, a line of Parley's own, a mark on a message. A post that is wrong or needless by now ends without an error.
func (a *attempt) sendPost(ctx context.Context) (relay.Sent, error) {
	e, c := a.e, a.c
	s := e.opt.Engine.Surface(c.AccountID)
	if s == nil {
		err := &channels.SendError{Class: channels.Retry, Wait: PausedWait, Text: "The surface is not connected."}
		return relay.Sent{}, a.leaveUnposted(err)
	}
	if c.Kind == string(bridge.PostErased) {
		return a.sendErased(ctx, s)
	}

	if c.Kind == string(bridge.PostFiles) {
		size := files.Size(a.messages[c.MessageID])
		for _, d := range c.With {
			size += files.Size(a.messages[d.MessageID])
		}

		release, err := e.opt.Files.ReserveMemory(ctx, size)
		if err != nil {
			return relay.Sent{}, Retry(err)
		}
		defer release()
	}

	p, t, err := a.makePost(ctx)
	if isForUnopened(a) {
		return relay.Sent{}, a.leaveUnposted(err)
	}
	if errors.Is(err, bridge.ErrMessageGone) && !a.isNoteChange() {
		return relay.Sent{}, nil // there is nothing left to change
	}
	if err != nil {
		return relay.Sent{}, err
	}

	hasNoFiles := p.Kind == bridge.PostFiles && len(p.Files)+len(p.Missing) == 0
	if hasNoFiles || a.isOutdated(p, t) {
		return relay.Sent{}, nil
	}

	sent, err := s.Send(ctx, p)
	if err == nil {
		if !sent.Elsewhere {
			e.opt.Engine.Trouble(c.AccountID, p.Place.Channel, nil)
		}
		return landedPost(c, p, t, sent), nil
	}

	return a.postFailed(ctx, p, t, sent, err)
}

// postFailed returns what becomes of a post after an attempt that failed: it ends without an error if nobody misses it, it is
// tried again once what it needs is there, or it fails. The order of the cases matters: a change of a note, for example, is
// posted anew even in a thread that was left.
func (a *attempt) postFailed(ctx context.Context, p bridge.Post, t *store.Thread, sent bridge.Sent, err error) (relay.Sent, error) {
	e, c := a.e, a.c
	progress := relay.Sent{Progress: sent.Progress}
	messageGone := errors.Is(err, bridge.ErrMessageGone)
	threadLost := errors.Is(err, bridge.ErrThreadLost)
	if errors.Is(err, bridge.ErrChannelClosed) && a.opensElsewhere(p, t) {
		threadLost = true
	}

	if messageGone && a.isNoteChange() {
		return progress, err // it is journalled, so that the note is posted anew
	}
	if a.isInLeftThread(p, t) && isPlaceGone(err) {
		return relay.Sent{}, nil // nobody reads the thread any more
	}
	if messageGone && p.Kind != bridge.PostCard {
		return relay.Sent{}, nil // the message that it was to change or to mark is gone
	}

	isAnswerToNobody := p.Kind == bridge.PostEphemeral && threadLost
	if isAnswerToNobody || a.isMarkElsewhere(p, t) && isPlaceGone(err) {
		return relay.Sent{}, nil
	}
	if threadLost || messageGone {
		return progress, a.reportLost(ctx, t, p)
	}
	isRefused := errors.Is(err, bridge.ErrChannelClosed) || channels.ClassOf(err) == channels.AuthBroken
	if isRefused && isForOtherChat(a) {
		return progress, a.leaveUnposted(err)
	}

	if errors.Is(err, bridge.ErrChannelClosed) {
		if a.isMissedByNobody(p) {
			return relay.Sent{}, nil
		}
		why := &channels.SendError{Text: "The channel " + p.Place.Channel + " can't be posted to."}
		errors.As(err, &why) // keeps these words only if the chat has said nothing itself
		if !a.isOfOtherChannel(p) {
			e.opt.Engine.Trouble(c.AccountID, p.Place.Channel, &channels.Condition{Status: channels.Broken, Text: why.Text, Hint: why.Hint})
		}
		return progress, &channels.SendError{Class: channels.Retry, Wait: closedChannelRetry, Cause: err, Text: why.Text, Hint: why.Hint}
	}

	if p.Kind == bridge.PostRoot {
		err = e.reportRefused(ctx, c, err)
	}

	return progress, err
}

// opensElsewhere reports whether a post belongs into the conversation's thread, and a thread of it would open in another channel
// of the chat now, because the team got another channel or the conversation was handed over. It is false for cards and marks of
// a conversation that is over: no thread is opened for these.
func (a *attempt) opensElsewhere(p bridge.Post, t *store.Thread) bool {
	if t == nil || t.Root == "" || cmp.Or(p.Place.Thread, p.Place.Message) != t.Root {
		return false
	}

	conv := a.conversations[a.c.ConversationID]
	isOpen := conv != nil && bridge.Status(conv.Status).Open()
	isMissed := p.Kind == bridge.PostSaid || p.Kind == bridge.PostFiles || p.Kind == bridge.PostLine
	isOfOpen := isOpen && (p.Kind == bridge.PostCard || p.Kind == bridge.PostMark)
	there, channel := a.home()
	return there == a.c.AccountID && channel != p.Place.Channel && (isMissed || isOfOpen)
}

// isMissedByNobody reports whether a post only shows how a conversation ended, in a channel in which no threads open any more.
// Nobody would mend the channel for it. If the conversation goes on, its thread opens elsewhere.
func (a *attempt) isMissedByNobody(p bridge.Post) bool {
	conv := a.conversations[a.c.ConversationID]
	isOver := conv != nil && !bridge.Status(conv.Status).Open()
	showsState := p.Kind == bridge.PostCard || p.Kind == bridge.PostMark
	return isOver && showsState && !a.e.opt.Engine.Directory().OpensThreads(a.c.AccountID, p.Place.Channel)
}

// isOfOtherChannel reports whether no threads open in a post's channel, and the post was made before the directory said so, or is
// for one person, who may have asked in any channel. Admins aren't told that such a post failed, because nothing would ever tell
// them that the channel works again. If it matters, the next attempt, made by the new directory, tells them.
func (a *attempt) isOfOtherChannel(p bridge.Post) bool {
	now := a.e.opt.Engine.Directory()
	isUntold := now != a.dir || p.Kind == bridge.PostEphemeral
	return isUntold && !now.OpensThreads(a.c.AccountID, p.Place.Channel)
}

// isPlaceGone reports whether a post failed because what it needs in the chat is no longer there: its message, its thread or
// its channel.
func isPlaceGone(err error) bool {
	return slices.ContainsFunc([]error{bridge.ErrMessageGone, bridge.ErrThreadLost, bridge.ErrChannelClosed}, func(gone error) bool {
		return errors.Is(err, gone)
	})
}

// isNoteChange reports whether a post changes the note of an analysis. Such a post is not given up: it may be news.
func (a *attempt) isNoteChange() bool {
	changesLine := a.body.Changes != 0 && a.body.Line != nil
	return changesLine && a.body.Line.Kind() == bridge.LineAnalysis
}

// reportLost journals that a thread's root is gone, so that it is posted anew, and returns the error by which the post waits. In a
// chat that the conversation has left, no root is posted anew (threads.ThreadLost): the post fails for good there, and a
// customer's words are posted where the conversation goes on.
func (a *attempt) reportLost(ctx context.Context, t *store.Thread, p bridge.Post) error {
	root := cmp.Or(p.Place.Thread, p.Place.Message)
	if t == nil || root == "" {
		return &channels.SendError{Class: channels.BadContent, Text: "The message it answers is gone."}
	}
	if a.otherHome() != 0 {
		return &channels.SendError{Class: channels.BadContent, Text: "The thread is gone.", Hint: GoesOnElsewhere}
	}
	err := a.e.opt.Engine.ThreadLost(ctx, a.c, root)
	return &channels.SendError{Class: channels.Retry, Wait: rootRetry, Text: "The thread is gone; its first message is posted anew.", Cause: err}
}

// reportRefused journals, once, that a thread can't be opened, if that is certain or has lasted for long. It returns the error by
// which the root waits. A root is never given up: without it nobody would see the conversation.
func (e *Sender) reportRefused(ctx context.Context, c dispatch.Claimed, refused error) error {
	class := channels.ClassOf(refused)
	isSoon := class == channels.Retry && !e.waitsLong(c)
	if isSoon || class == channels.Throttled || class == channels.AuthBroken || class == channels.Ambiguous {
		return refused
	}

	text := "The thread can't be opened."
	if se, ok := errors.AsType[*channels.SendError](refused); ok {
		text = se.Text
	}
	err := e.opt.Engine.RootRefused(ctx, c, "refused", text)
	return &channels.SendError{Class: channels.Retry, Wait: closedChannelRetry, Text: text, Cause: errors.Join(refused, err)}
}

// unclearAfter is how long after an attempt at a root admins are told that nobody can tell whether it is there.
const unclearAfter = 10 * time.Minute

// reportUnclear journals, once, that nobody can tell since unclearAfter whether a root is there. It does so only after the time
// in which an unclear root is soon made again (RepeatFor).
func (e *Sender) reportUnclear(ctx context.Context, c dispatch.Claimed) error {
	p := e.Policy(c)
	isRepeatedRarely := p.RepeatFor > 0 && store.Seconds(c.FirstAgo) > p.RepeatFor
	if !isRepeatedRarely || store.Seconds(c.SentAgo) < unclearAfter {
		return nil
	}
	return e.opt.Engine.RootRefused(ctx, c, "unclear", "I can't tell whether the first message of its thread is there. "+relay.ReasonWords(c.ErrorClass, c.ErrorText))
}

// waitsLong reports whether a root has been tried for longer than other posts are, without the time before a restore.
func (e *Sender) waitsLong(c dispatch.Claimed) bool {
	beforeRestore := e.Policy(c).RetryFor - maxRootRetry
	return store.Seconds(c.FirstAgo)-beforeRestore > maxPostRetry
}

// makePost makes the post of a delivery, as things are now, and returns it with the thread to which it goes: nil for a post
// outside of all conversations. It sets a.body and a.dir.
func (a *attempt) makePost(ctx context.Context) (bridge.Post, *store.Thread, error) {
	c := a.c
	var body Payload
	if err := json.Unmarshal(c.Payload, &body); err != nil {
		return bridge.Post{}, nil, fmt.Errorf("outbound: delivery %d: %w", c.ID, err)
	}

	p := bridge.Post{Kind: bridge.PostKind(c.Kind), DeliveryID: sentAs(c), Token: partToken(c), Part: c.Part, Attempt: c.Attempt, Place: body.Place,
		Unsure: body.Unsure, To: body.To, Line: body.Line, Mark: body.Mark, Clears: body.Clears, Progress: c.Progress}
	if c.FirstAt != nil {
		p.FirstAttemptAt = *c.FirstAt
	}
	if s := body.Sought; s != nil {
		p.Token, p.FirstAttemptAt = tokenOf(s.Delivery, 0), s.Since
	}

	dir := a.e.opt.Engine.Directory()
	a.body, a.dir = body, dir
	if c.ConversationID == 0 {
		p.Place.Channel = dir.ChannelNow(c.AccountID, p.Place.Channel)
		return p, nil, nil
	}
	if a.err != nil {
		return p, nil, a.err
	}

	t, err := a.placeInThread(&p)
	if err != nil {
		return p, nil, err
	}

	p.Place.Channel = dir.ChannelNow(c.AccountID, p.Place.Channel)
	if conv := a.conversations[c.ConversationID]; conv != nil {
		p.Facts = a.e.opt.Engine.PostFacts(dir, c.AccountID, conv, a.identities, a.threads, relatedIn(a, p.Place), a.now)
		a.pointToNewThread(dir, &p)
	}

	if body.Changes != 0 {
		if err := a.placeChange(body.Changes, &p); err != nil {
			return p, nil, err
		}
	}

	if p.Kind == bridge.PostSaid || p.Kind == bridge.PostFiles {
		err = a.addSaid(ctx, body, &p)
	}

	return p, t, err
}

// addSaid adds a customer's message to a post, with the messages that are posted together with it. To a PostFiles it adds their
// files.
func (a *attempt) addSaid(ctx context.Context, body Payload, p *bridge.Post) error {
	m := a.messages[a.c.MessageID]
	if m == nil {
		return nil
	}

	said := a.makeSaid(m, p.Facts.Contact)
	said.ShowQuote, said.Answers, said.Late = body.Quote, body.Answers, body.Dated
	for _, d := range a.c.With {
		if next := a.messages[d.MessageID]; next != nil {
			then := a.makeSaid(next, said.From)
			then.Answers = PayloadOf(&d).Answers
			said.Then = append(said.Then, then)
		}
	}

	p.Said = &said
	if p.Kind != bridge.PostFiles {
		return nil
	}
	if err := a.addPostFiles(ctx, m, body, p); err != nil {
		return Retry(err)
	}

	for _, d := range a.c.With {
		next := a.messages[d.MessageID]
		if next == nil {
			continue
		}
		if err := a.addPostFiles(ctx, next, PayloadOf(&d), p); err != nil {
			return Retry(err)
		}
	}

	return nil
}

// addPostFiles adds a message's files to a post.
func (a *attempt) addPostFiles(ctx context.Context, m *store.Message, body Payload, p *bridge.Post) error {
	files, missing, err := a.e.opt.Files.Of(ctx, m, func(f store.FileRef) bool { return slices.Contains(body.Files, f.Index) }, body.Only)
	p.Files, p.Missing = append(p.Files, files...), append(p.Missing, missing...)
	return err
}

// makeSaid returns a customer's message as it is shown. from names its author if the message has no identity.
func (a *attempt) makeSaid(m *store.Message, from bridge.PartyRef) bridge.Said {
	s := bridge.Said{MessageID: m.ID, From: from, At: m.SaidAt, Text: m.Text, Quoted: m.Quoted, Notices: m.Notices}
	if m.IdentityID != nil && a.identities[*m.IdentityID] != nil {
		s.From = RefOf(a.identities[*m.IdentityID])
	}
	if m.IsFromElsewhere() {
		s.From, s.Elsewhere = bridge.PartyRef{Name: m.AuthorUser}, true
	}

	for _, f := range m.Files {
		s.Files = append(s.Files, f.Name)
	}

	if m.HasHTML && a.e.opt.Original != nil {
		s.Original = a.e.opt.Original(m.ID)
	}

	return s
}

// landedPost returns what is to be recorded of a post that was made: where it is, for replies, reactions and deletions.
func landedPost(c dispatch.Claimed, p bridge.Post, t *store.Thread, sent bridge.Sent) relay.Sent {
	out := relay.Sent{ExternalID: sent.Message, Progress: sent.Progress, More: sent.More, Blind: sent.Blind}
	if sent.Message == "" || !isNewMessage(p.Kind) {
		return out
	}

	landed := dispatch.Landed{Post: store.Post{AccountID: c.AccountID, Channel: p.Place.Channel, Message: sent.Message,
		ConversationID: c.ConversationID, MessageID: c.MessageID, Kind: c.Kind}}
	if p.Kind == bridge.PostRoot && t != nil {
		root := *t
		if root.Root != "" && root.Root != sent.Message {
			root.Rerooted++ // it was handed over; the number tells texts in the old thread apart
			if p.Line != nil {
				landed.Left = &store.Post{Channel: root.Channel, Message: root.Root}
			}
		}

		root.Channel, root.Root = p.Place.Channel, sent.Message
		root.Doubt = ""
		if p.Unsure {
			root.Doubt = store.DoubtSought
		}

		landed.Thread = &root
	}

	out.Landed = []dispatch.Landed{landed}
	return out
}

// isNewMessage reports whether a post of a kind adds a message to a chat that stays there for all. Other posts change one, look
// for one, or are seen by one person only.
func isNewMessage(kind bridge.PostKind) bool {
	switch kind {
	case bridge.PostCard, bridge.PostMark, bridge.PostEphemeral, bridge.PostDouble:
		return false
	default:
		return true
	}
}
