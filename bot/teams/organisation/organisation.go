package organisation

import (
	"cmp"
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

// Parts of Parley's Teams surface share what is known of the organisation: in which teams the app is (Notes), who
// people are (People), and which channels we may read. There are two ways of reading: the Bot Connector, Teams' API
// for bots, tells about teams and members; Graph, Microsoft's API for all its products, shows messages. What Graph
// shows has another form than what Teams sends us. This file turns it into the latter.

// MaxReadTries is how often ReadPatiently asks for one page, at most.
const MaxReadTries = 4

// minReadPause is how long ReadPatiently waits at least before it tries again: once that after the first try, twice
// after the second, and so on.
const minReadPause = 200 * time.Millisecond

// permits remembers which channels Graph lets us read: true if it did, false if it refused. Channels that it wasn't
// asked about are missing.
type permits struct {
	mu        sync.Mutex
	byChannel map[string]bool
}

// learn notes whether a channel may be read, from the result of reading it. err is nil if that succeeded. It ignores
// errors that don't tell, such as a lost connection.
func (p *permits) learn(channel string, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err == nil {
		p.byChannel[channel] = true
	}
	if errors.Is(err, graph.ErrNotGranted) {
		p.byChannel[channel] = false
	}
}

// Organisation is one Microsoft 365 organisation, with what Parley knows of it. Safe for concurrent use.
type Organisation struct {
	*App

	Notes   *Notebook
	People  *People
	permits *permits
	Attach  bool // agents can upload files on a web page of ours
}

// New returns an Organisation. It asks nobody anything yet.
func New(b *App, o Options) *Organisation {
	org := &Organisation{App: b, Notes: newNotebook(b, o), permits: &permits{byChannel: map[string]bool{}}}
	org.People = newPeople(b, org.Notes)
	org.Notes.people = org.People
	return org
}

// CanRead reports whether Graph let us read a channel when it was read last.
func (o *Organisation) CanRead(channel string) bool {
	o.permits.mu.Lock()
	defer o.permits.mu.Unlock()
	return o.permits.byChannel[channel]
}

// IsReadingRefused reports whether Graph refused to let us read a channel when it was read last.
func (o *Organisation) IsReadingRefused(channel string) bool {
	return o.IsReadingKnown(channel) && !o.CanRead(channel)
}

// IsReadingKnown reports whether Graph has shown a channel, or refused to, since this process began.
func (o *Organisation) IsReadingKnown(channel string) bool {
	o.permits.mu.Lock()
	defer o.permits.mu.Unlock()
	_, known := o.permits.byChannel[channel]
	return known
}

// ReadPatiently calls read, which reads something of a channel with Graph. group is the id of the channel's team in
// Graph. If Graph asks us to wait, it waits and calls read again: at most MaxReadTries times in all, and only if ctx
// leaves time for the wait. It also remembers whether we may read the channel; see CanRead.
// Errors: read's, and those of the notes.
func ReadPatiently[T any](
	ctx context.Context, o *Organisation, channel string, read func(ctx context.Context, group string) (T, error),
) (out T, err error) {
	group, err := o.Notes.Group(ctx, channel)
	if err != nil {
		return out, err
	}

	for try := 1; ; try++ {
		out, err = read(ctx, group)
		wait, again := graph.Wait(err)
		if !again || try == MaxReadTries {
			break
		}

		wait = max(wait, time.Duration(try)*minReadPause)
		deadline, ok := ctx.Deadline()
		hasTime := !ok || time.Until(deadline) > wait
		if !hasTime || !pause.For(ctx, wait) {
			break
		}
	}

	o.permits.learn(channel, err)
	if failed := o.Notes.learnReading(ctx, channel, err); failed != nil {
		return out, failed
	}
	return out, err
}

// ActivityOf turns a message that Graph shows into the activity that Teams would have sent us about it. event says
// what happened: fact.EventEdited, EventRestored or EventDeleted; "" means that the message was written.
func (o *Organisation) ActivityOf(event, channel string, m *graph.Message) connector.Activity {
	root := cmp.Or(m.ReplyToID, m.ID)
	at := m.CreatedAt
	a := connector.Activity{
		Type:      connector.TypeMessage,
		ID:        m.ID,
		ChannelID: connector.ChannelTeams,
		From:      o.accountOf(m.From),
		Recipient: &connector.ChannelAccount{ID: o.Me},
		Conversation: &connector.ConversationAccount{
			ID:               connector.ThreadID(channel, root),
			ConversationType: connector.ConversationChannel,
			TenantID:         o.Tenant,
		},
		ChannelData: &connector.ChannelData{Channel: &connector.ChannelRef{ID: channel}, EventType: event},
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

	o.addContent(&a, m)
	return a
}

// addContent adds a message's text and mentions to an activity.
func (o *Organisation) addContent(a *connector.Activity, m *graph.Message) {
	if m.Body.ContentType == "html" {
		if content, err := json.Marshal(withQuotes(m)); err == nil { // a string always can be written as JSON
			a.Attachments = []connector.Attachment{{ContentType: connector.ContentHTML, Content: content}}
		}
	} else {
		a.Text = m.Body.Content
	}

	for _, x := range m.Mentions {
		account := o.accountOf(&x.Mentioned)
		if account == nil { // a channel, a team or a tag, which a text for colleagues mentions, too
			account = &connector.ChannelAccount{}
		}

		account.Name = x.Text
		a.Entities = append(a.Entities, connector.Entity{
			Type:      connector.EntityMention,
			Text:      "<at>" + x.Text + "</at>",
			Mentioned: account,
		})
	}
}

// withQuotes returns the HTML of a message as Teams would send it. Graph gives quoted and forwarded messages as
// attachments. In what Teams sends they are elements of the HTML.
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

// accountOf returns the account of a message's author; nil if Graph doesn't say who it is. Graph doesn't tell the id
// by which Teams calls a person ("29:…"), so ID is the person's Entra object id. Of an app, it is the id of its bot.
func (o *Organisation) accountOf(f *graph.From) *connector.ChannelAccount {
	if f == nil {
		return nil
	}
	if f.Application != nil {
		return &connector.ChannelAccount{ID: connector.BotID(f.Application.ID), Name: f.Application.Name, Role: "bot"}
	}
	if f.User != nil {
		return &connector.ChannelAccount{ID: f.User.ID, Name: f.User.Name, AADObjectID: f.User.ID}
	}
	return nil
}

// IsByUs reports whether our app wrote a message.
func (o *Organisation) IsByUs(m *graph.Message) bool {
	if m.From == nil || m.From.Application == nil {
		return false
	}
	return connector.BotID(m.From.Application.ID) == o.Me
}

// Shown is a message of a channel as Graph shows it.
type Shown struct {
	*graph.Message

	At          bridge.Place
	InOurThread bool // Parley began the thread that it is in
}

// PlaceOf returns where a message of a channel stands.
func PlaceOf(channel string, m *graph.Message) bridge.Place {
	thread := connector.ThreadID(channel, cmp.Or(m.ReplyToID, m.ID))
	return fact.PlaceOf(&connector.Activity{ID: m.ID, Conversation: &connector.ConversationAccount{ID: thread}})
}

// PayloadOf makes what is stored of a message: the payload of a fact, and the activity in it. event: see ActivityOf.
func (o *Organisation) PayloadOf(ctx context.Context, event string, m Shown) (fact.Payload, connector.Activity, error) {
	a := o.ActivityOf(event, m.At.Channel, m.Message)
	p, err := o.wrap(ctx, m.At.Channel, &a, m.InOurThread)
	if err != nil {
		return fact.Payload{}, connector.Activity{}, err
	}

	p.Files, p.Edit = FilesOf(m.Message), !m.EditedAt.IsZero()
	for n, address := range p.Text(&a).Images {
		if strings.Contains(address, fact.HostedPart) {
			p.Files = append(p.Files, fact.DescribePasted(n, connector.Attachment{ContentType: "image/*", ContentURL: address}))
		}
	}

	return p, a, nil
}

// wrap makes the payload of an activity that ActivityOf has made. It finds out who the people are whom the activity
// names.
// Errors: Teams can't tell that now; json's.
func (o *Organisation) wrap(ctx context.Context, channel string, a *connector.Activity, inOurThread bool) (fact.Payload, error) {
	p := fact.Payload{Kind: fact.KindCatchUp, Me: o.Me, Own: inOurThread, Who: map[string]fact.Person{}}
	for _, one := range accountsIn(a) {
		if one.AADObjectID == "" || p.Who[one.ID].Kind != "" {
			continue
		}

		known, ok, err := o.People.Find(ctx, channel, one.AADObjectID)
		switch {
		case err != nil:
			return fact.Payload{}, err
		case !ok:
			p.Who[one.ID] = fact.Person{User: one.AADObjectID, Name: one.Name, Kind: string(bridge.ActorForeign)}
		default:
			p.Who[one.ID] = fact.Person{User: known.User, Name: known.Name, Kind: string(known.Kind)}
		}
	}

	raw, err := json.Marshal(a)
	if err != nil {
		return fact.Payload{}, fmt.Errorf("teams: catch-up: %w", err)
	}
	p.Body = raw
	return p, nil
}

// FilesOf returns the files that are attached to a message. Other attachments in its text, which only Teams can show,
// are marked as unavailable. Quoted and forwarded messages are skipped.
func FilesOf(m *graph.Message) []fact.Attached {
	var out []fact.Attached
	for _, at := range m.Attachments {
		switch at.ContentType {
		case graph.ContentQuote, graph.ContentForward: // the text has them
		case graph.ContentFile:
			if at.ContentURL != "" {
				out = append(out, fact.Attached{
					ID:   at.ID,
					Name: at.Name,
					Type: mime.TypeByExtension(path.Ext(at.Name)),
					URL:  at.ContentURL,
				})
			}
		default:
			if at.ID != "" && strings.Contains(m.Body.Content, at.ID) {
				out = append(out, fact.Attached{ID: at.ID, Name: cmp.Or(at.Name, "attachment"), Unavailable: fact.OnlyInTeams})
			}
		}
	}
	return out
}

// accountsIn returns the accounts of an activity's author and of all whom it mentions.
func accountsIn(a *connector.Activity) []*connector.ChannelAccount {
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

// Home returns what the writing of cards needs to know about the organisation, for links and mentions.
func (o *Organisation) Home() card.Home {
	return card.Home{Client: o.Client, Tenant: o.Tenant, Groups: o.Notes.Groups(), Attach: o.Attach}
}

// ChannelName returns the name of a channel in quotation marks, or its id if no name is known.
func (o *Organisation) ChannelName(id string) string {
	c, _ := o.Notes.Channel(id)
	return NameOf(c.Name, id)
}

// NameOf returns a name in quotation marks, or id if the name is "".
func NameOf(name, id string) string {
	if name == "" {
		return id
	}
	return "“" + name + "”"
}
