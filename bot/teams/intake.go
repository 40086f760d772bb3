package teams

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"parley/bot/sweep"
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

// factsOf makes the journal's facts of an activity; none if the activity doesn't concern us.
// Errors: what keeps it from being stored now. Then Teams is asked to send the activity again.
func (it *intake) factsOf(ctx context.Context, a *connector.Activity, raw []byte) ([]channels.Fact, error) {
	switch a.Type {
	case connector.TypeMessage, connector.TypeMessageUpdate, connector.TypeMessageDelete, connector.TypeMessageReaction:
	default:
		return nil, nil // installation.learn handles conversationUpdate and installationUpdate; no other type concerns us
	}

	hasConversation := a.Conversation != nil && a.Conversation.ID != ""
	if !hasConversation || a.ID == "" {
		return []channels.Fact{fact.Quarantined(raw, a.Type+" without place")}, nil
	}
	if !fact.IsInChannel(a) && !fact.IsInPersonalChat(a) {
		return nil, nil // group chats: the app isn't made for them
	}

	body, err := withoutSecrets(a, raw)
	if err != nil {
		return nil, err
	}
	p := fact.Payload{Kind: fact.KindActivity, Me: it.Me, Body: body}
	if p.IsBySelf(a) {
		return nil, nil
	}

	keep, inOurThread, err := it.concernsUs(ctx, p, a)
	if err != nil || !keep {
		return nil, err
	}

	p.Own = inOurThread
	if p.Who, err = it.identifyPeople(ctx, a); err != nil {
		return nil, err
	}

	switch a.Type {
	case connector.TypeMessage:
		return it.messageFacts(ctx, p, a)
	case connector.TypeMessageReaction:
		return p.ReactionFacts(a), nil
	}

	return it.changeFacts(ctx, p, a)
}

// concernsUs decides what an activity has to do with us: keep means that it is to be stored, inOurThread that it is in a thread of
// ours, or may be. It asks Teams nothing about the people: what doesn't concern us must leave nothing here.
func (it *intake) concernsUs(ctx context.Context, p fact.Payload, a *connector.Activity) (keep, inOurThread bool, err error) {
	isMessage, isClick := a.Type == connector.TypeMessage, isOldClick(a)
	switch {
	case a.Type == connector.TypeMessageReaction:
		return it.threads.concernsReaction(ctx, a)
	case isPrivate(a) && isMessage && !isClick:
		return true, false, nil // it is a command
	case isTargeted(a) && !isMessage:
		return false, false, nil // a change of a command's text changes nothing, but for `new` in a personal chat
	}

	at := fact.PlaceOf(a)
	inOurThread, err = it.threads.isOurThread(ctx, at)
	switch {
	case err != nil:
		return false, false, err
	case isClick:
		return true, inOurThread, nil
	case isMessage:
		keep, err = it.threads.concernsUs(ctx, p, at, a, inOurThread)
	default:
		keep, err = it.threads.isOursOrStored(ctx, at.Channel, at.Message, inOurThread)
	}
	return keep, inOurThread, err
}

// isPrivate reports whether only its author and we see a message.
func isPrivate(a *connector.Activity) bool { return fact.IsInPersonalChat(a) || isTargeted(a) }

// isTargeted reports whether only its author and we see a message of a channel.
func isTargeted(a *connector.Activity) bool { return a.Recipient != nil && a.Recipient.IsTargeted }

// isOldClick reports whether a message is a click of a client that doesn't know Action.Execute.
func isOldClick(a *connector.Activity) bool {
	hasValue := len(a.Value) > 0 && string(a.Value) != "null"
	return a.Type == connector.TypeMessage && hasValue && strings.TrimSpace(a.Text) == ""
}

// messageFacts makes the facts of a message: what a person wrote in a channel, a command to us alone, or a click.
func (it *intake) messageFacts(ctx context.Context, p fact.Payload, a *connector.Activity) ([]channels.Fact, error) {
	at := fact.PlaceOf(a)
	if isOldClick(a) {
		facts, err := it.clickFacts(ctx, p, a, a.Value)
		return facts, err
	}

	if isPrivate(a) {
		p.Kind = fact.KindCommand
		return []channels.Fact{p.Fact(fact.MessageID(at.Channel, at.Message), fact.KeyOf(at))}, nil
	}

	p.Seen = it.files.describeFiles(ctx, p, a)
	return []channels.Fact{p.Fact(fact.MessageID(at.Channel, at.Message), fact.KeyOf(at))}, nil
}

