package teams

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"parley/bridge"
	"parley/channels"
)

// An agent's message in a thread is sent to the customer as a reply. Just before that, Parley reads the message again
// with Graph, Microsoft's API for reading: its author may have edited or deleted it, and Teams may not have sent us that.
// (Teams never reports emoji on what people type.) What is found is stored as a fact, as if Teams had reported it, and
// decides whether the reply may be sent.

// Confirm reads the message at a place (channel, thread and message) again. text is what Parley is about to send to
// the customer. It returns
//   - Gone if the message was deleted.
//   - Changed if the message no longer says text, or has an edit that wasn't stored yet.
//   - Blocked if the organisation's data loss prevention keeps people from reading the message.
//   - Unchanged if it still says text, if we may not ask Graph, or if Graph can't show the thread.
//
// Confirm stores a deletion or an edit that it finds. If the message is Unchanged, it also stores new emoji on it.
func (h *history) Confirm(ctx context.Context, at bridge.Place, text string) (bridge.Confirmation, error) {
	if at.Thread == "" {
		return bridge.Unchanged, nil
	}

	ctx, cancel := context.WithTimeout(ctx, RequestTimeout)
	defer cancel()

	m, err := h.readAgain(ctx, at)
	if errors.Is(err, errCannotTell) {
		return bridge.Unchanged, nil // send the text as it was typed
	}
	if err != nil {
		return presumeChange(&m), err
	}

	found, err := h.confirmShown(ctx, at, &m, text)
	if err != nil {
		return presumeChange(&m), err
	}
	return found, nil
}

// presumeChange returns the worst that may have happened to a message, as far as Graph shows it. It is used if what
// has happened can't be determined, or can't be stored, at the moment.
func presumeChange(m *Message) bridge.Confirmation {
	if !m.DeletedAt.IsZero() {
		return bridge.Gone
	}
	hasEmoji := slices.ContainsFunc(m.Reactions, func(r GraphReaction) bool { return r.IsByPerson() })
	if hasEmoji || !m.EditedAt.IsZero() {
		return bridge.Changed
	}
	if m.Policy.Blocks() {
		return bridge.Blocked
	}
	return bridge.Unchanged
}

// confirmShown compares a message that Graph shows with what is stored, and stores what is missing; see Confirm.
func (h *history) confirmShown(ctx context.Context, at bridge.Place, m *Message, text string) (bridge.Confirmation, error) {
	inOurThread, err := h.Threads.IsOurs(ctx, at)
	if err != nil {
		return bridge.Unchanged, err
	}
	shown := Shown{Message: m, At: at, InOurThread: inOurThread}
	if !m.DeletedAt.IsZero() {
		return h.confirmDeletion(ctx, shown)
	}

	edit, err := h.missedEdit(ctx, shown)
	if err != nil {
		return bridge.Unchanged, err
	}
	if len(edit) > 0 {
		return bridge.Changed, h.Sweep.Accept(ctx, edit)
	}

	found, err := h.compareText(ctx, shown, text)
	if err != nil || found != bridge.Unchanged {
		return found, err
	}
	if m.Policy.Blocks() {
		return bridge.Blocked, nil
	}
	return bridge.Unchanged, h.storeEmoji(ctx, at, m)
}

// storeEmoji stores the emoji that people have put on a message, except those that are stored already.
func (h *history) storeEmoji(ctx context.Context, at bridge.Place, m *Message) error {
	found := map[string]*Activity{} // by the ids of their facts
	var ids []string
	for i := range m.Reactions {
		if !m.Reactions[i].IsByPerson() {
			continue
		}
		a := h.ReactionOf(at, &m.Reactions[i])
		id := ReactionID(&a)
		ids = append(ids, id)
		found[id] = &a
	}
	if len(ids) == 0 {
		return nil
	}

	known, err := h.Sweep.KnownFacts(ctx, ids...)
	if err != nil {
		return err
	}

	var missed []channels.Fact
	for _, id := range ids {
		if known[id] {
			continue
		}
		facts, err := h.FactsOfReaction(ctx, at, found[id])
		if err != nil {
			return err
		}
		missed = append(missed, facts...)
	}
	return h.Sweep.Accept(ctx, missed)
}

// errCannotTell means that Graph may not be asked about a message, or can't show its thread.
var errCannotTell = errors.New("teams: Graph can't tell what a message says")

