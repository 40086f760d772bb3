package teams

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"mime"
	"path"
	"strings"
	"sync"
	"time"

	"parley/bot/forms"
	"parley/bot/teams/card"
	"parley/bridge"
	"parley/channels"
	"parley/channels/wire"
)

// Organisation holds what the parts of Parley's Teams connection share: in which teams the app is (Notes), who people
// are (People), and which channels we may read.
//
// Teams sends us a message as an activity of the Bot Connector, Teams' API for bots. When we read a message ourselves,
// Graph (Microsoft's API for all its products) returns it in another format. ActivityOf converts the latter into the
// former, so that the rest of Parley knows only activities.

// MaxReadTries is the maximum number of attempts of readPatiently.
const MaxReadTries = 4

// minReadPause is the minimum time that readPatiently waits after the first attempt. It waits twice as long after the
// second attempt, and so on.
const minReadPause = 200 * time.Millisecond

// permits records which channels Graph lets us read: true if it did, false if it refused. Channels that we haven't
// tried to read are missing.
type permits struct {
	mu        sync.Mutex
	byChannel map[string]bool
}

// learn records whether a channel may be read, given the result of reading it. It ignores errors that say nothing about
// that, such as a lost connection.
func (p *permits) learn(channel string, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err == nil {
		p.byChannel[channel] = true
	}
	if errors.Is(err, ErrNotGranted) {
		p.byChannel[channel] = false
	}
}

// find reports whether a channel may be read. known is false if we haven't tried to read it.
func (p *permits) find(channel string) (isPermitted, known bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	isPermitted, known = p.byChannel[channel]
	return isPermitted, known
}

// Organisation is what Parley knows about one Microsoft 365 organisation. Safe for concurrent use.
type Organisation struct {
	*App

	Notes   *Notebook
	People  *People
	Threads *Threads
	permits *permits
	Attach  bool // agents can upload files on a web page of ours
}

// NewOrganisation returns an Organisation. It makes no requests yet.
func NewOrganisation(app *App) *Organisation {
	org := &Organisation{App: app, Notes: newNotebook(app), Threads: &Threads{desk: app.Desk}, permits: &permits{byChannel: map[string]bool{}}}
	org.People = &People{App: app, notes: org.Notes}
	org.Notes.people = org.People
	return org
}

// CanRead reports whether Graph let us read a channel the last time. If this process hasn't tried yet, the note says so
// that an earlier process or another replica has stored.
func (o *Organisation) CanRead(channel string) bool {
	isPermitted, known := o.permits.find(channel)
	if known {
		return isPermitted
	}
	return o.Notes.reading(channel).isReadable()
}

// IsReadingRefused reports whether Graph refused to let us read a channel the last time.
func (o *Organisation) IsReadingRefused(channel string) bool {
	return o.IsReadingKnown(channel) && !o.CanRead(channel)
}

// IsReadingKnown reports whether we have tried to read a channel since this process started.
func (o *Organisation) IsReadingKnown(channel string) bool {
	_, known := o.permits.find(channel)
	return known
}

// ReadMessage reads a message, given by its id, of the thread at a place. See readPatiently.
func (o *Organisation) ReadMessage(ctx context.Context, at bridge.Place, id string) (Message, error) {
	return readPatiently(ctx, o, at.Channel, func(group string) (Message, error) {
		return o.Graph.Message(ctx, Thread{Group: group, Channel: at.Channel, Root: Root(at)}, id)
	})
}

// ReadMessages reads a page of a channel's threads; see GraphClient.Messages and readPatiently.
func (o *Organisation) ReadMessages(ctx context.Context, channel string, size int, next string) (Page[Message], error) {
	return readPatiently(ctx, o, channel, func(group string) (Page[Message], error) {
		return o.Graph.Messages(ctx, group, channel, size, next)
	})
}

