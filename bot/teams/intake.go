package teams

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"parley/bot/forms"
	"parley/bridge"
	"parley/channels"
)

// Teams sends Parley an activity for each thing that happens: a message, an edit, a deletion, a reaction. This file
// decides which activities concern Parley, looks up the people in them, and turns them into facts. A fact is one thing
// that happened, in Teams' own bytes, under an id by which it is stored only once, even if Teams sends it again.
// Later, fact.Decode reads from a fact what Parley has to do.

// factsOf returns the facts to be stored for an activity; none if the activity doesn't concern Parley. raw has the
// activity's bytes.
// Errors: a lookup failed. Then Teams is asked to send the activity again.
func (d *door) factsOf(ctx context.Context, a *Activity, raw []byte) ([]channels.Fact, error) {
	switch a.Type {
	case TypeMessage, TypeMessageUpdate, TypeMessageDelete, TypeMessageReaction:
	default:
		return nil, nil // installation.learn handles conversationUpdate and installationUpdate; other types don't concern us
	}

	hasConversation := a.Conversation != nil && a.Conversation.ID != ""
	if !hasConversation || a.ID == "" {
		return []channels.Fact{forms.QuarantinedFact(raw, a.Type+" without place")}, nil
	}
	if !IsInChannel(a) && !IsInPersonalChat(a) {
		return nil, nil // the app doesn't support group chats
	}

	body, err := withoutSecrets(a, raw)
	if err != nil {
		return nil, err
	}
	p := Payload{Kind: KindActivity, Me: d.Me, Body: body}
	if p.IsBySelf(a) {
		return nil, nil
	}

	keep, inOurThread, err := d.concernsUs(ctx, p, a)
	if err != nil || !keep {
		return nil, err
	}
	people, err := d.identifyPeople(ctx, a)
	if err != nil {
		return nil, err
	}

	p.Own, p.Who = inOurThread, people
	switch a.Type {
	case TypeMessage:
		return d.messageFacts(ctx, p, a)
	case TypeMessageReaction:
		return p.ReactionFacts(a), nil
	}

	return d.changeFacts(ctx, p, a)
}

// concernsUs decides whether an activity is stored (keep), and whether it is, or may be, in a thread that Parley began
// (inOurThread). It doesn't look up people, because an activity that doesn't concern Parley must leave no trace.
func (d *door) concernsUs(ctx context.Context, p Payload, a *Activity) (keep, inOurThread bool, err error) {
	isMessage, isClick := a.Type == TypeMessage, isOldClick(a)
	switch {
	case a.Type == TypeMessageReaction:
		return d.Threads.ConcernsReaction(ctx, a)
	case isPrivate(a) && isMessage && !isClick:
		return true, false, nil // a command
	case isTargeted(a) && !isMessage:
		return false, false, nil // editing or deleting a command has no effect (except `new` in a personal chat)
	}

	at := PlaceOf(a)
	inOurThread, err = d.Threads.IsOurs(ctx, at)
	switch {
	case err != nil:
		return false, false, err
	case isClick:
		return true, inOurThread, nil
	case isMessage:
		keep, err = d.Threads.ConcernsUs(ctx, p, at, a, inOurThread)
	case inOurThread:
		keep = true
	default: // a change of a message that may be stored
		keep, err = d.Threads.isStored(ctx, at.Channel, at.Message)
	}
	return keep, inOurThread, err
}

// isPrivate reports whether only its author and Parley see a message.
func isPrivate(a *Activity) bool { return IsInPersonalChat(a) || isTargeted(a) }

// isTargeted reports whether only its author and Parley see a message in a channel.
func isTargeted(a *Activity) bool { return a.Recipient != nil && a.Recipient.IsTargeted }

// isOldClick reports whether a message is a click on a button from an old client, which doesn't know Action.Execute.
func isOldClick(a *Activity) bool {
	hasValue := len(a.Value) > 0 && string(a.Value) != "null"
	return a.Type == TypeMessage && hasValue && strings.TrimSpace(a.Text) == ""
}

// messageFacts returns the facts of a message: a click, a command, or text in a thread.
func (d *door) messageFacts(ctx context.Context, p Payload, a *Activity) ([]channels.Fact, error) {
	if isOldClick(a) {
		facts, _, err := d.clickFacts(ctx, p, a, a.Value)
		return facts, err
	}

	if isPrivate(a) {
		p.Kind = KindCommand
	} else {
		p.Files = d.files.describeFiles(ctx, p, a)
	}
	at := PlaceOf(a)
	return []channels.Fact{p.Fact(MessageID(at.Channel, at.Message), KeyOf(at))}, nil
}

// changeFacts returns the facts of an edit, a deletion or a restoration.
func (d *door) changeFacts(ctx context.Context, p Payload, a *Activity) ([]channels.Fact, error) {
	at := PlaceOf(a)
	if a.Type == TypeMessageDelete {
		return d.deletionFacts(ctx, p, a, at)
	}

	p.Edit = d.IsReadingRefused(at.Channel) // we may never have received the original, if it didn't mention us
	p.Files = d.files.describeFiles(ctx, p, a)
	if EventType(a) == EventRestored {
		return d.deletionFacts(ctx, p, a, at)
	}

	return p.EditFacts(a, at), nil
}

