package engine

import (
	"context"

	"parley/bridge"
	"parley/bridge/relay"
	"parley/channels"
	"parley/store"
	"parley/store/blob"
)

// Messages holds the messages of one batch: what customers wrote, what agents replied, and notes for colleagues. It
// also holds the ids by which providers know them, customers' reactions, and files that are still to be fetched.
//
// For example, a mail arrives with one attachment: LinkExternalID records its Message-ID, and KeepFiles records the file.
type Messages struct {
	*Moment
	log            *Log
	posts          *Posts
	outbox         *Outbox
	deliveriesRead map[store.MessageID]bool // messages whose deliveries are loaded
	verbs          Table
	Rows           map[store.MessageID]*Message
	External       map[NameKey]store.ExternalID // by account and the provider's id; message 0 means it was deleted before it arrived
	newExternal    []store.ExternalID           // to be inserted
	relinked       []store.ExternalID           // to be updated: they belong to another conversation or message now
	Reactions      map[ReactionKey]store.Reaction
	Reacted        map[ReactionKey]bool // reactions that changed in this batch
	Fetches        []store.Fetch        // new files to be fetched
	Offers         []*Message           // replies that waited for the provider, for reply.PostOffers to offer to agents again
}

func newMessages(m *Moment, log *Log, posts *Posts, outbox *Outbox, verbs Table) *Messages {
	return &Messages{
		Moment:         m,
		log:            log,
		posts:          posts,
		outbox:         outbox,
		deliveriesRead: map[store.MessageID]bool{},
		verbs:          verbs,
		Rows:           map[store.MessageID]*Message{},
		External:       map[NameKey]store.ExternalID{},
		Reactions:      map[ReactionKey]store.Reaction{},
		Reacted:        map[ReactionKey]bool{},
	}
}

func (ms *Messages) flush(ctx context.Context, p *store.Pipeline) error {
	fresh, changed := newAndChanged(ms.Rows, func(m *Message) (store.Message, bool, bool) { return m.Message, m.Fresh, m.Dirty })
	if err := store.InsertMessages(ctx, p, fresh); err != nil {
		return err
	}
	if err := store.UpdateMessages(ctx, p, changed); err != nil {
		return err
	}
	if err := store.InsertExternalIDs(ctx, p, ms.newExternal); err != nil {
		return err
	}
	if err := blob.UseUploads(ctx, p, uploadedBlobs(fresh)); err != nil {
		return err
	}
	return store.MoveExternalIDs(ctx, p, ms.relinked)
}

func (ms *Messages) flushReactionsAndFetches(ctx context.Context, p *store.Pipeline) error {
	var rows []store.Reaction
	for k := range ms.Reacted {
		rows = append(rows, ms.Reactions[k])
	}
	if err := store.UpsertReactions(ctx, p, rows); err != nil {
		return err
	}
	return store.InsertFetches(ctx, p, ms.Fetches)
}

// uploadedBlobs returns the blobs of files that agents uploaded to Parley. Being part of a message protects them from
// expiry.
func uploadedBlobs(messages []store.Message) []string {
	var blobs []string
	for i := range messages {
		for _, f := range messages[i].Files {
			if f.Blob != "" && len(f.Surface) > 0 {
				blobs = append(blobs, f.Blob)
			}
		}
	}
	return blobs
}

// ReactionKey identifies a reaction by who reacted, and by the provider's id of the message (Target).
type ReactionKey struct {
	Account  store.AccountID
	Target   string
	Identity store.IdentityID
}

// LinkExternalID records the message that a provider's id belongs to, unless one is recorded already. Message 0
// records that the customer deleted the message before it arrived.
func (ms *Messages) LinkExternalID(
	account store.AccountID, external string, conversation store.ConversationID, message store.MessageID,
) {
	key := NameKey{account, external}
	link := store.ExternalID{AccountID: account, ExternalID: external, ConversationID: conversation, MessageID: message}
	before, known := ms.ByExternalID(key)
	switch {
	case !known:
		ms.newExternal = append(ms.newExternal, link)
	case before.MessageID == 0: // it was deleted before it arrived
		ms.relinked = append(ms.relinked, link)
	default:
		return
	}
	ms.External[key] = link
}

// KeepFiles records the files of a customer's message. A file with a Ref has to be fetched from the provider.
func (ms *Messages) KeepFiles(m *Message, a *store.Account, in channels.Inbound) {
	for i, f := range in.Attachments {
		ref := store.FileRef{Name: f.Name, ContentType: f.ContentType, SizeBytes: int64(len(f.Content)), Index: i, Inline: f.Inline}
		if f.Ref != "" {
			ref.Fetched, ref.SizeBytes = true, f.SizeBytes
			ms.Fetches = append(ms.Fetches, store.Fetch{
				ID:             ms.IDs.Next(),
				AccountID:      a.ID,
				ConversationID: m.ConversationID,
				MessageID:      m.ID,
				N:              i,
				Ref:            f.Ref,
				SizeBytes:      f.SizeBytes,
				State:          store.FetchWaiting,
				DueAt:          &ms.Now,
				CreatedAt:      ms.Now,
			})
		}

		m.Files = append(m.Files, ref)
	}
}