// changeFacts makes the facts of an edit, of a deletion, or of the undoing of a deletion.
func (it *intake) changeFacts(ctx context.Context, p fact.Payload, a *connector.Activity) ([]channels.Fact, error) {
	at := fact.PlaceOf(a)
	if a.Type == connector.TypeMessageDelete {
		return it.lives.factsOfActivity(ctx, p, a, at)
	}

	p.Edit = it.IsReadingRefused(at.Channel) // before, it may not have mentioned us
	p.Seen = it.files.describeFiles(ctx, p, a)
	if fact.EventType(a) == fact.EventRestored {
		return it.lives.factsOfActivity(ctx, p, a, at)
	}

	return p.EditFacts(a, at), nil
}

// withoutSecrets removes from a message the addresses with which a reader of the journal could fetch its files: only their names
// stay. raw is the message as Teams sent it. It is returned as it is if the message has no such address.
// Errors: json's, if the message can't be written again.
func withoutSecrets(a *connector.Activity, raw []byte) ([]byte, error) {
	isSecret := func(at connector.Attachment) bool { return at.ContentType == connector.ContentFile }
	if !slices.ContainsFunc(a.Attachments, isSecret) {
		return raw, nil
	}
	clean := *a
	clean.Attachments = slices.Clone(a.Attachments)
	for i, at := range clean.Attachments {
		if isSecret(at) {
			clean.Attachments[i] = connector.Attachment{ContentType: at.ContentType, Name: at.Name}
		}
	}
	return json.Marshal(clean)
}

// identifyPeople finds out who the people are that an activity names: its author, and those whom it mentions.
// Errors: what keeps Teams from telling who the author is.
func (it *intake) identifyPeople(ctx context.Context, a *connector.Activity) (map[string]fact.Who, error) {
	known := map[string]fact.Who{}
	if a.From != nil {
		if err := it.identifyPerson(ctx, a.Conversation.ID, a.From, known); err != nil {
			return nil, err
		}
	}

	for _, e := range a.Entities {
		if e.Type != connector.EntityMention || e.Mentioned == nil {
			continue
		}
		if err := it.identifyPerson(ctx, a.Conversation.ID, e.Mentioned, known); err != nil {
			addForeign(e.Mentioned, known) // a reply must not wait because of a mention
		}
	}

	return known, nil
}

// identifyPerson adds a person to known, unless the account is no person's or is known already. A person whom Teams doesn't
// list in the conversation is a foreign one.
func (it *intake) identifyPerson(ctx context.Context, conversation string, account *connector.ChannelAccount, known map[string]fact.Who) error {
	isPerson := strings.HasPrefix(account.ID, "29:")
	if !isPerson || known[account.ID].Kind != "" {
		return nil
	}

	person, ok, err := it.People.Find(ctx, conversation, account.ID)
	if err != nil {
		return err
	}
	if !ok {
		addForeign(account, known)
		return nil
	}

	known[account.ID] = fact.Who{User: person.User, Name: person.Name, Kind: string(person.Kind)}
	return nil
}

// addForeign adds an account of which only the Entra object id is known, if that is.
func addForeign(account *connector.ChannelAccount, known map[string]fact.Who) {
	if account.AADObjectID != "" {
		known[account.ID] = fact.Who{User: account.AADObjectID, Kind: string(bridge.ActorForeign)}
	}
}

// A client asks three times within 15 s if it gets no answer to a click. So a click that comes again soon counts as a repetition.
// One that comes later is new: its person was told to try again, or saw that somebody undid the first. Time is cut into spans for
// that. Three of them are looked at, because the repetition of a click near the end of its span may lie in the second span after it.
const (
	clickRepeatSpan  = 10 // seconds
	clickRepeatSpans = 3
)

// clickFacts makes the facts of a click. A later click on the same button is another fact (see clickRepeatSpan).
// Errors: the desk's.
func (it *intake) clickFacts(ctx context.Context, p fact.Payload, a *connector.Activity, data json.RawMessage) ([]channels.Fact, error) {
	f, click := p.ClickFact(a, data)
	if click == nil {
		return []channels.Fact{f}, nil
	}

	at := a.At()
	if at.IsZero() {
		at = it.Now()
	}

	span := at.Unix() / clickRepeatSpan
	// Each click is stored with a second fact, whose id names its span. spanIDs are those of this span and the ones before.
	var spanIDs []string
	for back := range int64(clickRepeatSpans) {
		spanIDs = append(spanIDs, fmt.Sprintf("k:%s:%d", f.ExternalID, span-back))
	}

	seen, err := it.sweeper.Seen(ctx, append(spanIDs, f.ExternalID)...)
	if err != nil {
		return nil, err
	}

	clickedBefore := seen[f.ExternalID]
	if clickedBefore && slices.ContainsFunc(spanIDs, func(id string) bool { return seen[id] }) {
		return []channels.Fact{f}, nil // a repetition: the same fact, which counts once
	}
	if clickedBefore {
		f.ExternalID = fmt.Sprintf("%s:%d", f.ExternalID, span)
	}

	return []channels.Fact{f, p.Known(spanIDs[0], f.OrderKey)}, nil
}