// ReadReplies reads a page of the replies in a thread; see GraphClient.Replies and readPatiently.
func (o *Organisation) ReadReplies(ctx context.Context, channel, root, next string) (Page[Message], error) {
	return readPatiently(ctx, o, channel, func(group string) (Page[Message], error) {
		return o.Graph.Replies(ctx, Thread{Group: group, Channel: channel, Root: root}, next)
	})
}

// readPatiently calls read, which reads something from a channel with Graph. group is the id of the channel's team in
// Graph. If Graph asks us to wait, readPatiently waits and calls read again: at most MaxReadTries times in total, and
// only if ctx leaves enough time for the wait. It also records whether we may read the channel; see CanRead.
// Errors: read's, and those of the notes.
func readPatiently[T any](
	ctx context.Context, o *Organisation, channel string, read func(group string) (T, error),
) (out T, err error) {
	group, err := o.Notes.Group(ctx, channel)
	if err != nil {
		return out, err
	}

	for try := 1; ; try++ {
		out, err = read(group)
		wait, again := Wait(err)
		if !again || try == MaxReadTries {
			break
		}

		wait = max(wait, time.Duration(try)*minReadPause)
		deadline, hasDeadline := ctx.Deadline()
		isTooLong := hasDeadline && time.Until(deadline) <= wait
		if isTooLong || !wire.For(ctx, wait) {
			break
		}
	}

	o.permits.learn(channel, err)
	if noteErr := o.Notes.learnReading(ctx, channel, err); noteErr != nil {
		return out, noteErr
	}
	return out, err
}

// ActivityOf turns a message from Graph into the activity that Teams would have sent us about it. event says what
// happened: fact.EventEdited, EventRestored or EventDeleted; "" means that the message was written.
func (o *Organisation) ActivityOf(event, channel string, m *Message) Activity {
	root := cmp.Or(m.ReplyToID, m.ID)
	at := m.CreatedAt
	a := Activity{
		Type:      TypeMessage,
		ID:        m.ID,
		ChannelID: ChannelTeams,
		From:      o.accountOf(m.From),
		Recipient: &ChannelAccount{ID: o.Me},
		Conversation: &ConversationAccount{
			ID: ThreadID(channel, root), ConversationType: ConversationChannel, TenantID: o.Tenant,
		},
		ChannelData: &ChannelData{Channel: &ChannelRef{ID: channel}, EventType: event},
	}
	switch event {
	case EventEdited:
		a.Type, at = TypeMessageUpdate, m.EditedAt
	case EventRestored:
		a.Type, at = TypeMessageUpdate, m.ModifiedAt
	case EventDeleted:
		a.Type, at = TypeMessageDelete, m.DeletedAt
	}

	a.Timestamp = at.UTC().Format(time.RFC3339Nano)
	if event == EventDeleted {
		return a
	}

	o.addContent(&a, m)
	return a
}

// addContent adds a message's text and mentions to an activity.
func (o *Organisation) addContent(a *Activity, m *Message) {
	if m.Body.ContentType == "html" {
		if content, err := json.Marshal(withQuotes(m)); err == nil { // a string always can be written as JSON
			a.Attachments = []Attachment{{ContentType: ContentHTML, Content: content}}
		}
	} else {
		a.Text = m.Body.Content
	}

	for _, mention := range m.Mentions {
		account := o.accountOf(&mention.Mentioned)
		if account == nil { // a channel, a team or a tag
			account = &ChannelAccount{}
		}

		account.Name = mention.Text
		a.Entities = append(a.Entities, Entity{
			Type: EntityMention, Text: "<at>" + mention.Text + "</at>", Mentioned: account,
		})
	}
}