// readAgain returns a message as Graph shows it now. If the message no longer exists, DeletedAt is set. If the message
// is so young that Graph may not show it yet, the error is errNotShownYet as well.
// Errors: errCannotTell, errNotShownYet, those of the request.
func (h *history) readAgain(ctx context.Context, at bridge.Place) (Message, error) {
	m, err := h.ReadMessage(ctx, at, at.Message)
	if errors.Is(err, ErrNotGranted) {
		return Message{}, errCannotTell
	}
	if errors.Is(err, ErrNotFound) {
		return h.deletedMessage(ctx, at)
	}
	if err != nil {
		return Message{}, readError(err)
	}

	if m.DeletedAt.IsZero() && m.IsBlank() {
		m.DeletedAt = h.Now()
		if h.isJustWritten(at.Message) {
			return m, errNotShownYet()
		}
	}

	return m, nil
}

// deletedMessage is called for a message that Graph doesn't find. It returns a message with only its ids and
// DeletedAt.
// Errors: errCannotTell if Graph doesn't find the thread either; errNotShownYet, together with the message, if the
// message is so young that Graph may not show it yet; those of the request.
func (h *history) deletedMessage(ctx context.Context, at bridge.Place) (Message, error) {
	isReadable, err := h.isThreadReadable(ctx, at)
	if err != nil {
		return Message{}, err
	}
	if !isReadable {
		return Message{}, errCannotTell
	}

	gone := Message{ID: at.Message, ReplyToID: at.Thread, DeletedAt: h.Now()}
	if h.isJustWritten(at.Message) {
		return gone, errNotShownYet()
	}
	return gone, nil
}

// confirmDeletion stores that a message was deleted, unless that is stored already.
func (h *history) confirmDeletion(ctx context.Context, m Shown) (bridge.Confirmation, error) {
	deletion, err := h.compareDeletion(ctx, m)
	if err != nil {
		return bridge.Unchanged, err
	}
	if deletion.unclear {
		return bridge.Unchanged, errNotShownYet()
	}
	if len(deletion.facts) == 0 {
		return bridge.Gone, nil
	}
	return bridge.Gone, h.Sweep.Accept(ctx, deletion.facts)
}

// compareText compares the text of a message with what is about to be sent. All edits of the message are stored, so if
// an edited message says something else, an edit hasn't been applied yet, and the result is Changed.
func (h *history) compareText(ctx context.Context, m Shown, text string) (bridge.Confirmation, error) {
	if m.EditedAt.IsZero() {
		return bridge.Unchanged, nil
	}
	p, a, err := h.PayloadOf(ctx, EventEdited, m)
	if err != nil {
		return bridge.Unchanged, err
	}
	latest := p.Said(m.At, &a)
	if !latest.MayLeave() || !bridge.SameText(latest.Text, text) {
		return bridge.Changed, nil
	}
	return bridge.Unchanged, nil
}

// maxGraphDelay is how long it may take until Graph shows a new message. It is shorter than the time that the engine
// waits for a change to be applied.
const maxGraphDelay = 30 * time.Second

func (h *history) isJustWritten(message string) bool {
	return h.Now().Sub(timeWritten(message)) < maxGraphDelay
}

// timeWritten returns when a message was written. In Teams the id of a message is that time, in milliseconds since
// 1970. For an id that isn't a number it returns the zero time.
func timeWritten(message string) time.Time {
	ms, err := strconv.ParseInt(message, 10, 64)
	if err != nil {
		return time.Time{}
	}
	return time.UnixMilli(ms)
}

// expectTextLater reports whether a message without text is so young that Graph may not show its text yet. If so, it
// announces a gap: channels are read again soon, and replies wait until then, because what was typed after this
// message must not be sent before it.
func (h *history) expectTextLater(message string) bool {
	if !h.isJustWritten(message) {
		return false
	}
	h.Sweep.CatchUpSoon(h.Now().Add(-maxGraphDelay))
	return true
}

// errNotShownYet makes the engine call Confirm again in two seconds, because Graph may not show the latest state yet.
func errNotShownYet() error {
	return &channels.SendError{Class: channels.Retry, Wait: 2 * time.Second, Text: "Teams doesn't show the message as it is yet."}
}

// readError turns an error by which Graph asks us to wait into a Throttled one. It returns other errors unchanged.
func readError(err error) error {
	wait, again := Wait(err)
	if again && wait > 0 {
		return &channels.SendError{Class: channels.Throttled, Wait: wait, Text: "Teams asks us to slow down.", Cause: err}
	}
	return err
}

// isThreadReadable reports whether the first message of a thread can be read. If it can't, a message that Graph
// doesn't find in the thread may still exist.
func (h *history) isThreadReadable(ctx context.Context, at bridge.Place) (bool, error) {
	if at.Thread == at.Message {
		return true, nil // the message begins the thread, and Graph, which may read the channel, hasn't found it
	}
	_, err := h.ReadMessage(ctx, at, at.Thread)
	if errors.Is(err, ErrNotFound) || errors.Is(err, ErrNotGranted) {
		return false, nil
	}
	return err == nil, err
}
