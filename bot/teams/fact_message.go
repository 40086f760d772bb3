package teams

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"parley/bot/forms"
	"parley/bot/teams/card"
	"parley/bridge"
	"parley/channels"
)

// An activity is one event that Teams sends to Parley, such as "Ann wrote a message" or "Ann edited it". This file reads
// from it where it happened, who did it, and what was typed. It also makes the ids under which versions of a message
// are stored. Teams (by its requests) and Graph (when Parley reads a channel later) report the same version with
// slightly different data. So the ids use only what both agree on.

// PlaceOf returns the place of an activity: the channel or chat, the thread, and the activity's own id as Message. A
// message that begins a thread has no Thread.
func PlaceOf(a *Activity) bridge.Place {
	if a.Conversation == nil {
		return bridge.Place{}
	}
	channel, root := SplitThread(a.Conversation.ID)
	if a.Conversation.ConversationType == ConversationChannel {
		channel = cmp.Or(namedChannel(a), channel)
	}
	p := bridge.Place{Channel: channel, Thread: root, Message: a.ID}
	if p.Thread == p.Message { // the message begins its thread
		p.Thread = ""
	}
	return p
}

// namedChannel returns the id of the channel in an activity's channelData; "" if there is none.
func namedChannel(a *Activity) string {
	d := a.ChannelData
	if d == nil || d.Channel == nil {
		return ""
	}
	return d.Channel.ID
}

// Root returns the id of the first message of the thread that a place is in, or that its message begins.
func Root(p bridge.Place) string { return cmp.Or(p.Thread, p.Message) }

// IsInChannel reports whether something happened in a channel of a team.
func IsInChannel(a *Activity) bool {
	if a.Conversation == nil {
		return false
	}
	switch a.Conversation.ConversationType {
	case ConversationChannel:
		return true
	case "": // the type is missing: recognise a channel by its id
		return strings.HasPrefix(a.Conversation.ID, "19:")
	}
	return false
}

// IsInPersonalChat reports whether something happened in a person's chat with our app.
func IsInPersonalChat(a *Activity) bool {
	return a.Conversation != nil && a.Conversation.ConversationType == ConversationPersonal
}

// IsBySelf reports whether an activity is our own.
func (p Payload) IsBySelf(a *Activity) bool { return a.From != nil && a.From.ID == p.Me }

// Actor returns who caused an activity. Only somebody who is known to belong to our own organisation counts as
// a bridge.ActorPerson, because nobody else may cause a reply to a customer.
func (p Payload) Actor(a *Activity) bridge.Actor {
	if a.From == nil || a.From.ID == "" {
		return bridge.Actor{Kind: bridge.ActorBot}
	}

	id := a.From.ID
	if id == p.Me {
		return bridge.Actor{ID: bridge.SurfaceUser(id), Kind: bridge.ActorSelf}
	}
	if strings.HasPrefix(id, "28:") || strings.EqualFold(a.From.Role, "bot") {
		return bridge.Actor{ID: bridge.SurfaceUser(id), Kind: bridge.ActorBot}
	}

	known := p.Who[id]
	if known.User == "" { // Teams couldn't say who it is
		return bridge.Actor{ID: bridge.SurfaceUser(id), Kind: bridge.ActorForeign}
	}
	if bridge.ActorKind(known.Kind) == bridge.ActorPerson {
		return bridge.Actor{ID: bridge.SurfaceUser(known.User), Kind: bridge.ActorPerson}
	}

	return bridge.Actor{ID: bridge.SurfaceUser(known.User), Kind: bridge.ActorForeign}
}

// minMillis is the smallest id that is read as a time. It was in the year 1973.
const minMillis = 100_000_000_000

// sortKey returns a key that sorts messages as people typed them: the time of an activity's message; "" if it is unknown.
// The id of a message mostly is its time in milliseconds, also in an activity about something that happened later. Teams
// doesn't promise that, so for a message with another id it is the time of the activity that tells of it.
func sortKey(a *Activity, message string) string {
	at := a.At()
	if n, err := strconv.ParseInt(message, 10, 64); err == nil && n >= minMillis {
		at = time.UnixMilli(n)
	} else if at.IsZero() || a.Type != TypeMessage {
		return ""
	}
	return fmt.Sprintf("%010d.%06d", at.Unix(), at.Nanosecond()/int(time.Microsecond))
}

