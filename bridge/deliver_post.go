package bridge

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"

	"parley/bridge/relay"
	"parley/channels"
	"parley/store"
)

// sendPost makes one post to a surface.
func (e *Engine) sendPost(ctx context.Context, c store.Claimed) (relay.Sent, error) {
	s := e.surface(c.AccountID)
	if s == nil {
		return relay.Sent{}, &channels.SendError{Class: channels.Retry, Wait: pausedWait, Text: "The surface is not connected."}
	}
	p, t, err := e.post(ctx, c)
	if err != nil {
		return relay.Sent{}, err
	}
	if p.Kind == PostFiles && len(p.Files) == 0 {
		return relay.Sent{}, nil
	}
	sent, err := s.Send(ctx, p)
	if err == nil {
		e.trouble(c.AccountID, p.Place.Channel, nil)
		return landedPost(c, p, t, sent), nil
	}
	progress := relay.Sent{Progress: sent.Progress}
	switch {
	case errors.Is(err, ErrMessageGone) && p.Kind != PostCard, errors.Is(err, ErrThreadLost) && p.Kind == PostEphemeral:
		return relay.Sent{}, nil // nothing left to mark
	case errors.Is(err, ErrThreadLost), errors.Is(err, ErrMessageGone):
		return progress, e.reportLost(ctx, c, t, p)
	case errors.Is(err, ErrChannelClosed):
		e.trouble(c.AccountID, p.Place.Channel, &channels.Condition{Status: channels.Broken, Text: "The channel " + p.Place.Channel +
			" can't be posted to.", Hint: "Unarchive it, or invite the app: /invite @Parley. Nothing is lost meanwhile."})
		return progress, &channels.SendError{Class: channels.Retry, Wait: channelClosed, Cause: err,
			Text: "The channel can't be posted to.", Hint: "Unarchive it, or invite the app: /invite @Parley"}
	case p.Kind == PostRoot && channels.ClassOf(err) == channels.BadContent:
		return progress, e.reportRefused(ctx, c, err)
	}
	return progress, err
}

// reportLost journals that a root is gone, so that it is posted anew, once.
func (e *Engine) reportLost(ctx context.Context, c store.Claimed, t *store.Thread, p Post) error {
	root := p.Place.Thread
	if root == "" {
		root = p.Place.Message
	}
	if t == nil || root == "" {
		return &channels.SendError{Class: channels.BadContent, Text: "The message it answers is gone."}
	}
	f := ownFact{Kind: ownThreadLost, Conversation: c.ConversationID, Surface: c.AccountID, Root: root}
	_, err := store.InsertEvents(ctx, e.pool, []store.NewEvent{f.event(fmt.Sprintf("lost:%d:%s", c.ConversationID, root))})
	e.relay.WakeShards()
	return &channels.SendError{Class: channels.Retry, Wait: waitForRoot, Text: "The thread's first message was deleted; it is posted anew.", Cause: err}
}

// reportRefused journals, once, that a thread can't be opened. It is not given up: without
// it nobody would ever see the conversation.
func (e *Engine) reportRefused(ctx context.Context, c store.Claimed, refused error) error {
	f := ownFact{Kind: ownPostFailed, Conversation: c.ConversationID, Delivery: c.ID, Account: c.AccountID, Post: c.Kind, Text: "The thread can't be opened."}
	var se *channels.SendError
	if errors.As(refused, &se) {
		f.Text = se.Text
	}
	_, err := store.InsertEvents(ctx, e.pool, []store.NewEvent{f.event(fmt.Sprintf("refused:%d", c.ID))})
	e.relay.WakeShards()
	return &channels.SendError{Class: channels.Retry, Wait: channelClosed, Text: f.Text, Cause: errors.Join(refused, err)}
}

// post reads what is to be posted, as it is now.
func (e *Engine) post(ctx context.Context, c store.Claimed) (Post, *store.Thread, error) {
	var body payload
	if err := json.Unmarshal(c.Payload, &body); err != nil {
		return Post{}, nil, fmt.Errorf("bridge: delivery %d: %w", c.ID, err)
	}
	p := Post{Kind: PostKind(c.Kind), DeliveryID: c.ID, Token: token(c), Part: c.Part, Attempt: c.Attempt, Place: body.Place,
		To: body.To, Line: body.Line, Mark: body.Mark, Progress: c.Progress}
	if c.FirstAt != nil {
		p.FirstAttemptAt = *c.FirstAt
	}
	if c.ConversationID == 0 {
		return p, nil, nil
	}
	t, err := e.placePost(ctx, c, &p)
	if err != nil {
		return p, nil, err
	}
	facts, err := e.facts(ctx, e.pool, c.AccountID, nil, c.ConversationID)
	if err != nil {
		return p, nil, retry(err)
	}
	if len(facts) > 0 {
		p.Facts = facts[0]
	}
	if p.Kind == PostSaid || p.Kind == PostFiles {
		err = e.addSaid(ctx, c, body, &p)
	}
	return p, t, err
}

// token names a delivery's part to a surface; opaque there.
func token(c store.Claimed) string {
	return strconv.FormatInt(c.ID, 36) + "." + strconv.Itoa(c.Part)
}