// withQuotes returns the HTML of a message as Teams would send it. In Graph, quoted and forwarded messages are
// attachments; in activities they are blockquotes in the HTML.
func withQuotes(m *Message) string {
	content := m.Body.Content
	for _, at := range m.Attachments {
		tag := `<attachment id="` + at.ID + `"></attachment>`
		switch at.ContentType {
		case ContentQuote:
			quote := `<blockquote itemtype="http://schema.skype.com/Reply" itemid="` + at.ID + `"></blockquote>`
			content = strings.ReplaceAll(content, tag, quote)
		case ContentForward:
			content = strings.ReplaceAll(content, tag, `<blockquote itemtype="http://schema.skype.com/Forward"></blockquote>`)
		}
	}
	return content
}

// accountOf returns the account of a message's author; nil if Graph doesn't say who that is. Graph doesn't know a
// person's id in Teams ("29:…"), so ID is the Entra object id. For an app, ID is the id of its bot.
func (o *Organisation) accountOf(f *From) *ChannelAccount {
	if f == nil {
		return nil
	}
	if f.Application != nil {
		return &ChannelAccount{ID: BotID(f.Application.ID), Name: f.Application.Name, Role: "bot"}
	}
	if f.User != nil {
		return &ChannelAccount{ID: f.User.ID, Name: f.User.Name, AADObjectID: f.User.ID}
	}
	return nil
}

// IsByUs reports whether our app wrote a message.
func (o *Organisation) IsByUs(m *Message) bool {
	if m.From == nil || m.From.Application == nil {
		return false
	}
	return BotID(m.From.Application.ID) == o.Me
}

// Shown is a message of a channel from Graph.
type Shown struct {
	*Message

	At          bridge.Place
	InOurThread bool // it is in a thread that Parley began
}

// OrganisationPlaceOf returns the place (channel, thread and message) of a message.
func OrganisationPlaceOf(channel string, m *Message) bridge.Place {
	thread := ThreadID(channel, cmp.Or(m.ReplyToID, m.ID))
	return PlaceOf(&Activity{ID: m.ID, Conversation: &ConversationAccount{ID: thread}})
}

// PayloadOf returns what is stored about a message: the payload of a fact (one thing that happened), and the activity in
// it. event: see ActivityOf.
func (o *Organisation) PayloadOf(ctx context.Context, event string, m Shown) (Payload, Activity, error) {
	a := o.ActivityOf(event, m.At.Channel, m.Message)
	p, err := o.wrap(ctx, m.At.Channel, &a, m.InOurThread)
	if err != nil {
		return Payload{}, Activity{}, err
	}

	p.Files, p.Edit = FilesOf(m.Message), !m.EditedAt.IsZero()
	for n, address := range p.Text(&a).Images {
		if strings.Contains(address, HostedPart) {
			p.Files = append(p.Files, DescribePasted(n, Attachment{ContentType: "image/*", ContentURL: address}))
		}
	}

	return p, a, nil
}

// wrap makes the payload of an activity from ActivityOf. It looks up the people whom the activity names.
// Errors: a person can't be looked up at the moment; the activity can't be encoded.
func (o *Organisation) wrap(ctx context.Context, channel string, a *Activity, inOurThread bool) (Payload, error) {
	p := Payload{Kind: KindCatchUp, Me: o.Me, Own: inOurThread, Who: map[string]Person{}}
	for _, account := range accountsIn(a) {
		if account.AADObjectID == "" || p.Who[account.ID].Kind != "" {
			continue
		}

		person, ok, err := o.People.Find(ctx, channel, account.AADObjectID)
		switch {
		case err != nil:
			return Payload{}, err
		case !ok:
			p.Who[account.ID] = Person{User: account.AADObjectID, Name: account.Name, Kind: string(bridge.ActorForeign)}
		default:
			p.Who[account.ID] = Person{User: person.User, Name: person.Name, Kind: string(person.Kind)}
		}
	}

	raw, err := json.Marshal(a)
	if err != nil {
		return Payload{}, fmt.Errorf("teams: catch-up: %w", err)
	}
	p.Body = raw
	return p, nil
}

