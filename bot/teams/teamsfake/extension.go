package teamsfake

import (
	"context"
	"fmt"
	stdhtml "html"
	"strings"
)

// MessageAction picks one of the app's actions in a message's menu; a dialog opens.
// Errors: ErrNoMessage and its like, ErrNoApp, an undeclared command, ctx's.
func (p *Person) MessageAction(ctx context.Context, channel, message, command string) (*Outcome, error) {
	s := p.s
	s.mu.Lock()
	ch, m, err := s.org.visible(p.id, channel, message)
	if err != nil {
		s.mu.Unlock()
		return nil, err
	}
	if m.Targeted != "" {
		s.mu.Unlock()
		return nil, fmt.Errorf("teamsfake: targeted messages have no actions: %w", ErrNoMessage)
	}
	payload, at := s.graphView.messagePayload(ch, m), where{ch: ch, root: m.Root, user: p.id}
	s.mu.Unlock()
	return p.extension(ctx, at, command, "message", object{"messagePayload": payload})
}

// Compose picks one of the app's actions under the compose box of a thread (root "" = of a
// new one) or of the personal chat (channel ""); a dialog opens.
// Errors: ErrNoChannel and its like, ErrNoApp, an undeclared command, ctx's.
func (p *Person) Compose(ctx context.Context, channel, root, command string) (*Outcome, error) {
	at, err := p.box(channel, root)
	if err != nil {
		return nil, err
	}
	return p.extension(ctx, at, command, "compose", object{})
}

// box finds where a person may write.
func (p *Person) box(channel, root string) (where, error) {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	ch, err := p.s.org.postable(p.id, Post{Channel: channel, Root: root, Text: "x"})
	return where{ch: ch, root: root, user: p.id}, err
}

// extension runs composeExtension/fetchTask.
// Source: "Create and send the dialog", read 2026-11.
func (p *Person) extension(ctx context.Context, at where, command, place string, value object) (*Outcome, error) {
	s := p.s
	c, err := s.app.extension(command, "action", place)
	if err != nil {
		return nil, err
	}
	if !c.FetchTask {
		return nil, fmt.Errorf("teamsfake: the command %q shows no dialog", command)
	}
	s.mu.Lock()
	there := s.org.reachable(at.ch)
	value["requestId"] = s.newID("request")[:16]
	s.mu.Unlock()
	if !there {
		return nil, ErrNoApp
	}
	value["commandId"], value["commandContext"], value["context"] = command, place, p.context()
	d := &Dialog{family: "composeExtension", at: at, command: value}
	return p.open(ctx, d, "composeExtension/fetchTask", value)
}

// Search asks a search extension of the app; text "" is its first run.
// Errors: ErrNoChannel and its like, an undeclared command, ctx's.
func (p *Person) Search(ctx context.Context, channel, root, command, text string) (*Outcome, error) {
	const name = "composeExtension/query"
	s := p.s
	at, err := p.box(channel, root)
	if err != nil {
		return nil, err
	}
	c, err := s.app.extension(command, "query", "compose")
	if err != nil {
		return nil, err
	}
	parameter := object{"name": "initialRun", "value": "true"}
	if text != "" {
		parameter = object{"name": "q", "value": text}
		if len(c.Parameters) > 0 {
			parameter["name"] = c.Parameters[0].Name
		}
	}
	value := object{"commandId": command, "parameters": []object{parameter}, "queryOptions": object{"skip": 0, "count": 25}}
	out, err := s.invokes.ask(ctx, name, value, s.invokes.invokeAt(p.id, at, ""))
	if err != nil || out.Error != "" {
		return out, err
	}
	return p.show(out, &Dialog{family: "composeExtension", at: at}, name), nil
}

