package teams

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"parley/bot/forms"
	"parley/bot/teams/card"
	"parley/bot/verb"
	"parley/bridge"
)

var errDecode = errors.New("teams: decode")

// Each activity that Teams sends is first stored as a fact: one thing that happened, in Teams' own bytes, under an id
// by which it is stored only once. Later, the facts of a thread are applied in order. Decode then reads what a fact
// asks Parley to do:
//
//	message "<at>Parley</at> snooze tomorrow"   →   {Verb: "snooze", Args: until tomorrow, Actor: Ann, Place: …}
//
// It uses only the stored bytes, so that applying a fact again gives the same result.

// Decode returns the actions of a stored fact: what somebody typed, edited, deleted, clicked, or expressed by an emoji.
// Facts without effect (Payload.KnownFact) have no actions.
// Errors: the fact can't be read.
func Decode(raw []byte) ([]bridge.Action, error) {
	p, a, err := unwrap(raw)
	if err != nil {
		return nil, err
	}

	switch p.Kind {
	case KindActivity, KindCatchUp:
		return p.decodeActivity(&a)
	case KindCommand:
		return p.decodeCommand(&a), nil
	case KindClick:
		return p.decodeClick(&a)
	case kindForm:
		return p.decodeForm(&a)
	case KindMenu:
		return p.decodeMenu(&a)
	case KindUpload:
		return p.decodeUpload()
	case kindKnown:
		return nil, nil
	}

	return nil, fmt.Errorf("%w: kind %q", errDecode, p.Kind)
}

func (p Payload) decodeActivity(a *Activity) ([]bridge.Action, error) {
	at := PlaceOf(a)
	if at.Channel == "" || at.Message == "" {
		return nil, fmt.Errorf("%w: %s without place", errDecode, a.Type)
	}

	var out []bridge.Action
	switch a.Type {
	case TypeMessage:
		out = []bridge.Action{p.Said(at, a)}
	case TypeMessageUpdate:
		out = []bridge.Action{p.readEdit(at, a)}
	case TypeMessageDelete:
		out = []bridge.Action{{Verb: bridge.VerbDelete, Origin: bridge.OriginText, Actor: p.Actor(a), Place: at, OwnThread: p.Own}}
	case TypeMessageReaction:
		out = p.readReactions(at, a)
	default:
		return nil, fmt.Errorf("%w: %s", errDecode, shorten(a.Type))
	}

	if p.Kind == KindCatchUp {
		forms.MarkFound(out)
	}
	return out, nil
}

// readEdit reads an edit. Commands in an edited text are not executed: an edit only changes what was said.
func (p Payload) readEdit(at bridge.Place, a *Activity) bridge.Action {
	edit := p.Said(at, a)
	edit.Verb = bridge.VerbEdit
	edit.Args = bridge.Args{ReplyArgs: bridge.ReplyArgs{Promotional: edit.Args.Promotional}}
	edit.Version = p.VersionDigest(a)
	edit.Restored = EventType(a) == EventRestored
	if edit.Origin == bridge.OriginMention {
		edit.Origin = bridge.OriginText
	}
	return edit
}

// Said reads what somebody typed. command.Message interprets the text: as a command, a note, or text for the customer.
// In a personal chat with our app, each message is addressed to the app.
func (p Payload) Said(at bridge.Place, a *Activity) bridge.Action {
	t := p.Text(a)
	out := bridge.Action{
		Actor: p.Actor(a), Place: at, Order: sortKey(a, at.Message), Raw: t.Plain, Mentions: t.Mentions,
		Files: p.collectFiles(a, t), OwnThread: p.Own,
		Context: bridge.Context{Quotes: t.Quotes, Forwards: t.Forwards, Edited: p.Edit},
	}
	isToUs := IsInPersonalChat(a)
	message := verb.Message{
		Plain: t.Plain, Markdown: t.Markdown, Tokens: t.Tokens, ToApp: t.Leads || isToUs, NamesApp: t.Bot || isToUs,
		Named: t.WithNames,
	}
	message.Ask(&out)
	return out
}

// collectFiles returns the files of a message: pictures in it, and files to which its text refers. Files that can't be
// read say why, so that nobody believes that the customer received them.
func (p Payload) collectFiles(a *Activity, t card.Text) []bridge.SurfaceFile {
	found := slices.Clone(p.Files) // as described when the message arrived
	for _, id := range t.Files {
		if !slices.ContainsFunc(p.Files, func(f Attached) bool { return f.ID == id }) {
			found = append(found, Attached{ID: id, Unavailable: NoFileAccess})
		}
	}
	for n, name := range t.Clips {
		found = append(found, Attached{ID: forms.Digest(name, strconv.Itoa(n)), Name: name, Unavailable: OnlyInTeams})
	}
	for n, at := range Pictures(a) {
		if !slices.ContainsFunc(p.Files, func(f Attached) bool { return f.URL == at.ContentURL }) {
			found = append(found, DescribePasted(n, at))
		}
	}
	for _, at := range a.Attachments {
		if at.ContentType == ContentFile {
			found = append(found, Attached{ID: forms.Digest(at.Name), Name: at.Name, Unavailable: NoFileAccess})
		}
	}
	found = append(found, p.unlistedPictures(a, t)...)

	var out []bridge.SurfaceFile
	for _, f := range found {
		out = append(out, bridge.SurfaceFile{
			ID: cmp.Or(f.ID, forms.Digest(f.URL)), Name: cmp.Or(f.Name, "file"), ContentType: f.Type,
			SizeBytes: f.Bytes, URL: OriginOf(a).Seal(f.URL), Unavailable: f.Unavailable,
		})
	}
	return out
}