// withoutSecrets returns the bytes of an activity without the addresses of its files, because anybody who reads the
// stored fact could download the file with such an address. The names of the files stay. If there is no such address,
// it returns raw.
// Errors: the activity can't be encoded again.
func withoutSecrets(a *Activity, raw []byte) ([]byte, error) {
	isSecret := func(at Attachment) bool { return at.ContentType == ContentFile }
	if !slices.ContainsFunc(a.Attachments, isSecret) {
		return raw, nil
	}
	clean := *a
	clean.Attachments = slices.Clone(a.Attachments)
	for i, at := range clean.Attachments {
		if isSecret(at) {
			clean.Attachments[i] = Attachment{ContentType: at.ContentType, Name: at.Name}
		}
	}
	return json.Marshal(clean)
}

// identifyPeople looks up the author of an activity and the people whom it mentions. The keys are the people's ids in
// Teams ("29:…").
// Errors: the author can't be looked up at the moment. A mentioned person who can't be looked up counts as foreign.
func (d *door) identifyPeople(ctx context.Context, a *Activity) (map[string]Person, error) {
	known := map[string]Person{}
	conversation := "" // Teams doesn't name a chat of two colleagues, in which people can use the app's menus
	if a.Conversation != nil {
		conversation = a.Conversation.ID
	}

	if a.From != nil {
		if err := d.identifyPerson(ctx, conversation, a.From, known); err != nil {
			return nil, err
		}
	}

	for _, e := range a.Entities {
		if e.Type != EntityMention || e.Mentioned == nil {
			continue
		}
		if err := d.identifyPerson(ctx, conversation, e.Mentioned, known); err != nil {
			addForeign(e.Mentioned, known) // a mention must not delay a reply
		}
	}

	return known, nil
}

// identifyPerson adds a person to known. It skips accounts that don't belong to a person, and those that known has
// already. Somebody whom Teams doesn't list in the conversation counts as foreign (from outside the organisation).
func (d *door) identifyPerson(
	ctx context.Context, conversation string, account *ChannelAccount, known map[string]Person,
) error {
	isPerson := strings.HasPrefix(account.ID, "29:")
	if !isPerson || known[account.ID].Kind != "" {
		return nil
	}

	person, ok, err := d.People.Find(ctx, conversation, account.ID)
	if err != nil {
		return err
	}
	if !ok {
		addForeign(account, known)
		return nil
	}

	known[account.ID] = Person{User: person.User, Name: person.Name, Kind: string(person.Kind)}
	return nil
}

// addForeign adds an account as foreign, by its Entra object id. It does nothing for an account without one.
func addForeign(account *ChannelAccount, known map[string]Person) {
	if account.AADObjectID != "" {
		known[account.ID] = Person{User: account.AADObjectID, Kind: string(bridge.ActorForeign)}
	}
}

// A client sends a click up to three times within 15 s if it gets no response. So the same click shortly afterwards is
// a repetition, which must not count. The same click later is a new one, for example after somebody has undone what the
// first click did. To distinguish them, time is divided into spans of 10 s. A click is a repetition if the same click
// came in the same span or one of the two before.
const (
	clickRepeatSpan  = 10 // seconds
	clickRepeatSpans = 3
)

// clickFacts returns the facts of a click: the click itself, and a marker whose id has the time span of the click. A
// repetition gets the same id as the first click, so it counts once. A later click on the same button gets a new id:
//
//	at 0 s    i:…      k:i:…:0
//	at 12 s   i:…                     a repetition, because k:i:…:0 is stored
//	at 60 s   i:…:6    k:i:…:6        a new click
//
// Errors: those of looking up facts.
func (d *door) clickFacts(
	ctx context.Context, p Payload, a *Activity, data json.RawMessage,
) (facts []channels.Fact, isRepetition bool, err error) {
	f, click := p.ClickFact(a, data)
	if click == nil {
		return []channels.Fact{f}, false, nil
	}

	at := a.At()
	if at.IsZero() {
		at = d.Now()
	}

	span := at.Unix() / clickRepeatSpan
	var markers []string // ids of the markers of this span and the ones before
	for back := range int64(clickRepeatSpans) {
		markers = append(markers, fmt.Sprintf("k:%s:%d", f.ExternalID, span-back))
	}

	seen, err := d.Sweep.KnownFacts(ctx, append(markers, f.ExternalID)...)
	if err != nil {
		return nil, false, err
	}

	wasClicked := seen[f.ExternalID]
	wasClickedLately := slices.ContainsFunc(markers, func(id string) bool { return seen[id] })
	if wasClicked && wasClickedLately {
		return []channels.Fact{f}, true, nil // stored already, so it has no effect
	}
	if wasClicked {
		f.ExternalID = fmt.Sprintf("%s:%d", f.ExternalID, span)
	}

	return []channels.Fact{f, p.KnownFact(markers[0], f.OrderKey)}, false, nil
}
