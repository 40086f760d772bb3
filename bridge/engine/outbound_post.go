package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"parley/bridge"
	"parley/bridge/relay"
	"parley/channels"
	"parley/store"
)

// postAttempt is one attempt to send a post to a surface, a chat of agents such as Slack. A post is the root (the
// first message of a conversation's thread, with a card of its facts), an update of the card, a customer's
// message, files, a line (a remark by Parley), or a mark (an emoji on a message).
//
// The post is built from the current rows just before it is sent. For example, a card that waited for an hour
// shows the present status.
type postAttempt struct {
	attempt
	body Payload    // set by makePost
	dir  *Directory // with which makePost built the post
}

// Send implements relay.Attempt. A post that is wrong or unnecessary by now is not sent, without an error.
func (a *postAttempt) Send(ctx context.Context) (relay.Sent, error) {
	s := a.engine.Surface(a.claim.AccountID)
	if s == nil {
		err := &channels.SendError{Class: channels.Retry, Wait: PausedWait, Text: "The surface is not connected."}
		return relay.Sent{}, a.giveUpIfMoved(err)
	}

	switch bridge.PostKind(a.claim.Kind) {
	case bridge.PostErased:
		return a.sendErased(ctx, s)
	case bridge.PostFiles:
		release, err := a.reserveMemory(ctx)
		if err != nil {
			return relay.Sent{}, Retry(err)
		}
		defer release()
	default: // only files need much memory
	}

	p, t, err := a.makePost(ctx)
	isOfDeleted := a.conversations[a.claim.ConversationID] != nil && a.conversations[a.claim.ConversationID].CloseReason == bridge.CloseDeleted
	if isOfDeleted && p.Kind != bridge.PostEphemeral {
		return relay.Sent{}, nil
	}
	if a.isForUnopened() {
		return relay.Sent{}, a.giveUpIfMoved(err)
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
	if a.body.Aside && errors.Is(err, bridge.ErrChannelClosed) {
		return relay.Sent{}, errAside(err) // whoever asked is told, and asks elsewhere
	}
	if err != nil {
		return a.postFailed(ctx, p, t, sent, err)
	}
	if !sent.Elsewhere {
		a.engine.Trouble(a.claim.AccountID, p.Place.Channel, nil)
	}
	return landedPost(a.claim, p, t, sent), nil
}

// Reconcile implements relay.Attempt. It looks for the post of an attempt whose response was lost.
func (a *postAttempt) Reconcile(ctx context.Context) (channels.Outcome, relay.Sent, error) {
	s := a.engine.Surface(a.claim.AccountID)
	p, t, err := a.makePost(ctx)
	if err != nil || s == nil {
		return channels.CannotTell, relay.Sent{}, err
	}
	if p.Kind == bridge.PostRoot {
		return a.reconcileRoot(ctx, s, p, t)
	}
	outcome, sent, err := s.Reconcile(ctx, p)
	return outcome, a.foundPost(p, t, sent), err
}

// reserveMemory waits until there is memory for the files of a post. The caller must call release afterwards.
func (a *postAttempt) reserveMemory(ctx context.Context) (release func(), err error) {
	size := Size(a.messages[a.claim.MessageID])
	for _, d := range a.claim.With {
		size += Size(a.messages[d.MessageID])
	}
	return a.sender.Files.ReserveMemory(ctx, size)
}

// makePost builds the post of a delivery and sets a.body and a.dir. It returns the thread to which the post goes,
// or nil for a post that belongs to no conversation.
func (a *postAttempt) makePost(ctx context.Context) (bridge.Post, *store.Thread, error) {
	c := a.claim
	var body Payload
	if err := json.Unmarshal(c.Payload, &body); err != nil {
		return bridge.Post{}, nil, fmt.Errorf("outbound: delivery %d: %w", c.ID, err)
	}

	p := bridge.Post{
		Kind:       bridge.PostKind(c.Kind),
		DeliveryID: sentAs(c),
		Token:      partToken(c),
		Part:       c.Part,
		Attempt:    c.Attempt,
		Place:      body.Place,
		Unsure:     body.Unsure,
		To:         body.To,
		Line:       body.Line,
		Mark:       body.Mark,
		Clears:     body.Clears,
		Progress:   c.Progress,
	}
	if c.FirstAt != nil {
		p.FirstAttemptAt = *c.FirstAt
	}
	if s := body.Sought; s != nil {
		p.Token, p.FirstAttemptAt = tokenOf(s.Delivery, 0), s.Since
	}

	dir := a.engine.Directory()
	a.body, a.dir = body, dir
	if c.ConversationID == 0 {
		p.Place.Channel = dir.ChannelNow(c.AccountID, p.Place.Channel)
		return p, nil, nil
	}
	if a.err != nil {
		return p, nil, a.err
	}

	t, err := a.placeOf(ctx, &p)
	if err != nil {
		return p, nil, err
	}

	p.Place.Channel = dir.ChannelNow(c.AccountID, p.Place.Channel)
	if conv := a.conversations[c.ConversationID]; conv != nil {
		related := a.relatedIn(p.Place)
		p.Facts = a.engine.PostFacts(dir, c.AccountID, conv, a.identities, a.threads, related, a.now)
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

// addSaid adds a customer's message to a post, and the messages that are posted together with it. For a PostFiles
// it adds their files.
func (a *postAttempt) addSaid(ctx context.Context, body Payload, p *bridge.Post) error {
	m := a.messages[a.claim.MessageID]
	if m == nil {
		return nil
	}

	said := a.makeSaid(m, p.Facts.Contact, body)
	said.ShowQuote, said.Late = body.Quote, body.Dated
	for _, d := range a.claim.With {
		if next := a.messages[d.MessageID]; next != nil {
			said.Then = append(said.Then, a.makeSaid(next, said.From, PayloadOf(&d)))
		}
	}

	p.Said = &said
	if p.Kind != bridge.PostFiles {
		return nil
	}
	if err := a.addPostFiles(ctx, m, body, p); err != nil {
		return Retry(err)
	}

	for _, d := range a.claim.With {
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
func (a *postAttempt) addPostFiles(ctx context.Context, m *store.Message, body Payload, p *bridge.Post) error {
	found, missing, err := a.sender.Files.Read(ctx, m, Selection{
		IsFetched:   func(f store.FileRef) bool { return slices.Contains(body.Files, f.Index) },
		OnlyFetched: body.Only,
	})
	p.Files = append(p.Files, found...)
	p.Missing = append(p.Missing, missing...)
	return err
}

// makeSaid returns a customer's message for display, as its delivery body says. from is its author if the message has no
// identity.
func (a *postAttempt) makeSaid(m *store.Message, from bridge.PartyRef, body Payload) bridge.Said {
	s := bridge.Said{
		MessageID: m.ID,
		From:      from,
		At:        m.SaidAt,
		Text:      m.Text,
		Quoted:    m.Quoted,
		Notices:   m.Notices,
		Answers:   body.Answers,
	}
	if body.Subject {
		s.Subject = m.Subject
	}
	if m.IdentityID != nil && a.identities[*m.IdentityID] != nil {
		s.From = a.refOf(a.identities[*m.IdentityID])
	}
	if m.IsFromElsewhere() {
		s.From, s.Elsewhere = bridge.PartyRef{Name: string(m.AuthorUser)}, true
	}

	for _, f := range m.Files {
		s.Files = append(s.Files, f.Name)
	}

	if m.HasHTML && a.sender.Original != nil {
		s.Original = a.sender.Original(m.ID)
	}

	return s
}

// refOf names a customer in the conversation that the post is about.
func (a *postAttempt) refOf(i *store.Identity) bridge.PartyRef {
	if c := a.conversations[a.claim.ConversationID]; c != nil {
		ref := RefIn(c, i)
		ref.Stranger = c.IdentityID != nil && IsStranger(c, a.identities[*c.IdentityID], i)
		return ref
	}
	return RefOf(i)
}

// landedPost returns what to record of a post that was made: where it is, so that replies, reactions and
// deletions find it.
func landedPost(c store.ClaimedDelivery, p bridge.Post, t *store.Thread, sent bridge.Sent) relay.Sent {
	out := relay.Sent{ExternalID: sent.Message, Progress: sent.Progress, More: sent.More, Blind: sent.Blind}
	if sent.Message == "" || !isNewMessage(p.Kind) {
		return out
	}

	landed := store.LandedPart{Post: store.Post{
		AccountID:      c.AccountID,
		Channel:        p.Place.Channel,
		Message:        sent.Message,
		ConversationID: c.ConversationID,
		MessageID:      c.MessageID,
		Kind:           c.Kind,
	}}
	body := PayloadOf(&c.Delivery)
	switch isAside := body.Aside; {
	case body.Below != 0: // an emoji on it means nothing
		landed.Post.Kind = store.PostAsked
	case isAside && sent.Channel != "":
		landed.Post.Channel, landed.Post.Kind = sent.Channel, store.PostAsked
	case isAside:
		landed.Post.Kind = store.PostAside
	}
	if p.Kind == bridge.PostRoot && t != nil {
		root := *t
		if root.Root != "" && root.Root != sent.Message {
			root.Rerooted++ // handed over: the number distinguishes texts in the former thread
			if p.Line != nil {
				landed.LeftRoot = &store.Post{Channel: root.Channel, Message: root.Root}
			}
		}

		root.Channel, root.Root = p.Place.Channel, sent.Message
		root.Doubt = ""
		if p.Unsure {
			root.Doubt = store.DoubtSought
		}

		landed.Thread = &root
	}

	out.Landed = []store.LandedPart{landed}
	return out
}

// isNewMessage reports whether a post of a kind adds a permanent message for everybody to a chat. Other posts
// change or look for one, or are seen by one person only.
func isNewMessage(kind bridge.PostKind) bool {
	switch kind {
	case bridge.PostCard, bridge.PostMark, bridge.PostEphemeral, bridge.PostDouble:
		return false
	default:
		return true
	}
}