// FilesOf returns the files that are attached to a message. Other attachments in its text, which only Teams can show,
// are included as unavailable. Quoted and forwarded messages are skipped.
func FilesOf(m *Message) []Attached {
	var out []Attached
	for _, at := range m.Attachments {
		switch at.ContentType {
		case ContentQuote, ContentForward: // see withQuotes
		case GraphContentFile:
			if at.ContentURL != "" {
				out = append(out, Attached{
					ID: at.ID, Name: at.Name, Type: mime.TypeByExtension(path.Ext(at.Name)), URL: at.ContentURL,
				})
			}
		default:
			if at.ID != "" && strings.Contains(m.Body.Content, at.ID) {
				out = append(out, Attached{ID: at.ID, Name: cmp.Or(at.Name, "attachment"), Unavailable: OnlyInTeams})
			}
		}
	}
	return out
}

// accountsIn returns the accounts of an activity's author and of everybody whom it mentions.
func accountsIn(a *Activity) []*ChannelAccount {
	var all []*ChannelAccount
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

// Home returns what package card needs to know about the organisation, above all for links.
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

// RequestTimeout bounds one request to Microsoft's services.
const RequestTimeout = 20 * time.Second

// App is our app in one organisation, with the clients for Teams and Graph (Microsoft's API for reading).
type App struct {
	Tenant string // Entra id of the organisation
	Me     string // our own id: "28:" and the app id
	Client string // host at which people open Teams; see card.Home
	Log    *slog.Logger
	Now    func() time.Time
	Hosts  *Hosts // hosts to which our token may be sent
	Bot    *Client
	Graph  *GraphClient
	Work   *forms.Work    // background tasks; see RunLater
	Sweep  *forms.Sweeper // reads what Teams' requests missed; looks up and stores facts
	Desk   Desk

	ReadOnly    bool // cache new notes, but don't store them
	OwnServices bool // the settings name service addresses, so globalService would be wrong
}

// RunLater runs f in the background for at most RequestTimeout, also if ctx is cancelled. Surface.Run waits for it. It
// returns false, without running f, if too many tasks are running.
func (app *App) RunLater(ctx context.Context, f func(context.Context)) bool {
	return app.Work.Go(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), RequestTimeout)
		defer cancel()
		f(ctx)
	})
}

// Teams sends us activities only for reactions (emoji) to our own messages. Reactions to people's messages are found
// when we read a message with Graph, Microsoft's API for reading. ReactionOf converts them into the activities that Teams
// would send, so that both kinds are handled alike.

// ReactionOf returns the activity for a reaction to the message at a place (channel, thread and message).
func (o *Organisation) ReactionOf(at bridge.Place, r *GraphReaction) Activity {
	a := Activity{
		Type:      TypeMessageReaction,
		ID:        at.Message,
		ChannelID: ChannelTeams,
		Recipient: &ChannelAccount{ID: o.Me},
		// Without the thread, as in Teams' own activities about reactions.
		Conversation: &ConversationAccount{ID: at.Channel, ConversationType: ConversationChannel, TenantID: o.Tenant},
		ChannelData:  &ChannelData{Channel: &ChannelRef{ID: at.Channel}},
		From:         o.accountOf(&r.From),
		ReplyToID:    at.Message,
		Changes:      Changes{ReactionsAdded: []Reaction{{Type: ReactionType(r.Type, r.Name)}}},
	}
	if !r.CreatedAt.IsZero() {
		a.Timestamp = r.CreatedAt.UTC().Format(time.RFC3339Nano)
	}
	return a
}

// FactsOfReaction returns the facts (what is stored) of an activity from ReactionOf.
// Errors: the person who reacted can't be looked up at the moment.
func (o *Organisation) FactsOfReaction(ctx context.Context, at bridge.Place, a *Activity) ([]channels.Fact, error) {
	const inOurThread = false
	p, err := o.wrap(ctx, at.Channel, a, inOurThread)
	if err != nil {
		return nil, err
	}
	return p.ReactionFacts(a), nil
}