// unlistedPictures returns the pictures in the text of a message that aren't among its attachments. An attachment may
// have another address than the same picture in the text, so addresses alone don't decide: if the text has n pictures
// more than there are attachments, the last n pictures with unknown addresses are returned.
func (p Payload) unlistedPictures(a *Activity, t card.Text) []Attached {
	var listed []string
	for _, f := range p.Files {
		if f.ID == "" {
			listed = append(listed, f.URL)
		}
	}
	for _, at := range Pictures(a) {
		if !slices.Contains(listed, at.ContentURL) {
			listed = append(listed, at.ContentURL)
		}
	}

	rest := slices.DeleteFunc(slices.Clone(t.Images), func(address string) bool { return slices.Contains(listed, address) })
	missing := max(0, len(t.Images)-len(listed))
	var out []Attached
	for i, address := range rest[max(0, len(rest)-missing):] {
		n := len(listed) + i
		f := Attached{ID: forms.Digest("picture", strconv.Itoa(n)), Name: PictureName(n, ""), Unavailable: OnlyInTeams}
		if strings.Contains(address, HostedPart) {
			f = DescribePasted(n, Attachment{ContentType: "image/*", ContentURL: address})
		}
		out = append(out, f)
	}
	return out
}

// readReactions reads the emoji that were added and removed. It sorts the actions, so that their order is the same each
// time.
func (p Payload) readReactions(at bridge.Place, a *Activity) []bridge.Action {
	at.Message = a.ReplyToID
	if at.Thread == a.ReplyToID || at.Thread == a.ID {
		at.Thread = ""
	}

	var out []bridge.Action
	read := func(list []Reaction, added bool) {
		for _, r := range list {
			name, args := verb.Reaction(emojiName(r.Type), added)
			out = append(out, bridge.Action{
				Verb: name, Origin: bridge.OriginEmoji, Actor: p.Actor(a), Place: at, Args: args, OwnThread: p.Own,
			})
		}
	}
	read(a.ReactionsAdded, true)
	read(a.ReactionsRemoved, false)

	slices.SortStableFunc(out, func(x, y bridge.Action) int {
		return strings.Compare(string(x.Verb)+x.Args.Emoji, string(y.Verb)+y.Args.Emoji)
	})

	return out
}

// noRelay is the response to somebody who tries to write to a customer in a private message to the app.
const noRelay = "A reply that is written to me in private never goes to a customer. Type it in the conversation's thread."

// noFiles is the response to somebody who adds a file to a private note, because nobody would see it in the
// conversation's thread.
const noFiles = "A note can't take a file along from here: nothing is noted. Type it in the conversation's thread, with the file."

// decodeCommand reads a private message: a slash command, or a message in a chat with the app. None of it goes to a
// customer, except the first message of a conversation that the command "new" begins.
func (p Payload) decodeCommand(a *Activity) []bridge.Action {
	t := p.Text(a)
	at := PlaceOf(a)
	withoutSign := func(text string) string { return strings.TrimPrefix(strings.TrimSpace(text), "/") }
	typed := verb.Message{Plain: withoutSign(t.Plain), Markdown: withoutSign(t.Markdown), Tokens: t.Tokens, Named: t.WithNames}
	if strings.EqualFold(typed.Plain, "inbox") {
		typed.Plain = "mine"
	}

	q, files := typed.Slash("parley"), p.collectFiles(a, t)
	refused := func(why string) verb.Parsed {
		return verb.Parsed{Verb: bridge.VerbUnknown, Marker: bridge.MarkSlash, Args: bridge.Args{Note: why}}
	}
	isForCustomer := q.Verb == bridge.VerbReply || q.Verb == bridge.VerbSay || q.Verb == bridge.VerbSend
	isNoteWithFiles := q.Verb == bridge.VerbNote && len(files) > 0
	switch {
	case isForCustomer:
		q = refused(noRelay)
	case isNoteWithFiles:
		q = refused(noFiles)
	}

	asked := bridge.Action{
		Origin: bridge.OriginSlash, Actor: p.Actor(a), Place: at, Raw: t.WithNames(t.Plain), Mentions: t.Mentions,
		OwnThread: p.Own, Context: bridge.Context{Quotes: t.Quotes},
	}
	q.Fill(&asked)
	if q.Verb == bridge.VerbNew {
		asked.Files = files
	}

	// In a chat with the app, the author can still edit or delete what "new" sends, so it keeps the message's id, by which
	// edits find it. Other private messages aren't linked to, because colleagues can't see them.
	if q.Verb == bridge.VerbNew && IsInPersonalChat(a) {
		asked.Origin, asked.Order = bridge.OriginMention, sortKey(a, at.Message)
	} else {
		asked.Place.Message = ""
	}
	return []bridge.Action{asked}
}

// shorten shortens a value for an error's text.
func shorten(s string) string {
	const maxBytes = 40
	return s[:min(len(s), maxBytes)]
}
