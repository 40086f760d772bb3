package teams

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

// place is where an activity happened: the channel (or chat) and the thread; Message is its
// own id. A message that begins a thread stands at top level.
func place(a *connector.Activity) bridge.Place {
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

// root is the thread that a place is in, or begins.
func root(p bridge.Place) string {
	if p.Thread != "" {
		return p.Thread
	}
	return p.Message
}

// from tells where the files of a message come from.
func from(a *connector.Activity) origin {
	o := origin{Channel: place(a).Channel}
	if a.From != nil {
		o.Author = a.From.AADObjectID
	}
	return o
}

func inChannel(a *connector.Activity) bool {
	return a.Conversation != nil && (a.Conversation.ConversationType == connector.ConversationChannel ||
		a.Conversation.ConversationType == "" && strings.HasPrefix(a.Conversation.ID, "19:"))
}

func inPersonal(a *connector.Activity) bool {
	return a.Conversation != nil && a.Conversation.ConversationType == connector.ConversationPersonal
}

func (p payload) self(a *connector.Activity) bool { return a.From != nil && a.From.ID == p.Me }

// actor says who did it. Whoever is not known to be a person of our own organisation is
// none: only a person may ever cause a reply.
func (p payload) actor(a *connector.Activity) bridge.Actor {
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

// order places a message among others as people typed them: ids are milliseconds.
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

// text reads what somebody typed.
func (p payload) text(a *connector.Activity) card.Text {
	t := card.Typed{HTML: html(a), Text: a.Text, Format: a.TextFormat, Bot: p.Me}
	for _, e := range a.Entities {
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

// words is what stands in a message, with people called as they are there: what we know of
// them is another tomorrow, and on another replica.
func (p payload) words(a *connector.Activity) card.Text { return payload{Me: p.Me}.text(a) }

// content tells one version of a message from another, whether the webhook or Graph gives
// it: by its words and files.
func (p payload) content(a *connector.Activity) string {
	t := p.words(a)
	files := slices.Clone(t.Files)
	slices.Sort(files)
	return digest(append([]string{strings.Join(strings.Fields(t.Named(t.Plain)), " ")}, files...)...)
}

// editID names one edit of a message.
func (p payload) editID(at bridge.Place, a *connector.Activity) string {
	return "e:" + at.Channel + ":" + at.Message + ":" + version(a) + ":" + p.content(a)
}

// version of a message: when it was changed, in a form that rises.
func version(a *connector.Activity) string {
	t := a.At()
	if t.IsZero() {
		return ""
	}
	return fmt.Sprintf("%020d", t.UnixMilli())
}

// told is the version as the engine gets it: when it was changed, and what it says, in which
// the webhook and Graph agree though their times may differ. Of pictures nothing tells that.
func (p payload) told(a *connector.Activity) string {
	t := p.words(a)
	if len(t.Images) > 0 || len(pictures(a)) > 0 {
		return version(a)
	}
	files := slices.Clone(t.Files)
	slices.Sort(files)
	return version(a) + ":" + digest(append([]string{t.Named(t.Markdown), strconv.FormatBool(t.Bot), strconv.FormatBool(t.Leads)}, files...)...)
}

// knownSpan is how far the times may be apart that the webhook and Graph give one edit.
const knownSpan = 60 // seconds

// knownIDs are the names under which a version of a message may be known: by what it says
// and about when it was written. The first is the one under which it is kept.
func (p payload) knownIDs(at bridge.Place, a *connector.Activity) []string {
	span, content := a.At().Unix()/knownSpan, p.content(a)
	var ids []string
	for _, near := range []int64{0, -1, 1} {
		ids = append(ids, fmt.Sprintf("v:%s:%s:%s:%d", at.Channel, at.Message, content, span+near))
	}
	return ids
}