// htmlOf returns the HTML of a person's message; "" if it has none.
func htmlOf(a *Activity) string {
	for _, at := range a.Attachments {
		var content string
		if at.ContentType == ContentHTML && json.Unmarshal(at.Content, &content) == nil {
			return content
		}
	}
	return ""
}

// Text reads what somebody typed.
func (p Payload) Text(a *Activity) card.Text {
	t := card.Typed{HTML: htmlOf(a), Text: a.Text, Format: a.TextFormat, Bot: p.Me}
	for _, e := range a.Entities {
		if e.Type == EntityQuote {
			t.Quotes = true
		}
		if e.Type != EntityMention || e.Mentioned == nil {
			continue
		}

		m := card.TypedMention{
			ID:    e.Mentioned.ID,
			User:  e.Mentioned.AADObjectID,
			Name:  cmp.Or(card.Words(e.Text), e.Mentioned.Name),
			Text:  e.Text,
			Index: len(t.Mentions),
		}
		if known := p.Who[m.ID]; known.User != "" {
			m.User = known.User
			m.Name = cmp.Or(known.Name, m.Name)
		}

		t.Mentions = append(t.Mentions, m)
	}

	return card.ReadText(t)
}

// textAsNamed reads a message with people named as the message names them. Ids are made from this text, so it must not
// depend on what we know about people (Payload.Who), which may differ later or on another replica.
func (p Payload) textAsNamed(a *Activity) card.Text { return Payload{Me: p.Me}.Text(a) }

// contentDigest returns a digest of a message's words and files. It is different for each version of a message, and the
// same whether the version came from a request of Teams or from Graph.
func (p Payload) contentDigest(a *Activity) string {
	t := p.textAsNamed(a)
	files := slices.Clone(t.Files)
	slices.Sort(files)
	return forms.Digest(append([]string{strings.Join(strings.Fields(t.WithNames(t.Plain)), " ")}, files...)...)
}

// EditID returns the id of the fact of an edit.
func (p Payload) EditID(at bridge.Place, a *Activity) string {
	return "e:" + at.Channel + ":" + at.Message + ":" + Version(a) + ":" + p.contentDigest(a)
}

// Version returns when a message was changed, in a form that sorts by time; "" if the activity has no time.
func Version(a *Activity) string {
	t := a.At()
	if t.IsZero() {
		return ""
	}
	return fmt.Sprintf("%020d", t.UnixMilli())
}

// VersionDigest returns a version for the engine: the time of the change, and a digest of the content. Teams' requests
// and Graph give the same digest, though their times may differ. Pictures have different addresses in both, so for a
// message with pictures, it returns only the time.
func (p Payload) VersionDigest(a *Activity) string {
	t := p.textAsNamed(a)
	if len(t.Images) > 0 || len(Pictures(a)) > 0 {
		return Version(a)
	}
	files := slices.Clone(t.Files)
	slices.Sort(files)
	parts := []string{t.WithNames(t.Markdown), strconv.FormatBool(t.Bot), strconv.FormatBool(t.Leads)}
	return Version(a) + ":" + forms.Digest(append(parts, files...)...)
}

// knownSpan is the maximum difference between the times that Teams' request and Graph give for the same edit.
const knownSpan = 60 // seconds

// KnownIDs returns the ids of the facts that show that a version of a message is stored. Time is divided into spans of a
// minute, and an id has the digest of the content and the number of a span. The first id is that of the version's own
// span, under which it is stored. The others are those of the spans before and after it.
func (p Payload) KnownIDs(at bridge.Place, a *Activity) []string {
	span := a.At().Unix() / knownSpan
	content := p.contentDigest(a)
	var ids []string
	for _, offset := range []int64{0, -1, 1} {
		ids = append(ids, fmt.Sprintf("v:%s:%s:%s:%d", at.Channel, at.Message, content, span+offset))
	}
	return ids
}

// StoredVersion returns the fact that marks a version of a message as stored, under the first of KnownIDs. It has no
// effect except that a catch-up finds its id.
func (p Payload) StoredVersion(at bridge.Place, a *Activity) channels.Fact {
	return p.KnownFact(p.KnownIDs(at, a)[0], KeyOf(at))
}