// Configure opens the app's settings in a team (config/fetch).
// Errors: ErrNoChannel, ErrNoApp, not declared, ctx's.
func (p *Person) Configure(ctx context.Context, team string) (*Outcome, error) {
	s := p.s
	s.mu.Lock()
	ch := s.org.channels[team]
	there := ch != nil && s.org.isMember(ch, p.id) && s.org.reachable(ch)
	s.mu.Unlock()
	switch {
	case !there:
		return nil, ErrNoApp
	case !s.app.configurable():
		return nil, fmt.Errorf("teamsfake: the app declares no settings")
	}
	return p.open(ctx, &Dialog{family: "config", at: where{ch: ch, user: p.id}}, "config/fetch", object{"data": object{}})
}

// messagePayload is a message as an extension gets it. Caller holds the lock.
// Source: "Define message extension action commands", messagePayload, read 2026-11.
func (v *graphView) messagePayload(ch *channel, m *Message) object {
	stamp := m.At.UTC().Format("2006-01-02T15:04:05.000Z")
	out := object{
		"id": m.ID, "replyToId": nil, "createdDateTime": stamp, "lastModifiedDateTime": nil, "deleted": m.Deleted(),
		"importance": "normal", "locale": "en-us", "subject": nil, "summary": nil,
		"linkToMessage": v.deepLink(ch, m), "body": object{"contentType": "html", "content": m.HTML},
		"from": v.graphFrom(m), "attachments": []object{}, "mentions": []object{}, "reactions": []object{},
	}
	if m.Root != "" && m.Root != m.ID {
		out["replyToId"] = m.Root
	}
	if !m.EditedAt.IsZero() {
		out["lastModifiedDateTime"] = m.EditedAt.UTC().Format("2006-01-02T15:04:05.000Z")
	}
	var cards, mentions []object
	for i, card := range m.Cards {
		cards = append(cards, object{"id": fmt.Sprintf("%s-%d", m.guid, i), "contentType": kindCard, "content": string(card)})
	}
	for i, x := range m.Mentions {
		mentions = append(mentions, object{"id": i, "mentionText": x.Name, "mentioned": v.graphMentioned(x)})
	}
	if cards != nil {
		out["attachments"] = cards
	}
	if mentions != nil {
		out["mentions"] = mentions
	}
	return out
}

// deepLink is the address of a message in the client.
func (v *graphView) deepLink(ch *channel, m *Message) string {
	if ch.person != "" {
		return "https://teams.microsoft.com/l/message/" + ch.ID + "/" + m.ID + "?context=%7B%22contextType%22:%22chat%22%7D"
	}
	t := v.org.teams[ch.Team]
	return fmt.Sprintf("https://teams.microsoft.com/l/message/%s/%s?tenantId=%s&groupId=%s&parentMessageId=%s",
		strings.ReplaceAll(ch.ID, "@", "%40"), m.ID, v.opt.TenantID, t.GroupID, m.Root)
}

// graphFrom is the author as Graph tells it.
func (v *graphView) graphFrom(m *Message) object {
	app := func(id, name, kind string) object {
		return object{"application": object{"id": id, "displayName": name, "applicationIdentityType": kind}, "device": nil, "user": nil}
	}
	switch u := v.org.users[m.User]; {
	case m.Bot:
		return app(v.opt.AppID, v.opt.BotName, "bot")
	case m.Guise == "connector":
		return app(guidOf("connector"), "Incoming webhook", "office365Connector")
	case u == nil || m.Guise == "nobody":
		return nil
	case u.Bot:
		return app(u.ID, u.Name, "bot")
	default:
		return object{"application": nil, "device": nil, "user": object{
			"id": u.ID, "displayName": stdhtml.UnescapeString(u.Name), "userIdentityType": "aadUser", "tenantId": u.TenantID,
		}}
	}
}

// graphMentioned is a mentioned person or bot as Graph tells it.
func (v *graphView) graphMentioned(x Mention) object {
	if x.Bot {
		return object{"application": object{"id": v.opt.AppID, "displayName": x.Name, "applicationIdentityType": "bot"}, "user": nil}
	}
	return object{"application": nil, "user": object{"id": x.ID, "displayName": x.Name, "userIdentityType": "aadUser"}}
}
