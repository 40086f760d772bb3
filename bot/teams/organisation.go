package teams

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"parley/bot/teams/card"
	"parley/bot/teams/connector"
	"parley/bot/teams/fact"
	"parley/bot/teams/graph"
	"parley/bridge"
	"parley/channels/pause"
)

// readPatience bounds the tries at one page.
const readPatience = 4

// permits remembers which channels Graph lets us read.
type permits struct {
	mu sync.Mutex
	of map[string]bool
}

func newPermits() *permits { return &permits{of: map[string]bool{}} }

func (p *permits) learn(channel string, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case err == nil:
		p.of[channel] = true
	case errors.Is(err, graph.ErrNotGranted):
		p.of[channel] = false
	}
}

// organisation is one Microsoft 365 organisation, as our app sees it.
type organisation struct {
	*app

	notes  *notebook
	people *people
	reads  *permits
	attach bool // agents can upload files on a web page of ours
}

// canLook says whether Graph lets us read a channel, as far as is known.
func (o *organisation) canLook(channel string) bool {
	o.reads.mu.Lock()
	defer o.reads.mu.Unlock()
	return o.reads.of[channel]
}

// patient reads something of a channel, repeats the read as Graph asks, and notes whether we may read the channel.
func patient[T any](ctx context.Context, o *organisation, channel string, read func(ctx context.Context, group string) (T, error)) (out T, err error) {
	group, err := o.notes.group(ctx, channel)
	if err != nil {
		return out, err
	}
	for try := range readPatience {
		out, err = read(ctx, group)
		wait, again := graph.Wait(err)
		if err == nil || !again || try == readPatience-1 || !pause.For(ctx, max(wait, time.Duration(1+try)*200*time.Millisecond)) {
			break
		}
	}
	o.reads.learn(channel, err)
	return out, err
}

// synthetic makes the activity that Teams would have sent about a message: for an event such as
// fact.EventEdited or, with "", for its being written.
func (o *organisation) synthetic(event, channel string, m *graph.Message) connector.Activity {
	begin := m.ReplyToID
	if begin == "" {
		begin = m.ID
	}
	at := m.CreatedAt
	a := connector.Activity{
		Type: connector.TypeMessage, ID: m.ID, ChannelID: connector.ChannelTeams, Recipient: &connector.ChannelAccount{ID: o.me},
		Conversation: &connector.ConversationAccount{ID: connector.ThreadID(channel, begin), ConversationType: connector.ConversationChannel, TenantID: o.tenant},
		ChannelData:  &connector.ChannelData{Channel: &connector.ChannelRef{ID: channel}, EventType: event},
		From:         o.author(m.From),
	}
	switch event {
	case fact.EventEdited:
		a.Type, at = connector.TypeMessageUpdate, m.EditedAt
	case fact.EventRestored:
		a.Type, at = connector.TypeMessageUpdate, m.ModifiedAt
	case fact.EventDeleted:
		a.Type, at = connector.TypeMessageDelete, m.DeletedAt
	}
	a.Timestamp = at.UTC().Format(time.RFC3339Nano)
	if event == fact.EventDeleted {
		return a
	}
	if m.Body.ContentType == "html" {
		content, err := json.Marshal(withQuotes(m))
		if err == nil {
			a.Attachments = []connector.Attachment{{ContentType: connector.ContentHTML, Content: content}}
		}
	} else {
		a.Text = m.Body.Content
	}
	for _, x := range m.Mentions {
		e := connector.Entity{Type: connector.EntityMention, Text: "<at>" + x.Text + "</at>", Mentioned: o.author(&x.Mentioned)}
		if e.Mentioned == nil { // a channel, a team, a tag: colleagues all the same
			e.Mentioned = &connector.ChannelAccount{}
		}
		e.Mentioned.Name = x.Text
		a.Entities = append(a.Entities, e)
	}
	return a
}

// withQuotes gives a message's HTML, with quoted and forwarded messages in the form that the webhook uses.
// Graph gives them as attachments.
func withQuotes(m *graph.Message) string {
	content := m.Body.Content
	for _, at := range m.Attachments {
		place := `<attachment id="` + at.ID + `"></attachment>`
		switch at.ContentType {
		case graph.ContentQuote:
			content = strings.ReplaceAll(content, place, `<blockquote itemtype="http://schema.skype.com/Reply" itemid="`+at.ID+`"></blockquote>`)
		case graph.ContentForward:
			content = strings.ReplaceAll(content, place, `<blockquote itemtype="http://schema.skype.com/Forward"></blockquote>`)
		}
	}
	return content
}

// author gives the account of a message's author. A person's ID is the Entra object id, since Graph
// doesn't tell "29:…"; an app's ID is that of its bot.
func (o *organisation) author(f *graph.From) *connector.ChannelAccount {
	switch {
	case f == nil:
		return nil
	case f.Application != nil:
		return &connector.ChannelAccount{ID: connector.BotID(f.Application.ID), Name: f.Application.Name, Role: "bot"}
	case f.User != nil:
		return &connector.ChannelAccount{ID: f.User.ID, Name: f.User.Name, AADObjectID: f.User.ID}
	}
	return nil
}

// byUs tells whether our app wrote a message.
func (o *organisation) byUs(m *graph.Message) bool {
	return m.From != nil && m.From.Application != nil && connector.BotID(m.From.Application.ID) == o.me
}

// caught makes a payload, and the activity in it, of a message that Graph gave.
func (o *organisation) caught(ctx context.Context, event, channel string, m *graph.Message, own bool) (fact.Payload, connector.Activity, error) {
	a := o.synthetic(event, channel, m)
	p := fact.Payload{Kind: fact.KindCatchUp, Me: o.me, Own: own, Who: map[string]fact.Who{}}
	for _, one := range accounts(&a) {
		if one.AADObjectID == "" || p.Who[one.ID].Kind != "" {
			continue
		}
		known, ok, err := o.people.find(ctx, channel, one.AADObjectID)
		switch {
		case err != nil:
			return p, a, err
		case !ok:
			p.Who[one.ID] = fact.Who{User: one.AADObjectID, Name: one.Name, Kind: string(bridge.ActorForeign)}
		default:
			p.Who[one.ID] = fact.Who{User: known.User, Name: known.Name, Kind: string(known.Kind)}
		}
	}
	raw, err := json.Marshal(a)
	if err != nil {
		return p, a, fmt.Errorf("teams: catch-up: %w", err)
	}
	p.Body = raw
	p.Seen = graphFiles(m)
	for n, address := range p.Text(&a).Images {
		if strings.Contains(address, hostedPart) {
			p.Seen = append(p.Seen, fact.Pasted(n, connector.Attachment{ContentType: "image/*", ContentURL: address}))
		}
	}
	return p, a, nil
}

// accounts gives the author of an activity and all whom it mentions.
func accounts(a *connector.Activity) []*connector.ChannelAccount {
	var all []*connector.ChannelAccount
	if a.From != nil {
		all = append(all, a.From)
	}
	for _, e := range a.Entities {
		if e.Mentioned != nil {
			all = append(all, e.Mentioned)
		}
	}
	return all
}

// home gives what links and mentions in cards need to know of the organisation.
func (o *organisation) home() card.Home {
	return card.Home{Tenant: o.tenant, Groups: o.notes.groups(), Attach: o.attach}
}

func (o *organisation) channelName(id string) string {
	c, _ := o.notes.channel(id)
	return nameOf(c.Name, id)
}

func nameOf(name, id string) string {
	if name == "" {
		return id
	}
	return "“" + name + "”"
}