// placePost puts a post into the conversation's thread.
func (e *Engine) placePost(ctx context.Context, c store.Claimed, p *Post) (*store.Thread, error) {
	threads, err := store.Threads(ctx, e.pool, []int64{c.ConversationID})
	if err != nil {
		return nil, retry(err)
	}
	for i := range threads {
		t := &threads[i]
		if t.AccountID != c.AccountID {
			continue
		}
		if p.Place.Channel == "" {
			p.Place.Channel = t.Channel
		}
		switch {
		case p.Kind == PostRoot:
			return t, nil
		case t.Root == "":
			return nil, &channels.SendError{Class: channels.Retry, Wait: waitForRoot, Text: "The thread is not open yet."}
		case p.Kind == PostCard:
			p.Place.Message = t.Root
		case p.Place.Thread == "":
			p.Place.Thread = t.Root
		}
		return t, nil
	}
	return nil, retry(errors.New("bridge: the conversation has no thread here"))
}

// addSaid adds a customer's message, and its files where they are posted.
func (e *Engine) addSaid(ctx context.Context, c store.Claimed, body payload, p *Post) error {
	messages, err := store.Messages(ctx, e.pool, c.MessageID)
	if err != nil || len(messages) == 0 {
		return retry(err)
	}
	m := messages[0]
	p.Said = &Said{MessageID: m.ID, From: p.Facts.Contact, At: m.SaidAt, Text: m.Text, Quoted: m.Quoted, Notices: m.Notices, ShowQuote: body.Quote}
	if m.IdentityID != nil {
		if found, err := store.Identities(ctx, e.pool, []int64{*m.IdentityID}); err == nil && len(found) > 0 {
			p.Said.From = PartyRef{Name: found[0].Name, Address: found[0].Key}
			if p.Said.From.Name == "" {
				p.Said.From.Name = found[0].Key
			}
		}
	}
	for _, f := range m.Files {
		p.Said.Files = append(p.Said.Files, f.Name)
	}
	if m.HasHTML && e.opt.Original != nil {
		p.Said.Original = e.opt.Original(m.ID)
	}
	if p.Kind == PostFiles {
		p.Files, err = e.MessageFiles(ctx, m.ID)
	}
	return retry(err)
}

// MessageFiles reads the files of a customer's message from the stored original;
// the HTML original is among them where nothing else shows it.
func (e *Engine) MessageFiles(ctx context.Context, id int64) ([]channels.File, error) {
	in, m, err := e.original(ctx, id)
	if err != nil {
		return nil, err
	}
	var files []channels.File
	for _, ref := range m.Files {
		if ref.Index < len(in.Attachments) {
			a := in.Attachments[ref.Index]
			files = append(files, memoryFile(a.Name, a.ContentType, a.Content))
		}
	}
	if in.HTML != "" && e.opt.Original == nil {
		files = append(files, memoryFile("original.html", "text/html", []byte(in.HTML)))
	}
	return files, nil
}

// OriginalHTML gives the sanitised HTML original of a customer's message.
func (e *Engine) OriginalHTML(ctx context.Context, id int64) (string, error) {
	in, _, err := e.original(ctx, id)
	return in.HTML, err
}

// original decodes the stored bytes of a customer's message again.
func (e *Engine) original(ctx context.Context, id int64) (channels.Inbound, store.Message, error) {
	messages, err := store.Messages(ctx, e.pool, id)
	if err != nil || len(messages) == 0 {
		return channels.Inbound{}, store.Message{}, errors.Join(err, fmt.Errorf("bridge: message %d: not found", id))
	}
	m := messages[0]
	ev, err := store.GetEvent(ctx, e.pool, m.EventID)
	if err != nil {
		return channels.Inbound{}, m, err
	}
	raw := ev.Payload
	if ev.Blob != nil {
		if raw, err = store.GetBlob(ctx, e.pool, *ev.Blob); err != nil {
			return channels.Inbound{}, m, err
		}
	}
	ch := e.channel(ev.AccountID)
	if ch == nil {
		return channels.Inbound{}, m, errors.New("bridge: the account of the message isn't connected")
	}
	list, err := ch.Decode(raw)
	if err != nil || m.Part >= len(list) {
		return channels.Inbound{}, m, errors.Join(err, fmt.Errorf("bridge: message %d: its original can't be read", id))
	}
	return list[m.Part], m, nil
}

func memoryFile(name, contentType string, content []byte) channels.File {
	return channels.File{Name: name, ContentType: contentType, SizeBytes: int64(len(content)),
		Open: func(context.Context) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(content)), nil }}
}

func opener(s Surface, f SurfaceFile) func(context.Context) (io.ReadCloser, error) {
	return func(ctx context.Context) (io.ReadCloser, error) { return s.Open(ctx, f) }
}

// landedPost remembers where a post is, for replies, reactions and deletions.
func landedPost(c store.Claimed, p Post, t *store.Thread, sent Sent) relay.Sent {
	out := relay.Sent{ExternalID: sent.Message, Progress: sent.Progress, More: sent.More}
	if sent.Message == "" || p.Kind == PostCard || p.Kind == PostMark || p.Kind == PostEphemeral {
		return out
	}
	landed := store.Landed{Post: store.Post{AccountID: c.AccountID, Channel: p.Place.Channel, Message: sent.Message,
		ConversationID: c.ConversationID, MessageID: c.MessageID, Kind: c.Kind}}
	if p.Kind == PostRoot && t != nil {
		root := *t
		root.Root = sent.Message
		landed.Thread = &root
	}
	out.Landed = []store.Landed{landed}
	return out
}
