package teams

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"parley/bot/sweep"
	"parley/bot/teams/card"
	"parley/bot/teams/connector"
	"parley/bot/teams/fact"
	"parley/bot/teams/organisation"
	"parley/bridge"
	"parley/channels"
)

// intake makes facts of what Teams sends.
type intake struct {
	*organisation.Organisation

	sweeper *sweep.Sweeper
	threads *threads
	lives   *lives
	files   *files
}

// facts makes the journal's facts of an activity; none if the activity is not for us.
// Errors: what keeps it from being stored now; then Teams sends the activity again.
func (it *intake) facts(ctx context.Context, a *connector.Activity, raw []byte) ([]channels.Fact, error) {
	switch a.Type {
	case connector.TypeMessage, connector.TypeMessageUpdate, connector.TypeMessageDelete, connector.TypeMessageReaction:
	default:
		return nil, nil // conversationUpdate and installationUpdate: see learn; others tell nothing
	}
	if a.Conversation == nil || a.Conversation.ID == "" || a.ID == "" {
		return []channels.Fact{fact.Quarantined(raw, a.Type+" without place")}, nil
	}
	if !fact.InChannel(a) && !fact.InPersonal(a) {
		return nil, nil // group chats: the app isn't made for them
	}
	p := fact.Payload{Kind: fact.KindActivity, Me: it.Me, Body: raw}
	if p.BySelf(a) {
		return nil, nil
	}
	var err error
	if p.Who, err = it.meet(ctx, a); err != nil {
		return nil, err
	}
	switch a.Type {
	case connector.TypeMessage:
		return it.messageFacts(ctx, p, a)
	case connector.TypeMessageReaction:
		keep, early, err := it.threads.concernsReaction(ctx, a)
		if err != nil || !keep {
			return nil, err
		}
		p.Own = early
		return p.ReactionFacts(a), nil
	}
	if fact.InPersonal(a) || targeted(a) {
		return nil, nil // these are commands: a change of their text changes nothing
	}
	return it.changeFacts(ctx, p, a)
}

// targeted says whether only its author and we see a message.
func targeted(a *connector.Activity) bool { return a.Recipient != nil && a.Recipient.IsTargeted }

func (it *intake) messageFacts(ctx context.Context, p fact.Payload, a *connector.Activity) ([]channels.Fact, error) {
	at := fact.PlaceOf(a)
	if len(a.Value) > 0 && strings.TrimSpace(a.Text) == "" && string(a.Value) != "null" { // a button of a client that knows no Action.Execute
		own, err := it.threads.ours(ctx, bridge.Place{Channel: at.Channel, Thread: at.Thread, Message: at.Message})
		p.Own = own
		if err != nil {
			return nil, err
		}
		facts, _, err := it.clickFacts(ctx, p, a, a.Value)
		return facts, err
	}
	if fact.InPersonal(a) || targeted(a) {
		p.Kind, p.Body = fact.KindCommand, withoutSecrets(a, p.Body)
		return []channels.Fact{p.Fact(fact.MessageID(at.Channel, at.Message), fact.KeyOf(at))}, nil
	}
	own, err := it.threads.ours(ctx, at)
	if err != nil {
		return nil, err
	}
	if keep, err := it.threads.concernsUs(ctx, p, at, a, own); err != nil || !keep {
		return nil, err
	}
	p.Own = own
	p.Seen = it.files.attachments(ctx, p, a)
	return []channels.Fact{p.Fact(fact.MessageID(at.Channel, at.Message), fact.KeyOf(at))}, nil
}

// changeFacts makes the facts of an edit, of a deletion, or of the undoing of a deletion.
func (it *intake) changeFacts(ctx context.Context, p fact.Payload, a *connector.Activity) ([]channels.Fact, error) {
	at := fact.PlaceOf(a)
	own, err := it.threads.ours(ctx, at)
	if err != nil {
		return nil, err
	}
	if keep, err := it.threads.knownOr(ctx, at.Channel, at.Message, own); err != nil || !keep {
		return nil, err
	}
	p.Own = own
	if a.Type == connector.TypeMessageDelete {
		return it.lives.turnFacts(ctx, p, a, at)
	}
	p.Seen = it.files.attachments(ctx, p, a)
	if fact.EventType(a) == fact.EventRestored {
		return it.lives.turnFacts(ctx, p, a, at)
	}
	return p.EditFacts(a, at), nil
}

// withoutSecrets removes from a message the addresses with which anybody who reads the journal could fetch its files.
func withoutSecrets(a *connector.Activity, raw []byte) []byte {
	secret := func(at connector.Attachment) bool { return at.ContentType == connector.ContentFile }
	if !slices.ContainsFunc(a.Attachments, secret) {
		return raw
	}
	clean := *a
	clean.Attachments = slices.DeleteFunc(slices.Clone(a.Attachments), secret)
	if out, err := json.Marshal(clean); err == nil {
		return out
	}
	return []byte("{}")
}

// meet finds out who the people are that an activity names.
// Errors: what keeps Teams from telling who its author is.
func (it *intake) meet(ctx context.Context, a *connector.Activity) (map[string]fact.Who, error) {
	all := map[string]fact.Who{}
	add := func(id, user string, must bool) error {
		if !strings.HasPrefix(id, "29:") || all[id].Kind != "" {
			return nil
		}
		one, ok, err := it.People.Find(ctx, a.Conversation.ID, id)
		switch {
		case err != nil && must:
			return err
		case err != nil || !ok: // Teams can't say who they are
			if user != "" {
				all[id] = fact.Who{User: user, Kind: string(bridge.ActorForeign)}
			}
			return nil
		}
		all[id] = fact.Who{User: one.User, Name: one.Name, Kind: string(one.Kind)}
		return nil
	}
	if a.From != nil {
		if err := add(a.From.ID, a.From.AADObjectID, true); err != nil {
			return nil, err
		}
	}
	for _, e := range a.Entities {
		if e.Type == connector.EntityMention && e.Mentioned != nil {
			if err := add(e.Mentioned.ID, e.Mentioned.AADObjectID, false); err != nil {
				return nil, err
			}
		}
	}
	return all, nil
}

// clickSpan is how long, in seconds, a second click is taken for a repetition by the client, which asks
// three times within 15 s. A later one is a new click: its person was told to try again, or saw that
// somebody undid the first.
const clickSpan = 10

// clickFacts makes the facts of a click. A later click on the same button is another fact (see clickSpan).
// Errors: the desk's.
func (it *intake) clickFacts(ctx context.Context, p fact.Payload, a *connector.Activity, data json.RawMessage) ([]channels.Fact, *card.Click, error) {
	f, click := p.ClickFact(a, data)
	if click == nil {
		return []channels.Fact{f}, nil, nil
	}
	at := a.At()
	if at.IsZero() {
		at = it.Now()
	}
	var near []string
	for back := range int64(3) {
		near = append(near, fmt.Sprintf("k:%s:%d", f.ExternalID, at.Unix()/clickSpan-back))
	}
	seen, err := it.sweeper.Seen(ctx, append(near, f.ExternalID)...)
	if err != nil {
		return nil, nil, err
	}
	switch {
	case !seen[f.ExternalID]:
	case slices.ContainsFunc(near, func(id string) bool { return seen[id] }):
		return []channels.Fact{f}, click, nil // the same one
	default:
		f.ExternalID += strings.TrimPrefix(near[0], "k:"+f.ExternalID)
	}
	return []channels.Fact{f, p.Known(near[0], f.OrderKey)}, click, nil
}
