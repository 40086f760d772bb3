package engine

import (
	"context"
	"slices"

	"parley/bridge"
	"parley/bridge/engine/outbound"
	"parley/channels"
	"parley/store"
)

// messages holds the messages that one batch has loaded, with the ids by which providers know them,
// customers' reactions to them, and their files that are still to be fetched.
type messages struct {
	*moment
	rows        map[int64]*message
	external    map[userKey]store.ExternalID
	newExternal []store.ExternalID
	moved       []store.ExternalID // ids that now belong to another conversation or message
	reactions   map[reactionKey]store.Reaction
	reacted     map[reactionKey]bool // reactions that changed
	fetches     []store.Fetch        // new files to be fetched
	offers      []*message           // parked replies to be offered again
}

func newMessages(m *moment) *messages {
	return &messages{moment: m, rows: map[int64]*message{}, external: map[userKey]store.ExternalID{},
		reactions: map[reactionKey]store.Reaction{}, reacted: map[reactionKey]bool{}}
}

func (ms *messages) flush(ctx context.Context, p *store.Pipeline) error {
	fresh, changed := written(ms.rows, func(m *message) (store.Message, bool, bool) { return m.Message, m.fresh, m.dirty })
	if err := store.InsertMessages(ctx, p, fresh); err != nil {
		return err
	}
	if err := store.UpdateMessages(ctx, p, changed); err != nil {
		return err
	}
	if err := store.InsertExternalIDs(ctx, p, ms.newExternal); err != nil {
		return err
	}
	if err := store.UseUploads(ctx, p, uploads(fresh)); err != nil {
		return err
	}
	return store.MoveExternalIDs(ctx, p, ms.moved)
}

func (ms *messages) flushReactions(ctx context.Context, p *store.Pipeline) error {
	var rows []store.Reaction
	for k := range ms.reacted {
		rows = append(rows, ms.reactions[k])
	}
	if err := store.UpsertReactions(ctx, p, rows); err != nil {
		return err
	}
	return store.InsertFetches(ctx, p, ms.fetches)
}

