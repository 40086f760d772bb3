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

// Teams sends Parley an activity for each thing that happens: a message, an edit, a deletion, a reaction. This file
// decides which activities concern us, finds out who the people in them are, and makes facts of them. A fact is one
// thing that happened, in Teams' own bytes, under an id by which it is stored only once, even if Teams sends it
// again. Later fact.Decode reads from it what Parley has to do.

// intake makes facts of activities. The door calls it for each request that is genuine.
type intake struct {
	*organisation.Organisation

	sweeper *sweep.Sweeper
	threads *threads
	lives   *deletions
	files   *files
}

// factsOf returns the facts to be stored for an activity: none if the activity doesn't concern us. raw are the
// activity's bytes.
// Errors: what the facts need can't be found out now. Then Teams is asked to send the activity again.
func (it *intake) factsOf(ctx context.Context, a *connector.Activity, raw []byte) ([]channels.Fact, error) {
	switch a.Type {
	case connector.TypeMessage, connector.TypeMessageUpdate, connector.TypeMessageDelete, connector.TypeMessageReaction:
	default:
		return nil, nil // installation.learn handles conversationUpdate and installationUpdate; no other type concerns us
	}

	hasConversation := a.Conversation != nil && a.Conversation.ID != ""
	if !hasConversation || a.ID == "" {
		return []channels.Fact{fact.QuarantinedFact(raw, a.Type+" without place")}, nil
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

// concernsUs decides whether an activity is stored (keep), and whether it is in a thread that Parley began, or may be
// (inOurThread). It asks Teams nothing about people, because an activity that doesn't concern us must leave no trace
// here.
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

// isPrivate reports whether a message is seen by nobody but its author and Parley.
func isPrivate(a *connector.Activity) bool { return fact.IsInPersonalChat(a) || isTargeted(a) }

// isTargeted reports whether a message in a channel is shown to nobody but its author and Parley.
func isTargeted(a *connector.Activity) bool { return a.Recipient != nil && a.Recipient.IsTargeted }

// isOldClick reports whether a message is a click on a button, as older clients send it: those that don't know
// Action.Execute.
func isOldClick(a *connector.Activity) bool {
	hasValue := len(a.Value) > 0 && string(a.Value) != "null"
	return a.Type == connector.TypeMessage && hasValue && strings.TrimSpace(a.Text) == ""
}

func (it *intake) messageFacts(ctx context.Context, p fact.Payload, a *connector.Activity) ([]channels.Fact, error) {
	at := fact.PlaceOf(a)
	if isOldClick(a) {
		facts, _, err := it.clickFacts(ctx, p, a, a.Value)
		return facts, err
	}

	if isPrivate(a) {
		p.Kind = fact.KindCommand
		return []channels.Fact{p.Fact(fact.MessageID(at.Channel, at.Message), fact.KeyOf(at))}, nil
	}

	p.Files = it.files.describeFiles(ctx, p, a)
	return []channels.Fact{p.Fact(fact.MessageID(at.Channel, at.Message), fact.KeyOf(at))}, nil
}

func (it *intake) changeFacts(ctx context.Context, p fact.Payload, a *connector.Activity) ([]channels.Fact, error) {
	at := fact.PlaceOf(a)
	if a.Type == connector.TypeMessageDelete {
		return it.lives.factsOfActivity(ctx, p, a, at)
	}

	p.Edit = it.IsReadingRefused(at.Channel) // before, it may not have mentioned us
	p.Files = it.files.describeFiles(ctx, p, a)
	if fact.EventType(a) == fact.EventRestored {
		return it.lives.factsOfActivity(ctx, p, a, at)
	}

	return p.EditFacts(a, at), nil
}

// withoutSecrets returns the bytes of an activity without the addresses of its files. With such an address anybody
// who reads the stored fact could fetch the file. The names of the files stay. If there is no such address, it
// returns raw.
// Errors: json's, if the activity can't be written again.
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

// identifyPeople finds out who the author of an activity is, and whom it mentions. The keys are the people's ids in
// Teams ("29:…").
// Errors: Teams can't tell now who the author is. For somebody mentioned, that is no error.
func (it *intake) identifyPeople(ctx context.Context, a *connector.Activity) (map[string]fact.Person, error) {
	known := map[string]fact.Person{}
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

// identifyPerson adds a person to known. It skips accounts that belong to no person, and those that are in known
// already. Somebody whom Teams doesn't list in the conversation counts as foreign, from outside the organisation.
func (it *intake) identifyPerson(
	ctx context.Context, conversation string, account *connector.ChannelAccount, known map[string]fact.Person,
) error {
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

	known[account.ID] = fact.Person{User: person.User, Name: person.Name, Kind: string(person.Kind)}
	return nil
}

// addForeign adds an account as foreign, by its Entra object id. It does nothing for an account without one.
func addForeign(account *connector.ChannelAccount, known map[string]fact.Person) {
	if account.AADObjectID != "" {
		known[account.ID] = fact.Person{User: account.AADObjectID, Kind: string(bridge.ActorForeign)}
	}
}

// A client sends a click up to three times within 15 s while it gets no answer. So the same click, soon after, is a
// repetition. One that comes later is a new click, for example after somebody undid what the first did. To tell them
// apart, time is cut into spans of 10 s, and three are looked at: a repetition may come in the second span after that
// of the first click.
const (
	clickRepeatSpan  = 10 // seconds
	clickRepeatSpans = 3
)

// clickFacts returns the facts of a click: the click itself, and a second one whose id names the time span of the
// click (see clickRepeatSpan). A repeated click gets the same id as before, so it counts once. A later click on the
// same button gets an id of its own.
// Errors: the desk's.
func (it *intake) clickFacts(
	ctx context.Context, p fact.Payload, a *connector.Activity, data json.RawMessage,
) (facts []channels.Fact, isRepetition bool, err error) {
	f, click := p.ClickFact(a, data)
	if click == nil {
		return []channels.Fact{f}, false, nil
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

	seen, err := it.sweeper.KnownFacts(ctx, append(spanIDs, f.ExternalID)...)
	if err != nil {
		return nil, false, err
	}

	clickedBefore := seen[f.ExternalID]
	if clickedBefore && slices.ContainsFunc(spanIDs, func(id string) bool { return seen[id] }) {
		return []channels.Fact{f}, true, nil // the same fact, which counts once
	}
	if clickedBefore {
		f.ExternalID = fmt.Sprintf("%s:%d", f.ExternalID, span)
	}

	return []channels.Fact{f, p.KnownFact(spanIDs[0], f.OrderKey)}, false, nil
}