// LinkSentID records the provider's id of a message that Parley sent.
func (ms *Messages) LinkSentID(a *store.Account, m *Message, external string) {
	if external == "" {
		return
	}
	ms.LinkExternalID(a.ID, external, m.ConversationID, m.ID)
	if m.ExternalID == "" {
		m.ExternalID, m.Dirty = external, true
	}
}

// Move moves a message to another conversation, with its provider's id, so that answers to it find that conversation.
func (ms *Messages) Move(m *Message, c *Conversation) {
	m.ConversationID, m.Dirty = c.ID, true
	if m.ExternalID != "" {
		link := store.ExternalID{AccountID: c.AccountID, ExternalID: m.ExternalID, ConversationID: c.ID, MessageID: m.ID}
		ms.relinked = append(ms.relinked, link)
		ms.External[NameKey{c.AccountID, m.ExternalID}] = link
	}
}

// followMoved corrects the conversations of the providers' ids, which were read before their conversations were
// locked: a message may have been moved in between. Errors: relay.ErrAgain if a message was moved to a conversation
// that isn't loaded.
func (ms *Messages) followMoved(cs *Conversations) error {
	for key, link := range ms.External {
		m := ms.Rows[link.MessageID]
		if m == nil || m.ConversationID == link.ConversationID {
			continue
		}
		if cs.Rows[m.ConversationID] == nil {
			return relay.ErrAgain
		}
		link.ConversationID = m.ConversationID
		ms.External[key] = link
	}
	return nil
}

// AddByPerson adds what a person wrote in a surface (a chat of agents), as a note for colleagues. The caller may turn
// it into a reply.
func (ms *Messages) AddByPerson(r Request) *Message {
	m := &Message{Fresh: true, Message: store.Message{
		ID:             store.MessageID(ms.IDs.Next()),
		ConversationID: r.Conversation.ID,
		Direction:      store.DirectionNote,
		Fate:           store.FateInside,
		MessageAuthor:  store.MessageAuthor{AuthorUser: r.Actor.ID},
		MessagePlace: store.MessagePlace{
			AccountID: r.Surface,
			Channel:   r.Place.Channel,
			Thread:    r.Place.Thread,
			Place:     r.Place.Message,
		},
		Text:      r.Text,
		EventID:   ms.Event.ID,
		SaidAt:    ms.Now,
		CreatedAt: ms.Now,
	}}
	if r.Agent != nil {
		m.AgentID = &r.Agent.ID
	}

	m.Files = SurfaceFiles(r.Files)
	m.Rich = richRow(r.Rich)
	m.Promotional = r.Args.Promotional
	ms.Rows[m.ID] = m
	r.Conversation.NoteLatest(m)
	return m
}

// AddOutsideThread is AddByPerson for a text that was written outside of the conversation's thread. If it was typed, its
// post refers to the message but to no conversation: what is said below that post isn't part of the conversation's thread.
func (ms *Messages) AddOutsideThread(r Request) *Message {
	m := ms.AddByPerson(r.OutsideThread())
	m.Elsewhere = r.TypedPlace()
	wasTyped := m.Elsewhere != bridge.Place{}
	if wasTyped {
		k := r.PostKey()
		ms.posts.Remember(store.Post{AccountID: k.Account, Channel: k.Channel, Message: k.Message, MessageID: m.ID, Kind: HumanMessage})
	}
	return m
}

// AnsweredBy returns the message that a reply answers (Args.Message) if the customer has that message, or nil.
func (ms *Messages) AnsweredBy(c *Conversation, a bridge.Action) *Message {
	m := ms.Get(a.Args.Message)
	if m == nil || m.ConversationID != c.ID {
		return nil
	}
	customerHasIt := m.Direction == store.DirectionIn || m.Fate == store.FateOut
	if !customerHasIt {
		return nil
	}
	return m
}

// newestFor returns the message that a typed verb without a message id is about: the newest one of the conversation,
// as of when the verb was typed, to which the verb can be applied. It returns nil if there is none.
func (ms *Messages) newestFor(r Request) *Message {
	c, canApply := r.Conversation, ms.verbs.Of(r.Verb).CanApply
	if canApply == nil {
		return nil
	}

	var found *Message
	for _, said := range ms.Latest(c) {
		m := ms.Get(said.ID)
		if m == nil || !canApply(c.Conversation, &m.Message) || ms.WasSaidSince(m, r) {
			continue
		}
		if found == nil || WasSaidAfter(&m.Message, &found.Message) {
			found = m
		}
	}
	return found
}

// CanBeSent reports whether an agent may still send a message that has not left.
func CanBeSent(m *store.Message) bool {
	switch m.Fate {
	case store.FateAsk, store.FateParked:
		return true
	case store.FateUndone: // its author took it back, and didn't delete it
		return m.Reason != bridge.ReasonDeleted
	case store.FateInside: // its author did not expect it to stay inside
		return bridge.ConsequencesOf(m.Reason).MustTellAuthor
	default:
		return false
	}
}