// uploads are the blobs of the files that were uploaded to us.
func uploads(messages []store.Message) []string {
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

type reactionKey struct {
	account  int64
	target   string
	identity int64
}

// tie records which message a provider's id belongs to, unless that is known. Message 0 = the customer
// deleted the message before it came.
func (ms *messages) tie(account int64, external string, conversation, message int64) {
	k := userKey{account, external}
	x := store.ExternalID{AccountID: account, ExternalID: external, ConversationID: conversation, MessageID: message}
	switch before, known := ms.external[k]; {
	case known && before.MessageID == 0: // its deletion came first
		ms.external[k] = x
		ms.moved = append(ms.moved, x)
		return
	case known:
		return
	}
	ms.external[k] = x
	ms.newExternal = append(ms.newExternal, x)
}

// keepFiles notes the files of a message, and that those with a Ref are to be fetched.
func (ms *messages) keepFiles(m *message, a *store.Account, in channels.Inbound) {
	for i, f := range in.Attachments {
		ref := store.FileRef{Name: f.Name, ContentType: f.ContentType, SizeBytes: int64(len(f.Content)), Index: i, Inline: f.Inline}
		if f.Ref != "" {
			ref.Fetched, ref.SizeBytes = true, f.SizeBytes
			ms.fetches = append(ms.fetches, store.Fetch{ID: ms.ids.Next(), AccountID: a.ID, ConversationID: m.ConversationID, MessageID: m.ID, N: i,
				Ref: f.Ref, SizeBytes: f.SizeBytes, State: store.FetchWaiting, DueAt: &ms.now, CreatedAt: ms.now})
		}
		m.Files = append(m.Files, ref)
	}
}

// tieSent ties a provider's id to a message of ours.
func (ms *messages) tieSent(a *store.Account, m *message, external string) {
	if external == "" {
		return
	}
	ms.tie(a.ID, external, m.ConversationID, m.ID)
	if m.ExternalID == "" {
		m.ExternalID, m.dirty = external, true
	}
}

// move gives a message to another conversation, and with its provider's id the answers to it.
func (ms *messages) move(m *message, c *conv) {
	m.ConversationID, m.dirty = c.ID, true
	if m.ExternalID != "" {
		ms.moved = append(ms.moved, store.ExternalID{AccountID: c.AccountID, ExternalID: m.ExternalID, ConversationID: c.ID, MessageID: m.ID})
	}
}

// addByPerson adds a person's message as a note that stays inside; the caller decides its fate.
func (ms *messages) addByPerson(r request) *message {
	m := &message{fresh: true, Message: store.Message{ID: ms.ids.Next(), ConversationID: r.conv.ID, Direction: store.DirectionNote, Fate: store.FateInside,
		AuthorUser: r.Actor.ID, AccountID: r.surface, Channel: r.Place.Channel, Thread: r.Place.Thread, Place: r.Place.Message, Text: r.Text,
		EventID: ms.event.ID, SaidAt: ms.now, CreatedAt: ms.now}}
	if r.agent != nil {
		m.AgentID = &r.agent.ID
	}
	m.Files, m.Rich, m.Promotional = surfaceFiles(r.Files), richRow(r.Rich), r.Args.Promotional
	ms.rows[m.ID] = m
	r.conv.last = append(r.conv.last, m.Message)
	return m
}

// unanswered makes the conversation wait for its agents again when a reply did not reach the customer,
// unless another reply since the customer's last message did or still may.
func (ms *messages) unanswered(c *conv) {
	recent := slices.SortedFunc(slices.Values(c.last), func(a, b store.Message) int {
		if later(&a, &b) {
			return -1
		}
		return 1
	})
	for i := range recent {
		m := ms.rows[recent[i].ID]
		if m == nil || m.Direction == store.DirectionIn {
			break
		}
		if m.Direction == store.DirectionOut && m.Reason != outbound.MachineReason && (m.Fate == store.FateWaiting || m.Fate == store.FateOut || m.Fate == store.FateUnclear) {
			return
		}
	}
	if c.status() == bridge.StatusPending {
		c.Status = string(bridge.StatusOpen)
	}
	if c.WaitingSince == nil && c.status().Open() {
		c.WaitingSince = &ms.now
	}
	c.refreshCard()
}

// answeredBy finds the one message that a reply answers; nil = none in particular.
func (ms *messages) answeredBy(c *conv, a bridge.Action) *message {
	m := ms.rows[a.Args.Message]
	if m == nil || m.ConversationID != c.ID || m.Direction != store.DirectionIn && m.Fate != store.FateOut {
		return nil // the customer hasn't that message
	}
	return m
}

// newestAsking finds the newest message of a conversation that a verb without an
// object can mean.
func (ms *messages) newestAsking(c *conv, verb bridge.Verb) *message {
	var found *message
	for i := range c.last {
		m := ms.rows[c.last[i].ID]
		if m != nil && asksFor(c, m, verb) && (found == nil || later(&m.Message, &found.Message)) {
			found = m
		}
	}
	return found
}

func asksFor(c *conv, m *message, verb bridge.Verb) bool {
	switch verb {
	case bridge.VerbSend:
		return m.Fate == store.FateAsk || m.Fate == store.FateParked || m.Fate == store.FateUndone || m.Fate == store.FateInside && Told(m.Reason)
	case bridge.VerbKeep, bridge.VerbDrop:
		return m.Fate == store.FateAsk || m.Fate == store.FateParked || m.Fate == store.FateWaiting
	case bridge.VerbSendAgain:
		return m.Fate == store.FateFailed || m.Fate == store.FateUnclear
	case bridge.VerbMarkSent:
		return m.Fate == store.FateUnclear
	case bridge.VerbBlock:
		return m.Direction == store.DirectionIn && m.Automatic != ""
	case bridge.VerbPromote, bridge.VerbSilence:
		return m.Direction == store.DirectionIn && (m.Automatic != "" || c.Collects != nil)
	}
	return false
}
