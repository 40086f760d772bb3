package organisation

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"path"
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

// ReadPatience bounds the tries at one page.
const ReadPatience = 4

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

// Organisation is one Microsoft 365 organisation, as our app sees it.
type Organisation struct {
	*App

	Notes  *Notebook
	People *People
	reads  *permits
	Attach bool // agents can upload files on a web page of ours
}

// New makes what is known of an organisation. Nothing is read before it is asked for.
func New(b *App, o Options) *Organisation {
	org := &Organisation{App: b, Notes: newNotebook(b, o), reads: newPermits()}
	org.People = newPeople(b, org.Notes)
	org.Notes.people = org.People
	return org
}

// CanLook says whether Graph lets us read a channel, as far as is known.
func (o *Organisation) CanLook(channel string) bool {
	o.reads.mu.Lock()
	defer o.reads.mu.Unlock()
	return o.reads.of[channel]
}

// Patient reads something of a channel, repeats the read as Graph asks, and notes whether we may read the channel.
func Patient[T any](ctx context.Context, o *Organisation, channel string, read func(ctx context.Context, group string) (T, error)) (out T, err error) {
	group, err := o.Notes.Group(ctx, channel)
	if err != nil {
		return out, err
	}
	for try := range ReadPatience {
		out, err = read(ctx, group)
		wait, again := graph.Wait(err)
		if err == nil || !again || try == ReadPatience-1 || !pause.For(ctx, max(wait, time.Duration(1+try)*200*time.Millisecond)) {
			break
		}
	}
	o.reads.learn(channel, err)
	return out, err
}

// Synthetic makes the activity that Teams would have sent about a message: for an event such as
// fact.EventEdited or, with "", for its being written.
func (o *Organisation) Synthetic(event, channel string, m *graph.Message) connector.Activity {
	begin := m.ReplyToID
	if begin == "" {
		begin = m.ID
	}
	at := m.CreatedAt
	a := connector.Activity{
		Type: connector.TypeMessage, ID: m.ID, ChannelID: connector.ChannelTeams, Recipient: &connector.ChannelAccount{ID: o.Me},
		Conversation: &connector.ConversationAccount{ID: connector.ThreadID(channel, begin), ConversationType: connector.ConversationChannel, TenantID: o.Tenant},
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
func (o *Organisation) author(f *graph.From) *connector.ChannelAccount {
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

// ByUs tells whether our app wrote a message.
func (o *Organisation) ByUs(m *graph.Message) bool {
	return m.From != nil && m.From.Application != nil && connector.BotID(m.From.Application.ID) == o.Me
}

// Caught makes a payload, and the activity in it, of a message that Graph gave.
func (o *Organisation) Caught(ctx context.Context, event, channel string, m *graph.Message, own bool) (fact.Payload, connector.Activity, error) {
	a := o.Synthetic(event, channel, m)
	p := fact.Payload{Kind: fact.KindCatchUp, Me: o.Me, Own: own, Who: map[string]fact.Who{}}
	for _, one := range accounts(&a) {
		if one.AADObjectID == "" || p.Who[one.ID].Kind != "" {
			continue
		}
		known, ok, err := o.People.Find(ctx, channel, one.AADObjectID)
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
	p.Seen = FilesOf(m)
	for n, address := range p.Text(&a).Images {
		if strings.Contains(address, HostedPart) {
			p.Seen = append(p.Seen, fact.Pasted(n, connector.Attachment{ContentType: "image/*", ContentURL: address}))
		}
	}
	return p, a, nil
}

// FilesOf gives the files among the attachments that Graph lists for a message.
func FilesOf(m *graph.Message) []fact.Attached {
	var out []fact.Attached
	for _, at := range m.Attachments {
		if at.ContentType != graph.ContentFile || at.ContentURL == "" {
			continue
		}
		out = append(out, fact.Attached{ID: at.ID, Name: at.Name, Type: mime.TypeByExtension(path.Ext(at.Name)), URL: at.ContentURL})
	}
	return out
}

// HostedPart is the part of an address by which pasted pictures in Graph are known.
const HostedPart = "/hostedContents/"

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

// Home gives what links and mentions in cards need to know of the organisation.
func (o *Organisation) Home() card.Home {
	return card.Home{Tenant: o.Tenant, Groups: o.Notes.Groups(), Attach: o.Attach}
}

// ChannelName gives the name of a channel, in quotation marks; its id where no name is known.
func (o *Organisation) ChannelName(id string) string {
	c, _ := o.Notes.Channel(id)
	return NameOf(c.Name, id)
}

// NameOf gives a name in quotation marks; id where the name is "".
func NameOf(name, id string) string {
	if name == "" {
		return id
	}
	return "“" + name + "”"
}
