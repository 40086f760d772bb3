package fact

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"parley/bot/teams/card"
	"parley/bot/teams/connector"
	"parley/bridge"
)

// PlaceOf is where an activity happened: the channel (or chat), the thread, and the activity's own id as
// Message. A message that begins a thread has no Thread.
func PlaceOf(a *connector.Activity) bridge.Place {
	if a.Conversation == nil {
		return bridge.Place{}
	}
	channel, root := connector.SplitThread(a.Conversation.ID)
	if a.Conversation.ConversationType == connector.ConversationChannel && a.ChannelData != nil && a.ChannelData.Channel != nil && a.ChannelData.Channel.ID != "" {
		channel = a.ChannelData.Channel.ID
	}
	p := bridge.Place{Channel: channel, Thread: root, Message: a.ID}
	if p.Thread == p.Message {
		p.Thread = ""
	}
	return p
}

// Root is the id of the thread that a place is in, or that its message begins.
func Root(p bridge.Place) string {
	if p.Thread != "" {
		return p.Thread
	}
	return p.Message
}

// InChannel says whether something happened in a channel of a team.
func InChannel(a *connector.Activity) bool {
	return a.Conversation != nil && (a.Conversation.ConversationType == connector.ConversationChannel ||
		a.Conversation.ConversationType == "" && strings.HasPrefix(a.Conversation.ID, "19:"))
}

// InPersonal says whether something happened in a person's chat with us.
func InPersonal(a *connector.Activity) bool {
	return a.Conversation != nil && a.Conversation.ConversationType == connector.ConversationPersonal
}

// BySelf says whether an activity is our own.
func (p Payload) BySelf(a *connector.Activity) bool { return a.From != nil && a.From.ID == p.Me }

// Actor says who caused an activity. Only somebody who is known to be of our own organisation counts as
// a person, because only a person may ever cause a reply.
func (p Payload) Actor(a *connector.Activity) bridge.Actor {
	if a.From == nil || a.From.ID == "" {
		return bridge.Actor{Kind: bridge.ActorBot}
	}
	id := a.From.ID
	if id == p.Me {
		return bridge.Actor{ID: id, Kind: bridge.ActorSelf}
	}
	if strings.HasPrefix(id, "28:") || strings.EqualFold(a.From.Role, "bot") {
		return bridge.Actor{ID: id, Kind: bridge.ActorBot}
	}
	known, ok := p.Who[id]
	switch {
	case !ok || known.User == "":
		return bridge.Actor{ID: id, Kind: bridge.ActorForeign}
	case bridge.ActorKind(known.Kind) == bridge.ActorPerson:
		return bridge.Actor{ID: known.User, Kind: bridge.ActorPerson}
	}
	return bridge.Actor{ID: known.User, Kind: bridge.ActorForeign}
}

// order gives a key that sorts messages as people typed them. The id of a message is its time in milliseconds.
func order(id string) string {
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil || n < 0 {
		return ""
	}
	return fmt.Sprintf("%010d.%06d", n/1000, n%1000*1000)
}

// html gives the HTML of a person's message, "" if it has none.
func html(a *connector.Activity) string {
	for _, at := range a.Attachments {
		var content string
		if at.ContentType == connector.ContentHTML && json.Unmarshal(at.Content, &content) == nil {
			return content
		}
	}
	return ""
}

// Text reads what somebody typed.
func (p Payload) Text(a *connector.Activity) card.Text {
	t := card.Typed{HTML: html(a), Text: a.Text, Format: a.TextFormat, Bot: p.Me}
	for _, e := range a.Entities {
		t.Quotes = t.Quotes || e.Type == connector.EntityQuote
		if e.Type != connector.EntityMention || e.Mentioned == nil {
			continue
		}
		m := card.TypedMention{ID: e.Mentioned.ID, User: e.Mentioned.AADObjectID, Name: cmp.Or(card.Words(e.Text), e.Mentioned.Name), Text: e.Text, Index: len(t.Mentions)}
		if known, ok := p.Who[m.ID]; ok && known.User != "" {
			m.User = known.User
			if known.Name != "" {
				m.Name = known.Name
			}
		}
		t.Mentions = append(t.Mentions, m)
	}
	return card.ReadText(t)
}

// words reads a message with people named as the message names them. What we know of people may differ
// tomorrow or on another replica, and ids made of the words must not.
func (p Payload) words(a *connector.Activity) card.Text { return Payload{Me: p.Me}.Text(a) }

// content is a digest of a message's words and files. It tells versions of a message apart, and is the
// same whether the webhook or Graph gives the version.
func (p Payload) content(a *connector.Activity) string {
	t := p.words(a)
	files := slices.Clone(t.Files)
	slices.Sort(files)
	return Digest(append([]string{strings.Join(strings.Fields(t.Named(t.Plain)), " ")}, files...)...)
}

// EditID names one edit of a message.
func (p Payload) EditID(at bridge.Place, a *connector.Activity) string {
	return "e:" + at.Channel + ":" + at.Message + ":" + Version(a) + ":" + p.content(a)
}

// Version is when a message was changed, in a form that sorts by time; "" where that isn't told.
func Version(a *connector.Activity) string {
	t := a.At()
	if t.IsZero() {
		return ""
	}
	return fmt.Sprintf("%020d", t.UnixMilli())
}

// Told is the version as the engine gets it: when the message was changed, and a digest of what it says.
// The webhook and Graph agree on the digest, though their times may differ. Pictures can't be compared
// so: a message that has some gets the time alone.
func (p Payload) Told(a *connector.Activity) string {
	t := p.words(a)
	if len(t.Images) > 0 || len(Pictures(a)) > 0 {
		return Version(a)
	}
	files := slices.Clone(t.Files)
	slices.Sort(files)
	return Version(a) + ":" + Digest(append([]string{t.Named(t.Markdown), strconv.FormatBool(t.Bot), strconv.FormatBool(t.Leads)}, files...)...)
}

// knownSpan is how far apart the times may be that the webhook and Graph give for the same edit.
const knownSpan = 60 // seconds

// KnownIDs are the ids of the facts by which a version of a message may be known: they hold what it says
// and about when it was written. The first one is the id under which this version is kept.
func (p Payload) KnownIDs(at bridge.Place, a *connector.Activity) []string {
	span, content := a.At().Unix()/knownSpan, p.content(a)
	var ids []string
	for _, near := range []int64{0, -1, 1} {
		ids = append(ids, fmt.Sprintf("v:%s:%s:%s:%d", at.Channel, at.Message, content, span+near))
	}
	return ids
}
