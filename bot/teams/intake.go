package teams

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"parley/bot/sweep"
	"parley/bot/teams/connector"
	"parley/bridge"
	"parley/channels"
)

// intake makes facts of what Teams sends.
type intake struct {
	*organisation

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
		return []channels.Fact{quarantined(raw, a.Type+" without place")}, nil
	}
	if !inChannel(a) && !inPersonal(a) {
		return nil, nil // group chats: the app isn't made for them
	}
	p := payload{Kind: kindActivity, Me: it.me, Body: raw}
	if p.self(a) {
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
		return p.reactionFacts(a), nil
	}
	if inPersonal(a) || targeted(a) {
		return nil, nil // these are commands: a change of their text changes nothing
	}
	return it.changeFacts(ctx, p, a)
}

// targeted says whether only its author and we see a message.
func targeted(a *connector.Activity) bool { return a.Recipient != nil && a.Recipient.IsTargeted }

func (it *intake) messageFacts(ctx context.Context, p payload, a *connector.Activity) ([]channels.Fact, error) {
	at := place(a)
	if len(a.Value) > 0 && strings.TrimSpace(a.Text) == "" && string(a.Value) != "null" { // a button of a client that knows no Action.Execute
		own, err := it.threads.ours(ctx, bridge.Place{Channel: at.Channel, Thread: at.Thread, Message: at.Message})
		p.Own = own
		if err != nil {
			return nil, err
		}
		facts, _, err := it.clickFacts(ctx, p, a, a.Value)
		return facts, err
	}
	if inPersonal(a) || targeted(a) {
		p.Kind, p.Body = kindCommand, withoutSecrets(a, p.Body)
		return []channels.Fact{p.fact(messageID(at.Channel, at.Message), orderKey(at.Channel, root(at)))}, nil
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
	return []channels.Fact{p.fact(messageID(at.Channel, at.Message), orderKey(at.Channel, root(at)))}, nil
}

// changeFacts makes the facts of an edit, of a deletion, or of the undoing of a deletion.
func (it *intake) changeFacts(ctx context.Context, p payload, a *connector.Activity) ([]channels.Fact, error) {
	at := place(a)
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
	if eventType(a) == eventRestored {
		return it.lives.turnFacts(ctx, p, a, at)
	}
	return p.editFacts(a, at), nil
}

// editFacts makes two facts of an edit: the edit, and one named by what it says, by which a catch-up knows the edit.
func (p payload) editFacts(a *connector.Activity, at bridge.Place) []channels.Fact {
	key := orderKey(at.Channel, root(at))
	return []channels.Fact{p.fact(p.editID(at, a), key), p.known(p.knownIDs(at, a)[0], key)}
}

// Events of a message, in an activity's channelData.
const (
	eventEdited   = "editMessage"
	eventDeleted  = "softDeleteMessage"
	eventRestored = "undeleteMessage" // it was deleted, and is back
)

// reactionFacts makes one fact of all reactions that an activity adds or removes.
func (p payload) reactionFacts(a *connector.Activity) []channels.Fact {
	at := place(a)
	if a.ReplyToID == "" {
		return []channels.Fact{quarantined(p.Body, "reaction without message")}
	}
	var what []string
	for _, r := range a.ReactionsAdded {
		what = append(what, "+"+r.Type)
	}
	for _, r := range a.ReactionsRemoved {
		what = append(what, "-"+r.Type)
	}
	if len(what) == 0 {
		return nil
	}
	from := ""
	if a.From != nil {
		from = a.From.ID
	}
	id := "r:" + at.Channel + ":" + a.ReplyToID + ":" + digest(append([]string{from, a.ID, a.Timestamp}, what...)...)
	order := at.Thread
	if order == "" || order == a.ID {
		order = a.ReplyToID
	}
	return []channels.Fact{p.fact(id, orderKey(at.Channel, order))}
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
func (it *intake) meet(ctx context.Context, a *connector.Activity) (map[string]who, error) {
	all := map[string]who{}
	add := func(id, user string, must bool) error {
		if !strings.HasPrefix(id, "29:") || all[id].Kind != "" {
			return nil
		}
		one, ok, err := it.people.find(ctx, a.Conversation.ID, id)
		switch {
		case err != nil && must:
			return err
		case err != nil || !ok: // Teams can't say who they are
			if user != "" {
				all[id] = who{User: user, Kind: string(bridge.ActorForeign)}
			}
			return nil
		}
		all[id] = who{User: one.User, Name: one.Name, Kind: string(one.Kind)}
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
